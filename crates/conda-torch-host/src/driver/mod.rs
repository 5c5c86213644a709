//! The process that calls the NVIDIA driver, since the driver may hang or crash. It prints each call and each reply
//! at once, as a line of JSON.

mod isolation;
mod libcuda;
mod nvml;

use std::ffi::{OsString, c_char};
use std::io::Write;

use conda_torch_probe::host::{DriverCall, DriverRequest, Library, Query, Reply};

/// The first argument of the process that calls the driver.
pub const DRIVER_COMMAND: &str = "__driver";

/// The most GPUs that are asked about, and the most MIG slices of one. A larger number is a damaged reply.
const DEVICES: u32 = 256;

/// The argument after [`DRIVER_COMMAND`].
pub(crate) fn argument(DriverRequest { nvml, libcuda }: &DriverRequest) -> String {
    serde_json::json!([nvml, libcuda]).to_string()
}

/// Calls the driver and prints the replies. `arguments` are those after [`DRIVER_COMMAND`]. On Unix the process
/// ends here.
pub fn run_driver_child(mut arguments: impl Iterator<Item = OsString>) {
    let request = arguments.next().and_then(|json| serde_json::from_str(json.to_str()?).ok());
    let (nvml, libcuda): (Vec<String>, Vec<String>) = request.unwrap_or_default();
    let mut out = isolation::enter();
    nvml::query(&nvml, &mut Printer { library: Library::Nvml, out: &mut out });
    libcuda::query(&libcuda, &mut Printer { library: Library::Libcuda, out: &mut out });
    #[cfg(unix)]
    isolation::leave();
}

/// How long a name may be, as libraries are told.
const NAME: u8 = 96;

/// The text that `write` gets from a library, which may forget its end: the buffer is longer than [`NAME`] and read
/// to its own end at most.
fn text<E>(write: impl FnOnce(*mut c_char) -> Result<(), E>) -> Result<Reply, E> {
    let mut buffer = [0_u8; 256];
    write(buffer.as_mut_ptr().cast())?;
    let name = buffer.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok(Reply::Text(String::from_utf8_lossy(name).into_owned()))
}

/// Prints the calls to a library and its replies.
struct Printer<'o> {
    library: Library,
    out: &'o mut dyn Write,
}

impl Printer<'_> {
    /// Makes a call and prints it first: if it never returns, the parent knows which it was.
    fn reply(
        &mut self,
        query: Query,
        device: Option<u32>,
        call: impl FnOnce() -> Result<Reply, Reply>,
    ) {
        self.call(query, device, call, |reply| Some(reply.clone()));
    }

    /// The same for a call whose result is needed here. `reply` makes a reply of the result.
    fn call<T>(
        &mut self,
        query: Query,
        device: Option<u32>,
        call: impl FnOnce() -> Result<T, Reply>,
        reply: impl FnOnce(&T) -> Option<Reply>,
    ) -> Option<T> {
        self.print(query, device, None);
        let result = call();
        if let Some(reply) = result.as_ref().map_or_else(|error| Some(error.clone()), reply) {
            self.print(query, device, Some(reply));
        }
        result.ok()
    }

    fn print(&mut self, query: Query, device: Option<u32>, reply: Option<Reply>) {
        let call = DriverCall { library: self.library, query, device, reply };
        if let Ok(json) = serde_json::to_string(&call) {
            // After a line break: a library may have left a line unfinished.
            let line = format!("\n{json}\n");
            let _ = self.out.write_all(line.as_bytes()).and_then(|()| self.out.flush());
        }
    }
}

/// Why a library could not be opened: missing is not the same as not loadable. The loader's message names
/// the missing file, which may be one that the library needs.
fn load_error(error: &libloading::Error, path: &str) -> Reply {
    use std::error::Error;
    let text = error.to_string();
    let code = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    // glibc, musl; Windows' ERROR_MOD_NOT_FOUND.
    if (text.ends_with("No such file or directory") && text.contains(path))
        || code.and_then(std::io::Error::raw_os_error) == Some(126)
    {
        Reply::NotThere
    } else {
        Reply::Error(code.map_or(text, ToString::to_string))
    }
}
