//! Invariants that hold for every machine and request of a grid.

use crate::common;
use conda_torch_core::conda::{Subdir, Version};
use conda_torch_core::diagnostics::Diagnostic;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::resolve::{Advice, Request, RequestedAccelerator, Status, advise};
use conda_torch_core::types::{
    Build, Companion, ComputeCapability, CudaVersion, Detected, DriverVersion, Gpu, Machine, Origin,
};

const SUBDIRS: [Subdir; 6] = [
    Subdir::Linux64,
    Subdir::LinuxAarch64,
    Subdir::Osx64,
    Subdir::OsxArm64,
    Subdir::Win64,
    Subdir::LinuxPpc64le,
];
const DRIVERS: [&str; 12] = [
    "418.87",
    "440.33",
    "450.51.06",
    "450.80.02",
    "470.42.01",
    "520.61.05",
    "525.60.13",
    "550.54.15",
    "570.26",
    "580.65.06",
    "616.56",
    "900",
];
const CAPABILITIES: [&str; 12] =
    ["3.5", "3.7", "5.0", "6.1", "7.0", "7.2", "7.5", "8.7", "8.9", "9.0", "12.0", "13.0"];
const GLIBCS: [&str; 4] = ["2.12", "2.17", "2.35", "2.41"];
const MACOS: [&str; 4] = ["11.0", "12.3", "13.4", "14.0"];

fn known<T>(value: T) -> Detected<T> {
    Detected::found(value, Origin::Nvml)
}

fn gpus(machine: &mut Machine, capabilities: &[&str]) {
    machine.gpus = (0..)
        .zip(capabilities)
        .map(|(index, capability)| Gpu {
            index,
            compute_capability: known(capability.parse().expect("a capability")),
            ..Gpu::default()
        })
        .collect();
    machine.gpu_count = known(u32::try_from(capabilities.len()).expect("few"));
}

/// Calls `visit` for every machine of the grid.
fn each_machine(mut visit: impl FnMut(&Machine)) {
    for subdir in SUBDIRS {
        for (glibc, macos) in GLIBCS.into_iter().zip(MACOS) {
            let mut machine = Machine::baseline(subdir);
            machine.subdir = known(subdir);
            if machine.glibc.is_found() {
                machine.glibc = known(glibc.parse().expect("a version"));
            }
            if machine.macos.is_found() {
                machine.macos = known(macos.parse().expect("a version"));
            }
            visit(&machine);
            for driver in DRIVERS {
                machine.driver = known(driver.parse().expect("a driver"));
                machine.driver_cuda = Detected::unknown("not asked");
                machine.gpus.clear();
                machine.gpu_count = Detected::unknown("not asked");
                visit(&machine);
                for capability in CAPABILITIES {
                    gpus(&mut machine, &[capability]);
                    visit(&machine);
                }
                gpus(&mut machine, &["6.1", "8.9"]);
                visit(&machine);
                gpus(&mut machine, &["3.7", "12.0"]);
                visit(&machine);
            }
        }
    }
}

/// Calls `visit` for every machine with the default request, and for every fifth with all requests: few rules
/// depend on both, and an unoptimized test should take seconds.
fn each_case(mut visit: impl FnMut(&Machine, &Request)) {
    let (requests, mut count) = (requests(), 0);
    each_machine(|machine| {
        count += 1;
        let few = if count % 5 == 0 { &requests[..] } else { &requests[..1] };
        for request in few {
            visit(machine, request);
        }
    });
}

fn requests() -> Vec<Request> {
    let wish = Request::default;
    let version = |text: &str| text.parse::<Version>().expect("a version");
    let cuda = |text: &str| text.parse::<CudaVersion>().expect("a CUDA version");
    vec![
        wish(),
        Request { accelerator: RequestedAccelerator::Cpu, ..wish() },
        Request { accelerator: RequestedAccelerator::Cuda, ..wish() },
        Request { pytorch: Some(version("2.9")), ..wish() },
        Request { pytorch: Some(version("2.2")), ..wish() },
        Request { python: Some(version("3.9")), ..wish() },
        Request { cuda_version: Some(cuda("12.4")), ..wish() },
        Request { cuda_version: Some(cuda("12.7")), ..wish() },
        Request { companions: vec![Companion::Torchvision, Companion::Torchaudio], ..wish() },
    ]
}

fn key(build: &Build) -> *const Build {
    std::ptr::from_ref(build)
}

#[test]
fn every_build_is_shown_or_rejected_with_reasons() {
    let matrix = Matrix::embedded();
    let mut all: Vec<*const Build> = matrix.builds.iter().map(key).collect();
    all.sort_unstable();
    each_case(|machine, request| {
        let advice = advise(machine, request, matrix);
        let alternatives = advice.alternatives.iter().map(|it| key(it.choice.build));
        let recommended = advice.recommended.iter().map(|choice| key(choice.build));
        let mut seen: Vec<*const Build> = recommended.chain(alternatives).collect();
        // Different changes may lead to the same build.
        seen.sort_unstable();
        seen.dedup();
        seen.extend(advice.rejected.iter().map(|rejected| key(rejected.build)));
        seen.extend(advice.elsewhere.iter().map(|build| key(build)));
        seen.sort_unstable();
        assert_eq!(seen, all, "{machine:?} {request:?}");
        assert!(
            advice.rejected.iter().all(|rejected| !rejected.blockers.is_empty()),
            "{machine:?} {request:?}"
        );
        assert!(
            advice.alternatives.iter().all(|a| !a.unlocked_by.is_empty() && !a.blockers.is_empty())
        );
        let has_answer = matches!(advice.status, Status::Ok | Status::Degraded);
        assert_eq!(advice.recommended.is_some(), has_answer);
        let silent = advice.recommended.is_none() && advice.diagnostics.is_empty();
        assert!(!silent, "{machine:?} {request:?}");
    });
}

