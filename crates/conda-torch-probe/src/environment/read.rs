//! Reads an environment.

use std::collections::HashMap;

use conda_torch_core::conda::{Subdir, masked};
use conda_torch_core::types::{Environment, InstalledPackage, SourceReport};

use super::{Location, history, pip};
use crate::host::{Failure, Host};
use crate::package_record::{FileName, Record};
use crate::probe::{failed, outcome};

/// How much of a record is read at first: the list of files comes after what is needed.
const HEAD: usize = 16 << 10;
const RECORD: usize = 64 << 20;
/// How much of the history is read: one line a package and change.
const HISTORY: usize = 16 << 20;
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
            let records =
                files.iter().filter_map(|file| Some((file.as_str(), FileName::parse(file)?)));
            let records: Vec<_> = records.collect();
            reader.packages(&records);
            reader.environment.subdir = reader.subdir(&records);
            reader.requested();
            let pinned = reader.text("pinned", PINNED);
            let specs = pinned.lines().map(str::trim);
            let specs = specs.filter(|line| !line.is_empty() && !line.starts_with('#'));
            reader.environment.pinned = specs.map(masked).collect();
            match pip::read(host, &reader.environment) {
                Ok(packages) => reader.environment.pip = packages,
                Err((folder, failure)) => reader.problem(folder, &failure),
            }
        }
        Err(failure) => reader.problem(reader.folder.clone(), &failure),
    }
    reader.environment
}

struct Reader<'h> {
    host: &'h dyn Host,
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

    fn packages(&mut self, records: &[(&str, FileName<'_>)]) {
        let mut places: HashMap<String, usize> = HashMap::new();
        for (file, name) in records.iter().take(RECORDS) {
            let path = self.path(file);
            match self.package(&path, *name) {
                Ok(package) => self.add(package, path, &mut places),
                Err(failure) => self.problem(path, &failure),
            }
        }
        if records.len() > RECORDS {
            let why = format!("more than {RECORDS} records: the rest was not read");
            self.problem(format!("{} (the rest)", self.folder), &Failure::Other(why));
        }
        self.environment.packages.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// Adds a package, each only once. An aborted installation leaves two records.
    fn add(
        &mut self,
        package: InstalledPackage,
        path: String,
        places: &mut HashMap<String, usize>,
    ) {
        let packages = &mut self.environment.packages;
        let at = *places.entry(package.name.clone()).or_insert(packages.len());
        match packages.get_mut(at) {
            Some(known) => {
                let why = format!("a second record of `{}`, beside {}", known.name, known.version);
                *known = package;
                self.problem(path, &Failure::Other(why));
            }
            None => packages.push(package),
        }
    }

    /// The package of a record, usually from its start.
    fn package(&self, path: &str, name: FileName<'_>) -> Result<InstalledPackage, Failure> {
        let head = self.host.read_start(path, HEAD)?;
        let (record, is_whole) = Record::read(&head)?;
        if is_whole || head.len() == HEAD && record.is_enough() {
            return Ok(record.package(name));
        }
        self.whole_package(path, name)
    }

    fn whole_package(&self, path: &str, name: FileName<'_>) -> Result<InstalledPackage, Failure> {
        match Record::read(&self.host.read(path, RECORD)?)? {
            (record, true) => Ok(record.package(name)),
            (_, false) => failed("it is cut off"),
        }
    }

    /// The platform of a package, of Python first. If no start of a record has it, the record of Python
    /// or PyTorch is read to its end.
    fn subdir(&self, records: &[(&str, FileName<'_>)]) -> Option<Subdir> {
        let python = self.environment.package("python").into_iter();
        let mut packages = python.chain(&self.environment.packages);
        let mut records = records.iter().filter(|(_, it)| matches!(it.name, "python" | "pytorch"));
        packages.find_map(|package| package.subdir.parse().ok()).or_else(|| {
            records.find_map(|(file, name)| {
                self.whole_package(&self.path(file), *name).ok()?.subdir.parse().ok()
            })
        })
    }

    /// Requested specs of installed packages: clients ignore the others too. pixi keeps no history.
    fn requested(&mut self) {
        let mut requested = history::requested(&self.text("history", HISTORY));
        requested.retain(|spec| {
            history::name(spec).is_some_and(|name| self.environment.package(name).is_some())
        });
        self.environment.requested = requested;
    }

    /// The text of a file; empty if it does not exist or cannot be read.
    fn text(&mut self, file: &str, limit: usize) -> String {
        let path = self.path(file);
        let bytes = self.host.read(&path, limit).unwrap_or_else(|failure| {
            if failure != Failure::NotThere {
                self.problem(path, &failure);
            }
            Vec::new()
        });
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
