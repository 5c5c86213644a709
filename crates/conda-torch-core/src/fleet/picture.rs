//! A picture of a fleet: classes of nodes against builds, as SVG and in a page.

use std::fmt::Write as _;

use crate::escapes::markup;

use super::plan::{FleetClass, FleetPlan};
use super::service::{Service, Services};
use crate::types::Build;

/// The width of the names, a cell's width and height.
const NAMES: usize = 540;
const CELL: usize = 92;
const ROW: usize = 24;
/// The height of the headings.
const HEAD: usize = 64;

/// The most builds that are shown.
const MOST_BUILDS: usize = 12;

/// A color and a word for each way to run, the best first.
const LEGEND: [(Option<Service>, &str, &str); 6] = [
    (Some(Service::Native), "#3fae73", "native"),
    (Some(Service::SameMajor), "#a3d9b8", "same major"),
    (Some(Service::PtxJit), "#d9b44a", "JIT"),
    (Some(Service::Gpu), "#5b8def", "GPU"),
    (Some(Service::Cpu), "#9fb4c7", "CPU"),
    (None, "#e4e4e4", "no"),
];

/// The builds to show: those of the environments, then the best of each class.
fn columns<'m>(plan: &FleetPlan<'m>) -> Vec<&'m Build> {
    let chosen = plan.environments.iter().map(|it| it.choice.build);
    let best = plan.classes.iter().filter_map(|class| class.best);
    let curve = plan.curve.iter().flat_map(|point| point.builds.iter().copied());
    let mut builds: Vec<&'m Build> = Vec::new();
    for build in chosen.chain(best).chain(curve) {
        if builds.len() < MOST_BUILDS && !builds.iter().any(|it| std::ptr::eq(*it, build)) {
            builds.push(build);
        }
    }
    builds
}

/// The picture as SVG.
pub fn svg(plan: &FleetPlan<'_>) -> String {
    let builds = columns(plan);
    let width = (NAMES + builds.len() * CELL + 16).max(900);
    let height = HEAD + plan.classes.len() * ROW + 44;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>Nodes and the PyTorch builds that run on them</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (at, build) in builds.iter().enumerate() {
        let x = NAMES + at * CELL + CELL / 2;
        let is_chosen = plan.environments.iter().any(|it| std::ptr::eq(it.choice.build, *build));
        let weight = if is_chosen { "bold" } else { "normal" };
        let lines =
            [build.subdir.to_string(), build.pytorch.to_string(), build.accelerator.build_prefix()];
        for (line, text) in lines.iter().enumerate() {
            let y = 16 + line * 16;
            let _ = writeln!(
                out,
                "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" font-weight=\"{weight}\">{}</text>",
                markup(text)
            );
        }
    }
    for (at, class) in plan.classes.iter().enumerate() {
        row(&mut out, plan, at, class, &builds);
    }
    legend(&mut out, height - 14);
    out.push_str("</svg>\n");
    out
}

fn row(
    out: &mut String,
    plan: &FleetPlan<'_>,
    at: usize,
    class: &FleetClass<'_>,
    builds: &[&Build],
) {
    let y = HEAD + at * ROW;
    let label = format!("{} × {}", class.nodes, short(&class.facts.gpu_text(), 34));
    let system = short(&class.facts.system_text(), 60);
    let names = short(&class.names.to_string(), 200);
    let _ = writeln!(
        out,
        "<g><title>{} {}</title><text x=\"8\" y=\"{}\">{}</text><text x=\"{}\" y=\"{}\" fill=\"#555555\" font-size=\"9\" text-anchor=\"end\">{}</text></g>",
        markup(&names),
        markup(&class.facts.system_text()),
        y + 16,
        markup(&label),
        NAMES - 8,
        y + 16,
        markup(&short(&system, 38)),
    );
    let services = Services::of(&class.facts, &class.machine, &plan.request, plan.matrix);
    for (column, build) in builds.iter().enumerate() {
        let service = services.on(build).and_then(|it| it.service);
        let (_, color, word) = legend_of(service);
        let x = NAMES + column * CELL;
        let is_its_own = class.environment.is_some_and(|(environment, _)| {
            std::ptr::eq(plan.environments[environment].choice.build, *build)
        });
        let stroke = if is_its_own { " stroke=\"#000000\" stroke-width=\"2\"" } else { "" };
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{color}\"{stroke}><title>{}: {word}</title></rect>",
            x + 2,
            y + 2,
            CELL - 4,
            ROW - 4,
            markup(&format!("PyTorch {} {}", build.pytorch, build.accelerator.build_prefix())),
        );
        // Color carries no meaning alone.
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"10\">{word}</text>",
            x + CELL / 2,
            y + 16
        );
    }
}

fn legend_of(service: Option<Service>) -> (Option<Service>, &'static str, &'static str) {
    LEGEND.into_iter().find(|(of, ..)| *of == service).unwrap_or(LEGEND[5])
}

fn legend(out: &mut String, y: usize) {
    for (at, (_, color, word)) in LEGEND.into_iter().enumerate() {
        let x = 8 + at * 110;
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"{color}\"/><text x=\"{}\" y=\"{y}\">{word}</text>",
            y - 10,
            x + 16,
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{y}\">framed: its environment</text>",
        8 + LEGEND.len() * 110
    );
}

/// The picture in a page, with the classes as a table for a reader without pictures.
pub fn html(plan: &FleetPlan<'_>) -> String {
    let mut out = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Fleet</title>\n\
         <style>body{font-family:sans-serif;margin:2em}table{border-collapse:collapse}td,th{padding:.2em .8em;text-align:left;border-bottom:1px solid #ccc}</style>\n",
    );
    let _ =
        writeln!(out, "<h1>{} nodes, {} environments</h1>", plan.nodes, plan.environments.len());
    out.push_str(&svg(plan));
    out.push_str("<table>\n<tr><th>nodes</th><th>names</th><th>GPUs</th><th>system</th><th>environment</th><th>how</th></tr>\n");
    for class in &plan.classes {
        let (environment, how) = match class.environment {
            Some((at, service)) => (plan.environments[at].name.as_str(), service.as_str()),
            None => ("none", "no build"),
        };
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{how}</td></tr>",
            class.nodes,
            markup(&class.names.to_string()),
            markup(&class.facts.gpu_text()),
            markup(&class.facts.system_text()),
            markup(environment),
        );
    }
    out.push_str("</table>\n</html>\n");
    out
}

/// The beginning of a text, if it is long.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most - 1).collect();
    short.push('…');
    short
}
