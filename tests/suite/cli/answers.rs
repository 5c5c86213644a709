//! Formats of answers.
use crate::cli::{finish, line, program, recorded, run};

fn advise(more: &[&str]) -> String {
    let machine = recorded("gtx1080ti-driver-580");
    let arguments = ["advise", "--machine", &machine];
    let ran = run([&arguments, more].concat());
    // Degraded answers come with errors and warnings.
    if ran.code == Some(0) && !ran.stderr.is_empty() {
        return ran.stdout;
    }
    ran.answered().stdout
}

#[test]
fn the_day_of_the_data_is_in_text_table_and_version() {
    let day = crate::common::matrix().as_of;
    let data = format!("conda-forge as of {day}, ");
    for arguments in ["--version", "-V", "advise --platform linux-64", "matrix --platform win-64"] {
        let ran = line(arguments).answered();
        assert!(ran.stdout.contains(&data) && ran.stdout.contains(" day"), "{arguments}: {ran:?}");
    }
    let json = line("advise --platform linux-64 --json").answered();
    assert!(!json.stdout.contains("days ago"), "{json:?}");
}

/// conda-forge/conda-forge-pinning-feedstock#8944: no PyTorch for it so far.
#[test]
fn owners_of_windows_on_arm_are_told_of_wsl() {
    for flags in ["--platform win-arm64", "--platform win-arm64 --gpu N1X"] {
        let ran = line(&format!("advise {flags}"));
        assert_eq!(ran.code, Some(3), "{flags}");
        let words = ran.words();
        assert!(words.contains("error: conda-forge has no PyTorch for win-arm64"), "{words}");
        assert!(words.contains("WSL is linux-aarch64 there"), "{words}");
    }
    // Other platforms without builds have no such way.
    assert!(!line("advise --platform linux-ppc64le").words().contains("WSL"));
}

/// Whether `cuda-compat` is an alternative for a GPU and a driver, with the specs and the note about its limits.
fn offers_cuda_compat(flags: &str) -> bool {
    let json = line(&format!("advise --json --glibc 2.34 {flags}")).json();
    let alternatives = json["alternatives"].as_array().expect("a list");
    let by_package = alternatives.iter().find(|it| it["unlocked_by"]["cuda_compat"] == "13.2");
    let diagnostics = json["diagnostics"].as_array().expect("a list");
    let is_noted = diagnostics.iter().any(|note| note["code"] == "cuda-compat-possible");
    assert_eq!(by_package.is_some(), is_noted, "{flags}: {json:#}");
    if let Some(alternative) = by_package {
        assert_eq!(alternative["build"].as_str().map(|it| &it[..7]), Some("cuda130"), "{flags}");
        let specs = alternative["specs"].as_array().expect("specs");
        assert!(specs.contains(&"cuda-compat=13.2".into()), "{flags}: {specs:?}");
    }
    is_noted
}

#[test]
fn forward_compatibility_is_for_data_center_gpus_and_listed_branches() {
    for flags in [
        "--platform linux-64 --gpu A100 --driver 535.183.01",
        "--platform linux-64 --gpu H100 --driver 570",
        "--platform linux-64 --gpu T4 --driver 535.104.05",
        "--platform linux-64 --gpu H100 --driver 535.183.01 --cuda-version 13.0",
        "--platform linux-aarch64 --gpu GH200 --driver 570.86.15",
    ] {
        assert!(offers_cuda_compat(flags), "{flags}");
    }
    for flags in [
        // Not a data center GPU, or of unknown name.
        "--platform linux-64 --gpu RTX3090 --driver 535.183.01",
        "--platform linux-64 --gpu RTXA6000 --driver 535.183.01",
        "--platform linux-64 --compute-capability 8.0 --driver 535.183.01",
        // Branches that have ended.
        "--platform linux-64 --gpu A100 --driver 470.256.02",
        "--platform linux-64 --gpu A100 --driver 525.147.05",
        "--platform linux-64 --gpu A100 --driver 550.54.15",
        // The driver is enough.
        "--platform linux-64 --gpu A100 --driver 580.65.06",
        "--platform win-64 --gpu A100 --driver 537.13",
    ] {
        assert!(!offers_cuda_compat(flags), "{flags}");
    }
}

#[test]
fn every_format_contains_the_same_build() {
    for (format, build) in [
        ("human", "pytorch-gpu=2.13.0 cuda-version=12.9"),
        ("commands", "pytorch-gpu=2.13.0 cuda-version=12.9"),
        ("environment-yml", "\n  - pytorch-gpu=2.13.0\n  - cuda-version=12.9\n"),
        ("pixi-toml", "\npytorch-gpu = \"2.13.0.*\"\ncuda-version = \"12.9.*\"\n"),
        ("dockerfile", "\"pytorch-gpu=2.13.0\" \\\n      \"cuda-version=12.9\" \\\n"),
        ("json", "\"cuda-version=12.9\""),
    ] {
        let text = advise(&["--format", format]);
        assert!(text.contains(build), "{format}: {text}");
    }
    assert_eq!(advise(&["--json"]), advise(&["--format", "json"]));
    assert_eq!(advise(&[]), advise(&["--format", "human"]));
}

