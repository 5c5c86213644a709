//! Lines of a job that stand for other packages in each row of its matrix: the one new text for all rows, and the new
//! values of the rows.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::conda::MatchSpec;

use super::environment_spec::{FileEdits, ListEdits, SpecLine};
use super::file_migration::{ChangeReason, FileNote, LineChange};
use super::file_specs::{FileSpecs, RowValue};
use super::text_edit::TextEdit;

/// The new values, by the byte at which the old ones begin.
type NewValues = BTreeMap<usize, (RowValue, String)>;

/// The new spec of a line in each row, with its text.
struct Unified {
    specs: Vec<MatchSpec>,
    text: String,
}

/// Gives lines that are read once a row one new text; those for which there is none stay, like their environments.
/// Returns the edits to the values of the rows.
pub(super) fn unify(text: &str, file: &FileSpecs, planned: &mut FileEdits) -> Vec<TextEdit> {
    let rows = Rows { text, file };
    let mut places: HashMap<(usize, usize), Vec<usize>> = HashMap::new();
    for (list, call) in file.calls.iter().enumerate() {
        if let Some(last) = call.words.last() {
            places.entry((call.start, last.range.end)).or_default().push(list);
        }
    }
    let is_of_row = |list: &usize| file.row_values.iter().any(|row| row.lists.contains(list));
    let has_rows = |lists: &Vec<usize>| lists.len() > 1 || lists.iter().any(is_of_row);
    let mut groups: Vec<Vec<usize>> = places.into_values().filter(has_rows).collect();
    groups.sort_unstable();
    let mut values;
    let mut failed = BTreeSet::new();
    loop {
        values = NewValues::new();
        planned.row_texts.clear();
        let known = failed.len();
        for group in &groups {
            if !failed.contains(&group[0]) && !unify_lists(&rows, planned, group, &mut values) {
                failed.extend(group.iter().copied());
            }
        }
        if failed.len() == known {
            break;
        }
        // Also what is in the same environments, and in other rows.
        let environments = file.environments.iter().map(|environment| &environment.lists);
        let mut sets: Vec<&Vec<usize>> = environments.chain(&groups).collect();
        let mut is_done = false;
        while !is_done {
            let count = sets.len();
            sets.retain(|set| {
                let is_tied = set.iter().any(|list| failed.contains(list));
                if is_tied {
                    failed.extend(set.iter().copied());
                }
                !is_tied
            });
            is_done = sets.len() == count;
        }
    }
    revert(file, planned, &failed);
    let mut edits = Vec::new();
    let mut changed: Vec<(RowValue, String)> = values.into_values().collect();
    changed.retain(|(old, new)| old.value != *new);
    // Rows that become the same are run twice.
    let mut known: HashSet<(usize, &str, &str)> = HashSet::new();
    let ranges: HashSet<usize> = changed.iter().map(|(old, _)| old.range.start).collect();
    let kept = file.row_values.iter().filter(|row| !ranges.contains(&row.range.start));
    known.extend(kept.map(|row| (row.line, row.name.as_str(), row.value.as_str())));
    for (old, new) in &changed {
        if !new.is_empty() && !known.insert((old.line, &old.name, new)) {
            let message = format!("the matrix has `{new}` twice; remove one");
            planned.notes.push(FileNote::at(old.line, "repeated-row", message));
        }
    }
    for (old, new) in changed {
        let why = match new.as_str() {
            "" => ChangeReason::NOT_NEEDED,
            new if new.starts_with("cuda-version") => ChangeReason::CUDA_VERSION,
            new if new.contains('=') => ChangeReason::NAMED_BUILD,
            _ => ChangeReason::NEAREST,
        };
        let after = if new.is_empty() { Vec::new() } else { vec![new.clone()] };
        planned.changes.push(LineChange { line: old.line, before: old.value.clone(), after, why });
        // Nothing without quotes would be null.
        let is_plain = !text[..old.range.start].ends_with(['"', '\'']);
        let new = if new.is_empty() && is_plain { "\"\"".to_owned() } else { new };
        edits.push(TextEdit::new(old.range, new));
    }
    edits
}

