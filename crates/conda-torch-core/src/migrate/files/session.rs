//! The commands of a script in order, read into the environments that they work on.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use crate::conda::{ChannelKind, MatchSpec, Subdir, Version};
use crate::types::Shell;

use super::client_call::{CUDA_OVERRIDE, ClientCall, Subcommand, may_run};
use super::environment_spec::{Environment, RunPlace, SpecLine, SpecList};
use super::file_migration::{FileError, FileNote};
use super::file_specs::FileSpecs;
use super::packages::{PackageRole, is_old, role};
use super::pip_requirements;
use super::pixi_call::PixiCommand;
use super::shell_words::{
    Form, Precondition, ShellText, SimpleCommand, SimpleCommands, Word, powershell_strings,
};
use super::text_edit::Lines;
use super::variables::{Variables, assignment, variable_of};
use super::yaml_lists::EnvironmentDocument;

/// How a text has its commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// A script: every command runs, in order.
    Script,
    /// A document: a command that names PyTorch again is an alternative to the one before.
    Document,
}

/// The name of an environment in a script.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum EnvironmentName {
    /// The one that is active at the start.
    Current,
    Named(String),
}

impl EnvironmentName {
    /// A name or folder, as `-n`, `-p` and `activate` take it.
    pub(super) fn of(text: &str) -> Self {
        let text = text.trim_end_matches(['/', '\\']);
        let name = text.rsplit_once("/envs/").map_or(text, |(_, name)| name);
        Self::Named(name.strip_prefix("./").unwrap_or(name).to_owned())
    }
}

/// How the names of Miniconda's installers begin that have their Python:
/// <https://docs.anaconda.com/miniconda/miniconda-hashes/>.
const INSTALLER: &str = "Miniconda3-py3";

/// Whether a text is the minor version of a Python.
fn is_minor(text: &str) -> bool {
    matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The arms of the branches that a command is in: the number of the branch, and the arm.
pub(super) type Arms = Vec<(usize, usize)>;

/// The branches that are told apart: those within them count as none.
const MOST_BRANCHES: usize = 16;

/// One way through a script: the lists that an environment is made of, and what excludes others.
#[derive(Debug, Clone, Default)]
struct Way {
    lists: Vec<usize>,
    /// The arm of each branch that they are in.
    arms: HashMap<usize, usize>,
    names_torch: bool,
    cuda: Option<Version>,
    /// The platform that a command names.
    platform: Option<Subdir>,
}

impl Way {
    /// Its lists and platforms; `likely`: those to assume.
    fn into_parts(self, likely: &[Subdir]) -> (Vec<usize>, Vec<Subdir>) {
        (self.lists, self.platform.map_or_else(|| likely.to_vec(), |platform| vec![platform]))
    }

    /// Whether a command in these arms never runs together with its lists.
    fn is_in_other_arm(&self, arms: &[(usize, usize)]) -> bool {
        arms.iter().any(|(branch, arm)| self.arms.get(branch).is_some_and(|own| own != arm))
    }
}

/// An environment file that a script writes.
#[derive(Debug, Clone)]
struct SavedEnvironment {
    name: Option<String>,
    lists: Vec<usize>,
    /// Whether an environment is made of it.
    is_used: bool,
}

/// The words that a variable is given in one place.
#[derive(Debug, Clone)]
struct AssignedWords {
    words: Vec<Word>,
    form: Form,
    arms: Arms,
}

/// By the name of the variable in lower case. Copies share them.
type WordsOfVariables = Rc<HashMap<Rc<str>, Rc<Vec<AssignedWords>>>>;

/// What the environments of a stage, a job or a script have in common.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    environments: BTreeMap<EnvironmentName, Vec<Way>>,
    /// Channels that a configuration adds to all environments.
    configurations: Vec<usize>,
    /// The environment of a command that names none, in a new shell.
    pub default: EnvironmentName,
    pub active: EnvironmentName,
    /// The platforms to assume.
    pub platforms: Vec<Subdir>,
    pub place: RunPlace,
    pub variables: Variables,
    assigned_words: WordsOfVariables,
    /// Whether a command declares CUDA to a workspace of pixi.
    workspace_has_cuda: bool,
    /// The lists in variables that an environment has already.
    attached: HashSet<(usize, EnvironmentName)>,
}

impl Scope {
    pub(super) fn new(default: EnvironmentName, place: RunPlace, platforms: Vec<Subdir>) -> Self {
        Self {
            environments: BTreeMap::new(),
            configurations: Vec::new(),
            active: default.clone(),
            default,
            platforms,
            place,
            variables: Variables::default(),
            assigned_words: WordsOfVariables::default(),
            workspace_has_cuda: false,
            attached: HashSet::new(),
        }
    }

    /// With the variables of another.
    pub(super) fn with_variables_of(self, other: &Self) -> Self {
        let variables = other.variables.clone();
        Self { variables, assigned_words: other.assigned_words.clone(), ..self }
    }

    /// How much a copy of it costs, in lists. A variable that is changed is one of them.
    fn size(&self) -> usize {
        let ways = self.environments.values().flatten().map(|way| 1 + way.lists.len());
        let variables = self.variables.len() + self.assigned_words.len();
        1 + variables + self.attached.len() + ways.sum::<usize>()
    }
}

/// The most lists of all environments together, with the variables of their scopes.
const MOST_LISTS: usize = 500_000;

/// The most values of a variable with packages.
const MOST_ASSIGNED: usize = 8;

/// The most variables whose words are followed.
const MOST_NAMES: usize = 1000;

/// How deep commands in quotes are followed.
const MOST_QUOTES: usize = 4;

pub(super) struct Session<'t> {
    pub text: &'t str,
    pub lines: Lines<'t>,
    reading: Reading,
    pub file: FileSpecs,
    /// The call of each list.
    pub calls: Vec<ClientCall>,
    /// Of each list.
    arms: Vec<Arms>,
    /// Of each list.
    facts: Vec<ListFacts>,
    finished: Vec<(Vec<usize>, Vec<Subdir>)>,
    pub scope: Scope,
    /// Those around the scope.
    outer: Vec<Scope>,
    branches: usize,
    /// Whether the text is about GPUs or PyTorch.
    is_for_gpus: bool,
    /// The functions that run their arguments.
    functions: HashSet<String>,
    /// The functions that give their arguments to a client, with the command.
    wrappers: HashMap<String, Range<usize>>,
    /// Where their commands end, by where they begin.
    wrapper_ends: BTreeMap<usize, usize>,
    /// The platform of the command that is read.
    platform: Option<Subdir>,
    /// The Python of the installer that was named last: that of the environment that it makes.
    installed_python: Option<String>,
    memberships: usize,
    packages: usize,
    /// The lists in values of variables, by the bytes at which they begin.
    assigned_lists: HashMap<usize, usize>,
    /// Those whose words are read again, as by an alias of YAML, by the bytes of their words.
    known_lists: HashMap<(usize, usize), usize>,
    /// The environment files that the text writes.
    saved: Vec<SavedEnvironment>,
    /// Their places, by the last part of their paths.
    saved_names: HashMap<String, usize>,
}

