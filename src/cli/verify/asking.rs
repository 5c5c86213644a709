//! A client that is asked what a command would do.

use std::time::Duration;

use conda_torch_core::answer::Answer;
use conda_torch_core::commands::Step;
use conda_torch_core::commands::{DryRunCommand, dry_run, lock};
use conda_torch_core::formats::pixi_toml;
use conda_torch_core::resolve::Choice;
use conda_torch_core::solve_check::{
    Promise,
    dry_run::{DryRun, keep, read},
    proof::{Broken, By, NotRun, Outcome, Proof},
    verdict,
};
use conda_torch_core::types::{Client, ClientKind};
use conda_torch_host::{TempFolder, Watch, WatchEnd, Watched, watch};
use conda_torch_probe::environment::{self, Location};

use super::super::progress::Progress;
use super::places::{Folders, folders};
use super::{Circumstances, Interrupted};

/// How large a lock file may be.
const LOCK: usize = 32 << 20;

/// Who is asked, about what.
pub(super) struct Asking<'a> {
    pub(super) client: &'a Client,
    pub(super) answer: &'a Answer<'a>,
    pub(super) choice: &'a Choice<'a>,
    pub(super) scratch: &'a TempFolder,
    pub(super) around: &'a Circumstances<'a>,
    pub(super) deadline: Duration,
}

impl Asking<'_> {
    /// Asks about an installation; with the folders that it would write to on this machine.
    pub(super) fn ask(&self, step: &Step) -> Result<(Proof, Folders), Interrupted> {
        let Self { client, answer, choice, scratch, around, deadline } = *self;
        let by = By::Client(client.kind, client.version.value().copied());
        let mut command = match command(answer, step, scratch) {
            Ok(command) => command,
            Err(why) => {
                let proof = Proof::not_run(by, NotRun::NothingFits);
                let outcome = Outcome::Broken(why);
                return Ok((Proof { outcome, ..proof }, Folders::default()));
            }
        };
        if !around.is_here {
            command = command.for_another(answer.machine, choice);
        }
        if around.offline {
            command = command.offline();
        }
        let is_existing = step.argv.get(1).is_some_and(|verb| verb == "install");
        let promise = Promise { choice, channels: answer.channels, is_existing };
        let mut proof = self.run(by, &command, &promise)?;
        if is_taken(&proof) {
            let command = command.in_folder(&scratch.path("environment"));
            proof = self.run(by, &command, &promise)?;
        }
        let mut written = Folders::default();
        // What another machine has room for is not to be seen from here.
        if around.is_here
            && let Outcome::Answered(DryRun::Would(planned), said) = &mut proof.outcome
        {
            written = folders(client, step, around, deadline)?;
            if is_existing {
                if let Some(prefix) = written.environment.clone() {
                    let there = environment::read(around.host, &Location { prefix, name: None });
                    keep(planned, there.packages);
                }
                *said = verdict(&promise, &DryRun::Would(planned.clone()));
            }
        }
        Ok((proof, written))
    }

    fn run(
        &self,
        by: By,
        command: &DryRunCommand,
        promise: &Promise<'_>,
    ) -> Result<Proof, Interrupted> {
        let Self { client, around, deadline, .. } = *self;
        let env: Vec<(&str, &str)> =
            command.env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let arguments = &command.arguments;
        let watched = Watch { program: &client.path, arguments, env: &env, stdin: "", deadline };
        let what = format!("Asking {} what it would install", client.kind);
        let mut progress = Progress::new(what, around.is_watched);
        let mut ran = watch(&watched, &mut |took| progress.tick(took));
        if ran.as_ref().is_ok_and(|ran| matches!(ran.end, WatchEnd::Killed(_))) {
            // A crash says nothing about the command, and seldom comes twice.
            ran = watch(&watched, &mut |took| progress.tick(took));
        }
        drop(progress);
        let program = std::iter::once(client.path.clone());
        let mut proof = Proof {
            argv: program.chain(arguments.iter().cloned()).collect(),
            env: env.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            ..Proof::not_run(by, NotRun::NothingFits)
        };
        match ran {
            Err(failure) => {
                proof.outcome = Outcome::Broken(Broken::NotStarted(failure.to_string()));
            }
            Ok(ran) => {
                proof.took = ran.took;
                proof.outcome = self.heard(&ran, promise)?;
            }
        }
        Ok(proof)
    }

    /// What came of it.
    fn heard(&self, ran: &Watched, promise: &Promise<'_>) -> Result<Outcome, Interrupted> {
        Ok(match ran.end {
            WatchEnd::Exited(code) => {
                let said = String::from_utf8_lossy(&ran.stdout);
                let complaint = String::from_utf8_lossy(&ran.stderr);
                // pixi's answer is the file that it wrote; without one, what it said.
                let is_pixi = self.client.kind == ClientKind::Pixi;
                let path = self.scratch.path("pixi.lock");
                let lock = is_pixi.then(|| self.around.host.read(&path, LOCK).ok()).flatten();
                let answer = lock.as_deref().map_or(said, String::from_utf8_lossy);
                let dry_run = read(self.client.kind, Some(code), &answer, &complaint);
                let verdict = verdict(promise, &dry_run);
                Outcome::Answered(dry_run, verdict)
            }
            WatchEnd::Killed(signal) => Outcome::Broken(Broken::Crashed(signal)),
            WatchEnd::TimedOut => Outcome::Broken(Broken::TimedOut(self.deadline.as_secs())),
            WatchEnd::Interrupted(signal) => return Err(Interrupted(signal)),
        })
    }
}

/// What to ask.
fn command(
    answer: &Answer<'_>,
    step: &Step,
    scratch: &TempFolder,
) -> Result<DryRunCommand, Broken> {
    if step.client != ClientKind::Pixi {
        return Ok(dry_run(step));
    }
    let manifest = pixi_toml(answer).map_err(|refused| Broken::NoFolder(refused.to_string()))?;
    let written = scratch.write("pixi.toml", &manifest);
    written.map_err(|failure| Broken::NoFolder(failure.to_string()))?;
    Ok(lock(&scratch.path("pixi.toml"), step))
}

/// Whether conda refuses because there is an environment of that name: it would have to take that one
/// away first, and does not play that through (`conda/cli/main_create.py`).
fn is_taken(proof: &Proof) -> bool {
    matches!(&proof.outcome, Outcome::Answered(DryRun::Failed(why), _) if why.contains("existing conda environment"))
}
