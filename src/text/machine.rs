//! A machine for a person to read: what was found and where, then what failed and why.

use std::fmt::{Display, Write};

use conda_torch_core::formats::visible;
use conda_torch_core::types::{
    Client, Detected, Fact, Gpu, Machine, Outcome, SourceReport, Vendor,
};

use super::virtual_packages;

/// Where a line ends.
const WIDTH: usize = 80;

/// Where the values begin.
const INDENT: usize = 15;

/// Everything that is known about a machine, calm at 80 columns.
#[must_use]
pub fn machine(machine: &Machine) -> String {
    let mut page = Page::default();
    system(&mut page, machine);
    nvidia(&mut page, machine);
    clients(&mut page, machine);
    sights(&mut page, machine);
    failures(&mut page, &machine.sources);
    if machine.document.is_some() {
        read(&mut page, &machine.sources);
    }
    page.text
}

fn system(page: &mut Page, machine: &Machine) {
    page.detected("platform", &machine.subdir);
    page.detected("system", &machine.os);
    page.detected("kernel", &machine.kernel);
    page.if_not_absent("glibc", &machine.glibc);
    page.if_not_absent("musl", &machine.musl);
    page.if_not_absent("macOS", &machine.macos);
    page.if_not_absent("Windows", &machine.windows);
    page.detected("CPU", &machine.cpu);
    page.if_not_absent("Rosetta", &machine.rosetta);
    page.if_not_absent("container", &machine.container);
    page.if_not_absent("WSL", &machine.wsl);
    page.if_not_absent("Jetson", &machine.jetson);
    page.if_found("L4T", &machine.jetson_release);
}

fn nvidia(page: &mut Page, machine: &Machine) {
    page.blank();
    page.detected("driver", &machine.driver);
    page.detected("driver's CUDA", &machine.driver_cuda);
    page.detected("libcuda", &machine.libcuda);
    page.detected("NVIDIA GPUs", &machine.gpu_count);
    for gpu in &machine.gpus {
        page.row(&format!("GPU {}", gpu.index), &gpu_line(gpu));
    }
    for adapter in &machine.adapters {
        let vendor = match adapter.vendor {
            Vendor::Nvidia => "NVIDIA",
            Vendor::Amd => "AMD",
            Vendor::Intel => "Intel",
            Vendor::Other => "other",
        };
        let driver = adapter.kernel_driver.as_deref().unwrap_or("none");
        // A document may tell the maker alone.
        let text = if adapter.pci_id.is_empty() {
            format!("{vendor} GPU")
        } else {
            format!("{vendor} {}, kernel driver: {driver}", adapter.pci_id)
        };
        page.row("on the bus", &text);
    }
    let traces = &machine.nvidia;
    page.if_found("module", &traces.kernel_module);
    page.if_found("NVML's file", &traces.nvml_library);
    page.if_found("libcuda's file", &traces.libcuda_file);
    page.if_found("Secure Boot", &traces.secure_boot);
    if let Some(visible) = &traces.visible_devices {
        let count = visible.count();
        page.row("visible", &format!("{count} by CUDA_VISIBLE_DEVICES"));
    }
    page.if_not_absent("nvidia-smi", &machine.nvidia_smi);
    page.if_not_absent("toolkit file", &machine.toolkit_file);
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
        Detected::Absent => "without a name".to_owned(),
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
        line.push_str(", split by MIG");
    }
    line
}

fn clients(page: &mut Page, machine: &Machine) {
    page.blank();
    if machine.clients.is_empty() {
        page.row("clients", if machine.document.is_some() { "not told" } else { "none found" });
    }
    for client in &machine.clients {
        page.row(client.kind.as_str(), &client_line(client));
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
            let _ = write!(line, ", not read: {problem}");
        }
        page.row("configuration", &line);
    }
    let shell = match &machine.shell {
        Detected::Found(shell) => {
            let name = format!("{:?}", shell.value).to_ascii_lowercase();
            Detected::found(name, shell.origin.clone())
        }
        Detected::Absent => Detected::Absent,
        Detected::Unknown { why } => Detected::unknown(why.clone()),
    };
    page.detected("shell", &shell);
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

/// What each client will take the machine for, beside what the driver really supports.
fn sights(page: &mut Page, machine: &Machine) {
    page.blank();
    page.text.push_str(if machine.clients.is_empty() {
        "what current clients would see here\n"
    } else {
        "what the clients will see\n"
    });
    for (label, text) in virtual_packages::rows(machine) {
        page.row(&label, &text);
    }
}

/// Failed sources with their reasons; those that were absent or not needed are no failures.
fn failures(page: &mut Page, sources: &[SourceReport]) {
    let failed = |source: &&SourceReport| match source.outcome {
        Outcome::Failed | Outcome::TimedOut => true,
        Outcome::Ok | Outcome::Absent | Outcome::Skipped => false,
    };
    if !sources.iter().any(|source| failed(&source)) {
        return;
    }
    page.blank();
    page.text.push_str("did not answer\n");
    for source in sources.iter().filter(failed) {
        page.wrapped("  ", &format!("{}: {}", source.source, source.detail), 4);
    }
}

/// How many sources of a document are listed: a cluster may have hundreds of nodes.
const LISTED: usize = 24;

/// What a document was taken for, and what was taken of it.
fn read(page: &mut Page, sources: &[SourceReport]) {
    page.blank();
    page.text.push_str("read\n");
    for source in sources.iter().take(LISTED) {
        page.wrapped("  ", &format!("{}: {}", source.source, source.detail), 4);
    }
    if let Some(more @ 1..) = sources.len().checked_sub(LISTED) {
        page.wrapped("  ", &format!("and {more} more, in `--json`"), 4);
    }
}

fn with_origin<T: Display>(fact: &Fact<T>) -> String {
    format!("{} ({})", fact.value, fact.origin)
}

/// Lines that end at 80 columns.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn blank(&mut self) {
        self.text.push('\n');
    }

    fn detected<T: Display>(&mut self, label: &str, detected: &Detected<T>) {
        match detected {
            Detected::Found(fact) => self.row(label, &with_origin(fact)),
            Detected::Absent => self.row(label, "none"),
            Detected::Unknown { why } => self.row(label, &format!("unknown: {why}")),
        }
    }

    /// A row for what most machines do not have.
    fn if_not_absent<T: Display>(&mut self, label: &str, detected: &Detected<T>) {
        match detected {
            Detected::Absent => {}
            Detected::Found(_) | Detected::Unknown { .. } => self.detected(label, detected),
        }
    }

    /// A row for what only some machines have, and were asked for.
    fn if_found<T: Display>(&mut self, label: &str, detected: &Detected<T>) {
        match detected {
            Detected::Found(_) => self.detected(label, detected),
            Detected::Absent | Detected::Unknown { .. } => {}
        }
    }

    fn row(&mut self, label: &str, value: &str) {
        self.wrapped(&format!("{label:INDENT$}"), value, INDENT);
    }

    /// Breaks lines between words; a word longer than a line (a path) is left whole.
    fn wrapped(&mut self, start: &str, text: &str, indent: usize) {
        let mut column = start.chars().count();
        self.text.push_str(start);
        let mut is_first = true;
        for word in text.split_whitespace() {
            let width = word.chars().count();
            if !is_first && column + 1 + width > WIDTH {
                self.text.push('\n');
                self.text.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else if !is_first {
                self.text.push(' ');
                column += 1;
            }
            self.text.push_str(&visible(word));
            column += width;
            is_first = false;
        }
        self.text.push('\n');
    }
}
