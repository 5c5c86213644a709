//! The client that the commands are for, asked what the printed one would do.

use std::time::Duration;

use crate::advise::Choice;
use crate::environment::{self, Place};
use crate::host::{Scratch, Watch, WatchEnd, Watched, watch};
use crate::model::{Channels, Client, ClientKind};
use crate::probe::{Overrides, probe};
use crate::render::{
    Answer, Step, StepKind,
    clients::{DryRunCommand, dry_run, lock},
    pixi_toml,
};
use crate::verify::{
    Promise, Verdict,
    dry_run::{DryRun, keep, read},
    proof::{Broken, By, NotRun, Outcome, Proof},
    verdict,
};

use super::super::progress::Progress;
use super::places::folders;
use super::{Circumstances, Interrupted};

/// How large a lock file may be.
const LOCK: usize = 32 << 20;

/// Who is asked.
pub(super) fn by(answer: &Answer<'_>) -> By {
    By::Client(answer.client.kind, answer.client.version)
}

/// Asks the client.
pub(super) fn prove(
    answer: &Answer<'_>,
    choice: &Choice<'_>,
    around: &Circumstances<'_>,
    deadline: Duration,
) -> Result<Proof, Interrupted> {
    let client = match client_here(answer, around) {
        Ok(client) => client,
        Err(why) => return Ok(Proof::not_run(by(answer), why)),
    };
    let steps = answer.plan(choice);
    let Some(step) = steps.iter().find(|step| step.kind == StepKind::Install) else {
        return Ok(Proof::not_run(by(answer), NotRun::NothingFits));
    };
    let asked_by = By::Client(client.kind, client.version.value().copied());
    let scratch = match Scratch::new() {
        Ok(scratch) => scratch,
        Err(failure) => {
            let outcome = Outcome::Broken(Broken::NoFolder(failure.to_string()));
            return Ok(Proof { outcome, ..Proof::not_run(asked_by, NotRun::NothingFits) });
        }
    };
    let mut command = match command(answer, step, &scratch) {
        Ok(command) => command,
        Err(why) => {
            let outcome = Outcome::Broken(why);
            return Ok(Proof { outcome, ..Proof::not_run(asked_by, NotRun::NothingFits) });
        }
    };
    if !around.is_here {
        command = command.for_another(answer.machine, choice);
    }
    let asking = Asking {
        client: &client,
        choice,
        channels: answer.channels,
        scratch: &scratch,
        around,
        deadline,
    };
    let mut proof = asking.ask(asked_by, &command)?;
    if is_taken(&proof) {
        let command = command.in_folder(&scratch.path("environment"));
        proof = asking.ask(asked_by, &command)?;
    }
    // What another machine has room for is not to be seen from here.
    if around.is_here
        && let Outcome::Answered(DryRun::Would(planned), verdict) = &mut proof.outcome
    {
        let folders = folders(&client, step, around, deadline)?;
        if step.argv.get(1).is_some_and(|verb| verb == "install") {
            if let Some(prefix) = folders.environment.clone() {
                let there = environment::read(around.host, &Place { prefix, name: None });
                keep(planned, there.packages);
            }
            *verdict = verdict_of(choice, answer.channels, &DryRun::Would(planned.clone()));
        }
        proof.places = folders.places();
    }
    Ok(proof)
}

/// The client's program on this very machine. What a document says of another is not run here.
fn client_here(answer: &Answer<'_>, around: &Circumstances<'_>) -> Result<Client, NotRun> {
    let kind = answer.client.kind;
    if around.is_here {
        let kinds = || answer.machine.clients.iter().map(|client| client.kind).collect();
        return answer.client.found.cloned().ok_or_else(|| NotRun::NoClient(kinds()));
    }
    let clients = probe(around.host, &Overrides::default()).clients;
    let kinds = clients.iter().map(|client| client.kind).collect();
    clients.into_iter().find(|client| client.kind == kind).ok_or(NotRun::NoClient(kinds))
}

/// What to ask it.
fn command(answer: &Answer<'_>, step: &Step, scratch: &Scratch) -> Result<DryRunCommand, Broken> {
    if step.client != ClientKind::Pixi {
        return Ok(dry_run(step));
    }
    let manifest = pixi_toml(answer).map_err(|refused| Broken::NoFolder(refused.to_string()))?;
    let written = scratch.write("pixi.toml", &manifest);
    written.map_err(|failure| Broken::NoFolder(failure.to_string()))?;
    Ok(lock(&scratch.path("pixi.toml"), step))
}

/// A client that is being asked.
struct Asking<'a> {
    client: &'a Client,
    choice: &'a Choice<'a>,
    channels: &'a Channels,
    scratch: &'a Scratch,
    around: &'a Circumstances<'a>,
    deadline: Duration,
}

impl Asking<'_> {
    fn ask(&self, by: By, command: &DryRunCommand) -> Result<Proof, Interrupted> {
        let Self { client, around, deadline, .. } = *self;
        let env: Vec<(&str, &str)> =
            command.env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let arguments = &command.arguments;
        let watched = Watch { program: &client.path, arguments, env: &env, stdin: "", deadline };
        let what = format!("Asking {} what it would install", client.kind);
        let mut progress = Progress::new(what, around.is_watched);
        let ran = watch(&watched, &mut |took| progress.tick(took));
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
                proof.outcome = self.heard(&ran)?;
            }
        }
        Ok(proof)
    }

    /// What came of it.
    fn heard(&self, ran: &Watched) -> Result<Outcome, Interrupted> {
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
                let verdict = verdict_of(self.choice, self.channels, &dry_run);
                Outcome::Answered(dry_run, verdict)
            }
            WatchEnd::Killed(signal) => Outcome::Broken(Broken::Crashed(signal)),
            WatchEnd::TimedOut => Outcome::Broken(Broken::TimedOut(self.deadline.as_secs())),
            WatchEnd::Interrupted(signal) => return Err(Interrupted(signal)),
        })
    }
}

/// What that says about the advice.
pub(super) fn verdict_of(choice: &Choice<'_>, channels: &Channels, dry_run: &DryRun) -> Verdict {
    verdict(&Promise { choice, channels, is_strict: true }, dry_run)
}

/// Whether conda refuses because there is an environment of that name: it would have to take that one
/// away first, and does not play that through (`conda/cli/main_create.py`).
fn is_taken(proof: &Proof) -> bool {
    matches!(&proof.outcome, Outcome::Answered(DryRun::Failed(why), _) if why.contains("existing conda environment"))
}
