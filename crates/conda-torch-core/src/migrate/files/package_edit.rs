//! What becomes of one package, once it is chosen what the file ends on.

use crate::conda::{ChannelKind, MatchSpec, Subdir, Version};
use crate::resolve::{Choice, RequestedAccelerator};
use crate::types::{Accelerator, Companion, CudaVersion};

use super::choose_target::{ChosenBuilds, companion_version};
use super::environment_spec::{PackageEdit, SpecLine, SpecSyntax};
use super::file_migration::{ChangeReason, LineChange};
use super::packages::{PackageRole, is_old, role};
use super::target::PlatformTarget;

/// The first PyTorch that the old channel never had: what is older is not meant by who names none.
/// A solver that is held by something else fails then, in place of giving that.
const FLOOR: Version = Version::new(&[2, 6]);

/// Decides line by line; the lines of a section in order.
pub(super) struct PackageEditor<'a, 'm> {
    chosen: Option<&'a ChosenBuilds<'m>>,
    targets: &'a [PlatformTarget<'m>],
    prefix: Option<&'static str>,
    syntax: SpecSyntax,
    /// The scopes of the lines that have become `cuda-version`.
    pinned: Vec<Option<Vec<Subdir>>>,
    /// The names and scopes of the lines that have become PyTorch.
    named: Vec<(&'static str, Option<Vec<Subdir>>)>,
}