impl<'t> Session<'t> {
    pub(super) fn new(text: &'t str, reading: Reading, scope: Scope) -> Self {
        let wrappers = wrappers(text);
        Self {
            text,
            lines: Lines::of(text),
            reading,
            file: FileSpecs::default(),
            calls: Vec::new(),
            arms: Vec::new(),
            facts: Vec::new(),
            finished: Vec::new(),
            scope,
            outer: Vec::new(),
            branches: 0,
            is_for_gpus: ["cuda", "torch", "nvidia", "gpu"].iter().any(|word| text.contains(word)),
            wrapper_ends: wrappers.values().map(|body| (body.start, body.end)).collect(),
            wrappers,
            functions: functions_that_run(text),
            platform: None,
            installed_python: None,
            memberships: 0,
            packages: 0,
            assigned_lists: HashMap::new(),
            known_lists: HashMap::new(),
            saved: Vec::new(),
            saved_names: HashMap::new(),
        }
    }

    /// The number of a new branch.
    pub(super) fn new_branch(&mut self) -> usize {
        self.branches += 1;
        self.branches
    }

    /// Whether nothing but blanks stands before a byte on its line.
    pub(super) fn begins_line(&self, at: usize) -> bool {
        let line = self.lines.whole(at);
        self.text[line.start..at].trim().is_empty()
    }

    /// Begins another stage or job in the place of the current one, which ends.
    pub(super) fn next(&mut self, scope: Scope) -> Result<(), FileError> {
        self.enter(scope)?;
        if let Some(old) = self.outer.pop() {
            self.end(&old);
        }
        Ok(())
    }

    /// Begins another row of a matrix, whose lists have values of their own.
    pub(super) fn begin_row(&mut self) {
        self.known_lists.clear();
    }

    /// Begins a stage or job within the current one.
    pub(super) fn enter(&mut self, scope: Scope) -> Result<(), FileError> {
        self.count(scope.size())?;
        let old = std::mem::replace(&mut self.scope, scope);
        self.outer.push(old);
        Ok(())
    }

    /// Counts lists and variables of scopes, of which branches and stages can make very many.
    pub(super) fn count(&mut self, lists: usize) -> Result<(), FileError> {
        self.memberships += lists;
        if self.memberships > MOST_LISTS { Err(FileError::TooManyWays) } else { Ok(()) }
    }

    /// Ends a stage or job, and goes on in the one around it.
    pub(super) fn leave(&mut self) {
        if let Some(outer) = self.outer.pop() {
            let inner = std::mem::replace(&mut self.scope, outer);
            self.end(&inner);
        }
    }

    /// Keeps the environments of a scope that ended.
    fn end(&mut self, scope: &Scope) {
        for way in scope.environments.values().flatten() {
            let (mut way, platforms) = way.clone().into_parts(&scope.platforms);
            if !scope.configurations.is_empty() {
                let lists = &mut self.file.lists;
                let has_forge = scope.configurations.iter().any(|list| lists[*list].names_forge());
                for list in &way {
                    lists[*list].has_forge |= has_forge;
                }
                way.splice(0..0, scope.configurations.iter().copied());
            }
            self.finished.push((way, platforms));
        }
    }

    /// Follows code in a sentence, which changes nothing: the environment that it makes active, and its Python.
    pub(super) fn read_inline(&mut self, range: Range<usize>) -> Result<(), FileError> {
        let text = self.text;
        let source = ShellText::new(text, range, Shell::Posix);
        for command in SimpleCommands::of(&source) {
            let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
            if let [
                "conda" | "source" | "mamba" | "micromamba",
                word @ ("activate" | "deactivate"),
                ..,
            ] = words.as_slice()
            {
                self.activate(word, words.get(2).copied());
            } else if let Some(call) =
                ClientCall::find(text, &command, &self.scope.variables, &self.functions)
            {
                let list = call.list(&self.lines, &self.scope.variables, self.scope.place);
                let is_new = matches!(call.subcommand, Subcommand::Create | Subcommand::Install);
                if is_new && !list.specs.is_empty() && !is_about_torch(&list) {
                    let name = call.environment(&self.scope.variables);
                    self.add(call, list, name.map(|name| EnvironmentName::of(&name)), &[])?;
                }
            }
        }
        Ok(())
    }

    /// Runs a text in a new shell, whose activations end with it.
    pub(super) fn run_in_shell(&mut self, source: &ShellText<'_>) -> Result<(), FileError> {
        self.run_in_arms(source, &[], true)
    }

    /// Runs a text in the shell that is there.
    pub(super) fn run(&mut self, source: &ShellText<'_>) -> Result<(), FileError> {
        self.run_quoted(source, &[], 0)
    }

    /// Runs a text that is for a platform.
    pub(super) fn run_on(
        &mut self,
        platform: Option<Subdir>,
        source: &ShellText<'_>,
    ) -> Result<(), FileError> {
        let outer = std::mem::replace(&mut self.platform, platform);
        let result = self.run(source);
        self.platform = outer;
        result
    }

    /// Runs a text within branches, perhaps in a new shell.
    pub(super) fn run_in_arms(
        &mut self,
        source: &ShellText<'_>,
        arms: &[(usize, usize)],
        is_new_shell: bool,
    ) -> Result<(), FileError> {
        if is_new_shell {
            self.scope.active = self.scope.default.clone();
        }
        self.run_quoted(source, &arms[..arms.len().min(MOST_BRANCHES)], 0)?;
        if is_new_shell {
            self.scope.active = self.scope.default.clone();
        }
        Ok(())
    }

