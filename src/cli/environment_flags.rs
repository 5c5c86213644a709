//! The flags that select an installed environment.

use clap::builder::NonEmptyStringValueParser;

use conda_torch_core::types::{Environment, Machine};
use conda_torch_probe::environment::{self, Location};
use conda_torch_probe::host::Host;
use conda_torch_probe::{Overrides, probe};

use super::UsageError;
use super::machine_flags::MachineFlags;

// No doc comment: clap would show it as the description of the subcommand.
#[derive(Debug, clap::Args)]
pub(super) struct EnvironmentFlags {
    /// Name of the environment [default: the active one]
    #[arg(short, long, conflicts_with = "prefix", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,
    /// Folder of the environment, instead of a name
    #[arg(short, long, value_name = "FOLDER", value_parser = NonEmptyStringValueParser::new())]
    prefix: Option<String>,
}

impl EnvironmentFlags {
    /// Whether an environment is named.
    pub(super) fn is_given(&self) -> bool {
        self.name.is_some() || self.prefix.is_some()
    }

    /// The named environment, else the active one.
    pub(super) fn find(
        &self,
        host: &dyn Host,
        here: &Machine,
    ) -> Result<Option<Location>, UsageError> {
        match (&self.prefix, &self.name) {
            (Some(prefix), _) => Ok(Some(environment::at(host, prefix))),
            (None, None) => Ok(environment::active(host, here)),
            (None, Some(name)) => match environment::named(host, here, name) {
                Some(place) => Ok(Some(place)),
                None => Err(unknown_environment(name, &environment::all(host, here))),
            },
        }
    }
}

fn unknown_environment(name: &str, known: &[Location]) -> UsageError {
    let names = known.iter().filter_map(|place| place.name.as_deref());
    let similar = names
        .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    let suggestion = similar.filter(|similar| strsim::jaro_winkler(similar, name) > 0.7);
    let suggestion =
        suggestion.map_or_else(String::new, |similar| format!("; did you mean `{similar}`?"));
    UsageError(format!(
        "no environment named `{name}`{suggestion}\nhint: pass its folder with `--prefix`"
    ))
}

/// Reads an environment; fails if none of it is readable.
pub(super) fn read(host: &dyn Host, place: &Location) -> anyhow::Result<Environment> {
    let environment = environment::read(host, place);
    if environment.packages.is_empty()
        && let Some(problem) = environment.problems.first()
    {
        anyhow::bail!("cannot read the environment `{}`: {}", environment.prefix, problem.detail);
    }
    Ok(environment)
}

/// The machine that the environments are on: this one, even if the flags describe another.
pub(super) fn this_machine(flags: &MachineFlags, host: &dyn Host, described: &Machine) -> Machine {
    if flags.is_other_machine() { probe(host, &Overrides::default()) } else { described.clone() }
}
