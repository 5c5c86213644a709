//! `conda-torch schema`: the JSON schemas of the output.

use clap::ValueEnum;

use conda_torch_core::report::schema;

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
    /// `probe` or `matrix`, if the run fails
    Error,
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
        Document::Advise => schema::ADVISE,
        Document::Check => schema::CHECK,
        Document::Error => schema::ERROR,
        Document::Matrix => schema::MATRIX,
        Document::MatrixDiff => schema::MATRIX_DIFF,
        Document::Migrate => schema::MIGRATE,
        Document::MigrateFiles => schema::MIGRATE_FILES,
        Document::Probe => schema::PROBE,
    };
    Output { stdout: schema.to_owned(), code: 0 }
}
