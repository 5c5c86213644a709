//! Whether a machine and an environment confirm a failure, and what fixes it there.

use std::borrow::Cow;

use crate::audit::Checkup;
use crate::conda::{Os, Version};
use crate::diagnostics::{Diagnostic, describe_gpu};
use crate::matrix::Matrix;
use crate::resolve::Advice;
use crate::types::{Accelerator, ComputeCapability, CudaVersion, Detected, KernelSupport, Machine};

use super::{Fix, FoundError, FoundErrors, Judge, TextFacts, capability, fill};

/// The machine and the environment that a failure is judged on.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The machine.
    pub machine: &'a Machine,
    /// What to install on it.
    pub advice: &'a Advice<'a>,
    /// The environment; `None` if none is looked at.
    pub checkup: Option<&'a Checkup<'a>>,
    /// The builds of the advice.
    pub matrix: &'a Matrix,
}

/// Whether the machine and the environment show the cause of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Verdict {
    /// They do.
    Confirmed,
    /// They show that the cause is another one, or that the text is from elsewhere.
    Contradicted,
    /// They do not tell.
    Unknown,
}

/// What a verdict is based on.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// A diagnostic of `check` or `advise`.
    Diagnostic(Diagnostic),
    /// A sentence without a full stop.
    Fact(String),
}

impl Evidence {
    /// The code of a diagnostic.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Diagnostic(diagnostic) => Some(diagnostic.code()),
            Self::Fact(_) => None,
        }
    }
}

/// What fixes a failure here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// What the hint says.
    Hint,
    /// A new environment with what the advice recommends.
    NewEnvironment,
    /// This spec, installed in the environment.
    Spec(&'static str),
    /// The client's package cache, emptied.
    CleanCache,
}

/// A failure on a machine and in an environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Whether they show its cause.
    pub verdict: Verdict,
    /// Why.
    pub evidence: Vec<Evidence>,
    /// What fixes it.
    pub remedy: Remedy,
    /// What to do, without a full stop.
    pub hint: String,
}

impl FoundErrors {
    /// A failure of this text on a machine; without a scene nothing is confirmed.
    pub fn judge(&self, found: &FoundError, scene: Option<&Scene<'_>>) -> Judgement {
        let hint = fill(found.error.hint, &found.values);
        let unknown = |hint| Judgement {
            verdict: Verdict::Unknown,
            evidence: Vec::new(),
            remedy: Remedy::Hint,
            hint,
        };
        if let Some(cause) = found.follows {
            return unknown(format!("fix `{cause}` first"));
        }
        let Some(scene) = scene else {
            let is_for_a_mac = found.error.judge == Judge::CudaBuild && self.facts.is_mac;
            return unknown(if is_for_a_mac { ON_A_MAC.to_owned() } else { hint });
        };
        let case = Case { found, scene, facts: self.facts };
        let (verdict, evidence, other_hint) = case.verdict();
        let has_other_hint = other_hint.is_some();
        let remedy = if has_other_hint { Remedy::Hint } else { case.remedy() };
        let hint = other_hint.map_or(hint, Cow::into_owned);
        // What a diagnostic says about this machine is better than what a row says about any.
        let own = match evidence.first() {
            Some(Evidence::Diagnostic(diagnostic)) if found.error.fix == Fix::Hint => {
                scene.hint(diagnostic)
            }
            Some(_) | None => None,
        };
        Judgement { verdict, evidence, remedy, hint: own.unwrap_or(hint) }
    }
}

