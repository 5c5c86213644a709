//! Error texts with what is in them, and what recorded machines and environments say of them. Expectations are written
//! by a person from the texts and the facts about the machines.

use std::collections::BTreeSet;

use conda_torch_core::audit::{Checkup, check};
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::shell;
use conda_torch_core::error_texts::Verdict::{Confirmed, Contradicted, Unknown};
use conda_torch_core::error_texts::{FoundErrors, Judgement, Scene, Verdict, find, known};
use conda_torch_core::import::text_of;
use conda_torch_core::report::explain::steps;
use conda_torch_core::resolve::{Request, advise};
use conda_torch_core::types::Shell;
use conda_torch_host::LiveHost;
use conda_torch_probe::environment;

use crate::common::machine;

/// The failures of each text in `tests/errors`: the first cause first, `B<A` where B follows from A.
const TEXTS: &[(&str, &str)] = &[
    ("archive", "damaged-package-cache"),
    ("bitsandbytes", "bitsandbytes-without-cuda"),
    ("certificate", "certificate-not-trusted no-connection<certificate-not-trusted"),
    (
        "classic-cuda",
        "no-virtual-cuda unsatisfiable<no-virtual-cuda virtual-glibc-false<no-virtual-cuda",
    ),
    ("classic-glibc", "virtual-glibc-false unsatisfiable<virtual-glibc-false"),
    ("clobber", "damaged-package-cache packages-share-files"),
    ("colors-and-ranks", "gpu-not-in-build no-kernel-image<gpu-not-in-build"),
    ("conda-json", "old-channel-package package-not-found<old-channel-package"),
    ("cublas-missing", "cuda-library-not-found"),
    ("cuda-home", "cuda-home-not-set"),
    ("cuda-on-a-mac", "cpu-only-build"),
    ("cudnn-9-engines", "cudnn-not-found"),
    ("cudnn-german", "cudnn-not-found"),
    ("cudnn-needs-libcuda", "libcuda-not-found cudnn-not-found<libcuda-not-found"),
    ("cudnn-other-version", "cudnn-other-version"),
    ("cudnn-status", "cudnn-not-initialized"),
    ("deserialize", "model-saved-on-cuda"),
    ("devices-busy", "devices-busy"),
    ("disk-full", "disk-full damaged-package-cache<disk-full"),
    ("dll-module", "module-dll-not-found"),
    ("dll-procedure", "dll-other-version"),
    ("docker-no-toolkit", "docker-without-toolkit"),
    ("docker-old-driver", "image-needs-newer-driver"),
    ("driver-too-old", "driver-older-than-build"),
    ("error-802", "cuda-error-802"),
    ("error-804", "cuda-error-804 device-count-failed<cuda-error-804"),
    ("error-999", "cuda-error-999"),
    ("execstack", "executable-stack"),
    ("flash-attention-turing", "flash-attention-gpu"),
    ("flash-attn-abi", "extension-other-pytorch"),
    ("fork", "cuda-after-fork"),
    ("gcc", "gcc-too-new"),
    ("glibc", "glibc-not-found"),
    ("glibcxx", "libstdcxx-not-found"),
    ("insufficient", "driver-insufficient"),
    ("libc10", "libtorch-not-found"),
    ("libmamba-cuda", "no-virtual-cuda unsatisfiable<no-virtual-cuda"),
    ("libmamba-cuda-request", "no-virtual-cuda unsatisfiable<no-virtual-cuda"),
    ("libmamba-python", "python-not-in-range unsatisfiable<python-not-in-range"),
    ("libmamba-old-channel", "old-channel-package unsatisfiable<old-channel-package"),
    ("libmamba-pytorch-cuda", "old-channel-package unsatisfiable<old-channel-package"),
    ("libmamba-solver", "libmamba-solver-broken"),
    ("macho", "other-architecture"),
    ("macos-symbol", "extension-other-pytorch"),
    ("mismatch-then-803", "driver-mismatched cuda-error-803<driver-mismatched"),
    ("mkl-fatal", "mkl-not-loaded"),
    ("mkl-itt", "mkl-too-new"),
    ("mkl-threading", "mkl-threading-layer"),
    ("mps-old-macos", "macos-without-metal"),
    ("mps-sandbox", "macos-without-metal"),
    ("nccl", "nccl-mismatch"),
    ("network", "no-connection"),
    ("nms", "torchvision-other-pytorch"),
    ("nms-backend", "torchvision-without-cuda"),
    ("no-avx", "illegal-instruction"),
    ("no-driver", "driver-not-found"),
    ("no-gpus", "no-cuda-gpus"),
    ("no-torch", "torch-not-found"),
    ("not-writable", "environment-not-writable"),
    ("numpy-2", "numpy-too-new"),
    ("nvcc-arch", "nvcc-gpu-unsupported"),
    ("nvcc-mismatch", "toolkit-other-cuda"),
    ("nvjitlink", "nvjitlink-mismatch"),
    ("nvml-unknown", "container-lost-gpu"),
    ("old-gpu-warning", "gpu-too-old-for-build no-kernel-image<gpu-too-old-for-build"),
    ("omp-15", "two-openmp-loaded"),
    ("other-error-numbers", ""),
    ("other-library", "library-not-found"),
    ("other-unsatisfiable", "unsatisfiable"),
    ("packages-not-found", "old-channel-package"),
    ("packages-not-found-other", "package-not-found"),
    ("pins", "pinned-spec-conflict"),
    ("pip-no-wheel", "no-wheel"),
    ("pixi-install-cuda", "no-virtual-cuda"),
    ("pixi-run-cuda", "no-virtual-cuda"),
    ("pixi-run-glibc", "virtual-glibc-too-old"),
    (
        "priority",
        "channel-priority-excludes package-not-found<channel-priority-excludes \
         unsatisfiable<package-not-found",
    ),
    ("protobuf-abi", "other-cxx-abi"),
    ("rattler-cuda", "no-virtual-cuda unsatisfiable<no-virtual-cuda"),
    ("rattler-glibc", "virtual-glibc-too-old unsatisfiable<virtual-glibc-too-old"),
    ("smi-no-driver", "smi-no-driver"),
    ("success", ""),
    ("terms", "terms-not-accepted"),
    ("tls", "static-tls"),
    ("traceback-no-kernel", "no-kernel-image"),
    ("triton-spark", "triton-gpu-unknown"),
    ("triton-windows", "triton-not-found"),
    ("unknown", ""),
    ("vision-other-cuda", "companion-other-cuda"),
    ("vllm-ptx", "unsupported-ptx"),
    ("windows-ssl", "ssl-module-missing"),
    ("winerror-1114-chinese", "dll-failed"),
    ("winerror-126-german", "dll-not-found"),
    ("wrapped-and-quoted", "no-kernel-image"),
    ("wsl-blocked", "wsl-gpu-blocked"),
    ("xformers", "xformers-other-pytorch"),
    ("hip-invalid", "hip-no-kernels"),
    ("hip-tensile", "hip-no-kernels"),
    ("hip-none", "no-hip-gpus"),
    ("rocm-library", "rocm-library-not-found"),
    ("mps-operator", "mps-operator-missing"),
    ("mps-in-a-container", "mps-not-built"),
    ("mps-symbol", "extension-other-pytorch"),
    ("bfloat16", "bfloat16-gpu"),
    ("docker-no-driver", "docker-without-driver"),
    ("fallen-off", "gpu-lost"),
    ("nvrtc-builtins", "nvrtc-builtins-not-found"),
    ("winerror-1455-chinese", "paging-file-too-small"),
    ("functional-tensor", "torch-module-not-found"),
    ("torch-six", "torch-module-not-found"),
    ("attribute", "torch-attribute-missing"),
    ("no-vision", "companion-not-found"),
    ("no-other-module", ""),
    ("pixi-osx", "virtual-macos-too-old unsatisfiable<virtual-macos-too-old"),
    ("libmamba-osx", "virtual-macos-too-old unsatisfiable<virtual-macos-too-old"),
    ("channel-404", "channel-not-there"),
    ("no-compiler", "compiler-not-found"),
    ("lcuda", "linker-needs-libcuda"),
    ("shadow", "torch-shadowed"),
    ("shadow-renaming", "torch-shadowed"),
    ("shadow-package", "torch-shadowed torch-module-not-found<torch-shadowed"),
    ("out-of-memory", "gpu-memory-full"),
    ("assert", "device-side-assert"),
    ("weights-only", "weights-only-load"),
    ("bus-error", "shared-memory-full"),
    ("nccl-windows", "nccl-not-built"),
    ("nccl-duplicate", "nccl-invalid-usage"),
    ("nccl-system", "shared-memory-full nccl-failed<shared-memory-full"),
    ("nccl-cuda", "nccl-failed"),
    ("xpu", "xpu-not-built"),
    ("ordinal", "no-such-gpu-number"),
    ("numpy-1", "numpy-too-old"),
    ("activate", "shell-not-initialized"),
    ("libmamba-glibc-conflict", "virtual-glibc-too-old"),
];

