//! Migration of files that use the old `pytorch` channel: text in, new text and changes out.
//! [`advise`](crate::resolve::advise) chooses the builds.
//!
//! 1. A format (`environment_yml`, `pixi_toml`, `commands`) is read into lists of channels and specs, each with its
//!    place, and environments that are made of lists. `commands` has a reader for each kind of text; `session` follows
//!    their commands in order.
//! 2. `requested_specs` is the request of an environment, `target` the machines and the builds for those that share a
//!    line that may change.
//! 3. `file_edits` decides the edit to each channel, `package_edit` to each package.
//! 4. The format edits the text by place.
//! 5. The new text is read again: it must have the planned changes and everything else as before, or the
//!    file stays unchanged.
//! 6. `mentions` names what is left of the old channel.

mod candidate;
mod client_call;
mod commands;
mod dockerfile;
mod document;
mod environment_file;
mod environment_spec;
mod environment_yml;
mod file_edits;
mod file_migration;
mod file_specs;
mod literals;
mod makefile;
mod matrix_rows;
mod mentions;
mod package_edit;
mod packages;
mod pip_requirements;
mod pixi_call;
mod pixi_toml;
mod recipe;
mod requested_specs;
mod session;
mod shell_words;
mod step_condition;
mod target;
mod text_edit;
mod tox_ini;
mod variables;
mod workflow;
mod yaml_lists;

pub use candidate::{has_old_words, is_known_name};
pub use environment_file::{EnvironmentFile, with_specs};
pub use file_migration::{
    ChangeReason, FileError, FileFormat, FileMigration, FileNote, LineChange, Replaced,
};
pub use pixi_toml::{PixiProject, ProjectPlatform, pixi_requirement};
pub use target::Target;

use std::collections::HashSet;
use std::ops::Range;

use crate::conda::{MatchSpec, masked};
use crate::matrix::Matrix;
use crate::yaml::Document;

use commands::ScriptKind;
use environment_spec::{FileEdits, ListEdits, SpecList, recipe_text};
use file_edits::plan_edits;
use file_migration::check_size;
use file_specs::FileSpecs;
use text_edit::{Lines, TextEdit, apply};

/// Values with their places.
type Values<'t> = Box<dyn Iterator<Item = (Range<usize>, String)> + 't>;

/// How a file is read and edited.
#[derive(Debug, Clone, Copy)]
enum Format {
    EnvironmentYml,
    PixiToml,
    Condarc,
    Commands(ScriptKind),
}

/// Migrates a file. Its name and content decide the format.
///
/// # Errors
/// If the file is malformed or generated, or no build on conda-forge satisfies it. It must stay unchanged.
pub fn migrate_file(
    path: &str,
    text: &str,
    target: Target<'_>,
    matrix: &Matrix,
) -> Result<FileMigration, FileError> {
    let format = detect_format(path, text)?;
    let (migration, again) = format.migrate(text, format.read(text)?, target, matrix)?;
    if let Some(again) = again {
        // Another run must find nothing to do, or the plan was wrong.
        let again = format.migrate(&migration.text, again, target, matrix);
        if !again.is_ok_and(|(again, _)| again.text == migration.text) {
            return Err(FileError::UnrelatedLines);
        }
    }
    Ok(migration)
}

impl Format {
    const fn name(self) -> FileFormat {
        match self {
            Self::EnvironmentYml => FileFormat::EnvironmentYml,
            Self::PixiToml => FileFormat::PixiToml,
            Self::Condarc => FileFormat::Condarc,
            Self::Commands(ScriptKind::SpecList) => FileFormat::SpecList,
            Self::Commands(_) => FileFormat::Commands,
        }
    }

    fn read(self, text: &str) -> Result<FileSpecs, FileError> {
        match self {
            Self::EnvironmentYml | Self::Condarc => environment_yml::read(text),
            Self::PixiToml => pixi_toml::read(text),
            Self::Commands(kind) => kind.read(text),
        }
    }

    /// The edits to the text. May plan edits of its own.
    fn edits(
        self,
        text: &str,
        file: &FileSpecs,
        planned: &mut FileEdits,
    ) -> Result<Vec<TextEdit>, FileError> {
        match self {
            Self::EnvironmentYml | Self::Condarc => environment_yml::edits(text, file, planned),
            Self::PixiToml => pixi_toml::edits(text, file, planned),
            Self::Commands(_) => commands::edits(text, file, planned),
        }
    }

    /// Every value of a text with its place, in order. `file`: what was read of it.
    fn values<'t>(self, text: &'t str, file: &'t FileSpecs) -> Result<Values<'t>, FileError> {
        match self {
            Self::EnvironmentYml | Self::Condarc => environment_yml::values(text),
            Self::PixiToml => pixi_toml::values(text),
            Self::Commands(_) => Ok(commands::values(file)),
        }
    }

    /// A new spec as it will be read.
    fn written(self, spec: &MatchSpec) -> Option<MatchSpec> {
        match self {
            Self::EnvironmentYml | Self::Condarc | Self::Commands(_) => {
                MatchSpec::parse(&spec.to_string())
            }
            Self::PixiToml => Some(pixi_toml::written(spec)),
        }
    }

