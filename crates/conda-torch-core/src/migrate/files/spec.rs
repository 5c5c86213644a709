//! One match spec as somebody wrote it, and as it is written anew.

use super::constraint::Constraint;

/// A match spec in any of conda's forms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Written {
    /// What stands before `::`.
    pub channel: Option<String>,
    /// The package, in small letters.
    pub name: String,
    /// What is said of the version, with its operator; empty where nothing is.
    pub version: String,
    /// The same, understood; `None` where it cannot be.
    pub constraint: Option<Constraint>,
    /// A glob over the build string.
    pub build: Option<String>,
}

impl Written {
    /// Reads a spec; `None` for what is none, such as a path, a URL or a template.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (channel, rest) = match text.trim().rsplit_once("::") {
            Some((channel, rest)) if !channel.is_empty() => (Some(channel.to_owned()), rest),
            Some(_) => return None,
            None => (None, text.trim()),
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        if name.is_empty() || rest.starts_with(['/', '\\', ':', '{', '@']) {
            return None;
        }
        let mut spec = Self { channel, name: name.to_ascii_lowercase(), ..Self::default() };
        match rest.strip_prefix('[') {
            Some(brackets) => spec.read_brackets(brackets.strip_suffix(']')?)?,
            None => spec.read_version(rest)?,
        }
        if spec.build.as_deref() == Some("*") {
            spec.build = None;
        }
        Some(spec)
    }

    /// `version='>=2.0',build=cuda*`.
    fn read_brackets(&mut self, text: &str) -> Option<()> {
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (key, value) = rest.split_once('=')?;
            let (value, after) = match value.strip_prefix(['\'', '"']) {
                Some(quoted) => quoted.split_once(['\'', '"'])?,
                None => value.split_at(value.find(',').unwrap_or(value.len())),
            };
            match key.trim() {
                "version" => self.set_version(value, true),
                "build" => self.build = Some(value.to_owned()),
                "channel" => self.channel = Some(value.to_owned()),
                _ => return None,
            }
            rest = after.trim_start().trim_start_matches(',').trim_start();
        }
        Some(())
    }

    /// `=2.1`, `==2.1.0`, `=2.1.0=build`, `>=2.0,<2.3`, ` 2.1.0 build`.
    fn read_version(&mut self, text: &str) -> Option<()> {
        let is_spaced = text.starts_with(char::is_whitespace);
        let joined = join_operators(text);
        let mut words = joined.split_whitespace();
        let Some(version) = words.next() else { return Some(()) };
        let operator = version.find(|c| !matches!(c, '=' | '<' | '>' | '!' | '~'));
        let (operator, number) = version.split_at(operator.unwrap_or(version.len()));
        self.build = words.next().map(str::to_owned);
        if words.next().is_some() || operator.is_empty() && !is_spaced {
            return None;
        }
        let is_range = number.contains([',', '|', '<', '>']);
        let (number, build) = match number.split_once('=') {
            Some((number, build)) if !is_range && self.build.is_none() => (number, Some(build)),
            Some(_) if !is_range => return None,
            Some(_) | None => (number, None),
        };
        self.build = build.map(str::to_owned).or(self.build.take());
        let is_exact = operator.is_empty() || self.build.is_some() && operator == "=";
        self.set_version(&format!("{operator}{number}"), is_exact);
        Some(())
    }

    pub(super) fn set_version(&mut self, text: &str, is_exact: bool) {
        let starred = text.contains('*');
        let understood = if is_exact && !starred {
            Constraint::parse(
                text.strip_prefix('=').filter(|rest| !rest.starts_with('=')).unwrap_or(text),
                true,
            )
        } else {
            Constraint::parse(text, is_exact)
        };
        text.clone_into(&mut self.version);
        self.constraint = understood;
        if self.constraint.as_ref().is_some_and(Constraint::is_any) {
            self.version.clear();
            self.constraint = None;
        }
    }

    /// Whether something is said of the version that this program does not understand.
    pub(super) fn is_puzzling(&self) -> bool {
        !self.version.is_empty() && self.constraint.is_none()
    }

    /// The version that comes in the place of what is said now, in the same form.
    pub(super) fn restyled(&self, version: &str) -> String {
        match self.version.as_str() {
            old if old.starts_with("==") => format!("=={version}"),
            old if old.starts_with(|c: char| c.is_ascii_digit()) && self.build.is_none() => {
                format!(" {version}")
            }
            _ => format!("={version}"),
        }
    }
}

