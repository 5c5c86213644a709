//! What a channel says today: its records, and the solutions that they lead to.
//!
//! Reading channels and solving takes hundreds of crates, which the answer must not wait for and most
//! people never need. They live in a program of their own, `conda-torch-live`, which is asked with one
//! [`LiveRequest`] on its standard input and answers with one [`LiveReply`] on its standard output.

mod addresses;
mod builds;
mod companions;
mod contents;
mod difference;
mod libtorch;
mod priority;
mod protocol;
mod record_specs;
mod rows;

pub use addresses::Addresses;
pub use builds::{BuildKey, ChannelBuild, read_builds};
pub use contents::ChannelContents;
pub use difference::{CompanionDifference, Difference, Differences, RowChange, differences};
pub use priority::by_priority;
pub use protocol::{
    LiveAnswer, LiveQuestion, LiveReply, LiveReplyError, LiveRequest, PROTOCOL, Record, Records,
    RepodataForm, Solution, Solved, SubdirOrigin, age,
};
pub use record_specs::{UnreadReason, UnreadRecord};
pub use rows::{PACKAGES, nearest, rows, since};
