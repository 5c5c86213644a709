//! An answer, and what there is to choose, for a page.

use serde_json::{Value, json};

use conda_torch_core::answer::{Answer, Refused};
use conda_torch_core::commands::{Step, StepKind, shell};
use conda_torch_core::conda::{Subdir, Version};
use conda_torch_core::diagnostics::{Diagnostic, Severity};
use conda_torch_core::formats;
use conda_torch_core::import::assume_baseline;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::question::{DescribedMachine, Question, Refusal, usual_shell};
use conda_torch_core::report::ErrorCode;
use conda_torch_core::resolve::{Choice, Status};
use conda_torch_core::sentences::{self, Note};
use conda_torch_core::types::{Date, Machine, Origin, Shell};

/// What `conda-torch advise` prints, in parts.
pub(crate) fn page(
    question: &Question,
    answer: &Answer<'_>,
    notes: &[String],
    has_document: bool,
    today: Option<Date>,
) -> Value {
    let advice = answer.advice;
    let is_first = |note: &Note<'_>| {
        advice.status == Status::Degraded && note.diagnostic.severity() >= Severity::Warning
    };
    // A page has no clients of its own to find.
    let shown = |note: &Note<'_>| !matches!(note.diagnostic, Diagnostic::NoClient);
    let all: Vec<Note<'_>> = sentences::notes(answer).into_iter().filter(shown).collect();
    let (first, later): (Vec<Note<'_>>, Vec<Note<'_>>) = if advice.recommended.is_some() {
        all.into_iter().partition(is_first)
    } else {
        (all, Vec::new())
    };
    let closest = sentences::closest(answer);
    let choice = advice.recommended.as_ref();
    let why = choice.map(|choice| sentences::why(answer, choice)).unwrap_or_default();
    let why: Vec<Value> =
        why.iter().map(|(text, it)| json!({ "text": text, "code": it.code() })).collect();
    let context = answer.context();
    let others = advice.alternatives.iter();
    let others =
        others.filter(|it| closest.as_ref().is_none_or(|(first, _)| !std::ptr::eq(*it, *first)));
    let others: Vec<String> = others.map(|it| sentences::needs(it, &context)).collect();
    let [graphics, system] = sentences::machine(answer);
    let status = match advice.status {
        Status::Ok => "ok",
        Status::Degraded => "degraded",
        Status::Unsatisfiable => "unsatisfiable",
        Status::Unknown => "unknown",
    };
    let pairs = question.pairs();
    json!({
        "error": null,
        "question": pairs,
        "command_lines": command_lines(&pairs, has_document),
        "read_as": notes,
        "status": status,
        "exit_code": answer.exit_code(),
        "heading": sentences::heading(answer),
        "graphics": graphics,
        "system": system,
        "platform": answer.machine.subdir.value(),
        "client": answer.client.kind,
        "shell": answer.shell,
        "first_notes": first.iter().map(note).collect::<Vec<_>>(),
        "commands": choice.map(|choice| commands(answer, choice)),
        "closest": closest.map(|(closest, heading)| {
            json!({ "heading": heading, "commands": commands(answer, &closest.choice) })
        }),
        "why": why,
        "notes": later.iter().map(note).collect::<Vec<_>>(),
        "alternatives": others,
        "files": files(answer),
        "age": {
            "channel": answer.matrix.channel,
            "as_of": answer.matrix.as_of,
            "days": today.and_then(|today| today.days_since(answer.matrix.as_of)),
        },
    })
}

fn note(note: &Note<'_>) -> Value {
    json!({
        "severity": note.diagnostic.severity().label(),
        "code": note.diagnostic.code(),
        "message": note.message,
        "hint": note.hint,
    })
}

/// The commands of a choice by what they are for, for the shell of the answer.
fn commands(answer: &Answer<'_>, choice: &Choice<'_>) -> Value {
    let steps = answer.plan(choice);
    let of = |kinds: &[StepKind]| {
        let steps: Vec<&Step> = steps.iter().filter(|step| kinds.contains(&step.kind)).collect();
        let lines = steps.iter().map(|step| shell::line(step, answer.shell));
        let notes: Vec<&str> = steps.iter().filter_map(|step| step.note.as_deref()).collect();
        match lines.collect::<Result<Vec<String>, _>>() {
            Ok(lines) => json!({ "lines": lines, "notes": notes, "error": null }),
            Err(why) => json!({ "lines": [], "notes": notes, "error": why.to_string() }),
        }
    };
    json!({
        "install": of(&[StepKind::Prepare, StepKind::Install]),
        "check": of(&[StepKind::Check]),
        "configure": of(&[StepKind::Configure]),
    })
}

/// The files of an answer: each has a text, or the reason why there is none.
fn files(answer: &Answer<'_>) -> Value {
    let file = |name: &str, text: Result<String, Refused>| match text {
        Ok(text) => json!({ "name": name, "text": text, "error": null }),
        Err(why) => {
            let why = why.to_string();
            let why = why.split(';').next().unwrap_or_default();
            json!({ "name": name, "text": null, "error": why })
        }
    };
    json!([
        file("environment.yml", formats::environment_yml(answer)),
        file("pixi.toml", formats::pixi_toml(answer)),
        file("Dockerfile", formats::dockerfile(answer)),
    ])
}

