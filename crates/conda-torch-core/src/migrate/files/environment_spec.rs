//! An environment of a file: channels and packages, each where it stands. What every format is read
//! into before anything is decided.

use crate::conda::{MatchSpec, SpecParts, Subdir};

use super::channels;
use super::file_migration::{FileNote, LineChange};

/// An environment, or a part of one that builds on another.
#[derive(Debug, Clone, Default)]
pub(super) struct EnvironmentSpec {
    /// The section that this one adds to, by its place.
    pub parent: Option<usize>,
    /// The platforms that it is for; empty where the file does not say.
    pub platforms: Vec<Subdir>,
    /// Whether a lock file is made of it for those platforms.
    pub is_locked: bool,
    /// Whether channels are named here, be the list empty.
    pub has_channels: bool,
    /// Channels as written, each with its line.
    pub channels: Vec<(usize, String)>,
    /// Packages.
    pub items: Vec<SpecLine>,
    /// What its format can express.
    pub syntax: SpecSyntax,
}

/// What a format can express.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct SpecSyntax {
    /// `nodefaults` among channels.
    pub nodefaults: bool,
    /// `>=` in a spec without quotes that nobody wrote.
    pub floors: bool,
}

/// A package in a list.
#[derive(Debug, Clone, Default)]
pub(super) struct SpecLine {
    /// Its line.
    pub line: usize,
    /// As it is written, without quotes.
    pub text: String,
    /// The same, read; `None` for what is no spec.
    pub spec: Option<MatchSpec>,
    /// The platforms that it is for, where that is said of this line alone.
    pub platforms: Option<Vec<Subdir>>,
}

impl SpecLine {
    /// A line of a list as a spec.
    pub(super) fn of(line: usize, text: &str) -> Self {
        // An entry with another key, such as `md5`, is not understood.
        let parts = SpecParts::parse(text).filter(|parts| parts.other_keys.is_empty());
        Self { line, spec: parts.map(MatchSpec::from), text: text.to_owned(), platforms: None }
    }

    /// Whether the line counts on a platform.
    pub(super) fn holds_on(&self, platform: Subdir) -> bool {
        self.platforms.as_ref().is_none_or(|platforms| platforms.contains(&platform))
    }
}

/// What becomes of a package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum PackageEdit {
    /// It stays as it is.
    #[default]
    Keep,
    /// These come in its place; none where it goes.
    Become(Vec<MatchSpec>),
}

/// What becomes of a section: one edit a channel and one an item.
#[derive(Debug, Clone, Default)]
pub(super) struct EnvironmentEdits {
    pub channels: Vec<channels::ChannelEdit>,
    pub items: Vec<PackageEdit>,
    /// The `__cuda` that a solve must see; `None` without CUDA, or where nothing changes.
    pub needs_cuda: Option<crate::types::CudaVersion>,
}

/// What becomes of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct FileEdits {
    /// One a section.
    pub sections: Vec<EnvironmentEdits>,
    pub changes: Vec<LineChange>,
    pub remarks: Vec<FileNote>,
}
