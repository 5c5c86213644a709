//! Rows to paste into the files of `data/`.

use std::fmt::{Display, Write};

use crate::channel::{Difference, DifferenceKind, Differences, nearest};
use crate::matrix::Matrix;
use crate::types::{Build, CompanionBuild, Date};

/// Everything new, rebuilt or changed as rows of the files in `data/`. Values that only the recipe has are
/// inferred and marked; its commit, which is required, is left out.
pub fn matrix_rows(differences: &Differences<'_>, matrix: &Matrix) -> String {
    let builds = differences.builds.iter().map(|difference| build_row(difference, matrix));
    let companions = differences.companions.iter().map(companion_row);
    let versions = [
        ("add to", &differences.new_cuda_versions),
        ("remove from", &differences.gone_cuda_versions),
    ];
    let versions = versions.into_iter().filter(|(_, versions)| !versions.is_empty());
    let versions = versions.map(|(what, versions)| {
        let texts: Vec<String> = versions.iter().map(|version| format!("\"{version}\"")).collect();
        format!("# {what} `versions`: {}\n", texts.join(", "))
    });
    file("builds", builds.collect())
        + &file("companions", companions.collect())
        + &file("cuda_versions", versions.collect())
}

/// The rows of a file under its name.
fn file(name: &str, rows: String) -> String {
    if rows.is_empty() {
        return rows;
    }
    format!("# ---- crates/conda-torch-core/src/matrix/data/{name}.toml\n\n{rows}")
}

fn build_row(difference: &Difference<'_, Build>, matrix: &Matrix) -> String {
    let row = difference.found;
    if difference.kind == DifferenceKind::Gone {
        return format!(
            "# gone: PyTorch {} {} {}\n\n",
            row.pytorch,
            row.subdir,
            row.build_prefix()
        );
    }
    let old = Some(difference.row).filter(|_| difference.kind != DifferenceKind::New);
    let near = old.or_else(|| nearest(row, matrix));
    let name = |build: &Build| {
        format!("PyTorch {} {} {}", build.pytorch, build.subdir, build.build_prefix())
    };
    let kernels = || {
        let kernels = near.map(|near| near.kernels.clone()).unwrap_or_default();
        let from = near.map_or("nothing".to_owned(), name);
        format!(
            "kernels = \"{kernels}\" # inferred from {from}: check TORCH_CUDA_ARCH_LIST in the recipe"
        )
    };
    let glibc = |declared| {
        let of_near = near.and_then(|near| near.glibc).map(|glibc| glibc.libraries);
        let libraries = of_near.unwrap_or(declared).max(declared);
        format!(
            "glibc = {{ declared = \"{declared}\", libraries = \"{libraries}\" }} # libraries: inferred"
        )
    };
    let is_cuda = row.is_cuda();
    let (first, last) = row.build_numbers;
    let metapackage = old.map_or(row.metapackage, |old| old.metapackage);
    let date = difference.newest.map(|newest| Date::of_unix_time(newest / 1000).to_string());
    lines([
        old.map(|old| {
            let (first, last) = old.build_numbers;
            format!("# replaces or follows the row with build numbers {first} to {last}")
        }),
        Some("[[build]]".to_owned()),
        Some(text("pytorch", row.pytorch)),
        Some(text("subdir", row.subdir)),
        Some(text("accelerator", row.accelerator)),
        Some(text("blas", row.blas)),
        row.arm_variant.map(|variant| text("arm_variant", variant)),
        Some(format!("build_numbers = [{first}, {last}]")),
        Some(format!("blas_in_build_string = {}", row.blas_in_build_string)),
        Some(format!("metapackage = {metapackage}")),
        is_cuda.then(|| pair("cuda_pins", row.cuda_pins.start, row.cuda_pins.end)),
        is_cuda.then(kernels),
        row.glibc.map(|floor| glibc(floor.declared)),
        row.macos.map(|macos| text("macos", macos)),
        Some(pair("pythons", row.pythons.0, row.pythons.1)),
        Some(source(date.as_deref().unwrap_or_default())),
    ])
}

