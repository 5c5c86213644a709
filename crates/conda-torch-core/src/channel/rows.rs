//! The matrix of a channel. The facts that only recipes have are those of the row of the same build, or,
//! for a newer build, of the nearest row, marked as inferred.

use std::borrow::Cow;
use std::cmp::Reverse;

use crate::conda::{Subdir, Version};
use crate::matrix::Matrix;
use crate::types::{Accelerator, ArchList, Build, Companion, Date, GlibcFloor, Source};

use super::builds::{BuildKey, ChannelBuild};
use super::difference::ChannelContents;
use super::record_specs::UnreadRecord;
use super::{Record, Records};

/// The packages whose records [`rows`] needs.
pub const PACKAGES: [&str; 7] = [
    "pytorch",
    "libtorch",
    "pytorch-cpu",
    "pytorch-gpu",
    "cuda-version",
    "torchvision",
    "torchaudio",
];

/// The matrix with a channel's builds for these platforms, and the unread records; all else is from the
/// known matrix. `None` if the channel has no PyTorch for them. The channel's name has no secrets.
pub fn rows(
    Records { records }: &Records,
    subdirs: &[Subdir],
    (channel, day): (&str, Date),
    known: &Matrix,
) -> Option<(Matrix, Vec<UnreadRecord>)> {
    let (has, gaps) = ChannelContents::of(records, day);
    if !has.builds.iter().any(|found| subdirs.contains(&found.key.subdir)) {
        return None;
    }
    let ChannelContents { builds, companions, mut cuda_versions } = has;
    if cuda_versions.is_empty() {
        cuda_versions = known.cuda_versions.to_vec();
    }
    let is_read = |subdir: Subdir| subdirs.contains(&subdir);
    let drawn = builds.iter().filter(|found| is_read(found.key.subdir));
    let mut builds: Vec<Build> = drawn.flat_map(|found| of_one(found, day, known)).collect();
    // Release candidates are on another label, which was not read.
    let kept = |row: &&Build| row.pytorch.is_candidate() || !is_read(row.subdir);
    builds.extend(known.builds.iter().filter(kept).cloned());
    builds.sort_by_key(place);
    let mut pairs: Vec<_> = companions.into_iter().filter(|row| is_read(row.subdir)).collect();
    pairs.extend(known.companions.iter().filter(|row| !is_read(row.subdir)).cloned());
    pairs.sort_by_key(|row| {
        let toolkit = Reverse(row.accelerator.cuda());
        (row.package, Reverse(row.version), row.subdir, toolkit, row.arm_variant)
    });
    let matrix = Matrix {
        channel: Cow::Owned(channel.to_owned()),
        as_of: day,
        builds: Cow::Owned(builds),
        companions: Cow::Owned(pairs),
        cuda_versions: Cow::Owned(cuda_versions),
        ..known.clone()
    };
    Some((matrix, gaps))
}

/// Drops the records of versions before the oldest in the matrix: their forms differ, and they are not
/// recommended. Unread versions stay.
pub fn since(mut records: Vec<Record>, known: &Matrix) -> Vec<Record> {
    let of = |package| {
        let rows = known.companions.iter().filter(move |row| row.package == package);
        rows.map(|row| row.version).min()
    };
    let pytorch = known.builds.iter().map(|row| row.pytorch).min();
    let (vision, audio) = (of(Companion::Torchvision), of(Companion::Torchaudio));
    records.retain(|record| {
        let oldest = match record.name.as_str() {
            "pytorch" => pytorch,
            "torchvision" => vision,
            "torchaudio" => audio,
            _ => None,
        };
        let version = record.version.parse::<Version>();
        oldest.is_none_or(|oldest| version.map_or(true, |version| version >= oldest))
    });
    records
}

/// The order of rows, which `check` of the matrix requires.
fn place(row: &Build) -> impl Ord + use<> {
    let toolkit = Reverse(row.accelerator.cuda());
    let numbers = Reverse(row.build_numbers);
    (Reverse(row.pytorch), row.subdir, toolkit, row.arm_variant, Reverse(row.blas), numbers)
}

/// The rows of a build: one for each row of the matrix with some of its numbers.
fn of_one(found: &ChannelBuild, day: Date, known: &Matrix) -> Vec<Build> {
    let holder = |number: u16| {
        known.builds.iter().find(|row| {
            let (first, last) = row.build_numbers;
            BuildKey::of(row) == found.key && (first..=last).contains(&number)
        })
    };
    let parts = found.build_numbers.chunk_by(|&a, &b| holder(a) == holder(b));
    parts
        .filter_map(|part| Some((*part.first()?, *part.last()?)))
        .map(|numbers| row(found, numbers, holder(numbers.1), day, known))
        .collect()
}

fn row(
    found: &ChannelBuild,
    numbers: (u16, u16),
    own: Option<&Build>,
    day: Date,
    known: &Matrix,
) -> Build {
    let key = &found.key;
    let near = own.or_else(|| nearest(key, known));
    let is_cuda = key.accelerator.cuda().is_some();
    let libraries = near.filter(|_| is_cuda || own.is_some()).and_then(|near| near.glibc);
    let glibc = found.glibc.map(|declared| GlibcFloor {
        declared,
        libraries: libraries.map_or(declared, |floor| floor.libraries.max(declared)),
    });
    let kernels = near.filter(|_| is_cuda).map_or(ArchList::default(), |near| near.kernels.clone());
    let mut build = Build {
        pytorch: key.pytorch,
        subdir: key.subdir,
        accelerator: key.accelerator,
        blas: key.blas,
        arm_variant: key.arm_variant,
        build_numbers: numbers,
        blas_in_build_string: found.blas_in_build_string,
        metapackage: own.map_or(found.metapackage, |row| row.metapackage),
        cuda_pins: found.cuda_pins.clone(),
        kernels,
        glibc,
        macos: found.macos,
        pythons: found.pythons,
        source: Source::Channel { date: day, inferred: is_cuda && own.is_none() },
    };
    // An unchanged row keeps its source.
    if let Some(own) = own
        && own.build_numbers.1 == numbers.1
        && own
            == &(Build {
                source: own.source.clone(),
                build_numbers: own.build_numbers,
                ..build.clone()
            })
    {
        build.source = own.source.clone();
    }
    build
}

/// The CUDA build whose kernels are most likely those of another: of the nearest major CUDA version, then
/// the same platform, the nearest minor version, and the nearest PyTorch.
pub fn nearest<'m>(key: &BuildKey, matrix: &'m Matrix) -> Option<&'m Build> {
    let own = key.accelerator.cuda()?;
    let closeness = |build: &&Build| {
        let cuda = build.accelerator.cuda()?;
        let majors = own.major.abs_diff(cuda.major);
        let minors = if majors == 0 { own.minor.abs_diff(cuda.minor) } else { 0 };
        Some((
            Reverse(majors),
            build.subdir == key.subdir,
            Reverse(minors),
            build.arm_variant == key.arm_variant,
            !build.pytorch.is_candidate(),
            Reverse(build.pytorch.distance(key.pytorch)),
            build.build_numbers,
        ))
    };
    let cuda = |build: &&Build| matches!(build.accelerator, Accelerator::Cuda(_));
    matrix.builds.iter().filter(cuda).max_by_key(closeness)
}
