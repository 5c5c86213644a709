//! A process that ends a program and its children if this one is killed.
//!
//! The parent's death signal reaches the program alone, not what it started. The watcher waits at a pipe that only this
//! process can write to: the system closes it, however this process ends.

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::process::Child;

use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, waitpid};

/// Watches until it is dropped.
pub(crate) struct Watcher {
    pipe: PipeWriter,
    watcher: Pid,
}

impl Watcher {
    /// Starts to watch, before the program is there: the watcher must not hold its pipes. `None` if the system has no
    /// process left.
    #[expect(unsafe_code, reason = "the standard library has no `fork`")]
    pub(crate) fn start() -> Option<Self> {
        let (mut reader, pipe) = std::io::pipe().ok()?;
        // SAFETY: the child makes system calls alone, and never returns.
        match unsafe { libc::fork() } {
            0 => {
                // SAFETY: closes what the parent alone may hold. The child has no other use for it.
                unsafe { libc::close(std::os::fd::AsRawFd::as_raw_fd(&pipe)) };
                watch(&mut reader)
            }
            watcher => {
                Pid::from_raw(watcher).filter(|_| watcher > 0).map(|watcher| Self { pipe, watcher })
            }
        }
    }

    /// Says whose group to end.
    pub(crate) fn watch(&mut self, leader: &Child) {
        let _ = self.pipe.write_all(&Pid::from_child(leader).as_raw_pid().to_ne_bytes());
    }
}

impl Drop for Watcher {
    /// The program has ended: what it left behind may stay.
    fn drop(&mut self) {
        let _ = self.pipe.write_all(&0_i32.to_ne_bytes());
        let _ = waitpid(Some(self.watcher), WaitOptions::empty());
    }
}

/// Ends the group that the pipe names when the pipe ends. Without one, it ends by a number of 0: another watcher may
/// hold the pipe open.
#[expect(unsafe_code, reason = "a forked process ends without the parent's cleanup")]
fn watch(pipe: &mut PipeReader) -> ! {
    // The terminal's signals, and those to the parent's group, are not for it.
    let _ = rustix::process::setsid();
    let mut next = || {
        let mut leader = [0; 4];
        pipe.read_exact(&mut leader).ok().map(|()| Pid::from_raw(i32::from_ne_bytes(leader)))
    };
    if let Some(Some(group)) = next()
        && next().is_none()
    {
        let _ = kill_process_group(group, Signal::KILL);
    }
    // SAFETY: ends this process alone.
    unsafe { libc::_exit(0) }
}
