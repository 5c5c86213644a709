//! Builds of PyTorch in a channel's records. Records that no rule distinguishes are one build.

use std::collections::BTreeMap;

use crate::conda::{Subdir, Version};
use crate::types::{Accelerator, ArmVariant, Blas, Build, CudaPins, CudaVersion};

use super::Record;
use super::record_specs::{
    UnreadReason, UnreadRecord, arm_variant, find_libtorch, lower, pins, spec, toolkit,
};

/// A build of a channel: a row of the matrix, without the facts that only the recipe has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelBuild {
    /// What distinguishes it from others.
    pub key: BuildKey,
    /// Its build numbers, ascending.
    pub build_numbers: Vec<u16>,
    /// Whether the build string names the BLAS.
    pub blas_in_build_string: bool,
    /// Whether a `pytorch-gpu` or `pytorch-cpu` selects it.
    pub metapackage: bool,
    /// The `cuda-version` pins that it accepts.
    pub cuda_pins: CudaPins,
    /// The oldest glibc that it needs.
    pub glibc: Option<Version>,
    /// The oldest macOS that it needs.
    pub macos: Option<Version>,
    /// The first and the last Python.
    pub pythons: (Version, Version),
    /// When the newest of its records was built, in milliseconds since 1970.
    pub newest: Option<u64>,
}

/// What distinguishes builds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BuildKey {
    /// PyTorch's version.
    pub pytorch: Version,
    /// The platform.
    pub subdir: Subdir,
    /// The accelerator.
    pub accelerator: Accelerator,
    /// The linear algebra library.
    pub blas: Blas,
    /// The aarch64 variant.
    pub arm_variant: Option<ArmVariant>,
}

impl BuildKey {
    /// The key of a row.
    pub fn of(build: &Build) -> Self {
        Self {
            pytorch: build.pytorch,
            subdir: build.subdir,
            accelerator: build.accelerator,
            blas: build.blas,
            arm_variant: build.arm_variant,
        }
    }
}

/// Reads the builds from the records of `pytorch`, `libtorch` and the metapackages, skipping others.
pub fn read_builds(records: &[Record]) -> (Vec<ChannelBuild>, Vec<UnreadRecord>) {
    let mut builds: BTreeMap<BuildKey, Vec<ChannelBuild>> = BTreeMap::new();
    let mut gaps = Vec::new();
    let libraries: Vec<&Record> = records.iter().filter(|it| it.name == "libtorch").collect();
    for record in records.iter().filter(|record| record.name == "pytorch") {
        match find_libtorch(record, &libraries).and_then(|library| one(record, library)) {
            Ok(one) => {
                let alike = builds.entry(one.key.clone()).or_default();
                let is_it = |build: &&mut ChannelBuild| {
                    build.build_numbers == one.build_numbers && is_same(build, &one)
                };
                match alike.iter_mut().find(is_it) {
                    Some(build) => join(build, one),
                    None => alike.push(one),
                }
            }
            Err(what) => gaps.push(UnreadRecord { url: record.url.clone(), what }),
        }
    }
    let mut all: Vec<ChannelBuild> = builds.into_values().flat_map(merged).collect();
    for build in &mut all {
        build.metapackage = has_metapackage(&build.key, records);
    }
    all.sort_by(|a, b| {
        b.key
            .pytorch
            .cmp(&a.key.pytorch)
            .then_with(|| a.key.subdir.cmp(&b.key.subdir))
            .then_with(|| (b.key.accelerator, b.key.blas).cmp(&(a.key.accelerator, a.key.blas)))
    });
    (all, gaps)
}

/// Merges builds of one key that differ only in their numbers.
fn merged(mut builds: Vec<ChannelBuild>) -> Vec<ChannelBuild> {
    builds.sort_by(|a, b| a.build_numbers.cmp(&b.build_numbers));
    let mut merged: Vec<ChannelBuild> = Vec::with_capacity(builds.len());
    for build in builds {
        // Only the last one: the ranges of rows do not overlap.
        match merged.last_mut().filter(|one| one.pythons == build.pythons && is_same(one, &build)) {
            Some(one) => join(one, build),
            None => merged.push(build),
        }
    }
    merged
}

