//! pixi: a project in place of an environment. It solves for what the project declares of a machine,
//! and not for what the machine has.

use crate::conda::{Channels, Os, Version};
use crate::resolve::Choice;
use crate::types::{ClientKind, Machine};

use crate::clients::ClientTarget;
use crate::commands::{Step, StepKind, TargetEnvironment, check_program, overrides};

/// What a project must declare of its machines because it differs from what pixi assumes: glibc 2.28,
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
#[must_use]
pub fn system_requirements(machine: &Machine, choice: &Choice<'_>) -> SystemRequirements {
    let assumed = Version::new(&[2, 28]);
    let needed = choice.build.glibc.map(|floor| floor.declared.max(floor.libraries));
    let found = machine.glibc.value().copied();
    let macos = machine.macos.value().copied();
    SystemRequirements {
        // What the build asks of a driver, and not what this one has: the project may travel.
        cuda: choice.build.accelerator.cuda().map(|toolkit| toolkit.major),
        glibc: found
            .filter(|glibc| *glibc < assumed)
            .or(needed.filter(|glibc| *glibc > assumed))
            .filter(|_| choice.build.subdir.os() == Os::Linux),
        macos: macos
            .filter(|macos| *macos < Version::new(&[13]))
            .filter(|_| choice.build.subdir.os() == Os::Macos),
    }
}

/// pixi's commands.
pub(super) fn plan(
    machine: &Machine,
    choice: &Choice<'_>,
    client: &ClientTarget<'_>,
    environment: &TargetEnvironment,
    channels: &Channels,
) -> Vec<Step> {
    let specs: Vec<String> = choice.specs.iter().map(ToString::to_string).collect();
    plan_specs(machine, choice, client, environment, channels, &specs)
}

/// The same with specs that the choice's own are among.
pub(super) fn plan_specs(
    machine: &Machine,
    choice: &Choice<'_>,
    client: &ClientTarget<'_>,
    environment: &TargetEnvironment,
    channels: &Channels,
    specs: &[String],
) -> Vec<Step> {
    let folder = environment.folder();
    let manifest = format!("{}/pixi.toml", folder.trim_end_matches(['/', '\\']));
    let subdir = choice.build.subdir.as_str();
    // A project is for the platform of the machine that it is made on unless this says otherwise.
    let mut words = vec!["init", folder];
    words.extend(channels.flags());
    words.extend(["--platform", subdir]);
    let mut steps = vec![client.step(StepKind::Prepare, words)];
    declare(machine, choice, client, &manifest, &mut steps);

    let words = ["add", "--manifest-path", &manifest].into_iter();
    let mut add = client.step(StepKind::Install, words.chain(specs.iter().map(String::as_str)));
    // Not for the solve: pixi refuses to install what the machine, as it sees it, does not have.
    add.env = overrides(machine, choice, client);
    let program = check_program(choice);
    let words = ["run", "--manifest-path", &manifest, "python", "-c", program];
    let mut check = client.step(StepKind::Check, words);
    check.env.clone_from(&add.env);
    steps.extend([add, check]);
    steps
}

/// The step that declares what the machine has.
fn declare(
    machine: &Machine,
    choice: &Choice<'_>,
    client: &ClientTarget<'_>,
    manifest: &str,
    steps: &mut Vec<Step>,
) {
    debug_assert_eq!(client.kind, ClientKind::Pixi);
    let required = system_requirements(machine, choice);
    let cuda = required.cuda.map(|major| format!("{major}.0"));
    let glibc = required.glibc.map(|glibc| glibc.to_string());
    let macos = required.macos.map(|macos| macos.to_string());
    let all = [("cuda", cuda), ("glibc", glibc), ("macos", macos)];
    let declared = || all.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)));
    if declared().next().is_none() {
        return;
    }
    // Before 0.71 the platforms of a project were bare names, and `system-requirements` had a verb of
    // its own, which is gone since. A pixi of unknown version is taken for a current one.
    if client.is_below(&[0, 71]) {
        let word = ["workspace", "--manifest-path", manifest, "system-requirements", "add"];
        steps.extend(declared().map(|(name, value)| {
            client.step(StepKind::Prepare, word.into_iter().chain([name, value]))
        }));
        return;
    }
    let flags: Vec<String> = declared().map(|(name, _)| format!("--{name}")).collect();
    let values = flags.iter().map(String::as_str).zip(declared().map(|(_, value)| value));
    let word = [
        "workspace",
        "--manifest-path",
        manifest,
        "platform",
        "edit",
        choice.build.subdir.as_str(),
    ];
    let words = word.into_iter().chain(values.flat_map(|(flag, value)| [flag, value]));
    let mut step = client.step(StepKind::Prepare, words);
    if !client.is_at_least(&[0, 71]) {
        step.note =
            Some("pixi 0.71 or newer; for an older one see `--format pixi-toml`".to_owned());
    }
    steps.push(step);
}
