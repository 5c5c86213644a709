//! The part of `conda` that rows need.

#![allow(
    unfulfilled_lint_expectations,
    reason = "the modules expect lints that spare a build script"
)]

#[path = "../src/conda/subdir.rs"]
#[expect(dead_code, unreachable_pub, reason = "rows need a part of it")]
mod subdir;
#[path = "../src/conda/version.rs"]
#[expect(dead_code, unreachable_pub, reason = "rows need a part of it")]
mod version;

pub(crate) use subdir::{Os, Subdir};
pub(crate) use version::{
    ParseVersionError, Version, parse_pair, parse_parts, serde_as_text, words,
};
