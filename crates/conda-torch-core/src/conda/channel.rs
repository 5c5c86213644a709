//! One channel: its name, as any client writes it, and the kind of its packages.

use serde::Serialize;

use super::{Address, Subdir, is_folder};

/// A channel's name and subdir, without the secrets of its address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelName {
    /// `conda-forge`, `pkgs/main`, `nvidia/label/cuda-12.1.0`; the address of one on another host than Anaconda's.
    pub name: String,
    /// `linux-64`, `noarch`; empty if not given.
    pub subdir: String,
}

/// Hosts that serve channels by name.
const ANACONDA: [&str; 5] = [
    "conda.anaconda.org",
    "anaconda.org",
    "conda-static.anaconda.org",
    "conda-web.anaconda.org",
    "repo.anaconda.com",
];

impl ChannelName {
    /// Reads a channel as clients write it in a record: conda a URL with the subdir, rattler and pixi
    /// one with a slash at the end, micromamba a name.
    pub fn of(text: &str) -> Self {
        let address = Address::of(text);
        let (name, subdir) = split_subdir(address.public());
        let (scheme, rest) = name.split_once("://").unwrap_or(("", name));
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let has_names = matches!(scheme, "http" | "https") && ANACONDA.contains(&host);
        let name = if has_names { path } else { name };
        // `<unknown>` is what conda writes for a package that was installed from a file.
        let name = if name.starts_with('<') { "" } else { name };
        Self { name: name.to_owned(), subdir: subdir.to_owned() }
    }

    /// The channel of a package, from the package's own address.
    pub fn of_package(url: &str) -> Self {
        Self::of(url.rsplit_once('/').map_or("", |(channel, _)| channel))
    }
}

/// The kind of a channel's packages. Mirrors, labels and copies in a folder have the kind of the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ChannelKind {
    /// PyTorch's own: `pytorch`, `pytorch-nightly`, `pytorch-test`, `pytorch-lts`. It ended with PyTorch 2.5. Before it,
    /// until PyTorch 0.3: `soumith`, and `peterjc123` for Windows
    /// (<https://pytorch.org/get-started/previous-versions>, <https://github.com/peterjc123/pytorch-scripts>).
    Pytorch,
    /// NVIDIA's own, whose CUDA packages the builds of `pytorch` need.
    Nvidia,
    /// Anaconda's: `defaults` and the channels behind it, such as `pkgs/main`.
    Defaults,
    /// conda-forge.
    CondaForge,
    /// Any other, and a channel without a name.
    Other,
}

impl ChannelKind {
    /// The kind of a channel, given by name, address or folder.
    pub fn of(channel: &str) -> Self {
        let name = ChannelName::of(channel).name.to_ascii_lowercase();
        let is_address = name.contains("://") || is_folder(&name);
        let parts: Vec<&str> = name.split(['/', '\\']).collect();
        if parts.contains(&"pkgs") {
            return Self::Defaults;
        }
        match channel_part(&name).map_or("", |(_, part)| part) {
            "conda-forge" => Self::CondaForge,
            "pytorch" | "pytorch-nightly" | "pytorch-test" | "pytorch-lts" | "soumith"
            | "peterjc123" => Self::Pytorch,
            "nvidia" => Self::Nvidia,
            "defaults" | "anaconda" | "msys2" => Self::Defaults,
            // In an address, these are usually channels of others.
            "main" | "r" | "free" if !is_address => Self::Defaults,
            _ => Self::Other,
        }
    }

    /// Whether its packages belong to the builds of the old `pytorch` channel.
    pub const fn is_old_torch(self) -> bool {
        matches!(self, Self::Pytorch | Self::Nvidia)
    }

    /// Whether conda-forge has packages of its own instead of this channel's.
    pub const fn is_replaced(self) -> bool {
        matches!(self, Self::Pytorch | Self::Nvidia | Self::Defaults)
    }
}

// The name that most channels of the kind have.
super::words!(ChannelKind {
    Pytorch = "pytorch",
    Nvidia = "nvidia",
    Defaults = "defaults",
    CondaForge = "conda-forge",
    Other = "other",
});

/// The channel on the same host with another name: the address of conda-forge's mirror beside a
/// mirror of `pytorch`. `None` for a channel that is not given by its address.
pub fn sibling(channel: &str, name: &str) -> Option<String> {
    let (at, old) = channel_part(channel)?;
    channel
        .contains("://")
        .then(|| format!("{}{name}{}", &channel[..at], &channel[at + old.len()..]))
}

/// The part of an address that names the channel, and where it starts: the last before a label and a subdir.
fn channel_part(channel: &str) -> Option<(usize, &str)> {
    // Before a query, which a user's file keeps.
    let (channel, _) = split_subdir(channel.split(['?', '#']).next().unwrap_or(channel));
    let channel = channel.split("/label/").next().unwrap_or(channel).trim_end_matches('/');
    let path = channel.find("://").map_or(0, |scheme| scheme + 3);
    let start = channel.rfind(['/', '\\']).map_or(0, |slash| slash + 1);
    // The host of an address without a path names no channel.
    (start > path || path == 0)
        .then(|| (start, &channel[start..]))
        .filter(|(_, part)| !part.is_empty())
}

