//! `conda-torch schema`: the JSON schemas of the output.

use clap::ValueEnum;

use conda_torch_core::report::schema::{
    ADVISE_SCHEMA, CHECK_SCHEMA, DIFF_SCHEMA, MATRIX_SCHEMA, MIGRATE_FILES_SCHEMA, MIGRATE_SCHEMA,
    PROBE_SCHEMA,
};

use super::Output;

const EXAMPLES: &str = "\
Examples:
  conda-torch schema > advise-1.json
  conda-torch schema probe";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The document
    #[arg(value_enum, default_value_t = Document::Advise)]
    of: Document,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Document {
    /// `advise --json`
    Advise,
    /// `check --json`
    Check,
    /// `matrix --format json`
    Matrix,
    /// `matrix --diff --format json`
    MatrixDiff,
    /// `migrate --json`
    Migrate,
    /// `migrate FILE --json`
    MigrateFiles,
    /// `probe --json`
    Probe,
}

pub(super) fn run(args: &Args) -> Output {
    let schema = match args.of {
        Document::Advise => ADVISE_SCHEMA,
        Document::Check => CHECK_SCHEMA,
        Document::Matrix => MATRIX_SCHEMA,
        Document::MatrixDiff => DIFF_SCHEMA,
        Document::Migrate => MIGRATE_SCHEMA,
        Document::MigrateFiles => MIGRATE_FILES_SCHEMA,
        Document::Probe => PROBE_SCHEMA,
    };
    Output { stdout: schema.to_owned(), code: 0 }
}
