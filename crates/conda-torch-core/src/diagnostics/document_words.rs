//! What is said of a machine that another program's document describes.

use std::fmt::Write as _;

use crate::diagnostics::{AssumedFact, MissingFact};
use crate::types::Machine;

/// `read from X, which does not say the platform and glibc; assumed linux-64, glibc 2.28`.
pub(crate) fn sentence(
    format: &str,
    missing: &[MissingFact],
    assumed: &[AssumedFact],
    machine: &Machine,
) -> String {
    let mut text = format!("the machine was read from `{format}`");
    let facts: Vec<&str> = missing.iter().map(|fact| fact_name(*fact)).collect();
    if let Some((last, others)) = facts.split_last() {
        let and = if others.is_empty() { "" } else { " or " };
        let _ = write!(text, ", which does not say {}{and}{last}", others.join(", "));
    }
    if !assumed.is_empty() {
        let values: Vec<String> = assumed.iter().map(|fact| assumed_text(*fact)).collect();
        let _ = write!(text, "; assumed {}", values.join(", "));
    }
    text + &nodes(machine)
}

/// Which of several machines in a document the answer is for; empty where it describes one.
fn nodes(machine: &Machine) -> String {
    let report = machine.sources.iter().find(|source| source.source == "nodes");
    report.map_or(String::new(), |report| format!("; {}", report.detail))
}

fn fact_name(fact: MissingFact) -> &'static str {
    match fact {
        MissingFact::Platform => "the platform",
        MissingFact::Glibc => "the version of glibc",
        MissingFact::Macos => "the version of macOS",
        MissingFact::Driver => "the driver",
        MissingFact::Gpus => "which GPU there is",
        MissingFact::ComputeCapability => "the GPU's compute capability",
    }
}

fn assumed_text(fact: AssumedFact) -> String {
    match fact {
        AssumedFact::Platform(subdir) => subdir.to_string(),
        AssumedFact::Glibc(version) => format!("glibc {version}"),
        AssumedFact::Macos(version) => format!("macOS {version}"),
    }
}
