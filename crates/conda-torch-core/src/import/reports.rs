//! Programs whose output is lines with labels, one row a program: how its output is recognized, and what its labels say.

use super::any_text::is_of_windows;
use super::document::Document;
use super::graphics::{Device, Named, Names, add, pci_id_in, set_apple, set_no_gpu};
use super::labels::numbered_value;
use super::system::System;
use super::{Recognized, origin, report, set};
use crate::conda::{Os, Version};
use crate::types::{
    ComputeCapability, CudaVersion, Detected, DriverVersion, Machine, Origin, Outcome, Vendor,
};

/// What the value of a label is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    /// The name of the system, with its architecture or without.
    Os,
    /// Python's `platform.platform()`, or `Windows`.
    Platform,
    /// The kernel's release, also with `Linux` before it.
    Kernel,
    Architecture,
    Processor,
    Macos,
    /// The name of a GPU, or of several that the label counts: `GPU 0,1`.
    Gpu,
    /// Whether CUDA has a GPU.
    HasGpu,
    /// NVIDIA's driver.
    Driver,
    /// The driver's CUDA.
    Cuda,
    Capability,
    /// A Jetson's model.
    Jetson,
    /// The release of a Jetson's system.
    L4t,
    /// The CUDA toolkit, which is not the driver's CUDA.
    Toolkit,
}
use Value::{
    Architecture, Capability, Cuda, Driver, Gpu, HasGpu, Jetson, Kernel, L4t, Macos, Platform,
    Processor, Toolkit,
};

/// A program, by the words of which its output has one, and its labels.
#[derive(Clone, Copy)]
pub(super) struct Program {
    pub name: &'static str,
    marks: &'static [&'static str],
    labels: &'static [(&'static str, Value)],
    /// The system that it is only on.
    system: Option<Os>,
    /// Whether it lists all GPUs, so that one without an NVIDIA GPU has none.
    is_complete: bool,
}

const fn program(
    name: &'static str,
    marks: &'static [&'static str],
    labels: &'static [(&'static str, Value)],
) -> Program {
    Program { name, marks, labels, system: None, is_complete: false }
}

const fn on(system: Os, program: Program) -> Program {
    Program { system: Some(system), ..program }
}

const fn complete(program: Program) -> Program {
    Program { is_complete: true, ..program }
}

