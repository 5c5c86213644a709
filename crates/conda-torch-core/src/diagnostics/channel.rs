//! The channel that the builds are from, and reading it (`--live`).

use crate::conda::{Channels, Fault, FaultKind};

use super::Diagnostic;

/// Why the built-in data is used instead of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnreadableChannel {
    /// It could not be read.
    Fault(Fault),
    /// `conda-torch-live` is not installed.
    NoReader,
    /// It has no PyTorch for these platforms.
    NoPytorch {
        /// The channel.
        channel: String,
    },
}

impl Diagnostic {
    /// What to know about other channels than conda-forge. `is_read`: whether `--live` reads them.
    pub fn of_channels(channels: &Channels, is_read: bool) -> impl Iterator<Item = Self> + use<> {
        let channel = channels.to_string();
        let is_assumed = !is_read && !channels.is_conda_forge();
        let assumed = is_assumed.then_some(Self::ChannelAssumed { channel });
        let secrets: Vec<&str> = channels.with_secrets().collect();
        let secrets =
            (!secrets.is_empty()).then(|| Self::ChannelSecrets { channel: secrets.join("`, `") });
        secrets.into_iter().chain(assumed)
    }
}

pub(super) fn fault_example(kind: FaultKind) -> Fault {
    let at = "https://conda.anaconda.org/conda-forge/linux-64".to_owned();
    Fault { kind, at, detail: String::new() }
}

/// Why a channel cannot be read, and what to do.
pub fn channel_error(fault: &Fault) -> String {
    format!("cannot read `{}`: {}", fault.at, fault_text(fault.kind).unwrap_or(&fault.detail))
}

/// A kind of fault, and what to do about it; `None` if only its detail explains it.
pub(crate) const fn fault_text(kind: FaultKind) -> Option<&'static str> {
    Some(match kind {
        FaultKind::NoNetwork => "no connection to the server; check the network",
        FaultKind::Proxy => "the proxy refused the connection; check `HTTPS_PROXY` and `NO_PROXY`",
        FaultKind::Certificate => {
            "TLS certificate not trusted; behind an inspecting proxy, add its certificate to the system store"
        }
        FaultKind::CaptivePage => {
            "got a login page instead of channel data; sign in to the network first"
        }
        FaultKind::Slow => "the server did not answer in time; retry, or use a mirror",
        FaultKind::Refused => "access denied; check that the token is valid for this channel",
        FaultKind::NoChannel => "no such channel",
        FaultKind::TooMany => "rate limited (HTTP 429); retry later",
        FaultKind::Server => "server error; retry later, or use a mirror",
        FaultKind::Moved => {
            "the server redirects to an address that is not `http` or `https`, such as `file:`"
        }
        FaultKind::RedirectLoop => "the server redirects too often",
        FaultKind::TooLarge => "more data than a channel can have; check the address",
        FaultKind::CutShort => "the download ended early; retry",
        FaultKind::Damaged => "the data is damaged; retry, or use a mirror",
        FaultKind::NotCached => "not in the cache, and `--offline` is set",
        FaultKind::DiskFull => "the disk is full; `CONDA_TORCH_CACHE` sets the cache folder",
        FaultKind::Cache => "cannot write to the cache; `CONDA_TORCH_CACHE` sets its folder",
        FaultKind::Other => return None,
    })
}

