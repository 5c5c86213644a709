//! Whether the program runs in a container or in WSL.

use crate::host::Failure;
use conda_torch_core::conda::Os;
use conda_torch_core::types::{Detected, Machine, Origin, Outcome};

use crate::probe::Probe;

/// Files that only a container has, and what it is then.
const FILES: [(&str, &str); 3] =
    [("/.dockerenv", "docker"), ("/run/.containerenv", "podman"), ("/.singularity.d", "apptainer")];

/// Variables that only a container has, and what it is then. `container` is systemd's convention.
const VARIABLES: [(&str, &str); 3] = [
    ("KUBERNETES_SERVICE_HOST", "kubernetes"),
    ("APPTAINER_CONTAINER", "apptainer"),
    ("SINGULARITY_CONTAINER", "apptainer"),
];

/// Parts of control groups' paths, and what it is then.
const CGROUPS: [(&str, &str); 5] = [
    ("/kubepods", "kubernetes"),
    ("/docker", "docker"),
    ("/libpod", "podman"),
    ("/lxc", "lxc"),
    ("/containerd", "containerd"),
];

pub(super) fn detect(probe: &mut Probe<'_>) {
    if probe.host.target().os() != Some(Os::Linux) {
        probe.machine.container = Detected::Absent;
        probe.machine.wsl = Detected::Absent;
        return;
    }
    container(probe);
    probe.machine.wsl = wsl(probe);
    let wsl = match &probe.machine.wsl {
        Detected::Found(wsl) => format!("version {}", wsl.value),
        Detected::Absent | Detected::Unknown { .. } => return,
    };
    probe.report("wsl", Outcome::Ok, wsl);
}

fn container(probe: &mut Probe<'_>) {
    let by_variable = |name: &&(&'static str, &str)| probe.env(name.0).is_some();
    let found = if let Some((name, kind)) = VARIABLES.iter().find(by_variable) {
        Some(((*kind).to_owned(), Origin::Env((*name).into())))
    } else if let Some((path, kind)) = FILES.iter().find(|(path, _)| probe.host.exists(path)) {
        Some(((*kind).to_owned(), Origin::File((*path).to_owned())))
    } else {
        probe.env("container").map(|kind| (kind.into_owned(), Origin::Env("container".into())))
    };
    let (outcome, detail);
    (probe.machine.container, outcome, detail) = match found {
        Some((kind, origin)) => {
            let detail = kind.clone();
            (Detected::found(kind, origin), Outcome::Ok, detail)
        }
        None => by_cgroup(probe),
    };
    probe.report("container", outcome, detail);
}

fn by_cgroup(probe: &Probe<'_>) -> (Detected<String>, Outcome, String) {
    let path = "/proc/1/cgroup";
    match probe.text(path) {
        Ok(groups) => match CGROUPS.iter().find(|(part, _)| groups.contains(part)) {
            Some((_, kind)) => {
                let origin = Origin::File(path.to_owned());
                (Detected::found((*kind).to_owned(), origin), Outcome::Ok, (*kind).to_owned())
            }
            None => (Detected::Absent, Outcome::Absent, "no sign of one".to_owned()),
        },
        Err(Failure::NotThere) => (Detected::Absent, Outcome::Absent, "no sign of one".to_owned()),
        Err(failure) => {
            let why = format!("{path}: {failure}");
            (Detected::unknown(why.clone()), Outcome::Failed, why)
        }
    }
}

/// WSL 2 has a kernel of its own (`…-microsoft-standard-WSL2`), WSL 1 pretends (`…-Microsoft`).
fn wsl(probe: &Probe<'_>) -> Detected<String> {
    let Machine { kernel, .. } = &probe.machine;
    match kernel {
        Detected::Found(kernel) if kernel.value.contains("Microsoft") => {
            Detected::found("1".to_owned(), Origin::System)
        }
        Detected::Found(kernel) if kernel.value.contains("microsoft") => {
            Detected::found("2".to_owned(), Origin::System)
        }
        // A kernel built by its user need not say so; Windows' graphics are only to be had there.
        Detected::Found(_) | Detected::Unknown { .. } if probe.host.exists("/dev/dxg") => {
            Detected::found("2".to_owned(), Origin::File("/dev/dxg".to_owned()))
        }
        Detected::Found(_) | Detected::Absent => Detected::Absent,
        Detected::Unknown { why } => Detected::unknown(why.clone()),
    }
}
