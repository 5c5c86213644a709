//! A solve in process, as a client with strict channel priority does it.

use std::sync::Arc;

use conda_torch_core::channel::{Solution, Solved};
use conda_torch_core::conda::Fault;
use rattler_conda_types::{GenericVirtualPackage, MatchSpec, PackageName, RepoDataRecord, Version};
use rattler_solve::{ChannelPriority, SolveError, SolverImpl, SolverTask, resolvo};

use crate::{channel, record};

/// What to solve.
pub(crate) struct Task {
    pub(crate) specs: Vec<MatchSpec>,
    virtual_packages: Vec<GenericVirtualPackage>,
}

impl Task {
    /// Reads what was asked.
    pub(crate) fn parse(specs: &[String], virtual_packages: &[String]) -> Result<Self, Fault> {
        Ok(Self {
            specs: specs.iter().map(|spec| channel::spec(spec)).collect::<Result<_, _>>()?,
            virtual_packages: virtual_packages
                .iter()
                .map(|text| virtual_package(text))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Solves with these records.
    ///
    /// # Errors
    /// Where the records contradict themselves, so that there is neither a solution nor none.
    pub(crate) fn solve(self, available: &[Arc<RepoDataRecord>]) -> Result<Solved, Fault> {
        let records: Vec<&RepoDataRecord> = available.iter().map(AsRef::as_ref).collect();
        let task = SolverTask {
            virtual_packages: self.virtual_packages,
            specs: self.specs,
            channel_priority: ChannelPriority::Strict,
            ..SolverTask::from_iter([records])
        };
        match resolvo::Solver.solve(task) {
            Ok(solved) => {
                let records = record::sorted(solved.records.iter());
                Ok(Solved::Solution(Solution { records }))
            }
            Err(SolveError::Unsolvable(why)) => Ok(Solved::Unsolvable { why: why.join("\n") }),
            Err(error) => Err(channel::unusable("the solver", error)),
        }
    }
}

/// `NAME=VERSION=BUILD`, of which the last two may be missing.
fn virtual_package(text: &str) -> Result<GenericVirtualPackage, Fault> {
    let mut parts = text.splitn(3, '=');
    let mut next =
        |default: &str| parts.next().filter(|part| !part.is_empty()).unwrap_or(default).to_owned();
    let (name, version, build) = (next(""), next("0"), next("0"));
    if name.is_empty() {
        return Err(channel::unusable(text, "expected a virtual package as NAME=VERSION=BUILD"));
    }
    let name = PackageName::try_from(name).map_err(|error| channel::unusable(text, error))?;
    let version: Version = version.parse().map_err(|error| channel::unusable(text, error))?;
    Ok(GenericVirtualPackage {
        name,
        version,
        build_string: rattler_conda_types::package::BuildString::new_unchecked(build),
    })
}
