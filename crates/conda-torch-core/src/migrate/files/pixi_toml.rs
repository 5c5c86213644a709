//! `pixi.toml`, and `pyproject.toml` with pixi's tables.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeValue;

use crate::matrix::Matrix;

use super::channels;
use super::environment_spec::{EnvironmentEdits, EnvironmentSpec, PackageEdit};
use super::file_edits::plan;
use super::file_migration::{ChangeReason, FileError, FileMigration, FileNote, LineChange};
use super::format::FileFormat;
use super::pixi_read::{Read, parse, read};
use super::target::Target;
use super::text_edit::{TextEdit, apply, line_of};
use super::toml_entries::{self, leaves};

/// Rewrites a file of this form.
pub(super) fn migrate(
    text: &str,
    target: Target<'_>,
    matrix: &Matrix,
) -> Result<FileMigration, FileError> {
    let root = parse(text)?;
    let reads = read(text, root.get_ref());
    let sections: Vec<EnvironmentSpec> = reads.iter().map(|read| read.section.clone()).collect();
    let mut plans = plan(&sections, target, matrix)?;
    let mut writer = Writer { text, edits: Vec::new(), expected: BTreeMap::new() };
    leaves(&DeValue::Table(root.get_ref().clone()), "", &mut writer.expected);
    let default_needs = plans.sections.first().and_then(|plan| plan.needs_cuda);
    for (at, (read, planned)) in reads.iter().zip(&plans.sections).enumerate() {
        writer.channels(read, planned)?;
        writer.items(read, planned)?;
        let needs = planned.needs_cuda.filter(|_| at == 0 || default_needs.is_none());
        let declared = read.required.is_some() || at > 0 && reads[0].required.is_some();
        if let Some(cuda) = needs.filter(|_| !declared || read.required.is_some()) {
            plans.changes.extend(writer.requirement(read, cuda.major));
        }
    }
    let new = apply(text, writer.edits)?;
    let mut found = BTreeMap::new();
    let again = parse(&new).map_err(|_| FileError::UnrelatedLines)?;
    leaves(&DeValue::Table(again.get_ref().clone()), "", &mut found);
    if found != writer.expected {
        return Err(FileError::UnrelatedLines);
    }
    let mut remarks = plans.remarks;
    remarks.extend(reads.into_iter().flat_map(|read| read.remarks));
    if new != text {
        remarks.push(FileNote::LockAgain);
    }
    remarks.sort_by_key(FileNote::line);
    Ok(FileMigration { form: FileFormat::PixiToml, text: new, changes: plans.changes, remarks })
}

/// Makes edits, and what the new text must say.
struct Writer<'a> {
    text: &'a str,
    edits: Vec<TextEdit>,
    expected: BTreeMap<String, String>,
}

