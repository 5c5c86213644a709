//! Dockerfiles: their stages, variables and the commands that they run.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::conda::Subdir;
use crate::types::Shell;

use super::environment_spec::RunPlace;
use super::file_migration::FileError;
use super::session::{EnvironmentName, Scope, Session};
use super::shell_words::{Form, Precondition, ShellText, SimpleCommand, SimpleCommands, strings};

/// An instruction: its word, and the rest.
struct Instruction<'t> {
    word: &'t str,
    rest: Range<usize>,
    /// The bodies of its heredocs, with their ends.
    heredocs: Vec<Range<usize>>,
}

/// Whether a text is a Dockerfile.
pub(super) fn recognises(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| line.starts_with("FROM ") || line.starts_with("ARG "))
        && text.contains("\nRUN ")
}

/// The scope of a Dockerfile before its first stage.
pub(super) fn scope() -> Scope {
    Scope::new(EnvironmentName::of("base"), RunPlace::ImageBuild, Vec::new())
}

/// Reads the instructions of a part of a text.
pub(super) fn read(
    session: &mut Session<'_>,
    text: &str,
    range: Range<usize>,
) -> Result<(), FileError> {
    let first = session.scope.clone();
    let mut globals = None;
    let mut stages: HashMap<String, Scope> = HashMap::new();
    let mut stage = String::new();
    let mut shell = Shell::Posix;
    let instructions = instructions(text, range, &mut session.file.prose);
    let is_stage = |it: &&Instruction<'_>| it.word.eq_ignore_ascii_case("FROM");
    let images = instructions.iter().filter(is_stage).map(|it| image(&text[it.rest.clone()]));
    let images: HashSet<String> = images.map(str::to_ascii_lowercase).collect();
    for instruction in instructions {
        let rest = instruction.rest.clone();
        match instruction.word.to_ascii_uppercase().as_str() {
            "FROM" => {
                if images.contains(&stage) {
                    stages.insert(std::mem::take(&mut stage), session.scope.clone());
                }
                let image = image(&text[rest.clone()]);
                let words: Vec<&str> = text[rest].split_whitespace().collect();
                let scope = stages.get(&image.to_ascii_lowercase()).cloned();
                // Only what stands before the first stage is for all.
                let globals = globals.get_or_insert_with(|| session.scope.clone());
                let new = || first.clone().with_variables_of(globals);
                let mut scope = scope.unwrap_or_else(new);
                let platform = words.iter().find_map(|word| word.strip_prefix("--platform="));
                match platform {
                    Some("linux/arm64") => scope.platforms = vec![Subdir::LinuxAarch64],
                    Some("linux/amd64") => scope.platforms = vec![Subdir::Linux64],
                    _ if image.contains("windows") => scope.platforms = vec![Subdir::Win64],
                    _ => {}
                }
                let name = words.iter().position(|word| word.eq_ignore_ascii_case("as"));
                let name = name.and_then(|at| words.get(at + 1)).copied();
                stage = name.unwrap_or_default().to_ascii_lowercase();
                session.next(scope)?;
                shell = Shell::Posix;
            }
            "ARG" | "ENV" => set_variables(session, text, rest),
            "SHELL" => {
                if let Some((words, _)) = strings(text, rest.start, Some('#')) {
                    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
                    shell = match texts.first() {
                        Some(program) if program.contains("powershell") => Shell::Powershell,
                        Some(program) if program.starts_with("cmd") => Shell::Cmd,
                        Some(_) | None => Shell::Posix,
                    };
                    let option =
                        texts.iter().position(|text| matches!(*text, "-n" | "--name" | "-p"));
                    let name = option.and_then(|at| texts.get(at + 1));
                    session.scope.default =
                        name.map_or(EnvironmentName::of("base"), |name| EnvironmentName::of(name));
                }
            }
            "RUN" => run(session, text, &instruction, shell)?,
            // `COPY <<EOF environment.yml`
            "COPY" | "ADD" => {
                let file = text[rest].split_whitespace().last().unwrap_or_default();
                for body in instruction.heredocs {
                    session.save(body, file)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The image that a stage begins with.
fn image(from: &str) -> &str {
    from.split_whitespace().find(|word| !word.starts_with("--")).unwrap_or_default()
}

fn run(
    session: &mut Session<'_>,
    text: &str,
    instruction: &Instruction<'_>,
    shell: Shell,
) -> Result<(), FileError> {
    let mut rest = instruction.rest.clone();
    loop {
        let options = &text[rest.clone()];
        let trimmed = options.trim_start_matches([' ', '\t', '\\', '\r', '\n']);
        rest.start += options.len() - trimmed.len();
        if !trimmed.starts_with("--") {
            break;
        }
        rest.start += trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
    }
    session.scope.active = session.scope.default.clone();
    if let Some((words, _)) = strings(text, rest.start, Some('#'))
        && !words.is_empty()
    {
        let command =
            SimpleCommand { words, form: Form::Strings, precondition: Precondition::None };
        return session.run_command(&command, &Vec::new(), shell, 0);
    }
    let source = ShellText::new(text, rest, shell);
    let output = source.text[source.range.clone()].split_once("> ").map_or("", |(_, file)| file);
    let output = output.split_whitespace().next().unwrap_or_default().trim_matches(['"', '\'']);
    let mut scripts = Vec::new();
    for body in &instruction.heredocs {
        if !session.save(body.clone(), output)? {
            scripts.push(body);
        }
    }
    session.run_in_shell(&source)?;
    for body in scripts {
        let source = ShellText { range: body.clone(), ..source.clone() };
        session.run_in_shell(&source)?;
    }
    Ok(())
}

/// `NAME=value` and `NAME value`, and the environment that they make active.
fn set_variables(session: &mut Session<'_>, text: &str, range: Range<usize>) {
    let source = ShellText::new(text, range, Shell::Posix);
    let form = Form::Shell { shell: Shell::Posix, within: None };
    let words = SimpleCommands::of(&source).flat_map(|command| command.words);
    let command = SimpleCommand { words: words.collect(), form, precondition: Precondition::None };
    let words = &command.words;
    let mut pairs: Vec<(&str, &str)> =
        words.iter().filter_map(|word| word.text.split_once('=')).collect();
    if let [name, value] = words.as_slice()
        && !name.text.contains('=')
    {
        pairs = vec![(&name.text, &value.text)];
    }
    for (name, value) in pairs {
        let value = session.scope.variables.expand(value).unwrap_or_else(|| value.to_owned());
        match name {
            // The first folder on the path is that of an environment.
            "PATH" => {
                let folder = value.split(':').next().unwrap_or_default();
                if let Some((_, name)) = folder.split_once("/envs/")
                    && let Some(name) = name.strip_suffix("/bin")
                {
                    session.scope.default = EnvironmentName::of(name);
                }
            }
            "CONDA_DEFAULT_ENV" | "ENV_NAME" => {
                session.scope.default = EnvironmentName::of(&value);
            }
            _ => {}
        }
        session.scope.variables.set(name, &value, false);
        let (words, form) = session.value_of(&command, name);
        session.assign_words(name, words, form, None);
    }
}

/// The instructions, each with the lines that continue it.
fn instructions<'t>(
    text: &'t str,
    range: Range<usize>,
    comments: &mut Vec<Range<usize>>,
) -> Vec<Instruction<'t>> {
    let mut found = Vec::new();
    let mut at = range.start;
    let mut open: Option<Instruction<'t>> = None;
    let mut continues = ['\\', '`'];
    let part = &text[..range.end];
    while at < part.len() {
        let end = part[at..].find('\n').map_or(part.len(), |end| at + end + 1);
        let line = &part[at..end];
        let trimmed = line.trim();
        let start = at + line.len() - line.trim_start().len();
        at = end;
        if trimmed.starts_with('#') {
            // PowerShell's images have the other character.
            if trimmed.contains("escape=`") {
                continues = ['`', '`'];
            }
            comments.push(start..start + trimmed.len());
            continue;
        }
        if trimmed.is_empty() {
            continue;
        }
        let goes_on = trimmed.ends_with(continues);
        if let Some(instruction) = &mut open {
            instruction.rest.end = start + trimmed.len();
        } else {
            let length = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
            let word = &trimmed[..length];
            let rest = start + length..start + trimmed.len();
            let rest = rest.end - text[rest.clone()].trim_start().len()..rest.end;
            open = Some(Instruction { word, rest, heredocs: Vec::new() });
        }
        if goes_on {
            continue;
        }
        let Some(mut instruction) = open.take() else { continue };
        for mark in heredocs(&text[instruction.rest.clone()]) {
            let body = at;
            loop {
                let end = part[at..].find('\n').map_or(part.len(), |end| at + end + 1);
                let line = part[at..end].trim();
                if line == mark || at >= part.len() {
                    instruction.heredocs.push(body..at);
                    at = end;
                    break;
                }
                at = end;
            }
        }
        found.push(instruction);
    }
    found.extend(open);
    found
}

/// The marks that end the heredocs of an instruction.
fn heredocs(text: &str) -> Vec<&str> {
    let marks = text.match_indices("<<").filter_map(|(at, _)| {
        let mark = text[at + 2..].trim_start_matches('-');
        let mark = mark.trim_start_matches(['"', '\'']);
        let end = mark.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        Some(&mark[..end]).filter(|mark| !mark.is_empty())
    });
    let whole = text.rsplit_once("<<").map(|(_, mark)| mark.trim_start_matches(['-', '"', '\'']));
    let last = whole.filter(|mark| {
        !mark.is_empty() && mark.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    });
    marks.chain(last).collect()
}
