//! `environment.yml` and files of the same form: conda-lock's sources and `anaconda-project.yml`.

use std::collections::BTreeMap;

use crate::conda::{MatchSpec, Subdir};
use crate::matrix::Matrix;
use crate::yaml::{Document, Value};

use super::environment_spec::{EnvironmentSpec, FileEdits, SpecLine, SpecSyntax, platforms_named};
use super::file_edits::plan_edits;
use super::file_migration::{FileError, FileFormat, FileMigration, FileNote};
use super::packages::PackageRole;
use super::target::Target;
use super::text_edit::{TextEdit, apply, line_end, remove_element, whole_line, without_item};

/// Whether a document is an environment: it lists packages, or names environments that do.
pub(super) fn recognises(document: &Document) -> bool {
    let Some(root) = document.root() else { return false };
    let lists = |key: &&str| root.get(key).is_some_and(|value| value.items().next().is_some());
    ["dependencies", "packages", "channels"].iter().any(lists) || root.get("env_specs").is_some()
}

/// Migrates a file of this form.
pub(super) fn migrate(
    text: &str,
    target: Target<'_>,
    matrix: &Matrix,
) -> Result<FileMigration, FileError> {
    let document = Document::parse(text)?;
    let environments = environments(text, &document);
    let specs: Vec<EnvironmentSpec> = environments.iter().map(|one| one.spec.clone()).collect();
    let planned = plan_edits(&specs, target, matrix)?;
    let new_texts = new_texts(&environments, &planned);
    let (new, ..) = apply(text, text_edits(text, &document, &new_texts)?)?;
    let again = Document::parse(&new)?;
    if !content_after(&document, &new_texts).eq(content_after(&again, &BTreeMap::new())) {
        return Err(FileError::UnrelatedLines);
    }
    let mut notes = planned.notes;
    notes.extend(environments.into_iter().flat_map(|environment| environment.notes));
    if !planned.changes.is_empty() && specs.iter().any(|spec| spec.is_locked) {
        notes.push(FileNote::outdated_lock());
    }
    Ok(FileMigration::new(FileFormat::EnvironmentYml, new, planned.changes, notes))
}

/// An environment with the values that it was read from.
#[derive(Default)]
struct Environment<'a> {
    spec: EnvironmentSpec,
    channels: Vec<Value<'a>>,
    specs: Vec<Value<'a>>,
    notes: Vec<FileNote>,
}

/// The environment of a file, then those in `env_specs`, which build on it.
fn environments<'a>(text: &str, document: &'a Document) -> Vec<Environment<'a>> {
    let Some(root) = document.root() else { return Vec::new() };
    let named = root.get("env_specs").into_iter().flat_map(Value::entries);
    let named = named.map(|(_, value)| Environment::read(text, value, Some(0)));
    std::iter::once(Environment::read(text, root, None)).chain(named).collect()
}

impl<'a> Environment<'a> {
    fn read(text: &str, value: Value<'a>, parent: Option<usize>) -> Self {
        let list = |key| value.get(key).into_iter().flat_map(Value::items);
        let is_project =
            parent.is_some() || value.get("packages").is_some() || value.get("env_specs").is_some();
        let mut spec = EnvironmentSpec {
            parent,
            has_channels: value.get("channels").is_some(),
            syntax: SpecSyntax { nodefaults: !is_project, floors: true },
            ..EnvironmentSpec::default()
        };
        spec.platforms = list("platforms").filter_map(|name| name.text()?.parse().ok()).collect();
        spec.is_locked = !spec.platforms.is_empty();
        if value.get("platforms").is_none() {
            let prefix = value.get("prefix").and_then(Value::text);
            spec.platforms.extend(prefix.and_then(platform_of));
        }
        let channels: Vec<Value<'a>> =
            list("channels").filter(|channel| channel.text().is_some()).collect();
        spec.channels.extend(
            channels.iter().filter_map(|value| Some((value.line(), value.text()?.to_owned()))),
        );
        let (mut specs, mut pip) = (Vec::new(), Vec::new());
        for item in list("dependencies").chain(list("packages")) {
            if let Some(written) = item.text() {
                let platforms = selector(text, item.range().end);
                spec.specs.push(SpecLine { platforms, ..SpecLine::new(item.line(), written) });
                specs.push(item);
            } else if let Some(list) = item.get("pip") {
                pip.extend(list.items());
            }
        }
        let note = |item: Value<'_>| Some(pip_notes(item.line(), item.text()?, &spec));
        let notes = pip.into_iter().filter_map(note).flatten().collect();
        Self { spec, channels, specs, notes }
    }
}

/// The new texts of each value that changes, by the value's id.
type NewTexts = BTreeMap<usize, Vec<String>>;

fn new_texts(environments: &[Environment<'_>], planned: &FileEdits) -> NewTexts {
    let mut texts = NewTexts::new();
    for (environment, edits) in environments.iter().zip(&planned.environments) {
        let channels = environment.channels.iter().zip(&edits.channels);
        texts.extend(channels.filter_map(|(value, edit)| Some((value.id(), edit.clone()?))));
        let specs = environment.specs.iter().zip(&edits.specs);
        texts.extend(specs.filter_map(|(value, edit)| {
            Some((value.id(), edit.as_ref()?.iter().map(MatchSpec::to_string).collect()))
        }));
    }
    texts
}

/// The content of a document after some values change.
fn content_after<'a>(
    document: &'a Document,
    new_texts: &'a NewTexts,
) -> impl Iterator<Item = (usize, bool, Option<&'a str>)> {
    document.values().flat_map(|value| {
        let texts: Vec<Option<&str>> = match new_texts.get(&value.id()) {
            Some(texts) => texts.iter().map(|text| Some(text.as_str())).collect(),
            None => vec![value.text()],
        };
        texts.into_iter().map(move |text| (value.depth(), value.is_map(), text))
    })
}