/// Leaves lists as they are.
fn revert(file: &FileSpecs, planned: &mut FileEdits, lists: &BTreeSet<usize>) {
    let mut lines = BTreeSet::new();
    let mut left = BTreeMap::new();
    for at in lists {
        let (list, own) = (&file.lists[*at], &mut planned.lists[*at]);
        let edited = list.specs.iter().zip(&own.specs).filter(|(_, edit)| edit.is_some());
        let first = edited.clone().map(|(line, _)| (line.line, line.text.clone())).next();
        let channels = list.channels.iter().zip(&own.channels).filter(|(_, edit)| edit.is_some());
        lines.extend(edited.map(|(line, _)| line.line));
        lines.extend(channels.clone().map(|(line, _)| line.line));
        lines.extend(list.place_for_channel.filter(|_| own.adds_channel).map(|it| it.line));
        match first {
            Some((line, text)) => drop(left.insert(line, text)),
            None => {
                for (line, _) in channels.take(1) {
                    left.entry(line.line).or_insert_with(|| line.name.clone());
                }
            }
        }
        *own = ListEdits::none(list);
    }
    planned.changes.retain(|change| !lines.contains(&change.line));
    let notes = planned.notes.iter().filter(|note| note.is_left);
    let known: HashSet<usize> = notes.filter_map(|note| note.line).collect();
    for (line, text) in left.into_iter().filter(|(line, _)| !known.contains(line)) {
        let message = format!("`{text}` unchanged: the rows of the matrix need different texts");
        planned.notes.push(FileNote::left(line, "unknown", message));
    }
}

/// Whether the lists, of the same words in several rows, get one new text.
fn unify_lists(
    rows: &Rows<'_>,
    planned: &mut FileEdits,
    lists: &[usize],
    values: &mut NewValues,
) -> bool {
    let (file, first) = (rows.file, lists[0]);
    let is_failed = |list: &usize| planned.failed_lists[*list];
    if lists.iter().any(is_failed) {
        return lists.iter().all(|list| planned.lists[*list].is_none());
    }
    let channels = &planned.lists[first].channels;
    if lists.iter().any(|list| planned.lists[*list].channels != *channels) {
        return false;
    }
    let needs_cuda = lists.iter().filter_map(|list| planned.lists[*list].needs_cuda).max();
    // Each line by its place: one that is empty in a row is not in its list.
    let mut places: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
    for list in lists {
        for (at, line) in file.lists[*list].specs.iter().enumerate() {
            places.entry(line.at).or_default().push((*list, at));
        }
    }
    for members in places.into_values() {
        let lists: &[usize] = &members.iter().map(|(list, _)| *list).collect::<Vec<_>>();
        let first = lists[0];
        let lines: Vec<&SpecLine> =
            members.iter().map(|(list, at)| &file.lists[*list].specs[*at]).collect();
        let edits: Vec<_> =
            members.iter().map(|(list, at)| planned.lists[*list].specs[*at].clone()).collect();
        let is_one = |line: &&SpecLine| line.spec == lines[0].spec;
        let is_row = || {
            let variable = lines[0].template.as_deref().and_then(variable_of);
            let name = variable.map(|(_, name)| name).or(whole_variable(&lines[0].text));
            name.is_some_and(|name| rows.has(name, first))
        };
        if edits.iter().all(Option::is_none)
            || lines.iter().all(is_one) && edits.iter().all(|edit| *edit == edits[0]) && !is_row()
        {
            continue;
        }
        let new: Option<Vec<Vec<MatchSpec>>> = edits
            .iter()
            .zip(&lines)
            .map(|(edit, line)| edit.clone().or_else(|| Some(vec![line.spec.clone()?])))
            .collect();
        let Some(new) = new else { return false };
        if let Some(variable) = whole_variable(&lines[0].text).filter(|it| rows.has(it, first)) {
            // The values of the rows are the packages.
            let text = |at: usize| match new[at].as_slice() {
                [] => Some(String::new()),
                [spec] => Some(spec.to_string()),
                _ => None,
            };
            if !rows.is_free(variable) || rows.set(variable, lists, text, values).is_none() {
                return false;
            }
            let (line, text) = (lines[0].line, &lines[0].text);
            planned.changes.retain(|change| change.line != line || change.before != *text);
            planned.row_texts.insert(lines[0].at, vec![text.clone()]);
            for ((list, at), specs) in members.iter().zip(new) {
                planned.lists[*list].specs[*at] = Some(specs);
            }
            continue;
        }
        let count = new[0].len();
        if new.iter().any(|specs| specs.len() != count) {
            return false;
        }
        let unified: Option<Vec<Unified>> = (0..count)
            .map(|place| {
                let specs: Vec<&MatchSpec> = new.iter().map(|specs| &specs[place]).collect();
                unify_spec(rows, lists, &lines, &specs, values)
            })
            .collect();
        let Some(unified) = unified else { return false };
        let texts: Vec<String> = unified.iter().map(|it| it.text.clone()).collect();
        let (line, text) = (lines[0].line, &lines[0].text);
        let same = |change: &LineChange| change.line == line && change.before == *text;
        let why = planned.changes.iter().find(|change| same(change)).map(|change| change.why);
        planned.changes.retain(|change| !same(change));
        if texts != [text.clone()] {
            let (before, after) = (text.clone(), texts.clone());
            let why = why.unwrap_or(ChangeReason::NEAREST);
            planned.changes.push(LineChange { line, before, after, why });
        }
        planned.row_texts.insert(lines[0].at, texts);
        for (row, (list, at)) in members.iter().enumerate() {
            let specs = unified.iter().map(|it| it.specs[row].clone()).collect();
            planned.lists[*list].specs[*at] = Some(specs);
        }
    }
    for list in lists {
        planned.lists[*list].needs_cuda = needs_cuda;
    }
    true
}

