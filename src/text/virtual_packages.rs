//! What each client will see, for a person.

use conda_torch_core::types::{Detected, Machine};
use conda_torch_core::virtual_packages::{Sight, Viewer, viewers};

/// Rows of a label and a text: `__cuda` a row a client; the rest once where all agree.
pub(super) fn rows(machine: &Machine) -> Vec<(String, String)> {
    let viewers = viewers(machine, None);
    let sights: Vec<(String, Sight)> =
        viewers.iter().map(|viewer| (name(viewer), Sight::of(machine, viewer))).collect();
    let mut rows = Vec::new();
    let mut label = "__cuda";
    for (name, sight) in &sights {
        rows.push((label.to_owned(), format!("{name}: {}", cell(sight, "__cuda", true))));
        label = "";
    }
    if let Detected::Found(driver) = &machine.driver_cuda {
        rows.push((
            String::new(),
            format!("the driver itself: {} ({})", driver.value, driver.origin),
        ));
    }
    let mut agreed = Vec::new();
    for package in names(&sights) {
        let cells: Vec<(&str, String)> = sights
            .iter()
            .map(|(name, sight)| (name.as_str(), cell(sight, package, false)))
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
            if viewers.len() > 1 { "all alike" } else { "the rest" }.to_owned(),
            agreed.join(", "),
        ));
    }
    rows
}

/// The packages but `__cuda`, in the order in which clients have them.
fn names(sights: &[(String, Sight)]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    let seen = |sight: &'_ Sight| -> Vec<String> {
        let packages = sight.packages.iter().map(|(package, _)| package.name.clone());
        packages.chain(sight.unknown.iter().map(|(name, _)| name.to_string())).collect()
    };
    let all: Vec<String> = sights.iter().flat_map(|(_, sight)| seen(sight)).collect();
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

/// Clients with what they see, those that see the same together.
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
fn cell(sight: &Sight, name: &str, with_source: bool) -> String {
    if let Some((_, why)) = sight.unknown.iter().find(|(unknown, _)| unknown == name) {
        return format!("unknown: {why}");
    }
    match sight.package(name) {
        None => "none".to_owned(),
        Some((package, origin)) if with_source => format!("{} ({origin})", package.version),
        Some((package, _)) if name == "__archspec" => package.build.clone(),
        Some((package, _)) => package.version.clone(),
    }
}

/// `conda 26.7.1`.
fn name(viewer: &Viewer<'_>) -> String {
    match viewer.version {
        Some(version) => format!("{} {version}", viewer.kind),
        None => viewer.kind.to_string(),
    }
}
