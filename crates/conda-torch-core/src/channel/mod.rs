//! The current records of channels.
//!
//! Reading channels and solving needs hundreds of crates, so another program does it: `conda-torch-live`
//! reads one [`LiveRequest`] on its standard input and writes one [`LiveReply`] to its standard output.

mod addresses;
mod builds;
mod companions;
mod difference;
mod priority;
mod protocol;
mod record_specs;
mod rows;

pub use addresses::Addresses;
pub use builds::ChannelBuild;
pub use difference::{
    ChannelContents, Difference, DifferenceKind, Differences, RowChange, differences,
};
pub use priority::by_priority;
pub use protocol::{
    LiveAnswer, LiveQuestion, LiveReply, LiveReplyError, LiveRequest, PROTOCOL, Record, Records,
    RepodataForm, Solved, SubdirOrigin, age,
};
pub use record_specs::{UnreadReason, UnreadRecord};
pub use rows::{PACKAGES, nearest, rows, since};
