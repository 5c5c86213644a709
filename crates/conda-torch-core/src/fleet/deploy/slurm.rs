//! Features of Slurm's nodes: a job asks for an environment with `--constraint`.
//!
//! Source: <https://slurm.schedmd.com/slurm.conf.html#OPT_Features>, <https://slurm.schedmd.com/sbatch.html>.

use std::fmt::Write as _;

use crate::fleet::hosts::{HostList, HostRange};
use crate::fleet::plan::FleetPlan;

/// How many ranges are in one list of nodes: a command line has a limit.
const MOST_RANGES: usize = 500;

/// A script that adds the features to the nodes, with what to write into `slurm.conf` and into jobs.
pub(super) fn script(plan: &FleetPlan<'_>) -> String {
    let names: Vec<&str> = plan.environments.iter().map(|it| it.name.as_str()).collect();
    let mut out = String::from(
        "#!/bin/sh\n# Features of nodes: each is an environment that runs there.\n#\n# In a job:\n",
    );
    for name in &names {
        let _ = writeln!(out, "#   #SBATCH --constraint={name}");
    }
    if names.len() > 1 {
        let any = names.join("|");
        let _ = writeln!(
            out,
            "#   #SBATCH --constraint=\"[{any}]\"    any one of them, the same on all nodes of the job"
        );
    }
    out.push_str("#\n# In slurm.conf, so that they stay after a restart of slurmctld (add to the features of these nodes):\n");
    let groups = groups(plan);
    for (features, list) in &groups {
        for part in list.ranges.chunks(MOST_RANGES) {
            let _ =
                writeln!(out, "#   NodeName={} Features={features}", HostList::of(part.to_vec()));
        }
    }
    out.push_str(ADD);
    for (features, list) in &groups {
        for part in list.ranges.chunks(MOST_RANGES) {
            let _ = writeln!(out, "add_features '{}' '{features}'", HostList::of(part.to_vec()));
        }
    }
    out
}

/// Adds to the features that a node has: `scontrol` replaces all.
const ADD: &str = r#"
set -eu
add_features() {
    scontrol show hostnames "$1" | while read -r node; do
        features=$(scontrol show node "$node" | sed -n 's/^ *AvailableFeatures=//p')
        case $features in '(null)') features= ;; esac
        wanted=$features
        for feature in $(printf '%s' "$2" | tr ',' ' '); do
            case ,$wanted, in
                *",$feature,"*) ;;
                *) wanted=${wanted:+$wanted,}$feature ;;
            esac
        done
        if [ "$wanted" != "$features" ]; then
            scontrol update NodeName="$node" AvailableFeatures="$wanted" ActiveFeatures="$wanted"
        fi
    done
}
"#;

/// The nodes by the environments that run there.
fn groups(plan: &FleetPlan<'_>) -> Vec<(String, HostList)> {
    let mut groups: Vec<(String, Vec<HostRange>)> = Vec::new();
    for (at, class) in plan.classes.iter().enumerate() {
        let runs = |it: &&crate::fleet::plan::FleetEnvironment<'_>| {
            it.serves.iter().any(|(class, _)| *class == at)
        };
        let features: Vec<&str> =
            plan.environments.iter().filter(runs).map(|it| it.name.as_str()).collect();
        let features = features.join(",");
        if features.is_empty() || class.names.is_empty() {
            continue;
        }
        match groups.iter_mut().find(|(other, _)| *other == features) {
            Some((_, ranges)) => ranges.extend(class.names.ranges.iter().cloned()),
            None => groups.push((features, class.names.ranges.clone())),
        }
    }
    groups.into_iter().map(|(features, ranges)| (features, HostList::of(ranges))).collect()
}
