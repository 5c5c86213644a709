//! Labels of Kubernetes' nodes: a pod asks for an environment with a `nodeSelector`.
//!
//! Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/>.

use std::fmt::Write as _;

use crate::fleet::plan::FleetPlan;

/// How many nodes one command labels.
const MOST_NODES: usize = 100;

/// A script that labels the nodes, with what to write into a pod.
pub(super) fn script(plan: &FleetPlan<'_>) -> String {
    let mut out = String::from(
        "#!/bin/sh\n# Labels of nodes: each is an environment that runs there. In a pod, one of:\n",
    );
    for environment in &plan.environments {
        let name = &environment.name;
        let _ = writeln!(out, "#   nodeSelector:\n#     conda-torch/{name}: \"true\"");
    }
    out.push_str("set -eu\n");
    for environment in &plan.environments {
        let names: Vec<String> = environment.serves_names.names().collect();
        for names in names.chunks(MOST_NODES) {
            let (names, name) = (names.join(" "), &environment.name);
            let _ =
                writeln!(out, "kubectl label --overwrite nodes {names} conda-torch/{name}=true");
        }
    }
    out
}
