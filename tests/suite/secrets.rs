//! Nothing that is printed has the user names, passwords and tokens of addresses, wherever they are written.
#![cfg(unix)]

use crate::common::UP_TO;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

/// Addresses whose secrets have a `9` in them, as nothing else has beside capitals.
const ADDRESSES: &[&str] = &[
    "https://US9R:PASS9ORD@mirror.example/NAME",
    "https://TOK9N@mirror.example/NAME",
    "https://mirror.example/t/TOK9N/NAME",
    "https://mirror.example/%74/TOK9N/NAME",
    "https://mirror.example/NAME?token=TOK9N&x=y",
    "https://mirror.example/NAME#access_token=TOK9N",
    "https://US9R:PASS%40WORD9X%2FWORD9Y@mirror.example/NAME",
    "https://US9R:PASS9A/WORD9B@mirror.example/NAME",
    "https://US9R:PASS9A'WORD9B@mirror.example/NAME",
    "https://US9R:PASS9A\"WORD9B@mirror.example/NAME",
    "https://US9R:PASS9A WORD9B@mirror.example/NAME",
    "https://US9R:PASS9A@WORD9B@mirror.example/NAME",
    "https://US9R:PASS9A,WORD9B@mirror.example/NAME",
    "https://US9R:PASS9A#WORD9B@mirror.example/NAME",
    "https://US9R:PASS9ORD%40mirror.example/NAME",
    "https://US9R:PASS9ORD@[mirror/NAME",
    "https:/US9R:PASS9ORD@mirror.example/NAME",
    "//US9R:PASS9ORD@mirror.example/NAME",
    "US9R:PASS9ORD@mirror.example/NAME",
    "mirror.example/t/TOK9N/NAME",
    "https://${USER_9}:${PASSWORD_9}@mirror.example/NAME",
];

/// Values of the variables in them.
const VARIABLES: [(&str, &str); 2] = [("USER_9", "VALU9E"), ("PASSWORD_9", "VALU9F")];

/// A folder with everything that is read, and the address in all of it.
struct Home {
    folder: PathBuf,
    address: String,
}

impl Home {
    fn new(name: &str, address: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("secrets").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("env/conda-meta")).expect("folders");
        Self { folder, address: address.replace("NAME", "pytorch") }
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.join(file), text).expect("a file");
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_conda-torch"));
        command.args(arguments).current_dir(&self.folder).env_clear().env(UP_TO.0, UP_TO.1);
        command.env("PATH", "/usr/bin:/bin").env("HOME", &self.folder).env("CONDA_TORCH_LIVE", "");
        command.envs(VARIABLES).envs(variables.iter().copied());
        command.output().expect("the program runs")
    }

    /// Runs the program, whose output must have no secret, and be JSON where that is asked for.
    fn check(&self, arguments: &[&str], variables: &[(&str, &str)]) -> String {
        let output = self.run(arguments, variables);
        let stdout = String::from_utf8(output.stdout).expect("UTF-8");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        let address = &self.address;
        for text in [&stdout, &stderr] {
            assert!(!has_secret(text), "{address}: {arguments:?}: {text}");
        }
        assert!(!stderr.contains("panicked"), "{address}: {arguments:?}: {stderr}");
        if arguments.contains(&"--json") {
            let document = serde_json::from_str::<Value>(&stdout);
            assert!(document.is_ok(), "{address}: {arguments:?}: {document:?} {stdout}");
        }
        stdout
    }
}

/// Whether a `9` is between capitals, as in `TOK9N` and `VALU9E`.
fn has_secret(text: &str) -> bool {
    let is_one = |three: &[u8]| {
        three[0].is_ascii_uppercase() && three[1] == b'9' && three[2].is_ascii_uppercase()
    };
    text.as_bytes().windows(3).any(is_one)
}

