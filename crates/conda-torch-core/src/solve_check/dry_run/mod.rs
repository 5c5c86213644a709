//! Dry runs of clients: a JSON object amid other text, or pixi's lock file.

mod failures;
mod json_output;
mod live;
mod output_text;
mod pixi;

pub use live::solved;

use std::collections::HashSet;

use serde::Serialize;

use crate::conda::FaultKind;
use crate::types::{ClientKind, InstalledPackage};

use failures::of_failure;
use json_output::Search;
use output_text::{excerpt, plain};

/// The output of a dry run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DryRun {
    /// All packages of the solved environment.
    Planned(Vec<PlannedPackage>),
    /// There is no solution: the solver's explanation, without colours and secrets.
    Unsolvable(String),
    /// Packages that no channel has, by name or spec.
    NotFound(Vec<String>),
    /// A channel could not be read.
    Network {
        /// An excerpt of the output.
        words: String,
        /// Why; `Other` if unknown.
        kind: FaultKind,
    },
    /// Another failure: an excerpt of the output.
    Failed(String),
    /// Output in an unknown format: an excerpt.
    Unreadable(String),
}

/// A package of the solved environment.
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
    /// The size of its archive in bytes, if known.
    pub size: Option<u64>,
    /// Whether it would be downloaded, if known.
    #[serde(rename = "download")]
    pub to_download: Option<bool>,
}

/// The longest output that is read: a plan has some hundred kilobytes, a solver's explanation megabytes.
const MOST: usize = 32 << 20;

/// Reads a client's output. For pixi, `stdout` is its lock file.
pub fn read(client: ClientKind, code: Option<i32>, stdout: &str, stderr: &str) -> DryRun {
    if stdout.len() > MOST {
        return DryRun::Unreadable(excerpt(stdout));
    }
    match client {
        ClientKind::Pixi => pixi::read(code, stdout, stderr),
        ClientKind::Conda | ClientKind::Mamba | ClientKind::Micromamba => {
            of_json(code, stdout, stderr)
        }
    }
}

/// Adds the installed packages that do not change: clients print only changes.
pub fn keep(planned: &mut Vec<PlannedPackage>, installed: Vec<InstalledPackage>) {
    let mut known: HashSet<String> = planned.iter().map(|package| package.name.clone()).collect();
    for package in installed {
        if known.insert(package.name.clone()) {
            let InstalledPackage { name, version, build, channel, .. } = package;
            let (size, to_download) = (None, Some(false));
            planned.push(PlannedPackage { name, version, build, channel, size, to_download });
        }
    }
}

/// mamba 1 is conda with another solver, and mamba 2 is micromamba: the keys decide.
fn of_json(code: Option<i32>, stdout: &str, stderr: &str) -> DryRun {
    let (text, errors) = (plain(stdout), plain(stderr));
    let output = match json_output::find(&text) {
        Search::Output(output) => output,
        Search::Cut => return DryRun::Unreadable(excerpt(&text)),
        // A client that fails at its start prints plain text.
        Search::Nothing => {
            let failure = of_failure(&errors).or_else(|| of_failure(&text));
            return failure.unwrap_or_else(|| match (text.trim(), errors.trim()) {
                ("", "") => DryRun::Unreadable(String::new()),
                ("", _) if code != Some(0) => DryRun::Failed(excerpt(&errors)),
                ("", _) => DryRun::Unreadable(excerpt(&errors)),
                (_, _) => DryRun::Unreadable(excerpt(&text)),
            });
        }
    };
    if output.exception().is_some_and(|name| name != "DryRunExit") {
        return failures::exception(&output);
    }
    match output.planned() {
        Some(planned) if output.success() != Some(false) => DryRun::Planned(planned),
        None if output.success() == Some(true) => DryRun::Planned(Vec::new()),
        Some(_) | None => failures::failure(&output, &errors, &text),
    }
}
