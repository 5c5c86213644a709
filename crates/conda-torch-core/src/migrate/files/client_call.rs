//! A call of conda, mamba, micromamba or pixi: what it adds to which environment, and its edits.

use std::collections::HashSet;
use std::ops::Range;

use crate::conda::{ChannelKind, MatchSpec, Subdir};
use crate::types::{CudaVersion, Shell};

use super::environment_spec::{
    ChannelForm, ChannelLine, NewTexts, PlaceForChannel, RunPlace, SpecLine, SpecList,
};
use super::file_migration::FileError;
use super::packages::is_old;
use super::pixi_call::{self, PixiCommand, is_pixi_name};
use super::shell_words::{Form, Precondition, SimpleCommand, Word, arguments};
use super::text_edit::{ItemPlace, Lines, TextEdit, edit_item, item_place};
use super::variables::{Variables, has_variables, variable_of};

const CHANNEL_OPTIONS: [&str; 2] = ["-c", "--channel"];

/// Subcommands whose arguments are match specs.
const INSTALL: [&str; 5] = ["install", "create", "update", "upgrade", "add"];

/// Subcommands that only read channels.
const READ: [&str; 5] = ["search", "repoquery", "build", "mambabuild", "render"];

/// Words of `conda config` and `micromamba config` that add to a list.
const ADD: [&str; 5] = ["--add", "--append", "--prepend", "append", "prepend"];

/// The variable that declares a version of CUDA to every client.
pub(super) const CUDA_OVERRIDE: &str = "CONDA_OVERRIDE_CUDA";

/// The variable with the platform of an environment.
const SUBDIR: &str = "CONDA_SUBDIR";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subcommand {
    Install,
    Create,
    /// `config`, which adds channels to all environments.
    Config,
    /// `run`, before another command.
    Run,
    /// What reads channels and changes no environment: a search, the build of a recipe.
    Read,
}

/// A call: the words after the program.
#[derive(Debug, Clone)]
pub(super) struct ClientCall {
    pub subcommand: Subcommand,
    /// The command of pixi, if it is one.
    pub pixi: Option<PixiCommand>,
    /// Whether the workspace that it adds to declares no CUDA, as far as the text tells.
    pub lacks_cuda: bool,
    pub words: Vec<Word>,
    pub form: Form,
    /// The byte at which the program begins.
    pub start: usize,
    /// Whether words stand before the program.
    has_words_before: bool,
    /// The place of the subcommand among the words; `None` if all are arguments.
    at: Option<usize>,
    /// The CUDA that is declared to it.
    cuda_override: Option<String>,
    /// The platform that is set for it alone.
    own_platform: Option<String>,
}

impl ClientCall {
    /// The call in a command, if it is one.
    ///
    /// `functions`: those of the script that run their arguments.
    pub(super) fn find(
        text: &str,
        command: &SimpleCommand,
        variables: &Variables,
        functions: &HashSet<String>,
    ) -> Option<Self> {
        // Whether a program stands before it that runs what follows.
        let mut is_run = false;
        // Where the options of a client end that is not the one.
        let mut options_end = 0;
        for (index, program) in command.words.iter().enumerate() {
            let words = &command.words[index + 1..];
            let may_call = index >= options_end && !words.is_empty();
            let is_call = may_call && is_client(&program.text, variables);
            let is_pixi = is_call && is_pixi(&program.text, variables);
            let called = match is_call {
                true if is_pixi => pixi_call::command(words)
                    .map(|(at, command)| (at, subcommand_of(command), Some(command))),
                true => subcommand(words).map(|(at, subcommand)| (at, subcommand, None)),
                false => None,
            };
            let Some((at, subcommand, pixi)) = called else {
                if is_call && !is_pixi {
                    // Without an argument, all that follow are options.
                    options_end = index + 1 + arguments(words, has_value).next()?;
                }
                is_run |= is_runner(program) || index == 0 && functions.contains(&program.text);
                if !is_run && !may_precede(program) {
                    return None;
                }
                continue;
            };
            let before = command.words[..index].iter().rev();
            let own = before.clone().find_map(|word| value_of(&word.text, CUDA_OVERRIDE));
            let set = || variables.expand(&format!("${CUDA_OVERRIDE}"));
            let own_platform = before.clone().find_map(|word| value_of(&word.text, SUBDIR));
            let written = &text[program.range.clone()];
            let marks = written.len() - written.trim_start_matches(['!', '%', '@', '-']).len();
            return Some(Self {
                subcommand,
                pixi,
                lacks_cuda: false,
                words: words.to_vec(),
                form: command.form,
                start: program.range.start + marks,
                has_words_before: index > 0,
                at: Some(at),
                cuda_override: own.map(str::to_owned).or_else(set),
                own_platform: own_platform.map(str::to_owned),
            });
        }
        None
    }

