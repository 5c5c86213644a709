//! A migration as one JSON document.

use crate::migrate::environment::{
    AskedFrom, ChannelKind, Entry, Finding as Found, Obstacle, Plan, Settings, Verdict,
};
use crate::types::Date;

use crate::clients;
use crate::render::{
    json::{Say, command, request_text},
    migration::entries::{change, fate, obstacle, reason, specs},
    migration::settings::sentence,
    migration::wire::{
        ChannelCount, Document, EntryText, EnvironmentText, FindingText, InPlaceText, NewText,
        Said, SettingsText,
    },
    migration::{MigrationAnswer, SettingsAnswer},
    wire::{ErrorText, MatrixDate, Tool},
};

/// The migration of an environment.
#[must_use]
pub fn environment(answer: &MigrationAnswer<'_>) -> String {
    let migration = answer.migration;
    let advice = &migration.settled.advice;
    let parts = answer.answer();
    let say = Say { answer: &parts };
    let plan = migration.plan.as_ref().filter(|_| migration.is_needed);
    let choice = advice.recommended.as_ref().filter(|_| migration.is_needed);
    let (status, exit_code) = match (migration.is_needed, plan) {
        (false, _) => ("nothing-to-do", 0),
        (true, Some(_)) => ("ok", 0),
        (true, None) => ("unsatisfiable", 3),
    };
    let steps = answer.steps();
    let pip = |plan: &Plan| plan.pip.iter().map(|p| format!("{}=={}", p.name, p.version)).collect();
    write(&Document {
        status,
        exit_code,
        machine: Some(answer.machine),
        environment: Some(environment_text(answer)),
        request: Some(request_text(&migration.settled.request)),
        recommendation: choice.map(|choice| say.choice(choice)),
        asked: plan.iter().flat_map(|plan| plan.entries.iter().map(entry)).collect(),
        changes: migration.settled.changes.iter().map(|it| said(change(it))).collect(),
        new: plan.map(|plan| NewText {
            channels: std::iter::once("conda-forge".to_owned())
                .chain(plan.channels.clone())
                .collect(),
            specs: plan.specs.clone(),
            pip: pip(plan),
            pip_left_out: plan.pip_left_out.clone(),
            commands: steps.new.iter().map(command).collect(),
        }),
        in_place: plan.map(|plan| InPlaceText {
            obstacles: obstacles(&plan.obstacles, &migration.environment.prefix),
            remove: plan.in_place.remove.clone(),
            dependents: plan.in_place.dependents.clone(),
            specs: plan.in_place.specs.clone(),
            commands: steps.in_place.iter().map(command).collect(),
            way_back: steps.way_back.as_ref().map(command),
        }),
        diagnostics: advice.diagnostics.iter().map(|remark| say.diagnostic(remark)).collect(),
        ..empty(answer.as_of)
    })
}

/// The configuration.
#[must_use]
pub fn settings(answer: &SettingsAnswer<'_>) -> String {
    let found: &Settings = answer.settings;
    let steps = clients::settings(answer.machine, found, &answer.client);
    let unreadable = found.unreadable.iter();
    write(&Document {
        status: if steps.is_empty() && found.findings.is_empty() { "nothing-to-do" } else { "ok" },
        machine: Some(answer.machine),
        settings: Some(SettingsText {
            findings: found.findings.iter().map(finding).collect(),
            unreadable: unreadable
                .map(|(path, problem)| Said { code: path.clone(), message: problem.clone() })
                .collect(),
            commented: found.commented.clone(),
            commands: steps.iter().map(command).collect(),
        }),
        ..empty(answer.as_of)
    })
}

/// The document of a run that failed.
#[must_use]
pub fn error(text: &str, exit_code: u8, as_of: Date) -> String {
    let error = Some(ErrorText { message: text });
    write(&Document { status: "error", exit_code, error, ..empty(as_of) })
}

fn empty(as_of: Date) -> Document<'static> {
    Document {
        format_version: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        matrix: MatrixDate { channel: "conda-forge", as_of },
        status: "ok",
        exit_code: 0,
        error: None,
        machine: None,
        environment: None,
        request: None,
        recommendation: None,
        asked: Vec::new(),
        changes: Vec::new(),
        new: None,
        in_place: None,
        settings: None,
        diagnostics: Vec::new(),
    }
}

fn write(document: &Document<'_>) -> String {
    let mut text = serde_json::to_string_pretty(document)
        .expect("strings, numbers and maps with string keys always serialise");
    text.push('\n');
    text
}

fn environment_text<'a>(answer: &MigrationAnswer<'a>) -> EnvironmentText<'a> {
    let migration = answer.migration;
    let count =
        |(channel, packages): &(&'a str, usize)| ChannelCount { channel, packages: *packages };
    EnvironmentText {
        prefix: &migration.environment.prefix,
        name: migration.environment.name.as_deref(),
        channels: migration.origins.iter().map(count).collect(),
        pip: migration.environment.pip.len(),
        asked_from: match migration.asked.from {
            AskedFrom::History => "history",
            AskedFrom::Export => "export",
            AskedFrom::Leaves => "leaves",
        },
        problems: migration
            .environment
            .problems
            .iter()
            .map(|it| Said { code: it.source.clone(), message: it.detail.clone() })
            .collect(),
    }
}

fn entry(entry: &Entry) -> EntryText {
    EntryText {
        spec: entry.spec.text.clone(),
        fate: fate(&entry.fate),
        specs: specs(&entry.fate),
        reason: reason(entry).map(said),
    }
}

fn said((code, message): (&'static str, String)) -> Said {
    Said { code: code.to_owned(), message }
}

fn obstacles(obstacles: &[Obstacle], prefix: &str) -> Vec<Said> {
    obstacles.iter().map(|it| said(obstacle(it, prefix))).collect()
}

fn finding(found: &Found) -> FindingText {
    let used_by = match &found.verdict {
        Verdict::Remove { used_by } => used_by.clone(),
        Verdict::ByHand(_) | Verdict::Stays => Vec::new(),
    };
    FindingText {
        path: found.path.clone(),
        line: found.line.clone(),
        channel: match found.kind {
            ChannelKind::Pytorch => "pytorch",
            ChannelKind::Nvidia => "nvidia",
            ChannelKind::Defaults => "defaults",
            ChannelKind::CondaForge => "conda-forge",
            ChannelKind::Other => "other",
        },
        verdict: match found.verdict {
            Verdict::Remove { .. } => "remove",
            Verdict::ByHand(_) => "by-hand",
            Verdict::Stays => "stays",
        },
        used_by,
        message: sentence(found.kind, &found.verdict, &found.line.key),
    }
}
