//! Reads documents about a machine, such as the output of `nvidia-smi` or `conda info`, as a [`Machine`].
//!
//! A reader recognizes its format by the content and sets the facts that the document reports, with the origin
//! `document:FORMAT`. A text may have several: [`combine`] makes one machine of them. Other facts stay unknown: [`assume_baseline`] sets those that an answer needs, with the origin
//! `baseline`.

mod ansible;
mod any_text;
mod baseline;
mod bus;
mod clients;
mod collect_env;
mod combine;
mod condor;
mod distributions;
mod document;
mod fields;
mod graphics;
mod jetson;
mod kernel;
mod kubernetes;
mod labels;
pub mod nvidia_smi;
mod refusal;
mod reports;
mod slurm;
mod system;
mod windows;

use serde::Deserialize;
use serde_json::Value;

use crate::conda::{Subdir, masked};
use crate::types::{Detected, Machine, NodeFacts, Origin, Outcome, SourceReport};

pub use baseline::assume_baseline;
pub use document::text_of;
pub(crate) use kubernetes::is_read_label;
pub use windows::nvidia_driver as windows_driver;

use clients::{CONDA, MAMBA, MICROMAMBA, PIXI, PIXI_TEXT};
use document::Document;
use nvidia_smi::{banner, csv, query, xml};

/// `None`: the document has another format. An error: what is wrong with it.
type Recognized = Option<Result<(), String>>;

type Reader = fn(&Document<'_>, &mut Machine) -> Recognized;

const FORMAT_VERSION: u64 = 1;

/// The bytes of an object, on average, in the densest document.
const SMALLEST_OBJECT: usize = 30;

/// Programs of which only one reads a text: their forms have common parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Cluster,
    Client,
    CollectEnv,
    NvidiaSmi,
    Windows,
    /// Each by itself.
    Other,
}

/// Every format except our own and those of [`reports::PROGRAMS`], by the command that prints it. Those that report most
/// come first: a text may have several.
const FORMATS: [(Family, &str, Reader); 27] = [
    (Family::Cluster, "kubectl get nodes -o json", kubernetes::read),
    (Family::Cluster, "condor_status -json", condor::read),
    (Family::Cluster, "ansible -m setup", ansible::read),
    (Family::Client, "conda info --json", |it, machine| CONDA.read_json(it, machine)),
    (Family::Client, "micromamba info --json", |it, machine| MICROMAMBA.read_json(it, machine)),
    (Family::Client, "mamba info --json", |it, machine| MAMBA.read_json(it, machine)),
    (Family::Client, "pixi info --json", |it, machine| PIXI.read_json(it, machine)),
    (Family::CollectEnv, "python -m torch.utils.collect_env", collect_env::read),
    (Family::Client, "micromamba info", |it, machine| MICROMAMBA.read_text(it, machine)),
    (Family::Client, "mamba info", |it, machine| MAMBA.read_text(it, machine)),
    (Family::Client, "conda info", |it, machine| CONDA.read_text(it, machine)),
    (Family::Client, "pixi info", |it, machine| PIXI_TEXT.read_text(it, machine)),
    (Family::NvidiaSmi, "nvidia-smi -q -x", |it, machine| {
        nvidia_smi::read(xml::parse, it, machine)
    }),
    (Family::NvidiaSmi, "nvidia-smi -q", |it, machine| nvidia_smi::read(query::parse, it, machine)),
    (Family::NvidiaSmi, "nvidia-smi", |it, machine| nvidia_smi::read(banner::parse, it, machine)),
    (Family::NvidiaSmi, "nvidia-smi -L", |it, machine| {
        nvidia_smi::read(query::parse_list, it, machine)
    }),
    (Family::NvidiaSmi, "nvidia-smi --version", |it, machine| {
        nvidia_smi::read(query::parse_version, it, machine)
    }),
    (Family::NvidiaSmi, "nvidia-smi --query-gpu", |it, machine| {
        nvidia_smi::read(csv::parse, it, machine)
    }),
    (Family::NvidiaSmi, "nvidia-smi's message", nvidia_smi::read_message),
    (Family::Cluster, "scontrol show node", slurm::read),
    (Family::Other, "lspci", bus::read_lspci),
    (Family::Other, "lshw", bus::read_lshw),
    (Family::Other, "inxi", bus::read_inxi),
    (Family::Windows, "dxdiag", windows::read_dxdiag),
    (Family::Windows, "wmic", windows::read_wmic),
    (Family::Other, "uname -a", kernel::read_uname),
    (Family::Other, "ldd --version", kernel::read_ldd),
];

/// Formats with few words of their own: what others read is theirs.
const LATE_FORMATS: [(Family, &str, Reader); 1] =
    [(Family::Windows, "a text about Windows", windows::read_any)];

/// Formats that any text may seem to have: they only count if no other does.
const FALLBACKS: [(Family, &str, Reader); 3] = [
    (Family::Other, "nvidia-smi --query-gpu", |it, machine| {
        nvidia_smi::read(csv::parse_rows, it, machine)
    }),
    (Family::Other, "nvidia-smi -L", |it, machine| {
        nvidia_smi::read(query::parse_names, it, machine)
    }),
    (Family::Other, "a text", any_text::read),
];

