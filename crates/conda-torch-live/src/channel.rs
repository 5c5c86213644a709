//! The channels, platforms and packages of a request.

use conda_torch_core::conda::{self, Address, Fault, FaultKind};
use rattler_conda_types::{
    Channel, ChannelConfig, MatchSpec, PackageName, ParseStrictness, Subdir,
};
use url::Url;

/// A part of the request that is not valid.
pub(crate) fn invalid(at: &str, detail: impl std::fmt::Display) -> Fault {
    Fault {
        kind: FaultKind::Other,
        at: without_secrets_in(at),
        detail: conda::without_secrets(&detail.to_string()),
    }
}

/// Reads each text with `parse`.
pub(crate) fn parse_all<T>(
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    texts.iter().map(|text| parse(text)).collect()
}

/// The longest address, in bytes: rattler panics at one that is no URI, which has at most 64 KiB.
const LONGEST: usize = 8192;

/// A channel by the address that is shown, since rattler writes it into its cache, and the address that is requested.
pub(crate) fn channel(address: &Address, shown: &str) -> Result<(Channel, Url), Fault> {
    // Paths are absolute, so the root is not used.
    let config = ChannelConfig::default_with_root_dir("/".into());
    let parse = |text: &str| {
        if text.len() > LONGEST {
            let problem = format!("longer than {LONGEST} bytes; no channel has such an address");
            return Err(invalid(text.get(..80).unwrap_or_default(), problem));
        }
        Channel::from_str(text, &config).map_err(|error| invalid(address.public(), error))
    };
    let requested = parse(address.with_secrets())?;
    // A variable may be a part that makes it no URL.
    let shown = parse(shown).or_else(|_| parse(address.public()))?;
    Ok((shown, requested.base_url.url().clone().into()))
}

pub(crate) fn subdir(name: &str) -> Result<Subdir, Fault> {
    name.parse().map_err(|error| invalid(name, error))
}

/// A spec for any build of a package.
pub(crate) fn package(name: &str) -> Result<MatchSpec, Fault> {
    PackageName::try_from(name).map(MatchSpec::from).map_err(|error| invalid(name, error))
}

pub(crate) fn spec(text: &str) -> Result<MatchSpec, Fault> {
    MatchSpec::from_str(text, ParseStrictness::Lenient).map_err(|error| invalid(text, error))
}

/// A URL without user, password, token and query, and without a slash at its end.
pub(crate) fn without_secrets(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    conda::without_secrets(url.as_str()).trim_end_matches('/').to_owned()
}

/// The same for a text that may be a URL.
pub(crate) fn without_secrets_in(text: &str) -> String {
    Url::parse(text).map_or_else(|_| text.to_owned(), |url| without_secrets(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_secrets() {
        for (given, shown) in [
            ("https://me:pass@example.org/conda-forge/", "https://example.org/conda-forge"),
            ("https://example.org/t/tk-123/private", "https://example.org/private"),
            ("https://example.org/conda/t/tk-123/private", "https://example.org/conda/private"),
            ("https://example.org/team/private?key=1", "https://example.org/team/private"),
            ("file:///srv/channel/", "file:///srv/channel"),
            ("conda-forge", "conda-forge"),
        ] {
            assert_eq!(without_secrets_in(given), shown);
        }
    }
}
