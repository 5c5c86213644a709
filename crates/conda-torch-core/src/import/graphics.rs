//! GPUs by their names in any text, and by the lists of devices on a bus.

use crate::conda::Subdir;
use crate::matrix::{GpuKeys, Matrix, is_gpu_word};
use crate::types::{Adapter, ComputeCapability, Detected, Gpu, Machine, Origin, Vendor};

use super::nvidia_smi::ReportedGpu;
use super::set;

/// The most words in a name: `NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition`.
const MOST_WORDS: usize = 9;

/// What a name of an NVIDIA GPU starts with in a sentence; in other places any word may.
const BRANDS: &[&str] = &[
    "nvidia", "geforce", "rtx", "gtx", "quadro", "tesla", "titan", "jetson", "grid", "a100",
    "h100", "h200", "b200", "b300", "gb200", "gb300", "gh200", "v100", "p100", "l40", "l40s",
    "a6000",
];

/// Words of processors, which the makers of GPUs make too.
const PROCESSORS: &[&str] = &[
    "ryzen",
    "epyc",
    "threadripper",
    "athlon",
    "xeon",
    "core(tm)",
    "pentium",
    "celeron",
    "cpu",
    "opteron",
];

/// Finds names of GPUs.
pub(super) struct Names {
    keys: GpuKeys<'static>,
}

/// A GPU that a text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub vendor: Vendor,
    pub name: String,
}

impl Names {
    pub(super) fn new() -> Self {
        Self { keys: GpuKeys::new(Matrix::embedded()) }
    }

    pub(super) fn capability(&self, name: &str) -> Option<ComputeCapability> {
        let mut gpu = Gpu::unknown(0, "");
        gpu.name = Detected::found(name.to_owned(), Origin::Baseline);
        self.keys.capability_of_gpu(&gpu).map(|(capability, _)| capability)
    }

    /// The longest known name of an NVIDIA GPU at the start of some words, and how many they are.
    fn longest(&self, words: &[&str]) -> Option<(String, usize)> {
        let count = name_end(words).min(MOST_WORDS);
        (1..=count).rev().find_map(|count| {
            let joined = words[..count].join(" ");
            let name = joined.split(['/', '@', '|', '"']).next()?;
            let has_bracket = name.contains(" (");
            let ends =
                |c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == ')' && has_bracket);
            let name = name.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
            let name = name.trim_end_matches(ends);
            let name = name.strip_suffix('.').filter(|it| !it.ends_with('.')).unwrap_or(name);
            let last = name.rsplit(' ').next()?.to_ascii_lowercase();
            let is_open = ["with", "gpu:", "and", "a", "b", "c", "q", "r", "has"].contains(&&*last)
                || last.chars().all(|c| c.is_ascii_digit()) && last.len() == 1;
            let has_letter = name.contains(|c: char| c.is_ascii_alphabetic());
            (has_letter && !is_open && self.capability(name).is_some())
                .then(|| (name.to_owned(), count))
        })
    }

    /// The NVIDIA GPUs that a sentence or a line of a log names, in order.
    pub(super) fn in_text(&self, text: &str) -> Vec<String> {
        let lower = text.to_ascii_lowercase();
        if !BRANDS.iter().any(|brand| lower.contains(brand)) {
            return Vec::new();
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let (mut found, mut at) = (Vec::new(), 0);
        while at < words.len() {
            let word = words[at].trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
            // What follows a sign within the word: `name=NVIDIA`, `name:"NVIDIA`.
            let word = word
                .rsplit(['=', ':', ',', '"', '\'', '('])
                .find(|it| !it.is_empty())
                .unwrap_or(word);
            let lower = word.to_ascii_lowercase();
            let starts = BRANDS.iter().any(|brand| lower.starts_with(brand));
            let mut candidate = words[at..words.len().min(at + MOST_WORDS)].to_vec();
            candidate[0] = word;
            match self.longest(&candidate).filter(|_| starts) {
                Some((name, count)) => {
                    found.push(name);
                    at += count;
                }
                None => at += 1,
            }
        }
        found
    }

    /// The GPU that the value of a label names; `None` for a processor, and for a word that names none.
    pub(super) fn in_value(&self, text: &str) -> Option<Named> {
        let text = text.trim().trim_matches(['"', '\'', '`', ',']).trim();
        let text = text.replace("(R)", "").replace("(TM)", "").replace("(tm)", "");
        if is_processor(&text) {
            return None;
        }
        let vendor = vendor_of(&text);
        if matches!(vendor, None | Some(Vendor::Nvidia)) {
            let words: Vec<&str> = text.split_whitespace().collect();
            let by_brand = self.in_text(&text).into_iter().next();
            let known = by_brand.or_else(|| self.longest(&words).map(|(name, _)| name));
            if let Some(name) = known {
                return Some(Named { vendor: Vendor::Nvidia, name });
            }
        }
        let end = text.find([',', '(', '[', '@', '|', '"', '/']).filter(|end| *end > 0);
        let name = end.map_or(&*text, |end| &text[..end]).trim();
        let is_maker = ["nvidia", "amd", "intel", "nvidia corporation", "intel corporation"];
        let is_name = !is_maker.contains(&&*name.to_ascii_lowercase());
        let vendor = vendor.filter(|_| is_name)?;
        Some(Named { vendor, name: name.to_owned() })
    }
}

