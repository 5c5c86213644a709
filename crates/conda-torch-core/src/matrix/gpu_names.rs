//! GPUs by the names that people and drivers give them, and by PCI ids.

use std::sync::OnceLock;

use crate::conda::Subdir;
use crate::types::{ArmVariant, ComputeCapability, Detected, Gpu, Machine, Origin};

use super::gpu_words::{GpuMaker, NOISE, NameWords, is_noise, other_maker};
use super::{GpuName, Matrix, PciRange};

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

    /// The GPU of a name as people write it: `4090`, `gtx1080ti`, `Tesla V100-SXM2-16GB`, `RX 7900 XTX`.
    pub fn gpu_by_name(&self, name: &str) -> Result<NamedGpu<'_>, GpuNameError<'_>> {
        GpuKeys::new(self).typed(name)
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

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedGpu<'m> {
    /// An NVIDIA GPU.
    Nvidia {
        /// The row; the first of several with the same compute capability.
        gpu: &'m GpuName,
        /// Whether more than the case, the brand or the family was filled in or passed over.
        is_guess: bool,
    },
    /// A GPU of another maker.
    Other(GpuMaker),
}

/// Why a name stands for no GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GpuNameError<'m> {
    /// It stands for GPUs of different compute capabilities, one each, ascending, and perhaps for one of another maker.
    Ambiguous(Vec<&'m GpuName>, Option<GpuMaker>),
    /// It is unknown; the closest known names, best first.
    Unknown(Vec<&'m str>),
}

/// The most compute capabilities to choose from; a name of more says nothing.
const MOST_CHOICES: usize = 6;

/// The known GPUs by their names, for many names.
pub(crate) struct GpuKeys<'m> {
    matrix: &'m Matrix,
    own: GpuIndex,
}

/// The places of rows by their names. Most machines need none.
struct GpuIndex {
    /// Sorted.
    keys: OnceLock<Vec<(String, usize)>>,
    /// By the words of the model, sorted.
    words: OnceLock<Vec<(NameWords, usize)>>,
}

/// That of the built-in rows, made once.
static EMBEDDED: GpuIndex = GpuIndex { keys: OnceLock::new(), words: OnceLock::new() };

impl<'m> GpuKeys<'m> {
    pub(crate) fn new(matrix: &'m Matrix) -> Self {
        Self { matrix, own: GpuIndex { keys: OnceLock::new(), words: OnceLock::new() } }
    }

    fn index(&self) -> &GpuIndex {
        if std::ptr::eq(self.matrix, Matrix::embedded()) { &EMBEDDED } else { &self.own }
    }

    fn row(&self, place: usize) -> &'m GpuName {
        &self.matrix.gpu_names[place]
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

