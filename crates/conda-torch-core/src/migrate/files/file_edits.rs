//! Decides the edits to every channel and package of a file.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use crate::conda::{ChannelKind, MatchSpec, Subdir, Version, sibling};
use crate::matrix::{DriverFamily, Matrix};
use crate::resolve::Choice;
use crate::types::CudaVersion;

use super::super::old_packages::{is_of_defaults, replacement};
use super::environment_spec::{
    ChannelLine, Edit, Environment, FileEdits, ListEdits, PlatformForm, RunPlace, SpecLine,
    SpecList, selectors,
};
use super::file_migration::{
    Cause, CauseReason, ChangeReason, FileError, FileNote, LineChange, check_size,
};
use super::file_specs::FileSpecs;
use super::package_edit::{LaterLists, PackageEditor};
use super::packages::{PackageRole, is_of_others, is_old};
use super::pip_requirements;
use super::requested_specs::{RequestedSpecs, toolkit_before_12};
use super::target::{Advices, ChosenBuild, PlatformTarget, Target, choose};
use super::variables::has_variables;

/// Channels whose packages are built for the old channel's PyTorch.
const CHANNELS_FOR_PYTORCH: [&str; 7] =
    ["pyg", "xformers", "pytorch3d", "dglteam", "fastchan", "rusty1s", "openmmlab"];

/// The most lines with exact builds in a file written by hand; `conda env export` writes more.
const PINNED_BY_HAND: usize = 4;

/// How often the lines of a list may be looked at for the environments that it is in, for each of the packages that
/// a file may have.
const LINES_PER_PACKAGE: usize = 20;

/// Decides the edits. Environments without a sign of the old channel stay as they are: those of a session one by
/// one, of other files only all together.
pub(super) fn plan_edits(
    file: &FileSpecs,
    is_session: bool,
    target: Target<'_>,
    matrix: &Matrix,
) -> Result<FileEdits, FileError> {
    let mut edits = FileEdits::default();
    if !file.lists.iter().any(names_old_channel) {
        file.lists.iter().for_each(|list| note_kept(list, &mut edits.notes));
        edits.lists.extend(file.lists.iter().map(ListEdits::none));
        edits.failed_lists = vec![false; file.lists.len()];
        return Ok(edits);
    }
    edits.notes.extend(file.pip_notes.iter().cloned());
    let mut environments = file.environments.clone();
    let mut is_used = vec![false; file.lists.len()];
    for list in environments.iter().flat_map(|environment| &environment.lists) {
        is_used[*list] = true;
    }
    let unused = (0..file.lists.len()).filter(|list| !is_used[*list]);
    environments
        .extend(unused.map(|list| Environment { lists: vec![list], ..Environment::default() }));
    let parts: Vec<Part<'_>> = file.lists.iter().map(Part::new).collect();
    let lines = environments.iter().flat_map(|environment| &environment.lists);
    check_size(lines.map(|list| 1 + parts[*list].lines.len()).sum::<usize>() / LINES_PER_PACKAGE)?;
    let mut planner = Planner {
        file,
        environments: &environments,
        parts: &parts,
        facts: &environments
            .iter()
            .map(|it| EnvironmentFacts::of(it, file, &parts))
            .collect::<Vec<_>>(),
        is_session,
        target,
        matrix,
        decisions: Decisions::default(),
        searches: Cell::new(SEARCHES),
        decided: (0..environments.len()).map(|_| Outcome::Unaffected).collect(),
    };
    planner.decide(&mut edits);
    planner.edit(&mut edits);
    Ok(edits)
}

/// The places of the lines that have a platform's pin of `cuda-version`, or get it.
fn pin_lines<'a>(lines: impl Iterator<Item = &'a SpecLine>, subdir: Subdir) -> Vec<usize> {
    let lines: Vec<&SpecLine> = lines.filter(|line| line.applies_to(subdir)).collect();
    let places = |role: fn(PackageRole) -> bool| {
        lines.iter().filter(|line| role(line.role())).map(|line| line.at).collect::<Vec<_>>()
    };
    let pins = places(|role| role == PackageRole::CudaPin);
    if pins.is_empty() { places(|role| role == PackageRole::Pytorch) } else { pins }
}

/// Notes packages of the old channel's time in a list that stays.
fn note_kept(list: &SpecList, notes: &mut Vec<FileNote>) {
    for SpecLine { line, text, spec, .. } in &list.specs {
        let Some(spec) = spec else { continue };
        let why = match &spec.channel {
            Some(channel) if is_of_others(spec) => format!("from the channel `{channel}`"),
            _ if spec.name == "cudatoolkit" => {
                "nothing beside it is from the old channel".to_owned()
            }
            _ => continue,
        };
        notes.push(FileNote::at(*line, "kept", format!("`{text}` unchanged: {why}")));
    }
}

fn names_old_channel(list: &SpecList) -> bool {
    let is_old_name = |name: &str| {
        ChannelKind::of(name) == ChannelKind::Pytorch
            || name.starts_with("pytorch") && has_variables(name)
    };
    list.channels.iter().any(|line| is_old_name(&line.name))
        || list.specs.iter().filter_map(|line| line.spec.as_ref()).any(is_old)
}

/// What a list contributes to decisions.
struct Part<'a> {
    /// The lines that a decision depends on, each once.
    lines: Vec<&'a SpecLine>,
    /// Whether a decision can change it.
    is_edited: bool,
    /// The usual platforms that single lines name.
    platforms: Vec<Subdir>,
    names_old_channel: bool,
    /// What a migrated command would lose, with its line: all that it has, or what a variable stands for.
    lost: Option<(usize, &'a str)>,
    has_toolkit: bool,
    /// See [`exported`].
    exported: Option<(usize, usize)>,
}

