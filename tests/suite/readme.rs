//! The console blocks of README and `docs/` show what the program prints. `UPDATE=1 cargo test generated` updates them.

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

/// README, CONTRIBUTING and the pages of `docs/` with its folders, in order.
fn pages() -> Vec<PathBuf> {
    let mut pages =
        vec![format!("{ROOT}/README.md").into(), format!("{ROOT}/CONTRIBUTING.md").into()];
    let mut folders = vec![PathBuf::from(format!("{ROOT}/docs"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of pages") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
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

/// The words of a command, split at blanks outside of quotes.
fn words(command: &str) -> Vec<String> {
    assert!(!command.contains(['\\', '|', '>', '$']), "quotes alone: {command}");
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in command.chars() {
        match character {
            '\'' | '"' if quote.is_none_or(|quote| quote == character) => {
                quote = if quote.is_none() { Some(character) } else { None };
                word.get_or_insert_default();
            }
            ' ' if quote.is_none() => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    assert!(quote.is_none(), "a quote is open: {command}");
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
            || *line == "hint: update `conda-torch`"
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

/// The lines with `...` where the old ones have it: as many at the beginning and at the end, and between them from the line
/// with the same first word on.
fn shortened<'l>(lines: Vec<&'l str>, old: &[&str]) -> Vec<&'l str> {
    let runs: Vec<&[&str]> = old.split(|line| *line == ANY).collect();
    let Some((last, others)) = runs.split_last().filter(|(_, others)| !others.is_empty()) else {
        return lines;
    };
    let (mut shown, mut at) = (Vec::new(), 0);
    for (index, run) in others.iter().enumerate() {
        let first_word = |line: &str| line.split_whitespace().next().map(str::to_owned);
        let is_first = |line: &&str| Some(first_word(line)) == run.first().map(|it| first_word(it));
        let from = if index == 0 { Some(0) } else { lines[at..].iter().position(is_first) };
        if let Some(from) = from.map(|from| at + from) {
            let end = (from + run.len()).min(lines.len());
            shown.extend(&lines[from..end]);
            at = end;
        }
        shown.push(ANY);
    }
    shown.extend(&lines[lines.len().saturating_sub(last.len()).max(at)..]);
    shown
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
            let shown =
                if fits(&lines, &expected) { expected } else { shortened(lines, &expected) };
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
fn console_blocks_are_generated() {
    let mut blocks = 0;
    for path in pages() {
        let page = std::fs::read_to_string(&path).expect("a page");
        let (text, found) = as_printed(&page);
        blocks += found;
        if text == page {
            continue;
        }
        assert!(
            std::env::var_os("UPDATE").is_some(),
            "{}: run with UPDATE=1 if this is right:\n{text}",
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
    let shorter = |lines: &str, old: &str| {
        shortened(lines.split(' ').collect(), &old.split(' ').collect::<Vec<_>>()).join(" ")
    };
    assert_eq!(shorter("a b c d e", "x ... c ... y"), "a ... c ... e");
    assert_eq!(shorter("a b c", "x y"), "a b c");
    assert_eq!(shorter("a", "x y ... z"), "a ...");
    let two = steps("$ conda-torch explain\na\n\nb\n$ conda-torch schema\n");
    assert_eq!((two[0].command, &*two[0].expected), ("explain", &["a", "", "b"][..]));
    assert_eq!((two[1].command, two[1].expected.len()), ("schema", 0));
}

#[test]
fn the_readme_is_short() {
    let readme = std::fs::read_to_string(format!("{ROOT}/README.md")).expect("README");
    assert!(readme.lines().count() <= 120);
}

/// The commands of `conda-torch` in the blocks and the code of a page, with what a shell adds left out.
fn commands(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut is_block = false;
    for line in page.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            is_block = !is_block && ["sh", "console", "powershell"].contains(&language);
            continue;
        }
        // A sentence names a command between backticks.
        let parts: Vec<&str> =
            if is_block { vec![line] } else { line.split('`').skip(1).step_by(2).collect() };
        for part in parts {
            let part = part
                .trim_start_matches("$ ")
                .split(" | ")
                .find(|part| part.trim_start().starts_with("conda-torch "));
            let Some(part) = part else { continue };
            let end =
                [" > ", " #", ")\"", " && ", ";"].iter().filter_map(|end| part.find(end)).min();
            commands.push(part[..end.unwrap_or(part.len())].trim().to_owned());
        }
    }
    commands
}

#[test]
fn every_command_of_every_page_is_one_that_the_program_takes() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for path in pages() {
        let page = std::fs::read_to_string(&path).expect("a page");
        for command in commands(&page) {
            // Words for what a reader fills in: `[-n NAME]`, `FILE…`.
            let mut command = command.replace(['[', ']', '…'], "");
            for (word, example) in
                [("X.Y", "3.12"), ("VERSION", "2.13.0"), ("schema NAME", "schema advise")]
            {
                command = command.replace(word, example);
            }
            if command.contains(['<', '|', '$', '\\']) {
                continue;
            }
            count += 1;
            let parsed = conda_torch::cli::command().try_get_matches_from(words(&command));
            let is_help = |error: &clap::Error| error.exit_code() == 0;
            if let Err(error) = parsed
                && !is_help(&error)
            {
                wrong.push(format!("{}: `{command}`: {error}", path.display()));
            }
        }
    }
    assert!(count > 60, "{count} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The anchors of the headings of a page, as GitHub and mdBook make them.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

/// The targets of the links of a page, outside of code.
fn links(page: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut is_code = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        // Code of a sentence has no links.
        let text: String = line.split('`').step_by(2).collect();
        let after = text.split("](").skip(1).filter(|_| !is_code && !line.starts_with("    "));
        links.extend(after.filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())));
    }
    links
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let mut count = 0;
    let mut broken = Vec::new();
    for path in pages() {
        let page = std::fs::read_to_string(&path).expect("a page");
        let folder = path.parent().expect("its folder");
        for link in links(&page).iter().filter(|link| !link.contains("://")) {
            count += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { folder.join(file) };
            let found = std::fs::read_to_string(&target)
                .or_else(|error| if target.is_dir() { Ok(String::new()) } else { Err(error) });
            let is_there = found.is_ok_and(|text| {
                anchor.is_empty() || anchors(&text).iter().any(|it| it == anchor)
            });
            if !is_there {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(count > 60, "{count} links were found");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_book_has_every_page() {
    let summary = std::fs::read_to_string(format!("{ROOT}/docs/SUMMARY.md")).expect("the summary");
    for path in pages() {
        let name = path.strip_prefix(format!("{ROOT}/docs"));
        let Ok(name) = name.map(|name| name.display().to_string()) else { continue };
        assert!(
            name == "SUMMARY.md" || summary.contains(&format!("({name})")),
            "{name} is in no chapter"
        );
    }
}

/// The paths of this repository that a page names in code: `bench/run`, `tests/suite/trust.rs`.
fn paths(page: &str) -> Vec<&str> {
    const FOLDERS: [&str; 9] = [
        ".ci/",
        ".github/",
        "bench/",
        "crates/",
        "fuzz/",
        "packaging/",
        "src/",
        "tests/",
        "tools/",
    ];
    let words = page.split(|c: char| c.is_whitespace() || "`()[]|,\"'".contains(c));
    let words = words.map(|word| word.trim_end_matches(['.', ':', ';', '/']));
    let is_path = |word: &&str| {
        FOLDERS.iter().any(|folder| word.starts_with(folder))
            // Patterns, places to fill in, and what a build or a client makes.
            && !word.contains(['*', '{', '<', '…', '='])
            && !word.split('/').any(|part| part.chars().all(|c| c.is_ascii_uppercase()))
            && !["NAME", "my-", "pixi_"].iter().any(|other| word.contains(other))
            && !word.contains("SUBJECT")
    };
    words.filter(is_path).collect()
}

#[test]
fn every_path_of_every_page_is_there() {
    let mut count = 0;
    let mut missing = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a page");
        for path in paths(&text) {
            count += 1;
            if !std::path::Path::new(ROOT).join(path).exists() {
                missing.push(format!("{}: {path}", page.display()));
            }
        }
    }
    assert!(count > 60, "{count} paths were found");
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
