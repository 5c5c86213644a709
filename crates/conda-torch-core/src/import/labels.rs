//! Values after a label, wherever it is in a line.

/// The value after a label and its sign: `GPU: RTX 3090`, `GPU 0 = …`, `Name    : …`, a tab, or two blanks. A label is a
/// word of its own, in any case; a number, as of one of several GPUs, may be between it and the sign.
pub(super) fn value_after<'t>(line: &'t str, label: &str) -> Option<&'t str> {
    numbered_value(line, label).map(|(_, value)| value)
}

/// The number between a label and its sign (`0,1` in `GPU 0,1: V100`), and the value.
pub(super) fn numbered_value<'t>(line: &'t str, label: &str) -> Option<(&'t str, &'t str)> {
    let bytes = line.as_bytes();
    let (wanted, first) = (label.as_bytes(), label.as_bytes().first()?.to_ascii_lowercase());
    let mut at = 0;
    while at + wanted.len() <= bytes.len() {
        let is_here = bytes[at].to_ascii_lowercase() == first
            && bytes[at..at + wanted.len()].eq_ignore_ascii_case(wanted)
            && line.is_char_boundary(at)
            && !line[..at]
                .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '/' | '\\'));
        if is_here && let Some(found) = after_label(&line[at + wanted.len()..]) {
            return Some(found);
        }
        at += 1;
    }
    None
}

/// The number and the value behind a label.
fn after_label(rest: &str) -> Option<(&str, &str)> {
    let is_number = |c: char| {
        c.is_ascii_digit() || matches!(c, ' ' | ',' | '#' | '[' | ']' | '"' | '\'' | '`' | '-')
    };
    let end = rest.find(|c: char| !is_number(c)).unwrap_or(rest.len());
    let (between, value) = rest.split_at(end);
    if let Some(value) = value.strip_prefix([':', '=', '\t']) {
        let value = value.trim().trim_start_matches([':', '=']).trim();
        return (!value.is_empty()).then(|| (numbers(between), unquoted(value)));
    }
    // Columns.
    let blanks = between.find("  ")?;
    let value = rest[blanks..].trim().trim_start_matches([':', '=']).trim();
    (!value.is_empty()).then(|| (numbers(&between[..blanks]), unquoted(value)))
}

fn numbers(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_ascii_digit())
}

fn unquoted(value: &str) -> &str {
    let value = value.trim_end_matches([',', ';']);
    let is_quoted =
        |mark: char| value.len() > 1 && value.starts_with(mark) && value.ends_with(mark);
    if is_quoted('"') || is_quoted('\'') { &value[1..value.len() - 1] } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_a_sign_and_is_a_word() {
        for (line, label, expected) in [
            ("GPU: RTX 3090", "gpu", Some("RTX 3090")),
            ("`-:/+ss   GPU: NVIDIA GeForce RTX 3090", "GPU", Some("NVIDIA GeForce RTX 3090")),
            ("GPU 1 : AMD Radeon", "GPU", Some("AMD Radeon")),
            ("GPU 0,1     Tesla V100 (arch=7.0)", "GPU", Some("Tesla V100 (arch=7.0)")),
            (
                "GPU[0]\t\t: Card series: \t\tRadeon RX 7900 XTX",
                "Card series",
                Some("Radeon RX 7900 XTX"),
            ),
            ("PRETTY_NAME=\"Ubuntu 22.04.3 LTS\"", "PRETTY_NAME", Some("Ubuntu 22.04.3 LTS")),
            ("DriverVersion=31.0.15.3623", "DriverVersion", Some("31.0.15.3623")),
            ("  Device 0: \"NVIDIA GeForce RTX 3090\"", "Device", Some("NVIDIA GeForce RTX 3090")),
            ("Name                : NVIDIA GeForce", "name", Some("NVIDIA GeForce")),
            ("\"GPU\": \"RTX 3090\",", "GPU", Some("RTX 3090")),
            ("GPU RTX 3090", "GPU", None),
            ("MYGPU: x", "GPU", None),
            ("GPU:", "GPU", None),
            ("the GPU and: x", "GPU", None),
        ] {
            assert_eq!(value_after(line, label), expected, "{line}");
        }
        assert_eq!(numbered_value("GPU 0,1: V100", "GPU"), Some(("0,1", "V100")));
    }
}
