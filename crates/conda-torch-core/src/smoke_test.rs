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
    /// Operations a second that NVIDIA gives for it (dense), of the measured types for which that is known.
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

/// The newest capability of that table.
const NEWEST_FP32: ComputeCapability = ComputeCapability::new(12, 1);

/// Boards that are made slower than their multiprocessors and their clock tell, some even in single precision.
const LIMITED: [&str; 2] = [" CMP ", " H20 "];

/// How many fused multiplications and additions the tensor cores of a multiprocessor make in a clock cycle, without sparsity
/// and with sums in single precision. A `GeForce` makes half of what the professional boards with the same chip make, and a
/// few of those do too: each board is named, and one that is not has no such rate.
struct TensorCores {
    capability: ComputeCapability,
    /// What its name has, as words.
    board: &'static str,
    /// The clock at which NVIDIA gives the rate, if it is below the highest one.
    megahertz: Option<u32>,
    tf32: u32,
    bf16: u32,
}

/// From the rates that NVIDIA gives for a board, its multiprocessors and its clock.
const TENSOR_CORES: [TensorCores; 15] = [
    // 312 and 156 TFLOP/s of 108 multiprocessors at 1.41 GHz.
    // https://images.nvidia.com/aem-dam/en-zz/Solutions/data-center/nvidia-ampere-architecture-whitepaper.pdf
    tensor_cores((8, 0), "A100", None, 512, 1024),
    // RTX 3090: 71 and 35.6 of 82 at 1.695 GHz. RTX A6000: 154.8 and 77.4 of 84 at 1.8 GHz. A40: 149.7 and 74.8 at 1.74 GHz.
    // https://www.nvidia.com/content/PDF/nvidia-ampere-ga-102-gpu-architecture-whitepaper-v2.pdf
    tensor_cores((8, 6), "GeForce", None, 128, 256),
    tensor_cores((8, 6), "RTX A", None, 256, 512),
    tensor_cores((8, 6), "A40", None, 256, 512),
    // 125 and 62.5 of 72 at 1.695 GHz; the A10G makes half.
    // https://www.nvidia.com/content/dam/en-zz/Solutions/Data-Center/a10/pdf/a10-datasheet.pdf
    tensor_cores((8, 6), "A10", None, 256, 512),
    // Each of four: 17.9 and 9, four and two times the 4.5 in single precision.
    // https://www.nvidia.com/en-us/data-center/products/a16-gpu/
    tensor_cores((8, 6), "A16", None, 256, 512),
    // RTX 4090: 165.2 and 82.6 of 128 at 2.52 GHz.
    // https://images.nvidia.com/aem-dam/Solutions/geforce/ada/nvidia-ada-gpu-architecture.pdf
    tensor_cores((8, 9), "GeForce", None, 128, 256),
    // 121 and 60 of 58 at 2.04 GHz. https://www.nvidia.com/en-us/data-center/l4/
    tensor_cores((8, 9), "L4", None, 256, 512),
    // 181.05 and 90.5 of 142 at 2.49 GHz. https://www.nvidia.com/en-us/data-center/l40/
    tensor_cores((8, 9), "L40", None, 128, 256),
    // 362.05 and 183 of 142 at 2.52 GHz. https://www.nvidia.com/en-us/data-center/l40s/
    tensor_cores((8, 9), "L40S", None, 256, 512),
    // 989.4 and 494.7 of 132 at 1.83 GHz, though single precision (66.9) is given at 1.98 GHz; PCIe: 756 of 114 at 1.62 GHz.
    // https://resources.nvidia.com/en-us-tensor-core/gtc22-whitepaper-hopper
    tensor_cores((9, 0), "H100 80GB HBM3", Some(1830), 1024, 2048),
    tensor_cores((9, 0), "H100 PCIe", Some(1620), 1024, 2048),
    // 989 and 494; an H200 NVL is slower. https://www.nvidia.com/en-us/data-center/h200/
    tensor_cores((9, 0), "H200", Some(1830), 1024, 2048),
    // 2250 of 148, which this clock gives. https://www.nvidia.com/en-us/data-center/dgx-b200/
    tensor_cores((10, 0), "B200", Some(1856), 2048, 4096),
    // RTX 5090: 209.5 and 104.8 of 170 at 2.407 GHz.
    // https://images.nvidia.com/aem-dam/Solutions/geforce/blackwell/nvidia-rtx-blackwell-gpu-architecture.pdf
    tensor_cores((12, 0), "GeForce", None, 128, 256),
];

