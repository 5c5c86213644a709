//! The output of real clients for PyTorch 2.13.0 (`tests/dry_runs`), compared with the advice.
//!
//! conda 26.7 with the solver rattler, conda 22.11 with its classic one, and micromamba 2.8, on the channel
//! of `tests/solver/channel.py`. The recordings are shortened to the relevant keys, without repeated lines of a
//! solver's tree and with changed URLs. Expected values are written by hand.

use crate::common;
use conda_torch_core::conda::{CONDA_FORGE, Channels, FaultKind};
use conda_torch_core::resolve::{Choice, Request, advise};
use conda_torch_core::solve_check::dry_run::{DryRun, PlannedPackage, read};
use conda_torch_core::solve_check::{
    Correction, Expectation, ProofStatus, SolveFinding, SolveVerdict, verdict,
};
use conda_torch_core::types::{Accelerator, Blas, ClientKind, CudaVersion};

const CHANNEL: &str = "file:///srv/channel";
const CUDA_12_9: CudaVersion = CudaVersion::new(12, 9);
const CUDA_13_0: CudaVersion = CudaVersion::new(13, 0);

fn recorded(name: &str) -> DryRun {
    let path = format!("{}/tests/dry_runs/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let client = if name.starts_with("conda") { ClientKind::Conda } else { ClientKind::Micromamba };
    read(client, Some(i32::from(!text.contains("\"success\": true"))), &text, "")
}

/// PyTorch 2.13.0 for a machine whose driver has CUDA 13.0, so that both toolkits fit.
fn choice(pin: CudaVersion) -> Choice<'static> {
    let request = Request {
        pytorch: Some("2.13.0".parse().expect("a version")),
        cuda_version: Some(pin),
        ..Request::default()
    };
    let machine = common::machine("b300-driver-580");
    advise(&machine, &request, crate::common::matrix()).recommended.expect("it fits")
}

fn judge(pin: CudaVersion, dry_run: &DryRun) -> SolveVerdict {
    verdict(
        &Expectation { choice: &choice(pin), channels: &channels(CHANNEL), is_existing: false },
        dry_run,
    )
}

#[track_caller]
fn no_solution(name: &str, pin: CudaVersion, findings: &[SolveFinding]) {
    let verdict = judge(pin, &recorded(name));
    assert_eq!(verdict.findings, findings, "{name}");
    assert_eq!(verdict.status, ProofStatus::Unsolvable, "{name}");
    let is_cuda = findings.iter().any(|one| one.virtual_package() == Some("__cuda"));
    let is_pinned = findings.iter().any(|one| matches!(one, SolveFinding::Pinned { .. }));
    let corrections: &[Correction] = match (is_cuda, is_pinned) {
        (true, _) => &[Correction::OverrideCuda(CUDA_13_0)],
        (false, true) => &[Correction::NoPin],
        (false, false) => &[],
    };
    assert_eq!(verdict.corrections, corrections, "{name}");
}

fn too_low(name: &str, needed: &str, detected: Option<&str>) -> SolveFinding {
    let (name, needed) = (name.to_owned(), Some(needed.to_owned()));
    SolveFinding::VirtualTooLow { name, needed, detected: detected.map(str::to_owned) }
}

#[test]
fn confirms_a_solution_with_the_recommended_build() {
    for name in ["conda-26-rattler-solved", "conda-22-classic-solved", "micromamba-2.8-solved"] {
        let verdict = judge(CUDA_12_9, &recorded(name));
        assert_eq!((verdict.status, verdict.findings.len()), (ProofStatus::Verified, 0), "{name}");
        let DryRun::Planned(planned) = recorded(name) else { panic!("{name}") };
        // Nine packages of one byte each.
        let sizes: Vec<_> = planned.iter().map(|package| package.size).collect();
        assert_eq!(sizes, [Some(1); 9], "{name}");
        let pytorch = planned.iter().find(|package| package.name == "pytorch").expect("planned");
        assert!(pytorch.build.starts_with("cuda129_mkl_"), "{name}: {}", pytorch.build);
        assert_eq!(pytorch.channel, CHANNEL, "{name}");
    }
}

#[test]
fn reports_a_client_that_detects_no_gpu() {
    let missing = [SolveFinding::VirtualMissing { name: "__cuda".to_owned() }];
    for name in ["conda-26-rattler-no-cuda", "conda-22-classic-no-cuda", "micromamba-2.8-no-cuda"] {
        no_solution(name, CUDA_12_9, &missing);
    }
}

#[test]
fn reports_a_driver_that_is_too_old() {
    no_solution(
        "conda-26-rattler-cuda-12.0",
        CUDA_13_0,
        &[too_low("__cuda", ">=13", Some("12.0"))],
    );
    no_solution("micromamba-2.8-cuda-12.0", CUDA_13_0, &[too_low("__cuda", ">=13", Some("12.0"))]);
}

