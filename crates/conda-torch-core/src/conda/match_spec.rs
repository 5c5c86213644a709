//! Match specs: requirements on one package.

use std::fmt;

use serde::{Serialize, Serializer};

use super::Constraint;
use super::channel::split_subdir;

/// A match spec.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MatchSpec {
    /// What comes before `::`, without a subdir: `pytorch`, `https://host.example/channel`.
    pub channel: Option<String>,
    /// The package, in lower case.
    pub name: String,
    /// With its operator and without blanks: `=2.9`, `==2.9.1`, `2.9.*`, `>=2,<3`; empty for any.
    pub version: String,
    /// A glob over the build string.
    pub build: Option<String>,
}

/// The parts of a match spec, as written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpecParts<'a> {
    /// The channel, perhaps with a subdir.
    pub channel: Option<&'a str>,
    /// The package.
    pub name: &'a str,
    /// With its operator and perhaps with blanks: `=2.9`, `>= 2, < 3`.
    pub version: Option<&'a str>,
    /// A glob over the build string.
    pub build: Option<&'a str>,
    /// Keys in brackets besides these parts: `md5`, `subdir`.
    pub other_keys: Vec<&'a str>,
}

impl MatchSpec {
    /// A package of any version.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// `name=version`.
    pub fn version(name: impl Into<String>, version: impl fmt::Display) -> Self {
        Self { version: format!("={version}"), ..Self::named(name) }
    }

    /// `name=version=build`, which is that version alone to conda, and to micromamba all that begin
    /// like it: the version is to be written in full.
    pub fn build(
        name: impl Into<String>,
        version: impl fmt::Display,
        build: impl Into<String>,
    ) -> Self {
        Self { build: Some(build.into()), ..Self::version(name, version) }
    }

    /// Reads a spec; `None` for a text that names no package, such as a path, a URL or a template.
    pub fn parse(text: &str) -> Option<Self> {
        SpecParts::parse(text).map(Self::from)
    }

    /// The constraint on the version; `None` without one, or if it cannot be parsed.
    pub fn constraint(&self) -> Option<Constraint> {
        let version = if self.is_exact() { self.number() } else { &self.version };
        version.parse().ok()
    }

    /// Whether the version cannot be parsed.
    pub fn is_unclear(&self) -> bool {
        !self.version.is_empty() && self.constraint().is_none()
    }

    fn is_exact(&self) -> bool {
        let is_number = |text: &str| !text.contains(['*', '|', ',', '<', '>', '!', '~']);
        let is_begin = self.version.starts_with('=') && !self.version.starts_with("==");
        !self.version.is_empty() && is_number(&self.version) && (!is_begin || self.build.is_some())
    }

    /// The version without a sign of equality before it.
    fn number(&self) -> &str {
        self.version.trim_start_matches('=')
    }

    /// Another version, written in the form of this one's.
    pub fn restyled(&self, version: impl fmt::Display) -> String {
        match self.version.as_str() {
            old if old.starts_with("==") => format!("=={version}"),
            old if old.ends_with('*') => format!("={version}"),
            old if old.starts_with(|c: char| c.is_ascii_digit()) && self.build.is_none() => {
                version.to_string()
            }
            _ => format!("={version}"),
        }
    }

    /// The name and version as one word that every client reads, for a command line.
    pub fn argument(&self) -> String {
        let Self { name, version, .. } = self;
        match version.chars().next() {
            None => name.clone(),
            Some('<' | '>' | '!' | '~') => format!("{name}{version}"),
            Some(_) if self.is_exact() => format!("{name}=={}", self.number()),
            Some(_) if version.contains(['|', ',']) => format!("{name}[version='{version}']"),
            Some(_) => format!("{name}={}", self.number()),
        }
    }

    /// The same with the build string.
    pub fn argument_with_build(&self) -> String {
        let Self { name, version, build: Some(build), .. } = self else { return self.argument() };
        if version.contains(['<', '>', '!', '~', '|', ',']) {
            return format!("{name}[version='{version}',build='{build}']");
        }
        let version = if version.is_empty() { "*" } else { self.number() };
        format!("{name}={version}={build}")
    }
}

