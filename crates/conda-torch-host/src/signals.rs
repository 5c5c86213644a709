//! Signals that end this program, and those that end a program that it runs.

use std::process::Child;
use std::sync::atomic::{AtomicI32, Ordering};

/// The signal that was received; 0 if none was.
static RECEIVED: AtomicI32 = AtomicI32::new(0);

/// Signals that users and systems end a program with.
#[cfg(unix)]
const ENDING: [i32; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// While this exists, these signals are recorded and do not end this program. On Windows the console ends all
/// its programs.
pub(crate) struct Signals {
    #[cfg(unix)]
    before: [libc::sighandler_t; ENDING.len()],
}

/// The signal to end that was received during the last call that kept it from ending this program, if any.
pub fn received() -> Option<i32> {
    Some(RECEIVED.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
}

impl Signals {
    #[cfg(not(unix))]
    pub(crate) fn catch() -> Self {
        Self {}
    }

    #[cfg(unix)]
    #[expect(unsafe_code, reason = "the standard library cannot handle signals")]
    pub(crate) fn catch() -> Self {
        RECEIVED.store(0, Ordering::SeqCst);
        let record = record as extern "C" fn(i32) as libc::sighandler_t;
        // SAFETY: the handler only stores to an atomic.
        let before = ENDING.map(|signal| unsafe {
            let before = libc::signal(signal, record);
            // An ignored signal stays ignored: a program under `nohup` does not end by SIGHUP.
            if before == libc::SIG_IGN {
                libc::signal(signal, before);
            }
            before
        });
        Self { before }
    }
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library cannot handle signals")]
impl Drop for Signals {
    fn drop(&mut self) {
        for (signal, before) in ENDING.into_iter().zip(self.before) {
            // SAFETY: restores the handler before `catch`.
            unsafe { libc::signal(signal, before) };
        }
    }
}

/// From now on, writing a file beyond `ulimit -f` fails like writing to a full disk, instead of ending this program.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library cannot handle signals")]
pub fn file_size_limits_are_errors() {
    // Not ignored, which programs that this one runs would inherit.
    extern "C" fn nothing(_: i32) {}
    // SAFETY: the handler does nothing.
    unsafe { libc::signal(libc::SIGXFSZ, nothing as extern "C" fn(i32) as libc::sighandler_t) };
}

/// Windows has no such limits.
#[cfg(not(unix))]
pub fn file_size_limits_are_errors() {}

/// Ends this program by a signal, as if it had not been caught.
pub(crate) fn end_by(signal: i32) -> ! {
    #[cfg(unix)]
    #[expect(unsafe_code, reason = "the standard library cannot send signals")]
    // SAFETY: sends a signal to this thread.
    unsafe {
        libc::raise(signal)
    };
    std::process::exit(128 + signal)
}

/// Passes a signal on to a program. `has_terminal`: a terminal has sent Ctrl-C to both.
#[cfg(unix)]
pub(crate) fn pass_on(child: &Child, signal: i32, has_terminal: bool) {
    use rustix::process::{Pid, Signal, kill_process};
    if signal == libc::SIGINT && has_terminal {
        return;
    }
    let signal = Signal::from_named_raw(signal).unwrap_or(Signal::TERM);
    // Fails if it has ended.
    let _ = kill_process(Pid::from_child(child), signal);
}

#[cfg(not(unix))]
pub(crate) fn pass_on(_: &Child, _: i32, _: bool) {}

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