/// Text as a string of JSON, which is one of YAML and TOML too.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn each(name: &str, test: impl Fn(&Home) + Sync) {
    std::thread::scope(|scope| {
        for (number, address) in ADDRESSES.iter().enumerate() {
            let test = &test;
            scope.spawn(move || test(&Home::new(&format!("{name}-{number}"), address)));
        }
    });
}

#[test]
fn of_settings_are_not_printed() {
    each("settings", |home| {
        let address = quoted(&home.address);
        let condarc = format!(
            "channels:\n  - {address}\n  - defaults\nchannel_alias: {address}\ndefault_channels: [{address}]\n\
             custom_channels:\n  pytorch: {address}\n  {address}: x\ncustom_multichannels:\n  all: [{address}]\n\
             migrated_channel_aliases: [{address}]\nmirrored_channels:\n  pytorch: [{address}]\n\
             pinned_packages:\n  - {}\nsolver: {address}\nsubdir: {address}\n",
            quoted(&format!("{}::pytorch=2.5", home.address))
        );
        let variables = [
            ("CONDA_CHANNELS", home.address.as_str()),
            ("CONDA_CHANNEL_ALIAS", &home.address),
            ("CONDA_OVERRIDE_CUDA", &home.address),
        ];
        for condarc in [condarc, format!("channels: [{address}\n")] {
            home.write(".condarc", &condarc);
            for arguments in [
                &["probe"][..],
                &["probe", "--json"],
                &["advise", "--client", "conda"],
                &["advise", "--json"],
                &["migrate", "--config", "--client", "conda"],
                &["migrate", "--config", "--json"],
            ] {
                home.check(arguments, &variables);
            }
        }
    });
}

#[test]
fn of_environments_are_not_printed() {
    each("environment", |home| {
        let (address, build) = (&home.address, "py3.11_cuda12.1_cudnn9.1.0_0");
        let record = |name: &str, version: &str, channel: &str, build: &str| {
            let record = json!({
                "name": name, "version": version, "build": build, "build_number": 0, "subdir": "linux-64",
                "channel": format!("{channel}/linux-64"), "depends": [format!("{channel}::other"), channel],
            });
            home.write(
                &format!("env/conda-meta/{name}-{version}-{build}.json"),
                &record.to_string(),
            );
        };
        record("pytorch", "2.5.1", address, build);
        record("python", "3.11.9", "https://conda.anaconda.org/conda-forge", "h1_0");
        record("own", "1.0", &address.replace("pytorch", "corp"), "0");
        home.write("env/conda-meta/damaged-1-0.json", &json!({"depends": address}).to_string());
        let specs = json!([format!("{address}::pytorch"), "own"]);
        home.write("env/conda-meta/history", &format!("# update specs: {specs}\n"));
        home.write("env/conda-meta/pinned", &format!("{address}::own=1.0\n"));
        for arguments in [
            &["check", "-p", "env"][..],
            &["check", "-p", "env", "--json"],
            &["migrate", "-p", "env"],
            &["migrate", "-p", "env", "--in-place"],
            &["migrate", "-p", "env", "--json"],
        ] {
            home.check(arguments, &[]);
        }
    });
}

