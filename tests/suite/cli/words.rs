//! The command line as people type it.

use crate::cli::{Ran, line, run};

#[track_caller]
fn says(ran: &Ran, note: &str) {
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains(note), "{ran:?}");
}

#[test]
fn a_line_without_subcommand_gives_advice() {
    let advice = line("advise").answered();
    assert_eq!(line("").answered(), advice);
    assert_eq!(line("pytorch").answered(), advice);
    assert_eq!(line("--json").answered().json()["status"], "ok");
    assert_eq!(line("help").answered(), line("--help").answered());
    assert_eq!(line("help check").answered(), line("check --help").answered());
}

#[test]
fn other_words_lead_to_a_subcommand() {
    let advice = line("advise torchvision").answered();
    for word in ["upgrade", "create"] {
        let ran = line(&format!("{word} torchvision"));
        assert_eq!(ran.stdout, advice.stdout);
        says(&ran, "read as `conda-torch advise`");
    }
    says(&line("cuda"), "`conda-torch probe`");
    says(&line("list --platform osx-arm64"), "`conda-torch matrix`");
    let doctor = line("doctor");
    assert!(doctor.stderr.contains("`doctor` is `conda-torch check`"), "{doctor:?}");
}

#[test]
fn tips_do_not_lead_elsewhere() {
    let ran = line("check --cpu").refused(2, &["--cpu", "`conda-torch advise`"]);
    assert!(!ran.stderr.contains("--gpu"), "{ran:?}");
    let ran = line("advise --client pip").refused(2, &["pip", "https://pytorch.org"]);
    assert!(!ran.stderr.contains("similar"), "{ran:?}");
    line("advise --pyhton 3.12").refused(2, &["'--python'"]);
    line("advice").refused(2, &["'advise'"]);
    let ran = line("advise --nonsense").refused(2, &["--nonsense"]);
    assert!(!ran.stderr.contains("tip:"), "{ran:?}");
    line("transformers").refused(2, &["`conda-torch advise transformers`"]);
    line("advise -y").refused(2, &["`conda-torch install`"]);
}

#[test]
fn gpus_of_other_makers_are_answered() {
    let there = ["--platform", "linux-64"];
    for (gpu, accelerator, text) in [
        ("RX 7900 XTX", "rocm", "the AMD GPU is not used"),
        ("Arc A770", "xpu", "the Intel GPU is not used"),
    ] {
        let ran = run([&["advise", "--gpu", gpu][..], &there].concat()).answered();
        assert!(ran.words().contains("pytorch-cpu=2.13.0"), "{ran:?}");
        assert!(ran.words().contains(text), "{ran:?}");
        let wanted = ["advise", "--accelerator", accelerator, "--gpu", gpu];
        let ran = run([&wanted[..], &there].concat());
        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert!(ran.stdout.contains("pytorch.org"), "{ran:?}");
    }
    let mac = run(["advise", "--gpu", "M1 Max"]);
    says(&mac, "`--platform osx-arm64`");
    assert!(mac.words().contains("with Metal (MPS)"), "{mac:?}");
    run(["advise", "--gpu", "M1 Max", "--platform", "linux-64"])
        .refused(2, &["M1 Max", "osx-arm64"]);
}

