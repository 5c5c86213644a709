//! Entries of TOML tables and arrays: how one is replaced or taken out, and what a document says.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeValue;

use crate::conda::MatchSpec;

use super::text_edit::{TextEdit, line_end, whole_line, without_item};

/// A version as pixi reads it: without an operator it is exact, so `=2.1` needs `.*`.
pub(super) fn version(fresh: &MatchSpec) -> String {
    let version = fresh.version.as_str();
    match version.strip_prefix('=') {
        _ if version.is_empty() => "*".to_owned(),
        Some(number) if number.starts_with('=') => version.to_owned(),
        Some(number) if fresh.build.is_some() => format!("=={number}"),
        Some(number) if number.contains('*') => number.to_owned(),
        Some(number) => format!("{number}.*"),
        None => version.to_owned(),
    }
}

/// A spec as the value of an entry.
pub(super) fn value(fresh: &MatchSpec, quote: char) -> String {
    let quoted = |text: &str| format!("{quote}{text}{quote}");
    let own = version(fresh);
    if fresh.build.is_none() && fresh.channel.is_none() {
        return quoted(&own);
    }
    let mut text = format!("{{ version = {}", quoted(&own));
    if let Some(build) = &fresh.build {
        text.extend([", build = ", &quoted(build)]);
    }
    if let Some(channel) = &fresh.channel {
        text.extend([", channel = ", &quoted(channel)]);
    }
    text.push_str(" }");
    text
}

/// The edits that put specs in the place of an entry; `None` where it does not stand on a line of its own.
pub(super) fn edit(
    text: &str,
    key: &Range<usize>,
    old: &Range<usize>,
    fresh: &[MatchSpec],
) -> Option<Vec<TextEdit>> {
    let line = whole_line(text, key.start);
    let alone = text[line.start..key.start].trim_matches([' ', '\t', '\u{feff}']).is_empty()
        && old.end <= line.end;
    let written = text.get(old.clone())?;
    if !written.starts_with(['"', '\'', '{']) || written.contains('\n') {
        return None;
    }
    let quote = if written.contains('\'') && !written.contains('"') { '\'' } else { '"' };
    let Some((first, more)) = fresh.split_first() else {
        return alone.then(|| without_item(text, line, old.end)).map(|edit| vec![edit]);
    };
    let mut edits = vec![TextEdit::new(old.clone(), value(first, quote))];
    let name = text[key.clone()].trim_matches(['"', '\'']);
    if name != first.name {
        let bare = &text[key.clone()] == name;
        let fresh = if bare { first.name.clone() } else { format!("\"{}\"", first.name) };
        edits.push(TextEdit::new(key.clone(), fresh));
    }
    if !more.is_empty() {
        if !alone {
            return None;
        }
        let (ending, indent) = (line_end(text, &line), &text[line.start..key.start]);
        let mut added = String::new();
        if !text[line.clone()].ends_with('\n') {
            added.push_str(ending);
        }
        for fresh in more {
            added.extend([indent, &fresh.name, " = ", &value(fresh, quote), ending]);
        }
        edits.push(TextEdit::new(line.end..line.end, added));
    }
    Some(edits)
}

/// Everything that a document says, by path.
pub(super) fn leaves(value: &DeValue<'_>, path: &str, out: &mut BTreeMap<String, String>) {
    match value {
        DeValue::Table(table) => {
            out.insert(path.to_owned(), "{}".to_owned());
            for (key, value) in table {
                leaves(value.get_ref(), &format!("{path}\u{1f}{}", key.get_ref()), out);
            }
        }
        DeValue::Array(array) => {
            out.insert(path.to_owned(), "[]".to_owned());
            for (at, value) in array.iter().enumerate() {
                leaves(value.get_ref(), &format!("{path}\u{1f}[{at:06}]"), out);
            }
        }
        DeValue::String(text) => {
            out.insert(path.to_owned(), format!("\"{text}"));
        }
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            out.insert(path.to_owned(), format!("{value:?}"));
        }
    }
}