#[test]
fn of_files_are_not_printed_and_stay_in_the_files() {
    each("files", |home| {
        let (address, spec) =
            (quoted(&home.address), quoted(&format!("{}::pytorch=2.1", home.address)));
        let yml = format!(
            "channels:\n  - {address}\n  - defaults\ndependencies:\n  - {spec}\n  - pytorch-cuda=12.1\n  - pip:\n    - {}\n",
            quoted(&format!("--extra-index-url {}", home.address))
        );
        let pixi = format!(
            "[workspace]\nname = \"x\"\nchannels = [\"pytorch\", {address}]\nplatforms = [\"linux-64\"]\n\
             [dependencies]\npytorch = {{ version = \"2.1.*\", channel = {address} }}\npytorch-cuda = \"12.1.*\"\n\
             [pypi-options]\nindex-url = {address}\n"
        );
        let docker = format!(
            "RUN conda install -c {address} -c pytorch pytorch=2.1 {spec} pytorch-cuda=12.1\nENV URL={address}\n"
        );
        let malformed = format!("channels:\n  - {address}\ndependencies: [\n");
        for (file, text) in [
            ("environment.yml", &yml),
            ("pixi.toml", &pixi),
            ("Dockerfile", &docker),
            ("malformed.yml", &malformed),
            ("malformed.toml", &format!("[workspace]\nchannels = [{address}] x\n")),
        ] {
            home.write(file, text);
            for flags in [&[][..], &["--json"], &["--write"], &["--write", "--json"]] {
                home.check(&[&["migrate", file], flags].concat(), &[]);
            }
            let written = std::fs::read_to_string(home.folder.join(file)).expect("the file");
            assert!(written.contains(address.trim_matches('"')), "{written}");
        }
    });
}

#[test]
fn of_the_command_line_are_not_printed() {
    const NODE: [&str; 6] = ["--platform", "linux-64", "--gpu", "RTX 4090", "--driver", "595"];
    each("flags", |home| {
        let address = home.address.as_str();
        for format in ["human", "json", "commands", "environment-yml", "pixi-toml", "dockerfile"] {
            home.check(
                &[&["advise", "-c", address, "--live", "--format", format], &NODE[..]].concat(),
                &[],
            );
        }
        for arguments in [
            &["advise", "-c", address, "--json", "--verify"][..],
            &["advise", address],
            &["advise", "--client", address, "--json"],
            &["advise", "--machine", address, "--json"],
            &["check", "-p", address],
            &["check", "-n", address, "--json"],
            &["migrate", address, "--json"],
            &["matrix", "--diff", "-c", address],
            &["explain", address],
            &[address],
        ] {
            home.check(arguments, &[]);
        }
    });
}

#[test]
fn a_machine_that_was_carried_elsewhere_gives_no_command_for_an_entry_with_a_secret() {
    let home = Home::new("carried", ADDRESSES[0]);
    home.write(".condarc", &format!("channels:\n  - {}\n  - pytorch\n", home.address));
    let machine = home.check(&["probe", "--json"], &[]);
    let document: Value = serde_json::from_str(&machine).expect("JSON");
    let channels = json!(["https://***@mirror.example/pytorch", "pytorch"]);
    assert_eq!(document["machine"]["config_files"][0]["channels"], channels);
    home.write("machine.json", &machine);
    let settings = home.check(&["migrate", "--config", "--client", "conda"], &[]);
    // Line breaks depend on the path of the checkout.
    let settings = settings.split_whitespace().filter(|word| *word != "\\");
    let settings = settings.collect::<Vec<_>>().join(" ");
    assert!(
        settings.contains("a command would show its password or token, so edit the file"),
        "{settings}"
    );
    assert!(settings.contains("--remove channels pytorch"), "{settings}");
    assert!(!settings.contains("--remove channels http"), "{settings}");
}

#[test]
fn a_command_leaves_out_a_login_and_says_where_to_store_it() {
    let home = Home::new("commands", ADDRESSES[2]);
    let address = home.address.replace("pytorch", "conda-forge");
    for (client, store) in [
        ("conda", "under `custom_channels` in `~/.condarc`"),
        ("micromamba", "with `micromamba auth login`"),
        ("pixi", "with `pixi auth login`"),
    ] {
        let words = ["advise", "--platform", "linux-64", "-c", &address, "--client", client];
        let text = home.check(&words, &[]);
        let text: Vec<&str> = text.split_whitespace().collect();
        let text = text.join(" ");
        assert!(text.contains(" -c https://mirror.example/conda-forge "), "{text}");
        let note = format!(
            "the login for `https://mirror.example/conda-forge` is left out; store it {store}"
        );
        assert!(text.contains(&note), "{text}");
    }
}
