//! Recorded environments on recorded machines, with the expected findings for each, written by hand from the
//! facts about builds, GPUs and channels.

#[cfg(unix)]
use std::path::Path;
use std::process::Command;

use crate::common::UP_TO;
use crate::common::machine;
use conda_torch_core::audit::{Checkup, EnvironmentStatus as Status, check};
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::StepKind;
use conda_torch_core::conda::Subdir;
use conda_torch_core::diagnostics::Diagnostic;
use conda_torch_core::types::{Detected, Environment, InstalledPackage, Origin};
use conda_torch_host::LiveHost;
use conda_torch_probe::environment::{self, Location};
use conda_torch_probe::host::RecordedHost;

fn read(name: &str) -> Environment {
    let folder = format!("{}/tests/environments/{name}", env!("CARGO_MANIFEST_DIR"));
    let host = LiveHost::new(None);
    environment::read(&host, &environment::at(&host, &folder))
}

fn on(name: &str, node: &str) -> Checkup<'static> {
    check(read(name), &machine(node), crate::common::matrix())
}

#[track_caller]
fn expect(name: &str, node: &str, status: Status, codes: &[&str]) {
    let checkup = on(name, node);
    let found: Vec<&str> = checkup.findings.iter().map(Diagnostic::code).collect();
    assert_eq!(found, codes, "{name} on {node}: {:?}", checkup.findings);
    assert_eq!(checkup.status, status, "{name} on {node}");
}

#[test]
fn builds_of_the_ended_channel_run_if_they_have_kernels() {
    let name = "pytorch-channel-cu121-on-defaults";
    let notes = &["channel-ended", "newer-pytorch"];
    expect(name, "rtx3080-driver-580", Status::Ok, notes);
    expect(name, "v100-driver-580", Status::Ok, notes);
    // That toolkit is older than Blackwell, and the builds have no PTX.
    let all = &["no-kernels", "channel-ended", "newer-pytorch"];
    expect(name, "rtx5090-driver-580", Status::Problems, all);
    let old = &["driver-too-old", "channel-ended"];
    expect(name, "a100-driver-470", Status::Problems, old);
}

#[test]
fn a_cpu_build_next_to_a_gpu_names_the_spec_that_requests_it() {
    let codes = &["cpu-build", "channel-ended", "newer-pytorch"];
    expect("cpuonly-with-a-gpu", "rtx3080-driver-580", Status::Problems, codes);
    let checkup = on("cpuonly-with-a-gpu", "rtx3080-driver-580");
    let asked = Diagnostic::CpuBuild { requested_by: Some("cpuonly".to_owned()) };
    assert_eq!(checkup.findings[0], asked);
    let notes = &["channel-ended", "newer-pytorch"];
    expect("cpuonly-with-a-gpu", "no-gpu", Status::Ok, notes);
}

#[test]
fn cuda_13_on_a_card_before_turing_has_no_kernels() {
    let name = "conda-forge-cuda130-on-gtx1080ti";
    expect(name, "gtx1080ti-driver-580", Status::Problems, &["no-kernels"]);
    expect(name, "rtx3080-driver-580", Status::Ok, &[]);
    // On a machine without a GPU it uses the CPU.
    expect(name, "no-gpu", Status::Ok, &["cuda-build-idle"]);
}

#[test]
fn packages_that_do_not_work_with_pytorch_are_problems() {
    let problems = Status::Problems;
    let card = "rtx3080-driver-580";
    expect("pip-torch-on-top", card, problems, &["pip-torch-on-top", "newer-pytorch"]);
    expect("torchvision-for-another-pytorch", card, problems, &["companion-mismatch"]);
    let codes = &["companion-other-channel", "newer-pytorch"];
    expect("torchvision-of-another-channel", card, problems, codes);
    expect("mkl-of-defaults", card, problems, &["mixed-channels"]);
    expect("cuda-version-12.4-holds-back", card, problems, &["cuda-version-holds-back"]);
    expect("damaged-record", card, problems, &["environment-damaged"]);
    let codes = &["companion-accelerator"];
    expect("windows-torchvision-for-the-cpu", "windows-rtx4090", problems, codes);
    expect("intel-packages-on-an-arm-mac", "macos-12-arm64", problems, &["environment-translated"]);
    expect(
        "windows-torchvision-for-the-cpu",
        card,
        problems,
        &["other-platform", "companion-accelerator"],
    );
}

