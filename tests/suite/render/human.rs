//! The answer as text.

use conda_torch::text::{self, Style};
use conda_torch_core::formats;
use conda_torch_core::resolve::Request;
use conda_torch_core::types::{ClientKind, Companion, Detected, Origin, Shell};

use crate::common::machine_names;
use crate::render::case::{CONDARC, Case, PLAIN, page};

#[test]
fn text_has_machine_answer_commands_and_reasons() {
    let files: &[(&str, &[&str], &str)] = &[(CONDARC, &["conda-forge"], "strict")];
    let case = Case::of("gtx1080ti-driver-535").with(ClientKind::Mamba, "2.8.1", files);
    insta::assert_snapshot!(page(&case), @r#"
    NVIDIA GeForce GTX 1080 Ti (compute capability 6.1),
      driver 535.183.01 (CUDA 12.2)
    Ubuntu 22.04.5 LTS, linux-64, glibc 2.35

    PyTorch 2.13.0 with CUDA 12.9

      mamba create -n torch --override-channels -c conda-forge \
        --strict-channel-priority pytorch-gpu=2.13.0 cuda-version=12.9

    Check the installation:
      mamba run -n torch \
        python -c "import torch as t; print(t.__version__, t.ones(2).cuda().sum())"

    Why
    - driver 535.183.01 supports CUDA 12.2 at most; builds with CUDA 13.0 need
      driver 580.65.06 or newer [driver-too-old]
    - the builds with CUDA 13.0 have no kernels for compute capability 6.1 (NVIDIA
      GeForce GTX 1080 Ti) [no-kernels]
    - CUDA 12.9 works with this driver (CUDA 12.2): drivers from 525.60.13 on run
      every CUDA 12.x build [minor-version-compatibility]
    - `pytorch-gpu` fails if no GPU is detected, instead of silently installing the
      CPU build [fails-loudly]
    "#);
}

#[test]
fn an_unused_gpu_is_reported_first() {
    insta::assert_snapshot!(page(&Case::of("gtx1080ti-nouveau-no-driver")), @r#"
    NVIDIA card 10de:1b06, kernel driver `nouveau`
    Ubuntu 22.04.5 LTS, linux-64, glibc 2.35

    error: the NVIDIA GPU is not used [gpu-not-used]
    warning: the NVIDIA card (10de:1b06, compute capability 6.1) uses the free
             driver `nouveau`, which does not support CUDA [nouveau]
    hint: install NVIDIA driver 525.60.13 or newer, up to branch 580

    PyTorch 2.13.0 for the CPU

      conda create -n torch --override-channels -c conda-forge \
        --strict-channel-priority pytorch-cpu=2.13.0

    Check the installation:
      conda run -n torch \
        python -c "import torch as t; print(t.__version__, t.ones(2).sum())"

    Why
    - the builds with CUDA 13.0 have no kernels for compute capability 6.1
      [no-kernels]

    Alternatives
    - 2.13.0 with CUDA 12.9 — needs NVIDIA driver ≥ 525.60.13

    Optional: make conda-forge the default for later installations:
      conda config --add channels conda-forge
      conda config --set channel_priority strict
    "#);
}

#[test]
fn unsatisfiable_requests_show_the_closest_match() {
    let mut case = Case::of("windows-rtx4090");
    case.shell = Shell::Powershell;
    case.request.companions = vec![Companion::Torchaudio];
    insta::assert_snapshot!(page(&case), @r#"
    NVIDIA GeForce RTX 4090 (compute capability 8.9), driver 581.42 (CUDA 13.0)
    Windows 11 (22631), win-64

    Nothing on conda-forge satisfies this request on this machine

    error: conda-forge has no torchaudio for win-64 [companion-not-on-platform]

    Closest match, with no torchaudio: PyTorch 2.13.0 with CUDA 13.0

      conda create -n torch --override-channels -c conda-forge `
        --strict-channel-priority pytorch-gpu=2.13.0 cuda-version=13.0

    Check the installation:
      conda run -n torch `
        python -c "import torch as t; print(t.__version__, t.ones(2).cuda().sum())"
    "#);
}

#[test]
fn color_carries_no_meaning() {
    let case = Case::of("gtx1080ti-nouveau-no-driver");
    let plain = page(&case);
    let style = Style { color: true, ..PLAIN };
    let colored = case.render(|answer| text::advice(answer, style)).expect("quotes");
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
fn text_is_wrapped_and_commands_break_between_words() {
    for name in machine_names() {
        let page = page(&Case::of(&name));
        for line in page.lines().filter(|line| line.chars().count() > 80) {
            assert!(line.starts_with("    python -c \""), "{name}: {line}");
        }
    }
}

#[test]
fn names_cannot_contain_terminal_control_characters() {
    for name in ["k80-driver-470", "two-gpus-6.1-and-8.9", "rtx5090-driver-570"] {
        let mut case = Case::of(name);
        for gpu in &mut case.machine.gpus {
            gpu.name = Detected::found("A\u{1b}[31m\nB".to_owned(), Origin::Nvml);
        }
        case.machine.os = Detected::found("Li\u{7}nux".to_owned(), Origin::System);
        let pages = [
            page(&case),
            text::machine(&case.machine),
            case.render(|answer| text::warnings(answer, 80)),
        ];
        for page in pages {
            assert!(page.chars().all(|c| c == '\n' || !c.is_control()), "{name}: {page:?}");
            assert!(!page.contains("\nB"), "{name}: {page:?}");
        }
        let file = case.render(formats::environment_yml).unwrap_or_default();
        assert!(file.chars().all(|c| c == '\n' || !c.is_control()), "{name}: {file:?}");
    }
}

#[test]
fn check_commands_fit_in_80_columns() {
    let mut seen = 0;
    for name in machine_names() {
        let page = page(&Case::of(&name));
        for line in page.lines().filter(|line| line.contains("import torch")) {
            assert!(line.chars().count() <= 80, "{name}: {line}");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn check_commands_compute_on_the_device_of_the_build() {
    let check = |name| Case::of(name).steps().lines().last().unwrap_or_default().to_owned();
    assert!(check("gtx1080ti-driver-580").contains("t.ones(2).cuda().sum()"));
    assert!(check("macos-15-rosetta").contains("t.backends.mps.is_available()"));
    assert!(check("macos-12-arm64").contains("t.backends.mps.is_available()"));
    assert!(check("macos-11-arm64").contains("t.ones(2).sum()"), "Metal wants a newer macOS");
    assert!(check("no-gpu").contains("t.ones(2).sum()"));
}

/// The builds with CUDA 12.9 of PyTorch 2.13.0 have no kernels for Orin; that of the recommended 2.12.1 does.
#[test]
fn a_reason_does_not_contradict_the_answer() {
    let jetson = |request: Request| {
        let mut case = Case::of("jetson-orin-jetpack-6");
        case.request = request;
        page(&case).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let any = jetson(Request::default());
    assert!(!any.contains("the builds with CUDA 12.9 have no kernels"), "{any}");
    let pytorch = Some("2.12".parse().expect("a version"));
    let asked = jetson(Request { pytorch, ..Request::default() });
    assert!(asked.contains("PyTorch 2.12.1 with CUDA 12.9"), "{asked}");
    assert!(!asked.contains("have no kernels"), "{asked}");
}
