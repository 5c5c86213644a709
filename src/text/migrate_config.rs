//! The configuration, for a person.

use conda_torch_core::answer::Refused;
use conda_torch_core::commands;
use conda_torch_core::migrate::environment::{SettingsFinding, messages::setting_sentence};
use conda_torch_core::report::migrate::SettingsAnswer;
use conda_torch_core::types::ClientKind;

use super::Style;
use super::page::Page;

/// The page.
///
/// # Errors
/// Where a path cannot be written for the shell.
pub fn settings(answer: &SettingsAnswer<'_>, style: Style) -> Result<String, Refused> {
    let mut page = Page::new(style, answer.shell);
    let found = answer.settings;
    for (path, problem) in &found.unreadable {
        page.text("warning: ", &format!("`{path}` could not be read: {problem}"));
    }
    if !found.unreadable.is_empty() {
        page.gap();
    }
    for finding in &found.findings {
        page.text("- ", &self::finding(finding));
    }
    let is_done = found.conda_forge_first && found.is_strict;
    if found.findings.is_empty() {
        page.bold("No configuration file that was read adds an old channel");
    }
    page.gap();
    if answer.client.kind == ClientKind::Pixi {
        page.text("", "pixi reads none of these files: its channels are those of each project");
        return Ok(page.finish());
    }
    let steps = commands::settings(answer.machine, found, &answer.client);
    let (optional, needed): (Vec<_>, Vec<_>) = steps.iter().partition(|step| step.optional);
    let title = if is_done {
        "Take these out:"
    } else {
        "conda-forge first, and nothing of the old channels:"
    };
    page.commands(title, needed)?;
    page.commands("Optional, since somebody may need it:", optional)?;
    for path in &found.commented {
        let text = format!("the client writes `{path}` anew, without its comments: keep a copy");
        page.text("note: ", &text);
    }
    Ok(page.finish())
}

/// One line of the configuration and what is to become of it.
fn finding(finding: &SettingsFinding) -> String {
    let SettingsFinding { path, line, kind, action } = finding;
    let place = path.as_deref().map_or_else(
        || format!("`{}={}`", line.key, line.value),
        |path| format!("`{}` in {path}, line {}", line.value, line.line),
    );
    format!("{place}: {}", setting_sentence(*kind, action, &line.key))
}
