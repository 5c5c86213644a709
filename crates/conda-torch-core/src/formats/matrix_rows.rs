//! Rows to paste into the files of `data/`.

use std::fmt::Write;

use crate::channel::{CompanionDifference, Difference, Differences, Found, nearest};
use crate::matrix::Matrix;
use crate::types::{Accelerator, Blas, Build, CompanionBuild, Date};

/// Rows in the form of the files of `data/`, of all that is new, rebuilt or changed. What only the recipe
/// tells is inferred and marked, and its commit is left out, without which no row is taken.
#[must_use]
pub fn matrix_rows(differences: &Differences<'_>, matrix: &Matrix) -> String {
    let mut out = String::new();
    file(&mut out, "builds.toml", !differences.builds.is_empty());
    for difference in &differences.builds {
        match difference {
            Difference::New(found) => row(&mut out, found, None, matrix),
            Difference::Rebuilt { row: old, found }
            | Difference::Changed { row: old, found, .. } => {
                row(&mut out, found, Some(old), matrix);
            }
            Difference::Gone(old) => {
                let (pytorch, subdir, prefix) = (old.pytorch, old.subdir, old.build_prefix());
                let _ = writeln!(out, "# gone: PyTorch {pytorch} {subdir} {prefix}\n");
            }
        }
    }
    file(&mut out, "companions.toml", !differences.companions.is_empty());
    for difference in &differences.companions {
        companion_row(&mut out, difference);
    }
    let (new, gone) = (&differences.new_cuda_versions, &differences.gone_cuda_versions);
    file(&mut out, "cuda_versions.toml", !new.is_empty() || !gone.is_empty());
    for (what, versions) in [("to add to", new), ("to take out of", gone)] {
        let texts: Vec<String> = versions.iter().map(|version| format!("\"{version}\"")).collect();
        if !texts.is_empty() {
            let _ = writeln!(out, "# {what} `versions`: {}", texts.join(", "));
        }
    }
    out
}

/// Which file the rows that follow are for.
fn file(out: &mut String, name: &str, is_there: bool) {
    if is_there {
        let _ = writeln!(out, "# ---- crates/conda-torch-core/src/matrix/data/{name}\n");
    }
}

fn row(out: &mut String, found: &Found, old: Option<&Build>, matrix: &Matrix) {
    let key = &found.key;
    if let Some(old) = old {
        let (first, last) = old.build_numbers;
        let _ =
            writeln!(out, "# in place of, or after, the row with build numbers {first} to {last}");
    }
    let accelerator = match key.accelerator {
        Accelerator::Cuda(cuda) => format!("cuda {cuda}"),
        Accelerator::Mps => "mps".to_owned(),
        Accelerator::Cpu => "cpu".to_owned(),
    };
    let first = found.build_numbers.first().copied().unwrap_or(0);
    let last = found.build_numbers.last().copied().unwrap_or(0);
    let blas = match key.blas {
        Blas::Mkl => "mkl",
        Blas::Generic => "generic",
    };
    let _ = write!(
        out,
        "[[build]]\npytorch = \"{}\"\nsubdir = \"{}\"\naccelerator = \"{accelerator}\"\nblas = \"{blas}\"\n",
        key.pytorch, key.subdir
    );
    if let Some(variant) = key.arm_variant {
        let _ = writeln!(out, "arm_variant = \"{variant}\"");
    }
    let _ = writeln!(out, "build_numbers = [{first}, {last}]");
    let _ = writeln!(out, "blas_in_build_string = {}", found.blas_in_build_string);
    let _ = writeln!(out, "metapackage = {}", old.map_or(found.metapackage, |old| old.metapackage));
    if key.accelerator.cuda().is_some() {
        let _ = writeln!(
            out,
            "cuda_pins = [\"{}\", \"{}\"]",
            found.cuda_pins.start, found.cuda_pins.end
        );
        let near = old.or_else(|| nearest(&found.key, matrix));
        let kernels = near.map(|near| near.kernels.clone()).unwrap_or_default();
        let by = near.map_or("nothing".to_owned(), |near| {
            format!("PyTorch {} {} {}", near.pytorch, near.subdir, near.build_prefix())
        });
        let _ = writeln!(
            out,
            "kernels = \"{kernels}\" # inferred from {by}: see TORCH_CUDA_ARCH_LIST in the recipe"
        );
    }
    if let Some(declared) = found.glibc {
        let near = old.or_else(|| nearest(&found.key, matrix));
        let old = near.and_then(|near| near.glibc).map(|glibc| glibc.libraries);
        let libraries = old.unwrap_or(declared).max(declared);
        let _ = writeln!(
            out,
            "glibc = {{ declared = \"{declared}\", libraries = \"{libraries}\" }} # libraries: inferred"
        );
    }
    if let Some(macos) = found.macos {
        let _ = writeln!(out, "macos = \"{macos}\"");
    }
    let _ = writeln!(out, "pythons = [\"{}\", \"{}\"]", found.pythons.0, found.pythons.1);
    let date = found
        .newest
        .map_or_else(String::new, |newest| Date::of_unix_time(newest / 1000).to_string());
    let _ = writeln!(
        out,
        "source = {{ commit = \"\", date = \"{date}\" }} # the recipe's commit: no row is taken without\n"
    );
}

