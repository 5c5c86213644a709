//! A machine: the facts with their origins, the virtual packages of each client, and what failed.

use std::fmt::{Display, Write};

use conda_torch_core::clients::ClientTarget;
use conda_torch_core::types::{
    Client, Detected, Fact, Gpu, Machine, Outcome, SourceReport, Vendor,
};
use conda_torch_core::virtual_packages::VirtualPackages;

use super::page::{Page, Style};

/// Columns: the page goes into bug reports.
const WIDTH: usize = 80;

/// Everything that is known about a machine.
pub fn machine(machine: &Machine) -> String {
    let mut page = Page::new(Style { width: WIDTH, color: false });
    system(&mut page, machine);
    nvidia(&mut page, machine);
    clients(&mut page, machine);
    client_packages(&mut page, machine);
    failures(&mut page, &machine.sources);
    if machine.document.is_some() {
        read(&mut page, &machine.sources);
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
        let vendor = match adapter.vendor {
            Vendor::Nvidia => "NVIDIA",
            Vendor::Amd => "AMD",
            Vendor::Intel => "Intel",
            Vendor::Other => "other",
        };
        let driver = adapter.kernel_driver.as_deref().unwrap_or("none");
        // A document may have the vendor only.
        let text = if adapter.pci_id.is_empty() {
            format!("{vendor} GPU")
        } else {
            format!("{vendor} {}, kernel driver: {driver}", adapter.pci_id)
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
    let mut line = match &gpu.name {
        Detected::Found(name) => name.value.clone(),
        Detected::Absent => "unnamed".to_owned(),
        Detected::Unknown { why } => format!("name unknown ({why})"),
    };
    match &gpu.compute_capability {
        Detected::Found(capability) => {
            let _ = write!(line, ", compute capability {}", with_origin(capability));
        }
        Detected::Absent => line.push_str(", no compute capability"),
        Detected::Unknown { why } => {
            let _ = write!(line, ", compute capability unknown ({why})");
        }
    }
    if let Detected::Found(memory) = &gpu.memory_mib {
        let _ = write!(line, ", {} MiB", memory.value);
    }
    if gpu.mig.value() == Some(&true) {
        line.push_str(", MIG enabled");
    }
    line
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
        let mut line = file.path.clone();
        let channels =
            file.channels.as_deref().map(|channels| format!("[{}]", channels.join(", ")));
        let keys = [
            ("channels", channels.as_deref()),
            ("channel_priority", file.channel_priority.as_deref()),
            ("solver", file.solver.as_deref()),
        ];
        for (key, value) in keys.into_iter().filter_map(|(key, value)| Some((key, value?))) {
            let _ = write!(line, ", {key}: {value}");
        }
        if let Some(problem) = &file.problem {
            let _ = write!(line, ", unreadable: {problem}");
        }
        row(page, "configuration", &line);
    }
    let shell = match &machine.shell {
        Detected::Found(shell) => {
            let name = format!("{:?}", shell.value).to_ascii_lowercase();
            Detected::found(name, shell.origin.clone())
        }
        Detected::Absent => Detected::Absent,
        Detected::Unknown { why } => Detected::unknown(why.clone()),
    };
    detected(page, "shell", &shell);
}

fn client_line(client: &Client) -> String {
    let version = match &client.version {
        Detected::Found(version) => version.value.to_string(),
        Detected::Absent => "no version".to_owned(),
        Detected::Unknown { why } => format!("version unknown ({why})"),
    };
    match client.environments.len() {
        0 => format!("{version}, {}", client.path),
        1 => format!("{version}, {}, 1 environment", client.path),
        count => format!("{version}, {}, {count} environments", client.path),
    }
}

/// The virtual packages of each client, next to what the driver supports.
fn client_packages(page: &mut Page, machine: &Machine) {
    page.gap();
    let title = if machine.clients.is_empty() {
        "virtual packages that current clients would detect"
    } else {
        "virtual packages that the clients detect"
    };
    page.text("", title);
    let clients: Vec<(String, VirtualPackages)> = ClientTarget::all(machine, None)
        .iter()
        .map(|client| (client_name(client), VirtualPackages::of(machine, client)))
        .collect();
    let mut label = "__cuda";
    for (name, packages) in &clients {
        row(page, label, &format!("{name}: {}", virtual_package(packages, "__cuda", true)));
        label = "";
    }
    if let Detected::Found(driver) = &machine.driver_cuda {
        row(page, "", &format!("the driver itself: {}", with_origin(driver)));
    }
    // The packages besides `__cuda`, and `__conda`, which is only conda's own version.
    let others = ["__cuda_arch", "__archspec", "__unix", "__linux", "__glibc", "__osx", "__win"];
    let has = |packages: &VirtualPackages, name: &str| {
        packages.package(name).is_some() || packages.unknown.iter().any(|(it, _)| it == name)
    };
    let mut agreed = Vec::new();
    for package in others {
        // Clients with equal packages together.
        let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
        for (name, packages) in &clients {
            let text = virtual_package(packages, package, false);
            match groups.iter_mut().find(|(known, _)| *known == text) {
                Some((_, names)) => names.push(name),
                None => groups.push((text, vec![name])),
            }
        }
        match groups.as_slice() {
            _ if !clients.iter().any(|(_, packages)| has(packages, package)) => {}
            [(text, _)] => agreed.push(format!("{package} {text}")),
            groups => {
                let texts: Vec<String> = groups
                    .iter()
                    .map(|(text, names)| format!("{}: {text}", names.join(", ")))
                    .collect();
                row(page, package, &texts.join("; "));
            }
        }
    }
    if !agreed.is_empty() {
        let label = if clients.len() > 1 { "all clients" } else { "the rest" };
        row(page, label, &agreed.join(", "));
    }
}

/// A virtual package of a client.
fn virtual_package(packages: &VirtualPackages, name: &str, with_source: bool) -> String {
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
fn client_name(client: &ClientTarget<'_>) -> String {
    match client.version {
        Some(version) => format!("{} {version}", client.kind),
        None => client.kind.to_string(),
    }
}

/// Failed sources with their reasons.
fn failures(page: &mut Page, sources: &[SourceReport]) {
    let mut title = Some("failed");
    for it in sources.iter().filter(|it| matches!(it.outcome, Outcome::Failed | Outcome::TimedOut))
    {
        if let Some(title) = title.take() {
            page.gap();
            page.text("", title);
        }
        source(page, it);
    }
}

/// How many sources of a document are listed: a cluster may have hundreds of nodes.
const LISTED: usize = 24;

/// The format of a document, and what was read from it.
fn read(page: &mut Page, sources: &[SourceReport]) {
    page.gap();
    page.text("", "read");
    sources.iter().take(LISTED).for_each(|it| source(page, it));
    if let Some(more @ 1..) = sources.len().checked_sub(LISTED) {
        page.item(&format!("and {more} more, in `--json`"));
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
    page.row(label, &one_line(value));
}

/// A source with its detail.
fn source(page: &mut Page, source: &SourceReport) {
    page.item(&one_line(&format!("{}: {}", source.source, source.detail)));
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