/// The edits to all lists that have items with new texts.
fn text_edits(
    text: &str,
    document: &Document,
    new_texts: &NewTexts,
) -> Result<Vec<TextEdit>, FileError> {
    let is_changed = |value: &Value<'_>| new_texts.contains_key(&value.id());
    let lists: BTreeMap<usize, Value<'_>> = document
        .values()
        .filter(is_changed)
        .filter_map(|value| value.parent().map(|list| (list.id(), list)))
        .collect();
    let mut edits = Vec::new();
    for list in lists.values() {
        let places: Vec<_> = list.items().map(Value::occurrence).collect();
        let stays = |item: Value<'_>| new_texts.get(&item.id()).is_none_or(|new| !new.is_empty());
        let last_kept = list.items().enumerate().filter(|(_, item)| stays(*item)).last();
        let last_kept = last_kept.map(|(at, _)| at);
        for (at, item) in list.items().enumerate() {
            let Some(texts) = new_texts.get(&item.id()) else { continue };
            if item.occurrence() != item.range() {
                continue; // an alias; its target is edited instead
            }
            let edit = if is_block_item(text, item) {
                edit_block_item(text, item, texts)
            } else if texts.is_empty() {
                remove_element(text, &places, at, last_kept).map(|edit| vec![edit])
            } else {
                let written = &text[item.range()];
                let joined: Vec<String> =
                    texts.iter().map(|new| quoted(new, written, false)).collect();
                Some(vec![TextEdit::new(item.range(), joined.join(", "))])
            };
            let edit = edit.filter(|_| item.is_simple());
            edits.extend(edit.ok_or_else(|| FileError::InvalidSpec {
                line: item.line(),
                text: item.text().unwrap_or_default().to_owned(),
            })?);
        }
    }
    Ok(edits)
}

/// The text before a value on its line.
fn before<'t>(text: &'t str, item: Value<'_>) -> &'t str {
    let start = item.range().start;
    &text[whole_line(text, start).start..start]
}

fn is_block_item(text: &str, item: Value<'_>) -> bool {
    before(text, item).trim_matches([' ', '\t', '\u{feff}']) == "-"
}

/// Edits an item on a line of its own; `None` if something follows it.
fn edit_block_item(text: &str, item: Value<'_>, texts: &[String]) -> Option<Vec<TextEdit>> {
    let range = item.range();
    let line = whole_line(text, range.start);
    let rest = &text[range.end..line.end];
    if !rest.trim().is_empty() && !rest.trim_start().starts_with('#') {
        return None;
    }
    let Some((first, more)) = texts.split_first() else {
        return Some(vec![without_item(text, line, range.end)]);
    };
    let (before, written) = (before(text, item), &text[range.clone()]);
    let end = line_end(text, &line);
    let mut added = String::new();
    for new in more {
        let new = quoted(new, written, true);
        if rest.ends_with('\n') {
            added.extend([before, &new, end]);
        } else {
            added.extend([end, before, &new]);
        }
    }
    let first = TextEdit::new(range, quoted(first, written, true));
    Some(vec![first, TextEdit::new(line.end..line.end, added)])
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
const PLATFORMS: [Subdir; 5] =
    [Subdir::Linux64, Subdir::LinuxAarch64, Subdir::Osx64, Subdir::OsxArm64, Subdir::Win64];

/// The platforms of a selector after an item, as conda-lock reads it: `# [linux64]`.
fn selector(text: &str, end: usize) -> Option<Vec<Subdir>> {
    let rest = &text[end..whole_line(text, end).end];
    let comment = rest.trim_start().strip_prefix('#')?.trim_start();
    let (words, _) = comment.strip_prefix('[')?.split_once(']')?;
    let mut platforms = Vec::new();
    for word in words.split(" or ") {
        let (word, negated) = match word.trim().strip_prefix("not ") {
            Some(word) => (word, true),
            None => (word.trim(), false),
        };
        let named = platforms_named(match word {
            "linux64" => "linux-64",
            "aarch64" => "linux-aarch64",
            "osx64" => "osx-64",
            "arm64" | "osxarm64" => "osx-arm64",
            "win64" => "win-64",
            name => name,
        })?;
        platforms.extend(PLATFORMS.into_iter().filter(|subdir| named.contains(subdir) != negated));
    }
    Some(platforms)
}

/// The notes on a line for pip.
pub(super) fn pip_notes(line: usize, text: &str, spec: &EnvironmentSpec) -> Vec<FileNote> {
    let mut notes = Vec::new();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.'));
    let name = text[..end.unwrap_or(text.len())].to_ascii_lowercase();
    if text.contains("download.pytorch.org") {
        let message = format!("`{text}` is an index of PyTorch wheels for pip and unchanged");
        notes.push(FileNote::at(line, "pip-index", message));
    }
    if matches!(name.as_str(), "torch" | "torchvision" | "torchaudio" | "pytorch") {
        let message =
            format!("`{text}` is from pip and unchanged; it brings its own CUDA libraries");
        notes.push(FileNote::at(line, "pip-torch", message));
        let is_torch = |line: &SpecLine| {
            matches!(
                line.role(),
                PackageRole::Pytorch | PackageRole::Companion(_) | PackageRole::CpuOnly
            )
        };
        if spec.specs.iter().any(is_torch) {
            let message = "pip overwrites conda's PyTorch with its own; remove one of the two";
            notes.push(FileNote::at(line, "pip-beside-conda", message.to_owned()));
        }
    }
    notes
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