impl<'a, 'm> PackageEditor<'a, 'm> {
    pub(super) fn new(
        chosen: Option<&'a ChosenBuilds<'m>>,
        targets: &'a [PlatformTarget<'m>],
        prefix: Option<&'static str>,
        syntax: SpecSyntax,
    ) -> Self {
        Self { chosen, targets, prefix, syntax, pinned: Vec::new(), named: Vec::new() }
    }

    /// What becomes of a line, and the change to tell, if it is one.
    pub(super) fn of(&mut self, item: &SpecLine) -> (PackageEdit, Option<LineChange>) {
        let Some(spec) = &item.spec else { return (PackageEdit::Keep, None) };
        let scope: Vec<(&PlatformTarget<'m>, &Choice<'m>)> = self.scope(item);
        let decided = match role(spec) {
            PackageRole::Pytorch if !scope.is_empty() => Some(self.pytorch(item, spec, &scope)),
            PackageRole::Companion(package) if !scope.is_empty() => {
                Some(self.companion(spec, package, &scope))
            }
            PackageRole::CudaPin if !scope.is_empty() => self.cuda_pin(item, spec, &scope),
            PackageRole::CpuOnly if !scope.is_empty() => Some(self.cpu_only(&scope)),
            PackageRole::CpuOnly | PackageRole::NotNeeded => {
                Some((Vec::new(), ChangeReason::NotNeeded))
            }
            PackageRole::Magma => {
                Some((vec![self.fresh(spec, "magma", "")], ChangeReason::OldChannel))
            }
            PackageRole::Toolkit => self.toolkit(spec, &scope, true),
            PackageRole::ToolkitLibrary => self.toolkit(spec, &scope, false),
            PackageRole::Pytorch
            | PackageRole::Companion(_)
            | PackageRole::CudaPin
            | PackageRole::Extension
            | PackageRole::Python
            | PackageRole::Tied
            | PackageRole::Other => is_old(spec).then(|| {
                (vec![self.fresh(spec, &spec.name, &spec.version)], ChangeReason::OldChannel)
            }),
        };
        let Some((fresh, why)) = decided else { return (PackageEdit::Keep, None) };
        let after: Vec<String> = fresh.iter().map(ToString::to_string).collect();
        let same = |fresh: &MatchSpec| {
            fresh.to_string() == item.text
                || fresh.name == spec.name
                    && fresh.version == spec.version
                    && fresh.build == spec.build
                    && fresh.channel == spec.channel
        };
        if let [only] = fresh.as_slice()
            && same(only)
        {
            return (PackageEdit::Keep, None);
        }
        let change = LineChange { line: item.line, before: item.text.clone(), after, why };
        (PackageEdit::Become(fresh), Some(change))
    }

    /// The platforms that a line is for, with what is requested and what was chosen there.
    fn scope(&self, item: &SpecLine) -> Vec<(&'a PlatformTarget<'m>, &'a Choice<'m>)> {
        let Some(chosen) = self.chosen else { return Vec::new() };
        let held = self.targets.iter().filter(|target| item.holds_on(target.subdir));
        held.filter_map(|target| Some((target, chosen.on(target.subdir)?))).collect()
    }

    /// A spec from conda-forge: with its channel where the file names no channels, or did so itself.
    fn fresh(&self, spec: &MatchSpec, name: &str, version: &str) -> MatchSpec {
        let own = spec.channel.as_deref().map(ChannelKind::of) == Some(ChannelKind::CondaForge);
        MatchSpec {
            channel: if own { spec.channel.clone() } else { self.prefix.map(str::to_owned) },
            version: version.to_owned(),
            ..MatchSpec::named(name)
        }
    }

    fn pytorch(
        &mut self,
        item: &SpecLine,
        spec: &MatchSpec,
        scope: &[(&PlatformTarget<'m>, &Choice<'m>)],
    ) -> (Vec<MatchSpec>, ChangeReason) {
        let entry = Entry::of(scope);
        let name = entry.name(&spec.name);
        // `pytorch` beside `pytorch-gpu`: one line is enough.
        let line = (name, item.platforms.clone());
        if self.named.contains(&line) && spec.constraint().is_none() {
            return (Vec::new(), ChangeReason::NotNeeded);
        }
        self.named.push(line);
        let named = |version: &str, build: Option<String>| MatchSpec {
            build,
            ..self.fresh(spec, name, version)
        };
        let newest = scope.iter().map(|(_, choice)| choice.build.pytorch).max();
        let gives = newest.unwrap_or(FLOOR);
        let constraint = spec.constraint();
        let kept = constraint.as_ref().filter(|constraint| {
            scope.iter().all(|(_, choice)| constraint.admits(choice.build.pytorch))
        });
        let build = entry.build();
        let (version, why) = match (&constraint, kept) {
            (Some(_), None) if build.is_some() => (format!("={gives}"), ChangeReason::Nearest),
            (Some(_), None) => (spec.restyled(gives), ChangeReason::Nearest),
            (Some(_), Some(kept)) if build.is_some() && kept.pin().is_some() => {
                (format!("={gives}"), ChangeReason::NamedBuild)
            }
            (Some(_), Some(_)) if build.is_some() => {
                (spec.version.clone(), ChangeReason::NamedBuild)
            }
            (Some(_), Some(_)) if spec.build.is_some() => {
                (spec.version.clone(), ChangeReason::OtherBuilds)
            }
            (Some(_), Some(_)) => (spec.version.clone(), ChangeReason::FailsLoudly),
            (None, _) if build.is_some() => (format!("={gives}"), ChangeReason::NamedBuild),
            (None, _) => (self.floor(&entry, gives), ChangeReason::FailsLoudly),
        };
        let why = if why == ChangeReason::FailsLoudly && name != "pytorch-gpu" {
            ChangeReason::OldChannel
        } else {
            why
        };
        let mut fresh = vec![named(&version, build)];
        // What chooses CUDA needs a line of its own, and there is none.
        let pin = pin(scope).filter(|_| entry.all_cuda);
        if let Some(pin) =
            pin.filter(|_| !scope.iter().any(|(target, _)| target.requested.has_cuda_pin))
        {
            fresh.push(MatchSpec {
                channel: fresh[0].channel.clone(),
                ..MatchSpec::version("cuda-version", pin)
            });
        }
        (fresh, why)
    }

    /// What is said of a version that nobody named.
    fn floor(&self, entry: &Entry, gives: Version) -> String {
        let floor = entry.all_cuda && entry.metapackage && self.syntax.floors && gives >= FLOOR;
        if floor { format!(">={FLOOR}") } else { String::new() }
    }

    fn companion(
        &self,
        spec: &MatchSpec,
        package: Companion,
        scope: &[(&PlatformTarget<'m>, &Choice<'m>)],
    ) -> (Vec<MatchSpec>, ChangeReason) {
        let plain = |version: &str| vec![self.fresh(spec, &spec.name, version)];
        let why =
            if spec.build.is_some() { ChangeReason::OtherBuilds } else { ChangeReason::OldChannel };
        let Some(constraint) = spec.constraint() else { return (plain(""), why) };
        let goes = |(target, choice): &(&PlatformTarget<'m>, &Choice<'m>)| {
            let series = choice.build.pytorch.series();
            let cuda = choice.build.is_cuda();
            target.matrix.companions.iter().any(|row| {
                row.package == package
                    && row.subdir == target.subdir
                    && row.pytorch == series
                    && row.accelerator.cuda().is_some() == cuda
                    && constraint.admits(row.version)
            })
        };
        let versions = scope.iter().filter_map(|(_, choice)| companion_version(choice, package));
        match versions.min() {
            Some(version) if !scope.iter().all(goes) => {
                (plain(&spec.restyled(version)), ChangeReason::GoesWith)
            }
            Some(_) | None => (plain(&spec.version), why),
        }
    }

    fn cuda_pin(
        &mut self,
        item: &SpecLine,
        spec: &MatchSpec,
        scope: &[(&PlatformTarget<'m>, &Choice<'m>)],
    ) -> Option<(Vec<MatchSpec>, ChangeReason)> {
        let Some(pin) = pin(scope) else { return Some((Vec::new(), ChangeReason::NotNeeded)) };
        if self.pinned.contains(&item.platforms) || self.pinned.contains(&None) {
            return Some((Vec::new(), ChangeReason::CudaVersion));
        }
        self.pinned.push(item.platforms.clone());
        let version =
            MatchSpec { version: format!("={pin}"), ..self.fresh(spec, "cuda-version", "") };
        let admitted = || {
            let admits = |pin: CudaVersion| {
                let version = Version::new(&[pin.major, pin.minor]);
                spec.constraint().is_some_and(|constraint| constraint.admits(version))
            };
            spec.name == "cuda-version" && admits(pin)
        };
        if admitted() {
            return None;
        }
        let entry = Entry::of(scope);
        if !scope.iter().all(|(target, _)| target.requested.names_pytorch) {
            let choice = scope.first()?.1;
            let build = entry.build();
            let version_of = match &build {
                Some(_) => format!("={}", choice.build.pytorch),
                None => self.floor(&entry, choice.build.pytorch),
            };
            let torch = MatchSpec { build, ..self.fresh(spec, entry.name("pytorch"), &version_of) };
            return Some((vec![torch, version], ChangeReason::CudaVersion));
        }
        Some((vec![version], ChangeReason::CudaVersion))
    }

    fn cpu_only(
        &self,
        scope: &[(&PlatformTarget<'m>, &Choice<'m>)],
    ) -> (Vec<MatchSpec>, ChangeReason) {
        let spec = MatchSpec::default();
        if scope.iter().all(|(_, choice)| choice.build.metapackage) {
            return (vec![self.fresh(&spec, "pytorch-cpu", "")], ChangeReason::PytorchCpu);
        }
        let named = scope.iter().all(|(target, _)| target.requested.names_pytorch);
        let fresh = scope.first().filter(|_| !named).map(|(_, choice)| MatchSpec {
            build: Some("cpu*".to_owned()),
            ..self.fresh(&spec, "pytorch", &format!("={}", choice.build.pytorch))
        });
        let why = if fresh.is_some() { ChangeReason::NamedBuild } else { ChangeReason::NotNeeded };
        (fresh.into_iter().collect(), why)
    }

    /// A package of NVIDIA's channel. Of CUDA 11 and older conda-forge has no such packages: they stay.
    fn toolkit(
        &self,
        spec: &MatchSpec,
        scope: &[(&PlatformTarget<'m>, &Choice<'m>)],
        has_cuda_version: bool,
    ) -> Option<(Vec<MatchSpec>, ChangeReason)> {
        let from_nvidia = spec.channel.as_deref().map(ChannelKind::of) == Some(ChannelKind::Nvidia);
        let pin = pin(scope)?;
        if !from_nvidia && spec.version.is_empty() || pin < CudaVersion::new(12, 0) {
            return None;
        }
        let version = if spec.version.is_empty() || !has_cuda_version {
            String::new()
        } else {
            spec.restyled(pin).replace("==", "=")
        };
        Some((vec![self.fresh(spec, &spec.name, &version)], ChangeReason::FollowsCuda))
    }
}

