//! Rows to paste into `data/builds.toml`.

use std::fmt::Write;

use crate::channel::{Difference, Found, nearest};
use crate::matrix::Matrix;
use crate::model::{Accelerator, Blas, Build, Date};

use super::Compared;

/// Rows in the form of `data/builds.toml`, of all that is new, rebuilt or changed. What only the recipe
/// tells is inferred and marked, and its commit is left out, without which no row is taken.
#[must_use]
pub fn rows(compared: &Compared<'_>) -> String {
    let mut out = String::new();
    for difference in compared.differences {
        match difference {
            Difference::New(found) => row(&mut out, found, None, compared.matrix),
            Difference::Rebuilt { row: old, found }
            | Difference::Changed { row: old, found, .. } => {
                row(&mut out, found, Some(old), compared.matrix);
            }
            Difference::Gone(old) => {
                let (pytorch, subdir, prefix) = (old.pytorch, old.subdir, old.build_prefix());
                let _ = writeln!(out, "# gone: PyTorch {pytorch} {subdir} {prefix}\n");
            }
        }
    }
    out
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
        let kernels = near.map(|near| near.kernels).unwrap_or_default();
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
