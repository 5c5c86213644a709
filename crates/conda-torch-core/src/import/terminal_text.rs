//! Text from a terminal, a mail or an issue, without colors, carriage returns, quotation marks and Markdown fences.
//! Line numbers do not change.

/// The text without what copying adds.
pub(super) fn plain(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(plain_line).collect();
    lines.join("\n")
}

fn plain_line(line: &str) -> String {
    let line = line.trim_end_matches('\r');
    // The last state of a progress bar.
    let line = line.rsplit_once('\r').map_or(line, |(_, last)| last);
    let line = anstream::adapter::strip_str(line).to_string();
    let line = line.replace('\u{a0}', " ").replace('\u{200b}', "");
    let line = unquoted(&line);
    if is_fence(line) { String::new() } else { line.to_owned() }
}

/// A line without the marks of a reply: `> > text`. The `>>>>` of conda's reports stays.
fn unquoted(line: &str) -> &str {
    let mut line = line;
    while let Some(rest) = line.trim_start().strip_prefix('>') {
        if rest.starts_with('>') {
            break;
        }
        line = rest.strip_prefix(' ').unwrap_or(rest);
    }
    line
}

/// Whether a line only starts or ends a code block, with or without its language.
fn is_fence(line: &str) -> bool {
    let line = line.trim();
    let rest = line.trim_start_matches(['`', '~']);
    line.len() - rest.len() >= 3 && rest.chars().all(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_copying_adds_is_removed() {
        let copied =
            "> ```json\r\n> \x1b[1m{\x1b[0m\r\n> > \"a\":\u{a0}1\n\x1b]8;;http://x\x07}\n```\n";
        assert_eq!(plain(copied), "\n{\n\"a\": 1\n}\n\n");
    }

    #[test]
    fn the_last_state_of_a_progress_bar_is_kept() {
        assert_eq!(plain("10%\r50%\rdone\r\nplatform"), "done\nplatform");
    }

    #[test]
    fn plain_text_is_unchanged() {
        for text in ["", "\n", "a : b\n  c\n", "# >>>>>>> report <<<<<<<\n", "a >b"] {
            assert_eq!(plain(text), text, "{text:?}");
        }
    }
}
