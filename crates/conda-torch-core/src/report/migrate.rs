//! `migrate --json`: an environment, or with `--config` the configuration.

use serde::Serialize;

use crate::answer::Answer;
use crate::clients::ClientTarget;
use crate::commands::{self, MigrationSteps, TargetEnvironment};
use crate::matrix::Matrix;
use crate::migrate::CodeAndMessage;
use crate::migrate::environment::{
    ChannelCount, InPlace, Migration, MigrationPlan, MigrationTarget, PackageMigration,
    RequestedFrom, Settings, SettingsFinding,
};
use crate::resolve;
use crate::types::{Machine, PipPackage, Shell, SourceReport};

use super::advise::{ChoiceReport, DiagnosticReport, RequestReport, diagnostics};
use super::command::Command;
use super::{Answered, ErrorCode, MatrixDate, failed, write};

/// The migration of an environment, with what its commands are for.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names say it")]
pub struct MigrationAnswer<'a> {
    pub machine: &'a Machine,
    pub matrix: &'a Matrix,
    pub migration: &'a Migration<'a, 'a>,
    pub client: ClientTarget<'a>,
    /// Where the packages go; unnamed: beside the old environment.
    pub environment: TargetEnvironment,
    /// The names and folders of the environments that exist.
    pub taken: &'a [String],
    pub in_place: bool,
    /// The flags that name the environment, for commands that ask for more.
    pub same: String,
    /// The old channels that the configuration adds.
    pub settings: &'a Settings,
    pub shell: Shell,
}

impl<'a> MigrationAnswer<'a> {
    /// The commands.
    pub fn steps(&self) -> MigrationSteps {
        let Self { machine, migration, client, environment, taken, .. } = self;
        commands::migration(machine, migration, client, environment, taken)
    }

    /// The exit code of the process: 3 if nothing replaces the environment, 1 if that is unknown.
    pub fn exit_code(&self) -> u8 {
        let is_solved = !self.migration.is_needed || self.migration.plan.is_some();
        let is_unknown = self.migration.target.advice.status == resolve::Status::Unknown;
        if is_solved {
            0
        } else if is_unknown {
            1
        } else {
            3
        }
    }

    /// What to do: the change in place, if it was requested and is possible.
    pub fn way(&self, steps: &MigrationSteps) -> Way {
        let is_in_place = self.in_place && !steps.in_place.is_empty();
        if is_in_place { Way::InPlace } else { Way::New }
    }

    /// The advice in it as an answer of its own.
    fn answer(&self) -> Answer<'a> {
        let MigrationTarget { request, advice, .. } = &self.migration.target;
        Answer {
            client: self.client,
            environment: self.environment.clone(),
            shell: self.shell,
            ..Answer::new(self.machine, request, advice, self.matrix)
        }
    }
}

/// The configuration, with what its commands are for.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names say it")]
pub struct SettingsAnswer<'a> {
    pub machine: &'a Machine,
    pub settings: &'a Settings,
    pub client: ClientTarget<'a>,
    pub shell: Shell,
}

/// A change of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Way {
    /// A new environment beside the old one.
    New,
    /// A change of the environment itself.
    InPlace,
}

/// The answer in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) enum Status {
    /// There is something to migrate, and a way to do it.
    Ok,
    /// Nothing is left of the old channels.
    NothingToDo,
    /// Nothing on conda-forge takes the environment's place on this machine.
    Unsatisfiable,
    /// The NVIDIA driver did not answer, so what takes its place is unknown.
    Unknown,
    /// The run failed.
    Error,
}

/// What `migrate --json` prints after the beginning that all answers share.
#[derive(Debug, Serialize, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Content<'a> {
    /// The environment; null for the configuration.
    environment: Option<EnvironmentReport<'a>>,
    /// The environment as a request; null for the configuration.
    request: Option<RequestReport>,
    /// What replaces PyTorch; null if there is nothing to do, or if nothing fits.
    recommendation: Option<ChoiceReport<'a>>,
    /// The shell of the machine, or of `--shell`: the key of a command to show. Null if the run failed.
    shell: Option<Shell>,
    /// What becomes of each requested package, in their order.
    asked: &'a [PackageMigration],
    /// What could not be kept of the request.
    changes: &'a [CodeAndMessage],
    /// new, in-place: the change whose commands to run; null if there is nothing to do, or if nothing fits.
    way: Option<Way>,
    /// A new environment beside the old one.
    new: Option<NewReport<'a>>,
    /// A change of the environment itself.
    in_place: Option<InPlaceReport<'a>>,
    /// The configuration; null for an environment.
    settings: Option<SettingsReport<'a>>,
    /// What to know, most severe first.
    diagnostics: Vec<DiagnosticReport>,
}

