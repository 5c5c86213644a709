//! The virtual packages of a document, and what they prove about the machine.

use super::super::fields::Fields;
use super::super::set;
use crate::conda::{Os, Subdir, Version};
use crate::types::{ClientKind, CudaVersion, Detected, Gpu, Machine, Origin, VirtualPackage};

pub(super) struct Packages {
    pub(super) list: Vec<VirtualPackage>,
    /// Whether the client has no others.
    pub(super) is_complete: bool,
}

impl Packages {
    pub(super) fn of(fields: &Fields) -> Option<Self> {
        let labels = ["virtual_pkgs", "virtual packages", "virtual_packages"];
        let label = labels.into_iter().find(|label| fields.has(label))?;
        let list = fields.all(label)?.iter().filter_map(|line| package(line)).collect();
        Some(Self { list, is_complete: !fields.may_be_cut_off(label) })
    }

    fn version(&self, name: &str) -> Option<&str> {
        let package = self.list.iter().find(|package| package.name == name);
        package.map(|package| package.version.as_str())
    }
}

/// Reads `__cuda=12.4=0`, `__cuda=12.4` (conda 4.8), or `__cuda 12.4 0`.
fn package(line: &str) -> Option<VirtualPackage> {
    let mut parts = line.trim().split(['=', ' ']).filter(|part| !part.is_empty());
    let name = parts.next().filter(|name| name.starts_with("__") && name.len() > 2)?.to_owned();
    let mut part = || parts.next().unwrap_or("0").to_owned();
    Some(VirtualPackage { name, version: part(), build: part() })
}

/// Fills what the packages of a client prove.
pub(super) fn apply(machine: &mut Machine, packages: &Packages, kind: ClientKind, origin: &Origin) {
    let is_complete = packages.is_complete;
    let version = |name: &str| packages.version(name);
    // Version 0 means an unknown one, as in a solve for another platform.
    let known = |name: &str| {
        let version = version(name)?.parse::<Version>().ok();
        version.filter(|version| *version > Version::new(&[0]))
    };
    if let Some(glibc) = known("__glibc") {
        machine.glibc = Detected::found(glibc, origin.clone());
    } else if is_complete && version("__linux").is_some() {
        machine.glibc = Detected::Absent; // musl, or hidden by `CONDA_OVERRIDE_GLIBC=`
    }
    set(&mut machine.macos, known("__osx"), origin);
    set(&mut machine.windows, known("__win"), origin);
    let kernel = version("__linux").filter(|text| *text != "0").map(str::to_owned);
    set(&mut machine.kernel, kernel, origin);
    match version("__cuda") {
        Some(text) => cuda(machine, text, kind, origin),
        None if is_complete => no_cuda(machine, kind),
        None => {}
    }
    if let Some(capability) = version("__cuda_arch").and_then(|text| text.parse().ok()) {
        let gpu = Gpu::unknown(0, "`__cuda_arch` is the smallest of all GPUs and has no name");
        machine.gpus =
            vec![Gpu { compute_capability: Detected::found(capability, origin.clone()), ..gpu }];
    }
}

fn cuda(machine: &mut Machine, text: &str, kind: ClientKind, origin: &Origin) {
    // A bare `12` is 12.0 for every client.
    let parsed = text.parse::<CudaVersion>().or_else(|_| format!("{text}.0").parse());
    let Ok(cuda) = parsed else {
        machine.driver_cuda = Detected::unknown(format!("`__cuda` is `{text}`, not a version"));
        return;
    };
    machine.driver_cuda = Detected::found(cuda, origin.clone());
    // conda reads it from libcuda, the others from several sources.
    if kind == ClientKind::Conda {
        machine.libcuda = Detected::found(cuda, origin.clone());
    }
    machine.gpu_count = Detected::unknown("`__cuda` does not count GPUs");
}

/// Without `__cuda` the client found no driver with a GPU: conda reads libcuda, mamba `nvidia-smi`, and pixi both
/// and NVML.
fn no_cuda(machine: &mut Machine, kind: ClientKind) {
    machine.driver_cuda = Detected::Absent;
    machine.gpu_count = Detected::Absent;
    machine.driver = Detected::unknown("without `__cuda` there is no driver, or it shows no GPU");
    match kind {
        ClientKind::Conda | ClientKind::Pixi => machine.libcuda = Detected::Absent,
        ClientKind::Mamba | ClientKind::Micromamba => {}
    }
}

