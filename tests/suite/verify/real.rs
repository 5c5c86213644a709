//! Real clients with a channel folder that has conda-forge's rules.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use super::{advise, document, folder, is_tidy};

/// A client on this machine's `PATH`.
fn program(name: &str) -> Option<String> {
    let path = std::env::var_os("PATH")?;
    let all = std::env::split_paths(&path).map(|folder| folder.join(name));
    all.into_iter().find(|file| file.is_file())?.to_str().map(str::to_owned)
}

/// conda-forge's rules below `channels`, as a channel.
fn channel(folder: &Path) -> bool {
    let script = format!("{}/tests/solver/channel.py", env!("CARGO_MANIFEST_DIR"));
    let out = folder.join("channels/conda-forge");
    let made = Command::new("python3").arg(script).arg(&out).output();
    let settings = format!("channel_alias: file://{}/channels\n", folder.display());
    std::fs::write(folder.join(".mambarc"), &settings).expect("written");
    let settings = format!("{settings}add_pip_as_python_dependency: false\n");
    std::fs::write(folder.join(".condarc"), settings).expect("written");
    made.is_ok_and(|made| made.status.success())
}

/// `advise` with a real client that keeps its files in a folder.
fn asking(program: &str, folder: &Path, words: &[&str]) -> Command {
    let mut command = advise(folder, words);
    let bin = Path::new(program).parent().expect("a folder");
    command.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    command.env("CONDA_PKGS_DIRS", folder.join("pkgs"));
    command.env("CONDA_ENVS_DIRS", folder.join("envs"));
    command.env("MAMBA_ROOT_PREFIX", folder.join("root"));
    command
}

/// Reports that a client was not run.
fn skipped(client: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: no {client} on PATH");
}

#[test]
fn real_clients_select_the_recommended_build_on_every_platform() {
    let machines: [&[&str]; 5] = [
        &["--platform", "linux-64", "--gpu", "H100", "--driver", "580"],
        &[
            "--platform",
            "linux-64",
            "--gpu",
            "Tesla V100",
            "--driver",
            "580",
            "--cuda-version",
            "12.9",
        ],
        &["--platform", "win-64", "--gpu", "H100", "--driver", "580"],
        &["--platform", "osx-arm64"],
        &["--accelerator", "cpu"],
    ];
    for client in ["conda", "mamba", "micromamba"] {
        let Some(program) = program(client) else {
            skipped(client);
            continue;
        };
        let folder = folder(&format!("real-{client}"));
        assert!(channel(&folder), "python3 writes the channel");
        let own = format!("{}/channels/conda-forge", folder.display());
        for machine in machines {
            let mut words = vec!["--client", client, "--json", "--verify"];
            words.extend(machine);
            // By its folder, and by the name that the settings resolve to it.
            if machine.contains(&"osx-arm64") {
                words.extend(["--channel", &own]);
            }
            let mut command = asking(&program, &folder, &words);
            // conda with rattler's solver crashes now and then.
            let mut asked = (0..4).map(|_| command.output().expect("it runs"));
            let is_crash = |output: &Output| {
                String::from_utf8_lossy(&output.stdout).contains("conda crashed (signal ")
            };
            let document = document(&asked.find(|it| !is_crash(it)).expect("it answers"), 0);
            let verify = &document["verify"];
            assert_eq!(verify["status"], "verified", "{client} {machine:?}: {verify}");
            assert_eq!(verify["client"], client);
        }
        is_tidy(&folder);
    }
}

#[test]
fn real_clients_report_a_pin_and_the_corrected_command() {
    for client in ["conda", "mamba", "micromamba"] {
        let Some(program) = program(client) else {
            skipped(client);
            continue;
        };
        let folder = folder(&format!("pin-{client}"));
        assert!(channel(&folder), "python3 writes the channel");
        for file in [".condarc", ".mambarc"] {
            let settings = std::fs::read_to_string(folder.join(file)).expect("there");
            let pin = "pinned_packages:\n  - pytorch 2.5.*\n";
            std::fs::write(folder.join(file), format!("{settings}{pin}")).expect("written");
        }
        let words = ["--client", client, "--json", "--accelerator", "cpu", "--verify"];
        let document = document(&asking(&program, &folder, &words).output().expect("it runs"), 4);
        let verify = &document["verify"];
        assert_eq!(verify["findings"], serde_json::json!(["pinned"]), "{client}: {verify}");
        let corrected = verify["corrected"]["argv"].as_array().expect("a command");
        assert!(corrected.contains(&"--no-pin".into()), "{client}: {verify}");
    }
}
