//! This machine as a [`Host`](conda_torch_probe::host::Host): its files, programs and environment, and the
//! NVIDIA driver, which is called in a separate process. Also replaces files and runs clients.
//!
//! All code of the project that needs `unsafe` or the operating system is here.
#![expect(clippy::disallowed_methods, reason = "this crate is the access to the system")]

mod cache;
mod command;
mod disk_space;
#[cfg(windows)]
mod display_devices;
mod driver;
mod foreground;
mod input;
#[cfg(windows)]
mod job;
mod live_host;
mod pipes;
mod save;
mod signals;
mod temp_folder;
#[cfg(unix)]
mod watcher;

pub use cache::{CacheFolder, kept_cache, remove_cache};
pub use command::{Command, CommandEnd, CommandOutput, run_command};
pub use disk_space::{DiskSpace, disk_space};
pub use driver::{DRIVER_COMMAND, run_driver_child};
pub use foreground::{ForegroundCommand, ForegroundOutput, run_in_foreground};
pub use input::{host_name, open_input};
pub use live_host::{LiveHost, Waiting};
pub use save::{SaveFailed, save};
pub use signals::{file_size_limits_are_errors, received as received_signal};
pub use temp_folder::TempFolder;