/// The rows. Of two programs with the same words the first one counts.
pub(super) const PROGRAMS: &[Program] = &[
    on(
        Os::Linux,
        program(
            "/proc/driver/nvidia/version",
            &["NVRM version:"],
            &[("NVRM version", Driver), ("Model", Gpu)],
        ),
    ),
    on(
        Os::Linux,
        program(
            "modinfo nvidia",
            &["/nvidia.ko", "/nvidia-current.ko"],
            &[("version", Driver), ("vermagic", Kernel)],
        ),
    ),
    on(Os::Linux, program("dkms status", &["nvidia/", "nvidia-current/"], &[])),
    program(
        "deviceQuery",
        &["CUDA Device Query", "CUDA Capability Major/Minor"],
        &[
            ("Device", Gpu),
            ("CUDA Driver Version / Runtime Version", Cuda),
            ("CUDA Capability Major/Minor version number", Capability),
        ],
    ),
    program("gpustat", &["'C, ", "°C, "], &[]),
    program("llama.cpp", &["ggml_cuda_init", "ggml_init_cublas"], &[("Device", Gpu)]),
    program("nvitop", &["NVITOP "], &[("Driver Version", Driver), ("CUDA Driver Version", Cuda)]),
    program(
        "numba -s",
        &["__CUDA Information__"],
        &[
            ("CUDA Driver Version", Cuda),
            ("Compute Capability", Capability),
            ("OS Name", Value::Os),
            ("Machine", Architecture),
            ("Platform Name", Platform),
        ],
    ),
    on(
        Os::Linux,
        program(
            "jetson_release",
            &[
                "jetson-stats",
                "NVIDIA Jetson",
                "NVIDIA Orin",
                "nv_tegra_release",
                "(release), REVISION",
                "[L4T ",
                "L4T 3",
                "JETSON_",
            ],
            &[
                ("Model", Jetson),
                ("L4T", L4t),
                ("Distribution", Value::Os),
                ("Release", Kernel),
                ("Kernel Version", Kernel),
                ("CUDA Architecture", Capability),
                ("CUDA Arch BIN", Capability),
                ("CUDA", Toolkit),
            ],
        ),
    ),
    on(Os::Linux, program("tegrastats", &["EMC_FREQ", "GR3D_FREQ", "GR3D "], &[])),
    on(
        Os::Linux,
        complete(program(
            "rocminfo",
            &["HSA System Attributes", "HSA Agents", "Marketing Name:"],
            &[("Marketing Name", Gpu)],
        )),
    ),
    on(
        Os::Linux,
        complete(program(
            "rocm-smi",
            &["ROCm System Management", "ROCM-SMI", "AMD-SMI", "amdsmi", "End of ROCm SMI"],
            &[("Card series", Gpu), ("Card model", Gpu), ("MARKET_NAME", Gpu)],
        )),
    ),
    on(
        Os::Macos,
        program(
            "system_profiler",
            &[
                "Chipset Model:",
                "Hardware Overview:",
                "System Software Overview:",
                "Chip: Apple",
                "System Version: macOS",
            ],
            &[
                ("Chipset Model", Gpu),
                ("Chip", Processor),
                ("Processor Name", Processor),
                ("System Version", Value::Os),
            ],
        ),
    ),
    on(Os::Macos, program("sw_vers", &["ProductVersion:"], &[("ProductVersion", Macos)])),
    complete(program(
        "neofetch",
        &["Terminal:", "Uptime:", "Shell:", "WM:", "Resolution:"],
        &[
            ("OS", Value::Os),
            ("Kernel", Kernel),
            ("CPU", Processor),
            ("GPU", Gpu),
            ("Host", Jetson),
        ],
    )),
    on(Os::Linux, program("/etc/os-release", &["PRETTY_NAME="], &[("PRETTY_NAME", Value::Os)])),
    on(Os::Linux, program("lsb_release -a", &["Distributor ID:"], &[("Description", Value::Os)])),
    on(
        Os::Linux,
        program(
            "hostnamectl",
            &["Static hostname:", "Boot ID:"],
            &[("Operating System", Value::Os), ("Kernel", Kernel), ("Architecture", Architecture)],
        ),
    ),
    on(
        Os::Linux,
        program(
            "lscpu",
            &["CPU op-mode(s):", "Byte Order:"],
            &[("Architecture", Architecture), ("Model name", Processor)],
        ),
    ),
    program(
        "ComfyUI",
        &["ComfyUI", "Total VRAM", "Set vram state"],
        &[("** Platform", Platform), ("Device", Gpu), ("OS", Platform), ("name", Gpu)],
    ),
    program(
        "transformers env",
        &[
            "`transformers` version",
            "PyTorch version (GPU",
            "`Accelerate` version",
            "Diffusers version",
            "huggingface_hub version",
        ],
        &[
            ("Platform", Platform),
            ("GPU type", Gpu),
            ("Accelerator", Gpu),
            ("Using GPU in script?", Gpu),
        ],
    ),
    program(
        "mmcv or detectron2",
        &["sys.platform", "MMCV:", "MMEngine:", "DETECTRON2_ENV_MODULE"],
        &[
            ("sys.platform", Platform),
            ("GPU", Gpu),
            ("Driver version", Driver),
            ("CUDA Driver Version", Cuda),
            ("CUDA available", HasGpu),
        ],
    ),
    program(
        "lightning",
        &["* Lightning:", "* CUDA:\n", "- lightning:"],
        &[("OS", Platform), ("processor", Architecture), ("available", HasGpu)],
    ),
];

impl Program {
    pub(super) fn read(&self, document: &Document<'_>, machine: &mut Machine) -> Recognized {
        let text = document.plain.as_str();
        if !self.marks.iter().any(|mark| text.contains(mark)) {
            return None;
        }
        let names = Names::new();
        let is_of_windows = is_of_windows(text);
        let mut found = Findings { is_of_windows, ..Findings::default() };
        for line in text.lines().filter(|line| line.len() < LONGEST) {
            for (label, value) in self.labels {
                if let Some((number, text)) = numbered_value(line, label) {
                    found.add(*value, number, text, &names);
                }
            }
        }
        self.add_lines_without_labels(text, &names, &mut found);
        let origin = origin(machine);
        let has_facts = found.fill(self, machine, &origin);
        has_facts.then_some(Ok(()))
    }

