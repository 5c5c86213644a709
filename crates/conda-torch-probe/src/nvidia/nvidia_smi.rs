//! `nvidia-smi`, the driver's own program: the last resort, for it is slow and may hang.

use crate::host::{Failure, ProgramOutput};
use conda_torch_core::conda::Os;
use conda_torch_core::types::{Detected, DriverVersion, Machine, Origin, Outcome};

use super::{Answered, gpu, improve};
use crate::probe::{Probe, ended_well, quoted};
use conda_torch_core::import::nvidia_smi::ReportedGpu;
use conda_torch_core::import::nvidia_smi::csv::{self, Column};

/// The name under which it reports.
const SOURCE: &str = "nvidia-smi";

/// All that is asked; drivers below 510 do not know `compute_cap`.
const QUERY: &str = "--query-gpu=index,name,driver_version,compute_cap,memory.total,pci.device_id";
const OLD_QUERY: &str = "--query-gpu=index,name,driver_version,memory.total,pci.device_id";
/// The columns of both.
const COLUMNS: [Column; 6] = [
    Column::Index,
    Column::Name,
    Column::Driver,
    Column::Capability,
    Column::Memory,
    Column::PciId,
];
const OLD_COLUMNS: [Column; 5] =
    [Column::Index, Column::Name, Column::Driver, Column::Memory, Column::PciId];
const FORMAT: &str = "--format=csv,noheader,nounits";

pub(super) fn detect(probe: &mut Probe<'_>, answered: Answered) {
    match answered {
        Answered::Yes => return probe.report(SOURCE, Outcome::Skipped, "the libraries answered"),
        Answered::Hangs => {
            return probe.report(
                SOURCE,
                Outcome::Skipped,
                "the driver does not answer its libraries",
            );
        }
        Answered::No | Answered::NotLoaded => {}
    }
    let Some(program) = program(probe) else {
        return probe.report(SOURCE, Outcome::Absent, "not on PATH");
    };
    let answer = match ask(probe, &program) {
        Ok(answer) => answer,
        Err(failure) => return probe.report_failure(SOURCE, &failure),
    };
    if answer.stdout.contains("No devices were found") {
        probe.report(SOURCE, Outcome::Ok, "no devices were found");
        if matches!(probe.machine.gpu_count, Detected::Unknown { .. }) {
            probe.machine.gpu_count = Detected::Absent;
        }
        return;
    }
    match read(&answer.stdout) {
        Ok(rows) => {
            probe.report(SOURCE, Outcome::Ok, format!("{} in all", rows.len()));
            fill(&mut probe.machine, &rows);
        }
        Err(failure) => probe.report_failure(SOURCE, &failure),
    }
}

/// Where it is: on PATH, or where Windows and WSL keep it.
fn program(probe: &Probe<'_>) -> Option<String> {
    let windows = || {
        let root = probe.env("SystemRoot").unwrap_or("C:\\Windows".into());
        format!("{root}\\System32\\nvidia-smi.exe")
    };
    crate::clients::on_path(probe, SOURCE).or_else(|| {
        let place = match probe.host.target().os() {
            Some(Os::Windows) => windows(),
            Some(Os::Linux | Os::Macos | Os::FreeBsd) | None => {
                "/usr/lib/wsl/lib/nvidia-smi".to_owned()
            }
        };
        probe.host.is_file(&place).then_some(place)
    })
}

fn ask(probe: &Probe<'_>, program: &str) -> Result<ProgramOutput, Failure> {
    let asked = probe.host.run(program, &[QUERY, FORMAT])?;
    let is_old =
        |ran: &ProgramOutput| [&ran.stdout, &ran.stderr].iter().any(|t| t.contains("compute_cap"));
    if asked.code != Some(0) && is_old(&asked) {
        return probe.run(program, &[OLD_QUERY, FORMAT]);
    }
    // Newer ones say so with exit status 6.
    if asked.code == Some(0) || asked.stdout.contains("No devices were found") {
        return Ok(asked);
    }
    ended_well(asked)
}

/// A line of the table; a field that the driver would not tell is `None`.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    index: u32,
    driver: Option<DriverVersion>,
    gpu: ReportedGpu,
}

/// The rows that can be told apart; an error where there is none.
fn read(text: &str) -> Result<Vec<Row>, Failure> {
    let rows: Vec<Row> = text.lines().filter_map(row).collect();
    if rows.is_empty() {
        return Err(Failure::Other(format!("no table in {}", quoted(text))));
    }
    Ok(rows)
}

fn row(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let columns: &[Column] = match fields.len() {
        6 => &COLUMNS,
        5 => &OLD_COLUMNS,
        _ => return None,
    };
    let gpu = csv::gpu(columns, &fields);
    Some(Row { index: gpu.index?, driver: fields[2].parse().ok(), gpu })
}

fn fill(machine: &mut Machine, rows: &[Row]) {
    let origin = || Origin::NvidiaSmi;
    let unknown = "nvidia-smi did not say";
    if let Some(driver) = rows.iter().find_map(|row| row.driver) {
        improve(&mut machine.driver, Detected::found(driver, origin()));
    }
    if let Ok(count) = u32::try_from(rows.len()) {
        // It shows what a program may use, the kernel's files what there is.
        machine.gpu_count = Detected::found(count, origin());
        machine.gpus.truncate(rows.len());
    }
    for Row { index, gpu: told, .. } in rows {
        let gpu = gpu(machine, *index);
        gpu.name = found(told.name.clone(), unknown);
        gpu.compute_capability = found(told.capability, unknown);
        gpu.memory_mib = found(told.memory, unknown);
        gpu.mig = Detected::unknown("nvidia-smi was not asked");
        gpu.pci_id.clone_from(&told.pci_id);
    }
}

fn found<T>(value: Option<T>, why: &'static str) -> Detected<T> {
    value.map_or(Detected::unknown(why), |value| Detected::found(value, Origin::NvidiaSmi))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_the_driver_would_not_tell_are_unknown_and_not_zero() {
        let text = "0, NVIDIA GeForce GTX 1080 Ti, 580.65.06, 6.1, 11264, 0x1B0610DE\n\
                    1, [Unknown Error], 580.65.06, [N/A], ERR!, 0x268410DE\n";
        let rows = read(text).expect("a table");
        assert_eq!(rows[0].gpu.capability, "6.1".parse().ok());
        let gpu = &rows[1].gpu;
        assert_eq!((&gpu.name, gpu.capability, gpu.memory), (&None, None, None));
        assert_eq!(gpu.pci_id.as_deref(), Some("10de:2684"));
    }

    #[test]
    fn an_older_table_lacks_the_capability_alone() {
        let rows = read("0, Tesla K80, 470.256.02, 11441, 0x102D10DE").expect("a table");
        assert_eq!(rows[0].gpu.capability, None);
        assert_eq!(rows[0].gpu.memory, Some(11441));
    }

    #[test]
    fn what_is_no_table_is_a_failure() {
        for text in ["", "\u{fffd}garbage\n", "NVIDIA-SMI has failed", "a, b, c, d, e, f"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }
}
