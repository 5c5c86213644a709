//! Decides the edits to every channel and package of a file.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use crate::conda::{ChannelKind, MatchSpec, Subdir, sibling};
use crate::matrix::{DriverFamily, Matrix};
use crate::types::CudaVersion;

use super::environment_spec::{
    ChannelLine, Edit, EnvironmentEdits, EnvironmentSpec, FileEdits, SpecLine,
};
use super::file_migration::{ChangeReason, FileError, FileNote, LineChange, check_size};
use super::package_edit::PackageEditor;
use super::packages::{PackageRole, is_old};
use super::requested_specs::RequestedSpecs;
use super::target::{Advices, ChosenBuild, PlatformTarget, Target, choose};

/// Channels whose packages are built for the old channel's PyTorch.
const CHANNELS_FOR_PYTORCH: [&str; 5] = ["pyg", "xformers", "pytorch3d", "dglteam", "fastchan"];

/// The most lines with exact builds in a file written by hand; `conda env export` writes more.
const PINNED_BY_HAND: usize = 4;

/// Decides the edits. A file without a sign of the old channel stays as it is.
pub(super) fn plan_edits<'m>(
    environments: &[EnvironmentSpec],
    target: Target<'_>,
    matrix: &'m Matrix,
    decisions: &mut Decisions<'m>,
    edits: &mut FileEdits,
) -> Result<(), FileError> {
    if !environments.iter().any(names_old_channel) {
        edits.environments.extend(environments.iter().map(|spec| EnvironmentEdits {
            channels: vec![None; spec.channels.len()],
            specs: vec![None; spec.specs.len()],
            ..EnvironmentEdits::default()
        }));
        return Ok(());
    }
    let is_toolkit =
        |line: &SpecLine| matches!(line.role(), PackageRole::Toolkit | PackageRole::ToolkitLibrary);
    let kept = Kept {
        nvidia: environments.iter().any(|spec| spec.specs.iter().any(is_toolkit)),
        defaults: environments.iter().any(|spec| exported(spec).is_some()),
    };
    let parts: Vec<Part<'_>> = environments.iter().map(Part::new).collect();
    let mut lines = 0;
    for (spec, part) in environments.iter().zip(&parts) {
        let parent = spec.parent.and_then(|at| parts.get(at));
        // Many environments that build on one with many lines.
        lines += parent.map_or(0, |parent| parent.lines.len());
        check_size(lines / LINES_PER_PACKAGE)?;
        let planner = Planner { environments, spec, part, parent, kept, target, matrix };
        let environment = planner.plan(decisions, edits)?;
        edits.environments.push(environment);
    }
    Ok(())
}

fn names_old_channel(spec: &EnvironmentSpec) -> bool {
    spec.channels.iter().any(|line| ChannelKind::of(&line.name) == ChannelKind::Pytorch)
        || spec.specs.iter().filter_map(|line| line.spec.as_ref()).any(is_old)
}

/// How often the lines of an environment may be looked at for others that build on it, for each of the packages that
/// a file may have.
const LINES_PER_PACKAGE: usize = 20;

/// What an environment, or a part of one, contributes to decisions.
struct Part<'a> {
    /// The lines that a decision depends on, each once.
    lines: Vec<&'a SpecLine>,
    /// The usual platforms that single lines name.
    platforms: Vec<Subdir>,
}

impl<'a> Part<'a> {
    fn new(spec: &'a EnvironmentSpec) -> Self {
        let mut known = HashSet::new();
        let is_relevant = |line: &&SpecLine| line.role() != PackageRole::Other;
        let lines = spec.specs.iter().filter(is_relevant);
        let lines = lines.filter(|line| known.insert((&line.text, &line.platforms))).collect();
        // `# [linux]` includes aarch64, but a file without platforms rarely means it.
        let usual = [Subdir::Linux64, Subdir::OsxArm64, Subdir::Win64];
        let named = spec.specs.iter().filter_map(|line| line.platforms.as_ref()).flatten();
        let named: BTreeSet<Subdir> = named.copied().collect();
        let platforms = named.into_iter().filter(|subdir| usual.contains(subdir)).collect();
        Self { lines, platforms }
    }
}

