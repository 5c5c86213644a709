//! Commands and lists of packages in strings: notebooks, JSON, Python with its builders of images and sessions.

use std::ops::Range;

use crate::types::Shell;

use super::client_call::{ClientCall, Subcommand, has_value, is_client_name};
use super::document::{Block, blocks};
use super::environment_spec::RunPlace;
use super::file_migration::FileError;
use super::session::{Arms, EnvironmentName, Scope, Session};
use super::shell_words::{
    CONTINUES_IN_JSON, Form, Precondition, ShellText, SimpleCommand, Word, string, strings,
};

/// What strings are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Literals {
    Json,
    /// Cells, of which those with Markdown are documents.
    Notebook,
    Python,
}

/// Functions that install what they are given: of nox, and of builders of images.
const INSTALLERS: [&str; 4] = ["conda_install", "micromamba_install", "mamba_install", "conda"];

/// Functions of builders of images that run commands.
const COMMANDS_OF_IMAGES: [&str; 1] = ["run_commands"];

/// Keywords of theirs that have channels.
const CHANNELS: [&str; 2] = ["channel", "channels"];

/// How keywords end that have packages of conda, beside others of pip.
const CONDA: [&str; 3] = ["packages", "deps", "dependencies"];

/// Reads the strings of a text, in order.
pub(super) fn read(session: &mut Session<'_>, text: &str, kind: Literals) -> Result<(), FileError> {
    let none = Arms::new();
    let mut at = 0;
    let (mut is_markdown, mut is_output) = (false, false);
    let mut markdown: Vec<Range<usize>> = Vec::new();
    let mut environment = EnvironmentEntries::default();
    while let Some(start) = text[at..].find(['"', '\'', '[', '(', '#', '/']).map(|start| at + start)
    {
        let rest = &text[start..];
        at = start + 1;
        let c = rest.chars().next().unwrap_or_default();
        match c {
            '#' if kind == Literals::Python => {
                let end = rest.find('\n').unwrap_or(rest.len());
                session.file.prose.push(start..start + end);
                at = start + end;
            }
            '/' if kind == Literals::Json && rest.starts_with("//") => {
                let end = rest.find('\n').unwrap_or(rest.len());
                session.file.prose.push(start..start + end);
                at = start + end;
            }
            '[' if kind == Literals::Python
                && let Some((words, end)) = elements(text, start)
                && words.iter().any(|word| word.quote.is_some() && is_client_name(&word.text)) =>
            {
                let command =
                    SimpleCommand { words, form: Form::Strings, precondition: Precondition::None };
                session.run_command(&command, &none, Shell::Posix, 0)?;
                at = end;
            }
            '[' if kind != Literals::Notebook => {
                if let Some((words, end)) =
                    strings(text, start, (kind == Literals::Python).then_some('#'))
                    && words.len() > 1
                {
                    let command = SimpleCommand {
                        words,
                        form: Form::Strings,
                        precondition: Precondition::None,
                    };
                    session.run_command(&command, &none, Shell::Posix, 0)?;
                    at = end;
                }
            }
            '(' if kind == Literals::Python => at = read_arguments(session, text, start)?,
            '"' | '\'' => {
                let triple =
                    ["\"\"\"", "\'\'\'"].into_iter().find(|quotes| rest.starts_with(quotes));
                if let Some(triple) = triple.filter(|_| kind == Literals::Python) {
                    let Some(end) = text[start + 3..].find(triple) else { continue };
                    let range = start + 3..start + 3 + end;
                    at = range.end + 3;
                    run(session, text, range.clone(), None)?;
                    session.file.prose.push(range);
                } else if let Some(word) = string(text, start, c) {
                    at = word.range.end;
                    let value = text[at..].trim_start().strip_prefix(':').map(str::trim_start);
                    if let Some(value) = value.filter(|_| kind == Literals::Notebook) {
                        match word.text.as_str() {
                            "cell_type" => {
                                read_markdown(session, text, &std::mem::take(&mut markdown))?;
                                is_markdown = value.starts_with("\"markdown");
                            }
                            // What a cell printed.
                            "outputs" => is_output = true,
                            _ => {}
                        }
                        is_output &= !matches!(word.text.as_str(), "cell_type" | "source");
                    }
                    if let Some(value) = value.filter(|_| kind != Literals::Notebook) {
                        environment.read(session, text, &word, value)?;
                    }
                    if kind == Literals::Python
                        && let Some((name, is_certain)) = assigned_name(&text[..start])
                    {
                        session.scope.variables.set(name, &word.text, !is_certain);
                    }
                    let mut range = word.range.start + 1..word.range.end - 1;
                    while kind == Literals::Notebook
                        && !is_markdown
                        && text[range.clone()].ends_with(CONTINUES_IN_JSON)
                        && let Some(next) = string_after(text, at)
                    {
                        (range.end, at) = (next.end - 1, next.end);
                    }
                    if is_markdown {
                        markdown.push(range);
                    } else if is_output {
                        session.file.prose.push(range);
                    } else {
                        run(session, text, range, Some(c))?;
                    }
                } else {
                    // Nothing on the rest of the line closes it.
                    at = start + rest.find('\n').unwrap_or(rest.len());
                }
            }
            _ => {}
        }
    }
    read_markdown(session, text, &markdown)
}

