//! Texts of any kind that name a GPU, a driver or a platform: the log of a launcher, an error message, a question.

use super::distributions::named_in;
use super::document::Document;
use super::graphics::{Device, Named, Names, add, pci_id_in, set_apple, set_no_gpu};
use super::labels::value_after;
use super::system::System;
use super::{Recognized, origin, set};
use crate::matrix::Matrix;
use crate::types::{Adapter, ComputeCapability, CudaVersion, DriverVersion, Machine, Vendor};

/// Longer lines are no text.
const LONGEST: usize = 4096;

/// What the lines of a text name. The first of a kind counts, apart from GPUs.
#[derive(Default)]
struct Findings<'t> {
    gpus: Vec<Device>,
    others: Vec<Named>,
    apple: Option<&'t str>,
    platform: &'t str,
    os: &'t str,
    driver: Option<DriverVersion>,
    cuda: Option<CudaVersion>,
    capability: Option<ComputeCapability>,
}

pub(super) fn read(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let text = &document.plain;
    let (names, mut found) = (Names::new(), Findings::default());
    for line in text.lines().filter(|line| line.len() < LONGEST && !line.trim().is_empty()) {
        found.add(line, &names);
    }
    let Findings { gpus, others, apple, platform, os, driver, cuda, capability } = found;
    let has_none = gpus.is_empty() && others.is_empty() && apple.is_none() && driver.is_none();
    if has_none && platform.is_empty() && os.is_empty() {
        return None;
    }
    let origin = origin(machine);
    let has_windows_paths = is_of_windows(text);
    System { os, platform, has_windows_paths, ..System::default() }.fill(machine, &origin);
    if let Some(name) = apple {
        set_apple(machine, name, &origin);
    }
    set(&mut machine.driver, driver, &origin);
    set(&mut machine.driver_cuda, cuda, &origin);
    let is_one = gpus.len() == 1;
    add(machine, gpus, false, &origin);
    if let Some(gpu) = machine.gpus.first_mut().filter(|_| is_one) {
        set(&mut gpu.compute_capability, capability, &origin);
    }
    if machine.gpus.is_empty() && !others.is_empty() {
        set_no_gpu(machine);
    }
    machine.adapters.extend(others.into_iter().map(|Named { vendor, name }| Adapter {
        vendor,
        pci_id: String::new(),
        kernel_driver: None,
        name: Some(name),
    }));
    Some(Ok(()))
}

/// Whether a text has paths of Windows, or a Python that was compiled for it.
pub(super) fn is_of_windows(text: &str) -> bool {
    text.contains(":\\") || text.contains("[MSC v.")
}

impl<'t> Findings<'t> {
    fn add(&mut self, line: &'t str, names: &Names) {
        for name in names.in_text(line) {
            let is_other = |device: &Device| {
                device
                    .name
                    .as_ref()
                    .is_none_or(|it| !it.ends_with(&*name) && !name.ends_with(&**it))
            };
            if self.gpus.iter().all(is_other) {
                let vendor = Some(Vendor::Nvidia);
                self.gpus.push(Device { vendor, name: Some(name), ..Device::default() });
            }
        }
        if self.gpus.is_empty() {
            let device = |name| Device {
                vendor: Some(Vendor::Nvidia),
                name: Some(name),
                ..Device::default()
            };
            self.gpus.extend(unlisted(line).map(device));
        }
        if let Some(id) = pci_id_in(line) {
            self.add_id(id);
        }
        if let Some(place) = OTHERS.iter().find_map(|other| line.find(other)) {
            self.add_other(names.in_value(&line[place..]));
        }
        let is_chip = |word: &&str| {
            let rest = word.strip_prefix("gfx").unwrap_or_default();
            rest.len() > 2 && rest != "000" && rest.bytes().all(|b| b.is_ascii_hexdigit())
        };
        let mut words = line.split(|c: char| !c.is_ascii_alphanumeric());
        let chip = words.find(is_chip).map(str::to_owned);
        self.add_other(chip.map(|name| Named { vendor: Vendor::Amd, name }));
        let apple = line.match_indices("Apple M").map(|(at, _)| &line[at..]);
        let mut apple = apple.filter(|it| it[7..].starts_with(|c: char| c.is_ascii_digit()));
        self.apple =
            self.apple.or_else(|| Some(apple.next()?.split(['"', ',', '(']).next()?.trim()));
        let is_platform =
            |word: &&str| ["Linux-", "Windows-1", "macOS-"].iter().any(|it| word.starts_with(it));
        if let Some(word) = line.split([' ', '\t', '"', '\'']).find(is_platform)
            && self.platform.is_empty()
        {
            self.platform = word;
        }
        if self.os.is_empty() {
            self.os = named_in(line).or_else(|| macos(line)).unwrap_or_default();
        }
        self.driver = self.driver.or_else(|| driver(line));
        let cuda = || value_after(line, "CUDA driver version")?.split(' ').next()?.parse().ok();
        self.cuda = self.cuda.or_else(cuda);
        self.capability = self.capability.or_else(|| capability(line));
    }

