//! The HTTP client. It records responses and downloaded bytes, and refuses pages that replace a channel, redirects
//! to other schemes than HTTP's, and more than a channel may send.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rattler_networking::{AuthenticationMiddleware, AuthenticationStorage};
use rattler_repodata_gateway::{DownloadReporter, Reporter};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Request, StatusCode};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error, Middleware, Next};
use tokio::sync::Notify;
use url::Url;

use crate::limits::{Refused, limited};

/// The pauses before a request is repeated because the server failed or closed the connection.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// Below this many bytes a second an index of shards would take more than a minute, and PyTorch a day.
const SLOWEST: u64 = 8 << 10;

/// As many as other clients follow.
const REDIRECTS: usize = 10;

#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
}

/// A network with a login answers every request with a page.
#[derive(Debug, thiserror::Error)]
#[error("got a web page instead of channel data from {0}")]
pub(crate) struct CaptivePage(String);

/// A redirect that is not followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadRedirect {
    #[error("redirected to `{0}`")]
    Unsupported(String),
    #[error("redirected more than {REDIRECTS} times")]
    TooMany,
}

/// The network must not be used.
#[derive(Debug, thiserror::Error)]
#[error("offline")]
pub(crate) struct Offline;

/// What was received so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traffic {
    responses: Arc<Mutex<Vec<Response>>>,
    /// The bytes of each download.
    downloads: Arc<Mutex<Vec<u64>>>,
    /// The bytes of all downloads, decompressed.
    pub(crate) decompressed: Arc<AtomicU64>,
    /// The first response past its limit.
    refused: Arc<(Mutex<Option<Refused>>, Notify)>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Traffic {
    /// The responses of URLs that start with `base`, in order.
    pub(crate) fn responses(&self, base: &Url) -> Vec<Response> {
        let mut responses = lock(&self.responses).clone();
        responses.retain(|response| response.url.as_str().starts_with(base.as_str()));
        responses
    }

    /// How many bytes were downloaded.
    pub(crate) fn bytes(&self) -> u64 {
        lock(&self.downloads).iter().sum()
    }

    fn add(&self, url: &Url, status: StatusCode) {
        lock(&self.responses).push(Response { url: url.clone(), status });
    }

    /// Records that a response is not read to its end.
    pub(crate) fn refuse(&self, refused: &Refused) {
        if !matches!(refused, Refused::Damaged(_)) {
            lock(&self.refused.0).get_or_insert_with(|| refused.clone());
            self.refused.1.notify_one();
        }
    }

    /// Ends if a response is past its limit, which rattler takes for a lost connection and retries.
    pub(crate) async fn refused(&self) -> Refused {
        loop {
            if let Some(refused) = lock(&self.refused.0).take() {
                return refused;
            }
            self.refused.1.notified().await;
        }
    }

    /// Ends if a server sends hardly anything for three times `timeout`. If nothing arrives at all, this program
    /// may be busy; a silent server is the client's to time out.
    pub(crate) async fn trickles(&self, timeout: Duration) {
        let mut before = self.bytes();
        let mut slow = 0;
        while slow < 3 {
            tokio::time::sleep(timeout).await;
            let received = self.bytes() - before;
            let is_slow = received > 0 && received < timeout.as_secs().max(1) * SLOWEST;
            slow = if is_slow { slow + 1 } else { 0 };
            before += received;
        }
    }
}

impl Reporter for Traffic {
    fn download_reporter(&self) -> Option<&dyn DownloadReporter> {
        Some(self)
    }
}

impl DownloadReporter for Traffic {
    fn on_download_start(&self, _url: &Url) -> usize {
        let mut downloads = lock(&self.downloads);
        downloads.push(0);
        downloads.len() - 1
    }

    fn on_download_progress(&self, _: &Url, index: usize, downloaded: usize, _: Option<usize>) {
        if let Some(bytes) = lock(&self.downloads).get_mut(index) {
            *bytes = (*bytes).max(downloaded as u64);
        }
    }
}

/// A login that is in the address of a channel.
struct Login {
    /// The address without it.
    base: Url,
    /// A request with it.
    request: Request,
}

