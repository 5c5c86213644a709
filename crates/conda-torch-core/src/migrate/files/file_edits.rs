//! What becomes of every channel and package of a file.

use crate::conda::{ChannelKind, Subdir};
use crate::matrix::{DriverFamily, Matrix};
use crate::types::CudaVersion;

use super::channels::{self, Kept};
use super::choose_target::{ChosenBuilds, choose};
use super::environment_spec::{EnvironmentEdits, EnvironmentSpec, FileEdits, SpecLine};
use super::file_migration::{ChangeReason, FileError, FileNote, LineChange};
use super::package_edit::PackageEditor;
use super::packages::{PackageRole, is_old, role};
use super::requested_specs::RequestedSpecs;
use super::target::{PlatformTarget, Target};

/// FileEdits a file. One without a sign of the old channel stays as it is.
pub(super) fn plan(
    sections: &[EnvironmentSpec],
    target: Target<'_>,
    matrix: &Matrix,
) -> Result<FileEdits, FileError> {
    let mut plans = FileEdits::default();
    if !sections.iter().any(has_sign) {
        plans.sections = sections.iter().map(untouched).collect();
        return Ok(plans);
    }
    for section in sections {
        let planner = Planner { sections, section, target, matrix };
        let plan = planner.plan(&mut plans)?;
        plans.sections.push(plan);
    }
    plans.changes.sort_by_key(|change| change.line);
    plans.changes.dedup();
    let mut once: Vec<FileNote> = Vec::with_capacity(plans.remarks.len());
    for remark in plans.remarks {
        if !once.contains(&remark) {
            once.push(remark);
        }
    }
    once.sort_by_key(FileNote::line);
    Ok(FileEdits { remarks: once, ..plans })
}

fn has_sign(section: &EnvironmentSpec) -> bool {
    section.channels.iter().any(|(_, name)| ChannelKind::of(name) == ChannelKind::Pytorch)
        || section.items.iter().filter_map(|item| item.spec.as_ref()).any(is_old)
}

fn untouched(section: &EnvironmentSpec) -> EnvironmentEdits {
    EnvironmentEdits {
        channels: vec![channels::ChannelEdit::Keep; section.channels.len()],
        items: vec![super::environment_spec::PackageEdit::Keep; section.items.len()],
        needs_cuda: None,
    }
}

struct Planner<'a, 'm> {
    sections: &'a [EnvironmentSpec],
    section: &'a EnvironmentSpec,
    target: Target<'a>,
    matrix: &'m Matrix,
}

impl<'a, 'm> Planner<'a, 'm> {
    fn plan(&self, plans: &mut FileEdits) -> Result<EnvironmentEdits, FileError> {
        self.refuse_puzzles()?;
        let lines: Vec<&SpecLine> = self.chain().flat_map(|section| &section.items).collect();
        let platforms = self.platforms(plans, &lines);
        let mut targets: Vec<PlatformTarget<'m>> = Vec::new();
        for subdir in &platforms {
            let target = self.platform_target(*subdir, &lines);
            if target.requested.is_of_pytorch() {
                targets.push(target);
            }
        }
        let chosen = if targets.is_empty() {
            None
        } else {
            Some(choose(&mut targets).ok_or_else(|| self.nothing_fits(&targets, &lines))?)
        };
        if let Some(chosen) = &chosen {
            self.remark(&targets, chosen, plans);
        }
        self.remark_lines(plans);
        let channels = self.channels(chosen.as_ref(), plans);
        let prefix = (!self.chain().any(|section| section.has_channels)).then_some("conda-forge");
        let mut edits = PackageEditor::new(chosen.as_ref(), &targets, prefix, self.section.syntax);
        let mut items = Vec::with_capacity(self.section.items.len());
        for item in &self.section.items {
            let (edit, change) = edits.of(item);
            plans.changes.extend(change);
            items.push(edit);
        }
        let needs_cuda = chosen.and_then(|chosen| {
            chosen.choices.iter().filter_map(|(_, choice)| choice.needs_cuda).max()
        });
        Ok(EnvironmentEdits { channels, items, needs_cuda })
    }

