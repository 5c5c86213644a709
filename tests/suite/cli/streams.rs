//! stdout is the answer, stderr is about the run.

use std::process::Stdio;

use crate::cli::{finish, line, program, recorded, run};

/// The start of a color code.
const ESCAPE: char = '\u{1b}';

#[test]
fn success_prints_nothing_on_stderr() {
    for arguments in [
        "advise",
        "advise --json",
        "probe",
        "probe --json",
        "matrix",
        "explain",
        "schema",
        "--help",
        "--version",
    ] {
        line(arguments).answered();
    }
    let version = concat!("conda-torch ", env!("CARGO_PKG_VERSION"), " (conda-forge as of ");
    assert!(line("--version").stdout.starts_with(version));
}

#[test]
fn help_has_examples() {
    for subcommand in ["advise", "probe", "matrix", "explain", "schema"] {
        for flag in ["-h", "--help"] {
            let help = run([subcommand, flag]).answered().stdout;
            assert!(help.contains(&format!("Usage: conda-torch {subcommand}")), "{help}");
            let (_, examples) = help.split_once("\nExamples:\n").expect("examples");
            assert!(examples.contains(&format!("  conda-torch {subcommand}")), "{examples}");
            assert!(examples.lines().all(|line| line.len() <= 80), "{examples}");
        }
    }
    for flag in ["-h", "--help"] {
        let help = run([flag]).answered().stdout;
        assert!(help.contains("\nExit codes: 0 ") && help.contains("advise --platform"), "{help}");
    }
    for flag in ["--platform", "--gpu", "--machine", "--python", "--client", "--format", "--prefix"]
    {
        assert!(line("advise -h").stdout.contains(flag), "{flag}");
    }
}

#[test]
fn every_example_of_the_help_works() {
    let mut tried = 0;
    for arguments in ["-h", "advise -h", "probe -h", "matrix -h", "explain -h", "schema -h"] {
        let help = line(arguments).stdout;
        let (_, examples) = help.split_once("\nExamples:\n").expect("examples");
        for example in examples.lines().filter_map(|line| line.strip_prefix("  conda-torch ")) {
            // Two blanks separate the description, `>` a file.
            let command = example.split("  ").next().unwrap_or_default();
            let command = command.split(" > ").next().unwrap_or_default();
            let command = command.replace("gpu-node.json", &recorded("v100-driver-580"));
            let text = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/errors/traceback-no-kernel.txt");
            let command = command.replace("error.txt", text);
            // A quote opens at every other piece.
            let pieces = command.split('\'').enumerate();
            let words = pieces.flat_map(|(at, piece)| match at % 2 {
                0 => piece.split_whitespace().collect(),
                _ => vec![piece],
            });
            let ran = run(words);
            // conda-forge has no torchaudio for Windows: exit code 3.
            let answers = if cfg!(windows) { &[0, 3][..] } else { &[0] };
            assert!(ran.code.is_some_and(|code| answers.contains(&code)), "{ran:?}");
            assert_eq!(ran.stderr, "");
            tried += 1;
        }
    }
    assert!(tried >= 15, "{tried}");
}

#[test]
fn ignores_a_closed_stdout() {
    for arguments in ["matrix --all --format json", "advise --json", "advise", "probe", "--help"] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = program();
        command.args(arguments.split(' ')).stdin(Stdio::null()).stdout(writer);
        let output = command.stderr(Stdio::piped()).output().expect("the program ends");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*stderr), (Some(0), ""), "{arguments}");
    }
}

#[test]
fn ignores_a_closed_stderr() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = program();
    command.args(["advise", "--machine", "/nowhere"]).stdin(Stdio::null()).stderr(writer);
    let status = command.stdout(Stdio::null()).status().expect("the program ends");
    assert_eq!(status.code(), Some(1));
}

#[test]
#[cfg(target_os = "linux")]
fn fails_on_a_full_disk() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let mut command = program();
    command.arg("advise").stdin(Stdio::null()).stdout(full).stderr(Stdio::piped());
    let output = command.output().expect("the program ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.starts_with("error: cannot write the answer: "), "{stderr}");
}

#[test]
fn color_changes_no_text() {
    let file = recorded("rtx4090-driver-550-says-cuda-12.4");
    let advise = |more: &[&str], env: &[(&str, &str)]| {
        let mut command = program();
        command.args(["advise", "--machine", &file]).args(more).envs(env.iter().copied());
        finish(&mut command, "").answered().stdout
    };
    let plain = advise(&[], &[]);
    assert!(!plain.contains(ESCAPE), "stdout is no terminal: {plain}");
    assert_eq!(advise(&["--color", "never"], &[]), plain);
    assert_eq!(advise(&["--color", "auto"], &[("NO_COLOR", "1")]), plain);

    let colored = advise(&["--color", "always"], &[]);
    assert!(colored.contains(ESCAPE), "{colored}");
    assert_eq!(advise(&["--color", "always"], &[("NO_COLOR", "1")]), colored, "the flag wins");
    let mut pieces = colored.split(ESCAPE);
    let mut words = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        words.push_str(piece.split_once('m').expect("an escape ends in `m`").1);
    }
    assert_eq!(words, plain);

    for format in ["json", "commands", "environment-yml", "pixi-toml", "dockerfile"] {
        let text = advise(&["--color", "always", "--format", format], &[]);
        assert!(!text.contains(ESCAPE), "{format} is for programs: {text}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn colors_terminals_unless_no_color_is_set() {
    let script = "/usr/bin/script"; // util-linux: gives the program a terminal
    if !std::path::Path::new(script).exists() {
        return;
    }
    let on_terminal = |env: &[(&str, &str)]| {
        let mut command = std::process::Command::new(script);
        let advise = format!("{} advise --platform linux-64", env!("CARGO_BIN_EXE_conda-torch"));
        command
            .args(["-qec", &advise, "/dev/null"])
            .env_clear()
            .env(crate::common::UP_TO.0, crate::common::UP_TO.1)
            .env("TERM", "xterm");
        let ran = finish(command.env("PATH", "/usr/bin:/bin").envs(env.iter().copied()), "");
        assert!(ran.stdout.contains("PyTorch"), "{ran:?}");
        ran.stdout.contains(ESCAPE)
    };
    assert!(on_terminal(&[]));
    assert!(on_terminal(&[("NO_COLOR", "")]), "empty is not set");
    assert!(!on_terminal(&[("NO_COLOR", "1")]));
    assert!(!on_terminal(&[("TERM", "dumb")]));
}

#[test]
fn degraded_commands_and_files_come_with_warnings() {
    let degraded = recorded("gtx1080ti-nouveau-no-driver");
    for format in ["commands", "environment-yml", "pixi-toml", "dockerfile"] {
        let ran = run(["advise", "--machine", &degraded, "--color=always", "--format", format]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stderr.starts_with("error: the NVIDIA GPU is not used"), "{ran:?}");
        assert!(ran.stderr.contains("[nouveau]"), "{ran:?}");
        assert!(!ran.stderr.contains(ESCAPE), "{ran:?}");
        let fine = recorded("gtx1080ti-driver-580");
        run(["advise", "--machine", &fine, "--format", format]).answered();
    }
    for format in ["human", "json"] {
        run(["advise", "--machine", &degraded, "--format", format]).answered();
    }
}
