//! The rows themselves: rules that hold between them, and cells that a person read in the feedstock
//! and typed here. (The form of a row is tested beside `src/matrix/check.rs`.)

use conda_torch::matrix::{DriverFamily, Matrix};
use conda_torch::model::{
    Accelerator, ArmVariant, Blas, Build, Companion, CompanionBuild, CudaVersion, DriverVersion,
    Subdir, Version,
};

fn matrix() -> &'static Matrix {
    Matrix::embedded()
}

fn version(text: &str) -> Version {
    text.parse().expect("a version")
}

fn cuda(text: &str) -> CudaVersion {
    text.parse().expect("a CUDA version")
}

fn driver(text: &str) -> DriverVersion {
    text.parse().expect("a driver version")
}

/// `cpu`, `mps` or a toolkit such as `12.9`.
fn accelerator(text: &str) -> Accelerator {
    match text {
        "cpu" => Accelerator::Cpu,
        "mps" => Accelerator::Mps,
        toolkit => Accelerator::Cuda(cuda(toolkit)),
    }
}

/// The row that holds one build.
fn build(pytorch: &str, subdir: &str, on: &str, number: u16) -> Option<&'static Build> {
    build_of(pytorch, subdir, on, number, None)
}

fn build_of(
    pytorch: &str,
    subdir: &str,
    on: &str,
    number: u16,
    variant: Option<ArmVariant>,
) -> Option<&'static Build> {
    let subdir: Subdir = subdir.parse().expect("a subdir");
    let mut rows = matrix().builds.iter().filter(|row| {
        row.pytorch == version(pytorch)
            && row.subdir == subdir
            && row.accelerator == accelerator(on)
            && (variant.is_none() || row.arm_variant == variant)
            && (row.build_numbers.0..=row.build_numbers.1).contains(&number)
    });
    let row = rows.next();
    assert_eq!(rows.next(), None, "{pytorch} {subdir} {on} #{number} is in two rows");
    row
}

/// `2.5.1 cuda120 #303`: the newest build without release candidates that accepts a pin.
fn newest(subdir: &str, pin: &str) -> Option<String> {
    let subdir: Subdir = subdir.parse().expect("a subdir");
    let rows = matrix().builds.iter().filter(|row| {
        row.subdir == subdir
            && row.cuda_pins.contains(&cuda(pin))
            && !row.pytorch.is_candidate()
            && row.arm_variant != Some(ArmVariant::Tegra)
    });
    let best = rows.max_by_key(|row| (row.pytorch, row.accelerator, row.build_numbers.1))?;
    let number = best.build_numbers.1;
    Some(format!("{} {} #{number}", best.pytorch, best.accelerator.build_prefix()))
}

// --- rules

#[test]
fn rows_are_sorted_newest_first_and_none_is_there_twice() {
    let key = |row: &Build| {
        use std::cmp::Reverse;
        let toolkit = Reverse(row.accelerator.cuda());
        let rest = (row.arm_variant, Reverse(row.blas), Reverse(row.build_numbers));
        (Reverse(row.pytorch), row.subdir, toolkit, rest)
    };
    assert!(matrix().builds.windows(2).all(|pair| key(&pair[0]) < key(&pair[1])));
    assert!(matrix().builds.len() > 250);
}

#[test]
fn build_numbers_of_one_variant_do_not_overlap() {
    let rows = &matrix().builds;
    for (i, row) in rows.iter().enumerate() {
        for other in &rows[..i] {
            let is_same = (row.pytorch, row.subdir, row.accelerator, row.blas, row.arm_variant)
                == (other.pytorch, other.subdir, other.accelerator, other.blas, other.arm_variant);
            let overlaps = row.build_numbers.0 <= other.build_numbers.1
                && other.build_numbers.0 <= row.build_numbers.1;
            assert!(!(is_same && overlaps), "{row:?}\n{other:?}");
        }
    }
}

#[test]
fn build_numbers_say_what_a_build_is() {
    // +200 for CUDA, +100 for MKL; up to 2.0.0 #0 the BLAS was not told.
    for row in matrix().builds.iter().filter(|row| row.pytorch > version("2.0.0")) {
        let base = 200 * u16::from(row.is_cuda()) + 100 * u16::from(row.blas == Blas::Mkl);
        let (first, last) = row.build_numbers;
        assert!(base <= first && first <= last && last < base + 100, "{row:?}");
    }
}

