//! `conda-torch completions`: what a shell needs to complete a command line. The shell then asks this program, so the
//! values of flags are completed too: platforms, GPUs, versions, environments.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::CompletionCandidate;
use clap_complete::engine::{PathCompleter, ValueCompleter};
use clap_complete::env::{self, CompleteEnv, EnvCompleter, Shells};

use crate::built_in;
use conda_torch_core::conda::Subdir;
use conda_torch_host::LiveHost;
use conda_torch_probe::{Overrides, environment, probe};

use super::{Cli, Output};

const EXAMPLES: &str = "\
Examples:
  source <(conda-torch completions bash)      in ~/.bashrc
  source <(conda-torch completions zsh)       in ~/.zshrc, after `compinit`
  conda-torch completions fish | source       in ~/.config/fish/config.fish
  conda-torch completions powershell | Out-String | Invoke-Expression
                                              in $PROFILE";

/// The variable by which a shell asks for candidates.
const VARIABLE: &str = "CONDA_TORCH_COMPLETE";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The shell
    #[arg(value_parser = ["bash", "zsh", "fish", "powershell", "elvish"])]
    shell: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Output> {
    let shells = Shells::builtins();
    let shell = shells.completer(&args.shell).expect("clap accepts only these shells");
    let (name, mut script) = ("conda-torch", Vec::new());
    shell.write_registration(VARIABLE, name, name, name, &mut script)?;
    Ok(Output { stdout: String::from_utf8(script)?, code: 0 })
}

/// Answers a shell that asks for candidates, and ends the program.
pub(super) fn answer_shell() {
    CompleteEnv::with_factory(Cli::command).var(VARIABLE).shells(SHELLS).complete();
}

/// The shells, with fish in our own way.
const SHELLS: Shells<'static> =
    Shells(&[&env::Bash, &env::Elvish, &Fish, &env::Powershell, &env::Zsh]);

/// fish gives the word to complete as it is typed, with quotes and backslashes, and compares it without.
struct Fish;

impl EnvCompleter for Fish {
    fn name(&self) -> &'static str {
        env::Fish.name()
    }

    fn is(&self, name: &str) -> bool {
        env::Fish.is(name)
    }

    fn write_registration(
        &self,
        var: &str,
        name: &str,
        bin: &str,
        completer: &str,
        buffer: &mut dyn Write,
    ) -> io::Result<()> {
        env::Fish.write_registration(var, name, bin, completer, buffer)
    }

    fn write_complete(
        &self,
        command: &mut Command,
        mut words: Vec<OsString>,
        folder: Option<&Path>,
        buffer: &mut dyn Write,
    ) -> io::Result<()> {
        if let Some(word) = words.last_mut()
            && let Some(text) = word.to_str()
        {
            *word = unquoted(text).into();
        }
        env::Fish.write_complete(command, words, folder, buffer)
    }
}

/// A word of fish without the quote that it begins with, and without backslashes.
fn unquoted(word: &str) -> String {
    let word = word.strip_prefix(['\'', '"']).unwrap_or(word);
    let mut is_escaped = false;
    let is_kept = |c: &char| {
        is_escaped = *c == '\\' && !is_escaped;
        !is_escaped
    };
    word.chars().filter(is_kept).collect()
}

fn candidates(values: impl IntoIterator<Item = impl ToString>) -> Vec<CompletionCandidate> {
    values.into_iter().map(|value| CompletionCandidate::new(value.to_string())).collect()
}

pub(super) fn platforms() -> Vec<CompletionCandidate> {
    candidates(Subdir::WITH_PYTORCH)
}

/// The names of GPUs, also without the maker's brand, as most people type them.
pub(super) fn gpus() -> Vec<CompletionCandidate> {
    let names: Vec<&str> = built_in::matrix().gpu_names.iter().map(|gpu| &*gpu.name).collect();
    let short = names.iter().filter_map(|name| name.strip_prefix("GeForce "));
    candidates(short.filter(|name| !names.contains(name)).chain(names.iter().copied()))
}

/// The names that begin as what is typed, and files.
pub(super) fn names_and_files(
    names: impl Iterator<Item = &'static str>,
    typed: &OsStr,
) -> Vec<CompletionCandidate> {
    let text = typed.to_string_lossy();
    let mut found = candidates(names.filter(|name| name.starts_with(&*text)));
    found.extend(PathCompleter::any().complete(typed));
    found
}

pub(super) fn pytorch_versions() -> Vec<CompletionCandidate> {
    let mut versions: Vec<_> = built_in::matrix().builds.iter().map(|it| it.pytorch).collect();
    versions.sort();
    versions.dedup();
    candidates(versions.iter().rev())
}

pub(super) fn pythons() -> Vec<CompletionCandidate> {
    let pythons = built_in::matrix().builds.iter().flat_map(|it| [it.pythons.0, it.pythons.1]);
    let mut pythons: Vec<_> = pythons.collect();
    pythons.sort();
    pythons.dedup();
    candidates(pythons.iter().rev())
}

pub(super) fn cuda_versions() -> Vec<CompletionCandidate> {
    candidates(built_in::matrix().cuda_versions.iter().rev())
}

pub(super) fn environments() -> Vec<CompletionCandidate> {
    let host = LiveHost::new(None);
    let here = probe(&host, &Overrides::default());
    candidates(environment::all(&host, &here).into_iter().filter_map(|place| place.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_fish_is_compared_without_quotes() {
        for (word, expected) in [
            ("GeForce\\ GTX\\ 1080", "GeForce GTX 1080"),
            ("'GeForce GTX", "GeForce GTX"),
            ("\"GeForce GTX", "GeForce GTX"),
            ("a\\\\b", "a\\b"),
            ("linux-", "linux-"),
            ("", ""),
        ] {
            assert_eq!(unquoted(word), expected);
        }
    }
}
