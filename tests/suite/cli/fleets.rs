//! `fleet`, and the lines of `probe --node`.

use crate::cli::{file, finish, line, program, recorded, run};

/// The lines of nodes, as the program prints them.
fn nodes(nodes: &[(&str, &str)]) -> String {
    let line = |(name, machine): &(&str, &str)| {
        let ran =
            run(["probe", "--json", &format!("--node={name}"), "--machine", &recorded(machine)]);
        ran.answered().stdout
    };
    nodes.iter().map(line).collect()
}

const THREE: [(&str, &str); 3] =
    [("gpu1", "rtx5090-driver-580"), ("gpu2", "rtx5090-driver-580"), ("old1", "a100-driver-470")];

#[test]
fn a_node_is_one_line_with_its_name() {
    let named =
        finish(program().env("SLURMD_NODENAME", "n07").args(["probe", "--json", "--node"]), "")
            .answered();
    assert_eq!(named.stdout.lines().count(), 1);
    assert_eq!(named.json()["node"], "n07");
    let by_host = line("probe --node").answered().json();
    let host = by_host["node"].as_str().expect("a name").to_owned();
    assert!(!host.is_empty() && by_host["facts"]["subdir"].is_string());
    line("probe --node=a;b").refused(2, &["`a;b` is not the name of a node", "--node=NAME"]);
    // Without the flag, no name.
    assert!(!line("probe --json").answered().stdout.contains("\"node\""));
}

