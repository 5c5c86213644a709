//! A machine that was saved: what `probe --json` printed.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::Machine;

/// The version of the document's form that this program writes and reads.
const FORMAT: u64 = 1;

/// Why a document is not a saved machine.
#[derive(Debug, thiserror::Error)]
pub enum ReadMachineError {
    /// It is not JSON.
    #[error("not JSON: {0}; expected what `conda-torch probe --json` prints")]
    NotJson(serde_json::Error),
    /// It is JSON of something else.
    #[error(
        "no machine in it; expected what `conda-torch probe --json` prints: `machine` with `subdir`"
    )]
    NoMachine,
    /// Its form is newer.
    #[error("`format_version` is {0}; this program reads {FORMAT}")]
    OtherFormat(serde_json::Value),
    /// A value of the machine cannot be read.
    #[error("`machine`: {0}")]
    BadMachine(serde_json::Error),
}

/// A first look at a document: what it is, before its values are read.
#[derive(Deserialize)]
struct Envelope {
    format_version: Option<serde_json::Value>,
    machine: Option<Inner>,
    subdir: Option<IgnoredAny>,
}

/// The one key that every machine has.
#[derive(Deserialize)]
struct Inner {
    subdir: Option<IgnoredAny>,
}

/// The document as a whole, so that an error's line and column are those of the file.
#[derive(Deserialize)]
struct Document {
    machine: Machine,
}

/// Reads a machine from the document of `probe`, from one of `advise`, or bare.
///
/// # Errors
/// Where the text is damaged or of something else, with the place.
pub fn read_machine(text: &str) -> Result<Machine, ReadMachineError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let envelope: Envelope = serde_json::from_str(text).map_err(|error| {
        if error.is_data() { ReadMachineError::NoMachine } else { ReadMachineError::NotJson(error) }
    })?;
    match envelope.format_version {
        None => {}
        Some(version) if version.as_u64() == Some(FORMAT) => {}
        Some(version) => return Err(ReadMachineError::OtherFormat(version)),
    }
    match (envelope.machine, envelope.subdir) {
        (Some(Inner { subdir: Some(_) }), _) => serde_json::from_str(text)
            .map(|Document { machine }| machine)
            .map_err(ReadMachineError::BadMachine),
        (Some(Inner { subdir: None }), _) | (None, None) => Err(ReadMachineError::NoMachine),
        (None, Some(_)) => serde_json::from_str(text).map_err(ReadMachineError::BadMachine),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: &str =
        r#"{"subdir": {"status": "found", "value": "linux-64", "origin": "compiled"}}"#;

    #[test]
    fn a_machine_is_found_in_each_kind_of_document() {
        for text in [
            MACHINE.to_owned(),
            format!("\u{feff}{{\"machine\": {MACHINE}}}"),
            format!("{{\"format_version\": 1, \"status\": \"ok\", \"machine\": {MACHINE}}}"),
        ] {
            let machine = read_machine(&text).expect("a machine");
            assert_eq!(machine.subdir.value(), Some(&crate::model::Subdir::Linux64), "{text}");
        }
    }

    #[test]
    fn other_documents_are_refused_with_the_place() {
        let message = |text: &str| read_machine(text).expect_err("no machine").to_string();
        assert!(message("{\"machine\": ").contains("line 1 column 12"));
        for text in ["[]", "7", "{}", "{\"machine\": {}}", "{\"machine\": 3}"] {
            assert!(message(text).contains("no machine in it"), "{text}");
        }
        assert!(message("{\"format_version\": 2}").contains("`format_version` is 2"));
        let bad = "{\n \"subdir\": {\"status\": \"found\", \"value\": \"linux-65\"}}";
        assert!(message(bad).contains("`linux-65`") && message(bad).contains("line 2"));
    }
}
