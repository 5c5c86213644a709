//! What is done in the driver's child before a library is loaded that may do anything: its crash leaves
//! nothing behind, and what it prints does not reach the parent.
//!
//! The environment stays, `LD_LIBRARY_PATH` and `LD_PRELOAD` with it: the library is to be found and to
//! behave as it would in the clients' processes. `LiveHost::driver` says which variables do not.

use std::io::Write;

/// Prepares this process. Returns where the parent listens; where something could not be done, the
/// library is asked all the same.
#[cfg(unix)]
pub(super) fn enter() -> Box<dyn Write> {
    without_core_dump();
    match stdout_apart() {
        Some(file) => Box::new(file),
        None => Box::new(std::io::stdout()),
    }
}

/// No core dump: one of a process with the driver's libraries in it is large. 1 and not 0, which Linux
/// does not heed where dumps go to a program (core(5)); a dump of one byte is none elsewhere.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library knows no limits")]
fn without_core_dump() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls read or fill the struct that they are given, and nothing else.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_CORE, &raw mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max.min(1);
            libc::setrlimit(libc::RLIMIT_CORE, &raw const limit);
        }
    }
}

/// Moves stdout to another number, which the library's own children do not inherit, and lets what is
/// printed to stdout go to stderr.
#[cfg(unix)]
fn stdout_apart() -> Option<std::fs::File> {
    use std::os::fd::AsFd;
    let apart = std::io::stdout().as_fd().try_clone_to_owned().ok()?;
    redirect_stdout().then(|| apart.into())
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library does not redirect its own stdout")]
fn redirect_stdout() -> bool {
    // SAFETY: no memory is involved, and both numbers are open: the parent made them pipes.
    unsafe { libc::dup2(libc::STDERR_FILENO, libc::STDOUT_FILENO) >= 0 }
}

/// Ends this process, without what the library wants to do at its end: that may hang as well.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library runs what is registered for the end")]
pub(super) fn leave() -> ! {
    // SAFETY: ends the process; all that was said has been written.
    unsafe { libc::_exit(0) }
}

/// Prepares this process: an error ends it at once. No window waits for somebody to close it, no
/// debugger is started, and nothing is reported to anybody.
#[cfg(windows)]
#[expect(unsafe_code, reason = "the standard library does not know the error mode")]
pub(super) fn enter() -> Box<dyn Write> {
    use windows_sys::Win32::System::Diagnostics::Debug::{
        EXCEPTION_POINTERS, SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX, SEM_NOOPENFILEERRORBOX,
        SetErrorMode, SetUnhandledExceptionFilter,
    };
    /// `EXCEPTION_EXECUTE_HANDLER`: of what nobody handles, the process ends.
    unsafe extern "system" fn end(_: *const EXCEPTION_POINTERS) -> i32 {
        1
    }
    // SAFETY: the one sets a number of this process, the other a function that does nothing.
    unsafe {
        SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
        SetUnhandledExceptionFilter(Some(end));
    }
    Box::new(std::io::stdout())
}

#[cfg(not(any(unix, windows)))]
pub(super) fn enter() -> Box<dyn Write> {
    Box::new(std::io::stdout())
}
