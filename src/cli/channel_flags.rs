//! `--channel`, `--live`, `--offline`: where packages come from, and what is known of them.

use anyhow::bail;
use clap::builder::NonEmptyStringValueParser;

use conda_torch_core::conda::{Channels, Subdir, is_folder};
use conda_torch_probe::host::Host;

use super::UsageError;
use super::live_rows::{self, LiveRows};
use super::verify::Interrupted;

// No doc comment: clap would make it the text of the subcommand.
#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Channel")]
pub(super) struct ChannelFlags {
    /// A channel in place of conda-forge: its name, address or folder; more than one by priority
    #[arg(
        short,
        long = "channel",
        value_name = "CHANNEL",
        value_parser = NonEmptyStringValueParser::new()
    )]
    pub(super) channels: Vec<String>,
    /// Take the builds from the channel as it is now, by `conda-torch-live`
    #[arg(long)]
    pub(super) live: bool,
    /// Ask nothing of a network: what was kept from before
    #[arg(long)]
    pub(super) offline: bool,
}

impl ChannelFlags {
    /// The channels that are named, folders in full; conda-forge where none is.
    pub(super) fn channels(&self, host: &dyn Host) -> anyhow::Result<Channels> {
        let full = self.channels.iter().map(|channel| folder(host, channel));
        let channels = Channels::new(full.collect::<anyhow::Result<_>>()?);
        Ok(channels.map_err(|why| UsageError(why.to_string()))?)
    }

    /// Reads them where that was asked for.
    pub(super) fn read(
        &self,
        host: &dyn Host,
        channels: &Channels,
        subdirs: &[Subdir],
    ) -> anyhow::Result<Result<Option<LiveRows>, Interrupted>> {
        if !self.live {
            return Ok(Ok(None));
        }
        let read = live_rows::read(host, channels, subdirs, self.offline)?;
        Ok(read.map(Some))
    }
}

/// A channel as it is found from everywhere: a folder from the root on.
fn folder(host: &dyn Host, channel: &str) -> anyhow::Result<String> {
    let home = channel.strip_prefix("~/").or_else(|| channel.strip_prefix("~\\"));
    let channel = match home.zip(host.env("HOME").or_else(|| host.env("USERPROFILE"))) {
        Some((rest, home)) => host.target().join(&home, rest),
        None => channel.to_owned(),
    };
    if channel.contains("://") || !is_folder(&channel) {
        return Ok(channel);
    }
    match std::path::absolute(&channel)?.into_os_string().into_string() {
        Ok(path) => Ok(path),
        Err(_) => bail!("`{channel}` lies in a folder whose name is not Unicode"),
    }
}
