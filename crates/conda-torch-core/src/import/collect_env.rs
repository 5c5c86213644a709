//! `python -m torch.utils.collect_env`, and programs based on it (vLLM's, with sections).
//!
//! `CUDA used to build PyTorch` and `CUDA runtime version` are versions of toolkits, not of the driver: they are not
//! read. Source: `torch/utils/collect_env.py`, PyTorch 1.0 to 2.13.

use super::clients::user_agent::set_wsl;
use super::document::Document;
use super::labels::LabeledText;
use super::{Recognized, reported, set};
use crate::conda::{Os, Subdir, Version};
use crate::types::{Adapter, Detected, Gpu, Machine, Vendor};

/// The heading of the list of GPUs.
const GPUS: &str = "gpu models and configuration";
const DRIVER: &str = "nvidia driver version";

pub(super) fn read(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let text = unfold(&document.plain);
    let labels = LabeledText::of(&text);
    let others = [GPUS, "cuda used to build pytorch", DRIVER, "is cuda available"];
    let count = others.iter().filter(|label| labels.has(label)).count();
    let is_named = labels.has("pytorch version") || document.plain.contains("collect_env");
    if count < 2 && !(count == 1 && is_named) {
        return None;
    }
    fill_system(&text, &labels, machine);
    // With a PyTorch for AMD the GPUs are AMD's.
    if known(&labels, "rocm used to build pytorch").is_some() {
        add_adapter(Vendor::Amd, machine);
        set_no_gpu(machine);
    } else {
        nvidia(&text, &labels, machine);
    }
    if known(&labels, "is xpu available") == Some("True") {
        add_adapter(Vendor::Intel, machine);
    }
    Some(Ok(()))
}

/// A value that is not missing.
fn known<'t>(labels: &LabeledText<'t>, label: &str) -> Option<&'t str> {
    labels.first(label).filter(|text| !is_missing(text))
}

/// Whether a value is missing.
fn is_missing(text: &str) -> bool {
    matches!(text, "" | "N/A" | "n/a" | "None" | "Could not collect" | "No CUDA" | "[N/A]" | "ERR!")
}

/// Adds a GPU of which only the vendor matters.
fn add_adapter(vendor: Vendor, machine: &mut Machine) {
    machine.adapters.push(Adapter { vendor, pci_id: String::new(), kernel_driver: None });
}

fn set_no_gpu(machine: &mut Machine) {
    machine.driver = Detected::Absent;
    machine.driver_cuda = Detected::Absent;
    machine.gpu_count = Detected::Absent;
}

fn nvidia(text: &str, labels: &LabeledText<'_>, machine: &mut Machine) {
    let version = known(labels, DRIVER).or_else(|| version_below(text));
    let driver = version.and_then(|value| value.split_whitespace().next()?.parse().ok());
    set(machine, |machine| &mut machine.driver, driver);
    let names = gpus(labels);
    let count = u32::try_from(names.len()).ok().filter(|count| *count > 0);
    for (index, (name, mig)) in (0..).zip(names) {
        let (name, mig) = (reported(name, machine), reported(mig, machine));
        let unknown = Gpu::unknown(index, "collect_env does not report it");
        machine.gpus.push(Gpu { name, mig, ..unknown });
    }
    let no_devices = labels.first(GPUS).is_some_and(|text| text.starts_with("No devices"));
    machine.gpu_count = match count {
        Some(count) => reported(count, machine),
        None if no_devices && driver.is_some() => Detected::Absent,
        None if driver.is_none() && sees_no_gpu(labels) => return set_no_gpu(machine),
        None => Detected::unknown("`nvidia-smi` named none"),
    };
}

/// Whether neither `nvidia-smi` nor PyTorch found a GPU.
fn sees_no_gpu(labels: &LabeledText<'_>) -> bool {
    let is_available = labels.first("is cuda available");
    labels.has(GPUS) && labels.has(DRIVER) && matches!(is_available, Some("False" | "No"))
}

/// The driver's version on the line below its label: one a GPU.
fn version_below(text: &str) -> Option<&str> {
    let mut lines = text.lines().map(str::trim);
    let is_label = |line: &str| {
        line.strip_suffix(':').is_some_and(|label| label.trim_end() == "Nvidia driver version")
    };
    lines.find(|line| is_label(line))?;
    lines.next()
}

