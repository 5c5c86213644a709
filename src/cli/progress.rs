//! One line on the terminal while a client thinks, which is gone when it has answered.

use std::io::{IsTerminal, Write};
use std::time::Duration;

/// The line; on anything but a terminal, nothing.
pub(super) struct Progress {
    what: String,
    is_shown: bool,
    shown: Option<u64>,
}

impl Progress {
    pub(super) fn new(what: String, is_watched: bool) -> Self {
        let is_shown = is_watched && std::io::stderr().is_terminal();
        Self { what, is_shown, shown: None }
    }

    /// Says for how long, once a second and not for what is over at once.
    pub(super) fn tick(&mut self, took: Duration) {
        let seconds = took.as_secs();
        if self.is_shown && seconds > 0 && self.shown != Some(seconds) {
            self.shown = Some(seconds);
            let mut stderr = std::io::stderr().lock();
            // A terminal that went away is no reason to stop.
            let _ = write!(stderr, "\r{}: {seconds} s", self.what);
            let _ = stderr.flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(seconds) = self.shown {
            // Ctrl-C leaves two characters behind it.
            let width = format!("{}: {seconds} s^C", self.what).chars().count();
            let mut stderr = std::io::stderr().lock();
            let _ = write!(stderr, "\r{:width$}\r", "");
            let _ = stderr.flush();
        }
    }
}
