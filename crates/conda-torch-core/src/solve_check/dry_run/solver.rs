//! What the solver beside this program found, in the form of a client's dry run.

use crate::channel::{Record, Solved};
use crate::conda::{ChannelName, Fault, FaultKind};

use super::output_text::{cleaned, excerpt};
use super::{DryRun, PlannedPackage};

/// A solution of `conda-torch-live`. It knows no client's package cache.
pub fn from_solution(solved: &Solved) -> DryRun {
    match solved {
        Solved::Solution(solution) => {
            DryRun::Planned(solution.records.iter().map(planned).collect())
        }
        Solved::Unsolvable { why } => DryRun::Unsolvable(cleaned(why)),
    }
}

/// A channel that could not be read.
pub fn from_fault(fault: &Fault) -> DryRun {
    let words = excerpt(&format!("{}: {}", fault.at, fault.detail));
    match fault.kind {
        kind @ (FaultKind::NoNetwork
        | FaultKind::Proxy
        | FaultKind::Certificate
        | FaultKind::CaptivePage
        | FaultKind::Slow
        | FaultKind::Refused
        | FaultKind::NoChannel
        | FaultKind::TooMany
        | FaultKind::Server
        | FaultKind::Moved
        | FaultKind::CutShort
        | FaultKind::Damaged
        | FaultKind::NotCached) => DryRun::Network { words, kind },
        FaultKind::DiskFull | FaultKind::Cache | FaultKind::Other => DryRun::Failed(words),
    }
}

fn planned(record: &Record) -> PlannedPackage {
    PlannedPackage {
        name: record.name.clone(),
        version: record.version.clone(),
        build: record.build.clone(),
        channel: ChannelName::of(&record.channel).name,
        size: record.size,
        to_download: None,
    }
}
