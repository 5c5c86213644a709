//! Descriptions of machines: flags, environment variables, files, platforms.

use serde_json::Value;

use crate::cli::{Ran, file, finish, line, program, recorded, run};

fn with_cuda_variable(value: &str, arguments: &[&str]) -> Ran {
    finish(program().env("CONDA_OVERRIDE_CUDA", value).args(arguments), "").answered()
}

fn fact(ran: &Ran, name: &str) -> (Value, Value) {
    let fact = &ran.json()["machine"][name];
    (fact["value"].clone(), fact["origin"].clone())
}

/// The `cuda-version` that is recommended.
fn pin(ran: &Ran) -> Value {
    ran.json()["recommendation"]["cuda_version"].clone()
}

#[test]
fn flags_override_variables_and_variables_override_the_probe() {
    let here = with_cuda_variable("12.9", &["advise", "--json"]);
    let by_variable = ("12.9".into(), "env:CONDA_OVERRIDE_CUDA".into());
    assert_eq!(fact(&here, "driver_cuda"), by_variable);

    let flags = ["advise", "--json", "--cuda", "11.8"];
    let here = with_cuda_variable("12.9", &flags);
    assert_eq!(fact(&here, "driver_cuda"), ("11.8".into(), "flag:--cuda".into()));

    let flags = ["advise", "--json", "--platform", "linux-64", "--compute-capability", "8.0"];
    let there = with_cuda_variable("11.8", &flags);
    assert_eq!(pin(&there), "11.8");
    let there = with_cuda_variable("11.8", &[&flags[..], &["--cuda", "12.4"]].concat());
    assert_eq!(pin(&there), "12.9");
}

#[test]
fn an_empty_cuda_override_means_no_driver() {
    let absent = with_cuda_variable("", &["probe", "--json"]);
    assert_eq!(absent.json()["machine"]["driver_cuda"]["status"], "absent");
    let flags = ["advise", "--json", "--platform", "linux-64"];
    let advice = with_cuda_variable("", &flags).json();
    assert_eq!(advice["recommendation"]["accelerator"], "cpu");
}

/// The builds for Jetson declare glibc 2.34, which JetPack 6 has.
#[test]
fn a_described_jetson_has_one_glibc() {
    let machine = ["advise", "--platform", "linux-aarch64", "--gpu", "Jetson AGX Orin"];
    let ran = run(machine.iter().chain(&["--driver", "580", "--pytorch", "2.12"])).answered();
    assert!(ran.stdout.contains("linux-aarch64, glibc 2.34\n"), "{ran:?}");
    assert!(ran.stdout.contains("assuming glibc 2.34"), "{ran:?}");
    assert!(!ran.stdout.contains("2.28") && !ran.stdout.contains("no kernels"), "{ran:?}");
    let given = run(machine.iter().chain(&["--glibc", "2.31"])).answered();
    assert!(given.stdout.contains("linux-aarch64, glibc 2.31\n"), "{given:?}");
}

#[test]
fn each_cuda_number_is_explained() {
    let ran = with_cuda_variable("12.4", &["advise", "--cuda-version", "12.1"]).words();
    for text in [
        "PyTorch 2.5.1 with CUDA 12.0",
        "the build is compiled with CUDA 12.0; the requested `cuda-version=12.1` selects its CUDA libraries",
        "`CONDA_OVERRIDE_CUDA=12.4` is set: the answer is for a machine with CUDA 12.4",
    ] {
        assert!(ran.contains(text), "{text}: {ran}");
    }
}

#[test]
fn overrides_are_named_and_are_no_driver() {
    let with = |variable: &str, value: &str, arguments: &str| {
        let mut command = program();
        command.arg("advise").args(arguments.split_whitespace()).env(variable, value);
        finish(&mut command, "").answered().words()
    };
    let cuda = with("CONDA_OVERRIDE_CUDA", "12.4", "");
    assert!(cuda.starts_with("CUDA 12.4 by `CONDA_OVERRIDE_CUDA`, no driver detected"), "{cuda}");
    assert!(
        cuda.contains(
            "`CONDA_OVERRIDE_CUDA=12.4` is set: the answer is for a machine with CUDA 12.4"
        ),
        "{cuda}"
    );
    assert!(
        !cuda.contains("the driver supports") && !cuda.contains("NVIDIA driver with"),
        "{cuda}"
    );

    let glibc = with("CONDA_OVERRIDE_GLIBC", "2.17", "");
    assert!(
        glibc.contains("the answer is for a machine with glibc 2.17 [fact-overridden]"),
        "{glibc}"
    );
    let hidden = with("CONDA_OVERRIDE_GLIBC", "2.17", "--glibc 2.28");
    assert!(!hidden.contains("fact-overridden"), "{hidden}");

    let banana = with("CONDA_OVERRIDE_CUDA", "banana", "");
    let says = "`CONDA_OVERRIDE_CUDA=banana` is not a version; conda, mamba, micromamba: `__cuda=banana`, which no build accepts; pixi: an error";
    assert!(banana.contains(says), "{banana}");
    assert!(banana.contains("PyTorch 2.13.0 for the CPU"), "{banana}");
}

