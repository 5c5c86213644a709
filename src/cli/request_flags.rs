//! The flags that describe the requested packages.

use clap::ValueEnum;

use conda_torch_core::conda::Version;
use conda_torch_core::resolve::{Request, RequestedAccelerator};
use conda_torch_core::types::{Blas, Companion, CudaVersion};

// No doc comment: clap would show it as the description of the subcommand.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Request (default: the newest PyTorch for the machine)")]
pub(super) struct RequestFlags {
    /// Packages to install together: pytorch, torchvision, torchaudio
    #[arg(value_name = "PACKAGE", value_enum)]
    packages: Vec<Package>,
    /// What to compute on
    #[arg(long, value_enum, default_value_t = Accelerator::Auto)]
    accelerator: Accelerator,
    /// PyTorch version or prefix [e.g. 2.9]
    #[arg(long, value_name = "VERSION")]
    pytorch: Option<Version>,
    /// Python version [e.g. 3.12]
    #[arg(long, value_name = "X.Y", value_parser = python)]
    python: Option<Version>,
    /// Version of `cuda-version` to pin, not the one of `nvidia-smi`; rarely needed [e.g. 12.9]
    #[arg(long, value_name = "X.Y")]
    cuda_version: Option<CudaVersion>,
    /// BLAS library
    #[arg(long, value_enum)]
    blas: Option<BlasFlag>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Package {
    Pytorch,
    Torchvision,
    Torchaudio,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Accelerator {
    /// A GPU if one is usable, else the CPU
    Auto,
    /// The CPU
    Cpu,
    /// An NVIDIA GPU; fail without one
    Cuda,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BlasFlag {
    /// Intel MKL
    Mkl,
    /// OpenBLAS or another provider of `libblas`
    Generic,
}

impl Accelerator {
    pub(super) const fn requested(self) -> RequestedAccelerator {
        match self {
            Self::Auto => RequestedAccelerator::Auto,
            Self::Cpu => RequestedAccelerator::Cpu,
            Self::Cuda => RequestedAccelerator::Cuda,
        }
    }
}

/// A Python version with a minor number: each build needs one.
pub(super) fn python(text: &str) -> Result<Version, String> {
    let version = text.parse::<Version>().map_err(|error| error.to_string())?;
    if text.contains('.') {
        Ok(version)
    } else {
        Err("expected a minor version, for example 3.12".to_owned())
    }
}

impl RequestFlags {
    /// The request; repeated packages count once.
    pub(super) fn request(&self) -> Request {
        let mut companions = Vec::new();
        for package in &self.packages {
            let companion = match package {
                Package::Pytorch => continue,
                Package::Torchvision => Companion::Torchvision,
                Package::Torchaudio => Companion::Torchaudio,
            };
            if !companions.contains(&companion) {
                companions.push(companion);
            }
        }
        Request {
            accelerator: self.accelerator.requested(),
            pytorch: self.pytorch,
            python: self.python,
            cuda_version: self.cuda_version,
            blas: self.blas.map(|blas| match blas {
                BlasFlag::Mkl => Blas::Mkl,
                BlasFlag::Generic => Blas::Generic,
            }),
            companions,
        }
    }
}
