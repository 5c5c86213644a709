//! What replaces each requested package.

use std::collections::HashMap;

use serde::Serialize;

use crate::conda::{ChannelKind, MatchSpec, Version};
use crate::resolve::Choice;
use crate::types::{Environment, InstalledPackage};

use super::super::CodeAndMessage;
use super::super::old_packages::{
    Replacement, SELECTED_BUILD, follows_cuda_version, is_only_old, replacement,
};

use super::dependents::needed_first;
use super::requested_packages::dependencies;

/// A requested package and what replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PackageMigration {
    /// As it was requested.
    #[cfg_attr(test, schemars(with = "String"))]
    pub spec: MatchSpec,
    /// kept, changed, replaced, left-out.
    #[cfg_attr(test, schemars(with = "String"))]
    pub outcome: PackageOutcome,
    /// The specs that replace it.
    pub specs: Vec<String>,
    /// Why; null if there is nothing to say.
    pub reason: Option<CodeAndMessage>,
}

/// What happens to a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageOutcome {
    /// The same spec.
    Kept,
    /// Another spec of the package.
    Changed,
    /// Specs of the recommended build.
    Replaced,
    /// Nothing replaces it.
    LeftOut,
}

impl PackageMigration {
    /// Whether the package itself is in the new environment, besides the recommended build.
    pub(super) fn is_carried_over(&self) -> bool {
        matches!(self.outcome, PackageOutcome::Kept | PackageOutcome::Changed)
    }
}

const OLD_CHANNEL: CodeAndMessage = CodeAndMessage::new("old-channel", "now from conda-forge");
const RENAMED: CodeAndMessage = CodeAndMessage::new("renamed", "its name on conda-forge");
const OWN_CHANNEL: CodeAndMessage =
    CodeAndMessage::new("own-channel", "still from its own channel");
const OTHER_BUILD: CodeAndMessage = CodeAndMessage::new(
    "other-build",
    "without the build string, which is for another Python or CUDA",
);
const FOLLOWS_CUDA: CodeAndMessage =
    CodeAndMessage::new("follows-cuda-version", "`cuda-version` determines its version");
const FOLLOWS_BUILD: CodeAndMessage = CodeAndMessage::new(
    "follows-the-build",
    "the CUDA version of the recommended build, not the old one",
);
const NO_CUDA: CodeAndMessage =
    CodeAndMessage::new("no-cuda", "the recommended build does not use CUDA");
const NOT_AVAILABLE: CodeAndMessage =
    CodeAndMessage::new("not-for-this-pytorch", "it is not available for this PyTorch version");
const DISCONTINUED: CodeAndMessage =
    CodeAndMessage::new("ended", "it is discontinued and limits PyTorch to an old version");
const BASE_ONLY: CodeAndMessage =
    CodeAndMessage::new("of-base", "it belongs to the base environment");

type Decision = (PackageOutcome, Vec<String>, Option<CodeAndMessage>);

fn kept(spec: String) -> Decision {
    (PackageOutcome::Kept, vec![spec], None)
}

fn changed(spec: String, reason: CodeAndMessage) -> Decision {
    (PackageOutcome::Changed, vec![spec], Some(reason))
}

fn left_out(reason: CodeAndMessage) -> Decision {
    (PackageOutcome::LeftOut, Vec::new(), Some(reason))
}

pub(super) struct PackageRules<'a, 'm> {
    pub(super) environment: &'a Environment,
    pub(super) choice: &'a Choice<'m>,
    pub(super) other_python: bool,
    pub(super) is_base: bool,
    /// The packages of other channels that the recommended build excludes, each with the package and the
    /// dependency that it does not satisfy.
    conflicts: HashMap<&'a str, (&'a str, &'a str)>,
}

impl<'a, 'm> PackageRules<'a, 'm> {
    pub(super) fn new(
        environment: &'a Environment,
        choice: &'a Choice<'m>,
        other_python: bool,
        is_base: bool,
    ) -> Self {
        let mut conflicts: HashMap<&str, (&str, &str)> = HashMap::new();
        // conda-forge replaces those of the old channels.
        let is_other =
            |package: &&InstalledPackage| ChannelKind::of(&package.channel) == ChannelKind::Other;
        for package in needed_first(environment).into_iter().filter(is_other) {
            let own = package.depends.iter().find(|depend| is_unsatisfied(depend, choice));
            let own = own.map(|depend| (package.name.as_str(), depend.as_str()));
            let conflict =
                own.or_else(|| dependencies(package).find_map(|name| conflicts.get(name).copied()));
            conflicts.extend(conflict.map(|conflict| (package.name.as_str(), conflict)));
        }
        Self { environment, choice, other_python, is_base, conflicts }
    }

    pub(super) fn migrate(&self, spec: &MatchSpec) -> PackageMigration {
        let (outcome, specs, reason) = self.decide(spec);
        PackageMigration { spec: spec.clone(), outcome, specs, reason }
    }

