//! The HTTP client. It records responses and downloaded bytes, and refuses pages that replace a channel.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rattler_networking::{AuthenticationMiddleware, AuthenticationStorage};
use rattler_repodata_gateway::{DownloadReporter, Reporter};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Request, StatusCode};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error, Middleware, Next};
use url::Url;

/// The pauses before a request is repeated because the server failed or closed the connection.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// Below this many bytes a second an index of shards would take ten minutes.
const SLOWEST: u64 = 1024;

#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
}

/// A network with a login answers every request with a page.
#[derive(Debug, thiserror::Error)]
#[error("got a web page instead of channel data from {0}")]
pub(crate) struct CaptivePage(String);

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

struct Recorder {
    traffic: Traffic,
    offline: bool,
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
        request: Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        if self.offline {
            return Err(Error::Middleware(Offline.into()));
        }
        let url = request.url().clone();
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
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
        let is_page = content_type.is_some_and(|it| it.starts_with("text/html"));
        if response.status().is_success() && is_page {
            let url = crate::channel::without_secrets(response.url());
            return Err(Error::Middleware(CaptivePage(url).into()));
        }
        Ok(response)
    }
}

/// A client that waits at most `timeout` for a silent server.
pub(crate) fn client(
    timeout: Duration,
    offline: bool,
    traffic: &Traffic,
) -> Result<ClientWithMiddleware, reqwest::Error> {
    let client = reqwest::Client::builder()
        .user_agent(concat!("conda-torch/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(timeout)
        .read_timeout(timeout)
        .build()?;
    // Damaged credentials count as none: the server reports if it needs some.
    let credentials = AuthenticationStorage::from_env_and_defaults()
        .unwrap_or_else(|_| AuthenticationStorage::empty());
    Ok(ClientBuilder::new(client)
        .with(Recorder { traffic: traffic.clone(), offline })
        .with(AuthenticationMiddleware::from_auth_storage(credentials))
        .build())
}
