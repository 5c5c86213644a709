//! Lines of a job that stand for other packages in each row of its matrix: the one new text for all rows, and the new
//! values of the rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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
pub(super) fn unify(file: &FileSpecs, planned: &mut FileEdits) -> Vec<TextEdit> {
    let mut places: HashMap<(usize, usize), Vec<usize>> = HashMap::new();
    for (list, call) in file.calls.iter().enumerate() {
        if let Some(last) = call.words.last() {
            places.entry((call.start, last.range.end)).or_default().push(list);
        }
    }
    let mut groups: Vec<Vec<usize>> =
        places.into_values().filter(|lists| lists.len() > 1).collect();
    groups.sort_unstable();
    let mut values;
    let mut failed = BTreeSet::new();
    loop {
        values = NewValues::new();
        planned.row_texts.clear();
        let known = failed.len();
        for group in &groups {
            if !failed.contains(&group[0]) && !unify_lists(file, planned, group, &mut values) {
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
    for (_, (old, new)) in values {
        planned.changes.push(LineChange {
            line: old.line,
            before: old.value.clone(),
            after: vec![new.clone()],
            why: ChangeReason::NEAREST,
        });
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
    for (line, text) in left {
        let message = format!("`{text}` unchanged: the rows of the matrix need different texts");
        planned.notes.push(FileNote::left(line, "unknown", message));
    }
}

/// Whether the lists, of the same words in several rows, get one new text.
fn unify_lists(
    file: &FileSpecs,
    planned: &mut FileEdits,
    lists: &[usize],
    values: &mut NewValues,
) -> bool {
    let first = lists[0];
    let is_failed = |list: &usize| planned.failed_lists[*list];
    if lists.iter().any(is_failed) {
        return lists.iter().all(|list| planned.lists[*list].is_none());
    }
    let channels = &planned.lists[first].channels;
    if lists.iter().any(|list| planned.lists[*list].channels != *channels) {
        return false;
    }
    let needs_cuda = lists.iter().filter_map(|list| planned.lists[*list].needs_cuda).max();
    for at in 0..planned.lists[first].specs.len() {
        let lines: Vec<&SpecLine> = lists.iter().map(|it| &file.lists[*it].specs[at]).collect();
        let edits: Vec<_> = lists.iter().map(|it| planned.lists[*it].specs[at].clone()).collect();
        let is_one = |line: &&SpecLine| line.spec == lines[0].spec;
        if edits.iter().all(Option::is_none)
            || lines.iter().all(is_one) && edits.iter().all(|edit| *edit == edits[0])
        {
            continue;
        }
        let new: Option<Vec<Vec<MatchSpec>>> = edits
            .iter()
            .zip(&lines)
            .map(|(edit, line)| edit.clone().or_else(|| Some(vec![line.spec.clone()?])))
            .collect();
        let Some(new) = new else { return false };
        let count = new[0].len();
        if new.iter().any(|specs| specs.len() != count) {
            return false;
        }
        let unified: Option<Vec<Unified>> = (0..count)
            .map(|place| {
                let specs: Vec<&MatchSpec> = new.iter().map(|specs| &specs[place]).collect();
                unify_spec(file, first, &lines, &specs, values)
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
        for (row, list) in lists.iter().enumerate() {
            let specs = unified.iter().map(|it| it.specs[row].clone()).collect();
            planned.lists[*list].specs[at] = Some(specs);
        }
    }
    for list in lists {
        planned.lists[*list].needs_cuda = needs_cuda;
    }
    true
}

/// One text for the new specs of a line in each row; `None` if there is none. `list`: one of the job's.
fn unify_spec(
    file: &FileSpecs,
    list: usize,
    lines: &[&SpecLine],
    specs: &[&MatchSpec],
    values: &mut NewValues,
) -> Option<Unified> {
    let same = |one: fn(&MatchSpec) -> &str| specs.iter().all(|it| one(it) == one(specs[0]));
    let build = |spec: &MatchSpec| spec.build.clone().unwrap_or_default();
    let begins = |word: &str| specs.iter().all(|it| build(it).starts_with(word));
    let is_one = |name: &str, word: &str| {
        specs
            .iter()
            .all(|it| it.name == name || it.name == "pytorch" && build(it).starts_with(word))
    };
    let has_same_build = specs.iter().all(|it| it.build == specs[0].build);
    let (name, build) = if same(|it| &it.name) && has_same_build {
        (specs[0].name.clone(), specs[0].build.clone())
    } else if same(|it| &it.name) && begins("cuda") || is_one("pytorch-gpu", "cuda") {
        ("pytorch".to_owned(), Some("cuda*".to_owned()))
    } else if same(|it| &it.name) && begins("cpu") || is_one("pytorch-cpu", "cpu") {
        ("pytorch".to_owned(), Some("cpu*".to_owned()))
    } else {
        return None;
    };
    let new = |version: &str| MatchSpec {
        name: name.clone(),
        build: build.clone(),
        version: version.to_owned(),
        channel: specs[0].channel.clone(),
    };
    if same(|it| &it.version) && lines[0].template.is_none() {
        let spec = new(&specs[0].version);
        let text = spec.to_string();
        return Some(Unified { specs: vec![spec; specs.len()], text });
    }
    // `=${{ matrix.torch }}`: the rows have the number.
    let template = lines[0].template.as_ref()?;
    let start = template.find("${{")?;
    let (operator, reference) = template.split_at(start);
    let variable = reference.strip_prefix("${{")?.strip_suffix("}}")?.trim();
    if !matches!(operator, "=" | "==") || variable.contains("${{") {
        return None;
    }
    let mut all = Vec::with_capacity(specs.len());
    for (line, spec) in lines.iter().zip(specs) {
        let number = |version: &str| version.trim_start_matches('=').to_owned();
        let (old, new_number) = (number(&line.spec.as_ref()?.version), number(&spec.version));
        if new_number.contains(['<', '>', ',', '|', '*', '!']) || new_number.is_empty() {
            return None;
        }
        let own = file.row_values.iter().filter(|it| it.lists.contains(&list));
        let rows = own.filter(|it| it.name == variable && it.value == old);
        for row in rows {
            let known = values.get(&row.range.start).map(|(_, new)| new.as_str());
            if known.is_some_and(|known| known != new_number) {
                return None;
            }
            if old != new_number {
                values.insert(row.range.start, (row.clone(), new_number.clone()));
            }
        }
        all.push(new(&format!("{operator}{new_number}")));
    }
    Some(Unified { specs: all, text: new(template).to_string() })
}
