//! The HTTP client. It records responses and downloaded bytes, and refuses pages that replace a channel, redirects
//! to other schemes than HTTP's, and more than a channel may send.

use std::time::Duration;

use rattler_networking::{AuthenticationMiddleware, AuthenticationStorage};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Request, StatusCode};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error, Middleware, Next};
use url::Url;

use crate::limits::limited;
use crate::traffic::Traffic;

/// The pauses before a request is repeated because the server failed or closed the connection.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// As many as other clients follow.
const REDIRECTS: usize = 10;

/// A network with a login answers every request with a page.
#[derive(Debug, thiserror::Error)]
#[error("got a web page instead of channel data from {0}")]
pub(crate) struct CaptivePage(String);

/// A redirect that is not followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadRedirect {
    #[error("redirected to `{0}`")]
    Unsupported(String),
    #[error("redirected without an address")]
    WithoutAddress,
    #[error("redirected more than {REDIRECTS} times")]
    TooMany,
}

/// The network must not be used.
#[derive(Debug, thiserror::Error)]
#[error("offline")]
pub(crate) struct Offline;

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
            let location = location.map(crate::channel::without_secrets_in);
            let fault = location.map_or(BadRedirect::WithoutAddress, BadRedirect::Unsupported);
            return Err(Error::Middleware(fault.into()));
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
