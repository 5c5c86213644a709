//! `--write` in a folder with other programs, other users and the rests of killed runs.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::skip;

use super::{NEW, OLD, folder, migrate, text};

/// The files of a folder with their texts.
fn files(folder: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder).expect("the folder");
    let file = |path: &Path| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap_or_default())
    };
    let mut files: Vec<_> = entries.map(|entry| file(&entry.expect("an entry").path())).collect();
    files.sort();
    files
}

fn named(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// What a run leaves that is not disturbed.
fn written() -> Vec<(String, String)> {
    named(&[("a.yml", NEW), ("a.yml.bak", OLD)])
}

#[test]
fn the_rest_of_a_killed_run_is_replaced() {
    for rest in [NEW, &NEW[..NEW.len() / 2], ""] {
        let folder = folder("rest");
        fs::write(folder.join("a.yml"), OLD).expect("written");
        fs::write(folder.join("a.yml.bak"), rest).expect("written");
        let output = migrate(&folder, &["a.yml", "--write"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(files(&folder), written());
    }
    let folder = folder("rest");
    fs::write(folder.join("a.yml"), OLD).expect("written");
    fs::hard_link(folder.join("a.yml"), folder.join("a.yml.bak")).expect("a link");
    assert_eq!(migrate(&folder, &["a.yml", "--write"]).status.code(), Some(0));
    assert_eq!(files(&folder), written());
}

#[test]
fn a_backup_is_kept_once() {
    let folder = folder("once");
    for _ in 0..3 {
        fs::write(folder.join("a.yml"), OLD).expect("written");
        let output = migrate(&folder, &["a.yml", "--write"]);
        assert!(text(&output.stderr).contains("a.yml.bak`"), "{}", text(&output.stderr));
        assert_eq!(files(&folder), written());
    }
}

/// Kills the program as it begins each system call of the write.
#[cfg(target_os = "linux")]
#[test]
fn a_killed_run_loses_nothing_and_blocks_nothing() {
    let folder = folder("killed");
    let run = |call: &str, signal: &str, number: u32| {
        let _ = fs::remove_file(folder.join("a.yml.bak"));
        fs::write(folder.join("a.yml"), OLD).expect("written");
        let inject = format!("inject={call}:signal={signal}:when={number}");
        Command::new("strace")
            .args(["-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject])
            .args([env!("CARGO_BIN_EXE_conda-torch"), "migrate", "a.yml", "--write"])
            .current_dir(&folder)
            .output()
    };
    if !run("fsync", "CONT", 1).is_ok_and(|output| output.status.success()) {
        return skip("strace cannot run the program", "apt-get install strace");
    }
    let calls = ["write", "fsync", "fchmod", "linkat", "renameat2", "rename", "unlink", "chown"];
    let mut killed = 0;
    for (signal, code) in [("KILL", 137), ("INT", 130), ("TERM", 143)] {
        for (call, number) in calls.into_iter().flat_map(|call| [(call, 1), (call, 2), (call, 3)]) {
            let status = run(call, signal, number).expect("strace runs").status;
            let ended = std::os::unix::process::ExitStatusExt::signal(&status);
            killed += u32::from(status.code() == Some(code) || ended == Some(code - 128));
            let after = files(&folder);
            let context = format!("SIG{signal} at {call} {number}: {after:?}");
            let is_whole = after == named(&[("a.yml", OLD)]) || after == written();
            // The system cannot create a file with a name and exchange it in one step.
            let is_between = signal == "KILL"
                && call == "renameat2"
                && after == named(&[("a.yml", OLD), ("a.yml.bak", NEW)]);
            assert!(is_whole || is_between, "{context}");
            let output = migrate(&folder, &["a.yml", "--write"]);
            assert_eq!(output.status.code(), Some(0), "{context}: {}", text(&output.stderr));
            assert_eq!(files(&folder), written(), "{context}");
        }
    }
    assert!(killed >= 12, "{killed}");
}

/// The signal comes while the program waits for another one that writes the file.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_run_leaves_nothing() {
    let folder = folder("interrupted");
    fs::write(folder.join("a.yml"), OLD).expect("written");
    let other = fs::File::open(folder.join("a.yml")).expect("it opens");
    other.lock().expect("a lock");
    let mut child = Command::new(env!("CARGO_BIN_EXE_conda-torch"))
        .args(["migrate", "a.yml", "b.yml", "--write"])
        .current_dir(&folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let open = format!("/proc/{}/fd", child.id());
    let is_writing = || {
        let entries = fs::read_dir(&open).expect("a process");
        let links = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        links.into_iter().any(|link| link == folder)
    };
    while !is_writing() && child.try_wait().expect("a process").is_none() {
        std::thread::yield_now();
    }
    let kill = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(kill.expect("kill").success());
    let output = child.wait_with_output().expect("it ends");
    let messages = text(&output.stderr);
    assert_eq!(output.status.code(), Some(143), "{messages}");
    assert!(messages.contains("a.yml") && !messages.contains("b.yml"), "{messages}");
    assert_eq!(files(&folder), named(&[("a.yml", OLD)]));
}

#[test]
fn concurrent_runs_have_one_result() {
    for _ in 0..3 {
        let folder = folder("concurrent");
        fs::write(folder.join("a.yml"), OLD).expect("written");
        let start = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_conda-torch"));
            command.args(["migrate", "a.yml", "--write"]).current_dir(&folder);
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it runs")
        };
        let children: Vec<_> = (0..4).map(|_| start()).collect();
        for child in children {
            let output = child.wait_with_output().expect("it ends");
            assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        }
        assert_eq!(files(&folder), written());
    }
}

#[test]
fn a_file_with_hard_links_stays_unchanged() {
    let folder = folder("hard-link");
    fs::write(folder.join("a.yml"), OLD).expect("written");
    fs::hard_link(folder.join("a.yml"), folder.join("b.yml")).expect("a link");
    let output = migrate(&folder, &["a.yml", "--write"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("2 hard links"), "{}", text(&output.stderr));
    assert_eq!(files(&folder), named(&[("a.yml", OLD), ("b.yml", OLD)]));
}

#[test]
fn planted_names_are_not_followed_and_do_not_hang() {
    let folder = folder("planted");
    fs::write(folder.join("a.yml"), OLD).expect("written");
    fs::write(folder.join("other"), "").expect("written");
    symlink("other", folder.join("a.yml.bak")).expect("a link");
    symlink("nowhere", folder.join("a.yml.bak2")).expect("a link");
    fs::create_dir(folder.join("a.yml.bak3")).expect("a folder");
    let pipe = |name: &str| {
        let status = Command::new("mkfifo").arg(folder.join(name)).status();
        assert!(status.expect("mkfifo").success());
    };
    pipe("a.yml.bak4");
    pipe("b.yml");
    let output = migrate(&folder, &["b.yml", "a.yml", "--write"]);
    let messages = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        messages.contains("not a regular file") && messages.contains("a.yml.bak5`"),
        "{messages}"
    );
    assert_eq!(fs::read_to_string(folder.join("a.yml")).expect("it"), NEW);
    assert_eq!(fs::read_to_string(folder.join("a.yml.bak5")).expect("it"), OLD);
    assert_eq!(fs::read_to_string(folder.join("other")).expect("it"), "");
    assert!(!folder.join("nowhere").exists());
}

#[test]
fn extended_attributes_stay() {
    let folder = folder("attributes");
    fs::write(folder.join("a.yml"), OLD).expect("written");
    if xattr::set(folder.join("a.yml"), "user.note", b"mine").is_err() {
        return skip("no extended attributes in the target folder", "use another file system");
    }
    assert_eq!(migrate(&folder, &["a.yml", "--write"]).status.code(), Some(0));
    for name in ["a.yml", "a.yml.bak"] {
        let note = xattr::get(folder.join(name), "user.note").expect("attributes");
        assert_eq!(note.as_deref(), Some(&b"mine"[..]), "{name}");
    }
}

/// A folder may give others access to what is created in it; a file keeps its own access.
#[cfg(target_os = "linux")]
#[test]
fn the_access_of_the_folder_is_not_inherited() {
    let folder = folder("access");
    fs::write(folder.join("a.yml"), OLD).expect("written");
    fs::set_permissions(folder.join("a.yml"), Permissions::from_mode(0o640)).expect("set");
    // Version 2; the owner, user 12345, the group, the mask and others, each with its permissions.
    let mut list = 2u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in
        [(1u16, 6u16, !0), (2, 4, 12345), (4, 4, !0), (16, 4, !0), (32, 0, !0u32)]
    {
        list.extend([tag.to_le_bytes(), permissions.to_le_bytes()].concat());
        list.extend(id.to_le_bytes());
    }
    if xattr::set(&folder, "system.posix_acl_default", &list).is_err() {
        return skip("no access lists in the target folder", "use another file system");
    }
    assert_eq!(migrate(&folder, &["a.yml", "--write"]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(folder.join("a.yml")).expect("it"), NEW);
    assert_eq!(xattr::list(folder.join("a.yml")).expect("attributes").count(), 0);
    assert_eq!(fs::metadata(folder.join("a.yml")).expect("it").mode() & 0o777, 0o640);
}

/// Only root can make a file another user's.
#[test]
fn the_owner_stays() {
    let folder = folder("owner");
    let path = folder.join("a.yml");
    fs::write(&path, OLD).expect("written");
    if std::os::unix::fs::chown(&path, Some(12345), Some(23456)).is_err() {
        return;
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("set");
    assert_eq!(migrate(&folder, &["a.yml", "--write"]).status.code(), Some(0));
    for name in ["a.yml", "a.yml.bak"] {
        let metadata = fs::metadata(folder.join(name)).expect("it");
        assert_eq!((metadata.uid(), metadata.gid()), (12345, 23456), "{name}");
        assert_eq!(metadata.mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_limit_of_file_sizes_is_an_error() {
    let folder = folder("limit");
    let long = format!("{OLD}{}", "# a line\n".repeat(2000));
    fs::write(folder.join("a.yml"), &long).expect("written");
    let run = |arguments: &str| {
        let script = format!("ulimit -c 0; ulimit -f 8; exec \"$0\" {arguments}");
        let program = env!("CARGO_BIN_EXE_conda-torch");
        Command::new("sh").args(["-c", &script, program]).current_dir(&folder).output().expect("sh")
    };
    let output = run("migrate a.yml --write");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("file unchanged"), "{}", text(&output.stderr));
    assert_eq!(files(&folder), named(&[("a.yml", &long)]));
    let output = run("matrix --all --format json > out");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).starts_with("error: cannot write the answer"));
}

/// macOS has only names that are UTF-8.
#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_utf_8_stops_no_other_file() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = folder("not-utf-8");
    fs::write(folder.join("a.yml"), OLD).expect("written");
    let name = OsStr::from_bytes(b"b\xff.yml");
    fs::write(folder.join(name), OLD).expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_conda-torch"))
        .arg("migrate")
        .args([name, OsStr::new("a.yml"), OsStr::new("--write")])
        .current_dir(&folder)
        .output()
        .expect("the program runs");
    let messages = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{messages}");
    assert!(messages.starts_with("b\\xff.yml\n- error: the name is not UTF-8\n"), "{messages}");
    assert_eq!(fs::read_to_string(folder.join("a.yml")).expect("it"), NEW);
}