/// Why a document is not a machine.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ReadMachineError {
    #[error("not JSON: {0}")]
    NotJson(serde_json::Error),
    #[error("the input is empty; pipe in the output of `nvidia-smi`")]
    Empty,
    #[error(
        "not recognized as a description of a machine{looks_like}\n\
         hint: pass the output of `nvidia-smi` or of `conda-torch probe --json` on that machine\n\
         hint: or describe it: `--platform linux-64 --gpu \"RTX 4090\" --driver 550`"
    )]
    NoMachine { looks_like: String },
    #[error(
        "`{program}` describes an installation, not a machine: {why}\n\
         hint: pass the output of `nvidia-smi` or of `conda-torch probe --json` on that machine\n\
         hint: or describe it: `--platform linux-64 --gpu \"RTX 4090\" --driver 550`"
    )]
    OnlyInstallation { program: &'static str, why: &'static str },
    #[error("`format_version` is {0}; this program reads {version}", version = FORMAT_VERSION)]
    OtherFormat(Value),
    #[error("`machine`: {0}")]
    BadMachine(serde_json::Error),
    #[error("output of `{format}`: {problem}")]
    Damaged { format: &'static str, problem: String },
}

/// Reads a machine from a document of any known format, recognized by its content. If it describes several
/// machines, those of `platform` count.
///
/// # Errors
/// If the text is damaged or something else, with the place.
pub fn read_machine(text: &str, platform: Option<Subdir>) -> Result<Machine, ReadMachineError> {
    // No document has as small objects, and a small object takes much memory.
    if text.bytes().filter(|byte| *byte == b'{').count() > 1000 + text.len() / SMALLEST_OBJECT {
        return Err(refusal::of(text));
    }
    if let Some(machine) = read_own(&Document::of(text, platform)) {
        return machine;
    }
    // Our own documents have no secrets; those of other programs are split in ways that hide them.
    let text = &masked(text);
    let document = Document::of(text, platform);
    let machines = read_all(&document)?;
    if let Some(mut machine) = combine::combine(machines) {
        jetson::complete(&mut machine);
        return Ok(machine);
    }
    Err(match document.json {
        Some(Err(error)) => ReadMachineError::NotJson(error),
        None if text.trim().is_empty() => ReadMachineError::Empty,
        Some(Ok(_)) | None => refusal::of(text),
    })
}

/// Reads one node as one of the programs of clusters describes it: an object of Kubernetes, HTCondor or Ansible, or a
/// node of Slurm. `None` if it is something else.
pub(crate) fn read_node(text: &str) -> Option<Machine> {
    let text = &masked(text);
    let document = Document::of(text, None);
    let formats = FORMATS.iter().filter(|(family, ..)| *family == Family::Cluster);
    for (family, format, reader) in formats {
        let part = read_part(*family, format, |machine| reader(&document, machine));
        if let Ok(Some(Part { mut machine, .. })) = part {
            jetson::complete(&mut machine);
            return Some(machine);
        }
    }
    None
}

