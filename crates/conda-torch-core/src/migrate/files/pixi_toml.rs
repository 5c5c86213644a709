//! `pixi.toml`, and `pyproject.toml` with pixi's tables or those of conda-lock.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use toml_edit::{Document, InlineTable, Item, TableLike, TomlError, Value};

use crate::conda::{MatchSpec, Os, SpecParts, Subdir};

use super::Values;
use super::environment_spec::{
    ChannelForm, ChannelLine, Edit, Environment, FileEdits, PlaceForChannel, PlatformForm,
    SpecLine, SpecList, platforms_named,
};
use super::file_migration::{ChangeReason, FileError, FileNote, LineChange, MOST_TOML};
use super::file_specs::FileSpecs;
use super::packages::is_old;
use super::pip_requirements;
use super::text_edit::{ItemPlace, Lines, TextEdit, edit_item, without_item};

const PACKAGE_TABLES: [&str; 3] = ["dependencies", "host-dependencies", "build-dependencies"];

/// The tables of a package that the workspace builds.
const BUILT_TABLES: [&str; 3] = ["run-dependencies", "host-dependencies", "build-dependencies"];

/// Limits of packages that other tables name.
const CONSTRAINTS: &str = "constraints";

/// Ends of the names of tables with packages.
const ANY_PACKAGES: [&str; 2] = ["dependencies", CONSTRAINTS];

/// The longest package that is repeated as it is written.
const LONGEST: usize = 1000;

const REQUIREMENTS: &str = "system-requirements";

pub(super) fn recognises(text: &str) -> bool {
    parse(text).is_ok_and(|document| {
        let (base, _) = base(document.as_table());
        workspace(base).is_some_and(|workspace| workspace.contains_key("channels"))
    })
}

/// The channels and the platforms of a project of pixi.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PixiProject {
    /// As they are written: names or addresses.
    pub channels: Vec<String>,
    /// Those whose names are known here.
    pub platforms: Vec<ProjectPlatform>,
    /// Whether it has platforms beside these.
    pub has_other_platforms: bool,
    /// What `[system-requirements]` declares, by the keys of a platform.
    requirements: BTreeMap<&'static str, String>,
}

impl PixiProject {
    /// Reads a manifest: `pixi.toml`, or `pyproject.toml` with pixi's tables. `None` if it is no project.
    pub fn read(text: &str) -> Option<Self> {
        let document = parse(text).ok()?;
        let (base, _) = base(document.as_table());
        let workspace = workspace(base).filter(|workspace| workspace.contains_key("channels"))?;
        let list = |key: &str| workspace.get(key).and_then(Item::as_array).into_iter().flatten();
        let channels = list("channels").filter_map(|element| field(element, "channel").as_str());
        let mut project = Self {
            channels: channels.map(str::to_owned).collect(),
            platforms: Vec::new(),
            has_other_platforms: false,
            requirements: BTreeMap::new(),
        };
        // Which pixi does not accept beside tables of platforms.
        let requirements = base.get(REQUIREMENTS).and_then(Item::as_table_like);
        for (key, item) in requirements.into_iter().flat_map(TableLike::iter) {
            let key = if key == "libc" { "glibc" } else { key };
            let version = item.get("version").unwrap_or(item).as_str();
            project.requirements.extend(virtual_package(key).zip(version.map(str::to_owned)));
        }
        for element in list("platforms") {
            match ProjectPlatform::read(element, &project) {
                Some(platform) => project.platforms.push(platform),
                None => project.has_other_platforms = true,
            }
        }
        Some(project)
    }

    /// A platform that is a name alone.
    pub fn plain(&self, subdir: Subdir) -> ProjectPlatform {
        let mut platform = ProjectPlatform { subdir, own_name: None, declared: BTreeMap::new() };
        for (key, version) in &self.requirements {
            let is_for_os = match *key {
                "glibc" | "linux" => subdir.os() == Os::Linux,
                "macos" => subdir.os() == Os::Macos,
                "windows" => subdir.os() == Os::Windows,
                _ => true,
            };
            if is_for_os {
                platform.declare(key, version);
            }
        }
        platform
    }
}

/// The virtual packages that a platform can declare by a key, in the order in which its name has them, and the versions that
/// pixi assumes. Source: `FRIENDLY_VIRTUAL_PACKAGES` and `default_glibc_version` of
/// <https://github.com/prefix-dev/pixi/tree/2b25fc76dd3b5cc50a235387d948474975c40d73/crates/pixi_manifest>
const VIRTUAL_PACKAGES: [(&str, &str); 6] = [
    ("cuda", ""),
    ("archspec", ""),
    ("glibc", "2.28"),
    ("linux", "4.18"),
    ("macos", "13.0"),
    ("windows", "10.0"),
];

fn virtual_package(key: &str) -> Option<&'static str> {
    let key = if key == "osx" { "macos" } else { key };
    VIRTUAL_PACKAGES.iter().map(|(own, _)| *own).find(|own| *own == key)
}

/// A platform of a project, from pixi 0.71 on with virtual packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectPlatform {
    /// What it is a platform for.
    pub subdir: Subdir,
    own_name: Option<String>,
    /// Versions by key, without those that pixi assumes.
    declared: BTreeMap<&'static str, String>,
}

impl ProjectPlatform {
    /// `None` for one that has no name that is known here.
    fn read(element: &Value, project: &PixiProject) -> Option<Self> {
        let (key, table) = platform_table(element);
        let subdir = field(element, key.unwrap_or_default()).as_str()?.parse().ok()?;
        let Some(table) = table else { return Some(project.plain(subdir)) };
        let mut platform = Self { subdir, own_name: None, declared: BTreeMap::new() };
        for (key, value) in table {
            match key {
                "name" => platform.own_name = Some(value.as_str()?.to_owned()),
                "platform" | "subdir" => {}
                key => platform.declare(virtual_package(key)?, value.as_str()?),
            }
        }
        Some(platform)
    }

    /// Its name for pixi: its own, else its subdir with what it declares.
    pub fn name(&self) -> String {
        if let Some(name) = &self.own_name {
            return name.clone();
        }
        let mut name = self.subdir.to_string();
        for (key, _) in VIRTUAL_PACKAGES {
            let Some(version) = self.declared.get(key) else { continue };
            let parts = version.split(|c: char| !c.is_ascii_alphanumeric());
            let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
            name.extend(["-", key, "-", &parts.join("-")]);
        }
        name
    }

    /// Whether it is for machines with CUDA alone.
    pub fn has_cuda(&self) -> bool {
        self.declared.contains_key("cuda")
    }

    /// Whether it declares a version; of CUDA, that or a newer one.
    pub fn declares(&self, key: &str, version: &str) -> bool {
        let of = |text: &str| text.parse::<crate::conda::Version>().ok();
        let own = self.declared.get(key).and_then(|own| of(own));
        own.zip(of(version)).is_some_and(|(own, new)| own == new || key == "cuda" && own > new)
    }

    /// Declares a version, as `pixi workspace platform edit` does.
    pub fn declare(&mut self, key: &str, version: &str) {
        let known = VIRTUAL_PACKAGES.into_iter().find(|(own, _)| *own == key);
        let Some((key, assumed)) = known else { return };
        if version == assumed {
            self.declared.remove(key);
        } else {
            self.declared.insert(key, version.to_owned());
        }
    }
}

