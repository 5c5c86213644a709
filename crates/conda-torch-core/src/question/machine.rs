//! A machine as flags describe it, or as a document does with flags beside it.

use std::fmt::Display;

use crate::conda::{Os, Subdir, Version};
use crate::diagnostics::with_and;
use crate::escapes::visible;
use crate::import::{assume_baseline, read_machine};
use crate::matrix::{GpuMaker, GpuName, GpuNameError, Matrix, NamedGpu};
use crate::report::ErrorCode;
use crate::types::{
    Adapter, ComputeCapability, CudaVersion, Detected, DriverVersion, Gpu, Machine, Origin, Vendor,
};

use super::Refusal;

/// A machine as flags describe it. All else is detected, or a platform's [baseline](Machine::baseline).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the fields have the names of the flags")]
pub struct Overrides {
    /// Detect nothing. For a machine that was read, the platform if it does not report one.
    pub platform: Option<Subdir>,
    pub driver: Option<DriverVersion>,
    pub cuda: Option<CudaVersion>,
    /// `--compute-capability` and `--gpu`: all GPUs, instead of those that were detected.
    pub gpus: Vec<GpuOverride>,
    /// `--gpu` of other makers: all display adapters, instead of those that were detected.
    pub other_gpus: Vec<(Vendor, String)>,
    pub glibc: Option<Version>,
    pub macos: Option<Version>,
}

/// A GPU that a flag describes, with its name if that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct GpuOverride {
    pub name: Option<String>,
    pub capability: ComputeCapability,
}

impl Overrides {
    /// Applies the flags to a machine.
    pub fn apply(&self, machine: &mut Machine) {
        let Self { platform, driver, cuda, gpus, other_gpus, glibc, macos } = self;
        override_by(&mut machine.subdir, *platform, "--platform");
        override_by(&mut machine.glibc, *glibc, "--glibc");
        if glibc.is_some() {
            machine.musl = Detected::Absent;
        }
        override_by(&mut machine.macos, *macos, "--macos");
        // If only one is given, the detected other one belongs to another driver.
        if driver.is_some() != cuda.is_some() {
            machine.driver = Detected::unknown("only its CUDA version was given");
            machine.driver_cuda = Detected::unknown("only the driver's version was given");
        }
        override_by(&mut machine.driver, *driver, "--driver");
        override_by(&mut machine.driver_cuda, *cuda, "--cuda");
        if driver.is_some() || cuda.is_some() {
            expect_gpus(machine, "a flag gives a driver, but no GPU");
        }
        if !other_gpus.is_empty() {
            let adapter = |(vendor, name): &(Vendor, String)| Adapter {
                vendor: *vendor,
                name: Some(name.clone()),
                pci_id: String::new(),
                kernel_driver: None,
            };
            machine.adapters = other_gpus.iter().map(adapter).collect();
        }
        if gpus.is_empty() && !other_gpus.is_empty() {
            machine.gpus.clear();
            machine.gpu_count = Detected::Absent;
            if driver.is_none() && cuda.is_none() {
                machine.driver = Detected::Absent;
                machine.driver_cuda = Detected::Absent;
            }
        }
        if let (Ok(count), [first, ..]) = (u32::try_from(gpus.len()), &gpus[..]) {
            machine.gpu_count = Detected::found(count, first.origin());
            machine.gpus = (0..).zip(gpus).map(|(index, gpu)| gpu.describe(index)).collect();
        }
    }
}

fn override_by<T>(fact: &mut Detected<T>, value: Option<T>, flag: &'static str) {
    replace(fact, value.map(|value| Detected::found(value, Origin::Flag(flag.into()))));
}

impl GpuOverride {
    fn origin(&self) -> Origin {
        Origin::Flag(if self.name.is_some() { "--gpu" } else { "--compute-capability" }.into())
    }

    fn describe(&self, index: u32) -> Gpu {
        let gpu = Gpu::unknown(index, "described by a flag");
        let name = Detected::found_or(self.name.clone(), self.origin(), "described by a flag");
        let compute_capability = Detected::found(self.capability, self.origin());
        Gpu { name, compute_capability, ..gpu }
    }
}

/// A driver that was given means a machine with a GPU, even if none was detected here.
pub fn expect_gpus(machine: &mut Machine, why: &'static str) {
    if machine.gpu_count == Detected::Absent {
        machine.gpu_count = Detected::unknown(why);
    }
}

/// Replaces a fact, if there is a new one.
pub fn replace<T>(fact: &mut Detected<T>, new: Option<Detected<T>>) {
    if let Some(new) = new {
        *fact = new;
    }
}

