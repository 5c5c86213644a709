//! The nodes of a fleet by their classes, counted as they are read.

use std::collections::HashMap;

use crate::matrix::Matrix;
use crate::types::Machine;

use super::class::ClassFacts;
use super::hosts::{HostSet, Names, is_host_name};

/// Nodes as they are read: the classes, a bit for each name, and what was wrong.
#[derive(Debug, Clone, Default)]
pub(super) struct Nodes {
    pub(super) names: Names,
    kinds: Vec<Kind>,
    /// For 64 numbers of a family of names: those of each class that is among them.
    answers: HashMap<(u32, u64), Vec<(usize, u64)>>,
    count: u64,
    /// The class of each set of facts, before and after what is looked up was filled in.
    keys: HashMap<String, usize>,
    /// Names with more than one answer; the last one counts.
    pub(super) repeated: HostSet,
    /// Those of which a later answer differed.
    pub(super) contradicted: HostSet,
    /// Names whose answer is damaged.
    failed: HostSet,
    pub(super) damage: Vec<Damage>,
    pub(super) damaged: u64,
    /// Names that should be there.
    expected: Option<HostSet>,
}

/// The facts of a class.
#[derive(Debug, Clone)]
struct Kind {
    facts: ClassFacts,
    machine: Machine,
    unnamed: u64,
}

/// Nodes with the same facts.
#[derive(Debug, Clone)]
pub(super) struct Class {
    pub facts: ClassFacts,
    /// The first of them.
    pub machine: Machine,
    pub hosts: HostSet,
    /// How many have no name.
    pub unnamed: u64,
}

impl Class {
    pub(super) fn nodes(&self) -> u64 {
        self.hosts.len() + self.unnamed
    }
}

/// A part of the input that describes no node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file, if several were read.
    pub file: Option<String>,
    /// The line, from 1 on; that of the start, if it has several.
    pub line: u64,
    /// The node, if the line names it.
    pub node: Option<String>,
    /// What is wrong.
    pub why: LineError,
}

/// Why a line describes no node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum LineError {
    #[error("the JSON is cut off")]
    CutOff,
    #[error("not JSON: {0}")]
    NotJson(String),
    #[error("not recognized as a description of a node")]
    NoMachine,
    #[error("`format_version` is {0}; this program reads 1")]
    OtherFormat(String),
    #[error("the facts of the node: {0}")]
    BadMachine(String),
    #[error("`{0}` is not the name of a node")]
    BadName(String),
    #[error("the node did not answer: {0}")]
    NoAnswer(String),
    #[error("longer than {} MiB", .0 >> 20)]
    TooLong(usize),
}

impl LineError {
    /// Without the words of the input.
    pub(super) fn redacted(&self) -> Self {
        match self {
            Self::NotJson(_) => Self::NotJson("…".to_owned()),
            Self::BadMachine(_) => Self::BadMachine("…".to_owned()),
            Self::BadName(_) => Self::BadName("…".to_owned()),
            Self::NoAnswer(_) => Self::NoAnswer("…".to_owned()),
            Self::OtherFormat(_) => Self::OtherFormat("…".to_owned()),
            Self::CutOff | Self::NoMachine | Self::TooLong(_) => self.clone(),
        }
    }
}

/// How many damaged lines are kept; the others are counted.
const MOST_DAMAGE: usize = 1000;

impl Nodes {
    /// The class of a machine.
    pub(super) fn class_of(&mut self, mut machine: Machine, matrix: &Matrix) -> usize {
        let read = ClassFacts::read(&machine).key();
        if let Some(class) = self.keys.get(&read) {
            return *class;
        }
        let facts = ClassFacts::of(&mut machine, matrix);
        let next = self.kinds.len();
        // The facts as they were read may be those of another node after what was filled in.
        let class = *self.keys.entry(format!("filled {}", facts.key())).or_insert(next);
        self.keys.insert(read, class);
        if class == next {
            self.kinds.push(Kind { facts, machine, unnamed: 0 });
        }
        class
    }

    /// Counts a node; of several answers of one the last counts.
    pub(super) fn add(&mut self, name: Option<&str>, class: usize) {
        let Some(name) = name else {
            self.kinds[class].unnamed += 1;
            self.count += 1;
            return;
        };
        let (family, number) = self.names.host(name);
        let bit = 1 << (number % 64);
        let words = self.answers.entry((family, number / 64)).or_default();
        if let Some((other, word)) = words.iter_mut().find(|(_, word)| *word & bit != 0) {
            self.repeated.insert((family, number));
            if *other == class {
                return;
            }
            self.contradicted.insert((family, number));
            *word &= !bit;
        } else {
            self.count += 1;
        }
        match words.iter_mut().find(|(other, _)| *other == class) {
            Some((_, word)) => *word |= bit,
            None => words.push((class, bit)),
        }
    }

    /// The classes that have nodes, in the order in which they were read.
    pub(super) fn classes(&self) -> Vec<Class> {
        let class = |kind: &Kind| Class {
            facts: kind.facts.clone(),
            machine: kind.machine.clone(),
            hosts: HostSet::default(),
            unnamed: kind.unnamed,
        };
        let mut classes: Vec<Class> = self.kinds.iter().map(class).collect();
        for (place, words) in &self.answers {
            for (class, word) in words {
                classes[*class].hosts.insert_word(*place, *word);
            }
        }
        classes.retain(|class| class.nodes() > 0);
        classes
    }

    /// Of 64 numbers of a family of names, those of each class that is among them.
    pub(super) fn answers(&self, place: (u32, u64)) -> &[(usize, u64)] {
        self.answers.get(&place).map_or(&[], |words| words)
    }

    /// The facts of a class by its place among all that were read.
    pub(super) fn facts(&self, class: usize) -> &ClassFacts {
        &self.kinds[class].facts
    }

    /// Notes a part of the input that describes no node.
    pub(super) fn reject(&mut self, damage: Damage) {
        self.damaged += 1;
        if let Some(name) = damage.node.as_deref().filter(|name| is_host_name(name)) {
            let host = self.names.host(name);
            self.failed.insert(host);
        }
        if self.damage.len() < MOST_DAMAGE {
            self.damage.push(damage);
        }
    }

    /// Names of nodes whose answer is damaged.
    pub(super) fn fail(&mut self, names: &[String]) {
        for name in names {
            self.failed.insert(self.names.host(name));
        }
    }

    /// Names of nodes that should be there.
    pub(super) fn expect(&mut self, names: &[String]) {
        let mut expected = self.expected.take().unwrap_or_default();
        for name in names {
            expected.insert(self.names.host(name));
        }
        self.expected = Some(expected);
    }

    /// The nodes without an answer: those that should be there, and those whose answer is damaged.
    pub(super) fn missing(&self) -> HostSet {
        let mut missing = self.failed.clone();
        if let Some(expected) = &self.expected {
            missing.extend(expected);
        }
        let mut answered = HostSet::default();
        for (place, words) in &self.answers {
            answered.insert_word(*place, words.iter().fold(0, |all, (_, word)| all | word));
        }
        missing.without(&answered)
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }
}
