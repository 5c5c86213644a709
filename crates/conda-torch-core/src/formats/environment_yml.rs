//! A conda `environment.yml`.

use std::fmt::Write as _;

use crate::answer::{Answer, Refused};
use crate::commands::{TargetEnvironment, overrides};

use super::quoted;

/// The file's text. Every reader of the format knows `nodefaults`, which keeps out the channels of the
/// user's settings.
pub fn environment_yml(answer: &Answer<'_>) -> Result<String, Refused> {
    let choice = answer.choice()?;
    let mut out = super::file_header(answer, choice);
    for (name, value) in overrides(answer.machine, choice, &answer.client) {
        let _ = writeln!(out, "# solve with {name}={value}");
    }
    if let TargetEnvironment::Unnamed | TargetEnvironment::Name(_) = &answer.environment {
        let _ = writeln!(out, "name: {}", scalar(answer.environment.name()));
    }
    out.push_str("channels:\n");
    for channel in answer.channels.iter() {
        let _ = writeln!(out, "  - {}", scalar(channel));
    }
    out.push_str("  - nodefaults\ndependencies:\n");
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
