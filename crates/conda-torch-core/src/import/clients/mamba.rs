//! `mamba info` since 2.0 and `micromamba info`. The keys of the JSON are the labels of the text.
//!
//! Source: `print_info` in `libmamba/src/api/info.cpp`, from micromamba 1.0 to 2.8. Since 2.0 the program's own version
//! has the name of its file.

use super::super::document::Document;
use super::super::labels::LabeledText;
use super::super::{Recognized, report};
use super::{Fields, Info, add_config_files, environment_name};
use crate::conda::Version;
use crate::types::{ClientKind, Detected, Machine, Outcome};

/// The first version that reads `__cuda` from the toolkit's version file.
/// Source: <https://github.com/mamba-org/mamba/pull/3700>.
const TOOLKIT: Version = Version::new(&[2, 0, 6]);

/// The label of libmamba's version, which both have, and of micromamba's, which only micromamba has.
const LIBMAMBA: &str = "libmamba version";
const MICROMAMBA: &str = "micromamba version";

/// Other labels of the text, one of which it has.
const LABELS: [&str; 4] =
    ["platform", "virtual packages", "base environment", "populated config files"];

pub(in super::super) fn json(
    kind: ClientKind,
    document: &Document<'_>,
    machine: &mut Machine,
) -> Recognized {
    let is_kind = if kind == ClientKind::Micromamba {
        document.has_keys(&[MICROMAMBA]) || document.is_damaged_with(&["\"micromamba version\""])
    } else {
        document.has_keys(&[LIBMAMBA])
            || document.is_damaged_with(&["\"libmamba version\"", "\"base environment\""])
    };
    is_kind.then(|| document.whole().map(|value| fill(kind, &Fields::Json(value), machine)))
}

pub(in super::super) fn text(
    kind: ClientKind,
    document: &Document<'_>,
    machine: &mut Machine,
) -> Recognized {
    let labels = LabeledText::of(&document.plain);
    let is_micromamba = labels.has(MICROMAMBA);
    let is_kind = is_micromamba == (kind == ClientKind::Micromamba);
    let is_info = is_micromamba || labels.has(LIBMAMBA);
    if !is_kind || !is_info || !LABELS.iter().any(|label| labels.has(label)) {
        return None;
    }
    fill(kind, &Fields::Text(&labels), machine);
    Some(Ok(()))
}

fn fill(kind: ClientKind, fields: &Fields<'_>, machine: &mut Machine) {
    let field = |key: &str| fields.first(key, key);
    let environment = field("environment").as_deref().and_then(environment_name);
    let info = Info {
        kind,
        version: field(&format!("{kind} version")).or_else(|| field(LIBMAMBA)),
        platform: field("platform"),
        channels: fields.all("channels", "channels").unwrap_or_default(),
        packages: fields.packages("virtual packages", "virtual packages"),
        program: None,
        root_prefix: field("base environment"),
        environments: environment.into_iter().collect(),
    };
    info.fill(machine);
    add_config_files(machine, fields.all("populated config files", "populated config files"));
    let mut versions = machine.clients.iter().map(|client| client.version.value());
    let reads_toolkit = versions.any(|version| version.is_none_or(|it| *it >= TOOLKIT));
    if reads_toolkit && machine.driver_cuda.is_found() {
        let detail =
            "since 2.0.6 it is the toolkit's version if `/usr/local/cuda/version.json` exists";
        report(machine, "__cuda", Outcome::Ok, detail);
        machine.toolkit_file =
            Detected::unknown("`__cuda` may be from it: mamba does not report its source");
    }
}
