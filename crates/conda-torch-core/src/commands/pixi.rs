//! pixi: a project instead of an environment, solved for what the project declares of a machine.

use crate::conda::{Os, Version};
use crate::resolve::Choice;
use crate::types::Machine;

use super::install::Installation;
use super::{Step, StepKind, TargetEnvironment, overrides};

/// What a project must declare of its machines where it differs from what pixi assumes: glibc 2.28,
/// macOS 13.0, no CUDA (<https://pixi.prefix.dev/latest/workspace/system_requirements/>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SystemRequirements {
    /// The major version of `__cuda`.
    pub cuda: Option<u16>,
    /// `__glibc`.
    pub glibc: Option<Version>,
    /// `__osx`.
    pub macos: Option<Version>,
}

/// What a project for this choice must declare.
pub fn system_requirements(machine: &Machine, choice: &Choice<'_>) -> SystemRequirements {
    let os = choice.build.subdir.os();
    let assumed = Version::new(&[2, 28]);
    let needed = choice.build.glibc.map(|floor| floor.declared.max(floor.libraries));
    let older = machine.glibc.value().copied().filter(|glibc| *glibc < assumed);
    let macos = machine.macos.value().copied().filter(|macos| *macos < Version::new(&[13]));
    SystemRequirements {
        // What the build needs of a driver, not what this one has: the project may travel.
        cuda: choice.build.accelerator.cuda().map(|toolkit| toolkit.major),
        glibc: older.or(needed.filter(|it| *it > assumed)).filter(|_| os == Os::Linux),
        macos: macos.filter(|_| os == Os::Macos),
    }
}

impl Installation<'_> {
    /// A new project for the environment.
    pub(super) fn in_project(&self, environment: &TargetEnvironment) -> Vec<Step> {
        let Self { machine, choice, client, channels, specs } = *self;
        let manifest = environment.manifest();
        let of_manifest = ["--manifest-path", &manifest];
        // The default is the platform of the machine.
        let mut words = vec!["init", environment.folder()];
        words.extend(channels.flags());
        words.extend(["--platform", choice.build.subdir.as_str()]);
        let mut steps = vec![client.step(StepKind::Prepare, words)];
        steps[0].note = self.login();
        steps.extend(self.declare(&manifest));

        let words = std::iter::once("add").chain(of_manifest);
        let mut add = client.step(StepKind::Install, words.chain(specs.iter().map(String::as_str)));
        // Not for the solve: pixi refuses to install what the machine, as it detects it, does not have.
        add.env = overrides(machine, choice, client);
        let words = std::iter::once("run").chain(of_manifest);
        let words = words.chain(["python", "-c", self.check_program()]);
        let mut check = client.step(StepKind::Check, words);
        check.env.clone_from(&add.env);
        steps.extend([add, check]);
        steps
    }

    /// The steps that declare what the machine has. A pixi of unknown version is assumed to be current.
    fn declare(&self, manifest: &str) -> Vec<Step> {
        let Self { machine, choice, client, .. } = *self;
        let required = system_requirements(machine, choice);
        let all = [
            ("cuda", required.cuda.map(|major| format!("{major}.0"))),
            ("glibc", required.glibc.map(|glibc| glibc.to_string())),
            ("macos", required.macos.map(|macos| macos.to_string())),
        ];
        let declared: Vec<(&str, String)> =
            all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let workspace = ["workspace", "--manifest-path", manifest];
        if !client.habits().has_platform_edit {
            let step = |(name, value): &(&str, String)| {
                let words = ["system-requirements", "add", name, value];
                client.step(StepKind::Prepare, workspace.into_iter().chain(words))
            };
            return declared.iter().map(step).collect();
        }
        if declared.is_empty() {
            return Vec::new();
        }
        let flags = declared.iter().flat_map(|(name, value)| [format!("--{name}"), value.clone()]);
        let flags: Vec<String> = flags.collect();
        let words = workspace.into_iter().chain(["platform", "edit", choice.build.subdir.as_str()]);
        let words = words.chain(flags.iter().map(String::as_str));
        let mut step = client.step(StepKind::Prepare, words);
        if client.version.is_none() {
            step.note = Some(
                "needs pixi 0.71 or newer; for an older one use `--format pixi-toml`".to_owned(),
            );
        }
        vec![step]
    }
}
