//! Text with install commands: a script, a Dockerfile, a document, a workflow.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::conda::{MatchSpec, Subdir};
use crate::types::Shell;

use super::Values;
use super::client_call::{CUDA_OVERRIDE, ClientCall, Subcommand};
use super::document::{Block, blocks, is_command};
use super::environment_spec::{FileEdits, RunPlace};
use super::file_migration::{ChangeReason, FileError, FileNote, LineChange};
use super::file_specs::FileSpecs;
use super::literals::Literals;
use super::packages::is_old;
use super::pixi_call;
use super::session::{EnvironmentName, Reading, Scope, Session};
use super::shell_words::{Form, ShellText, Word};
use super::text_edit::{Lines, TextEdit};
use super::yaml_lists::OF_ENVIRONMENT;
use super::{dockerfile, literals, makefile, matrix_rows, recipe, tox_ini, workflow};

/// A kind of text with commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScriptKind {
    Shell(Shell),
    Dockerfile,
    Document,
    /// YAML with commands: a workflow of GitHub's, or a pipeline of others.
    Workflow,
    /// Match specs, one a line.
    SpecList,
    Makefile,
    Tox,
    /// A recipe of conda-build or rattler-build.
    Recipe,
    /// A definition of Apptainer's.
    Apptainer,
    Literals(Literals),
}

impl ScriptKind {
    /// The kind of a file, by its name, else by its content.
    pub(super) fn of(name: &str, text: &str) -> Self {
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        match extension {
            _ if name == "cmakelists.txt" => Self::Shell(Shell::Posix),
            "txt" | "list" | "" if is_spec_list(text) => Self::SpecList,
            "md" | "markdown" | "mdx" | "rst" | "txt" | "html" | "htm" | "adoc" | "org" | "rmd"
            | "qmd" => Self::Document,
            "ps1" | "psm1" => Self::Shell(Shell::Powershell),
            "bat" | "cmd" => Self::Shell(Shell::Cmd),
            "fish" => Self::Shell(Shell::Fish),
            "yml" | "yaml" => Self::Workflow,
            "ipynb" => Self::Literals(Literals::Notebook),
            "json" | "jsonc" => Self::Literals(Literals::Json),
            "py" | "pyi" => Self::Literals(Literals::Python),
            "def" => Self::Apptainer,
            "mk" | "mak" => Self::Makefile,
            _ if matches!(name, "makefile" | "gnumakefile") => Self::Makefile,
            _ if matches!(name, "tox.ini" | "setup.cfg") => Self::Tox,
            _ if matches!(name, "singularity" | "apptainer") || text.starts_with("Bootstrap:") => {
                Self::Apptainer
            }
            "dockerfile" | "containerfile" => Self::Dockerfile,
            _ if stem.starts_with("dockerfile") || stem.starts_with("containerfile") => {
                Self::Dockerfile
            }
            _ if dockerfile::recognises(text) => Self::Dockerfile,
            "" if text.starts_with("#!") => Self::Shell(Shell::Posix),
            "" if name == "-" || text.contains("\n```") => Self::Document,
            _ => Self::Shell(Shell::Posix),
        }
    }

