//! The flags for output that subcommands share, and what the terminal can show.

use std::io::IsTerminal;

use clap::ColorChoice;

use conda_torch_core::clients::ClientTarget;
use conda_torch_core::conda::Os;
use conda_torch_core::types::{ClientKind, Detected, Machine, Shell};

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

    /// The shell to print commands for.
    pub(super) fn shell(&self, machine: &Machine) -> Shell {
        self.shell.unwrap_or_else(|| current_shell(machine))
    }
}

/// The detected shell, or the usual one of the platform.
fn current_shell(machine: &Machine) -> Shell {
    match &machine.shell {
        Detected::Found(shell) => shell.value,
        Detected::Absent | Detected::Unknown { .. } => match machine.subdir.value() {
            Some(subdir) if subdir.os() == Os::Windows => Shell::Powershell,
            Some(_) | None => Shell::Posix,
        },
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
