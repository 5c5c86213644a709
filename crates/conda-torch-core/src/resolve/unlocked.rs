//! The machine and the request as they would be after a change: what an alternative is promised for.

use crate::matrix::Matrix;
use crate::types::{Detected, Origin};

use crate::resolve::{
    advice::Unlock,
    request::{Request, RequestedAccelerator},
    situation::{DriverState, Libc, Situation, cuda_of},
};

/// Makes the changes.
pub(super) fn unlocked(
    situation: &Situation,
    request: &Request,
    matrix: &Matrix,
    changes: &[Unlock],
) -> (Situation, Request) {
    let (mut situation, mut request) = (situation.clone(), request.clone());
    for change in changes {
        match change {
            Unlock::Gpu => {
                if let DriverState::NoGpu { cuda, driver } = situation.driver {
                    situation.driver = DriverState::Usable { cuda, driver };
                }
            }
            Unlock::Driver(driver) => {
                let cuda = cuda_of(*driver, matrix, situation.family);
                situation.driver = DriverState::Usable { cuda, driver: Some(*driver) };
            }
            Unlock::Glibc(version) => situation.libc = Libc::Glibc(*version),
            Unlock::Macos(version) => {
                situation.macos = Detected::found(*version, Origin::Baseline);
            }
            Unlock::Accelerator(wish) => {
                request.accelerator = *wish;
                if *wish == RequestedAccelerator::Cpu {
                    request.cuda_version = None;
                }
            }
            Unlock::CudaVersion(version) => request.cuda_version = *version,
            Unlock::Pytorch(version) => request.pytorch = Some(*version),
            Unlock::Python(version) => request.python = Some(*version),
            Unlock::Blas(blas) => request.blas = Some(*blas),
            Unlock::Without(package) => request.companions.retain(|other| other != package),
        }
    }
    (situation, request)
}
