//! The `libtorch` that a build of `pytorch` stands on.

use super::Record;
use super::record_specs::{UnreadReason, spec};

/// The `libtorch` that a build stands on: since 2.1.0 the library is a package of its own, whose rules
/// are the build's too. `None` for older builds, and where no `libtorch` is among the records.
pub(super) fn find_libtorch<'r>(
    record: &Record,
    libraries: &[&'r Record],
) -> Result<Option<&'r Record>, UnreadReason> {
    let Some(asked) = spec(record, "libtorch").filter(|_| !libraries.is_empty()) else {
        return Ok(None);
    };
    let version = asked.version.unwrap_or_default().trim_start_matches('=').trim_end_matches(".*");
    let build = asked.build.unwrap_or("*");
    let is_it = |it: &&&Record| {
        it.subdir == record.subdir && it.version == version && is_match(build, &it.build)
    };
    libraries.iter().find(is_it).map(|it| Some(*it)).ok_or(UnreadReason::Libtorch)
}

/// Whether a build string is one of a pattern: `cuda129_mkl_h9562ed8_304`, `*_304`, `*`.
fn is_match(pattern: &str, build: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == build };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(build) = build.strip_prefix(start).and_then(|build| build.strip_suffix(end)) else {
        return false;
    };
    // Each part as early as it can be leaves the most to the next.
    let mut left = Some(build);
    for part in middle.split('*') {
        left = left.and_then(|left| left.split_once(part)).map(|(_, behind)| behind);
    }
    left.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_strings_match_patterns() {
        for (pattern, build, is_it) in [
            ("cuda131_mkl_h7_300", "cuda131_mkl_h7_300", true),
            ("cuda131_mkl_h7_300", "cuda131_mkl_h7_301", false),
            ("*_300", "cuda131_mkl_h7_300", true),
            ("cuda*_mkl*300", "cuda131_mkl_h7_300", true),
            ("cuda*_mkl*301", "cuda131_mkl_h7_300", false),
            ("cuda*300*_300", "cuda131_mkl_h7_300", false),
            ("a*b*b", "ab", false),
            ("*", "x", true),
            ("", "x", false),
        ] {
            assert_eq!(is_match(pattern, build), is_it, "{pattern} {build}");
        }
    }
}
