//! The printed difference: what `patch` reads, and what a terminal shows.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::common::skip;

use super::{OLD, folder, migrate, text};

/// Names with every character that a difference has to quote, or that ends a name.
const NAMES: [&str; 14] = [
    "a.md",
    "two words.md",
    " first.md",
    "last.md ",
    "tab\t.md",
    "a\nb.md",
    "a\rb.md",
    "say \"hi\".md",
    "back\\slash.md",
    "\u{1b}[31mred.md",
    "\u{9b}31m\u{202e}.md",
    "ü.md",
    "-a.md",
    "a\n+++ b\n@@ -1 +1 @@.md",
];

/// Text with any characters around it is still text.
const COMMAND: &str = "conda install pytorch -c pytorch\n";

#[test]
fn patch_reads_every_difference() {
    let folder = folder("differences");
    if Command::new("patch").arg("--version").output().is_err() {
        return skip("`patch` not found", "apt-get install patch");
    }
    let windows = COMMAND.replace('\n', "\r\n");
    let old_mac = format!("a\rb\n\rc\n{COMMAND}c\rd");
    let no_break = COMMAND.trim_end();
    let return_alone = format!("{COMMAND}end\r");
    let escape = format!("{COMMAND}\u{1b}[31m \u{9b} \u{202e}\n");
    for name in NAMES {
        for before in [COMMAND, &windows, &old_mac, no_break, &return_alone, &escape] {
            let file = folder.join(name);
            fs::write(&file, before).expect("written");
            let difference = migrate(&folder, &["--", name]).stdout;
            assert!(!difference.is_empty(), "{name:?}");
            let output = migrate(&folder, &["--write", "--", name]);
            assert_eq!(output.status.code(), Some(0), "{name:?}: {}", text(&output.stderr));
            let expected = fs::read(&file).expect("it");
            fs::write(&file, before).expect("written");
            let mut patch = Command::new("patch")
                .args(["-p0", "-f"])
                .current_dir(&folder)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("patch");
            patch.stdin.take().expect("a pipe").write_all(&difference).expect("written");
            let output = patch.wait_with_output().expect("it ends");
            assert!(output.status.success(), "{name:?} {before:?}: {}", text(&output.stdout));
            assert_eq!(fs::read(&file).expect("it"), expected, "{name:?} {before:?}");
        }
    }
}

#[test]
fn names_are_quoted_as_git_does() {
    let folder = folder("quoted");
    for (name, quoted) in [
        ("a.yml", "a.yml"),
        ("ü.yml", "ü.yml"),
        ("two words.yml", "two words.yml\t"),
        ("a\nb\t\".yml", r#""a\nb\t\".yml""#),
        ("\u{1b}\u{9b}\u{202e}.yml", r#""\033\302\233\342\200\256.yml""#),
    ] {
        fs::write(folder.join(name), OLD).expect("written");
        let output = text(&migrate(&folder, &[name]).stdout);
        let expected = format!("--- {quoted}\n+++ {quoted}\n@@ -1,2 +1,2 @@\n");
        assert!(output.starts_with(&expected), "{output}");
    }
}

#[test]
fn a_lone_carriage_return_ends_no_line() {
    let folder = folder("carriage-return");
    fs::write(folder.join("a.md"), format!("a\rb\n{COMMAND}end\r")).expect("written");
    let expected = "--- a.md\n+++ a.md\n@@ -1,3 +1,3 @@\n a\rb\n-conda install pytorch -c pytorch\n\
        +conda install pytorch -c conda-forge\n end\r\n\\ No newline at end of file\n";
    assert_eq!(text(&migrate(&folder, &["a.md"]).stdout), expected);
}

/// Whether a text has a character that a terminal obeys.
fn is_raw(text: &str) -> bool {
    text.contains(['\u{1b}', '\u{7}', '\u{7f}', '\u{9b}', '\u{202e}', '\u{2066}'])
}

const HOSTILE: &str = "a\u{1b}]0;b\u{7}\u{7f}\u{9b}31m\u{202e}\u{2066}.md";

#[test]
fn messages_and_json_have_no_raw_escapes() {
    let folder = folder("escapes");
    let content = format!("{COMMAND}{HOSTILE}\n");
    fs::write(folder.join(HOSTILE), &content).expect("written");
    let missing = format!("missing\n{HOSTILE}");
    let output = migrate(&folder, &[HOSTILE, &missing, "--json"]);
    let (document, messages) = (text(&output.stdout), text(&output.stderr));
    assert!(!is_raw(&document) && !is_raw(&messages), "{document}{messages}");
    assert!(messages.contains(r"missing\na\u{1b}]0;b\u{7}\u{7f}\u{9b}31m\u{202e}"), "{messages}");
    let document: serde_json::Value = serde_json::from_str(&document).expect("JSON");
    assert_eq!(document["files"][0]["file"], HOSTILE);
    assert!(
        document["files"][0]["diff"].as_str().expect("a text").contains(&content[COMMAND.len()..])
    );

    let flag = format!("--{HOSTILE}\nhint: run this");
    for arguments in [&["migrate", &flag][..], &["migrate", "--json", &flag], &[&flag]] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_conda-torch"));
        let output = program.args(arguments).output().expect("the program runs");
        let (document, messages) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(2), "{messages}");
        assert!(!is_raw(&document) && !is_raw(&messages), "{document}{messages}");
        assert!(messages.contains(r"\u{9b}31m\u{202e}\u{2066}.md\nhint: run this"), "{messages}");
    }
}

#[test]
fn a_terminal_shows_escapes_of_the_content() {
    let script = "/usr/bin/script"; // util-linux: gives the program a terminal
    if !std::path::Path::new(script).exists() {
        return;
    }
    let folder = folder("terminal");
    fs::write(folder.join("a.md"), format!("{COMMAND} {HOSTILE}\tb\rc\n")).expect("written");
    let run = format!("{} migrate a.md", env!("CARGO_BIN_EXE_conda-torch"));
    let mut command = Command::new(script);
    command.args(["-qec", &run, "/dev/null"]).current_dir(&folder).stdin(Stdio::null());
    let output = text(&command.output().expect("script").stdout);
    assert!(!is_raw(&output), "{output:?}");
    let shown = r"  a\u{1b}]0;b\u{7}\u{7f}\u{9b}31m\u{202e}\u{2066}.md";
    assert!(output.contains(&format!("{shown}\tb\\rc\r\n")), "{output:?}");
}