    pub(super) fn read(self, text: &str) -> Result<FileSpecs, FileError> {
        let whole = 0..text.len();
        let current =
            |platforms| Scope::new(EnvironmentName::Current, RunPlace::Anywhere, platforms);
        match self {
            Self::Shell(shell) => {
                let platforms = match shell {
                    Shell::Cmd | Shell::Powershell => vec![Subdir::Win64],
                    Shell::Posix | Shell::Fish => Vec::new(),
                };
                let mut session = Session::new(text, Reading::Script, current(platforms));
                session.run(&ShellText::new(text, whole, shell))?;
                Ok(session.finish())
            }
            Self::Dockerfile => {
                let mut session = Session::new(text, Reading::Script, dockerfile::scope());
                dockerfile::read(&mut session, text, whole)?;
                Ok(session.finish())
            }
            Self::Document => {
                let mut session = Session::new(text, Reading::Document, current(Vec::new()));
                read_document(&mut session, text)?;
                Ok(session.finish())
            }
            Self::Workflow => workflow::read(text),
            Self::Makefile => {
                let mut session = Session::new(text, Reading::Script, current(Vec::new()));
                makefile::read(&mut session, text)?;
                Ok(session.finish())
            }
            Self::Tox => {
                let mut session = Session::new(text, Reading::Script, current(Vec::new()));
                tox_ini::read(&mut session, text)?;
                Ok(session.finish())
            }
            Self::Recipe => {
                let mut session = Session::new(text, Reading::Script, current(Vec::new()));
                recipe::read(&mut session, text)?;
                Ok(session.finish())
            }
            Self::Apptainer => {
                let mut session = Session::new(text, Reading::Script, dockerfile::scope());
                read_definition(&mut session, text)?;
                Ok(session.finish())
            }
            Self::Literals(kind) => {
                // Cells and strings are often tried one after the other.
                let reading = match kind {
                    Literals::Notebook | Literals::Python => Reading::Document,
                    Literals::Json => Reading::Script,
                };
                let mut session = Session::new(text, reading, current(Vec::new()));
                literals::read(&mut session, text, kind)?;
                Ok(session.finish())
            }
            Self::SpecList => {
                let mut session = Session::new(text, Reading::Script, current(Vec::new()));
                let (words, comments) = specs_of_list(text);
                session.file.prose.extend(comments);
                let form = Form::Items { is_block: true };
                let call = ClientCall::of_words(Subcommand::Install, words, form);
                session.add_call(call, None, &Vec::new())?;
                let mut file = session.finish();
                file.lists.iter_mut().for_each(|list| list.has_floors = true);
                Ok(file)
            }
        }
    }
}

/// Whether every line is a match spec, and one of them is conda's alone.
fn is_spec_list(text: &str) -> bool {
    let mut is_condas = false;
    // Most texts have another line soon.
    let are_specs = lines_of_list(text).all(|(_, content, _)| {
        let spec = MatchSpec::parse(content);
        is_condas |= content.contains("::") || spec.as_ref().is_some_and(is_old);
        content.is_empty() || spec.is_some()
    });
    are_specs && is_condas
}

/// The lines of a list: where each begins, what it has before a comment, and where the comment is.
fn lines_of_list(text: &str) -> impl Iterator<Item = (usize, &str, Range<usize>)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at + line.len() - line.trim_start().len();
        at += line.len();
        let line = line.trim();
        let hash = line.find('#').unwrap_or(line.len());
        (start, line[..hash].trim_end(), start + hash..start + line.len())
    })
}

/// The specs of a list, and its comments.
fn specs_of_list(text: &str) -> (Vec<Word>, Vec<Range<usize>>) {
    let lines = lines_of_list(text);
    let (words, comments): (Vec<Word>, Vec<Range<usize>>) = lines
        .map(|(start, content, comment)| {
            let range = start..start + content.len();
            (Word { range, text: content.to_owned(), quote: None }, comment)
        })
        .unzip();
    let words = words.into_iter().filter(|word| !word.text.is_empty()).collect();
    (words, comments.into_iter().filter(|comment| !comment.is_empty()).collect())
}

