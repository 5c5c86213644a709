//! The kernels in a build.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::ComputeCapability;

/// The kernels in a build, as `TORCH_CUDA_ARCH_LIST` names them: machine code (SASS) for some
/// capabilities, and intermediate code (PTX) that the driver can translate for later ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ArchList {
    /// Machine code, ascending.
    pub sass: CapabilitySet<15>,
    /// Intermediate code, ascending.
    pub ptx: CapabilitySet<3>,
}

/// At most `N` capabilities, ascending, kept in place: a table of them has no pointers, which would
/// have to be fixed up one by one whenever the program starts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CapabilitySet<const N: usize> {
    len: u8,
    list: [ComputeCapability; N],
}

/// One build on one GPU, best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

impl<const N: usize> CapabilitySet<N> {
    /// The capabilities of an ascending list; `None` where it is not, or where it does not fit.
    #[must_use]
    pub const fn new(ascending: &[ComputeCapability]) -> Option<Self> {
        let mut list = [ComputeCapability::new(0, 0); N];
        if ascending.len() > N || N > 255 {
            return None;
        }
        let mut at = 0;
        while at < ascending.len() {
            if at > 0 && !list[at - 1].is_before(ascending[at]) {
                return None;
            }
            list[at] = ascending[at];
            at += 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at is at most 255")]
        Some(Self { len: at as u8, list })
    }
}

impl<const N: usize> Default for CapabilitySet<N> {
    fn default() -> Self {
        Self { len: 0, list: [ComputeCapability::new(0, 0); N] }
    }
}

impl<const N: usize> Deref for CapabilitySet<N> {
    type Target = [ComputeCapability];

    fn deref(&self) -> &[ComputeCapability] {
        &self.list[..usize::from(self.len)]
    }
}

impl<const N: usize> fmt::Debug for CapabilitySet<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn cc(major: u8, minor: u8) -> ComputeCapability {
        ComputeCapability::new(major, minor)
    }

    fn arches(sass: &[ComputeCapability], ptx: &[ComputeCapability]) -> ArchList {
        let sass = CapabilitySet::new(sass).expect("few, ascending");
        ArchList { sass, ptx: CapabilitySet::new(ptx).expect("few, ascending") }
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

    #[test]
    fn a_list_that_is_too_long_or_out_of_order_is_refused() {
        let three = [cc(8, 0), cc(8, 6), cc(10, 0)];
        assert_eq!(CapabilitySet::<3>::new(&three).as_deref(), Some(&three[..]));
        assert_eq!(CapabilitySet::<2>::new(&three), None);
        assert_eq!(CapabilitySet::<3>::new(&[cc(8, 6), cc(8, 0)]), None);
        assert_eq!(CapabilitySet::<3>::new(&[cc(8, 6), cc(8, 6)]), None);
        assert!(CapabilitySet::<0>::default().is_empty());
    }
}
