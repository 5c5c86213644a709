//! Rules within rows and between them.

use conda_torch_core::conda::Subdir;
use conda_torch_core::matrix::DriverFamily;
use conda_torch_core::types::{Accelerator, Blas, Build, Date};

use super::{cuda, matrix, version};

#[test]
fn rows_are_unique_and_sorted_newest_first() {
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
fn build_numbers_encode_cuda_and_mkl() {
    // +200 for CUDA, +100 for MKL; up to 2.0.0 #0 the number did not depend on the BLAS.
    for row in matrix().builds.iter().filter(|row| row.pytorch > version("2.0.0")) {
        let base = 200 * u16::from(row.is_cuda()) + 100 * u16::from(row.blas == Blas::Mkl);
        let (first, last) = row.build_numbers;
        assert!(base <= first && first <= last && last < base + 100, "{row:?}");
    }
}

#[test]
fn only_cuda_rows_have_kernels_and_pins() {
    for row in &*matrix().builds {
        assert_eq!(row.is_cuda(), !row.kernels.sass.is_empty(), "{row:?}");
        assert_eq!(row.is_cuda(), !row.cuda_pins.is_empty(), "{row:?}");
        // Every list of the recipe ends with its only +PTX.
        assert_eq!(row.is_cuda(), row.kernels.ptx.len() == 1, "{row:?}");
        assert_eq!(row.kernels.ptx.last(), row.kernels.ptx.first().and(row.kernels.sass.last()));
        let accepts_itself = |toolkit| row.cuda_pins.start == toolkit;
        assert!(row.accelerator.cuda().is_none_or(accepts_itself), "{row:?}");
    }
}

#[test]
fn floors_match_the_platform() {
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
        let commit = source.commit.as_ref().expect("a row of the program is of a recipe");
        assert_eq!(commit.as_str().len(), 40, "{source:?}");
        assert!((Date::new(2022, 7, 17)..=matrix().as_of).contains(&source.date), "{source:?}");
    }
}

#[test]
fn every_companion_matches_a_build() {
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
fn small_tables_are_sorted_and_consistent() {
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
