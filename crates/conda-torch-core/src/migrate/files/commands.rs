//! Lines that install, in a Dockerfile, a README, a script or a workflow.

use std::ops::Range;

use crate::matrix::Matrix;

use super::channels;
use super::environment_spec::{EnvironmentSpec, PackageEdit, SpecLine, SpecSyntax};
use super::file_edits::plan;
use super::file_migration::{FileError, FileMigration, FileNote};
use super::format::FileFormat;
use super::shell_words::{Command, Word, commands};
use super::target::Target;
use super::text_edit::{Lines, TextEdit, apply, line_of};

/// Options that take the next word.
const WITH_VALUE: [&str; 18] = [
    "-n",
    "--name",
    "-p",
    "--prefix",
    "-c",
    "--channel",
    "-f",
    "--file",
    "-r",
    "--root-prefix",
    "--solver",
    "--experimental-solver",
    "--platform",
    "--subdir",
    "--repodata-fn",
    "--rc-file",
    "--channel-priority",
    "--revision",
];

/// Subcommands that take specs.
const INSTALLS: [&str; 5] = ["install", "create", "update", "upgrade", "add"];

/// Rewrites a text with commands.
pub(super) fn migrate(
    text: &str,
    target: Target<'_>,
    matrix: &Matrix,
) -> Result<FileMigration, FileError> {
    let mut edits = Vec::new();
    let mut expected: Vec<Vec<String>> = Vec::new();
    let mut changes = Vec::new();
    let mut remarks: Vec<FileNote> = Vec::new();
    let lines = Lines::of(text);
    for command in commands(text) {
        let read = Call::read(&lines, &command);
        let plans = plan(std::slice::from_ref(&read.section), target, matrix)?;
        let mut words: Vec<Vec<String>> =
            command.words.iter().map(|word| vec![word.text.clone()]).collect();
        if let Some(planned) = plans.sections.first() {
            for (channel, edit) in read.channels.iter().zip(&planned.channels) {
                channel.change(edit, &mut words);
            }
            for (at, edit) in read.items.iter().zip(&planned.items) {
                if let PackageEdit::Become(fresh) = edit {
                    words[*at] = fresh.iter().map(ToString::to_string).collect();
                }
            }
        }
        edits.extend(edits_of(text, &command, &words)?);
        expected.push(words.into_iter().flatten().collect());
        changes.extend(plans.changes);
        for remark in plans.remarks {
            if !remarks.contains(&remark) {
                remarks.push(remark);
            }
        }
    }
    let new = apply(text, edits)?;
    let texts = |command: &Command| -> Vec<String> {
        command.words.iter().map(|word| word.text.clone()).collect()
    };
    if commands(&new).iter().map(texts).ne(expected) {
        return Err(FileError::UnrelatedLines);
    }
    remarks.sort_by_key(FileNote::line);
    Ok(FileMigration { form: FileFormat::Commands, text: new, changes, remarks })
}

/// A command as a section, with the places of its words.
#[derive(Default)]
struct Call {
    section: EnvironmentSpec,
    /// For each item its word.
    items: Vec<usize>,
    channels: Vec<ChannelWords>,
}

/// How a channel is named.
struct ChannelWords {
    /// The option, where it is a word of its own.
    flag: Option<usize>,
    /// The word with the name.
    word: usize,
    /// What comes before the name in that word: `--channel=`.
    before: String,
}

impl ChannelWords {
    fn change(&self, edit: &channels::ChannelEdit, words: &mut [Vec<String>]) {
        match edit {
            channels::ChannelEdit::Keep => {}
            channels::ChannelEdit::Become(name) => {
                words[self.word] = vec![format!("{}{name}", self.before)];
            }
            channels::ChannelEdit::Remove => {
                for at in self.flag.into_iter().chain([self.word]) {
                    words[at].clear();
                }
            }
        }
    }
}

impl Call {
    fn read(lines: &Lines, command: &Command) -> Self {
        let mut call = Self::default();
        let words = &command.words;
        let subcommand = words.iter().position(|word| !word.text.starts_with('-'));
        let name = subcommand.and_then(|at| words.get(at)).map(|word| word.text.as_str());
        match (subcommand, name) {
            (Some(at), Some(name)) if INSTALLS.contains(&name) => {
                call.read_install(lines, words, at);
            }
            (Some(at), Some("config")) => call.read_config(lines, words, at),
            _ => {}
        }
        call
    }

