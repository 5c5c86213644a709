//! The rules for the rows. A row that breaks a rule fails the build, with its file
//! and line, what was found and what was expected. Used by `build.rs` and by tests.

use std::cmp::Reverse;
use std::fmt::Display;

use toml::Spanned;

use crate::conda::{Os, Subdir, Version};
use crate::types::{
    Accelerator, ArchList, ArmVariant, Build, CompanionBuild, ComputeCapability, CudaPins,
    CudaVersion,
};

use super::files::{
    Builds, Capabilities, Companions, CudaVersions, Drivers, Elsewhere, Forward, Gpus, JetPacks,
    Metal, Pci,
};
use super::rows::{OtherKernels, PciRange, Withdrawn};

fn build_name(row: &Build) -> String {
    let (first, last) = row.build_numbers;
    let name = format!("{} {} {}", row.pytorch, row.subdir, row.accelerator);
    format!("{name}{} {} #{first}–{last}", suffix(row.arm_variant), row.blas)
}

fn companion_name(row: &CompanionBuild) -> String {
    let name = format!("{} {} {} {}", row.package, row.version, row.subdir, row.accelerator);
    name + &suffix(row.arm_variant)
}

fn suffix(variant: Option<ArmVariant>) -> String {
    variant.map_or(String::new(), |variant| format!(" {variant}"))
}

pub(crate) fn builds(file: &Builds, report: &mut Report<'_>) {
    report.ascending(&file.build, build_name, |row| (row.variant(), Reverse(row.build_numbers)));
    for pair in file.build.windows(2) {
        let (above, row) = (pair[0].as_ref(), pair[1].as_ref());
        if above.variant() == row.variant() && above.build_numbers.0 <= row.build_numbers.1 {
            let found = format!("build numbers that `{}` has too", build_name(above));
            report.at(&pair[1], build_name(row)).wrong(&found, "each build in one row");
        }
    }
    for spanned in &file.build {
        let row = spanned.as_ref();
        let mut at = report.at(spanned, build_name(row));
        build(row, &mut at);
        let date = row.source.date;
        at.expect(date <= file.as_of, format!("date {date}"), "no row newer than `as_of`");
    }
}

fn build(row: &Build, at: &mut At<'_, '_>) {
    let subdir = row.subdir;
    let (is_cuda, os) = (row.is_cuda(), subdir.os());
    let is_known = Subdir::ALL[..5].contains(&subdir);
    at.expect(is_known, subdir, "a platform for which conda-forge has PyTorch");
    at.range("build_numbers", row.build_numbers, true);
    at.pins(row.accelerator, &row.cuda_pins);
    at.only_if(is_cuda, "kernels", row.kernels != ArchList::default(), "with CUDA");
    at.expect(!(is_cuda && os == Os::Macos), "CUDA", "no CUDA on macOS");
    let is_mps = row.accelerator == Accelerator::Mps;
    at.expect(is_mps == (subdir == Subdir::OsxArm64), subdir, "mps exactly on osx-arm64");
    at.only_if(os == Os::Linux, "glibc", row.glibc.is_some(), "of Linux");
    at.only_if(os == Os::Macos, "macos", row.macos.is_some(), "of macOS");
    if let Some(glibc) = row.glibc {
        at.range("glibc", (glibc.declared, glibc.libraries), true);
        if let Some(below) = glibc.below {
            at.range("glibc", (glibc.libraries, below), false);
        }
    }
    let can_vary = subdir == Subdir::LinuxAarch64 && is_cuda;
    at.expect(row.arm_variant.is_none() || can_vary, "arm_variant", "it only on aarch64 with CUDA");
    at.pythons(row.pythons);
}

pub(crate) fn companions(file: &Companions, builds: &Builds, report: &mut Report<'_>) {
    report.ascending(&file.companion, companion_name, CompanionBuild::variant);
    for spanned in &file.companion {
        let row = spanned.as_ref();
        let mut at = report.at(spanned, companion_name(row));
        at.pins(row.accelerator, &row.cuda_pins);
        let is_cuda = row.accelerator.cuda().is_some();
        at.expect(is_cuda || !row.same_toolkit, "`same_toolkit`", "it only with CUDA");
        at.expect(row.accelerator != Accelerator::Mps, "mps", "`cpu`, which goes with MPS too");
        let goes_with =
            |build: &Build| build.subdir == row.subdir && row.pytorch == build.pytorch.series();
        let exists = builds.build.iter().any(|build| goes_with(build.as_ref()));
        let found = format!("PyTorch {}", row.pytorch);
        at.expect(exists, found, "a series of PyTorch that this platform has");
        at.pythons(row.pythons);
    }
}

