//! Installed conda clients. No Python is started: conda's and mamba's versions are in the names of
//! the files under `conda-meta`, micromamba and pixi are native programs that say theirs at once.

mod order;
mod parts;
mod programs;
mod root_prefix;

use crate::host::Failure;
use conda_torch_core::conda::Version;
use conda_torch_core::types::{Client, ClientKind, Detected, Origin, Outcome};

use crate::probe::{Probe, outcome, quoted};

pub(super) use programs::{home, on_path};

pub(super) fn detect(probe: &mut Probe<'_>) {
    let mut clients = Vec::new();
    for (kind, path) in programs::programs(probe) {
        let root = root_prefix::of(probe, kind, &path);
        let is_known = clients.iter().any(|client: &Client| {
            client.kind == kind
                && (client.path == path || (root.is_some() && client.root_prefix == root))
        });
        if !is_known {
            let client = client(probe, kind, path, root);
            clients.push(client);
        }
    }
    order::best_first(probe, &mut clients);
    let (outcome, detail) = match clients.as_slice() {
        [] => (Outcome::Absent, "no conda, mamba, micromamba or pixi".to_owned()),
        clients => (Outcome::Ok, names(clients)),
    };
    probe.report("clients", outcome, detail);
    probe.machine.clients = clients;
}

fn names(clients: &[Client]) -> String {
    let mut text = String::new();
    for client in clients {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(client.kind.as_str());
        if let Detected::Found(version) = &client.version {
            text.push(' ');
            text.push_str(&version.value.to_string());
        }
    }
    text
}

fn client(probe: &mut Probe<'_>, kind: ClientKind, path: String, root: Option<String>) -> Client {
    let packages = root.as_deref().map(|root| root_prefix::Packages::of(probe, root));
    let recorded = packages.as_ref().and_then(|packages| packages.version(kind.as_str()));
    let version = match (recorded, kind) {
        (Some((version, file)), _) => Ok((version, file)),
        (None, ClientKind::Conda | ClientKind::Mamba) => Err(unrecorded(kind, packages.as_ref())),
        (None, ClientKind::Micromamba | ClientKind::Pixi) => {
            said(probe, &path).map(|version| (version, path.clone()))
        }
    };
    let version = match version {
        Ok((version, file)) => Detected::found(version, Origin::File(file)),
        Err(failure) => {
            probe.report(path.clone(), outcome(&failure), failure.to_string());
            Detected::unknown(failure.to_string())
        }
    };
    parts::detect(probe, kind, &path, packages.as_ref());
    let environments =
        root.as_deref().map(|root| root_prefix::environments(probe, root)).unwrap_or_default();
    let subdir = packages.and_then(|packages| packages.subdir(probe));
    Client { kind, version, path, root_prefix: root, subdir, environments, sees: None }
}

/// Why a program in Python has no version: it is not started to ask.
fn unrecorded(kind: ClientKind, packages: Option<&root_prefix::Packages>) -> Failure {
    Failure::Other(match packages.map(|packages| (packages, packages.failure())) {
        None => "no root prefix beside the program".to_owned(),
        Some((_, Some(failure))) => format!("conda-meta: {failure}"),
        Some((_, None)) => format!("no record of {kind} in conda-meta"),
    })
}

/// What a native program says to `--version`: `2.8.1`, `pixi 0.77.0`.
fn said(probe: &Probe<'_>, path: &str) -> Result<Version, Failure> {
    let ran = probe.run(path, &["--version"])?;
    let word = ran.stdout.split_whitespace().last().unwrap_or_default();
    word.parse().map_err(|_| Failure::Other(format!("it calls itself {}", quoted(&ran.stdout))))
}