    fn run_quoted(
        &mut self,
        source: &ShellText<'_>,
        arms: &[(usize, usize)],
        depth: usize,
    ) -> Result<(), FileError> {
        let mut commands = SimpleCommands::of(source);
        let mut branches = Branches { open: arms.to_vec(), ..Branches::default() };
        let mut fallbacks = Fallbacks::default();
        let mut next = commands.next();
        while let Some(command) = next {
            next = commands.next();
            let arm = fallbacks.enter(&command, next.as_ref(), &mut self.branches);
            let command = branches.enter(command, &mut self.branches);
            if !command.words.is_empty() {
                let open = branches.open.iter().take(MOST_BRANCHES).copied();
                let arms: Arms = arm.into_iter().chain(open).collect();
                self.run_command(&command, &arms, source.shell, depth)?;
            }
        }
        self.file.prose.append(&mut commands.comments);
        Ok(())
    }

    /// Runs a command without separators.
    pub(super) fn run_command(
        &mut self,
        command: &SimpleCommand,
        arms: &[(usize, usize)],
        shell: Shell,
        depth: usize,
    ) -> Result<(), FileError> {
        if let (Form::Saved, [body, file]) = (command.form, command.words.as_slice()) {
            self.save(body.range.clone(), &file.text)?;
            return Ok(());
        }
        let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
        let is_shown = ["echo", "printf", "Write-Host", "Write-Output", "REM", "rem", "::"];
        let first = words[0].trim_start_matches('@');
        if is_shown.contains(&first) {
            let range = command.words[0].range.start..command.words[words.len() - 1].range.end;
            if !is_written(&self.text[range.end..]) {
                self.file.prose.push(range);
            }
            return Ok(());
        }
        // `NAME=value command` sets it for that command only.
        let is_prefix =
            words[0].contains('=') && words.get(1).is_some_and(|word| !word.contains('='));
        let is_list = self.text[command.words[0].range.end..].starts_with('(');
        let is_prefix = is_prefix && shell == Shell::Posix && !is_list;
        if let Some((name, value)) = assignment(&words, shell).filter(|_| !is_prefix) {
            let value = self.scope.variables.expand(value).unwrap_or_else(|| value.to_owned());
            let may_not_run = command.precondition != Precondition::None || !arms.is_empty();
            self.scope.variables.set(name, &value, may_not_run);
            let (words, form) = self.value_of(command, name);
            self.assign_words(name, words, form, may_not_run.then_some(arms));
        }
        // `for PY in 3.8 3.9`
        if let ["for", name, "in", values @ ..] = words.as_slice() {
            self.scope.variables.set_all(name, values);
        }
        // Behind `conda` or `source`, at most two words.
        let is_activation =
            |word: &&str| matches!(last_part(word), "activate" | "deactivate" | "activate.bat");
        if let Some(at) = words.iter().take(3).position(is_activation) {
            let word = last_part(words[at]);
            self.activate(word.trim_end_matches(".bat"), words.get(at + 1).copied());
            return Ok(());
        }
        if let Some(at) = words.iter().position(|word| is_pip(word))
            && words.get(at + 1) == Some(&"install")
        {
            for word in &command.words[at + 2..] {
                let line = self.lines.at(word.range.start);
                let value = self.scope.variables.expand(&word.text);
                let text = value.as_deref().unwrap_or(&word.text);
                self.file.pip_notes.extend(pip_requirements::compiled(line, text));
            }
        }
        if let Some(word) = command.words.iter().find(|word| word.text.contains(INSTALLER)) {
            self.add_python_of_installer(word, arms)?;
        }
        let place = command.words[0].range.clone();
        if command.words.iter().any(|word| is_all_arguments(&word.text))
            && self.is_in_wrapper(place.start)
        {
            return Ok(()); // read where the function is called
        }
        let body = self.wrappers.get(first).filter(|_| depth < MOST_QUOTES).cloned();
        let wrapped = body.and_then(|body| wrapped(self.text, body, command));
        let is_wrapped = wrapped.is_some();
        let command = wrapped.as_ref().unwrap_or(command);
        let (variables, functions) = (&self.scope.variables, &self.functions);
        let call = ClientCall::find(self.text, command, variables, functions);
        let call = call.map(|call| if is_wrapped { call.started_at(place.start) } else { call });
        let Some(call) = call else {
            // Steps of Jenkins, and the shells themselves.
            let shell = match first {
                "bat" | "cmd" | "cmd.exe" => Shell::Cmd,
                "powershell" | "pwsh" | "powershell.exe" => Shell::Powershell,
                "sh" | "bash" => Shell::Posix,
                _ => shell,
            };
            let outer = self.platform;
            if first == "bat" {
                self.platform = Some(Subdir::Win64);
            }
            if depth < MOST_QUOTES {
                for word in &command.words {
                    let has_call = mentions_client(&word.text);
                    if let Some((range, within)) =
                        has_call.then(|| inner(self.text, word)).flatten()
                    {
                        let text = self.text;
                        let source = ShellText { text, range, shell, within, is_folded: false };
                        self.run_quoted(&source, arms, depth + 1)?;
                    }
                }
            }
            self.platform = outer;
            return Ok(());
        };
        let outer = self.platform;
        self.platform = call.platform(&self.scope.variables).or(outer);
        let result = self.run_call(call, arms, shell, depth);
        self.platform = outer;
        result
    }

    /// Whether a byte is in the command of a function that gives its arguments to a client.
    fn is_in_wrapper(&self, at: usize) -> bool {
        let before = self.wrapper_ends.range(..=at).next_back();
        before.is_some_and(|(_, end)| at < *end)
    }

    /// Adds the Python that an installer brings, if its name has it: `Miniconda3-py38_4.10.3-Linux-x86_64.sh`.
    fn add_python_of_installer(
        &mut self,
        word: &Word,
        arms: &[(usize, usize)],
    ) -> Result<(), FileError> {
        let version = word.text.split_once(INSTALLER).and_then(|(_, rest)| rest.split_once('_'));
        let Some((minor, _)) = version.filter(|(minor, _)| is_minor(minor)) else { return Ok(()) };
        let text = format!("python=3.{minor}");
        // It is named where it is fetched and where it runs.
        if self.installed_python.as_ref() == Some(&text) {
            return Ok(());
        }
        self.installed_python = Some(text.clone());
        let words = vec![Word { range: word.range.clone(), text, quote: None }];
        let form = Form::Items { is_block: false };
        self.add_call(ClientCall::of_words(Subcommand::Install, words, form), None, arms)
    }