    fn read_install(&mut self, lines: &Lines, words: &[Word], subcommand: usize) {
        self.section.syntax = SpecSyntax::default();
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let line = lines.at(word.range.start);
            let long = word.text.strip_prefix("--channel=").map(|name| ("--channel=", name));
            let spelled = word.text.strip_prefix("-c=").map(|name| ("-c=", name));
            let short = word.text.strip_prefix("-c").map(|name| ("-c", name));
            if WITH_VALUE.contains(&word.text.as_str()) {
                if let (Some(value), "-c" | "--channel") = (words.get(at + 1), word.text.as_str()) {
                    let before = String::new();
                    self.channels.push(ChannelWords { flag: Some(at), word: at + 1, before });
                    self.section.channels.push((line, value.text.clone()));
                }
                at += 1;
            } else if let Some((before, name)) = long.or(spelled).or(short) {
                let before = before.to_owned();
                self.channels.push(ChannelWords { flag: None, word: at, before });
                self.section.channels.push((line, name.to_owned()));
            } else if !word.text.starts_with('-') && at != subcommand {
                self.section.items.push(SpecLine::of(line, &word.text));
                self.items.push(at);
            }
            at += 1;
        }
        self.section.has_channels = !self.section.channels.is_empty();
    }

    /// `config --add channels pytorch`.
    fn read_config(&mut self, lines: &Lines, words: &[Word], subcommand: usize) {
        let Some(key) = words.iter().position(|word| word.text == "channels") else { return };
        let Some(name) = words.get(key + 1).filter(|_| key > subcommand) else { return };
        let adds = ["--add", "--append", "--prepend", "append", "prepend"];
        if words.iter().any(|word| adds.contains(&word.text.as_str())) {
            let before = String::new();
            self.channels.push(ChannelWords { flag: None, word: key + 1, before });
            self.section.channels.push((lines.at(name.range.start), name.text.clone()));
            self.section.has_channels = true;
        }
    }
}

/// The edits that make the words of a command other words.
fn edits_of(
    text: &str,
    command: &Command,
    fresh: &[Vec<String>],
) -> Result<Vec<TextEdit>, FileError> {
    let mut edits = Vec::new();
    let words = &command.words;
    let mut at = 0;
    while at < words.len() {
        if fresh[at].is_empty() {
            let mut last = at;
            while last + 1 < words.len() && fresh[last + 1].is_empty() {
                last += 1;
            }
            let range = removal(text, words, at, last).ok_or_else(|| {
                let line = line_of(text, words[at].range.start);
                FileError::InvalidSpec { line, text: words[at].text.clone() }
            })?;
            edits.push(TextEdit::new(range, ""));
            at = last + 1;
            continue;
        }
        let word = &words[at];
        if fresh[at] != [word.text.clone()] {
            let quoted: Vec<String> =
                fresh[at].iter().map(|text| quoted(text, word, command.within)).collect();
            edits.push(TextEdit::new(word.range.clone(), quoted.join(" ")));
        }
        at += 1;
    }
    Ok(edits)
}

/// What goes with a run of words: the blanks before it, or, where it begins a line, those after it.
fn removal(text: &str, words: &[Word], first: usize, last: usize) -> Option<Range<usize>> {
    let before = words.get(first.checked_sub(1)?)?.range.end..words[last].range.end;
    let gap_before = &text[before.start..words[first].range.start];
    if let Some(next) = words.get(last + 1) {
        let after = words[first].range.start..next.range.start;
        let gap_after = &text[words[last].range.end..next.range.start];
        if gap_before.contains('\n') && !gap_after.contains('\n') {
            return Some(after);
        }
    }
    (!gap_before.contains('#')).then_some(before)
}

/// A word in the quotes that it had, or in some where a shell would read it otherwise.
fn quoted(text: &str, old: &Word, within: Option<char>) -> String {
    let needed = text.contains([' ', '<', '>', '*', '[', ']', '|', ',']);
    let other = if within == Some('"') { '\'' } else { '"' };
    match old.quote.or(needed.then_some(other)) {
        Some(quote) => format!("{quote}{text}{quote}"),
        None => text.to_owned(),
    }
}
