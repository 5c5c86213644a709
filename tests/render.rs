//! Every format for every client, on recorded machines.

#![expect(clippy::disallowed_methods, reason = "tests read recorded machines")]

mod common;

use common::{machine, machine_names};
use conda_torch::advise::{AcceleratorWish, Request, advise};
use conda_torch::matrix::Matrix;
use conda_torch::model::{
    Client, ClientKind, Companion, ConfigFile, Detected, Machine, Origin, Shell, Version,
};
use conda_torch::render::{self, Answer, ClientTarget, Environment, Style};

/// An answer in the making: what a test changes, and the rest as usual.
struct Case {
    machine: Machine,
    request: Request,
    client: Option<ClientKind>,
    environment: Environment,
    shell: Shell,
    all: bool,
}

impl Case {
    fn of(name: &str) -> Self {
        Self {
            machine: machine(name),
            request: Request::default(),
            client: None,
            environment: Environment::Unnamed,
            shell: Shell::Posix,
            all: false,
        }
    }

    /// With one client, of a version, and one configuration file in force.
    fn with(mut self, kind: ClientKind, version: &str, files: &[(&str, &[&str], &str)]) -> Self {
        self.machine.clients = vec![Client {
            kind,
            version: Detected::found(version.parse().expect("a version"), Origin::System),
            path: format!("/opt/bin/{kind}"),
            root_prefix: None,
            subdir: None,
            environments: vec!["base".to_owned()],
        }];
        let file = |(path, channels, priority): &(&str, &[&str], &str)| ConfigFile {
            path: (*path).to_owned(),
            channels: (!channels.is_empty())
                .then(|| channels.iter().map(|c| (*c).to_owned()).collect()),
            channel_priority: (!priority.is_empty()).then(|| (*priority).to_owned()),
            solver: None,
            problem: None,
        };
        self.machine.config_files = files.iter().map(file).collect();
        self
    }

