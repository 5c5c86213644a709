//! An environment of the old channel, replaced by a new one or changed in place.

use crate::clients::{ClientTarget, ConfigCommand};
use crate::conda::{CONDA_FORGE, Os};
use crate::migrate::environment::{Migration, MigrationPlan};
use crate::types::{ClientKind, Machine, PipPackage};

use super::environment::InstallTarget;
use super::install::Installation;
use super::{Step, StepKind, TargetEnvironment};

/// The commands of a migration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MigrationSteps {
    /// A new environment beside the old one.
    pub new: Vec<Step>,
    /// The environment itself, each step only if the one before succeeded; empty if that cannot work, and for pixi,
    /// which has projects.
    pub in_place: Vec<Step>,
    /// How to restore the environment after that, from the file of the backup.
    pub way_back: Option<Step>,
}

/// The commands for a client. None has `-y`, which would replace an environment without asking; `taken` are
/// the names and folders of the environments that exist.
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
    let new = match environment {
        TargetEnvironment::Unnamed => TargetEnvironment::beside(migration.environment, taken),
        TargetEnvironment::Name(_) | TargetEnvironment::Prefix(_) => environment.clone(),
    };
    let channels = &CONDA_FORGE.and(&plan.channels);
    let installation = Installation { machine, choice, client, channels, specs: &plan.specs };
    let new = if client.kind == ClientKind::Pixi {
        let specs = [plan.specs.as_slice(), &plan.needed_from_others].concat();
        in_new(&Installation { specs: &specs, ..installation }, &new, plan)
    } else {
        in_new(&installation, &new, plan)
    };
    let mut steps = MigrationSteps { new, ..MigrationSteps::default() };
    if plan.obstacles.is_empty() && client.kind != ClientKind::Pixi {
        let target = InstallTarget::existing(migration.environment);
        let beside = TargetEnvironment::beside(migration.environment, taken).target(client, None);
        let mut all = vec![dry_run(&installation, &beside)];
        all.extend(in_place(&installation, &target, plan));
        steps.in_place = all;
        let stem = target.file_stem();
        let (name, file) = (format!("{stem}-before"), format!("{stem}-before.txt"));
        steps.way_back =
            Some(client.step(StepKind::Backup, ["create", "-n", &name, "--file", &file]));
    }
    steps
}

/// A new environment or project, with the packages that pip had.
fn in_new(
    installation: &Installation<'_>,
    environment: &TargetEnvironment,
    plan: &MigrationPlan,
) -> Vec<Step> {
    let client = installation.client;
    let target = environment.target(client, installation.other_platform());
    let manifest = environment.manifest();
    let (mut steps, mut words) = if client.kind == ClientKind::Pixi {
        let words = vec!["add", "--manifest-path", &manifest, "--pypi"];
        (installation.in_project(environment), words)
    } else {
        let [flag, name] = target.words();
        let words = vec!["run", flag, name, "python", "-m", "pip", "install"];
        (installation.in_target(&target), words)
    };
    let spec = |package: &PipPackage| match package.version.split('+').next() {
        None | Some("") => package.name.clone(),
        // The suffix of a local build (`1.0+cpu`) is not on PyPI.
        Some(version) => format!("{}=={version}", package.name),
    };
    let packages: Vec<String> = plan.pip.iter().map(spec).collect();
    if !packages.is_empty() {
        words.extend(packages.iter().map(String::as_str));
        let mut step = client.step(StepKind::Pip, words);
        let check = steps.len() - 1;
        step.env.clone_from(&steps[check].env);
        steps.insert(check, step);
    }
    steps
}

/// The solve of the installation in place, as far as one is possible before the removal: for a new environment that
/// stays imaginary. Of what the removal leaves, only requested packages have a say, and their specs are in it.
fn dry_run(installation: &Installation<'_>, beside: &InstallTarget) -> Step {
    let mut step = installation.in_target(beside).swap_remove(0);
    step.kind = StepKind::DryRun;
    step.argv.insert(2, "--dry-run".to_owned());
    step
}

/// A backup, the removal of what keeps the old PyTorch, and the new one: one command conflicts or keeps the old.
fn in_place(
    installation: &Installation<'_>,
    target: &InstallTarget,
    plan: &MigrationPlan,
) -> Vec<Step> {
    let client = installation.client;
    let mut steps = vec![backup(client, target)];
    if !plan.in_place.remove.is_empty() {
        let mut words = vec!["remove"];
        words.extend(target.words());
        if client.habits().remove_loads_channels {
            words.extend(["--override-channels", "-c", "conda-forge"]);
        }
        words.extend(plan.in_place.remove.iter().map(String::as_str));
        let mut step = client.step(StepKind::Remove, words);
        if installation.choice.build.subdir.os() == Os::Windows {
            step.note = Some(
                "close programs that use the environment: Windows keeps their files".to_owned(),
            );
        }
        steps.push(step);
    }
    let mut install =
        Installation { specs: &plan.in_place.specs, ..*installation }.in_target(target);
    install[0].note = None; // that it exists is the point
    steps.extend(install);
    steps
}

/// The addresses of all packages. conda's newer `env export` takes no file of any name, and its older one has
/// no formats.
fn backup(client: &ClientTarget<'_>, target: &InstallTarget) -> Step {
    let is_conda = client.habits().config == ConfigCommand::Conda;
    let verb: &[&str] = if is_conda { &["list"] } else { &["env", "export"] };
    let words = verb.iter().copied().chain(target.words()).chain(["--explicit"]);
    let mut step = client.step(StepKind::Backup, words);
    if is_conda {
        step.run_by_conda();
    }
    step.stdout = Some(format!("{}-before.txt", target.file_stem()));
    step
}
