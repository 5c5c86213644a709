//! Known failures in a traceback, a solver's message or a client's output: what causes each, whether this machine and
//! environment confirm it, and what fixes it.
//!
//! 1. `plain_text`: the text without what terminals, loggers and copying add.
//! 2. `pattern`: where a known text is in it, and what it names.
//! 3. `known`: the known texts, one row each, with their sources.
//! 4. `confirm`: a failure on a machine and in an environment.
//!
//! [`find`] needs the text alone; [`FoundErrors::judge`] also the [`Scene`]. A program that runs a client can do both with the
//! client's output.

mod confirm;
mod known;
mod pattern;
mod plain_text;

pub use confirm::{Evidence, Judgement, Remedy, Scene, Verdict};

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::conda::Version;
use crate::import::{assume_baseline, read_machine};
use crate::matrix::Matrix;
use crate::types::{ComputeCapability, Machine};

use pattern::{Capture, Match, Pattern};
use plain_text::PlainText;

/// A known failure: the texts that it is recognized by, its cause and its fix.
#[derive(Debug)]
pub struct KnownError {
    /// The stable name: never renamed, never reused, and no code of a diagnostic.
    pub code: &'static str,
    /// Texts, as [`pattern`] describes.
    patterns: &'static [&'static str],
    /// What failed and why, in two sentences. `{name}` is a captured value; a part in brackets is left out if the text
    /// does not name its value.
    cause: &'static str,
    /// What to do, without a full stop. May have `{name}` and brackets too.
    hint: &'static str,
    fix: Fix,
    judge: Judge,
    /// Failures that this one follows from, if the text has them.
    follows: &'static [&'static str],
    /// Whether it says less than any other failure of the same line.
    is_general: bool,
    /// A public thread with the text.
    pub source: &'static str,
}

/// What fixes a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fix {
    /// What the hint says.
    Hint,
    /// A new environment with the PyTorch that `advise` selects.
    NewEnvironment,
    /// The same, but only if that uses an NVIDIA GPU.
    GpuEnvironment,
    /// The same, but only if the text is about PyTorch.
    TorchEnvironment,
    /// A match spec, installed in the environment.
    Spec(&'static str),
    /// An empty package cache of the client.
    CleanCache,
}

/// How a machine and an environment are asked about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judge {
    /// They do not show it.
    Never,
    /// By diagnostics of `check` and `advise`.
    Codes(&'static [&'static str]),
    /// By the kernels of the installed build.
    Kernels,
    /// By the accelerator of the installed build.
    CudaBuild,
    /// By the driver's CUDA and the build's.
    Driver,
    /// By diagnostics, and by whether the machine has a driver.
    NoDriver(&'static [&'static str]),
    /// By the version of glibc.
    Glibc,
    /// By the version of macOS.
    Metal,
    /// Whether PyTorch is installed.
    Installed,
    /// Whether a client detects CUDA.
    VirtualCuda,
    /// By the package of the missing library: conda's names.
    Library(&'static [&'static str]),
}

/// What most rows have in common.
const ROW: KnownError = KnownError {
    code: "",
    patterns: &[],
    cause: "",
    hint: "",
    fix: Fix::Hint,
    judge: Judge::Never,
    follows: &[],
    is_general: false,
    source: "",
};

/// Every known failure, by subject.
pub fn known() -> impl Iterator<Item = &'static KnownError> {
    known::SUBJECTS.iter().flat_map(|(_, rows)| rows.iter())
}

/// The known failure of a code.
pub fn known_error(code: &str) -> Option<&'static KnownError> {
    known().find(|error| error.code == code)
}

/// A known failure in a text.
#[derive(Debug, Clone)]
pub struct FoundError {
    /// Which one.
    pub error: &'static KnownError,
    /// The line of the text, from 1; `None` if the text is JSON.
    pub line: Option<usize>,
    /// That line, without colors.
    pub excerpt: String,
    /// What the text names, by the name in the pattern.
    pub values: BTreeMap<&'static str, String>,
    /// The failure of the same text that this one follows from.
    pub follows: Option<&'static str>,
}

/// The known failures of a text.
#[derive(Debug)]
pub struct FoundErrors {
    /// The first cause first; what follows from another comes after it.
    pub errors: Vec<FoundError>,
    /// The last line that names an error, if no failure is known.
    pub unknown: Option<String>,
    /// What else the text tells.
    facts: TextFacts,
}

/// Facts about the machine that the text is from.
#[derive(Debug, Clone, Copy, Default)]
struct TextFacts {
    is_mac: bool,
    macos: Option<Version>,
    names_torch: bool,
}

