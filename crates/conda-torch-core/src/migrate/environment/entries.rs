//! What becomes of each package that was asked for.

use crate::conda::{ChannelKind, Version};
use crate::resolve::Choice;
use crate::types::Environment;

use super::spec::TypedSpec;
use super::table::{Dropped, Rule, follows_cuda_version, rule};

/// A package that was asked for, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What was asked for.
    pub spec: TypedSpec,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It goes over as it is.
    Kept(String),
    /// It goes over in another form.
    Changed(String, Loosened),
    /// Specs of the choice take its place.
    Replaced(Vec<String>),
    /// It stays behind.
    LeftOut(LeftOut),
}

/// Why a spec is written in another form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loosened {
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

/// Why a package stays behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOut {
    /// There is no place for it on conda-forge.
    Dropped(Dropped),
    /// It needs another PyTorch than the one that is chosen.
    HoldsBack(String),
    /// It is for CUDA, and the choice is for the processor.
    NoCuda,
    /// It does not exist for the PyTorch that is chosen.
    NotForThisPytorch,
}

/// What the fates depend on.
pub(super) struct Fates<'a, 'm> {
    pub(super) environment: &'a Environment,
    pub(super) choice: &'a Choice<'m>,
    /// Whether Python's series changes.
    pub(super) other_python: bool,
}

impl Fates<'_, '_> {
    pub(super) fn entry(&self, spec: &TypedSpec) -> Entry {
        Entry { spec: spec.clone(), fate: self.fate(spec) }
    }

    fn fate(&self, spec: &TypedSpec) -> Fate {
        if spec.name == "python" {
            return self.replaced(&["python"]).unwrap_or_else(|| self.carried(spec));
        }
        let Some(row) = rule(&spec.name) else { return self.carried(spec) };
        match row.rule {
            Rule::Choice if matches!(spec.name.as_str(), "torchvision" | "torchaudio") => {
                self.replaced(&[&spec.name]).unwrap_or(Fate::LeftOut(LeftOut::NotForThisPytorch))
            }
            Rule::Choice => self
                .replaced(&["pytorch-gpu", "pytorch-cpu", "pytorch"])
                .unwrap_or(Fate::LeftOut(LeftOut::Dropped(Dropped::ChoseBuild))),
            Rule::CudaVersion => {
                self.replaced(&["cuda-version"]).unwrap_or(Fate::LeftOut(LeftOut::NoCuda))
            }
            Rule::SameName if self.kind(spec).is_replaced() => {
                Fate::Changed(spec.name.clone(), Loosened::OldChannel)
            }
            Rule::SameName => self.carried(spec),
            Rule::Renamed(name) => Fate::Changed(name.to_owned(), Loosened::Renamed),
            Rule::Dropped(why) => Fate::LeftOut(LeftOut::Dropped(why)),
        }
    }

    /// The choice's specs for these names, where it has any.
    fn replaced(&self, names: &[&str]) -> Option<Fate> {
        let specs = self.choice.specs.iter().filter(|spec| names.contains(&spec.name));
        let specs: Vec<String> = specs.map(ToString::to_string).collect();
        (!specs.is_empty()).then_some(Fate::Replaced(specs))
    }

    /// A package that goes over to the new environment.
    fn carried(&self, spec: &TypedSpec) -> Fate {
        if follows_cuda_version(&spec.name) {
            return if self.choice.cuda_version.is_none() {
                Fate::LeftOut(LeftOut::NoCuda)
            } else if spec.version.is_none() && spec.build.is_none() && spec.channel.is_none() {
                Fate::Kept(spec.name.clone())
            } else {
                Fate::Changed(spec.name.clone(), Loosened::FollowsCuda)
            };
        }
        let build = spec.build.as_deref().unwrap_or_default();
        match self.kind(spec) {
            ChannelKind::Other => match self.holds_back(spec) {
                Some(needs) => Fate::LeftOut(LeftOut::HoldsBack(needs)),
                None => self.of_own_channel(spec),
            },
            kind @ (ChannelKind::Pytorch
            | ChannelKind::Nvidia
            | ChannelKind::Defaults
            | ChannelKind::CondaForge) => {
                let has_build = !build.is_empty();
                if kind.is_replaced() && (spec.channel.is_some() || has_build) {
                    Fate::Changed(spec.plain(), Loosened::OldChannel)
                } else if has_build && (self.other_python || build.contains("cuda")) {
                    Fate::Changed(spec.plain(), Loosened::OtherBuild)
                } else {
                    Fate::Kept(spec.plain_with_build())
                }
            }
        }
    }

    /// With its channel's name, so that conda-forge's package of that name is not taken for it.
    fn of_own_channel(&self, spec: &TypedSpec) -> Fate {
        let channel = self.channel(spec).unwrap_or_default();
        let text = if self.other_python { spec.plain() } else { spec.plain_with_build() };
        let text = format!("{channel}::{text}");
        if spec.text == text { Fate::Kept(text) } else { Fate::Changed(text, Loosened::OwnChannel) }
    }

    /// The kind of channel that a package was asked from, or else that it came from; conda-forge where
    /// neither is known.
    fn kind(&self, spec: &TypedSpec) -> ChannelKind {
        self.channel(spec).map_or(ChannelKind::CondaForge, ChannelKind::of)
    }

    /// The channel that a package was asked from, or else that it came from.
    pub(super) fn channel<'s>(&'s self, spec: &'s TypedSpec) -> Option<&'s str> {
        let installed = || self.environment.package(&spec.name).map(|p| p.channel.as_str());
        spec.channel.as_deref().or_else(installed).filter(|channel| !channel.is_empty())
    }

    /// What an installed package of somebody's own channel needs that the choice is not.
    fn holds_back(&self, spec: &TypedSpec) -> Option<String> {
        let chosen: Version = self.choice.build.pytorch;
        let depends = &self.environment.package(&spec.name)?.depends;
        let is_against = |depend: &&String| {
            TypedSpec::parse(depend).is_some_and(|need| match need.name.as_str() {
                "pytorch" => need.admits(chosen) == Some(false),
                "pytorch-cuda" | "pytorch-mutex" => true,
                _ => false,
            })
        };
        depends.iter().find(is_against).cloned()
    }
}
