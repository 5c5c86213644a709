//! The migration of an environment.

use std::fmt::Write as _;

use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::{MigrationSteps, TargetEnvironment};
use conda_torch_core::migrate::environment::{RequestOverrides, migrate, needs_migration};
use conda_torch_core::report::ErrorCode;
use conda_torch_core::report::migrate::{self as report, MigrationAnswer, Way};
use conda_torch_core::resolve::RequestedAccelerator;
use conda_torch_core::types::{Condarc, Machine, Shell};
use conda_torch_probe::environment::{self, Location};
use conda_torch_probe::host::Host;

use crate::built_in;
use crate::cli::flags::{
    GlobalFlags, RequestedVersion, environment_flag, no_environment, read_environment, read_named,
};
use crate::cli::install::Run;
use crate::text;

use super::{Args, Failure, Output, read_settings};

/// Migrates an environment of this machine for the target machine.
pub(super) fn run(
    args: &Args,
    global: &GlobalFlags,
    host: &dyn Host,
    here: &Machine,
    target: &Machine,
) -> anyhow::Result<Output> {
    let is_json = args.format.is_json(global)?;
    let shell = args.output.shell(here);
    let all = environment::all(host, here);
    let settings = conda_torch_probe::settings(host, &here.config_files);
    let Some(place) = args.environment.find(host, here)? else {
        return overview(is_json, host, all, &settings, shell);
    };
    let environment = read_environment(host, &place, &settings)?;
    let taken: Vec<String> =
        all.into_iter().flat_map(|place| place.name.into_iter().chain([place.prefix])).collect();
    if let Some(to) = args.to.as_ref().filter(|to| taken.contains(to)) {
        let why = format!("`--to {to}`: the environment already exists");
        return Err(Failure::new(ErrorCode::EnvironmentExists, why).into());
    }
    let matrix = built_in::matrix();
    let overrides = RequestOverrides {
        accelerator: if args.cpu { Some(RequestedAccelerator::Cpu) } else { args.accelerator },
        pytorch: args.pytorch.as_ref().map(RequestedVersion::parts),
        python: args.python,
    };
    let migration = migrate(&environment, target, matrix, &overrides);
    let is_given = args.environment.is_given();
    let client = ClientTarget::of_environment(target, &environment.prefix, args.output.client);
    let new = args.to.clone().map(|to| TargetEnvironment::named(to, client.kind)).transpose();
    let new = new.map_err(|why| {
        let why = format!("{why}\nhint: pass another name with `--to`");
        Failure::new(ErrorCode::NameRefused, why)
    })?;
    let answer = MigrationAnswer {
        matrix,
        machine: target,
        migration: &migration,
        client,
        environment: new.unwrap_or_default(),
        taken: &taken,
        in_place: args.in_place,
        same: if is_given {
            format!("{} ", environment_flag(&place, shell))
        } else {
            String::new()
        },
        settings: &read_settings(host, here, &[]),
        shell,
    };
    if args.run.run
        && let Some(choice) = &migration.target.advice.recommended
        && migration.plan.is_some()
        && migration.is_needed
    {
        let MigrationSteps { new, in_place, way_back } = answer.steps();
        let is_in_place = answer.way(&answer.steps()) == Way::InPlace;
        if args.in_place && !is_in_place {
            let why = "the environment cannot be changed in place\nhint: leave out `--in-place`, or leave out `--run` for the reason";
            return Err(Failure::new(ErrorCode::Contradiction, why).into());
        }
        let run = Run {
            client,
            machine: target,
            matrix,
            shell,
            is_here: !args.machine.is_other_machine(),
            way_back: way_back.filter(|_| is_in_place),
            file: None,
            global,
            host,
            is_json,
        };
        let steps = run.steps(if is_in_place { in_place } else { new })?;
        let page = text::migration(&answer, global.style(host))
            .map_err(|why| Failure::new(ErrorCode::FormatRefused, why.to_string()))?;
        run.show(&page);
        return run.confirmed(args.run.yes, &steps, choice.computes_on);
    }
    let stdout = if is_json {
        global.answer(report::environment(&answer), shell)?
    } else {
        text::migration(&answer, global.style(host))
            .map_err(|why| Failure::new(ErrorCode::FormatRefused, why.to_string()))?
    };
    Ok(Output { stdout, code: answer.exit_code() })
}

/// Lists the environments that need a migration.
fn overview(
    is_json: bool,
    host: &dyn Host,
    all: Vec<Location>,
    settings: &[Condarc],
    shell: Shell,
) -> anyhow::Result<Output> {
    let count = all.len();
    let needs_migration = |place: &Location| needs_migration(&read_named(host, place, settings));
    let found = all.into_iter().filter(needs_migration);
    let flags: Vec<String> = found.map(|place| environment_flag(&place, shell)).collect();
    if is_json || count == 0 {
        return Err(no_environment(&flags).into());
    }
    let mut stdout = match flags.len() {
        0 => format!("Checked {count} environments: none uses the `pytorch` channel\n"),
        some => format!("{some} of {count} environments need a migration:\n"),
    };
    for flag in flags {
        let _ = writeln!(stdout, "  conda-torch migrate {flag}");
    }
    Ok(Output { stdout, code: 0 })
}
