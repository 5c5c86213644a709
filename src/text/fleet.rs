//! The answer for a fleet: classes, environments, what is not served, what would help.

use itertools::Itertools;
use tabled::builder::Builder;

use conda_torch_core::commands::shell::CannotQuote;
use conda_torch_core::conda::Channels;
use conda_torch_core::diagnostics::Context;
use conda_torch_core::fleet::{
    ChangedFact, CurvePoint, Damage, DriverFact, FleetClass, FleetDrift, FleetPlan, GpuKind,
    HostList, Libc, NodeChange, Service,
};
use conda_torch_core::formats::headline;
use conda_torch_core::types::{Build, ClientKind, Shell};

use super::page::{LIVE, Page, Style, aligned};
use super::{grouped, summary};

/// How many characters of names are shown; JSON has all.
const MOST_NAMES: usize = 240;

/// How many damaged lines are shown.
const MOST_DAMAGE: usize = 10;

/// What is written for a person.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub struct FleetPage<'a> {
    pub plan: &'a FleetPlan<'a>,
    pub drift: Option<&'a FleetDrift>,
    /// The folder of the environments.
    pub prefix: Option<&'a str>,
    pub client: ClientKind,
    pub channels: &'a Channels,
}

impl FleetPage<'_> {
    /// The whole answer; an error if a name cannot be quoted for the shell.
    pub fn text(&self, style: Style) -> Result<String, CannotQuote> {
        let Self { plan, drift, .. } = *self;
        let mut page = Page::new(style);
        page.heading(&summary_of(plan));
        page.age(plan.matrix, Some(LIVE));
        page.gap();
        if let Some(drift) = drift {
            changes(&mut page, plan, drift);
        }
        classes(&mut page, plan);
        self.environments(&mut page)?;
        unserved(&mut page, plan);
        curve(&mut page, plan);
        driver_updates(&mut page, plan);
        write_problems(&mut page, plan);
        Ok(page.finish())
    }

    fn environments(&self, page: &mut Page) -> Result<(), CannotQuote> {
        let Self { plan, prefix, client, channels, .. } = *self;
        for environment in &plan.environments {
            let how = environment.classes.iter().filter_map(|class| {
                let class = &plan.classes[*class];
                class.environment.map(|(_, service)| (service, class.nodes))
            });
            let how = grouped(how.sorted_by_key(|(service, _)| *service as u8));
            let how: Vec<String> = how
                .into_iter()
                .map(|(service, nodes)| {
                    format!("{} on {}", service_text(service), counted(nodes.iter().sum(), "node"))
                })
                .collect();
            page.heading(&format!("{}: {}", environment.name, headline(&environment.choice)));
            page.text("", &capitalized(&how.join(", ")));
            page.commands("", &environment.steps(client, prefix, channels), Shell::Posix)?;
            page.gap();
        }
        if !plan.environments.is_empty() {
            page.text(
                "hint: ",
                "pass `--format slurm`, `lmod`, `tcl`, `activate`, `kubernetes`, `ansible` or `dockerfile` to use them",
            );
            page.gap();
        }
        Ok(())
    }
}

/// `1024 nodes in 5 classes: 2 environments serve all of them`.
fn summary_of(plan: &FleetPlan<'_>) -> String {
    let served = plan.nodes - plan.unserved();
    let environments = counted(plan.environments.len() as u64, "environment");
    let verb = if plan.environments.len() == 1 { "serves" } else { "serve" };
    let all = match served {
        0 => return format!("{}: no build serves any of them", in_classes(plan)),
        _ if served == plan.nodes && plan.nodes == 1 => "it".to_owned(),
        _ if served == plan.nodes => "all of them".to_owned(),
        _ => format!("{served} of them"),
    };
    format!("{}: {environments} {verb} {all}", in_classes(plan))
}

fn in_classes(plan: &FleetPlan<'_>) -> String {
    let classes = plan.classes.len() as u64;
    let word = if classes == 1 { "class" } else { "classes" };
    format!("{} in {classes} {word}", counted(plan.nodes, "node"))
}