/// What no number of a version has.
const NO_NUMBER: [char; 6] = ['<', '>', ',', '|', '*', '!'];

/// A package's name and build in a row: of conda-forge's metapackages, those of the package that they choose.
fn name_and_build(spec: &MatchSpec) -> (String, Option<String>) {
    match spec.name.as_str() {
        "pytorch-gpu" => ("pytorch".to_owned(), Some("cuda*".to_owned())),
        "pytorch-cpu" => ("pytorch".to_owned(), Some("cpu*".to_owned())),
        name => (name.to_owned(), spec.build.clone()),
    }
}

/// One text for the new specs of a line in each row; `None` if there is none.
fn unify_spec(
    rows: &Rows<'_>,
    lists: &[usize],
    lines: &[&SpecLine],
    specs: &[&MatchSpec],
    values: &mut NewValues,
) -> Option<Unified> {
    let is_same = specs.iter().all(|it| it.name == specs[0].name && it.build == specs[0].build);
    let row: Vec<(String, Option<String>)> = if is_same {
        specs.iter().map(|it| (it.name.clone(), it.build.clone())).collect()
    } else {
        specs.iter().map(|it| name_and_build(it)).collect()
    };
    let (name, build) = row[0].clone();
    if row.iter().any(|(other, _)| *other != name) {
        return None;
    }
    let builds: Vec<&str> = row.iter().map(|it| it.1.as_deref().unwrap_or_default()).collect();
    let new = |version: &str, build: Option<&str>| MatchSpec {
        name: name.clone(),
        build: build.map(str::to_owned),
        version: version.to_owned(),
        channel: specs[0].channel.clone(),
    };
    let template = lines[0].template.as_deref();
    if builds.iter().any(|it| *it != builds[0]) {
        // The value of each row has its build.
        let own = template.and_then(|template| {
            let own = |at: usize| Some(builds[at]).filter(|build| !build.is_empty());
            let number = |at: usize| {
                let number = specs[at].version.trim_start_matches('=');
                let build = own(at).map(|build| format!("={build}")).unwrap_or_default();
                let is_number = !number.is_empty() && !number.contains(NO_NUMBER);
                Some(format!("{number}{build}")).filter(|_| is_number)
            };
            let variable = variable_of(template).filter(|it| rows.is_free(it.1))?;
            rows.set(variable.1, lists, number, values)?;
            let new = |at: usize| {
                let number = specs[at].version.trim_start_matches('=');
                new(&format!("={number}"), own(at))
            };
            let text = MatchSpec { build: None, ..new(0) };
            let text =
                MatchSpec { version: format!("={}", template.trim_start_matches('=')), ..text };
            let specs = (0..lines.len()).map(new).collect();
            Some(Unified { specs, text: text.to_string() })
        });
        if own.is_some() {
            return own;
        }
    }
    let begins = |word: &str| builds.iter().all(|it| it.starts_with(word));
    let build = match build {
        build if builds.iter().all(|it| *it == builds[0]) => build,
        _ if begins("cuda") => Some("cuda*".to_owned()),
        _ if begins("cpu") => Some("cpu*".to_owned()),
        _ => return None,
    };
    if specs.iter().all(|it| it.version == specs[0].version) && template.is_none() {
        let spec = new(&specs[0].version, build.as_deref());
        let text = spec.to_string();
        return Some(Unified { specs: vec![spec; specs.len()], text });
    }
    // `=${{ matrix.torch }}`: the rows have the number.
    let template = template?;
    let variable = variable_of(template)?;
    let number = |at: usize| {
        let number = specs[at].version.trim_start_matches('=').to_owned();
        Some(number).filter(|it| !it.contains(NO_NUMBER) && !it.is_empty())
    };
    rows.set(variable.1, lists, number, values)?;
    let text = new(template, build.as_deref()).to_string();
    let all = (0..specs.len()).map(|at| {
        let version = format!("{}{}", variable.0, number(at).unwrap_or_default());
        new(&version, build.as_deref())
    });
    Some(Unified { specs: all.collect(), text })
}

