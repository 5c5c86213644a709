//! The shell in use.

use conda_torch_core::conda::Os;
use conda_torch_core::types::{Detected, Origin, Outcome, Shell};

use crate::probe::{Probe, quoted};

pub(super) fn detect(probe: &mut Probe<'_>) {
    let shell =
        if probe.host.target().os() == Some(Os::Windows) { windows(probe) } else { unix(probe) };
    let (outcome, detail) = match &shell {
        Detected::Found(shell) => (Outcome::Ok, shell.origin.to_string()),
        Detected::Absent => (Outcome::Absent, String::new()),
        Detected::Unknown { why } => (Outcome::Failed, why.to_string()),
    };
    probe.report("shell", outcome, detail);
    probe.machine.shell = shell;
}

fn unix(probe: &Probe<'_>) -> Detected<Shell> {
    let Some(path) = probe.env("SHELL") else {
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
fn windows(probe: &Probe<'_>) -> Detected<Shell> {
    let modules = probe.env("PSModulePath");
    if probe.env("MSYSTEM").is_some() {
        Detected::found(Shell::Posix, Origin::Env("MSYSTEM".into()))
    } else if modules.is_some_and(|paths| paths.to_ascii_lowercase().contains("\\documents\\")) {
        Detected::found(Shell::Powershell, Origin::Env("PSModulePath".into()))
    } else if probe.env("ComSpec").is_some() {
        Detected::found(Shell::Cmd, Origin::Env("ComSpec".into()))
    } else {
        Detected::unknown("neither `PSModulePath` nor `ComSpec` says which")
    }
}
