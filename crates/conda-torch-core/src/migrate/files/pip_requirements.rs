//! Requirements of pip beside conda's packages: they stay, with a note on each that does not fit.

use crate::conda::{ChannelKind, MatchSpec};

use super::super::compiled_packages::{compiled_package, cuda_tag};
use super::file_migration::FileNote;

/// The longest requirement that is shown.
const LONGEST: usize = 80;

fn name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.'));
    &text[..end.unwrap_or(text.len())]
}

/// Notes on PyTorch from pip. `names_torch`: whether conda's PyTorch is in the environment too.
pub(super) fn notes(line: usize, text: &str, names_torch: bool) -> Vec<FileNote> {
    let mut notes = Vec::new();
    if text.contains("download.pytorch.org") {
        let message = format!("`{text}` is an index of PyTorch wheels for pip and unchanged");
        notes.push(FileNote::at(line, "pip-index", message));
    }
    let name = name(text).to_ascii_lowercase();
    if matches!(name.as_str(), "torch" | "torchvision" | "torchaudio" | "pytorch") {
        let message =
            format!("`{text}` is from pip and unchanged; it brings its own CUDA libraries");
        notes.push(FileNote::at(line, "pip-torch", message));
        if names_torch {
            let message = "pip overwrites conda's PyTorch with its own; remove one of the two";
            notes.push(FileNote::at(line, "pip-beside-conda", message.to_owned()));
        }
    }
    notes
}

/// A note on a package that is compiled against one PyTorch or one CUDA.
pub(super) fn compiled(line: usize, text: &str) -> Option<FileNote> {
    let row = compiled_package(name(text));
    let tag = cuda_tag(text).filter(|_| !text.contains("download.pytorch.org"));
    if row.is_none() && tag.is_none() {
        return None;
    }
    let shown: String = text.chars().take(LONGEST).collect();
    if let Some(tag) = tag.filter(|_| text.contains("://") && row.is_none()) {
        let message = format!("`{shown}` has wheels for `{tag}` and another PyTorch");
        return Some(FileNote::at(line, "compiled", message));
    }
    let built_for = tag.map_or_else(|| "one PyTorch".to_owned(), |tag| format!("`{tag}`"));
    Some(FileNote::at(
        line,
        "compiled",
        message(&shown, &built_for, row.and_then(|row| row.conda_forge)),
    ))
}

/// A note on conda's package of a channel of its own, if that is where it comes from.
pub(super) fn compiled_spec(
    line: usize,
    text: &str,
    spec: &MatchSpec,
    has_own_channel: bool,
) -> Option<FileNote> {
    let row = compiled_package(&spec.name)?;
    let is_condas = row.conda_forge == Some(spec.name.as_str()) && !has_own_channel;
    let is_own = match spec.channel.as_deref().map(ChannelKind::of) {
        Some(kind) => kind != ChannelKind::CondaForge,
        None => !is_condas,
    };
    let note = FileNote::at(line, "compiled", message(text, "one PyTorch", row.conda_forge));
    is_own.then_some(note)
}

fn message(text: &str, built_for: &str, conda_forge: Option<&str>) -> String {
    let instead = match conda_forge {
        Some(package) => format!("use conda-forge's `{package}`"),
        None => "build or install it for the new PyTorch".to_owned(),
    };
    format!("`{text}` is compiled for {built_for}; {instead}")
}