#[test]
fn reports_an_old_glibc_but_not_a_sufficient_driver() {
    let needed = ">=2.28,<3.0.a0";
    no_solution("conda-26-rattler-glibc-2.17", CUDA_12_9, &[too_low("__glibc", needed, None)]);
    no_solution(
        "micromamba-2.8-glibc-2.17",
        CUDA_12_9,
        &[too_low("__glibc", ">=2.28,<3.0.a0", None)],
    );
    no_solution(
        "conda-22-classic-glibc-2.17",
        CUDA_12_9,
        &[too_low("__glibc", ">=2.28", Some("2.17"))],
    );
}

#[test]
fn names_conflicting_packages_instead_of_the_driver() {
    // The trees also have builds with CUDA 13; the recommended build only needs the driver for 12.9.
    let conflict = |pytorch: &str, torchvision: &str| {
        [SolveFinding::Conflict { packages: vec![pytorch.to_owned(), torchvision.to_owned()] }]
    };
    let of = |name, pytorch, torchvision| {
        no_solution(name, CUDA_12_9, &conflict(pytorch, torchvision));
    };
    of("conda-26-rattler-conflict", "pytorch 2.13.0.*", "torchvision 0.20.*");
    of("conda-22-classic-conflict", "pytorch=2.13.0", "torchvision=0.20");
    of("micromamba-2.8-conflict", "pytorch =2.13.0", "torchvision =0.20");
}

#[test]
fn reports_pins_as_written() {
    for (name, spec) in [
        ("conda-26-rattler-pinned", "pytorch 2.12.*"),
        ("conda-22-classic-pinned", "pytorch=2.12"),
        ("micromamba-2.8-pinned", "pytorch =2.12"),
    ] {
        no_solution(name, CUDA_12_9, &[SolveFinding::Pinned { spec: spec.to_owned() }]);
    }
}

#[test]
fn names_packages_that_no_channel_has() {
    for (name, spec) in [
        ("conda-26-no-such-version", "pytorch-gpu=2.99.0"),
        ("conda-22-no-such-version", "pytorch-gpu=2.99.0"),
        ("micromamba-2.8-no-such-version", "pytorch-gpu =2.99.0"),
    ] {
        no_solution(name, CUDA_12_9, &[SolveFinding::NotFound { spec: spec.to_owned() }]);
    }
}

#[test]
fn unnamed_missing_packages_have_no_explanation() {
    let verdict = judge(CUDA_12_9, &DryRun::NotFound(Vec::new()));
    assert_eq!(
        (verdict.status, verdict.findings),
        (ProofStatus::Unsolvable, vec![SolveFinding::Unexplained])
    );
}

#[test]
fn unreadable_channels_verify_nothing() {
    for (name, kind) in [
        ("conda-26-no-such-channel", FaultKind::NoChannel),
        ("conda-26-unreachable", FaultKind::NoNetwork),
        ("micromamba-2.8-no-such-channel", FaultKind::NoChannel),
        ("micromamba-2.8-unreachable", FaultKind::NoNetwork),
    ] {
        let dry_run = recorded(name);
        let verdict = judge(CUDA_12_9, &dry_run);
        let found = vec![SolveFinding::Network { kind }];
        assert_eq!((verdict.status, verdict.findings), (ProofStatus::Failed, found), "{name}");
        let DryRun::Network { words, .. } = dry_run else { panic!("{name}") };
        assert!((1..=301).contains(&words.chars().count()), "{name}");
    }
}

#[track_caller]
fn differs(dry_run: &DryRun, findings: &[SolveFinding], glob: Option<&str>) {
    let verdict = judge(CUDA_12_9, dry_run);
    assert_eq!(verdict.findings, findings);
    assert_eq!(verdict.status, ProofStatus::Differs);
    let specs: Vec<String> = verdict.corrections.iter().map(|one| format!("{one:?}")).collect();
    assert_eq!(specs.len(), usize::from(glob.is_some()), "{specs:?}");
    assert!(glob.is_none_or(|glob| specs[0].contains(glob)), "{specs:?}");
}

#[test]
fn reports_another_build_with_the_spec_that_fixes_it() {
    let pin = |got: Option<&str>| SolveFinding::CudaPin {
        expected: CUDA_12_9,
        got: got.map(str::to_owned),
    };
    let older = SolveFinding::OlderBuild { expected: 302, got: 301 };
    differs(&recorded("conda-26-older-build"), &[older], Some("\"cuda129_mkl*_302\""));
    let cpu = SolveFinding::CpuBuild { expected: CUDA_12_9 };
    differs(&recorded("conda-26-cpu-build"), &[cpu, pin(None)], Some("\"cuda129_mkl*\""));
    let generic = SolveFinding::Blas { expected: Blas::Mkl, got: Blas::Generic };
    differs(&recorded("micromamba-2.8-generic-blas"), &[generic], Some("\"cuda129_mkl*\""));
    // The classic solver ignores the requirement of `cuda-version` on `__cuda`.
    let other = SolveFinding::Accelerator {
        expected: Accelerator::Cuda(CUDA_12_9),
        got: Accelerator::Cuda(CUDA_13_0),
    };
    differs(
        &recorded("conda-22-classic-cuda-12.0"),
        &[other, pin(Some("13.0"))],
        Some("\"cuda129_mkl*\""),
    );
}