/// How many words may be of one name: the words of GPUs' names, and one number without letters.
fn name_end(words: &[&str]) -> usize {
    let mut has_number = false;
    for (place, word) in words.iter().enumerate() {
        let part = word.split('/').next().unwrap_or(word);
        let bare = part.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_ascii_lowercase();
        let has_digit = bare.contains(|c: char| c.is_ascii_digit());
        let is_number = bare.bytes().all(|byte| byte.is_ascii_digit());
        let is_word = bare.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
        let is_of_name =
            if has_digit { is_word && !(is_number && has_number) } else { is_gpu_word(&bare) };
        if !is_of_name {
            return place;
        }
        has_number |= has_digit;
        let is_last = part.len() < word.len()
            || word.ends_with([',', ';', ':', '"', '\'', ']', '>'])
            || word.ends_with(')') && !word.starts_with('(');
        if is_last {
            return place + 1;
        }
    }
    words.len()
}

fn is_processor(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    PROCESSORS.iter().any(|word| lower.contains(word)) && !lower.contains("graphics")
}

/// The maker of a GPU by words of its name.
pub(super) fn vendor_of(text: &str) -> Option<Vendor> {
    if is_processor(text) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["nvidia", "geforce", "quadro", "10de"]) {
        Some(Vendor::Nvidia)
    } else if has(&["advanced micro", "radeon", "amd", "instinct", "firepro"])
        || lower.starts_with("ati ")
    {
        Some(Vendor::Amd)
    } else if has(&["intel", "iris", "uhd graphics", "hd graphics"]) || lower.starts_with("arc ") {
        Some(Vendor::Intel)
    } else if lower.starts_with("apple m") {
        Some(Vendor::Other)
    } else {
        None
    }
}

/// What stands in place of a driver where none is bound to a device.
pub(super) const NO_DRIVER: &str = "N/A";

/// A display adapter in a list of devices.
#[derive(Debug, Clone, Default)]
pub(super) struct Device {
    pub vendor: Option<Vendor>,
    pub name: Option<String>,
    pub chip: Option<ComputeCapability>,
    pub pci_id: Option<String>,
    pub kernel_driver: Option<String>,
}

impl Device {
    /// Reads `NVIDIA Corporation GA102 [GeForce RTX 3090] [10de:2204] (rev a1)`, in the words of the PCI ID Repository.
    pub(super) fn of(text: &str, names: &Names) -> Self {
        let brackets =
            || text.split('[').skip(1).filter_map(|rest| Some(rest.split_once(']')?.0.trim()));
        let pci_id = pci_id_in(text);
        let by_id = pci_id.as_deref().and_then(|id| match id.split(':').next()? {
            "10de" => Some(Vendor::Nvidia),
            "1002" => Some(Vendor::Amd),
            "8086" => Some(Vendor::Intel),
            _ => Some(Vendor::Other),
        });
        let is_name = |name: &&str| !name.contains(':') && !name.contains("AMD/ATI");
        let marketed = brackets().filter(is_name).last();
        // One chip may have several names: `GP108M [GeForce MX150 / MX250]`.
        let parts = || marketed.into_iter().flat_map(|name| name.split(" / ").chain([name]));
        let known = parts().find(|name| names.capability(name).is_some());
        let known = known.map(str::to_owned).or_else(|| names.in_text(text).into_iter().next());
        Self {
            vendor: by_id.or_else(|| vendor_of(text)),
            name: known.or(marketed.map(str::to_owned)),
            chip: chip_in(text),
            pci_id,
            kernel_driver: None,
        }
    }
}

