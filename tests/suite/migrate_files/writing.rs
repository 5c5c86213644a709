//! `--write`, the diff, and exit codes.

use super::{NEW, OLD, folder, migrate, text};

#[test]
fn backups_are_never_overwritten() {
    let folder = folder("copies");
    for backup in ["a.yml.bak", "a.yml.bak2", "a.yml.bak3"] {
        let (old, new) = (format!("{OLD}# {backup}\n"), format!("{NEW}# {backup}\n"));
        std::fs::write(folder.join("a.yml"), &old).expect("written");
        let output = migrate(&folder, &["a.yml", "--write"]);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stderr).contains(&format!("{backup}`")), "{}", text(&output.stderr));
        assert_eq!(std::fs::read_to_string(folder.join(backup)).expect("the copy"), old);
        assert_eq!(std::fs::read_to_string(folder.join("a.yml")).expect("it"), new);
    }
    assert_eq!(std::fs::read_dir(&folder).expect("it").count(), 4, "nothing else is left");
}

#[test]
fn prints_a_unified_diff() {
    let folder = folder("patch");
    std::fs::write(folder.join("a.yml"), OLD).expect("written");
    let output = migrate(&folder, &["a.yml"]);
    let expected = "--- a.yml\n+++ a.yml\n@@ -1,2 +1,2 @@\n\
        -channels: [pytorch, conda-forge]\n-dependencies: [pytorch, cpuonly]\n\
        +channels: [conda-forge]\n+dependencies: [pytorch, pytorch-cpu]\n";
    assert_eq!(text(&output.stdout), expected);
}

#[test]
fn of_very_many_sentences_the_first_thousand_are_printed() {
    let folder = folder("sentences");
    let file = format!(
        "channels: [pytorch]\ndependencies:\n  - pytorch\n  - pip:\n{}",
        "    - torch\n".repeat(600)
    );
    std::fs::write(folder.join("a.yml"), file).expect("written");
    let output = migrate(&folder, &["a.yml", "--platform", "linux-64"]);
    // Two of each line of pip.
    let stderr = text(&output.stderr);
    assert_eq!(stderr.lines().filter(|line| line.starts_with("- line ")).count(), 1000);
    assert!(stderr.ends_with("\n- and 200 more; `--json` has all of them\n"), "{stderr}");
}

#[test]
fn standard_input_is_detected_by_its_content() {
    use std::io::Write;
    let manifest = "[workspace]\nchannels = ['pytorch']\nplatforms = []\n";
    for (input, line) in [
        (OLD, "+channels: [conda-forge]"),
        ("conda install pytorch -c pytorch\n", "+conda install pytorch -c conda-forge"),
        (manifest, "+channels = ['conda-forge']"),
    ] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_conda-torch"))
            .args(["migrate", "-"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("the program runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input.as_bytes()).expect("written");
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        assert!(text(&output.stdout).lines().any(|found| found == line), "{input}");
    }
}

#[test]
fn all_files_are_migrated_and_the_most_severe_code_is_returned() {
    let folder = folder("several");
    std::fs::write(folder.join("a.yml"), OLD).expect("written");
    std::fs::write(folder.join("b.yml"), "dependencies: [").expect("written");
    let output = migrate(&folder, &["missing.yml", "b.yml", "a.yml", "--write"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cannot read the file: not found"));
    assert_eq!(std::fs::read_to_string(folder.join("a.yml")).expect("it"), NEW);
    let output = migrate(&folder, &["a.yml.bak", "--check"]);
    assert_eq!(output.status.code(), Some(4), "what it says of the old channel is not passed over");
    std::fs::write(folder.join("a.yml"), OLD).expect("written");
    assert_eq!(migrate(&folder, &["a.yml", "--check"]).status.code(), Some(4));
    assert_eq!(migrate(&folder, &["a.yml", "-n", "torch"]).status.code(), Some(2));
    assert_eq!(migrate(&folder, &["-", "--write"]).status.code(), Some(2));
}

#[test]
fn json_has_changes_and_errors() {
    let folder = folder("json");
    std::fs::write(folder.join("a.yml"), OLD).expect("written");
    let output = migrate(&folder, &["a.yml", "missing.yml", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["exit_code"], 1);
    assert_eq!(document["files"][0]["form"], "environment-yml");
    assert_eq!(document["files"][0]["changed"], true);
    assert_eq!(document["files"][0]["changes"][1]["before"], "cpuonly");
    assert_eq!(document["files"][0]["changes"][1]["after"][0], "pytorch-cpu");
    assert_eq!(document["files"][1]["error"], "cannot read the file: not found");
}

#[cfg(unix)]
#[test]
fn symbolic_links_and_permissions_stay() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("link");
    std::fs::create_dir(folder.join("real")).expect("a folder");
    let real = folder.join("real/a.yml");
    std::fs::write(&real, OLD).expect("written");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).expect("set");
    std::os::unix::fs::symlink("real/a.yml", folder.join("link.yml")).expect("a link");
    let output = migrate(&folder, &["link.yml", "--write"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(folder.join("link.yml").is_symlink());
    assert_eq!(std::fs::read_to_string(&real).expect("it"), NEW);
    let mode = std::fs::metadata(&real).expect("it").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert!(folder.join("real/a.yml.bak").exists());
    std::os::unix::fs::symlink("nowhere", folder.join("dangling.yml")).expect("a link");
    assert_eq!(migrate(&folder, &["dangling.yml"]).status.code(), Some(1));
    assert_eq!(migrate(&folder, &["real"]).status.code(), Some(0), "a folder is its files");
}

#[cfg(unix)]
#[test]
fn a_file_in_a_read_only_folder_stays_unchanged() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("denied");
    std::fs::write(folder.join("a.yml"), OLD).expect("written");
    let set = |mode| {
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).expect("set");
    };
    set(0o555);
    let may_all = std::fs::write(folder.join("probe"), "").is_ok();
    let output = migrate(&folder, &["a.yml", "--write"]);
    set(0o755);
    if may_all {
        return; // the superuser may write anywhere
    }
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("permission denied"), "{}", text(&output.stderr));
    assert_eq!(std::fs::read_to_string(folder.join("a.yml")).expect("it"), OLD);
}

#[cfg(unix)]
#[test]
fn a_read_only_file_stays_unchanged() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("read-only");
    std::fs::write(folder.join("a.yml"), OLD).expect("written");
    let mode = std::fs::Permissions::from_mode(0o444);
    std::fs::set_permissions(folder.join("a.yml"), mode).expect("set");
    let output = migrate(&folder, &["a.yml", "--write"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("permission denied"), "{}", text(&output.stderr));
    assert_eq!(std::fs::read_to_string(folder.join("a.yml")).expect("it"), OLD);
    assert!(!folder.join("a.yml.bak").exists());
}