/// A platform of a workspace. Source: <https://pixi.prefix.dev/latest/workspace/multi_platform_configuration/>
#[derive(Debug, Clone, PartialEq, Eq)]
struct NamedPlatform<'d> {
    /// By which features and targets name it; empty for one of a table without it, whose name pixi makes of its subdir and
    /// its virtual packages.
    name: &'d str,
    subdir: Subdir,
}

impl NamedPlatform<'_> {
    /// Whether a feature is for it that names this platform.
    fn is_named(&self, name: &str) -> bool {
        if !self.name.is_empty() {
            return self.name == name;
        }
        name.strip_prefix(self.subdir.as_str()).is_some_and(|rest| rest.starts_with('-'))
    }

    /// Whether a target is for it: by a family, its subdir, its name, or a part of that with a star.
    fn is_meant(&self, target: &str) -> bool {
        let target = if target == "macos" { "osx" } else { target };
        if let Some(subdirs) = platforms_named(target) {
            return subdirs.contains(&self.subdir);
        }
        match target.split_once('*') {
            Some((start, end)) => {
                let has_end = |rest: &str| end.contains('*') || rest.ends_with(end);
                self.name.strip_prefix(start).is_some_and(has_end)
            }
            None => self.is_named(target),
        }
    }
}

/// The platforms of a workspace that a target is for; `None` for a word that names none.
fn subdirs_meant(platforms: &[NamedPlatform<'_>], target: &str) -> Option<Vec<Subdir>> {
    let target = if target == "macos" { "osx" } else { target };
    if let Some(subdirs) = platforms_named(target) {
        return Some(subdirs);
    }
    let mut subdirs: Vec<Subdir> =
        platforms.iter().filter(|it| it.is_meant(target)).map(|it| it.subdir).collect();
    subdirs.sort_unstable();
    subdirs.dedup();
    (!subdirs.is_empty()).then_some(subdirs)
}

/// The platforms of a list in a workspace.
fn named_platforms(table: &dyn TableLike) -> Vec<NamedPlatform<'_>> {
    let list = table.get("platforms").and_then(Item::as_array).into_iter().flatten();
    let platform = |element| {
        let (key, table) = platform_table(element);
        let subdir = field(element, key.unwrap_or_default()).as_str()?;
        let own = table.and_then(|table| table.get("name")?.as_str());
        let name = own.unwrap_or(if table.is_some() { "" } else { subdir });
        Some(NamedPlatform { name, subdir: subdir.parse().ok()? })
    };
    list.filter_map(platform).collect()
}

/// The table of a platform, and its key for the subdir: from pixi 0.71 on `platform`, from 0.85 on `subdir`, or the name.
fn platform_table(element: &Value) -> (Option<&'static str>, Option<&InlineTable>) {
    let table = element.as_inline_table();
    let mut keys = ["subdir", "platform", "name"].into_iter();
    (keys.find(|key| table.is_some_and(|table| table.contains_key(key))), table)
}

fn parse(text: &str) -> Result<Document<&str>, FileError> {
    if text.len() > MOST_TOML {
        return Err(FileError::TooLarge);
    }
    Document::parse(text).map_err(|error: TomlError| FileError::Malformed {
        format: "TOML",
        line: error.span().map_or(1, |span| Lines::of(text).at(span.start)),
        problem: error.message().to_owned(),
    })
}

pub(super) fn read(text: &str) -> Result<FileSpecs, FileError> {
    let document = parse(text)?;
    let is_source = is_lock_source(base(document.as_table()).1);
    let features = Manifest { is_source, ..Manifest::new(text) }.features(&document);
    let mut environments = environments(&document, &features);
    for environment in &mut environments {
        environment.is_locked = is_source && !environment.platforms.is_empty();
    }
    let channels = features.iter().flat_map(|feature| &feature.channels);
    let handled: Vec<Range<usize>> = channels.map(|(whole, _)| whole.clone()).collect();
    let platform_form = if !is_source && features.iter().all(Feature::can_have_tables) {
        PlatformForm::Tables
    } else {
        PlatformForm::None
    };
    let pip_notes = features.iter().flat_map(|feature| feature.pip_notes.clone()).collect();
    let mut notes = Vec::new();
    let mut handled = handled;
    let read: HashSet<usize> =
        features.iter().flat_map(|it| &it.spec.specs).map(|line| line.at).collect();
    note_unread(document.as_table(), &Lines::of(text), &read, &mut handled, &mut notes);
    let lists = features.into_iter().map(|feature| feature.spec).collect();
    Ok(FileSpecs {
        lists,
        environments,
        declares_cuda: !is_source,
        platform_form,
        pip_notes,
        notes,
        handled,
        ..FileSpecs::default()
    })
}

/// Notes old packages in tables that are not read, such as those that others inherit from.
fn note_unread(
    table: &dyn TableLike,
    lines: &Lines<'_>,
    read: &HashSet<usize>,
    handled: &mut Vec<Range<usize>>,
    notes: &mut Vec<FileNote>,
) {
    for (name, item) in table.iter() {
        let Some(own) = item.as_table_like() else { continue };
        let has_packages =
            ANY_PACKAGES.iter().any(|end| name.ends_with(end)) && !name.starts_with("pypi-");
        for (key, _) in entries(own).filter(|_| has_packages) {
            let package = lines.text[key.clone()].trim_matches(['"', '\'']);
            let is_old = MatchSpec::parse(package).is_some_and(|spec| is_old(&spec));
            if is_old && !read.contains(&key.start) {
                let message = format!("`{package}` unchanged: its table is not read");
                notes.push(FileNote::left(lines.at(key.start), "left", message));
                handled.push(key);
            }
        }
        note_unread(own, lines, read, handled, notes);
    }
}

