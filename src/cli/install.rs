//! `conda-torch install`: the printed commands, run by the user's own client, and a look at the result.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Context as _, bail};
use clap::ValueHint;

use conda_torch_core::audit::{Checkup, check};
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::{
    PROJECT_FILES, ProjectFile, ProjectKind, Step, StepKind, TargetEnvironment, activation,
    from_environment_file, in_pixi_project, into_existing_environment, removal, shell,
};
use conda_torch_core::conda::{MatchSpec, Subdir};
use conda_torch_core::diagnostics::how_to_get_a_client;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::migrate::environment::{is_base, needs_migration};
use conda_torch_core::migrate::files::{
    EnvironmentFile, FileError, FileMigration, Target, migrate_file, with_specs,
};
use conda_torch_core::report::migrate_files::MigratedFile;
use conda_torch_core::report::{self, ErrorCode, InstallReport, InstallStatus};
use conda_torch_core::resolve::Status;
use conda_torch_core::smoke_test::{SmokeTest, expected_accelerator};
use conda_torch_core::types::{Accelerator, ClientKind, Machine, Shell};
use conda_torch_host::{CommandEnd, ForegroundCommand, ForegroundOutput, run_in_foreground, save};
use conda_torch_probe::environment::{self, Location};
use conda_torch_probe::host::Host;

use crate::built_in;
use crate::text::{self, LeftEnvironment, Style};

use super::answer::Question;
use super::explain::explained;
use super::flags::{
    ChannelFlags, FormatFlags, GlobalFlags, MachineFlags, NewEnvironmentFlags, OutputFlags,
    RequestFlags, environment_flag, page_width, read_named,
};
use super::{Failure, Interrupted, Output, note, show, smoke_test};

/// The largest file of a project that is read.
const LARGEST_PROJECT_FILE: usize = 1 << 20;

const EXAMPLES: &str = "\
Examples:
  conda-torch install                         PyTorch for this machine
  conda-torch install torchvision -n work     with torchvision, in `work`
  conda-torch install --yes                   without a question, in a script
  conda-torch install --file environment.yml  into the environment of a project
  conda-torch install --machine gpu-node.json for another machine, from here

Exit codes: 0 PyTorch works, 1 failure, 2 wrong command line, 3 no build satisfies
the request, 4 installed but does not work, 5 declined";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    request: RequestFlags,
    #[command(flatten)]
    environment: NewEnvironmentFlags,
    /// Add the packages to an `environment.yml`, and install from it; keep the old file as FILE.bak
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "channel")]
    file: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    pub(super) machine: MachineFlags,
    #[command(flatten)]
    output: OutputFlags,
    #[command(flatten)]
    format: FormatFlags,
    #[command(flatten)]
    channel: ChannelFlags,
}

pub(super) fn run(args: &Args, global: &GlobalFlags, host: &dyn Host) -> anyhow::Result<Output> {
    let is_json = args.format.is_json(global)?;
    // What is named has nothing to do with the project of this folder.
    let is_named = args.environment.is_given() || args.file.is_some();
    let project = if is_named { None } else { project_file(host) };
    let is_project = |client: &ClientTarget<'_>| {
        project.as_ref().is_some_and(|project| project.client() == Some(client.kind))
    };
    let Args { request, machine, output, channel, .. } = args;
    let prefers = project.as_ref().and_then(ProjectFile::client);
    let question = Question { request, machine, output, channel, runs_here: true, prefers };
    let machine = &question.machine(host)?;
    let file = args.file.as_deref().map(|file| FileToUse::read(file, machine, host)).transpose()?;
    let packages = file.as_ref().map_or(&[][..], |file| &file.content.packages);
    let environment = |client: &ClientTarget<'_>| {
        if is_project(client) {
            return Ok(TargetEnvironment::Prefix(".".to_owned()));
        }
        let name = file.as_ref().map(|file| file.environment(args, machine, client)).transpose()?;
        args.environment.target(client, false, name.flatten())
    };
    question.answer(host, machine, packages, environment, |answer| {
        let mut run = Run {
            client: answer.client,
            machine: answer.machine,
            matrix: answer.matrix,
            shell: answer.shell,
            is_here: !args.machine.is_other_machine(),
            way_back: None,
            file: None,
            global,
            host,
            is_json,
        };
        let style = global.style(host);
        let Ok(choice) = answer.choice() else {
            let is_unknown = answer.advice.status == Status::Unknown;
            let status =
                if is_unknown { InstallStatus::Unknown } else { InstallStatus::Unsatisfiable };
            return run.output(&text::advice(&answer, style)?, &nothing(status));
        };
        let mut plan = answer.plan(choice);
        if let Some(file) = &file {
            run.file = Some(file.with_specs(&choice.specs, choice.build.subdir)?);
            plan = from_environment_file(plan, &file.path, &answer.client);
            plan = run.for_existing(plan, args.environment.is_given())?;
        }
        if let Some(ProjectFile { name, kind: ProjectKind::Pixi(pixi) }) = &project
            && is_project(&answer.client)
        {
            let subdir = choice.build.subdir;
            plan = in_pixi_project(plan, name, pixi, subdir, answer.channels, &answer.client);
        }
        let steps = run.steps(plan)?;
        let page = text::plan(&answer, choice, &steps, project.as_ref(), run.file.as_ref(), style)?;
        run.show(&page);
        run.confirmed(args.yes, &steps, choice.computes_on)
    })
}

