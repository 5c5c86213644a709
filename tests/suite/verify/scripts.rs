//! Clients that fail in every way, as scripts.

use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use super::{advise, document, folder, is_tidy, put};
use crate::common::ends;

/// A machine without a GPU, so that the answer does not depend on this machine.
const HERE: [&str; 5] = ["--client", "micromamba", "--json", "--accelerator", "cpu"];

/// A client's replies to everything but the dry run.
const INFO: &str = r#"case "$1" in --version) echo 2.8.1; exit;; info) echo "{\"package cache\": [\"$HERE/pkgs\"], \"envs directories\": [\"$HERE/envs\"]}"; exit;; esac
echo "$@" >$HERE/asked
"#;

/// The plan of a solve with this build of PyTorch, of this size.
fn plan(build: &str, size: u64) -> String {
    let row = format!(
        r#"{{"name": "pytorch", "version": "2.13.0", "build": "{build}", "build_string": "{build}", "build_number": 102, "channel": "conda-forge", "size": {size}, "url": "https://conda.anaconda.org/conda-forge/linux-64/pytorch-2.13.0-{build}.conda", "fn": "pytorch-2.13.0-{build}.conda", "subdir": "linux-64"}}"#
    );
    let actions = format!(r#"{{"FETCH": [{row}], "LINK": [{row}], "PREFIX": "/x"}}"#);
    format!("cat <<'END'\n{{\"actions\": {actions}, \"dry_run\": true, \"success\": true}}\nEND")
}

fn with(words: &[&'static str]) -> Vec<&'static str> {
    HERE.iter().chain(words).copied().collect()
}

#[test]
fn a_client_that_agrees_verifies_the_printed_command() {
    let folder = folder("agrees");
    put(&folder, "micromamba", &format!("{INFO}{}", plan("cpu_mkl_py312_h04a39a8_102", 1000)));
    let output = advise(&folder, &with(&["--verify"])).output().expect("it runs");
    let document = document(&output, 0);
    let verify = &document["verify"];
    assert_eq!(verify["status"], "verified", "{verify}");
    assert_eq!((&verify["by"], &verify["client"]), (&"client".into(), &"micromamba".into()));
    assert_eq!(verify["download_bytes"], 1000);
    let install = document["commands"].as_array().expect("commands").iter();
    let install = { install }.find(|command| command["step"] == "install").expect("one");
    let words = |value: &serde_json::Value| -> Vec<String> {
        let all = value.as_array().expect("words").iter().skip(1);
        all.map(|word| word.as_str().expect("a word").to_owned()).collect()
    };
    let mut printed = words(&install["argv"]);
    printed.extend(["--dry-run".to_owned(), "--json".to_owned()]);
    assert_eq!(words(&verify["argv"]), printed);
    let asked = fs::read_to_string(folder.join("asked")).expect("it was asked");
    assert_eq!(asked.trim(), printed.join(" "));
    is_tidy(&folder);
}

/// `advise --format environment-yml --verify` with a conda of this version that answers so, and what it was asked.
fn of_file(name: &str, version: &str, reply: &str) -> (std::process::Output, String) {
    let folder = folder(name);
    fs::create_dir_all(folder.join("conda-meta")).expect("a folder");
    fs::write(folder.join(format!("conda-meta/conda-{version}-py312_0.json")), "{}")
        .expect("a file");
    put(
        &folder,
        "conda",
        &format!(
            "{INFO}cat \"${{4-}}\" >$HERE/file 2>&1\ncat \"${{3-}}\" >>$HERE/file 2>&1\n{reply}"
        ),
    );
    let words =
        ["--client", "conda", "--accelerator", "cpu", "--format", "environment-yml", "--verify"];
    let output = advise(&folder, &words).output().expect("it runs");
    let asked = fs::read_to_string(folder.join("asked")).unwrap_or_default();
    let file = fs::read_to_string(folder.join("file")).unwrap_or_default();
    if !asked.is_empty() {
        // The file as it was printed is what was solved.
        assert!(file.contains(&*String::from_utf8_lossy(&output.stdout)), "{file}");
    }
    is_tidy(&folder);
    (output, asked)
}

#[test]
fn a_file_is_verified_as_it_is_used() {
    let (output, asked) = of_file("file-new", "26.7.1", &plan("cpu_mkl_py312_h04a39a8_102", 1000));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let words: Vec<&str> = asked.split_whitespace().collect();
    assert_eq!(words[..2], ["create", "--file"], "{asked}");
    assert_eq!(words[3], "-p", "{asked}");
    assert_eq!(words[5..], ["--dry-run", "--json"], "{asked}");

    // As conda 26.5.3 prints it.
    let solved = r#"echo '{"name": "torch", "channels": ["conda-forge"], "dependencies": ["conda-forge/noarch::tzdata==2025b=h1_0", "conda-forge/linux-64::pytorch==2.13.0=cpu_mkl_py312_h04a39a8_102"]}'"#;
    let (output, asked) = of_file("file-old", "26.5.3", solved);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(asked.starts_with("env create --file "), "{asked}");

    let other = solved.replace("conda-forge/linux-64::", "defaults/linux-64::");
    let (output, _) = of_file("file-other", "26.5.3", &other);
    assert_eq!(output.status.code(), Some(4), "{output:?}");

    // A fault of a channel in the file, which the printed command does not have.
    let fails = r#"echo '{"error": "HTTP 404", "exception_name": "UnavailableInvalidChannel", "message": "HTTP 404 NOT FOUND for channel nodefaults <https://conda.anaconda.org/nodefaults>"}'; exit 1"#;
    let (output, _) = of_file("file-fails", "26.7.1", fails);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let message = String::from_utf8_lossy(&output.stderr);
    let words = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = "no such channel (`https://conda.anaconda.org/nodefaults`)";
    assert!(words.contains(expected), "{message}");
}

#[test]
fn settings_that_join_every_solve_are_named() {
    let folder = folder("settings");
    let says = r#"echo '{"success": false, "solver_problems": ["nothing provides x"]}'; exit 1"#;
    put(&folder, "micromamba", &format!("{INFO}{says}"));
    fs::write(
        folder.join(".condarc"),
        "channels:\n  - conda-forge\ncreate_default_packages:\n  - numpy <2\npinned_packages:\n  - pytorch 2.5.*\n",
    )
    .expect("a file");
    let output = advise(&folder, &with(&["--verify"])).output().expect("it runs");
    let verify = document(&output, 4)["verify"].clone();
    let condarc = folder.join(".condarc").display().to_string();
    let hint = verify["hint"].as_str().expect("a hint");
    for (key, line, spec) in
        [("create_default_packages", 4, "numpy <2"), ("pinned_packages", 6, "pytorch 2.5.*")]
    {
        let expected = format!("`{key}` in `{condarc}:{line}` adds `{spec}` to the solve");
        assert!(hint.contains(&expected), "{hint}");
    }
}

#[test]
fn another_build_exits_with_4() {
    let folder = folder("differs");
    put(&folder, "micromamba", &format!("{INFO}{}", plan("cuda130_mkl_py312_h04a39a8_302", 1000)));
    let output = advise(&folder, &with(&["--verify"])).output().expect("it runs");
    let document = document(&output, 4);
    assert_eq!(document["verify"]["status"], "differs");
    assert_eq!(document["status"], "ok");
}

#[test]
fn no_solution_exits_with_4() {
    let folder = folder("unsolvable");
    let says =
        r#"echo '{"success": false, "solver_problems": ["nothing provides __cuda"]}'; exit 1"#;
    put(&folder, "micromamba", &format!("{INFO}{says}"));
    let output = advise(&folder, &with(&["--verify"])).output().expect("it runs");
    let verify = document(&output, 4)["verify"].clone();
    assert_eq!(verify["status"], "unsolvable");
    assert!(verify["message"].as_str().expect("words").contains("nothing provides __cuda"));
}

#[test]
fn a_correction_that_helps_is_printed() {
    let folder = folder("corrected");
    let pinned =
        "Could not solve for environment specs\n└─ pin on pytorch 2.5.* is not installable";
    let body = format!(
        "case \"$*\" in *--no-pin*) {};; *) echo '{}' >&2; exit 1;; esac",
        plan("cpu_mkl_py312_h04a39a8_102", 1000).replace("\nEND", "\nEND\n"),
        pinned
    );
    put(&folder, "micromamba", &format!("{INFO}{body}"));
    let output = advise(&folder, &with(&["--verify"])).output().expect("it runs");
    let document = document(&output, 4);
    let verify = &document["verify"];
    assert_eq!(
        (&verify["status"], &verify["findings"][0]),
        (&"unsolvable".into(), &"pinned".into())
    );
    let words = verify["corrected"]["argv"].as_array().expect("a command");
    assert!(words.contains(&"--no-pin".into()), "{verify}");
    let human = &["--client", "micromamba", "--accelerator", "cpu", "--verify"];
    let page = advise(&folder, human).output().expect("it runs").stdout;
    let page = String::from_utf8(page).expect("UTF-8");
    let (_, after) = page.split_once("Corrected command, verified:\n").expect(&page);
    assert!(after.starts_with("  micromamba create -n torch --override-channels"), "{page}");
    is_tidy(&folder);
}

#[test]
fn a_correction_that_does_not_help_is_not_printed() {
    let folder = folder("not-corrected");
    let body = "printf 'Could not solve for environment specs\\n└─ pin on pytorch 2.5.* is not installable' >&2; exit 1";
    put(&folder, "micromamba", &format!("{INFO}{body}"));
    let output = advise(&folder, &with(&["--verify"])).output().expect("it runs");
    assert!(document(&output, 4)["verify"]["corrected"].is_null());
}

#[test]
fn a_full_disk_is_reported_and_exits_with_4() {
    let folder = folder("disk");
    // No machine has 16 EiB.
    let build = plan("cpu_mkl_py312_h04a39a8_102", 16_000_000_000_000_000_000);
    put(&folder, "micromamba", &format!("{INFO}{build}"));
    let output = advise(&folder, &with(&["--verify"])).output().expect("it runs");
    let verify = document(&output, 4)["verify"].clone();
    assert_eq!(verify["status"], "no_space");
    let pkgs = folder.join("pkgs");
    assert!(verify["message"].as_str().expect("words").contains(pkgs.to_str().expect("a path")));
    assert!(verify["hint"].as_str().expect("words").contains("CONDA_PKGS_DIRS"));
}

#[test]
fn a_hanging_client_and_its_children_end_and_the_answer_is_printed() {
    let folder = folder("hangs");
    put(&folder, "micromamba", &format!("{INFO}echo $$ >$HERE/own; sleep 1000 & wait"));
    // Increasing limits until the client has written its process ID: it never ends.
    for limit in ["1", "8", "64"] {
        let words = with(&["--verify", "--verify-timeout", limit]);
        let output = advise(&folder, &words).output().expect("it runs");
        let document = document(&output, 1);
        assert_eq!(document["verify"]["status"], "failed");
        assert!(document["recommendation"].is_object());
        is_tidy(&folder);
        if folder.join("own").exists() {
            break;
        }
    }
    assert!(ends(&folder.join("own")));
}

#[test]
fn ctrl_c_ends_the_client_and_removes_temporary_files() {
    // As in a shell's background job: what is ignored stays ignored.
    let ignores_interrupts = fs::read_to_string("/proc/self/status").is_ok_and(|status| {
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        ignored
            .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
            .is_some_and(|it| it & 2 != 0)
    });
    let signals = [("INT", 130), ("TERM", 143)].into_iter();
    let signals = signals.filter(|(signal, _)| *signal != "INT" || !ignores_interrupts);
    let runs = signals.map(|(signal, code)| {
        let folder = folder(&format!("signal-{signal}"));
        let stubborn = "trap '' TERM INT; echo $$ >$HERE/own; while :; do sleep 1; done";
        put(&folder, "micromamba", &format!("{INFO}{stubborn}"));
        let mut child = advise(&folder, &with(&["--verify"]))
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("it runs");
        while !folder.join("own").exists() {
            assert_eq!(child.try_wait().expect("its state"), None, "it waits for the client");
            sleep(Duration::from_millis(20));
        }
        let words = [format!("-{signal}"), child.id().to_string()];
        assert!(Command::new("kill").args(words).status().expect("kill").success());
        (child, code, folder)
    });
    for (mut child, code, folder) in runs.collect::<Vec<_>>() {
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(code));
        assert!(ends(&folder.join("own")));
        is_tidy(&folder);
    }
}

#[test]
fn without_a_client_verification_is_skipped() {
    let folder = folder("none");
    let output = advise(&folder, &["--client", "pixi", "--json", "--verify"]).output();
    let verify = document(&output.expect("it runs"), 0)["verify"].clone();
    assert_eq!(verify["status"], "not_run");
    assert!(
        verify["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("--client") || hint.contains("Miniforge"))
    );
    assert!(verify["argv"].as_array().is_some_and(Vec::is_empty));
}

#[test]
fn without_the_flag_no_client_runs() {
    let folder = folder("unasked");
    put(&folder, "micromamba", &format!("{INFO}exit 1"));
    let output = advise(&folder, &HERE).output().expect("it runs");
    assert!(document(&output, 0)["verify"].is_null());
    assert!(!folder.join("asked").exists());
}

#[test]
fn an_existing_name_is_verified_in_a_new_folder() {
    let folder = folder("taken");
    let refuses = r#"case "$*" in *" -n "*) echo '{"message": "Cannot `create --dry-run` with an existing conda environment", "exception_name": "CondaValueError", "error": "x"}'; exit 1;; esac
"#;
    let info = INFO.replace("echo 2.8.1", "echo conda 26.7.1");
    let body = format!("{info}{refuses}{}", plan("cpu_mkl_py312_h04a39a8_102", 1000));
    put(&folder, "conda", &body);
    let words = ["--client", "conda", "--json", "--accelerator", "cpu", "--verify"];
    let output = advise(&folder, &words).output().expect("it runs");
    let document = document(&output, 0);
    assert_eq!(document["verify"]["status"], "verified");
    let asked = fs::read_to_string(folder.join("asked")).expect("it was asked");
    assert!(asked.starts_with("create -p ") && !asked.contains(" -n "), "{asked}");
    is_tidy(&folder);
}

#[test]
fn the_solver_gets_the_printed_specs_and_virtual_packages() {
    let folder = folder("solver");
    let says = r#"cat >$HERE/ask
echo '{"protocol": 2, "origins": [], "told": {"solved": {"solution": {"records": [{"name": "pytorch", "version": "2.13.0", "build": "cuda130_mkl_py312_h_302", "build_number": 302, "subdir": "linux-64", "channel": "https://conda.anaconda.org/conda-forge", "url": "https://x/p.conda", "size": 7}, {"name": "cuda-version", "version": "13.0", "build": "h_3", "build_number": 3, "subdir": "noarch", "channel": "https://conda.anaconda.org/conda-forge", "url": "https://x/c.conda", "size": 1}]}}}}'"#;
    put(&folder, "conda-torch-live", says);
    let words =
        ["--platform", "linux-64", "--gpu", "H100", "--driver", "580", "--json", "--verify=solver"];
    let mut command = advise(&folder, &words);
    command.env("CONDA_TORCH_LIVE", folder.join("bin/conda-torch-live"));
    let verify = document(&command.output().expect("it runs"), 0)["verify"].clone();
    assert_eq!((&verify["status"], &verify["by"]), (&"verified".into(), &"solver".into()));
    let ask = fs::read_to_string(folder.join("ask")).expect("it was asked");
    let ask: serde_json::Value = serde_json::from_str(&ask).expect("JSON");
    assert_eq!(ask["subdirs"], serde_json::json!(["linux-64"]));
    let solve = &ask["question"]["solve"];
    assert_eq!(solve["specs"][0], "pytorch-gpu=2.13.0");
    let packages = solve["virtual_packages"].as_array().expect("a list");
    for package in ["__cuda=13.0=0", "__glibc=2.28=0", "__unix=0=0"] {
        assert!(packages.iter().any(|other| other == package), "{package}: {packages:?}");
    }
}

#[test]
fn installed_packages_count_as_planned() {
    let folder = folder("filled");
    let meta = folder.join("envs/work/conda-meta");
    fs::create_dir_all(&meta).expect("a folder");
    fs::write(meta.join("history"), "").expect("written");
    let record = r#"{"name": "pytorch", "version": "2.13.0", "build": "cpu_mkl_py312_h04a39a8_102", "build_number": 102, "channel": "conda-forge", "subdir": "linux-64", "depends": []}"#;
    fs::write(meta.join("pytorch-2.13.0-cpu_mkl_py312_h04a39a8_102.json"), record)
        .expect("written");
    let nothing = r#"echo '{"dry_run": true, "success": true, "message": "All requested packages already installed", "actions": {"FETCH": [], "LINK": [], "PREFIX": "x"}}'"#;
    put(&folder, "micromamba", &format!("{INFO}{nothing}"));
    let mut command = advise(&folder, &with(&["--verify", "-n", "work"]));
    command.env("MAMBA_ROOT_PREFIX", &folder);
    let document = document(&command.output().expect("it runs"), 0);
    let verify = &document["verify"];
    assert_eq!(verify["argv"][1], "install", "{verify}");
    assert_eq!(verify["status"], "verified", "{verify}");
}

#[test]
fn pixi_locks_the_printed_manifest_in_a_temporary_folder() {
    let folder = folder("pixi");
    let says = r#"case "$1" in --version) echo pixi 0.77.0; exit;; info) echo "{\"cache_dir\": \"$HERE/cache\"}"; exit;; esac
echo "$@" >$HERE/asked
cat "$3" >$HERE/manifest
cat >"${3%.toml}.lock" <<'END'
version: 6
environments:
  default:
    channels:
    - url: https://conda.anaconda.org/conda-forge/
    packages:
      linux-64:
      - conda: https://conda.anaconda.org/conda-forge/linux-64/pytorch-2.13.0-cpu_mkl_py312_h04a39a8_102.conda
packages:
- conda: https://conda.anaconda.org/conda-forge/linux-64/pytorch-2.13.0-cpu_mkl_py312_h04a39a8_102.conda
  sha256: 0000000000000000000000000000000000000000000000000000000000000000
  size: 1000
END"#;
    put(&folder, "pixi", says);
    let words = ["--client", "pixi", "--json", "--accelerator", "cpu", "--verify"];
    let output = advise(&folder, &words).output().expect("it runs");
    let asked = fs::read_to_string(folder.join("asked")).expect("it was asked");
    let tmp = folder.join("tmp");
    assert!(asked.starts_with(&format!("lock --manifest-path {}", tmp.display())), "{asked}");
    assert!(asked.trim().ends_with("pixi.toml"), "{asked}");
    let printed =
        advise(&folder, &["--client", "pixi", "--accelerator", "cpu", "--format", "pixi-toml"]);
    let printed = { printed }.output().expect("it runs").stdout;
    assert_eq!(fs::read(folder.join("manifest")).expect("it was there"), printed);
    let verify = document(&output, 0)["verify"].clone();
    assert_eq!(verify["status"], "verified", "{verify}");
    is_tidy(&folder);
}

#[test]
fn other_formats_have_the_result_on_stderr() {
    let folder = folder("format");
    put(&folder, "micromamba", &format!("{INFO}{}", plan("cpu_mkl_py312_h04a39a8_102", 3 << 20)));
    let words = ["--client", "micromamba", "--accelerator", "cpu", "--format", "commands"];
    let plain = advise(&folder, &words).output().expect("it runs");
    let proven = advise(&folder, &words).arg("--verify").output().expect("it runs");
    assert_eq!(plain.stdout, proven.stdout);
    let stderr = String::from_utf8_lossy(&proven.stderr);
    assert!(
        stderr.starts_with("Verified with micromamba 2.8.1 in ")
            && stderr.contains(" s: selects pytorch"),
        "{stderr}"
    );
    assert!(stderr.contains("3.0 MiB to download"), "{stderr}");
}

#[test]
fn without_a_client_the_solver_verifies() {
    let folder = folder("fallback");
    let says = r#"cat >/dev/null; echo '{"protocol": 2, "origins": [], "told": {"failed": {"kind": "no_network", "at": "https://conda.anaconda.org", "detail": "no route to host"}}}'"#;
    put(&folder, "live", says);
    let mut command = advise(&folder, &["--client", "pixi", "--json", "--verify"]);
    command.env("CONDA_TORCH_LIVE", folder.join("bin/live"));
    let verify = document(&command.output().expect("it runs"), 1)["verify"].clone();
    assert_eq!((&verify["status"], &verify["by"]), (&"failed".into(), &"solver".into()));
    assert!(verify["message"].as_str().expect("words").contains("no route to host"));
}

#[test]
fn a_conda_that_detects_only_its_own_system_is_not_run_for_another() {
    let folder = folder("other-system");
    put(&folder, "conda", &format!("{INFO}echo '{{}}'"));
    fs::create_dir(folder.join("conda-meta")).expect("made");
    fs::write(folder.join("conda-meta/history"), "").expect("written");
    fs::write(folder.join("conda-meta/conda-22.11.1-py310_0.json"), "{}").expect("written");
    let other = if cfg!(target_os = "macos") { "linux-64" } else { "osx-arm64" };
    let words = ["--client", "conda", "--json", "--platform", other, "--verify"];
    let output = advise(&folder, &words).output().expect("it runs");
    let verify = &document(&output, 0)["verify"];
    assert_eq!(verify["status"], "not_run", "{verify}");
    assert!(verify["hint"].as_str().is_some_and(|hint| hint.contains("23.3")), "{verify}");
    assert!(!folder.join("asked").exists(), "{verify}");
}
