//! What a channel has that the rows have not: for a maintainer, as a list and as rows to paste.

use std::fmt::Write;

use crate::channel::{Change, Difference, Fault, FaultKind, Found, Gap, GapKind, Origin};
use crate::matrix::Matrix;
use crate::model::{ArchList, Blas, Build, CudaPins, Date, Version};

use super::wrap::wrap;

/// A comparison.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    /// The channel's address or name, without secrets.
    pub channel: &'a str,
    /// Where its parts came from.
    pub origins: &'a [Origin],
    /// In what it differs.
    pub differences: &'a [Difference<'a>],
    /// What is not understood in it.
    pub gaps: &'a [Gap],
    /// The rows.
    pub matrix: &'a Matrix,
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
            wrap(&mut out, "", &format!("{}: {}", origin.subdir, trouble(fault)), width);
        }
    }
    let mut heading = "";
    for difference in compared.differences {
        let (title, text) = told(difference);
        if title != heading {
            let _ = write!(out, "\n{title}\n");
            heading = title;
        }
        wrap(&mut out, "- ", &text, width);
    }
    if !compared.gaps.is_empty() {
        out.push_str("\nNot understood\n");
        for gap in compared.gaps {
            wrap(&mut out, "- ", &format!("{}: {}", gap.url, about(gap.what)), width);
        }
    }
    if compared.differences.is_empty() && compared.gaps.is_empty() {
        out.push_str("\nNothing differs\n");
    } else if !compared.differences.is_empty() {
        out.push('\n');
        wrap(&mut out, "", "As rows: `conda-torch matrix --diff --rows`", width);
    }
    out
}

/// How fresh it is.
fn read(origins: &[Origin]) -> String {
    let age = origins.iter().map(|origin| origin.age).max().unwrap_or(0);
    match age {
        0 => " as it is now".to_owned(),
        1..120 => format!(" as it was {age} seconds ago"),
        120..7200 => format!(" as it was {} minutes ago", age / 60),
        7200..172_800 => format!(" as it was {} hours ago", age / 3600),
        _ => format!(" as it was {} days ago", age / 86400),
    }
}

fn told(difference: &Difference<'_>) -> (&'static str, String) {
    match difference {
        Difference::New(found) => ("New", format!("{}, {}", name(found), rules(found))),
        Difference::Rebuilt { row, found } => {
            let last = row.build_numbers.1;
            ("Rebuilt", format!("{} (the row ends with #{last})", name(found)))
        }
        Difference::Changed { row, found, what } => {
            let what: Vec<String> =
                what.iter().map(|change| changed(*change, row, found)).collect();
            ("Changed", format!("{}: {}", name(found), what.join("; ")))
        }
        Difference::Gone(row) => {
            let (first, last) = row.build_numbers;
            (
                "Gone",
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

fn pins(pins: &CudaPins) -> String {
    format!("`cuda-version` >={},<{}", pins.start, pins.end)
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

fn about(what: GapKind) -> &'static str {
    match what {
        GapKind::Version => "its version is in no form that PyTorch's had",
        GapKind::Subdir => "PyTorch was never built for that platform",
        GapKind::BuildString => "its build string is in no known form",
        GapKind::CudaPins => "it is for CUDA, and asks for no `cuda-version` in a known form",
        GapKind::Python => "it does not say which Python it is for",
    }
}

/// A fault in a sentence, with what to do.
#[must_use]
pub fn trouble(fault: &Fault) -> String {
    let at = &fault.at;
    let words = match fault.kind {
        FaultKind::NoNetwork => {
            "nobody can be reached: is there a network? (`--offline` reads what is kept)"
        }
        FaultKind::Proxy => "the proxy does not let it through: see `HTTPS_PROXY` and `NO_PROXY`",
        FaultKind::Certificate => {
            "nobody vouches for the server's certificate: a proxy that looks inside needs its own in the system's store"
        }
        FaultKind::CaptivePage => {
            "a page for people came in its place: log in to the network with a browser first"
        }
        FaultKind::Slow => "the server is silent: try again, or a mirror with `--channel`",
        FaultKind::Refused => {
            "the server refuses: does it want a token, and is it for this channel?"
        }
        FaultKind::NoChannel => "there is no such channel there",
        FaultKind::TooMany => "the server asks for fewer questions: try again later",
        FaultKind::Server => "the server fails: try again later, or a mirror with `--channel`",
        FaultKind::Moved => "it moved to where it cannot be followed",
        FaultKind::CutShort => "the download ended too soon: try again",
        FaultKind::Damaged => "what came is damaged: try again, or a mirror with `--channel`",
        FaultKind::NotCached => {
            "nothing of it is kept, and nothing is asked of the network with `--offline`"
        }
        FaultKind::DiskFull => {
            "the disk is full: the folder of the cache is set with `XDG_CACHE_HOME`"
        }
        FaultKind::Cache => {
            "the folder of the cache cannot be written: it is set with `XDG_CACHE_HOME`"
        }
        FaultKind::Other => return format!("`{at}` cannot be read: {}", fault.detail),
    };
    format!("`{at}` cannot be read: {words}")
}

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
    let accelerator = match key.accelerator.cuda() {
        Some(cuda) => format!("cuda {cuda}"),
        None if key.subdir == crate::model::Subdir::OsxArm64 => "mps".to_owned(),
        None => "cpu".to_owned(),
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
