//! Reads channels and solves: the answer to a [`LiveRequest`]. It decides nothing about PyTorch.
#![expect(clippy::disallowed_methods, reason = "this program accesses files and the network")]

mod cache;
mod channel;
mod fault;
mod gateway;
mod limits;
mod network;
mod record;
mod solve;
mod traffic;

use std::io;

use conda_torch_core::channel::{
    LiveAnswer, LiveQuestion, LiveReply, LiveRequest, PROTOCOL, Records, SubdirOrigin,
};
use conda_torch_core::conda::Fault;

pub use traffic::Traffic;

/// Answers a request.
///
/// # Errors
/// If the system has no threads.
pub fn reply(request: &LiveRequest, traffic: &Traffic) -> io::Result<LiveReply> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build()?;
    let mut origins = Vec::new();
    let answer = answer(request, traffic, &mut origins);
    let answer = runtime.block_on(answer).unwrap_or_else(LiveAnswer::Failed);
    // A file that is being read into memory is not waited for.
    runtime.shutdown_background();
    Ok(LiveReply { protocol: PROTOCOL, origins, answer })
}

async fn answer(
    request: &LiveRequest,
    traffic: &Traffic,
    origins: &mut Vec<SubdirOrigin>,
) -> Result<LiveAnswer, Fault> {
    let shown = request.shown.iter().map(Some).chain(std::iter::repeat(None));
    let channels = request.channels.iter().zip(shown).map(|(address, shown)| {
        channel::channel(address, shown.map_or(address.public(), String::as_str))
    });
    let channels = channels.collect::<Result<_, Fault>>()?;
    let subdirs = channel::parse_all(&request.subdirs, channel::subdir)?;
    let (specs, virtual_packages) = match &request.question {
        LiveQuestion::Records { names } => (channel::parse_all(names, channel::package)?, None),
        LiveQuestion::Solve { specs, virtual_packages } => {
            let packages = channel::parse_all(virtual_packages, solve::virtual_package)?;
            (channel::parse_all(specs, channel::spec)?, Some(packages))
        }
    };
    let mut reader = gateway::Reader::new(request, channels, traffic)?;
    reader.open(&subdirs, &specs, origins).await?;
    let found = reader.query(&subdirs, &specs, virtual_packages.is_some()).await?;
    if let Some(packages) = virtual_packages {
        return Ok(LiveAnswer::Solved(solve::solve(specs, packages, &found)?));
    }
    let records = record::sorted(found.iter().map(AsRef::as_ref));
    Ok(LiveAnswer::Records(Records { records }))
}
