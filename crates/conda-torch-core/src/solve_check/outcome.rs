//! The result of verifying an advice.

use std::time::Duration;

use serde::Serialize;

use crate::conda::Version;
use crate::types::ClientKind;

use super::dry_run::{DryRun, PlannedPackage};
use super::verdict::{ProofStatus, SolveVerdict};

/// A check of an advice, and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SolveCheck {
    /// The program that solves.
    pub by: SolvedBy,
    /// Its command, the program first; empty if none was run.
    pub argv: Vec<String>,
    /// The variables that were set for it.
    pub env: Vec<(String, String)>,
    /// How long it ran.
    pub took: Duration,
    /// The answer, compared with the advice.
    pub outcome: Result<(DryRun, SolveVerdict), NoAnswer>,
    /// The age of the cached records in seconds; 0 if they were downloaded, or if unknown.
    pub age: u64,
    /// Whether the corrections were tried too, and lead to the recommended build.
    pub corrected: bool,
    /// The folders that would be written to, if known: packages, environment.
    pub places: Vec<WriteFolder>,
    /// The settings that add requests to every solve of the client.
    pub settings: Vec<SolveSetting>,
}

/// A setting that adds a request to every solve: a pin, or a package of every new environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SolveSetting {
    /// The file and its line, or the variable: `/home/me/.condarc:3`.
    pub place: String,
    /// `pinned_packages`, `create_default_packages`.
    pub key: String,
    /// The spec, without secrets.
    pub spec: String,
}

/// The program that solves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SolvedBy {
    /// The client that the commands are for.
    Client(ClientKind, Option<Version>),
    /// `conda-torch-live`.
    Solver,
}

/// Why a program gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// No build fits, so no program was run.
    NothingFits,
    /// The client is not installed; others may be.
    #[expect(missing_docs, reason = "the names say it")]
    NoClient { kind: ClientKind, others: Vec<ClientKind> },
    /// This client solves only for the system that it runs on.
    OtherSystem,
    /// `conda-torch-live` is not installed.
    NoSolver,
    /// It could not be started: the system's message.
    NotStarted(String),
    /// It took longer than this many seconds.
    TimedOut(u64),
    /// This signal ended it.
    Crashed(i32),
    /// The client has no dry run of an `environment.yml`.
    NoFileDryRun,
    /// A folder for it could not be created: the system's message.
    NoFolder(String),
}

/// A folder that would be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteFolder {
    /// What would be written.
    pub contents: FolderContents,
    /// The folder, which may not exist yet.
    pub path: String,
    /// The free bytes for this user.
    pub free: u64,
    /// The same for two folders on one file system.
    pub file_system: u64,
}

/// What would be written to a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum FolderContents {
    /// Downloaded packages.
    Packages,
    /// The environment.
    Environment,
}

impl SolveCheck {
    /// A check that ran no command.
    pub fn new(by: SolvedBy, outcome: Result<(DryRun, SolveVerdict), NoAnswer>) -> Self {
        let (argv, env, places, settings) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (took, age, corrected) = (Duration::ZERO, 0, false);
        Self { by, argv, env, took, outcome, age, corrected, places, settings }
    }

    /// The result in a word.
    pub fn status(&self) -> ProofStatus {
        use NoAnswer::{NoClient, NoFileDryRun, NoSolver, NothingFits, OtherSystem};
        match &self.outcome {
            Err(NothingFits | NoClient { .. } | OtherSystem | NoSolver | NoFileDryRun) => {
                ProofStatus::NotRun
            }
            Err(_) => ProofStatus::Failed,
            Ok((_, verdict)) => {
                let is_verified = verdict.status == ProofStatus::Verified;
                let is_short = is_verified && !self.shortages().is_empty();
                if is_short { ProofStatus::NoSpace } else { verdict.status }
            }
        }
    }

    /// The comparison with the advice, if the program answered.
    pub fn verdict(&self) -> Option<&SolveVerdict> {
        self.outcome.as_ref().ok().map(|(_, verdict)| verdict)
    }

    /// The packages of the solved environment.
    pub fn planned(&self) -> &[PlannedPackage] {
        let Ok((DryRun::Planned(planned), _)) = &self.outcome else { return &[] };
        planned
    }

    /// The bytes to download; `None` if no size is known.
    pub fn download(&self) -> Option<u64> {
        let wanted = self.planned().iter().filter(|one| one.to_download != Some(false));
        let sizes: Vec<Option<u64>> = wanted.map(|one| one.size).collect();
        let is_known = sizes.is_empty() || sizes.iter().any(Option::is_some);
        (!self.planned().is_empty() && is_known)
            .then(|| sizes.iter().flatten().fold(0_u64, |sum, size| sum.saturating_add(*size)))
    }

    /// The folders that are certainly too small, with the bytes that they need at least. An unpacked package is
    /// at least as large as its archive; on one file system it is linked, not copied.
    pub fn shortages(&self) -> Vec<(&WriteFolder, u64)> {
        let packages = self.places.iter().find(|place| place.contents == FolderContents::Packages);
        let archives = self.planned().iter().filter_map(|one| one.size);
        let archives = archives.fold(0_u64, u64::saturating_add);
        let needed = |place: &WriteFolder| match place.contents {
            FolderContents::Packages => self.download().unwrap_or(0),
            FolderContents::Environment => {
                let is_shared = packages.is_some_and(|it| it.file_system == place.file_system);
                if is_shared { 0 } else { archives }
            }
        };
        let all = self.places.iter().map(|place| (place, needed(place)));
        all.filter(|(place, needed)| *needed > place.free).collect()
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

    fn folder(contents: FolderContents, free: u64, file_system: u64) -> WriteFolder {
        WriteFolder { contents, path: "/x".to_owned(), free, file_system }
    }

    fn check(places: Vec<WriteFolder>) -> SolveCheck {
        let packages = vec![planned(100, true), planned(30, true), planned(7, false)];
        let (findings, corrections) = (Vec::new(), Vec::new());
        let verdict = SolveVerdict { status: ProofStatus::Verified, findings, corrections };
        let outcome = Ok((DryRun::Planned(packages), verdict));
        SolveCheck { places, ..SolveCheck::new(SolvedBy::Solver, outcome) }
    }

    #[test]
    fn cached_packages_are_not_downloaded() {
        assert_eq!(check(vec![]).download(), Some(130));
    }

    #[test]
    fn packages_and_environment_share_one_file_system() {
        let both =
            [folder(FolderContents::Packages, 130, 1), folder(FolderContents::Environment, 130, 1)];
        assert!(check(both.to_vec()).shortages().is_empty());
    }

    #[test]
    fn an_environment_on_another_file_system_has_copies() {
        let apart =
            [folder(FolderContents::Packages, 130, 1), folder(FolderContents::Environment, 136, 2)];
        let check = check(apart.to_vec());
        let short: Vec<_> = check.shortages().iter().map(|it| (it.0.contents, it.1)).collect();
        assert_eq!(short, [(FolderContents::Environment, 137)]);
    }

    #[test]
    fn a_small_cache_is_a_shortage() {
        let check = check(vec![folder(FolderContents::Packages, 129, 1)]);
        let short: Vec<_> = check.shortages().iter().map(|it| (it.0.contents, it.1)).collect();
        assert_eq!(short, [(FolderContents::Packages, 130)]);
    }
}