/// The environments, each the union of its features; one for each feature that no environment has.
fn environments(document: &Document<&str>, features: &[Feature<'_>]) -> Vec<Environment> {
    let (base, _) = base(document.as_table());
    let named = |kind: FeatureKind| {
        let own = features.iter().enumerate().skip(1).filter(move |(_, it)| it.kind == kind);
        own.map(|(at, feature)| (feature.name, at)).collect::<HashMap<&str, usize>>()
    };
    let (by_name, inline) = (named(FeatureKind::Feature), named(FeatureKind::Environment));
    let mut is_used = vec![false; features.len()];
    let mut together: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut environments = vec![vec![0]];
    let named = base.get("environments").and_then(Item::as_table_like);
    for (name, item) in named.into_iter().flat_map(TableLike::iter) {
        let table = item.as_table_like();
        let list = table.and_then(|table| table.get("features")).unwrap_or(item).as_array();
        let own = list.into_iter().flatten().filter_map(Value::as_str);
        let own = own.filter_map(|name| by_name.get(name).copied());
        let mut lists: Vec<usize> = inline.get(name).copied().into_iter().chain(own).collect();
        let field = |name: &str| table.and_then(|table| table.get(name));
        if field("no-default-feature").and_then(Item::as_bool) != Some(true) {
            lists.push(0);
        }
        for list in &lists {
            is_used[*list] = true;
        }
        match field("solve-group").and_then(Item::as_str) {
            Some(group) => together.entry(group).or_default().extend(lists),
            None => environments.push(lists),
        }
    }
    // The environments of a group have the same version of each package.
    let mut groups: Vec<Vec<usize>> = together.into_values().collect();
    groups.sort();
    environments.extend(groups);
    environments.extend((1..features.len()).filter(|at| !is_used[*at]).map(|at| vec![at, 0]));
    let environment = |mut lists: Vec<usize>| {
        let mut known = HashSet::new();
        lists.retain(|list| known.insert(*list));
        let own = lists.iter().filter(|list| **list > 0).map(|list| &features[*list].platforms);
        let mut platforms = features[0].platforms.clone();
        for own in own.filter(|own| !own.is_empty()) {
            platforms = if platforms.is_empty() {
                own.clone()
            } else {
                platforms.into_iter().filter(|subdir| own.contains(subdir)).collect()
            };
        }
        Environment { is_locked: false, lists, platforms, ..Environment::default() }
    };
    environments.into_iter().map(environment).collect()
}

/// The edits to channels and packages, and to the CUDA that a feature declares.
pub(super) fn edits(
    text: &str,
    _file: &FileSpecs,
    planned: &mut FileEdits,
) -> Result<Vec<TextEdit>, FileError> {
    let document = parse(text)?;
    let is_source = is_lock_source(base(document.as_table()).1);
    let mut manifest = Manifest { is_source, ..Manifest::new(text) };
    let features = manifest.features(&document);
    let default_needs_cuda = planned.lists.first().is_some_and(|edits| edits.needs_cuda.is_some());
    let has_tables = features[0].platform_tables.iter().any(|it| it.table.is_some());
    let mut of_platforms = vec![None; features[0].platform_tables.len()];
    let mut of_workspace = None;
    let inherits = |feature: &Feature<'_>| feature.channels.is_empty();
    let mut all = features.iter().zip(&planned.lists);
    let adds_to_workspace = all.any(|(feature, edits)| inherits(feature) && edits.adds_channel);
    for (at, (feature, edits)) in features.iter().zip(&mut planned.lists).enumerate() {
        edits.adds_channel =
            edits.adds_channel && !inherits(feature) || at == 0 && adds_to_workspace;
        let mut channels = edits.channels.clone();
        if let (Some(last), Some(edit), true) =
            (feature.spec.channels.last(), channels.last_mut(), edits.adds_channel)
        {
            edit.get_or_insert_with(|| vec![last.name.clone()]).push("conda-forge".to_owned());
        }
        manifest.edit_channels(feature, &channels)?;
        manifest.edit_packages(feature, &edits.specs)?;
        manifest.add_platform_tables(feature, &edits.platform_specs);
        let is_inherited = at > 0 && (default_needs_cuda || features[0].cuda.is_some());
        let needed = edits.needs_cuda.filter(|_| feature.cuda.is_some() || !is_inherited);
        let needed = needed.filter(|_| !is_source);
        if has_tables {
            // Which pixi does not accept beside `system-requirements`.
            let Some(needed) = edits.needs_cuda.filter(|_| !is_source) else { continue };
            for (own, platform) in of_platforms.iter_mut().zip(&features[0].platform_tables) {
                let is_needed = platform.lacks_cuda(needed.major, &edits.cuda_platforms);
                if is_needed && feature.uses_torch_on(&platform.platform) {
                    *own = (*own).max(Some(needed.major));
                }
            }
            continue;
        }
        if feature.kind != FeatureKind::Feature {
            // Which has no such table of its own.
            of_workspace = of_workspace.max(needed);
            continue;
        }
        if let Some(needed) = needed.filter(|_| at == 0 || !default_needs_cuda)
            && let Some(change) = manifest.declare_cuda(feature, needed.major)
        {
            edits.declared_cuda = Some(needed.major.to_string());
            planned.changes.push(change);
        }
    }
    if of_platforms.iter().any(Option::is_some) {
        // A plain platform gets another name with virtual packages.
        let changed = features[0].platform_tables.iter().zip(&of_platforms);
        let mut plain = changed.filter(|(it, new)| new.is_some() && it.table.is_none());
        let is_named = |name: &str| features.iter().any(|it| it.platform_names.contains(&name));
        if let Some((platform, _)) = plain.find(|(it, _)| is_named(it.platform.name)) {
            return Err(FileError::NotInPlace {
                line: manifest.lines.at(platform.range.start),
                text: platform.platform.name.to_owned(),
            });
        }
        planned.lists[0].declared_cuda = features[0].declared_after(&of_platforms);
        planned.changes.extend(manifest.declare_cuda_of_platforms(&features[0], &of_platforms));
    }
    if let Some(needed) = of_workspace.filter(|_| planned.lists[0].declared_cuda.is_none())
        && let Some(change) = manifest.declare_cuda(&features[0], needed.major)
    {
        planned.lists[0].declared_cuda = Some(needed.major.to_string());
        planned.changes.push(change);
    }
    Ok(manifest.edits)
}

/// pixi's own tables, or those of conda-lock, and the beginning of their headers.
fn base(root: &dyn TableLike) -> (&dyn TableLike, &'static str) {
    let table = |name: &str| root.get("tool")?.get(name)?.as_table_like();
    match (table("pixi"), table("conda-lock")) {
        (Some(pixi), _) => (pixi, "tool.pixi."),
        (None, Some(source)) => (source, LOCK_SOURCE),
        (None, None) => (root, ""),
    }
}

/// The beginning of the headers in a source of conda-lock's.
/// Source: <https://github.com/conda/conda-lock/blob/010c89e07caa32a0c48422525ce7a45b28c09442/conda_lock/src_parser/pyproject_toml.py>
const LOCK_SOURCE: &str = "tool.conda-lock.";

fn is_lock_source(prefix: &str) -> bool {
    prefix == LOCK_SOURCE
}

/// The table of the workspace, under its new or its old name; conda-lock has its lists beside the packages.
fn workspace(base: &dyn TableLike) -> Option<&dyn TableLike> {
    let own = ["workspace", "project"].into_iter().find_map(|name| base.get(name)?.as_table_like());
    own.or_else(|| base.contains_key("channels").then_some(base))
}

struct Feature<'d> {
    spec: SpecList,
    pip_notes: Vec<FileNote>,
    name: &'d str,
    kind: FeatureKind,
    platforms: Vec<Subdir>,
    /// The names of its platforms; empty for all.
    platform_names: Vec<&'d str>,
    /// The header of its table, with a dot.
    path: String,
    table: &'d dyn TableLike,
    /// The table, if it is in braces.
    inline_table: Option<&'d InlineTable>,
    /// The elements of the list of channels: the whole, and the name in it.
    channels: Vec<(Range<usize>, Range<usize>)>,
    /// The tables that `spec.specs` were read from, in order.
    tables: Vec<PackageTable>,
    cuda: Option<Range<usize>>,
    /// Its platforms, from pixi 0.71 on with virtual packages.
    platform_tables: Vec<PlatformTable<'d>>,
}

/// An element of a list of platforms.
struct PlatformTable<'d> {
    range: Range<usize>,
    platform: NamedPlatform<'d>,
    /// The key that names the platform; `None` in a plain string.
    key: Option<&'static str>,
    table: Option<&'d InlineTable>,
    cuda: Option<(Range<usize>, String)>,
}

