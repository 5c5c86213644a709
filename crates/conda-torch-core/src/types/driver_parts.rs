//! The parts of the NVIDIA driver: which are installed, in which version, and what denies access to devices.

use serde::{Deserialize, Serialize};

use super::{CudaVersion, Detected, DriverVersion};

/// The parts of the driver, one by one. They explain why a driver does not answer or shows no GPU. Probed
/// only if something suggests a driver.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct DriverParts {
    /// The version of the loaded kernel module. Absent: none is loaded.
    pub kernel_module: Detected<DriverVersion>,
    /// The module's file for the running kernel. Looked for only if none is loaded.
    pub module_file: Detected<String>,
    /// How many GPUs the kernel module has, accessible or not. Absent: none.
    pub kernel_gpus: Detected<u32>,
    /// `/dev/nvidiactl`, which every use of the driver opens.
    pub control_device: Detected<DeviceAccess>,
    /// `/dev/nvidia0`, the first GPU. Probed only if the driver shows no GPU.
    pub gpu_device: Detected<DeviceAccess>,
    /// The group that may use the devices, if access is limited.
    pub device_group: Detected<String>,
    /// The version in the name of NVML's file.
    pub nvml_library: Detected<DriverVersion>,
    /// The version in the name of the libcuda file that the loader chooses.
    pub libcuda_library: Detected<DriverVersion>,
    /// The loaded libcuda file, with its links followed.
    pub libcuda_file: Detected<String>,
    /// The path by which NVML was opened; none if the loader found it by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nvml_path: Option<String>,
    /// The path by which libcuda was opened; none if the loader found it by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub libcuda_path: Option<String>,
    /// The CUDA version that libcuda reports, usable or not.
    pub libcuda_cuda: Detected<CudaVersion>,
    /// Every libcuda in the folders that drivers use. Looked for only in WSL.
    pub libcuda_files: Vec<String>,
    /// Why NVML could not be initialised.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub nvml_error: Option<NvmlError>,
    /// Why libcuda could not be initialised.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub libcuda_error: Option<LibcudaError>,
    /// Whether Secure Boot is on. Probed only if no module is loaded.
    pub secure_boot: Detected<bool>,
    /// The devices in `CUDA_VISIBLE_DEVICES`. `None`: it is not set.
    pub visible_devices: Option<VisibleDevices>,
    /// `NVIDIA_VISIBLE_DEVICES`, if it is a word: `all`, `none`, `void`.
    pub container_devices: Option<String>,
    /// `NVIDIA_DRIVER_CAPABILITIES`: the parts of the driver in a container.
    pub container_capabilities: Option<String>,
    /// Whether the current Slurm job has a GPU. `None`: no job.
    pub slurm_job_has_gpu: Option<bool>,
}

/// Why NVML could not be initialised, as `nvml-wrapper` names NVML's return codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum NvmlError {
    DriverNotLoaded,
    LibRmVersionMismatch,
    NoPermission,
    #[serde(untagged)]
    Other(String),
}

/// Why libcuda could not be initialised, by the number of its `CUresult`.
/// <https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LibcudaError {
    /// `CUDA_ERROR_NO_DEVICE`.
    #[serde(rename = "100")]
    NoDevice,
    /// `CUDA_ERROR_SYSTEM_DRIVER_MISMATCH`.
    #[serde(rename = "803")]
    DriverMismatch,
    /// `CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE`.
    #[serde(rename = "804")]
    CompatNotSupportedOnDevice,
    /// Any other error.
    #[serde(untagged)]
    Other(String),
}

/// Whether this user may open a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum DeviceAccess {
    /// It may.
    Open,
    /// It may not: the file's mode or the devices' control group denies it.
    Denied,
}

/// The value of `CUDA_VISIBLE_DEVICES` as CUDA reads it, without the UUIDs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct VisibleDevices {
    /// Devices by number, in the order of `in_bus_order`.
    pub indices: Vec<u32>,
    /// How many devices or MIG slices are named by UUID.
    pub uuids: u32,
    /// Whether numbers follow the bus, by `CUDA_DEVICE_ORDER=PCI_BUS_ID`. Otherwise the fastest is 0.
    pub in_bus_order: bool,
}

impl VisibleDevices {
    /// Parses a value. CUDA stops at the first invalid device: `0,-1,1` means `0`; empty, `-1` and Slurm's
    /// `NoDevFiles` mean none.
    /// <https://docs.nvidia.com/cuda/cuda-c-programming-guide/#cuda-environment-variables>
    pub fn read(value: &str, in_bus_order: bool) -> Self {
        let mut visible = Self { in_bus_order, ..Self::default() };
        for name in value.split(',').map(str::trim) {
            if name.starts_with("GPU-") || name.starts_with("MIG-") {
                visible.uuids += 1;
            } else if let Ok(index) = name.parse::<u32>() {
                visible.indices.push(index);
            } else {
                break;
            }
        }
        visible
    }

    /// How many devices it names.
    pub fn count(&self) -> usize {
        self.indices.len() + usize::try_from(self.uuids).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_error_codes_survive_json() {
        for (code, expected) in
            [("803", LibcudaError::DriverMismatch), ("999", LibcudaError::Other("999".to_owned()))]
        {
            let json = serde_json::to_string(&expected).expect("serialises");
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<LibcudaError>(&json).expect("reads back"), expected);
        }
    }

    #[test]
    fn visible_devices_end_at_the_first_invalid_one() {
        let read = |value: &str| {
            let visible = VisibleDevices::read(value, false);
            (visible.indices, visible.uuids)
        };
        assert_eq!(read("0, 2"), (vec![0, 2], 0));
        assert_eq!(read("0,-1,1"), (vec![0], 0));
        assert_eq!(read("GPU-8f,MIG-2a"), (vec![], 2));
        for nothing in ["", "-1", "NoDevFiles", "none"] {
            assert_eq!(read(nothing), (vec![], 0), "{nothing:?}");
        }
    }
}
