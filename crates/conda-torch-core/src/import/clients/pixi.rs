//! `pixi info`, all versions.
//!
//! Source: `Info` in `crates/pixi_cli/src/info.rs`, from 0.1 to 0.77: `platform`, `virtual_packages` and
//! `version` are in all of them. The text has `Pixi version` since 0.4, and had `pixi 0.3.0` before.

use super::super::Recognized;
use super::super::document::Document;
use super::super::labels::LabeledText;
use super::{Fields, Info};
use crate::types::{ClientKind, Machine};

pub(in super::super) fn json(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let is_pixi = document.has_keys(&["virtual_packages", "platform", "version"])
        || document.has_keys(&["virtual_packages", "environments_info"])
        || document.has_keys(&["virtual_packages", "auth_dir"])
        || document.is_damaged_with(&["\"virtual_packages\""]);
    is_pixi.then(|| document.whole().map(|value| fill(&Fields::Json(value), None, machine)))
}

pub(in super::super) fn text(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let labels = LabeledText::of(&document.plain);
    let has_packages = labels.has("virtual packages");
    let is_pixi = labels.has("pixi version") || labels.has("cache dir") && has_packages;
    if !is_pixi || !(has_packages || labels.has("platform")) {
        return None;
    }
    let title = document.plain.lines().find_map(|line| line.trim().strip_prefix("pixi "));
    fill(&Fields::Text(&labels), title.map(|title| title.trim().to_owned()), machine);
    Some(Ok(()))
}

fn fill(fields: &Fields<'_>, title: Option<String>, machine: &mut Machine) {
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
