//! Errors of the libraries as kinds of faults.

use std::error::Error;
use std::io;

use conda_torch_core::conda::{self, Fault, FaultKind};
use rattler_repodata_gateway::GatewayError as G;
use rattler_repodata_gateway::fetch::{FetchRepoDataError as F, RepoDataNotFoundError as N};
use url::Url;

use crate::channel::without_secrets;
use crate::network::{BadRedirect, CaptivePage, Offline};
use crate::traffic::{Refused, Response};

type AnyError = dyn Error + 'static;

/// Why a subdir was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error(transparent)]
    Gateway(#[from] G),
    /// The server sends more than a channel can have.
    #[error(transparent)]
    Refused(Refused),
    /// The server sends so little that the download would never end.
    #[error("the download is too slow")]
    Trickle,
    /// The time for all downloads is over.
    #[error("the downloads take too long")]
    Deadline,
}

/// Words in messages that name the kind of a fault, the most specific first.
const MESSAGES: [(FaultKind, &[&str]); 5] = [
    (FaultKind::TooLarge, &["message head is too large"]),
    (FaultKind::DiskFull, &["no space left"]),
    (FaultKind::Cache, &["permission denied", "read-only"]),
    (FaultKind::CutShort, &["unexpected end", "incomplete", "eof"]),
    (FaultKind::Damaged, &["pars", "deserial", "decod", "invalid", "expected", "zst", "msgpack"]),
];

/// The same in messages about a connection.
const CONNECTION_MESSAGES: [(FaultKind, &[&str]); 2] = [
    (FaultKind::Certificate, &["certificate", "tls", "invalid message", "corrupt message"]),
    (FaultKind::Proxy, &["proxy", "tunnel"]),
];

/// The fault of a subdir that could not be read, with the responses of its server. `addresses`: of channels, as they are
/// shown and as they are requested.
pub(crate) fn of(
    error: &AnyError,
    responses: &[Response],
    base: &Url,
    addresses: &[(Url, Url)],
) -> Fault {
    let chain = chain(error);
    let detail = addresses.iter().fold(messages(&chain), |text, (shown, requested)| {
        let mut requested = requested.clone();
        // No message has them.
        let _ = requested.set_username("").and_then(|()| requested.set_password(None));
        text.replace(requested.as_str(), shown.as_str())
    });
    let detail = conda::without_secrets(&detail);
    let detail: String = detail.chars().filter(|c| !c.is_control()).take(400).collect();
    let kind = chain
        .iter()
        .find_map(|error| by_type(*error).0)
        // A request without a response says nothing about the channel.
        .or_else(|| if is_unanswered(&chain) { None } else { by_responses(responses) })
        .or_else(|| by_message(&detail, &MESSAGES))
        .unwrap_or(FaultKind::Other);
    let at = without_secrets(responses.last().map_or(base, |response| &response.url));
    Fault { kind, at, detail }
}

/// An error and all its causes.
fn chain<'a>(error: &'a AnyError) -> Vec<&'a AnyError> {
    let next = |&error: &&'a AnyError| by_type(error).1.or_else(|| error.source());
    std::iter::successors(Some(error), next).collect()
}

/// The same without [`by_type`], which uses it.
fn sources(error: &AnyError) -> impl Iterator<Item = &AnyError> {
    std::iter::successors(Some(error), |&cause| cause.source())
}

/// The kind of an error of this type, or its cause if it prints that as its own message, and so does not have
/// it as its source.
fn by_type<'a>(error: &'a AnyError) -> (Option<FaultKind>, Option<&'a AnyError>) {
    let kind = |kind| (Some(kind), None);
    let cause = |cause: &'a AnyError| (None, Some(cause));
    if error.is::<CaptivePage>() {
        kind(FaultKind::CaptivePage)
    } else if error.is::<Offline>() {
        kind(FaultKind::NotCached)
    } else if let Some(error) = error.downcast_ref::<ReadError>() {
        match error {
            ReadError::Refused(refused) => kind(by_refusal(refused)),
            ReadError::Trickle | ReadError::Deadline => kind(FaultKind::Slow),
            ReadError::Gateway(inner) => cause(inner),
        }
    } else if let Some(redirect) = error.downcast_ref::<BadRedirect>() {
        kind(by_redirect(redirect))
    } else if let Some(refused) = error.downcast_ref::<Refused>() {
        kind(by_refusal(refused))
    } else if let Some(error) = error.downcast_ref::<reqwest::Error>() {
        (by_request(error), None)
    } else if let Some(error) = error.downcast_ref::<reqwest_middleware::Error>() {
        match error {
            reqwest_middleware::Error::Middleware(inner) => cause(inner.as_ref()),
            reqwest_middleware::Error::Reqwest(inner) => cause(inner),
        }
    } else if let Some(error) = error.downcast_ref::<G>() {
        match error {
            G::ShardedIndexNotCached(_) | G::ShardNotCached(_) => kind(FaultKind::NotCached),
            G::ShardHashMismatch(_) => kind(FaultKind::Damaged),
            G::SubdirNotFoundError(inner) => (Some(FaultKind::NoChannel), Some(inner.as_ref())),
            G::ReqwestError(inner) => cause(inner),
            G::ReqwestMiddlewareError(inner) => cause(inner.as_ref()),
            G::FetchRepoDataError(inner) => cause(inner),
            _ => (None, None),
        }
    } else if let Some(error) = error.downcast_ref::<F>() {
        match error {
            F::NoCacheAvailable(_) => kind(FaultKind::NotCached),
            F::FailedToAcquireLock(_)
            | F::FailedToCreateTemporaryFile(_)
            | F::FailedToPersistTemporaryFile(..)
            | F::FailedToWriteCacheState(_) => {
                kind(cause_of(error).map_or(FaultKind::Cache, of_cache))
            }
            F::HttpError(inner) => cause(inner),
            F::IoError(inner) => cause(inner),
            F::NotFound(inner) => cause(inner),
            _ => (None, None),
        }
    } else if let Some(error) = error.downcast_ref::<N>() {
        match error {
            N::HttpError(inner) => cause(inner),
            N::FileSystemError(inner) => cause(inner),
        }
    } else if let Some(error) = error.downcast_ref::<io::Error>() {
        (by_io(error.kind()), error.get_ref().map(|inner| -> &AnyError { inner }))
    } else {
        (None, None)
    }
}

