//! The parts of the driver, one by one, and what keeps this program from the devices: what tells why
//! a driver does not answer or shows no GPU. Looked at only where there is a hint at a driver, and most
//! of it only where that driver fell short.

use crate::host::{Failure, Query};
use conda_torch_core::types::{
    Detected, DeviceAccess, DriverParts, DriverVersion, Origin, Outcome, VisibleDevices,
};

use super::driver_facts::{IntoDetected, cuda, text};
use super::driver_report::{Init, LibraryReport};
use super::{Answered, driver_files};
use crate::probe::{Probe, SMALL};

const CONTROL: &str = "/dev/nvidiactl";
const FIRST_GPU: &str = "/dev/nvidia0";
const PARAMETERS: &str = "/proc/driver/nvidia/params";
const GROUPS: &str = "/etc/group";

/// The firmware's variable: four bytes of attributes, then 1 where only signed code is loaded.
const SECURE_BOOT: &str =
    "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

/// The list of a kernel's modules is at most so large.
const MODULES_BOUND: usize = 4 << 20;

/// What the libraries said of themselves, also where they could not be initialised.
pub(super) fn heard(
    traces: &mut DriverParts,
    nvml: &LibraryReport<'_>,
    libcuda: &LibraryReport<'_>,
) {
    let error = |heard: &LibraryReport<'_>| match heard.init() {
        Init::Failed(code) => Some(code.chars().take(120).collect::<String>()),
        Init::Done(_) | Init::NotThere | Init::NoAnswer => None,
    };
    traces.nvml_error = error(nvml).map(Into::into);
    traces.libcuda_error = error(libcuda).map(Into::into);
    traces.libcuda_cuda =
        libcuda.fact(Query::CudaVersion, None, cuda).into_detected(Origin::Libcuda);
    traces.libcuda_file = match libcuda.fact(Query::File, None, text) {
        Ok(file) => Detected::found(file.to_owned(), Origin::Libcuda),
        Err(why) => Detected::unknown(why),
    };
}

pub(super) fn detect(probe: &mut Probe<'_>, answered: Answered) {
    libraries(probe);
    let machine = &probe.machine;
    let shows_none = !machine.gpu_count.is_found() || !machine.libcuda.is_found();
    if answered == Answered::Hangs || !shows_none {
        return;
    }
    // A device of a driver that hangs is not opened: that can hang as well.
    let control = access(probe, CONTROL);
    let first = access(probe, FIRST_GPU);
    let group = device_group(probe);
    let traces = &mut probe.machine.nvidia;
    (traces.control_device, traces.gpu_device, traces.device_group) = (control, first, group);
    if probe.machine.nvidia.kernel_module == Detected::Absent && probe.machine.has_nvidia_card() {
        let file = module_file(probe);
        let secure_boot = secure_boot(probe);
        let traces = &mut probe.machine.nvidia;
        (traces.module_file, traces.secure_boot) = (file, secure_boot);
    }
}

/// The versions in the names of the libraries' files.
fn libraries(probe: &mut Probe<'_>) {
    let nvml = driver_files::in_known_folders(probe, driver_files::NVML);
    let libcuda = driver_files::in_known_folders(probe, driver_files::LIBCUDA);
    let by_links = |paths: &[String]| paths.iter().find_map(|path| of_link(probe, path));
    let nvml_library = by_links(&nvml);
    let opened = probe.machine.nvidia.libcuda_file.fact();
    let libcuda_library = match opened {
        Some(file) => version_in_name(&file.value)
            .map(|version| Detected::found(version, file.origin.clone())),
        None => by_links(&libcuda),
    };
    let none = || Detected::unknown("no file with a version in its name");
    let in_wsl = probe.machine.wsl.is_found();
    let traces = &mut probe.machine.nvidia;
    traces.nvml_library = nvml_library.unwrap_or_else(none);
    traces.libcuda_library = libcuda_library.unwrap_or_else(none);
    if in_wsl {
        traces.libcuda_files = libcuda;
    }
}

/// `libcuda.so.1` is a link to `libcuda.so.580.65.06`.
fn of_link(probe: &Probe<'_>, path: &str) -> Option<Detected<DriverVersion>> {
    let target = probe.host.read_link(path).ok()?;
    Some(Detected::found(version_in_name(&target)?, Origin::File(path.to_owned())))
}

/// The driver's version in a library's file name; WSL's files are numbered `1.1`, which is none.
fn version_in_name(path: &str) -> Option<DriverVersion> {
    let name = path.rsplit('/').next()?;
    let version: DriverVersion = name.split_once(".so.")?.1.parse().ok()?;
    (!version.is_branch() && version.branch() >= 100).then_some(version)
}

fn access(probe: &Probe<'_>, path: &str) -> Detected<DeviceAccess> {
    let found = |access| Detected::found(access, Origin::File(path.to_owned()));
    match probe.host.read_start(path, 0) {
        // "not a regular file" is said after it was opened.
        Ok(_) | Err(Failure::Other(_) | Failure::TooLarge | Failure::TimedOut) => {
            found(DeviceAccess::Open)
        }
        Err(Failure::Denied) => found(DeviceAccess::Denied),
        Err(Failure::NotThere) => Detected::Absent,
    }
}

