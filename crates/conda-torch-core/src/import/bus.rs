//! Lists of the devices of a machine: `lspci` in all its forms, `lshw`, `inxi`.

use super::document::Document;
use super::graphics::{Device, NO_DRIVER, Names, add, pci_id_in};
use super::labels::value_after;
use super::system::System;
use super::{Recognized, origin, set};
use crate::conda::{Os, Subdir};
use crate::types::{Detected, DriverVersion, Machine, Vendor};

/// The classes of display adapters, in words and in numbers.
/// Source: <https://github.com/pciutils/pciids>.
const CLASSES: [&str; 7] = [
    "VGA compatible controller",
    "3D controller",
    "Display controller",
    "XGA compatible controller",
    " 0300: ",
    " 0302: ",
    " 0380: ",
];

/// `01:00.0 VGA compatible controller [0300]: NVIDIA Corporation GA102 [GeForce RTX 3090] [10de:2204] (rev a1)`, with
/// `-nn` or without, with `-n`, `-mm` and `-k`.
pub(super) fn read_lspci(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let text = &document.plain;
    if !CLASSES.iter().any(|class| text.contains(class)) {
        return None;
    }
    let names = Names::new();
    let mut devices: Vec<Device> = Vec::new();
    // Whether the lines with an indentation are about a display adapter.
    let mut is_display = false;
    for line in unwrapped(text) {
        let line = line.trim();
        if let Some((_, rest)) = line.split_once(' ').filter(|(slot, _)| is_slot(slot)) {
            let rest = format!(" {rest}");
            let class = CLASSES.iter().find(|class| {
                rest.starts_with(**class) || rest[1..].trim_start_matches('"').starts_with(**class)
            });
            is_display = class.is_some();
            if is_display {
                let text = rest.split_once(": ").map_or(&*rest, |(_, device)| device);
                devices.push(Device::of(text, &names));
            }
        } else if let Some(driver) = line.strip_prefix("Kernel driver in use:")
            && let Some(device) = devices.last_mut().filter(|_| is_display)
        {
            device.kernel_driver = Some(driver.trim().to_owned());
        }
    }
    if devices.is_empty() {
        return None;
    }
    let origin = origin(machine);
    // WSL shows Microsoft's adapter in place of the real ones.
    let is_complete =
        devices.iter().all(|device| !matches!(device.vendor, None | Some(Vendor::Other)));
    add(machine, devices, is_complete, &origin);
    Some(Ok(()))
}

/// Lines of which the end of a bracket is on the next, as a narrow window breaks them, in one.
fn unwrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let is_open = |line: &String| {
            let last = line.rfind('[').is_some_and(|at| !line[at..].contains(']'));
            last && line.len() < 400
        };
        match lines.last_mut().filter(|last| is_open(last)) {
            Some(last) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            None => lines.push(line.to_owned()),
        }
    }
    lines
}

/// `01:00.0`, `0000:01:00.0`.
fn is_slot(word: &str) -> bool {
    let parts: Vec<&str> = word.split([':', '.']).collect();
    let is_hex = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_hexdigit());
    word.contains('.') && (3..=4).contains(&parts.len()) && parts.iter().all(is_hex)
}

/// `lshw`, `lshw -C display`, `lshw -short`, `lshw -businfo`, `lshw -json`.
pub(super) fn read_lshw(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let text = &document.plain;
    let is_tree = text.contains("*-display")
        || text.contains("\"class\" : \"display\"")
        || text.contains("\"class\": \"display\"");
    let is_list = text.contains("H/W path") || text.contains("Bus info");
    if !is_tree && !is_list {
        return None;
    }
    let names = Names::new();
    let mut devices: Vec<Device> = Vec::new();
    let mut is_display = false;
    for line in text.lines() {
        let line = line.trim().trim_start_matches('|').trim();
        if line.starts_with("*-") || line.contains("\"class\"") {
            is_display = line.starts_with("*-display") || line.contains("\"display\"");
            if is_display {
                let is_unclaimed = line.contains("UNCLAIMED");
                let kernel_driver = is_unclaimed.then(|| NO_DRIVER.to_owned());
                devices.push(Device { kernel_driver, ..Device::default() });
            }
            continue;
        }
        if is_list && let Some((_, device)) = line.split_once(" display ") {
            devices.push(Device::of(device.trim(), &names));
            continue;
        }
        let Some(device) = devices.last_mut().filter(|_| is_display) else { continue };
        if let Some(product) = value_after(line, "product") {
            let found = Device::of(product, &names);
            let kernel_driver = device.kernel_driver.take();
            *device = Device { vendor: found.vendor.or(device.vendor), kernel_driver, ..found };
        } else if let Some(vendor) = value_after(line, "vendor") {
            device.vendor = device.vendor.or(Device::of(vendor, &names).vendor);
            device.pci_id = device.pci_id.take().or_else(|| pci_id_in(vendor));
        } else if let Some(driver) =
            value_after(line, "driver").filter(|_| !line.starts_with("description"))
        {
            let driver = driver.split([' ', '"', ',']).next().unwrap_or(driver);
            device.kernel_driver = Some(driver.to_owned());
        }
    }
    devices.retain(|device| device.vendor.is_some());
    if devices.is_empty() {
        return None;
    }
    let origin = origin(machine);
    add(machine, devices, true, &origin);
    Some(Ok(()))
}

