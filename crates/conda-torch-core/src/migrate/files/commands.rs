//! Text with install commands: a script, a Dockerfile, a document, a workflow.

use std::ops::Range;

use crate::conda::Subdir;
use crate::types::Shell;

use super::Values;
use super::client_call::{CUDA_OVERRIDE, ClientCall};
use super::document::{Block, blocks};
use super::environment_spec::{FileEdits, FileSpecs, RunPlace};
use super::file_migration::{ChangeReason, FileError, FileNote, LineChange};
use super::session::{EnvironmentName, Reading, Scope, Session};
use super::shell_words::ShellText;
use super::text_edit::{Lines, TextEdit};
use super::{dockerfile, workflow};

/// A kind of text with commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScriptKind {
    Shell(Shell),
    Dockerfile,
    Document,
    /// YAML with commands: a workflow of GitHub's, or a pipeline of others.
    Workflow,
}

impl ScriptKind {
    /// The kind of a file, by its name, else by its content.
    pub(super) fn of(name: &str, text: &str) -> Self {
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        match extension {
            "md" | "markdown" | "mdx" | "rst" | "txt" | "html" | "htm" | "adoc" | "org" | "rmd"
            | "qmd" => Self::Document,
            "ps1" | "psm1" => Self::Shell(Shell::Powershell),
            "bat" | "cmd" => Self::Shell(Shell::Cmd),
            "yml" | "yaml" => Self::Workflow,
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

    fn read(self, text: &str) -> Result<(FileSpecs, Vec<ClientCall>), FileError> {
        let whole = 0..text.len();
        let current = |platform| Scope::new(EnvironmentName::Current, RunPlace::Anywhere, platform);
        match self {
            Self::Shell(shell) => {
                let platform = match shell {
                    Shell::Cmd | Shell::Powershell => Some(Subdir::Win64),
                    Shell::Posix | Shell::Fish => None,
                };
                let mut session = Session::new(text, Reading::Script, current(platform));
                let source =
                    ShellText { text, range: whole, shell, within: None, is_folded: false };
                session.run(&source)?;
                Ok(session.finish())
            }
            Self::Dockerfile => {
                let mut session = Session::new(text, Reading::Script, dockerfile::scope());
                dockerfile::read(&mut session, text, whole)?;
                Ok(session.finish())
            }
            Self::Document => {
                let mut session = Session::new(text, Reading::Document, current(None));
                read_document(&mut session, text)?;
                Ok(session.finish())
            }
            Self::Workflow => workflow::read(text),
        }
    }
}

fn read_document(session: &mut Session<'_>, text: &str) -> Result<(), FileError> {
    let mut prose = 0;
    let mut end_prose = |session: &mut Session<'_>, code: Range<usize>| {
        session.file.prose.push(prose..code.start);
        prose = code.end;
    };
    for block in blocks(text) {
        match block {
            Block::Code(range, shell) => {
                end_prose(session, range.clone());
                session.run(&ShellText { text, range, shell, within: None, is_folded: false })?;
            }
            Block::Inline(range) => session.read_inline(range)?,
            Block::Other(range, language) => {
                end_prose(session, range.clone());
                if matches!(language.as_str(), "dockerfile" | "docker" | "containerfile") {
                    session.enter(dockerfile::scope());
                    dockerfile::read(session, text, range)?;
                    session.leave();
                }
            }
        }
    }
    end_prose(session, text.len()..text.len());
    Ok(())
}

pub(super) fn read(kind: ScriptKind, text: &str) -> Result<FileSpecs, FileError> {
    Ok(kind.read(text)?.0)
}

pub(super) fn values(kind: ScriptKind, text: &str) -> Result<Values<'_>, FileError> {
    let calls = kind.read(text)?.1;
    let words = calls.into_iter().flat_map(|call| call.words);
    Ok(Box::new(words.map(|word| (word.range, word.text))))
}

pub(super) fn edits(
    kind: ScriptKind,
    text: &str,
    file: &FileSpecs,
    planned: &mut FileEdits,
) -> Result<Vec<TextEdit>, FileError> {
    let lines = Lines::of(text);
    let new_texts = planned.new_texts(file);
    let (_, calls) = kind.read(text)?;
    let mut edits = Vec::new();
    for ((call, list), own) in calls.iter().zip(&file.lists).zip(&mut planned.lists) {
        edits.extend(call.edits(&lines, &new_texts)?);
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
            let after = vec![format!("{CUDA_OVERRIDE}={cuda}")];
            planned.changes.push(LineChange { line, before: String::new(), after, why });
        } else {
            let message = format!("{}; set `{CUDA_OVERRIDE}` to {cuda} or newer", why.message);
            planned.notes.push(FileNote::at(line, "no-gpu-here", message));
        }
    }
    Ok(edits)
}
