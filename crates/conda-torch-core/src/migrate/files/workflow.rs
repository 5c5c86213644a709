//! YAML with commands: workflows of GitHub's with their jobs, and pipelines of others.

use std::collections::HashMap;
use std::ops::Range;

use crate::conda::{MatchSpec, Os, Subdir};
use crate::types::Shell;
use crate::yaml::{Document, Value};

use super::client_call::{ClientCall, Subcommand, is_client_name};
use super::environment_spec::{RunPlace, SpecLine, SpecList};
use super::file_migration::FileError;
use super::file_specs::{FileSpecs, RowValue};
use super::packages::role;
use super::session::{Arms, EnvironmentName, Reading, Scope, Session};
use super::shell_words::{Form, Precondition, ShellText, SimpleCommand, SimpleCommands, Word};
use super::step_condition::Condition;
use super::text_edit::item_place;
use super::variables::{has_blanks, has_variables};
use super::yaml_lists;

pub(super) fn read(text: &str) -> Result<FileSpecs, FileError> {
    let scope = || Scope::new(EnvironmentName::Current, RunPlace::Anywhere, Vec::new());
    let mut session = Session::new(text, Reading::Script, scope());
    let document = Document::parse(text).ok();
    let Some(root) = document.as_ref().and_then(Document::root) else {
        // Templates and several documents: line by line.
        session.run(&ShellText::whole(text))?;
        return Ok(session.finish());
    };
    comments(text, &mut session.file.prose);
    read_root(&mut session, text, root)?;
    Ok(session.finish())
}

/// Reads a workflow that is a part of another text, and whether it is one.
pub(super) fn read_part(
    session: &mut Session<'_>,
    text: &str,
    range: Range<usize>,
) -> Result<bool, FileError> {
    // With blanks for what is around it, its values have their places in the text.
    let mut part: String = text[..range.start].bytes().map(|_| ' ').collect();
    if let Some(line) = text[..range.start].rfind('\n') {
        part.replace_range(line..=line, "\n");
    }
    part.push_str(&text[range]);
    let document = Document::parse(&part).ok();
    let Some(root) = document.as_ref().and_then(Document::root) else { return Ok(false) };
    let is_workflow = root.get("jobs").is_some() || root.get("steps").is_some();
    if is_workflow || root.items().any(|step| step.get("run").is_some()) {
        read_root(session, text, root)?;
        return Ok(true);
    }
    Ok(false)
}

fn read_root(session: &mut Session<'_>, text: &str, root: Value<'_>) -> Result<(), FileError> {
    let scope = || Scope::new(EnvironmentName::Current, RunPlace::Anywhere, Vec::new());
    set_variables(session, text, root);
    // Of GitLab and Azure.
    for (name, value) in root.get("variables").into_iter().flat_map(Value::entries) {
        set_variable(session, text, name, value);
    }
    let outer = session.scope.clone();
    let has_versions = has_versions(text);
    match root.get("jobs").filter(|jobs| jobs.is_map()) {
        Some(jobs) => {
            for (_, job) in jobs.entries() {
                session.next(scope().with_variables_of(&outer))?;
                let mut rows = rows(job);
                let is_of_rows = has_versions
                    || rows.iter().flatten().any(|(_, value)| is_package(*value))
                    || has_conditions(job);
                if !is_of_rows || text.len() > LONGEST_WITH_ROWS {
                    rows.clear();
                }
                if !rows.is_empty() {
                    for row in rows {
                        let first = (session.file.lists.len(), session.file.row_values.len());
                        session.next(scope().with_variables_of(&outer))?;
                        session.begin_row();
                        read_job(session, text, root, job, Some(row))?;
                        let lists = first.0..session.file.lists.len();
                        let specs =
                            session.file.lists[lists.clone()].iter().flat_map(|it| &it.specs);
                        let texts: Vec<&str> = specs.map(|line| line.text.as_str()).collect();
                        for value in &mut session.file.row_values[first.1..] {
                            value.lists = lists.clone();
                            if texts.iter().any(|text| text.contains(&value.name)) {
                                session.file.handled.push(value.range.clone());
                            }
                        }
                    }
                } else if job.get("runs-on").is_some() {
                    read_job(session, text, root, job, None)?;
                } else {
                    // Of another service.
                    read_commands(session, text, job)?;
                }
            }
        }
        None => {
            // The plays of a playbook, the entries of a pipeline.
            for value in root.items().chain(root.entries().map(|(_, value)| value)) {
                session.next(scope().with_variables_of(&outer))?;
                read_commands(session, text, value)?;
            }
        }
    }
    Ok(())
}

