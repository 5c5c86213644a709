//! What a file is, by its name and its content.

use serde::Serialize;

use crate::matrix::Matrix;
use crate::yaml::Document;

use super::file_migration::{FileError, FileMigration};
use super::target::Target;
use super::{commands, environment_yml, pixi_read, pixi_toml};

/// A form of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum FileFormat {
    /// `environment.yml`, and what has its form.
    EnvironmentYml,
    /// `pixi.toml`, and `pyproject.toml` with pixi's tables.
    PixiToml,
    /// Text with lines that install: a Dockerfile, a README, a script.
    Commands,
}

impl FileFormat {
    /// The form's name, for JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EnvironmentYml => "environment-yml",
            Self::PixiToml => "pixi-toml",
            Self::Commands => "commands",
        }
    }

    /// What a file is. The name says what it must be, where it is one that programs look for; a text
    /// without a telling name is what it can be read as.
    pub(super) fn of(path: &str, text: &str) -> Result<Self, FileError> {
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
            "toml" => Ok(Self::PixiToml),
            "yml" | "yaml" => Self::of_yaml(&name, text),
            "" | "txt" if name == "-" => Ok(Self::of_text(text)),
            _ => Ok(Self::Commands),
        }
    }

    /// A workflow's YAML holds commands; what cannot be read is damaged only where it was to be an
    /// environment.
    fn of_yaml(name: &str, text: &str) -> Result<Self, FileError> {
        let is_environment = name.contains("env") || name.contains("conda");
        match Document::parse(text) {
            Ok(tree) if environment_yml::recognises(&tree) => Ok(Self::EnvironmentYml),
            Err(error) if is_environment || looks_like_environment(text) => Err(error.into()),
            Ok(_) | Err(_) => Ok(Self::Commands),
        }
    }

    fn of_text(text: &str) -> Self {
        if pixi_read::recognises(text) {
            Self::PixiToml
        } else if looks_like_environment(text)
            || Document::parse(text).is_ok_and(|tree| environment_yml::recognises(&tree))
        {
            Self::EnvironmentYml
        } else {
            Self::Commands
        }
    }

    pub(super) fn migrate(
        self,
        text: &str,
        target: Target<'_>,
        matrix: &Matrix,
    ) -> Result<FileMigration, FileError> {
        match self {
            Self::EnvironmentYml => environment_yml::migrate(text, target, matrix),
            Self::PixiToml => pixi_toml::migrate(text, target, matrix),
            Self::Commands => commands::migrate(text, target, matrix),
        }
    }
}

/// Whether a text has an environment's keys at the margin.
fn looks_like_environment(text: &str) -> bool {
    text.trim_start_matches('\u{feff}')
        .lines()
        .any(|line| line.starts_with("dependencies:") || line.starts_with("channels:"))
}
