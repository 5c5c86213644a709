//! The key `verify`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::answer::Answer;
use crate::conda::Version;
use crate::diagnostics::{ago, miniforge};
use crate::solve_check::dry_run::{DryRun, PlannedPackage};
use crate::solve_check::outcome::{
    FolderContents, NoAnswer, SolveCheck, SolveSetting, SolvedBy, WriteFolder,
};
use crate::solve_check::{Correction, ProofStatus, SolveFinding};
use crate::types::ClientKind;

use super::command::Command;

/// How many settings a hint names.
const MOST_SETTINGS: usize = 3;

/// The result of `--verify`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Verification {
    /// The result in a word.
    status: ProofStatus,
    /// client, solver.
    by: &'static str,
    /// conda, mamba, micromamba, pixi; null if no client was asked.
    client: Option<ClientKind>,
    /// The client's version; null if unknown.
    client_version: Option<Version>,
    /// The program that was run and its arguments; empty if none was.
    argv: Vec<String>,
    /// Environment variables that were set for it.
    env: BTreeMap<String, String>,
    /// A sentence.
    message: String,
    /// What to do about it; null if there is nothing to do.
    hint: Option<String>,
    /// How many seconds ago the solved channel was fetched into the cache; 0 if it was fetched now, or if
    /// the client does not say.
    age_s: u64,
    /// The command that selects the promised build; null if the printed one does, or if none was found.
    corrected: Option<Command>,
    /// The findings as stable codes: `cpu-build`, `virtual-package-missing`.
    findings: Vec<&'static str>,
    /// Every package of the solution.
    packages: Vec<PlannedPackage>,
    /// How many bytes would be downloaded; null if unknown.
    download_bytes: Option<u64>,
    /// The folders that would be written to.
    space: Vec<Space>,
}

/// The free space for a folder.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Space {
    /// What goes into the folder: packages, environment.
    holds: FolderContents,
    /// The folder.
    path: String,
    /// How many bytes this user may still write there.
    free_bytes: u64,
    /// How many bytes are needed at least, if that is more than there is; else null.
    needed_bytes: Option<u64>,
}

/// The key `verify`; null if no proof was asked for.
pub(super) fn verification(answer: &Answer<'_>) -> Option<Verification> {
    let proof = answer.proof?;
    let (by, client, client_version) = match proof.by {
        SolvedBy::Client(kind, version) => ("client", Some(kind), version),
        SolvedBy::Solver => ("solver", None, None),
    };
    let shortages = proof.shortages();
    let space = proof.places.iter().map(|place| Space {
        holds: place.contents,
        path: place.path.clone(),
        free_bytes: place.free,
        needed_bytes: shortages.iter().find(|(it, _)| *it == place).map(|(_, needed)| *needed),
    });
    Some(Verification {
        status: proof.status(),
        by,
        client,
        client_version,
        argv: proof.argv.clone(),
        env: proof.env.iter().cloned().collect(),
        message: message(proof),
        hint: hint(proof, answer),
        age_s: proof.age,
        corrected: answer.corrected_step().as_ref().map(Command::from),
        findings: findings(proof).map(SolveFinding::code).collect(),
        packages: proof.planned().to_vec(),
        download_bytes: proof.download(),
        space: space.collect(),
    })
}

/// The client or solver: `micromamba 2.8.1`, `conda-torch-live`.
pub fn who(by: SolvedBy) -> String {
    match by {
        SolvedBy::Client(kind, Some(version)) => format!("{kind} {version}"),
        SolvedBy::Client(kind, None) => kind.to_string(),
        SolvedBy::Solver => "conda-torch-live".to_owned(),
    }
}

fn findings(proof: &SolveCheck) -> impl Iterator<Item = &SolveFinding> {
    proof.verdict().into_iter().flat_map(|verdict| &verdict.findings)
}

/// Whether the findings explain everything that the client printed.
pub fn is_explained(proof: &SolveCheck) -> bool {
    findings(proof).next().is_some() && findings(proof).all(|it| !it.to_string().is_empty())
}

