//! `install` and `test`, with a client that this test makes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::cli::{Ran, finish, folder};
use crate::common::UP_TO;

/// A home with a conda whose `create` does what `script` says; `$prefix` is the folder of the new environment.
struct Home {
    path: String,
}

/// What `create` of a client that works does: packages, and a Python that prints the result of the test.
const WORKS: &str = r#"
mkdir -p "$prefix/conda-meta" "$prefix/bin"
touch "$prefix/conda-meta/history"
record() { echo "{\"name\": \"$1\", \"version\": \"$2\", \"build\": \"$3\", \"build_number\": 102, \"subdir\": \"linux-64\", \"depends\": [], \"channel\": \"https://conda.anaconda.org/conda-forge/linux-64\"}" > "$prefix/conda-meta/$1-$2-$3.json"; }
record python 3.12.9 h0_cpython
record pytorch 2.13.0 cpu_mkl_py312_h0_102
record pytorch-cpu 2.13.0 cpu_mkl_h0_102
printf '#!/bin/sh\necho "conda-torch test: %s"\n' "$RESULT" > "$prefix/bin/python"
chmod +x "$prefix/bin/python"
"#;

/// A result of the test: PyTorch computes on the CPU.
const ON_CPU: &str = r#"{\"torch\": \"2.13.0\", \"file\": null, \"cuda\": null, \"python\": \"3.12.9\", \"architectures\": [], \"devices\": [{\"kind\": \"cpu\", \"index\": null, \"name\": null, \"capability\": null, \"multiprocessors\": null, \"clock_khz\": null, \"seconds\": 0.1, \"rates\": {}, \"error\": null}], \"error\": null}"#;

/// A result of the test: PyTorch cannot be imported.
const NO_IMPORT: &str = r#"{\"torch\": null, \"file\": null, \"cuda\": null, \"python\": \"3.12.9\", \"architectures\": [], \"devices\": [], \"error\": \"ImportError: libtorch_cpu.so: cannot open shared object file\"}"#;

impl Home {
    fn new(name: &str, script: &str, result: &str) -> Self {
        let path = folder(&format!("install/{name}"));
        let _ = fs::remove_dir_all(&path);
        let root = format!("{path}/miniforge3");
        for folder in ["bin", "conda-meta", "envs"] {
            fs::create_dir_all(format!("{root}/{folder}")).expect("a folder");
        }
        fs::write(format!("{root}/conda-meta/history"), "").expect("a history");
        let record = r#"{"name": "conda", "version": "26.7.1", "build": "py312_0", "build_number": 0, "subdir": "noarch", "depends": []}"#;
        fs::write(format!("{root}/conda-meta/conda-26.7.1-py312_0.json"), record)
            .expect("a record");
        let conda = format!("{root}/bin/conda");
        let program = format!(
            "#!/bin/sh\necho \"$*\" >> '{path}/log'\nRESULT='{result}'\n\
             while [ $# -gt 0 ] && [ \"$1\" != -n ]; do shift; done\nprefix='{root}/envs/'\"$2\"\n{script}\n"
        );
        fs::write(&conda, program).expect("a program");
        fs::set_permissions(&conda, fs::Permissions::from_mode(0o755)).expect("its mode");
        Self { path }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_conda-torch"));
        command
            .args(arguments)
            .env_clear()
            .env(UP_TO.0, UP_TO.1)
            .env("HOME", &self.path)
            .current_dir(&self.path);
        command.env("PATH", format!("{}/miniforge3/bin:/usr/bin:/bin", self.path));
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        finish(&mut self.command(arguments), "")
    }

    /// An environment `old` with PyTorch from the `pytorch` channel, which fails at import.
    fn add_old_environment(&self) {
        let old = format!("{}/miniforge3/envs/old/conda-meta", self.path);
        fs::create_dir_all(&old).expect("a folder");
        fs::write(format!("{old}/history"), "").expect("a history");
        for (name, version, build) in [
            ("pytorch", "2.1.2", "py3.11_cpu_0"),
            ("mkl", "2024.1.0", "h0_1"),
            ("python", "3.11.9", "h0"),
        ] {
            let record = format!(
                r#"{{"name": "{name}", "version": "{version}", "build": "{build}", "build_number": 0, "subdir": "linux-64", "depends": [], "channel": "https://conda.anaconda.org/pytorch/linux-64"}}"#
            );
            fs::write(format!("{old}/{name}-{version}-{build}.json"), record).expect("a record");
        }
    }

