//! The edit to one package line.

use crate::conda::{ChannelKind, Constraint, MatchSpec, Subdir, Version};
use crate::resolve::RequestedAccelerator;
use crate::types::{Accelerator, Companion, CudaVersion};

use super::environment_spec::SpecLine;
use super::file_migration::{ChangeReason, LineChange};
use super::packages::{PackageRole, is_from, is_old, role};
use super::target::ChosenBuild;

/// The first PyTorch that the old channel does not have. A file without a version wants no older one: a
/// solve that something else limits must fail instead of installing it.
const FLOOR: Version = Version::new(&[2, 6]);

type NewSpecs = (Vec<MatchSpec>, ChangeReason);

/// The builds on the platforms of a line.
type Scope<'a, 'm> = [&'a ChosenBuild<'m>];

/// What only later lists of an environment have: by then it has the Python and the builds of another choice.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LaterLists {
    /// PyTorch, after one of its companions.
    pub pytorch: bool,
    /// What selects CUDA.
    pub cuda: bool,
}

pub(super) struct PackageEditor<'a, 'm> {
    pub builds: Vec<&'a ChosenBuild<'m>>,
    /// The channel that every spec names, if the file has no list of channels.
    pub channel: Option<&'static str>,
    pub has_floors: bool,
    /// Whether the list itself names PyTorch.
    pub names_pytorch: bool,
    pub later: LaterLists,
    /// The platforms of the lines that have become `cuda-version`.
    pub cuda_pins: Vec<Option<Vec<Subdir>>>,
    /// The names and platforms of the lines that have become PyTorch.
    pub pytorch_lines: Vec<(&'static str, Option<Vec<Subdir>>)>,
}

impl<'m> PackageEditor<'_, 'm> {
    /// The specs that replace a line, and the change to report; `None` if it stays.
    pub(super) fn edit(&mut self, line: &SpecLine) -> Option<(Vec<MatchSpec>, LineChange)> {
        let spec = line.spec.as_ref()?;
        let scope = self.builds.iter().copied();
        let scope = scope.filter(|build| line.applies_to(build.target.subdir));
        let scope: &Scope<'_, 'm> = &scope.collect::<Vec<_>>();
        let role = role(spec);
        let (new, why) = match role {
            PackageRole::NotNeeded => (Vec::new(), ChangeReason::NOT_NEEDED),
            PackageRole::CpuOnly if scope.is_empty() => (Vec::new(), ChangeReason::NOT_NEEDED),
            PackageRole::Magma => (vec![self.spec(spec, "magma", "")], ChangeReason::OLD_CHANNEL),
            PackageRole::Renamed(name) => {
                (vec![self.spec(spec, name, &spec.version)], ChangeReason::OTHER_NAME)
            }
            PackageRole::Toolkit | PackageRole::ToolkitLibrary => {
                self.toolkit(spec, scope, role == PackageRole::Toolkit)?
            }
            PackageRole::Pytorch if !scope.is_empty() => self.pytorch(line, spec, scope),
            PackageRole::Companion(package) if !scope.is_empty() => {
                self.companion(spec, package, scope)
            }
            PackageRole::CudaPin if !scope.is_empty() => self.cuda_pin(line, spec, scope)?,
            PackageRole::CpuOnly => self.cpu_only(scope),
            PackageRole::Pytorch
            | PackageRole::Companion(_)
            | PackageRole::CudaPin
            | PackageRole::NotThere
            | PackageRole::Extension
            | PackageRole::Python
            | PackageRole::Tied
            | PackageRole::Other => {
                let new = is_old(spec).then(|| self.spec(spec, &spec.name, &spec.version))?;
                (vec![new], ChangeReason::OLD_CHANNEL)
            }
        };
        let after: Vec<String> = new.iter().map(MatchSpec::to_string).collect();
        if new == [spec.clone()] || after == [line.text.clone()] {
            return None;
        }
        let change = LineChange { line: line.line, before: line.text.clone(), after, why };
        Some((new, change))
    }

    /// A spec for conda-forge instead of an old one.
    fn spec(&self, old: &MatchSpec, name: &str, version: &str) -> MatchSpec {
        let own = old.channel.clone().filter(|_| is_from(old, ChannelKind::CondaForge));
        MatchSpec {
            channel: own.or(self.channel.map(str::to_owned)),
            version: version.to_owned(),
            ..MatchSpec::named(name)
        }
    }

