//! What went wrong, by what the libraries say: their errors are walked from the outermost to the cause.

use std::error::Error;
use std::io;

use conda_torch_core::conda::{self, Fault, FaultKind};
use reqwest::StatusCode;
use url::Url;

use crate::channel::without_secrets;
use crate::gateway::Unread;
use crate::network::{Offline, Page, Seen};

/// The fault of a channel's part that could not be read.
pub(crate) fn of(error: &(dyn Error + 'static), seen: &[Seen], base: &Url) -> Fault {
    let chain = chain(error);
    if let Some(Unread::Trickle) = error.downcast_ref::<Unread>() {
        return Fault { kind: FaultKind::Slow, at: without_secrets(base), detail: detail(&chain) };
    }
    let kind = chain
        .iter()
        .find_map(|error| by_type(*error))
        .or_else(|| by_answers(seen))
        .unwrap_or_else(|| by_words(&chain));
    let at = seen.last().map_or_else(|| without_secrets(base), |seen| without_secrets(&seen.url));
    Fault { kind, at, detail: detail(&chain) }
}

/// An error and all its causes. Those that print what is inside them are looked through by their type.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut all = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        all.push(error);
        next = match error.downcast_ref::<reqwest_middleware::Error>() {
            Some(reqwest_middleware::Error::Middleware(inner)) => Some(inner.as_ref()),
            Some(reqwest_middleware::Error::Reqwest(inner)) => Some(inner),
            None => inside(error).or_else(|| error.source()),
        };
    }
    all
}

/// What an error of the gateway shows as itself, and so leaves out of its sources.
fn inside<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    use rattler_repodata_gateway::GatewayError as G;
    use rattler_repodata_gateway::fetch::{FetchRepoDataError as F, RepoDataNotFoundError as N};
    if let Some(Unread::Gateway(inner)) = error.downcast_ref::<Unread>() {
        return Some(inner);
    }
    if let Some(error) = error.downcast_ref::<G>() {
        return match error {
            G::ReqwestError(inner) => Some(inner),
            G::ReqwestMiddlewareError(inner) => Some(inner.as_ref()),
            G::FetchRepoDataError(inner) => Some(inner),
            G::SubdirNotFoundError(inner) => Some(inner.as_ref()),
            _ => None,
        };
    }
    if let Some(error) = error.downcast_ref::<F>() {
        return match error {
            F::HttpError(inner) => Some(inner),
            F::IoError(inner) => Some(inner),
            F::NotFound(inner) => Some(inner),
            _ => None,
        };
    }
    match error.downcast_ref::<N>() {
        Some(N::HttpError(inner)) => Some(inner),
        Some(N::FileSystemError(inner)) => Some(inner),
        None => {
            let io = error.downcast_ref::<io::Error>()?;
            io.get_ref().map(|inner| inner as &(dyn Error + 'static))
        }
    }
}

fn by_type(error: &(dyn Error + 'static)) -> Option<FaultKind> {
    use rattler_repodata_gateway::GatewayError as G;
    use rattler_repodata_gateway::fetch::FetchRepoDataError as F;
    if error.is::<Page>() {
        return Some(FaultKind::CaptivePage);
    }
    if error.is::<Offline>() {
        return Some(FaultKind::NotCached);
    }
    if let Some(error) = error.downcast_ref::<reqwest::Error>() {
        return by_request(error);
    }
    if let Some(error) = error.downcast_ref::<G>() {
        return match error {
            G::ShardedIndexNotCached(_) | G::ShardNotCached(_) => Some(FaultKind::NotCached),
            G::ShardHashMismatch(_) => Some(FaultKind::Damaged),
            G::SubdirNotFoundError(_) => Some(FaultKind::NoChannel),
            _ => None,
        };
    }
    if let Some(error) = error.downcast_ref::<F>() {
        return match error {
            F::NoCacheAvailable(_) => Some(FaultKind::NotCached),
            F::FailedToAcquireLock(_)
            | F::FailedToCreateTemporaryFile(_)
            | F::FailedToPersistTemporaryFile(..)
            | F::FailedToWriteCacheState(_) => {
                let causes = chain(error).into_iter().skip(1);
                let by_cause = causes.filter_map(|cause| cause.downcast_ref::<io::Error>());
                Some(by_cause.map(of_cache).next().unwrap_or(FaultKind::Cache))
            }
            _ => None,
        };
    }
    error.downcast_ref::<io::Error>().and_then(|error| by_io(error.kind()))
}

/// What keeps the cache from being written: a full disk, or its rights.
pub(crate) fn of_cache(error: &io::Error) -> FaultKind {
    by_io(error.kind()).filter(|kind| *kind == FaultKind::DiskFull).unwrap_or(FaultKind::Cache)
}

fn by_io(kind: io::ErrorKind) -> Option<FaultKind> {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(FaultKind::DiskFull),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some(FaultKind::Cache)
        }
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted => Some(FaultKind::CutShort),
        io::ErrorKind::TimedOut => Some(FaultKind::Slow),
        io::ErrorKind::InvalidData => Some(FaultKind::Damaged),
        _ => None,
    }
}

