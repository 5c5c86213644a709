//! The key `verify`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::answer::{Answer, ProofStatus};
use crate::conda::Version;
use crate::diagnostics::{ago, fault_text, miniforge};
use crate::solve_check::{
    Correction, Finding, Verdict,
    dry_run::{DryRun, Planned},
    proof::{Broken, By, Holds, NotRun, Outcome, Place, Proof},
};
use crate::types::{Accelerator, ClientKind, Machine};

use super::advise::Command;

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
    packages: Vec<Planned>,
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
    holds: Holds,
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
        By::Client(kind, version) => ("client", Some(kind), version),
        By::Solver => ("solver", None, None),
    };
    let (message, hint) = sentence(proof, answer);
    let shortages = proof.shortages();
    let space = proof.places.iter().map(|place| Space {
        holds: place.holds,
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
            Outcome::Answered(_, verdict) => verdict.findings.iter().map(Finding::code).collect(),
            Outcome::NotRun(_) | Outcome::Broken(_) => Vec::new(),
        },
        packages: proof.planned().to_vec(),
        download_bytes: proof.download(),
        space: space.collect(),
    })
}

/// Who was asked: `micromamba 2.8.1`, `conda-torch-live`.
pub fn who(by: By) -> String {
    match by {
        By::Client(kind, Some(version)) => format!("{kind} {version}"),
        By::Client(kind, None) => kind.to_string(),
        By::Solver => "conda-torch-live".to_owned(),
    }
}

/// What came of it, a sentence, and what to do about it, where that can be said.
pub fn sentence(proof: &Proof, answer: &Answer<'_>) -> (String, Option<String>) {
    let machine = answer.machine;
    match &proof.outcome {
        Outcome::NotRun(why) => not_run(why, proof.by, machine),
        Outcome::Broken(why) => broken(why, proof.by),
        Outcome::Answered(dry_run, verdict) => {
            let (text, hint) = answered(dry_run, verdict, proof);
            (text, hint.or_else(|| read_the_channel(verdict, answer)))
        }
    }
}

/// What helps where the channel is behind the rows, or was never conda-forge's equal.
fn read_the_channel(verdict: &Verdict, answer: &Answer<'_>) -> Option<String> {
    let is_missing = |finding: &Finding| matches!(finding, Finding::NotFound { .. });
    let is_read = answer.live.is_some_and(|live| live.read);
    (verdict.findings.iter().any(is_missing) && !is_read)
        .then(|| "`--live` chooses among what the channel has".to_owned())
}

/// Whether the client's own words have nothing more to say than what was made of them.
pub fn is_explained(proof: &Proof) -> bool {
    match &proof.outcome {
        Outcome::Answered(_, verdict) => {
            !verdict.findings.is_empty() && verdict.findings.iter().all(|it| finding(it).is_some())
        }
        Outcome::NotRun(_) | Outcome::Broken(_) => false,
    }
}

fn not_run(why: &NotRun, by: By, machine: &Machine) -> (String, Option<String>) {
    match why {
        NotRun::NothingFits => ("there is nothing to verify".to_owned(), None),
        NotRun::NoSolver => {
            let text =
                "`conda-torch-live` is neither beside this program nor at `CONDA_TORCH_LIVE`";
            (text.to_owned(), None)
        }
        NotRun::OtherSystem => {
            let text = "sees the system that it runs on, whatever platform it is asked for";
            let hint = "conda 23.3 or newer can be asked, or any mamba 2, micromamba or pixi";
            (format!("{} {text}", who(by)), Some(hint.to_owned()))
        }
        NotRun::NoClient(others) => {
            let kind = match by {
                By::Client(kind, _) => kind.as_str(),
                By::Solver => "client",
            };
            let hint = match others.first() {
                Some(other) => format!("`--client {other}` takes the one that is here"),
                None => miniforge(machine),
            };
            (format!("there is no {kind} on this machine to ask"), Some(hint))
        }
    }
}

fn broken(why: &Broken, by: By) -> (String, Option<String>) {
    let who = who(by);
    match why {
        Broken::NotStarted(why) => (format!("{who} could not be started: {why}"), None),
        Broken::TimedOut(seconds) => {
            let hint = "`--verify-timeout SECONDS` gives it more time";
            (
                format!("{who} did not answer within {seconds} s and was ended"),
                Some(hint.to_owned()),
            )
        }
        Broken::Crashed(signal) => (format!("{who} crashed (signal {signal})"), None),
        Broken::NoFolder(why) => {
            (format!("a temporary folder for {who} could not be made: {why}"), None)
        }
    }
}

fn answered(dry_run: &DryRun, verdict: &Verdict, proof: &Proof) -> (String, Option<String>) {
    let who = who(proof.by);
    let found: Vec<String> = verdict.findings.iter().filter_map(finding).collect();
    let found = found.join("; ");
    let corrections: Vec<String> = verdict.corrections.iter().map(correction).collect();
    let hint = Some(corrections.join(", ")).filter(|hint| !hint.is_empty());
    // What a client says at length stands below what was made of it.
    let words = verdict.words.as_deref().unwrap_or_default();
    match dry_run {
        DryRun::Would(planned) => match ProofStatus::of(proof) {
            ProofStatus::NoSpace => no_space(proof),
            ProofStatus::Differs => (format!("{who} would install something else: {found}"), hint),
            ProofStatus::Verified
            | ProofStatus::Unsolvable
            | ProofStatus::Failed
            | ProofStatus::NotRun => {
                let known = if found.is_empty() { found } else { format!("; {found}") };
                let kept = match proof.age {
                    0 => String::new(),
                    age => format!("; the channel is as it was {} ago", ago(age)),
                };
                (format!("{}{known}{kept}", verified(planned, proof)), None)
            }
        },
        DryRun::Unsolvable(_) | DryRun::NotFound(_) => {
            let why = if found.is_empty() { String::new() } else { format!(": {found}") };
            let words = if words.is_empty() { String::new() } else { format!("\n{words}") };
            (format!("{who} finds no solution{why}{words}"), hint)
        }
        DryRun::Network { words, .. } if found.is_empty() => {
            (format!("{who} could not read the channel: {words}"), None)
        }
        DryRun::Network { words, .. } => {
            (format!("{who} could not read the channel: {found}\n{words}"), None)
        }
        DryRun::Failed(why) => (format!("{who} failed: {why}"), None),
        DryRun::Unreadable(why) => (format!("what {who} printed cannot be read: {why}"), None),
    }
}