/// An environment file to install from.
struct FileToUse {
    path: String,
    text: String,
    /// For conda-forge.
    migration: FileMigration,
    content: EnvironmentFile,
}

impl FileToUse {
    fn read(path: &str, machine: &Machine, host: &dyn Host) -> anyhow::Result<Self> {
        let because =
            |error: FileError| Failure::new(ErrorCode::Failed, format!("`{path}`: {error}"));
        let bytes = host.read(path, LARGEST_PROJECT_FILE);
        let bytes = bytes
            .with_context(|| format!("cannot read `{path}`"))
            .map_err(Failure::of(ErrorCode::Unreadable))?;
        let text =
            String::from_utf8(bytes).with_context(|| format!("`{path}` is not UTF-8 text"))?;
        let target = Target { machine: Some(machine), platform: machine.subdir.value().copied() };
        let subdir = machine.subdir.value().copied().unwrap_or(Subdir::Linux64);
        EnvironmentFile::read(&text, subdir).map_err(because)?;
        let migration = match migrate_file(path, &text, target, built_in::matrix()) {
            // The answer says why.
            Err(FileError::Unsatisfiable { .. }) => FileMigration::unchanged(&text),
            migration => migration.map_err(because)?,
        };
        let content = EnvironmentFile::read(&migration.text, subdir).map_err(because)?;
        Ok(Self { path: path.to_owned(), text, migration, content })
    }

    /// The name of its environment, if no other is given.
    fn environment(
        &self,
        args: &Args,
        machine: &Machine,
        client: &ClientTarget<'_>,
    ) -> Result<Option<&str>, Failure> {
        let path = &self.path;
        if client.kind == ClientKind::Pixi {
            let shell = args.output.shell(machine);
            let word = shell::word(path, shell).unwrap_or_else(|_| "FILE".to_owned());
            let why = format!(
                "pixi does not install from `{path}`\nhint: run `pixi init --import {word}`, or pass `--client conda`"
            );
            return Err(Failure::new(ErrorCode::FormatRefused, why));
        }
        let name = self.content.name.as_deref();
        if name.is_none() && !args.environment.is_given() {
            let why = format!("`{path}` names no environment\nhint: pass `-n NAME`");
            return Err(Failure::new(ErrorCode::Usage, why));
        }
        Ok(name.filter(|_| !args.environment.is_given()))
    }

    /// The file with what was chosen.
    fn with_specs(&self, specs: &[MatchSpec], subdir: Subdir) -> Result<MigratedFile, Failure> {
        let migration = with_specs(&self.migration, specs, subdir).map_err(|error| {
            Failure::new(ErrorCode::Failed, format!("`{}`: {error}", self.path))
        })?;
        Ok(MigratedFile {
            file: self.path.clone(),
            old: self.text.clone(),
            outcome: Ok(migration),
            backup: None,
        })
    }
}

/// The file of the working folder that lists the packages of a project.
fn project_file(host: &dyn Host) -> Option<ProjectFile> {
    PROJECT_FILES.into_iter().find_map(|name| {
        let text = String::from_utf8(host.read(name, LARGEST_PROJECT_FILE).ok()?).ok()?;
        ProjectFile::read(name, &text)
    })
}

