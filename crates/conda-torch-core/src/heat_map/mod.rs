//! The matrix as a picture: builds against compute capabilities, as SVG and as a table in HTML.

mod html;
mod svg;

pub use html::{STYLE, document, legend, table};
pub use svg::svg;

use crate::conda::{Os, Subdir};
use crate::formats::title;
use crate::matrix::{Capability, Matrix};
use crate::report::matrix::TableRow;
use crate::types::{Accelerator, ArmVariant, Build, KernelSupport};

/// A platform: its builds with CUDA on the GPUs that it can have, and its other builds.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap<'m> {
    /// The platform.
    pub subdir: Subdir,
    /// The columns: the GPUs that a build of the channel reaches, ascending.
    pub capabilities: Vec<&'m Capability>,
    /// The rows, in the order of the table.
    pub rows: Vec<HeatRow<'m>>,
}

/// Builds that no column tells apart.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatRow<'m> {
    /// The first of them.
    pub build: &'m Build,
    /// All of them: `cuda129_mkl #300–302`.
    pub builds: Vec<String>,
    /// How the build reaches each GPU; empty without CUDA.
    pub cells: Vec<KernelSupport>,
    /// `NVIDIA driver ≥ 525.60.13`; empty without CUDA.
    pub driver: String,
    /// `glibc ≥ 2.28`, `macOS ≥ 14.0`; empty on Windows.
    pub system: String,
    /// `Python 3.10–3.14`.
    pub python: String,
    /// Whether it is the one for this machine.
    pub is_yours: bool,
}

