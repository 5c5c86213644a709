//! Why nothing fits, or why a GPU stays unused: the first thing to say.

use std::cmp::Reverse;

use crate::types::Vendor;

use crate::diagnostics::Diagnostic;
use crate::resolve::{
    Survey, advice::Alternative, fit::Candidate, reasons, request::RequestedAccelerator,
};

/// Why nothing can be had: what the machine lacks for the builds that were asked for, or what of the
/// request the nearest does not meet.
pub(super) fn nothing_fits(
    candidates: &[Candidate<'_>],
    alternatives: &[(usize, Alternative<'_>)],
    remarks: &mut Vec<Diagnostic>,
) {
    if let Some(nearest) = lacking(candidates.iter()) {
        add_new(remarks, nearest.blockers.iter().cloned());
    } else if let Some((_, nearest)) = alternatives.first() {
        add_new(remarks, nearest.findings.iter().cloned());
    } else {
        let releases = || candidates.iter().filter(|c| !c.build.pytorch.is_candidate());
        let newest = releases().map(|c| c.build.pytorch).max();
        for candidate in releases().filter(|c| Some(c.build.pytorch) == newest) {
            add_new(remarks, candidate.blockers.iter().cloned());
        }
    }
}

/// Of the builds that are what was asked for and that only the machine keeps away: one of the newest
/// PyTorch, with the least against it; of several the one that asks least of the driver, or where the
/// driver is not what is wrong, the newest toolkit.
fn lacking<'c, 'm: 'c>(
    candidates: impl Iterator<Item = &'c Candidate<'m>>,
) -> Option<&'c Candidate<'m>> {
    let asked_for = |c: &&Candidate<'_>| {
        let tells_apart = |d: &Diagnostic| matches!(d, Diagnostic::OtherArmVariant { .. });
        !c.fits()
            && !c.build.pytorch.is_candidate()
            && !c.blockers.iter().any(|d| reasons::is_wish(d) || tells_apart(d))
    };
    let about_driver = |c: &Candidate<'_>| {
        let told = |d: &Diagnostic| {
            matches!(d, Diagnostic::NoDriver { .. } | Diagnostic::DriverTooOld { .. })
        };
        c.blockers.iter().any(told)
    };
    candidates.filter(asked_for).max_by(|a, b| {
        let least = |c: &Candidate<'_>| (c.build.pytorch, Reverse(c.blockers.len()));
        let toolkits = a.build.accelerator.cuda().cmp(&b.build.accelerator.cuda());
        let by_toolkit =
            if about_driver(a) && about_driver(b) { toolkits.reverse() } else { toolkits };
        least(a).cmp(&least(b)).then(by_toolkit)
    })
}

/// Adds facts of a kind that is not there yet, leaving out what only tells builds apart.
fn add_new(facts: &mut Vec<Diagnostic>, more: impl IntoIterator<Item = Diagnostic>) {
    for fact in more {
        let seen = facts
            .iter()
            .any(|other| std::mem::discriminant(other) == std::mem::discriminant(&fact));
        if !seen && !matches!(fact, Diagnostic::OtherArmVariant { .. }) {
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
    let asked = survey.request.accelerator == RequestedAccelerator::Cpu;
    remarks.push(Diagnostic::GpuNotUsed { asked });
    if asked {
        return;
    }
    let with_cuda = || candidates.iter().filter(|c| c.build.is_cuda());
    let findings = match (lacking(with_cuda()), alternatives.first()) {
        (Some(nearest), _) => nearest.blockers.clone(),
        (None, Some((_, nearest))) => nearest.findings.clone(),
        (None, None) => with_cuda().next().map_or(Vec::new(), |any| any.blockers.clone()),
    };
    for finding in findings {
        let cards = survey.machine.adapters.iter().filter(|card| card.vendor == Vendor::Nvidia);
        let mut cards = cards.peekable();
        if let Diagnostic::NoDriver { needed } = finding
            && cards.peek().is_some()
        {
            remarks.extend(cards.map(|card| Diagnostic::CardWithoutDriver {
                pci_id: card.pci_id.clone(),
                capability: survey.matrix.by_pci_id(&card.pci_id).map(|row| row.capability),
                kernel_driver: card.kernel_driver.clone(),
                needed,
            }));
        } else {
            remarks.push(finding);
        }
    }
}
