//! What becomes of each channel of a file that moves to conda-forge.

use crate::conda::{ChannelKind, sibling};

/// What becomes of a channel in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChannelEdit {
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
pub(super) fn edits(channels: &[&str], kept: Kept, nodefaults: bool) -> Vec<ChannelEdit> {
    let kinds: Vec<ChannelKind> = channels.iter().map(|channel| ChannelKind::of(channel)).collect();
    let first = |requested: ChannelKind| kinds.iter().position(|kind| *kind == requested);
    let forge = if kinds.contains(&ChannelKind::CondaForge) {
        None
    } else {
        first(ChannelKind::Pytorch).or(first(ChannelKind::Nvidia)).or(first(ChannelKind::Defaults))
    };
    let mut said = channels.contains(&NO_DEFAULTS) || !nodefaults;
    let mut edits = Vec::with_capacity(kinds.len());
    for (at, kind) in kinds.iter().enumerate() {
        edits.push(match kind {
            ChannelKind::CondaForge | ChannelKind::Other => ChannelEdit::Keep,
            _ if Some(at) == forge => ChannelEdit::Become(as_conda_forge(channels[at])),
            ChannelKind::Nvidia if kept.nvidia => ChannelEdit::Keep,
            ChannelKind::Defaults if kept.defaults => ChannelEdit::Keep,
            ChannelKind::Defaults if !said => {
                said = true;
                ChannelEdit::Become(NO_DEFAULTS.to_owned())
            }
            ChannelKind::Pytorch | ChannelKind::Nvidia | ChannelKind::Defaults => {
                ChannelEdit::Remove
            }
        });
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conda_forge_takes_the_first_place_that_falls_free() {
        let edits = |channels: &[&str]| super::edits(channels, Kept::default(), true);
        let forge = || ChannelEdit::Become("conda-forge".to_owned());
        assert_eq!(edits(&["pytorch", "nvidia"]), [forge(), ChannelEdit::Remove]);
        assert_eq!(edits(&["pytorch", "conda-forge"]), [ChannelEdit::Remove, ChannelEdit::Keep]);
        let nodefaults = ChannelEdit::Become("nodefaults".to_owned());
        assert_eq!(edits(&["pytorch", "defaults"]), [forge(), nodefaults]);
        assert_eq!(
            edits(&["https://m.example/cloud/pytorch/"]),
            [ChannelEdit::Become("https://m.example/cloud/conda-forge/".to_owned())]
        );
    }

    #[test]
    fn what_is_needed_still_is_kept() {
        let kept = Kept { nvidia: true, defaults: true };
        let edits = edits(&["pytorch", "nvidia", "defaults"], kept, true);
        assert_eq!(edits[1..], [ChannelEdit::Keep, ChannelEdit::Keep]);
    }
}
