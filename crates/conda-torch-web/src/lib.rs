//! `conda-torch-core` for web pages and Node.js. Every function takes and returns texts, most of them JSON; none reads or
//! writes anything else. A question is a list of pairs, `[["gpu", "RTX 4090"], ["driver", "580"]]`: the flags of
//! `conda-torch advise` without their hyphens, with `package` for a package.

#![expect(clippy::needless_pass_by_value, reason = "`wasm_bindgen` takes no `Option<&str>`")]

mod answer;
mod guess;
mod picture;
mod texts;

use serde_json::{Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

use conda_torch_core::import::text_of;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::question::{Question, Refusal};
use conda_torch_core::report::{self, ErrorCode};
use conda_torch_core::types::Date;

/// The document of `conda-torch advise --json`. `machine`: a text about the machine, such as the output of
/// `nvidia-smi`; `all`: list every build that was rejected.
#[wasm_bindgen]
pub fn advise(question: &str, machine: Option<String>, all: bool) -> String {
    let machine = decoded(machine);
    let document = read(question).and_then(|question| {
        question.answer(machine.as_deref(), Matrix::embedded(), |answer, _| {
            report::advise::document(answer, all)
        })
    });
    document.unwrap_or_else(|refusal| report::advise::error(&refusal.message, refusal.code))
}

/// The answer for a page: what `conda-torch advise` prints in parts, its commands, its files, and the question as it
/// was understood. `today`: the reader's day, `2026-11-28`.
#[wasm_bindgen]
pub fn answer(question: &str, machine: Option<String>, today: Option<String>) -> String {
    let machine = decoded(machine);
    let today: Option<Date> = today.and_then(|day| day.parse().ok());
    let answered = read(question).and_then(|question| {
        question.answer(machine.as_deref(), Matrix::embedded(), |answer, notes| {
            answer::page(&question, answer, notes, machine.is_some(), today)
        })
    });
    answered.unwrap_or_else(|refusal| json!({ "error": error(&refusal) })).to_string()
}

/// The choices that a text about a machine stands for, as pairs, and the machine itself as `probe --json` prints it.
#[wasm_bindgen]
pub fn read_machine(text: &str, platform: Option<String>) -> String {
    answer::choices(&text_of(text.as_bytes()), platform.as_deref())
        .unwrap_or_else(|refusal| json!({ "error": error(&refusal) }))
        .to_string()
}

/// The choices that a browser's hints suggest, as pairs: its platform and the name of its renderer.
#[wasm_bindgen]
pub fn guess(platform: &str, renderer: &str) -> String {
    json!(guess::pairs(platform, renderer)).to_string()
}

/// What there is to choose from: names of GPUs with their compute capabilities, platforms, versions, and the day of the
/// data.
#[wasm_bindgen]
pub fn choices() -> String {
    answer::choices_of(Matrix::embedded()).to_string()
}

/// The heat map of a platform as a table in HTML; the build for the question is marked. `all`: with every build.
#[wasm_bindgen]
pub fn heat_map(question: &str, machine: Option<String>, platform: &str, all: bool) -> String {
    picture::table(question, decoded(machine).as_deref(), platform, all)
}

/// What `conda-torch matrix` prints for a platform, or for all if it is empty, in the format svg, html, csv or json.
#[wasm_bindgen]
pub fn matrix(format: &str, platform: &str, all: bool) -> String {
    picture::file(format, platform, all)
}

/// What `conda-torch migrate FILE` does with a text: its new text, the differences and the notes. `name`: of the file, or
/// `-` to go by the content; `question`: the machine that it is for, or an empty list.
#[wasm_bindgen]
pub fn migrate(name: &str, text: &str, question: &str, machine: Option<String>) -> String {
    texts::migrate(name, text, question, decoded(machine).as_deref()).to_string()
}

/// What `conda-torch explain` finds in a text: the document of its `--json`.
#[wasm_bindgen]
pub fn explain(text: &str, question: &str, machine: Option<String>) -> String {
    texts::explain(text, question, decoded(machine).as_deref())
}

/// The same for a page: the document, the machine that it is judged by in words, and why there is none.
#[wasm_bindgen]
pub fn explanation(text: &str, question: &str, machine: Option<String>) -> String {
    texts::explanation(text, question, decoded(machine).as_deref()).to_string()
}

/// The page of a code, in Markdown; empty if there is none.
#[wasm_bindgen]
pub fn code_page(code: &str) -> String {
    texts::code_page(code)
}

/// A text that was decoded as UTF-8, whatever it is.
fn decoded(machine: Option<String>) -> Option<String> {
    machine.map(|text| text_of(text.as_bytes()).into_owned())
}

/// Reads a question.
fn read(question: &str) -> Result<Question, Refusal> {
    let pairs: Vec<(String, String)> = serde_json::from_str(question).map_err(|why| Refusal {
        code: ErrorCode::Usage,
        message: format!("the question is no list of pairs: {why}"),
        key: None,
    })?;
    Question::of_pairs(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
}

fn error(refusal: &Refusal) -> Value {
    let (message, hint) = match refusal.message.split_once("\nhint: ") {
        Some((message, hint)) => (message, Some(hint)),
        None => (refusal.message.as_str(), None),
    };
    json!({ "code": refusal.code, "message": message, "hint": hint, "key": refusal.key })
}
