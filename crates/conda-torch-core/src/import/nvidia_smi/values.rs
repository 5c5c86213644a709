//! Values after labels, and missing values.

use std::str::FromStr;

use crate::types::{CudaVersion, DriverVersion};

/// The driver's CUDA version. Since driver 610 it has the label of the user-mode driver.
pub(super) fn cuda(text: &str) -> Option<CudaVersion> {
    labeled(text, ["cuda umd version", "cuda version"])
}

/// The driver's version. Since driver 610 it has the label of the kernel-mode driver.
pub(super) fn driver(text: &str) -> Option<DriverVersion> {
    labeled(text, ["kmd version", "driver version"])
}

/// The first version right after a label and its colon. A number in prose (`will be removed in CUDA 14.0`) has no
/// colon before it.
fn labeled<T: FromStr>(text: &str, labels: [&str; 2]) -> Option<T> {
    labels.into_iter().find_map(|label| after(text, label).into_iter().find_map(parsed))
}

/// The version at the start of a text, parsed.
pub(super) fn parsed<T: FromStr>(text: &str) -> Option<T> {
    version(text)?.parse().ok()
}

/// Whether the driver's CUDA version is `N/A` or `ERR!`: `nvidia-smi` gets it from libcuda, which is missing then or
/// does not answer.
pub(super) fn has_no_cuda(text: &str) -> bool {
    let is_missing = |rest: &&str| {
        let value = rest.split(['|', '\t']).next().unwrap_or(rest).trim();
        let value = value.split("  ").next().unwrap_or(value);
        known(value).is_none() || value == "Not Found"
    };
    let labels = ["cuda version", "cuda umd version"];
    cuda(text).is_none() && labels.iter().any(|label| after(text, label).iter().any(is_missing))
}

/// What follows a label and its colon, on the same line.
fn after<'t>(text: &'t str, label: &str) -> Vec<&'t str> {
    let mut found = Vec::new();
    for line in text.lines().filter(|line| line.len() > label.len()) {
        let lower = line.to_ascii_lowercase(); // of the same length
        for (at, _) in lower.match_indices(label) {
            let is_word = !lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            let value = line[at + label.len()..].trim_start().strip_prefix(':');
            found.extend(value.filter(|_| is_word).map(str::trim_start));
        }
    }
    found
}

/// The version at the start of a text: digits and dots, and then an end.
pub(super) fn version(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (token, rest) = text.split_at(end);
    let ends = |c: char| c.is_whitespace() || matches!(c, ']' | ',' | ')' | ';' | '|' | '"' | '<');
    let is_ended = rest.is_empty() || rest.starts_with(ends);
    let is_version = token.contains('.') && !token.starts_with('.') && !token.ends_with('.');
    (is_ended && is_version).then_some(token)
}

/// A field with a value: not `[N/A]`, `[Not Supported]`, `[Unknown Error]`, `ERR!`.
pub(super) fn known(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_missing = text.is_empty()
        || text.starts_with('[')
        || ["N/A", "ERR!", "Unknown", "Unknown Error", "Not Supported", "GPU is lost"]
            .iter()
            .any(|missing| text.eq_ignore_ascii_case(missing));
    (!is_missing).then_some(text)
}

/// A number of MiB, with its unit or without.
pub(super) fn mib(text: &str) -> Option<u64> {
    known(text)?.trim_end_matches("MiB").trim_end().parse().ok()
}

pub(super) fn switch(text: &str) -> Option<bool> {
    match text.trim() {
        "Enabled" => Some(true),
        "Disabled" => Some(false),
        _ => None,
    }
}

/// `0x1B0610DE`, in the XML without `0x`, is device 1b06 of vendor 10de.
pub(super) fn pci_id(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 8)?;
    Some(format!("{:04x}:{:04x}", number & 0xffff, number >> 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuda_text(text: &str) -> Option<String> {
        cuda(text).map(|version| version.to_string())
    }

    #[test]
    fn the_new_label_overrides_the_old_one() {
        let text = "CUDA Version : 12.9 [Deprecated]\nCUDA UMD Version : 13.3\n";
        assert_eq!(cuda_text(text).as_deref(), Some("13.3"));
        let text = "Driver Version: 1.0 KMD Version: 610.43.02";
        assert_eq!(driver(text).map(|d| d.to_string()).as_deref(), Some("610.43.02"));
    }

    #[test]
    fn a_number_in_prose_is_not_a_version() {
        for text in [
            "CUDA Version : Deprecated; will be removed in CUDA 14.0",
            "CUDA version  : Deprecated, see \"CUDA UMD version\" instead",
            "CUDA Version 12.4",
            "xCUDA Version: 12.4",
        ] {
            assert_eq!(cuda_text(text), None, "{text}");
        }
    }

    #[test]
    fn a_version_has_an_end_and_is_on_the_line_of_its_label() {
        for end in ["", " ", "]", ",", ")", ";", "|", "\""] {
            assert_eq!(version(&format!("12.4{end}")), Some("12.4"), "{end}");
        }
        for text in ["12.4x", "12", "12.", ".4", "N/A", "ERR!", "12.4-beta"] {
            assert_eq!(version(text), None, "{text}");
        }
        assert_eq!(cuda_text("CUDA Version:\n12.4\n"), None);
    }

    #[test]
    fn the_search_continues_after_a_missing_value() {
        assert_eq!(cuda_text("CUDA Version: N/A\nCUDA Version: 12.4").as_deref(), Some("12.4"));
        assert_eq!(cuda_text("CUDA UMD Version: N/A\nCUDA Version: 12.4").as_deref(), Some("12.4"));
        assert_eq!(cuda_text("CUDA Version: N/A CUDA Version: ERR!"), None);
        for text in ["N/A", "ERR!", "[N/A]", "Not Supported", "[Not Supported]", "", "Not Found"] {
            assert!(has_no_cuda(&format!("| CUDA Version: {text}     |")), "{text}");
        }
        assert!(!has_no_cuda("CUDA Version: 12.4") && !has_no_cuda("CUDA"));
        assert!(!has_no_cuda("CUDA Version: N/A\nCUDA UMD Version: 13.3"));
    }

    #[test]
    fn missing_values_are_not_known() {
        for text in ["[N/A]", "N/A", "[Not Supported]", "[Unknown Error]", "ERR!", ""] {
            assert_eq!((known(text), mib(text)), (None, None), "{text}");
        }
        assert_eq!(mib("24564 MiB"), Some(24564));
        assert_eq!(pci_id("1B0610DE").as_deref(), Some("10de:1b06"));
        assert_eq!(pci_id("0x12"), None);
    }
}