/// pytorch/pytorch#123097, #132179 and #44282.
#[test]
fn packages_that_solve_and_then_fail_are_problems() {
    let problems = Status::Problems;
    let card = "rtx3080-driver-580";
    let old = |code| [code, "channel-ended", "newer-pytorch"];
    expect("mkl-2024.1-beside-pytorch-2.0.1", card, problems, &old("package-fails"));
    expect("numpy-2-beside-pytorch-2.1.2", card, problems, &old("package-fails"));
    let name = "numpy-of-pip-over-condas";
    expect(name, card, problems, &["wheel-on-top", "companion-other-channel"]);
    let name = "windows-pip-torch-beside-intel-openmp";
    let codes = &["two-openmp", "pip-torch", "newer-pytorch"];
    expect(name, "windows-no-gpu", problems, codes);
    expect("repacked-wheel", card, Status::Ok, &["repacked-wheel", "newer-pytorch"]);
    let checkup = on("mkl-2024.1-beside-pytorch-2.0.1", card);
    let hint = checkup.findings[0].hint(&checkup.context());
    assert_eq!(hint.as_deref(), Some("to keep this PyTorch, install `mkl<2024.1`"));
}

/// An environment with these packages of conda-forge, each `name version build`.
fn of_conda_forge(subdir: Subdir, packages: &[&str]) -> Environment {
    let package = |text: &&str| {
        let [name, version, build] = *text.split(' ').collect::<Vec<_>>() else { panic!("{text}") };
        InstalledPackage {
            name: name.to_owned(),
            version: version.to_owned(),
            build: build.to_owned(),
            build_number: build.rsplit('_').next().and_then(|it| it.parse().ok()).unwrap_or(0),
            channel: "conda-forge".to_owned(),
            subdir: subdir.to_string(),
            ..InstalledPackage::default()
        }
    };
    let packages = packages.iter().map(package).collect();
    Environment { packages, subdir: Some(subdir), ..Environment::default() }
}

/// The CUPTI of Windows carries its version in the file's name (conda-forge/pytorch-cpu-feedstock, 5fa77f85).
#[test]
fn a_windows_build_needs_its_own_cuda_version() {
    let with = |cuda: &str, pytorch: &str| {
        let cuda = format!("cuda-version {cuda} h_3");
        let environment = of_conda_forge(Subdir::Win64, &[&cuda, pytorch]);
        let found = check(environment, &machine("windows-rtx4090"), crate::common::matrix());
        let fails = |it: &&Diagnostic| it.code() == "package-fails";
        let context = found.context();
        let hint = found.findings.iter().find(fails).map(|it| it.hint(&context));
        hint.flatten()
    };
    let cuda128 = "pytorch 2.12.1 cuda128_mkl_py312_h1_300";
    assert_eq!(with("12.8", cuda128), None);
    let hint = "to keep this PyTorch, install `cuda-version=12.8`".to_owned();
    assert_eq!(with("12.9", cuda128), Some(hint));
    let hint = "to keep this PyTorch, install `cuda-version=13.0`".to_owned();
    assert_eq!(with("13.2", "pytorch 2.12.1 cuda130_mkl_py312_h1_300"), Some(hint));
}

/// conda-forge/pytorch-cpu-feedstock#350: from glibc 2.41 on. Build numbers that no row has, on Debian 13.
#[test]
fn builds_without_a_row_know_the_newest_glibc_that_loads_them() {
    let mut debian = machine("no-gpu");
    debian.glibc = Detected::found("2.41".parse().expect("a version"), Origin::System);
    let has_finding = |pytorch: &str| {
        let environment = of_conda_forge(Subdir::Linux64, &[pytorch]);
        let found = check(environment, &debian, crate::common::matrix());
        found.findings.iter().any(|it| it.code() == "glibc-too-new")
    };
    for pytorch in [
        "pytorch 1.10.2 cpu_py39h_1",
        "pytorch 2.0.1 cpu_generic_py311_h_9",
        "pytorch 2.4.1 cpu_mkl_py312_h_5",
        "pytorch 2.5.1 cpu_generic_py312_h_412",
    ] {
        assert!(has_finding(pytorch), "{pytorch}");
    }
    for pytorch in [
        "pytorch 2.4.1 cpu_generic_py312_h_407",
        "pytorch 2.5.1 cpu_generic_py312_h_413",
        "pytorch 2.6.0 cpu_generic_py312_h_400",
        "pytorch 2.13.0 cpu_mkl_py312_h_150",
    ] {
        assert!(!has_finding(pytorch), "{pytorch}");
    }
}

