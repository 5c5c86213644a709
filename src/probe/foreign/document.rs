//! A document as it comes: bytes of unknown encoding, text that was copied out of a terminal or an
//! issue.

use std::borrow::Cow;

use crate::model::Subdir;

/// A text, and the JSON that it is where it looks like JSON.
pub(super) struct Document<'t> {
    /// All of it, without a byte order mark.
    pub text: &'t str,
    /// `None` where it does not begin like JSON.
    pub json: Option<Result<serde_json::Value, serde_json::Error>>,
    /// The platform that was asked for: which of several machines in it counts.
    #[expect(dead_code, reason = "for lists of nodes, which come next")]
    pub platform: Option<Subdir>,
}

impl<'t> Document<'t> {
    pub(super) fn of(text: &'t str, platform: Option<Subdir>) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let looks_like_json = text.trim_start().starts_with(['{', '[']);
        Self { text, json: looks_like_json.then(|| serde_json::from_str(text)), platform }
    }
}

/// The text of a document: UTF-8, or UTF-16 as `>` in `PowerShell` writes it. Damaged characters are
/// replaced: a reader that looks for a number will not find it there.
#[must_use]
pub fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    let utf16 = |decode: fn([u8; 2]) -> u16| {
        let units = bytes[2..].as_chunks::<2>().0.iter().map(|pair| decode(*pair));
        let characters = char::decode_utf16(units);
        Cow::Owned(characters.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
    };
    match bytes {
        [0xff, 0xfe, ..] => utf16(u16::from_le_bytes),
        [0xfe, 0xff, ..] => utf16(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_powershell_writes_is_text_too() {
        let little: Vec<u8> = "\u{feff}GPU é".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{feff}GPU é".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(text_of(&little), "GPU é");
        assert_eq!(text_of(&big), "GPU é");
        assert_eq!(text_of("GPU é".as_bytes()), "GPU é");
        for damaged in [&b"\xff\xfe\x00"[..], b"\xff\xfe", b"\xff", b""] {
            assert!(!text_of(damaged).contains('\0'), "{damaged:?}");
        }
    }
}
