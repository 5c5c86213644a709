//! What a channel has that the rows have not: for a maintainer, as a list, as JSON and as rows to paste.

use std::fmt::Write;

use conda_torch_core::channel::{Change, CompanionDifference, Difference, Found, Origin, age};
use conda_torch_core::conda::Version;
use conda_torch_core::diagnostics::{ago, channel_error};
use conda_torch_core::formats::companion_name;
use conda_torch_core::report::matrix_diff::{Compared, companion_changes, gap as about, pins};
use conda_torch_core::types::{Build, CompanionBuild, CudaVersion};

use super::wrap::wrap;

/// The headings, in their order; each difference is under one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heading {
    New,
    Rebuilt,
    Changed,
    Gone,
}

impl Heading {
    const ALL: [Self; 4] = [Self::New, Self::Rebuilt, Self::Changed, Self::Gone];

    const fn title(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Rebuilt => "Rebuilt",
            Self::Changed => "Changed",
            Self::Gone => "Gone",
        }
    }
}

/// The list.
#[must_use]
pub fn human(compared: &Compared<'_>, width: usize) -> String {
    let mut out = String::new();
    let as_of = compared.matrix.as_of;
    let text = format!("`{}`{}; the rows are of {as_of}", compared.channel, read(compared.origins));
    wrap(&mut out, "", &text, width);
    for origin in compared.origins {
        if let Some(fault) = &origin.fault {
            wrap(&mut out, "", &format!("{}: {}", origin.subdir, channel_error(fault)), width);
        }
    }
    let differences = compared.differences;
    let mut all: Vec<(Heading, String)> = differences.builds.iter().map(told).collect();
    all.extend(differences.companions.iter().map(companion));
    let versions = |heading, versions: &[CudaVersion]| {
        let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
        (!texts.is_empty()).then(|| (heading, format!("`cuda-version` {}", texts.join(", "))))
    };
    all.extend(versions(Heading::New, &differences.new_cuda_versions));
    all.extend(versions(Heading::Gone, &differences.gone_cuda_versions));
    for heading in Heading::ALL {
        let mut of_it = all.iter().filter(|(its, _)| *its == heading).peekable();
        if of_it.peek().is_some() {
            let _ = write!(out, "\n{}\n", heading.title());
        }
        for (_, text) in of_it {
            wrap(&mut out, "- ", text, width);
        }
    }
    if !compared.gaps.is_empty() {
        out.push_str("\nNot understood\n");
        for gap in compared.gaps {
            wrap(&mut out, "- ", &format!("{}: {}", gap.url, about(gap.what)), width);
        }
    }
    if compared.is_same() {
        out.push_str("\nNothing differs\n");
    } else if !differences.is_empty() {
        out.push('\n');
        wrap(&mut out, "", "As rows: `conda-torch matrix --diff --rows`", width);
    }
    out
}

/// How fresh it is.
fn read(origins: &[Origin]) -> String {
    match age(origins) {
        0 => " as it is now".to_owned(),
        age => format!(" as it was {} ago", ago(age)),
    }
}

fn told(difference: &Difference<'_>) -> (Heading, String) {
    match difference {
        Difference::New(found) => (Heading::New, format!("{}, {}", name(found), rules(found))),
        Difference::Rebuilt { row, found } => {
            let last = row.build_numbers.1;
            (Heading::Rebuilt, format!("{} (the row ends with #{last})", name(found)))
        }
        Difference::Changed { row, found, what } => {
            let what: Vec<String> =
                what.iter().map(|change| changed(*change, row, found)).collect();
            (Heading::Changed, format!("{}: {}", name(found), what.join("; ")))
        }
        Difference::Gone(row) => {
            let (first, last) = row.build_numbers;
            (
                Heading::Gone,
                format!(
                    "PyTorch {} {} {} #{first}–{last}",
                    row.pytorch,
                    row.subdir,
                    row.build_prefix()
                ),
            )
        }
    }
}

fn name(found: &Found) -> String {
    let key = &found.key;
    let mut name =
        format!("PyTorch {} {} {}", key.pytorch, key.subdir, key.accelerator.build_prefix());
    if found.blas_in_build_string {
        let _ = write!(name, "_{}", key.blas);
    }
    if let Some(variant) = key.arm_variant {
        let _ = write!(name, " {variant}");
    }
    let numbers: Vec<String> = found.build_numbers.iter().map(ToString::to_string).collect();
    let _ = write!(name, " #{}", numbers.join(", #"));
    name
}

fn rules(found: &Found) -> String {
    let mut rules = vec![format!("Python {}–{}", found.pythons.0, found.pythons.1)];
    if found.key.accelerator.cuda().is_some() {
        rules.insert(0, pins(&found.cuda_pins));
    }
    rules.extend(found.glibc.map(|glibc| format!("glibc {glibc}")));
    rules.extend(found.macos.map(|macos| format!("macOS {macos}")));
    rules.join(", ")
}

fn changed(change: Change, row: &Build, found: &Found) -> String {
    let or_none = |version: Option<Version>| version.map_or("none".to_owned(), |it| it.to_string());
    match change {
        Change::CudaPins => format!("{}, not {}", pins(&found.cuda_pins), pins(&row.cuda_pins)),
        Change::Glibc => {
            let before = or_none(row.glibc.map(|glibc| glibc.declared));
            format!("glibc {}, not {before}", or_none(found.glibc))
        }
        Change::Macos => format!("macOS {}, not {}", or_none(found.macos), or_none(row.macos)),
        Change::Pythons => format!(
            "Python {}–{}, not {}–{}",
            found.pythons.0, found.pythons.1, row.pythons.0, row.pythons.1
        ),
    }
}

/// A line of the list.
fn companion(difference: &CompanionDifference<'_>) -> (Heading, String) {
    match difference {
        CompanionDifference::New(found) => {
            (Heading::New, format!("{}, {}", companion_name(found), companion_rules(found)))
        }
        CompanionDifference::Changed { row, found } => (
            Heading::Changed,
            format!("{}: {}", companion_name(row), companion_changes(row, found).join("; ")),
        ),
        CompanionDifference::Gone(row) => (Heading::Gone, companion_name(row)),
    }
}

fn companion_rules(row: &CompanionBuild) -> String {
    let mut rules = vec![format!("for PyTorch {}", row.pytorch)];
    if row.accelerator.cuda().is_some() {
        rules.push(pins(&row.cuda_pins));
    }
    rules.push(format!("Python {}–{}", row.pythons.0, row.pythons.1));
    rules.join(", ")
}
