//! The tips of clap's errors: those that lead to another meaning are replaced.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What to do instead of a flag or a value that the program does not have.
const INSTEAD: &[(&str, &str)] = &[
    ("--cpu", "`--cpu` is a flag of `conda-torch advise`"),
    ("--yes", "`--yes` is a flag of `conda-torch install`, which asks before it runs"),
    ("-y", "`-y` is a flag of `conda-torch install`, which asks before it runs"),
    ("--dry-run", "`conda-torch advise` only prints commands; `--verify` solves them"),
    (
        "--output",
        "redirect the output: `conda-torch advise --format environment-yml > environment.yml`",
    ),
    ("-o", "redirect the output: `conda-torch advise --format environment-yml > environment.yml`"),
    ("--file", "pass a file to `conda-torch migrate`, or a machine with `--machine FILE`"),
    ("-f", "pass a file to `conda-torch migrate`, or a machine with `--machine FILE`"),
    ("--rocm", "pass `--accelerator rocm`"),
    ("--xpu", "pass `--accelerator xpu`"),
    ("--mps", "pass `--accelerator mps`"),
    ("--torchvision", "name packages without a flag: `conda-torch advise torchvision`"),
    ("--torchaudio", "name packages without a flag: `conda-torch advise torchaudio`"),
    ("--package", "name packages without a flag: `conda-torch advise torchvision`"),
    ("--packages", "name packages without a flag: `conda-torch advise torchvision`"),
    ("--index-url", PIP),
    ("--extra-index-url", PIP),
    ("--pip", PIP),
    ("pip", PIP),
    ("uninstall", REMOVE),
    ("remove", REMOVE),
    ("delete", REMOVE),
    ("conda", CLIENT),
    ("mamba", CLIENT),
    ("micromamba", CLIENT),
    ("pixi", CLIENT),
    ("env", CLIENT),
    ("run", CLIENT),
    ("uv", PIP),
    ("poetry", PIP),
    ("-v", "pass `--version` for the version"),
    ("--verbose", "`conda-torch advise` prints its reasons; `--json` has all facts"),
    ("-q", "`--format commands` prints only the commands"),
    ("--quiet", "`--format commands` prints only the commands"),
];

const PIP: &str =
    "`conda-torch` is for conda-forge; for pip, see https://pytorch.org/get-started/locally/";

const REMOVE: &str = "the client removes packages and environments: `conda env remove -n NAME`";

const CLIENT: &str = "`conda-torch advise` prints the command for the client of this machine";

/// The error with tips that lead where the user wanted to go, or without.
pub(super) fn corrected(mut error: clap::Error) -> clap::Error {
    let invalid = [
        (ErrorKind::UnknownArgument, ContextKind::InvalidArg),
        (ErrorKind::InvalidSubcommand, ContextKind::InvalidSubcommand),
        (ErrorKind::InvalidValue, ContextKind::InvalidValue),
    ];
    let invalid = invalid.iter().find(|(kind, _)| *kind == error.kind());
    let Some(ContextValue::String(invalid)) = invalid.and_then(|it| error.get(it.1)).cloned()
    else {
        return error;
    };
    // "to pass it as a value, use `--`": no value begins with a hyphen here.
    error.remove(ContextKind::Suggested);
    let suggested =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let name = invalid.split('=').next().unwrap_or_default();
    let instead = INSTEAD.iter().find(|(word, _)| *word == name).map(|(_, tip)| (*tip).to_owned());
    for kind in suggested {
        let is_near = match error.get(kind) {
            Some(ContextValue::String(known)) => is_typo(name, known),
            Some(ContextValue::Strings(known)) => {
                let near: Vec<String> =
                    known.iter().filter(|known| is_typo(name, known)).cloned().collect();
                let is_near = !near.is_empty();
                let near = match &near[..] {
                    [one] => ContextValue::String(one.clone()),
                    _ => ContextValue::Strings(near),
                };
                error.insert(kind, near);
                is_near
            }
            Some(_) | None => false,
        };
        // The usage has the suggested flag.
        if (instead.is_some() || !is_near) && error.remove(kind).is_some() {
            error.remove(ContextKind::Usage);
        }
    }
    let has_suggestion = suggested.iter().any(|kind| error.get(*kind).is_some());
    let is_subcommand = error.kind() == ErrorKind::InvalidSubcommand && !has_suggestion;
    let for_package = is_subcommand
        .then(|| format!("to install a package with PyTorch, run `conda-torch advise {invalid}`"));
    let of_environment = (error.kind() == ErrorKind::UnknownArgument && !invalid.starts_with('-'))
        .then(|| {
            let text = error.to_string();
            let takes_environment =
                ["check", "test"].iter().any(|it| text.contains(&format!("conda-torch {it} ")));
            takes_environment.then(|| format!("to look at an environment, pass `-n {invalid}`"))
        })
        .flatten();
    if let Some(tip) = instead.or(for_package).or(of_environment) {
        let tips = vec![StyledStr::from(tip)];
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    error
}

/// Whether a word is another one mistyped. A letter of a short word makes another one: `--cpu`, `--gpu`.
fn is_typo(typed: &str, known: &str) -> bool {
    let bare = |word: &str| word.trim_start_matches('-').to_ascii_lowercase();
    let (typed, known) = (bare(typed), bare(known));
    let distance = strsim::damerau_levenshtein(&typed, &known);
    let is_beginning = typed.len() >= 3 && known.starts_with(&typed);
    is_beginning || distance <= typed.len().min(known.len()).saturating_sub(2) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_of_a_short_word_makes_another() {
        for (typed, known) in [
            ("--cdua", "--cuda"),
            ("--pyhton", "--python"),
            ("advice", "advise"),
            ("--acc", "--accelerator"),
        ] {
            assert!(is_typo(typed, known), "{typed}");
        }
        for (typed, known) in [
            ("--cpu", "--gpu"),
            ("pip", "pixi"),
            ("--mps", "--macos"),
            ("clone", "explain"),
            ("--gpu", "--cpu"),
        ] {
            assert!(!is_typo(typed, known), "{typed}");
        }
    }
}
