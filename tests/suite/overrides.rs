//! Flags override the environment, which overrides the probe; saved machines.

use crate::common::UP_TO;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use conda_torch_core::conda::{Subdir, Version};
use conda_torch_core::types::{
    ComputeCapability, CudaVersion, Detected, DriverVersion, Machine, Origin, Outcome,
};
use conda_torch_probe::host::RecordedHost;
use conda_torch_probe::{GpuOverride, Overrides, probe};

/// A Linux machine without a GPU, with these variables set.
fn host(env: &[(&str, &str)]) -> RecordedHost {
    let env: std::collections::BTreeMap<_, _> = env.iter().copied().collect();
    let host = serde_json::json!({
        "target": {"os": "linux", "arch": "x86_64", "env": "gnu"},
        "glibc": "2.36",
        "env": env,
    });
    host.to_string().parse().expect("a host")
}

fn with_env(env: &[(&str, &str)]) -> Machine {
    probe(&host(env), &Overrides::default())
}

fn with_flags(overrides: &Overrides) -> Machine {
    probe(&host(&[]), overrides)
}

fn is_unknown<T>(detected: &Detected<T>) -> bool {
    matches!(detected, Detected::Unknown { .. })
}

const CUDA_12_9: CudaVersion = CudaVersion::new(12, 9);

#[test]
fn flags_override_variables_and_variables_override_the_probe() {
    let env = [("CONDA_OVERRIDE_CUDA", "12.9"), ("CONDA_OVERRIDE_GLIBC", "2.17")];
    let machine = with_env(&env);
    let by_env = Origin::Env("CONDA_OVERRIDE_CUDA".into());
    assert_eq!(machine.driver_cuda, Detected::found(CUDA_12_9, by_env));
    assert_eq!(machine.glibc.value(), Some(&Version::new(&[2, 17])));

    let flags = Overrides { cuda: Some(CudaVersion::new(13, 0)), ..Overrides::default() };
    let machine = probe(&host(&env), &flags);
    let by_flag = Origin::Flag("--cuda".into());
    assert_eq!(machine.driver_cuda, Detected::found(CudaVersion::new(13, 0), by_flag));
    assert_eq!(machine.glibc.value(), Some(&Version::new(&[2, 17])));
}

#[test]
fn an_empty_override_is_absent_and_an_invalid_one_unknown() {
    let machine = with_env(&[("CONDA_OVERRIDE_CUDA", ""), ("CONDA_OVERRIDE_GLIBC", "")]);
    assert_eq!(machine.driver_cuda, Detected::Absent);
    assert_eq!(machine.glibc, Detected::Absent);

    for garbage in [" ", "foo bar!", "12.", "-1", "12.9; rm", "\u{0}"] {
        let machine = with_env(&[("CONDA_OVERRIDE_CUDA", garbage)]);
        assert!(is_unknown(&machine.driver_cuda), "{garbage:?}");
        let report = machine.sources.last().expect("a report");
        assert_eq!(report.source, "CONDA_OVERRIDE_CUDA");
        assert_eq!(report.outcome, Outcome::Failed, "{garbage:?}");
    }
}

#[test]
fn a_major_version_alone_means_minor_0() {
    let machine = with_env(&[("CONDA_OVERRIDE_CUDA", "12")]);
    assert_eq!(machine.driver_cuda.value(), Some(&CudaVersion::new(12, 0)));
}

#[test]
fn a_driver_by_flag_implies_a_gpu() {
    let plain = with_env(&[]);
    assert_eq!(plain.gpu_count, Detected::Absent);
    assert_eq!(plain.driver, Detected::Absent);

    let driver = Some(DriverVersion::new(&[580]));
    let machine = with_flags(&Overrides { driver, ..Overrides::default() });
    assert!(is_unknown(&machine.gpu_count));
    assert!(is_unknown(&machine.driver_cuda));
    assert_eq!(machine.driver.value(), driver.as_ref());

    let machine = with_flags(&Overrides { cuda: Some(CUDA_12_9), ..Overrides::default() });
    assert!(is_unknown(&machine.gpu_count));
    assert!(is_unknown(&machine.driver));

    let machine = with_env(&[("CONDA_OVERRIDE_CUDA", "12.9")]);
    assert!(is_unknown(&machine.gpu_count));
    assert!(is_unknown(&machine.driver));
}

#[test]
fn a_driver_by_flag_drops_the_detected_cuda_version() {
    let mut machine = Machine {
        driver: Detected::found(DriverVersion::new(&[535, 183, 1]), Origin::Nvml),
        driver_cuda: Detected::found(CudaVersion::new(12, 2), Origin::Nvml),
        gpu_count: Detected::found(1, Origin::Nvml),
        ..Machine::default()
    };
    let driver = Some(DriverVersion::new(&[580, 65, 6]));
    Overrides { driver, ..Overrides::default() }.apply(&mut machine);
    assert!(is_unknown(&machine.driver_cuda));
    assert_eq!(machine.gpu_count, Detected::found(1, Origin::Nvml));

    let both = Overrides { driver, cuda: Some(CUDA_12_9), ..Overrides::default() };
    both.apply(&mut machine);
    assert_eq!(machine.driver.value(), driver.as_ref());
    assert_eq!(machine.driver_cuda.value(), Some(&CUDA_12_9));
}

