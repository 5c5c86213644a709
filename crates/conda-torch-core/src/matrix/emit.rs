//! Rows to Rust text: the constants that `rows.rs` includes. Used by `build.rs` alone.

use std::fmt::Write;

use crate::Files;
use crate::conda::Version;
use crate::types::{
    Accelerator, ArchList, ArmVariant, ComputeCapability, CudaVersion, Date, DriverVersion,
};

use super::row::{
    BuildRow, CapabilityRow, CompanionRow, OtherKernelsRow, PciRow, SourceRow, WithdrawnRow,
};

/// The Rust text of all tables.
pub(crate) fn tables(files: &Files) -> String {
    let Files { builds, companions, drivers, capabilities, gpus, pci, cuda_versions, elsewhere } =
        files;
    let mut code = format!("const AS_OF: Date = {};\n", date(builds.as_of));
    let metal = version(builds.metal_macos);
    writeln!(code, "const METAL_MACOS: Version = {metal};").expect("a String takes all");
    let rows = builds.build.iter().map(|row| build(row.as_ref()));
    slice(&mut code, "BUILDS", "Build", rows);
    let rows = companions.companion.iter().map(|row| companion(row.as_ref()));
    slice(&mut code, "COMPANIONS", "CompanionBuild", rows);
    let rows = cuda_versions.versions.iter().map(|version| cuda(*version.as_ref()));
    slice(&mut code, "CUDA_VERSIONS", "CudaVersion", rows);
    let rows = drivers.toolkit.iter().map(|row| {
        let row = row.as_ref();
        let drivers = oldest(row.linux, row.windows);
        format!("ToolkitDriver {{ cuda: {}, {drivers} }}", cuda(row.cuda))
    });
    slice(&mut code, "TOOLKITS", "ToolkitDriver", rows);
    let rows = drivers.major.iter().map(|row| {
        let row = row.as_ref();
        format!("MajorDriver {{ major: {}, {} }}", row.major, oldest(row.linux, row.windows))
    });
    slice(&mut code, "MAJORS", "MajorDriver", rows);
    let rows = capabilities.capability.iter().map(|row| capability_row(row.as_ref()));
    slice(&mut code, "CAPABILITIES", "Capability", rows);
    let rows = gpus.group.iter().flat_map(|row| {
        let by = capability(row.as_ref().capability);
        let names = row.as_ref().names.iter();
        names.map(move |name| format!("GpuName {{ name: {}, capability: {by} }}", text(name)))
    });
    slice(&mut code, "GPU_NAMES", "GpuName", rows);
    slice(&mut code, "PCI_DEVICES", "PciRange", pci.ranges.iter().map(|row| range(row.as_ref())));
    let rows = elsewhere.kernels.iter().map(|row| other_kernels(row.as_ref()));
    slice(&mut code, "OTHER_KERNELS", "OtherKernels", rows);
    let rows = elsewhere.withdrawn.iter().map(|row| withdrawn(row.as_ref()));
    slice(&mut code, "WITHDRAWN", "Withdrawn", rows);
    code
}

fn slice(code: &mut String, name: &str, of: &str, rows: impl Iterator<Item = String>) {
    let _ = writeln!(code, "static {name}: &[{of}] = &[");
    for row in rows {
        let _ = writeln!(code, "    {row},");
    }
    code.push_str("];\n");
}

fn build(row: &BuildRow) -> String {
    let glibc = row.glibc.as_ref().map_or("None".to_owned(), |glibc| {
        let (declared, libraries) = (version(glibc.declared), version(glibc.libraries));
        format!("Some(GlibcFloor {{ declared: {declared}, libraries: {libraries} }})")
    });
    format!(
        "Build {{ pytorch: {}, subdir: Subdir::{:?}, accelerator: {}, blas: Blas::{:?}, \
         arm_variant: {}, build_numbers: ({}, {}), blas_in_build_string: {}, metapackage: {}, \
         cuda_pins: {}, kernels: {}, glibc: {glibc}, macos: {}, pythons: {}, source: {} }}",
        version(row.pytorch),
        row.subdir,
        accelerator(row.accelerator),
        row.blas,
        arm_variant(row.arm_variant),
        row.build_numbers[0],
        row.build_numbers[1],
        row.blas_in_build_string,
        row.metapackage,
        pins(row.cuda_pins),
        arches(&row.kernels.map_or(ArchList::default(), |kernels| kernels.0)),
        row.macos.map_or("None".to_owned(), |macos| format!("Some({})", version(macos))),
        pythons(&row.pythons),
        source(&row.source)
    )
}

