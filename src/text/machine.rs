//! A machine: the facts with their origins, the virtual packages of each client, and what failed.

use std::fmt::Display;

use itertools::Itertools;

use conda_torch_core::clients::ClientTarget;
use conda_torch_core::types::{Client, Detected, Fact, Gpu, Machine, Outcome, SourceReport};
use conda_torch_core::virtual_packages::VirtualPackages;

use super::grouped;
use super::page::{Page, Style};
use super::summary::vendor;

/// Columns: the page goes into bug reports.
const WIDTH: usize = 80;

/// How many sources of a document are listed: a cluster may have hundreds of nodes.
const LISTED: usize = 24;

/// Everything that is known about a machine.
pub fn machine(machine: &Machine) -> String {
    let mut page = Page::new(Style::plain(WIDTH));
    system(&mut page, machine);
    nvidia(&mut page, machine);
    clients(&mut page, machine);
    virtual_packages(&mut page, machine);
    let is_failed = |it: &&SourceReport| matches!(it.outcome, Outcome::Failed | Outcome::TimedOut);
    sources(&mut page, "failed", &machine.sources.iter().filter(is_failed).collect_vec());
    if machine.document.is_some() {
        let all = machine.sources.iter().collect_vec();
        sources(&mut page, "read", &all[..all.len().min(LISTED)]);
        if let Some(more @ 1..) = all.len().checked_sub(LISTED) {
            page.item(&format!("and {more} more, in `--json`"));
        }
    }
    page.finish()
}

fn system(page: &mut Page, machine: &Machine) {
    detected(page, "platform", &machine.subdir);
    detected(page, "system", &machine.os);
    detected(page, "kernel", &machine.kernel);
    if_not_absent(page, "glibc", &machine.glibc);
    if_not_absent(page, "musl", &machine.musl);
    if_not_absent(page, "macOS", &machine.macos);
    if_not_absent(page, "Windows", &machine.windows);
    detected(page, "CPU", &machine.cpu);
    if_not_absent(page, "Rosetta", &machine.rosetta);
    if_not_absent(page, "container", &machine.container);
    if_not_absent(page, "WSL", &machine.wsl);
    if_not_absent(page, "Jetson", &machine.jetson);
    if_found(page, "L4T", &machine.jetson_release);
}

fn nvidia(page: &mut Page, machine: &Machine) {
    page.gap();
    detected(page, "driver", &machine.driver);
    detected(page, "driver CUDA", &machine.driver_cuda);
    detected(page, "libcuda", &machine.libcuda);
    detected(page, "NVIDIA GPUs", &machine.gpu_count);
    for gpu in &machine.gpus {
        row(page, &format!("GPU {}", gpu.index), &gpu_line(gpu));
    }
    for adapter in &machine.adapters {
        let vendor = vendor(adapter.vendor);
        let driver = adapter.kernel_driver.as_deref().unwrap_or("none");
        let text = match adapter.pci_id.as_str() {
            // A document may have the vendor only.
            "" => adapter.name.clone().unwrap_or_else(|| format!("{vendor} GPU")),
            id => format!("{vendor} {id}, kernel driver: {driver}"),
        };
        row(page, "PCI device", &text);
    }
    let driver = &machine.nvidia;
    if_found(page, "module", &driver.kernel_module);
    if_found(page, "NVML file", &driver.nvml_library);
    if_found(page, "libcuda file", &driver.libcuda_file);
    if_found(page, "Secure Boot", &driver.secure_boot);
    if let Some(visible) = &driver.visible_devices {
        let count = visible.count();
        row(page, "visible", &format!("{count} by CUDA_VISIBLE_DEVICES"));
    }
    if_not_absent(page, "nvidia-smi", &machine.nvidia_smi);
    if_not_absent(page, "toolkit file", &machine.toolkit_file);
}

fn gpu_line(gpu: &Gpu) -> String {
    if let (Detected::Unknown { why: name }, Detected::Unknown { why: capability }) =
        (&gpu.name, &gpu.compute_capability)
        && name == capability
    {
        return format!("unknown: {name}");
    }
    let name = or_unknown(&gpu.name, "name", "unnamed", |name| name.value.clone());
    let found = |it: &Fact<_>| format!("compute capability {}", with_origin(it));
    let (label, absent) = ("compute capability", "no compute capability");
    let capability = or_unknown(&gpu.compute_capability, label, absent, found);
    let memory = gpu.memory_mib.value().map(|memory| format!("{memory} MiB"));
    let mig = gpu.mig.value().filter(|is_enabled| **is_enabled).map(|_| "MIG enabled".to_owned());
    [name, capability].into_iter().chain(memory).chain(mig).join(", ")
}

