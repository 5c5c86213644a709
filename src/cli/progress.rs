//! A progress line on stderr that disappears when the work is done.

use std::io::{IsTerminal, Write};
use std::time::Duration;

/// The line; nothing is shown if stderr is not a terminal.
pub(super) struct Progress {
    what: String,
    is_enabled: bool,
    shown: Option<u64>,
}

impl Progress {
    pub(super) fn new(what: String, is_enabled: bool) -> Self {
        let is_enabled = is_enabled && std::io::stderr().is_terminal();
        Self { what, is_enabled, shown: None }
    }

    /// Shows the elapsed time, once a second.
    pub(super) fn tick(&mut self, took: Duration) {
        let seconds = took.as_secs();
        if self.is_enabled && seconds > 0 && self.shown != Some(seconds) {
            self.shown = Some(seconds);
            write(&format!("\r{}: {seconds} s", self.what));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(seconds) = self.shown {
            // The terminal echoes Ctrl-C as two characters.
            let width = format!("{}: {seconds} s^C", self.what).chars().count();
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
