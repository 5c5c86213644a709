//! Recorded machines and the expected answer for each, written by hand from the facts about conda-forge's
//! builds, NVIDIA's drivers and the kernels in each build.

use std::collections::BTreeSet;

use crate::common::machine;
use conda_torch_core::conda::{Subdir, Version};
use conda_torch_core::diagnostics::{Diagnostic, Severity};
use conda_torch_core::resolve::{
    Advice, Alternative, Request, RequestedAccelerator, Status, Unlock, advise,
};
use conda_torch_core::types::{
    ArmVariant, Blas, Build, Companion, CudaVersion, Detected, Gpu, Machine, Origin, Outcome,
    SourceReport,
};

/// The build that a solver selects: `2.13.0 cuda129_mkl 302`, and the specs.
fn answer(advice: &Advice<'_>) -> (String, String) {
    advice.recommended.as_ref().map_or(("nothing".to_owned(), String::new()), |choice| {
        let build = format!(
            "{} {} {}",
            choice.build.pytorch,
            choice.build.build_prefix(),
            choice.build.build_numbers.1
        );
        let specs: Vec<String> = choice.specs.iter().map(ToString::to_string).collect();
        (build, specs.join(" "))
    })
}

fn codes(advice: &Advice<'_>) -> Vec<&'static str> {
    let reasons = advice
        .recommended
        .iter()
        .flat_map(|choice| choice.reasons.iter().map(|r| r.diagnostic.code()));
    advice.diagnostics.iter().map(Diagnostic::code).chain(reasons).collect()
}

#[track_caller]
fn check(
    name: &str,
    request: &Request,
    build: &str,
    specs: &str,
    status: Status,
    expected: &[&str],
) {
    let advice = advise(&machine(name), request, crate::common::matrix());
    assert_eq!(
        answer(&advice),
        (build.to_owned(), specs.to_owned()),
        "{name}: {:?}",
        advice.diagnostics
    );
    let codes = codes(&advice);
    assert_eq!(advice.status, status, "{name}: {codes:?}");
    for code in expected {
        assert!(codes.contains(code), "{name}: expected {code} in {codes:?}");
    }
}

/// As [`check`], with the default request.
#[track_caller]
fn plain(name: &str, build: &str, specs: &str, status: Status, expected: &[&str]) {
    check(name, &Request::default(), build, specs, status, expected);
}

const CUDA129: &str = "pytorch-gpu=2.13.0 cuda-version=12.9";
const CUDA130: &str = "pytorch-gpu=2.13.0 cuda-version=13.0";
const CUDA118: &str = "pytorch-gpu=2.5.1 cuda-version=11.8";
const CUDA120: &str = "pytorch-gpu=2.5.1 cuda-version=12.0";
const CPU: &str = "pytorch-cpu=2.13.0";

/// A machine of a platform about which a user knows no more than the system's version.
fn described(subdir: Subdir, macos: Option<&str>) -> Machine {
    let version = |text: &str| text.parse::<Version>().expect("a version");
    Machine {
        subdir: Detected::found(subdir, Origin::Flag("--platform".into())),
        macos: macos.map_or(Detected::Absent, |macos| {
            Detected::found(version(macos), Origin::Flag("--macos".into()))
        }),
        glibc: Detected::found(version("2.35"), Origin::Flag("--glibc".into())),
        ..Machine::default()
    }
}

#[test]
fn an_accelerator_that_is_asked_for_is_not_replaced_by_another() {
    use RequestedAccelerator::{Cuda, Mps, Rocm, Xpu};
    // PyTorch 2.9 and newer use Apple's GPU from macOS 14 on, 2.5 to 2.8 from 13 on, older ones from 12.3 on.
    for (subdir, macos, accelerator, build, code) in [
        (Subdir::OsxArm64, Some("14.0"), Mps, "2.13.0 cpu_generic 2", "metal-included"),
        (Subdir::OsxArm64, Some("13.0"), Mps, "2.8.0 cpu_generic 2", "metal-included"),
        (Subdir::OsxArm64, Some("12.3"), Mps, "2.4.1 cpu_generic 6", "metal-included"),
        (Subdir::OsxArm64, Some("12.2"), Mps, "nothing", "metal-needs-newer-macos"),
        (Subdir::OsxArm64, Some("14.0"), Cuda, "nothing", "no-cuda-on-platform"),
        (Subdir::Osx64, Some("14.0"), Mps, "nothing", "no-metal-on-platform"),
        (Subdir::Linux64, None, Mps, "nothing", "no-metal-on-platform"),
        (Subdir::Linux64, None, Rocm, "nothing", "no-rocm-builds"),
        (Subdir::Win64, None, Xpu, "nothing", "no-xpu-builds"),
    ] {
        let machine = described(subdir, macos);
        let request = Request { accelerator, ..Request::default() };
        let advice = advise(&machine, &request, crate::common::matrix());
        assert_eq!(answer(&advice).0, build, "{subdir} {macos:?} {accelerator:?}");
        let codes = codes(&advice);
        assert!(codes.contains(&code), "{subdir} {macos:?} {accelerator:?}: {codes:?}");
    }
}

#[test]
fn of_builds_of_one_version_that_of_a_toolkit_that_the_driver_supports_in_full_is_chosen() {
    // PyTorch 2.5.1 has CUDA 12.0 and 12.6, both with machine code for an RTX 4090 (8.9). Driver 550 is for 12.4 and runs
    // 12.6 by minor-version compatibility alone.
    let request =
        Request { pytorch: Some("2.5.1".parse().expect("a version")), ..Request::default() };
    let mut machine = machine("rtx4090-driver-550-says-cuda-12.4");
    let advice = advise(&machine, &request, crate::common::matrix());
    assert_eq!(answer(&advice).0, "2.5.1 cuda120 303");
    machine.driver = Detected::found("560.35.03".parse().expect("a driver"), Origin::Nvml);
    machine.driver_cuda = Detected::found(CudaVersion::new(12, 6), Origin::Nvml);
    let advice = advise(&machine, &request, crate::common::matrix());
    assert_eq!(answer(&advice).0, "2.5.1 cuda126_mkl 317");
}

#[test]
fn a_glibc_that_is_too_old_for_a_build_is_one_reason_whatever_its_cuda_version_needs() {
    // PyTorch 2.4.1 for CUDA 12.0 needs glibc 2.17, the libraries of `cuda-version=12.6` need 2.28.
    let request = Request {
        pytorch: Some("2.4.1".parse().expect("a version")),
        cuda_version: Some(CudaVersion::new(12, 6)),
        ..Request::default()
    };
    for (glibc, expected) in [("2.12", Some("2.17")), ("2.17", Some("2.28")), ("2.28", None)] {
        let mut machine = machine("a100-driver-470");
        machine.driver = Detected::found("580.65.06".parse().expect("a driver"), Origin::Nvml);
        machine.driver_cuda = Detected::found(CudaVersion::new(13, 0), Origin::Nvml);
        machine.glibc =
            Detected::found(glibc.parse().expect("a version"), Origin::Flag("--glibc".into()));
        let advice = advise(&machine, &request, crate::common::matrix());
        let is_it = |build: &conda_torch_core::types::Build| {
            build.pytorch == Version::new(&[2, 4, 1])
                && build.subdir == Subdir::Linux64
                && build.accelerator.cuda() == Some(CudaVersion::new(12, 0))
        };
        let all = advice.rejected.iter().filter(|it| is_it(it.build));
        let needed: Vec<Option<Version>> = all
            .map(|it| {
                let mut too_old = it.blockers.iter().filter_map(|blocker| {
                    let Diagnostic::GlibcTooOld { needed, .. } = blocker else { return None };
                    Some(*needed)
                });
                let first = too_old.next();
                assert_eq!(too_old.next(), None, "glibc {glibc}: {:?}", it.blockers);
                first
            })
            .collect();
        let expected = expected.map(|text| text.parse::<Version>().expect("a version"));
        assert!(needed.iter().all(|needed| *needed == expected), "glibc {glibc}: {needed:?}");
        assert!(expected.is_none() || !needed.is_empty(), "glibc {glibc}");
    }
}

#[test]
fn an_older_build_of_the_same_version_is_outranked_whatever_metal_needs() {
    // macOS 12 is too old for Metal of PyTorch 2.10, which has two builds for osx-arm64: #0 and #1 to #5.
    let machine = described(Subdir::OsxArm64, Some("12.0"));
    let request =
        Request { pytorch: Some("2.10.0".parse().expect("a version")), ..Request::default() };
    let advice = advise(&machine, &request, crate::common::matrix());
    assert_eq!(answer(&advice).0, "2.10.0 cpu_generic 5");
    let same = |build: &conda_torch_core::types::Build| {
        build.subdir == Subdir::OsxArm64 && build.build_numbers == (0, 0)
    };
    let mut rejected =
        advice.rejected.iter().filter(|it| it.build.pytorch == Version::new(&[2, 10]));
    let rejected = rejected.find(|it| same(it.build)).expect("the older build");
    let codes: Vec<&str> = rejected.blockers.iter().map(Diagnostic::code).collect();
    assert_eq!(codes, ["outranked"]);
}

#[test]
fn cpu_builds_beside_a_cuda_build_leave_the_gpu_unused_and_older_cuda_builds_are_outranked() {
    let machine = machine("rtx4090-driver-550-says-cuda-12.4");
    let advice = advise(&machine, &Request::default(), crate::common::matrix());
    let codes = |is_cuda: bool, pytorch: &[_]| {
        let is_it = |build: &conda_torch_core::types::Build| {
            build.is_cuda() == is_cuda && build.pytorch == Version::new(pytorch)
        };
        let rejected = advice.rejected.iter().filter(|it| it.build.subdir == Subdir::Linux64);
        let codes = rejected.filter(|it| is_it(it.build)).flat_map(|it| &it.blockers);
        codes.map(Diagnostic::code).collect::<BTreeSet<_>>()
    };
    assert_eq!(codes(false, &[2, 12]), BTreeSet::from(["leaves-gpu-unused"]));
    assert_eq!(codes(true, &[2, 5, 1]), BTreeSet::from(["outranked"]));
}

#[test]
fn gpus_before_turing_get_cuda_12_9_with_every_driver() {
    use Status::Ok;
    plain("gtx1080ti-driver-580", "2.13.0 cuda129_mkl 302", CUDA129, Ok, &["no-kernels"]);
    plain(
        "gtx1080ti-driver-535",
        "2.13.0 cuda129_mkl 302",
        CUDA129,
        Ok,
        &["minor-version-compatibility"],
    );
    plain("v100-driver-580", "2.13.0 cuda129_mkl 302", CUDA129, Ok, &["no-kernels"]);
}

#[test]
fn a_blackwell_gpu_gets_the_toolkit_of_its_driver() {
    plain("rtx5090-driver-570", "2.13.0 cuda129_mkl 302", CUDA129, Status::Ok, &["driver-too-old"]);
    plain("rtx5090-driver-580", "2.13.0 cuda130_mkl 302", CUDA130, Status::Ok, &[]);
    plain("b300-driver-580", "2.13.0 cuda130_mkl 302", CUDA130, Status::Ok, &[]);
}

#[test]
fn a_driver_for_cuda_12_4_gets_cuda_12_9() {
    plain(
        "rtx4090-driver-550-says-cuda-12.4",
        "2.13.0 cuda129_mkl 302",
        CUDA129,
        Status::Ok,
        &["minor-version-compatibility", "driver-too-old"],
    );
}

#[test]
fn old_drivers_get_the_newest_supported_pytorch() {
    use Status::{Degraded, Ok};
    plain("a100-driver-470", "2.5.1 cuda118 303", CUDA118, Ok, &["driver-too-old"]);
    plain("k80-driver-470", "2.5.1 cuda118 303", CUDA118, Ok, &[]);
    plain("kepler-and-ampere-driver-470", "2.5.1 cuda118 303", CUDA118, Ok, &[]);
    plain("p100-driver-450", "2.5.1 cuda118 303", CUDA118, Ok, &[]);
    let cuda110 = "pytorch=1.12.1=cuda110* cuda-version=11.0";
    plain(
        "p100-driver-450-before-450.80.02",
        "1.12.1 cuda110 201",
        cuda110,
        Ok,
        &["driver-too-old"],
    );
    let cuda102 = "pytorch=1.12.1=cuda102* cuda-version=10.2";
    plain("v100-driver-440", "1.12.1 cuda102 201", cuda102, Ok, &["driver-too-old"]);
    plain(
        "driver-418-before-every-build",
        "2.13.0 cpu_mkl 102",
        CPU,
        Degraded,
        &["gpu-not-used", "driver-too-old"],
    );
}

#[test]
fn without_a_usable_gpu_the_cpu_build_is_recommended_with_a_reason() {
    use Status::{Degraded, Ok};
    plain("no-gpu", "2.13.0 cpu_mkl 102", CPU, Ok, &[]);
    plain(
        "gtx1080ti-nouveau-no-driver",
        "2.13.0 cpu_mkl 102",
        CPU,
        Degraded,
        &["gpu-not-used", "card-without-driver"],
    );
    plain(
        "card-of-an-unknown-chip-no-driver",
        "2.13.0 cpu_mkl 102",
        CPU,
        Degraded,
        &["gpu-not-used"],
    );
    plain(
        "login-node-driver-550-no-gpu",
        "2.13.0 cpu_mkl 102",
        CPU,
        Degraded,
        &["gpu-not-used", "no-gpu"],
    );
    // The build fits the GPU that the container would have.
    let seen = &["libcuda-missing", "driver-too-old"];
    plain(
        "h100-container-started-without-the-gpu",
        "2.13.0 cuda129_mkl 302",
        CUDA129,
        Degraded,
        seen,
    );
    plain("amd-radeon", "2.13.0 cpu_mkl 102", CPU, Degraded, &["amd-gpu"]);
    plain("intel-laptop", "2.13.0 cpu_mkl 102", CPU, Ok, &["intel-gpu"]);
    plain("graviton-no-gpu", "2.13.0 cpu_generic 2", CPU, Ok, &[]);
    plain("windows-no-gpu", "2.13.0 cpu_mkl 102", CPU, Ok, &[]);
}

#[test]
fn driver_problems_are_diagnosed() {
    use Status::{Degraded, Ok};
    let with_129 = |name, status, code| {
        plain(name, "2.13.0 cuda129_mkl 302", CUDA129, status, &[code]);
    };
    let with_130 = |name, status, code| {
        plain(name, "2.13.0 cuda130_mkl 302", CUDA130, status, &[code]);
    };
    with_130("driver-updated-not-rebooted", Degraded, "driver-mismatch");
    // Driver 535 runs CUDA 12, although another libcuda is loaded first.
    with_129("compat-on-geforce", Degraded, "forward-compatibility");
    with_129("compat-on-a100", Ok, "forward-compatibility");
    with_129("devices-for-a-group-alone", Degraded, "no-permission");
    with_130("secure-boot-key-not-enrolled", Degraded, "secure-boot");
    with_130("kernel-updated-module-not-built", Degraded, "module-not-built");
    with_130("module-not-loaded", Degraded, "module-not-loaded");
    with_129("wsl2-linux-driver-installed", Degraded, "wsl-driver-shadowed");
    with_129("wsl2-lib-off-the-path", Ok, "wsl-path");
    let nouveau = &["nouveau", "card-without-driver"];
    plain("gtx1080ti-nouveau-no-driver", "2.13.0 cpu_mkl 102", CPU, Degraded, nouveau);
}

#[test]
fn inaccessible_and_shared_gpus_are_diagnosed() {
    use Status::{Degraded, Ok};
    let with_129 = |name, status, codes: &[&str]| {
        plain(name, "2.13.0 cuda129_mkl 302", CUDA129, status, codes);
    };
    let on_cpu = |name, status, codes: &[&str]| {
        plain(name, "2.13.0 cpu_mkl 102", CPU, status, codes);
    };
    with_129("container-without-the-gpu", Degraded, &["container-without-gpu", "libcuda-missing"]);
    with_129("container-utility-alone", Degraded, &["container-without-compute"]);
    with_129("mig-without-instance", Degraded, &["mig-without-instance"]);
    with_129("mig-two-slices", Ok, &["mig"]);
    with_129("vgpu-v100d-16q", Ok, &["vgpu", "no-kernels"]);
    on_cpu("vgpu-a40-8a-no-cuda", Degraded, &["vgpu-without-cuda", "no-gpu"]);
    on_cpu("slurm-job-without-gres", Degraded, &["gpu-not-allocated", "no-gpu"]);
    on_cpu("wsl1", Ok, &["wsl-1"]);
    for (name, status) in
        [("cuda-visible-devices-empty", Degraded), ("cuda-visible-devices-one-of-two", Ok)]
    {
        plain(name, "2.13.0 cuda130_mkl 302", CUDA130, status, &["gpu-hidden"]);
    }
}

#[test]
fn a_gpu_that_no_build_serves_gets_the_cpu_build() {
    use Status::Degraded;
    plain("gtx680", "2.13.0 cpu_mkl 102", CPU, Degraded, &["gpu-too-old", "gpu-not-used"]);
    // The oldest build for Windows has CUDA 12.6, and driver 546 supports CUDA 12.3.
    let new = &["gpu-too-new", "ptx-needs-newer-driver"];
    plain("windows-gpu-14.0-driver-546", "2.13.0 cpu_mkl 102", CPU, Degraded, new);
    let none = &["jetson-without-build", "no-kernels"];
    plain("jetson-nano", "2.13.0 cpu_generic 2", CPU, Degraded, none);
}

#[test]
fn healthy_machines_have_no_driver_problems() {
    for name in ["rtx3080-driver-580", "no-gpu", "wsl-driver-560", "macos-12-arm64"] {
        let machine = machine(name);
        let advice = advise(&machine, &Request::default(), crate::common::matrix());
        let trouble = |d: &&Diagnostic| d.degrades() || d.severity() > Severity::Info;
        assert_eq!(advice.diagnostics.iter().find(trouble), None, "{name}");
    }
}

#[test]
fn every_gpu_of_a_machine_is_served_if_a_build_does() {
    plain("two-gpus-6.1-and-8.9", "2.13.0 cuda129_mkl 302", CUDA129, Status::Ok, &["no-kernels"]);
}

#[test]
fn an_old_glibc_gets_the_last_builds_whose_cuda_libraries_run_on_it() {
    use Status::{Degraded, Ok};
    plain(
        "centos7-glibc-2.17-a100",
        "2.5.1 cuda120 303",
        CUDA120,
        Ok,
        &["glibc-too-old", "glibc-not-tried"],
    );
    plain("ubuntu1804-glibc-2.27-v100", "2.5.1 cuda120 303", CUDA120, Ok, &["glibc-too-old"]);
    plain("centos7-glibc-2.17-no-gpu", "2.13.0 cpu_mkl 102", CPU, Ok, &[]);
    plain(
        "centos7-glibc-2.17-rtx5090",
        "2.13.0 cpu_mkl 102",
        CPU,
        Degraded,
        &["gpu-not-used", "glibc-too-old"],
    );
    plain("alpine-musl", "nothing", "", Status::Unsatisfiable, &["no-glibc"]);
}

#[test]
fn arm_machines_get_the_builds_of_their_variant() {
    use Status::{Degraded, Ok};
    let tegra = "pytorch-gpu=2.13.0 cuda-version=12.9 arm-variant=*=tegra";
    let sbsa129 = "pytorch-gpu=2.13.0 cuda-version=12.9 arm-variant=*=sbsa";
    let sbsa130 = "pytorch-gpu=2.13.0 cuda-version=13.0 arm-variant=*=sbsa";
    plain("jetson-orin-jetpack-6", "2.13.0 cuda129_generic 202", tegra, Ok, &[]);
    plain("jetson-orin-jetpack-7", "2.13.0 cuda130_generic 202", sbsa130, Ok, &[]);
    plain("jetson-thor", "2.13.0 cuda130_generic 202", sbsa130, Ok, &[]);
    plain(
        "jetson-xavier",
        "2.13.0 cpu_generic 2",
        CPU,
        Degraded,
        &["gpu-not-used", "jetson-without-build"],
    );
    plain("gh200-driver-550", "2.13.0 cuda129_generic 202", sbsa129, Ok, &[]);
    plain("gh200-driver-580", "2.13.0 cuda130_generic 202", sbsa130, Ok, &[]);
    plain("dgx-spark-gb10", "2.13.0 cuda130_generic 202", sbsa130, Ok, &[]);
}

/// The codes of what is in the way of each rejected build that is one of these.
fn rejected(advice: &Advice<'_>, is_it: impl Fn(&Build) -> bool) -> Vec<Vec<&'static str>> {
    let rejected = advice.rejected.iter().filter(|it| is_it(it.build));
    rejected.map(|it| it.blockers.iter().map(Diagnostic::code).collect()).collect()
}

#[test]
fn arm_builds_of_the_other_variant_are_rejected_for_it() {
    let default = Request::default();
    let is_of = |variant: ArmVariant| {
        move |build: &Build| {
            build.subdir == Subdir::LinuxAarch64 && build.arm_variant == Some(variant)
        }
    };
    let all = |machine: &Machine, variant: ArmVariant| {
        let advice = advise(machine, &default, crate::common::matrix());
        let codes = rejected(&advice, is_of(variant));
        assert!(!codes.is_empty());
        codes.iter().filter(|codes| codes.contains(&"other-arm-variant")).count() == codes.len()
    };
    // Builds for Tegra need Jetson's driver.
    assert!(all(&machine("gh200-driver-580"), ArmVariant::Tegra));
    // Of builds for servers the kernels decide, if the GPU is known.
    assert!(!all(&machine("jetson-orin-jetpack-6"), ArmVariant::Sbsa));
    let mut unknown = machine("jetson-orin-jetpack-6");
    unknown.gpus = Vec::new();
    let model = "NVIDIA Jetson of Later Years".to_owned();
    unknown.jetson = Detected::found(model, Origin::Flag("--jetson".into()));
    assert!(all(&unknown, ArmVariant::Sbsa));
    assert!(!all(&machine("jetson-orin-jetpack-6"), ArmVariant::Tegra));
}

#[test]
fn of_what_is_in_the_way_only_builds_that_look_better_are_shown() {
    // On a GTX 1080 Ti those with CUDA 13.0 of the same PyTorch, with MKL and without, and no older one.
    let machine = machine("gtx1080ti-driver-580");
    let advice = advise(&machine, &Request::default(), crate::common::matrix());
    let above = advice.rejected.iter().filter(|it| it.ranks_above).map(|it| it.build);
    let above = above.map(|it| format!("{} {}", it.pytorch, it.build_prefix()));
    let above: BTreeSet<String> = above.collect();
    assert_eq!(above, ["2.13.0 cuda130_generic", "2.13.0 cuda130_mkl"].map(str::to_owned).into());
}

#[test]
fn a_build_for_the_other_arm_variant_is_no_better_for_that() {
    // 2.13.0 with CUDA 12.9 exists for Tegra too; GH200 gets that for servers.
    let advice = advise(&machine("gh200-driver-550"), &Request::default(), crate::common::matrix());
    let above = advice.rejected.iter().filter(|it| it.ranks_above);
    let twins = above.filter(|it| it.build.arm_variant == Some(ArmVariant::Tegra));
    let twins = twins.filter(|it| it.build.build_prefix() == "cuda129_generic");
    assert_eq!(twins.count(), 0);
}

#[test]
fn one_driver_that_is_too_old_is_one_reason() {
    // For CUDA 13.0 it would have to be newer still.
    for (name, expected) in [
        ("a100-driver-470", ["driver-too-old", "minor-version-compatibility", "fails-loudly"]),
        // CUDA 12 has nothing for the K80, which is no reason while the A100 counts.
        (
            "kepler-and-ampere-driver-470",
            ["driver-too-old", "minor-version-compatibility", "fails-loudly"],
        ),
    ] {
        let advice = advise(&machine(name), &Request::default(), crate::common::matrix());
        let choice = advice.recommended.as_ref().expect("CUDA 11.8");
        let reasons: Vec<_> = choice.reasons.iter().map(|it| it.diagnostic.code()).collect();
        assert_eq!(reasons, expected, "{name}");
    }
}

#[test]
fn a_toolkit_as_old_as_the_gpu_is_not_too_old_for_it() {
    // CUDA 12.9 is the first with code for GB10 (12.1).
    let advice = advise(&machine("dgx-spark-gb10"), &Request::default(), crate::common::matrix());
    let too_old = |toolkit: &str| {
        let toolkit: CudaVersion = toolkit.parse().expect("a version");
        let is_of = |build: &Build| build.accelerator.cuda() == Some(toolkit);
        let codes = rejected(&advice, is_of);
        assert!(!codes.is_empty(), "{toolkit}");
        codes.iter().flatten().any(|code| *code == "toolkit-too-old-for-gpu")
    };
    assert!(too_old("12.0"));
    assert!(!too_old("12.9"));
}

#[test]
fn an_alternative_says_what_is_in_its_way_and_no_more() {
    // `cuda-version=12.4` excludes CUDA 11.8, and says nothing about its torchvision.
    let request = Request {
        cuda_version: Some("12.4".parse().expect("a version")),
        companions: vec![Companion::Torchvision],
        ..Request::default()
    };
    let answer = advise(&machine("a100-driver-470"), &request, crate::common::matrix());
    let other = answer.alternatives.iter().find(|it| it.choice.build.build_prefix() == "cuda118");
    let codes: Vec<_> = other.expect("CUDA 11.8").blockers.iter().map(Diagnostic::code).collect();
    assert_eq!(codes, ["other-cuda-version"]);

    // A driver alone leads to 2.7.1 with torchaudio; nobody gives torchaudio up for CUDA 12.9.
    let request = Request {
        pytorch: Some("2.7".parse().expect("a version")),
        companions: vec![Companion::Torchaudio],
        ..Request::default()
    };
    let answer = advise(&machine("a100-driver-470"), &request, crate::common::matrix());
    let unlocks: Vec<_> = answer.alternatives.iter().map(|it| &*it.unlocked_by).collect();
    assert!(matches!(unlocks[..], [[Unlock::Driver(_)]]), "{unlocks:?}");
}

#[test]
fn with_a_newer_macos_comes_a_build_that_the_request_allows() {
    // PyTorch 2.8 has Metal from macOS 13 on; 2.13 was not asked for.
    let request =
        Request { pytorch_range: Some("<2.9".parse().expect("a range")), ..Request::default() };
    let advice =
        advise(&described(Subdir::OsxArm64, Some("12.3")), &request, crate::common::matrix());
    assert_eq!(answer(&advice).0, "2.4.1 cpu_generic 6");
    let first = &advice.alternatives[0];
    assert_eq!(first.choice.build.pytorch, Version::new(&[2, 8, 0]));
    assert_eq!(first.unlocked_by, [Unlock::Macos(Version::new(&[13, 0]))]);
    // One alternative for one update: macOS 11 is too old for the build itself.
    let advice = advise(&machine("macos-11-arm64"), &Request::default(), crate::common::matrix());
    assert_eq!(advice.alternatives.len(), 1);
}

#[test]
fn a_driver_that_does_not_answer_is_no_reason_for_the_processor() {
    let mut silent = described(Subdir::Linux64, None);
    let why = "no answer within 5 s";
    (silent.driver, silent.driver_cuda) = (Detected::unknown(why), Detected::unknown(why));
    silent.gpu_count = Detected::unknown(why);
    silent.sources.push(SourceReport {
        source: "nvml".into(),
        outcome: Outcome::TimedOut,
        detail: why.into(),
    });
    let advised = |machine: &Machine| advise(machine, &Request::default(), crate::common::matrix());
    let advice = advised(&silent);
    assert_eq!(answer(&advice).0, "nothing");
    assert_eq!(advice.status, Status::Unknown);
    // The bus shows no GPU: the processor computes, whatever the driver says.
    silent.gpu_count = Detected::Absent;
    assert_eq!(answer(&advised(&silent)).0, "2.13.0 cpu_mkl 102");
}

#[test]
fn the_cuda_of_a_driver_is_by_its_version_and_by_its_branch_on_jetson() {
    // CUDA 13.0 is in 580.65.06 and newer, and in JetPack 7's 580.00; CUDA 12.0 in 525.60.13 and newer.
    for (name, driver, build) in [
        ("jetson-orin-jetpack-7", "580.00", "2.13.0 cuda130_generic 202"),
        ("gh200-driver-580", "580.00", "2.13.0 cuda129_generic 202"),
        ("gh200-driver-580", "580.65.06", "2.13.0 cuda130_generic 202"),
        ("a100-driver-470", "525.60.13", "2.13.0 cuda129_mkl 302"),
        ("a100-driver-470", "525.60.12", "2.5.1 cuda118 303"),
    ] {
        let mut machine = machine(name);
        machine.driver = Detected::found(driver.parse().expect("a version"), Origin::Nvml);
        machine.driver_cuda = Detected::unknown("nvml: not asked");
        let advice = advise(&machine, &Request::default(), crate::common::matrix());
        assert_eq!(answer(&advice).0, build, "{name} {driver}");
    }
}

#[test]
fn no_cuda_compat_for_a_driver_of_windows() {
    // 535.98 is of a branch whose drivers for Linux have it: https://docs.nvidia.com/deploy/cuda-compatibility/
    let mut inside_wsl = machine("wsl-driver-560");
    inside_wsl.gpus[0] = machine("a100-driver-470").gpus.remove(0);
    inside_wsl.driver = Detected::found("535.98".parse().expect("a version"), Origin::Nvml);
    inside_wsl.driver_cuda = Detected::found("12.2".parse().expect("a version"), Origin::Nvml);
    let by_compat = |machine: &Machine| {
        let advice = advise(machine, &Request::default(), crate::common::matrix());
        let unlocks = advice.alternatives.iter().flat_map(|it| &it.unlocked_by);
        unlocks.filter(|it| matches!(it, Unlock::CudaCompat(_))).count()
    };
    assert_eq!(by_compat(&inside_wsl), 0);
    let mut on_linux = inside_wsl;
    on_linux.wsl = Detected::Absent;
    assert_eq!(by_compat(&on_linux), 1);
}

#[test]
fn newer_builds_without_metal_are_rejected_for_that_and_older_ones_are_outranked() {
    // macOS 13 has Metal for PyTorch 2.5 to 2.8.
    let machine = described(Subdir::OsxArm64, Some("13.0"));
    let advice = advise(&machine, &Request::default(), crate::common::matrix());
    assert_eq!(answer(&advice).0, "2.8.0 cpu_generic 2");
    let of = |pytorch: &[u16]| {
        let pytorch = Version::new(pytorch);
        let all = rejected(&advice, |it| it.subdir == Subdir::OsxArm64 && it.pytorch == pytorch);
        all.into_iter().collect::<BTreeSet<_>>()
    };
    assert_eq!(of(&[2, 11]), BTreeSet::from([vec!["metal-needs-newer-macos"]]));
    assert_eq!(of(&[2, 6]), BTreeSet::from([vec!["outranked"]]));
}

#[test]
fn torchaudio_has_no_build_for_tegra() {
    // Its builds of aarch64 are from before `arm-variant`: for servers.
    let request = Request { companions: vec![Companion::Torchaudio], ..Request::default() };
    let advice = advise(&machine("jetson-orin-jetpack-6"), &request, crate::common::matrix());
    assert_eq!(answer(&advice).0, "2.10.0 cpu_generic 5");
    let advice = advise(&machine("gh200-driver-580"), &request, crate::common::matrix());
    assert_eq!(answer(&advice).0, "2.10.0 cuda130_generic 205");
}

#[test]
fn release_candidates_are_rejected_for_that() {
    let advice =
        advise(&machine("rtx3080-driver-580"), &Request::default(), crate::common::matrix());
    let codes = rejected(&advice, |build| build.pytorch.is_candidate());
    assert!(!codes.is_empty());
    for codes in codes {
        assert!(codes.contains(&"release-candidate"), "{codes:?}");
    }
}

#[test]
fn a_build_runs_on_the_very_macos_that_it_needs() {
    // PyTorch 2.5.1 needs macOS 11.0.
    let request =
        Request { pytorch: Some("2.5.1".parse().expect("a version")), ..Request::default() };
    for (macos, build) in [("11.0", "2.5.1 cpu_generic 17"), ("10.15", "nothing")] {
        let machine = described(Subdir::OsxArm64, Some(macos));
        let advice = advise(&machine, &request, crate::common::matrix());
        assert_eq!(answer(&advice).0, build, "{macos}");
    }
}

#[test]
fn windows_has_cuda_12_8_and_13_0_pinned_exactly() {
    use Status::Ok;
    let cuda128 = "pytorch-gpu=2.13.0 cuda-version=12.8";
    plain("windows-gtx1060", "2.13.0 cuda128_mkl 302", cuda128, Ok, &["no-kernels"]);
    plain("windows-rtx4090", "2.13.0 cuda130_mkl 302", CUDA130, Ok, &[]);
    plain("windows-rtx4090-driver-546", "2.13.0 cuda128_mkl 302", cuda128, Ok, &["driver-too-old"]);
    // Windows never had a build for CUDA 11.
    plain(
        "windows-rtx2080-driver-522",
        "2.13.0 cpu_mkl 102",
        CPU,
        Status::Degraded,
        &["gpu-not-used", "driver-too-old"],
    );
}

#[test]
fn wsl_uses_windows_driver_numbers() {
    plain("wsl-driver-560", "2.13.0 cuda129_mkl 302", CUDA129, Status::Ok, &[]);
    // 526.98 is above the minimum for CUDA 12.x on Linux (525.60.13), but below that on Windows (527.41).
    plain(
        "wsl-driver-526-below-the-windows-floor",
        "2.5.1 cuda120 303",
        CUDA120,
        Status::Ok,
        &["driver-too-old"],
    );
}

#[test]
fn macs_get_the_newest_build_for_their_macos() {
    use Status::{Ok, Unsatisfiable};
    let metal = &["metal-included", "metal-needs-newer-macos"];
    plain("macos-12-arm64", "2.4.1 cpu_generic 6", "pytorch=2.4.1", Ok, metal);
    plain("macos-12-x86-64", "2.13.0 cpu_mkl 102", "pytorch=2.13.0", Ok, &[]);
    plain(
        "macos-15-rosetta",
        "2.13.0 cpu_generic 2",
        "pytorch=2.13.0",
        Ok,
        &["rosetta", "metal-included"],
    );
    // 2.12.0 build 0 still declares macOS 11, build 1 macOS 12; 2.7.1 build 2 still 10.15, build 3 macOS 11.
    plain(
        "macos-11-arm64",
        "2.12.0 cpu_generic 0",
        "pytorch=2.12.0",
        Ok,
        &["macos-too-old", "metal-needs-newer-macos"],
    );
    plain("macos-10.15-x86-64", "2.7.1 cpu_mkl 102", "pytorch=2.7.1", Ok, &["macos-too-old"]);
    // Builds up to 2.0.0 #1 need macOS 10.9.
    plain("macos-10.12-x86-64", "2.0.0 cpu_mkl 101", "pytorch=2.0.0", Ok, &["macos-too-old"]);
    let _ = Unsatisfiable;
}

#[test]
fn unknown_gpus_and_drivers_get_an_answer() {
    use Status::{Degraded, Ok, Unsatisfiable};
    plain(
        "future-gpu-13.0-driver-640",
        "2.13.0 cuda130_mkl 302",
        CUDA130,
        Ok,
        &["ptx-jit", "capability-not-known"],
    );
    // 12.9 has kernels for more cards than 13.0.
    plain(
        "nvml-hung-driver-580-from-sys",
        "2.13.0 cuda129_mkl 302",
        CUDA129,
        Degraded,
        &["gpu-not-known"],
    );
    plain("nvml-hung-gtx1080ti-on-the-bus", "2.13.0 cuda129_mkl 302", CUDA129, Ok, &["no-kernels"]);
    plain("ppc64le", "nothing", "", Unsatisfiable, &["platform-without-builds"]);
    plain("nothing-could-be-told", "nothing", "", Unsatisfiable, &["platform-without-builds"]);
}

fn pin(cuda_version: &str) -> Request {
    Request {
        cuda_version: Some(cuda_version.parse().expect("a CUDA version")),
        ..Request::default()
    }
}

#[test]
fn each_cuda_version_on_linux_gives_its_newest_pytorch() {
    use Status::Ok;
    let linux = |version: &str, build: &str, specs: &str, codes: &[&str]| {
        check("rtx3080-driver-580", &pin(version), build, specs, Ok, codes);
    };
    let holds_back = ["cuda-version-holds-back"];
    linux("11.8", "2.5.1 cuda118 303", CUDA118, &holds_back);
    linux("12.1", "2.5.1 cuda120 303", "pytorch-gpu=2.5.1 cuda-version=12.1", &holds_back);
    linux("12.4", "2.5.1 cuda120 303", "pytorch-gpu=2.5.1 cuda-version=12.4", &holds_back);
    linux("12.6", "2.7.1 cuda126_mkl 300", "pytorch-gpu=2.7.1 cuda-version=12.6", &holds_back);
    linux("12.8", "2.7.1 cuda126_mkl 300", "pytorch-gpu=2.7.1 cuda-version=12.8", &holds_back);
    linux("12.9", "2.13.0 cuda129_mkl 302", CUDA129, &[]);
    linux("13.0", "2.13.0 cuda130_mkl 302", CUDA130, &[]);
    linux("13.2", "2.13.0 cuda130_mkl 302", "pytorch-gpu=2.13.0 cuda-version=13.2", &[]);
}

#[test]
fn each_cuda_version_on_windows_gives_its_newest_pytorch() {
    use Status::{Ok, Unsatisfiable};
    let windows = |version: &str, build: &str, specs: &str, status, codes: &[&str]| {
        check("windows-rtx4090", &pin(version), build, specs, status, codes);
    };
    let holds_back = ["cuda-version-holds-back"];
    for never in ["11.8", "12.1", "12.4"] {
        windows(never, "nothing", "", Unsatisfiable, &["cuda-version-not-built"]);
    }
    windows(
        "12.6",
        "2.7.1 cuda126_mkl 300",
        "pytorch-gpu=2.7.1 cuda-version=12.6",
        Ok,
        &holds_back,
    );
    windows("12.8", "2.13.0 cuda128_mkl 302", "pytorch-gpu=2.13.0 cuda-version=12.8", Ok, &[]);
    // The builds before 2.13.0 accept later versions, and do not find the CUPTI of their own.
    for fails in ["12.9", "13.1", "13.5"] {
        windows(fails, "nothing", "", Unsatisfiable, &["cuda-version-not-built"]);
    }
    windows("13.0", "2.13.0 cuda130_mkl 302", CUDA130, Ok, &[]);
}

#[test]
fn torchvision_on_windows_needs_a_pytorch_of_its_own_cuda_version() {
    // torchvision 0.27.1 for CUDA 12 is built with 12.9, PyTorch 2.12.1 with 12.8.
    let machine = machine("windows-rtx4090-driver-546");
    let of = |pytorch: &str| {
        let pytorch = Some(pytorch.parse().expect("a version"));
        let companions = vec![Companion::Torchvision];
        let request = Request { pytorch, companions, ..Request::default() };
        answer(&advise(&machine, &request, crate::common::matrix())).0
    };
    assert_eq!(of("2.13"), "2.13.0 cuda128_mkl 302");
    assert_eq!(of("2.12"), "2.12.1 cpu_mkl 100");
    assert_eq!(of("2.6"), "2.6.0 cuda126_mkl 304");
}

#[test]
fn builds_that_no_solver_can_install_are_left_out() {
    let machine = machine("gh200-driver-550");
    let pytorch = Some("2.7.1".parse().expect("a version"));
    let request = Request { pytorch, ..Request::default() };
    let advice = advise(&machine, &request, crate::common::matrix());
    assert_eq!(answer(&advice).0, "2.7.1 cuda129_generic 203");
    let last = advice.rejected.iter().find(|it| it.build.build_numbers.0 == 204).expect("#204");
    assert!(last.blockers.contains(&Diagnostic::NotSolvable));
}

#[test]
fn an_unknown_cuda_version_suggests_its_neighbors() {
    check(
        "rtx3080-driver-580",
        &pin("12.7"),
        "nothing",
        "",
        Status::Unsatisfiable,
        &["no-such-cuda-version"],
    );
    check(
        "rtx3080-driver-580",
        &pin("99.0"),
        "nothing",
        "",
        Status::Unsatisfiable,
        &["no-such-cuda-version"],
    );
}

#[test]
fn requests_are_met_or_get_the_closest_alternative() {
    use Status::{Degraded, Ok, Unsatisfiable};
    let machine = "rtx3080-driver-580";
    let wish = Request::default;
    let cpu = Request { accelerator: RequestedAccelerator::Cpu, ..wish() };
    check(machine, &cpu, "2.13.0 cpu_mkl 102", CPU, Degraded, &["gpu-not-used"]);
    let cuda = Request { accelerator: RequestedAccelerator::Cuda, ..wish() };
    check("no-gpu", &cuda, "nothing", "", Unsatisfiable, &["no-driver"]);
    let pytorch =
        |text: &str| Request { pytorch: Some(text.parse().expect("a version")), ..wish() };
    check(
        machine,
        &pytorch("2.9"),
        "2.9.1 cuda129_mkl 305",
        "pytorch-gpu=2.9.1 cuda-version=12.9",
        Ok,
        &[],
    );
    check(machine, &pytorch("2.2"), "nothing", "", Unsatisfiable, &["no-such-pytorch"]);
    let python = Request { python: Some("3.9".parse().expect("a version")), ..wish() };
    let specs = "pytorch-gpu=2.7.1 cuda-version=12.9 python=3.9";
    check(machine, &python, "2.7.1 cuda129_mkl 304", specs, Ok, &["python-holds-back"]);
    let generic = Request { blas: Some(Blas::Generic), ..wish() };
    let specs = "pytorch-gpu=2.13.0 pytorch=2.13.0=cuda130_generic* cuda-version=13.0";
    check(machine, &generic, "2.13.0 cuda130_generic 202", specs, Ok, &[]);
    check(
        "no-gpu",
        &generic,
        "2.13.0 cpu_generic 2",
        "pytorch-cpu=2.13.0 pytorch=2.13.0=cpu_generic*",
        Ok,
        &[],
    );
}

/// What must change for the closest build that works.
fn nearest(name: &str, request: &Request) -> (String, Vec<Unlock>) {
    let advice = advise(&machine(name), request, crate::common::matrix());
    let nearest = advice.alternatives.into_iter().next().expect("something works");
    (nearest.choice.build.pytorch.to_string(), nearest.unlocked_by)
}

#[test]
fn the_first_alternative_is_the_closest_version() {
    let version = |text: &str| text.parse::<Version>().expect("a version");
    let wish = Request { pytorch: Some(version("2.5.0")), ..Request::default() };
    let one = |unlock: Unlock| vec![unlock];
    let answer = nearest("rtx3080-driver-580", &wish);
    assert_eq!(answer, ("2.5.1".to_owned(), one(Unlock::Pytorch(version("2.5.1")))));
    let wish = Request { blas: Some(Blas::Generic), ..Request::default() };
    check("windows-no-gpu", &wish, "nothing", "", Status::Unsatisfiable, &["other-blas"]);
    let answer = nearest("windows-no-gpu", &wish);
    assert_eq!(answer, ("2.13.0".to_owned(), one(Unlock::Blas(Blas::Mkl))));
    // Another Python has torchvision.
    let python = Some(version("3.8"));
    let wish = Request { python, companions: vec![Companion::Torchvision], ..Request::default() };
    let answer = nearest("windows-rtx4090", &wish);
    assert_eq!(answer, ("2.13.0".to_owned(), one(Unlock::Python(version("3.10")))));
}

#[test]
fn reports_what_a_platform_lacks() {
    use Status::Unsatisfiable;
    check("macos-12-arm64", &pin("12.4"), "nothing", "", Unsatisfiable, &["no-cuda-on-platform"]);
    // The requested PyTorch is too old for the GPU.
    let pytorch = Some("2.5".parse().expect("a version"));
    let wish = Request { pytorch, ..Request::default() };
    let codes = &["gpu-not-used", "toolkit-too-old-for-gpu"];
    check(
        "rtx5090-driver-580",
        &wish,
        "2.5.1 cpu_mkl 117",
        "pytorch-cpu=2.5.1",
        Status::Degraded,
        codes,
    );
}

#[test]
fn companions_limit_pytorch_or_do_not_exist() {
    use Companion::{Torchaudio, Torchvision};
    use Status::{Ok, Unsatisfiable};
    let with = |companions: &[Companion]| Request {
        companions: companions.to_vec(),
        ..Request::default()
    };
    let machine = "rtx3080-driver-580";
    let vision = "pytorch-gpu=2.13.0 torchvision=0.28.0 cuda-version=13.0";
    check(machine, &with(&[Torchvision]), "2.13.0 cuda130_mkl 302", vision, Ok, &[]);
    // torchaudio's last build was made for PyTorch 2.10.
    let audio = "pytorch-gpu=2.10.0 torchaudio=2.11.0 cuda-version=13.0";
    check(
        machine,
        &with(&[Torchaudio]),
        "2.10.0 cuda130_mkl 305",
        audio,
        Ok,
        &["companion-holds-back"],
    );
    check(
        "windows-rtx4090",
        &with(&[Torchaudio]),
        "nothing",
        "",
        Unsatisfiable,
        &["companion-not-on-platform"],
    );
    // Only the first build of torchvision 0.20.1 supports CUDA 11.8.
    let old = "pytorch-gpu=2.5.1 torchvision=0.20.1 cuda-version=11.8";
    check("a100-driver-470", &with(&[Torchvision]), "2.5.1 cuda118 303", old, Ok, &[]);
}

#[test]
fn builds_with_an_executable_stack_are_left_out_from_glibc_2_41_on() {
    let mut machine = machine("a100-driver-470");
    let mut on = |glibc: &str, cuda_version: Option<&str>, pytorch: Option<&str>| {
        let glibc = glibc.parse().expect("a version");
        machine.glibc = Detected::found(glibc, Origin::System);
        let cuda_version = cuda_version.map(|pin| pin.parse().expect("a version"));
        let pytorch = pytorch.map(|version| version.parse().expect("a version"));
        let request = Request { cuda_version, pytorch, ..Request::default() };
        let advice = advise(&machine, &request, crate::common::matrix());
        (answer(&advice).0, codes(&advice).contains(&"glibc-too-new"))
    };
    assert_eq!(on("2.40", None, None), ("2.5.1 cuda118 303".to_owned(), false));
    assert_eq!(on("2.41", None, None), ("2.4.1 cuda118_mkl 306".to_owned(), true));
    assert_eq!(on("2.42", Some("11.8"), None), ("2.4.1 cuda118_mkl 306".to_owned(), true));
    assert_eq!(on("2.40", None, Some("2.3")), ("2.3.1 cuda118 301".to_owned(), false));
    assert_eq!(on("2.41", None, Some("2.3")), ("nothing".to_owned(), true));
}

#[test]
fn the_newest_pytorch_that_uses_metal_is_chosen_on_each_macos() {
    let mut machine = machine("macos-12-arm64");
    let mut on = |macos: &str, request: &Request| {
        machine.macos = Detected::found(macos.parse().expect("a version"), Origin::System);
        let advice = advise(&machine, request, crate::common::matrix());
        let choice = advice.recommended.as_ref().expect("an answer");
        let others = advice.alternatives.iter().map(|other| {
            let Alternative { choice, unlocked_by, .. } = other;
            let change = match unlocked_by.as_slice() {
                [Unlock::Macos(version)] => format!("macOS {version}"),
                [Unlock::Accelerator(accelerator)] => accelerator.as_str().to_owned(),
                other => format!("{other:?}"),
            };
            format!("{} {}: {change}", choice.build.pytorch, choice.computes_on)
        });
        let answer = format!("{} {}", choice.build.pytorch, choice.computes_on);
        std::iter::once(answer).chain(others).collect::<Vec<_>>()
    };
    let any = Request::default();
    let cpu = Request { accelerator: RequestedAccelerator::Cpu, ..Request::default() };
    let newest =
        Request { pytorch: Some("2.13".parse().expect("a version")), ..Request::default() };
    let update = "2.13.0 mps: macOS 14.0";
    let on_cpu = "2.13.0 cpu: cpu";
    assert_eq!(on("26.0", &any), ["2.13.0 mps"]);
    assert_eq!(on("14.0", &any), ["2.13.0 mps"]);
    assert_eq!(on("13.7", &any), ["2.8.0 mps", update, on_cpu]);
    assert_eq!(on("13.0", &any), ["2.8.0 mps", update, on_cpu]);
    assert_eq!(on("12.7", &any), ["2.4.1 mps", update, on_cpu]);
    assert_eq!(on("12.3", &any), ["2.4.1 mps", update, on_cpu]);
    assert_eq!(on("12.2", &any), ["2.13.0 cpu", update]);
    assert_eq!(on("13.7", &newest), ["2.13.0 cpu", update]);
    assert_eq!(on("13.7", &cpu), ["2.13.0 cpu"]);
    assert_eq!(on("26.0", &cpu), ["2.13.0 cpu"]);
}

#[test]
fn a_described_jetson_has_one_glibc_and_no_reason_against_its_own_toolkit() {
    let mut machine = Machine::baseline(Subdir::LinuxAarch64);
    let orin = Gpu {
        name: Detected::found("Jetson AGX Orin".to_owned(), Origin::Flag("--gpu".into())),
        compute_capability: Detected::unknown("not probed"),
        ..Gpu::default()
    };
    machine.gpus = vec![orin];
    machine.driver =
        Detected::found("580".parse().expect("a driver"), Origin::Flag("--driver".into()));
    crate::common::matrix().complete(&mut machine);
    // The heading, `__glibc` of a solve and the note are about the same glibc.
    assert_eq!(machine.glibc.value(), Some(&"2.34".parse().expect("a version")));
    let pytorch = Some("2.12".parse().expect("a version"));
    let request = Request { pytorch, ..Request::default() };
    let advice = advise(&machine, &request, crate::common::matrix());
    assert_eq!(answer(&advice).0, "2.12.1 cuda129_generic 200");
    assert!(!codes(&advice).contains(&"no-kernels"), "{:?}", codes(&advice));
}