#[test]
fn a_withdrawn_cudnn_is_a_problem_only_on_old_gpus() {
    let codes = &["cudnn-withdrawn", "newer-pytorch"];
    expect("cudnn-9.13-on-v100", "v100-driver-580", Status::Problems, codes);
    expect("cudnn-9.13-on-v100", "rtx3080-driver-580", Status::Ok, codes);
}

#[test]
fn records_of_every_client_are_read() {
    for name in ["micromamba-made", "pixi-made"] {
        let environment = read(name);
        let pytorch = environment.package("pytorch").expect("it is there");
        assert_eq!(
            (pytorch.channel.as_str(), pytorch.build_number),
            ("conda-forge", 302),
            "{name}"
        );
        assert_eq!(environment.subdir.map(Subdir::as_str), Some("linux-64"), "{name}");
        assert_eq!(environment.problems, [], "{name}");
        expect(name, "rtx3080-driver-580", Status::Ok, &[]);
    }
    assert_eq!(read("micromamba-made").requested, ["pytorch-gpu"]);
    let windows = read("windows-torchvision-for-the-cpu");
    assert_eq!(windows.pip[0].name, "einops");
}

#[test]
fn the_driver_is_checked_for_an_unknown_build() {
    expect("newer-than-the-tables", "rtx3080-driver-580", Status::Ok, &["build-not-known"]);
    let codes = &["driver-too-old", "build-not-known"];
    expect("newer-than-the-tables", "a100-driver-470", Status::Problems, codes);
    let notes = &["newer-pytorch"];
    expect("defaults-cuda118", "rtx3080-driver-580", Status::Ok, notes);
    expect("no-pytorch", "rtx3080-driver-580", Status::NoPytorch, &[]);
}

#[test]
fn an_environment_that_cannot_be_read_is_unreadable() {
    let host: RecordedHost = r#"{"target": {"os": "linux", "arch": "x86_64"},
        "files": {"/e/conda-meta": {"fails": "denied"}}}"#
        .parse()
        .expect("a host");
    let place = Location { prefix: "/e".to_owned(), name: None };
    let checkup =
        check(environment::read(&host, &place), &machine("no-gpu"), crate::common::matrix());
    assert_eq!(checkup.status, Status::Unreadable);
}

fn run(arguments: &[&str]) -> (String, Option<i32>) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_conda-torch"));
    program
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .env(UP_TO.0, UP_TO.1);
    program.env("PATH", "/usr/bin:/bin").env("HOME", "/nonexistent").env("COLUMNS", "80");
    let output = program.output().expect("it runs");
    (String::from_utf8(output.stdout).expect("UTF-8"), output.status.code())
}