/// What flags, or the keys of an address, say about a machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the fields have the names of the flags")]
pub struct DescribedMachine {
    pub platform: Option<Subdir>,
    pub driver: Option<DriverVersion>,
    pub cuda: Option<CudaVersion>,
    pub compute_capability: Vec<ComputeCapability>,
    pub gpu: Vec<String>,
    pub glibc: Option<Version>,
    pub macos: Option<Version>,
}

impl DescribedMachine {
    /// The machine of the description alone, or that of a document with the description beside it. Without a platform
    /// and a document it is one of `linux-64`.
    ///
    /// # Errors
    /// If a name is unknown, the text describes no machine, or both contradict each other.
    pub fn machine(&self, document: Option<&str>, matrix: &Matrix) -> Result<Machine, Refusal> {
        let overrides = self.overrides(matrix)?;
        let mut machine = match document {
            Some(text) => self.read(text).map_err(|refusal| {
                let is_unreadable = refusal.code == ErrorCode::MachineNotRecognized;
                let place = if is_unreadable { "cannot read the machine: " } else { "" };
                Refusal { message: format!("{place}{}", refusal.message), ..refusal }
            })?,
            None => Machine::baseline(self.platform.unwrap_or(Subdir::Linux64)),
        };
        overrides.apply(&mut machine);
        assume_baseline(&mut machine);
        self.refuse_contradictions(&machine, matrix)?;
        matrix.complete(&mut machine);
        Ok(machine)
    }

    /// The machine of a document. The platform only fills a gap in the document.
    ///
    /// # Errors
    /// If the text describes no machine, or one of another platform.
    pub fn read(&self, text: &str) -> Result<Machine, Refusal> {
        let machine = read_machine(text, self.platform)
            .map_err(|why| Refusal::new(ErrorCode::MachineNotRecognized, why.to_string()))?;
        if let (Some(flag), Some(described)) = (self.platform, machine.subdir.value())
            && flag != *described
        {
            let why = format!(
                "`--platform {flag}` contradicts `--machine`, which describes a {described} machine"
            );
            return Err(Refusal::new(ErrorCode::Contradiction, why));
        }
        Ok(machine)
    }

    /// Refuses what no machine of the platform has: a libc, a GPU or a driver.
    ///
    /// # Errors
    /// A contradiction.
    pub fn refuse_contradictions(&self, machine: &Machine, matrix: &Matrix) -> Result<(), Refusal> {
        self.refuse_libc_of_other_platform(machine)?;
        self.refuse_gpu_of_other_platform(machine, matrix)
    }

    fn refuse_libc_of_other_platform(&self, machine: &Machine) -> Result<(), Refusal> {
        let Some(subdir) = machine.subdir.value() else { return Ok(()) };
        let platform = match self.platform {
            Some(_) => format!("`--platform {subdir}`"),
            None => format!("the platform {subdir}; pass `--platform` to override"),
        };
        for (flag, version, os, system) in [
            ("--glibc", self.glibc, Os::Linux, "Linux"),
            ("--macos", self.macos, Os::Macos, "macOS"),
        ] {
            if let Some(version) = version.filter(|_| subdir.os() != os) {
                let why = format!(
                    "`{flag} {version}` is for {system} and cannot be used with {platform}"
                );
                return Err(Refusal::new(ErrorCode::Contradiction, why));
            }
        }
        Ok(())
    }

    /// Refuses a GPU or a driver by flag that no machine of the platform has.
    fn refuse_gpu_of_other_platform(
        &self,
        machine: &Machine,
        matrix: &Matrix,
    ) -> Result<(), Refusal> {
        let Some(subdir) = machine.subdir.value().copied() else { return Ok(()) };
        let flag = |name: &str, value: &dyn Display| format!("`{name} {value}`");
        for name in &self.gpu {
            if let Ok(NamedGpu::Other(GpuMaker::Apple)) = matrix.gpu_by_name(name)
                && subdir.os() != Os::Macos
            {
                let what = flag("--gpu", name);
                let why = format!(
                    "{what} cannot be used with the platform {subdir}: Apple's chips are in Macs\n\
                 hint: pass `--platform osx-arm64`"
                );
                return Err(Refusal::new(ErrorCode::Contradiction, why));
            }
        }
        let named = self.gpu.iter().filter_map(|name| match matrix.gpu_by_name(name).ok()? {
            NamedGpu::Nvidia { gpu, .. } => {
                Some((flag("--gpu", name), matrix.is_arm_only_gpu(gpu)))
            }
            NamedGpu::Other(_) => None,
        });
        let by_capability = self.compute_capability.iter().map(|capability| {
            (flag("--compute-capability", capability), matrix.is_arm_only(*capability))
        });
        let driver = self.driver.map(|driver| flag("--driver", &driver));
        let driver = driver.or(self.cuda.map(|cuda| flag("--cuda", &cuda)));
        for (what, is_arm_only) in named.chain(by_capability).chain(driver.map(|it| (it, false))) {
            if subdir == Subdir::OsxArm64 {
                let why = format!(
                    "{what} cannot be used with the platform {subdir}: no Mac with an Apple chip has an NVIDIA GPU"
                );
                return Err(Refusal::new(ErrorCode::Contradiction, why));
            }
            let is_arm =
                matches!(subdir, Subdir::LinuxAarch64 | Subdir::LinuxArmv7l | Subdir::WinArm64);
            if is_arm_only && !is_arm {
                let why = format!(
                    "{what} cannot be used with the platform {subdir}: that GPU comes with an Arm processor\n\
                 hint: pass `--platform linux-aarch64`"
                );
                return Err(Refusal::new(ErrorCode::Contradiction, why));
            }
        }
        Ok(())
    }

