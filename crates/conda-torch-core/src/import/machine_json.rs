//! A machine that `probe --json` or `advise --json` printed.

use serde::Deserialize;
use serde_json::Value;

use super::ReadMachineError;
use super::document::Document as Text;
use crate::types::Machine;

/// The version of the document that this program writes and reads.
pub(super) const FORMAT: u64 = 1;

/// The document of a subcommand.
#[derive(Deserialize)]
struct Document {
    machine: Machine,
}

/// Reads a machine from the document of `probe` or `advise`, or without one around it. `None` if it is other JSON.
pub(super) fn read(document: &Text<'_>) -> Option<Result<Machine, ReadMachineError>> {
    let json = document.value().filter(|json| json.is_object())?;
    // Every machine has this key.
    let has_subdir = |value: &Value| value.get("subdir").is_some();
    let version = json.get("format_version");
    // Read from the text, so that an error has the line and column of the file.
    Some(match version {
        Some(version) if version.as_u64() != Some(FORMAT) => {
            Err(ReadMachineError::OtherFormat(version.clone()))
        }
        _ if json.get("machine").is_some_and(has_subdir) => serde_json::from_str(document.text)
            .map(|Document { machine }| machine)
            .map_err(ReadMachineError::BadMachine),
        _ if has_subdir(json) => {
            serde_json::from_str(document.text).map_err(ReadMachineError::BadMachine)
        }
        Some(_) => Err(ReadMachineError::NoMachine),
        None => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::read_machine;

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
