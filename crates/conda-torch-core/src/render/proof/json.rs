//! The key `verify`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::solve_check::{
    Finding,
    proof::{By, Holds, Outcome},
};

use crate::render::{
    answer::Answer,
    json::command,
    proof::words::sentence,
    proof::{ProofState, corrected},
    wire::Command,
};

/// What came of putting the recommendation to the test.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in super::super) struct VerifyText {
    /// verified, differs, unsolvable, `no_space`, failed, `not_run`.
    status: &'static str,
    /// client, solver.
    by: &'static str,
    /// conda, mamba, micromamba, pixi; null where no client was to be asked.
    client: Option<&'static str>,
    /// The client's version; null where it is not known.
    client_version: Option<String>,
    /// The program that was run and its arguments; empty where none was.
    argv: Vec<String>,
    /// Environment variables that were set for it.
    env: BTreeMap<String, String>,
    /// A sentence.
    message: String,
    /// What to do about it; null where there is nothing.
    hint: Option<String>,
    /// For how many seconds what was solved has been in the cache; 0 where it was read anew, and where a client
    /// does not say.
    age_s: u64,
    /// The command that was tried too and does end on the promised build; null where the printed one does,
    /// and where none was found.
    corrected: Option<Command>,
    /// What it was found to say, in words that do not change: `cpu-build`, `virtual-package-missing`.
    findings: Vec<&'static str>,
    /// Every package that would be there at the end.
    packages: Vec<PackageText>,
    /// How many bytes would be downloaded, as far as that was said; null where it was not.
    download_bytes: Option<u64>,
    /// The folders that would be written to.
    space: Vec<SpaceText>,
}

/// A package that would be there at the end.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct PackageText {
    /// Its name.
    name: String,
    /// Its version.
    version: String,
    /// Its build string.
    build: String,
    /// The channel that it comes from.
    channel: String,
    /// The size of its archive in bytes; null where that was not said.
    size: Option<u64>,
    /// Whether it would be downloaded; null where that was not said.
    download: Option<bool>,
}

/// The room on a file system.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct SpaceText {
    /// packages, environment.
    holds: &'static str,
    /// The folder.
    path: String,
    /// How many bytes this user may still write there.
    free_bytes: u64,
    /// The least that would be written there, where that is more than there is; else null.
    needed_bytes: Option<u64>,
}

/// The key; null where no proof was asked for.
pub(in super::super) fn text(answer: &Answer<'_>) -> Option<VerifyText> {
    let proof = answer.proof?;
    let (by, client, version) = match proof.by {
        By::Client(kind, version) => ("client", Some(kind.as_str()), version),
        By::Solver => ("solver", None, None),
    };
    let state = ProofState::of(proof);
    let (message, hint) = sentence(proof, answer);
    let packages = proof.planned().iter().map(|one| PackageText {
        name: one.name.clone(),
        version: one.version.clone(),
        build: one.build.clone(),
        channel: one.channel.clone(),
        size: one.size,
        download: one.to_download,
    });
    let shortages = proof.shortages();
    let space = proof.places.iter().map(|place| SpaceText {
        holds: match place.holds {
            Holds::Packages => "packages",
            Holds::Environment => "environment",
        },
        path: place.path.clone(),
        free_bytes: place.free,
        needed_bytes: shortages.iter().find(|it| it.place == place).map(|it| it.needed),
    });
    Some(VerifyText {
        status: state.as_str(),
        by,
        client,
        client_version: version.map(|version| version.to_string()),
        argv: proof.argv.clone(),
        env: proof.env.iter().cloned().collect(),
        message,
        hint,
        age_s: proof.age,
        corrected: corrected(answer).as_ref().map(command),
        findings: match &proof.outcome {
            Outcome::Answered(_, verdict) => verdict.findings.iter().map(Finding::code).collect(),
            Outcome::NotRun(_) | Outcome::Broken(_) => Vec::new(),
        },
        packages: packages.collect(),
        download_bytes: proof.download(),
        space: space.collect(),
    })
}
