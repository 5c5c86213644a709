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

impl SmokeTest {
    /// Reads the output of the program; `None` if it has no result.
    pub fn read(stdout: &str) -> Option<Self> {
        let line = stdout.lines().rev().find_map(|line| line.trim().strip_prefix(MARK))?;
        serde_json::from_str(line).ok()
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
    /// How many operations a second in single precision it could make: multiprocessors × operations × clock. `None`
    /// if one of them is unknown.
    pub fn peak_fp32(&self) -> Option<f64> {
        let capability: ComputeCapability = self.capability.as_deref()?.parse().ok()?;
        let (_, lanes) = FP32_PER_CLOCK.iter().rev().find(|(from, _)| *from <= capability)?;
        let clock = f64::from(self.clock_khz?) * 1e3;
        // A fused multiplication and addition is two operations.
        Some(f64::from(self.multiprocessors?) * f64::from(*lanes) * 2.0 * clock)
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
        // 28 SMs × 128 × 2 × 1.582 GHz, as NVIDIA gives it: 11.3 TFLOP/s.
        let peak = test.devices[1].peak_fp32().expect("a peak");
        assert!((peak / 1e12 - 11.34).abs() < 0.01, "{peak}");
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
    fn output_without_a_result_is_none() {
        assert_eq!(SmokeTest::read("Segmentation fault\n"), None);
        assert_eq!(SmokeTest::read("conda-torch test: {\"torch\": 1}"), None);
    }
}
