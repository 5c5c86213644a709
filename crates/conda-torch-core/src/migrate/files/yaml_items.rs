//! Items of YAML lists: what stands beside one, and how one is replaced or taken out.

use crate::conda::{Os, Subdir};

use super::text_edit::{TextEdit, whole_line};
use super::toml_entries::remove_element;
use super::yaml::{Id, Tree};

/// The platforms that conda-forge has PyTorch for, for words that mean several.
const PLATFORMS: [Subdir; 5] =
    [Subdir::Linux64, Subdir::LinuxAarch64, Subdir::Osx64, Subdir::OsxArm64, Subdir::Win64];

/// The platforms of a selector after an item, as conda-lock reads it: `# [linux64]`.
pub(super) fn selector(text: &str, end: usize) -> Option<Vec<Subdir>> {
    let rest = &text[end..whole_line(text, end).end];
    let comment = rest.trim_start().strip_prefix('#')?.trim_start();
    let (words, _) = comment.strip_prefix('[')?.split_once(']')?;
    let mut platforms = Vec::new();
    for word in words.split(" or ") {
        let (word, negated) = match word.trim().strip_prefix("not ") {
            Some(word) => (word, true),
            None => (word.trim(), false),
        };
        let means: Box<dyn Fn(Subdir) -> bool> = match word {
            "linux" => Box::new(|subdir| subdir.os() == Os::Linux),
            "osx" => Box::new(|subdir| subdir.os() == Os::Macos),
            "win" => Box::new(|subdir| subdir.os() == Os::Windows),
            "unix" => Box::new(|subdir| subdir.os() != Os::Windows),
            "linux64" => Box::new(|subdir| subdir == Subdir::Linux64),
            "aarch64" => Box::new(|subdir| subdir == Subdir::LinuxAarch64),
            "osx64" => Box::new(|subdir| subdir == Subdir::Osx64),
            "arm64" | "osxarm64" => Box::new(|subdir| subdir == Subdir::OsxArm64),
            "win64" => Box::new(|subdir| subdir == Subdir::Win64),
            name => {
                let named: Subdir = name.parse().ok()?;
                Box::new(move |subdir| subdir == named)
            }
        };
        platforms.extend(PLATFORMS.into_iter().filter(|subdir| means(*subdir) != negated));
    }
    Some(platforms)
}

/// The edits that put `texts` in the place of an item. `None` where it is not written plainly enough.
pub(super) fn edit(
    text: &str,
    tree: &Tree,
    id: Id,
    texts: &[String],
    changed: &[(Id, Vec<String>)],
) -> Option<Vec<TextEdit>> {
    let node = tree.nodes.get(id).filter(|node| node.is_simple)?;
    let line = whole_line(text, node.range.start);
    let before = &text[line.start..node.range.start];
    let is_block = before.trim_matches([' ', '\t', '\u{feff}']) == "-";
    let written = &text[node.range.clone()];
    let quoted = |fresh: &String| quoted(fresh, written, is_block);
    if !is_block {
        let joined: Vec<String> = texts.iter().map(quoted).collect();
        if !joined.is_empty() {
            return Some(vec![TextEdit::new(node.range.clone(), joined.join(", "))]);
        }
        return remove_from_flow(text, tree, id, changed).map(|edit| vec![edit]);
    }
    let rest = &text[node.range.end..line.end];
    let comment = rest.trim();
    if !comment.is_empty() && !comment.starts_with('#') {
        return None;
    }
    let end = if rest.ends_with("\r\n") || !rest.ends_with('\n') && text.contains("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    let Some((first, more)) = texts.split_first() else {
        let is_selector = comment.trim_start_matches('#').trim_start().starts_with('[');
        let kept = if comment.is_empty() || is_selector {
            String::new()
        } else {
            let indent = before.split('-').next().unwrap_or_default();
            format!("{indent}{comment}{}", if rest.ends_with('\n') { end } else { "" })
        };
        return Some(vec![TextEdit::new(line, kept)]);
    };
    let mut edits = vec![TextEdit::new(node.range.clone(), quoted(first))];
    if !more.is_empty() {
        let mut added = String::new();
        for fresh in more {
            let fresh = quoted(fresh);
            if rest.ends_with('\n') {
                added.extend([before, &fresh, end]);
            } else {
                added.extend([end, before, &fresh]);
            }
        }
        edits.push(TextEdit::new(line.end..line.end, added));
    }
    Some(edits)
}

/// An item with its comma, and with its line where nothing else is on it.
fn remove_from_flow(
    text: &str,
    tree: &Tree,
    id: Id,
    changed: &[(Id, Vec<String>)],
) -> Option<TextEdit> {
    let siblings = tree.items(tree.nodes[id].parent?);
    let at = siblings.iter().position(|sibling| *sibling == id)?;
    let places: Vec<_> =
        siblings.iter().map(|sibling| tree.nodes[*sibling].range.clone()).collect();
    let stays = |at: usize| {
        changed.iter().all(|(other, texts)| Some(other) != siblings.get(at) || !texts.is_empty())
    };
    remove_element(text, &places, at, stays)
}

/// A scalar in the quotes that the old one had, or in some where it needs them.
fn quoted(fresh: &str, written: &str, is_block: bool) -> String {
    match written.chars().next() {
        Some(quote @ ('\'' | '"')) => format!("{quote}{fresh}{quote}"),
        _ if !is_block && fresh.contains([',', '[', ']', '{', '}']) => format!("\"{fresh}\""),
        _ => fresh.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_names_platforms_and_another_comment_does_not() {
        let of = |comment: &str| selector(&format!("- a  {comment}\n"), 3);
        assert_eq!(of("# [linux64]"), Some(vec![Subdir::Linux64]));
        assert_eq!(of("#[osx]"), Some(vec![Subdir::Osx64, Subdir::OsxArm64]));
        assert_eq!(of("# [win or osx-arm64]"), Some(vec![Subdir::Win64, Subdir::OsxArm64]));
        assert_eq!(of("# [not win]").map(|platforms| platforms.len()), Some(4));
        for comment in ["", "# GPU", "# [see below]", "# see [linux]"] {
            assert_eq!(of(comment), None, "{comment}");
        }
    }
}
