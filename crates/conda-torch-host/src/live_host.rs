//! This machine, as far as this user may read it.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use conda_torch_probe::host::{
    DEFAULT_TIMEOUT, DisplayDevice, DriverCall, DriverEnd, DriverReport, DriverRequest, Failure,
    Host, ProgramOutput, System, Target, parse_driver_calls,
};

use crate::command::{CommandEnd, new_process, run_briefly};
use crate::driver;

/// This machine.
#[derive(Debug, Clone)]
pub struct LiveHost {
    target: Target,
    timeout: Duration,
    driver_program: Option<PathBuf>,
}

impl LiveHost {
    /// This machine. `driver_program` calls the driver: it runs [`run_driver_child`](crate::run_driver_child) if its
    /// first argument is [`DRIVER_COMMAND`](crate::DRIVER_COMMAND).
    pub fn new(driver_program: Option<PathBuf>) -> Self {
        let target = Target {
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            is_static: cfg!(all(unix, target_feature = "crt-static")),
        };
        let seconds = std::env::var("CONDA_TORCH_TIMEOUT").ok();
        let seconds = seconds.and_then(|text| text.parse().ok()).filter(|n| (1..=600).contains(n));
        let timeout = seconds.map_or(DEFAULT_TIMEOUT, Duration::from_secs);
        Self { target, timeout, driver_program }
    }
}

impl Host for LiveHost {
    fn target(&self) -> &Target {
        &self.target
    }

    fn system(&self) -> System {
        System {
            name: sysinfo::System::name().ok(),
            version: sysinfo::System::os_version().ok(),
            kernel: sysinfo::System::kernel_version().ok(),
            arch: Some(sysinfo::System::cpu_arch()).filter(|arch| !arch.is_empty()),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the clock")]
    fn unix_time(&self) -> Option<u64> {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.ok().map(|since| since.as_secs()).filter(|seconds| *seconds > 0)
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "only the C library knows its version")]
    fn own_glibc(&self) -> Option<String> {
        // SAFETY: the function takes nothing and returns a pointer to a static, NUL-terminated text.
        let version = unsafe { std::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) };
        version.to_str().ok().map(str::to_owned)
    }

    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    fn own_glibc(&self) -> Option<String> {
        None
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn read_start(&self, path: &str, limit: usize) -> Result<Vec<u8>, Failure> {
        let file = open(path)?;
        // A pipe or a device instead of a file would block or never end.
        if !file.metadata()?.is_file() {
            return Err(Failure::Other("not a regular file".to_owned()));
        }
        let mut bytes = Vec::new();
        file.take(limit.try_into().unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, Failure> {
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            // All names that the program looks for are Unicode.
            names.extend(entry?.file_name().into_string());
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
        let target = fs::read_link(path)?;
        target.into_os_string().into_string().map_err(|_| Failure::Other("not Unicode".to_owned()))
    }

    #[cfg(windows)]
    fn display_devices(&self) -> Result<Vec<DisplayDevice>, Failure> {
        crate::display_devices::display_devices()
    }

    /// Linux has files for the bus instead.
    #[cfg(not(windows))]
    fn display_devices(&self) -> Result<Vec<DisplayDevice>, Failure> {
        Err(Failure::NotThere)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<ProgramOutput, Failure> {
        let mut process = new_process(program);
        process.args(arguments);
        let output = run_briefly(process, self.timeout)?;
        let code = match output.end {
            CommandEnd::TimedOut => return Err(Failure::TimedOut(self.timeout.as_secs())),
            CommandEnd::Exited(code) => Some(code),
            CommandEnd::Killed(_) | CommandEnd::Interrupted(_) => None,
        };
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(ProgramOutput { code, stdout: text(output.stdout), stderr: text(output.stderr) })
    }

    fn driver(&self, request: &DriverRequest) -> DriverReport {
        let Some(program) = &self.driver_program else {
            return DriverReport::not_started("no program to call the driver with");
        };
        let mut process = new_process(program);
        process.arg(driver::DRIVER_COMMAND).arg(driver::argument(request));
        // libcuda would hide devices, and count them in another order than NVML.
        process.env_remove("CUDA_VISIBLE_DEVICES").env("CUDA_DEVICE_ORDER", "PCI_BUS_ID");
        match run_briefly(process, self.timeout) {
            Ok(output) => {
                let calls = parse_driver_calls(&output.stdout);
                let end = driver_end(output.end, &calls, request, self.timeout);
                DriverReport { calls, end }
            }
            Err(failure) => {
                DriverReport::not_started(format!("cannot run {}: {failure}", program.display()))
            }
        }
    }
}

fn driver_end(
    end: CommandEnd,
    calls: &[DriverCall],
    request: &DriverRequest,
    timeout: Duration,
) -> DriverEnd {
    let is_unfinished = calls.last().is_none_or(|last| last.reply.is_none());
    match end {
        // A library that ends the process itself leaves a call without its reply.
        CommandEnd::Exited(0) if is_unfinished && *request != DriverRequest::default() => {
            DriverEnd::Crashed("exit status 0".to_owned())
        }
        CommandEnd::Exited(0) => DriverEnd::Finished,
        CommandEnd::TimedOut => DriverEnd::TimedOut(timeout.as_secs()),
        // Windows' own codes are known in hexadecimal: 0xc0000005.
        CommandEnd::Exited(code @ ..0) => {
            DriverEnd::Crashed(format!("exit status {:#x}", code.cast_unsigned()))
        }
        CommandEnd::Exited(code) => DriverEnd::Crashed(format!("exit status {code}")),
        CommandEnd::Killed(signal) | CommandEnd::Interrupted(signal) => {
            DriverEnd::Crashed(format!("signal {signal}"))
        }
    }
}

/// Opens a file for reading, on Unix without waiting for a writer if it is a pipe.
fn open(path: &str) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.read(true).open(path)
}
