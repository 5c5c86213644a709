//! Reads documents about a machine, such as the output of `nvidia-smi` or `conda info`, as a [`Machine`].
//!
//! A reader recognizes its format by the content and sets the facts that the document reports, with the origin
//! `document:FORMAT`. Other facts stay unknown: [`assume_baseline`] sets those that an answer needs, with the origin
//! `baseline`.

mod baseline;
mod clients;
mod collect_env;
mod document;
mod fields;
mod kubernetes;
mod machine_json;
pub mod nvidia_smi;
mod terminal_text;

use crate::conda::Subdir;
use crate::types::{Detected, Machine, Origin, Outcome, SourceReport};

pub use baseline::assume_baseline;
pub use document::text_of;

use clients::{CONDA, MAMBA, MICROMAMBA, PIXI, PIXI_TEXT};
use document::Document;
use nvidia_smi::{banner, csv, message, query, xml};

/// `None`: the document has another format. An error: what is wrong with it.
type Recognized = Option<Result<(), String>>;

/// Reads a document of one format.
type Reader = fn(&Document<'_>, &mut Machine) -> Recognized;

/// Every format except our own, by the command that prints it. Those that report most come first: a text may have
/// several.
const FORMATS: [(&str, Reader); 17] = [
    ("kubectl get nodes -o json", kubernetes::read),
    ("conda info --json", |document, machine| CONDA.read_json(document, machine)),
    ("micromamba info --json", |document, machine| MICROMAMBA.read_json(document, machine)),
    ("mamba info --json", |document, machine| MAMBA.read_json(document, machine)),
    ("pixi info --json", |document, machine| PIXI.read_json(document, machine)),
    ("python -m torch.utils.collect_env", collect_env::read),
    ("micromamba info", |document, machine| MICROMAMBA.read_text(document, machine)),
    ("mamba info", |document, machine| MAMBA.read_text(document, machine)),
    ("conda info", |document, machine| CONDA.read_text(document, machine)),
    ("pixi info", |document, machine| PIXI_TEXT.read_text(document, machine)),
    ("nvidia-smi -q -x", |it, machine| nvidia_smi::read(xml::parse, it, machine)),
    ("nvidia-smi -q", |it, machine| nvidia_smi::read(query::parse, it, machine)),
    ("nvidia-smi", |it, machine| nvidia_smi::read(banner::parse, it, machine)),
    ("nvidia-smi -L", |it, machine| nvidia_smi::read(query::parse_list, it, machine)),
    ("nvidia-smi --version", |it, machine| nvidia_smi::read(query::parse_version, it, machine)),
    ("nvidia-smi --query-gpu", |it, machine| nvidia_smi::read(csv::parse, it, machine)),
    ("nvidia-smi's message", message::read),
];

/// Why a document is not a machine.
#[derive(Debug, thiserror::Error)]
pub enum ReadMachineError {
    /// It is damaged JSON.
    #[error("not JSON: {0}")]
    NotJson(serde_json::Error),
    /// It has no content: a pipe whose program failed, an empty paste.
    #[error("the input is empty; pipe in the output of `nvidia-smi`")]
    Empty,
    /// It is something else.
    #[error(
        "not recognized as a description of a machine; pass the output of `conda-torch probe --json`, `nvidia-smi` or `conda info`"
    )]
    NoMachine,
    /// Its version is newer.
    #[error("`format_version` is {0}; this program reads {version}", version = machine_json::FORMAT)]
    OtherFormat(serde_json::Value),
    /// A value of the machine cannot be read.
    #[error("`machine`: {0}")]
    BadMachine(serde_json::Error),
    /// Its format is known, but it cannot be read.
    #[error("output of `{format}`: {problem}")]
    Damaged {
        /// The format.
        format: &'static str,
        /// What is wrong, and where.
        problem: String,
    },
}

/// Reads a machine from a document of any known format, recognized by its content. If it describes several
/// machines, those of `platform` count.
///
/// # Errors
/// If the text is damaged or something else, with the place.
pub fn read_machine(text: &str, platform: Option<Subdir>) -> Result<Machine, ReadMachineError> {
    let document = Document::of(text, platform);
    if let Some(machine) = machine_json::read(&document) {
        return machine;
    }
    for (format, reader) in FORMATS {
        let mut machine = unknown_machine(format);
        match reader(&document, &mut machine) {
            None => {}
            Some(Ok(())) => {
                let (source, detail) = ("--machine".to_owned(), format!("read as {format}"));
                machine.sources.insert(0, SourceReport { source, outcome: Outcome::Ok, detail });
                return Ok(machine);
            }
            Some(Err(problem)) => return Err(ReadMachineError::Damaged { format, problem }),
        }
    }
    Err(match document.json {
        Some(Err(error)) => ReadMachineError::NotJson(error),
        None if text.trim().is_empty() => ReadMachineError::Empty,
        Some(Ok(_)) | None => ReadMachineError::NoMachine,
    })
}

/// A machine of which every fact is unknown.
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

/// The origin of the facts that the machine's document reports.
fn origin(machine: &Machine) -> Origin {
    Origin::Document(machine.document.clone().unwrap_or_default())
}

/// Sets a fact, if it is reported.
fn set<T>(fact: &mut Detected<T>, value: Option<T>, origin: &Origin) {
    if let Some(value) = value {
        *fact = Detected::found(value, origin.clone());
    }
}

/// Adds the report of a part of the document.
fn report(machine: &mut Machine, source: &str, outcome: Outcome, detail: impl Into<String>) {
    let (source, detail) = (source.to_owned(), detail.into());
    machine.sources.push(SourceReport { source, outcome, detail });
}
