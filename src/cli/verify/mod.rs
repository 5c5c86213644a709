//! `--verify`: has the recommended installation solved before anything is downloaded.

mod client;
mod solver;

use std::time::Duration;

use clap::ValueEnum;

use conda_torch_core::answer::Answer;
use conda_torch_core::resolve::Choice;
use conda_torch_core::solve_check::outcome::{self, NoAnswer, SolveCheck};
use conda_torch_host::{CommandEnd, CommandOutput};
use conda_torch_probe::host::Host;

use super::Interrupted;

// No doc comment: clap would show it as the description of the subcommand.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Verification")]
pub(super) struct VerifyFlags {
    /// Solve without installing, with the client (default) or with `conda-torch-live`
    #[arg(
        long,
        value_enum,
        value_name = "BY",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "client"
    )]
    verify: Option<SolvedBy>,
    /// Time limit of the verification
    #[arg(
        long,
        value_name = "SECONDS",
        requires = "verify",
        hide_short_help = true,
        default_value_t = 600,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    verify_timeout: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SolvedBy {
    /// A dry run of the printed command
    Client,
    /// A solve without a client
    Solver,
}

pub(super) struct VerifyContext<'a> {
    pub(super) host: &'a dyn Host,
    pub(super) is_this_machine: bool,
    /// Whether a progress line may be shown.
    pub(super) shows_progress: bool,
    /// Whether only cached channel data may be used.
    pub(super) offline: bool,
    pub(super) printed: Printed,
}

/// What is printed, and so what is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Printed {
    Commands,
    EnvironmentYml,
}

struct Task<'a> {
    answer: &'a Answer<'a>,
    choice: &'a Choice<'a>,
    context: &'a VerifyContext<'a>,
    deadline: Duration,
}

impl VerifyFlags {
    pub(super) const fn is_wanted(&self) -> bool {
        self.verify.is_some()
    }

    pub(super) fn is_by_client(&self) -> bool {
        self.verify == Some(SolvedBy::Client)
    }

    pub(super) fn verify(
        &self,
        answer: &Answer<'_>,
        context: &VerifyContext<'_>,
    ) -> anyhow::Result<Option<SolveCheck>> {
        let Some(verifier) = self.verify else { return Ok(None) };
        let Some(choice) = &answer.advice.recommended else {
            let by = outcome::SolvedBy::Client(answer.client.kind, answer.client.version);
            return Ok(Some(SolveCheck::new(by, Err(NoAnswer::NothingFits))));
        };
        let deadline = Duration::from_secs(self.verify_timeout.into());
        let task = Task { answer, choice, context, deadline };
        let by_solver = || solver::verify(&task);
        if verifier == SolvedBy::Solver {
            return Ok(Some(by_solver()?));
        }
        let mut proof = client::verify(&task)?;
        // Without a client, the solver verifies if it is installed.
        if let Err(NoAnswer::NoClient { .. } | NoAnswer::OtherSystem) = proof.outcome {
            let other = by_solver()?;
            if other.outcome != Err(NoAnswer::NoSolver) {
                proof = other;
            }
        }
        Ok(Some(proof))
    }
}

/// The output of a program that ended by itself, and its exit code.
fn ended(
    ran: anyhow::Result<CommandOutput>,
    deadline: Duration,
) -> Result<Result<(CommandOutput, i32), NoAnswer>, Interrupted> {
    Ok(match ran {
        Err(error) => Err(NoAnswer::NotStarted(format!("{error:#}"))),
        Ok(ran) => match ran.end {
            CommandEnd::Exited(code) => Ok((ran, code)),
            CommandEnd::Killed(signal) => Err(NoAnswer::Crashed(signal)),
            CommandEnd::TimedOut => Err(NoAnswer::TimedOut(deadline.as_secs())),
            CommandEnd::TooLarge => Err(NoAnswer::NotStarted("used too much memory".to_owned())),
            CommandEnd::Interrupted(signal) => return Err(Interrupted(signal)),
        },
    })
}
