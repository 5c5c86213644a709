//! Migration of files that use the old `pytorch` channel: text in, new text and changes out.
//! [`advise`](crate::resolve::advise) chooses the builds.
//!
//! 1. A format (`environment_yml`, `pixi_toml`, `commands`) is read into `environment_spec`s: channels
//!    and packages, each with its line.
//! 2. `requested_specs` is what they ask for, `target` the machines, `choose_target` the builds.
//! 3. `file_edits` decides the edit to each channel, `package_edit` to each package.
//! 4. The format edits the text by place. The new text is read again: it must have the planned changes
//!    and everything else as before, or the file stays unchanged.

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
mod pixi_toml;
mod requested_specs;
mod shell_words;
mod target;
mod text_edit;

pub use file_migration::{
    ChangeReason, FileError, FileFormat, FileMigration, FileNote, LineChange,
};
pub use target::Target;

use crate::matrix::Matrix;

/// Migrates a file. Its name and content decide the format.
///
/// # Errors
/// Where the file is malformed or generated, or asks for what conda-forge does not have. It is to stay
/// as it is.
pub fn migrate_file(
    path: &str,
    text: &str,
    target: Target<'_>,
    matrix: &Matrix,
) -> Result<FileMigration, FileError> {
    let migrate = match format::detect(path, text)? {
        FileFormat::EnvironmentYml => environment_yml::migrate,
        FileFormat::PixiToml => pixi_toml::migrate,
        FileFormat::Commands => commands::migrate,
    };
    let migration = migrate(text, target, matrix)?;
    if migration.text != text {
        // Another run must find nothing to do, or the plan was wrong.
        let again = migrate(&migration.text, target, matrix);
        if !again.is_ok_and(|again| again.text == migration.text) {
            return Err(FileError::UnrelatedLines);
        }
    }
    Ok(migration)
}
