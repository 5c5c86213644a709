//! `conda-torch schema`: the JSON schemas of the output.

use super::Output;
use super::flags::{Choices, one_of};

const EXAMPLES: &str = "\
Examples:
  conda-torch schema > advise-1.json
  conda-torch schema probe";

/// A schema of this version of the documents.
macro_rules! schema {
    ($name:literal) => {
        include_str!(concat!("../../docs/schema/", $name, "-1.json"))
    };
}

const SCHEMAS: Choices<&str> = &[
    ("advise", "`advise --json`", schema!("advise")),
    ("check", "`check --json`", schema!("check")),
    ("clean", "`clean --json`", schema!("clean")),
    ("error", "any other run that fails", schema!("error")),
    ("explain", "`explain --json`", schema!("explain")),
    ("fleet", "`fleet --json`", schema!("fleet")),
    ("install", "`install --json` or `test --json`", schema!("install")),
    ("matrix", "`matrix --json`", schema!("matrix")),
    ("matrix-diff", "`matrix --diff --format json`", schema!("matrix-diff")),
    ("migrate", "`migrate --json`", schema!("migrate")),
    ("migrate-files", "`migrate FILE --json`", schema!("migrate-files")),
    ("node", "`probe --json --node`", schema!("node")),
    ("probe", "`probe --json`", schema!("probe")),
];

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Name of the document
    #[arg(value_name = "NAME", value_parser = one_of(SCHEMAS), default_value = "advise")]
    of: &'static str,
}

pub(super) fn run(args: &Args) -> Output {
    Output { stdout: args.of.to_owned(), code: 0 }
}