    fn add_id(&mut self, id: String) {
        if id.starts_with("1002:") {
            self.add_other(Some(Named { vendor: Vendor::Amd, name: "GPU".to_owned() }));
        } else if Matrix::embedded().by_pci_id(&id).is_some() && self.gpus.is_empty() {
            let vendor = Some(Vendor::Nvidia);
            self.gpus.push(Device { vendor, pci_id: Some(id), ..Device::default() });
        }
    }

    fn add_other(&mut self, named: Option<Named>) {
        let is_new = |it: &Named| self.others.iter().all(|other| other.vendor != it.vendor);
        let is_other = |it: &Named| matches!(it.vendor, Vendor::Amd | Vendor::Intel);
        self.others.extend(named.filter(is_other).filter(is_new));
    }
}

/// A name of an NVIDIA GPU that stands for several, or is not in the table: `GeForce GT 730`.
fn unlisted(line: &str) -> Option<String> {
    let start = ["GeForce ", "Quadro ", "Tesla "].iter().find_map(|brand| line.find(brand))?;
    let name = line[start..].split(['"', '\'', ',']).next()?;
    let words: Vec<&str> = name.split_whitespace().take(4).collect();
    let number = words.iter().position(|word| word.contains(|c: char| c.is_ascii_digit()))?;
    let name = words[..=number].join(" ");
    Some(name.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned())
}

/// The system at the start of a line, as *About This Mac* has it: `macOS Sonoma 14.5`.
fn macos(line: &str) -> Option<&str> {
    let line = line.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let rest = line.strip_prefix("macOS ").or_else(|| line.strip_prefix("macOS: "))?;
    let mut words = rest.split([' ', ',']).take(3);
    words.any(|word| word.starts_with(|c: char| c.is_ascii_digit())).then_some(line)
}

/// What names of other makers' GPUs start with.
const OTHERS: [&str; 7] = [
    "AMD Radeon",
    "Radeon RX",
    "Radeon Pro",
    "AMD Instinct",
    "Intel(R) Arc",
    "Intel Arc",
    "Arc A7",
];

/// NVIDIA's driver: after a label, in the name of a package (`nvidia-driver-535  535.129.03-0ubuntu1`), in a line of the
/// kernel or of OpenGL. `nvidia-driver-535` alone is a package that may not be installed.
fn driver(line: &str) -> Option<DriverVersion> {
    let parsed = |word: &str| word.parse().ok().filter(|_| word.contains('.'));
    let label = value_after(line, "driver version").or_else(|| value_after(line, "driver"));
    let is_about = [
        "Kernel Module",
        "nvidia-driver",
        "nvidia-dkms",
        "libnvidia",
        "NVRM",
        "OpenGL",
        "nvidia-utils",
        "Driver Version",
    ]
    .iter()
    .any(|word| line.contains(word));
    let in_line = || {
        let words = line.split(|c: char| !c.is_ascii_digit() && c != '.');
        let is_driver = |word: &&str| {
            let mut parts = word.split('.');
            parts.next().is_some_and(|it| it.len() == 3)
                && parts.next().is_some_and(|it| (2..4).contains(&it.len()))
        };
        words.filter(is_driver).find_map(parsed)
    };
    let first = |value: &str| parsed(value.split([' ', ',']).next()?);
    label.and_then(first).or_else(|| in_line().filter(|_| is_about))
}

