//! An answer for a recorded machine, with changes by a test.

use conda_torch::text::Style;
use conda_torch_core::answer::Answer;
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::TargetEnvironment;
use conda_torch_core::conda::{Address, CONDA_FORGE};
use conda_torch_core::resolve::{Request, advise};
use conda_torch_core::types::{Client, ClientKind, ConfigFile, Detected, Machine, Origin, Shell};

use crate::common::machine;

/// The parts of an answer that a test may change.
pub(crate) struct Case {
    pub(crate) machine: Machine,
    pub(crate) request: Request,
    pub(crate) client: Option<ClientKind>,
    pub(crate) environment: TargetEnvironment,
    pub(crate) shell: Shell,
    pub(crate) all: bool,
}

impl Case {
    pub(crate) fn of(name: &str) -> Self {
        Self {
            machine: machine(name),
            request: Request::default(),
            client: None,
            environment: TargetEnvironment::Unnamed,
            shell: Shell::Posix,
            all: false,
        }
    }

    /// With one client of a version, and one configuration file.
    pub(crate) fn with(
        mut self,
        kind: ClientKind,
        version: &str,
        files: &[(&str, &[&str], &str)],
    ) -> Self {
        self.machine.clients = vec![Client {
            kind,
            version: Detected::found(version.parse().expect("a version"), Origin::System),
            path: format!("/opt/bin/{kind}"),
            root_prefix: None,
            subdir: None,
            environments: vec!["base".to_owned()],
            sees: None,
        }];
        let file = |(path, channels, priority): &(&str, &[&str], &str)| ConfigFile {
            path: (*path).to_owned(),
            channels: (!channels.is_empty())
                .then(|| channels.iter().map(|c| Address::of(c)).collect()),
            channel_priority: (!priority.is_empty()).then(|| (*priority).to_owned()),
            solver: None,
            problem: None,
        };
        self.machine.config_files = files.iter().map(file).collect();
        self
    }

    pub(crate) fn render<T>(&self, format: impl FnOnce(&Answer<'_>) -> T) -> T {
        let matrix = crate::common::matrix();
        let advice = advise(&self.machine, &self.request, matrix);
        format(&Answer {
            machine: &self.machine,
            request: &self.request,
            advice: &advice,
            matrix,
            client: ClientTarget::of(&self.machine, self.client),
            environment: self.environment.clone(),
            channels: &CONDA_FORGE,
            live: None,
            proof: None,
            shell: self.shell,
        })
    }

    /// Every command on one line, also the optional ones.
    pub(crate) fn steps(&self) -> String {
        self.render(|answer| {
            let choice = answer.choice().expect("something fits");
            let steps = answer.plan(choice);
            let lines = steps.iter().map(|step| {
                conda_torch_core::commands::shell::line(step, answer.shell)
                    .expect("it can be quoted")
            });
            lines.collect::<Vec<_>>().join("\n")
        })
    }
}

/// The answer as JSON.
pub(crate) fn json(case: &Case) -> String {
    case.render(|answer| conda_torch_core::report::advise::document(answer, case.all))
}

/// 80 columns, no color.
pub(crate) const PLAIN: Style = Style { width: 80, color: false, today: None };

/// The user's settings.
pub(crate) const CONDARC: &str = "/home/ada/.condarc";

/// The answer as text.
pub(crate) fn page(case: &Case) -> String {
    case.render(|answer| conda_torch::text::advice(answer, PLAIN)).expect("it can be quoted")
}
