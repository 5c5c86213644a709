//! What a GPU can execute, and the kernels in a build.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::conda::{ParseError, parse_numbers};

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
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(&[major @ 1..=u8::MAX, minor]) = parse_numbers(text).as_deref() {
            return Ok(Self { major, minor });
        }
        Err(ParseError::new(text, "a version; expected a compute capability such as 8.6"))
    }
}

/// The kernels in a build, as `TORCH_CUDA_ARCH_LIST` names them: machine code (SASS) for some
/// capabilities, and intermediate code (PTX) that the driver can compile for later ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArchList {
    /// Machine code, ascending.
    pub sass: Cow<'static, [ComputeCapability]>,
    /// Intermediate code, ascending.
    pub ptx: Cow<'static, [ComputeCapability]>,
}

/// One build on one GPU, best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum KernelSupport {
    /// Nothing that this GPU can execute: "no kernel image is available for execution on the device".
    Missing,
    /// Only PTX: the driver compiles it at the first run, and must be at least as new as the toolkit.
    #[serde(rename = "ptx-jit")]
    Jit,
    /// Machine code of the same generation and a lower minor number.
    SameMajor,
    /// Machine code for exactly this GPU.
    Native,
}

impl ArchList {
    /// How these kernels reach a GPU, by NVIDIA's compatibility rules alone: whether the driver can
    /// compile PTX is a rule of its own.
    ///
    /// Machine code runs on the same generation with an equal or higher minor number, but not
    /// between desktop parts and Tegra (`is_soc` tells which capabilities are Tegra's); PTX runs on
    /// everything later.
    /// Source: <https://docs.nvidia.com/cuda/cuda-c-programming-guide/#binary-compatibility>.
    pub fn support(
        &self,
        gpu: ComputeCapability,
        is_soc: impl Fn(ComputeCapability) -> bool,
    ) -> KernelSupport {
        let mut desktop = false;
        for &sass in self.sass.iter().take_while(|sass| **sass <= gpu) {
            if sass == gpu {
                return KernelSupport::Native;
            }
            desktop = desktop || (sass.major == gpu.major && !is_soc(sass));
        }
        if desktop && !is_soc(gpu) {
            KernelSupport::SameMajor
        } else if self.ptx.first().is_some_and(|ptx| *ptx <= gpu) {
            KernelSupport::Jit
        } else {
            KernelSupport::Missing
        }
    }
}

impl fmt::Display for ArchList {
    /// In the form of `TORCH_CUDA_ARCH_LIST`: `8.0 9.0 12.0+PTX`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all: Vec<_> = self.sass.iter().chain(self.ptx.iter()).collect();
        all.sort_unstable();
        all.dedup();
        let word = |capability| {
            let ptx = if self.ptx.contains(capability) { "+PTX" } else { "" };
            format!("{capability}{ptx}")
        };
        f.write_str(&all.into_iter().map(word).collect::<Vec<_>>().join(" "))
    }
}

impl FromStr for ArchList {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (mut sass, mut ptx) = (Vec::new(), Vec::new());
        for word in text.split_whitespace() {
            let number = word.strip_suffix("+PTX");
            let capability: ComputeCapability = number.unwrap_or(word).parse()?;
            sass.push(capability);
            ptx.extend(number.map(|_| capability));
        }
        if !sass.is_sorted_by(|a, b| a < b) {
            let expected =
                "a list of kernels; expected ascending capabilities such as `8.0 9.0+PTX`";
            return Err(ParseError::new(text, expected));
        }
        Ok(Self { sass: sass.into(), ptx: ptx.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn cc(major: u8, minor: u8) -> ComputeCapability {
        ComputeCapability::new(major, minor)
    }

    fn arches(text: &str) -> ArchList {
        text.parse().expect("a list of kernels")
    }

    /// conda-forge's CUDA 12.9 builds.
    fn cuda129() -> ArchList {
        arches("5.0 6.0 7.0 7.5 8.0 8.6 9.0 10.0 12.0+PTX")
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
        let tegra = arches("8.7");
        assert_eq!(tegra.support(cc(8, 7), is_soc), KernelSupport::Native);
        assert_eq!(tegra.support(cc(8, 9), is_soc), KernelSupport::Missing);
    }

    #[test]
    fn ptx_runs_on_later_capabilities_only() {
        assert_eq!(cuda129().support(cc(13, 0), is_soc), KernelSupport::Jit);
        assert_eq!(cuda129().support(cc(11, 0), is_soc), KernelSupport::Missing);
    }

    #[test]
    fn lists_are_printed_as_in_the_recipe() {
        assert_eq!(cuda129().to_string(), "5.0 6.0 7.0 7.5 8.0 8.6 9.0 10.0 12.0+PTX");
    }

    #[test]
    fn refuses_an_unsorted_list() {
        for text in ["8.6 8.0", "8.6 8.6", "8.6,9.0", "12"] {
            assert!(text.parse::<ArchList>().is_err(), "{text}");
        }
    }
}
