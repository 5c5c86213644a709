//! Conditions of a workflow's steps (`if:`), as far as the file tells the values in them. Source:
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/expressions>.

/// A condition, or a part of one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Literal(String),
    /// A value of the run, in lower case: `matrix.device`.
    Name(String),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
    Compare {
        sides: Box<(Self, Self)>,
        equal: bool,
    },
    Call(String, Vec<Self>),
}

/// How deep brackets may be in each other.
const DEEPEST: usize = 32;

impl Condition {
    /// Reads a condition, with or without `${{ }}` around it; `None` if it has anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let inner = text.strip_prefix("${{").and_then(|text| text.strip_suffix("}}"));
        let mut rest = Rest { text: inner.unwrap_or(text), depth: 0 };
        let condition = rest.any()?;
        rest.text.trim().is_empty().then_some(condition)
    }

    /// Whether it holds with the values of a run; `None` if it depends on what is not known.
    pub(super) fn holds(&self, value: &dyn Fn(&str) -> Option<String>) -> Option<bool> {
        match self {
            Self::Not(inner) => inner.holds(value).map(|holds| !holds),
            Self::All(parts) => together(parts.iter().map(|part| part.holds(value)), false),
            Self::Any(parts) => together(parts.iter().map(|part| part.holds(value)), true),
            Self::Compare { sides, equal } => {
                let (left, right) = (sides.0.value(value)?, sides.1.value(value)?);
                Some(left.eq_ignore_ascii_case(&right) == *equal)
            }
            Self::Call(name, arguments) => {
                let [text, other] = arguments.as_slice() else { return None };
                let (text, other) = (text.value(value)?, other.value(value)?);
                let (text, other) = (text.to_ascii_lowercase(), other.to_ascii_lowercase());
                match name.as_str() {
                    "startswith" => Some(text.starts_with(&other)),
                    "endswith" => Some(text.ends_with(&other)),
                    "contains" => Some(text.contains(&other)),
                    _ => None,
                }
            }
            Self::Literal(_) | Self::Name(_) => {
                let text = self.value(value)?;
                Some(!matches!(text.as_str(), "" | "0" | "false" | "null"))
            }
        }
    }

    fn value(&self, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        match self {
            Self::Literal(text) => Some(text.clone()),
            Self::Name(name) => value(name),
            Self::Not(_) | Self::All(_) | Self::Any(_) | Self::Compare { .. } | Self::Call(..) => {
                self.holds(value).map(|holds| holds.to_string())
            }
        }
    }

    /// What it compares with what, and whether they are equal: its parts that must all hold.
    pub(super) fn comparisons(&self) -> Vec<(&str, &str, bool)> {
        match self {
            Self::Name(name) => vec![(name, "true", true)],
            Self::Not(inner) => {
                if let Self::Name(name) = inner.as_ref() {
                    vec![(name, "true", false)]
                } else {
                    Vec::new()
                }
            }
            Self::All(parts) => parts.iter().flat_map(Self::comparisons).collect(),
            Self::Compare { sides, equal } => match sides.as_ref() {
                (Self::Name(name), Self::Literal(text))
                | (Self::Literal(text), Self::Name(name)) => {
                    vec![(name, text, *equal)]
                }
                _ => Vec::new(),
            },
            Self::Literal(_) | Self::Any(_) | Self::Call(..) => Vec::new(),
        }
    }
}

/// Whether one of several holds, or all: `decisive` is what decides alone.
fn together(parts: impl Iterator<Item = Option<bool>>, decisive: bool) -> Option<bool> {
    let mut result = Some(!decisive);
    for part in parts {
        match part {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => result = None,
        }
    }
    result
}

/// What is left of a condition's text.
struct Rest<'t> {
    text: &'t str,
    depth: usize,
}

