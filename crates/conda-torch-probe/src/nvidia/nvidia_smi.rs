//! `nvidia-smi`, the driver's program. It is slow and may hang, so it is only run if the libraries do not answer.

use conda_torch_core::conda::Os;
use conda_torch_core::import::nvidia_smi::{Report, csv};
use conda_torch_core::types::{Detected, Machine, Origin, Outcome};

use super::{DriverStatus, gpu, improve};
use crate::clients::on_path;
use crate::host::Failure;
use crate::probe::{Probe, failed, quoted, succeeded};

const SOURCE: &str = "nvidia-smi";

/// The columns of current drivers, and of drivers below 510, which do not know `compute_cap`.
const COLUMNS: &str = "index,name,driver_version,compute_cap,memory.total,pci.device_id";
const OLD_COLUMNS: &str = "index,name,driver_version,memory.total,pci.device_id";
const FORMAT: &str = "--format=csv,noheader,nounits";

const NO_DEVICES: &str = "No devices were found";

/// What mamba and, on musl, pixi run.
const CLIENT_QUERY: [&str; 3] = ["--query", "-u", "-x"];
const CLIENT_SOURCE: &str = "nvidia-smi --query -u -x";

/// Drivers from this branch on print words beside the CUDA version; older ones print only the number.
const REWORDED: u32 = 610;

pub(super) fn detect(probe: &mut Probe<'_>, status: DriverStatus) {
    let skipped = match status {
        DriverStatus::Answers => Some("the libraries answered"),
        DriverStatus::Hangs => Some("the driver does not answer its libraries"),
        DriverStatus::Silent | DriverStatus::NotLoaded => None,
    };
    if let Some(why) = skipped {
        return probe.report(SOURCE, Outcome::Skipped, why);
    }
    let Some(program) = program(probe) else {
        return probe.report(SOURCE, Outcome::Absent, "not on PATH");
    };
    match query(probe, &program) {
        Ok(Some(report)) => {
            probe.report(SOURCE, Outcome::Ok, format!("{} in all", report.gpus.len()));
            fill(&mut probe.machine, report);
        }
        Ok(None) => {
            probe.report(SOURCE, Outcome::Ok, "no devices were found");
            if let Detected::Unknown { .. } = probe.machine.gpu_count {
                probe.machine.gpu_count = Detected::Absent;
            }
        }
        Err(failure) => probe.report_failure(SOURCE, &failure),
    }
}

/// The program on PATH, or in its folder on Windows and WSL.
fn program(probe: &Probe<'_>) -> Option<String> {
    on_path(probe, SOURCE).or_else(|| {
        let path = if probe.is_on(Os::Windows) {
            let root = probe.env("SystemRoot").unwrap_or_else(|| "C:\\Windows".to_owned());
            format!("{root}\\System32\\nvidia-smi.exe")
        } else {
            "/usr/lib/wsl/lib/nvidia-smi".to_owned()
        };
        probe.host.is_file(&path).then_some(path)
    })
}

fn query(probe: &Probe<'_>, program: &str) -> Result<Option<Report>, Failure> {
    let run = |columns| probe.host.run(program, &[&format!("--query-gpu={columns}"), FORMAT]);
    let mut output = run(COLUMNS)?;
    let texts = [&output.stdout, &output.stderr];
    if output.code != Some(0) && texts.iter().any(|text| text.contains("compute_cap")) {
        output = run(OLD_COLUMNS)?;
    }
    // Newer drivers exit with 6 then.
    if output.stdout.contains(NO_DEVICES) {
        return Ok(None);
    }
    read(&succeeded(output)?.stdout).map(Some)
}

/// The rows with a number, at least one.
fn read(text: &str) -> Result<Report, Failure> {
    for columns in [COLUMNS, OLD_COLUMNS] {
        let mut report = csv::read(columns, text);
        report.gpus.retain(|gpu| gpu.index.is_some());
        if !report.gpus.is_empty() {
            return Ok(report);
        }
    }
    failed(format!("no table in {}", quoted(text)))
}

