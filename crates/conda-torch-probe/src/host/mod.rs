//! Access to a machine: its files, programs and environment, and the NVIDIA driver.
//!
//! [`Host`] is implemented by `conda-torch-host` for this machine and by [`RecordedHost`] for a machine that was
//! recorded. Everything that differs between operating systems at compile time is behind it.

mod driver;
mod recorded;

use std::io;
use std::time::Duration;

use conda_torch_core::conda::Os;
use serde::{Deserialize, Serialize};

pub use driver::{
    DriverCall, DriverEnd, DriverReport, DriverRequest, Library, Query, Reply, parse_driver_calls,
};
pub use recorded::RecordedHost;

/// How long the driver may take by default. Its initialization takes seconds on a server without persistence mode.
/// <https://docs.nvidia.com/deploy/driver-persistence/index.html>
pub const DRIVER_TIMEOUT: Duration = Duration::from_secs(10);

/// A machine. Paths are texts in the form of its operating system.
pub trait Host {
    /// What this program was compiled for.
    fn target(&self) -> &Target;

    /// What the operating system reports about itself.
    fn system(&self) -> System;

    /// The clock: seconds since 1970; `None` if it is not set.
    fn unix_time(&self) -> Option<u64>;

    /// The version of the glibc that this process runs on; `None` if it was not linked with glibc.
    fn own_glibc(&self) -> Option<String>;

    /// A variable of the environment; `None` also if it is not Unicode.
    fn env(&self, name: &str) -> Option<String>;

    /// The first `limit` bytes of a file, or all of it.
    fn read_start(&self, path: &str, limit: usize) -> Result<Vec<u8>, Failure>;

    /// A whole file of at most `limit` bytes.
    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, Failure> {
        let bytes = self.read_start(path, limit.saturating_add(1))?;
        if bytes.len() > limit { Err(Failure::TooLarge) } else { Ok(bytes) }
    }

    /// The first `limit` bytes of a file as text. Invalid Unicode is replaced: no number can be read from it.
    fn text(&self, path: &str, limit: usize) -> Result<String, Failure> {
        Ok(String::from_utf8_lossy(&self.read_start(path, limit)?).into_owned())
    }

    /// The names in a folder, sorted.
    fn list(&self, path: &str) -> Result<Vec<String>, Failure>;

    /// Whether there is anything at a path that this user can see.
    fn exists(&self, path: &str) -> bool;

    /// Whether there is a file at a path that this user can see.
    fn is_file(&self, path: &str) -> bool;

    /// The target of a symbolic link, as it is written.
    fn read_link(&self, path: &str) -> Result<String, Failure>;

    /// The display adapters that are present, as Windows lists them.
    fn display_devices(&self) -> Result<Vec<DisplayDevice>, Failure>;

    /// Runs a program without a shell and without input, for a limited time.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<ProgramOutput, Failure>;

    /// Calls the NVIDIA driver's libraries in a separate process, for a limited time.
    fn driver(&self, request: &DriverRequest) -> DriverReport;
}

const LINKS: usize = 4;

/// A path, and where it leads if it is a link, and so on.
pub(crate) fn links(host: &dyn Host, path: &str) -> impl Iterator<Item = String> {
    let target = |path: &String| {
        let link = host.read_link(path).ok()?;
        let is_absolute = link.starts_with(['/', '\\']) || link.contains(":\\");
        Some(if is_absolute { link } else { host.target().join(parent(path).unwrap_or(""), &link) })
    };
    std::iter::successors(Some(path.to_owned()), target).take(LINKS + 1)
}

/// The folder of a path; `None` at the top.
pub(crate) fn parent(path: &str) -> Option<&str> {
    let at = path.rfind(['/', '\\'])?;
    Some(&path[..at]).filter(|parent| !parent.is_empty())
}

/// What a program was compiled for, as a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Rust's name for the operating system: `linux`, `macos`, `windows`.
    pub os: String,
    /// Rust's name for the architecture: `x86_64`, `aarch64`.
    pub arch: String,
    /// Whether it is linked statically, and so cannot open a library.
    #[serde(default)]
    pub is_static: bool,
}

impl Target {
    /// The operating system, if it is one that the program supports.
    pub fn os(&self) -> Option<Os> {
        Os::of(&self.os)
    }

    /// Whether the operating system is this one.
    pub fn is(&self, os: Os) -> bool {
        self.os() == Some(os)
    }

    pub(crate) fn list_separator(&self) -> char {
        if self.is(Os::Windows) { ';' } else { ':' }
    }

    /// The path of a name in a folder. `name` may have several parts with `/` between them.
    pub fn join(&self, folder: &str, name: &str) -> String {
        let (separator, name) = if self.is(Os::Windows) {
            ('\\', name.replace('/', "\\"))
        } else {
            ('/', name.to_owned())
        };
        format!("{}{separator}{name}", folder.strip_suffix(['/', separator]).unwrap_or(folder))
    }
}

/// What the operating system reports about itself; `None` if it does not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct System {
    /// `Debian GNU/Linux`, `Darwin`, `Windows`.
    pub name: Option<String>,
    /// `12`, `14.5`, `10 (19045)`.
    pub version: Option<String>,
    /// The kernel's release.
    pub kernel: Option<String>,
    /// The kernel's name for the processor: `x86_64`, `aarch64`, `arm64`.
    pub arch: Option<String>,
}

/// The result of a program.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProgramOutput {
    /// The exit status; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout, up to a limit, with invalid Unicode replaced.
    pub stdout: String,
    /// What it wrote to stderr, the same way.
    pub stderr: String,
}

/// A display adapter as Windows lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisplayDevice {
    /// Its instance: `PCI\\VEN_10DE&DEV_1B06&SUBSYS_85E41043&REV_A1\\4&2DFDC19A&0&0008`.
    pub id: String,
    /// The service that drives it: `nvlddmkm`, `BasicDisplay`.
    pub service: Option<String>,
}

/// Why a file or program gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Failure {
    #[error("not found")]
    NotThere,
    #[error("permission denied")]
    Denied,
    #[error("larger than expected")]
    TooLarge,
    #[error("{}", no_answer(*.0))]
    TimedOut(u64),
    #[error("{0}")]
    Other(String),
}

/// No answer within so many whole seconds; 0 is less than one.
fn no_answer(seconds: u64) -> String {
    match seconds {
        0 => "no answer in time".to_owned(),
        1 => "no answer within 1 second".to_owned(),
        seconds => format!("no answer within {seconds} seconds"),
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
        // NotADirectory: a parent folder is a file.
        if matches!(error.kind(), NotFound | NotADirectory) {
            Self::NotThere
        } else if error.kind() == PermissionDenied {
            Self::Denied
        } else {
            Self::Other(error.to_string())
        }
    }
}
