//! The difference of two texts, of which it is known what was edited, as `diff -u` writes it. Linear in the texts.

use std::fmt::Write as _;
use std::ops::Range;

/// The lines around a change that are printed.
const CONTEXT: usize = 3;

/// Changed lines of the old text, and what replaces them in the new one.
type Block = (Range<usize>, Range<usize>);

/// The difference. An edit is a range of bytes of the old text, and the range of the new bytes in the new text; they
/// are in the order of the text.
pub(super) fn unified_diff(
    (name, old): (&str, &str),
    new: &str,
    edits: &[(Range<usize>, Range<usize>)],
) -> String {
    let old_lines: Vec<&str> = old.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new.split_inclusive('\n').collect();
    let blocks = blocks(&old_lines, &new_lines, edits);
    if blocks.is_empty() {
        return String::new();
    }
    let mut text = format!("--- {name}\n+++ {name}\n");
    for hunk in blocks.chunk_by(|a, b| b.0.start - a.0.end <= 2 * CONTEXT) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        let before = first.0.start.min(CONTEXT);
        let after = (old_lines.len() - last.0.end).min(CONTEXT);
        let range = |start: usize, end: usize| match end - start {
            0 => format!("{start},0"),
            1 => format!("{}", start + 1),
            count => format!("{},{count}", start + 1),
        };
        let old_range = range(first.0.start - before, last.0.end + after);
        let new_range = range(first.1.start - before, last.1.end + after);
        let _ = writeln!(text, "@@ -{old_range} +{new_range} @@");
        let mut at = first.0.start - before;
        for (old, new) in hunk {
            write_lines(&mut text, ' ', &old_lines[at..old.start]);
            write_lines(&mut text, '-', &old_lines[old.clone()]);
            write_lines(&mut text, '+', &new_lines[new.clone()]);
            at = old.end;
        }
        write_lines(&mut text, ' ', &old_lines[at..at + after]);
    }
    text
}

fn write_lines(text: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        text.push(sign);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// The lines that edits touch, without lines that stay the same.
fn blocks(
    old_lines: &[&str],
    new_lines: &[&str],
    edits: &[(Range<usize>, Range<usize>)],
) -> Vec<Block> {
    let (old_ends, new_ends) = (ends(old_lines), ends(new_lines));
    // The line that a byte is in: the one after the last if it is after a line end.
    let line = |ends: &[usize], at: usize| ends.partition_point(|end| *end <= at);
    let mut touched: Vec<Block> = Vec::new();
    for (old, new) in edits {
        // The rest of a line after an edit is the same in both texts: no line of theirs, or the last of the edit.
        let is_whole = |ends: &[usize], at: usize| at == 0 || ends.binary_search(&at).is_ok();
        let is_whole = is_whole(&old_ends, old.end) && is_whole(&new_ends, new.end);
        let rest = usize::from(!is_whole);
        let old_end = (line(&old_ends, old.end) + rest).min(old_lines.len());
        let new_end = (line(&new_ends, new.end) + rest).min(new_lines.len());
        let of_old = line(&old_ends, old.start)..old_end;
        let of_new = line(&new_ends, new.start)..new_end;
        match touched.last_mut() {
            Some((before, after)) if before.end >= of_old.start || after.end >= of_new.start => {
                (before.end, after.end) = (before.end.max(of_old.end), after.end.max(of_new.end));
            }
            Some(_) | None => touched.push((of_old, of_new)),
        }
    }
    touched.into_iter().filter_map(|block| without_equal(old_lines, new_lines, block)).collect()
}

/// A block without the lines at its beginning and its end that stay the same.
fn without_equal(old: &[&str], new: &[&str], (mut a, mut b): Block) -> Option<Block> {
    while !a.is_empty() && !b.is_empty() && old[a.start] == new[b.start] {
        (a.start, b.start) = (a.start + 1, b.start + 1);
    }
    while !a.is_empty() && !b.is_empty() && old[a.end - 1] == new[b.end - 1] {
        (a.end, b.end) = (a.end - 1, b.end - 1);
    }
    (!a.is_empty() || !b.is_empty()).then_some((a, b))
}

/// The byte after each line with a line end.
fn ends(lines: &[&str]) -> Vec<usize> {
    let mut end = 0;
    let ends = lines.iter().filter(|line| line.ends_with('\n')).map(|line| {
        end += line.len();
        end
    });
    ends.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_diff_prints_them() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12";
        for (edits, new, expected) in [
            (vec![], old, ""),
            (
                vec![(4..5, 4..5)],
                "1\n2\nx\n4\n5\n6\n7\n8\n9\n10\n11\n12",
                "@@ -1,6 +1,6 @@\n 1\n 2\n-3\n+x\n 4\n 5\n 6\n",
            ),
            (
                // A line removed, and one added below it.
                vec![(2..4, 2..2), (6..6, 4..6)],
                "1\n3\nx\n4\n5\n6\n7\n8\n9\n10\n11\n12",
                "@@ -1,6 +1,6 @@\n 1\n-2\n 3\n+x\n 4\n 5\n 6\n",
            ),
            (
                // An addition to a last line without its end.
                vec![(26..26, 26..27)],
                "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n",
                "@@ -9,4 +9,4 @@\n 9\n 10\n 11\n-12\n\\ No newline at end of file\n+12\n",
            ),
        ] {
            let diff = unified_diff(("f", old), new, &edits);
            let head = if expected.is_empty() { "" } else { "--- f\n+++ f\n" };
            assert_eq!(diff, format!("{head}{expected}"));
        }
        let all = unified_diff(("f", "a\r\n"), "", &[(0..3, 0..0)]);
        assert_eq!(all, "--- f\n+++ f\n@@ -1 +0,0 @@\n-a\r\n");
        let new = unified_diff(("f", ""), "a\n", &[(0..0, 0..2)]);
        assert_eq!(new, "--- f\n+++ f\n@@ -0,0 +1 @@\n+a\n");
    }
}
