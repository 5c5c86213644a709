//! The channels of an environment by the names that the clients' configuration gives them.

use std::collections::HashMap;

use crate::conda::{ChannelKind, ChannelName, SpecParts, is_folder};
use crate::types::{Condarc, CondarcLine, Environment};

/// Names the channels of packages whose address says nothing and whose name is in the configuration of the
/// clients: a mirror in `default_channels` is `defaults`, as `conda list` shows it.
pub fn name_channels(environment: &mut Environment, files: &[Condarc]) {
    let names = channel_names(files);
    let name_of = |channel: &str| {
        let address = ChannelName::of(channel).name;
        names.get(&address).filter(|_| ChannelKind::of(channel) == ChannelKind::Other)
    };
    for package in &mut environment.packages {
        if let Some(name) = name_of(&package.channel) {
            package.channel.clone_from(name);
        }
    }
    for spec in environment.requested.iter_mut().chain(&mut environment.pinned) {
        let channel = SpecParts::parse(spec).and_then(|parts| parts.channel);
        if let Some((channel, name)) = channel.and_then(|it| Some((it, name_of(it)?))) {
            *spec = spec.replacen(channel, name, 1);
        }
    }
}

/// The addresses that a configuration gives the name of a known channel, and these names. Source:
/// `custom_multichannels` and `custom_channels` in
/// <https://github.com/conda/conda/blob/26.7.1/conda/base/context.py>.
fn channel_names(files: &[Condarc]) -> HashMap<String, String> {
    let lines = || files.iter().flat_map(|file| &file.lines);
    let alias = lines().find(|line| line.key == "channel_alias");
    let alias = alias.map_or("https://conda.anaconda.org", |line| line.value.public());
    let name = |line: &CondarcLine| {
        let (value, mut name) = (line.value.public(), "defaults");
        let address = match line.key.split_once('.') {
            None if line.key == "default_channels" => value.to_owned(),
            Some(("custom_channels", key)) => {
                name = key;
                format!("{}/{key}", value.trim_end_matches('/'))
            }
            Some(("custom_multichannels" | "mirrored_channels", key)) => {
                name = key;
                value.to_owned()
            }
            None | Some(_) => return None,
        };
        let address = if address.contains("://") || is_folder(&address) {
            address
        } else {
            format!("{}/{address}", alias.trim_end_matches('/'))
        };
        let is_known = ChannelKind::of(name) != ChannelKind::Other;
        is_known.then(|| (ChannelName::of(&address).name, name.to_owned()))
    };
    lines().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conda::{Address, MatchSpec};
    use crate::types::InstalledPackage;

    #[test]
    fn a_mirror_has_the_name_that_the_configuration_gives_it() {
        let line = |&(key, value): &(&str, &str)| CondarcLine {
            key: key.to_owned(),
            value: Address::of(value),
            ..CondarcLine::default()
        };
        let lines = [
            ("channel_alias", "https://conda.corp.example/api/"),
            ("default_channels", "https://user:secret@mirror.example/anaconda-main/"),
            ("default_channels", "anaconda-r"),
            ("default_channels", "https://mirror.example/conda-forge"),
            ("custom_channels.main", "https://files.example/x"),
            ("custom_multichannels.lab", "https://lab.example/ours"),
            ("custom_multichannels.conda-forge", "https://mirror.example/forge"),
        ];
        let file = Condarc { lines: lines.iter().map(line).collect(), ..Condarc::default() };
        for (channel, expected) in [
            ("https://mirror.example/anaconda-main", "defaults"),
            ("https://conda.corp.example/api/anaconda-r", "defaults"),
            ("https://files.example/x/main", "main"),
            ("https://mirror.example/forge", "conda-forge"),
            // The kind is plain already, and names without a meaning of their own stay addresses.
            ("https://mirror.example/conda-forge", "https://mirror.example/conda-forge"),
            ("https://lab.example/ours", "https://lab.example/ours"),
            ("https://mirror.example/other", "https://mirror.example/other"),
        ] {
            let package = InstalledPackage { channel: channel.to_owned(), ..Default::default() };
            let mut environment = Environment {
                packages: vec![package],
                requested: vec![format!("{channel}/linux-64::numpy=2"), "numpy".to_owned()],
                ..Default::default()
            };
            name_channels(&mut environment, std::slice::from_ref(&file));
            assert_eq!(environment.packages[0].channel, expected, "{channel}");
            let spec = MatchSpec::parse(&environment.requested[0]).expect("a spec");
            assert_eq!(spec.channel.as_deref(), Some(expected), "{channel}");
            assert_eq!(environment.requested[1], "numpy");
        }
    }
}