/// Asks the user, once. Without a terminal there is nobody to ask.
pub(super) fn agrees(yes: bool, what: &str) -> anyhow::Result<bool> {
    if yes {
        return Ok(true);
    }
    let (input, stderr) = (std::io::stdin(), std::io::stderr());
    if !input.is_terminal() || !stderr.is_terminal() {
        let why = "cannot ask for confirmation without a terminal\nhint: pass `--yes` to confirm";
        bail!(Failure::new(ErrorCode::Usage, why));
    }
    let _ = write!(stderr.lock(), "{what} [y/N] ");
    let mut line = String::new();
    if input.lock().read_line(&mut line)? == 0 {
        let _ = writeln!(stderr.lock());
    }
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Commands that the user's client runs, with what the result is looked at with.
pub(super) struct Run<'a> {
    pub(super) client: ClientTarget<'a>,
    pub(super) machine: &'a Machine,
    pub(super) matrix: &'a Matrix,
    pub(super) shell: Shell,
    /// Whether the packages are for this machine.
    pub(super) is_here: bool,
    /// How to restore the environment that the commands change.
    pub(super) way_back: Option<Step>,
    /// The file to change before the commands are run.
    pub(super) file: Option<MigratedFile>,
    pub(super) global: &'a GlobalFlags,
    pub(super) host: &'a dyn Host,
    pub(super) is_json: bool,
}

