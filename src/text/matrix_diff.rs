//! A channel compared with the built-in data, as a list for a maintainer.

use itertools::Itertools;

use conda_torch_core::channel::{ChannelBuild, CompanionDifference, Difference, RowChange, age};
use conda_torch_core::conda::Version;
use conda_torch_core::diagnostics::{ago, channel_error};
use conda_torch_core::formats::companion_name;
use conda_torch_core::report::matrix_diff::{Compared, companion_changes, gap, pins};
use conda_torch_core::types::{Build, CompanionBuild};

use super::page::{Page, Style};

/// The headings, in their order; each difference is under one.
const HEADINGS: [&str; 5] = [NEW, REBUILT, CHANGED, GONE, NOT_UNDERSTOOD];
const NEW: &str = "New";
const REBUILT: &str = "Rebuilt";
const CHANGED: &str = "Changed";
const GONE: &str = "Gone";
const NOT_UNDERSTOOD: &str = "Not understood";

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
    let (new, gone) = (&differences.new_cuda_versions, &differences.gone_cuda_versions);
    for (heading, versions) in [(NEW, new), (GONE, gone)] {
        if !versions.is_empty() {
            all.push((heading, format!("`cuda-version` {}", versions.iter().join(", "))));
        }
    }
    let gaps = gaps.iter().map(|it| format!("{}: {}", it.url, gap(it.what)));
    all.extend(gaps.map(|gap| (NOT_UNDERSTOOD, gap)));
    for heading in HEADINGS {
        let mut items = all.iter().filter(|(its, _)| *its == heading).peekable();
        if items.peek().is_some() {
            page.gap();
            page.heading(heading);
        }
        for (_, item) in items {
            page.text("- ", item);
        }
    }
    page.gap();
    if compared.is_same() {
        page.text("", "No differences");
    } else if !differences.is_empty() {
        page.text("hint: ", "pass `--rows` to print them as rows for the data files");
    }
    page.finish()
}

fn build(difference: &Difference<'_>) -> (&'static str, String) {
    match difference {
        Difference::New(found) => (NEW, format!("{}, {}", name(found), rules(&found.row))),
        Difference::Rebuilt { row, found } => {
            let last = row.build_numbers.1;
            (REBUILT, format!("{} (the row ends with #{last})", name(found)))
        }
        Difference::Changed { row, found, what } => {
            let what = what.iter().map(|change| changed(*change, row, &found.row)).join("; ");
            (CHANGED, format!("{}: {what}", name(found)))
        }
        Difference::Gone(row) => {
            let (first, last) = row.build_numbers;
            (GONE, format!("{} #{first}–{last}", title(row)))
        }
    }
}

fn title(row: &Build) -> String {
    format!("PyTorch {} {} {}", row.pytorch, row.subdir, row.build_prefix())
}

fn name(ChannelBuild { row, build_numbers, .. }: &ChannelBuild) -> String {
    let variant = row.arm_variant.map(|variant| format!(" {variant}")).unwrap_or_default();
    format!("{}{variant} #{}", title(row), build_numbers.iter().join(", #"))
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
    let cuda = row.accelerator.cuda().map(|_| format!(", {}", pins(&row.cuda_pins)));
    let (first, last) = row.pythons;
    let cuda = cuda.unwrap_or_default();
    format!("for PyTorch {}{cuda}, Python {first}–{last}", row.pytorch)
}