    /// The GPU of a name that a driver or a program reports; `None` if its words allow several compute capabilities.
    fn find(&self, name: &str) -> Option<&'m GpuName> {
        let words = Some(name).filter(|name| name.len() <= LONGEST).map(NameWords::of)?;
        let exact = self.exact(&words);
        let rows =
            if exact.is_empty() && words.has_number() { self.agreeing(&words) } else { exact };
        let first = *rows.first()?;
        rows.iter().all(|row| row.capability == first.capability).then_some(first)
    }

    /// The GPU of a name as people write it, or else as other programs do.
    fn typed(&self, name: &str) -> Result<NamedGpu<'m>, GpuNameError<'m>> {
        if name.len() > LONGEST {
            return Err(GpuNameError::Unknown(Vec::new()));
        }
        let found = self.written(name);
        if !matches!(found, Err(GpuNameError::Unknown(_))) {
            return found;
        }
        let guess = |gpu| Ok(NamedGpu::Nvidia { gpu, is_guess: true });
        if let Some(start) = name.trim_end().strip_suffix("...") {
            return self.of_start(start).map_or(found, guess);
        }
        // `AD102 [GeForce RTX 4090]`, `A100s`
        let marketed = name.rsplit_once('[').and_then(|(_, rest)| rest.split(']').next());
        let other = marketed.map(str::to_owned).or_else(|| without_plural(name));
        if let Some(Ok(NamedGpu::Nvidia { gpu, .. })) = other.map(|other| self.written(&other)) {
            return guess(gpu);
        }
        let chips = &self.matrix.pci_devices;
        let chip = chips.iter().find(|row| row.chip.eq_ignore_ascii_case(name.trim()));
        let of_chip = chip.or_else(|| self.matrix.by_pci_id(name.trim())).and_then(|chip| {
            self.matrix.gpu_names.iter().find(|row| row.capability == chip.capability)
        });
        of_chip.map_or(found, guess)
    }

    fn written(&self, name: &str) -> Result<NamedGpu<'m>, GpuNameError<'m>> {
        let words = NameWords::of(name);
        let other = other_maker(name).filter(|_| !words.is_nvidia());
        let (rows, is_guess) = self.of_words(words.clone());
        if let Some(maker) = other {
            // `M4` is a chip of Apple and a Tesla; `RX 580` is no GTX 580.
            let is_either = !is_guess && !rows.is_empty() && !name.trim().contains([' ', '-', '_']);
            return if is_either {
                Err(GpuNameError::Ambiguous(one_a_capability(rows), Some(maker)))
            } else {
                Ok(NamedGpu::Other(maker))
            };
        }
        let choices = one_a_capability(rows);
        match choices[..] {
            [gpu] => Ok(NamedGpu::Nvidia { gpu, is_guess }),
            [] => Err(GpuNameError::Unknown(self.matrix.nearest_names(&key(name)))),
            _ if choices.len() > MOST_CHOICES => Err(GpuNameError::Unknown(Vec::new())),
            _ => Err(GpuNameError::Ambiguous(choices, None)),
        }
    }

    /// The rows that the words of a name allow, by the first rule that finds some, and whether that is a guess.
    fn of_words(&self, mut words: NameWords) -> (Vec<&'m GpuName>, bool) {
        let exact = self.exact(&words);
        if !exact.is_empty() {
            return (exact, false);
        }
        let is_bare = words.is_bare();
        for is_last in [false, true] {
            let agreeing = self.agreeing(&words);
            // `Titan` is more than the first of them.
            if !agreeing.is_empty() && words.has_number() {
                return (agreeing, is_last || is_bare);
            }
            let containing = self.containing(&words);
            if !containing.is_empty() {
                return (containing, true);
            }
            // `GTX 3090`, and `RTX 3060 VENTUS OC`, without what no GPU has.
            words.forget_family();
            let again = self.agreeing(&words);
            if !again.is_empty() && words.has_number() {
                return (again, true);
            }
            // `FTW3` is a board; so is `GAMING X`, if no 4070 has an X.
            let is_number = |word: &&String| word.bytes().filter(u8::is_ascii_digit).count() > 1;
            let numbers: Vec<String> = words.model.iter().filter(is_number).cloned().collect();
            let has_number =
                |(row, _): &&(NameWords, usize)| row.model.iter().any(|it| numbers.contains(it));
            let rows: Vec<_> = self.words().iter().filter(has_number).collect();
            words.model.retain(|word| {
                is_number(&word) || rows.iter().any(|(row, _)| row.model.contains(word))
            });
            if !words.has_number() {
                break;
            }
        }
        (Vec::new(), false)
    }

    /// The rows with these very words.
    fn exact(&self, words: &NameWords) -> Vec<&'m GpuName> {
        let same = self.same_model(words).iter().filter(|(row, _)| row.is(words));
        same.map(|(_, place)| self.row(*place)).collect()
    }

    /// The rows of the same model that no word contradicts; those of the brand, if there are some.
    fn agreeing(&self, words: &NameWords) -> Vec<&'m GpuName> {
        let same = self.same_model(words).iter().filter(|(row, _)| !row.model.is_empty());
        let agreeing: Vec<_> =
            same.filter(|(row, place)| self.agree(words, row, self.row(*place))).collect();
        let has_brand = |(row, _): &&&(NameWords, usize)| row.brand == words.brand;
        let branded: Vec<_> = agreeing.iter().filter(has_brand).copied().collect();
        let rows = if words.brand.is_some() && !branded.is_empty() { branded } else { agreeing };
        rows.into_iter().map(|(_, place)| self.row(*place)).collect()
    }

    /// The rows with these words and more.
    fn containing(&self, words: &NameWords) -> Vec<&'m GpuName> {
        if words.says_nothing() {
            return Vec::new();
        }
        let has_all = |row: &NameWords| words.model.iter().all(|word| row.model.contains(word));
        let rows = self.words().iter().filter(|(row, _)| has_all(row));
        let rows = rows.filter(|(row, place)| self.agree(words, row, self.row(*place)));
        rows.map(|(_, place)| self.row(*place)).collect()
    }

    fn agree(&self, typed: &NameWords, row: &NameWords, gpu: &GpuName) -> bool {
        let family =
            || self.matrix.capability(gpu.capability).map(|row| row.family.to_ascii_lowercase());
        typed.brand.is_none_or(|brand| row.brand.is_none_or(|other| other == brand))
            && typed.family.iter().all(|family| row.family.contains(family))
            && typed.generation.is_none_or(|generation| {
                family().is_some_and(|family| family.split(' ').any(|word| word == generation))
            })
    }

    fn same_model(&self, words: &NameWords) -> &[(NameWords, usize)] {
        let rows = self.words();
        let start = rows.partition_point(|(row, _)| row.model < words.model);
        let rest = &rows[start..];
        &rest[..rest.partition_point(|(row, _)| row.model == words.model)]
    }

    fn words(&self) -> &[(NameWords, usize)] {
        self.index().words.get_or_init(|| {
            let rows = self.matrix.gpu_names.iter().enumerate();
            let mut words: Vec<_> =
                rows.map(|(place, row)| (NameWords::of(&row.name), place)).collect();
            words.sort_by(|a, b| a.0.model.cmp(&b.0.model));
            words
        })
    }

    /// The rows whose keys start with a text.
    fn starting_with(&self, start: &str) -> &[(String, usize)] {
        let keys = self.index().keys.get_or_init(|| {
            let rows = self.matrix.gpu_names.iter().enumerate();
            let mut keys: Vec<_> = rows.map(|(place, row)| (key(&row.name), place)).collect();
            keys.sort_by(|a, b| a.0.cmp(&b.0));
            keys
        });
        let rest = &keys[keys.partition_point(|(key, _)| key.as_str() < start)..];
        &rest[..rest.partition_point(|(key, _)| key.starts_with(start))]
    }

    /// The compute capability of all GPUs with names that start like this, as `nvidia-smi` truncates them
    /// (`NVIDIA GeForce GTX 108...`, here without the dots); `None` if they differ.
    fn capability_of_start(&self, start: &str) -> Option<ComputeCapability> {
        self.of_start(start).map(|row| row.capability)
    }

    /// One of those GPUs.
    fn of_start(&self, start: &str) -> Option<&'m GpuName> {
        let lower = Some(start).filter(|name| name.len() <= LONGEST)?.to_ascii_lowercase();
        let (whole, cut) = lower.rsplit_once([' ', '-']).unwrap_or(("", &lower));
        let (all, known) = (key(&lower), key(whole));
        let is_geforce = lower.contains("geforce");
        // The rest of the last word may be noise: `A100-PCI`, `H100 80G`.
        let is_memory = || cut.trim_end_matches('g').bytes().all(|b| b.is_ascii_digit());
        let may_be_noise = !cut.is_empty()
            && (NOISE.iter().chain(&["sxm"]).any(|word| word.starts_with(cut)) || is_memory());
        let starting = self.starting_with(&all).iter().filter(|_| !all.is_empty());
        let same = self.starting_with(&known).iter().filter(|(key, _)| *key == known);
        let rows = starting.chain(same.filter(|_| may_be_noise && !known.is_empty()));
        let rows = rows.map(|(_, place)| self.row(*place));
        let rows = rows.filter(|row| !is_geforce || row.name.starts_with("GeForce"));
        // Variants such as `RTX 3050 A` are rare, and of another capability than all others of their start.
        let mut rows = rows.filter(|row| !row.name.ends_with(" A"));
        let first = rows.next()?;
        rows.all(|other| other.capability == first.capability).then_some(first)
    }
}

