//! Which channels are the old ones.

/// A channel by what it is to a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChannelKind {
    /// `pytorch`, `pytorch-nightly`, `pytorch-test`: ended with PyTorch 2.5.
    Pytorch,
    /// `nvidia`: conda-forge has CUDA's packages itself.
    Nvidia,
    /// Anaconda's own, which are built apart from conda-forge.
    Defaults,
    /// conda-forge.
    CondaForge,
    /// Somebody else's; it stays.
    Other,
}

/// The kind of a channel, by its name or its URL.
#[must_use]
pub fn kind(channel: &str) -> ChannelKind {
    let name = channel.trim_end_matches('/');
    if host_is(name, "repo.anaconda.com") || host_is(name, "repo.continuum.io") {
        return ChannelKind::Defaults;
    }
    let hosts = ["conda.anaconda.org/", "anaconda.org/"];
    let tail = name.split_once("://").map_or(name, |(_, rest)| rest);
    let short = hosts.iter().find_map(|host| tail.strip_prefix(host)).unwrap_or(name);
    let first = short.split('/').next().unwrap_or(short);
    match first {
        "conda-forge" => ChannelKind::CondaForge,
        "pytorch" | "pytorch-nightly" | "pytorch-test" | "pytorch-lts" => ChannelKind::Pytorch,
        "nvidia" => ChannelKind::Nvidia,
        "defaults" | "main" | "anaconda" | "r" | "msys2" | "free" | "pkgs" => ChannelKind::Defaults,
        _ => ChannelKind::Other,
    }
}

impl ChannelKind {
    /// Whether nothing of it should be left in a migrated environment.
    #[must_use]
    pub const fn is_old_torch(self) -> bool {
        matches!(self, Self::Pytorch | Self::Nvidia)
    }

    /// Whether its packages are not conda-forge's, and conda-forge has others in their place.
    #[must_use]
    pub const fn is_replaced(self) -> bool {
        matches!(self, Self::Pytorch | Self::Nvidia | Self::Defaults)
    }
}

fn host_is(channel: &str, host: &str) -> bool {
    let rest = channel.split_once("://").map_or(channel, |(_, rest)| rest);
    rest.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_known_by_its_name_its_label_and_its_url() {
        for (channel, expected) in [
            ("pytorch", ChannelKind::Pytorch),
            ("pytorch-nightly", ChannelKind::Pytorch),
            ("https://conda.anaconda.org/pytorch/", ChannelKind::Pytorch),
            ("nvidia/label/cuda-12.1.0", ChannelKind::Nvidia),
            ("defaults", ChannelKind::Defaults),
            ("pkgs/main", ChannelKind::Defaults),
            ("https://repo.anaconda.com/pkgs/main", ChannelKind::Defaults),
            ("https://conda.anaconda.org/conda-forge", ChannelKind::CondaForge),
            ("conda-forge/label/pytorch_rc", ChannelKind::CondaForge),
            ("pytorch3d", ChannelKind::Other),
            ("https://host.example/pytorch", ChannelKind::Other),
            ("", ChannelKind::Other),
        ] {
            assert_eq!(kind(channel), expected, "{channel}");
        }
    }
}
