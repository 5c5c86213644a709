//! Where a channel that is only named lies, by the settings of conda and mamba.

use crate::conda::is_folder;
use crate::types::Condarc;

/// What settings say of where channels lie.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Addresses {
    /// What stands before every name; anaconda.org where nothing is said.
    alias: Option<String>,
    /// Names that lie elsewhere: the name is added to the address.
    custom: Vec<(String, String)>,
    /// Names of which there are copies, the first of each: the address is the whole of it.
    mirrors: Vec<(String, String)>,
}

impl Addresses {
    /// Draws them from files, the strongest first, and from variables, which are stronger still.
    pub fn of(files: &[Condarc], env: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| env(name).filter(|value| !value.is_empty());
        let mut addresses = Self {
            alias: set("CONDA_CHANNEL_ALIAS").or_else(|| set("MAMBA_CHANNEL_ALIAS")),
            ..Self::default()
        };
        for line in files.iter().flat_map(|file| &file.lines) {
            let value = || expanded(&line.value, &env);
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

    /// The address of a channel that is named; what is an address or a folder already stays that, and a
    /// name of which nothing is said a name.
    pub fn resolve(&self, channel: &str) -> String {
        if channel.contains("://") || is_folder(channel) {
            return channel.to_owned();
        }
        let of = |all: &[(String, String)], name: &str| {
            all.iter().find(|(its, _)| its == name).map(|(_, address)| address.clone())
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
        self.alias.as_ref().map_or_else(|| channel.to_owned(), |alias| joined(alias, channel))
    }
}

/// The first that is said counts.
fn add(all: &mut Vec<(String, String)>, name: &str, value: impl Fn() -> String) {
    if !all.iter().any(|(its, _)| its == name) {
        all.push((name.to_owned(), value()));
    }
}

fn joined(address: &str, channel: &str) -> String {
    // conda takes an alias without a scheme for HTTPS.
    let scheme = if address.contains("://") || address.starts_with('/') { "" } else { "https://" };
    format!("{scheme}{}/{channel}", address.trim_end_matches('/'))
}

/// A value with its variables: conda fills in `$NAME` and `${NAME}`, so that tokens need not stand in files.
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
            value: (*value).to_owned(),
            is_entry: false,
        };
        Condarc { lines: lines.iter().map(line).collect(), ..Condarc::default() }
    }

    fn env(name: &str) -> Option<String> {
        (name == "TOKEN").then(|| "tk-1".to_owned())
    }

    #[test]
    fn a_channel_name_resolves_by_the_file_with_priority() {
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
            assert_eq!(addresses.resolve(channel), address);
        }
    }

    #[test]
    fn an_unconfigured_channel_name_stays_unchanged() {
        assert_eq!(Addresses::default().resolve("conda-forge"), "conda-forge");
        let by_variable =
            |name: &str| (name == "CONDA_CHANNEL_ALIAS").then(|| "m.example".to_owned());
        let addresses =
            Addresses::of(&[file(&[("channel_alias", "https://weak.example")])], by_variable);
        assert_eq!(addresses.resolve("conda-forge"), "https://m.example/conda-forge");
    }

    #[test]
    fn unset_variables_stay_as_written() {
        for (value, expected) in [
            ("https://$TOKEN/x", "https://tk-1/x"),
            ("$OTHER/${NONE}/$", "$OTHER/${NONE}/$"),
            ("${TOKEN", "${TOKEN"),
        ] {
            assert_eq!(expanded(value, env), expected);
        }
    }
}