/// One row a compute capability, ascending: the one with the shortest name.
fn one_a_capability(mut rows: Vec<&GpuName>) -> Vec<&GpuName> {
    rows.sort_by_key(|row| (row.capability, row.name.starts_with("GRID"), row.name.len()));
    rows.dedup_by_key(|row| row.capability);
    rows
}

/// A name without the `s` after a number: `A100s`; `None` if it has none.
fn without_plural(name: &str) -> Option<String> {
    let is_plural = |word: &str| {
        let number = word.strip_suffix(['s', 'S']);
        number.is_some_and(|it| it.len() > 1 && it.ends_with(|c: char| c.is_ascii_digit()))
    };
    let singular = |word: &'_ str| {
        if is_plural(word) { word[..word.len() - 1].to_owned() } else { word.to_owned() }
    };
    let words: Vec<String> = name.split(' ').map(singular).collect();
    Some(words.join(" ")).filter(|it| it != name)
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

#[cfg(test)]
mod tests {
    use crate::matrix::is_gpu_word;

    use super::*;

    fn capability(name: &str) -> Option<(u8, u8)> {
        match Matrix::embedded().gpu_by_name(name).ok()? {
            NamedGpu::Nvidia { gpu, .. } => Some((gpu.capability.major, gpu.capability.minor)),
            NamedGpu::Other(_) => None,
        }
    }

