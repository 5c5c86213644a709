//! Lines for a job script that activate the environment of the node on which they run.

use std::fmt::Write as _;

use crate::commands::shell;
use crate::types::{ClientKind, Shell};

use super::DeployRefused;
use crate::fleet::hosts::HostRange;
use crate::fleet::plan::FleetPlan;

/// How many patterns are on a line.
const PATTERNS: usize = 5;

/// The lines, for any POSIX shell.
pub(super) fn snippet(
    plan: &FleetPlan<'_>,
    folder: Option<&str>,
    client: ClientKind,
) -> Result<String, DeployRefused> {
    let mut out = String::from(
        "# Activates the environment of this node. Source it in a job script, for bash, zsh or sh.\n\
         conda_torch_node=${SLURMD_NODENAME:-$(uname -n)}\n\
         conda_torch_environment=\n\
         for conda_torch_name in \"$conda_torch_node\" \"${conda_torch_node%%.*}\"; do\n\
         \x20   case $conda_torch_name in\n",
    );
    for environment in &plan.environments {
        let place = match folder {
            Some(folder) => environment.path(folder),
            None => environment.name.clone(),
        };
        let place = shell::word(&place, Shell::Posix)?;
        let patterns: Vec<String> =
            environment.names.ranges.iter().flat_map(HostRange::patterns).collect();
        for patterns in patterns.chunks(PATTERNS) {
            let patterns = patterns.join("|");
            let _ = writeln!(out, "        {patterns}) conda_torch_environment={place} ;;");
        }
    }
    let activate = match client {
        ClientKind::Conda => {
            "eval \"$(conda shell.posix hook)\" && conda activate \"$conda_torch_environment\""
        }
        ClientKind::Mamba => {
            "eval \"$(mamba shell hook --shell posix)\" && mamba activate \"$conda_torch_environment\""
        }
        ClientKind::Micromamba => {
            "eval \"$(micromamba shell hook --shell posix)\" && micromamba activate \"$conda_torch_environment\""
        }
        ClientKind::Pixi => {
            "eval \"$(pixi shell-hook --manifest-path \"$conda_torch_environment/pixi.toml\")\""
        }
    };
    let _ = write!(
        out,
        "    esac\n\
         done\n\
         if [ -n \"$conda_torch_environment\" ]; then\n\
         \x20   {activate}\n\
         else\n\
         \x20   echo \"conda-torch: no environment for node $conda_torch_node\" >&2\n\
         \x20   false\n\
         fi\n"
    );
    Ok(out)
}
