//! Recipes of conda-build and rattler-build: the lists of their requirements, line by line, since templates are no YAML.

use std::collections::HashMap;

use crate::conda::Subdir;

use super::client_call::{ClientCall, Subcommand};
use super::environment_spec::SpecLine;
use super::environment_yml::{PLATFORMS, platform_of_word};
use super::file_migration::FileError;
use super::session::{Arms, EnvironmentName, Session};
use super::shell_words::{Form, Word};

/// Keys with lists of packages, and the environments that these are for.
const SECTIONS: [(&str, &[&str]); 5] = [
    ("build", &["build"]),
    ("host", &["host"]),
    // Tests run with what the package needs.
    ("run", &["run", "test"]),
    ("requires", &["test"]),
    ("run_constrained", &["run", "test"]),
];

/// Whether a file is a recipe.
pub(super) fn recognises(name: &str, text: &str) -> bool {
    let has_key = |key: &str| text.lines().any(|line| line.trim_end() == key);
    matches!(name, "meta.yaml" | "meta.yml" | "recipe.yaml" | "recipe.yml")
        || has_key("requirements:") && (has_key("package:") || text.contains("{% set"))
}

/// An item of a list, and the conditions under which it is there.
struct Item {
    word: Word,
    platforms: Option<Vec<Subdir>>,
    arms: Arms,
}

/// What stands around the lines of a recipe.
struct Reader {
    /// Whether it is for rattler-build, in which a comment is no selector.
    has_conditions: bool,
    /// The keys around a line, with their indents.
    keys: Vec<(usize, String)>,
    /// The conditions of the `if` keys, with their indents.
    conditions: Vec<(usize, String)>,
    /// The branches of the conditions that are not of a platform.
    branches: HashMap<String, usize>,
    output: usize,
    path: String,
    items: Vec<Item>,
}

pub(super) fn read(session: &mut Session<'_>, text: &str) -> Result<(), FileError> {
    let is_condition = |line: &str| line.trim_start().starts_with("- if:");
    let mut reader = Reader {
        has_conditions: text.lines().any(|line| line == "context:" || is_condition(line)),
        keys: Vec::new(),
        conditions: Vec::new(),
        branches: HashMap::new(),
        output: 0,
        path: String::new(),
        items: Vec::new(),
    };
    let mut at = 0;
    for line in text.split_inclusive('\n').chain(["end:"]) {
        let start = at;
        at += line.len();
        let content = line.trim();
        let indent = line.len() - line.trim_start().len();
        if let Some(comment) =
            line.find(" #").map(|at| at + 1).or(content.starts_with('#').then_some(indent))
            && start + comment < text.len()
        {
            session.file.prose.push(start + comment..start + line.trim_end().len());
        }
        if content.is_empty() || content.starts_with('#') || content.starts_with("{%") {
            continue;
        }
        let item = content.strip_prefix("- ").map(str::trim_start);
        // An item can be as far left as its key.
        reader.keys.retain(|(own, _)| *own < indent || item.is_some() && *own == indent);
        let body = item.unwrap_or(content);
        let body_start = start + indent + content.len() - body.len();
        let (key, value) = match body.split_once(':') {
            Some((key, value)) if is_key(key) && (value.is_empty() || value.starts_with(' ')) => {
                (Some(key), value.split(" #").next().unwrap_or_default().trim())
            }
            Some(_) | None => (None, ""),
        };
        let Some(key) = key else {
            if item.is_some() {
                let own = reader.path_of_keys();
                if own != reader.path {
                    reader.add(session, true)?;
                    reader.path = own;
                }
                reader.push(session, word(body_start, body.split(" #").next().unwrap_or_default()));
            }
            continue;
        };
        // The arms of a condition are of the list around it.
        if !matches!(key, "if" | "then" | "else") {
            reader.add(session, true)?;
        }
        if item.is_some() && reader.keys.last().is_some_and(|(_, key)| key == "outputs") {
            reader.output += 1;
        }
        let column = indent + content.len() - body.len();
        if key == "if" {
            reader.conditions.retain(|(own, _)| *own < column);
            reader.conditions.push((column, value.trim_matches(['"', '\'']).to_owned()));
        }
        reader.keys.push((column, key.to_owned()));
        let own = reader.path_of_keys();
        if own != reader.path {
            reader.add(session, true)?;
            reader.path = own;
        }
        if value.is_empty() {
            continue;
        }
        let value_start = body_start + body.find(value).unwrap_or(0);
        if let Some(list) = value.strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
            reader.add(session, true)?;
            for word in words_between_commas(value_start + 1, list) {
                reader.push(session, word);
            }
            reader.add(session, false)?;
        } else if matches!(key, "then" | "else") {
            reader.add(session, true)?;
            reader.push(session, word(value_start, value));
            reader.add(session, false)?;
        }
    }
    Ok(())
}