    fn decide(&self, spec: &MatchSpec) -> Decision {
        let name = spec.name.as_str();
        if name == "python" {
            return self.replaced(&["python"], None).unwrap_or_else(|| self.carried_over(spec));
        }
        let Some(replacement) = replacement(name) else { return self.carried_over(spec) };
        match replacement {
            Replacement::Companion(_) => {
                self.replaced(&[name], None).unwrap_or_else(|| left_out(NOT_AVAILABLE))
            }
            Replacement::Pytorch => self
                .replaced(&["pytorch-gpu", "pytorch-cpu", "pytorch"], None)
                .unwrap_or_else(|| left_out(SELECTED_BUILD)),
            Replacement::CudaVersion => self
                .replaced(&["cuda-version"], Some(FOLLOWS_BUILD))
                .unwrap_or_else(|| left_out(NO_CUDA)),
            Replacement::SameName if self.kind(spec).is_replaced() => {
                changed(name.to_owned(), OLD_CHANNEL)
            }
            Replacement::SameName => self.carried_over(spec),
            Replacement::Renamed(name) => changed((*name).to_owned(), RENAMED),
            Replacement::BaseOnly if self.is_base => left_out(BASE_ONLY),
            Replacement::BaseOnly => kept(spec.argument()),
            Replacement::Discontinued => left_out(DISCONTINUED),
            Replacement::NotThere => left_out(NOT_AVAILABLE),
            Replacement::LeftOut(why) => left_out(why.clone()),
        }
    }

    /// The specs of the recommended build with these names, if any.
    fn replaced(&self, names: &[&str], reason: Option<CodeAndMessage>) -> Option<Decision> {
        let specs = self.choice.specs.iter().filter(|spec| names.contains(&&*spec.name));
        let specs: Vec<String> = specs.map(ToString::to_string).collect();
        (!specs.is_empty()).then_some((PackageOutcome::Replaced, specs, reason))
    }

    fn carried_over(&self, spec: &MatchSpec) -> Decision {
        if follows_cuda_version(&spec.name) {
            let is_name = spec.version.is_empty() && spec.build.is_none() && spec.channel.is_none();
            return match self.choice.cuda_version {
                None => left_out(NO_CUDA),
                Some(_) if is_name => kept(spec.name.clone()),
                Some(_) => changed(spec.name.clone(), FOLLOWS_CUDA),
            };
        }
        let kind = self.kind(spec);
        if kind == ChannelKind::Other {
            return match self.conflicts.get(spec.name.as_str()) {
                Some((package, needs)) => {
                    let it = if *package == spec.name { "it" } else { &format!("its `{package}`") };
                    let text =
                        format!("{it} needs `{needs}`; ask its maintainers for a newer version");
                    left_out(CodeAndMessage::with("holds-back", text))
                }
                None => self.with_own_channel(spec),
            };
        }
        let build = spec.build.as_deref();
        if kind.is_replaced() && (spec.channel.is_some() || build.is_some()) {
            changed(spec.argument(), OLD_CHANNEL)
        } else if build.is_some_and(|build| self.other_python || build.contains("cuda")) {
            changed(spec.argument(), OTHER_BUILD)
        } else {
            kept(spec.argument_with_build())
        }
    }

    /// The spec with its channel, because conda-forge may have a package of the same name.
    fn with_own_channel(&self, spec: &MatchSpec) -> Decision {
        let channel = self.channel(spec).unwrap_or_default();
        let text = if self.other_python { spec.argument() } else { spec.argument_with_build() };
        let text = format!("{channel}::{text}");
        if let Some(python) = self.python_that_it_excludes(&spec.name) {
            let why = format!(
                "still from its own channel, which must have it for Python {python}; leave it out if not"
            );
            return changed(text, CodeAndMessage::with(OWN_CHANNEL.code, why));
        }
        if spec.to_string() == text { kept(text) } else { changed(text, OWN_CHANNEL) }
    }

    /// The new Python, if the installed package is built for another.
    fn python_that_it_excludes(&self, name: &str) -> Option<Version> {
        let python = self.choice.specs.iter().find(|spec| spec.name == "python")?;
        let python = python.constraint()?.pin()?;
        let depends = self.environment.package(name)?.depends.iter();
        let mut needs = depends.filter_map(|depend| MatchSpec::parse(depend));
        let need = needs.find(|need| need.name == "python")?.constraint()?;
        (!need.admits_series(python)).then_some(python)
    }

    /// The kind of the package's channel; conda-forge if unknown.
    fn kind(&self, spec: &MatchSpec) -> ChannelKind {
        self.channel(spec).map_or(ChannelKind::CondaForge, ChannelKind::of)
    }

    pub(super) fn channel<'s>(&'s self, spec: &'s MatchSpec) -> Option<&'s str> {
        let installed = || self.environment.package(&spec.name).map(|p| p.channel.as_str());
        spec.channel.as_deref().or_else(installed).filter(|channel| !channel.is_empty())
    }
}

/// Whether the recommended build excludes a dependency.
fn is_unsatisfied(depend: &str, choice: &Choice<'_>) -> bool {
    let Some(need) = MatchSpec::parse(depend) else { return false };
    let refuses = |version: Version| need.constraint().is_some_and(|it| !it.admits(version));
    // In the build strings of the old channel Python comes first.
    let has_old_build = need.build.as_deref().is_some_and(|build| build.starts_with("py3"));
    let companion = choice.companions.iter().find(|it| it.package.as_str() == need.name);
    let cuda = choice.cuda_version.map(|cuda| Version::new(&[cuda.major, cuda.minor]));
    match need.name.as_str() {
        "pytorch" => refuses(choice.build.pytorch) || has_old_build,
        "cuda-version" | "cudatoolkit" => cuda.is_some_and(refuses),
        name => is_only_old(name) || companion.is_some_and(|it| refuses(it.version)),
    }
}