impl<'a> Part<'a> {
    fn new(list: &'a SpecList) -> Self {
        let mut known = HashSet::new();
        let is_relevant = |line: &&SpecLine| line.role() != PackageRole::Other;
        let lines = list.specs.iter().filter(is_relevant);
        let lines: Vec<&SpecLine> =
            lines.filter(|line| known.insert((&line.text, &line.spec, &line.platforms))).collect();
        let is_edited = lines.iter().any(|line| line.role().is_edited());
        // `# [linux]` includes aarch64, but a file without platforms rarely means it.
        let usual = [Subdir::Linux64, Subdir::OsxArm64, Subdir::Win64];
        let named = list.specs.iter().filter_map(|line| line.platforms.as_ref()).flatten();
        let named: BTreeSet<Subdir> = named.copied().collect();
        let platforms = named.into_iter().filter(|subdir| usual.contains(subdir)).collect();
        let names_old_channel = names_old_channel(list);
        let is_toolkit = |role| matches!(role, PackageRole::Toolkit | PackageRole::ToolkitLibrary);
        Self {
            is_edited,
            platforms,
            names_old_channel,
            lost: lost(list, names_old_channel),
            has_toolkit: lines.iter().any(|line| is_toolkit(line.role())),
            exported: exported(list),
            lines,
        }
    }
}

/// What a command would lose, with its line. `is_old`: whether it names the old channel.
fn lost(list: &SpecList, is_old: bool) -> Option<(usize, &str)> {
    let is_not_needed = |line: &SpecLine| line.role() == PackageRole::NotNeeded;
    let is_emptied = !list.specs.is_empty() && list.specs.iter().all(is_not_needed);
    // A template of a recipe is a package of its own.
    let is_unknown = |line: &SpecLine| is_old && !list.is_recipe && line.is_unknown();
    let mut specs = list.specs.iter().filter(|line| is_emptied || is_unknown(line));
    // A variable can stand for the old channel.
    let is_edited = is_old || list.specs.iter().any(|line| line.role().is_edited());
    let mut channels = list.channels.iter().filter(|line| is_edited && has_variables(&line.name));
    let spec = specs.next().map(|line| (line.line, line.text.as_str()));
    spec.or_else(|| channels.next().map(|line| (line.line, line.name.as_str())))
}

/// What the lists of an environment have together.
struct EnvironmentFacts {
    has_forge: bool,
    has_toolkit: bool,
    is_exported: bool,
}

impl EnvironmentFacts {
    fn of(environment: &Environment, file: &FileSpecs, parts: &[Part<'_>]) -> Self {
        let parts = || environment.lists.iter().map(|list| &parts[*list]);
        Self {
            has_forge: environment.lists.iter().any(|list| file.lists[*list].has_forge),
            has_toolkit: parts().any(|part| part.has_toolkit),
            is_exported: parts().any(|part| part.exported.is_some()),
        }
    }
}

/// An environment that a list is in.
struct Membership {
    environment: usize,
    /// Whether a list before it may change.
    is_after_edit: bool,
    /// Whether only a list after it names PyTorch.
    is_before_pytorch: bool,
    /// Whether only a list after it selects CUDA.
    is_before_cuda: bool,
}

/// Decisions that were needed before, since a file often repeats them.
#[derive(Default)]
struct Decisions<'m> {
    known: HashMap<DecisionKey, Result<Rc<Decision<'m>>, Rc<Failure>>>,
    advices: Advices<'m>,
}

/// What a decision depends on, for each environment: the platforms, whether it is locked, and its lines.
type DecisionKey = Vec<(Vec<Subdir>, bool, Vec<(Option<MatchSpec>, Option<Vec<Subdir>>)>)>;

/// The builds for some environments, and the notes on them.
struct Decision<'m> {
    /// Whether the platforms have lines of their own.
    is_split: bool,
    /// Each with the place of its environment among them, in the order of the places.
    builds: Vec<(usize, ChosenBuild<'m>)>,
    notes: Vec<FileNote>,
}

impl<'m> Decision<'m> {
    /// The builds for the environment at a place.
    fn builds_of(&self, place: usize) -> &[(usize, ChosenBuild<'m>)] {
        let start = self.builds.partition_point(|(other, _)| *other < place);
        let end = self.builds.partition_point(|(other, _)| *other <= place);
        &self.builds[start..end]
    }
}

/// Why there are no builds for some environments.
struct Failure {
    subdir: Subdir,
    /// The lines without which there are, by their places among the lines of all the environments.
    without: Vec<Vec<usize>>,
}

impl Failure {
    fn error(&self, members: &[Member<'_>], matrix: &Matrix) -> FileError {
        let all = Member::all_lines(members);
        let cause = |at: &usize| cause(all[*at], self.subdir, matrix);
        let without: Vec<Vec<Cause>> =
            self.without.iter().map(|lines| lines.iter().map(cause).collect()).collect();
        let torch = || all.iter().find(|line| line.role().selects_pytorch());
        let first = without.first().and_then(|lines| lines.first()).map(|cause| cause.line);
        let line = first.or_else(|| torch().map(|line| line.line)).unwrap_or(1);
        FileError::Unsatisfiable { line, subdir: self.subdir, without }
    }
}

fn cause(line: &SpecLine, subdir: Subdir, matrix: &Matrix) -> Cause {
    let why = match (line.role(), &line.spec) {
        (PackageRole::Companion(package), Some(spec)) => {
            let rows = matrix.companions.iter();
            let rows = rows.filter(|row| row.package == package && row.subdir == subdir);
            let first = rows.map(|row| row.version).min();
            let anchor = spec.constraint().and_then(|constraint| constraint.anchor());
            match (first, anchor) {
                (None, _) => Some(CauseReason::NotThere(subdir)),
                (Some(first), anchor) if anchor.is_none_or(|anchor| anchor < first) => {
                    Some(CauseReason::First(first))
                }
                (Some(_), _) => None,
            }
        }
        _ => None,
    };
    Cause { line: line.line, text: line.text.clone(), why }
}

/// An environment of a decision, with the lines that it depends on.
struct Member<'a> {
    environment: &'a Environment,
    lines: Vec<&'a SpecLine>,
}

impl<'a> Member<'a> {
    fn all_lines(members: &[Self]) -> Vec<&'a SpecLine> {
        members.iter().flat_map(|member| member.lines.iter().copied()).collect()
    }
}

/// The decision for an environment.
#[derive(Clone)]
enum Outcome<'m> {
    /// It has nothing of the old channel.
    Unaffected,
    /// With its place among the environments of the decision.
    Decided(Rc<Decision<'m>>, usize),
    Failed,
}

/// The most lines of which is tried whether a build fits without it.
const SUSPECTS: usize = 16;

/// The most lines of which is tried whether a build fits without two of them.
const PAIRED_SUSPECTS: usize = 8;

/// For how many failures of a file the lines that cause them are searched.
const SEARCHES: usize = 20;

