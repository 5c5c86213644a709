//! A page of text: wrapped paragraphs, lists, rows and commands.

use std::fmt::Write as _;

use anstyle::AnsiColor;
use itertools::Itertools;
use tabled::builder::Builder;
use tabled::settings::{Padding, Style as Borders};
use textwrap::core::Word;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

use conda_torch_core::commands::{
    Step,
    shell::{self, CannotQuote},
};
use conda_torch_core::conda::masked;
use conda_torch_core::diagnostics::{Context, Diagnostic, Severity};
use conda_torch_core::escapes::visible;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::types::{Date, Shell};

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns for words; a word or a part of a command may be longer.
    pub width: usize,
    /// Whether to color; color carries no meaning.
    pub color: bool,
    /// The reader's day, for the age of the data; `None` if unknown.
    pub today: Option<Date>,
}

impl Style {
    /// Without color and the reader's day.
    pub const fn plain(width: usize) -> Self {
        Self { width, color: false, today: None }
    }
}

/// From how many days on data is old: conda-forge has a new build every few weeks.
const OLD: u32 = 60;

/// How to get newer data than what is built in.
pub(super) const LIVE: &str = "pass `--live` to read the channel, or update `conda-torch`";

/// The day of data and its age: `conda-forge as of 2026-08-13, 107 days ago`.
pub fn as_of(channel: &str, day: Date, today: Option<Date>) -> String {
    let age = match today.and_then(|today| today.days_since(day)) {
        None => String::new(),
        Some(0) => ", today".to_owned(),
        Some(1) => ", 1 day ago".to_owned(),
        Some(days) => format!(", {days} days ago"),
    };
    format!("{channel} as of {day}{age}")
}

pub(super) struct Page {
    out: String,
    style: Style,
    hints: Vec<String>,
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        Self { out: String::new(), style, hints: Vec::new() }
    }

    /// A paragraph, an item, a note: its label, and a text that continues below itself.
    pub(super) fn text(&mut self, label: &str, text: &str) {
        let color = match label.trim() {
            "error:" => Some(AnsiColor::Red),
            "warning:" => Some(AnsiColor::Yellow),
            "note:" | "hint:" => Some(AnsiColor::Cyan),
            _ => None,
        };
        let start = self.out.len();
        let indent = " ".repeat(label.chars().count());
        self.wrap(label, &indent, text, WordSeparator::Custom(words));
        if let Some(color) = color {
            let label_start = start + label.len() - label.trim_start().len();
            self.paint(label_start, start + label.trim_end().len(), color.on_default());
        }
    }

    fn paint(&mut self, start: usize, end: usize, style: anstyle::Style) {
        if self.style.color {
            self.out.insert_str(end, &format!("{style:#}"));
            self.out.insert_str(start, &style.to_string());
        }
    }

    /// A diagnostic, with its severity in an advice or for an installed build.
    pub(super) fn diagnostic(
        &mut self,
        severity: Severity,
        diagnostic: &Diagnostic,
        context: &Context<'_>,
    ) {
        let text = format!("{} [{}]", diagnostic.message(context), diagnostic.code());
        self.text(&format!("{}: ", severity.label()), &text);
    }

    /// The age of the data that an answer is from, if the reader's day is known. Past 60 days also how to get newer,
    /// if the data is built in.
    pub(super) fn age(&mut self, matrix: &Matrix, to_get_newer: Option<&str>) {
        let Some(today) = self.style.today else { return };
        self.text("", &as_of(&matrix.channel, matrix.as_of, Some(today)));
        let is_old = today.days_since(matrix.as_of).is_some_and(|days| days > OLD);
        if let Some(hint) = to_get_newer.filter(|_| is_old) {
            self.text(
                "note: ",
                &format!("the built-in data is older than {OLD} days; newer builds may exist"),
            );
            self.text("hint: ", hint);
        }
    }

    pub(super) fn hint(&mut self, hint: String) {
        if !self.hints.contains(&hint) {
            self.text("hint: ", &hint);
            self.hints.push(hint);
        }
    }

    pub(super) fn heading(&mut self, text: &str) {
        let start = self.out.len();
        self.text("", text);
        self.paint(start, self.out.trim_end().len(), anstyle::Style::new().bold());
    }

    /// Parts with commas, and line breaks only between parts, or between the words of one longer than a line.
    pub(super) fn parts(&mut self, parts: &[String]) {
        const UNBROKEN: &str = "\u{a0}";
        let unbroken = |part: &String| {
            let part = visible(part);
            let is_long = part.chars().count() + 3 > self.style.width;
            if is_long { part.into_owned() } else { part.replace(' ', UNBROKEN) }
        };
        if !parts.is_empty() {
            let text = parts.iter().map(unbroken).join(", ");
            let start = self.out.len();
            self.wrap("", "  ", &text, WordSeparator::AsciiSpace);
            let text = self.out.split_off(start).replace(UNBROKEN, " ");
            self.out.push_str(&text);
        }
    }

    /// An indented item that continues further indented.
    pub(super) fn item(&mut self, text: &str) {
        self.wrap("  ", "    ", text, WordSeparator::Custom(words));
    }

    pub(super) fn line(&mut self, line: &str) {
        self.out.push_str(&visible(line));
        self.out.push('\n');
    }

    /// An empty line, unless the page begins or there is one already.
    pub(super) fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    pub(super) fn commands<'s>(
        &mut self,
        title: &str,
        steps: impl IntoIterator<Item = &'s Step>,
        shell: Shell,
    ) -> Result<(), CannotQuote> {
        let steps: Vec<&Step> = steps.into_iter().collect();
        if steps.is_empty() {
            return Ok(());
        }
        if !title.is_empty() {
            self.text("", title);
        }
        for step in &steps {
            for line in shell::lines(step, shell, self.style.width.saturating_sub(2))? {
                let _ = writeln!(self.out, "  {line}");
            }
        }
        self.notes(&steps);
        Ok(())
    }

    /// Commands of which each runs only if the one before succeeded.
    pub(super) fn commands_in_order<'s>(
        &mut self,
        title: &str,
        steps: impl IntoIterator<Item = &'s Step>,
        shell: Shell,
    ) -> Result<(), CannotQuote> {
        let steps: Vec<&Step> = steps.into_iter().collect();
        let width = self.style.width.saturating_sub(2 + shell::order_width(steps.len(), shell));
        let lines = steps.iter().map(|step| shell::lines(step, shell, width));
        let lines = lines.collect::<Result<Vec<_>, _>>()?;
        self.text("", title);
        for line in shell::in_order(&lines, shell) {
            let _ = writeln!(self.out, "  {line}");
        }
        self.notes(&steps);
        Ok(())
    }

    fn notes(&mut self, steps: &[&Step]) {
        for note in steps.iter().filter_map(|step| step.note.as_deref()) {
            self.text("note: ", note);
        }
        self.gap();
    }

    /// The whole text, with one line break at its end; empty if nothing was written.
    pub(super) fn finish(mut self) -> String {
        self.out.truncate(self.out.trim_end().len());
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out
    }

    fn wrap(&mut self, label: &str, indent: &str, text: &str, separator: WordSeparator) {
        // Before lines are broken: a secret in two lines is not recognized.
        let text = masked(&visible(text));
        let options = Options::new(self.style.width)
            .initial_indent(label)
            .subsequent_indent(indent)
            .break_words(false)
            .word_separator(separator)
            .word_splitter(WordSplitter::NoHyphenation)
            .wrap_algorithm(WrapAlgorithm::FirstFit);
        self.out.push_str(&textwrap::fill(&text, options));
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
    }
}

