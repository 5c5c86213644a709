//! Migration of files that use the old `pytorch` channel: text in, new text and changes out.
//! [`advise`](crate::resolve::advise) chooses the builds.
//!
//! 1. A format (`environment_yml`, `pixi_toml`, `commands`) is read into `environment_spec`s: channels
//!    and packages, each with its line.
//! 2. `requested_specs` is their request, `target` the machines and the builds for them.
//! 3. `file_edits` decides the edit to each channel, `package_edit` to each package.
//! 4. The format edits the text by place. The new text is read again: it must have the planned changes
//!    and everything else as before, or the file stays unchanged.

mod commands;
mod environment_spec;
mod environment_yml;
mod file_edits;
mod file_migration;
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
use crate::yaml::Document;

/// Migrates a file. Its name and content decide the format.
///
/// # Errors
/// If the file is malformed or generated, or no build on conda-forge satisfies it. It must stay unchanged.
pub fn migrate_file(
    path: &str,
    text: &str,
    target: Target<'_>,
    matrix: &Matrix,
) -> Result<FileMigration, FileError> {
    let migrate = match detect_format(path, text)? {
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

/// The format of a file. A name that programs look for decides; otherwise the content does.
fn detect_format(path: &str, text: &str) -> Result<FileFormat, FileError> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
    let (_, extension) = name.rsplit_once('.').unwrap_or(("", ""));
    let is_lock = matches!(name.as_str(), "pixi.lock" | "conda-lock.yml" | "conda-lock.yaml");
    if is_lock || name.ends_with(".conda-lock.yml") {
        return Err(FileError::Generated("a lock file"));
    }
    if text.lines().any(|line| line.trim() == "@EXPLICIT") {
        return Err(FileError::Generated("a list of package addresses"));
    }
    match extension {
        "toml" => Ok(FileFormat::PixiToml),
        "yml" | "yaml" => of_yaml(&name, text),
        "" | "txt" if name == "-" && pixi_toml::recognises(text) => Ok(FileFormat::PixiToml),
        "" | "txt" if name == "-" && is_environment(text) => Ok(FileFormat::EnvironmentYml),
        _ => Ok(FileFormat::Commands),
    }
}

/// YAML that is not an environment is a workflow with commands. Malformed YAML is an error only if it
/// was meant to be an environment.
fn of_yaml(name: &str, text: &str) -> Result<FileFormat, FileError> {
    let is_meant = name.contains("env") || name.contains("conda") || has_environment_keys(text);
    match Document::parse(text) {
        Ok(document) if environment_yml::recognises(&document) => Ok(FileFormat::EnvironmentYml),
        Err(error) if is_meant => Err(error.into()),
        Ok(_) | Err(_) => Ok(FileFormat::Commands),
    }
}

fn is_environment(text: &str) -> bool {
    has_environment_keys(text)
        || Document::parse(text).is_ok_and(|document| environment_yml::recognises(&document))
}

/// Whether a text has an environment's keys at the margin.
fn has_environment_keys(text: &str) -> bool {
    text.trim_start_matches('\u{feff}')
        .lines()
        .any(|line| line.starts_with("dependencies:") || line.starts_with("channels:"))
}
