//! A question as text, in the flags of a command line or the keys of an address → machine, request and [`Answer`].

mod address;
mod channels;
mod machine;
mod request;
pub mod values;
pub mod words;

pub use channels::channels;
pub use machine::{DescribedMachine, GpuOverride, Overrides, expect_gpus, replace};
pub use request::RequestedValues;

use crate::answer::Answer;
use crate::clients::ClientTarget;
use crate::commands::{NoName, TargetEnvironment};
use crate::conda::{Channels, Os};
use crate::matrix::Matrix;
use crate::report::ErrorCode;
use crate::types::{ClientKind, Machine, Shell};

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// For programs.
    pub code: ErrorCode,
    /// What is wrong, and in a line that begins with `hint: ` what to do.
    pub message: String,
    /// The key whose value is refused, if one is.
    pub key: Option<String>,
}

impl Refusal {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), key: None }
    }
}

/// What the keys of an address ask.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The machine, or what to know beside a document about it.
    pub machine: DescribedMachine,
    /// What to install on it.
    pub requested: RequestedValues,
    /// The client of the commands; `None` for that of the machine, else conda.
    pub client: Option<ClientKind>,
    /// The shell of the commands; `None` for that of the machine or the usual one of its platform.
    pub shell: Option<Shell>,
    /// The name of the new environment.
    pub name: Option<String>,
    /// The folder of the new environment, instead of a name.
    pub prefix: Option<String>,
    /// The channels to install from.
    pub channels: Channels,
    /// How other words were read, as sentences.
    pub notes: Vec<String>,
}

impl Question {
    /// Answers for the machine of a document, if there is one, with the rest of the question beside it. `then` also
    /// gets how words were read.
    ///
    /// # Errors
    /// If a name is unknown, values contradict each other, or the text describes no machine.
    pub fn answer<T>(
        &self,
        document: Option<&str>,
        matrix: &Matrix,
        then: impl FnOnce(&Answer<'_>, &[String]) -> T,
    ) -> Result<T, Refusal> {
        let machine = self.machine.machine(document, matrix)?;
        let mut notes = self.notes.clone();
        let request = self.requested.request(matrix, &mut notes)?;
        let client = ClientTarget::of(&machine, self.client);
        let environment = self.environment(&client)?;
        let advice = Answer::advice(&machine, &request, matrix, &client, &self.channels, None);
        let answer = Answer {
            client,
            environment,
            channels: &self.channels,
            shell: self.shell.unwrap_or_else(|| usual_shell(&machine)),
            ..Answer::new(&machine, &request, &advice, matrix)
        };
        Ok(then(&answer, &notes))
    }

    fn environment(&self, client: &ClientTarget<'_>) -> Result<TargetEnvironment, Refusal> {
        let refused = |key: &str, why: &NoName| Refusal {
            key: Some(key.to_owned()),
            ..Refusal::new(ErrorCode::NameRefused, format!("{why}\nhint: pass another {key}"))
        };
        match (&self.name, &self.prefix) {
            (None, None) => Ok(TargetEnvironment::Unnamed),
            (Some(name), None) => TargetEnvironment::named(name.clone(), client.kind)
                .map_err(|why| refused("name", &why)),
            (None, Some(folder)) => TargetEnvironment::in_folder(folder.clone(), client)
                .map_err(|why| refused("prefix", &why)),
            (Some(_), Some(_)) => {
                let why = "`--name` cannot be used with `--prefix`\nhint: pass one of them";
                let refusal = Refusal::new(ErrorCode::Contradiction, why);
                Err(Refusal { key: Some("prefix".to_owned()), ..refusal })
            }
        }
    }
}

/// The detected shell, else the usual one of the platform.
pub fn usual_shell(machine: &Machine) -> Shell {
    let is_windows = machine.subdir.value().is_some_and(|subdir| subdir.os() == Os::Windows);
    let usual = if is_windows { Shell::Powershell } else { Shell::Posix };
    machine.shell.value().copied().unwrap_or(usual)
}
