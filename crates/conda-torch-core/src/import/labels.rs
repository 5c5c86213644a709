//! Text of `label : value` lines, with further values on the lines below, as the `info` of conda clients prints it.

/// Labels with their values, in order.
#[derive(Debug, Default)]
pub(super) struct LabeledText<'t> {
    entries: Vec<(String, Vec<&'t str>)>,
}

impl<'t> LabeledText<'t> {
    /// Reads every line with a label, and the lines without one below it.
    pub(super) fn of(text: &'t str) -> Self {
        let mut entries: Vec<(String, Vec<&'t str>)> = Vec::new();
        let mut is_open = false;
        for line in text.lines() {
            let trimmed = line.trim();
            if let Some((label, value)) = label_and_value(trimmed) {
                let values = if value.is_empty() { Vec::new() } else { vec![value] };
                entries.push((label, values));
                is_open = true;
                continue;
            }
            // pixi writes `: value`, and indentation gets lost.
            let value = trimmed.strip_prefix(": ").unwrap_or(trimmed);
            let belongs = line.starts_with([' ', '\t', ':']) || value.starts_with("__");
            is_open &= belongs && !value.is_empty();
            if let Some((_, values)) = entries.last_mut().filter(|_| is_open) {
                values.push(value);
            }
        }
        Self { entries }
    }

    /// All values of the first entry with a label.
    pub(super) fn all(&self, label: &str) -> Option<&[&'t str]> {
        let found = self.entries.iter().find(|(other, _)| other == label);
        found.map(|(_, values)| values.as_slice())
    }

    /// The only or first value.
    pub(super) fn first(&self, label: &str) -> Option<&'t str> {
        self.all(label)?.first().copied()
    }

    /// Whether there is an entry with a label.
    pub(super) fn has(&self, label: &str) -> bool {
        self.all(label).is_some()
    }

    /// Whether the first entry with a label is the last entry.
    pub(super) fn is_last(&self, label: &str) -> bool {
        let place = self.entries.iter().position(|(other, _)| other == label);
        place.is_some_and(|place| place + 1 == self.entries.len())
    }

    /// Every label with its first value, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'t str)> {
        let first = |values: &[&'t str]| values.first().copied().unwrap_or_default();
        self.entries.iter().map(move |(label, values)| (label.as_str(), first(values)))
    }
}

/// The label in lower case, and the value: `conda version : 24.1.0`, `Pixi version: 0.77.0`.
fn label_and_value(line: &str) -> Option<(String, &str)> {
    let (label, value) =
        line.split_once(": ").or_else(|| line.strip_suffix(':').map(|label| (label, "")))?;
    let label = label.trim_end();
    let is_label = label.len() <= 30
        && label.starts_with(|c: char| c.is_ascii_alphabetic())
        && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.'));
    is_label.then(|| (label.to_ascii_lowercase(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_continues_on_lines_without_a_label() {
        let text = "\n  virtual packages : __cuda=12.4=0\n                     __unix=0=0\n   platform : linux-64\n";
        let text_of_labels = LabeledText::of(text);
        assert_eq!(
            text_of_labels.all("virtual packages"),
            Some(&["__cuda=12.4=0", "__unix=0=0"][..])
        );
        assert_eq!(text_of_labels.first("platform"), Some("linux-64"));
        assert!(!text_of_labels.has("unix"));
    }

    #[test]
    fn lines_of_pixi_and_lost_indentation_are_read() {
        let pixi = "Virtual packages: __unix=0=0\n                : __glibc=2.35=0\n";
        assert_eq!(
            LabeledText::of(pixi).all("virtual packages"),
            Some(&["__unix=0=0", "__glibc=2.35=0"][..])
        );
        let flat = "virtual packages : __cuda=12.4=0\n__unix=0=0\nbase environment : /opt/conda\n";
        assert_eq!(LabeledText::of(flat).all("virtual packages").map(<[_]>::len), Some(2));
    }

    #[test]
    fn an_empty_line_ends_a_list() {
        let text = "populated config files : \n\n   /not/a/file\nuser config file :\n   C:\\rc\n";
        let text_of_labels = LabeledText::of(text);
        assert_eq!(text_of_labels.all("populated config files"), Some(&[][..]));
        assert_eq!(text_of_labels.first("user config file"), Some("C:\\rc"));
    }

    #[test]
    fn urls_and_paths_are_not_labels() {
        let text = "channel URLs : https://a/linux-64\n   https://b/noarch\n   C:\\Users\\a: b\n";
        assert_eq!(LabeledText::of(text).all("channel urls").map(<[_]>::len), Some(3));
    }
}
