//! The smoke test of an installed PyTorch: the program that Python runs, and what its output means.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::types::{Accelerator, ComputeCapability, Machine};

/// The program. Its argument [`MEASURE`] adds rates.
pub const PROGRAM: &str = include_str!("smoke_test.py");

/// Measures how many operations a second each GPU reaches.
pub const MEASURE: &str = "measure";

/// What the line with the result begins with: packages may print other lines.
const MARK: &str = "conda-torch test: ";

/// What the program found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SmokeTest {
    /// PyTorch's version; null if it could not be imported.
    pub torch: Option<String>,
    /// The file that was imported.
    pub file: Option<String>,
    /// The CUDA version of the build; null without CUDA.
    pub cuda: Option<String>,
    /// Python's version.
    pub python: String,
    /// The architectures that the build has kernels for: `sm_90`, `compute_120`.
    pub architectures: Vec<String>,
    /// The devices that were tested, the CPU first.
    pub devices: Vec<TestedDevice>,
    /// The first traceback; null if nothing failed.
    pub error: Option<String>,
}

/// A device on which kernels ran, or failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TestedDevice {
    /// cpu, cuda, mps.
    pub kind: String,
    /// The number of the GPU; null for others.
    pub index: Option<u32>,
    /// Its name; null for others.
    pub name: Option<String>,
    /// Its compute capability; null for others.
    pub capability: Option<String>,
    /// How many multiprocessors it has; null if unknown.
    pub multiprocessors: Option<u32>,
    /// Its highest clock; null if unknown.
    pub clock_khz: Option<u32>,
    /// How long the kernels took, with what the driver compiles; null if they failed.
    pub seconds: Option<f64>,
    /// Operations a second in a matrix product, by type: fp32, tf32, bf16. Empty if not measured.
    pub rates: BTreeMap<String, f64>,
    /// Operations a second that it could make at its highest clock, of the measured types for which that is known.
    #[serde(default)]
    pub peaks: BTreeMap<String, f64>,
    /// The type and the first line of the error; null if the device works.
    pub error: Option<String>,
}

/// Why an installed PyTorch does not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "code")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum SmokeProblem {
    /// PyTorch could not be imported.
    NotImported,
    /// The build uses a GPU and this machine has one, but PyTorch found none.
    NoGpu,
    /// A device failed.
    DeviceFailed {
        /// cuda, mps, cpu.
        kind: String,
        /// The number of the GPU.
        index: Option<u32>,
    },
}

/// How many additions in single precision a multiprocessor makes in a clock cycle, from a capability on.
/// Source: CUDA C++ Programming Guide, "Throughput of Native Arithmetic Instructions".
/// <https://docs.nvidia.com/cuda/cuda-c-programming-guide/#arithmetic-instructions>
const FP32_PER_CLOCK: [(ComputeCapability, u32); 8] = [
    (ComputeCapability::new(3, 5), 192),
    (ComputeCapability::new(5, 0), 128),
    (ComputeCapability::new(6, 0), 64),
    (ComputeCapability::new(6, 1), 128),
    (ComputeCapability::new(7, 0), 64),
    (ComputeCapability::new(7, 5), 64),
    (ComputeCapability::new(8, 0), 64),
    (ComputeCapability::new(8, 6), 128),
];

/// How many fused multiplications and additions the tensor cores of a multiprocessor make in a clock cycle, without sparsity
/// and with sums in single precision.
struct TensorCores {
    capability: ComputeCapability,
    /// Whether it is a `GeForce`; `None` if all are alike. Professional boards of 12.0 differ among themselves.
    is_geforce: Option<bool>,
    tf32: u32,
    bf16: u32,
}

