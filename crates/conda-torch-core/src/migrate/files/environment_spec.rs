//! The environments of a file, of any format: lists of channels and match specs, each with its place, and which
//! lists make up which environment.

use std::collections::BTreeMap;

use crate::conda::{ChannelKind, MatchSpec, Os, SpecParts, Subdir};
use crate::types::CudaVersion;

use super::file_migration::{ChangeReason, FileError, FileNote, LineChange};
use super::packages::{PackageRole, role};
use super::text_edit::Lines;
use super::variables::{has_blanks, has_variables};

/// The channels and match specs of one place: a command, a list of a file, a feature of pixi.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about its form")]
pub(super) struct SpecList {
    /// Whether conda-forge is one of the channels of its environment, at least after the migration.
    pub has_forge: bool,
    pub channels: Vec<ChannelLine>,
    pub specs: Vec<SpecLine>,
    /// The version of CUDA that it declares to a solver.
    pub declared_cuda: Option<String>,
    /// Whether the format has `>=` without quotes.
    pub has_floors: bool,
    /// Where it runs.
    pub place: RunPlace,
    /// Whether it is of a recipe, whose specs have blanks between their parts.
    pub is_recipe: bool,
    /// Whether variables add packages to it, which are lists of their own.
    pub has_variables: bool,
    /// The lists in variables that are a part of it.
    pub in_variables: Vec<usize>,
    /// Where it can get conda-forge.
    pub place_for_channel: Option<PlaceForChannel>,
    /// Notes on parts that stay as they are.
    pub notes: Vec<FileNote>,
}

impl SpecList {
    /// Whether another reading of its words gives the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let names = |list: &Self| {
            let channels = list.channels.iter().map(|line| line.name.clone());
            channels.collect::<Vec<_>>()
        };
        let specs = |list: &Self| {
            let specs = list.specs.iter();
            specs.map(|line| (line.spec.clone(), line.variants.clone())).collect::<Vec<_>>()
        };
        names(self) == names(other) && specs(self) == specs(other)
    }

    /// Whether conda-forge is one of its channels, at least after the migration: none of others has its place.
    pub(super) fn names_forge(&self) -> bool {
        let is_its =
            |name: &str| ChannelKind::of(name) != ChannelKind::Other || has_variables(name);
        self.channels.iter().any(|line| is_its(&line.name))
    }

    /// The first line that it names something on.
    pub(super) fn line(&self) -> Option<usize> {
        let specs = self.specs.iter().map(|line| line.line);
        specs.chain(self.channels.iter().map(|line| line.line)).min()
    }
}

/// Where conda-forge can be added to a list without it: behind the channels that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlaceForChannel {
    /// The byte to insert it at.
    pub at: usize,
    pub line: usize,
    pub form: ChannelForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChannelForm {
    /// An option of a command, behind a word: ` -c conda-forge`.
    Option,
    /// Elements of a list, behind one with these quotes: `, "-c", "conda-forge"`.
    Elements(char),
    /// A list of channels before the line of another key.
    Key,
    /// An item below the last of a list.
    Item,
}

impl PlaceForChannel {
    /// The text to insert.
    pub(super) fn text(self, lines: &Lines<'_>) -> String {
        let end = lines.end_of(&lines.whole(self.at));
        match self.form {
            ChannelForm::Option => " -c conda-forge".to_owned(),
            ChannelForm::Elements(quote) => {
                format!(", {quote}-c{quote}, {quote}conda-forge{quote}")
            }
            ChannelForm::Key => format!("channels:{end}  - conda-forge{end}"),
            ChannelForm::Item => String::new(),
        }
    }

    pub(super) fn change(self) -> LineChange {
        let after = match self.form {
            ChannelForm::Option | ChannelForm::Elements(_) => "-c conda-forge",
            ChannelForm::Key => "channels: [conda-forge]",
            ChannelForm::Item => "conda-forge",
        };
        let (before, after) = (String::new(), vec![after.to_owned()]);
        LineChange { line: self.line, before, after, why: ChangeReason::ADDED_CHANNEL }
    }
}