/// The pin of `cuda-version` for all platforms of a line.
fn pin(scope: &[(&PlatformTarget<'_>, &Choice<'_>)]) -> Option<CudaVersion> {
    scope.iter().find_map(|(_, choice)| choice.cuda_version)
}

/// How PyTorch is asked for on all platforms of a line.
#[expect(clippy::struct_excessive_bools, reason = "four facts, each by itself")]
struct Entry {
    all_cuda: bool,
    all_cpu: bool,
    metapackage: bool,
    cpu_line: bool,
    /// `cuda120`, where it is the same everywhere.
    prefix: Option<String>,
}

impl Entry {
    fn of(scope: &[(&PlatformTarget<'_>, &Choice<'_>)]) -> Self {
        let all = |test: &dyn Fn(&PlatformTarget<'_>, &Choice<'_>) -> bool| {
            scope.iter().all(|(target, choice)| test(target, choice))
        };
        let mut prefixes: Vec<String> =
            scope.iter().map(|(_, choice)| choice.build.accelerator.build_prefix()).collect();
        prefixes.dedup();
        Self {
            all_cuda: all(&|_, choice| choice.build.is_cuda()),
            all_cpu: all(&|target, choice| {
                choice.build.accelerator == Accelerator::Cpu
                    && target.device() == RequestedAccelerator::Cpu
            }),
            metapackage: all(&|_, choice| choice.build.metapackage),
            cpu_line: scope.iter().any(|(target, _)| target.requested.has_cpu_only),
            prefix: prefixes.pop().filter(|_| prefixes.is_empty()),
        }
    }

    fn name(&self, old: &str) -> &'static str {
        match old {
            _ if !self.metapackage => "pytorch",
            _ if self.all_cuda => "pytorch-gpu",
            "pytorch-cpu" => "pytorch-cpu",
            _ if self.all_cpu && !self.cpu_line => "pytorch-cpu",
            _ => "pytorch",
        }
    }

    /// The glob over the build string, where no metapackage leads there.
    fn build(&self) -> Option<String> {
        let needed = (self.all_cuda || self.all_cpu) && !self.metapackage;
        self.prefix.as_ref().filter(|_| needed).map(|prefix| format!("{prefix}*"))
    }
}