impl Reader {
    /// The keys around a list, without those of conditions.
    fn path_of_keys(&self) -> String {
        let keys = self.keys.iter().map(|(_, key)| key.as_str());
        keys.filter(|key| !matches!(*key, "if" | "then" | "else")).collect::<Vec<_>>().join(".")
    }

    fn push(&mut self, session: &mut Session<'_>, word: Word) {
        let mut item = Item { word, platforms: None, arms: Arms::new() };
        let arms = self.keys.iter().filter(|(_, key)| matches!(key.as_str(), "then" | "else"));
        let conditions: Vec<(String, bool)> = if self.has_conditions {
            let condition = |(column, key): &(usize, String)| {
                let (_, text) = self.conditions.iter().find(|(own, _)| own == column)?;
                Some((text.clone(), key == "then"))
            };
            arms.filter_map(condition).collect()
        } else {
            let comment = session.text[item.word.range.end..].trim_start_matches([' ', '\t']);
            let comment = comment.strip_prefix('#').unwrap_or_default().trim_start_matches(' ');
            let selector = comment.strip_prefix('[').and_then(|it| it.lines().next());
            let selector = selector.and_then(|it| Some(it.split_once(']')?.0.to_owned()));
            selector.map(|it| (it, true)).into_iter().collect()
        };
        for (text, holds) in conditions {
            self.restrict(session, &mut item, &text, holds);
        }
        self.items.push(item);
    }

    /// Restricts an item to a condition, or to its opposite.
    fn restrict(&mut self, session: &mut Session<'_>, item: &mut Item, text: &str, holds: bool) {
        if let Some(platforms) = platforms_with(text) {
            let all = platforms_of(item);
            let is_kept = |subdir: &Subdir| platforms.contains(subdir) == holds;
            item.platforms = Some(all.into_iter().filter(is_kept).collect());
            return;
        }
        let mut parts: Vec<&str> = vec![text];
        if !text.contains(['(', ')']) && !text.contains(" or ") {
            parts = text.split(" and ").collect();
            let unknown = parts.iter().filter(|part| platforms_with(part).is_none()).count();
            // `else` is the opposite of all parts together.
            if self.has_conditions && unknown > 1 {
                parts = vec![text];
            }
        }
        for part in parts {
            if let Some(platforms) = platforms_with(part) {
                if holds {
                    let all = platforms_of(item);
                    let is_kept = |subdir: &Subdir| platforms.contains(subdir);
                    item.platforms = Some(all.into_iter().filter(is_kept).collect());
                }
                continue;
            }
            // `A != B` is the opposite of `A == B`.
            let part = part.trim();
            let (part, negated) = match part.strip_prefix("not ") {
                Some(part) => (part.trim().to_owned(), true),
                None if part.contains("!=") => (part.replace("!=", "=="), true),
                None => (part.to_owned(), false),
            };
            let branch = match self.branches.get(&part) {
                Some(branch) => *branch,
                None => *self.branches.entry(part).or_insert(session.new_branch()),
            };
            item.arms.push((branch, usize::from(negated == holds)));
        }
    }

