//! Failures in a client's output: conda's exceptions, libmamba's log, plain text, and faults of channels.

use crate::conda::FaultKind;

use super::DryRun;
use super::json_output::JsonOutput;
use super::output_text::{beginning, cleaned, excerpt};

/// Reads an exception.
pub(super) fn exception(form: &JsonOutput) -> DryRun {
    let name = form.exception_name.as_deref().unwrap_or_default();
    let words = form.words();
    match name {
        "PackagesNotFoundInChannelsError"
        | "PackagesNotFoundError"
        | "PackagesNotFoundInPrefixError"
        | "ResolvePackageNotFound"
        | "NoPackagesFoundError" => DryRun::NotFound(missing_packages(form)),
        // Pins of `conda-meta/pinned` and `pinned_packages`, in libmamba's form.
        "SpecsConfigurationConflictError" => DryRun::Unsolvable(pinned(form)),
        "UnsatisfiableError"
        | "LibMambaUnsatisfiableError"
        | "RattlerUnsatisfiableError"
        | "UnavailableInvalidDependencies" => DryRun::Unsolvable(cleaned(words)),
        // The names do not distinguish a missing channel from a missing network.
        "CondaHTTPError"
        | "CondaSSLError"
        | "ProxyError"
        | "UnavailableInvalidChannel"
        | "CondaDependencyError"
        | "OfflineError"
        | "ChannelNotAllowed"
        | "ChannelDenied"
        | "ChecksumMismatchError" => {
            let kind =
                channel_fault(words).or_else(|| channel_fault(name)).unwrap_or(FaultKind::Other);
            DryRun::Network { words: excerpt(words), kind }
        }
        _ if name.ends_with("UnsatisfiableError") => DryRun::Unsolvable(cleaned(words)),
        _ => match channel_fault(words) {
            Some(kind) => DryRun::Network { words: excerpt(words), kind },
            None => DryRun::Failed(excerpt(words)),
        },
    }
}

/// The missing specs: from the list of packages, else from the message.
fn missing_packages(form: &JsonOutput) -> Vec<String> {
    if let Some(packages) = form.packages.clone().filter(|packages| !packages.is_empty()) {
        return packages.iter().map(|spec| excerpt(spec)).collect();
    }
    let listed = form.words().lines().filter_map(|line| line.trim_start().strip_prefix("- "));
    listed.take_while(|spec| !spec.contains("://")).map(excerpt).collect()
}

fn pinned(form: &JsonOutput) -> String {
    let mut words = cleaned(form.words());
    for spec in form.pinned_specs.iter().flatten() {
        words.extend(["\npin on ", &excerpt(spec), " is in force"]);
    }
    words
}

/// Reads a failure without an exception: from the log in the object, the solver's list, or plain text.
pub(super) fn failure(form: &JsonOutput, stderr: &str, stdout: &str) -> DryRun {
    let logged = form.log_history.iter().flatten();
    let grave = logged.filter(|line| matches!(line.level.as_str(), "error" | "critical"));
    let mut words: Vec<&str> = grave.map(|line| line.message.as_str()).collect();
    let problems = form.solver_problems.iter().flatten().map(String::as_str);
    // libsolv's "unsupported request" only repeats what the tree explains.
    let problems: Vec<&str> = problems.filter(|line| *line != "unsupported request").collect();
    let is_solver = form.solver_problems.is_some();
    words.extend(problems);
    if words.is_empty() {
        words.extend([form.words()].iter().filter(|words| !words.is_empty()));
    }
    let output = words.join("\n");
    if output.trim().is_empty() {
        return of_failure(stderr)
            .or_else(|| of_failure(stdout))
            .unwrap_or_else(|| DryRun::Failed(excerpt(stderr)));
    }
    if is_solver {
        return unsolvable(&output);
    }
    of_failure(&output).unwrap_or_else(|| DryRun::Failed(excerpt(&output)))
}

/// A request for missing packages, or one without a solution.
fn unsolvable(output: &str) -> DryRun {
    let missing = not_found(output);
    if missing.is_empty() { DryRun::Unsolvable(cleaned(output)) } else { DryRun::NotFound(missing) }
}

