//! What is said of the rows where they were read in a channel.

use crate::conda::{Fault, FaultKind};
use crate::diagnostics::ChannelRemark;

/// What is so, and what follows.
#[must_use]
pub fn sentence(remark: &ChannelRemark) -> String {
    use ChannelRemark as R;
    match remark {
        R::Unreadable { fault, as_of } => {
            format!("this is of the program's own rows, as of {as_of}: {}", trouble(fault))
        }
        R::NoReader { as_of } => format!(
            "this is of the program's own rows, as of {as_of}: `conda-torch-live`, which reads channels, is not beside this program (in a checkout: `cargo install --path crates/conda-torch-live`)"
        ),
        R::NoPytorch { channel, as_of } => format!(
            "this is of the program's own rows, as of {as_of}: there is no PyTorch in `{channel}`"
        ),
        R::FromCache { age, fault: None } => {
            format!("the channel is as it was {} ago", time(*age))
        }
        R::FromCache { age, fault: Some(fault) } => {
            format!("the channel is as it was {} ago: {}", time(*age), trouble(fault))
        }
        R::NotUnderstood { count: 1, example } => {
            format!("a build in the channel is in no known form and was passed over: {example}")
        }
        R::NotUnderstood { count, example } => format!(
            "{count} builds in the channel are in no known form and were passed over, such as {example}"
        ),
        R::Assumed { channel } => {
            format!("`{channel}` is taken to have conda-forge's builds: `--live` reads what it has")
        }
        R::Secrets { channel } => format!(
            "the address of `{channel}` holds a token or a password: commands have it, files are written without it"
        ),
        R::KernelsInferred { pytorch, toolkit } => format!(
            "PyTorch {pytorch} for CUDA {toolkit} is newer than this program: that it has kernels for this GPU is concluded from the build before it"
        ),
    }
}

/// A fault in a sentence, with what to do.
#[must_use]
pub fn trouble(fault: &Fault) -> String {
    format!("`{}` cannot be read: {}", fault.at, what_it_was(fault.kind).unwrap_or(&fault.detail))
}

/// What a kind of fault is, and what to do about it; `None` where nothing is known of it.
pub(crate) fn what_it_was(kind: FaultKind) -> Option<&'static str> {
    Some(match kind {
        FaultKind::NoNetwork => "nobody can be reached: is there a network?",
        FaultKind::Proxy => "the proxy does not let it through: see `HTTPS_PROXY` and `NO_PROXY`",
        FaultKind::Certificate => {
            "nobody vouches for the server's certificate: a proxy that looks inside needs its own in the system's store"
        }
        FaultKind::CaptivePage => {
            "a page for people came in its place: log in to the network with a browser first"
        }
        FaultKind::Slow => "the server is silent or next to it: try again, or a mirror",
        FaultKind::Refused => {
            "the server refuses: does it want a token, and is it for this channel?"
        }
        FaultKind::NoChannel => "there is no such channel there",
        FaultKind::TooMany => "the server asks for fewer questions: try again later",
        FaultKind::Server => "the server fails: try again later, or a mirror",
        FaultKind::Moved => "it moved to where it cannot be followed",
        FaultKind::CutShort => "the download ended too soon: try again",
        FaultKind::Damaged => "what came is damaged: try again, or a mirror",
        FaultKind::NotCached => {
            "nothing of it is kept, and nothing is asked of the network with `--offline`"
        }
        FaultKind::DiskFull => {
            "the disk is full: the folder of the cache is set with `CONDA_TORCH_CACHE`"
        }
        FaultKind::Cache => {
            "the folder of the cache cannot be written: it is set with `CONDA_TORCH_CACHE`"
        }
        FaultKind::Other => return None,
    })
}

/// A span of time in a unit that says enough.
pub fn time(seconds: u64) -> String {
    match seconds {
        0..2 => "a second".to_owned(),
        2..120 => format!("{seconds} seconds"),
        120..7200 => format!("{} minutes", seconds / 60),
        7200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_a_unit_that_says_enough() {
        for (seconds, expected) in [
            (1, "a second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
            (172_799, "47 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(time(seconds), expected);
        }
    }
}
