//! A heat map as SVG: one picture for all platforms, with a title on every cell.

use std::fmt::Write as _;

use crate::matrix::Matrix;

use crate::escapes::markup;

use super::{HeatMap, HeatRow, KINDS, families, platform, sign};

/// In lines: `:…@` in one looks like a secret in an address.
const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1b1f24}\
.head{font-size:15px;font-weight:600}.soft{fill:#59606a}.mid{text-anchor:middle}.yours{font-weight:700}\
.paper{fill:#fff}.line{stroke:#d5d8dd}\
.native{fill:#11734b}.same{fill:#a9dcc0}.jit{fill:#fbe3a2}.none{fill:#f1f2f4}\
text.native{fill:#fff}text.same{fill:#0b3d27}text.jit{fill:#523a00}text.none{fill:#5a616b}\n\
@media(prefers-color-scheme:dark){text{fill:#e8eaed}.soft{fill:#a9b1bc}.paper{fill:#16191d}.line{stroke:#3a4048}\
.native{fill:#3fb37f}.same{fill:#1f5a41}.jit{fill:#5c4712}.none{fill:#23272d}\
text.native{fill:#06140d}text.same{fill:#e2f6ec}text.jit{fill:#ffeec2}text.none{fill:#a3abb6}}";

/// In pixels.
const MARGIN: usize = 20;
const LABELS: usize = 190;
const CELL: usize = 42;
const LINE: usize = 24;
const NEEDS: usize = 460;

/// All heat maps below each other.
pub fn svg(matrix: &Matrix, maps: &[HeatMap<'_>]) -> String {
    let columns = maps.iter().map(|map| map.capabilities.len()).max().unwrap_or(0);
    let width = 2 * MARGIN + LABELS + columns * CELL + NEEDS;
    let mut body = String::new();
    let mut y = MARGIN + LINE;
    let of = format!("PyTorch builds and GPUs: {} as of {}", matrix.channel, matrix.as_of);
    text(&mut body, MARGIN, y, "head", &of);
    y += LINE + 6;
    legend(&mut body, y);
    y += LINE;
    for map in maps {
        y += LINE + 12;
        text(&mut body, MARGIN, y, "head", &platform(map.subdir));
        if !map.capabilities.is_empty() {
            y += LINE;
            heading(&mut body, map, y);
            y += LINE;
        }
        for row in &map.rows {
            y += LINE;
            line(&mut body, map, row, y);
        }
    }
    let height = y + MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"title\">\n\
         <title id=\"title\">{}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n{body}</svg>\n",
        markup(&of)
    )
}

fn text(out: &mut String, x: usize, y: usize, class: &str, text: &str) {
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{}</text>", markup(text));
}

fn cell(out: &mut String, x: usize, y: usize, class: &str, sign: &str) {
    let (w, h) = (CELL - 2, LINE - 2);
    let _ = write!(
        out,
        "<rect class=\"{class}\" x=\"{x}\" y=\"{}\" width=\"{w}\" height=\"{h}\" rx=\"3\"/>\
         <text class=\"{class} mid\" x=\"{}\" y=\"{y}\">{sign}</text>",
        y - 16,
        x + w / 2,
    );
}

fn legend(out: &mut String, y: usize) {
    let mut x = MARGIN;
    for kind in KINDS {
        let (class, sign, word) = sign(kind);
        cell(out, x, y, class, sign);
        text(out, x + CELL + 4, y, "soft", word);
        x += CELL + 24 + 7 * word.len();
    }
    text(out, x + 10, y, "soft", "Columns: compute capabilities");
}

fn heading(out: &mut String, map: &HeatMap<'_>, y: usize) {
    let mut x = MARGIN + LABELS;
    for (family, columns) in families(&map.capabilities) {
        let width = columns * CELL - 4;
        let _ = writeln!(out, "<path class=\"line\" d=\"M{x} {}h{width}\"/>", y + 6);
        // A name of two words is cut if its columns are too narrow: `Ada`.
        let fits = family.len() <= columns * CELL / 7;
        let name = if fits { family } else { family.split(' ').next().unwrap_or(family) };
        let _ = writeln!(
            out,
            "<text class=\"soft mid\" x=\"{}\" y=\"{y}\">{}<title>{}</title></text>",
            x + width / 2,
            markup(name),
            markup(family)
        );
        x += columns * CELL;
    }
    for (at, column) in map.capabilities.iter().enumerate() {
        let _ = writeln!(
            out,
            "<text class=\"soft mid\" x=\"{}\" y=\"{}\">{}<title>{}</title></text>",
            MARGIN + LABELS + at * CELL + CELL / 2 - 1,
            y + LINE,
            column.capability,
            markup(&column.examples)
        );
    }
}

fn line(out: &mut String, map: &HeatMap<'_>, row: &HeatRow<'_>, y: usize) {
    let (version, on) = row.label();
    let class = if row.is_yours { "yours" } else { "" };
    let yours = if row.is_yours { " ← yours" } else { "" };
    let _ = writeln!(
        out,
        "<text x=\"{MARGIN}\" y=\"{y}\" class=\"{class}\">{version} {on}{yours}<title>{}</title></text>",
        markup(&row.builds.join(", "))
    );
    for (at, (column, support)) in map.capabilities.iter().zip(&row.cells).enumerate() {
        let (class, sign, _) = sign(*support);
        let _ = write!(out, "<g><title>{}</title>", markup(&row.sentence(column, *support)));
        cell(out, MARGIN + LABELS + at * CELL, y, class, sign);
        out.push_str("</g>\n");
    }
    let x = MARGIN + LABELS + map.capabilities.len() * CELL + 10;
    text(out, x, y, "soft", &row.needs());
}