fn counted(count: u64, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

const fn service_text(service: Service) -> &'static str {
    match service {
        Service::Native => "native code",
        Service::SameMajor => "code for the same major version",
        Service::PtxJit => "JIT compilation",
        Service::Gpu => "GPU",
        Service::Cpu => "the processor",
    }
}

/// The word in the table.
const fn service_word(service: Option<Service>) -> &'static str {
    match service {
        Some(Service::Native) => "native",
        Some(Service::SameMajor) => "same major",
        Some(Service::PtxJit) => "JIT",
        Some(Service::Gpu) => "GPU",
        Some(Service::Cpu) => "CPU",
        None => "no build",
    }
}

/// The names, cut where they are many.
fn names(list: &HostList) -> String {
    let text = list.to_string();
    if text.len() <= MOST_NAMES {
        return text;
    }
    let cut = text[..MOST_NAMES].rfind([',', '[']).unwrap_or(MOST_NAMES);
    format!("{}… (all with `--json`)", &text[..cut])
}

/// The table: a row a class, and its nodes below.
fn classes(page: &mut Page, plan: &FleetPlan<'_>) {
    let subdirs = plan.classes.iter().map(|class| class.facts.subdir).unique().count();
    let mut rows = Builder::new();
    let mut heading = vec!["nodes", "GPUs", "driver", "glibc"];
    if subdirs > 1 {
        heading.push("platform");
    }
    heading.extend(["PyTorch", "runs"]);
    rows.push_record(heading);
    for class in &plan.classes {
        let facts = &class.facts;
        let mut row = vec![
            class.nodes.to_string(),
            gpus(class),
            match facts.driver {
                DriverFact::Found(driver) => driver.to_string(),
                DriverFact::Absent => "none".to_owned(),
                DriverFact::Unknown => "unknown".to_owned(),
                DriverFact::Silent => "silent".to_owned(),
            },
            match facts.libc {
                Libc::Glibc(version) => version.to_string(),
                Libc::Other => "none".to_owned(),
                Libc::Unknown => "unknown".to_owned(),
                Libc::None => String::new(),
            },
        ];
        if subdirs > 1 {
            row.push(facts.subdir.map_or("unknown".to_owned(), |subdir| subdir.to_string()));
        }
        let build = class.environment.map(|(at, _)| plan.environments[at].choice.build);
        row.push(build.map_or("none".to_owned(), build_text));
        row.push(service_word(class.environment.map(|(_, service)| service)).to_owned());
        rows.push_record(row);
    }
    let lines = aligned(rows, 2);
    for (at, line) in lines.iter().enumerate() {
        page.line(line);
        let Some(class) = at.checked_sub(1).and_then(|at| plan.classes.get(at)) else { continue };
        let names = names(&class.names);
        let unnamed = (class.unnamed > 0).then(|| format!("{} without a name", class.unnamed));
        let text = [Some(names).filter(|it| !it.is_empty()), unnamed].into_iter().flatten();
        let text = text.collect::<Vec<_>>().join(", ");
        if !text.is_empty() {
            page.item(&text);
        }
    }
    page.gap();
}

/// `4 A100-SXM4-80GB`: without the maker, which all have.
fn gpus(class: &FleetClass<'_>) -> String {
    const MOST: usize = 26;
    let kind = |kind: &GpuKind| {
        let name = kind.name.as_deref().unwrap_or("GPU");
        let name = name.strip_prefix("NVIDIA ").unwrap_or(name);
        let mig = if kind.mig { " MIG" } else { "" };
        format!("{} {name}{mig}", kind.count)
    };
    let text = match class.facts.gpus.as_slice() {
        [] => class.facts.gpu_text(),
        kinds => kinds.iter().map(kind).join(" + "),
    };
    if text.chars().count() <= MOST {
        return text;
    }
    text.chars().take(MOST - 1).chain(['…']).collect()
}

/// `2.13.0 cuda129`.
fn build_text(build: &Build) -> String {
    format!("{} {}", build.pytorch, build.accelerator.build_prefix())
}