/// `ends on pytorch 2.13.0 cuda129_… from conda-forge; 2.9 GiB to download, 61 GiB free`.
fn verified(planned: &[Planned], proof: &Proof) -> String {
    let mut text = match planned.iter().find(|one| one.name == "pytorch") {
        Some(one) => {
            format!("ends on pytorch {} {} from {}", one.version, one.build, one.channel)
        }
        None => "ends as promised".to_owned(),
    };
    if let Some(download) = proof.download() {
        let download = if download == 0 {
            "nothing to download".to_owned()
        } else {
            format!("{} to download", size(download))
        };
        let _ = write!(text, "; {download}");
        if let Some(place) = proof.places.iter().find(|place| place.holds == Holds::Packages) {
            let _ = write!(text, ", {} free", size(place.free));
        }
    }
    text
}

fn no_space(proof: &Proof) -> (String, Option<String>) {
    let shortages = proof.shortages();
    let each: Vec<String> = shortages
        .iter()
        .map(|it| {
            let Place { path, free, .. } = it.place;
            format!("`{path}` has {} free and needs at least {}", size(*free), size(it.needed))
        })
        .collect();
    let is_cache = shortages.iter().any(|it| it.place.holds == Holds::Packages);
    let hint = match (is_cache, proof.by) {
        (true, By::Client(ClientKind::Pixi, _)) => {
            "`PIXI_CACHE_DIR` names a folder with more room for packages"
        }
        (true, _) => "`CONDA_PKGS_DIRS` names a folder with more room for packages",
        (false, _) => "`--prefix` puts the environment where there is more room",
    };
    (format!("there is no room for it: {}", each.join("; ")), Some(hint.to_owned()))
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

/// What differs, or why there is no solution; `None` where the client's own words say it.
pub fn finding(finding: &Finding) -> Option<String> {
    Some(match finding {
        Finding::NoPytorch => "there is no `pytorch` in it".to_owned(),
        Finding::Version { expected, got } => format!("PyTorch {got} in place of {expected}"),
        Finding::CpuBuild { expected } => {
            format!("a PyTorch without CUDA in place of one with CUDA {expected}")
        }
        Finding::Accelerator { expected, got } => {
            format!("a PyTorch {} in place of one {}", with(*got), with(*expected))
        }
        Finding::UnknownBuild { build } => {
            format!("the build `{build}`, of which it cannot be told what it is")
        }
        Finding::Blas { expected, got } => format!("a PyTorch with {got} in place of {expected}"),
        Finding::OlderBuild { expected, got } => format!("build {got} in place of {expected}"),
        Finding::NewerBuild { known, got } => {
            format!("build {got}, newer than {known}, the newest that is known here")
        }
        Finding::Channel { expected, got, packages, has_pytorch } => {
            let what = if *has_pytorch { "PyTorch among them" } else { "PyTorch not among them" };
            format!("{packages} of the packages come from {got} and not from {expected}, {what}")
        }
        Finding::CompanionMissing { package } => {
            format!("there is no `{}` in it", package.as_str())
        }
        Finding::CompanionVersion { package, expected, got } => {
            format!("{} {got} in place of {expected}", package.as_str())
        }
        Finding::CompanionCpu { package } => {
            format!("a {} without CUDA beside a PyTorch with it", package.as_str())
        }
        Finding::CudaPin { expected, got: Some(got) } => {
            format!("cuda-version {got} in place of {expected}")
        }
        Finding::CudaPin { expected, got: None } => {
            format!("no cuda-version, which is to be {expected}")
        }
        Finding::VirtualMissing { name } => format!("it does not see `{name}`"),
        Finding::VirtualTooLow { name, needed, seen } => {
            let seen = seen.as_deref().unwrap_or("too old a one");
            let needed = needed.as_deref().map(|it| format!(", and {it} is needed"));
            format!("of `{name}` it sees {seen}{}", needed.unwrap_or_default())
        }
        Finding::NotFound { spec } => format!("the channel has no `{spec}`"),
        Finding::Pinned { spec } => format!("the pin `{spec}` holds it back"),
        Finding::Conflict { packages } => format!("{} exclude each other", packages.join(", ")),
        Finding::Network { kind } => return fault_text(*kind).map(str::to_owned),
        Finding::Unexplained | Finding::Failed | Finding::Unreadable => {
            return None;
        }
    })
}

/// What may mend it.
pub fn correction(correction: &Correction) -> String {
    match correction {
        Correction::OverrideCuda(cuda) => {
            format!("`CONDA_OVERRIDE_CUDA={cuda}` tells the client of the driver")
        }
        Correction::Spec(spec) => format!("`{spec}` beside the other specs"),
        Correction::NoPin => "`--no-pin` leaves pins of the settings out".to_owned(),
        Correction::NewEnvironment => "in a new environment nothing stands in its way".to_owned(),
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
    fn sizes_are_told_as_a_person_would() {
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
