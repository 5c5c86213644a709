//! One environment, as its files tell.

use crate::host::{Failure, Host};
use conda_torch_core::conda::Subdir;
use conda_torch_core::types::{Environment, InstalledPackage, Outcome, SourceReport};

use super::record::{Ended, Named, Record};
use super::{Location, history, pip};

/// How much of a record is read at first: the list of files comes after what is needed.
const HEAD: usize = 16 << 10;
/// How much of a record is read at most.
const RECORD: usize = 64 << 20;
/// How much of the history is read: a line a package and change.
const HISTORY: usize = 16 << 20;
/// How much of `pinned` is read.
const PINNED: usize = 64 << 10;
/// How many records are read; no environment has as many.
const RECORDS: usize = 20_000;

/// Reads an environment. What cannot be read is in its `problems`, and the rest counts all the same;
/// where there is no `conda-meta`, its problem says so and nothing else is there.
#[must_use]
pub fn read(host: &dyn Host, place: &Location) -> Environment {
    let Location { prefix, name } = place.clone();
    let mut reader = Reader {
        host,
        folder: host.target().join(&prefix, "conda-meta"),
        environment: Environment { prefix, name, ..Environment::default() },
    };
    reader.records();
    if reader.environment.problems.iter().any(|problem| problem.source == reader.folder) {
        return reader.environment;
    }
    reader.requested();
    reader.pinned();
    pip::detect(host, &mut reader.environment);
    reader.environment
}

/// An environment in the making.
struct Reader<'h> {
    host: &'h dyn Host,
    /// `conda-meta`.
    folder: String,
    environment: Environment,
}

impl Reader<'_> {
    fn problem(&mut self, source: String, failure: &Failure) {
        let outcome = match failure {
            Failure::NotThere => Outcome::Absent,
            Failure::TimedOut => Outcome::TimedOut,
            Failure::Denied | Failure::TooLarge | Failure::Other(_) => Outcome::Failed,
        };
        let detail = failure.to_string();
        self.environment.problems.push(SourceReport { source, outcome, detail });
    }

    fn records(&mut self) {
        let files = match self.host.list(&self.folder) {
            Ok(files) => files,
            Err(failure) => return self.problem(self.folder.clone(), &failure),
        };
        let mut names = files.iter().filter_map(|file| Some((file, Named::of(file)?)));
        for (file, named) in names.by_ref().take(RECORDS) {
            let path = self.host.target().join(&self.folder, file);
            match self.record(&path, named) {
                Ok(package) => self.add(package, path),
                Err(failure) => self.problem(path, &failure),
            }
        }
        if names.next().is_some() {
            let why = format!("more than {RECORDS} records: those after them were not read");
            self.problem(format!("{} (the rest)", self.folder), &Failure::Other(why));
        }
        self.environment.packages.sort_by(|a, b| a.name.cmp(&b.name));
        self.environment.subdir = self.subdir(&files);
    }

    /// A package once. Two records of it are what an installation leaves that broke off.
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

    /// The package of a record, most often from its beginning.
    fn record(&self, path: &str, named: Named<'_>) -> Result<InstalledPackage, Failure> {
        let head = self.host.read_start(path, HEAD)?;
        let (record, ended) = Record::read(&head).map_err(|error| damaged(&error))?;
        if ended == Ended::Whole || head.len() == HEAD && record.is_enough() {
            return Ok(record.package(named));
        }
        self.whole(path).map(|record| record.package(named))
    }

    fn whole(&self, path: &str) -> Result<Record, Failure> {
        match Record::read(&self.host.read(path, RECORD)?).map_err(|error| damaged(&error))? {
            (record, Ended::Whole) => Ok(record),
            (_, Ended::Early) => Err(Failure::Other("it ends in the middle".to_owned())),
        }
    }

    /// The platform that a package is for, the one of Python first. Where the beginnings of the records
    /// do not say it, Python's or PyTorch's is read to its end.
    fn subdir(&self, files: &[String]) -> Option<Subdir> {
        let python = self.environment.package("python").into_iter();
        let mut packages = python.chain(&self.environment.packages);
        packages.find_map(|package| package.subdir.parse().ok()).or_else(|| {
            let telling = |named: &Named<'_>| matches!(named.name, "python" | "pytorch");
            let named = files.iter().filter_map(|file| Some((file, Named::of(file)?)));
            named.filter(|(_, named)| telling(named)).find_map(|(file, named)| {
                let path = self.host.target().join(&self.folder, file);
                self.whole(&path).ok()?.package(named).subdir.parse().ok()
            })
        })
    }

    /// What was asked for, of what is there: clients forget the rest too.
    fn requested(&mut self) {
        let path = self.host.target().join(&self.folder, "history");
        match self.host.read(&path, HISTORY) {
            Ok(bytes) => {
                let mut requested = history::requested(&String::from_utf8_lossy(&bytes));
                let packages = &self.environment.packages;
                let is_there = |name: &str| {
                    packages.binary_search_by(|package| package.name.as_str().cmp(name)).is_ok()
                };
                requested.retain(|spec| history::name(spec).is_some_and(is_there));
                self.environment.requested = requested;
            }
            // pixi keeps none: what was asked for stands in its manifest.
            Err(Failure::NotThere) => {}
            Err(failure) => self.problem(path, &failure),
        }
    }

    fn pinned(&mut self) {
        let path = self.host.target().join(&self.folder, "pinned");
        match self.host.read(&path, PINNED) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                let lines = text.lines().map(str::trim);
                let specs = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
                self.environment.pinned = specs.map(super::without_secrets).collect();
            }
            Err(Failure::NotThere) => {}
            Err(failure) => self.problem(path, &failure),
        }
    }
}

fn damaged(error: &serde_json::Error) -> Failure {
    Failure::Other(format!("not a package's record: {error}"))
}
