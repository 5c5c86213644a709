//! A hint is shown only if following it helps.

use conda_torch_core::types::{ClientKind, Detected, Origin};

use crate::common::machine_names;
use crate::render::case::{Case, page};

#[test]
fn suggests_no_driver_if_none_would_help() {
    for name in [
        "gtx1080ti-driver-580",
        "gtx1080ti-driver-535",
        "rtx3080-driver-580",
        "v100-driver-580",
        "k80-driver-470",
        "jetson-xavier",
        "amd-radeon",
        "intel-laptop",
        "no-gpu",
        "macos-12-arm64",
        "alpine-musl",
    ] {
        let page = page(&Case::of(name));
        for urge in
            ["hint: install NVIDIA", "hint: update the NVIDIA", "the host, not the container"]
        {
            assert!(!page.contains(urge), "{name}:\n{page}");
        }
    }
}

#[test]
fn suggests_a_driver_if_it_helps_and_can_be_installed() {
    let nouveau = page(&Case::of("gtx1080ti-nouveau-no-driver"));
    assert!(nouveau.contains("hint: install NVIDIA driver 525.60.13 or newer, up to branch 580\n"));
    let old = page(&Case::of("windows-rtx2080-driver-522"));
    assert!(old.contains("hint: update the NVIDIA driver to 580 or newer\n"), "{old}");
    let mut wsl = Case::of("windows-rtx2080-driver-522");
    wsl.machine.wsl = Detected::found("2".to_owned(), Origin::System);
    assert!(page(&wsl).contains("in Windows"), "{}", page(&wsl));
    let mut container = Case::of("driver-418-before-every-build");
    container.machine.container = Detected::found("docker".to_owned(), Origin::System);
    let page = page(&container);
    assert!(page.contains("the host, not the container, needs"), "{page}");
    assert!(!page.contains("update the NVIDIA"), "{page}");
}

#[test]
fn suggests_to_start_a_container_with_the_gpu() {
    let mut case = Case::of("gtx1080ti-nouveau-no-driver");
    case.machine.container = Detected::found("docker".to_owned(), Origin::System);
    let bound = page(&case);
    assert!(bound.contains("hint: on the host, install NVIDIA driver 525.60.13"), "{bound}");
    assert!(!bound.contains("docker run --gpus all"), "the card is bound to nouveau: {bound}");
    for card in &mut case.machine.adapters {
        card.kernel_driver = None;
    }
    let page = page(&case);
    assert!(page.contains("docker run --gpus all"), "{page}");
    assert!(!page.contains("install NVIDIA"), "{page}");
}

#[test]
fn suggests_jetpack_for_the_driver_of_a_jetson() {
    for name in ["jetson-orin-jetpack-6", "jetson-orin-jetpack-7", "jetson-thor", "jetson-xavier"] {
        let page = page(&Case::of(name));
        for urge in ["NVIDIA driver ≥", "NVIDIA driver 5"] {
            assert!(!page.contains(urge), "{name}:\n{page}");
        }
    }
    let mut case = Case::of("jetson-orin-jetpack-6");
    assert!(page(&case).contains("needs JetPack 7 or newer"), "{}", page(&case));
    case.request.cuda_version = Some("13.0".parse().expect("a version"));
    assert!(page(&case).contains("hint: update to JetPack 7 or newer"), "{}", page(&case));
}

#[test]
fn shows_a_hint_once() {
    for name in machine_names() {
        let page = page(&Case::of(&name));
        let mut hints: Vec<&str> = page.lines().filter(|l| l.starts_with("hint: ")).collect();
        hints.sort_unstable();
        let count = hints.len();
        hints.dedup();
        assert_eq!(hints.len(), count, "{name}:\n{page}");
    }
}

