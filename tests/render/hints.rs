//! A hint is given only where following it helps.

use conda_torch::model::{Detected, Origin};

use crate::case::{Case, page};
use crate::common::machine_names;

#[test]
fn no_driver_is_urged_on_a_machine_where_none_would_help() {
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
        for urge in ["hint: install NVIDIA", "hint: update NVIDIA", "the host, not the container"] {
            assert!(!page.contains(urge), "{name}:\n{page}");
        }
    }
}

#[test]
fn a_driver_is_named_where_it_helps_and_where_it_can_be_installed() {
    let nouveau = page(&Case::of("gtx1080ti-nouveau-no-driver"));
    assert!(
        nouveau.contains("hint: install NVIDIA's driver 525.60.13 or newer, up to branch 580\n")
    );
    let old = page(&Case::of("windows-rtx2080-driver-522"));
    assert!(old.contains("hint: update NVIDIA's driver to 580 or newer\n"), "{old}");
    let mut wsl = Case::of("windows-rtx2080-driver-522");
    wsl.machine.wsl = Detected::found("2".to_owned(), Origin::System);
    assert!(page(&wsl).contains("in Windows"), "{}", page(&wsl));
    let mut container = Case::of("driver-418-before-every-build");
    container.machine.container = Detected::found("docker".to_owned(), Origin::System);
    let page = page(&container);
    assert!(page.contains("the host, not the container, needs"), "{page}");
    assert!(!page.contains("update NVIDIA"), "{page}");
}

#[test]
fn a_container_without_a_gpu_is_told_to_ask_for_it() {
    let mut case = Case::of("gtx1080ti-nouveau-no-driver");
    case.machine.container = Detected::found("docker".to_owned(), Origin::System);
    let bound = page(&case);
    assert!(bound.contains("hint: on the host, install NVIDIA's driver 525.60.13"), "{bound}");
    assert!(!bound.contains("docker run --gpus all"), "the card is bound to nouveau: {bound}");
    for card in &mut case.machine.adapters {
        card.kernel_driver = None;
    }
    let page = page(&case);
    assert!(page.contains("docker run --gpus all"), "{page}");
    assert!(!page.contains("install NVIDIA"), "{page}");
}

#[test]
fn a_jetson_gets_its_driver_with_jetpack() {
    for name in ["jetson-orin-jetpack-6", "jetson-orin-jetpack-7", "jetson-thor", "jetson-xavier"] {
        let page = page(&Case::of(name));
        for urge in ["NVIDIA driver ≥", "NVIDIA's driver"] {
            assert!(!page.contains(urge), "{name}:\n{page}");
        }
    }
    let mut case = Case::of("jetson-orin-jetpack-6");
    assert!(page(&case).contains("needs JetPack 7 or newer"), "{}", page(&case));
    case.request.cuda_version = Some("13.0".parse().expect("a version"));
    assert!(page(&case).contains("hint: update to JetPack 7 or newer"), "{}", page(&case));
}

#[test]
fn a_hint_is_said_once_on_a_page() {
    for name in machine_names() {
        let page = page(&Case::of(&name));
        let mut hints: Vec<&str> = page.lines().filter(|l| l.starts_with("hint: ")).collect();
        hints.sort_unstable();
        let count = hints.len();
        hints.dedup();
        assert_eq!(hints.len(), count, "{name}:\n{page}");
    }
}
