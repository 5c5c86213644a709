//! What a GPU can execute, and what a build brings for it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::version::{ParseVersionError, parse_parts};

/// A GPU's compute capability, such as `8.6`: which machine code it executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComputeCapability {
    /// 8 in 8.6: the generation.
    pub major: u8,
    /// 6 in 8.6.
    pub minor: u8,
}

impl ComputeCapability {
    /// `ComputeCapability::new(8, 6)`.
    #[must_use]
    pub const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for ComputeCapability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for ComputeCapability {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = [0; 2];
        let small = |n: u32| u8::try_from(n).ok();
        parse_parts(text, &mut parts)
            .filter(|len| *len == 2)
            .and_then(|_| Some(Self { major: small(parts[0])?, minor: small(parts[1])? }))
            .filter(|capability| capability.major > 0)
            .ok_or_else(|| ParseVersionError {
                text: text.to_owned(),
                expected: "a compute capability such as 8.6",
            })
    }
}

impl Serialize for ComputeCapability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ComputeCapability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::from_text(deserializer)
    }
}

/// The kernels in a build, as `TORCH_CUDA_ARCH_LIST` names them: machine code (SASS) for some
/// capabilities, and intermediate code (PTX) that the driver can translate for later ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArchList {
    /// Machine code, ascending.
    pub sass: Cow<'static, [ComputeCapability]>,
    /// Intermediate code, ascending.
    pub ptx: Cow<'static, [ComputeCapability]>,
}

/// One build on one GPU, best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KernelSupport {
    /// Nothing that this GPU can execute: "no kernel image is available for execution on the device".
    Missing,
    /// Only PTX: the driver translates at the first run, and must be at least as new as the toolkit.
    #[serde(rename = "ptx-jit")]
    Jit,
    /// Machine code of the same generation and a lower minor number.
    SameMajor,
    /// Machine code for exactly this GPU.
    Native,
}

impl ArchList {
    /// What these kernels are worth on a GPU, by NVIDIA's compatibility rules alone: whether the
    /// driver can translate PTX is not looked at here.
    ///
    /// Machine code runs on the same generation with an equal or higher minor number, but not
    /// between desktop parts and Tegra (`is_soc` tells which capabilities are Tegra's); PTX runs on
    /// everything later.
    /// Source: <https://docs.nvidia.com/cuda/cuda-c-programming-guide/#binary-compatibility>.
    #[must_use]
    pub fn support(
        &self,
        gpu: ComputeCapability,
        is_soc: impl Fn(ComputeCapability) -> bool,
    ) -> KernelSupport {
        if self.sass.contains(&gpu) {
            KernelSupport::Native
        } else if self.sass.iter().any(|sass| {
            sass.major == gpu.major && sass.minor < gpu.minor && !is_soc(*sass) && !is_soc(gpu)
        }) {
            KernelSupport::SameMajor
        } else if self.ptx.iter().any(|ptx| *ptx <= gpu) {
            KernelSupport::Jit
        } else {
            KernelSupport::Missing
        }
    }
}

impl fmt::Display for ArchList {
    /// In the form of `TORCH_CUDA_ARCH_LIST`: `8.0 9.0 12.0+PTX`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all: Vec<ComputeCapability> =
            self.sass.iter().chain(self.ptx.iter()).copied().collect();
        all.sort_unstable();
        all.dedup();
        for (i, capability) in all.iter().enumerate() {
            let space = if i > 0 { " " } else { "" };
            let ptx = if self.ptx.contains(capability) { "+PTX" } else { "" };
            write!(f, "{space}{capability}{ptx}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn cc(major: u8, minor: u8) -> ComputeCapability {
        ComputeCapability::new(major, minor)
    }

    fn arches(sass: &[ComputeCapability], ptx: &[ComputeCapability]) -> ArchList {
        ArchList { sass: Cow::Owned(sass.to_vec()), ptx: Cow::Owned(ptx.to_vec()) }
    }

    /// conda-forge's CUDA 12.9 builds.
    fn cuda129() -> ArchList {
        arches(
            &[
                cc(5, 0),
                cc(6, 0),
                cc(7, 0),
                cc(7, 5),
                cc(8, 0),
                cc(8, 6),
                cc(9, 0),
                cc(10, 0),
                cc(12, 0),
            ],
            &[cc(12, 0)],
        )
    }

    fn is_soc(capability: ComputeCapability) -> bool {
        [cc(7, 2), cc(8, 7), cc(11, 0)].contains(&capability)
    }

    #[test]
    fn machine_code_runs_on_the_same_generation_upwards() {
        assert_eq!(cuda129().support(cc(8, 6), is_soc), KernelSupport::Native);
        assert_eq!(cuda129().support(cc(6, 1), is_soc), KernelSupport::SameMajor);
        assert_eq!(cuda129().support(cc(8, 9), is_soc), KernelSupport::SameMajor);
        assert_eq!(cuda129().support(cc(3, 7), is_soc), KernelSupport::Missing);
    }

    #[test]
    fn machine_code_does_not_cross_between_desktop_and_tegra() {
        assert_eq!(cuda129().support(cc(8, 7), is_soc), KernelSupport::Missing);
        let tegra = arches(&[cc(8, 7)], &[]);
        assert_eq!(tegra.support(cc(8, 7), is_soc), KernelSupport::Native);
        assert_eq!(tegra.support(cc(8, 9), is_soc), KernelSupport::Missing);
    }

    #[test]
    fn ptx_reaches_every_later_capability_and_none_before() {
        assert_eq!(cuda129().support(cc(13, 0), is_soc), KernelSupport::Jit);
        assert_eq!(cuda129().support(cc(11, 0), is_soc), KernelSupport::Missing);
    }

    #[test]
    fn it_is_printed_as_the_recipe_writes_it() {
        assert_eq!(cuda129().to_string(), "5.0 6.0 7.0 7.5 8.0 8.6 9.0 10.0 12.0+PTX");
    }
}