/// From the rates that NVIDIA's pages give for a board, its multiprocessors and its clock.
const TENSOR_CORES: [TensorCores; 8] = [
    // A100: 312 TFLOP/s of 108 at 1.41 GHz.
    // https://images.nvidia.com/aem-dam/en-zz/Solutions/data-center/nvidia-ampere-architecture-whitepaper.pdf
    tensor_cores((8, 0), None, 512, 1024),
    // RTX 3090: 71 of 82 at 1.695 GHz. RTX A6000: 154.8 of 84 at 1.8 GHz.
    // https://www.nvidia.com/content/PDF/nvidia-ampere-ga-102-gpu-architecture-whitepaper-v2.pdf
    tensor_cores((8, 6), Some(true), 128, 256),
    tensor_cores((8, 6), Some(false), 256, 512),
    // RTX 4090: 165.2 of 128 at 2.52 GHz. RTX 6000: 364.2 of 142 at 2.505 GHz.
    // https://images.nvidia.com/aem-dam/Solutions/geforce/ada/nvidia-ada-gpu-architecture.pdf
    tensor_cores((8, 9), Some(true), 128, 256),
    tensor_cores((8, 9), Some(false), 256, 512),
    // H100 SXM5: 989.4 of 132 at 1.83 GHz. https://developer.nvidia.com/blog/nvidia-hopper-architecture-in-depth/
    tensor_cores((9, 0), None, 1024, 2048),
    // B200: 2250 of 148 at 1.85 GHz. https://www.nvidia.com/en-us/data-center/dgx-b200/
    tensor_cores((10, 0), None, 2048, 4096),
    // RTX 5090: 209.5 of 170 at 2.407 GHz.
    // https://images.nvidia.com/aem-dam/Solutions/geforce/blackwell/nvidia-rtx-blackwell-gpu-architecture.pdf
    tensor_cores((12, 0), Some(true), 128, 256),
];

const fn tensor_cores(
    (major, minor): (u8, u8),
    is_geforce: Option<bool>,
    tf32: u32,
    bf16: u32,
) -> TensorCores {
    TensorCores { capability: ComputeCapability::new(major, minor), is_geforce, tf32, bf16 }
}

impl SmokeTest {
    /// Reads the output of the program; `None` if it has no result.
    pub fn read(stdout: &str) -> Option<Self> {
        let line = stdout.lines().rev().find_map(|line| line.trim().strip_prefix(MARK))?;
        let mut test: Self = serde_json::from_str(line).ok()?;
        for device in &mut test.devices {
            let peaks =
                device.rates.keys().filter_map(|kind| Some((kind.clone(), device.peak(kind)?)));
            device.peaks = peaks.collect();
        }
        Some(test)
    }

    /// Whether the build has machine code for none of its GPU's generation, so that the driver compiles its kernels.
    pub fn is_translated(&self, device: &TestedDevice) -> bool {
        let Some(capability) = device.capability() else { return false };
        let runs = |architecture: &String| {
            let digits = architecture.strip_prefix("sm_").unwrap_or_default();
            let number = digits.trim_end_matches(['a', 'f']);
            let (major, minor) = number.split_at(number.len().saturating_sub(1));
            let (Ok(major), Ok(minor)) = (major.parse::<u8>(), minor.parse::<u8>()) else {
                return false;
            };
            // `sm_90a` runs on 9.0 alone.
            let is_exact = digits.ends_with('a');
            major == capability.major
                && (minor == capability.minor || minor < capability.minor && !is_exact)
        };
        let has_ptx = self.architectures.iter().any(|it| it.starts_with("compute_"));
        has_ptx && device.error.is_none() && !self.architectures.iter().any(runs)
    }

    /// What does not work, the most basic first. `expected`: what the build computes on, if this machine has that.
    pub fn problem(&self, expected: Option<Accelerator>) -> Option<SmokeProblem> {
        if self.torch.is_none() {
            return Some(SmokeProblem::NotImported);
        }
        let kind = match expected {
            Some(Accelerator::Cuda(_)) => Some("cuda"),
            Some(Accelerator::Mps) => Some("mps"),
            Some(Accelerator::Cpu) | None => None,
        };
        if kind.is_some_and(|kind| self.devices.iter().all(|device| device.kind != kind)) {
            return Some(SmokeProblem::NoGpu);
        }
        let failed = self.devices.iter().find(|device| device.error.is_some())?;
        Some(SmokeProblem::DeviceFailed { kind: failed.kind.clone(), index: failed.index })
    }

    /// How many of a machine's GPUs CUDA does not give to it, without one that a variable hides or that is partitioned.
    pub fn unused_gpus(&self, machine: &Machine) -> usize {
        let used = self.devices.iter().filter(|device| device.kind == "cuda").count();
        let is_limited = machine.nvidia.visible_devices.is_some()
            || machine.gpus.iter().any(|gpu| gpu.mig.value() == Some(&true));
        if used == 0 || is_limited { 0 } else { machine.gpus.len().saturating_sub(used) }
    }

    /// The devices that it computes on: the GPUs, or the CPU without any.
    pub fn used(&self) -> impl Iterator<Item = &TestedDevice> {
        let has_gpu = self.devices.iter().any(|device| device.kind != "cpu");
        self.devices.iter().filter(move |device| device.kind != "cpu" || !has_gpu)
    }
}

