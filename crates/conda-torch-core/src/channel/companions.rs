//! Builds of torchvision and torchaudio in a channel's records.

use std::collections::BTreeMap;

use crate::conda::{SpecParts, Subdir, Version};
use crate::types::{Accelerator, Companion, CompanionBuild, CudaVersion, Date, Source};

use super::Record;
use super::record_specs::{UnreadReason, UnreadRecord, arm_variant, lower, pins, specs, toolkit};

pub(super) fn companions(
    records: &[Record],
    day: Date,
) -> (Vec<CompanionBuild>, Vec<UnreadRecord>) {
    let mut builds: BTreeMap<_, Vec<CompanionBuild>> = BTreeMap::new();
    let mut gaps = Vec::new();
    for record in records {
        let package = match record.name.as_str() {
            "torchvision" => Companion::Torchvision,
            "torchaudio" => Companion::Torchaudio,
            _ => continue,
        };
        match one(package, record, day) {
            Ok(row) => builds.entry((row.variant(), record.build_number)).or_default().push(row),
            Err(what) => gaps.push(UnreadRecord { url: record.url.clone(), what }),
        }
    }
    let mut rows: BTreeMap<_, CompanionBuild> = BTreeMap::new();
    // Of several build numbers the last counts.
    for ((variant, _), builds) in builds {
        for build in builds {
            let row = rows.entry(variant).or_insert_with(|| build.clone());
            // A Python that the last build lacks is still available, in an earlier one.
            let pythons = (row.pythons.0.min(build.pythons.0), row.pythons.1.max(build.pythons.1));
            let is_alike = *row == CompanionBuild { pythons: row.pythons, ..build.clone() };
            *row = if is_alike { CompanionBuild { pythons, ..build } } else { build };
        }
    }
    (rows.into_values().collect(), gaps)
}

fn one(package: Companion, record: &Record, day: Date) -> Result<CompanionBuild, UnreadReason> {
    let version: Version = record.version.parse().map_err(|_| UnreadReason::Version)?;
    let subdir: Subdir = record.subdir.parse().map_err(|_| UnreadReason::Subdir)?;
    let (toolkit, _) = toolkit(&record.build).ok_or(UnreadReason::BuildString)?;
    let lower_of = |name| specs(record, name).find_map(|spec| lower(&spec));
    let pytorch = lower_of("pytorch").ok_or(UnreadReason::Pytorch)?.series();
    let python = lower_of("python").ok_or(UnreadReason::Python)?;
    let cuda_pins = match toolkit {
        None => CudaVersion::new(0, 0)..CudaVersion::new(0, 0),
        Some(_) => pins(record).ok_or(UnreadReason::CudaPins)?,
    };
    // `pytorch * cuda126*`, unlike `cuda*`. torchaudio fails to import with another toolkit, whatever
    // its record says (pytorch/audio#4226).
    let names_toolkit = |spec: SpecParts<'_>| {
        let rest = spec.build.and_then(|build| build.split_once("cuda"));
        rest.is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    // So did torchvision before its recipe pinned the toolkit (`_check_cuda_version`, pytorch/vision v0.15.2).
    let is_tied = match package {
        Companion::Torchaudio => true,
        Companion::Torchvision => {
            version < Version::new(&[0, 16]) || specs(record, "pytorch").any(names_toolkit)
        }
    };
    Ok(CompanionBuild {
        package,
        version,
        subdir,
        pytorch,
        accelerator: toolkit.map_or(Accelerator::Cpu, Accelerator::Cuda),
        same_toolkit: toolkit.is_some() && is_tied,
        arm_variant: arm_variant(record)?,
        cuda_pins,
        pythons: (python, python),
        source: Source::channel(day),
    })
}