fn text(name: &str) -> String {
    let path = format!("{}/tests/errors/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The failures as `TEXTS` writes them.
fn codes(found: &FoundErrors) -> String {
    let code = |error: &conda_torch_core::error_texts::FoundError| match error.follows {
        Some(cause) => format!("{}<{cause}", error.error.code),
        None => error.error.code.to_owned(),
    };
    found.errors.iter().map(code).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_text_has_its_failures_in_order() {
    for (name, expected) in TEXTS {
        assert_eq!(codes(&find(&text(name))), *expected, "{name}");
    }
}

#[test]
fn every_text_has_an_expectation() {
    let folder = format!("{}/tests/errors", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).expect("the texts").map(|file| {
        let path = file.expect("a file").path();
        path.file_stem().expect("a name").to_string_lossy().into_owned()
    });
    let expected: BTreeSet<String> = TEXTS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files.collect::<BTreeSet<_>>(), expected);
}

/// Most texts, as they come out of mails, issues, boxes, terminals and files of Windows.
#[test]
fn failures_are_found_however_a_text_was_copied() {
    for (name, expected) in TEXTS.iter().filter(|(name, _)| *name != "conda-json") {
        let text = text(name);
        let each =
            |line: &dyn Fn(&str) -> String| text.lines().map(line).collect::<Vec<_>>().join("\n");
        let copies = [
            ("quoted", each(&|line| format!("> > {line}"))),
            ("in a box", each(&|line| format!("│ {line:<120} │"))),
            ("colored", each(&|line| format!("\u{1b}[1;31m{line}\u{1b}[0m"))),
            ("of a rank", each(&|line| format!("[rank3]: {line}"))),
            ("of a log", each(&|line| format!("2026-01-05T12:12:01.123Z {line}"))),
            ("of docker build", each(&|line| format!("#12 3.456 {line}"))),
            ("of Windows", each(&|line| format!("{line}\r"))),
        ];
        for (how, copy) in copies {
            let found = codes(&find(&copy));
            assert_eq!(found, *expected, "{name} {how}");
        }
        let utf16: Vec<u8> =
            format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(codes(&find(&text_of(&utf16))), *expected, "{name} in UTF-16");
    }
}

/// A terminal of 60 columns breaks words.
#[test]
fn failures_are_found_in_lines_that_a_terminal_broke() {
    for name in ["traceback-no-kernel", "mkl-itt", "omp-15", "deserialize", "driver-too-old"] {
        let broken: Vec<String> = text(name)
            .lines()
            .flat_map(|line| {
                let characters: Vec<char> = line.chars().collect();
                characters.chunks(60).map(String::from_iter).collect::<Vec<_>>()
            })
            .collect();
        let expected = TEXTS.iter().find(|(text, _)| *text == name).expect("an expectation").1;
        assert_eq!(codes(&find(&broken.join("\n"))), expected, "{name}");
    }
}

#[test]
fn what_a_text_names_is_captured() {
    for (name, key, value) in [
        ("colors-and-ranks", "capability", "12.0"),
        ("colors-and-ranks", "gpu", "NVIDIA GeForce RTX 5070 Laptop GPU"),
        ("old-gpu-warning", "gpu", "GeForce GTX 660 Ti"),
        ("triton-spark", "capability", "12.1"),
        ("driver-too-old", "number", "11040"),
        ("glibc", "version", "2.27"),
        ("mps-old-macos", "version", "14.0"),
        ("nvcc-mismatch", "found", "11.8"),
        ("nvcc-mismatch", "built", "12.4"),
        ("vision-other-cuda", "built", "12.1"),
        ("xformers", "found", "2.1.2+cpu"),
        ("other-library", "library", "libGL.so.1"),
        ("packages-not-found-other", "spec", "pytorch==1.9.0"),
    ] {
        let found = find(&text(name));
        let values = &found.errors[0].values;
        assert_eq!(values.get(key).map(String::as_str), Some(value), "{name}: {values:?}");
    }
}

#[test]
fn lines_are_those_of_the_file() {
    let lines = |name| find(&text(name)).errors.iter().map(|error| error.line).collect::<Vec<_>>();
    assert_eq!(lines("traceback-no-kernel"), [Some(6)]);
    assert_eq!(lines("mismatch-then-803"), [Some(2), Some(5)]);
    assert_eq!(lines("conda-json"), [None, None]);
}

#[test]
fn an_unknown_text_is_said_to_be_unknown_with_its_last_error() {
    let unknown = find(&text("unknown")).unknown;
    assert_eq!(unknown.as_deref(), Some("ValueError: learning rate must be positive"));
    assert_eq!(find(&text("success")).unknown, None);
    assert_eq!(find("").unknown, None);
}

/// A failure on a machine and in an environment: its judgement, evidence, and the commands as one text.
fn judged(name: &str, node: &str, environment: Option<&str>) -> (Judgement, String, String) {
    let (machine, matrix) = (machine(node), crate::common::matrix());
    let checkup: Option<Checkup<'_>> = environment.map(|environment| {
        let folder = format!("{}/tests/environments/{environment}", env!("CARGO_MANIFEST_DIR"));
        let host = LiveHost::new(None);
        check(environment::read(&host, &environment::at(&host, &folder)), &machine, matrix)
    });
    let own = advise(&machine, &Request::default(), matrix);
    let scene = Scene {
        machine: &machine,
        advice: checkup.as_ref().map_or(&own, |checkup| &checkup.advice),
        checkup: checkup.as_ref(),
        matrix,
    };
    let found = find(&text(name));
    let judgement = found.judge(&found.errors[0], Some(&scene));
    let evidence: Vec<String> = judgement.evidence.iter().map(|it| scene.message(it)).collect();
    let client = ClientTarget::of(&machine, None);
    let lines = steps(&judgement, &scene, &client);
    let lines = lines.iter().map(|step| shell::line(step, Shell::Posix).expect("plain words"));
    (judgement.clone(), evidence.join("\n"), lines.collect::<Vec<_>>().join("\n"))
}

