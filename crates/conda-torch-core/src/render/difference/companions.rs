//! torchvision and torchaudio: as a line of the list, and as a row.

use std::fmt::Write;

use crate::channel::CompanionDifference;
use crate::types::{Accelerator, CompanionBuild};

use crate::render::difference::{Heading, pins};

/// A line of the list.
pub(super) fn told(difference: &CompanionDifference<'_>) -> (Heading, String) {
    match difference {
        CompanionDifference::New(found) => {
            (Heading::New, format!("{}, {}", name(found), rules(found)))
        }
        CompanionDifference::Changed { row, found } => {
            (Heading::Changed, format!("{}: {}", name(row), changes(row, found).join("; ")))
        }
        CompanionDifference::Gone(row) => (Heading::Gone, name(row)),
    }
}

/// What tells it from others.
fn name(row: &CompanionBuild) -> String {
    let CompanionBuild { package, version, subdir, accelerator, .. } = row;
    let mut name = format!("{package} {version} {subdir} {}", accelerator.build_prefix());
    if let Some(variant) = row.arm_variant {
        let _ = write!(name, " {variant}");
    }
    name
}

fn rules(row: &CompanionBuild) -> String {
    let mut rules = vec![format!("for PyTorch {}", row.pytorch)];
    if row.accelerator.cuda().is_some() {
        rules.push(pins(&row.cuda_pins));
    }
    rules.push(format!("Python {}–{}", row.pythons.0, row.pythons.1));
    rules.join(", ")
}

/// In what a row differs, each in a few words.
pub(super) fn changes(row: &CompanionBuild, found: &CompanionBuild) -> Vec<String> {
    let mut what = Vec::new();
    if row.pytorch != found.pytorch {
        what.push(format!("for PyTorch {}, not {}", found.pytorch, row.pytorch));
    }
    if row.cuda_pins != found.cuda_pins {
        what.push(format!("{}, not {}", pins(&found.cuda_pins), pins(&row.cuda_pins)));
    }
    if row.same_toolkit != found.same_toolkit {
        let tied = |tied| if tied { "tied to its toolkit" } else { "with any toolkit" };
        what.push(format!("{}, not {}", tied(found.same_toolkit), tied(row.same_toolkit)));
    }
    if row.pythons != found.pythons {
        let (is, was) = (found.pythons, row.pythons);
        what.push(format!("Python {}–{}, not {}–{}", is.0, is.1, was.0, was.1));
    }
    what
}

/// A row of `data/companions.toml`.
pub(super) fn row(out: &mut String, difference: &CompanionDifference<'_>) {
    let found = match difference {
        CompanionDifference::New(found) => found,
        CompanionDifference::Changed { row, found } => {
            let _ = writeln!(out, "# in place of the row of {}", name(row));
            found
        }
        CompanionDifference::Gone(row) => {
            let _ = writeln!(out, "# gone: {}\n", name(row));
            return;
        }
    };
    let accelerator = match found.accelerator {
        Accelerator::Cuda(cuda) => format!("cuda {cuda}"),
        Accelerator::Mps | Accelerator::Cpu => "cpu".to_owned(),
    };
    let CompanionBuild { package, version, subdir, pytorch, .. } = found;
    let _ = write!(
        out,
        "[[companion]]\npackage = \"{package}\"\nversion = \"{version}\"\nsubdir = \"{subdir}\"\npytorch = \"{pytorch}\"\naccelerator = \"{accelerator}\"\n"
    );
    if found.accelerator.cuda().is_some() {
        let _ = writeln!(out, "same_toolkit = {}", found.same_toolkit);
    }
    if let Some(variant) = found.arm_variant {
        let _ = writeln!(out, "arm_variant = \"{variant}\"");
    }
    if found.accelerator.cuda().is_some() {
        let (first, end) = (found.cuda_pins.start, found.cuda_pins.end);
        let _ = writeln!(out, "cuda_pins = [\"{first}\", \"{end}\"]");
    }
    let _ = writeln!(out, "pythons = [\"{}\", \"{}\"]", found.pythons.0, found.pythons.1);
    let _ = writeln!(
        out,
        "source = {{ commit = \"\", date = \"{}\" }} # the recipe's commit: no row is taken without\n",
        found.source.date()
    );
}
