//! The flags that describe a machine, shared by the subcommands that need one.

use std::io::Read;

use anyhow::{Context, bail};

use super::UsageError;
use conda_torch_core::conda::{Os, Subdir, Version};
use conda_torch_core::import::{assume_baseline, read_machine, text_of};
use conda_torch_core::matrix::Matrix;
use conda_torch_core::types::{ComputeCapability, CudaVersion, DriverVersion, Machine};
use conda_torch_probe::host::Host;
use conda_torch_probe::{GpuOverride, Overrides, probe};

// A machine by flags. With `--platform` nothing is probed; without it, flags override what is found.
// No doc comment: clap would make it the text of the subcommand.
#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Machine (default: this one, probed)")]
pub(super) struct MachineFlags {
    /// Advise for another machine of this conda platform: probe nothing
    #[arg(long, value_name = "SUBDIR")]
    pub platform: Option<Subdir>,
    /// The NVIDIA driver's version, or its branch [e.g. 580.65.06, 535]
    #[arg(long, value_name = "VERSION")]
    pub driver: Option<DriverVersion>,
    /// The newest CUDA that the driver supports, as `nvidia-smi` prints it [e.g. 12.4]
    #[arg(long, value_name = "VERSION")]
    pub cuda: Option<CudaVersion>,
    /// A GPU's compute capability; repeat for several GPUs [e.g. 8.6]
    #[arg(long, value_name = "X.Y")]
    pub compute_capability: Vec<ComputeCapability>,
    /// A GPU by name; repeat for several GPUs [e.g. "RTX 4090"]
    #[arg(long, value_name = "NAME")]
    pub gpu: Vec<String>,
    /// The version of glibc [e.g. 2.28]
    #[arg(long, value_name = "VERSION")]
    pub glibc: Option<Version>,
    /// The version of macOS [e.g. 14.5]
    #[arg(long, value_name = "VERSION")]
    pub macos: Option<Version>,
    /// A saved `probe --json`, or `conda info`, `collect_env`, `kubectl get nodes -o json`; - for stdin
    #[arg(long, value_name = "FILE")]
    pub machine: Option<String>,
}

impl MachineFlags {
    /// Whether a platform is named and nothing else is said of the machine.
    pub(super) fn is_platform_alone(&self) -> bool {
        let Self { platform, driver, cuda, compute_capability, gpu, glibc, macos, machine } = self;
        let silent = driver.is_none() && cuda.is_none() && glibc.is_none() && macos.is_none();
        platform.is_some()
            && silent
            && compute_capability.is_empty()
            && gpu.is_empty()
            && machine.is_none()
    }
}

/// How large a saved machine may be.
const SAVED: usize = 64 << 20;

/// The machine that the flags describe: saved, by its platform alone, or probed; flags count most.
pub(super) fn machine(
    flags: &MachineFlags,
    host: &dyn Host,
    matrix: &Matrix,
) -> anyhow::Result<Machine> {
    let overrides = overrides(flags, matrix)?;
    let mut machine = match &flags.machine {
        Some(path) => {
            let mut machine = saved(path, host, flags.platform)?;
            is_of_platform(flags, &machine)?;
            overrides.apply(&mut machine);
            assume_baseline(&mut machine);
            machine
        }
        None => probe(host, &overrides),
    };
    fits_platform(flags, &machine)?;
    matrix.complete(&mut machine);
    Ok(machine)
}

/// `--platform` says what a document leaves open; it does not make another machine of it.
fn is_of_platform(flags: &MachineFlags, machine: &Machine) -> Result<(), UsageError> {
    match (flags.platform, machine.subdir.value()) {
        (Some(named), Some(said)) if named != *said => Err(UsageError(format!(
            "`--platform {named}` does not go with the machine of `--machine`, which is `{said}`"
        ))),
        (Some(_) | None, _) => Ok(()),
    }
}

/// Refuses what the platform, as far as it is known, does not have.
fn fits_platform(flags: &MachineFlags, machine: &Machine) -> Result<(), UsageError> {
    let Some(subdir) = machine.subdir.value() else { return Ok(()) };
    let platform = match flags.platform {
        Some(_) => format!("`--platform {subdir}`"),
        None => format!("the machine's platform `{subdir}` (see `--platform`)"),
    };
    let said = [
        ("--glibc", flags.glibc.map(|version| version.to_string()), Os::Linux, "Linux"),
        ("--macos", flags.macos.map(|version| version.to_string()), Os::Macos, "macOS"),
    ];
    for (flag, version, os, name) in said {
        if let Some(version) = version.filter(|_| subdir.os() != os) {
            return Err(UsageError(format!(
                "`{flag} {version}` does not go with {platform}: expected it for {name} alone"
            )));
        }
    }
    Ok(())
}

fn overrides(flags: &MachineFlags, matrix: &Matrix) -> anyhow::Result<Overrides> {
    let MachineFlags { platform, driver, cuda, compute_capability, gpu, glibc, macos, machine: _ } =
        flags;
    let mut gpus = Vec::new();
    for name in gpu {
        let row = matrix.gpu_by_name(name).map_err(|nearest| unknown_gpu(name, &nearest))?;
        gpus.push(GpuOverride { name: Some(name.clone()), capability: row.capability });
    }
    gpus.extend(
        compute_capability.iter().map(|&capability| GpuOverride { name: None, capability }),
    );
    Ok(Overrides {
        platform: *platform,
        driver: *driver,
        cuda: *cuda,
        gpus,
        glibc: *glibc,
        macos: *macos,
    })
}

fn unknown_gpu(name: &str, nearest: &[&str]) -> UsageError {
    let meant = if nearest.is_empty() {
        String::new()
    } else {
        format!(" (did you mean {}?)", nearest.join(", "))
    };
    UsageError(format!(
        "`--gpu {name}`: no GPU of that name is in the table{meant}; \
         expected a name such as `RTX 4090`, or its number with `--compute-capability X.Y`"
    ))
}

fn saved(path: &str, host: &dyn Host, platform: Option<Subdir>) -> anyhow::Result<Machine> {
    let (name, bytes) = if path == "-" {
        let mut bytes = Vec::new();
        let bound = u64::try_from(SAVED).unwrap_or(u64::MAX);
        std::io::stdin().lock().take(bound + 1).read_to_end(&mut bytes)?;
        if bytes.len() > SAVED {
            bail!("the machine on standard input is larger than {} MiB", SAVED >> 20);
        }
        ("on standard input".to_owned(), bytes)
    } else {
        let name = format!("file `{path}`");
        let bytes =
            host.read(path, SAVED).with_context(|| format!("cannot read the machine {name}"))?;
        (name, bytes)
    };
    read_machine(&text_of(&bytes), platform)
        .with_context(|| format!("cannot read the machine {name}"))
}
