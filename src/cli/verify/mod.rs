//! `--verify`: puts an advice to the test before anything is downloaded.

mod asking;
mod client;
mod places;
mod solver;

use std::time::Duration;

use clap::ValueEnum;

use conda_torch_core::answer::Answer;
use conda_torch_core::solve_check::proof::{NotRun, Proof};
use conda_torch_probe::host::Host;

use super::Output;

// No doc comment: clap would make it the text of the subcommand.
#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Proof")]
pub(super) struct VerifyFlags {
    /// Have it solved, by the client that the commands are for or by `conda-torch-live`; installs nothing
    #[arg(
        long,
        value_enum,
        value_name = "BY",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "client"
    )]
    verify: Option<Verifier>,
    /// How long that may take [default: 600]
    #[arg(
        long,
        value_name = "SECONDS",
        requires = "verify",
        hide_short_help = true,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    verify_timeout: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Verifier {
    /// A dry run of the printed command
    Client,
    /// A solve without any client
    Solver,
}

/// What a proof needs to know beside the answer.
pub(super) struct Circumstances<'a> {
    pub(super) host: &'a dyn Host,
    /// Whether the answer is for the machine that this program runs on.
    pub(super) is_here: bool,
    /// Whether somebody may be looking at a terminal meanwhile.
    pub(super) is_watched: bool,
    /// Whether nothing may be asked of a network.
    pub(super) offline: bool,
}

/// Somebody wanted this program to end, by this signal.
pub(super) struct Interrupted(pub(super) i32);

impl Interrupted {
    /// How this program ends then, as a shell has it: 130 for Ctrl-C.
    pub(super) fn output(&self) -> Output {
        Output { stdout: String::new(), code: u8::try_from(128 + self.0).unwrap_or(1) }
    }
}

impl VerifyFlags {
    /// Whether that was asked for.
    pub(super) const fn is_wanted(&self) -> bool {
        self.verify.is_some()
    }

    /// Whether a client is to be asked.
    pub(super) fn is_by_client(&self) -> bool {
        self.verify == Some(Verifier::Client)
    }

    /// Puts the answer to the test, where that was asked for.
    pub(super) fn prove(
        &self,
        answer: &Answer<'_>,
        around: &Circumstances<'_>,
    ) -> Result<Option<Proof>, Interrupted> {
        let Some(verifier) = self.verify else { return Ok(None) };
        let deadline = Duration::from_secs(self.verify_timeout.unwrap_or(600).into());
        let by = client::by(answer);
        let Some(choice) = &answer.advice.recommended else {
            return Ok(Some(Proof::not_run(by, NotRun::NothingFits)));
        };
        let proof = match verifier {
            Verifier::Solver => solver::prove(answer, choice, around, deadline)?,
            Verifier::Client => match client::prove(answer, choice, around, deadline)? {
                // Without a client the other way is open, where it is.
                proof if proof.is_without_client() => {
                    match solver::prove(answer, choice, around, deadline)? {
                        other if other.is_without_solver() => proof,
                        other => other,
                    }
                }
                proof => proof,
            },
        };
        Ok(Some(proof))
    }
}
