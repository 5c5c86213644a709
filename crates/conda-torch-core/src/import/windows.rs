//! Reports of Windows in any language: names of GPUs, PCI ids, and numbers that only NVIDIA's driver and Windows have.

use super::document::Document;
use super::graphics::{Device, Names, add, pci_id_in, vendor_of};
use super::labels::value_after;
use super::system::System;
use super::{Recognized, origin, set};
use crate::conda::Version;
use crate::matrix::Matrix;
use crate::types::{DriverVersion, Machine, Vendor};

/// Words of `dxdiag` in every language.
const DXDIAG: &[&str] = &["DxDiag", "DirectX", "Display Devices"];

/// Words of `wmic`, `Get-CimInstance`, `msinfo32` and `pnputil` in every language.
const WMIC: &[&str] = &[
    "Win32_VideoController",
    "win32_videocontroller",
    "DriverVersion",
    "PNPDeviceID",
    "AdapterRAM",
    "PCI\\VEN_",
];

/// Words of `systeminfo`, `ver`, and of any other text.
const ANY: &[&str] =
    &["Microsoft Windows", "x64-based PC", "ARM64-based PC", "Windows 10", "Windows 11", "/ Win1"];

/// Longer lines are no report.
const LONGEST: usize = 4096;

/// The text that `dxdiag` saves.
pub(super) fn read_dxdiag(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    read(DXDIAG, document, machine)
}

/// `wmic path win32_VideoController get name,driverversion`, `Get-CimInstance Win32_VideoController`, `msinfo32`.
pub(super) fn read_wmic(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    read(WMIC, document, machine)
}

/// `systeminfo`, or any text that names a version of Windows.
pub(super) fn read_any(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    read(ANY, document, machine)
}

fn read(marks: &[&str], document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let text = &document.plain;
    if !marks.iter().any(|mark| text.contains(mark)) {
        return None;
    }
    let names = Names::new();
    let (mut gpus, mut ids): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let (mut others, mut driver, mut build) = (Vec::new(), None, None);
    for line in text.lines().filter(|line| line.len() < LONGEST) {
        for name in names.in_text(line) {
            // `dxdiag` has the name of a card and of its chip.
            if !gpus.iter().any(|other| other.ends_with(&*name)) {
                gpus.retain(|other| !name.ends_with(&**other));
                gpus.push(name);
            }
        }
        driver = driver.or_else(|| nvidia_driver(line)).or_else(|| own_version(line));
        let ends = [' ', '(', ')', '[', ']', ',', ':', '\t', '='];
        let mut words = line.split(ends).filter(|word| word.starts_with("10.0."));
        build = build.or_else(|| words.find_map(|word| word.parse::<Version>().ok()));
        // The sound of a card has an id too.
        let is_gpu = |id: &String| Matrix::embedded().by_pci_id(id).is_some();
        ids.extend(pci_id_in(line).filter(is_gpu).filter(|id| !ids.contains(id)));
        let adapters = ["Radeon", "Arc(TM)", "UHD Graphics", "HD Graphics", "Iris"];
        let vendor = vendor_of(line).filter(|_| adapters.iter().any(|it| line.contains(it)));
        let is_other = |vendor: &Vendor| matches!(vendor, Vendor::Amd | Vendor::Intel);
        others.extend(vendor.filter(is_other).filter(|vendor| !others.contains(vendor)));
    }
    let has_gpus = !gpus.is_empty() || !ids.is_empty() || !others.is_empty();
    let names_system = marks == ANY && (text.contains("Windows 10") || text.contains("Windows 11"));
    if !has_gpus && driver.is_none() && build.is_none() && !names_system {
        return None;
    }
    let origin = origin(machine);
    let architecture = if text.contains("ARM64-based") { "ARM64" } else { "" };
    System { os: "Windows", architecture, ..System::default() }.fill(machine, &origin);
    set(&mut machine.windows, build, &origin);
    let nvidia = Device { vendor: Some(Vendor::Nvidia), ..Device::default() };
    let by_name = gpus.into_iter().map(|name| Device { name: Some(name), ..nvidia.clone() });
    let mut devices: Vec<Device> = by_name.collect();
    if devices.is_empty() {
        devices.extend(ids.into_iter().map(|id| Device { pci_id: Some(id), ..nvidia.clone() }));
    }
    set(&mut machine.driver, driver.filter(|_| !devices.is_empty()), &origin);
    let other = |vendor| Device { vendor: Some(vendor), ..Device::default() };
    devices.extend(others.into_iter().map(other));
    add(machine, devices, has_gpus, &origin);
    Some(Ok(()))
}

/// NVIDIA's version in its own form, as its control panel shows it.
fn own_version(line: &str) -> Option<DriverVersion> {
    let value = value_after(line, "driver version")?.split(' ').next()?;
    value.parse().ok().filter(|_| value.find('.') == Some(3))
}

/// NVIDIA's version in the form of Windows: 546.33 in `31.0.15.4633`, whose last five digits are its own.
/// Source: <https://learn.microsoft.com/windows-hardware/drivers/display/version-numbers-for-display-drivers>.
pub fn nvidia_driver(text: &str) -> Option<DriverVersion> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
        let parts: Vec<&str> = word.split('.').collect();
        let [_, _, build, last] = parts[..] else { return None };
        let build = build.trim_start_matches('0');
        // The numbers of Intel and AMD have three digits and more here.
        let is_nvidia = build.len() == 2 && build.starts_with('1') && last.len() == 4;
        is_nvidia.then(|| format!("{}{}.{}", &build[1..], &last[..2], &last[2..]).parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_of_windows_has_its_own_form() {
        for (text, expected) in [
            ("31.0.15.4633", Some("546.33")),
            ("32.0.15.6094   NVIDIA GeForce RTX 4090", Some("560.94")),
            ("30.00.0014.7242 (English)", Some("472.42")),
            ("27.21.14.5671", Some("456.71")),
            ("31.0.101.4502", None),
            ("31.0.12027.9001", None),
            ("10.0.22631.3007", None),
        ] {
            let found = nvidia_driver(text).map(|driver| driver.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_control_panel_has_the_own_version() {
        let found = |line: &str| own_version(line).map(|driver| driver.to_string());
        assert_eq!(found("Driver version:\t\t551.86").as_deref(), Some("551.86"));
        assert_eq!(found("Driver Version: 31.0.15.3713 (NVIDIA 537.13)"), None);
        assert_eq!(found("Driver version: 24.10.1"), None);
    }
}
