//! What to do with an environment once it is there, or once it is broken.

use crate::clients::ClientTarget;
use crate::types::ClientKind;

use super::{Step, StepKind};

/// Makes the environment of an installation the active one, as a user types it; for pixi a shell in the project.
pub fn activation(client: &ClientTarget<'_>, install: &Step) -> Option<Step> {
    let (flag, value) = install.environment()?;
    let words = match client.kind {
        ClientKind::Pixi => vec!["shell", flag, value],
        ClientKind::Conda | ClientKind::Mamba | ClientKind::Micromamba => vec!["activate", value],
    };
    Some(client.step(StepKind::Check, words))
}

/// Removes the environment of an installation that failed; `None` for pixi, whose environment is in the project's
/// folder `.pixi`.
pub fn removal(client: &ClientTarget<'_>, install: &Step) -> Option<Step> {
    let (flag, value) = install.environment()?;
    let is_pixi = client.kind == ClientKind::Pixi;
    (!is_pixi).then(|| client.step(StepKind::Remove, ["env", "remove", flag, value]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Machine;

    #[test]
    fn each_client_has_its_words() {
        let machine = Machine::default();
        for (kind, activated, removed) in [
            (ClientKind::Conda, "conda activate work", "conda env remove -n work"),
            (ClientKind::Micromamba, "micromamba activate work", "micromamba env remove -n work"),
        ] {
            let client = ClientTarget::of(&machine, Some(kind));
            let install = client.step(StepKind::Install, ["create", "-n", "work", "pytorch"]);
            let words = |step: Option<Step>| step.map(|step| step.argv.join(" "));
            assert_eq!(words(activation(&client, &install)).as_deref(), Some(activated));
            assert_eq!(words(removal(&client, &install)).as_deref(), Some(removed));
        }
        let pixi = ClientTarget::of(&machine, Some(ClientKind::Pixi));
        let words = ["add", "--manifest-path", "work/pixi.toml", "pytorch"];
        let install = pixi.step(StepKind::Install, words);
        let activated = activation(&pixi, &install).map(|step| step.argv.join(" "));
        assert_eq!(activated.as_deref(), Some("pixi shell --manifest-path work/pixi.toml"));
        assert_eq!(removal(&pixi, &install), None);
    }
}
