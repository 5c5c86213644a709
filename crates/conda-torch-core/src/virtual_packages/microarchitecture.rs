//! The name that archspec has for a processor, by archspec's table and rules, from what the system reports
//! of it. Recorded machines need it too, so the crate, which looks at this machine, is of no use.
//! Source: `cpu/detect.py` and `detect.rs` of archspec 0.2.6 and its crate 0.2.0 (the same table).

use std::collections::HashSet;

use crate::conda::Os;
use crate::types::Processor;

include!(concat!(env!("OUT_DIR"), "/processors.rs")); // written by `build/processors.rs`

/// A processor's family, as archspec calls the root of its tree.
pub(super) type Family = &'static str;

/// A row of archspec's table.
#[derive(Debug)]
struct Microarchitecture {
    name: &'static str,
    family: Family,
    vendor: &'static str,
    generation: usize,
    part: Option<&'static str>,
    /// With spaces between them, as the ancestors: pointers to each cost at every start.
    features: &'static str,
    /// All of them, not the parents alone.
    ancestors: &'static str,
}

impl Microarchitecture {
    fn descends_from(&self, other: &Self) -> bool {
        words(self.ancestors).any(|name| name == other.name)
    }

    /// More ancestors come first, then more features.
    fn rank(&self) -> (usize, usize) {
        (words(self.ancestors).count(), words(self.features).count())
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

fn find(name: &str) -> Option<&'static Microarchitecture> {
    MICROARCHITECTURES.iter().find(|target| target.name == name)
}

/// Whether archspec's table has a name.
pub(super) fn is_known(name: &str) -> bool {
    find(name).is_some()
}

/// The name of a processor; an error says why there is none.
pub(super) fn name(
    processor: &Processor,
    family: Family,
    os: Os,
) -> Result<&'static str, &'static str> {
    let features = Features::of(processor, family, os);
    let fitting: Vec<&Microarchitecture> =
        MICROARCHITECTURES.iter().filter(|target| features.fits(target)).collect();
    let generic = best(fitting.iter().copied().filter(|target| target.vendor == "generic"))?;
    // Of the descendants of the best generic one: a feature switched off in the firmware, which an early
    // ancestor of a vendor's has, does not take the later ones away.
    let mut above: Vec<&Microarchitecture> =
        fitting.into_iter().filter(|target| target.descends_from(generic)).collect();
    let is_part = |target: &&Microarchitecture| {
        !features.part.is_empty() && target.part == Some(features.part)
    };
    if above.iter().any(is_part) {
        above.retain(is_part);
    }
    let best = if above.is_empty() { generic } else { best(above.into_iter())? };
    Ok(best.name)
}

/// What a processor can do, in Linux' words.
pub(super) fn flags(processor: &Processor, os: Os) -> HashSet<&str> {
    let mut flags: HashSet<&str> = processor.flags.split_whitespace().collect();
    if os == Os::Macos {
        for (darwin, linux) in DARWIN_FLAGS {
            if darwin.split_whitespace().all(|flag| flags.contains(flag)) {
                flags.extend(linux.split_whitespace());
            }
        }
    }
    flags
}

/// A processor in archspec's terms.
struct Features<'p> {
    family: Family,
    vendor: &'p str,
    part: &'p str,
    flags: HashSet<&'p str>,
    generation: usize,
    /// Of those that are recognized by their name and not by what they can do.
    model: Option<String>,
}

impl<'p> Features<'p> {
    fn of(processor: &'p Processor, family: Family, os: Os) -> Self {
        let vendor = match (family, processor.vendor.as_str()) {
            (_, "") => "generic",
            ("aarch64", code) => ARM_VENDORS
                .iter()
                .find_map(|(other, name)| (*other == code).then_some(*name))
                .unwrap_or(code),
            (_, vendor) => vendor,
        };
        let model = match (family, os) {
            ("aarch64", Os::Macos) => Some(apple(&processor.part)),
            ("riscv64", _) => Some(riscv(&processor.part).to_owned()),
            _ => None,
        };
        let power = processor.part.split_once("POWER").map(|(_, rest)| digits(rest));
        Self {
            family,
            vendor,
            part: if os == Os::Linux { &processor.part } else { "" },
            flags: flags(processor, os),
            generation: power.and_then(|digits| digits.parse().ok()).unwrap_or(0),
            model,
        }
    }

