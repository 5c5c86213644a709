//! What `python -m torch.utils.collect_env` prints, and what is made after it (vLLM's, with sections).
//!
//! `CUDA used to build PyTorch` and `CUDA runtime version` are versions of toolkits, and tell nothing
//! about the driver: they are not read. Source: `torch/utils/collect_env.py`, PyTorch 1.0 to 2.13.

mod system;
mod unfold;

use crate::types::{Adapter, Detected, Gpu, Machine, Vendor};

use super::document::Document;
use super::labels::LabeledText;
use super::said;

/// The heading of the list of GPUs.
const GPUS: &str = "gpu models and configuration";

pub(super) fn is_text(document: &Document<'_>) -> bool {
    let text = unfold::unfold(&document.plain);
    let labelled = LabeledText::of(&text);
    let others = [GPUS, "cuda used to build pytorch", "nvidia driver version", "is cuda available"];
    let count = others.iter().filter(|label| labelled.has(label)).count();
    let is_named = labelled.has("pytorch version") || document.plain.contains("collect_env");
    count >= 2 || count == 1 && is_named
}

#[expect(clippy::unnecessary_wraps, reason = "the form of every reader")]
pub(super) fn read(document: &Document<'_>, machine: &mut Machine) -> Result<(), String> {
    let text = unfold::unfold(&document.plain);
    let labelled = LabeledText::of(&text);
    system::fill(&text, &labelled, machine);
    if is_rocm(&labelled) {
        other_adapter(Vendor::Amd, machine);
        none(machine);
    } else {
        nvidia(&text, &labelled, machine);
    }
    if told(&labelled, "is xpu available").is_some_and(|text| text == "True") {
        other_adapter(Vendor::Intel, machine);
    }
    Ok(())
}

/// A value that says something.
fn told<'t>(labelled: &LabeledText<'t>, label: &str) -> Option<&'t str> {
    labelled.first(label).filter(|text| !is_silent(text))
}

/// What stands for a value that could not be had.
fn is_silent(text: &str) -> bool {
    matches!(text, "" | "N/A" | "n/a" | "None" | "Could not collect" | "No CUDA" | "[N/A]" | "ERR!")
}

/// Whether this PyTorch is for AMD: then the GPUs are.
fn is_rocm(labelled: &LabeledText<'_>) -> bool {
    told(labelled, "rocm used to build pytorch").is_some()
}

/// A GPU of which nothing but the maker matters.
fn other_adapter(vendor: Vendor, machine: &mut Machine) {
    machine.adapters.push(Adapter { vendor, pci_id: String::new(), kernel_driver: None });
}

fn none(machine: &mut Machine) {
    machine.driver = Detected::Absent;
    machine.driver_cuda = Detected::Absent;
    machine.gpu_count = Detected::Absent;
}

fn nvidia(text: &str, labelled: &LabeledText<'_>, machine: &mut Machine) {
    let version = told(labelled, "nvidia driver version").or_else(|| below(text));
    let driver = version.and_then(|value| value.split_whitespace().next()?.parse().ok());
    if let Some(driver) = driver {
        machine.driver = said(driver, machine);
    }
    let names = gpus(labelled);
    for (index, (name, mig)) in (0..).zip(&names) {
        let unknown = "collect_env does not say it";
        let gpu = Gpu {
            index,
            name: said(name.clone(), machine),
            compute_capability: Detected::unknown(unknown),
            memory_mib: Detected::unknown(unknown),
            mig: said(*mig, machine),
            mig_slices: Detected::unknown(unknown),
            virtualization: Detected::unknown(unknown),
            pci_id: None,
        };
        machine.gpus.push(gpu);
    }
    if let Ok(count @ 1..) = u32::try_from(names.len()) {
        machine.gpu_count = said(count, machine);
        return;
    }
    let shows_none = labelled.first(GPUS).is_some_and(|text| text.starts_with("No devices"));
    if shows_none && driver.is_some() {
        machine.gpu_count = Detected::Absent;
    } else if driver.is_none() && sees_none(labelled) {
        none(machine);
    } else {
        machine.gpu_count = Detected::unknown("`nvidia-smi` did not name any");
    }
}

/// Neither `nvidia-smi` nor PyTorch found a GPU.
fn sees_none(labelled: &LabeledText<'_>) -> bool {
    let asked = labelled.has(GPUS) && labelled.has("nvidia driver version");
    asked && labelled.first("is cuda available").is_some_and(|text| matches!(text, "False" | "No"))
}

/// The driver's version on the line below its label: one for each GPU.
fn below(text: &str) -> Option<&str> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| {
        line.split(':').next().is_some_and(|label| label.trim() == "Nvidia driver version")
            && line.ends_with(':')
    })?;
    lines.next()
}

/// The names of the GPUs in order, and whether each is split by MIG.
fn gpus(labelled: &LabeledText<'_>) -> Vec<(String, bool)> {
    let mut gpus: Vec<(String, bool)> = Vec::new();
    let mut entries = labelled.iter().skip_while(|(label, _)| *label != GPUS);
    let only = entries.next().map_or("", |(_, value)| value);
    let numbered = only.strip_prefix("GPU ").and_then(|rest| rest.split_once(": "));
    let name = numbered.map_or(only, |(_, name)| name);
    if !is_silent(name) && !name.starts_with("No devices") && !name.contains("not found") {
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
    fn gpus_stand_on_one_line_or_below_it() {
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
    fn what_could_not_be_had_is_no_name() {
        for value in ["Could not collect", "No CUDA", "N/A", "", "No devices found."] {
            let text = format!("GPU models and configuration: {value}\nNvidia driver version: x\n");
            assert_eq!(names(&text), [], "{value}");
        }
    }

    fn read_text(text: &str) -> Machine {
        let mut machine = super::super::blank("collect_env");
        read(&Document::of(text, None), &mut machine).expect("it is read");
        machine
    }

    #[test]
    fn a_toolkit_is_not_taken_for_the_drivers_cuda() {
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
    fn the_gpus_of_rocm_are_not_nvidias() {
        let machine = read_text(
            "ROCM used to build PyTorch: 6.0.32830\nIs CUDA available: True\nGPU models and configuration: AMD Instinct MI250X (gfx90a:sramecc+:xnack-)\nNvidia driver version: Could not collect\n",
        );
        assert!(machine.gpus.is_empty() && machine.gpu_count == Detected::Absent);
        assert_eq!(machine.adapters.first().map(|card| card.vendor), Some(Vendor::Amd));
    }

    #[test]
    fn a_version_for_each_gpu_is_one() {
        let machine =
            read_text("Is CUDA available: True\nNvidia driver version: \n537.13\n537.13\n");
        assert_eq!(machine.driver.value().map(ToString::to_string).as_deref(), Some("537.13"));
    }
}
