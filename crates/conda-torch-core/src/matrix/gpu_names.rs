//! GPUs by the names that people and drivers give them, and by PCI ids.

use std::cell::OnceCell;

use crate::conda::Subdir;
use crate::types::{ArmVariant, ComputeCapability, Detected, Gpu, Machine, Origin};

use super::{GpuName, Matrix, PciRange};

/// Words about the maker, the form or the memory of a GPU, which do not tell it from others: also `dc` in
/// `RTX PRO 6000 Blackwell DC-96Q` (a vGPU) and `ac` in `B300 SXM6 AC` (cooled by air).
const NOISE: &str = "nvidia geforce tesla grid tm r gpu graphics laptop mobile notebook max q with design \
    generation edition workstation server embedded pcie nvl cnx nvgpu hbm2 hbm3 hbm3e hbm2e active oem lite \
    hash rate collectors dc ac";

/// GPUs on one module with an Arm processor, which no other machine has. Those of Jetson are known by
/// their capability.
const ARM_MODULES: [(&str, &str); 4] = [
    ("GH200", "https://www.nvidia.com/en-us/data-center/grace-hopper-superchip/"),
    ("GB200", "https://www.nvidia.com/en-us/data-center/gb200-nvl72/"),
    ("GB300", "https://www.nvidia.com/en-us/data-center/gb300-nvl72/"),
    ("VR200", "https://www.nvidia.com/en-us/data-center/vera-rubin-nvl72/"),
];

/// That of GB10 and its relatives, which are one chip with an Arm processor.
/// Source: <https://docs.nvidia.com/dgx/dgx-spark/hardware.html>
const GB10: ComputeCapability = ComputeCapability::new(12, 1);

/// The longest name that is looked up, in bytes; no GPU has as long a one.
const LONGEST: usize = 128;

impl Matrix {
    /// Whether all GPUs of a capability are in machines with an Arm processor.
    pub fn is_arm_only(&self, capability: ComputeCapability) -> bool {
        self.is_soc(capability) || capability == GB10
    }

    /// Whether all GPUs of a machine are data center products, by their names; a virtual one is none.
    pub fn has_data_center_gpus(&self, machine: &Machine) -> bool {
        let keys = GpuKeys::new(self);
        let is_one = |gpu: &Gpu| {
            let row = gpu.name.value().and_then(|name| keys.find(name));
            !gpu.is_vgpu() && row.is_some_and(|row| self.data_center_gpus.contains(&row.name))
        };
        !machine.gpus.is_empty() && machine.gpus.iter().all(is_one)
    }

    /// Whether a GPU is in machines with an Arm processor alone.
    pub fn is_arm_only_gpu(&self, gpu: &GpuName) -> bool {
        self.is_arm_only(gpu.capability) || ARM_MODULES.iter().any(|(name, _)| gpu.name == *name)
    }

    /// Fills in unknown compute capabilities. Their origin names the table.
    pub fn complete(&self, machine: &mut Machine) {
        let keys = GpuKeys::new(self);
        for gpu in &mut machine.gpus {
            if let Detected::Unknown { .. } = gpu.compute_capability
                && let Some((capability, table)) = keys.capability_of_gpu(gpu)
            {
                gpu.compute_capability = Detected::found(capability, Origin::Table(table.into()));
            }
        }
        self.complete_glibc(machine);
    }

    /// A Jetson's system comes with its driver, and the builds for it are made for that system: its glibc is not
    /// the one that is assumed of other machines.
    fn complete_glibc(&self, machine: &mut Machine) {
        let is_jetson = machine.subdir.value() == Some(&Subdir::LinuxAarch64)
            && (machine.jetson.is_found()
                || machine.gpus.iter().any(|gpu| {
                    gpu.compute_capability.value().is_some_and(|gpu| self.is_soc(*gpu))
                }));
        let tegra = self.builds.iter().filter(|it| it.arm_variant == Some(ArmVariant::Tegra));
        let floor = tegra.filter_map(|build| Some(build.glibc?.declared)).max();
        if let Detected::Found(glibc) = &mut machine.glibc
            && is_jetson
            && glibc.origin == Origin::Baseline
        {
            glibc.value = floor.map_or(glibc.value, |floor| floor.max(glibc.value));
        }
    }

