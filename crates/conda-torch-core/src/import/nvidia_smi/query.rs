//! `nvidia-smi -q` as text, `nvidia-smi --version` and `nvidia-smi -L`.

use crate::types::MOST_GPUS;

use super::{Field, Report, ReportedGpu, values};

/// Labels that only `-q` prints.
const LABELS: [&str; 4] =
    ["Product Name", "Attached GPUs", "Product Architecture", "Product Brand"];

/// Headings, or nothing where any counts, and the labels below them.
const FIELDS: [(&str, &str, Field); 10] = [
    ("", "attached gpus", Field::Count),
    ("driver model", "current", Field::DriverModel),
    ("driver model", "current dm", Field::DriverModel),
    ("", "persistence mode", Field::Persistence),
    ("", "product name", Field::Name),
    ("", "device id", Field::PciId),
    ("", "pci device id", Field::PciId),
    ("fb memory usage", "total", Field::Memory),
    ("mig mode", "current", Field::Mig),
    ("mig mode", "current mig", Field::Mig),
];

const VERSIONS: [&str; 4] = ["driver version", "kmd version", "cuda version", "cuda umd version"];

pub(in super::super) fn parse(text: &str) -> Option<Report> {
    let may_be = LABELS.iter().any(|label| text.contains(label));
    let mut lines = text.lines().filter(|_| may_be);
    lines.any(|line| LABELS.contains(&label_and_value(line).0)).then(|| report(text))
}

pub(in super::super) fn parse_version(text: &str) -> Option<Report> {
    let lower = text.to_ascii_lowercase();
    if !lower.contains("nvidia-smi version") && !lower.contains("nvml version") {
        return None;
    }
    let has = |label: &str| lower.lines().any(|line| label_and_value(line).0 == label);
    let is_version = has("nvidia-smi version") || has("nvml version") && has("driver version");
    is_version.then(|| report(text))
}

/// The label and the value of a line. A line without a colon is a heading.
fn label_and_value(line: &str) -> (&str, Option<&str>) {
    match line.split_once(':') {
        Some((label, value)) => (label.trim(), Some(value.trim())),
        None => (line.trim(), None),
    }
}

/// The lines with versions, below the heading of `-q`. People mention other drivers within a line (`it worked with
/// Driver Version: 470.82`).
fn version_lines(text: &str) -> String {
    let below = text.split_once("NVSMI LOG").map_or(text, |(_, below)| below);
    let label = |line: &str| label_and_value(line).0.to_ascii_lowercase();
    let lines: Vec<&str> =
        below.lines().filter(|line| VERSIONS.contains(&label(line).as_str())).collect();
    lines.join("\n")
}

pub(super) fn report(text: &str) -> Report {
    let versions = version_lines(text);
    let mut report = Report {
        driver: values::driver(&versions),
        cuda: values::cuda(&versions),
        has_no_cuda: values::has_no_cuda(&versions),
        ..Report::default()
    };
    let mut heading = "";
    for line in text.lines() {
        let (label, value) = label_and_value(line);
        if report.gpus.len() > MOST_GPUS {
            break;
        }
        if is_gpu_heading(line) {
            report.gpus.push(ReportedGpu::default());
            continue;
        }
        let Some(value) = value else {
            heading = label;
            continue;
        };
        // A paste may start below the heading of its first GPU.
        if label.eq_ignore_ascii_case("product name")
            && report.gpus.last().is_none_or(|gpu| gpu.name.is_some())
        {
            report.gpus.push(ReportedGpu::default());
        }
        let field = FIELDS.iter().find(|(below, name, _)| {
            label.eq_ignore_ascii_case(name)
                && (below.is_empty() || heading.eq_ignore_ascii_case(below))
        });
        if let Some((_, _, field)) = field {
            report.set(*field, value);
        }
    }
    // Only Linux has a persistence mode: with a driver of Windows this is WSL.
    if report.has_persistence && report.os == Some("Windows") {
        report.is_wsl = true;
    }
    if report.has_persistence {
        report.os = Some("Linux");
    }
    report
}

/// Whether a line is the heading of a GPU: `GPU 00000000:01:00.0`.
fn is_gpu_heading(line: &str) -> bool {
    let parts: Vec<&str> = line.trim().split(':').collect();
    let number = parts[0].strip_prefix("GPU ").map(str::trim).unwrap_or_default();
    let is_hexadecimal = number.bytes().all(|b| b.is_ascii_hexdigit());
    parts.len() == 3 && number.len() >= 4 && is_hexadecimal
}

/// What `-L` printed: `GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-…)`, with slices below. UUIDs are dropped.
pub(in super::super) fn parse_list(text: &str) -> Option<Report> {
    list(text, |name| Some(name.split_once("(UUID")?.0.trim()))
}

/// The same without UUIDs, which people remove.
pub(in super::super) fn parse_names(text: &str) -> Option<Report> {
    list(text, |name| {
        // `GPU 2: Intel UHD Graphics 770 [Integrated]`
        let end = [" (", " ["].iter().filter_map(|sign| name.find(sign)).min();
        let name = name[..end.unwrap_or(name.len())].trim();
        let is_other = ["Intel", "AMD", "Radeon"].iter().any(|maker| name.starts_with(maker));
        (!is_other).then_some(name)
    })
}

fn list(text: &str, name_of: fn(&str) -> Option<&str>) -> Option<Report> {
    if !text.contains("GPU ") {
        return None;
    }
    let mut gpus: Vec<ReportedGpu> = Vec::new();
    for line in text.lines().map(str::trim) {
        let numbered = numbered(line).and_then(|(index, name)| Some((index, name_of(name)?)));
        if let Some((index, name)) = numbered {
            let name = values::known(name).map(str::to_owned);
            gpus.push(ReportedGpu { index: Some(index), name, ..ReportedGpu::default() });
            if gpus.len() > MOST_GPUS {
                break;
            }
        } else if let Some(gpu) = gpus.last_mut()
            && line.starts_with("MIG ")
            && line.contains("Device")
        {
            gpu.mig = Some(true);
        }
    }
    (!gpus.is_empty()).then(|| Report { gpus, ..Report::default() })
}

fn numbered(line: &str) -> Option<(u32, &str)> {
    let (number, rest) = line.strip_prefix("GPU ")?.split_once(':')?;
    Some((number.trim().parse().ok()?, rest.trim()))
}