/// The most lines about PyTorch among which they are searched.
const SEARCHED_LINES: usize = 1000;

struct Planner<'a, 'm> {
    file: &'a FileSpecs,
    environments: &'a [Environment],
    /// Of each list.
    parts: &'a [Part<'a>],
    /// Of each environment.
    facts: &'a [EnvironmentFacts],
    is_session: bool,
    target: Target<'a>,
    matrix: &'m Matrix,
    decisions: Decisions<'m>,
    /// For how many failures the lines that cause them are still searched.
    searches: Cell<usize>,
    /// Of each environment.
    decided: Vec<Outcome<'m>>,
}

impl<'a, 'm> Planner<'a, 'm> {
    /// Decides for each group of environments that share a line that may change.
    fn decide(&mut self, edits: &mut FileEdits) {
        edits.failed_lists = vec![false; self.file.lists.len()];
        for group in self.groups() {
            let lists = || group.iter().flat_map(|at| &self.environments[*at].lists);
            if self.is_session && !lists().any(|list| self.parts[*list].names_old_channel) {
                continue;
            }
            match self.decision(&group, edits) {
                Ok((decision, places)) => {
                    edits.notes.extend(decision.notes.iter().cloned());
                    for (at, place) in group.iter().zip(places) {
                        self.decided[*at] = Outcome::Decided(decision.clone(), place);
                    }
                }
                Err(failure) => {
                    // Also the configurations that its commands need.
                    let is_its_own = |list: &&usize| {
                        self.parts[**list].is_edited || self.parts[**list].names_old_channel
                    };
                    let named = failure.line();
                    for list in lists().filter(is_its_own) {
                        edits.failed_lists[*list] = true;
                        let line = self.file.lists[*list].line();
                        let is_old = self.parts[*list].names_old_channel;
                        if let Some(line) = line.filter(|line| is_old && Some(*line) != named) {
                            let named = named.unwrap_or(line);
                            let message =
                                format!("unchanged, like line {named} of the same environment");
                            edits.notes.push(FileNote::left(line, "same-environment", message));
                        }
                    }
                    for at in group {
                        self.decided[at] = Outcome::Failed;
                    }
                    edits.failures.push(failure);
                }
            }
        }
    }

    /// The environments that share a list with a line that may change, together.
    fn groups(&self) -> Vec<Vec<usize>> {
        let values = self.row_values();
        let mut group_of_list: HashMap<usize, usize> = HashMap::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (at, environment) in self.environments.iter().enumerate() {
            let edited = environment.lists.iter().filter(|list| self.parts[**list].is_edited);
            let edited: Vec<usize> = edited
                .flat_map(|list| [Some(*list), values.get(list).copied()])
                .flatten()
                .collect();
            let joined: BTreeSet<usize> =
                edited.iter().filter_map(|list| group_of_list.get(list).copied()).collect();
            let own = joined.first().copied().unwrap_or(groups.len());
            if own == groups.len() {
                groups.push(Vec::new());
            }
            for other in joined.into_iter().filter(|other| *other != own) {
                let members = std::mem::take(&mut groups[other]);
                for member in &members {
                    for list in &self.environments[*member].lists {
                        if self.parts[*list].is_edited {
                            group_of_list.insert(*list, own);
                        }
                    }
                }
                groups[own].extend(members);
            }
            groups[own].push(at);
            group_of_list.extend(edited.into_iter().map(|list| (list, own)));
        }
        groups.retain(|group| !group.is_empty());
        for group in &mut groups {
            group.sort_unstable();
        }
        groups
    }

    /// For the lists with the version of PyTorch from a value of a matrix: the first list with that value.
    fn row_values(&self) -> HashMap<usize, usize> {
        let mut first_of_value: HashMap<usize, usize> = HashMap::new();
        let mut values = HashMap::new();
        for row in &self.file.row_values {
            let names_it = |line: &&SpecLine| {
                line.role() == PackageRole::Pytorch
                    && line.template.as_ref().is_some_and(|it| it.contains(&row.name))
            };
            for list in row.lists.clone() {
                if self.parts[list].lines.iter().any(names_it) {
                    let first = first_of_value.entry(row.range.start).or_insert(list);
                    values.insert(list, *first);
                }
            }
        }
        values
    }

