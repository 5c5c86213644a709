//! Completion, as bash asks for it.

use std::process::Command;

use crate::cli::{finish, folder, line};

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
    command.args(["-c", script, "bash"]).args(words).env_clear();
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
    let gpus = offered(&["advise", "--gpu", "GeForce GTX 1080"]);
    assert!(
        gpus.iter().any(|gpu| gpu.replace('\\', "").ends_with("GeForce GTX 1080 Ti")),
        "{gpus:?}"
    );
}

#[test]
fn every_shell_has_a_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = line(&format!("completions {shell}")).answered().stdout;
        assert!(script.contains("CONDA_TORCH_COMPLETE"), "{shell}: {script}");
    }
    line("completions tcsh").refused(2, &["tcsh"]);
}
