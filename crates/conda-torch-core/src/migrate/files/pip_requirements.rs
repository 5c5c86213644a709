//! Requirements of pip beside conda's packages: they stay, with a note on each that does not fit.

use crate::conda::{ChannelKind, MatchSpec};
use crate::resolve::CompiledPackage;

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
    let row = CompiledPackage::named(name(text));
    let tag = cuda_tag(text).filter(|_| !text.contains("download.pytorch.org"));
    if row.is_none() && tag.is_none() {
        return None;
    }
    let shown: String = text.chars().take(LONGEST).collect();
    if let Some(tag) = tag.filter(|_| text.contains("://") && row.is_none()) {
        let message = format!("`{shown}` has wheels for `{tag}` and another PyTorch");
        return Some(FileNote::at(line, "compiled", message));
    }
    Some(FileNote::at(line, "compiled", message(&shown, tag, row)))
}

/// A note on conda's package of a channel of its own, if that is where it comes from.
pub(super) fn compiled_spec(
    line: usize,
    text: &str,
    spec: &MatchSpec,
    has_own_channel: bool,
) -> Option<FileNote> {
    let row = CompiledPackage::named(&spec.name)?;
    let is_named = row.conda_forge == Some(spec.name.as_str());
    let is_own = match spec.channel.as_deref().map(ChannelKind::of) {
        // The line becomes conda-forge's.
        Some(ChannelKind::Pytorch) => !is_named,
        Some(kind) => kind != ChannelKind::CondaForge,
        None => !is_named || has_own_channel,
    };
    let note = FileNote::at(line, "compiled", message(text, None, Some(row)));
    is_own.then_some(note)
}

fn message(text: &str, tag: Option<&str>, package: Option<CompiledPackage>) -> String {
    let built_for = match (tag, package) {
        (Some(tag), _) => format!("`{tag}`"),
        (None, Some(package)) if package.names_cuda => "one CUDA".to_owned(),
        (None, _) => "one PyTorch".to_owned(),
    };
    let instead = match package.and_then(|package| package.conda_forge) {
        Some(package) => format!("use conda-forge's `{package}`"),
        None => "build or install it for the new PyTorch".to_owned(),
    };
    format!("`{text}` is compiled for {built_for}; {instead}")
}

/// The tag or index in a requirement of pip's that binds it to one PyTorch or one CUDA: `cu118` in
/// `torch-2.0.1+cu118`, `pt20cu118`, `/whl/cu118`.
fn cuda_tag(text: &str) -> Option<&str> {
    let mut at = 0;
    while let Some(start) = text[at..].find("cu1").map(|start| at + start) {
        let digits = text[start + 2..].bytes().take_while(u8::is_ascii_digit).count();
        at = start + 3;
        let before = text[..start].chars().next_back();
        let is_tag =
            before.is_none_or(|c| matches!(c, '+' | '/' | '-' | '_') || c.is_ascii_digit());
        if is_tag && (2..=3).contains(&digits) {
            return Some(&text[start..start + 2 + digits]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_tags_of_wheels_and_indexes() {
        for (text, tag) in [
            ("https://data.pyg.org/whl/torch-2.0.1+cu118.html", Some("cu118")),
            ("natten==0.14.6+torch200cu118", Some("cu118")),
            ("torch-scatter==2.1.1+pt20cu117", Some("cu117")),
            ("https://data.dgl.ai/wheels/torch-2.3/cu121/repo.html", Some("cu121")),
            (
                "https://download.openmmlab.com/mmcv/dist/cu113/torch1.10.0/index.html",
                Some("cu113"),
            ),
            ("spconv-cu118", Some("cu118")),
            ("focus10", None),
            ("accu100", None),
            ("numpy", None),
        ] {
            assert_eq!(cuda_tag(text), tag, "{text}");
        }
    }
}
