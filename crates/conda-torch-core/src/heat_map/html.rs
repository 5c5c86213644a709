//! A heat map as a table in HTML: one for eyes, hands and screen readers.

use std::fmt::Write as _;

use crate::matrix::Matrix;

use crate::escapes::markup;

use super::{HeatMap, KINDS, families, platform, sign};

/// The look of [`table`], for light and dark.
pub const STYLE: &str = include_str!("heat_map.css");

/// A table: a row a build, a column a compute capability, and what a machine needs. Each cell has its sentence in
/// `data-says`, its kind as class, and a word for screen readers. Without a script, hovering shows the sentence.
pub fn table(map: &HeatMap<'_>) -> String {
    let mut out = String::new();
    let subdir = map.subdir;
    let _ = writeln!(
        out,
        "<table class=\"heat-map\" id=\"heat-map-{subdir}\">\n<caption>{}</caption>",
        markup(&platform(subdir))
    );
    let has_cuda = !map.capabilities.is_empty();
    let rows = if has_cuda { " rowspan=\"2\"" } else { "" };
    out.push_str("<thead>\n<tr>");
    let _ = write!(out, "<th scope=\"col\"{rows}>PyTorch</th>");
    for (family, columns) in families(&map.capabilities) {
        let _ = write!(
            out,
            "<th scope=\"colgroup\" colspan=\"{columns}\" class=\"family\">{}</th>",
            markup(family)
        );
    }
    if has_cuda {
        let _ = write!(out, "<th scope=\"col\"{rows}>Driver</th>");
    }
    let _ = write!(out, "<th scope=\"col\"{rows}>System</th><th scope=\"col\"{rows}>Python</th>");
    out.push_str("</tr>\n");
    if has_cuda {
        out.push_str("<tr>");
        for column in &map.capabilities {
            let _ = write!(
                out,
                "<th scope=\"col\" title=\"{}\">{}</th>",
                markup(&column.examples),
                column.capability
            );
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</thead>\n<tbody>\n");
    for row in &map.rows {
        let (version, on) = row.label();
        let class = if row.is_yours { " class=\"yours\"" } else { "" };
        let says = format!("{}. Needs {}", row.builds.join(", "), row.needs());
        let yours = if row.is_yours { "<span class=\"tag\">yours</span>" } else { "" };
        let _ = write!(
            out,
            "<tr{class}><th scope=\"row\" data-says=\"{0}\" title=\"{0}\">{version} <span>{on}</span>{yours}</th>",
            markup(&says)
        );
        for (column, cell) in map.capabilities.iter().zip(&row.cells) {
            let (class, sign, word) = sign(*cell);
            let says = markup(&row.sentence(column, *cell));
            let _ = write!(
                out,
                "<td class=\"{class}\" data-says=\"{says}\" title=\"{says}\"><span aria-hidden=\"true\">{sign}</span>\
                 <span class=\"word\">{word}</span></td>"
            );
        }
        if row.cells.is_empty() && has_cuda {
            let _ = write!(
                out,
                "<td class=\"without\" colspan=\"{}\">without CUDA</td>",
                map.capabilities.len()
            );
        }
        let short = |text: &str, label: &str| markup(text.trim_start_matches(label));
        if has_cuda {
            let _ = write!(out, "<td class=\"fact\">{}</td>", short(&row.driver, "NVIDIA driver "));
        }
        let _ = writeln!(
            out,
            "<td class=\"fact\">{}</td><td class=\"fact\">{}</td></tr>",
            markup(&row.system),
            short(&row.python, "Python ")
        );
    }
    out.push_str("</tbody>\n</table>\n");
    out
}

/// What the signs mean.
pub fn legend() -> String {
    let kinds = KINDS.iter().map(|kind| {
        let (class, sign, word) = sign(*kind);
        format!("<li><span class=\"{class}\" aria-hidden=\"true\">{sign}</span> {word}</li>")
    });
    format!("<ul class=\"heat-legend\">{}</ul>\n", kinds.collect::<String>())
}

/// All tables as a page of its own, which loads nothing.
pub fn document(matrix: &Matrix, maps: &[HeatMap<'_>]) -> String {
    let of = format!("{} as of {}", matrix.channel, matrix.as_of);
    let of = markup(&of);
    let mut tables = String::new();
    for map in maps {
        let name = markup(&platform(map.subdir));
        let _ = writeln!(
            tables,
            "<div class=\"heat-scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{name}\">\n{}</div>",
            table(map)
        );
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>PyTorch builds and GPUs, {of}</title>\n<style>\n{STYLE}</style>\n</head>\n<body class=\"heat-page\">\n\
         <h1>PyTorch builds and GPUs</h1>\n<p>{of}. Columns are compute capabilities.</p>\n{}{tables}</body>\n</html>\n",
        legend()
    )
}
