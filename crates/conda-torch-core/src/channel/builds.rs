//! Builds of PyTorch in a channel's records. Records that no rule distinguishes are one build.

use std::collections::{BTreeMap, HashSet};

use crate::conda::{Subdir, Version};
use crate::types::{Accelerator, ArchList, Blas, Build, CudaPins, Date, GlibcRange, Source};

use super::Record;
use super::record_specs::{
    Libraries, UnreadReason, UnreadRecord, arm_variant, lower, pins, spec, toolkit,
};

/// A build of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelBuild {
    /// Without what only the recipe has: no kernels, and the glibc of CUDA's libraries is the declared one.
    pub row: Build,
    /// All of its build numbers, ascending.
    pub build_numbers: Vec<u16>,
    /// When the newest of its records was built, in milliseconds since 1970.
    pub newest: Option<u64>,
}

/// Reads the builds from the records of `pytorch`, `libtorch` and the metapackages, in the order of the matrix.
pub(super) fn read_builds(records: &[Record], day: Date) -> (Vec<ChannelBuild>, Vec<UnreadRecord>) {
    let mut builds: Vec<ChannelBuild> = Vec::new();
    let mut places: BTreeMap<_, usize> = BTreeMap::new();
    let mut gaps = Vec::new();
    let libraries = Libraries::of(records);
    for record in records.iter().filter(|record| record.name == "pytorch") {
        match libraries.find(record).and_then(|library| one(record, library, day)) {
            Ok(one) => {
                // All that may differ, except the Pythons.
                let row = &one.row;
                let glibc = row.glibc.map(|floor| floor.declared);
                let pins = (row.cuda_pins.start, row.cuda_pins.end);
                let place = (row.build_numbers, row.blas_in_build_string, pins, glibc, row.macos);
                let at = *places.entry((row.variant(), place)).or_insert(builds.len());
                match builds.get_mut(at) {
                    Some(build) => join(build, one),
                    None => builds.push(one),
                }
            }
            Err(what) => gaps.push(UnreadRecord { url: record.url.clone(), what }),
        }
    }
    builds.sort_by_key(|build| build.row.variant());
    let variants = builds.chunk_by(|a, b| a.row.variant() == b.row.variant());
    let mut all: Vec<ChannelBuild> = variants.flat_map(|alike| merged(alike.to_vec())).collect();
    let metapackages: HashSet<_> = records.iter().filter_map(metapackage).collect();
    for ChannelBuild { row, .. } in &mut all {
        let name = if row.is_cuda() { "pytorch-gpu" } else { "pytorch-cpu" };
        let start = row.accelerator.build_prefix();
        let key = (name, row.subdir.as_str(), row.pytorch, start.as_str());
        row.metapackage = metapackages.contains(&key);
    }
    (all, gaps)
}

/// Merges builds of one variant that differ only in their numbers.
fn merged(mut builds: Vec<ChannelBuild>) -> Vec<ChannelBuild> {
    builds.sort_by(|a, b| a.build_numbers.cmp(&b.build_numbers));
    let mut merged: Vec<ChannelBuild> = Vec::new();
    for build in builds {
        let may_join =
            |one: &&mut ChannelBuild| one.row.pythons == build.row.pythons && is_same(one, &build);
        // Only the last one: the ranges of rows do not overlap.
        match merged.last_mut().filter(may_join) {
            Some(one) => join(one, build),
            None => merged.push(build),
        }
    }
    merged
}

/// Whether two builds differ at most in their numbers and Pythons.
fn is_same(a: &ChannelBuild, b: &ChannelBuild) -> bool {
    let (build_numbers, pythons) = (a.row.build_numbers, a.row.pythons);
    a.row == Build { build_numbers, pythons, ..b.row.clone() }
}

fn join(build: &mut ChannelBuild, other: ChannelBuild) {
    if build.build_numbers.last() != other.build_numbers.first() {
        build.build_numbers.extend(other.build_numbers);
    }
    let (row, other_row) = (&mut build.row, other.row);
    row.build_numbers.1 = other_row.build_numbers.1;
    row.pythons.0 = row.pythons.0.min(other_row.pythons.0);
    row.pythons.1 = row.pythons.1.max(other_row.pythons.1);
    build.newest = build.newest.max(other.newest);
}

/// The name, platform and version of a metapackage, and the beginning of its build string, which is that of the build
/// for which it is.
fn metapackage(record: &Record) -> Option<(&str, &str, Version, &str)> {
    let is_one = matches!(record.name.as_str(), "pytorch-gpu" | "pytorch-cpu");
    let (start, _) = record.build.split_once('_').filter(|_| is_one)?;
    Some((&record.name, &record.subdir, record.version.parse().ok()?, start))
}

fn one(record: &Record, library: Option<&Record>, day: Date) -> Result<ChannelBuild, UnreadReason> {
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
        None => CudaPins::default(),
        Some(_) => both().find_map(pins).ok_or(UnreadReason::CudaPins)?,
    };
    let python = spec(record, "python").as_ref().and_then(lower).ok_or(UnreadReason::Python)?;
    let glibc = floor("__glibc");
    let row = Build {
        pytorch,
        subdir,
        accelerator,
        blas: named.unwrap_or(if needs_mkl { Blas::Mkl } else { Blas::Generic }),
        arm_variant: arm_variant(record)?,
        build_numbers: (number, number),
        blas_in_build_string: named.is_some(),
        metapackage: false, // set later, from other records
        unsolvable: false,
        cuda_pins,
        kernels: ArchList::default(),
        glibc: glibc.map(|declared| GlibcRange { declared, libraries: declared, below: None }),
        macos: floor("__osx"),
        pythons: (python, python),
        source: Source::channel(day),
    };
    Ok(ChannelBuild { row, build_numbers: vec![number], newest: record.timestamp })
}

#[cfg(test)]
mod tests {
    use crate::types::CudaVersion;

    use super::*;

    const DAY: Date = Date::new(2026, 8, 13);

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
        let (found, gaps) = read_builds(&[record("cuda131_mkl_py312_h1_300", &depends)], DAY);
        assert_eq!(gaps, []);
        assert_eq!(found[0].row.accelerator, Accelerator::Cuda(CudaVersion::new(13, 1)));
        assert_eq!(found[0].row.cuda_pins, CudaVersion::new(13, 1)..CudaVersion::new(14, 0));
        assert_eq!(found[0].row.glibc.map(|floor| floor.declared), Some(Version::new(&[2, 28])));
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
        let (found, _) = read_builds(&records, DAY);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].build_numbers, [100, 101]);
        assert_eq!(found[0].row.pythons, (Version::new(&[3, 12]), Version::new(&[3, 13])));
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
        let (found, _) = read_builds(&records, DAY);
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
        let (builds, gaps) = read_builds(&[build.clone(), library], DAY);
        assert_eq!(gaps, []);
        assert_eq!(builds[0].row.glibc.map(|floor| floor.declared), Some(Version::new(&[2, 28])));
        assert_eq!(builds[0].row.cuda_pins, CudaVersion::new(13, 1)..CudaVersion::new(14, 0));
        // Without it, the build cannot be installed.
        let (builds, gaps) = read_builds(&[build, other], DAY);
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
            let (found, gaps) = read_builds(&[record(build, &depends)], DAY);
            assert_eq!(gaps.first().map(|gap| gap.what), what, "{build}: {found:?}");
        }
    }
}
