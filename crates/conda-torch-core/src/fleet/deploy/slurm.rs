//! Features of Slurm's nodes: a job asks for an environment with `--constraint`.
//!
//! Source: <https://slurm.schedmd.com/slurm.conf.html#OPT_Features>, <https://slurm.schedmd.com/sbatch.html>.

use std::fmt::Write as _;

use crate::fleet::hosts::HostList;
use crate::fleet::plan::FleetPlan;

/// How many ranges are in one list of nodes: a command line has a limit.
const MOST_RANGES: usize = 500;

/// A script that adds the features to the nodes, with what to write into `slurm.conf` and into jobs.
pub(super) fn script(plan: &FleetPlan<'_>) -> String {
    let names: Vec<&str> = plan.environments.iter().map(|it| it.name.as_str()).collect();
    let mut out =
        String::from("#!/bin/sh\n# Features of nodes: the environment of each.\n#\n# In a job:\n");
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
    for (feature, list) in &groups {
        for part in list.ranges.chunks(MOST_RANGES) {
            let _ =
                writeln!(out, "#   NodeName={} Features={feature}", HostList::of(part.to_vec()));
        }
    }
    out.push_str(ADD);
    for (feature, list) in &groups {
        for part in list.ranges.chunks(MOST_RANGES) {
            let _ = writeln!(out, "add_feature '{}' '{feature}'", HostList::of(part.to_vec()));
        }
    }
    out
}

/// Adds to the features that a node has: `scontrol` replaces all.
const ADD: &str = r#"
set -eu
add_feature() {
    scontrol show hostnames "$1" | while read -r node; do
        features=$(scontrol show node "$node" | sed -n 's/^ *AvailableFeatures=//p')
        case $features in '(null)') features= ;; esac
        case ,$features, in *",$2,"*) continue ;; esac
        features=${features:+$features,}$2
        scontrol update NodeName="$node" AvailableFeatures="$features" ActiveFeatures="$features"
    done
}
"#;

/// The nodes by their environment: the one that the snippet for a job script activates there.
fn groups<'p>(plan: &'p FleetPlan<'_>) -> Vec<(&'p str, &'p HostList)> {
    let named = plan.environments.iter().filter(|it| !it.names.is_empty());
    named.map(|it| (it.name.as_str(), &it.names)).collect()
}
