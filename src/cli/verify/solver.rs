//! Verification by `conda-torch-live`, which solves without a client.

use std::time::Duration;

use conda_torch_core::answer::Answer;
use conda_torch_core::channel::LiveQuestion;
use conda_torch_core::commands::{DryRunCommand, StepKind};
use conda_torch_core::resolve::Choice;
use conda_torch_core::solve_check::{
    Expectation,
    dry_run::solved,
    outcome::{NotRunReason, RunError, SolveCheck, SolveOutcome, SolvedBy},
    verdict,
};
use conda_torch_core::virtual_packages::VirtualPackages;
use conda_torch_host::live_program;

use super::{VerifyContext, exit_code};
use crate::cli::progress::Progress;
use crate::cli::{Interrupted, live};

/// Solves the printed specs.
pub(super) fn verify(
    answer: &Answer<'_>,
    choice: &Choice<'_>,
    context: &VerifyContext<'_>,
    deadline: Duration,
) -> Result<SolveCheck, Interrupted> {
    let Some(program) = live_program(context.host) else {
        let outcome = SolveOutcome::NotRun(NotRunReason::NoSolver);
        return Ok(SolveCheck::new(SolvedBy::Solver, outcome));
    };
    let specs = choice.specs.iter().map(ToString::to_string).collect();
    let virtual_packages = virtual_packages(answer, choice, context);
    let question = live::question(
        context.host,
        answer.channels,
        &[choice.build.subdir],
        context.offline,
        LiveQuestion::Solve { specs, virtual_packages },
    );
    let broken = |why| SolveCheck::new(SolvedBy::Solver, SolveOutcome::Broken(why));
    let progress = Progress::new("Solving".to_owned(), context.shows_progress);
    let (mut proof, took) = match live::ask(&program, &question, deadline, progress) {
        Err(error) => (broken(RunError::NotStarted(format!("{error:#}"))), Duration::ZERO),
        Ok(ran) => match exit_code(ran.end, deadline)? {
            Err(why) => (broken(why), ran.took),
            Ok(_) => {
                let text = |bytes| String::from_utf8_lossy(bytes);
                let (dry_run, age) = solved(&text(&ran.stdout), &text(&ran.stderr));
                let channels = answer.channels;
                let verdict =
                    verdict(&Expectation { choice, channels, is_existing: false }, &dry_run);
                let outcome = SolveOutcome::Answered(dry_run, verdict);
                (SolveCheck { age, ..SolveCheck::new(SolvedBy::Solver, outcome) }, ran.took)
            }
        },
    };
    proof.argv = vec![program.display().to_string()];
    proof.took = took;
    Ok(proof)
}

/// The virtual packages that the client detects, with the overrides of the command.
fn virtual_packages(
    answer: &Answer<'_>,
    choice: &Choice<'_>,
    context: &VerifyContext<'_>,
) -> Vec<String> {
    let steps = answer.plan(choice);
    let install = steps.iter().find(|step| step.kind == StepKind::Install);
    let env = install.map(|step| step.env.clone()).unwrap_or_default();
    let mut command = DryRunCommand { arguments: Vec::new(), env };
    if !context.is_this_machine {
        command = command.for_another(answer.machine, choice);
    }
    VirtualPackages::of(answer.machine, &answer.client).with(&command.env).specs()
}
