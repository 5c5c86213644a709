//! The channels that packages are taken from.

use std::fmt;

use super::{ChannelName, without_secrets};

/// Channels in the order of priority, each as the value of `-c`: a name, an address or an
/// absolute folder. conda-forge alone unless others were named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Channels(Vec<String>); // empty for conda-forge

/// conda-forge alone.
pub static CONDA_FORGE: Channels = Channels(Vec::new());

/// Why a text is no channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no channel: {why}", without_secrets(text))]
pub struct NoChannel {
    text: String,
    why: &'static str,
}

impl Channels {
    /// These channels; conda-forge where there are none.
    pub fn new(channels: Vec<String>) -> Result<Self, NoChannel> {
        for text in &channels {
            let why = if text.trim().is_empty() {
                "it is empty"
            } else if text.starts_with('-') {
                "it begins with `-`, like an option"
            } else if text.contains(char::is_control) {
                "it has a line break or another control character in it"
            } else {
                continue;
            };
            return Err(NoChannel { text: text.clone(), why });
        }
        Ok(Self(channels))
    }

    /// These, and others after them.
    pub fn and(&self, others: &[String]) -> Self {
        if others.is_empty() {
            return self.clone();
        }
        Self(self.iter().map(str::to_owned).chain(others.iter().cloned()).collect())
    }

    /// Each of them, as it was given, secrets too: for clients alone.
    pub fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        let usual = self.0.is_empty().then_some("conda-forge");
        usual.into_iter().chain(self.0.iter().map(String::as_str))
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

    /// Whether an address contains a token, a name or a password.
    pub fn have_secrets(&self) -> bool {
        self.0.iter().any(|channel| without_secrets(channel) != *channel)
    }

    /// The same without secrets: for what is read by others than clients.
    pub fn without_secrets(&self) -> Self {
        Self(self.0.iter().map(|channel| without_secrets(channel)).collect())
    }
}

/// Without secrets: `conda-forge`, `https://mirror.example/conda-forge, conda-forge`.
impl fmt::Display for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().map(without_secrets).collect::<Vec<_>>().join(", "))
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
    fn only_clients_get_secrets() {
        let address = "https://me:PASSWORD@mirror.example/t/TOKEN/conda-forge";
        let own = channels(&[address]).expect("a channel");
        assert!(own.have_secrets());
        assert_eq!(own.flags().nth(1), Some(address));
        assert_eq!(own.to_string(), "https://mirror.example/conda-forge");
        assert_eq!(
            own.without_secrets().flags().nth(1),
            Some("https://mirror.example/conda-forge")
        );
    }

    #[test]
    fn refuses_ambiguous_channels() {
        for (text, why) in [
            ("", "`` is no channel: it is empty"),
            ("--yes", "`--yes` is no channel: it begins with `-`, like an option"),
            (
                "a\nb",
                "`a\nb` is no channel: it has a line break or another control character in it",
            ),
        ] {
            assert_eq!(
                channels(&["conda-forge", text]).map_err(|it| it.to_string()),
                Err(why.into())
            );
        }
    }
}
