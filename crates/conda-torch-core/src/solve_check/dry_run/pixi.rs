//! `pixi lock` in a folder of its own: the lock file, or what it said instead.

use saphyr_parser::{Event, Parser};

use crate::conda::ChannelName;

use super::words::{excerpt, of_failure, plain};
use super::{DryRun, Planned};

/// Reads a lock file, of any version: every package that its environment names by `conda: URL`.
pub(super) fn read(code: Option<i32>, lock: &str, stderr: &str) -> DryRun {
    let lock = plain(lock);
    if code != Some(0) || lock.trim().is_empty() {
        let said = plain(if stderr.trim().is_empty() { &lock } else { stderr });
        return of_failure(&said).unwrap_or_else(|| DryRun::Failed(excerpt(&said)));
    }
    match packages(&lock) {
        Some(planned) => DryRun::Would(planned),
        None => DryRun::Unreadable(excerpt(&lock)),
    }
}

/// Every package once; its size stands in the list below the environments. `None` for what is no lock.
fn packages(lock: &str) -> Option<Vec<Planned>> {
    let mut planned: Vec<Planned> = Vec::new();
    let mut urls: Vec<String> = Vec::new();
    let (mut is_lock, mut current, mut key) = (false, None, Key::Other);
    for event in Parser::new_from_str(lock) {
        let Event::Scalar(value, ..) = event.ok()?.0 else {
            key = Key::Other;
            continue;
        };
        match key {
            Key::Conda => {
                key = Key::Other;
                let known = urls.iter().position(|url| *url == value);
                current = known.or_else(|| {
                    planned.push(of_url(&value)?);
                    urls.push(value.into_owned());
                    Some(planned.len() - 1)
                });
            }
            Key::Size => {
                key = Key::Other;
                if let Some(package) = current.and_then(|at: usize| planned.get_mut(at)) {
                    package.size = value.parse().ok();
                }
            }
            Key::Other => {
                if value == "pypi" {
                    current = None;
                }
                is_lock |= value == "environments";
                key = match &*value {
                    "conda" => Key::Conda,
                    "size" => Key::Size,
                    _ => Key::Other,
                };
            }
        }
    }
    (is_lock && !planned.is_empty()).then_some(planned)
}

/// What the next scalar is.
enum Key {
    Conda,
    Size,
    Other,
}

/// `https://…/linux-64/pytorch-2.13.0-cuda129_mkl_py312_h…_302.conda`.
fn of_url(url: &str) -> Option<Planned> {
    let file = url.rsplit('/').next()?;
    let stem = file.strip_suffix(".conda").or_else(|| file.strip_suffix(".tar.bz2"))?;
    let (rest, build) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some(Planned {
        name: name.to_owned(),
        version: version.to_owned(),
        build: build.to_owned(),
        channel: ChannelName::of_package(url).name,
        size: None,
        to_download: None,
    })
}
