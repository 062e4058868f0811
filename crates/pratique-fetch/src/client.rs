//! The client: sends requests, follows redirects, tries again.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, LOCATION, PROXY_AUTHORIZATION};

use crate::resume::{From, Resumable};
use crate::retry::{self, RetryPolicy};
use crate::{Error, Request, Response, shown_url, tls};

/// A body is given the time that it needs at this rate (bytes a second) besides what any answer may take.
const SLOWEST_UPLOAD: u64 = 32 << 10;

/// Whether requests are refused before they are made.
static OFFLINE: AtomicBool = AtomicBool::new(false);

/// From now on no client of this process makes a request, be it to this very machine: each fails with
/// [`Error::Offline`]. For good, since whoever says "offline" does not mean "mostly".
pub fn go_offline() {
    OFFLINE.store(true, Ordering::Relaxed);
}

/// Most redirects that are followed.
const MAX_REDIRECTS: usize = 10;

/// How a [`Client`] is to behave.
#[derive(Debug, Clone)]
pub struct Builder {
    user_agent: String,
    ca_files: Vec<PathBuf>,
    insecure: bool,
    proxies: bool,
    connect_timeout: Duration,
    read_timeout: Duration,
    total_timeout: Option<Duration>,
    retry: RetryPolicy,
}

impl Builder {
    /// The `User-Agent` header.
    #[must_use]
    pub fn user_agent(mut self, value: impl Into<String>) -> Self {
        self.user_agent = value.into();
        self
    }

    /// A file of PEM certificates to trust besides the platform's.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_files.push(path.into());
        self
    }

    /// Accepts every certificate. For nothing but tests and emergencies.
    #[must_use]
    pub fn insecure(mut self, insecure: bool) -> Self {
        self.insecure = insecure;
        self
    }

    /// Whether `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` count; they do by default.
    #[must_use]
    pub fn proxies(mut self, from_environment: bool) -> Self {
        self.proxies = from_environment;
        self
    }

    /// How long connecting may take; 15 s by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long nothing may come while something is waited for; 60 s by default.
    #[must_use]
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// How long one response may take with all its body, retries included; unlimited by default.
    #[must_use]
    pub fn total_timeout(mut self, timeout: Duration) -> Self {
        self.total_timeout = Some(timeout);
        self
    }

    /// How often and how patiently to try again.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    /// [`Error::CaFile`], [`Error::Setup`].
    pub fn build(self) -> Result<Client, Error> {
        let mut builder = reqwest::blocking::Client::builder()
            .tls_backend_preconfigured(tls::config(&self.ca_files, self.insecure)?)
            .user_agent(self.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            // Of the blocking client, this bounds every single wait, not their sum.
            .timeout(self.read_timeout)
            // The defaults of HTTP/2 (64 KiB in flight) starve downloads over long lines.
            .http2_initial_stream_window_size(4 << 20)
            .http2_initial_connection_window_size(8 << 20);
        if !self.proxies {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| Error::Setup(error.to_string()))?;
        Ok(Client {
            http,
            retry: self.retry,
            read_timeout: self.read_timeout,
            total_timeout: self.total_timeout,
        })
    }
}

/// An HTTP client. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::blocking::Client,
    retry: RetryPolicy,
    read_timeout: Duration,
    total_timeout: Option<Duration>,
}

impl Client {
    /// A client to be configured.
    pub fn builder() -> Builder {
        Builder {
            user_agent: concat!("pratique/", env!("CARGO_PKG_VERSION")).into(),
            ca_files: Vec::new(),
            insecure: false,
            proxies: true,
            connect_timeout: Duration::from_secs(15),
            read_timeout: Duration::from_mins(1),
            total_timeout: None,
            retry: RetryPolicy::default(),
        }
    }

    /// The same client with another patience.
    #[must_use]
    pub fn with_retry(&self, retry: RetryPolicy) -> Self {
        Self { retry, ..self.clone() }
    }

