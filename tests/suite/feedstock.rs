//! `tools/feedstock`: rows proposed from a recipe that this test writes, by the rules of conda-forge's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::common::skip;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

const META: &str = r#"{% set version = "2.99.0" %}
{% set build = 3 %}
{% if cuda_compiler_version != "None" %}
{% set build = build + 200 %}
{% endif %}
{% if blas_impl == "mkl" %}
{% set build = build + 100 %}
{% endif %}
build:
  skip: true  # [linux64 and blas_impl != "mkl" and cuda_compiler_version != "None"]
  string: cuda{{ cuda_compiler_version | replace('.', '') }}_{{ blas_impl }}_h{{ PKG_HASH }}_{{ build }}  # [cuda_compiler_version != "None"]
  string: cpu_{{ blas_impl }}_h{{ PKG_HASH }}_{{ build }}  # [cuda_compiler_version == "None"]
outputs:
"#;

const BUILD_SH: &str = r#"
if [[ "${UNKNOWN}" == "1" ]]; then
    export TORCH_CUDA_ARCH_LIST="9.9"
fi
if [[ "$OSTYPE" == "darwin"* ]]; then
    export USE_CUDA=0
elif [[ ${cuda_compiler_version} != "None" ]]; then
    if [[ "${arm_variant_type}" == "tegra" ]]; then
        export TORCH_CUDA_ARCH_LIST="8.7"
    else
        case ${cuda_compiler_version} in
            12.[89])
                export TORCH_CUDA_ARCH_LIST="5.0;9.0+PTX" ;; # 12
            13.*)
                export TORCH_CUDA_ARCH_LIST="7.5;9.0"
                export TORCH_CUDA_ARCH_LIST="${TORCH_CUDA_ARCH_LIST};12.0+PTX"
                ;;
        esac
    fi
fi
"#;

const BLD_BAT: &str = r#"
if "%cuda_compiler_version:~0,2%"=="12" (
    set "TORCH_CUDA_ARCH_LIST=5.0;12.0+PTX"
) else if "%cuda_compiler_version%" == "13.1" (
    set "TORCH_CUDA_ARCH_LIST=7.5;12.0+PTX"
)
"#;

/// A variant's file: its name, and its keys with their first values.
fn variant(keys: &[(&str, &str)]) -> String {
    let python = "python:\n- 3.11.* *_cpython\n- 3.15.* *_cp315\n";
    let keys: Vec<String> =
        keys.iter().map(|(key, value)| format!("{key}:\n- '{value}'\n")).collect();
    format!("{}{python}", keys.concat())
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(folder).args(["-c", "user.name=x", "-c", "user.email=x@example.org"]);
    let output = command.args(arguments).output().expect("git runs");
    assert!(output.status.success(), "{arguments:?} {output:?}");
}

/// A file of `.ci_support`, and its keys with their first values.
type Variant<'v> = (&'v str, &'v [(&'v str, &'v str)]);

/// A checkout with a recipe.
fn checkout(name: &str, recipe: &[(&str, &str)], variants: &[Variant<'_>]) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("feedstock").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("recipe")).expect("a folder");
    fs::create_dir_all(folder.join(".ci_support")).expect("a folder");
    for (name, text) in recipe {
        fs::write(folder.join("recipe").join(name), text).expect("a file");
    }
    for (name, keys) in variants {
        let path = folder.join(format!(".ci_support/{name}.yaml"));
        fs::write(path, variant(keys)).expect("a file");
    }
    git(&folder, &["init", "--quiet"]);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "--quiet", "-m", "a build"]);
    git(&folder, &["commit", "--quiet", "--allow-empty", "-m", "[ci skip] nothing"]);
    folder.to_str().expect("UTF-8").to_owned()
}

fn pytorch() -> String {
    let (linux, cuda, blas) = ("c_stdlib_version", "cuda_compiler_version", "blas_impl");
    let variants = [
        ("linux_64_a", &[(cuda, "13.1"), (blas, "mkl"), (linux, "2.28")][..]),
        ("linux_64_b", &[(cuda, "13.1"), (blas, "generic"), (linux, "2.28")]),
        ("linux_64_c", &[(cuda, "None"), (blas, "generic"), (linux, "2.17")]),
        (
            "linux_aarch64_d",
            &[(cuda, "12.9"), (blas, "generic"), (linux, "2.34"), ("arm_variant_type", "tegra")],
        ),
        ("osx_arm64_e", &[(cuda, "None"), (blas, "generic"), ("MACOSX_DEPLOYMENT_TARGET", "12.0")]),
        ("win_64_f", &[(cuda, "13.1"), (blas, "mkl")]),
    ];
    let recipe = [("meta.yaml", META), ("build.sh", BUILD_SH), ("bld.bat", BLD_BAT)];
    checkout("pytorch", &recipe, &variants)
}

