//! The only door to the outside: files, programs, the environment, the NVIDIA driver.
//!
//! `conda-torch-host` is this machine, [`RecordedHost`] one that was written down. What differs between
//! operating systems at compile time ends here: everybody else asks [`Host::target`].

mod driver;
mod failure;
mod recorded;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use conda_torch_core::conda::Os;

pub use driver::{
    DriverCall, DriverEnd, DriverReport, DriverRequest, Library, Query, Reply, parse_driver_calls,
};
pub use failure::Failure;
pub use recorded::{RecordedHost, RecordedHostError};

/// A machine as it can be asked. Paths are texts in the form of the machine's own system.
pub trait Host {
    /// What this program was compiled for.
    fn target(&self) -> Target;

    /// What the operating system says of itself.
    fn system(&self) -> System;

    /// The version of the glibc that this process runs on; `None` where it was not linked with one.
    fn own_glibc(&self) -> Option<Cow<'static, str>>;

    /// A variable of the environment; `None` also where it is not Unicode.
    fn env(&self, name: &str) -> Option<Cow<'_, str>>;

    /// A whole file of at most `limit` bytes.
    ///
    /// # Errors
    /// Where it is not there, may not be read, or is larger.
    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, Failure>;

    /// The first `limit` bytes of a file, or all of it.
    ///
    /// # Errors
    /// Where it is not there or may not be read.
    fn read_start(&self, path: &str, limit: usize) -> Result<Vec<u8>, Failure>;

    /// The names in a folder, sorted.
    ///
    /// # Errors
    /// Where it is not there or may not be listed.
    fn list(&self, path: &str) -> Result<Vec<String>, Failure>;

    /// Whether there is anything at a path, as far as this user may see.
    fn exists(&self, path: &str) -> bool;

    /// Whether there is a file at a path, as far as this user may see.
    fn is_file(&self, path: &str) -> bool;

    /// Where a symbolic link points to, as it is written.
    ///
    /// # Errors
    /// Where there is no link, or it may not be read.
    fn read_link(&self, path: &str) -> Result<String, Failure>;

    /// The display adapters that are present, where the system has a list of them that is no folder:
    /// Windows.
    ///
    /// # Errors
    /// Where there is no such list, or it may not be read.
    fn display_devices(&self) -> Result<Vec<DisplayDevice>, Failure>;

    /// Runs a program without a shell and without input, within a deadline of two seconds.
    ///
    /// # Errors
    /// Where it could not be started, or did not end in time.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<ProgramOutput, Failure>;

    /// Asks the NVIDIA driver's libraries, in a process of their own and within a deadline.
    fn driver(&self, request: &DriverRequest) -> DriverReport;
}

/// What a program is compiled for, as a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Rust's word for the operating system: `linux`, `macos`, `windows`.
    pub os: Cow<'static, str>,
    /// Rust's word for the architecture: `x86_64`, `aarch64`.
    pub arch: Cow<'static, str>,
    /// Rust's word for the environment: `gnu`, `musl`, `msvc`, empty.
    #[serde(default)]
    pub env: Cow<'static, str>,
    /// Whether it is linked statically, and so cannot open a library.
    #[serde(default)]
    pub is_static: bool,
}

impl Target {
    /// The operating system, where the program knows what to ask there.
    #[must_use]
    pub fn os(&self) -> Option<Os> {
        match self.os.as_ref() {
            "linux" => Some(Os::Linux),
            "macos" => Some(Os::Macos),
            "windows" => Some(Os::Windows),
            "freebsd" => Some(Os::FreeBsd),
            _ => None,
        }
    }

    /// A name in a folder.
    #[must_use]
    pub fn join(&self, folder: &str, name: &str) -> String {
        let mut path = String::with_capacity(folder.len() + name.len() + 1);
        self.join_to(&mut path, folder, name);
        path
    }

    /// Appends a name in a folder to a text.
    pub fn join_to(&self, path: &mut String, folder: &str, name: &str) {
        let separator = if self.os == "windows" { '\\' } else { '/' };
        path.push_str(folder.strip_suffix(['/', separator]).unwrap_or(folder));
        path.push(separator);
        path.push_str(name);
    }
}

/// What the operating system says of itself; `None` where it would not say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct System {
    /// `Debian GNU/Linux`, `Darwin`, `Windows`.
    pub name: Option<String>,
    /// `12`, `14.5`, `10 (19045)`.
    pub version: Option<String>,
    /// The kernel's release.
    pub kernel: Option<String>,
    /// The kernel's word for the processor: `x86_64`, `aarch64`, `arm64`.
    pub arch: Option<String>,
}

/// A program that has run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProgramOutput {
    /// The exit status; `None` where a signal ended it.
    pub code: Option<i32>,
    /// What it wrote, cut at a bound, with damaged Unicode replaced.
    pub stdout: String,
    /// What it complained about, cut at a bound.
    pub stderr: String,
}

/// A display adapter as Windows names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisplayDevice {
    /// Its instance: `PCI\\VEN_10DE&DEV_1B06&SUBSYS_85E41043&REV_A1\\4&2DFDC19A&0&0008`.
    pub id: String,
    /// The service that drives it: `nvlddmkm`, `BasicDisplay`.
    #[serde(default)]
    pub service: Option<String>,
}
