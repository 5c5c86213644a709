//! Files that still name the old `pytorch` channel, rewritten for conda-forge: text in, new text and
//! what was changed out. Makes no decision of its own: which PyTorch a file ends on is what
//! [`advise`](crate::resolve::advise) says for the machines that the file is for.
//!
//! 1. A format (`environment_yml`, `pixi_toml`, `commands`) is read into `environment_spec`s: channels
//!    and packages, each with its line.
//! 2. `requested_specs` says what they ask for, `target` for which machines, `choose_target` which
//!    builds they get.
//! 3. `file_edits` decides the edit to each channel, and `package_edit` to each package.
//! 4. The format edits the text by place. The new text is read again: it must say what was planned and
//!    all else as before. Otherwise nothing changes.

mod channels;
mod choose_target;
mod commands;
mod environment_spec;
mod environment_yml;
mod file_edits;
mod file_migration;
mod format;
mod package_edit;
mod packages;
mod pixi_read;
mod pixi_toml;
mod requested_specs;
mod shell_words;
mod target;
mod text_edit;
mod toml_entries;
pub mod words;

pub use file_migration::{ChangeReason, FileError, FileMigration, FileNote, LineChange};
pub use format::FileFormat;
pub use target::Target;

use crate::matrix::Matrix;

/// Rewrites a file. `name` is its path, which says what it may be; the content decides.
///
/// # Errors
/// Where the file is damaged, holds nothing that this program rewrites, or asks for what conda-forge
/// does not have. The file is then to stay as it is.
pub fn migrate_file(
    name: &str,
    text: &str,
    target: Target<'_>,
    matrix: &Matrix,
) -> Result<FileMigration, FileError> {
    let format = FileFormat::of(name, text)?;
    let once = format.migrate(text, target, matrix)?;
    if once.text != text {
        // What was written is what another run finds nothing to do in, or the plan was wrong.
        let again = format.migrate(&once.text, target, matrix);
        if !again.is_ok_and(|again| again.text == once.text) {
            return Err(FileError::UnrelatedLines);
        }
    }
    Ok(once)
}