#[test]
fn an_unused_gpu_is_always_reported() {
    each_machine(|machine| {
        let advice = advise(machine, &Request::default(), Matrix::embedded());
        let cpu = advice.recommended.as_ref().is_some_and(|choice| !choice.build.is_cuda());
        let mac = machine
            .subdir
            .value()
            .is_some_and(|subdir| matches!(subdir, Subdir::Osx64 | Subdir::OsxArm64));
        if cpu && !machine.gpus.is_empty() && !mac {
            assert_eq!(advice.status, Status::Degraded, "{machine:?}");
            assert_eq!(
                advice.diagnostics.first().map(Diagnostic::code),
                Some("gpu-not-used"),
                "{machine:?}"
            );
        }
    });
}

/// The rank of an answer for a user: a GPU build before a CPU build, then the version.
fn worth(advice: &Advice<'_>) -> (bool, Option<Version>) {
    let choice = advice.recommended.as_ref();
    (choice.is_some_and(|choice| choice.build.is_cuda()), choice.map(|choice| choice.build.pytorch))
}

#[test]
fn a_newer_driver_never_loses_a_build() {
    let mut machine = Machine::baseline(Subdir::Linux64);
    for capability in CAPABILITIES {
        gpus(&mut machine, &[capability]);
        let mut before = (false, None);
        for driver in DRIVERS {
            machine.driver = known(driver.parse::<DriverVersion>().expect("a driver"));
            machine.driver_cuda = Detected::unknown("not asked");
            let now = worth(&advise(&machine, &Request::default(), Matrix::embedded()));
            assert!(now >= before, "{capability} {driver}");
            before = now;
        }
    }
}

#[test]
fn a_newer_glibc_below_2_41_never_loses_a_build() {
    let mut machine = Machine::baseline(Subdir::Linux64);
    machine.driver = known("580.65.06".parse().expect("a driver"));
    machine.driver_cuda = known("13.0".parse().expect("a CUDA version"));
    for capability in CAPABILITIES {
        gpus(&mut machine, &[capability]);
        let mut before = (false, None);
        for glibc in ["2.12", "2.17", "2.27", "2.35", "2.40"] {
            machine.glibc = known(glibc.parse().expect("a version"));
            let now = worth(&advise(&machine, &Request::default(), Matrix::embedded()));
            assert!(now >= before, "{capability} {glibc}");
            before = now;
        }
    }
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let matrix = Matrix::embedded();
    let mut shuffled = matrix.clone();
    // Reversed, then odd rows before even ones.
    let reversed: Vec<Build> = matrix.builds.iter().rev().cloned().collect();
    let (odd, even): (Vec<_>, Vec<_>) =
        reversed.into_iter().enumerate().partition(|(index, _)| index % 2 == 1);
    shuffled.builds = odd.into_iter().chain(even).map(|(_, build)| build).collect();
    for name in common::machine_names() {
        let machine = common::machine(&name);
        for request in requests() {
            let (one, other) =
                (advise(&machine, &request, matrix), advise(&machine, &request, &shuffled));
            let choice = |advice: &Advice<'_>| {
                advice
                    .recommended
                    .as_ref()
                    .map(|choice| (choice.build.clone(), choice.specs.clone(), choice.cuda_version))
            };
            assert_eq!(choice(&one), choice(&other), "{name} {request:?}");
            assert_eq!(one.status, other.status, "{name} {request:?}");
            let unlocks = |advice: &Advice<'_>| -> Vec<_> {
                advice
                    .alternatives
                    .iter()
                    .map(|a| (a.choice.build.clone(), a.unlocked_by.clone()))
                    .collect()
            };
            assert_eq!(unlocks(&one), unlocks(&other), "{name} {request:?}");
        }
    }
}

#[test]
fn the_same_input_gives_the_same_advice() {
    for name in common::machine_names() {
        let machine = common::machine(&name);
        let again = || advise(&machine, &Request::default(), Matrix::embedded());
        assert_eq!(again(), again(), "{name}");
    }
}

#[test]
fn recommended_builds_serve_at_least_one_gpu() {
    each_machine(|machine| {
        let advice = advise(machine, &Request::default(), Matrix::embedded());
        let Some(choice) = advice.recommended.filter(|choice| choice.build.is_cuda()) else {
            return;
        };
        let reaches = |gpu: &Gpu| {
            let capability: ComputeCapability = *gpu.compute_capability.value().expect("given");
            choice
                .build
                .kernels
                .sass
                .iter()
                .any(|sass| sass.major == capability.major && sass.minor <= capability.minor)
                || choice.build.kernels.ptx.iter().any(|ptx| *ptx <= capability)
        };
        assert!(machine.gpus.is_empty() || machine.gpus.iter().any(reaches), "{machine:?}");
    });
}
