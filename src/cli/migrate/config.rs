//! `conda-torch migrate --config`.

use conda_torch_core::migrate::environment::{EnvironmentChannels, settings};
use conda_torch_core::report::migrate::{self as report, SettingsAnswer};
use conda_torch_probe::environment::{self, Location};
use conda_torch_probe::host::Host;

use crate::text;

use super::{Args, Machines, Output, UsageError};

pub(super) fn run(args: &Args, host: &dyn Host, machines: &Machines) -> anyhow::Result<Output> {
    let here = &machines.here;
    let files = conda_torch_probe::settings(host, &here.config_files);
    let environments: Vec<EnvironmentChannels> =
        environment::all(host, here).iter().map(|place| channels_of(host, place)).collect();
    let answer = SettingsAnswer {
        machine: here,
        settings: &settings(&files, host.env("CONDA_CHANNELS").as_deref(), &environments),
        client: args.output.target(here),
        shell: args.output.shell(here),
    };
    let stdout = if args.output.json {
        report::settings(&answer)
    } else {
        text::migrate_config(&answer, args.output.style())
            .map_err(|why| UsageError(why.to_string()))?
    };
    Ok(Output { stdout, code: 0 })
}

/// The channels of an environment's packages.
fn channels_of(host: &dyn Host, place: &Location) -> EnvironmentChannels {
    let packages = environment::read(host, place).packages;
    let mut channels: Vec<String> = packages.into_iter().map(|package| package.channel).collect();
    channels.sort_unstable();
    channels.dedup();
    let name = place.name.as_ref().unwrap_or(&place.prefix).clone();
    EnvironmentChannels { name, channels }
}