    fn lines(&self, environment: &Environment) -> Vec<&'a SpecLine> {
        let parts = environment.lists.iter().map(|list| &self.parts[*list]);
        parts.flat_map(|part| part.lines.iter().copied()).collect()
    }

    /// The builds for a group of environments, and the place of each environment among them; or the error if there are
    /// none.
    fn decision(
        &mut self,
        group: &[usize],
        edits: &mut FileEdits,
    ) -> Result<(Rc<Decision<'m>>, Vec<usize>), FileError> {
        let matrix = self.matrix;
        // Environments with the same lines are one.
        let mut members: Vec<Member<'a>> = Vec::new();
        let mut platforms_of_members: Vec<Vec<Subdir>> = Vec::new();
        let mut known = HashMap::new();
        let mut places = Vec::with_capacity(group.len());
        let mut notes = Vec::new();
        for environment in group.iter().map(|at| &self.environments[*at]) {
            let lines = self.lines(environment);
            let platforms = self.platforms(environment, &lines, &mut notes);
            let places_of_lines: Vec<*const SpecLine> =
                lines.iter().map(|line| std::ptr::from_ref(*line)).collect();
            let Environment { variant, is_locked, .. } = *environment;
            let key = (platforms.clone(), variant, is_locked, places_of_lines);
            places.push(*known.entry(key).or_insert_with(|| {
                members.push(Member { environment, lines });
                platforms_of_members.push(platforms);
                members.len() - 1
            }));
        }
        // A version that cannot be read would be lost.
        for line in members.iter().flat_map(|member| &member.lines) {
            let is_unclear = line.spec.as_ref().is_some_and(MatchSpec::is_unclear);
            if is_unclear && line.role().selects_pytorch() {
                return Err(FileError::InvalidSpec { line: line.line, text: line.text.clone() });
            }
            if is_unclear && line.role() == PackageRole::Python {
                let message = format!(
                    "`{}`: unknown version; the change fits the Pythons that the build has",
                    line.text
                );
                edits.notes.push(FileNote::at(line.line, "python-unknown", message));
            }
        }
        if self.is_session {
            let mut lists = group.iter().flat_map(|at| &self.environments[*at].lists);
            if let Some((line, text)) = lists.find_map(|list| self.parts[*list].lost) {
                return Err(FileError::InvalidSpec { line, text: text.to_owned() });
            }
        }
        edits.notes.append(&mut notes);
        // Each of them is in the text only once.
        let is_missing = |line: &&&SpecLine| line.role() == PackageRole::NotThere;
        let missing: Vec<&SpecLine> =
            Member::all_lines(&members).iter().filter(is_missing).copied().collect();
        if let Some(first) = missing.first() {
            let names = missing.iter().filter(|line| line.line == first.line);
            let mut names: Vec<String> = names.map(|line| format!("`{}`", line.text)).collect();
            names.dedup();
            let (line, packages) = (first.line, names.join(", "));
            return Err(FileError::NotOnCondaForge { line, packages });
        }
        let mut key = DecisionKey::new();
        for (Member { environment, lines }, platforms) in members.iter().zip(platforms_of_members) {
            let spec = |line: &&SpecLine| line.variant(environment.variant).cloned();
            let lines = lines.iter().map(|line| (spec(line), line.platforms.clone()));
            key.push((platforms, environment.is_locked, lines.collect()));
        }
        let known = self.decisions.known.get(&key).cloned();
        let decision = known.unwrap_or_else(|| {
            let platforms: Vec<&[Subdir]> = key.iter().map(|part| part.0.as_slice()).collect();
            let decision = self.decide_anew(&members, &platforms);
            self.decisions.known.insert(key, decision.clone());
            decision
        });
        let decision = decision.map_err(|failure| failure.error(&members, matrix))?;
        Ok((decision, places))
    }

    fn decide_anew(
        &self,
        members: &[Member<'a>],
        platforms: &[&[Subdir]],
    ) -> Result<Rc<Decision<'m>>, Rc<Failure>> {
        let (places, mut targets) = self.targets(members, platforms, &[]);
        let choices = if targets.is_empty() { Some(Vec::new()) } else { choose(&mut targets) };
        let split = self.split(members, platforms).filter(|split| match &choices {
            Some(choices) => is_better(split, &targets, choices),
            None => true,
        });
        let is_split = split.is_some();
        let builds = if let Some(builds) = split {
            builds
        } else {
            let choices =
                choices.ok_or_else(|| Rc::new(self.failure(members, platforms, &targets)))?;
            let builds = targets.into_iter().zip(choices);
            let builds = builds.map(|(target, choice)| ChosenBuild { target, choice });
            places.into_iter().zip(builds).collect()
        };
        let mut notes = Vec::new();
        for (member, build) in &builds {
            self.note_build(build, members[*member].environment.is_locked, &mut notes);
        }
        Ok(Rc::new(Decision { is_split, builds, notes }))
    }

    /// The builds if each platform has lines of its own; `None` if the format has no such lines, or a platform no build.
    fn split(
        &self,
        members: &[Member<'a>],
        platforms: &[&[Subdir]],
    ) -> Option<Vec<(usize, ChosenBuild<'m>)>> {
        let all: BTreeSet<Subdir> = platforms.iter().copied().flatten().copied().collect();
        if self.file.platform_form == PlatformForm::None || all.len() < 2 {
            return None;
        }
        let mut builds = Vec::new();
        for subdir in all {
            let own = |platforms: &&[Subdir]| platforms.contains(&subdir).then_some(subdir);
            let own: Vec<Vec<Subdir>> =
                platforms.iter().map(|it| own(it).into_iter().collect()).collect();
            let own: Vec<&[Subdir]> = own.iter().map(Vec::as_slice).collect();
            let (places, mut targets) = self.targets(members, &own, &[]);
            if targets.is_empty() {
                continue;
            }
            let choices = choose(&mut targets)?;
            let chosen = targets.into_iter().zip(choices);
            let chosen = chosen.map(|(target, choice)| ChosenBuild { target, choice });
            builds.extend(places.into_iter().zip(chosen));
        }
        builds.sort_by_key(|(place, _)| *place);
        Some(builds)
    }

    /// What to find builds for, each with the place of its environment; without some lines.
    fn targets(
        &self,
        members: &[Member<'a>],
        platforms: &[&[Subdir]],
        without: &[&SpecLine],
    ) -> (Vec<usize>, Vec<PlatformTarget<'m>>) {
        let mut targets = Vec::new();
        for (place, (member, platforms)) in members.iter().zip(platforms).enumerate() {
            for subdir in *platforms {
                // The rows of a matrix have the same line each.
                let is_kept = |line: &&SpecLine| !without.iter().any(|it| it.at == line.at);
                let lines = member.lines.iter().copied().filter(is_kept);
                let requested = RequestedSpecs::new(lines, *subdir, member.environment.variant);
                if requested.has_pytorch {
                    let advices = self.decisions.advices.clone();
                    let mut target =
                        PlatformTarget::new(*subdir, requested, self.target, self.matrix, advices);
                    let lines = || member.lines.iter().copied().filter(is_kept);
                    target.pin_lines = pin_lines(lines(), *subdir);
                    // Beside a line with the version, `cpuonly` only chooses the build.
                    let has_version = !target.requested.pytorch.is_empty();
                    let names_pytorch = |line: &&SpecLine| {
                        let role = line.role();
                        (role == PackageRole::Pytorch
                            || role == PackageRole::CpuOnly && !has_version)
                            && line.applies_to(*subdir)
                    };
                    target.pytorch_lines = lines().filter(names_pytorch).map(|it| it.at).collect();
                    let edited =
                        lines().filter(|it| it.role().is_edited() && it.applies_to(*subdir));
                    target.edited_lines = edited.map(|it| it.at).collect();
                    targets.push((place, target));
                }
            }
        }
        targets.into_iter().unzip()
    }

    /// Every line without which builds fit, the smallest loss first; a pair if no line alone is enough.
    fn failure(
        &self,
        members: &[Member<'a>],
        platforms: &[&[Subdir]],
        targets: &[PlatformTarget<'m>],
    ) -> Failure {
        let mut singly = targets.iter().map(|target| target.subdir);
        let excluded = singly.find(|subdir| {
            let own: Vec<Vec<Subdir>> = platforms
                .iter()
                .map(|platforms| platforms.iter().copied().filter(|it| it == subdir).collect())
                .collect();
            let own: Vec<&[Subdir]> = own.iter().map(Vec::as_slice).collect();
            choose(&mut self.targets(members, &own, &[]).1).is_none()
        });
        let subdir = excluded.or(targets.first().map(|target| target.subdir));
        let subdir = subdir.unwrap_or(Subdir::Linux64);
        let searches = self.searches.get();
        let all = Member::all_lines(members);
        if searches == 0 || all.len() > SEARCHED_LINES {
            return Failure { subdir, without: Vec::new() };
        }
        self.searches.set(searches - 1);
        let fits_without = |culprits: &[usize]| {
            let lines: Vec<&SpecLine> = culprits.iter().map(|at| all[*at]).collect();
            let mut targets = self.targets(members, platforms, &lines).1;
            targets.is_empty() || choose(&mut targets).is_some()
        };
        let mut known = HashSet::new();
        let mut suspects: Vec<usize> = (0..all.len())
            .filter(|at| all[*at].role().loss().is_some() && all[*at].applies_to(subdir))
            .filter(|at| known.insert(all[*at].at))
            .take(SUSPECTS)
            .collect();
        suspects.sort_by_key(|at| all[*at].role().loss());
        let alone = suspects.iter().map(|at| vec![*at]);
        let mut without: Vec<Vec<usize>> = alone.filter(|it| fits_without(it)).collect();
        if without.is_empty() {
            let few = &suspects[..suspects.len().min(PAIRED_SUSPECTS)];
            let mut pairs = few.iter().enumerate().flat_map(|(at, first)| {
                few[at + 1..].iter().map(move |second| vec![*first, *second])
            });
            without.extend(pairs.find(|pair| fits_without(pair)));
        }
        Failure { subdir, without }
    }

    fn platforms(
        &self,
        environment: &Environment,
        lines: &[&SpecLine],
        notes: &mut Vec<FileNote>,
    ) -> Vec<Subdir> {
        if !environment.platforms.is_empty() {
            let mut known = HashSet::new();
            let platforms = environment.platforms.iter().copied();
            return platforms.filter(|it| known.insert(*it)).collect();
        }
        if let Some(subdir) = self.target.platform {
            return vec![subdir];
        }
        if !environment.likely_platforms.is_empty() {
            return environment.likely_platforms.clone();
        }
        let described = self.target.machine.and_then(|machine| machine.subdir.value().copied());
        if let Some(subdir) = described {
            return vec![subdir];
        }
        let parts = environment.lists.iter().map(|list| &self.parts[*list]);
        let named: BTreeSet<Subdir> = parts.flat_map(|part| &part.platforms).copied().collect();
        if !named.is_empty() {
            let is_general = |line: &&SpecLine| line.role().is_edited() && line.platforms.is_none();
            let more = lines.iter().any(is_general).then_some(Subdir::Linux64);
            return named.into_iter().chain(more).collect::<BTreeSet<_>>().into_iter().collect();
        }
        let depends_on_platform =
            |line: &&SpecLine| !matches!(line.role(), PackageRole::Python | PackageRole::Tied);
        if lines.iter().any(depends_on_platform) {
            let message = "no platform given; assuming linux-64 (pass `--platform` to override)";
            notes.push(FileNote::of_file("platform-assumed", message.to_owned()));
        }
        vec![Subdir::Linux64]
    }

    /// The edits to every list.
    fn edit(&self, edits: &mut FileEdits) {
        let mut memberships: Vec<Vec<Membership>> =
            self.file.lists.iter().map(|_| Vec::new()).collect();
        for (at, environment) in self.environments.iter().enumerate() {
            let mut is_after_edit = false;
            let first = |role| {
                let names =
                    |list: &usize| self.parts[*list].lines.iter().any(|it| it.role() == role);
                environment.lists.iter().position(names)
            };
            let (pytorch, cuda) = (first(PackageRole::Pytorch), first(PackageRole::CudaPin));
            for (place, list) in environment.lists.iter().enumerate() {
                memberships[*list].push(Membership {
                    environment: at,
                    is_after_edit,
                    is_before_pytorch: pytorch.is_some_and(|first| place < first),
                    is_before_cuda: cuda.is_some_and(|first| place < first),
                });
                is_after_edit |= self.parts[*list].is_edited;
            }
        }
        let is_shared = self.shared_with_cuda(&memberships);
        for (at, list) in self.file.lists.iter().enumerate() {
            let own = &memberships[at];
            let mut new = if edits.failed_lists[at] {
                ListEdits::none(list)
            } else {
                let is_shared = own.iter().any(|it| is_shared[it.environment]);
                self.edit_list(at, own, is_shared, edits)
            };
            let place = list.place_for_channel.filter(|_| !self.has_forge(list, own));
            let in_variables = list.in_variables.iter().map(|list| &edits.lists[*list]);
            if let Some(place) = place
                && std::iter::once(&new).chain(in_variables).any(ListEdits::needs_channel)
            {
                new.adds_channel = true;
                edits.changes.push(place.change());
            }
            edits.lists.push(new);
        }
    }

    /// For each environment, whether its line with PyTorch is also that of an environment with CUDA; `memberships`: of
    /// each list.
    fn shared_with_cuda(&self, memberships: &[Vec<Membership>]) -> Vec<bool> {
        let has_cuda = |at: &usize| match &self.decided[*at] {
            Outcome::Decided(decision, member) => {
                let mut builds = decision.builds_of(*member).iter();
                builds.any(|(_, build)| build.choice.build.is_cuda())
            }
            Outcome::Unaffected | Outcome::Failed => false,
        };
        let has_cuda: Vec<bool> = (0..self.environments.len()).map(|at| has_cuda(&at)).collect();
        let names_pytorch = |list: usize| {
            self.parts[list].lines.iter().any(|line| line.role() == PackageRole::Pytorch)
        };
        let with_cuda: Vec<bool> = memberships
            .iter()
            .enumerate()
            .map(|(list, own)| names_pytorch(list) && own.iter().any(|it| has_cuda[it.environment]))
            .collect();
        let lists = self.environments.iter().map(|environment| &environment.lists);
        lists.map(|lists| lists.iter().any(|list| with_cuda[*list])).collect()
    }

    fn edit_list(
        &self,
        at: usize,
        memberships: &[Membership],
        is_shared_with_cuda: bool,
        edits: &mut FileEdits,
    ) -> ListEdits {
        let list = &self.file.lists[at];
        let is_old = self.parts[at].names_old_channel;
        let environments = || memberships.iter().map(|it| it.environment);
        let is_decided = environments().any(|at| matches!(self.decided[at], Outcome::Decided(..)));
        if self.is_session && !is_old && !(is_decided && self.parts[at].is_edited) {
            note_kept(list, &mut edits.notes);
            if is_decided {
                note_packages(list, &self.pins(environments()), &mut edits.notes);
            }
            let needs_cuda = self.needs_cuda(at, memberships);
            return ListEdits { needs_cuda, ..ListEdits::none(list) };
        }
        let mut builds: Vec<&ChosenBuild<'m>> = Vec::new();
        let mut known = HashSet::new();
        for at in environments() {
            if let Outcome::Decided(decision, member) = &self.decided[at] {
                let own = decision.builds_of(*member).iter().map(|(_, build)| build);
                builds.extend(own.filter(|build| known.insert(build.key())));
            }
        }
        if let Some((line, count)) = self.parts[at].exported {
            let message = format!(
                "{count} lines name builds of other packages, which conda-forge does not have; export with `conda env export --from-history`, or remove the builds"
            );
            edits.notes.push(FileNote::at(line, "exported", message));
        }
        note_packages(list, &self.pins(environments()), &mut edits.notes);
        let kept = Kept {
            nvidia: environments().any(|at| self.facts[at].has_toolkit),
            defaults: environments().any(|at| self.facts[at].is_exported)
                || list
                    .specs
                    .iter()
                    .filter_map(|it| it.spec.as_ref())
                    .any(|it| is_of_defaults(&it.name)),
        };
        let channels = channels(list, kept, &builds, edits);
        let has_forge = list.place_for_channel.is_some() || self.has_forge(list, memberships);
        let needs_cuda = self.needs_cuda(at, memberships);
        let editor = |builds| PackageEditor {
            builds,
            channel: (!has_forge).then_some("conda-forge"),
            has_floors: list.has_floors,
            names_pytorch: !self.is_session && !is_shared_with_cuda
                || list.specs.iter().any(|line| line.role() == PackageRole::Pytorch),
            later: LaterLists {
                pytorch: self.is_session
                    && memberships.iter().any(|it| it.is_before_pytorch)
                    && list.specs.iter().any(|it| matches!(it.role(), PackageRole::Companion(_))),
                cuda: self.is_session && memberships.iter().any(|it| it.is_before_cuda),
            },
            cuda_pins: Vec::new(),
            pytorch_lines: Vec::new(),
        };
        let is_split = environments().any(
            |at| matches!(&self.decided[at], Outcome::Decided(decision, _) if decision.is_split),
        );
        if is_split && self.parts[at].is_edited {
            let cuda_platforms = self.cuda_platforms(environments());
            let mut all: Vec<Subdir> = environments()
                .flat_map(|at| self.environments[at].platforms.iter().copied())
                .collect();
            all.sort_unstable();
            all.dedup();
            let form = self.file.platform_form;
            let split = split_specs(list, &builds, editor, (form, &all), &mut edits.changes);
            return ListEdits { channels, needs_cuda, cuda_platforms, ..split };
        }
        let mut editor = editor(builds);
        let mut specs = Vec::with_capacity(list.specs.len());
        for line in &list.specs {
            let (edit, change) = editor.edit(line).unzip();
            if edit.is_none() && line.spec.as_ref().is_some_and(|spec| spec.name == "cudatoolkit") {
                let message = format!("`{}` unchanged: no PyTorch is beside it", line.text);
                edits.notes.push(FileNote::at(line.line, "kept", message));
            }
            edits.changes.extend(change);
            specs.push(edit);
        }
        let is_emptied = !specs.is_empty() && specs.iter().all(|edit| *edit == Some(Vec::new()));
        if let Some(first) = list.specs.first().filter(|_| self.is_session && is_emptied) {
            edits.changes.retain(|change| change.line != first.line);
            let message = "nothing of this command is left on conda-forge; remove it".to_owned();
            edits.notes.push(FileNote::left(first.line, "emptied", message));
            return ListEdits::none(list);
        }
        let cuda_platforms = self.cuda_platforms(environments());
        ListEdits { channels, specs, needs_cuda, cuda_platforms, ..ListEdits::default() }
    }

    /// Whether a list or what it is in has channels.
    fn has_forge(&self, list: &SpecList, memberships: &[Membership]) -> bool {
        let mut environments = memberships.iter().map(|it| &self.facts[it.environment]);
        list.has_forge || !self.is_session && environments.any(|facts| facts.has_forge)
    }

    /// The pins of CUDA of environments.
    fn pins(&self, environments: impl Iterator<Item = usize>) -> Vec<CudaVersion> {
        let mut pins = BTreeSet::new();
        for at in environments {
            if let Outcome::Decided(decision, member) = &self.decided[at] {
                let own = decision.builds_of(*member).iter();
                pins.extend(own.filter_map(|(_, build)| build.choice.cuda_version));
            }
        }
        pins.into_iter().collect()
    }

    /// The platforms on which environments need `__cuda`.
    fn cuda_platforms(&self, environments: impl Iterator<Item = usize>) -> Vec<Subdir> {
        let mut platforms = BTreeSet::new();
        for at in environments {
            if let Outcome::Decided(decision, member) = &self.decided[at] {
                let own = decision.builds_of(*member).iter().map(|(_, build)| build);
                let own = own.filter(|build| build.choice.needs_cuda.is_some());
                platforms.extend(own.map(|build| build.target.subdir));
            }
        }
        platforms.into_iter().collect()
    }

    /// The `__cuda` that every environment with a list needs, if the list is about PyTorch, or adds to an environment
    /// with it where no GPU is.
    fn needs_cuda(&self, list: usize, memberships: &[Membership]) -> Option<CudaVersion> {
        let changes = self.parts[list].is_edited || self.file.lists[list].has_variables;
        let adds = self.file.lists[list].place != RunPlace::Anywhere
            && !self.file.lists[list].specs.is_empty();
        let mut needed = None;
        for Membership { environment, is_after_edit, .. } in memberships {
            if let Outcome::Decided(decision, member) = &self.decided[*environment]
                && (changes || adds && *is_after_edit)
            {
                let own = decision.builds_of(*member).iter();
                let own: Vec<&ChosenBuild<'m>> = own.map(|(_, build)| build).collect();
                let cuda = own.iter().filter_map(|build| build.choice.needs_cuda).max();
                if !own.is_empty() {
                    needed = needed.max(Some(cuda?));
                }
            }
        }
        needed
    }

    fn note_build(&self, build: &ChosenBuild<'m>, is_locked: bool, notes: &mut Vec<FileNote>) {
        let ChosenBuild { target, choice } = build;
        let gives = choice.build.pytorch;
        let family = DriverFamily::of(target.subdir, false);
        let driver =
            |target: &PlatformTarget<'_>| self.matrix.oldest_driver(target.requested.cuda?, family);
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
        let newer = newest.filter(|newest| target.requested.pytorch.is_empty() && *newest > gives);
        if let Some(newest) = newer {
            let message = format!(
                "other lines limit PyTorch to {gives} on {}; without them, {newest} is available",
                target.subdir
            );
            notes.push(FileNote::of_file("held-back", message));
        }
        let is_declared = is_locked || self.is_session || self.file.declares_cuda;
        if let Some(cuda) = choice.needs_cuda.filter(|_| !is_declared) {
            let message = format!(
                "where no GPU is, as in the build of an image or on a hosted runner, set `CONDA_OVERRIDE_CUDA={cuda}`"
            );
            notes.push(FileNote::of_file("tell-of-cuda", message));
        }
        if let Some(cuda) = choice.needs_cuda.filter(|_| is_locked) {
            let message = format!(
                "a solve without a GPU needs `__cuda`: set `CONDA_OVERRIDE_CUDA` to {cuda} or newer; conda-lock also reads `virtual-packages.yml`"
            );
            notes.push(FileNote::of_file("tell-of-cuda", message));
        }
        if let Some(raised) = target.with_newer_driver()
            && let Some(cuda) = choice.cuda_version.filter(|cuda| cuda.major < 12)
            && target.requested.pytorch.is_empty()
            && let Some(newer) = raised.choice(None, None)
            && newer.build.pytorch > gives
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

/// Whether lines for each platform keep a version or a CUDA that lines for all of them do not, or have a newer PyTorch.
fn is_better(
    split: &[(usize, ChosenBuild<'_>)],
    targets: &[PlatformTarget<'_>],
    choices: &[Choice<'_>],
) -> bool {
    let mut together: HashMap<Subdir, Vec<&Choice<'_>>> = HashMap::new();
    for (target, choice) in targets.iter().zip(choices) {
        together.entry(target.subdir).or_default().push(choice);
    }
    split.iter().any(|(_, ChosenBuild { target, choice })| {
        let requested = &target.requested;
        let keeps_version = |choice: &Choice<'_>| {
            requested.pytorch.iter().all(|constraint| constraint.admits(choice.build.pytorch))
        };
        let keeps_cuda =
            |choice: &Choice<'_>| requested.cuda.is_some() && choice.cuda_version == requested.cuda;
        let others = together.get(&target.subdir).map_or(&[][..], Vec::as_slice);
        let is_newer = |other: &Choice<'_>| choice.build.pytorch > other.build.pytorch;
        let none = |keeps: &dyn Fn(&Choice<'_>) -> bool| !others.iter().any(|other| keeps(other));
        let is_free = requested.pytorch.is_empty();
        !others.is_empty()
            && (keeps_version(choice) && none(&keeps_version)
                || keeps_cuda(choice) && none(&keeps_cuda)
                || is_free && others.iter().all(|other| is_newer(other)))
    })
}

/// The edits to the lines of a list, and what moves into the tables of single platforms or gets a selector: where these
/// differ. `all`: the platforms of the list.
fn split_specs<'a, 'm: 'a>(
    list: &SpecList,
    builds: &[&'a ChosenBuild<'m>],
    editor: impl Fn(Vec<&'a ChosenBuild<'m>>) -> PackageEditor<'a, 'm>,
    (form, all): (PlatformForm, &[Subdir]),
    changes: &mut Vec<LineChange>,
) -> ListEdits {
    let subdirs: BTreeSet<Subdir> = builds.iter().map(|build| build.target.subdir).collect();
    let mut editors: Vec<(Subdir, PackageEditor<'a, 'm>)> = subdirs
        .into_iter()
        .map(|subdir| {
            let own = builds.iter().copied().filter(|build| build.target.subdir == subdir);
            (subdir, editor(own.collect()))
        })
        .collect();
    let mut edits = ListEdits::default();
    for (at, line) in list.specs.iter().enumerate() {
        let applies = editors.iter().any(|(subdir, _)| line.applies_to(*subdir));
        let own = editors.iter_mut().filter(|(subdir, _)| !applies || line.applies_to(*subdir));
        let edited: Vec<(Subdir, Edit<MatchSpec>, Option<LineChange>)> = own
            .map(|(subdir, editor)| {
                let (edit, change) = editor.edit(line).unzip();
                (*subdir, edit, change)
            })
            .collect();
        let Some((_, first, change)) = edited.first().cloned() else {
            edits.specs.push(None);
            continue;
        };
        if edited.iter().all(|(_, edit, _)| *edit == first) {
            changes.extend(change);
            edits.specs.push(first);
            continue;
        }
        let why = edited.iter().find_map(|(_, _, change)| Some(change.as_ref()?.why));
        let why = why.unwrap_or(ChangeReason::NEAREST);
        let mut after = Vec::new();
        let mut groups: Vec<(Vec<MatchSpec>, Vec<Subdir>)> = Vec::new();
        for (subdir, edit, _) in edited {
            let new = edit.unwrap_or_else(|| line.spec.iter().cloned().collect());
            after.extend(new.iter().map(|new| format!("{new} on {subdir}")));
            match groups.iter_mut().find(|(known, _)| *known == new) {
                Some((_, subdirs)) => subdirs.push(subdir),
                None => groups.push((new, vec![subdir])),
            }
        }
        changes.push(LineChange { line: line.line, before: line.text.clone(), after, why });
        let (mut specs, mut words) = (Vec::new(), Vec::new());
        for (new, subdirs) in groups {
            if form == PlatformForm::Selectors {
                let own = selectors(&subdirs, all);
                words.extend(own.iter().flat_map(|word| new.iter().map(|_| *word)));
                specs.extend(own.iter().flat_map(|_| new.iter().cloned()));
                continue;
            }
            for subdir in subdirs {
                edits.platform_specs.entry(subdir).or_default().extend(new.iter().cloned());
            }
        }
        if !words.is_empty() {
            edits.selectors.insert(at, words);
        }
        edits.specs.push(Some(specs));
    }
    edits
}

/// Notes packages that may not go with the new PyTorch; `pins`: of CUDA in their environments.
fn note_packages(list: &SpecList, pins: &[CudaVersion], notes: &mut Vec<FileNote>) {
    let has_own_channel = has_channel_for_pytorch(list);
    for spec_line in &list.specs {
        let Some(spec) = &spec_line.spec else { continue };
        let SpecLine { line, text, .. } = spec_line;
        let role = spec_line.role();
        if role.selects_pytorch() && spec.name.contains("-nightly") {
            notes.push(no_nightly(*line));
        }
        let compiled = pip_requirements::compiled_spec(*line, text, spec, has_own_channel);
        if let Some(note) = compiled {
            notes.push(note);
        } else if is_of_defaults(&spec.name) {
            let message = format!(
                "`{text}` is only in Anaconda's channels, and may exclude conda-forge's builds; remove it if a solve fails"
            );
            notes.push(FileNote::at(*line, "tied-pin", message));
        } else if role == PackageRole::Tied && !spec.version.is_empty() {
            // The toolkit has CUDA's version.
            let admits = |pin: &CudaVersion| {
                let pin = Version::new(&[pin.major, pin.minor]);
                spec.constraint().is_some_and(|constraint| constraint.admits_series(pin))
            };
            if spec.name == "cudatoolkit-dev" && pins.iter().all(admits) {
                continue;
            }
            let message = format!(
                "`{text}` may exclude conda-forge's builds; remove its version if a solve fails"
            );
            notes.push(FileNote::at(*line, "tied-pin", message));
        } else if !spec.version.is_empty() && is_of_faiss_or_renamed(spec, role) {
            let message = format!("`{text}`: unknown whether conda-forge has this version");
            notes.push(FileNote::at(*line, "not-known", message));
        } else if role == PackageRole::Extension
            || role == PackageRole::Other && is_old(spec) && replacement(&spec.name).is_none()
        {
            let message = format!("`{text}`: unknown whether conda-forge has it for this PyTorch");
            notes.push(FileNote::at(*line, "not-known", message));
        }
    }
}

fn no_nightly(line: usize) -> FileNote {
    FileNote::at(line, "nightly", "conda-forge has releases, no nightly builds".to_owned())
}

/// Whether the old channel had other versions of a package than conda-forge.
fn is_of_faiss_or_renamed(spec: &MatchSpec, role: PackageRole) -> bool {
    matches!(role, PackageRole::Renamed(_))
        || role == PackageRole::Other && matches!(spec.name.as_str(), "faiss-cpu" | "faiss-gpu")
}

fn has_channel_for_pytorch(list: &SpecList) -> bool {
    list.channels.iter().any(|line| CHANNELS_FOR_PYTORCH.contains(&line.name.as_str()))
}

/// The first of the lines with builds of other packages, as `conda env export` writes them, and their number.
fn exported(list: &SpecList) -> Option<(usize, usize)> {
    let has_build = |line: &&SpecLine| {
        let build = line.spec.as_ref().and_then(|spec| spec.build.as_ref());
        build.is_some_and(|build| !build.contains('*'))
            && matches!(line.role(), PackageRole::Other | PackageRole::Python | PackageRole::Tied)
    };
    let lines: Vec<usize> = list.specs.iter().filter(has_build).map(|line| line.line).collect();
    lines.first().filter(|_| lines.len() > PINNED_BY_HAND).map(|line| (*line, lines.len()))
}

/// The edits to the channels of a list. `kept`: what its environments have of these channels.
fn channels(
    list: &SpecList,
    kept: Kept,
    builds: &[&ChosenBuild<'_>],
    edits: &mut FileEdits,
) -> Vec<Edit<String>> {
    if list.channels.is_empty() {
        return Vec::new();
    }
    let names: Vec<&str> = list.channels.iter().map(|line| line.name.as_str()).collect();
    let pins = builds.iter().filter_map(|build| build.choice.cuda_version);
    let stays = |line: &SpecLine| line.spec.as_ref().and_then(toolkit_before_12).is_some();
    let is_old_cuda =
        pins.min().is_some_and(|pin| pin < CudaVersion::new(12, 0)) || list.specs.iter().any(stays);
    let kept = Kept { nvidia: kept.nvidia && is_old_cuda, ..kept };
    let channel_edits = channel_edits(&names, kept);
    for (ChannelLine { line, name, .. }, edit) in list.channels.iter().zip(&channel_edits) {
        let line = *line;
        let is_old = ChannelKind::of(name) == ChannelKind::Pytorch;
        if is_old && name.to_ascii_lowercase().contains("nightly") {
            edits.notes.push(no_nightly(line));
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

/// The edits to the channels of a list whose PyTorch comes from conda-forge: none if conda-forge is before the others
/// that have one.
pub(super) fn channels_for_conda_forge(list: &SpecList) -> Vec<Edit<String>> {
    let names: Vec<&str> = list.channels.iter().map(|line| line.name.as_str()).collect();
    let is_other = |name: &&&str| ChannelKind::of(name) != ChannelKind::Other;
    let first = names.iter().find(is_other).map(|name| ChannelKind::of(name));
    if first == Some(ChannelKind::CondaForge) {
        return vec![None; names.len()];
    }
    channel_edits(&names, Kept::default())
}

/// The edits to a list of channels.
fn channel_edits(channels: &[&str], kept: Kept) -> Vec<Edit<String>> {
    let kinds: Vec<ChannelKind> = channels.iter().map(|channel| ChannelKind::of(channel)).collect();
    let first = |wanted: ChannelKind| kinds.iter().position(|kind| *kind == wanted);
    let forge = if kinds.contains(&ChannelKind::CondaForge) {
        None
    } else {
        let nvidia = first(ChannelKind::Nvidia).filter(|_| !kept.nvidia);
        first(ChannelKind::Pytorch).or(nvidia).or(first(ChannelKind::Defaults))
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
        assert_eq!(channel_edits(&["nvidia"], kept), [None]);
        let forge = Some(vec!["conda-forge".to_owned()]);
        assert_eq!(channel_edits(&["nvidia"], Kept::default()), [forge]);
    }
}