/// The comments of a text that begin a line.
fn comments(text: &str, prose: &mut Vec<Range<usize>>) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at + line.len() - line.trim_start().len();
        if line.trim_start().starts_with('#') {
            prose.push(start..at + line.len());
        }
        at += line.len();
    }
}

fn set_variables(session: &mut Session<'_>, text: &str, value: Value<'_>) {
    for (name, value) in value.get("env").into_iter().flat_map(Value::entries) {
        set_variable(session, text, name, value);
    }
}

fn set_variable(session: &mut Session<'_>, text: &str, name: &str, value: Value<'_>) {
    let Some(written) = value.text() else { return };
    session.scope.variables.set(name, written, false);
    if value.occurrence() == value.range() {
        let (words, form) = words(text, value);
        session.assign_words(name, words, form, None);
    }
}

/// The words of a scalar that a shell reads as arguments.
fn words(text: &str, value: Value<'_>) -> (Vec<Word>, Form) {
    let range = content(text, value);
    let within = text[..range.start].chars().next_back().filter(|c| matches!(c, '"' | '\''));
    let shell = Shell::Posix;
    let source = ShellText { text, range, shell, within, is_folded: true };
    let words = SimpleCommands::of(&source).flat_map(|command| command.words);
    (words.collect(), Form::Shell { shell, within })
}

/// A row of a matrix: names with their values.
type Row<'d> = Vec<(String, Value<'d>)>;

/// The most rows that are told apart.
const MOST_ROWS: usize = 24;

/// The longest workflow whose steps are read once a row.
const LONGEST_WITH_ROWS: usize = 128 << 10;

fn matrix_of(job: Value<'_>) -> Option<Value<'_>> {
    job.get("strategy").and_then(|strategy| strategy.get("matrix"))
}

/// Whether a line about PyTorch has a version of a variable.
fn has_versions(text: &str) -> bool {
    text.match_indices("${{").any(|(at, _)| {
        let before = text[..at].trim_end_matches(['=', '<', '>', '~']);
        let name = before.rfind(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c));
        let name = &before[name.map_or(0, |name| name + 1)..];
        before.len() < at && role(&MatchSpec::named(name)).selects_pytorch()
    })
}

/// Whether steps with PyTorch depend on the row.
fn has_conditions(job: Value<'_>) -> bool {
    steps(job).any(|step| {
        let text = |key: &str| step.get(key).and_then(Value::text).unwrap_or_default();
        let (condition, run) = (text("if"), text("run"));
        (condition.contains("matrix.") || condition.contains("runner.os"))
            && ["torch", "cpuonly", "cudatoolkit"].iter().any(|word| run.contains(word))
    })
}

fn steps(job: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    job.get("steps").into_iter().flat_map(Value::items)
}

/// Whether a value is a package of the old channel's time: `cpuonly`, `cudatoolkit=11.3`.
fn is_package(value: Value<'_>) -> bool {
    let spec = value.text().and_then(MatchSpec::parse);
    spec.is_some_and(|spec| role(&spec).is_edited())
}

/// The scalars of a value of a matrix: itself, or those of a map, with the map's name before theirs.
fn entries_of<'d>(name: &str, value: Value<'d>) -> Row<'d> {
    if value.text().is_some() {
        return vec![(name.to_owned(), value)];
    }
    let full = |own: &str| if name.is_empty() { own.to_owned() } else { format!("{name}.{own}") };
    value.entries().map(|(own, value)| (full(own), value)).collect()
}

