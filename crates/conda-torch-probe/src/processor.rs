//! The processor: its name and its features.

use conda_torch_core::conda::Os;
use conda_torch_core::types::{Detected, Origin, Processor};

use crate::host::{Failure, Target};
use crate::probe::{Probe, failed};

/// How much of `/proc/cpuinfo` is read: everything about the first processor.
const CPUINFO: usize = 4 << 10;

pub(super) fn detect(probe: &mut Probe<'_>) {
    let target = probe.host.target();
    let (source, origin, name, processor) = match target.os() {
        Some(Os::Linux) => {
            let source = "/proc/cpuinfo";
            let (name, processor) = match probe.host.read_start(source, CPUINFO) {
                Ok(bytes) => linux(&bytes, target),
                Err(failure) => (Err(failure.clone()), Err(failure)),
            };
            (source, Origin::File(source.to_owned()), name, processor)
        }
        Some(Os::Macos) => {
            let name = sysctl(probe, &["-n", "machdep.cpu.brand_string"]);
            let processor = macos(probe, &name, target);
            ("sysctl", Origin::System, name, processor)
        }
        Some(Os::Windows) => {
            let source = "PROCESSOR_IDENTIFIER";
            let name = probe.env(source).ok_or(Failure::NotThere);
            let name = name.map(|name| name.trim().to_owned());
            let processor = failed("Windows does not list the processor's features");
            (source, Origin::Env(source.into()), name, processor)
        }
        Some(Os::FreeBsd) | None => {
            ("cpu", Origin::System, Err(Failure::NotThere), Err(Failure::NotThere))
        }
    };
    probe.machine.processor = match processor {
        Ok(processor) => Detected::found(processor, origin.clone()),
        Err(failure) => Detected::unknown(failure.to_string()),
    };
    probe.machine.cpu = probe.record(source, name, origin);
}

/// The name and the features of the first processor in `/proc/cpuinfo`. On arm64 the kernel gives only
/// numbers; `cpu` is POWER's key, `uarch` RISC-V's.
fn linux(bytes: &[u8], target: &Target) -> (Result<String, Failure>, Result<Processor, Failure>) {
    let text = String::from_utf8_lossy(bytes);
    // The last line may be cut off.
    let whole =
        if bytes.len() < CPUINFO { &*text } else { text.rsplit_once('\n').unzip().0.unwrap_or("") };
    let mut name = None;
    let mut processor = Processor::default();
    // An empty line ends the first processor.
    for line in whole.lines().take_while(|line| !line.is_empty()) {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim().to_owned();
        match key.trim_end() {
            key @ ("model name" | "cpu" | "uarch") => {
                if key != "model name" || target.arch == "riscv64" && processor.part.is_empty() {
                    processor.part.clone_from(&value);
                }
                name.get_or_insert(value);
            }
            "vendor_id" | "CPU implementer" => processor.vendor = value,
            "CPU part" => processor.part = value,
            "flags" | "Features" => processor.flags = value,
            _ => {}
        }
    }
    let has_features =
        !processor.flags.is_empty() || !matches!(&*target.arch, "x86_64" | "aarch64");
    let missing = |what: &str| Failure::Other(format!("it has no {what}"));
    (
        name.filter(|name| !name.is_empty()).ok_or_else(|| missing("name")),
        if has_features { Ok(processor) } else { Err(missing("list of features")) },
    )
}

/// Apple's processors are known by their name, Intel's by their features.
fn macos(
    probe: &Probe<'_>,
    name: &Result<String, Failure>,
    target: &Target,
) -> Result<Processor, Failure> {
    let name = name.clone()?;
    if target.arch != "x86_64" || name.contains("Apple") {
        return Ok(Processor { vendor: "Apple".to_owned(), part: name, flags: String::new() });
    }
    let text = sysctl(probe, &["machdep.cpu"])?;
    let value = |key: &str| {
        let after = |line: &str| Some(line.split_once(':')?.1.trim().to_owned());
        let key = format!("machdep.cpu.{key}:");
        text.lines().find(|line| line.starts_with(&key)).and_then(after)
    };
    let flags = ["features", "leaf7_features", "extfeatures"].into_iter().filter_map(value);
    let flags = flags.collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    match value("vendor") {
        Some(vendor) if !flags.is_empty() => Ok(Processor { vendor, part: String::new(), flags }),
        Some(_) | None => failed("sysctl does not list the processor's features"),
    }
}

fn sysctl(probe: &Probe<'_>, arguments: &[&str]) -> Result<String, Failure> {
    let text = probe.run("/usr/sbin/sysctl", arguments)?.stdout.trim().to_owned();
    if text.is_empty() { failed("no output") } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arch: &'static str, text: &str) -> Result<Processor, Failure> {
        let target = Target { os: "linux".into(), arch: arch.into(), is_static: false };
        linux(text.as_bytes(), &target).1
    }

    #[test]
    fn only_whole_lines_of_the_first_processor_count() {
        let intel = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: x\nflags\t\t: fpu avx2\n\nprocessor\t: 1\nflags\t\t: fpu\n";
        let processor = of("x86_64", intel).expect("a processor");
        assert_eq!((&*processor.vendor, &*processor.flags), ("GenuineIntel", "fpu avx2"));
        let long = format!("vendor_id : GenuineIntel\nflags : {}", "fpu ".repeat(1100));
        assert!(of("x86_64", &long[..CPUINFO]).is_err());
        assert!(of("x86_64", "vendor_id : GenuineIntel\n").is_err());
    }

    #[test]
    fn arm_is_known_by_numbers_and_power_by_its_name() {
        let arm =
            "processor : 0\nFeatures : fp asimd sve\nCPU implementer : 0x41\nCPU part : 0xd40\n";
        let processor = of("aarch64", arm).expect("a processor");
        assert_eq!((&*processor.vendor, &*processor.part), ("0x41", "0xd40"));
        let power = of("powerpc64", "cpu : POWER9 (raw), altivec supported\n").expect("one");
        assert_eq!(power.part, "POWER9 (raw), altivec supported");
    }
}
