//! Where the driver's libraries are, and what hints at a driver at all.

use crate::host::DriverRequest;
use crate::model::Os;

use super::super::look::Look;

/// The variables that name a library and end the search for it.
const NVML_VARIABLE: &str = "CONDA_TORCH_NVML";
const LIBCUDA_VARIABLE: &str = "CONDA_TORCH_LIBCUDA";

/// What the driver installs. Never the names without a number: since driver 560 those are only the
/// toolkit's link stubs.
const NVML: &str = "libnvidia-ml.so.1";
const LIBCUDA: &str = "libcuda.so.1";

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

/// The loader's list of libraries.
const LOADER_CACHE: &str = "/etc/ld.so.cache";
const LOADER_CACHE_BOUND: usize = 4 << 20;

/// Folders outside the loader's search that hold the libraries somewhere.
fn folders(look: &Look<'_>) -> Vec<String> {
    let triplet = format!("/usr/lib/{}-linux-gnu", look.host.target().arch);
    vec![
        WSL.to_owned(),
        "/usr/lib64/nvidia".to_owned(),       // RPM Fusion, older
        format!("{triplet}/nvidia"),          // Jetson, JetPack 6
        format!("{triplet}/tegra"),           // Jetson, JetPack 5
        triplet,                              // Debian, Ubuntu
        "/usr/lib64".to_owned(),              // Fedora, SUSE
        "/run/opengl-driver/lib".to_owned(),  // NixOS
        "/usr/local/nvidia/lib64".to_owned(), // Kubernetes on COS
    ]
}

/// The first thing found that hints at a driver.
pub(super) fn hint(look: &Look<'_>) -> Option<String> {
    for variable in [NVML_VARIABLE, LIBCUDA_VARIABLE] {
        if look.env(variable).is_some() {
            return Some(variable.to_owned());
        }
    }
    if look.host.target().os() == Some(Os::Windows) {
        return windows(look, "nvml.dll").into_iter().chain(windows(look, "nvcuda.dll")).next();
    }
    if let Some(path) = KERNEL.into_iter().find(|path| look.host.exists(path)) {
        return Some(path.to_owned());
    }
    let mut folders = folders(look);
    if let Some(more) = look.env("LD_LIBRARY_PATH") {
        let more = more.split(':').filter(|folder| !folder.is_empty());
        folders.extend(more.map(str::to_owned));
    }
    in_folders(look, &folders, NVML)
        .into_iter()
        .chain(in_folders(look, &folders, LIBCUDA))
        .next()
        .or_else(|| in_loader_cache(look).then(|| LOADER_CACHE.to_owned()))
}

/// Whether the loader knows one of the libraries.
fn in_loader_cache(look: &Look<'_>) -> bool {
    // Not there or not readable: the loader cannot use it either.
    let cache = look.host.read_start(LOADER_CACHE, LOADER_CACHE_BOUND).unwrap_or_default();
    [NVML, LIBCUDA].into_iter().any(|name| memchr::memmem::find(&cache, name.as_bytes()).is_some())
}

/// Which library files to try, in which order.
pub(super) fn request(look: &Look<'_>) -> DriverRequest {
    let named = |variable: &str| look.env(variable).map(|path| vec![path.into_owned()]);
    let (nvml, libcuda) = if look.host.target().os() == Some(Os::Windows) {
        (windows(look, "nvml.dll"), windows(look, "nvcuda.dll"))
    } else {
        (linux(look, NVML), linux(look, LIBCUDA))
    };
    DriverRequest {
        nvml: named(NVML_VARIABLE).unwrap_or(nvml),
        libcuda: named(LIBCUDA_VARIABLE).unwrap_or(libcuda),
    }
}

/// The loader's own choice first, except in WSL, where a distribution's library may stand before
/// the one that Windows brings.
fn linux(look: &Look<'_>, library: &str) -> Vec<String> {
    let mut paths = in_folders(look, &folders(look), library);
    let brought = paths.iter().take_while(|path| path.starts_with(WSL)).count();
    let position = if look.machine.wsl.is_found() { brought } else { 0 };
    paths.insert(position, library.to_owned());
    paths
}

fn in_folders(look: &Look<'_>, folders: &[String], library: &str) -> Vec<String> {
    let paths = folders.iter().map(|folder| format!("{folder}/{library}"));
    paths.filter(|path| look.host.is_file(path)).collect()
}

/// Absolute paths: a bare name would be looked for beside this program first.
fn windows(look: &Look<'_>, library: &str) -> Vec<String> {
    let root = look.env("SystemRoot").unwrap_or("C:\\Windows".into());
    let mut paths = vec![format!("{root}\\System32\\{library}")];
    if let Some(programs) = look.env("ProgramW6432") {
        paths.push(format!("{programs}\\NVIDIA Corporation\\NVSMI\\{library}"));
    }
    paths.retain(|path| look.host.is_file(path));
    paths
}
