//! The processor: its name, and what it can do.

use crate::host::{Failure, Target};
use conda_torch_core::conda::Os;
use conda_torch_core::types::{Detected, Origin, Outcome, Processor};

use crate::probe::Probe;

/// How much of `/proc/cpuinfo` is read: all about the first processor.
const CPUINFO: usize = 4 << 10;

pub(super) fn detect(probe: &mut Probe<'_>) {
    let target = probe.host.target();
    let unknown = |why: &Failure| Detected::unknown(why.to_string());
    let (source, origin, named) = match target.os() {
        Some(Os::Linux) => {
            let origin = Origin::File("/proc/cpuinfo".to_owned());
            let (named, processor) = match probe.host.read_start("/proc/cpuinfo", CPUINFO) {
                Ok(bytes) => linux(&bytes, &target),
                Err(failure) => (Err(failure.clone()), Err(failure)),
            };
            probe.machine.processor = match processor {
                Ok(processor) => Detected::found(processor, origin.clone()),
                Err(failure) => unknown(&failure),
            };
            ("/proc/cpuinfo", origin, named)
        }
        Some(Os::Macos) => {
            let named = sysctl(probe, &["-n", "machdep.cpu.brand_string"]);
            probe.machine.processor = match macos(probe, &named, &target) {
                Ok(processor) => Detected::found(processor, Origin::System),
                Err(failure) => unknown(&failure),
            };
            ("sysctl", Origin::System, named)
        }
        Some(Os::Windows) => {
            let source = "PROCESSOR_IDENTIFIER";
            let named = probe.env(source).map(|name| name.trim().to_owned());
            probe.machine.processor =
                Detected::unknown("Windows does not list what a processor can do");
            (source, Origin::Env(source.into()), named.ok_or(Failure::NotThere))
        }
        Some(Os::FreeBsd) | None => ("cpu", Origin::System, Err(Failure::NotThere)),
    };
    match named {
        Ok(name) => {
            probe.report(source, Outcome::Ok, name.clone());
            probe.machine.cpu = Detected::found(name, origin);
        }
        Err(failure) => {
            probe.machine.cpu = Detected::unknown(format!("{source}: {failure}"));
            probe.report_failure(source, &failure);
        }
    }
}

/// The keys that are read. On arm64 the kernel gives numbers alone; `cpu` is POWER's, `uarch` RISC-V's.
const KEYS: [&str; 8] =
    ["vendor_id", "model name", "flags", "Features", "CPU implementer", "CPU part", "cpu", "uarch"];

/// The name and the rest of the first processor in `/proc/cpuinfo`. Most of its lines are passed over
/// as bytes: it is read at every start.
fn linux(bytes: &[u8], target: &Target) -> (Result<String, Failure>, Result<Processor, Failure>) {
    let mut name = None;
    let mut processor = Processor::default();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]) {
        let line = &bytes[start..end];
        // The last line of what was read may be half a line; an empty one ends the first processor.
        if line.is_empty() || end == bytes.len() && bytes.len() >= CPUINFO {
            break;
        }
        start = end + 1;
        // Most lines are about something else, and told by their first letter.
        if !matches!(line[0], b'v' | b'm' | b'f' | b'F' | b'C' | b'c' | b'u') {
            continue;
        }
        let Some((key, value)) = KEYS.iter().find_map(|key| Some((*key, value(line, key)?))) else {
            continue;
        };
        match key {
            "model name" | "cpu" | "uarch" => {
                if key != "model name" || target.arch == "riscv64" && processor.part.is_empty() {
                    value.clone_into(&mut processor.part);
                }
                name.get_or_insert(value);
            }
            "vendor_id" | "CPU implementer" => processor.vendor = value,
            "CPU part" => processor.part = value,
            _ => processor.flags = value,
        }
    }
    let has_flags = !processor.flags.is_empty() || !matches!(&*target.arch, "x86_64" | "aarch64");
    let missing = |what: &str| Failure::Other(format!("no {what} in it"));
    let name = name.filter(|name| !name.is_empty());
    (
        name.ok_or_else(|| missing("name")),
        if has_flags { Ok(processor) } else { Err(missing("list of what it can do")) },
    )
}

/// The value of a line with this key: `flags\t\t: fpu vme`.
fn value(line: &[u8], key: &str) -> Option<String> {
    let rest = line.strip_prefix(key.as_bytes())?.trim_ascii_start().strip_prefix(b":")?;
    Some(String::from_utf8_lossy(rest.trim_ascii()).into_owned())
}

/// Apple's processors are told by their name, Intel's by what they can do.
fn macos(
    probe: &Probe<'_>,
    named: &Result<String, Failure>,
    target: &Target,
) -> Result<Processor, Failure> {
    let name = named.clone()?;
    if target.arch != "x86_64" || name.contains("Apple") {
        return Ok(Processor { vendor: "Apple".to_owned(), part: name, flags: String::new() });
    }
    let said = sysctl(probe, &["machdep.cpu"])?;
    let value = |key: &str| {
        said.lines()
            .find_map(|line| {
                line.strip_prefix("machdep.cpu.")?.strip_prefix(key)?.strip_prefix(':')
            })
            .map(str::trim)
    };
    let missing = || Failure::Other("sysctl does not list what it can do".to_owned());
    let flags = ["features", "leaf7_features", "extfeatures"].into_iter().filter_map(value);
    let flags = flags.collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    let vendor = value("vendor").filter(|_| !flags.is_empty()).ok_or_else(missing)?;
    Ok(Processor { vendor: vendor.to_owned(), part: String::new(), flags })
}

fn sysctl(probe: &Probe<'_>, arguments: &[&str]) -> Result<String, Failure> {
    let said = probe.run("/usr/sbin/sysctl", arguments)?.stdout.trim().to_owned();
    if said.is_empty() { Err(Failure::Other("it said nothing".to_owned())) } else { Ok(said) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arch: &'static str, text: &str) -> Result<Processor, Failure> {
        let target =
            Target { os: "linux".into(), arch: arch.into(), env: "gnu".into(), is_static: false };
        linux(text.as_bytes(), &target).1
    }

    #[test]
    fn the_first_processor_counts_and_half_a_line_does_not() {
        let intel = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: x\nflags\t\t: fpu avx2\n\nprocessor\t: 1\nflags\t\t: fpu\n";
        let processor = of("x86_64", intel).expect("a processor");
        assert_eq!((&*processor.vendor, &*processor.flags), ("GenuineIntel", "fpu avx2"));
        let long = format!("vendor_id : GenuineIntel\nflags : {}", "fpu ".repeat(1100));
        assert!(of("x86_64", &long[..CPUINFO]).is_err());
        assert!(of("x86_64", "vendor_id : GenuineIntel\n").is_err());
    }

    #[test]
    fn arm_is_told_by_numbers_and_power_by_its_name() {
        let arm =
            "processor : 0\nFeatures : fp asimd sve\nCPU implementer : 0x41\nCPU part : 0xd40\n";
        let processor = of("aarch64", arm).expect("a processor");
        assert_eq!((&*processor.vendor, &*processor.part), ("0x41", "0xd40"));
        let power = of("powerpc64", "cpu : POWER9 (raw), altivec supported\n").expect("one");
        assert_eq!(power.part, "POWER9 (raw), altivec supported");
    }
}