    /// The call of a function that has it.
    pub(super) fn started_at(self, start: usize) -> Self {
        Self { start, has_words_before: false, ..self }
    }

    /// The arguments of a client without the call, as an action takes them, or the channels of a configuration.
    pub(super) fn of_words(subcommand: Subcommand, words: Vec<Word>, form: Form) -> Self {
        let start = words.first().map_or(0, |word| word.range.start);
        Self {
            subcommand,
            pixi: None,
            lacks_cuda: false,
            words,
            form,
            start,
            has_words_before: false,
            at: None,
            cuda_override: None,
            own_platform: None,
        }
    }

    /// The value of an option, as written.
    fn option(&self, names: [&str; 2]) -> Option<&str> {
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            let text = word.text.as_str();
            if names.contains(&text) || option_at_end(text).is_some_and(|own| own == names[0]) {
                return words.next().map(|value| value.text.as_str());
            }
            // `-nNAME`, `-n=NAME`, `-p/path`
            let joined = text.strip_prefix(names[0]).filter(|_| is_joined(text));
            if let Some(value) = joined {
                return Some(value.strip_prefix('=').unwrap_or(value));
            }
            if let Some(value) = text.strip_prefix(names[1]).and_then(|rest| rest.strip_prefix('='))
            {
                return Some(value);
            }
        }
        None
    }

    /// The name or the folder of its environment; with its variables if one is unknown. Of pixi, the workspace with the
    /// feature and the platforms, if it is not for all.
    pub(super) fn environment(&self, variables: &Variables) -> Option<String> {
        if let Some(pixi) = self.pixi {
            if !pixi.is_of_workspace() {
                return Some(format!("pixi {}", self.start));
            }
            let mut name = self.workspace();
            for names in [["-f", "--feature"], ["-e", "--environment"], ["-p", "--platform"]] {
                if let Some(value) = self.option(names).filter(|_| pixi == PixiCommand::Add) {
                    name.extend([" ", names[1], " ", value]);
                }
            }
            return Some(name);
        }
        let name = self.option(["-n", "--name"]).or_else(|| self.option(["-p", "--prefix"]))?;
        Some(variables.expand(name).unwrap_or_else(|| name.to_owned()))
    }

    /// The name for pixi's workspace, without feature and platform.
    pub(super) fn workspace(&self) -> String {
        format!("pixi {}", self.option(["-m", "--manifest-path"]).unwrap_or_default())
    }

    /// The platform that it is for, if it names one.
    pub(super) fn platform(&self, variables: &Variables) -> Option<Subdir> {
        let short = self.pixi.and_then(|_| self.option(["-p", "--platform"]));
        let option = self.option(["--platform"; 2]).or_else(|| self.option(["--subdir"; 2]));
        let option = option.or(short);
        let own = option.or(self.own_platform.as_deref()).map(str::to_owned);
        own.or_else(|| variables.expand(&format!("${SUBDIR}")))?.parse().ok()
    }

    /// Whether a version of CUDA is declared to it.
    pub(super) const fn has_cuda_override(&self) -> bool {
        self.cuda_override.is_some()
    }

    /// The file that it reads.
    pub(super) fn file(&self) -> Option<&str> {
        if self.pixi.is_some() {
            return None;
        }
        self.option(["-f", "--file"])
    }

    /// The file of an environment that it reads.
    pub(super) fn environment_file(&self) -> Option<&str> {
        let file = self.file()?;
        let (_, extension) = file.rsplit_once('.')?;
        matches!(extension.to_ascii_lowercase().as_str(), "yml" | "yaml").then_some(file)
    }

    /// Takes arguments away that something is known of.
    pub(super) fn take_arguments<T>(
        &mut self,
        mut known: impl FnMut(&str) -> Option<T>,
    ) -> impl Iterator<Item = T> {
        let own = self.at;
        let places = arguments(&self.words, has_value).filter(|at| own.is_none_or(|own| *at > own));
        let mut found = Vec::new();
        let mut is_taken = vec![false; self.words.len()];
        for at in places {
            let word = &self.words[at];
            if word.quote != Some('\'')
                && let Some(value) = known(&word.text)
            {
                is_taken[at] = true;
                found.push(value);
            }
        }
        let mut is_taken = is_taken.into_iter();
        self.words.retain(|_| !is_taken.next().unwrap_or(false));
        found.into_iter()
    }

    /// Whether it asks for a package that conda-forge does not have.
    pub(super) fn names_old_package(&self) -> bool {
        let specs = self.words.iter().filter_map(|word| MatchSpec::parse(&word.text));
        specs.into_iter().any(|spec| is_old(&spec))
    }

    /// The command after `run`.
    pub(super) fn inner(&self) -> Option<SimpleCommand> {
        let first = self.at? + 1;
        let start = first + arguments(&self.words[first..], has_value).next()?;
        let words = self.words[start..].to_vec();
        Some(SimpleCommand { words, form: self.form, precondition: Precondition::None })
    }

    /// The channels and packages that it names.
    pub(super) fn list(
        &self,
        lines: &Lines<'_>,
        variables: &Variables,
        place: RunPlace,
    ) -> SpecList {
        let mut list = SpecList {
            place,
            declared_cuda: self.cuda_override.clone().filter(|_| place != RunPlace::Anywhere),
            ..SpecList::default()
        };
        let line = |word: &Word| lines.at(word.range.start);
        let channel = |word: &Word, name: &str| ChannelLine {
            at: word.range.start,
            line: line(word),
            name: channel_name(name, variables),
        };
        if let Form::Items { .. } = self.form {
            for word in &self.words {
                if self.subcommand == Subcommand::Config {
                    list.channels.push(channel(word, &word.text));
                } else {
                    let line = SpecLine::new(word.range.start, line(word), &word.text);
                    list.specs.push(match variables.expand(&word.text) {
                        Some(values) => line.with_values(&values),
                        None => line.with_variants(&variables.expansions(&word.text)).named(),
                    });
                }
            }
        } else if self.subcommand == Subcommand::Config && self.pixi.is_none() {
            // `config --add channels pytorch`
            if self.words.iter().any(|word| ADD.contains(&word.text.as_str())) {
                for pair in self.words.windows(2) {
                    if pair[0].text == "channels" {
                        list.channels.push(channel(&pair[1], &pair[1].text));
                    }
                }
            }
        } else if self.pixi != Some(PixiCommand::DeclareCuda) {
            let mut option = "";
            for (at, word) in self.words.iter().enumerate() {
                let text = word.text.as_str();
                if !option.is_empty() {
                    if CHANNEL_OPTIONS.contains(&option) {
                        list.channels.push(channel(word, text));
                    } else if self.pixi.is_some_and(|pixi| pixi.has_specs(option)) {
                        list.specs.push(SpecLine::new(word.range.start, line(word), text));
                    }
                    option = "";
                } else if self.has_value(text) {
                    option = match self.pixi {
                        Some(_) => text,
                        None => option_at_end(text).unwrap_or(text),
                    };
                } else if !channel_prefix(text).is_empty() {
                    list.channels.push(channel(word, &text[channel_prefix(text).len()..]));
                } else if !text.starts_with('-')
                    && self.subcommand != Subcommand::Read
                    && self.at.is_none_or(|own| at > own)
                {
                    match self.pixi {
                        None | Some(PixiCommand::Add | PixiCommand::Global) => {}
                        Some(PixiCommand::ChannelAdd) => {
                            list.channels.push(channel(word, text));
                            continue;
                        }
                        Some(PixiCommand::Init) => continue,
                        // The command that runs in the environment.
                        Some(PixiCommand::Exec | PixiCommand::DeclareCuda) => break,
                    }
                    let line = SpecLine::new(word.range.start, line(word), text);
                    let is_literal =
                        word.quote == Some('\'') && matches!(self.form, Form::Shell { .. });
                    let values = variables.expand(text).filter(|_| !is_literal);
                    if values.as_ref().is_some_and(|values| values.trim().is_empty()) {
                        continue;
                    }
                    list.specs.push(match values {
                        Some(values) => line.with_values(&values),
                        None => line.with_variants(&variables.expansions(text)).named(),
                    });
                }
            }
        }
        // pixi's default is conda-forge alone.
        list.has_forge = self.pixi.is_some() || list.names_forge();
        let behind = list.channels.last().map(|channel| channel.at);
        list.place_for_channel = self.place_for_channel(behind, lines);
        list
    }

    /// Whether the next word is the value of an option.
    fn has_value(&self, text: &str) -> bool {
        if self.pixi.is_some() { pixi_call::has_value(text) } else { has_value(text) }
    }

    /// Where it can get a channel; `behind`: where its last one begins.
    fn place_for_channel(
        &self,
        behind: Option<usize>,
        lines: &Lines<'_>,
    ) -> Option<PlaceForChannel> {
        let own = &self.words[self.at?];
        let word = match behind {
            Some(start) => self.words.iter().find(|word| word.range.start == start)?,
            None => own,
        };
        // The command of a function is for all its calls.
        let end = self.words.last()?.range.end;
        if own.range.start < self.start
            || end < word.range.end
            || word.range.start < own.range.start
        {
            return None;
        }
        if self.pixi.is_some()
            || !matches!(self.subcommand, Subcommand::Install | Subcommand::Create)
        {
            return None;
        }
        let form = match self.form {
            Form::Strings => ChannelForm::Elements(word.quote?),
            Form::Shell { .. } => ChannelForm::Option,
            Form::Saved | Form::Items { .. } => return None,
        };
        let at = word.range.end;
        Some(PlaceForChannel { at, line: lines.at(at), form })
    }

    /// The edits for new texts of its channels and packages.
    pub(super) fn edits(
        &self,
        lines: &Lines<'_>,
        new_texts: &NewTexts,
    ) -> Result<Vec<TextEdit>, FileError> {
        let words = &self.words;
        let new = |at: usize| new_texts.get(&words.get(at)?.range.start);
        let is_list = matches!(self.form, Form::Items { .. });
        let is_removed = |at: usize| {
            let text = words[at].text.as_str();
            let has_specs = self.pixi.is_some_and(|pixi| pixi.has_specs(text));
            let is_option = (CHANNEL_OPTIONS.contains(&text) || has_specs) && !is_list;
            new(if is_option { at + 1 } else { at }).is_some_and(Vec::is_empty)
        };
        let refused = |word: &Word| FileError::NotInPlace {
            line: lines.at(word.range.start),
            text: word.text.clone(),
        };
        let quoted = |new: &String, word: &Word| {
            // No shell reads the arguments of an action.
            quoted(
                &format!("{}{new}", channel_prefix(&word.text)),
                word,
                self.form,
                self.at.is_none(),
            )
        };
        let mut edits = Vec::new();
        if matches!(self.form, Form::Strings | Form::Items { .. }) {
            let (items, blocks): (Vec<ItemPlace>, Vec<bool>) = words
                .iter()
                .map(|word| match self.form {
                    Form::Items { .. } | Form::Strings => {
                        item_place(lines.text, word.range.clone())
                    }
                    Form::Shell { .. } | Form::Saved => (word.range.clone().into(), false),
                })
                .unzip();
            let is_block = self.form == Form::Items { is_block: true }
                || self.form == Form::Strings && blocks.first() == Some(&true);
            let last_kept = (0..words.len()).rev().find(|at| !is_removed(*at));
            for (at, word) in words.iter().enumerate() {
                let texts = match new(at) {
                    _ if is_removed(at) => Vec::new(),
                    Some(new) => new.iter().map(|new| quoted(new, word)).collect(),
                    None => continue,
                };
                let edit = edit_item(lines, &items, at, last_kept, &texts, is_block);
                edits.extend(edit.ok_or_else(|| refused(word))?);
            }
            return Ok(edits);
        }
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let removed = (at..words.len()).take_while(|at| is_removed(*at)).count();
            if removed > 0 {
                // `-yc pytorch` becomes `-y`.
                let before = at.checked_sub(1).map(|before| &words[before]);
                if let Some(option) = before.filter(|word| option_at_end(&word.text) == Some("-c"))
                {
                    let flags = &option.text[..option.text.len() - 1];
                    edits.push(TextEdit::new(option.range.clone(), flags));
                }
                let range = removal(lines.text, words, at, at + removed - 1);
                edits.push(TextEdit::new(range.ok_or_else(|| refused(word))?, ""));
                at += removed;
                continue;
            }
            if let Some(new) = new(at) {
                let new: Vec<String> = new.iter().map(|new| quoted(new, word)).collect();
                // Each package of `exec` has an option of its own.
                let option = at.checked_sub(1).map(|before| words[before].text.as_str());
                let option = option.filter(|it| self.pixi.is_some_and(|pixi| pixi.has_specs(it)));
                let between = option.map_or_else(|| " ".to_owned(), |option| format!(" {option} "));
                edits.push(TextEdit::new(word.range.clone(), new.join(&between)));
            }
            at += 1;
        }
        Ok(edits)
    }

    /// Declares a version of CUDA to the client; `None` if the shell has no form for that on one line.
    pub(super) fn declare_cuda(&self, cuda: CudaVersion) -> Option<TextEdit> {
        self.at?;
        let at = self.start..self.start;
        match self.form {
            Form::Strings => {
                Some(TextEdit::new(at, format!("\"env\", \"{CUDA_OVERRIDE}={cuda}\", ")))
            }
            Form::Shell { shell: Shell::Posix, .. } => {
                let program = if self.has_words_before { "env " } else { "" };
                Some(TextEdit::new(at, format!("{program}{CUDA_OVERRIDE}={cuda} ")))
            }
            Form::Shell { .. } | Form::Saved | Form::Items { .. } => None,
        }
    }
}

