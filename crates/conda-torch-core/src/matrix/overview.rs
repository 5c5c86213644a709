//! The matrix as a table: for each platform and each `cuda-version`, the newest PyTorch and what it needs.

use serde::Serialize;

use crate::conda::{Os, Subdir, Version};
use crate::types::{
    ArmVariant, Build, Companion, ComputeCapability, CudaVersion, DriverVersion, KernelSupport,
};

use super::{BuildFilter, DriverFamily, Matrix};

/// One line of the table: a build, and the pins that lead to it.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct OverviewRow<'m> {
    pub subdir: Subdir,
    /// `false` for rows about the processor or Apple's GPU.
    pub is_cuda: bool,
    /// The pins of `cuda-version` that lead to this build, ascending; empty without CUDA.
    pub cuda_versions: Vec<CudaVersion>,
    pub arm_variant: Option<ArmVariant>,
    pub build: Option<&'m Build>,
    /// The oldest Linux driver, on Linux with CUDA.
    pub linux_driver: Option<DriverVersion>,
    /// The oldest Windows driver with CUDA, on Windows and inside WSL.
    pub windows_driver: Option<DriverVersion>,
    /// The oldest macOS; with Metal, the oldest on which the build uses the GPU.
    pub macos: Option<Version>,
    /// The GPUs that the build has machine code for, ascending, as ranges without gaps.
    pub gpus: Vec<(ComputeCapability, ComputeCapability)>,
    pub tier: Tier,
    /// What is missing compared with the best platform.
    pub limits: Vec<Limit>,
}

/// How well conda-forge supports something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Tier {
    /// The newest PyTorch of the platform with all its features.
    Full,
    /// An older PyTorch, or one without some feature: see the [`Limit`]s.
    Limited,
    /// Nothing.
    None,
}

impl Tier {
    /// Its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Limited => "limited",
            Self::None => "none",
        }
    }
}

/// Why support is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The platform has a newer PyTorch: this.
    OlderPytorch(Version),
    /// No Triton on Windows, hence no `torch.compile` on the GPU.
    NoTriton,
    /// torchaudio was never built for the platform.
    NoTorchaudio,
    /// The build accepts one minor version of `cuda-version` and no later one.
    ExactPin,
    /// It does not load with this glibc or a newer one.
    GlibcBelow(Version),
}

impl OverviewRow<'_> {
    /// The package to request: the metapackage if it leads to the build, else `pytorch` with a build string.
    pub fn package(&self) -> Option<&'static str> {
        self.build.map(|build| build.package().unwrap_or("pytorch"))
    }

    /// Whether a solver chooses this row's build for this pin.
    pub fn is_of(&self, build: &Build, cuda_version: Option<CudaVersion>) -> bool {
        self.build == Some(build)
            && cuda_version.is_none_or(|pin| self.cuda_versions.contains(&pin))
    }
}

