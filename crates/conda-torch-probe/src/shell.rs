//! The shell in use.

use conda_torch_core::conda::Os;
use conda_torch_core::types::{Detected, Origin, Outcome, Shell};

use crate::probe::{Probe, quoted};

pub(super) fn detect(probe: &mut Probe<'_>) {
    let shell = if probe.is_on(Os::Windows) { windows(probe) } else { unix(probe) };
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
    let shell = match path.rsplit('/').next().unwrap_or_default() {
        "fish" => Shell::Fish,
        "pwsh" => Shell::Powershell,
        "sh" | "bash" | "zsh" | "dash" | "ksh" | "mksh" | "ash" | "busybox" => Shell::Posix,
        _ => return Detected::unknown(format!("`SHELL` is {}", quoted(&path))),
    };
    Detected::found(shell, Origin::Env("SHELL".into()))
}

/// `PSModulePath` is always set on Windows, but only `PowerShell` adds the user's folder. Git Bash sets `MSYSTEM`.
fn windows(probe: &Probe<'_>) -> Detected<Shell> {
    let modules = probe.env("PSModulePath").unwrap_or_default().to_ascii_lowercase();
    let (shell, variable) = if probe.env("MSYSTEM").is_some() {
        (Shell::Posix, "MSYSTEM")
    } else if modules.contains("\\documents\\") {
        (Shell::Powershell, "PSModulePath")
    } else if probe.env("ComSpec").is_some() {
        (Shell::Cmd, "ComSpec")
    } else {
        return Detected::unknown("neither `PSModulePath` nor `ComSpec` names a shell");
    };
    Detected::found(shell, Origin::Env(variable.into()))
}
