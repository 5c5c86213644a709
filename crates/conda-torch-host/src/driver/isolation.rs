//! Prepares the process that calls the driver: a crash leaves nothing behind, and output of a library does not mix
//! with the replies.
//!
//! The environment stays, including `LD_LIBRARY_PATH` and `LD_PRELOAD`: a library must be found and behave as it
//! does in the clients' processes. `LiveHost::driver` changes two variables.

use std::io::Write;

/// Prepares this process and returns the stream that the parent reads. A failed step is ignored.
#[cfg(unix)]
pub(super) fn enter() -> Box<dyn Write> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    // A core dump with the driver's libraries in it is large. The limit is 1 and not 0, which Linux ignores if
    // a program receives core dumps (core(5)); a dump of one byte is not written.
    let maximum = getrlimit(Resource::Core).maximum;
    let current = Some(maximum.map_or(1, |maximum| maximum.min(1)));
    let _ = setrlimit(Resource::Core, Rlimit { current, maximum });
    // If memory runs out nevertheless, Linux ends this process first.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    // The stream gets another number, which the library's children do not inherit; stdout becomes stderr.
    let replies = std::os::fd::AsFd::as_fd(&std::io::stdout()).try_clone_to_owned();
    match replies {
        Ok(replies) if rustix::stdio::dup2_stdout(std::io::stderr()).is_ok() => {
            Box::new(std::fs::File::from(replies))
        }
        Ok(_) | Err(_) => Box::new(std::io::stdout()),
    }
}

/// Ends this process without the library's exit handlers, which may hang as well.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library runs the exit handlers")]
pub(super) fn leave() -> ! {
    // SAFETY: ends the process; all replies were written.
    unsafe { libc::_exit(0) }
}

/// Prepares this process: an error ends it at once, without a window, a debugger or a report.
#[cfg(windows)]
#[expect(unsafe_code, reason = "the standard library does not know the error mode")]
pub(super) fn enter() -> Box<dyn Write> {
    use windows_sys::Win32::System::Diagnostics::Debug::{
        EXCEPTION_POINTERS, SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX, SEM_NOOPENFILEERRORBOX,
        SetErrorMode, SetUnhandledExceptionFilter,
    };
    /// `EXCEPTION_EXECUTE_HANDLER`: the process ends.
    unsafe extern "system" fn end(_: *const EXCEPTION_POINTERS) -> i32 {
        1
    }
    // SAFETY: the first sets a number of this process, the second a function that does nothing.
    unsafe {
        SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
        SetUnhandledExceptionFilter(Some(end));
    }
    Box::new(std::io::stdout())
}