    fn add_lines_without_labels<'t>(&self, text: &'t str, names: &Names, found: &mut Findings<'t>) {
        match self.name {
            "jetson_release" => {
                found.l4t = found.l4t.take().or_else(|| l4t(text));
                let model =
                    text.lines().find_map(|line| Some(&line[line.find("NVIDIA Jetson")?..]));
                found.jetson = model.or(found.jetson);
            }
            "tegrastats" if text.contains("RAM ") => found.jetson = Some("NVIDIA Jetson"),
            "rocm-smi" | "rocminfo" if found.devices.is_empty() => {
                let vendor = Some(Vendor::Amd);
                found.devices.push(Device { vendor, ..Device::default() });
            }
            "gpustat" => {
                // The header ends with the driver.
                let mut header = "";
                for line in text.lines() {
                    let gpus = if line.contains(" | ") { names.in_text(line) } else { Vec::new() };
                    for name in &gpus {
                        found.add_gpu("", name, names);
                        let last = header.split_whitespace().next_back();
                        found.driver = found.driver.or_else(|| driver_in(last?));
                    }
                    header = line;
                }
            }
            "dkms status" => {
                let version = |line: &str| {
                    let rest = ["nvidia/", "nvidia-current/"]
                        .iter()
                        .find_map(|it| line.trim().strip_prefix(it))?;
                    rest.split([',', ' ', '_']).next()?.parse().ok()
                };
                found.driver = text.lines().find_map(version);
            }
            "nvitop" | "lightning" | "ComfyUI" | "numba -s" if found.devices.is_empty() => {
                for name in text.lines().flat_map(|line| names.in_text(line)) {
                    found.add_gpu("", &name, names);
                }
            }
            "neofetch" if found.devices.is_empty() && found.os.is_empty() => {
                found.is_refused = true;
            }
            _ => {}
        }
    }
}

/// The most GPUs on one line.
const MOST: usize = 64;

/// Longer lines have no label.
const LONGEST: usize = 4096;

/// What the labels of a text say.
#[derive(Default)]
struct Findings<'t> {
    os: &'t str,
    platform: &'t str,
    kernel: &'t str,
    architecture: &'t str,
    processor: &'t str,
    macos: Option<Version>,
    devices: Vec<Device>,
    capabilities: Vec<ComputeCapability>,
    has_no_gpu: bool,
    driver: Option<DriverVersion>,
    cuda: Option<CudaVersion>,
    jetson: Option<&'t str>,
    is_of_windows: bool,
    l4t: Option<String>,
    toolkit: Option<&'t str>,
    apple: Option<String>,
    is_refused: bool,
}