    /// The GPU of a name such as `NVIDIA GeForce GTX 1080 Ti`, `rtx4090` or
    /// `Tesla V100-SXM2-16GB`: case, spaces, brands, memory sizes and form factors do not count.
    /// An error has the closest known names, best first.
    pub fn gpu_by_name(&self, name: &str) -> Result<&GpuName, Vec<&str>> {
        GpuKeys::new(self).find(name).ok_or_else(|| self.nearest_names(&key(name)))
    }

    /// The chip of a PCI id as Linux and Windows write it, `10de:1b06`; `None` for other vendors.
    pub fn by_pci_id(&self, id: &str) -> Option<&PciRange> {
        let (vendor, device) = id.split_once(':')?;
        if !vendor.eq_ignore_ascii_case("10de") {
            return None;
        }
        let device = u16::from_str_radix(device, 16).ok()?;
        let place = self.pci_devices.partition_point(|row| row.last < device);
        self.pci_devices.get(place).filter(|row| row.first <= device)
    }

    /// The compute capability of a Jetson, by the model in the device tree: `NVIDIA Jetson AGX Orin Developer
    /// Kit` contains the name `Jetson AGX Orin`. The longest name wins.
    pub fn jetson_of_model(&self, model: &str) -> Option<ComputeCapability> {
        let words = model.to_ascii_lowercase();
        let soc = |row: &&GpuName| self.is_soc(row.capability);
        let named = |row: &&GpuName| words.contains(&row.name.to_ascii_lowercase());
        let named = self.gpu_names.iter().filter(soc).filter(named);
        named.max_by_key(|row| row.name.len()).map(|row| row.capability)
    }

    fn nearest_names(&self, wanted: &str) -> Vec<&str> {
        if wanted.len() > LONGEST {
            return Vec::new();
        }
        let mut names: Vec<(usize, &str)> = self
            .gpu_names
            .iter()
            .map(|row| (strsim::levenshtein(wanted, &key(&row.name)), &*row.name))
            .filter(|(distance, _)| *distance <= (wanted.len() / 3).min(3))
            .collect();
        names.sort_by_key(|(distance, _)| *distance);
        names.into_iter().take(3).map(|(_, name)| name).collect()
    }
}

/// The known GPUs by the keys of their names, for many names.
pub(crate) struct GpuKeys<'m> {
    matrix: &'m Matrix,
    /// Sorted. Most machines need none.
    keys: OnceCell<Vec<(String, &'m GpuName)>>,
}

impl<'m> GpuKeys<'m> {
    pub(crate) fn new(matrix: &'m Matrix) -> Self {
        Self { matrix, keys: OnceCell::new() }
    }

    /// The compute capability of a GPU by its name, complete or truncated, or else by its PCI id, and the table.
    pub(crate) fn capability_of_gpu(&self, gpu: &Gpu) -> Option<(ComputeCapability, &'static str)> {
        let by_name = gpu.name.value().and_then(|name| self.capability_of_name(name));
        let by_id = || Some((self.matrix.by_pci_id(gpu.pci_id.as_deref()?)?.capability, "pci-ids"));
        by_name.map(|capability| (capability, "gpu-names")).or_else(by_id)
    }

    fn capability_of_name(&self, name: &str) -> Option<ComputeCapability> {
        match name.trim_end().strip_suffix("...") {
            Some(start) => self.capability_of_start(start),
            None => self.find(name).map(|row| row.capability),
        }
    }

    fn find(&self, name: &str) -> Option<&'m GpuName> {
        let wanted = Some(name).filter(|name| name.len() <= LONGEST).map(key)?;
        let row = self.starting_with(&wanted).first()?;
        (!wanted.is_empty() && row.0 == wanted).then_some(row.1)
    }

    /// The rows whose keys start with a text.
    fn starting_with(&self, start: &str) -> &[(String, &'m GpuName)] {
        let keys = self.keys.get_or_init(|| {
            let rows = self.matrix.gpu_names.iter();
            let mut keys: Vec<_> = rows.map(|row| (key(&row.name), row)).collect();
            keys.sort_by(|a, b| a.0.cmp(&b.0));
            keys
        });
        let rest = &keys[keys.partition_point(|(key, _)| key.as_str() < start)..];
        &rest[..rest.partition_point(|(key, _)| key.starts_with(start))]
    }

    /// The compute capability of all GPUs with names that start like this, as `nvidia-smi` truncates them
    /// (`NVIDIA GeForce GTX 108...`, here without the dots); `None` if they differ.
    fn capability_of_start(&self, start: &str) -> Option<ComputeCapability> {
        let lower = Some(start).filter(|name| name.len() <= LONGEST)?.to_ascii_lowercase();
        let (whole, cut) = lower.rsplit_once([' ', '-']).unwrap_or(("", &lower));
        let (all, known) = (key(&lower), key(whole));
        let is_geforce = lower.contains("geforce");
        // The rest of the last word may be noise: `A100-PCI`, `H100 80G`.
        let is_memory = || cut.trim_end_matches('g').bytes().all(|b| b.is_ascii_digit());
        let may_be_noise = !cut.is_empty()
            && (NOISE.split(' ').chain(["sxm"]).any(|word| word.starts_with(cut)) || is_memory());
        let starting = self.starting_with(&all).iter().filter(|_| !all.is_empty());
        let same = self.starting_with(&known).iter().filter(|(key, _)| *key == known);
        let rows = starting.chain(same.filter(|_| may_be_noise && !known.is_empty()));
        let rows = rows.map(|(_, row)| row);
        let rows = rows.filter(|row| !is_geforce || row.name.starts_with("GeForce"));
        let mut capabilities = rows.map(|row| row.capability);
        let first = capabilities.next()?;
        capabilities.all(|other| other == first).then_some(first)
    }
}

