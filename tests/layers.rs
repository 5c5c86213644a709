//! Data flows one way (rule 1 of `docs/architecture.md`): which module of the core may use which.

#![expect(clippy::disallowed_methods, reason = "tests read the sources")]

use std::path::{Path, PathBuf};

/// Every module of the core and the modules that it may use.
const ROOMS: &[(&str, &[&str])] = &[
    ("conda", &[]),
    ("types", &["conda"]),
    ("matrix", &["types", "conda"]),
    ("clients", &["types", "conda"]),
    ("import", &["types", "conda"]),
    ("channel", &["types", "conda", "matrix"]),
    ("diagnostics", &["types", "conda", "matrix", "resolve", "clients"]),
    ("resolve", &["types", "conda", "matrix", "diagnostics"]),
    ("virtual_packages", &["types", "conda", "clients", "resolve", "diagnostics"]),
    ("audit", &["types", "conda", "matrix", "resolve", "diagnostics"]),
    ("migrate", &["types", "conda", "matrix", "resolve", "diagnostics"]),
    ("solve_check", &["types", "conda", "matrix", "channel", "resolve", "diagnostics"]),
    (
        "commands",
        &[
            "types",
            "conda",
            "clients",
            "resolve",
            "virtual_packages",
            "migrate",
            "solve_check",
            "diagnostics",
        ],
    ),
    (
        "formats",
        &[
            "types",
            "conda",
            "matrix",
            "channel",
            "diagnostics",
            "resolve",
            "clients",
            "commands",
            "answer",
        ],
    ),
    (
        "report",
        &[
            "types",
            "conda",
            "matrix",
            "channel",
            "diagnostics",
            "resolve",
            "virtual_packages",
            "audit",
            "migrate",
            "solve_check",
            "clients",
            "commands",
            "answer",
        ],
    ),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/conda-torch-core/src")
}

/// Every `.rs` file under a folder, sorted.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("its entries can be read").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// A file without its comments and string literals: neither uses anything.
fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("'\"'") {
            3
        } else if rest.starts_with("r#\"") {
            rest.find("\"#").map_or(rest.len(), |end| end + 2)
        } else if next == '"' {
            string_length(rest)
        } else {
            code.push(next);
            next.len_utf8()
        };
        rest = &rest[skipped..];
    }
    code
}

/// The length of the string literal that a text begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The first names of all `crate::…` paths; `None` for a brace group, which would hide them.
fn rooms_used(code: &str) -> Vec<Option<&str>> {
    let starts = code.match_indices("crate::").filter(|(at, _)| {
        !code[..*at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
    });
    starts
        .map(|(at, found)| {
            let path = code[at + found.len()..].trim_start();
            let end = path
                .find(|character: char| !character.is_alphanumeric() && character != '_')
                .unwrap_or(path.len());
            (end > 0).then(|| &path[..end])
        })
        .collect()
}

/// What is wrong with the paths of one file of a room.
fn faults(room: &str, allowed: &[&str], text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for used in rooms_used(&code(text)) {
        match used {
            None => faults.push("`crate::{…}` hides the rooms: one `use` a room".to_owned()),
            Some(used) if used == room || allowed.contains(&used) => {}
            // `build.rs`, which includes parts of `matrix`, has no rooms but types of its own.
            Some("Files") if room == "matrix" => {}
            Some(used) => faults.push(format!("`{room}` must not use `{used}`")),
        }
    }
    for (other, _) in ROOMS {
        let path = format!("use crate::{other}::");
        // At the left margin: a test module or a function may have its own.
        if text.lines().filter(|line| line.starts_with(&path)).count() > 1 {
            faults.push(format!("more than one `{path}…`"));
        }
    }
    faults
}

#[test]
fn a_room_uses_only_those_before_it() {
    let mut all = Vec::new();
    for (room, allowed) in ROOMS {
        for file in rust_files(&source().join(room)) {
            let text = std::fs::read_to_string(&file).expect("a source is text");
            let name = file.strip_prefix(source()).expect("it is under src").display();
            all.extend(faults(room, allowed, &text).iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    assert!(all.is_empty(), "data flows one way:\n{}", all.join("\n"));
}

#[test]
fn every_folder_is_a_room() {
    let mut folders: Vec<String> = std::fs::read_dir(source())
        .expect("src is there")
        .map(|entry| entry.expect("its entries can be read"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    let mut rooms: Vec<String> = ROOMS.iter().map(|(room, _)| (*room).to_owned()).collect();
    rooms.sort();
    assert_eq!(folders, rooms, "a new room has its place in the order, here and in the picture");
}

#[test]
fn the_check_sees_what_it_must() {
    let allowed: &[&str] = &["types"];
    assert_eq!(faults("matrix", allowed, "use crate::types::Build;\n"), [""; 0]);
    assert_eq!(
        faults("matrix", allowed, "// crate::cli\n/* crate::cli */ \"crate::cli\""),
        [""; 0]
    );
    assert_eq!(
        faults("matrix", allowed, "fn f() { crate::host::f() }"),
        ["`matrix` must not use `host`"]
    );
    assert_eq!(faults("matrix", allowed, "use crate::{types, cli};").len(), 1);
    assert_eq!(faults("matrix", allowed, "use crate::types::A;\nuse crate::types::B;\n").len(), 1);
    assert_eq!(faults("matrix", allowed, "$crate::cli::f(); a_crate::cli::f();").len(), 1);
}