impl Run<'_> {
    /// The commands of a plan to run: neither settings nor checks. Refuses to create an environment that exists:
    /// `--yes` would replace it.
    pub(super) fn steps(&self, mut steps: Vec<Step>) -> Result<Vec<Step>, Failure> {
        if self.client.found.is_none() {
            let hint = how_to_get_a_client(self.machine, self.shell);
            let why = format!("no `{}` found on this machine\nhint: {hint}", self.client.kind);
            return Err(Failure::new(ErrorCode::NoClient, why));
        }
        steps.retain(|step| !matches!(step.kind, StepKind::Configure | StepKind::Check));
        let install = steps.iter().find(|step| step.kind == StepKind::Install);
        let target = install.and_then(Step::environment);
        if self.client.kind == ClientKind::Pixi {
            // An existing project gets the packages.
            if target.is_some_and(|(_, manifest)| self.host.exists(manifest)) {
                steps.retain(|step| step.argv.get(1).is_none_or(|verb| verb != "init"));
            }
            return Ok(steps);
        }
        let is_creation = install.is_some_and(Step::is_creation);
        match target.filter(|target| is_creation && self.exists(*target)) {
            None => Ok(steps),
            Some((flag, name)) => {
                let word = shell::word(name, self.shell).unwrap_or_else(|_| "NAME".to_owned());
                let why = format!(
                    "the environment `{name}` exists\nhint: pass another name, or run `conda-torch check {flag} {word}`"
                );
                Err(Failure::new(ErrorCode::EnvironmentExists, why))
            }
        }
    }

    /// The steps of an installation from a file, for its environment if that exists. Refuses one that an update would leave
    /// with two channels' PyTorch, and a client's own that nobody named.
    fn for_existing(&self, steps: Vec<Step>, is_named: bool) -> Result<Vec<Step>, Failure> {
        let install = steps.iter().find(|step| step.kind == StepKind::Install);
        let Some(place) = install.and_then(|step| self.place(step)) else { return Ok(steps) };
        let settings = conda_torch_probe::settings(self.host, &self.machine.config_files);
        let environment = read_named(self.host, &place, &settings);
        let flag = environment_flag(&place, self.shell);
        let why = if is_base(&environment, self.machine) && !is_named {
            "the file names the base environment\nhint: pass another name with `-n NAME`".to_owned()
        } else if needs_migration(&environment) {
            format!(
                "the environment has packages of the `pytorch` channel, which an update keeps\nhint: run `conda-torch migrate {flag}`, or pass another name with `-n NAME`"
            )
        } else {
            // Another client's environment has the name for that client alone.
            let root = self.client.found.and_then(|found| found.root_prefix.as_deref());
            let target = self.host.target();
            let own = root.zip(place.name.as_deref());
            let own = own.map(|(root, name)| target.join(&target.join(root, "envs"), name));
            let prefix = (own.as_ref() != Some(&place.prefix)).then_some(place.prefix.as_str());
            return Ok(into_existing_environment(steps, prefix, &self.client));
        };
        Err(Failure::new(ErrorCode::EnvironmentExists, why))
    }

    /// Shows a page before the commands are run.
    pub(super) fn show(&self, page: &str) {
        if self.is_json {
            return note(page.trim_end());
        }
        show(page);
    }

    /// Runs the commands if the user agrees. `computes_on`: what the result must use.
    pub(super) fn confirmed(
        &self,
        yes: bool,
        steps: &[Step],
        computes_on: Accelerator,
    ) -> anyhow::Result<Output> {
        if !agrees(yes, "\nProceed?")? {
            return self.output("Nothing was changed\n", &nothing(InstallStatus::Declined));
        }
        let backup = self.file.as_ref().map(save_file).transpose()?.flatten();
        self.install(steps, computes_on, backup.as_deref())
    }

    fn exists(&self, (flag, value): (&str, &str)) -> bool {
        let is_empty = |folder| self.host.list(folder).is_ok_and(|names| names.is_empty());
        match flag {
            "-n" => environment::named(self.host, self.machine, value).is_some(),
            _ => self.host.exists(value) && !is_empty(value),
        }
    }

    fn install(
        &self,
        steps: &[Step],
        computes_on: Accelerator,
        backup: Option<&str>,
    ) -> anyhow::Result<Output> {
        let install = steps.iter().rfind(|step| step.kind == StepKind::Install);
        for (at, step) in steps.iter().enumerate() {
            let ran = run_step(step, &self.client, self.is_json)?;
            let Some(how) = ran.failure(step) else { continue };
            let place = install.and_then(|step| self.place(step));
            let removal = install
                .filter(|step| step.is_creation())
                .and_then(|step| removal(&self.client, step));
            let left = place.as_ref().map(|place| LeftEnvironment {
                prefix: &place.prefix,
                is_new: install.is_some_and(Step::is_creation),
                removal: removal.as_ref(),
                way_back: self.way_back.as_ref(),
            });
            note(&text::failed(&how, left.as_ref(), self.shell));
            self.explain(&ran.stderr, None);
            if let CommandEnd::Interrupted(signal) = ran.end {
                bail!(Interrupted(signal));
            }
            let report = InstallReport {
                prefix: place.as_ref().map(|place| place.prefix.as_str()),
                steps: &steps[..=at],
                backup,
                failure: Some(how),
                ..nothing(InstallStatus::Failed)
            };
            return self.output("", &report);
        }
        let Some((install, place)) = install.and_then(|step| Some((step, self.place(step)?)))
        else {
            bail!("the client succeeded, but the environment cannot be found");
        };
        self.look(computes_on, (steps, backup), install, &place)
    }

    /// Checks the new environment and runs kernels in it.
    fn look(
        &self,
        computes_on: Accelerator,
        (steps, backup): (&[Step], Option<&str>),
        install: &Step,
        place: &Location,
    ) -> anyhow::Result<Output> {
        let host = self.host;
        let checkup = check(environment::read(host, place), self.machine, self.matrix);
        let expected = expected_accelerator(computes_on, self.machine, self.is_here);
        let test = smoke_test::run_in(host, &place.prefix, false).inspect_err(|error| {
            if error.is::<Interrupted>() {
                note(&text::untested(&place.prefix, &environment_flag(place, self.shell)));
            }
        })?;
        let problem = test.as_ref().ok().and_then(|test| test.problem(expected));
        let used_gpu = |test: &SmokeTest| test.used().any(|device| device.kind != "cpu");
        let is_tested = expected.is_some() || test.as_ref().is_ok_and(used_gpu);
        let status = InstallStatus::of_result(&checkup, problem.as_ref(), test.is_ok(), is_tested);
        let activate = activation(&self.client, install);
        let style = self.global.style(host);
        let activate = activate.as_ref().map(|step| (step, self.shell));
        let (machine, problem_found) = (self.machine, problem.as_ref());
        let page = text::installed(
            &checkup,
            machine,
            test.as_ref(),
            problem_found,
            status,
            activate,
            style,
        );
        let report = InstallReport {
            prefix: Some(&place.prefix),
            steps,
            backup,
            findings: Some((&checkup.findings, checkup.context())),
            test: test.as_ref().ok(),
            problem,
            ..nothing(status)
        };
        let error =
            test.as_ref().map_or_else(|how| Some(how.as_str()), |test| test.error.as_deref());
        if status == InstallStatus::Broken {
            self.explain(error.unwrap_or_default(), Some(&checkup));
        }
        self.output(&page, &report)
    }

    /// Says what is known about a failure.
    fn explain(&self, output: &str, checkup: Option<&Checkup<'_>>) {
        let style = Style::plain(page_width());
        let known =
            explained(output, self.machine, checkup, &self.client, self.shell, false, style);
        note(known.unwrap_or_default().trim_end());
    }

    /// The environment of an installation, if it is there.
    fn place(&self, install: &Step) -> Option<Location> {
        let (flag, value) = install.environment()?;
        let folder = |folder: &str| {
            let place = environment::at(self.host, folder);
            self.host.exists(&self.host.target().join(&place.prefix, "conda-meta")).then_some(place)
        };
        match flag {
            "-n" => environment::named(self.host, self.machine, value),
            "-p" => folder(value),
            // The folder of a manifest.
            _ => folder(value.rsplit_once('/').map_or(".", |(folder, _)| folder)),
        }
    }

    fn output(&self, page: &str, report: &InstallReport<'_>) -> anyhow::Result<Output> {
        let code = report.status.exit_code();
        if !self.is_json {
            return Ok(Output { stdout: page.to_owned(), code });
        }
        note(page.trim_end());
        let stdout = self.global.answer(report::install(report), self.shell)?;
        Ok(Output { stdout, code })
    }
}