/// Whether a word can stand before a client that is run, and is not of a sentence.
fn may_precede(word: &Word) -> bool {
    let text = word.text.as_str();
    text.starts_with(['-', '(', '[', '@'])
        || variable_of(text).is_some()
        || text.ends_with(['$', '>', '#', '%', ':', ']', ')'])
        || text.contains('=')
        || text.starts_with(|c: char| c.is_ascii_digit())
        || is_wrapper(text)
}

fn is_runner(word: &Word) -> bool {
    let name = word.text.rsplit(['/', '\\']).next().unwrap_or_default();
    runs_commands(name)
}

/// Whether the value of an option is the next word.
fn is_option_with_value(word: &str) -> bool {
    matches!(
        word,
        "-n" | "--name"
            | "-p"
            | "--prefix"
            | "-c"
            | "--channel"
            | "-f"
            | "--file"
            | "-r"
            | "--root-prefix"
            | "--solver"
            | "--experimental-solver"
            | "--platform"
            | "--subdir"
            | "--repodata-fn"
            | "--rc-file"
            | "--channel-priority"
            | "--revision"
            | "--clone"
            | "--cwd"
            | "--root"
    )
}

/// Whether a word may stand before a client in its command.
fn is_wrapper(word: &str) -> bool {
    matches!(
        word,
        "time"
            | "exec"
            | "nohup"
            | "env"
            | "command"
            | "call"
            | "builtin"
            | "nice"
            | "ionice"
            | "xvfb-run"
            | "timeout"
            | "retry"
            | "travis_retry"
            | "then"
            | "do"
            | "else"
            | "if"
            | "elif"
            | "while"
            | "until"
            | "and"
            | "or"
            | "not"
            | "start"
            | "stdbuf"
            | "unbuffer"
            | "CALL"
            | "/wait"
            | "eval"
            | "run"
            | "PS"
            | "RUN"
            | "COMMAND"
            | "-"
            | "*"
            | "@"
            | "&"
            | "$"
            | ">"
            | "%"
            | "#"
            | "!"
            | "{"
    )
}