/// Reads the sections of a definition of Apptainer's: some run in the build, others where the image does.
fn read_definition(session: &mut Session<'_>, text: &str) -> Result<(), FileError> {
    let mut at = 0;
    let mut sections: Vec<(&str, Range<usize>)> = vec![("", 0..0)];
    for line in text.split_inclusive('\n') {
        at += line.len();
        match line.strip_prefix('%') {
            Some(name) => {
                let name = name.split_whitespace().next().unwrap_or_default();
                sections.push((name, at..at));
            }
            None => sections.iter_mut().last().into_iter().for_each(|(_, range)| range.end = at),
        }
    }
    for (name, range) in sections {
        let place = match name {
            "help" | "labels" | "apphelp" | "applabels" => {
                session.file.prose.push(range);
                continue;
            }
            "environment" | "runscript" | "startscript" | "test" | "apprun" | "appenv"
            | "apptest" => RunPlace::Anywhere,
            _ => RunPlace::ImageBuild,
        };
        session.scope.place = place;
        session.run_in_shell(&ShellText::new(text, range, Shell::Posix))?;
    }
    Ok(())
}

/// The most workflows that are read in a document.
const MOST_WORKFLOWS: usize = 20;

fn read_document(session: &mut Session<'_>, text: &str) -> Result<(), FileError> {
    let mut workflows = 0;
    let mut prose = 0;
    let mut end_prose = |session: &mut Session<'_>, code: Range<usize>| {
        session.file.prose.push(prose..code.start);
        prose = code.end;
    };
    for block in blocks(text) {
        match block {
            Block::Code(range, shell) => {
                end_prose(session, range.clone());
                let is_of_windows = matches!(shell, Shell::Cmd | Shell::Powershell);
                let platform = is_of_windows.then_some(Subdir::Win64);
                session.run_on(platform, &ShellText::new(text, range, shell))?;
            }
            Block::Inline(range) => session.read_inline(range)?,
            Block::Other(range, language) => {
                end_prose(session, range.clone());
                if matches!(language.as_str(), "dockerfile" | "docker" | "containerfile") {
                    session.enter(dockerfile::scope())?;
                    dockerfile::read(session, text, range)?;
                    session.leave();
                } else if matches!(language.as_str(), "yaml" | "yml") {
                    let current = EnvironmentName::Current;
                    session.enter(Scope::new(current, RunPlace::Anywhere, Vec::new()))?;
                    let is_workflow = ["jobs:", "steps:", "run:"]
                        .iter()
                        .any(|key| text[range.clone()].contains(key));
                    workflows += usize::from(is_workflow);
                    if !is_workflow
                        || workflows > MOST_WORKFLOWS
                        || !workflow::read_part(session, text, range.clone())?
                    {
                        workflow::add_lists(session, text, range, &OF_ENVIRONMENT)?;
                    }
                    session.leave();
                } else if !matches!(language.as_str(), "diff" | "patch") {
                    run_lines(session, text, range, language.contains("python"))?;
                }
            }
        }
    }
    end_prose(session, text.len()..text.len());
    Ok(())
}

/// Runs the commands of a block that is not a shell's, each with the lines that it goes on in: some have a wrong language, and
/// cells of a notebook run `!` and `%` lines.
fn run_lines(
    session: &mut Session<'_>,
    text: &str,
    range: Range<usize>,
    is_python: bool,
) -> Result<(), FileError> {
    let mut at = range.start;
    let mut start = None;
    for line in text[range].split_inclusive('\n') {
        let trimmed = line.trim();
        let is_cell = is_python && trimmed.starts_with(['!', '%']);
        if start.is_none() && (is_cell || is_command(trimmed)) {
            start = Some(at);
        }
        at += line.len();
        if let Some(command) = start.take_if(|_| !trimmed.ends_with('\\')) {
            session.run(&ShellText::new(text, command..at, Shell::Posix))?;
        }
    }
    match start {
        Some(command) => session.run(&ShellText::new(text, command..at, Shell::Posix)),
        None => Ok(()),
    }
}

/// The words of all calls, each once: the rows of a matrix repeat them.
pub(super) fn values(file: &FileSpecs) -> Values<'_> {
    let words = file.calls.iter().flat_map(|call| &call.words);
    let mut words: Vec<_> = words.map(|word| (word.range.clone(), word.text.clone())).collect();
    if !file.row_values.is_empty() {
        words.sort_by_key(|(range, _)| (range.start, range.end));
        words.dedup();
    }
    Box::new(words.into_iter())
}