impl Scene<'_> {
    /// All that `check` and `advise` say, the environment first.
    fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        let of_environment = self.checkup.iter().flat_map(|checkup| &checkup.findings);
        of_environment.chain(&self.advice.diagnostics)
    }

    fn hint(&self, diagnostic: &Diagnostic) -> Option<String> {
        match self.checkup {
            Some(checkup) if checkup.findings.contains(diagnostic) => {
                diagnostic.hint(&checkup.context())
            }
            Some(_) | None => diagnostic.hint(&self.advice.context(self.machine, self.matrix)),
        }
    }

    /// A sentence for evidence.
    pub fn message(&self, evidence: &Evidence) -> String {
        match evidence {
            Evidence::Fact(sentence) => sentence.clone(),
            Evidence::Diagnostic(diagnostic) => match self.checkup {
                Some(checkup) => diagnostic.message(&checkup.context()),
                None => diagnostic.message(&self.advice.context(self.machine, self.matrix)),
            },
        }
    }

    fn os(&self) -> Option<Os> {
        self.machine.subdir.value().map(|subdir| subdir.os())
    }

    fn capabilities(&self) -> Vec<ComputeCapability> {
        let gpus = self.machine.gpus.iter();
        gpus.filter_map(|gpu| gpu.compute_capability.value().copied()).collect()
    }

    /// Whether the advice is a build that uses an NVIDIA GPU.
    fn has_cuda_advice(&self) -> bool {
        let choice = self.advice.recommended.as_ref();
        choice.is_some_and(|choice| matches!(choice.computes_on, Accelerator::Cuda(_)))
    }

    /// The GPUs, in words.
    fn gpus(&self) -> String {
        let names = self.machine.gpus.iter().map(|gpu| {
            describe_gpu(
                gpu.name.value().map(String::as_str),
                gpu.compute_capability.value().copied(),
            )
        });
        names.collect::<Vec<_>>().join(", ")
    }
}

type Found = (Verdict, Vec<Evidence>, Option<Cow<'static, str>>);

const UNKNOWN: Found = (Verdict::Unknown, Vec::new(), None);

const ON_A_MAC: &str = "no PyTorch for macOS has CUDA: let the program use `device=\"mps\"` on a Mac with an Apple chip, or `device=\"cpu\"`";

const ELSEWHERE: &str = "run this command on the machine where it failed, or pass that machine's `conda-torch probe --json` with `--machine`";

fn confirmed(evidence: Vec<Evidence>) -> Found {
    (Verdict::Confirmed, evidence, None)
}

fn fact(sentence: impl Into<String>) -> Vec<Evidence> {
    vec![Evidence::Fact(sentence.into())]
}

fn contradicted(sentence: impl Into<String>, hint: impl Into<Cow<'static, str>>) -> Found {
    (Verdict::Contradicted, fact(sentence), Some(hint.into()))
}

/// A failure with what it is judged by.
struct Case<'a> {
    found: &'a FoundError,
    scene: &'a Scene<'a>,
    facts: TextFacts,
}

