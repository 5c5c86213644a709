//! The parts of the driver, one by one, and access to its devices. They explain why a driver does not answer or
//! shows no GPU, and most are only read in that case.

use conda_torch_core::types::{
    Detected, DeviceAccess, DriverVersion, Origin, Outcome, VisibleDevices,
};

use super::{DriverStatus, driver_files};
use crate::host::Failure;
use crate::probe::{Probe, SMALL};

const CONTROL: &str = "/dev/nvidiactl";
const FIRST_GPU: &str = "/dev/nvidia0";
const PARAMETERS: &str = "/proc/driver/nvidia/params";
const GROUPS: &str = "/etc/group";

/// The firmware's variable: four bytes of attributes, then 1 if only signed code is loaded.
const SECURE_BOOT: &str =
    "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

const MODULES_LIMIT: usize = 4 << 20;

pub(super) fn detect(probe: &mut Probe<'_>, status: DriverStatus) {
    libraries(probe);
    let machine = &probe.machine;
    let shows_gpu = machine.gpu_count.is_found() && machine.libcuda.is_found();
    // Opening a device of a driver that hangs can hang as well.
    if status == DriverStatus::Hangs || shows_gpu {
        return;
    }
    probe.machine.nvidia.control_device = access(probe, CONTROL);
    probe.machine.nvidia.gpu_device = access(probe, FIRST_GPU);
    probe.machine.nvidia.device_group = device_group(probe);
    let machine = &probe.machine;
    if machine.nvidia.kernel_module == Detected::Absent && machine.has_nvidia_card() {
        probe.machine.nvidia.module_file = module_file(probe);
        probe.machine.nvidia.secure_boot = secure_boot(probe);
    }
}

fn libraries(probe: &mut Probe<'_>) {
    let nvml = driver_files::in_known_folders(probe, driver_files::NVML);
    let libcuda = driver_files::in_known_folders(probe, driver_files::LIBCUDA);
    let by_links = |paths: &[String]| paths.iter().find_map(|path| version_of_link(probe, path));
    let none = || Detected::unknown("no file with a version in its name");
    let nvml_library = by_links(&nvml).unwrap_or_else(none);
    let libcuda_library = match probe.machine.nvidia.libcuda_file.fact() {
        Some(file) => version_in_name(&file.value)
            .map(|version| Detected::found(version, file.origin.clone())),
        None => by_links(&libcuda),
    };
    let libcuda_library = libcuda_library.unwrap_or_else(none);
    let is_wsl = probe.machine.wsl.is_found();
    let parts = &mut probe.machine.nvidia;
    (parts.nvml_library, parts.libcuda_library) = (nvml_library, libcuda_library);
    if is_wsl {
        parts.libcuda_files = libcuda;
    }
}

/// `libcuda.so.1` is a link to `libcuda.so.580.65.06`.
fn version_of_link(probe: &Probe<'_>, path: &str) -> Option<Detected<DriverVersion>> {
    let target = probe.host.read_link(path).ok()?;
    Some(Detected::found(version_in_name(&target)?, Origin::File(path.to_owned())))
}

/// The driver's version in the file name of a library. WSL's files have the number `1.1`, which is not one.
fn version_in_name(path: &str) -> Option<DriverVersion> {
    let name = path.rsplit('/').next()?;
    let version: DriverVersion = name.split_once(".so.")?.1.parse().ok()?;
    (!version.is_branch() && version.branch() >= 100).then_some(version)
}

fn access(probe: &Probe<'_>, path: &str) -> Detected<DeviceAccess> {
    let access = match probe.host.read_start(path, 0) {
        // "not a regular file" comes after it was opened.
        Ok(_) | Err(Failure::Other(_) | Failure::TooLarge | Failure::TimedOut(_)) => {
            DeviceAccess::Open
        }
        Err(Failure::Denied) => DeviceAccess::Denied,
        Err(Failure::NotThere) => return Detected::Absent,
    };
    Detected::found(access, Origin::File(path.to_owned()))
}

