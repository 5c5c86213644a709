//! The variables of a script, as far as its text gives their values.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use crate::types::Shell;

/// Values by name, which copies share. A variable that several branches set has several.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables(Rc<HashMap<Rc<str>, Rc<Vec<String>>>>);

/// The most variables: no script has as many.
const MOST_VARIABLES: usize = 10_000;

/// The most values of a variable.
const MOST_VALUES: usize = 16;

/// The longest value.
const LONGEST: usize = 4096;

impl Variables {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Sets a variable; adds a value if the assignment may not run.
    pub(super) fn set(&mut self, name: &str, value: &str, may_not_run: bool) {
        let Some(values) = self.values_to_change(name) else { return };
        if !may_not_run {
            values.clear();
        }
        if values.len() < MOST_VALUES && value.len() <= LONGEST {
            values.push(value.to_owned());
        }
    }

    /// Sets a variable that has each of some values in turn.
    pub(super) fn set_all(&mut self, name: &str, values: &[&str]) {
        if let Some(values) = self.values_to_change(name) {
            values.clear();
        }
        for value in values {
            self.set(name, value, true);
        }
    }

    /// The values of a variable; `None` if there are too many others, of which one more stays unknown.
    fn values_to_change(&mut self, name: &str) -> Option<&mut Vec<String>> {
        let name = name.to_ascii_lowercase();
        if self.0.len() >= MOST_VARIABLES && !self.0.contains_key(name.as_str()) {
            return None;
        }
        Some(Rc::make_mut(Rc::make_mut(&mut self.0).entry(name.into()).or_default()))
    }

    /// The values of a text that is one variable; itself if it has none; empty if unknown.
    pub(super) fn values(&self, text: &str) -> Vec<String> {
        let mut references = references(text);
        match references.next() {
            None => vec![text.to_owned()],
            Some((0, end, name)) if end == text.len() => self.get(name).into_owned(),
            Some(_) => self.expand(text).into_iter().collect(),
        }
    }

    /// A text with the values of its variables; `None` if one is unknown or has several.
    pub(super) fn expand(&self, text: &str) -> Option<String> {
        let mut new = String::new();
        let mut at = 0;
        for (start, end, name) in references(text) {
            let values = self.get(name);
            let [value] = values.as_ref() else { return None };
            // A value with variables of its own is not followed further.
            if references(value).next().is_some() {
                return None;
            }
            new.extend([&text[at..start], value]);
            at = end;
        }
        new.push_str(&text[at..]);
        (new.len() <= LONGEST).then_some(new)
    }

    /// A text with each of the values of its variables; empty if one is unknown, or if several have several.
    pub(super) fn expansions(&self, text: &str) -> Vec<String> {
        let several = references(text).find(|(_, _, name)| self.get(name).len() > 1);
        let Some((start, end, name)) = several else {
            return self.expand(text).into_iter().collect();
        };
        let with =
            |value: &String| self.expand(&format!("{}{value}{}", &text[..start], &text[end..]));
        self.get(name).iter().filter_map(with).collect()
    }

    /// The value of a variable; `None` if it is unknown, or has several.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let values = self.get(name);
        let [value] = values.as_ref() else { return None };
        references(value).next().is_none().then(|| value.clone())
    }

    /// The values of a variable, or of an expansion of one: `NAME%.*`.
    fn get(&self, name: &str) -> Cow<'_, [String]> {
        let end = name.find(['%', '#', '/']).filter(|end| *end > 0).unwrap_or(name.len());
        let values = self.0.get(name[..end].to_ascii_lowercase().as_str());
        let values = values.map_or(&[] as &[String], |values| values.as_slice());
        if end == name.len() {
            return Cow::Borrowed(values);
        }
        Cow::Owned(values.iter().filter_map(|value| changed(value, &name[end..])).collect())
    }
}