/// The result in a sentence.
pub fn message(proof: &SolveCheck) -> String {
    let who = who(proof.by);
    match &proof.outcome {
        Err(NoAnswer::NothingFits) => "nothing to verify".to_owned(),
        Err(NoAnswer::NoSolver) => {
            "`conda-torch-live` not found next to this program or at `CONDA_TORCH_LIVE`".to_owned()
        }
        Err(NoAnswer::OtherSystem) => format!("{who} cannot solve for another platform"),
        Err(NoAnswer::NoClient { kind, .. }) => format!("`{kind}` not found"),
        Err(NoAnswer::NoFileDryRun) => format!("{who} has no dry run of an `environment.yml`"),
        Err(NoAnswer::NotStarted(why)) => format!("cannot start {who}: {why}"),
        Err(NoAnswer::TimedOut(seconds)) => format!("{who} did not finish within {seconds} s"),
        Err(NoAnswer::Crashed(signal)) => format!("{who} crashed (signal {signal})"),
        Err(NoAnswer::NoFolder(why)) => {
            format!("cannot create a temporary folder for {who}: {why}")
        }
        Ok((dry_run, _)) => answered(dry_run, proof),
    }
}

fn answered(dry_run: &DryRun, proof: &SolveCheck) -> String {
    let who = who(proof.by);
    let found: Vec<String> = findings(proof).map(ToString::to_string).collect();
    let found = found.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join("; ");
    let prefixed = |before: &str, text: &str| {
        if text.is_empty() { String::new() } else { format!("{before}{text}") }
    };
    match dry_run {
        DryRun::Planned(_) if proof.status() == ProofStatus::NoSpace => {
            let needs = |(place, needed): &(&WriteFolder, u64)| {
                let (path, free, needed) = (&place.path, size(place.free), size(*needed));
                format!("`{path}` has {free} free and needs at least {needed}")
            };
            let each: Vec<String> = proof.shortages().iter().map(needs).collect();
            format!("not enough disk space: {}", each.join("; "))
        }
        DryRun::Planned(_) if proof.status() == ProofStatus::Differs => {
            format!("{who} would install something else: {found}")
        }
        DryRun::Planned(planned) => {
            let mut text = verified(planned, proof) + &prefixed("; ", &found);
            if proof.age > 0 {
                let _ = write!(text, "; using channel data from {} ago", ago(proof.age));
            }
            text
        }
        DryRun::Unsolvable(words) => {
            let (found, words) = (prefixed(": ", &found), prefixed("\n", words));
            format!("{who} found no solution{found}{words}")
        }
        DryRun::NotFound(_) => format!("{who} found no solution{}", prefixed(": ", &found)),
        DryRun::Network { words, .. } => {
            let address = address(words).map(|address| format!(" (`{address}`)"));
            let found = if found.is_empty() {
                found
            } else {
                format!("{found}{}\n", address.unwrap_or_default())
            };
            format!("{who} could not read the channel: {found}{words}")
        }
        DryRun::Failed(why) => format!("{who} failed: {why}"),
        DryRun::Unreadable(why) => format!("cannot parse the output of {who}: {why}"),
    }
}