#[test]
fn rows_with_cuda_have_kernels_and_pins_and_others_have_none() {
    for row in &*matrix().builds {
        assert_eq!(row.is_cuda(), !row.kernels.sass.is_empty(), "{row:?}");
        assert_eq!(row.is_cuda(), !row.cuda_pins.is_empty(), "{row:?}");
        // Every list of the recipe ends on one +PTX, and it is the last.
        assert_eq!(row.is_cuda(), row.kernels.ptx.len() == 1, "{row:?}");
        assert_eq!(row.kernels.ptx.last(), row.kernels.ptx.first().and(row.kernels.sass.last()));
        let accepts_itself = |toolkit| row.cuda_pins.start == toolkit;
        assert!(row.accelerator.cuda().is_none_or(accepts_itself), "{row:?}");
    }
}

#[test]
fn floors_are_where_they_belong() {
    for row in &*matrix().builds {
        let is_linux = matches!(row.subdir, Subdir::Linux64 | Subdir::LinuxAarch64);
        let is_macos = matches!(row.subdir, Subdir::Osx64 | Subdir::OsxArm64);
        assert_eq!(row.glibc.is_some(), is_linux, "{row:?}");
        assert_eq!(row.macos.is_some(), is_macos, "{row:?}");
        let floor = row.glibc.map(|glibc| glibc.libraries.max(glibc.declared));
        assert_eq!(floor, row.glibc.map(|glibc| glibc.libraries), "{row:?}");
        let is_new = row.accelerator.cuda().is_some_and(|toolkit| toolkit >= cuda("12.6"));
        assert!(!is_new || floor.is_none_or(|floor| floor >= version("2.28")), "{row:?}");
    }
}

#[test]
fn sources_are_permanent_and_dated() {
    let of_builds = matrix().builds.iter().map(|row| &row.source);
    for source in of_builds.chain(matrix().companions.iter().map(|row| &row.source)) {
        assert_eq!(source.commit.len(), 40, "{source:?}");
        assert!(source.commit.bytes().all(|b| b.is_ascii_hexdigit()), "{source:?}");
        let date = &*source.date;
        assert!(("2022-07-17"..=&*matrix().as_of).contains(&date), "{source:?}");
    }
}

#[test]
fn every_companion_has_its_pytorch_and_a_toolkit_of_its_platform() {
    for row in &*matrix().companions {
        let is_there = matrix()
            .builds
            .iter()
            .any(|build| build.subdir == row.subdir && build.pytorch.series() == row.pytorch);
        assert!(is_there, "{row:?}");
        assert_eq!(row.accelerator.cuda().is_some(), !row.cuda_pins.is_empty(), "{row:?}");
        assert!(row.accelerator != Accelerator::Mps, "`cpu` goes with MPS: {row:?}");
    }
}

