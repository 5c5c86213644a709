//! The program `conda-torch`: flags, text, exit codes. The decision is in `conda-torch-core`.

mod built_in; // the matrix
pub mod cli; // flags, streams, exit codes
pub mod text; // text for terminals
