//! What must hold within a row and between rows. Used by `build.rs` and by tests: a row that breaks
//! a rule fails the build, with its file and line, what was found and what was expected.

use std::cmp::Reverse;
use std::fmt::Write;

use crate::conda::{Os, Subdir};
use crate::types::{Accelerator, ComputeCapability};

use super::report::{At, Report};
use super::row::{
    BuildRow, BuildsFile, CapabilitiesFile, CompanionRow, CompanionsFile, CudaVersionsFile,
    DriversFile, ElsewhereFile, GpusFile, PciFile,
};

fn build_name(row: &BuildRow) -> String {
    let [first, last] = row.build_numbers;
    let mut name = format!("{} {} {}", row.pytorch, row.subdir, accelerator(row.accelerator));
    if let Some(variant) = row.arm_variant {
        let _ = write!(name, " {variant}");
    }
    let _ = write!(name, " {} #{first}–{last}", row.blas);
    name
}

fn accelerator(accelerator: Accelerator) -> String {
    match accelerator {
        Accelerator::Cpu => "cpu".to_owned(),
        Accelerator::Mps => "mps".to_owned(),
        Accelerator::Cuda(toolkit) => format!("cuda {toolkit}"),
    }
}

/// What a variant is, apart from its build numbers.
fn variant(row: &BuildRow) -> impl Ord + use<> {
    let toolkit = Reverse(row.accelerator.cuda());
    (Reverse(row.pytorch), row.subdir, toolkit, row.arm_variant, Reverse(row.blas))
}

pub(crate) fn builds(file: &BuildsFile, report: &mut Report<'_>) {
    report.ascending(&file.build, build_name, |row| (variant(row), Reverse(row.build_numbers)));
    for pair in file.build.windows(2) {
        let (above, row) = (pair[0].as_ref(), pair[1].as_ref());
        if variant(above) == variant(row) && above.build_numbers[0] <= row.build_numbers[1] {
            let found = format!("build numbers that `{}` has too", build_name(above));
            report.at(&pair[1], build_name(row)).wrong(&found, "each build in one row");
        }
    }
    for spanned in &file.build {
        let row = spanned.as_ref();
        let mut at = report.at(spanned, build_name(row));
        build(row, &mut at);
        let found = format!("date {}", row.source.date);
        at.expect(row.source.date <= file.as_of, found, "no row newer than `as_of`");
    }
}

fn build(row: &BuildRow, at: &mut At<'_, '_>) {
    let BuildRow { subdir, accelerator, arm_variant, build_numbers, .. } = row;
    let is_cuda = accelerator.cuda().is_some();
    let os = subdir.os();
    let is_known = Subdir::ALL[..5].contains(subdir);
    at.expect(is_known, subdir, "a platform for which conda-forge has PyTorch");
    at.range("build_numbers", build_numbers, true);
    at.pins(*accelerator, row.cuda_pins.as_ref());
    at.only_if(is_cuda, "kernels", row.kernels.as_ref(), "with CUDA");
    let is_empty = row.kernels.is_some_and(|kernels| kernels.0.sass.is_empty());
    at.expect(!is_empty, "no capabilities in `kernels`", "at least one");
    at.expect(!(is_cuda && os == Os::Macos), "CUDA", "no CUDA on macOS");
    let is_mps = *accelerator == Accelerator::Mps;
    at.expect(is_mps == (*subdir == Subdir::OsxArm64), subdir, "mps exactly on osx-arm64");
    at.only_if(os == Os::Linux, "glibc", row.glibc.as_ref(), "of Linux");
    at.only_if(os == Os::Macos, "macos", row.macos.as_ref(), "of macOS");
    if let Some(glibc) = &row.glibc {
        at.range("glibc", &[glibc.declared, glibc.libraries], true);
    }
    let can_vary = *subdir == Subdir::LinuxAarch64 && is_cuda;
    at.expect(arm_variant.is_none() || can_vary, "arm_variant", "it only on aarch64 with CUDA");
    at.pythons(&row.pythons);
}

fn companion_name(row: &CompanionRow) -> String {
    let CompanionRow { package, version, subdir, .. } = row;
    let mut name = format!("{package} {version} {subdir} {}", accelerator(row.accelerator));
    if let Some(variant) = row.arm_variant {
        let _ = write!(name, " {variant}");
    }
    name
}

pub(crate) fn companions(file: &CompanionsFile, builds: &BuildsFile, report: &mut Report<'_>) {
    report.ascending(&file.companion, companion_name, |row| {
        let toolkit = Reverse(row.accelerator.cuda());
        (row.package, Reverse(row.version), row.subdir, toolkit, row.arm_variant)
    });
    for spanned in &file.companion {
        let row = spanned.as_ref();
        let mut at = report.at(spanned, companion_name(row));
        at.pins(row.accelerator, row.cuda_pins.as_ref());
        let is_cuda = row.accelerator.cuda().is_some();
        at.only_if(is_cuda, "same_toolkit", row.same_toolkit.as_ref(), "with CUDA");
        at.expect(row.accelerator != Accelerator::Mps, "mps", "`cpu`, which goes with MPS too");
        let goes_with =
            |build: &BuildRow| build.subdir == row.subdir && row.pytorch == build.pytorch.series();
        let exists = builds.build.iter().any(|build| goes_with(build.as_ref()));
        let found = format!("PyTorch {}", row.pytorch);
        at.expect(exists, found, "a series of PyTorch that this platform has");
        at.pythons(&row.pythons);
    }
}

