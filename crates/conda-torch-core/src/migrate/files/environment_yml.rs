//! `environment.yml` and files of the same form: conda-lock's sources and `anaconda-project.yml`.

use std::collections::{HashMap, HashSet};

use crate::conda::Subdir;
use crate::yaml::{Document, Value};

use super::Values;
use super::environment_file::below;
use super::environment_spec::{
    ChannelForm, ChannelLine, Environment, FileEdits, PlaceForChannel, PlatformForm, SpecLine,
    SpecList, platforms_named,
};
use super::file_migration::{FileError, FileNote};
use super::file_specs::FileSpecs;
use super::pip_requirements;
use super::text_edit::{ItemPlace, Lines, TextEdit, edit_item, item_place};

/// Whether a document is an environment: it lists packages, or names environments that do.
pub(super) fn recognises(document: &Document) -> bool {
    let Some(root) = document.root() else { return false };
    let lists = |key: &&str| root.get(key).is_some_and(|value| value.items().next().is_some());
    ["dependencies", "packages", "channels"].iter().any(lists) || root.get("env_specs").is_some()
}

/// The environment of a file, then those in `env_specs`, which build on it.
pub(super) fn read(text: &str) -> Result<FileSpecs, FileError> {
    let document = Document::parse(text)?;
    let Some(root) = document.root() else { return Ok(FileSpecs::default()) };
    let mut file = FileSpecs::default();
    let named = root.get("env_specs").into_iter().flat_map(Value::entries);
    let values: Vec<Value<'_>> =
        std::iter::once(root).chain(named.map(|(_, value)| value)).collect();
    let of_root = platforms(root);
    for (at, value) in values.into_iter().enumerate() {
        let mut named = platforms(value);
        if named.is_empty() {
            named.clone_from(&of_root);
        }
        let lists = if at == 0 { vec![0] } else { vec![0, at] };
        let is_locked = value.get("platforms").or(root.get("platforms")).is_some();
        let is_locked = is_locked && !named.is_empty();
        let environment =
            Environment { lists, platforms: named, is_locked, ..Environment::default() };
        file.environments.push(environment);
        let list = list(text, value, &mut file.pip_notes);
        file.lists.push(list);
    }
    let has_own =
        |item: Value<'_>| item.occurrence() == item.range() && item_place(text, item.range()).1;
    let items = || root.get("dependencies").into_iter().flat_map(Value::items);
    let mut scalars = items().filter(|item| item.text().is_some());
    if root.get("env_specs").is_none() {
        file.lists[0].place_for_channel = place_for_channel(text, root);
    }
    if file.environments[0].is_locked && root.get("env_specs").is_none() && scalars.all(has_own) {
        file.platform_form = PlatformForm::Selectors;
    }
    Ok(file)
}

/// Where a channel can go: below the others, or before the key of the packages, at the margin.
fn place_for_channel(text: &str, root: Value<'_>) -> Option<PlaceForChannel> {
    if let Some(channels) = root.get("channels") {
        let last = channels.items().last().filter(|item| item.occurrence() == item.range())?;
        let (at, line) = (last.range().end, last.line());
        return Some(PlaceForChannel { at, line, form: ChannelForm::Item });
    }
    let key = "dependencies:";
    let inner = || text.find("\ndependencies:").map(|at| at + 1);
    let at = if text.starts_with(key) { Some(0) } else { inner() };
    at.map(|at| {
        let line = 1 + text[..at].matches('\n').count();
        PlaceForChannel { at, line, form: ChannelForm::Key }
    })
}

fn platforms(value: Value<'_>) -> Vec<Subdir> {
    if let Some(names) = value.get("platforms") {
        return names.items().filter_map(|name| name.text()?.parse().ok()).collect();
    }
    let prefix = value.get("prefix").and_then(Value::text);
    prefix.and_then(platform_of).into_iter().collect()
}

