//! The folders that the client would write to, and their free space.

use std::time::Duration;

use conda_torch_core::commands::Step;
use conda_torch_core::solve_check::{
    folders,
    outcome::{FolderContents, WriteFolder},
};
use conda_torch_core::types::Client;
use conda_torch_host::{Command, CommandEnd, disk_space, run_command};

use super::VerifyContext;
use crate::cli::Interrupted;

/// Time limit of `info --json`.
const DEADLINE: Duration = Duration::from_mins(1);

/// The folders, as far as the client reports them.
#[derive(Default)]
pub(super) struct Folders {
    packages: Option<String>,
    pub(super) environment: Option<String>,
}

/// Asks the client for its folders.
pub(super) fn folders(
    client: &Client,
    step: &Step,
    context: &VerifyContext<'_>,
    deadline: Duration,
) -> Result<Folders, Interrupted> {
    let arguments = ["info", "--json"].map(str::to_owned);
    let deadline = deadline.min(DEADLINE);
    let command =
        Command { program: &client.path, arguments: &arguments, env: &[], stdin: "", deadline };
    let Ok(ran) = run_command(&command, &mut |_| {}) else { return Ok(Folders::default()) };
    if let CommandEnd::Interrupted(signal) = ran.end {
        return Err(Interrupted(signal));
    }
    let folders = folders::Folders::read(&ran.stdout);
    let target = context.host.target();
    let mut words = step.argv.iter().skip_while(|word| *word != "-n" && *word != "-p");
    let environment = match (words.next().map(String::as_str), words.next()) {
        (Some("-p"), Some(folder)) => Some(folder.clone()),
        (Some("-n"), Some(name)) => folders.environments.map(|folder| target.join(&folder, name)),
        // pixi's environment is next to its manifest, in the current folder.
        (_, _) => Some(".".to_owned()),
    };
    Ok(Folders { packages: folders.packages, environment })
}

impl Folders {
    /// Their free space, if known.
    pub(super) fn free_space(self) -> Vec<WriteFolder> {
        let all = [
            (FolderContents::Packages, self.packages),
            (FolderContents::Environment, self.environment),
        ];
        let place = |(holds, path): (FolderContents, Option<String>)| {
            let path = path?;
            let room = disk_space(&path).ok()?;
            Some(WriteFolder { holds, path, free: room.free, file_system: room.file_system })
        };
        all.into_iter().filter_map(place).collect()
    }
}
