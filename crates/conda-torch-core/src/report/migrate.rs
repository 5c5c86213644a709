//! A migration as one JSON document.

use serde::Serialize;

use crate::answer::{Answer, Style};
use crate::clients::ClientTarget;
use crate::commands::{self, MigrationSteps, TargetEnvironment};
use crate::conda::CONDA_FORGE;
use crate::matrix::Matrix;
use crate::migrate::environment::{
    Migration, MigrationPlan, Obstacle, PackageMigration, RequestedFrom, Settings, SettingsAction,
    SettingsFinding as Found,
    words::{change, fate, obstacle, reason, setting_sentence, specs},
};
use crate::types::{CondarcLine, Date, Machine};

use super::advise::{
    ChoiceText, Command, DiagnosticText, ErrorText, MatrixDate, RequestText, Say, Tool, command,
    request_text,
};

/// The migration of an environment.
#[must_use]
pub fn environment(answer: &MigrationAnswer<'_>) -> String {
    let migration = answer.migration;
    let advice = &migration.target.advice;
    let parts = answer.answer();
    let say = Say { answer: &parts };
    let plan = migration.plan.as_ref().filter(|_| migration.is_needed);
    let choice = advice.recommended.as_ref().filter(|_| migration.is_needed);
    let (status, exit_code) = match (migration.is_needed, plan) {
        (false, _) => ("nothing-to-do", 0),
        (true, Some(_)) => ("ok", 0),
        (true, None) => ("unsatisfiable", 3),
    };
    let steps = answer.steps();
    let pip = |plan: &MigrationPlan| {
        plan.pip.iter().map(|p| format!("{}=={}", p.name, p.version)).collect()
    };
    write(&Document {
        status,
        exit_code,
        machine: Some(answer.machine),
        environment: Some(environment_text(answer)),
        request: Some(request_text(&migration.target.request)),
        recommendation: choice.map(|choice| say.choice(choice)),
        asked: plan.iter().flat_map(|plan| plan.entries.iter().map(entry)).collect(),
        changes: migration.target.changes.iter().map(|it| said(change(it))).collect(),
        new: plan.map(|plan| NewText {
            channels: std::iter::once("conda-forge".to_owned())
                .chain(plan.channels.clone())
                .collect(),
            specs: plan.specs.clone(),
            pip: pip(plan),
            pip_left_out: plan.pip_left_out.clone(),
            commands: steps.new.iter().map(command).collect(),
        }),
        in_place: plan.map(|plan| InPlaceText {
            obstacles: obstacles(&plan.obstacles, &migration.environment.prefix),
            remove: plan.in_place.remove.clone(),
            dependents: plan.in_place.dependents.clone(),
            specs: plan.in_place.specs.clone(),
            commands: steps.in_place.iter().map(command).collect(),
            way_back: steps.way_back.as_ref().map(command),
        }),
        diagnostics: advice.diagnostics.iter().map(|remark| say.diagnostic(remark)).collect(),
        ..empty(answer.as_of)
    })
}

/// The configuration.
#[must_use]
pub fn settings(answer: &SettingsAnswer<'_>) -> String {
    let found: &Settings = answer.settings;
    let steps = commands::settings(answer.machine, found, &answer.client);
    let unreadable = found.unreadable.iter();
    write(&Document {
        status: if steps.is_empty() && found.findings.is_empty() { "nothing-to-do" } else { "ok" },
        machine: Some(answer.machine),
        settings: Some(SettingsText {
            findings: found.findings.iter().map(finding).collect(),
            unreadable: unreadable
                .map(|(path, problem)| Said { code: path.clone(), message: problem.clone() })
                .collect(),
            commented: found.commented.clone(),
            commands: steps.iter().map(command).collect(),
        }),
        ..empty(answer.as_of)
    })
}

/// The document of a run that failed.
#[must_use]
pub fn error(text: &str, exit_code: u8, as_of: Date) -> String {
    let error = Some(ErrorText { message: text });
    write(&Document { status: "error", exit_code, error, ..empty(as_of) })
}

fn empty(as_of: Date) -> Document<'static> {
    Document {
        format_version: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        matrix: MatrixDate { channel: "conda-forge", as_of },
        status: "ok",
        exit_code: 0,
        error: None,
        machine: None,
        environment: None,
        request: None,
        recommendation: None,
        asked: Vec::new(),
        changes: Vec::new(),
        new: None,
        in_place: None,
        settings: None,
        diagnostics: Vec::new(),
    }
}

