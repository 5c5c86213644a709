//! `__amdgpu`, which is present or not, and `__amdgpu_arch`, the instruction set of the largest AMD GPU. No build of
//! PyTorch on conda-forge needs them. Source: <https://github.com/conda/rattler/pull/2806>.

use crate::clients::ClientTarget;
use crate::conda::Os;
use crate::types::{Detected, Machine, Origin, Vendor};

use super::{Prediction, overrides, present, unknown};

/// The kernel driver whose files in `/sys` rattler reads.
const KERNEL_DRIVER: &str = "amdgpu";

pub(super) fn amdgpu(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    if !client.habits().has_amdgpu {
        return Ok(None);
    }
    if let Some(setting) = overrides::setting(machine, client, "__amdgpu") {
        return match setting.value.as_str() {
            "" => Ok(None),
            "0" => present("__amdgpu", "0", setting.origin.clone()),
            other => unknown(format!("{} is `{other}`, not 0 or empty", setting.name)),
        };
    }
    let is_amd = |vendor: Vendor| vendor == Vendor::Amd;
    let mut cards = machine.adapters.iter().filter(|card| is_amd(card.vendor)).peekable();
    let os = machine.subdir.value().map(|subdir| subdir.os());
    match (cards.peek(), os) {
        (None, _) | (_, Some(Os::Macos)) => Ok(None),
        (Some(_), Some(Os::Linux)) if machine.wsl == Detected::Absent => {
            if cards.any(|card| card.kernel_driver.as_deref() == Some(KERNEL_DRIVER)) {
                present("__amdgpu", "0", Origin::System)
            } else {
                Ok(None)
            }
        }
        (Some(_), _) => unknown("it depends on AMD's HIP library"),
    }
}

pub(super) fn amdgpu_arch(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    if !matches!(amdgpu(machine, client), Ok(Some(_)) | Err(_)) {
        return Ok(None);
    }
    match overrides::setting(machine, client, "__amdgpu_arch") {
        Some(setting) if setting.value.is_empty() => Ok(None),
        Some(setting) => present("__amdgpu_arch", &setting.value, setting.origin.clone()),
        None => unknown("the instruction set of the AMD GPU is unknown"),
    }
}