/// The rows of a job's matrix; none if they are not written out.
fn rows<'d>(job: Value<'d>) -> Vec<Row<'d>> {
    let Some(matrix) = matrix_of(job) else { return Vec::new() };
    let mut rows: Vec<Row<'d>> = vec![Vec::new()];
    let (mut included, mut excluded) = (Vec::new(), Vec::new());
    let mut keys: Vec<&str> = Vec::new();
    let listed =
        |value: Value<'d>| value.items().map(|row| entries_of("", row)).collect::<Vec<_>>();
    for (name, value) in matrix.entries() {
        match name {
            "include" => included = listed(value),
            "exclude" => excluded = listed(value),
            _ => {
                let values: Vec<Row<'d>> = value.items().map(|it| entries_of(name, it)).collect();
                if values.iter().any(Vec::is_empty) || rows.len() * values.len() > MOST_ROWS {
                    return Vec::new();
                }
                let with = |row: &Row<'d>, own: &Row<'d>| {
                    row.iter().chain(own).cloned().collect::<Row<'d>>()
                };
                keys.push(name);
                rows = rows.iter().flat_map(|row| values.iter().map(|it| with(row, it))).collect();
            }
        }
    }
    if included.len() + rows.len() > MOST_ROWS || excluded.len() > MOST_ROWS {
        return Vec::new();
    }
    let has = |row: &Row<'d>, (key, value): &(String, Value<'d>)| {
        row.iter().any(|(own, it)| own == key && it.text() == value.text())
    };
    rows.retain(|row| {
        !row.is_empty() && !excluded.iter().any(|it| it.iter().all(|it| has(row, it)))
    });
    // An entry adds to the rows whose values it does not contradict, or is a row of its own.
    let lists = rows.len();
    for entry in included {
        let is_listed = |(key, _): &(String, Value<'d>)| keys.contains(&key.as_str());
        let (own, more): (Row<'d>, Row<'d>) = entry.iter().cloned().partition(is_listed);
        let fitting = rows[..lists].iter_mut().filter(|row| own.iter().all(|it| has(row, it)));
        let mut is_new = true;
        for row in fitting {
            is_new = false;
            row.retain(|(key, _)| !more.iter().any(|(other, _)| other == key));
            // Also the values that make it fit, which change like those of the row.
            row.extend(own.iter().chain(&more).cloned());
        }
        if is_new {
            rows.push(entry);
        }
    }
    // What excludes other rows changes with them.
    for entry in excluded.iter().flatten() {
        for row in rows.iter_mut().filter(|row| has(row, entry)) {
            row.push(entry.clone());
        }
    }
    rows
}

fn read_job(
    session: &mut Session<'_>,
    text: &str,
    root: Value<'_>,
    job: Value<'_>,
    row: Option<Row<'_>>,
) -> Result<(), FileError> {
    set_variables(session, text, job);
    let matrix = matrix_of(job).filter(|_| row.is_none());
    for (name, values) in matrix.into_iter().flat_map(Value::entries) {
        for value in values.items().filter_map(Value::text) {
            session.scope.variables.set(&format!("matrix.{name}"), value, true);
        }
    }
    // The rows of `include` have more values.
    let rows = matrix.and_then(|matrix| matrix.get("include"));
    for (name, value) in rows.into_iter().flat_map(Value::items).flat_map(Value::entries) {
        if let Some(value) = value.text() {
            session.scope.variables.set(&format!("matrix.{name}"), value, true);
        }
    }
    for (name, value) in row.into_iter().flatten() {
        let Some(written) = value.text() else { continue };
        let written = if value.is_null() { "" } else { written };
        let name = format!("matrix.{name}");
        session.scope.variables.set(&name, written, false);
        let (range, line) = (content(text, value), value.line());
        let (value, lists) = (written.to_owned(), 0..0);
        session.file.row_values.push(RowValue { name, value, range, line, lists });
    }
    let labels = job.get("runs-on");
    let labels: Vec<&str> = match labels.and_then(Value::text) {
        Some(label) => vec![label],
        None => labels.into_iter().flat_map(Value::items).filter_map(Value::text).collect(),
    };
    let runners: Vec<String> =
        labels.iter().flat_map(|label| session.scope.variables.values(label)).collect();
    if !runners.is_empty() && runners.iter().all(|runner| is_hosted(runner)) {
        session.scope.place = RunPlace::HostedRunner;
    }
    let platforms: Option<Vec<Subdir>> = runners.iter().map(|runner| platform_of(runner)).collect();
    session.scope.platforms = platforms.unwrap_or_default();
    session.scope.platforms.sort_unstable();
    session.scope.platforms.dedup();
    let default_shell = |value: Value<'_>| {
        value.get("defaults")?.get("run")?.get("shell").and_then(Value::text).map(str::to_owned)
    };
    let default = default_shell(job).or_else(|| default_shell(root));
    let mut alternatives = Alternatives::of(job);
    for step in steps(job) {
        let condition = step.get("if").and_then(Value::text).and_then(Condition::parse);
        let value = |name: &str| value_of(&session.scope, name);
        if condition.as_ref().and_then(|it| it.holds(&value)) == Some(false) {
            continue;
        }
        let arms = condition.map_or_else(Vec::new, |it| alternatives.arms(&it, session));
        let own = step.get("shell").and_then(Value::text).map(str::to_owned);
        let shell = match own.or_else(|| default.clone()).as_deref() {
            Some(name) if name.starts_with("pwsh") || name.starts_with("powershell") => {
                Shell::Powershell
            }
            Some(name) if name.starts_with("cmd") => Shell::Cmd,
            None if session.scope.platforms == [Subdir::Win64] => Shell::Powershell,
            Some(_) | None => Shell::Posix,
        };
        let outer = session.scope.variables.clone();
        session.count(outer.len())?;
        set_variables(session, text, step);
        if let Some(inputs) = step.get("with")
            && let Some(action) = step.get("uses").and_then(Value::text)
        {
            read_action(session, text, action, inputs)?;
        }
        if let Some(run) = step.get("run") {
            run_scalar(session, text, run, shell, &arms)?;
        }
        session.scope.variables = outer;
    }
    Ok(())
}