/// Decisions that were needed before, since a file often repeats them.
#[derive(Default)]
pub(super) struct Decisions<'m> {
    known: HashMap<DecisionKey, Rc<Decision<'m>>>,
    advices: Advices<'m>,
}

/// What a decision depends on: the platforms, whether the environment is locked, and its lines.
type DecisionKey = (Vec<Subdir>, bool, Vec<(String, Option<Vec<Subdir>>)>);

/// The builds for an environment, and the notes on them.
struct Decision<'m> {
    builds: Vec<ChosenBuild<'m>>,
    notes: Vec<FileNote>,
}

/// The most lines of which is tried whether a build fits without it.
const SUSPECTS: usize = 16;

struct Planner<'a, 'm> {
    environments: &'a [EnvironmentSpec],
    spec: &'a EnvironmentSpec,
    part: &'a Part<'a>,
    /// Of the environment that it builds on.
    parent: Option<&'a Part<'a>>,
    kept: Kept,
    target: Target<'a>,
    matrix: &'m Matrix,
}

impl<'a, 'm> Planner<'a, 'm> {
    fn plan(
        &self,
        decisions: &mut Decisions<'m>,
        edits: &mut FileEdits,
    ) -> Result<EnvironmentEdits, FileError> {
        // A version that cannot be read would be lost.
        let is_unclear = |line: &&SpecLine| {
            line.role().selects_pytorch() && line.spec.as_ref().is_some_and(MatchSpec::is_unclear)
        };
        if let Some(SpecLine { line, text, .. }) = self.spec.specs.iter().find(is_unclear) {
            return Err(FileError::InvalidSpec { line: *line, text: text.clone() });
        }
        let parts = std::iter::once(self.part).chain(self.parent);
        let lines: Vec<&SpecLine> = parts.flat_map(|part| part.lines.iter().copied()).collect();
        let platforms = self.platforms(&lines, &mut edits.notes);
        let decision = self.decision(platforms, &lines, decisions)?;
        let builds = &decision.builds;
        edits.notes.extend(decision.notes.iter().cloned());
        self.note_lines(&mut edits.notes);
        let channels = self.channels(builds, edits);
        let channel = (!self.chain().any(|spec| spec.has_channels)).then_some("conda-forge");
        let mut editor = PackageEditor {
            builds,
            channel,
            has_floors: self.spec.has_floors,
            cuda_pins: Vec::new(),
            pytorch_lines: Vec::new(),
        };
        let mut specs = Vec::with_capacity(self.spec.specs.len());
        for line in &self.spec.specs {
            let (edit, change) = editor.edit(line).unzip();
            edits.changes.extend(change);
            specs.push(edit);
        }
        let needs_cuda = builds.iter().filter_map(|build| build.choice.needs_cuda).max();
        Ok(EnvironmentEdits { channels, specs, needs_cuda, declared_cuda: None })
    }