pub(crate) fn drivers(file: &DriversFile, report: &mut Report<'_>) {
    report.ascending(&file.toolkit, |row| row.cuda.to_string(), |row| row.cuda);
    report.ascending(&file.major, |row| row.major.to_string(), |row| row.major);
    for row in &file.toolkit {
        report.at(row, row.as_ref().cuda.to_string()).address(&row.as_ref().source);
    }
    for row in &file.major {
        report.at(row, row.as_ref().major.to_string()).address(&row.as_ref().source);
    }
}

pub(crate) fn capabilities(file: &CapabilitiesFile, report: &mut Report<'_>) {
    report.ascending(&file.capability, |row| row.capability.to_string(), |row| row.capability);
    for row in &file.capability {
        let mut at = report.at(row, row.as_ref().capability.to_string());
        at.address(&row.as_ref().source);
    }
}

pub(crate) fn gpus(file: &GpusFile, known: &CapabilitiesFile, report: &mut Report<'_>) {
    report.ascending(&file.group, |row| row.capability.to_string(), |row| row.capability);
    let mut names: Vec<&str> = Vec::new();
    for spanned in &file.group {
        let row = spanned.as_ref();
        let mut at = report.at(spanned, row.capability.to_string());
        at.address(&row.source);
        at.expect(is_known(known, row.capability), row.capability, "a row in capabilities.toml");
        for name in &row.names {
            at.expect(!names.contains(&&**name), format!("`{name}` again"), "a name once");
            names.push(name);
        }
    }
}

pub(crate) fn pci(file: &PciFile, known: &CapabilitiesFile, report: &mut Report<'_>) {
    report.ascending(&file.ranges, |row| row.2.to_string(), |row| row.0.0);
    let mut end = None;
    for spanned in &file.ranges {
        let row = spanned.as_ref();
        let mut at = report.at(spanned, format!("{:04x} {}", row.0.0, row.2));
        at.expect(row.0.0 <= row.1.0, format!("last id {:04x}", row.1.0), "it after the first");
        at.expect(end < Some(row.0.0), "ids of the row before", "ranges apart");
        at.expect(is_known(known, row.3), row.3, "a row in capabilities.toml");
        at.address(&file.source);
        end = Some(row.1.0);
    }
}

fn is_known(known: &CapabilitiesFile, capability: ComputeCapability) -> bool {
    known.capability.iter().any(|row| row.as_ref().capability == capability)
}

pub(crate) fn cuda_versions(file: &CudaVersionsFile, builds: &BuildsFile, report: &mut Report<'_>) {
    report.ascending(&file.versions, ToString::to_string, |version| *version);
    for version in &file.versions {
        report.at(version, version.as_ref().to_string()).address(&file.source);
    }
    for build in &builds.build {
        let is_there = |cuda| file.versions.iter().any(|version| *version.as_ref() == cuda);
        if let Some(cuda) = build.as_ref().accelerator.cuda().filter(|cuda| !is_there(*cuda)) {
            report.whole(&format!("found no {cuda}, expected every toolkit of a build"));
        }
    }
}

