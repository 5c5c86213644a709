//! The configuration, for a person.

use crate::migrate::environment::{ChannelKind, Finding, Verdict, WhyByHand};
use crate::types::ClientKind;

use crate::clients;
use crate::render::{
    answer::Refused, migration::SettingsAnswer, migration::entries::list, migration::page::Page,
};

/// The page.
///
/// # Errors
/// Where a path cannot be written for the shell.
pub fn settings(answer: &SettingsAnswer<'_>) -> Result<String, Refused> {
    let mut page = Page::new(answer.style);
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
    let steps = clients::settings(answer.machine, found, &answer.client);
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
fn finding(finding: &Finding) -> String {
    let Finding { path, line, kind, verdict } = finding;
    let place = path.as_deref().map_or_else(
        || format!("`{}={}`", line.key, line.value),
        |path| format!("`{}` in {path}, line {}", line.value, line.line),
    );
    format!("{place}: {}", sentence(*kind, verdict, &line.key))
}

/// What a line does, and what becomes of it.
pub(super) fn sentence(kind: ChannelKind, verdict: &Verdict, key: &str) -> String {
    let what = match kind {
        ChannelKind::Pytorch => "the channel ended with PyTorch 2.5",
        ChannelKind::Nvidia => "conda-forge has CUDA's packages itself",
        ChannelKind::Defaults => "its packages are built apart from conda-forge's",
        ChannelKind::CondaForge | ChannelKind::Other => "",
    };
    match verdict {
        Verdict::Remove { used_by } if used_by.is_empty() => what.to_owned(),
        Verdict::Remove { used_by } => {
            format!(
                "{what}; {} took packages from it, and would need it to change them",
                list(used_by)
            )
        }
        Verdict::ByHand(WhyByHand::Variable) => {
            format!("{what}; no command unsets a variable: take it out where it is set")
        }
        Verdict::ByHand(WhyByHand::NotAnEntry) => {
            format!(
                "{what}; `{key}` is not a list there, and no command takes it out: edit the file"
            )
        }
        Verdict::ByHand(WhyByHand::Pin) => {
            format!("it holds every environment at that version (`{key}`): edit the file")
        }
        Verdict::Stays => format!("`{key}` says what a channel's name means, and stays"),
    }
}
