//! What replaces each requested package.

use crate::conda::{ChannelKind, MatchSpec};
use crate::resolve::Choice;
use crate::types::Environment;

use super::super::old_packages::{LeftOutReason, Replacement, follows_cuda_version, replacement};

/// A requested package and its replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageMigration {
    /// The requested package.
    pub spec: MatchSpec,
    /// Its replacement.
    pub outcome: PackageOutcome,
}

/// What replaces a package in the migrated environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageOutcome {
    /// The same spec.
    Kept(String),
    /// Another spec of the package.
    Changed(String, ChangeReason),
    /// Specs of the recommended build.
    Replaced(Vec<String>),
    /// Nothing.
    LeftOut(LeftOutReason),
}

/// Why a spec changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "see `messages`")]
pub enum ChangeReason {
    OldChannel,
    FollowsCuda,
    OtherBuild,
    Renamed,
    OwnChannel,
}

/// What the outcomes depend on.
pub(super) struct PackageRules<'a, 'm> {
    pub(super) environment: &'a Environment,
    pub(super) choice: &'a Choice<'m>,
    /// Whether the Python series changes.
    pub(super) other_python: bool,
    /// Whether the environment is the base environment.
    pub(super) is_base: bool,
}

impl PackageRules<'_, '_> {
    pub(super) fn outcome(&self, spec: &MatchSpec) -> PackageOutcome {
        use PackageOutcome::{Changed, Kept, LeftOut};
        let name = spec.name.as_str();
        if name == "python" {
            return self.replaced(&["python"]).unwrap_or_else(|| self.carried_over(spec));
        }
        let Some(replacement) = replacement(name) else { return self.carried_over(spec) };
        match replacement {
            Replacement::Companion(_) => {
                self.replaced(&[name]).unwrap_or(LeftOut(LeftOutReason::NotForThisPytorch))
            }
            Replacement::Pytorch => self
                .replaced(&["pytorch-gpu", "pytorch-cpu", "pytorch"])
                .unwrap_or(LeftOut(LeftOutReason::SelectedBuild)),
            Replacement::CudaVersion => {
                self.replaced(&["cuda-version"]).unwrap_or(LeftOut(LeftOutReason::NoCuda))
            }
            Replacement::SameName if self.kind(spec).is_replaced() => {
                Changed(name.to_owned(), ChangeReason::OldChannel)
            }
            Replacement::SameName => self.carried_over(spec),
            Replacement::Renamed(name) => Changed((*name).to_owned(), ChangeReason::Renamed),
            // Outside of base, `conda` and the like were requested on purpose.
            Replacement::LeftOut(LeftOutReason::BaseOnly) if !self.is_base => Kept(spec.argument()),
            Replacement::LeftOut(why) => LeftOut(why.clone()),
        }
    }

    /// The specs of the recommended build with these names, if any.
    fn replaced(&self, names: &[&str]) -> Option<PackageOutcome> {
        let specs = self.choice.specs.iter().filter(|spec| names.contains(&&*spec.name));
        let specs: Vec<String> = specs.map(ToString::to_string).collect();
        (!specs.is_empty()).then_some(PackageOutcome::Replaced(specs))
    }

    /// A package without a replacement.
    fn carried_over(&self, spec: &MatchSpec) -> PackageOutcome {
        use PackageOutcome::{Changed, Kept, LeftOut};
        if follows_cuda_version(&spec.name) {
            let is_name = spec.version.is_empty() && spec.build.is_none() && spec.channel.is_none();
            return match self.choice.cuda_version {
                None => LeftOut(LeftOutReason::NoCuda),
                Some(_) if is_name => Kept(spec.name.clone()),
                Some(_) => Changed(spec.name.clone(), ChangeReason::FollowsCuda),
            };
        }
        let kind = self.kind(spec);
        if kind == ChannelKind::Other {
            return match self.conflict_with_choice(spec) {
                Some(needs) => LeftOut(LeftOutReason::NeedsOtherPytorch(needs)),
                None => self.with_own_channel(spec),
            };
        }
        let build = spec.build.as_deref();
        if kind.is_replaced() && (spec.channel.is_some() || build.is_some()) {
            Changed(spec.argument(), ChangeReason::OldChannel)
        } else if build.is_some_and(|build| self.other_python || build.contains("cuda")) {
            Changed(spec.argument(), ChangeReason::OtherBuild)
        } else {
            Kept(spec.argument_with_build())
        }
    }

    /// The spec with its channel, because conda-forge may have a package of the same name.
    fn with_own_channel(&self, spec: &MatchSpec) -> PackageOutcome {
        let channel = self.channel(spec).unwrap_or_default();
        let text = if self.other_python { spec.argument() } else { spec.argument_with_build() };
        let text = format!("{channel}::{text}");
        if spec.to_string() == text {
            PackageOutcome::Kept(text)
        } else {
            PackageOutcome::Changed(text, ChangeReason::OwnChannel)
        }
    }

    /// The kind of the package's channel; conda-forge if unknown.
    fn kind(&self, spec: &MatchSpec) -> ChannelKind {
        self.channel(spec).map_or(ChannelKind::CondaForge, ChannelKind::of)
    }

    /// The channel of the spec, else of the installed package.
    pub(super) fn channel<'s>(&'s self, spec: &'s MatchSpec) -> Option<&'s str> {
        let installed = || self.environment.package(&spec.name).map(|p| p.channel.as_str());
        spec.channel.as_deref().or_else(installed).filter(|channel| !channel.is_empty())
    }

    /// A dependency of the installed package that the recommended build does not satisfy.
    fn conflict_with_choice(&self, spec: &MatchSpec) -> Option<String> {
        let is_unsatisfied = |depend: &&String| {
            MatchSpec::parse(depend).is_some_and(|need| match need.name.as_str() {
                "pytorch" => {
                    need.constraint().is_some_and(|it| !it.admits(self.choice.build.pytorch))
                }
                "pytorch-cuda" | "pytorch-mutex" => true,
                _ => false,
            })
        };
        self.environment.package(&spec.name)?.depends.iter().find(is_unsatisfied).cloned()
    }
}
