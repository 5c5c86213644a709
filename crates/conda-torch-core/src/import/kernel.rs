//! Commands that print the kernel or the C library in one line.

use super::document::Document;
use super::system::System;
use super::{Recognized, origin};
use crate::conda::{Os, Subdir, Version};
use crate::types::{Detected, Machine};

/// `uname -a`, and `/proc/version`: `Linux host 5.15.0-91-generic #101-Ubuntu SMP … x86_64 GNU/Linux`.
pub(super) fn read_uname(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let origin = origin(machine);
    let of_line = |line: &str, machine: &mut Machine| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let start = words.iter().position(|word| {
            ["Linux", "Darwin"].contains(word) || word.starts_with("MINGW64_NT-")
        })?;
        let words = &words[start..];
        let is_version = words.get(1) == Some(&"version");
        let kernel = words.get(2).filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        let has_build = words.iter().skip(3).any(|word| word.starts_with('#'));
        match words[0] {
            "Darwin" if words.contains(&"Kernel") => {
                let architecture =
                    words.iter().rev().find(|word| ["arm64", "x86_64"].contains(word))?;
                let os = System { os: "macOS", architecture, ..System::default() };
                os.fill(machine, &origin);
            }
            "Linux" if is_version || has_build => {
                let architecture =
                    words.iter().rev().find(|word| Subdir::of(Os::Linux, word).is_some());
                let architecture = architecture.copied().unwrap_or_default();
                System { kernel, architecture, ..System::default() }.fill(machine, &origin);
            }
            name if name.starts_with("MINGW64") => {
                System { os: "Windows", ..System::default() }.fill(machine, &origin);
            }
            _ => return None,
        }
        Some(())
    };
    document.plain.lines().find_map(|line| of_line(line, machine)).map(Ok)
}

/// `ldd --version`: `ldd (Ubuntu GLIBC 2.35-0ubuntu3.4) 2.35`.
pub(super) fn read_ldd(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let line = document.plain.lines().find_map(|line| Some(&line[line.find("ldd (")?..]))?;
    let version: Version = line.rsplit(' ').next()?.trim().parse().ok()?;
    let origin = origin(machine);
    System { os: "Linux", glibc: Some(version), ..System::default() }.fill(machine, &origin);
    machine.os = Detected::unknown("ldd does not report it");
    Some(Ok(()))
}