/// Runs the tool; `None` without a Python that has `PyYAML`.
fn run(arguments: &[&str]) -> Option<Output> {
    let made = Path::new(ROOT).join(".venv/bin/python");
    let python = std::env::var_os("CONDA_TORCH_PYTHON").map_or(made, PathBuf::from);
    let yaml = Command::new(&python).args(["-c", "import yaml, tomllib"]).output();
    if !yaml.is_ok_and(|output| output.status.success()) {
        skip(
            "tools/feedstock",
            "run `pip install -r .ci/requirements.txt` with Python 3.11 or newer",
        );
        return None;
    }
    let tool = format!("{ROOT}/tools/feedstock");
    Some(Command::new(python).arg("-B").arg(tool).args(arguments).output().expect("Python runs"))
}

/// The rows that the tool writes; `None` as for [`run`].
fn proposed(folder: &str, table: &str) -> Option<Vec<toml::Value>> {
    let output = run(&[folder, "--rows"])?;
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let document: toml::Table = toml::from_str(&text).expect("rows");
    Some(document[table].as_array().expect("rows").clone())
}

/// Some fields of each row, `-` for one that is not there.
fn lines(rows: &[toml::Value], fields: &[&str]) -> Vec<String> {
    let text = |row: &toml::Value, field: &str| {
        row.get(field).map_or("-".to_owned(), |value| value.to_string().replace('"', ""))
    };
    let line = |row| fields.iter().map(|field| text(row, field)).collect::<Vec<_>>().join("; ");
    rows.iter().map(line).collect()
}

#[test]
fn rows_of_a_recipe_are_proposed_and_compared() {
    let folder = &pytorch();
    let Some(rows) = proposed(folder, "build") else { return };
    let fields = [
        "subdir",
        "accelerator",
        "blas",
        "arm_variant",
        "build_numbers",
        "cuda_pins",
        "kernels",
        "pythons",
    ];
    let lines = lines(&rows, &fields);
    // By hand from the recipe above: +200 with CUDA, +100 with MKL; on linux-64 no CUDA without MKL.
    let expected = [
        "linux-64; cuda 13.1; mkl; -; [303, 303]; [13.1, 14.0]; 7.5 9.0 12.0+PTX; [3.11, 3.15]",
        "linux-64; cpu; generic; -; [3, 3]; -; -; [3.11, 3.15]",
        "linux-aarch64; cuda 12.9; generic; tegra; [203, 203]; [12.9, 13.0]; 8.7; [3.11, 3.15]",
        "osx-arm64; mps; generic; -; [3, 3]; -; -; [3.11, 3.15]",
        "win-64; cuda 13.1; mkl; -; [303, 303]; [13.1, 13.2]; 7.5 12.0+PTX; [3.11, 3.15]",
    ];
    assert_eq!(lines, expected);
    assert_eq!(rows[0]["glibc"]["declared"].as_str(), Some("2.28"));
    assert_eq!(rows[1]["glibc"]["libraries"].as_str(), Some("2.17"));
    assert_eq!(rows[3]["macos"].as_str(), Some("12.0"));
    let output = run(&[folder]).expect("it ran before");
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("new: 2.99.0 linux-64 cuda 13.1 mkl #303\n"), "{text}");
    assert!(text.contains("5 builds, 5 missing or different"), "{text}");
}

#[test]
fn rows_of_a_companion_are_proposed_and_compared() {
    let recipe = "context:\n  version: \"0.99.0\"\nrecipe:\n  name: torchvision\n";
    let (cuda, of) = ("cuda_compiler_version", ("pytorch", "2.99"));
    let variants = [
        ("linux_64_a", &[(cuda, "13.1"), of][..]),
        ("linux_64_b", &[(cuda, "None"), of]),
        ("linux_aarch64_c", &[(cuda, "12.9"), of, ("arm_variant_type", "tegra")]),
        ("osx_arm64_d", &[of]),
        ("win_64_e", &[(cuda, "12.8"), of]),
    ];
    let folder = &checkout("torchvision", &[("recipe.yaml", recipe)], &variants);
    let Some(rows) = proposed(folder, "companion") else { return };
    let fields = ["package", "version", "subdir", "pytorch", "accelerator", "same_toolkit"];
    // torchvision is not tied to the toolkit since 0.22, and Windows' builds accept the whole major version.
    let expected = [
        "torchvision; 0.99.0; linux-64; 2.99; cuda 13.1; false",
        "torchvision; 0.99.0; linux-64; 2.99; cpu; -",
        "torchvision; 0.99.0; linux-aarch64; 2.99; cuda 12.9; false",
        "torchvision; 0.99.0; osx-arm64; 2.99; cpu; -",
        "torchvision; 0.99.0; win-64; 2.99; cuda 12.8; false",
    ];
    assert_eq!(lines(&rows, &fields), expected);
    let expected = ["-; [13.1, 14.0]", "-; -", "tegra; [12.9, 13.0]", "-; -", "-; [12.8, 13.0]"];
    assert_eq!(lines(&rows, &["arm_variant", "cuda_pins"]), expected);
    assert!(rows.iter().all(|row| row["pythons"].to_string() == r#"["3.11", "3.15"]"#), "{rows:?}");
    let output = run(&[folder]).expect("it ran before");
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("new: torchvision 0.99.0 linux-64 2.99 cuda 13.1\n"), "{text}");
    assert!(text.contains("torchvision 0.99.0 for PyTorch 2.99 at "), "{text}");
    assert!(text.contains("5 builds, 5 missing or different"), "{text}");
}