/// A name in lower case, without noise and spaces: equal for the same GPU.
fn key(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let mut key = String::new();
    for word in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        if word == "mig" {
            break; // `A100 MIG 1g.5gb`: what follows is a slice of it
        }
        if !is_noise(word) {
            key.push_str(word);
        }
    }
    let without_brand = ["nvidia", "geforce", "tesla"]
        .iter()
        .fold(key.as_str(), |key, brand| key.strip_prefix(brand).unwrap_or(key));
    without_brand.to_owned()
}

fn is_noise(word: &str) -> bool {
    let is_number = |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
    let number_then = |end: &str| word.strip_suffix(end).is_some_and(is_number);
    // `GRID T4-2B4`: this board's profile for four displays.
    let profile_for_displays =
        || word.split_once('b').is_some_and(|(a, b)| is_number(a) && is_number(b));
    NOISE.split(' ').any(|noise| noise == word)
        || word.strip_prefix("sxm").is_some_and(|n| n.len() <= 1)
        || ["gb", "g", "q", "c", "a", "b"].iter().any(|end| number_then(end)) // memory, vGPU profiles
        || profile_for_displays()
        || word.len() == 1 && is_number(word) // `A100-4-20C`: a vGPU in a slice of four sevenths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capability(name: &str) -> Option<(u8, u8)> {
        let found = Matrix::embedded().gpu_by_name(name).ok()?;
        Some((found.capability.major, found.capability.minor))
    }

    #[test]
    fn finds_names_however_they_are_written() {
        for (name, expected) in [
            ("NVIDIA GeForce GTX 1080 Ti", (6, 1)),
            ("gtx1080ti", (6, 1)),
            ("GeForceGTX1080Ti", (6, 1)),
            ("Tesla V100-SXM2-16GB", (7, 0)),
            ("V100", (7, 0)),
            ("R200", (10, 7)),
            ("NVIDIA HGX B200", (10, 0)),
            ("RTX PRO 6000", (12, 0)),
            ("NVIDIA RTX PRO 4500", (12, 0)),
            ("N1X", (12, 1)),
            ("NVIDIA RTX Spark", (12, 1)),
            ("NVIDIA IGX Thor", (11, 0)),
            ("NVIDIA Jetson AGX Thor Developer Kit", (11, 0)),
            ("Jetson AGX Orin Developer Kit", (8, 7)),
            ("Jetson Orin Nano Super", (8, 7)),
            ("NVIDIA GeForce MX570 A", (8, 6)),
            ("NVIDIA A100 80GB PCIe", (8, 0)),
            ("NVIDIA A100-SXM4-40GB MIG 1g.5gb", (8, 0)),
            ("NVIDIA H100 80GB HBM3", (9, 0)),
            ("NVIDIA H100 NVL", (9, 0)),
            ("NVIDIA GeForce RTX 3070 Laptop GPU", (8, 6)),
            ("GeForce GTX 1070 with Max-Q Design", (6, 1)),
            ("NVIDIA RTX 6000 Ada Generation", (8, 9)),
            ("Quadro RTX 6000", (7, 5)),
            ("RTX A6000", (8, 6)),
            ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", (12, 0)),
            ("GRID T4-16Q", (7, 5)),
            ("NVIDIA GH200 480GB", (9, 0)),
            ("GeForce GTX TITAN X", (5, 2)),
            ("TITAN X (Pascal)", (6, 1)),
            ("Orin (nvgpu)", (8, 7)),
            ("NVIDIA GB10", (12, 1)),
            ("NVIDIA B300 SXM6 AC", (10, 3)),
            ("NVIDIA GH200 144G HBM3e", (9, 0)),
            ("NVIDIA H20-3e", (9, 0)),
            ("NVIDIA A800 40GB Active", (8, 0)),
            ("NVIDIA PG506-230", (8, 0)),
            ("NVIDIA A100-PG509-200", (8, 0)),
            ("Tesla PG503-216", (7, 0)),
            ("Tesla V100-SXM3-32GB-H", (7, 0)),
            ("Tesla V100-SXM2-32GB-LS", (7, 0)),
            ("GRID RTX6000-8Q", (7, 5)),
            ("GRID RTX8000P-8C", (7, 5)),
            ("GRID T4-2B4", (7, 5)),
            ("GRID V100X-16Q", (7, 0)),
            ("GRID P100X-16Q", (6, 0)),
            ("GRID A100DX-80C", (8, 0)),
            ("GRID A100D-1-10C", (8, 0)),
            ("NVIDIA H100XM-80C", (9, 0)),
            ("NVIDIA RTX PRO 6000 Blackwell DC-96Q", (12, 0)),
            ("NVIDIA GeForce RTX 3080 Lite Hash Rate", (8, 6)),
            ("NVIDIA GeForce RTX 3050 Laptop GPU", (8, 6)),
            ("NVIDIA TITAN Xp COLLECTORS EDITION", (6, 1)),
            ("NVIDIA TITAN V CEO Edition", (7, 0)),
            ("NVIDIA CMP 40HX", (7, 5)),
        ] {
            assert_eq!(capability(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn suggests_the_closest_gpu_name() {
        let matrix = Matrix::embedded();
        let nearest = matrix.gpu_by_name("RTX 4095").expect_err("there is no such card");
        assert_eq!(nearest.first(), Some(&"GeForce RTX 4090"));
        for name in ["", "NVIDIA", "the one with the lights"] {
            assert_eq!(matrix.gpu_by_name(name), Err(vec![]), "{name:?}");
        }
    }

    #[test]
    fn names_are_distinct() {
        let rows = &Matrix::embedded().gpu_names;
        for (i, row) in rows.iter().enumerate() {
            let twin = rows[..i].iter().find(|other| key(&other.name) == key(&row.name));
            assert_eq!(twin, None, "{}", row.name);
        }
    }

    #[test]
    fn finds_the_chip_of_a_pci_id() {
        let chip = |id| Matrix::embedded().by_pci_id(id).map(|row| &*row.chip);
        assert_eq!(chip("10de:1b06"), Some("GP102")); // GTX 1080 Ti
        assert_eq!(chip("10DE:2684"), Some("AD102")); // RTX 4090
        assert_eq!(chip("10de:1db1"), Some("GV100")); // V100 SXM2 16GB
        assert_eq!(chip("10de:2b85"), Some("GB202")); // RTX 5090
        assert_eq!(chip("10de:22a3"), None); // an NVSwitch is no GPU
        assert_eq!(chip("1002:744c"), None);
        assert_eq!(chip("nonsense"), None);
    }

    fn capability_of(name: &str) -> Option<String> {
        GpuKeys::new(Matrix::embedded())
            .capability_of_name(name)
            .map(|capability| capability.to_string())
    }

    #[test]
    fn resolves_a_truncated_name_if_all_matches_agree() {
        for (name, expected) in [
            ("NVIDIA GeForce GTX 108...", Some("6.1")),
            ("Tesla V100-SXM2...", Some("7.0")),
            ("Quadro RTX 800...", Some("7.5")),
            ("NVIDIA A100-SXM...", Some("8.0")),
            ("NVIDIA A100-PCI...", Some("8.0")),
            ("NVIDIA GeForce RTX 30...", Some("8.6")),
            ("GeForce RTX 208...", Some("7.5")),
            ("Tesla P100-PCIE...", Some("6.0")),
            ("NVIDIA RTX A600...", Some("8.6")),
            ("NVIDIA H100 80G...", Some("9.0")),
            ("NVIDIA GeForce ...", None),
            ("GeForce GTX 9...", None),
            ("Quadro...", None),
            ("NVIDIA GeForce RTX 99...", None),
        ] {
            assert_eq!(capability_of(name).as_deref(), expected, "{name}");
        }
    }
}
