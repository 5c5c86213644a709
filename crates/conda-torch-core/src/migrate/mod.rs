//! Migration from the old `pytorch` channel to conda-forge: environments and files.

pub mod environment; // Environment + Machine + Advice → Migration
pub mod files; // a file for the old channel + Advice → its new text
mod old_packages;
