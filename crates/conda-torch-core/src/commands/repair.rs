//! Repairs of an environment that stays: one more spec, an empty package cache.

use crate::clients::ClientTarget;
use crate::types::{ClientKind, Environment};

use super::{Step, StepKind};

/// A match spec, installed in an environment, from the channel of the package that it replaces.
pub fn install_spec(environment: &Environment, client: &ClientTarget<'_>, spec: &str) -> Step {
    if client.kind == ClientKind::Pixi {
        return client.step(StepKind::Install, ["add", spec]);
    }
    let target = match environment.name.as_deref() {
        Some(name) => ["-n", name],
        None => ["-p", environment.prefix.as_str()],
    };
    let name = spec.find(['<', '>', '=', ' ']).map_or(spec, |end| &spec[..end]);
    let channel = environment.package(name).map(|package| package.channel.as_str());
    let channel = match channel {
        Some("" | "defaults") | None => None,
        Some(channel) if channel.starts_with("pkgs/") => Some("defaults"),
        Some(channel) => Some(channel),
    };
    let channel = channel.into_iter().flat_map(|channel| ["-c", channel]);
    let words = std::iter::once("install").chain(target).chain(channel).chain([spec]);
    client.step(StepKind::Install, words)
}

/// The client's package cache, emptied. Environments stay as they are.
pub fn clean_cache(client: &ClientTarget<'_>) -> Step {
    let words: &[&str] = match client.kind {
        ClientKind::Pixi => &["clean", "cache", "--conda"],
        ClientKind::Conda | ClientKind::Mamba | ClientKind::Micromamba => {
            &["clean", "--packages", "--tarballs"]
        }
    };
    client.step(StepKind::Prepare, words.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::InstalledPackage;

    #[test]
    fn a_spec_goes_into_the_environment_from_the_channel_of_its_package() {
        let mkl = |channel: &str| InstalledPackage {
            name: "mkl".to_owned(),
            channel: channel.to_owned(),
            ..InstalledPackage::default()
        };
        let line = |environment: &Environment, kind| {
            let client = ClientTarget { kind, version: None, found: None };
            install_spec(environment, &client, "mkl<2024.1").argv.join(" ")
        };
        let mut environment = Environment {
            prefix: "/x/torch".to_owned(),
            packages: vec![mkl("pkgs/main")],
            ..Environment::default()
        };
        let conda = ClientKind::Conda;
        assert_eq!(line(&environment, conda), "conda install -p /x/torch -c defaults mkl<2024.1");
        environment.name = Some("torch".to_owned());
        environment.packages = vec![mkl("conda-forge")];
        assert_eq!(line(&environment, conda), "conda install -n torch -c conda-forge mkl<2024.1");
        assert_eq!(line(&environment, ClientKind::Pixi), "pixi add mkl<2024.1");
    }
}