impl Matrix {
    /// For each platform: every `cuda-version`, newest first, one row for those that lead to the same build;
    /// then Jetson, Apple's GPU and the processor. With a filter, only the rows of builds that pass it.
    pub fn overview(&self, subdirs: &[Subdir], filter: &BuildFilter) -> Vec<OverviewRow<'_>> {
        let mut rows = Vec::new();
        for &subdir in subdirs {
            rows.extend(self.cuda_rows(subdir, None, filter));
            let on_jetson = self.cuda_rows(subdir, Some(ArmVariant::Tegra), filter);
            rows.extend(on_jetson.into_iter().filter(|row| row.build.is_some()));
            let without = || {
                let here = self.builds.iter().filter(|row| row.subdir == subdir && !row.is_cuda());
                here.filter(|build| filter.admits(self, build))
            };
            rows.push(self.row(subdir, false, Vec::new(), best(without())));
            // The newest for each older macOS with Metal.
            let mut older = best(without()).and_then(|newest| self.metal_macos(newest));
            while let Some(macos) = older {
                let build = best(without().filter(|row| self.metal_macos(row) < Some(macos)));
                older = build.and_then(|build| self.metal_macos(build));
                rows.extend(build.map(|build| self.row(subdir, false, Vec::new(), Some(build))));
            }
        }
        if !filter.is_empty() {
            rows.retain(|row| row.build.is_some());
        }
        rows
    }

    /// Every build that passes the filter as a row, in the order of the matrix.
    pub fn every_build(&self, subdirs: &[Subdir], filter: &BuildFilter) -> Vec<OverviewRow<'_>> {
        let builds = self.builds.iter().filter(|build| subdirs.contains(&build.subdir));
        let builds = builds.filter(|build| filter.admits(self, build));
        let pins = |build: &Build| {
            let all = self.cuda_versions.iter().copied();
            all.filter(|pin| build.pins().contains(pin)).collect()
        };
        builds.map(|row| self.row(row.subdir, row.is_cuda(), pins(row), Some(row))).collect()
    }

    /// One build and its pin as a row.
    pub fn row_of<'m>(&'m self, build: &'m Build, pin: Option<CudaVersion>) -> OverviewRow<'m> {
        self.row(build.subdir, build.is_cuda(), pin.into_iter().collect(), Some(build))
    }

    fn cuda_rows(
        &self,
        subdir: Subdir,
        variant: Option<ArmVariant>,
        filter: &BuildFilter,
    ) -> Vec<OverviewRow<'_>> {
        let other =
            if variant.is_none() { Some(ArmVariant::Tegra) } else { Some(ArmVariant::Sbsa) };
        let mut rows: Vec<(Option<&Build>, Vec<CudaVersion>)> = Vec::new();
        let is_asked = |pin: &&CudaVersion| filter.cuda_version.is_none_or(|it| it == **pin);
        for &pin in self.cuda_versions.iter().rev().filter(is_asked) {
            let build = best(self.builds.iter().filter(|build| {
                build.subdir == subdir
                    && build.pins().contains(&pin)
                    && build.arm_variant != other
                    && (variant.is_none() || build.arm_variant == variant)
                    && filter.admits(self, build)
            }));
            match rows.last_mut() {
                Some((last, pins)) if *last == build => pins.insert(0, pin),
                Some(_) | None => rows.push((build, vec![pin])),
            }
        }
        rows.into_iter().map(|(build, pins)| self.row(subdir, true, pins, build)).collect()
    }

    fn row<'m>(
        &'m self,
        subdir: Subdir,
        is_cuda: bool,
        cuda_versions: Vec<CudaVersion>,
        build: Option<&'m Build>,
    ) -> OverviewRow<'m> {
        let driver = |family| {
            let toolkit = build?.accelerator.cuda()?;
            self.oldest_driver(toolkit, family)
        };
        let limits = build.map_or_else(Vec::new, |build| self.limits(build));
        OverviewRow {
            subdir,
            is_cuda,
            cuda_versions,
            arm_variant: build.and_then(|build| build.arm_variant),
            build,
            linux_driver: driver(DriverFamily::Linux).filter(|_| subdir.os() == Os::Linux),
            windows_driver: driver(DriverFamily::Windows)
                .filter(|_| matches!(subdir, Subdir::Linux64 | Subdir::Win64)),
            macos: build.and_then(|build| self.metal_macos(build).max(build.macos)),
            gpus: build.map_or_else(Vec::new, |build| self.gpus_of(build)),
            tier: match build {
                None => Tier::None,
                Some(_) if limits.is_empty() => Tier::Full,
                Some(_) => Tier::Limited,
            },
            limits,
        }
    }

    fn limits(&self, build: &Build) -> Vec<Limit> {
        let of_platform = |other: &&Build| other.subdir == build.subdir;
        let newest = best(self.builds.iter().filter(of_platform)).map(|best| best.pytorch);
        let is_windows = build.subdir.os() == Os::Windows;
        let older = newest.filter(|newest| build.pytorch < *newest);
        let has_torchaudio = self.companions.iter().any(|companion| {
            companion.package == Companion::Torchaudio && companion.subdir == build.subdir
        });
        // Other builds accept any later minor version of the toolkit.
        let is_exact = build.is_cuda() && build.pins().end.minor != 0;
        [
            older.map(Limit::OlderPytorch),
            (is_windows && build.is_cuda()).then_some(Limit::NoTriton),
            (!has_torchaudio).then_some(Limit::NoTorchaudio),
            is_exact.then_some(Limit::ExactPin),
            build.glibc.and_then(|glibc| glibc.below).map(Limit::GlibcBelow),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The known GPUs that a build has machine code for. A Tegra part makes no gap: it is another kind of machine.
    fn gpus_of(&self, build: &Build) -> Vec<(ComputeCapability, ComputeCapability)> {
        let mut ranges: Vec<(ComputeCapability, ComputeCapability)> = Vec::new();
        let mut is_open = false;
        for row in &*self.capabilities {
            let gpu = row.capability;
            let support = self.support(build, gpu);
            let can_be_here = !row.soc || build.subdir == Subdir::LinuxAarch64;
            match ranges.last_mut() {
                _ if support < KernelSupport::SameMajor || !can_be_here => is_open &= row.soc,
                Some((_, last)) if is_open => *last = gpu,
                Some(_) | None => {
                    ranges.push((gpu, gpu));
                    is_open = true;
                }
            }
        }
        ranges
    }
}

/// What a solver prefers: the newest release, the newest toolkit, the highest build number.
fn best<'m>(builds: impl Iterator<Item = &'m Build>) -> Option<&'m Build> {
    builds
        .filter(|build| !build.pytorch.is_candidate() && !build.unsolvable)
        .max_by_key(|build| (build.pytorch, build.accelerator, build.build_numbers.1))
}