/// Splits at spaces that are not between backticks.
fn words(text: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let mut is_quoted = false;
    let pieces = text.split_inclusive(move |c| {
        is_quoted ^= c == '`';
        c == ' ' && !is_quoted
    });
    Box::new(pieces.map(Word::from))
}

/// The lines of rows in columns, with a gap between them.
pub(super) fn aligned(rows: Builder, gap: usize) -> Vec<String> {
    let mut table = rows.build();
    table.with(Borders::empty()).with(Padding::new(0, gap, 0, 0));
    table.to_string().lines().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: usize) -> Page {
        Page::new(Style::plain(width))
    }

    #[test]
    fn the_age_of_the_data_is_counted_in_days() {
        let day = |text: &str| text.parse::<Date>().expect("a day");
        let of = |today: Option<&str>| as_of("conda-forge", day("2026-08-13"), today.map(day));
        assert_eq!(of(None), "conda-forge as of 2026-08-13");
        assert_eq!(of(Some("2026-08-13")), "conda-forge as of 2026-08-13, today");
        assert_eq!(of(Some("2026-08-14")), "conda-forge as of 2026-08-13, 1 day ago");
        assert_eq!(of(Some("2026-11-28")), "conda-forge as of 2026-08-13, 107 days ago");
        // A clock that is behind.
        assert_eq!(of(Some("1970-01-01")), "conda-forge as of 2026-08-13");
    }

    #[test]
    fn past_60_days_the_built_in_data_is_called_old() {
        let matrix =
            Matrix { as_of: "2026-08-13".parse().expect("a day"), ..Matrix::embedded().clone() };
        let written = |today: &str, is_live: bool| {
            let today = Some(today.parse().expect("a day"));
            let mut page = Page::new(Style { today, ..Style::plain(80) });
            page.age(&matrix, (!is_live).then_some(LIVE));
            page.finish()
        };
        let is_old = |text: &str| text.contains("note: ") && text.contains("`--live`");
        assert!(!is_old(&written("2026-10-12", false)));
        assert!(is_old(&written("2026-10-13", false)));
        assert!(!is_old(&written("2026-10-13", true)));
    }

    #[test]
    fn control_characters_are_shown_as_escapes() {
        let mut page = page(40);
        page.text("- ", "a\u{1b}[31mb\nc\u{9b}");
        page.parts(&["d\re".to_owned()]);
        page.line("f\u{202e}");
        let shown = "- a\\u{1b}[31mb\\nc\\u{9b}\nd\\re\nf\\u{202e}\n";
        assert_eq!(page.finish(), shown);
    }

    #[test]
    fn only_a_part_that_is_longer_than_a_line_is_broken() {
        let mut page = page(12);
        page.parts(&["aa bb", "cc dd", "ee ff gg hh"].map(str::to_owned));
        assert_eq!(page.finish(), "aa bb,\n  cc dd, ee\n  ff gg hh\n");
    }

    #[test]
    fn text_between_backticks_is_kept_together_and_lines_continue_below_the_text() {
        let mut page = page(9);
        page.text("- ", "aa bb `cc dd` ee");
        assert_eq!(page.finish(), "- aa bb\n  `cc dd`\n  ee\n");
    }

    #[test]
    fn a_label_and_a_heading_are_colored() {
        let mut page = Page::new(Style { color: true, ..Style::plain(40) });
        page.heading("Title");
        page.text("hint: ", "text");
        assert_eq!(page.finish(), "\u{1b}[1mTitle\u{1b}[0m\n\u{1b}[36mhint:\u{1b}[0m text\n");
    }
}
