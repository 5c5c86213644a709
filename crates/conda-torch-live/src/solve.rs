//! Solves as a client with strict channel priority does.

use std::sync::Arc;

use conda_torch_core::channel::{Records, Solved};
use conda_torch_core::conda::Fault;
use rattler_conda_types::package::BuildString;
use rattler_conda_types::{GenericVirtualPackage, MatchSpec, PackageName, RepoDataRecord};
use rattler_solve::{ChannelPriority, SolveError, SolverImpl, SolverTask, resolvo};

use crate::channel::invalid;
use crate::record;

/// Solves for specs with the records of the channels. A fault is a failure of the solver.
pub(crate) fn solve(
    specs: Vec<MatchSpec>,
    virtual_packages: Vec<GenericVirtualPackage>,
    available: &[Arc<RepoDataRecord>],
) -> Result<Solved, Fault> {
    let records: Vec<&RepoDataRecord> = available.iter().map(AsRef::as_ref).collect();
    let task = SolverTask {
        virtual_packages,
        specs,
        channel_priority: ChannelPriority::Strict,
        ..SolverTask::from_iter([records])
    };
    match resolvo::Solver.solve(task) {
        Ok(solved) => {
            Ok(Solved::Solution(Records { records: record::sorted(solved.records.iter()) }))
        }
        Err(SolveError::Unsolvable(why)) => Ok(Solved::Unsolvable { why: why.join("\n") }),
        Err(error) => Err(invalid("the solver", error)),
    }
}

/// `NAME=VERSION=BUILD`; version and build may be missing.
pub(crate) fn virtual_package(text: &str) -> Result<GenericVirtualPackage, Fault> {
    let mut parts = text.splitn(3, '=').map(|part| if part.is_empty() { "0" } else { part });
    let name = parts.next().filter(|_| !text.is_empty() && !text.starts_with('='));
    let name = name.ok_or_else(|| invalid(text, "expected NAME=VERSION=BUILD"))?;
    let name = PackageName::try_from(name).map_err(|error| invalid(text, error))?;
    let version = parts.next().unwrap_or("0").parse().map_err(|error| invalid(text, error))?;
    let build_string = BuildString::new_unchecked(parts.next().unwrap_or("0").to_owned());
    Ok(GenericVirtualPackage { name, version, build_string })
}
