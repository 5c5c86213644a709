//! Containers and WSL.

use conda_torch_core::conda::Os;
use conda_torch_core::types::{Detected, Origin, Outcome};

use crate::host::Failure;
use crate::probe::{Probe, outcome};

/// Variables that only a container sets, and its kind. `container` is systemd's convention.
const VARIABLES: [(&str, &str); 3] = [
    ("KUBERNETES_SERVICE_HOST", "kubernetes"),
    ("APPTAINER_CONTAINER", "apptainer"),
    ("SINGULARITY_CONTAINER", "apptainer"),
];

/// Files that only a container has, and its kind.
const FILES: [(&str, &str); 3] =
    [("/.dockerenv", "docker"), ("/run/.containerenv", "podman"), ("/.singularity.d", "apptainer")];

/// Parts of control group paths, and the kind of container.
const CGROUPS: [(&str, &str); 5] = [
    ("/kubepods", "kubernetes"),
    ("/docker", "docker"),
    ("/libpod", "podman"),
    ("/lxc", "lxc"),
    ("/containerd", "containerd"),
];
const CGROUP: &str = "/proc/1/cgroup";

pub(super) fn detect(probe: &mut Probe<'_>) {
    probe.machine.container = Detected::Absent;
    probe.machine.wsl = Detected::Absent;
    if !probe.is_on(Os::Linux) {
        return;
    }
    match container(probe) {
        Ok(Some((kind, origin))) => {
            probe.report("container", Outcome::Ok, &kind);
            probe.machine.container = Detected::found(kind, origin);
        }
        Ok(None) => probe.report("container", Outcome::Absent, "no container"),
        Err(failure) => {
            let why = format!("{CGROUP}: {failure}");
            probe.report("container", outcome(&failure), &why);
            probe.machine.container = Detected::unknown(why);
        }
    }
    probe.machine.wsl = wsl(probe);
    if let Some(version) = probe.machine.wsl.value() {
        let detail = format!("version {version}");
        probe.report("wsl", Outcome::Ok, detail);
    }
}

fn container(probe: &Probe<'_>) -> Result<Option<(String, Origin)>, Failure> {
    let found = |kind: &str, origin| Ok(Some((kind.to_owned(), origin)));
    if let Some((name, kind)) = VARIABLES.iter().find(|(name, _)| probe.env(name).is_some()) {
        return found(kind, Origin::Env((*name).into()));
    }
    if let Some((path, kind)) = FILES.iter().find(|(path, _)| probe.host.exists(path)) {
        return found(kind, Origin::File((*path).to_owned()));
    }
    if let Some(kind) = probe.env("container") {
        return found(&kind, Origin::Env("container".into()));
    }
    let groups = match probe.text(CGROUP) {
        Err(Failure::NotThere) => String::new(),
        groups => groups?,
    };
    let group = CGROUPS.iter().find(|(part, _)| groups.contains(part));
    Ok(group.map(|(_, kind)| ((*kind).to_owned(), Origin::File(CGROUP.to_owned()))))
}

/// The kernel of WSL 2 is `…-microsoft-standard-WSL2`, that of WSL 1 `…-Microsoft`. A kernel that the user
/// built need not say so, but only WSL 2 has `/dev/dxg`.
fn wsl(probe: &Probe<'_>) -> Detected<String> {
    let has_dxg = probe.host.exists("/dev/dxg");
    let found = |version: &str, origin| Detected::found(version.to_owned(), origin);
    match &probe.machine.kernel {
        Detected::Found(kernel) if kernel.value.contains("Microsoft") => found("1", Origin::System),
        Detected::Found(kernel) if kernel.value.contains("microsoft") => found("2", Origin::System),
        Detected::Found(_) | Detected::Unknown { .. } if has_dxg => {
            found("2", Origin::File("/dev/dxg".to_owned()))
        }
        Detected::Found(_) | Detected::Absent => Detected::Absent,
        Detected::Unknown { why } => Detected::unknown(why.clone()),
    }
}
