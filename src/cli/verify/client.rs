//! Verification by the client: a dry run of the printed command.

use std::time::Duration;

use conda_torch_core::answer::Answer;
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::{DryRunCommand, Step, StepKind, dry_run, lock};
use conda_torch_core::formats::pixi_toml;
use conda_torch_core::resolve::Choice;
use conda_torch_core::solve_check::{
    Expectation,
    dry_run::{DryRun, keep, read},
    folders::Folders,
    outcome::{
        FolderContents, NotRunReason, RunError, SolveCheck, SolveOutcome, SolvedBy, WriteFolder,
    },
    verdict,
};
use conda_torch_core::types::{Client, ClientKind};
use conda_torch_host::{Command, CommandEnd, CommandOutput, TempFolder, disk_space, run_command};
use conda_torch_probe::environment::{self, Location};
use conda_torch_probe::{Overrides, probe};

use super::{VerifyContext, exit_code};
use crate::cli::Interrupted;
use crate::cli::progress::Progress;

/// Time limit of `info --json`.
const INFO_DEADLINE: Duration = Duration::from_mins(1);

/// The largest lock file, in bytes.
const LOCK_LIMIT: usize = 32 << 20;

/// The client of the answer as the verifier.
pub(super) fn by(answer: &Answer<'_>) -> SolvedBy {
    SolvedBy::Client(answer.client.kind, answer.client.version)
}

/// Runs the client. If its reply suggests a correction, the corrected command is tried too.
pub(super) fn verify(
    answer: &Answer<'_>,
    choice: &Choice<'_>,
    context: &VerifyContext<'_>,
    deadline: Duration,
) -> Result<SolveCheck, Interrupted> {
    let client = match client_here(answer, context) {
        Ok(client) => client,
        Err(why) => return Ok(SolveCheck::not_run(by(answer), why)),
    };
    let steps = answer.plan(choice);
    let Some(step) = steps.iter().find(|step| step.kind == StepKind::Install) else {
        return Ok(SolveCheck::not_run(by(answer), NotRunReason::NothingFits));
    };
    let by = SolvedBy::Client(client.kind, client.version.value().copied());
    let is_other_system = context.host.target().os() != Some(choice.build.subdir.os());
    if is_other_system && ClientTarget::installed(&client).sees_own_system_only() {
        return Ok(SolveCheck::not_run(by, NotRunReason::OtherSystem));
    }
    let scratch = match TempFolder::new() {
        Ok(scratch) => scratch,
        Err(failure) => return Ok(broken(by, RunError::NoFolder(failure.to_string()))),
    };
    let verifier =
        Verifier { client: &client, by, answer, choice, scratch: &scratch, context, deadline };
    let (mut proof, folders) = verifier.verify(step)?;
    proof.places = folders.free_space();
    if let SolveOutcome::Answered(_, verdict) = &proof.outcome
        && let Some(step) = answer.corrected(choice, &verdict.corrections)
    {
        proof.corrected = verifier.verify(&step)?.0.is_confirmed();
    }
    Ok(proof)
}

/// The client on this machine; clients in the description of another machine cannot be run.
fn client_here(answer: &Answer<'_>, context: &VerifyContext<'_>) -> Result<Client, NotRunReason> {
    let kinds = |clients: &[Client]| clients.iter().map(|client| client.kind).collect();
    if context.is_this_machine {
        let found = answer.client.found.cloned();
        return found.ok_or_else(|| NotRunReason::NoClient(kinds(&answer.machine.clients)));
    }
    let mut clients = probe(context.host, &Overrides::default()).clients;
    match clients.iter().position(|client| client.kind == answer.client.kind) {
        Some(at) => Ok(clients.swap_remove(at)),
        None => Err(NotRunReason::NoClient(kinds(&clients))),
    }
}

fn broken(by: SolvedBy, why: RunError) -> SolveCheck {
    SolveCheck {
        outcome: SolveOutcome::Broken(why),
        ..SolveCheck::not_run(by, NotRunReason::NothingFits)
    }
}

/// The folders that a client would write to, if known.
#[derive(Default)]
struct WriteFolders {
    packages: Option<String>,
    environment: Option<String>,
}

impl WriteFolders {
    /// Their free space, if known.
    fn free_space(self) -> Vec<WriteFolder> {
        let all = [
            (FolderContents::Packages, self.packages),
            (FolderContents::Environment, self.environment),
        ];
        let place = |(contents, path): (FolderContents, Option<String>)| {
            let path = path?;
            let space = disk_space(&path).ok()?;
            Some(WriteFolder { contents, path, free: space.free, file_system: space.file_system })
        };
        all.into_iter().filter_map(place).collect()
    }
}

/// A client, and the answer that it verifies.
struct Verifier<'a> {
    client: &'a Client,
    by: SolvedBy,
    answer: &'a Answer<'a>,
    choice: &'a Choice<'a>,
    scratch: &'a TempFolder,
    context: &'a VerifyContext<'a>,
    deadline: Duration,
}