fn companion_row(difference: &Difference<'_, CompanionBuild>) -> String {
    let Difference { kind, row, found, .. } = difference;
    if *kind == DifferenceKind::Gone {
        return format!("# gone: {}\n\n", companion_name(row));
    }
    let old = Some(row).filter(|_| *kind != DifferenceKind::New);
    let is_cuda = found.accelerator.cuda().is_some();
    lines([
        old.map(|old| format!("# replaces the row of {}", companion_name(old))),
        Some("[[companion]]".to_owned()),
        Some(text("package", found.package)),
        Some(text("version", found.version)),
        Some(text("subdir", found.subdir)),
        Some(text("pytorch", found.pytorch)),
        Some(text("accelerator", found.accelerator)),
        is_cuda.then(|| format!("same_toolkit = {}", found.same_toolkit)),
        found.arm_variant.map(|variant| text("arm_variant", variant)),
        is_cuda.then(|| pair("cuda_pins", found.cuda_pins.start, found.cuda_pins.end)),
        Some(pair("pythons", found.pythons.0, found.pythons.1)),
        Some(source(&found.source.date.to_string())),
    ])
}

/// The lines that are there, with an empty line at the end.
fn lines<const N: usize>(lines: [Option<String>; N]) -> String {
    let lines: Vec<String> = lines.into_iter().flatten().collect();
    lines.join("\n") + "\n\n"
}

fn text(key: &str, value: impl Display) -> String {
    format!("{key} = \"{value}\"")
}

fn pair(key: &str, first: impl Display, last: impl Display) -> String {
    format!("{key} = [\"{first}\", \"{last}\"]")
}

fn source(date: &str) -> String {
    format!("source = {{ commit = \"\", date = \"{date}\" }} # add the commit of the recipe")
}

/// A companion by everything that distinguishes it.
pub fn companion_name(row: &CompanionBuild) -> String {
    let CompanionBuild { package, version, subdir, accelerator, .. } = row;
    let mut name = format!("{package} {version} {subdir} {}", accelerator.build_prefix());
    if let Some(variant) = row.arm_variant {
        let _ = write!(name, " {variant}");
    }
    name
}

#[cfg(test)]
mod tests {
    use crate::matrix::files;

    use super::*;

    fn new<Row>(row: &Row) -> Difference<'_, Row> {
        let (kind, newest) = (DifferenceKind::New, Some(1_790_000_000_000));
        let (build_numbers, changed) = (Vec::new(), Vec::new());
        Difference { kind, row, found: row, build_numbers, newest, changed }
    }

    #[test]
    fn printed_rows_are_valid_once_a_commit_is_filled_in() {
        let matrix = Matrix::embedded();
        // Every row as if the channel alone had it: those of all forms.
        let differences = Differences {
            builds: matrix.builds.iter().map(new).collect(),
            companions: matrix.companions.iter().map(new).collect(),
            ..Differences::default()
        };
        let commit = "commit = \"b835dc62735da5a7c446b64d2d488119814fd54d\"";
        let text = matrix_rows(&differences, matrix).replace("commit = \"\"", commit);
        let (builds, companions) = text
            .split_once("# ---- crates/conda-torch-core/src/matrix/data/companions.toml")
            .expect("both files");
        let head = "as_of = \"2026-08-13\"\n";
        let file: files::Builds = toml::from_str(&format!("{head}{builds}")).expect("builds");
        assert_eq!(file.build.len(), matrix.builds.len());
        for (is, row) in file.build.iter().zip(matrix.builds.iter()) {
            let is = is.as_ref();
            assert_eq!((is.pytorch, is.subdir, is.blas), (row.pytorch, row.subdir, row.blas));
            assert_eq!(is.accelerator, row.accelerator);
            assert_eq!(is.pythons, row.pythons);
        }
        let file: files::Companions = toml::from_str(companions).expect("companions");
        assert_eq!(file.companion.len(), matrix.companions.len());
        for (is, row) in file.companion.iter().zip(matrix.companions.iter()) {
            let is = is.as_ref();
            assert_eq!(
                (is.package, is.version, is.pytorch),
                (row.package, row.version, row.pytorch)
            );
            assert_eq!((is.subdir, is.accelerator), (row.subdir, row.accelerator));
        }
        // Without the commit none is taken.
        let bare = text.replace(commit, "commit = \"\"");
        let (builds, _) = bare
            .split_once("# ---- crates/conda-torch-core/src/matrix/data/companions.toml")
            .expect("both");
        assert!(toml::from_str::<files::Builds>(&format!("{head}{builds}")).is_err());
    }
}
