//! `tox.ini` with tox-conda: `conda_deps` and `conda_channels` of each environment, and its commands.

use crate::types::Shell;

use super::client_call::{ClientCall, Subcommand};
use super::environment_spec::RunPlace;
use super::file_migration::FileError;
use super::session::{Arms, EnvironmentName, Scope, Session};
use super::shell_words::{Form, ShellText, Word};

/// The most conditions of an environment that are looked at.
const MOST_FACTORS: usize = 16;

pub(super) fn read(session: &mut Session<'_>, text: &str) -> Result<(), FileError> {
    let none = Arms::new();
    let named = named_environments(text);
    // Those of the section.
    let mut environments: Vec<String> = Vec::new();
    let mut key = String::new();
    // Each with the factors that it is for.
    let mut items: Vec<(&str, Word)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n').chain(["\n[end]"]) {
        let start = at + line.len() - line.trim_start().len();
        at = (at + line.len()).min(text.len());
        let content = line.trim();
        let is_indented = line.starts_with([' ', '\t']);
        if content.is_empty() {
            continue;
        }
        if content.starts_with(['#', ';']) {
            session.file.prose.push(start..start + content.len());
            continue;
        }
        let mut value = (start, content);
        if !is_indented {
            add(session, &key, std::mem::take(&mut items), &environments, &none)?;
            key.clear();
            if let Some(section) = content.strip_prefix('[') {
                environments = match section.strip_prefix("testenv") {
                    Some("]") => named.clone(),
                    Some(own) => expanded(own.trim_matches([':', ']'])),
                    None => Vec::new(),
                };
                let platforms = Vec::new();
                session.next(Scope::new(
                    EnvironmentName::Current,
                    RunPlace::Anywhere,
                    platforms,
                ))?;
                if let Some(first) = environments.first() {
                    session.scope.active = EnvironmentName::of(first);
                }
                continue;
            }
            let Some((name, rest)) = content.split_once('=') else { continue };
            name.trim().clone_into(&mut key);
            let rest = rest.trim();
            value = (start + content.len() - rest.len(), rest);
        }
        let (start, content) = value;
        if matches!(key.as_str(), "conda_deps" | "conda_channels") {
            // `gpu: cudatoolkit=11.3`
            let (factors, content) = content.split_once(": ").unwrap_or(("", content));
            let start = start + if factors.is_empty() { 0 } else { factors.len() + 2 };
            for word in split(start, content) {
                items.push((factors, word));
            }
        } else if !content.is_empty() && start < text.len() {
            let range = start..start + content.len();
            let first = session.file.lists.len();
            session.run(&ShellText::new(text, range, Shell::Posix))?;
            for list in first..session.file.lists.len() {
                for name in environments.iter().skip(1) {
                    session.attach(Some(list), false, EnvironmentName::of(name), &none)?;
                }
            }
        }
    }
    Ok(())
}

/// The items of a line.
fn split(start: usize, content: &str) -> Vec<Word> {
    let mut at = start;
    let mut words = Vec::new();
    for part in content.split(',') {
        let item = part.trim();
        let begin = at + part.len() - part.trim_start().len();
        at += part.len() + 1;
        if !item.is_empty() {
            words.push(Word {
                range: begin..begin + item.len(),
                text: item.to_owned(),
                quote: None,
            });
        }
    }
    words
}