/// The rows of a table as pictures, one a platform.
pub fn heat_maps<'m>(matrix: &'m Matrix, rows: &[TableRow<'m>]) -> Vec<HeatMap<'m>> {
    let platforms = rows.chunk_by(|a, b| a.row.subdir == b.row.subdir);
    platforms.map(|rows| heat_map(matrix, rows)).filter(|map| !map.rows.is_empty()).collect()
}

fn heat_map<'m>(matrix: &'m Matrix, rows: &[TableRow<'m>]) -> HeatMap<'m> {
    let subdir = rows.first().map_or(Subdir::Linux64, |first| first.row.subdir);
    let of_platform = || matrix.builds.iter().filter(|build| build.subdir == subdir);
    let is_reached = |row: &&Capability| {
        let can_be_here = !row.soc || subdir == Subdir::LinuxAarch64;
        let reaches = |it: &Build| matrix.support(it, row.capability) > KernelSupport::Missing;
        can_be_here && of_platform().any(reaches)
    };
    let capabilities: Vec<&Capability> = matrix.capabilities.iter().filter(is_reached).collect();
    let mut map = HeatMap { subdir, capabilities, rows: Vec::new() };
    for row in rows {
        let Some(build) = row.row.build else { continue };
        let name = build_name(build);
        match map.rows.last_mut().filter(|last| is_same(last.build, build)) {
            Some(last) => {
                if !last.builds.contains(&name) {
                    last.builds.push(name);
                }
                last.is_yours |= row.is_yours;
            }
            None => map.rows.push(HeatRow {
                build,
                builds: vec![name],
                cells: if build.is_cuda() {
                    let cells = map.capabilities.iter();
                    cells.map(|column| matrix.support(build, column.capability)).collect()
                } else {
                    Vec::new()
                },
                driver: driver(row),
                system: system(row, build),
                python: format!("Python {}–{}", build.pythons.0, build.pythons.1),
                is_yours: row.is_yours,
            }),
        }
    }
    map
}

fn is_same(a: &Build, b: &Build) -> bool {
    (a.pytorch, a.accelerator, a.arm_variant) == (b.pytorch, b.accelerator, b.arm_variant)
        && a.kernels == b.kernels
        && a.pythons == b.pythons
        && a.glibc == b.glibc
        && a.macos == b.macos
}

/// `cuda129_mkl #300–302`.
fn build_name(build: &Build) -> String {
    let (first, last) = build.build_numbers;
    let numbers = if first == last { last.to_string() } else { format!("{first}–{last}") };
    format!("{} #{numbers}", build.build_prefix())
}

fn driver(row: &TableRow<'_>) -> String {
    let driver = row.row.linux_driver.or(row.row.windows_driver);
    driver.map_or_else(String::new, |driver| format!("NVIDIA driver ≥ {driver}"))
}

fn system(row: &TableRow<'_>, build: &Build) -> String {
    match (row.row.macos, build.glibc) {
        (Some(macos), _) => format!("macOS ≥ {macos}"),
        (None, Some(glibc)) => {
            let below = glibc.below.map_or_else(String::new, |below| format!(", below {below}"));
            format!("glibc ≥ {}{below}", glibc.libraries)
        }
        (None, None) => String::new(),
    }
}

impl HeatRow<'_> {
    /// `2.13.0`, and `CUDA 12.9`, `CUDA 12.9, Jetson`, `Metal`, `CPU`.
    pub fn label(&self) -> (String, String) {
        let on = match (self.build.accelerator, self.build.arm_variant) {
            (Accelerator::Cuda(toolkit), Some(ArmVariant::Tegra)) => {
                format!("CUDA {toolkit}, Jetson")
            }
            (Accelerator::Cuda(toolkit), _) => format!("CUDA {toolkit}"),
            (Accelerator::Mps, _) => "Metal".to_owned(),
            (Accelerator::Cpu, _) => "CPU".to_owned(),
        };
        (self.build.pytorch.to_string(), on)
    }

    /// What a machine needs for it: `NVIDIA driver ≥ 525.60.13, glibc ≥ 2.28, Python 3.10–3.14`.
    pub fn needs(&self) -> String {
        let parts = [&self.driver, &self.system, &self.python].map(String::as_str);
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }

    /// A cell in a sentence: the build, the GPU, how the one reaches the other, and what a machine needs.
    pub fn sentence(&self, column: &Capability, support: KernelSupport) -> String {
        let title = title(self.build.pytorch, self.build.accelerator);
        let examples = &column.examples;
        let capability = column.capability;
        let how = match support {
            KernelSupport::Native => "machine code",
            KernelSupport::SameMajor => "machine code of the same generation",
            KernelSupport::Jit => {
                "PTX, which the driver compiles at the first run; it must support the toolkit's CUDA"
            }
            KernelSupport::Missing => "no kernels",
        };
        let needs = match support {
            KernelSupport::Missing => String::new(),
            KernelSupport::Native | KernelSupport::SameMajor | KernelSupport::Jit => {
                format!(". Needs {}", self.needs())
            }
        };
        format!("PyTorch {title} on {capability} ({examples}): {how}{needs}")
    }
}

/// A kind of cell: its class, its sign and its word in a legend.
fn sign(support: KernelSupport) -> (&'static str, &'static str, &'static str) {
    match support {
        KernelSupport::Native => ("native", "●", "native"),
        KernelSupport::SameMajor => ("same", "◐", "same generation"),
        KernelSupport::Jit => ("jit", "○", "translated from PTX"),
        KernelSupport::Missing => ("none", "·", "none"),
    }
}

/// The kinds of cells, best first.
const KINDS: [KernelSupport; 4] =
    [KernelSupport::Native, KernelSupport::SameMajor, KernelSupport::Jit, KernelSupport::Missing];

/// The families of the columns, each with how many columns it has.
fn families<'a>(capabilities: &[&'a Capability]) -> Vec<(&'a str, usize)> {
    let groups = capabilities.chunk_by(|a, b| a.family == b.family);
    groups.map(|group| (&*group[0].family, group.len())).collect()
}