/// Requested packages that no channel has: at the first level of the tree, or in the list.
fn not_found(output: &str) -> Vec<String> {
    let mut missing: Vec<String> = Vec::new();
    for line in output.lines() {
        let line = line.trim_start();
        let requested =
            line.strip_prefix(['├', '└']).map(|rest| rest.trim_start_matches('─').trim());
        let in_tree = requested.and_then(|spec| spec.split_once(" does not exist"));
        let line = line.trim_start_matches("- ");
        let in_list = line.strip_prefix("nothing provides requested ");
        let spec = in_tree.map(|(spec, _)| spec).or(in_list).unwrap_or_default();
        let spec = spec.trim().trim_end_matches(" *").to_owned();
        let is_virtual = spec.starts_with("__");
        if !spec.is_empty() && !is_virtual && !missing.contains(&spec) && missing.len() < 16 {
            missing.push(excerpt(&spec));
        }
    }
    missing
}

/// Messages of solvers alone.
const UNSOLVABLE: [&str; 6] = [
    "Could not solve for environment specs",
    "Encountered problems while solving",
    "Cannot solve the request because of",
    "nothing provides ",
    "failed to solve",
    "The following packages are incompatible",
];

/// Reads a failure from plain text; `None` if unknown.
pub(super) fn of_failure(output: &str) -> Option<DryRun> {
    if UNSOLVABLE.iter().any(|sign| output.contains(sign)) {
        return Some(unsolvable(output));
    }
    if let Some(kind) = channel_fault(output) {
        return Some(DryRun::Network { words: excerpt(output), kind });
    }
    let is_critical = output.contains("critical libmamba") || output.contains("error    libmamba");
    is_critical.then(|| DryRun::Failed(excerpt(output)))
}

/// Text in the output, in lower case, and what it means; the first one found counts.
const SIGNS: [(&str, FaultKind); 45] = [
    ("could not find a proxy", FaultKind::Proxy),
    ("could not resolve proxy", FaultKind::Proxy),
    ("couldn't resolve proxy", FaultKind::Proxy),
    ("proxyerror", FaultKind::Proxy),
    ("certificate", FaultKind::Certificate),
    ("sslerror", FaultKind::Certificate),
    ("ssl peer", FaultKind::Certificate),
    ("ssl connect error", FaultKind::Certificate),
    ("checksummismatch", FaultKind::Damaged),
    ("zstderror", FaultKind::Damaged),
    ("unable to decompress", FaultKind::Damaged),
    ("decompression error", FaultKind::Damaged),
    ("data corruption", FaultKind::Damaged),
    ("incompleteread", FaultKind::CutShort),
    ("end-of-stream marker", FaultKind::CutShort),
    ("transferred a partial file", FaultKind::CutShort),
    ("transfer closed with", FaultKind::CutShort),
    ("toomanyredirects", FaultKind::Moved),
    ("exceeded 30 redirects", FaultKind::Moved),
    ("number of redirects", FaultKind::Moved),
    ("timed out", FaultKind::Slow),
    ("timeout was reached", FaultKind::Slow),
    ("timeouterror", FaultKind::Slow),
    ("operation too slow", FaultKind::Slow),
    ("couldn't read a file", FaultKind::NoChannel),
    ("could not resolve host", FaultKind::NoNetwork),
    ("couldn't resolve host", FaultKind::NoNetwork),
    ("failed to resolve", FaultKind::NoNetwork),
    ("name or service not known", FaultKind::NoNetwork),
    ("dns error", FaultKind::NoNetwork),
    ("connection failed", FaultKind::NoNetwork),
    ("connection refused", FaultKind::NoNetwork),
    ("connection reset", FaultKind::NoNetwork),
    ("connectionerror", FaultKind::NoNetwork),
    ("could not connect", FaultKind::NoNetwork),
    ("couldn't connect", FaultKind::NoNetwork),
    ("failed to connect", FaultKind::NoNetwork),
    ("error sending request", FaultKind::NoNetwork),
    ("network is unreachable", FaultKind::NoNetwork),
    ("download error", FaultKind::Other),
    ("multi-download failed", FaultKind::Other),
    ("failed to fetch", FaultKind::Other),
    ("failed to download", FaultKind::Other),
    ("not loaded!", FaultKind::Other),
    ("status client error", FaultKind::Other),
];

