//! A channel compared with the built-in data, as a list for a maintainer.

use std::fmt::Write;

use conda_torch_core::channel::{ChannelBuild, CompanionDifference, Difference, RowChange, age};
use conda_torch_core::conda::Version;
use conda_torch_core::diagnostics::{ago, channel_error};
use conda_torch_core::formats::companion_name;
use conda_torch_core::report::matrix_diff::{Compared, companion_changes, gap, pins};
use conda_torch_core::types::{Build, CompanionBuild, CudaVersion};

use super::page::{Page, Style};

/// The headings, in their order; each difference is under one.
const HEADINGS: [&str; 4] = [NEW, REBUILT, CHANGED, GONE];
const NEW: &str = "New";
const REBUILT: &str = "Rebuilt";
const CHANGED: &str = "Changed";
const GONE: &str = "Gone";

/// The list.
pub fn matrix_diff(compared: &Compared<'_>, width: usize) -> String {
    let Compared { channel, origins, differences, gaps, matrix } = *compared;
    let mut page = Page::new(Style { width, color: false });
    let as_of = matrix.as_of;
    let cached = match age(origins) {
        0 => String::new(),
        age => format!(" from {} ago", ago(age)),
    };
    page.text("", &format!("`{channel}`{cached}, compared with built-in data from {as_of}"));
    for origin in origins {
        if let Some(fault) = &origin.fault {
            page.text("", &format!("{}: {}", origin.subdir, channel_error(fault)));
        }
    }
    let mut all: Vec<(&str, String)> = differences.builds.iter().map(build).collect();
    all.extend(differences.companions.iter().map(companion));
    let versions = |heading, versions: &[CudaVersion]| {
        let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
        (!texts.is_empty()).then(|| (heading, format!("`cuda-version` {}", texts.join(", "))))
    };
    all.extend(versions(NEW, &differences.new_cuda_versions));
    all.extend(versions(GONE, &differences.gone_cuda_versions));
    for heading in HEADINGS {
        let items = all.iter().filter(|(its, _)| *its == heading);
        list(&mut page, heading, items.map(|(_, text)| text.clone()).collect());
    }
    let gaps = gaps.iter().map(|it| format!("{}: {}", it.url, gap(it.what)));
    list(&mut page, "Not understood", gaps.collect());
    page.gap();
    if compared.is_same() {
        page.text("", "No differences");
    } else if !differences.is_empty() {
        page.text("hint: ", "pass `--rows` to print them as rows for the data files");
    }
    page.finish()
}

fn list(page: &mut Page, heading: &str, items: Vec<String>) {
    if !items.is_empty() {
        page.gap();
        page.heading(heading);
    }
    for item in items {
        page.text("- ", &item);
    }
}

fn build(difference: &Difference<'_>) -> (&'static str, String) {
    match difference {
        Difference::New(found) => (NEW, format!("{}, {}", name(found), rules(&found.row))),
        Difference::Rebuilt { row, found } => {
            let last = row.build_numbers.1;
            (REBUILT, format!("{} (the row ends with #{last})", name(found)))
        }
        Difference::Changed { row, found, what } => {
            let what: Vec<String> =
                what.iter().map(|change| changed(*change, row, &found.row)).collect();
            (CHANGED, format!("{}: {}", name(found), what.join("; ")))
        }
        Difference::Gone(row) => {
            let (first, last) = row.build_numbers;
            let name = format!("PyTorch {} {} {}", row.pytorch, row.subdir, row.build_prefix());
            (GONE, format!("{name} #{first}–{last}"))
        }
    }
}

fn name(found: &ChannelBuild) -> String {
    let row = &found.row;
    let mut name = format!("PyTorch {} {} {}", row.pytorch, row.subdir, row.build_prefix());
    if let Some(variant) = row.arm_variant {
        let _ = write!(name, " {variant}");
    }
    let numbers: Vec<String> = found.build_numbers.iter().map(ToString::to_string).collect();
    let _ = write!(name, " #{}", numbers.join(", #"));
    name
}

fn rules(found: &Build) -> String {
    let mut rules = vec![format!("Python {}–{}", found.pythons.0, found.pythons.1)];
    if found.is_cuda() {
        rules.insert(0, pins(&found.cuda_pins));
    }
    rules.extend(found.glibc.map(|glibc| format!("glibc {}", glibc.declared)));
    rules.extend(found.macos.map(|macos| format!("macOS {macos}")));
    rules.join(", ")
}

fn changed(change: RowChange, row: &Build, found: &Build) -> String {
    let or_none = |version: Option<Version>| version.map_or("none".to_owned(), |it| it.to_string());
    match change {
        RowChange::CudaPins => format!("{}, not {}", pins(&found.cuda_pins), pins(&row.cuda_pins)),
        RowChange::Glibc => {
            let declared = |row: &Build| or_none(row.glibc.map(|glibc| glibc.declared));
            format!("glibc {}, not {}", declared(found), declared(row))
        }
        RowChange::Macos => format!("macOS {}, not {}", or_none(found.macos), or_none(row.macos)),
        RowChange::Pythons => format!(
            "Python {}–{}, not {}–{}",
            found.pythons.0, found.pythons.1, row.pythons.0, row.pythons.1
        ),
    }
}

/// A line of the list.
fn companion(difference: &CompanionDifference<'_>) -> (&'static str, String) {
    match difference {
        CompanionDifference::New(found) => {
            (NEW, format!("{}, {}", companion_name(found), companion_rules(found)))
        }
        CompanionDifference::Changed { row, found } => (
            CHANGED,
            format!("{}: {}", companion_name(row), companion_changes(row, found).join("; ")),
        ),
        CompanionDifference::Gone(row) => (GONE, companion_name(row)),
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
