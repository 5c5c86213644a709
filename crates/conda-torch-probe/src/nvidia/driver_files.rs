//! Where the driver's libraries are, and what hints at a driver at all.

use crate::host::DriverRequest;
use conda_torch_core::conda::Os;

use crate::probe::Probe;

/// The variables that name a library and end the search for it.
const NVML_VARIABLE: &str = "CONDA_TORCH_NVML";
const LIBCUDA_VARIABLE: &str = "CONDA_TORCH_LIBCUDA";

/// What the driver installs. Never the names without a number: since driver 560 those are only the
/// toolkit's link stubs.
pub(super) const NVML: &str = "libnvidia-ml.so.1";
pub(super) const LIBCUDA: &str = "libcuda.so.1";

const WSL: &str = "/usr/lib/wsl/lib";

/// What the kernel's side of the driver leaves to see. The last ones are Jetson's.
const KERNEL: [&str; 7] = [
    "/proc/driver/nvidia",
    "/sys/module/nvidia",
    "/dev/nvidiactl",
    "/dev/dxg",
    "/dev/nvhost-gpu",
    "/dev/nvgpu",
    "/etc/nv_tegra_release",
];

/// Where cards are listed; not there in some containers.
const PCI: &str = "/sys/bus/pci/devices";

/// The loader's list of libraries.
const LOADER_CACHE: &str = "/etc/ld.so.cache";
const LOADER_CACHE_BOUND: usize = 4 << 20;

/// Folders outside the loader's search that hold the libraries somewhere.
const FOLDERS: [&str; 5] = [
    WSL,
    "/usr/lib64/nvidia",       // RPM Fusion, older
    "/usr/lib64",              // Fedora, SUSE
    "/run/opengl-driver/lib",  // NixOS
    "/usr/local/nvidia/lib64", // Kubernetes on COS
];

/// The same, below the folder of the architecture: Debian and Ubuntu; Jetson with `JetPack` 6 and 5.
const BELOW_TRIPLET: [&str; 3] = ["", "/nvidia", "/tegra"];

/// The folders of both kinds that exist.
fn folders(probe: &Probe<'_>) -> Vec<String> {
    let mut triplet = "/usr/lib/".to_owned();
    triplet.push_str(&probe.host.target().arch);
    triplet.push_str("-linux-gnu");
    let length = triplet.len();
    let mut folders = Vec::new();
    let mut add = |folder: &str| {
        if probe.host.exists(folder) {
            folders.push(folder.to_owned());
        }
    };
    FOLDERS.into_iter().for_each(&mut add);
    for below in BELOW_TRIPLET {
        triplet.truncate(length);
        triplet.push_str(below);
        add(&triplet);
    }
    folders
}

/// The first thing found that hints at a driver.
pub(super) fn hint(probe: &Probe<'_>) -> Option<String> {
    for variable in [NVML_VARIABLE, LIBCUDA_VARIABLE] {
        if probe.env(variable).is_some() {
            return Some(variable.to_owned());
        }
    }
    if probe.host.target().os() == Some(Os::Windows) {
        return windows(probe, "nvml.dll").into_iter().chain(windows(probe, "nvcuda.dll")).next();
    }
    if let Some(path) = KERNEL.into_iter().find(|path| probe.host.exists(path)) {
        return Some(path.to_owned());
    }
    let mut folders = folders(probe);
    if let Some(more) = probe.env("LD_LIBRARY_PATH") {
        let more = more.split(':').filter(|folder| !folder.is_empty());
        folders.extend(more.map(str::to_owned));
    }
    in_folders(probe, &folders, NVML)
        .into_iter()
        .chain(in_folders(probe, &folders, LIBCUDA))
        .next()
        .or_else(|| in_loader_cache(probe).then(|| LOADER_CACHE.to_owned()))
}

/// Whether the loader knows libcuda in a folder of its own. Where no card is on the bus and none of the
/// kernel's traces is there, the library would have nothing to drive, and the list is not read.
fn in_loader_cache(probe: &Probe<'_>) -> bool {
    if !probe.machine.has_nvidia_card() && probe.host.exists(PCI) {
        return false;
    }
    // Not there or not readable: the loader cannot use it either.
    let cache = probe.host.read_start(LOADER_CACHE, LOADER_CACHE_BOUND).unwrap_or_default();
    memchr::memmem::find(names(&cache), LIBCUDA.as_bytes()).is_some()
}

