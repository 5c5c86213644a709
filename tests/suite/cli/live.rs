//! `--live` with a fake `conda-torch-live`.
#![cfg(unix)]

use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::cli::{Ran, finish, folder, program};

/// A program that saves the request and prints this reply.
fn stand_in(name: &str, reply: &Value) -> String {
    let folder = folder("live");
    let (answer, path) = (format!("{folder}/{name}.json"), format!("{folder}/{name}"));
    std::fs::write(&answer, reply.to_string()).expect("a file");
    let script = format!("#!/bin/sh\ncat >'{folder}/{name}.ask'\ncat '{answer}'\n");
    std::fs::write(&path, script).expect("a file");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&path, mode).expect("its own file");
    path
}

/// A reply whose records are these, read now.
fn records(records: &[Value]) -> Value {
    let origin = |subdir| {
        json!({"channel": "https://conda.anaconda.org/conda-forge", "subdir": subdir,
            "form": "whole", "age": 0, "fetched": 1, "fault": null})
    };
    json!({"protocol": 2, "origins": [origin("linux-64"), origin("noarch")],
        "told": {"records": {"records": records}}})
}

/// A record of a package for linux-64.
fn record(name: &str, version: &str, build: &str, number: u64, depends: &[&str]) -> Value {
    let url =
        format!("https://conda.anaconda.org/conda-forge/linux-64/{name}-{version}-{build}.conda");
    json!({"name": name, "version": version, "build": build, "build_number": number,
        "subdir": "linux-64", "channel": "https://conda.anaconda.org/conda-forge", "url": url,
        "depends": depends})
}

fn with(live: &str, arguments: &[&str]) -> Ran {
    finish(program().env("CONDA_TORCH_LIVE", live).args(arguments), "")
}

#[test]
fn hides_secrets_of_channel_urls() {
    let python = "python >=3.12,<3.13.0a0";
    let build = record("pytorch", "2.14.0", "cpu_mkl_py312_h0_100", 100, &["mkl", python]);
    let channel = "https://me:PASSWORD@mirror.example/t/TOKEN/conda-forge";
    for (name, records) in [("some", records(&[build])), ("none", records(&[]))] {
        let live = stand_in(name, &records);
        let flags = ["matrix", "--diff", "--platform", "linux-64", "--channel", channel];
        let ran = with(&live, &flags);
        assert!(format!("{ran:?}").contains("mirror.example"), "{ran:?}");
        for secret in ["PASSWORD", "TOKEN"] {
            assert!(!format!("{ran:?}").contains(secret), "{ran:?}");
        }
    }
}

/// PyTorch of next year and its dependencies.
fn next_year() -> Value {
    let needs = ["__glibc >=2.28,<3.0.a0", "cuda-version >=13.1,<14", "mkl >=2026.0,<2027.0a0"];
    let python = "python >=3.12,<3.13.0a0";
    let build = "cuda131_mkl_py312_h0_300";
    let pytorch = record("pytorch", "2.14.0", build, 300, &[&needs[..], &[python]].concat());
    let metapackage =
        record("pytorch-gpu", "2.14.0", build, 300, &["pytorch 2.14.0 cuda*_mkl*300"]);
    let odd = record("pytorch", "2.14.0", "rocm72_mkl_py312_h0_300", 300, &[python]);
    let cuda = |version| {
        let mut record = record("cuda-version", version, "h0_3", 3, &[]);
        record["subdir"] = "noarch".into();
        record
    };
    records(&[cuda("13.0"), cuda("13.1"), pytorch, metapackage, odd])
}

fn codes(document: &Value) -> Vec<&str> {
    let remarks = document["diagnostics"].as_array().expect("a list");
    remarks.iter().filter_map(|remark| remark["code"].as_str()).collect()
}

const NODE: [&str; 8] =
    ["--platform", "linux-64", "--gpu", "RTX 4090", "--driver", "595", "--glibc", "2.34"];

