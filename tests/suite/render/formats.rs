//! Files, and commands without text.

use conda_torch_core::conda::Version;
use conda_torch_core::formats;
use conda_torch_core::types::{Companion, Detected, Origin};

use crate::render::case::Case;

#[test]
fn files_have_the_same_specs_as_commands() {
    let mut case = Case::of("centos7-glibc-2.17-a100");
    case.request.companions = vec![Companion::Torchvision];
    case.machine.glibc = Detected::found(Version::new(&[2, 27]), Origin::System);
    insta::assert_snapshot!(case.render(formats::pixi_toml).expect("fits"), @r#"
    # PyTorch 2.5.1 with CUDA 12.0, torchvision 0.20.1, from conda-forge
    [workspace]
    name = "torch"
    channels = ["conda-forge"]
    platforms = ["linux-64"]

    [system-requirements]
    cuda = "12"
    libc = { family = "glibc", version = "2.27" }

    [dependencies]
    pytorch-gpu = "2.5.1.*"
    torchvision = "0.20.1.*"
    cuda-version = "12.0.*"
    "#);
    insta::assert_snapshot!(case.render(formats::environment_yml).expect("fits"), @r"
    # PyTorch 2.5.1 with CUDA 12.0, torchvision 0.20.1, from conda-forge
    name: torch
    # conda adds the channels of its settings, such as defaults, after these; keep their packages out:
    #   conda config --set channel_priority strict
    channels:
      - conda-forge
    dependencies:
      - pytorch-gpu=2.5.1
      - torchvision=0.20.1
      - cuda-version=12.0
    ");
    let case = Case::of("gtx1080ti-driver-580");
    insta::assert_snapshot!(case.render(formats::dockerfile).expect("fits"), @r#"
    # PyTorch 2.13.0 with CUDA 12.9, from conda-forge
    #   docker build -t torch .
    #   docker run --rm --gpus all torch python -c "import torch; print(torch.__version__)"
    FROM --platform=linux/amd64 mambaorg/micromamba:latest
    RUN CONDA_OVERRIDE_CUDA=13.0 micromamba install --yes --name base \
          --override-channels -c conda-forge --strict-channel-priority \
          "pytorch-gpu=2.13.0" \
          "cuda-version=12.9" \
        && micromamba clean --all --yes
    ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
    "#);
    // 2.5.1 for CUDA 11.8 does not load with the glibc of newer images.
    let old = Case::of("a100-driver-470").render(formats::dockerfile).expect("fits");
    assert!(old.contains(" mambaorg/micromamba:bookworm-slim\n"), "{old}");
    insta::assert_snapshot!(case.render(formats::commands).expect("fits"), @"conda create -n torch --override-channels -c conda-forge --strict-channel-priority pytorch-gpu=2.13.0 cuda-version=12.9");
    let refused = Case::of("windows-rtx4090").render(formats::dockerfile).expect_err("no Linux");
    assert_eq!(refused.to_string(), "a Dockerfile needs a Linux platform, not win-64");
    let refused = Case::of("ppc64le").render(formats::commands).expect_err("nothing fits");
    assert!(refused.to_string().starts_with("nothing satisfies the request"));
}

/// The specs of a case as `name`, `version`, `build`.
fn specs(case: &Case) -> Vec<String> {
    case.render(|answer| {
        let choice = answer.choice().expect("something fits");
        choice.specs.iter().map(ToString::to_string).collect()
    })
}

/// A spec from a requirement in `pixi.toml`.
fn spec_of_toml(name: &str, requirement: &toml::Value) -> String {
    if let Some(version) = requirement.as_str() {
        return format!("{name}={}", version.strip_suffix(".*").expect("a prefix"));
    }
    let version = requirement["version"].as_str().expect("a version");
    let build = requirement["build"].as_str().expect("a build");
    format!("{name}={}={build}", version.trim_start_matches("=="))
}

#[test]
fn pixi_toml_has_the_same_specs_when_read_back() {
    for name in fitting() {
        let mut case = Case::of(&name);
        case.environment =
            conda_torch_core::commands::TargetEnvironment::Name("it's \"mine\"\\".to_owned());
        let text = case.render(formats::pixi_toml).expect("it fits");
        let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut read: Vec<String> = table["dependencies"]
            .as_table()
            .expect("a table")
            .iter()
            .map(|(name, requirement)| spec_of_toml(name, requirement))
            .collect();
        let mut expected = specs(&case);
        expected.sort();
        read.sort();
        assert_eq!(read, expected, "{name}");
        assert_eq!(table["workspace"]["name"].as_str(), Some("it's \"mine\"\\"));
    }
}

#[test]
fn environment_yml_has_the_same_specs_when_read_back() {
    use granit_parser::{Event, Parser};
    for name in fitting() {
        let mut case = Case::of(&name);
        case.environment =
            conda_torch_core::commands::TargetEnvironment::Name("yes: #\"it's\"".to_owned());
        let text = case.render(formats::environment_yml).expect("it fits");
        let scalars: Vec<String> = Parser::new_from_str(&text)
            .filter_map(|event| {
                let event = event.unwrap_or_else(|error| panic!("{name}: {error}")).0;
                if let Event::Scalar(value, ..) = event { Some(value.into_owned()) } else { None }
            })
            .collect();
        let head = ["name", "yes: #\"it's\"", "channels", "conda-forge", "dependencies"];
        let mut expected: Vec<String> = head.map(str::to_owned).to_vec();
        // The clients of some machines are known to know `nodefaults`.
        let knows = text.contains("  - nodefaults\n");
        expected.splice(4..4, knows.then(|| "nodefaults".to_owned()));
        expected.extend(specs(&case));
        assert_eq!(scalars, expected, "{name}");
    }
}

/// conda fetches `nodefaults` as a channel from 26.7.0 on; until then, and in mamba and micromamba, it is a word.
#[test]
fn nodefaults_is_written_only_for_a_client_that_knows_it() {
    use conda_torch_core::types::ClientKind::{self, Conda, Mamba, Micromamba};
    let writes = |kind: ClientKind, version: Option<&str>| {
        let mut case = Case::of("gtx1080ti-driver-580");
        if let Some(version) = version {
            case = case.with(kind, version, &[]);
        }
        case.client = Some(kind);
        let text = case.render(formats::environment_yml).expect("it fits");
        assert_ne!(text.contains("nodefaults"), text.contains("channel_priority strict"), "{text}");
        text.contains("\n  - nodefaults\n")
    };
    assert!(writes(Conda, Some("26.5.3")));
    assert!(!writes(Conda, Some("26.7.0")));
    assert!(!writes(Conda, None));
    assert!(writes(Mamba, Some("2.8.1")));
    assert!(writes(Micromamba, None));
}

#[test]
fn a_package_is_in_a_manifest_once() {
    let mut case = Case::of("macos-12-x86-64");
    case.request.blas = Some(conda_torch_core::types::Blas::Generic);
    let text = case.render(formats::pixi_toml).expect("it fits");
    assert!(
        text.contains("\npytorch = { version = \"==2.13.0\", build = \"cpu_generic*\" }\n"),
        "{text}"
    );
    assert_eq!(text.matches("\npytorch = ").count(), 1, "{text}");
    let commands = case.render(formats::commands).expect("it fits");
    assert!(commands.ends_with(" \"pytorch=2.13.0=cpu_generic*\"\n"), "{commands}");
}

#[test]
fn a_file_does_not_name_the_base_environment() {
    let mut case = Case::of("gtx1080ti-driver-580");
    case.environment = conda_torch_core::commands::TargetEnvironment::Name("base".to_owned());
    let refused = case.render(formats::environment_yml).expect_err("reserved");
    assert!(refused.to_string().starts_with("`base` is"), "{refused}");
    let commands = case.render(formats::commands).expect("it fits");
    assert!(commands.starts_with("conda install -n base "), "{commands}");
}

/// The machines with a recommended build.
fn fitting() -> impl Iterator<Item = String> {
    let fits = |name: &String| Case::of(name).render(|answer| answer.choice().is_ok());
    crate::common::machine_names().into_iter().filter(fits)
}
