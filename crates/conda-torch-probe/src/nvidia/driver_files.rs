//! The files of the driver's libraries, and the signs of a driver.

use conda_torch_core::conda::Os;

use crate::host::DriverRequest;
use crate::pci;
use crate::probe::Probe;

/// Variables that name a library. No other file is tried then.
const NVML_VARIABLE: &str = "CONDA_TORCH_NVML";
const LIBCUDA_VARIABLE: &str = "CONDA_TORCH_LIBCUDA";

/// The files that the driver installs. Names without a number are only the toolkit's link stubs since 560.
pub(super) const NVML: &str = "libnvidia-ml.so.1";
pub(super) const LIBCUDA: &str = "libcuda.so.1";

const WSL: &str = "/usr/lib/wsl/lib";

/// Files of the driver in the kernel. The last three are Jetson's.
const KERNEL: [&str; 7] = [
    "/proc/driver/nvidia",
    "/sys/module/nvidia",
    "/dev/nvidiactl",
    "/dev/dxg",
    "/dev/nvhost-gpu",
    "/dev/nvgpu",
    "/etc/nv_tegra_release",
];

const LOADER_CACHE: &str = "/etc/ld.so.cache";
const LOADER_CACHE_LIMIT: usize = 4 << 20;

/// Folders of the libraries outside of the loader's search.
const FOLDERS: [&str; 5] = [
    WSL,
    "/usr/lib64/nvidia",       // RPM Fusion, older
    "/usr/lib64",              // Fedora, SUSE
    "/run/opengl-driver/lib",  // NixOS
    "/usr/local/nvidia/lib64", // Kubernetes on COS
];

/// The same below the folder of the architecture: Debian and Ubuntu; Jetson with `JetPack` 6 and 5.
const BELOW_TRIPLET: [&str; 3] = ["", "/nvidia", "/tegra"];

fn folders(probe: &Probe<'_>) -> Vec<String> {
    let arch = &probe.host.target().arch;
    let triplet = BELOW_TRIPLET.map(|below| format!("/usr/lib/{arch}-linux-gnu{below}"));
    let mut folders: Vec<String> = FOLDERS.into_iter().map(str::to_owned).chain(triplet).collect();
    folders.retain(|folder| probe.host.exists(folder));
    folders
}

pub(super) fn sign_of_driver(probe: &Probe<'_>) -> Option<String> {
    let mut variables = [NVML_VARIABLE, LIBCUDA_VARIABLE].into_iter();
    if let Some(variable) = variables.find(|variable| probe.env(variable).is_some()) {
        return Some(variable.to_owned());
    }
    if probe.is_on(Os::Windows) {
        return windows(probe, "nvml.dll").into_iter().chain(windows(probe, "nvcuda.dll")).next();
    }
    if let Some(path) = KERNEL.into_iter().find(|path| probe.host.exists(path)) {
        return Some(path.to_owned());
    }
    let mut folders = folders(probe);
    let more = probe.env("LD_LIBRARY_PATH").unwrap_or_default();
    folders.extend(more.split(':').filter(|folder| !folder.is_empty()).map(str::to_owned));
    let mut found = in_folders(probe, &folders, NVML);
    found.extend(in_folders(probe, &folders, LIBCUDA));
    let first = found.into_iter().next();
    first.or_else(|| is_in_loader_cache(probe).then(|| LOADER_CACHE.to_owned()))
}

/// Whether the loader finds libcuda in another folder. Its list is only read if a card is on the bus, or may be.
fn is_in_loader_cache(probe: &Probe<'_>) -> bool {
    if !probe.machine.has_nvidia_card() && probe.host.exists(pci::BUS) {
        return false;
    }
    // If the list cannot be read, the loader cannot use it either.
    let cache = probe.host.read_start(LOADER_CACHE, LOADER_CACHE_LIMIT).unwrap_or_default();
    cache.windows(LIBCUDA.len()).any(|name| name == LIBCUDA.as_bytes())
}

pub(super) fn request(probe: &Probe<'_>) -> DriverRequest {
    let files = |variable: &str, dll: &str, library: &str| match probe.env(variable) {
        Some(path) => vec![path],
        None if probe.is_on(Os::Windows) => windows(probe, dll),
        None => linux(probe, library),
    };
    DriverRequest {
        nvml: files(NVML_VARIABLE, "nvml.dll", NVML),
        libcuda: files(LIBCUDA_VARIABLE, "nvcuda.dll", LIBCUDA),
    }
}

/// The loader's choice first. In WSL the library of Windows is first: a distribution may have another one.
fn linux(probe: &Probe<'_>, library: &str) -> Vec<String> {
    let mut paths = in_known_folders(probe, library);
    let of_windows = paths.iter().take_while(|path| path.starts_with(WSL)).count();
    let position = if probe.machine.wsl.is_found() { of_windows } else { 0 };
    paths.insert(position, library.to_owned());
    paths
}