#[test]
fn get_prints_one_value_and_keeps_the_exit_code() {
    assert_eq!(advise(&["--get", "recommended.pytorch"]), "2.13.0\n");
    assert_eq!(advise(&["--get", "recommendation.python.from"]), "3.10\n");
    assert_eq!(advise(&["--get", "machine.driver"]), "580.95.05\n");
    assert_eq!(advise(&["--get", "command"]), advise(&["--format", "commands"]));
    let powershell = advise(&["--get", "command", "--shell", "powershell"]);
    assert_eq!(powershell, advise(&["--format", "commands", "--shell", "powershell"]));
    assert_eq!(line("--get subdir probe --platform win-64").code, Some(2));
    assert_eq!(line("--get machine.subdir probe --platform win-64").answered().stdout, "win-64\n");
    assert_eq!(
        line("matrix --platform win-64 --get rows.platform").stdout.lines().next(),
        Some("win-64")
    );
    let ran = line("advise --platform win-64 --get command torchaudio");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""));
    assert!(ran.stderr.contains("torchaudio"), "{ran:?}");
    line("advise --get recommended.torch").refused(2, &["no field `torch`", "pytorch, "]);
    line("advise --get status --format dockerfile").refused(2, &["`--get`", "dockerfile"]);
    let ran = line("advise --json --format commands").reports(&["`--json`", "commands"]);
    assert_eq!(ran.json()["error"]["code"], "contradiction");
    line("advise --json --format json").answered();
}

#[test]
fn prints_commands_of_each_client() {
    for client in ["conda", "mamba", "micromamba", "pixi"] {
        let text = advise(&["--client", client, "--format", "commands"]);
        let first = text.lines().next().unwrap_or_default();
        assert!(first.split(' ').any(|word| word == client), "{client}: {first}");
        let others = ["conda ", "mamba ", "micromamba ", "pixi "];
        let started = others.iter().filter(|other| first.starts_with(*other));
        assert!(started.count() <= 1, "{client}: {first}");
    }
}

#[test]
fn applies_every_request_flag() {
    let text = advise(&[
        "--format",
        "commands",
        "torchvision",
        "--python",
        "3.12",
        "--pytorch",
        "2.9",
        "--accelerator",
        "cuda",
        "-n",
        "work",
    ]);
    for word in ["-n work", "python=3.12", "torchvision=", "pytorch-gpu=2.9."] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let cpu = advise(&["--accelerator", "cpu", "--format", "commands"]);
    assert!(cpu.contains("pytorch-cpu="), "{cpu}");
    let pinned = advise(&["--cuda-version", "11.8", "--format", "commands"]);
    assert!(pinned.contains("cuda-version=11.8"), "{pinned}");
}

#[test]
fn explains_every_code_and_nothing_else() {
    let codes = line("explain").answered().stdout;
    assert!(codes.lines().count() > 40, "{codes}");
    for line in codes.lines() {
        let (code, summary) = line.split_once(' ').expect("a code and its summary");
        assert!(!summary.trim().is_empty(), "{line}");
        let page = run(["explain", code]).answered().stdout;
        assert!(page.starts_with(&format!("## {code}\n")), "{page}");
        assert_eq!(page.matches("\n## ").count(), 0, "one page: {page}");
    }
    assert_eq!(line("explain No-Kernels").answered(), line("explain no-kernels").answered());
    run(["explain", "no-kernel"]).refused(2, &["did you mean `no-kernels`?"]);
    for word in ["nope", "", "no-", "## no-kernels"] {
        run(["explain", word]).refused(2, &[&format!("`{word}`"), "`conda-torch explain`"]);
    }
}

#[test]
fn schema_prints_the_published_schemas() {
    let folder = format!("{}/docs/schema", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).expect("the schemas");
    for path in files.map(|entry| entry.expect("a file").path()) {
        let name = path.file_stem().and_then(|stem| stem.to_str()?.strip_suffix("-1"));
        let ran = run(["schema", name.expect("NAME-1.json")]).answered();
        assert_eq!(ran.stdout, std::fs::read_to_string(&path).expect("the schema"));
        // A line of a node has to stay short.
        let says_who = ran.json()["properties"]["tool"].is_object();
        assert_eq!(says_who, name != Some("node"), "{name:?}");
    }
    assert_eq!(line("schema").answered(), line("schema advise").answered());
}

