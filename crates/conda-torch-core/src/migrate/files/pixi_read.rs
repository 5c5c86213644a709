//! A manifest of pixi as sections, with the places that they were read from.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::conda::{MatchSpec, Os, SpecParts, Subdir};

use super::environment_spec::{EnvironmentSpec, SpecLine, SpecSyntax};
use super::environment_yml::pip_notes;
use super::file_migration::{FileError, FileNote};

/// Tables of conda packages.
const TABLES: [&str; 3] = ["dependencies", "host-dependencies", "build-dependencies"];

/// Whether a text is a manifest of pixi.
pub(super) fn recognises(text: &str) -> bool {
    parse(text).is_ok_and(|table| {
        let base = base(table.get_ref()).0;
        get(base, "workspace")
            .or(get(base, "project"))
            .is_some_and(|workspace| workspace.get_ref().get("channels").is_some())
    })
}

pub(super) fn parse(text: &str) -> Result<Spanned<DeTable<'_>>, FileError> {
    DeTable::parse(text).map_err(|error| FileError::Malformed {
        format: "TOML",
        line: error.span().map_or(1, |span| super::text_edit::line_of(text, span.start)),
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
pub(super) struct Place {
    pub key: Range<usize>,
    pub value: Range<usize>,
    pub table: String,
    pub name: String,
}

/// A section with the places that it was read from.
#[derive(Default)]
pub(super) struct Read {
    pub section: EnvironmentSpec,
    pub items: Vec<Place>,
    /// The elements of the list of channels: the whole, and the name in it.
    pub channels: Vec<(Range<usize>, Range<usize>)>,
    pub channels_path: String,
    /// The header of its system requirements, and the value of `cuda` there.
    pub requirements: String,
    pub required: Option<(Range<usize>, String)>,
    pub remarks: Vec<FileNote>,
}

/// Every section of a manifest: the default feature first.
pub(super) fn read(text: &str, root: &DeTable<'_>) -> Vec<Read> {
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
        let syntax = SpecSyntax { nodefaults: false, floors: true };
        let mut read = Self {
            section: EnvironmentSpec { parent, syntax, ..EnvironmentSpec::default() },
            ..Self::default()
        };
        read.read_packages(text, table_of, path, None);
        for (name, target) in get(table_of, "target").and_then(table).into_iter().flatten() {
            if let Some(target) = table(target) {
                let path = format!("{path}\u{1f}target\u{1f}{}", name.get_ref());
                read.read_packages(text, target, &path, platforms_of(name.get_ref()).as_deref());
            }
        }
        let required = get(table_of, "system-requirements").and_then(table);
        read.required = required
            .and_then(|table| get(table, "cuda"))
            .and_then(|cuda| Some((cuda.span(), cuda.get_ref().as_str()?.to_owned())));
        for (name, _) in get(table_of, "pypi-dependencies").and_then(table).into_iter().flatten() {
            let line = super::text_edit::line_of(text, name.span().start);
            read.remarks.extend(pip_notes(line, name.get_ref(), &read.section));
        }
        read
    }

    fn read_packages(
        &mut self,
        text: &str,
        table_of: &DeTable<'_>,
        path: &str,
        platforms: Option<&[Subdir]>,
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
                let line = super::text_edit::line_of(text, place.key.start);
                let written = text.get(place.key.start..place.value.end).unwrap_or_default();
                let item = SpecLine {
                    line,
                    text: written.to_owned(),
                    spec: Some(spec),
                    platforms: platforms.map(<[Subdir]>::to_vec),
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
            for element in list {
                let name = match table(element) {
                    Some(table) => get(table, "channel"),
                    None => Some(element),
                };
                let named = name.and_then(|name| Some((name.get_ref().as_str()?, name.span())));
                if let Some((name, place)) = named {
                    let line = super::text_edit::line_of(text, element.span().start);
                    self.section.channels.push((line, name.to_owned()));
                    self.channels.push((element.span(), place));
                }
            }
        }
        let list = get(table_of, "platforms").and_then(|list| list.get_ref().as_array());
        for element in list.into_iter().flat_map(|list| list.iter()) {
            let name = match table(element) {
                Some(table) => get(table, "platform"),
                None => Some(element),
            };
            let named: Option<Subdir> = name.and_then(|name| name.get_ref().as_str()?.parse().ok());
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
fn spec(name: &str, value: &DeValue<'_>) -> Option<MatchSpec> {
    let parts = match value {
        DeValue::String(version) => {
            SpecParts { name, version: Some(version), ..SpecParts::default() }
        }
        DeValue::Table(table) => {
            let known = |key: &str| matches!(key, "version" | "build" | "channel");
            if !table.iter().all(|(key, _)| known(key.get_ref())) {
                return None;
            }
            let text = |key: &str| get(table, key)?.get_ref().as_str();
            SpecParts {
                channel: text("channel"),
                name,
                version: text("version"),
                build: text("build"),
                other_keys: Vec::new(),
            }
        }
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_) => return None,
    };
    Some(parts.into())
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
