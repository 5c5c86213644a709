//! Whose a channel is. Packages of one family are built to go with each other.

/// A family of channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// conda-forge, its labels and its mirrors.
    CondaForge,
    /// PyTorch's own, which ended with PyTorch 2.5.
    Pytorch,
    /// NVIDIA's own, for the CUDA libraries of PyTorch's channel.
    Nvidia,
    /// Anaconda's.
    Defaults,
    /// Any other, and a package whose record names none.
    Other,
}

impl Family {
    /// The family of a channel by its name or, of a mirror, by the end of its address.
    #[must_use]
    pub fn of(channel: &str) -> Self {
        let name = channel.split("/label/").next().unwrap_or(channel);
        let last = name.rsplit('/').next().unwrap_or(name);
        let is_anacondas = name == "defaults"
            || name == "anaconda"
            || name.starts_with("pkgs/")
            || name.contains("/pkgs/");
        match last {
            "conda-forge" => Self::CondaForge,
            "pytorch" | "pytorch-nightly" | "pytorch-test" | "pytorch-lts" => Self::Pytorch,
            "nvidia" => Self::Nvidia,
            _ if is_anacondas => Self::Defaults,
            _ => Self::Other,
        }
    }

    /// Whether packages of PyTorch's own channel were made to go with it: NVIDIA's libraries, and the
    /// rest from `defaults`.
    #[must_use]
    pub const fn is_around_pytorchs(self) -> bool {
        match self {
            Self::Pytorch | Self::Nvidia | Self::Defaults => true,
            Self::CondaForge | Self::Other => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_known_by_name_label_and_mirror() {
        for (channel, family) in [
            ("conda-forge", Family::CondaForge),
            ("conda-forge/label/pytorch_rc", Family::CondaForge),
            ("https://mirror.example/conda/conda-forge", Family::CondaForge),
            ("pytorch", Family::Pytorch),
            ("pytorch-nightly", Family::Pytorch),
            ("nvidia/label/cuda-12.1.0", Family::Nvidia),
            ("pkgs/main", Family::Defaults),
            ("https://mirror.example/repository/pkgs/main", Family::Defaults),
            ("defaults", Family::Defaults),
            ("rapidsai", Family::Other),
            ("", Family::Other),
        ] {
            assert_eq!(Family::of(channel), family, "{channel}");
        }
    }
}
