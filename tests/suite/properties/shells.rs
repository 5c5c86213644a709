//! Commands in real shells, with environments and folders of any name.

use std::process::{Command, Stdio};
use std::sync::Mutex;

use conda_torch_core::commands::shell;
use conda_torch_core::escapes::is_hidden;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::resolve::advise;
use conda_torch_core::types::Shell;

/// The clients print their words, one per line; a line break in a word makes one more.
const CLIENTS: &str = "say() { printf '[%s]' \"$@\"; echo; }\n\
    conda() { say conda \"$@\"; }\nmamba() { say mamba \"$@\"; }\n\
    micromamba() { say micromamba \"$@\"; }\npixi() { say pixi \"$@\"; }\n\
    cd() { say cd \"$@\"; }\nmkdir() { say mkdir \"$@\"; }\n";

#[test]
fn shells_pass_the_same_words() {
    let heard = Mutex::new((CLIENTS.to_owned(), String::new()));
    super::each(|machine, request, view| {
        let matrix = Matrix::embedded();
        let advice = advise(machine, request, matrix);
        let answer = view.answer(machine, request, &advice, Shell::Posix);
        let Ok(choice) = answer.choice() else { return };
        let mut heard = heard.lock().expect("no panic while it is held");
        for step in answer.plan(choice) {
            // A word with hidden characters is refused.
            let Ok(whole) = shell::line(&step, Shell::Posix) else {
                let steers = |word: &String| word.contains(is_hidden);
                assert!(step.argv.iter().any(steers), "{step:?}");
                continue;
            };
            let broken = shell::lines(&step, Shell::Posix, view.width).expect("the same");
            heard.0.extend([&*whole, "\n", &*broken.join("\n"), "\n"]);
            let words = format!("[{}]\n", step.argv.join("]["));
            heard.1.extend([&*words, &*words]);
        }
    });
    let (script, expected) = heard.into_inner().expect("no panic while it was held");
    assert!(expected.len() > 10_000, "some of them have an answer");
    for program in ["bash", "dash"] {
        let file = format!("{}/any-name.sh", env!("CARGO_TARGET_TMPDIR"));
        std::fs::write(&file, &script).expect("the target folder can be written");
        let output = Command::new(program).arg(&file).stdin(Stdio::null()).output();
        let Ok(output) = output else { continue };
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.is_empty(), "{program}: {errors}");
        let printed = String::from_utf8(output.stdout).expect("UTF-8");
        let differs = printed.lines().zip(expected.lines()).find(|(is, meant)| is != meant);
        assert!(printed == expected, "{program} took a command apart: {differs:?}");
    }
}
