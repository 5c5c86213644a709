//! An advice that was put to the test, or not, and what came of it.

use serde::Serialize;

use std::time::Duration;

use crate::conda::Version;
use crate::types::ClientKind;

use super::dry_run::{DryRun, PlannedPackage};
use super::{SolveVerdict, Status};

/// What was done about an advice, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SolveCheck {
    /// Who was asked.
    pub by: SolvedBy,
    /// The words that it was asked with, the program first; empty where it was not asked.
    pub argv: Vec<String>,
    /// Variables that were set for it.
    pub env: Vec<(String, String)>,
    /// How long it took.
    pub took: Duration,
    /// What came of it.
    pub outcome: SolveOutcome,
    /// For how many seconds what was solved has been in the cache; 0 where it was read anew, and where a
    /// client does not say.
    pub age: u64,
    /// Whether its corrections were tried too, and end on the promised build.
    pub corrected: bool,
    /// The folders that would be written to, where they could be looked at: packages, environment.
    pub places: Vec<WriteFolder>,
}

/// Who solves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SolvedBy {
    /// The client that the commands are for.
    Client(ClientKind, Option<Version>),
    /// This program's own companion, `conda-torch-live`.
    Solver,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one in a run")]
pub enum SolveOutcome {
    /// Nobody was asked.
    NotRun(NotRunReason),
    /// Who was asked did not answer.
    Broken(RunError),
    /// It answered, and this is what that says about the advice.
    Answered(DryRun, SolveVerdict),
}

/// Why nobody was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRunReason {
    /// There is nothing to verify: nothing fits.
    NothingFits,
    /// There is no such client here; these are.
    NoClient(Vec<ClientKind>),
    /// This client sees the system that it runs on, whatever platform it is asked for.
    OtherSystem,
    /// `conda-torch-live` is not installed.
    NoSolver,
}

/// Why who was asked did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunError {
    /// It could not be started, in the system's words.
    NotStarted(String),
    /// It took longer than this many seconds.
    TimedOut(u64),
    /// It crashed, by this signal.
    Crashed(i32),
    /// A folder for it could not be made, in the system's words.
    NoFolder(String),
}

/// A folder that would be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteFolder {
    /// What goes there.
    pub holds: FolderContents,
    /// The folder, or what is to be made.
    pub path: String,
    /// How many bytes this user may still write there.
    pub free: u64,
    /// A mark that two places on one file system have in common.
    pub file_system: u64,
}

/// What goes into a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum FolderContents {
    /// What is downloaded.
    Packages,
    /// The environment.
    Environment,
}

/// A place that is too small for what would be written there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage<'a> {
    /// The place.
    pub place: &'a WriteFolder,
    /// The least that it would have to take, in bytes.
    pub needed: u64,
}

impl SolveCheck {
    /// One of which nobody was asked.
    pub fn not_run(by: SolvedBy, why: NotRunReason) -> Self {
        Self {
            by,
            argv: Vec::new(),
            env: Vec::new(),
            took: Duration::ZERO,
            outcome: SolveOutcome::NotRun(why),
            age: 0,
            corrected: false,
            places: Vec::new(),
        }
    }

    /// Whether it ends on the promised build.
    pub fn is_confirmed(&self) -> bool {
        matches!(&self.outcome, SolveOutcome::Answered(_, verdict) if verdict.status == Status::Confirmed)
    }

    /// Whether there was no client that could be asked.
    pub fn is_without_client(&self) -> bool {
        matches!(
            self.outcome,
            SolveOutcome::NotRun(NotRunReason::NoClient(_) | NotRunReason::OtherSystem)
        )
    }

    /// Whether there was no solver to ask.
    pub fn is_without_solver(&self) -> bool {
        matches!(self.outcome, SolveOutcome::NotRun(NotRunReason::NoSolver))
    }

