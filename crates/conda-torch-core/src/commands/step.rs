//! One command to run.

use serde::Serialize;

use crate::clients::{ClientHabits, ClientTarget, ConfigCommand};
use crate::conda::{MatchSpec, Version};
use crate::solve_check::Correction;
use crate::types::ClientKind;

/// One command, as the words that the program gets; [`shell`](super::shell) writes it for a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Step {
    pub kind: StepKind,
    pub client: ClientKind,
    pub client_version: Option<Version>,
    /// Whether the answer works without it.
    pub optional: bool,
    pub env: Vec<(&'static str, String)>,
    pub argv: Vec<String>,
    /// What to know before running it: one sentence.
    pub note: Option<String>,
    pub stdout: Option<String>,
}

/// What a command is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum StepKind {
    /// Change the client's settings for later installations.
    Configure,
    /// Solve what is installed later, and change nothing.
    DryRun,
    /// Write down what is there, as a way back.
    Backup,
    /// Make what the installation goes into.
    Prepare,
    /// Remove packages.
    Remove,
    /// Install.
    Install,
    /// Install what pip had.
    Pip,
    /// Run a kernel and see.
    Check,
}

impl Step {
    /// The command without the client's own question, for a user who has agreed. Only for an environment that does not
    /// exist or that the user named: `create --yes` replaces one that exists.
    #[must_use]
    pub fn confirmed(&self) -> Self {
        let mut step = self.clone();
        let asks = ["create", "install", "remove", "update"];
        let verb = step.argv.iter().position(|word| asks.contains(&word.as_str()));
        // conda's `env create` and `env update` ask nothing; the one knows no `--yes` before 23, the other in no version.
        let is_of_conda =
            ClientHabits::of(self.client, self.client_version).config != ConfigCommand::Own;
        let asks_nothing = is_of_conda && self.argv.get(1).is_some_and(|it| it == "env");
        let asks = self.client != ClientKind::Pixi && !asks_nothing;
        if let Some(verb) = verb.filter(|verb| *verb < 3 && asks) {
            step.argv.insert(verb + 1, "--yes".to_owned());
        }
        step
    }

    /// The environment that the command names: `-n` or `-p`, and its value. pixi has the manifest of a project.
    pub fn environment(&self) -> Option<(&str, &str)> {
        let is_flag = |word: &str| matches!(word, "-n" | "-p" | "--manifest-path");
        let mut pairs = self.argv.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str()));
        pairs.find(|(flag, _)| is_flag(flag))
    }

    /// Whether it makes a new environment.
    pub fn is_creation(&self) -> bool {
        let is_create = self.argv.get(1).is_some_and(|verb| verb == "create");
        self.kind == StepKind::Prepare || is_create || self.is_of_file()
    }

    /// Whether it is conda's `env create`.
    fn is_of_file(&self) -> bool {
        self.argv.get(1).is_some_and(|it| it == "env")
            && self.argv.get(2).is_some_and(|it| it == "create")
    }

    /// Runs conda, which mamba 1 has beside it.
    pub(super) fn run_by_conda(&mut self) {
        "conda".clone_into(&mut self.argv[0]);
    }
}

impl ClientTarget<'_> {
    pub(super) fn step<'s>(
        &self,
        kind: StepKind,
        arguments: impl IntoIterator<Item = &'s str>,
    ) -> Step {
        Step {
            kind,
            client: self.kind,
            client_version: self.version,
            // Without these two the installation is the same.
            optional: matches!(kind, StepKind::Configure | StepKind::Check),
            env: Vec::new(),
            argv: std::iter::once(self.kind.as_str()).chain(arguments).map(str::to_owned).collect(),
            note: None,
            stdout: None,
        }
    }
}

/// The installation with a correction. For a new environment the caller makes new commands.
pub(crate) fn corrected(mut step: Step, correction: &Correction) -> Step {
    match correction {
        Correction::OverrideCuda(cuda) => {
            step.env.retain(|(name, _)| *name != "CONDA_OVERRIDE_CUDA");
            step.env.push(("CONDA_OVERRIDE_CUDA", cuda.to_string()));
        }
        Correction::Spec(spec) => {
            let is_its = |pair: &[String]| {
                !matches!(pair[0].as_str(), "-c" | "-n" | "-p")
                    && MatchSpec::parse(&pair[1]).is_some_and(|other| other.name == spec.name)
            };
            match step.argv.windows(2).position(is_its) {
                Some(before) => step.argv[before + 1] = spec.to_string(),
                None => step.argv.push(spec.to_string()),
            }
        }
        Correction::NoPin => {
            let after = |word: &String| word == "--strict-channel-priority";
            let at = step.argv.iter().position(after).map_or(step.argv.len(), |at| at + 1);
            step.argv.insert(at, "--no-pin".to_owned());
        }
        Correction::NewEnvironment => {}
    }
    step
}

#[cfg(test)]
mod tests {
    use crate::commands::StepKind;
    use crate::conda::Version;
    use crate::types::{ClientKind, CudaVersion};

    use super::*;

    fn step() -> Step {
        let line = "conda create -n pytorch --strict-channel-priority pytorch-gpu=2.13.0 cuda-version=12.9";
        Step {
            kind: StepKind::Install,
            client: ClientKind::Conda,
            client_version: None,
            optional: false,
            env: vec![("CONDA_OVERRIDE_CUDA", "12.4".to_owned())],
            argv: line.split(' ').map(str::to_owned).collect(),
            note: None,
            stdout: None,
        }
    }

    #[test]
    fn a_confirmed_command_does_not_ask_again() {
        let confirmed = step().confirmed();
        assert_eq!(confirmed.argv[..4], ["conda", "create", "--yes", "-n"]);
        assert_eq!(confirmed.environment(), Some(("-n", "pytorch")));
        assert!(confirmed.is_creation());
        // A package of that name is no verb, and pixi asks nothing.
        let mut run = step();
        run.argv = ["conda", "run", "-n", "install", "python"].map(str::to_owned).to_vec();
        assert_eq!(run.confirmed().argv, run.argv);
        let pixi = Step { client: ClientKind::Pixi, ..step() };
        assert_eq!(pixi.confirmed().argv, pixi.argv);
    }

    #[test]
    fn a_correction_changes_one_part_of_the_command() {
        let corrected_line = |correction: &Correction| corrected(step(), correction).argv.join(" ");
        let before = step().argv.join(" ");
        let build = MatchSpec::build("pytorch", Version::new(&[2, 13]), "cuda129_mkl*".to_owned());
        assert_eq!(corrected_line(&Correction::Spec(build.clone())), format!("{before} {build}"));
        let pin = MatchSpec::build("cuda-version", Version::new(&[12, 9]), "3".to_owned());
        assert_eq!(
            corrected_line(&Correction::Spec(pin)),
            before.replace("cuda-version=12.9", "cuda-version=12.9=3")
        );
        assert_eq!(
            corrected_line(&Correction::NoPin),
            before.replace("priority ", "priority --no-pin ")
        );
        let with_override = corrected(step(), &Correction::OverrideCuda(CudaVersion::new(13, 0)));
        assert_eq!(with_override.env, [("CONDA_OVERRIDE_CUDA", "13.0".to_owned())]);
    }
}
