//! `pixi.toml`, and `pyproject.toml` with pixi's tables.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::matrix::Matrix;
use crate::model::{Os, Subdir};

use super::channels;
use super::edit::{Edit, apply, line_of};
use super::environment_yml::pip_remarks;
use super::facts::{Change, NotRewritten, Remark, Rewrite, Why};
use super::form::Form;
use super::plan::plan;
use super::section::{Dialect, Fate, Item, Plan, Section};
use super::spec::Written;
use super::target::Target;
use super::toml_items::{self, leaves, line_end};

/// Tables of conda packages.
const TABLES: [&str; 3] = ["dependencies", "host-dependencies", "build-dependencies"];

/// Whether a text is a manifest of pixi.
pub(super) fn recognises(text: &str) -> bool {
    parse(text).is_ok_and(|table| {
        let base = base(table.get_ref()).0;
        get(base, "workspace").or(get(base, "project")).is_some_and(|workspace| {
            workspace.get_ref().get("channels").is_some()
        })
    })
}

fn parse(text: &str) -> Result<Spanned<DeTable<'_>>, NotRewritten> {
    DeTable::parse(text).map_err(|error| NotRewritten::Damaged {
        form: "TOML",
        line: error.span().map_or(1, |span| line_of(text, span.start)),
        problem: error.message().to_owned(),
    })
}

/// pixi's own tables, and the beginning of their headers.
fn base<'t, 'i>(root: &'t DeTable<'i>) -> (&'t DeTable<'i>, &'static str) {
    let pixi = get(root, "tool").and_then(|tool| tool.get_ref().get("pixi"));
    match pixi.and_then(|pixi| pixi.get_ref().as_table()) {
        Some(pixi) => (pixi, "tool.pixi."),
        None => (root, ""),
    }
}

fn get<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> Option<&'t Spanned<DeValue<'i>>> {
    table.get(key)
}

fn table<'t, 'i>(value: &'t Spanned<DeValue<'i>>) -> Option<&'t DeTable<'i>> {
    value.get_ref().as_table()
}

/// Where an entry stands: its key, its value, its path.
struct Place {
    key: Range<usize>,
    value: Range<usize>,
    table: String,
    name: String,
}

/// A section with the places that it was read from.
#[derive(Default)]
struct Read {
    section: Section,
    items: Vec<Place>,
    /// The elements of the list of channels: the whole, and the name in it.
    channels: Vec<(Range<usize>, Range<usize>)>,
    channels_path: String,
    /// The header of its system requirements, and the value of `cuda` there.
    requirements: String,
    required: Option<(Range<usize>, String)>,
    remarks: Vec<Remark>,
}

/// Rewrites a file of this form.
pub(super) fn rewrite(
    text: &str,
    target: Target<'_>,
    matrix: &Matrix,
) -> Result<Rewrite, NotRewritten> {
    let root = parse(text)?;
    let reads = read(text, root.get_ref());
    let sections: Vec<Section> = reads.iter().map(|read| read.section.clone()).collect();
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
    let new = apply(text, writer.edits).ok_or(NotRewritten::NotFaithful)?;
    let mut found = BTreeMap::new();
    let again = parse(&new).map_err(|_| NotRewritten::NotFaithful)?;
    leaves(&DeValue::Table(again.get_ref().clone()), "", &mut found);
    if found != writer.expected {
        return Err(NotRewritten::NotFaithful);
    }
    let mut remarks = plans.remarks;
    remarks.extend(reads.into_iter().flat_map(|read| read.remarks));
    if new != text {
        remarks.push(Remark::LockAgain);
    }
    remarks.sort_by_key(Remark::line);
    Ok(Rewrite { form: Form::PixiToml, text: new, changes: plans.changes, remarks })
}

fn read(text: &str, root: &DeTable<'_>) -> Vec<Read> {
    let (base, prefix) = base(root);
    let path = if prefix.is_empty() { "" } else { "\u{1f}tool\u{1f}pixi" };
    let workspace = ["workspace", "project"]
        .into_iter()
        .find_map(|name| Some((name, get(base, name).and_then(table)?)));
    let mut default = Read {
        requirements: format!("{prefix}system-requirements"),
        ..Read::of(text, base, path, None)
    };
    if let Some((name, workspace)) = workspace {
        default.read_lists(text, workspace, &format!("{path}\u{1f}{name}"));
    }
    let mut reads = vec![default];
    let features = get(base, "feature").and_then(table);
    for (name, feature) in features.into_iter().flatten() {
        let Some(feature) = table(feature) else { continue };
        let name = name.get_ref();
        let path = format!("{path}\u{1f}feature\u{1f}{name}");
        let mut read = Read {
            requirements: format!("{prefix}feature.{name}.system-requirements"),
            ..Read::of(text, feature, &path, Some(0))
        };
        read.read_lists(text, feature, &path);
        reads.push(read);
    }
    reads
}

