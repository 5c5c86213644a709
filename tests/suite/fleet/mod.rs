//! Many machines: what is read, the classes and environments, and what other programs make of the answer.

mod answers;
#[cfg(unix)]
mod deployed;
mod forms;

use conda_torch_core::fleet::{Collector, EnvironmentCount, FleetPlan};
use conda_torch_core::report::probe::node_line;
use conda_torch_core::resolve::Request;

use crate::common::machine;

/// The lines of nodes with a recorded machine: `("gpu[1-2]", "a100-driver-470")`.
fn lines(nodes: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (names, recorded) in nodes {
        let machine = machine(recorded);
        for name in conda_torch_core::fleet::expand(names).expect("names") {
            text.push_str(&node_line(&name, &machine));
        }
    }
    text
}

/// What was read from a text, and the answer for it.
fn plan(text: &str) -> FleetPlan<'static> {
    plan_of(text, &Request::default(), EnvironmentCount::Fewest)
}

fn plan_of(text: &str, request: &Request, count: EnvironmentCount) -> FleetPlan<'static> {
    let mut collector = Collector::new(crate::common::matrix());
    collector.begin(None);
    collector.feed(text.as_bytes());
    collector.end(None);
    collector.plan(request, count)
}

/// The same, read in parts of so many bytes.
fn plan_in_parts(text: &str, size: usize) -> FleetPlan<'static> {
    let mut collector = Collector::new(crate::common::matrix());
    collector.begin(None);
    text.as_bytes().chunks(size).for_each(|part| collector.feed(part));
    collector.end(None);
    collector.plan(&Request::default(), EnvironmentCount::Fewest)
}

/// Each class in a line: its nodes, its GPUs and system.
fn classes(plan: &FleetPlan<'_>) -> Vec<String> {
    let text = |class: &conda_torch_core::fleet::FleetClass<'_>| {
        let facts = &class.facts;
        format!("{}: {}, {}", class.names, facts.gpu_text(), facts.system_text())
    };
    plan.classes.iter().map(text).collect()
}

/// Each environment in a line: its build and nodes.
fn environments(plan: &FleetPlan<'_>) -> Vec<String> {
    plan.environments.iter().map(|it| format!("{}: {}", it.name, it.names)).collect()
}

/// Each damaged line: its number, its node and what is wrong.
fn damage(plan: &FleetPlan<'_>) -> Vec<String> {
    let node = |it: &conda_torch_core::fleet::Damage| it.node.clone().unwrap_or_default();
    plan.damage.iter().map(|it| format!("{} {}: {}", it.line, node(it), it.why)).collect()
}
