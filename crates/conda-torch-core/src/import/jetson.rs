//! What the release of a Jetson's system (L4T) comes with: its driver is part of it and has no number of its own there.

use crate::conda::Version;
use crate::matrix::Matrix;
use crate::types::{CudaVersion, Detected, Machine, Origin};

/// A major release of L4T.
struct Release {
    major: &'static str,
    /// The start of its kernels' releases, which end in `-tegra`.
    kernel: &'static str,
    /// That of its Ubuntu.
    glibc: [u16; 2],
    driver: Driver,
}

enum Driver {
    /// The release of `JetPack`, whose driver is a row of the matrix.
    JetPack(u16),
    /// The CUDA of a driver before those of the matrix.
    Cuda(u16, u16),
}

/// Source: <https://developer.nvidia.com/embedded/jetson-linux-archive>.
const RELEASES: [Release; 5] = [
    Release { major: "32", kernel: "4.9.", glibc: [2, 27], driver: Driver::Cuda(10, 2) },
    Release { major: "34", kernel: "5.10.65-", glibc: [2, 31], driver: Driver::Cuda(11, 4) },
    Release { major: "35", kernel: "5.10.", glibc: [2, 31], driver: Driver::Cuda(11, 4) },
    Release { major: "36", kernel: "5.15.", glibc: [2, 35], driver: Driver::JetPack(6) },
    Release { major: "38", kernel: "6.8.", glibc: [2, 39], driver: Driver::JetPack(7) },
];

/// Fills the glibc and the driver of a Jetson by its release, or by its kernel.
pub(super) fn complete(machine: &mut Machine) {
    if !machine.jetson.is_found() {
        return;
    }
    let major = machine.jetson_release.value().and_then(|release| release.split('.').next());
    let kernel = machine.kernel.value().filter(|kernel| kernel.ends_with("-tegra"));
    let is_it = |release: &&Release| match (major, kernel) {
        (Some(major), _) => release.major == major,
        (None, Some(kernel)) => kernel.starts_with(release.kernel),
        (None, None) => false,
    };
    let Some(release) = RELEASES.iter().find(is_it) else { return };
    let origin = Origin::Table("jetpack".into());
    if let Detected::Unknown { .. } = machine.glibc {
        machine.glibc = Detected::found(Version::new(&release.glibc), origin.clone());
    }
    if let (Detected::Unknown { .. }, Detected::Unknown { .. }) =
        (&machine.driver, &machine.driver_cuda)
    {
        match release.driver {
            Driver::JetPack(jetpack) => {
                let rows = &Matrix::embedded().jetpacks;
                let row = rows.iter().find(|row| row.release == jetpack);
                super::set(&mut machine.driver, row.map(|row| row.driver), &origin);
            }
            Driver::Cuda(major, minor) => {
                let cuda = CudaVersion::new(major, minor);
                machine.driver_cuda = Detected::found(cuda, origin);
            }
        }
    }
}