impl PlatformTable<'_> {
    /// Whether its version of CUDA has to change.
    fn lacks_cuda(&self, major: u16, platforms: &[Subdir]) -> bool {
        let declared = self.cuda.as_ref().map(|(_, version)| version.split('.').next());
        let declared: Option<u16> = declared.flatten().and_then(|major| major.parse().ok());
        platforms.contains(&self.platform.subdir)
            && declared.is_none_or(|declared| declared < major)
    }
}

struct PackageTable {
    is_inline: bool,
    /// The target that it is for, if it is not for all.
    target: Option<String>,
    packages: Vec<Package>,
}

struct Package {
    key: Range<usize>,
    /// The key and the value, or all of a table of its own.
    whole: Range<usize>,
    /// The entries of a table of its own: `[dependencies.pytorch]`, `pytorch.version = …`.
    fields: Vec<Range<usize>>,
}

/// The entries of a table with the places of their keys.
fn entries(table: &dyn TableLike) -> impl Iterator<Item = (Range<usize>, &Item)> {
    table.iter().filter_map(|(name, item)| Some((table.key(name)?.span()?, item)))
}

/// Where an item ends, with all that dotted keys add to it.
fn end_of(item: &Item) -> Option<usize> {
    match item.as_table() {
        Some(table) => entries(table).filter_map(|(_, item)| end_of(item)).max(),
        None => Some(item.span()?.end),
    }
}

fn in_inline_table(table: &InlineTable, entry: &str) -> Option<TextEdit> {
    let last = entries(table).filter_map(|(_, item)| Some(item.span()?.end)).max();
    if let Some(end) = last {
        return Some(TextEdit::new(end..end, format!(", {entry}")));
    }
    let start = table.span()?.start + 1;
    Some(TextEdit::new(start..start, format!(" {entry} ")))
}

/// Adds an entry to a table; `None` if it has no header of its own.
fn in_requirements(lines: &Lines<'_>, item: &Item, entry: &str) -> Option<TextEdit> {
    if let Some(table) = item.as_inline_table() {
        return in_inline_table(table, entry);
    }
    let table = item.as_table()?;
    let has_header = |item: &Item| item.as_table().is_some_and(|table| !table.is_dotted());
    let own = entries(table).filter(|(_, item)| !has_header(item));
    let last = own.filter_map(|(key, item)| Some((end_of(item)?, key))).max_by_key(|last| last.0);
    let (at, before) = match last {
        _ if table.is_implicit() && !table.is_dotted() => return None,
        Some((end, key)) => (end, &lines.text[lines.whole(key.start).start..key.start]),
        None => (table.span()?.start, ""),
    };
    let line = lines.whole(at);
    let end = lines.end_of(&line);
    let gap = if lines.text[line.clone()].ends_with('\n') { "" } else { end };
    Some(TextEdit::new(line.end..line.end, format!("{gap}{before}{entry}{end}")))
}

/// What a [`Feature`] is in the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum FeatureKind {
    /// A feature, or what the manifest has outside of features.
    #[default]
    Feature,
    /// What an environment has beside its features, from pixi 0.74 on.
    Environment,
    /// Packages of one kind of the package that the workspace builds.
    Package,
}

impl<'d> Feature<'d> {
    fn new(table: &'d dyn TableLike, path: String) -> Self {
        Self {
            spec: SpecList { has_floors: true, ..SpecList::default() },
            pip_notes: Vec::new(),
            name: "",
            kind: FeatureKind::Feature,
            platforms: Vec::new(),
            platform_names: Vec::new(),
            path,
            table,
            inline_table: None,
            channels: Vec::new(),
            tables: Vec::new(),
            cuda: None,
            platform_tables: Vec::new(),
        }
    }
}

/// A table, and those of its targets with their names.
fn with_targets(table: &dyn TableLike) -> impl Iterator<Item = (Option<&str>, &dyn TableLike)> {
    let targets = table.get("target").and_then(Item::as_table_like);
    let targets = targets.into_iter().flat_map(TableLike::iter);
    let targets = targets.filter_map(|(name, item)| Some((Some(name), item.as_table_like()?)));
    std::iter::once((None, table)).chain(targets)
}

impl Feature<'_> {
    /// Whether tables of platforms can be added to it: it and those that it has are no tables in braces, and have no
    /// dotted keys.
    fn can_have_tables(&self) -> bool {
        let is_open = |item: &Item| item.as_table().is_some_and(|table| !table.is_dotted());
        let targets = self.table.get("target");
        let own = targets.and_then(Item::as_table_like).into_iter().flat_map(TableLike::iter);
        self.inline_table.is_none()
            && self.kind != FeatureKind::Package
            && targets.is_none_or(is_open)
            && own.map(|(_, item)| item).all(|item| {
                is_open(item)
                    && item.get("dependencies").is_none_or(|own| {
                        own.is_inline_table()
                            || is_open(own) && own.as_table().is_some_and(|own| !own.is_implicit())
                    })
            })
    }

    /// Takes from each package the platforms on which a table for fewer platforms names it too.
    /// Source: <https://pixi.prefix.dev/v0.76.0/workspace/multi_platform_configuration/>
    fn apply_overrides(&mut self) {
        let name = |line: &SpecLine| line.spec.as_ref().map(|spec| spec.name.clone());
        let mut tables: HashMap<String, Vec<Vec<Subdir>>> = HashMap::new();
        for line in &self.spec.specs {
            if let (Some(name), Some(platforms)) = (name(line), &line.platforms) {
                tables.entry(name).or_default().push(platforms.clone());
            }
        }
        for line in &mut self.spec.specs {
            let Some(tables) = name(line).and_then(|name| tables.get(&name)) else { continue };
            let own = line.platforms.clone().unwrap_or_else(|| Subdir::ALL.to_vec());
            let narrower = tables.iter().filter(|table| table.len() < own.len());
            let overridden: HashSet<Subdir> = narrower.flatten().copied().collect();
            if !overridden.is_empty() {
                let left = own.into_iter().filter(|subdir| !overridden.contains(subdir));
                line.platforms = Some(left.collect());
            }
        }
    }

    /// The packages of one platform alone.
    fn of_platform(&self, subdir: Subdir) -> Option<&Item> {
        self.table.get("target")?.get(subdir.to_string())?.get("dependencies")
    }

    /// What the platforms declare last, once those with a new version have it.
    fn declared_after(&self, new: &[Option<u16>]) -> Option<String> {
        let declared =
            |(platform, new): (&PlatformTable<'_>, &Option<u16>)| match (new, &platform.cuda) {
                (Some(major), _) => Some(major.to_string()),
                (None, Some((_, version))) => Some(version.clone()),
                (None, None) => None,
            };
        self.platform_tables.iter().zip(new).rev().find_map(declared)
    }

    /// Whether it has PyTorch on a platform.
    fn uses_torch_on(&self, platform: &NamedPlatform<'_>) -> bool {
        let names = &self.platform_names;
        if !names.is_empty() && !names.iter().any(|name| platform.is_named(name)) {
            return false;
        }
        let mut lines = self.spec.specs.iter();
        self.tables.iter().any(|table| {
            let mut own = lines.by_ref().take(table.packages.len());
            let names_torch = own.any(SpecLine::names_torch);
            own.for_each(drop);
            names_torch && table.target.as_ref().is_none_or(|target| platform.is_meant(target))
        })
    }

    fn read_cuda(&mut self, version: Option<&Value>) {
        let place = version.and_then(Value::span);
        if let (Some(place), Some(version)) = (place, version.and_then(Value::as_str)) {
            self.cuda = Some(place);
            self.spec.declared_cuda = Some(version.to_owned());
        }
    }
}