    /// Runs a call of a client.
    fn run_call(
        &mut self,
        mut call: ClientCall,
        arms: &[(usize, usize)],
        shell: Shell,
        depth: usize,
    ) -> Result<(), FileError> {
        let name = call.environment(&self.scope.variables).map(|name| EnvironmentName::of(&name));
        if let (Some(command), Some(name)) = (call.pixi, &name)
            && command.is_of_workspace()
        {
            self.enter_workspace(&call, command, name)?;
            call.lacks_cuda = command == PixiCommand::Add && !self.scope.workspace_has_cuda;
            if command != PixiCommand::Add {
                return self.add_channels(call, command, name.clone(), arms);
            }
        }
        match call.subcommand {
            Subcommand::Run => {
                let Some(inner) = call.inner() else { return Ok(()) };
                let outer = self.scope.active.clone();
                self.scope.active = name.unwrap_or_else(|| outer.clone());
                if depth < MOST_QUOTES {
                    self.run_command(&inner, arms, shell, depth + 1)?;
                }
                self.scope.active = outer;
                Ok(())
            }
            Subcommand::Install | Subcommand::Create => {
                let scope = &self.scope;
                let assigned: Vec<Rc<Vec<AssignedWords>>> = call
                    .take_arguments(|word| {
                        let values = scope.assigned_words.get(variable_of(word)?.as_str())?;
                        let mut words = values.iter().flat_map(|value| &value.words);
                        let is_known = words.all(|it| !scope.variables.values(&it.text).is_empty());
                        (is_known && !values.is_empty()).then(|| values.clone())
                    })
                    .collect();
                self.add_call_with(call, name, arms, assigned)
            }
            Subcommand::Config => self.add_call(call, name, arms),
            Subcommand::Read => {
                let list = call.list(&self.lines, &self.scope.variables, self.scope.place);
                if !list.channels.is_empty() && !call.names_old_package() {
                    self.register(call, list, arms)?;
                }
                Ok(())
            }
        }
    }

    /// Reads what a command of pixi says of its workspace; one for a feature or a platform adds to what the workspace has.
    fn enter_workspace(
        &mut self,
        call: &ClientCall,
        command: PixiCommand,
        name: &EnvironmentName,
    ) -> Result<(), FileError> {
        self.scope.workspace_has_cuda |= command == PixiCommand::DeclareCuda;
        let workspace = EnvironmentName::of(&call.workspace());
        let environments = &mut self.scope.environments;
        if *name != workspace
            && !environments.contains_key(name)
            && let Some(ways) = environments.get(&workspace).cloned()
        {
            let size = ways.iter().map(|way| 1 + way.lists.len()).sum();
            environments.insert(name.clone(), ways);
            self.count(size)?;
        }
        Ok(())
    }

    /// Adds the channels of a command of pixi to a workspace.
    fn add_channels(
        &mut self,
        call: ClientCall,
        command: PixiCommand,
        name: EnvironmentName,
        arms: &[(usize, usize)],
    ) -> Result<(), FileError> {
        super::file_migration::check_size(call.words.len() / 2)?;
        let list = call.list(&self.lines, &self.scope.variables, self.scope.place);
        if list.channels.is_empty() {
            return Ok(());
        }
        let list = self.register(call, list, arms)?;
        self.attach(Some(list), command == PixiCommand::Init, name, arms)
    }

    /// The words of the value that a command assigns.
    pub(super) fn value_of(&self, command: &SimpleCommand, name: &str) -> (Vec<Word>, Form) {
        let Form::Shell { shell, within } = command.form else { return (Vec::new(), command.form) };
        let words = &command.words;
        if shell == Shell::Powershell
            && let Some(sign) = self.text[words[0].range.start..].find('=')
        {
            let start = words[0].range.start + sign + 1;
            match powershell_strings(self.text, start) {
                Some(list) if list.len() > 1 => return (list, Form::Strings),
                None if self.text[start..].trim_start().starts_with('@') => {
                    return (Vec::new(), Form::Strings);
                }
                Some(_) | None => {}
            }
        }
        let has_name = |word: &Word| {
            let rest = word.text.strip_prefix(name);
            rest.is_some_and(|rest| rest.trim_start_matches([':', '?', '+']).starts_with('='))
        };
        let Some(at) = words.iter().position(has_name) else {
            // `NAME := a b`, `set NAME a b`
            let first = words.iter().position(|word| word.text == name).unwrap_or(0) + 1;
            let is_operator = words.get(first).is_some_and(|word| word.text.ends_with('='));
            let first = first + usize::from(is_operator);
            return (words.get(first..).unwrap_or_default().to_vec(), command.form);
        };
        let word = &words[at];
        let written = &self.text[word.range.clone()];
        let start = word.range.start + written.find('=').map_or(0, |sign| sign + 1);
        let value = &self.text[start..word.range.end];
        let is_list = value.is_empty() && words.len() > at + 1;
        if is_list {
            return (words[at + 1..].to_vec(), command.form);
        }
        let end = if shell == Shell::Cmd && word.quote.is_none() {
            words[words.len() - 1].range.end
        } else {
            word.range.end
        };
        let own = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (range, within) = match (own, word.quote) {
            (Some(quote), _) if value.len() > 1 && value.ends_with(quote) => {
                (start + 1..end - 1, Some(quote))
            }
            (_, Some(quote)) => (start..end - 1, Some(quote)),
            (_, None) => (start..end, within),
        };
        let source = ShellText { text: self.text, range, shell, within, is_folded: true };
        let commands: Vec<SimpleCommand> = SimpleCommands::of(&source).take(2).collect();
        let words = match commands.as_slice() {
            [one] => one.words.clone(),
            _ => Vec::new(),
        };
        (words, Form::Shell { shell, within })
    }

    /// Notes the words that a variable is given; `arms`: of an assignment that may not run.
    pub(super) fn assign_words(
        &mut self,
        name: &str,
        words: Vec<Word>,
        form: Form,
        arms: Option<&[(usize, usize)]>,
    ) {
        let assigned = &mut self.scope.assigned_words;
        let name = name.to_ascii_lowercase();
        if assigned.len() >= MOST_NAMES && !assigned.contains_key(name.as_str()) {
            return;
        }
        let values = Rc::make_mut(assigned).entry(name.into()).or_default();
        let values = Rc::make_mut(values);
        if arms.is_none() {
            values.clear();
        }
        let arms = arms.map(<[_]>::to_vec).unwrap_or_default();
        if !words.is_empty() && values.len() < MOST_ASSIGNED {
            values.push(AssignedWords { words, form, arms });
        }
    }