/// Why the cache cannot be written: the disk is full, or anything else.
pub(crate) fn of_cache(error: &io::Error) -> FaultKind {
    by_io(error.kind()).filter(|kind| *kind == FaultKind::DiskFull).unwrap_or(FaultKind::Cache)
}

fn by_io(kind: io::ErrorKind) -> Option<FaultKind> {
    use io::ErrorKind as K;
    match kind {
        K::StorageFull | K::QuotaExceeded => Some(FaultKind::DiskFull),
        K::PermissionDenied | K::ReadOnlyFilesystem => Some(FaultKind::Cache),
        K::UnexpectedEof | K::ConnectionReset | K::ConnectionAborted => Some(FaultKind::CutShort),
        K::TimedOut => Some(FaultKind::Slow),
        K::InvalidData => Some(FaultKind::Damaged),
        _ => None,
    }
}

fn by_request(error: &reqwest::Error) -> Option<FaultKind> {
    if let Some(status) = error.status() {
        by_status(status.as_u16())
    } else if error.is_timeout() {
        Some(FaultKind::Slow)
    } else if error.is_redirect() {
        Some(cause_of(error).map_or(FaultKind::Moved, by_redirect))
    } else if error.is_connect() {
        let sources: Vec<&AnyError> = sources(error).collect();
        let kind = by_message(&messages(&sources), &CONNECTION_MESSAGES);
        Some(kind.unwrap_or(FaultKind::NoNetwork))
    } else {
        let is_body = error.is_body() || error.is_decode();
        is_body.then(|| cause_of(error).map_or(FaultKind::CutShort, by_refusal))
    }
}

/// The cause of this type.
fn cause_of<E: Error + 'static>(error: &AnyError) -> Option<&E> {
    sources(error).find_map(|cause| cause.downcast_ref())
}

const fn by_refusal(refused: &Refused) -> FaultKind {
    match refused {
        Refused::Damaged(_) => FaultKind::Damaged,
        Refused::Silent => FaultKind::Slow,
        Refused::Bytes(_)
        | Refused::Run
        | Refused::Ratio
        | Refused::Records(_)
        | Refused::Memory(_) => FaultKind::TooLarge,
    }
}

const fn by_redirect(redirect: &BadRedirect) -> FaultKind {
    match redirect {
        BadRedirect::Unsupported(_) | BadRedirect::WithoutAddress => FaultKind::Moved,
        BadRedirect::TooMany => FaultKind::RedirectLoop,
    }
}

fn by_status(status: u16) -> Option<FaultKind> {
    match status {
        401 | 403 => Some(FaultKind::Refused),
        404 | 410 => Some(FaultKind::NoChannel),
        407 => Some(FaultKind::Proxy),
        429 => Some(FaultKind::TooMany),
        500..=599 => Some(FaultKind::Server),
        _ => None,
    }
}

fn is_unanswered(chain: &[&AnyError]) -> bool {
    let mut requests = chain.iter().filter_map(|error| error.downcast_ref::<reqwest::Error>());
    requests.any(|error| error.is_request() && error.status().is_none())
}

/// The kind of the last response, if all are errors.
fn by_responses(responses: &[Response]) -> Option<FaultKind> {
    let is_error = |response: &Response| {
        response.status.is_client_error() || response.status.is_server_error()
    };
    let last = responses.last().filter(|_| responses.iter().all(is_error))?;
    by_status(last.status.as_u16())
}

fn by_message(message: &str, rows: &[(FaultKind, &[&str])]) -> Option<FaultKind> {
    let message = message.to_lowercase();
    let is_named = |words: &[&str]| words.iter().any(|word| message.contains(word));
    rows.iter().find(|(_, words)| is_named(words)).map(|(kind, _)| *kind)
}

/// All messages on one line, each once.
fn messages(chain: &[&AnyError]) -> String {
    let mut messages: Vec<String> = Vec::new();
    for error in chain {
        let message = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        if !messages.iter().any(|earlier| earlier.contains(&message)) {
            messages.push(message);
        }
    }
    messages.join(": ")
}
