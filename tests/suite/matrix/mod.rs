//! The rows of the matrix: their rules, and values that a person read in the feedstock and typed here. The form
//! of a row is tested in `crates/conda-torch-core/src/matrix/check.rs`.

mod beside;
mod cells;
mod rules;
mod table;

use conda_torch_core::conda::{Subdir, Version};
use conda_torch_core::matrix::Matrix;
use conda_torch_core::types::{Accelerator, ArmVariant, Build, CudaVersion, DriverVersion};

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

/// The row of one build.
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
            && row.pins().contains(&cuda(pin))
            && !row.pytorch.is_candidate()
            && !row.unsolvable
            && row.arm_variant != Some(ArmVariant::Tegra)
    });
    let best = rows.max_by_key(|row| (row.pytorch, row.accelerator, row.build_numbers.1))?;
    let number = best.build_numbers.1;
    Some(format!("{} {} #{number}", best.pytorch, best.accelerator.build_prefix()))
}