/// Whether two builds differ at most in their numbers and Pythons.
fn is_same(a: &ChannelBuild, b: &ChannelBuild) -> bool {
    a.blas_in_build_string == b.blas_in_build_string
        && a.cuda_pins == b.cuda_pins
        && a.glibc == b.glibc
        && a.macos == b.macos
}

fn join(build: &mut ChannelBuild, other: ChannelBuild) {
    if build.build_numbers.last() != other.build_numbers.first() {
        build.build_numbers.extend(other.build_numbers);
    }
    build.pythons.0 = build.pythons.0.min(other.pythons.0);
    build.pythons.1 = build.pythons.1.max(other.pythons.1);
    build.newest = build.newest.max(other.newest);
}

/// Whether a metapackage has the beginning of the build's build string.
fn has_metapackage(key: &BuildKey, records: &[Record]) -> bool {
    let name = if key.accelerator.cuda().is_some() { "pytorch-gpu" } else { "pytorch-cpu" };
    let prefix = key.accelerator.build_prefix();
    records.iter().any(|record| {
        record.name == name
            && record.subdir == key.subdir.as_str()
            && record.version.parse() == Ok(key.pytorch)
            && record.build.strip_prefix(&prefix).is_some_and(|rest| rest.starts_with('_'))
    })
}

