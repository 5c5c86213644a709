//! The migration of an environment.

use std::fmt::Write as _;

use anyhow::bail;

use conda_torch_core::clients::ClientTarget;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::migrate::environment::{migrate, settings};
use conda_torch_core::report::migrate::{self as report, MigrationAnswer};
use conda_torch_core::types::{Environment, Shell};
use conda_torch_probe::environment::{self, Location};
use conda_torch_probe::host::Host;

use super::super::advise::ClientFlag;
use super::super::{Output, UsageError};
use super::{Args, Seen};

pub(super) fn run(args: &Args, host: &dyn Host, seen: &Seen) -> anyhow::Result<Output> {
    let Some(place) = place(args, host, seen)? else { return overview(args, host, seen) };
    let environment = environment::read(host, &place);
    is_environment(&environment)?;
    let matrix = Matrix::embedded();
    let migration = migrate(&environment, &seen.there, matrix, &args.wishes());
    let files = conda_torch_probe::settings(host, &seen.here.config_files);
    let variable = host.env("CONDA_CHANNELS");
    let settings = settings(&files, variable.as_deref(), &[]);
    let mut taken: Vec<String> = Vec::new();
    for place in environment::all(host, &seen.here) {
        taken.extend(place.name);
        taken.push(place.prefix);
    }
    if let Some(to) = args.to.as_ref().filter(|to| taken.contains(to)) {
        return Err(UsageError(format!(
            "`--to {to}`: that environment exists; expected a name that is free"
        ))
        .into());
    }
    let style = args.style(&seen.here);
    let kind = args.output.client.map(ClientFlag::kind);
    let answer = MigrationAnswer {
        machine: &seen.there,
        migration: &migration,
        as_of: matrix.as_of,
        client: ClientTarget::of_environment(&seen.there, &environment.prefix, kind),
        environment: args
            .to
            .clone()
            .map_or_else(Default::default, conda_torch_core::commands::TargetEnvironment::Name),
        taken: &taken,
        in_place: args.in_place,
        same: args.same(&place, style.shell),
        settings: &settings,
        style,
    };
    let is_unsatisfiable = migration.is_needed && migration.plan.is_none();
    let code = if is_unsatisfiable { 3 } else { 0 };
    let stdout = if args.output.json {
        report::environment(&answer)
    } else {
        crate::text::migration(&answer).map_err(|refused| UsageError(refused.to_string()))?
    };
    Ok(Output { stdout, code })
}

/// The environment that is meant; `None` where none is named and none is active.
fn place(args: &Args, host: &dyn Host, seen: &Seen) -> anyhow::Result<Option<Location>> {
    if let Some(prefix) = &args.prefix {
        return Ok(Some(environment::at(host, prefix)));
    }
    let Some(name) = &args.name else { return Ok(environment::active(host, &seen.here)) };
    if let Some(place) = environment::named(host, &seen.here, name) {
        return Ok(Some(place));
    }
    let known = environment::all(host, &seen.here);
    let names: Vec<String> = known.into_iter().filter_map(|place| place.name).collect();
    let known = if names.is_empty() { "none is known".to_owned() } else { names.join(", ") };
    Err(UsageError(format!("there is no environment `{name}`; expected one of: {known}")).into())
}

/// Refuses what is no environment, or cannot be read at all.
fn is_environment(environment: &Environment) -> anyhow::Result<()> {
    if environment.packages.is_empty()
        && let Some(problem) = environment.problems.first()
    {
        bail!("cannot read the environment `{}`: {}", environment.prefix, problem.detail);
    }
    Ok(())
}

/// Which environments have something to migrate.
fn overview(args: &Args, host: &dyn Host, seen: &Seen) -> anyhow::Result<Output> {
    let matrix = Matrix::embedded();
    let wishes = args.wishes();
    let shell = args.style(&seen.here).shell;
    let places = environment::all(host, &seen.here);
    let count = places.len();
    let is_needed = |place: &Location| {
        let environment = environment::read(host, place);
        migrate(&environment, &seen.there, matrix, &wishes).is_needed
    };
    let found: Vec<Location> = places.into_iter().filter(is_needed).collect();
    if args.output.json {
        let names: Vec<String> = found.iter().map(|place| flags(place, shell)).collect();
        let what = if names.is_empty() {
            "none has anything to migrate".to_owned()
        } else {
            names.join(" or ")
        };
        return Err(UsageError(format!("no environment is active; name one: {what}")).into());
    }
    let mut stdout = match (found.len(), count) {
        (0, 0) => {
            "No environment is active, and none is known; name one with `-p FOLDER`\n".to_owned()
        }
        (0, _) => format!("Of {count} environments none has anything of the old channel\n"),
        (some, _) => format!("{some} of {count} environments have something of the old channel:\n"),
    };
    for place in &found {
        let _ = writeln!(stdout, "  conda-torch migrate {}", flags(place, shell));
    }
    Ok(Output { stdout, code: 0 })
}

/// The flags that name an environment, for the shell in use.
fn flags(place: &Location, shell: Shell) -> String {
    let (flag, text) = match &place.name {
        Some(name) => ("-n", name),
        None => ("-p", &place.prefix),
    };
    // What no shell can write is left to the reader.
    let word = conda_torch_core::commands::shell::word(text, shell)
        .map_or("…".into(), std::borrow::Cow::into_owned);
    format!("{flag} {word}")
}

impl Args {
    /// The flags that name the environment once more, with a blank behind them.
    fn same(&self, place: &Location, shell: Shell) -> String {
        let is_named = self.name.is_some() || self.prefix.is_some();
        if is_named { format!("{} ", flags(place, shell)) } else { String::new() }
    }
}
