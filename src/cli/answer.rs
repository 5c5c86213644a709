//! The answer to a command line: what `advise` prints and `install` runs.

use crate::built_in;
use conda_torch_core::answer::Answer;
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::TargetEnvironment;
use conda_torch_core::conda::Subdir;
use conda_torch_core::types::{ClientKind, Machine};
use conda_torch_probe::host::Host;

use super::Failure;
use super::flags::{ChannelFlags, MachineFlags, OutputFlags, RequestFlags, machine, this_machine};
use super::live::read_matrix;

/// The flags that ask for PyTorch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) request: &'a RequestFlags,
    pub(super) machine: &'a MachineFlags,
    pub(super) output: &'a OutputFlags,
    pub(super) channel: &'a ChannelFlags,
    /// Whether the commands are run on this machine, also if they are for another.
    pub(super) runs_here: bool,
    /// The client to prefer, if it is installed and no other is named.
    pub(super) prefers: Option<ClientKind>,
}

impl Question<'_> {
    /// Probes the machine.
    pub(super) fn machine(&self, host: &dyn Host) -> anyhow::Result<Machine> {
        let mut machine = machine(self.machine, host, built_in::matrix())?;
        if self.runs_here && self.machine.is_other_machine() {
            let here = this_machine(self.machine, host, &machine);
            (machine.clients, machine.config_files) = (here.clients, here.config_files);
            machine.shell = here.shell;
        }
        Ok(machine)
    }

    /// Decides, and gives the answer to `then`. `packages`: what is requested besides those of the flags.
    /// `environment`: where a client installs.
    pub(super) fn answer<T>(
        &self,
        host: &dyn Host,
        machine: &Machine,
        packages: &[String],
        environment: impl FnOnce(&ClientTarget<'_>) -> Result<TargetEnvironment, Failure>,
        then: impl FnOnce(Answer<'_>) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let matrix = built_in::matrix();
        let request = self.request.request(packages, matrix)?;
        let channels = self.channel.channels(host)?;
        let client = self.output.target_or(machine, self.prefers);
        let environment = environment(&client)?;
        let subdir = machine.subdir.value().filter(|subdir| Subdir::WITH_PYTORCH.contains(subdir));
        let subdirs = subdir.map_or(Subdir::WITH_PYTORCH, std::slice::from_ref);
        let live = read_matrix(host, self.channel, &channels, subdirs)?;
        let matrix = live.as_ref().map_or(matrix, |live| &live.matrix);
        let of_live = live.as_ref().map(|live| live.diagnostics.as_slice());
        let advice = Answer::advice(machine, &request, matrix, &client, &channels, of_live);
        then(Answer {
            machine,
            request: &request,
            advice: &advice,
            matrix,
            client,
            environment,
            channels: &channels,
            live: live.as_ref().map(|live| &live.channel),
            proof: None,
            shell: self.output.shell(machine),
        })
    }
}
