//! `migrate`, with environments and configuration in a home of its own.

use std::fs;

use crate::cli::{Ran, finish, folder, program};

/// A home with conda and an environment `torch` from the `pytorch` channel.
fn home(name: &str) -> String {
    let home = folder(&format!("migrate-{name}"));
    let root = format!("{home}/miniforge3");
    let record = |prefix: &str, channel: &str, package: &str, build: &str, depends: &str| {
        let (name, version) = package.split_once(' ').expect("a name and a version");
        let text = format!(
            r#"{{"name": "{name}", "version": "{version}", "build": "{build}", "build_number": 0,
            "channel": "https://conda.anaconda.org/{channel}/linux-64", "subdir": "linux-64", "depends": [{depends}]}}"#
        );
        write(&format!("{prefix}/conda-meta/{name}-{version}-{build}.json"), &text);
    };
    write(&format!("{root}/bin/conda"), "");
    write(&format!("{root}/conda-meta/history"), "");
    record(&root, "conda-forge", "conda 26.7.1", "py312_0", "");
    let prefix = format!("{root}/envs/torch");
    record(&prefix, "conda-forge", "python 3.11.9", "h0", "");
    record(
        &prefix,
        "pytorch",
        "pytorch 2.5.1",
        "py3.11_cuda12.1_cudnn9.1.0_0",
        r#""pytorch-cuda""#,
    );
    record(&prefix, "pytorch", "pytorch-cuda 12.1", "h0_6", "");
    write(
        &format!("{prefix}/conda-meta/history"),
        "==> 2024-11-01 10:00:00 <==\n# cmd: conda create\n# update specs: ['python=3.11', 'pytorch', 'pytorch-cuda=12.1']\n",
    );
    home
}

fn write(path: &str, text: &str) {
    let (folder, _) = path.rsplit_once('/').expect("a folder");
    fs::create_dir_all(folder).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn migrate(home: &str, arguments: &[&str]) -> Ran {
    let gpu = ["--driver", "550.54.14", "--gpu", "A100"];
    finish(program().env("HOME", home).arg("migrate").args(gpu).args(arguments), "")
}

#[test]
fn creates_a_new_environment_without_the_old_cuda_pin() {
    let ran = migrate(&home("new"), &["-n", "torch"]).answered();
    let text = ran.words();
    let command = "create -n torch-cf --override-channels -c conda-forge --strict-channel-priority pytorch-gpu=2.13.0 cuda-version=12.9 python=3.11 Check the installation:";
    assert!(text.contains(command), "{text}");
    assert!(!text.contains(" -y") && !text.contains("conda remove"), "{text}");
    assert!(text.contains("`pytorch-cuda=12.1` → `cuda-version=12.9`"), "{text}");
}

#[test]
fn in_place_starts_with_a_dry_run_and_a_backup() {
    let ran = migrate(&home("in-place"), &["-n", "torch", "--in-place"]).answered();
    let text = ran.words();
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
    let dry_run = at("conda create --dry-run -n torch-cf --override-channels -c conda-forge ");
    let backup = at("python=3.11 && conda list -n torch --explicit > torch-before.txt && ");
    let remove = at("&& conda remove -n torch --override-channels -c conda-forge pytorch ");
    assert!(dry_run < backup && backup < remove, "{text}");
    assert!(remove < at("conda install -n torch"), "{text}");
}

/// Runs what is printed below the first title in a shell where `conda` notes what it is told, and fails if it is told
/// `fails`.
#[cfg(unix)]
fn run_with_stub(home: &str, commands: &str, fails: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let stub = format!("{home}/stub/conda");
    let program =
        format!("#!/bin/sh\necho \"$@\" >> {home}/told\ncase \"$*\" in *{fails}*) exit 1;; esac\n");
    write(&stub, &program);
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).expect("a mode");
    let _ = fs::remove_file(format!("{home}/told"));
    let path = format!("{home}/stub:/usr/bin:/bin");
    let mut shell = std::process::Command::new("/bin/sh");
    let ran = shell.args(["-c", commands]).env("PATH", path).current_dir(home).output();
    assert!(!ran.expect("a shell").status.success());
    fs::read_to_string(format!("{home}/told")).expect("what conda was told")
}

#[cfg(unix)]
#[test]
fn nothing_is_removed_in_place_after_a_command_that_failed() {
    let home = home("in-order");
    let page = migrate(&home, &["-n", "torch", "--in-place"]).answered().stdout;
    let lines = page.lines().skip_while(|line| !line.starts_with("Change the environment"));
    let lines = lines.skip(1).take_while(|line| line.starts_with("  "));
    let page = lines.collect::<Vec<&str>>().join("\n");
    let value = migrate(&home, &["-n", "torch", "--in-place", "--get", "command"]).answered();
    for commands in [page, value.stdout] {
        let told = run_with_stub(&home, &commands, "--dry-run");
        assert!(told.lines().count() == 1 && told.starts_with("create --dry-run"), "{told}");
        let told = run_with_stub(&home, &commands, "--explicit");
        assert!(told.lines().count() == 2 && !told.contains("remove"), "{told}");
        let told = run_with_stub(&home, &commands, "remove");
        assert!(told.lines().count() == 3 && !told.contains("install"), "{told}");
    }
}