    /// The builds for the lines, or the error if there are none.
    fn decision(
        &self,
        platforms: Vec<Subdir>,
        lines: &[&SpecLine],
        decisions: &mut Decisions<'m>,
    ) -> Result<Rc<Decision<'m>>, FileError> {
        let texts = lines.iter().map(|line| (line.text.clone(), line.platforms.clone()));
        let key = (platforms, self.spec.is_locked, texts.collect());
        if let Some(known) = decisions.known.get(&key) {
            return Ok(known.clone());
        }
        let advices = &decisions.advices;
        let targets = key.0.iter().map(|subdir| self.platform_target(*subdir, lines, advices));
        let mut targets: Vec<PlatformTarget<'m>> =
            targets.filter(|target| target.requested.has_pytorch).collect();
        let choices = if targets.is_empty() { Some(Vec::new()) } else { choose(&mut targets) };
        let Some(choices) = choices else {
            return Err(self.unsatisfiable(&targets, lines, advices));
        };
        let builds = targets.into_iter().zip(choices);
        let builds: Vec<ChosenBuild<'m>> =
            builds.map(|(target, choice)| ChosenBuild { target, choice }).collect();
        let mut notes = Vec::new();
        self.note_builds(&builds, &mut notes);
        let decision = Rc::new(Decision { builds, notes });
        decisions.known.insert(key, decision.clone());
        Ok(decision)
    }

    /// The environment and the one that it builds on.
    fn chain(&self) -> impl Iterator<Item = &'a EnvironmentSpec> + use<'a, 'm> {
        let parent = self.spec.parent.and_then(|at| self.environments.get(at));
        std::iter::once(self.spec).chain(parent)
    }

    fn platforms(&self, lines: &[&SpecLine], notes: &mut Vec<FileNote>) -> Vec<Subdir> {
        if let Some(spec) = self.chain().find(|spec| !spec.platforms.is_empty()) {
            let mut known = HashSet::new();
            return spec.platforms.iter().copied().filter(|it| known.insert(*it)).collect();
        }
        let described = self.target.machine.and_then(|machine| machine.subdir.value().copied());
        if let Some(subdir) = self.target.platform.or(described) {
            return vec![subdir];
        }
        let parts = std::iter::once(self.part).chain(self.parent);
        let mut named: Vec<Subdir> = parts.flat_map(|part| &part.platforms).copied().collect();
        named.sort();
        named.dedup();
        if !named.is_empty() {
            return named;
        }
        let depends_on_platform =
            |line: &&SpecLine| !matches!(line.role(), PackageRole::Python | PackageRole::Tied);
        if lines.iter().any(depends_on_platform) {
            let message = "no platform given; assuming linux-64 (pass `--platform` to override)";
            notes.push(FileNote::of_file("platform-assumed", message.to_owned()));
        }
        vec![Subdir::Linux64]
    }

    fn platform_target(
        &self,
        subdir: Subdir,
        lines: &[&SpecLine],
        advices: &Advices<'m>,
    ) -> PlatformTarget<'m> {
        let requested = RequestedSpecs::new(lines.iter().copied(), subdir);
        PlatformTarget::new(subdir, requested, self.target, self.matrix, advices.clone())
    }

    /// Names the line that excludes every build, if one alone does.
    fn unsatisfiable(
        &self,
        targets: &[PlatformTarget<'m>],
        lines: &[&SpecLine],
        advices: &Advices<'m>,
    ) -> FileError {
        let fits = |subdir, lines: &[&SpecLine]| {
            choose(&mut [self.platform_target(subdir, lines, advices)]).is_some()
        };
        let alone = targets.iter().map(|target| target.subdir).find(|subdir| !fits(*subdir, lines));
        let subdir = alone.or(targets.first().map(|target| target.subdir));
        let subdir = subdir.unwrap_or(Subdir::Linux64);
        let may_exclude = |line: &&&SpecLine| {
            matches!(
                line.role(),
                PackageRole::Python | PackageRole::Companion(_) | PackageRole::Pytorch
            )
        };
        let excludes_all = |line: &&&SpecLine| {
            let is_other = |other: &&&SpecLine| !std::ptr::eq(**other, **line);
            let others: Vec<&SpecLine> =
                lines.iter().filter(|other| is_other(other)).copied().collect();
            fits(subdir, &others)
        };
        let suspects = lines.iter().filter(may_exclude).take(SUSPECTS);
        let culprit = suspects.into_iter().find(excludes_all);
        let is_torch = |line: &&&SpecLine| line.role().selects_pytorch();
        let line = culprit.or_else(|| lines.iter().find(is_torch)).map_or(1, |line| line.line);
        FileError::Unsatisfiable { line, subdir, without: culprit.map(|line| line.text.clone()) }
    }

    fn channels(&self, builds: &[ChosenBuild<'m>], edits: &mut FileEdits) -> Vec<Edit<String>> {
        let names: Vec<&str> = self.spec.channels.iter().map(|line| line.name.as_str()).collect();
        let pins = builds.iter().filter_map(|build| build.choice.cuda_version);
        let is_old_cuda = pins.min().is_some_and(|pin| pin < CudaVersion::new(12, 0));
        let kept = Kept { nvidia: self.kept.nvidia && is_old_cuda, ..self.kept };
        let channel_edits = channel_edits(&names, kept);
        for (ChannelLine { line, name, .. }, edit) in self.spec.channels.iter().zip(&channel_edits)
        {
            let line = *line;
            if name.to_ascii_lowercase().contains("pytorch-nightly") {
                let message = "conda-forge has releases, no nightly builds";
                edits.notes.push(FileNote::at(line, "nightly", message.to_owned()));
            }
            if CHANNELS_FOR_PYTORCH.contains(&name.as_str()) {
                let message = format!(
                    "packages from `{name}` are built for the `pytorch` channel; check whether conda-forge has them"
                );
                edits.notes.push(FileNote::at(line, "other-channel", message));
            }
            let Some(after) = edit.clone() else { continue };
            let why = match ChannelKind::of(name) {
                ChannelKind::Nvidia => ChangeReason::NVIDIA_CHANNEL,
                ChannelKind::Defaults => ChangeReason::DEFAULTS,
                ChannelKind::Other if name == NO_DEFAULTS => ChangeReason::NO_DEFAULTS,
                ChannelKind::Pytorch | ChannelKind::CondaForge | ChannelKind::Other => {
                    ChangeReason::OLD_CHANNEL
                }
            };
            edits.changes.push(LineChange { line, before: name.clone(), after, why });
        }
        channel_edits
    }

    fn note_builds(&self, builds: &[ChosenBuild<'m>], notes: &mut Vec<FileNote>) {
        for ChosenBuild { target, choice } in builds {
            let gives = choice.build.pytorch;
            let family = DriverFamily::of(target.subdir, false);
            let driver = |target: &PlatformTarget<'_>| {
                self.matrix.oldest_driver(target.requested.cuda?, family)
            };
            if let Some(requested) = target.raised_from
                && let Some(needed) = driver(target)
                && choice.build.is_cuda()
            {
                let message = format!(
                    "no build with CUDA {requested} fits; the new one needs driver {needed} or newer"
                );
                notes.push(FileNote::of_file("newer-driver-needed", message));
            }
            let newest = target.newest().map(|choice| choice.build.pytorch);
            let newer =
                newest.filter(|newest| target.requested.pytorch.is_none() && *newest > gives);
            if let Some(newest) = newer {
                let message = format!(
                    "other lines limit PyTorch to {gives} on {}; without them, {newest} is available",
                    target.subdir
                );
                notes.push(FileNote::of_file("held-back", message));
            }
            if let Some(cuda) = choice.needs_cuda.filter(|_| self.spec.is_locked) {
                let message = format!(
                    "a solve without a GPU needs `__cuda`: set it in conda-lock's `virtual-packages.yml`, or set `CONDA_OVERRIDE_CUDA` to {cuda} or newer"
                );
                notes.push(FileNote::of_file("tell-of-cuda", message));
            }
            if let Some(raised) = target.with_newer_driver()
                && let Some(cuda) = choice.cuda_version.filter(|cuda| cuda.major < 12)
                && target.requested.pytorch.is_none()
                && let Some(newer) = raised.newest()
                && let Some(driver) = driver(&raised)
            {
                let newest = newer.build.pytorch;
                let message = format!(
                    "CUDA {cuda}, kept for drivers older than {driver}, limits PyTorch to {gives}; pass `--driver {driver}` for {newest}"
                );
                notes.push(FileNote::of_file("old-cuda-kept", message));
            }
        }
    }

    fn note_lines(&self, notes: &mut Vec<FileNote>) {
        if let Some((line, count)) = exported(self.spec) {
            let message = format!(
                "{count} lines name builds of other packages, which conda-forge does not have; export with `conda env export --from-history`, or remove the builds"
            );
            notes.push(FileNote::at(line, "exported", message));
        }
        for spec_line in &self.spec.specs {
            let Some(spec) = &spec_line.spec else { continue };
            let SpecLine { line, text, .. } = spec_line;
            let role = spec_line.role();
            if role == PackageRole::Tied && !spec.version.is_empty() {
                let message = format!(
                    "`{text}` may exclude conda-forge's builds; remove its version if a solve fails"
                );
                notes.push(FileNote::at(*line, "tied-pin", message));
            } else if role == PackageRole::Extension || role == PackageRole::Other && is_old(spec) {
                let message =
                    format!("`{text}`: unknown whether conda-forge has it for this PyTorch");
                notes.push(FileNote::at(*line, "not-known", message));
            }
        }
    }
}

/// The first of the lines with builds of other packages, as `conda env export` writes them, and their number.
fn exported(spec: &EnvironmentSpec) -> Option<(usize, usize)> {
    let has_build = |line: &&SpecLine| {
        let build = line.spec.as_ref().and_then(|spec| spec.build.as_ref());
        build.is_some_and(|build| !build.contains('*'))
            && matches!(line.role(), PackageRole::Other | PackageRole::Python | PackageRole::Tied)
    };
    let lines: Vec<usize> = spec.specs.iter().filter(has_build).map(|line| line.line).collect();
    lines.first().filter(|_| lines.len() > PINNED_BY_HAND).map(|line| (*line, lines.len()))
}

/// In a list of channels: excludes conda's default channels. conda 26.7 and newer take it for the name of a
/// channel and fail, so a file for any client cannot have it.
const NO_DEFAULTS: &str = "nodefaults";

#[derive(Clone, Copy, Default)]
struct Kept {
    /// For CUDA packages of a version that conda-forge does not have.
    nvidia: bool,
    /// For pinned builds.
    defaults: bool,
}

/// The edits to a list of channels.
fn channel_edits(channels: &[&str], kept: Kept) -> Vec<Edit<String>> {
    let kinds: Vec<ChannelKind> = channels.iter().map(|channel| ChannelKind::of(channel)).collect();
    let first = |wanted: ChannelKind| kinds.iter().position(|kind| *kind == wanted);
    let forge = if kinds.contains(&ChannelKind::CondaForge) {
        None
    } else {
        first(ChannelKind::Pytorch).or(first(ChannelKind::Nvidia)).or(first(ChannelKind::Defaults))
    };
    let is_migrated = kinds.iter().any(|kind| kind.is_old_torch());
    let edit = |(at, kind): (usize, &ChannelKind)| match kind {
        ChannelKind::Other if channels[at] == NO_DEFAULTS && is_migrated => Some(Vec::new()),
        ChannelKind::CondaForge | ChannelKind::Other => None,
        _ if Some(at) == forge => {
            // On the same mirror, if the old channel is one.
            let mirror = sibling(channels[at], "conda-forge");
            let mirror = mirror.filter(|_| *kind == ChannelKind::Pytorch);
            Some(vec![mirror.unwrap_or_else(|| "conda-forge".to_owned())])
        }
        ChannelKind::Nvidia if kept.nvidia => None,
        ChannelKind::Defaults if kept.defaults => None,
        ChannelKind::Pytorch | ChannelKind::Nvidia | ChannelKind::Defaults => Some(Vec::new()),
    };
    kinds.iter().enumerate().map(edit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conda_forge_replaces_the_first_old_channel() {
        let edits = |channels: &[&str]| channel_edits(channels, Kept::default());
        let forge = || Some(vec!["conda-forge".to_owned()]);
        assert_eq!(edits(&["pytorch", "nvidia"]), [forge(), Some(Vec::new())]);
        assert_eq!(edits(&["pytorch", "conda-forge"]), [Some(Vec::new()), None]);
        assert_eq!(edits(&["pytorch", "defaults"]), [forge(), Some(Vec::new())]);
        assert_eq!(edits(&["pytorch", "nodefaults"]), [forge(), Some(Vec::new())]);
        assert_eq!(edits(&["conda-forge", "nodefaults"]), [None, None]);
        assert_eq!(
            edits(&["https://m.example/cloud/pytorch/"]),
            [Some(vec!["https://m.example/cloud/conda-forge/".to_owned()])]
        );
    }

    #[test]
    fn channels_that_are_still_needed_stay() {
        let kept = Kept { nvidia: true, defaults: true };
        let edits = channel_edits(&["pytorch", "nvidia", "defaults"], kept);
        assert_eq!(edits[1..], [None, None]);
    }
}
