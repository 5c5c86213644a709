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

/// A checkout with this recipe.
fn checkout() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("feedstock");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("recipe")).expect("a folder");
    fs::create_dir_all(folder.join(".ci_support")).expect("a folder");
    for (name, text) in [("meta.yaml", META), ("build.sh", BUILD_SH), ("bld.bat", BLD_BAT)] {
        fs::write(folder.join("recipe").join(name), text).expect("a file");
    }
    let (linux, cuda, blas) = ("c_stdlib_version", "cuda_compiler_version", "blas_impl");
    for (name, keys) in [
        ("linux_64_a", &[(cuda, "13.1"), (blas, "mkl"), (linux, "2.28")][..]),
        ("linux_64_b", &[(cuda, "13.1"), (blas, "generic"), (linux, "2.28")]),
        ("linux_64_c", &[(cuda, "None"), (blas, "generic"), (linux, "2.17")]),
        (
            "linux_aarch64_d",
            &[(cuda, "12.9"), (blas, "generic"), (linux, "2.34"), ("arm_variant_type", "tegra")],
        ),
        ("osx_arm64_e", &[(cuda, "None"), (blas, "generic"), ("MACOSX_DEPLOYMENT_TARGET", "12.0")]),
        ("win_64_f", &[(cuda, "13.1"), (blas, "mkl")]),
    ] {
        let path = folder.join(format!(".ci_support/{name}.yaml"));
        fs::write(path, variant(keys)).expect("a file");
    }
    git(&folder, &["init", "--quiet"]);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "--quiet", "-m", "2.99.0"]);
    git(&folder, &["commit", "--quiet", "--allow-empty", "-m", "[ci skip] nothing"]);
    folder
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

#[test]
fn rows_of_a_recipe_are_proposed_and_compared() {
    let folder = checkout();
    let folder = folder.to_str().expect("UTF-8");
    let Some(output) = run(&[folder, "--rows"]) else { return };
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let document: toml::Table = toml::from_str(&text).expect("rows");
    let rows = document["build"].as_array().expect("rows");
    let line = |row: &toml::Value| {
        let text = |field: &str| {
            row.get(field).map_or("-".to_owned(), |value| value.to_string().replace('"', ""))
        };
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
        fields.map(text).join("; ")
    };
    let lines: Vec<String> = rows.iter().map(line).collect();
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
