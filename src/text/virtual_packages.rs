//! What each client detects, for a person.

use conda_torch_core::clients::ClientTarget;
use conda_torch_core::types::{Detected, Machine};
use conda_torch_core::virtual_packages::VirtualPackages;

/// Rows of a label and a text: `__cuda` a row a client; the rest once where all agree.
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
    for package in names(&clients) {
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

/// The packages but `__cuda`, in the order in which clients have them.
fn names(clients: &[(String, VirtualPackages)]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    let names_of = |packages: &'_ VirtualPackages| -> Vec<String> {
        let present = packages.packages.iter().map(|(package, _)| package.name.clone());
        present.chain(packages.unknown.iter().map(|(name, _)| name.to_string())).collect()
    };
    let all: Vec<String> = clients.iter().flat_map(|(_, packages)| names_of(packages)).collect();
    for known in ORDER {
        if all.iter().any(|name| name == known) {
            names.push(known);
        }
    }
    names
}

/// Every package that is predicted but `__cuda` and `__conda`, which is only conda's own version.
const ORDER: [&str; 7] =
    ["__cuda_arch", "__archspec", "__unix", "__linux", "__glibc", "__osx", "__win"];

/// Clients with what they see, those that agree together.
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

/// What a client has for a package.
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