#[test]
fn gpus_by_flag_replace_the_detected_ones() {
    let gpus = vec![
        GpuOverride { name: Some("RTX 4090".into()), capability: ComputeCapability::new(8, 9) },
        GpuOverride { name: None, capability: ComputeCapability::new(6, 1) },
    ];
    let machine = with_flags(&Overrides { gpus, ..Overrides::default() });
    assert_eq!(machine.gpu_count, Detected::found(2, Origin::Flag("--gpu".into())));
    assert_eq!(machine.gpus[0].name.value().map(String::as_str), Some("RTX 4090"));
    assert_eq!(machine.gpus[1].index, 1);
    let by_flag = Origin::Flag("--compute-capability".into());
    let capability = ComputeCapability::new(6, 1);
    assert_eq!(machine.gpus[1].compute_capability, Detected::found(capability, by_flag));
    assert_eq!(machine.driver, Detected::Absent);
}

#[test]
fn a_glibc_by_flag_replaces_musl() {
    let mut machine = Machine {
        glibc: Detected::Absent,
        musl: Detected::found(Version::new(&[1, 2, 5]), Origin::System),
        ..Machine::default()
    };
    let glibc = Some(Version::new(&[2, 28]));
    Overrides { glibc, ..Overrides::default() }.apply(&mut machine);
    assert_eq!(machine.glibc.value(), glibc.as_ref());
    assert_eq!(machine.musl, Detected::Absent);
}

#[test]
fn a_platform_by_flag_disables_the_probe_but_not_overrides() {
    let host = host(&[("CONDA_OVERRIDE_CUDA", "12.9"), ("SHELL", "/bin/bash")]);
    for subdir in Subdir::ALL {
        let flags = Overrides {
            platform: Some(subdir),
            driver: Some(DriverVersion::new(&[580])),
            macos: Some(Version::new(&[14, 5])),
            ..Overrides::default()
        };
        let machine = probe(&host, &flags);
        assert_eq!(machine.subdir.value(), Some(&subdir));
        assert_eq!(machine.macos.value(), Some(&Version::new(&[14, 5])));
        assert!(!machine.shell.is_found(), "{subdir}");
        assert!(machine.sources.iter().all(|source| source.source.starts_with("CONDA_OVERRIDE")));
    }
    let flags = Overrides { platform: Some(Subdir::LinuxAarch64), ..Overrides::default() };
    let machine = probe(&host, &flags);
    assert_eq!(machine.driver_cuda.value(), Some(&CUDA_12_9));
    assert_eq!(machine.glibc, Detected::found(Version::new(&[2, 28]), Origin::Baseline));
}

/// Runs the program with a document on its standard input.
fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_conda-torch"))
        .args(arguments)
        .env_clear()
        .env(UP_TO.0, UP_TO.1)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be run");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A program that refuses its input early closes the pipe.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("the program ends")
}

#[test]
fn only_flags_change_a_saved_machine() {
    let saved = run(&["probe", "--json"], "");
    let saved = String::from_utf8(saved.stdout).expect("UTF-8");
    let again = run(&["probe", "--json", "--machine", "-"], &saved);
    assert_eq!(String::from_utf8_lossy(&again.stdout), saved);

    let flags = ["probe", "--json", "--machine", "-", "--driver", "999.99"];
    let changed = run(&flags, &saved);
    let changed: serde_json::Value = serde_json::from_slice(&changed.stdout).expect("JSON");
    assert_eq!(changed["format_version"], 1);
    assert_eq!(changed["tool"]["name"], "conda-torch");
    assert_eq!(changed["machine"]["driver"]["value"], "999.99");
    assert_eq!(changed["machine"]["driver"]["origin"], "flag:--driver");
}

#[test]
fn refuses_a_document_without_a_machine() {
    let cases = [
        ("", "the input is empty"),
        ("{\n  \"machine\": [", "line 2"),
        ("{\"recommendation\": null}", "not recognized as a description of a machine"),
        ("{\"machine\": {\"subdir\": {\"status\": \"maybe\"}}}", "unknown status `maybe`"),
        ("{\"format_version\": 9, \"machine\": {}}", "`format_version` is 9"),
    ];
    for (text, place) in cases {
        let output = run(&["probe", "--machine", "-"], text);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(message.contains("on standard input"), "{message}");
        assert!(message.contains(place), "{text}: {message}");
        assert!(output.stdout.is_empty());
    }
    let output = run(&["probe", "--machine", "/nowhere/m.json"], "");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("`/nowhere/m.json`: not found"), "{message}");
    let output = run(&["probe", "--machine", env!("CARGO_MANIFEST_DIR")], "");
    assert!(String::from_utf8_lossy(&output.stderr).contains("not a regular file"));
}

#[test]
fn text_has_facts_with_their_origins() {
    let output = run(&["probe", "--platform", "osx-arm64"], "");
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("osx-arm64 (flag:--platform)"), "{text}");
    assert!(text.contains("14.0 (baseline)"), "{text}");
}

#[test]
fn drops_gpu_uuids_from_every_setting() {
    let uuids = "GPU-8f6d2db0-7a1c-4f7b,MIG-41b36c1e-2f3d, 1";
    let machine = with_env(&[("CUDA_VISIBLE_DEVICES", uuids)]);
    let text = serde_json::to_string(&machine).expect("JSON");
    assert!(text.contains("GPU-…,MIG-…, 1"), "{text}");
    assert!(!text.contains("8f6d2db0") && !text.contains("41b36c1e"), "{text}");
}