pub(crate) fn drivers(file: &Drivers, report: &mut Report<'_>) {
    report.sourced(&file.toolkit, |row| row.cuda.to_string(), |row| row.cuda, |row| &row.source);
    report.sourced(&file.major, |row| row.major.to_string(), |row| row.major, |row| &row.source);
}

pub(crate) fn capabilities(file: &Capabilities, report: &mut Report<'_>) {
    let name = |row: &super::rows::Capability| row.capability.to_string();
    report.sourced(&file.capability, name, |row| row.capability, |row| &row.source);
}

pub(crate) fn jetpacks(file: &JetPacks, report: &mut Report<'_>) {
    let name = |row: &super::rows::JetPack| row.release.to_string();
    report.sourced(&file.jetpack, name, |row| row.release, |row| &row.source);
}

pub(crate) fn metal(file: &Metal, report: &mut Report<'_>) {
    let name = |row: &super::rows::MetalFloor| row.pytorch.to_string();
    report.sourced(&file.metal, name, |row| row.pytorch, |row| &row.source);
    for pair in file.metal.windows(2) {
        let (above, row) = (pair[0].as_ref(), pair[1].as_ref());
        let mut at = report.at(&pair[1], name(row));
        at.expect(above.macos < row.macos, format!("macOS {}", row.macos), "it newer than above");
    }
}

pub(crate) fn forward(file: &Forward, gpus: &Gpus, report: &mut Report<'_>) {
    let name = |row: &super::rows::ForwardCompatibility| row.branch.to_string();
    report.sourced(&file.branch, name, |row| row.branch, |row| &row.source);
    let names = &file.data_center.names;
    for spanned in names {
        let name = spanned.as_ref();
        let mut groups = gpus.group.iter().map(Spanned::as_ref);
        let is_known = groups.any(|group| group.names.contains(name));
        report.at(spanned, name.to_string()).expect(is_known, "it", "a name of gpus.toml");
    }
    if !file.data_center.source.starts_with("https://") {
        report.whole("found no source of the names, expected an address");
    }
}

pub(crate) fn gpus(file: &Gpus, known: &Capabilities, report: &mut Report<'_>) {
    let name = |row: &super::files::GpuGroup| row.capability.to_string();
    let key = |row: &super::files::GpuGroup| (row.capability, row.source.clone());
    report.sourced(&file.group, name, key, |row| &row.source);
    let mut names = Vec::new();
    for spanned in &file.group {
        let row = spanned.as_ref();
        let mut at = report.at(spanned, row.capability.to_string());
        at.known(known, row.capability);
        for name in &row.names {
            let name = (row.capability, name);
            at.expect(!names.contains(&name), format!("`{}` again", name.1), "a name once");
            names.push(name);
        }
    }
}

pub(crate) fn pci(file: &Pci, known: &Capabilities, report: &mut Report<'_>) {
    let name = |row: &PciRange| format!("{:04x} {}", row.first, row.chip);
    report.sourced(&file.ranges, name, |row| row.first, |_| &file.source);
    let mut end = None;
    for spanned in &file.ranges {
        let row = spanned.as_ref();
        let mut at = report.at(spanned, name(row));
        at.expect(row.first <= row.last, format!("last id {:04x}", row.last), "it after the first");
        at.expect(end < Some(row.first), "ids of the row before", "ranges apart");
        at.known(known, row.capability);
        end = Some(row.last);
    }
}

pub(crate) fn cuda_versions(file: &CudaVersions, builds: &Builds, report: &mut Report<'_>) {
    report.sourced(&file.versions, ToString::to_string, |version| *version, |_| &file.source);
    for build in &builds.build {
        let is_there = |cuda| file.versions.iter().any(|version| *version.as_ref() == cuda);
        if let Some(cuda) = build.as_ref().accelerator.cuda().filter(|cuda| !is_there(*cuda)) {
            report.whole(&format!("found no {cuda}, expected every toolkit of a build"));
        }
    }
}

