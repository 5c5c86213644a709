//! What becomes of what was asked for, and why, as codes and sentences.

use super::{
    ChangeReason, ChannelKind, LeftOutReason, ManualReason, Obstacle, PackageMigration,
    PackageOutcome, RequestChange, SettingsAction,
};

/// The word in JSON for what becomes of a package.
pub fn fate(fate: &PackageOutcome) -> &'static str {
    match fate {
        PackageOutcome::Kept(_) => "kept",
        PackageOutcome::Changed(..) => "changed",
        PackageOutcome::Replaced(_) => "replaced",
        PackageOutcome::LeftOut(_) => "left-out",
    }
}

/// The specs that stand for it afterwards.
pub fn specs(fate: &PackageOutcome) -> Vec<String> {
    match fate {
        PackageOutcome::Kept(spec) | PackageOutcome::Changed(spec, _) => vec![spec.clone()],
        PackageOutcome::Replaced(specs) => specs.clone(),
        PackageOutcome::LeftOut(_) => Vec::new(),
    }
}

/// The reason's stable name and its sentence; `None` for what goes over as it is.
pub fn reason(entry: &PackageMigration) -> Option<(&'static str, String)> {
    let name = &entry.spec.name;
    let say = |code, text: &str| Some((code, text.to_owned()));
    match &entry.outcome {
        PackageOutcome::Kept(_) => None,
        PackageOutcome::Replaced(_) => match name.as_str() {
            "pytorch-cuda" | "cudatoolkit" | "cuda-version" => say(
                "follows-the-build",
                "the toolkit of the build that is chosen, which is not the old number",
            ),
            _ => None,
        },
        PackageOutcome::Changed(_, why) => match why {
            ChangeReason::OldChannel => say("old-channel", "from conda-forge now"),
            ChangeReason::FollowsCuda => {
                say("follows-cuda-version", "`cuda-version` decides its version")
            }
            ChangeReason::OtherBuild => {
                say("other-build", "without the build, which was for another Python or CUDA")
            }
            ChangeReason::Renamed => say("renamed", "as conda-forge calls it"),
            ChangeReason::OwnChannel => say("own-channel", "from its own channel, as before"),
        },
        PackageOutcome::LeftOut(why) => Some(left_out(why)),
    }
}

fn left_out(why: &LeftOutReason) -> (&'static str, String) {
    let (code, text) = match why {
        LeftOutReason::SelectedBuild => {
            ("chose-build", "it only told the old channel's builds apart")
        }
        LeftOutReason::Discontinued => {
            ("ended", "its development has ended; PyTorch would be held at an old version")
        }
        LeftOutReason::IncludedInPytorch => ("comes-with-pytorch", "it comes with PyTorch"),
        LeftOutReason::DefaultsOnly => ("of-defaults", "it belongs to Anaconda's own channels"),
        LeftOutReason::BaseOnly => ("of-base", "it belongs to the base environment"),
        LeftOutReason::NoCuda => ("no-cuda", "the build that is chosen is without CUDA"),
        LeftOutReason::NotForThisPytorch => {
            ("not-for-this-pytorch", "it does not exist for this PyTorch")
        }
        LeftOutReason::NeedsOtherPytorch(needs) => {
            return ("holds-back", format!("it needs `{needs}`; ask its makers for a newer one"));
        }
    };
    (code, text.to_owned())
}

/// What could not be kept of a wish.
pub fn change(change: &RequestChange) -> (&'static str, String) {
    match change {
        RequestChange::Python { from, to, keeps: Some(keeps) } => (
            "python-moves",
            format!(
                "Python {from} becomes {to}: this PyTorch is not built for {from} (`--python {from}` keeps it, with PyTorch {keeps})"
            ),
        ),
        RequestChange::Python { from, to, keeps: None } => (
            "python-moves",
            format!("Python {from} becomes {to}: this PyTorch is not built for {from}"),
        ),
        RequestChange::Pytorch { from, to } => (
            "pytorch-moves",
            format!("PyTorch {from} becomes {to}: conda-forge has none nearer that runs here"),
        ),
        RequestChange::Without(package) => (
            "without-companion",
            format!("{package} does not exist for this PyTorch and is left out"),
        ),
    }
}

/// Why an environment is not changed in place.
pub fn obstacle(obstacle: &Obstacle, prefix: &str) -> (&'static str, String) {
    let (code, text) = match obstacle {
        Obstacle::Base => ("base", "it is the base environment, which the client lives in"),
        Obstacle::Export => ("export", "its history asks for every package with its build"),
        Obstacle::NoHistory => {
            ("no-history", "it has no history, and a client would take what is needed for unneeded")
        }
        Obstacle::Damaged => ("damaged", "not all of it could be read"),
        Obstacle::OtherPython { from, to } => {
            return (
                "other-python",
                format!("Python {from} would become {to}, and what pip installed would be lost"),
            );
        }
        Obstacle::Pinned(lines) => {
            return (
                "pinned",
                format!("`{prefix}/conda-meta/pinned` holds {}; take that out first", list(lines)),
            );
        }
        Obstacle::TorchOfPip(names) => {
            return (
                "torch-of-pip",
                format!(
                    "pip installed {} into it, which would come first; `pip uninstall` takes it out",
                    list(names)
                ),
            );
        }
        Obstacle::OtherPlatform(subdir) => {
            return ("other-platform", format!("its packages are for {subdir}"));
        }
    };
    (code, text.to_owned())
}

/// `a`, `b` and `c`; the first few of many.
pub fn list(words: &[String]) -> String {
    const FEW: usize = 6;
    let quoted: Vec<String> = words.iter().take(FEW).map(|word| format!("`{word}`")).collect();
    if words.len() > FEW {
        return format!("{} and {} more", quoted.join(", "), words.len() - FEW);
    }
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.join(""),
    }
}

/// What a line does, and what becomes of it.
pub fn setting_sentence(kind: ChannelKind, verdict: &SettingsAction, key: &str) -> String {
    let what = match kind {
        ChannelKind::Pytorch => "the channel ended with PyTorch 2.5",
        ChannelKind::Nvidia => "conda-forge has CUDA's packages itself",
        ChannelKind::Defaults => "its packages are built apart from conda-forge's",
        ChannelKind::CondaForge | ChannelKind::Other => "",
    };
    match verdict {
        SettingsAction::Remove { used_by } if used_by.is_empty() => what.to_owned(),
        SettingsAction::Remove { used_by } => {
            format!(
                "{what}; {} took packages from it, and would need it to change them",
                list(used_by)
            )
        }
        SettingsAction::Manual(ManualReason::Variable) => {
            format!("{what}; no command unsets a variable: take it out where it is set")
        }
        SettingsAction::Manual(ManualReason::NotAnEntry) => {
            format!(
                "{what}; `{key}` is not a list there, and no command takes it out: edit the file"
            )
        }
        SettingsAction::Manual(ManualReason::Pin) => {
            format!("it holds every environment at that version (`{key}`): edit the file")
        }
        SettingsAction::Keep => format!("`{key}` says what a channel's name means, and stays"),
    }
}
