//! Migration of files that use the old `pytorch` channel: text in, new text and changes out.
//! [`advise`](crate::resolve::advise) chooses the builds.
//!
//! 1. A format (`environment_yml`, `pixi_toml`, `commands`) is read into `environment_spec`s: channels
//!    and packages, each with its line.
//! 2. `requested_specs` is their request, `target` the machines and the builds for them.
//! 3. `file_edits` decides the edit to each channel, `package_edit` to each package.
//! 4. The format edits the text by place.
//! 5. The new text is read again: it must have the planned changes and everything else as before, or the
//!    file stays unchanged.

mod commands;
mod environment_spec;
mod environment_yml;
mod file_edits;
mod file_migration;
mod package_edit;
mod packages;
mod pixi_toml;
mod requested_specs;
mod shell_words;
mod target;
mod text_edit;

pub use file_migration::{
    ChangeReason, FileError, FileFormat, FileMigration, FileNote, LineChange,
};
pub use pixi_toml::pixi_requirement;
pub use target::Target;

use std::collections::HashSet;
use std::ops::Range;

use crate::conda::{MatchSpec, masked};
use crate::matrix::Matrix;
use crate::yaml::Document;

use environment_spec::{EnvironmentEdits, EnvironmentSpec, FileEdits};
use file_edits::{Decisions, plan_edits};
use file_migration::{Replaced, check_size};
use text_edit::{TextEdit, apply};

/// Values with their places.
type Values<'t> = Box<dyn Iterator<Item = (Range<usize>, String)> + 't>;

type Edits = fn(&str, &[EnvironmentSpec], &mut FileEdits) -> Result<Vec<TextEdit>, FileError>;

struct Format {
    name: FileFormat,
    read: fn(&str) -> Result<Vec<EnvironmentSpec>, FileError>,
    /// The edits to the text. May plan edits of its own.
    edits: Edits,
    /// Every value of a text with its place, in order.
    values: fn(&str) -> Result<Values<'_>, FileError>,
    /// A new spec as it will be read.
    written: fn(&MatchSpec) -> Option<MatchSpec>,
}

const ENVIRONMENT_YML: Format = Format {
    name: FileFormat::EnvironmentYml,
    read: environment_yml::read,
    edits: environment_yml::edits,
    values: environment_yml::values,
    written: |spec| MatchSpec::parse(&spec.to_string()),
};

const PIXI_TOML: Format = Format {
    name: FileFormat::PixiToml,
    read: pixi_toml::read,
    edits: pixi_toml::edits,
    values: pixi_toml::values,
    written: |spec| Some(pixi_toml::written(spec)),
};

const COMMANDS: Format = Format {
    name: FileFormat::Commands,
    read: commands::read,
    edits: commands::edits,
    values: |text| Ok(commands::values(text)),
    written: |spec| MatchSpec::parse(&spec.to_string()),
};

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
    let migration = format.migrate(text, target, matrix)?;
    if migration.text != text {
        // Another run must find nothing to do, or the plan was wrong.
        let again = format.migrate(&migration.text, target, matrix);
        if !again.is_ok_and(|again| again.text == migration.text) {
            return Err(FileError::UnrelatedLines);
        }
    }
    Ok(migration)
}

impl Format {
    fn migrate(
        &self,
        text: &str,
        target: Target<'_>,
        matrix: &Matrix,
    ) -> Result<FileMigration, FileError> {
        let environments = (self.read)(text)?;
        check_size(environments.iter().map(|spec| spec.specs.len() + spec.channels.len()).sum())?;
        // Commands do not depend on each other.
        let together =
            if self.name == FileFormat::Commands { 1 } else { environments.len().max(1) };
        let mut planned = FileEdits::default();
        let mut decisions = Decisions::default();
        for group in environments.chunks(together) {
            plan_edits(group, target, matrix, &mut decisions, &mut planned)?;
        }
        let edits = (self.edits)(text, &environments, &mut planned)?;
        let (new, edits) = self.apply(text, edits, &environments, &planned.environments)?;
        let mut notes = planned.notes;
        let is_locked = self.name == FileFormat::PixiToml
            || environments.iter().any(|environment| environment.is_locked);
        notes.extend(environments.into_iter().flat_map(|environment| environment.notes));
        if is_locked && new != text {
            let message = "lock files made from this file are out of date; lock again";
            notes.push(FileNote::of_file("lock-again", message.to_owned()));
        }
        if new != text && masked(text) != text {
            let message =
                "passwords and tokens are shown as `***`; `--write` keeps them in the file";
            notes.push(FileNote::of_file("secrets-hidden", message.to_owned()));
        }
        let mut changes = planned.changes;
        changes.sort_by_key(|change| change.line);
        changes.dedup();
        notes.sort_by_key(|note| note.line);
        let mut known = HashSet::new();
        notes.retain(|note| known.insert(note.clone()));
        Ok(FileMigration { format: self.name, text: new, edits, changes, notes })
    }

