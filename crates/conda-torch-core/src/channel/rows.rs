//! The matrix of a channel. The facts that only recipes have are those of the row of the same build, or,
//! for a newer build, of the nearest row, marked as inferred.

use std::borrow::Cow;
use std::cmp::Reverse;

use crate::conda::{Subdir, Version};
use crate::matrix::Matrix;
use crate::types::{Build, Companion, CompanionBuild, Date, GlibcRange, Source};

use super::builds::ChannelBuild;
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
    if !has.builds.iter().any(|found| subdirs.contains(&found.row.subdir)) {
        return None;
    }
    let ChannelContents { builds, companions, mut cuda_versions } = has;
    if cuda_versions.is_empty() {
        cuda_versions = known.cuda_versions.to_vec();
    }
    let is_read = |subdir: Subdir| subdirs.contains(&subdir);
    let drawn = builds.iter().filter(|found| is_read(found.row.subdir));
    let mut builds: Vec<Build> = drawn.flat_map(|found| of_one(found, day, known)).collect();
    // Release candidates are on another label, which was not read.
    let kept = |row: &&Build| row.pytorch.is_candidate() || !is_read(row.subdir);
    builds.extend(known.builds.iter().filter(kept).cloned());
    builds.sort_by_key(|row| (row.variant(), Reverse(row.build_numbers)));
    let mut pairs: Vec<_> = companions.into_iter().filter(|row| is_read(row.subdir)).collect();
    pairs.extend(known.companions.iter().filter(|row| !is_read(row.subdir)).cloned());
    pairs.sort_by_key(CompanionBuild::variant);
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

/// Drops the records of versions before the oldest in the matrix, whose forms differ. Unread versions stay.
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

/// The rows of a build: one for each row of the matrix with some of its numbers.
fn of_one(found: &ChannelBuild, day: Date, known: &Matrix) -> Vec<Build> {
    let variant = found.row.variant();
    let rows: Vec<&Build> = known.builds.iter().filter(|row| row.variant() == variant).collect();
    let holder = |number: u16| {
        rows.iter().copied().find(|row| {
            let (first, last) = row.build_numbers;
            (first..=last).contains(&number)
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
    let (is_cuda, read) = (found.row.is_cuda(), &found.row);
    let near = own.or_else(|| nearest(read, known));
    let libraries = near.filter(|_| is_cuda || own.is_some()).and_then(|near| near.glibc);
    let glibc = read.glibc.map(|GlibcRange { declared, .. }| GlibcRange {
        declared,
        libraries: libraries.map_or(declared, |floor| floor.libraries.max(declared)),
        below: own.and_then(|own| own.glibc?.below),
    });
    let mut build = Build {
        build_numbers: numbers,
        metapackage: own.map_or(read.metapackage, |row| row.metapackage),
        unsolvable: own.is_some_and(|row| row.unsolvable),
        kernels: near.filter(|_| is_cuda).map(|near| near.kernels.clone()).unwrap_or_default(),
        glibc,
        source: Source { inferred: is_cuda && own.is_none(), ..Source::channel(day) },
        ..read.clone()
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
pub fn nearest<'m>(build: &Build, matrix: &'m Matrix) -> Option<&'m Build> {
    let own = build.accelerator.cuda()?;
    let closeness = |other: &&Build| {
        let cuda = other.accelerator.cuda()?;
        let majors = own.major.abs_diff(cuda.major);
        let minors = if majors == 0 { own.minor.abs_diff(cuda.minor) } else { 0 };
        Some((
            Reverse(majors),
            other.subdir == build.subdir,
            Reverse(minors),
            other.arm_variant == build.arm_variant,
            !other.pytorch.is_candidate(),
            Reverse(other.pytorch.distance(build.pytorch)),
            other.build_numbers,
        ))
    };
    matrix.builds.iter().filter(|other| other.is_cuda()).max_by_key(closeness)
}