/// A field of an element that is a table, or the element itself.
fn field<'v>(element: &'v Value, name: &str) -> &'v Value {
    element.as_inline_table().and_then(|table| table.get(name)).unwrap_or(element)
}

impl Package {
    fn read(key: Range<usize>, item: &Item) -> Option<Self> {
        let Some(table) = item.as_table() else {
            return Some(Self { whole: key.start..item.span()?.end, key, fields: Vec::new() });
        };
        let field = |(key, item): (Range<usize>, &Item)| Some(key.start..item.span()?.end);
        let mut fields: Vec<Range<usize>> = entries(table).filter_map(field).collect();
        fields.sort_by_key(|field| field.start);
        let end = fields.last()?.end;
        Some(Self { whole: key.start..end, key, fields })
    }
}

/// An entry as a spec; `None` for a package from a path, a repository or a build. `is_source`: whether a build string can
/// follow the version.
fn spec(name: &str, item: &Item, is_source: bool) -> Option<MatchSpec> {
    if let Some(version) = item.as_str() {
        if let Some((version, build)) = version.trim().split_once(' ').filter(|_| is_source) {
            return Some(read_spec(name, [Some(version), Some(build.trim()), None]));
        }
        return Some(read_spec(name, [Some(version), None, None]));
    }
    let table = item.as_table_like()?;
    let fields = FIELDS.map(|field| table.get(field).and_then(Item::as_str));
    (fields.iter().flatten().count() == table.len()).then(|| read_spec(name, fields))
}

/// The fields of a spec in the order in which they are written.
const FIELDS: [&str; 3] = ["version", "build", "channel"];

fn read_spec(name: &str, [version, build, channel]: [Option<&str>; 3]) -> MatchSpec {
    MatchSpec::from(SpecParts { channel, name, version, build, other_keys: Vec::new() })
}

/// A new spec as it will be read.
pub(super) fn written(spec: &MatchSpec) -> MatchSpec {
    let version = version(spec);
    read_spec(&spec.name, [Some(&version), spec.build.as_deref(), spec.channel.as_deref()])
}

/// Every value with a hash of its path, since paths can be long.
pub(super) fn values(text: &str) -> Result<Values<'_>, FileError> {
    let mut values = Vec::new();
    add_table(text, 0, parse(text)?.as_table(), &mut values);
    values.sort_by_key(|(range, _)| range.start);
    Ok(Box::new(values.into_iter()))
}

fn below(path: u64, name: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    (path, name).hash(&mut hasher);
    hasher.finish()
}

fn add_table(
    text: &str,
    path: u64,
    table: &dyn TableLike,
    values: &mut Vec<(Range<usize>, String)>,
) {
    for (name, item) in table.iter() {
        let path = below(path, name);
        if let Some(table) = item.as_table_like() {
            add_table(text, path, table, values);
        } else if let Some(tables) = item.as_array_of_tables() {
            for (at, table) in tables.iter().enumerate() {
                add_table(text, below(path, at), table, values);
            }
        } else if let Some(value) = item.as_value() {
            add_value(text, path, value, values);
        }
    }
}

fn add_value(text: &str, path: u64, value: &Value, values: &mut Vec<(Range<usize>, String)>) {
    if let Some(table) = value.as_inline_table() {
        add_table(text, path, table, values);
    } else if let Some(array) = value.as_array() {
        array.iter().for_each(|element| add_value(text, path, element, values));
    } else if let Some(span) = value.span() {
        values.push((span.clone(), format!("{path} = {}", &text[span])));
    }
}

/// The version as pixi reads it: without an operator it is exact, so `=2.1` needs `.*`.
fn version(spec: &MatchSpec) -> String {
    let version = spec.version.as_str();
    let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '.');
    match version.strip_prefix('=') {
        _ if version.is_empty() => "*".to_owned(),
        _ if version.starts_with("==") => version.to_owned(),
        Some(number) if number.contains('*') => number.to_owned(),
        Some(number) if spec.build.is_some() => format!("=={number}"),
        None if spec.build.is_some() && is_number(version) => format!("=={version}"),
        Some(number) => format!("{number}.*"),
        None => version.to_owned(),
    }
}

fn entries_of(spec: &MatchSpec, quote: char) -> Vec<String> {
    let values = [Some(version(spec)), spec.build.clone(), spec.channel.clone()];
    let fields = FIELDS.into_iter().zip(values);
    let entry = |(name, value): (&str, Option<String>)| {
        value.map(|value| format!("{name} = {quote}{value}{quote}"))
    };
    fields.filter_map(entry).collect()
}

/// A spec as pixi writes it after `name =`.
pub fn pixi_requirement(spec: &MatchSpec, quote: char) -> String {
    match entries_of(spec, quote).as_slice() {
        [_] => format!("{quote}{}{quote}", version(spec)),
        entries => format!("{{ {} }}", entries.join(", ")),
    }
}

/// The quotes of a text: single ones only if it has no others.
fn quote_of(written: &str) -> char {
    if written.contains('\'') && !written.contains('"') { '\'' } else { '"' }
}

struct Manifest<'t> {
    text: &'t str,
    lines: Lines<'t>,
    /// The end of the text without blanks.
    last: usize,
    /// The quotes that the text has.
    quote: char,
    /// Whether it is a source of conda-lock's.
    is_source: bool,
    edits: Vec<TextEdit>,
    /// Whether one of them adds to the end of the text.
    has_edit_at_end: bool,
}

impl<'t> Manifest<'t> {
    fn new(text: &'t str) -> Self {
        let (last, quote) = (text.trim_end().len(), quote_of(text));
        let (lines, edits) = (Lines::of(text), Vec::new());
        Self { text, lines, last, quote, is_source: false, edits, has_edit_at_end: false }
    }

    /// A spec as it is written after `name =`. conda-lock reads the name and the value as one match spec:
    /// <https://github.com/conda/conda-lock/blob/e29d5cf7dcb826b07ba1696883426494b4d96d66/conda_lock/src_parser/pyproject_toml.py>
    fn requirement(&self, spec: &MatchSpec, quote: char) -> String {
        match &spec.build {
            Some(build) if self.is_source => format!("{quote}{} {build}{quote}", version(spec)),
            Some(_) | None => pixi_requirement(spec, quote),
        }
    }

    fn add(&mut self, edit: TextEdit) {
        self.has_edit_at_end |= edit.range == (self.text.len()..self.text.len());
        self.edits.push(edit);
    }

