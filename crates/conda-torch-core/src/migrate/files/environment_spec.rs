//! An environment of a file, of any format: its channels and match specs, each with its place.

use std::collections::BTreeMap;

use crate::conda::{MatchSpec, Os, SpecParts, Subdir};
use crate::types::CudaVersion;

use super::file_migration::{FileNote, LineChange};
use super::packages::{PackageRole, role};

/// An environment, or a part of one that builds on another, such as a feature of pixi.
#[derive(Debug, Clone, Default)]
pub(super) struct EnvironmentSpec {
    /// The index of the environment that this one adds to.
    pub parent: Option<usize>,
    /// Its platforms; empty if the file names none.
    pub platforms: Vec<Subdir>,
    /// Whether a lock file is made of it for those platforms.
    pub is_locked: bool,
    /// Whether it has a list of channels, even an empty one.
    pub has_channels: bool,
    pub channels: Vec<ChannelLine>,
    pub specs: Vec<SpecLine>,
    /// The version of CUDA that it declares to a solver.
    pub declared_cuda: Option<String>,
    /// Whether the format has `>=` without quotes.
    pub has_floors: bool,
    /// Notes on parts that stay as they are.
    pub notes: Vec<FileNote>,
}

#[derive(Debug, Clone)]
pub(super) struct ChannelLine {
    /// The byte at which it begins.
    pub at: usize,
    pub line: usize,
    pub name: String,
}

#[derive(Debug, Clone)]
pub(super) struct SpecLine {
    /// The byte at which it begins.
    pub at: usize,
    pub line: usize,
    /// As it is written, without quotes.
    pub text: String,
    /// `None` for what is not a match spec, such as a URL.
    pub spec: Option<MatchSpec>,
    /// Its platforms, if this line alone has some.
    pub platforms: Option<Vec<Subdir>>,
}

impl SpecLine {
    /// A line of a list. A spec with keys that would be lost, such as `md5`, is not read as one.
    pub(super) fn new(at: usize, line: usize, text: &str) -> Self {
        let parts = SpecParts::parse(text).filter(|parts| parts.other_keys.is_empty());
        Self { at, line, text: text.to_owned(), spec: parts.map(MatchSpec::from), platforms: None }
    }

    pub(super) fn role(&self) -> PackageRole {
        self.spec.as_ref().map_or(PackageRole::Other, role)
    }

    /// Whether it is PyTorch or a package that only works with it.
    pub(super) fn names_torch(&self) -> bool {
        matches!(
            self.role(),
            PackageRole::Pytorch | PackageRole::Companion(_) | PackageRole::CpuOnly
        )
    }

    pub(super) fn applies_to(&self, platform: Subdir) -> bool {
        self.platforms.as_ref().is_none_or(|platforms| platforms.contains(&platform))
    }
}

/// The edit to a channel or a package: `None` if it stays, else what replaces it; nothing for a removal.
pub(super) type Edit<T> = Option<Vec<T>>;

#[derive(Debug, Clone, Default)]
pub(super) struct EnvironmentEdits {
    pub channels: Vec<Edit<String>>,
    pub specs: Vec<Edit<MatchSpec>>,
    /// The `__cuda` that a solve needs; `None` without CUDA, or if nothing changes.
    pub needs_cuda: Option<CudaVersion>,
    /// The version of CUDA that it declares from now on; `None` if that stays.
    pub declared_cuda: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct FileEdits {
    pub environments: Vec<EnvironmentEdits>,
    pub changes: Vec<LineChange>,
    pub notes: Vec<FileNote>,
}

/// The new texts of the channels and specs that change, by the byte at which the old ones begin.
pub(super) type NewTexts = BTreeMap<usize, Vec<String>>;

impl FileEdits {
    pub(super) fn new_texts(&self, environments: &[EnvironmentSpec]) -> NewTexts {
        let mut texts = NewTexts::new();
        for (spec, edits) in environments.iter().zip(&self.environments) {
            let channels = spec.channels.iter().zip(&edits.channels);
            texts.extend(channels.filter_map(|(line, edit)| Some((line.at, edit.clone()?))));
            let specs = spec.specs.iter().zip(&edits.specs);
            texts.extend(specs.filter_map(|(line, edit)| {
                Some((line.at, edit.as_ref()?.iter().map(MatchSpec::to_string).collect()))
            }));
        }
        texts
    }
}

/// The platforms of a name: `linux`, `osx`, `win`, `unix`, or a subdir.
pub(super) fn platforms_named(name: &str) -> Option<Vec<Subdir>> {
    let os = |os: Os| Subdir::ALL.into_iter().filter(move |subdir| subdir.os() == os);
    Some(match name {
        "linux" => os(Os::Linux).collect(),
        "osx" => os(Os::Macos).collect(),
        "win" => os(Os::Windows).collect(),
        "unix" => os(Os::Linux).chain(os(Os::Macos)).collect(),
        name => vec![name.parse().ok()?],
    })
}
