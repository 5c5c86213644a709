//! `environment.yml`, and what has its form: conda-lock's sources and `anaconda-project.yml`.

use crate::conda::Subdir;
use crate::matrix::Matrix;

use super::channels;
use super::environment_spec::{EnvironmentSpec, FileEdits, PackageEdit, SpecLine, SpecSyntax};
use super::file_edits::plan;
use super::file_migration::{FileError, FileMigration, FileNote};
use super::format::FileFormat;
use super::packages::{PackageRole, role};
use super::spec::NewSpec;
use super::target::Target;
use super::text_edit::{Lines, TextEdit, apply, line_of};
use super::yaml::{Id, Tree};
use super::yaml_items;

/// Whether a document is an environment: it lists packages, or names environments that do.
pub(super) fn recognises(tree: &Tree) -> bool {
    let Some(root) = tree.root else { return false };
    let lists = |key: &&str| tree.get(root, key).is_some_and(|value| !tree.items(value).is_empty());
    ["dependencies", "packages", "channels"].iter().any(lists)
        || tree.get(root, "env_specs").is_some()
}

/// Rewrites a file of this form.
pub(super) fn migrate(
    text: &str,
    target: Target<'_>,
    matrix: &Matrix,
) -> Result<FileMigration, FileError> {
    let document = Document::read(text)?;
    let plans = plan(&document.sections, target, matrix)?;
    let changed = document.changed(&plans);
    let mut edits: Vec<TextEdit> = Vec::new();
    for (id, texts) in &changed {
        let edit = yaml_items::edit(text, &document.tree, *id, texts, &changed);
        edits.extend(edit.ok_or_else(|| FileError::InvalidSpec {
            line: line_of(text, document.tree.nodes[*id].range.start),
            text: document.tree.text(*id).unwrap_or_default().to_owned(),
        })?);
    }
    let new = apply(text, edits).ok_or(FileError::UnrelatedLines)?;
    if document.tree.words(&changed) != Tree::parse(&new)?.words(&[]) {
        return Err(FileError::UnrelatedLines);
    }
    let mut remarks = plans.remarks;
    remarks.extend(document.remarks);
    if !plans.changes.is_empty() && document.sections.iter().any(|section| section.is_locked) {
        remarks.push(FileNote::LockAgain);
    }
    remarks.sort_by_key(FileNote::line);
    Ok(FileMigration {
        form: FileFormat::EnvironmentYml,
        text: new,
        changes: plans.changes,
        remarks,
    })
}

/// A file as sections, with the nodes that they were read from.
#[derive(Default)]
struct Document {
    tree: Tree,
    sections: Vec<EnvironmentSpec>,
    /// For each section the nodes of its channels and of its packages.
    nodes: Vec<(Vec<Id>, Vec<Id>)>,
    remarks: Vec<FileNote>,
}

impl Document {
    fn read(text: &str) -> Result<Self, FileError> {
        let tree = Tree::parse(text)?;
        let mut document = Self { tree, ..Self::default() };
        let Some(root) = document.tree.root else { return Ok(document) };
        let lines = Lines::of(text);
        document.read_section(text, &lines, root, None);
        let specs: Vec<Id> = match document.tree.get(root, "env_specs") {
            Some(specs) => document.tree.entries(specs).map(|(_, id)| id).collect(),
            None => Vec::new(),
        };
        for id in specs {
            document.read_section(text, &lines, id, Some(0));
        }
        Ok(document)
    }

