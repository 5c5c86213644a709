//! Malformed, empty and large files.

use super::{cases, file_of, folder, migrate, text};

#[test]
fn truncated_files_are_kept_or_migrated() {
    let folder = folder("cut");
    for case in cases() {
        let path = file_of(&case);
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let whole = std::fs::read(&path).expect("the file");
        for part in 1..=5 {
            let cut = &whole[..whole.len() * part / 6];
            std::fs::write(folder.join(name), cut).expect("written");
            let output = migrate(&folder, &[name]);
            let code = output.status.code();
            let messages = text(&output.stderr);
            assert!(
                matches!(code, Some(0 | 1 | 3)),
                "{name} at {}: {code:?} {messages}",
                cut.len()
            );
            assert!(!messages.contains("internal error"), "{name} at {}: {messages}", cut.len());
            assert_eq!(std::fs::read(folder.join(name)).expect("it"), cut);
        }
    }
}

#[test]
fn malformed_and_generated_files_are_errors() {
    let folder = folder("odd");
    for (name, bytes, words) in [
        ("environment.yml", &b"name: \xff\xfe\n"[..], "not UTF-8 text"),
        ("environment.yml", b"channels:\n  - pytorch\n dependencies: [", "line 3: not YAML"),
        ("environment.yml", b"dependencies:\n- a: &a [*a]\n\t- b\n", "not YAML"),
        ("pixi.toml", b"[project\nname = 1\n", "line 1: not TOML"),
        ("pixi.toml", b"[dependencies]\npytorch = \"1\"\npytorch = \"2\"\n", "not TOML"),
        ("conda-lock.yml", b"version: 1\n", "a lock file"),
        ("spec.txt", b"# platform\n@EXPLICIT\nhttps://x\n", "a list of package addresses"),
    ] {
        std::fs::write(folder.join(name), bytes).expect("written");
        let output = migrate(&folder, &[name, "--write"]);
        let messages = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {messages}");
        assert!(
            messages.contains(words) && messages.contains("file unchanged"),
            "{name}: {messages}"
        );
        assert!(output.stdout.is_empty());
        assert_eq!(std::fs::read(folder.join(name)).expect("it"), bytes);
    }
}

#[test]
fn files_above_the_limit_are_errors() {
    let folder = folder("large");
    let bytes = vec![b'#'; (4 << 20) + 1];
    std::fs::write(folder.join("environment.yml"), &bytes).expect("written");
    let output = migrate(&folder, &["environment.yml", "--write"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("larger than 4 MiB"));
    assert_eq!(std::fs::read(folder.join("environment.yml")).expect("it"), bytes);
}

#[test]
fn files_that_no_one_has_are_errors() {
    let folder = folder("vast");
    let aliases =
        |at: usize| format!("a{}: &a{} [{}]\n", at + 1, at + 1, format!("*a{at}, ").repeat(9));
    let nested: String = (0..9).map(aliases).collect();
    for (name, text, words) in [
        (
            "setup.sh",
            format!("conda install -c pytorch{}\n", " a".repeat(50_000)),
            "more than 50000 packages",
        ),
        ("pixi.toml", "#".repeat((768 << 10) + 1), "larger than 768 KiB"),
        (
            "environment.yml",
            format!("dependencies:\n{}", "- a\n".repeat(260_000)),
            "too many values",
        ),
        ("environment.yml", format!("channels: [pytorch]\na0: &a0 b\n{nested}"), "too many values"),
        ("environment.yml", "channels: &a [*a]\n".to_owned(), "an alias of what it is in"),
    ] {
        std::fs::write(folder.join(name), &text).expect("written");
        let output = migrate(&folder, &[name, "--write"]);
        let messages = crate::migrate_files::text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {messages}");
        assert!(messages.contains(words) && messages.contains("file unchanged"), "{messages}");
        assert_eq!(std::fs::read_to_string(folder.join(name)).expect("it"), text);
    }
}

/// Repeats a line, with its number for each `#`.
fn repeat(count: usize, line: &str) -> String {
    (0..count).map(|number| line.replace('#', &number.to_string())).collect()
}

/// A scan of the whole file for each of its lines would take minutes.
#[test]
fn files_with_very_many_lines_are_migrated() {
    let folder = folder("many");
    let item = repeat(10_000, "- package#=1.#\n");
    let flow = repeat(10_000, "nvidia, ");
    let feature = repeat(1_000, "[feature.f#.dependencies]\npackage# = '*'\n");
    for (name, text) in [
        (
            "environment.yml",
            format!("channels: [pytorch]\ndependencies:\n{item}- pytorch\n- cpuonly\n"),
        ),
        ("environment.yml", format!("channels: [{flow}pytorch, a]\ndependencies: [python]\n")),
        ("pixi.toml", format!("[workspace]\nchannels = ['pytorch']\n{feature}")),
        ("setup.sh", format!("{}conda install -c pytorch a\n", repeat(10_000, "\"conda list\"; "))),
        (
            "Dockerfile",
            format!("RUN conda install -c pytorch \\\n{}a\n", repeat(10_000, "  package# \\\n")),
        ),
    ] {
        std::fs::write(folder.join(name), &text).expect("written");
        let output = migrate(&folder, &[name, "--write"]);
        assert_eq!(output.status.code(), Some(0), "{}", super::text(&output.stderr));
        let after = std::fs::read_to_string(folder.join(name)).expect("the new file");
        assert!(after.contains("conda-forge") && !after.contains("nvidia"), "{name}");
    }
}

#[test]
fn empty_files_and_files_without_the_old_channel_stay_unchanged() {
    let folder = folder("nothing");
    for (name, bytes) in [
        ("environment.yml", &b""[..]),
        ("environment.yml", b"# only this"),
        ("environment.yml", b"channels: [conda-forge]\ndependencies: [pytorch=2.2.0, numpy]\n"),
        ("pixi.toml", b""),
        ("README.md", b"We like conda install, and pip install torch.\n"),
        ("Dockerfile", b"RUN conda install -c conda-forge pytorch\n"),
    ] {
        std::fs::write(folder.join(name), bytes).expect("written");
        let output = migrate(&folder, &[name, "--check"]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty());
        assert!(text(&output.stderr).contains("nothing to change"));
    }
}
