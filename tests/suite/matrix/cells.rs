//! Values read in the feedstock and typed by a person: builds of PyTorch.

use conda_torch_core::conda::Subdir;
use conda_torch_core::types::ArmVariant;

use super::{build, build_of, cuda, matrix, newest, version};

#[test]
fn nonexistent_versions_have_no_rows() {
    for never in ["2.0.1", "2.1.1", "2.2.0", "2.2.2", "2.5.0", "2.6.1", "2.7.2", "2.9.0"] {
        assert!(matrix().builds.iter().all(|row| row.pytorch != version(never)), "{never}");
    }
    assert!(!matrix().cuda_versions.contains(&cuda("12.7")));
    assert_eq!(matrix().cuda_versions.len(), 28);
}

#[test]
fn every_release_has_rows() {
    let mut releases: Vec<String> =
        matrix().builds.iter().map(|row| row.pytorch.to_string()).collect();
    releases.dedup();
    let expected = "2.13.0 2.12.1 2.12.0 2.11.0 2.10.0 2.10.0.rc3 2.9.1 2.8.0 2.7.1 2.7.0 2.6.0 \
                    2.5.1 2.4.1 2.4.0 2.3.1 2.3.0 2.1.2 2.1.0 2.0.0 1.13.1 1.13.0 1.12.1 1.12.0";
    assert_eq!(releases.join(" "), expected);
}

/// Fails with every value that differs.
fn newest_is(subdir: &str, cells: &[(&str, Option<&str>)]) {
    let differs = |(pin, expected): &(&str, Option<&str>)| {
        let found = newest(subdir, pin);
        let line = format!("cuda-version={pin}: {expected:?} is typed, the rows give {found:?}");
        (found.as_deref() != *expected).then_some(line)
    };
    let lines: Vec<String> = cells.iter().filter_map(differs).collect();
    let what = "for a new release, type its values from the recipe: version, toolkit, build number";
    assert!(lines.is_empty(), "{subdir}: {what}\n{}", lines.join("\n"));
}

#[test]
fn newest_pytorch_by_cuda_version_on_linux_64() {
    newest_is(
        "linux-64",
        &[
            ("9.2", None),
            ("10.2", Some("1.12.1 cuda102 #201")),
            ("11.0", Some("1.12.1 cuda110 #201")),
            ("11.1", Some("1.12.1 cuda111 #201")),
            ("11.2", Some("2.1.2 cuda112 #303")),
            ("11.7", Some("2.1.2 cuda112 #303")),
            ("11.8", Some("2.5.1 cuda118 #303")),
            ("12.0", Some("2.5.1 cuda120 #303")),
            ("12.1", Some("2.5.1 cuda120 #303")),
            ("12.4", Some("2.5.1 cuda120 #303")),
            ("12.5", Some("2.5.1 cuda120 #303")),
            ("12.6", Some("2.7.1 cuda126 #300")),
            ("12.8", Some("2.7.1 cuda126 #300")),
            ("12.9", Some("2.13.0 cuda129 #302")),
            ("13.0", Some("2.13.0 cuda130 #302")),
            ("13.1", Some("2.13.0 cuda130 #302")),
            ("13.3", Some("2.13.0 cuda130 #302")),
            ("13.5", Some("2.13.0 cuda130 #302")),
        ],
    );
}

#[test]
fn newest_pytorch_by_cuda_version_on_linux_aarch64() {
    newest_is(
        "linux-aarch64",
        &[
            ("11.2", None),
            ("11.8", None),
            ("12.0", Some("2.5.1 cuda120 #203")),
            ("12.4", Some("2.5.1 cuda120 #203")),
            ("12.6", Some("2.7.1 cuda126 #200")),
            ("12.8", Some("2.7.1 cuda126 #200")),
            ("12.9", Some("2.13.0 cuda129 #202")),
            ("13.0", Some("2.13.0 cuda130 #202")),
            ("13.2", Some("2.13.0 cuda130 #202")),
        ],
    );
}