/// The names of the GPUs in order, and whether MIG is on.
fn gpus(labelled: &LabeledText<'_>) -> Vec<(String, bool)> {
    let mut gpus: Vec<(String, bool)> = Vec::new();
    let mut entries = labelled.iter().skip_while(|(label, _)| *label != GPUS);
    let only = entries.next().map_or("", |(_, value)| value);
    let numbered = only.strip_prefix("GPU ").and_then(|rest| rest.split_once(": "));
    let name = numbered.map_or(only, |(_, name)| name);
    if !is_missing(name) && !name.starts_with("No devices") && !name.contains("not found") {
        gpus.push((without_uuid(name), false));
    }
    for (label, value) in entries {
        if label.strip_prefix("gpu ").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit())) {
            gpus.push((without_uuid(value), false));
        } else if label.starts_with("mig ") {
            if let Some(last) = gpus.last_mut() {
                last.1 = true;
            }
        } else {
            break;
        }
    }
    gpus
}

fn without_uuid(name: &str) -> String {
    name.split(" (UUID").next().unwrap_or(name).trim().to_owned()
}

/// Names of architectures, by the OS and its platform.
const ARCHITECTURES: [(Os, &[&str], Subdir); 9] = [
    (Os::Linux, ARM, Subdir::LinuxAarch64),
    (Os::Linux, X86, Subdir::Linux64),
    (Os::Linux, &["ppc64le"], Subdir::LinuxPpc64le),
    (Os::Linux, &["s390x"], Subdir::LinuxS390x),
    (Os::Linux, &["riscv64"], Subdir::LinuxRiscv64),
    (Os::Macos, ARM, Subdir::OsxArm64),
    (Os::Macos, X86, Subdir::Osx64),
    (Os::Windows, ARM, Subdir::WinArm64),
    (Os::Windows, X86, Subdir::Win64),
];
const ARM: &[&str] = &["aarch64", "arm64", "ARM64"];
const X86: &[&str] = &["x86_64", "AMD64", "amd64"];

/// Fills what the lines `OS`, `Libc version`, `Python platform` and those about the CPU report.
fn fill_system(text: &str, labels: &LabeledText<'_>, machine: &mut Machine) {
    let os = known(labels, "os").unwrap_or_default();
    let python = known(labels, "python platform").unwrap_or_default();
    let system = system(os, python, text);
    let texts = [os, python, labels.first("architecture").unwrap_or_default()];
    let subdir = system.and_then(|system| {
        let subdir = texts.iter().find_map(|text| subdir(system, text));
        // PyTorch has no other platform on Windows.
        subdir.or((system == Os::Windows).then_some(Subdir::Win64))
    });
    match (subdir, system) {
        (Some(subdir), _) => machine.subdir = reported(subdir, machine),
        (None, Some(system)) => {
            let why = format!("the architecture of this {system:?} is not reported");
            machine.subdir = Detected::unknown(why);
        }
        (None, None) => {}
    }
    let name = (!os.is_empty()).then(|| without_architecture(os).to_owned());
    set(machine, |machine| &mut machine.os, name);
    let processor = processor(text, labels);
    let is_apple = processor.as_deref().is_some_and(|name| name.starts_with("Apple M"));
    if is_apple && subdir == Some(Subdir::Osx64) {
        machine.rosetta = reported(true, machine);
    }
    set(machine, |machine| &mut machine.cpu, processor);
    match system {
        Some(Os::Linux) => linux(os, python, labels, machine),
        Some(Os::Macos) => {
            let by_os = os.split([' ', '(']).find_map(|word| word.parse().ok());
            let by_python = || python.strip_prefix("macOS-")?.split('-').next()?.parse().ok();
            set(machine, |machine| &mut machine.macos, by_os.or_else(by_python));
        }
        Some(Os::Windows) => set(machine, |machine| &mut machine.windows, windows(os, python)),
        Some(Os::FreeBsd) | None => {}
    }
}

/// The OS. Windows prints `Could not collect` if `wmic` does not answer; then its paths show it.
fn system(os: &str, python: &str, text: &str) -> Option<Os> {
    let starts = |names: &[&str]| {
        names.iter().any(|name| {
            os.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
                || python.starts_with(name)
        })
    };
    if os.contains("Windows") || python.starts_with("Windows") {
        Some(Os::Windows)
    } else if starts(&["macOS", "Mac OS", "Darwin"]) {
        Some(Os::Macos)
    } else if !os.is_empty() || python.starts_with("Linux") {
        Some(Os::Linux)
    } else if text.contains(":\\") {
        Some(Os::Windows)
    } else {
        None
    }
}

