//! What a question names: channels, platforms, packages.

use conda_torch_core::channel::LiveRequest;
use conda_torch_core::conda::{self, Fault, FaultKind};
use rattler_conda_types::{
    Channel, ChannelConfig, MatchSpec, PackageName, ParseStrictness, Subdir,
};
use url::Url;

/// What cannot be asked as it was written.
pub(crate) fn unusable(at: &str, detail: impl std::fmt::Display) -> Fault {
    Fault {
        kind: FaultKind::Other,
        at: without_secrets_in(at),
        detail: conda::without_secrets(&detail.to_string()),
    }
}

/// The channels, in their order.
pub(crate) fn parse(ask: &LiveRequest) -> Result<Vec<Channel>, Fault> {
    // Paths are absolute already; the root is for those that are not.
    let config = ChannelConfig::default_with_root_dir("/".into());
    let parse =
        |name: &String| Channel::from_str(name, &config).map_err(|error| unusable(name, error));
    ask.channels.iter().map(parse).collect()
}

/// The platforms that are asked for.
pub(crate) fn subdirs(ask: &LiveRequest) -> Result<Vec<Subdir>, Fault> {
    let parse = |name: &String| name.parse().map_err(|error| unusable(name, error));
    ask.subdirs.iter().map(parse).collect()
}

/// A spec for each name that any record of it meets.
pub(crate) fn names(names: &[String]) -> Result<Vec<MatchSpec>, Fault> {
    let spec = |name: &String| {
        let name = PackageName::try_from(name.as_str()).map_err(|error| unusable(name, error))?;
        Ok(MatchSpec::from(name))
    };
    names.iter().map(spec).collect()
}

/// A spec as it is typed.
pub(crate) fn spec(text: &str) -> Result<MatchSpec, Fault> {
    MatchSpec::from_str(text, ParseStrictness::Lenient).map_err(|error| unusable(text, error))
}

/// An address without user, password and token, and without a slash at its end.
pub(crate) fn without_secrets(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    conda::without_secrets(url.as_str()).trim_end_matches('/').to_owned()
}

/// The same of a text that may be an address.
pub(crate) fn without_secrets_in(text: &str) -> String {
    Url::parse(text).map_or_else(|_| text.to_owned(), |url| without_secrets(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_comes_out_without_its_secrets() {
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
