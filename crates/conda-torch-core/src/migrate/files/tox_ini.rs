//! `tox.ini` with tox-conda: `conda_deps` and `conda_channels` of each environment, and its commands.

use crate::types::Shell;

use super::client_call::{ClientCall, Subcommand};
use super::environment_spec::RunPlace;
use super::file_migration::FileError;
use super::session::{Arms, EnvironmentName, Scope, Session};
use super::shell_words::{Form, ShellText, Word};

pub(super) fn read(session: &mut Session<'_>, text: &str) -> Result<(), FileError> {
    let none = Arms::new();
    let mut key = String::new();
    let mut items: Vec<Word> = Vec::new();
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
                session.enter(Scope::new(EnvironmentName::Current, RunPlace::Anywhere, platforms));
                continue;
            }
            let Some((name, rest)) = content.split_once('=') else { continue };
            name.trim().clone_into(&mut key);
            let rest = rest.trim();
            value = (start + content.len() - rest.len(), rest);
        }
        let (start, content) = value;
        if matches!(key.as_str(), "conda_deps" | "conda_channels") {
            for word in split(start, content) {
                items.push(word);
            }
        } else if !content.is_empty() && start < text.len() {
            let range = start..start + content.len();
            session.run(&ShellText::new(text, range, Shell::Posix))?;
        }
    }
    Ok(())
}

/// The items of a line. One with a condition before it, `gpu: x`, is not read.
fn split(start: usize, content: &str) -> Vec<Word> {
    let mut at = start;
    let mut words = Vec::new();
    if content.contains(": ") {
        return words;
    }
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
    words: Vec<Word>,
    none: &Arms,
) -> Result<(), FileError> {
    let subcommand = match key {
        "conda_deps" => Subcommand::Install,
        "conda_channels" => Subcommand::Config,
        _ => return Ok(()),
    };
    // On lines of their own, or behind the key.
    let is_block = words.first().is_some_and(|word| session.begins_line(word.range.start));
    let call = ClientCall::of_words(subcommand, words, Form::Items { is_block });
    session.add_call(call, None, none)
}