/// What to do about it.
pub fn hint(proof: &SolveCheck, answer: &Answer<'_>) -> Option<String> {
    let verdict = match &proof.outcome {
        Err(NoAnswer::NoFileDryRun) => {
            return Some("pass `--verify=solver`, which solves its packages".to_owned());
        }
        Err(NoAnswer::OtherSystem) => {
            return Some("use conda 23.3 or newer, mamba 2, micromamba or pixi".to_owned());
        }
        Err(NoAnswer::NoClient { others, .. }) => {
            return Some(match others.first() {
                Some(other) => format!("pass `--client {other}` to use the client on this machine"),
                None => miniforge(answer.machine),
            });
        }
        Err(NoAnswer::TimedOut(_)) => {
            return Some("pass `--verify-timeout SECONDS` to allow more time".to_owned());
        }
        Err(_) => return None,
        Ok((_, verdict)) => verdict,
    };
    if proof.status() == ProofStatus::NoSpace {
        let is_cache = proof.shortages()[0].0.contents == FolderContents::Packages;
        let is_pixi = matches!(proof.by, SolvedBy::Client(ClientKind::Pixi, _));
        return Some(
            match (is_cache, is_pixi) {
                (true, true) => "set `PIXI_CACHE_DIR` to a folder with more space for packages",
                (true, false) => "set `CONDA_PKGS_DIRS` to a folder with more space for packages",
                (false, _) => "pass `--prefix` to put the environment on a disk with more space",
            }
            .to_owned(),
        );
    }
    let mut advice: Vec<String> = verdict.corrections.iter().map(correction).collect();
    if matches!(proof.status(), ProofStatus::Unsolvable | ProofStatus::Differs) {
        let setting = |SolveSetting { place, key, spec }: &SolveSetting| {
            format!("`{key}` in `{place}` adds `{spec}` to the solve")
        };
        advice.extend(proof.settings.iter().take(MOST_SETTINGS).map(setting));
    }
    if !advice.is_empty() {
        return Some(advice.join("; "));
    }
    // The channel lacks a recommended build.
    let is_missing = |finding: &SolveFinding| matches!(finding, SolveFinding::NotFound { .. });
    let is_read = answer.live.is_some_and(|live| live.read);
    (verdict.findings.iter().any(is_missing) && !is_read)
        .then(|| "pass `--live` to choose from the builds in the channel".to_owned())
}

/// The first URL in the words of a client.
fn address(words: &str) -> Option<&str> {
    let start = words.find("https://").or_else(|| words.find("http://"))?;
    let ends = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | '`' | ')');
    let address = words[start..].split(ends).next()?;
    Some(address.trim_end_matches(['.', ',', ':', ';', '/']))
}

/// `selects pytorch 2.13.0 cuda129_… from conda-forge; 2.9 GiB to download, 61 GiB free`.
fn verified(planned: &[PlannedPackage], proof: &SolveCheck) -> String {
    let mut text = match planned.iter().find(|one| one.name == "pytorch") {
        Some(one) => format!("selects pytorch {} {} from {}", one.version, one.build, one.channel),
        None => "selects the recommended build".to_owned(),
    };
    if let Some(download) = proof.download() {
        let download = if download == 0 {
            "nothing to download".to_owned()
        } else {
            format!("{} to download", size(download))
        };
        let _ = write!(text, "; {download}");
        if let Some(place) =
            proof.places.iter().find(|place| place.contents == FolderContents::Packages)
        {
            let _ = write!(text, ", {} free", size(place.free));
        }
    }
    text
}

/// `2.9 GiB`, `61 GiB`, `512 MiB`.
fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    for (unit, one) in UNITS {
        if bytes >= one {
            let tenths = bytes / (one / 10);
            return match (tenths / 10, tenths % 10) {
                (whole, tenth) if whole < 10 => format!("{whole}.{tenth} {unit}"),
                (whole, _) => format!("{whole} {unit}"),
            };
        }
    }
    format!("{bytes} bytes")
}

/// What to change.
fn correction(correction: &Correction) -> String {
    match correction {
        Correction::OverrideCuda(cuda) => format!("set `CONDA_OVERRIDE_CUDA={cuda}`"),
        Correction::Spec(spec) => format!("add `{spec}`"),
        Correction::NoPin => "pass `--no-pin` to ignore the pins in the settings".to_owned(),
        Correction::NewEnvironment => "use a new environment".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded() {
        let cases = [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1536, "1.5 KiB"),
            (3_113_851_290, "2.9 GiB"),
            (65_498_251_264, "61 GiB"),
            (536_870_912, "512 MiB"),
        ];
        for (bytes, text) in cases {
            assert_eq!(size(bytes), text);
        }
    }
}