/// A value as an expansion of Bash has it: without a part at its end (`%.*`, `%%.*`) or its beginning (`#*.`, `##*.`), or
/// with another text in place of one (`/./`, `//./`); `None` for a pattern that is not read.
fn changed(value: &str, expansion: &str) -> Option<String> {
    let is_plain = |text: &str| !text.contains(['*', '?', '[', '$', '\\', '"', '\'']);
    if let Some(rest) = expansion.strip_prefix('/') {
        let (rest, count) = rest.strip_prefix('/').map_or((rest, 1), |rest| (rest, usize::MAX));
        let (old, new) = rest.split_once('/').unwrap_or((rest, ""));
        let is_read =
            is_plain(old) && is_plain(new) && !old.is_empty() && !old.starts_with(['#', '%']);
        return is_read.then(|| value.replacen(old, new, count));
    }
    let mark = expansion.get(..1)?;
    let (is_longest, pattern) = match expansion[1..].strip_prefix(mark) {
        Some(pattern) => (true, pattern),
        None => (false, &expansion[1..]),
    };
    let literal = pattern.trim_matches('*');
    if literal.is_empty() || !is_plain(literal) {
        return None;
    }
    let kept = match (mark, pattern.strip_prefix(literal), pattern.strip_suffix(literal)) {
        ("%", Some("*"), _) if is_longest => value.find(literal).map(|at| &value[..at]),
        ("%", Some("*"), _) => value.rfind(literal).map(|at| &value[..at]),
        ("%", Some(""), _) => value.strip_suffix(literal),
        ("#", _, Some("*")) if is_longest => {
            value.rfind(literal).map(|at| &value[at + literal.len()..])
        }
        ("#", _, Some("*")) => value.find(literal).map(|at| &value[at + literal.len()..]),
        ("#", _, Some("")) => value.strip_prefix(literal),
        _ => return None,
    };
    Some(kept.unwrap_or(value).to_owned())
}

/// Whether a text has variables.
pub(super) fn has_variables(text: &str) -> bool {
    references(text).next().is_some()
}

/// Whether a text has variables, or the blanks of a form: `{}`, `%s`.
pub(super) fn has_blanks(text: &str) -> bool {
    text.contains(['{', '%']) || has_variables(text)
}

/// The variable that a text stands for, by its name in lower case: `$A`, or all items of a list, `"${A[@]}"`.
pub(super) fn variable_of(text: &str) -> Option<String> {
    // All items of a list of PowerShell: `@a`.
    if let Some(name) = text.strip_prefix('@') {
        return Some(name.to_ascii_lowercase());
    }
    let (start, end, name) = references(text).next()?;
    let name = name.trim_end_matches("[@]").trim_end_matches("[*]");
    (start == 0 && end == text.len()).then(|| name.to_ascii_lowercase())
}

/// What is around the name of a variable.
const BRACKETS: [(&str, &str); 4] = [("%", "%"), ("${{", "}}"), ("${", "}"), ("$(", ")")];

/// The names of the variables of a text with their places: `$A`, `${A}`, `$(A)`, `%A%`, `$env:A`, `${{ env.A }}`, `{A}`.
fn references(text: &str) -> impl Iterator<Item = (usize, usize, &str)> {
    let mut at = 0;
    // Whether each of the brackets can still be closed: a text may open very many.
    let mut can_close = [true; BRACKETS.len()];
    std::iter::from_fn(move || {
        loop {
            let start = at + text[at..].find(['$', '%', '{'])?;
            at = start + 1;
            if let Some((end, name)) = reference(text, start, &mut can_close) {
                at = end;
                return Some((start, end, name));
            }
        }
    })
}

fn reference<'t>(
    text: &'t str,
    start: usize,
    can_close: &mut [bool; BRACKETS.len()],
) -> Option<(usize, &'t str)> {
    let rest = &text[start..];
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    // Of a string of Python: `{version}`, `{0}`.
    if let Some(inner) = rest.strip_prefix('{') {
        let length = inner.find(|c: char| !is_name(c)).filter(|length| *length > 0)?;
        return inner[length..].starts_with('}').then(|| (start + length + 2, &inner[..length]));
    }
    let has_brackets = rest.starts_with('%') || matches!(rest.as_bytes().get(1), Some(b'{' | b'('));
    let mut brackets = BRACKETS.iter().zip(can_close).filter(|_| has_brackets);
    let found = brackets.find_map(|((open, close), can_close)| {
        let inner = rest.strip_prefix(open).filter(|_| *can_close)?;
        let length = inner.find(close);
        *can_close = length.is_some();
        Some((start + open.len() + length? + close.len(), inner[..length?].trim()))
    });
    if rest.starts_with('%') {
        return found.filter(|(_, name)| !name.is_empty() && name.chars().all(is_name));
    }
    if let Some((end, name)) = found {
        return Some((end, without_scope(name)));
    }
    let name = without_scope(rest.strip_prefix('$')?);
    let length = name.find(|c| !is_name(c)).unwrap_or(name.len());
    let end = start + rest.len() - name.len() + length;
    (length > 0).then(|| (end, &name[..length]))
}

/// A name without `env:` or `env.` before it, in any case.
fn without_scope(name: &str) -> &str {
    let scope = name
        .get(..4)
        .filter(|scope| scope.eq_ignore_ascii_case("env:") || scope.eq_ignore_ascii_case("env."));
    scope.map_or(name, |scope| &name[scope.len()..])
}

