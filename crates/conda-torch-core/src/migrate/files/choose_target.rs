//! Chooses the builds for all platforms of an environment together.

use crate::conda::{Constraint, Subdir, Version};
use crate::resolve::Choice;
use crate::types::{Companion, CudaVersion};

use super::target::PlatformTarget;

/// The builds for the platforms of an environment.
pub(super) struct ChosenBuilds<'m> {
    /// One a platform, in the file's order.
    pub choices: Vec<(Subdir, Choice<'m>)>,
    /// The CUDA of the driver that is needed, if it is newer than the file's.
    pub raised_to: Option<CudaVersion>,
}

impl<'m> ChosenBuilds<'m> {
    /// The choice for a platform.
    pub(super) fn on(&self, platform: Subdir) -> Option<&Choice<'m>> {
        self.choices.iter().find(|(subdir, _)| *subdir == platform).map(|(_, choice)| choice)
    }
}

/// Chooses the builds; `None` if a platform has none.
pub(super) fn choose<'m>(targets: &mut [PlatformTarget<'m>]) -> Option<ChosenBuilds<'m>> {
    if let Some(chosen) = choose_as_requested(targets) {
        return Some(chosen);
    }
    loop {
        let mut raised_to = None;
        for target in targets.iter_mut() {
            if let Some((raised, cuda)) = target.with_newer_driver() {
                *target = raised;
                raised_to = Some(cuda);
            }
        }
        raised_to?;
        if let Some(chosen) = choose_as_requested(targets) {
            return Some(ChosenBuilds { raised_to, ..chosen });
        }
    }
}

fn choose_as_requested<'m>(targets: &[PlatformTarget<'m>]) -> Option<ChosenBuilds<'m>> {
    let kept = together(targets, |target, pin| {
        let pytorch = target.requested.pytorch.clone().or_else(|| by_companion(target));
        admitted(target, pytorch.as_ref(), pin)
    });
    if let Some(choices) = kept {
        return Some(ChosenBuilds { choices, raised_to: None });
    }
    let anchor = targets.iter().find_map(|target| target.requested.pytorch.as_ref()?.anchor())?;
    let near = nearest_first(&versions(targets), anchor);
    let choices = near
        .into_iter()
        .find_map(|version| together(targets, |target, pin| target.choice(Some(version), pin)))?;
    Some(ChosenBuilds { choices, raised_to: None })
}

/// A choice for every platform, with one pin of `cuda-version` for all.
fn together<'m>(
    targets: &[PlatformTarget<'m>],
    choose: impl Fn(&PlatformTarget<'m>, Option<CudaVersion>) -> Option<Choice<'m>>,
) -> Option<Vec<(Subdir, Choice<'m>)>> {
    let mut choices = Vec::with_capacity(targets.len());
    for target in targets {
        choices.push((target.subdir, choose(target, None)?));
    }
    let mut pins: Vec<CudaVersion> = Vec::new();
    for pin in choices.iter().filter_map(|(_, choice)| choice.cuda_version) {
        if !pins.contains(&pin) {
            pins.push(pin);
        }
    }
    if pins.len() < 2 {
        return Some(choices);
    }
    pins.into_iter().find_map(|pin| {
        let with_pin =
            |(target, (subdir, choice)): (&PlatformTarget<'m>, &(Subdir, Choice<'m>))| match choice
                .cuda_version
            {
                Some(own) if own != pin => Some((*subdir, choose(target, Some(pin))?)),
                Some(_) | None => Some((*subdir, choice.clone())),
            };
        targets.iter().zip(&choices).map(with_pin).collect()
    })
}

/// The choice with the newest PyTorch that a constraint allows.
fn admitted<'m>(
    target: &PlatformTarget<'m>,
    constraint: Option<&Constraint>,
    pin: Option<CudaVersion>,
) -> Option<Choice<'m>> {
    let Some(constraint) = constraint else { return target.choice(None, pin) };
    let versions = versions(std::slice::from_ref(target));
    let admitted = versions.into_iter().filter(|version| constraint.admits(*version));
    admitted.into_iter().find_map(|version| target.choice(Some(version), pin))
}

/// The PyTorch for a companion, if only the companion has a version.
fn by_companion(target: &PlatformTarget<'_>) -> Option<Constraint> {
    let (package, constraint) =
        target.requested.companions.iter().find_map(|(package, constraint)| {
            Some((*package, constraint.as_ref().filter(|constraint| constraint.pin().is_some())?))
        })?;
    let rows = || target.matrix.companions.iter().filter(|row| row.package == package);
    if let Some(row) = rows().find(|row| constraint.admits(row.version)) {
        return Some(Constraint::begins(row.pytorch));
    }
    let mut versions: Vec<Version> = rows().map(|row| row.version).collect();
    versions.sort();
    versions.dedup();
    versions.reverse();
    let nearest = nearest_first(&versions, constraint.anchor()?).into_iter().next()?;
    let row = rows().find(|row| row.version == nearest)?;
    Some(Constraint::begins(row.pytorch))
}

/// Every version of PyTorch on one of the platforms, newest first.
fn versions(targets: &[PlatformTarget<'_>]) -> Vec<Version> {
    let Some(first) = targets.first() else { return Vec::new() };
    let mut versions: Vec<Version> = first
        .matrix
        .builds
        .iter()
        .filter(|build| !build.pytorch.is_candidate())
        .filter(|build| targets.iter().any(|target| target.subdir == build.subdir))
        .map(|build| build.pytorch)
        .collect();
    versions.sort();
    versions.dedup();
    versions.reverse();
    versions
}

/// Versions by their distance from one that is missing: in its series the next patches, then the
/// earlier ones; then the later series, nearest first, each from its newest patch; then older ones.
fn nearest_first(newest_first: &[Version], asked: Version) -> Vec<Version> {
    let series = asked.series();
    let (same, other): (Vec<Version>, Vec<Version>) =
        newest_first.iter().partition(|version| version.series() == series);
    let (above, below): (Vec<Version>, Vec<Version>) =
        other.into_iter().partition(|version| version.series() > series);
    let (mut up, down): (Vec<Version>, Vec<Version>) =
        same.into_iter().partition(|version| *version >= asked);
    up.reverse();
    up.extend(down);
    let mut of_above: Vec<Version> = above;
    of_above.sort_by(|a, b| a.series().cmp(&b.series()).then(b.cmp(a)));
    up.extend(of_above);
    up.extend(below);
    up
}

/// The version of a companion for a choice.
pub(super) fn companion_version(choice: &Choice<'_>, package: Companion) -> Option<Version> {
    choice.companions.iter().find(|row| row.package == package).map(|row| row.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_is_in_the_series_then_later_then_earlier() {
        let there = ["2.5.1", "2.4.1", "2.4.0", "2.3.1", "2.3.0", "2.1.2", "2.1.0", "2.0.0"];
        let there: Vec<Version> =
            there.iter().map(|text| text.parse().expect("a version")).collect();
        let near = |text: &str| {
            let near = nearest_first(&there, text.parse().expect("a version"));
            near.iter().take(2).map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(near("2.2.2"), "2.3.1 2.3.0");
        assert_eq!(near("2.5.0"), "2.5.1 2.4.1");
        assert_eq!(near("2.1.1"), "2.1.2 2.1.0");
        assert_eq!(near("2.0.1"), "2.0.0 2.1.2");
        assert_eq!(near("2.4.1"), "2.4.1 2.4.0");
        assert_eq!(near("1.7.1"), "2.0.0 2.1.2");
    }
}