    /// Adds what a call names, with the lists that its variables stand for.
    fn add_call_with(
        &mut self,
        call: ClientCall,
        name: Option<EnvironmentName>,
        arms: &[(usize, usize)],
        assigned: Vec<Rc<Vec<AssignedWords>>>,
    ) -> Result<(), FileError> {
        if assigned.is_empty() {
            return self.add_call(call, name, arms);
        }
        let mut lists: Vec<(usize, Arms)> = Vec::new();
        for values in assigned {
            let branch = usize::MAX - values[0].words[0].range.start;
            let is_one = values.len() == 1;
            for (arm, value) in values.iter().enumerate() {
                let mut arms = [arms, value.arms.as_slice()].concat();
                if !is_one {
                    arms.push((branch, arm));
                }
                let start = value.words[0].range.start;
                if let Some(list) = self.assigned_lists.get(&start) {
                    lists.push((*list, arms));
                    continue;
                }
                let call =
                    ClientCall::of_words(Subcommand::Install, value.words.clone(), value.form);
                let mut list = call.list(&self.lines, &self.scope.variables, RunPlace::Anywhere);
                if !list.specs.is_empty() || !list.channels.is_empty() {
                    // Those of the commands that have it.
                    list.has_forge = true;
                    let list = self.register(call, list, &arms)?;
                    self.assigned_lists.insert(start, list);
                    lists.push((list, arms));
                }
            }
        }
        let in_variables = lists.iter().map(|(list, _)| *list).collect();
        self.add_call_of(call, name.clone(), arms, in_variables)?;
        let name = name.unwrap_or_else(|| self.scope.active.clone());
        for (list, arms) in lists {
            if !self.scope.attached.insert((list, name.clone())) {
                continue;
            }
            self.attach(Some(list), false, name.clone(), &arms)?;
        }
        Ok(())
    }

    /// Reads text that is saved to a file, and whether it is an environment.
    pub(super) fn save(&mut self, body: Range<usize>, file: &str) -> Result<bool, FileError> {
        let Some(document) = EnvironmentDocument::read(self.text, body.clone(), &self.lines) else {
            return Ok(false);
        };
        let mut lists = Vec::new();
        let read = |call: ClientCall| {
            let list = call.list(&self.lines, &self.scope.variables, RunPlace::Anywhere);
            (call, list)
        };
        let calls: Vec<(ClientCall, SpecList)> = document.calls.into_iter().map(read).collect();
        let has_forge = calls.iter().any(|(_, list)| list.names_forge());
        for (call, mut list) in calls {
            list.has_forge = has_forge;
            if !list.specs.is_empty() || !list.channels.is_empty() {
                lists.push(self.register(call, list, &[])?);
            }
        }
        self.file.pip_notes.extend(document.pip_notes);
        self.saved_names.insert(last_part(file).to_owned(), self.saved.len());
        self.saved.push(SavedEnvironment { name: document.name, lists, is_used: false });
        Ok(true)
    }

    fn activate(&mut self, word: &str, name: Option<&str>) {
        let name = name.filter(|name| !name.starts_with('-'));
        self.scope.active = match (word, name) {
            ("activate", Some(name)) => {
                let known = self.scope.variables.expand(name);
                EnvironmentName::of(&known.unwrap_or_else(|| name.to_owned()))
            }
            ("activate", None) => EnvironmentName::of("base"),
            _ => self.scope.default.clone(),
        };
    }

    /// Adds what a call names to its environment.
    pub(super) fn add_call(
        &mut self,
        call: ClientCall,
        name: Option<EnvironmentName>,
        arms: &[(usize, usize)],
    ) -> Result<(), FileError> {
        self.add_call_of(call, name, arms, Vec::new())
    }

    /// Adds what a call names to its environment; `in_variables`: the lists that its variables stand for.
    fn add_call_of(
        &mut self,
        call: ClientCall,
        name: Option<EnvironmentName>,
        arms: &[(usize, usize)],
        in_variables: Vec<usize>,
    ) -> Result<(), FileError> {
        // Without its options, more than a file can have.
        super::file_migration::check_size(call.words.len() / 2)?;
        let saved = call.file().and_then(|file| self.saved_names.get(last_part(file)));
        if let Some(saved) = saved.copied() {
            self.saved[saved].is_used = true;
            let SavedEnvironment { name: own, lists, .. } = self.saved[saved].clone();
            let name = name.or_else(|| own.map(|own| EnvironmentName::of(&own)));
            let name = name.unwrap_or_else(|| self.scope.active.clone());
            let is_create = call.subcommand == Subcommand::Create;
            let list = call.list(&self.lines, &self.scope.variables, self.scope.place);
            let list = SpecList { has_forge: true, has_variables: true, ..list };
            let own = self.register(call, list, arms)?;
            self.attach(Some(own), is_create, name.clone(), arms)?;
            for list in lists {
                self.attach(Some(list), false, name.clone(), arms)?;
            }
            return Ok(());
        }
        if let Some(file) = call.environment_file()
            && self.scope.place != RunPlace::Anywhere
            && !call.has_cuda_override()
            && self.is_for_gpus
        {
            let line = self.lines.at(call.start);
            let message = format!(
                "`{file}` is installed without a GPU; if it asks for CUDA, set `{CUDA_OVERRIDE}` here"
            );
            self.file.notes.push(FileNote::at(line, "no-gpu-here", message));
        }
        if call.pixi.is_some() {
            for own in &in_variables {
                self.file.lists[*own].has_forge = true;
            }
        }
        let mut list = call.list(&self.lines, &self.scope.variables, self.scope.place);
        list.has_variables = !in_variables.is_empty();
        list.has_forge |= in_variables.iter().any(|own| self.file.lists[*own].names_forge());
        list.in_variables = in_variables;
        self.add(call, list, name, arms)
    }

    /// Adds a package that is in the file in another form than a spec, and stays.
    pub(super) fn add_spec(
        &mut self,
        line: SpecLine,
        name: EnvironmentName,
    ) -> Result<(), FileError> {
        let form = Form::Items { is_block: false };
        let call = ClientCall::of_words(Subcommand::Install, Vec::new(), form);
        let values = self.scope.variables.expansions(&line.text);
        let line = match values.as_slice() {
            [value] => line.with_values(value),
            several => line.with_variants(several),
        };
        let list = SpecList { specs: vec![line], ..SpecList::default() };
        self.add(call, list, Some(name), &[])
    }

    /// Adds a list to its environment.
    fn add(
        &mut self,
        call: ClientCall,
        list: SpecList,
        name: Option<EnvironmentName>,
        arms: &[(usize, usize)],
    ) -> Result<(), FileError> {
        let is_create = call.subcommand == Subcommand::Create;
        let is_config = call.subcommand == Subcommand::Config;
        if is_create
            && self.reading == Reading::Document
            && let Some(name) = &name
        {
            // Whoever reads it goes on in the new environment.
            self.scope.active = name.clone();
        }
        let name = name.unwrap_or_else(|| self.scope.active.clone());
        let is_empty =
            list.specs.is_empty() && list.channels.is_empty() && list.in_variables.is_empty();
        if is_empty && !is_create {
            return Ok(());
        }
        let list = if is_empty { None } else { Some(self.register(call, list, arms)?) };
        if is_config {
            self.scope.configurations.extend(list);
            return Ok(());
        }
        self.attach(list, is_create, name, arms)
    }