/// The operator of a version that is a variable of a matrix, and its name.
fn variable_of(template: &str) -> Option<(&str, &str)> {
    let (operator, reference) = template.split_at(template.find("${{")?);
    let variable = reference.strip_prefix("${{")?.strip_suffix("}}")?.trim();
    (matches!(operator, "=" | "==") && !variable.contains("${{")).then_some((operator, variable))
}

/// The variable that a text is as a whole.
fn whole_variable(text: &str) -> Option<&str> {
    let variable = text.strip_prefix("${{")?.strip_suffix("}}")?.trim();
    (!variable.contains("${{")).then_some(variable)
}

/// A text with a matrix.
struct Rows<'t> {
    text: &'t str,
    file: &'t FileSpecs,
}

impl Rows<'_> {
    /// Whether a variable is used once, but for names.
    fn is_free(&self, variable: &str) -> bool {
        let is_use = |at: usize| {
            let after = self.text[at + variable.len()..].chars().next();
            let line = self.text[..at].rsplit('\n').next().unwrap_or_default();
            let line = line.trim_start_matches(['-', ' ', '\t']);
            !after.is_some_and(|c| c.is_alphanumeric() || "_-".contains(c))
                && !line.starts_with("name:")
                && !line.starts_with('#')
        };
        self.text.match_indices(variable).filter(|(at, _)| is_use(*at)).take(2).count() == 1
    }

    /// Whether a variable is of the row of a list.
    fn has(&self, variable: &str, list: usize) -> bool {
        let mut rows = self.file.row_values.iter();
        rows.any(|row| row.name == variable && row.lists.contains(&list))
    }

    /// Sets the value of a variable in each row; `None` if one of them has another new value already.
    fn set(
        &self,
        variable: &str,
        lists: &[usize],
        new: impl Fn(usize) -> Option<String>,
        values: &mut NewValues,
    ) -> Option<()> {
        let mut own = NewValues::new();
        for (at, list) in lists.iter().enumerate() {
            let new = new(at)?;
            let rows = self.file.row_values.iter().filter(|it| it.lists.contains(list));
            let mut is_set = false;
            for row in rows.filter(|it| it.name == variable) {
                let known = own.get(&row.range.start).or_else(|| values.get(&row.range.start));
                if known.is_some_and(|(_, known)| *known != new) {
                    return None;
                }
                own.insert(row.range.start, (row.clone(), new.clone()));
                is_set = true;
            }
            if !is_set {
                return None;
            }
        }
        values.extend(own);
        Some(())
    }
}
