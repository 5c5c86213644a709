//! The virtual packages that each client detects.

use conda_torch_core::clients::ClientTarget;
use conda_torch_core::types::{Detected, Machine};
use conda_torch_core::virtual_packages::VirtualPackages;

/// Rows of a label and a text: `__cuda` with a row a client, the others once if all clients agree.
pub(super) fn rows(machine: &Machine) -> Vec<(String, String)> {
    let clients: Vec<(String, VirtualPackages)> = ClientTarget::all(machine, None)
        .iter()
        .map(|client| (name(client), VirtualPackages::of(machine, client)))
        .collect();
    let mut rows = Vec::new();
    let mut label = "__cuda";
    for (name, packages) in &clients {
        rows.push((label.to_owned(), format!("{name}: {}", cell(packages, "__cuda", true))));
        label = "";
    }
    if let Detected::Found(driver) = &machine.driver_cuda {
        rows.push((
            String::new(),
            format!("the driver itself: {} ({})", driver.value, driver.origin),
        ));
    }
    let mut agreed = Vec::new();
    let has = |packages: &VirtualPackages, name: &str| {
        packages.package(name).is_some() || packages.unknown.iter().any(|(it, _)| it == name)
    };
    let is_there = |name: &&str| clients.iter().any(|(_, packages)| has(packages, name));
    for package in OTHERS.into_iter().filter(is_there) {
        let cells: Vec<(&str, String)> = clients
            .iter()
            .map(|(name, packages)| (name.as_str(), cell(packages, package, false)))
            .collect();
        match cells.first() {
            Some((_, first)) if cells.iter().all(|(_, cell)| cell == first) => {
                agreed.push(format!("{package} {first}"));
            }
            Some(_) | None => rows.push((package.to_owned(), grouped(&cells))),
        }
    }
    if !agreed.is_empty() {
        rows.push((
            if clients.len() > 1 { "all clients" } else { "the rest" }.to_owned(),
            agreed.join(", "),
        ));
    }
    rows
}

/// The packages besides `__cuda`, and `__conda`, which is only conda's own version.
const OTHERS: [&str; 7] =
    ["__cuda_arch", "__archspec", "__unix", "__linux", "__glibc", "__osx", "__win"];

/// Clients with their packages, those that agree together.
fn grouped(cells: &[(&str, String)]) -> String {
    let mut groups: Vec<(Vec<&str>, &str)> = Vec::new();
    for (name, cell) in cells {
        match groups.iter_mut().find(|(_, text)| text == cell) {
            Some((names, _)) => names.push(name),
            None => groups.push((vec![name], cell)),
        }
    }
    let texts = groups.iter().map(|(names, cell)| format!("{}: {cell}", names.join(", ")));
    texts.collect::<Vec<_>>().join("; ")
}

/// The package of a client.
fn cell(packages: &VirtualPackages, name: &str, with_source: bool) -> String {
    if let Some((_, why)) = packages.unknown.iter().find(|(unknown, _)| unknown == name) {
        return format!("unknown: {why}");
    }
    match packages.package(name) {
        None => "none".to_owned(),
        Some((package, origin)) if with_source => format!("{} ({origin})", package.version),
        Some((package, _)) if name == "__archspec" => package.build.clone(),
        Some((package, _)) => package.version.clone(),
    }
}

/// `conda 26.7.1`.
fn name(client: &ClientTarget<'_>) -> String {
    match client.version {
        Some(version) => format!("{} {version}", client.kind),
        None => client.kind.to_string(),
    }
}
