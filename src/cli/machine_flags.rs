//! The flags that describe a machine, shared by the subcommands that need one.

use std::io::Read;

use anyhow::{Context, bail};

use crate::host::Host;
use crate::matrix::Matrix;
use crate::model::{
    ComputeCapability, CudaVersion, Detected, DriverVersion, Machine, Origin, Subdir, Version,
};
use crate::probe::{Overrides, WishedGpu, probe, read_machine};

/// A machine by flags. With `--platform` nothing is probed; without it, flags override what is found.
#[derive(Debug, Clone, Default, clap::Args)]
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
    /// A saved `probe --json`, `-` for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "platform")]
    pub machine: Option<String>,
}

/// How large a saved machine may be.
const SAVED: usize = 8 << 20;

/// The machine that the flags describe: saved, by its platform alone, or probed; flags count most.
pub(super) fn machine(
    flags: &MachineFlags,
    host: &dyn Host,
    matrix: &Matrix,
) -> anyhow::Result<Machine> {
    let overrides = overrides(flags, matrix)?;
    let mut machine = match &flags.machine {
        Some(path) => {
            let mut machine = saved(path, host)?;
            overrides.apply(&mut machine);
            machine
        }
        None => probe(host, &overrides),
    };
    name_capabilities(&mut machine, matrix);
    Ok(machine)
}

fn overrides(flags: &MachineFlags, matrix: &Matrix) -> anyhow::Result<Overrides> {
    let MachineFlags { platform, driver, cuda, compute_capability, gpu, glibc, macos, machine: _ } =
        flags;
    let mut gpus = Vec::new();
    for name in gpu {
        let capability = capability_of(name, matrix).with_context(|| unknown_gpu(name))?;
        gpus.push(WishedGpu { name: Some(name.clone()), capability });
    }
    gpus.extend(compute_capability.iter().map(|&capability| WishedGpu { name: None, capability }));
    Ok(Overrides {
        platform: *platform,
        driver: *driver,
        cuda: *cuda,
        gpus,
        glibc: *glibc,
        macos: *macos,
    })
}

fn unknown_gpu(name: &str) -> String {
    format!(
        "`--gpu {name}`: no GPU of that name is in the table; \
         give its number instead, `--compute-capability X.Y`"
    )
}

/// The capability of a GPU by its name, with or without `NVIDIA`, `GeForce` or the case.
fn capability_of(name: &str, matrix: &Matrix) -> Option<ComputeCapability> {
    let asked = bare(name);
    matrix.gpu_names.iter().find(|gpu| bare(&gpu.name) == asked).map(|gpu| gpu.capability)
}

/// A name without what people leave out and what does not change the chip: `NVIDIA GeForce RTX 4090
/// Laptop GPU` is `rtx4090`, `NVIDIA A100-SXM4-40GB` is `a100`.
fn bare(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    name.split([' ', '-', '_', '/']).filter(|word| tells_the_chip(word)).collect()
}

fn tells_the_chip(word: &str) -> bool {
    let is_size = word.strip_suffix("gb").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let is_socket = word.starts_with("sxm") || word.starts_with("hbm");
    let is_decoration = matches!(
        word,
        "nvidia"
            | "geforce"
            | "tesla"
            | "quadro"
            | "gpu"
            | "laptop"
            | "mobile"
            | "with"
            | "max"
            | "q"
            | "design"
            | "generation"
            | "pcie"
            | "nvl"
    );
    !(is_size || is_socket || is_decoration)
}

/// Fills capabilities that nobody said from the table of names.
fn name_capabilities(machine: &mut Machine, matrix: &Matrix) {
    for gpu in &mut machine.gpus {
        if let (Detected::Found(name), Detected::Unknown { .. }) =
            (&gpu.name, &gpu.compute_capability)
            && let Some(capability) = capability_of(&name.value, matrix)
        {
            let origin = Origin::Table("gpu-names".into());
            gpu.compute_capability = Detected::found(capability, origin);
        }
    }
}

fn saved(path: &str, host: &dyn Host) -> anyhow::Result<Machine> {
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
    let text =
        std::str::from_utf8(&bytes).with_context(|| format!("cannot read the machine {name}"))?;
    read_machine(text).with_context(|| format!("cannot read the machine {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_in_the_drivers_the_shops_and_the_users_words() {
        for (name, chip) in [
            ("NVIDIA GeForce GTX 1080 Ti", "gtx1080ti"),
            ("gtx 1080 ti", "gtx1080ti"),
            ("GTX1080Ti", "gtx1080ti"),
            ("NVIDIA A100-SXM4-40GB", "a100"),
            ("NVIDIA H100 80GB HBM3", "h100"),
            ("Tesla V100-PCIE-16GB", "v100"),
            ("NVIDIA GeForce RTX 3060 Laptop GPU", "rtx3060"),
            ("NVIDIA GeForce GTX 1650 with Max-Q Design", "gtx1650"),
        ] {
            assert_eq!(bare(name), chip, "{name}");
        }
    }

    #[test]
    fn cards_of_one_number_and_two_generations_stay_apart() {
        assert_ne!(bare("Quadro RTX 6000"), bare("NVIDIA RTX 6000 Ada Generation"));
        assert_ne!(bare("NVIDIA RTX A6000"), bare("Quadro RTX 6000"));
        assert_ne!(bare("NVIDIA RTX PRO 6000 Blackwell Server Edition"), bare("Quadro RTX 6000"));
    }
}