    /// The commands that the client got.
    fn log(&self) -> String {
        fs::read_to_string(format!("{}/log", self.path)).unwrap_or_default()
    }

    fn has(&self, environment: &str) -> bool {
        fs::exists(format!("{}/miniforge3/envs/{environment}", self.path)).expect("an answer")
    }
}

const CPU: &[&str] = &["install", "--accelerator", "cpu", "--pytorch", "2.13.0"];

#[test]
fn the_client_installs_and_the_result_is_tested() {
    let home = Home::new("works", WORKS, ON_CPU);
    let ran = home.run(&[CPU, &["--yes", "-n", "work"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("OK: PyTorch 2.13.0 for the CPU works on the CPU"), "{ran:?}");
    assert!(ran.stdout.contains("Activate it with `conda activate work`"), "{ran:?}");
    assert!(ran.stdout.contains("conda create -n work"), "{ran:?}");
    let log = home.log();
    assert!(log.starts_with("create --yes -n work --override-channels -c conda-forge"), "{log}");
    assert!(log.contains("pytorch-cpu=2.13.0") && log.lines().count() == 1, "{log}");
    let test = home.run(&["test", "-n", "work"]);
    assert_eq!(test.code, Some(0), "{test:?}");
    assert!(test.stdout.contains("works on the CPU"), "{test:?}");
}

#[test]
fn without_a_terminal_only_yes_installs() {
    let home = Home::new("unasked", WORKS, ON_CPU);
    let ran = home.run(CPU);
    assert_eq!((ran.code, home.log().as_str()), (Some(2), ""), "{ran:?}");
    assert!(
        ran.stderr.contains("error: cannot ask for confirmation without a terminal")
            && ran.stderr.contains("`--yes`")
    );
    assert!(!home.has("torch"));
}

#[test]
fn an_environment_that_exists_is_not_replaced() {
    let home = Home::new("exists", WORKS, ON_CPU);
    // conda's own list does not have it.
    let taken = format!("{}/miniforge3/envs/work", home.path);
    fs::create_dir_all(format!("{taken}/conda-meta")).expect("a folder");
    fs::write(format!("{taken}/conda-meta/history"), "").expect("a history");
    fs::write(format!("{taken}/precious"), "").expect("a file");
    let ran = home.run(&[CPU, &["--yes", "-n", "work"]].concat());
    let log = home.log();
    assert!(!log.contains("create"), "{ran:?} {log}");
    // A folder that is no environment is not replaced either.
    let folder = format!("{}/data", home.path);
    fs::create_dir_all(format!("{folder}/photos")).expect("a folder");
    let ran = home.run(&[CPU, &["--yes", "-p", &folder]].concat());
    assert_eq!((ran.code, home.log()), (Some(2), log), "{ran:?}");
    assert!(ran.stderr.contains("exists\nhint: "), "{ran:?}");
}

#[test]
fn a_client_that_fails_is_told_with_what_is_left() {
    let home = Home::new("fails", "echo '[Errno 28] No space left on device' >&2; exit 1", ON_CPU);
    let ran = home.run(&[CPU, &["--yes"]].concat());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("No space left on device\n"), "{ran:?}");
    assert!(ran.stderr.contains("error: `conda create` failed with exit code 1\n"), "{ran:?}");
    assert!(ran.stderr.contains("note: nothing was installed\n"), "{ran:?}");
    assert!(ran.stderr.contains("Found 1 known failure\n"), "{ran:?}");
    let script = format!("{WORKS}\nrm -r \"$prefix/bin\"; kill -9 $$");
    let home = Home::new("killed", &script, ON_CPU);
    let ran = home.run(&[CPU, &["--yes"]].concat());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("`conda create` was killed by signal 9\n"), "{ran:?}");
    assert!(ran.stderr.contains("is incomplete\nhint: remove it with `conda env remove -n torch`"));
}

