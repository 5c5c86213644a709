//! Verification by `conda-torch-live`, which solves without a client.

use conda_torch_core::channel::LiveQuestion;
use conda_torch_core::commands::{DryRunCommand, StepKind};
use conda_torch_core::solve_check::{
    Expectation,
    dry_run::solved,
    outcome::{NoAnswer, SolveCheck, SolvedBy},
    verdict,
};
use conda_torch_core::virtual_packages::VirtualPackages;

use super::{Task, ended};
use crate::cli::progress::Progress;
use crate::cli::{Interrupted, live};

pub(super) fn verify(task: &Task<'_>) -> Result<SolveCheck, Interrupted> {
    let Task { answer, choice, context, deadline } = *task;
    let Some(program) = live::live_program(context.host) else {
        return Ok(SolveCheck::new(SolvedBy::Solver, Err(NoAnswer::NoSolver)));
    };
    let specs = choice.specs.iter().map(ToString::to_string).collect();
    let virtual_packages = virtual_packages(task);
    let cache = match live::cache_folder(context.host) {
        Ok(cache) => cache,
        Err(why) => {
            let why = NoAnswer::NoFolder(format!("{why:#}"));
            return Ok(SolveCheck::new(SolvedBy::Solver, Err(why)));
        }
    };
    let question = live::question(
        context.host,
        answer.channels,
        &[choice.build.subdir],
        &cache,
        context.offline,
        LiveQuestion::Solve { specs, virtual_packages },
        deadline,
    );
    let progress = Progress::new("Solving".to_owned(), context.shows_progress);
    let ran = live::ask(&program, &question, deadline, progress);
    let mut proof = match ended(ran, deadline)? {
        Err(why) => SolveCheck::new(SolvedBy::Solver, Err(why)),
        Ok((ran, _)) => {
            let text = |bytes| String::from_utf8_lossy(bytes);
            let (dry_run, age) = solved(&text(&ran.stdout), &text(&ran.stderr));
            let expectation = Expectation { choice, channels: answer.channels, is_existing: false };
            let verdict = verdict(&expectation, &dry_run);
            let proof = SolveCheck::new(SolvedBy::Solver, Ok((dry_run, verdict)));
            SolveCheck { age, took: ran.took, ..proof }
        }
    };
    proof.argv = vec![program];
    Ok(proof)
}

/// The virtual packages that the client detects, with the overrides of the command.
fn virtual_packages(task: &Task<'_>) -> Vec<String> {
    let Task { answer, choice, context, .. } = *task;
    let steps = answer.plan(choice);
    let install = steps.iter().find(|step| step.kind == StepKind::Install);
    let env = install.map(|step| step.env.clone()).unwrap_or_default();
    let mut command = DryRunCommand { arguments: Vec::new(), env };
    if !context.is_this_machine {
        command = command.for_another(answer.machine, choice);
    }
    VirtualPackages::of(answer.machine, &answer.client).with(&command.env).specs()
}
