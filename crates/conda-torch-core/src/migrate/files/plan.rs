//! What becomes of every channel and package of a file.

use crate::conda::{ChannelKind, Subdir};
use crate::matrix::{DriverFamily, Matrix};
use crate::types::CudaVersion;

use super::channels::{self, Kept};
use super::facts::{Change, NotRewritten, Remark, Why};
use super::fate::Fates;
use super::packages::{Role, is_old, role};
use super::section::{Item, Plan, Plans, Section};
use super::settle::{Settled, settle};
use super::target::{Aim, Target};
use super::wanted::Wanted;

/// Plans a file. One without a sign of the old channel stays as it is.
pub(super) fn plan(
    sections: &[Section],
    target: Target<'_>,
    matrix: &Matrix,
) -> Result<Plans, NotRewritten> {
    let mut plans = Plans::default();
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
    let mut once: Vec<Remark> = Vec::with_capacity(plans.remarks.len());
    for remark in plans.remarks {
        if !once.contains(&remark) {
            once.push(remark);
        }
    }
    once.sort_by_key(Remark::line);
    Ok(Plans { remarks: once, ..plans })
}

fn has_sign(section: &Section) -> bool {
    section.channels.iter().any(|(_, name)| ChannelKind::of(name) == ChannelKind::Pytorch)
        || section.items.iter().filter_map(|item| item.spec.as_ref()).any(is_old)
}

fn untouched(section: &Section) -> Plan {
    Plan {
        channels: vec![channels::Fate::Keep; section.channels.len()],
        items: vec![super::section::Fate::Keep; section.items.len()],
        needs_cuda: None,
    }
}

struct Planner<'a, 'm> {
    sections: &'a [Section],
    section: &'a Section,
    target: Target<'a>,
    matrix: &'m Matrix,
}

impl<'a, 'm> Planner<'a, 'm> {
    fn plan(&self, plans: &mut Plans) -> Result<Plan, NotRewritten> {
        self.refuse_puzzles()?;
        let lines: Vec<&Item> = self.chain().flat_map(|section| &section.items).collect();
        let platforms = self.platforms(plans, &lines);
        let mut aims: Vec<Aim<'m>> = Vec::new();
        for subdir in &platforms {
            let aim = self.aim(*subdir, &lines);
            if aim.wanted.is_of_pytorch() {
                aims.push(aim);
            }
        }
        let settled = if aims.is_empty() {
            None
        } else {
            Some(settle(&mut aims).ok_or_else(|| self.nothing_fits(&aims, &lines))?)
        };
        if let Some(settled) = &settled {
            self.remark(&aims, settled, plans);
        }
        self.remark_lines(plans);
        let channels = self.channels(settled.as_ref(), plans);
        let prefix = (!self.chain().any(|section| section.has_channels)).then_some("conda-forge");
        let mut fates = Fates::new(settled.as_ref(), &aims, prefix, self.section.dialect);
        let mut items = Vec::with_capacity(self.section.items.len());
        for item in &self.section.items {
            let (fate, change) = fates.of(item);
            plans.changes.extend(change);
            items.push(fate);
        }
        let needs_cuda = settled.and_then(|settled| {
            settled.choices.iter().filter_map(|(_, choice)| choice.needs_cuda).max()
        });
        Ok(Plan { channels, items, needs_cuda })
    }

