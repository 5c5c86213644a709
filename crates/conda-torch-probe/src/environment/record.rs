//! A package's record in `conda-meta`: the few keys that are needed. A record also lists every file
//! of its package, which makes megabytes of it, and is not read to its end.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use conda_torch_core::conda::ChannelName;
use conda_torch_core::types::InstalledPackage;

/// What was found in a record so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Record {
    name: Option<String>,
    version: Option<String>,
    build: Option<String>,
    build_number: Option<u64>,
    channel: Option<String>,
    url: Option<String>,
    subdir: Option<String>,
    depends: Option<Vec<String>>,
}

/// How a reading ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// All that there is was read, or all that is needed.
    Whole,
    /// The text ended too early.
    Early,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Name,
    Version,
    Build,
    BuildNumber,
    Channel,
    Url,
    Subdir,
    Depends,
    #[serde(other)]
    Other,
}

impl Record {
    /// Reads a record or its beginning.
    ///
    /// # Errors
    /// Where the text is no JSON object, or holds a key in another form.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, Ended), serde_json::Error> {
        let mut record = Self::default();
        let mut json = serde_json::Deserializer::from_slice(bytes);
        match Fill(&mut record).deserialize(&mut json) {
            Ok(()) => Ok((record, Ended::Whole)),
            Err(_) if record.is_full() => Ok((record, Ended::Whole)),
            Err(error) if error.is_eof() => Ok((record, Ended::Early)),
            Err(error) => Err(error),
        }
    }

    /// Whether nothing more is to be had of it.
    fn is_full(&self) -> bool {
        let Self { name, version, build, build_number, channel, url, subdir, depends } = self;
        let names = name.is_some() && version.is_some() && build.is_some();
        let origin = channel.is_some() && url.is_some() && subdir.is_some();
        names && origin && build_number.is_some() && depends.is_some()
    }

    /// Whether its beginning told what the name of the file does not: conda and micromamba write the
    /// keys in alphabetical order, with the long list of files between `depends` and `name`.
    pub(super) fn is_enough(&self) -> bool {
        let named = self
            .channel
            .as_deref()
            .is_some_and(|channel| !ChannelName::of(channel).name.is_empty());
        named && self.build.is_some() && self.build_number.is_some() && self.depends.is_some()
    }

    /// The package, with the name of the record's file for what was not read.
    pub(super) fn package(self, file: Named<'_>) -> InstalledPackage {
        let mut channel = ChannelName::of(self.channel.as_deref().unwrap_or_default());
        let own = ChannelName::of_package(self.url.as_deref().unwrap_or_default());
        if channel.name.is_empty() {
            channel.name = own.name;
        }
        let subdir = self.subdir.unwrap_or(if channel.subdir.is_empty() {
            own.subdir
        } else {
            channel.subdir
        });
        InstalledPackage {
            name: self.name.unwrap_or_else(|| file.name.to_owned()),
            version: self.version.unwrap_or_else(|| file.version.to_owned()),
            build: self.build.unwrap_or_else(|| file.build.to_owned()),
            build_number: self.build_number.unwrap_or_default(),
            channel: channel.name,
            subdir,
            depends: self.depends.unwrap_or_default(),
        }
    }
}

/// What the name of a record's file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named<'f> {
    pub(super) name: &'f str,
    pub(super) version: &'f str,
    pub(super) build: &'f str,
}

impl<'f> Named<'f> {
    /// From `pytorch-2.5.1-py3.11_cuda12.1_cudnn9.1.0_0.json`; `None` for other files.
    pub(super) fn of(file: &'f str) -> Option<Self> {
        let (rest, build) = file.strip_suffix(".json")?.rsplit_once('-')?;
        let (name, version) = rest.rsplit_once('-')?;
        // macOS keeps `._NAME` beside files on foreign disks.
        (!name.is_empty() && !name.starts_with('.')).then_some(Self { name, version, build })
    }
}

/// Fills a record, and ends with an error once it is full: there is no other way to stop early.
struct Fill<'r>(&'r mut Record);

impl<'de> DeserializeSeed<'de> for Fill<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fill<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a package's record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let record = self.0;
        while let Some(key) = map.next_key()? {
            match key {
                Key::Name => record.name = map.next_value()?,
                Key::Version => record.version = map.next_value()?,
                Key::Build => record.build = map.next_value()?,
                Key::BuildNumber => record.build_number = map.next_value()?,
                Key::Channel => record.channel = map.next_value()?,
                Key::Url => record.url = map.next_value()?,
                Key::Subdir => record.subdir = map.next_value()?,
                Key::Depends => record.depends = map.next_value()?,
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            if record.is_full() {
                return Err(A::Error::custom("nothing more is needed"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: Named<'_> = Named { name: "pytorch", version: "2.5.1", build: "py3.11_cpu_0" };

    #[test]
    fn a_record_s_file_is_taken_apart_from_its_end() {
        let build = "py3.11_cuda12.1_cudnn9.1.0_0";
        let file = format!("pytorch-cuda-12.1-{build}.json");
        let named = Named { name: "pytorch-cuda", version: "12.1", build };
        assert_eq!(Named::of(&file), Some(named));
        for other in ["history", "state.json", "pinned", "._pytorch-2.5.1-0.json", "-1-2.json"] {
            assert_eq!(Named::of(other), None, "{other}");
        }
    }

    #[test]
    fn a_full_record_is_not_read_on() {
        let text = br#"{"build":"b","build_number":7,"depends":[],"name":"n","subdir":"linux-64",
            "version":"1","url":"u","channel":"c", "files": [here it breaks"#;
        let (record, ended) = Record::read(text).expect("a record");
        assert_eq!(ended, Ended::Whole);
        assert_eq!(record.package(FILE).name, "n");
    }

    #[test]
    fn the_beginning_of_a_record_is_enough_where_its_file_tells_the_rest() {
        let text = br#"{"build": "py3.11_cpu_0", "build_number": 0, "extra": {"a": [1, null]},
            "channel": "https://conda.anaconda.org/pytorch/linux-64",
            "constrains": ["cpuonly"], "depends": ["python >=3.11,<3.12.0a0"], "files": ["bin/con"#;
        let (record, ended) = Record::read(text).expect("a record");
        assert_eq!(ended, Ended::Early);
        assert!(record.is_enough());
        let package = record.package(FILE);
        assert_eq!((package.name.as_str(), package.version.as_str()), ("pytorch", "2.5.1"));
        assert_eq!((package.channel.as_str(), package.subdir.as_str()), ("pytorch", "linux-64"));
        assert_eq!(package.depends, ["python >=3.11,<3.12.0a0"]);
    }

    #[test]
    fn a_package_without_a_channel_is_known_by_its_address() {
        let text = br#"{"build": "b", "build_number": 0, "depends": [], "channel": "<unknown>",
            "url": "https://conda.anaconda.org/conda-forge/noarch/a-1-b.conda"}"#;
        let (record, _) = Record::read(text).expect("a record");
        assert!(!record.is_enough());
        let package = record.package(FILE);
        assert_eq!((package.channel.as_str(), package.subdir.as_str()), ("conda-forge", "noarch"));
    }

    #[test]
    fn damage_is_told_from_an_early_end() {
        for damaged in ["[]", "7", "{\"name\": 7}", "{\"depends\": {}}", "not JSON", "\u{0}"] {
            assert!(Record::read(damaged.as_bytes()).is_err(), "{damaged}");
        }
        for early in ["", "{", "{\"name\": \"a"] {
            let (_, ended) = Record::read(early.as_bytes()).expect("a beginning");
            assert_eq!(ended, Ended::Early, "{early}");
        }
    }
}