    fn read_section(&mut self, text: &str, lines: &Lines, id: Id, parent: Option<usize>) {
        let tree = &self.tree;
        let is_project = parent.is_some()
            || tree.get(id, "packages").is_some()
            || tree.get(id, "env_specs").is_some();
        let mut section = EnvironmentSpec {
            parent,
            has_channels: tree.get(id, "channels").is_some(),
            dialect: SpecSyntax { nodefaults: !is_project, floors: true, bare: false },
            ..EnvironmentSpec::default()
        };
        if let Some(platforms) = tree.get(id, "platforms") {
            let named = tree.items(platforms).iter().filter_map(|id| tree.text(*id));
            section.platforms = named.filter_map(|name| name.parse().ok()).collect();
            section.is_locked = !section.platforms.is_empty();
        } else if let Some(prefix) = tree.get(id, "prefix").and_then(|id| tree.text(id)) {
            section.platforms.extend(platform_of(prefix));
        }
        let mut channel_nodes = Vec::new();
        for node in tree.get(id, "channels").map(|list| tree.items(list)).unwrap_or_default() {
            if let Some(name) = tree.text(*node) {
                let line = lines.at(tree.nodes[*node].range.start);
                section.channels.push((line, name.to_owned()));
                channel_nodes.push(*node);
            }
        }
        let mut item_nodes = Vec::new();
        let mut pip = Vec::new();
        for key in ["dependencies", "packages"] {
            for node in tree.get(id, key).map(|list| tree.items(list)).unwrap_or_default() {
                let place = &tree.nodes[*node].range;
                if let Some(spec) = tree.text(*node) {
                    let mut item = SpecLine::of(lines.at(place.start), spec);
                    item.platforms = yaml_items::selector(text, place.end);
                    section.items.push(item);
                    item_nodes.push(*node);
                } else if let Some(list) = tree.get(*node, "pip") {
                    pip.extend_from_slice(tree.items(list));
                }
            }
        }
        for node in pip {
            let Some(requirement) = tree.text(node) else { continue };
            let line = lines.at(tree.nodes[node].range.start);
            self.remarks.extend(pip_remarks(line, requirement, &section));
        }
        self.sections.push(section);
        self.nodes.push((channel_nodes, item_nodes));
    }

    /// The nodes that change, and what comes in their place.
    fn changed(&self, plans: &FileEdits) -> Vec<(Id, Vec<String>)> {
        let mut changed: Vec<(Id, Vec<String>)> = Vec::new();
        for (planned, (channels, items)) in plans.sections.iter().zip(&self.nodes) {
            let of_channels = channels.iter().zip(&planned.channels);
            changed.extend(of_channels.filter_map(|(id, edit)| match edit {
                channels::ChannelEdit::Keep => None,
                channels::ChannelEdit::Become(name) => Some((*id, vec![name.clone()])),
                channels::ChannelEdit::Remove => Some((*id, Vec::new())),
            }));
            let of_items = items.iter().zip(&planned.items);
            changed.extend(of_items.filter_map(|(id, edit)| match edit {
                PackageEdit::Keep => None,
                PackageEdit::Become(fresh) => {
                    Some((*id, fresh.iter().map(NewSpec::text).collect()))
                }
            }));
        }
        changed.sort();
        changed.dedup_by_key(|(id, _)| *id);
        changed
    }
}

/// What to know about a line for pip.
pub(super) fn pip_remarks(line: usize, text: &str, section: &EnvironmentSpec) -> Vec<FileNote> {
    let mut remarks = Vec::new();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.'));
    let name = text[..end.unwrap_or(text.len())].to_ascii_lowercase();
    if text.contains("download.pytorch.org") {
        remarks.push(FileNote::PipIndex { line, text: text.to_owned() });
    }
    if matches!(name.as_str(), "torch" | "torchvision" | "torchaudio" | "pytorch") {
        remarks.push(FileNote::PipTorch { line, text: text.to_owned() });
        let is_torch = |item: &SpecLine| {
            item.spec.as_ref().is_some_and(|spec| {
                matches!(
                    role(spec),
                    PackageRole::Pytorch | PackageRole::Companion(_) | PackageRole::CpuOnly
                )
            })
        };
        if section.items.iter().any(is_torch) {
            remarks.push(FileNote::PipBesideConda { line });
        }
    }
    remarks
}

/// The platform of a folder, where it is plain.
fn platform_of(prefix: &str) -> Option<Subdir> {
    if prefix.starts_with("/Users/") {
        Some(Subdir::OsxArm64)
    } else if prefix.get(1..3) == Some(":\\") {
        Some(Subdir::Win64)
    } else {
        None
    }
}
