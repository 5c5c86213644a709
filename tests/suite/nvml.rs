//! The driver's libraries, loaded by the real program: stubs built from `tests/stub/`. No test depends on time: a
//! library that hangs does so forever, and all others have ten minutes. Replies before a hang are in
//! `tests/hosts/driver-hangs-*`.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

static NVML: LazyLock<PathBuf> = LazyLock::new(|| build("nvml", "libnvidia-ml.so.1", &[]));
static OLD_NVML: LazyLock<PathBuf> =
    LazyLock::new(|| build("nvml", "libnvidia-ml-old.so.1", &["--cfg", "old"]));
static LIBCUDA: LazyLock<PathBuf> = LazyLock::new(|| build("libcuda", "libcuda.so.1", &[]));

/// Compiles a stub. The file is renamed into place, because a runner may start each test as a process.
fn build(source: &str, library: &str, more: &[&str]) -> PathBuf {
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(library);
    let unfinished = library.with_extension(std::process::id().to_string());
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--edition", "2024", "--crate-type", "cdylib", "-O", "--check-cfg", "cfg(old)"])
        .args(more)
        .arg("-o")
        .arg(&unfinished)
        .arg(format!("{}/tests/stub/{source}.rs", env!("CARGO_MANIFEST_DIR")))
        .output()
        .expect("rustc can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::rename(unfinished, &library).expect("the library can be put in its place");
    library
}

/// `probe --json` with these libraries and variables in an empty environment.
fn probe(nvml: Option<&Path>, libcuda: Option<&Path>, env: &[(&str, &str)]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_conda-torch"))
        .args(["probe", "--json"])
        .env_clear()
        .env("CONDA_TORCH_NVML", nvml.unwrap_or(Path::new("/nowhere/libnvidia-ml.so.1")))
        .env("CONDA_TORCH_LIBCUDA", libcuda.unwrap_or(Path::new("/nowhere/libcuda.so.1")))
        .env("CONDA_TORCH_TIMEOUT", "600")
        .envs(env.iter().copied())
        .output()
        .expect("the program can be run");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let mut document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    document["machine"].take()
}

fn nvml(plays: &str) -> Value {
    probe(Some(&NVML), None, &[("STUB_NVML", plays)])
}

/// `found VALUE by ORIGIN`, `absent`, `unknown: WHY`.
fn fact(detected: &Value) -> String {
    match detected["status"].as_str().expect("a status") {
        "found" => {
            let value = &detected["value"];
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("{value} by {}", detected["origin"].as_str().expect("an origin"))
        }
        "unknown" => format!("unknown: {}", detected["why"].as_str().expect("a reason")),
        other => other.to_owned(),
    }
}

/// The outcome and the detail of a source.
fn source(machine: &Value, name: &str) -> (String, String) {
    let sources = machine["sources"].as_array().expect("sources");
    let source = sources.iter().find(|source| source["source"] == name).expect("the source");
    let text = |key: &str| source[key].as_str().expect("a text").to_owned();
    (text("outcome"), text("detail"))
}

fn names(machine: &Value) -> Vec<String> {
    let gpus = machine["gpus"].as_array().expect("gpus");
    gpus.iter().map(|gpu| fact(&gpu["name"])).collect()
}

#[test]
fn several_gpus_have_their_own_facts() {
    let machine = nvml("");
    assert_eq!(fact(&machine["driver"]), "580.65.06 by nvml");
    assert_eq!(fact(&machine["driver_cuda"]), "13.0 by nvml");
    assert_eq!(fact(&machine["gpu_count"]), "3 by nvml");
    let pascal = &machine["gpus"][0];
    assert_eq!(fact(&pascal["name"]), "NVIDIA GeForce GTX 1080 Ti by nvml");
    assert_eq!(fact(&pascal["compute_capability"]), "6.1 by nvml");
    assert_eq!(fact(&pascal["memory_mib"]), "11264 by nvml");
    assert_eq!(fact(&pascal["mig"]), "absent");
    assert_eq!(pascal["pci_id"], "10de:1b06");
    assert_eq!(fact(&machine["gpus"][2]["compute_capability"]), "9.0 by nvml");
    assert_eq!(source(&machine, "nvml").0, "ok");
    assert_eq!(source(&machine, "libcuda").0, "absent");
    assert_eq!(fact(&machine["libcuda"]), "absent");
}

#[test]
fn mig_is_reported_for_its_gpu() {
    let machine = nvml("mig");
    assert_eq!(fact(&machine["gpus"][1]["mig"]), "true by nvml");
    assert_eq!(fact(&machine["gpus"][2]["mig"]), "false by nvml");
    let slices = &machine["gpus"][1]["mig_slices"]["value"];
    assert_eq!(slices.as_array().map(Vec::len), Some(2), "{slices}");
    let empty = nvml("mig-empty");
    assert_eq!(fact(&empty["gpus"][1]["mig_slices"]), "absent");
    assert!(fact(&empty["gpus"][2]["mig_slices"]).starts_with("unknown: "));
}

#[test]
fn vgpu_and_passthrough_differ() {
    let machine = nvml("vgpu");
    assert_eq!(fact(&machine["gpus"][2]["virtualization"]), "vgpu by nvml");
    assert_eq!(fact(&machine["gpus"][1]["virtualization"]), "absent");
}

#[test]
fn reports_the_library_file_that_was_loaded() {
    let machine = probe(Some(&NVML), Some(&LIBCUDA), &[("STUB_LIBCUDA", "mismatch")]);
    let file = fact(&machine["nvidia"]["libcuda_file"]);
    assert!(file.ends_with("libcuda.so.1 by libcuda"), "{file}");
    assert_eq!(machine["nvidia"]["libcuda_error"], "803");
    assert_eq!(fact(&machine["nvidia"]["libcuda_cuda"]), "12.8 by libcuda");
}

#[test]
fn driver_errors_are_failures_not_missing_gpus() {
    let cases = [
        ("version-mismatch", "a reboot loads the new one"),
        ("no-permission", "no permission to use the driver's devices"),
        ("operating-system", "the operating system blocks the driver's devices"),
        ("new-code", "nvml error UnexpectedVariant(29)"),
        ("driver-not-loaded", "the kernel module is not loaded"),
    ];
    for (plays, why) in cases {
        let machine = nvml(plays);
        for key in ["driver", "driver_cuda"] {
            let fact = fact(&machine[key]);
            assert!(fact.starts_with("unknown: ") && fact.ends_with(why), "{plays}: {key}: {fact}");
        }
        // Without a library, it depends on the GPU of this machine.
        if plays != "driver-not-loaded" {
            assert!(fact(&machine["gpu_count"]).starts_with("unknown: "), "{plays}");
        }
        let (outcome, detail) = source(&machine, "nvml");
        assert_eq!(outcome, "failed", "{plays}");
        assert!(detail.ends_with(why), "{plays}: {detail}");
    }
}

#[test]
fn a_lost_gpu_does_not_affect_the_others() {
    let machine = nvml("second-lost");
    assert_eq!(fact(&machine["gpu_count"]), "3 by nvml");
    assert_eq!(fact(&machine["gpus"][1]["name"]), "unknown: NVML: the GPU fell off the bus");
    assert_eq!(fact(&machine["gpus"][2]["name"]), "NVIDIA H200 by nvml");
    let (outcome, detail) = source(&machine, "nvml");
    assert_eq!(outcome, "ok");
    assert!(detail.contains("GPU 1: the GPU fell off the bus"), "{detail}");
}

#[test]
fn an_old_library_reports_fewer_facts() {
    let machine = probe(Some(&OLD_NVML), None, &[]);
    assert_eq!(fact(&machine["driver"]), "580.65.06 by nvml");
    assert_eq!(fact(&machine["driver_cuda"]), "unknown: NVML: the library is too old to report it");
    let gpu = &machine["gpus"][1];
    assert_eq!(fact(&gpu["compute_capability"]), "8.0 by nvml");
    assert_eq!(fact(&gpu["memory_mib"]), "unknown: NVML: the library is too old to report it");
    assert_eq!(fact(&gpu["mig"]), "unknown: NVML: the library is too old to report it");
    assert_eq!(gpu["pci_id"], Value::Null);
    assert!(fact(&gpu["virtualization"]).ends_with("the library is too old to report it"));
}

#[test]
fn a_driver_without_a_gpu_is_found() {
    let machine = nvml("no-devices");
    assert_eq!(fact(&machine["driver"]), "580.65.06 by nvml");
    assert_eq!(fact(&machine["gpu_count"]), "absent");
    assert_eq!(machine["gpus"], Value::Array(vec![]));
}

#[test]
fn a_hanging_driver_loses_no_other_facts() {
    let env = [("STUB_NVML", "hangs-in-init"), ("CONDA_TORCH_TIMEOUT", "1")];
    let machine = probe(Some(&NVML), None, &env);
    let (outcome, detail) = source(&machine, "nvml");
    assert_eq!(outcome, "timed-out");
    assert!(detail.starts_with("no answer within 1 second"), "{detail}");
    assert!(fact(&machine["driver"]).starts_with("unknown: NVML: no answer"), "{machine:#}");
    assert_eq!(source(&machine, "libcuda").0, "skipped");
    assert_eq!(source(&machine, "nvidia-smi").0, "skipped");
    assert!(fact(&machine["libcuda"]).starts_with("unknown: "));
    assert!(fact(&machine["gpu_count"]).starts_with("unknown: "));
    assert_eq!(fact(&machine["subdir"]).split(' ').nth(1), Some("by"));
}

#[test]
fn a_crashing_library_does_not_crash_the_program() {
    let machine = nvml("crashes");
    let (outcome, detail) = source(&machine, "nvml");
    assert_eq!(outcome, "failed");
    assert_eq!(detail, "the driver's library crashed with signal 11 (initialization of nvml)");
    assert!(fact(&machine["driver"]).starts_with("unknown: "));

    let machine = nvml("crashes-at-third");
    let names = names(&machine);
    assert_eq!(names[1], "NVIDIA A100-SXM4-40GB by nvml");
    assert!(names[2].starts_with("unknown: NVML: the driver's library crashed"), "{}", names[2]);
}

#[test]
fn output_of_a_library_is_ignored() {
    assert_eq!(fact(&nvml("talks")["gpu_count"]), "3 by nvml");
}

#[test]
fn an_invalid_library_is_failed_not_absent() {
    let machine = probe(Some(Path::new(file!())), None, &[]);
    let (outcome, detail) = source(&machine, "nvml");
    assert_eq!(outcome, "failed", "{detail}");
    assert!(fact(&machine["driver"]).starts_with("unknown: "), "{machine:#}");
}

#[test]
fn libcuda_is_used_without_nvml() {
    let machine = probe(None, Some(&LIBCUDA), &[("CUDA_VISIBLE_DEVICES", "")]);
    assert_eq!(fact(&machine["libcuda"]), "12.8 by libcuda");
    assert_eq!(fact(&machine["driver_cuda"]), "12.8 by libcuda");
    assert_eq!(fact(&machine["gpu_count"]), "1 by libcuda");
    assert_eq!(fact(&machine["gpus"][0]["name"]), "Orin by libcuda");
    assert_eq!(fact(&machine["gpus"][0]["compute_capability"]), "8.7 by libcuda");
    assert_eq!(source(&machine, "nvml").0, "absent");
}

#[test]
fn libcuda_without_a_gpu_reports_its_version() {
    let machine = probe(None, Some(&LIBCUDA), &[("STUB_LIBCUDA", "no-device")]);
    assert_eq!(fact(&machine["libcuda"]), "absent");
    assert_eq!(fact(&machine["driver_cuda"]), "12.8 by libcuda");
    assert_eq!(fact(&machine["gpu_count"]), "absent");
    let (outcome, detail) = source(&machine, "libcuda");
    assert_eq!((outcome.as_str(), detail.as_str()), ("failed", "no CUDA device"));
}

#[test]
fn a_failure_of_libcuda_keeps_the_facts_of_nvml() {
    let env = [("STUB_LIBCUDA", "mismatch"), ("STUB_NVML", "")];
    let machine = probe(Some(&NVML), Some(&LIBCUDA), &env);
    assert_eq!(fact(&machine["driver_cuda"]), "13.0 by nvml");
    assert_eq!(fact(&machine["gpu_count"]), "3 by nvml");
    assert!(fact(&machine["libcuda"]).starts_with("unknown: libcuda: "));
    assert_eq!(source(&machine, "libcuda").0, "failed");
}

#[test]
fn libraries_are_combined_only_if_their_gpu_counts_agree() {
    let env = [("STUB_NVML", "second-lost"), ("STUB_LIBCUDA", "three")];
    let machine = probe(Some(&NVML), Some(&LIBCUDA), &env);
    assert_eq!(fact(&machine["gpus"][1]["compute_capability"]), "8.7 by libcuda");
    let machine = probe(Some(&NVML), Some(&LIBCUDA), &env[..1]);
    assert!(fact(&machine["gpus"][1]["compute_capability"]).starts_with("unknown: "));
}

#[test]
fn a_utility_container_has_only_nvml() {
    let machine = nvml("utility-only");
    assert_eq!(fact(&machine["driver"]), "580.65.06 by nvml");
    assert_eq!(fact(&machine["driver_cuda"]), "unknown: NVML: libcuda is missing");
    assert_eq!(fact(&machine["libcuda"]), "absent");
}

#[test]
fn asks_for_no_serial_numbers_or_uuids() {
    let text = nvml("").to_string().to_ascii_lowercase();
    assert!(!text.contains("uuid") && !text.contains("serial"), "{text}");
}