/// The heading of a platform: `Linux x86-64 (linux-64)`.
fn platform(subdir: Subdir) -> String {
    let name = match (subdir.os(), subdir) {
        (_, Subdir::Linux64) => "Linux, x86-64",
        (_, Subdir::LinuxAarch64) => "Linux, Arm",
        (Os::Windows, Subdir::Win64) => "Windows",
        (_, Subdir::OsxArm64) => "macOS, Apple silicon",
        (_, Subdir::Osx64) => "macOS, Intel",
        (_, other) => return other.to_string(),
    };
    format!("{name} ({subdir})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::BuildFilter;
    use crate::report::matrix::{TableRows, rows};
    use crate::types::ComputeCapability;

    fn map(subdir: Subdir) -> HeatMap<'static> {
        let matrix = Matrix::of_tests();
        let rows = rows(matrix, &[subdir], TableRows::All, &BuildFilter::default(), None);
        heat_maps(matrix, &rows).remove(0)
    }

    /// The signs of a row, with the number of each column.
    fn signs(map: &HeatMap<'_>, pytorch: &str, on: &str) -> String {
        let label = (pytorch.to_owned(), on.to_owned());
        let row = map.rows.iter().find(|row| row.label() == label).expect("a row");
        let cells = map.capabilities.iter().zip(&row.cells);
        let cells = cells.map(|(column, cell)| format!("{}{}", column.capability, sign(*cell).1));
        cells.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_cells_are_what_the_kernels_of_the_recipe_reach() {
        let linux = map(Subdir::Linux64);
        assert_eq!(
            signs(&linux, "2.13.0", "CUDA 12.9"),
            "3.5· 3.7· 5.0● 5.2◐ 6.0● 6.1◐ 7.0● 7.5● 8.0● 8.6● 8.9◐ 9.0● 10.0● 10.3◐ 10.7◐ 12.0● 12.1◐"
        );
        assert_eq!(
            signs(&linux, "2.13.0", "CUDA 13.0"),
            "3.5· 3.7· 5.0· 5.2· 6.0· 6.1· 7.0· 7.5● 8.0● 8.6● 8.9◐ 9.0● 10.0● 10.3◐ 10.7◐ 12.0● 12.1◐"
        );
        // 8.9 is the last with machine code, and all later GPUs are translated from its PTX.
        assert_eq!(
            signs(&linux, "2.5.1", "CUDA 11.8"),
            "3.5● 3.7◐ 5.0● 5.2◐ 6.0● 6.1● 7.0● 7.5● 8.0● 8.6● 8.9● 9.0○ 10.0○ 10.3○ 10.7○ 12.0○ 12.1○"
        );
    }

    #[test]
    fn jetson_is_a_column_on_arm_alone() {
        let orin = ComputeCapability::new(8, 7);
        let has_orin = |subdir| map(subdir).capabilities.iter().any(|it| it.capability == orin);
        assert!(has_orin(Subdir::LinuxAarch64));
        assert!(!has_orin(Subdir::Linux64) && !has_orin(Subdir::Win64));
        let arm = map(Subdir::LinuxAarch64);
        assert!(signs(&arm, "2.13.0", "CUDA 13.0").contains("8.7"));
    }

    #[test]
    fn a_cell_is_a_sentence() {
        let linux = map(Subdir::Linux64);
        let row = linux.rows.iter().find(|row| row.label().1 == "CUDA 12.9").expect("a row");
        let at = |number: &str| {
            linux.capabilities.iter().position(|it| it.capability.to_string() == number)
        };
        let sentence = |number: &str| {
            let column = at(number).expect("a column");
            row.sentence(linux.capabilities[column], row.cells[column])
        };
        assert_eq!(
            sentence("6.1"),
            "PyTorch 2.13.0 with CUDA 12.9 on 6.1 (GTX 1050–1080, TITAN Xp, Tesla P4, P40): \
             machine code of the same generation. Needs NVIDIA driver ≥ 525.60.13, glibc ≥ 2.28, \
             Python 3.10–3.14"
        );
        assert!(sentence("3.5").ends_with(": no kernels"));
    }

    #[test]
    fn builds_that_differ_in_the_blas_alone_are_one_row() {
        let linux = map(Subdir::Linux64);
        let row = linux.rows.iter().find(|row| row.label().1 == "CUDA 13.0").expect("a row");
        assert_eq!(row.builds, ["cuda130_mkl #300–302", "cuda130_generic #200–202"]);
    }
}