/// Whether words may stand before a command that is run.
pub(super) fn may_run(word: &str) -> bool {
    is_wrapper(word) || runs_commands(word) || word.contains('=')
}

/// Whether a program runs the command after its own words.
fn runs_commands(word: &str) -> bool {
    matches!(
        word,
        "sudo"
            | "doas"
            | "su-exec"
            | "taskset"
            | "numactl"
            | "strace"
            | "mpiexec"
            | "salloc"
            | "tini"
            | "docker"
            | "podman"
            | "nerdctl"
            | "singularity"
            | "apptainer"
            | "srun"
            | "mpirun"
            | "ssh"
            | "su"
            | "runuser"
            | "gosu"
            | "kubectl"
            | "wsl"
            | "wsl.exe"
            | "bash"
            | "sh"
            | "zsh"
            | "cmd"
            | "cmd.exe"
            | "powershell"
            | "pwsh"
            | "parallel"
            | "xargs"
            | "flock"
            | "chroot"
            | "fakeroot"
    )
}

/// The subcommand and its place.
fn subcommand(words: &[Word]) -> Option<(usize, Subcommand)> {
    let mut places = arguments(words, has_value);
    let at = places.next()?;
    let subcommand = match words[at].text.as_str() {
        "create" => Subcommand::Create,
        "config" => Subcommand::Config,
        "run" => Subcommand::Run,
        "env" => {
            let next = places.next()?;
            return match words[next].text.as_str() {
                "create" => Some((next, Subcommand::Create)),
                "update" => Some((next, Subcommand::Install)),
                _ => None,
            };
        }
        name if INSTALL.contains(&name) => Subcommand::Install,
        name if READ.contains(&name) => Subcommand::Read,
        _ => return None,
    };
    Some((at, subcommand))
}