    /// The section and those that it builds on.
    fn chain(&self) -> impl Iterator<Item = &'a EnvironmentSpec> + use<'a, 'm> {
        let sections = self.sections;
        let parent = move |section: &&'a EnvironmentSpec| {
            section.parent.and_then(|at| sections.get(at)).filter(|parent| parent.parent.is_none())
        };
        std::iter::successors(Some(self.section), parent)
    }

    fn refuse_puzzles(&self) -> Result<(), FileError> {
        let is_ours = |role| {
            matches!(role, PackageRole::Pytorch | PackageRole::Companion(_) | PackageRole::CudaPin)
        };
        for item in &self.section.items {
            let puzzling =
                item.spec.as_ref().is_some_and(|spec| spec.is_unclear() && is_ours(role(spec)));
            if puzzling {
                return Err(FileError::InvalidSpec { line: item.line, text: item.text.clone() });
            }
        }
        Ok(())
    }

    fn platforms(&self, plans: &mut FileEdits, lines: &[&SpecLine]) -> Vec<Subdir> {
        let said = self.chain().find(|section| !section.platforms.is_empty());
        if let Some(section) = said {
            return section.platforms.clone();
        }
        let described = self.target.machine.and_then(|machine| machine.subdir.value().copied());
        if let Some(subdir) = self.target.platform.or(described) {
            return vec![subdir];
        }
        let mut named: Vec<Subdir> =
            lines.iter().filter_map(|item| item.platforms.as_ref()).flatten().copied().collect();
        named.sort();
        named.dedup();
        // `# [linux]` is for aarch64 too, but who names no platforms seldom means it.
        let usual = [Subdir::Linux64, Subdir::OsxArm64, Subdir::Win64];
        named.retain(|subdir| usual.contains(subdir));
        if !named.is_empty() {
            return named;
        }
        let about = |item: &&&SpecLine| {
            item.spec.as_ref().is_some_and(|spec| {
                !matches!(role(spec), PackageRole::Other | PackageRole::Python | PackageRole::Tied)
            })
        };
        if lines.iter().any(|item| about(&item)) {
            plans.remarks.push(FileNote::PlatformAssumed { subdir: Subdir::Linux64 });
        }
        vec![Subdir::Linux64]
    }

    fn nothing_fits(&self, targets: &[PlatformTarget<'m>], lines: &[&SpecLine]) -> FileError {
        let alone = |target: &&PlatformTarget<'m>| {
            choose(&mut [self.platform_target(target.subdir, lines)]).is_none()
        };
        let subdir = targets.iter().find(alone).or(targets.first()).map(|target| target.subdir);
        let subdir = subdir.unwrap_or(Subdir::Linux64);
        let role_of = |item: &SpecLine| item.spec.as_ref().map_or(PackageRole::Other, role);
        let is_torch = |item: &&&SpecLine| {
            matches!(
                role_of(item),
                PackageRole::Pytorch | PackageRole::Companion(_) | PackageRole::CudaPin
            )
        };
        let line = lines.iter().find(is_torch).map_or(1, |item| item.line);
        let culprit = lines.iter().find(|item| {
            let may = matches!(
                role_of(item),
                PackageRole::Python | PackageRole::Companion(_) | PackageRole::Pytorch
            );
            let others: Vec<&SpecLine> =
                lines.iter().filter(|other| !std::ptr::eq(**other, **item)).copied().collect();
            may && choose(&mut [self.platform_target(subdir, &others)]).is_some()
        });
        FileError::Unsatisfiable { line, subdir, without: culprit.map(|item| item.text.clone()) }
    }

    fn platform_target(&self, subdir: Subdir, lines: &[&SpecLine]) -> PlatformTarget<'m> {
        let requested = RequestedSpecs::of(lines.iter().copied(), subdir);
        PlatformTarget::new(subdir, requested, self.target, self.matrix)
    }

    fn channels(
        &self,
        chosen: Option<&ChosenBuilds<'m>>,
        plans: &mut FileEdits,
    ) -> Vec<channels::ChannelEdit> {
        let names: Vec<&str> =
            self.section.channels.iter().map(|(_, name)| name.as_str()).collect();
        let has_toolkit = |section: &EnvironmentSpec| {
            let toolkit = |item: &SpecLine| {
                item.spec.as_ref().is_some_and(|spec| {
                    matches!(role(spec), PackageRole::Toolkit | PackageRole::ToolkitLibrary)
                })
            };
            section.items.iter().any(toolkit)
        };
        let old_cuda = chosen.is_some_and(|chosen| {
            let pins = chosen.choices.iter().filter_map(|(_, choice)| choice.cuda_version);
            pins.min().is_some_and(|pin| pin < CudaVersion::new(12, 0))
        });
        let kept = Kept {
            nvidia: old_cuda && self.sections.iter().any(has_toolkit),
            defaults: self.sections.iter().any(|section| exported(section).is_some()),
        };
        let edits = channels::edits(&names, kept, self.section.syntax.nodefaults);
        for ((line, name), edit) in self.section.channels.iter().zip(&edits) {
            if name.to_ascii_lowercase().contains("pytorch-nightly") {
                plans.remarks.push(FileNote::Nightly { line: *line });
            }
            if ["pyg", "xformers", "pytorch3d", "dglteam", "fastchan"].contains(&name.as_str()) {
                let name = name.clone();
                plans.remarks.push(FileNote::OtherChannel { line: *line, name });
            }
            let after = match edit {
                channels::ChannelEdit::Keep => continue,
                channels::ChannelEdit::Become(name) => vec![name.clone()],
                channels::ChannelEdit::Remove => Vec::new(),
            };
            let why = match ChannelKind::of(name) {
                ChannelKind::Nvidia => ChangeReason::NvidiaChannel,
                ChannelKind::Defaults => ChangeReason::Defaults,
                ChannelKind::Pytorch | ChannelKind::CondaForge | ChannelKind::Other => {
                    ChangeReason::OldChannel
                }
            };
            plans.changes.push(LineChange { line: *line, before: name.clone(), after, why });
        }
        edits
    }

    /// What to know about what was chosen.
    fn remark(
        &self,
        targets: &[PlatformTarget<'m>],
        chosen: &ChosenBuilds<'m>,
        plans: &mut FileEdits,
    ) {
        for target in targets {
            let Some(choice) = chosen.on(target.subdir) else { continue };
            let gives = choice.build.pytorch;
            let family = DriverFamily::of(target.subdir, false);
            if let Some(cuda) = chosen.raised_to
                && let Some(asked) = self.asked_cuda(target.subdir)
                && let Some(needed) = self.matrix.oldest_driver(cuda, family)
                && choice.build.is_cuda()
            {
                plans.remarks.push(FileNote::NewerDriver { asked, needed });
            }
            let newest = target.newest().map(|choice| choice.build.pytorch);
            let newer =
                newest.filter(|newest| target.requested.pytorch.is_none() && *newest > gives);
            if let Some(newest) = newer {
                plans.remarks.push(FileNote::HeldBack { subdir: target.subdir, gives, newest });
            }
            if let Some(cuda) = choice.needs_cuda.filter(|_| self.section.is_locked) {
                plans.remarks.push(FileNote::TellOfCuda { cuda });
            }
            let raised = target.with_newer_driver();
            if let (Some((raised, next)), Some(cuda)) = (raised, choice.cuda_version)
                && cuda < CudaVersion::new(12, 0)
                && target.requested.pytorch.is_none()
                && let Some(newer) = raised.newest()
                && let Some(driver) = self.matrix.oldest_driver(next, family)
            {
                let newest = newer.build.pytorch;
                plans.remarks.push(FileNote::OldCuda { cuda, gives, newest, driver });
            }
        }
    }

    fn asked_cuda(&self, subdir: Subdir) -> Option<CudaVersion> {
        RequestedSpecs::of(self.chain().flat_map(|section| &section.items), subdir).cuda
    }

    /// What to know about lines that stay as they are.
    fn remark_lines(&self, plans: &mut FileEdits) {
        if let Some((line, count)) = exported(self.section) {
            plans.remarks.push(FileNote::Exported { line, count });
        }
        for item in &self.section.items {
            let Some(spec) = &item.spec else { continue };
            let (line, text) = (item.line, item.text.clone());
            let old_other = is_old(spec) && role(spec) == PackageRole::Other;
            match role(spec) {
                PackageRole::Tied if !spec.version.is_empty() => {
                    plans.remarks.push(FileNote::TiedPin { line, text });
                }
                PackageRole::Extension => plans.remarks.push(FileNote::NotKnown { line, text }),
                PackageRole::Other if old_other => {
                    plans.remarks.push(FileNote::NotKnown { line, text })
                }
                PackageRole::Pytorch
                | PackageRole::Companion(_)
                | PackageRole::CudaPin
                | PackageRole::CpuOnly
                | PackageRole::NotNeeded
                | PackageRole::Magma
                | PackageRole::Toolkit
                | PackageRole::ToolkitLibrary
                | PackageRole::Python
                | PackageRole::Tied
                | PackageRole::Other => {}
            }
        }
    }
}

/// The first line and the number of those that name a build of a package that is not ours: what
/// `conda env export` writes. A few may be pinned by hand.
fn exported(section: &EnvironmentSpec) -> Option<(usize, usize)> {
    let by_build = |item: &&SpecLine| {
        item.spec.as_ref().is_some_and(|spec| {
            let exact = spec.build.as_ref().is_some_and(|build| !build.contains('*'));
            exact
                && matches!(
                    role(spec),
                    PackageRole::Other | PackageRole::Python | PackageRole::Tied
                )
        })
    };
    let lines: Vec<usize> = section.items.iter().filter(by_build).map(|item| item.line).collect();
    lines.first().filter(|_| lines.len() > 4).map(|line| (*line, lines.len()))
}
