//! A machine of HTCondor, as `condor_status -json` prints it: one ad a slot, with the GPUs that `condor_gpu_discovery`
//! found. Ids of GPUs are not stored.
//!
//! Source: <https://htcondor.readthedocs.io/en/latest/classad-attributes/machine-classad-attributes.html>,
//! <https://htcondor.readthedocs.io/en/latest/man-pages/condor_gpu_discovery.html>.

use serde_json::{Map, Value};

use super::document::Document;
use super::nvidia_smi::ReportedGpu;
use super::system::System;
use super::{Recognized, origin, set};
use crate::types::{ComputeCapability, CudaVersion, Detected, Machine};

/// The most GPUs that are listed.
const MOST: usize = 64;

pub(super) fn read(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let ad = document.value()?.as_object()?;
    let is_it = ad.get("MyType").and_then(Value::as_str) == Some("Machine")
        || ad.contains_key("OpSysAndVer") && ad.contains_key("Machine");
    if !is_it {
        return None;
    }
    let text = |key: &str| ad.get(key).and_then(Value::as_str).unwrap_or_default();
    let name = match text("OpSysLongName") {
        "" => text("OpSysAndVer"),
        long => long,
    };
    let kind = match text("OpSys") {
        "WINDOWS" => "Windows",
        "macOS" | "OSX" => "macOS",
        _ => name,
    };
    let arch = text("Arch").to_ascii_lowercase();
    let arch = if arch == "intel" { "i686" } else { &*arch };
    let origin = origin(machine);
    System { os: kind, architecture: arch, ..System::default() }.fill(machine, &origin);
    let gpus = gpus(ad);
    set(&mut machine.driver_cuda, gpus.iter().filter_map(|(_, cuda)| *cuda).min(), &origin);
    for (index, (gpu, _)) in (0..).zip(gpus) {
        machine.gpus.push(gpu.describe(index, "HTCondor does not report it", &origin));
    }
    let count = u32::try_from(machine.gpus.len()).unwrap_or(u32::MAX);
    if count > 0 {
        machine.gpu_count = Detected::found(count, origin);
    } else {
        // HTCondor only knows of GPUs if discovery is configured; without it a machine has none for its jobs.
        machine.gpu_count = Detected::Absent;
        machine.driver_cuda = Detected::Absent;
        machine.driver = Detected::Absent;
    }
    Some(Ok(()))
}

/// Each GPU with the newest CUDA of its driver: those with properties of their own, and as many with those that all
/// have in common as there are others.
fn gpus(ad: &Map<String, Value>) -> Vec<(ReportedGpu, Option<CudaVersion>)> {
    let property = |name: &str| {
        let keys = [format!("GPUs_{name}"), format!("CUDA{name}")];
        keys.iter().find_map(|key| ad.get(key)).cloned()
    };
    let common = |name: &str| property(name).unwrap_or(Value::Null);
    let own: Vec<&Map<String, Value>> = ad
        .iter()
        .filter(|(key, _)| key.starts_with("GPUs_GPU_"))
        .filter_map(|(_, value)| value.as_object())
        .take(MOST)
        .collect();
    let gpu = |own: Option<&Map<String, Value>>| {
        let value =
            |name: &str| own.and_then(|own| own.get(name)).cloned().unwrap_or_else(|| common(name));
        let decimal = |name: &str| Some(format!("{:.1}", value(name).as_f64()?));
        let gpu = ReportedGpu {
            name: value("DeviceName").as_str().map(str::to_owned),
            capability: decimal("Capability").and_then(|it| it.parse::<ComputeCapability>().ok()),
            memory: value("GlobalMemoryMb").as_u64(),
            ..ReportedGpu::default()
        };
        // The newest CUDA of the driver, not the driver's own version.
        (gpu, decimal("DriverVersion").and_then(|it| it.parse().ok()))
    };
    let number = |key: &str| {
        let value = ad.get(key)?;
        let listed = || {
            let list = value.as_str()?.trim();
            Some(if list.is_empty() || list == "0" { 0 } else { list.split(',').count() })
        };
        value.as_u64().and_then(|count| usize::try_from(count).ok()).or_else(listed)
    };
    let most = ["DetectedGPUs", "TotalGPUs", "GPUs"].into_iter().filter_map(number).max();
    let others = most.unwrap_or(0).min(MOST).saturating_sub(own.len());
    own.into_iter().map(Some).chain(std::iter::repeat_n(None, others)).map(gpu).collect()
}
