//! What `nvidia-smi --query -u -x` has between its tags `cuda_version`.

use std::borrow::Cow;

use crate::conda::Os;
use crate::types::{Detected, Machine, Origin};

/// The first branch whose `nvidia-smi` words its versions anew; how in XML nobody has written down.
const REWORDED: u32 = 610;

/// The text that a client finds; `Ok(None)` where it finds none.
pub(super) fn reported_cuda(machine: &Machine) -> Result<Option<Cow<'_, str>>, Cow<'static, str>> {
    let is_windows = machine.subdir.value().is_some_and(|subdir| subdir.os() == Os::Windows);
    match (&machine.nvidia_smi, &machine.nvidia_smi_cuda) {
        // libmamba looks for it in the DriverStore then, where it comes with every driver.
        (Detected::Absent, _) if is_windows && machine.libcuda.is_found() => by_driver(machine),
        (Detected::Absent, _) | (Detected::Found(_), Detected::Absent) => Ok(None),
        (_, Detected::Found(text)) => Ok(Some(Cow::Borrowed(text.value.as_str()))),
        (Detected::Found(_), Detected::Unknown { .. }) => by_driver(machine),
        (Detected::Unknown { why }, _) => Err(why.clone()),
    }
}

/// It asks NVML, and so says what NVML says.
fn by_driver(machine: &Machine) -> Result<Option<Cow<'_, str>>, Cow<'static, str>> {
    let nvml = super::cuda::by_nvml(machine);
    match (nvml, machine.driver.value()) {
        (Detected::Found(_), Some(driver)) if driver.branch() >= REWORDED => {
            Err(format!("how nvidia-smi of driver {driver} writes it is not known").into())
        }
        (Detected::Found(cuda), _) => Ok(Some(cuda.value.to_string().into())),
        (Detected::Absent, _) => match &machine.driver_cuda {
            Detected::Absent => Ok(None),
            Detected::Found(fact) if fact.origin == Origin::NvidiaSmi => {
                Ok(Some(fact.value.to_string().into()))
            }
            Detected::Found(_) => Err("NVML has no CUDA to tell of here".into()),
            Detected::Unknown { why } => Err(why.clone()),
        },
        (Detected::Unknown { why }, _) => Err(why.clone()),
    }
}