/// A time span, in the unit that suits it.
pub fn ago(seconds: u64) -> String {
    match seconds {
        0..2 => "a second".to_owned(),
        2..120 => format!("{seconds} seconds"),
        120..7200 => format!("{} minutes", seconds / 60),
        7200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

macro_rules! channel { ($next:ident $($more:tt)*) => { $next! { $($more)* Channel {

/// The channel cannot be read (`--live`). The answer uses the built-in data of the named day, without newer builds.
/// Why: there is no network, a proxy or a certificate is in the way, the server refuses or fails, or `conda-torch-live` is
/// not installed next to this program.
/// What to do: see the message. Without `--live` the answer is the same, and no network is used.
ChannelUnreadable { why: UnreadableChannel, as_of: Date } = "channel-unreadable", Warning;
message: {
    let why = match why {
        UnreadableChannel::Fault(fault) => channel_error(fault),
        UnreadableChannel::NoReader => "`conda-torch-live`, which reads channels, is not installed next to this program (in a checkout: `cargo install --path crates/conda-torch-live`)".to_owned(),
        UnreadableChannel::NoPytorch { channel } => format!("`{channel}` has no PyTorch"),
    };
    format!("using built-in data from {as_of}: {why}")
};
example: {
    why: UnreadableChannel::Fault(fault_example(FaultKind::NoNetwork)),
    as_of: example("2026-08-13")
};

/// The channel was not read again (`--live`); the answer uses the cached data. The message says how old it is, and why.
/// A note with `--offline`, which requests that.
/// What to do: nothing if that is new enough; otherwise see the message.
ChannelFromCache { age_seconds: u64, fault: Option<Fault> }
    = "channel-from-cache", if fault.is_some() { Warning } else { Info };
message: {
    let why = fault.as_ref().map(|fault| format!(": {}", channel_error(fault)));
    format!("using channel data from {} ago{}", ago(*age_seconds), why.unwrap_or_default())
};
example: { age_seconds: 10_800, fault: Some(fault_example(FaultKind::Server)) };

/// The channel has builds that this version of `conda-torch` does not understand, such as for a new accelerator. The
/// build string or dependencies have an unknown form. The answer does not consider them.
/// What to do: nothing. `conda-torch matrix --diff` lists those of PyTorch, with the reason; please report them.
ChannelNotUnderstood { count: usize, example: String } = "channel-not-understood", Info;
message: if *count == 1 {
    format!("skipped 1 build of unknown form in the channel: {example}")
} else {
    format!("skipped {count} builds of unknown form in the channel, such as {example}")
};
example: {
    count: 3,
    example: example("https://conda.anaconda.org/conda-forge/linux-64/pytorch-2.14.0-rocm72_mkl_py312_h0_300.conda")
};

/// Other channels than conda-forge are named with `--channel`, and not read. The answer assumes that they have
/// conda-forge's builds and everything that PyTorch needs. Packages come from these channels alone.
/// What to do: add `--live`, which reads the channels, or `--verify`, which runs a solve.
ChannelAssumed { channel: String } = "channel-assumed", Info;
message: format!("assuming `{channel}` mirrors conda-forge; pass `--live` to read it");
example: { channel: example("https://mirror.example/conda-forge") };

/// The address of a channel contains a user name, a password, a token or a query. Commands, files and all other text
/// name the address without it: what is printed is stored and shared. Only `conda-torch-live` gets it, to read the channel.
/// What to do: store the login in the configuration of your client. For conda, that is the whole address under
/// `custom_channels` or `channel_alias` in `~/.condarc`, where `${VARIABLE}` keeps the secret out of the file; for the others
/// `mamba auth login`, `micromamba auth login` or `pixi auth login`.
ChannelSecrets { channel: String } = "channel-secrets", Warning;
message: format!("the login for `{channel}` is left out of commands and files; store it in the client's configuration");
example: { channel: example("https://mirror.example/conda-forge") };

/// The recommended build is newer than the built-in data (`--live`). A channel does not say for which GPUs a build has
/// kernels, nor which glibc its CUDA libraries need: the recipe does. Both are inferred from the nearest known build, of
/// the same toolkit or the same major version of CUDA. They seldom change, but new releases of PyTorch and CUDA drop old
/// GPUs.
/// What to do: after installing, check `torch.cuda.get_arch_list()`. Or use an older build: run the same command without
/// `--live`.
KernelsInferred { pytorch: Version, toolkit: CudaVersion } = "kernels-inferred", Warning;
message: format!(
    "PyTorch {pytorch} for CUDA {toolkit} is newer than the built-in data; its kernels are inferred from the previous build"
);
example: { pytorch: example("2.14.0"), toolkit: example("13.1") };

} } } }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_have_a_suitable_unit() {
        for (seconds, expected) in [
            (1, "a second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
            (172_799, "47 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(ago(seconds), expected);
        }
    }
}