#[test]
fn recommends_releases_newer_than_the_built_in_data() {
    let live = stand_in("next-year", &next_year());
    let ran = with(&live, &[&["advise", "--live", "--json"], &NODE[..]].concat()).answered();
    let document = ran.json();
    assert_eq!(document["recommendation"]["pytorch"], "2.14.0");
    assert_eq!(document["recommendation"]["cuda_version"], "13.1");
    let codes = codes(&document);
    assert!(codes.contains(&"kernels-inferred"), "{codes:?}");
    assert!(codes.contains(&"channel-not-understood"), "{codes:?}");
    assert!(!codes.contains(&"channel-from-cache"), "{codes:?}");
    assert_eq!(document["live"]["read"], true);
    assert_eq!(document["live"]["channel"], "conda-forge");
    assert_eq!(document["matrix"]["as_of"], document["live"]["as_of"]);
    // The request is for this platform and the needed packages.
    let ask = std::fs::read_to_string(format!("{live}.ask")).expect("a request");
    let ask: Value = serde_json::from_str(&ask).expect("JSON");
    assert_eq!(ask["subdirs"], json!(["linux-64"]));
    assert_eq!(ask["channels"], json!(["conda-forge"]));
    assert_eq!(ask["offline"], false);
    // The same without the channel.
    let document = with(&live, &[&["advise", "--json"], &NODE[..]].concat()).answered().json();
    assert_eq!(document["recommendation"]["pytorch"], "2.13.0");
    assert_eq!(document["live"], Value::Null);
}

#[test]
fn skips_unknown_toolkits_unless_the_driver_supports_them() {
    let needs = ["__glibc >=2.28,<3.0.a0", "mkl >=2026", "python >=3.12,<3.13.0a0"];
    let pytorch = |build: &str, pins: &str| {
        record("pytorch", "2.15.0", build, 300, &[&needs[..], &[pins]].concat())
    };
    let mut cuda: Vec<Value> = ["13.0", "14.0"]
        .iter()
        .map(|version| record("cuda-version", version, "h0_3", 3, &[]))
        .collect();
    cuda.extend([
        pytorch("cuda140_mkl_py312_h0_300", "cuda-version >=14.0,<15"),
        pytorch("cuda130_mkl_py312_h0_300", "cuda-version >=13.0,<14"),
    ]);
    let live = stand_in("cuda-14", &records(&cuda));
    let advised = |flags: &[&str]| {
        let node = ["advise", "--live", "--json", "--platform", "linux-64", "--glibc", "2.34"];
        with(&live, &[&node[..], flags].concat()).answered().json()
    };
    for (flags, cuda) in [
        (&["--gpu", "H100", "--driver", "595"][..], "13.0"),
        (&["--gpu", "H100", "--driver", "700", "--cuda", "14.0"], "14.0"),
        (&["--gpu", "H100"], "13.0"),
    ] {
        let document = advised(flags);
        assert_eq!(document["recommendation"]["cuda_version"], cuda, "{flags:?}: {document}");
    }
    let document = advised(&["--gpu", "H100", "--driver", "595", "--all"]);
    let text = document.to_string();
    assert!(text.contains("toolkit-not-known") && !text.contains("4294967295"), "{text}");
}

