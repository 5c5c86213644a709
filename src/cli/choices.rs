//! Flags with a fixed set of values, as rows: name, help, value.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use conda_torch_core::report::schema;
use conda_torch_core::resolve::RequestedAccelerator;
use conda_torch_core::types::{Blas, ClientKind, Companion, Shell};

/// The values of a flag.
type Choices<T> = &'static [(&'static str, &'static str, T)];

pub(super) const ACCELERATORS: Choices<RequestedAccelerator> = &[
    ("auto", "A GPU if one is usable, else the CPU", RequestedAccelerator::Auto),
    ("cpu", "The CPU", RequestedAccelerator::Cpu),
    ("cuda", "An NVIDIA GPU; fail without one", RequestedAccelerator::Cuda),
];

pub(super) const BLAS: Choices<Blas> = &[
    ("mkl", "Intel MKL", Blas::Mkl),
    ("generic", "OpenBLAS or another provider of `libblas`", Blas::Generic),
];

pub(super) const CLIENTS: Choices<ClientKind> = &[
    ("conda", "", ClientKind::Conda),
    ("mamba", "", ClientKind::Mamba),
    ("micromamba", "", ClientKind::Micromamba),
    ("pixi", "", ClientKind::Pixi),
];

/// PyTorch is always included.
pub(super) const PACKAGES: Choices<Option<Companion>> = &[
    ("pytorch", "", None),
    ("torchvision", "", Some(Companion::Torchvision)),
    ("torchaudio", "", Some(Companion::Torchaudio)),
];

pub(super) const SCHEMAS: Choices<&str> = &[
    ("advise", "`advise --json`", schema::ADVISE),
    ("check", "`check --json`", schema::CHECK),
    ("error", "`probe` or `matrix`, if the run fails", schema::ERROR),
    ("matrix", "`matrix --format json`", schema::MATRIX),
    ("matrix-diff", "`matrix --diff --format json`", schema::MATRIX_DIFF),
    ("migrate", "`migrate --json`", schema::MIGRATE),
    ("migrate-files", "`migrate FILE --json`", schema::MIGRATE_FILES),
    ("probe", "`probe --json`", schema::PROBE),
];

pub(super) const SHELLS: Choices<Shell> = &[
    ("bash", "", Shell::Posix),
    ("zsh", "", Shell::Posix),
    ("fish", "", Shell::Fish),
    ("powershell", "", Shell::Powershell),
    ("cmd", "", Shell::Cmd),
];

/// Parses one of these values.
pub(super) fn one_of<T: Clone + Send + Sync>(
    choices: Choices<T>,
) -> impl TypedValueParser<Value = T> {
    let value = |&(name, help, _): &(&'static str, &'static str, T)| {
        let value = PossibleValue::new(name);
        if help.is_empty() { value } else { value.help(help) }
    };
    PossibleValuesParser::new(choices.iter().map(value)).map(|name| {
        let choice = choices.iter().find(|(known, ..)| *known == name);
        choice.expect("clap accepts only these names").2.clone()
    })
}
