//! Why there is no solution, from the explanation of a solver: libmamba ("nothing provides __cuda needed
//! by …", and a tree), resolvo in rattler ("__cuda *, for which no candidates were found", in a tree of
//! its own), or conda's classic solver, which also lists satisfied dependencies.

use crate::conda::Version;
use crate::resolve::Choice;

use super::finding::SolveFinding;

/// The virtual packages that a build may need.
const VIRTUAL: [&str; 6] = ["__cuda", "__glibc", "__osx", "__archspec", "__linux", "__win"];

/// The most findings of one explanation.
const MOST: usize = 8;

/// The reasons in an explanation; never empty.
pub(super) fn reasons(words: &str, choice: &Choice<'_>) -> Vec<SolveFinding> {
    let mut findings = Vec::new();
    let is_classic = words.contains("Output in format: Requested package")
        || words.contains("found to be incompatible with your system");
    if is_classic {
        findings.extend(VIRTUAL.iter().filter_map(|name| by_classic(words, name, choice)));
    } else {
        for line in words.lines() {
            add(&mut findings, of_line(line));
        }
        add_detected(&mut findings, words);
        findings.retain(|finding| concerns_choice(finding, choice));
    }
    // Other conflicts follow from a virtual package.
    if findings.iter().any(is_virtual) {
        findings.retain(is_virtual);
    }
    if findings.is_empty() {
        findings.extend(conflict(words));
    }
    if findings.is_empty() {
        findings.push(SolveFinding::Unexplained);
    }
    findings
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

fn is_virtual(finding: &SolveFinding) -> bool {
    matches!(finding, SolveFinding::VirtualMissing { .. } | SolveFinding::VirtualTooLow { .. })
}

/// Adds a new finding. One line may have the bound on a virtual package, and another the detected version.
fn add(findings: &mut Vec<SolveFinding>, found: Option<SolveFinding>) {
    let Some(found) = found else { return };
    let name = found.virtual_package();
    let known = findings.iter().position(|known| match name {
        Some(_) => known.virtual_package() == name,
        None => *known == found,
    });
    let Some(at) = known else {
        if findings.len() < MOST {
            findings.push(found);
        }
        return;
    };
    if let SolveFinding::VirtualTooLow { needed: bound, detected: detected @ None, .. } =
        &mut findings[at]
        && let SolveFinding::VirtualTooLow { needed, detected: other, .. } = found
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
    if let Some(rest) = line.strip_prefix("pin on ") {
        let spec = rest.split(" is ").next().unwrap_or_default();
        return Some(SolveFinding::Pinned { spec: tidy(spec) });
    }
    if let Some(rest) = line.strip_prefix("the constraint ") {
        let (spec, _) = rest.split_once(" cannot be fulfilled")?;
        return Some(SolveFinding::Pinned { spec: tidy(spec) });
    }
    // libmamba's list: "nothing provides __cuda needed by …", "nothing provides requested x 1.*".
    if let Some(rest) = line.strip_prefix("nothing provides ") {
        let rest = rest.strip_prefix("requested ").unwrap_or(rest);
        let spec = rest.split(" needed by ").next().unwrap_or_default();
        return absent(spec);
    }
    for absence in [
        ", which is missing on the system",
        " is missing on the system",
        ", for which no candidates were found",
        ", which does not exist",
        " does not exist",
    ] {
        if let Some((spec, _)) = line.split_once(absence) {
            return absent(spec);
        }
    }
    // "package cuda-version-13.0-… has constraint __cuda >=13 conflicting with __cuda-12.0-0".
    if let Some((_, rest)) = line.split_once(" has constraint ") {
        let (spec, other) = rest.split_once(" conflicting with ")?;
        let mut finding = too_low(spec)?;
        if let SolveFinding::VirtualTooLow { name, detected, .. } = &mut finding {
            let version = other.strip_prefix(name.as_str()).and_then(|rest| rest.split('-').nth(1));
            *detected = version.map(str::to_owned);
        }
        return Some(finding);
    }
    let (spec, _) = line.split_once(", which conflicts with any installable versions")?;
    too_low(spec)
}

/// A missing package; a virtual package with a bound may only be too old.
fn absent(spec: &str) -> Option<SolveFinding> {
    let spec = spec.trim();
    let name = name_of(spec);
    if name.is_empty() {
        return None;
    }
    if name.starts_with("__") && spec.contains(['<', '>']) {
        return too_low(spec);
    }
    Some(missing(&tidy(spec)))
}

/// A virtual package with a bound.
fn too_low(spec: &str) -> Option<SolveFinding> {
    let spec = spec.trim();
    let name = Some(name_of(spec)).filter(|name| name.starts_with("__"))?;
    let needed = spec[name.len()..].trim().trim_end_matches(" *").trim_end_matches('*').trim();
    let needed = Some(needed.to_owned()).filter(|needed| !needed.is_empty());
    Some(SolveFinding::VirtualTooLow { name: name.to_owned(), needed, detected: None })
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

/// Adds the detected versions, which rattler prints elsewhere in its tree: "└─ __cuda 12.0".
fn add_detected(findings: &mut [SolveFinding], words: &str) {
    for finding in findings {
        let SolveFinding::VirtualTooLow { name, detected: detected @ None, .. } = finding else {
            continue;
        };
        let is_version = |text: &&str| text.starts_with(|c: char| c.is_ascii_digit());
        let version = words.match_indices(&format!("{name} ")).find_map(|(at, found)| {
            let rest = words[at + found.len()..].lines().next()?;
            Some(rest.trim()).filter(is_version).filter(|rest| !rest.contains(' '))
        });
        *detected = version.map(str::to_owned);
    }
}

/// conda's classic solver: "-> __cuda" is needed, and `feature:/linux-64::__cuda==12.9=0` is detected.
fn by_classic(words: &str, name: &str, choice: &Choice<'_>) -> Option<SolveFinding> {
    let is_needed = words.contains(&format!("-> {name}"));
    let marker = format!("::{name}==");
    let detected = words
        .split_once(&marker)
        .map(|(_, rest)| rest.split(['=', '\n']).next().unwrap_or_default().to_owned());
    let name = name.to_owned();
    let Some(detected) = detected else {
        return is_needed.then_some(SolveFinding::VirtualMissing { name });
    };
    // It also lists satisfied dependencies: only a version below the build's own need is certain.
    let needed = need(&name, choice)
        .filter(|needed| detected.parse::<Version>().is_ok_and(|detected| detected < *needed))?;
    Some(SolveFinding::VirtualTooLow {
        name,
        needed: Some(format!(">={needed}")),
        detected: Some(detected),
    })
}

/// The requested packages that the explanation names together: at least two.
fn conflict(words: &str) -> Option<SolveFinding> {
    let mut packages: Vec<String> = Vec::new();
    let depth = |line: &str| line.len() - line.trim_start().len();
    let is_branch = |line: &&str| line.trim_start().starts_with(['├', '└']);
    // The first level of a tree has the requested packages.
    let first = words.lines().filter(is_branch).map(depth).min();
    for line in words.lines() {
        let requested = Some(line).filter(|line| is_branch(line) && first == Some(depth(line)));
        let requested =
            requested.map(|line| line.trim_start().trim_start_matches(['├', '└', '─', ' ']));
        let classic = words
            .contains("Output in format: Requested package")
            .then(|| line.split("The following").next().unwrap_or_default())
            .filter(|line| {
                line.starts_with(|c: char| c.is_ascii_lowercase()) && line.contains('=')
            });
        let Some(text) = requested.or(classic) else { continue };
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

/// The package of a spec.
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
