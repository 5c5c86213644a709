//! Makes the table of `src/virtual_packages/microarchitecture.rs` from archspec's crate, which does not compile
//! for WebAssembly.

use std::fmt::Write;

use archspec::cpu::Microarchitecture;
use archspec::schema::MicroarchitecturesSchema;

/// The table, as the source of constants.
pub(crate) fn table() -> String {
    let schema = MicroarchitecturesSchema::schema();
    let mut names: Vec<&String> = schema.microarchitectures.keys().collect();
    names.sort();
    let mut text = String::from("const MICROARCHITECTURES: &[Microarchitecture] = &[\n");
    for name in names {
        let row = &schema.microarchitectures[name];
        let target = &Microarchitecture::known_targets()[name];
        let ancestors: Vec<&str> = target.ancestors().iter().map(|it| it.name()).collect();
        _ = writeln!(
            text,
            "Microarchitecture {{ name: {name:?}, family: {:?}, vendor: {:?}, generation: {}, part: {:?}, \
             features: {:?}, ancestors: {:?} }},",
            target.family().name(),
            row.vendor,
            target.generation(),
            row.cpupart,
            row.features.join(" "),
            ancestors.join(" "),
        );
    }
    text.push_str("];\n");
    for (name, map) in [
        ("ARM_VENDORS", &schema.conversions.arm_vendors),
        ("DARWIN_FLAGS", &schema.conversions.darwin_flags),
    ] {
        let mut pairs: Vec<(&String, &String)> = map.iter().collect();
        pairs.sort();
        _ = writeln!(text, "const {name}: &[(&str, &str)] = &{pairs:?};");
    }
    text
}