    /// The section and those that it builds on.
    fn chain(&self) -> impl Iterator<Item = &'a Section> + use<'a, 'm> {
        let sections = self.sections;
        let parent = move |section: &&'a Section| {
            section.parent.and_then(|at| sections.get(at)).filter(|parent| parent.parent.is_none())
        };
        std::iter::successors(Some(self.section), parent)
    }

    fn refuse_puzzles(&self) -> Result<(), NotRewritten> {
        let is_ours = |role| matches!(role, Role::Pytorch | Role::Companion(_) | Role::CudaPin);
        for item in &self.section.items {
            let puzzling =
                item.spec.as_ref().is_some_and(|spec| spec.is_puzzling() && is_ours(role(spec)));
            if puzzling {
                return Err(NotRewritten::NotUnderstood {
                    line: item.line,
                    text: item.text.clone(),
                });
            }
        }
        Ok(())
    }

    fn platforms(&self, plans: &mut Plans, lines: &[&Item]) -> Vec<Subdir> {
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
        let about = |item: &&&Item| {
            item.spec
                .as_ref()
                .is_some_and(|spec| !matches!(role(spec), Role::Other | Role::Python | Role::Tied))
        };
        if lines.iter().any(|item| about(&item)) {
            plans.remarks.push(Remark::PlatformAssumed { subdir: Subdir::Linux64 });
        }
        vec![Subdir::Linux64]
    }

    fn nothing_fits(&self, aims: &[Aim<'m>], lines: &[&Item]) -> NotRewritten {
        let alone = |aim: &&Aim<'m>| settle(&mut [self.aim(aim.subdir, lines)]).is_none();
        let subdir = aims.iter().find(alone).or(aims.first()).map(|aim| aim.subdir);
        let subdir = subdir.unwrap_or(Subdir::Linux64);
        let role_of = |item: &Item| item.spec.as_ref().map_or(Role::Other, role);
        let is_torch = |item: &&&Item| {
            matches!(role_of(item), Role::Pytorch | Role::Companion(_) | Role::CudaPin)
        };
        let line = lines.iter().find(is_torch).map_or(1, |item| item.line);
        let culprit = lines.iter().find(|item| {
            let may = matches!(role_of(item), Role::Python | Role::Companion(_) | Role::Pytorch);
            let others: Vec<&Item> =
                lines.iter().filter(|other| !std::ptr::eq(**other, **item)).copied().collect();
            may && settle(&mut [self.aim(subdir, &others)]).is_some()
        });
        NotRewritten::NothingFits { line, subdir, without: culprit.map(|item| item.text.clone()) }
    }

    fn aim(&self, subdir: Subdir, lines: &[&Item]) -> Aim<'m> {
        let wanted = Wanted::of(lines.iter().copied(), subdir);
        Aim::new(subdir, wanted, self.target, self.matrix)
    }

    fn channels(&self, settled: Option<&Settled<'m>>, plans: &mut Plans) -> Vec<channels::Fate> {
        let names: Vec<&str> =
            self.section.channels.iter().map(|(_, name)| name.as_str()).collect();
        let has_toolkit = |section: &Section| {
            let toolkit = |item: &Item| {
                item.spec
                    .as_ref()
                    .is_some_and(|spec| matches!(role(spec), Role::Toolkit | Role::ToolkitLibrary))
            };
            section.items.iter().any(toolkit)
        };
        let old_cuda = settled.is_some_and(|settled| {
            let pins = settled.choices.iter().filter_map(|(_, choice)| choice.cuda_version);
            pins.min().is_some_and(|pin| pin < CudaVersion::new(12, 0))
        });
        let kept = Kept {
            nvidia: old_cuda && self.sections.iter().any(has_toolkit),
            defaults: self.sections.iter().any(|section| exported(section).is_some()),
        };
        let fates = channels::fates(&names, kept, self.section.dialect.nodefaults);
        for ((line, name), fate) in self.section.channels.iter().zip(&fates) {
            if name.to_ascii_lowercase().contains("pytorch-nightly") {
                plans.remarks.push(Remark::Nightly { line: *line });
            }
            if ["pyg", "xformers", "pytorch3d", "dglteam", "fastchan"].contains(&name.as_str()) {
                let name = name.clone();
                plans.remarks.push(Remark::OtherChannel { line: *line, name });
            }
            let after = match fate {
                channels::Fate::Keep => continue,
                channels::Fate::Become(name) => vec![name.clone()],
                channels::Fate::Remove => Vec::new(),
            };
            let why = match ChannelKind::of(name) {
                ChannelKind::Nvidia => Why::NvidiaChannel,
                ChannelKind::Defaults => Why::Defaults,
                ChannelKind::Pytorch | ChannelKind::CondaForge | ChannelKind::Other => {
                    Why::OldChannel
                }
            };
            plans.changes.push(Change { line: *line, before: name.clone(), after, why });
        }
        fates
    }

    /// What to know about what was settled.
    fn remark(&self, aims: &[Aim<'m>], settled: &Settled<'m>, plans: &mut Plans) {
        for aim in aims {
            let Some(choice) = settled.on(aim.subdir) else { continue };
            let gives = choice.build.pytorch;
            let family = DriverFamily::of(aim.subdir, false);
            if let Some(cuda) = settled.raised_to
                && let Some(asked) = self.asked_cuda(aim.subdir)
                && let Some(needed) = self.matrix.oldest_driver(cuda, family)
                && choice.build.is_cuda()
            {
                plans.remarks.push(Remark::NewerDriver { asked, needed });
            }
            let newest = aim.newest().map(|choice| choice.build.pytorch);
            let newer = newest.filter(|newest| aim.wanted.pytorch.is_none() && *newest > gives);
            if let Some(newest) = newer {
                plans.remarks.push(Remark::HeldBack { subdir: aim.subdir, gives, newest });
            }
            if let Some(cuda) = choice.needs_cuda.filter(|_| self.section.is_locked) {
                plans.remarks.push(Remark::TellOfCuda { cuda });
            }
            let raised = aim.with_newer_driver();
            if let (Some((raised, next)), Some(cuda)) = (raised, choice.cuda_version)
                && cuda < CudaVersion::new(12, 0)
                && aim.wanted.pytorch.is_none()
                && let Some(newer) = raised.newest()
                && let Some(driver) = self.matrix.oldest_driver(next, family)
            {
                let newest = newer.build.pytorch;
                plans.remarks.push(Remark::OldCuda { cuda, gives, newest, driver });
            }
        }
    }

    fn asked_cuda(&self, subdir: Subdir) -> Option<CudaVersion> {
        Wanted::of(self.chain().flat_map(|section| &section.items), subdir).cuda
    }

    /// What to know about lines that stay as they are.
    fn remark_lines(&self, plans: &mut Plans) {
        if let Some((line, count)) = exported(self.section) {
            plans.remarks.push(Remark::Exported { line, count });
        }
        for item in &self.section.items {
            let Some(spec) = &item.spec else { continue };
            let (line, text) = (item.line, item.text.clone());
            let old_other = is_old(spec) && role(spec) == Role::Other;
            match role(spec) {
                Role::Tied if !spec.version.is_empty() => {
                    plans.remarks.push(Remark::TiedPin { line, text });
                }
                Role::Extension => plans.remarks.push(Remark::NotKnown { line, text }),
                Role::Other if old_other => plans.remarks.push(Remark::NotKnown { line, text }),
                Role::Pytorch
                | Role::Companion(_)
                | Role::CudaPin
                | Role::CpuOnly
                | Role::NotNeeded
                | Role::Magma
                | Role::Toolkit
                | Role::ToolkitLibrary
                | Role::Python
                | Role::Tied
                | Role::Other => {}
            }
        }
    }
}

/// The first line and the number of those that name a build of a package that is not ours: what
/// `conda env export` writes. A few may be pinned by hand.
fn exported(section: &Section) -> Option<(usize, usize)> {
    let by_build = |item: &&Item| {
        item.spec.as_ref().is_some_and(|spec| {
            let exact = spec.build.as_ref().is_some_and(|build| !build.contains('*'));
            exact && matches!(role(spec), Role::Other | Role::Python | Role::Tied)
        })
    };
    let lines: Vec<usize> = section.items.iter().filter(by_build).map(|item| item.line).collect();
    lines.first().filter(|_| lines.len() > 4).map(|line| (*line, lines.len()))
}
