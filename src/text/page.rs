//! A page for a person in the making.

use std::fmt::Write as _;

use conda_torch_core::answer::Refused;
use conda_torch_core::commands::{Step, shell};
use conda_torch_core::types::Shell;

use super::Style;
use super::wrap::wrap;

/// The text so far, and how it is to look.
pub(super) struct Page {
    pub(super) out: String,
    pub(super) style: Style,
    pub(super) shell: Shell,
}

impl Page {
    pub(super) fn new(style: Style, shell: Shell) -> Self {
        Self { out: String::with_capacity(2048), style, shell }
    }

    /// A paragraph, an item, a note: what it begins with, and the text.
    pub(super) fn text(&mut self, first: &str, text: &str) {
        wrap(&mut self.out, first, text, self.style.width);
    }

    pub(super) fn bold(&mut self, text: &str) {
        let (on, off) = if self.style.color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        self.out.push_str(on);
        wrap(&mut self.out, "", text, self.style.width);
        self.out.insert_str(self.out.trim_end().len(), off);
    }

    pub(super) fn gap(&mut self) {
        self.out.push('\n');
    }

    /// A title, commands below it and what to know of them.
    pub(super) fn commands<'s>(
        &mut self,
        title: &str,
        steps: impl IntoIterator<Item = &'s Step>,
    ) -> Result<(), Refused> {
        let steps: Vec<&Step> = steps.into_iter().collect();
        if steps.is_empty() {
            return Ok(());
        }
        if !title.is_empty() {
            self.text("", title);
        }
        for step in &steps {
            for line in shell::lines(step, self.shell, self.style.width.saturating_sub(2))? {
                let _ = writeln!(self.out, "  {line}");
            }
        }
        for note in steps.iter().filter_map(|step| step.note.as_deref()) {
            self.text("note: ", note);
        }
        self.gap();
        Ok(())
    }

    /// The whole text, with one line break at its end.
    pub(super) fn finish(mut self) -> String {
        self.out.truncate(self.out.trim_end().len());
        self.out.push('\n');
        self.out
    }
}