fn clients(page: &mut Page, machine: &Machine) {
    page.gap();
    if machine.clients.is_empty() {
        let is_document = machine.document.is_some();
        row(page, "clients", if is_document { "not in the document" } else { "none found" });
    }
    for client in &machine.clients {
        row(page, client.kind.as_str(), &client_line(client));
    }
    for file in &machine.config_files {
        let channels =
            file.channels.as_ref().map(|channels| format!("[{}]", channels.iter().join(", ")));
        let facts = [
            ("channels", &channels),
            ("channel_priority", &file.channel_priority),
            ("solver", &file.solver),
            ("unreadable", &file.problem),
        ];
        let facts =
            facts.into_iter().filter_map(|(key, fact)| Some(format!("{key}: {}", fact.as_ref()?)));
        row(page, "configuration", &[file.path.clone()].into_iter().chain(facts).join(", "));
    }
    detected(page, "shell", &machine.shell);
}

fn client_line(client: &Client) -> String {
    let version =
        or_unknown(&client.version, "version", "no version", |version| version.value.to_string());
    let environments = match client.environments.len() {
        0 => String::new(),
        1 => ", 1 environment".to_owned(),
        count => format!(", {count} environments"),
    };
    format!("{version}, {}{environments}", client.path)
}

/// The virtual packages of each client, next to what the driver supports.
fn virtual_packages(page: &mut Page, machine: &Machine) {
    page.gap();
    let title = if machine.clients.is_empty() {
        "virtual packages that current clients would detect"
    } else {
        "virtual packages that the clients detect"
    };
    page.text("", title);
    let clients = ClientTarget::all(machine, None).into_iter().map(|client| {
        let version = client.version.map(|version| format!(" {version}")).unwrap_or_default();
        (format!("{}{version}", client.kind), VirtualPackages::of(machine, &client))
    });
    let clients = clients.collect_vec();
    let mut label = "__cuda";
    for (name, packages) in &clients {
        let package = virtual_package(packages, "__cuda", true);
        row(page, label, &format!("{name}: {package}"));
        label = "";
    }
    if let Detected::Found(driver) = &machine.driver_cuda {
        row(page, "", &format!("the driver itself: {}", with_origin(driver)));
    }
    // The packages besides `__cuda`, and `__conda`, which is only conda's own version.
    let others = [
        "__cuda_arch",
        "__amdgpu",
        "__amdgpu_arch",
        "__archspec",
        "__unix",
        "__linux",
        "__glibc",
        "__osx",
        "__win",
    ];
    let mut agreed = Vec::new();
    for package in others {
        let texts = clients
            .iter()
            .map(|(name, packages)| (virtual_package(packages, package, false), name));
        match grouped(texts).as_slice() {
            groups if groups.iter().all(|(text, _)| text == NONE) => {}
            [(text, _)] => agreed.push(format!("{package} {text}")),
            groups => {
                let text =
                    |(text, names): &(_, Vec<_>)| format!("{}: {text}", names.iter().join(", "));
                row(page, package, &groups.iter().map(text).join("; "));
            }
        }
    }
    if !agreed.is_empty() {
        let label = if clients.len() > 1 { "all clients" } else { "the rest" };
        row(page, label, &agreed.join(", "));
    }
}

const NONE: &str = "none";

fn virtual_package(packages: &VirtualPackages, name: &str, with_source: bool) -> String {
    if let Some((_, why)) = packages.unknown.iter().find(|(unknown, _)| unknown == name) {
        return format!("unknown: {why}");
    }
    match packages.package(name) {
        None => NONE.to_owned(),
        Some((package, origin)) if with_source => format!("{} ({origin})", package.version),
        Some((package, _)) if name == "__archspec" => package.build.clone(),
        Some((package, _)) => package.version.clone(),
    }
}

fn or_unknown<T>(
    detected: &Detected<T>,
    what: &str,
    absent: &str,
    found: impl Fn(&Fact<T>) -> String,
) -> String {
    match detected {
        Detected::Found(fact) => found(fact),
        Detected::Absent => absent.to_owned(),
        Detected::Unknown { why } => format!("{what} unknown ({why})"),
    }
}

fn with_origin<T: Display>(fact: &Fact<T>) -> String {
    format!("{} ({})", fact.value, fact.origin)
}

fn detected<T: Display>(page: &mut Page, label: &str, detected: &Detected<T>) {
    match detected {
        Detected::Found(fact) => row(page, label, &with_origin(fact)),
        Detected::Absent => row(page, label, "none"),
        Detected::Unknown { why } => row(page, label, &format!("unknown: {why}")),
    }
}

/// A row for what most machines do not have.
fn if_not_absent<T: Display>(page: &mut Page, label: &str, value: &Detected<T>) {
    if !matches!(value, Detected::Absent) {
        detected(page, label, value);
    }
}

/// A row for what only some machines have.
fn if_found<T: Display>(page: &mut Page, label: &str, value: &Detected<T>) {
    if value.is_found() {
        detected(page, label, value);
    }
}

fn row(page: &mut Page, label: &str, value: &str) {
    page.text(&format!("{label:15}"), &one_line(value));
}

fn sources(page: &mut Page, title: &str, sources: &[&SourceReport]) {
    if !sources.is_empty() {
        page.gap();
        page.text("", title);
    }
    for source in sources {
        page.item(&one_line(&format!("{}: {}", source.source, source.detail)));
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
