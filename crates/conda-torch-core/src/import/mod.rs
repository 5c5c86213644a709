//! Reads documents about a machine, such as the output of `nvidia-smi` or `conda info`, as a [`Machine`].
//!
//! A reader recognizes its format by the content and sets the facts that the document reports, with the origin
//! `document:FORMAT`. Other facts stay unknown: [`assume_baseline`] sets those that an answer needs, with the origin
//! `baseline`.

mod baseline;
mod clients;
mod collect_env;
mod document;
mod kubernetes;
mod labels;
mod machine_json;
pub mod nvidia_smi;
mod terminal_text;

use crate::conda::Subdir;
use crate::types::{Detected, Machine, Origin, Outcome, SourceReport};

pub use baseline::assume_baseline;
pub use document::text_of;

use clients::InfoFormat;
use document::Document;
use nvidia_smi::{Report, banner, csv, message, query, xml};

/// `None`: the document has another format. An error: what is wrong with it.
type Recognized = Option<Result<(), String>>;

/// How a format is read.
enum Reader {
    NvidiaSmi(fn(&str) -> Option<Report>),
    InfoJson(&'static InfoFormat),
    InfoText(&'static InfoFormat),
    Other(fn(&Document<'_>, &mut Machine) -> Recognized),
}

/// Every format except our own, by the command that prints it. Those that report most come first: a text may have
/// several.
const FORMATS: [(&str, Reader); 17] = [
    ("kubectl get nodes -o json", Reader::Other(kubernetes::read)),
    ("conda info --json", Reader::InfoJson(&clients::CONDA)),
    ("micromamba info --json", Reader::InfoJson(&clients::MICROMAMBA)),
    ("mamba info --json", Reader::InfoJson(&clients::MAMBA)),
    ("pixi info --json", Reader::InfoJson(&clients::PIXI)),
    ("python -m torch.utils.collect_env", Reader::Other(collect_env::read)),
    ("micromamba info", Reader::InfoText(&clients::MICROMAMBA)),
    ("mamba info", Reader::InfoText(&clients::MAMBA)),
    ("conda info", Reader::InfoText(&clients::CONDA)),
    ("pixi info", Reader::InfoText(&clients::PIXI)),
    ("nvidia-smi -q -x", Reader::NvidiaSmi(xml::parse)),
    ("nvidia-smi -q", Reader::NvidiaSmi(query::parse)),
    ("nvidia-smi", Reader::NvidiaSmi(banner::parse)),
    ("nvidia-smi -L", Reader::NvidiaSmi(query::parse_list)),
    ("nvidia-smi --version", Reader::NvidiaSmi(query::parse_version)),
    ("nvidia-smi --query-gpu", Reader::NvidiaSmi(csv::parse)),
    ("nvidia-smi's message", Reader::Other(message::read)),
];

impl Reader {
    fn read(&self, document: &Document<'_>, machine: &mut Machine) -> Recognized {
        match self {
            Self::NvidiaSmi(parse) => {
                nvidia_smi::fill(parse(&document.plain)?, machine);
                Some(Ok(()))
            }
            Self::InfoJson(format) => clients::read_json(format, document, machine),
            Self::InfoText(format) => clients::read_text(format, document, machine),
            Self::Other(read) => read(document, machine),
        }
    }
}

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
        match reader.read(&document, &mut machine) {
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

/// A fact that the machine's document reports.
fn reported<T>(value: T, machine: &Machine) -> Detected<T> {
    Detected::found(value, origin(machine))
}

fn origin(machine: &Machine) -> Origin {
    Origin::Document(machine.document.clone().unwrap_or_default())
}

/// Sets a fact, if the document reports it.
fn set<T>(
    machine: &mut Machine,
    fact: impl FnOnce(&mut Machine) -> &mut Detected<T>,
    value: Option<T>,
) {
    if let Some(value) = value {
        let value = reported(value, machine);
        *fact(machine) = value;
    }
}

/// Adds the report of a part of the document.
fn report(machine: &mut Machine, source: &str, outcome: Outcome, detail: impl Into<String>) {
    let (source, detail) = (source.to_owned(), detail.into());
    machine.sources.push(SourceReport { source, outcome, detail });
}