    fn pytorch(&mut self, line: &SpecLine, spec: &MatchSpec, scope: &Scope<'_, 'm>) -> NewSpecs {
        let PytorchForm { name, version, build, gives, all_cuda } =
            PytorchForm::new(scope, &spec.name, self.has_floors);
        let constraint = spec.constraint();
        let names_build = build.is_some();
        // `pytorch` beside `pytorch-gpu`: one line is enough.
        let named = (name, line.platforms.clone());
        if self.pytorch_lines.contains(&named) {
            if constraint.is_none() {
                return (Vec::new(), ChangeReason::NOT_NEEDED);
            }
        } else {
            self.pytorch_lines.push(named);
        }
        let admits_all = |constraint: &Constraint| {
            scope.iter().all(|build| constraint.admits(build.choice.build.pytorch))
        };
        let renamed = if name == "pytorch-gpu" {
            ChangeReason::FAILS_LOUDLY
        } else {
            ChangeReason::OLD_CHANNEL
        };
        let (version, why) = match &constraint {
            Some(constraint) if !admits_all(constraint) => {
                (spec.restyled(gives), ChangeReason::NEAREST)
            }
            Some(constraint) if build.is_some() && constraint.pin().is_some() => {
                (format!("={gives}"), ChangeReason::NAMED_BUILD)
            }
            Some(_) if build.is_some() => (spec.version.clone(), ChangeReason::NAMED_BUILD),
            Some(_) if spec.build.is_some() => (spec.version.clone(), ChangeReason::OTHER_BUILDS),
            Some(_) => (spec.version.clone(), renamed),
            None if build.is_some() => (version, ChangeReason::NAMED_BUILD),
            None => (version, renamed),
        };
        let mut new = vec![MatchSpec { build, ..self.spec(spec, name, &version) }];
        // CUDA has no line of its own yet.
        let has_cuda_pin = scope.iter().any(|build| build.target.requested.has_cuda_pin);
        let needs_pin = all_cuda && (!has_cuda_pin || self.later.cuda && !names_build);
        if let Some(pin) = cuda_pin(scope).filter(|_| needs_pin) {
            new.push(self.spec(spec, "cuda-version", &format!("={pin}")));
        }
        (new, why)
    }

