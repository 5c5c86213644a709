//! The columns of the table and the text in them. A value that is not there is an empty text.

use std::fmt::Display;

use crate::conda::Os;
use crate::matrix::{Limit, OverviewRow, Tier};
use crate::types::{Accelerator, ArmVariant, Build, Source};

/// A heading, and what stands under it.
pub(super) struct Column {
    pub(super) heading: &'static str,
    pub(super) text: fn(&OverviewRow<'_>) -> String,
}

const CUDA: Column = Column { heading: "CUDA", text: cuda };
const PYTORCH: Column = Column { heading: "PyTorch", text: |row| of(row, |build| build.pytorch) };
const BUILD: Column = Column { heading: "build", text: |row| of(row, build) };
const BUILDS: Column = Column { heading: "builds", text: |row| of(row, builds) };
const PACKAGE: Column =
    Column { heading: "package", text: |row| row.package().unwrap_or_default().to_owned() };
const DRIVER: Column = Column { heading: "driver", text: driver };
const GPUS: Column = Column { heading: "GPUs", text: gpus };
const GLIBC: Column = Column {
    heading: "glibc",
    text: |row| shown(row.build.and_then(|build| build.glibc).map(|floor| floor.libraries)),
};
const MACOS: Column =
    Column { heading: "macOS", text: |row| shown(row.build.and_then(|build| build.macos)) };
const PYTHON: Column = Column {
    heading: "Python",
    text: |row| of(row, |build| format!("{}–{}", build.pythons.0, build.pythons.1)),
};
const KERNELS: Column =
    Column { heading: "kernels", text: |row| of(row, |b| b.kernels.to_string()) };
const SUPPORT: Column = Column { heading: "support", text: |row| tier(row.tier).to_owned() };
const LIMITS: Column = Column { heading: "limits", text: limits };
const PLATFORM: Column = Column { heading: "platform", text: |row| row.subdir.to_string() };
const SOURCE: Column =
    Column { heading: "source", text: |row| of(row, |build| source(build.source)) };

/// At 80 columns.
pub(super) const NARROW: &[Column] =
    &[CUDA, PYTORCH, BUILD, PACKAGE, DRIVER, GPUS, GLIBC, MACOS, SUPPORT];
/// Where there is room, and in a pipe.
pub(super) const WIDE: &[Column] =
    &[CUDA, PYTORCH, BUILD, PACKAGE, DRIVER, GPUS, GLIBC, MACOS, PYTHON, SUPPORT, LIMITS];
/// Every build, at 80 columns.
pub(super) const NARROW_ALL: &[Column] = &[PYTORCH, BUILDS, CUDA, GPUS, GLIBC, MACOS, PYTHON];
/// Every build, where there is room.
pub(super) const WIDE_ALL: &[Column] =
    &[PYTORCH, BUILDS, CUDA, DRIVER, GLIBC, MACOS, PYTHON, KERNELS, SOURCE];
/// All that there is, for Markdown and CSV.
pub(super) const FULL: &[Column] = &[
    PLATFORM, CUDA, PYTORCH, BUILDS, PACKAGE, DRIVER, GPUS, GLIBC, MACOS, PYTHON, SUPPORT, LIMITS,
];

/// The beginning of the commit; of a row of a channel its day, and a mark where kernels were inferred.
fn source(source: Source) -> String {
    match source {
        Source::Recipe { commit, .. } => format!("{commit:.8}"),
        Source::Channel { date, inferred: true } => format!("{date}, kernels inferred"),
        Source::Channel { date, inferred: false } => date.to_string(),
    }
}

/// A text of the row's build; nothing where there is none.
fn of<T: Display>(row: &OverviewRow<'_>, text: impl Fn(&Build) -> T) -> String {
    shown(row.build.map(text))
}

/// The value as text, nothing where there is none.
fn shown(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// `12.0–12.5`, `12.9 tegra`, `Metal`, `CPU`.
fn cuda(row: &OverviewRow<'_>) -> String {
    let pins = match (row.cuda_versions.first(), row.cuda_versions.last()) {
        (Some(_), Some(_)) if row.build.is_none() && row.subdir.os() == Os::Macos => {
            "any".to_owned() // CUDA ended there before any build of the matrix
        }
        (Some(first), Some(last)) if first == last => first.to_string(),
        (Some(first), Some(last)) => format!("{first}–{last}"),
        (None, _) | (_, None) => match row.build.map(|build| build.accelerator) {
            Some(Accelerator::Mps) => "Metal".to_owned(),
            Some(Accelerator::Cpu | Accelerator::Cuda(_)) | None => "CPU".to_owned(),
        },
    };
    match row.arm_variant {
        Some(ArmVariant::Tegra) => format!("{pins} tegra"),
        Some(ArmVariant::Sbsa) | None => pins,
    }
}

/// `cuda129 #302`, as the build string begins and ends. The BLAS is the channel's own choice.
fn build(build: &Build) -> String {
    format!("{} #{}", build.accelerator.build_prefix(), build.build_numbers.1)
}

/// `cuda129_mkl #300–302`.
fn builds(build: &Build) -> String {
    let (first, last) = build.build_numbers;
    let numbers = if first == last { format!("{last}") } else { format!("{first}–{last}") };
    format!("{} #{numbers}", build.build_prefix())
}

fn driver(row: &OverviewRow<'_>) -> String {
    shown(row.linux_driver.or(row.windows_driver))
}

fn gpus(row: &OverviewRow<'_>) -> String {
    let range = |(first, last): &(_, _)| {
        if first == last { format!("{first}") } else { format!("{first}–{last}") }
    };
    row.gpus.iter().map(range).collect::<Vec<_>>().join(", ")
}

/// The word for a tier.
pub(super) fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Full => "full",
        Tier::Limited => "limited",
        Tier::None => "none",
    }
}

fn limits(row: &OverviewRow<'_>) -> String {
    let text = |limit: &Limit| match limit {
        Limit::OlderPytorch { newest } => format!("newest is {newest}"),
        Limit::NoTriton => "no torch.compile on the GPU".to_owned(),
        Limit::NoTorchaudio => "no torchaudio".to_owned(),
        Limit::ExactPin => "this cuda-version alone".to_owned(),
    };
    row.limits.iter().map(text).collect::<Vec<_>>().join("; ")
}
