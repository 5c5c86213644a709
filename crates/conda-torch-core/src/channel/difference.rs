//! Differences between a channel and the matrix.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::conda::Subdir;
use crate::matrix::Matrix;
use crate::types::{Build, CompanionBuild, CudaVersion, Date};

use super::Record;
use super::builds::{ChannelBuild, read_builds};
use super::companions::companions;
use super::record_specs::{UnreadReason, UnreadRecord};

/// The differences between a channel and the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Differences<'a> {
    pub builds: Vec<Difference<'a, Build>>,
    pub companions: Vec<Difference<'a, CompanionBuild>>,
    /// Versions of `cuda-version` that the matrix lacks.
    pub new_cuda_versions: Vec<CudaVersion>,
    /// Versions of `cuda-version` that the channel lacks.
    pub gone_cuda_versions: Vec<CudaVersion>,
}

impl Differences<'_> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The builds of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ChannelContents {
    pub builds: Vec<ChannelBuild>,
    pub companions: Vec<CompanionBuild>,
    /// Ascending. None is no difference: a channel used with conda-forge does not need them.
    pub cuda_versions: Vec<CudaVersion>,
}

impl ChannelContents {
    /// Reads records, as of a day, and returns the unread ones too.
    pub fn of(records: &[Record], day: Date) -> (Self, Vec<UnreadRecord>) {
        let (builds, mut gaps) = read_builds(records, day);
        let (companions, more) = companions(records, day);
        gaps.extend(more);
        let (cuda_versions, more) = cuda_versions(records);
        gaps.extend(more);
        (Self { builds, companions, cuda_versions }, gaps)
    }
}

/// A build, or a companion, that the channel and the matrix do not have alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference<'a, Row> {
    /// How they differ.
    pub kind: DifferenceKind,
    /// The row; of a new build, the build.
    pub row: &'a Row,
    /// What the channel has; of a row that is gone, the row.
    pub found: &'a Row,
    /// The channel's build numbers; of a row that is gone, its first and last. Companions have none.
    pub build_numbers: Vec<u16>,
    /// When the newest record was built, in milliseconds since 1970.
    pub newest: Option<u64>,
    /// The parts of a build's row that changed.
    pub changed: Vec<RowChange>,
}

/// How the channel differs from a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "the names say it")]
pub enum DifferenceKind {
    New,
    Rebuilt,
    Changed,
    Gone,
}

impl<'a, Row> Difference<'a, Row> {
    fn new(kind: DifferenceKind, row: &'a Row, found: &'a Row) -> Self {
        Self { kind, row, found, build_numbers: Vec::new(), newest: None, changed: Vec::new() }
    }
}

/// A difference of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum RowChange {
    /// The pins of `cuda-version`.
    CudaPins,
    /// The oldest glibc.
    Glibc,
    /// The oldest macOS.
    Macos,
    /// The Pythons.
    Pythons,
}

/// Compares a channel with the matrix on these platforms, from the oldest version in the matrix on.
pub fn differences<'a>(
    has: &'a ChannelContents,
    matrix: &'a Matrix,
    subdirs: &[Subdir],
) -> Differences<'a> {
    let (cuda, known) = (&has.cuda_versions, &matrix.cuda_versions);
    let beside = |these: &[CudaVersion], others: &[CudaVersion]| {
        let one = these.iter().filter(|version| !others.contains(version));
        one.copied().filter(|_| !cuda.is_empty()).collect()
    };
    Differences {
        builds: of_builds(&has.builds, matrix, subdirs),
        companions: of_companions(&has.companions, matrix, subdirs),
        new_cuda_versions: beside(cuda, known),
        gone_cuda_versions: beside(known, cuda),
    }
}