/// What a command of pixi does, in the words for the other clients.
fn subcommand_of(command: PixiCommand) -> Subcommand {
    match command {
        PixiCommand::Init | PixiCommand::ChannelAdd | PixiCommand::DeclareCuda => {
            Subcommand::Config
        }
        PixiCommand::Add => Subcommand::Install,
        PixiCommand::Global | PixiCommand::Exec => Subcommand::Create,
    }
}

/// Whether a word is an option with its value in the next word.
pub(super) fn has_value(text: &str) -> bool {
    text.starts_with('-') && (is_option_with_value(text) || option_at_end(text).is_some())
}

/// Whether a word is a short option with its value behind it: `-nNAME`, `-p/path`.
fn is_joined(text: &str) -> bool {
    text.strip_prefix(['-']).is_some_and(|rest| {
        let mut characters = rest.chars();
        matches!(characters.next(), Some('n' | 'p' | 'f')) && characters.next().is_some()
    })
}

/// The option with a value at the end of several in one word: `-yn`.
fn option_at_end(text: &str) -> Option<&'static str> {
    let flags = text.strip_prefix('-')?.trim_start_matches(['y', 'q', 'v', 'd', 'k']);
    let is_one = flags.len() == 1 && text.len() > 2;
    ["-n", "-p", "-c", "-f"].into_iter().find(|option| is_one && option.ends_with(flags))
}

