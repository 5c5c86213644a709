//! What clients ask instead of the driver: the toolkit's file and `nvidia-smi`.

use serde_json::Value;

use crate::host::Failure;
use conda_torch_core::conda::Os;
use conda_torch_core::types::{CudaVersion, Detected, Origin, Outcome};

use crate::clients::on_path;
use crate::probe::{Probe, quoted};

/// Looked at by mamba since 2.0.6: <https://github.com/mamba-org/mamba/pull/3700>.
const FILE: &str = "/usr/local/cuda/version.json";

/// What mamba and, on musl, pixi run.
const QUERY: [&str; 3] = ["--query", "-u", "-x"];
const QUERY_NAME: &str = "nvidia-smi --query -u -x";

/// Drivers of this branch on have words beside the CUDA version, where older ones have the number alone.
const REWORDED: u32 = 610;

pub(in super::super) fn detect(probe: &mut Probe<'_>) {
    probe.machine.nvidia_smi = match on_path(probe, "nvidia-smi") {
        Some(path) => Detected::found(path, Origin::Env("PATH".into())),
        None => Detected::Absent,
    };
    nvidia_smi(probe);
    if probe.host.target().os() != Some(Os::Linux) {
        probe.machine.toolkit_file = Detected::Absent;
        return;
    }
    probe.machine.toolkit_file = match probe.text(FILE).and_then(|text| version(&text)) {
        Ok(Takes::Version(version)) => {
            probe.report(FILE, Outcome::Ok, version.to_string());
            Detected::found(version, Origin::File(FILE.to_owned()))
        }
        Ok(Takes::Nothing(why)) => {
            probe.report(FILE, Outcome::Ok, format!("{why}: mamba passes it over"));
            Detected::Absent
        }
        Err(Failure::NotThere) => {
            probe.report_failure(FILE, &Failure::NotThere);
            Detected::Absent
        }
        Err(failure) => {
            probe.report_failure(FILE, &failure);
            Detected::unknown(failure.to_string())
        }
    };
}

/// What mamba takes from a file that is well-formed.
#[derive(Debug, PartialEq, Eq)]
enum Takes {
    Version(CudaVersion),
    Nothing(String),
}

/// Reads the file as mamba does: of the text `cuda.version` the first three numbers with dots between
/// them. A failure is what mamba ends with an error on.
fn version(text: &str) -> Result<Takes, Failure> {
    let file: Value =
        serde_json::from_str(text).map_err(|error| Failure::Other(format!("not JSON: {error}")))?;
    let nothing = || Ok(Takes::Nothing("no `cuda.version` in it".to_owned()));
    match file.get("cuda").and_then(|cuda| cuda.get("version")) {
        None => nothing(),
        Some(Value::String(text)) => Ok(match three_numbers(text) {
            Some(version) => Takes::Version(version),
            None => Takes::Nothing(format!("its version is {}", quoted(text))),
        }),
        Some(other) => Err(Failure::Other(format!("its version is {}", quoted(other)))),
    }
}

/// The first `major.minor.patch` in a text.
fn three_numbers(text: &str) -> Option<CudaVersion> {
    let numbers = |start: &str| {
        let is_other = |c: char| !c.is_ascii_digit() && c != '.';
        let mut parts = start[..start.find(is_other).unwrap_or(start.len())].split('.');
        let mut part = || parts.next()?.parse::<u16>().ok();
        let (major, minor) = (part()?, part()?);
        part().map(|_| CudaVersion { major, minor })
    };
    let starts = text.char_indices().filter(|(_, c)| c.is_ascii_digit());
    starts.map(|(at, _)| &text[at..]).find_map(numbers)
}

/// Asks `nvidia-smi` as mamba would, where what it says does not follow from what NVML said. It may
/// hang as the driver does, and then is left alone.
fn nvidia_smi(probe: &mut Probe<'_>) {
    let Some(program) = probe.machine.nvidia_smi.value().cloned() else {
        probe.machine.nvidia_smi_cuda = Detected::Absent;
        return;
    };
    let is_old = probe.machine.driver.value().is_none_or(|driver| driver.branch() < REWORDED);
    if probe.machine.nvml.is_found() && is_old {
        probe.machine.nvidia_smi_cuda = Detected::unknown("not asked: NVML had said it");
        return;
    }
    if probe.machine.sources.iter().any(|source| source.outcome == Outcome::TimedOut) {
        probe.machine.nvidia_smi_cuda = Detected::unknown("not asked: the driver does not answer");
        return;
    }
    probe.machine.nvidia_smi_cuda = match probe.host.run(&program, &QUERY) {
        Ok(ran) => {
            let said = between_tags(&ran.stdout);
            let detail = said.map_or("no CUDA version in it".to_owned(), quoted);
            probe.report(QUERY_NAME, Outcome::Ok, detail);
            said.map_or(Detected::Absent, |text| {
                Detected::found(text.to_owned(), Origin::NvidiaSmi)
            })
        }
        Err(failure) => {
            probe.report_failure(QUERY_NAME, &failure);
            Detected::unknown(failure.to_string())
        }
    };
}

/// As mamba's and pixi's pattern has it: the first line with both tags, and from the first opening to the
/// last closing one.
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
    fn the_file_is_read_as_mamba_reads_it() {
        let takes = |version: &str| {
            super::version(&format!(r#"{{"cuda": {{"version": {version}}}}}"#)).map(|takes| {
                match takes {
                    Takes::Version(version) => version.to_string(),
                    Takes::Nothing(_) => "nothing".to_owned(),
                }
            })
        };
        assert_eq!(takes("\"11.8.89\"").as_deref(), Ok("11.8"));
        assert_eq!(takes("\"V12.4.1.5 (x)\"").as_deref(), Ok("12.4"));
        assert_eq!(takes("\"1.2, 12.4.1\"").as_deref(), Ok("12.4"));
        // Two numbers are too few for its pattern.
        assert_eq!(takes("\"12.4\"").as_deref(), Ok("nothing"));
        assert_eq!(takes("\"\"").as_deref(), Ok("nothing"));
        assert!(takes("12.4").is_err());
        for nothing in ["{}", "[]", "7", r#"{"cuda": 7}"#, r#"{"cuda": {}}"#] {
            assert!(matches!(super::version(nothing), Ok(Takes::Nothing(_))), "{nothing}");
        }
        for stumbles in ["", "{", "CUDA Version 11.8.0"] {
            assert!(super::version(stumbles).is_err(), "{stumbles:?}");
        }
    }

    #[test]
    fn what_stands_between_the_tags_is_taken_as_it_is() {
        let xml = "<?xml?>\n<driver_version>550.54</driver_version>\n\t<cuda_version>12.4</cuda_version>\n";
        assert_eq!(between_tags(xml), Some("12.4"));
        assert_eq!(between_tags("<cuda_version>N/A</cuda_version>"), Some("N/A"));
        assert_eq!(between_tags("<cuda_version>\n12.4\n</cuda_version>"), None);
        assert_eq!(between_tags("NVIDIA-SMI has failed"), None);
    }
}
