//! The output of `conda-torch-live`, in the form of a client's dry run.

use crate::channel::{LiveAnswer, LiveReply, LiveReplyError, Record, Solved, age};
use crate::conda::{ChannelName, Fault, FaultKind};

use super::output_text::{cleaned, excerpt};
use super::{DryRun, PlannedPackage};

/// Reads the output, and the age of the cached records in seconds: 0 if all were downloaded.
pub fn solved(stdout: &str, stderr: &str) -> (DryRun, u64) {
    match LiveReply::read(stdout.as_bytes()) {
        Ok(reply) => (dry_run(&reply.answer), age(&reply.origins)),
        Err(LiveReplyError::NotUnderstood(_)) => {
            let output = if stderr.trim().is_empty() { stdout } else { stderr };
            (DryRun::Unreadable(output.to_owned()), 0)
        }
        Err(error @ LiveReplyError::OtherProtocol(_)) => (DryRun::Unreadable(error.to_string()), 0),
    }
}

fn dry_run(answer: &LiveAnswer) -> DryRun {
    match answer {
        LiveAnswer::Solved(Solved::Solution(solution)) => {
            DryRun::Planned(solution.records.iter().map(planned).collect())
        }
        LiveAnswer::Solved(Solved::Unsolvable { why }) => DryRun::Unsolvable(cleaned(why)),
        LiveAnswer::Failed(fault) => failed(fault),
        LiveAnswer::Records(_) => DryRun::Unreadable("expected a solution, found records".into()),
    }
}

fn failed(fault: &Fault) -> DryRun {
    let words = excerpt(&format!("{}: {}", fault.at, fault.detail));
    if matches!(fault.kind, FaultKind::DiskFull | FaultKind::Cache | FaultKind::Other) {
        DryRun::Failed(words)
    } else {
        DryRun::Network { words, kind: fault.kind }
    }
}

fn planned(record: &Record) -> PlannedPackage {
    PlannedPackage {
        name: record.name.clone(),
        version: record.version.clone(),
        build: record.build.clone(),
        channel: ChannelName::of(&record.channel).name,
        size: record.size,
        to_download: None, // it does not know a client's package cache
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(answer: &str) -> String {
        format!(r#"{{"protocol": 2, "origins": [], "told": {answer}}}"#)
    }

    #[test]
    fn a_solution_is_a_plan() {
        let record = r#"{"name": "pytorch", "version": "2.13.0", "build": "cpu_mkl_py312_h_102",
            "build_number": 102, "subdir": "linux-64", "channel": "https://x/conda-forge",
            "url": "https://x/conda-forge/linux-64/p.conda", "size": 7}"#;
        let answer = format!(r#"{{"solved": {{"solution": {{"records": [{record}]}}}}}}"#);
        let expected = PlannedPackage {
            name: "pytorch".to_owned(),
            version: "2.13.0".to_owned(),
            build: "cpu_mkl_py312_h_102".to_owned(),
            channel: "https://x/conda-forge".to_owned(),
            size: Some(7),
            to_download: None,
        };
        assert_eq!(solved(&reply(&answer), ""), (DryRun::Planned(vec![expected]), 0));
    }

    #[test]
    fn a_channel_fault_is_a_network_failure() {
        let words = "https://x: no route".to_owned();
        let expected = DryRun::Network { words, kind: FaultKind::NoNetwork };
        let answer =
            r#"{"failed": {"kind": "no_network", "at": "https://x", "detail": "no route"}}"#;
        assert_eq!(solved(&reply(answer), ""), (expected, 0));
    }

    #[test]
    fn other_output_and_other_protocols_are_unreadable() {
        assert_eq!(solved("", "usage: x").0, DryRun::Unreadable("usage: x".to_owned()));
        let other = reply(r#"{"solved": {"unsolvable": {"why": "x"}}}"#).replace(": 2,", ": 1,");
        assert!(matches!(solved(&other, "").0, DryRun::Unreadable(_)));
    }

    #[test]
    fn knows_the_age_of_cached_records() {
        let origin = r#"{"channel": "https://x", "subdir": "linux-64", "form": "whole", "age": 7200,
            "fetched": 0, "fault": null}"#;
        let answer = r#"{"solved": {"unsolvable": {"why": "x"}}}"#;
        let reply = format!(r#"{{"protocol": 2, "origins": [{origin}], "told": {answer}}}"#);
        assert_eq!(solved(&reply, "").1, 7200);
    }
}