impl<'t> Findings<'t> {
    /// Adds a value. The first of a kind counts, apart from GPUs.
    fn add(&mut self, value: Value, number: &str, text: &'t str, names: &Names) {
        let first = |slot: &mut &'t str| {
            if slot.is_empty() && !is_missing(text) {
                *slot = text;
            }
        };
        match value {
            Value::Os => first(&mut self.os),
            Platform => first(&mut self.platform),
            Kernel => first(&mut self.kernel),
            Architecture => first(&mut self.architecture),
            Processor => first(&mut self.processor),
            Macos => self.macos = self.macos.or_else(|| text.split(' ').next()?.parse().ok()),
            HasGpu => self.has_no_gpu |= text == "False",
            Driver => self.driver = self.driver.or_else(|| driver_in(text)),
            Cuda => self.cuda = self.cuda.or_else(|| version_in(text)),
            Capability => self.capabilities.extend(version_in::<ComputeCapability>(text)),
            Jetson => self.jetson = self.jetson.or(text.contains("Jetson").then_some(text)),
            L4t => {
                let release = text.split([' ', ']', ',']).next();
                self.l4t = self.l4t.take().or(release.map(str::to_owned));
            }
            Toolkit => self.toolkit = self.toolkit.or(Some(text)),
            Gpu => self.add_gpu(number, text, names),
        }
    }

    fn add_gpu(&mut self, number: &str, text: &str, names: &Names) {
        match names.in_value(text) {
            Some(Named { vendor: Vendor::Other, name }) => {
                self.apple = self.apple.take().or(Some(name));
            }
            Some(Named { vendor, name }) => {
                let numbers = number.split(',').filter(|it| !it.trim().is_empty());
                let count = numbers.count().clamp(1, MOST);
                let pci_id = pci_id_in(text);
                let device =
                    Device { vendor: Some(vendor), name: Some(name), pci_id, ..Device::default() };
                self.devices.extend(std::iter::repeat_n(device, count));
            }
            None => {}
        }
    }

    /// Fills a machine; whether there was anything.
    fn fill(mut self, program: &Program, machine: &mut Machine, origin: &Origin) -> bool {
        let is_jetson = self.jetson.is_some() || self.l4t.is_some();
        let has_facts = is_jetson
            || !self.devices.is_empty()
            || [self.os, self.platform, self.kernel, self.architecture, self.processor]
                .iter()
                .any(|text| !text.is_empty())
            || self.driver.is_some()
            || self.cuda.is_some()
            || self.macos.is_some()
            || self.apple.is_some();
        if !has_facts || self.is_refused {
            return false;
        }
        if program.system == Some(Os::Macos) || self.apple.is_some() {
            // Its words are in the name: `macOS 14.2.1 (23C71)`.
            let apple = self.apple.take();
            let processor = apple.as_deref().unwrap_or(self.processor);
            let os = if self.os.is_empty() { "macOS" } else { self.os };
            let architecture =
                if processor.contains("Intel") { "x86_64" } else { self.architecture };
            System { os, processor, architecture, platform: self.platform, ..System::default() }
                .fill(machine, origin);
            set(&mut machine.macos, self.macos, origin);
            if let Some(name) = apple {
                set_apple(machine, &name, origin);
            }
            return true;
        }
        let is_linux = program.system == Some(Os::Linux);
        let os = if is_linux && self.os.is_empty() && self.platform.is_empty() {
            "Linux"
        } else {
            self.os
        };
        let architecture = if is_jetson { "aarch64" } else { self.architecture };
        System {
            os,
            platform: self.platform,
            kernel: self.kernel,
            architecture,
            processor: self.processor,
            has_windows_paths: self.is_of_windows,
            ..System::default()
        }
        .fill(machine, origin);
        if let Some(release) = self.l4t {
            set(&mut machine.jetson_release, Some(release), origin);
        }
        if is_jetson {
            let end =
                |model: &str| [" - ", " (", "["].iter().filter_map(|end| model.find(end)).min();
            let model = self.jetson.map(|model| model[..end(model).unwrap_or(model.len())].trim());
            set(&mut machine.jetson, Some(model.unwrap_or("NVIDIA Jetson").to_owned()), origin);
        }
        set(&mut machine.driver, self.driver, origin);
        set(&mut machine.driver_cuda, self.cuda, origin);
        if let Some(toolkit) = self.toolkit {
            note_toolkit(machine, toolkit);
        }
        add(machine, self.devices, program.is_complete, origin);
        let has_nvidia = !machine.gpus.is_empty();
        if !has_nvidia && !machine.adapters.is_empty() {
            set_no_gpu(machine);
        }
        if !program.is_complete && has_nvidia {
            machine.gpu_count = u32::try_from(machine.gpus.len()).map_or_else(
                |_| Detected::unknown("too many"),
                |count| Detected::found(count, origin.clone()),
            );
        }
        if self.has_no_gpu && !has_nvidia && !is_jetson {
            machine.gpu_count =
                Detected::unknown("CUDA has no GPU there, or PyTorch is a CPU build");
        }
        for (gpu, capability) in machine.gpus.iter_mut().zip(self.capabilities) {
            set(&mut gpu.compute_capability, Some(capability), origin);
        }
        true
    }
}

/// Reports a toolkit's version, which says nothing about the driver.
pub(super) fn note_toolkit(machine: &mut Machine, version: &str) {
    let detail = format!("CUDA {version} is the toolkit's, not what the driver supports");
    report(machine, "toolkit", Outcome::Skipped, detail);
}

fn is_missing(text: &str) -> bool {
    ["", "N/A", "None", "Unknown", "unknown", "Not available"].contains(&text)
}

/// The first version of a driver among the words.
fn driver_in(text: &str) -> Option<DriverVersion> {
    let mut words = text.split([' ', '\t', ',', '(']);
    words.find_map(|word| word.parse().ok().filter(|_| word.contains('.')))
}

/// The first version among the words.
pub(super) fn version_in<T: std::str::FromStr>(text: &str) -> Option<T> {
    let mut words =
        text.split([' ', '\t', ',', '/', '(', ')', '|']).filter(|word| word.contains('.'));
    words.find_map(|word| word.parse().ok())
}

/// The release of L4T: `[L4T 36.4.3]`, `L4T 32.4.4`, `# R36 (release), REVISION: 4.3`.
fn l4t(text: &str) -> Option<String> {
    let number = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number = rest[..end].trim_end_matches('.');
        (!number.is_empty()).then(|| number.to_owned())
    };
    let by_name = || text.split("L4T ").skip(1).find_map(number);
    let (before, after) = text.split_once(" (release), REVISION: ").unzip();
    let major = before.and_then(|before| number(before.rsplit('R').next()?));
    let minor = after.and_then(number);
    major.zip(minor).map(|(major, minor)| format!("{major}.{minor}")).or_else(by_name)
}
