//! Install commands in a Dockerfile, a README, a script or a workflow.

use std::ops::Range;

use crate::conda::MatchSpec;
use crate::matrix::Matrix;

use super::environment_spec::{EnvironmentEdits, EnvironmentSpec, SpecLine};
use super::file_edits::plan_edits;
use super::file_migration::{FileError, FileFormat, FileMigration};
use super::shell_words::{Command, Word, commands};
use super::target::Target;
use super::text_edit::{Lines, TextEdit, apply};

/// Options whose value is the next word.
const OPTIONS_WITH_VALUE: &str = "-n --name -p --prefix -c --channel -f --file -r --root-prefix --solver \
    --experimental-solver --platform --subdir --repodata-fn --rc-file --channel-priority --revision";

/// Subcommands whose arguments are match specs.
const INSTALL: [&str; 5] = ["install", "create", "update", "upgrade", "add"];

/// Words of `conda config` and `micromamba config` that add to a list.
const ADD: [&str; 5] = ["--add", "--append", "--prepend", "append", "prepend"];

/// Migrates a text with commands.
pub(super) fn migrate(
    text: &str,
    target: Target<'_>,
    matrix: &Matrix,
) -> Result<FileMigration, FileError> {
    let lines = Lines::of(text);
    let (mut edits, mut expected) = (Vec::new(), Vec::new());
    let (mut changes, mut notes) = (Vec::new(), Vec::new());
    for command in commands(text) {
        let call = Call::read(&lines, &command.words);
        let planned = plan_edits(std::slice::from_ref(&call.spec), target, matrix)?;
        let mut words: Vec<Vec<String>> =
            command.words.iter().map(|word| vec![word.text.clone()]).collect();
        for environment in &planned.environments {
            call.edit(environment, &mut words);
        }
        edits.extend(text_edits(text, &lines, &command, &words)?);
        expected.push(words.concat());
        changes.extend(planned.changes);
        notes.extend(planned.notes);
    }
    let (new, ..) = apply(text, edits)?;
    let words = |command: Command| -> Vec<String> {
        command.words.into_iter().map(|word| word.text).collect()
    };
    if commands(&new).into_iter().map(words).ne(expected) {
        return Err(FileError::UnrelatedLines);
    }
    Ok(FileMigration::new(FileFormat::Commands, new, changes, notes))
}

/// A command as an environment, with the words that it was read from.
#[derive(Default)]
struct Call {
    spec: EnvironmentSpec,
    /// The word of each spec.
    specs: Vec<usize>,
    channels: Vec<ChannelWords>,
}

/// How a channel is named.
struct ChannelWords {
    /// The option, if it is a word of its own.
    option: Option<usize>,
    /// The word with the name.
    name: usize,
    /// The text before the name in that word: `--channel=`.
    prefix: &'static str,
}

impl Call {
    fn read(lines: &Lines, words: &[Word]) -> Self {
        let mut call = Self::default();
        let subcommand = words.iter().position(|word| !word.text.starts_with('-'));
        let Some(subcommand) = subcommand else { return call };
        match words[subcommand].text.as_str() {
            name if INSTALL.contains(&name) => call.read_install(lines, words, subcommand),
            "config" => call.read_config(lines, words, subcommand),
            _ => {}
        }
        call.spec.has_channels = !call.spec.channels.is_empty();
        call
    }

    fn read_install(&mut self, lines: &Lines, words: &[Word], subcommand: usize) {
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let text = word.text.as_str();
            let channel = ["--channel=", "-c=", "-c"]
                .into_iter()
                .find_map(|prefix| Some((prefix, text.strip_prefix(prefix)?)));
            if OPTIONS_WITH_VALUE.split(' ').any(|option| option == text) {
                if let (Some(value), "-c" | "--channel") = (words.get(at + 1), text) {
                    self.channels.push(ChannelWords { option: Some(at), name: at + 1, prefix: "" });
                    self.add_channel(lines, value, &value.text);
                }
                at += 1;
            } else if let Some((prefix, name)) = channel {
                self.channels.push(ChannelWords { option: None, name: at, prefix });
                self.add_channel(lines, word, name);
            } else if !text.starts_with('-') && at != subcommand {
                self.spec.specs.push(SpecLine::new(lines.at(word.range.start), text));
                self.specs.push(at);
            }
            at += 1;
        }
    }

    /// `config --add channels pytorch`.
    fn read_config(&mut self, lines: &Lines, words: &[Word], subcommand: usize) {
        let key = words.iter().position(|word| word.text == "channels");
        let Some(key) = key.filter(|key| *key > subcommand) else { return };
        let adds = words.iter().any(|word| ADD.contains(&word.text.as_str()));
        if let Some(name) = words.get(key + 1).filter(|_| adds) {
            self.channels.push(ChannelWords { option: None, name: key + 1, prefix: "" });
            self.add_channel(lines, name, &name.text);
        }
    }

    fn add_channel(&mut self, lines: &Lines, word: &Word, name: &str) {
        self.spec.channels.push((lines.at(word.range.start), name.to_owned()));
    }

    fn edit(&self, edits: &EnvironmentEdits, words: &mut [Vec<String>]) {
        for (ChannelWords { option, name, prefix }, edit) in
            self.channels.iter().zip(&edits.channels)
        {
            match edit.as_deref() {
                None => {}
                Some([]) => option.iter().chain([name]).for_each(|at| words[*at].clear()),
                Some(new) => words[*name] = vec![format!("{prefix}{}", new.concat())],
            }
        }
        for (at, edit) in self.specs.iter().zip(&edits.specs) {
            if let Some(specs) = edit {
                words[*at] = specs.iter().map(MatchSpec::to_string).collect();
            }
        }
    }
}

/// The edits to the words of a command.
fn text_edits(
    text: &str,
    lines: &Lines,
    command: &Command,
    new: &[Vec<String>],
) -> Result<Vec<TextEdit>, FileError> {
    let mut edits = Vec::new();
    let words = &command.words;
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if new[at].is_empty() {
            let run = new[at..].iter().take_while(|new| new.is_empty()).count();
            let range = removal(text, words, at, at + run - 1).ok_or_else(|| {
                FileError::InvalidSpec { line: lines.at(word.range.start), text: word.text.clone() }
            })?;
            edits.push(TextEdit::new(range, ""));
            at += run;
            continue;
        }
        if new[at] != [word.text.clone()] {
            let quoted: Vec<String> =
                new[at].iter().map(|text| quoted(text, word, command.within)).collect();
            edits.push(TextEdit::new(word.range.clone(), quoted.join(" ")));
        }
        at += 1;
    }
    Ok(edits)
}

/// The range to remove with a run of words: the blanks before it, or after it if it begins a line.
/// `None` if a comment prevents it.
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
