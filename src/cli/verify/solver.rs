//! A solve without any client, by `conda-torch-live`.

use std::time::Duration;

use conda_torch_core::answer::Answer;
use conda_torch_core::channel::Question;
use conda_torch_core::commands::DryRunCommand;
use conda_torch_core::commands::StepKind;
use conda_torch_core::resolve::Choice;
use conda_torch_core::solve_check::{
    Promise,
    proof::{Broken, By, NotRun, Outcome, Proof},
    solved::solved,
    verdict,
};
use conda_torch_core::virtual_packages::VirtualPackages;
use conda_torch_host::{WatchEnd, live_program};

use super::super::live;
use super::super::progress::Progress;
use super::{Circumstances, Interrupted};

/// Asks it for a solution of the printed specs.
pub(super) fn prove(
    answer: &Answer<'_>,
    choice: &Choice<'_>,
    around: &Circumstances<'_>,
    deadline: Duration,
) -> Result<Proof, Interrupted> {
    let not_run = |why| Proof::not_run(By::Solver, why);
    let Some(program) = live_program(around.host) else { return Ok(not_run(NotRun::NoSolver)) };
    let specs = choice.specs.iter().map(ToString::to_string).collect();
    let virtual_packages = virtual_packages(answer, choice, around);
    let question = live::question(
        around.host,
        answer.channels,
        &[choice.build.subdir],
        around.offline,
        Question::Solve { specs, virtual_packages },
    );
    let mut proof =
        Proof { argv: vec![program.display().to_string()], ..not_run(NotRun::NoSolver) };
    let progress = Progress::new("Solving".to_owned(), around.is_watched);
    let ran = live::ask(&program, &question, deadline, progress);
    proof.outcome = match ran {
        Err(error) => Outcome::Broken(Broken::NotStarted(format!("{error:#}"))),
        Ok(ran) => {
            proof.took = ran.took;
            match ran.end {
                WatchEnd::Exited(_) => {
                    let text = |bytes| String::from_utf8_lossy(bytes);
                    let (dry_run, age) = solved(&text(&ran.stdout), &text(&ran.stderr));
                    proof.age = age;
                    let promise = Promise { choice, channels: answer.channels, is_existing: false };
                    let verdict = verdict(&promise, &dry_run);
                    Outcome::Answered(dry_run, verdict)
                }
                WatchEnd::Killed(signal) => Outcome::Broken(Broken::Crashed(signal)),
                WatchEnd::TimedOut => Outcome::Broken(Broken::TimedOut(deadline.as_secs())),
                WatchEnd::Interrupted(signal) => return Err(Interrupted(signal)),
            }
        }
    };
    Ok(proof)
}

/// What the client of the commands would see there, with what they tell it.
fn virtual_packages(
    answer: &Answer<'_>,
    choice: &Choice<'_>,
    around: &Circumstances<'_>,
) -> Vec<String> {
    let steps = answer.plan(choice);
    let install = steps.iter().find(|step| step.kind == StepKind::Install);
    let env = install.map(|step| step.env.clone()).unwrap_or_default();
    let mut told = DryRunCommand { arguments: Vec::new(), env };
    if !around.is_here {
        told = told.for_another(answer.machine, choice);
    }
    VirtualPackages::of(answer.machine, &answer.client).with(&told.env).specs()
}