/// The part of the loader's list that holds names: after a header of 48 bytes, whose number at 20
/// counts the entries of 24 bytes. A list in another form is searched as a whole.
/// Source: glibc's sysdeps/generic/dl-cache.h, `struct cache_file_new`.
fn names(cache: &[u8]) -> &[u8] {
    let count = cache.strip_prefix(b"glibc-ld.so.cache1.1").and_then(|rest| rest.first_chunk());
    let start = count.and_then(|count| {
        usize::try_from(u32::from_le_bytes(*count)).ok()?.checked_mul(24)?.checked_add(48)
    });
    start.and_then(|start| cache.get(start..)).unwrap_or(cache)
}

/// Which library files to try, in which order.
pub(super) fn request(probe: &Probe<'_>) -> DriverRequest {
    let named = |variable: &str| probe.env(variable).map(|path| vec![path.into_owned()]);
    let (nvml, libcuda) = if probe.host.target().os() == Some(Os::Windows) {
        (windows(probe, "nvml.dll"), windows(probe, "nvcuda.dll"))
    } else {
        (linux(probe, NVML), linux(probe, LIBCUDA))
    };
    DriverRequest {
        nvml: named(NVML_VARIABLE).unwrap_or(nvml),
        libcuda: named(LIBCUDA_VARIABLE).unwrap_or(libcuda),
    }
}

/// The loader's own choice first, except in WSL, where a distribution's library may stand before
/// the one that Windows brings.
fn linux(probe: &Probe<'_>, library: &str) -> Vec<String> {
    let mut paths = in_folders(probe, &folders(probe), library);
    let brought = paths.iter().take_while(|path| path.starts_with(WSL)).count();
    let position = if probe.machine.wsl.is_found() { brought } else { 0 };
    paths.insert(position, library.to_owned());
    paths
}

/// A library in the folders that drivers use, without the loader's own choice.
pub(super) fn in_known_folders(probe: &Probe<'_>, library: &str) -> Vec<String> {
    in_folders(probe, &folders(probe), library)
}

fn in_folders(probe: &Probe<'_>, folders: &[String], library: &str) -> Vec<String> {
    let target = probe.host.target();
    let paths = folders.iter().map(|folder| target.join(folder, library));
    paths.filter(|path| probe.host.is_file(path)).collect()
}

/// Absolute paths: a bare name would be looked for beside this program first.
fn windows(probe: &Probe<'_>, library: &str) -> Vec<String> {
    let root = probe.env("SystemRoot").unwrap_or("C:\\Windows".into());
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

    fn hint_of(host: &RecordedHost) -> Option<String> {
        hint(&Probe::new(host, Machine::default()))
    }

    #[test]
    fn any_trace_of_a_driver_is_a_hint_and_a_stub_is_none() {
        use serde_json::json;
        for path in
            ["/dev/nvidiactl", "/sys/module/nvidia/version", "/dev/dxg", "/usr/lib64/libcuda.so.1"]
        {
            let mut files = serde_json::Map::new();
            files.insert(path.to_owned(), json!(""));
            assert!(hint_of(&linux_host(&json!({}), &files.into())).is_some(), "{path}");
        }
        let cache = json!({ LOADER_CACHE: "\u{1}libm.so.6\u{0}libcuda.so.1\u{0}" });
        assert_eq!(hint_of(&linux_host(&json!({}), &cache)).as_deref(), Some(LOADER_CACHE));
        let library = json!({ "/opt/x/libnvidia-ml.so.1": "" });
        let path = json!({ "LD_LIBRARY_PATH": ":/opt/x" });
        assert!(hint_of(&linux_host(&path, &library)).is_some());
        assert_eq!(hint_of(&linux_host(&json!({}), &library)), None);
        let stub = json!({
            "/usr/local/cuda/lib64/stubs/libnvidia-ml.so": "",
            "/usr/local/cuda/lib64/stubs/libcuda.so": "",
            LOADER_CACHE: "libnvidia-ml.so\u{0}libcuda.so\u{0}",
        });
        assert_eq!(hint_of(&linux_host(&json!({}), &stub)), None);
    }

    #[test]
    fn the_loaders_choice_comes_first_but_not_in_wsl() {
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
    fn a_variable_ends_the_search() {
        let host =
            linux_host(&serde_json::json!({ NVML_VARIABLE: "/x/nvml" }), &serde_json::json!({}));
        let probe = Probe::new(&host, Machine::default());
        assert_eq!(hint(&probe).as_deref(), Some(NVML_VARIABLE));
        assert_eq!(request(&probe).nvml, ["/x/nvml"]);
    }

    #[test]
    fn windows_is_asked_by_absolute_paths() {
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
