//! The folders where the client would write, and their room.

use std::time::Duration;

use conda_torch_core::commands::Step;
use conda_torch_core::solve_check::{
    folders,
    proof::{Holds, Place},
};
use conda_torch_core::types::Client;
use conda_torch_host::{Watch, WatchEnd, disk_space, watch};

use super::{Circumstances, Interrupted};

/// How long a client may take to say where it keeps things.
const DEADLINE: Duration = Duration::from_mins(1);

/// Where the client would write, as far as it says.
#[derive(Default)]
pub(super) struct Folders {
    packages: Option<String>,
    /// The environment's own folder.
    pub(super) environment: Option<String>,
}

/// Asks the client where it keeps things.
pub(super) fn folders(
    client: &Client,
    step: &Step,
    around: &Circumstances<'_>,
    deadline: Duration,
) -> Result<Folders, Interrupted> {
    let arguments = ["info", "--json"].map(str::to_owned);
    let deadline = deadline.min(DEADLINE);
    let asked =
        Watch { program: &client.path, arguments: &arguments, env: &[], stdin: "", deadline };
    let Ok(ran) = watch(&asked, &mut |_| {}) else { return Ok(Folders::default()) };
    if let WatchEnd::Interrupted(signal) = ran.end {
        return Err(Interrupted(signal));
    }
    let folders = folders::Folders::read(&ran.stdout);
    let target = around.host.target();
    let mut words = step.argv.iter().skip_while(|word| *word != "-n" && *word != "-p");
    let environment = match (words.next().map(String::as_str), words.next()) {
        (Some("-p"), Some(folder)) => Some(folder.clone()),
        (Some("-n"), Some(name)) => folders.environments.map(|folder| target.join(&folder, name)),
        // pixi's is beside its manifest, where one calls it.
        (_, _) => Some(".".to_owned()),
    };
    Ok(Folders { packages: folders.packages, environment })
}

impl Folders {
    /// Their room, as far as that can be had.
    pub(super) fn places(self) -> Vec<Place> {
        let all = [(Holds::Packages, self.packages), (Holds::Environment, self.environment)];
        all.into_iter()
            .filter_map(|(holds, path)| {
                let path = path?;
                let room = disk_space(&path).ok()?;
                Some(Place { holds, path, free: room.free, file_system: room.file_system })
            })
            .collect()
    }
}