impl Verifier<'_> {
    /// Runs an installation as a dry run; also returns the folders that it would write to on this machine.
    fn verify(&self, step: &Step) -> Result<(SolveCheck, WriteFolders), Interrupted> {
        let Self { answer, choice, scratch, context, .. } = *self;
        let mut command = match self.command(step) {
            Ok(command) => command,
            Err(why) => return Ok((broken(self.by, why), WriteFolders::default())),
        };
        if !context.is_this_machine {
            command = command.for_another(answer.machine, choice);
        }
        if context.offline {
            command = command.offline();
        }
        let is_existing = step.argv.get(1).is_some_and(|verb| verb == "install");
        let expectation = Expectation { choice, channels: answer.channels, is_existing };
        let mut proof = self.run(&command, &expectation)?;
        if is_refused_for_name(&proof) {
            let command = command.in_folder(&scratch.path("environment"));
            proof = self.run(&command, &expectation)?;
        }
        let mut written = WriteFolders::default();
        if context.is_this_machine
            && let SolveOutcome::Answered(DryRun::Planned(planned), found) = &mut proof.outcome
        {
            written = self.folders(step)?;
            if is_existing {
                if let Some(prefix) = written.environment.clone() {
                    let place = Location { prefix, name: None };
                    keep(planned, environment::read(context.host, &place).packages);
                }
                *found = verdict(&expectation, &DryRun::Planned(planned.clone()));
            }
        }
        Ok((proof, written))
    }

    /// The command of the dry run. pixi solves a manifest instead of a command.
    fn command(&self, step: &Step) -> Result<DryRunCommand, RunError> {
        if step.client != ClientKind::Pixi {
            return Ok(dry_run(step));
        }
        let manifest = pixi_toml(self.answer).map_err(|why| RunError::NoFolder(why.to_string()))?;
        let written = self.scratch.write("pixi.toml", &manifest);
        written.map_err(|failure| RunError::NoFolder(failure.to_string()))?;
        Ok(lock(&self.scratch.path("pixi.toml"), step))
    }

    /// Asks the client for the folders that it would write to.
    fn folders(&self, step: &Step) -> Result<WriteFolders, Interrupted> {
        let arguments = ["info", "--json"].map(str::to_owned);
        let (program, deadline) = (&self.client.path, self.deadline.min(INFO_DEADLINE));
        let command = Command { program, arguments: &arguments, env: &[], stdin: "", deadline };
        let Ok(ran) = run_command(&command, &mut |_| {}) else {
            return Ok(WriteFolders::default());
        };
        if let CommandEnd::Interrupted(signal) = ran.end {
            return Err(Interrupted(signal));
        }
        let Folders { packages, environments } = Folders::read(&ran.stdout);
        let target = self.context.host.target();
        let mut words = step.argv.iter().skip_while(|word| *word != "-n" && *word != "-p");
        let environment = match (words.next().map(String::as_str), words.next()) {
            (Some("-p"), Some(folder)) => Some(folder.clone()),
            (Some("-n"), Some(name)) => environments.map(|folder| target.join(&folder, name)),
            // pixi's environment is next to its manifest, in the current folder.
            (_, _) => Some(".".to_owned()),
        };
        Ok(WriteFolders { packages, environment })
    }

    fn run(
        &self,
        command: &DryRunCommand,
        expectation: &Expectation<'_>,
    ) -> Result<SolveCheck, Interrupted> {
        let Self { client, context, deadline, .. } = *self;
        let env: Vec<(&str, &str)> =
            command.env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let arguments = &command.arguments;
        let watched = Command { program: &client.path, arguments, env: &env, stdin: "", deadline };
        let what = format!("Solving with {}", client.kind);
        let mut progress = Progress::new(what, context.shows_progress);
        let mut ran = run_command(&watched, &mut |took| progress.tick(took));
        if ran.as_ref().is_ok_and(|ran| matches!(ran.end, CommandEnd::Killed(_))) {
            // A crash says nothing about the command, and rarely happens twice.
            ran = run_command(&watched, &mut |took| progress.tick(took));
        }
        drop(progress);
        let (took, outcome) = match ran {
            Ok(ran) => (ran.took, self.outcome(&ran, expectation)?),
            Err(failure) => {
                (Duration::ZERO, SolveOutcome::Broken(RunError::NotStarted(failure.to_string())))
            }
        };
        let program = std::iter::once(client.path.clone());
        Ok(SolveCheck {
            argv: program.chain(arguments.iter().cloned()).collect(),
            env: env.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            took,
            outcome,
            ..SolveCheck::not_run(self.by, NotRunReason::NothingFits)
        })
    }

    fn outcome(
        &self,
        ran: &CommandOutput,
        expectation: &Expectation<'_>,
    ) -> Result<SolveOutcome, Interrupted> {
        let code = match exit_code(ran.end, self.deadline)? {
            Ok(code) => code,
            Err(why) => return Ok(SolveOutcome::Broken(why)),
        };
        let stderr = String::from_utf8_lossy(&ran.stderr);
        // pixi's answer is the lock file; without one, its output.
        let is_pixi = self.client.kind == ClientKind::Pixi;
        let path = self.scratch.path("pixi.lock");
        let lock = is_pixi.then(|| self.context.host.read(&path, LOCK_LIMIT).ok()).flatten();
        let answer = String::from_utf8_lossy(lock.as_deref().unwrap_or(&ran.stdout));
        let dry_run = read(self.client.kind, Some(code), &answer, &stderr);
        let verdict = verdict(expectation, &dry_run);
        Ok(SolveOutcome::Answered(dry_run, verdict))
    }
}

/// Whether conda refuses because the environment exists: it would have to remove that one first
/// (`conda/cli/main_create.py`).
fn is_refused_for_name(proof: &SolveCheck) -> bool {
    matches!(&proof.outcome, SolveOutcome::Answered(DryRun::Failed(why), _) if why.contains("existing conda environment"))
}