const fn tensor_cores(
    (major, minor): (u8, u8),
    board: &'static str,
    megahertz: Option<u32>,
    tf32: u32,
    bf16: u32,
) -> TensorCores {
    TensorCores { capability: ComputeCapability::new(major, minor), board, megahertz, tf32, bf16 }
}

impl TensorCores {
    /// Whether they are those of a device. `name`: with a space around each word.
    fn is_in(&self, capability: ComputeCapability, name: &str) -> bool {
        // The boards of a series share what their names begin with.
        let end = if self.board == "RTX A" { "" } else { " " };
        self.capability == capability
            && name.contains(&format!(" {}{end}", self.board))
            && !name.contains(" NVL ")
    }
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

    /// How many operations of a type a second NVIDIA gives for it: multiprocessors × operations × clock. `None` if one of
    /// them is unknown.
    fn peak(&self, kind: &str) -> Option<f64> {
        let capability = self.capability()?;
        let name = format!(" {} ", self.name.as_deref()?.replace('-', " "));
        if capability > NEWEST_FP32 || LIMITED.iter().any(|board| name.contains(board)) {
            return None;
        }
        let tensor_cores = TENSOR_CORES.iter().find(|cores| cores.is_in(capability, &name));
        let (per_clock, megahertz) = match kind {
            "fp32" => (FP32_PER_CLOCK.iter().rev().find(|(from, _)| *from <= capability)?.1, None),
            "tf32" => (tensor_cores?.tf32, tensor_cores?.megahertz),
            "bf16" => (tensor_cores?.bf16, tensor_cores?.megahertz),
            _ => return None,
        };
        let highest = self.clock_khz?;
        let clock = megahertz.map_or(highest, |it| highest.min(it * 1000));
        // A fused multiplication and addition is two operations.
        Some(f64::from(self.multiprocessors?) * f64::from(per_clock) * 2.0 * f64::from(clock) * 1e3)
    }

    /// Whether it reaches so little of a peak that something hinders it. Healthy GPUs reach 33 % and more in this product,
    /// laptops among them: <https://github.com/zzc0721/torch-performance-test-data/issues>.
    pub fn is_slow(&self) -> bool {
        let is_slow = |(kind, peak): (&String, &f64)| {
            self.rates.get(kind).is_some_and(|rate| *rate < peak / 5.0)
        };
        self.peaks.iter().any(is_slow)
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
        let peaks = |name: &str, capability: &str, sms: u32, megahertz: u32| {
            ["fp32", "tf32", "bf16"].map(|kind| peak(name, capability, sms, megahertz, kind))
        };
        let all = |fp32, tf32, bf16| [Some(fp32), Some(tf32), Some(bf16)];
        let fp32 = |fp32| [Some(fp32), None, None];
        assert_eq!(peaks("NVIDIA GeForce GTX 1080 Ti", "6.1", 28, 1582), fp32(11.3));
        assert_eq!(peaks("Tesla V100-SXM2-16GB", "7.0", 80, 1530), fp32(15.7));
        assert_eq!(peaks("Tesla T4", "7.5", 40, 1590), fp32(8.1));
        assert_eq!(peaks("NVIDIA A100-SXM4-80GB", "8.0", 108, 1410), all(19.5, 155.9, 311.9));
        assert_eq!(peaks("NVIDIA A100 80GB PCIe", "8.0", 108, 1410), all(19.5, 155.9, 311.9));
        assert_eq!(peaks("NVIDIA GeForce RTX 3090", "8.6", 82, 1695), all(35.6, 35.6, 71.2));
        assert_eq!(peaks("NVIDIA RTX A6000", "8.6", 84, 1800), all(38.7, 77.4, 154.8));
        assert_eq!(peaks("NVIDIA A40", "8.6", 84, 1740), all(37.4, 74.8, 149.7));
        assert_eq!(peaks("NVIDIA A10", "8.6", 72, 1695), all(31.2, 62.5, 125.0));
        assert_eq!(peaks("NVIDIA GeForce RTX 4090", "8.9", 128, 2520), all(82.6, 82.6, 165.2));
        assert_eq!(peaks("NVIDIA L40", "8.9", 142, 2490), all(90.5, 90.5, 181.0));
        assert_eq!(peaks("NVIDIA L40S", "8.9", 142, 2520), all(91.6, 183.2, 366.4));
        assert_eq!(peaks("NVIDIA L4", "8.9", 58, 2040), all(30.3, 60.6, 121.2));
        // Its highest clock is not that of its tensor cores.
        assert_eq!(peaks("NVIDIA H100 80GB HBM3", "9.0", 132, 1980), all(66.9, 494.7, 989.4));
        assert_eq!(peaks("NVIDIA H100 PCIe", "9.0", 114, 1755), all(51.2, 378.2, 756.4));
        assert_eq!(peaks("NVIDIA H200", "9.0", 132, 1980), all(66.9, 494.7, 989.4));
        assert_eq!(peaks("NVIDIA GeForce RTX 5090", "12.0", 170, 2407), all(104.8, 104.8, 209.5));
        let b200 = peak("NVIDIA B200", "10.0", 148, 1965, "bf16").expect("a rate");
        assert!((2249.5..2250.5).contains(&b200), "{b200}");
        // A slice has its part.
        let slice = "NVIDIA A100-SXM4-40GB MIG 1g.5gb";
        assert_eq!(peak(slice, "8.0", 14, 1410, "bf16"), Some(40.4));
    }