fn write(document: &Document<'_>) -> String {
    let mut text = serde_json::to_string_pretty(document)
        .expect("strings, numbers and maps with string keys always serialise");
    text.push('\n');
    text
}

fn environment_text<'a>(answer: &MigrationAnswer<'a>) -> EnvironmentText<'a> {
    let migration = answer.migration;
    let count =
        |(channel, packages): &(&'a str, usize)| ChannelCount { channel, packages: *packages };
    EnvironmentText {
        prefix: &migration.environment.prefix,
        name: migration.environment.name.as_deref(),
        channels: migration.origins.iter().map(count).collect(),
        pip: migration.environment.pip.len(),
        asked_from: match migration.requested.from {
            RequestedFrom::History => "history",
            RequestedFrom::Export => "export",
            RequestedFrom::Leaves => "leaves",
        },
        problems: migration
            .environment
            .problems
            .iter()
            .map(|it| Said { code: it.source.clone(), message: it.detail.clone() })
            .collect(),
    }
}

fn entry(entry: &PackageMigration) -> EntryText {
    EntryText {
        spec: entry.spec.to_string(),
        fate: fate(&entry.outcome),
        specs: specs(&entry.outcome),
        reason: reason(entry).map(said),
    }
}

fn said((code, message): (&'static str, String)) -> Said {
    Said { code: code.to_owned(), message }
}

fn obstacles(obstacles: &[Obstacle], prefix: &str) -> Vec<Said> {
    obstacles.iter().map(|it| said(obstacle(it, prefix))).collect()
}

fn finding(found: &Found) -> FindingText {
    let used_by = match &found.verdict {
        SettingsAction::Remove { used_by } => used_by.clone(),
        SettingsAction::Manual(_) | SettingsAction::Keep => Vec::new(),
    };
    FindingText {
        path: found.path.clone(),
        line: found.line.clone(),
        channel: found.kind.as_str(),
        verdict: match found.verdict {
            SettingsAction::Remove { .. } => "remove",
            SettingsAction::Manual(_) => "by-hand",
            SettingsAction::Keep => "stays",
        },
        used_by,
        message: setting_sentence(found.kind, &found.verdict, &found.line.key),
    }
}

/// The migration of an environment, with how it is to be written.
#[derive(Debug, Clone)]
pub struct MigrationAnswer<'a> {
    /// The machine that was looked at or described.
    pub machine: &'a Machine,
    /// What was planned.
    pub migration: &'a Migration<'a, 'a>,
    /// The day up to which the channel was read.
    pub as_of: Date,
    /// The client that the commands are for.
    pub client: ClientTarget<'a>,
    /// Where the packages go; unnamed: beside the old environment.
    pub environment: TargetEnvironment,
    /// The names and folders of the environments that are there.
    pub taken: &'a [String],
    /// Whether the environment itself is to be changed.
    pub in_place: bool,
    /// How the commands ask for more: the flags that name the environment.
    pub same: String,
    /// What the configuration still adds of the old channels.
    pub settings: &'a Settings,
    /// How it is to look.
    pub style: Style,
}

/// The configuration, with how it is to be written.
#[derive(Debug, Clone)]
pub struct SettingsAnswer<'a> {
    /// The machine that was looked at.
    pub machine: &'a Machine,
    /// What was found.
    pub settings: &'a Settings,
    /// The day up to which the channel was read.
    pub as_of: Date,
    /// The client that the commands are for.
    pub client: ClientTarget<'a>,
    /// How it is to look.
    pub style: Style,
}

impl<'a> MigrationAnswer<'a> {
    /// The commands.
    #[must_use]
    pub fn steps(&self) -> MigrationSteps {
        let Self { machine, migration, client, environment, taken, .. } = self;
        commands::migration(machine, migration, client, environment, taken)
    }

    /// The advice in it as an answer of its own.
    fn answer(&self) -> Answer<'a> {
        Answer {
            machine: self.machine,
            request: &self.migration.target.request,
            advice: &self.migration.target.advice,
            matrix: Matrix::embedded(),
            client: self.client,
            environment: self.environment.clone(),
            channels: &CONDA_FORGE,
            live: None,
            proof: None,
            style: self.style,
        }
    }
}

