//! The flags that describe the requested packages.

use conda_torch_core::conda::Version;
use conda_torch_core::resolve::{Request, RequestedAccelerator};
use conda_torch_core::types::{Blas, Companion, CudaVersion};

use super::choices::{ACCELERATORS, BLAS, PACKAGES, one_of};

// No doc comment: clap would show it as the description of the subcommand.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Request (default: the newest PyTorch for the machine)")]
pub(super) struct RequestFlags {
    /// Packages to install
    #[arg(help_heading = None::<&str>, value_name = "PACKAGE", value_parser = one_of(PACKAGES))]
    packages: Vec<Option<Companion>>,
    /// What to compute on
    #[arg(long, value_parser = one_of(ACCELERATORS), default_value = "auto")]
    accelerator: RequestedAccelerator,
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
    #[arg(long, value_parser = one_of(BLAS))]
    blas: Option<Blas>,
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
        for &companion in self.packages.iter().flatten() {
            if !companions.contains(&companion) {
                companions.push(companion);
            }
        }
        Request {
            accelerator: self.accelerator,
            pytorch: self.pytorch,
            python: self.python,
            cuda_version: self.cuda_version,
            blas: self.blas,
            companions,
        }
    }
}