fn list(text: &str, value: Value<'_>, pip_notes: &mut Vec<FileNote>) -> SpecList {
    let list = |key| value.get(key).into_iter().flat_map(Value::items);
    let mut spec = SpecList { has_floors: true, ..SpecList::default() };
    spec.channels.extend(list("channels").filter_map(|channel| {
        let name = channel.text()?.to_owned();
        Some(ChannelLine { at: channel.range().start, line: channel.line(), name })
    }));
    spec.has_forge = spec.names_forge();
    let mut pip = Vec::new();
    for item in list("dependencies").chain(list("packages")) {
        if let Some(written) = item.text() {
            let platforms = selector(text, item.range().end);
            let line = SpecLine::new(item.range().start, item.line(), written);
            spec.specs.push(SpecLine { platforms, ..line });
        } else if let Some(list) = item.get("pip") {
            pip.extend(list.items());
        }
    }
    let names_torch = spec.specs.iter().any(SpecLine::names_torch);
    let note =
        |item: &Value<'_>| Some(pip_requirements::notes(item.line(), item.text()?, names_torch));
    spec.notes = pip.iter().filter_map(note).flatten().collect();
    let compiled = |item: &Value<'_>| pip_requirements::compiled(item.line(), item.text()?);
    pip_notes.extend(pip.iter().filter_map(compiled));
    spec
}

/// Every scalar with its depth.
pub(super) fn values(text: &str) -> Result<Values<'_>, FileError> {
    let document = Document::parse(text)?;
    let scalar =
        |value: Value<'_>| Some((value.range(), format!("{} {}", value.depth(), value.text()?)));
    let values: Vec<_> = document.values().filter_map(scalar).collect();
    Ok(Box::new(values.into_iter()))
}

/// The edits to all lists that have items with new texts.
pub(super) fn edits(
    text: &str,
    file: &FileSpecs,
    planned: &mut FileEdits,
) -> Result<Vec<TextEdit>, FileError> {
    let new_texts = planned.new_texts(&file.lists);
    if new_texts.is_empty() {
        return Ok(Vec::new());
    }
    let selectors = planned.selectors(&file.lists);
    let document = Document::parse(text)?;
    let lines = Lines::of(text);
    let new_text = |item: &Value<'_>| new_texts.get(&item.range().start);
    let lists = || document.values().filter(|value| value.is_list());
    let is_item = |item: &Value<'_>| item.occurrence() == item.range();
    let targets: HashSet<usize> =
        lists().flat_map(Value::items).filter(is_item).map(|item| item.range().start).collect();
    // Items that are aliases go with their target, others do not.
    let mut other_aliases: HashMap<&str, isize> = HashMap::new();
    let is_end = |c: char| c.is_whitespace() || "[]{},".contains(c);
    for word in text.split(is_end).filter_map(|word| word.strip_prefix('*')) {
        *other_aliases.entry(word).or_default() += 1;
    }
    for item in lists().flat_map(Value::items).filter(|item| !is_item(item)) {
        *other_aliases.entry(text[item.occurrence()].trim_start_matches('*')).or_default() -= 1;
    }
    let mut edits = Vec::new();
    let place = file.lists[0].place_for_channel.filter(|_| planned.lists[0].adds_channel);
    if let Some(place) = place {
        let channels = document.root().and_then(|root| root.get("channels"));
        edits.push(match channels.and_then(|channels| channels.items().last()) {
            Some(last) => below(&lines, last, &["conda-forge".to_owned()])?,
            None => TextEdit::new(place.at..place.at, place.text(&lines)),
        });
    }
    for list in lists() {
        let items: Vec<Value<'_>> = list.items().collect();
        let (places, blocks): (Vec<ItemPlace>, Vec<bool>) =
            items.iter().map(|item| item_place(text, item.occurrence())).unzip();
        let last_kept =
            items.iter().rposition(|item| new_text(item).is_none_or(|new| !new.is_empty()));
        for (at, item) in items.iter().enumerate() {
            let Some(new) = new_text(item) else { continue };
            if !is_item(item) && !new.is_empty() && targets.contains(&item.range().start) {
                continue; // an alias; its target is edited instead
            }
            let is_block = blocks[at];
            let written = &text[item.range()];
            let new: Vec<String> = new.iter().map(|new| quoted(new, written, is_block)).collect();
            let is_emptied = is_block && at == 0 && last_kept.is_none();
            let edit = if let Some(words) = selectors.get(&item.range().start) {
                Some(with_selectors(&lines, &places[at], &new, words))
            } else if is_emptied {
                empty_list(&lines, &places[at])
            } else {
                edit_item(&lines, &places, at, last_kept, &new, is_block)
            };
            let is_free = !new.is_empty()
                || anchor(&text[places[at].whole.clone()])
                    .is_none_or(|name| other_aliases.get(name).is_none_or(|count| *count == 0));
            let edit = edit.filter(|_| is_free && !is_after_return(&lines, *item));
            edits.extend(edit.ok_or_else(|| FileError::NotInPlace {
                line: item.line(),
                text: item.text().unwrap_or_default().to_owned(),
            })?);
        }
    }
    Ok(edits)
}

