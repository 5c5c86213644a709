//! The key `verify`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::answer::{Answer, ProofStatus};
use crate::conda::Version;
use crate::diagnostics::{ago, fault_text, miniforge};
use crate::solve_check::{
    Correction, SolveFinding, SolveVerdict,
    dry_run::{DryRun, PlannedPackage},
    outcome::{
        FolderContents, NotRunReason, RunError, SolveCheck, SolveOutcome, SolvedBy, WriteFolder,
    },
};
use crate::types::{Accelerator, ClientKind, Machine};

use super::command::Command;

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
    let (message, hint) = sentence(proof, answer);
    let shortages = proof.shortages();
    let space = proof.places.iter().map(|place| Space {
        holds: place.contents,
        path: place.path.clone(),
        free_bytes: place.free,
        needed_bytes: shortages.iter().find(|it| it.place == place).map(|it| it.needed),
    });
    Some(Verification {
        status: ProofStatus::of(proof),
        by,
        client,
        client_version,
        argv: proof.argv.clone(),
        env: proof.env.iter().cloned().collect(),
        message,
        hint,
        age_s: proof.age,
        corrected: answer.corrected_step().as_ref().map(Command::from),
        findings: match &proof.outcome {
            SolveOutcome::Answered(_, verdict) => {
                verdict.findings.iter().map(SolveFinding::code).collect()
            }
            SolveOutcome::NotRun(_) | SolveOutcome::Broken(_) => Vec::new(),
        },
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

/// The result in a sentence, and a hint.
pub fn sentence(proof: &SolveCheck, answer: &Answer<'_>) -> (String, Option<String>) {
    let machine = answer.machine;
    match &proof.outcome {
        SolveOutcome::NotRun(why) => not_run(why, proof.by, machine),
        SolveOutcome::Broken(why) => broken(why, proof.by),
        SolveOutcome::Answered(dry_run, verdict) => {
            let (text, hint) = answered(dry_run, verdict, proof);
            (text, hint.or_else(|| read_the_channel(verdict, answer)))
        }
    }
}

/// A hint if the channel lacks a recommended build.
fn read_the_channel(verdict: &SolveVerdict, answer: &Answer<'_>) -> Option<String> {
    let is_missing = |finding: &SolveFinding| matches!(finding, SolveFinding::NotFound { .. });
    let is_read = answer.live.is_some_and(|live| live.read);
    (verdict.findings.iter().any(is_missing) && !is_read)
        .then(|| "pass `--live` to choose from the builds in the channel".to_owned())
}

/// Whether the findings explain everything that the client printed.
pub fn is_explained(proof: &SolveCheck) -> bool {
    match &proof.outcome {
        SolveOutcome::Answered(_, verdict) => {
            !verdict.findings.is_empty() && verdict.findings.iter().all(|it| finding(it).is_some())
        }
        SolveOutcome::NotRun(_) | SolveOutcome::Broken(_) => false,
    }
}

fn not_run(why: &NotRunReason, by: SolvedBy, machine: &Machine) -> (String, Option<String>) {
    match why {
        NotRunReason::NothingFits => ("nothing to verify".to_owned(), None),
        NotRunReason::NoSolver => {
            let text = "`conda-torch-live` not found next to this program or at `CONDA_TORCH_LIVE`";
            (text.to_owned(), None)
        }
        NotRunReason::OtherSystem => {
            let text = "cannot solve for another platform";
            let hint = "use conda 23.3 or newer, mamba 2, micromamba or pixi";
            (format!("{} {text}", who(by)), Some(hint.to_owned()))
        }
        NotRunReason::NoClient(others) => {
            let kind = match by {
                SolvedBy::Client(kind, _) => kind.as_str(),
                SolvedBy::Solver => "client",
            };
            let hint = match others.first() {
                Some(other) => format!("pass `--client {other}` to use the client on this machine"),
                None => miniforge(machine),
            };
            (format!("`{kind}` not found"), Some(hint))
        }
    }
}

fn broken(why: &RunError, by: SolvedBy) -> (String, Option<String>) {
    let who = who(by);
    match why {
        RunError::NotStarted(why) => (format!("cannot start {who}: {why}"), None),
        RunError::TimedOut(seconds) => {
            let hint = "pass `--verify-timeout SECONDS` to allow more time";
            (format!("{who} did not finish within {seconds} s"), Some(hint.to_owned()))
        }
        RunError::Crashed(signal) => (format!("{who} crashed (signal {signal})"), None),
        RunError::NoFolder(why) => {
            (format!("cannot create a temporary folder for {who}: {why}"), None)
        }
    }
}

fn answered(
    dry_run: &DryRun,
    verdict: &SolveVerdict,
    proof: &SolveCheck,
) -> (String, Option<String>) {
    let who = who(proof.by);
    let found: Vec<String> = verdict.findings.iter().filter_map(finding).collect();
    let found = found.join("; ");
    let corrections: Vec<String> = verdict.corrections.iter().map(correction).collect();
    let hint = Some(corrections.join(", ")).filter(|hint| !hint.is_empty());
    let words = verdict.words.as_deref().unwrap_or_default();
    match dry_run {
        DryRun::Planned(planned) => match ProofStatus::of(proof) {
            ProofStatus::NoSpace => no_space(proof),
            ProofStatus::Differs => (format!("{who} would install something else: {found}"), hint),
            ProofStatus::Verified
            | ProofStatus::Unsolvable
            | ProofStatus::Failed
            | ProofStatus::NotRun => {
                let known = if found.is_empty() { found } else { format!("; {found}") };
                let kept = match proof.age {
                    0 => String::new(),
                    age => format!("; using channel data from {} ago", ago(age)),
                };
                (format!("{}{known}{kept}", verified(planned, proof)), None)
            }
        },
        DryRun::Unsolvable(_) | DryRun::NotFound(_) => {
            let why = if found.is_empty() { String::new() } else { format!(": {found}") };
            let words = if words.is_empty() { String::new() } else { format!("\n{words}") };
            (format!("{who} found no solution{why}{words}"), hint)
        }
        DryRun::Network { words, .. } if found.is_empty() => {
            (format!("{who} could not read the channel: {words}"), None)
        }
        DryRun::Network { words, .. } => {
            (format!("{who} could not read the channel: {found}\n{words}"), None)
        }
        DryRun::Failed(why) => (format!("{who} failed: {why}"), None),
        DryRun::Unreadable(why) => (format!("cannot parse the output of {who}: {why}"), None),
    }
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

fn no_space(proof: &SolveCheck) -> (String, Option<String>) {
    let shortages = proof.shortages();
    let each: Vec<String> = shortages
        .iter()
        .map(|it| {
            let WriteFolder { path, free, .. } = it.place;
            format!("`{path}` has {} free and needs at least {}", size(*free), size(it.needed))
        })
        .collect();
    let is_cache = shortages.iter().any(|it| it.place.contents == FolderContents::Packages);
    let hint = match (is_cache, proof.by) {
        (true, SolvedBy::Client(ClientKind::Pixi, _)) => {
            "set `PIXI_CACHE_DIR` to a folder with more space for packages"
        }
        (true, _) => "set `CONDA_PKGS_DIRS` to a folder with more space for packages",
        (false, _) => "pass `--prefix` to put the environment on a disk with more space",
    };
    (format!("not enough disk space: {}", each.join("; ")), Some(hint.to_owned()))
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

/// What differs, or why there is no solution; `None` if the client's own output explains it.
fn finding(finding: &SolveFinding) -> Option<String> {
    Some(match finding {
        SolveFinding::NoPytorch => "no `pytorch`".to_owned(),
        SolveFinding::Version { expected, got } => format!("PyTorch {got} instead of {expected}"),
        SolveFinding::CpuBuild { expected } => {
            format!("PyTorch without CUDA instead of with CUDA {expected}")
        }
        SolveFinding::Accelerator { expected, got } => {
            format!("PyTorch {} instead of {}", with(*got), with(*expected))
        }
        SolveFinding::UnknownBuild { build } => format!("the unknown build `{build}`"),
        SolveFinding::Blas { expected, got } => format!("PyTorch with {got} instead of {expected}"),
        SolveFinding::OlderBuild { expected, got } => format!("build {got} instead of {expected}"),
        SolveFinding::NewerBuild { known, got } => {
            format!("build {got}, newer than the newest known build {known}")
        }
        SolveFinding::Channel { expected, got, packages, has_pytorch } => {
            let what = if *has_pytorch { "including PyTorch" } else { "but not PyTorch" };
            format!("{packages} packages from {got} instead of {expected}, {what}")
        }
        SolveFinding::CompanionMissing { package } => format!("no `{}`", package.as_str()),
        SolveFinding::CompanionVersion { package, expected, got } => {
            format!("{} {got} instead of {expected}", package.as_str())
        }
        SolveFinding::CompanionCpu { package } => {
            format!("{} without CUDA next to PyTorch with CUDA", package.as_str())
        }
        SolveFinding::CudaPin { expected, got: Some(got) } => {
            format!("cuda-version {got} instead of {expected}")
        }
        SolveFinding::CudaPin { expected, got: None } => {
            format!("no cuda-version instead of {expected}")
        }
        SolveFinding::VirtualMissing { name } => format!("`{name}` is not detected"),
        SolveFinding::VirtualTooLow { name, needed, detected } => {
            let detected = detected.as_deref().unwrap_or("too old");
            let needed = needed.as_deref().map(|it| format!(", but {it} is needed"));
            format!("`{name}` is {detected}{}", needed.unwrap_or_default())
        }
        SolveFinding::NotFound { spec } => format!("the channel has no `{spec}`"),
        SolveFinding::Pinned { spec } => format!("the pin `{spec}` conflicts"),
        SolveFinding::Conflict { packages } => {
            format!("{} conflict with each other", packages.join(", "))
        }
        SolveFinding::Network { kind } => return fault_text(*kind).map(str::to_owned),
        SolveFinding::Unexplained | SolveFinding::Failed | SolveFinding::Unreadable => {
            return None;
        }
    })
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

fn with(accelerator: Accelerator) -> String {
    match accelerator {
        Accelerator::Cpu => "without CUDA".to_owned(),
        Accelerator::Mps => "for Metal".to_owned(),
        Accelerator::Cuda(toolkit) => format!("with CUDA {toolkit}"),
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