#[test]
fn text_has_the_symptom_and_the_fix() {
    let prefix = "tests/environments/conda-forge-cuda130-on-gtx1080ti";
    let node = "tests/machines/gtx1080ti-driver-580.json";
    let (page, code) = run(&["check", "-p", prefix, "--machine", node]);
    assert_eq!(code, Some(4), "{page}");
    assert!(page.contains("no kernel image is available"), "{page}");
    assert!(page.contains("cuda-version=12.9") && page.contains("[no-kernels]"), "{page}");
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    let (json, code) = run(&["check", "--json", "-p", prefix, "--machine", node]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("one document");
    assert_eq!((code, json["exit_code"].as_u64()), (Some(4), Some(4)));
    assert_eq!(json["environments"][0]["findings"][0]["code"], "no-kernels");
    assert_eq!(json["environments"][0]["pytorch"]["kernels"][0]["support"], "missing");
}

#[test]
fn an_environment_without_pytorch_is_not_ok() {
    let prefix = "tests/environments/no-pytorch";
    let (page, code) = run(&["check", "-p", prefix]);
    assert_eq!(code, Some(4), "{page}");
    assert!(page.contains("PyTorch is not installed") && !page.contains("OK"), "{page}");
    assert!(page.contains("hint: `conda-torch advise`"), "{page}");
    let (json, code) = run(&["check", "--json", "-p", prefix]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("one document");
    assert_eq!((code, json["exit_code"].as_u64()), (Some(4), Some(4)));
    assert_eq!(json["status"], "problems");
    assert_eq!(json["environments"][0]["verdict"], "no-pytorch");
}

/// The words of the installation that fixes an environment on a machine, and its note.
fn fix(environment: Environment, node: &str) -> (String, Option<String>) {
    let node = machine(node);
    let checkup = check(environment, &node, crate::common::matrix());
    let steps = conda_torch_core::report::check::fix(&checkup, &ClientTarget::of(&node, None));
    let install = steps.into_iter().find(|step| step.kind == StepKind::Install).expect("a fix");
    (install.argv.join(" "), install.note)
}

#[test]
fn the_fix_has_another_name_than_the_checked_environment() {
    let of = |name: Option<&str>, prefix: &str| {
        let old = read("conda-forge-cuda130-on-gtx1080ti");
        let environment =
            Environment { name: name.map(str::to_owned), prefix: prefix.to_owned(), ..old };
        fix(environment, "gtx1080ti-driver-580").0
    };
    assert!(of(Some("torch"), "/elsewhere/envs/torch").contains(" -n torch-2 "));
    assert!(of(None, "/elsewhere/envs/torch/").contains(" -n torch-2 "));
    assert!(of(Some("work"), "/elsewhere/envs/work").contains(" -n torch "));
}

/// The newest torchaudio is 2.11.0, for PyTorch 2.10; torchvision goes on.
#[test]
fn the_fix_keeps_the_companions_or_says_which_it_leaves_out() {
    let with = |pytorch: &str, companions: &[(&str, &str)]| {
        let mut environment = read("conda-forge-cuda130-on-gtx1080ti");
        let python = |it: &InstalledPackage| it.name == "python";
        environment.packages.retain(|it| it.name == "pytorch" || python(it));
        environment.packages.iter_mut().filter(|it| !python(it)).for_each(|it| {
            pytorch.clone_into(&mut it.version);
            it.build_number = 302;
        });
        environment.packages.extend(companions.iter().map(|(name, version)| InstalledPackage {
            name: (*name).to_owned(),
            version: (*version).to_owned(),
            channel: "conda-forge".to_owned(),
            ..InstalledPackage::default()
        }));
        environment.packages.sort_by(|a, b| a.name.cmp(&b.name));
        fix(environment, "gtx1080ti-driver-580")
    };
    let (words, note) = with("2.10.0", &[("torchvision", "0.25.0"), ("torchaudio", "2.11.0")]);
    assert!(words.contains(" torchvision=") && words.contains(" torchaudio=2.11.0 "), "{words}");
    assert!(words.contains(" pytorch-gpu=2.10.0 "), "{words}");
    assert!(note.is_none_or(|note| !note.contains("without")), "{words}");

    let (words, note) = with("2.13.0", &[("torchvision", "0.28.0"), ("torchaudio", "2.11.0")]);
    assert!(words.contains(" torchvision=") && !words.contains("torchaudio"), "{words}");
    let note = note.expect("a note");
    assert!(note.starts_with("without torchaudio, which the environment has"), "{note}");
}

#[test]
fn a_missing_environment_is_an_error() {
    let (json, code) = run(&["check", "--json", "-p", "/nonexistent"]);
    assert_eq!(code, Some(1));
    assert!(json.contains("\"status\": \"error\""), "{json}");
    assert_eq!(run(&["check", "-n", "nobody-has-it"]).1, Some(2));
}

#[cfg(unix)]
#[test]
fn symlinks_are_followed_and_large_environments_read_in_part() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("check-links");
    let _ = std::fs::remove_dir_all(&folder);
    let meta = folder.join("huge/conda-meta");
    std::fs::create_dir_all(&meta).expect("a folder");
    let head = r#"{"build": "h0_0", "build_number": 0, "channel": "conda-forge", "depends": [], "files": ["#;
    let mut text = head.to_owned();
    for number in 0..100_000 {
        text.extend(["\"share/", &number.to_string(), "\","]);
    }
    text.push_str("\"end\"], \"name\": \"big\", \"version\": \"1\"}");
    for number in 0..30 {
        std::fs::write(meta.join(format!("big{number}-1-h0_0.json")), &text).expect("a file");
    }
    std::os::unix::fs::symlink(folder.join("huge"), folder.join("link")).expect("a link");
    let host = LiveHost::new(None);
    let link = folder.join("link").to_string_lossy().into_owned();
    let environment = environment::read(&host, &environment::at(&host, &link));
    assert_eq!((environment.packages.len(), environment.problems.len()), (30, 0));
}

#[test]
fn an_override_that_differs_from_the_driver_is_a_problem() {
    let output = Command::new(env!("CARGO_BIN_EXE_conda-torch"))
        .env_clear()
        .env(UP_TO.0, UP_TO.1)
        .env("CONDA_OVERRIDE_CUDA", "11.8")
        .args(["check", "--json", "-p", "tests/environments/conda-forge-cuda130-on-gtx1080ti"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(text.contains("\"override-left-behind\""), "{text}");
}