/// The platform by an architecture somewhere in a text.
fn subdir(system: Os, text: &str) -> Option<Subdir> {
    let is_it = |(os, names, _): &&(Os, &[&str], Subdir)| {
        *os == system && names.iter().any(|name| text.contains(name))
    };
    ARCHITECTURES.iter().find(is_it).map(|(.., subdir)| *subdir)
}

/// `Ubuntu 22.04.3 LTS (x86_64)`: the name.
fn without_architecture(os: &str) -> &str {
    let ends = ["(x86_64)", "(aarch64)", "(arm64)", "(ppc64le)"];
    ends.iter().find_map(|end| os.strip_suffix(end)).unwrap_or(os).trim_end()
}

fn linux(os: &str, python: &str, labels: &LabeledText<'_>, machine: &mut Machine) {
    let by_libc = || known(labels, "libc version")?.strip_prefix("glibc-")?.parse().ok();
    let by_python = || python.rsplit_once("glibc")?.1.parse().ok();
    if let Some(glibc) = by_libc().or_else(by_python) {
        machine.glibc = reported(glibc, machine);
    } else if os.starts_with("Alpine") || python.contains("-musl") {
        machine.glibc = Detected::Absent;
    }
    let Some(rest) = python.strip_prefix("Linux-") else { return };
    let ends = ["-x86_64", "-aarch64", "-ppc64le", "-with-", "-s390x", "-riscv64"];
    let end = ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
    let kernel = &rest[..end];
    set_wsl(machine, kernel);
    machine.kernel = reported(kernel.to_owned(), machine);
    // The name of NVIDIA's kernels for Jetson.
    if kernel.ends_with("-tegra") {
        machine.jetson = reported(format!("NVIDIA Jetson (kernel {kernel})"), machine);
    }
}

/// `Microsoft Windows 11 Pro (10.0.22631 64-bit)`, `Windows-10-10.0.22631-SP0`.
fn windows(os: &str, python: &str) -> Option<Version> {
    let mut words = os.split([' ', '(', ')']).chain(python.split('-'));
    words.find_map(|word| word.starts_with("10.").then(|| word.parse().ok())?)
}

