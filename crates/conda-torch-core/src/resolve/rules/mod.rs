//! The rules: one small function each. A rule says what is against a build, and what would lift that.

mod companions;
mod driver;
mod gpu;
mod request;
mod system;

pub(super) use driver::{driver, needed_driver};
pub(super) use gpu::{Kernels, kernels};
pub(super) use system::system;

use crate::types::{Build, KernelSupport};

use super::Inputs;
use super::candidates::{Blocker, Candidate};

/// Checks the builds for the machine's platform, in the order of the matrix.
pub(super) fn candidates<'m>(inputs: &Inputs<'_, 'm>) -> Vec<Candidate<'m>> {
    let builds = inputs.matrix.builds.iter();
    let here = builds.filter(|build| Some(build.subdir) == inputs.facts.subdir);
    here.map(|build| check(inputs, build)).collect()
}

/// Checks a build against every rule.
pub(super) fn check<'m>(inputs: &Inputs<'_, 'm>, build: &'m Build) -> Candidate<'m> {
    let selection = companions::select(inputs, build);
    let kernels: Vec<Kernels> =
        inputs.facts.gpus.iter().filter_map(|gpu| kernels(inputs, build, gpu)).collect();
    let mut blockers = driver(inputs, build);
    add_unserved(&mut blockers, &kernels);
    blockers.extend(system(inputs, build));
    blockers.extend(request::request(inputs, build, selection.pin));
    blockers.extend(selection.missing);
    blockers.extend(system::glibc_of_pin(inputs, build, selection.pin));
    Candidate {
        build,
        blockers,
        kernels: kernels.into_iter().map(|gpu| gpu.kernels).collect(),
        pin: selection.pin,
        companions: selection.companions,
        pythons: selection.pythons,
    }
}

/// A GPU without kernels is a blocker only if no other GPU has them.
fn add_unserved(blockers: &mut Vec<Blocker>, kernels: &[Kernels]) {
    if kernels.iter().any(|gpu| gpu.kernels.support > Some(KernelSupport::Missing)) {
        return;
    }
    for blocker in kernels.iter().filter_map(|gpu| gpu.blocker.as_ref()) {
        if !blockers.iter().any(|other| other.diagnostic == blocker.diagnostic) {
            blockers.push(blocker.clone());
        }
    }
}
