//! Verification by the client: a dry run of the printed command.

use std::time::Duration;

use conda_torch_core::answer::Answer;
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::{DryRunCommand, Step, StepKind, dry_run, dry_run_of_file, lock};
use conda_torch_core::conda::masked;
use conda_torch_core::formats::{environment_yml, pixi_toml};
use conda_torch_core::solve_check::dry_run::{DryRun, keep, read};
use conda_torch_core::solve_check::outcome::{
    FolderContents, NoAnswer, SolveCheck, SolveSetting, SolvedBy, WriteFolder,
};
use conda_torch_core::solve_check::{Expectation, ProofStatus, folders, verdict};
use conda_torch_core::types::{Client, ClientKind};
use conda_torch_host::{Command, CommandEnd, TempFolder, disk_space, run_command};
use conda_torch_probe::environment::{self, Location};
use conda_torch_probe::host::Host;
use conda_torch_probe::{Overrides, probe};

use super::{Printed, Task, VerifyContext, ended};
use crate::cli::Interrupted;
use crate::cli::progress::Progress;

const INFO_DEADLINE: Duration = Duration::from_mins(1);

/// The largest lock file, in bytes.
const LOCK_LIMIT: usize = 32 << 20;

/// Runs the client. If its reply suggests a correction, the corrected command is tried too.
pub(super) fn verify(task: &Task<'_>) -> Result<SolveCheck, Interrupted> {
    let Task { answer, choice, context, .. } = *task;
    let by = SolvedBy::Client(answer.client.kind, answer.client.version);
    let client = match client_here(answer, context) {
        Ok(client) => client,
        Err(why) => return Ok(SolveCheck::new(by, Err(why))),
    };
    let steps = answer.plan(choice);
    let Some(step) = steps.iter().find(|step| step.kind == StepKind::Install) else {
        return Ok(SolveCheck::new(by, Err(NoAnswer::NothingFits)));
    };
    let by = SolvedBy::Client(client.kind, client.version.value().copied());
    let is_other_system = context.host.target().os() != Some(choice.build.subdir.os());
    if is_other_system && ClientTarget::installed(&client).sees_own_system_only() {
        return Ok(SolveCheck::new(by, Err(NoAnswer::OtherSystem)));
    }
    let scratch = match TempFolder::new() {
        Ok(scratch) => scratch,
        Err(failure) => {
            return Ok(SolveCheck::new(by, Err(NoAnswer::NoFolder(failure.to_string()))));
        }
    };
    let verifier = Verifier { client: &client, by, scratch: &scratch, task };
    let (mut proof, folders) = verifier.verify(step)?;
    proof.places = folders.into_iter().filter_map(with_space).collect();
    proof.settings = solve_settings(context.host, client.kind);
    if context.printed == Printed::EnvironmentYml {
        // The file has no flags that a correction could change.
        return Ok(proof);
    }
    let corrections = proof.verdict().map(|verdict| verdict.corrections.as_slice());
    if let Some(step) = answer.corrected(choice, corrections.unwrap_or_default()) {
        let verdict = verifier.verify(&step)?.0.verdict().map(|verdict| verdict.status);
        proof.corrected = verdict == Some(ProofStatus::Verified);
    }
    Ok(proof)
}

/// The client on this machine; clients in the description of another machine cannot be run.
fn client_here(answer: &Answer<'_>, context: &VerifyContext<'_>) -> Result<Client, NoAnswer> {
    let kind = answer.client.kind;
    let (found, clients) = if context.is_this_machine {
        (answer.client.found.cloned(), answer.machine.clients.clone())
    } else {
        let clients = probe(context.host, &Overrides::default()).clients;
        (clients.iter().find(|client| client.kind == kind).cloned(), clients)
    };
    let others = clients.iter().map(|client| client.kind).collect();
    found.ok_or(NoAnswer::NoClient { kind, others })
}

/// The settings of this machine that add requests to each solve of a client. conda's variables separate theirs by `&`.
fn solve_settings(host: &dyn Host, client: ClientKind) -> Vec<SolveSetting> {
    if client == ClientKind::Pixi {
        return Vec::new();
    }
    let keys = ["pinned_packages", "create_default_packages"];
    let files = conda_torch_probe::find_settings(host);
    let of_files = files.iter().flat_map(|file| {
        let lines = file.lines.iter().filter(|line| keys.contains(&line.key.as_str()));
        lines.map(|line| SolveSetting {
            place: format!("{}:{}", file.path, line.line),
            key: line.key.clone(),
            spec: line.value.to_string(),
        })
    });
    let of_variables = keys.iter().flat_map(|key| {
        let place = format!("CONDA_{}", key.to_ascii_uppercase());
        let value = host.env(&place).unwrap_or_default();
        let specs: Vec<SolveSetting> = (value.split('&').map(str::trim))
            .filter(|spec| !spec.is_empty())
            .map(|spec| SolveSetting {
                place: place.clone(),
                key: (*key).to_owned(),
                spec: masked(spec),
            })
            .collect();
        specs
    });
    of_variables.chain(of_files).collect()
}

type Folder = (FolderContents, String);

fn with_space((contents, path): Folder) -> Option<WriteFolder> {
    let space = disk_space(&path).ok()?;
    Some(WriteFolder { contents, path, free: space.free, file_system: space.file_system })
}

struct Verifier<'a> {
    client: &'a Client,
    by: SolvedBy,
    scratch: &'a TempFolder,
    task: &'a Task<'a>,
}