/// A library in the folders that drivers use, without the loader's choice.
pub(super) fn in_known_folders(probe: &Probe<'_>, library: &str) -> Vec<String> {
    in_folders(probe, &folders(probe), library)
}

fn in_folders(probe: &Probe<'_>, folders: &[String], library: &str) -> Vec<String> {
    let paths = folders.iter().map(|folder| probe.host.target().join(folder, library));
    paths.filter(|path| probe.host.is_file(path)).collect()
}

/// Absolute paths: Windows looks for a bare name beside this program first.
fn windows(probe: &Probe<'_>, library: &str) -> Vec<String> {
    let root = probe.env("SystemRoot").unwrap_or_else(|| "C:\\Windows".to_owned());
    let mut paths = vec![format!("{root}\\System32\\{library}")];
    if let Some(programs) = probe.env("ProgramW6432") {
        paths.push(format!("{programs}\\NVIDIA Corporation\\NVSMI\\{library}"));
    }
    paths.retain(|path| probe.host.is_file(path));
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::RecordedHost;
    use conda_torch_core::types::{Detected, Machine, Origin};

    /// A host with these variables and files.
    fn host(os: &str, env: &serde_json::Value, files: &serde_json::Value) -> RecordedHost {
        let target = serde_json::json!({ "os": os, "arch": "x86_64", "env": "gnu" });
        let host = serde_json::json!({ "target": target, "env": env, "files": files });
        host.to_string().parse().expect("a host")
    }

    fn linux_host(env: &serde_json::Value, files: &serde_json::Value) -> RecordedHost {
        host("linux", env, files)
    }

    fn sign_on(host: &RecordedHost) -> Option<String> {
        sign_of_driver(&Probe::new(host, Machine::default()))
    }

    #[test]
    fn any_part_of_a_driver_is_a_sign_and_a_stub_is_not() {
        use serde_json::json;
        for path in
            ["/dev/nvidiactl", "/sys/module/nvidia/version", "/dev/dxg", "/usr/lib64/libcuda.so.1"]
        {
            let mut files = serde_json::Map::new();
            files.insert(path.to_owned(), json!(""));
            assert!(sign_on(&linux_host(&json!({}), &files.into())).is_some(), "{path}");
        }
        let cache = json!({ LOADER_CACHE: "\u{1}libm.so.6\u{0}libcuda.so.1\u{0}" });
        assert_eq!(sign_on(&linux_host(&json!({}), &cache)).as_deref(), Some(LOADER_CACHE));
        let library = json!({ "/opt/x/libnvidia-ml.so.1": "" });
        let path = json!({ "LD_LIBRARY_PATH": ":/opt/x" });
        assert!(sign_on(&linux_host(&path, &library)).is_some());
        assert_eq!(sign_on(&linux_host(&json!({}), &library)), None);
        let stub = json!({
            "/usr/local/cuda/lib64/stubs/libnvidia-ml.so": "",
            "/usr/local/cuda/lib64/stubs/libcuda.so": "",
            LOADER_CACHE: "libnvidia-ml.so\u{0}libcuda.so\u{0}",
        });
        assert_eq!(sign_on(&linux_host(&json!({}), &stub)), None);
    }

    #[test]
    fn the_loader_is_tried_first_except_in_wsl() {
        let files = serde_json::json!({
            "/usr/lib/wsl/lib/libnvidia-ml.so.1": "",
            "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1": "",
        });
        let host = linux_host(&serde_json::json!({}), &files);
        let mut probe = Probe::new(&host, Machine::default());
        let wsl = "/usr/lib/wsl/lib/libnvidia-ml.so.1";
        let debian = "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1";
        assert_eq!(request(&probe).nvml, [NVML, wsl, debian]);
        assert_eq!(request(&probe).libcuda, [LIBCUDA]);
        probe.machine.wsl = Detected::found("2".to_owned(), Origin::System);
        assert_eq!(request(&probe).nvml, [wsl, NVML, debian]);
    }

    #[test]
    fn a_variable_is_the_only_file_tried() {
        let host =
            linux_host(&serde_json::json!({ NVML_VARIABLE: "/x/nvml" }), &serde_json::json!({}));
        let probe = Probe::new(&host, Machine::default());
        assert_eq!(sign_of_driver(&probe).as_deref(), Some(NVML_VARIABLE));
        assert_eq!(request(&probe).nvml, ["/x/nvml"]);
    }

    #[test]
    fn libraries_on_windows_are_absolute_paths() {
        let old = "C:\\Program Files\\NVIDIA Corporation\\NVSMI\\nvml.dll";
        let new = "D:\\Windows\\System32\\nvml.dll";
        let env =
            serde_json::json!({ "SystemRoot": "D:\\Windows", "ProgramW6432": "C:\\Program Files" });
        let host = host("windows", &env, &serde_json::json!({ old: "", new: "" }));
        let probe = Probe::new(&host, Machine::default());
        assert_eq!(request(&probe).nvml, [new, old]);
        assert_eq!(request(&probe).libcuda, Vec::<String>::new());
    }
}
