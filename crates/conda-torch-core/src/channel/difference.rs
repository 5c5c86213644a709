//! Differences between a channel and the matrix.

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
    pub builds: Vec<Difference<'a>>,
    pub companions: Vec<CompanionDifference<'a>>,
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

/// A difference between a channel and the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Difference<'a> {
    /// A build without a row.
    New(&'a ChannelBuild),
    /// Newer build numbers of an unchanged row.
    Rebuilt { row: &'a Build, found: &'a ChannelBuild },
    /// A row that differs from the newest records.
    Changed { row: &'a Build, found: &'a ChannelBuild, what: Vec<RowChange> },
    /// A row without records.
    Gone(&'a Build),
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

/// A difference of companions.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum CompanionDifference<'a> {
    /// A build without a row.
    New(&'a CompanionBuild),
    /// A row that differs from the channel.
    Changed { row: &'a CompanionBuild, found: &'a CompanionBuild },
    /// A row without records.
    Gone(&'a CompanionBuild),
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
) -> Vec<CompanionDifference<'a>> {
    let is_wanted = |row: &&CompanionBuild| subdirs.contains(&row.subdir);
    let rows = || matrix.companions.iter().filter(is_wanted);
    let mut all = Vec::new();
    for found in found.iter().filter(is_wanted) {
        match rows().find(|row| row.variant() == found.variant()) {
            None => all.push(CompanionDifference::New(found)),
            Some(row) if !is_alike(row, found) => {
                all.push(CompanionDifference::Changed { row, found });
            }
            Some(_) => {}
        }
    }
    let is_gone =
        |row: &&CompanionBuild| !found.iter().any(|found| found.variant() == row.variant());
    all.extend(rows().filter(is_gone).map(CompanionDifference::Gone));
    all
}

/// Whether two rows differ at most in their source.
fn is_alike(row: &CompanionBuild, found: &CompanionBuild) -> bool {
    *row == CompanionBuild { source: row.source.clone(), ..found.clone() }
}

fn of_builds<'a>(
    found: &'a [ChannelBuild],
    matrix: &'a Matrix,
    subdirs: &[Subdir],
) -> Vec<Difference<'a>> {
    let oldest = matrix.builds.iter().map(|build| build.pytorch).min();
    let rows = || matrix.builds.iter().filter(|row| subdirs.contains(&row.subdir));
    let mut all = Vec::new();
    let looked_at = |found: &&ChannelBuild| {
        subdirs.contains(&found.row.subdir)
            && oldest.is_none_or(|oldest| found.row.pytorch >= oldest)
    };
    for found in found.iter().filter(looked_at) {
        let of_key = rows().filter(|row| row.variant() == found.row.variant());
        let newest = found.row.build_numbers.1;
        // Rows of one key differ in build numbers: the row with the newest one, else the last.
        let has = |row: &&Build| (row.build_numbers.0..=row.build_numbers.1).contains(&newest);
        let Some(row) = of_key.max_by_key(|row| (has(row), row.build_numbers.1)) else {
            all.push(Difference::New(found));
            continue;
        };
        let what = changes(row, &found.row);
        if !what.is_empty() {
            all.push(Difference::Changed { row, found, what });
        } else if newest > row.build_numbers.1 {
            all.push(Difference::Rebuilt { row, found });
        }
    }
    // Release candidates are on another label, which is another channel for a client.
    let is_gone = |row: &&Build| {
        !row.pytorch.is_candidate()
            && !found.iter().any(|found| found.row.variant() == row.variant())
    };
    all.extend(rows().filter(is_gone).map(Difference::Gone));
    all
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

/// The versions of `cuda-version`, ascending, and the unread records.
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