    /// What would be there at the end.
    pub fn planned(&self) -> &[PlannedPackage] {
        match &self.outcome {
            SolveOutcome::Answered(DryRun::Planned(planned), _) => planned,
            SolveOutcome::Answered(
                DryRun::Unsolvable(_)
                | DryRun::NotFound(_)
                | DryRun::Network { .. }
                | DryRun::Failed(_)
                | DryRun::Unreadable(_),
                _,
            )
            | SolveOutcome::NotRun(_)
            | SolveOutcome::Broken(_) => &[],
        }
    }

    /// How many bytes would be downloaded, as far as that was said; `None` where nothing was.
    pub fn download(&self) -> Option<u64> {
        let wanted = self.planned().iter().filter(|one| one.to_download != Some(false));
        let sizes: Vec<Option<u64>> = wanted.map(|one| one.size).collect();
        let is_told = sizes.is_empty() || sizes.iter().any(Option::is_some);
        (!self.planned().is_empty() && is_told)
            .then(|| sizes.iter().flatten().fold(0_u64, |sum, size| sum.saturating_add(*size)))
    }

    /// The places that are certainly too small. What is unpacked is no smaller than its archive, and
    /// nobody says how much larger; on one file system it is linked and not copied.
    pub fn shortages(&self) -> Vec<Shortage<'_>> {
        let packages = self.places.iter().find(|place| place.holds == FolderContents::Packages);
        let archives = self.planned().iter().filter_map(|one| one.size);
        let archives = archives.fold(0_u64, u64::saturating_add);
        let needed = |place: &WriteFolder| match place.holds {
            FolderContents::Packages => self.download().unwrap_or(0),
            FolderContents::Environment => {
                let is_shared =
                    packages.is_some_and(|other| other.file_system == place.file_system);
                if is_shared { 0 } else { archives }
            }
        };
        let all = self.places.iter().map(|place| Shortage { place, needed: needed(place) });
        all.filter(|shortage| shortage.needed > shortage.place.free).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(size: u64, to_download: bool) -> PlannedPackage {
        PlannedPackage {
            size: Some(size),
            to_download: Some(to_download),
            ..PlannedPackage::default()
        }
    }

    fn place(holds: FolderContents, free: u64, file_system: u64) -> WriteFolder {
        WriteFolder { holds, path: "/x".to_owned(), free, file_system }
    }

    fn proof(places: Vec<WriteFolder>) -> SolveCheck {
        let would = vec![planned(100, true), planned(30, true), planned(7, false)];
        let verdict = SolveVerdict {
            status: Status::Confirmed,
            plan: None,
            findings: Vec::new(),
            corrections: Vec::new(),
            words: None,
        };
        let outcome = SolveOutcome::Answered(DryRun::Planned(would), verdict);
        SolveCheck {
            outcome,
            places,
            ..SolveCheck::not_run(SolvedBy::Solver, NotRunReason::NoSolver)
        }
    }

    #[test]
    fn cached_packages_are_not_downloaded() {
        assert_eq!(proof(vec![]).download(), Some(130));
    }

    #[test]
    fn a_shared_file_system_is_counted_once() {
        let both =
            [place(FolderContents::Packages, 130, 1), place(FolderContents::Environment, 130, 1)];
        assert!(proof(both.to_vec()).shortages().is_empty());
    }

    #[test]
    fn another_file_system_needs_copies_of_all_packages() {
        let apart =
            [place(FolderContents::Packages, 130, 1), place(FolderContents::Environment, 136, 2)];
        let proof = proof(apart.to_vec());
        let short: Vec<_> =
            proof.shortages().iter().map(|it| (it.place.holds, it.needed)).collect();
        assert_eq!(short, [(FolderContents::Environment, 137)]);
    }

    #[test]
    fn a_full_cache_is_reported_with_the_needed_space() {
        let proof = proof(vec![place(FolderContents::Packages, 129, 1)]);
        let short: Vec<_> =
            proof.shortages().iter().map(|it| (it.place.holds, it.needed)).collect();
        assert_eq!(short, [(FolderContents::Packages, 130)]);
    }
}