/// Where an environment is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum RunPlace {
    /// On the machine that uses it, as far as the file tells.
    #[default]
    Anywhere,
    /// In the build of an image, which has no GPU.
    ImageBuild,
    /// On a runner of GitHub's without a GPU.
    HostedRunner,
}

/// An environment: the union of some lists.
#[derive(Debug, Clone, Default)]
pub(super) struct Environment {
    /// Its lists, in the order in which they add to it.
    pub lists: Vec<usize>,
    /// Its platforms; empty if the file names none.
    pub platforms: Vec<Subdir>,
    /// The platforms to assume if neither the file nor the user names one.
    pub likely_platforms: Vec<Subdir>,
    /// Which of the values of variables it is for.
    pub variant: usize,
    /// Whether a lock file is made of it for those platforms.
    pub is_locked: bool,
}

#[derive(Debug, Clone)]
pub(super) struct ChannelLine {
    /// The byte at which it begins.
    pub at: usize,
    pub line: usize,
    pub name: String,
}

#[derive(Debug, Clone)]
pub(super) struct SpecLine {
    /// The byte at which it begins.
    pub at: usize,
    pub line: usize,
    /// As it is written, without quotes.
    pub text: String,
    /// `None` for what is not a match spec, such as a URL. Variables have their values.
    pub spec: Option<MatchSpec>,
    /// The version with the names of its variables, if it has some.
    pub template: Option<String>,
    /// The specs for the further values of a variable, such as the Pythons of a workflow.
    pub variants: Vec<MatchSpec>,
    /// Its platforms, if this line alone has some.
    pub platforms: Option<Vec<Subdir>>,
}

/// The most values of a variable that are looked at.
const MOST_VARIANTS: usize = 8;

impl SpecLine {
    /// A line of a list. A spec with keys that would be lost, such as `md5`, is not read as one.
    pub(super) fn new(at: usize, line: usize, text: &str) -> Self {
        let parts = SpecParts::parse(text).filter(|parts| parts.other_keys.is_empty());
        Self {
            at,
            line,
            text: text.to_owned(),
            spec: parts.map(MatchSpec::from),
            template: None,
            variants: Vec::new(),
            platforms: None,
        }
    }

    /// A line in which the values of variables are known.
    pub(super) fn with_values(self, values: &str) -> Self {
        if values == self.text {
            return self;
        }
        let Self { at, line, text, .. } = self;
        let new = Self::new(at, line, values);
        let name = new.spec.as_ref().map_or(0, |spec| spec.name.len());
        // `pytorch::pytorch=$VERSION`: behind the channel.
        let end = values.find("::").map_or(name, |channel| channel + 2 + name);
        let same_name = values.get(..end).is_some_and(|name| text.starts_with(name));
        let template = text.get(end..).filter(|_| name > 0 && same_name).map(str::to_owned);
        Self { text, template, ..new }
    }

    /// A line with a variable that has several values, which only a Python's may have.
    pub(super) fn with_variants(self, values: &[String]) -> Self {
        let mut specs = values.iter().take(MOST_VARIANTS).filter_map(|text| MatchSpec::parse(text));
        match specs.next() {
            Some(first) if role(&first) == PackageRole::Python => {
                Self { spec: Some(first), variants: specs.collect(), ..self }
            }
            Some(_) | None => self,
        }
    }

    /// A line with an unknown variable, as a spec of its package with an unknown version.
    pub(super) fn named(self) -> Self {
        if self.spec.is_some() {
            return self;
        }
        let end = self.text.find(['=', '<', '>', '!', '~', ' ']).unwrap_or(0);
        let (name, version) = self.text.split_at(end);
        let is_unknown = has_blanks(version) || version.contains('$');
        let spec = MatchSpec::parse(name).filter(|_| is_unknown);
        let spec = spec.map(|spec| MatchSpec { version: version.to_owned(), ..spec });
        Self { spec, ..self }
    }

