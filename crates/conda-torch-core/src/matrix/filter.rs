//! Which builds of the matrix a table shows.

use crate::conda::{Constraint, Os, Subdir, Version};
use crate::types::{
    ArmVariant, Build, ComputeCapability, CudaVersion, DriverVersion, KernelSupport,
};

use super::{DriverFamily, Matrix};

/// What a build must run on or allow; a field without a value excludes none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BuildFilter {
    /// GPUs that the build has kernels for, each. Excludes builds without CUDA.
    pub gpus: Vec<ComputeCapability>,
    /// A driver that runs the build's toolkit.
    pub driver: Option<DriverVersion>,
    /// The newest CUDA version of a driver that runs it.
    pub driver_cuda: Option<CudaVersion>,
    /// A glibc on which it runs. Excludes platforms without glibc.
    pub glibc: Option<Version>,
    /// A macOS on which it installs, and uses the GPU if it can. Excludes other platforms.
    pub macos: Option<Version>,
    /// A Python series that it was built for.
    pub python: Option<Version>,
    /// A pin of `cuda-version` that it accepts. Excludes builds without CUDA.
    pub cuda_version: Option<CudaVersion>,
    /// The versions of PyTorch.
    pub pytorch: Option<Constraint>,
}

/// What a filter asks of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the fields")]
pub enum FilterField {
    Pytorch,
    Python,
    CudaVersion,
    Gpus,
    Driver,
    Glibc,
    Macos,
}

impl BuildFilter {
    /// The fields without which, each alone, builds of these platforms pass a filter that none passes.
    pub fn obstacles(&self, matrix: &Matrix, subdirs: &[Subdir]) -> Vec<FilterField> {
        use FilterField::{CudaVersion, Driver, Glibc, Gpus, Macos, Python, Pytorch};
        let fields = [Pytorch, Python, CudaVersion, Gpus, Driver, Glibc, Macos];
        let admits_some = |filter: &Self| {
            matrix.builds.iter().any(|it| subdirs.contains(&it.subdir) && filter.admits(matrix, it))
        };
        let helps = |field: &FilterField| {
            let rest = self.without(*field);
            rest != *self && !rest.is_empty() && admits_some(&rest)
        };
        fields.into_iter().filter(helps).collect()
    }

    fn without(&self, field: FilterField) -> Self {
        let mut rest = self.clone();
        match field {
            FilterField::Pytorch => rest.pytorch = None,
            FilterField::Python => rest.python = None,
            FilterField::CudaVersion => rest.cuda_version = None,
            FilterField::Gpus => rest.gpus.clear(),
            FilterField::Driver => (rest.driver, rest.driver_cuda) = (None, None),
            FilterField::Glibc => rest.glibc = None,
            FilterField::Macos => rest.macos = None,
        }
        rest
    }

    /// Whether it excludes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a build of the matrix passes.
    pub fn admits(&self, matrix: &Matrix, build: &Build) -> bool {
        self.pytorch.as_ref().is_none_or(|pytorch| pytorch.admits(build.pytorch))
            && self.python.is_none_or(|it| (build.pythons.0..=build.pythons.1).contains(&it))
            && self.cuda_version.is_none_or(|pin| build.is_cuda() && build.pins().contains(&pin))
            && self.gpus.iter().all(|gpu| self.has_kernels(matrix, build, *gpu))
            && self.drivers(matrix, build.subdir).all(|driver| {
                let toolkit = build.accelerator.cuda();
                toolkit.is_none_or(|toolkit| runs(matrix, build.subdir, driver, toolkit))
            })
            && self.is_admitted_by_system(matrix, build)
    }

    /// The drivers. One that is known by its CUDA is at least the one that came with it.
    fn drivers(&self, matrix: &Matrix, subdir: Subdir) -> impl Iterator<Item = DriverVersion> {
        let family = DriverFamily::of(subdir, false);
        let of_cuda = self.driver_cuda.and_then(|cuda| matrix.toolkit_driver(cuda, family));
        self.driver.into_iter().chain(of_cuda)
    }

    fn has_kernels(&self, matrix: &Matrix, build: &Build, gpu: ComputeCapability) -> bool {
        let Some(toolkit) = build.accelerator.cuda() else { return false };
        let is_arm = matches!(build.subdir, Subdir::LinuxAarch64 | Subdir::WinArm64);
        let family = DriverFamily::of(build.subdir, false);
        let full = matrix.toolkit_driver(toolkit, family);
        let compiles = |driver: DriverVersion| full.is_some_and(|full| driver.is_at_least(full));
        let support = match matrix.support(build, gpu) {
            KernelSupport::Missing => false,
            KernelSupport::Jit => self.drivers(matrix, build.subdir).all(compiles),
            KernelSupport::SameMajor | KernelSupport::Native => true,
        };
        // Builds for Tegra need Jetson's driver; Jetson also runs others.
        let is_variant = build.arm_variant != Some(ArmVariant::Tegra) || matrix.is_soc(gpu);
        support && is_variant && (is_arm || !matrix.is_arm_only(gpu))
    }

    /// How the kernels of a build reach the GPU that they serve worst; `None` without GPUs.
    pub fn worst_support(&self, matrix: &Matrix, build: &Build) -> Option<KernelSupport> {
        self.gpus.iter().map(|gpu| matrix.support(build, *gpu)).min()
    }

