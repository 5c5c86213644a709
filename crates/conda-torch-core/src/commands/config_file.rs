//! Whose a configuration file is: `config` acts on `~/.condarc` unless another is named.

use crate::types::{ConfigFile, Machine};

/// Folders that need an administrator.
const SYSTEM: [&str; 4] = ["/etc/", "/opt/", "/usr/", "/var/"];

/// What of a path comes after the user's home; `None` outside of the usual places of one.
fn below_home(path: &str) -> Option<&str> {
    if let Some(rest) = path.strip_prefix("/root/") {
        return Some(rest);
    }
    let users = ["/home/", "/Users/", "C:\\Users\\"];
    let rest = users.iter().find_map(|folder| path.strip_prefix(folder))?;
    rest.split_once(['/', '\\']).map(|(_, rest)| rest)
}

/// Whether a file is one that the user may write: below a home, or, since homes are elsewhere too,
/// called as clients call the user's files and in no folder of the system's or of a client's.
pub(super) fn is_users(machine: &Machine, path: &str) -> bool {
    if path.contains(char::is_control) {
        return false; // nothing to write into a command
    }
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let mut roots = machine.clients.iter().filter_map(|client| client.root_prefix.as_deref());
    below_home(path).is_some()
        || matches!(name, ".condarc" | ".mambarc" | "condarc")
            && !SYSTEM.iter().any(|folder| path.starts_with(folder))
            && !path.contains("\\ProgramData\\")
            && !roots.any(|root| is_below(path, root))
}

/// Whether a path is in a folder or further down.
fn is_below(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder.trim_end_matches(['/', '\\']));
    rest.is_some_and(|rest| rest.starts_with(['/', '\\']))
}

/// Whether a file is `~/.condarc`, which `config` writes unless told otherwise. A home in an unusual
/// place is not known: to name the file is right there too.
pub(super) fn is_own(path: &str) -> bool {
    below_home(path) == Some(".condarc")
}

/// The path to name for a file, where it is not `~/.condarc`.
pub(super) fn named(file: &ConfigFile) -> Option<&str> {
    (!is_own(&file.path)).then_some(file.path.as_str())
}

/// The file to name so that a setting counts: the one where it stands, unless that is `~/.condarc` or
/// not the user's. In a weaker file it would change nothing.
pub(super) fn written<'a>(machine: &Machine, file: &'a ConfigFile) -> Option<&'a str> {
    named(file).filter(|path| is_users(machine, path))
}
