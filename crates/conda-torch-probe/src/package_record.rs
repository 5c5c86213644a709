//! A package's record in `conda-meta`. It lists every file of the package, which can be megabytes, so only its start
//! is read.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use conda_torch_core::conda::{ChannelName, masked};
use conda_torch_core::types::InstalledPackage;

use crate::host::Failure;
use crate::probe::failed;

/// The keys that are needed, as far as they were read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Record {
    name: Option<String>,
    version: Option<String>,
    build: Option<String>,
    build_number: Option<u64>,
    channel: Option<String>,
    url: Option<String>,
    subdir: Option<String>,
    depends: Option<Vec<String>>,
}

impl Record {
    /// Reads a record or its start. Also returns whether it was read to its end.
    pub(crate) fn read(bytes: &[u8]) -> Result<(Self, bool), Failure> {
        let mut record = Self::default();
        let mut json = serde_json::Deserializer::from_slice(bytes);
        match json.deserialize_map(Fill(&mut record)) {
            Ok(()) => Ok((record, true)),
            Err(error) if error.is_eof() => Ok((record, false)),
            Err(error) => failed(masked(&format!("not the record of a package: {error}"))),
        }
    }

    /// Whether its start has everything that the file name lacks: conda and micromamba write the keys in
    /// alphabetical order, with the long list of files between `depends` and `name`.
    pub(crate) fn is_enough(&self) -> bool {
        let channel = self.channel.as_deref().unwrap_or_default();
        let has_channel = !ChannelName::of(channel).name.is_empty();
        has_channel && self.build.is_some() && self.build_number.is_some() && self.depends.is_some()
    }

    /// The package. The file name has what was not read.
    pub(crate) fn package(self, file: FileName<'_>) -> InstalledPackage {
        let mut channel = ChannelName::of(self.channel.as_deref().unwrap_or_default());
        let by_url = ChannelName::of_package(self.url.as_deref().unwrap_or_default());
        if channel.name.is_empty() {
            channel.name = by_url.name;
        }
        let subdir = self.subdir.unwrap_or(if channel.subdir.is_empty() {
            by_url.subdir
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
            depends: self.depends.unwrap_or_default().iter().map(|spec| masked(spec)).collect(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileName<'f> {
    pub(crate) name: &'f str,
    pub(crate) version: &'f str,
    pub(crate) build: &'f str,
}

impl<'f> FileName<'f> {
    /// From `pytorch-2.5.1-py3.11_cuda12.1_cudnn9.1.0_0.json`; `None` for other files.
    pub(crate) fn parse(file: &'f str) -> Option<Self> {
        let (rest, build) = file.strip_suffix(".json")?.rsplit_once('-')?;
        let (name, version) = rest.rsplit_once('-')?;
        // macOS keeps `._NAME` beside files on foreign disks.
        (!name.is_empty() && !name.starts_with('.')).then_some(Self { name, version, build })
    }
}

/// Fills a record key by key: if the text ends early, the keys before are kept.
struct Fill<'r>(&'r mut Record);

impl<'de> Visitor<'de> for Fill<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the record of a package")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let record = self.0;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" => record.name = map.next_value()?,
                "version" => record.version = map.next_value()?,
                "build" => record.build = map.next_value()?,
                "build_number" => record.build_number = map.next_value()?,
                "channel" => record.channel = map.next_value()?,
                "url" => record.url = map.next_value()?,
                "subdir" => record.subdir = map.next_value()?,
                "depends" => record.depends = map.next_value()?,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileName<'_> =
        FileName { name: "pytorch", version: "2.5.1", build: "py3.11_cpu_0" };

    #[test]
    fn a_file_name_is_split_from_its_end() {
        let build = "py3.11_cuda12.1_cudnn9.1.0_0";
        let file = format!("pytorch-cuda-12.1-{build}.json");
        let name = FileName { name: "pytorch-cuda", version: "12.1", build };
        assert_eq!(FileName::parse(&file), Some(name));
        for other in ["history", "state.json", "pinned", "._pytorch-2.5.1-0.json", "-1-2.json"] {
            assert_eq!(FileName::parse(other), None, "{other}");
        }
    }

    #[test]
    fn the_start_of_a_record_and_its_file_name_are_enough() {
        let text = br#"{"build": "py3.11_cpu_0", "build_number": 0, "extra": {"a": [1, null]},
            "channel": "https://conda.anaconda.org/pytorch/linux-64",
            "constrains": ["cpuonly"], "depends": ["python >=3.11,<3.12.0a0"], "files": ["bin/con"#;
        let (record, is_whole) = Record::read(text).expect("a record");
        assert!(!is_whole);
        assert!(record.is_enough());
        let package = record.package(FILE);
        assert_eq!((package.name.as_str(), package.version.as_str()), ("pytorch", "2.5.1"));
        assert_eq!((package.channel.as_str(), package.subdir.as_str()), ("pytorch", "linux-64"));
        assert_eq!(package.depends, ["python >=3.11,<3.12.0a0"]);
    }

    #[test]
    fn a_package_without_a_channel_has_the_one_of_its_url() {
        let text = br#"{"build": "b", "build_number": 0, "depends": [], "channel": "<unknown>",
            "url": "https://conda.anaconda.org/conda-forge/noarch/a-1-b.conda"}"#;
        let (record, _) = Record::read(text).expect("a record");
        assert!(!record.is_enough());
        let package = record.package(FILE);
        assert_eq!((package.channel.as_str(), package.subdir.as_str()), ("conda-forge", "noarch"));
    }

    #[test]
    fn damage_differs_from_an_early_end() {
        for damaged in ["[]", "7", "{\"name\": 7}", "{\"depends\": {}}", "not JSON", "\u{0}"] {
            assert!(Record::read(damaged.as_bytes()).is_err(), "{damaged}");
        }
        for early in ["", "{", "{\"name\": \"a"] {
            let (_, is_whole) = Record::read(early.as_bytes()).expect("a beginning");
            assert!(!is_whole, "{early}");
        }
    }
}