    #[test]
    fn a_peak_that_is_not_known_is_not_guessed() {
        let peaks = |name: &str, capability: &str| {
            ["fp32", "bf16"].map(|kind| peak(name, capability, 100, 1000, kind))
        };
        // 503.8 and 147.4 TFLOP/s are of the same capability and no GeForce.
        assert_eq!(peaks("NVIDIA RTX PRO 5000 Blackwell", "12.0"), [Some(25.6), None]);
        // Half of an A10.
        assert_eq!(peaks("NVIDIA A10G", "8.6"), [Some(25.6), None]);
        assert_eq!(peaks("NVIDIA H200 NVL", "9.0"), [Some(25.6), None]);
        assert_eq!(peaks("Orin", "8.7"), [Some(25.6), None]);
        // 148 TFLOP/s, where an H100 with as many multiprocessors makes 585.
        assert_eq!(peaks("NVIDIA H20", "9.0"), [None, None]);
        assert_eq!(peaks("NVIDIA CMP 170HX", "8.0"), [None, None]);
        assert_eq!(peaks("NVIDIA B200", "13.0"), [None, None]);
        assert_eq!(peaks("NVIDIA A100-SXM4-80GB", "?"), [None, None]);
    }

    /// Measured products of this size: <https://github.com/zzc0721/torch-performance-test-data/issues>, 126, 118, 64, 120, 79.
    #[test]
    fn a_healthy_gpu_is_not_slow() {
        let is_slow = |name: &str, capability: &str, sms: u32, megahertz: u32, rates: &str| {
            let device = device("cuda", "0", "null")
                .replace("NVIDIA GeForce GTX 1080 Ti", name)
                .replace("6.1", capability)
                .replace(": 28", &format!(": {sms}"))
                .replace("1582000", &format!("{megahertz}000"))
                .replace("{}", &format!("{{{rates}}}"));
            read(&device, "\"2.13.0\"").devices[0].is_slow()
        };
        let a10g = r#""fp32": 23.37e12, "tf32": 30.95e12, "bf16": 62.48e12"#;
        assert!(!is_slow("NVIDIA A10G", "8.6", 80, 1710, a10g));
        let laptop = r#""fp32": 5.87e12, "tf32": 15.28e12, "bf16": 29.15e12"#;
        assert!(!is_slow("NVIDIA GeForce RTX 3070 Ti Laptop GPU", "8.6", 46, 1485, laptop));
        let laptop = r#""fp32": 12.98e12, "tf32": 32.84e12, "bf16": 49.11e12"#;
        assert!(!is_slow("NVIDIA GeForce RTX 4080 Laptop GPU", "8.9", 58, 2280, laptop));
        let l4 = r#""fp32": 12.53e12, "tf32": 24.0e12, "bf16": 54.91e12"#;
        assert!(!is_slow("NVIDIA L4", "8.9", 58, 2040, l4));
        let h100 = r#""fp32": 51.88e12, "tf32": 402.15e12, "bf16": 788.72e12"#;
        assert!(!is_slow("NVIDIA H100 80GB HBM3", "9.0", 132, 1980, h100));
        // A fifth of 66.9 is 13.4.
        assert!(is_slow("NVIDIA H100 80GB HBM3", "9.0", 132, 1980, r#""fp32": 13.0e12"#));
        assert!(!is_slow("NVIDIA H100 80GB HBM3", "9.0", 132, 1980, r#""fp32": 14.0e12"#));
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
