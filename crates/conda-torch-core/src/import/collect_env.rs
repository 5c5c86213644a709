//! `python -m torch.utils.collect_env`, and programs based on it (vLLM's, with sections).
//!
//! `CUDA used to build PyTorch` and `CUDA runtime version` are versions of toolkits, not of the driver: they are not
//! read. Source: `torch/utils/collect_env.py`, PyTorch 1.0 to 2.13.

use super::document::Document;
use super::fields::Fields;
use super::system::System;
use super::{Recognized, origin, set};
use crate::types::{Adapter, Detected, Gpu, MOST_GPUS, Machine, Origin, Vendor};

const GPUS: &str = "gpu models and configuration";
const DRIVER: &str = "nvidia driver version";

pub(super) fn read(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let others = [GPUS, "cuda used to build pytorch", DRIVER, "is cuda available"];
    let lower = document.plain.to_ascii_lowercase();
    if !others.iter().any(|label| lower.contains(label)) {
        return None;
    }
    let text = unfold(&document.plain);
    let fields = Fields::of_text(&text);
    let count = others.iter().filter(|label| fields.has(label)).count();
    let is_named = fields.has("pytorch version") || document.plain.contains("collect_env");
    if count < 2 && !(count == 1 && is_named) {
        return None;
    }
    let origin = origin(machine);
    fill_system(&text, &fields, machine, &origin);
    // Only the vendor of these GPUs matters.
    let adapter =
        |vendor| Adapter { vendor, pci_id: String::new(), kernel_driver: None, name: None };
    // With a PyTorch for AMD the GPUs are AMD's.
    if known(&fields, "rocm used to build pytorch").is_some() {
        machine.adapters.push(adapter(Vendor::Amd));
        set_no_gpu(machine);
    } else {
        nvidia(&text, &fields, machine, &origin);
    }
    if known(&fields, "is xpu available") == Some("True") {
        machine.adapters.push(adapter(Vendor::Intel));
    }
    Some(Ok(()))
}

fn known<'f>(fields: &'f Fields, label: &str) -> Option<&'f str> {
    fields.first(label).filter(|text| !is_missing(text))
}

fn is_missing(text: &str) -> bool {
    matches!(text, "" | "N/A" | "n/a" | "None" | "Could not collect" | "No CUDA" | "[N/A]" | "ERR!")
}

fn set_no_gpu(machine: &mut Machine) {
    machine.driver = Detected::Absent;
    machine.driver_cuda = Detected::Absent;
    machine.gpu_count = Detected::Absent;
}

fn nvidia(text: &str, fields: &Fields, machine: &mut Machine, origin: &Origin) {
    let version = known(fields, DRIVER).or_else(|| version_below(text));
    let driver = version.and_then(|value| value.split_whitespace().next()?.parse().ok());
    set(&mut machine.driver, driver, origin);
    for (index, (name, is_mig)) in (0..).zip(gpus(fields)).take(MOST_GPUS) {
        let mut gpu = Gpu::unknown(index, "collect_env does not report it");
        set(&mut gpu.name, Some(name), origin);
        set(&mut gpu.mig, Some(is_mig), origin);
        machine.gpus.push(gpu);
    }
    let no_devices = fields.first(GPUS).is_some_and(|text| text.starts_with("No devices"));
    machine.gpu_count = match u32::try_from(machine.gpus.len()) {
        Ok(count @ 1..) => Detected::found(count, origin.clone()),
        _ if no_devices && driver.is_some() => Detected::Absent,
        _ if driver.is_none() && sees_no_gpu(fields) => return set_no_gpu(machine),
        _ => Detected::unknown("`nvidia-smi` named none"),
    };
}

fn sees_no_gpu(fields: &Fields) -> bool {
    let is_available = fields.first("is cuda available");
    fields.has(GPUS) && fields.has(DRIVER) && matches!(is_available, Some("False" | "No"))
}

