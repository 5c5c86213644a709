//! `conda-torch-live`: reads channels and solves. One [`LiveRequest`] on stdin, one [`LiveReply`] on stdout.
//! `conda-torch` starts it for `--live` and `--verify`. It decides nothing about PyTorch.

use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use conda_torch_core::channel::{LiveRequest, PROTOCOL};

use conda_torch_live::{Traffic, reply};

/// The memory that this program may use, in bytes: a third of it is enough for every subdir of conda-forge. Repodata
/// that is mapped from a file does not count.
const MEMORY: usize = 1 << 30;

/// How often the memory is looked at: much less than the limit can be filled in this time.
const INTERVAL: Duration = Duration::from_millis(5);

/// Past four times the limit an allocation fails, which ends the program. It ends with a reply before.
#[global_allocator]
static ALLOCATOR: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, 4 * MEMORY);

/// The longest request that is read, in bytes.
const REQUEST: u64 = 1 << 20;

fn main() -> ExitCode {
    // rattler creates files that everybody may read.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let read = read_request().map_err(|message| (2, message));
    let ended = read.and_then(|it| respond(&it).map_err(|error| (1, error.to_string())));
    let Err((code, message)) = ended else { return ExitCode::SUCCESS };
    let _ = writeln!(std::io::stderr(), "error: {message}");
    ExitCode::from(code)
}

fn respond(request: &LiveRequest) -> std::io::Result<()> {
    let traffic = Traffic::default();
    watch_memory(traffic.clone());
    let reply = reply(request, &traffic)?;
    std::io::stdout().lock().write_all(&serde_json::to_vec(&reply)?)
}

/// Ends the reading once it uses too much memory. A thread: the runtime may be busy with what it reads.
fn watch_memory(traffic: Traffic) {
    std::thread::spawn(move || {
        while ALLOCATOR.allocated() < MEMORY {
            std::thread::sleep(INTERVAL);
        }
        traffic.refuse_memory(MEMORY as u64);
    });
}

fn read_request() -> Result<LiveRequest, String> {
    if std::env::args_os().len() > 1 {
        return Err("`conda-torch-live` takes no arguments; `conda-torch` starts it and writes a request to its stdin".to_owned());
    }
    let mut text = String::new();
    let read = std::io::stdin().lock().take(REQUEST).read_to_string(&mut text);
    read.map_err(|error| format!("cannot read the request: {error}"))?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| format!("the request is not JSON: {error}"))?;
    let protocol = value.get("protocol").and_then(serde_json::Value::as_u64);
    if protocol != Some(u64::from(PROTOCOL)) {
        let number = protocol.map_or("none".to_owned(), |number| number.to_string());
        return Err(format!(
            "this `conda-torch-live` speaks protocol {PROTOCOL}, the request {number}; install both programs from the same sources"
        ));
    }
    serde_json::from_value(value).map_err(|error| format!("invalid request: {error}"))
}
