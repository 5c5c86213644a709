//! The lines of the configuration that add old channels, and what to do about each.

use serde::Serialize;

use crate::conda::{Address, ChannelKind};
use crate::types::{Condarc, CondarcLine, Environment, InstalledPackage};

use super::super::{CodeAndMessage, list};
use super::in_place::limits_pytorch;

/// The parts of the configuration that a migration needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// The findings, those of the strongest file first.
    pub findings: Vec<SettingsFinding>,
    /// Files that cannot be read, and why.
    pub unreadable: Vec<CodeAndMessage>,
    /// Files with comments, which a client drops when it writes them.
    pub commented: Vec<String>,
    /// The strongest file with a list of channels.
    pub channels_in: Option<String>,
    /// Whether conda-forge is the first channel there.
    pub conda_forge_first: bool,
    /// The strongest file with a channel priority.
    pub priority_in: Option<String>,
    /// Whether that priority is strict.
    pub is_strict: bool,
}

/// A line of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SettingsFinding {
    /// The file; null for an environment variable.
    pub path: Option<String>,
    /// Its place; for a variable, its name and value.
    #[serde(flatten)]
    pub line: CondarcLine,
    /// pytorch, nvidia, defaults, conda-forge, other.
    #[serde(rename = "channel")]
    pub kind: ChannelKind,
    /// remove, by-hand, stays.
    #[serde(rename = "verdict")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub action: SettingsAction,
    /// Environments with packages from this channel, which need it for updates.
    pub used_by: Vec<String>,
    /// A sentence.
    pub message: String,
}

/// What to do about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum SettingsAction {
    /// Remove it with a command.
    #[serde(rename = "remove")]
    Remove,
    /// Remove it by hand: no command can.
    #[serde(rename = "by-hand")]
    Manual,
    /// Keep it.
    #[serde(rename = "stays")]
    Keep,
}

const VARIABLE: &str = "CONDA_CHANNELS";

/// Finds the lines in the files, the strongest first, and in `CONDA_CHANNELS`.
pub fn settings(
    files: &[Condarc],
    variable: Option<&str>,
    environments: &[Environment],
) -> Settings {
    let mut settings = Settings::default();
    for channel in variable.unwrap_or_default().split(',').map(str::trim) {
        let (key, value) = (VARIABLE.to_owned(), Address::of(channel));
        let line = CondarcLine { line: 0, key, value, is_entry: true };
        settings.findings.extend(finding(None, &line, environments));
    }
    for file in files {
        if let Some(problem) = &file.problem {
            let unreadable = CodeAndMessage::with(file.path.clone(), problem.clone());
            settings.unreadable.push(unreadable);
            continue;
        }
        let before = settings.findings.len();
        let found =
            file.lines.iter().filter_map(|line| finding(Some(&file.path), line, environments));
        settings.findings.extend(found);
        if settings.findings.len() > before && file.has_comments {
            settings.commented.push(file.path.clone());
        }
        settings.read_priority(file);
    }
    settings
}

impl Settings {
    /// Reads the order of channels and the priority, each from the strongest file with it.
    fn read_priority(&mut self, file: &Condarc) {
        let line = |key| file.lines.iter().find(|line| line.key == key);
        if let (None, Some(first)) = (&self.channels_in, line("channels")) {
            self.channels_in = Some(file.path.clone());
            self.conda_forge_first =
                ChannelKind::of(first.value.public()) == ChannelKind::CondaForge;
        }
        if let (None, Some(priority)) = (&self.priority_in, line("channel_priority")) {
            self.priority_in = Some(file.path.clone());
            self.is_strict = priority.value.public() == "strict";
        }
    }
}

