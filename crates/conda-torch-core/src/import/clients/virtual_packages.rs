//! The virtual packages of a document, and what they prove about the machine.

use serde_json::Value;

use super::super::{reported, set};
use super::Packages;
use crate::conda::{Os, Subdir, Version};
use crate::types::{ClientKind, CudaVersion, Detected, Gpu, Machine, VirtualPackage};

/// Reads `["__cuda", "12.4", "0"]` (conda), `["__cuda", "12.4"]` (conda 4.8), `"__cuda=12.4=0"` (the
/// others), or an object with these keys.
pub(super) fn of_json(value: &Value) -> Option<VirtualPackage> {
    fn text(value: Option<&Value>) -> Option<&str> {
        value.and_then(Value::as_str)
    }
    match value {
        Value::String(line) => of_line(line),
        Value::Array(parts) => {
            package([text(parts.first()), text(parts.get(1)), text(parts.get(2))])
        }
        Value::Object(keys) => package(["name", "version", "build"].map(|key| text(keys.get(key)))),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Reads `__cuda=12.4=0`, `__cuda=12.4` (conda 4.8), or `__cuda 12.4 0`.
pub(super) fn of_line(line: &str) -> Option<VirtualPackage> {
    let mut parts = line.trim().split(['=', ' ']).filter(|part| !part.is_empty());
    package([parts.next(), parts.next(), parts.next()])
}

fn package([name, version, build]: [Option<&str>; 3]) -> Option<VirtualPackage> {
    let name = name.filter(|name| name.starts_with("__") && name.len() > 2)?;
    Some(VirtualPackage {
        name: name.to_owned(),
        version: version.unwrap_or("0").to_owned(),
        build: build.unwrap_or("0").to_owned(),
    })
}

/// Fills what the packages of a client prove.
pub(super) fn apply(machine: &mut Machine, packages: &Packages, kind: ClientKind) {
    let Packages { list, is_complete } = packages;
    let version = |name: &str| {
        list.iter().find(|package| package.name == name).map(|package| package.version.as_str())
    };
    // Version 0 means an unknown one, as in a solve for another platform.
    let known = |name: &str| {
        let version = version(name)?.parse::<Version>().ok();
        version.filter(|version| *version > Version::new(&[0]))
    };
    if let Some(glibc) = known("__glibc") {
        machine.glibc = reported(glibc, machine);
    } else if *is_complete && version("__linux").is_some() {
        machine.glibc = Detected::Absent; // musl, or hidden by `CONDA_OVERRIDE_GLIBC=`
    }
    set(machine, |machine| &mut machine.macos, known("__osx"));
    set(machine, |machine| &mut machine.windows, known("__win"));
    let kernel = version("__linux").filter(|text| *text != "0").map(str::to_owned);
    set(machine, |machine| &mut machine.kernel, kernel);
    match version("__cuda") {
        Some(text) => cuda(machine, text, kind),
        None if *is_complete => no_cuda(machine, kind),
        None => {}
    }
    if let Some(capability) = version("__cuda_arch").and_then(|text| text.parse().ok()) {
        let gpu = Gpu::unknown(0, "`__cuda_arch` is the smallest of all GPUs and has no name");
        machine.gpus = vec![Gpu { compute_capability: reported(capability, machine), ..gpu }];
    }
}

fn cuda(machine: &mut Machine, text: &str, kind: ClientKind) {
    // A bare `12` is 12.0 for every client.
    let parsed = text.parse::<CudaVersion>().or_else(|_| format!("{text}.0").parse());
    let Ok(cuda) = parsed else {
        machine.driver_cuda = Detected::unknown(format!("`__cuda` is `{text}`, not a version"));
        return;
    };
    machine.driver_cuda = reported(cuda, machine);
    // conda reads it from libcuda, the others from several sources.
    if kind == ClientKind::Conda {
        machine.libcuda = reported(cuda, machine);
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
    match os? {
        Os::Linux if is_x86 => Some(Subdir::Linux64),
        Os::Linux if is_arm => Some(Subdir::LinuxAarch64),
        Os::Macos if is_x86 => Some(Subdir::Osx64),
        Os::Macos if is_arm => Some(Subdir::OsxArm64),
        Os::Windows if !is_arm => Some(Subdir::Win64),
        Os::Linux | Os::Macos | Os::Windows | Os::FreeBsd => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_read_in_the_form_of_each_client() {
        let cuda = VirtualPackage {
            name: "__cuda".to_owned(),
            version: "12.4".to_owned(),
            build: "0".to_owned(),
        };
        for text in [
            r#"["__cuda", "12.4", "0"]"#,
            r#"["__cuda", "12.4"]"#,
            r#""__cuda=12.4=0""#,
            r#""__cuda=12.4""#,
            r#"{"name": "__cuda", "version": "12.4", "build": "0"}"#,
        ] {
            let value: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(of_json(&value).as_ref(), Some(&cuda), "{text}");
        }
        for text in ["7", "[]", r#"["cuda", "12.4"]"#, r#""12.4""#, r#""__""#, "null"] {
            let value: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(of_json(&value), None, "{text}");
        }
    }

    fn machine(lines: &[&str], kind: ClientKind) -> Machine {
        let list = lines.iter().filter_map(|line| of_line(line)).collect();
        let mut machine = super::super::super::unknown_machine("conda info");
        apply(&mut machine, &Packages { list, is_complete: true }, kind);
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
                lines.iter().filter_map(|line| of_line(line)).collect();
            subdir_of(&packages)
        };
        assert_eq!(subdir(&["__linux=5=0", "__archspec=1=x86_64_v3"]), Some(Subdir::Linux64));
        assert_eq!(subdir(&["__osx=14=0", "__archspec=1=m1"]), Some(Subdir::OsxArm64));
        assert_eq!(subdir(&["__linux=5=0", "__archspec=1=zen2"]), None);
        assert_eq!(subdir(&["__unix=0=0"]), None);
    }
}