    fn is_admitted_by_system(&self, matrix: &Matrix, build: &Build) -> bool {
        let os = build.subdir.os();
        let glibc = self.glibc.is_none_or(|glibc| {
            os == Os::Linux
                && build.glibc.is_none_or(|range| {
                    range.libraries <= glibc && range.below.is_none_or(|below| glibc < below)
                })
        });
        let macos = self.macos.is_none_or(|macos| {
            let oldest = build.macos.max(matrix.metal_macos(build));
            os == Os::Macos && oldest.is_none_or(|oldest| oldest <= macos)
        });
        glibc && macos
    }
}

fn runs(matrix: &Matrix, subdir: Subdir, driver: DriverVersion, toolkit: CudaVersion) -> bool {
    let needed = matrix.oldest_driver(toolkit, DriverFamily::of(subdir, false));
    needed.is_some_and(|needed| driver.is_at_least(needed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The newest build that passes on each platform: PyTorch and the build string's start.
    fn newest(filter: &BuildFilter, subdir: Subdir) -> Option<String> {
        let matrix = Matrix::of_tests();
        let builds = matrix.builds.iter().filter(|it| it.subdir == subdir && !it.unsolvable);
        let builds = builds.filter(|it| !it.pytorch.is_candidate() && filter.admits(matrix, it));
        let newest = builds.max_by_key(|it| (it.pytorch, it.accelerator, it.build_numbers.1))?;
        Some(format!("{} {}", newest.pytorch, newest.build_prefix()))
    }

    fn capability(text: &str) -> Vec<ComputeCapability> {
        vec![text.parse().expect("a capability")]
    }

    #[test]
    fn a_gtx_1080_ti_has_no_kernels_in_cuda_13() {
        let filter = BuildFilter { gpus: capability("6.1"), ..BuildFilter::default() };
        assert_eq!(newest(&filter, Subdir::Linux64).as_deref(), Some("2.13.0 cuda129_mkl"));
        assert_eq!(newest(&filter, Subdir::OsxArm64), None);
        let python = "3.9".parse().ok();
        let filter = BuildFilter { python, cuda_version: "11.8".parse().ok(), ..filter };
        assert_eq!(newest(&filter, Subdir::Linux64).as_deref(), Some("2.5.1 cuda118"));
        let filter = BuildFilter { pytorch: ">=2.6".parse().ok(), ..filter };
        assert_eq!(newest(&filter, Subdir::Linux64), None);
        // CUDA 11.8 ended with 2.5.1, and Python 3.9 with 2.8.
        let obstacles = filter.obstacles(Matrix::of_tests(), &[Subdir::Linux64]);
        assert_eq!(obstacles, [FilterField::Pytorch, FilterField::CudaVersion]);
    }

    #[test]
    fn a_gpu_with_an_arm_processor_is_on_arm_alone() {
        let matrix = Matrix::of_tests();
        let of = |gpu| BuildFilter { gpus: capability(gpu), ..BuildFilter::default() };
        let gb10 = of("12.1");
        assert_eq!(newest(&gb10, Subdir::Linux64), None);
        assert_eq!(newest(&gb10, Subdir::LinuxAarch64).as_deref(), Some("2.13.0 cuda130_generic"));
        let is_tegra = |build: &&Build| build.arm_variant == Some(ArmVariant::Tegra);
        let mut tegra = matrix.builds.iter().filter(is_tegra);
        assert!(tegra.clone().any(|build| of("8.7").admits(matrix, build)));
        assert!(tegra.all(|build| !gb10.admits(matrix, build)));
    }

    #[test]
    fn a_driver_excludes_newer_toolkits_and_no_build_for_the_cpu() {
        let driver = |text: &str| BuildFilter { driver: text.parse().ok(), ..Default::default() };
        let on_linux = |filter| newest(&filter, Subdir::Linux64);
        assert_eq!(on_linux(driver("535")).as_deref(), Some("2.13.0 cuda129_mkl"));
        assert_eq!(on_linux(driver("580.65.06")).as_deref(), Some("2.13.0 cuda130_mkl"));
        assert_eq!(on_linux(driver("390")).as_deref(), Some("2.13.0 cpu_mkl"));
        let cuda =
            |text: &str| BuildFilter { driver_cuda: text.parse().ok(), ..Default::default() };
        assert_eq!(on_linux(cuda("12.4")).as_deref(), Some("2.13.0 cuda129_mkl"));
    }

    #[test]
    fn a_system_excludes_other_platforms() {
        let old = BuildFilter { glibc: "2.17".parse().ok(), ..BuildFilter::default() };
        let cuda = BuildFilter { gpus: capability("8.0"), ..old.clone() };
        assert_eq!(newest(&cuda, Subdir::Linux64).as_deref(), Some("2.5.1 cuda120"));
        assert_eq!(newest(&old, Subdir::Win64), None);
        // From 2.41 on, builds with an executable stack do not load.
        let new = BuildFilter { glibc: "2.41".parse().ok(), ..cuda };
        let new = BuildFilter { cuda_version: "11.8".parse().ok(), ..new };
        assert_eq!(newest(&new, Subdir::Linux64).as_deref(), Some("2.4.1 cuda118_mkl"));
        let macos = BuildFilter { macos: "13.0".parse().ok(), ..BuildFilter::default() };
        assert_eq!(newest(&macos, Subdir::Linux64), None);
        assert_eq!(newest(&macos, Subdir::OsxArm64).as_deref(), Some("2.8.0 cpu_generic"));
    }
}