#[test]
fn small_tables_ascend_and_know_each_other() {
    let m = matrix();
    assert!(m.cuda_versions.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(m.toolkits.windows(2).all(|pair| pair[0].cuda < pair[1].cuda));
    assert!(m.capabilities.windows(2).all(|pair| pair[0].capability < pair[1].capability));
    assert!(m.pci_devices.windows(2).all(|pair| pair[0].last < pair[1].first));
    for pair in m.toolkits.windows(2) {
        assert!(pair[1].linux.is_at_least(pair[0].linux), "{pair:?}");
        assert!(pair[1].windows.is_at_least(pair[0].windows), "{pair:?}");
    }
    for row in &*m.gpu_names {
        assert!(m.capability(row.capability).is_some(), "{row:?}");
    }
    for toolkit in m.builds.iter().filter_map(|row| row.accelerator.cuda()) {
        assert!(m.cuda_versions.contains(&toolkit), "{toolkit}");
        assert!(m.toolkit_driver(toolkit, DriverFamily::Linux).is_some(), "{toolkit}");
    }
}

#[test]
fn every_build_serves_a_known_gpu() {
    for row in matrix().builds.iter().filter(|row| row.is_cuda()) {
        for capability in &*row.kernels.sass {
            assert!(matrix().capability(*capability).is_some(), "{row:?}");
        }
    }
}

// --- cells

#[test]
fn versions_that_never_were_are_not_there() {
    for never in ["2.0.1", "2.1.1", "2.2.0", "2.2.2", "2.5.0", "2.6.1", "2.7.2", "2.9.0"] {
        assert!(matrix().builds.iter().all(|row| row.pytorch != version(never)), "{never}");
    }
    assert!(!matrix().cuda_versions.contains(&cuda("12.7")));
    assert_eq!(matrix().cuda_versions.len(), 26);
}

#[test]
fn every_release_is_there() {
    let mut releases: Vec<String> =
        matrix().builds.iter().map(|row| row.pytorch.to_string()).collect();
    releases.dedup();
    let expected = "2.13.0 2.12.1 2.12.0 2.11.0 2.10.0 2.10.0.rc3 2.9.1 2.8.0 2.7.1 2.7.0 2.6.0 \
                    2.5.1 2.4.1 2.4.0 2.3.1 2.3.0 2.1.2 2.1.0 2.0.0 1.13.1 1.13.0 1.12.1 1.12.0";
    assert_eq!(releases.join(" "), expected);
}

#[test]
fn what_a_cuda_version_gives_on_linux_64() {
    for (pin, expected) in [
        ("10.2", "1.12.1 cuda102 #201"),
        ("11.0", "1.12.1 cuda110 #201"),
        ("11.1", "1.12.1 cuda111 #201"),
        ("11.2", "2.1.2 cuda112 #303"),
        ("11.7", "2.1.2 cuda112 #303"),
        ("11.8", "2.5.1 cuda118 #303"),
        ("12.0", "2.5.1 cuda120 #303"),
        ("12.1", "2.5.1 cuda120 #303"),
        ("12.4", "2.5.1 cuda120 #303"),
        ("12.5", "2.5.1 cuda120 #303"),
        ("12.6", "2.7.1 cuda126 #300"),
        ("12.8", "2.7.1 cuda126 #300"),
        ("12.9", "2.13.0 cuda129 #302"),
        ("13.0", "2.13.0 cuda130 #302"),
        ("13.1", "2.13.0 cuda130 #302"),
        ("13.3", "2.13.0 cuda130 #302"),
    ] {
        assert_eq!(newest("linux-64", pin).as_deref(), Some(expected), "{pin}");
    }
    assert_eq!(newest("linux-64", "9.2"), None);
}

#[test]
fn what_a_cuda_version_gives_on_linux_aarch64() {
    for (pin, expected) in [
        ("11.2", None),
        ("11.8", None),
        ("12.0", Some("2.5.1 cuda120 #203")),
        ("12.4", Some("2.5.1 cuda120 #203")),
        ("12.6", Some("2.7.1 cuda126 #200")),
        ("12.8", Some("2.7.1 cuda126 #200")),
        ("12.9", Some("2.13.0 cuda129 #202")),
        ("13.0", Some("2.13.0 cuda130 #202")),
        ("13.2", Some("2.13.0 cuda130 #202")),
    ] {
        assert_eq!(newest("linux-aarch64", pin).as_deref(), expected, "{pin}");
    }
}

#[test]
fn what_a_cuda_version_gives_on_windows() {
    for (pin, expected) in [
        ("11.8", None),
        ("12.4", None),
        ("12.6", Some("2.7.1 cuda126 #300")),
        ("12.8", Some("2.13.0 cuda128 #302")),
        ("12.9", Some("2.12.1 cuda128 #300")), // 2.13.0 accepts 12.8 and 13.0 exactly
        ("13.0", Some("2.13.0 cuda130 #302")),
        ("13.1", Some("2.12.1 cuda130 #300")),
        ("13.3", Some("2.12.1 cuda130 #300")),
    ] {
        assert_eq!(newest("win-64", pin).as_deref(), expected, "{pin}");
    }
}

#[test]
fn kernels_are_those_of_the_recipe() {
    for (pytorch, subdir, on, number, expected) in [
        ("1.12.1", "linux-64", "10.2", 201, "3.5 5.0 6.0 6.1 7.0 7.5+PTX"),
        ("1.12.0", "linux-64", "11.0", 202, "3.5 5.0 6.0 6.1 7.0 7.5 8.0+PTX"),
        ("2.1.2", "linux-64", "11.2", 303, "3.5 5.0 6.0 6.1 7.0 7.5 8.0 8.6+PTX"),
        ("2.5.1", "linux-64", "11.8", 303, "3.5 5.0 6.0 6.1 7.0 7.5 8.0 8.6 8.9+PTX"),
        ("2.5.1", "linux-64", "12.6", 306, "5.0 6.0 6.1 7.0 7.5 8.0 8.6 8.9 9.0+PTX"),
        ("2.7.1", "linux-64", "12.9", 304, "5.0 6.0 7.0 7.5 8.0 8.6 9.0 10.0 12.0+PTX"),
        ("2.13.0", "win-64", "12.8", 302, "5.0 6.0 7.0 7.5 8.0 8.6 9.0 10.0 12.0+PTX"),
        ("2.13.0", "linux-64", "13.0", 302, "7.5 8.0 8.6 9.0 10.0 11.0 12.0+PTX"),
        ("2.13.0", "linux-aarch64", "13.0", 201, "7.5 8.0 8.6 9.0 10.0 11.0 12.0+PTX"),
        ("2.13.0", "linux-aarch64", "13.0", 202, "7.5 8.0 8.6 8.7 9.0 10.0 11.0 12.0+PTX"),
    ] {
        let row = build(pytorch, subdir, on, number).expect("the build");
        assert_eq!(row.kernels.to_string(), expected, "{pytorch} {subdir} {on} #{number}");
    }
}

#[test]
fn jetson_builds_are_tied_to_it() {
    let tegra = |pytorch, number| {
        let row = build_of(pytorch, "linux-aarch64", "12.9", number, Some(ArmVariant::Tegra))?;
        let glibc = row.glibc?;
        assert_eq!((glibc.declared, glibc.libraries), (version("2.34"), version("2.34")));
        Some(row.kernels.to_string())
    };
    assert_eq!(tegra("2.10.0", 202), None);
    assert_eq!(tegra("2.10.0", 203).as_deref(), Some("8.7 10.1+PTX"));
    assert_eq!(tegra("2.11.0", 200).as_deref(), Some("8.7 10.1+PTX"));
    assert_eq!(tegra("2.11.0", 201).as_deref(), Some("8.7+PTX"));
    assert_eq!(tegra("2.13.0", 202).as_deref(), Some("8.7+PTX"));
    // The one before the variants: tied to none.
    let before = build("2.10.0", "linux-aarch64", "12.9", 202).expect("the build");
    assert_eq!(before.arm_variant, None);
}

#[test]
fn macos_floors_changed_within_versions() {
    for (pytorch, subdir, number, expected) in [
        ("2.0.0", "osx-64", 1, "10.9"),
        ("2.0.0", "osx-64", 2, "10.13"),
        ("2.1.2", "osx-64", 104, "10.13"),
        ("2.3.0", "osx-64", 101, "10.15"),
        ("2.7.1", "osx-64", 102, "10.15"),
        ("2.7.1", "osx-64", 103, "11.0"),
        ("2.11.0", "osx-64", 101, "11.0"),
        ("2.11.0", "osx-64", 102, "12.0"),
        ("2.12.0", "osx-64", 100, "11.0"),
        ("2.12.0", "osx-64", 101, "12.0"),
        ("2.13.0", "osx-64", 102, "12.0"),
        ("1.12.0", "osx-arm64", 0, "11.0"),
        ("2.11.0", "osx-arm64", 1, "11.0"),
        ("2.11.0", "osx-arm64", 2, "12.0"),
        ("2.12.0", "osx-arm64", 0, "11.0"),
        ("2.12.1", "osx-arm64", 0, "12.0"),
    ] {
        let on = if subdir == "osx-arm64" { "mps" } else { "cpu" };
        let row = build(pytorch, subdir, on, number).expect("the build");
        assert_eq!(row.macos, Some(version(expected)), "{pytorch} {subdir} #{number}");
    }
}

#[test]
fn glibc_floors_are_declared_and_real() {
    for (pytorch, subdir, on, number, declared, libraries) in [
        ("2.13.0", "linux-64", "12.9", 302, "2.17", "2.28"),
        ("2.13.0", "linux-64", "13.0", 302, "2.28", "2.28"),
        ("2.13.0", "linux-64", "cpu", 102, "2.17", "2.17"),
        ("2.5.1", "linux-64", "12.0", 303, "2.17", "2.17"),
        ("2.5.1", "linux-64", "11.8", 303, "2.17", "2.17"),
        ("2.5.1", "linux-64", "12.6", 303, "2.28", "2.28"),
        ("2.5.1", "linux-64", "12.6", 304, "2.17", "2.28"),
        ("2.5.1", "linux-aarch64", "cpu", 3, "2.17", "2.17"),
        ("2.5.1", "linux-aarch64", "cpu", 4, "2.28", "2.28"),
        ("2.5.1", "linux-aarch64", "cpu", 7, "2.17", "2.17"),
        ("2.5.1", "linux-aarch64", "12.0", 203, "2.28", "2.28"),
        ("2.4.1", "linux-aarch64", "12.0", 203, "2.28", "2.28"),
        ("2.4.1", "linux-aarch64", "12.0", 204, "2.17", "2.17"),
    ] {
        let row = build(pytorch, subdir, on, number).expect("the build");
        let floor = row.glibc.expect("a floor on Linux");
        let found = (floor.declared, floor.libraries);
        assert_eq!(found, (version(declared), version(libraries)), "{pytorch} {subdir} #{number}");
    }
}

#[test]
fn pythons_changed_within_versions() {
    for (pytorch, subdir, on, number, first, last) in [
        ("1.12.1", "linux-64", "11.2", 201, "3.7", "3.10"),
        ("1.12.1", "osx-arm64", "mps", 1, "3.8", "3.10"),
        ("2.4.0", "linux-aarch64", "12.0", 201, "3.8", "3.12"),
        ("2.4.0", "linux-aarch64", "12.0", 202, "3.9", "3.12"),
        ("2.7.1", "win-64", "12.8", 304, "3.9", "3.13"),
        ("2.8.0", "linux-64", "12.9", 302, "3.10", "3.13"),
        ("2.10.0", "linux-64", "12.9", 300, "3.10", "3.13"),
        ("2.10.0", "linux-64", "12.9", 301, "3.10", "3.14"),
    ] {
        let row = build(pytorch, subdir, on, number).expect("the build");
        assert_eq!(row.pythons, (version(first), version(last)), "{pytorch} {subdir} #{number}");
    }
}

#[test]
fn build_strings_begin_as_the_recipe_wrote_them() {
    for (pytorch, subdir, on, number, expected) in [
        ("1.13.1", "linux-64", "cpu", 1, "cpu"),
        ("2.0.0", "linux-64", "cpu", 104, "cpu_mkl"),
        ("2.0.0", "linux-64", "11.2", 200, "cuda112"),
        ("2.5.1", "linux-64", "12.0", 303, "cuda120"),
        ("2.5.1", "linux-64", "12.6", 306, "cuda126"),
        ("2.5.1", "linux-64", "12.6", 307, "cuda126_mkl"),
        ("2.4.1", "linux-64", "12.0", 305, "cuda120"),
        ("2.4.1", "linux-64", "12.0", 306, "cuda120_mkl"),
        ("2.13.0", "linux-64", "12.9", 202, "cuda129_generic"),
        ("2.13.0", "osx-arm64", "mps", 2, "cpu_generic"),
    ] {
        let row = build(pytorch, subdir, on, number).expect("the build");
        assert_eq!(row.build_prefix(), expected, "{pytorch} {subdir} {on} #{number}");
    }
}

#[test]
fn what_cannot_be_installed_is_left_out() {
    assert_eq!(build("2.1.2", "linux-aarch64", "11.2", 203), None); // never seen uploaded
    assert_eq!(build("2.3.0", "osx-arm64", "mps", 0), None); // labelled broken
    assert_eq!(build("2.4.0", "osx-64", "cpu", 100), None); // labelled broken
    assert_eq!(build("2.8.0", "osx-arm64", "mps", 0), None); // labelled broken
    assert!(build("2.4.0", "osx-64", "cpu", 101).is_some());
    assert!(
        matrix()
            .builds
            .iter()
            .all(|row| row.subdir != Subdir::Win64 || row.pytorch >= version("2.5.1"))
    );
}

#[test]
fn metapackages_are_trusted_from_2_5_1_on() {
    for row in &*matrix().builds {
        assert_eq!(row.metapackage, row.pytorch >= version("2.5.1"), "{row:?}");
    }
}

fn companions(package: Companion, pytorch: &str, subdir: Subdir) -> Vec<&'static CompanionBuild> {
    let rows = matrix().companions.iter();
    rows.filter(|row| {
        row.package == package && row.pytorch == version(pytorch) && row.subdir == subdir
    })
    .collect()
}

