//! What a channel has that the matrix does not, and the other way round.

use crate::matrix::Matrix;
use crate::model::{Build, Subdir, Version};

use super::found::{Found, Key};

/// One thing in which a channel and the matrix differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference<'a> {
    /// The channel has a build that no row tells.
    New(&'a Found),
    /// The channel has newer build numbers of a row, and says the same of them.
    Rebuilt {
        /// The row.
        row: &'a Build,
        /// The build with its numbers.
        found: &'a Found,
    },
    /// A row says something else than the channel's newest records.
    Changed {
        /// The row.
        row: &'a Build,
        /// What the channel says.
        found: &'a Found,
        /// In what.
        what: Vec<Change>,
    },
    /// No record is left of a row.
    Gone(&'a Build),
}

/// In what a row differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The pins of `cuda-version`.
    CudaPins,
    /// The oldest glibc.
    Glibc,
    /// The oldest macOS.
    Macos,
    /// The Pythons.
    Pythons,
}

/// Compares, on these platforms, from this PyTorch on.
#[must_use]
pub fn differences<'a>(
    found: &'a [Found],
    matrix: &'a Matrix,
    subdirs: &[Subdir],
) -> Vec<Difference<'a>> {
    let oldest = matrix.builds.iter().map(|build| build.pytorch).min();
    let rows = || matrix.builds.iter().filter(|row| subdirs.contains(&row.subdir));
    let mut all = Vec::new();
    let looked_at = |found: &&Found| {
        subdirs.contains(&found.key.subdir)
            && oldest.is_none_or(|oldest| found.key.pytorch >= oldest)
    };
    for found in found.iter().filter(looked_at) {
        let of_key = rows().filter(|row| Key::of(row) == found.key);
        let newest = found.build_numbers.iter().copied().max().unwrap_or(0);
        // Rows of one key are of different build numbers: the one that has it, else the last.
        let has = |row: &&Build| (row.build_numbers.0..=row.build_numbers.1).contains(&newest);
        let Some(row) = of_key.max_by_key(|row| (has(row), row.build_numbers.1)) else {
            all.push(Difference::New(found));
            continue;
        };
        let what = changes(row, found);
        if !what.is_empty() {
            all.push(Difference::Changed { row, found, what });
        } else if newest > row.build_numbers.1 {
            all.push(Difference::Rebuilt { row, found });
        }
    }
    // Candidates are on a label of their own, which is another channel to a client.
    let is_gone = |row: &&Build| {
        !row.pytorch.is_candidate() && !found.iter().any(|found| found.key == Key::of(row))
    };
    all.extend(rows().filter(is_gone).map(Difference::Gone));
    all
}

fn changes(row: &Build, found: &Found) -> Vec<Change> {
    let declared: Option<Version> = row.glibc.map(|glibc| glibc.declared);
    let mut what = Vec::new();
    if row.cuda_pins != found.cuda_pins {
        what.push(Change::CudaPins);
    }
    if declared != found.glibc {
        what.push(Change::Glibc);
    }
    if row.macos != found.macos {
        what.push(Change::Macos);
    }
    if row.pythons != found.pythons {
        what.push(Change::Pythons);
    }
    what
}