/// The vendor and device of a PCI id: `[10de:2204]`, `PCI\VEN_10DE&DEV_2204`.
pub(super) fn pci_id_in(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let hex = |text: &str| {
        let digits = text.get(..4).filter(|it| it.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let is_longer = text[4..].starts_with(|c: char| c.is_ascii_alphanumeric());
        (!is_longer).then(|| digits.to_owned())
    };
    if let Some((_, rest)) = lower.split_once("ven_") {
        let device = rest.split_once("dev_").and_then(|(_, rest)| hex(rest));
        return Some(format!("{}:{}", hex(rest)?, device?));
    }
    ["10de:", "1002:", "8086:"].iter().find_map(|vendor| {
        lower.match_indices(vendor).find_map(|(at, _)| {
            let is_word = !lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == ':');
            let device = hex(&lower[at + vendor.len()..]).filter(|_| is_word)?;
            Some(format!("{vendor}{device}"))
        })
    })
}

/// The compute capability of a chip by its code: `GA107BM`, with letters for its form.
fn chip_in(text: &str) -> Option<ComputeCapability> {
    let is_code = |word: &&str| word.starts_with(['G', 'T', 'A']) && word.len() >= 5;
    let mut words = text.split([' ', '[', ']', '(', '"']).filter(is_code);
    let rows = &Matrix::embedded().pci_devices;
    words.find_map(|word| {
        let row = rows.iter().find(|row| {
            let rest = word.strip_prefix(&*row.chip);
            rest.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_uppercase()))
        });
        row.map(|row| row.capability)
    })
}

/// Adds devices to a machine. `is_complete`: whether the machine has no others.
pub(super) fn add(machine: &mut Machine, devices: Vec<Device>, is_complete: bool, origin: &Origin) {
    let is_nvidia = |device: &&Device| device.vendor == Some(Vendor::Nvidia);
    let has_nvidia = devices.iter().any(|device| is_nvidia(&device));
    for device in devices {
        let driver = device.kernel_driver.as_deref();
        let free = matches!(driver, Some("nouveau" | "nova" | "vfio-pci" | NO_DRIVER));
        if device.vendor == Some(Vendor::Nvidia) && !free {
            let index = u32::try_from(machine.gpus.len()).unwrap_or(u32::MAX);
            let format = machine.document.as_deref().unwrap_or_default();
            let why = format!("{format} does not report it");
            let reported =
                ReportedGpu { name: device.name, pci_id: device.pci_id, ..ReportedGpu::default() };
            let mut gpu = reported.describe(index, &why, origin);
            let by_chip = device.chip.filter(|_| !gpu.name.is_found() && gpu.pci_id.is_none());
            set(&mut gpu.compute_capability, by_chip, &Origin::Table("pci-ids".into()));
            machine.gpus.push(gpu);
        } else if let Some(vendor) = device.vendor {
            let Device { pci_id, kernel_driver, name, .. } = device;
            let pci_id = pci_id.unwrap_or_default();
            let kernel_driver = kernel_driver.filter(|driver| driver != NO_DRIVER);
            machine.adapters.push(Adapter { vendor, pci_id, kernel_driver, name });
            // With another driver on the card NVIDIA's is not in use.
            if vendor == Vendor::Nvidia {
                machine.driver = Detected::Absent;
                machine.driver_cuda = Detected::Absent;
            }
        }
    }
    match u32::try_from(machine.gpus.len()) {
        Ok(count @ 1..) if is_complete => {
            machine.gpu_count = Detected::found(count, origin.clone());
        }
        Ok(0) if is_complete && !has_nvidia && !machine.adapters.is_empty() => set_no_gpu(machine),
        Ok(_) | Err(_) => {}
    }
}

