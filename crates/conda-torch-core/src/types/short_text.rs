//! Short texts that are kept in place.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// A text of at most `N` bytes, kept in place: a table of them has no pointers, which would have to
/// be fixed up one by one whenever the program starts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ShortText<const N: usize> {
    len: u8,
    bytes: [u8; N],
}

/// Why a text is not short.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is too long; expected at most {most} bytes")]
pub struct TextTooLong {
    /// What was given.
    pub text: String,
    /// How much fits.
    pub most: usize,
}

impl<const N: usize> ShortText<N> {
    /// The text; `None` where it does not fit.
    #[must_use]
    pub const fn new(text: &str) -> Option<Self> {
        let (len, mut bytes) = (text.len(), [0; N]);
        if len > N || len > 255 {
            return None;
        }
        let mut at = 0;
        while at < len {
            bytes[at] = text.as_bytes()[at];
            at += 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "len is at most 255")]
        Some(Self { len: len as u8, bytes })
    }
}

impl<const N: usize> Deref for ShortText<N> {
    type Target = str;

    fn deref(&self) -> &str {
        // It was made of a whole text, so it is one.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Display for ShortText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl<const N: usize> fmt::Debug for ShortText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<const N: usize> FromStr for ShortText<N> {
    type Err = TextTooLong;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text).ok_or_else(|| TextTooLong { text: text.to_owned(), most: N })
    }
}

impl<'de, const N: usize> Deserialize<'de> for ShortText<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::conda::from_text(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_text_that_it_was_made_of() {
        for text in ["", "GP102", "RTX 30", "RTX 30–3"] {
            assert_eq!(ShortText::<10>::new(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_and_not_cut() {
        assert!("GB202".parse::<ShortText<5>>().is_ok());
        let error = "GB202".parse::<ShortText<4>>().expect_err("five bytes in four");
        assert_eq!(error.to_string(), "`GB202` is too long; expected at most 4 bytes");
        assert_eq!(ShortText::<300>::new(&"a".repeat(256)), None);
    }
}
