//! Signals that end this program, and those that end a program that it runs.

use std::process::Child;
use std::sync::atomic::{AtomicI32, Ordering};

/// The signal that was received; 0 if none was.
static RECEIVED: AtomicI32 = AtomicI32::new(0);

/// Signals that users and systems end a program with.
#[cfg(unix)]
const ENDING: [i32; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// While this exists, these signals are recorded and do not end this program.
pub(crate) struct Signals {
    #[cfg(unix)]
    before: [libc::sigaction; ENDING.len()],
}

impl Signals {
    /// The signal that was received, if any.
    #[expect(clippy::unused_self, reason = "signals are only recorded while it exists")]
    pub(crate) fn received(&self) -> Option<i32> {
        Some(RECEIVED.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }

    /// On Windows the console ends all its programs.
    #[cfg(not(unix))]
    pub(crate) fn catch() -> Self {
        Self {}
    }
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library cannot handle signals")]
impl Signals {
    /// Starts to record signals.
    pub(crate) fn catch() -> Self {
        RECEIVED.store(0, Ordering::SeqCst);
        // SAFETY: all zeros is a valid value of this plain C structure: no flags, an empty mask.
        let mut before: [libc::sigaction; ENDING.len()] = unsafe { std::mem::zeroed() };
        for (signal, before) in ENDING.into_iter().zip(&mut before) {
            // SAFETY: as above.
            let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
            action.sa_sigaction = record as extern "C" fn(i32) as libc::sighandler_t;
            action.sa_flags = libc::SA_RESTART;
            // SAFETY: both point to valid structures, and the handler only stores to an atomic.
            unsafe {
                libc::sigaction(signal, &raw const action, before);
                // An ignored signal stays ignored: a program under `nohup` does not end by SIGHUP.
                if before.sa_sigaction == libc::SIG_IGN {
                    libc::sigaction(signal, before, std::ptr::null_mut());
                }
            }
        }
        Self { before }
    }
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library cannot handle signals")]
impl Drop for Signals {
    fn drop(&mut self) {
        for (signal, before) in ENDING.into_iter().zip(&self.before) {
            // SAFETY: restores the action before `catch`.
            unsafe { libc::sigaction(signal, before, std::ptr::null_mut()) };
        }
    }
}

#[cfg(unix)]
extern "C" fn record(signal: i32) {
    RECEIVED.store(signal, Ordering::SeqCst);
}

/// Ends the process group of a program; `may_clean_up` asks it to end. Windows has no groups.
#[cfg(unix)]
pub(crate) fn end_group(leader: &Child, may_clean_up: bool) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let signal = if may_clean_up { Signal::TERM } else { Signal::KILL };
    // Fails if the group has ended.
    let _ = kill_process_group(Pid::from_child(leader), signal);
}

#[cfg(not(unix))]
pub(crate) fn end_group(_: &Child, _: bool) {}
