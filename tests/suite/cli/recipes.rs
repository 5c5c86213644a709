//! The recipes of `docs/json.md`, run as they stand there.

use std::fs;
use std::process::Command;

use crate::cli::{Ran, finish, folder, recorded};
use crate::common::UP_TO;
use crate::common::skip;

/// The blocks of a language on the page, in order.
fn recipes(language: &str) -> Vec<String> {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json.md"));
    let page = page.expect("the page");
    let opens = format!("\n```{language}\n");
    let parts = page.split(&opens).skip(1);
    parts.map(|part| part.split("\n```").next().expect("a block").to_owned()).collect()
}

/// Runs a recipe beside the program and a `conda` that prints its arguments.
fn cook(name: &str, interpreter: &[&str], recipe: &str) -> Ran {
    use std::os::unix::fs::PermissionsExt;
    let here = folder(&format!("recipes/{name}"));
    let conda = format!("{here}/conda");
    fs::write(&conda, "#!/bin/sh\necho \"conda $*\"\n").expect("a program");
    fs::set_permissions(&conda, fs::Permissions::from_mode(0o755)).expect("its mode");
    fs::copy(recorded("gtx1080ti-driver-580"), format!("{here}/gpu-node.json")).expect("a node");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_conda-torch"));
    let programs = program.parent().expect("its folder").display();
    let mut command = Command::new(interpreter[0]);
    command
        .args(&interpreter[1..])
        .arg(recipe)
        .current_dir(&here)
        .env_clear()
        .env(UP_TO.0, UP_TO.1);
    command.env("PATH", format!("{here}:{programs}:/usr/local/bin:/usr/bin:/bin"));
    command.env("HOME", &here).env("CONDA_OVERRIDE_GLIBC", "2.35");
    finish(&mut command, "")
}

#[test]
fn a_shell_script_runs_the_command() {
    let ran = cook("install", &["sh", "-euc"], &recipes("sh")[0]).answered();
    let newest = crate::common::matrix().builds.iter().map(|it| it.pytorch).max();
    let newest = newest.expect("builds");
    assert!(
        ran.stdout.starts_with(&format!("Installing PyTorch {newest}\nconda create -n torch ")),
        "{ran:?}"
    );
    assert!(ran.stdout.contains(&format!("pytorch-cpu={newest}")), "{ran:?}");
}

#[test]
fn a_shell_script_asks_for_a_node() {
    let ran = cook("node", &["sh", "-euc"], &recipes("sh")[1]);
    assert_eq!(ran.stdout, "ok\npytorch-gpu=2.13.0\ncuda-version=12.9\n", "{ran:?}");
    assert_eq!(ran.code, Some(0));
}

#[test]
fn python_runs_the_command_without_a_shell() {
    if Command::new("python3").arg("--version").output().is_err() {
        return skip("the Python recipe", "install python3");
    }
    let ran = cook("python", &["python3", "-c"], &recipes("python")[0]).answered();
    assert!(ran.stdout.starts_with("conda create -n torch "), "{ran:?}");
    assert!(ran.stdout.contains(" torchvision="), "{ran:?}");
}