/// The lists of an environment in a dictionary: `{"channels": […], "dependencies": […]}`.
#[derive(Default)]
struct EnvironmentEntries {
    /// The list that another one may belong to, and where it ends.
    first: Option<(Subcommand, Vec<Word>, usize)>,
}

impl EnvironmentEntries {
    /// Reads a value after its key, and adds the lists of the dictionary if it is the second of them.
    fn read(
        &mut self,
        session: &mut Session<'_>,
        text: &str,
        key: &Word,
        value: &str,
    ) -> Result<(), FileError> {
        let own = match key.text.as_str() {
            "channels" => Subcommand::Config,
            "dependencies" => Subcommand::Install,
            _ => return Ok(()),
        };
        let Some(items) = value.strip_prefix('[') else { return Ok(()) };
        let mut at = text.len() - items.len();
        let mut words = Vec::new();
        loop {
            at = text.len() - text[at..].trim_start_matches([',', ' ', '\t', '\r', '\n']).len();
            let quote = text[at..].chars().next().filter(|c| matches!(c, '"' | '\''));
            let Some(word) = quote.and_then(|quote| string(text, at, quote)) else { break };
            at = word.range.end;
            words.push(word);
        }
        if words.is_empty() {
            return Ok(());
        }
        let (other, first) = match self.first.take() {
            Some((other, first, end)) if other != own && !closes(&text[end..key.range.start]) => {
                (other, first)
            }
            Some(_) | None => {
                self.first = Some((own, words, at));
                return Ok(());
            }
        };
        let scope = Scope::new(EnvironmentName::Current, session.scope.place, Vec::new());
        session.enter(scope.with_variables_of(&session.scope))?;
        for (subcommand, words) in [(other, first), (own, words)] {
            let call = ClientCall::of_words(subcommand, words, Form::Items { is_block: false });
            session.add_call(call, None, &Arms::new())?;
        }
        session.leave();
        Ok(())
    }
}

/// Whether a text closes a dictionary that it does not open.
fn closes(text: &str) -> bool {
    let mut depth = 0_i32;
    text.chars().any(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        depth < 0
    })
}

/// Reads the arguments of a function that installs or runs what it is given. Where the reading goes on.
fn read_arguments(session: &mut Session<'_>, text: &str, start: usize) -> Result<usize, FileError> {
    let name = text[..start].rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let name = name.into_iter().next().unwrap_or_default();
    let is_installer = INSTALLERS.contains(&name);
    let is_known = is_installer || COMMANDS_OF_IMAGES.contains(&name);
    let Some((mut call, end)) = Arguments::read(text, start) else { return Ok(start + 1) };
    if call.has_conda {
        // Its other packages are pip's: `ImageSpec(packages=…, conda_packages=…)` of Flyte.
        call.packages = std::mem::take(&mut call.conda_packages);
        call.add(session, name)?;
        return Ok(end);
    }
    if !is_known || call.has_others {
        return Ok(start + 1);
    }
    if is_installer {
        call.add(session, name)?;
        return Ok(end);
    }
    let place = std::mem::replace(&mut session.scope.place, RunPlace::ImageBuild);
    for word in call.packages.into_iter().flatten() {
        run(session, text, word.range.start + 1..word.range.end - 1, word.quote)?;
    }
    session.scope.place = place;
    Ok(end)
}

