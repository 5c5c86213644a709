//! A match spec as a person, a history or a pinned file wrote it, in any of conda's forms.

use crate::conda::Version;

/// A spec taken apart; nothing is checked that is not needed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedSpec {
    /// As it was typed.
    pub text: String,
    /// The channel before `::`, without a subdir: `pytorch`, `https://host/channel`.
    pub channel: Option<String>,
    /// The package, in small letters.
    pub name: String,
    /// The versions, without the sign of equality that means "beginning with": `2.4`, `>=2,<3`.
    pub version: Option<String>,
    /// Whether the version was one and exact (`==2.4.1`, `=2.4.1=build`).
    pub exact: bool,
    /// The build string or a glob over it.
    pub build: Option<String>,
}

/// The platforms' folders, as they may stand behind a channel.
const SUBDIRS: [&str; 7] = [
    "/noarch",
    "/linux-64",
    "/linux-aarch64",
    "/osx-64",
    "/osx-arm64",
    "/win-64",
    "/linux-ppc64le",
];

/// What ends a name.
const AFTER_NAME: [char; 9] = [' ', '=', '<', '>', '!', '~', '[', '\t', ','];

impl TypedSpec {
    /// Takes a spec apart; `None` where it names no package (`@…`, a URL, a file).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.split('#').next().unwrap_or_default().trim();
        let (channel, rest) = match text.rsplit_once("::") {
            Some((channel, rest)) => (Some(without_subdir(channel.trim())), rest.trim()),
            None => (None, text),
        };
        let end = rest.find(AFTER_NAME).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        // What begins with a hyphen would be a flag on a command line.
        let is_flag = |text: &str| text.starts_with(['-', '.']);
        if name.is_empty() || is_flag(name) || !name.chars().all(is_name) {
            return None;
        }
        let channel = channel.filter(|channel| !is_flag(channel));
        let mut spec = Self {
            text: text.to_owned(),
            channel,
            name: name.to_ascii_lowercase(),
            version: None,
            exact: false,
            build: None,
        };
        let (plain, bracket) = rest.split_once('[').unwrap_or((rest, ""));
        spec.read_plain(plain.trim());
        spec.read_bracket(bracket.trim_end_matches(']'));
        Some(spec)
    }

    /// `=2.4`, `==2.4.1`, `=2.4.1=build`, `>=2,<3`, `2.4.* build`.
    fn read_plain(&mut self, text: &str) {
        let written = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        if let Some(rest) = text.strip_prefix('=') {
            let is_double = rest.starts_with('=');
            let rest = rest.trim_start_matches('=').trim();
            let (version, build) = rest.split_once(['=', ' ']).unwrap_or((rest, ""));
            self.version = written(version).filter(|version| version != "*");
            self.build = written(build).filter(|build| build != "*");
            self.exact = (is_double || self.build.is_some()) && !version.contains('*');
            return;
        }
        let is_operator = text.starts_with(['<', '>', '!', '~']);
        let (version, build) = match text.split_once(' ') {
            Some((version, build)) if !is_operator => (version, build),
            Some(_) | None => (text, ""),
        };
        let spaceless: String = version.split_whitespace().collect();
        self.version = written(&spaceless).filter(|version| version != "*");
        self.build = written(build).filter(|build| build != "*");
        self.exact = !is_operator && self.version.as_ref().is_some_and(|v| !v.contains(['*', '|']));
    }

    /// `version='2.4.*',build=cuda*,channel=pytorch`.
    fn read_bracket(&mut self, text: &str) {
        let mut rest = text;
        while let Some((key, after)) = rest.split_once('=') {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '\'' | '"'));
            let (value, more) = match quote {
                Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                None => after.split_once(',').unwrap_or((after, "")),
            };
            let value = Some(value.trim().to_owned()).filter(|value| value != "*");
            match key.trim_matches([' ', ',']) {
                "version" => {
                    self.exact = value.as_ref().is_some_and(|v| v.starts_with("=="));
                    self.version = value.map(|v| v.trim_start_matches('=').to_owned());
                }
                "build" => self.build = value,
                "channel" => self.channel = value.map(|channel| without_subdir(&channel)),
                _ => {}
            }
            rest = more;
        }
    }

    /// The version that is asked for, or its beginning; `None` for ranges and for any.
    #[must_use]
    pub fn asked_version(&self) -> Option<Version> {
        let version = self.version.as_deref()?;
        let version = version.trim_end_matches('*').trim_end_matches('.');
        // `2.1.2+cu121` is not conda's.
        version.parse().ok()
    }

    /// Whether the versions that are asked for admit one; `None` where that cannot be told.
    #[must_use]
    pub fn admits(&self, version: Version) -> Option<bool> {
        let Some(asked) = self.version.as_deref() else { return Some(true) };
        let mut result = false;
        for alternative in asked.split('|') {
            let mut all = true;
            for part in alternative.split(',') {
                all &= admits(part.trim(), version)?;
            }
            result |= all;
        }
        Some(result)
    }

    /// The spec without its channel and build, as every client reads it; with its name alone where no
    /// version was asked for.
    #[must_use]
    pub fn plain(&self) -> String {
        match &self.version {
            None => self.name.clone(),
            Some(version) if version.starts_with(['<', '>', '!', '~']) => {
                format!("{}{version}", self.name)
            }
            Some(version) if self.exact => format!("{}=={version}", self.name),
            Some(version) if version.contains(['|', ',']) => {
                format!("{}[version=\"{version}\"]", self.name).replace('"', "'")
            }
            Some(version) => format!("{}={version}", self.name),
        }
    }

    /// The same with its build string.
    #[must_use]
    pub fn plain_with_build(&self) -> String {
        match (&self.version, &self.build) {
            (_, None) => self.plain(),
            (None, Some(build)) => format!("{}=*={build}", self.name),
            (Some(version), Some(build)) if !version.contains(['<', '>', '!', '~', '|', ',']) => {
                format!("{}={version}={build}", self.name)
            }
            (Some(version), Some(build)) => {
                format!("{}[version='{version}',build='{build}']", self.name)
            }
        }
    }
}

