//! The keys of an address → a question, and back. A key is a flag of `advise` without its hyphens; `package` is a
//! package.

use std::fmt::Display;
use std::str::FromStr;

use crate::commands::as_folder;
use crate::conda::CONDA_FORGE;
use crate::escapes::visible;
use crate::report::ErrorCode;

use super::channels::of_address;
use super::values::{ACCELERATORS, BLAS, CLIENTS, Choices, SHELLS, pytorch, requested_python};
use super::values::{RequestedVersion, named};
use super::words::{Arguments, understood};
use super::{Question, Refusal};

/// The keys, in the order of an address.
const KEYS: [&str; 18] = [
    "platform",
    "gpu",
    "compute-capability",
    "driver",
    "cuda",
    "glibc",
    "macos",
    "pytorch",
    "python",
    "package",
    "accelerator",
    "cuda-version",
    "blas",
    "client",
    "shell",
    "name",
    "prefix",
    "channel",
];

/// Short names of keys, as of flags.
const SHORT_KEYS: [(&str, &str); 3] = [("n", "name"), ("c", "channel"), ("channels", "channel")];

/// Other names of the key for packages.
const PACKAGE_KEYS: [&str; 4] = ["package", "packages", "with", "p"];

impl Question {
    /// Reads keys with their values. A key may come more than once, and keys and values may be other words that a command
    /// line takes. Unknown keys and empty values are left out; the former with a note.
    ///
    /// # Errors
    /// If a value cannot be read; its key is in the refusal.
    pub fn of_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Refusal> {
        let (mut words, mut packages) = (vec!["advise".to_owned()], Vec::new());
        let mut channels: Vec<String> = Vec::new();
        for (key, value) in pairs {
            let key = key.trim().trim_start_matches('-').to_ascii_lowercase().replace('_', "-");
            let long = SHORT_KEYS.iter().find(|(short, _)| *short == key);
            let key = long.map_or(key, |(_, long)| (*long).to_owned());
            let value = value.trim();
            if key == "channel" {
                let each = value.split([',', ' ']).filter(|channel| !channel.is_empty());
                channels.extend(each.map(str::to_owned));
            } else if PACKAGE_KEYS.contains(&key.as_str()) {
                // `numpy<2,>=1.26` is one.
                let is_next = |part: &str| part.starts_with(|c: char| c.is_ascii_alphabetic());
                for part in value.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                    match packages.last_mut() {
                        Some(last) if !is_next(part) => *last = format!("{last},{part}"),
                        Some(_) | None => packages.push(part.to_owned()),
                    }
                }
            } else if !value.is_empty() {
                words.push(format!("--{key}={value}"));
            } else if key == "cpu" {
                words.push("--cpu".to_owned());
            }
        }
        let Arguments { words, notes } = understood(words, &|word| word == "advise");
        let mut question = Self { notes, ..Self::default() };
        question.requested.packages = packages;
        question.channels = of_address(channels)
            .map_err(|refusal| Refusal { key: Some("channel".to_owned()), ..refusal })?;
        for word in words.iter().skip(1) {
            let word = word.strip_prefix("--").unwrap_or(word);
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            question
                .set(key, value)
                .map_err(|refusal| Refusal { key: Some(key.to_owned()), ..refusal })?;
        }
        Ok(question)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), Refusal> {
        let Self { machine, requested, .. } = self;
        match key {
            "platform" => machine.platform = Some(parsed(key, value)?),
            "gpu" => machine.gpu.push(value.to_owned()),
            "compute-capability" => machine.compute_capability.push(parsed(key, value)?),
            "driver" => machine.driver = Some(parsed(key, value)?),
            "cuda" => machine.cuda = Some(parsed(key, value)?),
            "glibc" => machine.glibc = Some(parsed(key, value)?),
            "macos" => machine.macos = Some(parsed(key, value)?),
            "pytorch" => {
                requested.pytorch = match pytorch(value).map_err(|why| invalid(key, value, why))? {
                    RequestedVersion::Newest => None,
                    it @ (RequestedVersion::Prefix(_) | RequestedVersion::Range(_)) => Some(it),
                };
            }
            "python" => {
                let python = requested_python(value).map_err(|why| invalid(key, value, why))?;
                requested.python = Some(python);
            }
            "accelerator" => requested.accelerator = one_of(ACCELERATORS, key, value)?,
            "cpu" if !["0", "false", "no"].contains(&value) => {
                requested.accelerator = one_of(ACCELERATORS, key, "cpu")?;
            }
            "cpu" => {}
            "cuda-version" => requested.cuda_version = Some(parsed(key, value)?),
            "blas" => requested.blas = Some(one_of(BLAS, key, value)?),
            "client" => self.client = Some(one_of(CLIENTS, key, value)?),
            "shell" => self.shell = Some(one_of(SHELLS, key, value)?),
            "name" => self.name = Some(value.to_owned()),
            "prefix" => self.prefix = Some(as_folder(value)),
            // What links of other sites carry.
            _ if key.starts_with("utm-") || key == "ref" => {}
            _ => self.notes.push(format!("`{}` is unknown and left out", visible(key))),
        }
        Ok(())
    }

    /// The keys and values that ask this question again, in a fixed order: equal questions have equal ones.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let Self { machine, requested, client, shell, name, prefix, channels, .. } = self;
        let values = |key: &str| match key {
            "platform" => texts(machine.platform),
            "gpu" => machine.gpu.clone(),
            "compute-capability" => texts(machine.compute_capability.iter().copied()),
            "driver" => texts(machine.driver),
            "cuda" => texts(machine.cuda),
            "glibc" => texts(machine.glibc),
            "macos" => texts(machine.macos),
            "pytorch" => texts(requested.pytorch.as_ref()),
            "python" => texts(requested.python.as_ref()),
            "package" => requested.packages.clone(),
            "accelerator" => {
                let default = requested.accelerator == <_>::default();
                texts(Some(requested.accelerator.as_str()).filter(|_| !default))
            }
            "cuda-version" => texts(requested.cuda_version),
            "blas" => texts(requested.blas.map(|it| named(BLAS, &it))),
            "client" => texts(client.map(|it| named(CLIENTS, &it))),
            "shell" => texts(shell.map(|it| named(SHELLS, &it))),
            "name" => texts(name.as_ref()),
            "prefix" => texts(prefix.as_ref()),
            _ if *channels == CONDA_FORGE => Vec::new(),
            _ => texts(channels.iter()),
        };
        KEYS.into_iter()
            .flat_map(|key| values(key).into_iter().map(move |value| (key, value)))
            .collect()
    }
}

