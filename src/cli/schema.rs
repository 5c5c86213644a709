//! `conda-torch schema`: the JSON schemas of the output.

use super::Output;
use super::choices::{SCHEMAS, one_of};

const EXAMPLES: &str = "\
Examples:
  conda-torch schema > advise-1.json
  conda-torch schema probe";

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