/// The driver's version on the line below its label: one a GPU.
fn version_below(text: &str) -> Option<&str> {
    let mut lines = text.lines().map(str::trim);
    let label = |line: &str| line.strip_suffix(':').map(str::trim_end).map(str::to_owned);
    lines.find(|line| label(line).as_deref() == Some("Nvidia driver version"))?;
    lines.next()
}

/// The names of the GPUs in order, and whether MIG is on.
fn gpus(fields: &Fields) -> Vec<(String, bool)> {
    let mut gpus: Vec<(String, bool)> = Vec::new();
    let mut entries = fields.iter().skip_while(|(label, _)| *label != GPUS);
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
            gpus.last_mut().into_iter().for_each(|(_, is_mig)| *is_mig = true);
        } else {
            break;
        }
    }
    gpus
}

fn without_uuid(name: &str) -> String {
    name.split(" (UUID").next().unwrap_or(name).trim().to_owned()
}

/// Fills what the lines `OS`, `Libc version`, `Python platform` and those about the CPU report.
fn fill_system(text: &str, fields: &Fields, machine: &mut Machine, origin: &Origin) {
    let python_version = known(fields, "python version").unwrap_or_default();
    let glibc = known(fields, "libc version").and_then(|libc| libc.strip_prefix("glibc-"));
    let system = System {
        os: known(fields, "os").unwrap_or_default(),
        platform: known(fields, "python platform").unwrap_or_default(),
        architecture: fields.first("architecture").unwrap_or_default(),
        processor: processor(text, fields).unwrap_or_default(),
        glibc: glibc.and_then(|glibc| glibc.parse().ok()),
        is_glibc_of_python: is_before_3_8(python_version),
        // Windows prints `Could not collect` if `wmic` does not answer; then its paths show it.
        has_windows_paths: text.contains(":\\"),
        ..System::default()
    };
    system.fill(machine, origin);
}

/// Python before 3.8 reads the glibc from its own binary: the oldest that it needs, not the system's.
/// Source: <https://bugs.python.org/issue35389>.
fn is_before_3_8(python: &str) -> bool {
    let mut parts = python.split(['.', ' ']).map_while(|part| part.parse::<u32>().ok());
    parts.next() == Some(3) && parts.next().is_some_and(|minor| minor < 8)
}

/// `Model name:` of `lscpu`, `Name:` or `Name=` on Windows, the line below `CPU:` on macOS.
fn processor<'t>(text: &'t str, fields: &'t Fields) -> Option<&'t str> {
    let lines = || text.lines().map(str::trim);
    let below = || lines().skip_while(|line| *line != "CPU:").nth(1);
    let below = || below().filter(|line| !line.is_empty() && !line.contains([':', '=']));
    let by_equals = || lines().find_map(|line| line.strip_prefix("Name=")).map(str::trim);
    let name = fields.first_of(&["model name", "name"]).or_else(by_equals).or_else(below);
    name.filter(|name| !name.is_empty())
}

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
    let mut unfolded = String::with_capacity(text.len());
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            unfolded.push('\n');
        }
        let (starts, mut at) = (starts(line), 0);
        // A single label stays where it is.
        for start in starts.iter().filter(|_| starts.len() > 1) {
            unfolded.extend([&line[at..*start], "\n"]);
            at = *start;
        }
        unfolded.push_str(&line[at..]);
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
        let rest = &line[place + 4..];
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        is_start(place) && after.len() < rest.len() && (after.is_empty() || after.starts_with(':'))
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
    use crate::conda::Subdir;

    fn names(text: &str) -> Vec<(String, bool)> {
        gpus(&Fields::of_text(text))
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
        fill_system(text, &Fields::of_text(text), &mut machine, &Origin::Baseline);
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
        let architecture = "OS: Ubuntu 18.04.3 LTS\nArchitecture:   x86_64";
        check(architecture, Some(Subdir::Linux64), Some("2.27"));
        check("OS: Ubuntu 18.04.3 LTS", None, Some("2.27"));
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
        let text = "GPU models and configuration: GPU 0: Quadro P1000\nCPU:\nArchitecture: x86_64";
        assert_eq!(unfold(text), text);
    }
}