fn by_request(error: &reqwest::Error) -> Option<FaultKind> {
    if let Some(status) = error.status() {
        return by_status(status);
    }
    if error.is_timeout() {
        return Some(FaultKind::Slow);
    }
    if error.is_redirect() {
        return Some(FaultKind::Moved);
    }
    if error.is_connect() {
        let words = detail(&chain(error)).to_lowercase();
        return Some(
            if words.contains("certificate")
                || words.contains("tls")
                || words.contains("invalid message")
                || words.contains("corrupt message")
            {
                FaultKind::Certificate
            } else if words.contains("proxy") || words.contains("tunnel") {
                FaultKind::Proxy
            } else {
                FaultKind::NoNetwork
            },
        );
    }
    if error.is_body() || error.is_decode() {
        return Some(FaultKind::CutShort);
    }
    None
}

fn by_status(status: StatusCode) -> Option<FaultKind> {
    Some(match status.as_u16() {
        401 | 403 => FaultKind::Refused,
        404 | 410 => FaultKind::NoChannel,
        407 => FaultKind::Proxy,
        429 => FaultKind::TooMany,
        300..=399 => FaultKind::Moved,
        500..=599 => FaultKind::Server,
        _ => return None,
    })
}

/// The gravest that a server answered, where the error itself does not tell.
fn by_answers(seen: &[Seen]) -> Option<FaultKind> {
    let last =
        seen.iter().rev().find(|seen| !seen.status.is_success() && seen.status.as_u16() != 304)?;
    let all_failed =
        seen.iter().all(|seen| seen.status.is_client_error() || seen.status.is_server_error());
    if all_failed { by_status(last.status) } else { None }
}

fn by_words(chain: &[&(dyn Error + 'static)]) -> FaultKind {
    let words = detail(chain).to_lowercase();
    if words.contains("no space left") {
        FaultKind::DiskFull
    } else if words.contains("permission denied") || words.contains("read-only") {
        FaultKind::Cache
    } else if ["unexpected end", "incomplete", "eof"].iter().any(|word| words.contains(word)) {
        FaultKind::CutShort
    } else if ["pars", "deserial", "decod", "invalid", "expected", "zst", "msgpack"]
        .iter()
        .any(|word| words.contains(word))
    {
        FaultKind::Damaged
    } else {
        FaultKind::Other
    }
}

/// All that the errors say, on one line, each once.
fn detail(chain: &[&(dyn Error + 'static)]) -> String {
    let mut said: Vec<String> = Vec::new();
    for error in chain {
        let words = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        if !said.iter().any(|before| before.contains(&words)) {
            said.push(words);
        }
    }
    let said = conda::without_secrets(&said.join(": "));
    let text: String = said.chars().filter(|c| !c.is_control()).take(400).collect();
    text
}
