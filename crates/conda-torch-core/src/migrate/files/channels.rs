//! The edits to the channels of a file.

use crate::conda::{ChannelKind, sibling};

/// The edit to a channel in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChannelEdit {
    Keep,
    Replace(String),
    Remove,
}

/// In a list of channels: excludes conda's default channels.
const NO_DEFAULTS: &str = "nodefaults";

/// conda-forge instead of a channel: on the same mirror, if the old channel is one.
fn as_conda_forge(channel: &str) -> String {
    let mirror = (ChannelKind::of(channel) == ChannelKind::Pytorch)
        .then(|| sibling(channel, "conda-forge"))
        .flatten();
    mirror.unwrap_or_else(|| "conda-forge".to_owned())
}

/// Old channels that are still needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Kept {
    /// For CUDA packages of a version that conda-forge does not have.
    pub nvidia: bool,
    /// For pinned builds.
    pub defaults: bool,
}

/// The edits to a list of channels. `nodefaults`: whether the format has that word.
pub(super) fn edits(channels: &[&str], kept: Kept, nodefaults: bool) -> Vec<ChannelEdit> {
    let kinds: Vec<ChannelKind> = channels.iter().map(|channel| ChannelKind::of(channel)).collect();
    let first = |wanted: ChannelKind| kinds.iter().position(|kind| *kind == wanted);
    let forge = if kinds.contains(&ChannelKind::CondaForge) {
        None
    } else {
        first(ChannelKind::Pytorch).or(first(ChannelKind::Nvidia)).or(first(ChannelKind::Defaults))
    };
    let mut has_no_defaults = channels.contains(&NO_DEFAULTS) || !nodefaults;
    let edit = |(at, kind): (usize, &ChannelKind)| match kind {
        ChannelKind::CondaForge | ChannelKind::Other => ChannelEdit::Keep,
        _ if Some(at) == forge => ChannelEdit::Replace(as_conda_forge(channels[at])),
        ChannelKind::Nvidia if kept.nvidia => ChannelEdit::Keep,
        ChannelKind::Defaults if kept.defaults => ChannelEdit::Keep,
        ChannelKind::Defaults if !has_no_defaults => {
            has_no_defaults = true;
            ChannelEdit::Replace(NO_DEFAULTS.to_owned())
        }
        ChannelKind::Pytorch | ChannelKind::Nvidia | ChannelKind::Defaults => ChannelEdit::Remove,
    };
    kinds.iter().enumerate().map(edit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conda_forge_replaces_the_first_old_channel() {
        let edits = |channels: &[&str]| super::edits(channels, Kept::default(), true);
        let forge = || ChannelEdit::Replace("conda-forge".to_owned());
        assert_eq!(edits(&["pytorch", "nvidia"]), [forge(), ChannelEdit::Remove]);
        assert_eq!(edits(&["pytorch", "conda-forge"]), [ChannelEdit::Remove, ChannelEdit::Keep]);
        let nodefaults = ChannelEdit::Replace("nodefaults".to_owned());
        assert_eq!(edits(&["pytorch", "defaults"]), [forge(), nodefaults]);
        assert_eq!(
            edits(&["https://m.example/cloud/pytorch/"]),
            [ChannelEdit::Replace("https://m.example/cloud/conda-forge/".to_owned())]
        );
    }

    #[test]
    fn channels_that_are_still_needed_stay() {
        let kept = Kept { nvidia: true, defaults: true };
        let edits = edits(&["pytorch", "nvidia", "defaults"], kept, true);
        assert_eq!(edits[1..], [ChannelEdit::Keep, ChannelEdit::Keep]);
    }
}
