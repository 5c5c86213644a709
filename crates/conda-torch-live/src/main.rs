//! `conda-torch-live`: reads channels, and solves. One [`LiveRequest`] on standard input, one [`LiveReply`] on standard
//! output; `conda-torch` starts it for `--live` and `--verify`. It decides nothing about PyTorch.
#![expect(
    clippy::disallowed_methods,
    reason = "this program is an edge: it touches the world for the other"
)]

mod cache;
mod channel;
mod fault;
mod gateway;
mod kept;
mod network;
mod progress;
mod record;
mod solve;

use std::io::{Read, Write};
use std::process::ExitCode;

use conda_torch_core::channel::{
    LiveAnswer, LiveQuestion, LiveReply, LiveRequest, PROTOCOL, Records, SubdirOrigin,
};
use conda_torch_core::conda::Fault;

/// The longest question that is read, in bytes.
const LONGEST_ASK: u64 = 1 << 20;

fn main() -> ExitCode {
    let ask = match read_ask() {
        Ok(ask) => ask,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "error: {why}");
            return ExitCode::from(2);
        }
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let reply = match runtime {
        Ok(runtime) => runtime.block_on(answer(&ask)),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: cannot start: {error}");
            return ExitCode::from(1);
        }
    };
    let Ok(text) = serde_json::to_vec(&reply) else { return ExitCode::from(1) };
    match std::io::stdout().lock().write_all(&text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(1),
    }
}

/// The question, or why there is none.
fn read_ask() -> Result<LiveRequest, String> {
    if std::env::args_os().len() > 1 {
        return Err("`conda-torch-live` takes no arguments: `conda-torch` starts it, and asks it on its standard input".to_owned());
    }
    let mut text = String::new();
    let read = std::io::stdin().lock().take(LONGEST_ASK).read_to_string(&mut text);
    read.map_err(|error| format!("cannot read the question: {error}"))?;
    let value: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| format!("the question is no JSON document: {error}"))?;
    let protocol = value.get("protocol").and_then(serde_json::Value::as_u64);
    if protocol != Some(u64::from(PROTOCOL)) {
        return Err(format!(
            "this `conda-torch-live` speaks protocol {PROTOCOL}, and the question is in {}; install both programs from the same sources",
            protocol.map_or("none".to_owned(), |number| number.to_string())
        ));
    }
    serde_json::from_value(value)
        .map_err(|error| format!("the question is not understood: {error}"))
}

async fn answer(ask: &LiveRequest) -> LiveReply {
    let mut origins = Vec::new();
    let answer = match tell(ask, &mut origins).await {
        Ok(answer) => answer,
        Err(fault) => LiveAnswer::Failed(fault),
    };
    LiveReply { protocol: PROTOCOL, origins, answer }
}

async fn tell(ask: &LiveRequest, origins: &mut Vec<SubdirOrigin>) -> Result<LiveAnswer, Fault> {
    let channels = channel::parse(ask)?;
    let subdirs = channel::subdirs(ask)?;
    match &ask.question {
        LiveQuestion::Records { names } => {
            let specs = channel::names(names)?;
            let mut reader = gateway::Reader::new(ask, channels)?;
            reader.open(&subdirs, &specs, origins).await?;
            let found = reader.query(&subdirs, &specs, false).await?;
            Ok(LiveAnswer::Records(Records {
                records: record::sorted(found.iter().map(AsRef::as_ref)),
            }))
        }
        LiveQuestion::Solve { specs, virtual_packages } => {
            let task = solve::Task::parse(specs, virtual_packages)?;
            let mut reader = gateway::Reader::new(ask, channels)?;
            reader.open(&subdirs, &task.specs, origins).await?;
            let found = reader.query(&subdirs, &task.specs, true).await?;
            Ok(LiveAnswer::Solved(task.solve(&found)?))
        }
    }
}