    fn features<'d>(&self, document: &'d Document<&str>) -> Vec<Feature<'d>> {
        let (base, prefix) = base(document.as_table());
        let platforms = workspace(base).map(named_platforms).unwrap_or_default();
        let mut default = self.feature(base, prefix.to_owned(), &platforms);
        if let Some(workspace) = workspace(base) {
            self.read_lists(&mut default, workspace, &platforms);
            default.platform_names.clear();
        }
        let mut features = vec![default];
        let named = base.get("feature").and_then(Item::as_table_like);
        for (name, item) in named.into_iter().flat_map(TableLike::iter) {
            let key = named.and_then(|named| named.key(name)?.span());
            let (Some(key), Some(table)) = (key, item.as_table_like()) else { continue };
            let path = format!("{prefix}feature.{}.", &self.text[key]);
            let mut feature = self.feature(table, path, &platforms);
            feature.name = name;
            feature.inline_table = item.as_inline_table();
            self.read_lists(&mut feature, table, &platforms);
            features.push(feature);
        }
        let built = base.get("package").and_then(Item::as_table_like);
        for (built, kind) in built.into_iter().flat_map(|it| BUILT_TABLES.map(|kind| (it, kind))) {
            let mut feature = Feature::new(built, format!("{prefix}package."));
            feature.kind = FeatureKind::Package;
            for (target, table) in with_targets(built) {
                self.read_packages(&mut feature, table, &[kind], target, &platforms);
            }
            if !feature.spec.specs.is_empty() {
                features.push(feature);
            }
        }
        let named = base.get("environments").and_then(Item::as_table_like);
        for (name, item) in named.into_iter().flat_map(TableLike::iter) {
            let Some(table) = item.as_table_like() else { continue };
            let key = named.and_then(|named| named.key(name)?.span());
            let has_content = ["dependencies", "target", "channels"];
            let has_content = has_content.iter().any(|key| table.contains_key(key));
            let Some(key) = key.filter(|_| has_content) else { continue };
            let path = format!("{prefix}environments.{}.", &self.text[key]);
            let mut feature = self.feature(table, path, &platforms);
            (feature.name, feature.kind) = (name, FeatureKind::Environment);
            feature.inline_table = item.as_inline_table();
            self.read_lists(&mut feature, table, &platforms);
            features.push(feature);
        }
        // What has no channels has those of the workspace.
        let place = features[0].spec.place_for_channel;
        for feature in features.iter_mut().filter(|it| it.channels.is_empty()) {
            feature.spec.place_for_channel = place;
        }
        features
    }

    fn feature<'d>(
        &self,
        table: &'d dyn TableLike,
        path: String,
        platforms: &[NamedPlatform<'_>],
    ) -> Feature<'d> {
        let mut feature = Feature::new(table, path);
        for (target, table) in with_targets(table) {
            self.read_packages(&mut feature, table, &PACKAGE_TABLES, target, platforms);
        }
        if feature.spec.specs.iter().any(SpecLine::names_torch) {
            for (target, table) in with_targets(table) {
                self.read_packages(&mut feature, table, &[CONSTRAINTS], target, platforms);
            }
        }
        feature.apply_overrides();
        let requirements = table.get(REQUIREMENTS).and_then(Item::as_table_like);
        feature.read_cuda(requirements.and_then(|table| table.get("cuda")?.as_value()));
        let names_torch = feature.spec.specs.iter().any(SpecLine::names_torch);
        let wheels = table.get("pypi-dependencies").and_then(Item::as_table_like);
        for (key, item) in wheels.into_iter().flat_map(entries) {
            let line = self.lines.at(key.start);
            let name = self.text[key].trim_matches(['"', '\'']);
            feature.spec.notes.extend(pip_requirements::notes(line, name, names_torch));
            let text = format!("{name}{}", item.as_str().unwrap_or_default());
            feature.pip_notes.extend(pip_requirements::compiled(line, &text));
        }
        feature
    }

    fn read_packages(
        &self,
        feature: &mut Feature<'_>,
        parent: &dyn TableLike,
        names: &[&str],
        target: Option<&str>,
        known: &[NamedPlatform<'_>],
    ) {
        let platforms = target.and_then(|target| subdirs_meant(known, target));
        for name in names {
            let Some(item) = parent.get(name) else { continue };
            let Some(table) = item.as_table_like() else { continue };
            let package = |(name, item): (&str, &Item)| {
                let package = Package::read(table.key(name)?.span()?, item)?;
                // Fields that stand far apart have all between them in `whole`.
                let written = self.text.get(package.whole.clone())?;
                let text = if written.len() > LONGEST { name } else { written }.to_owned();
                let line = SpecLine {
                    at: package.whole.start,
                    line: self.lines.at(package.key.start),
                    text,
                    spec: Some(spec(name, item, self.is_source)?),
                    template: None,
                    variants: Vec::new(),
                    platforms: platforms.clone(),
                };
                Some((package, line))
            };
            let mut found: Vec<(Package, SpecLine)> = table.iter().filter_map(package).collect();
            found.sort_by_key(|(package, _)| package.key.start);
            let (packages, lines): (Vec<Package>, Vec<SpecLine>) = found.into_iter().unzip();
            let (is_inline, target) = (item.is_inline_table(), target.map(str::to_owned));
            feature.tables.push(PackageTable { is_inline, target, packages });
            feature.spec.specs.extend(lines);
        }
    }

    fn read_lists<'d>(
        &self,
        feature: &mut Feature<'d>,
        table: &'d dyn TableLike,
        platforms: &[NamedPlatform<'_>],
    ) {
        let list = |key: &str| table.get(key).and_then(Item::as_array);
        for element in list("channels").into_iter().flatten() {
            let name = field(element, "channel");
            if let (Some(text), Some(place), Some(whole)) =
                (name.as_str(), name.span(), element.span())
            {
                let (at, line) = (whole.start, self.lines.at(whole.start));
                feature.spec.channels.push(ChannelLine { at, line, name: text.to_owned() });
                feature.channels.push((whole, place));
            }
        }
        feature.spec.has_forge = list("channels").is_some() && feature.spec.channels.is_empty()
            || feature.spec.names_forge();
        let behind = feature.spec.channels.last().filter(|_| !feature.spec.has_forge);
        feature.spec.place_for_channel = behind.map(|channel| PlaceForChannel {
            at: channel.at,
            line: channel.line,
            form: ChannelForm::Item,
        });
        for element in list("platforms").into_iter().flatten() {
            let (key, table) = platform_table(element);
            let name = field(element, key.unwrap_or_default()).as_str();
            let Some(name) = name else { continue };
            let Ok(subdir) = name.parse::<Subdir>() else {
                // A feature names a platform of the workspace.
                feature.platform_names.push(name);
                feature.platforms.extend(subdirs_meant(platforms, name).into_iter().flatten());
                continue;
            };
            feature.platform_names.push(name);
            feature.platforms.push(subdir);
            let cuda = table.and_then(|table| table.get("cuda")).map(|cuda| field(cuda, "driver"));
            feature.read_cuda(cuda);
            if let Some(range) = element.span() {
                let cuda = cuda.and_then(|cuda| Some((cuda.span()?, cuda.as_str()?.to_owned())));
                let own = table.and_then(|table| table.get("name")?.as_str());
                let name = own.unwrap_or(if table.is_some() { "" } else { name });
                let platform = NamedPlatform { name, subdir };
                feature.platform_tables.push(PlatformTable { range, platform, key, table, cuda });
            }
        }
    }

    fn edit_list(
        &mut self,
        items: &[Range<usize>],
        new: &[Option<Vec<String>>],
        is_block: bool,
    ) -> Result<(), FileError> {
        let last_kept = new.iter().rposition(|new| *new != Some(Vec::new()));
        let places: Vec<ItemPlace> = items.iter().cloned().map(ItemPlace::from).collect();
        for (at, new) in new.iter().enumerate() {
            let Some(new) = new else { continue };
            let edits = edit_item(&self.lines, &places, at, last_kept, new, is_block);
            let edits = edits.ok_or_else(|| FileError::NotInPlace {
                line: self.lines.at(items[at].start),
                text: self.text[items[at].clone()].to_owned(),
            })?;
            for edit in edits {
                self.add(edit);
            }
        }
        Ok(())
    }

    fn edit_channels(
        &mut self,
        feature: &Feature<'_>,
        edits: &[Edit<String>],
    ) -> Result<(), FileError> {
        let (mut items, mut new) = (Vec::new(), Vec::new());
        for ((whole, name), edit) in feature.channels.iter().zip(edits) {
            let (before, after) = (whole.start..name.start, name.end..whole.end);
            let (before, after) = (&self.text[before], &self.text[after]);
            let quote = quote_of(&self.text[name.clone()]);
            let element = |new: &String| format!("{before}{quote}{new}{quote}{after}");
            items.push(whole.clone());
            new.push(edit.as_ref().map(|new| new.iter().map(element).collect()));
        }
        self.edit_list(&items, &new, false)
    }

    fn edit_packages(
        &mut self,
        feature: &Feature<'_>,
        edits: &[Edit<MatchSpec>],
    ) -> Result<(), FileError> {
        let mut edits = edits.iter();
        for table in &feature.tables {
            let (mut items, mut new) = (Vec::new(), Vec::new());
            for (package, edit) in table.packages.iter().zip(edits.by_ref()) {
                items.push(package.whole.clone());
                new.push(match edit {
                    Some(specs) if !package.fields.is_empty() => {
                        self.replace_table(package, specs);
                        None
                    }
                    edit => edit.as_ref().map(|specs| self.entries(package, specs)),
                });
            }
            self.edit_list(&items, &new, !table.is_inline)?;
        }
        Ok(())
    }

    /// `name = value` for each spec; the first is written like the old one.
    fn entries(&self, package: &Package, specs: &[MatchSpec]) -> Vec<String> {
        let Package { key, whole, .. } = package;
        let name = &self.text[key.clone()];
        let after = &self.text[key.end..whole.end];
        let value_start = after.find(['"', '\'', '{']).unwrap_or(0);
        let quote = quote_of(&after[value_start..]);
        let entry = |(at, spec): (usize, &MatchSpec)| {
            let (key, sign) = match at {
                0 => (
                    name.replace(name.trim_matches(['"', '\'']), &spec.name),
                    &after[..value_start],
                ),
                _ => (spec.name.clone(), " = "),
            };
            format!("{key}{sign}{}", self.requirement(spec, quote))
        };
        specs.iter().enumerate().map(entry).collect()
    }

    fn replace_table(&mut self, package: &Package, new: &[MatchSpec]) {
        let line = self.lines.whole(package.key.start);
        let before = &self.text[line.start..package.key.start];
        let quote = quote_of(&self.text[package.whole.clone()]);
        let end = self.lines.end_of(&line);
        for field in &package.fields {
            let line = self.lines.whole(field.start).start..self.lines.whole(field.end).end;
            self.add(without_item(&self.lines, line, field.end));
        }
        self.add(if before.trim_start().starts_with('[') {
            let after = self.text[package.key.end..line.end].trim_end();
            let table = |spec: &MatchSpec| {
                let fields = entries_of(spec, quote).join(end);
                format!("{before}{}{after}{end}{fields}{end}", spec.name)
            };
            let tables: Vec<String> = new.iter().map(table).collect();
            TextEdit::new(line, tables.join(end))
        } else {
            let entry = |spec: &MatchSpec| {
                format!("{before}{} = {}{end}", spec.name, self.requirement(spec, quote))
            };
            TextEdit::new(line.start..line.start, new.iter().map(entry).collect::<String>())
        });
    }

    /// Adds a table with an entry at the end of the file.
    fn in_new_table(&self, header: &str, entry: &str) -> TextEdit {
        let text = self.text;
        let end = self.lines.end_of(&(text.len()..text.len()));
        let has_end = text.ends_with('\n') || self.has_edit_at_end;
        let gap = if has_end { "" } else { end };
        let table = format!("{gap}{end}[{header}]{end}{entry}{end}");
        TextEdit::new(text.len()..text.len(), table)
    }

    /// Adds packages to the tables of single platforms, and tables that are not there at the end of the file.
    fn add_platform_tables(
        &mut self,
        feature: &Feature<'_>,
        specs: &BTreeMap<Subdir, Vec<MatchSpec>>,
    ) {
        let end = self.lines.end_of(&(self.text.len()..self.text.len()));
        let quote = self.quote;
        let mut text = String::new();
        let mut headers = Vec::new();
        for (subdir, specs) in specs.iter().filter(|(_, specs)| !specs.is_empty()) {
            let entry =
                |spec: &MatchSpec| format!("{} = {}", spec.name, pixi_requirement(spec, quote));
            let entries: Vec<String> = specs.iter().map(entry).collect();
            if let Some(item) = feature.of_platform(*subdir) {
                let added = entries.iter().map(|entry| in_requirements(&self.lines, item, entry));
                let added: Vec<TextEdit> = added.flatten().collect();
                for edit in added {
                    self.add(edit);
                }
                continue;
            }
            let header = format!("{}target.{subdir}.dependencies", feature.path);
            if !headers.is_empty() {
                text.extend([end, end, "[", &header, "]", end]);
            }
            text.push_str(&entries.join(end));
            headers.push(header);
        }
        if let Some(header) = headers.first() {
            self.add(self.in_new_table(header, &text));
        }
    }

    /// Declares CUDA for each platform with a new version, in a manifest that says so there.
    fn declare_cuda_of_platforms(
        &mut self,
        feature: &Feature<'_>,
        new: &[Option<u16>],
    ) -> Vec<LineChange> {
        let known = feature.platform_tables.iter().find_map(|platform| platform.key);
        let mut changes = Vec::new();
        for (platform, major) in feature.platform_tables.iter().zip(new) {
            let Some(major) = major else { continue };
            let NamedPlatform { name, subdir } = platform.platform;
            let entry = format!("cuda = \"{major}\"");
            let edit = match (&platform.cuda, platform.table) {
                (Some((range, _)), _) => Some(TextEdit::new(range.clone(), format!("\"{major}\""))),
                (None, Some(table)) => in_inline_table(table, &entry),
                (None, None) => {
                    let key = known.unwrap_or("platform");
                    let table = format!("{{ {key} = \"{subdir}\", {entry} }}");
                    Some(TextEdit::new(platform.range.clone(), table))
                }
            };
            if let Some(edit) = edit {
                self.add(edit);
            }
            let name = if name.is_empty() { subdir.as_str() } else { name };
            changes.push(LineChange {
                line: self.lines.at(platform.range.start),
                before: String::new(),
                after: vec![format!("{entry} for {name}")],
                why: ChangeReason::DECLARES_CUDA,
            });
        }
        changes
    }

    /// Declares CUDA in a table that every pixi reads: without it pixi solves as if no GPU were detected.
    fn declare_cuda(&mut self, feature: &Feature<'_>, major: u16) -> Option<LineChange> {
        let header = format!("{}{REQUIREMENTS}", feature.path);
        let entry = format!("cuda = \"{major}\"");
        let (mut before, why) = (String::new(), ChangeReason::DECLARES_CUDA);
        let edit =
            if let (Some(place), Some(version)) = (&feature.cuda, &feature.spec.declared_cuda) {
                let declared: Option<u16> = version.split('.').next()?.parse().ok();
                if declared.is_none_or(|declared| declared >= major) {
                    return None;
                }
                before = format!("cuda = \"{version}\"");
                TextEdit::new(place.clone(), format!("\"{major}\""))
            } else {
                let edit = match (feature.table.get(REQUIREMENTS), feature.inline_table) {
                    (Some(item), _) => in_requirements(&self.lines, item, &entry),
                    (None, Some(table)) => {
                        in_inline_table(table, &format!("{REQUIREMENTS} = {{ {entry} }}"))
                    }
                    (None, None) => None,
                };
                edit.unwrap_or_else(|| self.in_new_table(&header, &entry))
            };
        // Blank lines at the end of the file do not count.
        let start = edit.range.start;
        let written =
            if start > self.last { self.last } else { self.text[..start].trim_end().len() };
        let line = self.lines.at(written);
        self.add(edit);
        Some(LineChange { line, before, after: vec![format!("[{header}] {entry}")], why })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Target, migrate_file};
    use crate::matrix::Matrix;

    const WORKSPACE: &str = "[workspace]\nchannels = ['pytorch']\nplatforms = ['linux-64']\n";
    const NEW_WORKSPACE: &str =
        "[workspace]\nchannels = ['conda-forge']\nplatforms = ['linux-64']\n";

    fn migrated(text: &str) -> String {
        let target = Target { machine: None, platform: None };
        migrate_file("pixi.toml", text, target, Matrix::embedded()).expect(text).text
    }

    #[test]
    fn packages_are_edited_in_every_form() {
        for (old, new) in [
            (
                "[dependencies]\npytorch.version = '2.5.1' # why\npytorch.channel = 'pytorch'\ncpuonly = '*'\na = '1'\n",
                "[dependencies]\npytorch = '2.5.1'\n# why\npytorch-cpu = '*'\na = '1'\n",
            ),
            (
                "[dependencies.pytorch]\nversion = '2.5.1'\nchannel = 'pytorch'\n\n[dependencies.cpuonly] # here\nversion = '*'\n",
                "[dependencies.pytorch]\nversion = '2.5.1'\n\n[dependencies.pytorch-cpu] # here\nversion = '*'\n",
            ),
            (
                "[dependencies]\npytorch = '==2.4.0'\ncpuonly = '*'\n",
                "[dependencies]\npytorch = { version = '==2.4.0', build = 'cpu*' }\n",
            ),
            (
                "[feature.a]\ndependencies = { pytorch = '==2.4.0', cpuonly = '*' }\n",
                "[feature.a]\ndependencies = { pytorch = { version = '==2.4.0', build = 'cpu*' } }\n",
            ),
            (
                "[feature.'a b'.dependencies]\n\"pytorch\" = '==2.4.0'\n'cpuonly' = '*' # x\n",
                "[feature.'a b'.dependencies]\n\"pytorch\" = { version = '==2.4.0', build = 'cpu*' }\n# x\n",
            ),
        ] {
            let (old, new) = (format!("{WORKSPACE}{old}"), format!("{NEW_WORKSPACE}{new}"));
            assert_eq!(migrated(&old), new);
            let crlf = |text: &str| text.replace('\n', "\r\n");
            assert_eq!(migrated(&crlf(&old)), crlf(&new));
        }
    }

    #[test]
    fn tables_of_platforms_are_read_in_every_form() {
        let dependencies = "[dependencies]\npytorch-gpu = '>=2.6'\ncuda-version = '12.9.*'\n";
        for platform in [
            "{ platform = 'linux-64', cuda = '12' }",
            "{ subdir = 'linux-64', cuda = '12.0' }",
            "{ name = 'gpu', subdir = 'linux-64', cuda = { driver = '12.0', arch = '8.6' } }",
        ] {
            let workspace = |channel: &str| {
                format!(
                    "[workspace]\nchannels = ['{channel}']\nplatforms = [{platform}]\n{dependencies}"
                )
            };
            // CUDA is declared there, and the platform is Linux: nothing else is to do.
            assert_eq!(migrated(&workspace("pytorch")), workspace("conda-forge"), "{platform}");
        }
    }

    #[test]
    fn cuda_is_declared_in_every_form() {
        let dependencies = "pytorch-gpu = '>=2.6'\ncuda-version = '12.9.*'\n";
        for (old, new) in [
            (
                "[system-requirements] # x\n\n[dependencies]\n",
                "[system-requirements] # x\ncuda = \"12\"\n\n[dependencies]\n",
            ),
            (
                "[system-requirements]\n  libc = '2.28' # x\n\n[dependencies]\n",
                "[system-requirements]\n  libc = '2.28' # x\n  cuda = \"12\"\n\n[dependencies]\n",
            ),
            (
                "[system-requirements]\nlibc.family = 'glibc'\nlibc.version = '2.28'\n[dependencies]\n",
                "[system-requirements]\nlibc.family = 'glibc'\nlibc.version = '2.28'\ncuda = \"12\"\n[dependencies]\n",
            ),
            (
                "[system-requirements.libc]\nversion = '2.28'\n[system-requirements]\n[dependencies]\n",
                "[system-requirements.libc]\nversion = '2.28'\n[system-requirements]\ncuda = \"12\"\n[dependencies]\n",
            ),
            (
                "[feature.a]\nsystem-requirements = {  }\n[system-requirements]\ncuda = '11.8'\n[dependencies]\n",
                "[feature.a]\nsystem-requirements = {  }\n[system-requirements]\ncuda = \"12\"\n[dependencies]\n",
            ),
        ] {
            let old = format!("{WORKSPACE}{old}{dependencies}");
            let new = format!("{NEW_WORKSPACE}{new}{dependencies}");
            assert_eq!(migrated(&old), new);
        }
        let inline = "system-requirements = { libc = '2.28' }\n";
        let new_inline = "system-requirements = { libc = '2.28', cuda = \"12\" }\n";
        let dotted = "system-requirements.libc = '2.28'\nsystem-requirements.linux = '5'\n";
        let new_dotted = format!("{dotted}system-requirements.cuda = \"12\"\n");
        for (old, new) in [(inline, new_inline), (dotted, new_dotted.as_str())] {
            let old = format!("{old}{WORKSPACE}[dependencies]\n{dependencies}");
            let new = format!("{new}{NEW_WORKSPACE}[dependencies]\n{dependencies}");
            assert_eq!(migrated(&old), new);
        }
        let of = |feature: &str| format!("{WORKSPACE}[feature]\na = {{ {feature} }}\n");
        let dependencies = "dependencies = { pytorch-gpu = '>=2.6', cuda-version = '12.9.*' }";
        assert_eq!(
            migrated(&of(dependencies)),
            of(&format!("{dependencies}, system-requirements = {{ cuda = \"12\" }}"))
                .replace("'pytorch'", "'conda-forge'")
        );
    }

    #[test]
    fn entries_out_of_order_stay_where_they_are() {
        let text = format!(
            "{WORKSPACE}[tool.a]\nb.c = 1 # x\nd = 2\nb.e = 3\n[dependencies]\nz = '*'\npytorch = '*'\na = '*'\n"
        );
        assert_eq!(migrated(&text), text.replace("'pytorch'", "'conda-forge'"));
    }
}