fn channels(name: &str) -> Channels {
    Channels::new(vec![name.to_owned()]).expect("a channel")
}

/// The recorded solution with a change to `pytorch`.
fn with(change: impl Fn(&mut PlannedPackage)) -> DryRun {
    let DryRun::Planned(mut planned) = recorded("micromamba-2.8-solved") else { panic!("solved") };
    let pytorch = planned.iter_mut().find(|one| one.name == "pytorch").expect("it is in it");
    change(pytorch);
    DryRun::Planned(planned)
}

#[test]
fn newer_build_numbers_are_no_contradiction() {
    let newer = with(|pytorch| pytorch.build = "cuda129_mkl_py314_h0_303".to_owned());
    let verdict = judge(CUDA_12_9, &newer);
    assert_eq!(verdict.findings, [SolveFinding::NewerBuild { known: 302, got: 303 }]);
    assert_eq!((verdict.status, verdict.corrections), (ProofStatus::Verified, vec![]));
}

#[test]
fn mirrors_are_not_other_channels() {
    let promised = choice(CUDA_12_9);
    let judged = |channel: &str, is_existing: bool| {
        let DryRun::Planned(mut planned) = with(|_| ()) else { panic!("solved") };
        for one in &mut planned {
            let other = if one.name == "pytorch" { channel } else { "conda-forge" };
            other.clone_into(&mut one.channel);
        }
        let expectation = Expectation { choice: &promised, channels: &CONDA_FORGE, is_existing };
        verdict(&expectation, &DryRun::Planned(planned))
    };
    for same in
        ["conda-forge", "https://conda.anaconda.org/conda-forge", "https://m.example/x/conda-forge"]
    {
        assert_eq!(judged(same, false).status, ProofStatus::Verified, "{same}");
    }
    let other = SolveFinding::Channel {
        expected: "conda-forge".to_owned(),
        got: "pkgs/main".to_owned(),
        packages: 1,
        has_pytorch: true,
    };
    let mixed = judged("https://repo.anaconda.com/pkgs/main/linux-64", false);
    assert_eq!((mixed.status, mixed.findings), (ProofStatus::Differs, vec![other]));
    assert_eq!(mixed.corrections, []);
    // In an existing environment, it may be the installed one.
    assert_eq!(judged("pkgs/main", true).corrections, [Correction::NewEnvironment]);
}

#[test]
fn unrecognized_output_is_reported_briefly() {
    let text = format!("{:?}", std::iter::repeat_n("x", 9000).collect::<String>());
    let open = "{\"a\":".repeat(20_000);
    for stdout in [
        "",
        "\u{feff}",
        "{\"success\": true, \"actions\": {\"LINK\": [{\"na",
        "<html>{}</html>",
        "{}\n{}\n",
        "[1, 2]",
        "\u{1b}[31mno\u{1b}[0m",
        &text,
        &open,
    ] {
        for client in ClientKind::ALL {
            for code in [None, Some(0), Some(1)] {
                match read(client, code, stdout, "") {
                    DryRun::Unreadable(words) | DryRun::Failed(words) => {
                        assert!(words.chars().count() <= 301 && !words.contains('\u{1b}'));
                    }
                    other @ (DryRun::Planned(_)
                    | DryRun::Unsolvable(_)
                    | DryRun::NotFound(_)
                    | DryRun::Network { .. }) => panic!("{stdout:.40}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn finds_json_between_text_and_colors() {
    let path =
        format!("{}/tests/dry_runs/conda-22-classic-solved.json", env!("CARGO_MANIFEST_DIR"));
    let json = std::fs::read_to_string(path).expect("it is recorded");
    let text =
        format!("\u{feff}\u{1b}[32mLooking for: ['pytorch']\u{1b}[0m {{x}}\r\n{json}\nDone.\n");
    assert_eq!(read(ClientKind::Mamba, Some(0), &text, ""), recorded("conda-22-classic-solved"));
}

#[test]
fn reads_a_pixi_lock_file_as_a_plan() {
    // A lock file of version 6, written by hand, not recorded.
    let url = "https://conda.anaconda.org/conda-forge/linux-64/pytorch-2.13.0-cuda129_mkl_py312_h0_302.conda";
    let lock = format!(
        "version: 6\nenvironments:\n  default:\n    channels:\n    - url: https://conda.anaconda.org/conda-forge/\n    packages:\n      linux-64:\n      - conda: {url}\npackages:\n- conda: {url}\n  sha256: 00\n  depends:\n  - __cuda\n  size: 1234\n"
    );
    let pytorch = PlannedPackage {
        name: "pytorch".to_owned(),
        version: "2.13.0".to_owned(),
        build: "cuda129_mkl_py312_h0_302".to_owned(),
        channel: "conda-forge".to_owned(),
        size: Some(1234),
        to_download: None,
    };
    assert_eq!(read(ClientKind::Pixi, Some(0), &lock, ""), DryRun::Planned(vec![pytorch]));
}