/// An item as a line for each of its platforms, below its comment.
fn with_selectors(
    lines: &Lines<'_>,
    ItemPlace { head, value, .. }: &ItemPlace,
    new: &[String],
    words: &[&str],
) -> Vec<TextEdit> {
    let text = lines.text;
    let line = lines.whole(*head).start..lines.whole(value.end).end;
    let (indent, end) = (&text[line.start..*head], lines.end_of(&line));
    let rest = text[value.end..line.end].trim();
    let comment = Some(rest).filter(|rest| !rest.trim_start_matches('#').trim().starts_with('['));
    let comment = comment.filter(|comment| !comment.is_empty());
    let item = |(new, word): (&String, &&str)| format!("{indent}- {new}  # [{word}]");
    let mut written: Vec<String> = new.iter().zip(words).map(item).collect();
    written.splice(0..0, comment.map(|comment| format!("{indent}{comment}")));
    let last = if text[line.clone()].ends_with('\n') { end } else { "" };
    vec![TextEdit::new(line, format!("{}{last}", written.join(end)))]
}

/// The anchor before a value.
fn anchor(written: &str) -> Option<&str> {
    let mut words = written.split_whitespace();
    words.find_map(|word| word.strip_prefix('&')).filter(|_| written.starts_with(['&', '!']))
}

/// Writes `[]` instead of the first item of a block whose items all go: without one it would be null, and no list.
/// Further right than the item, which may be as far left as its key.
fn empty_list(
    lines: &Lines<'_>,
    ItemPlace { head, value, .. }: &ItemPlace,
) -> Option<Vec<TextEdit>> {
    let line = lines.whole(*head);
    let indent = head - line.start;
    let is_content = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let key = lines.text[..line.start].lines().rev().find(is_content)?;
    let is_left = key.len() - key.trim_start().len() >= indent;
    let new = if is_left { "  []" } else { "[]" };
    Some(vec![TextEdit::new(*head..value.end, new)])
}

/// Whether something of the same line is before it that ends with a carriage return alone, which is a line end in YAML.
fn is_after_return(lines: &Lines<'_>, item: Value<'_>) -> bool {
    let start = item.range().start;
    lines.text[lines.whole(start).start..start].trim_start_matches('\r').contains('\r')
}

/// A scalar with the quotes of the old one, or with some if it needs them.
fn quoted(new: &str, written: &str, is_block: bool) -> String {
    match written.chars().next() {
        Some(quote @ ('\'' | '"')) => format!("{quote}{new}{quote}"),
        _ if !is_block && new.contains([',', '[', ']', '{', '}']) => format!("\"{new}\""),
        _ => new.to_owned(),
    }
}

/// The platforms that conda-forge has PyTorch for, for words that mean several.
pub(super) const PLATFORMS: [Subdir; 5] =
    [Subdir::Linux64, Subdir::LinuxAarch64, Subdir::Osx64, Subdir::OsxArm64, Subdir::Win64];

/// The platforms of a selector after an item, as conda-lock reads it: `# [linux64]`.
pub(super) fn selector(text: &str, end: usize) -> Option<Vec<Subdir>> {
    let comment = text[end..].trim_start_matches([' ', '\t']).strip_prefix('#')?;
    let comment = comment.trim_start_matches([' ', '\t']).strip_prefix('[')?;
    let (words, _) = comment.lines().next()?.split_once(']')?;
    let mut platforms = Vec::new();
    for word in words.split(" or ") {
        let (word, negated) = match word.trim().strip_prefix("not ") {
            Some(word) => (word, true),
            None => (word.trim(), false),
        };
        let named = platform_of_word(word)?;
        platforms.extend(PLATFORMS.into_iter().filter(|subdir| named.contains(subdir) != negated));
    }
    Some(platforms)
}

/// The platforms that a word of a selector is for.
pub(super) fn platform_of_word(word: &str) -> Option<Vec<Subdir>> {
    platforms_named(match word {
        "linux64" => "linux-64",
        "aarch64" => "linux-aarch64",
        "osx64" => "osx-64",
        "arm64" | "osxarm64" => "osx-arm64",
        "win64" => "win-64",
        name => name,
    })
}