/// The nodes that no build serves: how many, why, and what would help.
fn unserved(page: &mut Page, plan: &FleetPlan<'_>) {
    let unserved: Vec<&FleetClass<'_>> =
        plan.classes.iter().filter(|class| class.environment.is_none()).collect();
    if unserved.is_empty() {
        return;
    }
    let count = unserved.iter().map(|class| class.nodes).sum();
    page.heading(&format!("Not served: {}", counted(count, "node")));
    for class in unserved {
        let list = names(&class.names);
        let whose = if list.is_empty() { String::new() } else { format!(" ({list})") };
        let facts = &class.facts;
        page.text(
            "- ",
            &format!(
                "{}{whose}: {}, {}",
                counted(class.nodes, "node"),
                facts.gpu_text(),
                facts.system_text()
            ),
        );
        if class.best.is_some() {
            page.item(
                "a build runs there, but in none of these environments; pass more `--environments`",
            );
        }
        for reason in &class.reason_texts {
            page.item(reason);
        }
        let context = Context::new(&class.machine, plan.matrix);
        let help: Vec<String> =
            class.help.iter().map(|unlock| summary::unlock(unlock, &context)).collect();
        if !help.is_empty() {
            page.text(
                "  hint: ",
                &format!("{} on {}", help.join(" and "), counted(class.nodes, "node")),
            );
        }
    }
    page.gap();
}

/// What one environment costs, and what one more gains.
fn curve(page: &mut Page, plan: &FleetPlan<'_>) {
    let points = &plan.curve[1.min(plan.curve.len())..];
    if points.is_empty() {
        return;
    }
    page.heading("Environments and what they cost");
    for (at, point) in (1..).zip(points) {
        let chosen = if at == plan.chosen { " (this answer)" } else { "" };
        page.text(
            "- ",
            &format!(
                "{}{chosen}: {}: {}",
                counted(point.builds.len() as u64, "environment"),
                builds(point),
                cost(point, plan)
            ),
        );
    }
    page.gap();
}

fn builds(point: &CurvePoint<'_>) -> String {
    let several = point.builds.iter().map(|build| build.subdir).unique().count() > 1;
    let build = |build: &&Build| {
        let subdir = if several { format!(" {}", build.subdir) } else { String::new() };
        format!("{}{subdir}", build_text(build))
    };
    point.builds.iter().map(build).join(", ")
}

/// What nodes lose: `serves 90 of 100 nodes, on average 3.2 releases behind the newest`.
fn cost(point: &CurvePoint<'_>, plan: &FleetPlan<'_>) -> String {
    let served = plan.nodes - point.cost.unserved;
    let mut parts = Vec::new();
    if point.cost.unserved > plan.curve.last().map_or(0, |last| last.cost.unserved) {
        parts.push(format!("serves {served} of {}", counted(plan.nodes, "node")));
    }
    if point.cost.releases > 0 {
        let average = tenths(point.cost.releases, served.max(1));
        parts.push(format!("{average} releases behind the newest on average"));
    }
    for (nodes, how) in [
        (point.cost.ptx_jit, "JIT compilation"),
        (point.cost.same_major, "code for the same major version"),
    ] {
        if nodes > 0 {
            parts.push(format!("{how} on {}", counted(nodes, "node")));
        }
    }
    if parts.is_empty() {
        parts.push("the best build on every node that a build serves".to_owned());
    }
    if !point.exact {
        parts.push("others may be better".to_owned());
    }
    parts.join(", ")
}