/// `Model name:` of `lscpu`, `Name:` or `Name=` on Windows, the line below `CPU:` on macOS.
fn processor(text: &str, labels: &LabeledText<'_>) -> Option<String> {
    let mut lines = text.lines().map(str::trim).skip_while(|line| *line != "CPU:").skip(1);
    let below = lines.next().filter(|line| !line.is_empty() && !line.contains([':', '=']));
    let by_equals =
        || text.lines().find_map(|line| line.trim().strip_prefix("Name=")).map(str::trim);
    let name = labels.first("model name").or_else(|| labels.first("name"));
    name.or_else(by_equals).or(below).filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Labels at the start of a line.
const LABELS: [&str; 25] = [
    "PyTorch version:",
    "Is debug build:",
    "CUDA used to build PyTorch:",
    "ROCM used to build PyTorch:",
    "OS:",
    "GCC version:",
    "Clang version:",
    "CMake version:",
    "Libc version:",
    "Python version:",
    "Python platform:",
    "Is CUDA available:",
    "CUDA runtime version:",
    "CUDA_MODULE_LOADING set to:",
    "GPU models and configuration:",
    "Nvidia driver version:",
    "cuDNN version:",
    "Is XPU available:",
    "HIP runtime version:",
    "MIOpen runtime version:",
    "Is XNNPACK available:",
    "CPU:",
    "Architecture:",
    "Model name:",
    "Stepping:",
];

/// The text with each label at the start of a line: the summary of an issue and a terminal join lines.
fn unfold(text: &str) -> String {
    let mut unfolded = String::new();
    for line in text.lines() {
        let starts = starts(line);
        let mut from = 0;
        // A single label stays where it is.
        for place in starts.iter().filter(|_| starts.len() > 1) {
            unfolded += &line[from..*place];
            unfolded.push('\n');
            from = *place;
        }
        unfolded += &line[from..];
        unfolded.push('\n');
    }
    unfolded
}

/// Where labels start in a line, and those of single GPUs.
fn starts(line: &str) -> Vec<usize> {
    let is_start = |place: &usize| *place == 0 || line[..*place].ends_with([' ', '\t']);
    let labels = LABELS.iter().flat_map(|label| line.match_indices(label));
    let mut places: Vec<usize> = labels.map(|(place, _)| place).filter(is_start).collect();
    // `GPU 0: NVIDIA L4 GPU 1: NVIDIA L4`; a single one may follow its heading on the line.
    let is_gpu = |place: &usize| {
        let number = line[place + 4..].split(':').next().unwrap_or_default();
        is_start(place) && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
    };
    let gpus = line.match_indices("GPU ").map(|(place, _)| place);
    let gpus: Vec<usize> = gpus.filter(is_gpu).collect();
    if gpus.len() > 1 || places.len() > 1 {
        places.extend(gpus);
    }
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(String, bool)> {
        gpus(&LabeledText::of(text))
    }

    #[test]
    fn gpus_are_on_one_line_or_below_it() {
        let one = [("Quadro P1000".to_owned(), false)];
        assert_eq!(
            names(
                "GPU models and configuration: GPU 0: Quadro P1000\nNvidia driver version: 426.25"
            ),
            one
        );
        assert_eq!(names("GPU models and configuration : Quadro P1000\n"), one);
        let two = names(
            "GPU models and configuration: \nGPU 0: NVIDIA A100-SXM4-40GB\n  MIG 1g.5gb     Device  0: \nGPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-1)\n\nNvidia driver version: 1",
        );
        let name = "NVIDIA A100-SXM4-40GB".to_owned();
        assert_eq!(two, [(name.clone(), true), (name, false)]);
    }

    #[test]
    fn missing_values_are_not_names() {
        for value in ["Could not collect", "No CUDA", "N/A", "", "No devices found."] {
            let text = format!("GPU models and configuration: {value}\nNvidia driver version: x\n");
            assert_eq!(names(&text), [], "{value}");
        }
    }

    fn read_text(text: &str) -> Machine {
        let mut machine = super::super::unknown_machine("collect_env");
        read(&Document::of(text, None), &mut machine).expect("recognized").expect("read");
        machine
    }

    #[test]
    fn the_cuda_version_of_a_toolkit_is_ignored() {
        let machine = read_text(
            "PyTorch version: 2.1.0\nCUDA used to build PyTorch: 12.1\nCUDA runtime version: 11.5.119\nNvidia driver version: 535.104.05\n",
        );
        assert!(machine.driver_cuda.value().is_none());
        assert_eq!(machine.driver.value().map(ToString::to_string).as_deref(), Some("535.104.05"));
    }

    #[test]
    fn no_cuda_is_absent_and_could_not_collect_alone_is_not() {
        let text = |available: &str, value: &str| {
            format!(
                "Is CUDA available: {available}\nGPU models and configuration: {value}\nNvidia driver version: {value}\n"
            )
        };
        assert_eq!(read_text(&text("False", "No CUDA")).driver, Detected::Absent);
        assert_eq!(read_text(&text("No", "Could not collect")).driver, Detected::Absent);
        for available in ["True", "N/A"] {
            let machine = read_text(&text(available, "Could not collect"));
            assert!(matches!(machine.driver, Detected::Unknown { .. }), "{available}");
            assert!(matches!(machine.gpu_count, Detected::Unknown { .. }), "{available}");
        }
    }

    #[test]
    fn gpus_with_rocm_are_not_nvidias() {
        let machine = read_text(
            "ROCM used to build PyTorch: 6.0.32830\nIs CUDA available: True\nGPU models and configuration: AMD Instinct MI250X (gfx90a:sramecc+:xnack-)\nNvidia driver version: Could not collect\n",
        );
        assert!(machine.gpus.is_empty() && machine.gpu_count == Detected::Absent);
        assert_eq!(machine.adapters.first().map(|card| card.vendor), Some(Vendor::Amd));
    }

    #[test]
    fn one_version_a_gpu_is_one_driver() {
        let machine =
            read_text("Is CUDA available: True\nNvidia driver version: \n537.13\n537.13\n");
        assert_eq!(machine.driver.value().map(ToString::to_string).as_deref(), Some("537.13"));
    }

    fn read_system(text: &str) -> Machine {
        let mut machine = super::super::unknown_machine("collect_env");
        fill_system(text, &LabeledText::of(text), &mut machine);
        machine
    }

    #[track_caller]
    fn check(text: &str, subdir: Option<Subdir>, glibc: Option<&str>) {
        let machine = read_system(text);
        assert_eq!(machine.subdir.value().copied(), subdir, "{text}");
        let found = machine.glibc.value().map(ToString::to_string);
        assert_eq!(found.as_deref(), glibc, "{text}");
    }

    #[test]
    fn any_line_with_an_architecture_names_the_platform() {
        check(
            "OS: Ubuntu 22.04.3 LTS (x86_64)\nLibc version: glibc-2.35",
            Some(Subdir::Linux64),
            Some("2.35"),
        );
        check(
            "OS: Ubuntu 22.04.3 LTS\nPython platform: Linux-5.15.0-91-generic-aarch64-with-glibc2.34",
            Some(Subdir::LinuxAarch64),
            Some("2.34"),
        );
        check(
            "OS: Could not collect\nPython platform: Linux-5.4.0-x86_64-with-debian-10",
            Some(Subdir::Linux64),
            None,
        );
        check("OS: macOS 14.5 (arm64)\nLibc version: N/A", Some(Subdir::OsxArm64), None);
        check("OS: Mac OSX 10.15.7 (x86_64)", Some(Subdir::Osx64), None);
        check("OS: Microsoft Windows 10 Home\nLibc version: N/A", Some(Subdir::Win64), None);
        check(
            "OS: Could not collect\ncuDNN version: C:\\Program Files\\cudnn.dll",
            Some(Subdir::Win64),
            None,
        );
        check("OS: Could not collect", None, None);
        check("OS: Ubuntu 18.04.3 LTS\nArchitecture:   x86_64", Some(Subdir::Linux64), None);
        check("OS: Ubuntu 18.04.3 LTS", None, None);
    }

    #[test]
    fn alpine_has_no_glibc() {
        assert_eq!(read_system("OS: Alpine Linux v3.18 (x86_64)").glibc, Detected::Absent);
    }

    #[test]
    fn an_x86_python_on_an_apple_processor_runs_in_rosetta() {
        let machine = read_system("OS: macOS 13.4 (x86_64)\n\nCPU:\nApple M1 Pro\n");
        assert_eq!(machine.rosetta.value(), Some(&true));
        let intel = read_system("OS: macOS 13.4 (x86_64)\n\nCPU:\nIntel(R) Core(TM) i9\n");
        assert!(intel.rosetta.value().is_none());
    }

    #[test]
    fn the_kernel_names_wsl_and_jetson() {
        let wsl = read_system(
            "OS: Ubuntu 22.04 (x86_64)\nPython platform: Linux-5.15.153.1-microsoft-standard-WSL2-x86_64-with-glibc2.35",
        );
        assert_eq!(wsl.wsl.value().map(String::as_str), Some("2"));
        let jetson = read_system(
            "OS: Ubuntu 22.04 (aarch64)\nPython platform: Linux-5.15.148-tegra-aarch64-with-glibc2.35",
        );
        assert!(jetson.jetson.is_found() && jetson.wsl == Detected::Absent);
    }

    #[test]
    fn windows_has_its_build() {
        for text in [
            "OS: Microsoft Windows 11 Pro (10.0.22631 64-bit)",
            "OS: Microsoft Windows 10 Home\nPython platform: Windows-10-10.0.22631-SP0",
        ] {
            let windows = read_system(text).windows.value().map(ToString::to_string);
            assert_eq!(windows.as_deref(), Some("10.0.22631"), "{text}");
        }
    }

    #[test]
    fn labels_on_one_line_are_split() {
        let text = "OS: Ubuntu (x86_64) Libc version: glibc-2.35 GPU models and configuration: GPU 0: NVIDIA L4 GPU 1: NVIDIA L4 Nvidia driver version: 550.67";
        let lines: Vec<String> = unfold(text).lines().map(|line| line.trim().to_owned()).collect();
        assert_eq!(
            lines,
            [
                "",
                "OS: Ubuntu (x86_64)",
                "Libc version: glibc-2.35",
                "GPU models and configuration:",
                "GPU 0: NVIDIA L4",
                "GPU 1: NVIDIA L4",
                "Nvidia driver version: 550.67",
            ]
        );
    }

    #[test]
    fn text_with_a_label_a_line_is_unchanged() {
        let text =
            "GPU models and configuration: GPU 0: Quadro P1000\nCPU:\nArchitecture: x86_64\n";
        assert_eq!(unfold(text), text);
    }
}
