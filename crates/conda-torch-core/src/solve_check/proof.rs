//! An advice that was put to the test, or not, and what came of it.

use serde::Serialize;

use std::time::Duration;

use crate::conda::Version;
use crate::types::ClientKind;

use super::dry_run::{DryRun, Planned};
use super::{Status, Verdict};

/// What was done about an advice, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Who was asked.
    pub by: By,
    /// The words that it was asked with, the program first; empty where it was not asked.
    pub argv: Vec<String>,
    /// Variables that were set for it.
    pub env: Vec<(String, String)>,
    /// How long it took.
    pub took: Duration,
    /// What came of it.
    pub outcome: Outcome,
    /// For how many seconds what was solved has been in the cache; 0 where it was read anew, and where a
    /// client does not say.
    pub age: u64,
    /// Whether its corrections were tried too, and end on the promised build.
    pub corrected: bool,
    /// The folders that would be written to, where they could be looked at: packages, environment.
    pub places: Vec<Place>,
}

/// Who solves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The client that the commands are for.
    Client(ClientKind, Option<Version>),
    /// This program's own companion, `conda-torch-live`.
    Solver,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one in a run")]
pub enum Outcome {
    /// Nobody was asked.
    NotRun(NotRun),
    /// Who was asked did not answer.
    Broken(Broken),
    /// It answered, and this is what that says about the advice.
    Answered(DryRun, Verdict),
}

/// Why nobody was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRun {
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
pub enum Broken {
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
pub struct Place {
    /// What goes there.
    pub holds: Holds,
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
pub enum Holds {
    /// What is downloaded.
    Packages,
    /// The environment.
    Environment,
}

/// A place that is too small for what would be written there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage<'a> {
    /// The place.
    pub place: &'a Place,
    /// The least that it would have to take, in bytes.
    pub needed: u64,
}

impl Proof {
    /// One of which nobody was asked.
    #[must_use]
    pub fn not_run(by: By, why: NotRun) -> Self {
        Self {
            by,
            argv: Vec::new(),
            env: Vec::new(),
            took: Duration::ZERO,
            outcome: Outcome::NotRun(why),
            age: 0,
            corrected: false,
            places: Vec::new(),
        }
    }

    /// Whether it ends on the promised build.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        matches!(&self.outcome, Outcome::Answered(_, verdict) if verdict.status == Status::Confirmed)
    }

    /// Whether there was no client that could be asked.
    #[must_use]
    pub fn is_without_client(&self) -> bool {
        matches!(self.outcome, Outcome::NotRun(NotRun::NoClient(_) | NotRun::OtherSystem))
    }

    /// Whether there was no solver to ask.
    #[must_use]
    pub fn is_without_solver(&self) -> bool {
        matches!(self.outcome, Outcome::NotRun(NotRun::NoSolver))
    }

    /// What would be there at the end.
    #[must_use]
    pub fn planned(&self) -> &[Planned] {
        match &self.outcome {
            Outcome::Answered(DryRun::Would(planned), _) => planned,
            Outcome::Answered(
                DryRun::Unsolvable(_)
                | DryRun::NotFound(_)
                | DryRun::Network { .. }
                | DryRun::Failed(_)
                | DryRun::Unreadable(_),
                _,
            )
            | Outcome::NotRun(_)
            | Outcome::Broken(_) => &[],
        }
    }

    /// How many bytes would be downloaded, as far as that was said; `None` where nothing was.
    #[must_use]
    pub fn download(&self) -> Option<u64> {
        let wanted = self.planned().iter().filter(|one| one.to_download != Some(false));
        let sizes: Vec<Option<u64>> = wanted.map(|one| one.size).collect();
        let is_told = sizes.is_empty() || sizes.iter().any(Option::is_some);
        (!self.planned().is_empty() && is_told)
            .then(|| sizes.iter().flatten().fold(0_u64, |sum, size| sum.saturating_add(*size)))
    }

    /// The places that are certainly too small. What is unpacked is no smaller than its archive, and
    /// nobody says how much larger; on one file system it is linked and not copied.
    #[must_use]
    pub fn shortages(&self) -> Vec<Shortage<'_>> {
        let packages = self.places.iter().find(|place| place.holds == Holds::Packages);
        let archives = self.planned().iter().filter_map(|one| one.size);
        let archives = archives.fold(0_u64, u64::saturating_add);
        let needed = |place: &Place| match place.holds {
            Holds::Packages => self.download().unwrap_or(0),
            Holds::Environment => {
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

    fn planned(size: u64, to_download: bool) -> Planned {
        Planned { size: Some(size), to_download: Some(to_download), ..Planned::default() }
    }

    fn place(holds: Holds, free: u64, file_system: u64) -> Place {
        Place { holds, path: "/x".to_owned(), free, file_system }
    }

    fn proof(places: Vec<Place>) -> Proof {
        let would = vec![planned(100, true), planned(30, true), planned(7, false)];
        let verdict = Verdict {
            status: Status::Confirmed,
            plan: None,
            findings: Vec::new(),
            corrections: Vec::new(),
            words: None,
        };
        let outcome = Outcome::Answered(DryRun::Would(would), verdict);
        Proof { outcome, places, ..Proof::not_run(By::Solver, NotRun::NoSolver) }
    }

    #[test]
    fn what_is_in_the_cache_is_not_downloaded() {
        assert_eq!(proof(vec![]).download(), Some(130));
    }

    #[test]
    fn a_file_system_that_takes_both_is_counted_once() {
        let both = [place(Holds::Packages, 130, 1), place(Holds::Environment, 130, 1)];
        assert!(proof(both.to_vec()).shortages().is_empty());
    }

    #[test]
    fn an_environment_of_its_own_file_system_takes_copies_of_all() {
        let apart = [place(Holds::Packages, 130, 1), place(Holds::Environment, 136, 2)];
        let proof = proof(apart.to_vec());
        let short: Vec<_> =
            proof.shortages().iter().map(|it| (it.place.holds, it.needed)).collect();
        assert_eq!(short, [(Holds::Environment, 137)]);
    }

    #[test]
    fn a_cache_that_is_too_small_is_told_with_what_it_would_need() {
        let proof = proof(vec![place(Holds::Packages, 129, 1)]);
        let short: Vec<_> =
            proof.shortages().iter().map(|it| (it.place.holds, it.needed)).collect();
        assert_eq!(short, [(Holds::Packages, 130)]);
    }
}