pub(crate) fn elsewhere(file: &Elsewhere, report: &mut Report<'_>) {
    report.sourced(
        &file.kernels,
        |row: &OtherKernels| format!("{} {}", row.channel, row.toolkit),
        |row| (Reverse(row.channel.clone()), Reverse(row.toolkit)),
        |row| &row.source,
    );
    let name = |row: &Withdrawn| format!("{} {}", row.package, row.version);
    let key = |row: &Withdrawn| (row.package.clone(), row.version);
    report.sourced(&file.withdrawn, name, key, |row| &row.source);
}

/// A file of rows as it was read, and everything that is wrong with it.
pub(crate) struct Report<'a> {
    file: &'a str,
    text: &'a str,
    pub(crate) problems: Vec<String>,
}

/// One row while it is checked.
struct At<'r, 'a> {
    report: &'r mut Report<'a>,
    line: usize,
    name: String,
}

impl<'a> Report<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, problems: Vec::new() }
    }

    /// A problem of the file as a whole.
    fn whole(&mut self, problem: &str) {
        self.problems.push(format!("{}: {problem}", self.file));
    }

    /// One row of the file, to be checked.
    fn at<T>(&mut self, row: &Spanned<T>, name: String) -> At<'_, 'a> {
        let before = &self.text[..row.span().start];
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        At { report: self, line, name }
    }

    /// Every row after the one before it, by `key`.
    fn ascending<T, K: Ord>(
        &mut self,
        rows: &[Spanned<T>],
        name: impl Fn(&T) -> String,
        key: impl Fn(&T) -> K,
    ) {
        for pair in rows.windows(2) {
            let (before, row) = (pair[0].as_ref(), pair[1].as_ref());
            if key(before) >= key(row) {
                let found = format!("it comes after `{}`", name(before));
                self.at(&pair[1], name(row)).wrong(&found, "rows sorted, each once");
            }
        }
    }

    /// The same, and every row with the address of its source.
    fn sourced<'r, T, K: Ord>(
        &mut self,
        rows: &'r [Spanned<T>],
        name: impl Fn(&T) -> String,
        key: impl Fn(&T) -> K,
        source: impl Fn(&'r T) -> &'r str,
    ) {
        for row in rows {
            let source = source(row.as_ref());
            let found = format!("source `{source}`");
            let mut at = self.at(row, name(row.as_ref()));
            at.expect(source.starts_with("https://"), found, "an address with https://");
        }
        self.ascending(rows, name, key);
    }
}

impl At<'_, '_> {
    fn wrong(&mut self, found: &str, expected: &str) {
        let Self { report, line, name } = self;
        report.problems.push(format!(
            "{} line {line}, row `{name}`: found {found}, expected {expected}",
            report.file
        ));
    }

    fn expect(&mut self, is_met: bool, found: impl Display, expected: &str) {
        if !is_met {
            self.wrong(&found.to_string(), expected);
        }
    }

    /// A field that some rows must have and others must not.
    fn only_if(&mut self, is_due: bool, field: &str, is_there: bool, which: &str) {
        let found = if is_there { format!("`{field}`") } else { format!("no `{field}`") };
        self.expect(is_there == is_due, found, &format!("`{field}` exactly in rows {which}"));
    }

    fn range<T: PartialOrd + Display>(
        &mut self,
        field: &str,
        (first, last): (T, T),
        or_equal: bool,
    ) {
        let is_range = first < last || (or_equal && first == last);
        let found = format!("`{field}` from {first} to {last}");
        self.expect(is_range, found, "a range that is not empty");
    }

    fn pythons(&mut self, pythons: (Version, Version)) {
        self.range("pythons", pythons, true);
        for python in [pythons.0, pythons.1] {
            let is_series = python == python.series() && python.major() == 3;
            self.expect(is_series, format!("Python {python}"), "a series such as 3.10");
        }
    }

    fn pins(&mut self, accelerator: Accelerator, pins: &CudaPins) {
        let is_there = pins.end != CudaVersion::default();
        self.only_if(accelerator.cuda().is_some(), "cuda_pins", is_there, "with CUDA");
        if let Some(toolkit) = accelerator.cuda().filter(|_| is_there) {
            self.range("cuda_pins", (pins.start, pins.end), false);
            let found = format!("cuda_pins from {}", pins.start);
            self.expect(pins.start == toolkit, found, "the toolkit itself as the first pin");
        }
    }

