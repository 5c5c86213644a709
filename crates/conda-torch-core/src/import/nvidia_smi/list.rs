//! `nvidia-smi -L`: `GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-…)`, with slices below. UUIDs are not kept.

use super::{Report, ReportedGpu, values};

pub(in super::super) fn parse(text: &str) -> Option<Report> {
    let mut gpus: Vec<ReportedGpu> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some((index, name)) = numbered(line) {
            let name = values::known(name).map(str::to_owned);
            gpus.push(ReportedGpu { index: Some(index), name, ..ReportedGpu::default() });
        } else if let Some(gpu) = gpus.last_mut()
            && line.starts_with("MIG ")
            && line.contains("Device")
        {
            gpu.mig = Some(true);
        }
    }
    (!gpus.is_empty()).then(|| Report { gpus, ..Report::default() })
}

fn numbered(line: &str) -> Option<(u32, &str)> {
    let (number, rest) = line.strip_prefix("GPU ")?.split_once(':')?;
    Some((number.trim().parse().ok()?, rest.split_once("(UUID")?.0.trim()))
}
