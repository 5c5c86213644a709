//! `explain` with error texts: where the text comes from, what is looked at, exit codes.

use super::{file, finish, line, program, recorded, run};

const TEXT: &str =
    "RuntimeError: CUDA error: no kernel image is available for execution on the device\n";

#[test]
fn a_text_is_read_from_stdin_a_file_and_an_argument() {
    let machine = recorded("gtx1080ti-driver-580");
    let path = file("no-kernel.txt", TEXT.as_bytes());
    let by_stdin = |arguments: &[&str]| finish(program().args(arguments), TEXT).answered().stdout;
    let stdin = by_stdin(&["explain", "--machine", &machine]);
    assert!(stdin.contains("[no-kernel-image]") && stdin.contains("cuda-version=12.9"), "{stdin}");
    assert_eq!(by_stdin(&["explain", "-", "--machine", &machine]), stdin);
    #[cfg(unix)]
    assert_eq!(by_stdin(&["explain", "/dev/stdin", "--machine", &machine]), stdin);
    assert_eq!(run(["explain", &path, "--machine", &machine]).answered().stdout, stdin);
    assert_eq!(run(["explain", TEXT.trim(), "--machine", &machine]).answered().stdout, stdin);
}

#[test]
fn a_text_that_is_too_large_is_told_with_the_limit() {
    let path = crate::cli::folder("explaining") + "/large.txt";
    let large = std::fs::File::create(&path).expect("a file");
    large.set_len((64 << 20) + 1).expect("a sparse file");
    let ran = run(["explain", &path]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.stderr, format!("error: cannot read `{path}`: larger than 64 MiB\n"));
    std::fs::remove_file(path).expect("removed");
}

#[test]
fn json_has_the_failure_its_evidence_and_the_commands() {
    let path = file("no-kernel-json.txt", TEXT.as_bytes());
    let machine = recorded("no-gpu");
    let document = run(["explain", &path, "--machine", &machine, "--json"]).answered().json();
    assert_eq!(document["status"], "explained");
    let error = &document["errors"][0];
    assert_eq!(error["code"], "no-kernel-image");
    assert_eq!(error["line"], 1);
    assert_eq!(error["verdict"], "contradicted");
    assert_eq!(error["evidence"][0]["message"], "no NVIDIA GPU was found here");
    assert_eq!(error["commands"].as_array().map(Vec::len), Some(0));
    let code = run(["explain", &path, "--machine", &machine, "--get", "errors.0.code"]).answered();
    assert_eq!(code.stdout, "no-kernel-image\n");
}

#[test]
fn an_unknown_text_exits_3_and_names_what_to_collect() {
    let path = file("unknown.txt", b"ValueError: learning rate must be positive\n");
    let ran = run(["explain", &path]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), ""), "{ran:?}");
    assert!(ran.stdout.starts_with("No known failure in this text\n"), "{ran:?}");
    assert!(ran.stdout.contains("learning rate") && ran.stdout.contains("probe --json"), "{ran:?}");
    let document = run(["explain", &path, "--json"]);
    assert_eq!(document.code, Some(3));
    let document = document.json();
    assert_eq!((&document["status"], &document["exit_code"]), (&"unknown".into(), &3.into()));
    assert_eq!(document["unknown"], "ValueError: learning rate must be positive");
    assert_eq!(document["collect"].as_array().map(Vec::len), Some(4));
}

#[test]
fn a_code_wins_over_a_file_of_its_name() {
    let path = file("no-kernels", TEXT.as_bytes());
    let folder = std::path::Path::new(&path).parent().expect("a folder");
    let ran = finish(program().current_dir(folder).args(["explain", "no-kernels"]), "");
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.starts_with("## no-kernels\n"), "{ran:?}");
    assert!(ran.stderr.contains("pass `./no-kernels`"), "{ran:?}");
    let platform = ["explain", "./no-kernels", "--platform", "linux-64"];
    let ran = finish(program().current_dir(folder).args(platform), "").answered();
    assert!(ran.stdout.contains("[no-kernel-image]"), "{ran:?}");
}

#[test]
fn an_empty_text_and_a_missing_file_are_refused() {
    let empty = file("empty.txt", b" \n");
    run(["explain", &empty]).refused(1, &["the file is empty", "conda-torch explain"]);
    run(["explain", "-"]).refused(1, &["standard input is empty"]);
    run(["explain", "missing.txt"]).refused(2, &["`missing.txt`"]);
    let document = run(["explain", "missing.txt", "--json"]).json();
    assert_eq!(document["error"]["code"], "invalid-value");
}

#[test]
fn a_code_of_an_error_text_has_a_page_and_json() {
    let page = line("explain no-kernel-image").answered().stdout;
    assert!(page.starts_with("## no-kernel-image\n") && page.contains("What to do: "), "{page}");
    let document = line("explain no-kernel-image --json").answered().json();
    assert_eq!(document["pages"][0]["code"], "no-kernel-image");
    let all = line("explain --json").answered().json();
    assert!(all["pages"].as_array().is_some_and(|pages| pages.len() > 150), "{all}");
}

#[test]
fn a_machine_beside_the_error_is_the_machine() {
    let smi = "| NVIDIA-SMI 560.35.03    Driver Version: 560.35.03    CUDA Version: 12.6 |\n\
               |   0  NVIDIA GeForce GTX 1080 Ti     Off | 00000000:01:00.0 Off | N/A |\n";
    let error =
        "RuntimeError: CUDA error: no kernel image is available for execution on the device\n";
    let ran = finish(program().args(["explain", "--json"]), &format!("{error}\n{smi}"));
    assert!(ran.stderr.contains("the machine that the text describes (nvidia-smi)"), "{ran:?}");
    assert_eq!(ran.json()["machine"]["driver"]["value"], "560.35.03");
    // A GPU that only the error names describes no machine.
    let named = format!(
        "{error}NVIDIA GeForce RTX 5090 with CUDA capability sm_120 is not compatible with the current PyTorch installation.\n"
    );
    let ran = finish(program().args(["explain", "--json", "--platform", "linux-64"]), &named);
    assert!(!ran.stderr.contains("describes"), "{ran:?}");
    let ran = finish(program().args(["explain", "--json"]), &named);
    assert!(!ran.stderr.contains("describes"), "{ran:?}");
}

#[test]
fn a_platform_alone_confirms_nothing() {
    let of_platform = finish(program().args(["explain", "-", "--platform", "linux-64"]), TEXT);
    let text = of_platform.answered().stdout;
    assert!(text.contains("[no-kernel-image]"), "{text}");
    assert!(!text.contains("here") && !text.contains("no NVIDIA GPU"), "{text}");
    let json = ["explain", "-", "--platform", "linux-64", "--json"];
    let document = finish(program().args(json), TEXT).answered().json();
    assert_eq!(document["errors"][0]["verdict"], "unknown");
}