impl Writer<'_> {
    fn refuse(&self, place: &Range<usize>) -> FileError {
        FileError::InvalidSpec {
            line: line_of(self.text, place.start),
            text: self.text.get(place.clone()).unwrap_or_default().to_owned(),
        }
    }

    fn channels(&mut self, read: &Read, planned: &EnvironmentEdits) -> Result<(), FileError> {
        if planned.channels.iter().all(|edit| *edit == channels::ChannelEdit::Keep) {
            return Ok(());
        }
        let elements: Vec<Range<usize>> =
            read.channels.iter().map(|(element, _)| element.clone()).collect();
        let last_kept =
            planned.channels.iter().rposition(|edit| *edit != channels::ChannelEdit::Remove);
        let under = format!("{}\u{1f}", read.channels_path);
        let mut kept: Vec<Vec<(String, String)>> = Vec::new();
        for (at, edit) in planned.channels.iter().enumerate() {
            let own = format!("{under}[{at:06}]");
            let mut said: Vec<(String, String)> = self
                .expected
                .iter()
                .filter(|(path, _)| path.starts_with(&own))
                .map(|(path, value)| (path[own.len()..].to_owned(), value.clone()))
                .collect();
            match edit {
                channels::ChannelEdit::Keep => {}
                channels::ChannelEdit::Become(name) => {
                    let place = read.channels[at].1.clone();
                    let quote = if self.text[place.clone()].starts_with('\'') { '\'' } else { '"' };
                    self.edits.push(TextEdit::new(place, format!("{quote}{name}{quote}")));
                    let table = said.len() > 1;
                    for (path, value) in &mut said {
                        if !table || path == "\u{1f}channel" {
                            *value = format!("\"{name}");
                        }
                    }
                }
                channels::ChannelEdit::Remove => {
                    let edit =
                        super::text_edit::remove_element(self.text, &elements, at, last_kept);
                    self.edits.push(edit.ok_or_else(|| self.refuse(&elements[at]))?);
                    continue;
                }
            }
            kept.push(said);
        }
        self.expected.retain(|path, _| !path.starts_with(&under));
        for (at, said) in kept.into_iter().enumerate() {
            for (path, value) in said {
                self.expected.insert(format!("{under}[{at:06}]{path}"), value);
            }
        }
        Ok(())
    }

    fn items(&mut self, read: &Read, planned: &EnvironmentEdits) -> Result<(), FileError> {
        for (place, edit) in read.items.iter().zip(&planned.items) {
            let PackageEdit::Become(fresh) = edit else { continue };
            let edits = toml_entries::edit(self.text, &place.key, &place.value, fresh)
                .ok_or_else(|| self.refuse(&(place.key.start..place.value.end)))?;
            self.edits.extend(edits);
            let own = format!("{}\u{1f}{}", place.table, place.name);
            let under = format!("{own}\u{1f}");
            self.expected.retain(|path, _| *path != own && !path.starts_with(&under));
            for fresh in fresh {
                let own = format!("{}\u{1f}{}", place.table, fresh.name);
                let version = format!("\"{}", toml_entries::version(fresh));
                if fresh.build.is_none() && fresh.channel.is_none() {
                    self.expected.insert(own, version);
                    continue;
                }
                self.expected.insert(own.clone(), "{}".to_owned());
                self.expected.insert(format!("{own}\u{1f}version"), version);
                for (key, text) in
                    [("build", fresh.build.as_deref()), ("channel", fresh.channel.as_deref())]
                {
                    if let Some(text) = text {
                        self.expected.insert(format!("{own}\u{1f}{key}"), format!("\"{text}"));
                    }
                }
            }
        }
        Ok(())
    }

    /// Declares CUDA: without it pixi solves as if there were no GPU. The table is what every version
    /// of pixi reads.
    fn requirement(&mut self, read: &Read, major: u16) -> Option<LineChange> {
        let declared = |version: &str| version.split('.').next()?.parse::<u16>().ok();
        let after = vec![format!("[{}] cuda = \"{major}\"", read.requirements)];
        let why = ChangeReason::TellsOfCuda;
        if let Some((place, version)) = &read.required {
            if declared(version).is_none_or(|declared| declared >= major) {
                return None;
            }
            self.edits.push(TextEdit::new(place.clone(), format!("\"{major}\"")));
            let old = format!("\"{version}");
            let path = self
                .expected
                .iter()
                .find(|(path, value)| path.ends_with("\u{1f}cuda") && **value == old)?;
            let path = path.0.clone();
            self.expected.insert(path, format!("\"{major}"));
            let line = line_of(self.text, place.start);
            return Some(LineChange { line, before: format!("cuda = \"{version}\""), after, why });
        }
        let end = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let gap = if self.text.ends_with('\n') { "" } else { end };
        let table = format!("{gap}{end}[{}]{end}cuda = \"{major}\"{end}", read.requirements);
        self.edits.push(TextEdit::new(self.text.len()..self.text.len(), table));
        let path: String = format!(".{}", read.requirements).replace('.', "\u{1f}");
        self.expected.insert(path.clone(), "{}".to_owned());
        self.expected.insert(format!("{path}\u{1f}cuda"), format!("\"{major}"));
        let line = self.text.lines().count();
        Some(LineChange { line, before: String::new(), after, why })
    }
}