/// A machine, a part of the hint that works on it, and parts of hints that do not.
const PROBLEMS: [(&str, &str, &[&str]); 16] = [
    ("driver-updated-not-rebooted", "hint: reboot", &["install NVIDIA", "probe` shows"]),
    ("compat-on-geforce", "remove `/usr/local/cuda-13.0/compat`", &["reboot", "update the NVIDIA"]),
    ("devices-for-a-group-alone", "usermod -aG video", &["docker", "reboot"]),
    ("secure-boot-key-not-enrolled", "mokutil --import", &["install NVIDIA", "modprobe"]),
    ("kernel-updated-module-not-built", "dkms autoinstall", &["mokutil", "install NVIDIA"]),
    ("module-not-loaded", "modprobe nvidia", &["mokutil", "dkms"]),
    ("container-without-the-gpu", "docker run --gpus all …", &["CAPABILITIES", "on the host"]),
    ("container-utility-alone", "CAPABILITIES=compute,utility", &["on the host", "--nv"]),
    ("h100-container-started-without-the-gpu", "nvidia.com/gpu: 1", &["docker", "srun"]),
    ("slurm-job-without-gres", "srun --gres=gpu:1", &["run this on", "docker"]),
    ("mig-without-instance", "mig -cgi ID -C", &["docker", "srun"]),
    ("vgpu-a40-8a-no-cuda", "ends in Q or C", &["update the NVIDIA", "run this on"]),
    ("cuda-visible-devices-empty", "unset `CUDA_VISIBLE_DEVICES`", &["srun"]),
    (
        "wsl2-linux-driver-installed",
        "remove the NVIDIA driver packages",
        &["install NVIDIA", "reboot"],
    ),
    ("wsl2-lib-off-the-path", "/usr/lib/wsl/lib\"", &["remove the"]),
    ("wsl1", "wsl --set-version", &["install NVIDIA"]),
];

#[test]
fn suggests_what_fixes_a_driver_problem_and_nothing_else() {
    for (name, hint, others) in PROBLEMS {
        let page = page(&Case::of(name));
        assert!(page.replace("\n      ", " ").contains(hint), "{name}: {hint}\n{page}");
        for other in others {
            assert!(!page.contains(other), "{name}: {other}\n{page}");
        }
    }
}

#[test]
fn shows_no_hint_that_would_not_work() {
    let own = ["hint: reboot", "mokutil", "dkms", "modprobe", "usermod", "srun", "mig -cgi"];
    for name in ["rtx3080-driver-580", "no-gpu", "wsl-driver-560", "vgpu-v100d-16q", "gtx680"] {
        let page = page(&Case::of(name));
        for hint in own.iter().chain(&["update the NVIDIA", "set-version"]) {
            assert!(!page.contains(hint), "{name}: {hint}\n{page}");
        }
    }
    let new = page(&Case::of("windows-gpu-14.0-driver-546"));
    assert!(new.contains("hint: update the NVIDIA driver"), "{new}");
    assert!(!new.contains("wait for a build"), "{new}");
    // In a container the host is what must change.
    let mut case = Case::of("driver-updated-not-rebooted");
    case.machine.container = Detected::found("docker".to_owned(), Origin::System);
    assert!(page(&case).contains("hint: reboot the host"), "{}", page(&case));
    // A vGPU guest needs the driver of its host.
    let mut case = Case::of("vgpu-v100d-16q");
    case.machine.driver = Detected::found("418.87.00".parse().expect("a driver"), Origin::Nvml);
    case.machine.driver_cuda = Detected::found("10.1".parse().expect("a CUDA"), Origin::Nvml);
    case.machine.nvidia = conda_torch_core::types::DriverParts::default();
    let page = page(&case);
    assert!(page.contains("ask the host's administrator"), "{page}");
    assert!(!page.contains("update the NVIDIA"), "{page}");
}

#[test]
fn hides_a_diagnostic_that_another_covers() {
    for (name, less) in [
        ("gtx1080ti-nouveau-no-driver", "[card-without-driver]"),
        ("slurm-job-without-gres", "[no-gpu]"),
        ("container-utility-alone", "[libcuda-missing]"),
        ("secure-boot-key-not-enrolled", "[driver-unknown]"),
        ("gtx680", "[driver-too-old]"),
        ("jetson-nano", "[driver-unknown]"),
    ] {
        let page = page(&Case::of(name));
        assert!(!page.contains(less), "{name}:\n{page}");
    }
}

#[test]
fn suggests_an_arm64_client_under_rosetta() {
    let case = Case::of("macos-15-rosetta").with(ClientKind::Conda, "24.1.0", &[]);
    let page = page(&case);
    assert!(page.contains("Miniforge3-MacOSX-arm64.sh"), "{page}");
    assert!(!page.contains("MacOSX-x86_64"), "{page}");
}
