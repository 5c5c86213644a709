//! What other programs of a cluster need to use the environments: Slurm, modules, Kubernetes, Ansible, containers.

mod activation;
mod ansible;
mod containers;
mod kubernetes;
mod modules;
mod slurm;

use std::fmt::Write as _;

use crate::answer::Refused;
use crate::commands::shell::{self, CannotQuote};
use crate::conda::Channels;
use crate::formats::headline;
use crate::types::{ClientKind, Shell};

use super::plan::{FleetEnvironment, FleetPlan};

/// A text for another program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deployment {
    /// Commands that build the environments.
    Commands,
    /// Features of nodes, and constraints of jobs.
    Slurm,
    /// A module file in Lua.
    Lmod,
    /// A module file in Tcl.
    Tcl,
    /// Lines for a job script.
    Activate,
    /// Labels of nodes, and selectors of pods.
    Kubernetes,
    /// An inventory.
    Ansible,
    /// A Dockerfile.
    Dockerfile,
}

impl Deployment {
    /// Whether it has the names of the nodes.
    pub const fn needs_names(self) -> bool {
        match self {
            Self::Commands | Self::Dockerfile => false,
            Self::Slurm
            | Self::Lmod
            | Self::Tcl
            | Self::Activate
            | Self::Kubernetes
            | Self::Ansible => true,
        }
    }
}

/// Why a text cannot express an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum DeployRefused {
    #[error("no build serves any node")]
    NoEnvironment,
    #[error("no node has a name\nhint: collect with `conda-torch probe --json --node`")]
    NoNames,
    #[error(
        "a module file needs the folder of the environments\nhint: pass it with `--prefix FOLDER`"
    )]
    NoFolder,
    #[error(
        "a module file needs an absolute folder, not `{0}`\nhint: pass another with `--prefix FOLDER`"
    )]
    RelativeFolder(String),
    #[error("the folder `{0}` has a character that cannot be written in this file")]
    FolderCharacter(String),
    #[error(transparent)]
    CannotQuote(#[from] CannotQuote),
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Writes the text for another program. `folder` has all environments; without one they have names.
///
/// # Errors
/// If the text cannot express the answer.
pub fn deploy(
    deployment: Deployment,
    plan: &FleetPlan<'_>,
    folder: Option<&str>,
    client: ClientKind,
    channels: &Channels,
) -> Result<String, DeployRefused> {
    if plan.environments.is_empty() {
        return Err(DeployRefused::NoEnvironment);
    }
    if deployment.needs_names() && plan.environments.iter().all(|it| it.names.is_empty()) {
        return Err(DeployRefused::NoNames);
    }
    match deployment {
        Deployment::Commands => commands(plan, folder, client, channels),
        Deployment::Slurm => Ok(slurm::script(plan)),
        Deployment::Lmod => modules::lmod(plan, folder, client),
        Deployment::Tcl => modules::tcl(plan, folder, client),
        Deployment::Activate => activation::snippet(plan, folder, client),
        Deployment::Kubernetes => Ok(kubernetes::script(plan)),
        Deployment::Ansible => ansible::inventory(plan, folder),
        Deployment::Dockerfile => containers::dockerfile(plan, channels),
    }
}

/// The commands that build each environment, with its nodes as a comment.
fn commands(
    plan: &FleetPlan<'_>,
    folder: Option<&str>,
    client: ClientKind,
    channels: &Channels,
) -> Result<String, DeployRefused> {
    let mut out = String::new();
    for environment in &plan.environments {
        let _ = writeln!(out, "# {}: {}", environment.name, headline(&environment.choice));
        let _ = writeln!(out, "# {}", nodes_text(environment));
        for step in environment.steps(client, folder, channels) {
            out.push_str(&shell::line(&step, Shell::Posix)?);
            out.push('\n');
        }
    }
    Ok(out)
}

/// `128 nodes: gpu[001-128]`.
fn nodes_text(environment: &FleetEnvironment<'_>) -> String {
    let FleetEnvironment { nodes, names, .. } = environment;
    let count = if *nodes == 1 { "1 node".to_owned() } else { format!("{nodes} nodes") };
    let list = names.to_string();
    if list.is_empty() { count } else { format!("{count}: {list}") }
}

/// The folder that has an environment's `bin`: a pixi project has it inside.
fn root(environment: &FleetEnvironment<'_>, folder: &str, client: ClientKind) -> String {
    let path = environment.path(folder);
    if client == ClientKind::Pixi { format!("{path}/.pixi/envs/default") } else { path }
}