#[test]
fn flags_change_a_saved_machine_but_local_variables_do_not() {
    let machine = recorded("rtx4090-driver-550-says-cuda-12.4");
    let saved = ["advise", "--json", "--machine", &machine];
    let plain = run(saved).answered();
    assert_eq!(pin(&plain), "12.9");
    assert_eq!(with_cuda_variable("11.8", &saved), plain);
    assert_eq!(with_cuda_variable("", &saved), plain);

    let changed = run([&saved[..], &["--cuda", "11.8"]].concat()).answered();
    assert_eq!(fact(&changed, "driver_cuda"), ("11.8".into(), "flag:--cuda".into()));
    assert_eq!(pin(&changed), "11.8");
    let changed = run([&saved[..], &["--gpu", "GTX 1080 Ti", "--driver", "580"]].concat());
    assert_eq!(changed.json()["machine"]["gpus"][0]["compute_capability"]["value"], "6.1");
}

#[test]
fn a_saved_machine_gives_the_same_advice() {
    let saved = line("probe --json").answered().stdout;
    let path = file("here.json", saved.as_bytes());
    let here = line("advise --json").answered();
    let from_file = run(["advise", "--json", "--machine", &path]).answered();
    for key in ["recommendation", "status", "diagnostics", "commands", "alternatives"] {
        assert_eq!(from_file.json()[key], here.json()[key], "{key}");
    }
    let arguments = ["advise", "--json", "--machine", "-"];
    assert_eq!(finish(program().args(arguments), &saved), from_file);
    // And what `advise --json` printed is a saved machine too.
    assert_eq!(finish(program().args(arguments), &here.stdout).json(), from_file.json());
}

#[test]
fn reads_machines_from_files_and_stdin() {
    for name in
        ["gtx1080ti-driver-580", "jetson-orin-jetpack-6", "windows-rtx4090", "macos-12-arm64"]
    {
        let path = recorded(name);
        let text = std::fs::read_to_string(&path).expect("a recorded machine");
        let from_file = run(["advise", "--json", "--machine", &path]).answered();
        let from_stdin = ["advise", "--json", "--machine", "-"];
        assert_eq!(finish(program().args(from_stdin), &text), from_file, "{name}");

        let probed = run(["probe", "--json", "--machine", &path]).answered();
        assert_eq!(finish(program().args(from_stdin), &probed.stdout), from_file, "{name}");
    }
}

#[test]
fn accepts_every_platform_with_pytorch() {
    let cases = [
        ("linux-64", "cpu"),
        ("linux-aarch64", "cpu"),
        ("osx-64", "cpu"),
        ("osx-arm64", "mps"),
        ("win-64", "cpu"),
    ];
    for (platform, accelerator) in cases {
        let ran = run(["advise", "--json", "--platform", platform]).answered();
        let document = ran.json();
        assert_eq!(fact(&ran, "subdir"), (platform.into(), "flag:--platform".into()));
        assert_eq!(document["recommendation"]["accelerator"], accelerator, "{platform}");
        assert_eq!(document["recommendation"]["pytorch"], "2.13.0", "{platform}");
        run(["probe", "--platform", platform]).answered();
        let table = run(["matrix", "--platform", platform]).answered().stdout;
        assert_eq!(table.lines().next(), Some(platform));
    }
}

#[test]
fn accepts_several_gpus() {
    let ran = run([
        "advise",
        "--json",
        "--platform",
        "linux-64",
        "--driver",
        "580",
        "--gpu",
        "RTX 4090",
        "--gpu",
        "Tesla V100",
        "--compute-capability",
        "6.1",
    ]);
    let document = ran.answered().json();
    assert_eq!(document["machine"]["gpus"].as_array().map(Vec::len), Some(3));
    assert_eq!(document["recommendation"]["cuda_version"], "12.9");
}

#[test]
fn corrects_wrong_cuda_detection_of_clients() {
    let cases = [
        ("mamba-toolkit-11.8-beside-driver-580", "toolkit-shadows-driver", Some("13.0"), "12.9"),
        ("mamba-stumbles-over-a-broken-toolkit-file", "toolkit-file-broken", Some("13.0"), "12.9"),
        ("mamba-toolkit-12.4-without-a-gpu", "toolkit-shadows-driver", Some(""), "no CUDA"),
        ("container-without-the-gpu", "client-sees-no-cuda", Some("12.8"), "12.9"),
        ("cuda-overridden-in-a-profile", "cuda-overridden", None, "11.8"),
        ("rtx3080-driver-580", "fails-loudly", None, "13.0"),
    ];
    let of_clients =
        ["toolkit-shadows-driver", "toolkit-file-broken", "client-sees-no-cuda", "cuda-overridden"];
    for (name, code, variable_value, cuda_version) in cases {
        let answer = run(["advise", "--json", "--machine", &recorded(name)]).answered();
        assert_eq!(pin(&answer).as_str().unwrap_or("no CUDA"), cuda_version, "{name}");
        let answer = answer.json();
        let remarks = answer["diagnostics"].as_array().expect("a list");
        let output = remarks.iter().filter_map(|remark| remark["code"].as_str());
        let output: Vec<&str> = output.filter(|output| of_clients.contains(output)).collect();
        let expected: Vec<&str> = of_clients.into_iter().filter(|other| *other == code).collect();
        assert_eq!(output, expected, "{name}");
        let commands = answer["commands"].as_array().expect("a list");
        let install = commands.iter().find(|command| command["step"] == "install");
        let variable = &install.expect("an installation")["env"]["CONDA_OVERRIDE_CUDA"];
        assert_eq!(variable.as_str(), variable_value, "{name}");
    }
}