/// The group of the devices, where the module makes them for a group alone.
/// `DeviceFileMode: 432` is 0660, `438` is 0666.
fn device_group(probe: &Probe<'_>) -> Detected<String> {
    let Ok(parameters) = probe.text(PARAMETERS) else { return Detected::Absent };
    let number = |key: &str| -> Option<u32> {
        parameters.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok())
    };
    let for_all = number("DeviceFileMode:").is_none_or(|mode| mode & 0o006 == 0o006);
    let Some(id) = number("DeviceFileGID:").filter(|_| !for_all) else { return Detected::Absent };
    let groups = probe.host.read_start(GROUPS, SMALL).unwrap_or_default();
    let groups = String::from_utf8_lossy(&groups);
    let name = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    });
    match name {
        Some(name) => Detected::found(name, Origin::File(PARAMETERS.to_owned())),
        None => Detected::unknown(format!("no group with the number {id}")),
    }
}

/// The module for the kernel that runs, built or installed, whether or not it can be loaded.
fn module_file(probe: &mut Probe<'_>) -> Detected<String> {
    let Some(kernel) = probe.machine.kernel.value() else {
        return Detected::unknown("the kernel's release is not known");
    };
    let path = format!("/lib/modules/{kernel}/modules.dep");
    let list = match probe.host.read_start(&path, MODULES_BOUND) {
        Ok(list) => list,
        Err(failure) => {
            probe.report_failure(path, &failure);
            return Detected::unknown(failure.to_string());
        }
    };
    let list = String::from_utf8_lossy(&list);
    let mut names = list.lines().filter_map(|line| Some(line.split_once(':')?.0));
    let is_module = |name: &&str| {
        let file = name.rsplit('/').next().unwrap_or(name);
        file == "nvidia.ko" || file.starts_with("nvidia.ko.")
    };
    let Some(name) = names.find(is_module) else {
        probe.report(path, Outcome::Absent, "no module `nvidia` for this kernel");
        return Detected::Absent;
    };
    probe.report(path.clone(), Outcome::Ok, name);
    Detected::found(name.to_owned(), Origin::File(path))
}

fn secure_boot(probe: &Probe<'_>) -> Detected<bool> {
    match probe.host.read_start(SECURE_BOOT, 16) {
        Ok(bytes) => match bytes.last() {
            Some(last) => Detected::found(*last == 1, Origin::File(SECURE_BOOT.to_owned())),
            None => Detected::unknown("the firmware's variable is empty"),
        },
        Err(Failure::NotThere) => Detected::Absent,
        Err(failure) => Detected::unknown(failure.to_string()),
    }
}

/// What the environment hides or promises. Nothing that identifies a card is kept.
pub(super) fn environment(probe: &mut Probe<'_>) {
    let in_bus_order = probe.env("CUDA_DEVICE_ORDER").as_deref() == Some("PCI_BUS_ID");
    // Set and empty is not the same as not set: it hides every GPU.
    let visible = probe
        .host
        .env("CUDA_VISIBLE_DEVICES")
        .map(|value| VisibleDevices::read(&value, in_bus_order));
    let word = |value: &str| matches!(value, "all" | "none" | "void").then(|| value.to_owned());
    let container_devices =
        probe.host.env("NVIDIA_VISIBLE_DEVICES").and_then(|value| word(value.trim()));
    let is_list = |value: &str| value.chars().all(|c| c.is_ascii_alphanumeric() || c == ',');
    let capabilities = probe
        .host
        .env("NVIDIA_DRIVER_CAPABILITIES")
        .map(|value| value.replace(' ', ""))
        .filter(|value| is_list(value) && value.len() < 100);
    let given = ["SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "SLURM_GPUS_ON_NODE", "SLURM_GPUS"];
    let has_gpu = || given.iter().any(|name| probe.env(name).is_some_and(|value| value != "0"));
    let in_job = probe.env("SLURM_JOB_ID").map(|_| has_gpu());
    let traces = &mut probe.machine.nvidia;
    traces.visible_devices = visible;
    traces.container_devices = container_devices;
    traces.container_capabilities = capabilities;
    traces.slurm_job_has_gpu = in_job;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_librarys_file_is_numbered_like_its_driver_except_in_wsl() {
        let version = |path: &str| version_in_name(path).map(|version| version.to_string());
        assert_eq!(version("libnvidia-ml.so.580.159.03").as_deref(), Some("580.159.03"));
        assert_eq!(
            version("/usr/local/cuda/compat/libcuda.so.575.51.03").as_deref(),
            Some("575.51.03")
        );
        for none in ["/usr/lib/wsl/lib/libcuda.so.1.1", "libcuda.so.1", "libcuda.so", "libcuda"] {
            assert_eq!(version(none), None, "{none}");
        }
    }
}
