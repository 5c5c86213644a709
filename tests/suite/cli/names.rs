//! Names with special characters.

use crate::cli::{Ran, run};
#[cfg(unix)]
use crate::cli::{finish, folder};

/// Names that a shell would interpret.
const HOSTILE: [&str; 8] = [
    "two words",
    "it's",
    "say \"hi\"",
    "$(touch x)",
    "`touch x`",
    "; touch x;",
    "* ? [a] ~ ! \\ & | < > #",
    "$HOME",
];

/// The name without what conda refuses in one.
fn for_conda(name: &str) -> String {
    name.replace([' ', '/', ':', '#'], "")
}

/// Runs a script in bash, in an empty folder.
#[cfg(unix)]
fn bash(arguments: &[&str], script: &str) -> Ran {
    let mut command = std::process::Command::new("/bin/bash");
    command.args(["--norc", "--noprofile"]).args(arguments).current_dir(folder("empty"));
    finish(
        command
            .env_clear()
            .env(crate::common::UP_TO.0, crate::common::UP_TO.1)
            .env("PATH", "/usr/bin:/bin"),
        script,
    )
}

fn commands(flag: &str, name: &str, more: &[&str]) -> Ran {
    let arguments = ["advise", "--platform", "linux-64", "--format", "commands", flag, name];
    run([&arguments, more].concat())
}

#[test]
#[cfg(unix)]
fn quotes_hostile_names_as_one_word() {
    for name in HOSTILE {
        for (flag, name) in [("--name", for_conda(name)), ("--prefix", name.to_owned())] {
            let client = ["--client", "mamba", "--shell", "bash"];
            let output = commands(flag, &name, &client).answered().stdout;
            let script = format!("mamba() {{ printf '<%s>' \"$@\"; }}\n{output}");
            let ran = bash(&["-eu"], &script);
            let short = &flag[1..3];
            assert!(ran.stdout.starts_with(&format!("<create><{short}><{name}><--")), "{ran:?}");
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{name}");
        }
    }
    let left = std::fs::read_dir(folder("empty")).expect("the folder").count();
    assert_eq!(left, 0, "a name was run");
}

#[test]
#[cfg(unix)]
fn commands_of_every_client_are_valid_bash() {
    for client in ["conda", "mamba", "micromamba", "pixi"] {
        for name in HOSTILE {
            let name = if client == "pixi" { name.to_owned() } else { for_conda(name) };
            let output = commands("--name", &name, &["--shell", "bash", "--client", client]);
            let ran = bash(&["-n"], &output.answered().stdout);
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{client} {name}");
        }
    }
}

#[test]
fn refuses_names_that_a_shell_cannot_quote() {
    commands("--name", "a%b", &["--shell", "cmd"]).refused(2, &["cmd", "a%b"]);
    for shell in ["bash", "zsh", "fish", "powershell", "cmd"] {
        commands("--name", "a\nb", &["--shell", shell]).refused(2, &["a terminal", "a\\nb"]);
    }
    let flags = ["advise", "--platform", "win-64", "--json", "--name", "a%b"];
    let document = run(flags).answered().json();
    let install = document["commands"].as_array().expect("commands").iter();
    let install = install.filter(|command| command["step"] == "install").collect::<Vec<_>>();
    assert!(install[0]["cmd"].is_null() && install[0]["posix"].is_string(), "{install:?}");
    assert!(install[0]["argv"].as_array().expect("words").contains(&"a%b".into()));
}

#[test]
fn quotes_hostile_names_in_files() {
    for name in HOSTILE.into_iter().chain(["line\nbreak"]) {
        let file = |format, name| {
            let arguments = ["advise", "--platform", "linux-64", "--name", name];
            run([&arguments[..], &["--format", format]].concat()).answered().stdout
        };
        let pixi: toml::Table = file("pixi-toml", name).parse().expect("TOML");
        assert_eq!(pixi["workspace"]["name"].as_str(), Some(name));
        let name = for_conda(name);
        let yml = file("environment-yml", &name);
        let line = yml.lines().find_map(|line| line.strip_prefix("name: ")).expect("a name");
        // A double-quoted YAML string of these characters is a JSON string.
        let read = serde_json::from_str::<String>(line).unwrap_or_else(|_| line.to_owned());
        assert_eq!(read, name);
    }
}

#[test]
fn refuses_names_that_clients_refuse() {
    for name in ["my env", "a/b", "a:b", "a#b", "root"] {
        for client in ["conda", "mamba", "micromamba"] {
            commands("--name", name, &["--client", client]).refused(2, &[name, client, "hint: "]);
        }
        commands("--name", name, &["--client", "pixi"]).answered();
    }
    // conda checks the last part of a new folder too.
    commands("--prefix", "/srv/my env", &[]).refused(2, &["/srv/my env", "a space"]);
    commands("--prefix", "/srv/my env/torch", &[]).answered();
    commands("--prefix", "/srv/my env", &["--client", "micromamba"]).answered();
    run(["advise", "--platform", "linux-64", "--name=-x"]).refused(2, &["`-x`", "option"]);
}

#[test]
fn base_is_never_created() {
    let ran = commands("--name", "base", &[]).answered();
    assert!(ran.stdout.starts_with("conda install -n base "), "{ran:?}");
}

#[test]
fn a_folder_with_a_leading_dash_is_no_option() {
    let ran = run(["advise", "--platform", "linux-64", "--prefix=-x", "--format", "commands"]);
    assert!(ran.stdout.starts_with("conda create -p ./-x "), "{ran:?}");
}
