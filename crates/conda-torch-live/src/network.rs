//! The client for HTTP, and what it saw: which answers came, how many bytes, and pages in a channel's place.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rattler_networking::{AuthenticationMiddleware, AuthenticationStorage};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Request, Response, StatusCode};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use url::Url;

/// What a server answered.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
}

/// Something answers every question with a page for people: a network that wants a login.
#[derive(Debug, thiserror::Error)]
#[error("a page for people came in place of the channel, from {0}")]
pub(crate) struct Page(pub(crate) String);

/// Nothing may be asked.
#[derive(Debug, thiserror::Error)]
#[error("nothing is asked of the network: offline")]
pub(crate) struct Offline;

/// What was seen so far, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sight(Arc<Mutex<Vec<Seen>>>);

impl Sight {
    /// What servers answered for addresses that begin like this one.
    pub(crate) fn of(&self, base: &Url) -> Vec<Seen> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().filter(|seen| seen.url.as_str().starts_with(base.as_str())).cloned().collect()
    }
}

struct Watch {
    sight: Sight,
    offline: bool,
}

impl Watch {
    fn saw(&self, url: &Url, status: StatusCode) {
        let mut seen = self.sight.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(Seen { url: url.clone(), status });
    }
}

/// How long to wait before asking once more where a server fails or hangs up.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// Whether the same question may be answered the next time: the connection was lost, not refused.
fn is_passing(error: &reqwest_middleware::Error) -> bool {
    let reqwest_middleware::Error::Reqwest(error) = error else { return false };
    !error.is_timeout() && !error.is_connect() && !error.is_redirect() && error.is_request()
}

#[async_trait::async_trait]
impl Middleware for Watch {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        if self.offline {
            return Err(reqwest_middleware::Error::Middleware(anyhow::Error::new(Offline)));
        }
        let asked = request.url().clone();
        let mut response = None;
        for wait in PAUSES {
            let Some(again) = request.try_clone() else { break };
            match next.clone().run(again, extensions).await {
                Ok(answer) if answer.status().is_server_error() => {
                    self.saw(&asked, answer.status());
                }
                Err(error) if is_passing(&error) => {}
                other => {
                    response = Some(other?);
                    break;
                }
            }
            tokio::time::sleep(wait).await;
        }
        let response = match response {
            Some(response) => response,
            None => next.run(request, extensions).await?,
        };
        let status = response.status();
        self.saw(&asked, status);
        let is_page = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("text/html"));
        if status.is_success() && is_page {
            let page = crate::channel::without_secrets(response.url());
            return Err(reqwest_middleware::Error::Middleware(anyhow::Error::new(Page(page))));
        }
        Ok(response)
    }
}

/// A client that waits for a silent server no longer than `patience`.
pub(crate) fn client(
    patience: Duration,
    offline: bool,
    sight: &Sight,
) -> Result<ClientWithMiddleware, reqwest::Error> {
    let client = reqwest::Client::builder()
        .user_agent(concat!("conda-torch/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(patience)
        .read_timeout(patience)
        .build()?;
    Ok(ClientBuilder::new(client)
        .with(Watch { sight: sight.clone(), offline })
        .with(credentials())
        .build())
}

/// What servers ask for, as pixi and curl keep it. A file of them that is damaged is none: the
/// server says whether it wanted something.
fn credentials() -> AuthenticationMiddleware {
    let kept = AuthenticationStorage::from_env_and_defaults();
    AuthenticationMiddleware::from_auth_storage(
        kept.unwrap_or_else(|_| AuthenticationStorage::empty()),
    )
}