/// What an installed PyTorch must compute on: that of its build, if this machine has it. `is_here`: whether it was
/// installed for this machine.
pub fn expected_accelerator(
    computes_on: Accelerator,
    machine: &Machine,
    is_here: bool,
) -> Option<Accelerator> {
    let is_expected = match computes_on {
        Accelerator::Cuda(_) => is_here && !machine.gpus.is_empty(),
        Accelerator::Mps => is_here,
        Accelerator::Cpu => true,
    };
    is_expected.then_some(computes_on)
}

impl TestedDevice {
    fn capability(&self) -> Option<ComputeCapability> {
        self.capability.as_deref()?.parse().ok()
    }

    /// How many operations of a type a second it could make: multiprocessors × operations × clock. `None` if one of
    /// them is unknown.
    fn peak(&self, kind: &str) -> Option<f64> {
        let capability = self.capability()?;
        let is_geforce = self.name.as_deref().is_some_and(|name| name.contains("GeForce"));
        let tensor_cores = TENSOR_CORES.iter().find(|cores| {
            cores.capability == capability && cores.is_geforce.is_none_or(|it| it == is_geforce)
        });
        let per_clock = match kind {
            "fp32" => FP32_PER_CLOCK.iter().rev().find(|(from, _)| *from <= capability)?.1,
            "tf32" => tensor_cores?.tf32,
            "bf16" => tensor_cores?.bf16,
            _ => return None,
        };
        let clock = f64::from(self.clock_khz?) * 1e3;
        // A fused multiplication and addition is two operations.
        Some(f64::from(self.multiprocessors?) * f64::from(per_clock) * 2.0 * clock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::CudaVersion;

    const CUDA: Option<Accelerator> = Some(Accelerator::Cuda(CudaVersion::new(12, 9)));

    fn read(devices: &str, torch: &str) -> SmokeTest {
        let text = format!(
            "a warning\nconda-torch test: {{\"torch\": {torch}, \"file\": null, \"cuda\": \"12.9\",
            \"python\": \"3.12.1\", \"architectures\": [], \"devices\": [{devices}], \"error\": null}}\n"
        );
        SmokeTest::read(&text.replace("\n            ", " ")).expect("a result")
    }

    fn device(kind: &str, index: &str, error: &str) -> String {
        format!(
            r#"{{"kind": "{kind}", "index": {index}, "name": "NVIDIA GeForce GTX 1080 Ti", "capability": "6.1",
            "multiprocessors": 28, "clock_khz": 1582000, "seconds": 0.2, "rates": {{}}, "error": {error}}}"#
        )
        .replace("\n            ", " ")
    }

    #[test]
    fn a_gpu_that_computes_is_no_problem() {
        let test = read(
            &[device("cpu", "null", "null"), device("cuda", "0", "null")].join(","),
            "\"2.13.0\"",
        );
        assert_eq!(test.problem(CUDA), None);
        assert_eq!(test.used().count(), 1);
    }

    /// The rate that a device could reach, in TFLOP/s.
    fn peak(name: &str, capability: &str, sms: u32, megahertz: u32, kind: &str) -> Option<f64> {
        let device = device("cuda", "0", "null")
            .replace("NVIDIA GeForce GTX 1080 Ti", name)
            .replace("6.1", capability)
            .replace(": 28", &format!(": {sms}"))
            .replace("1582000", &format!("{megahertz}000"))
            .replace("{}", &format!("{{\"{kind}\": 1.0}}"));
        let test = read(&device, "\"2.13.0\"");
        test.devices[0].peaks.get(kind).map(|peak| (peak / 1e11).round() / 10.0)
    }

    #[test]
    fn a_peak_is_what_nvidia_gives() {
        let h100 = |kind| peak("NVIDIA H100 80GB HBM3", "9.0", 132, 1830, kind);
        assert_eq!(h100("fp32"), Some(61.8));
        assert_eq!(h100("tf32"), Some(494.7));
        assert_eq!(h100("bf16"), Some(989.4));
        let gtx = |kind| peak("NVIDIA GeForce GTX 1080 Ti", "6.1", 28, 1582, kind);
        assert_eq!((gtx("fp32"), gtx("bf16")), (Some(11.3), None));
        let bf16 = |name, capability, sms, clock| peak(name, capability, sms, clock, "bf16");
        assert_eq!(bf16("NVIDIA A100-SXM4-80GB", "8.0", 108, 1410), Some(311.9));
        assert_eq!(bf16("NVIDIA GeForce RTX 3090", "8.6", 82, 1695), Some(71.2));
        assert_eq!(bf16("NVIDIA RTX A6000", "8.6", 84, 1800), Some(154.8));
        assert_eq!(bf16("NVIDIA GeForce RTX 5090", "12.0", 170, 2407), Some(209.5));
        // 503.8 and 147.4 TFLOP/s are of the same capability and no GeForce.
        assert_eq!(bf16("NVIDIA RTX PRO 5000 Blackwell", "12.0", 110, 2617), None);
        assert_eq!(bf16("NVIDIA A100-SXM4-80GB", "?", 108, 1410), None);
    }

