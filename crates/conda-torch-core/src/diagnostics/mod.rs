//! What speaks for or against a build, a machine or a request: one entry a diagnostic.

mod channel_remark;
pub(crate) mod channel_words;
mod client_words;
mod code;
mod diagnostic;
mod document_words;
mod driver_access;
pub(crate) mod driver_access_words;
pub(crate) mod hints;
mod messages;

pub use channel_remark::ChannelRemark;
pub use channel_words::{sentence as channel_remark, time, trouble};
pub use diagnostic::{AssumedFact, Blind, Diagnostic, MissingFact, Severity};
pub use driver_access::Trouble;
pub use driver_access_words::is_said_better;
pub use hints::jetpack;
pub use messages::{Message, a_gpu, gpu, message, sentence, the_driver};