#[test]
fn newest_pytorch_by_cuda_version_on_windows() {
    newest_is(
        "win-64",
        &[
            ("11.8", None),
            ("12.4", None),
            ("12.6", Some("2.7.1 cuda126 #300")),
            ("12.8", Some("2.13.0 cuda128 #302")),
            // The CUPTI DLL has the toolkit's version in its name.
            ("12.9", None),
            ("13.0", Some("2.13.0 cuda130 #302")),
            ("13.1", None),
            ("13.3", None),
        ],
    );
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
fn tegra_builds_have_their_variant() {
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
    // The build before the variants has none.
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
fn metal_needs_a_newer_macos_than_the_packages() {
    for (pytorch, number, expected) in [
        ("1.12.0", 0, "12.3"),
        ("2.4.1", 6, "12.3"),
        ("2.5.1", 0, "13.0"),
        ("2.8.0", 2, "13.0"),
        ("2.9.1", 0, "14.0"),
        ("2.13.0", 2, "14.0"),
    ] {
        let row = build(pytorch, "osx-arm64", "mps", number).expect("the build");
        assert_eq!(matrix().metal_macos(row), Some(version(expected)), "{pytorch}");
        let later = conda_torch_core::types::Build { pytorch: version("2.15.0"), ..row.clone() };
        assert_eq!(matrix().metal_macos(&later), Some(version("15.0")));
    }
    let intel = build("2.13.0", "osx-64", "cpu", 102).expect("the build");
    assert_eq!(matrix().metal_macos(intel), None);
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
fn build_strings_start_as_in_the_recipe() {
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
fn builds_that_cannot_be_installed_are_left_out() {
    assert_eq!(build("2.1.2", "linux-aarch64", "11.2", 203), None); // never seen uploaded
    assert_eq!(build("2.3.0", "osx-arm64", "mps", 0), None); // labelled broken
    assert_eq!(build("2.4.0", "osx-64", "cpu", 100), None); // labelled broken
    assert_eq!(build("2.8.0", "osx-arm64", "mps", 0), None); // labelled broken
    assert!(build("2.4.0", "osx-64", "cpu", 101).is_some());
    let unsolvable: Vec<u16> = matrix()
        .builds
        .iter()
        .filter(|row| row.unsolvable)
        .map(|row| row.build_numbers.0)
        .collect();
    assert_eq!(unsolvable, [204]);
    let last = build("2.7.1", "linux-aarch64", "12.9", 204).expect("the build");
    assert!(
        last.unsolvable && !build("2.7.1", "linux-aarch64", "12.9", 203).expect("it").unsolvable
    );
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

#[test]
fn builds_with_an_executable_stack_do_not_load_with_glibc_2_41() {
    // Read in the recipe: `-Wl,-z,noexecstack` came with 9f6f4db0 (2.5.x), 272621ba (main), 2a526dfc (2.4.x).
    for (pytorch, subdir, on, number, is_marked) in [
        ("2.6.0", "linux-64", "12.6", 300, false),
        ("2.5.1", "linux-64", "12.6", 313, false),
        ("2.5.1", "linux-64", "12.6", 312, true),
        ("2.5.1", "linux-64", "12.6", 213, false),
        ("2.5.1", "linux-64", "12.6", 212, true),
        ("2.5.1", "linux-64", "12.6", 301, true),
        ("2.5.1", "linux-64", "11.8", 303, true),
        ("2.5.1", "linux-64", "12.0", 303, true),
        ("2.5.1", "linux-aarch64", "12.0", 203, false),
        ("2.4.1", "linux-64", "11.8", 306, false),
        ("2.4.1", "linux-64", "12.0", 306, false),
        ("2.4.1", "linux-64", "11.8", 305, true),
        ("2.4.0", "linux-64", "11.8", 301, true),
        ("2.1.2", "linux-64", "11.2", 303, true),
        ("1.12.0", "linux-64", "10.2", 202, true),
        ("1.12.0", "linux-aarch64", "cpu", 2, false),
    ] {
        let row = build(pytorch, subdir, on, number).expect("the build");
        let below = row.glibc.expect("a range on Linux").below;
        assert_eq!(below, is_marked.then(|| version("2.41")), "{pytorch} {subdir} {on} #{number}");
    }
    for (number, is_marked) in [(113, false), (111, true)] {
        let below = build("2.5.1", "linux-64", "cpu", number).expect("the build").glibc;
        assert_eq!(below.expect("a range").below.is_some(), is_marked, "#{number}");
    }
}
