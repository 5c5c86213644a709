//! The files of a folder: those that version control tracks, else all but hidden ones.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use conda_torch_core::migrate::files::{has_old_words, is_known_name};
use conda_torch_host::{Command, CommandEnd, run_command};
use conda_torch_probe::host::Host;

use crate::cli::progress::Progress;

/// The largest file that is read.
pub(super) const LARGEST: usize = 4 << 20;

/// How long git may take to list the files.
const DEADLINE: Duration = Duration::from_mins(1);

/// How deep folders are looked into without version control.
const DEEPEST: usize = 32;

/// Hidden folders and files that are looked into: settings of services and clients.
const SHOWN: [&str; 7] = [
    ".azure-pipelines",
    ".binder",
    ".circleci",
    ".condarc",
    ".devcontainer",
    ".github",
    ".gitlab-ci.yml",
];

/// Folders of other people's files.
const SKIPPED: [&str; 5] = ["__pycache__", "node_modules", "site-packages", "target", "venv"];

/// The files of a folder that may have something of the old channel.
#[derive(Debug, Default)]
pub(super) struct FolderFiles {
    /// In the order of their paths.
    pub(super) candidates: Vec<OsString>,
    /// How many files there are.
    pub(super) count: usize,
    /// Whether version control listed them.
    pub(super) is_tracked: bool,
}

impl FolderFiles {
    /// Looks into a folder.
    pub(super) fn of(host: &dyn Host, folder: &str) -> Self {
        let mut progress = Progress::new(format!("Reading `{folder}`"), true);
        let start = std::time::Instant::now();
        let tracked = tracked(folder);
        let is_tracked = tracked.is_some();
        let mut paths = tracked.unwrap_or_else(|| {
            let mut paths = Vec::new();
            walk(host, folder, "", DEEPEST, &mut paths);
            paths
        });
        paths.sort();
        let mut files = Self { count: paths.len(), is_tracked, candidates: Vec::new() };
        for path in paths {
            progress.tick(start.elapsed());
            let path = if folder == "." { path } else { host.target().join(folder, &path) };
            let is_link = host.read_link(&path).is_ok();
            let is_known = is_known_name(&path);
            let may_be_script = !path.rsplit(['/', '\\']).next().is_some_and(|it| it.contains('.'));
            // What cannot be read is told later.
            let is_candidate = || match host.read(&path, LARGEST) {
                Ok(bytes) => has_old_words(&bytes) && (is_known || bytes.starts_with(b"#!")),
                Err(_) => is_known,
            };
            if (is_known || may_be_script) && !is_link && host.is_file(&path) && is_candidate() {
                files.candidates.push(path.into());
            }
        }
        files
    }
}

/// What git tracks or would add, from the folder on; `None` without git or outside of its repositories. A setting of
/// the repository that would start a program is turned off.
fn tracked(folder: &str) -> Option<Vec<String>> {
    let words = [
        "-c",
        "core.fsmonitor=false",
        "-C",
        folder,
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ];
    let arguments = words.map(str::to_owned);
    let command =
        Command { program: "git", arguments: &arguments, env: &[], stdin: "", deadline: DEADLINE };
    let output = run_command(&command, &mut |_| {}).ok()?;
    if output.end != CommandEnd::Exited(0) {
        return None;
    }
    let names = output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let mut names: Vec<String> =
        names.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    names.dedup();
    Some(names)
}

/// Adds the files below a folder by their paths from it.
fn walk(host: &dyn Host, folder: &str, below: &str, depth: usize, files: &mut Vec<String>) {
    let place =
        if below.is_empty() { folder.to_owned() } else { host.target().join(folder, below) };
    let names = host.list(&place).unwrap_or_default();
    // An environment of a client.
    if depth == 0 || names.iter().any(|name| name == "conda-meta") {
        return;
    }
    for name in names {
        let is_hidden = name.starts_with('.') && !SHOWN.contains(&name.as_str());
        if is_hidden || SKIPPED.contains(&name.as_str()) {
            continue;
        }
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        let place = host.target().join(folder, &path);
        if host.read_link(&place).is_ok() {
            continue;
        }
        if host.is_file(&place) {
            files.push(path);
        } else {
            walk(host, folder, &path, depth - 1, files);
        }
    }
}

/// Whether an argument names a folder.
pub(super) fn is_folder(host: &dyn Host, name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        name != "-" && host.exists(name) && !host.is_file(name) && host.list(name).is_ok()
    })
}