fn one(record: &Record, library: Option<&Record>) -> Result<ChannelBuild, UnreadReason> {
    let pytorch: Version = record.version.parse().map_err(|_| UnreadReason::Version)?;
    let subdir: Subdir = record.subdir.parse().map_err(|_| UnreadReason::Subdir)?;
    let (toolkit, rest) = toolkit(&record.build).ok_or(UnreadReason::BuildString)?;
    let number = u16::try_from(record.build_number).map_err(|_| UnreadReason::BuildString)?;
    let accelerator = match toolkit {
        Some(toolkit) => Accelerator::Cuda(toolkit),
        None if subdir == Subdir::OsxArm64 => Accelerator::Mps,
        None => Accelerator::Cpu,
    };
    let named = if rest.starts_with("_mkl_") {
        Some(Blas::Mkl)
    } else if rest.starts_with("_generic_") {
        Some(Blas::Generic)
    } else if rest.starts_with("_py") || rest.starts_with("py") {
        None
    } else {
        return Err(UnreadReason::BuildString);
    };
    let both = || std::iter::once(record).chain(library);
    let needs_mkl = both().any(|record| spec(record, "mkl").is_some());
    let floor =
        |name: &str| both().filter_map(|record| spec(record, name).as_ref().and_then(lower)).max();
    let cuda_pins = match toolkit {
        None => CudaVersion::new(0, 0)..CudaVersion::new(0, 0),
        Some(_) => both().find_map(pins).ok_or(UnreadReason::CudaPins)?,
    };
    let python = spec(record, "python").as_ref().and_then(lower).ok_or(UnreadReason::Python)?;
    Ok(ChannelBuild {
        key: BuildKey {
            pytorch,
            subdir,
            accelerator,
            blas: named.unwrap_or(if needs_mkl { Blas::Mkl } else { Blas::Generic }),
            arm_variant: arm_variant(record)?,
        },
        build_numbers: vec![number],
        blas_in_build_string: named.is_some(),
        metapackage: false, // set later, from other records
        cuda_pins,
        glibc: floor("__glibc"),
        macos: floor("__osx"),
        pythons: (python, python),
        newest: record.timestamp,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(build: &str, depends: &[&str]) -> Record {
        Record {
            name: "pytorch".to_owned(),
            version: "2.14.0".to_owned(),
            build: build.to_owned(),
            build_number: build.rsplit('_').next().and_then(|n| n.parse().ok()).unwrap_or(0),
            subdir: "linux-64".to_owned(),
            depends: depends.iter().map(|&spec| spec.to_owned()).collect(),
            ..Record::default()
        }
    }

    #[test]
    fn reads_a_new_cuda_version() {
        let depends = [
            "__glibc >=2.28,<3.0.a0",
            "cuda-version >=13.1,<14",
            "mkl >=2026",
            "python >=3.12,<3.13.0a0",
        ];
        let (found, gaps) = read_builds(&[record("cuda131_mkl_py312_h1_300", &depends)]);
        assert_eq!(gaps, []);
        assert_eq!(found[0].key.accelerator, Accelerator::Cuda(CudaVersion::new(13, 1)));
        assert_eq!(found[0].cuda_pins, CudaVersion::new(13, 1)..CudaVersion::new(14, 0));
        assert_eq!(found[0].glibc, Some(Version::new(&[2, 28])));
    }

    #[test]
    fn builds_for_several_pythons_and_numbers_are_one() {
        let of = |python, build| record(build, &["mkl", python]);
        let records = [
            of("python >=3.13,<3.14.0a0", "cpu_mkl_py313_h1_101"),
            of("python >=3.12,<3.13.0a0", "cpu_mkl_py312_h2_100"),
            of("python >=3.13,<3.14.0a0", "cpu_mkl_py313_h3_100"),
            of("python >=3.12,<3.13.0a0", "cpu_mkl_py312_h4_101"),
        ];
        let (found, _) = read_builds(&records);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].build_numbers, [100, 101]);
        assert_eq!(found[0].pythons, (Version::new(&[3, 12]), Version::new(&[3, 13])));
    }

    #[test]
    fn builds_before_and_after_a_different_number_stay_apart() {
        let of = |glibc, build| record(build, &["mkl", "python >=3.12,<3.13.0a0", glibc]);
        let (old, new) = ("__glibc >=2.17,<3.0.a0", "__glibc >=2.28,<3.0.a0");
        let records = [
            of(old, "cpu_mkl_py312_h1_100"),
            of(new, "cpu_mkl_py312_h2_101"),
            of(old, "cpu_mkl_py312_h3_102"),
        ];
        let (found, _) = read_builds(&records);
        let numbers: Vec<&[u16]> = found.iter().map(|one| &one.build_numbers[..]).collect();
        assert_eq!(numbers, [&[100][..], &[101], &[102]]);
    }

    #[test]
    fn a_build_has_the_dependencies_of_its_libtorch() {
        let build = record(
            "cuda131_mkl_py312_h1_300",
            &["libtorch 2.14.0 cuda131_mkl_h7_300", "python >=3.12,<3.13.0a0", "__glibc >=2.17"],
        );
        let depends = ["__glibc >=2.28,<3.0.a0", "cuda-version >=13.1,<14", "mkl >=2026"];
        let library =
            Record { name: "libtorch".to_owned(), ..record("cuda131_mkl_h7_300", &depends) };
        let other = Record { build: "cuda131_mkl_h8_301".to_owned(), ..library.clone() };
        let (builds, gaps) = read_builds(&[build.clone(), library]);
        assert_eq!(gaps, []);
        assert_eq!(builds[0].glibc, Some(Version::new(&[2, 28])));
        assert_eq!(builds[0].cuda_pins, CudaVersion::new(13, 1)..CudaVersion::new(14, 0));
        // Without it, the build cannot be installed.
        let (builds, gaps) = read_builds(&[build, other]);
        assert_eq!((builds.len(), gaps[0].what), (0, UnreadReason::Libtorch));
    }

    #[test]
    fn an_unread_record_has_a_reason() {
        let python = "python >=3.12,<3.13.0a0";
        for (build, depends, what) in [
            ("rocm62_mkl_py312_h1_0", vec![python], Some(UnreadReason::BuildString)),
            ("cuda_py312_h1_0", vec![python], Some(UnreadReason::BuildString)),
            ("cpu_blis_py312_h1_0", vec![python], Some(UnreadReason::BuildString)),
            ("cuda131_mkl_py312_h1_0", vec![python], Some(UnreadReason::CudaPins)),
            (
                "cuda131_mkl_py312_h1_0",
                vec![python, "cuda-version <14"],
                Some(UnreadReason::CudaPins),
            ),
            ("cuda131_mkl_py312_h1_0", vec![python, "cuda-version 13.1.*"], None),
            (
                "cpu_mkl_py312_h1_0",
                vec![python, "arm-variant * thor"],
                Some(UnreadReason::ArmVariant),
            ),
            ("cpu_mkl_py312_h1_0", vec![python, "arm-variant * sbsa"], None),
            ("cpu_mkl_py312_h1_0", vec![], Some(UnreadReason::Python)),
        ] {
            let (found, gaps) = read_builds(&[record(build, &depends)]);
            assert_eq!(gaps.first().map(|gap| gap.what), what, "{build}: {found:?}");
        }
    }
}
