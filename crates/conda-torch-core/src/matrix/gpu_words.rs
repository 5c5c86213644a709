//! The words of a GPU's name: maker, brand, family, generation and model. Memory sizes, form factors, editions and
//! boards do not count.

/// A name as words that can be compared.
#[derive(Debug, Clone)]
pub(super) struct NameWords {
    /// `geforce`, `quadro`, `jetson`.
    pub(super) brand: Option<&'static str>,
    /// `rtx`, `gtx`, `pro`; sorted.
    pub(super) family: Vec<&'static str>,
    /// `ada`, `blackwell`.
    pub(super) generation: Option<&'static str>,
    /// What is left: `1080`, `ti`; `a6000`; sorted.
    pub(super) model: Vec<String>,
    /// Whether NVIDIA is named.
    is_nvidia: bool,
}

/// A maker of GPUs for which conda-forge has no CUDA build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum GpuMaker {
    Amd,
    Apple,
    Intel,
    Other,
}

const BRANDS: &[&str] = &["geforce", "quadro", "tesla", "grid", "jetson", "drive", "nvs", "cmp"];

const FAMILIES: &[&str] = &["rtx", "gtx", "gts", "gt", "pro", "agx", "igx", "tegra", "sff"];

/// A generation by the words for it. Compared with `family` of `capabilities.toml`.
const GENERATIONS: &[(&str, &str)] = &[
    ("fermi", "fermi"),
    ("kepler", "kepler"),
    ("maxwell", "maxwell"),
    ("pascal", "pascal"),
    ("volta", "volta"),
    ("turing", "turing"),
    ("ampere", "ampere"),
    ("ada", "ada"),
    ("lovelace", "ada"),
    ("hopper", "hopper"),
    ("blackwell", "blackwell"),
    ("rubin", "rubin"),
];

/// What follows a number without a blank: `1080ti`, `4070tis`, `5090d`.
const SUFFIXES: &[(&str, &[&str])] = &[
    ("ti", &["ti"]),
    ("super", &["super"]),
    ("s", &["super"]),
    ("tisuper", &["ti", "super"]),
    ("tis", &["ti", "super"]),
    ("d", &["d"]),
    ("ada", &["ada"]),
    ("laptop", &[]),
    ("mobile", &[]),
];

/// Words of the maker, the form, the memory or the edition, which do not tell a GPU from others: also `dc` in
/// `RTX PRO 6000 Blackwell DC-96Q` (a vGPU) and `ac` in `B300 SXM6 AC` (cooled by air).
pub(super) const NOISE: &[&str] = &[
    "nvidia",
    "corporation",
    "r",
    "tm",
    "gpu",
    "gpus",
    "graphics",
    "desktop",
    "laptop",
    "mobile",
    "notebook",
    "max",
    "q",
    "maxq",
    "with",
    "design",
    "generation",
    "gen",
    "edition",
    "workstation",
    "server",
    "embedded",
    "pcie",
    "nvl",
    "cnx",
    "nvgpu",
    "hbm2",
    "hbm3",
    "hbm3e",
    "hbm2e",
    "gddr5",
    "gddr5x",
    "gddr6",
    "gddr6x",
    "gddr7",
    "active",
    "oem",
    "lite",
    "hash",
    "rate",
    "lhr",
    "collectors",
    "founders",
    "fe",
    "dc",
    "ac",
    "dgxs",
    "fhhl",
    "mac",
    "developer",
    "devkit",
    "kit",
    "module",
    "superchip",
    "prod",
    "dgx",
    "hgx",
    "gb",
    "gib",
    "mb",
    "rev",
];

/// GPUs of other makers by a word of their names; `#` stands for digits and what follows them.
const OTHER_MAKERS: &[(GpuMaker, &str, &str)] = &[
    (
        GpuMaker::Amd,
        "amd ati radeon rx rx# instinct firepro vega vega# mi# w# xt xtx gre gfx# r5 r7 r9 ryzen navi navi# halo",
        "https://rocm.docs.amd.com/en/latest/reference/gpu-arch-specs.html",
    ),
    (
        GpuMaker::Intel,
        "intel arc iris uhd hd xe battlemage alchemist gaudi gaudi# flex a310 a350m a370m a380 a550m a580 a730m a750 \
         a770 a770m b570 b580 b50 b60 core max1100 max1550 1550 ponte lunar meteor panther",
        "https://dgpu-docs.intel.com/devices/hardware-table.html",
    ),
    (GpuMaker::Apple, "apple m1 m2 m3 m4 m5", "https://support.apple.com/en-us/116943"),
    (
        GpuMaker::Other,
        "adreno adreno# snapdragon mali powervr tpu ascend ascend# trainium trainium# inferentia inferentia# mtt",
        "https://docs.pytorch.org/docs/stable/accelerator.html",
    ),
];

