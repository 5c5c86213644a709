//! Machines described elsewhere: documents that people already have, read as a [`Machine`].
//!
//! A format is a file with two functions: one that recognises it by its content, and one that reads
//! it. A reader fills what the document says, with the origin `document:FORMAT`, sets to absent what
//! it proves not to be there, and leaves the rest unknown: nothing is guessed here. [`assume_baseline`] then
//! fills what an answer cannot do without, with the origin `baseline`, so that it is told apart.

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

use clients::{conda, mamba, pixi};
use document::Document;

/// A form in which machines are described.
struct Format {
    /// What made the document, in the words of who would make it: `nvidia-smi -q -x`.
    name: &'static str,
    /// Whether a document is of this format. Looks for what no other document has.
    recognises: fn(&Document<'_>) -> bool,
    /// Fills a machine of which nothing is known; what is wrong, where that cannot be done.
    read: fn(&Document<'_>, &mut Machine) -> Result<(), String>,
}

/// Every format but our own, the ones that tell most first: a text may hold several.
const FORMATS: &[Format] = &[
    Format {
        name: "kubectl get nodes -o json",
        recognises: kubernetes::is_nodes,
        read: kubernetes::read,
    },
    Format { name: "conda info --json", recognises: conda::is_json, read: conda::read_json },
    Format {
        name: "micromamba info --json",
        recognises: mamba::is_micromamba_json,
        read: mamba::read_json,
    },
    Format { name: "mamba info --json", recognises: mamba::is_mamba_json, read: mamba::read_json },
    Format { name: "pixi info --json", recognises: pixi::is_json, read: pixi::read_json },
    Format {
        name: "python -m torch.utils.collect_env",
        recognises: collect_env::is_text,
        read: collect_env::read,
    },
    Format {
        name: "micromamba info",
        recognises: mamba::is_micromamba_text,
        read: mamba::read_text,
    },
    Format { name: "mamba info", recognises: mamba::is_mamba_text, read: mamba::read_text },
    Format { name: "conda info", recognises: conda::is_text, read: conda::read_text },
    Format { name: "pixi info", recognises: pixi::is_text, read: pixi::read_text },
    Format {
        name: "nvidia-smi -q -x",
        recognises: nvidia_smi::xml::is_text,
        read: nvidia_smi::xml::read,
    },
    Format {
        name: "nvidia-smi -q",
        recognises: nvidia_smi::query::is_text,
        read: nvidia_smi::query::read,
    },
    Format {
        name: "nvidia-smi",
        recognises: nvidia_smi::banner::is_text,
        read: nvidia_smi::banner::read,
    },
    Format {
        name: "nvidia-smi -L",
        recognises: nvidia_smi::list::is_text,
        read: nvidia_smi::list::read,
    },
    Format {
        name: "nvidia-smi --version",
        recognises: nvidia_smi::query::is_version,
        read: nvidia_smi::query::read,
    },
    Format {
        name: "nvidia-smi --query-gpu",
        recognises: nvidia_smi::csv::is_text,
        read: nvidia_smi::csv::read,
    },
    Format {
        name: "nvidia-smi's message",
        recognises: nvidia_smi::message::is_text,
        read: nvidia_smi::message::read,
    },
];

/// Why a document is not a machine.
#[derive(Debug, thiserror::Error)]
pub enum ReadMachineError {
    /// It is meant as JSON, and is damaged.
    #[error(
        "not JSON: {0}; expected what `conda-torch probe --json` prints, or another of the documents that `--machine` reads"
    )]
    NotJson(serde_json::Error),
    /// A pipe whose program failed, an empty paste.
    #[error("nothing in it; expected what `conda-torch probe --json` prints{}", others())]
    Empty,
    /// It is a document of something else.
    #[error("no machine in it; expected what `conda-torch probe --json` prints{}", others())]
    NoMachine,
    /// Its form is newer.
    #[error("`format_version` is {0}; this program reads {version}", version = machine_json::FORMAT)]
    OtherFormat(serde_json::Value),
    /// A value of the machine cannot be read.
    #[error("`machine`: {0}")]
    BadMachine(serde_json::Error),
    /// The format is known, and what it should say cannot be found.
    #[error("taken for `{format}`: {problem}")]
    Damaged {
        /// What it was taken for.
        format: &'static str,
        /// What is wrong, and where.
        problem: String,
    },
}

/// The other formats, for a sentence.
fn others() -> String {
    let mut text = String::new();
    for format in FORMATS {
        text.extend([", or `", format.name, "`"]);
    }
    text
}

/// Reads a machine from a document of any known format, recognised by its content. Where it holds
/// several machines, those of `platform` count, if one is named.
///
/// # Errors
/// Where the text is damaged or of something else, with the place.
pub fn read_machine(text: &str, platform: Option<Subdir>) -> Result<Machine, ReadMachineError> {
    let document = Document::of(text, platform);
    if let Some(machine) = machine_json::read(&document) {
        return machine;
    }
    let Some(format) = FORMATS.iter().find(|format| (format.recognises)(&document)) else {
        return Err(match document.json {
            Some(Err(error)) => ReadMachineError::NotJson(error),
            None if text.trim().is_empty() => ReadMachineError::Empty,
            Some(Ok(_)) | None => ReadMachineError::NoMachine,
        });
    };
    let mut machine = blank(format.name);
    match (format.read)(&document, &mut machine) {
        Ok(()) => {
            machine.sources.insert(0, taken(format.name));
            Ok(machine)
        }
        Err(problem) => Err(ReadMachineError::Damaged { format: format.name, problem }),
    }
}

fn taken(format: &str) -> SourceReport {
    SourceReport {
        source: "--machine".to_owned(),
        outcome: Outcome::Ok,
        detail: format!("taken for {format}"),
    }
}

/// A machine of which a document of some format has said nothing yet.
fn blank(format: &str) -> Machine {
    fn silent<T>(format: &str) -> Detected<T> {
        Detected::unknown(format!("{format} does not say it"))
    }
    Machine {
        subdir: silent(format),
        os: silent(format),
        kernel: silent(format),
        glibc: silent(format),
        musl: silent(format),
        macos: silent(format),
        windows: silent(format),
        cpu: silent(format),
        driver: silent(format),
        driver_cuda: silent(format),
        libcuda: silent(format),
        gpu_count: silent(format),
        nvidia_smi: silent(format),
        toolkit_file: silent(format),
        container: silent(format),
        wsl: silent(format),
        jetson: silent(format),
        rosetta: silent(format),
        shell: silent(format),
        document: Some(format.to_owned()),
        ..Machine::default()
    }
}

/// A fact that a document tells.
fn said<T>(value: T, machine: &Machine) -> Detected<T> {
    let format = machine.document.clone().unwrap_or_default();
    Detected::found(value, Origin::Document(format))
}
