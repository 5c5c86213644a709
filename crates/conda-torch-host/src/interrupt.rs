//! What happens when somebody wants this program to end while another runs for it: that one is asked to
//! end too, and this one lives long enough to see that it did.

use std::sync::atomic::{AtomicI32, Ordering};

/// The process group to ask to end; 0 where there is none.
static GROUP: AtomicI32 = AtomicI32::new(0);

/// The signal that came; 0 where none did.
static CAME: AtomicI32 = AtomicI32::new(0);

/// The signals by which people and systems end a program.
#[cfg(unix)]
const ENDING: [i32; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// While this lives, those signals are noted and do not end this program.
pub(super) struct Interrupts {
    #[cfg(unix)]
    before: [libc::sigaction; ENDING.len()],
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library cannot handle signals")]
impl Interrupts {
    /// Begins to note signals.
    pub(super) fn catch() -> Self {
        CAME.store(0, Ordering::SeqCst);
        GROUP.store(0, Ordering::SeqCst);
        // SAFETY: all zeros is a valid value of this plain C structure: no flags, an empty mask.
        let mut before: [libc::sigaction; ENDING.len()] = unsafe { std::mem::zeroed() };
        for (signal, before) in ENDING.into_iter().zip(&mut before) {
            // SAFETY: as above.
            let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
            action.sa_sigaction = note as extern "C" fn(i32) as libc::sighandler_t;
            action.sa_flags = libc::SA_RESTART;
            // SAFETY: both point to valid structures, and the handler does only what a handler may:
            // it touches atomics and calls `kill`.
            unsafe {
                libc::sigaction(signal, &raw const action, before);
                // One that is ignored stays so: a program under `nohup` does not end by SIGHUP.
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
impl Drop for Interrupts {
    fn drop(&mut self) {
        GROUP.store(0, Ordering::SeqCst);
        for (signal, before) in ENDING.into_iter().zip(&self.before) {
            // SAFETY: what is put back is what `catch` was given.
            unsafe { libc::sigaction(signal, before, std::ptr::null_mut()) };
        }
    }
}

#[cfg(not(unix))]
impl Interrupts {
    /// The system ends everybody on the console by itself.
    pub(super) fn catch() -> Self {
        Self {}
    }
}

impl Interrupts {
    /// From now on the group of this process is asked to end too, at once where a signal came already.
    pub(super) fn pass_on_to(&self, leader: u32) {
        GROUP.store(i32::try_from(leader).unwrap_or(0), Ordering::SeqCst);
        if self.come().is_some() {
            ask_group(leader);
        }
    }

    /// The group is gone, and its number may be another's soon.
    #[expect(clippy::unused_self, reason = "no group is remembered without it")]
    pub(super) fn pass_on_to_nobody(&self) {
        GROUP.store(0, Ordering::SeqCst);
    }

    /// The signal that came, where one did.
    #[expect(clippy::unused_self, reason = "nothing is noted without it")]
    pub(super) fn come(&self) -> Option<i32> {
        Some(CAME.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }
}

/// Notes a signal, and asks the group to end.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library cannot end a group of processes")]
extern "C" fn note(signal: i32) {
    CAME.store(signal, Ordering::SeqCst);
    let group = GROUP.load(Ordering::SeqCst);
    if group > 0 {
        // SAFETY: no memory is involved; the group is forgotten before its number can be another's.
        unsafe { libc::kill(-group, libc::SIGTERM) };
    }
}

/// Asks a group to end. It must have a member, so that its number is not another's.
pub(super) fn ask_group(leader: u32) {
    #[cfg(unix)]
    send(leader, libc::SIGTERM);
    #[cfg(not(unix))]
    let _ = leader;
}

/// Ends a group. It must have a member, so that its number is not another's.
pub(super) fn end_group(leader: u32) {
    #[cfg(unix)]
    send(leader, libc::SIGKILL);
    #[cfg(not(unix))]
    let _ = leader;
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library cannot end a group of processes")]
fn send(leader: u32, signal: i32) {
    if let Some(group) = libc::pid_t::try_from(leader).ok().filter(|group| *group > 0) {
        // SAFETY: no memory is involved.
        unsafe { libc::kill(-group, signal) };
    }
}
