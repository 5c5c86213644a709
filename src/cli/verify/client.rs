//! The client that the commands are for, asked what the printed one would do.

use std::time::Duration;

use conda_torch_core::answer::Answer;
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::StepKind;
use conda_torch_core::resolve::Choice;
use conda_torch_core::solve_check::proof::{Broken, By, NotRun, Outcome, Proof};
use conda_torch_core::types::Client;
use conda_torch_host::TempFolder;
use conda_torch_probe::{Overrides, probe};

use super::asking::Asking;
use super::{Circumstances, Interrupted};

/// Who is asked.
pub(super) fn by(answer: &Answer<'_>) -> By {
    By::Client(answer.client.kind, answer.client.version)
}

/// Asks the client.
pub(super) fn prove(
    answer: &Answer<'_>,
    choice: &Choice<'_>,
    around: &Circumstances<'_>,
    deadline: Duration,
) -> Result<Proof, Interrupted> {
    let client = match client_here(answer, around) {
        Ok(client) => client,
        Err(why) => return Ok(Proof::not_run(by(answer), why)),
    };
    let steps = answer.plan(choice);
    let Some(step) = steps.iter().find(|step| step.kind == StepKind::Install) else {
        return Ok(Proof::not_run(by(answer), NotRun::NothingFits));
    };
    let asked_by = By::Client(client.kind, client.version.value().copied());
    let is_other_system = around.host.target().os() != Some(choice.build.subdir.os());
    if is_other_system && ClientTarget::installed(&client).sees_own_system_only() {
        return Ok(Proof::not_run(asked_by, NotRun::OtherSystem));
    }
    let scratch = match TempFolder::new() {
        Ok(scratch) => scratch,
        Err(failure) => {
            let outcome = Outcome::Broken(Broken::NoFolder(failure.to_string()));
            return Ok(Proof { outcome, ..Proof::not_run(asked_by, NotRun::NothingFits) });
        }
    };
    let asking = Asking { client: &client, answer, choice, scratch: &scratch, around, deadline };
    let (mut proof, folders) = asking.ask(step)?;
    proof.places = folders.places();
    if let Outcome::Answered(_, verdict) = &proof.outcome
        && let Some(step) = answer.corrected(choice, &verdict.corrections)
    {
        let (again, _) = asking.ask(&step)?;
        proof.corrected = again.is_confirmed();
    }
    Ok(proof)
}

/// The client's program on this very machine. What a document says of another is not run here.
fn client_here(answer: &Answer<'_>, around: &Circumstances<'_>) -> Result<Client, NotRun> {
    let kind = answer.client.kind;
    if around.is_here {
        let kinds = || answer.machine.clients.iter().map(|client| client.kind).collect();
        return answer.client.found.cloned().ok_or_else(|| NotRun::NoClient(kinds()));
    }
    let clients = probe(around.host, &Overrides::default()).clients;
    let kinds = clients.iter().map(|client| client.kind).collect();
    clients.into_iter().find(|client| client.kind == kind).ok_or(NotRun::NoClient(kinds))
}
