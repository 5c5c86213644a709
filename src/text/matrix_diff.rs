//! A channel compared with the built-in data, as a list for a maintainer.

use itertools::Itertools;

use conda_torch_core::channel::DifferenceKind::{self, Changed, Gone, New, Rebuilt};
use conda_torch_core::channel::{Difference, RowChange, age};
use conda_torch_core::conda::Version;
use conda_torch_core::diagnostics::{ago, channel_error};
use conda_torch_core::formats::companion_name;
use conda_torch_core::report::matrix_diff::{Compared, companion_changes, gap, pins};
use conda_torch_core::types::{Build, CompanionBuild};

use super::page::{Page, Style};

/// The headings, in their order; each difference is under one.
const HEADINGS: [(&str, Option<DifferenceKind>); 5] = [
    ("New", Some(New)),
    ("Rebuilt", Some(Rebuilt)),
    ("Changed", Some(Changed)),
    ("Gone", Some(Gone)),
    ("Not understood", None),
];

/// The list.
pub fn matrix_diff(compared: &Compared<'_>, width: usize) -> String {
    let Compared { channel, origins, differences, gaps, matrix } = *compared;
    let mut page = Page::new(Style::plain(width));
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
    let builds = differences.builds.iter().map(|it| (Some(it.kind), build(it)));
    let companions = differences.companions.iter().map(|it| (Some(it.kind), companion(it)));
    let mut all: Vec<(Option<DifferenceKind>, String)> = builds.chain(companions).collect();
    let (new, gone) = (&differences.new_cuda_versions, &differences.gone_cuda_versions);
    for (kind, versions) in [(New, new), (Gone, gone)] {
        if !versions.is_empty() {
            all.push((Some(kind), format!("`cuda-version` {}", versions.iter().join(", "))));
        }
    }
    let gaps = gaps.iter().map(|it| format!("{}: {}", it.url, gap(it.what)));
    all.extend(gaps.map(|gap| (None, gap)));
    for (heading, kind) in HEADINGS {
        let mut items = all.iter().filter(|(its, _)| *its == kind).peekable();
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

fn build(difference: &Difference<'_, Build>) -> String {
    let Difference { kind, row, found, build_numbers, changed, .. } = difference;
    let (first, last) = row.build_numbers;
    let variant = found.arm_variant.map(|variant| format!(" {variant}")).unwrap_or_default();
    let name = format!("{}{variant} #{}", title(found), build_numbers.iter().join(", #"));
    match kind {
        New => format!("{name}, {}", rules(found)),
        Rebuilt => format!("{name} (the row ends with #{last})"),
        Changed => {
            let what = changed.iter().map(|change| self::changed(*change, row, found)).join("; ");
            format!("{name}: {what}")
        }
        Gone => format!("{} #{first}–{last}", title(row)),
    }
}

fn title(row: &Build) -> String {
    format!("PyTorch {} {} {}", row.pytorch, row.subdir, row.build_prefix())
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

fn companion(difference: &Difference<'_, CompanionBuild>) -> String {
    let Difference { kind, row, found, .. } = difference;
    let name = companion_name(row);
    match kind {
        New => format!("{name}, {}", companion_rules(found)),
        Rebuilt | Changed => format!("{name}: {}", companion_changes(row, found).join("; ")),
        Gone => name,
    }
}

fn companion_rules(row: &CompanionBuild) -> String {
    let cuda = row.accelerator.cuda().map(|_| format!(", {}", pins(&row.cuda_pins)));
    let (first, last) = row.pythons;
    let cuda = cuda.unwrap_or_default();
    format!("for PyTorch {}{cuda}, Python {first}–{last}", row.pytorch)
}