/// Writes the migration of an environment.
pub fn environment<'a>(answer: &MigrationAnswer<'a>) -> String {
    let migration = answer.migration;
    let advice = &migration.target.advice;
    let parts = answer.answer();
    let plan = migration.plan.as_ref().filter(|_| migration.is_needed);
    let choice = advice.recommended.as_ref().filter(|_| migration.is_needed);
    let exit_code = answer.exit_code();
    let status = match exit_code {
        0 if plan.is_some() => Status::Ok,
        0 => Status::NothingToDo,
        3 => Status::Unsatisfiable,
        _ => Status::Unknown,
    };
    let steps = answer.steps();
    let problem = |it: &SourceReport| CodeAndMessage::with(it.source.clone(), it.detail.clone());
    let old = migration.environment;
    let environment = EnvironmentReport {
        prefix: &old.prefix,
        name: old.name.as_deref(),
        channels: &migration.origins,
        pip: old.pip.len(),
        asked_from: migration.requested.from,
        problems: old.problems.iter().map(problem).collect(),
    };
    let pip = |it: &PipPackage| format!("{}=={}", it.name, it.version);
    let new = |plan: &'a MigrationPlan| NewReport {
        channels: ["conda-forge"].into_iter().chain(plan.channels.iter().map(|it| &**it)).collect(),
        specs: &plan.specs,
        pip: plan.pip.iter().map(pip).collect(),
        pip_left_out: &plan.pip_left_out,
        commands: steps.new.iter().map(Command::from).collect(),
    };
    let in_place = |plan: &'a MigrationPlan| InPlaceReport {
        obstacles: &plan.obstacles,
        packages: &plan.in_place,
        commands: steps.in_place.iter().map(Command::from).collect(),
        way_back: steps.way_back.as_ref().map(Command::from),
    };
    write(Answered {
        matrix: MatrixDate::of(answer.matrix),
        status,
        exit_code,
        error: None,
        machine: Some(answer.machine),
        content: Content {
            environment: Some(environment),
            request: Some(RequestReport::from(&migration.target.request)),
            recommendation: choice.map(|choice| ChoiceReport::new(&parts, choice)),
            shell: Some(answer.shell),
            asked: plan.map_or(&[], |plan| &plan.packages),
            changes: &migration.target.changes,
            way: plan.map(|_| answer.way(&steps)),
            new: plan.map(new),
            in_place: plan.map(in_place),
            settings: None,
            diagnostics: diagnostics(&parts),
        },
    })
}

/// Writes the configuration.
pub fn settings(answer: &SettingsAnswer<'_>) -> String {
    let found = answer.settings;
    let steps = commands::settings(answer.machine, found, &answer.client);
    let nothing = steps.is_empty() && found.findings.is_empty();
    write(Answered {
        matrix: MatrixDate::of(Matrix::embedded()),
        status: if nothing { Status::NothingToDo } else { Status::Ok },
        exit_code: 0,
        error: None,
        machine: Some(answer.machine),
        content: Content {
            shell: Some(answer.shell),
            settings: Some(SettingsReport {
                findings: &found.findings,
                unreadable: &found.unreadable,
                commented: &found.commented,
                commands: steps.iter().map(Command::from).collect(),
            }),
            ..Content::default()
        },
    })
}

/// Writes the document of a run that failed.
pub fn error(text: &str, code: ErrorCode) -> String {
    failed::<_, Content<'_>>(Status::Error, text, code)
}

/// An environment.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct EnvironmentReport<'a> {
    /// Its folder.
    prefix: &'a str,
    /// The name that a client knows it by; null if only its folder names it.
    name: Option<&'a str>,
    /// How many packages each channel provided, most first.
    channels: &'a [ChannelCount<'a>],
    /// How many packages pip installed.
    pip: usize,
    /// history, export, leaves: where the list `asked` was taken from.
    asked_from: RequestedFrom,
    /// What could not be read, and why.
    problems: Vec<CodeAndMessage>,
}

/// A new environment.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct NewReport<'a> {
    /// The channels, in order.
    channels: Vec<&'a str>,
    /// All match specs.
    specs: &'a [String],
    /// The packages that pip installs again.
    pip: Vec<String>,
    /// pip's packages of PyTorch, which conda now provides.
    pip_left_out: &'a [String],
    /// The commands to run, in order.
    commands: Vec<Command>,
}

/// A change in place.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct InPlaceReport<'a> {
    /// Why it is not offered; empty if it is.
    obstacles: &'a [CodeAndMessage],
    #[serde(flatten)]
    packages: &'a InPlace,
    /// The commands to run, in order, each only if the one before succeeded; empty if it is not offered.
    commands: Vec<Command>,
    /// The command that restores the old environment, from the file of the backup.
    way_back: Option<Command>,
}

/// The configuration.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct SettingsReport<'a> {
    /// The lines that matter, the file with the highest priority first.
    findings: &'a [SettingsFinding],
    /// Files that could not be read, and why.
    unreadable: &'a [CodeAndMessage],
    /// Files that lose their comments when a client rewrites them.
    commented: &'a [String],
    /// The commands to run, in order.
    commands: Vec<Command>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conda::Subdir;
    use crate::migrate::environment::{RequestOverrides, migrate};
    use crate::types::Environment;

    #[test]
    fn a_migration_has_its_matrix() {
        let matrix = Matrix { channel: "mirror".into(), ..Matrix::embedded().clone() };
        let machine = Machine::baseline(Subdir::Linux64);
        let environment = Environment::default();
        let migration = migrate(&environment, &machine, &matrix, &RequestOverrides::default());
        let answer = MigrationAnswer {
            machine: &machine,
            matrix: &matrix,
            migration: &migration,
            client: ClientTarget::of(&machine, None),
            environment: TargetEnvironment::Unnamed,
            taken: &[],
            in_place: false,
            same: String::new(),
            settings: &Settings::default(),
            shell: Shell::Posix,
        };
        assert!(super::environment(&answer).contains("\"channel\": \"mirror\""));
    }
}