/// A text with no blanks after operators and around commas.
fn join_operators(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let glued = out.is_empty()
            || out.ends_with([',', '|', '=', '<', '>', '!', '~'])
            || word.starts_with([',', '|']);
        if !glued {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// A spec as it is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewSpec {
    /// What comes before `::`.
    pub channel: Option<&'static str>,
    /// The package.
    pub name: String,
    /// With its operator, or with a blank before an exact version; may be empty.
    pub version: String,
    /// A glob over the build string; then the version is one, or a range.
    pub build: Option<String>,
}

impl NewSpec {
    /// A package of any version.
    pub(super) fn named(name: impl Into<String>) -> Self {
        Self { channel: None, name: name.into(), version: String::new(), build: None }
    }

    /// `=X`.
    pub(super) fn pinned(name: impl Into<String>, version: impl std::fmt::Display) -> Self {
        Self { version: format!("={version}"), ..Self::named(name) }
    }

    /// As conda reads it.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        if let Some(channel) = self.channel {
            text.extend([channel, "::"]);
        }
        text.push_str(&self.name);
        match &self.build {
            None if self.version.starts_with(|c: char| c.is_ascii_digit()) => {
                text.extend([" ", &self.version]);
            }
            None => text.push_str(&self.version),
            Some(build) if self.version.starts_with(['<', '>', '!', '~']) => {
                text.extend([" ", &self.version, " ", build]);
            }
            Some(build) => {
                let version = self.version.trim_start_matches(['=', ' ']);
                let version = if version.is_empty() { "*" } else { version };
                text.extend(["=", version, "=", build]);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<String>, String, String, Option<String>) {
        let spec = Written::parse(text).expect("a spec");
        (spec.channel, spec.name, spec.version, spec.build)
    }

    #[test]
    fn every_form_of_a_spec_is_read() {
        for (text, channel, name, version, build) in [
            ("pytorch", "", "pytorch", "", ""),
            ("pytorch=2.1", "", "pytorch", "=2.1", ""),
            ("pytorch==2.1.0", "", "pytorch", "==2.1.0", ""),
            ("pytorch 2.1.0", "", "pytorch", "2.1.0", ""),
            ("pytorch = 2.1", "", "pytorch", "=2.1", ""),
            ("pytorch >= 2.0, < 2.3", "", "pytorch", ">=2.0,<2.3", ""),
            ("pytorch>=2.0,!=2.1.0", "", "pytorch", ">=2.0,!=2.1.0", ""),
            (
                "pytorch::pytorch=2.1.0=py3.10_cuda12.1_cudnn8.9.2_0",
                "pytorch",
                "pytorch",
                "=2.1.0",
                "py3.10_cuda12.1_cudnn8.9.2_0",
            ),
            ("pytorch 2.1.0 *cuda*", "", "pytorch", "2.1.0", "*cuda*"),
            ("pytorch=*=*cuda*", "", "pytorch", "", "*cuda*"),
            (
                "nvidia/label/cuda-12.1.0::cuda-nvcc",
                "nvidia/label/cuda-12.1.0",
                "cuda-nvcc",
                "",
                "",
            ),
            ("pytorch[version='>=2.0,<2.3',build=cuda*]", "", "pytorch", ">=2.0,<2.3", "cuda*"),
            ("pytorch[build='*cpu*',channel=pytorch]", "pytorch", "pytorch", "", "*cpu*"),
            ("Python=3.8.*", "", "python", "=3.8.*", ""),
        ] {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let expected = (some(channel), name.to_owned(), version.to_owned(), some(build));
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_spec_is_none() {
        for text in
            ["", "./a.conda", "https://x/y.conda", "{{ torch }}", "a b c d", "::x", "x[md5=1]"]
        {
            assert_eq!(Written::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_version_stays_in_the_form_that_it_had() {
        for (text, expected) in [
            ("a==1.0", "==2.3"),
            ("a=1.0", "=2.3"),
            ("a 1.0", " 2.3"),
            ("a=1.0=x", "=2.3"),
            ("a>=1.0", "=2.3"),
        ] {
            assert_eq!(Written::parse(text).expect("a spec").restyled("2.3"), expected, "{text}");
        }
    }

    #[test]
    fn a_fresh_spec_is_written_for_conda() {
        let build = |version: &str| NewSpec {
            version: version.to_owned(),
            build: Some("cuda120*".to_owned()),
            ..NewSpec::named("pytorch")
        };
        assert_eq!(build("=2.1.2").text(), "pytorch=2.1.2=cuda120*");
        assert_eq!(build(">=2.0,<2.3").text(), "pytorch >=2.0,<2.3 cuda120*");
        assert_eq!(build("").text(), "pytorch=*=cuda120*");
        assert_eq!(NewSpec::pinned("a", "1").text(), "a=1");
    }
}
