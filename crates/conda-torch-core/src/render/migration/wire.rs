//! The form of `migrate --json`: its keys and their order. Additions only within a `format_version`.

use serde::Serialize;

use crate::types::{CondarcLine, Machine};

use crate::render::wire::{
    ChoiceText, Command, DiagnosticText, ErrorText, MatrixDate, RequestText, Tool,
};

/// The one document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "conda-torch migrate --json"))]
pub(in super::super) struct Document<'a> {
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
pub(in super::super) struct EnvironmentText<'a> {
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
pub(in super::super) struct ChannelCount<'a> {
    /// The channel.
    pub channel: &'a str,
    /// How many.
    pub packages: usize,
}

/// A package that was asked for.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in super::super) struct EntryText {
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
pub(in super::super) struct Said {
    /// The name.
    pub code: String,
    /// The sentence.
    pub message: String,
}

/// A new environment.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in super::super) struct NewText {
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
pub(in super::super) struct InPlaceText {
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
pub(in super::super) struct SettingsText {
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
pub(in super::super) struct FindingText {
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
