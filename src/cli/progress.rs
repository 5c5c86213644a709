//! A progress line on stderr that disappears when the work is done.

use std::io::{IsTerminal, Write};
use std::time::Duration;

/// The line; nothing is shown if stderr is not a terminal.
pub(super) struct Progress {
    what: String,
    is_enabled: bool,
    shown: Option<u64>,
    /// The most characters that the line had.
    width: usize,
}

impl Progress {
    pub(super) fn new(what: String, is_enabled: bool) -> Self {
        let is_enabled = is_enabled && std::io::stderr().is_terminal();
        Self { what, is_enabled, shown: None, width: 0 }
    }

    /// Shows the elapsed time, once a second.
    pub(super) fn tick(&mut self, took: Duration) {
        self.tick_with(took, || format!("{} s", took.as_secs()));
    }

    /// Shows how far the work is, once a second.
    pub(super) fn tick_with(&mut self, took: Duration, state: impl FnOnce() -> String) {
        let seconds = took.as_secs();
        if self.is_enabled && seconds > 0 && self.shown != Some(seconds) {
            self.shown = Some(seconds);
            let line = format!("{}: {}", self.what, state());
            self.width = self.width.max(line.chars().count());
            write(&format!("\r{line}"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            // The terminal echoes Ctrl-C as two characters.
            let width = self.width + 2;
            write(&format!("\r{:width$}\r", ""));
        }
    }
}

/// The line while a program is being waited for.
pub(super) fn waiting(program: &str) -> Box<dyn FnMut(Duration)> {
    let mut progress = Progress::new(format!("Waiting for {program}"), true);
    Box::new(move |took| progress.tick(took))
}

/// Writes to the terminal; a closed one is ignored.
fn write(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