/// The platform that a folder's name gives away.
fn platform_of(prefix: &str) -> Option<Subdir> {
    if prefix.starts_with("/Users/") {
        Some(Subdir::OsxArm64)
    } else if prefix.get(1..3) == Some(":\\") {
        Some(Subdir::Win64)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_whose_items_all_go_is_an_empty_list() {
        for (old, new) in [
            ("  - pytorch-mutex\n  - torchtriton\n", "  []\n"),
            ("- pytorch-mutex", "  []"),
            ("\n# x\n- pytorch-mutex # y\n", "\n# x\n  [] # y\n"),
            ("    - 'pytorch-mutex'\n", "    []\n"),
        ] {
            let old = format!("channels: [pytorch]\ndependencies:\n{old}");
            assert_eq!(migrated(&old), format!("channels: [conda-forge]\ndependencies:\n{new}"));
        }
    }

    /// The new text for linux-64, or the error.
    fn migrated(text: &str) -> String {
        let target =
            crate::migrate::files::Target { machine: None, platform: Some(Subdir::Linux64) };
        let matrix = crate::matrix::Matrix::embedded();
        let new = crate::migrate::files::migrate_file("environment.yml", text, target, matrix);
        new.map_or_else(|error| error.to_string(), |it| it.text)
    }

    #[test]
    fn items_of_every_form_are_edited() {
        for (old, new) in [
            ("- &t pytorch=2.5.1\n- *t\n- cpuonly\n", "- &t pytorch=2.5.1\n- *t\n- pytorch-cpu\n"),
            ("-\n  cpuonly # x\n-   !!str pytorch\n", "-\n  pytorch-cpu # x\n-   !!str pytorch\n"),
            ("- pytorch\n- >-\n  cpuonly\n\n- a\n", "- pytorch\n- pytorch-cpu\n\n- a\n"),
            ("- pytorch\n- |-\n  torchtriton\n- a\n", "- pytorch\n- a\n"),
            ("- pytorch\n- \"cpu\\\n  only\"\n", "- pytorch\n- \"pytorch-cpu\"\n"),
            ("- a\n-\n  &m\n  pytorch-mutex\n- *m\n", "- a\n"),
            (" [a, &m pytorch-mutex, *m,\nb]\n", " [a, \nb]\n"),
            (" [a, {pip: [b]}, !!str pytorch-mutex,\n]\n", " [a, {pip: [b]},\n]\n"),
            (" [\n  'a', # x\n  &m pytorch-mutex,]\n", " [\n  'a', # x\n  ]\n"),
            (" [pytorch, \n&a cpuonly]\n", " [pytorch, \n&a pytorch-cpu]\n"),
        ] {
            let file = |channels: &str, items: &str| {
                let line = if items.starts_with('-') { "\n" } else { "" };
                format!("channels: [{channels}]\ndependencies:{line}{items}")
            };
            assert_eq!(migrated(&file("pytorch", old)), file("conda-forge", new));
        }
        // An alias of what is no item: the item has the new text.
        assert_eq!(
            migrated("x: &c cpuonly\nchannels: [pytorch]\ndependencies: [pytorch, *c]\n"),
            "x: &c cpuonly\nchannels: [conda-forge]\ndependencies: [pytorch, pytorch-cpu]\n"
        );
        assert_eq!(
            migrated("channels: [pytorch]\ndependencies:\n- a\n- &m pytorch-mutex\nx: *m\n"),
            "line 4: cannot edit `pytorch-mutex`; write it on a line of its own, without an alias"
        );
    }

    #[test]
    fn carriage_returns_alone_are_no_internal_error() {
        let start = "channels:\n  - pytorch\ndependencies:\n  - pytorch-mutex\n";
        assert_eq!(
            migrated(&format!("{start}\r  - pytorch-mutex\n\r  - a\n")),
            "channels:\n  - conda-forge\ndependencies:\n\r  - a\n"
        );
        assert_eq!(
            migrated(&format!("{start}  - a\r  - pytorch-mutex\n")),
            "line 6: cannot edit `pytorch-mutex`; write it on a line of its own, without an alias"
        );
    }

    #[test]
    fn reads_platforms_from_selectors_only() {
        let of = |comment: &str| selector(&format!("- a  {comment}\n"), 3);
        assert_eq!(of("# [linux64]"), Some(vec![Subdir::Linux64]));
        assert_eq!(of("#[osx]"), Some(vec![Subdir::Osx64, Subdir::OsxArm64]));
        assert_eq!(of("# [win or osx-arm64]"), Some(vec![Subdir::Win64, Subdir::OsxArm64]));
        assert_eq!(of("# [not win]").map(|platforms| platforms.len()), Some(4));
        for comment in ["", "# GPU", "# [see below]", "# see [linux]"] {
            assert_eq!(of(comment), None, "{comment}");
        }
    }
}