pub(super) fn set_no_gpu(machine: &mut Machine) {
    machine.driver = Detected::Absent;
    machine.driver_cuda = Detected::Absent;
    machine.gpu_count = Detected::Absent;
}

/// Apple's GPU comes with its processor.
pub(super) fn set_apple(machine: &mut Machine, name: &str, origin: &Origin) {
    set(&mut machine.cpu, Some(name.to_owned()), origin);
    if !machine.subdir.is_found() {
        machine.subdir = Detected::found(Subdir::OsxArm64, origin.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_sentences_and_logs() {
        let names = Names::new();
        for (text, expected) in [
            ("Device: cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync", "NVIDIA GeForce RTX 4090"),
            ("name: GeForce GTX 1080 Ti major: 6 minor: 1", "GeForce GTX 1080 Ti"),
            (
                "device: 0, name: NVIDIA GeForce RTX 3090, pci bus id: 0000:01:00.0",
                "NVIDIA GeForce RTX 3090",
            ),
            ("renderer: NVIDIA GeForce RTX 3090/PCIe/SSE2 v: 4.6.0", "NVIDIA GeForce RTX 3090"),
            ("I have an RTX 3060 and want PyTorch.", "RTX 3060"),
            (
                "NVIDIA GeForce RTX 5090 with CUDA capability sm_120 is not compatible",
                "NVIDIA GeForce RTX 5090",
            ),
            ("properties(name='NVIDIA A100-SXM4-40GB', major=8)", "NVIDIA A100-SXM4-40GB"),
            ("(\"Tesla V100-SXM2-16GB\")", "Tesla V100-SXM2-16GB"),
            (
                "GPU 1: NVIDIA RTX PRO 6000 Blackwell Workstation Edition [Discrete]",
                "NVIDIA RTX PRO 6000 Blackwell Workstation Edition",
            ),
        ] {
            assert_eq!(names.in_text(text), [expected], "{text}");
        }
        for text in ["NVIDIA driver", "the RTX of it", "an A4 page", "GeForce"] {
            assert_eq!(names.in_text(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_value_names_a_gpu_of_any_maker_and_no_processor() {
        let names = Names::new();
        let of = |text: &str| names.in_value(text).map(|it| (it.vendor, it.name));
        for (text, vendor, name) in [
            ("A100-SXM4-80GB", Vendor::Nvidia, "A100-SXM4-80GB"),
            ("NVIDIA Quantum 9000", Vendor::Nvidia, "NVIDIA Quantum 9000"),
            ("AMD Radeon RX 7900 XTX @ 2.5GHz [Discrete]", Vendor::Amd, "AMD Radeon RX 7900 XTX"),
            ("Intel(R) Arc(TM) A770 Graphics", Vendor::Intel, "Intel Arc A770 Graphics"),
            ("Apple M1 Max", Vendor::Other, "Apple M1 Max"),
        ] {
            assert_eq!(of(text), Some((vendor, name.to_owned())), "{text}");
        }
        for text in ["AMD Ryzen 9 5950X 16-Core Processor", "N/A", "", "None", "not used"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn a_device_has_its_name_its_chip_and_its_id() {
        let names = Names::new();
        let device =
            Device::of("NVIDIA Corporation GA102 [GeForce RTX 3090] [10de:2204] (rev a1)", &names);
        assert_eq!(device.name.as_deref(), Some("GeForce RTX 3090"));
        assert_eq!(device.pci_id.as_deref(), Some("10de:2204"));
        assert_eq!(device.vendor, Some(Vendor::Nvidia));
        let chip = Device::of("NVIDIA Corporation GA107BM", &names);
        assert_eq!((chip.name, chip.chip), (None, Some(ComputeCapability::new(8, 6))));
        let amd = Device::of(
            "Advanced Micro Devices, Inc. [AMD/ATI] Navi 31 [Radeon RX 7900 XTX] [1002:744c] (rev c8)",
            &names,
        );
        assert_eq!(
            (amd.vendor, amd.name.as_deref()),
            (Some(Vendor::Amd), Some("Radeon RX 7900 XTX"))
        );
        assert_eq!(pci_id_in("PCI\\VEN_10DE&DEV_1C03&SUBSYS_1").as_deref(), Some("10de:1c03"));
        assert_eq!(pci_id_in("0000:10de:12"), None);
    }
}