/// An environment with `pandas` of a channel of its own, whose name conda-forge has too.
fn with_own_channel(home: &str, channel: &str) {
    let prefix = format!("{home}/miniforge3/envs/torch");
    let record = format!(
        r#"{{"name": "pandas", "version": "1.5.3", "build": "0", "build_number": 0, "channel": "{channel}/linux-64",
        "subdir": "linux-64", "depends": ["python"]}}"#
    );
    write(&format!("{prefix}/conda-meta/pandas-1.5.3-0.json"), &record);
    write(
        &format!("{prefix}/conda-meta/history"),
        "==> 2024-11-01 10:00:00 <==\n# cmd: conda create\n# update specs: ['python=3.11', 'pytorch', 'pytorch-cuda=12.1', 'pandas']\n",
    );
}

#[test]
fn a_channel_of_its_own_needs_flexible_priority() {
    let home = home("own-channel");
    with_own_channel(&home, "https://conda.anaconda.org/lab");
    for (client, variables) in [
        ("conda", "CONDA_CHANNEL_PRIORITY=flexible conda"),
        ("micromamba", "MAMBA_CHANNEL_PRIORITY=flexible micromamba"),
        ("mamba", "CONDA_CHANNEL_PRIORITY=flexible MAMBA_CHANNEL_PRIORITY=flexible mamba"),
    ] {
        let text = migrate(&home, &["-n", "torch", "--client", client]).answered().words();
        let command =
            format!("{variables} create -n torch-cf --override-channels -c conda-forge -c lab ");
        assert!(text.contains(&command) && text.contains("lab::pandas"), "{client}: {text}");
        assert!(!text.contains("--strict"), "{client}: {text}");
        assert!(text.contains("note: the channel priority is flexible"), "{client}: {text}");
    }
}

#[test]
fn a_mirror_in_default_channels_is_defaults() {
    let home = home("default-channels");
    let mirror = "https://mirror.example/anaconda-main";
    with_own_channel(&home, mirror);
    write(&format!("{home}/.condarc"), "");
    let text = migrate(&home, &["-n", "torch"]).answered().words();
    assert!(text.contains(&format!("{mirror}::pandas")), "{text}");
    write(&format!("{home}/.condarc"), &format!("default_channels:\n  - {mirror}/\n"));
    let text = migrate(&home, &["-n", "torch"]).answered().words();
    let command = "-c conda-forge --strict-channel-priority pytorch-gpu=2.13.0 cuda-version=12.9 python=3.11 pandas ";
    assert!(text.contains(command) && text.contains("1 from defaults"), "{text}");
    assert!(!text.contains("mirror.example"), "{text}");
    let text = migrate(&home, &["-n", "torch", "--in-place"]).answered().words();
    assert!(text.contains("pandas pytorch pytorch-cuda && "), "{text}");
}

#[test]
fn json_is_one_document_even_on_failure() {
    let home = home("json");
    let document = migrate(&home, &["-n", "torch", "--json"]).answered().json();
    assert_eq!(document["recommendation"]["build"], "cuda129");
    assert_eq!(document["new"]["commands"][0]["step"], "install");
    let steps = |at: usize| &document["in_place"]["commands"][at];
    assert_eq!((&steps(0)["step"], &steps(0)["optional"]), (&"dry-run".into(), &false.into()));
    assert_eq!(steps(1)["stdout"], "torch-before.txt");
    let failed = migrate(&home, &["-n", "nope", "--json"]);
    assert_eq!((failed.code, &failed.json()["status"]), (Some(2), &"error".into()));
}

#[test]
fn refuses_unknown_and_unreadable_environments() {
    let home = home("none");
    migrate(&home, &["-n", "nope"]).refused(2, &["no environment named `nope`\n", "`--prefix`"]);
    migrate(&home, &["-n", "trch"]).refused(2, &["`trch`; did you mean `torch`?"]);
    migrate(&home, &["-p", &home]).refused(1, &["cannot read the environment"]);
    migrate(&home, &["-n", "torch", "--to", "torch"]).refused(2, &["`--to torch`"]);
}

#[test]
fn suggests_the_cpu_build_without_a_gpu() {
    let home = home("elsewhere");
    let ran = finish(program().env("HOME", &home).args(["migrate", "-n", "torch"]), "");
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.words().contains("--accelerator cpu"), "{}", ran.stdout);
}

#[test]
fn refuses_to_change_a_damaged_environment_in_place() {
    let home = home("damaged");
    write(&format!("{home}/miniforge3/envs/torch/conda-meta/numpy-1.26.4-0.json"), "{\"name\": ");
    let ran = migrate(&home, &["-n", "torch", "--in-place"]).answered();
    let text = ran.words();
    assert!(text.contains("warning: `"), "{text}");
    assert!(text.contains("[damaged]") && !text.contains("conda remove"), "{text}");
}

#[cfg(unix)]
#[test]
fn reads_an_environment_through_a_symlink() {
    let home = home("link");
    let link = format!("{home}/linked");
    let _ = fs::remove_file(&link);
    std::os::unix::fs::symlink(format!("{home}/miniforge3/envs/torch"), &link).expect("a link");
    let ran = migrate(&home, &["-p", &link]).answered();
    assert!(ran.words().contains("PyTorch 2.5.1"), "{}", ran.stdout);
}

#[test]
fn config_names_file_and_line() {
    let home = home("config");
    write(&format!("{home}/.condarc"), "# mine\nchannels:\n  - pytorch\n  - defaults\n");
    let ran = migrate(&home, &["--config"]).answered();
    let text = ran.words();
    for words in [
        ".condarc, line 3",
        "still used by `torch`",
        "without its comments",
        "--add channels conda-forge",
        "--remove channels pytorch",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn lists_environments_that_need_a_migration() {
    let ran = migrate(&home("overview"), &[]).answered();
    assert!(ran.stdout.ends_with("  conda-torch migrate -n torch\n"), "{}", ran.stdout);
}