impl Rest<'_> {
    fn takes(&mut self, token: &str) -> bool {
        let rest = self.text.trim_start().strip_prefix(token);
        self.text = rest.unwrap_or(self.text);
        rest.is_some()
    }

    fn any(&mut self) -> Option<Condition> {
        let mut parts = vec![self.all()?];
        while self.takes("||") {
            parts.push(self.all()?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Condition::Any(parts) })
    }

    fn all(&mut self) -> Option<Condition> {
        let mut parts = vec![self.comparison()?];
        while self.takes("&&") {
            parts.push(self.comparison()?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Condition::All(parts) })
    }

    fn comparison(&mut self) -> Option<Condition> {
        let left = self.operand()?;
        let equal = self.takes("==");
        if equal || self.takes("!=") {
            let sides = Box::new((left, self.operand()?));
            return Some(Condition::Compare { sides, equal });
        }
        Some(left)
    }

    fn operand(&mut self) -> Option<Condition> {
        self.depth += 1;
        let operand = if self.depth > DEEPEST { None } else { self.operand_within() };
        self.depth -= 1;
        operand
    }

    fn operand_within(&mut self) -> Option<Condition> {
        if self.takes("!") {
            return self.operand().map(|inner| Condition::Not(Box::new(inner)));
        }
        if self.takes("(") {
            let inner = self.any()?;
            return self.takes(")").then_some(inner);
        }
        if self.takes("'") {
            return self.quoted().map(Condition::Literal);
        }
        self.text = self.text.trim_start();
        let is_of_word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let end = self.text.find(|c| !is_of_word(c)).unwrap_or(self.text.len());
        let (word, rest) = self.text.split_at(end);
        self.text = rest;
        let name = word.to_ascii_lowercase();
        match word.chars().next()? {
            c if c.is_ascii_digit() || c == '-' => Some(Condition::Literal(name)),
            _ if matches!(name.as_str(), "true" | "false" | "null") => {
                Some(Condition::Literal(name))
            }
            _ if self.takes("(") => {
                let mut arguments = Vec::new();
                while !self.takes(")") {
                    if !arguments.is_empty() && !self.takes(",") {
                        return None;
                    }
                    arguments.push(self.any()?);
                }
                Some(Condition::Call(name, arguments))
            }
            _ => Some(Condition::Name(name)),
        }
    }

    /// The rest of a text in quotes, where `''` is one.
    fn quoted(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            let end = self.text.find('\'')?;
            text.push_str(&self.text[..end]);
            self.text = &self.text[end + 1..];
            match self.text.strip_prefix('\'') {
                Some(rest) => self.text = rest,
                None => return Some(text),
            }
            text.push('\'');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str) -> Option<bool> {
        let value = |name: &str| match name {
            "matrix.device" => Some("cpu".to_owned()),
            "matrix.os" => Some("ubuntu-22.04".to_owned()),
            "matrix.gpu" => Some("false".to_owned()),
            _ => None,
        };
        Condition::parse(text)?.holds(&value)
    }

    #[test]
    fn conditions_hold_as_the_file_tells_their_values() {
        for text in [
            "matrix.device == 'cpu'",
            "${{ matrix.device == 'CPU' }}",
            "'cpu' == matrix.device && !matrix.gpu",
            "startsWith(matrix.os, 'ubuntu') && (inputs.x || matrix.device != 'cuda')",
            "always",
        ] {
            let expected = (text != "always").then_some(true);
            assert_eq!(holds(text), expected, "{text}");
        }
        for text in ["matrix.gpu", "contains(matrix.os, 'windows')", "inputs.x && false", "!true"] {
            assert_eq!(holds(text), Some(false), "{text}");
        }
        for text in ["inputs.x", "failure()", "matrix.device == ", "matrix.device == 'cpu", "a ? b"]
        {
            assert_eq!(holds(text), None, "{text}");
        }
        assert_eq!(holds("'it''s' == 'it''s'"), Some(true));
        assert_eq!(holds(&"(".repeat(100_000)), None);
        assert_eq!(holds(&"!".repeat(100_000)), None);
    }

    #[test]
    fn comparisons_are_those_that_must_hold() {
        let of = |text| {
            Condition::parse(text).map(|it| {
                let all = it.comparisons();
                all.into_iter()
                    .map(|(name, text, equal)| format!("{name} {text} {equal}"))
                    .collect::<Vec<_>>()
            })
        };
        let both = ["matrix.device cpu true", "inputs.x true false"].map(str::to_owned);
        assert_eq!(of("matrix.device == 'cpu' && !inputs.x"), Some(both.to_vec()));
        assert_eq!(of("matrix.device == 'cpu' || inputs.x"), Some(Vec::new()));
    }
}
