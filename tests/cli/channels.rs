//! Other channels than conda-forge: in commands, in files, in what is known of them.
#![cfg(unix)]

use crate::{finish, line, program, run};

/// A machine with an H100, described.
const NODE: [&str; 8] =
    ["--platform", "linux-64", "--gpu", "H100", "--driver", "580", "--format", "commands"];

const OWN: &str = "https://corp.example/ml";

fn commands(client: &str, channels: &[&str]) -> String {
    let mut words = vec!["advise", "--client", client];
    words.extend(channels.iter().flat_map(|channel| ["-c", channel]));
    run(words.into_iter().chain(NODE)).answered().stdout
}

#[test]
fn each_client_is_told_of_them_in_their_order() {
    let both = "-c https://corp.example/ml -c conda-forge";
    for client in ["conda", "mamba", "micromamba"] {
        let said = commands(client, &[OWN, "conda-forge"]);
        let expected = format!("--override-channels {both} --strict-channel-priority pytorch-gpu=");
        assert!(said.contains(&expected), "{said}");
    }
    let said = commands("pixi", &[OWN, "conda-forge"]);
    assert!(said.contains(&format!("pixi init torch {both} --platform linux-64")), "{said}");
}

#[test]
fn what_a_shell_would_take_apart_is_quoted() {
    let said = commands("conda", &["/srv/my channels/a $(b)"]);
    assert!(said.contains(" -c '/srv/my channels/a $(b)' "), "{said}");
}

#[test]
fn a_folder_is_named_in_full() {
    let mut command = program();
    command.current_dir("/").env("HOME", "/home/me");
    command.args(["advise", "-c", "./srv/x", "-c", "~/y"]).args(NODE);
    let ran = finish(&mut command, "");
    assert!(ran.stdout.contains(" -c /srv/x -c /home/me/y "), "{ran:?}");
}

#[test]
fn files_name_them_too() {
    let file = |format: &str| {
        let words = ["advise", "-c", OWN, "-c", "conda-forge"].into_iter();
        run(words.chain(NODE[..7].iter().copied()).chain([format])).answered().stdout
    };
    let yml = file("environment-yml");
    let channels = "channels:\n  - \"https://corp.example/ml\"\n  - conda-forge\n  - nodefaults\n";
    assert!(yml.contains(channels), "{yml}");
    assert!(yml.contains(", from https://corp.example/ml, conda-forge\n"), "{yml}");
    let pixi = file("pixi-toml");
    let channels = "channels = [\"https://corp.example/ml\", \"conda-forge\"]\n";
    assert!(pixi.contains(channels), "{pixi}");
    let docker = file("dockerfile");
    let channels = "--override-channels -c https://corp.example/ml -c conda-forge --strict";
    assert!(docker.contains(channels), "{docker}");
}

#[test]
fn an_image_cannot_take_packages_from_a_folder() {
    let words = ["advise", "-c", "/srv/channel"].into_iter();
    run(words.chain(NODE[..7].iter().copied()).chain(["dockerfile"]))
        .refused(2, &["a Dockerfile cannot take packages from the folder `/srv/channel`"]);
}

#[test]
fn what_is_no_channel_is_refused() {
    run(["advise", "--channel=-y"]).refused(2, &["`-y` is no channel"]);
    run(["advise", "-c", "a\nb"]).refused(2, &["is no channel", "another control character"]);
    run(["advise", "-c", ""]).refused(2, &["--channel"]);
}

#[test]
fn flags_that_would_do_nothing_are_refused() {
    line("advise --offline").refused(2, &["`--offline` goes with `--live` or `--verify`"]);
    line("matrix --channel x").refused(2, &["go with `--live` or `--diff`"]);
    line("matrix --offline").refused(2, &["go with `--live` or `--diff`"]);
}

#[test]
fn conda_forge_by_its_address_is_conda_forge() {
    let words = ["advise", "-c", "https://conda.anaconda.org/conda-forge"].into_iter();
    let ran = run(words.chain(NODE)).answered();
    assert!(ran.stdout.contains(" -c https://conda.anaconda.org/conda-forge "), "{ran:?}");
    assert!(!run(["advise", "-c", "conda-forge"]).stdout.contains("channel-assumed"));
    assert!(run(["advise", "-c", OWN]).stdout.contains("[channel-assumed]"));
}