/// The text before an HTTP status.
const BEFORE_A_STATUS: [&str; 5] =
    ["http ", "status: ", "status client error (", "status server error (", "http status "];

/// The fault of a channel; `Other` if the output has no details.
fn channel_fault(words: &str) -> Option<FaultKind> {
    let words = beginning(words).to_lowercase();
    let by_status = BEFORE_A_STATUS.iter().find_map(|before| {
        words.match_indices(before).find_map(|(at, _)| of_status(&words[at + before.len()..]))
    });
    let by_words = || SIGNS.iter().find(|(sign, _)| words.contains(sign)).map(|(_, kind)| *kind);
    by_status.or_else(by_words)
}

/// The fault of an HTTP status, if any.
fn of_status(text: &str) -> Option<FaultKind> {
    let digits = text.get(..3).filter(|digits| digits.bytes().all(|c| c.is_ascii_digit()))?;
    match digits {
        "000" => Some(FaultKind::NoNetwork),
        "401" | "403" => Some(FaultKind::Refused),
        "404" | "410" => Some(FaultKind::NoChannel),
        "407" => Some(FaultKind::Proxy),
        "429" => Some(FaultKind::TooMany),
        _ if digits.starts_with('5') => Some(FaultKind::Server),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_output_of_real_clients() {
        for (words, kind) in [
            ("HTTP 401 Unauthorized for url <http://x/linux-64/repodata.json>", FaultKind::Refused),
            (
                "Transfer finalized, status: 403 [http://x/noarch/repodata.json] 3 bytes\nSubdir http://x/noarch not loaded!",
                FaultKind::Refused,
            ),
            ("HTTP 404 Not Search for channel f/404/conda-forge", FaultKind::NoChannel),
            (
                "Transfer finalized, status: 407 [http://x/noarch/repodata.json] 3 bytes",
                FaultKind::Proxy,
            ),
            ("Could not find a proxy for 'http'. See https://conda.io/docs", FaultKind::Proxy),
            ("HTTP 429 Too Many Requests for url <http://x>", FaultKind::TooMany),
            ("HTTP 503 Service Unavailable for url <http://x>", FaultKind::Server),
            (
                "ZstdError('Unable to decompress Zstandard data: Unknown frame descriptor')",
                FaultKind::Damaged,
            ),
            ("ZSTD decompression error: Data corruption detected", FaultKind::Damaged),
            (
                "ProtocolError('Connection broken: IncompleteRead(85059 bytes read, 85060 more expected)'",
                FaultKind::CutShort,
            ),
            (
                "EOFError('Compressed file ended before the end-of-stream marker was reached')",
                FaultKind::CutShort,
            ),
            ("TooManyRedirects('Exceeded 30 redirects.')", FaultKind::Moved),
            ("HTTP 000 CONNECTION FAILED for url <http://x>", FaultKind::NoNetwork),
            (
                "Download error (56) Failure when receiving data from the peer [http://x] Recv failure: Connection reset by peer",
                FaultKind::NoNetwork,
            ),
            ("Download error (7) Couldn't connect to server [http://x]", FaultKind::NoNetwork),
            (
                "Subdir http://x/noarch not loaded! If you run into this error repeatedly",
                FaultKind::Other,
            ),
        ] {
            assert_eq!(channel_fault(words), Some(kind), "{words}");
        }
    }

    #[test]
    fn solver_output_is_no_channel_fault() {
        for words in [
            "Could not solve for environment specs\nnothing provides __cuda needed by pytorch",
            "package pytorch-gpu-2.13.0 requires pytorch 2.13.0 cuda*_mkl*302, but none can be installed",
            "status: 200",
            "",
        ] {
            assert_eq!(channel_fault(words), None, "{words}");
        }
    }
}
