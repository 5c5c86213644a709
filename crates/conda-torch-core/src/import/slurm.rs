//! Nodes of Slurm: `scontrol show node`, `sinfo` with its column of generic resources. Several nodes are read as one
//! machine with a GPU of each kind.
//!
//! Source: <https://slurm.schedmd.com/gres.html>.

use super::document::Document;
use super::graphics::Names;
use super::labels::value_after;
use super::nvidia_smi::ReportedGpu;
use super::system::System;
use super::{Recognized, origin};
use crate::conda::{Os, Subdir};
use crate::types::{Detected, Machine};

/// The most GPUs of a kind that are listed.
const MOST: u32 = 16;

/// A kind of GPU: the type in `gpu:a100:4`, and the most on one node.
struct Kind {
    name: Option<String>,
    is_slice: bool,
    count: u32,
}

pub(super) fn read(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let text = &document.plain;
    let is_it = text.contains("NodeName=")
        || text.contains("Gres=")
        || (text.contains("NODELIST") || text.contains("PARTITION")) && text.contains("gpu:")
        || text.split_whitespace().flat_map(resources).any(|(kind, _)| !kind.is_empty());
    if !is_it {
        return None;
    }
    let (names, origin) = (Names::new(), origin(machine));
    let mut kinds: Vec<Kind> = Vec::new();
    let (mut features, mut architecture, mut kernel) = (Vec::new(), "", "");
    for line in text.lines() {
        for word in line.split_whitespace() {
            // What runs is not what is there.
            if word.starts_with("GresUsed=")
                || word.starts_with("AllocTRES=")
                || word.starts_with("CfgTRES=")
            {
                continue;
            }
            for (kind, count) in resources(word.rsplit('=').next().unwrap_or(word)) {
                let (name, is_slice) = gpu_of(kind);
                match kinds
                    .iter_mut()
                    .find(|other| other.name == name && other.is_slice == is_slice)
                {
                    Some(other) => other.count = other.count.max(count),
                    None => kinds.push(Kind { name, is_slice, count }),
                }
            }
            if let Some(list) = ["AvailableFeatures=", "ActiveFeatures=", "Features="]
                .iter()
                .find_map(|it| word.strip_prefix(it))
            {
                features.extend(list.split([',', '|', '&']));
            }
            if let Some(value) = word.strip_prefix("Arch=") {
                architecture = value;
            }
        }
        if let Some(os) = value_after(line, "OS").and_then(|it| it.strip_prefix("Linux ")) {
            kernel = os.split(' ').next().unwrap_or_default();
        }
    }
    // `gpu:4` with the kind among the features.
    let by_feature =
        || features.iter().find(|it| names.capability(&it.replace('_', " ")).is_some());
    for kind in kinds.iter_mut().filter(|kind| kind.name.is_none()) {
        kind.name = by_feature().map(|it| it.replace('_', " "));
    }
    System { os: release_of(kernel), kernel, architecture, ..System::default() }
        .fill(machine, &origin);
    if machine.subdir.value().is_none() {
        machine.subdir = Detected::unknown("Slurm does not report it");
    }
    if Subdir::of(Os::Linux, architecture).is_none() && kinds.is_empty() {
        return None;
    }
    for Kind { name, is_slice, count } in &kinds {
        for _ in 0..(*count).clamp(1, MOST) {
            let index = u32::try_from(machine.gpus.len()).unwrap_or(u32::MAX);
            let gpu = ReportedGpu {
                name: name.clone(),
                mig: is_slice.then_some(true),
                ..ReportedGpu::default()
            };
            machine.gpus.push(gpu.describe(index, "Slurm does not report it", &origin));
        }
    }
    machine.gpu_count = match u32::try_from(machine.gpus.len()) {
        Ok(count @ 1..) if kinds.len() == 1 => Detected::found(count, origin.clone()),
        Ok(1..) => Detected::unknown("the nodes differ"),
        Ok(_) | Err(_) => Detected::unknown("no node names a GPU"),
    };
    Some(Ok(()))
}

/// The kinds and counts in `gpu:a100:4(S:0-1),gpu:v100:2`, `gpu:4`.
fn resources(word: &str) -> impl Iterator<Item = (&str, u32)> {
    word.split(',').filter_map(|resource| {
        let rest = resource.strip_prefix("gpu:")?.split('(').next()?;
        match rest.rsplit_once(':') {
            Some((kind, count)) => Some((kind, count.parse().ok()?)),
            None => rest.parse().map(|count| ("", count)).ok(),
        }
    })
}

/// The GPU of a type, and whether it is a slice of one: `tesla_v100-sxm2-32gb`, `a100_3g.20gb`.
fn gpu_of(kind: &str) -> (Option<String>, bool) {
    let words: Vec<&str> = kind.split('_').collect();
    let is_slice = |word: &&str| word.contains("g.") || *word == "mig";
    let has_slice = words.iter().any(is_slice);
    let words: Vec<&str> = words.into_iter().take_while(|word| !is_slice(word)).collect();
    let name = words.join(" ");
    ((!name.is_empty() && name != "gpu").then_some(name), has_slice)
}

/// The distribution of a kernel that names it: `5.14.0-427.el9.x86_64`. A node runs its own distribution's kernel.
fn release_of(kernel: &str) -> &'static str {
    const RELEASES: [(&str, &str); 6] = [
        (".el7", "Enterprise Linux 7"),
        (".el8", "Enterprise Linux 8"),
        (".el9", "Enterprise Linux 9"),
        (".el10", "Enterprise Linux 10"),
        (".amzn2023", "Amazon Linux 2023"),
        (".amzn2", "Amazon Linux 2"),
    ];
    RELEASES.iter().find(|(mark, _)| kernel.contains(mark)).map_or("Linux", |(_, name)| name)
}
