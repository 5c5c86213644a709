//! The URLs of named channels, by the settings of conda and mamba.

use crate::conda::{Address, is_folder};
use crate::types::Condarc;

/// The settings for the URLs of channels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Addresses {
    /// The URL before every name; `None` for anaconda.org.
    alias: Option<Address>,
    /// Names with another URL, to which the name is added.
    custom: Vec<(String, Address)>,
    /// Names with mirrors, the first of each: the whole URL.
    mirrors: Vec<(String, Address)>,
}

impl Addresses {
    /// Reads them from files, the strongest first, and from variables, which override files.
    pub fn of(files: &[Condarc], env: impl Fn(&str) -> Option<String>) -> Self {
        let set =
            |name: &str| env(name).filter(|value| !value.is_empty()).map(|it| Address::of(&it));
        let mut addresses = Self {
            alias: set("CONDA_CHANNEL_ALIAS").or_else(|| set("MAMBA_CHANNEL_ALIAS")),
            ..Self::default()
        };
        for line in files.iter().flat_map(|file| &file.lines) {
            let value = || {
                let written = line.value.with_secrets();
                Address::expanded(written, expanded(written, &env))
            };
            if line.key == "channel_alias" {
                addresses.alias.get_or_insert_with(value);
            } else if let Some(name) = line.key.strip_prefix("custom_channels.") {
                add(&mut addresses.custom, name, value);
            } else if let Some(name) = line.key.strip_prefix("mirrored_channels.") {
                add(&mut addresses.mirrors, name, value);
            }
        }
        addresses
    }

    /// The URL of a channel. A URL, a folder, and a name without a setting stay as they are.
    pub fn resolve(&self, address: Address) -> Address {
        let channel = address.with_secrets();
        if channel.contains("://") || is_folder(channel) {
            return address;
        }
        let of = |all: &[(String, Address)], name: &str| {
            all.iter().find(|(other, _)| other == name).map(|(_, address)| address.clone())
        };
        if let Some(address) = of(&self.mirrors, channel) {
            return address;
        }
        // `custom_channels: {corp: …}` counts for `corp/label/dev` too (conda/models/channel.py).
        let mut prefix = Some(channel);
        while let Some(name) = prefix {
            if let Some(address) = of(&self.custom, name) {
                return joined(&address, channel);
            }
            prefix = name.rsplit_once('/').map(|(shorter, _)| shorter);
        }
        self.alias.as_ref().map_or_else(|| address.clone(), |alias| joined(alias, channel))
    }
}

/// Adds a setting, of which the first counts.
fn add(all: &mut Vec<(String, Address)>, name: &str, value: impl Fn() -> Address) {
    if !all.iter().any(|(other, _)| other == name) {
        all.push((name.to_owned(), value()));
    }
}

fn joined(address: &Address, channel: &str) -> Address {
    let join = |address: &str| {
        // conda assumes HTTPS for an alias without a scheme.
        let is_whole = address.contains("://") || address.starts_with('/');
        let scheme = if is_whole { "" } else { "https://" };
        format!("{scheme}{}/{channel}", address.trim_end_matches('/'))
    };
    Address::expanded(&join(&address.to_string()), join(address.with_secrets()))
}

/// A value with `$NAME` and `${NAME}` replaced, as conda does, which keeps tokens out of files.
fn expanded(value: &str, env: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let in_braces = after.strip_prefix('{').and_then(|it| it.split_once('}'));
        let (name, behind) = in_braces
            .unwrap_or_else(|| after.split_at(after.find(|c| !is_part(c)).unwrap_or(after.len())));
        if let Some(value) = env(name).filter(|_| !name.is_empty()) {
            out.push_str(&value);
            rest = behind;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use crate::types::CondarcLine;

    use super::*;

    fn file(lines: &[(&str, &str)]) -> Condarc {
        let line = |(key, value): &(&str, &str)| CondarcLine {
            line: 1,
            key: (*key).to_owned(),
            value: Address::of(value),
            is_entry: false,
        };
        Condarc { lines: lines.iter().map(line).collect(), ..Condarc::default() }
    }

    fn env(name: &str) -> Option<String> {
        (name == "TOKEN").then(|| "tk-1".to_owned())
    }

    #[test]
    fn the_strongest_file_determines_the_url_of_a_name() {
        let strong = file(&[("channel_alias", "https://corp.example/t/${TOKEN}/conda/")]);
        let weak = file(&[
            ("channel_alias", "https://other.example"),
            ("custom_channels.ml", "https://ml.example/x"),
            ("mirrored_channels.bioconda", "https://copy.example/bio"),
            ("mirrored_channels.bioconda", "https://second.example/bio"),
        ]);
        let addresses = Addresses::of(&[strong, weak], env);
        for (channel, address) in [
            ("conda-forge", "https://corp.example/t/tk-1/conda/conda-forge"),
            ("ml", "https://ml.example/x/ml"),
            ("ml/label/dev", "https://ml.example/x/ml/label/dev"),
            ("mlx", "https://corp.example/t/tk-1/conda/mlx"),
            ("bioconda", "https://copy.example/bio"),
            ("https://x.example/y", "https://x.example/y"),
            ("/srv/channel", "/srv/channel"),
        ] {
            assert_eq!(addresses.resolve(Address::of(channel)).with_secrets(), address);
        }
    }

    #[test]
    fn a_name_without_a_setting_stays_a_name() {
        let conda_forge = Address::of("conda-forge");
        assert_eq!(Addresses::default().resolve(conda_forge.clone()), conda_forge);
        let by_variable =
            |name: &str| (name == "CONDA_CHANNEL_ALIAS").then(|| "m.example".to_owned());
        let addresses =
            Addresses::of(&[file(&[("channel_alias", "https://weak.example")])], by_variable);
        let resolved = addresses.resolve(conda_forge);
        assert_eq!(resolved.with_secrets(), "https://m.example/conda-forge");
    }

    #[test]
    fn variables_that_are_not_set_stay() {
        for (value, expected) in [
            ("https://$TOKEN/x", "https://tk-1/x"),
            ("$OTHER/${NONE}/$", "$OTHER/${NONE}/$"),
            ("${TOKEN", "${TOKEN"),
        ] {
            assert_eq!(expanded(value, env), expected);
        }
    }
}