fn texts(values: impl IntoIterator<Item = impl Display>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

fn parsed<T: FromStr<Err: Display>>(key: &str, value: &str) -> Result<T, Refusal> {
    value.parse().map_err(|why| invalid(key, value, why))
}

fn one_of<T: Copy>(choices: Choices<T>, key: &str, value: &str) -> Result<T, Refusal> {
    let choice = choices.iter().find(|(name, ..)| *name == value);
    choice.map(|(.., value)| *value).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, ..)| *name).collect();
        invalid(key, value, format!("expected one of {}", names.join(", ")))
    })
}

/// The refusal of a value, in the words of the command line.
fn invalid(key: &str, value: &str, why: impl Display) -> Refusal {
    let value = visible(value);
    let message = format!("invalid value `{value}` for `--{key}`: {why}");
    Refusal::new(ErrorCode::InvalidValue, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(address: &str) -> Question {
        let pairs = address.split('&').filter_map(|pair| pair.split_once('='));
        Question::of_pairs(pairs).expect("a question")
    }

    fn canonical(address: &str) -> String {
        let pairs = question(address).pairs();
        pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&")
    }

    #[test]
    fn an_address_has_one_form() {
        for (address, expected) in [
            ("", ""),
            ("gpu=4090", "gpu=GeForce RTX 4090"),
            ("GPU=RTX 4090", "gpu=RTX 4090"),
            ("driver=R580&os=Linux", "platform=linux-64&driver=580"),
            ("gpu=2x A100", "gpu=A100&gpu=A100"),
            ("gpu=GB10", "platform=linux-aarch64&gpu=GB10"),
            ("sm=86", "compute-capability=8.6"),
            ("packages=torchvision,torchaudio", "package=torchvision&package=torchaudio"),
            ("with=numpy<2,>=1.26,scipy", "package=numpy<2,>=1.26&package=scipy"),
            ("torch=latest&py=312", "python=3.12"),
            ("pytorch=>=2.5", "pytorch=>=2.5"),
            ("cpu=", "accelerator=cpu"),
            ("cpu=1", "accelerator=cpu"),
            ("cpu=0", ""),
            ("client=miniforge&shell=zsh", "client=conda&shell=bash"),
            ("blas=openblas&name=work", "blas=generic&name=work"),
            ("utm_source=readme&driver=", ""),
            ("n=work&c=conda-forge", "name=work"),
            ("prefix=-x&channels=", "prefix=./-x"),
            (
                "c=https://u:SECRET@h.example/t/TOKEN/cf, conda-forge",
                "channel=https://h.example/cf&channel=conda-forge",
            ),
        ] {
            assert_eq!(canonical(address), expected, "{address}");
            assert_eq!(canonical(expected), expected);
        }
    }

    #[test]
    fn unknown_keys_are_said() {
        assert_eq!(question("gup=4090").notes, ["`gup` is unknown and left out"]);
        assert_eq!(question("gpu=4090").notes, ["`--gpu 4090` is read as `GeForce RTX 4090`"]);
    }

    #[test]
    fn an_invalid_value_names_its_key() {
        for (address, key) in [
            ("driver=new", "driver"),
            ("python=3", "python"),
            ("client=pip", "client"),
            ("channel=pytorch", "channel"),
            ("channel=./mirror", "channel"),
            ("channel=h.example/t/TOKEN/c", "channel"),
        ] {
            let pairs = address.split('&').filter_map(|pair| pair.split_once('='));
            let refusal = Question::of_pairs(pairs).expect_err("an invalid value");
            assert_eq!(refusal.key.as_deref(), Some(key), "{refusal}");
        }
    }

    #[test]
    fn a_package_is_no_part_of_a_gpu() {
        assert_eq!(canonical("gpu=RTX&package=4090"), "gpu=RTX&package=4090");
    }
}