    fn known(&mut self, known: &Capabilities, capability: ComputeCapability) {
        let is_known = known.capability.iter().any(|row| row.as_ref().capability == capability);
        self.expect(is_known, capability, "a row in capabilities.toml");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"as_of = "2026-08-13"
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

    /// Everything that is wrong with rows, as the build prints it.
    fn problems(text: &str) -> String {
        let file: Builds = match toml::from_str(text) {
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
    fn a_malformed_row_is_reported_with_line_and_expectation() {
        for (from, to, expected) in [
            ("blas =", "bals =", ["line 6", "unknown field `bals`", "expected one of"]),
            ("\"2.13.0\"", "\"2.x\"", ["line 3", "`2.x` is not a version", "such as 2.13.0"]),
            ("cuda 12.9", "cuda12", ["line 5", "`cuda12` is not an accelerator", "`cuda 12.9`"]),
            ("[\"12.9\"", "[\"12\"", ["line 10", "`12` is not a version", "such as 12.9"]),
            ("linux-64", "linux", ["line 4", "`linux` is not a conda platform", "linux-64"]),
            ("5.0 12", "5 12", ["line 11", "`5` is not a version", "such as 8.6"]),
            ("5.0 12", "50.0 12", ["line 11", "`50.0 12.0+PTX` is not", "ascending"]),
            ("b835dc62735da5", "b835dc6", ["line 14", "is not a commit", "full hash of 40"]),
            ("-08-10", "-8-10", ["line 14", "`2026-8-10` is not a date", "such as 2026-08-13"]),
            ("metapackage = true\n", "", ["line 2", "missing field", "`metapackage`"]),
        ] {
            let text = ROW.replacen(from, to, 1);
            let found = problems(&text);
            assert!(expected.iter().all(|part| found.contains(part)), "{found}");
        }
    }

    #[test]
    fn an_invalid_row_is_reported_with_line_and_name() {
        for (from, to, expected) in [
            ("\"13.0\"]", "\"12.9\"]", "`cuda_pins` from 12.9 to 12.9, expected a range that"),
            ("[300", "[303", "`build_numbers` from 303 to 302, expected a range that"),
            ("[\"12.9\"", "[\"12.8\"", "cuda_pins from 12.8, expected the toolkit itself"),
            ("kernels = \"5.0 12.0+PTX\"\n", "", "found no `kernels`, expected `kernels` exactly"),
            ("\"5.0 12.0+PTX\"", "\"\"", "found no `kernels`, expected `kernels` exactly"),
            ("2.28", "2.12", "`glibc` from 2.17 to 2.12"),
            ("pythons", "macos = \"11.0\"\npythons", "found `macos`, expected `macos` exactly"),
            ("blas = \"mkl\"", "blas = \"mkl\"\narm_variant = \"sbsa\"", "only on aarch64"),
            ("2026-08-10", "2026-08-14", "date 2026-08-14, expected no row newer than `as_of`"),
        ] {
            let found = problems(&ROW.replacen(from, to, 1));
            assert!(
                found.contains("builds.toml line 2, row `2.13.0 linux-64 cuda 12.9 "),
                "{found}"
            );
            assert!(found.contains(expected), "{found}");
        }
    }

    #[test]
    fn unsorted_duplicate_and_overlapping_rows_are_reported() {
        let row = &ROW[ROW.find("[[build]]").expect("a row")..];
        let found = problems(&format!("{ROW}{row}"));
        assert!(found.contains("line 15, row `2.13.0 linux-64 cuda 12.9 mkl #300–302`"), "{found}");
        assert!(found.contains("rows sorted, each once"), "{found}");
        let found = problems(&format!("{ROW}{}", row.replace("2.13.0", "2.14.0")));
        assert!(found.contains("it comes after `2.13.0 linux-64"), "{found}");
        let found = problems(&format!("{ROW}{}", row.replace("[300, 302]", "[299, 301]")));
        assert!(found.contains("expected each build in one row"), "{found}");
    }

    #[test]
    fn the_other_files_are_checked_too() {
        let text = "toolkit = []\n[[major]]\nmajor = 12\nlinux = \"525.60.13\"\n\
                    windows = \"527.41\"\nsource = \"a talk\"\ndate = \"2026-08-13\"\n";
        let file: Drivers = toml::from_str(text).expect("a file in form");
        let mut report = Report::new("drivers.toml", text);
        drivers(&file, &mut report);
        assert!(report.problems.concat().contains("expected an address"), "{:?}", report.problems);
    }
}
