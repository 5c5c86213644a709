//! A channel by its name, whatever a client wrote, and never with what it was reached by.

use super::Subdir;

/// A channel and the folder of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelName {
    /// `conda-forge`, `pkgs/main`, `nvidia/label/cuda-12.1.0`; a URL on another host.
    pub name: String,
    /// `linux-64`, `noarch`; empty where it was not told.
    pub subdir: String,
}

/// Where a channel is known by its name alone.
const ANACONDA: [&str; 5] = [
    "conda.anaconda.org",
    "anaconda.org",
    "conda-static.anaconda.org",
    "conda-web.anaconda.org",
    "repo.anaconda.com",
];

impl ChannelName {
    /// Reads what stands in a record: conda writes a URL with the subdir, rattler and pixi one with
    /// a slash at the end, micromamba a name.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = without_secrets(text);
        let text = text.trim().trim_end_matches('/');
        let (head, last) = text.rsplit_once('/').unwrap_or(("", text));
        let is_subdir = last == "noarch" || last.parse::<Subdir>().is_ok();
        let (name, subdir) = if is_subdir { (head, last) } else { (text, "") };
        let (scheme, rest) = name.split_once("://").unwrap_or(("", name));
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let is_known = matches!(scheme, "http" | "https") && ANACONDA.contains(&host);
        let name = if is_known { path } else { name };
        // `<unknown>` is what conda writes of a package from a file.
        let name = if name.starts_with('<') { "" } else { name };
        Self { name: name.to_owned(), subdir: subdir.to_owned() }
    }

    /// The channel of a package by its own address.
    #[must_use]
    pub fn of_package(url: &str) -> Self {
        Self::of(url.rsplit_once('/').map_or("", |(channel, _)| channel))
    }
}

/// A text without the tokens (`/t/TOKEN/`), names and passwords (`user:password@`) that addresses of
/// private channels may hold.
#[must_use]
pub fn without_secrets(text: &str) -> String {
    let mut text = text.to_owned();
    let mut from = 0;
    while let Some(at) = text[from..].find("/t/").map(|at| from + at) {
        let token = at + 3;
        let end = text[token..].find(['/', ' ', ':', '\'', '"']).map_or(text.len(), |e| token + e);
        text.replace_range(at..end, "");
        from = at;
    }
    let mut from = 0;
    while let Some(at) = text[from..].find("://").map(|at| from + at + 3) {
        let end = text[at..].find(['/', ' ', '\'', '"']).map_or(text.len(), |end| at + end);
        if let Some(user) = text[at..end].rfind('@') {
            text.replace_range(at..=at + user, "");
        }
        from = at;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (String, String) {
        let ChannelName { name, subdir } = ChannelName::of(text);
        (name, subdir)
    }

    #[test]
    fn a_channel_has_one_name_whichever_client_wrote_it() {
        let named = |name: &str, subdir: &str| (name.to_owned(), subdir.to_owned());
        let pytorch = named("pytorch", "linux-64");
        assert_eq!(of("https://conda.anaconda.org/pytorch/linux-64"), pytorch);
        assert_eq!(of("https://conda.anaconda.org/pytorch/linux-64/"), pytorch);
        assert_eq!(of("https://conda.anaconda.org/pytorch/"), named("pytorch", ""));
        assert_eq!(of("pytorch"), named("pytorch", ""));
        assert_eq!(of("pytorch/linux-64"), pytorch);
        assert_eq!(of("https://repo.anaconda.com/pkgs/main/noarch"), named("pkgs/main", "noarch"));
        let label = "nvidia/label/cuda-12.1.0";
        assert_eq!(of(&format!("https://conda.anaconda.org/{label}/linux-64")).0, label);
        assert_eq!(of("<unknown>"), named("", ""));
        assert_eq!(of(""), named("", ""));
    }

    #[test]
    fn a_mirror_keeps_its_address_and_loses_its_secrets() {
        let mirror = "https://mirror.example/conda/conda-forge";
        let asked = "https://me:secret@mirror.example/t/ab-12-cd/conda/conda-forge/linux-64";
        assert_eq!(of(asked), (mirror.to_owned(), "linux-64".to_owned()));
        assert_eq!(of("https://conda.anaconda.org/t/ab-12/private/noarch").0, "private");
        assert_eq!(of("file:///srv/channel/linux-64").0, "file:///srv/channel");
    }

    #[test]
    fn a_package_tells_its_channel_by_its_address() {
        let url = "https://conda.anaconda.org/conda-forge/noarch/tzdata-2025b-h78e105d_0.conda";
        let ChannelName { name, subdir } = ChannelName::of_package(url);
        assert_eq!((name.as_str(), subdir.as_str()), ("conda-forge", "noarch"));
    }

    #[test]
    fn secrets_go_wherever_they_stand() {
        let spec = "https://u:p@h.example/t/tk-1/private::pytorch=2.5";
        assert_eq!(without_secrets(spec), "https://h.example/private::pytorch=2.5");
        assert_eq!(without_secrets("conda-forge::pytorch"), "conda-forge::pytorch");
        assert_eq!(without_secrets("/t/"), "");
        assert_eq!(without_secrets("a://b@ c://d@e"), "a:// c://e");
    }
}