fn companion(row: &CompanionRow) -> String {
    format!(
        "CompanionBuild {{ package: Companion::{:?}, version: {}, subdir: Subdir::{:?}, \
         pytorch: {}, accelerator: {}, same_toolkit: {}, arm_variant: {}, cuda_pins: {}, \
         pythons: {}, source: {} }}",
        row.package,
        version(row.version),
        row.subdir,
        version(row.pytorch),
        accelerator(row.accelerator),
        row.same_toolkit == Some(true),
        arm_variant(row.arm_variant),
        pins(row.cuda_pins),
        pythons(&row.pythons),
        source(&row.source)
    )
}

fn oldest(linux: DriverVersion, windows: DriverVersion) -> String {
    format!("linux: {}, windows: {}", driver(linux), driver(windows))
}

fn capability_row(row: &CapabilityRow) -> String {
    format!(
        "Capability {{ capability: {}, family: {}, examples: {}, first_toolkit: {}, \
         last_branch: {:?}, soc: {} }}",
        capability(row.capability),
        text(&row.family),
        text(&row.examples),
        cuda(row.first_toolkit),
        row.last_branch,
        row.soc
    )
}

fn range(PciRow(first, last, chip, by): &PciRow) -> String {
    format!(
        "PciRange {{ first: {:#06x}, last: {:#06x}, chip: {}, capability: {} }}",
        first.0,
        last.0,
        text(chip),
        capability(*by)
    )
}

fn other_kernels(row: &OtherKernelsRow) -> String {
    format!(
        "OtherKernels {{ channel: {}, toolkit: {}, kernels: {} }}",
        text(&row.channel),
        cuda(row.toolkit),
        arches(&row.kernels.0)
    )
}

fn withdrawn(row: &WithdrawnRow) -> String {
    format!(
        "Withdrawn {{ package: {}, version: {}, cuda_major: {}, below: {} }}",
        text(&row.package),
        version(row.version),
        row.cuda_major,
        capability(row.below)
    )
}

fn version(version: Version) -> String {
    let written = version.to_string();
    match written.split_once(".rc") {
        Some((numbers, n)) => {
            format!("Version::new(&[{}]).candidate({n})", numbers.replace('.', ", "))
        }
        None => format!("Version::new(&[{}])", written.replace('.', ", ")),
    }
}

fn driver(driver: DriverVersion) -> String {
    let written = driver.to_string();
    // `06` would read as a number in C's octal notation to people: write 6.
    let parts: Vec<&str> = written.split('.').map(|part| part.trim_start_matches('0')).collect();
    let parts: Vec<&str> =
        parts.iter().map(|part| if part.is_empty() { "0" } else { part }).collect();
    format!("DriverVersion::new(&[{}])", parts.join(", "))
}

fn cuda(version: CudaVersion) -> String {
    format!("CudaVersion::new({}, {})", version.major, version.minor)
}

fn capability(capability: ComputeCapability) -> String {
    format!("ComputeCapability::new({}, {})", capability.major, capability.minor)
}

fn accelerator(accelerator: Accelerator) -> String {
    match accelerator {
        Accelerator::Cpu => "Accelerator::Cpu".to_owned(),
        Accelerator::Mps => "Accelerator::Mps".to_owned(),
        Accelerator::Cuda(toolkit) => format!("Accelerator::Cuda({})", cuda(toolkit)),
    }
}

fn arm_variant(variant: Option<ArmVariant>) -> String {
    variant.map_or("None".to_owned(), |variant| format!("Some(ArmVariant::{variant:?})"))
}

fn pins(pins: Option<[CudaVersion; 2]>) -> String {
    let [from, below] = pins.unwrap_or([CudaVersion::new(0, 0); 2]);
    format!("{}..{}", cuda(from), cuda(below))
}

fn pythons([first, last]: &[Version; 2]) -> String {
    format!("({}, {})", version(*first), version(*last))
}

fn arches(ArchList { sass, ptx }: &ArchList) -> String {
    format!("ArchList {{ sass: {}, ptx: {} }}", set(sass), set(ptx))
}

fn set(list: &[ComputeCapability]) -> String {
    let list: Vec<String> = list.iter().map(|one| capability(*one)).collect();
    format!("set(&[{}])", list.join(", "))
}

fn source(source: &SourceRow) -> String {
    let commit = source.commit.bytes();
    format!("Source::Recipe {{ commit: Commit::new({commit:?}), date: {} }}", date(source.date))
}

fn date(date: Date) -> String {
    format!("Date::new({}, {}, {})", date.year(), date.month(), date.day())
}

fn text(text: &str) -> String {
    format!("text({text:?})")
}