/// Reads a cell with Markdown, of whose text each string has a part, as a document.
fn read_markdown(
    session: &mut Session<'_>,
    text: &str,
    strings: &[Range<usize>],
) -> Result<(), FileError> {
    let Some(first) = strings.first() else { return Ok(()) };
    let mut prose = first.start;
    for block in blocks(&content(text, strings)) {
        let Block::Code(code, _) = block else { continue };
        let code = first.start + code.start..first.start + code.end;
        session.file.prose.push(prose..code.start);
        prose = code.end;
        let after = strings.partition_point(|string| string.end <= code.start);
        let parts = strings[after..].iter().take_while(|string| string.start < code.end);
        let parts = parts.map(|string| string.start.max(code.start)..string.end.min(code.end));
        let mut whole: Option<Range<usize>> = None;
        for part in parts {
            let start = match whole.take() {
                Some(before) if text[before.clone()].ends_with(CONTINUES_IN_JSON) => before.start,
                Some(before) => {
                    run(session, text, before, Some('"'))?;
                    part.start
                }
                None => part.start,
            };
            whole = Some(start..part.end);
        }
        if let Some(last) = whole {
            run(session, text, last, Some('"'))?;
        }
    }
    session.file.prose.push(prose..strings.last().map_or(prose, |last| last.end));
    Ok(())
}

/// The content of JSON strings at the bytes that it has in the text, with blanks for what is not of them.
fn content(text: &str, strings: &[Range<usize>]) -> String {
    let start = strings.first().map_or(0, |first| first.start);
    let mut content = String::new();
    for string in strings {
        content.extend(std::iter::repeat_n(' ', string.start - start - content.len()));
        let mut escaped = false;
        for c in text[string.clone()].chars() {
            match (escaped, c) {
                (false, '\\') => content.push(' '),
                (true, 'n') => content.push('\n'),
                (_, c) => content.push(c),
            }
            escaped = !escaped && c == '\\';
        }
    }
    content
}

/// The string that follows in a list, with its quotes.
fn string_after(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text[at..].trim_start().strip_prefix(',')?.trim_start();
    let start = text.len() - rest.len();
    Some(string(text, start, rest.chars().next().filter(|c| *c == '"')?)?.range)
}

fn run(
    session: &mut Session<'_>,
    text: &str,
    range: Range<usize>,
    within: Option<char>,
) -> Result<(), FileError> {
    if !["conda", "mamba", "pixi "].iter().any(|client| text[range.clone()].contains(client)) {
        return Ok(());
    }
    session.run(&ShellText { text, range, shell: Shell::Posix, within, is_folded: false })
}

/// The name that a line gives a string, and whether it does so whatever happens: `NAME = `.
fn assigned_name(before: &str) -> Option<(&str, bool)> {
    let blanks = [' ', '\t'];
    let before = before.trim_end_matches(blanks).strip_suffix('=')?.trim_end_matches(blanks);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    // Not the whole line, which may be as long as the text.
    let (indent, name) = before.split_at(before.trim_end_matches(is_name).len());
    let is_own_line = |indent: &str| indent.is_empty() || indent.ends_with('\n');
    let begins_line = is_own_line(indent.trim_end_matches(blanks));
    (!name.is_empty() && begins_line).then(|| (name, is_own_line(indent)))
}

/// The elements of a list of Python that begins at a byte, and its end: strings, and other expressions as variables.
fn elements(text: &str, start: usize) -> Option<(Vec<Word>, usize)> {
    let mut words = Vec::new();
    let mut at = start + 1;
    loop {
        at = text.len() - text[at..].trim_start_matches([',', ' ', '\t', '\r', '\n']).len();
        let rest = &text[at..];
        let prefix = rest.find(|c: char| !matches!(c, 'f' | 'r' | 'F' | 'R')).unwrap_or(0);
        match rest[prefix..].chars().next()? {
            ']' if prefix == 0 => return Some((words, at + 1)),
            '#' if prefix == 0 => at += rest.find('\n')?,
            quote @ ('"' | '\'') if prefix <= 2 => {
                let word = string(text, at + prefix, quote)?;
                at = word.range.end;
                words.push(word);
            }
            _ => {
                let end = rest.find([',', ']', '[', '(', '{', '"', '\'', '#', '\n'])?;
                let is_name = |c: char| c.is_ascii_alphanumeric() || "_.*".contains(c);
                let name = rest[..end].trim_end();
                if !rest[end..].starts_with([',', ']', '\n']) || !name.chars().all(is_name) {
                    return None;
                }
                let range = at..at + name.len();
                words.push(Word { range, text: format!("${{{name}}}"), quote: None });
                at += end;
            }
        }
    }
}

