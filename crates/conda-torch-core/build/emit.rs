//! Rows to Rust text: the static [`Matrix`](crate::Matrix) that `matrix/embedded.rs` includes.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use toml::Spanned;

use crate::Files;
use crate::conda::{Subdir, Version};
use crate::rows::{
    Capability, ForwardCompatibility, GpuName, JetPack, MajorDriver, MetalFloor, OtherKernels,
    PciRange, ToolkitDriver, Withdrawn,
};
use crate::types::{
    Accelerator, ArchList, ArmVariant, Blas, Build, Commit, Companion, CompanionBuild,
    ComputeCapability, CudaVersion, Date, DriverVersion, GlibcRange, Source,
};

/// The Rust text of the embedded matrix.
pub(crate) fn matrix(files: &Files) -> String {
    let groups = files.gpus.group.iter().map(Spanned::as_ref);
    let gpu_names: Vec<String> = groups
        .flat_map(|group| {
            let capability = group.capability;
            group.names.iter().map(move |name| GpuName { name: name.clone(), capability }.literal())
        })
        .collect();
    let tables = [
        table("builds: Build", &files.builds.build),
        table("companions: CompanionBuild", &files.companions.companion),
        table("cuda_versions: CudaVersion", &files.cuda_versions.versions),
        table("toolkits: ToolkitDriver", &files.drivers.toolkit),
        table("majors: MajorDriver", &files.drivers.major),
        table("capabilities: Capability", &files.capabilities.capability),
        ("gpu_names: GpuName", gpu_names),
        table("pci_devices: PciRange", &files.pci.ranges),
        table("jetpacks: JetPack", &files.jetpacks.jetpack),
        table("metal: MetalFloor", &files.metal.metal),
        table("forward_compatibility: ForwardCompatibility", &files.forward.branch),
        table("data_center_gpus: Cow<'static, str>", &files.forward.data_center.names),
        table("other_kernels: OtherKernels", &files.elsewhere.kernels),
        table("withdrawn: Withdrawn", &files.elsewhere.withdrawn),
    ];
    let (mut statics, mut fields) = (String::new(), String::new());
    for (field, rows) in tables {
        let (name, row) = field.split_once(": ").expect("a name and a type");
        let upper = name.to_uppercase();
        let rows = rows.join(",\n");
        let _ = writeln!(statics, "static {upper}: &[{row}] = &[\n{rows}\n];");
        let _ = write!(fields, "{name}: Cow::Borrowed({upper}), ");
    }
    let as_of = files.builds.as_of.literal();
    format!(
        "{statics}pub(super) static EMBEDDED: Matrix = Matrix {{ channel: Cow::Borrowed(\"conda-forge\"), \
         as_of: {as_of}, {fields} }};\n"
    )
}

fn table<'a, T: Literal>(field: &'a str, rows: &[Spanned<T>]) -> (&'a str, Vec<String>) {
    (field, rows.iter().map(|row| row.as_ref().literal()).collect())
}

/// A value as a Rust expression for a static.
trait Literal {
    fn literal(&self) -> String;
}

/// Structs with public fields, field by field.
macro_rules! structs {
    ($($name:ident { $($field:ident),* })*) => {$(
        impl Literal for $name {
            fn literal(&self) -> String {
                let fields = [$(format!("{}: {}", stringify!($field), self.$field.literal())),*];
                format!("{} {{ {} }}", stringify!($name), fields.join(", "))
            }
        }
    )*};
}

structs! {
    Build {
        pytorch, subdir, accelerator, blas, arm_variant, build_numbers, blas_in_build_string,
        metapackage, unsolvable, cuda_pins, kernels, glibc, macos, pythons, source
    }
    CompanionBuild {
        package, version, subdir, pytorch, accelerator, same_toolkit, arm_variant, cuda_pins,
        pythons, source
    }
    ToolkitDriver { cuda, linux, windows, inferred, source, date }
    MajorDriver { major, linux, windows, source, date }
    Capability { capability, family, examples, first_toolkit, last_branch, soc, source, date }
    MetalFloor { pytorch, macos, source, date }
    ForwardCompatibility { branch, cuda, driver, source, date }
    GpuName { name, capability }
    PciRange { first, last, chip, capability }
    JetPack { release, driver, source, date }
    OtherKernels { channel, toolkit, kernels, source, date }
    Withdrawn { package, version, cuda_major, below, source, date }
    ArchList { sass, ptx }
    GlibcRange { declared, libraries, below }
    Source { commit, date, inferred }
    Date { year, month, day }
}

/// Values whose `Debug` text is Rust.
macro_rules! plain {
    ($($type:ident: $prefix:literal),*) => {$(
        impl Literal for $type {
            fn literal(&self) -> String {
                format!("{}{self:?}", $prefix)
            }
        }
    )*};
}

plain! {
    bool: "", u16: "", u32: "", CudaVersion: "", ComputeCapability: "", Subdir: "Subdir::",
    Blas: "Blas::", ArmVariant: "ArmVariant::", Companion: "Companion::"
}

impl Literal for Accelerator {
    fn literal(&self) -> String {
        format!("Accelerator::{self:?}")
    }
}

impl Literal for Version {
    fn literal(&self) -> String {
        let text = self.to_string();
        let (numbers, candidate) = text.split_once(".rc").unwrap_or((&text, ""));
        let release = format!("Version::new(&[{}])", numbers.replace('.', ", "));
        if candidate.is_empty() { release } else { format!("{release}.candidate({candidate})") }
    }
}

impl Literal for DriverVersion {
    fn literal(&self) -> String {
        let text = self.to_string();
        let numbers = text.split('.').map(|part| part.parse().expect("a number"));
        format!("DriverVersion::new(&{:?})", numbers.collect::<Vec<u32>>())
    }
}

impl Literal for Commit {
    fn literal(&self) -> String {
        format!("Commit::new({:?})", self.as_str())
    }
}

impl Literal for Cow<'_, str> {
    fn literal(&self) -> String {
        format!("Cow::Borrowed({self:?})")
    }
}

impl<T: Literal + Clone> Literal for Cow<'_, [T]> {
    fn literal(&self) -> String {
        let items: Vec<String> = self.iter().map(Literal::literal).collect();
        format!("Cow::Borrowed(&[{}])", items.join(", "))
    }
}

impl<T: Literal> Literal for Option<T> {
    fn literal(&self) -> String {
        self.as_ref().map_or("None".to_owned(), |value| format!("Some({})", value.literal()))
    }
}

impl<T: Literal> Literal for (T, T) {
    fn literal(&self) -> String {
        format!("({}, {})", self.0.literal(), self.1.literal())
    }
}

impl<T: Literal> Literal for Range<T> {
    fn literal(&self) -> String {
        format!("{}..{}", self.start.literal(), self.end.literal())
    }
}
