//! placeholder
use super::diagnostic::{Diagnostic, Severity};
impl Diagnostic {
    /// x
    #[must_use]
    pub fn severity(&self) -> Severity {
        Severity::Warning
    }
}