/// The one document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "conda-torch migrate --json"))]
pub(crate) struct Document<'a> {
    /// 1.
    pub format_version: u32,
    /// What wrote it.
    pub tool: Tool,
    /// What the answer was read from.
    pub matrix: MatrixDate<'static>,
    /// ok, nothing-to-do, unsatisfiable, error.
    pub status: &'static str,
    /// What the process ends with: 0 answered, 1 failed, 2 wrong command line, 3 nothing takes the
    /// environment's place on this machine.
    pub exit_code: u8,
    /// Why there is no answer; null unless `status` is `error`.
    pub error: Option<ErrorText<'a>>,
    /// What `probe --json` prints; null where the run failed before that was known.
    pub machine: Option<&'a Machine>,
    /// The environment; null for the configuration.
    pub environment: Option<EnvironmentText<'a>>,
    /// The request that the environment comes to; null for the configuration.
    pub request: Option<RequestText>,
    /// What takes PyTorch's place; null where there is nothing to do, or nothing that fits.
    pub recommendation: Option<ChoiceText>,
    /// What becomes of each package that was asked for, in their order.
    pub asked: Vec<EntryText>,
    /// What gave way: each with its code and a sentence.
    pub changes: Vec<Said>,
    /// A new environment beside the old one.
    pub new: Option<NewText>,
    /// The environment itself.
    pub in_place: Option<InPlaceText>,
    /// The configuration; null for an environment.
    pub settings: Option<SettingsText>,
    /// What to know, gravest first.
    pub diagnostics: Vec<DiagnosticText>,
}

/// An environment.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EnvironmentText<'a> {
    /// Its folder.
    pub prefix: &'a str,
    /// What a client calls it; null where only its folder names it.
    pub name: Option<&'a str>,
    /// How many packages each channel gave, most first.
    pub channels: Vec<ChannelCount<'a>>,
    /// How many packages pip installed.
    pub pip: usize,
    /// history, export, leaves: where the list `asked` was taken from.
    pub asked_from: &'static str,
    /// What could not be read, and why.
    pub problems: Vec<Said>,
}

/// A channel and how many packages it gave.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ChannelCount<'a> {
    /// The channel.
    pub channel: &'a str,
    /// How many.
    pub packages: usize,
}

/// A package that was asked for.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EntryText {
    /// As it was asked for.
    pub spec: String,
    /// kept, changed, replaced, left-out.
    pub fate: &'static str,
    /// The specs that stand for it afterwards.
    pub specs: Vec<String>,
    /// Why; null where there is nothing to say.
    pub reason: Option<Said>,
}

/// A stable name and a sentence.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Said {
    /// The name.
    pub code: String,
    /// The sentence.
    pub message: String,
}

/// A new environment.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct NewText {
    /// The channels, in order.
    pub channels: Vec<String>,
    /// All match specs.
    pub specs: Vec<String>,
    /// What pip installs again.
    pub pip: Vec<String>,
    /// What pip had of PyTorch, which conda brings now.
    pub pip_left_out: Vec<String>,
    /// What to run, in order.
    pub commands: Vec<Command>,
}

/// A change in place.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct InPlaceText {
    /// Why it is not offered; empty where it is.
    pub obstacles: Vec<Said>,
    /// What is named to be taken out.
    pub remove: Vec<String>,
    /// What goes with it because it needs something of it.
    pub dependents: Vec<String>,
    /// The match specs that are installed then.
    pub specs: Vec<String>,
    /// What to run, in order; empty where it is not offered.
    pub commands: Vec<Command>,
    /// How to get the old environment back, from the file that the first command writes.
    pub way_back: Option<Command>,
}

/// The configuration.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SettingsText {
    /// The lines that matter, the strongest file first.
    pub findings: Vec<FindingText>,
    /// Files that could not be read, and why.
    pub unreadable: Vec<Said>,
    /// Files whose comments are lost when a client rewrites them.
    pub commented: Vec<String>,
    /// What to run, in order.
    pub commands: Vec<Command>,
}

/// A line of the configuration.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FindingText {
    /// The file; null for a variable of the environment.
    pub path: Option<String>,
    /// Where it stands.
    #[serde(flatten)]
    pub line: CondarcLine,
    /// pytorch, nvidia, defaults, conda-forge, other.
    pub channel: &'static str,
    /// remove, by-hand, stays.
    pub verdict: &'static str,
    /// Environments that took packages from this channel.
    pub used_by: Vec<String>,
    /// A sentence.
    pub message: String,
}
