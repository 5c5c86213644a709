//! Display adapters on the PCI bus: there whether or not a driver is.

use crate::host::Failure;
use crate::model::{Adapter, Os, Outcome, Vendor};

use super::look::Look;

pub(super) const BUS: &str = "/sys/bus/pci/devices";

pub(super) fn look(look: &mut Look<'_>) {
    if look.host.target().os() != Some(Os::Linux) {
        return;
    }
    let slots = match look.host.list(BUS) {
        Ok(slots) => slots,
        Err(failure) => return look.report_failure(BUS, &failure),
    };
    let mut problem = None;
    for slot in &slots {
        match adapter(look, slot) {
            Ok(Some(adapter)) => look.machine.adapters.push(adapter),
            Ok(None) => {}
            Err(failure) => {
                problem.get_or_insert((slot, failure));
            }
        }
    }
    if let Some((slot, failure)) = problem {
        return look.report(BUS, Outcome::Failed, format!("{slot}: {failure}"));
    }
    let count = look.machine.adapters.len();
    let noun = if count == 1 { "adapter" } else { "adapters" };
    look.report(BUS, Outcome::Ok, format!("{count} display {noun}"));
}

/// The device in a slot, where it is a display adapter (class 03) or an accelerator without a
/// display (class 12, which some data centre parts are).
fn adapter(look: &Look<'_>, slot: &str) -> Result<Option<Adapter>, Failure> {
    let folder = format!("{BUS}/{slot}");
    let class = hexadecimal(look, &folder, "class")?;
    if !matches!(class >> 16, 0x03 | 0x12) {
        return Ok(None);
    }
    let vendor = hexadecimal(look, &folder, "vendor")?;
    let device = hexadecimal(look, &folder, "device")?;
    // Without a driver there is no link.
    let driver = match look.host.read_link(&format!("{folder}/driver")) {
        Ok(link) => link.rsplit('/').next().map(str::to_owned),
        Err(Failure::NotThere) => None,
        Err(failure) => return Err(failure),
    };
    Ok(Some(Adapter {
        vendor: match vendor {
            0x10de => Vendor::Nvidia,
            0x1002 => Vendor::Amd,
            0x8086 => Vendor::Intel,
            _ => Vendor::Other,
        },
        pci_id: format!("{vendor:04x}:{device:04x}"),
        kernel_driver: driver,
    }))
}

fn hexadecimal(look: &Look<'_>, folder: &str, name: &str) -> Result<u32, Failure> {
    let text = look.text(&format!("{folder}/{name}"))?;
    u32::from_str_radix(text.strip_prefix("0x").unwrap_or(&text), 16)
        .map_err(|_| Failure::Other(format!("`{name}` is not a number")))
}