fn fill(machine: &mut Machine, report: Report) {
    if let Some(driver) = report.driver {
        improve(&mut machine.driver, Detected::found(driver, Origin::NvidiaSmi));
    }
    if let Ok(count) = u32::try_from(report.gpus.len()) {
        // It shows the GPUs that a program may use, the kernel's files all of them.
        machine.gpu_count = Detected::found(count, Origin::NvidiaSmi);
        machine.gpus.truncate(report.gpus.len());
    }
    for (place, reported) in (0..).zip(report.gpus) {
        let index = reported.index.unwrap_or(place);
        let why = "nvidia-smi did not report it";
        *gpu(machine, index) = reported.describe(index, why, &Origin::NvidiaSmi);
    }
}

/// The program's path, and its CUDA version as mamba reads it. Not run if NVML has it, or if the driver hangs.
pub(super) fn detect_client_query(probe: &mut Probe<'_>) {
    let Some(program) = on_path(probe, SOURCE) else {
        probe.machine.nvidia_smi = Detected::Absent;
        probe.machine.nvidia_smi_cuda = Detected::Absent;
        return;
    };
    probe.machine.nvidia_smi = Detected::found(program.clone(), Origin::Env("PATH".into()));
    let machine = &probe.machine;
    let is_old = machine.driver.value().is_none_or(|driver| driver.branch() < REWORDED);
    probe.machine.nvidia_smi_cuda = if machine.nvml.is_found() && is_old {
        Detected::unknown("not asked: NVML reported it")
    } else if machine.sources.iter().any(|source| source.outcome == Outcome::TimedOut) {
        Detected::unknown("not asked: the driver does not answer")
    } else {
        client_cuda(probe, &program)
    };
}

fn client_cuda(probe: &mut Probe<'_>, program: &str) -> Detected<String> {
    match probe.host.run(program, &CLIENT_QUERY) {
        Ok(output) => {
            let cuda = between_tags(&output.stdout);
            let detail = cuda.map_or("no CUDA version in it".to_owned(), quoted);
            probe.report(CLIENT_SOURCE, Outcome::Ok, detail);
            let found = |text: &str| Detected::found(text.to_owned(), Origin::NvidiaSmi);
            cuda.map_or(Detected::Absent, found)
        }
        Err(failure) => {
            probe.report_failure(CLIENT_SOURCE, &failure);
            Detected::unknown(failure.to_string())
        }
    }
}

/// As mamba and pixi read it: in the first line with both tags, from the first opening to the last closing one.
fn between_tags(text: &str) -> Option<&str> {
    text.lines().find_map(|line| {
        let (_, rest) = line.split_once("<cuda_version>")?;
        rest.rsplit_once("</cuda_version>").map(|(between, _)| between)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_are_unknown() {
        let text = "0, NVIDIA GeForce GTX 1080 Ti, 580.65.06, 6.1, 11264, 0x1B0610DE\n\
                    1, [Unknown Error], 580.65.06, [N/A], ERR!, 0x268410DE\n";
        let gpus = read(text).expect("a table").gpus;
        assert_eq!(gpus[0].capability, "6.1".parse().ok());
        let gpu = &gpus[1];
        assert_eq!((&gpu.name, gpu.capability, gpu.memory), (&None, None, None));
        assert_eq!(gpu.pci_id.as_deref(), Some("10de:2684"));
    }

    #[test]
    fn an_older_table_only_lacks_the_capability() {
        let report = read("0, Tesla K80, 470.256.02, 11441, 0x102D10DE").expect("a table");
        assert_eq!((report.gpus[0].capability, report.gpus[0].memory), (None, Some(11441)));
    }

    #[test]
    fn other_text_is_an_error() {
        for text in ["", "\u{fffd}garbage\n", "NVIDIA-SMI has failed", "a, b, c, d, e, f"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_text_between_the_tags_is_kept() {
        let xml = "<?xml?>\n<driver_version>550.54</driver_version>\n\t<cuda_version>12.4</cuda_version>\n";
        assert_eq!(between_tags(xml), Some("12.4"));
        assert_eq!(between_tags("<cuda_version>N/A</cuda_version>"), Some("N/A"));
        assert_eq!(between_tags("<cuda_version>\n12.4\n</cuda_version>"), None);
        assert_eq!(between_tags("NVIDIA-SMI has failed"), None);
    }
}
