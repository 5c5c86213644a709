//! The migration of the configuration.

use conda_torch_core::answer::Refused;
use conda_torch_core::commands;
use conda_torch_core::migrate::environment::{SettingsFinding, messages::setting_sentence};
use conda_torch_core::report::migrate::SettingsAnswer;
use conda_torch_core::types::ClientKind;

use super::page::{Page, Style};

/// The lines that add old channels, and the commands that remove them.
///
/// # Errors
/// If a path cannot be quoted for the shell.
pub fn migrate_config(answer: &SettingsAnswer<'_>, style: Style) -> Result<String, Refused> {
    let mut page = Page::new(style);
    let settings = answer.settings;
    for (path, problem) in &settings.unreadable {
        page.text("warning: ", &format!("cannot read `{path}`: {problem}"));
    }
    page.gap();
    for finding in &settings.findings {
        page.text("- ", &self::finding(finding));
    }
    if settings.findings.is_empty() {
        page.heading("No configuration file adds an old channel");
    }
    page.gap();
    if answer.client.kind == ClientKind::Pixi {
        page.text("", "pixi does not read these files: every project names its own channels");
        return Ok(page.finish());
    }
    let steps = commands::settings(answer.machine, settings, &answer.client);
    let (optional, needed): (Vec<_>, Vec<_>) = steps.iter().partition(|step| step.optional);
    let title = if settings.conda_forge_first && settings.is_strict {
        "Remove the old channels:"
    } else {
        "Put conda-forge first and remove the old channels:"
    };
    page.commands(title, needed, answer.shell)?;
    page.commands("Optional, if no environment needs them:", optional, answer.shell)?;
    for path in &settings.commented {
        let text = format!("the client rewrites `{path}` without its comments; keep a copy");
        page.text("note: ", &text);
    }
    Ok(page.finish())
}

/// A line of the configuration and what to do about it.
fn finding(finding: &SettingsFinding) -> String {
    let SettingsFinding { path, line, kind, action } = finding;
    let place = path.as_deref().map_or_else(
        || format!("`{}={}`", line.key, line.value),
        |path| format!("`{}` in {path}, line {}", line.value, line.line),
    );
    format!("{place}: {}", setting_sentence(*kind, action, &line.key))
}
