//! Commands in real shells: every word must arrive unchanged.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use conda_torch_core::commands::{Step, StepKind, TargetEnvironment, shell};
use conda_torch_core::formats;
use conda_torch_core::types::{ClientKind, Shell};

use crate::common::{machine_names, skip};
use crate::render::case::{Case, page};

/// Names that a shell would split or expand.
const HOSTILE: [&str; 22] = [
    "two words",
    "$HOME",
    "`id`",
    "$(id)",
    "a'b",
    "a\"b",
    "a\\b",
    "a\\",
    "back`tick",
    "!!",
    "wow!",
    "*",
    "?",
    "[a]",
    "{a,b}",
    "~",
    "=ls",
    "a;b",
    "a&b",
    "a|b>c<d",
    "#c",
    "naïve’s “x”",
];

/// A command of these words.
fn step(words: &[&str]) -> Step {
    Step {
        kind: StepKind::Install,
        client: ClientKind::Conda,
        client_version: None,
        optional: false,
        env: Vec::new(),
        argv: words.iter().map(|word| (*word).to_owned()).collect(),
        note: None,
        stdout: None,
    }
}

/// The output of a script; `None`, with a message, if the shell is missing.
fn run(program: &str, arguments: &[&str], script: &str) -> Option<String> {
    let output = Command::new(program).args(arguments).arg(script).stdin(Stdio::null()).output();
    let output = match output {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // busybox and PowerShell are optional.
            if !matches!(program, "busybox" | "pwsh") {
                let install = format!("apt install {program}");
                skip(&format!("commands were not run by `{program}`"), &install);
            }
            return None;
        }
        Err(error) => panic!("`{program}` does not start: {error}"),
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{program}: {errors}\n{script}");
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn hostile_names_arrive_unchanged() {
    let words: Vec<&str> = ["printf", r"%s\n"].into_iter().chain(HOSTILE).collect();
    let expected: String = HOSTILE.join("\n") + "\n";
    let posix = shell::line(&step(&words), Shell::Posix).expect("a POSIX shell can write anything");
    for (program, arguments) in
        [("bash", &["-c"][..]), ("dash", &["-c"]), ("zsh", &["-fc"]), ("busybox", &["sh", "-c"])]
    {
        if let Some(printed) = run(program, arguments, &posix) {
            assert_eq!(printed, expected, "{program}");
        }
    }
    let fish = shell::line(&step(&words), Shell::Fish).expect("fish can write anything");
    if let Some(printed) = run("fish", &["--no-config", "-c"], &fish) {
        assert_eq!(printed, expected);
    }
}

#[test]
fn exclamation_marks_are_quoted_for_interactive_bash() {
    // In double quotes, bash would expand it from the history.
    assert_eq!(shell::word("wow!", Shell::Posix).expect("quotes"), "'wow!'");
}

#[test]
fn powershell_passes_every_word_unchanged() {
    let words: Vec<&str> = HOSTILE.into_iter().filter(|word| !word.contains('"')).collect();
    for word in &words {
        let text = shell::word(word, Shell::Powershell).expect("it can be quoted");
        if let Some(printed) =
            run("pwsh", &["-NoProfile", "-Command"], &format!("Write-Output {text}"))
        {
            assert_eq!(printed.trim_end_matches(['\r', '\n']), *word);
        } else {
            break;
        }
    }
    assert_eq!(shell::word("it's", Shell::Powershell).expect("quotes"), "\"it's\"");
    let dashed = shell::word("-x/pixi.toml", Shell::Powershell);
    assert_eq!(dashed.expect("quotes"), "\"-x/pixi.toml\"");
    let flag = shell::word("--override-channels", Shell::Powershell);
    assert_eq!(flag.expect("plain"), "--override-channels");
    assert_eq!(shell::word("$it's", Shell::Powershell).expect("quotes"), "'$it''s'");
    assert_eq!(shell::word("$a’b", Shell::Powershell).expect("quotes"), "'$a’’b'");
}

#[test]
fn names_that_a_shell_cannot_quote_are_refused() {
    for (word, shell) in [
        ("%PATH%", Shell::Cmd),
        ("a\"b", Shell::Cmd),
        ("a\nb", Shell::Cmd),
        ("a^b", Shell::Cmd),
        ("a!b", Shell::Cmd),
        ("a\"b", Shell::Powershell),
        ("a\nb", Shell::Powershell),
        ("a\nb", Shell::Posix),
        ("a\u{1b}[2Jb", Shell::Posix),
        ("a\tb", Shell::Fish),
    ] {
        assert!(shell::word(word, shell).is_err(), "{word:?} for {shell:?}");
    }
    let refused = shell::word("%PATH%", Shell::Cmd).expect_err("it expands");
    assert_eq!(
        refused.to_string(),
        "`%PATH%` cannot be written safely for cmd; use a name without `%`"
    );
    assert_eq!(shell::word("C:\\my env\\", Shell::Cmd).expect("quotes"), r#""C:\my env\\""#);
}

#[test]
fn variables_are_set_in_the_syntax_of_the_shell() {
    let mut step = step(&["conda", "create"]);
    step.env.push(("CONDA_OVERRIDE_CUDA", "12.9".to_owned()));
    let line = |shell| shell::line(&step, shell).expect("quotes");
    assert_eq!(line(Shell::Posix), "CONDA_OVERRIDE_CUDA=12.9 conda create");
    assert_eq!(line(Shell::Fish), "CONDA_OVERRIDE_CUDA=12.9 conda create");
    assert_eq!(line(Shell::Powershell), "$env:CONDA_OVERRIDE_CUDA='12.9'; conda create");
    assert_eq!(line(Shell::Cmd), "set \"CONDA_OVERRIDE_CUDA=12.9\" && conda create");
}

/// Every command for every machine and client, on one line and wrapped at 80 columns: a POSIX shell must pass
/// the same words to the client.
#[test]
fn pasted_commands_run_as_intended() {
    let mut script = String::from(
        "say() { printf '[%s]' \"$@\"; echo; }\nconda() { say conda \"$@\"; }\nmamba() { say mamba \"$@\"; }\nmicromamba() { say micromamba \"$@\"; }\npixi() { say pixi \"$@\"; }\n",
    );
    let mut expected = String::new();
    for name in machine_names() {
        for kind in ClientKind::ALL {
            let mut case = Case::of(&name);
            case.client = Some(kind);
            case.environment = TargetEnvironment::Name("it's $mine".to_owned());
            case.render(|answer| {
                let Ok(choice) = answer.choice() else { return };
                for step in answer.plan(choice) {
                    let broken = shell::lines(&step, Shell::Posix, 78).expect("quotes").join("\n");
                    let whole = shell::line(&step, Shell::Posix).expect("quotes");
                    script.extend([&*broken, "\n", &*whole, "\n"]);
                    let words = format!("[{}]\n", step.argv.join("]["));
                    expected.extend([&*words, &*words]);
                }
            });
        }
    }
    // A file: the script is longer than an argument may be.
    let file = format!("{}/pasted.sh", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, &script).expect("the target folder can be written");
    for program in ["bash", "dash"] {
        if let Some(printed) = run(program, &[], &file) {
            assert!(printed == expected, "{program} took a command apart");
        }
    }
}

#[test]
fn long_commands_have_line_continuations() {
    let end = |shell| {
        let mut case = Case::of("rtx3080-driver-580");
        case.shell = shell;
        let page = page(&case);
        let line = page.lines().find(|line| line.contains("create")).expect("the command");
        line.chars().last().expect("a character")
    };
    assert_eq!(end(Shell::Posix), '\\');
    assert_eq!(end(Shell::Fish), '\\');
    assert_eq!(end(Shell::Powershell), '`');
    assert_eq!(end(Shell::Cmd), '^');
}

/// Every command for every machine and client in shellcheck, if it is installed.
#[test]
fn shellcheck_finds_nothing() {
    let mut script = String::from("#!/bin/sh\n");
    for name in machine_names() {
        for kind in ClientKind::ALL {
            let mut case = Case::of(&name);
            case.client = Some(kind);
            script.extend(case.render(formats::commands));
        }
    }
    let file = format!("{}/commands.sh", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, &script).expect("the target folder can be written");
    let output = Command::new("shellcheck").arg(&file).output();
    let Ok(output) = output else {
        return skip("commands were not checked by `shellcheck`", "apt install shellcheck");
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
