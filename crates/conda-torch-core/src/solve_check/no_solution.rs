//! Why there is no solution, from the explanation of a solver: libmamba ("nothing provides __cuda needed
//! by …", and a tree), resolvo in rattler ("__cuda *, for which no candidates were found", in a tree of
//! its own), or conda's classic solver, which also lists satisfied dependencies.

use crate::conda::Version;
use crate::resolve::Choice;

use super::finding::SolveFinding;

const VIRTUAL: [&str; 6] = ["__cuda", "__glibc", "__osx", "__archspec", "__linux", "__win"];

const MOST: usize = 8;

/// The text before and after a spec in a line of libmamba or rattler; after may be missing if there is one before.
type Around = (&'static str, &'static str);

const PINNED: [Around; 2] = [("pin on ", " is "), ("the constraint ", " cannot be fulfilled")];

const ABSENT: [Around; 7] = [
    ("nothing provides requested ", " needed by "),
    ("nothing provides ", " needed by "),
    ("", ", which is missing on the system"),
    ("", " is missing on the system"),
    ("", ", for which no candidates were found"),
    ("", ", which does not exist"),
    ("", " does not exist"),
];

/// The reasons in an explanation; never empty.
pub(super) fn reasons(words: &str, choice: &Choice<'_>) -> Vec<SolveFinding> {
    let mut findings = Vec::new();
    if is_classic(words) || words.contains("found to be incompatible with your system") {
        findings.extend(VIRTUAL.iter().filter_map(|name| by_classic(words, name, choice)));
    } else {
        words.lines().filter_map(of_line).for_each(|found| add(&mut findings, found));
        for finding in &mut findings {
            add_detected(finding, words);
        }
        findings.retain(|finding| concerns_choice(finding, choice));
    }
    // Other conflicts follow from a virtual package.
    if findings.iter().any(|finding| finding.virtual_package().is_some()) {
        findings.retain(|finding| finding.virtual_package().is_some());
    }
    if findings.is_empty() {
        findings.push(conflict(words).unwrap_or(SolveFinding::Unexplained));
    }
    findings
}

fn is_classic(words: &str) -> bool {
    words.contains("Output in format: Requested package")
}

/// A missing spec: of a channel, or a virtual package.
pub(super) fn missing(spec: &str) -> SolveFinding {
    let name = name_of(spec);
    if name.starts_with("__") {
        SolveFinding::VirtualMissing { name: name.to_owned() }
    } else {
        SolveFinding::NotFound { spec: spec.to_owned() }
    }
}

/// Adds a new finding. One line may have the bound on a virtual package, and another the detected version.
fn add(findings: &mut Vec<SolveFinding>, found: SolveFinding) {
    let is_same = |known: &SolveFinding| match found.virtual_package() {
        Some(name) => known.virtual_package() == Some(name),
        None => *known == found,
    };
    let Some(at) = findings.iter().position(is_same) else {
        if findings.len() < MOST {
            findings.push(found);
        }
        return;
    };
    if let (
        SolveFinding::VirtualTooLow { needed: bound, detected: detected @ None, .. },
        SolveFinding::VirtualTooLow { needed, detected: other, .. },
    ) = (&mut findings[at], found)
        && *bound == needed
    {
        *detected = other;
    }
}

/// Reads one line of an explanation, without the branches of its tree.
fn of_line(line: &str) -> Option<SolveFinding> {
    let line = line.trim_start_matches(|c: char| {
        c.is_whitespace() || ('\u{2500}'..='\u{257f}').contains(&c) || matches!(c, '-' | '|')
    });
    // "package cuda-version-13.0-… has constraint __cuda >=13 conflicting with __cuda-12.0-0".
    if let Some((_, rest)) = line.split_once(" has constraint ") {
        let (spec, other) = rest.split_once(" conflicting with ")?;
        let detected = other.strip_prefix(name_of(spec)).and_then(|rest| rest.split('-').nth(1));
        return too_low(spec, detected);
    }
    let spec = |rows: &[Around]| {
        rows.iter().find_map(|(before, after)| {
            let rest = line.strip_prefix(before)?;
            let spec = rest.split_once(after).map(|(spec, _)| spec);
            spec.or((!before.is_empty()).then_some(rest))
        })
    };
    if let Some(spec) = spec(&PINNED) {
        return Some(SolveFinding::Pinned { spec: tidy(spec) });
    }
    let Some(spec) = spec(&ABSENT) else {
        let (spec, _) = line.split_once(", which conflicts with any installable versions")?;
        return too_low(spec, None);
    };
    match name_of(spec) {
        "" => None,
        // A virtual package with a bound may only be too old.
        name if name.starts_with("__") && spec.contains(['<', '>']) => too_low(spec, None),
        _ => Some(missing(&tidy(spec))),
    }
}

