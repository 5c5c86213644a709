//! What `conda-torch-live` found, in the form of a client's dry run.

use crate::channel::{NoReply, Reply, Told};

use super::dry_run::{DryRun, from_fault, from_solution};

/// Reads its answer.
#[must_use]
pub fn solved(stdout: &str, stderr: &str) -> DryRun {
    let reply = match Reply::read(stdout.as_bytes()) {
        Ok(reply) => reply,
        Err(NoReply::NotUnderstood(_)) => {
            return DryRun::Unreadable(
                if stderr.trim().is_empty() { stdout } else { stderr }.into(),
            );
        }
        Err(why @ NoReply::OtherProtocol(_)) => return DryRun::Unreadable(why.to_string()),
    };
    match reply.told {
        Told::Solved(solved) => from_solution(&solved),
        Told::Failed(fault) => from_fault(&fault),
        Told::Records(_) => DryRun::Unreadable("it told records, which were not asked for".into()),
    }
}

#[cfg(test)]
mod tests {
    use crate::model::FaultKind;
    use crate::verify::dry_run::Planned;

    use super::*;

    fn reply(told: &str) -> String {
        format!(r#"{{"protocol": 1, "origins": [], "told": {told}}}"#)
    }

    #[test]
    fn a_solution_is_what_would_be_there() {
        let record = r#"{"name": "pytorch", "version": "2.13.0", "build": "cpu_mkl_py312_h_102",
            "build_number": 102, "subdir": "linux-64", "channel": "https://x/conda-forge",
            "url": "https://x/conda-forge/linux-64/p.conda", "size": 7}"#;
        let told = format!(r#"{{"solved": {{"solution": {{"records": [{record}]}}}}}}"#);
        let expected = Planned {
            name: "pytorch".to_owned(),
            version: "2.13.0".to_owned(),
            build: "cpu_mkl_py312_h_102".to_owned(),
            channel: "https://x/conda-forge".to_owned(),
            size: Some(7),
            to_download: None,
        };
        assert_eq!(solved(&reply(&told), ""), DryRun::Would(vec![expected]));
    }

    #[test]
    fn a_fault_of_the_network_is_none_of_the_advice() {
        let words = "https://x: no route".to_owned();
        let expected = DryRun::Network { words, kind: FaultKind::NoNetwork };
        let told = r#"{"failed": {"kind": "no_network", "at": "https://x", "detail": "no route"}}"#;
        assert_eq!(solved(&reply(told), ""), expected);
    }

    #[test]
    fn another_program_in_its_place_is_told() {
        assert_eq!(solved("", "usage: x"), DryRun::Unreadable("usage: x".to_owned()));
        let other = reply(r#"{"solved": {"unsolvable": {"why": "x"}}}"#).replace(": 1,", ": 2,");
        assert!(matches!(solved(&other, ""), DryRun::Unreadable(_)));
    }
}