    fn companion(&self, spec: &MatchSpec, package: Companion, scope: &Scope<'_, 'm>) -> NewSpecs {
        let name = spec.name.split('-').next().unwrap_or_default();
        let named = |version: &str| vec![self.spec(spec, name, version)];
        let has_build = spec.build.is_some();
        let why = if has_build { ChangeReason::OTHER_BUILDS } else { ChangeReason::OLD_CHANNEL };
        let Some(constraint) = spec.constraint() else { return (named(""), why) };
        let fits = |ChosenBuild { target, choice }: &&ChosenBuild<'_>| {
            target.matrix.companions.iter().any(|row| {
                row.package == package
                    && row.subdir == target.subdir
                    && row.pytorch == choice.build.pytorch.series()
                    && row.accelerator.cuda().is_some() == choice.build.is_cuda()
                    && constraint.admits(row.version)
            })
        };
        let rows = scope.iter().flat_map(|build| &build.choice.companions);
        let versions = rows.filter(|row| row.package == package).map(|row| row.version);
        match versions.min() {
            Some(version) if !scope.iter().all(fits) => {
                (named(&spec.restyled(version)), ChangeReason::GOES_WITH)
            }
            Some(_) | None => (named(&spec.version), why),
        }
    }

    fn cuda_pin(
        &mut self,
        line: &SpecLine,
        spec: &MatchSpec,
        scope: &Scope<'_, 'm>,
    ) -> Option<NewSpecs> {
        let Some(pin) = cuda_pin(scope) else {
            return Some((Vec::new(), ChangeReason::NOT_NEEDED));
        };
        if self.cuda_pins.contains(&line.platforms) || self.cuda_pins.contains(&None) {
            return Some((Vec::new(), ChangeReason::CUDA_VERSION));
        }
        self.cuda_pins.push(line.platforms.clone());
        let pinned = Version::new(&[pin.major, pin.minor]);
        if spec.name == "cuda-version"
            && spec.constraint().is_some_and(|constraint| constraint.admits(pinned))
        {
            return None;
        }
        let mut new = Vec::new();
        let names_pytorch = scope.iter().all(|build| build.target.requested.names_pytorch);
        if self.later.pytorch || !names_pytorch {
            let form = PytorchForm::new(scope, "pytorch", self.has_floors);
            let pytorch = self.spec(spec, form.name, &form.version);
            new.push(MatchSpec { build: form.build, ..pytorch });
        }
        new.push(self.spec(spec, "cuda-version", &format!("={pin}")));
        Some((new, ChangeReason::CUDA_VERSION))
    }

    fn cpu_only(&self, scope: &Scope<'_, 'm>) -> NewSpecs {
        let spec = |name, version: &str| self.spec(&MatchSpec::default(), name, version);
        if scope.iter().all(|build| build.choice.build.metapackage) {
            return (vec![spec("pytorch-cpu", "")], ChangeReason::OTHER_NAME);
        }
        // A command of its own would be left without packages.
        let names_pytorch =
            self.names_pytorch && scope.iter().all(|build| build.target.requested.names_pytorch);
        match scope.first().filter(|_| !names_pytorch) {
            Some(ChosenBuild { choice, .. }) => {
                let own = choice.build.pytorch;
                let is_one = scope.iter().all(|build| build.choice.build.pytorch == own);
                let version = if is_one { format!("={own}") } else { String::new() };
                let pytorch = spec("pytorch", &version);
                let build = Some("cpu*".to_owned());
                (vec![MatchSpec { build, ..pytorch }], ChangeReason::NAMED_BUILD)
            }
            None => (Vec::new(), ChangeReason::NOT_NEEDED),
        }
    }

    /// A package of NVIDIA's channel. conda-forge has none for CUDA 11 and older: those stay.
    fn toolkit(
        &self,
        spec: &MatchSpec,
        scope: &Scope<'_, 'm>,
        has_cuda_version: bool,
    ) -> Option<NewSpecs> {
        let pin = cuda_pin(scope).filter(|pin| pin.major >= 12)?;
        if !is_from(spec, ChannelKind::Nvidia) && spec.version.is_empty() {
            return None;
        }
        let version = if spec.version.is_empty() || !has_cuda_version {
            String::new()
        } else {
            format!("={pin}")
        };
        Some((vec![self.spec(spec, &spec.name, &version)], ChangeReason::FOLLOWS_CUDA))
    }
}

/// The pin of `cuda-version` for all platforms of a line.
fn cuda_pin(scope: &Scope<'_, '_>) -> Option<CudaVersion> {
    scope.iter().find_map(|build| build.choice.cuda_version)
}

struct PytorchForm {
    name: &'static str,
    /// The version, if the line has none.
    version: String,
    /// The glob over the build string, if no metapackage selects the build.
    build: Option<String>,
    gives: Version,
    all_cuda: bool,
}

impl PytorchForm {
    fn new(scope: &Scope<'_, '_>, old_name: &str, has_floors: bool) -> Self {
        let all_cuda = scope.iter().all(|build| build.choice.build.is_cuda());
        let all_cpu = scope.iter().all(|ChosenBuild { target, choice }| {
            choice.build.accelerator == Accelerator::Cpu
                && target.device() == RequestedAccelerator::Cpu
        });
        let metapackage = scope.iter().all(|build| build.choice.build.metapackage);
        let requested = || scope.iter().map(|build| &build.target.requested);
        let has_cpu_only = requested().any(|it| it.has_cpu_only || it.has_cpu_name);
        let name = match old_name {
            _ if !metapackage => "pytorch",
            _ if all_cuda => "pytorch-gpu",
            "pytorch-cpu" => "pytorch-cpu",
            _ if all_cpu && !has_cpu_only => "pytorch-cpu",
            _ => "pytorch",
        };
        let mut prefixes: Vec<String> =
            scope.iter().map(|build| build.choice.build.accelerator.build_prefix()).collect();
        prefixes.dedup();
        let build = match prefixes.as_slice() {
            [prefix] if (all_cuda || all_cpu) && !metapackage => Some(format!("{prefix}*")),
            _ => None,
        };
        let newest = scope.iter().map(|build| build.choice.build.pytorch).max();
        let gives = newest.unwrap_or(FLOOR);
        let version = if build.is_some() {
            format!("={gives}")
        } else if all_cuda && metapackage && has_floors && gives >= FLOOR {
            format!(">={FLOOR}")
        } else {
            String::new()
        };
        Self { name, version, build, gives, all_cuda }
    }
}
