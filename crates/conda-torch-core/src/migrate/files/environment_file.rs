//! PyTorch for an `environment.yml` that is for conda-forge already.

use crate::conda::{ChannelKind, MatchSpec, Subdir};
use crate::yaml::{Document, Value};

use super::environment_spec::{FileEdits, ListEdits, SpecLine};
use super::file_edits::channels_for_conda_forge;
use super::file_migration::{FileError, FileMigration, Replaced};
use super::packages::PackageRole;
use super::text_edit::{ItemPlace, Lines, TextEdit, apply, composed, item_place};
use super::{Format, outside};

/// An environment file of conda, as far as an installation needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentFile {
    /// The environment that it is for.
    pub name: Option<String>,
    /// The match specs that it lists for a platform; none from channels of their own.
    pub packages: Vec<String>,
}

impl EnvironmentFile {
    /// Reads a file for a platform.
    ///
    /// # Errors
    /// If it is no environment file.
    pub fn read(text: &str, subdir: Subdir) -> Result<Self, FileError> {
        let document = Document::parse(text)?;
        let entry = |key| document.root().and_then(|root: Value<'_>| root.get(key));
        if entry("dependencies").is_none() {
            let problem = "it has no `dependencies`".to_owned();
            return Err(FileError::Malformed { format: "an environment file", line: 1, problem });
        }
        let name = entry("name").and_then(|name| Some(name.text()?.to_owned()));
        let file = Format::EnvironmentYml.read(text)?;
        let lines = file.lists.first().map_or(&[][..], |list| &list.specs);
        let packages = lines
            .iter()
            .filter(|line| line.applies_to(subdir))
            .filter_map(|line| requested(line.spec.as_ref()?, line.role()));
        Ok(Self { name, packages: packages.collect() })
    }
}

/// A line as a request: of PyTorch's builds only what they compute on counts.
fn requested(spec: &MatchSpec, role: PackageRole) -> Option<String> {
    if !matches!(role, PackageRole::Pytorch | PackageRole::Companion(_)) {
        let of_forge = |channel| ChannelKind::of(channel) == ChannelKind::CondaForge;
        return spec.channel.as_deref().is_none_or(of_forge).then(|| spec.to_string());
    }
    let build = spec.build.as_deref().filter(|_| role == PackageRole::Pytorch).unwrap_or_default();
    let name = match build {
        _ if build.contains("cpu") => "pytorch-cpu",
        _ if build.contains("cuda") || build.contains("gpu") => "pytorch-gpu",
        _ => &spec.name,
    };
    Some(MatchSpec { name: name.to_owned(), build: None, ..spec.clone() }.to_string())
}

/// An environment file for conda-forge with specs for a platform: each takes the line with the same package, the rest goes
/// below the last line.
///
/// # Errors
/// If it lists no packages, or a line cannot be edited by place.
pub fn with_specs(
    migration: &FileMigration,
    specs: &[MatchSpec],
    subdir: Subdir,
) -> Result<FileMigration, FileError> {
    let text = &migration.text;
    let format = Format::EnvironmentYml;
    let file = format.read(text)?;
    let Some(list) = file.lists.first().filter(|list| !list.specs.is_empty()) else {
        return Err(malformed("it lists no packages of conda"));
    };
    let is_torch = |name: &str| matches!(name, "pytorch" | "pytorch-gpu" | "pytorch-cpu");
    let mut edits = ListEdits::none(list);
    let mut added = Vec::new();
    for spec in specs {
        let is_its = |line: &SpecLine| {
            let own = line.spec.as_ref().filter(|_| line.applies_to(subdir));
            own.is_some_and(|own| {
                own.name == spec.name || is_torch(&own.name) && is_torch(&spec.name)
            })
        };
        let mut new = Some(spec);
        for (line, edit) in list.specs.iter().zip(&mut edits.specs).filter(|it| is_its(it.0)) {
            let new = new.take();
            if new != line.spec.as_ref() {
                *edit = Some(new.into_iter().cloned().collect());
            }
        }
        added.extend(new.map(ToString::to_string));
    }
    edits.channels = channels_for_conda_forge(list);
    let mut planned = FileEdits { lists: vec![edits], ..FileEdits::default() };
    planned.lists.extend(file.lists.iter().skip(1).map(ListEdits::none));
    let edits = format.edits(text, &file, &mut planned)?;
    let applied = format.apply(text, edits, &file, &planned.lists)?;
    let (new, replaced) = applied.map_or((text.clone(), Replaced::new()), |it| (it.0, it.1));
    let (text, inserted) = with_items(&new, &added)?;
    let edits = composed(&migration.edits, &composed(&replaced, &inserted));
    Ok(FileMigration { text, edits, ..migration.clone() })
}

/// The text with packages below the last of its list, and with conda-forge below the last channel.
fn with_items(text: &str, packages: &[String]) -> Result<(String, Replaced), FileError> {
    let document = Document::parse(text)?;
    let items = |key| {
        let list = document.root().and_then(|root| root.get(key));
        list.into_iter().flat_map(Value::items).filter(|item| item.text().is_some())
    };
    // An alias has the place of another item.
    let last = |key| items(key).filter(|item| item.occurrence() == item.range()).last();
    let is_forge = |item: Value<'_>| {
        item.text().is_some_and(|name| ChannelKind::of(name) == ChannelKind::CondaForge)
    };
    let lines = Lines::of(text);
    let mut edits = Vec::new();
    if let Some(last) = last("dependencies").filter(|_| !packages.is_empty()) {
        edits.push(below(&lines, last, packages)?);
    }
    if let Some(last) = last("channels") {
        if !items("channels").any(is_forge) {
            edits.push(below(&lines, last, &["conda-forge".to_owned()])?);
        }
    } else {
        let mut keys = text.match_indices("dependencies").map(|(at, _)| lines.whole(at));
        let line = keys.find(|line| text[line.start..].starts_with("dependencies"));
        let line = line.ok_or_else(|| malformed("it lists no channels"))?;
        let end = lines.end_of(&line);
        let channels = format!("channels:{end}  - conda-forge{end}");
        edits.push(TextEdit::new(line.start..line.start, channels));
    }
    let (new, old_ranges, ranges) = apply(text, edits)?;
    let format = Format::EnvironmentYml;
    let (old, file) = (format.read(text)?, format.read(&new)?);
    let is_kept = outside(format.values(&new, &file)?, &ranges)
        .eq(format.values(text, &old)?.map(|(_, value)| value));
    if !is_kept {
        return Err(FileError::UnrelatedLines);
    }
    Ok((new, old_ranges.into_iter().zip(ranges).collect()))
}

