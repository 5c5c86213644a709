//! The columns of a table, by its header, by the command above it, or by their content.

use super::values;

/// The content of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The number of the GPU.
    Index,
    /// How many GPUs there are.
    Count,
    /// The name of the GPU.
    Name,
    /// The version of the driver.
    Driver,
    /// The compute capability.
    Capability,
    /// The memory, in MiB.
    Memory,
    /// The PCI device and vendor.
    PciId,
    /// Whether MIG is on.
    Mig,
    /// WDDM or TCC, on Windows.
    DriverModel,
    /// Another one; also UUIDs and serial numbers, which are not kept.
    Other,
}

/// The column with a name of `--query-gpu`; `None` if it cannot be a name.
pub(super) fn named(field: &str) -> Option<Column> {
    let name = field.trim().split(" [").next().unwrap_or_default().to_ascii_lowercase();
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._".contains(c));
    is_name.then_some(match name.as_str() {
        "index" => Column::Index,
        "count" => Column::Count,
        "name" | "gpu_name" => Column::Name,
        "driver_version" => Column::Driver,
        "compute_cap" => Column::Capability,
        "memory.total" => Column::Memory,
        "pci.device_id" | "gpu_device_id" => Column::PciId,
        "mig.mode.current" => Column::Mig,
        "driver_model.current" => Column::DriverModel,
        _ => Column::Other,
    })
}

/// Whether a field is a name that only this program uses.
pub(super) fn is_telling(field: &str) -> bool {
    named(field).is_some_and(|column| !matches!(column, Column::Other | Column::Count))
        || field.trim().contains(['.', '_']) && named(field).is_some()
}

/// The columns of rows without a header. A kind that several columns could be is none of them, except memory, where
/// the largest is the total, and names and PCI ids, of which the first counts.
pub(super) fn by_content(rows: &[Vec<&str>]) -> Vec<Column> {
    let width = rows.first().map_or(0, Vec::len);
    let mut columns: Vec<Column> = (0..width).map(|at| of_column(rows, at)).collect();
    for kind in [Column::Driver, Column::Capability, Column::Index] {
        if columns.iter().filter(|column| **column == kind).count() > 1 {
            columns.iter_mut().filter(|column| **column == kind).for_each(|c| *c = Column::Other);
        }
    }
    let total = (0..width)
        .filter(|at| columns[*at] == Column::Memory)
        .max_by_key(|at| (values::mib(rows[0][*at]), std::cmp::Reverse(*at)));
    let first = |kind| columns.iter().position(|column| *column == kind);
    let (name, id) = (first(Column::Name), first(Column::PciId));
    let keep = [total, name, id];
    for (at, column) in columns.iter_mut().enumerate() {
        if matches!(column, Column::Memory | Column::Name | Column::PciId)
            && !keep.contains(&Some(at))
        {
            *column = Column::Other;
        }
    }
    columns
}

/// What all fields of a column with a value can be.
fn of_column(rows: &[Vec<&str>], at: usize) -> Column {
    let values = || rows.iter().filter_map(move |row| values::known(row[at]));
    let all = |is: fn(&str) -> bool| values().next().is_some() && values().all(is);
    let counts = || (0..).zip(rows).all(|(n, row): (usize, _)| row[at].parse() == Ok(n));
    if all(is_driver) {
        Column::Driver
    } else if all(is_capability) {
        Column::Capability
    } else if all(|text| {
        text.starts_with("0x") && values::pci_id(text).is_some_and(|id| id.starts_with("10de:"))
    }) {
        Column::PciId
    } else if all(|text| text.ends_with("MiB") && values::mib(text).is_some()) {
        Column::Memory
    } else if all(is_name) {
        Column::Name
    } else if all(super::is_of_windows) {
        Column::DriverModel
    } else if at == 0 && counts() {
        Column::Index
    } else {
        Column::Other
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
pub(super) fn is_name(text: &str) -> bool {
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
        let rows = [vec!["Tesla T4", "7.5", "6.1", "550.54.15"]];
        let columns = [Column::Name, Column::Other, Column::Other, Column::Driver];
        assert_eq!(by_content(&rows), columns);
    }

    #[test]
    fn the_largest_memory_is_the_total() {
        let rows = [vec!["3 MiB", "24561 MiB", "24564 MiB", "0x268410DE", "0x16F110DE"]];
        let other = Column::Other;
        assert_eq!(by_content(&rows), [other, other, Column::Memory, Column::PciId, other]);
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