/// The name and the value that a word assigns.
pub(super) fn assignment<'w>(words: &[&'w str], shell: Shell) -> Option<(&'w str, &'w str)> {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let [first, rest @ ..] = words else { return None };
    if shell == Shell::Fish && *first == "set" {
        let mut words = rest.iter().filter(|word| !word.starts_with('-'));
        let (name, value) = (words.next()?, words.next()?);
        return is_name(name).then_some((name, value));
    }
    let word = match (*first, rest) {
        ("export" | "local" | "readonly" | "declare" | "set" | "ARG" | "ENV", [word, ..]) => word,
        // PowerShell: `$name = "value"`; make: `NAME := value`.
        (name, ["=" | ":=" | "?=" | "::=" | "+=", value, ..]) => {
            let name = without_scope(name.strip_prefix('$').unwrap_or(name));
            return is_name(name).then_some((name, value));
        }
        (word, _) => word,
    };
    let (name, value) = word.split_once('=')?;
    let name = name.strip_suffix([':', '?']).unwrap_or(name);
    let name = if shell == Shell::Powershell {
        without_scope(name.strip_prefix('$').unwrap_or(name))
    } else {
        name
    };
    is_name(name).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expansions_of_bash_change_a_value() {
        let mut variables = Variables::default();
        variables.set("CUDA", "11.8.0", false);
        for (text, value) in [
            ("${CUDA%.*}", Some("11.8")),
            ("${CUDA%%.*}", Some("11")),
            ("${CUDA#*.}", Some("8.0")),
            ("cu${CUDA##*.}", Some("cu0")),
            ("${CUDA%.0}.*", Some("11.8.*")),
            ("${CUDA%.9}", Some("11.8.0")),
            ("cu${CUDA//./}", Some("cu1180")),
            ("${CUDA/./-}", Some("11-8.0")),
            ("${CUDA%.?}", None),
            ("${CUDA:-12.1}", None),
            ("${OTHER%.*}", None),
        ] {
            assert_eq!(variables.expand(text).as_deref(), value, "{text}");
        }
    }

    #[test]
    fn follows_variables_of_every_shell() {
        let mut variables = Variables::default();
        variables.set("PY", "3.8", false);
        for text in [
            "=$PY",
            "=${PY}",
            "=%PY%",
            "=$env:PY",
            "=$Env:PY",
            "=${{ env.PY }}",
            "=$(PY)",
            "=${env:PY}",
            "={PY}",
        ] {
            assert_eq!(variables.expand(text).as_deref(), Some("=3.8"), "{text}");
        }
        assert_eq!(variables.expand("=$X"), None);
        assert_eq!(variables.expand("100%").as_deref(), Some("100%"));
        assert_eq!(variables.expand("${PY:-3.9}"), None);
        variables.set("PY", "3.9", true);
        assert_eq!(variables.expand("$PY"), None);
        assert_eq!(variables.values("$PY"), ["3.8", "3.9"]);
        assert_eq!(variables.expansions("python=$PY"), ["python=3.8", "python=3.9"]);
        variables.set("PY", "3.10", false);
        assert_eq!(variables.expand("$PY-x").as_deref(), Some("3.10-x"));
    }

    #[test]
    fn of_very_many_variables_the_last_are_unknown() {
        let mut variables = Variables::default();
        for number in 0..10_001 {
            variables.set(&format!("A{number}"), "x", false);
        }
        variables.set("A0", "y", false);
        let of = |text: &str| variables.expand(text);
        assert_eq!([of("$A0"), of("$A9999")], [Some("y".to_owned()), Some("x".to_owned())]);
        assert_eq!(of("$A10000"), None);
    }

    #[test]
    fn reads_assignments_of_every_shell() {
        for (words, shell) in [
            (&["PY=3.8"][..], Shell::Posix),
            (&["export", "PY=3.8"], Shell::Posix),
            (&["ARG", "PY=3.8"], Shell::Posix),
            (&["set", "PY=3.8"], Shell::Cmd),
            (&["$PY", "=", "3.8"], Shell::Powershell),
            (&["$env:PY=3.8"], Shell::Powershell),
            (&["PY", ":=", "3.8"], Shell::Posix),
            (&["PY?=3.8"], Shell::Posix),
        ] {
            assert_eq!(assignment(words, shell), Some(("PY", "3.8")), "{words:?}");
        }
        assert_eq!(assignment(&["conda", "install", "a=1"], Shell::Posix), None);
        assert_eq!(assignment(&["--x=1"], Shell::Posix), None);
    }
}