#[test]
fn companions_are_for_the_series_that_they_were_built_for() {
    let newest = |package, pytorch, subdir| {
        companions(package, pytorch, subdir).first().map(|row| row.version.to_string())
    };
    let vision = |pytorch, subdir| newest(Companion::Torchvision, pytorch, subdir);
    let audio = |pytorch, subdir| newest(Companion::Torchaudio, pytorch, subdir);
    assert_eq!(vision("2.13", Subdir::Linux64).as_deref(), Some("0.28.0"));
    assert_eq!(vision("2.12", Subdir::Win64).as_deref(), Some("0.27.1"));
    assert_eq!(vision("2.11", Subdir::Linux64).as_deref(), Some("0.26.0"));
    assert_eq!(vision("2.8", Subdir::Linux64).as_deref(), Some("0.23.0"));
    assert_eq!(vision("2.5", Subdir::Linux64).as_deref(), Some("0.20.1"));
    assert_eq!(vision("2.0", Subdir::OsxArm64).as_deref(), Some("0.15.2"));
    assert_eq!(vision("2.4", Subdir::Win64), None);
    assert_eq!(audio("2.10", Subdir::Linux64).as_deref(), Some("2.11.0"));
    assert_eq!(audio("2.9", Subdir::LinuxAarch64).as_deref(), Some("2.9.1"));
    assert_eq!(audio("2.11", Subdir::Linux64), None);
    assert_eq!(audio("2.13", Subdir::Linux64), None);
    assert!(matrix().companions.iter().all(|row| row.package == Companion::Torchvision
        || (row.subdir != Subdir::Win64 && row.arm_variant != Some(ArmVariant::Tegra))));
}

