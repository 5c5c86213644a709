//! `--channel`.
#![cfg(unix)]

use crate::cli::{finish, line, program, run};

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
fn passes_channels_to_each_client_in_order() {
    let both = "-c https://corp.example/ml -c conda-forge";
    for client in ["conda", "mamba", "micromamba"] {
        let output = commands(client, &[OWN, "conda-forge"]);
        let expected = format!("--override-channels {both} --strict-channel-priority pytorch-gpu=");
        assert!(output.contains(&expected), "{output}");
    }
    let output = commands("pixi", &[OWN, "conda-forge"]);
    assert!(output.contains(&format!("pixi init torch {both} --platform linux-64")), "{output}");
}

#[test]
fn quotes_channels_for_the_shell() {
    let output = commands("conda", &["/srv/my channels/a $(b)"]);
    assert!(output.contains(" -c '/srv/my channels/a $(b)' "), "{output}");
}

#[test]
fn expands_channel_folders_to_absolute_paths() {
    let mut command = program();
    command.current_dir("/").env("HOME", "/home/me");
    command.args(["advise", "-c", "./srv/x", "-c", "~/y"]).args(NODE);
    let ran = finish(&mut command, "");
    assert!(ran.stdout.contains(" -c /srv/x -c /home/me/y "), "{ran:?}");
}

#[test]
fn files_list_the_channels() {
    let file = |format: &str| {
        let words = ["advise", "-c", OWN, "-c", "conda-forge"].into_iter();
        run(words.chain(NODE[..7].iter().copied()).chain([format])).answered().stdout
    };
    let yml = file("environment-yml");
    let channels = "channels:\n  - \"https://corp.example/ml\"\n  - conda-forge\ndependencies:\n";
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
fn refuses_a_dockerfile_with_a_channel_folder() {
    let words = ["advise", "-c", "/srv/channel"].into_iter();
    run(words.chain(NODE[..7].iter().copied()).chain(["dockerfile"]))
        .refused(2, &["a Dockerfile cannot use the folder `/srv/channel`"]);
}

#[test]
fn refuses_invalid_channels() {
    run(["advise", "--channel=-y"]).refused(2, &["`-y` is no channel"]);
    run(["advise", "-c", "a\nb"]).refused(2, &["is no channel", "another control character"]);
    run(["advise", "-c", ""]).refused(2, &["--channel"]);
}

#[test]
fn refuses_channels_without_builds_of_conda_forge() {
    let refused = |words: &str, why: &str, command: &str| {
        let hint = format!("hint: run `conda-torch {command}`\n");
        line(words).refused(2, &[why, &hint]);
    };
    let ended = "the channel `pytorch` ended with PyTorch 2.5";
    refused("advise -c pytorch", ended, "advise");
    refused("advise --python 3.12 -c pytorch -c nvidia --all", ended, "advise --python 3.12 --all");
    refused("advise -cpytorch -c conda-forge", ended, "advise -c conda-forge");
    refused("advise --channel=https://m.example/cloud/pytorch/ -n x", ended, "advise -n x");
    let of_pytorch = "its packages are for the builds of the ended channel `pytorch`";
    refused(
        "advise -c conda-forge -c nvidia/label/cuda-12.1.0",
        of_pytorch,
        "advise -c conda-forge",
    );
    refused("advise -c https://u:SECRET@m.example/nvidia", of_pytorch, "advise");
    refused("advise -c defaults", "it has builds of its own", "advise");
    refused("matrix --live -c pytorch", ended, "matrix --live");
    let ran = line("advise -c https://u:SECRET@m.example/nvidia");
    assert!(!ran.stderr.contains("SECRET"), "{ran:?}");
    let quoted = run(["advise", "-c", "pytorch", "--gpu", "RTX 4090"]);
    quoted.refused(2, &["`conda-torch advise --gpu \"RTX 4090\"`"]);
    line("advise -c conda-forge -c bioconda --platform linux-64").answered();
}

#[test]
fn refuses_channel_flags_without_effect() {
    line("advise --offline").refused(2, &["`--offline` needs `--live` or `--verify`"]);
    line("matrix --channel x").refused(2, &["need `--live` or `--diff`"]);
    line("matrix --offline").refused(2, &["need `--live` or `--diff`"]);
}

#[test]
fn treats_the_url_of_conda_forge_as_conda_forge() {
    let words = ["advise", "-c", "https://conda.anaconda.org/conda-forge"].into_iter();
    let ran = run(words.chain(NODE)).answered();
    assert!(ran.stdout.contains(" -c https://conda.anaconda.org/conda-forge "), "{ran:?}");
    assert!(!run(["advise", "-c", "conda-forge"]).stdout.contains("channel-assumed"));
    assert!(run(["advise", "-c", OWN]).stdout.contains("[channel-assumed]"));
}
