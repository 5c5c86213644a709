//! The configuration: which line of which file adds an old channel, what is to change, and who else
//! needs it.

use crate::conda::{ChannelKind, MatchSpec};
use crate::types::{Condarc, CondarcLine};

use super::replacements::{Replacement, replacement};

/// Another environment, by what it took from which channel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnvironmentChannels {
    /// Its name, or its folder where it has none.
    pub name: String,
    /// The channels that its packages came from.
    pub channels: Vec<String>,
}

/// What was found in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// The findings, the strongest file first.
    pub findings: Vec<SettingsFinding>,
    /// Files that could not be read, and why.
    pub unreadable: Vec<(String, String)>,
    /// Files with comments, which are lost when a client rewrites them.
    pub commented: Vec<String>,
    /// The strongest file that says which channels there are.
    pub channels_in: Option<String>,
    /// Whether conda-forge is the first channel there.
    pub conda_forge_first: bool,
    /// The strongest file that says the priority.
    pub priority_in: Option<String>,
    /// Whether it is strict.
    pub is_strict: bool,
}

/// A line of the configuration that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsFinding {
    /// The file; `None` for a variable of the environment.
    pub path: Option<String>,
    /// Where it stands; for a variable only its name and value count.
    pub line: CondarcLine,
    /// What the channel is.
    pub kind: ChannelKind,
    /// What is to become of it.
    pub verdict: SettingsAction,
}

/// What is to become of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingsAction {
    /// A command takes it out.
    Remove {
        /// Environments whose packages came from this channel, and whose updates would need it.
        used_by: Vec<String>,
    },
    /// No command does; a person can.
    Manual(ManualReason),
    /// It stays, and is worth knowing of.
    Keep,
}

/// Why no command takes a line out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManualReason {
    /// It is a variable of the environment.
    Variable,
    /// It is not an entry of the list `channels`.
    NotAnEntry,
    /// It holds packages at old versions.
    Pin,
}

/// Looks through the files, the strongest first, and `CONDA_CHANNELS`.
#[must_use]
pub fn settings(
    files: &[Condarc],
    variable: Option<&str>,
    others: &[EnvironmentChannels],
) -> Settings {
    let mut found = Settings::default();
    for channel in variable.unwrap_or_default().split(',').map(str::trim) {
        let line = CondarcLine {
            line: 0,
            key: "CONDA_CHANNELS".to_owned(),
            value: channel.to_owned(),
            is_entry: true,
        };
        let kind = ChannelKind::of(channel);
        if kind.is_replaced() {
            let verdict = SettingsAction::Manual(ManualReason::Variable);
            found.findings.push(SettingsFinding { path: None, line, kind, verdict });
        }
    }
    for file in files {
        if let Some(problem) = &file.problem {
            found.unreadable.push((file.path.clone(), problem.clone()));
            continue;
        }
        let before = found.findings.len();
        found.findings.extend(file.lines.iter().filter_map(|line| finding(file, line, others)));
        if found.findings.len() > before && file.has_comments {
            found.commented.push(file.path.clone());
        }
        order(&mut found, file);
    }
    found
}

/// What decides the order of channels: the strongest file that has them.
fn order(found: &mut Settings, file: &Condarc) {
    let mut entries = file.lines.iter().filter(|line| line.key == "channels");
    if found.channels_in.is_none()
        && let Some(first) = entries.next()
    {
        found.channels_in = Some(file.path.clone());
        found.conda_forge_first = ChannelKind::of(&first.value) == ChannelKind::CondaForge;
    }
    let priority = file.lines.iter().find(|line| line.key == "channel_priority");
    if found.priority_in.is_none()
        && let Some(priority) = priority
    {
        found.priority_in = Some(file.path.clone());
        found.is_strict = priority.value == "strict";
    }
}

fn finding(
    file: &Condarc,
    line: &CondarcLine,
    others: &[EnvironmentChannels],
) -> Option<SettingsFinding> {
    let of = |kind, verdict| {
        Some(SettingsFinding { path: Some(file.path.clone()), line: line.clone(), kind, verdict })
    };
    let kind = ChannelKind::of(&line.value);
    let top = line.key.split('.').next().unwrap_or_default();
    match top {
        "channels" if line.is_entry && kind.is_replaced() => {
            of(kind, SettingsAction::Remove { used_by: used_by(kind, others) })
        }
        "channels" if kind.is_replaced() => {
            of(kind, SettingsAction::Manual(ManualReason::NotAnEntry))
        }
        // They say what `defaults` and other names mean: whoever set them wanted that.
        "default_channels" | "channel_alias" | "custom_channels" | "custom_multichannels" => {
            of(kind, SettingsAction::Keep)
        }
        "pinned_packages" => {
            let spec = MatchSpec::parse(&line.value)?;
            matches!(replacement(&spec.name), Some(Replacement::Choice | Replacement::CudaVersion))
                .then(|| ())?;
            of(ChannelKind::Other, SettingsAction::Manual(ManualReason::Pin))
        }
        _ => None,
    }
}

/// The environments that took packages from a channel of that kind.
fn used_by(kind: ChannelKind, others: &[EnvironmentChannels]) -> Vec<String> {
    let uses = |other: &&EnvironmentChannels| {
        other.channels.iter().any(|channel| ChannelKind::of(channel) == kind)
    };
    others.iter().filter(uses).map(|other| other.name.clone()).collect()
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
    fn every_old_channel_is_found_where_it_stands_and_who_uses_it_is_named() {
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
        let told: Vec<(Option<&str>, usize, &str)> = found
            .findings
            .iter()
            .map(|f| (f.path.as_deref(), f.line.line, f.line.value.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (None, 0, "pytorch-nightly"),
                (Some("/home/u/.condarc"), 2, "pytorch"),
                (Some("/home/u/.condarc"), 3, "nvidia"),
                (Some("/etc/conda/.condarc"), 2, "defaults"),
            ]
        );
        assert_eq!(
            found.findings[3].verdict,
            SettingsAction::Remove { used_by: vec!["old".to_owned()] }
        );
        assert_eq!(found.channels_in.as_deref(), Some("/home/u/.condarc"));
        assert!(!found.conda_forge_first && !found.is_strict);
    }

    #[test]
    fn what_no_command_reaches_is_left_to_a_person() {
        let mut scalar = file("a", &[(1, "channels", "pytorch")]);
        scalar.lines[0].is_entry = false;
        let pin = file("b", &[(3, "pinned_packages", "pytorch=2.5")]);
        let alias = file("c", &[(1, "channel_alias", "https://mirror.example")]);
        let verdicts: Vec<SettingsAction> = settings(&[scalar, pin, alias], None, &[])
            .findings
            .into_iter()
            .map(|f| f.verdict)
            .collect();
        assert_eq!(
            verdicts,
            [
                SettingsAction::Manual(ManualReason::NotAnEntry),
                SettingsAction::Manual(ManualReason::Pin),
                SettingsAction::Keep
            ]
        );
    }
}
