//! The channels that packages are taken from.

use std::fmt;

use crate::escapes::{is_hidden, visible};

use super::{Address, ChannelName};

/// Channels in the order of priority, each as the value of `-c`: a name, an address or an
/// absolute folder. conda-forge alone unless others were named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Channels(Vec<Address>); // empty for conda-forge

/// conda-forge alone.
pub static CONDA_FORGE: Channels = Channels(Vec::new());

/// Why a text is no channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no channel: {why}", visible(&address.to_string()))]
pub struct NoChannel {
    address: Address,
    why: &'static str,
}

impl Channels {
    /// These channels; conda-forge where there are none.
    pub fn new(channels: Vec<String>) -> Result<Self, NoChannel> {
        let channels: Vec<Address> = channels.into_iter().map(|text| Address::of(&text)).collect();
        for address in &channels {
            let text = address.with_secrets();
            let why = if text.trim().is_empty() {
                Some("it is empty")
            } else if text.starts_with('-') {
                Some("it begins with `-`, like an option")
            } else if text.contains(is_hidden) {
                Some("it has a line break or another control character in it")
            } else {
                address.problem()
            };
            if let Some(why) = why {
                return Err(NoChannel { address: address.clone(), why });
            }
        }
        Ok(Self(channels))
    }

    /// These, and others after them.
    pub fn and(&self, others: &[String]) -> Self {
        if others.is_empty() {
            return self.clone();
        }
        Self(self.addresses().chain(others.iter().map(|it| Address::of(it))).collect())
    }

    /// Each of them without its secrets, which a client has in its own configuration.
    pub fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        let usual = self.0.is_empty().then_some("conda-forge");
        usual.into_iter().chain(self.0.iter().map(Address::public))
    }

    /// Each of them as it was given.
    pub fn addresses(&self) -> impl Iterator<Item = Address> {
        let usual = self.0.is_empty().then(|| Address::of("conda-forge"));
        usual.into_iter().chain(self.0.iter().cloned())
    }

    /// The words that name them to a client.
    pub fn flags(&self) -> impl Iterator<Item = &str> {
        self.iter().flat_map(|channel| ["-c", channel])
    }

    /// Whether it is conda-forge itself and no other.
    pub fn is_conda_forge(&self) -> bool {
        self.0.is_empty()
            || self.iter().all(|channel| ChannelName::of(channel).name == "conda-forge")
    }

    /// Those whose address contains a token, a name or a password.
    pub fn with_secrets(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|address| address.has_secrets()).map(Address::public)
    }
}

/// Without secrets: `conda-forge`, `https://mirror.example/conda-forge, conda-forge`.
impl fmt::Display for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(names: &[&str]) -> Result<Channels, NoChannel> {
        Channels::new(names.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn conda_forge_is_the_default() {
        assert!(Channels::default().is_conda_forge());
        assert_eq!(Channels::default().flags().collect::<Vec<_>>(), ["-c", "conda-forge"]);
        let by_address = channels(&["https://conda.anaconda.org/conda-forge/"]).expect("a channel");
        assert!(by_address.is_conda_forge());
        let two = channels(&["https://corp.example/ml", "conda-forge"]).expect("channels");
        assert!(!two.is_conda_forge());
        let flags = ["-c", "https://corp.example/ml", "-c", "conda-forge"];
        assert_eq!(two.flags().collect::<Vec<_>>(), flags);
    }

    #[test]
    fn nobody_but_the_reader_of_channels_gets_secrets() {
        let address = "https://me:PASSWORD@mirror.example/t/TOKEN/conda-forge";
        let own = channels(&[address, "conda-forge"]).expect("channels");
        let public = "https://mirror.example/conda-forge";
        assert_eq!(own.with_secrets().collect::<Vec<_>>(), [public]);
        assert_eq!(own.flags().nth(1), Some(public));
        assert_eq!(own.to_string(), format!("{public}, conda-forge"));
        let addresses = own.addresses().map(|it| it.with_secrets().to_owned());
        assert_eq!(addresses.collect::<Vec<_>>(), [address, "conda-forge"]);
        assert!(!format!("{own:?}").contains("TOKEN"), "{own:?}");
    }

    #[test]
    fn refuses_ambiguous_channels() {
        for (text, why) in [
            ("", "`` is no channel: it is empty"),
            ("--yes", "`--yes` is no channel: it begins with `-`, like an option"),
            (
                "a\nb",
                "`a\\nb` is no channel: it has a line break or another control character in it",
            ),
            (
                "me:PASSWORD@mirror.example/x",
                "`***@mirror.example/x` is no channel: an address begins with its scheme: `https://…`",
            ),
        ] {
            assert_eq!(
                channels(&["conda-forge", text]).map_err(|it| it.to_string()),
                Err(why.into())
            );
        }
    }
}
