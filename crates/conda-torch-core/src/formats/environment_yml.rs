//! A conda `environment.yml`.

use std::fmt::Write as _;

use crate::answer::{Answer, Refused};
use crate::commands::{TargetEnvironment, overrides};

use super::quoted;

/// The file's text. `nodefaults` keeps out the channels of the user's settings; it is left out for a conda
/// that would fetch it as a channel, and for one of unknown version.
pub fn environment_yml(answer: &Answer<'_>) -> Result<String, Refused> {
    let choice = answer.choice()?;
    if answer.environment == TargetEnvironment::Name("base".to_owned()) {
        return Err(Refused::FileForBase);
    }
    let mut out = super::file_header(answer, choice);
    for (name, value) in overrides(answer.machine, choice, &answer.client) {
        let _ = writeln!(out, "# solve with {name}={value}");
    }
    if let TargetEnvironment::Unnamed | TargetEnvironment::Name(_) = &answer.environment {
        let _ = writeln!(out, "name: {}", scalar(answer.environment.name()));
    }
    let knows_nodefaults = answer.client.habits().knows_nodefaults;
    if !knows_nodefaults {
        out.push_str(
            "# conda adds the channels of its settings, such as defaults, after these; keep their packages out:\n\
             #   conda config --set channel_priority strict\n",
        );
    }
    out.push_str("channels:\n");
    for channel in answer.channels.iter() {
        let _ = writeln!(out, "  - {}", scalar(channel));
    }
    out.push_str(if knows_nodefaults { "  - nodefaults\n" } else { "" });
    out.push_str("dependencies:\n");
    for spec in &choice.specs {
        let _ = writeln!(out, "  - {}", scalar(&spec.to_string()));
    }
    Ok(out)
}

/// A string, in double quotes unless YAML reads it as itself.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '=' | '*');
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(plain)
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if is_word { text.to_owned() } else { quoted(text) }
}
