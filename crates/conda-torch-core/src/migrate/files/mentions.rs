//! Every mention of the old channel and of its packages, so that none is passed over in silence.

use std::ops::Range;

use crate::conda::ChannelKind;

use super::candidate::has_old_words;
use super::file_migration::{FileFormat, FileNote};
use super::text_edit::Lines;

/// Packages that a mention is about, whatever stands around them.
const PACKAGES: [&str; 5] =
    ["pytorch-cuda", "cudatoolkit", "cpuonly", "pytorch-mutex", "torchtriton"];

/// Keys and options with channels.
const CHANNEL_KEYS: [&str; 8] = [
    "channel",
    "channels",
    "conda_channel",
    "conda_channels",
    "default_channels",
    "extra_channels",
    "channel_sources",
    "channel_targets",
];

/// How a key ends whose lines below are channels.
const LIST_KEY: &[u8] = b"channels:";

/// The longest text of a mention that is shown.
const LONGEST: usize = 60;

/// Notes on the mentions outside of some ranges, one a line. Those in prose do not count as left.
pub(super) fn notes(
    text: &str,
    format: FileFormat,
    handled: &[Range<usize>],
    prose: &[Range<usize>],
) -> Vec<FileNote> {
    let (handled, prose) = (merged(handled), merged(prose));
    let mut notes = Vec::new();
    let mut line_start = 0;
    let mut list_indent = None;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let start = line_start;
        line_start += line.len();
        let trimmed = line.trim();
        let indent = line.len() - line.trim_start().len();
        if list_indent.is_some_and(|list| {
            !trimmed.is_empty() && (indent < list || indent == list && !trimmed.starts_with('-'))
        }) {
            list_indent = None;
        }
        let in_list = list_indent.is_some();
        let key = trimmed.trim_end_matches(['|', '>', '-', '+', ' ', '[']);
        let end = key.len().checked_sub(LIST_KEY.len()).map(|start| &key.as_bytes()[start..]);
        if end.is_some_and(|end| end.eq_ignore_ascii_case(LIST_KEY)) {
            list_indent = Some(indent);
        }
        // Nearly all lines have nothing.
        if !has_old_words(line.as_bytes()) {
            continue;
        }
        let words = words(line);
        let comment = line.find('#');
        let (mut last, mut is_after_key) = ("", false);
        let mut shown: Vec<(Kind, &str)> = Vec::new();
        let mut is_prose = true;
        for range in words {
            let word = &line[range.clone()];
            let is_channel = is_after_key || in_list || matches!(last, "-c" | "--channel");
            let kind = mention(word, is_channel);
            is_after_key |= is_channel_key(word);
            last = word;
            // A variable of that name.
            let kind = kind.filter(|_| !line[..range.start].ends_with(['$', '%']));
            let kind = kind.filter(|_| !line[..range.start].ends_with("${"));
            // Or its assignment.
            let is_assigned = word.trim_end_matches('$').ends_with('=')
                && is_begin_of_assignment(&line[..range.start]);
            let kind = kind.filter(|_| !is_assigned);
            let at = start + range.start;
            let Some(kind) = kind.filter(|_| !is_in(&handled, at)) else { continue };
            let is_comment = is_in(&prose, at) || comment.is_some_and(|it| it < range.start);
            is_prose &= is_comment || !counts(format, trimmed, kind);
            // Of `$(NAME)` only the beginning is in the word.
            let word = word.trim_end_matches('$');
            if shown.last() != Some(&(kind, word)) {
                shown.push((kind, word));
            }
        }
        if shown.is_empty() {
            continue;
        }
        let shown: Vec<String> = shown
            .into_iter()
            .take(3)
            .map(|(kind, text)| {
                let what = if kind == Kind::Channel { "channel " } else { "" };
                format!("{what}`{}`", text.chars().take(LONGEST).collect::<String>())
            })
            .collect();
        let shown = shown.join(", ");
        notes.push(if is_prose {
            FileNote::at(number + 1, "prose", format!("{shown} in text or a comment, unchanged"))
        } else {
            let message = format!("{shown} unchanged: not in a command or list that is read");
            FileNote::left(number + 1, "left", message)
        });
    }
    notes
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Package,
    Channel,
}

/// Whether a mention would have to change.
fn counts(format: FileFormat, line: &str, kind: Kind) -> bool {
    match format {
        FileFormat::EnvironmentYml => !["name:", "prefix:"]
            .iter()
            .any(|key| line.trim_start_matches(['-', ' ']).starts_with(key)),
        // Features and environments can have any name.
        FileFormat::PixiToml => kind == Kind::Channel,
        FileFormat::Commands | FileFormat::Condarc | FileFormat::SpecList => true,
    }
}

/// Whether a word is a mention, by itself or because the words before it say that it is a channel.
fn mention(word: &str, is_channel: bool) -> Option<Kind> {
    let name_end = word.find(['=', '<', '>', '!', '~']).unwrap_or(word.len());
    let (channel, name) = word[..name_end].rsplit_once("::").unwrap_or(("", &word[..name_end]));
    if PACKAGES.contains(&name) {
        return Some(Kind::Package);
    }
    // The names of channels are slower to read.
    if !has_old_words(word.as_bytes()) {
        return None;
    }
    let is_old = |name: &str| ChannelKind::of(name) == ChannelKind::Pytorch;
    if is_old(channel) {
        return Some(Kind::Channel);
    }
    if word.contains("anaconda.org/") && is_old(word) {
        return Some(Kind::Channel);
    }
    let value = ["-c", "-c=", "--channel="]
        .into_iter()
        .find_map(|prefix| word.strip_prefix(prefix).filter(|rest| rest.starts_with("pytorch")));
    if value.is_some_and(is_old) {
        return Some(Kind::Channel);
    }
    (is_channel && is_old(word)).then_some(Kind::Channel)
}

