//! Tables of `nvidia-smi --query-gpu=… --format=csv`, with a header or without, in any order.

use std::ops::Range;

use super::{Field, Report, ReportedGpu, is_of_windows, values};
use crate::types::MOST_GPUS;

/// A table below its header or its command.
pub(in super::super) fn parse(text: &str) -> Option<Report> {
    reported(below_header(text).or_else(|| below_command(text))?)
}

/// Rows alone.
pub(in super::super) fn parse_rows(text: &str) -> Option<Report> {
    reported(bare(text)?)
}

fn reported(Table { columns, cells }: Table<'_>) -> Option<Report> {
    let report = report(&columns, &cells);
    (report.driver.is_some() || !report.gpus.is_empty()).then_some(report)
}

/// Columns, and the cells of all rows one after the other.
struct Table<'t> {
    columns: Vec<Field>,
    cells: Vec<&'t str>,
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|field| field.trim().trim_matches('"'))
}

fn is_blank(line: &str) -> bool {
    cells(line).all(str::is_empty)
}

/// The cells of the rows of a table: as many fields in each.
fn rows<'t>(lines: impl Iterator<Item = &'t str>, width: usize) -> Vec<&'t str> {
    let is_row = |line: &&str| {
        let is_command = cells(line).next().is_some_and(is_command);
        cells(line).count() == width && !is_command && !is_blank(line)
    };
    lines.skip_while(|line| is_blank(line)).take_while(is_row).flat_map(cells).collect()
}

fn is_command(field: &str) -> bool {
    field.contains("nvidia-smi") || field.starts_with(['$', '#']) || field.contains("$ ")
}

fn below_header(text: &str) -> Option<Table<'_>> {
    // A name that only this program uses.
    let is_distinct = |(name, field): (&str, &Field)| {
        name.contains(['.', '_']) || !matches!(field, Field::Other | Field::Count)
    };
    let mut lines = text.lines();
    let columns = lines.find_map(|line| {
        let columns: Vec<Field> = cells(line).map(named).collect::<Option<_>>()?;
        cells(line).zip(&columns).any(is_distinct).then_some(columns)
    })?;
    let cells = rows(lines, columns.len());
    let is_alone = columns == [Field::Name] || columns == [Field::Index];
    // `x86_64` in JSON.
    if columns == [Field::Other] {
        return None;
    }
    let is_sure = !is_alone || cells.first().is_some_and(|cell| is_name(cell));
    (is_sure && !cells.is_empty()).then_some(Table { columns, cells })
}

/// The columns in the command above.
fn below_command(text: &str) -> Option<Table<'_>> {
    if !text.contains("--query-gpu") {
        return None;
    }
    let mut lines = text.lines();
    let query = lines.find_map(|line| Some(line.split_once("--query-gpu")?.1))?;
    let query = query.split("--query-gpu").next()?.trim_start_matches(['=', ' ', '"', '\'']);
    let query = query.split([' ', '"', '\'']).next()?;
    let columns: Vec<Field> = query.split(',').map(named).collect::<Option<_>>()?;
    let cells = rows(lines, columns.len());
    (!cells.is_empty()).then_some(Table { columns, cells })
}

/// Rows without header and command. Alone, one known column is enough; in a text two must be known by their content,
/// where `8.6` may be any number.
fn bare(text: &str) -> Option<Table<'_>> {
    let is_text = |line: &str| !is_blank(line) && !cells(line).next().is_some_and(is_command);
    // Neighbouring lines with as many fields: how many, and the bytes.
    let mut blocks: Vec<(usize, Range<usize>)> = Vec::new();
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        let start = end;
        end += line.len();
        let width = if is_text(line) { cells(line).count() } else { continue };
        match blocks.last_mut() {
            Some((last, block)) if *last == width && block.end == start => block.end = end,
            Some(_) | None => blocks.push((width, start..end)),
        }
    }
    let needed = if blocks.len() == 1 { 1 } else { 2 };
    blocks.into_iter().find_map(|(width, block)| {
        let cells: Vec<&str> = text[block].lines().flat_map(cells).collect();
        let columns = by_content(&cells, width);
        let tells = |column: &&Field| {
            matches!(column, Field::Name | Field::Driver | Field::Capability | Field::PciId)
        };
        // A lone number may also be a CUDA version.
        let is_lone = columns == [Field::Capability];
        let is_table = !is_lone && columns.iter().filter(tells).count() >= needed;
        is_table.then_some(Table { columns, cells })
    })
}

