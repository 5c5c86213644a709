//! The shell in use.

use conda_torch_core::conda::Os;
use conda_torch_core::types::{Detected, Origin, Outcome, Shell};

use super::look::{Look, quoted};

pub(super) fn look(look: &mut Look<'_>) {
    let shell =
        if look.host.target().os() == Some(Os::Windows) { windows(look) } else { unix(look) };
    let (outcome, detail) = match &shell {
        Detected::Found(shell) => (Outcome::Ok, shell.origin.to_string()),
        Detected::Absent => (Outcome::Absent, String::new()),
        Detected::Unknown { why } => (Outcome::Failed, why.to_string()),
    };
    look.report("shell", outcome, detail);
    look.machine.shell = shell;
}

fn unix(look: &Look<'_>) -> Detected<Shell> {
    let Some(path) = look.env("SHELL") else {
        return Detected::unknown("`SHELL` is not set");
    };
    let found = |shell| Detected::found(shell, Origin::Env("SHELL".into()));
    match path.rsplit('/').next().unwrap_or_default() {
        "fish" => found(Shell::Fish),
        "pwsh" => found(Shell::Powershell),
        "sh" | "bash" | "zsh" | "dash" | "ksh" | "mksh" | "ash" | "busybox" => found(Shell::Posix),
        _ => Detected::unknown(format!("`SHELL` is {}", quoted(&path))),
    }
}

/// Windows sets `PSModulePath` for everybody, but `PowerShell` alone adds the user's own folder; Git
/// Bash sets `SHELL`.
fn windows(look: &Look<'_>) -> Detected<Shell> {
    let modules = look.env("PSModulePath");
    if look.env("MSYSTEM").is_some() {
        Detected::found(Shell::Posix, Origin::Env("MSYSTEM".into()))
    } else if modules.is_some_and(|paths| paths.to_ascii_lowercase().contains("\\documents\\")) {
        Detected::found(Shell::Powershell, Origin::Env("PSModulePath".into()))
    } else if look.env("ComSpec").is_some() {
        Detected::found(Shell::Cmd, Origin::Env("ComSpec".into()))
    } else {
        Detected::unknown("neither `PSModulePath` nor `ComSpec` says which")
    }
}