impl From<SpecParts<'_>> for MatchSpec {
    fn from(parts: SpecParts<'_>) -> Self {
        let version: String = parts.version.unwrap_or_default().split_whitespace().collect();
        let is_any = version.trim_start_matches('=') == "*";
        Self {
            channel: parts.channel.map(|channel| split_subdir(channel).0.to_owned()),
            name: parts.name.to_ascii_lowercase(),
            version: if is_any { String::new() } else { version },
            build: parts.build.filter(|build| *build != "*").map(str::to_owned),
        }
    }
}

/// As conda reads it in a file, channel included.
impl fmt::Display for MatchSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channel, name, version, build } = self;
        if let Some(channel) = channel {
            write!(f, "{channel}::")?;
        }
        f.write_str(name)?;
        let is_range = version.starts_with(['<', '>', '!', '~']);
        match build {
            None if version.starts_with(|c: char| c.is_ascii_digit()) => write!(f, " {version}"),
            None => f.write_str(version),
            Some(build) if is_range => write!(f, " {version} {build}"),
            Some(build) if version.is_empty() => write!(f, "=*={build}"),
            Some(build) => write!(f, "={}={build}", self.number()),
        }
    }
}

impl Serialize for MatchSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

const OPERATORS: [char; 5] = ['=', '<', '>', '!', '~'];

impl<'a> SpecParts<'a> {
    /// Parses a spec in any of conda's forms; `None` for a text that names no package.
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = without_comment(text).trim();
        let (channel, rest) = match text.rsplit_once("::") {
            Some((channel, rest)) => (Some(channel.trim()), rest.trim_start()),
            None => (None, text),
        };
        // On a command line, a hyphen would begin a flag.
        let is_word = |text: &str| !text.is_empty() && !text.starts_with(['-', '.']);
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let (name, rest) = rest.split_at(rest.find(|c| !is_name(c)).unwrap_or(rest.len()));
        let is_end = |c: char| c.is_whitespace() || c == '[' || OPERATORS.contains(&c);
        if !is_word(name)
            || !channel.is_none_or(|channel| !channel.is_empty() && !channel.starts_with('-'))
            || !rest.is_empty() && !rest.starts_with(is_end)
        {
            return None;
        }
        let mut parts = Self { channel, name, ..Self::default() };
        let (plain, brackets) = match rest.split_once('[') {
            Some((plain, brackets)) => (plain, brackets.strip_suffix(']')?),
            None => (rest, ""),
        };
        parts.read_plain(plain.trim())?;
        parts.read_brackets(brackets.trim())?;
        Some(parts)
    }

    /// `=2.1`, `==2.1.0`, `=2.1.0=build`, `>= 2.0, < 2.3`, `2.1.0 build`.
    fn read_plain(&mut self, text: &'a str) -> Option<()> {
        if text.is_empty() {
            return Some(());
        }
        let (version, after) = text.split_at(version_end(text));
        let operator = version.len() - version.trim_start_matches(OPERATORS).len();
        let separator = version[operator..].find('=').map(|at| operator + at);
        let is_range = version[operator..].contains(['<', '>', '|', ',']);
        let (version, build) = match separator.filter(|_| !is_range) {
            Some(at) => (&version[..at], Some(&version[at + 1..])),
            None => (version, None),
        };
        let after = Some(after.trim()).filter(|after| !after.is_empty());
        if after.is_some_and(|after| build.is_some() || after.contains(char::is_whitespace)) {
            return None;
        }
        self.version = Some(version);
        self.build = build.or(after);
        Some(())
    }

    /// `version='>=2.0',build=cuda*`.
    fn read_brackets(&mut self, text: &'a str) -> Option<()> {
        let mut rest = text;
        while !rest.is_empty() {
            let (key, value) = rest.split_once('=')?;
            let value = value.trim_start();
            let (value, after) = match value.chars().next() {
                Some(quote @ ('\'' | '"')) => value[1..].split_once(quote)?,
                Some(_) | None => value.split_at(value.find(',').unwrap_or(value.len())),
            };
            match key.trim() {
                "version" => self.version = Some(value.trim()),
                "build" => self.build = Some(value.trim()),
                "channel" => self.channel = Some(value.trim()),
                other => self.other_keys.push(other),
            }
            rest = after.trim_start_matches([',', ' ', '\t']);
        }
        Some(())
    }
}

