//! Completion, as bash, zsh and fish ask for it.

use std::path::Path;
use std::process::Command;

use crate::cli::{finish, folder, line};
use crate::common::UP_TO;
use crate::common::skip;

/// What bash offers for the last word of a command line.
fn offered(words: &[&str]) -> Vec<String> {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_conda-torch"));
    let programs = program.parent().expect("its folder").display();
    let script = "\
        eval \"$(conda-torch completions bash)\"\n\
        COMP_WORDS=(conda-torch \"$@\") COMP_CWORD=$# COMP_TYPE=9\n\
        function=$(complete -p conda-torch | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n\
        $function conda-torch \"${@: -1}\" \"${@: -2:1}\" 2>/dev/null\n\
        printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut command = Command::new("bash");
    command.args(["-c", script, "bash"]).args(words).env_clear().env(UP_TO.0, UP_TO.1);
    command.env("PATH", format!("{programs}:/usr/bin:/bin")).env("HOME", folder("home"));
    let ran = finish(&mut command, "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout.lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn bash_completes_subcommands_flags_and_values() {
    assert_eq!(offered(&["adv"]), ["advise"]);
    assert_eq!(offered(&["advise", "--cuda-v"]), ["--cuda-version"]);
    assert_eq!(offered(&["advise", "--platform", "linux-a"]), ["linux-aarch64"]);
    assert_eq!(offered(&["matrix", "--pytorch", "1.13"]), ["1.13.1", "1.13.0"]);
    let client = offered(&["advise", "--client", "micro"]);
    assert_eq!(client, ["micromamba"]);
    assert_eq!(offered(&["explain", "no-ker"]), ["no-kernels", "no-kernel-image"]);
    let root = env!("CARGO_MANIFEST_DIR");
    for words in [["advise", "--machine"], ["fleet", "--compare"], ["install", "--file"]] {
        let file = format!("{root}/Cargo.tom");
        assert_eq!(offered(&[&words[..], &[&file]].concat()), [format!("{file}l")]);
    }
    for words in [&["migrate"][..], &["check", "-p"], &["explain"], &["advise", "-c"]] {
        let folder = format!("{root}/tes");
        assert_eq!(offered(&[words, &[&folder]].concat()), [format!("{folder}ts/")]);
    }
    let gpus = offered(&["advise", "--gpu", "GeForce GTX 1080"]);
    assert!(
        gpus.iter().any(|gpu| gpu.replace('\\', "").ends_with("GeForce GTX 1080 Ti")),
        "{gpus:?}"
    );
}

/// What a script of another shell prints; `None` without that shell.
fn shell(shell: &str, script: &str) -> Option<Vec<String>> {
    let path = format!("/usr/bin/{shell}");
    if !Path::new(&path).exists() {
        skip(&format!("completion in {shell}"), &format!("install {shell}"));
        return None;
    }
    let program = Path::new(env!("CARGO_BIN_EXE_conda-torch"));
    let programs = program.parent().expect("its folder").display();
    let mut command = Command::new(path);
    let options: &[&str] = if shell == "zsh" { &["-f", "-c"] } else { &["-c"] };
    command.args(options).arg(script).env_clear().env(UP_TO.0, UP_TO.1);
    command.env("PATH", format!("{programs}:/usr/bin:/bin")).env("HOME", folder("home"));
    let ran = finish(&mut command, "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    Some(ran.stdout.lines().map(str::to_owned).collect())
}

#[test]
fn fish_completes_subcommands_flags_and_values() {
    let offered = |line: &str| {
        let script = format!("conda-torch completions fish | source; complete -C '{line}'");
        let lines = shell("fish", &script)?;
        // A description stands behind a tabulator.
        Some(
            lines
                .iter()
                .map(|it| it.split('\t').next().unwrap_or_default().to_owned())
                .collect::<Vec<_>>(),
        )
    };
    let Some(subcommands) = offered("conda-torch adv") else { return };
    assert_eq!(subcommands, ["advise"]);
    assert_eq!(offered("conda-torch advise --cuda-v").unwrap_or_default(), ["--cuda-version"]);
    let platforms = offered("conda-torch advise --platform linux-a").unwrap_or_default();
    assert_eq!(platforms, ["linux-aarch64"]);
    for typed in ["GeForce\\ GTX\\ 1080", "\"GeForce GTX 1080"] {
        let gpus = offered(&format!("conda-torch advise --gpu {typed}")).unwrap_or_default();
        assert_eq!(gpus, ["GeForce GTX 1080", "GeForce GTX 1080 Ti"], "{typed}");
    }
    let short = offered("conda-torch advise --gpu GTX\\ 1080").unwrap_or_default();
    assert_eq!(short, ["GTX 1080", "GTX 1080 Ti"]);
}

#[test]
fn zsh_completes_subcommands_flags_and_values() {
    // zsh's own functions are for a terminal: these print what they get.
    let script = "\
        compdef() { : }\n\
        _describe() { local -a list; list=(\"${(@P)3}\"); print -rl -- $list }\n\
        eval \"$(conda-torch completions zsh)\"\n\
        try() { words=(\"$@\") CURRENT=$#; _clap_dynamic_completer_conda_torch }\n\
        try conda-torch advise --cuda-v\n\
        try conda-torch advise --platform linux-a\n\
        try conda-torch matrix --pytorch 1.13\n\
        try conda-torch advise --gpu 'GeForce GTX 1080'";
    let Some(lines) = shell("zsh", script) else { return };
    let [flag, values @ ..] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(flag.starts_with("--cuda-version:"), "{flag}");
    let expected = ["linux-aarch64", "1.13.1", "1.13.0", "GeForce GTX 1080", "GeForce GTX 1080 Ti"];
    assert_eq!(values, expected);
}

#[test]
fn every_shell_has_a_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = line(&format!("completions {shell}")).answered().stdout;
        assert!(script.contains("CONDA_TORCH_COMPLETE"), "{shell}: {script}");
    }
    line("completions tcsh").refused(2, &["tcsh"]);
}
