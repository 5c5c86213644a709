//! A `pixi.toml`.

use std::fmt::Write as _;

use crate::answer::{Answer, Refused};
use crate::commands::system_requirements;
use crate::migrate::files::pixi_requirement;

use super::quoted;

/// The manifest's text, for pixi before and after 0.71: with `[system-requirements]` instead of the
/// newer tables of the platforms.
pub fn pixi_toml(answer: &Answer<'_>) -> Result<String, Refused> {
    let choice = answer.choice()?;
    let name = quoted(answer.environment.name());
    let subdir = choice.build.subdir;
    let channels: Vec<String> = answer.channels.iter().map(quoted).collect();
    let mut out = super::file_header(answer, choice);
    let _ = writeln!(
        out,
        "[workspace]\nname = {name}\nchannels = [{}]\nplatforms = [\"{subdir}\"]",
        channels.join(", ")
    );
    let required = system_requirements(answer.machine, choice);
    let lines = [
        required.cuda.map(|major| format!("cuda = \"{major}\"")),
        required
            .glibc
            .map(|glibc| format!("libc = {{ family = \"glibc\", version = \"{glibc}\" }}")),
        required.macos.map(|macos| format!("macos = \"{macos}\"")),
    ];
    let lines: String = lines.into_iter().flatten().map(|line| line + "\n").collect();
    if !lines.is_empty() {
        let _ = write!(out, "\n[system-requirements]\n{lines}");
    }
    out.push_str("\n[dependencies]\n");
    for spec in &choice.specs {
        let _ = writeln!(out, "{} = {}", spec.name, pixi_requirement(spec, '"'));
    }
    Ok(out)
}
