//! Predicted virtual packages compared with real clients on this machine: rattler (pixi's library) through
//! py-rattler, and conda, mamba and micromamba if they are on `PATH`.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use crate::common;
use crate::common::UP_TO;
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

type Packages = BTreeMap<String, (String, String)>;
type Env = Vec<(String, String)>;

/// Asks rattler for everything, with the overrides of the environment.
const RATTLER: &str = "from rattler import VirtualPackage, VirtualPackageOverrides\n\
for p in VirtualPackage.detect(VirtualPackageOverrides.from_env()): print(p.into_generic())";

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("real-clients").join(name);
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}

/// Renames a file into place: several tests may do so at once.
fn put(path: &Path, text: &str) {
    let unfinished = path.with_extension(format!("{}", std::process::id()));
    std::fs::write(&unfinished, text).expect("written");
    std::fs::set_permissions(&unfinished, std::fs::Permissions::from_mode(0o755)).expect("set");
    std::fs::rename(unfinished, path).expect("renamed");
}

/// A stub for one of the driver's libraries, in its own folder.
fn stub(source: &str, library: &str) -> String {
    let folder = folder(source);
    let unfinished = folder.join(format!("{library}.{}", std::process::id()));
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition", "2024", "--crate-type", "cdylib", "--check-cfg", "cfg(old)", "-o"])
        .arg(&unfinished)
        .arg(format!("{}/tests/stub/{source}.rs", env!("CARGO_MANIFEST_DIR")))
        .output()
        .expect("rustc can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::rename(unfinished, folder.join(library)).expect("put in its place");
    folder.to_str().expect("a path").to_owned()
}

/// Made once: the tests run in parallel.
static ENVIRONMENTS: LazyLock<Vec<Env>> = LazyLock::new(environments);

/// Machines and settings, by the variables that make them.
fn environments() -> Vec<Env> {
    let nvml = stub("nvml", "libnvidia-ml.so.1");
    let libcuda = stub("libcuda", "libcuda.so.1");
    let programs = folder("programs");
    let says = "#!/bin/sh\necho \"<l><cuda_version>${STUB_SMI-12.8}</cuda_version></l>\"\n";
    put(&programs.join("nvidia-smi"), says);
    let both = format!("{nvml}:{libcuda}");
    let path = format!("{}:/usr/bin:/bin", programs.display());
    let libraries = |folder: &str| ("LD_LIBRARY_PATH".to_owned(), folder.to_owned());
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut all = vec![
        vec![],
        vec![libraries(&libcuda)],
        vec![libraries(&libcuda), set("STUB_LIBCUDA", "no-device")],
        vec![libraries(&libcuda), set("CUDA_VISIBLE_DEVICES", "")],
        vec![libraries(&nvml)],
        vec![libraries(&nvml), set("STUB_NVML", "utility-only")],
        vec![libraries(&nvml), set("STUB_NVML", "no-devices")],
        vec![libraries(&both)],
        vec![set("PATH", &path)],
        vec![set("PATH", &path), set("STUB_SMI", "N/A")],
        vec![set("PATH", &path), set("STUB_SMI", "")],
        vec![set("PATH", &path), libraries(&libcuda), set("STUB_SMI", "13.0")],
        vec![set("PATH", &path), libraries(&both), set("STUB_SMI", "13.0")],
        vec![set("CONDA_OVERRIDE_CUDA", "12.9"), set("CONDA_OVERRIDE_CUDA_ARCH", "8.6")],
        vec![set("CONDA_OVERRIDE_CUDA_ARCH", "8.6")],
        vec![set("CONDA_SUBDIR", "osx-arm64"), set("CONDA_OVERRIDE_OSX", "14.5")],
    ];
    let values = [
        ("CUDA", &["12.9", "12", "12.9.1", "", " ", "foo bar!"][..]),
        ("GLIBC", &["2.17", ""]),
        ("LINUX", &["5.10", ""]),
        ("OSX", &["13.0", ""]),
        ("WIN", &["10.0", ""]),
        ("ARCHSPEC", &["zen3", "nonesuch", "0", ""]),
    ];
    for (name, values) in values {
        let name = format!("CONDA_OVERRIDE_{name}");
        all.extend(values.iter().map(|value| vec![set(&name, value)]));
    }
    all.extend(["win-64", "osx-arm64", "linux-aarch64"].map(|it| vec![set("CONDA_SUBDIR", it)]));
    all
}

/// A command with only these variables.
fn command(program: &Path, env: &Env) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env(UP_TO.0, UP_TO.1)
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", folder("home"));
    // A limit that a busy machine does not reach.
    command.env("CONDA_TORCH_TIMEOUT", "600");
    command.envs(env.iter().cloned());
    command
}