    /// Adds a list to those of the file.
    pub(super) fn register(
        &mut self,
        call: ClientCall,
        list: SpecList,
        arms: &[(usize, usize)],
    ) -> Result<usize, FileError> {
        self.packages += list.specs.len() + list.channels.len();
        super::file_migration::check_size(self.packages)?;
        if let Some(last) = call.words.last() {
            let place = (call.start, last.range.end);
            let known = self.known_lists.get(&place).copied();
            // With other values of variables, it is another list.
            if let Some(known) = known
                && self.file.lists[known].is_same(&list)
            {
                return Ok(known);
            }
            self.known_lists.insert(place, self.file.lists.len());
            self.file.handled.push(place.0..place.1);
        }
        self.facts.push(ListFacts::of(&list));
        self.file.lists.push(list);
        self.calls.push(call);
        self.arms.push(arms.to_vec());
        Ok(self.file.lists.len() - 1)
    }

    /// Adds a list to an environment, which may be new.
    pub(super) fn attach(
        &mut self,
        list: Option<usize>,
        is_create: bool,
        name: EnvironmentName,
        arms: &[(usize, usize)],
    ) -> Result<(), FileError> {
        let platforms = self.scope.platforms.clone();
        let mut ways = self.scope.environments.remove(&name).unwrap_or_default();
        if is_create && arms.is_empty() {
            self.finished.extend(ways.drain(..).map(|way| way.into_parts(&platforms)));
        }
        if is_create || ways.is_empty() {
            let mut own = Way::default();
            if let Some(list) = list {
                self.go(&mut own, list);
            }
            ways.push(own);
        } else if let Some(list) = list {
            self.extend(&mut ways, list, arms)?;
        }
        self.count(ways.len())?;
        self.scope.environments.insert(name, ways);
        Ok(())
    }

    /// Adds a list to an environment that can be made without it too.
    pub(super) fn attach_optional(
        &mut self,
        list: usize,
        name: EnvironmentName,
        arms: &[(usize, usize)],
    ) -> Result<(), FileError> {
        let mut ways = self.scope.environments.remove(&name).unwrap_or_default();
        if ways.is_empty() {
            ways.push(Way::default());
        }
        // With another list of the same arms, it is on the same ways: a copy of each would double them every time.
        let is_known = |way: &Way| {
            !arms.is_empty() && arms.iter().all(|(branch, arm)| way.arms.get(branch) == Some(arm))
        };
        if ways.iter().any(is_known) {
            for way in ways.iter_mut().filter(|way| is_known(way)) {
                self.go(way, list);
            }
            self.scope.environments.insert(name, ways);
            return Ok(());
        }
        let with = ways.iter().filter(|way| !way.is_in_other_arm(arms));
        let mut with: Vec<Way> = with.cloned().collect();
        for way in &mut with {
            self.go(way, list);
        }
        self.count(with.iter().map(|way| way.lists.len()).sum())?;
        ways.extend(with);
        self.scope.environments.insert(name, ways);
        Ok(())
    }

    /// Adds a list to every way that it can be on, else to a new one with what they have in common.
    fn extend(
        &mut self,
        ways: &mut Vec<Way>,
        list: usize,
        arms: &[(usize, usize)],
    ) -> Result<(), FileError> {
        let facts = &self.facts[list];
        let is_document = self.reading == Reading::Document;
        let excludes =
            |way: &Way| way.is_in_other_arm(arms) || is_document && facts.is_alternative_to(way);
        // In a document, what goes with PyTorch goes with the one named last.
        let is_for_last = is_document && facts.is_about_torch;
        let first = if is_for_last { ways.len() - 1 } else { 0 };
        let mut is_added = false;
        for way in &mut ways[first..] {
            if !excludes(way) {
                self.go(way, list);
                is_added = true;
            }
        }
        if !is_added
            && facts.matters
            && let Some(last) = ways.last()
        {
            let mut new = Way::default();
            for other in &last.lists {
                let mut alone = Way::default();
                self.go(&mut alone, *other);
                let is_replaced = is_for_last && self.facts[*other].is_about_torch;
                if !is_replaced && !excludes(&alone) {
                    self.go(&mut new, *other);
                }
            }
            self.go(&mut new, list);
            self.count(new.lists.len())?;
            ways.push(new);
        }
        Ok(())
    }

    /// Adds a list to a way.
    fn go(&self, way: &mut Way, list: usize) {
        let facts = &self.facts[list];
        way.lists.push(list);
        way.arms.extend(self.arms[list].iter().copied());
        way.names_torch |= facts.names_torch;
        way.cuda = way.cuda.or(facts.cuda);
        way.platform = way.platform.or(self.platform);
    }

    /// The environments of the whole text.
    pub(super) fn finish(mut self) -> FileSpecs {
        let mut scopes = std::mem::take(&mut self.outer);
        scopes.push(self.scope.clone());
        for scope in &scopes {
            self.end(scope);
        }
        let mut known = HashSet::new();
        let mut all = self.finished;
        let unused = self.saved.into_iter().filter(|saved| !saved.is_used);
        all.extend(unused.map(|saved| (saved.lists, Vec::new())));
        let variants = |list: &SpecList| list.specs.iter().map(|line| line.variants.len()).max();
        let variants: Vec<usize> =
            self.file.lists.iter().map(|list| variants(list).unwrap_or(0)).collect();
        for (lists, likely_platforms) in all {
            if lists.is_empty() || !known.insert((lists.clone(), likely_platforms.clone())) {
                continue;
            }
            let variants = lists.iter().map(|list| variants[*list]).max().unwrap_or(0);
            let environment = Environment { lists, likely_platforms, ..Environment::default() };
            let variants =
                (0..=variants).map(|variant| Environment { variant, ..environment.clone() });
            self.file.environments.extend(variants);
        }
        self.file.calls = self.calls;
        self.file
    }
}

/// The last part of a path.
fn last_part(path: &str) -> &str {
    path.rfind(['/', '\\']).map_or(path, |at| &path[at + 1..])
}

