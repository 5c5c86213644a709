//! `--channel`, `--live`, `--offline`: which channels to use and how to read them.

use anyhow::bail;
use clap::builder::NonEmptyStringValueParser;

use conda_torch_core::conda::{Channels, Subdir, is_folder};
use conda_torch_probe::host::Host;

use super::UsageError;
use super::live::{self, LiveMatrix};

// No doc comment: clap would show it as the description of the subcommand.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Channel")]
pub(super) struct ChannelFlags {
    /// Channel to use instead of conda-forge: a name, URL or folder; repeatable, by priority
    #[arg(
        short,
        long = "channel",
        value_name = "CHANNEL",
        value_parser = NonEmptyStringValueParser::new()
    )]
    pub(super) channels: Vec<String>,
    /// Read the channel's current builds instead of the built-in data, with `conda-torch-live`
    #[arg(long)]
    pub(super) live: bool,
    /// Use only cached channel data
    #[arg(long)]
    pub(super) offline: bool,
}

impl ChannelFlags {
    /// The channels of the flags, folders as absolute paths; by default conda-forge.
    pub(super) fn channels(&self, host: &dyn Host) -> anyhow::Result<Channels> {
        let full = self.channels.iter().map(|channel| folder(host, channel));
        let channels = Channels::new(full.collect::<anyhow::Result<_>>()?);
        Ok(channels.map_err(|why| UsageError(why.to_string()))?)
    }

    /// Reads the channels if `--live` is set.
    pub(super) fn read(
        &self,
        host: &dyn Host,
        channels: &Channels,
        subdirs: &[Subdir],
    ) -> anyhow::Result<Option<LiveMatrix>> {
        self.live.then(|| live::read_matrix(host, channels, subdirs, self.offline)).transpose()
    }
}

/// A channel that does not depend on the current folder.
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
        Err(_) => bail!("the absolute path of channel `{channel}` is not valid Unicode"),
    }
}
