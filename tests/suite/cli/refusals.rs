//! Exit codes 1, 2 and 3 and their errors.

use crate::cli::{Ran, file, line, recorded, run};

/// Whether a JSON document has the keys that every one has.
#[track_caller]
fn is_document(ran: &Ran, status: &str, code: i32) {
    assert_eq!(ran.code, Some(code), "{ran:?}");
    let document = ran.json();
    assert_eq!(document["status"], status);
    assert_eq!(document["exit_code"], code);
    let schema = line("schema").json();
    let required = schema["required"].as_array().expect("required keys");
    let keys: Vec<&String> = document.as_object().expect("an object").keys().collect();
    assert_eq!(keys.len(), required.len());
    assert!(required.iter().all(|key| document.get(key.as_str().expect("a key")).is_some()));
}

#[test]
fn names_the_machine_file_that_cannot_be_read() {
    line("advise --machine /nowhere/m.json").refused(1, &["`/nowhere/m.json`", "not found"]);
    #[cfg(unix)]
    line("probe --machine /dev/null").refused(1, &["`/dev/null`", "not a regular file"]);
    line("matrix --machine /nowhere/m.json").refused(1, &["`/nowhere/m.json`"]);
}

#[test]
fn names_what_a_machine_file_should_contain() {
    const OTHER: &str = "not recognized as a description of a machine";
    let files = [
        ("empty.json", &b""[..], "the input is empty; pipe in the output of `nvidia-smi`"),
        ("cut.json", b"{\"format_version\": 1, \"machine\": {\"sub", "not JSON: EOF while parsing"),
        ("other.json", b"{\"packages\": []}", OTHER),
        ("list.json", b"[]", OTHER),
        ("text.json", b"Driver: the newest", OTHER),
        ("latin.json", b"{\"machine\": \"\xe9\"}", OTHER),
        ("zeros.json", &[0; 64], OTHER),
    ];
    for (name, bytes, expected) in files {
        let path = file(name, bytes);
        run(["advise", "--machine", &path]).refused(1, &[&path, expected]);
    }
}

#[test]
fn json_failures_are_documents() {
    let path = file("cut-for-json.json", b"{\"machine\": ");
    for flag in ["--json", "--format=json"] {
        let ran = run(["advise", "--machine", &path, flag]).reports(&[&path]);
        is_document(&ran, "error", 1);
        let message = ran.json()["error"]["message"].as_str().expect("a message").to_owned();
        assert_eq!(ran.stderr, format!("error: {message}\n"));
    }
}

#[test]
fn json_failures_have_a_code_and_a_hint_apart() {
    let cases = [
        ("advise --json --gpu Voodoo2", "unknown-gpu"),
        ("advise --json --nonsense", "unknown-argument"),
        ("advise --json --driver new", "invalid-value"),
        ("advise --json --machine /nowhere/m.json", "unreadable"),
        ("advise --json --platform osx-arm64 --glibc 2.28", "contradiction"),
        ("advise --json -c pytorch", "channel-refused"),
        ("advise --json --offline", "usage"),
        ("advise --json -n a/b", "name-refused"),
        ("probe --format json --driver new", "invalid-value"),
        ("--json check -n nope", "unknown-environment"),
        ("check --json", "no-environment"),
        ("migrate --json", "no-environment"),
        ("migrate --format json", "no-environment"),
    ];
    for (arguments, code) in cases {
        let ran = line(arguments);
        let document = ran.json();
        assert_eq!(document["error"]["code"], code, "{arguments}");
        assert_eq!(document["exit_code"].as_i64(), ran.code.map(i64::from), "{arguments}");
        let text = format!("{}", document["error"]["message"]);
        assert!(!text.contains("hint:"), "{arguments}: {text}");
    }
    assert!(line("check --json -n nope").json()["error"]["hint"].is_string());
}

#[test]
fn check_and_migrate_end_alike_without_an_environment() {
    let expected = &["no environment found", "hint: pass its folder with `-p FOLDER`"];
    let [check, migrate] = ["check", "migrate"].map(|name| line(name).refused(2, expected));
    assert_eq!((&check.stderr, check.code), (&migrate.stderr, migrate.code));
}