/// Labels of the graphics in `inxi`'s output; the text up to the next one is about one device.
const INXI_DEVICES: [&str; 2] = ["Device-", "Card"];

/// `inxi -G`, `inxi -Fxxz`: one paragraph of labels, in lines of any length.
pub(super) fn read_inxi(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let text = &document.plain;
    let (_, graphics) = text.split_once("Graphics:")?;
    if !INXI_DEVICES.iter().any(|label| graphics.contains(label)) {
        return None;
    }
    let (names, origin) = (Names::new(), origin(machine));
    let ends =
        ["Audio:", "Network:", "Drives:", "Sensors:", "Bluetooth:", "Battery:", "Machine:", "CPU:"];
    let end = ends.iter().filter_map(|end| graphics.find(end)).min().unwrap_or(graphics.len());
    let words: Vec<&str> = graphics[..end].split_whitespace().collect();
    let paragraph = words.join(" ");
    let mut devices = Vec::new();
    let starts: Vec<usize> =
        INXI_DEVICES.iter().flat_map(|it| paragraph.match_indices(it)).map(|(at, _)| at).collect();
    let mut starts: Vec<usize> = starts;
    starts.sort_unstable();
    for (place, start) in starts.iter().enumerate() {
        let until = starts.get(place + 1).copied().unwrap_or(paragraph.len());
        let about = &paragraph[*start..until];
        let about = ["Display:", "Display Server:", "OpenGL:", "API:"]
            .iter()
            .filter_map(|end| about.find(end))
            .min()
            .map_or(about, |end| &about[..end]);
        let Some((_, about)) = about.split_once(": ") else { continue };
        let end = [" vendor:", " driver:", " bus", " bus-ID:", " chip"]
            .iter()
            .filter_map(|end| about.find(end))
            .min();
        let mut device = Device::of(end.map_or(about, |end| &about[..end]), &names);
        if device.vendor.is_none() {
            continue; // a camera
        }
        device.pci_id = pci_id_in(about);
        let driver =
            value_after(about, "driver").map(|rest| rest.split(' ').next().unwrap_or(rest));
        device.kernel_driver = driver.map(str::to_owned);
        if driver == Some("nvidia") {
            let version = value_after(about, "v")
                .and_then(|rest| rest.split(' ').next()?.parse::<DriverVersion>().ok());
            set(&mut machine.driver, version, &origin);
        }
        devices.push(device);
    }
    if devices.is_empty() {
        return None;
    }
    let whole: Vec<&str> = text.split_whitespace().collect();
    let whole = whole.join(" ");
    let word = |label: &str| value_after(&whole, label).and_then(|rest| rest.split(' ').next());
    let until = |rest: &'_ str| -> String {
        let words = rest.split(' ').take_while(|word| !word.ends_with(':'));
        words.take(6).collect::<Vec<_>>().join(" ")
    };
    let os = value_after(&whole, "Distro").map(until).unwrap_or_default();
    let kernel = word("Kernel").unwrap_or_default();
    let architecture = whole.split(' ').find(|word| Subdir::of(Os::Linux, word).is_some());
    let system = System {
        os: &os,
        kernel,
        architecture: architecture.unwrap_or_default(),
        ..System::default()
    };
    system.fill(machine, &origin);
    // inxi runs on Linux, apart from BSD.
    if !machine.subdir.is_found() {
        machine.subdir = Detected::unknown("inxi does not report the architecture");
    }
    add(machine, devices, true, &origin);
    Some(Ok(()))
}
