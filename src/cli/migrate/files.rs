//! `conda-torch migrate FILE…`: files that name the old channel.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::time::Instant;

use anyhow::Context;
use clap::ValueHint;

use conda_torch_core::escapes::visible_lines;
use conda_torch_core::migrate::files::{FileError, Target, migrate_file};
use conda_torch_core::report::migrate_files::{MigratedFile, document};
use conda_torch_core::report::{AnnotationService, annotations};
use conda_torch_core::types::Shell;
use conda_torch_host::{SaveFailed, received_signal, save};
use conda_torch_probe::host::Host;

use super::folder::{FolderFiles, LARGEST, is_folder};
use crate::built_in;
use crate::cli::flags::{Choices, GlobalFlags, MachineFlags, machine, one_of, page_width};
use crate::cli::progress::Progress;
use crate::cli::{Interrupted, Output, UsageError, note, read_input, show};
use crate::text;

// No doc comment: clap would show it as the description of the subcommand.
#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Files")]
pub(super) struct FileFlags {
    /// Files to migrate: environment.yml, pixi.toml, or text with install commands; a folder for
    /// all its files under version control; `-` for standard input
    #[arg(
        help_heading = None::<&str>,
        value_name = "FILE",
        value_hint = ValueHint::AnyPath,
        conflicts_with_all = ["name", "prefix", "config", "in_place", "to", "accelerator", "cpu", "pytorch", "python", "client"]
    )]
    pub(super) files: Vec<OsString>,
    /// Write the changes; keep each old file as FILE.bak
    #[arg(long, requires = "files", conflicts_with = "check")]
    write: bool,
    /// Write nothing; exit code 4 if a file would change
    #[arg(long, requires = "files")]
    check: bool,
    /// Print what is found for a service that shows it beside the lines, instead of a difference
    #[arg(long, requires = "files", value_name = "SERVICE", value_parser = one_of(SERVICES))]
    annotate: Option<AnnotationService>,
}

const SERVICES: Choices<AnnotationService> = &[
    ("github", "Workflow commands of GitHub Actions", AnnotationService::Github),
    ("gitlab", "A code quality report of GitLab", AnnotationService::Gitlab),
];

/// How often a file is read again that another program changes meanwhile.
const ATTEMPTS: u32 = 3;

/// Migrates every file, also if one fails.
pub(super) fn run(
    args: &FileFlags,
    machine: &MachineFlags,
    json: Option<&GlobalFlags>,
    host: &dyn Host,
) -> anyhow::Result<Output> {
    let from_input = args.files.iter().filter(|file| *file == "-").count();
    if from_input > 0 && args.write {
        return Err(UsageError("`--write` needs a file, not `-`".to_owned()).into());
    }
    if from_input + usize::from(machine.machine.as_deref() == Some("-")) > 1 {
        return Err(UsageError("standard input is named twice".to_owned()).into());
    }
    let matrix = built_in::matrix();
    let is_described = !machine.is_platform_alone() && machine.is_given();
    let described = is_described.then(|| self::machine(machine, host, matrix)).transpose()?;
    let target = Target { machine: described.as_ref(), platform: machine.platform };
    let mut folders = Vec::new();
    let names: Vec<OsString> = (args.files.iter())
        .flat_map(|name| {
            if !is_folder(host, name) {
                return vec![name.clone()];
            }
            folders.push(FolderFiles::of(host, &name.to_string_lossy()));
            folders
                .last_mut()
                .map(|folder| std::mem::take(&mut folder.candidates))
                .unwrap_or_default()
        })
        .collect();
    let mut files = Vec::with_capacity(names.len());
    let mut codes = Vec::with_capacity(names.len());
    let mut progress =
        Progress::new(format!("Checking {} files", names.len()), !folders.is_empty());
    let start = Instant::now();
    for name in &names {
        progress.tick(start.elapsed());
        let (file, mut old, mut backup) = (text::file_name(name), String::new(), None);
        let mut migrate = |may_repeat: bool| {
            let name = name.to_str().context("the name is not UTF-8")?;
            let bytes = read_input(name, host, LARGEST).context("cannot read the file")?;
            old = String::from_utf8(bytes).context("not UTF-8 text")?;
            let migration = migrate_file(name, &old, target, matrix)?;
            if args.write && migration.text != old {
                match save(name, old.as_bytes(), migration.text.as_bytes()) {
                    Err(SaveFailed::Changed) if may_repeat => return Ok(None),
                    saved => backup = Some(saved?),
                }
            }
            anyhow::Ok(Some(migration))
        };
        let result = (1..=ATTEMPTS).find_map(|attempt| migrate(attempt < ATTEMPTS).transpose());
        let result = result.expect("the last attempt is not repeated");
        codes.push(match &result {
            Err(error) => error.downcast_ref().map_or(1, FileError::exit_code),
            Ok(migration) if !migration.failures.is_empty() => migration.exit_code(),
            Ok(migration) if args.check && (migration.text != old || migration.has_left()) => 4,
            Ok(_) => 0,
        });
        let outcome = result.map_err(|error| format!("{error:#}"));
        files.push(MigratedFile { file, old, outcome, backup });
        if received_signal().is_some() {
            break;
        }
    }
    drop(progress);
    // The most severe first.
    let code = [1, 3, 4].into_iter().find(|code| codes.contains(code)).unwrap_or(0);
    note(text::migrated_files(&files, !folders.is_empty(), page_width()).trim_end());
    if let Some(signal) = received_signal() {
        return Err(Interrupted(signal).into());
    }
    let mut stdout = if let Some(global) = json {
        global.answer(document(&files, code, matrix), Shell::Posix)?
    } else if let Some(service) = args.annotate {
        annotations(&files, service)
    } else {
        files.iter().map(MigratedFile::diff).collect()
    };
    if std::io::stdout().is_terminal() {
        stdout = visible_lines(&stdout).into_owned();
    }
    if !folders.is_empty() {
        // Last, below a difference of many pages.
        show(&std::mem::take(&mut stdout));
        let count = folders.iter().map(|folder| folder.count).sum();
        let is_tracked = folders.iter().all(|folder| folder.is_tracked);
        note(&text::summary_of_folders(&files, count, is_tracked));
    }
    Ok(Output { stdout, code })
}
