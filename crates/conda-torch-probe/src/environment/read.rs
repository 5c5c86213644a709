//! Reads an environment.

use conda_torch_core::conda::Subdir;
use conda_torch_core::types::{Environment, InstalledPackage, SourceReport};

use super::{Location, history, pip, without_secrets};
use crate::host::{Failure, Host};
use crate::package_record::{FileName, Record};
use crate::probe::{failed, outcome};

/// How much of a record is read at first: the list of files comes after what is needed.
const HEAD: usize = 16 << 10;
/// How much of a record is read at most.
const RECORD: usize = 64 << 20;
/// How much of the history is read: one line a package and change.
const HISTORY: usize = 16 << 20;
/// How much of `pinned` is read.
const PINNED: usize = 64 << 10;
/// How many records are read. No environment has as many.
const RECORDS: usize = 20_000;

/// Reads an environment. Files that cannot be read are in its `problems`.
pub fn read(host: &dyn Host, location: &Location) -> Environment {
    let Location { prefix, name } = location.clone();
    let folder = host.target().join(&prefix, "conda-meta");
    let environment = Environment { prefix, name, ..Environment::default() };
    let mut reader = Reader { host, folder, environment };
    match host.list(&reader.folder) {
        Ok(files) => {
            reader.records(&files);
            reader.requested();
            reader.pinned();
            pip::read(host, &mut reader.environment);
        }
        Err(failure) => reader.problem(reader.folder.clone(), &failure),
    }
    reader.environment
}

struct Reader<'h> {
    host: &'h dyn Host,
    /// `conda-meta`.
    folder: String,
    environment: Environment,
}

impl Reader<'_> {
    fn problem(&mut self, source: String, failure: &Failure) {
        let (outcome, detail) = (outcome(failure), failure.to_string());
        self.environment.problems.push(SourceReport { source, outcome, detail });
    }

    fn path(&self, file: &str) -> String {
        self.host.target().join(&self.folder, file)
    }

    fn records(&mut self, files: &[String]) {
        let mut names = files.iter().filter_map(|file| Some((file, FileName::parse(file)?)));
        for (file, name) in names.by_ref().take(RECORDS) {
            let path = self.path(file);
            match self.record(&path, name) {
                Ok(package) => self.add(package, path),
                Err(failure) => self.problem(path, &failure),
            }
        }
        if names.next().is_some() {
            let why = format!("more than {RECORDS} records: the rest was not read");
            self.problem(format!("{} (the rest)", self.folder), &Failure::Other(why));
        }
        self.environment.packages.sort_by(|a, b| a.name.cmp(&b.name));
        self.environment.subdir = self.subdir(files);
    }

    /// Adds a package, each only once. An aborted installation leaves two records.
    fn add(&mut self, package: InstalledPackage, path: String) {
        let packages = &mut self.environment.packages;
        match packages.iter_mut().rev().find(|known| known.name == package.name) {
            Some(known) => {
                let why = format!("a second record of `{}`, beside {}", known.name, known.version);
                *known = package;
                self.problem(path, &Failure::Other(why));
            }
            None => packages.push(package),
        }
    }

    /// The package of a record, usually from its start.
    fn record(&self, path: &str, name: FileName<'_>) -> Result<InstalledPackage, Failure> {
        let head = self.host.read_start(path, HEAD)?;
        let (record, is_whole) = Record::read(&head).map_err(|error| damaged(&error))?;
        if is_whole || head.len() == HEAD && record.is_enough() {
            return Ok(record.package(name));
        }
        self.whole(path).map(|record| record.package(name))
    }

    fn whole(&self, path: &str) -> Result<Record, Failure> {
        match Record::read(&self.host.read(path, RECORD)?).map_err(|error| damaged(&error))? {
            (record, true) => Ok(record),
            (_, false) => failed("it is cut off"),
        }
    }

    /// The platform of a package, of Python first. If no start of a record has it, the record of Python
    /// or PyTorch is read to its end.
    fn subdir(&self, files: &[String]) -> Option<Subdir> {
        let python = self.environment.package("python").into_iter();
        let mut packages = python.chain(&self.environment.packages);
        packages.find_map(|package| package.subdir.parse().ok()).or_else(|| {
            let names = files.iter().filter_map(|file| Some((file, FileName::parse(file)?)));
            let mut names = names.filter(|(_, it)| matches!(it.name, "python" | "pytorch"));
            names.find_map(|(file, name)| {
                self.whole(&self.path(file)).ok()?.package(name).subdir.parse().ok()
            })
        })
    }

    /// Requested specs of installed packages: clients ignore the others too. pixi keeps no history.
    fn requested(&mut self) {
        if let Some(text) = self.text("history", HISTORY) {
            let mut requested = history::requested(&text);
            requested.retain(|spec| {
                history::name(spec).is_some_and(|name| self.environment.package(name).is_some())
            });
            self.environment.requested = requested;
        }
    }

    fn pinned(&mut self) {
        if let Some(text) = self.text("pinned", PINNED) {
            let lines = text.lines().map(str::trim);
            let specs = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
            self.environment.pinned = specs.map(without_secrets).collect();
        }
    }

    /// The text of a file, if it exists and can be read.
    fn text(&mut self, file: &str, limit: usize) -> Option<String> {
        let path = self.path(file);
        match self.host.read(&path, limit) {
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(failure) => {
                if failure != Failure::NotThere {
                    self.problem(path, &failure);
                }
                None
            }
        }
    }
}

fn damaged(error: &serde_json::Error) -> Failure {
    Failure::Other(format!("not the record of a package: {error}"))
}
