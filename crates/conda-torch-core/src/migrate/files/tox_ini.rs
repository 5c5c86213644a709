//! `tox.ini` with tox-conda: `conda_deps` and `conda_channels` of each environment, and its commands.

use crate::types::Shell;

use super::client_call::{ClientCall, Subcommand};
use super::environment_spec::{RunPlace, SpecList};
use super::file_migration::FileError;
use super::session::{Arms, EnvironmentName, Scope, Session};
use super::shell_words::{Form, ShellText, Word};

/// The most conditions of an environment that are looked at.
const MOST_FACTORS: usize = 16;

pub(super) fn read(session: &mut Session<'_>, text: &str) -> Result<(), FileError> {
    let none = Arms::new();
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
            add(session, &key, std::mem::take(&mut items), &none)?;
            key.clear();
            if content.starts_with('[') {
                let platforms = Vec::new();
                session.next(Scope::new(
                    EnvironmentName::Current,
                    RunPlace::Anywhere,
                    platforms,
                ))?;
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
            session.run(&ShellText::new(text, range, Shell::Posix))?;
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
        if arm == 0 {
            session.add_call(call, None, none)?;
            continue;
        }
        let arms: Arms = branch.map(|branch| (branch, arm)).into_iter().collect();
        let list = call.list(&session.lines, &session.scope.variables, session.scope.place);
        let list = session.register(call, SpecList { has_channels: true, ..list }, &arms)?;
        session.attach_optional(list, session.scope.active.clone(), &arms)?;
    }
    Ok(())
}
