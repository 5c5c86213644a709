//! Rows to paste into `data/builds.toml`.

use std::fmt::Write;

use crate::channel::{Difference, Found};
use crate::matrix::Matrix;
use crate::model::{Accelerator, ArchList, Blas, Build, Date};

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
    let _ = writeln!(out, "metapackage = {}", old.is_none_or(|old| old.metapackage));
    if key.accelerator.cuda().is_some() {
        let _ = writeln!(
            out,
            "cuda_pins = [\"{}\", \"{}\"]",
            found.cuda_pins.start, found.cuda_pins.end
        );
        let (kernels, by) = kernels(found, old, matrix);
        let _ = writeln!(
            out,
            "kernels = \"{kernels}\" # inferred from {by}: see TORCH_CUDA_ARCH_LIST in the recipe"
        );
    }
    if let Some(declared) = found.glibc {
        let old = old.and_then(|old| old.glibc).map(|glibc| glibc.libraries);
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
    let date = found.newest.map_or_else(String::new, |newest| day(newest).to_string());
    let _ = writeln!(
        out,
        "source = {{ commit = \"\", date = \"{date}\" }} # the recipe's commit: no row is taken without\n"
    );
}

/// The kernels of the nearest build: of its own row, else with the same toolkit, else of the same major
/// version, the newest PyTorch of them.
fn kernels(found: &Found, old: Option<&Build>, matrix: &Matrix) -> (ArchList, String) {
    let own = found.key.accelerator.cuda();
    let near = |build: &&Build| build.accelerator.cuda().is_some();
    let closeness = |build: &&Build| {
        let cuda = build.accelerator.cuda();
        let same_major = cuda.map(|cuda| cuda.major) == own.map(|cuda| cuda.major);
        (build.subdir == found.key.subdir, cuda == own, same_major, build.pytorch)
    };
    match old.or_else(|| matrix.builds.iter().filter(near).max_by_key(closeness)) {
        Some(build) => {
            (build.kernels, format!("PyTorch {} {}", build.pytorch, build.build_prefix()))
        }
        None => (ArchList::default(), "nothing".to_owned()),
    }
}

/// The day of a time in milliseconds since 1970, in UTC.
/// Source: days to civil, <https://howardhinnant.github.io/date_algorithms.html>.
fn day(milliseconds: u64) -> Date {
    let days = milliseconds / 86_400_000 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let small = |number: u64| u8::try_from(number).unwrap_or(1);
    Date::new(u16::try_from(year).unwrap_or(1970), small(month), small(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_as_its_day() {
        for (milliseconds, expected) in [
            (0, "1970-01-01"),
            (951_782_400_000, "2000-02-29"),
            (1_786_579_199_999, "2026-08-12"),
            (1_786_579_200_000, "2026-08-13"),
        ] {
            assert_eq!(day(milliseconds).to_string(), expected);
        }
    }
}
