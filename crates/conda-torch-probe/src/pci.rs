//! Display adapters on the PCI bus: there whether or not a driver is.

use crate::host::Failure;
use conda_torch_core::conda::Os;
use conda_torch_core::types::{Adapter, Machine, Outcome, Vendor};

use crate::probe::Probe;

const BUS: &str = "/sys/bus/pci/devices";

/// The name under which Windows' list reports.
const LIST: &str = "display adapters";

pub(super) fn detect(probe: &mut Probe<'_>) {
    match probe.host.target().os() {
        Some(Os::Linux) => bus(probe),
        Some(Os::Windows) => list(probe),
        Some(Os::Macos | Os::FreeBsd) | None => {}
    }
}

/// Whether it is known which adapters there are.
pub(super) fn was_read(machine: &Machine) -> bool {
    machine
        .sources
        .iter()
        .any(|report| matches!(&*report.source, BUS | LIST) && report.outcome == Outcome::Ok)
}

/// Windows' list: each instance with what drives it.
fn list(probe: &mut Probe<'_>) {
    let devices = match probe.host.display_devices() {
        Ok(devices) => devices,
        Err(failure) => return probe.report_failure(LIST, &failure),
    };
    for device in devices {
        // Others are no cards: a remote session's screen, an emulated one.
        if let Some((vendor, number)) = hardware_id(&device.id) {
            probe.machine.adapters.push(Adapter {
                vendor: maker(vendor),
                pci_id: format!("{vendor:04x}:{number:04x}"),
                kernel_driver: device.service,
            });
        }
    }
    probe.report(LIST, Outcome::Ok, counted(probe.machine.adapters.len()));
}

/// Vendor and device, from `PCI\\VEN_10DE&DEV_1B06&SUBSYS_85E41043&REV_A1\\4&2DFDC19A&0&0008`.
fn hardware_id(instance: &str) -> Option<(u32, u32)> {
    let parts = instance.strip_prefix("PCI\\")?;
    let number = |key: &str| {
        let part = parts.split(['&', '\\']).find_map(|part| part.strip_prefix(key))?;
        u32::from_str_radix(part, 16).ok().filter(|number| *number <= 0xffff)
    };
    Some((number("VEN_")?, number("DEV_")?))
}

fn bus(probe: &mut Probe<'_>) {
    let slots = match probe.host.list(BUS) {
        Ok(slots) => slots,
        Err(failure) => return probe.report_failure(BUS, &failure),
    };
    let mut problem = None;
    // One text for all paths: most slots are looked at for their class alone.
    let mut path = format!("{BUS}/");
    for slot in &slots {
        path.truncate(BUS.len() + 1);
        path.push_str(slot);
        match adapter(probe, &mut path) {
            Ok(Some(adapter)) => probe.machine.adapters.push(adapter),
            Ok(None) => {}
            Err(failure) => {
                problem.get_or_insert((slot, failure));
            }
        }
    }
    if let Some((slot, failure)) = problem {
        return probe.report(BUS, Outcome::Failed, format!("{slot}: {failure}"));
    }
    probe.report(BUS, Outcome::Ok, counted(probe.machine.adapters.len()));
}

fn counted(count: usize) -> String {
    let noun = if count == 1 { "adapter" } else { "adapters" };
    format!("{count} display {noun}")
}

fn maker(vendor: u32) -> Vendor {
    match vendor {
        0x10de => Vendor::Nvidia,
        0x1002 => Vendor::Amd,
        0x8086 => Vendor::Intel,
        _ => Vendor::Other,
    }
}

/// The device in a slot, where it is a display adapter (class 03) or an accelerator without a
/// display (class 12, which some data centre parts are).
fn adapter(probe: &Probe<'_>, slot: &mut String) -> Result<Option<Adapter>, Failure> {
    let class = hexadecimal(probe, slot, "class")?;
    if !matches!(class >> 16, 0x03 | 0x12) {
        return Ok(None);
    }
    let vendor = hexadecimal(probe, slot, "vendor")?;
    let device = hexadecimal(probe, slot, "device")?;
    // Without a driver there is no link.
    let driver = probe.host.read_link(&format!("{slot}/driver")).ok();
    Ok(Some(Adapter {
        vendor: maker(vendor),
        pci_id: format!("{vendor:04x}:{device:04x}"),
        kernel_driver: driver.and_then(|link| Some(link.rsplit_once('/')?.1.to_owned())),
    }))
}

/// The number in a file of a slot; `slot` comes back as it was.
fn hexadecimal(probe: &Probe<'_>, slot: &mut String, name: &str) -> Result<u32, Failure> {
    let length = slot.len();
    slot.push('/');
    slot.push_str(name);
    let bytes = probe.host.read_start(slot, 64);
    slot.truncate(length);
    std::str::from_utf8(&bytes?)
        .ok()
        .and_then(|text| u32::from_str_radix(text.trim_end().strip_prefix("0x")?, 16).ok())
        .ok_or_else(|| Failure::Other(format!("`{name}` is not a number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_names_a_card_by_its_numbers_and_what_is_no_card_has_none() {
        let card = r"PCI\VEN_10DE&DEV_1B06&SUBSYS_85E41043&REV_A1\4&2DFDC19A&0&0008";
        assert_eq!(hardware_id(card), Some((0x10de, 0x1b06)));
        for other in [
            r"ROOT\BASICDISPLAY\0000",
            r"SWD\REMOTEDISPLAYENUM\RDPIDD_INDIRECTDISPLAY&SESSIONID_0002",
            r"VMBUS\{5620E0C7-8062-4DCE-AEB7-520C7EF76171}",
            r"PCI\VEN_10DE",
            r"PCI\VEN_10DE&DEV_",
            r"PCI\VEN_+10D&DEV_1B06E",
            "",
        ] {
            assert_eq!(hardware_id(other), None, "{other}");
        }
    }
}
