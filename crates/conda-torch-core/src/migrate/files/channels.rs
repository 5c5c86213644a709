//! What becomes of each channel of a file that moves to conda-forge.

use crate::conda::{ChannelKind, sibling};

/// What becomes of a channel in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Keep,
    Become(String),
    Remove,
}

/// `nodefaults` in a list of channels: conda's own channels are not to be used.
const NO_DEFAULTS: &str = "nodefaults";

/// conda-forge instead of a channel: on the same mirror, if the old channel is one.
fn as_conda_forge(channel: &str) -> String {
    let mirror = (ChannelKind::of(channel) == ChannelKind::Pytorch)
        .then(|| sibling(channel, "conda-forge"))
        .flatten();
    mirror.unwrap_or_else(|| "conda-forge".to_owned())
}

/// What to keep for packages that are not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Kept {
    /// CUDA packages of a version that conda-forge does not have.
    pub nvidia: bool,
    /// Builds of `defaults` that are pinned by name.
    pub defaults: bool,
}

/// What becomes of each channel of a list. `nodefaults`: whether the format knows that word.
pub(super) fn fates(channels: &[&str], kept: Kept, nodefaults: bool) -> Vec<Fate> {
    let kinds: Vec<ChannelKind> = channels.iter().map(|channel| ChannelKind::of(channel)).collect();
    let first = |wanted: ChannelKind| kinds.iter().position(|kind| *kind == wanted);
    let forge = if kinds.contains(&ChannelKind::CondaForge) {
        None
    } else {
        first(ChannelKind::Pytorch).or(first(ChannelKind::Nvidia)).or(first(ChannelKind::Defaults))
    };
    let mut said = channels.contains(&NO_DEFAULTS) || !nodefaults;
    let mut fates = Vec::with_capacity(kinds.len());
    for (at, kind) in kinds.iter().enumerate() {
        fates.push(match kind {
            ChannelKind::CondaForge | ChannelKind::Other => Fate::Keep,
            _ if Some(at) == forge => Fate::Become(as_conda_forge(channels[at])),
            ChannelKind::Nvidia if kept.nvidia => Fate::Keep,
            ChannelKind::Defaults if kept.defaults => Fate::Keep,
            ChannelKind::Defaults if !said => {
                said = true;
                Fate::Become(NO_DEFAULTS.to_owned())
            }
            ChannelKind::Pytorch | ChannelKind::Nvidia | ChannelKind::Defaults => Fate::Remove,
        });
    }
    fates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conda_forge_takes_the_first_place_that_falls_free() {
        let fates = |channels: &[&str]| super::fates(channels, Kept::default(), true);
        let forge = || Fate::Become("conda-forge".to_owned());
        assert_eq!(fates(&["pytorch", "nvidia"]), [forge(), Fate::Remove]);
        assert_eq!(fates(&["pytorch", "conda-forge"]), [Fate::Remove, Fate::Keep]);
        let nodefaults = Fate::Become("nodefaults".to_owned());
        assert_eq!(fates(&["pytorch", "defaults"]), [forge(), nodefaults]);
        assert_eq!(
            fates(&["https://m.example/cloud/pytorch/"]),
            [Fate::Become("https://m.example/cloud/conda-forge/".to_owned())]
        );
    }

    #[test]
    fn what_is_needed_still_is_kept() {
        let kept = Kept { nvidia: true, defaults: true };
        let fates = fates(&["pytorch", "nvidia", "defaults"], kept, true);
        assert_eq!(fates[1..], [Fate::Keep, Fate::Keep]);
    }
}