fn of_companions<'a>(
    found: &'a [CompanionBuild],
    matrix: &'a Matrix,
    subdirs: &[Subdir],
) -> Vec<Difference<'a, CompanionBuild>> {
    let is_wanted = |row: &&CompanionBuild| subdirs.contains(&row.subdir);
    let rows = || matrix.companions.iter().filter(is_wanted);
    let differs =
        |found: &'a CompanionBuild| match rows().find(|row| row.variant() == found.variant()) {
            None => Some(Difference::new(DifferenceKind::New, found, found)),
            Some(row) if is_alike(row, found) => None,
            Some(row) => Some(Difference::new(DifferenceKind::Changed, row, found)),
        };
    let variants: BTreeSet<_> = found.iter().map(CompanionBuild::variant).collect();
    let is_gone = |row: &&CompanionBuild| !variants.contains(&row.variant());
    let gone = rows().filter(is_gone).map(|row| Difference::new(DifferenceKind::Gone, row, row));
    found.iter().filter(is_wanted).filter_map(differs).chain(gone).collect()
}

/// Whether two rows differ at most in their source.
fn is_alike(row: &CompanionBuild, found: &CompanionBuild) -> bool {
    *row == CompanionBuild { source: row.source.clone(), ..found.clone() }
}

fn of_builds<'a>(
    found: &'a [ChannelBuild],
    matrix: &'a Matrix,
    subdirs: &[Subdir],
) -> Vec<Difference<'a, Build>> {
    let oldest = matrix.builds.iter().map(|build| build.pytorch).min();
    let rows = || matrix.builds.iter().filter(|row| subdirs.contains(&row.subdir));
    let is_wanted = |found: &&ChannelBuild| {
        subdirs.contains(&found.row.subdir)
            && oldest.is_none_or(|oldest| found.row.pytorch >= oldest)
    };
    let differs = |found: &'a ChannelBuild| {
        let newest = found.row.build_numbers.1;
        // Rows of one variant differ in build numbers: the row with the newest one, else the last.
        let has = |row: &Build| (row.build_numbers.0..=row.build_numbers.1).contains(&newest);
        let rows = rows().filter(|row| row.variant() == found.row.variant());
        let row = rows.max_by_key(|row| (has(row), row.build_numbers.1));
        let changed = row.map_or(Vec::new(), |row| changes(row, &found.row));
        let kind = match row {
            None => DifferenceKind::New,
            Some(_) if !changed.is_empty() => DifferenceKind::Changed,
            Some(row) if newest > row.build_numbers.1 => DifferenceKind::Rebuilt,
            Some(_) => return None,
        };
        let difference = Difference::new(kind, row.unwrap_or(&found.row), &found.row);
        let build_numbers = found.build_numbers.clone();
        Some(Difference { build_numbers, newest: found.newest, changed, ..difference })
    };
    // Release candidates are on another label, which is another channel for a client.
    let variants: BTreeSet<_> = found.iter().map(|found| found.row.variant()).collect();
    let is_gone = |row: &&Build| !row.pytorch.is_candidate() && !variants.contains(&row.variant());
    let gone = rows().filter(is_gone).map(|row| {
        let mut build_numbers = vec![row.build_numbers.0, row.build_numbers.1];
        build_numbers.dedup();
        Difference { build_numbers, ..Difference::new(DifferenceKind::Gone, row, row) }
    });
    found.iter().filter(is_wanted).filter_map(differs).chain(gone).collect()
}

fn changes(row: &Build, found: &Build) -> Vec<RowChange> {
    let declared = |row: &Build| row.glibc.map(|glibc| glibc.declared);
    let changes = [
        (row.cuda_pins != found.cuda_pins, RowChange::CudaPins),
        (declared(row) != declared(found), RowChange::Glibc),
        (row.macos != found.macos, RowChange::Macos),
        (row.pythons != found.pythons, RowChange::Pythons),
    ];
    changes.into_iter().filter_map(|(is_changed, what)| is_changed.then_some(what)).collect()
}

fn cuda_versions(records: &[Record]) -> (Vec<CudaVersion>, Vec<UnreadRecord>) {
    let (mut versions, mut gaps) = (Vec::new(), Vec::new());
    for record in records.iter().filter(|record| record.name == "cuda-version") {
        match record.version.parse() {
            Ok(version) => versions.push(version),
            Err(_) => {
                gaps.push(UnreadRecord { url: record.url.clone(), what: UnreadReason::Version });
            }
        }
    }
    versions.sort_unstable();
    versions.dedup();
    (versions, gaps)
}