fn add(
    session: &mut Session<'_>,
    key: &str,
    items: Vec<(&str, Word)>,
    environments: &[String],
    none: &Arms,
) -> Result<(), FileError> {
    let subcommand = match key {
        "conda_deps" => Subcommand::Install,
        "conda_channels" => Subcommand::Config,
        _ => return Ok(()),
    };
    let mut lists: Vec<(&str, Vec<Word>)> = vec![("", Vec::new())];
    for (factors, word) in items {
        match lists.iter().position(|(own, _)| *own == factors) {
            Some(at) => lists[at].1.push(word),
            None if lists.len() < MOST_FACTORS => lists.push((factors, vec![word])),
            // Each makes more environments; what is not read is told.
            None => {}
        }
    }
    let branch = lists.iter().find_map(|(_, words)| Some(usize::MAX - words.first()?.range.start));
    for (arm, (factors, words)) in lists.into_iter().enumerate() {
        // On lines of their own, or behind the key.
        let is_block = !factors.is_empty()
            || words.first().is_some_and(|word| session.begins_line(word.range.start));
        let call = ClientCall::of_words(subcommand, words, Form::Items { is_block });
        // A factor for a Python goes with one for something else; of each kind there is one.
        let branch = branch.map(|branch| branch - usize::from(factors.starts_with("py")));
        let is_for_all = subcommand == Subcommand::Config || environments.is_empty();
        if arm == 0 && is_for_all {
            session.add_call(call, None, none)?;
            continue;
        }
        if !environments.is_empty() {
            let list = call.list(&session.lines, &session.scope.variables, session.scope.place);
            if list.specs.is_empty() && list.channels.is_empty() {
                continue;
            }
            let list = session.register(call, list, none)?;
            for name in environments.iter().filter(|name| is_for(factors, name)) {
                session.attach(Some(list), false, EnvironmentName::of(name), none)?;
            }
            continue;
        }
        let arms: Arms = branch.map(|branch| (branch, arm)).into_iter().collect();
        let list = call.list(&session.lines, &session.scope.variables, session.scope.place);
        let list = session.register(call, list, &arms)?;
        session.attach_optional(list, session.scope.active.clone(), &arms)?;
    }
    Ok(())
}

/// The most environments that `envlist` can name to be followed.
const MOST_ENVIRONMENTS: usize = 64;

/// The environments of `envlist`; none if it is not there, or names very many.
fn named_environments(text: &str) -> Vec<String> {
    let mut lines = text.lines().skip_while(|line| {
        let key = line.split('=').next().unwrap_or_default().trim();
        !matches!(key, "envlist" | "env_list") || !line.contains('=')
    });
    let Some((_, first)) = lines.next().and_then(|line| line.split_once('=')) else {
        return Vec::new();
    };
    let more = lines.take_while(|line| line.starts_with([' ', '\t']));
    let values: Vec<&str> = [first].into_iter().chain(more).collect();
    expanded(&values.join(","))
}

/// The names of a list with braces: `py{38,39}-{cpu,gpu}, docs`.
fn expanded(list: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let is_end = |c: char| {
        depth = (depth + usize::from(c == '{')).saturating_sub(usize::from(c == '}'));
        depth == 0 && (c == ',' || c.is_whitespace())
    };
    let mut open: Vec<String> =
        list.split(is_end).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    while let Some(name) = open.pop() {
        if open.len() + names.len() > MOST_ENVIRONMENTS {
            return Vec::new();
        }
        match name.split_once('{').map(|(before, rest)| (before, rest.split_once('}'))) {
            Some((before, Some((choices, after)))) => {
                let choices = choices.split(',').map(str::trim);
                open.extend(choices.map(|choice| format!("{before}{choice}{after}")));
            }
            Some((_, None)) => {}
            None => names.push(name),
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether a line with factors is for an environment: `cpu`, `py38,py39`, `py38-cpu`, `!gpu`.
fn is_for(factors: &str, name: &str) -> bool {
    let has = |factor: &str| match factor.strip_prefix('!') {
        Some(factor) => !name.split('-').any(|own| own == factor),
        None => name.split('-').any(|own| own == factor),
    };
    factors.is_empty() || expanded(factors).iter().any(|all| all.split('-').all(has))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_are_the_products_of_their_factors() {
        assert_eq!(expanded("py{38,39}-cpu, docs"), ["docs", "py38-cpu", "py39-cpu"]);
        assert_eq!(
            named_environments("[tox]\nenvlist =\n  a\n  b-{c,d}\n[x]\n"),
            ["a", "b-c", "b-d"]
        );
        assert_eq!(named_environments("[tox]\n"), [""; 0]);
        let many = format!("x{}", "{a,b}".repeat(10));
        assert_eq!(expanded(&many), [""; 0]);
    }

    #[test]
    fn a_line_is_for_environments_with_its_factors() {
        for (factors, name, holds) in [
            ("cpu", "py38-cpu", true),
            ("cpu", "py38-gpu", false),
            ("py38,py39", "py39-gpu", true),
            ("py38-cpu", "py38-gpu", false),
            ("!gpu", "py38-cpu", true),
            ("!gpu", "py38-gpu", false),
            ("py{38,39}", "py39", true),
            ("", "docs", true),
        ] {
            assert_eq!(is_for(factors, name), holds, "{factors} {name}");
        }
    }
}
