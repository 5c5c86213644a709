//! Installed conda clients. No Python is started: the versions of conda and mamba are in the names of the
//! files in `conda-meta`; micromamba and pixi are native programs that print theirs at once.

mod programs;
mod root_prefix;

use conda_torch_core::conda::{Os, Version};
use conda_torch_core::types::{Client, ClientKind, ClientPart, Detected, Origin, Outcome};

use crate::host::Failure;
use crate::probe::{Probe, failed, quoted};
use root_prefix::Packages;

pub(super) use programs::{home, on_path};

/// conda's first version that solves with libmamba by default.
const FAST_CONDA: Version = Version::new(&[23, 10]);

/// Packages in conda's environment that change its virtual packages: the processor table and a plugin.
const PARTS: [&str; 2] = ["archspec", "nvidia-virtual-packages"];

/// The head of a program and its table of segments.
const PROGRAM_HEAD: usize = 4 << 10;

pub(super) fn detect(probe: &mut Probe<'_>) {
    let mut clients: Vec<Client> = Vec::new();
    for (kind, path) in programs::programs(probe) {
        let root = root_prefix::of(probe, kind, &path);
        let is_known = clients.iter().any(|client| {
            let same_root = root.is_some() && client.root_prefix == root;
            client.kind == kind && (client.path == path || same_root)
        });
        if !is_known {
            let client = client(probe, kind, path, root);
            clients.push(client);
        }
    }
    sort(probe, &mut clients);
    let name = |client: &Client| match client.version.value() {
        Some(version) => format!("{} {version}", client.kind),
        None => client.kind.to_string(),
    };
    match clients.iter().map(name).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => {
            probe.report("clients", Outcome::Absent, "no conda, mamba, micromamba or pixi");
        }
        names => probe.report("clients", Outcome::Ok, names),
    }
    probe.machine.clients = clients;
}

fn client(probe: &mut Probe<'_>, kind: ClientKind, path: String, root: Option<String>) -> Client {
    let packages = root.as_deref().map(|root| Packages::of(probe.host, root));
    let version = match version(probe, kind, &path, packages.as_ref()) {
        Ok((version, file)) => Detected::found(version, Origin::File(file)),
        Err(failure) => {
            probe.report_failure(&path, &failure);
            Detected::unknown(failure.to_string())
        }
    };
    add_parts(probe, kind, &path, packages.as_ref());
    Client {
        kind,
        version,
        subdir: packages.and_then(|packages| packages.subdir()),
        environments: Vec::new(),
        root_prefix: root,
        path,
        sees: None,
    }
}

fn version(
    probe: &Probe<'_>,
    kind: ClientKind,
    path: &str,
    packages: Option<&Packages<'_>>,
) -> Result<(Version, String), Failure> {
    let recorded = match packages {
        Some(packages) => packages.version(kind.as_str()),
        None => failed("not inside a root prefix"),
    };
    if recorded.is_ok() || matches!(kind, ClientKind::Conda | ClientKind::Mamba) {
        return recorded;
    }
    // `2.8.1`, `pixi 0.77.0`
    let text = probe.run(path, &["--version"])?.stdout;
    let version = text.split_whitespace().last().unwrap_or_default().parse();
    let why = format!("no version in {}", quoted(&text));
    Ok((version.map_err(|_| Failure::Other(why))?, path.to_owned()))
}

/// Adds what changes a client's virtual packages, with its version if it has one.
fn add_parts(probe: &mut Probe<'_>, kind: ClientKind, path: &str, packages: Option<&Packages<'_>>) {
    let mut add = |part: &str, version| {
        let (client, part) = (path.to_owned(), part.to_owned());
        probe.machine.client_parts.push(ClientPart { client, part, version });
    };
    match (kind, packages) {
        (ClientKind::Conda, Some(packages)) => {
            for part in PARTS {
                if let Ok((version, _)) = packages.version(part) {
                    add(part, Some(version.to_string()));
                }
            }
        }
        // pixi for Linux: the installer's build is static, conda-forge's is dynamic.
        (ClientKind::Pixi, _) if probe.host.target().is(Os::Linux) => {
            let head = probe.host.read_start(path, PROGRAM_HEAD).unwrap_or_default();
            if let Some(is_dynamic) = is_dynamic(&head) {
                add(if is_dynamic { "dynamic" } else { "static" }, None);
            }
        }
        // mamba opens no library, and has no plugins.
        _ => {}
    }
}

/// Whether a 64-bit ELF program names a loader. Source: `man 5 elf`, `PT_INTERP`.
fn is_dynamic(head: &[u8]) -> Option<bool> {
    const INTERP: [u8; 4] = 3_u32.to_le_bytes();
    if !head.starts_with(b"\x7fELF") || head.get(4..6) != Some(&[2, 1]) {
        return None;
    }
    let two = |at: usize| Some(usize::from(u16::from_le_bytes(*head.get(at..)?.first_chunk()?)));
    let start = usize::try_from(u64::from_le_bytes(*head.get(32..)?.first_chunk()?)).ok()?;
    let (size, count) = (two(54)?, two(56)?);
    let table = head.get(start..start.checked_add(size.checked_mul(count)?)?)?;
    (size >= 4).then(|| table.chunks(size).any(|segment| segment.starts_with(&INTERP)))
}

/// Puts the client of the active environment first, then the one with the best commands. conda with the
/// slow solver, which also chooses differently, is last.
fn sort(probe: &Probe<'_>, clients: &mut [Client]) {
    let in_pixi = probe.env("PIXI_IN_SHELL").is_some() || probe.env("PIXI_PROJECT_ROOT").is_some();
    let prefix = probe.env("CONDA_PREFIX");
    // The program that activated an environment outside of its root prefix.
    let programs = [probe.env("CONDA_EXE"), probe.env("MAMBA_EXE")];
    let is_active = |client: &Client| {
        if client.kind == ClientKind::Pixi || in_pixi {
            return client.kind == ClientKind::Pixi && in_pixi;
        }
        let Some(prefix) = &prefix else { return false };
        client.root_prefix.as_deref().is_some_and(|root| is_below(prefix, root))
            || programs.iter().flatten().any(|program| *program == client.path)
    };
    clients.sort_by_key(|client| (!is_active(client), rank(client)));
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder.trim_end_matches(['/', '\\']))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '\\']))
}

fn rank(client: &Client) -> u8 {
    // A conda without a version counts as slow.
    let is_fast = client.version.value().is_some_and(|version| *version >= FAST_CONDA);
    match client.kind {
        ClientKind::Conda if is_fast => 0,
        ClientKind::Mamba => 1,
        ClientKind::Micromamba => 2,
        ClientKind::Pixi => 3,
        ClientKind::Conda => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a program with one segment.
    fn program(segment: u32) -> Vec<u8> {
        let mut head = vec![0; 120];
        head[..6].copy_from_slice(b"\x7fELF\x02\x01");
        head[32] = 64;
        head[54] = 56;
        head[56] = 1;
        head[64..68].copy_from_slice(&segment.to_le_bytes());
        head
    }

    #[test]
    fn a_program_without_a_loader_is_static() {
        assert_eq!(is_dynamic(&program(3)), Some(true));
        assert_eq!(is_dynamic(&program(1)), Some(false));
        assert_eq!(is_dynamic(&program(1)[..100]), None);
        assert_eq!(is_dynamic(b"#!/bin/sh\n"), None);
        assert_eq!(is_dynamic(b""), None);
        let mut wild = program(1);
        wild[32..40].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(is_dynamic(&wild), None);
    }
}
