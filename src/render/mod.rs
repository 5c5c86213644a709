//! Turns an advice into text: for a person, as JSON, as commands, as files. Chooses nothing.

pub mod table;