    /// The migration of a text, and what is read of the new one; `None` if nothing changes.
    fn migrate(
        self,
        text: &str,
        mut file: FileSpecs,
        target: Target<'_>,
        matrix: &Matrix,
    ) -> Result<(FileMigration, Option<FileSpecs>), FileError> {
        // Packages of pip have a note or none.
        let of_list = |list: &SpecList| list.specs.len() + list.channels.len() + list.notes.len();
        check_size(file.lists.iter().map(of_list).sum::<usize>() + file.pip_notes.len())?;
        let is_session = matches!(self, Self::Commands(_));
        let mut planned = plan_edits(&file, is_session, target, matrix)?;
        if let Some(failure) = planned.failures.first().filter(|_| !is_session) {
            return Err(failure.clone());
        }
        let edits = self.edits(text, &file, &mut planned)?;
        let applied = self.apply(text, edits, &file, &planned.lists);
        let applied = match (applied, file.row_values.first()) {
            // The new text is read in other rows than the old one.
            (Err(FileError::UnrelatedLines), Some(row)) => {
                planned.changes.clear();
                planned.notes.retain(|note| note.note.code != "repeated-row");
                let message = "the rows of this matrix are not followed; file unchanged";
                planned.notes.push(FileNote::left(row.line, "unknown", message.to_owned()));
                None
            }
            (applied, _) => applied?,
        };
        let (new, edits, again) = match applied {
            Some((new, edits, again)) => (new, edits, Some(again)),
            None => (text.to_owned(), Replaced::new(), None),
        };
        let mut notes = planned.notes;
        let is_locked = self.name() == FileFormat::PixiToml
            || file.environments.iter().any(|environment| environment.is_locked);
        notes.append(&mut file.notes);
        notes.extend(file.lists.iter_mut().flat_map(|list| std::mem::take(&mut list.notes)));
        let mut failures = planned.failures;
        // What a script alone does not tell is no error of it.
        failures.retain(|failure| {
            let FileError::InvalidSpec { line, text } = failure else { return true };
            let message = format!("`{text}` is not followed; its environment is unchanged");
            notes.push(FileNote::left(*line, "unknown", message));
            false
        });
        let handled = mentions::of_items(&file, &Lines::of(text));
        notes.extend(mentions::notes(text, self.name(), &handled, &file.prose));
        if is_locked && new != text {
            let message = "lock files made from this file are out of date; lock again";
            notes.push(FileNote::of_file("lock-again", message.to_owned()));
        }
        if new != text && shows_secrets(text, &edits, &notes) {
            let message =
                "passwords and tokens are shown as `***`; `--write` keeps them in the file";
            notes.push(FileNote::of_file("secrets-hidden", message.to_owned()));
        }
        notes.sort_by_key(|note| note.line);
        // Each once: of a line, which has few.
        let mut known = HashSet::new();
        let mut line = None;
        notes.retain(|note| {
            if note.line != line {
                known.clear();
                line = note.line;
            }
            known.insert(note.clone())
        });
        failures.sort_by_key(FileError::line);
        failures.dedup();
        let mut changes = planned.changes;
        changes.sort_by_key(|change| change.line);
        let mut known = HashSet::new();
        changes.retain(|change| known.insert(change.clone()));
        let format = self.name();
        Ok((FileMigration { format, text: new, edits, changes, notes, failures }, again))
    }

    /// The new text, its edits and what is read of it; `None` without edits. It must have the planned channels and specs, and
    /// every other value as before.
    fn apply(
        self,
        text: &str,
        edits: Vec<TextEdit>,
        file: &FileSpecs,
        planned: &[ListEdits],
    ) -> Result<Option<(String, Replaced, FileSpecs)>, FileError> {
        if edits.is_empty() && planned.iter().all(ListEdits::is_none) {
            return Ok(None);
        }
        let (new, old_ranges, new_ranges) = apply(text, edits)?;
        // The new text may be longer.
        let again = self.read(&new);
        let again =
            again.map_err(|it| if it.is_limit() { it } else { FileError::UnrelatedLines })?;
        let expected = |(old, edits): (&SpecList, &ListEdits)| {
            let channels = old.channels.iter().zip(&edits.channels);
            let channels = channels
                .flat_map(|(line, edit)| edit.clone().unwrap_or_else(|| vec![line.name.clone()]))
                .chain(edits.adds_channel.then(|| "conda-forge".to_owned()));
            let specs = old.specs.iter().zip(&edits.specs).flat_map(|(line, edit)| match edit {
                Some(new) if old.is_recipe => {
                    new.iter().map(|new| MatchSpec::parse(&recipe_text(new))).collect()
                }
                Some(new) => new.iter().map(|new| self.written(new)).collect(),
                None => vec![line.spec.clone()],
            });
            let added = edits.platform_specs.values().flatten().map(|new| self.written(new));
            let mut specs: Vec<Option<MatchSpec>> = specs.chain(added).collect();
            // Tables of platforms can stand before others.
            if !edits.platform_specs.is_empty() {
                specs.sort_by_cached_key(|spec| format!("{spec:?}"));
            }
            let declared = edits.declared_cuda.as_ref().or(old.declared_cuda.as_ref());
            (channels.collect::<Vec<String>>(), specs, declared.cloned())
        };
        let read = |(new, edits): (&SpecList, Option<&ListEdits>)| {
            let channels: Vec<String> = new.channels.iter().map(|line| line.name.clone()).collect();
            let mut specs: Vec<_> = new.specs.iter().map(|line| line.spec.clone()).collect();
            if edits.is_some_and(|edits| !edits.platform_specs.is_empty()) {
                specs.sort_by_cached_key(|spec| format!("{spec:?}"));
            }
            (channels, specs, new.declared_cuda.clone())
        };
        let expected: Vec<_> = file.lists.iter().zip(planned).map(expected).collect();
        let edits = planned.iter().map(Some).chain(std::iter::repeat(None));
        let read: Vec<_> = again.lists.iter().zip(edits).map(read).collect();
        let has_lists = if file.row_values.is_empty() {
            expected == read
        } else {
            // Rows with the same packages are read once.
            expected.iter().collect::<HashSet<_>>() == read.iter().collect::<HashSet<_>>()
        };
        let is_as_planned = has_lists
            && outside(self.values(text, file)?, &old_ranges)
                .eq(outside(self.values(&new, &again)?, &new_ranges));
        if !is_as_planned {
            return Err(FileError::UnrelatedLines);
        }
        let edits = old_ranges.into_iter().zip(new_ranges).collect();
        Ok((new != text).then_some((new, edits, again)))
    }
}