/// The value that a word gives to a variable.
fn value_of<'w>(word: &'w str, name: &str) -> Option<&'w str> {
    word.strip_prefix(name)?.strip_prefix('=')
}

/// The name of a program, without its folder and ending.
fn program_name(word: &str) -> &str {
    let word = word.trim_start_matches(['!', '%', '@', '-']);
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    let is_ending =
        |end: &str| [".exe", ".bat", ".cmd"].iter().any(|it| end.eq_ignore_ascii_case(it));
    match name.len().checked_sub(4).and_then(|stem| name.split_at_checked(stem)) {
        Some((stem, end)) if is_ending(end) => stem,
        Some(_) | None => name,
    }
}

/// Whether a word is the name of a client.
pub(super) fn is_client_name(text: &str) -> bool {
    let name = program_name(text);
    ["conda", "mamba", "micromamba", "pixi"].iter().any(|client| name.eq_ignore_ascii_case(client))
}

/// Whether a word is a client, by its name or by a variable that has it.
fn is_client(word: &str, variables: &Variables) -> bool {
    if is_client_name(word) {
        return true;
    }
    let program = program_name(word);
    if !has_variables(program) {
        return false;
    }
    let values = variables.values(word);
    if values.is_empty() {
        // Set by the clients: `CONDA_EXE`, `MAMBA_EXE`.
        let program = program.to_ascii_lowercase();
        return ["conda", "mamba"].iter().any(|client| program.contains(client));
    }
    values.iter().all(|value| is_client_name(value))
}

