//! Turns an advice into text: for a person, as JSON, as commands, as files. Chooses nothing.

mod machine;
pub mod table;

pub use machine::machine;