/// New items of a list below one of them, which must be alone on its line or in brackets.
pub(super) fn below(
    lines: &Lines<'_>,
    item: Value<'_>,
    new: &[String],
) -> Result<TextEdit, FileError> {
    let range = item.range();
    let line = lines.whole(range.end.max(1) - 1);
    let end = line.start + lines.text[line.clone()].trim_end_matches(['\r', '\n']).len();
    let rest = lines.text.get(range.end..end).map(str::trim_start);
    let (ItemPlace { head, whole, .. }, is_block) = item_place(lines.text, range.clone());
    if lines.text[..whole.start].trim_end().ends_with(['[', ',']) {
        let new: String = new.iter().flat_map(|new| [", \"", new, "\""]).collect();
        Ok(TextEdit::new(range.end..range.end, new))
    } else if is_block && rest.is_some_and(|it| it.is_empty() || it.starts_with('#')) {
        let before = &lines.text[lines.whole(head).start..whole.start];
        let before = before.lines().next().unwrap_or_default().trim_end();
        let (ending, blank) = (lines.end_of(&line), " ");
        let new: String = new.iter().flat_map(|new| [ending, before, blank, new]).collect();
        Ok(TextEdit::new(end..end, new))
    } else {
        let text = item.text().unwrap_or_default().to_owned();
        Err(FileError::NotInPlace { line: item.line(), text })
    }
}

