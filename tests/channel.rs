//! Builds drawn from a channel's records, held to the rows of the matrix: the channel is written by
//! `tests/solver/channel.py`, from facts that are kept apart from the rows.
#![expect(clippy::disallowed_methods, reason = "tests run Python and read what it wrote")]

use std::process::Command;

use conda_torch::channel::{Difference, Record, differences, found};
use conda_torch::matrix::Matrix;
use conda_torch::model::{Build, Subdir};
use serde_json::Value;

const SUBDIRS: [Subdir; 5] =
    [Subdir::Linux64, Subdir::LinuxAarch64, Subdir::Osx64, Subdir::OsxArm64, Subdir::Win64];

/// The records of the channel; `None` where there is no Python to write it.
fn records() -> Option<Vec<Record>> {
    let folder = format!("{}/channel-records", env!("CARGO_TARGET_TMPDIR"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/solver/channel.py");
    let ran = Command::new("python3").args([script, &folder]).output();
    if !ran.is_ok_and(|ran| ran.status.success()) {
        #[expect(clippy::disallowed_macros, reason = "a test that is not run says so")]
        {
            eprintln!("SKIPPED: no python3 to write a channel with");
        }
        return None;
    }
    let mut records = Vec::new();
    for subdir in &SUBDIRS {
        let text = std::fs::read_to_string(format!("{folder}/{subdir}/repodata.json"))
            .expect("it was written");
        let document: Value = serde_json::from_str(&text).expect("JSON");
        for packages in ["packages", "packages.conda"] {
            for (file, record) in document[packages].as_object().expect("a map") {
                let mut record = record.clone();
                record["url"] = format!("https://example.org/{subdir}/{file}").into();
                record["channel"] = "https://example.org".into();
                record.as_object_mut().expect("a map").remove("track_features");
                records.push(serde_json::from_value(record).expect("a record"));
            }
        }
    }
    Some(records)
}

/// A difference in a line.
fn tell(difference: &Difference<'_>) -> String {
    let row = |row: &Build| format!("{} {} {}", row.pytorch, row.build_prefix(), row.subdir);
    match difference {
        Difference::New(found) => format!("new {} {}", found.key.pytorch, found.key.subdir),
        Difference::Rebuilt { row: it, found } => {
            format!("rebuilt {} {:?}", row(it), found.build_numbers.last())
        }
        Difference::Changed { row: it, what, .. } => format!("changed {} {what:?}", row(it)),
        Difference::Gone(it) => format!("gone {}", row(it)),
    }
}

#[test]
fn a_channel_with_the_same_facts_does_not_differ() {
    let Some(records) = records() else { return };
    let (builds, gaps) = found(&records);
    assert_eq!(gaps, []);
    let differences = differences(&builds, Matrix::embedded(), &SUBDIRS);
    let told: Vec<String> = differences.iter().map(tell).collect();
    assert_eq!(told, [""; 0], "of {} builds", builds.len());
}

#[test]
fn what_is_new_gone_rebuilt_or_changed_is_told() {
    let Some(mut records) = records() else { return };
    records.retain(|record| record.name == "pytorch");
    // A release of next year, one build less, a rebuild, and another glibc.
    let newest = |record: &&Record| record.version == "2.13.0" && record.subdir == "linux-64";
    let of = |prefix: &str| {
        records
            .iter()
            .filter(newest)
            .find(|record| record.build.starts_with(prefix))
            .cloned()
            .expect("a record")
    };
    let mut new = of("cuda130_mkl");
    new.version = "2.14.0".to_owned();
    let mut rebuilt = records.clone();
    rebuilt.retain(|record| newest(&record) && record.build.starts_with("cuda130_mkl"));
    for record in &mut rebuilt {
        record.build_number = 303;
    }
    records.retain(|record| {
        !(record.version == "2.13.0"
            && record.subdir == "win-64"
            && record.build.starts_with("cpu"))
    });
    for record in records.iter_mut().filter(|record| {
        record.version == "2.13.0"
            && record.subdir == "linux-64"
            && record.build.starts_with("cpu_generic")
    }) {
        for spec in &mut record.depends {
            *spec = spec.replace("__glibc >=2.17", "__glibc >=2.34");
        }
    }
    records.push(new);
    records.extend(rebuilt);
    let (builds, _) = found(&records);
    let differences = differences(&builds, Matrix::embedded(), &SUBDIRS);
    let told: Vec<String> = differences.iter().map(tell).collect();
    assert_eq!(
        told,
        [
            "new 2.14.0 linux-64",
            "rebuilt 2.13.0 cuda130_mkl linux-64 Some(303)",
            "changed 2.13.0 cpu_generic linux-64 [Glibc]",
            "gone 2.13.0 cpu_mkl win-64"
        ]
    );
}