impl Read {
    /// The packages of the default feature or another.
    fn of(text: &str, table_of: &DeTable<'_>, path: &str, parent: Option<usize>) -> Self {
        let dialect = Dialect { nodefaults: false, floors: true, bare: true };
        let mut read =
            Self { section: Section { parent, dialect, ..Section::default() }, ..Self::default() };
        read.read_packages(text, table_of, path, None);
        for (name, target) in get(table_of, "target").and_then(table).into_iter().flatten() {
            if let Some(target) = table(target) {
                let path = format!("{path}\u{1f}target\u{1f}{}", name.get_ref());
                read.read_packages(text, target, &path, platforms_of(name.get_ref()));
            }
        }
        let required = get(table_of, "system-requirements").and_then(table);
        read.required = required.and_then(|table| get(table, "cuda")).and_then(|cuda| {
            Some((cuda.span(), cuda.get_ref().as_str()?.to_owned()))
        });
        for (name, _) in get(table_of, "pypi-dependencies").and_then(table).into_iter().flatten() {
            let line = line_of(text, name.span().start);
            read.remarks.extend(pip_remarks(line, name.get_ref(), &read.section));
        }
        read
    }

    fn read_packages(
        &mut self,
        text: &str,
        table_of: &DeTable<'_>,
        path: &str,
        platforms: Option<Vec<Subdir>>,
    ) {
        for name in TABLES {
            let entries = get(table_of, name).and_then(table);
            let mut found = Vec::new();
            for (key, value) in entries.into_iter().flatten() {
                let Some(spec) = spec(key.get_ref(), value.get_ref()) else { continue };
                let place = Place {
                    key: key.span(),
                    value: value.span(),
                    table: format!("{path}\u{1f}{name}"),
                    name: key.get_ref().clone().into_owned(),
                };
                let line = line_of(text, place.key.start);
                let written = text.get(place.key.start..place.value.end).unwrap_or_default();
                let item = Item {
                    line,
                    text: written.to_owned(),
                    spec: Some(spec),
                    platforms: platforms.clone(),
                };
                found.push((place, item));
            }
            found.sort_by_key(|(place, _)| place.key.start);
            for (place, item) in found {
                self.items.push(place);
                self.section.items.push(item);
            }
        }
    }

    fn read_lists(&mut self, text: &str, table_of: &DeTable<'_>, path: &str) {
        self.channels_path = format!("{path}\u{1f}channels");
        if let Some(list) = get(table_of, "channels").and_then(|list| list.get_ref().as_array()) {
            self.section.has_channels = true;
            for element in list.iter() {
                let name = match element.get_ref() {
                    DeValue::Table(table) => get(table, "channel"),
                    _ => Some(element),
                };
                let named = name.and_then(|name| Some((name.get_ref().as_str()?, name.span())));
                if let Some((name, place)) = named {
                    let line = line_of(text, element.span().start);
                    self.section.channels.push((line, name.to_owned()));
                    self.channels.push((element.span(), place));
                }
            }
        }
        let list = get(table_of, "platforms").and_then(|list| list.get_ref().as_array());
        for element in list.into_iter().flat_map(|list| list.iter()) {
            let name = match element.get_ref() {
                DeValue::Table(table) => get(table, "platform").map(Spanned::get_ref),
                other => Some(other),
            };
            let named: Option<Subdir> = name.and_then(|name| name.as_str()?.parse().ok());
            self.section.platforms.extend(named);
            if let DeValue::Table(table) = element.get_ref()
                && let Some(cuda) = get(table, "cuda")
                && let Some(version) = cuda.get_ref().as_str()
            {
                self.required = Some((cuda.span(), version.to_owned()));
            }
        }
    }
}

/// An entry as a spec; `None` for a package from a path, a repository or a build.
fn spec(name: &str, value: &DeValue<'_>) -> Option<Written> {
    let mut spec = Written { name: name.to_ascii_lowercase(), ..Written::default() };
    match value {
        DeValue::String(version) => spec.set_version(version, true),
        DeValue::Table(table) => {
            let known = |key: &str| matches!(key, "version" | "build" | "channel");
            if !table.iter().all(|(key, _)| known(key.get_ref())) {
                return None;
            }
            let text = |key: &str| Some(get(table, key)?.get_ref().as_str()?.to_owned());
            if let Some(version) = text("version") {
                spec.set_version(&version, true);
            }
            spec.build = text("build").filter(|build| build != "*");
            spec.channel = text("channel");
        }
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_) => return None,
    }
    Some(spec)
}

/// The platforms that a target names.
fn platforms_of(name: &str) -> Option<Vec<Subdir>> {
    let os = |os: Os| Subdir::ALL.into_iter().filter(|subdir| subdir.os() == os).collect();
    Some(match name {
        "linux" => os(Os::Linux),
        "osx" => os(Os::Macos),
        "win" => os(Os::Windows),
        "unix" => Subdir::ALL.into_iter().filter(|subdir| subdir.os() != Os::Windows).collect(),
        name => vec![name.parse().ok()?],
    })
}

