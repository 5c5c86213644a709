//! The part of `conda` that rows need.

#[path = "../src/conda/address.rs"]
mod address;
#[path = "../src/conda/parse.rs"]
mod parse;
#[path = "../src/conda/subdir.rs"]
mod subdir;
#[path = "../src/conda/version.rs"]
mod version;

pub(crate) use address::Address;
pub(crate) use parse::{ParseError, parse_numbers, serde_as_text, words};
pub(crate) use subdir::{Os, Subdir};
pub(crate) use version::Version;
