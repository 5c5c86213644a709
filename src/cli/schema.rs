//! `conda-torch schema`: the JSON schemas of the output.

use conda_torch_core::report::schema;

use super::Output;
use super::flags::{Choices, one_of};

const EXAMPLES: &str = "\
Examples:
  conda-torch schema > advise-1.json
  conda-torch schema probe";

const SCHEMAS: Choices<&str> = &[
    ("advise", "`advise --json`", schema::ADVISE),
    ("check", "`check --json`", schema::CHECK),
    ("error", "`probe` or `matrix`, if the run fails", schema::ERROR),
    ("matrix", "`matrix --format json`", schema::MATRIX),
    ("matrix-diff", "`matrix --diff --format json`", schema::MATRIX_DIFF),
    ("migrate", "`migrate --json`", schema::MIGRATE),
    ("migrate-files", "`migrate FILE --json`", schema::MIGRATE_FILES),
    ("probe", "`probe --json`", schema::PROBE),
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