/// `compute capability 8.6`, `compute capability: 8.6`, `CUDA capability sm_120`.
fn capability(line: &str) -> Option<ComputeCapability> {
    let (_, rest) = line.split_once("capability")?;
    let rest = rest.trim_start_matches([' ', ':', '=']);
    let word = rest.split([' ', ',', ')']).next()?.trim_end_matches('.');
    let number = word.strip_prefix("sm_").and_then(|digits| {
        let at = digits.len().checked_sub(1).filter(|at| digits.is_char_boundary(*at))?;
        Some(format!("{}.{}", &digits[..at], &digits[at..]))
    });
    number.as_deref().unwrap_or(word).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::read_machine;
    use super::*;

    #[test]
    fn a_driver_is_what_the_line_says_it_is() {
        for (line, expected) in [
            ("Driver Version                                  525.147.05", Some("525.147.05")),
            ("ii  nvidia-driver-535    535.129.03-0ubuntu0.22.04.1    amd64", Some("535.129.03")),
            ("nvidia-driver-550.54.15-1.el9.x86_64", Some("550.54.15")),
            ("NVRM: loading NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu", Some("535.129.03")),
            ("OpenGL version string: 4.6.0 NVIDIA 535.129.03", Some("535.129.03")),
            ("    Driver Version:  4.6.0 NVIDIA 535.171.04", Some("535.171.04")),
            ("device=NVIDIA GeForce RTX 4080 cudnn=8907 driver=551.86", Some("551.86")),
            ("driver   : nvidia-driver-535 - distro non-free recommended", None),
            ("library=cuda compute=8.6 driver=12.2", None),
            ("192.168.0.1", None),
        ] {
            assert_eq!(driver(line).map(|it| it.to_string()).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn a_capability_follows_its_word() {
        for (line, expected) in [
            ("Tesla P40, compute capability 6.1, VMM: yes", Some("6.1")),
            ("with CUDA capability sm_120 is not compatible", Some("12.0")),
            ("which is of cuda capability 3.5.", Some("3.5")),
            ("compute capability of at least 8.0", None),
        ] {
            assert_eq!(capability(line).map(|it| it.to_string()).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn about_this_mac_has_the_version_after_its_name() {
        for (text, version) in [
            ("MacBook Air\nChip Apple M2\nSpeicher 8 GB\nmacOS Ventura 13.6\n", "13.6"),
            ("MacBook Pro\nApple M1 Pro\nmacOS Big Sur 11.7.10\n", "11.7.10"),
            ("Apple M3\n- macOS 15.1\n", "15.1"),
        ] {
            let machine = read_machine(text, None).expect("a machine");
            let macos = machine.macos.value().map(ToString::to_string);
            assert_eq!(macos.as_deref(), Some(version), "{text}");
        }
        let claim = "Apple M1: needs macOS 12.3 or later";
        assert!(!read_machine(claim, None).expect("a machine").macos.is_found());
    }

    #[test]
    fn a_name_ends_with_its_quotation_mark() {
        let machine =
            read_machine(r#"x {"gpus":[{"name":"Tesla T4","memory":15843721216}]}"#, None);
        let machine = machine.expect("a machine");
        assert_eq!(machine.gpus[0].name.value().map(String::as_str), Some("Tesla T4"));
    }

    #[test]
    fn a_question_names_the_gpu_and_the_system() {
        let machine = read_machine("I have a GTX 1080 Ti with Ubuntu 20.04, which one?", None);
        let machine = machine.expect("a machine");
        assert_eq!(machine.gpus[0].name.value().map(String::as_str), Some("GTX 1080 Ti"));
        assert_eq!(machine.glibc.value().map(ToString::to_string).as_deref(), Some("2.31"));
    }
}