/// A quotient with one digit after the point.
fn tenths(dividend: u64, divisor: u64) -> String {
    let tenths = (dividend.saturating_mul(10) + divisor / 2) / divisor;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn driver_updates(page: &mut Page, plan: &FleetPlan<'_>) {
    if plan.driver_updates.is_empty() {
        return;
    }
    page.heading("Driver updates that gain something for all");
    for update in &plan.driver_updates {
        let list = names(&update.names);
        let whose = if list.is_empty() { String::new() } else { format!(" ({list})") };
        let unserved = match update.after.cost.unserved {
            0 => String::new(),
            unserved => format!(", {} not served", counted(unserved, "node")),
        };
        let gain = match update.pytorch {
            (Some(now), Some(then)) if now != then => {
                format!("PyTorch {then} instead of {now} there, ")
            }
            (None, Some(then)) => format!("PyTorch {then} there, "),
            _ => String::new(),
        };
        page.text(
            "- ",
            &format!(
                "driver ≥ {} on {}{whose}: {gain}{} ({}){unserved}",
                update.driver,
                counted(update.nodes, "node"),
                counted(update.after.builds.len() as u64, "environment"),
                builds(&update.after)
            ),
        );
    }
    page.gap();
}

fn changes(page: &mut Page, plan: &FleetPlan<'_>, drift: &FleetDrift) {
    if !drift.is_problem() && drift.added.is_empty() {
        page.heading("No node changed");
        page.gap();
        return;
    }
    page.heading("Changes");
    for changed in &drift.changed {
        let list = names(&changed.names);
        let whose = if list.is_empty() { String::new() } else { format!(" ({list})") };
        let what = changed.changes.iter().map(change).join("; ");
        let environment = match plan.environment_of(&changed.facts) {
            Some(environment) => format!("now `{}`", environment.name),
            None => "no build serves them now".to_owned(),
        };
        let count = counted(changed.names.len(), "node");
        page.text("- ", &format!("{count}{whose}: {what}; {environment}"));
    }
    for (list, what) in [(&drift.lost, "no answer any more"), (&drift.added, "new")] {
        if !list.is_empty() {
            let shown = names(list);
            let whose = if shown.is_empty() { String::new() } else { format!(" ({shown})") };
            page.text("- ", &format!("{}{whose}: {what}", counted(list.len(), "node")));
        }
    }
    page.gap();
}

fn change(change: &NodeChange) -> String {
    let NodeChange { what, from, to } = change;
    let label = match what {
        ChangedFact::GpuLost => "GPU lost: ",
        ChangedFact::GpuAdded => "GPU added: ",
        ChangedFact::Gpu => "GPU changed: ",
        ChangedFact::Cuda => "CUDA: ",
        ChangedFact::Driver | ChangedFact::Platform | ChangedFact::Libc | ChangedFact::Other => "",
    };
    format!("{label}{from} → {to}")
}

/// What was wrong with the input: for stderr, next to another format.
pub fn problems(plan: &FleetPlan<'_>, width: usize) -> String {
    let mut page = Page::new(Style::plain(width));
    write_problems(&mut page, plan);
    page.finish().trim_end().to_owned()
}

fn write_problems(page: &mut Page, plan: &FleetPlan<'_>) {
    let list = |page: &mut Page, list: &HostList, what: &str| {
        if !list.is_empty() {
            let shown = names(list);
            let whose = if shown.is_empty() { String::new() } else { format!(": {shown}") };
            page.text("warning: ", &format!("{} {what}{whose}", counted(list.len(), "node")));
        }
    };
    let is_assumed = |class: &&FleetClass<'_>| {
        class.facts.driver == DriverFact::Unknown
            && class.facts.gpu_count() > 0
            && class.environment.is_some()
    };
    let assumed: u64 = plan.classes.iter().filter(is_assumed).map(|class| class.nodes).sum();
    if assumed > 0 {
        page.text("warning: ", &format!(
            "{} without a known driver; assuming a current one. Collect with `conda-torch probe --json --node` for an exact answer",
            counted(assumed, "node")
        ));
    }
    list(page, &plan.missing, "without an answer");
    list(page, &plan.contradicted, "answered differently more than once; the last answer counts");
    for damage in plan.damage.iter().take(MOST_DAMAGE) {
        let Damage { file, line, node, why } = damage;
        let file = file.as_ref().map(|file| format!("{file}, ")).unwrap_or_default();
        let node = node.as_ref().map(|node| format!("{node}: ")).unwrap_or_default();
        page.text("warning: ", &format!("{file}line {line} skipped: {node}{why}"));
    }
    let shown = plan.damage.len().min(MOST_DAMAGE) as u64;
    if plan.damaged > shown {
        page.text("warning: ", &format!("{} more skipped", counted(plan.damaged - shown, "line")));
    }
}