    /// Sends a request, follows redirects, tries again where that may help, and gives the last response whatever
    /// its status: [`Response::ok`] turns those that are no success into errors.
    ///
    /// # Errors
    /// [`Error`] when there is no response.
    pub fn send(&self, request: &Request) -> Result<Response, Error> {
        let deadline = self.total_timeout.map(|timeout| Instant::now() + timeout);
        let mut attempt = 0;
        loop {
            let result = self.follow(request, deadline);
            attempt += 1;
            let pause = match &result {
                Ok(response) if retry::is_transient(response.status()) => {
                    let asked = response.header("retry-after");
                    match asked.and_then(|value| retry::retry_after(value, SystemTime::now())) {
                        Some(asked) if asked > self.retry.longest => return result,
                        Some(asked) => asked.max(self.retry.pause(attempt - 1) / 4),
                        None => self.retry.pause(attempt - 1),
                    }
                }
                Err(error) if error.is_transient() => self.retry.pause(attempt - 1),
                _ => return result,
            };
            if !request.is_repeatable() {
                return result;
            }
            let too_late = deadline.is_some_and(|deadline| Instant::now() + pause >= deadline);
            if attempt >= self.retry.attempts || too_late {
                return result;
            }
            drop(result);
            std::thread::sleep(pause);
        }
    }

    /// A body that goes on where it broke off. `expected_len` is checked if it is known.
    ///
    /// # Errors
    /// [`Error`] when the first request fails.
    pub fn get_resumable(
        &self,
        request: Request,
        expected_len: Option<u64>,
    ) -> Result<Resumable<impl FnMut(&From) -> std::io::Result<Response> + Send + use<>>, Error> {
        let client = self.clone();
        let first = client.send(&request)?.ok()?;
        let retry = self.retry;
        let open = move |from: &From| {
            let request = from.apply(request.clone()).map_err(std::io::Error::other)?;
            client.send(&request).map_err(std::io::Error::other)
        };
        Ok(Resumable::new(open, first, expected_len, retry))
    }

    /// One request with its redirects.
    fn follow(&self, request: &Request, deadline: Option<Instant>) -> Result<Response, Error> {
        if OFFLINE.load(Ordering::Relaxed) {
            return Err(Error::Offline { url: shown_url(&request.url) });
        }
        let bad = |reason: String| Error::BadUrl { url: shown_url(&request.url), reason };
        let mut url = Url::parse(&request.url).map_err(|error| bad(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad(format!("the scheme {:?} is not supported", url.scheme())));
        }
        let mut headers = request.headers.clone();
        for _ in 0..=MAX_REDIRECTS {
            let mut sent = self.http.request(request.method.clone(), url.clone()).headers(headers.clone());
            if let Some(body) = &request.body {
                let unreadable = |error: std::io::Error| Error::Body {
                    url: shown_url(url.as_str()),
                    reason: error.to_string(),
                };
                // The blocking client's limit is for the body and the wait for the answer together.
                let allowed = self.read_timeout + Duration::from_secs(body.len() / SLOWEST_UPLOAD);
                sent = sent.body(body.to_reqwest().map_err(unreadable)?).timeout(allowed);
            }
            let response = sent.send().map_err(|error| Error::from_reqwest(error, &url))?;
            let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
            let location = response.headers().get(LOCATION);
            let (true, Some(location)) = (is_redirect && request.is_reading(), location) else {
                return Ok(Response::new(response, &url, deadline));
            };
            let bad = || Error::BadRedirect { url: shown_url(url.as_str()) };
            let next = location.to_str().ok().and_then(|text| url.join(text).ok()).ok_or_else(bad)?;
            if !matches!(next.scheme(), "http" | "https") {
                return Err(bad());
            }
            if next.origin() != url.origin() {
                forget_credentials(&mut headers);
            }
            url = next;
        }
        Err(Error::TooManyRedirects { url: shown_url(&request.url), limit: MAX_REDIRECTS })
    }
}

/// Another scheme, host or port: whoever it is, the credentials are not for them. They stay forgotten on the way
/// back.
fn forget_credentials(headers: &mut HeaderMap) {
    for name in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
        headers.remove(name);
    }
}