/// A case: text, machine, environment, verdict, words of the evidence, of the hint, of the commands. Without words of
/// commands there are none.
type Case = (
    &'static str,
    &'static str,
    Option<&'static str>,
    Verdict,
    &'static str,
    &'static str,
    &'static str,
);

const CASES: &[Case] = &[
    // CUDA 13 has no kernels for Pascal; conda-forge's CUDA 12.9 has.
    (
        "traceback-no-kernel",
        "gtx1080ti-driver-580",
        Some("conda-forge-cuda130-on-gtx1080ti"),
        Confirmed,
        "6.1",
        "",
        "cuda-version=12.9",
    ),
    // The same build runs on Ampere: another library fails.
    (
        "traceback-no-kernel",
        "rtx3080-driver-580",
        Some("conda-forge-cuda130-on-gtx1080ti"),
        Contradicted,
        "has kernels",
        "another library",
        "",
    ),
    ("traceback-no-kernel", "no-gpu", None, Contradicted, "no NVIDIA GPU", "--machine", ""),
    ("traceback-no-kernel", "gtx1080ti-driver-580", None, Unknown, "", "", "cuda-version=12.9"),
    // The text is about another card than the machine's.
    (
        "colors-and-ranks",
        "rtx3080-driver-580",
        None,
        Contradicted,
        "8.6",
        "--compute-capability 12.0",
        "",
    ),
    (
        "colors-and-ranks",
        "rtx5090-driver-580",
        Some("pytorch-channel-cu121-on-defaults"),
        Confirmed,
        "12.0",
        "",
        "pytorch-gpu=",
    ),
    // What the CPU build means depends on the machine.
    (
        "deserialize",
        "rtx3080-driver-580",
        Some("cpuonly-with-a-gpu"),
        Confirmed,
        "the build is for the CPU",
        "",
        "pytorch-gpu=",
    ),
    (
        "deserialize",
        "no-gpu",
        Some("cpuonly-with-a-gpu"),
        Contradicted,
        "no NVIDIA GPU",
        "device=\"cpu\"",
        "",
    ),
    (
        "deserialize",
        "rtx3080-driver-580",
        Some("conda-forge-cuda130-on-gtx1080ti"),
        Contradicted,
        "built for CUDA 13.0",
        "another Python",
        "",
    ),
    ("deserialize", "macos-11-arm64", None, Confirmed, "Mac", "mps", ""),
    ("cuda-on-a-mac", "rtx3080-driver-580", None, Unknown, "from a Mac", "mps", ""),
    // The version beside the text decides, not this machine.
    ("mps-old-macos", "macos-12-arm64", None, Confirmed, "13.7.4", "", ""),
    ("mps-sandbox", "macos-12-arm64", None, Contradicted, "26.0.1 is new enough", "sandbox", ""),
    ("mps-sandbox", "no-gpu", None, Contradicted, "26.0.1", "sandbox", ""),
    // CUDA 11.4 in the text, 13.0 here.
    ("driver-too-old", "rtx3080-driver-580", None, Contradicted, "CUDA 13.0", "changed since", ""),
    (
        "driver-too-old",
        "a100-driver-470",
        Some("pytorch-channel-cu121-on-defaults"),
        Confirmed,
        "driver",
        "",
        "cuda-version=11.8",
    ),
    (
        "mismatch-then-803",
        "driver-updated-not-rebooted",
        None,
        Confirmed,
        "580.159.03",
        "reboot",
        "",
    ),
    ("error-804", "compat-on-geforce", None, Confirmed, "libcuda", "LD_LIBRARY_PATH", ""),
    ("no-gpus", "cuda-visible-devices-empty", None, Confirmed, "CUDA_VISIBLE_DEVICES", "", ""),
    ("no-gpus", "slurm-job-without-gres", None, Confirmed, "", "", ""),
    (
        "no-driver",
        "h100-container-started-without-the-gpu",
        None,
        Confirmed,
        "container",
        "nvidia.com/gpu",
        "",
    ),
    ("no-driver", "rtx3080-driver-580", None, Contradicted, "driver 580", "container", ""),
    (
        "smi-no-driver",
        "secure-boot-key-not-enrolled",
        None,
        Confirmed,
        "Secure Boot",
        "mokutil",
        "",
    ),
    ("wsl-blocked", "wsl2-linux-driver-installed", None, Confirmed, "WSL", "remove", ""),
    (
        "libmamba-cuda",
        "login-node-driver-550-no-gpu",
        None,
        Confirmed,
        "",
        "CONDA_OVERRIDE_CUDA",
        "",
    ),
    (
        "glibc",
        "centos7-glibc-2.17-a100",
        None,
        Confirmed,
        "2.17 is older than 2.27",
        "",
        "conda create",
    ),
    ("glibc", "rtx3080-driver-580", None, Contradicted, "not older", "ran on another machine", ""),
    (
        "mkl-itt",
        "rtx3080-driver-580",
        Some("mkl-2024.1-beside-pytorch-2.0.1"),
        Confirmed,
        "mkl 2024.1",
        "mkl<2024.1",
        "-c defaults \"mkl<2024.1\"",
    ),
    ("mkl-itt", "rtx3080-driver-580", None, Unknown, "", "mkl<2024.1", ""),
    (
        "numpy-2",
        "rtx3080-driver-580",
        Some("numpy-2-beside-pytorch-2.1.2"),
        Confirmed,
        "numpy 2",
        "numpy<2",
        "\"numpy<2\"",
    ),
    (
        "nms",
        "rtx3080-driver-580",
        Some("torchvision-for-another-pytorch"),
        Confirmed,
        "torchvision",
        "together",
        "torchvision",
    ),
    (
        "omp-15",
        "windows-rtx4090",
        Some("windows-pip-torch-beside-intel-openmp"),
        Confirmed,
        "OpenMP",
        "KMP_DUPLICATE_LIB_OK",
        "conda create",
    ),
    (
        "no-torch",
        "rtx3080-driver-580",
        Some("no-pytorch"),
        Confirmed,
        "no PyTorch",
        "",
        "conda create",
    ),
    (
        "no-torch",
        "rtx3080-driver-580",
        Some("pytorch-channel-cu121-on-defaults"),
        Contradicted,
        "has PyTorch",
        "another Python",
        "",
    ),
    // A damaged cache, and a solve that is not about PyTorch.
    ("archive", "rtx3080-driver-580", None, Unknown, "", "df -h", "clean --packages --tarballs"),
    ("other-unsatisfiable", "rtx3080-driver-580", None, Unknown, "", "", ""),
];

