//! What a channel says today: its records, and the solutions that they lead to.
//!
//! Reading channels and solving takes hundreds of crates, which the answer must not wait for and most
//! people never need. They live in a program of their own, `conda-torch-live`, which is asked with one
//! [`Ask`] on its standard input and answers with one [`Reply`] on its standard output.

mod addresses;
mod companions;
mod difference;
mod found;
mod library;
mod priority;
mod protocol;
mod rows;
mod specs;

pub use addresses::Addresses;
pub use difference::{Change, CompanionDifference, Difference, Differences, Has, differences};
pub use found::{Found, Gap, GapKind, Key, found};
pub use priority::by_priority;
pub use protocol::{
    Ask, Form, NoReply, Origin, PROTOCOL, Question, Record, Records, Reply, Solution, Solved, Told,
    age,
};
pub use rows::{PACKAGES, nearest, rows, since};
