//! The commands of pixi that name channels and packages: of a workspace, or of an environment of their own.
//! Source: <https://pixi.prefix.dev/latest/reference/cli/pixi/>

use crate::conda::MatchSpec;

use super::shell_words::{Word, arguments};

/// A command of pixi.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PixiCommand {
    /// `init`: a workspace with channels.
    Init,
    /// `workspace channel add`, whose arguments are channels.
    ChannelAdd,
    /// `add`: packages of a workspace, whose channels stand elsewhere.
    Add,
    /// `global install`: an environment of its own.
    Global,
    /// `exec`: an environment for the command that follows, whose packages are values of options.
    Exec,
    /// What declares a version of CUDA to the solves of a workspace.
    DeclareCuda,
}

impl PixiCommand {
    /// Whether it works on a workspace.
    pub(super) fn is_of_workspace(self) -> bool {
        !matches!(self, Self::Global | Self::Exec)
    }

    /// Whether an option's values are match specs.
    pub(super) fn has_specs(self, option: &str) -> bool {
        match self {
            Self::Global => option == "--with",
            Self::Exec => matches!(option, "-s" | "--spec" | "-w" | "--with"),
            Self::Init | Self::ChannelAdd | Self::Add | Self::DeclareCuda => false,
        }
    }
}

/// The command and the place of its last word; `None` for those that name neither channels nor packages.
pub(super) fn command(words: &[Word]) -> Option<(usize, PixiCommand)> {
    let mut places = arguments(words, has_value);
    let mut next = || places.next().map(|at| (at, words[at].text.as_str()));
    let (at, verb) = next()?;
    let command = match verb {
        "init" => PixiCommand::Init,
        "add" | "a" if !words.iter().any(|word| is_other_source(&word.text)) => PixiCommand::Add,
        "exec" | "x" => PixiCommand::Exec,
        "global" | "g" => {
            let (at, verb) = next()?;
            return matches!(verb, "install" | "i" | "add").then_some((at, PixiCommand::Global));
        }
        "workspace" | "project" => {
            let (_, subject) = next()?;
            let (at, verb) = next()?;
            let names_cuda = || words[at..].iter().any(|word| word.text.contains("cuda"));
            let command = match (subject, verb) {
                ("channel", "add" | "a") => PixiCommand::ChannelAdd,
                ("platform", "add" | "a" | "edit" | "e") | ("system-requirements", "add")
                    if names_cuda() =>
                {
                    PixiCommand::DeclareCuda
                }
                _ => return None,
            };
            return Some((at, command));
        }
        _ => return None,
    };
    Some((at, command))
}

/// Whether an option makes the arguments of `add` packages that are not conda's.
fn is_other_source(option: &str) -> bool {
    matches!(option, "--pypi" | "--git" | "-g") || option.starts_with("--git=")
}

/// Whether the next word is the value of an option.
pub(super) fn has_value(option: &str) -> bool {
    matches!(
        option,
        "-c" | "--channel"
            | "-p"
            | "--platform"
            | "-f"
            | "--feature"
            | "-e"
            | "--environment"
            | "-m"
            | "--manifest-path"
            | "-w"
            | "--workspace"
            | "--with"
            | "-s"
            | "--spec"
            | "--script"
            | "-i"
            | "--import"
            | "--format"
            | "--scm"
            | "--conda-pypi-map"
            | "--expose"
            | "--priority"
            | "--color"
            | "--index"
            | "--auth-file"
            | "--concurrent-downloads"
            | "--concurrent-solves"
            | "--pinning-strategy"
            | "--pypi-keyring-provider"
            | "--tls-root-certs"
    )
}

/// Whether a program is pixi.
pub(super) fn is_pixi_name(program: &str) -> bool {
    program.eq_ignore_ascii_case("pixi")
}

/// Makes a spec one that pixi reads alike: a version of two numbers beside a build is exact there, not the beginning of
/// versions.
pub(super) fn write_as_pixi_reads(spec: &mut MatchSpec) {
    let number = spec.version.trim_start_matches('=');
    let is_short = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && number.bytes().filter(|byte| *byte == b'.').count() == 1
        && !spec.version.starts_with("==");
    if let Some(build) = spec.build.as_ref().filter(|_| is_short)
        && let Some(new) = MatchSpec::parse(&format!("{}={number}.*={build}", spec.name))
    {
        spec.version = new.version;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Word> {
        let word = |text: &str| Word { range: 0..0, text: text.to_owned(), quote: None };
        text.split(' ').map(word).collect()
    }

    #[test]
    fn reads_the_commands_that_name_channels_or_packages() {
        for (text, expected) in [
            ("init x -c pytorch", Some((0, PixiCommand::Init))),
            ("add pytorch", Some((0, PixiCommand::Add))),
            ("add --feature gpu pytorch", Some((0, PixiCommand::Add))),
            ("--manifest-path x add pytorch", Some((2, PixiCommand::Add))),
            ("add --pypi torch", None),
            ("add --git https://x.org torch", None),
            ("global install -c pytorch x", Some((1, PixiCommand::Global))),
            ("exec -s pytorch python", Some((0, PixiCommand::Exec))),
            ("project channel add pytorch", Some((2, PixiCommand::ChannelAdd))),
            ("workspace -m x channel add pytorch", Some((4, PixiCommand::ChannelAdd))),
            ("workspace channel remove pytorch", None),
            ("project system-requirements add cuda 12", Some((2, PixiCommand::DeclareCuda))),
            ("workspace platform edit linux-64 --cuda 12.0", Some((2, PixiCommand::DeclareCuda))),
            ("workspace platform add linux-64", None),
            ("run train", None),
            ("shell", None),
        ] {
            assert_eq!(command(&words(text)), expected, "{text}");
        }
    }

    #[test]
    fn a_short_version_beside_a_build_gets_a_star() {
        let written = |text: &str| {
            let mut spec = MatchSpec::parse(text).expect(text);
            write_as_pixi_reads(&mut spec);
            spec.to_string()
        };
        assert_eq!(written("pytorch=2.4=cuda*"), "pytorch=2.4.*=cuda*");
        for same in ["pytorch=2.4.1=cuda*", "pytorch=2.4", "pytorch=*=cuda*", "pytorch"] {
            assert_eq!(written(same), same);
        }
    }
}
