//! What becomes of one package, once it is settled what the file ends on.

use crate::conda::{ChannelKind, Subdir, Version};
use crate::resolve::{Choice, RequestedAccelerator};
use crate::types::{Accelerator, Companion, CudaVersion};

use super::facts::{Change, Why};
use super::packages::{Role, is_old, role};
use super::section::{Dialect, Fate, Item};
use super::settle::{Settled, companion_version};
use super::spec::{Fresh, Written};
use super::target::Aim;

/// The first PyTorch that the old channel never had: what is older is not meant by who names none.
/// A solver that is held by something else fails then, in place of giving that.
const FLOOR: Version = Version::new(&[2, 6]);

/// Decides line by line; the lines of a section in order.
pub(super) struct Fates<'a, 'm> {
    settled: Option<&'a Settled<'m>>,
    aims: &'a [Aim<'m>],
    prefix: Option<&'static str>,
    dialect: Dialect,
    /// The scopes of the lines that have become `cuda-version`.
    pinned: Vec<Option<Vec<Subdir>>>,
    /// The names and scopes of the lines that have become PyTorch.
    named: Vec<(&'static str, Option<Vec<Subdir>>)>,
}

impl<'a, 'm> Fates<'a, 'm> {
    pub(super) fn new(
        settled: Option<&'a Settled<'m>>,
        aims: &'a [Aim<'m>],
        prefix: Option<&'static str>,
        dialect: Dialect,
    ) -> Self {
        Self { settled, aims, prefix, dialect, pinned: Vec::new(), named: Vec::new() }
    }

    /// What becomes of a line, and the change to tell, if it is one.
    pub(super) fn of(&mut self, item: &Item) -> (Fate, Option<Change>) {
        let Some(spec) = &item.spec else { return (Fate::Keep, None) };
        let scope: Vec<(&Aim<'m>, &Choice<'m>)> = self.scope(item);
        let decided = match role(spec) {
            Role::Pytorch if !scope.is_empty() => Some(self.pytorch(item, spec, &scope)),
            Role::Companion(package) if !scope.is_empty() => {
                Some(self.companion(spec, package, &scope))
            }
            Role::CudaPin if !scope.is_empty() => self.cuda_pin(item, spec, &scope),
            Role::CpuOnly if !scope.is_empty() => Some(self.cpu_only(&scope)),
            Role::CpuOnly | Role::NotNeeded => Some((Vec::new(), Why::NotNeeded)),
            Role::Magma => Some((vec![self.fresh(spec, "magma", "")], Why::OldChannel)),
            Role::Toolkit => self.toolkit(spec, &scope, true),
            Role::ToolkitLibrary => self.toolkit(spec, &scope, false),
            Role::Pytorch
            | Role::Companion(_)
            | Role::CudaPin
            | Role::Extension
            | Role::Python
            | Role::Tied
            | Role::Other => is_old(spec)
                .then(|| (vec![self.fresh(spec, &spec.name, &spec.version)], Why::OldChannel)),
        };
        let Some((fresh, why)) = decided else { return (Fate::Keep, None) };
        let after: Vec<String> = fresh.iter().map(Fresh::text).collect();
        let same = |fresh: &Fresh| {
            fresh.text() == item.text
                || fresh.name == spec.name
                    && fresh.version == spec.version
                    && fresh.build == spec.build
                    && fresh.channel == spec.channel.as_deref()
        };
        if let [only] = fresh.as_slice()
            && same(only)
        {
            return (Fate::Keep, None);
        }
        let change = Change { line: item.line, before: item.text.clone(), after, why };
        (Fate::Become(fresh), Some(change))
    }

    /// The platforms that a line is for, with what is wanted and what was chosen there.
    fn scope(&self, item: &Item) -> Vec<(&'a Aim<'m>, &'a Choice<'m>)> {
        let Some(settled) = self.settled else { return Vec::new() };
        let held = self.aims.iter().filter(|aim| item.holds_on(aim.subdir));
        held.filter_map(|aim| Some((aim, settled.on(aim.subdir)?))).collect()
    }

    /// A spec from conda-forge: with its channel where the file names no channels, or did so itself.
    fn fresh(&self, spec: &Written, name: &str, version: &str) -> Fresh {
        let own = spec.channel.as_deref().map(ChannelKind::of) == Some(ChannelKind::CondaForge);
        Fresh {
            channel: if own { Some("conda-forge") } else { self.prefix },
            version: version.to_owned(),
            ..Fresh::named(name)
        }
    }

    fn pytorch(
        &mut self,
        item: &Item,
        spec: &Written,
        scope: &[(&Aim<'m>, &Choice<'m>)],
    ) -> (Vec<Fresh>, Why) {
        let entry = Entry::of(scope);
        let name = entry.name(&spec.name);
        // `pytorch` beside `pytorch-gpu`: one line is enough.
        let line = (name, item.platforms.clone());
        if self.named.contains(&line) && spec.constraint.is_none() {
            return (Vec::new(), Why::NotNeeded);
        }
        self.named.push(line);
        let named = |version: &str, build: Option<String>| Fresh {
            build,
            ..self.fresh(spec, name, version)
        };
        let newest = scope.iter().map(|(_, choice)| choice.build.pytorch).max();
        let gives = newest.unwrap_or(FLOOR);
        let kept = spec.constraint.as_ref().filter(|constraint| {
            scope.iter().all(|(_, choice)| constraint.admits(choice.build.pytorch))
        });
        let build = entry.build();
        let (version, why) = match (&spec.constraint, kept) {
            (Some(_), None) => (spec.restyled(&gives.to_string()), Why::Nearest),
            (Some(_), Some(kept)) if build.is_some() && kept.is_pin() => {
                (format!("={gives}"), Why::NamedBuild)
            }
            (Some(_), Some(_)) if build.is_some() => (spec.version.clone(), Why::NamedBuild),
            (Some(_), Some(_)) if spec.build.is_some() => (spec.version.clone(), Why::OtherBuilds),
            (Some(_), Some(_)) => (spec.version.clone(), Why::FailsLoudly),
            (None, _) if build.is_some() => (format!("={gives}"), Why::NamedBuild),
            (None, _) => (self.floor(&entry, gives), Why::FailsLoudly),
        };
        let why =
            if why == Why::FailsLoudly && name != "pytorch-gpu" { Why::OldChannel } else { why };
        let version = match &build {
            Some(_) if version.starts_with([' ', '=']) => {
                format!("={}", version.trim_start_matches([' ', '=']))
            }
            Some(_) | None => version.trim_start().to_owned(),
        };
        let mut fresh = vec![named(&version, build)];
        // What chooses CUDA needs a line of its own, and there is none.
        let pin = pin(scope).filter(|_| entry.all_cuda);
        if let Some(pin) = pin.filter(|_| !scope.iter().any(|(aim, _)| aim.wanted.has_cuda_pin)) {
            fresh.push(Fresh { channel: fresh[0].channel, ..Fresh::pinned("cuda-version", pin) });
        }
        (fresh, why)
    }

    /// What is said of a version that nobody named.
    fn floor(&self, entry: &Entry, gives: Version) -> String {
        let floor = entry.all_cuda && entry.metapackage && self.dialect.floors && gives >= FLOOR;
        if floor { format!(">={FLOOR}") } else { String::new() }
    }

    fn companion(
        &self,
        spec: &Written,
        package: Companion,
        scope: &[(&Aim<'m>, &Choice<'m>)],
    ) -> (Vec<Fresh>, Why) {
        let plain = |version: &str| vec![self.fresh(spec, &spec.name, version.trim_start())];
        let why = if spec.build.is_some() { Why::OtherBuilds } else { Why::OldChannel };
        let Some(constraint) = &spec.constraint else { return (plain(""), why) };
        let goes = |(aim, choice): &(&Aim<'m>, &Choice<'m>)| {
            let series = choice.build.pytorch.series();
            let cuda = choice.build.is_cuda();
            aim.matrix.companions.iter().any(|row| {
                row.package == package
                    && row.subdir == aim.subdir
                    && row.pytorch == series
                    && row.accelerator.cuda().is_some() == cuda
                    && constraint.admits(row.version)
            })
        };
        let versions = scope.iter().filter_map(|(_, choice)| companion_version(choice, package));
        match versions.min() {
            Some(version) if !scope.iter().all(goes) => {
                (plain(&spec.restyled(&version.to_string())), Why::GoesWith)
            }
            Some(_) | None => (plain(&spec.version), why),
        }
    }

    fn cuda_pin(
        &mut self,
        item: &Item,
        spec: &Written,
        scope: &[(&Aim<'m>, &Choice<'m>)],
    ) -> Option<(Vec<Fresh>, Why)> {
        let Some(pin) = pin(scope) else { return Some((Vec::new(), Why::NotNeeded)) };
        if self.pinned.contains(&item.platforms) || self.pinned.contains(&None) {
            return Some((Vec::new(), Why::CudaVersion));
        }
        self.pinned.push(item.platforms.clone());
        let version = Fresh { version: format!("={pin}"), ..self.fresh(spec, "cuda-version", "") };
        let admitted = || {
            let admits = |pin: CudaVersion| {
                let version = Version::new(&[pin.major, pin.minor]);
                spec.constraint.as_ref().is_some_and(|constraint| constraint.admits(version))
            };
            spec.name == "cuda-version" && admits(pin)
        };
        if admitted() {
            return None;
        }
        let entry = Entry::of(scope);
        if !scope.iter().all(|(aim, _)| aim.wanted.names_pytorch) {
            let choice = scope.first()?.1;
            let build = entry.build();
            let version_of = match &build {
                Some(_) => format!("={}", choice.build.pytorch),
                None => self.floor(&entry, choice.build.pytorch),
            };
            let torch = Fresh { build, ..self.fresh(spec, entry.name("pytorch"), &version_of) };
            return Some((vec![torch, version], Why::CudaVersion));
        }
        Some((vec![version], Why::CudaVersion))
    }

    fn cpu_only(&self, scope: &[(&Aim<'m>, &Choice<'m>)]) -> (Vec<Fresh>, Why) {
        let spec = Written::default();
        if scope.iter().all(|(_, choice)| choice.build.metapackage) {
            return (vec![self.fresh(&spec, "pytorch-cpu", "")], Why::PytorchCpu);
        }
        let named = scope.iter().all(|(aim, _)| aim.wanted.names_pytorch);
        let fresh = scope.first().filter(|_| !named).map(|(_, choice)| Fresh {
            build: Some("cpu*".to_owned()),
            ..self.fresh(&spec, "pytorch", &format!("={}", choice.build.pytorch))
        });
        let why = if fresh.is_some() { Why::NamedBuild } else { Why::NotNeeded };
        (fresh.into_iter().collect(), why)
    }

    /// A package of NVIDIA's channel. Of CUDA 11 and older conda-forge has no such packages: they stay.
    fn toolkit(
        &self,
        spec: &Written,
        scope: &[(&Aim<'m>, &Choice<'m>)],
        has_cuda_version: bool,
    ) -> Option<(Vec<Fresh>, Why)> {
        let from_nvidia = spec.channel.as_deref().map(ChannelKind::of) == Some(ChannelKind::Nvidia);
        let pin = pin(scope)?;
        if !from_nvidia && spec.version.is_empty() || pin < CudaVersion::new(12, 0) {
            return None;
        }
        let version = if spec.version.is_empty() || !has_cuda_version {
            String::new()
        } else {
            spec.restyled(&pin.to_string()).trim_start().replace("==", "=")
        };
        Some((vec![self.fresh(spec, &spec.name, &version)], Why::FollowsCuda))
    }
}

/// The pin of `cuda-version` for all platforms of a line.
fn pin(scope: &[(&Aim<'_>, &Choice<'_>)]) -> Option<CudaVersion> {
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
    fn of(scope: &[(&Aim<'_>, &Choice<'_>)]) -> Self {
        let all = |test: &dyn Fn(&Aim<'_>, &Choice<'_>) -> bool| {
            scope.iter().all(|(aim, choice)| test(aim, choice))
        };
        let mut prefixes: Vec<String> =
            scope.iter().map(|(_, choice)| choice.build.accelerator.build_prefix()).collect();
        prefixes.dedup();
        Self {
            all_cuda: all(&|_, choice| choice.build.is_cuda()),
            all_cpu: all(&|aim, choice| {
                choice.build.accelerator == Accelerator::Cpu
                    && aim.device() == RequestedAccelerator::Cpu
            }),
            metapackage: all(&|_, choice| choice.build.metapackage),
            cpu_line: scope.iter().any(|(aim, _)| aim.wanted.has_cpu_only),
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
