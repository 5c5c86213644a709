//! `pixi info`, all versions.
//!
//! Source: `Info` in `crates/pixi_cli/src/info.rs`, from 0.1 to 0.77: `platform`, `virtual_packages` and
//! `version` are the same in all; `Pixi version` in the text came with 0.4, `pixi 0.3.0` was before.

use crate::types::{ClientKind, Machine};

use super::super::document::Document;
use super::super::labels::LabeledText;
use super::{Fields, Info};

pub(in super::super) fn is_json(document: &Document<'_>) -> bool {
    document.has_keys(&["virtual_packages", "platform", "version"])
        || document.has_keys(&["virtual_packages", "environments_info"])
        || document.has_keys(&["virtual_packages", "auth_dir"])
        || document.is_damaged_with(&["\"virtual_packages\""])
}

pub(in super::super) fn is_text(document: &Document<'_>) -> bool {
    let labelled = LabeledText::of(&document.plain);
    let is_pixi = labelled.has("pixi version")
        || labelled.has("cache dir") && labelled.has("virtual packages");
    is_pixi && (labelled.has("platform") || labelled.has("virtual packages"))
}

pub(in super::super) fn read_json(
    document: &Document<'_>,
    machine: &mut Machine,
) -> Result<(), String> {
    read(&Fields::Json(document.whole()?), None, machine);
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "the form of every reader")]
pub(in super::super) fn read_text(
    document: &Document<'_>,
    machine: &mut Machine,
) -> Result<(), String> {
    let labelled = LabeledText::of(&document.plain);
    let title = document.plain.lines().find_map(|line| line.trim().strip_prefix("pixi "));
    read(&Fields::Text(&labelled), title.map(|title| title.trim().to_owned()), machine);
    Ok(())
}

fn read(fields: &Fields<'_>, title: Option<String>, machine: &mut Machine) {
    Info {
        kind: ClientKind::Pixi,
        version: fields.first("version", "pixi version").or(title),
        platform: fields.first("platform", "platform"),
        channels: Vec::new(),
        packages: fields.packages("virtual_packages", "virtual packages"),
        program: None,
        root_prefix: None,
        environments: Vec::new(),
    }
    .fill(machine);
}