/// The same question for the program, and the machine of the question for its other subcommands.
fn command_lines(pairs: &[(&'static str, String)], has_document: bool) -> Value {
    let line = |command: &str, is_taken: &dyn Fn(&str) -> bool| {
        let word = |text: &str| shell::word(text, Shell::Posix).unwrap_or_else(|_| "…".to_owned());
        let pairs = pairs.iter().filter(|(key, _)| is_taken(key));
        let (packages, flags): (Vec<_>, Vec<_>) = pairs.partition(|(key, _)| *key == "package");
        let mut words = vec![command.to_owned()];
        words.extend(packages.iter().map(|(_, package)| word(package)));
        if has_document {
            words.push("--machine REPORT".to_owned());
        }
        words.extend(flags.iter().map(|(key, value)| format!("--{key} {}", word(value))));
        words.join(" ")
    };
    let is_machine = |key: &str| MACHINE_KEYS.contains(&key);
    json!({
        "install": line("conda-torch advise", &|_| true),
        "migrate": line("conda-torch migrate FILE", &is_machine),
        "error": line("conda-torch explain FILE", &|key| {
            is_machine(key) || matches!(key, "client" | "shell")
        }),
    })
}

/// The keys that describe a machine.
const MACHINE_KEYS: [&str; 7] =
    ["platform", "gpu", "compute-capability", "driver", "cuda", "glibc", "macos"];

/// The choices that a text about a machine stands for.
pub(crate) fn choices(text: &str, platform: Option<&str>) -> Result<Value, Refusal> {
    let matrix = Matrix::embedded();
    let platform = platform.and_then(|platform| platform.parse::<Subdir>().ok());
    let described = DescribedMachine { platform, ..DescribedMachine::default() };
    let mut machine = described.read(text)?;
    assume_baseline(&mut machine);
    matrix.complete(&mut machine);
    let mut pairs: Vec<(&str, String)> = Vec::new();
    pairs.extend(machine.subdir.value().map(|subdir| ("platform", subdir.to_string())));
    for gpu in &machine.gpus {
        let name = gpu.name.value().filter(|name| matrix.gpu_by_name(name).is_ok());
        let capability = gpu.compute_capability.value();
        match (name, capability) {
            (Some(name), _) => pairs.push(("gpu", name.clone())),
            (None, Some(it)) => pairs.push(("compute-capability", it.to_string())),
            (None, None) => {}
        }
    }
    match (machine.driver.value(), machine.driver_cuda.value()) {
        (Some(driver), _) => pairs.push(("driver", driver.to_string())),
        (None, Some(cuda)) => pairs.push(("cuda", cuda.to_string())),
        (None, None) => {}
    }
    let found = |fact: Option<&conda_torch_core::types::Fact<Version>>| {
        fact.filter(|fact| fact.origin != Origin::Baseline).map(|fact| fact.value.to_string())
    };
    pairs.extend(found(machine.glibc.fact()).map(|it| ("glibc", it)));
    pairs.extend(found(machine.macos.fact()).map(|it| ("macos", it)));
    pairs.extend(machine.clients.first().map(|client| ("client", client.kind.to_string())));
    Ok(json!({
        "error": null,
        "format": machine.document,
        "pairs": pairs,
        "shell": usual_shell(&machine),
        "machine": own_document(&machine)?,
    }))
}

/// A machine as `probe --json` prints it, without what was looked at.
fn own_document(machine: &Machine) -> Result<Value, Refusal> {
    let machine = Machine { sources: Vec::new(), ..machine.clone() };
    let value = serde_json::to_value(&machine);
    let value = value.map_err(|why| Refusal {
        code: ErrorCode::Failed,
        message: why.to_string(),
        key: None,
    })?;
    Ok(json!({ "format_version": 1, "machine": value }))
}

/// What there is to choose from.
pub(crate) fn choices_of(matrix: &Matrix) -> Value {
    let mut pytorch: Vec<Version> = Vec::new();
    let mut pythons: Vec<Version> = Vec::new();
    for build in matrix.builds.iter() {
        if !build.pytorch.is_candidate() && !pytorch.contains(&build.pytorch) {
            pytorch.push(build.pytorch);
        }
        for python in [build.pythons.0, build.pythons.1] {
            if !pythons.contains(&python) {
                pythons.push(python);
            }
        }
    }
    pythons.sort_unstable_by(|a, b| b.cmp(a));
    let gpus: Vec<(&str, String)> =
        matrix.gpu_names.iter().map(|row| (&*row.name, row.capability.to_string())).collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "channel": matrix.channel,
        "as_of": matrix.as_of,
        "platforms": Subdir::ALL[..5].iter().collect::<Vec<_>>(),
        "pytorch": pytorch.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "python": pythons.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "gpus": gpus,
    })
}
