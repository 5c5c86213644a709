//! The documents and the program agree.

use conda_torch_core::diagnostics::{CATALOG, Context, Diagnostic, pages};
use conda_torch_core::error_texts;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::types::Machine;

/// Compares a document with what the program generates; `UPDATE=1 cargo test generated` writes it.
#[track_caller]
pub(crate) fn is_generated(name: &str, text: &str) {
    let path = format!("{}/docs/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).expect("the page can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "docs/{name} is out of date: UPDATE=1 cargo test generated");
}

#[test]
fn the_pages_of_codes_are_generated() {
    is_generated("diagnostics.md", &pages());
    is_generated("errors.md", &error_texts::pages());
}

#[test]
fn codes_are_unique_lower_case_words() {
    let mut codes: Vec<&str> = CATALOG.iter().map(|entry| entry.code).collect();
    assert!(codes.len() > 90, "{} codes", codes.len());
    for code in &codes {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(code.chars().all(is_plain), "{code}");
    }
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), CATALOG.len());
}

#[test]
fn every_example_has_the_code_of_its_entry() {
    for entry in CATALOG {
        assert_eq!((entry.example)().code(), entry.code);
        assert_eq!((entry.example)().subject(), entry.subject);
    }
}

#[test]
fn every_message_is_one_sentence_without_a_full_stop() {
    let machine = Machine::default();
    let context = Context::new(&machine, Matrix::embedded());
    for entry in CATALOG {
        let example: Diagnostic = (entry.example)();
        for text in [Some(example.message(&context)), example.hint(&context)].into_iter().flatten()
        {
            assert!(!text.is_empty() && !text.ends_with('.') && !text.contains('\n'), "{text}");
            assert!(!text.contains("  ") && text.trim() == text, "{text}");
        }
    }
}

#[test]
fn every_page_has_advice() {
    for entry in CATALOG {
        let page = entry.page();
        assert!(page.contains("\nWhat to do: "), "{}", entry.code);
        assert!(!entry.summary().is_empty() && entry.summary().len() < 150, "{}", entry.summary());
        assert!(
            page.lines().all(|line| line.chars().count() <= 140 || line.starts_with("    ")),
            "{page}"
        );
    }
}

#[test]
fn every_file_note_is_documented() {
    let source = concat!(
        include_str!("../../crates/conda-torch-core/src/migrate/files/file_migration.rs"),
        include_str!("../../crates/conda-torch-core/src/migrate/files/file_edits.rs"),
        include_str!("../../crates/conda-torch-core/src/migrate/files/environment_yml.rs"),
    );
    let page = include_str!("../../docs/migrate.md");
    let notes = source.split("FileNote::at(").skip(1);
    let notes = notes.chain(source.split("::of_file(").skip(1));
    let codes: Vec<&str> = notes.filter_map(|note| note.split('"').nth(1)).collect();
    assert!(codes.len() > 10, "the codes were not found");
    for code in codes {
        assert!(page.contains(&format!("`{code}`")), "{code} has no row");
    }
}
