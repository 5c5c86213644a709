//! `--live`: the rows as the channel has them today.

use anyhow::bail;

use crate::advise::{ChannelRemark, Diagnostic};
use crate::channel::{FaultKind, Origin, PACKAGES, Records, Reply, Told, rows, since};
use crate::host::Host;
use crate::matrix::Matrix;
use crate::model::{Date, Subdir, without_secrets};
use crate::render::{LiveText, difference::trouble};

use super::difference::folder;
use super::verify::Interrupted;
use super::{UsageError, live};

// No doc comment: clap would make it the text of the subcommand.
#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Channel")]
pub(super) struct LiveFlags {
    /// Read conda-forge as it is now, or a mirror or copy of it, by `conda-torch-live`
    #[arg(
        long,
        value_name = "MIRROR",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "conda-forge",
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    live: Option<String>,
    /// Ask nothing of a network: the channel as it was kept from before
    #[arg(long)]
    pub(super) offline: bool,
}

/// The rows that a channel gave, or those of the program where it gave none.
pub(super) struct LiveRows {
    pub(super) matrix: Matrix,
    pub(super) remarks: Vec<ChannelRemark>,
    pub(super) text: LiveText,
}

impl LiveFlags {
    /// Reads the channel where that was asked for.
    pub(super) fn read(
        &self,
        host: &dyn Host,
        subdirs: &[Subdir],
    ) -> anyhow::Result<Result<Option<LiveRows>, Interrupted>> {
        let Some(channel) = &self.live else {
            if self.offline {
                let why = "`--offline` goes with `--live`, which reads a channel";
                return Err(UsageError(why.to_owned()).into());
            }
            return Ok(Ok(None));
        };
        let address = folder(channel)?;
        let reply = live::records(host, &address, subdirs, &PACKAGES, self.offline)?;
        let reply = match reply {
            Ok(reply) => reply,
            Err(interrupted) => return Ok(Err(interrupted)),
        };
        Ok(Ok(Some(drawn(reply, &without_secrets(channel), subdirs)?)))
    }
}

fn drawn(reply: Reply, channel: &str, subdirs: &[Subdir]) -> anyhow::Result<LiveRows> {
    let known = Matrix::embedded();
    let records = match reply.told {
        Told::Records(records) => records.records,
        Told::Failed(fault) => return Ok(unread(channel, trouble(&fault), Some(fault.kind))),
        Told::Solved(_) => bail!("`conda-torch-live` answers another question than it was asked"),
    };
    let age = reply.origins.iter().map(|origin| origin.age).max().unwrap_or(0);
    let day = Date::of_unix_time(now().saturating_sub(age));
    let records = Records { records: since(records, known) };
    let Some((matrix, gaps)) = rows(&records, subdirs, day, known) else {
        return Ok(unread(channel, format!("there is no PyTorch in `{channel}`"), None));
    };
    let mut faults = reply.origins.iter().filter_map(|origin: &Origin| origin.fault.as_ref());
    let fault = faults.next();
    let mut remarks = Vec::new();
    if age > 0 || fault.is_some() {
        remarks.push(ChannelRemark::FromCache { age, why: fault.map(trouble) });
    }
    if let Some(first) = gaps.first() {
        let example = without_secrets(&first.url);
        remarks.push(ChannelRemark::NotUnderstood { count: gaps.len(), example });
    }
    let text = LiveText {
        channel: channel.to_owned(),
        read: true,
        as_of: day,
        age_s: age,
        fault: fault.map(|fault| fault.kind),
    };
    Ok(LiveRows { matrix, remarks, text })
}

/// The program's own rows, in place of those of a channel.
fn unread(channel: &str, why: String, fault: Option<FaultKind>) -> LiveRows {
    let matrix = Matrix::embedded().clone();
    let as_of = matrix.as_of;
    let text = LiveText { channel: channel.to_owned(), read: false, as_of, age_s: 0, fault };
    LiveRows { matrix, remarks: vec![ChannelRemark::Unreadable { why, as_of }], text }
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "what is read of a channel is of a day")]
fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

impl LiveRows {
    /// What is to be known of the reading, as the advice takes it.
    pub(super) fn diagnostics(&self) -> impl Iterator<Item = Diagnostic> + '_ {
        self.remarks.iter().cloned().map(Diagnostic::Channel)
    }
}
