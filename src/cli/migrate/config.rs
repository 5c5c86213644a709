//! The configuration.

use conda_torch_core::clients::ClientTarget;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::migrate::environment::{EnvironmentChannels, settings};
use conda_torch_core::report::migrate::{self as report, SettingsAnswer};
use conda_torch_probe::environment::{self, Location};
use conda_torch_probe::host::Host;

use super::super::advise::ClientFlag;
use super::super::{Output, UsageError};
use super::{Args, Seen};

pub(super) fn run(args: &Args, host: &dyn Host, seen: &Seen) -> anyhow::Result<Output> {
    let files = conda_torch_probe::settings(host, &seen.here.config_files);
    let variable = host.env("CONDA_CHANNELS");
    let others: Vec<EnvironmentChannels> =
        environment::all(host, &seen.here).iter().map(|place| channels_of(host, place)).collect();
    let found = settings(&files, variable.as_deref(), &others);
    let answer = SettingsAnswer {
        machine: &seen.here,
        settings: &found,
        as_of: Matrix::embedded().as_of,
        client: ClientTarget::of(&seen.here, args.output.client.map(ClientFlag::kind)),
        style: args.style(&seen.here),
    };
    let stdout = if args.output.json {
        report::settings(&answer)
    } else {
        crate::text::migrate_config(&answer).map_err(|refused| UsageError(refused.to_string()))?
    };
    Ok(Output { stdout, code: 0 })
}

/// The channels that an environment's packages came from.
fn channels_of(host: &dyn Host, place: &Location) -> EnvironmentChannels {
    let mut channels: Vec<String> = environment::read(host, place)
        .packages
        .into_iter()
        .map(|package| package.channel)
        .collect();
    channels.sort_unstable();
    channels.dedup();
    EnvironmentChannels {
        name: place.name.clone().unwrap_or_else(|| place.prefix.clone()),
        channels,
    }
}
