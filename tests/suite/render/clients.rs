//! The commands for each client and version.

use conda_torch_core::commands::TargetEnvironment;
use conda_torch_core::formats;
use conda_torch_core::resolve::RequestedAccelerator;
use conda_torch_core::types::{ClientKind, Detected, Origin};

use crate::render::case::{CONDARC, Case, page};

#[test]
fn conda_removes_the_old_channel_and_adds_conda_forge_first() {
    let files: &[(&str, &[&str], &str)] = &[(CONDARC, &["pytorch", "nvidia", "defaults"], "")];
    let case = Case::of("gtx1080ti-driver-580").with(ClientKind::Conda, "26.7.1", files);
    insta::assert_snapshot!(case.steps(), @r#"
    conda config --remove channels pytorch
    conda config --add channels conda-forge
    conda config --set channel_priority strict
    conda create -n torch --override-channels -c conda-forge --strict-channel-priority pytorch-gpu=2.13.0 cuda-version=12.9
    conda run -n torch python -c "import torch as t; print(t.__version__, t.ones(2).cuda().sum())"
    "#);
}

#[test]
fn a_configured_mirror_counts_as_its_channel() {
    let mirrored = ["https://host.example/pytorch", "https://host.example/conda-forge"];
    let files: &[(&str, &[&str], &str)] = &[(CONDARC, &mirrored, "strict")];
    let steps = Case::of("no-gpu").with(ClientKind::Conda, "26.7.1", files).steps();
    assert!(
        steps.starts_with("conda config --remove channels https://host.example/pytorch\n"),
        "{steps}"
    );
    for first in ["https://host.example/conda-forge", "https://host.example/t/TOKEN/conda-forge"] {
        let files: &[(&str, &[&str], &str)] = &[(CONDARC, &[first], "strict")];
        let steps = Case::of("no-gpu").with(ClientKind::Conda, "26.7.1", files).steps();
        assert!(!steps.contains("config"), "conda-forge is the first channel: {steps}");
    }
}

#[test]
fn a_channel_is_removed_as_the_file_spells_it() {
    let files: &[(&str, &[&str], &str)] = &[
        ("/home/ada/.config/conda/condarc", &["https://conda.anaconda.org/pytorch"], "strict"),
        ("/etc/conda/.condarc", &["pytorch"], ""),
    ];
    let conda = Case::of("no-gpu").with(ClientKind::Conda, "26.7.1", files).steps();
    assert!(conda.contains(
        "conda config --file /home/ada/.config/conda/condarc --remove channels https://conda.anaconda.org/pytorch\n"
    ));
    assert!(!conda.contains("/etc/conda"), "only an administrator can write there: {conda}");
    assert!(!conda.contains("channel_priority"), "it is strict already: {conda}");
    let mamba = Case::of("no-gpu").with(ClientKind::Mamba, "2.8.1", files).steps();
    assert!(mamba.contains(
        "mamba config remove --file /home/ada/.config/conda/condarc channels https://conda.anaconda.org/pytorch\n"
    ));
}

#[test]
fn settings_are_written_to_the_file_that_applies() {
    let files: &[(&str, &[&str], &str)] =
        &[("/home/ada/.mambarc", &["bioconda"], "flexible"), (CONDARC, &["conda-forge"], "strict")];
    let mamba = Case::of("no-gpu").with(ClientKind::Micromamba, "2.8.1", files).steps();
    assert!(mamba.starts_with(
        "micromamba config prepend --file /home/ada/.mambarc channels conda-forge\n\
         micromamba config set --file /home/ada/.mambarc channel_priority strict\nmicromamba create"
    ));
    let conda = Case::of("no-gpu").with(ClientKind::Conda, "26.7.1", files).steps();
    assert!(!conda.contains("config"), "conda does not read it: {conda}");
    // `$CONDARC`, and a home in an unusual place.
    for path in ["/data/ada/settings/condarc", "/cluster/ada/.condarc"] {
        let files: &[(&str, &[&str], &str)] = &[(path, &["pytorch", "defaults"], "")];
        let steps = Case::of("no-gpu").with(ClientKind::Conda, "25.5.1", files).steps();
        assert!(steps.starts_with(&format!(
            "conda config --file {path} --remove channels pytorch\n\
             conda config --file {path} --add channels conda-forge\n\
             conda config --set channel_priority strict\nconda create"
        )));
    }
    // Only an administrator can write these.
    for path in ["/etc/conda/.condarc", "/sw/conda/.condarc"] {
        let files: &[(&str, &[&str], &str)] = &[(path, &["pytorch"], "flexible")];
        let mut case = Case::of("no-gpu").with(ClientKind::Conda, "26.7.1", files);
        case.machine.clients[0].root_prefix = Some("/sw/conda".to_owned());
        assert!(!case.steps().contains(path), "{}", case.steps());
        assert!(case.steps().starts_with("conda config --add channels conda-forge\n"));
    }
}

#[test]
fn complete_configuration_needs_no_commands() {
    for (kind, version) in [
        (ClientKind::Conda, "26.7.1"),
        (ClientKind::Conda, "24.9.0"),
        (ClientKind::Mamba, "1.5.12"),
        (ClientKind::Mamba, "2.8.1"),
        (ClientKind::Micromamba, "2.8.1"),
    ] {
        let files: &[(&str, &[&str], &str)] = &[(CONDARC, &["conda-forge"], "strict")];
        let steps = Case::of("no-gpu").with(kind, version, files).steps();
        assert!(!steps.contains(" config "), "{kind} {version}: {steps}");
    }
}

#[test]
fn defaults_is_removed_only_for_old_conda() {
    let removes = |version, files: &[(&str, &[&str], &str)]| {
        let steps = Case::of("no-gpu").with(ClientKind::Conda, version, files).steps();
        steps.contains(
            "conda config --add channels conda-forge\nconda config --remove channels defaults",
        )
    };
    assert!(removes("25.5.1", &[]));
    assert!(removes("24.9.0", &[(CONDARC, &[], "strict")]));
    assert!(!removes("25.9.0", &[]), "newer ones write conda-forge alone, and would fail");
    assert!(!removes("25.5.1", &[(CONDARC, &["bioconda"], "")]), "it is not there, and would fail");
}

#[test]
fn invalid_configuration_files_stay_unchanged() {
    let mut case = Case::of("no-gpu").with(ClientKind::Conda, "26.7.1", &[(CONDARC, &[], "")]);
    case.machine.config_files[0].problem = Some("not YAML".to_owned());
    assert!(!case.steps().contains("config"));
}

#[test]
fn mamba_1_is_configured_with_conda_and_mamba_2_with_mamba() {
    let files: &[(&str, &[&str], &str)] = &[(CONDARC, &["defaults"], "")];
    let one = Case::of("no-gpu").with(ClientKind::Mamba, "1.5.12", files);
    insta::assert_snapshot!(one.steps(), @r#"
    conda config --add channels conda-forge
    conda config --set channel_priority strict
    mamba create -n torch --override-channels -c conda-forge --strict-channel-priority pytorch-cpu=2.13.0
    mamba run -n torch python -c "import torch as t; print(t.__version__, t.ones(2).sum())"
    "#);
    let two = Case::of("no-gpu").with(ClientKind::Mamba, "2.8.1", files);
    insta::assert_snapshot!(two.steps(), @r#"
    mamba config prepend channels conda-forge
    mamba config set channel_priority strict
    mamba create -n torch --override-channels -c conda-forge --strict-channel-priority pytorch-cpu=2.13.0
    mamba run -n torch python -c "import torch as t; print(t.__version__, t.ones(2).sum())"
    "#);
    let mut unknown = Case::of("no-gpu").with(ClientKind::Mamba, "2.8.1", files);
    unknown.machine.clients[0].version = Detected::unknown("no answer");
    assert!(!unknown.steps().contains("config"), "no `config` line works on both");
}

#[test]
fn micromamba_uses_conda_forge_by_default() {
    let case = Case::of("no-gpu").with(ClientKind::Micromamba, "2.8.1", &[]);
    insta::assert_snapshot!(case.steps(), @r#"
    micromamba config set channel_priority strict
    micromamba create -n torch --override-channels -c conda-forge --strict-channel-priority pytorch-cpu=2.13.0
    micromamba run -n torch python -c "import torch as t; print(t.__version__, t.ones(2).sum())"
    "#);
}

#[test]
fn pixi_toml_declares_system_requirements() {
    let current = Case::of("gtx1080ti-driver-580").with(ClientKind::Pixi, "0.77.0", &[]);
    insta::assert_snapshot!(current.steps(), @r#"
    pixi init torch -c conda-forge --platform linux-64
    pixi workspace --manifest-path torch/pixi.toml platform edit linux-64 --cuda 12.0
    pixi add --manifest-path torch/pixi.toml pytorch-gpu=2.13.0 cuda-version=12.9
    pixi run --manifest-path torch/pixi.toml python -c "import torch as t; print(t.__version__, t.ones(2).cuda().sum())"
    "#);
    let older = Case::of("gtx1080ti-driver-580").with(ClientKind::Pixi, "0.60.0", &[]);
    assert!(older.steps().contains(
        "\npixi workspace --manifest-path torch/pixi.toml system-requirements add cuda 12.0\n"
    ));
}

#[test]
fn pixi_toml_has_the_form_that_its_pixi_knows() {
    let manifest = |version: &str| {
        let case = Case::of("gtx1080ti-driver-580").with(ClientKind::Pixi, version, &[]);
        case.render(formats::pixi_toml).expect("it fits")
    };
    let table = "\nplatforms = [\"linux-64\"]\n\n[system-requirements]\ncuda = \"12\"\n";
    assert!(manifest("0.70.2").contains(table), "{}", manifest("0.70.2"));
    for (version, expected) in [
        ("0.71.0", "\nplatforms = [{ platform = \"linux-64\", cuda = \"12\" }]\n"),
        ("0.84.1", "\nplatforms = [{ platform = \"linux-64\", cuda = \"12\" }]\n"),
        ("0.85.0", "\nplatforms = [{ subdir = \"linux-64\", cuda = \"12\" }]\n"),
    ] {
        let text = manifest(version);
        assert!(text.contains(expected) && !text.contains("system-requirements"), "{text}");
        assert!(text.parse::<toml::Table>().is_ok(), "{text}");
    }
    // Another client's answer, and a pixi of unknown version: the form that every pixi reads.
    let conda = Case::of("gtx1080ti-driver-580").with(ClientKind::Conda, "26.7.1", &[]);
    assert!(conda.render(formats::pixi_toml).expect("it fits").contains(table));
    // Nothing to declare.
    let cpu = Case::of("no-gpu").with(ClientKind::Pixi, "0.85.0", &[]);
    let cpu = cpu.render(formats::pixi_toml).expect("it fits");
    assert!(cpu.contains("\nplatforms = [\"linux-64\"]\n"), "{cpu}");
}

#[test]
fn overrides_are_set_only_if_the_client_detects_another_version() {
    let sets = |case: &Case| case.steps().contains("CONDA_OVERRIDE_CUDA=");
    let mut case = Case::of("gtx1080ti-driver-580").with(ClientKind::Conda, "26.7.1", &[]);
    assert!(!sets(&case));
    // libcuda cannot be initialized: conda detects no `__cuda`, even with NVML.
    case.machine.libcuda = Detected::Absent;
    assert!(case.steps().contains("\nCONDA_OVERRIDE_CUDA=13.0 conda create "), "{}", case.steps());
    // mamba 2 reports the toolkit in /usr/local/cuda as the driver's version.
    let mut case = Case::of("gtx1080ti-driver-580").with(ClientKind::Mamba, "2.8.1", &[]);
    assert!(!sets(&case), "{}", case.steps());
    let toolkit = "11.8".parse().expect("a version");
    case.machine.toolkit_file = Detected::found(toolkit, Origin::System);
    assert!(sets(&case));
    // A CPU build needs none.
    case.request.accelerator = RequestedAccelerator::Cpu;
    assert!(!sets(&case));
}

#[test]
fn an_existing_environment_is_not_replaced() {
    let mut case = Case::of("no-gpu").with(ClientKind::Conda, "26.7.1", &[]);
    case.machine.clients[0].environments = vec!["torch".to_owned(), "torch-2".to_owned()];
    assert!(case.steps().contains("conda create -n torch-3 "));
    case.environment = TargetEnvironment::Name("torch".to_owned());
    assert!(case.steps().contains("conda install -n torch "));
    assert!(page(&case).contains("note: the environment `torch` exists"));
    case.environment = TargetEnvironment::Prefix("/data/my env".to_owned());
    assert!(case.steps().contains("conda create -p \"/data/my env\" "));
}

#[test]
fn an_x86_client_on_an_arm64_mac_gets_the_platform() {
    let mut case = Case::of("macos-15-rosetta").with(ClientKind::Conda, "26.7.1", &[]);
    case.machine.clients[0].subdir = Some("osx-64".parse().expect("a platform"));
    assert!(case.steps().contains("create -n torch --platform osx-arm64 --override-channels"));
    // Not into an environment of the other platform.
    case.environment = TargetEnvironment::Name("work".to_owned());
    case.machine.clients[0].environments = vec!["work".to_owned()];
    let create = "conda create -n work-arm64 --platform osx-arm64 --override-channels";
    assert!(case.steps().contains(create), "{}", case.steps());
    assert!(page(&case).contains("note: the environment `work` is for the client's own platform"));
}

#[test]
fn an_old_client_gets_the_platform_as_a_variable() {
    for (kind, version) in [(ClientKind::Conda, "23.9.0"), (ClientKind::Mamba, "1.5.12")] {
        let mut case = Case::of("macos-15-rosetta").with(kind, version, &[]);
        case.machine.clients[0].subdir = Some("osx-64".parse().expect("a platform"));
        let create = format!("CONDA_SUBDIR=osx-arm64 {kind} create -n torch --override-channels");
        assert!(case.steps().contains(&create), "{}", case.steps());
    }
}
