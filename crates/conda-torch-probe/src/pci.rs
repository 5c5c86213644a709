//! Display adapters on the PCI bus, with or without a driver.

use conda_torch_core::conda::Os;
use conda_torch_core::types::{Adapter, Machine, Outcome, Vendor};

use crate::host::Failure;
use crate::probe::Probe;

pub(super) const BUS: &str = "/sys/bus/pci/devices";

const LIST: &str = "display adapters";

pub(super) fn detect(probe: &mut Probe<'_>) {
    let (source, adapters) = match probe.host.target().os() {
        Some(Os::Linux) => (BUS, on_bus(probe)),
        Some(Os::Windows) => (LIST, listed(probe)),
        Some(Os::Macos | Os::FreeBsd) | None => return,
    };
    match adapters {
        Ok((adapters, problem)) => {
            let noun = if adapters.len() == 1 { "adapter" } else { "adapters" };
            let count = format!("{} display {noun}", adapters.len());
            let failed = |problem| (Outcome::Failed, problem);
            let (outcome, detail) = problem.map_or((Outcome::Ok, count), failed);
            probe.report(source, outcome, detail);
            probe.machine.adapters = adapters;
        }
        Err(failure) => probe.report_failure(source, &failure),
    }
}

pub(super) fn are_known(machine: &Machine) -> bool {
    let is_list = |source: &str| matches!(source, BUS | LIST);
    machine.sources.iter().any(|it| is_list(&it.source) && it.outcome == Outcome::Ok)
}

/// Adapters, and the first problem.
type Adapters = Result<(Vec<Adapter>, Option<String>), Failure>;

fn listed(probe: &Probe<'_>) -> Adapters {
    // Others are no cards: the screen of a remote session, an emulated one.
    let card = |device: crate::host::DisplayDevice| {
        let (vendor, number) = hardware_id(&device.id)?;
        Some(adapter(vendor, number, device.service))
    };
    let devices = probe.host.display_devices()?;
    Ok((devices.into_iter().filter_map(card).collect(), None))
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

fn on_bus(probe: &Probe<'_>) -> Adapters {
    let (mut adapters, mut problem) = (Vec::new(), None);
    for slot in probe.host.list(BUS)? {
        match in_slot(probe, &format!("{BUS}/{slot}")) {
            Ok(adapter) => adapters.extend(adapter),
            Err(failure) => _ = problem.get_or_insert(format!("{slot}: {failure}")),
        }
    }
    Ok((adapters, problem))
}

/// The device in a slot, if it is a display adapter (class 03) or, as some data centre GPUs, an accelerator (12).
fn in_slot(probe: &Probe<'_>, slot: &str) -> Result<Option<Adapter>, Failure> {
    if !matches!(hexadecimal(probe, slot, "class")? >> 16, 0x03 | 0x12) {
        return Ok(None);
    }
    let (vendor, device) =
        (hexadecimal(probe, slot, "vendor")?, hexadecimal(probe, slot, "device")?);
    // Without a driver there is no link.
    let driver = probe.host.read_link(&format!("{slot}/driver")).ok();
    let driver = driver.and_then(|link| Some(link.rsplit_once('/')?.1.to_owned()));
    Ok(Some(adapter(vendor, device, driver)))
}

fn adapter(vendor: u32, device: u32, kernel_driver: Option<String>) -> Adapter {
    let pci_id = format!("{vendor:04x}:{device:04x}");
    let vendor = match vendor {
        0x10de => Vendor::Nvidia,
        0x1002 => Vendor::Amd,
        0x8086 => Vendor::Intel,
        _ => Vendor::Other,
    };
    Adapter { vendor, pci_id, kernel_driver, name: None }
}

fn hexadecimal(probe: &Probe<'_>, slot: &str, name: &str) -> Result<u32, Failure> {
    let text = probe.host.text(&format!("{slot}/{name}"), 64)?;
    let digits = text.trim_end().strip_prefix("0x");
    digits
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .ok_or_else(|| Failure::Other(format!("`{name}` is not a number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_windows_instance_of_a_card_has_pci_numbers() {
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
