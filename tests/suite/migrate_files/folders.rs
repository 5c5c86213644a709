//! Folders and repositories.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::UP_TO;
use crate::common::skip;

const OLD: &str = "channels:\n  - pytorch\n  - nvidia\ndependencies:\n  - python=3.11\n  - pytorch=2.5.1\n  - pytorch-cuda=12.4\n";

/// A folder with files that have something of the old channel, and others.
fn folder(name: &str) -> String {
    let path = format!("{}/folders/{name}", env!("CARGO_TARGET_TMPDIR"));
    let _ = fs::remove_dir_all(&path);
    for (file, text) in [
        ("environment.yml", OLD),
        ("docs/install.md", "# Install\n\n```sh\nconda install pytorch cpuonly -c pytorch\n```\n"),
        ("src/main.py", "import torch\n"),
        ("notes.txt", "nothing here\n"),
        ("ignored/environment.yml", OLD),
        (".hidden/environment.yml", OLD),
        (".gitignore", "ignored/\n"),
        ("data.bin", "pytorch\u{0}"),
    ] {
        let file = format!("{path}/{file}");
        fs::create_dir_all(Path::new(&file).parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }
    path
}

fn run(folder: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conda-torch"));
    command.arg("migrate").args(arguments).current_dir(folder).env_clear().env(UP_TO.0, UP_TO.1);
    command.env("PATH", "/usr/bin:/bin").env("HOME", folder).env("COLUMNS", "100");
    // The checkout of this project is no repository of the folder.
    command.env("GIT_CEILING_DIRECTORIES", env!("CARGO_TARGET_TMPDIR"));
    let output = command.output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_repository_is_what_version_control_tracks() {
    if !Path::new("/usr/bin/git").exists() {
        return skip("a folder under version control", "install git");
    }
    let folder = folder("repository");
    let git = |words: &[&str]| {
        let mut command = Command::new("/usr/bin/git");
        let status = command.args(["-C", &folder]).args(words).env("HOME", &folder).status();
        assert!(status.expect("git").success());
    };
    git(&["init", "--quiet"]);
    git(&["add", "environment.yml", ".gitignore", "src", "notes.txt", "data.bin", ".hidden"]);
    let (code, stdout, stderr) = run(&folder, &[".", "--check"]);
    assert_eq!(code, Some(4), "{stdout}{stderr}");
    // Tracked, hidden and tracked, and new; not ignored.
    for file in ["environment.yml", ".hidden/environment.yml", "docs/install.md"] {
        assert!(stdout.contains(&format!("+++ {file}\n")), "{file}: {stdout}");
    }
    assert!(!stdout.contains("ignored/"), "{stdout}");
    assert!(!stderr.contains("notes.txt") && !stderr.contains("nothing to change"), "{stderr}");
    assert!(stderr.contains("Checked 7 files: 3 change\n"), "{stderr}");
    // Nothing was written.
    assert_eq!(fs::read_to_string(format!("{folder}/environment.yml")).expect("a file"), OLD);
}

#[test]
fn a_folder_without_version_control_is_walked_and_written() {
    let folder = folder("plain");
    let (code, stdout, stderr) = run(&folder, &[".", "--write"]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stderr.contains("3 written\n"), "{stderr}");
    assert!(
        stderr.contains("note: not under version control; hidden folders are skipped"),
        "{stderr}"
    );
    let is_old =
        |file: &str| fs::read_to_string(format!("{folder}/{file}")).expect("a file") == OLD;
    assert!(is_old(".hidden/environment.yml") && is_old("environment.yml.bak"));
    assert!(!is_old("environment.yml") && !is_old("ignored/environment.yml"));
    let (code, stdout, stderr) = run(&folder, &[".", "--check"]);
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "{stderr}");
    assert!(stderr.contains("0 change\n"), "{stderr}");
}

#[test]
fn annotations_have_the_lines_of_the_files() {
    let folder = folder("annotated");
    let (code, stdout, _) = run(&folder, &["environment.yml", "--check", "--annotate", "github"]);
    assert_eq!(code, Some(4), "{stdout}");
    assert!(
        stdout.starts_with("::warning file=environment.yml,line=2,title=conda-torch::"),
        "{stdout}"
    );
    assert!(!stdout.contains("+++"), "{stdout}");
    let (_, stdout, _) = run(&folder, &["environment.yml", "--annotate", "gitlab"]);
    let report: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(report[0]["location"]["path"], "environment.yml");
}
