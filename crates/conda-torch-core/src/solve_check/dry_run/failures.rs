//! Failures in a client's output: conda's exceptions, libmamba's log, plain text, and faults of channels.

use crate::conda::FaultKind;

use super::DryRun;
use super::json_output::JsonOutput;
use super::output_text::{beginning, cleaned, excerpt};

pub(super) fn exception(output: &JsonOutput) -> DryRun {
    let (name, words) = (output.exception().unwrap_or_default(), output.words());
    let fault = match name {
        "PackagesNotFoundInChannelsError"
        | "PackagesNotFoundError"
        | "PackagesNotFoundInPrefixError"
        | "ResolvePackageNotFound"
        | "NoPackagesFoundError" => return DryRun::NotFound(missing_packages(output)),
        // Pins of `conda-meta/pinned` and `pinned_packages`, in libmamba's form.
        "SpecsConfigurationConflictError" => {
            let mut words = cleaned(words);
            for spec in output.texts("pinned_specs") {
                words.extend(["\npin on ", &excerpt(spec), " is in force"]);
            }
            return DryRun::Unsolvable(words);
        }
        "UnavailableInvalidDependencies" => return DryRun::Unsolvable(cleaned(words)),
        // libmamba's and rattler's have a prefix.
        _ if name.ends_with("UnsatisfiableError") => return DryRun::Unsolvable(cleaned(words)),
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
            channel_fault(words).or_else(|| channel_fault(name)).or(Some(FaultKind::Other))
        }
        _ => channel_fault(words),
    };
    match fault {
        Some(kind) => DryRun::Network { words: excerpt(words), kind },
        None => DryRun::Failed(excerpt(words)),
    }
}

/// The missing specs: from the list of packages, else from the message.
fn missing_packages(output: &JsonOutput) -> Vec<String> {
    let packages: Vec<String> = output.texts("packages").map(excerpt).collect();
    if !packages.is_empty() {
        return packages;
    }
    let listed = output.words().lines().filter_map(|line| line.trim_start().strip_prefix("- "));
    listed.take_while(|spec| !spec.contains("://")).map(excerpt).collect()
}

/// Reads a failure without an exception: from the log in the object, the solver's list, or plain text.
pub(super) fn failure(output: &JsonOutput, stderr: &str, stdout: &str) -> DryRun {
    // libsolv's "unsupported request" only repeats what the tree explains.
    let problems = output.texts("solver_problems").filter(|line| *line != "unsupported request");
    let words: Vec<&str> = output.logged_errors().chain(problems).collect();
    let words = if words.is_empty() { output.words().to_owned() } else { words.join("\n") };
    if words.trim().is_empty() {
        let failure = of_failure(stderr).or_else(|| of_failure(stdout));
        failure.unwrap_or_else(|| DryRun::Failed(excerpt(stderr)))
    } else if output.is_of_solver() {
        unsolvable(&words)
    } else {
        of_failure(&words).unwrap_or_else(|| DryRun::Failed(excerpt(&words)))
    }
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
const SIGNS: [(FaultKind, &[&str]); 18] = [
    (FaultKind::Proxy, &["could not find a proxy", "could not resolve proxy"]),
    (FaultKind::Proxy, &["couldn't resolve proxy", "proxyerror"]),
    (FaultKind::Certificate, &["certificate", "sslerror", "ssl peer", "ssl connect error"]),
    (FaultKind::Damaged, &["checksummismatch", "zstderror", "unable to decompress"]),
    (FaultKind::Damaged, &["decompression error", "data corruption"]),
    (FaultKind::CutShort, &["incompleteread", "end-of-stream marker"]),
    (FaultKind::CutShort, &["transferred a partial file", "transfer closed with"]),
    (
        FaultKind::RedirectLoop,
        &["toomanyredirects", "exceeded 30 redirects", "number of redirects"],
    ),
    (FaultKind::Slow, &["timed out", "timeout was reached", "timeouterror", "operation too slow"]),
    (FaultKind::NoChannel, &["couldn't read a file"]),
    (FaultKind::NoNetwork, &["could not resolve host", "couldn't resolve host"]),
    (FaultKind::NoNetwork, &["failed to resolve", "name or service not known", "dns error"]),
    (FaultKind::NoNetwork, &["connection failed", "connection refused", "connection reset"]),
    (FaultKind::NoNetwork, &["connectionerror", "could not connect", "couldn't connect"]),
    (FaultKind::NoNetwork, &["failed to connect", "error sending request"]),
    (FaultKind::NoNetwork, &["network is unreachable"]),
    (FaultKind::Other, &["download error", "multi-download failed", "failed to fetch"]),
    (FaultKind::Other, &["failed to download", "not loaded!", "status client error"]),
];

const BEFORE_A_STATUS: [&str; 5] =
    ["http ", "status: ", "status client error (", "status server error (", "http status "];

/// The fault of a channel; `Other` if the output has no details.
fn channel_fault(words: &str) -> Option<FaultKind> {
    let words = beginning(words).to_lowercase();
    let by_status = BEFORE_A_STATUS.iter().find_map(|before| {
        words.match_indices(before).find_map(|(at, _)| of_status(&words[at + before.len()..]))
    });
    let is_it = |(_, signs): &&(_, &[&str])| signs.iter().any(|sign| words.contains(sign));
    by_status.or_else(|| SIGNS.iter().find(is_it).map(|(kind, _)| *kind))
}

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
            ("TooManyRedirects('Exceeded 30 redirects.')", FaultKind::RedirectLoop),
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