    #[test]
    fn kernels_that_the_driver_compiles_are_noticed() {
        let translated = |architectures: &[&str], capability: &str| {
            let device = device("cuda", "0", "null").replace("6.1", capability);
            let mut test = read(&device, "\"2.13.0\"");
            test.architectures = architectures.iter().map(|it| (*it).to_owned()).collect();
            test.is_translated(&test.devices[0])
        };
        assert!(translated(&["sm_80", "sm_90", "compute_90"], "12.0"));
        assert!(!translated(&["sm_80", "sm_90", "sm_120", "compute_120"], "12.0"));
        assert!(!translated(&["sm_80", "compute_90"], "8.6"));
        assert!(translated(&["sm_86", "compute_50"], "8.0"));
        assert!(translated(&["sm_100a", "compute_90"], "10.3"));
        assert!(!translated(&["sm_100a", "compute_90"], "10.0"));
        // Without a list nothing is known.
        assert!(!translated(&[], "12.0"));
    }

    #[test]
    fn the_most_basic_problem_comes_first() {
        let cpu = device("cpu", "null", "null");
        assert_eq!(read("", "null").problem(CUDA), Some(SmokeProblem::NotImported));
        let without = read(&cpu, "\"2.13.0\"");
        assert_eq!(without.problem(CUDA), Some(SmokeProblem::NoGpu));
        assert_eq!(without.problem(Some(Accelerator::Cpu)), None);
        assert_eq!(without.problem(None), None);
        let failed = device("cuda", "1", "\"RuntimeError: no kernel image\"");
        let mixed = read(&[cpu, device("cuda", "0", "null"), failed].join(","), "\"2.13.0\"");
        let expected = SmokeProblem::DeviceFailed { kind: "cuda".to_owned(), index: Some(1) };
        assert_eq!(mixed.problem(CUDA), Some(expected));
    }

    #[test]
    fn a_gpu_is_expected_where_there_is_one() {
        use crate::types::Gpu;
        let cuda = Accelerator::Cuda(CudaVersion::new(12, 9));
        let without = Machine::default();
        let with = Machine { gpus: vec![Gpu::default()], ..Machine::default() };
        assert_eq!(expected_accelerator(cuda, &with, true), Some(cuda));
        assert_eq!(expected_accelerator(cuda, &without, true), None);
        // For another machine than this one.
        assert_eq!(expected_accelerator(cuda, &with, false), None);
        assert_eq!(expected_accelerator(Accelerator::Mps, &without, false), None);
        assert_eq!(expected_accelerator(Accelerator::Cpu, &without, false), Some(Accelerator::Cpu));
    }

    #[test]
    fn gpus_that_cuda_does_not_give_are_counted() {
        use crate::types::{Detected, Gpu, Origin, VisibleDevices};
        let one = read(&device("cuda", "0", "null"), "\"2.13.0\"");
        let gpus = |count: usize| vec![Gpu::default(); count];
        let mut machine = Machine { gpus: gpus(3), ..Machine::default() };
        assert_eq!(one.unused_gpus(&machine), 2);
        // A failure of its own.
        assert_eq!(read("", "\"2.13.0\"").unused_gpus(&machine), 0);
        // CUDA gives one slice alone.
        machine.gpus[0].mig = Detected::found(true, Origin::Nvml);
        assert_eq!(one.unused_gpus(&machine), 0);
        machine.gpus = gpus(3);
        machine.nvidia.visible_devices = Some(VisibleDevices::read("0", false));
        assert_eq!(one.unused_gpus(&machine), 0);
        assert_eq!(one.unused_gpus(&Machine { gpus: gpus(1), ..Machine::default() }), 0);
    }

    #[test]
    fn output_without_a_result_is_none() {
        assert_eq!(SmokeTest::read("Segmentation fault\n"), None);
        assert_eq!(SmokeTest::read("conda-torch test: {\"torch\": 1}"), None);
    }
}
