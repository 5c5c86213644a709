//! `mamba info` from 2.0 and `micromamba info`, which print the same keys in JSON as in text.
//!
//! Source: `print_info` in `libmamba/src/api/info.cpp`, from micromamba 1.0 to 2.8. What came later: `envs
//! directories`, `package cache` (1.5). From 2.0 the program's own version stands under the name of
//! its file.

use crate::conda::Version;
use crate::types::{ClientKind, Detected, Machine, Outcome};

use super::super::document::Document;
use super::super::labels::LabeledText;
use super::{Fields, Info, config_files, named, report};

/// The first version that takes the toolkit's version file for `__cuda`.
/// Source: <https://github.com/mamba-org/mamba/pull/3700>.
const TOOLKIT: Version = Version::new(&[2, 0, 6]);

pub(in super::super) fn is_mamba_json(document: &Document<'_>) -> bool {
    document.has_keys(&["libmamba version"]) && !is_micromamba_json(document)
        || document.is_damaged_with(&["\"libmamba version\"", "\"base environment\""])
}

pub(in super::super) fn is_micromamba_json(document: &Document<'_>) -> bool {
    document.has_keys(&["micromamba version"])
        || document.is_damaged_with(&["\"micromamba version\""])
}

pub(in super::super) fn is_mamba_text(document: &Document<'_>) -> bool {
    let labelled = LabeledText::of(&document.plain);
    is_text(&labelled) && !labelled.has("micromamba version")
}

pub(in super::super) fn is_micromamba_text(document: &Document<'_>) -> bool {
    let labelled = LabeledText::of(&document.plain);
    is_text(&labelled) && labelled.has("micromamba version")
}

fn is_text(labelled: &LabeledText<'_>) -> bool {
    let others = ["platform", "virtual packages", "base environment", "populated config files"];
    let version = labelled.has("libmamba version") || labelled.has("micromamba version");
    version && others.iter().any(|label| labelled.has(label))
}

pub(in super::super) fn read_json(
    document: &Document<'_>,
    machine: &mut Machine,
) -> Result<(), String> {
    let value = document.whole()?;
    let is_micromamba = value.get("micromamba version").is_some();
    read(&Fields::Json(value), is_micromamba, machine);
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "the form of every reader")]
pub(in super::super) fn read_text(
    document: &Document<'_>,
    machine: &mut Machine,
) -> Result<(), String> {
    let labelled = LabeledText::of(&document.plain);
    read(&Fields::Text(&labelled), labelled.has("micromamba version"), machine);
    Ok(())
}

fn read(fields: &Fields<'_>, is_micromamba: bool, machine: &mut Machine) {
    let (kind, own) = if is_micromamba {
        (ClientKind::Micromamba, "micromamba version")
    } else {
        (ClientKind::Mamba, "mamba version")
    };
    let field = |key: &str| fields.first(key, key);
    let environment = field("environment").as_deref().and_then(named);
    let info = Info {
        kind,
        version: field(own).or_else(|| field("libmamba version")),
        platform: field("platform"),
        channels: fields.all("channels", "channels").unwrap_or_default(),
        packages: fields.packages("virtual packages", "virtual packages"),
        program: None,
        root_prefix: field("base environment"),
        environments: environment.into_iter().collect(),
    };
    info.fill(machine);
    config_files(machine, fields.all("populated config files", "populated config files"));
    let reads_toolkit = machine
        .clients
        .iter()
        .any(|client| client.version.value().is_none_or(|version| *version >= TOOLKIT));
    if reads_toolkit && machine.driver_cuda.is_found() {
        report(
            machine,
            "__cuda",
            Outcome::Ok,
            "from 2.0.6 on it is the toolkit's, where `/usr/local/cuda/version.json` is there",
        );
        machine.toolkit_file =
            Detected::unknown("`__cuda` may be from it: mamba does not say where it was read");
    }
}