    /// Makes the edits. The new text must have the planned channels and specs, and every other value as before.
    fn apply(
        &self,
        text: &str,
        edits: Vec<TextEdit>,
        environments: &[EnvironmentSpec],
        planned: &[EnvironmentEdits],
    ) -> Result<(String, Replaced), FileError> {
        let (new, old_ranges, new_ranges) = apply(text, edits)?;
        let again = (self.read)(&new).map_err(|_| FileError::UnrelatedLines)?;
        let is_planned = |((old, edits), new): ((&EnvironmentSpec, &EnvironmentEdits), _)| {
            let new: &EnvironmentSpec = new;
            let channels =
                old.channels.iter().zip(&edits.channels).flat_map(|(line, edit)| {
                    edit.clone().unwrap_or_else(|| vec![line.name.clone()])
                });
            let specs = old.specs.iter().zip(&edits.specs).flat_map(|(line, edit)| match edit {
                Some(new) => new.iter().map(self.written).collect(),
                None => vec![line.spec.clone()],
            });
            channels.eq(new.channels.iter().map(|line| line.name.clone()))
                && specs.eq(new.specs.iter().map(|line| line.spec.clone()))
                && edits.declared_cuda.as_ref().or(old.declared_cuda.as_ref())
                    == new.declared_cuda.as_ref()
        };
        let is_as_planned = environments.len() == again.len()
            && environments.iter().zip(planned).zip(&again).all(is_planned)
            && outside((self.values)(text)?, &old_ranges)
                .eq(outside((self.values)(&new)?, &new_ranges));
        if !is_as_planned {
            return Err(FileError::UnrelatedLines);
        }
        Ok((new, old_ranges.into_iter().zip(new_ranges).collect()))
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
    let (_, extension) = name.rsplit_once('.').unwrap_or(("", ""));
    let is_lock = matches!(name.as_str(), "pixi.lock" | "conda-lock.yml" | "conda-lock.yaml");
    if is_lock || name.ends_with(".conda-lock.yml") {
        return Err(FileError::Generated("a lock file"));
    }
    if text.lines().any(|line| line.trim() == "@EXPLICIT") {
        return Err(FileError::Generated("a list of package addresses"));
    }
    match extension {
        "toml" => Ok(PIXI_TOML),
        "yml" | "yaml" => of_yaml(&name, text),
        "" | "txt" if name == "-" && pixi_toml::recognises(text) => Ok(PIXI_TOML),
        "" | "txt" if name == "-" => of_yaml(&name, text),
        _ => Ok(COMMANDS),
    }
}

/// YAML that is not an environment is a workflow with commands. Malformed YAML is an error only if it
/// was meant to be an environment.
fn of_yaml(name: &str, text: &str) -> Result<Format, FileError> {
    let is_meant = name.contains("env") || name.contains("conda") || has_environment_keys(text);
    match Document::parse(text) {
        Ok(document) if environment_yml::recognises(&document) => Ok(ENVIRONMENT_YML),
        Err(error) if is_meant => Err(error.into()),
        Ok(_) | Err(_) => Ok(COMMANDS),
    }
}

/// Whether a text has an environment's keys at the margin.
fn has_environment_keys(text: &str) -> bool {
    text.trim_start_matches('\u{feff}')
        .lines()
        .any(|line| line.starts_with("dependencies:") || line.starts_with("channels:"))
}