#[test]
fn the_answer_is_text_json_or_csv() {
    let input = nodes(&THREE);
    let fleet = |flags: &[&str]| finish(program().arg("fleet").args(flags), &input);
    let text = fleet(&[]).answered().stdout;
    for part in [
        "3 nodes in 2 classes: 2 environments serve all of them",
        "gpu[1-2]",
        "torch-2.5.1-cuda118: PyTorch 2.5.1 with CUDA 11.8",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let json = fleet(&["--json"]).answered().json();
    assert_eq!(
        (&json["status"], &json["nodes"], &json["unserved"]),
        (&"ok".into(), &3.into(), &0.into())
    );
    assert_eq!(json["classes"][0]["names"], "gpu[1-2]");
    assert_eq!(json["environments"][1]["names"], "old1");
    let clients: Vec<&str> = json["environments"][0]["commands"]
        .as_array()
        .expect("commands")
        .iter()
        .filter_map(|it| it["client"].as_str())
        .collect();
    assert!(
        ["conda", "mamba", "micromamba", "pixi"].iter().all(|client| clients.contains(client)),
        "{clients:?}"
    );
    let csv = fleet(&["--format", "csv"]).answered().stdout;
    let row = "1,2,gpu[1-2],linux-64,2.35,,580.95.05,13.0,NVIDIA GeForce RTX 5090 (12.0),torch-2.13.0-cuda130,native,2.13.0,2.13.0,\r\n";
    assert!(csv.contains(row), "{csv}");
    let one = fleet(&["--get", "environments.0.name"]).answered().stdout;
    assert_eq!(one, "torch-2.13.0-cuda130\n");
    for format in ["svg", "html"] {
        let picture = fleet(&["--format", format]).answered().stdout;
        assert!(picture.contains("<svg ") && picture.contains("RTX 5090"), "{picture}");
    }
}

#[test]
fn damaged_lines_and_missing_nodes_are_in_the_exit_code() {
    let input = nodes(&THREE);
    let cut = &input[..input.len() - 40];
    let ran = finish(program().args(["fleet", "--expect", "gpu[1-3]"]), cut);
    assert_eq!(ran.code, Some(4));
    for part in
        ["line 3 skipped: old1: the JSON is cut off", "2 nodes without an answer: gpu3,old1"]
    {
        assert!(ran.words().contains(part), "{ran:?}");
    }
    let json = finish(program().args(["fleet", "--json"]), cut);
    assert_eq!((json.code, &json.json()["damage"][0]["line"]), (Some(4), &3.into()));
    let csv = finish(program().args(["fleet", "--format", "csv"]), cut);
    assert!(csv.code == Some(4) && csv.stderr.contains("line 3 skipped"), "{csv:?}");
    finish(program().arg("fleet"), "nothing\n")
        .refused(1, &["no nodes found", "line 1", "probe --json --node"]);
    finish(program().args(["fleet", "--expect", "gpu[1-"]), &input)
        .refused(2, &["--expect", "gpu[001-128]"]);
    line("fleet /nowhere").refused(1, &["cannot read `/nowhere`"]);
}

#[test]
fn what_changed_is_exit_code_4() {
    let before = nodes(&[
        ("n1", "v100-driver-580"),
        ("n2", "two-gpus-6.1-and-8.9"),
        ("n3", "no-gpu"),
        ("n4", "no-gpu"),
    ]);
    let before = file("fleet-before.jsonl", before.as_bytes());
    let now = nodes(&[
        ("n1", "v100-driver-440"),
        ("n2", "gtx1080ti-driver-580"),
        ("n3", "no-gpu"),
        ("n5", "no-gpu"),
    ]);
    let ran = finish(program().args(["fleet", "--compare", &before]), &now);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    for part in [
        "1 node (n1): driver 580.65.06 → driver 440",
        "GPU lost: ",
        "1 node (n4): no answer any more",
        "1 node (n5): new",
    ] {
        assert!(ran.words().contains(part), "{part}: {ran:?}");
    }
    let json = finish(program().args(["fleet", "--json", "--compare", &before]), &now).json();
    let changed = json["drift"]["changed"].as_array().expect("changes");
    let what = |name: &str| {
        let it = changed.iter().find(|it| it["names"] == name).expect("a node");
        it["changes"]
            .as_array()
            .expect("changes")
            .iter()
            .map(|it| it["what"].as_str().expect("a word").to_owned())
            .collect::<Vec<_>>()
    };
    assert!(what("n1").contains(&"driver".to_owned()));
    assert!(what("n2").contains(&"gpu-lost".to_owned()));
    let same = nodes(&[
        ("n4", "no-gpu"),
        ("n3", "no-gpu"),
        ("n2", "two-gpus-6.1-and-8.9"),
        ("n1", "v100-driver-580"),
        ("n6", "no-gpu"),
    ]);
    let ran = finish(program().args(["fleet", "--json", "--compare", &before]), &same).answered();
    assert_eq!(ran.json()["drift"]["added"], "n6");
}

#[test]
fn redacted_answers_have_no_names() {
    let before = file("fleet-secret.jsonl", nodes(&[("secretlab9", "v100-driver-580")]).as_bytes());
    let input = nodes(&[("secretlab1", "v100-driver-580"), ("secretlab2", "no-gpu")])
        + "secretlab3: {\"node\":\"secretlab3\"\nsecretlab4: secretlab\n";
    for format in ["human", "json", "csv", "svg", "html", "commands", "dockerfile"] {
        let ran = finish(
            program().args(["fleet", "--redact", "--compare", &before, "--format", format]),
            &input,
        );
        assert_eq!(ran.code, Some(4), "{ran:?}");
        assert!(
            !ran.stdout.contains("secretlab") && !ran.stderr.contains("secretlab"),
            "{format}: {ran:?}"
        );
    }
    let json = finish(program().args(["fleet", "--redact", "--json"]), &input).json();
    assert_eq!(
        (&json["nodes"], &json["redacted"], &json["missing_count"]),
        (&2.into(), &true.into(), &2.into())
    );
    finish(program().args(["fleet", "--redact", "--format", "slurm"]), &input)
        .refused(2, &["--redact", "slurm"]);
}

#[test]
fn module_files_need_a_folder() {
    let input = nodes(&THREE);
    finish(program().args(["fleet", "--format", "lmod"]), &input).reports(&["--prefix FOLDER"]);
    finish(program().args(["fleet", "--format", "tcl", "-p", "a"]), &input)
        .reports(&["absolute folder"]);
    finish(program().args(["fleet", "--format", "lmod", "-p", "/a\"b"]), &input)
        .reports(&["character"]);
}
