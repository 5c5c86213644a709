//! `nvidia-smi`, the driver's own program: the last resort, for it is slow and may hang.

use crate::host::{Failure, Ran};
use crate::model::{Detected, Machine, Origin, Os, Outcome};

use super::super::look::{Look, ended_well, quoted};
use super::{Answered, gpu, improve};

/// The name under which it reports.
const SOURCE: &str = "nvidia-smi";

/// All that is asked; drivers below 510 do not know `compute_cap`.
const QUERY: &str = "--query-gpu=index,name,driver_version,compute_cap,memory.total,pci.device_id";
const OLD_QUERY: &str = "--query-gpu=index,name,driver_version,memory.total,pci.device_id";
const FORMAT: &str = "--format=csv,noheader,nounits";

pub(super) fn look(look: &mut Look<'_>, answered: Answered) {
    match answered {
        Answered::Yes => return look.report(SOURCE, Outcome::Skipped, "the libraries answered"),
        Answered::Hangs => {
            return look.report(
                SOURCE,
                Outcome::Skipped,
                "the driver does not answer its libraries",
            );
        }
        Answered::No | Answered::NotLoaded => {}
    }
    let Some(program) = program(look) else {
        return look.report(SOURCE, Outcome::Absent, "not on PATH");
    };
    let answer = match ask(look, &program) {
        Ok(answer) => answer,
        Err(failure) => return look.report_failure(SOURCE, &failure),
    };
    if answer.stdout.contains("No devices were found") {
        look.report(SOURCE, Outcome::Ok, "no devices were found");
        if matches!(look.machine.gpu_count, Detected::Unknown { .. }) {
            look.machine.gpu_count = Detected::Absent;
        }
        return;
    }
    match read(&answer.stdout) {
        Ok(rows) => {
            look.report(SOURCE, Outcome::Ok, format!("{} in all", rows.len()));
            fill(&mut look.machine, &rows);
        }
        Err(failure) => look.report_failure(SOURCE, &failure),
    }
}

/// Where it is: on PATH, or where Windows and WSL keep it.
fn program(look: &Look<'_>) -> Option<String> {
    let windows = || {
        let root = look.env("SystemRoot").unwrap_or("C:\\Windows".into());
        format!("{root}\\System32\\nvidia-smi.exe")
    };
    super::super::clients::on_path(look, SOURCE).or_else(|| {
        let place = match look.host.target().os() {
            Some(Os::Windows) => windows(),
            Some(Os::Linux | Os::Macos | Os::FreeBsd) | None => {
                "/usr/lib/wsl/lib/nvidia-smi".to_owned()
            }
        };
        look.host.is_file(&place).then_some(place)
    })
}

fn ask(look: &Look<'_>, program: &str) -> Result<Ran, Failure> {
    let asked = look.host.run(program, &[QUERY, FORMAT])?;
    let is_old = |ran: &Ran| [&ran.stdout, &ran.stderr].iter().any(|t| t.contains("compute_cap"));
    if asked.code != Some(0) && is_old(&asked) {
        return look.run(program, &[OLD_QUERY, FORMAT]);
    }
    // Newer ones say so with exit status 6.
    if asked.code == Some(0) || asked.stdout.contains("No devices were found") {
        return Ok(asked);
    }
    ended_well(asked)
}

/// A line of the table; a field that the driver would not tell is `None`.
#[derive(Debug, PartialEq, Eq)]
struct Row<'t> {
    index: u32,
    name: Option<&'t str>,
    driver: Option<&'t str>,
    capability: Option<&'t str>,
    memory: Option<&'t str>,
    pci: Option<&'t str>,
}

/// The rows that can be told apart; an error where there is none.
fn read(text: &str) -> Result<Vec<Row<'_>>, Failure> {
    let rows: Vec<Row<'_>> = text.lines().filter_map(row).collect();
    if rows.is_empty() {
        return Err(Failure::Other(format!("no table in {}", quoted(text))));
    }
    Ok(rows)
}

fn row(line: &str) -> Option<Row<'_>> {
    // `[N/A]`, `[Not Supported]`, `[Unknown Error]`, `ERR!`.
    let known = |field: &&str| !field.is_empty() && !field.starts_with('[') && *field != "ERR!";
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let field = |at: usize| fields.get(at).copied().filter(known);
    let index = fields.first()?.parse().ok()?;
    let (capability, rest) = match fields.len() {
        6 => (field(3), 4),
        5 => (None, 3),
        _ => return None,
    };
    let (name, driver) = (field(1), field(2));
    Some(Row { index, name, driver, capability, memory: field(rest), pci: field(rest + 1) })
}

fn fill(machine: &mut Machine, rows: &[Row<'_>]) {
    let origin = || Origin::NvidiaSmi;
    let unknown = "nvidia-smi did not say";
    if let Some(driver) = rows.iter().find_map(|row| row.driver?.parse().ok()) {
        improve(&mut machine.driver, Detected::found(driver, origin()));
    }
    if let Ok(count) = u32::try_from(rows.len()) {
        // It shows what a program may use, the kernel's files what there is.
        machine.gpu_count = Detected::found(count, origin());
        machine.gpus.truncate(rows.len());
    }
    for row in rows {
        let gpu = gpu(machine, row.index);
        gpu.name = found(row.name.map(str::to_owned), unknown);
        gpu.compute_capability = found(row.capability.and_then(|text| text.parse().ok()), unknown);
        gpu.memory_mib = found(row.memory.and_then(|text| text.parse().ok()), unknown);
        gpu.mig = Detected::unknown("nvidia-smi was not asked");
        gpu.pci_id = row.pci.and_then(pci_id);
    }
}

fn found<T>(value: Option<T>, why: &'static str) -> Detected<T> {
    value.map_or(Detected::unknown(why), |value| Detected::found(value, Origin::NvidiaSmi))
}

/// `0x1B0610DE` is device 1b06 of vendor 10de.
fn pci_id(text: &str) -> Option<String> {
    let number = u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()?;
    Some(format!("{:04x}:{:04x}", number & 0xffff, number >> 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_the_driver_would_not_tell_are_unknown_and_not_zero() {
        let text = "0, NVIDIA GeForce GTX 1080 Ti, 580.65.06, 6.1, 11264, 0x1B0610DE\n\
                    1, [Unknown Error], 580.65.06, [N/A], ERR!, 0x268410DE\n";
        let rows = read(text).expect("a table");
        assert_eq!(rows[0].capability, Some("6.1"));
        assert_eq!((rows[1].name, rows[1].capability, rows[1].memory), (None, None, None));
        assert_eq!(pci_id("0x268410DE").as_deref(), Some("10de:2684"));
    }

    #[test]
    fn an_older_table_lacks_the_capability_alone() {
        let rows = read("0, Tesla K80, 470.256.02, 11441, 0x102D10DE").expect("a table");
        assert_eq!(rows[0].capability, None);
        assert_eq!(rows[0].memory, Some("11441"));
    }

    #[test]
    fn what_is_no_table_is_a_failure() {
        for text in ["", "\u{fffd}garbage\n", "NVIDIA-SMI has failed", "a, b, c, d, e, f"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }
}
