//! Every build on one machine, without a choice: what an answer for many machines is made of.

use std::cmp::Reverse;

use crate::diagnostics::Diagnostic;
use crate::matrix::Matrix;
use crate::types::{Accelerator, Build, KernelSupport, Machine};

use super::advice::Choice;
use super::candidates::{Blocker, Candidate};
use super::facts::{Driver, Facts};
use super::request::Request;
use super::{Inputs, rank, rules, specs};

/// One build on one machine.
#[derive(Debug, Clone)]
pub struct BuildOnMachine<'m> {
    /// Which.
    pub build: &'m Build,
    /// What keeps it from working; empty if it works.
    pub blockers: Vec<Diagnostic>,
    /// Whether only the GPU is missing: where it is installed, it computes on the processor.
    pub runs_without_gpu: bool,
    /// Whether it computes on a GPU.
    pub uses_gpu: bool,
    /// For how many of the machine's GPUs it has kernels.
    pub served_gpus: usize,
    /// How its kernels reach the GPU that they serve worst; `None` without CUDA or with unknown GPUs.
    pub kernels: Option<KernelSupport>,
    /// Its place among those that work, the best first; `None` if it does not work.
    pub place: Option<usize>,
}

/// Every build of the machine's platform, in the matrix' order.
pub fn every_build<'m>(
    machine: &Machine,
    request: &Request,
    matrix: &'m Matrix,
) -> Vec<BuildOnMachine<'m>> {
    let request = &*request.on(machine.subdir.value().copied());
    let facts = Facts::new(machine, request, matrix);
    let inputs = Inputs { machine, request, matrix, facts: &facts };
    let candidates = rules::candidates(&inputs);
    let mut fitting: Vec<_> = (0..).zip(&candidates).filter(|(_, it)| it.fits()).collect();
    fitting.sort_by_cached_key(|(_, candidate)| Reverse(rank::rank(&inputs, candidate)));
    let mut places = vec![None; candidates.len()];
    for (place, (at, _)) in fitting.iter().enumerate() {
        let at: usize = *at;
        places[at] = Some(place);
    }
    // A silent driver may have a GPU.
    let has_gpu = facts.has_nvidia_card || matches!(facts.driver, Driver::Unknown(_));
    let lacks_gpu =
        |it: &Blocker| it.is_about_driver() || matches!(it.diagnostic, Diagnostic::NoGpu);
    let on_machine = |(candidate, place): (Candidate<'m>, Option<usize>)| {
        let served_gpus = candidate.served_gpus();
        let served =
            candidate.kernels.iter().filter(|it| it.support != Some(KernelSupport::Missing));
        BuildOnMachine {
            build: candidate.build,
            runs_without_gpu: !has_gpu && candidate.blockers.iter().all(lacks_gpu),
            uses_gpu: rules::computes_on(&inputs, candidate.build) != Accelerator::Cpu,
            served_gpus,
            kernels: served.filter_map(|it| it.support).min(),
            place,
            blockers: candidate.blockers.into_iter().map(|it| it.diagnostic).collect(),
        }
    };
    candidates.into_iter().zip(places).map(on_machine).collect()
}

/// One build as something to install, whether it works on this machine or not.
pub fn choice_of<'m>(
    machine: &Machine,
    request: &Request,
    matrix: &'m Matrix,
    build: &'m Build,
) -> Choice<'m> {
    let request = &*request.on(machine.subdir.value().copied());
    let facts = Facts::new(machine, request, matrix);
    let inputs = Inputs { machine, request, matrix, facts: &facts };
    specs::choice(&inputs, &rules::check(&inputs, build))
}