/// The machine that each part of a text describes, by the formats in their order.
fn read_all(document: &Document<'_>) -> Result<Vec<Part>, ReadMachineError> {
    let mut parts: Vec<Part> = Vec::new();
    let read = |formats: &[(Family, &'static str, Reader)], parts: &mut Vec<Part>| {
        for (family, format, reader) in formats {
            let is_read = *family != Family::Other && parts.iter().any(|it| it.family == *family);
            if !is_read {
                parts.extend(read_part(*family, format, |machine| reader(document, machine))?);
            }
        }
        Ok(())
    };
    read(&FORMATS, &mut parts)?;
    for program in reports::PROGRAMS {
        parts.extend(read_part(Family::Other, program.name, |it| program.read(document, it))?);
    }
    read(&LATE_FORMATS, &mut parts)?;
    let is_damaged_json = matches!(document.json, Some(Err(_))) && document.is_json();
    for fallback in FALLBACKS {
        if parts.is_empty() && !is_damaged_json {
            read(&[fallback], &mut parts)?;
        }
    }
    Ok(parts)
}

/// What one reader found in a text.
struct Part {
    family: Family,
    machine: Machine,
}

fn read_part(
    family: Family,
    format: &'static str,
    read: impl Fn(&mut Machine) -> Recognized,
) -> Result<Option<Part>, ReadMachineError> {
    let mut machine = unknown_machine(format);
    match read(&mut machine) {
        None => Ok(None),
        Some(Ok(())) => {
            let (source, detail) = ("--machine".to_owned(), format!("read as {format}"));
            machine.sources.insert(0, SourceReport { source, outcome: Outcome::Ok, detail });
            Ok(Some(Part { family, machine }))
        }
        Some(Err(problem)) => Err(ReadMachineError::Damaged { format, problem }),
    }
}

/// Reads a machine that `probe --json` or `advise --json` printed, also without the document around it. `None` if it is
/// other JSON.
fn read_own(document: &Document<'_>) -> Option<Result<Machine, ReadMachineError>> {
    #[derive(Deserialize)]
    struct Printed {
        machine: Machine,
    }
    #[derive(Deserialize)]
    struct Node {
        facts: NodeFacts,
    }
    let json = document.value().filter(|json| json.is_object())?;
    // Every machine has this key.
    let has_subdir = |value: &Value| value.get("subdir").is_some();
    let version = json.get("format_version");
    // Read from the text, so that an error has the line and column of the file.
    let machine = match version {
        Some(version) if version.as_u64() != Some(FORMAT_VERSION) => {
            return Some(Err(ReadMachineError::OtherFormat(version.clone())));
        }
        _ if json.get("facts").is_some_and(has_subdir) => {
            serde_json::from_str(document.text).map(|Node { facts }| facts.machine())
        }
        _ if json.get("machine").is_some_and(has_subdir) => {
            serde_json::from_str(document.text).map(|Printed { machine }| machine)
        }
        _ if has_subdir(json) => serde_json::from_str(document.text),
        Some(_) => return Some(Err(refusal::of(document.text))),
        None => return None,
    };
    Some(machine.map_err(ReadMachineError::BadMachine))
}

fn unknown_machine(format: &str) -> Machine {
    fn unknown<T>(format: &str) -> Detected<T> {
        Detected::unknown(format!("{format} does not report it"))
    }
    Machine {
        subdir: unknown(format),
        os: unknown(format),
        kernel: unknown(format),
        glibc: unknown(format),
        musl: unknown(format),
        macos: unknown(format),
        windows: unknown(format),
        cpu: unknown(format),
        driver: unknown(format),
        driver_cuda: unknown(format),
        libcuda: unknown(format),
        gpu_count: unknown(format),
        nvidia_smi: unknown(format),
        toolkit_file: unknown(format),
        container: unknown(format),
        wsl: unknown(format),
        jetson: unknown(format),
        rosetta: unknown(format),
        shell: unknown(format),
        document: Some(format.to_owned()),
        ..Machine::default()
    }
}

fn origin(machine: &Machine) -> Origin {
    Origin::Document(machine.document.clone().unwrap_or_default())
}

fn set<T>(fact: &mut Detected<T>, value: Option<T>, origin: &Origin) {
    if let Some(value) = value {
        *fact = Detected::found(value, origin.clone());
    }
}

/// Sets the kernel, and WSL and Jetson by its release: `5.15.153.1-microsoft-standard-WSL2`, `5.15.148-tegra`.
fn set_kernel(machine: &mut Machine, release: &str, origin: &Origin) {
    set(&mut machine.kernel, Some(release.to_owned()), origin);
    // The name of NVIDIA's kernels for Jetson.
    let is_jetson = release.ends_with("-tegra");
    let model = is_jetson.then(|| format!("NVIDIA Jetson (kernel {release})"));
    set(&mut machine.jetson, model, origin);
    let release = release.to_ascii_lowercase();
    if release.contains("microsoft") {
        let is_2 = release.contains("wsl2") || release.contains("standard");
        machine.wsl = Detected::found(if is_2 { "2" } else { "1" }.to_owned(), origin.clone());
    } else if release.starts_with(|c: char| c.is_ascii_digit()) {
        machine.wsl = Detected::Absent;
    }
}

fn report(machine: &mut Machine, source: &str, outcome: Outcome, detail: impl Into<String>) {
    let (source, detail) = (source.to_owned(), detail.into());
    machine.sources.push(SourceReport { source, outcome, detail });
}

#[cfg(test)]
mod tests {
    use super::read_machine;

    const MACHINE: &str =
        r#"{"subdir": {"status": "found", "value": "linux-64", "origin": "compiled"}}"#;

    #[test]
    fn each_kind_of_document_has_a_machine() {
        for text in [
            MACHINE.to_owned(),
            format!("\u{feff}{{\"machine\": {MACHINE}}}"),
            format!("{{\"format_version\": 1, \"status\": \"ok\", \"machine\": {MACHINE}}}"),
        ] {
            let machine = read_machine(&text, None).expect("a machine");
            assert_eq!(machine.subdir.value(), Some(&crate::conda::Subdir::Linux64), "{text}");
        }
    }

    #[test]
    fn other_documents_are_errors_with_the_place() {
        let message = |text: &str| read_machine(text, None).expect_err("no machine").to_string();
        assert!(message("{\"machine\": ").contains("line 1 column 12"));
        for text in ["[]", "7", "{}", "{\"machine\": {}}", "{\"machine\": 3}"] {
            assert!(message(text).contains("not recognized"), "{text}");
        }
        assert!(message("{\"format_version\": 2}").contains("`format_version` is 2"));
        let bad = "{\n \"subdir\": {\"status\": \"found\", \"value\": \"linux-65\"}}";
        assert!(message(bad).contains("`linux-65`") && message(bad).contains("line 2"));
    }
}
