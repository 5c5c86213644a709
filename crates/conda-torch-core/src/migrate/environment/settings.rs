//! The lines of the configuration that add old channels, and what to do about each.

use crate::conda::ChannelKind;
use crate::types::{Condarc, CondarcLine};

use super::in_place::limits_pytorch;

/// The channels that an environment's packages are from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnvironmentChannels {
    /// The name of the environment, else its folder.
    pub name: String,
    /// The channels.
    pub channels: Vec<String>,
}

/// The parts of the configuration that a migration needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// The findings, those of the strongest file first.
    pub findings: Vec<SettingsFinding>,
    /// Files that cannot be read, and why.
    pub unreadable: Vec<(String, String)>,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsFinding {
    /// The file; `None` for an environment variable.
    pub path: Option<String>,
    /// The line; for a variable, its name and value.
    pub line: CondarcLine,
    /// The kind of the channel.
    pub kind: ChannelKind,
    /// What to do.
    pub action: SettingsAction,
}

/// What to do about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingsAction {
    /// Remove it with a command.
    Remove {
        /// Environments with packages from this channel, which need it for updates.
        used_by: Vec<String>,
    },
    /// Remove it by hand.
    Manual(ManualReason),
    /// Keep it.
    Keep,
}

/// Why no command can remove a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "see `messages`")]
pub enum ManualReason {
    Variable,
    NotAnEntry,
    Pin,
}

/// Finds the lines in the files, the strongest first, and in `CONDA_CHANNELS`.
pub fn settings(
    files: &[Condarc],
    variable: Option<&str>,
    environments: &[EnvironmentChannels],
) -> Settings {
    let mut settings = Settings::default();
    for channel in variable.unwrap_or_default().split(',').map(str::trim) {
        let kind = ChannelKind::of(channel);
        if kind.is_replaced() {
            let key = "CONDA_CHANNELS".to_owned();
            let line = CondarcLine { line: 0, key, value: channel.to_owned(), is_entry: true };
            let action = SettingsAction::Manual(ManualReason::Variable);
            settings.findings.push(SettingsFinding { path: None, line, kind, action });
        }
    }
    for file in files {
        if let Some(problem) = &file.problem {
            settings.unreadable.push((file.path.clone(), problem.clone()));
            continue;
        }
        let before = settings.findings.len();
        settings.findings.extend(file.lines.iter().filter_map(|line| {
            let (kind, action) = action(line, environments)?;
            let path = Some(file.path.clone());
            Some(SettingsFinding { path, line: line.clone(), kind, action })
        }));
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
            self.conda_forge_first = ChannelKind::of(&first.value) == ChannelKind::CondaForge;
        }
        if let (None, Some(priority)) = (&self.priority_in, line("channel_priority")) {
            self.priority_in = Some(file.path.clone());
            self.is_strict = priority.value == "strict";
        }
    }
}

/// The kind of channel on a line and what to do about it; `None` for lines without relevance.
fn action(
    line: &CondarcLine,
    environments: &[EnvironmentChannels],
) -> Option<(ChannelKind, SettingsAction)> {
    let kind = ChannelKind::of(&line.value);
    match line.key.split('.').next().unwrap_or_default() {
        "channels" if kind.is_replaced() && line.is_entry => {
            let is_used = |channels: &[String]| {
                channels.iter().any(|channel| ChannelKind::of(channel) == kind)
            };
            let users = environments.iter().filter(|it| is_used(&it.channels));
            let used_by = users.map(|it| it.name.clone()).collect();
            Some((kind, SettingsAction::Remove { used_by }))
        }
        "channels" if kind.is_replaced() => {
            Some((kind, SettingsAction::Manual(ManualReason::NotAnEntry)))
        }
        // Definitions of channel names are deliberate.
        "default_channels" | "channel_alias" | "custom_channels" | "custom_multichannels" => {
            Some((kind, SettingsAction::Keep))
        }
        "pinned_packages" if limits_pytorch(&line.value) => {
            Some((ChannelKind::Other, SettingsAction::Manual(ManualReason::Pin)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, lines: &[(usize, &str, &str)]) -> Condarc {
        let line = |&(line, key, value): &(usize, &str, &str)| CondarcLine {
            line,
            key: key.to_owned(),
            value: value.to_owned(),
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
        let others = [EnvironmentChannels {
            name: "old".to_owned(),
            channels: vec!["pkgs/main".to_owned()],
        }];
        let found = settings(&[user, system], Some("pytorch-nightly,conda-forge"), &others);
        let found_lines: Vec<(Option<&str>, usize, &str)> = found
            .findings
            .iter()
            .map(|f| (f.path.as_deref(), f.line.line, f.line.value.as_str()))
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
        assert_eq!(
            found.findings[3].action,
            SettingsAction::Remove { used_by: vec!["old".to_owned()] }
        );
        assert_eq!(found.channels_in.as_deref(), Some("/home/u/.condarc"));
        assert!(!found.conda_forge_first && !found.is_strict);
    }

    #[test]
    fn leaves_what_no_command_can_remove_to_the_user() {
        let mut scalar = file("a", &[(1, "channels", "pytorch")]);
        scalar.lines[0].is_entry = false;
        let pin = file("b", &[(3, "pinned_packages", "pytorch=2.5")]);
        let alias = file("c", &[(1, "channel_alias", "https://mirror.example")]);
        let actions: Vec<SettingsAction> = settings(&[scalar, pin, alias], None, &[])
            .findings
            .into_iter()
            .map(|f| f.action)
            .collect();
        assert_eq!(
            actions,
            [
                SettingsAction::Manual(ManualReason::NotAnEntry),
                SettingsAction::Manual(ManualReason::Pin),
                SettingsAction::Keep
            ]
        );
    }
}
