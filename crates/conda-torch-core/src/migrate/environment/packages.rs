//! What becomes of each package that was asked for.

use crate::conda::{ChannelKind, MatchSpec, Version};
use crate::resolve::Choice;
use crate::types::Environment;

use super::replacements::{LeftOutReason, Replacement, follows_cuda_version, replacement};

/// A package that was asked for, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageMigration {
    /// What was asked for.
    pub spec: MatchSpec,
    /// What becomes of it.
    pub outcome: PackageOutcome,
}

/// What becomes of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageOutcome {
    /// It goes over as it is.
    Kept(String),
    /// It goes over in another form.
    Changed(String, ChangeReason),
    /// Specs of the choice take its place.
    Replaced(Vec<String>),
    /// It stays behind.
    LeftOut(LeftOutReason),
}

/// Why a spec is written in another form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeReason {
    /// The channel's name, and builds of that channel, mean nothing to conda-forge.
    OldChannel,
    /// Its version is that of the CUDA toolkit, which `cuda-version` decides.
    FollowsCuda,
    /// Its build was for another Python or another CUDA.
    OtherBuild,
    /// conda-forge calls it so.
    Renamed,
    /// It is named with its channel, which is somebody's own and stays.
    OwnChannel,
}

/// What the outcomes depend on.
pub(super) struct PackageRules<'a, 'm> {
    pub(super) environment: &'a Environment,
    pub(super) choice: &'a Choice<'m>,
    /// Whether Python's series changes.
    pub(super) other_python: bool,
}

impl PackageRules<'_, '_> {
    pub(super) fn migrate(&self, spec: &MatchSpec) -> PackageMigration {
        PackageMigration { spec: spec.clone(), outcome: self.outcome(spec) }
    }

    fn outcome(&self, spec: &MatchSpec) -> PackageOutcome {
        if spec.name == "python" {
            return self.replaced(&["python"]).unwrap_or_else(|| self.carried(spec));
        }
        let Some(replacement) = replacement(&spec.name) else { return self.carried(spec) };
        match replacement {
            Replacement::Choice if matches!(spec.name.as_str(), "torchvision" | "torchaudio") => {
                self.replaced(&[&spec.name])
                    .unwrap_or(PackageOutcome::LeftOut(LeftOutReason::NotForThisPytorch))
            }
            Replacement::Choice => self
                .replaced(&["pytorch-gpu", "pytorch-cpu", "pytorch"])
                .unwrap_or(PackageOutcome::LeftOut(LeftOutReason::SelectedBuild)),
            Replacement::CudaVersion => self
                .replaced(&["cuda-version"])
                .unwrap_or(PackageOutcome::LeftOut(LeftOutReason::NoCuda)),
            Replacement::SameName if self.kind(spec).is_replaced() => {
                PackageOutcome::Changed(spec.name.clone(), ChangeReason::OldChannel)
            }
            Replacement::SameName => self.carried(spec),
            Replacement::Renamed(name) => {
                PackageOutcome::Changed((*name).to_owned(), ChangeReason::Renamed)
            }
            Replacement::LeftOut(why) => PackageOutcome::LeftOut(why.clone()),
        }
    }

    /// The choice's specs for these names, where it has any.
    fn replaced(&self, names: &[&str]) -> Option<PackageOutcome> {
        let specs = self.choice.specs.iter().filter(|spec| names.contains(&&*spec.name));
        let specs: Vec<String> = specs.map(ToString::to_string).collect();
        (!specs.is_empty()).then_some(PackageOutcome::Replaced(specs))
    }

    /// A package that goes over to the new environment.
    fn carried(&self, spec: &MatchSpec) -> PackageOutcome {
        if follows_cuda_version(&spec.name) {
            return if self.choice.cuda_version.is_none() {
                PackageOutcome::LeftOut(LeftOutReason::NoCuda)
            } else if spec.version.is_empty() && spec.build.is_none() && spec.channel.is_none() {
                PackageOutcome::Kept(spec.name.clone())
            } else {
                PackageOutcome::Changed(spec.name.clone(), ChangeReason::FollowsCuda)
            };
        }
        let build = spec.build.as_deref().unwrap_or_default();
        match self.kind(spec) {
            ChannelKind::Other => match self.holds_back(spec) {
                Some(needs) => PackageOutcome::LeftOut(LeftOutReason::NeedsOtherPytorch(needs)),
                None => self.of_own_channel(spec),
            },
            kind @ (ChannelKind::Pytorch
            | ChannelKind::Nvidia
            | ChannelKind::Defaults
            | ChannelKind::CondaForge) => {
                let has_build = !build.is_empty();
                if kind.is_replaced() && (spec.channel.is_some() || has_build) {
                    PackageOutcome::Changed(spec.argument(), ChangeReason::OldChannel)
                } else if has_build && (self.other_python || build.contains("cuda")) {
                    PackageOutcome::Changed(spec.argument(), ChangeReason::OtherBuild)
                } else {
                    PackageOutcome::Kept(spec.argument_with_build())
                }
            }
        }
    }

    /// With its channel's name, so that conda-forge's package of that name is not taken for it.
    fn of_own_channel(&self, spec: &MatchSpec) -> PackageOutcome {
        let channel = self.channel(spec).unwrap_or_default();
        let text = if self.other_python { spec.argument() } else { spec.argument_with_build() };
        let text = format!("{channel}::{text}");
        if spec.to_string() == text {
            PackageOutcome::Kept(text)
        } else {
            PackageOutcome::Changed(text, ChangeReason::OwnChannel)
        }
    }

    /// The kind of channel that a package was asked from, or else that it came from; conda-forge where
    /// neither is known.
    fn kind(&self, spec: &MatchSpec) -> ChannelKind {
        self.channel(spec).map_or(ChannelKind::CondaForge, ChannelKind::of)
    }

    /// The channel that a package was asked from, or else that it came from.
    pub(super) fn channel<'s>(&'s self, spec: &'s MatchSpec) -> Option<&'s str> {
        let installed = || self.environment.package(&spec.name).map(|p| p.channel.as_str());
        spec.channel.as_deref().or_else(installed).filter(|channel| !channel.is_empty())
    }

    /// What an installed package of somebody's own channel needs that the choice is not.
    fn holds_back(&self, spec: &MatchSpec) -> Option<String> {
        let chosen: Version = self.choice.build.pytorch;
        let depends = &self.environment.package(&spec.name)?.depends;
        let is_against = |depend: &&String| {
            MatchSpec::parse(depend).is_some_and(|need| match need.name.as_str() {
                "pytorch" => need.constraint().is_some_and(|it| !it.admits(chosen)),
                "pytorch-cuda" | "pytorch-mutex" => true,
                _ => false,
            })
        };
        depends.iter().find(is_against).cloned()
    }
}