#[test]
fn what_computes_may_be_any_word() {
    let specs = |arguments: &str| {
        let ran = line(&format!("advise --json {arguments}"));
        ran.json()["recommendation"]["specs"].to_string()
    };
    let (cuda, cpu) =
        (r#"["pytorch-gpu=2.13.0","cuda-version=13.0"]"#, r#"["pytorch-cpu=2.13.0"]"#);
    let gpu = "--platform linux-64 --gpu RTX 4090 --driver 580";
    for word in ["gpu", "cuda", "nvidia", "auto"] {
        assert_eq!(specs(&format!("{gpu} --accelerator {word}")), cuda, "{word}");
    }
    assert_eq!(specs(&format!("{gpu} --accelerator cpu")), cpu);
    assert_eq!(specs(&format!("{gpu} --cpu")), cpu);
    for word in ["gpu", "mps"] {
        let mac = format!("--platform osx-arm64 --accelerator {word}");
        assert_eq!(specs(&mac), r#"["pytorch=2.13.0"]"#, "{word}");
    }
    // PyTorch from 2.9 on uses Metal from macOS 14 on: https://github.com/pytorch/pytorch/issues/159275
    let old = line("advise --platform osx-arm64 --macos 13.5 --accelerator mps --json").json();
    assert_eq!(old["recommendation"]["pytorch"], "2.8.0");
    assert_eq!(line("advise --platform osx-arm64 --accelerator cuda").code, Some(3));
    assert_eq!(line("advise --platform linux-64 --accelerator mps").code, Some(3));
}

#[test]
fn pytorch_may_be_a_range() {
    let pytorch = |words: &[&str]| {
        let fixed =
            ["advise", "--json", "--platform", "linux-64", "--gpu", "A100", "--driver", "550"];
        run([&fixed[..], words].concat()).json()["recommendation"]["pytorch"].to_string()
    };
    assert_eq!(pytorch(&["--pytorch", ">=2.5"]), "\"2.13.0\"");
    assert_eq!(pytorch(&["--pytorch", ">=2.4,<2.7"]), "\"2.6.0\"");
    assert_eq!(pytorch(&["--pytorch", "latest"]), "\"2.13.0\"");
    assert_eq!(pytorch(&["--pytorch", "2.9.1+cu126"]), "\"2.9.1\"");
    assert_eq!(pytorch(&["torch<2.6"]), "\"2.5.1\"");
    let none = run(["advise", "--platform", "linux-64", "--pytorch", ">=9"]);
    assert_eq!(none.code, Some(3));
    assert!(none.words().contains("has no PyTorch >=9"), "{none:?}");
}

#[test]
fn other_packages_are_quoted_in_every_format() {
    let fixed = "advise --platform linux-64 --cpu numpy<2 transformers scipy=1.11.*=py*_0";
    let with = |format: &str| line(&format!("{fixed} {format}"));
    assert!(
        with("")
            .words()
            .contains("pytorch-cpu=2.13.0 \"numpy<2\" transformers \"scipy=1.11.*=py*_0\"")
    );
    let powershell = with("--shell powershell --format commands").words();
    assert!(powershell.contains("\"numpy<2\" transformers \"scipy=1.11.*=py*_0\""), "{powershell}");
    for client in ["mamba", "micromamba", "pixi"] {
        let ran = with(&format!("--client {client}")).words();
        assert!(ran.contains("\"numpy<2\" transformers \"scipy=1.11.*=py*_0\""), "{ran}");
    }
    let yaml = with("--format environment-yml").stdout;
    assert!(yaml.contains("  - \"numpy<2\"\n  - transformers\n"), "{yaml}");
    let toml = with("--format pixi-toml").stdout;
    assert!(toml.contains("numpy = \"<2\"\ntransformers = \"*\"\n"), "{toml}");
    let docker = with("--format dockerfile").stdout;
    assert!(docker.contains("      \"numpy<2\" \\\n      \"transformers\" \\\n"), "{docker}");
    let json = with("--json").json();
    assert_eq!(json["request"]["packages"][1], "numpy<2");
    assert_eq!(json["recommendation"]["specs"][1], "numpy<2");
}

#[test]
fn packages_that_tie_to_pytorch_or_cuda_are_named() {
    let codes = |packages: &str| {
        let machine = "advise --json --platform linux-64 --gpu A100 --driver 580";
        let document = line(&format!("{machine} {packages}")).json();
        let codes = document["diagnostics"].as_array().expect("diagnostics").iter();
        let codes = codes.map(|it| it["code"].as_str().expect("a code").to_owned());
        (codes.collect::<Vec<_>>(), document["recommendation"]["specs"].to_string())
    };
    for (packages, code) in [
        ("transformers", None),
        ("numpy", Some("packages-not-looked-at")),
        ("xformers", Some("compiled-against-pytorch")),
        ("flash-attn", Some("compiled-against-pytorch")),
        ("pytorch3d", Some("compiled-against-pytorch")),
        ("pytorch_scatter", Some("compiled-against-pytorch")),
        ("pyg", Some("named-on-conda-forge")),
        ("torchmetrics", None),
        ("lightning", None),
        ("jax", Some("brings-cuda-libraries")),
        ("tensorflow", Some("brings-cuda-libraries")),
        ("cupy", Some("brings-cuda-libraries")),
        ("faiss-gpu", Some("brings-cuda-libraries")),
        ("cuda-toolkit=12.4", Some("other-toolkit-package")),
        ("natten", Some("compiled-against-pytorch")),
        ("spconv", Some("not-on-conda-forge")),
        ("pytorch-cuda=12.1", Some("old-selector")),
        ("pytorch=2.1 numpy>=2", Some("numpy-2-requested")),
    ] {
        let (found, _) = codes(packages);
        let others =
            ["packages-not-looked-at", "compiled-against-pytorch", "brings-cuda-libraries"];
        match code {
            Some(code) => assert!(found.iter().any(|it| it == code), "{packages}: {found:?}"),
            None => assert!(
                !found.iter().any(|it| others.contains(&it.as_str())),
                "{packages}: {found:?}"
            ),
        }
    }
    assert!(codes("pyg").1.contains("\"pytorch_geometric\""));
    assert!(!codes("spconv").1.contains("spconv"));
    // No toolkit is named, or the build's own.
    assert!(!codes("cuda-toolkit").0.contains(&"other-toolkit-package".to_owned()));
    assert!(!codes("cuda-toolkit=13.0").0.contains(&"other-toolkit-package".to_owned()));
}

#[test]
fn a_word_that_is_no_package_is_refused() {
    let fixed = "advise --platform linux-64 --cpu";
    line(&format!("{fixed} RTX 3090")).refused(2, &["`RTX 3090` is a GPU", "`--gpu RTX 3090`"]);
    line(&format!("{fixed} numpy 3090")).refused(2, &["`--gpu 3090`"]);
    line(&format!("{fixed} torchvison")).refused(2, &["did you mean `torchvision`?"]);
    line(&format!("{fixed} numpy<2 2.4")).refused(2, &["`2.4` is a version"]);
    let ran = line(&format!("{fixed} pytorch 2.4 numpy"));
    says(&ran, "`pytorch 2.4` is read as `pytorch=2.4`");
    assert!(ran.words().contains("pytorch=2.4.1"), "{ran:?}");
    line("remove pytorch").refused(2, &["`conda env remove -n NAME`"]);
    let ran = line("uninstall").refused(2, &["`conda env remove -n NAME`"]);
    assert!(!ran.stderr.contains("'install'"), "{ran:?}");
    line("check torch").refused(2, &["`-n torch`"]);
}

#[test]
fn pytorch_has_the_same_forms_everywhere() {
    let versions = |pytorch: &str| {
        let arguments = ["matrix", "--json", "--platform", "linux-64", "--pytorch", pytorch];
        let document = run(arguments).answered().json();
        let rows = document["rows"].as_array().expect("rows").clone();
        rows.iter().filter_map(|row| Some(row["pytorch"].as_str()?.to_owned())).collect::<Vec<_>>()
    };
    assert!(versions("latest").contains(&"2.13.0".to_owned()));
    assert!(versions("=2.9").iter().all(|it| it.starts_with("2.9.")));
    assert!(versions(">=2.4,<2.5").iter().all(|it| it.starts_with("2.4.")));
    // Both go as far as the environment, which is not there.
    for pytorch in [">=2.4", "latest", "2.9"] {
        run(["migrate", "-n", "nowhere", "--cpu", "--pytorch", pytorch])
            .refused(2, &["no environment named `nowhere`"]);
    }
    line("migrate -n nowhere --cpu --accelerator cuda").refused(2, &["--cpu", "--accelerator"]);
}