fn too_low(spec: &str, detected: Option<&str>) -> Option<SolveFinding> {
    let spec = spec.trim();
    let name = Some(name_of(spec)).filter(|name| name.starts_with("__"))?;
    let needed = spec[name.len()..].trim().trim_end_matches(" *").trim_end_matches('*').trim();
    Some(SolveFinding::VirtualTooLow {
        name: name.to_owned(),
        needed: (!needed.is_empty()).then(|| needed.to_owned()),
        detected: detected.map(str::to_owned),
    })
}

/// The version of a virtual package that the recommended build needs.
fn need(name: &str, choice: &Choice<'_>) -> Option<Version> {
    match name {
        // `cuda-version` needs only the major version; `needs_cuda` is the version of the driver.
        "__cuda" => choice.cuda_version.map(|pin| Version::new(&[pin.major])),
        "__glibc" => choice.build.glibc.map(|floor| floor.declared.max(floor.libraries)),
        "__osx" => choice.build.macos,
        _ => None,
    }
}

/// Whether a finding is about the recommended build: a tree also explains why other builds do not fit,
/// such as those for CUDA 13 beside one for 12.9.
fn concerns_choice(finding: &SolveFinding, choice: &Choice<'_>) -> bool {
    if let SolveFinding::VirtualMissing { name } = finding {
        return name != "__cuda" || choice.needs_cuda.is_some();
    }
    let SolveFinding::VirtualTooLow { name, needed, detected } = finding else { return true };
    let version = |text: &Option<String>| {
        let text = text.as_deref()?.trim_start_matches(['>', '=']);
        text.split([',', '|', ' ']).next()?.trim_end_matches(".*").parse::<Version>().ok()
    };
    let is_known = matches!(name.as_str(), "__cuda" | "__glibc" | "__osx");
    need(name, choice).map_or(!is_known, |need| {
        version(needed).is_some_and(|bound| bound <= need)
            && version(detected).is_none_or(|detected| detected < need)
    })
}

/// Adds the detected version, which rattler prints elsewhere in its tree: "└─ __cuda 12.0".
fn add_detected(finding: &mut SolveFinding, words: &str) {
    let SolveFinding::VirtualTooLow { name, detected: detected @ None, .. } = finding else {
        return;
    };
    let is_version =
        |text: &&str| text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(' ');
    let version = words.match_indices(&format!("{name} ")).find_map(|(at, found)| {
        let rest = words[at + found.len()..].lines().next()?;
        Some(rest.trim()).filter(is_version)
    });
    *detected = version.map(str::to_owned);
}

/// conda's classic solver: "-> __cuda" is needed, and `feature:/linux-64::__cuda==12.9=0` is detected.
fn by_classic(words: &str, name: &str, choice: &Choice<'_>) -> Option<SolveFinding> {
    let Some((_, rest)) = words.split_once(&format!("::{name}==")) else {
        let is_needed = words.contains(&format!("-> {name}"));
        return is_needed.then(|| SolveFinding::VirtualMissing { name: name.to_owned() });
    };
    let detected = rest.split(['=', '\n']).next().unwrap_or_default();
    // It also lists satisfied dependencies: only a version below the build's own need is certain.
    let needed = need(name, choice)?;
    let is_too_low = detected.parse::<Version>().is_ok_and(|detected| detected < needed);
    is_too_low.then(|| SolveFinding::VirtualTooLow {
        name: name.to_owned(),
        needed: Some(format!(">={needed}")),
        detected: Some(detected.to_owned()),
    })
}

/// The requested packages that the explanation names together: at least two.
fn conflict(words: &str) -> Option<SolveFinding> {
    let mut packages: Vec<String> = Vec::new();
    let depth = |line: &str| line.len() - line.trim_start().len();
    let is_branch = |line: &&str| line.trim_start().starts_with(['├', '└']);
    // The first level of a tree has the requested packages.
    let first = words.lines().filter(is_branch).map(depth).min();
    let is_classic = is_classic(words);
    for line in words.lines() {
        let text = if is_branch(&line) && first == Some(depth(line)) {
            line.trim_start().trim_start_matches(['├', '└', '─', ' '])
        } else {
            let text = line.split("The following").next().unwrap_or_default();
            if !is_classic
                || !text.starts_with(|c: char| c.is_ascii_lowercase())
                || !text.contains('=')
            {
                continue;
            }
            text
        };
        let end = [" is ", " can ", " cannot ", " -> ", ","];
        let end = end.iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
        let spec = tidy(&text[..end]);
        let is_package = !spec.is_empty() && !spec.starts_with("__");
        if is_package && !packages.contains(&spec) && packages.len() < MOST {
            packages.push(spec);
        }
    }
    (packages.len() > 1).then_some(SolveFinding::Conflict { packages })
}

fn name_of(spec: &str) -> &str {
    let spec = spec.trim();
    let end = spec.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
    &spec[..end.unwrap_or(spec.len())]
}

/// A spec without a build that matches all: `pytorch =2.12 *` is `pytorch =2.12`.
fn tidy(spec: &str) -> String {
    let spec = spec.trim();
    spec.strip_suffix(" *").unwrap_or(spec).trim().to_owned()
}