/// A row of `data/companions.toml`.
fn companion_row(out: &mut String, difference: &CompanionDifference<'_>) {
    let found = match difference {
        CompanionDifference::New(found) => found,
        CompanionDifference::Changed { row, found } => {
            let _ = writeln!(out, "# in place of the row of {}", companion_name(row));
            found
        }
        CompanionDifference::Gone(row) => {
            let _ = writeln!(out, "# gone: {}\n", companion_name(row));
            return;
        }
    };
    let accelerator = match found.accelerator {
        Accelerator::Cuda(cuda) => format!("cuda {cuda}"),
        Accelerator::Mps | Accelerator::Cpu => "cpu".to_owned(),
    };
    let CompanionBuild { package, version, subdir, pytorch, .. } = found;
    let _ = write!(
        out,
        "[[companion]]\npackage = \"{package}\"\nversion = \"{version}\"\nsubdir = \"{subdir}\"\npytorch = \"{pytorch}\"\naccelerator = \"{accelerator}\"\n"
    );
    if found.accelerator.cuda().is_some() {
        let _ = writeln!(out, "same_toolkit = {}", found.same_toolkit);
    }
    if let Some(variant) = found.arm_variant {
        let _ = writeln!(out, "arm_variant = \"{variant}\"");
    }
    if found.accelerator.cuda().is_some() {
        let (first, end) = (found.cuda_pins.start, found.cuda_pins.end);
        let _ = writeln!(out, "cuda_pins = [\"{first}\", \"{end}\"]");
    }
    let _ = writeln!(out, "pythons = [\"{}\", \"{}\"]", found.pythons.0, found.pythons.1);
    let _ = writeln!(
        out,
        "source = {{ commit = \"\", date = \"{}\" }} # the recipe's commit: no row is taken without\n",
        found.source.date()
    );
}

/// What tells it from others.
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
    use crate::channel::{CompanionDifference, Differences, Key};
    use crate::matrix::files;

    use super::*;

    #[test]
    fn the_rows_of_builds_are_taken_by_their_files_once_a_commit_is_filled_in() {
        let matrix = Matrix::embedded();
        // Every row as if the channel alone had it: those of all forms.
        let found = |row: &Build| Found {
            key: Key::of(row),
            build_numbers: vec![row.build_numbers.0, row.build_numbers.1],
            blas_in_build_string: row.blas_in_build_string,
            metapackage: row.metapackage,
            cuda_pins: row.cuda_pins.clone(),
            glibc: row.glibc.map(|glibc| glibc.declared),
            macos: row.macos,
            pythons: row.pythons,
            newest: Some(1_790_000_000_000),
        };
        let builds: Vec<Found> = matrix.builds.iter().map(found).collect();
        let differences = Differences {
            builds: builds.iter().map(Difference::New).collect(),
            companions: matrix.companions.iter().map(CompanionDifference::New).collect(),
            ..Differences::default()
        };
        let commit = "commit = \"b835dc62735da5a7c446b64d2d488119814fd54d\"";
        let text = matrix_rows(&differences, matrix).replace("commit = \"\"", commit);
        let (builds, companions) = text
            .split_once("# ---- crates/conda-torch-core/src/matrix/data/companions.toml")
            .expect("both files");
        let head = "as_of = \"2026-08-13\"\nmetal_macos = \"12.3\"\n";
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
