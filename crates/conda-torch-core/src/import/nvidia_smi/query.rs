//! `nvidia-smi -q` as text, and `nvidia-smi --version`.

use crate::types::Machine;

use super::super::document::Document;
use super::{Report, ReportedGpu, System, fill, is_of_windows, values};

pub(in super::super) fn is_text(document: &Document<'_>) -> bool {
    let labels = ["Product Name", "Attached GPUs", "Product Architecture", "Product Brand"];
    let has = |label: &&str| document.plain.lines().any(|line| labelled(line).0 == *label);
    labels.iter().any(has)
}

/// Whether this is what `--version` prints.
pub(in super::super) fn is_version(document: &Document<'_>) -> bool {
    let lower = document.plain.to_ascii_lowercase();
    let has = |wanted: &str| lower.lines().any(|line| labelled(line).0 == wanted);
    has("nvidia-smi version") || has("nvml version") && has("driver version")
}

#[expect(clippy::unnecessary_wraps, reason = "the form of every reader")]
pub(in super::super) fn read(document: &Document<'_>, machine: &mut Machine) -> Result<(), String> {
    fill(told(&document.plain), machine);
    Ok(())
}

/// The label and the value of a line; without a colon the line is a heading.
fn labelled(line: &str) -> (&str, Option<&str>) {
    match line.split_once(':') {
        Some((label, value)) => (label.trim(), Some(value.trim())),
        None => (line.trim(), None),
    }
}

/// The lines with versions below the heading, if it is there. People write of other drivers in the
/// middle of a line (`it worked with Driver Version: 470.82`).
fn versions(text: &str) -> String {
    let labels = ["driver version", "kmd version", "cuda version", "cuda umd version"];
    let below = text.split_once("NVSMI LOG").map_or(text, |(_, below)| below);
    let is_version = |line: &&str| labels.contains(&labelled(line).0.to_ascii_lowercase().as_str());
    below.lines().filter(is_version).fold(String::new(), |all, line| all + line + "\n")
}

fn told(text: &str) -> Report {
    let versions = versions(text);
    let mut told = Report {
        driver: values::driver(&versions),
        cuda: values::cuda(&versions),
        has_no_cuda: values::has_no_cuda(&versions),
        ..Report::default()
    };
    let mut heading = "";
    for line in text.lines() {
        let (label, said) = labelled(line);
        if line.trim_start().starts_with("GPU ") && is_place(label, line) {
            told.gpus.push(ReportedGpu::default());
            continue;
        }
        let Some(said) = said else {
            heading = label;
            continue;
        };
        if label == "Attached GPUs" {
            told.count = said.parse().ok();
        } else if (heading, label) == ("Driver Model", "Current") {
            told.system = told.system.or(is_of_windows(said).then_some(System::Windows));
        } else {
            gpu(&mut told.gpus, heading, label, said);
        }
    }
    told
}

/// Whether a line is the heading of a GPU: `GPU 00000000:01:00.0`.
fn is_place(label: &str, line: &str) -> bool {
    let number = label.trim_start_matches("GPU ").trim();
    line.matches(':').count() == 2
        && number.len() >= 4
        && number.bytes().all(|b| b.is_ascii_hexdigit())
}

fn gpu(gpus: &mut Vec<ReportedGpu>, heading: &str, label: &str, said: &str) {
    // A paste may begin below the heading of its first GPU.
    if label == "Product Name" && gpus.last().is_none_or(|gpu| gpu.name.is_some()) {
        gpus.push(ReportedGpu::default());
    }
    let Some(gpu) = gpus.last_mut() else { return };
    match (heading, label) {
        (_, "Product Name") => gpu.name = values::known(said).map(str::to_owned),
        (_, "Device Id") => gpu.pci_id = values::pci_id(said).or(gpu.pci_id.take()),
        ("FB Memory Usage", "Total") => gpu.memory = values::mib(said),
        ("MIG Mode", "Current") => gpu.mig = values::switch(said),
        _ => {}
    }
}