/// The group of the devices, if the module makes them for a group only.
/// `DeviceFileMode: 432` is 0660, `438` is 0666.
fn device_group(probe: &Probe<'_>) -> Detected<String> {
    let Ok(parameters) = probe.text(PARAMETERS) else { return Detected::Absent };
    let number = |key: &str| -> Option<u32> {
        parameters.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok())
    };
    let for_all = number("DeviceFileMode:").is_none_or(|mode| mode & 0o006 == 0o006);
    let Some(id) = number("DeviceFileGID:").filter(|_| !for_all) else { return Detected::Absent };
    let groups = probe.host.text(GROUPS, SMALL).unwrap_or_default();
    let name = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    });
    let why = format!("no group has the number {id}");
    Detected::found_or(name, Origin::File(PARAMETERS.to_owned()), why)
}

/// The module file for the running kernel, built or installed, whether or not it can be loaded.
fn module_file(probe: &mut Probe<'_>) -> Detected<String> {
    let Some(kernel) = probe.machine.kernel.value() else {
        return Detected::unknown("the release of the kernel is unknown");
    };
    let path = format!("/lib/modules/{kernel}/modules.dep");
    let list = match probe.host.text(&path, MODULES_LIMIT) {
        Ok(list) => list,
        Err(failure) => {
            probe.report_failure(&path, &failure);
            return Detected::unknown(failure.to_string());
        }
    };
    let mut names = list.lines().filter_map(|line| Some(line.split_once(':')?.0));
    let is_module = |name: &&str| {
        let file = name.rsplit('/').next().unwrap_or(name);
        file == "nvidia.ko" || file.starts_with("nvidia.ko.")
    };
    let Some(name) = names.find(is_module) else {
        probe.report(&path, Outcome::Absent, "no module `nvidia` for this kernel");
        return Detected::Absent;
    };
    probe.report(&path, Outcome::Ok, name);
    Detected::found(name.to_owned(), Origin::File(path))
}

fn secure_boot(probe: &Probe<'_>) -> Detected<bool> {
    match probe.host.read_start(SECURE_BOOT, 16) {
        Ok(bytes) => {
            let is_on = bytes.last().map(|last| *last == 1);
            let why = "the firmware's variable is empty";
            Detected::found_or(is_on, Origin::File(SECURE_BOOT.to_owned()), why)
        }
        Err(Failure::NotThere) => Detected::Absent,
        Err(failure) => Detected::unknown(failure.to_string()),
    }
}

/// Variables that hide or request GPUs, without what identifies a card.
pub(super) fn detect_environment(probe: &mut Probe<'_>) {
    let in_bus_order = probe.env("CUDA_DEVICE_ORDER").as_deref() == Some("PCI_BUS_ID");
    // Set and empty hides every GPU, so it differs from not set.
    let visible = probe.host.env("CUDA_VISIBLE_DEVICES");
    let is_list = |value: &str| value.chars().all(|c| c.is_ascii_alphanumeric() || c == ',');
    let devices = probe.host.env("NVIDIA_VISIBLE_DEVICES").map(|value| value.trim().to_owned());
    let capabilities = probe.host.env("NVIDIA_DRIVER_CAPABILITIES");
    let capabilities = capabilities.map(|value| value.replace(' ', ""));
    let mut gpus = ["SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "SLURM_GPUS_ON_NODE", "SLURM_GPUS"].iter();
    let job_has_gpu = probe
        .env("SLURM_JOB_ID")
        .map(|_| gpus.any(|name| probe.env(name).is_some_and(|value| value != "0")));
    let parts = &mut probe.machine.nvidia;
    parts.visible_devices = visible.map(|value| VisibleDevices::read(&value, in_bus_order));
    parts.container_devices =
        devices.filter(|value| matches!(value.as_str(), "all" | "none" | "void"));
    parts.container_capabilities = capabilities.filter(|value| is_list(value) && value.len() < 100);
    parts.slurm_job_has_gpu = job_has_gpu;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_name_of_a_library_has_the_driver_version_except_in_wsl() {
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
