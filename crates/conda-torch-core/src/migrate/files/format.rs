//! The format of a file, by its name and its content.

use crate::yaml::Document;

use super::file_migration::{FileError, FileFormat};
use super::{environment_yml, pixi_toml};

/// The format of a file. A name that programs look for decides; otherwise the content does.
pub(super) fn detect(path: &str, text: &str) -> Result<FileFormat, FileError> {
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