pub(crate) fn elsewhere(file: &ElsewhereFile, report: &mut Report<'_>) {
    let key = |channel: &str, toolkit| (Reverse(channel.to_owned()), Reverse(toolkit));
    report.ascending(
        &file.kernels,
        |row| format!("{} {}", &*row.channel, row.toolkit),
        |row| key(&row.channel, row.toolkit),
    );
    for row in &file.kernels {
        let name = format!("{} {}", &*row.as_ref().channel, row.as_ref().toolkit);
        report.at(row, name).address(&row.as_ref().source);
    }
    let name = |row: &super::row::WithdrawnRow| format!("{} {}", &*row.package, row.version);
    report.ascending(&file.withdrawn, name, |row| (row.package.to_string(), row.version));
    for row in &file.withdrawn {
        report.at(row, name(row.as_ref())).address(&row.as_ref().source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"as_of = "2026-08-13"
metal_macos = "12.3"
[[build]]
pytorch = "2.13.0"
subdir = "linux-64"
accelerator = "cuda 12.9"
blas = "mkl"
build_numbers = [300, 302]
blas_in_build_string = true
metapackage = true
cuda_pins = ["12.9", "13.0"]
kernels = "5.0 12.0+PTX"
glibc = { declared = "2.17", libraries = "2.28" }
pythons = ["3.10", "3.14"]
source = { commit = "b835dc62735da5a7c446b64d2d488119814fd54d", date = "2026-08-10" }
"#;

    /// Everything that is wrong with rows, as the build would say it.
    fn problems(text: &str) -> String {
        let file: BuildsFile = match toml::from_str(text) {
            Ok(file) => file,
            Err(error) => return error.to_string(),
        };
        let mut report = Report::new("builds.toml", text);
        builds(&file, &mut report);
        report.problems.join("\n")
    }

    #[test]
    fn a_good_row_has_no_problems() {
        assert_eq!(problems(ROW), "");
    }

    #[test]
    fn a_row_out_of_form_is_told_with_its_line_what_was_found_and_what_was_expected() {
        let many = "5.0 5.1 5.2 5.3 5.4 5.5 5.6 5.7 5.8 5.9 6.0 6.1 6.2 6.3 6.4 12";
        for (from, to, expected) in [
            ("blas =", "bals =", ["line 7", "unknown field `bals`", "expected one of"]),
            ("\"2.13.0\"", "\"2.x\"", ["line 4", "`2.x` is not a version", "such as 2.13.0"]),
            ("cuda 12.9", "cuda12", ["line 6", "`cuda12` is not an accelerator", "`cuda 12.9`"]),
            ("[\"12.9\"", "[\"12\"", ["line 11", "`12` is not a version", "such as 12.9"]),
            ("linux-64", "linux", ["line 5", "`linux` is not a conda platform", "linux-64"]),
            ("5.0 12", "5 12", ["line 12", "`5` is not a version", "such as 8.6"]),
            ("5.0 12", "50.0 12", ["line 12", "`50.0 12.0+PTX` is not", "ascending"]),
            ("5.0 12", many, ["line 12", "is not a list of kernels", "at most 15"]),
            ("b835dc62735da5", "b835dc6", ["line 15", "is not a commit", "full hash of 40"]),
            ("-08-10", "-8-10", ["line 15", "`2026-8-10` is not a date", "such as 2026-08-13"]),
            ("metapackage = true\n", "", ["line 3", "missing field", "`metapackage`"]),
        ] {
            let text = ROW.replacen(from, to, 1);
            let told = problems(&text);
            assert!(expected.iter().all(|part| told.contains(part)), "{told}");
        }
    }

    #[test]
    fn a_row_that_breaks_a_rule_is_told_with_its_line_and_name() {
        for (from, to, expected) in [
            ("\"13.0\"]", "\"12.9\"]", "`cuda_pins` from 12.9 to 12.9, expected a range that"),
            ("[300", "[303", "`build_numbers` from 303 to 302, expected a range that"),
            ("[\"12.9\"", "[\"12.8\"", "cuda_pins from 12.8, expected the toolkit itself"),
            ("kernels = \"5.0 12.0+PTX\"\n", "", "found no `kernels`, expected `kernels` exactly"),
            ("\"5.0 12.0+PTX\"", "\"\"", "no capabilities in `kernels`, expected at least one"),
            ("2.28", "2.12", "`glibc` from 2.17 to 2.12"),
            ("pythons", "macos = \"11.0\"\npythons", "found `macos`, expected `macos` exactly"),
            ("blas = \"mkl\"", "blas = \"mkl\"\narm_variant = \"sbsa\"", "only on aarch64"),
            ("2026-08-10", "2026-08-14", "date 2026-08-14, expected no row newer than `as_of`"),
        ] {
            let told = problems(&ROW.replacen(from, to, 1));
            assert!(told.contains("builds.toml line 3, row `2.13.0 linux-64 cuda 12.9 "), "{told}");
            assert!(told.contains(expected), "{told}");
        }
    }

    #[test]
    fn rows_out_of_order_twice_or_overlapping_are_told() {
        let row = &ROW[ROW.find("[[build]]").expect("a row")..];
        let told = problems(&format!("{ROW}{row}"));
        assert!(told.contains("line 16, row `2.13.0 linux-64 cuda 12.9 mkl #300–302`"), "{told}");
        assert!(told.contains("rows sorted, each once"), "{told}");
        let told = problems(&format!("{ROW}{}", row.replace("2.13.0", "2.14.0")));
        assert!(told.contains("it comes after `2.13.0 linux-64"), "{told}");
        let told = problems(&format!("{ROW}{}", row.replace("[300, 302]", "[299, 301]")));
        assert!(told.contains("expected each build in one row"), "{told}");
    }

    #[test]
    fn the_other_files_are_held_to_their_rules_too() {
        let text = "toolkit = []\n[[major]]\nmajor = 12\nlinux = \"525.60.13\"\n\
                    windows = \"527.41\"\nsource = \"a talk\"\ndate = \"2026-08-13\"\n";
        let file: DriversFile = toml::from_str(text).expect("a file in form");
        let mut report = Report::new("drivers.toml", text);
        drivers(&file, &mut report);
        assert!(report.problems.concat().contains("expected an address"), "{:?}", report.problems);
    }
}