/// What rows report, by the fields of their columns.
fn report(fields: &[Field], cells: &[&str]) -> Report {
    let mut report = Report::default();
    for row in cells.chunks_exact(fields.len()).take(MOST_GPUS) {
        report.gpus.push(ReportedGpu::default());
        for (field, text) in fields.iter().zip(row) {
            report.set(*field, text);
        }
    }
    report
}

/// What the rows of a query for these columns report, without a header. Lines with another number of values are
/// ignored.
pub fn read(columns: &str, text: &str) -> Report {
    let fields: Vec<Field> = columns.split(',').filter_map(named).collect();
    let rows = text.lines().filter(|line| cells(line).count() == fields.len());
    report(&fields, &rows.flat_map(cells).collect::<Vec<_>>())
}

/// The field with a name of `--query-gpu`; `None` if it cannot be a name.
fn named(field: &str) -> Option<Field> {
    // Other tables have names with capitals: `Name`, `DriverVersion`.
    let name = field.trim().split(" [").next().unwrap_or_default();
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._".contains(c));
    is_name.then_some(match name {
        "index" => Field::Index,
        "count" => Field::Count,
        "name" | "gpu_name" => Field::Name,
        "driver_version" => Field::Driver,
        "compute_cap" => Field::Capability,
        "memory.total" => Field::Memory,
        "pci.device_id" | "gpu_device_id" => Field::PciId,
        "mig.mode.current" => Field::Mig,
        "driver_model.current" => Field::DriverModel,
        _ => Field::Other,
    })
}

/// The columns of rows without a header. A kind that several columns could be is none of them, except memory, where
/// the largest is the total, and names and PCI ids, of which the first counts.
fn by_content(cells: &[&str], width: usize) -> Vec<Field> {
    let mut columns: Vec<Field> = (0..width).map(|at| of_column(cells, width, at)).collect();
    let kinds =
        [Field::Driver, Field::Capability, Field::Index, Field::Memory, Field::Name, Field::PciId];
    for kind in kinds {
        let places: Vec<usize> = (0..width).filter(|at| columns[*at] == kind).collect();
        let kept = if kind == Field::Memory {
            places.iter().rev().max_by_key(|at| values::mib(cells[**at])).copied()
        } else if matches!(kind, Field::Name | Field::PciId) || places.len() == 1 {
            places.first().copied()
        } else {
            None
        };
        for at in places.into_iter().filter(|at| Some(*at) != kept) {
            columns[at] = Field::Other;
        }
    }
    columns
}

/// What all known values of a column can be.
fn of_column(cells: &[&str], width: usize, at: usize) -> Field {
    let column = || cells[at..].iter().step_by(width);
    let values = || column().filter_map(|cell| values::known(cell));
    let all = |is: fn(&str) -> bool| values().next().is_some() && values().all(is);
    let counts = || (0..).zip(column()).all(|(n, cell): (usize, _)| cell.parse() == Ok(n));
    if all(is_driver) {
        Field::Driver
    } else if all(is_capability) {
        Field::Capability
    } else if all(|text| {
        text.starts_with("0x") && values::pci_id(text).is_some_and(|id| id.starts_with("10de:"))
    }) {
        Field::PciId
    } else if all(|text| text.ends_with("MiB") && values::mib(text).is_some()) {
        Field::Memory
    } else if all(is_name) {
        Field::Name
    } else if all(is_of_windows) {
        Field::DriverModel
    } else if at == 0 && counts() {
        Field::Index
    } else {
        Field::Other
    }
}

/// `550.54.15`, `551.86`; not a wattage such as `250.00`: the second part of a driver version is not `00`.
fn is_driver(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    (2..=3).contains(&parts.len())
        && values::version(text) == Some(text)
        && parts[0].len() == 3
        && (1..=3).contains(&parts[1].len())
        && (parts.len() == 3 || parts[1].len() == 2 && parts[1] != "00")
}

/// `8.6`: one digit after the dot, and an existing generation.
fn is_capability(text: &str) -> bool {
    values::version(text) == Some(text)
        && text.split_once('.').is_some_and(|(major, minor)| {
            minor.len() == 1 && major.parse().is_ok_and(|major: u8| (2..=15).contains(&major))
        })
}