/// Whether what follows a command saves its output to a file.
fn is_written(after: &str) -> bool {
    let after = after.trim_start_matches([' ', '\t', '"', '\'']);
    let is_saved = |target: &str| {
        let target = target.trim_start_matches(['>', ' ', '\t']);
        !target.starts_with(['&', '(']) && !target.starts_with("/dev/")
    };
    let tee = |next: &str| next.trim_start().trim_start_matches("sudo ").starts_with("tee ");
    after.strip_prefix('>').is_some_and(is_saved) || after.strip_prefix('|').is_some_and(tee)
}

/// Whether a word is the program pip.
fn is_pip(word: &str) -> bool {
    matches!(last_part(word).trim_start_matches(['!', '%']), "pip" | "pip3" | "pip.exe")
}

/// The commands in a word, with the quote around them: in quotes, or `$(…)`.
fn inner(text: &str, word: &Word) -> Option<(Range<usize>, Option<char>)> {
    let written = &text[word.range.clone()];
    let first = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    if let Some(start) = written.find("$(").filter(|_| first != Some('\'')) {
        let end = written.rfind(')').filter(|end| *end > start)?;
        return Some((word.range.start + start + 2..word.range.start + end, first));
    }
    let quote = word.quote?;
    Some((word.range.start + 1..word.range.end - 1, Some(quote)))
}

/// Whether a word is all arguments of a function.
fn is_all_arguments(word: &str) -> bool {
    matches!(word.trim_matches('"'), "$@" | "$*" | "${@}")
}

/// The commands of the functions of a shell script that have all arguments, each with the name of its function.
fn commands_with_arguments(text: &str) -> Vec<(&str, Range<usize>)> {
    let mut commands = Vec::new();
    let mut open: Option<&str> = None;
    if !text.contains("$@") && !text.contains("$*") && !text.contains("${@}") {
        return commands;
    }
    let mut at = 0;
    for whole in text.split_inclusive('\n') {
        let line = whole.trim();
        let definition = line
            .strip_prefix("function ")
            .map(|rest| rest.split(|c: char| c == '(' || c == '{' || c.is_whitespace()).next());
        let definition = definition
            .unwrap_or_else(|| line.split_once("()").map(|(name, _)| name.trim_end()))
            .filter(|name| !name.is_empty() && !name.contains([' ', '"', '$', '=']));
        open = definition.or(open);
        let mut start = at;
        for part in whole.split_inclusive([';', '{', '&', '|', '(', '\n']) {
            let range = start..start + part.trim_end_matches([';', '{', '&', '|', '(', '\n']).len();
            start += part.len();
            if let Some(name) = open
                && part.split_whitespace().any(|word| is_all_arguments(word.trim_end_matches(';')))
            {
                commands.push((name, range));
            }
        }
        at += whole.len();
        if line == "}" || definition.is_some() && line.ends_with('}') {
            open = None;
        }
    }
    commands
}

/// The functions of a shell script that run their arguments: `run() { "$@"; }`.
fn functions_that_run(text: &str) -> HashSet<String> {
    let commands = commands_with_arguments(text).into_iter();
    let runs_all = |(_, command): &(&str, Range<usize>)| {
        let mut words = text[command.clone()].split_whitespace();
        words.find(|word| !may_run(word)).is_some_and(is_all_arguments)
    };
    commands.filter(runs_all).map(|(name, _)| name.to_owned()).collect()
}

/// The functions of a shell script that give their arguments to a client, with the command:
/// `add() { conda install -y "$@"; }`.
fn wrappers(text: &str) -> HashMap<String, Range<usize>> {
    let is_call = |(_, command): &(&str, Range<usize>)| mentions_client(&text[command.clone()]);
    let commands = commands_with_arguments(text).into_iter().filter(is_call);
    commands.map(|(name, command)| (name.to_owned(), command)).collect()
}

/// The command of a function with the arguments that it is called with.
fn wrapped(text: &str, body: Range<usize>, call: &SimpleCommand) -> Option<SimpleCommand> {
    let mut command = SimpleCommands::of(&ShellText::new(text, body, Shell::Posix)).next()?;
    let at = command.words.iter().position(|word| is_all_arguments(&word.text))?;
    command.words.splice(at..=at, call.words[1..].iter().cloned());
    Some(SimpleCommand { form: call.form, ..command })
}

/// Whether a text may have a call of a client in it.
fn mentions_client(text: &str) -> bool {
    ["conda ", "mamba ", "conda.exe ", "pixi "].iter().any(|client| text.contains(client))
}

fn is_about_torch(list: &SpecList) -> bool {
    list.specs.iter().any(|line| line.role().is_edited() || line.spec.as_ref().is_some_and(is_old))
        || list.channels.iter().any(|line| ChannelKind::of(&line.name) == ChannelKind::Pytorch)
}

/// What decides whether lists of a document are alternatives.
struct ListFacts {
    is_about_torch: bool,
    /// Whether it is about PyTorch or Python.
    matters: bool,
    /// Whether it names PyTorch itself.
    names_torch: bool,
    cuda: Option<Version>,
}

impl ListFacts {
    fn of(list: &SpecList) -> Self {
        let specs = || list.specs.iter().filter_map(|line| line.spec.as_ref());
        let names_torch = |spec: &MatchSpec| {
            spec.name == "pytorch-cuda"
                || matches!(role(spec), PackageRole::Pytorch | PackageRole::CpuOnly)
        };
        let mut pins = specs().filter(|spec| role(spec) == PackageRole::CudaPin);
        let is_about_torch = is_about_torch(list);
        Self {
            is_about_torch,
            matters: is_about_torch || specs().any(|spec| spec.name == "python"),
            names_torch: specs().any(names_torch),
            cuda: pins.find_map(|spec| spec.constraint()?.anchor()),
        }
    }

    /// Whether both name PyTorch, or other versions of CUDA.
    fn is_alternative_to(&self, way: &Way) -> bool {
        let differs = self.cuda.zip(way.cuda).is_some_and(|(one, other)| one != other);
        differs || self.names_torch && way.names_torch
    }
}

/// The branches that are open, and how they begin and end.
#[derive(Default)]
struct Branches {
    open: Arms,
    /// A branch of a block that just ended, which `else` goes on.
    ended: Option<(usize, usize)>,
    /// A branch whose block comes next.
    next: Option<(usize, usize)>,
    /// Whether each open block is a branch.
    blocks: Vec<bool>,
}