fn malformed(problem: &str) -> FileError {
    let problem = problem.to_owned();
    FileError::Malformed { format: "an environment file", line: 1, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str, specs: &[&str]) -> Result<String, String> {
        let specs: Vec<MatchSpec> =
            specs.iter().filter_map(|spec| MatchSpec::parse(spec)).collect();
        let new = with_specs(&FileMigration::unchanged(text), &specs, Subdir::Linux64);
        new.map(|new| new.text).map_err(|error| error.to_string())
    }

    #[test]
    fn pytorch_takes_its_line_and_the_rest_goes_below_the_last() {
        let text = "name: work # mine\nchannels:\n  - conda-forge\ndependencies:\n  - python =3.11\n\
            \x20 - pytorch>=2 # any\n  - pip:\n    - rich\n";
        let expected = "name: work # mine\nchannels:\n  - conda-forge\ndependencies:\n  - python =3.11\n\
            \x20 - pytorch-gpu=2.13.0 # any\n  - cuda-version=12.9\n  - pip:\n    - rich\n";
        let specs = ["pytorch-gpu=2.13.0", "cuda-version=12.9", "python=3.11"];
        assert_eq!(with(text, &specs).as_deref(), Ok(expected));
        assert_eq!(with(expected, &specs).as_deref(), Ok(expected));
    }

    #[test]
    fn a_list_in_brackets_and_a_file_of_windows_stay_such() {
        let text = "dependencies: [numpy, 'scipy']\r\n";
        let expected = "channels:\r\n  - conda-forge\r\ndependencies: [numpy, 'scipy', \"pytorch-cpu=2.13.0\"]\r\n";
        assert_eq!(with(text, &["pytorch-cpu=2.13.0"]).as_deref(), Ok(expected));
    }

    #[test]
    fn conda_forge_comes_before_defaults_and_after_channels_of_others() {
        let with_channels = |channels: &str| {
            with(
                &format!("channels: [{channels}]\ndependencies: [pytorch-cpu]\n"),
                &["pytorch-cpu"],
            )
        };
        let expected =
            |channels: &str| Ok(format!("channels: [{channels}]\ndependencies: [pytorch-cpu]\n"));
        assert_eq!(with_channels("conda-forge, defaults"), expected("conda-forge, defaults"));
        assert_eq!(with_channels("defaults, conda-forge"), expected("conda-forge"));
        assert_eq!(with_channels("bioconda"), expected("bioconda, \"conda-forge\""));
        assert_eq!(with_channels("defaults"), expected("conda-forge"));
    }

    #[test]
    fn an_alias_stays() {
        let file = |more: &str| {
            format!("channels: [conda-forge]\ndependencies:\n- &a numpy\n- scipy\n{more}- *a\n")
        };
        let new = with(&file(""), &["pytorch-cpu=2.13.0"]);
        assert_eq!(new, Ok(file("- pytorch-cpu=2.13.0\n")));
    }

    #[test]
    fn lines_for_other_platforms_stay() {
        let text = "channels: [conda-forge]\ndependencies:\n- pytorch=2.4 # [win]\n";
        let expected =
            "channels: [conda-forge]\ndependencies:\n- pytorch=2.4 # [win]\n- pytorch-gpu=2.13.0\n";
        assert_eq!(with(text, &["pytorch-gpu=2.13.0"]).as_deref(), Ok(expected));
    }

    #[test]
    fn a_file_without_packages_is_refused() {
        for text in
            ["channels: [conda-forge]\n", "dependencies:\n", "dependencies: [pip: [rich]]\n"]
        {
            let error = with(text, &["pytorch-gpu"]).expect_err(text);
            assert_eq!(error, "line 1: not an environment file: it lists no packages of conda");
        }
    }

    #[test]
    fn a_file_is_read_for_a_platform() {
        let text = "name: work\ndependencies:\n- python >=3.11\n- lab::pandas\n- nvidia::cuda-toolkit\n- pytorch=2.4 # [win]\n\
            - conda-forge::pytorch 2.5.*\n- pytorch=2.1.2=cpu*\n- torchvision=0.16.2=py311_cu121\n- https://host.example/a.conda\n- pip: [rich]\n";
        let file = EnvironmentFile::read(text, Subdir::Linux64).expect("a file");
        assert_eq!(file.name.as_deref(), Some("work"));
        let expected = [
            "python>=3.11",
            "conda-forge::pytorch 2.5.*",
            "pytorch-cpu=2.1.2",
            "torchvision=0.16.2",
        ];
        assert_eq!(file.packages, expected);
    }
}