    /// Whether programs for a target run here.
    fn fits(&self, target: &Microarchitecture) -> bool {
        let is_generic = target.vendor == "generic";
        let is_ours = is_generic || target.vendor == self.vendor;
        target.family == self.family
            && match (self.family, &self.model) {
                // Only the root: features alone do not tell the version of the architecture.
                ("aarch64", _) if is_generic && target.name != "aarch64" => false,
                ("aarch64", Some(model)) => {
                    let runs =
                        |of: &Microarchitecture| of.name == target.name || of.descends_from(target);
                    is_ours && find(model).is_some_and(runs)
                }
                ("riscv64", Some(model)) => is_generic || target.name == model,
                ("ppc64le" | "ppc64", _) => target.generation <= self.generation,
                _ => is_ours && words(target.features).all(|feature| self.flags.contains(feature)),
            }
    }
}

/// The one of the highest rank.
fn best<'t>(
    targets: impl Iterator<Item = &'t Microarchitecture>,
) -> Result<&'t Microarchitecture, &'static str> {
    let mut targets: Vec<_> = targets.collect();
    targets.sort_by_key(|target| target.rank());
    match targets.as_slice() {
        [.., other, best] if other.rank() == best.rank() => Err("archspec has two names for it"),
        [.., best] => Ok(best),
        [] => Err("archspec has no name for it"),
    }
}

fn digits(text: &str) -> &str {
    text.find(|c: char| !c.is_ascii_digit()).map_or(text, |end| &text[..end])
}

/// The newest model that is known and not newer than this one.
fn apple(brand: &str) -> String {
    let brand = brand.to_lowercase();
    let model = brand.split_whitespace().skip_while(|word| *word != "apple").nth(1);
    let number = model.and_then(|model| model.strip_prefix('m')).map(digits);
    let newest: u8 = number.and_then(|number| number.parse().ok()).unwrap_or(0);
    let models = (1..=newest).rev().map(|number| format!("m{number}"));
    let plain = if brand == "apple processor" { "m1" } else { "aarch64" };
    models.into_iter().find(|model| is_known(model)).unwrap_or_else(|| plain.to_owned())
}

fn riscv(part: &str) -> &str {
    match part {
        "sifive,u74-mc" => "u74mc",
        "spacemit,x60" | "Spacemit(R) X60" => "x60",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linux(family: Family, vendor: &str, part: &str, flags: &str) -> &'static str {
        let [vendor, part, flags] = [vendor, part, flags].map(str::to_owned);
        name(&Processor { vendor, part, flags }, family, Os::Linux).expect("a name")
    }

    const V3: &str = "fpu mmx sse sse2 pni ssse3 sse4_1 sse4_2 popcnt cx16 lahf_lm avx avx2 bmi1 bmi2 f16c fma abm movbe xsave";

    #[test]
    fn unknown_cpu_vendors_get_a_feature_level() {
        assert_eq!(linux("x86_64", "GenuineIntel", "", "fpu"), "x86_64");
        assert_eq!(linux("x86_64", "Unheard", "", V3), "x86_64_v3");
    }

    #[test]
    fn x86_cpus_are_named_by_features() {
        let haswell = format!("{V3} aes pclmulqdq rdrand");
        assert_eq!(linux("x86_64", "GenuineIntel", "", &haswell), "haswell");
        let zen2 = format!(
            "{haswell} sse4a fsgsbase clflushopt adx rdseed clzero sha_ni xsavec xsaveopt clwb"
        );
        assert_eq!(linux("x86_64", "AuthenticAMD", "", &zen2), "zen2");
    }

    #[test]
    fn arm_power_and_apple_cpus_are_named_by_model() {
        assert_eq!(linux("aarch64", "0x41", "0xd0c", "fp asimd"), "aarch64");
        assert_eq!(linux("ppc64le", "", "POWER9 (raw), altivec supported", ""), "power9le");
        let mac = |brand: &str| {
            let part = brand.to_owned();
            let processor = Processor { vendor: "Apple".to_owned(), part, flags: String::new() };
            name(&processor, "aarch64", Os::Macos).expect("a name")
        };
        assert_eq!(mac("Apple M2 Pro"), "m2");
        assert_eq!(mac("Apple M97"), "m4");
        assert_eq!(mac("Apple processor"), "m1");
    }
}