impl Branches {
    /// Notes what a command opens or closes, and takes the words for that away from it.
    fn enter(&mut self, mut command: SimpleCommand, count: &mut usize) -> SimpleCommand {
        let Form::Shell { shell, .. } = command.form else { return command };
        let has_blocks = matches!(shell, Shell::Cmd | Shell::Powershell);
        let mut new = || {
            *count += 1;
            (*count, 0)
        };
        while let Some(word) = command.words.first() {
            let text = word.text.to_ascii_lowercase();
            match text.as_str() {
                "{" if has_blocks => {
                    self.blocks.push(self.next.is_some());
                    self.open.extend(self.next.take());
                }
                "}" if has_blocks => {
                    self.ended = match self.blocks.pop() {
                        Some(true) => self.open.pop(),
                        Some(false) | None => None,
                    };
                    command.words.remove(0);
                    return command;
                }
                "if" if has_blocks => {
                    self.next = Some(new());
                    // Its condition is not a command.
                    command.words.clear();
                }
                "else" | "elseif" if has_blocks => {
                    self.next = self.ended.map(|(branch, arm)| (branch, arm + 1));
                    command.words.remove(0);
                    if text == "elseif" {
                        command.words.clear();
                    }
                    self.ended = None;
                    return command;
                }
                "if" | "case" => {
                    self.open.push(new());
                    if text == "case" {
                        // `case $1 in gpu)`: the pattern is no command.
                        command.words.clear();
                    }
                }
                "elif" | "else" | ";;" => {
                    if let Some((_, arm)) = self.open.last_mut() {
                        *arm += 1;
                    }
                }
                "fi" | "esac" => {
                    self.open.pop();
                }
                "then" | "do" | "!" | "{" | "time" | "while" | "until" => {}
                _ => break,
            }
            if !command.words.is_empty() {
                command.words.remove(0);
            }
        }
        self.ended = None;
        command
    }
}

/// Commands of which each runs only if the one before it fails: `conda install pytorch-cuda … || conda install cpuonly …`.
#[derive(Default)]
struct Fallbacks {
    /// Their branch, and the arm of the last one.
    open: Option<(usize, usize)>,
    /// Whether the last one is a block that has not ended.
    in_block: bool,
}

impl Fallbacks {
    /// The arm that a command is in, if it is one of them.
    fn enter(
        &mut self,
        command: &SimpleCommand,
        next: Option<&SimpleCommand>,
        count: &mut usize,
    ) -> Option<(usize, usize)> {
        let is_failure = |command: &SimpleCommand| command.precondition == Precondition::Failure;
        let is_client = |word: &Word| {
            let name = last_part(&word.text);
            name.ends_with("conda") || name.ends_with("mamba")
        };
        let first = command.words.first().map(|word| word.text.as_str());
        self.open = match self.open {
            Some((branch, arm)) if !self.in_block && is_failure(command) => {
                self.in_block = first == Some("{");
                Some((branch, arm + 1))
            }
            Some(open) if self.in_block => Some(open),
            Some(_) | None
                if next.is_some_and(is_failure) && command.words.iter().any(is_client) =>
            {
                *count += 1;
                Some((*count, 0))
            }
            Some(_) | None => None,
        };
        self.in_block &= first != Some("}");
        self.open
    }
}

#[cfg(test)]
mod tests {
    use crate::matrix::Matrix;
    use crate::migrate::files::{FileError, FileMigration, Target, migrate_file};

    fn migrated(name: &str, text: &str) -> Result<FileMigration, FileError> {
        let target = Target { machine: None, platform: Some(crate::conda::Subdir::Linux64) };
        migrate_file(name, text, target, Matrix::embedded())
    }

    #[test]
    fn stages_on_stages_are_followed_up_to_a_limit() {
        let stages = |count: usize| {
            let stage = |at: usize| {
                let base = if at == 0 { "x".to_owned() } else { format!("s{}", at - 1) };
                format!("FROM {base} AS s{at}\nRUN conda install -y cpuonly -c pytorch\n")
            };
            migrated("Dockerfile", &(0..count).map(stage).collect::<String>())
        };
        assert_eq!(stages(20).expect("a migration").changes.len(), 40);
        assert_eq!(stages(2000), Err(FileError::TooManyWays));
    }

    #[test]
    fn branches_within_very_many_others_are_not_told_apart() {
        let nested = |count: usize| {
            let start = "if a; then\n".repeat(count);
            let arms = "conda install pytorch=2.4.0 -c pytorch\nelse\nconda install pytorch=2.3.0 -c pytorch\n";
            migrated("x.sh", &format!("{start}{arms}{}", "fi\n".repeat(count)))
        };
        assert_eq!(nested(16).expect("a migration").failures, []);
        assert!(!nested(17).expect("a migration").failures.is_empty());
    }

    #[test]
    fn functions_that_run_their_arguments_stand_before_a_call() {
        for (function, is_call) in [
            ("tell() { echo \"+ $*\"; \"$@\"; }", true),
            ("function tell {\n  for i in 1 2; do\n    time \"$@\" && return\n  done\n}", true),
            ("tell ()\n{\n  if ! eval $@; then exit 1; fi\n}", true),
            ("tell() { echo \"$@\"; }", false),
            ("tell() { conda install -c pytorch \"$@\"; }", true),
            ("other() { \"$@\"; }", false),
        ] {
            let text = format!("{function}\ntell conda install -n x pytorch cpuonly -c pytorch\n");
            let migration = migrated("x.sh", &text).expect(function);
            assert_eq!(!migration.changes.is_empty(), is_call, "{function}");
        }
    }

    #[test]
    fn a_condition_that_is_repeated_makes_two_environments() {
        let item = |number: usize| format!("    - if: cuda\n      then: p{number}\n");
        let recipe = |channel: &str| {
            let start = format!("package:\n  name: a\nrequirements:\n  run:\n    - {channel}\n");
            start + &(0..40).map(item).collect::<String>()
        };
        let migration = migrated("recipe.yaml", &recipe("pytorch::pytorch")).expect("a migration");
        assert_eq!(migration.changes.len(), 1);
        assert!(
            migration.text.ends_with(&recipe("x")[recipe("x").find("    - if").expect("it")..])
        );
    }

    #[test]
    fn a_word_that_is_no_call_hides_none_behind_it() {
        for (text, is_call) in [
            ("docker run a/conda conda install cpuonly -c pytorch\n", true),
            ("@conda -n a conda install cpuonly -c pytorch\n", false),
            ("docker run conda -n @conda -n @conda\n", false),
            ("write conda install cpuonly -c pytorch\n", false),
        ] {
            let migration = migrated("x.sh", text).expect(text);
            assert_eq!(!migration.changes.is_empty(), is_call, "{text}");
        }
    }
}
