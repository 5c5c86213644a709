//! The codes and messages of a migration.

use super::{
    ChangeReason, ChannelKind, LeftOutReason, ManualReason, Obstacle, PackageMigration,
    PackageOutcome, RequestChange, SettingsAction,
};

/// The JSON code of an outcome.
pub fn outcome(outcome: &PackageOutcome) -> &'static str {
    match outcome {
        PackageOutcome::Kept(_) => "kept",
        PackageOutcome::Changed(..) => "changed",
        PackageOutcome::Replaced(_) => "replaced",
        PackageOutcome::LeftOut(_) => "left-out",
    }
}

/// The specs that replace a package.
pub fn specs(outcome: &PackageOutcome) -> Vec<String> {
    match outcome {
        PackageOutcome::Kept(spec) | PackageOutcome::Changed(spec, _) => vec![spec.clone()],
        PackageOutcome::Replaced(specs) => specs.clone(),
        PackageOutcome::LeftOut(_) => Vec::new(),
    }
}

/// The code and the message of an outcome; `None` if it needs no explanation.
pub fn reason(package: &PackageMigration) -> Option<(&'static str, String)> {
    let is_cuda_pin =
        matches!(package.spec.name.as_str(), "pytorch-cuda" | "cudatoolkit" | "cuda-version");
    let (code, text) = match &package.outcome {
        PackageOutcome::Replaced(_) if is_cuda_pin => {
            ("follows-the-build", "the CUDA version of the recommended build, not the old one")
        }
        PackageOutcome::Kept(_) | PackageOutcome::Replaced(_) => return None,
        PackageOutcome::Changed(_, why) => match why {
            ChangeReason::OldChannel => ("old-channel", "now from conda-forge"),
            ChangeReason::FollowsCuda => {
                ("follows-cuda-version", "`cuda-version` determines its version")
            }
            ChangeReason::OtherBuild => {
                ("other-build", "without the build string, which is for another Python or CUDA")
            }
            ChangeReason::Renamed => ("renamed", "its name on conda-forge"),
            ChangeReason::OwnChannel => ("own-channel", "still from its own channel"),
        },
        PackageOutcome::LeftOut(why) => match why {
            LeftOutReason::SelectedBuild => {
                ("chose-build", "it only selected between builds of the old channel")
            }
            LeftOutReason::Discontinued => {
                ("ended", "it is discontinued and limits PyTorch to an old version")
            }
            LeftOutReason::IncludedInPytorch => ("comes-with-pytorch", "PyTorch includes it"),
            LeftOutReason::DefaultsOnly => ("of-defaults", "it belongs to Anaconda's channels"),
            LeftOutReason::BaseOnly => ("of-base", "it belongs to the base environment"),
            LeftOutReason::NoCuda => ("no-cuda", "the recommended build does not use CUDA"),
            LeftOutReason::NotForThisPytorch => {
                ("not-for-this-pytorch", "it is not available for this PyTorch version")
            }
            LeftOutReason::NeedsOtherPytorch(needs) => {
                let text = format!("it needs `{needs}`; ask its maintainers for a newer version");
                return Some(("holds-back", text));
            }
        },
    };
    Some((code, text.to_owned()))
}

/// The code and the message of a change to the request.
pub fn change(change: &RequestChange) -> (&'static str, String) {
    match change {
        RequestChange::Python { from, to, keeps } => {
            let hint = keeps.map_or_else(String::new, |keeps| {
                format!("; `--python {from}` keeps it, with PyTorch {keeps}")
            });
            let text = format!(
                "Python {from} becomes {to}: this PyTorch has no builds for Python {from}{hint}"
            );
            ("python-moves", text)
        }
        RequestChange::Pytorch { from, to } => {
            let text = format!(
                "PyTorch {from} becomes {to}, the nearest on conda-forge that works on this machine"
            );
            ("pytorch-moves", text)
        }
        RequestChange::Without(package) => {
            ("without-companion", format!("{package} is not available for this PyTorch version"))
        }
    }
}

/// The code and the message of a reason against a change in place.
pub fn obstacle(obstacle: &Obstacle, prefix: &str) -> (&'static str, String) {
    let plain = |code, text: &str| (code, text.to_owned());
    match obstacle {
        Obstacle::Base => plain("base", "the base environment contains the client itself"),
        Obstacle::Export => plain("export", "its history requests every package by its build"),
        Obstacle::NoHistory => {
            plain("no-history", "it has no history, so a client would remove needed packages")
        }
        Obstacle::Damaged => plain("damaged", "parts of it cannot be read"),
        Obstacle::OtherPython { from, to } => {
            let text = format!("Python {from} would become {to}, and lose what pip installed");
            ("other-python", text)
        }
        Obstacle::Pinned(lines) => {
            let lines = list(lines);
            ("pinned", format!("`{prefix}/conda-meta/pinned` pins {lines}; remove the pin first"))
        }
        Obstacle::TorchOfPip(names) => {
            let text = format!("pip installed {}; run `pip uninstall` first", list(names));
            ("torch-of-pip", text)
        }
        Obstacle::OtherPlatform(subdir) => {
            ("other-platform", format!("its packages are for {subdir}"))
        }
    }
}

/// `a`, `b` and `c`; only the first few of many.
pub fn list(words: &[String]) -> String {
    const FEW: usize = 6;
    let quoted: Vec<String> = words.iter().take(FEW).map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        _ if words.len() > FEW => format!("{} and {} more", quoted.join(", "), words.len() - FEW),
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some(_) | None => quoted.concat(),
    }
}

/// The message of a line of the configuration.
pub fn settings_message(kind: ChannelKind, action: &SettingsAction, key: &str) -> String {
    let channel = match kind {
        ChannelKind::Pytorch => "the channel ended with PyTorch 2.5",
        ChannelKind::Nvidia => "conda-forge has its own CUDA packages",
        ChannelKind::Defaults => "its packages do not mix with conda-forge's",
        ChannelKind::CondaForge | ChannelKind::Other => "",
    };
    match action {
        SettingsAction::Remove { used_by } if used_by.is_empty() => channel.to_owned(),
        SettingsAction::Remove { used_by } => {
            format!("{channel}; still used by {}, whose updates need it", list(used_by))
        }
        SettingsAction::Manual(ManualReason::Variable) => {
            format!("{channel}; no command unsets a variable, remove it where it is set")
        }
        SettingsAction::Manual(ManualReason::NotAnEntry) => {
            format!("{channel}; `{key}` is not a list, so edit the file")
        }
        SettingsAction::Manual(ManualReason::Pin) => {
            format!("`{key}` pins every environment to this version; edit the file")
        }
        SettingsAction::Keep => format!("`{key}` defines the meaning of a channel name; kept"),
    }
}
