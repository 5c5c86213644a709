//! Migration from the old `pytorch` channel to conda-forge: environments and files.

pub mod environment; // Environment + Machine + Advice → Migration
pub mod files; // a file for the old channel + Advice → its new text
mod old_packages;

use std::borrow::Cow;

use serde::Serialize;

use crate::diagnostics::with_and;

/// A stable code and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CodeAndMessage {
    /// The code.
    pub code: Cow<'static, str>,
    /// The sentence.
    pub message: Cow<'static, str>,
}

impl CodeAndMessage {
    pub(crate) const fn new(code: &'static str, message: &'static str) -> Self {
        Self { code: Cow::Borrowed(code), message: Cow::Borrowed(message) }
    }

    pub(crate) fn with(code: impl Into<Cow<'static, str>>, message: String) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

/// `a`, `b` and `c`; only the first few of many.
pub fn list(words: &[String]) -> String {
    const FEW: usize = 6;
    let mut quoted: Vec<String> = words.iter().take(FEW).map(|word| format!("`{word}`")).collect();
    let more = words.len().checked_sub(FEW).filter(|more| *more > 0);
    quoted.extend(more.map(|more| format!("{more} more")));
    with_and(&quoted)
}