/// The strings that a call is given: packages, and channels by keyword.
#[derive(Default)]
struct Arguments {
    packages: Vec<Vec<Word>>,
    channels: Vec<Vec<Word>>,
    /// Those of the keyword `conda_packages`.
    conda_packages: Vec<Vec<Word>>,
    /// Whether keywords say that they are conda's.
    has_conda: bool,
    /// Whether it has other arguments, which may be packages.
    has_others: bool,
}

impl Arguments {
    /// Reads the arguments in parentheses, and where they end; `None` if they are not only strings and lists.
    fn read(text: &str, start: usize) -> Option<(Self, usize)> {
        let mut arguments = Self::default();
        let mut at = start + 1;
        let mut keyword = "";
        let mut positional = Vec::new();
        loop {
            at = text.len() - text[at..].trim_start().len();
            let rest = &text[at..];
            match rest.chars().next()? {
                ')' => {
                    arguments.packages.push(positional);
                    return Some((arguments, at + 1));
                }
                ',' => {
                    keyword = "";
                    at += 1;
                }
                '#' => at += rest.find('\n')?,
                '[' => {
                    let (words, end) = strings(text, at, Some('#'))?;
                    arguments.take(keyword, words);
                    at = end;
                }
                quote @ ('"' | '\'') => {
                    let word = string(text, at, quote)?;
                    at = word.range.end;
                    if keyword.is_empty() {
                        positional.push(word);
                    } else {
                        arguments.take(keyword, vec![word]);
                    }
                }
                c if c.is_ascii_alphanumeric() || c == '*' => {
                    let end =
                        rest.find(|c: char| !c.is_ascii_alphanumeric() && !"_.*".contains(c))?;
                    let name = &rest[..end];
                    at += end;
                    let after = text[at..].trim_start();
                    if after.starts_with('=') && !after.starts_with("==") {
                        keyword = name;
                        at = text.len() - after.len() + 1;
                    } else if keyword.is_empty() {
                        arguments.has_others = true;
                    }
                }
                _ => return None,
            }
        }
    }

    /// Takes channels that are given as options out of the packages.
    fn read_options(&mut self) {
        for packages in &mut self.packages {
            let mut words = std::mem::take(packages).into_iter();
            while let Some(word) = words.next() {
                if matches!(word.text.as_str(), "-c" | "--channel") {
                    self.channels.extend(words.next().map(|channel| vec![channel]));
                } else if has_value(&word.text) {
                    words.next();
                } else if !word.text.starts_with('-') {
                    packages.push(word);
                }
            }
        }
    }

    fn take(&mut self, keyword: &str, words: Vec<Word>) {
        match keyword {
            "" | "packages" => self.packages.push(words),
            // `conda_packages` of Flyte and Azure, `additional_conda_deps` of MLflow.
            keyword
                if keyword.contains("conda_") && CONDA.iter().any(|it| keyword.ends_with(it)) =>
            {
                self.has_conda = true;
                self.conda_packages.push(words);
            }
            keyword if keyword.contains("conda_") && keyword.ends_with("channels") => {
                self.channels.push(words);
            }
            keyword if CHANNELS.contains(&keyword) => self.channels.push(words),
            _ => {}
        }
    }

    /// Adds them as one environment's; `name`: of the function.
    fn add(mut self, session: &mut Session<'_>, name: &str) -> Result<(), FileError> {
        self.read_options();
        let in_image = name != "conda_install" && name != "conda";
        let place = if in_image { RunPlace::ImageBuild } else { RunPlace::Anywhere };
        let scope = Scope::new(EnvironmentName::Current, place, Vec::new());
        session.enter(scope.with_variables_of(&session.scope))?;
        let none = Arms::new();
        for words in self.channels {
            let call =
                ClientCall::of_words(Subcommand::Config, words, Form::Items { is_block: false });
            session.add_call(call, None, &none)?;
        }
        for words in self.packages {
            let call =
                ClientCall::of_words(Subcommand::Install, words, Form::Items { is_block: false });
            session.add_call(call, None, &none)?;
        }
        session.leave();
        Ok(())
    }
}