impl NameWords {
    /// The words of a name.
    pub(super) fn of(name: &str) -> Self {
        let mut words = Self {
            brand: None,
            family: Vec::new(),
            generation: None,
            model: Vec::new(),
            is_nvidia: false,
        };
        let name = name.to_ascii_lowercase();
        let split = name.split(|c: char| !c.is_ascii_alphanumeric());
        let mut split = split.filter(|word| !word.is_empty()).peekable();
        while let Some(word) = split.next() {
            let next = split.peek().copied().unwrap_or_default();
            if word == "mig" {
                break; // `A100 MIG 1g.5gb`: what follows is a slice of it
            } else if is_number(word) && matches!(next, "gb" | "gib" | "g" | "mb") {
                split.next();
            } else if (word.len() == 1 && "abhklmptv".contains(word)
                || matches!(word, "mx" | "gb" | "gh"))
                && is_number(next)
                || word.len() >= 3 && is_number(word) && matches!(next, "m" | "mx")
            {
                words.add(&format!("{word}{next}")); // `A 6000`, `860 M`
                split.next();
            } else {
                words.add(word);
            }
        }
        words.family.sort_unstable();
        words.family.dedup();
        words.model.sort_unstable();
        words.model.dedup();
        words
    }

    fn add(&mut self, word: &str) {
        self.is_nvidia |= matches!(word, "nvidia" | "rtx" | "gtx") || BRANDS.contains(&word);
        if let Some(brand) = BRANDS.iter().find(|brand| **brand == word) {
            self.brand = Some(brand);
        } else if let Some(family) = FAMILIES.iter().find(|family| **family == word) {
            self.family.push(family);
        } else if let Some((_, generation)) = GENERATIONS.iter().find(|(name, _)| *name == word) {
            self.generation = Some(generation);
        } else if let Some((start, rest)) = split_start(word) {
            self.add(start);
            self.add(rest);
        } else if let Some((number, suffixes)) = split_suffix(word) {
            self.model.push(number.to_owned());
            for suffix in suffixes {
                self.add(suffix);
            }
        } else if !is_noise(word) {
            self.model.push(word.to_owned());
        }
    }

    /// Whether all words are the same, but for the maker.
    pub(super) fn is(&self, other: &Self) -> bool {
        let Self { brand, family, generation, model, is_nvidia: _ } = self;
        (brand, family, generation, model)
            == (&other.brand, &other.family, &other.generation, &other.model)
    }

    /// Whether a word only NVIDIA uses is in it.
    pub(super) fn is_nvidia(&self) -> bool {
        self.is_nvidia
    }

    /// Whether a word of the model has a digit.
    pub(super) fn has_number(&self) -> bool {
        self.model.iter().any(|word| word.contains(|c: char| c.is_ascii_digit()))
    }

    /// Whether it is a number of several families: `3090`, `6000`.
    pub(super) fn is_bare(&self) -> bool {
        let has_number = self.model.iter().any(|word| is_number(word));
        has_number && self.brand.is_none() && self.family.is_empty()
    }

    /// Whether all GPUs of a brand or family are meant, of any model and generation.
    pub(super) fn says_nothing(&self) -> bool {
        self.model.is_empty() && self.generation.is_none() && self.brand != Some("jetson")
    }

    /// Leaves out the families that people mix up: `GTX 3090`.
    pub(super) fn forget_family(&mut self) {
        self.family.retain(|family| !matches!(*family, "rtx" | "gtx" | "gts" | "gt"));
    }
}

/// The other maker whose GPU a name is, by a word of it.
pub(super) fn other_maker(name: &str) -> Option<GpuMaker> {
    let name = name.to_ascii_lowercase();
    let words = || name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let is_it = |(_, known, _): &&(GpuMaker, &str, &str)| {
        words().any(|word| known.split_whitespace().any(|known| is_maker_word(word, known)))
    };
    OTHER_MAKERS.iter().find(is_it).map(|(maker, ..)| *maker)
}

