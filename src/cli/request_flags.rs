//! The flags that say what is wanted.

use clap::ValueEnum;

use conda_torch_core::conda::Version;
use conda_torch_core::resolve::{Request, RequestedAccelerator};
use conda_torch_core::types::{Blas, Companion, CudaVersion};

// A request by flags. No doc comment: clap would make it the text of the subcommand.
#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Request (default: the newest that this machine runs)")]
pub(super) struct RequestFlags {
    /// Packages to install together: pytorch, torchvision, torchaudio
    #[arg(value_name = "PACKAGE", value_enum)]
    packages: Vec<Package>,
    /// What to compute on [default: auto]
    #[arg(long, value_enum)]
    accelerator: Option<Accelerator>,
    /// A version of PyTorch, or its beginning [e.g. 2.9]
    #[arg(long, value_name = "VERSION")]
    pytorch: Option<Version>,
    /// A version of Python [e.g. 3.12]
    #[arg(long, value_name = "X.Y", value_parser = python)]
    python: Option<Version>,
    /// Pin `cuda-version`; seldom needed, and not what `nvidia-smi` says [e.g. 12.9]
    #[arg(long, value_name = "X.Y")]
    cuda_version: Option<CudaVersion>,
    /// The linear algebra library
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
    /// A GPU where one is usable, else the processor
    Auto,
    /// The processor alone
    Cpu,
    /// An NVIDIA GPU or nothing
    Cuda,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BlasFlag {
    /// Intel's MKL
    Mkl,
    /// OpenBLAS or another that provides `libblas`
    Generic,
}

impl Accelerator {
    pub(super) const fn wish(self) -> RequestedAccelerator {
        match self {
            Self::Auto => RequestedAccelerator::Auto,
            Self::Cpu => RequestedAccelerator::Cpu,
            Self::Cuda => RequestedAccelerator::Cuda,
        }
    }
}

/// A Python with its minor number: builds are made for one.
pub(super) fn python(text: &str) -> Result<Version, String> {
    let version = text.parse::<Version>().map_err(|error| error.to_string())?;
    if text.contains('.') {
        Ok(version)
    } else {
        Err("expected a Python with its minor number, such as 3.12".to_owned())
    }
}

impl RequestFlags {
    /// The request; a package named twice counts once.
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
            accelerator: self.accelerator.map(Accelerator::wish).unwrap_or_default(),
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
