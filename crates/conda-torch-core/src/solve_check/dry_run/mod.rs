//! What a client says that it would do.
//!
//! conda, mamba and micromamba print one JSON object, with words before or after it; a lock file of
//! pixi is YAML. What is not understood is told as such, with a short piece of it.

mod channel_fault;
mod conda;
mod failure;
mod json_output;
mod mamba;
mod output_text;
mod pixi;
mod solver;

pub use solver::{from_fault, from_solution};

use serde::Serialize;

use crate::conda::FaultKind;
use crate::types::{ClientKind, InstalledPackage};

use json_output::{JsonOutput, Search};

/// A dry run, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DryRun {
    /// It would do this.
    Planned(Vec<PlannedPackage>),
    /// There is no solution; in the client's own words, cleaned of colours and of secrets.
    Unsolvable(String),
    /// Packages that no channel has, by name or spec.
    NotFound(Vec<String>),
    /// It could not get at the channel; in its own words.
    Network {
        /// They.
        words: String,
        /// What it was; `Other` where that is not told.
        kind: FaultKind,
    },
    /// It failed for another reason; in its own words.
    Failed(String),
    /// What it printed is not what such a client prints.
    Unreadable(String),
}

/// A package that would be there at the end.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PlannedPackage {
    /// `pytorch`.
    pub name: String,
    /// `2.13.0`.
    pub version: String,
    /// The build string.
    pub build: String,
    /// The channel's name or address, without the subdir and secrets.
    pub channel: String,
    /// The size of its archive in bytes, where the client says it.
    pub size: Option<u64>,
    /// Whether it would be downloaded; `None` where the client does not say.
    #[serde(rename = "download")]
    pub to_download: Option<bool>,
}

/// The most of a text that is looked at: a plan is some hundred kilobytes, a solver's tree megabytes.
const MOST: usize = 32 << 20;

/// Reads what a client printed. For pixi, `stdout` is the text of the lock file that it wrote.
pub fn read(client: ClientKind, code: Option<i32>, stdout: &str, stderr: &str) -> DryRun {
    if stdout.len() > MOST {
        return DryRun::Unreadable(output_text::excerpt(stdout));
    }
    match client {
        ClientKind::Pixi => pixi::read(code, stdout, stderr),
        ClientKind::Conda | ClientKind::Mamba | ClientKind::Micromamba => {
            of_json(code, stdout, stderr)
        }
    }
}

/// Adds what stays in an environment as it is: a client says what changes.
pub fn keep(planned: &mut Vec<PlannedPackage>, there: Vec<InstalledPackage>) {
    for package in there {
        if planned.iter().all(|other| other.name != package.name) {
            let InstalledPackage { name, version, build, channel, .. } = package;
            let (size, to_download) = (None, Some(false));
            planned.push(PlannedPackage { name, version, build, channel, size, to_download });
        }
    }
}

/// mamba 1 is conda with another solver, and mamba 2 is micromamba: what is there decides.
fn of_json(code: Option<i32>, stdout: &str, stderr: &str) -> DryRun {
    let text = output_text::plain(stdout);
    let said = || if text.trim().is_empty() { output_text::plain(stderr) } else { text.clone() };
    let form: JsonOutput = match json_output::find(&text) {
        Search::Output(form) => *form,
        Search::Cut => return DryRun::Unreadable(output_text::excerpt(&text)),
        Search::Nothing => {
            // A client that could not even begin says so in words.
            let said = said();
            return match (
                code,
                failure::of_failure(&output_text::plain(stderr))
                    .or_else(|| failure::of_failure(&text)),
            ) {
                (_, Some(failure)) => failure,
                (Some(0), None) => DryRun::Unreadable(output_text::excerpt(&said)),
                (_, None) if text.trim().is_empty() && !said.trim().is_empty() => {
                    DryRun::Failed(output_text::excerpt(&said))
                }
                (_, None) => DryRun::Unreadable(output_text::excerpt(&said)),
            };
        }
    };
    if form.exception_name.is_some() && form.exception_name.as_deref() != Some("DryRunExit") {
        return conda::failure(&form);
    }
    if let Some(actions) = form.actions.as_ref().filter(|_| form.success != Some(false)) {
        return DryRun::Planned(actions.planned());
    }
    if form.success == Some(true) {
        return DryRun::Planned(Vec::new());
    }
    mamba::failure(&form, &output_text::plain(stderr), &text)
}