/// Whether a variable is assigned after a text.
fn is_begin_of_assignment(before: &str) -> bool {
    matches!(before.trim(), "" | "export" | "local" | "set" | "readonly" | "declare")
}

/// Whether what follows a word is a channel.
fn is_channel_key(word: &str) -> bool {
    const PART: &[u8] = b"channel";
    let mut parts = word.as_bytes().windows(PART.len());
    parts.any(|part| part.eq_ignore_ascii_case(PART)) && {
        let name = word.to_ascii_lowercase();
        let is_variable = name.ends_with("_channel") || name.ends_with("_channels");
        let word = word.to_ascii_lowercase().replace('-', "_");
        let word = word.trim_start_matches(['_', '$']);
        is_variable || CHANNEL_KEYS.contains(&word)
    }
}

/// The words of a line: what stands between blanks, quotes, commas, brackets and ends of sentences.
fn words(line: &str) -> Vec<Range<usize>> {
    let is_end = |c: char| c.is_whitespace() || "\"'`,;()[]{}|&\\".contains(c);
    let mut words = Vec::new();
    let mut at = 0;
    for part in line.split(is_end) {
        let start = at;
        at += part.len() + line[at + part.len()..].chars().next().map_or(0, char::len_utf8);
        // `channels:`, `channel=` and `pytorch.` at the end of a sentence.
        // In HTML, `<code>` and `</code>`.
        let tag = part.strip_prefix('<').and_then(|tag| tag.find('>')).map_or(0, |end| end + 2);
        let (start, part) = (start + tag, &part[tag..]);
        let part = &part[..part.find("</").unwrap_or(part.len())];
        let word = part.trim_end_matches([':', '.', '!', '?']);
        if word.is_empty() {
            continue;
        }
        match word.split_once('=') {
            Some((key, value)) if is_channel_name(key) => {
                words.push(start..start + key.len());
                if !value.is_empty() {
                    words.push(start + key.len() + 1..start + word.len());
                }
            }
            Some(_) | None => words.push(start..start + word.len()),
        }
    }
    words
}

/// Whether a name is of a variable or a keyword with channels: `conda_channels`, `CONDA_CHANNEL`.
fn is_channel_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("channels") || name.ends_with("channel")
}

/// Ranges in order that do not overlap.
fn merged(ranges: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> =
        ranges.iter().filter(|it| !it.is_empty()).cloned().collect();
    ranges.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            Some(_) | None => merged.push(range),
        }
    }
    merged
}

fn is_in(ranges: &[Range<usize>], at: usize) -> bool {
    let after = ranges.partition_point(|range| range.start <= at);
    after.checked_sub(1).is_some_and(|last| ranges[last].end > at)
}

/// The bytes of the items of lists.
pub(super) fn of_items(
    file: &super::file_specs::FileSpecs,
    lines: &Lines<'_>,
) -> Vec<Range<usize>> {
    let mut ranges = file.handled.clone();
    for list in &file.lists {
        for spec in &list.specs {
            ranges.push(
                spec.at
                    ..(spec.at + spec.text.len() + 2)
                        .min(lines.whole(spec.at).end.max(spec.at + spec.text.len())),
            );
        }
        for channel in &list.channels {
            ranges.push(channel.at..channel.at + channel.name.len() + 1);
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(usize, bool)> {
        let notes = notes(text, FileFormat::Commands, &[], &[]);
        notes.iter().map(|note| (note.line.unwrap_or(0), note.is_left)).collect()
    }

    #[test]
    fn finds_mentions_in_any_form() {
        for text in [
            "x install -c pytorch y",
            "x install --channel=pytorch y",
            "run('-c', 'pytorch')",
            "channels: [pytorch, nvidia]",
            "channel=\"pytorch\"",
            "conda_channels = pytorch",
            "channels:\n  - pytorch",
            "channels: >-\n  pytorch",
            "pytorch::torchvision",
            "https://conda.anaconda.org/pytorch/linux-64",
            "pytorch-cuda=11.8",
            "cudatoolkit 11.3",
            "[\"cpuonly\"]",
            "<p><code>conda install x -c pytorch</code>.</p>",
            "<code>cudatoolkit</code>",
        ] {
            assert_eq!(found(text).len(), 1, "{text}");
            assert!(found(text)[0].1, "{text}");
        }
        assert_eq!(found("# conda install -c pytorch"), [(1, false)]);
    }

    #[test]
    fn every_package_is_a_word_of_the_old_channel() {
        for package in PACKAGES {
            assert!(has_old_words(package.as_bytes()), "{package}");
        }
    }

    #[test]
    fn other_words_are_no_mentions() {
        for text in [
            "pytorch",
            "import pytorch_lightning",
            "cudatoolkit-dev=11.7",
            "name: my-cpuonly-env",
            "channels: [conda-forge]\npackages:\n- pytorch",
            "pytorch-channel: [pytorch, pytorch-nightly]",
            "git clone https://github.com/pytorch/pytorch",
            "-c conda-forge pytorch",
            "  export cudatoolkit=\"11.3\"",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