    fn render<T>(&self, format: impl Fn(&Answer<'_>) -> T) -> T {
        let matrix = Matrix::embedded();
        let advice = advise(&self.machine, &self.request, matrix);
        format(&Answer {
            machine: &self.machine,
            request: &self.request,
            advice: &advice,
            as_of: &matrix.as_of,
            client: ClientTarget::of(&self.machine, self.client),
            environment: self.environment.clone(),
            style: Style { width: 80, color: false, shell: self.shell, all: self.all },
        })
    }

    /// Every command on a line, the optional ones too.
    fn steps(&self) -> String {
        self.render(|answer| {
            let choice = answer.choice().expect("something fits");
            let steps = answer.plan(choice);
            let lines = steps.iter().map(|step| {
                render::shell::line(step, answer.style.shell).expect("it can be quoted")
            });
            lines.collect::<Vec<_>>().join("\n")
        })
    }
}

const CONDARC: &str = "/home/ada/.condarc";

#[test]
#[ignore = "for looking at"]
fn dump() {
    let mut out = String::new();
    for name in machine_names() {
        let text = Case::of(&name).render(render::human).expect("it can be quoted");
        out.push_str(&format!("=== {name}\n{text}"));
    }
    std::fs::write("/tmp/render-dump.txt", out).expect("writes");
}

// --- clients

#[test]
fn conda_drops_the_old_channel_and_puts_conda_forge_first() {
    let files: &[(&str, &[&str], &str)] = &[(CONDARC, &["pytorch", "nvidia", "defaults"], "")];
    let case = Case::of("gtx1080ti-driver-580").with(ClientKind::Conda, "26.7.1", files);
    insta::assert_snapshot!(case.steps(), @r#"
    conda config --remove channels pytorch
    conda config --add channels conda-forge
    conda config --set channel_priority strict
    conda create -n torch --override-channels -c conda-forge --strict-channel-priority pytorch-gpu=2.13.0 cuda-version=12.9
    conda run -n torch python -c "import torch; print(torch.__version__, torch.version.cuda, torch.ones(2, device='cuda').sum().item())"
    "#);
}

#[test]
fn an_entry_is_removed_from_the_file_that_has_it_word_for_word() {
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
fn nothing_is_configured_where_everything_is() {
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
fn defaults_goes_only_where_an_old_conda_writes_it() {
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
fn a_broken_file_is_left_alone() {
    let mut case = Case::of("no-gpu").with(ClientKind::Conda, "26.7.1", &[(CONDARC, &[], "")]);
    case.machine.config_files[0].problem = Some("not YAML".to_owned());
    assert!(!case.steps().contains("config"));
}

#[test]
fn mamba_1_is_configured_by_conda_and_mamba_2_by_itself() {
    let files: &[(&str, &[&str], &str)] = &[(CONDARC, &["defaults"], "")];
    let one = Case::of("no-gpu").with(ClientKind::Mamba, "1.5.12", files);
    insta::assert_snapshot!(one.steps(), @r#"
    conda config --add channels conda-forge
    conda config --set channel_priority strict
    mamba create -n torch --override-channels -c conda-forge --strict-channel-priority pytorch-cpu=2.13.0
    mamba run -n torch python -c "import torch; print(torch.__version__, torch.ones(2).sum().item())"
    "#);
    let two = Case::of("no-gpu").with(ClientKind::Mamba, "2.8.1", files);
    insta::assert_snapshot!(two.steps(), @r#"
    mamba config prepend channels conda-forge
    mamba config set channel_priority strict
    mamba create -n torch --override-channels -c conda-forge --strict-channel-priority pytorch-cpu=2.13.0
    mamba run -n torch python -c "import torch; print(torch.__version__, torch.ones(2).sum().item())"
    "#);
    let mut unknown = Case::of("no-gpu").with(ClientKind::Mamba, "2.8.1", files);
    unknown.machine.clients[0].version = Detected::unknown("no answer");
    assert!(!unknown.steps().contains("config"), "no `config` line works on both");
}

#[test]
fn micromamba_takes_conda_forge_by_itself() {
    let case = Case::of("no-gpu").with(ClientKind::Micromamba, "2.8.1", &[]);
    insta::assert_snapshot!(case.steps(), @r#"
    micromamba config set channel_priority strict
    micromamba create -n torch --override-channels -c conda-forge --strict-channel-priority pytorch-cpu=2.13.0
    micromamba run -n torch python -c "import torch; print(torch.__version__, torch.ones(2).sum().item())"
    "#);
}

#[test]
fn pixi_declares_the_machine() {
    let current = Case::of("gtx1080ti-driver-580").with(ClientKind::Pixi, "0.77.0", &[]);
    insta::assert_snapshot!(current.steps(), @r#"
    pixi init -c conda-forge --platform linux-64 torch
    pixi workspace --manifest-path torch/pixi.toml platform edit linux-64 --cuda 12.0
    pixi add --manifest-path torch/pixi.toml pytorch-gpu=2.13.0 cuda-version=12.9
    pixi run --manifest-path torch/pixi.toml python -c "import torch; print(torch.__version__, torch.version.cuda, torch.ones(2, device='cuda').sum().item())"
    "#);
    let older = Case::of("gtx1080ti-driver-580").with(ClientKind::Pixi, "0.60.0", &[]);
    assert!(older.steps().contains(
        "\npixi workspace --manifest-path torch/pixi.toml system-requirements add cuda 12.0\n"
    ));
}

#[test]
fn the_override_is_set_only_where_the_client_sees_something_else() {
    let sets = |case: &Case| case.steps().contains("CONDA_OVERRIDE_CUDA=");
    let mut case = Case::of("gtx1080ti-driver-580").with(ClientKind::Conda, "26.7.1", &[]);
    assert!(!sets(&case));
    // libcuda cannot be initialised: conda sees no `__cuda`, NVML or not.
    case.machine.libcuda = Detected::Absent;
    assert!(case.steps().contains("\nCONDA_OVERRIDE_CUDA=13.0 conda create "), "{}", case.steps());
    // mamba 2 takes the toolkit in /usr/local/cuda for the driver's.
    let mut case = Case::of("gtx1080ti-driver-580").with(ClientKind::Mamba, "2.8.1", &[]);
    assert!(!sets(&case), "{}", case.steps());
    let toolkit = "11.8".parse().expect("a version");
    case.machine.toolkit_file = Detected::found(toolkit, Origin::System);
    assert!(sets(&case));
    // A build for the processor needs none.
    case.request.accelerator = AcceleratorWish::Cpu;
    assert!(!sets(&case));
}

#[test]
fn an_environment_that_exists_is_not_replaced() {
    let mut case = Case::of("no-gpu").with(ClientKind::Conda, "26.7.1", &[]);
    case.machine.clients[0].environments = vec!["torch".to_owned(), "torch-2".to_owned()];
    assert!(case.steps().contains("conda create -n torch-3 "));
    case.environment = Environment::Name("torch".to_owned());
    assert!(case.steps().contains("conda install -n torch "));
    assert!(
        case.render(render::human)
            .expect("quotes")
            .contains("note: the environment `torch` exists")
    );
    case.environment = Environment::Prefix("/data/my env".to_owned());
    assert!(case.steps().contains("conda create -p \"/data/my env\" "));
}

#[test]
fn an_x86_client_on_an_arm64_mac_is_told_the_platform() {
    let mut case = Case::of("macos-15-rosetta").with(ClientKind::Conda, "26.7.1", &[]);
    case.machine.clients[0].subdir = Some("osx-64".parse().expect("a platform"));
    assert!(case.steps().contains("create -n torch --platform osx-arm64 --override-channels"));
}

// --- formats

#[test]
fn the_files_say_what_the_commands_say() {
    let mut case = Case::of("centos7-glibc-2.17-a100");
    case.request.companions = vec![Companion::Torchvision];
    case.machine.glibc = Detected::found(Version::new(&[2, 27]), Origin::System);
    insta::assert_snapshot!(case.render(render::pixi_toml).expect("fits"), @r#"
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
    insta::assert_snapshot!(case.render(render::environment_yml).expect("fits"), @r"
    # PyTorch 2.5.1 with CUDA 12.0, torchvision 0.20.1, from conda-forge
    name: torch
    channels:
      - conda-forge
      - nodefaults
    dependencies:
      - pytorch-gpu=2.5.1
      - torchvision=0.20.1
      - cuda-version=12.0
    ");
    let case = Case::of("gtx1080ti-driver-580");
    insta::assert_snapshot!(case.render(render::dockerfile).expect("fits"), @r#"
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
    insta::assert_snapshot!(case.render(render::commands).expect("fits"), @"conda create -n torch --override-channels -c conda-forge --strict-channel-priority pytorch-gpu=2.13.0 cuda-version=12.9");
    let refused = Case::of("windows-rtx4090").render(render::dockerfile).expect_err("no Linux");
    assert_eq!(refused.to_string(), "a Dockerfile needs a Linux platform, not win-64");
    let refused = Case::of("ppc64le").render(render::commands).expect_err("nothing fits");
    assert!(refused.to_string().starts_with("nothing satisfies the request"));
}

// --- for a person

#[test]
fn a_page_has_the_machine_the_answer_the_commands_and_why() {
    let files: &[(&str, &[&str], &str)] = &[(CONDARC, &["conda-forge"], "strict")];
    let case = Case::of("gtx1080ti-driver-535").with(ClientKind::Mamba, "2.8.1", files);
    insta::assert_snapshot!(case.render(render::human).expect("quotes"), @r#"
    NVIDIA GeForce GTX 1080 Ti (compute capability 6.1),
      driver 535.183.01 (CUDA 12.2)
    Ubuntu 22.04.5 LTS, linux-64, glibc 2.35

    PyTorch 2.13.0 with CUDA 12.9

      mamba create -n torch --override-channels -c conda-forge \
        --strict-channel-priority pytorch-gpu=2.13.0 cuda-version=12.9

    Check it:
      mamba run -n torch \
        python -c "import torch; print(torch.__version__, torch.version.cuda, torch.ones(2, device='cuda').sum().item())"

    Why
    - driver 535.183.01 supports CUDA 12.2 at most; builds with CUDA 13.0 need
      driver 580.65.06 or newer [driver-too-old]
    - the builds with CUDA 13.0 have no kernels for compute capability 6.1 (NVIDIA
      GeForce GTX 1080 Ti) [no-kernels]
    - a driver that says CUDA 12.2 runs CUDA 12.9 all the same: every 12.x does from
      driver 525.60.13 on [minor-version-compatibility]
    - `pytorch-gpu` fails where a solver sees no GPU, in place of installing the CPU
      build [fails-loudly]
    "#);
}

#[test]
fn a_gpu_that_stays_unused_is_the_first_thing_said() {
    insta::assert_snapshot!(Case::of("gtx1080ti-nouveau-no-driver").render(render::human).expect("quotes"), @r#"
    NVIDIA card 10de:1b06, kernel driver `nouveau`
    Ubuntu 22.04.5 LTS, linux-64, glibc 2.35

    warning: this answer does not use the NVIDIA GPU [gpu-not-used]
    warning: the builds with CUDA 13.0 have no kernels for compute capability 6.1
             [no-kernels]
    warning: there is an NVIDIA card (10de:1b06, compute capability 6.1) under the
             kernel driver `nouveau`; CUDA needs NVIDIA's driver 525.60.13 or newer
             [card-without-driver]
    hint: install NVIDIA's driver 525.60.13 or newer, up to branch 580

    PyTorch 2.13.0 for the CPU

      conda create -n torch --override-channels -c conda-forge \
        --strict-channel-priority pytorch-cpu=2.13.0

    Check it:
      conda run -n torch \
        python -c "import torch; print(torch.__version__, torch.ones(2).sum().item())"

    Alternatives
    - 2.13.0 with CUDA 12.9 — needs NVIDIA driver ≥ 525.60.13
    - 2.5.1 with CUDA 11.8 — needs NVIDIA driver ≥ 450.80.02
    - 1.12.1 with CUDA 10.2 — needs NVIDIA driver ≥ 440.33

    For later installations, make conda-forge the default (optional):
      conda config --add channels conda-forge
      conda config --set channel_priority strict
    "#);
}

#[test]
fn what_cannot_be_had_comes_with_the_nearest_that_can() {
    let mut case = Case::of("windows-rtx4090");
    case.shell = Shell::Powershell;
    case.request.companions = vec![Companion::Torchaudio];
    insta::assert_snapshot!(case.render(render::human).expect("quotes"), @r#"
    NVIDIA GeForce RTX 4090 (compute capability 8.9), driver 581.42 (CUDA 13.0)
    Windows 11 (22631), win-64

    Nothing on conda-forge satisfies this request on this machine

    warning: conda-forge has no torchaudio for win-64 [companion-not-on-platform]

    Nearest, with no torchaudio: PyTorch 2.13.0 with CUDA 13.0

      conda create -n torch --override-channels -c conda-forge `
        --strict-channel-priority pytorch-gpu=2.13.0 cuda-version=13.0

    Check it:
      conda run -n torch `
        python -c "import torch; print(torch.__version__, torch.version.cuda, torch.ones(2, device='cuda').sum().item())"
    "#);
}

#[test]
fn colour_never_carries_meaning() {
    let case = Case::of("gtx1080ti-nouveau-no-driver");
    let plain = case.render(render::human).expect("quotes");
    let colored = case.render(|answer| {
        let style = Style { color: true, ..answer.style };
        render::human(&Answer { style, ..answer.clone() }).expect("quotes")
    });
    assert_ne!(plain, colored);
    let mut stripped = String::new();
    for (at, part) in colored.split('\x1b').enumerate() {
        stripped.push_str(if at == 0 {
            part
        } else {
            part.split_once('m').map_or("", |(_, rest)| rest)
        });
    }
    assert_eq!(stripped, plain);
}

#[test]
fn words_stay_within_the_width_and_commands_are_broken_only_between_words() {
    for name in machine_names() {
        let page = Case::of(&name).render(render::human).expect("quotes");
        for line in page.lines().filter(|line| line.chars().count() > 80) {
            assert!(line.starts_with("    python -c \""), "{name}: {line}");
        }
    }
}