/// The platform by the packages of an OS and by the build of `__archspec`, if that names the architecture.
pub(super) fn subdir_of(packages: &[VirtualPackage]) -> Option<Subdir> {
    let archspec = packages.iter().find(|package| package.name == "__archspec");
    let build = archspec.map_or("", |package| package.build.as_str());
    let is_x86 = build.starts_with("x86_64");
    let is_arm = matches!(build, "aarch64" | "arm64" | "m1" | "m2" | "m3" | "m4")
        || build.starts_with("neoverse")
        || build.starts_with("armv8")
        || build.starts_with("armv9");
    let os = packages.iter().find_map(|package| match package.name.as_str() {
        "__linux" | "__glibc" => Some(Os::Linux),
        "__osx" => Some(Os::Macos),
        "__win" => Some(Os::Windows),
        _ => None,
    });
    let os = os?;
    match os {
        Os::Windows if !is_arm => Some(Subdir::Win64),
        Os::Linux | Os::Macos if is_x86 => Subdir::of(os, "x86_64"),
        Os::Linux | Os::Macos if is_arm => Subdir::of(os, "arm64"),
        Os::Linux | Os::Macos | Os::Windows | Os::FreeBsd => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_has_a_name_and_may_have_a_version_and_a_build() {
        for line in ["__cuda=12.4=0", "__cuda=12.4", "__cuda 12.4 0"] {
            let package = package(line).expect("a package");
            assert_eq!(
                (&*package.name, &*package.version, &*package.build),
                ("__cuda", "12.4", "0")
            );
        }
        for line in ["", "cuda=12.4", "12.4", "__"] {
            assert_eq!(package(line), None, "{line}");
        }
    }

    fn machine(lines: &[&str], kind: ClientKind) -> Machine {
        let list = lines.iter().filter_map(|line| package(line)).collect();
        let mut machine = super::super::super::unknown_machine("conda info");
        apply(&mut machine, &Packages { list, is_complete: true }, kind, &Origin::Baseline);
        machine
    }

    #[test]
    fn a_missing_package_means_absent_if_the_client_would_have_it() {
        let linux = machine(&["__linux=5.15.0=0", "__glibc=2.35=0"], ClientKind::Conda);
        assert_eq!(linux.libcuda, Detected::Absent);
        assert_eq!(linux.gpu_count, Detected::Absent);
        assert!(matches!(linux.driver, Detected::Unknown { .. }));
        let mamba = machine(&["__linux=5.15.0=0", "__glibc=2.35=0"], ClientKind::Mamba);
        assert!(matches!(mamba.libcuda, Detected::Unknown { .. }));
        let musl = machine(&["__linux=5.15.0=0"], ClientKind::Pixi);
        assert_eq!(musl.glibc, Detected::Absent);
        let other = machine(&["__win=0=0"], ClientKind::Conda);
        assert!(matches!(other.glibc, Detected::Unknown { .. }));
    }

    #[test]
    fn version_0_is_unknown() {
        let mac = machine(&["__osx=0=0", "__unix=0=0"], ClientKind::Conda);
        assert!(matches!(mac.macos, Detected::Unknown { .. }));
        let windows = machine(&["__win=10.0.22631=0"], ClientKind::Conda);
        assert_eq!(windows.windows.value().map(ToString::to_string).as_deref(), Some("10.0.22631"));
    }

    #[test]
    fn an_invalid_cuda_version_is_unknown() {
        let cuda = |text: &str| machine(&[text], ClientKind::Mamba).driver_cuda;
        assert_eq!(cuda("__cuda=12=0").value(), Some(&CudaVersion::new(12, 0)));
        for text in ["__cuda=N/A=0", "__cuda=13.3 [Deprecated]=0"] {
            let is_none = cuda(text) == Detected::Absent;
            assert!(!is_none, "{text}");
        }
        assert!(matches!(cuda("__cuda=N/A=0"), Detected::Unknown { .. }));
    }

    #[test]
    fn archspec_names_the_architecture_without_a_platform() {
        let subdir = |lines: &[&str]| {
            let packages: Vec<VirtualPackage> =
                lines.iter().filter_map(|line| package(line)).collect();
            subdir_of(&packages)
        };
        assert_eq!(subdir(&["__linux=5=0", "__archspec=1=x86_64_v3"]), Some(Subdir::Linux64));
        assert_eq!(subdir(&["__osx=14=0", "__archspec=1=m1"]), Some(Subdir::OsxArm64));
        assert_eq!(subdir(&["__linux=5=0", "__archspec=1=zen2"]), None);
        assert_eq!(subdir(&["__unix=0=0"]), None);
    }
}
