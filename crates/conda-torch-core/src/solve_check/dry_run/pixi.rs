//! `pixi lock`: the lock file, or the output of a failure.

use std::collections::HashMap;

use crate::conda::ChannelName;
use crate::yaml::{Document, Value};

use super::failures::of_failure;
use super::output_text::{excerpt, plain};
use super::{DryRun, PlannedPackage};

/// Reads a lock file of any version: its `conda: URL` entries.
pub(super) fn read(code: Option<i32>, lock: &str, stderr: &str) -> DryRun {
    let lock = plain(lock);
    if code != Some(0) || lock.trim().is_empty() {
        let output = plain(if stderr.trim().is_empty() { &lock } else { stderr });
        return of_failure(&output).unwrap_or_else(|| DryRun::Failed(excerpt(&output)));
    }
    match packages(&lock) {
        Some(planned) => DryRun::Planned(planned),
        None => DryRun::Unreadable(excerpt(&lock)),
    }
}

/// Every package once, with its size. `None` for a text that is not a lock file with packages.
fn packages(lock: &str) -> Option<Vec<PlannedPackage>> {
    let document = Document::parse(lock).ok()?;
    document.root()?.get("environments")?;
    let mut planned: Vec<PlannedPackage> = Vec::new();
    let mut indexes: HashMap<&str, usize> = HashMap::new();
    for entry in document.values() {
        let Some(url) = entry.get("conda").and_then(Value::text) else { continue };
        let Some(package) = of_url(url) else { continue };
        let index = *indexes.entry(url).or_insert(planned.len());
        if index == planned.len() {
            planned.push(package);
        }
        if let Some(size) = entry.get("size").and_then(Value::text) {
            planned[index].size = size.parse().ok();
        }
    }
    (!planned.is_empty()).then_some(planned)
}

/// `https://…/linux-64/pytorch-2.13.0-cuda129_mkl_py312_h…_302.conda`.
fn of_url(url: &str) -> Option<PlannedPackage> {
    let file = url.rsplit('/').next()?;
    let stem = file.strip_suffix(".conda").or_else(|| file.strip_suffix(".tar.bz2"))?;
    let (rest, build) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some(PlannedPackage {
        name: name.to_owned(),
        version: version.to_owned(),
        build: build.to_owned(),
        channel: ChannelName::of_package(url).name,
        size: None,
        to_download: None,
    })
}
