//! A solve without any client, by `conda-torch-live`.

use std::time::Duration;

use crate::advise::Choice;
use crate::channel::{Ask, PROTOCOL, Question};
use crate::foresee::Sight;
use crate::host::{WatchEnd, ask_live, live_program};
use crate::model::VirtualPackage;
use crate::render::{Answer, StepKind, clients::DryRunCommand};
use crate::verify::{
    proof::{Broken, By, NotRun, Outcome, Proof},
    solved::solved,
};

use super::super::live::cache;
use super::super::progress::Progress;
use super::client::verdict_of;
use super::{Circumstances, Interrupted};

/// How long a server may be silent, in seconds.
const PATIENCE: u32 = 30;

/// Asks it for a solution of the printed specs.
pub(super) fn prove(
    answer: &Answer<'_>,
    choice: &Choice<'_>,
    around: &Circumstances<'_>,
    deadline: Duration,
) -> Result<Proof, Interrupted> {
    let not_run = |why| Proof::not_run(By::Solver, why);
    let Some(program) = live_program(around.host) else { return Ok(not_run(NotRun::NoSolver)) };
    let ask = Ask {
        protocol: PROTOCOL,
        channels: vec!["conda-forge".to_owned()],
        subdirs: vec![choice.build.subdir.to_string()],
        cache: cache(around.host),
        offline: false,
        progress: false, // its standard error is read
        patience: PATIENCE,
        question: Question::Solve {
            specs: choice.specs.iter().map(ToString::to_string).collect(),
            virtual_packages: virtual_packages(answer, choice, around),
        },
    };
    let mut proof =
        Proof { argv: vec![program.display().to_string()], ..not_run(NotRun::NoSolver) };
    let text = match serde_json::to_string(&ask) {
        Ok(text) => text,
        Err(error) => {
            proof.outcome = Outcome::Broken(Broken::NotStarted(error.to_string()));
            return Ok(proof);
        }
    };
    let mut progress = Progress::new("Solving".to_owned(), around.is_watched);
    let ran = ask_live(&program, &text, deadline, &mut |took| progress.tick(took));
    drop(progress);
    proof.outcome = match ran {
        Err(failure) => Outcome::Broken(Broken::NotStarted(failure.to_string())),
        Ok(ran) => {
            proof.took = ran.took;
            match ran.end {
                WatchEnd::Exited(_) => {
                    let text = |bytes| String::from_utf8_lossy(bytes);
                    let dry_run = solved(&text(&ran.stdout), &text(&ran.stderr));
                    let verdict = verdict_of(choice, &dry_run);
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
    let sight = Sight::of(answer.machine, &answer.client.viewer());
    let mut packages: Vec<VirtualPackage> =
        sight.packages.into_iter().map(|(package, _)| package).collect();
    let names = [
        ("CONDA_OVERRIDE_CUDA", "__cuda"),
        ("CONDA_OVERRIDE_GLIBC", "__glibc"),
        ("CONDA_OVERRIDE_OSX", "__osx"),
    ];
    for (variable, name) in names {
        let Some((_, version)) = told.env.iter().find(|(other, _)| *other == variable) else {
            continue;
        };
        packages.retain(|package| package.name != name);
        if !version.is_empty() {
            let (name, version) = (name.to_owned(), version.clone());
            packages.push(VirtualPackage { name, version, build: "0".to_owned() });
        }
    }
    packages
        .iter()
        .filter(|package| !package.version.is_empty())
        .map(|VirtualPackage { name, version, build }| format!("{name}={version}={build}"))
        .collect()
}
