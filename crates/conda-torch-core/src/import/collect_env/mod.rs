//! `python -m torch.utils.collect_env`, and programs based on it (vLLM's, with sections).
//!
//! `CUDA used to build PyTorch` and `CUDA runtime version` are versions of toolkits, not of the driver: they are not
//! read. Source: `torch/utils/collect_env.py`, PyTorch 1.0 to 2.13.

mod system;
mod unfold;

use super::document::Document;
use super::labels::LabeledText;
use super::{Recognized, reported, set};
use crate::types::{Adapter, Detected, Gpu, Machine, Vendor};

/// The heading of the list of GPUs.
const GPUS: &str = "gpu models and configuration";
const DRIVER: &str = "nvidia driver version";

pub(super) fn read(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let text = unfold::unfold(&document.plain);
    let labels = LabeledText::of(&text);
    let others = [GPUS, "cuda used to build pytorch", DRIVER, "is cuda available"];
    let count = others.iter().filter(|label| labels.has(label)).count();
    let is_named = labels.has("pytorch version") || document.plain.contains("collect_env");
    if count < 2 && !(count == 1 && is_named) {
        return None;
    }
    system::fill(&text, &labels, machine);
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

/// What stands for a missing value.
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
}