#[test]
fn invalid_values_are_shown_with_flag_and_expectation() {
    let cases = [
        ("advise --format nope", ["--format", "nope", "environment-yml"]),
        ("advise --client brew", ["--client", "brew", "micromamba"]),
        ("advise --shell tcsh", ["--shell", "tcsh", "powershell"]),
        ("advise --color often", ["--color", "often", "never"]),
        ("advise --accelerator tpu", ["--accelerator", "tpu", "cuda"]),
        ("advise --blas atlas", ["--blas", "atlas", "generic"]),
        ("advise --platform beos", ["--platform", "beos", "linux-64"]),
        ("advise --driver new", ["--driver", "new", "580.65.06"]),
        ("advise --cuda twelve", ["--cuda", "twelve", "12.9"]),
        ("advise --cuda-version 9", ["--cuda-version", "9", "12.9"]),
        ("advise --compute-capability sm_x", ["--compute-capability", "sm_x", "8.6"]),
        ("advise --glibc musl", ["--glibc", "musl", "2"]),
        ("advise --macos Puma", ["--macos", "Puma", "1"]),
        ("advise --pytorch two", ["--pytorch", "two", "2.13.0"]),
        ("advise --pytorch >=two", ["--pytorch", ">=two", ">=2.1,<3"]),
        ("advise --python three", ["--python", "three", "1"]),
        ("advise --gpu Voodoo2", ["--gpu", "Voodoo2", "--compute-capability X.Y"]),
        ("advise --gpu RTX4909", ["--gpu", "RTX4909", "RTX 4090"]),
        ("advise --gpu TitanX", ["TITAN X (Pascal)", "GeForce GTX TITAN X", "5.2"]),
        ("advise numpy<<2", ["`numpy<<2`", "match spec", "numpy<2"]),
        ("advise bioconda::samtools", ["`bioconda::samtools`", "-c", "`samtools`"]),
        ("advise pytorch=2.9 pytorch=2.8", ["`pytorch=2.8`", "contradicts", "request"]),
        ("advise --name=", ["--name", "value", "required"]),
        ("advise --prefix=", ["--prefix", "value", "required"]),
        ("matrix --format xml", ["--format", "xml", "markdown"]),
        ("schema nope", ["NAME", "nope", "probe"]),
    ];
    for (arguments, words) in cases {
        line(arguments).refused(2, &words);
    }
}

#[test]
fn conflicting_flags_are_both_named() {
    let cases = [
        ("advise -n a -p /b", ["--name", "--prefix"]),
        ("advise --platform linux-64 --macos 12", ["--platform linux-64", "--macos 12"]),
        ("advise --platform osx-arm64 --glibc 2.28", ["--platform osx-arm64", "--glibc 2.28"]),
        ("probe --platform win-64 --glibc 2.17", ["--platform win-64", "--glibc 2.17"]),
    ];
    for (arguments, flags) in cases {
        line(arguments).refused(2, &flags);
    }
    let windows = recorded("windows-rtx4090");
    run(["advise", "--platform", "linux-64", "--machine", &windows])
        .refused(2, &["--platform linux-64", "--machine", "win-64"]);
    is_document(&line("advise --json --format human").reports(&["--json", "--format"]), "error", 2);
    line("advise --platform win-64 --format dockerfile").refused(2, &["Dockerfile", "win-64"]);
    line("instal").refused(2, &["instal"]);
}

#[test]
fn gpus_that_no_machine_of_the_platform_has_are_refused() {
    for (gpu, platform) in [
        ("GB10", "linux-64"),
        ("GB200", "linux-64"),
        ("GB300", "win-64"),
        ("GH200", "linux-64"),
        ("Thor", "linux-64"),
        ("Jetson AGX Orin", "linux-64"),
        ("RTX 4090 Laptop GPU", "osx-arm64"),
    ] {
        run(["advise", "--gpu", gpu, "--platform", platform]).refused(2, &["--gpu", gpu, platform]);
    }
    let capability = "--compute-capability 8.7";
    line(&format!("advise --platform linux-64 {capability}")).refused(2, &[capability]);
    line("advise --platform osx-arm64 --driver 580").refused(2, &["--driver 580", "osx-arm64"]);
    for gpu in ["GB10", "GB200", "Jetson AGX Orin", "RTX 4090"] {
        run(["advise", "--gpu", gpu, "--platform", "linux-aarch64"]).answered();
    }
    run(["advise", "--gpu", "B200", "--platform", "linux-64"]).answered();
}

