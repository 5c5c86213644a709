//! The printed command as a dry run, for a program to run without a shell.

use crate::clients::{ClientTarget, FileCommand};
use crate::resolve::Choice;
use crate::types::{ClientKind, Machine};

use super::Step;

/// A command that changes nothing and prints what it would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryRunCommand {
    /// Arguments of the client.
    pub arguments: Vec<String>,
    /// Environment variables to set for it.
    pub env: Vec<(&'static str, String)>,
}

/// An installation as a dry run with JSON output.
pub fn dry_run(step: &Step) -> DryRunCommand {
    debug_assert_ne!(step.client, ClientKind::Pixi, "pixi has no dry run of `add`");
    let words = step.argv.iter().skip(1).cloned();
    let flags = ["--dry-run", "--json"].map(str::to_owned);
    DryRunCommand { arguments: words.chain(flags).collect(), env: step.env.clone() }
}

/// A new environment in `folder` of an `environment.yml`, with the variables of `step`; `None` if the client has no dry
/// run of files with JSON output.
pub fn dry_run_of_file(
    file: &str,
    folder: &str,
    client: &ClientTarget<'_>,
    step: &Step,
) -> Option<DryRunCommand> {
    let command: &[&str] = match client.habits().file_command? {
        FileCommand::Create => &["create"],
        FileCommand::EnvCreate => &["env", "create"],
    };
    let flags = ["--file", file, "-p", folder, "--dry-run", "--json"];
    let arguments = command.iter().chain(&flags).map(|word| (*word).to_owned()).collect();
    Some(DryRunCommand { arguments, env: step.env.clone() })
}

/// pixi's lock of a project with the same packages: the lock file lists what it would install.
pub fn lock(manifest: &str, step: &Step) -> DryRunCommand {
    let words = ["lock", "--manifest-path", manifest];
    DryRunCommand { arguments: words.map(str::to_owned).to_vec(), env: step.env.clone() }
}

impl DryRunCommand {
    /// Replaces the name of the new environment by a folder: conda and mamba 1 refuse a dry run of `create` if
    /// the environment exists.
    pub fn in_folder(mut self, folder: &str) -> Self {
        let is_name_or_folder = |word: &String| word == "-n" || word == "-p";
        if let Some(at) = self.arguments.iter().position(is_name_or_folder) {
            "-p".clone_into(&mut self.arguments[at]);
            if let Some(value) = self.arguments.get_mut(at + 1) {
                folder.clone_into(value);
            }
        }
        self
    }

    /// Without network access.
    pub fn offline(mut self) -> Self {
        self.arguments.push("--offline".to_owned());
        self
    }

    /// For another machine than the one that the client runs on: overrides what it would detect here.
    pub fn for_another(mut self, machine: &Machine, choice: &Choice<'_>) -> Self {
        let cuda = choice.needs_cuda.map(|cuda| cuda.to_string()).unwrap_or_default();
        let glibc = machine.glibc.value().map(ToString::to_string);
        let macos = machine.macos.value().map(ToString::to_string);
        let all = [
            ("CONDA_SUBDIR", Some(choice.build.subdir.to_string())),
            ("CONDA_OVERRIDE_CUDA", Some(cuda)),
            ("CONDA_OVERRIDE_GLIBC", glibc),
            ("CONDA_OVERRIDE_OSX", macos),
        ];
        for (name, value) in all {
            let is_set = self.env.iter().any(|(other, _)| *other == name);
            if let Some(value) = value.filter(|_| !is_set) {
                self.env.push((name, value));
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use crate::commands::StepKind;
    use crate::conda::Version;

    use super::*;

    fn step(words: &[&str]) -> Step {
        Step {
            kind: StepKind::Install,
            client: ClientKind::Conda,
            client_version: None,
            optional: false,
            env: vec![("CONDA_OVERRIDE_CUDA", "12.9".to_owned())],
            argv: words.iter().map(|word| (*word).to_owned()).collect(),
            note: None,
            stdout: None,
        }
    }

    #[test]
    fn a_dry_run_adds_two_flags_to_the_printed_command() {
        let command = dry_run(&step(&["conda", "create", "-n", "torch", "pytorch-gpu=2.13.0"]));
        let words = ["create", "-n", "torch", "pytorch-gpu=2.13.0", "--dry-run", "--json"];
        assert_eq!(command.arguments, words);
        assert_eq!(command.env, [("CONDA_OVERRIDE_CUDA", "12.9".to_owned())]);
    }

    #[test]
    fn a_file_is_solved_by_the_command_that_the_client_has_for_it() {
        let of = |kind, version: &[u16]| {
            let version = Some(Version::new(version));
            let client = ClientTarget { kind, version, found: None };
            let command = dry_run_of_file("e.yml", "/t/x", &client, &step(&["conda", "create"]))?;
            assert_eq!(command.env, [("CONDA_OVERRIDE_CUDA", "12.9".to_owned())]);
            Some(command.arguments.join(" "))
        };
        let create = Some("create --file e.yml -p /t/x --dry-run --json".to_owned());
        let env_create = Some("env create --file e.yml -p /t/x --dry-run --json".to_owned());
        assert_eq!(of(ClientKind::Conda, &[26, 7]), create);
        assert_eq!(of(ClientKind::Conda, &[26, 5, 3]), env_create);
        assert_eq!(of(ClientKind::Conda, &[4, 9]), None);
        assert_eq!(of(ClientKind::Mamba, &[2, 8, 1]), create);
        assert_eq!(of(ClientKind::Mamba, &[1, 5, 12]), None);
        assert_eq!(of(ClientKind::Micromamba, &[2, 8, 1]), create);
        assert_eq!(of(ClientKind::Pixi, &[0, 77]), None);
    }

    #[test]
    fn a_folder_replaces_the_name_of_the_environment() {
        let command =
            dry_run(&step(&["conda", "create", "-n", "torch", "pytorch"])).in_folder("/t/x");
        assert_eq!(command.arguments, ["create", "-p", "/t/x", "pytorch", "--dry-run", "--json"]);
    }
}
