//! This machine, as far as this user may read it.

use std::cell::Cell;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use conda_torch_probe::host::{
    DRIVER_TIMEOUT, DisplayDevice, DriverCall, DriverEnd, DriverReport, DriverRequest, Failure,
    Host, ProgramOutput, System, Target, parse_driver_calls,
};

use crate::command::{CommandEnd, CommandOutput, new_process, run_briefly};
use crate::driver;

/// Called before a program is started, with its name for a person. What it returns is called several times a second
/// with the time that the program has taken so far, and is dropped when the program has ended.
pub type Waiting = fn(&str) -> Box<dyn FnMut(Duration)>;

/// This machine.
#[derive(Debug, Clone)]
pub struct LiveHost {
    target: Target,
    driver_program: Option<PathBuf>,
    /// What is left of the time of the driver and its program `nvidia-smi`.
    driver_time: Cell<Duration>,
    /// What is left of the time of all other programs together. Each may take half of it: one that hangs leaves some
    /// to the next.
    program_time: Cell<Duration>,
    waiting: Waiting,
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
        Self {
            target,
            driver_program,
            driver_time: Cell::default(),
            program_time: Cell::default(),
            waiting: |_| Box::new(|_| {}),
        }
        .with_driver_timeout(DRIVER_TIMEOUT)
    }

    /// Sets how long the driver may take. All other programs together may take two fifths of that.
    #[must_use]
    pub fn with_driver_timeout(self, timeout: Duration) -> Self {
        self.driver_time.set(timeout);
        self.program_time.set(timeout * 2 / 5);
        self
    }

    /// Sets what is told that a program is being waited for.
    #[must_use]
    pub fn with_waiting(self, waiting: Waiting) -> Self {
        Self { waiting, ..self }
    }

    /// Runs a program in the time that is left for its kind, and returns its limit.
    fn run_in_time(
        &self,
        process: process::Command,
        name: &str,
        is_driver: bool,
    ) -> (Duration, Result<CommandOutput, Failure>) {
        let (time, share) =
            if is_driver { (&self.driver_time, 1) } else { (&self.program_time, 2) };
        let limit = time.get() / share;
        let output = run_briefly(process, limit, &mut (self.waiting)(name));
        let took = output.as_ref().map_or(Duration::ZERO, |output| output.took);
        // Ending a program takes a moment longer.
        time.set(time.get().saturating_sub(took.min(limit)));
        (limit, output)
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

    // A static program has a glibc of its own, which says nothing about the system.
    #[cfg(all(target_os = "linux", target_env = "gnu", not(target_feature = "crt-static")))]
    #[expect(unsafe_code, reason = "only the C library knows its version")]
    fn own_glibc(&self) -> Option<String> {
        // SAFETY: the function takes nothing and returns a pointer to a static, NUL-terminated text.
        let version = unsafe { std::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) };
        version.to_str().ok().map(str::to_owned)
    }

    #[cfg(not(all(target_os = "linux", target_env = "gnu", not(target_feature = "crt-static"))))]
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
        let name = Path::new(program).file_stem().unwrap_or_default().to_string_lossy();
        // It asks the driver, and is as slow.
        let is_driver = name == "nvidia-smi";
        let (limit, output) = self.run_in_time(process, &format!("`{name}`"), is_driver);
        let output = output?;
        let code = match output.end {
            CommandEnd::TimedOut => return Err(Failure::TimedOut(limit.as_secs())),
            CommandEnd::TooLarge => return Err(Failure::Other("used too much memory".to_owned())),
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
        let (limit, output) = self.run_in_time(process, "the NVIDIA driver", true);
        match output {
            Ok(output) => {
                let calls = parse_driver_calls(&output.stdout);
                let end = driver_end(output.end, &calls, request, limit);
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
        CommandEnd::TooLarge => DriverEnd::TooLarge,
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