/// The end of the version, which may have blanks around operators and commas.
fn version_end(text: &str) -> usize {
    let mut end = 0;
    loop {
        let word = text[end..].trim_start();
        let continues = end == 0
            || text[..end].ends_with(|c| OPERATORS.contains(&c) || matches!(c, ',' | '|'))
            || word.starts_with([',', '|']);
        if word.is_empty() || !continues {
            return end;
        }
        let start = text.len() - word.len();
        end = start + word.find(char::is_whitespace).unwrap_or(word.len());
    }
}

/// A text up to a `#` that begins it or follows a blank.
fn without_comment(text: &str) -> &str {
    let is_comment = |at: &usize| *at == 0 || text[..*at].ends_with(char::is_whitespace);
    let start = text.match_indices('#').map(|(at, _)| at).find(is_comment);
    &text[..start.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> MatchSpec {
        MatchSpec::parse(text).expect("a spec")
    }

    #[test]
    fn reads_every_form_of_a_spec() {
        for (text, channel, name, version, build) in [
            ("pytorch", "", "pytorch", "", ""),
            ("pytorch=2.1", "", "pytorch", "=2.1", ""),
            ("pytorch==2.1.0", "", "pytorch", "==2.1.0", ""),
            ("pytorch 2.1.0", "", "pytorch", "2.1.0", ""),
            ("pytorch = 2.1", "", "pytorch", "=2.1", ""),
            ("pytorch >= 2.0, < 2.3", "", "pytorch", ">=2.0,<2.3", ""),
            ("pytorch>=2.0,!=2.1.0", "", "pytorch", ">=2.0,!=2.1.0", ""),
            ("pytorch 2.4.*|2.5.*", "", "pytorch", "2.4.*|2.5.*", ""),
            ("pytorch 2.1.0 *cuda*", "", "pytorch", "2.1.0", "*cuda*"),
            ("pytorch >=2.0, <2.3 cuda*", "", "pytorch", ">=2.0,<2.3", "cuda*"),
            ("pytorch=*=*cuda*", "", "pytorch", "", "*cuda*"),
            ("pytorch=2.1=*", "", "pytorch", "=2.1", ""),
            ("numpy==1.26.4=py311h1_0", "", "numpy", "==1.26.4", "py311h1_0"),
            ("Python=3.8.*", "", "python", "=3.8.*", ""),
            ("python  3.8 # newer does not work", "", "python", "3.8", ""),
            ("pytorch::pytorch", "pytorch", "pytorch", "", ""),
            (
                "pytorch/linux-64::pytorch==2.5.1=py3.11_cuda12.1_cudnn9.1.0_0",
                "pytorch",
                "pytorch",
                "==2.5.1",
                "py3.11_cuda12.1_cudnn9.1.0_0",
            ),
            (
                "https://conda.anaconda.org/nvidia/label/cuda-12.1.0::cuda-nvcc",
                "https://conda.anaconda.org/nvidia/label/cuda-12.1.0",
                "cuda-nvcc",
                "",
                "",
            ),
            ("pytorch[version='>=2.0,<2.3',build=cuda*]", "", "pytorch", ">=2.0,<2.3", "cuda*"),
            ("pytorch[build='*cpu*', channel=\"pytorch\"]", "pytorch", "pytorch", "", "*cpu*"),
            ("pytorch=2.1[build=cuda*]", "", "pytorch", "=2.1", "cuda*"),
            ("x[url='https://host.example/x-1-0.conda#0123']", "", "x", "", ""),
        ] {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let (name, version) = (name.to_owned(), version.to_owned());
            let expected = MatchSpec { channel: some(channel), name, version, build: some(build) };
            assert_eq!(spec(text), expected, "{text}");
        }
    }

    #[test]
    fn refuses_specs_without_a_package() {
        for text in [
            "",
            "@explicit",
            "# a comment",
            "./x.conda",
            "https://host.example/x.conda",
            "$(x)",
            "{{ torch }}",
            "--yes",
            "-c x",
            "a b c d",
            "a=1=b c",
            "::x",
            "x[extra]",
            "x[version='1]",
        ] {
            assert_eq!(MatchSpec::parse(text), None, "{text}");
        }
    }

    #[test]
    fn parts_have_their_place_in_the_text() {
        let text = "nvidia/linux-64::cuda-nvcc >= 12, < 13 h0_0";
        let parts = SpecParts::parse(text).expect("a spec");
        assert_eq!(parts.channel, Some(&text[..15]));
        assert_eq!(parts.name, &text[17..26]);
        assert_eq!(parts.version, Some(">= 12, < 13"));
        assert_eq!(parts.build, Some("h0_0"));
        let parts = SpecParts::parse("x[md5=1, version=2]").expect("a spec");
        assert_eq!((parts.other_keys, parts.version), (vec!["md5"], Some("2")));
    }

    #[test]
    fn a_build_string_makes_the_version_exact() {
        let admits = |text: &str, version: &str| {
            let constraint = spec(text).constraint().expect("understood");
            constraint.admits(version.parse().expect("a version"))
        };
        assert!(admits("pytorch=2.1", "2.1.2"));
        assert!(!admits("pytorch=2.1=cuda*", "2.1.2"));
        assert!(admits("pytorch=2.1.*=cuda*", "2.1.2"));
        assert!(!admits("pytorch 2.1", "2.1.2"));
        assert!(spec("pytorch=$VERSION").is_unclear() && !spec("pytorch").is_unclear());
    }

    #[test]
    fn a_replaced_version_keeps_its_operator() {
        for (text, expected) in [
            ("a==1.0", "==2.3"),
            ("a=1.0", "=2.3"),
            ("a 1.0", "2.3"),
            ("a=1.0=x", "=2.3"),
            ("a>=1", "=2.3"),
        ] {
            assert_eq!(spec(text).restyled("2.3"), expected, "{text}");
        }
    }

    #[test]
    fn specs_in_files_are_in_the_syntax_of_conda() {
        for text in [
            "pytorch",
            "pytorch=2.1",
            "pytorch==2.1.0",
            "pytorch 2.1.0",
            "pytorch=2.1.2=cuda120*",
            "pytorch >=2.0,<2.3 cuda120*",
            "pytorch=*=cuda120*",
            "conda-forge::pytorch>=2.0",
        ] {
            assert_eq!(spec(text).to_string(), text);
        }
        assert_eq!(MatchSpec::version("cuda-version", "12.9").to_string(), "cuda-version=12.9");
        assert_eq!(MatchSpec::build("arm-variant", "*", "sbsa").to_string(), "arm-variant=*=sbsa");
    }

    #[test]
    fn specs_as_arguments_are_one_word_for_every_client() {
        for (text, plain, with_build) in [
            ("defaults::scipy", "scipy", "scipy"),
            ("numpy=1.26", "numpy=1.26", "numpy=1.26"),
            ("numpy 1.26.*", "numpy=1.26.*", "numpy=1.26.*"),
            ("numpy 1.26.4", "numpy==1.26.4", "numpy==1.26.4"),
            ("numpy==1.26.4=py311_0", "numpy==1.26.4", "numpy=1.26.4=py311_0"),
            ("numpy >=1.20, <2", "numpy>=1.20,<2", "numpy>=1.20,<2"),
            ("x=*=mpi*", "x", "x=*=mpi*"),
            ("x 2.4.*|2.5.*", "x[version='2.4.*|2.5.*']", "x[version='2.4.*|2.5.*']"),
            ("x >=2 b*", "x>=2", "x[version='>=2',build='b*']"),
        ] {
            assert_eq!(spec(text).argument(), plain, "{text}");
            assert_eq!(spec(text).argument_with_build(), with_build, "{text}");
        }
    }
}
