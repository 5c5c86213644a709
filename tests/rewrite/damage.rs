//! Files that are no files of the kind: nothing is lost, whatever they hold.

use super::{cases, file_of, folder, migrate, text};

#[test]
fn a_file_cut_anywhere_is_kept_or_changed_without_a_crash() {
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
            let said = text(&output.stderr);
            assert!(matches!(code, Some(0 | 1 | 3)), "{name} at {}: {code:?} {said}", cut.len());
            assert!(!said.contains("without touching"), "{name} at {}: {said}", cut.len());
            assert_eq!(std::fs::read(folder.join(name)).expect("it"), cut);
        }
    }
}

#[test]
fn odd_bytes_are_refused_in_plain_words() {
    let folder = folder("odd");
    for (name, bytes, words) in [
        ("environment.yml", &b"name: \xff\xfe\n"[..], "not a text in UTF-8"),
        ("environment.yml", b"channels:\n  - pytorch\n dependencies: [", "line 3: not YAML"),
        ("environment.yml", b"dependencies:\n- a: &a [*a]\n\t- b\n", "not YAML"),
        ("pixi.toml", b"[project\nname = 1\n", "line 1: not TOML"),
        ("pixi.toml", b"[dependencies]\npytorch = \"1\"\npytorch = \"2\"\n", "not TOML"),
        ("conda-lock.yml", b"version: 1\n", "a lock file"),
        ("spec.txt", b"# platform\n@EXPLICIT\nhttps://x\n", "a list of package addresses"),
    ] {
        std::fs::write(folder.join(name), bytes).expect("written");
        let output = migrate(&folder, &[name, "--write"]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains(words) && said.contains("nothing is"), "{name}: {said}");
        assert!(output.stdout.is_empty());
        assert_eq!(std::fs::read(folder.join(name)).expect("it"), bytes);
    }
}

#[test]
fn a_file_that_is_too_large_is_refused() {
    let folder = folder("large");
    let bytes = vec![b'#'; (4 << 20) + 1];
    std::fs::write(folder.join("environment.yml"), &bytes).expect("written");
    let output = migrate(&folder, &["environment.yml", "--write"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("larger than expected"));
    assert_eq!(std::fs::read(folder.join("environment.yml")).expect("it"), bytes);
}

#[test]
fn many_lines_take_no_time_to_speak_of() {
    use std::fmt::Write;
    let folder = folder("many");
    let mut text = "channels: [pytorch]\ndependencies:\n".to_owned();
    for number in 0..50_000 {
        let _ = writeln!(text, "- package{number}=1.{number}");
    }
    text.push_str("- pytorch\n- cpuonly\n");
    std::fs::write(folder.join("environment.yml"), &text).expect("written");
    let start = std::time::Instant::now();
    assert_eq!(migrate(&folder, &["environment.yml", "--check"]).status.code(), Some(4));
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn a_file_of_nothing_and_one_without_the_old_channel_stay() {
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