/// The values outside of some ranges.
fn outside<'t>(
    values: Values<'t>,
    ranges: &'t [Range<usize>],
) -> impl Iterator<Item = String> + 't {
    let is_outside = |range: &Range<usize>| {
        let last = ranges.partition_point(|other| other.start <= range.start);
        last.checked_sub(1).is_none_or(|last| ranges[last].end < range.end)
    };
    values.filter(move |(range, _)| is_outside(range)).map(|(_, value)| value)
}

/// The format of a file. A name that programs look for decides; otherwise the content does.
fn detect_format(path: &str, text: &str) -> Result<Format, FileError> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
    let extension = extension_of(&name);
    let is_lock = matches!(name.as_str(), "pixi.lock" | "conda-lock.yml" | "conda-lock.yaml");
    if is_lock || name.ends_with(".conda-lock.yml") {
        return Err(FileError::Generated("a lock file"));
    }
    if text.lines().any(|line| line.trim() == "@EXPLICIT") {
        return Err(FileError::Generated("a list of package addresses"));
    }
    match extension {
        _ if matches!(name.trim_start_matches('.'), "condarc" | "mambarc") => Ok(Format::Condarc),
        "toml" => Ok(Format::PixiToml),
        "yml" | "yaml" => of_yaml(&name, text),
        "" | "txt" if name == "-" && pixi_toml::recognises(text) => Ok(Format::PixiToml),
        "" | "txt" if name == "-" => of_yaml(&name, text),
        _ => Ok(Format::Commands(ScriptKind::of(&name, text))),
    }
}

/// The extension of a file's name, without the dot; empty if it has none.
fn extension_of(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// YAML that is not an environment is a workflow with commands. Malformed YAML is an error only if it
/// was meant to be an environment.
fn of_yaml(name: &str, text: &str) -> Result<Format, FileError> {
    if recipe::recognises(name, text) {
        return Ok(Format::Commands(ScriptKind::Recipe));
    }
    let is_meant = name.contains("env") || name.contains("conda") || has_environment_keys(text);
    match Document::parse(text) {
        Ok(document) if environment_yml::recognises(&document) => Ok(Format::EnvironmentYml),
        Err(error) if is_meant => Err(error.into()),
        Ok(_) if name == "-" && !text.contains("jobs:") => {
            Ok(Format::Commands(ScriptKind::of(name, text)))
        }
        Ok(_) => Ok(Format::Commands(ScriptKind::Workflow)),
        Err(_) => Ok(Format::Commands(ScriptKind::of(name, text))),
    }
}

/// Whether a text has an environment's keys at the margin.
fn has_environment_keys(text: &str) -> bool {
    text.trim_start_matches('\u{feff}')
        .lines()
        .any(|line| line.starts_with("dependencies:") || line.starts_with("channels:"))
}

/// Whether a secret is in a line near an edit, which its difference shows, or in a note.
fn shows_secrets(text: &str, edits: &Replaced, notes: &[FileNote]) -> bool {
    /// The lines around a change that are shown.
    const CONTEXT: usize = 3;
    if masked(text) == text {
        return false;
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let numbers = Lines::of(text);
    let mut next = 0;
    let is_in_difference = edits.iter().any(|(old, _)| {
        let first = (numbers.at(old.start) - 1).saturating_sub(CONTEXT).max(next);
        next = (numbers.at(old.end) + CONTEXT).min(lines.len()).max(next);
        lines.get(first..next).is_some_and(|shown| shown.iter().any(|line| masked(line) != *line))
    });
    is_in_difference || notes.iter().any(|note| masked(&note.note.message) != note.note.message)
}