#[test]
fn torchvision_of_2_5_keeps_the_toolkits_that_its_last_build_lacks() {
    let mut toolkits: Vec<String> = companions(Companion::Torchvision, "2.5", Subdir::Linux64)
        .iter()
        .filter_map(|row| {
            assert_eq!(row.same_toolkit, row.accelerator.cuda().is_some());
            Some(row.accelerator.cuda()?.to_string())
        })
        .collect();
    toolkits.sort();
    assert_eq!(toolkits, ["11.8", "12.0", "12.6"]);
}

#[test]
fn torchvision_on_windows_was_built_with_another_toolkit_than_pytorch() {
    let on_windows = companions(Companion::Torchvision, "2.12", Subdir::Win64);
    let of_12 = on_windows.iter().find(|row| row.cuda_pins.start.major == 12).expect("a build");
    assert_eq!(of_12.cuda_pins, cuda("12.9")..cuda("13.0"));
    assert!(!of_12.same_toolkit);
}

#[test]
fn drivers_are_those_of_nvidias_tables() {
    use DriverFamily::{Linux, Windows};
    for (toolkit, linux, windows) in [
        ("10.2", "440.33", "441.22"),
        ("11.8", "520.61.05", "520.06"),
        ("12.4", "550.54.14", "551.61"),
        ("12.8", "570.26", "570.65"),
        ("12.9", "575.51.03", "576.02"),
        ("13.0", "580.65.06", "580"),
        ("13.2", "595.45.04", "595"),
    ] {
        assert_eq!(matrix().toolkit_driver(cuda(toolkit), Linux), Some(driver(linux)));
        assert_eq!(matrix().toolkit_driver(cuda(toolkit), Windows), Some(driver(windows)));
    }
    let floor = |toolkit, family| matrix().major_driver(cuda(toolkit), family);
    assert_eq!(floor("11.8", Linux), Some(driver("450.80.02")));
    assert_eq!(floor("12.9", Linux), Some(driver("525.60.13")));
    assert_eq!(floor("12.9", Windows), Some(driver("527.41")));
    assert_eq!(floor("13.0", Linux), Some(driver("580.65.06")));
    assert_eq!(floor("10.2", Linux), None);
}

#[test]
fn a_driver_supports_the_cuda_that_it_prints() {
    for (version, expected) in [
        ("440.33", "10.2"),
        ("470.256.02", "11.4"),
        ("535.183.01", "12.2"),
        ("550.54.14", "12.4"),
        ("570.26", "12.8"),
        ("580.65.06", "13.0"),
        ("580", "13.0"),
        ("610.43.02", "13.3"),
    ] {
        let found = matrix().cuda_of_driver(driver(version), DriverFamily::Linux);
        assert_eq!(found, Some(cuda(expected)), "{version}");
    }
}

#[test]
fn tegra_parts_are_known_as_such() {
    for (capability, expected) in [
        ("5.3", true),
        ("6.2", true),
        ("7.2", true),
        ("8.6", false),
        ("8.7", true),
        ("11.0", true),
        ("12.0", false),
        ("12.1", false),
    ] {
        let capability = capability.parse().expect("a capability");
        assert_eq!(matrix().is_soc(capability), expected, "{capability}");
    }
}