/// A channel without the subdir at its end, and that subdir.
pub(super) fn split_subdir(channel: &str) -> (&str, &str) {
    let channel = channel.trim_end().trim_end_matches('/');
    match channel.rsplit_once('/') {
        Some((head, last)) if last == "noarch" || last.parse::<Subdir>().is_ok() => (head, last),
        Some(_) | None => (channel, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (String, String) {
        let ChannelName { name, subdir } = ChannelName::of(text);
        (name, subdir)
    }

    #[test]
    fn channel_names_are_the_same_for_every_client() {
        let named = |name: &str, subdir: &str| (name.to_owned(), subdir.to_owned());
        let pytorch = named("pytorch", "linux-64");
        assert_eq!(of("https://conda.anaconda.org/pytorch/linux-64"), pytorch);
        assert_eq!(of("https://conda.anaconda.org/pytorch/linux-64/"), pytorch);
        assert_eq!(of("https://conda.anaconda.org/pytorch/"), named("pytorch", ""));
        assert_eq!(of("pytorch"), named("pytorch", ""));
        assert_eq!(of("pytorch/linux-64"), pytorch);
        assert_eq!(of("https://repo.anaconda.com/pkgs/main/noarch"), named("pkgs/main", "noarch"));
        let label = "nvidia/label/cuda-12.1.0";
        assert_eq!(of(&format!("https://conda.anaconda.org/{label}/linux-64")).0, label);
        assert_eq!(of("<unknown>"), named("", ""));
        assert_eq!(of(""), named("", ""));
    }

    #[test]
    fn a_mirror_keeps_its_address_without_secrets() {
        let mirror = "https://mirror.example/conda/conda-forge";
        let address = "https://me:secret@mirror.example/t/ab-12-cd/conda/conda-forge/linux-64";
        assert_eq!(of(address), (mirror.to_owned(), "linux-64".to_owned()));
        assert_eq!(of("https://conda.anaconda.org/t/ab-12/private/noarch").0, "private");
        assert_eq!(of("file:///srv/channel/linux-64").0, "file:///srv/channel");
    }

    #[test]
    fn the_channel_of_a_package_is_read_from_its_url() {
        let url = "https://conda.anaconda.org/conda-forge/noarch/tzdata-2025b-h78e105d_0.conda";
        let ChannelName { name, subdir } = ChannelName::of_package(url);
        assert_eq!((name.as_str(), subdir.as_str()), ("conda-forge", "noarch"));
    }

    #[test]
    fn a_mirror_has_the_kind_of_its_channel() {
        use ChannelKind::{CondaForge, Defaults, Nvidia, Other, Pytorch};
        for (channel, kind) in [
            ("conda-forge", CondaForge),
            ("conda-forge/label/pytorch_rc", CondaForge),
            ("https://conda.anaconda.org/conda-forge", CondaForge),
            ("https://host.example/conda-forge", CondaForge),
            ("https://host.example/t/TOKEN/conda-forge/linux-64", CondaForge),
            ("https://user:password@host.example/api/conda/conda-forge/", CondaForge),
            ("https://host.example/conda-forge?token=TOKEN", CondaForge),
            ("https://***@host.example/t/***/pytorch", Pytorch),
            ("https://prefix.dev/conda-forge", CondaForge),
            ("file:///srv/mirror/conda-forge", CondaForge),
            ("pytorch", Pytorch),
            ("PyTorch", Pytorch),
            ("pytorch-nightly", Pytorch),
            ("pytorch/linux-64", Pytorch),
            ("https://conda.anaconda.org/pytorch/linux-64", Pytorch),
            ("https://host.example/pytorch", Pytorch),
            ("https://mirrors.example.edu/anaconda/cloud/pytorch/", Pytorch),
            ("nvidia", Nvidia),
            ("nvidia/label/cuda-12.1.0", Nvidia),
            ("https://conda.anaconda.org/nvidia/label/cuda-12.1.0/linux-64", Nvidia),
            ("defaults", Defaults),
            ("pkgs/main", Defaults),
            ("anaconda", Defaults),
            ("main", Defaults),
            ("r", Defaults),
            ("msys2", Defaults),
            ("https://repo.anaconda.com/pkgs/main", Defaults),
            ("https://repo.continuum.io/pkgs/free", Defaults),
            ("https://host.example/repository/pkgs/main", Defaults),
            ("https://host.example/main", Other),
            ("https://conda-forge", Other),
            ("pytorch3d", Other),
            ("bioconda", Other),
            ("/srv/channel", Other),
            ("nodefaults", Other),
            ("", Other),
        ] {
            assert_eq!(ChannelKind::of(channel), kind, "{channel}");
        }
    }

    #[test]
    fn a_sibling_is_on_the_same_host() {
        for (channel, expected) in [
            ("https://host.example/t/TOKEN/pytorch/", "https://host.example/t/TOKEN/conda-forge/"),
            ("https://host.example/pytorch/linux-64", "https://host.example/conda-forge/linux-64"),
            (
                "https://host.example/pytorch?token=T/x",
                "https://host.example/conda-forge?token=T/x",
            ),
            (
                "https://host.example/nvidia/label/cuda-12.1.0",
                "https://host.example/conda-forge/label/cuda-12.1.0",
            ),
        ] {
            assert_eq!(sibling(channel, "conda-forge").as_deref(), Some(expected));
        }
        assert_eq!(sibling("pytorch", "conda-forge"), None);
    }
}
