//! An environment of the old channel, made anew beside itself or changed in place.

use crate::conda::{CONDA_FORGE, Os};
use crate::migrate::environment::{Migration, MigrationPlan};
use crate::resolve::Choice;
use crate::types::{ClientKind, Machine};

use crate::clients::ClientTarget;
use crate::commands::{
    Step, StepKind, TargetEnvironment, conda, environment::InstallTarget, install_specs, overrides,
    pixi,
};

/// The commands of a migration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MigrationSteps {
    /// A new environment beside the old one.
    pub new: Vec<Step>,
    /// The environment itself; empty where that cannot work, or for a client that knows projects only.
    pub in_place: Vec<Step>,
    /// How to get the environment back after that, from the file that the first command writes.
    pub way_back: Option<Step>,
}

/// The commands, in the words of the client. None of them says `-y`, which would replace an environment
/// without a word; `taken` are the names and folders of those that are there.
#[must_use]
pub fn migration(
    machine: &Machine,
    migration: &Migration<'_, '_>,
    client: &ClientTarget<'_>,
    environment: &TargetEnvironment,
    taken: &[String],
) -> MigrationSteps {
    let (Some(plan), Some(choice)) = (&migration.plan, &migration.target.advice.recommended) else {
        return MigrationSteps::default();
    };
    let beside = match environment {
        TargetEnvironment::Unnamed => TargetEnvironment::beside(migration.environment, taken),
        TargetEnvironment::Name(_) | TargetEnvironment::Prefix(_) => environment.clone(),
    };
    if client.kind == ClientKind::Pixi {
        let new = of_pixi(machine, choice, client, &beside, plan);
        return MigrationSteps { new, ..MigrationSteps::default() };
    }
    let mut steps =
        MigrationSteps { new: new(machine, choice, client, &beside, plan), ..Default::default() };
    if plan.obstacles.is_empty() {
        let target = InstallTarget::of(migration.environment);
        steps.in_place = in_place(machine, choice, client, &target, plan);
        steps.way_back = Some(way_back(client, &target));
    }
    steps
}

fn new(
    machine: &Machine,
    choice: &Choice<'_>,
    client: &ClientTarget<'_>,
    environment: &TargetEnvironment,
    plan: &MigrationPlan,
) -> Vec<Step> {
    let target = environment.place(client, overrides::platform(machine, choice, client));
    let channels = CONDA_FORGE.and(&plan.channels);
    let mut steps = install_specs(machine, choice, client, &target, &channels, &plan.specs);
    note_solver(machine, client, &mut steps);
    if !plan.pip.is_empty() {
        let packages = pip(plan);
        let words = std::iter::once("run").chain(target.words());
        let words = words.chain(["python", "-m", "pip", "install"]);
        let step = client.step(StepKind::Pip, words.chain(packages.iter().map(String::as_str)));
        steps.insert(1, step);
    }
    steps
}

fn of_pixi(
    machine: &Machine,
    choice: &Choice<'_>,
    client: &ClientTarget<'_>,
    environment: &TargetEnvironment,
    plan: &MigrationPlan,
) -> Vec<Step> {
    let channels = CONDA_FORGE.and(&plan.channels);
    let mut steps = pixi::plan_specs(machine, choice, client, environment, &channels, &plan.specs);
    if !plan.pip.is_empty() {
        let manifest = format!("{}/pixi.toml", environment.folder().trim_end_matches(['/', '\\']));
        let packages = pip(plan);
        let words = ["add", "--manifest-path", &manifest, "--pypi"].into_iter();
        let mut step = client.step(StepKind::Pip, words.chain(packages.iter().map(String::as_str)));
        let check = steps.len() - 1;
        step.env.clone_from(&steps[check].env);
        steps.insert(check, step);
    }
    steps
}

fn pip(plan: &MigrationPlan) -> Vec<String> {
    let spec = |package: &crate::types::PipPackage| {
        // What a local build adds (`1.0+cpu`) is not on PyPI.
        let version = package.version.split('+').next().unwrap_or_default();
        if version.is_empty() {
            package.name.clone()
        } else {
            format!("{}=={version}", package.name)
        }
    };
    plan.pip.iter().map(spec).collect()
}

/// A way back, what holds the old PyTorch out, and the new one in: naive sequences of one command
/// conflict, or keep the old build.
fn in_place(
    machine: &Machine,
    choice: &Choice<'_>,
    client: &ClientTarget<'_>,
    target: &InstallTarget,
    plan: &MigrationPlan,
) -> Vec<Step> {
    let mut steps = vec![backup(client, target)];
    if !plan.in_place.remove.is_empty() {
        let words = std::iter::once("remove").chain(target.words());
        // conda would load the channels of the settings, which may be none, or gone.
        let here = client.kind == ClientKind::Conda;
        let channels = ["--override-channels", "-c", "conda-forge"].into_iter().filter(|_| here);
        let names = plan.in_place.remove.iter().map(String::as_str);
        let mut step = client.step(StepKind::Remove, words.chain(channels).chain(names));
        if choice.build.subdir.os() == Os::Windows {
            step.note = Some(
                "close programs that use the environment: Windows keeps their files".to_owned(),
            );
        }
        steps.push(step);
    }
    let channels = CONDA_FORGE.and(&plan.channels);
    let mut install =
        install_specs(machine, choice, client, target, &channels, &plan.in_place.specs);
    note_solver(machine, client, &mut install);
    if let Some(step) = install.first_mut().filter(|step| step.kind == StepKind::Install) {
        step.note = None; // that it exists is the point
    }
    steps.extend(install);
    steps
}

fn note_solver(machine: &Machine, client: &ClientTarget<'_>, steps: &mut [Step]) {
    if client.kind == ClientKind::Conda {
        conda::note_solver(machine, client, steps);
    }
}

/// Whether the client writes files of its own making; else conda does, which mamba 1 has beside it.
fn is_native(client: &ClientTarget<'_>) -> bool {
    client.kind == ClientKind::Micromamba
        || client.kind == ClientKind::Mamba && !client.is_below(&[2])
}

/// The addresses of all packages, which is a way back: conda's newer `env export` takes no file of any
/// name, and its older one knows no formats.
fn backup(client: &ClientTarget<'_>, target: &InstallTarget) -> Step {
    let verb: &[&str] = if is_native(client) { &["env", "export"] } else { &["list"] };
    let words = verb.iter().copied().chain(target.words()).chain(["--explicit"]);
    let mut step = client.step(StepKind::Backup, words);
    if !is_native(client) {
        "conda".clone_into(&mut step.argv[0]);
    }
    step.stdout = Some(format!("{}-before.txt", target.file_stem()));
    step
}

fn way_back(client: &ClientTarget<'_>, target: &InstallTarget) -> Step {
    let stem = target.file_stem();
    let (name, file) = (format!("{stem}-before"), format!("{stem}-before.txt"));
    client.step(StepKind::Backup, ["create", "-n", &name, "--file", &file])
}
