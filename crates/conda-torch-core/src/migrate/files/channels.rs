//! What a channel is to a file that moves to conda-forge, and what becomes of it.

use crate::conda::Subdir;

/// A channel by what is done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    CondaForge,
    /// `pytorch` and its siblings `pytorch-nightly`, `pytorch-lts`, `pytorch-test`.
    OldPytorch,
    /// `nvidia`, also by label: what the old channel's builds took CUDA from.
    Nvidia,
    /// `defaults` and the channels that it stands for.
    Defaults,
    NoDefaults,
    Other,
}

/// What becomes of a channel in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Keep,
    Become(String),
    Remove,
}

/// The path of a channel in parts, each with where it starts in the text.
fn parts(text: &str) -> Vec<(usize, &str)> {
    let start = match text.find("://") {
        Some(scheme) => text[scheme + 3..].find('/').map_or(text.len(), |at| scheme + 3 + at),
        None => 0,
    };
    let mut parts = Vec::new();
    let mut at = start;
    for part in text[start..].split('/') {
        if !part.is_empty() {
            parts.push((at, part));
        }
        at += part.len() + 1;
    }
    let is_subdir = |part: &str| part == "noarch" || part.parse::<Subdir>().is_ok();
    if parts.len() > 1 && parts.last().is_some_and(|(_, part)| is_subdir(part)) {
        parts.pop();
    }
    parts
}

/// The part that names the channel: the last, or what a label belongs to.
fn naming(text: &str) -> Option<(usize, &str)> {
    let parts = parts(text);
    let label = parts.iter().position(|(_, part)| *part == "label");
    let at = label.unwrap_or(parts.len()).checked_sub(1)?;
    parts.get(at).copied()
}

/// What a channel is, by its name or address. A mirror's address ends like the original's.
pub(super) fn kind(text: &str) -> Kind {
    let lower = text.trim().to_ascii_lowercase();
    let parts = parts(&lower);
    if parts.iter().any(|(_, part)| *part == "pkgs") {
        return Kind::Defaults;
    }
    match naming(&lower).map(|(_, name)| name) {
        Some("conda-forge") => Kind::CondaForge,
        Some("pytorch" | "pytorch-nightly" | "pytorch-lts" | "pytorch-test") => Kind::OldPytorch,
        Some("nvidia") => Kind::Nvidia,
        Some("defaults" | "anaconda" | "main") => Kind::Defaults,
        Some("nodefaults") => Kind::NoDefaults,
        Some(_) | None => Kind::Other,
    }
}

/// The same channel's address with conda-forge in it: a mirror stays one.
fn as_conda_forge(text: &str) -> String {
    match naming(text) {
        Some((at, name)) if text.contains("://") && kind(text) == Kind::OldPytorch => {
            format!("{}conda-forge{}", &text[..at], &text[at + name.len()..])
        }
        Some(_) | None => "conda-forge".to_owned(),
    }
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
    let kinds: Vec<Kind> = channels.iter().map(|channel| kind(channel)).collect();
    let first = |wanted: Kind| kinds.iter().position(|kind| *kind == wanted);
    let forge = if kinds.contains(&Kind::CondaForge) {
        None
    } else {
        first(Kind::OldPytorch).or(first(Kind::Nvidia)).or(first(Kind::Defaults))
    };
    let mut said = kinds.contains(&Kind::NoDefaults) || !nodefaults;
    let mut fates = Vec::with_capacity(kinds.len());
    for (at, kind) in kinds.iter().enumerate() {
        fates.push(match kind {
            Kind::CondaForge | Kind::NoDefaults | Kind::Other => Fate::Keep,
            _ if Some(at) == forge => Fate::Become(as_conda_forge(channels[at])),
            Kind::Nvidia if kept.nvidia => Fate::Keep,
            Kind::Defaults if kept.defaults => Fate::Keep,
            Kind::Defaults if !said => {
                said = true;
                Fate::Become("nodefaults".to_owned())
            }
            Kind::OldPytorch | Kind::Nvidia | Kind::Defaults => Fate::Remove,
        });
    }
    fates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_known_by_name_and_by_address() {
        for (text, expected) in [
            ("pytorch", Kind::OldPytorch),
            ("https://conda.anaconda.org/pytorch", Kind::OldPytorch),
            ("https://conda.anaconda.org/pytorch/linux-64", Kind::OldPytorch),
            ("https://mirrors.example.edu/anaconda/cloud/pytorch/", Kind::OldPytorch),
            ("pytorch-nightly", Kind::OldPytorch),
            ("nvidia/label/cuda-11.8.0", Kind::Nvidia),
            ("https://repo.anaconda.com/pkgs/main", Kind::Defaults),
            ("defaults", Kind::Defaults),
            ("nodefaults", Kind::NoDefaults),
            ("conda-forge/label/cf202003", Kind::CondaForge),
            ("pytorch3d", Kind::Other),
            ("bioconda", Kind::Other),
            ("", Kind::Other),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

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