#[test]
fn the_driver_decides_if_another_cuda_is_named() {
    let cases = [
        // Driver, CUDA, and what `__cuda` is for the printed command. NVIDIA's release notes of CUDA: 535 is
        // the branch of CUDA 12.2, 580 that of 13.0.
        ("535", "13.0", "12.2"),
        ("535.183.01", "13.0", "12.2"),
        ("580.65.06", "12.4", "13.0"),
    ];
    for (driver, cuda, expected) in cases {
        let machine = format!("--platform linux-64 --driver {driver} --cuda {cuda} --gpu A100");
        let ran = line(&format!("advise {machine}")).answered();
        let says = format!(
            "`--cuda {cuda}` contradicts `--driver {driver}`, which supports CUDA {expected}"
        );
        assert!(ran.words().contains(&says), "{ran:?}");
        assert!(ran.words().contains(&format!("CONDA_OVERRIDE_CUDA={expected} ")), "{ran:?}");
        assert!(!ran.words().contains(&format!("(CUDA {cuda})")), "{ran:?}");
    }
    for agrees in
        ["--driver 535 --cuda 12.2", "--driver 580 --cuda 13.0", "--driver 999 --cuda 14.0"]
    {
        let ran = line(&format!("advise --platform linux-64 {agrees} --gpu A100")).answered();
        assert!(!ran.stdout.contains("contradicts"), "{ran:?}");
    }
}

#[test]
fn invalid_values_with_json_are_documents() {
    let gpu = line("advise --json --gpu Voodoo2").reports(&["--gpu", "Voodoo2"]);
    is_document(&gpu, "error", 2);
    for arguments in [
        "advise --driver new --json",
        "advise --format json --driver new",
        "advise --format=json --driver new",
    ] {
        let ran = line(arguments).reports(&["--driver", "new", "580.65.06"]);
        is_document(&ran, "error", 2);
        let message = ran.json()["error"]["message"].as_str().expect("a message").to_owned();
        assert!(message.starts_with("invalid value 'new' for '--driver <VERSION>'"), "{message}");
    }
    line("advise --driver new").refused(2, &[]);
    line("advise --driver new -- --json").refused(2, &[]);
}

#[test]
fn unsatisfiable_requests_exit_with_3() {
    let request = "advise --platform linux-64 --pytorch 9.9";
    let human = line(request);
    assert_eq!((human.code, human.stderr.as_str()), (Some(3), ""));
    assert!(human.stdout.contains("Nothing on conda-forge satisfies"), "{}", human.stdout);
    assert!(human.stdout.contains("--pytorch 2.13.0"), "the nearest: {}", human.stdout);

    let json = line(&format!("{request} --json"));
    assert_eq!(json.stderr, "");
    is_document(&json, "unsatisfiable", 3);
    let document = json.json();
    assert!(document["recommendation"].is_null() && document["error"].is_null());
    assert_eq!(document["alternatives"][0]["unlocked_by"]["pytorch"], "2.13.0");

    for format in ["commands", "environment-yml", "pixi-toml", "dockerfile"] {
        line(&format!("{request} --format {format}")).refused(3, &["nothing satisfies"]);
    }
    assert_eq!(line("advise --platform linux-32").code, Some(3));
}

#[test]
fn wrong_command_lines_with_json_are_documents() {
    for subcommand in ["check", "migrate", "probe", "matrix --format json"] {
        let flag = if subcommand.contains("json") { "" } else { " --json" };
        let ran = line(&format!("{subcommand}{flag} --driver new")).reports(&["--driver", "new"]);
        let document = ran.json();
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert_eq!(document["status"], "error", "{subcommand}");
        assert_eq!(document["exit_code"], 2, "{subcommand}");
        assert!(
            document["error"]["message"].as_str().is_some_and(|text| text.contains("--driver"))
        );
    }
}
