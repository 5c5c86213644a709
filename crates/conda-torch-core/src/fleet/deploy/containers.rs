//! A Dockerfile with a target for each environment.

use crate::answer::Answer;
use crate::conda::{Channels, Os};
use crate::fleet::plan::FleetPlan;
use crate::formats::dockerfile_target;
use crate::resolve::{Advice, Status};

use super::DeployRefused;

/// The file's text. Environments of other systems than Linux are left out.
pub(super) fn dockerfile(
    plan: &FleetPlan<'_>,
    channels: &Channels,
) -> Result<String, DeployRefused> {
    let mut targets = Vec::new();
    let is_linux = |os: Os| os == Os::Linux;
    let on_linux = plan.environments.iter().filter(|it| is_linux(it.choice.build.subdir.os()));
    for environment in on_linux {
        let advice = Advice {
            status: Status::Ok,
            recommended: Some(environment.choice.clone()),
            alternatives: Vec::new(),
            rejected: Vec::new(),
            elsewhere: Vec::new(),
            diagnostics: Vec::new(),
        };
        let answer = Answer {
            channels,
            ..Answer::new(&environment.machine, &plan.request, &advice, plan.matrix)
        };
        targets.push(dockerfile_target(&answer, Some(&environment.name))?);
    }
    if targets.is_empty() {
        return Err(DeployRefused::NoEnvironment);
    }
    Ok(targets.join("\n"))
}