    /// The compute capabilities among which a name does not choose.
    fn choices(name: &str) -> Vec<String> {
        match Matrix::embedded().gpu_by_name(name) {
            Err(GpuNameError::Ambiguous(rows, _)) => {
                rows.iter().map(|row| format!("{} {}", row.capability, row.name)).collect()
            }
            Ok(_) | Err(GpuNameError::Unknown(_)) => Vec::new(),
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn finds_names_as_people_type_them() {
        for (name, expected) in [
            ("3090", (8, 6)),
            ("4060", (8, 9)),
            ("1080ti", (6, 1)),
            ("1080 TI", (6, 1)),
            ("geforce 4060", (8, 9)),
            ("GeForce 970", (5, 2)),
            ("4070tisuper", (8, 9)),
            ("4070 ti super", (8, 9)),
            ("2070s", (7, 5)),
            ("RTX-3060-Ti", (8, 6)),
            ("rtx_4090", (8, 9)),
            ("GTX 3090", (8, 6)),
            ("RTX 1080", (6, 1)),
            ("RTX 1660 Super", (7, 5)),
            ("3080 10gb", (8, 6)),
            ("RTX 3060 12 GB", (8, 6)),
            ("4090 laptop", (8, 9)),
            ("4090D", (8, 9)),
            ("NVIDIA Corporation GeForce GTX 1650 Mobile / Max-Q", (7, 5)),
            ("MSI GeForce RTX 3060 VENTUS 2X 12G OC", (8, 6)),
            ("EVGA RTX 3090 FTW3 Ultra", (8, 6)),
            ("MSI GeForce RTX 4070 Ti GAMING X SLIM 12G", (8, 9)),
            ("ROG Strix 4090", (8, 9)),
            ("A100s", (8, 0)),
            ("RTX 3090s", (8, 6)),
            ("mx 330", (6, 1)),
            ("NVIDIA Corporation GA102 [GeForce RTX 3090] (rev a1)", (8, 6)),
            ("GV100GL [Tesla V100 PCIe 16GB]", (7, 0)),
            ("NVIDIA GeForce GTX 108...", (6, 1)),
            ("AD102", (8, 9)),
            ("10de:2684", (8, 9)),
            ("tu104", (7, 5)),
            ("Tegra K1", (3, 2)),
            ("RTX 3090 Founders Edition", (8, 6)),
            ("GTX 860 M Kepler", (3, 0)),
            ("GTX 860M Maxwell", (5, 0)),
            ("titan x pascal", (6, 1)),
            ("Titan X Maxwell", (5, 2)),
            ("titanxp", (6, 1)),
            ("Titan V", (7, 0)),
            ("RTX Titan", (7, 5)),
            ("titan black", (3, 5)),
            ("K80", (3, 7)),
            ("k40", (3, 5)),
            ("P100", (6, 0)),
            ("P 4", (6, 1)),
            ("M60", (5, 2)),
            ("Tesla M4", (5, 2)),
            ("Tesla A100", (8, 0)),
            ("A100 40GB", (8, 0)),
            ("A100-80G", (8, 0)),
            ("a 100", (8, 0)),
            ("A10G", (8, 6)),
            ("DGX A100", (8, 0)),
            ("H100 SXM5", (9, 0)),
            ("H100 PCIe 80GB", (9, 0)),
            ("H200 NVL", (9, 0)),
            ("HGX H200", (9, 0)),
            ("GH200", (9, 0)),
            ("Grace Hopper", (9, 0)),
            ("hopper", (9, 0)),
            ("B200 SXM6 180GB", (10, 0)),
            ("GB300", (10, 3)),
            ("L40s", (8, 9)),
            ("L4 24GB", (8, 9)),
            ("T4", (7, 5)),
            ("Tesla T4", (7, 5)),
            ("Quadro P2000", (6, 1)),
            ("P2000 Mobile", (6, 1)),
            ("M2000", (5, 2)),
            ("K4200", (3, 0)),
            ("Quadro K2100M", (3, 0)),
            ("Quadro T1000", (7, 5)),
            ("Quadro RTX 5000", (7, 5)),
            ("Quadro RTX 5000 with Max-Q Design", (7, 5)),
            ("RTX A 6000", (8, 6)),
            ("Quadro RTX A6000", (8, 6)),
            ("a4000", (8, 6)),
            ("RTX 6000 Ada", (8, 9)),
            ("Ada 6000", (8, 9)),
            ("6000 Ada Generation", (8, 9)),
            ("RTX 4000 SFF Ada Generation", (8, 9)),
            ("RTX 2000 Ada", (8, 9)),
            ("RTX PRO 6000", (12, 0)),
            ("RTX Pro 6000 Blackwell Max-Q", (12, 0)),
            ("pro 4500", (12, 0)),
            ("6000 Blackwell", (12, 0)),
            ("5070 ti", (12, 0)),
            ("5090d v2", (12, 0)),
            ("DGX Spark", (12, 1)),
            ("spark", (12, 1)),
            ("gb10", (12, 1)),
            ("orin", (8, 7)),
            ("Jetson Orin", (8, 7)),
            ("Orin NX 16GB", (8, 7)),
            ("jetson nano", (5, 3)),
            ("Orin Nano", (8, 7)),
            ("Xavier NX", (7, 2)),
            ("AGX Thor", (11, 0)),
            ("TX2", (6, 2)),
            ("GeForce MX150", (6, 1)),
            ("mx450", (7, 5)),
            ("GeForce 940MX", (5, 0)),
            ("GT 1030", (6, 1)),
            ("GT 750M", (3, 0)),
            ("GTX 780M", (3, 0)),
            ("GTX 980M", (5, 2)),
            ("GeForce GTX 750", (5, 0)),
            ("CMP 170HX", (8, 0)),
            ("RTX 3050 A", (8, 9)),
            ("Turing", (7, 5)),
            ("NVIDIA Thor", (11, 0)),
            ("GB200 NVL72", (10, 0)),
            ("H20 NVL16", (9, 0)),
            ("NVIDIA TITAN X (Pascal)", (6, 1)),
        ] {
            let found = capability(name);
            assert_eq!(found, Some(expected), "{name}: {:?}", choices(name));
        }
    }

    #[test]
    fn names_of_several_gpus_have_choices() {
        for (name, expected) in [
            ("Titan X", &["5.2 GeForce GTX TITAN X", "6.1 TITAN X (Pascal)"][..]),
            ("RTX 6000", &["7.5 Quadro RTX 6000", "8.9 RTX 6000 Ada", "12.0 RTX PRO 6000"]),
            ("GTX 860M", &["3.0 GeForce GTX 860M", "5.0 GeForce GTX 860M"]),
            ("GT 730", &["2.1 GeForce GT 730", "3.0 GeForce GT 730", "3.5 GeForce GT 730"]),
            ("M4", &["5.2 Tesla M4"]),
            (
                "Grace Blackwell",
                &["10.0 Grace Blackwell", "10.3 Grace Blackwell", "12.1 Grace Blackwell"],
            ),
            ("volta", &["7.0 T", "7.2 X"]),
        ] {
            let found = choices(name);
            assert_eq!(found.len(), expected.len(), "{name}: {found:?}");
            assert!(found.iter().zip(expected).all(|(a, b)| a.starts_with(b)), "{name}: {found:?}");
        }
    }

    #[test]
    fn knows_the_gpus_of_other_makers() {
        use GpuMaker::{Amd, Apple, Intel, Other};
        for (name, expected) in [
            ("M1 Max", Apple),
            ("m3pro", Apple),
            ("Apple M4", Apple),
            ("M4 Max", Apple),
            ("M2", Apple),
            ("RX 7900 XTX", Amd),
            ("rx580", Amd),
            ("RX 580", Amd),
            ("7900xtx", Amd),
            ("9070 XT", Amd),
            ("Radeon Pro W7900", Amd),
            ("MI300X", Amd),
            ("Instinct MI250", Amd),
            ("AMD Radeon 780M", Amd),
            ("Vega 64", Amd),
            ("gfx1100", Amd),
            ("R9 390", Amd),
            ("Arc A770", Intel),
            ("a770", Intel),
            ("B580", Intel),
            ("Iris Xe", Intel),
            ("UHD Graphics 770", Intel),
            ("HD 630", Intel),
            ("Intel Data Center GPU Max 1550", Intel),
            ("Gaudi 2", Intel),
            ("Adreno X1-85", Other),
            ("TPU v4", Other),
        ] {
            let found = Matrix::embedded().gpu_by_name(name);
            assert_eq!(found, Ok(NamedGpu::Other(expected)), "{name}");
        }
    }

    #[test]
    fn names_of_no_gpu_are_unknown() {
        for name in ["RTX 9090", "RTX 40", "4090x", "GTX", "Ti", "Voodoo2", "RTX 6090 Ti", "H1000"]
        {
            let found = Matrix::embedded().gpu_by_name(name);
            assert!(matches!(found, Err(GpuNameError::Unknown(_))), "{name}: {found:?}");
        }
    }

    #[test]
    fn an_unquoted_name_ends_before_a_package() {
        for word in [
            "4090", "RTX", "a6000", "Ti", "Super", "Titan", "MI300X", "XTX", "Max", "12GB", "Orin",
            "Max-Q",
        ] {
            assert!(is_gpu_word(word), "{word}");
        }
        for word in [
            "torchvision",
            "pytorch",
            "numpy<2",
            "pytorch3d",
            "h5py",
            "xformers",
            "jax",
            "",
            "-n",
            "--gpu",
            "open3d",
        ] {
            assert!(!is_gpu_word(word), "{word}");
        }
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
        let Err(GpuNameError::Unknown(nearest)) = matrix.gpu_by_name("RTX 4095") else {
            panic!("there is no such card");
        };
        assert_eq!(nearest.first(), Some(&"GeForce RTX 4090"));
        for name in ["", "NVIDIA", "the one with the lights"] {
            assert_eq!(matrix.gpu_by_name(name), Err(GpuNameError::Unknown(vec![])), "{name:?}");
        }
    }

    #[test]
    fn different_names_of_a_row_are_one_gpu() {
        let matrix = Matrix::embedded();
        let keys = GpuKeys::new(matrix);
        for row in &*matrix.gpu_names {
            let same = keys.exact(&NameWords::of(&row.name));
            let is_other = |other: &&&GpuName| other.capability != row.capability;
            for other in same.iter().filter(is_other) {
                assert_eq!(other.name, row.name, "{row:?}");
            }
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
