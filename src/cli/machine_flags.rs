//! The flags that describe a machine.

use anyhow::Context;

use conda_torch_core::conda::{Os, Subdir, Version};
use conda_torch_core::import::{assume_baseline, read_machine, text_of};
use conda_torch_core::matrix::Matrix;
use conda_torch_core::types::{ComputeCapability, CudaVersion, DriverVersion, Machine};
use conda_torch_probe::host::Host;
use conda_torch_probe::{GpuOverride, Overrides, probe};

use super::{UsageError, read_input};

// Without `--platform` and `--machine`, flags override detected facts.
// No doc comment: clap would show it as the description of the subcommand.
#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[command(next_help_heading = "Machine (default: this one)")]
pub(super) struct MachineFlags {
    /// Platform of another machine to describe by flags alone [e.g. linux-64]
    #[arg(long, value_name = "SUBDIR")]
    pub platform: Option<Subdir>,
    /// NVIDIA driver version or branch [e.g. 580.65.06, 535]
    #[arg(long, value_name = "VERSION")]
    pub driver: Option<DriverVersion>,
    /// Newest CUDA version that the driver supports, as shown by `nvidia-smi` [e.g. 12.4]
    #[arg(long, value_name = "VERSION")]
    pub cuda: Option<CudaVersion>,
    /// Compute capability of a GPU; repeatable [e.g. 8.6]
    #[arg(long, value_name = "X.Y")]
    pub compute_capability: Vec<ComputeCapability>,
    /// Name of a GPU; repeatable [e.g. "RTX 4090"]
    #[arg(long, value_name = "NAME")]
    pub gpu: Vec<String>,
    /// glibc version [e.g. 2.28]
    #[arg(long, value_name = "VERSION")]
    pub glibc: Option<Version>,
    /// macOS version [e.g. 14.5]
    #[arg(long, value_name = "VERSION")]
    pub macos: Option<Version>,
    /// Output of `probe --json`, `nvidia-smi`, `conda info`, `collect_env` or `kubectl get nodes -o json` in a file; `-` for stdin
    #[arg(long, value_name = "FILE")]
    pub machine: Option<String>,
}

impl MachineFlags {
    /// Whether `--platform` is the only flag.
    pub(super) fn is_platform_alone(&self) -> bool {
        self.platform.is_some() && Self { platform: None, ..self.clone() } == Self::default()
    }

    /// Whether the flags describe another machine than this one.
    pub(super) fn is_other_machine(&self) -> bool {
        self.platform.is_some() || self.machine.is_some()
    }
}

/// The largest description of a machine, in bytes.
const MACHINE_LIMIT: usize = 64 << 20;

/// The machine of `--machine` or `--platform`, else this one; other flags override its facts.
pub(super) fn machine(
    flags: &MachineFlags,
    host: &dyn Host,
    matrix: &Matrix,
) -> anyhow::Result<Machine> {
    let overrides = overrides(flags, matrix)?;
    let mut machine = match &flags.machine {
        Some(path) => {
            let mut machine = described_machine(path, host, flags.platform)?;
            check_platform_of_description(flags, &machine)?;
            overrides.apply(&mut machine);
            assume_baseline(&mut machine);
            machine
        }
        None => probe(host, &overrides),
    };
    check_libc_flags(flags, &machine)?;
    matrix.complete(&mut machine);
    Ok(machine)
}

/// Reads the file of `--machine`.
fn described_machine(
    path: &str,
    host: &dyn Host,
    platform: Option<Subdir>,
) -> anyhow::Result<Machine> {
    let name = if path == "-" { "on standard input".into() } else { format!("file `{path}`") };
    let context = || format!("cannot read the machine {name}");
    let bytes = read_input(path, host, MACHINE_LIMIT).with_context(context)?;
    read_machine(&text_of(&bytes), platform).with_context(context)
}

/// Refuses a `--platform` that contradicts `--machine`: it only fills a gap in the description.
fn check_platform_of_description(
    flags: &MachineFlags,
    machine: &Machine,
) -> Result<(), UsageError> {
    match (flags.platform, machine.subdir.value()) {
        (Some(flag), Some(described)) if flag != *described => Err(UsageError(format!(
            "`--platform {flag}` contradicts `--machine`, which describes a {described} machine"
        ))),
        (Some(_) | None, _) => Ok(()),
    }
}

/// Refuses `--glibc` and `--macos` on platforms without it.
fn check_libc_flags(flags: &MachineFlags, machine: &Machine) -> Result<(), UsageError> {
    let Some(subdir) = machine.subdir.value() else { return Ok(()) };
    let platform = match flags.platform {
        Some(_) => format!("`--platform {subdir}`"),
        None => format!("the platform {subdir}; pass `--platform` to override"),
    };
    for (flag, version, os, system) in
        [("--glibc", flags.glibc, Os::Linux, "Linux"), ("--macos", flags.macos, Os::Macos, "macOS")]
    {
        if let Some(version) = version.filter(|_| subdir.os() != os) {
            return Err(UsageError(format!(
                "`{flag} {version}` is for {system} and cannot be used with {platform}"
            )));
        }
    }
    Ok(())
}

fn overrides(flags: &MachineFlags, matrix: &Matrix) -> anyhow::Result<Overrides> {
    let mut gpus = Vec::new();
    for name in &flags.gpu {
        let row = matrix.gpu_by_name(name).map_err(|nearest| unknown_gpu(name, &nearest))?;
        gpus.push(GpuOverride { name: Some(name.clone()), capability: row.capability });
    }
    let capabilities = flags.compute_capability.iter();
    gpus.extend(capabilities.map(|&capability| GpuOverride { name: None, capability }));
    let MachineFlags { platform, driver, cuda, glibc, macos, .. } = *flags;
    Ok(Overrides { platform, driver, cuda, gpus, glibc, macos })
}

fn unknown_gpu(name: &str, nearest: &[&str]) -> UsageError {
    let suggestion = match nearest {
        [] => String::new(),
        nearest => format!("; did you mean {}?", nearest.join(", ")),
    };
    UsageError(format!(
        "unknown GPU in `--gpu {name}`{suggestion}\n\
         hint: pass its compute capability with `--compute-capability X.Y`"
    ))
}
