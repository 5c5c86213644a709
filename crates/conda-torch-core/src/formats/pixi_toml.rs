//! A `pixi.toml`.

use std::fmt::Write as _;

use crate::answer::{Answer, Refused};
use crate::commands::system_requirements;
use crate::conda::MatchSpec;

use super::quoted;

/// The manifest's text, for pixi before and after 0.71: with `[system-requirements]` instead of the
/// newer tables of the platforms.
pub fn pixi_toml(answer: &Answer<'_>) -> Result<String, Refused> {
    let choice = answer.choice()?;
    let name = quoted(answer.environment.name());
    let subdir = choice.build.subdir;
    let channels: Vec<String> = answer.channels.without_secrets().iter().map(quoted).collect();
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
    if lines.iter().any(Option::is_some) {
        out.push_str("\n[system-requirements]\n");
        for line in lines.iter().flatten() {
            let _ = writeln!(out, "{line}");
        }
    }
    out.push_str("\n[dependencies]\n");
    for spec in &choice.specs {
        let _ = writeln!(out, "{} = {}", spec.name, requirement(spec));
    }
    Ok(out)
}

/// The requirement on a package. `=2.13.0` on a command line is `2.13.0.*` here; with a build the version
/// is exact.
fn requirement(spec: &MatchSpec) -> String {
    let version = spec.version.trim_start_matches('=');
    match (version, spec.build.as_deref()) {
        ("" | "*", None) => "\"*\"".to_owned(),
        (version, None) => format!("\"{version}.*\""),
        ("" | "*", Some(build)) => format!("{{ version = \"*\", build = \"{build}\" }}"),
        (version, Some(build)) => {
            format!("{{ version = \"=={version}\", build = \"{build}\" }}")
        }
    }
}