#[test]
fn matrix_has_csv_json_and_markdown() {
    let csv = line("matrix --format csv").answered().stdout;
    let platforms: Vec<&str> =
        csv.lines().skip(1).filter_map(|row| row.split(',').next()).collect();
    for platform in ["linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64"] {
        assert!(platforms.contains(&platform), "{platform}");
    }
    let all = line("matrix --all --format csv").answered().stdout;
    assert!(all.lines().count() > 5 * csv.lines().count() / 2, "`--all` shows every build");

    assert!(line("matrix --format json").answered().json().is_object());
    let markdown = line("matrix --format markdown").answered().stdout;
    let rows: Vec<&str> = markdown.lines().filter(|line| line.starts_with('|')).collect();
    assert!(rows.len() > 20, "{markdown}");
    let cells = |row: &str| row.replace("\\|", "").matches('|').count();
    assert!(rows.iter().all(|row| cells(row) == cells(rows[0])), "{markdown}");
}

#[test]
fn matrix_marks_the_recommended_build() {
    let machine = recorded("gtx1080ti-driver-580");
    let csv = run(["matrix", "--format", "csv", "--machine", &machine]).answered().stdout;
    let marked: Vec<&str> = csv.lines().filter(|row| row.ends_with(",yes,")).collect();
    assert_eq!(marked.len(), 1, "{csv}");
    assert!(marked[0].starts_with("linux-64,cuda,12.9,12.9,2.13.0,cuda129"), "{marked:?}");
    let nobody = line("matrix --format csv --platform linux-64").answered().stdout;
    assert!(nobody.lines().skip(1).all(|row| row.ends_with(",,")), "{nobody}");
}

#[test]
fn matrix_answers_a_question() {
    let flags = ["--gpu", "GTX 1080 Ti", "--python", "3.9", "--cuda-version", "11.8"];
    let of = |more: &[&str]| run([&["matrix"], &flags[..], more].concat());
    let csv = of(&["--pytorch", ">=2.4", "--format", "csv"]).answered().stdout;
    let rows: Vec<&str> = csv.lines().skip(1).collect();
    assert_eq!(rows.len(), 1, "{csv}");
    assert!(rows[0].starts_with("linux-64,cuda,11.8,11.8,2.5.1,cuda118,"), "{csv}");
    assert!(rows[0].ends_with(",,yes"), "{csv}");
    let newest = of(&["--json"]).answered().json();
    assert_eq!(newest["rows"][0]["newest"], true);
    let expected = ["no PyTorch build matches", "hint: builds match without `--pytorch`\n"];
    of(&["--pytorch", "2.13"]).refused(3, &expected);
    run(["matrix", "--gpu", "RTX 5090", "--driver", "390"])
        .refused(3, &["without the GPU, or without the driver\n"]);
    // The flags of a document's machine are its facts.
    let machine = recorded("no-gpu");
    let flags = ["matrix", "--machine", &machine, "--driver", "580", "--gpu", "T4"];
    let marked = run([&flags[..], &["--format", "csv"]].concat()).answered().stdout;
    assert!(marked.contains("linux-64,cpu,") && marked.contains(",yes,"), "{marked}");
}

#[test]
fn an_unknown_gpu_is_not_called_unused() {
    let text = "Linux-5.15.0-91-generic-x86_64-with-glibc2.35";
    let ran = finish(program().args(["advise", "--machine", "-"]), text).answered();
    assert!(ran.stdout.contains("if the machine has an NVIDIA GPU, it is not used"), "{ran:?}");
    let ran = finish(program().args(["advise", "--cpu", "--machine", "-"]), text).answered();
    assert!(!ran.stdout.contains("gpu-not-used"), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn a_machine_is_read_from_a_pipe_of_the_shell() {
    let program = env!("CARGO_BIN_EXE_conda-torch");
    let script = format!(
        "'{program}' advise --json --machine <(echo 'Driver Version: 550.54.14'; echo 'Tesla T4')"
    );
    let mut bash = std::process::Command::new("bash");
    let ran = finish(bash.args(["-c", &script]), "").answered();
    assert_eq!(ran.json()["machine"]["driver"]["value"], "550.54.14");
}

/// Builds for Python 3.9 end with PyTorch 2.7.1 (conda-forge/pytorch-cpu-feedstock, f003394e).
#[test]
fn a_range_of_pythons_is_kept() {
    let on = ["advise", "--platform", "linux-64", "--gpu", "T4", "--driver", "535"];
    let ran = run([&on[..], &["--python", ">=3.11"]].concat()).answered();
    assert!(
        ran.words().contains("pytorch-gpu=2.13.0 cuda-version=12.9 \"python>=3.11\""),
        "{ran:?}"
    );
    let ran = run([&on[..], &["python<3.10"]].concat()).answered();
    assert!(ran.words().contains("pytorch-gpu=2.7.1 cuda-version=12.9 \"python<3.10\""), "{ran:?}");
    let why = "Python <3.10 limits PyTorch to 2.7.1; Python 3.10 or newer allows 2.13.0";
    assert!(ran.words().contains(why), "{ran:?}");
    let ran = run([&on[..], &["--python", "<3.6"]].concat());
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let why = "the build supports Python 3.10 to 3.14, not <3.6";
    assert!(ran.words().contains(why), "{ran:?}");
}
