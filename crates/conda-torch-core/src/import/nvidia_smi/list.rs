//! `nvidia-smi -L`: `GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-…)`, with slices below.

use crate::types::Machine;

use super::super::document::Document;
use super::{Report, ReportedGpu, fill, values};

pub(in super::super) fn is_text(document: &Document<'_>) -> bool {
    !gpus(&document.plain).is_empty()
}

#[expect(clippy::unnecessary_wraps, reason = "the form of every reader")]
pub(in super::super) fn read(document: &Document<'_>, machine: &mut Machine) -> Result<(), String> {
    fill(Report { gpus: gpus(&document.plain), ..Report::default() }, machine);
    Ok(())
}

/// The GPUs; their UUIDs are nobody's business.
fn gpus(text: &str) -> Vec<ReportedGpu> {
    let mut gpus: Vec<ReportedGpu> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some((index, name)) = numbered(line) {
            let name = values::known(name).map(str::to_owned);
            gpus.push(ReportedGpu { index: Some(index), name, ..ReportedGpu::default() });
        } else if line.starts_with("MIG ")
            && line.contains("Device")
            && let Some(gpu) = gpus.last_mut()
        {
            gpu.mig = Some(true);
        }
    }
    gpus
}

fn numbered(line: &str) -> Option<(u32, &str)> {
    let (number, rest) = line.strip_prefix("GPU ")?.split_once(':')?;
    Some((number.trim().parse().ok()?, rest.split_once("(UUID")?.0.trim()))
}
