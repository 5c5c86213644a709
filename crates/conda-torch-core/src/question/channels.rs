//! The channels of a question.

use crate::conda::{ChannelKind, Channels, is_folder};
use crate::escapes::visible;
use crate::report::ErrorCode;

use super::Refusal;

/// These channels, of which none is known to lack conda-forge's builds; conda-forge if there are none.
///
/// # Errors
/// If a text is no channel, or one that is known to lack them.
pub fn channels(given: Vec<String>) -> Result<Channels, Refusal> {
    let channels = Channels::new(given);
    let channels = channels.map_err(|why| Refusal::new(ErrorCode::Usage, why.to_string()))?;
    for (at, channel) in channels.iter().enumerate() {
        let why = match ChannelKind::of(channel) {
            ChannelKind::Pytorch => "the channel `pytorch` ended with PyTorch 2.5",
            ChannelKind::Nvidia => "its packages are for the builds of the ended channel `pytorch`",
            ChannelKind::Defaults if at == 0 => {
                "it has builds of its own, of which nothing is known here"
            }
            ChannelKind::Defaults | ChannelKind::CondaForge | ChannelKind::Other => continue,
        };
        let why = format!("`-c {channel}` does not have conda-forge's PyTorch: {why}");
        return Err(Refusal::new(ErrorCode::ChannelRefused, why));
    }
    Ok(channels)
}

/// The same for those of an address, which has no current folder and no home.
pub(super) fn of_address(given: Vec<String>) -> Result<Channels, Refusal> {
    let is_relative = |it: &&String| {
        it.starts_with(['.', '~'])
            || is_folder(it) && it.starts_with('\\') && !it.starts_with("\\\\")
    };
    if let Some(folder) = given.iter().find(is_relative) {
        let folder = visible(folder);
        let why = format!(
            "`--channel {folder}` depends on the current folder\nhint: give the whole path"
        );
        return Err(Refusal::new(ErrorCode::InvalidValue, why));
    }
    let is_usual = given.iter().all(|it| it == "conda-forge");
    let given = if is_usual { Vec::new() } else { given };
    channels(given).map_err(|refusal| {
        let is_known = refusal.code == ErrorCode::ChannelRefused;
        let hint = if is_known { "\nhint: leave it out" } else { "" };
        Refusal { message: refusal.message + hint, ..refusal }
    })
}