    /// Adds the items to the environments that they are for.
    fn add(&mut self, session: &mut Session<'_>, is_block: bool) -> Result<(), FileError> {
        let items = std::mem::take(&mut self.items);
        let mut keys = self.path.rsplit('.');
        let section = keys.next().unwrap_or_default();
        let parent = keys.next().unwrap_or_default();
        let is_list = matches!(parent, "requirements" | "test" | "tests");
        let environments = SECTIONS.iter().find(|(key, _)| is_list && *key == section);
        let Some((_, environments)) = environments else { return Ok(()) };
        // What is not read is told.
        if self.branches.len() > MOST_BRANCHES {
            return Ok(());
        }
        // rattler-build has the requirements of tests below the tests.
        let is_of_tests = self.path.contains("tests.requirements");
        let environments: &[&str] = if is_of_tests { &["test"] } else { environments };
        let mut lists: Vec<(Arms, Vec<Item>)> = Vec::new();
        for item in items {
            match lists.iter_mut().find(|(arms, _)| *arms == item.arms) {
                Some((_, list)) => list.push(item),
                None => lists.push((item.arms.clone(), vec![item])),
            }
        }
        for (arms, items) in lists {
            let (words, platforms): (Vec<Word>, Vec<_>) =
                items.into_iter().map(|item| (item.word, item.platforms)).unzip();
            let call = ClientCall::of_words(Subcommand::Install, words, Form::Items { is_block });
            let mut list = call.list(&session.lines, &session.scope.variables, session.scope.place);
            list.is_recipe = true;
            list.has_forge = true;
            for (line, platforms) in list.specs.iter_mut().zip(platforms) {
                *line = SpecLine { platforms, ..line.clone() }.named();
            }
            let list = session.register(call, list, &arms)?;
            for environment in environments {
                let name = EnvironmentName::of(&format!("{environment} {}", self.output));
                if arms.is_empty() {
                    session.attach(Some(list), false, name, &arms)?;
                } else {
                    session.attach_optional(list, name, &arms)?;
                }
            }
        }
        Ok(())
    }
}

/// The most conditions of a recipe that are told apart: each can double its environments.
const MOST_BRANCHES: usize = 6;

/// The platforms that are looked at.
fn platforms_of(item: &Item) -> Vec<Subdir> {
    item.platforms.clone().unwrap_or_else(|| PLATFORMS.to_vec())
}

/// The platforms on which a condition holds; `None` if it is about other things too.
fn platforms_with(condition: &str) -> Option<Vec<Subdir>> {
    let holds = |word: &str, subdir: Subdir| {
        let (word, negated) = match word.trim().strip_prefix("not ") {
            Some(word) => (word.trim(), true),
            None => (word.trim(), false),
        };
        Some(platform_word(word)?.contains(&subdir) != negated)
    };
    let mut platforms = Vec::new();
    for subdir in PLATFORMS {
        let mut is_any = false;
        for part in condition.split(" or ") {
            let mut is_all = true;
            for word in part.split(" and ") {
                is_all &= holds(word, subdir)?;
            }
            is_any |= is_all;
        }
        if is_any {
            platforms.push(subdir);
        }
    }
    Some(platforms)
}

/// The platforms that a word of a condition is for.
fn platform_word(word: &str) -> Option<Vec<Subdir>> {
    if word == "x86_64" {
        return Some(vec![Subdir::Linux64, Subdir::Osx64, Subdir::Win64]);
    }
    let name = word.rsplit_once("platform ==").map_or(word, |(_, name)| name.trim());
    platform_of_word(name.trim_matches(['"', '\'']))
}

/// An item as a word.
fn word(start: usize, written: &str) -> Word {
    let written = written.trim_end();
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    let text = written.trim_matches(['"', '\'']).to_owned();
    Word { range: start..start + written.len(), text, quote }
}

/// The longest key that matters.
const LONGEST: usize = 64;

fn is_key(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
}

fn words_between_commas(start: usize, list: &str) -> Vec<Word> {
    let mut at = start;
    let mut words = Vec::new();
    for part in list.split(',') {
        let written = part.trim();
        let begin = at + part.len() - part.trim_start().len();
        at += part.len() + 1;
        if !written.is_empty() {
            words.push(word(begin, written));
        }
    }
    words
}
