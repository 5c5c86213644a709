//! The content of a channel, read from its records.

use crate::types::{CompanionBuild, CudaVersion, Date};

use super::Record;
use super::builds::{ChannelBuild, read_builds};
use super::companions::companions;
use super::record_specs::{UnreadReason, UnreadRecord};

/// The content of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelContents {
    /// Builds of PyTorch.
    pub builds: Vec<ChannelBuild>,
    /// Builds of torchvision and torchaudio.
    pub companions: Vec<CompanionBuild>,
    /// Versions of `cuda-version`, ascending; empty for a channel next to conda-forge, which leaves that to it.
    pub cuda_versions: Vec<CudaVersion>,
}

impl ChannelContents {
    /// Reads it from records of a day, together with the records that cannot be read.
    pub fn of(records: &[Record], day: Date) -> (Self, Vec<UnreadRecord>) {
        let (builds, mut gaps) = read_builds(records);
        let (companions, more) = companions(records, day);
        gaps.extend(more);
        let (cuda_versions, more) = cuda_versions(records);
        gaps.extend(more);
        (Self { builds, companions, cuda_versions }, gaps)
    }
}

/// The versions of `cuda-version`, ascending, and its records that cannot be read.
fn cuda_versions(records: &[Record]) -> (Vec<CudaVersion>, Vec<UnreadRecord>) {
    let (mut versions, mut gaps) = (Vec::new(), Vec::new());
    for record in records.iter().filter(|record| record.name == "cuda-version") {
        match record.version.parse() {
            Ok(version) => versions.push(version),
            Err(_) => {
                gaps.push(UnreadRecord { url: record.url.clone(), what: UnreadReason::Version });
            }
        }
    }
    versions.sort_unstable();
    versions.dedup();
    (versions, gaps)
}