#[test]
fn falls_back_to_built_in_data_with_a_warning() {
    let fault = json!({"kind": "no_network", "at": "https://conda.anaconda.org/conda-forge/linux-64",
        "detail": "dns error"});
    let reply = json!({"protocol": 2, "origins": [], "told": {"failed": fault}});
    let live = stand_in("no-network", &reply);
    let ran = with(&live, &[&["advise", "--live", "--json"], &NODE[..]].concat()).answered();
    let document = ran.json();
    assert_eq!(document["recommendation"]["pytorch"], "2.13.0");
    assert_eq!(codes(&document)[0], "channel-unreadable");
    assert_eq!(document["live"]["read"], false);
    assert_eq!(document["live"]["fault"], "no_network");
    assert_eq!(document["live"]["as_of"], "2026-08-13");
    // The warning is on stderr.
    let flags = ["advise", "--live", "--format", "environment-yml"];
    let ran = with(&live, &[&flags[..], &NODE[..]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("pytorch-gpu=2.13.0"), "{ran:?}");
    assert!(ran.stderr.contains("[channel-unreadable]"), "{ran:?}");
    // A comparison needs the channel.
    let ran = with(&live, &["matrix", "--diff", "--platform", "linux-64"]);
    ran.refused(1, &["no connection to the server"]);
    let ran = with(&live, &["matrix", "--live", "--platform", "linux-64"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("[channel-unreadable]"), "{ran:?}");
    assert!(ran.stdout.contains("2.13.0"), "{ran:?}");
}

#[test]
fn falls_back_to_built_in_data_if_the_reader_is_killed() {
    let live = stand_in("killed", &Value::Null);
    let script = "#!/bin/sh\necho 'memory allocation of 12 bytes failed' >&2\nkill -ABRT $$\n";
    std::fs::write(&live, script).expect("a file");
    let ran = with(&live, &[&["advise", "--live", "--json"], &NODE[..]].concat()).answered();
    let document = ran.json();
    assert_eq!(document["recommendation"]["pytorch"], "2.13.0");
    assert_eq!(document["live"]["read"], false);
    let message = document["diagnostics"][0]["message"].as_str().expect("a text");
    assert!(message.contains("killed by signal 6: memory allocation"), "{message}");
}

#[test]
fn reports_the_age_of_cached_channel_data() {
    let mut reply = next_year();
    reply["origins"][0]["age"] = 10_800.into();
    reply["origins"][0]["fault"] = json!({"kind": "server", "at": "https://h.example/linux-64",
        "detail": "503"});
    let live = stand_in("kept", &reply);
    let ran = with(&live, &[&["advise", "--live", "--json"], &NODE[..]].concat()).answered();
    let document = ran.json();
    assert_eq!(document["recommendation"]["pytorch"], "2.14.0");
    let remarks = document["diagnostics"].as_array().expect("a list");
    let kept = remarks.iter().find(|it| it["code"] == "channel-from-cache").expect("told");
    assert_eq!(kept["severity"], "warning");
    let message = kept["message"].as_str().expect("a text");
    assert!(message.contains("3 hours ago") && message.contains("server error"), "{message}");
    assert_eq!(document["live"]["age_s"], 10_800);
    assert_eq!(document["live"]["fault"], "server");
}

#[test]
fn refuses_invalid_live_flags() {
    with("", &["advise", "--offline"]).refused(2, &["--live"]);
    with("", &["matrix", "--offline"]).refused(2, &["--live"]);
    with("/nowhere/to/be/found", &["advise", "--live"]).refused(1, &["cannot start"]);
    let other = json!({"protocol": 1, "origins": [], "told": {"records": {"records": []}}});
    let live = stand_in("other-day", &other);
    with(&live, &["advise", "--live"]).refused(1, &["speaks protocol"]);
}

#[test]
fn passes_secrets_to_the_reader_of_channels_only() {
    for (name, reply) in [("mirror", next_year()), ("mirror-empty", records(&[]))] {
        let live = stand_in(name, &reply);
        let channel = "https://me:PASSWORD@mirror.example/t/TOKEN/conda-forge";
        let run = |format: &str| {
            let flags = ["advise", "--live", "-c", channel, "--format", format];
            let ran = with(&live, &[&flags[..], &NODE[..]].concat());
            assert_eq!(ran.code, Some(0), "{ran:?}");
            ran
        };
        for format in ["environment-yml", "pixi-toml", "dockerfile"] {
            let ran = run(format);
            assert!(ran.stdout.contains("https://mirror.example/conda-forge"), "{ran:?}");
            assert!(ran.stderr.contains("[channel-secrets]"), "{ran:?}");
            for secret in ["PASSWORD", "TOKEN"] {
                assert!(!format!("{ran:?}").contains(secret), "{ran:?}");
            }
        }
        let public = "https://mirror.example/conda-forge";
        assert!(run("commands").stdout.contains(&format!("-c {public} ")));
        let ran = run("json");
        assert!(!format!("{ran:?}").contains("TOKEN"), "{ran:?}");
        let document = ran.json();
        assert!(codes(&document).contains(&"channel-secrets"), "{document}");
        assert_eq!(document["commands"][0]["argv"][6], public);
        assert_eq!(document["recommendation"]["channels"], json!([public]));
        // `conda-torch-live` needs the secrets.
        let ask = std::fs::read_to_string(format!("{live}.ask")).expect("a request");
        assert!(ask.contains("PASSWORD") && ask.contains("TOKEN"), "{ask}");
    }
}

#[test]
fn resolves_channel_names_with_client_settings() {
    let live = stand_in("alias", &next_year());
    let home = folder("live/alias-home");
    let settings = "channel_alias: https://me:${SECRET}@mirror.example/conda\ncustom_channels:\n  corp: https://corp.example\n";
    std::fs::write(format!("{home}/.condarc"), settings).expect("a file");
    let mut command = program();
    command.env("HOME", &home).env("SECRET", "PASSWORD").env("CONDA_TORCH_LIVE", &live);
    command.args(["advise", "--live", "--json", "-c", "corp", "-c", "conda-forge"]).args(NODE);
    let ran = finish(&mut command, "").answered();
    let ask = std::fs::read_to_string(format!("{live}.ask")).expect("a request");
    let ask: Value = serde_json::from_str(&ask).expect("JSON");
    let expected =
        ["https://corp.example/corp", "https://me:PASSWORD@mirror.example/conda/conda-forge"];
    assert_eq!(ask["channels"], json!(expected));
    let shown = ["https://corp.example/corp", "https://mirror.example/conda/conda-forge"];
    assert_eq!(ask["shown"], json!(shown));
    // A client uses the same settings.
    assert!(ran.stdout.contains("-c corp -c conda-forge "), "{ran:?}");
    assert!(!format!("{ran:?}").contains("PASSWORD"), "{ran:?}");
}

#[test]
fn diff_has_text_json_and_rows() {
    let live = stand_in("compared", &next_year());
    let run = |flags: &[&str]| {
        let ran = with(&live, &[&["matrix", "--diff", "--platform", "linux-64"], flags].concat());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(4), ""), "{ran:?}");
        ran
    };
    let list = run(&[]).words();
    assert!(
        list.contains("New - PyTorch 2.14.0 linux-64 cuda131_mkl #300, `cuda-version`"),
        "{list}"
    );
    assert!(list.contains("- torchvision 0.28.0 linux-64 cuda130"), "{list}");
    assert!(list.contains("rocm72_mkl_py312_h0_300.conda: unknown build string"), "{list}");
    let document = run(&["--format", "json"]).json();
    let newest = &document["pytorch"][0];
    assert_eq!((&newest["what"], &newest["pytorch"]), (&"new".into(), &"2.14.0".into()));
    assert_eq!(newest["build_numbers"], json!([300]));
    assert!(
        document["cuda_version"]["gone"].as_array().is_some_and(|all| all.contains(&"12.9".into()))
    );
    assert_eq!(document["not_understood"][0]["code"], "build-string");
    assert_eq!(document["exit_code"], 4);
    let rows = run(&["--rows"]).stdout;
    for file in ["builds", "companions", "cuda_versions"] {
        assert!(
            rows.contains(&format!("# ---- crates/conda-torch-core/src/matrix/data/{file}.toml\n")),
            "{rows}"
        );
    }
    assert!(rows.contains("pytorch = \"2.14.0\"\n"), "{rows}");
    with(&live, &["matrix", "--diff", "--format", "csv"]).refused(2, &["`--format json`"]);
}