/// A value that conditions ask for, as far as the file tells it.
fn value_of(scope: &Scope, name: &str) -> Option<String> {
    if name == "runner.os" {
        let mut systems = scope.platforms.iter().map(|platform| match platform.os() {
            Os::Macos => "macOS",
            Os::Windows => "Windows",
            Os::Linux | Os::FreeBsd => "Linux", // GitHub has no other
        });
        let first = systems.next()?;
        return systems.all(|system| system == first).then(|| first.to_owned());
    }
    scope.variables.value(name.strip_prefix("env.").unwrap_or(name))
}

/// The steps of a job of which one runs instead of another: those whose conditions compare the same with different values.
struct Alternatives {
    /// The values that a name is compared with, each with its arm.
    values: HashMap<String, HashMap<String, usize>>,
    branches: HashMap<String, usize>,
}

impl Alternatives {
    fn of(job: Value<'_>) -> Self {
        let mut values: HashMap<String, HashMap<String, usize>> = HashMap::new();
        let conditions = steps(job).filter_map(|step| step.get("if").and_then(Value::text));
        for condition in conditions.filter_map(Condition::parse) {
            for (name, value, _) in condition.comparisons() {
                let of_name = values.entry(name.to_owned()).or_default();
                let arm = of_name.len();
                of_name.entry(value.to_ascii_lowercase()).or_insert(arm);
            }
        }
        Self { values, branches: HashMap::new() }
    }

    /// The arms of a condition: a branch for each name, an arm for each value, and one for what is unequal to the only one.
    fn arms(&mut self, condition: &Condition, session: &mut Session<'_>) -> Arms {
        let mut arms = Arms::new();
        for (name, value, is_equal) in condition.comparisons() {
            let values = &self.values[name];
            let arm = values.get(&value.to_ascii_lowercase()).copied();
            let Some(arm) = arm.filter(|_| is_equal || values.len() == 1) else { continue };
            let branch =
                *self.branches.entry(name.to_owned()).or_insert_with(|| session.new_branch());
            arms.push((branch, if is_equal { arm } else { values.len() }));
        }
        arms
    }
}

/// Whether a label is of a runner without a GPU.
fn is_hosted(label: &str) -> bool {
    let systems = ["ubuntu-", "windows-", "macos-"];
    systems.iter().any(|system| label.starts_with(system)) && !label.contains("gpu")
}