/// How many matches of a pattern are kept: a loop prints its failure thousands of times.
const MOST_MATCHES: usize = 64;

/// Finds known failures in a text: a traceback, a solver's message, a client's output, or several of them.
pub fn find(text: &str) -> FoundErrors {
    let plain = PlainText::of(text);
    let patterns: Vec<(&'static KnownError, Pattern)> = known()
        .flat_map(|error| error.patterns.iter().map(move |it| (error, Pattern::new(it))))
        .collect();
    let mut by_first_byte = vec![Vec::new(); 256];
    for (index, (_, pattern)) in patterns.iter().enumerate() {
        by_first_byte[usize::from(pattern.first_byte())].push(index);
    }
    let mut matches: Vec<(&'static KnownError, Match)> = Vec::new();
    let mut counts = vec![0; patterns.len()];
    for (at, byte) in plain.text.bytes().enumerate() {
        for &index in &by_first_byte[usize::from(byte.to_ascii_lowercase())] {
            let (error, pattern) = &patterns[index];
            if counts[index] < MOST_MATCHES
                && let Some(found) = pattern.match_at(&plain.text, at)
            {
                counts[index] += 1;
                matches.push((error, found));
            }
        }
    }
    let errors = ordered(without_general(matches, &plain), &plain);
    let unknown = if errors.is_empty() { plain.last_error() } else { None };
    FoundErrors { errors, unknown, facts: TextFacts::of(&plain) }
}

/// The matches without general ones in a line that a particular one explains.
fn without_general(
    matches: Vec<(&'static KnownError, Match)>,
    plain: &PlainText<'_>,
) -> Vec<(&'static KnownError, Match)> {
    let ends: Vec<usize> = plain.text.match_indices('\n').map(|(at, _)| at).collect();
    let line = |at: usize| ends.partition_point(|end| *end < at);
    let start_of_line = |at: usize| line(at).checked_sub(1).map_or(0, |before| ends[before] + 1);
    let end_of_line = |at: usize| ends.get(line(at)).copied().unwrap_or(plain.text.len());
    let particular: Vec<_> = matches
        .iter()
        .filter(|(error, _)| !error.is_general)
        .map(|(_, found)| (start_of_line(found.start), end_of_line(found.end)))
        .collect();
    let is_explained = |found: &Match| {
        particular.iter().any(|(start, end)| found.start <= *end && found.end >= *start)
    };
    matches.into_iter().filter(|(error, found)| !error.is_general || !is_explained(found)).collect()
}

/// The failures in the order of their causes.
fn ordered(
    mut matches: Vec<(&'static KnownError, Match)>,
    plain: &PlainText<'_>,
) -> Vec<FoundError> {
    // Of one failure, the match that names most, then one in a message and not in code, or else the first.
    matches.sort_by_cached_key(|(_, found)| {
        (Reverse(found.captures.len()), plain.is_code(found.start), found.start)
    });
    let mut seen = BTreeSet::new();
    matches.retain(|(error, _)| seen.insert(error.code));
    matches.sort_by_key(|(_, found)| found.start);
    let codes: Vec<&str> = matches.iter().map(|(error, _)| error.code).collect();
    let mut rest: Vec<FoundError> = matches
        .into_iter()
        .map(|(error, found)| FoundError {
            error,
            line: plain.line(found.start),
            excerpt: plain.excerpt(found.start),
            values: values(found.captures),
            follows: error.follows.iter().copied().find(|code| codes.contains(code)),
        })
        .collect();
    let mut errors: Vec<FoundError> = Vec::new();
    // A failure is ready once what it follows from is there.
    while !rest.is_empty() {
        let is_ready = |found: &FoundError| {
            found.follows.is_none_or(|code| errors.iter().any(|it| it.error.code == code))
        };
        let next = rest.iter().position(is_ready).unwrap_or(0);
        errors.push(rest.remove(next));
    }
    errors
}

/// Captured values as a person writes them: `12.0` for `sm_120`, a library without its folder.
fn values(captures: Vec<Capture>) -> BTreeMap<&'static str, String> {
    let value = |(name, text): Capture| {
        let text = match name {
            "capability" => capability(&text).map_or(text, |it| it.to_string()),
            "library" => text.rsplit(['/', '\\']).next().unwrap_or_default().to_owned(),
            _ => text,
        };
        (name, text)
    };
    captures.into_iter().map(value).filter(|(_, text)| !text.is_empty()).collect()
}

/// The compute capability of `120`, `90a` or `8.6`.
fn capability(text: &str) -> Option<ComputeCapability> {
    let digits = text.trim_end_matches(['a', 'f']);
    if digits.contains('.') {
        return digits.parse().ok();
    }
    let (major, minor) = digits.split_at_checked(digits.len().checked_sub(1)?)?;
    format!("{major}.{minor}").parse().ok()
}

impl TextFacts {
    fn of(plain: &PlainText<'_>) -> Self {
        const MACOS: [&str; 3] =
            ["os: macos {version}", "macos-{version}", "productversion: {version}"];
        let text = &plain.text;
        let first = |pattern: &&'static str| {
            let pattern = Pattern::new(pattern);
            let is_start =
                |at: &usize| text.as_bytes()[*at].to_ascii_lowercase() == pattern.first_byte();
            let mut places = (0..text.len()).filter(is_start);
            let found = places.find_map(|at| pattern.match_at(text, at))?;
            Version::at_start(&found.captures.first()?.1)
        };
        let macos = MACOS.iter().find_map(first);
        let home = text
            .find("/Users/")
            .filter(|at| *at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric());
        let is_mac = macos.is_some() || home.is_some() || text.contains("darwin");
        Self { is_mac, macos, names_torch: text.contains("torch") }
    }
}

impl FoundError {
    /// What failed and why, in two sentences.
    pub fn cause(&self) -> String {
        fill(self.error.cause, &self.values)
    }
}

/// A template with its values. A part in brackets is left out if a value in it is missing.
fn fill(template: &str, values: &BTreeMap<&'static str, String>) -> String {
    let mut out = String::with_capacity(template.len());
    for (index, part) in template.split(['[', ']']).enumerate() {
        let is_in_brackets = index % 2 == 1;
        if is_in_brackets && !part.contains('{') {
            let _ = write!(out, "[{part}]");
            continue;
        }
        let mut filled = String::new();
        let mut is_complete = true;
        let mut rest = part;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            match values.get(name) {
                Some(value) => filled.push_str(value),
                None => is_complete = false,
            }
            rest = after;
        }
        filled.push_str(rest);
        if is_complete || !is_in_brackets {
            out.push_str(&filled);
        }
    }
    out
}

impl KnownError {
    /// What it is, in one line: the first sentence of its cause, without values.
    pub fn summary(&self) -> String {
        let cause = fill(self.cause, &BTreeMap::new());
        let end = cause.find(". ").unwrap_or(cause.len());
        cause[..end].trim_end_matches('.').to_owned()
    }

    /// The page that `conda-torch explain CODE` prints.
    pub fn page(&self) -> String {
        let none = BTreeMap::new();
        let mut page = format!("## {}\n\n{}\n", self.code, fill(self.cause, &none));
        let hint = fill(self.hint, &none);
        let (first, rest) = hint.split_at(hint.chars().next().map_or(0, char::len_utf8));
        let _ = write!(page, "\nWhat to do: {first}{rest}.\n\nTexts:\n\n");
        for pattern in self.patterns {
            let text = pattern
                .trim_end_matches('$')
                .replace('{', "<")
                .replace('}', ">")
                .replace('*', " … ");
            let _ = writeln!(page, "    {}", text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        let _ = writeln!(page, "\nSee also: <{}>", self.source);
        page
    }
}

/// `docs/errors.md`.
pub fn pages() -> String {
    let mut text = "\
<!-- Generated from `crates/conda-torch-core/src/error_texts/known`: UPDATE=1 cargo test generated -->

# Error texts

What `conda-torch explain FILE` finds in a traceback, a solver's message or a client's output. Each code is stable: never
renamed, never reused. `conda-torch explain CODE` prints its section of this page.

The texts are matched without upper and lower case, quotation marks, colors, line breaks and prefixes of loggers. `<name>`
is a value that the text names, ` … ` anything. Nothing of the text leaves the machine.
"
    .to_owned();
    for (subject, rows) in known::SUBJECTS {
        let _ = write!(text, "\n# {subject}\n");
        for row in *rows {
            let _ = write!(text, "\n{}", row.page());
        }
    }
    text
}

/// The machine that a text describes beside an error, with its formats. What only an error message names is none.
pub fn described_machine(text: &str) -> Option<(Machine, String)> {
    const ERRORS: [&str; 3] = ["a text", "a text about Windows", "nvidia-smi's message"];
    let mut machine = read_machine(text, None).ok()?;
    let formats = machine.document.clone()?;
    let names_graphics = !machine.gpus.is_empty() || machine.driver.is_found();
    if !names_graphics || formats.split(" + ").all(|format| ERRORS.contains(&format)) {
        return None;
    }
    assume_baseline(&mut machine);
    Matrix::embedded().complete(&mut machine);
    Some((machine, formats))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics;

    #[test]
    fn codes_are_unique_words_and_no_codes_of_diagnostics() {
        let mut codes: Vec<&str> = known().map(|error| error.code).collect();
        for code in &codes {
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(code.chars().all(is_plain), "{code}");
            assert!(diagnostics::entry(code).is_none(), "{code} is a diagnostic");
        }
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    #[test]
    fn the_error_is_shown_and_not_the_code_that_raises_it() {
        let file = "  File \"torch/cuda/__init__.py\", line 310, in _lazy_init\n";
        let raise = "    raise AssertionError(\"Torch not compiled with CUDA enabled\")\n";
        let error = "AssertionError: Torch not compiled with CUDA enabled";
        let excerpt = |text: &str| {
            let found = find(text).errors.into_iter().next().expect("a failure");
            (found.line, found.excerpt)
        };
        let message = error.to_owned();
        assert_eq!(excerpt(&format!("{file}{raise}{error}\n")), (Some(3), message.clone()));
        let called = "    fail(\"Torch not compiled with CUDA enabled\")\n";
        assert_eq!(excerpt(&format!("{file}{called}{error}\n")), (Some(3), message));
        // A traceback that was cut.
        assert_eq!(excerpt(&format!("{file}{raise}")), (Some(2), raise.trim().to_owned()));
    }

    #[test]
    fn rows_are_complete() {
        for error in known() {
            let code = error.code;
            assert!(error.source.starts_with("https://github.com/"), "{code}");
            assert!(!error.patterns.is_empty(), "{code}");
            assert!(!error.hint.is_empty() && !error.hint.ends_with('.'), "{code}");
            let sentences = error.cause.matches(". ").count() + 1;
            assert!(sentences <= 2 && error.cause.ends_with('.'), "{code}: {}", error.cause);
            assert!(error.summary().len() <= 150, "{code}: {}", error.summary());
            for follows in error.follows {
                assert!(known_error(follows).is_some(), "{code} follows {follows}");
            }
            if let Judge::Codes(codes) = error.judge {
                for of in codes {
                    assert!(diagnostics::entry(of).is_some(), "{code}: no diagnostic {of}");
                }
            }
        }
    }

    #[test]
    fn patterns_are_written_as_texts_are_compared() {
        for error in known() {
            for pattern in error.patterns {
                let literal: String = pattern
                    .split('{')
                    .map(|part| part.split_once('}').map_or(part, |(_, rest)| rest))
                    .collect();
                assert_eq!(literal, literal.to_lowercase(), "{}", error.code);
                assert!(!literal.contains(['\'', '"', '`', '\n']), "{}: {pattern}", error.code);
                assert!(!pattern.contains("  "), "{}: {pattern}", error.code);
                assert!(pattern.trim() == *pattern, "{}: {pattern}", error.code);
                assert!(pattern.matches('*').count() <= 1, "{}: {pattern}", error.code);
                assert!(!pattern.starts_with('*') && Pattern::new(pattern).first_byte() != 0);
            }
        }
    }

    #[test]
    fn a_part_without_its_value_is_left_out() {
        let values = BTreeMap::from([("version", "12.1".to_owned())]);
        assert_eq!(fill("for CUDA[ {version}]. And[ {library}].", &values), "for CUDA 12.1. And.");
        assert_eq!(fill("`[table] key`", &values), "`[table] key`");
    }

    #[test]
    fn a_capability_is_written_with_a_dot() {
        let text = |digits| capability(digits).map(|it| it.to_string());
        assert_eq!(text("120").as_deref(), Some("12.0"));
        assert_eq!(text("90a").as_deref(), Some("9.0"));
        assert_eq!(text("8.6").as_deref(), Some("8.6"));
        assert_eq!(text("").as_deref(), None);
    }

    #[test]
    fn what_follows_from_a_failure_comes_after_it() {
        let text = "RuntimeError: CUDA error: no kernel image is available for execution on the device\n\
            NVIDIA GeForce RTX 5090 with CUDA capability sm_120 is not compatible with the current PyTorch installation.";
        let found = find(text).errors;
        let codes: Vec<_> = found.iter().map(|it| (it.error.code, it.line, it.follows)).collect();
        assert_eq!(
            codes,
            [
                ("gpu-not-in-build", Some(2), None),
                ("no-kernel-image", Some(1), Some("gpu-not-in-build"))
            ]
        );
        assert_eq!(found[0].values["capability"], "12.0");
    }
}