#[test]
fn machines_and_environments_confirm_or_contradict() {
    for (name, node, environment, verdict, evidence, hint, command) in CASES {
        let (judgement, found, commands) = judged(name, node, *environment);
        let case = format!("{name} on {node}, {environment:?}: {judgement:?}\n{found}\n{commands}");
        assert_eq!(judgement.verdict, *verdict, "{case}");
        assert!(found.contains(evidence), "{case}");
        assert!(judgement.hint.contains(hint), "{case}");
        assert!(commands.contains(command), "{case}");
        assert!(!command.is_empty() || commands.is_empty(), "{case}");
    }
}

#[test]
fn a_consequence_has_no_fix_of_its_own() {
    let found = find(&text("colors-and-ranks"));
    let judgement = found.judge(&found.errors[1], None);
    assert_eq!(judgement.hint, "fix `gpu-not-in-build` first");
}

#[test]
fn every_known_failure_has_a_text() {
    let found: BTreeSet<&str> = TEXTS
        .iter()
        .flat_map(|(_, codes)| codes.split(' '))
        .map(|code| code.split('<').next().unwrap_or_default())
        .collect();
    let without: Vec<&str> =
        known().map(|error| error.code).filter(|code| !found.contains(code)).collect();
    assert!(without.is_empty(), "{without:?}");
}

/// A megabyte of what a program prints in a loop. A search that is not linear does not end.
#[test]
fn a_long_log_is_searched_in_linear_time() {
    let line = "libcudnn libcudart nothing provides package pytorch-2.0 requires [winerror 126] sm_ error\n";
    let mut log = line.repeat(1_000_000 / line.len());
    log.push_str(&text("traceback-no-kernel"));
    assert_eq!(codes(&find(&log)), "no-kernel-image");
}