impl Verifier<'_> {
    /// Runs an installation as a dry run; also returns the folders that it would write to on this machine.
    fn verify(&self, step: &Step) -> Result<(SolveCheck, Vec<Folder>), Interrupted> {
        let Task { answer, choice, context, .. } = *self.task;
        let mut command = match self.command(step) {
            Ok(Some(command)) => command,
            Ok(None) => {
                return Ok((SolveCheck::new(self.by, Err(NoAnswer::NoFileDryRun)), Vec::new()));
            }
            Err(why) => {
                let why = NoAnswer::NoFolder(why.to_string());
                return Ok((SolveCheck::new(self.by, Err(why)), Vec::new()));
            }
        };
        if !context.is_this_machine {
            command = command.for_another(answer.machine, choice);
        }
        if context.offline {
            command = command.offline();
        }
        let is_existing = context.printed == Printed::Commands
            && step.argv.get(1).is_some_and(|verb| verb == "install");
        let expectation = Expectation { choice, channels: answer.channels, is_existing };
        let mut proof = self.run(&command, &expectation)?;
        // conda would have to remove an existing environment first (`conda/cli/main_create.py`).
        let is_refused = matches!(&proof.outcome, Ok((DryRun::Failed(why), _))
            if why.contains("existing conda environment"));
        if is_refused {
            let command = command.in_folder(&self.scratch.path("environment"));
            proof = self.run(&command, &expectation)?;
        }
        let Ok((DryRun::Planned(planned), found)) = &mut proof.outcome else {
            return Ok((proof, Vec::new()));
        };
        if !context.is_this_machine {
            return Ok((proof, Vec::new()));
        }
        let folders = self.folders(step)?;
        if is_existing {
            let mut folders = folders.iter();
            if let Some((_, prefix)) = folders.find(|it| it.0 == FolderContents::Environment) {
                let place = Location { prefix: prefix.clone(), name: None };
                keep(planned, environment::read(context.host, &place).packages);
            }
            *found = verdict(&expectation, &DryRun::Planned(planned.clone()));
        }
        Ok((proof, folders))
    }

    /// The command of the dry run. pixi solves a manifest instead of a command. `None` if the client cannot solve the
    /// file that is printed.
    fn command(&self, step: &Step) -> anyhow::Result<Option<DryRunCommand>> {
        let Task { answer, context, .. } = *self.task;
        if context.printed == Printed::EnvironmentYml {
            let (name, folder) = ("environment.yml", self.scratch.path("environment"));
            let client = ClientTarget::installed(self.client);
            // Another machine's client may be older and know other words.
            let answer = Answer { client, ..answer.clone() };
            self.scratch.write(name, &environment_yml(&answer)?)?;
            return Ok(dry_run_of_file(&self.scratch.path(name), &folder, &client, step));
        }
        if step.client != ClientKind::Pixi {
            return Ok(Some(dry_run(step)));
        }
        self.scratch.write("pixi.toml", &pixi_toml(answer)?)?;
        Ok(Some(lock(&self.scratch.path("pixi.toml"), step)))
    }

    fn folders(&self, step: &Step) -> Result<Vec<Folder>, Interrupted> {
        let arguments = ["info", "--json"].map(str::to_owned);
        let (program, deadline) = (&self.client.path, self.task.deadline.min(INFO_DEADLINE));
        let command = Command { program, arguments: &arguments, env: &[], stdin: "", deadline };
        let Ok(ran) = run_command(&command, &mut |_| {}) else { return Ok(Vec::new()) };
        if let CommandEnd::Interrupted(signal) = ran.end {
            return Err(Interrupted(signal));
        }
        let (packages, environments) = folders::read(&ran.stdout);
        let target = self.task.context.host.target();
        let mut words = step.argv.iter().skip_while(|word| *word != "-n" && *word != "-p");
        let environment = match (words.next().map(String::as_str), words.next()) {
            (Some("-p"), Some(folder)) => Some(folder.clone()),
            (Some("-n"), Some(name)) => environments.map(|folder| target.join(&folder, name)),
            // pixi's environment is next to its manifest, in the current folder.
            (_, _) => Some(".".to_owned()),
        };
        let packages = packages.map(|path| (FolderContents::Packages, path));
        let environment = environment.map(|path| (FolderContents::Environment, path));
        Ok(packages.into_iter().chain(environment).collect())
    }

    fn run(
        &self,
        command: &DryRunCommand,
        expectation: &Expectation<'_>,
    ) -> Result<SolveCheck, Interrupted> {
        let client = self.client;
        let Task { context, deadline, .. } = *self.task;
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
        let mut proof = match ended(ran.map_err(Into::into), deadline)? {
            Err(why) => SolveCheck::new(self.by, Err(why)),
            Ok((ran, code)) => {
                // pixi's answer is the lock file; without one, its output.
                let is_pixi = client.kind == ClientKind::Pixi;
                let path = self.scratch.path("pixi.lock");
                let lock = is_pixi.then(|| context.host.read(&path, LOCK_LIMIT).ok()).flatten();
                let text = |bytes| String::from_utf8_lossy(bytes);
                let reply = text(lock.as_deref().unwrap_or(&ran.stdout));
                let dry_run = read(client.kind, Some(code), &reply, &text(&ran.stderr));
                let verdict = verdict(expectation, &dry_run);
                let proof = SolveCheck::new(self.by, Ok((dry_run, verdict)));
                SolveCheck { took: ran.took, ..proof }
            }
        };
        proof.argv = std::iter::once(&client.path).chain(arguments).cloned().collect();
        proof.env = env.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Ok(proof)
    }
}