    /// The facts to override.
    ///
    /// # Errors
    /// If the name of a GPU is unknown, or that of several.
    pub fn overrides(&self, matrix: &Matrix) -> Result<Overrides, Refusal> {
        let mut gpus = Vec::new();
        let mut other_gpus = Vec::new();
        for name in &self.gpu {
            match matrix.gpu_by_name(name).map_err(|why| no_gpu(name, why))? {
                NamedGpu::Nvidia { gpu, .. } => {
                    gpus.push(GpuOverride { name: Some(name.clone()), capability: gpu.capability });
                }
                NamedGpu::Other(GpuMaker::Amd) => other_gpus.push((Vendor::Amd, name.clone())),
                NamedGpu::Other(GpuMaker::Intel) => other_gpus.push((Vendor::Intel, name.clone())),
                NamedGpu::Other(GpuMaker::Apple | GpuMaker::Other) => {
                    other_gpus.push((Vendor::Other, name.clone()));
                }
            }
        }
        let capabilities = self.compute_capability.iter();
        gpus.extend(capabilities.map(|&capability| GpuOverride { name: None, capability }));
        let Self { platform, driver, cuda, glibc, macos, .. } = *self;
        Ok(Overrides { platform, driver, cuda, gpus, other_gpus, glibc, macos })
    }
}

fn no_gpu(name: &str, why: GpuNameError<'_>) -> Refusal {
    let refusal = match why {
        GpuNameError::Unknown(nearest) => unknown_gpu(name, &nearest),
        GpuNameError::Ambiguous(choices, other) => ambiguous_gpu(name, &choices, other),
    };
    Refusal { key: Some("gpu".to_owned()), ..refusal }
}

/// The refusal of a name that stands for GPUs of different compute capabilities, with all of them.
fn ambiguous_gpu(name: &str, choices: &[&GpuName], other: Option<GpuMaker>) -> Refusal {
    let name = visible(name);
    let is_one_name = choices.len() > 1 && choices.iter().all(|row| row.name == choices[0].name);
    let capabilities: Vec<String> = choices.iter().map(|row| row.capability.to_string()).collect();
    let why = if is_one_name {
        let flags = capabilities.iter().map(|it| format!("`--compute-capability {it}`"));
        format!(
            "`--gpu {name}` was made with compute capability {}\nhint: pass {}",
            with_and(&capabilities),
            flags.collect::<Vec<_>>().join(" or "),
        )
    } else {
        let row =
            |row: &&GpuName| format!("`{}` (compute capability {})", row.name, row.capability);
        let apple = other.filter(|it| *it == GpuMaker::Apple).map(|_| format!("`Apple {name}`"));
        let choices: Vec<String> = choices.iter().map(row).chain(apple).collect();
        format!(
            "`--gpu {name}` is the name of several GPUs: {}\nhint: pass one of these names, or `--compute-capability X.Y`",
            choices.join(", ")
        )
    };
    Refusal::new(ErrorCode::UnknownGpu, why)
}

fn unknown_gpu(name: &str, nearest: &[&str]) -> Refusal {
    let suggestion = match nearest {
        [] => String::new(),
        nearest => format!("; did you mean {}?", nearest.join(", ")),
    };
    let is_none = ["", "none", "no", "no gpu", "cpu", "false", "off", "0"];
    let hint = if is_none.contains(&&*name.trim().to_ascii_lowercase()) {
        "pass `--cpu` for the CPU build"
    } else {
        "pass its compute capability with `--compute-capability X.Y`"
    };
    let why = format!("unknown GPU in `--gpu {}`{suggestion}\nhint: {hint}", visible(name));
    Refusal::new(ErrorCode::UnknownGpu, why)
}