/// What `create` does that takes long.
const WAITS: &str = "touch \"$0.started\"; trap 'exit 143' TERM; while :; do sleep 0.05; done";

/// The exit code and stderr of an installation that SIGTERM ends once a file is there.
fn terminated(home: &Home, started: &str) -> (Option<i32>, String) {
    use std::process::Stdio;
    let mut command = home.command(&[CPU, &["--yes"]].concat());
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = child.spawn().expect("the program starts");
    while !fs::exists(format!("{}/{started}", home.path)).expect("an answer") {
        std::thread::yield_now();
    }
    let kill = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(kill.expect("kill").success());
    let output = child.wait_with_output().expect("the program ends");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn an_interrupted_test_leaves_an_environment_that_is_told() {
    let waits =
        r#"printf '#!/bin/sh\ntouch "$0.started"\nexec sleep 600\n' > "$prefix/bin/python""#;
    let home = Home::new("interrupted-test", &format!("{WORKS}{waits}"), ON_CPU);
    let (code, stderr) = terminated(&home, "miniforge3/envs/torch/bin/python.started");
    assert_eq!(code, Some(143), "{stderr}");
    let told = format!(
        "error: the test was interrupted\n\
         note: the environment `{}/miniforge3/envs/torch` is installed, but not tested\n\
         hint: run `conda-torch test -n torch`\n",
        home.path
    );
    assert!(stderr.ends_with(&told), "{stderr}");
}

#[test]
fn a_signal_reaches_the_client_and_what_is_left_is_told() {
    let home = Home::new("signal", WAITS, ON_CPU);
    let (code, stderr) = terminated(&home, "miniforge3/bin/conda.started");
    assert_eq!(code, Some(143), "{stderr}");
    let told = "error: `conda create` was interrupted\nnote: nothing was installed\n";
    assert!(stderr.ends_with(told), "{stderr}");
}

#[test]
fn check_fixes_an_environment_with_a_new_one() {
    let home = Home::new("fix", WORKS, ON_CPU);
    home.add_old_environment();
    let ran = home.run(&["check", "-n", "old", "--fix", "--yes", "--client", "conda"]);
    assert_eq!(ran.code, Some(0), "{ran:?} {}", home.log());
    assert!(ran.stdout.contains("OK: PyTorch 2.13.0 for the CPU works on the CPU"), "{ran:?}");
    assert!(home.log().contains("create --yes -n torch ") && home.has("torch") && home.has("old"));
}

#[test]
fn a_migration_is_run_and_leaves_the_old_environment() {
    let home = Home::new("migrate", WORKS, ON_CPU);
    home.add_old_environment();
    let flags = ["migrate", "-n", "old", "--pytorch", "2.13.0", "--run"];
    let ran = home.run(&flags);
    assert_eq!((ran.code, home.log().as_str()), (Some(2), ""), "{ran:?}");
    let ran = home.run(&[&flags[..], &["--yes"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?} {}", home.log());
    assert!(home.log().starts_with("create --yes -n old-cf "), "{}", home.log());
    assert!(ran.stdout.contains("OK: PyTorch 2.13.0 for the CPU works on the CPU"), "{ran:?}");
    assert!(home.has("old") && home.has("old-cf"));
}

#[test]
fn a_pytorch_that_does_not_work_is_exit_code_4() {
    let home = Home::new("broken", WORKS, NO_IMPORT);
    let ran = home.run(&[CPU, &["--yes"]].concat());
    assert_eq!(ran.code, Some(4), "{ran:?}");
    let why = "error: PyTorch cannot be imported: ImportError: libtorch_cpu.so: cannot open";
    assert!(ran.stdout.contains(why), "{ran:?}");
    assert!(!ran.stdout.contains("Activate"), "{ran:?}");
    let home = Home::new(
        "symbol",
        WORKS,
        &NO_IMPORT.replace(
            "libtorch_cpu.so: cannot open shared object file",
            "libtorch_cpu.so: undefined symbol: iJIT_NotifyEvent",
        ),
    );
    let ran = home.run(&[CPU, &["--yes"]].concat());
    assert!(ran.stderr.contains("mkl"), "{ran:?}");
}

#[test]
fn a_warning_does_not_make_a_failure_of_what_works() {
    let home = Home::new("warning", WORKS, ON_CPU);
    let mut command = home.command(&[CPU, &["--yes"]].concat());
    let ran = finish(command.env("CONDA_OVERRIDE_CUDA", "13.0"), "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("[override-left-behind]"), "{ran:?}");
    assert!(ran.stdout.contains("OK: PyTorch 2.13.0 for the CPU works on the CPU"), "{ran:?}");
    assert!(ran.stdout.contains("Activate it with `conda activate torch`"), "{ran:?}");
}

#[test]
fn an_error_of_the_environment_is_exit_code_4_though_pytorch_runs() {
    let other = r#"record torchvision 0.17.0 cpu_py312h0_0
        sed -i 's/"depends": \[\]/"depends": ["pytorch >=2.2.0,<2.3.0a0"]/' "$prefix"/conda-meta/torchvision-*.json"#;
    let home = Home::new("companion", &format!("{WORKS}{other}"), ON_CPU);
    let ran = home.run(&[CPU, &["--yes"]].concat());
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stdout.contains("PyTorch 2.13.0 for the CPU works on the CPU"), "{ran:?}");
    assert!(!ran.stdout.contains("OK: "), "{ran:?}");
    assert!(ran.stdout.contains("not everything in the environment works"), "{ran:?}");
}

#[test]
fn records_that_are_cut_off_are_exit_code_4() {
    let cut = r#"printf '{"name": "num' > "$prefix/conda-meta/numpy-2.2.6-py312_0.json""#;
    let home = Home::new("cut-off", &format!("{WORKS}{cut}"), ON_CPU);
    let ran = home.run(&[CPU, &["--yes"]].concat());
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stdout.contains("[environment-damaged]"), "{ran:?}");
    assert!(ran.stdout.contains("not everything in the environment works"), "{ran:?}");
}

#[test]
fn a_python_that_a_signal_ends_is_told_with_the_signal_alone() {
    let crashes = "printf '#!/bin/sh\nkill -SEGV $$\n' > \"$prefix/bin/python\"";
    let home = Home::new("killed-python", &format!("{WORKS}{crashes}"), ON_CPU);
    let ran = home.run(&[CPU, &["--yes"]].concat());
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(
        ran.stdout.contains("error: PyTorch does not run: Python was killed by signal 11\n"),
        "{ran:?}"
    );
}

#[test]
fn json_is_one_document_and_the_client_writes_to_stderr() {
    let home = Home::new("json", &format!("echo 'Downloading'\n{WORKS}"), ON_CPU);
    let ran = home.run(&[CPU, &["--yes", "--json"]].concat());
    let document = ran.json();
    assert_eq!((&document["status"], ran.code), (&"works".into(), Some(0)), "{ran:?}");
    assert!(ran.stderr.contains("Downloading\n"), "{ran:?}");
    assert_eq!(document["commands"][0]["step"], "install");
    assert_eq!(document["test"]["devices"][0]["kind"], "cpu");
    let prefix = document["prefix"].as_str().expect("a folder");
    assert!(prefix.ends_with("/miniforge3/envs/torch"), "{prefix}");
}

#[test]
fn nothing_is_run_if_nothing_fits_or_no_client_is_there() {
    let home = Home::new("nothing", WORKS, ON_CPU);
    let ran = home.run(&["install", "--yes", "--pytorch", "2.0.1"]);
    assert_eq!((ran.code, home.log().as_str()), (Some(3), ""), "{ran:?}");
    let empty = folder("install/no-client");
    let mut command = Command::new(env!("CARGO_BIN_EXE_conda-torch"));
    command
        .args([CPU, &["--yes"]].concat())
        .env_clear()
        .env(UP_TO.0, UP_TO.1)
        .env("PATH", "/usr/bin:/bin");
    let ran = finish(command.env("HOME", empty), "");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.stderr
            .contains("error: no `conda` found on this machine\nhint: run `curl -LO https://")
    );
}

/// A pixi whose `add` makes the environment of the project that it is run in.
const PIXI: &str = r#"#!/bin/sh
echo "$*" >> "$HOME/log"
[ "$1" = --version ] && echo "pixi 0.70.2" && exit
[ "$1" = add ] || exit 0
prefix=.pixi/envs/default
"#;

/// Adds a pixi to a home.
fn add_pixi(home: &Home, result: &str) {
    let folder = format!("{}/.pixi/bin", home.path);
    fs::create_dir_all(&folder).expect("a folder");
    let pixi = format!("{folder}/pixi");
    fs::write(&pixi, format!("{PIXI}RESULT='{result}'\n{WORKS}")).expect("a program");
    fs::set_permissions(&pixi, fs::Permissions::from_mode(0o755)).expect("its mode");
}

/// What the clients got but for questions about themselves.
fn commands(home: &Home) -> Vec<String> {
    let log = home.log();
    let is_command = |line: &&str| {
        ["add", "init", "workspace", "create"].contains(&line.split(' ').next().unwrap_or_default())
    };
    log.lines().filter(is_command).map(str::to_owned).collect()
}

#[test]
fn a_project_of_pixi_gets_the_packages() {
    let home = Home::new("pixi-project", WORKS, ON_CPU);
    let manifest = "[workspace]\nchannels = ['bioconda']\nplatforms = ['linux-64', 'osx-arm64']\n";
    fs::write(format!("{}/pixi.toml", home.path), manifest).expect("a manifest");
    // Without pixi: an environment, and how to use the project.
    let ran = home.run(&[CPU, &["--yes"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stdout.contains("note: this folder has `pixi.toml`; the commands above make a new"),
        "{ran:?}"
    );
    assert!(ran.stdout.contains("`conda-torch install --client pixi`"), "{ran:?}");
    add_pixi(&home, ON_CPU);
    fs::remove_file(format!("{}/log", home.path)).expect("the log");
    let ran = home.run(&[CPU, &["--yes"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?} {}", home.log());
    let expected = [
        "workspace --manifest-path pixi.toml channel add conda-forge --no-install",
        "add --manifest-path pixi.toml --platform linux-64 pytorch-cpu=2.13.0",
    ];
    assert_eq!(commands(&home), expected, "{ran:?}");
    assert!(ran.stdout.contains("the packages are added to `pixi.toml` of this folder"), "{ran:?}");
    assert!(ran.stdout.contains("OK: PyTorch 2.13.0 for the CPU works on the CPU"), "{ran:?}");
    assert!(ran.stdout.contains("`pixi shell --manifest-path pixi.toml`"), "{ran:?}");
    // A named environment is one of its own.
    fs::remove_file(format!("{}/log", home.path)).expect("the log");
    let ran = home.run(&[CPU, &["--yes", "-n", "own", "--client", "conda"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!ran.stdout.contains("pixi.toml") && home.has("own"), "{ran:?}");
}

#[test]
fn an_environment_file_is_offered() {
    let home = Home::new("environment-offered", WORKS, ON_CPU);
    let file = format!("{}/environment.yml", home.path);
    fs::write(&file, "name: work\ndependencies: [numpy]\n").expect("a file");
    let text = home.run(&[CPU, &["--yes"]].concat()).words();
    assert!(text.contains("run `conda-torch install --file environment.yml`"), "{text}");
    let ran = home.run(&[CPU, &["--yes", "-n", "named"]].concat());
    assert!(!ran.stdout.contains("environment.yml"), "{ran:?}");
}

#[test]
fn an_environment_file_gets_the_packages_and_is_installed_from() {
    let home = Home::new("environment-file", WORKS, ON_CPU);
    let file = format!("{}/environment.yml", home.path);
    let old = "name: work\nchannels:\n  - pytorch\n  - defaults\ndependencies:\n  - python =3.12 # ours\n\
        \x20 - pytorch=2.1\n  - cpuonly\n  - pip:\n    - rich\n";
    fs::write(&file, old).expect("a file");
    let from_file = ["install", "--file", "environment.yml"];
    // Nobody agrees: nothing changes.
    let ran = home.run(&from_file);
    assert_eq!((ran.code, home.log().as_str()), (Some(2), ""), "{ran:?}");
    assert!(ran.stdout.contains("\n-  - cpuonly\n"), "{ran:?}");
    assert_eq!(fs::read_to_string(&file).expect("the file"), old);
    let ran = home.run(&[&from_file[..], &["scipy<1.15", "--yes", "--json"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(home.log(), "create --yes --file environment.yml -n work\n");
    let new = "name: work\nchannels:\n  - conda-forge\ndependencies:\n  - python =3.12 # ours\n\
        \x20 - pytorch=2.1.2=cpu*\n  - scipy<1.15\n  - pip:\n    - rich\n";
    assert_eq!(fs::read_to_string(&file).expect("the file"), new);
    assert_eq!(fs::read_to_string(format!("{file}.bak")).expect("the old file"), old);
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert!(
        answer["backup"].as_str().is_some_and(|it| it.ends_with("/environment.yml.bak")),
        "{answer}"
    );
    assert_eq!(answer["status"], "works");
    // Again, into another environment: the file has everything.
    let ran = home.run(&[&from_file[..], &["-n", "other", "--yes"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(home.has("other") && !ran.stdout.contains("+++"), "{ran:?}");
    assert_eq!(fs::read_to_string(&file).expect("the file"), new);
}

#[test]
fn an_environment_that_exists_is_updated_from_a_file() {
    let home = Home::new("environment-update", WORKS, ON_CPU);
    let file = format!("{}/environment.yml", home.path);
    fs::write(&file, "name: work\ndependencies: [numpy]\n").expect("a file");
    let existing = format!("{}/miniforge3/envs/work", home.path);
    fs::create_dir_all(format!("{existing}/conda-meta")).expect("a folder");
    fs::write(format!("{existing}/conda-meta/history"), "").expect("a history");
    fs::write(format!("{existing}/precious"), "").expect("a file");
    let from_file = ["install", "--file", "environment.yml", "--client", "conda"];
    // Shown before the question.
    let ran = home.run(&from_file);
    assert_eq!((ran.code, home.log().as_str()), (Some(2), ""), "{ran:?}");
    assert!(ran.stdout.contains("conda env update --file environment.yml -n work"), "{ran:?}");
    let note = "note: `work` gets the packages of `environment.yml` and keeps its others";
    assert!(ran.stdout.contains(note), "{ran:?}");
    let ran = home.run(&[&from_file[..], &["--yes"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(home.log(), "env update --file environment.yml -n work\n");
    assert!(ran.stdout.contains("OK: PyTorch 2.13.0 for the CPU works on the CPU"), "{ran:?}");
    assert!(fs::exists(format!("{existing}/precious")).expect("an answer"));
    // A client that fails leaves an environment that is not to be removed.
    let home = Home::new("environment-update-fails", "exit 1", ON_CPU);
    fs::write(format!("{}/environment.yml", home.path), "name: old\ndependencies: [numpy]\n")
        .expect("a file");
    let meta = format!("{}/miniforge3/envs/old/conda-meta", home.path);
    fs::create_dir_all(&meta).expect("a folder");
    fs::write(format!("{meta}/history"), "").expect("a history");
    let ran = home.run(&[&from_file[..], &["--yes"]].concat());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("error: `conda env update` failed with exit code 1\n"), "{ran:?}");
    assert!(
        ran.stderr.contains("existed before and may have changed\nhint: look at it"),
        "{ran:?}"
    );
}

#[test]
fn an_environment_in_another_root_is_updated_by_its_folder() {
    let home = Home::new("environment-of-another", WORKS, ON_CPU);
    fs::write(format!("{}/environment.yml", home.path), "name: far\ndependencies: [numpy]\n")
        .expect("a file");
    let far = format!("{}/other/envs/far", home.path);
    fs::create_dir_all(format!("{far}/conda-meta")).expect("a folder");
    fs::write(format!("{far}/conda-meta/history"), "").expect("a history");
    let mut command = home.command(&["install", "--file", "environment.yml", "--client", "conda"]);
    command.env("CONDA_ENVS_DIRS", format!("{}/other/envs", home.path));
    let ran = finish(&mut command, "");
    let line = format!("conda env update --file environment.yml -p {}/", home.path);
    assert!(ran.words().contains(&line), "{ran:?}");
    assert!(!home.has("far"), "{ran:?}");
}

#[test]
fn an_environment_that_an_update_would_spoil_is_refused() {
    let home = Home::new("environment-not-updated", WORKS, ON_CPU);
    home.add_old_environment();
    for (name, why) in [
        (
            "old",
            "error: the environment has packages of the `pytorch` channel, which an update keeps\n\
             hint: run `conda-torch migrate -n old`, or pass another name with `-n NAME`\n",
        ),
        (
            "base",
            "error: the file names the base environment\n\
             hint: pass another name with `-n NAME`\n",
        ),
    ] {
        let text = format!("name: {name}\ndependencies: [numpy]\n");
        let file = format!("{}/environment.yml", home.path);
        fs::write(&file, &text).expect("a file");
        let ran = home.run(&["install", "-f", "environment.yml", "--yes", "--client", "conda"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), why), "{ran:?}");
        assert_eq!(home.log(), "");
        assert_eq!(fs::read_to_string(&file).expect("the file"), text);
    }
}

#[test]
fn an_environment_file_that_cannot_be_used_stays() {
    let home = Home::new("environment-refused", WORKS, ON_CPU);
    let file = format!("{}/environment.yml", home.path);
    for (text, arguments, code, message) in [
        (
            "dependencies: [numpy]\n",
            &[][..],
            2,
            "`environment.yml` names no environment\nhint: pass `-n NAME`",
        ),
        (
            "name: work\n",
            &[],
            1,
            "`environment.yml`: line 1: not an environment file: it has no `dependencies`",
        ),
        ("name: work\ndependencies: [\n", &[], 1, "`environment.yml`: line"),
        (
            "name: work\ndependencies: [pytorch]\n",
            &["--client", "pixi"],
            2,
            "hint: run `pixi init --import environment.yml`",
        ),
        (
            "name: work\ndependencies: [pytorch=2.1]\n",
            &["pytorch=2.9"],
            2,
            "`pytorch=2.9` contradicts",
        ),
        ("name: work\ndependencies: [pytorch=1.2]\n", &[], 3, ""),
    ] {
        fs::write(&file, text).expect("a file");
        let ran = home.run(&[&["install", "-f", "environment.yml", "--yes"], arguments].concat());
        assert_eq!((ran.code, home.log().as_str()), (Some(code), ""), "{text} {ran:?}");
        assert!(ran.stderr.contains(message), "{text} {ran:?}");
        assert_eq!(fs::read_to_string(&file).expect("the file"), text);
    }
}

#[test]
fn a_test_of_a_folder_without_an_environment_is_refused() {
    let home = Home::new("no-environment", WORKS, ON_CPU);
    for folder in ["nowhere", "/dev/null"] {
        let ran = home.run(&["test", "-p", folder]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let told = format!("error: cannot read the environment `{folder}`: not found\n");
        assert_eq!(ran.stderr, told);
    }
}

#[test]
fn a_test_without_an_active_environment_names_one_with_pytorch() {
    let home = Home::new("test-which", WORKS, ON_CPU);
    let ran = home.run(&["test"]);
    let expected = "error: no environment found\nhint: pass its folder with `-p FOLDER`\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), expected));
    let ran = home.run(&[CPU, &["--yes", "-n", "it's"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = home.run(&["test"]);
    let expected = "error: no active environment\nhint: for example `-n \"it's\"`\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), expected));
}
