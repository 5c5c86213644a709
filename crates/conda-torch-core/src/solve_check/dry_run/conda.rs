//! The exceptions of conda, with any solver.

use crate::conda::FaultKind;

use super::DryRun;
use super::channel_fault::channel_fault;
use super::json_output::JsonOutput;
use super::output_text::{cleaned, excerpt};

/// Reads an exception.
pub(super) fn failure(form: &JsonOutput) -> DryRun {
    let name = form.exception_name.as_deref().unwrap_or_default();
    let words = form.words();
    match name {
        "PackagesNotFoundInChannelsError"
        | "PackagesNotFoundError"
        | "PackagesNotFoundInPrefixError"
        | "ResolvePackageNotFound"
        | "NoPackagesFoundError" => DryRun::NotFound(missing(form)),
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
        words += &format!("\npin on {} is in force", excerpt(spec));
    }
    words
}
