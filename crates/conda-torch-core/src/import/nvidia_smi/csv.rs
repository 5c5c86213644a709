//! Tables of `nvidia-smi --query-gpu=… --format=csv`, with a header or without, in any order.

pub use super::columns::Column;
use super::columns::{by_content, is_name, is_telling, named};
use super::{Report, ReportedGpu, System, is_of_windows, values};

/// What a table reports.
pub(in super::super) fn parse(text: &str) -> Option<Report> {
    let lines: Vec<Vec<&str>> = text.lines().map(fields).collect();
    let (columns, rows) =
        below_header(&lines).or_else(|| below_command(text, &lines)).or_else(|| bare(&lines))?;
    let report = report(&columns, &rows);
    (report.driver.is_some() || !report.gpus.is_empty()).then_some(report)
}

fn fields(line: &str) -> Vec<&str> {
    line.split(',').map(|field| field.trim().trim_matches('"')).collect()
}

type Table<'t> = (Vec<Column>, Vec<Vec<&'t str>>);

/// The rows of a table from a line on: as many fields in each.
fn rows<'t>(lines: &[Vec<&'t str>], width: usize) -> Vec<Vec<&'t str>> {
    let is_blank = |row: &&Vec<&str>| row.iter().all(|field| field.is_empty());
    let is_row = |row: &&Vec<&str>| row.len() == width && !is_command(row[0]);
    let rows = lines.iter().skip_while(is_blank).take_while(|row| is_row(row) && !is_blank(row));
    rows.cloned().collect()
}

fn is_command(field: &str) -> bool {
    field.contains("nvidia-smi") || field.starts_with(['$', '#']) || field.contains("$ ")
}

fn below_header<'t>(lines: &[Vec<&'t str>]) -> Option<Table<'t>> {
    let is_header = |row: &Vec<&str>| {
        row.iter().all(|field| named(field).is_some()) && row.iter().any(|field| is_telling(field))
    };
    let at = lines.iter().position(is_header)?;
    let columns: Vec<Column> = lines[at].iter().filter_map(|field| named(field)).collect();
    let rows = rows(&lines[at + 1..], columns.len());
    let is_alone = columns == [Column::Name] || columns == [Column::Index];
    let is_sure = !is_alone || rows.first().is_some_and(|row| is_name(row[0]));
    (is_sure && !rows.is_empty()).then_some((columns, rows))
}

/// The columns in the command above.
fn below_command<'t>(text: &str, lines: &[Vec<&'t str>]) -> Option<Table<'t>> {
    let at = text.lines().position(|line| line.contains("--query-gpu"))?;
    let query = text.lines().nth(at)?.split("--query-gpu").nth(1)?;
    let query = query.trim_start_matches(['=', ' ', '"', '\'']);
    let query = query.split([' ', '"', '\'']).next()?;
    let columns: Option<Vec<Column>> = query.split(',').map(named).collect();
    let columns = columns?;
    let rows = rows(&lines[at + 1..], columns.len());
    (!rows.is_empty()).then_some((columns, rows))
}

/// Rows without header and command. Alone, one known column is enough; in a text two must be known by their content,
/// where `8.6` may be any number.
fn bare<'t>(lines: &[Vec<&'t str>]) -> Option<Table<'t>> {
    let is_text = |row: &Vec<&str>| row.iter().any(|f| !f.is_empty()) && !is_command(row[0]);
    let blocks = lines.chunk_by(|a, b| is_text(a) && is_text(b) && a.len() == b.len());
    let blocks: Vec<&[Vec<&str>]> = blocks.filter(|block| is_text(&block[0])).collect();
    let needed = if blocks.len() == 1 { 1 } else { 2 };
    blocks.into_iter().find_map(|block| {
        let columns = by_content(block);
        let tells = |column: &&Column| {
            matches!(column, Column::Name | Column::Driver | Column::Capability | Column::PciId)
        };
        // A lone number may also be a CUDA version.
        let is_lone = columns == [Column::Capability];
        let is_table = !is_lone && columns.iter().filter(tells).count() >= needed;
        is_table.then(|| (columns, block.to_vec()))
    })
}

/// What rows report, by their columns.
fn report(columns: &[Column], rows: &[Vec<&str>]) -> Report {
    let mut report = Report::default();
    for row in rows {
        for (column, field) in columns.iter().zip(row) {
            if *column == Column::Driver {
                report.driver = report.driver.or(values::parsed(field));
            } else if *column == Column::Count {
                report.count = report.count.or(field.parse().ok());
            } else if *column == Column::DriverModel && is_of_windows(field) {
                report.system = Some(System::Windows);
            }
        }
        report.gpus.push(gpu(columns, row));
    }
    report
}

/// One row as a GPU.
pub fn gpu(columns: &[Column], row: &[&str]) -> ReportedGpu {
    let mut gpu = ReportedGpu::default();
    for (column, field) in columns.iter().zip(row) {
        match column {
            Column::Index => gpu.index = field.parse().ok(),
            Column::Name => gpu.name = values::known(field).map(str::to_owned),
            Column::Capability => gpu.capability = values::parsed(field),
            Column::Memory => gpu.memory = values::mib(field),
            Column::PciId => gpu.pci_id = values::pci_id(field),
            Column::Mig => gpu.mig = values::switch(field),
            Column::Count | Column::Driver | Column::DriverModel | Column::Other => {}
        }
    }
    gpu
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