fn platform_of(label: &str) -> Option<Subdir> {
    match label {
        _ if label.starts_with("windows") => Some(Subdir::Win64),
        "macos-13" | "macos-12" | "macos-15-intel" => Some(Subdir::Osx64),
        _ if label.starts_with("macos") => Some(Subdir::OsxArm64),
        _ if label.starts_with("ubuntu") && label.ends_with("-arm") => Some(Subdir::LinuxAarch64),
        _ if label.starts_with("ubuntu") => Some(Subdir::Linux64),
        _ => None,
    }
}

/// What a setup action puts into the environment that it makes active.
fn read_action(
    session: &mut Session<'_>,
    text: &str,
    action: &str,
    inputs: Value<'_>,
) -> Result<(), FileError> {
    let input = |name: &str| inputs.get(name).filter(|value| value.text().is_some());
    let name = if action.starts_with("conda-incubator/setup-miniconda") {
        Some(input("activate-environment").and_then(Value::text).unwrap_or("test"))
    } else if action.starts_with("mamba-org/") {
        // Without a name, that of the file in `environment-file`.
        Some(input("environment-name").and_then(Value::text).unwrap_or("setup-micromamba"))
    } else {
        return Ok(());
    };
    let name = name.map_or_else(|| session.scope.default.clone(), EnvironmentName::of);
    session.scope.default = name.clone();
    let none = Vec::new();
    for key in ["channels", "extra-channels"] {
        if let Some(channels) = input(key) {
            let call = ClientCall::of_words(
                Subcommand::Config,
                split(text, content(text, channels), ','),
                Form::Items { is_block: false },
            );
            session.add_call(call, None, &none)?;
        }
    }
    if let Some(settings) = input("condarc") {
        let range = content(text, settings);
        add_lists(session, text, range, &[("channels", Subcommand::Config)])?;
    }
    if let Some(version) = input("python-version") {
        let written = version.text().unwrap_or_default();
        let line =
            SpecLine::new(version.range().start, version.line(), &format!("python={written}"));
        session.add_spec(line, name.clone())?;
    }
    for key in ["create-args", "extra-specs"] {
        let Some(arguments) = input(key) else { continue };
        let (words, form) = words(text, arguments);
        let call = ClientCall::of_words(Subcommand::Install, words, form);
        session.add_call(call, Some(name.clone()), &none)?;
    }
    Ok(())
}

/// Adds lists of a YAML document in another text, by their keys.
pub(super) fn add_lists(
    session: &mut Session<'_>,
    text: &str,
    range: Range<usize>,
    keys: &[(&str, Subcommand)],
) -> Result<(), FileError> {
    for call in yaml_lists::lists(text, range, keys) {
        session.add_call(call, None, &Vec::new())?;
    }
    Ok(())
}

/// The parts of a text between separators, as words.
fn split(text: &str, range: Range<usize>, separator: char) -> Vec<Word> {
    let mut at = range.start;
    let mut words = Vec::new();
    for part in text[range].split(separator) {
        let start = at + part.len() - part.trim_start().len();
        at += part.len() + separator.len_utf8();
        let part = part.trim();
        if !part.is_empty() {
            words.push(Word {
                range: start..start + part.len(),
                text: part.to_owned(),
                quote: None,
            });
        }
    }
    words
}

/// Every scalar below a value is a command.
fn read_commands(session: &mut Session<'_>, text: &str, value: Value<'_>) -> Result<(), FileError> {
    if value.text().is_some() {
        return run_scalar(session, text, value, Shell::Posix, &[]);
    }
    for item in value.items() {
        read_commands(session, text, item)?;
    }
    if let Some(command) = command_of(text, value) {
        return session.run_command(&command, &Arms::new(), Shell::Posix, 0);
    }
    if let Some(action) = value.get("uses").and_then(Value::text)
        && let Some(inputs) = value.get("with")
    {
        read_action(session, text, action, inputs)?;
    }
    let is_read = read_packages(session, text, value)?;
    for (name, item) in value.entries() {
        if is_read && (name == "channels" || PACKAGES.contains(&name)) {
            continue;
        }
        if name == "matrix" {
            set_alternatives(session, "", item);
            continue;
        }
        set_variable(session, text, name, item);
        read_commands(session, text, item)?;
    }
    Ok(())
}