    /// The spec for one of the values of its variable.
    pub(super) fn variant(&self, number: usize) -> Option<&MatchSpec> {
        match number.checked_sub(1) {
            Some(at) if !self.variants.is_empty() => self.variants.get(at).or(self.spec.as_ref()),
            Some(_) | None => self.spec.as_ref(),
        }
    }

    /// A new spec as this line writes it: with the variable instead of the same version.
    pub(super) fn written(&self, new: &MatchSpec) -> MatchSpec {
        match (&self.template, &self.spec) {
            (Some(template), Some(old))
                if !new.version.is_empty()
                    && new.version == old.version
                    && old.build.is_none()
                    && new.build.is_none() =>
            {
                MatchSpec { version: template.clone(), ..new.clone() }
            }
            _ => new.clone(),
        }
    }

    /// Whether it is a variable, with packages that are not known.
    pub(super) fn is_unknown(&self) -> bool {
        let is_file = || self.text.contains('/');
        self.spec.is_none()
            && (self.text.starts_with(['$', '%', '@']) || has_blanks(&self.text) && !is_file())
    }

    pub(super) fn role(&self) -> PackageRole {
        self.spec.as_ref().map_or(PackageRole::Other, role)
    }

    /// Whether it is PyTorch or a package that only works with it.
    pub(super) fn names_torch(&self) -> bool {
        matches!(
            self.role(),
            PackageRole::Pytorch | PackageRole::Companion(_) | PackageRole::CpuOnly
        )
    }

    pub(super) fn applies_to(&self, platform: Subdir) -> bool {
        self.platforms.as_ref().is_none_or(|platforms| platforms.contains(&platform))
    }
}

/// The edit to a channel or a package: `None` if it stays, else what replaces it; nothing for a removal.
pub(super) type Edit<T> = Option<Vec<T>>;

#[derive(Debug, Clone, Default)]
pub(super) struct ListEdits {
    pub channels: Vec<Edit<String>>,
    pub specs: Vec<Edit<MatchSpec>>,
    /// What moves into tables of single platforms.
    pub platform_specs: BTreeMap<Subdir, Vec<MatchSpec>>,
    /// The selectors of the new specs of a line, by its place in `specs`, where platforms differ.
    pub selectors: BTreeMap<usize, Vec<&'static str>>,
    /// The `__cuda` that a solve needs; `None` without CUDA, or if nothing changes.
    pub needs_cuda: Option<CudaVersion>,
    /// The platforms whose builds need `__cuda`.
    pub cuda_platforms: Vec<Subdir>,
    /// Whether it gets the channel conda-forge, at its place for one.
    pub adds_channel: bool,
    /// The version of CUDA that it declares from now on; `None` if that stays.
    pub declared_cuda: Option<String>,
}

impl ListEdits {
    /// The list as it is.
    pub(super) fn none(list: &SpecList) -> Self {
        Self {
            channels: vec![None; list.channels.len()],
            specs: vec![None; list.specs.len()],
            ..Self::default()
        }
    }

    /// Whether a new spec has no channel of its own.
    pub(super) fn needs_channel(&self) -> bool {
        let mut new = self.specs.iter().flatten().flatten();
        new.any(|spec| spec.channel.is_none())
    }

