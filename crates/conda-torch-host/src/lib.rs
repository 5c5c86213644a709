//! This machine: files, programs, the environment, the NVIDIA driver, and the one place that changes a file.

mod devices;
mod driver_child;
mod interrupt;
mod libcuda;
mod live;
mod live_program;
mod process;
mod quarantine;
mod save;
mod scratch;
mod space;
mod watch;

pub use driver_child::{DRIVER_COMMAND, run_driver_child};
pub use live::LiveHost;
pub use live_program::{ask_live, live_program};
pub use save::{SaveFailed, save};
pub use scratch::Scratch;
pub use space::{Space, space};
pub use watch::{Watch, WatchEnd, Watched, watch};
