//! What is to be said of the rows where they were read in a channel, and not built into the program.

#![expect(missing_docs, reason = "a field says what it is; the variant above it says of what")]

use crate::conda::{Channels, Fault, Version};
use crate::types::{CudaVersion, Date};

use crate::diagnostics::diagnostic::Severity;

/// Where the rows that were asked of a channel are not all that was hoped for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelRemark {
    /// It could not be read: the answer is of the program's own rows.
    Unreadable { fault: Fault, as_of: Date },
    /// The program that reads channels is not installed: the answer is of the program's own rows.
    NoReader { as_of: Date },
    /// There is no PyTorch in it for these platforms: the answer is of the program's own rows.
    NoPytorch { channel: String, as_of: Date },
    /// The cache stood in: for the network, or because nothing was to be asked of that. `age` in seconds.
    FromCache { age: u64, fault: Option<Fault> },
    /// Builds that are in no known form were passed over.
    NotUnderstood { count: usize, example: String },
    /// Other channels than conda-forge were named and not read: they are taken to have its builds.
    Assumed { channel: String },
    /// The address of a channel holds a token or a password, and commands have to say it.
    Secrets { channel: String },
    /// The chosen build is newer than the program's rows: its kernels are those of the nearest.
    KernelsInferred { pytorch: Version, toolkit: CudaVersion },
}

impl ChannelRemark {
    /// What is to be known where other channels take conda-forge's place; `is_read`: whether `--live` was
    /// asked to read them, which says itself what came of it.
    pub fn of(channels: &Channels, is_read: bool) -> impl Iterator<Item = Self> + use<> {
        let shown = || channels.to_string();
        let assumed =
            (!is_read && !channels.is_conda_forge()).then(|| Self::Assumed { channel: shown() });
        let secret = channels.have_secrets().then(|| Self::Secrets { channel: shown() });
        secret.into_iter().chain(assumed)
    }

    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        use ChannelRemark as R;
        match self {
            R::Unreadable { .. } | R::NoReader { .. } | R::NoPytorch { .. } => "channel-unreadable",
            R::FromCache { .. } => "channel-from-cache",
            R::NotUnderstood { .. } => "channel-not-understood",
            R::Assumed { .. } => "channel-assumed",
            R::Secrets { .. } => "channel-secrets",
            R::KernelsInferred { .. } => "kernels-inferred",
        }
    }

    pub(crate) fn severity(&self) -> Severity {
        match self {
            Self::Unreadable { .. }
            | Self::NoReader { .. }
            | Self::NoPytorch { .. }
            | Self::FromCache { fault: Some(_), .. }
            | Self::Secrets { .. }
            | Self::KernelsInferred { .. } => Severity::Warning,
            Self::FromCache { fault: None, .. }
            | Self::NotUnderstood { .. }
            | Self::Assumed { .. } => Severity::Info,
        }
    }
}
