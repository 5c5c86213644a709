//! A recorded machine: its raw answers.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    DisplayDevice, DriverReport, DriverRequest, Failure, Host, ProgramOutput, System, Target,
};

/// A recorded host. What the document does not mention does not exist.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedHost {
    /// What it is and where it was recorded.
    #[serde(default)]
    pub story: String,
    target: Target,
    #[serde(default)]
    system: System,
    unix_time: Option<u64>,
    glibc: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// Files by path. A path that ends with a separator is an empty folder.
    #[serde(default)]
    files: BTreeMap<String, File>,
    #[serde(default)]
    links: BTreeMap<String, String>,
    /// Windows' list of display adapters.
    devices: Option<Vec<DisplayDevice>>,
    /// Programs by their command line, joined with spaces.
    #[serde(default)]
    programs: BTreeMap<String, Program>,
    driver: Option<DriverReport>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum File {
    Text(String),
    Lines(Vec<String>),
    Failed { fails: Failure },
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Program {
    Failed { fails: Failure },
    Output(ProgramOutput),
}

impl std::str::FromStr for RecordedHost {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text)
    }
}

/// The name of a path's next part below a folder.
fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    let folder = folder.strip_suffix(['/', '\\']).unwrap_or(folder);
    let rest = path.strip_prefix(folder)?.strip_prefix(['/', '\\'])?;
    Some(rest.split(['/', '\\']).next().unwrap_or(rest))
}

impl Host for RecordedHost {
    fn target(&self) -> &Target {
        &self.target
    }

    fn system(&self) -> System {
        self.system.clone()
    }

    fn unix_time(&self) -> Option<u64> {
        self.unix_time
    }

    fn own_glibc(&self) -> Option<String> {
        self.glibc.clone()
    }

    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }

    fn read_start(&self, path: &str, limit: usize) -> Result<Vec<u8>, Failure> {
        let mut bytes = match self.files.get(path) {
            Some(File::Text(text)) => text.clone().into_bytes(),
            Some(File::Lines(lines)) => lines.join("\n").into_bytes(),
            Some(File::Failed { fails }) => return Err(fails.clone()),
            None => return Err(Failure::NotThere),
        };
        bytes.truncate(limit);
        Ok(bytes)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, Failure> {
        if let Some(File::Failed { fails }) = self.files.get(path) {
            return Err(fails.clone());
        }
        let paths = self.files.keys().chain(self.links.keys());
        let mut names: Vec<String> =
            paths.filter_map(|known| below(known, path)).map(str::to_owned).collect();
        if names.is_empty() {
            return Err(Failure::NotThere);
        }
        names.retain(|name| !name.is_empty());
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn exists(&self, path: &str) -> bool {
        self.files.contains_key(path) || self.list(path).is_ok()
    }

    fn is_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    fn read_link(&self, path: &str) -> Result<String, Failure> {
        self.links.get(path).cloned().ok_or(Failure::NotThere)
    }

    fn display_devices(&self) -> Result<Vec<DisplayDevice>, Failure> {
        self.devices.clone().ok_or(Failure::NotThere)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<ProgramOutput, Failure> {
        let words: Vec<&str> = std::iter::once(program).chain(arguments.iter().copied()).collect();
        match self.programs.get(&words.join(" ")) {
            Some(Program::Output(output)) => Ok(output.clone()),
            Some(Program::Failed { fails }) => Err(fails.clone()),
            None => Err(Failure::NotThere),
        }
    }

    fn driver(&self, _: &DriverRequest) -> DriverReport {
        self.driver.clone().unwrap_or_else(|| DriverReport::not_started("nothing was recorded"))
    }
}