    /// Whether the list stays as it is.
    pub(super) fn is_none(&self) -> bool {
        self.channels.iter().all(Option::is_none)
            && self.specs.iter().all(Option::is_none)
            && self.declared_cuda.is_none()
            && !self.adds_channel
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct FileEdits {
    pub lists: Vec<ListEdits>,
    pub changes: Vec<LineChange>,
    pub notes: Vec<FileNote>,
    /// Why some environments stay as they are.
    pub failures: Vec<FileError>,
    /// The lists that stay for one of the failures.
    pub failed_lists: Vec<bool>,
    /// The texts of lines that have other values in each row of a matrix.
    pub row_texts: NewTexts,
}

/// The new texts of the channels and specs that change, by the byte at which the old ones begin.
pub(super) type NewTexts = BTreeMap<usize, Vec<String>>;

impl FileEdits {
    /// The selectors of new texts, by the byte at which the old ones begin.
    pub(super) fn selectors(&self, lists: &[SpecList]) -> BTreeMap<usize, Vec<&'static str>> {
        let lines = lists.iter().zip(&self.lists).flat_map(|(list, edits)| {
            edits.selectors.iter().map(|(at, words)| (list.specs[*at].at, words.clone()))
        });
        lines.collect()
    }

    pub(super) fn new_texts(&self, lists: &[SpecList]) -> NewTexts {
        let mut texts = NewTexts::new();
        for (list, edits) in lists.iter().zip(&self.lists) {
            let channels = list.channels.iter().zip(&edits.channels);
            texts.extend(channels.filter_map(|(line, edit)| Some((line.at, edit.clone()?))));
            let specs = list.specs.iter().zip(&edits.specs);
            texts.extend(specs.filter_map(|(line, edit)| {
                let text = |new: &MatchSpec| {
                    if list.is_recipe { recipe_text(new) } else { line.written(new).to_string() }
                };
                let new = edit.as_ref()?.iter().map(text);
                Some((line.at, new.collect()))
            }));
        }
        texts.extend(self.row_texts.clone());
        texts
    }
}

/// A spec as a recipe has it: `cuda-version 12.6.*`, `pytorch 2.4.1 cpu*`.
pub(super) fn recipe_text(spec: &MatchSpec) -> String {
    let MatchSpec { name, version, build, .. } = spec;
    let number = version.strip_prefix('=').filter(|number| !number.starts_with('='));
    let number = number.unwrap_or(version);
    let is_number = number.chars().all(|c| c.is_ascii_digit() || c == '.');
    match (number, build) {
        ("", None) => name.clone(),
        ("", Some(build)) => format!("{name} * {build}"),
        (number, Some(build)) => format!("{name} {number} {build}"),
        (number, None) if is_number => format!("{name} {number}.*"),
        (number, None) => format!("{name} {number}"),
    }
}

/// How packages of single platforms are written in a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum PlatformForm {
    /// They are not.
    #[default]
    None,
    /// In tables of their own.
    Tables,
    /// On lines with selectors.
    Selectors,
}

/// The selectors for some of a file's platforms, as conda-lock reads them: one word each.
/// Source: <https://github.com/conda/conda-lock/blob/e29d5cf7dcb826b07ba1696883426494b4d96d66/conda_lock/src_parser/selectors.py>
pub(super) fn selectors(platforms: &[Subdir], all: &[Subdir]) -> Vec<&'static str> {
    const SELECTORS: [(&str, &[Subdir]); 8] = {
        use Subdir::{Linux64, LinuxAarch64, Osx64, OsxArm64, Win64};
        [
            ("unix", &[Linux64, LinuxAarch64, Osx64, OsxArm64]),
            ("linux", &[Linux64, LinuxAarch64]),
            ("osx", &[Osx64, OsxArm64]),
            ("linux64", &[Linux64]),
            ("aarch64", &[LinuxAarch64]),
            ("osx64", &[Osx64]),
            ("arm64", &[OsxArm64]),
            ("win64", &[Win64]),
        ]
    };
    let mut left = platforms.to_vec();
    let mut words = Vec::new();
    for (word, named) in SELECTORS {
        let own: Vec<Subdir> = named.iter().copied().filter(|it| all.contains(it)).collect();
        let is_wide = named.len() == 1 || own.len() > 1;
        if is_wide && !own.is_empty() && own.iter().all(|subdir| left.contains(subdir)) {
            left.retain(|subdir| !own.contains(subdir));
            words.push(word);
        }
    }
    words
}

/// The platforms of a name: `linux`, `osx`, `win`, `unix`, or a subdir.
pub(super) fn platforms_named(name: &str) -> Option<Vec<Subdir>> {
    let os = |os: Os| Subdir::ALL.into_iter().filter(move |subdir| subdir.os() == os);
    Some(match name {
        "linux" => os(Os::Linux).collect(),
        "osx" => os(Os::Macos).collect(),
        "win" => os(Os::Windows).collect(),
        "unix" => os(Os::Linux).chain(os(Os::Macos)).collect(),
        name => vec![name.parse().ok()?],
    })
}
