//! What `conda-torch-live` found, in the form of a client's dry run.

use crate::channel::{LiveAnswer, LiveReply, LiveReplyError, age};

use super::dry_run::{DryRun, from_fault, from_solution};

/// Reads its answer, with the age of what it solved in seconds: 0 where that was read anew.
pub fn solved(stdout: &str, stderr: &str) -> (DryRun, u64) {
    match LiveReply::read(stdout.as_bytes()) {
        Ok(reply) => {
            let age = age(&reply.origins);
            (told(reply.answer), age)
        }
        Err(why) => (no_reply(&why, stdout, stderr), 0),
    }
}

fn no_reply(why: &LiveReplyError, stdout: &str, stderr: &str) -> DryRun {
    match why {
        LiveReplyError::NotUnderstood(_) => {
            DryRun::Unreadable(if stderr.trim().is_empty() { stdout } else { stderr }.into())
        }
        LiveReplyError::OtherProtocol(_) => DryRun::Unreadable(why.to_string()),
    }
}

fn told(told: LiveAnswer) -> DryRun {
    match told {
        LiveAnswer::Solved(solved) => from_solution(&solved),
        LiveAnswer::Failed(fault) => from_fault(&fault),
        LiveAnswer::Records(_) => {
            DryRun::Unreadable("it told records, which were not asked for".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::conda::FaultKind;
    use crate::solve_check::dry_run::PlannedPackage;

    use super::*;

    fn reply(told: &str) -> String {
        format!(r#"{{"protocol": 1, "origins": [], "told": {told}}}"#)
    }

    #[test]
    fn reads_the_packages_of_a_solution() {
        let record = r#"{"name": "pytorch", "version": "2.13.0", "build": "cpu_mkl_py312_h_102",
            "build_number": 102, "subdir": "linux-64", "channel": "https://x/conda-forge",
            "url": "https://x/conda-forge/linux-64/p.conda", "size": 7}"#;
        let told = format!(r#"{{"solved": {{"solution": {{"records": [{record}]}}}}}}"#);
        let expected = PlannedPackage {
            name: "pytorch".to_owned(),
            version: "2.13.0".to_owned(),
            build: "cpu_mkl_py312_h_102".to_owned(),
            channel: "https://x/conda-forge".to_owned(),
            size: Some(7),
            to_download: None,
        };
        assert_eq!(solved(&reply(&told), ""), (DryRun::Planned(vec![expected]), 0));
    }

    #[test]
    fn network_errors_do_not_contradict_the_advice() {
        let words = "https://x: no route".to_owned();
        let expected = DryRun::Network { words, kind: FaultKind::NoNetwork };
        let told = r#"{"failed": {"kind": "no_network", "at": "https://x", "detail": "no route"}}"#;
        assert_eq!(solved(&reply(told), ""), (expected, 0));
    }

    #[test]
    fn reports_another_program_as_the_solver() {
        assert_eq!(solved("", "usage: x").0, DryRun::Unreadable("usage: x".to_owned()));
        let other = reply(r#"{"solved": {"unsolvable": {"why": "x"}}}"#).replace(": 1,", ": 2,");
        assert!(matches!(solved(&other, "").0, DryRun::Unreadable(_)));
    }

    #[test]
    fn cached_data_has_its_age() {
        let origin = r#"{"channel": "https://x", "subdir": "linux-64", "form": "whole", "age": 7200,
            "fetched": 0, "fault": null}"#;
        let told = r#"{"solved": {"unsolvable": {"why": "x"}}}"#;
        let reply = format!(r#"{{"protocol": 1, "origins": [{origin}], "told": {told}}}"#);
        assert_eq!(solved(&reply, "").1, 7200);
    }
}
