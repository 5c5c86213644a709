//! How many columns the reader has.

use std::io::IsTerminal;

/// The columns of the terminal that stdout is; `None` where it is none.
///
/// `COLUMNS` beats the terminal's own answer, as for other programs.
#[expect(clippy::disallowed_methods, reason = "`COLUMNS` is about the reader, not the machine")]
pub(super) fn terminal_width() -> Option<usize> {
    let stdout = std::io::stdout();
    let named = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    if !stdout.is_terminal() {
        return named;
    }
    named.or_else(of_terminal).or(Some(80))
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "the terminal tells its size through ioctl alone")]
fn of_terminal() -> Option<usize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ writes one `winsize` to the place given, which is one and is ours.
    let code = unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut size) };
    (code == 0 && size.ws_col > 0).then_some(usize::from(size.ws_col))
}

#[cfg(not(unix))]
fn of_terminal() -> Option<usize> {
    None
}
