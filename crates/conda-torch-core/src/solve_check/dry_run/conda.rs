//! conda's exceptions, of every solver.

use crate::conda::FaultKind;

use super::DryRun;
use super::channel_fault::channel_fault;
use super::json_output::JsonOutput;
use super::output_text::{cleaned, excerpt};

/// What an exception means.
pub(super) fn failure(form: &JsonOutput) -> DryRun {
    let name = form.exception_name.as_deref().unwrap_or_default();
    let words = form.words();
    match name {
        "PackagesNotFoundInChannelsError"
        | "PackagesNotFoundError"
        | "PackagesNotFoundInPrefixError"
        | "ResolvePackageNotFound"
        | "NoPackagesFoundError" => DryRun::NotFound(missing(form)),
        // Pins of `conda-meta/pinned` and `pinned_packages`: said in libmamba's words, which tell more.
        "SpecsConfigurationConflictError" => DryRun::Unsolvable(pinned(form)),
        "UnsatisfiableError"
        | "LibMambaUnsatisfiableError"
        | "RattlerUnsatisfiableError"
        | "UnavailableInvalidDependencies" => DryRun::Unsolvable(cleaned(words)),
        // conda answers a channel that is not there, and a network that is not there, alike by name.
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

/// What is missing: as a list, or as `bad_deps` of conda before 4.9, else from the words.
fn missing(form: &JsonOutput) -> Vec<String> {
    if let Some(packages) = form.packages.clone().filter(|packages| !packages.is_empty()) {
        return packages.iter().map(|spec| excerpt(spec)).collect();
    }
    let listed = form.words().lines().filter_map(|line| line.trim_start().strip_prefix("- "));
    listed.take_while(|spec| !spec.contains("://")).map(excerpt).collect()
}

fn pinned(form: &JsonOutput) -> String {
    let mut words = cleaned(form.words());
    for spec in form.pinned_specs.iter().flatten() {
        words.push_str("\npin on ");
        words.push_str(&excerpt(spec));
        words.push_str(" is in force");
    }
    words
}
