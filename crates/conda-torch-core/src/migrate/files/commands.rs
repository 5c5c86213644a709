//! Install commands in a Dockerfile, a README, a script or a workflow.

use std::ops::Range;

use super::Values;
use super::environment_spec::{ChannelLine, EnvironmentSpec, FileEdits, SpecLine};
use super::file_migration::{FileError, check_size};
use super::shell_words::{Command, Word, commands};
use super::text_edit::{Lines, TextEdit};

/// Options whose value is the next word.
const OPTIONS_WITH_VALUE: &str = "-n --name -p --prefix -c --channel -f --file -r --root-prefix --solver \
    --experimental-solver --platform --subdir --repodata-fn --rc-file --channel-priority --revision";

const CHANNEL_OPTIONS: [&str; 2] = ["-c", "--channel"];

/// Subcommands whose arguments are match specs.
const INSTALL: [&str; 5] = ["install", "create", "update", "upgrade", "add"];

/// Words of `conda config` and `micromamba config` that add to a list.
const ADD: [&str; 5] = ["--add", "--append", "--prepend", "append", "prepend"];

/// The environments of the commands that name channels or packages.
pub(super) fn read(text: &str) -> Result<Vec<EnvironmentSpec>, FileError> {
    let lines = Lines::of(text);
    let mut packages = 0;
    let mut environments = Vec::new();
    for command in commands(text) {
        let spec = environment(&lines, &command.words);
        packages += spec.specs.len() + spec.channels.len();
        check_size(packages)?;
        environments.extend(Some(spec).filter(|spec| spec.specs.len() + spec.channels.len() > 0));
    }
    Ok(environments)
}

pub(super) fn values(text: &str) -> Values<'_> {
    let words = commands(text).flat_map(|command| command.words);
    Box::new(words.map(|word| (word.range, word.text)))
}

fn environment(lines: &Lines<'_>, words: &[Word]) -> EnvironmentSpec {
    let mut spec = EnvironmentSpec::default();
    let line = |word: &Word| lines.at(word.range.start);
    let channel = |word: &Word| ChannelLine {
        at: word.range.start,
        line: line(word),
        name: word.text[channel_prefix(&word.text).len()..].to_owned(),
    };
    let subcommand = words.iter().position(|word| !word.text.starts_with('-'));
    let Some(subcommand) = subcommand else { return spec };
    match words[subcommand].text.as_str() {
        name if INSTALL.contains(&name) => {
            let mut option = "";
            for (at, word) in words.iter().enumerate() {
                let text = word.text.as_str();
                if !option.is_empty() {
                    if CHANNEL_OPTIONS.contains(&option) {
                        spec.channels.push(ChannelLine { name: text.to_owned(), ..channel(word) });
                    }
                    option = "";
                } else if OPTIONS_WITH_VALUE.split(' ').any(|option| option == text) {
                    option = text;
                } else if !channel_prefix(text).is_empty() {
                    spec.channels.push(channel(word));
                } else if !text.starts_with('-') && at != subcommand {
                    spec.specs.push(SpecLine::new(word.range.start, line(word), text));
                }
            }
        }
        // `config --add channels pytorch`
        "config" if words.iter().any(|word| ADD.contains(&word.text.as_str())) => {
            let key = words.iter().position(|word| word.text == "channels");
            let name = key.filter(|key| *key > subcommand).and_then(|key| words.get(key + 1));
            spec.channels.extend(name.map(channel));
        }
        _ => {}
    }
    spec.has_channels = !spec.channels.is_empty();
    spec
}

/// The option before the name of a channel in the same word.
fn channel_prefix(word: &str) -> &'static str {
    let prefixes = ["--channel=", "-c=", "-c"];
    prefixes.into_iter().find(|prefix| word.starts_with(prefix)).unwrap_or_default()
}

pub(super) fn edits(
    text: &str,
    environments: &[EnvironmentSpec],
    planned: &mut FileEdits,
) -> Result<Vec<TextEdit>, FileError> {
    let lines = Lines::of(text);
    let new_texts = planned.new_texts(environments);
    let mut edits = Vec::new();
    for Command { words, within } in commands(text) {
        let new = |at: usize| new_texts.get(&words.get(at)?.range.start);
        let is_removed = |at: usize| {
            let is_option = CHANNEL_OPTIONS.contains(&words[at].text.as_str());
            new(if is_option { at + 1 } else { at }).is_some_and(Vec::is_empty)
        };
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let removed = (at..words.len()).take_while(|at| is_removed(*at)).count();
            if removed > 0 {
                let range = removal(text, &words, at, at + removed - 1).ok_or_else(|| {
                    let (line, text) = (lines.at(word.range.start), word.text.clone());
                    FileError::InvalidSpec { line, text }
                })?;
                edits.push(TextEdit::new(range, ""));
                at += removed;
                continue;
            }
            if let Some(new) = new(at) {
                let prefix = channel_prefix(&word.text);
                let new: Vec<String> =
                    new.iter().map(|new| quoted(&format!("{prefix}{new}"), word, within)).collect();
                edits.push(TextEdit::new(word.range.clone(), new.join(" ")));
            }
            at += 1;
        }
    }
    Ok(edits)
}

/// A run of words with the blanks before it, or after it if it begins a line; `None` if a comment prevents it.
fn removal(text: &str, words: &[Word], first: usize, last: usize) -> Option<Range<usize>> {
    let before = words.get(first.checked_sub(1)?)?.range.end..words[last].range.end;
    let gap_before = &text[before.start..words[first].range.start];
    if let Some(next) = words.get(last + 1) {
        let gap_after = &text[words[last].range.end..next.range.start];
        if gap_before.contains('\n') && !gap_after.contains('\n') {
            return Some(words[first].range.start..next.range.start);
        }
    }
    (!gap_before.contains('#')).then_some(before)
}

/// A word with the quotes of the old one, or with some if a shell needs them.
fn quoted(text: &str, old: &Word, within: Option<char>) -> String {
    let is_needed = text.contains([' ', '<', '>', '*', '[', ']', '|', ',']);
    let other = if within == Some('"') { '\'' } else { '"' };
    match old.quote.or(is_needed.then_some(other)) {
        Some(quote) => format!("{quote}{text}{quote}"),
        None => text.to_owned(),
    }
}
