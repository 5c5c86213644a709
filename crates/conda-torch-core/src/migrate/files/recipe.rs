//! Recipes of conda-build and rattler-build: the lists of their requirements, line by line, since templates are no YAML.

use super::client_call::{ClientCall, Subcommand};
use super::environment_spec::SpecLine;
use super::environment_yml::selector;
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

pub(super) fn read(session: &mut Session<'_>, text: &str) -> Result<(), FileError> {
    // The keys around a line, with their indents.
    let mut keys: Vec<(usize, &str)> = Vec::new();
    let mut output = 0;
    let mut items: Vec<Word> = Vec::new();
    let mut path = String::new();
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
        keys.retain(|(own, _)| *own < indent || item.is_some() && *own == indent);
        let body = item.unwrap_or(content);
        let (key, value) = match body.split_once(':') {
            Some((key, value)) if is_key(key) && (value.is_empty() || value.starts_with(' ')) => {
                (Some(key), value.split(" #").next().unwrap_or_default().trim())
            }
            Some(_) | None => (None, ""),
        };
        let body_start = start + line.len() - line[line.len() - line.trim_start().len()..].len();
        let body_start = body_start + content.len() - body.len();
        if let Some(key) = key {
            add(session, &path, output, std::mem::take(&mut items), true)?;
            if item.is_some() && keys.last().is_some_and(|(_, key)| *key == "outputs") {
                output += 1;
            }
            keys.push((indent + content.len() - body.len(), key));
            path = keys.iter().map(|(_, key)| *key).collect::<Vec<_>>().join(".");
            if let Some(list) = value.strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
                let at = body_start + body.find('[').map_or(0, |at| at + 1);
                add(session, &path, output, words_between_commas(at, list), false)?;
            }
            continue;
        }
        if item.is_some() {
            let own = keys.iter().map(|(_, key)| *key).collect::<Vec<_>>().join(".");
            if own != path {
                add(session, &path, output, std::mem::take(&mut items), true)?;
                path = own;
            }
            let written = body.split(" #").next().unwrap_or_default().trim_end();
            let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
            let text = written.trim_matches(['"', '\'']).to_owned();
            items.push(Word { range: body_start..body_start + written.len(), text, quote });
        }
    }
    Ok(())
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
            let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
            let text = written.trim_matches(['"', '\'']).to_owned();
            words.push(Word { range: begin..begin + written.len(), text, quote });
        }
    }
    words
}

/// Adds the items of a list to the environments that it is for.
fn add(
    session: &mut Session<'_>,
    path: &str,
    output: usize,
    words: Vec<Word>,
    is_block: bool,
) -> Result<(), FileError> {
    let mut keys = path.rsplit('.').filter(|key| !matches!(*key, "then" | "else"));
    let section = keys.next().unwrap_or_default();
    let parent = keys.next().unwrap_or_default();
    let is_list = matches!(parent, "requirements" | "test" | "tests");
    let environments = SECTIONS.iter().find(|(key, _)| is_list && *key == section);
    let Some((_, environments)) = environments.filter(|_| !words.is_empty()) else {
        return Ok(());
    };
    // rattler-build has the requirements of tests below the tests.
    let is_of_tests = path.contains("tests.requirements");
    let environments: &[&str] = if is_of_tests { &["test"] } else { environments };
    let call = ClientCall::of_words(Subcommand::Install, words, Form::Items { is_block });
    let mut list = call.list(&session.lines, &session.scope.variables, session.scope.place);
    list.is_recipe = true;
    list.has_channels = true;
    for line in &mut list.specs {
        let end = line.at + line.text.len();
        let own = SpecLine { platforms: selector(session.text, end), ..line.clone() };
        *line = own.named();
    }
    let none = Arms::new();
    let list = session.register(call, list, &none)?;
    for environment in environments {
        let name = EnvironmentName::of(&format!("{environment} {output}"));
        session.attach(Some(list), false, name, &none)?;
    }
    Ok(())
}
