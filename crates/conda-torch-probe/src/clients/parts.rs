//! What of a client, or beside it, changes what it takes the machine for.

use conda_torch_core::conda::Os;
use conda_torch_core::types::{ClientKind, ClientPart};

use super::root_prefix::Packages;
use crate::probe::Probe;

/// The head of a program and the table of its segments.
const HEAD: usize = 4 << 10;

/// Packages of conda's own environment: the one names processors, the other is a plugin.
const PACKAGES: [&str; 2] = ["archspec", "nvidia-virtual-packages"];

pub(super) fn detect(
    probe: &mut Probe<'_>,
    kind: ClientKind,
    path: &str,
    packages: Option<&Packages>,
) {
    let part = |part: &str, version| ClientPart {
        client: path.to_owned(),
        part: part.to_owned(),
        version,
    };
    match kind {
        ClientKind::Conda => {
            for name in PACKAGES {
                let version = packages.and_then(|packages| packages.version(name));
                let found = version.map(|(version, _)| part(name, Some(version.to_string())));
                probe.machine.client_parts.extend(found);
            }
        }
        // Of pixi there are builds of both kinds for Linux: the installer's is static, conda-forge's is not.
        ClientKind::Pixi if probe.host.target().os() == Some(Os::Linux) => {
            let head = probe.host.read_start(path, HEAD).unwrap_or_default();
            let linked = is_dynamic(&head).map(|is| if is { "dynamic" } else { "static" });
            probe.machine.client_parts.extend(linked.map(|linked| part(linked, None)));
        }
        // mamba opens no library, and knows no plugins.
        ClientKind::Mamba | ClientKind::Micromamba | ClientKind::Pixi => {}
    }
}

/// Whether a 64-bit ELF program names a loader. Source: `man 5 elf`, `PT_INTERP`.
fn is_dynamic(head: &[u8]) -> Option<bool> {
    const INTERP: [u8; 4] = 3_u32.to_le_bytes();
    let is_elf = head.starts_with(b"\x7fELF") && head.get(4..6) == Some(&[2, 1]);
    let two =
        |at: usize| Some(usize::from(u16::from_le_bytes(head.get(at..at + 2)?.try_into().ok()?)));
    let start = u64::from_le_bytes(head.get(32..40)?.try_into().ok()?);
    let start = usize::try_from(start).ok().filter(|start| is_elf && *start < HEAD)?;
    let (size, count) = (two(54)?, two(56)?);
    let table = head.get(start..start + size.checked_mul(count)?)?;
    (size >= 4).then(|| table.chunks(size).any(|segment| segment.starts_with(&INTERP)))
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
    fn a_program_that_names_no_loader_is_static() {
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
