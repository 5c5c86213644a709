//! The toolkit's version file, which mamba reads since 2.0.6: <https://github.com/mamba-org/mamba/pull/3700>.

use conda_torch_core::conda::Os;
use conda_torch_core::types::{CudaVersion, Detected, Origin, Outcome};
use serde_json::Value;

use crate::host::Failure;
use crate::probe::{Probe, failed, quoted};

const FILE: &str = "/usr/local/cuda/version.json";

pub(super) fn detect(probe: &mut Probe<'_>) {
    if !probe.is_on(Os::Linux) {
        probe.machine.toolkit_file = Detected::Absent;
        return;
    }
    probe.machine.toolkit_file = match probe.text(FILE).and_then(|text| version(&text)) {
        Ok(Ok(version)) => {
            probe.report(FILE, Outcome::Ok, version);
            Detected::found(version, Origin::File(FILE.to_owned()))
        }
        Ok(Err(why)) => {
            probe.report(FILE, Outcome::Ok, format!("{why}; mamba skips the file"));
            Detected::Absent
        }
        Err(failure) => {
            probe.report_failure(FILE, &failure);
            if failure == Failure::NotThere {
                Detected::Absent
            } else {
                Detected::unknown(failure.to_string())
            }
        }
    };
}

/// Reads the file as mamba does: the first three numbers with dots between them in `cuda.version`, or else why mamba
/// skips a valid file. mamba fails if this is an error.
fn version(text: &str) -> Result<Result<CudaVersion, String>, Failure> {
    let file: Value =
        serde_json::from_str(text).map_err(|error| Failure::Other(format!("not JSON: {error}")))?;
    match file.get("cuda").and_then(|cuda| cuda.get("version")) {
        None => Ok(Err("no `cuda.version` in it".to_owned())),
        Some(Value::String(text)) => {
            Ok(three_numbers(text).ok_or_else(|| format!("its version is {}", quoted(text))))
        }
        Some(other) => failed(format!("its version is {}", quoted(other))),
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

#[cfg(test)]
mod tests {
    #[test]
    fn the_file_is_read_as_mamba_reads_it() {
        let reads = |version: &str| {
            let file = format!(r#"{{"cuda": {{"version": {version}}}}}"#);
            super::version(&file)
                .map(|version| version.map_or("nothing".to_owned(), |it| it.to_string()))
        };
        assert_eq!(reads("\"11.8.89\"").as_deref(), Ok("11.8"));
        assert_eq!(reads("\"V12.4.1.5 (x)\"").as_deref(), Ok("12.4"));
        assert_eq!(reads("\"1.2, 12.4.1\"").as_deref(), Ok("12.4"));
        // Two numbers are too few for its pattern.
        assert_eq!(reads("\"12.4\"").as_deref(), Ok("nothing"));
        assert_eq!(reads("\"\"").as_deref(), Ok("nothing"));
        assert!(reads("12.4").is_err());
        for nothing in ["{}", "[]", "7", r#"{"cuda": 7}"#, r#"{"cuda": {}}"#] {
            assert!(matches!(super::version(nothing), Ok(Err(_))), "{nothing}");
        }
        for invalid in ["", "{", "CUDA Version 11.8.0"] {
            assert!(super::version(invalid).is_err(), "{invalid:?}");
        }
    }
}