pub(super) fn edits(
    text: &str,
    file: &FileSpecs,
    planned: &mut FileEdits,
) -> Result<Vec<TextEdit>, FileError> {
    let lines = Lines::of(text);
    let mut edits = matrix_rows::unify(text, file, planned);
    for (call, own) in file.calls.iter().zip(&mut planned.lists) {
        if call.pixi.is_some() {
            own.specs.iter_mut().flatten().flatten().for_each(pixi_call::write_as_pixi_reads);
        }
    }
    let new_texts = planned.new_texts(&file.lists);
    // A call can be read several times, in one of which it changes.
    let added = file.lists.iter().zip(&planned.lists).filter(|(_, own)| own.adds_channel);
    let added: HashSet<usize> =
        added.filter_map(|(list, _)| Some(list.place_for_channel?.at)).collect();
    for (list, own) in file.lists.iter().zip(&mut planned.lists) {
        if let Some(place) = list.place_for_channel.filter(|place| added.contains(&place.at)) {
            own.adds_channel = true;
            edits.push(TextEdit::new(place.at..place.at, place.text(&lines)));
        }
    }
    // The CUDA that a call declares from now on, of calls that are read once a row.
    let mut known: HashMap<usize, Option<String>> = HashMap::new();
    for ((call, list), own) in file.calls.iter().zip(&file.lists).zip(&mut planned.lists) {
        if let Some(declared) = known.get(&call.start).filter(|_| !call.words.is_empty()) {
            own.declared_cuda.clone_from(declared);
            continue;
        }
        edits.extend(call.edits(&lines, &new_texts)?);
        known.insert(call.start, None);
        if let Some(cuda) = own.needs_cuda.filter(|_| call.lacks_cuda && !own.is_none()) {
            let subdir = own.cuda_platforms.first().copied().unwrap_or(Subdir::Linux64);
            planned.notes.push(FileNote::at(
                lines.at(call.start),
                "declare-cuda",
                format!(
                    "pixi solves for the CUDA version of the workspace: before it, run `pixi workspace platform edit {subdir} --cuda {0}.0`, with pixi before 0.71 `pixi project system-requirements add cuda {0}`",
                    cuda.major
                ),
            ));
        }
        let Some(cuda) = own.needs_cuda.filter(|_| list.place != RunPlace::Anywhere) else {
            continue;
        };
        let line = lines.at(call.start);
        let declared = list.declared_cuda.as_ref().and_then(|cuda| cuda.parse().ok());
        if declared.is_some_and(|declared: crate::types::CudaVersion| declared >= cuda) {
            continue;
        }
        let why = match list.place {
            RunPlace::HostedRunner => ChangeReason::NO_GPU_ON_RUNNER,
            RunPlace::ImageBuild | RunPlace::Anywhere => ChangeReason::NO_GPU_IN_BUILD,
        };
        let edit = call.declare_cuda(cuda).filter(|_| list.declared_cuda.is_none());
        if let Some(edit) = edit {
            edits.push(edit);
            own.declared_cuda = Some(cuda.to_string());
            known.insert(call.start, own.declared_cuda.clone());
            let after = vec![format!("{CUDA_OVERRIDE}={cuda}")];
            planned.changes.push(LineChange { line, before: String::new(), after, why });
        } else {
            let message = match list.place {
                RunPlace::HostedRunner => format!(
                    "hosted runners have no GPU; set `{CUDA_OVERRIDE}` to {cuda} or newer, or use `pytorch-cpu` there"
                ),
                RunPlace::ImageBuild | RunPlace::Anywhere => format!(
                    "an image is built without a GPU; set `{CUDA_OVERRIDE}` to {cuda} or newer"
                ),
            };
            planned.notes.push(FileNote::at(line, "no-gpu-here", message));
        }
    }
    Ok(edits)
}
