//! Why nothing fits, or why a GPU stays unused: the first thing to say.

use crate::model::Vendor;

use super::super::Survey;
use super::super::advice::Alternative;
use super::super::diagnostic::Diagnostic;
use super::super::fit::Candidate;
use super::super::reasons;
use super::super::request::AcceleratorWish;

/// Why nothing can be had: what speaks against the nearest, or against the newest builds here.
pub(super) fn nothing_fits(
    candidates: &[Candidate<'_>],
    alternatives: &[(usize, Alternative<'_>)],
    remarks: &mut Vec<Diagnostic>,
) {
    // What the machine lacks; where it lacks nothing, what of the request the nearest does not meet.
    let findings = alternatives.iter().flat_map(|(_, alternative)| &alternative.findings);
    add_new(remarks, findings.filter(|finding| !reasons::is_wish(finding)).cloned());
    if let Some((_, nearest)) = alternatives.first().filter(|_| remarks.is_empty()) {
        add_new(remarks, nearest.findings.iter().cloned());
    }
    if !alternatives.is_empty() {
        return;
    }
    let releases = || candidates.iter().filter(|c| !c.build.pytorch.is_candidate());
    let newest = releases().map(|c| c.build.pytorch).max();
    for candidate in releases().filter(|c| Some(c.build.pytorch) == newest) {
        add_new(remarks, candidate.blockers.iter().cloned());
    }
}

/// Adds facts of a kind that is not there yet, leaving out what only tells builds apart.
fn add_new(facts: &mut Vec<Diagnostic>, more: impl IntoIterator<Item = Diagnostic>) {
    for fact in more {
        let seen = facts
            .iter()
            .any(|other| std::mem::discriminant(other) == std::mem::discriminant(&fact));
        if !seen
            && !matches!(fact, Diagnostic::OtherArmVariant { .. } | Diagnostic::OtherBlas { .. })
        {
            facts.push(fact);
        }
    }
}

/// An NVIDIA GPU that the answer does not use is the first thing to say, with why.
pub(super) fn gpu_not_used(
    survey: &Survey<'_, '_>,
    candidates: &[Candidate<'_>],
    best: &Candidate<'_>,
    alternatives: &[(usize, Alternative<'_>)],
    remarks: &mut Vec<Diagnostic>,
) {
    if !survey.has_nvidia() || best.build.is_cuda() {
        return;
    }
    let asked = survey.request.accelerator == AcceleratorWish::Cpu;
    remarks.push(Diagnostic::GpuNotUsed { asked });
    if asked {
        return;
    }
    // Of the newest PyTorch that a change would unlock, the build that asks least.
    let newest = alternatives.first().map(|(_, alternative)| alternative.choice.build.pytorch);
    let nearest = alternatives.iter().rfind(|(_, a)| Some(a.choice.build.pytorch) == newest);
    let Some((_, nearest)) = nearest else {
        remarks.extend(why_no_cuda(candidates));
        return;
    };
    for finding in &nearest.findings {
        let cards = survey.machine.adapters.iter().filter(|card| card.vendor == Vendor::Nvidia);
        let mut cards = cards.peekable();
        if let Diagnostic::NoDriver { needed } = finding
            && cards.peek().is_some()
        {
            remarks.extend(cards.map(|card| Diagnostic::CardWithoutDriver {
                pci_id: card.pci_id.clone(),
                capability: survey.matrix.by_pci_id(&card.pci_id).map(|row| row.capability),
                kernel_driver: card.kernel_driver.clone(),
                needed: *needed,
            }));
        } else {
            remarks.push(finding.clone());
        }
    }
}

/// What speaks against every CUDA build of the newest version here, each fact once.
fn why_no_cuda(candidates: &[Candidate<'_>]) -> Vec<Diagnostic> {
    let releases =
        || candidates.iter().filter(|c| c.build.is_cuda() && !c.build.pytorch.is_candidate());
    let newest = releases().map(|c| c.build.pytorch).max();
    let mut facts: Vec<Diagnostic> = Vec::new();
    for candidate in releases().filter(|c| Some(c.build.pytorch) == newest) {
        add_new(&mut facts, candidate.blockers.iter().cloned());
    }
    facts
}
