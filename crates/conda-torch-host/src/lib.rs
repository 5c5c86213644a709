//! This machine: files, programs, the environment, the NVIDIA driver, and the one place that changes a file.

mod disk_space;
mod display_devices;
mod driver;
mod interrupt;
mod live;
mod live_program;
mod process;
mod save;
mod temp_folder;
mod watch;

pub use disk_space::{DiskSpace, disk_space};
pub use driver::{DRIVER_COMMAND, run_driver_child};
pub use live::LiveHost;
pub use live_program::{ask_live, live_program};
pub use save::{SaveFailed, save};
pub use temp_folder::TempFolder;
pub use watch::{Watch, WatchEnd, Watched, watch};
