//! A machine that was saved: what `probe --json` printed.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::types::Machine;

use super::ReadMachineError;
use super::document::Document as Text;

/// The version of the document's form that this program writes and reads.
pub(super) const FORMAT: u64 = 1;

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

/// Reads a machine from the document of `probe`, from one of `advise`, or bare. `None` where it is
/// JSON of something else, or none.
pub(super) fn read(document: &Text<'_>) -> Option<Result<Machine, ReadMachineError>> {
    let json = document.value()?;
    let envelope = Envelope::deserialize(json).ok()?;
    let has_machine = match (&envelope.machine, &envelope.subdir) {
        (Some(Inner { subdir: Some(_) }), _) => true,
        (Some(Inner { subdir: None }) | None, _) => false,
    };
    if !has_machine && envelope.subdir.is_none() && envelope.format_version.is_none() {
        return None;
    }
    Some(match envelope.format_version {
        Some(version) if version.as_u64() != Some(FORMAT) => {
            Err(ReadMachineError::OtherFormat(version))
        }
        // Read again from the text, so that an error's line and column are those of the file.
        _ if has_machine => serde_json::from_str(document.text)
            .map(|Document { machine }| machine)
            .map_err(ReadMachineError::BadMachine),
        _ if envelope.subdir.is_some() => {
            serde_json::from_str(document.text).map_err(ReadMachineError::BadMachine)
        }
        Some(_) | None => Err(ReadMachineError::NoMachine),
    })
}

#[cfg(test)]
mod tests {
    use super::super::read_machine;

    const MACHINE: &str =
        r#"{"subdir": {"status": "found", "value": "linux-64", "origin": "compiled"}}"#;

    #[test]
    fn a_machine_is_found_in_each_kind_of_document() {
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
    fn other_documents_are_refused_with_the_place() {
        let message = |text: &str| read_machine(text, None).expect_err("no machine").to_string();
        assert!(message("{\"machine\": ").contains("line 1 column 12"));
        for text in ["[]", "7", "{}", "{\"machine\": {}}", "{\"machine\": 3}"] {
            assert!(message(text).contains("no machine in it"), "{text}");
        }
        assert!(message("{\"format_version\": 2}").contains("`format_version` is 2"));
        let bad = "{\n \"subdir\": {\"status\": \"found\", \"value\": \"linux-65\"}}";
        assert!(message(bad).contains("`linux-65`") && message(bad).contains("line 2"));
    }
}
