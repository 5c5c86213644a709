//! The decision: which build this machine should install, and which specs make a solver choose it.
//! Pure, total and deterministic: the same machine, request and matrix give the same advice.
//!
//! Each stage uses only the stages before it:
//!
//! 1. [`facts`]: the machine in the terms of the rules; every conclusion and assumption is drawn here.
//! 2. [`candidates`]: a build of the platform, and what keeps it from working.
//! 3. [`rules`]: one small function a rule; they make the candidates.
//! 4. [`rank`]: the best candidate that fits.
//! 5. [`specs`]: the specs that make a solver choose it.
//! 6. [`what_if`]: builds that would be better, or nearest, and the changes that unlock them.
//! 7. [`notes`]: the reasons, the diagnostics and the status.

mod advice;
mod candidates;
mod every_build;
mod facts;
mod installed;
mod notes;
mod other_packages;
mod package_words;
mod rank;
mod request;
mod rules;
mod specs;
mod what_if;

pub use advice::{Advice, Alternative, Choice, GpuKernels, Reason, Rejected, Status, Unlock};
pub use every_build::{BuildOnMachine, choice_of, every_build};
pub use installed::{InstalledCheck, check_installed};
pub(crate) use other_packages::{CompiledPackage, is_on_conda_forge};
pub use package_words::PackageError;
pub use request::{Request, RequestedAccelerator, VersionRange};

use crate::matrix::Matrix;
use crate::types::Machine;

use facts::Facts;

/// Decides. Never fails: if nothing fits, the answer names the nearest builds.
pub fn advise<'m>(machine: &Machine, request: &Request, matrix: &'m Matrix) -> Advice<'m> {
    let request = &*request.on(machine.subdir.value().copied());
    let facts = Facts::new(machine, request, matrix);
    let inputs = Inputs { machine, request, matrix, facts: &facts };
    let candidates = rules::candidates(&inputs);
    let best = rank::best(&inputs, &candidates);
    let alternatives = what_if::alternatives(&inputs, &candidates, best);
    let diagnostics = notes::diagnostics(&inputs, &candidates, best, &alternatives);
    let recommended = best.map(|best| Choice {
        reasons: notes::reasons(&inputs, &candidates, best),
        ..specs::choice(&inputs, best)
    });
    let status = notes::status(&inputs, recommended.as_ref(), &diagnostics);
    let best = best.map(|best| best.build);
    let rejected = rank::rejected(&inputs, candidates, best, &alternatives);
    let elsewhere = matrix.builds.iter().filter(|build| Some(build.subdir) != facts.subdir);
    let elsewhere = elsewhere.collect();
    Advice { status, recommended, alternatives, rejected, elsewhere, diagnostics }
}

/// What every stage after the facts reads.
#[derive(Clone, Copy)]
struct Inputs<'a, 'm> {
    machine: &'a Machine,
    request: &'a Request,
    matrix: &'m Matrix,
    facts: &'a Facts,
}