/// The predicted packages of a client, and the names of those that are unknown.
fn predicted(client: &str, env: &Env) -> (Packages, Vec<String>) {
    let program = Path::new(env!("CARGO_BIN_EXE_conda-torch"));
    let output = command(program, env).args(["probe", "--json"]).output().expect("it runs");
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let clients = document["virtual_packages"].as_array().expect("a list");
    let packages =
        clients.iter().find(|packages| packages["client"] == client).expect("the client");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let list = |key: &str| packages[key].as_array().expect("a list").clone();
    let package = |it: &Value| (text(&it["name"]), (text(&it["version"]), text(&it["build"])));
    (
        list("packages").iter().map(package).collect(),
        list("unknown").iter().map(|it| text(&it["name"])).collect(),
    )
}

/// Compares a prediction with a real client; `None` if that failed.
fn differences(client: &str, env: &Env, real: Option<&Packages>) -> Vec<String> {
    let (predicted, unknown) = predicted(client, env);
    let Some(real) = real else {
        let is_predicted = !unknown.is_empty();
        return if is_predicted {
            vec![]
        } else {
            vec![format!("{client} {env:?}: the client fails, which was not predicted")]
        };
    };
    let names = predicted.keys().chain(real.keys()).filter(|name| !unknown.contains(name));
    let wrong = names.filter(|name| predicted.get(*name) != real.get(*name));
    wrong
        .map(|name| {
            let (is, expected) = (predicted.get(name), real.get(name));
            format!("{client} {env:?}: {name} predicted {is:?}, the client has {expected:?}")
        })
        .collect()
}

/// `__cuda=12.9=0`.
fn package(line: &str) -> Option<(String, (String, String))> {
    let (name, rest) = line.split_once('=')?;
    let (version, build) = rest.rsplit_once('=')?;
    Some((name.to_owned(), (version.to_owned(), build.to_owned())))
}

/// Real clients are optional: those on `PATH` are run.
fn skip(client: &str) {
    // The test harness would capture stdout.
    let _ = writeln!(std::io::stderr(), "SKIPPED: no `{client}` on PATH to compare with");
}

#[test]
fn rattler_detects_what_is_predicted_for_pixi() {
    let python = std::env::var_os("CONDA_TORCH_PYTHON").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python"),
        PathBuf::from,
    );
    let has_rattler = Command::new(&python).args(["-c", "import rattler"]).output();
    if !has_rattler.is_ok_and(|output| output.status.success()) {
        let install =
            "python3 -m venv .venv && .venv/bin/pip install -r tests/solver/requirements.txt";
        return common::skip("virtual packages were not compared with py-rattler", install);
    }
    // The pixi version with this rattler, linked dynamically as py-rattler is.
    let home = folder("pixi/bin");
    let source = folder("source").join("pixi.rs");
    put(&source, "fn main() { println!(\"pixi 0.78.0\"); }");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let built = Command::new(rustc).arg("-o").arg(home.join("pixi")).arg(source).output();
    assert!(built.expect("rustc can be run").status.success());
    let mut wrong = Vec::new();
    for mut env in ENVIRONMENTS.iter().cloned() {
        env.push(("PIXI_HOME".to_owned(), folder("pixi").display().to_string()));
        let output = command(&python, &env).args(["-c", RATTLER]).output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let real: Packages = text.lines().filter_map(package).collect();
        wrong.extend(differences("pixi", &env, output.status.success().then_some(&real)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A program on `PATH`.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// Compares the prediction for a client on `PATH` with its `info --json`.
fn compare(client: &str, variable: &str, read: fn(&Value) -> Option<Packages>) {
    let Some(program) = on_path(client) else { return skip(client) };
    let mut wrong = Vec::new();
    for mut env in ENVIRONMENTS.iter().cloned() {
        env.push((variable.to_owned(), program.display().to_string()));
        let output = command(&program, &env).args(["info", "--json"]).output().expect("it runs");
        let document: Option<Value> = serde_json::from_slice(&output.stdout).ok();
        wrong.extend(differences(client, &env, document.as_ref().and_then(read).as_ref()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_real_conda_detects_what_is_predicted() {
    compare("conda", "CONDA_EXE", |info| {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let packages = info["virtual_pkgs"].as_array()?.iter();
        packages.map(|it| Some((text(&it[0])?, (text(&it[1])?, text(&it[2])?)))).collect()
    });
}

fn mamba_packages(info: &Value) -> Option<Packages> {
    info["virtual packages"].as_array()?.iter().map(|line| package(line.as_str()?)).collect()
}

#[test]
fn a_real_mamba_and_micromamba_detect_what_is_predicted() {
    compare("mamba", "MAMBA_EXE", mamba_packages);
    compare("micromamba", "MAMBA_EXE", mamba_packages);
}