/// A name of NVIDIA: with its brand, with `(nvgpu)`, or letters with a number.
fn is_name(text: &str) -> bool {
    const BRANDS: [&str; 8] =
        ["NVIDIA ", "GeForce", "Tesla ", "Quadro ", "GRID ", "TITAN", "RTX ", "GTX "];
    let is_model = |text: &str| {
        let first = text.split([' ', '-']).next().unwrap_or_default();
        let letters = first.bytes().take_while(u8::is_ascii_uppercase).count();
        (1..=2).contains(&letters)
            && first.len() > letters
            && !text.starts_with('P')
            && first.bytes().skip(letters).all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
            && first.bytes().any(|b| b.is_ascii_digit())
    };
    !text.contains([':', '/', '|', '='])
        && text.len() < 80
        && (BRANDS.iter().any(|brand| text.starts_with(brand))
            || text.ends_with("(nvgpu)")
            || is_model(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Report> {
        super::parse(text).or_else(|| parse_rows(text))
    }

    #[test]
    fn columns_come_in_any_order_with_a_header() {
        let text = "$ nvidia-smi …\ncompute_cap, memory.total [MiB], uuid, name, driver_version\n\
                    8.6, 24576 MiB, GPU-1, NVIDIA A10, 550.54.15\n[N/A], [N/A], GPU-2, ERR!, 550.54.15\n";
        let report = parse(text).expect("a table");
        assert_eq!(report.gpus.len(), 2);
        assert_eq!(report.gpus[0].name.as_deref(), Some("NVIDIA A10"));
        assert_eq!(report.gpus[0].memory, Some(24576));
        assert_eq!(report.gpus[1], ReportedGpu::default());
    }

    #[test]
    fn without_a_header_the_command_or_the_content_names_the_columns() {
        let by_command = parse(
            "$ nvidia-smi --query-gpu=index,memory.total,name --format=csv,noheader,nounits\n0, 24576, NVIDIA A10\n",
        );
        assert_eq!(by_command.expect("a table").gpus[0].memory, Some(24576));
        let report = parse("NVIDIA A10, 550.54.15, 8.6\n").expect("a table");
        assert_eq!(report.gpus[0].capability.map(|c| c.to_string()).as_deref(), Some("8.6"));
    }

    #[test]
    fn rows_are_found_in_a_text_and_a_single_number_is_not() {
        let text =
            "My cards, with driver:\n\nTesla T4, 550.54.15\nTesla T4, 550.54.15\n\nThanks!\n";
        assert_eq!(parse(text).expect("a table").gpus.len(), 2);
        assert_eq!(parse("8.6\n"), None);
        assert!(parse("NVIDIA A10\n").is_some());
        assert_eq!(parse("I have version\n\n8.6\n\nof it\n"), None);
    }

    #[test]
    fn other_text_is_not_a_table() {
        for text in
            ["", "name\nfoo\n", "hello, world\n", "a = 1\nb = 2\n", "12.4.1\n", "numpy,1.26\n"]
        {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn drivers_capabilities_and_wattages_differ() {
        for text in ["550.54.15", "551.86", "384.81", "540.4.0"] {
            assert!(is_driver(text) && !is_capability(text), "{text}");
        }
        for text in ["8.6", "6.1", "12.0"] {
            assert!(is_capability(text) && !is_driver(text), "{text}");
        }
        for text in ["250.00", "61.35", "86.02.39.00.48", "1.0", "8.60", "8", "8.6 W", "24564 MiB"]
        {
            assert!(!is_capability(text) && !is_driver(text), "{text}");
        }
    }

    #[test]
    fn two_columns_of_one_kind_are_ignored() {
        let row = ["Tesla T4", "7.5", "6.1", "550.54.15"];
        let columns = [Field::Name, Field::Other, Field::Other, Field::Driver];
        assert_eq!(by_content(&row, 4), columns);
    }

    #[test]
    fn the_largest_memory_is_the_total() {
        let row = ["3 MiB", "24561 MiB", "24564 MiB", "0x268410DE", "0x16F110DE"];
        let other = Field::Other;
        assert_eq!(by_content(&row, 5), [other, other, Field::Memory, Field::PciId, other]);
    }

    #[test]
    fn states_places_and_ids_are_not_names() {
        for text in
            ["P8", "Enabled", "GPU-5d2a", "00000000:01:00.0", "2024/01/02 10:00:00.000", "Default"]
        {
            assert!(!is_name(text), "{text}");
        }
        for text in ["NVIDIA A100-SXM4-40GB", "A10G", "Orin (nvgpu)", "TITAN V", "H100 PCIe"] {
            assert!(is_name(text), "{text}");
        }
    }
}
