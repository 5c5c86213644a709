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
    // One text for all paths: most slots are looked at for their class alone.
    let mut path = format!("{BUS}/");
    for slot in &slots {
        path.truncate(BUS.len() + 1);
        path.push_str(slot);
        match adapter(look, &mut path) {
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
fn adapter(look: &Look<'_>, slot: &mut String) -> Result<Option<Adapter>, Failure> {
    let class = hexadecimal(look, slot, "class")?;
    if !matches!(class >> 16, 0x03 | 0x12) {
        return Ok(None);
    }
    let vendor = hexadecimal(look, slot, "vendor")?;
    let device = hexadecimal(look, slot, "device")?;
    // Without a driver there is no link.
    let driver = look.host.read_link(&format!("{slot}/driver")).ok();
    Ok(Some(Adapter {
        vendor: match vendor {
            0x10de => Vendor::Nvidia,
            0x1002 => Vendor::Amd,
            0x8086 => Vendor::Intel,
            _ => Vendor::Other,
        },
        pci_id: format!("{vendor:04x}:{device:04x}"),
        kernel_driver: driver.and_then(|link| Some(link.rsplit_once('/')?.1.to_owned())),
    }))
}

/// The number in a file of a slot; `slot` comes back as it was.
fn hexadecimal(look: &Look<'_>, slot: &mut String, name: &str) -> Result<u32, Failure> {
    let length = slot.len();
    slot.push('/');
    slot.push_str(name);
    let bytes = look.host.read_start(slot, 64);
    slot.truncate(length);
    std::str::from_utf8(&bytes?)
        .ok()
        .and_then(|text| u32::from_str_radix(text.trim_end().strip_prefix("0x")?, 16).ok())
        .ok_or_else(|| Failure::Other(format!("`{name}` is not a number")))
}
