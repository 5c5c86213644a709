//! This machine.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::display_devices::display_devices;
use super::driver::arguments;
use super::process::{self, Ended};
use conda_torch_probe::host::{
    DisplayDevice, DriverEnd, DriverReport, DriverRequest, Failure, Host, ProgramOutput, System,
    Target, parse_driver_calls,
};

/// How long a program or the driver may take.
const DEADLINE: Duration = Duration::from_secs(2);

/// This machine, as this user may see it. Nothing is written.
#[derive(Debug, Clone, Default)]
pub struct LiveHost {
    driver_program: Option<PathBuf>,
    /// The environment as it was at the first question. Dozens of variables are asked for, and the
    /// system would go through all of them for each.
    environment: OnceCell<Vec<(String, String)>>,
}

impl LiveHost {
    /// This machine. Without [a program that asks the driver](Self::with_driver_program) the
    /// driver's libraries are not asked.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the program that asks the driver in a process of its own: one that calls
    /// [`run_driver_child`](super::run_driver_child) when its first argument is [`DRIVER_COMMAND`](super::DRIVER_COMMAND).
    #[must_use]
    pub fn with_driver_program(mut self, program: PathBuf) -> Self {
        self.driver_program = Some(program);
        self
    }
}

impl Host for LiveHost {
    fn target(&self) -> Target {
        Target {
            os: Cow::Borrowed(std::env::consts::OS),
            arch: Cow::Borrowed(std::env::consts::ARCH),
            env: Cow::Borrowed(if cfg!(target_env = "gnu") {
                "gnu"
            } else if cfg!(target_env = "musl") {
                "musl"
            } else if cfg!(target_env = "msvc") {
                "msvc"
            } else {
                ""
            }),
            is_static: cfg!(all(unix, target_feature = "crt-static")),
        }
    }

    fn system(&self) -> System {
        // Only what is used: `System::new_all` would look at every process (5 ms).
        System {
            name: sysinfo::System::name().ok(),
            version: sysinfo::System::os_version().ok(),
            kernel: sysinfo::System::kernel_version().ok(),
            arch: Some(sysinfo::System::cpu_arch()).filter(|arch| !arch.is_empty()),
        }
    }

    fn own_glibc(&self) -> Option<Cow<'static, str>> {
        own_glibc()
    }

    fn env(&self, name: &str) -> Option<Cow<'_, str>> {
        let all = self.environment.get_or_init(environment);
        let is_it = |other: &str| {
            if cfg!(windows) { other.eq_ignore_ascii_case(name) } else { other == name }
        };
        all.iter().find(|(other, _)| is_it(other)).map(|(_, value)| Cow::Borrowed(value.as_str()))
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, Failure> {
        let bytes = self.read_start(path, limit.saturating_add(1))?;
        if bytes.len() > limit { Err(Failure::TooLarge) } else { Ok(bytes) }
    }

    fn read_start(&self, path: &str, limit: usize) -> Result<Vec<u8>, Failure> {
        let file = open(path)?;
        let metadata = file.metadata()?;
        // A pipe or a device in the place of a file would block or never end.
        if !metadata.is_file() {
            return Err(Failure::Other("not a regular file".to_owned()));
        }
        // Files of `/proc` have no size, those of `/sys` a page's.
        let size = usize::try_from(metadata.len()).unwrap_or(limit).clamp(256, 64 << 10);
        let mut bytes = Vec::with_capacity(size.min(limit) + 1);
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[expect(clippy::disallowed_methods, reason = "this is `Host`")]
    fn list(&self, path: &str) -> Result<Vec<String>, Failure> {
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            // A name that is not Unicode is none of those that are looked for.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn exists(&self, path: &str) -> bool {
        Path::new(path).exists()
    }

    fn is_file(&self, path: &str) -> bool {
        Path::new(path).is_file()
    }

    fn read_link(&self, path: &str) -> Result<String, Failure> {
        let target = Path::new(path).read_link()?;
        target.into_os_string().into_string().map_err(|_| Failure::Other("not Unicode".to_owned()))
    }

    fn display_devices(&self) -> Result<Vec<DisplayDevice>, Failure> {
        display_devices()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<ProgramOutput, Failure> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let run = process::run(Path::new(program), &arguments, &[], DEADLINE)?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let code = match run.ended {
            Ended::TimedOut => return Err(Failure::TimedOut),
            Ended::Exited(code) => Some(code),
            Ended::Killed(_) => None,
        };
        Ok(ProgramOutput { code, stdout: text(run.stdout), stderr: text(run.stderr) })
    }

    fn driver(&self, request: &DriverRequest) -> DriverReport {
        let not_started =
            |why: String| DriverReport { calls: vec![], end: DriverEnd::NotStarted(why) };
        let Some(program) = &self.driver_program else {
            return not_started("there is no program to ask it in a process of its own".to_owned());
        };
        // libcuda would hide devices, and count them in another order than NVML.
        let env = [("CUDA_VISIBLE_DEVICES", None), ("CUDA_DEVICE_ORDER", Some("PCI_BUS_ID"))];
        let run = match process::run(program, &arguments(request), &env, DEADLINE) {
            Ok(run) => run,
            Err(failure) => {
                return not_started(format!(
                    "{} could not be started: {failure}",
                    program.display()
                ));
            }
        };
        let calls = parse_driver_calls(&run.stdout);
        let is_stuck = calls.last().is_none_or(|last| last.reply.is_none());
        let end = match run.ended {
            // A library that ends the process itself leaves a call without its answer.
            Ended::Exited(0) if is_stuck && *request != DriverRequest::default() => {
                DriverEnd::Crashed("exit status 0".to_owned())
            }
            Ended::Exited(0) => DriverEnd::Finished,
            Ended::TimedOut => DriverEnd::TimedOut,
            // Windows' own codes are known by their hexadecimal form: 0xc0000005.
            Ended::Exited(code @ ..0) => {
                DriverEnd::Crashed(format!("exit status {:#x}", code.cast_unsigned()))
            }
            Ended::Exited(code) => DriverEnd::Crashed(format!("exit status {code}")),
            Ended::Killed(signal) => DriverEnd::Crashed(format!("signal {signal}")),
        };
        DriverReport { calls, end }
    }
}

/// Every variable whose name and value are Unicode. Windows takes small letters for capitals.
fn environment() -> Vec<(String, String)> {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

/// Opens a file for reading, without waiting for a writer where it is a pipe.
#[cfg(unix)]
fn open(path: &str) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)
}

#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "this is `Host`")]
fn open(path: &str) -> std::io::Result<fs::File> {
    fs::File::open(path)
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the C library's own version is only to be had from the C library")]
fn own_glibc() -> Option<Cow<'static, str>> {
    // SAFETY: the function takes nothing and returns a pointer to a static, NUL-terminated text.
    let version = unsafe { std::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) };
    version.to_str().ok().map(Cow::Borrowed)
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn own_glibc() -> Option<Cow<'static, str>> {
    None
}