/// Writes a file that has changed. Returns where the old one is kept.
fn save_file(file: &MigratedFile) -> anyhow::Result<Option<String>> {
    let MigratedFile { file: path, old, outcome, .. } = file;
    let Some(migration) = outcome.as_ref().ok().filter(|migration| migration.text != *old) else {
        return Ok(None);
    };
    let backup = save(path, old.as_bytes(), migration.text.as_bytes());
    let backup = backup.map_err(|error| Failure::new(ErrorCode::Unwritable, error.to_string()))?;
    note(&format!("note: `{path}` is written; the old file is `{backup}`"));
    Ok(Some(backup))
}

/// A report of nothing done.
fn nothing(status: InstallStatus) -> InstallReport<'static> {
    InstallReport {
        status,
        prefix: None,
        steps: &[],
        backup: None,
        failure: None,
        findings: None,
        test: None,
        problem: None,
    }
}

/// A command that has ended.
pub(super) struct RanStep {
    pub(super) end: CommandEnd,
    /// The end of its stderr; empty for pixi, which draws its progress there.
    pub(super) stderr: String,
}

impl RanStep {
    /// How it failed; `None` if it did not.
    pub(super) fn failure(&self, step: &Step) -> Option<String> {
        let verb = step.argv.get(1..).unwrap_or_default();
        let words = if verb.first().is_some_and(|it| it == "env") { 2 } else { 1 };
        let verb = verb.iter().take(words).map(String::as_str).collect::<Vec<_>>().join(" ");
        let command = format!("`{} {verb}`", step.client);
        match self.end {
            CommandEnd::Exited(0) => None,
            CommandEnd::Exited(code) => Some(format!("{command} failed with exit code {code}")),
            CommandEnd::Killed(signal) => Some(format!("{command} was killed by signal {signal}")),
            CommandEnd::Interrupted(_) => Some(format!("{command} was interrupted")),
            CommandEnd::TimedOut | CommandEnd::TooLarge => Some(format!("{command} was stopped")),
        }
    }
}

/// Runs a command with the client's own progress on the terminal.
pub(super) fn run_step(
    step: &Step,
    client: &ClientTarget<'_>,
    is_json: bool,
) -> anyhow::Result<RanStep> {
    let step = step.confirmed();
    let is_client = step.argv[0] == client.kind.as_str();
    let found = client.found.filter(|_| is_client).map(|client| client.path.as_str());
    let program = found.unwrap_or(&step.argv[0]);
    let env: Vec<(&str, &str)> =
        step.env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let command = ForegroundCommand {
        program,
        arguments: &step.argv[1..],
        env: &env,
        stdout: match &step.stdout {
            Some(file) => ForegroundOutput::File(file),
            None if is_json => ForegroundOutput::Errors,
            None => ForegroundOutput::Shown,
        },
        keeps_errors: step.client != ClientKind::Pixi,
    };
    let (end, stderr) = run_in_foreground(&command).map_err(|failure| {
        Failure::new(ErrorCode::Failed, format!("cannot run `{program}`: {failure}"))
    })?;
    Ok(RanStep { end, stderr })
}