/// A line of a file or of the variable, and what to do about it; `None` for lines without relevance.
fn finding(
    path: Option<&str>,
    line: &CondarcLine,
    environments: &[Environment],
) -> Option<SettingsFinding> {
    let kind = ChannelKind::of(line.value.public());
    let key = &line.key;
    let why = match kind {
        ChannelKind::Pytorch => "the channel ended with PyTorch 2.5",
        ChannelKind::Nvidia => "conda-forge has its own CUDA packages",
        ChannelKind::Defaults => "its packages do not mix with conda-forge's",
        ChannelKind::CondaForge | ChannelKind::Other => "",
    };
    let mut used_by = Vec::new();
    let (kind, action, message) = match key.split('.').next().unwrap_or_default() {
        "channels" if kind.is_replaced() && line.is_entry && line.value.has_secrets() => {
            let message =
                format!("{why}; a command would show its password or token, so edit the file");
            (kind, SettingsAction::Manual, message)
        }
        "channels" if kind.is_replaced() && line.is_entry => {
            let is_used = |package: &InstalledPackage| ChannelKind::of(&package.channel) == kind;
            let users = environments.iter().filter(|it| it.packages.iter().any(is_used));
            used_by.extend(users.map(|it| it.name.as_ref().unwrap_or(&it.prefix).clone()));
            let message = if used_by.is_empty() {
                why.to_owned()
            } else {
                format!("{why}; still used by {}, whose updates need it", list(&used_by))
            };
            (kind, SettingsAction::Remove, message)
        }
        VARIABLE if kind.is_replaced() => {
            let message = format!("{why}; no command unsets a variable, remove it where it is set");
            (kind, SettingsAction::Manual, message)
        }
        "channels" if kind.is_replaced() => {
            let message = format!("{why}; `{key}` is not a list, so edit the file");
            (kind, SettingsAction::Manual, message)
        }
        // Definitions of channel names are deliberate.
        "default_channels" | "channel_alias" | "custom_channels" | "custom_multichannels" => {
            let message = format!("`{key}` defines the meaning of a channel name; kept");
            (kind, SettingsAction::Keep, message)
        }
        "pinned_packages" if limits_pytorch(line.value.public()) => {
            let message = format!("`{key}` pins every environment to this version; edit the file");
            (ChannelKind::Other, SettingsAction::Manual, message)
        }
        _ => return None,
    };
    let (path, line) = (path.map(str::to_owned), line.clone());
    Some(SettingsFinding { path, line, kind, action, used_by, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, lines: &[(usize, &str, &str)]) -> Condarc {
        let line = |&(line, key, value): &(usize, &str, &str)| CondarcLine {
            line,
            key: key.to_owned(),
            value: Address::of(value),
            is_entry: key == "channels",
        };
        Condarc {
            path: path.to_owned(),
            lines: lines.iter().map(line).collect(),
            ..Condarc::default()
        }
    }

    #[test]
    fn finds_old_channels_and_the_environments_that_use_them() {
        let user = file(
            "/home/u/.condarc",
            &[(2, "channels", "pytorch"), (3, "channels", "nvidia"), (4, "channels", "corp")],
        );
        let system = file(
            "/etc/conda/.condarc",
            &[
                (1, "channels", "conda-forge"),
                (2, "channels", "defaults"),
                (3, "channel_priority", "flexible"),
            ],
        );
        let channel = "pkgs/main".to_owned();
        let others = [Environment {
            name: Some("old".to_owned()),
            packages: vec![InstalledPackage { channel, ..InstalledPackage::default() }],
            ..Environment::default()
        }];
        let found = settings(&[user, system], Some("pytorch-nightly,conda-forge"), &others);
        let found_lines: Vec<(Option<&str>, usize, &str)> = found
            .findings
            .iter()
            .map(|f| (f.path.as_deref(), f.line.line, f.line.value.public()))
            .collect();
        assert_eq!(
            found_lines,
            [
                (None, 0, "pytorch-nightly"),
                (Some("/home/u/.condarc"), 2, "pytorch"),
                (Some("/home/u/.condarc"), 3, "nvidia"),
                (Some("/etc/conda/.condarc"), 2, "defaults"),
            ]
        );
        assert_eq!(found.findings[3].action, SettingsAction::Remove);
        assert_eq!(found.findings[3].used_by, ["old"]);
        assert_eq!(found.channels_in.as_deref(), Some("/home/u/.condarc"));
        assert!(!found.conda_forge_first && !found.is_strict);
    }

    #[test]
    fn leaves_what_no_command_can_remove_to_the_user() {
        let mut scalar = file("a", &[(1, "channels", "pytorch")]);
        scalar.lines[0].is_entry = false;
        let pin = file("b", &[(3, "pinned_packages", "pytorch=2.5")]);
        let alias = file("c", &[(1, "channel_alias", "https://mirror.example")]);
        let found = settings(&[scalar, pin, alias], None, &[]).findings;
        for (finding, (action, message)) in found.iter().zip([
            (SettingsAction::Manual, "`channels` is not a list, so edit the file"),
            (SettingsAction::Manual, "pins every environment"),
            (SettingsAction::Keep, "defines the meaning of a channel name"),
        ]) {
            assert_eq!(finding.action, action);
            assert!(finding.message.contains(message), "{}", finding.message);
        }
        assert_eq!(found.len(), 3);
    }
}