#[test]
fn uses_built_in_data_without_conda_torch_live() {
    let ran = with("", &[&["advise", "--live", "--json"], &NODE[..]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let document = ran.json();
    assert_eq!(document["recommendation"]["pytorch"], "2.13.0");
    assert_eq!(codes(&document)[0], "channel-unreadable");
    assert_eq!(
        (&document["live"]["read"], &document["live"]["fault"]),
        (&false.into(), &Value::Null)
    );
    let ran = with("", &[&["advise", "--live"], &NODE[..]].concat());
    assert!(ran.words().contains("`cargo install --path crates/conda-torch-live`"), "{ran:?}");
    with("", &["matrix", "--diff"])
        .refused(1, &["conda-torch-live", "cargo install --path crates/conda-torch-live"]);
}

#[test]
fn conda_torch_live_reads_a_channel_folder() {
    let Some(live) = std::env::var_os("CONDA_TORCH_LIVE").filter(|path| !path.is_empty()) else {
        skip("`CONDA_TORCH_LIVE` names no `conda-torch-live`");
        return;
    };
    let channel = format!("{}/channel", folder("live"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/solver/channel.py");
    let ran = std::process::Command::new("python3").args([script, &channel]).output();
    if !ran.is_ok_and(|ran| ran.status.success()) {
        skip("there is no python3 to write a channel with");
        return;
    }
    let cache = folder("live/cache");
    let run = |arguments: &[&str]| {
        let mut command = program();
        command.env("CONDA_TORCH_LIVE", &live).env("CONDA_TORCH_CACHE", &cache).args(arguments);
        finish(&mut command, "").answered().json()
    };
    let mut read = run(&[&["advise", "--live", "-c", &channel, "--json"], &NODE[..]].concat());
    let known = run(&[&["advise", "-c", &channel, "--json"], &NODE[..]].concat());
    assert_eq!(read["live"]["read"], true);
    // No assumptions about a channel that was read.
    let expected: Vec<&str> =
        codes(&known).into_iter().filter(|code| *code != "channel-assumed").collect();
    assert_eq!(codes(&read), expected);
    for key in ["live", "matrix", "diagnostics"] {
        read[key] = known[key].clone();
    }
    assert!(read == known, "the channel has what the rows have: {read} {known}");
}

/// The test harness would capture stdout.
fn skip(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: no channel was read: {why}");
}

#[test]
fn keeps_nothing_in_a_shared_folder() {
    let live = stand_in("no-home", &next_year());
    let shared = folder("live/no-home-shared");
    let mut command = program();
    command.env_remove("HOME").env("TMPDIR", &shared).env("CONDA_TORCH_LIVE", &live);
    let ran = finish(command.args(["advise", "--live"]).args(NODE), "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("channel data is not kept"), "{ran:?}");
    let ask = std::fs::read_to_string(format!("{live}.ask")).expect("a request");
    let ask: Value = serde_json::from_str(&ask).expect("JSON");
    let cache = ask["cache"].as_str().expect("a path");
    // A new folder with a random name, gone after the run.
    assert!(cache.starts_with(&format!("{shared}/conda-torch-")), "{cache}");
    assert!(!cache.starts_with(&format!("{shared}/conda-torch/")), "{cache}");
    assert_eq!(std::fs::read_dir(&shared).expect("a folder").count(), 0);
    // A home that is not absolute is in whatever folder the program runs in.
    command.env("HOME", ".").env("XDG_CACHE_HOME", "cache");
    let ran = finish(&mut command, "");
    assert!(ran.stderr.contains("channel data is not kept"), "{ran:?}");
    // In one that everybody can write to, others may have put links; a folder that the user named is used.
    let mode = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(&shared, mode).expect("its own folder");
    command.env("HOME", &shared).env_remove("XDG_CACHE_HOME");
    let ran = finish(&mut command, "");
    assert!(ran.stderr.contains("channel data is not kept"), "{ran:?}");
    let ran = finish(command.env("CONDA_TORCH_CACHE", format!("{shared}/named")), "");
    assert!(!ran.stderr.contains("channel data is not kept"), "{ran:?}");
}

#[test]
fn clean_removes_the_cache_and_nothing_else() {
    let home = folder("live/clean");
    let cache = format!("{home}/.cache/conda-torch");
    let other = format!("{home}/other");
    let run = |named: &str| {
        let mut command = program();
        finish(command.env("HOME", &home).env("CONDA_TORCH_CACHE", named).arg("clean"), "")
            .answered()
    };
    for name in ["repodata/shards-v1", "repodata.aside-7"] {
        std::fs::create_dir_all(format!("{cache}/{name}")).expect("folders");
    }
    std::fs::create_dir_all(&other).expect("a folder");
    std::fs::write(format!("{other}/file"), "x").expect("a file");
    std::fs::write(format!("{cache}/repodata/1.json"), "{}").expect("a file");
    let _ = std::os::unix::fs::symlink(&other, format!("{cache}/read"));
    assert_eq!(run("").stdout, format!("Removed the cached channel data in `{cache}`\n"));
    assert!(std::fs::symlink_metadata(&cache).is_err());
    // What a link led to stays, and so does what is not the program's own.
    assert_eq!(run("").stdout, format!("No cached channel data in `{cache}`\n"));
    assert_eq!(run(&home).stdout, format!("No cached channel data in `{home}`\n"));
    assert!(std::fs::read_to_string(format!("{other}/file")).is_ok_and(|text| text == "x"));
}
