//! The console blocks of README and `docs/` show what the program prints. `UPDATE_README=1 cargo test --test
//! suite readme` updates them.

use std::path::PathBuf;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// The start of a block that is run.
const OPENS: &str = "```console\n$ conda-torch ";
/// Matches any lines.
const ANY: &str = "...";

/// A command and its output.
struct Step<'p> {
    command: &'p str,
    expected: Vec<&'p str>,
}

/// README and the pages of `docs/`, in order.
fn pages() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(format!("{ROOT}/docs")).expect("the folder of pages");
    let mut pages: Vec<PathBuf> = docs.map(|entry| entry.expect("an entry").path()).collect();
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.push(format!("{ROOT}/README.md").into());
    pages.sort();
    pages
}

/// The steps of a block without its fences.
fn steps(block: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ conda-torch "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { command, expected: Vec::new() }),
            (None, Some(step)) => step.expected.push(line),
            (None, None) => panic!("a block begins with a command, not with `{line}`"),
        }
    }
    steps
}

/// The words of a command, split at blanks outside of single quotes.
fn words(command: &str) -> Vec<String> {
    assert!(!command.contains(['"', '\\', '|', '>', '$']), "only single quotes: {command}");
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    for character in command.chars() {
        match character {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    assert!(!quoted, "a quote is open: {command}");
    words.extend(word);
    words
}

/// The output of a command in the repository, on a terminal of 80 columns.
fn printed(command: &str) -> String {
    let home = format!("{}/readme-home", env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&home).expect("a folder");
    let mut program = Command::new(env!("CARGO_BIN_EXE_conda-torch"));
    program.args(words(command)).current_dir(ROOT).env_clear();
    program.env("PATH", "/usr/bin:/bin").env("HOME", home).env("COLUMNS", "80");
    let output = program.output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    ageless(&(text(output.stdout) + &text(output.stderr)))
}

/// The output without the number of days since the data is from, and without the note that it is old.
fn ageless(text: &str) -> String {
    let is_note = |line: &&str| {
        line.starts_with("note: the built-in data is older")
            || line.starts_with("hint: pass `--live` to read")
    };
    let line =
        |line: &str| match line.split_once(" as of ").and_then(|(_, day)| day.split_once(", ")) {
            Some((_, age)) => line.strip_suffix(age).unwrap_or(line).to_owned() + "N days ago\n",
            None => format!("{line}\n"),
        };
    text.lines().filter(|line| !is_note(line)).map(line).collect()
}

/// Whether the lines match the expected ones.
fn fits(lines: &[&str], expected: &[&str]) -> bool {
    match expected {
        [] => lines.is_empty(),
        [ANY] => true,
        [ANY, rest @ ..] => (0..=lines.len()).any(|from| fits(&lines[from..], rest)),
        [first, rest @ ..] => lines.first() == Some(first) && fits(&lines[1..], rest),
    }
}

/// A page with its blocks updated, and the number of blocks. Blocks that match stay as they are.
fn as_printed(page: &str) -> (String, usize) {
    let mut parts = page.split(OPENS);
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut blocks = 0;
    for part in parts {
        let (block, after) = part.split_once("\n```").expect("the block ends");
        text.push_str("```console\n");
        for Step { command, expected } in steps(&format!("$ conda-torch {block}")) {
            let printed = printed(command);
            let lines: Vec<&str> = printed.lines().collect();
            let shown = if fits(&lines, &expected) { expected } else { lines };
            for line in [&*format!("$ conda-torch {command}")].into_iter().chain(shown) {
                text.push_str(line);
                text.push('\n');
            }
        }
        text.push_str("```");
        text.push_str(after);
        blocks += 1;
    }
    (text, blocks)
}

#[test]
fn console_blocks_show_what_the_program_prints() {
    let mut blocks = 0;
    for path in pages() {
        let page = std::fs::read_to_string(&path).expect("a page");
        let (text, found) = as_printed(&page);
        blocks += found;
        if text == page {
            continue;
        }
        assert!(
            std::env::var_os("UPDATE_README").is_some(),
            "{}: run with UPDATE_README=1 if this is right:\n{text}",
            path.display()
        );
        std::fs::write(&path, text).expect("the page can be written");
    }
    assert!(blocks >= 3, "{blocks} blocks were found");
}

#[test]
fn matches_blocks_with_dots_and_quotes() {
    assert!(fits(&["a", "b", "c"], &["a", ANY]));
    assert!(fits(&["a", "b", "c"], &[ANY, "c"]));
    assert!(fits(&["a", "c"], &["a", ANY, "c"]));
    assert!(!fits(&["a", "b", "c"], &["a", "c"]));
    assert!(!fits(&["a", "b"], &["a"]));
    assert!(!fits(&["a"], &["a", "b"]));
    assert_eq!(words("advise  --gpu 'RTX 4090' -n ''"), ["advise", "--gpu", "RTX 4090", "-n", ""]);
    let two = steps("$ conda-torch explain\na\n\nb\n$ conda-torch schema\n");
    assert_eq!((two[0].command, &*two[0].expected), ("explain", &["a", "", "b"][..]));
    assert_eq!((two[1].command, two[1].expected.len()), ("schema", 0));
}

#[test]
fn the_readme_is_short() {
    let readme = std::fs::read_to_string(format!("{ROOT}/README.md")).expect("README");
    assert!(readme.lines().count() <= 120);
}