/// Whether a client is pixi.
fn is_pixi(word: &str, variables: &Variables) -> bool {
    is_pixi_name(program_name(word))
        || variables.values(word).iter().any(|value| is_pixi_name(program_name(value)))
}

/// A channel with the values of its variables; with the first of several, if all of them are the old channel.
fn channel_name(name: &str, variables: &Variables) -> String {
    let values = variables.values(name);
    let are_old = |value: &String| ChannelKind::of(value) == ChannelKind::Pytorch;
    match values.as_slice() {
        [value] => value.clone(),
        [first, ..] if values.iter().all(are_old) => first.clone(),
        _ => name.to_owned(),
    }
}

/// The option before the name of a channel in the same word.
fn channel_prefix(word: &str) -> &'static str {
    let prefixes = ["--channel=", "-c=", "-c"];
    prefixes
        .into_iter()
        .find(|prefix| word.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()))
        .unwrap_or_default()
}

/// A run of words with the blanks before it, or after it if it begins a line; `None` if a comment prevents it.
fn removal(text: &str, words: &[Word], first: usize, last: usize) -> Option<Range<usize>> {
    let Some(before) = first.checked_sub(1) else {
        let end = words.get(last + 1).map_or(words[last].range.end, |next| next.range.start);
        return Some(words[first].range.start..end);
    };
    let end = words[last].range.end;
    let gap = words.get(before)?.range.end..words[first].range.start;
    let gap_before = &text[gap.clone()];
    if let Some(next) = words.get(last + 1) {
        let gap_after = &text[end..next.range.start];
        if gap_before.contains('\n') && !gap_after.contains('\n') {
            let blanks = gap_after.len() - gap_after.trim_start_matches([' ', '\t']).len();
            return Some(words[first].range.start..end + blanks);
        }
    }
    // A variable that is a list of its own may stand between.
    let blanks = [' ', '\t', '\\', '`', '^', '\n', '\r'];
    let start = gap.start + gap_before.trim_end_matches(blanks).len();
    (!gap_before.contains('#')).then_some(start..end)
}

/// A word with the quotes of the old one, or with some if its form needs them; `is_item`: no shell reads it.
fn quoted(text: &str, old: &Word, form: Form, is_item: bool) -> String {
    let (special, other): (&[char], char) = match form {
        // Which has no quotes within quotes, and reads `*` as it is.
        Form::Shell { shell: Shell::Cmd, within: Some('"') } => (&[' ', '<', '>', '|', ','], '"'),
        Form::Shell { within: Some('"'), .. } => (&[' ', '<', '>', '*', '[', ']', '|', ','], '\''),
        Form::Shell { .. } | Form::Strings | Form::Saved | Form::Items { .. } => {
            (&[' ', '<', '>', '*', '[', ']', '|', ','], '"')
        }
    };
    // GitHub replaces `${{ … }}` before a shell reads the line.
    let without_expressions = || {
        let parts = text.split("${{").enumerate();
        let rest = parts.map(|(at, part)| match part.split_once("}}") {
            Some((_, rest)) if at > 0 => rest,
            Some(_) | None => part,
        });
        rest.collect::<String>()
    };
    let is_needed = form == Form::Strings || !is_item && without_expressions().contains(special);
    match old.quote.or(is_needed.then_some(other)) {
        Some(quote) => format!("{quote}{text}{quote}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_in_one_word_have_their_value_behind_them() {
        for (text, option) in [
            ("-yn", Some("-n")),
            ("-qyp", Some("-p")),
            ("-yc", Some("-c")),
            ("-n", None),
            ("-cpytorch", None),
            ("-y", None),
            ("-yq", None),
            ("--n", None),
        ] {
            assert_eq!(option_at_end(text), option, "{text}");
        }
    }
}
