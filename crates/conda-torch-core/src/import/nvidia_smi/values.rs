//! Values after labels, and what stands for none.

use crate::types::{CudaVersion, DriverVersion};

/// The driver's CUDA: since driver 610 under the label of the user-mode driver.
pub(super) fn cuda(text: &str) -> Option<CudaVersion> {
    let labels = ["cuda umd version", "cuda version"];
    labels.iter().find_map(|label| versions(text, label).find_map(|token| token.parse().ok()))
}

/// The driver's version: since driver 610 under the label of the kernel-mode driver.
pub(super) fn driver(text: &str) -> Option<DriverVersion> {
    let labels = ["kmd version", "driver version"];
    labels.iter().find_map(|label| versions(text, label).find_map(|token| token.parse().ok()))
}

/// Every version that stands right after a label and its colon, on one line. A number in prose
/// (`will be removed in CUDA 14.0`) has no colon before it.
fn versions<'t>(text: &'t str, label: &'t str) -> impl Iterator<Item = &'t str> {
    after(text, label).filter_map(version)
}

/// Whether the driver's CUDA is `N/A`: `nvidia-smi` asks libcuda for it, which is not there then.
pub(super) fn has_no_cuda(text: &str) -> bool {
    cuda(text).is_none() && after(text, "cuda version").any(|rest| rest.starts_with("N/A"))
}

/// What stands after a label and its colon, on the same line.
fn after<'t>(text: &'t str, label: &'t str) -> impl Iterator<Item = &'t str> {
    text.lines().flat_map(move |line| {
        let lower = line.to_ascii_lowercase(); // of the same length
        let ends: Vec<usize> = lower
            .match_indices(label)
            .filter(|(at, _)| !lower[..*at].ends_with(|c: char| c.is_ascii_alphanumeric()))
            .map(|(at, _)| at + label.len())
            .collect();
        ends.into_iter()
            .filter_map(move |end| Some(line[end..].trim_start().strip_prefix(':')?.trim_start()))
    })
}

/// The version that a text begins with: digits and dots, and then an end.
pub(super) fn version(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (token, rest) = text.split_at(end);
    let ends = |c: char| c.is_whitespace() || matches!(c, ']' | ',' | ')' | ';' | '|' | '"' | '<');
    let is_ended = rest.is_empty() || rest.starts_with(ends);
    let is_version = token.contains('.') && !token.starts_with('.') && !token.ends_with('.');
    (is_ended && is_version).then_some(token)
}

/// A field that says something: not `[N/A]`, `[Not Supported]`, `[Unknown Error]`, `ERR!`.
pub(super) fn known(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_silent = text.is_empty()
        || text.starts_with('[')
        || ["N/A", "ERR!", "Unknown", "Unknown Error", "Not Supported", "GPU is lost"]
            .iter()
            .any(|silent| text.eq_ignore_ascii_case(silent));
    (!is_silent).then_some(text)
}

/// A number of MiB, with its unit or without.
pub(super) fn mib(text: &str) -> Option<u64> {
    known(text)?.trim_end_matches("MiB").trim_end().parse().ok()
}

/// `Enabled` or `Disabled`.
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
    fn the_new_label_counts_more_than_the_old_one() {
        let text = "CUDA Version : 12.9 [Deprecated]\nCUDA UMD Version : 13.3\n";
        assert_eq!(cuda_text(text).as_deref(), Some("13.3"));
        let text = "Driver Version: 1.0 KMD Version: 610.43.02";
        assert_eq!(driver(text).map(|d| d.to_string()).as_deref(), Some("610.43.02"));
    }

    #[test]
    fn a_number_in_prose_is_no_version() {
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
    fn a_version_ends_where_it_ends_and_stands_on_the_line_of_its_label() {
        for end in ["", " ", "]", ",", ")", ";", "|", "\""] {
            assert_eq!(version(&format!("12.4{end}")), Some("12.4"), "{end}");
        }
        for text in ["12.4x", "12", "12.", ".4", "N/A", "ERR!", "12.4-beta"] {
            assert_eq!(version(text), None, "{text}");
        }
        assert_eq!(cuda_text("CUDA Version:\n12.4\n"), None);
    }

    #[test]
    fn after_a_value_that_says_nothing_the_search_goes_on() {
        assert_eq!(cuda_text("CUDA Version: N/A\nCUDA Version: 12.4").as_deref(), Some("12.4"));
        assert_eq!(cuda_text("CUDA UMD Version: N/A\nCUDA Version: 12.4").as_deref(), Some("12.4"));
        assert_eq!(cuda_text("CUDA Version: N/A CUDA Version: ERR!"), None);
        assert!(has_no_cuda("| CUDA Version: N/A |") && !has_no_cuda("CUDA Version: ERR!"));
        assert!(!has_no_cuda("CUDA Version: N/A\nCUDA UMD Version: 13.3"));
    }

    #[test]
    fn what_a_driver_would_not_tell_is_nothing() {
        for text in ["[N/A]", "N/A", "[Not Supported]", "[Unknown Error]", "ERR!", ""] {
            assert_eq!((known(text), mib(text)), (None, None), "{text}");
        }
        assert_eq!(mib("24564 MiB"), Some(24564));
        assert_eq!(pci_id("1B0610DE").as_deref(), Some("10de:1b06"));
        assert_eq!(pci_id("0x12"), None);
    }
}