/// Whether a word is part of a GPU's name, so that it belongs to an unquoted one.
pub fn is_gpu_word(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let parts = || word.split('-').filter(|part| !part.is_empty());
    let is_known = |part: &str| {
        let is_other = || {
            OTHER_MAKERS.iter().any(|(_, known, _)| {
                known.split_whitespace().any(|known| !known.contains('#') && known == part)
            })
        };
        let letters = part.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let digits = letters.trim_start_matches(|c: char| c.is_ascii_digit());
        // `4090`, `a6000`, `rtx4090ti`
        let is_model = part.len() - letters.len() <= 3
            && letters.len() - digits.len() >= 2
            && digits.bytes().all(|c| c.is_ascii_lowercase())
            && digits.len() <= 7;
        is_model
            || is_number(part)
            || part.strip_prefix('x').is_some_and(is_number) // `A100 x8`
            || BRANDS.contains(&part)
            || FAMILIES.contains(&part)
            || GENERATIONS.iter().any(|(name, _)| *name == part)
            || SUFFIXES.iter().any(|(name, _)| *name == part)
            || matches!(
                part,
                "titan"
                    | "x"
                    | "xp"
                    | "v"
                    | "z"
                    | "ultra"
                    | "orin"
                    | "thor"
                    | "xavier"
                    | "nano"
                    | "nx"
                    | "spark"
                    | "black"
                    | "ceo"
                    | "mig"
            )
            || is_noise(part)
            || is_other()
    };
    !word.is_empty() && !word.starts_with('-') && parts().all(is_known)
}

fn is_maker_word(word: &str, known: &str) -> bool {
    if let Some(start) = known.strip_suffix('#') {
        let rest = word.strip_prefix(start);
        return rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    }
    // `m1max`, `7900xtx`
    let glued = word.strip_prefix(known);
    let number = word.strip_suffix(known).filter(|_| matches!(known, "xt" | "xtx" | "gre"));
    word == known
        || glued.is_some_and(|rest| matches!(rest, "max" | "pro" | "ultra"))
        || number.is_some_and(is_number)
}

/// `gtx` and `1080ti` of `gtx1080ti`; `titan` and `x` of `titanx`.
fn split_start(word: &str) -> Option<(&'static str, &str)> {
    let starts = BRANDS.iter().chain(FAMILIES).chain(&["titan", "nvidia"]);
    let split = starts.filter_map(|start| Some((*start, word.strip_prefix(start)?)));
    let is_long = |start: &str| !matches!(start, "gt" | "gts" | "pro" | "nvs" | "cmp" | "sff");
    let is_start = |(start, rest): &(&'static str, &str)| {
        !rest.is_empty() && (is_long(start) || rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    split.filter(is_start).max_by_key(|(start, _)| start.len())
}

fn split_suffix(word: &str) -> Option<(&str, &'static [&'static str])> {
    let letters = word.find(|c: char| !c.is_ascii_digit()).filter(|at| *at >= 3)?;
    let (number, suffix) = word.split_at(letters);
    let known = SUFFIXES.iter().find(|(name, _)| *name == suffix)?;
    Some((number, known.1))
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|c| c.is_ascii_digit())
}

/// Whether a word does not tell a GPU from others.
pub(super) fn is_noise(word: &str) -> bool {
    let digits_before =
        |end: &str| word.strip_suffix(end).filter(|n| is_number(n)).map_or(0, str::len);
    // `GRID T4-2B4`: this board's profile for four displays.
    let profile_for_displays =
        || word.split_once('b').is_some_and(|(a, b)| is_number(a) && is_number(b));
    NOISE.contains(&word)
        || word.strip_prefix("sxm").is_some_and(|n| n.len() <= 1)
        || word.strip_prefix("nvl").is_some_and(is_number)
        || ["gb", "gib", "g", "mb"].iter().any(|end| digits_before(end) > 0) // memory
        || ["q", "c", "x"].iter().any(|end| (1..=3).contains(&digits_before(end))) // vGPU profiles, fans
        || ["a", "b"].iter().any(|end| (1..=2).contains(&digits_before(end)))
        || profile_for_displays()
        || word.len() == 1 && is_number(word) // `A100-4-20C`: a vGPU in a slice of four sevenths
}