struct Recorder {
    traffic: Traffic,
    logins: Vec<Login>,
    offline: bool,
}

impl Recorder {
    /// Adds the login of the channel, which rattler does not know.
    fn log_in(&self, request: &mut Request) {
        for Login { base, request: login } in &self.logins {
            let rest = request.url().as_str().strip_prefix(base.as_str());
            if let Some(url) = rest.and_then(|rest| login.url().join(rest).ok()) {
                *request.url_mut() = url;
                let authorization = login.headers().get(AUTHORIZATION).cloned();
                request.headers_mut().extend(authorization.map(|it| (AUTHORIZATION, it)));
                return;
            }
        }
    }
}

/// Whether a connection was lost, in contrast to refused: a repeated request may succeed.
fn is_lost_connection(error: &Error) -> bool {
    let Error::Reqwest(error) = error else { return false };
    !error.is_timeout() && !error.is_connect() && !error.is_redirect() && error.is_request()
}

#[async_trait::async_trait]
impl Middleware for Recorder {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        if self.offline {
            return Err(Error::Middleware(Offline.into()));
        }
        let url = request.url().clone();
        self.log_in(&mut request);
        let mut pauses = PAUSES.into_iter();
        let response = loop {
            let Some((pause, again)) = pauses.next().zip(request.try_clone()) else {
                break next.run(request, extensions).await?;
            };
            match next.clone().run(again, extensions).await {
                Ok(response) if response.status().is_server_error() => {
                    self.traffic.add(&url, response.status());
                }
                Err(error) if is_lost_connection(&error) => {}
                other => break other?,
            }
            tokio::time::sleep(pause).await;
        };
        self.traffic.add(&url, response.status());
        let status = response.status();
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            // An address that is not of a server, such as `file:///etc`, or none.
            let location = response.headers().get(LOCATION).and_then(|it| it.to_str().ok());
            let location = crate::channel::without_secrets_in(location.unwrap_or_default());
            return Err(Error::Middleware(BadRedirect::Unsupported(location).into()));
        }
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
        let is_page = content_type.is_some_and(|it| it.starts_with("text/html"));
        if status.is_success() && is_page {
            let url = crate::channel::without_secrets(response.url());
            return Err(Error::Middleware(CaptivePage(url).into()));
        }
        limited(response, &url, &self.traffic).map_err(|error| Error::Middleware(error.into()))
    }
}

/// Follows redirects to servers alone.
fn redirect(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    if !matches!(attempt.url().scheme(), "http" | "https") {
        let url = crate::channel::without_secrets(attempt.url());
        attempt.error(BadRedirect::Unsupported(url))
    } else if attempt.previous().len() > REDIRECTS {
        attempt.error(BadRedirect::TooMany)
    } else {
        attempt.follow()
    }
}

/// A client that waits at most `timeout` for a silent server. `addresses`: of channels, as they are shown and as they are
/// requested.
pub(crate) fn client(
    timeout: Duration,
    offline: bool,
    traffic: &Traffic,
    addresses: &[(Url, Url)],
) -> Result<ClientWithMiddleware, reqwest::Error> {
    let client = reqwest::Client::builder()
        .user_agent(concat!("conda-torch/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(timeout)
        .read_timeout(timeout)
        .redirect(Policy::custom(redirect))
        // rattler decompresses, and `limits` sees what was sent.
        .no_gzip()
        // The address may have a token.
        .referer(false)
        .build()?;
    let login = |(base, requested): &(Url, Url)| {
        let request = client.get(requested.clone()).build()?;
        Ok(Login { base: base.clone(), request })
    };
    let logins = addresses.iter().filter(|(base, requested)| base != requested).map(login);
    let logins = logins.collect::<Result<_, reqwest::Error>>()?;
    // Damaged credentials count as none: the server reports if it needs some.
    let credentials = AuthenticationStorage::from_env_and_defaults()
        .unwrap_or_else(|_| AuthenticationStorage::empty());
    Ok(ClientBuilder::new(client)
        .with(Recorder { traffic: traffic.clone(), logins, offline })
        .with(AuthenticationMiddleware::from_auth_storage(credentials))
        .build())
}