impl Case<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        self.found.values.get(name).map(String::as_str)
    }

    fn verdict(&self) -> Found {
        match self.found.error.judge {
            Judge::Never => UNKNOWN,
            Judge::Codes(codes) => self.by_codes(codes),
            Judge::Kernels => self.by_kernels(),
            Judge::CudaBuild => self.by_accelerator(),
            Judge::Driver => self.by_driver(),
            Judge::NoDriver(codes) => self.by_missing_driver(codes),
            Judge::Glibc => self.by_glibc(),
            Judge::Metal => self.by_macos(),
            Judge::Installed => self.by_installation(),
            Judge::VirtualCuda => self.by_virtual_cuda(),
            Judge::Library(packages) => self.by_package(packages),
        }
    }

    fn by_codes(&self, codes: &[&str]) -> Found {
        let named = |diagnostic: &&Diagnostic| codes.contains(&diagnostic.code());
        match self.scene.diagnostics().find(named) {
            Some(diagnostic) => confirmed(vec![Evidence::Diagnostic(diagnostic.clone())]),
            None => UNKNOWN,
        }
    }

    fn by_kernels(&self) -> Found {
        const CODES: [&str; 4] =
            ["no-kernels", "toolkit-too-old-for-gpu", "ptx-needs-newer-driver", "cudnn-withdrawn"];
        let capabilities = self.scene.capabilities();
        if capabilities.is_empty() {
            return contradicted("no NVIDIA GPU was found here", ELSEWHERE);
        }
        if let Some(capability) = self.value("capability").and_then(capability)
            && !capabilities.contains(&capability)
        {
            let platform = self.scene.machine.subdir.value().map_or("linux-64", |it| it.as_str());
            return contradicted(
                format!(
                    "the text is about compute capability {capability}; here is {}",
                    self.scene.gpus()
                ),
                format!(
                    "for that GPU, run `conda-torch advise --platform {platform} --compute-capability {capability}`"
                ),
            );
        }
        let of_environment =
            self.scene.checkup.map(|checkup| &*checkup.findings).unwrap_or_default();
        if let Some(finding) = of_environment.iter().find(|it| CODES.contains(&it.code())) {
            return confirmed(vec![Evidence::Diagnostic(finding.clone())]);
        }
        let kernels = self.scene.checkup.map(|checkup| &*checkup.kernels).unwrap_or_default();
        let has_kernels = |it: &crate::resolve::GpuKernels| {
            it.support.is_some_and(|support| support != KernelSupport::Missing)
        };
        if !kernels.is_empty() && kernels.iter().all(has_kernels) {
            return contradicted(
                format!("the environment's PyTorch has kernels for {}", self.scene.gpus()),
                "another library than PyTorch lacks the kernels, or the program runs in another environment: the traceback's last file names it; rebuild that library for this GPU, or install a newer one",
            );
        }
        UNKNOWN
    }

    fn by_accelerator(&self) -> Found {
        let scene = self.scene;
        if self.facts.is_mac && scene.os() != Some(Os::Macos) {
            return (Verdict::Unknown, fact("the text is from a Mac"), Some(ON_A_MAC.into()));
        }
        if scene.os() == Some(Os::Macos) {
            return (Verdict::Confirmed, fact("this is a Mac"), Some(ON_A_MAC.into()));
        }
        let by_code = self.by_codes(&["cpu-build"]);
        if by_code.0 == Verdict::Confirmed {
            return by_code;
        }
        let installed = scene.checkup.and_then(|checkup| checkup.installed.as_ref());
        match installed.and_then(|installed| installed.accelerator) {
            Some(Accelerator::Cuda(toolkit)) => contradicted(
                format!("the environment's PyTorch is built for CUDA {toolkit}"),
                "the program runs another Python than this environment's: activate the environment, then run `python -c \"import torch; print(torch.__file__)\"`",
            ),
            _ if !scene.has_cuda_advice() => (
                Verdict::Contradicted,
                fact("no NVIDIA GPU that PyTorch can use was found here"),
                Some("let the program use the CPU: `device=\"cpu\"`; if it failed on another machine, run this command there".into()),
            ),
            _ => UNKNOWN,
        }
    }

    fn by_driver(&self) -> Found {
        let by_code =
            self.by_codes(&["driver-too-old", "ptx-needs-newer-driver", "driver-dropped-gpu"]);
        if by_code.0 == Verdict::Confirmed {
            return by_code;
        }
        let Detected::Found(here) = &self.scene.machine.driver_cuda else { return UNKNOWN };
        let of_text = self.value("number").and_then(|number| number.parse().ok());
        let of_text = of_text.and_then(CudaVersion::from_driver_integer);
        if of_text.is_some_and(|cuda| cuda != here.value) {
            return contradicted(
                format!("the driver here supports CUDA {}", here.value),
                "the driver was changed since, or the text is from another machine: run the program again, or pass that machine with `--machine`",
            );
        }
        (Verdict::Unknown, fact(format!("the driver here supports CUDA {}", here.value)), None)
    }

    fn by_missing_driver(&self, codes: &[&str]) -> Found {
        let by_code = self.by_codes(codes);
        match &self.scene.machine.driver {
            Detected::Found(driver) if by_code.0 != Verdict::Confirmed => contradicted(
                format!("driver {} was found here", driver.value),
                "the program ran where the driver is hidden, such as a container or a job without the GPU, or on another machine: run this command there",
            ),
            Detected::Found(_) | Detected::Absent | Detected::Unknown { .. } => by_code,
        }
    }

    fn by_glibc(&self) -> Found {
        let needed = self.value("version").and_then(Version::at_start);
        let (Detected::Found(here), Some(needed)) = (&self.scene.machine.glibc, needed) else {
            return UNKNOWN;
        };
        if here.value < needed {
            return confirmed(fact(format!("glibc {} is older than {needed}", here.value)));
        }
        contradicted(
            format!("glibc here is {}, not older than {needed}", here.value),
            "the program loads another C library, or ran on another machine: run this command where it failed",
        )
    }

    fn by_macos(&self) -> Found {
        let needed = self.value("version").and_then(Version::at_start);
        let here = self.scene.machine.macos.value().copied();
        let (Some(macos), Some(needed)) = (self.facts.macos.or(here), needed) else {
            return UNKNOWN;
        };
        if macos < needed {
            return confirmed(fact(format!("macOS {macos} is older than {needed}")));
        }
        contradicted(
            format!("macOS {macos} is new enough"),
            "a sandbox or a virtual machine hides Metal: run the program outside of it; `system_profiler SPDisplaysDataType` shows whether Metal is supported",
        )
    }

    fn by_installation(&self) -> Found {
        let Some(checkup) = self.scene.checkup else { return UNKNOWN };
        match &checkup.installed {
            None => confirmed(fact("the environment has no PyTorch")),
            Some(installed) => contradicted(
                format!("the environment has PyTorch {}", installed.version_text),
                "the program runs another Python: activate the environment, and start the program with `python`, not with a path or another kernel",
            ),
        }
    }

    fn by_virtual_cuda(&self) -> Found {
        const CODES: [&str; 9] = [
            "client-sees-no-cuda",
            "toolkit-shadows-driver",
            "toolkit-file-broken",
            "no-driver",
            "no-gpu",
            "libcuda-missing",
            "driver-unknown",
            "container-without-gpu",
            "gpu-not-allocated",
        ];
        let by_code = self.by_codes(&CODES);
        if by_code.0 == Verdict::Confirmed {
            return by_code;
        }
        match &self.scene.machine.driver_cuda {
            Detected::Found(cuda) => (
                Verdict::Unknown,
                fact(format!("the driver here supports CUDA {}", cuda.value)),
                None,
            ),
            Detected::Absent | Detected::Unknown { .. } if !self.scene.has_cuda_advice() => {
                confirmed(fact("no NVIDIA driver was found here"))
            }
            Detected::Absent | Detected::Unknown { .. } => UNKNOWN,
        }
    }

    fn by_package(&self, names: &[&str]) -> Found {
        let Some(checkup) = self.scene.checkup else { return UNKNOWN };
        let environment = &checkup.environment;
        let conda = names.iter().find_map(|name| environment.package(name));
        let is_wheel = |name: &str| {
            name.strip_prefix("nvidia-").is_some_and(|rest| {
                names.iter().any(|it| rest.starts_with(it.trim_start_matches("lib")))
            })
        };
        let wheel = environment.pip.iter().find(|it| is_wheel(&it.name.replace('_', "-")));
        match (conda, wheel) {
            (None, None) => {
                let name = names.first().copied().unwrap_or_default();
                confirmed(fact(format!("the environment has no `{name}`")))
            }
            (None, Some(wheel)) => (
                Verdict::Unknown,
                fact(format!("pip installed `{}` {}", wheel.name, wheel.version)),
                Some("a wheel keeps its libraries in `site-packages/nvidia`, where only PyTorch looks: other programs need conda-forge's packages".into()),
            ),
            (Some(package), _) => {
                let soname = self.value("suffix").and_then(|it| it.split(".so.").nth(1)).and_then(Version::at_start);
                let installed = Version::at_start(&package.version);
                let sentence = format!("the environment has `{}` {}", package.name, package.version);
                match (soname, installed) {
                    (Some(soname), Some(installed)) if soname.major() != installed.major() && names.contains(&"cudnn") => {
                        confirmed(fact(format!("{sentence}, not version {}", soname.major())))
                    }
                    _ => contradicted(
                        sentence,
                        "the program does not use this environment's libraries: activate the environment, and unset `LD_LIBRARY_PATH`",
                    ),
                }
            }
        }
    }

    fn remedy(&self) -> Remedy {
        let scene = self.scene;
        match self.found.error.fix {
            Fix::TorchEnvironment if !self.facts.names_torch => Remedy::Hint,
            Fix::NewEnvironment | Fix::TorchEnvironment if scene.advice.recommended.is_some() => {
                Remedy::NewEnvironment
            }
            Fix::GpuEnvironment if scene.has_cuda_advice() => Remedy::NewEnvironment,
            Fix::Hint | Fix::NewEnvironment | Fix::GpuEnvironment | Fix::TorchEnvironment => {
                Remedy::Hint
            }
            Fix::Spec(spec) => {
                let installed = scene.checkup.and_then(|checkup| checkup.installed.as_ref());
                let is_conda = installed.is_some_and(|installed| installed.package.is_some());
                if is_conda { Remedy::Spec(spec) } else { Remedy::Hint }
            }
            Fix::CleanCache => Remedy::CleanCache,
        }
    }
}