/// A list that is a command, word for word: `["conda", "install", "pytorch"]`.
fn command_of(text: &str, value: Value<'_>) -> Option<SimpleCommand> {
    value.items().next()?.text().filter(|program| is_client_name(program))?;
    let words: Option<Vec<Word>> =
        value.items().map(|item| yaml_lists::word_of(text, item, 0)).collect();
    Some(SimpleCommand { words: words?, form: Form::Strings, precondition: Precondition::None })
}

/// Keys with packages beside `channels`, as Ansible's modules have them.
const PACKAGES: [&str; 4] = ["packages", "dependencies", "specs", "name"];

/// Keys with the environment that they are for.
const ENVIRONMENTS: [&str; 4] = ["environment", "env", "prefix", "envname"];

/// Reads a map with channels and a list of packages, and whether it is one.
fn read_packages(
    session: &mut Session<'_>,
    text: &str,
    value: Value<'_>,
) -> Result<bool, FileError> {
    let words = |value: Value<'_>| {
        let scalar = value.text().is_some().then_some(value);
        let items = value.items().chain(scalar);
        items.map(|item| yaml_lists::word_of(text, item, 0)).collect::<Option<Vec<Word>>>()
    };
    let lists = |keys: &[&str]| {
        let found = keys.iter().find_map(|key| value.get(key))?;
        words(found).filter(|words| !words.is_empty())
    };
    let Some(channels) = lists(&["channels"]) else { return Ok(false) };
    let Some(packages) = lists(&PACKAGES) else { return Ok(false) };
    // The version of its only package stands elsewhere.
    let is_unknown = |word: &Word| has_blanks(&word.text) || has_variables(&word.text);
    if value.get("version").is_some() || channels.iter().chain(&packages).any(is_unknown) {
        return Ok(false);
    }
    let name = ENVIRONMENTS.iter().find_map(|key| value.get(key).and_then(Value::text));
    let name = name.map_or(EnvironmentName::Current, EnvironmentName::of);
    let mut has_forge = false;
    for (subcommand, words) in [(Subcommand::Config, channels), (Subcommand::Install, packages)] {
        let is_block = words.first();
        let is_block = is_block.is_some_and(|word| item_place(text, word.range.clone()).1);
        let call = ClientCall::of_words(subcommand, words, Form::Items { is_block });
        let list = call.list(&session.lines, &session.scope.variables, session.scope.place);
        has_forge |= list.names_forge();
        let list = session.register(call, SpecList { has_forge, ..list }, &[])?;
        session.attach(Some(list), false, name.clone(), &[])?;
    }
    Ok(true)
}

/// Sets the variables of a matrix, which have each of its values in turn; `name`: the key around a value.
fn set_alternatives(session: &mut Session<'_>, name: &str, value: Value<'_>) {
    if let Some(written) = value.text() {
        // CircleCI's have the place of their definition before the name.
        for name in [name.to_owned(), format!("parameters.{name}"), format!("matrix.{name}")] {
            session.scope.variables.set(&name, written, true);
        }
    }
    value.items().for_each(|item| set_alternatives(session, name, item));
    value.entries().for_each(|(name, item)| set_alternatives(session, name, item));
}

fn run_scalar(
    session: &mut Session<'_>,
    text: &str,
    value: Value<'_>,
    shell: Shell,
    arms: &[(usize, usize)],
) -> Result<(), FileError> {
    if value.occurrence() != value.range() {
        return Ok(()); // an alias
    }
    let range = content(text, value);
    let before = &text[..range.start];
    let within = before.chars().next_back().filter(|c| matches!(c, '"' | '\''));
    let within = within.filter(|_| range != value.range());
    let head = before.trim_end().trim_end_matches(['-', '+']);
    let is_folded = value.is_plain() || within.is_none() && head.ends_with('>');
    session.run_in_arms(&ShellText { text, range, shell, within, is_folded }, arms, true)
}

/// The bytes of a scalar's content: without quotes, and without the mark of a block.
fn content(text: &str, value: Value<'_>) -> Range<usize> {
    let range = value.range();
    let written = &text[range.clone()];
    match written.chars().next() {
        Some('"' | '\'') if range.len() > 1 => range.start + 1..range.end - 1,
        Some('|' | '>') => {
            range.start + written.find('\n').map_or(written.len(), |end| end + 1)..range.end
        }
        Some(_) | None => range,
    }
}