/// Makes edits, and what the new text must say.
struct Writer<'a> {
    text: &'a str,
    edits: Vec<Edit>,
    expected: BTreeMap<String, String>,
}

impl Writer<'_> {
    fn refuse(&self, place: &Range<usize>) -> NotRewritten {
        NotRewritten::NotUnderstood {
            line: line_of(self.text, place.start),
            text: self.text.get(place.clone()).unwrap_or_default().to_owned(),
        }
    }

    fn channels(&mut self, read: &Read, planned: &Plan) -> Result<(), NotRewritten> {
        if planned.channels.iter().all(|fate| *fate == channels::Fate::Keep) {
            return Ok(());
        }
        let elements: Vec<Range<usize>> =
            read.channels.iter().map(|(element, _)| element.clone()).collect();
        let stays = |at: usize| planned.channels.get(at) != Some(&channels::Fate::Remove);
        let under = format!("{}\u{1f}", read.channels_path);
        let mut kept: Vec<Vec<(String, String)>> = Vec::new();
        for (at, fate) in planned.channels.iter().enumerate() {
            let own = format!("{under}[{at:06}]");
            let mut said: Vec<(String, String)> = self
                .expected
                .iter()
                .filter(|(path, _)| path.starts_with(&own))
                .map(|(path, value)| (path[own.len()..].to_owned(), value.clone()))
                .collect();
            match fate {
                channels::Fate::Keep => {}
                channels::Fate::Become(name) => {
                    let place = read.channels[at].1.clone();
                    let quote = if self.text[place.clone()].starts_with('\'') { '\'' } else { '"' };
                    self.edits.push(Edit::new(place, format!("{quote}{name}{quote}")));
                    let table = said.len() > 1;
                    for (path, value) in &mut said {
                        if !table || path == "\u{1f}channel" {
                            *value = format!("\"{name}");
                        }
                    }
                }
                channels::Fate::Remove => {
                    let edit = toml_items::remove_element(self.text, &elements, at, stays);
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

    fn items(&mut self, read: &Read, planned: &Plan) -> Result<(), NotRewritten> {
        for (place, fate) in read.items.iter().zip(&planned.items) {
            let Fate::Become(fresh) = fate else { continue };
            let edits = toml_items::edit(self.text, &place.key, &place.value, fresh)
                .ok_or_else(|| self.refuse(&(place.key.start..place.value.end)))?;
            self.edits.extend(edits);
            let own = format!("{}\u{1f}{}", place.table, place.name);
            let under = format!("{own}\u{1f}");
            self.expected.retain(|path, _| *path != own && !path.starts_with(&under));
            for fresh in fresh {
                let own = format!("{}\u{1f}{}", place.table, fresh.name);
                let version = format!("\"{}", toml_items::version(fresh));
                if fresh.build.is_none() && fresh.channel.is_none() {
                    self.expected.insert(own, version);
                    continue;
                }
                self.expected.insert(own.clone(), "{}".to_owned());
                self.expected.insert(format!("{own}\u{1f}version"), version);
                for (key, text) in [("build", fresh.build.as_deref()), ("channel", fresh.channel)] {
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
    fn requirement(&mut self, read: &Read, major: u16) -> Option<Change> {
        let declared = |version: &str| version.split('.').next()?.parse::<u16>().ok();
        let after = vec![format!("[{}] cuda = \"{major}\"", read.requirements)];
        let why = Why::TellsOfCuda;
        if let Some((place, version)) = &read.required {
            if declared(version).is_none_or(|declared| declared >= major) {
                return None;
            }
            self.edits.push(Edit::new(place.clone(), format!("\"{major}\"")));
            let old = format!("\"{version}");
            let path = self.expected.iter().find(|(path, value)| {
                path.ends_with("\u{1f}cuda") && **value == old
            })?;
            let path = path.0.clone();
            self.expected.insert(path, format!("\"{major}"));
            let line = line_of(self.text, place.start);
            return Some(Change { line, before: format!("cuda = \"{version}\""), after, why });
        }
        let end = line_end(self.text);
        let gap = if self.text.ends_with('\n') { "" } else { end };
        let table = format!("{gap}{end}[{}]{end}cuda = \"{major}\"{end}", read.requirements);
        self.edits.push(Edit::new(self.text.len()..self.text.len(), table));
        let path: String = format!(".{}", read.requirements).replace('.', "\u{1f}");
        self.expected.insert(path.clone(), "{}".to_owned());
        self.expected.insert(format!("{path}\u{1f}cuda"), format!("\"{major}"));
        let line = self.text.lines().count();
        Some(Change { line, before: String::new(), after, why })
    }
}
