//! A `pixi.toml`.

use std::fmt::Write as _;

use crate::answer::{Answer, Refused};
use crate::commands::system_requirements;
use crate::migrate::files::pixi_requirement;
use crate::types::ClientKind;

use super::quoted;

/// The manifest's text. If pixi's version is known to have them, what the platform must have is in its table, else
/// in `[system-requirements]`, which every pixi reads.
pub fn pixi_toml(answer: &Answer<'_>) -> Result<String, Refused> {
    let choice = answer.choice()?;
    let name = quoted(answer.environment.name());
    let subdir = choice.build.subdir;
    let channels: Vec<String> = answer.channels.iter().map(quoted).collect();
    let mut out = super::file_header(answer, choice);
    let required = system_requirements(answer.machine, choice);
    let is_pixi = answer.client.kind == ClientKind::Pixi && answer.client.version.is_some();
    let key = answer.client.habits().platform_key.filter(|_| is_pixi);
    let declared = [
        ("cuda", required.cuda.map(|major| major.to_string())),
        ("glibc", required.glibc.map(|glibc| glibc.to_string())),
        ("macos", required.macos.map(|macos| macos.to_string())),
    ];
    let declared = declared
        .into_iter()
        .filter_map(|(name, version)| version.map(|version| format!(", {name} = \"{version}\"")));
    let platform = match (key, declared.collect::<String>()) {
        (None, _) => format!("\"{subdir}\""),
        (Some(_), declared) if declared.is_empty() => format!("\"{subdir}\""),
        (Some(key), declared) => format!("{{ {key} = \"{subdir}\"{declared} }}"),
    };
    let _ = writeln!(
        out,
        "[workspace]\nname = {name}\nchannels = [{}]\nplatforms = [{platform}]",
        channels.join(", ")
    );
    let lines = [
        required.cuda.map(|major| format!("cuda = \"{major}\"")),
        required
            .glibc
            .map(|glibc| format!("libc = {{ family = \"glibc\", version = \"{glibc}\" }}")),
        required.macos.map(|macos| format!("macos = \"{macos}\"")),
    ];
    let lines: String = lines.into_iter().flatten().map(|line| line + "\n").collect();
    if key.is_none() && !lines.is_empty() {
        let _ = write!(out, "\n[system-requirements]\n{lines}");
    }
    out.push_str("\n[dependencies]\n");
    for spec in &choice.specs {
        let _ = writeln!(out, "{} = {}", spec.name, pixi_requirement(spec, '"'));
    }
    Ok(out)
}
