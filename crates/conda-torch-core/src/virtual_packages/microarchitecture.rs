//! The name that archspec has for a processor, by archspec's own table and rules, from what the system
//! says of it. The crate itself would ask this machine, and recorded ones have to be told as well.
//! Source: `cpu/detect.py` and `detect.rs` of archspec 0.2.6 and of its crate 0.2.0, whose tables agree.

use std::collections::HashSet;
use std::sync::Arc;

use archspec::cpu::Microarchitecture;
use archspec::schema::MicroarchitecturesSchema;

use crate::conda::Os;
use crate::types::Processor;

/// A processor's family, as archspec calls the root of its tree.
pub(super) type Family = &'static str;

/// The name of a processor; an error says why there is none to be told.
pub(super) fn name(processor: &Processor, family: Family, os: Os) -> Result<String, &'static str> {
    let known = Known::of(processor, family, os);
    let fitting: Vec<&Arc<Microarchitecture>> =
        Microarchitecture::known_targets().values().filter(|target| known.fits(target)).collect();
    let generic = best(fitting.iter().copied().filter(|target| target.vendor() == "generic"))?;
    // Of the descendants of the best generic one: a feature switched off in the firmware, which an early
    // ancestor of a vendor's has, does not take the later ones away.
    let mut above: Vec<&Arc<Microarchitecture>> =
        fitting.into_iter().filter(|target| target.is_strict_superset(generic)).collect();
    let is_part = |target: &&Arc<Microarchitecture>| {
        !known.part.is_empty()
            && row(target).is_some_and(|row| row.cpupart.as_deref() == Some(known.part))
    };
    if above.iter().any(is_part) {
        above.retain(is_part);
    }
    let best = if above.is_empty() { generic } else { best(above.into_iter())? };
    Ok(best.name().to_owned())
}

/// Whether archspec's table has a name.
pub(super) fn is_known(name: &str) -> bool {
    Microarchitecture::known_targets().contains_key(name)
}

/// What a processor can do, in Linux' words.
pub(super) fn flags(processor: &Processor, os: Os) -> HashSet<&str> {
    let mut flags: HashSet<&str> = processor.flags.split_whitespace().collect();
    if os == Os::Macos {
        let conversions = &MicroarchitecturesSchema::schema().conversions.darwin_flags;
        for (darwin, linux) in conversions {
            if darwin.split_whitespace().all(|flag| flags.contains(flag)) {
                flags.extend(linux.split_whitespace());
            }
        }
    }
    flags
}

/// A processor in archspec's terms.
struct Known<'p> {
    family: Family,
    vendor: &'p str,
    part: &'p str,
    flags: HashSet<&'p str>,
    generation: usize,
    /// Of those that are told by their name and not by what they can do.
    model: Option<String>,
}

impl<'p> Known<'p> {
    fn of(processor: &'p Processor, family: Family, os: Os) -> Self {
        let schema = MicroarchitecturesSchema::schema();
        let vendor = match (family, processor.vendor.as_str()) {
            (_, "") => "generic",
            ("aarch64", code) => {
                schema.conversions.arm_vendors.get(code).map_or(code, String::as_str)
            }
            (_, vendor) => vendor,
        };
        let model = match (family, os) {
            ("aarch64", Os::Macos) => Some(apple(&processor.part)),
            ("riscv64", _) => Some(riscv(&processor.part).to_owned()),
            _ => None,
        };
        let digits = |text: &'p str| {
            text.find(|c: char| !c.is_ascii_digit()).map_or(text, |end| &text[..end])
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
        if target.family().name() != self.family {
            return false;
        }
        let is_generic = target.vendor() == "generic";
        let is_ours = is_generic || target.vendor() == self.vendor;
        match (self.family, &self.model) {
            // Only the root: from features alone no version of the architecture can be told.
            ("aarch64", _) if is_generic && target.name() != "aarch64" => false,
            ("aarch64", Some(model)) => {
                let of = Microarchitecture::known_targets().get(model);
                is_ours
                    && of.is_some_and(|of| of.name() == target.name() || of.decendent_of(target))
            }
            ("riscv64", Some(model)) => is_generic || target.name() == model,
            ("ppc64le" | "ppc64", _) => target.generation() <= self.generation,
            _ => is_ours && self.has_all(target),
        }
    }

    fn has_all(&self, target: &Microarchitecture) -> bool {
        let features = row(target).map(|row| row.features.as_slice()).unwrap_or_default();
        features.iter().all(|feature| self.flags.contains(feature.as_str()))
    }
}

/// A target's row in the table.
fn row(target: &Microarchitecture) -> Option<&'static archspec::schema::Microarchitecture> {
    MicroarchitecturesSchema::schema().microarchitectures.get(target.name())
}

/// The one with the most ancestors, of several the one with the most features.
fn best<'t>(
    targets: impl Iterator<Item = &'t Arc<Microarchitecture>>,
) -> Result<&'t Arc<Microarchitecture>, &'static str> {
    let rank = |target: &&Arc<Microarchitecture>| {
        (target.ancestors().len(), row(target).map_or(0, |row| row.features.len()))
    };
    let mut targets: Vec<_> = targets.collect();
    targets.sort_by_key(rank);
    match targets.as_slice() {
        [.., other, best] if rank(other) == rank(best) => Err("two of archspec's names fit it"),
        [.., best] => Ok(best),
        [] => Err("archspec has no name that fits it"),
    }
}

/// The newest model that is known and not newer than this one.
fn apple(brand: &str) -> String {
    let brand = brand.to_lowercase();
    let model = brand.split_whitespace().skip_while(|word| *word != "apple").nth(1);
    let digits = model.and_then(|model| model.strip_prefix('m')).unwrap_or_default();
    let digits = digits.find(|c: char| !c.is_ascii_digit()).map_or(digits, |end| &digits[..end]);
    let newest: u8 = digits.parse().unwrap_or(0);
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

    fn linux(family: Family, vendor: &str, part: &str, flags: &str) -> String {
        let [vendor, part, flags] = [vendor, part, flags].map(str::to_owned);
        name(&Processor { vendor, part, flags }, family, Os::Linux).expect("a name")
    }

    const V3: &str = "fpu mmx sse sse2 pni ssse3 sse4_1 sse4_2 popcnt cx16 lahf_lm avx avx2 bmi1 bmi2 f16c fma abm movbe xsave";

    #[test]
    fn what_no_vendors_own_fits_is_a_level() {
        assert_eq!(linux("x86_64", "GenuineIntel", "", "fpu"), "x86_64");
        assert_eq!(linux("x86_64", "Unheard", "", V3), "x86_64_v3");
    }

    #[test]
    fn a_haswell_and_a_zen2_are_told_by_what_they_can_do() {
        let haswell = format!("{V3} aes pclmulqdq rdrand");
        assert_eq!(linux("x86_64", "GenuineIntel", "", &haswell), "haswell");
        let zen2 = format!(
            "{haswell} sse4a fsgsbase clflushopt adx rdseed clzero sha_ni xsavec xsaveopt clwb"
        );
        assert_eq!(linux("x86_64", "AuthenticAMD", "", &zen2), "zen2");
    }

    #[test]
    fn arm_power_and_apple_have_their_own_ways() {
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