/// One condition such as `>=2.1` or `2.4.*`.
fn admits(part: &str, version: Version) -> Option<bool> {
    let at = part.find(|c: char| c.is_ascii_digit() || c == '*').unwrap_or(part.len());
    let (operator, number) = part.split_at(at);
    if number == "*" {
        return Some(true);
    }
    let is_glob = number.ends_with('*');
    let number = number.trim_end_matches('*').trim_end_matches('.');
    // `2.6.0a0` as an upper bound means "below 2.6.0".
    let number = number.strip_suffix("a0").unwrap_or(number).trim_end_matches('.');
    let bound: Version = number.parse().ok()?;
    Some(match operator.trim() {
        ">=" => version >= bound,
        ">" => version > bound,
        "<=" => version <= bound,
        "<" => version < bound,
        "!=" if is_glob => !bound.covers(version),
        "!=" => version != bound,
        "~=" => version >= bound && bound.series().covers(version),
        "==" if !is_glob => version == bound,
        "" | "=" | "==" => bound.covers(version),
        _ => return None,
    })
}

/// `conda-forge` of `conda-forge/linux-64`.
fn without_subdir(channel: &str) -> String {
    let channel = channel.trim_end_matches('/');
    let found = SUBDIRS.iter().find_map(|subdir| channel.strip_suffix(subdir));
    found.unwrap_or(channel).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (Option<String>, String, Option<String>, Option<String>) {
        let spec = TypedSpec::parse(text).expect("a spec");
        (spec.channel, spec.name, spec.version, spec.build)
    }

    #[test]
    fn every_form_that_histories_hold_is_taken_apart() {
        let some = |text: &str| Some(text.to_owned());
        let cases = [
            ("pytorch::pytorch", (some("pytorch"), "pytorch", None, None)),
            ("pytorch-cuda=12.1", (None, "pytorch-cuda", some("12.1"), None)),
            ("Numpy", (None, "numpy", None, None)),
            ("numpy>=1.20, <2", (None, "numpy", some(">=1.20,<2"), None)),
            ("numpy 1.26.*", (None, "numpy", some("1.26.*"), None)),
            ("numpy==1.26.4=py311h1_0", (None, "numpy", some("1.26.4"), some("py311h1_0"))),
            (
                "pytorch/linux-64::pytorch==2.5.1=py3.11_cuda12.1_cudnn9.1.0_0",
                (some("pytorch"), "pytorch", some("2.5.1"), some("py3.11_cuda12.1_cudnn9.1.0_0")),
            ),
            (
                "pytorch[version='2.9.*',build='cuda*']",
                (None, "pytorch", some("2.9.*"), some("cuda*")),
            ),
            ("pytorch=*=*cuda*", (None, "pytorch", None, some("*cuda*"))),
            (
                "https://conda.anaconda.org/nvidia/label/cuda-12.1.0::cuda-toolkit",
                (
                    some("https://conda.anaconda.org/nvidia/label/cuda-12.1.0"),
                    "cuda-toolkit",
                    None,
                    None,
                ),
            ),
        ];
        for (text, (channel, name, version, build)) in cases {
            assert_eq!(parts(text), (channel, name.to_owned(), version, build), "{text}");
        }
    }

    #[test]
    fn what_names_no_package_is_no_spec() {
        for text in [
            "",
            "@explicit",
            "# a comment",
            "./x.conda",
            "https://host/x.conda",
            "$(x)",
            "--yes",
            "-c x",
        ] {
            assert_eq!(TypedSpec::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ranges_and_beginnings_admit_what_conda_says_they_do() {
        let admits = |text: &str, version: &str| {
            let spec = TypedSpec::parse(text).expect("a spec");
            spec.admits(version.parse().expect("a version"))
        };
        assert_eq!(admits("pytorch", "2.13.0"), Some(true));
        assert_eq!(admits("pytorch=2.1", "2.1.2"), Some(true));
        assert_eq!(admits("pytorch=2.1", "2.13.0"), Some(false));
        assert_eq!(admits("pytorch>=2.0", "2.13.0"), Some(true));
        assert_eq!(admits("pytorch>=2.0,<2.3", "2.3.0"), Some(false));
        assert_eq!(admits("pytorch>=2.0,<2.3", "2.2.2"), Some(true));
        assert_eq!(admits("pytorch >=2.5.1,<2.6.0a0", "2.5.1"), Some(true));
        assert_eq!(admits("pytorch >=2.5.1,<2.6.0a0", "2.6.0"), Some(false));
        assert_eq!(admits("pytorch 2.4.*|2.5.*", "2.5.1"), Some(true));
        assert_eq!(admits("pytorch==2.5.1", "2.5.1"), Some(true));
        assert_eq!(admits("pytorch<x", "2.5.1"), None);
    }

    #[test]
    fn a_spec_without_channel_and_build_is_one_that_every_client_reads() {
        let plain = |text: &str| TypedSpec::parse(text).expect("a spec").plain();
        assert_eq!(plain("defaults::scipy"), "scipy");
        assert_eq!(plain("numpy=1.26"), "numpy=1.26");
        assert_eq!(plain("numpy==1.26.4=py311_0"), "numpy==1.26.4");
        assert_eq!(plain("numpy >=1.20, <2"), "numpy>=1.20,<2");
        assert_eq!(plain("numpy 1.24.*|1.26.*"), "numpy[version='1.24.*|1.26.*']");
    }
}
