//! The flags for output that subcommands share, and the width of the terminal.

use std::io::IsTerminal;

use clap::ColorChoice;

use conda_torch_core::clients::ClientTarget;
use conda_torch_core::conda::Os;
use conda_torch_core::types::{ClientKind, Machine, Shell};

use crate::text::Style;

use super::choices::{CLIENTS, SHELLS, one_of};

// No doc comment: clap would show it as the description of the subcommand.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputFlags {
    /// Client to print commands for [default: detected, else conda]
    #[arg(long, value_parser = one_of(CLIENTS))]
    pub(super) client: Option<ClientKind>,
    /// Shell to print commands for [default: the current one]
    #[arg(long, value_parser = one_of(SHELLS))]
    shell: Option<Shell>,
    /// When to use color
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, hide_short_help = true)]
    color: ColorChoice,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

impl OutputFlags {
    /// The client to print commands for.
    pub(super) fn target<'m>(&self, machine: &'m Machine) -> ClientTarget<'m> {
        ClientTarget::of(machine, self.client)
    }

    pub(super) fn style(&self) -> Style {
        let color = match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
            }
        };
        Style { width: page_width(), color }
    }

    /// The shell to print commands for: of the flag, detected, or the usual one of the platform.
    pub(super) fn shell(&self, machine: &Machine) -> Shell {
        let is_windows = machine.subdir.value().is_some_and(|subdir| subdir.os() == Os::Windows);
        let usual = if is_windows { Shell::Powershell } else { Shell::Posix };
        self.shell.or(machine.shell.value().copied()).unwrap_or(usual)
    }
}

/// Columns for text.
pub(super) fn page_width() -> usize {
    terminal_width().unwrap_or(80).clamp(40, 100)
}

/// `COLUMNS`, or the columns of the terminal; `None` if stdout is not a terminal.
#[expect(clippy::disallowed_methods, reason = "`COLUMNS` is about the reader, not the machine")]
pub(super) fn terminal_width() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let stdout = std::io::stdout();
    columns.or_else(|| {
        let size = stdout.is_terminal().then(|| terminal_size::terminal_size_of(&stdout))?;
        Some(size.map_or(80, |(width, _)| usize::from(width.0)))
    })
}
