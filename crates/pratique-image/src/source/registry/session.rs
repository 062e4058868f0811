//! A conversation with one registry about one repository: where it is, and who we are.

use std::io::Read as _;
use std::sync::{Mutex, PoisonError};

use pratique_fetch::{Client, From, Request, Response, RetryPolicy};
use serde::Deserialize;

use super::challenge::Challenge;
use super::credentials;
use super::error::{Access, RegistryError, said};
use crate::image::{Credentials, ImageNote};
use crate::{OpenOptions, Reference};

/// Largest error answer or token that is read.
const MAX_ANSWER: u64 = 1 << 20;

/// A repository in a registry, and the login to it. Shared by all threads that read its blobs.
pub(super) struct Session {
    http: Client,
    /// `https://host`.
    base: String,
    pub(super) reference: Reference,
    access: Access,
    credentials: Option<Credentials>,
    login: Mutex<Login>,
}

/// How requests are signed, and how often that has changed: who gets a 401 with an old login only has to look
/// whether somebody else has a newer one.
#[derive(Clone, Default)]
struct Login {
    generation: u64,
    kind: LoginKind,
}

#[derive(Clone, Default)]
enum LoginKind {
    #[default]
    Anonymous,
    Basic,
    Bearer(String),
}

impl Session {
    /// Finds out how the registry is spoken to. Does not log in: that waits for the first refusal.
    pub(super) fn open(
        reference: &Reference,
        access: Access,
        options: &OpenOptions,
    ) -> Result<(Self, Vec<ImageNote>), RegistryError> {
        let mut builder = Client::builder().insecure(options.insecure);
        for path in &options.ca_files {
            builder = builder.ca_file(path);
        }
        let host = match reference.host() {
            // The name that everybody uses is not the one that serves.
            "docker.io" => "registry-1.docker.io",
            host => host,
        };
        let is_local = is_loopback(host);
        let fail = |source| access.failed(reference.familiar(), "manifest", source);
        // Proxies have no business between us and this machine.
        let http = builder.proxies(!is_local).build().map_err(fail)?;
        let (credentials, mut notes) = credentials::find(reference, options);
        let mut base = if options.plain_http { format!("http://{host}") } else { format!("https://{host}") };
        if is_local && !options.plain_http {
            let probe = http.with_retry(RetryPolicy::NEVER);
            if let Err(error) = probe.send(&Request::get(format!("{base}/v2/"))) {
                let plain = format!("http://{host}");
                // A TLS server answers plain requests with 400: then the first error was the right one.
                match probe.send(&Request::get(format!("{plain}/v2/"))) {
                    Ok(response) if response.status() != 400 => {
                        base = plain;
                        notes.push(ImageNote::PlainHttp { host: host.into() });
                    }
                    _ => return Err(fail(error)),
                }
            }
        }
        let login = Login {
            generation: 0,
            kind: match &credentials {
                Some(Credentials::Token(token)) => LoginKind::Bearer(token.clone()),
                _ => LoginKind::Anonymous,
            },
        };
        let reference = reference.clone();
        Ok((Self { http, base, reference, access, credentials, login: Mutex::new(login) }, notes))
    }

    /// The client, for addresses that are not the registry's.
    pub(super) fn http(&self) -> &Client {
        &self.http
    }

    /// The address of `path` below the repository.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/v2/{}/{path}", self.base, self.reference.repository())
    }

    /// Asks for `path` below the repository; see [`Session::send`].
    pub(super) fn get(
        &self,
        path: &str,
        what: &str,
        accept: &[&str],
        from: &From,
    ) -> Result<Response, RegistryError> {
        let fail = |source| self.failed(what, source);
        let mut request = from.apply(Request::get(self.url(path))).map_err(fail)?;
        if !accept.is_empty() {
            request = request.accept(accept).map_err(fail)?;
        }
        self.send(&request, what)
    }

    /// Sends a request to the registry, logging in as often as it wants that; any status but 401 is given back as it
    /// is.
    pub(super) fn send(&self, request: &Request, what: &str) -> Result<Response, RegistryError> {
        let fail = |source| self.failed(what, source);
        let mut refused = 0;
        loop {
            let login = self.login();
            let signed = match (&login.kind, &self.credentials) {
                (LoginKind::Bearer(token), _) => request.clone().bearer(token).map_err(fail)?,
                (LoginKind::Basic, Some(Credentials::Basic { username, password })) => {
                    request.clone().basic(username, password).map_err(fail)?
                }
                _ => request.clone(),
            };
            let mut response = self.http.send(&signed).map_err(fail)?;
            if response.status() != 401 {
                return Ok(response);
            }
            refused += 1;
            let challenge = Challenge::choose(response.headers("www-authenticate"));
            let stated = response.header("www-authenticate").unwrap_or_default().chars().take(200).collect();
            if refused > 2 || !self.log_in(login.generation, challenge, stated)? {
                return Err(self.unauthorized(&mut response));
            }
        }
    }

    /// Whether an address is the registry's own, so that its login may go there.
    pub(super) fn is_own(&self, url: &str) -> bool {
        pratique_fetch::same_origin(url, &self.base)
    }

    /// The registry's address with another scheme, as registries give it out that do not know of the TLS before them.
    pub(super) fn with_own_scheme(&self, url: String) -> String {
        let plain = self.base.strip_prefix("https").map(|rest| format!("http{rest}/"));
        match plain.and_then(|plain| url.strip_prefix(&plain)) {
            Some(rest) => format!("{}/{rest}", self.base),
            None => url,
        }
    }

    pub(super) fn failed(&self, what: &str, source: pratique_fetch::Error) -> RegistryError {
        self.access.failed(self.shown(), what, source)
    }

    /// As [`Session::get`], but only a success will do.
    pub(super) fn get_ok(
        &self,
        path: &str,
        what: &str,
        accept: &[&str],
        from: &From,
    ) -> Result<Response, RegistryError> {
        let mut response = self.get(path, what, accept, from)?;
        if matches!(response.status(), 200 | 206) {
            return Ok(response);
        }
        Err(self.refusal(&mut response, what))
    }

    /// What an answer means that is not the one hoped for.
    pub(super) fn refusal(&self, response: &mut Response, what: &str) -> RegistryError {
        let (host, image, status) = (self.host(), self.shown(), response.status());
        let (what, access, said) = (what.to_owned(), self.access, words(response));
        match (status, access) {
            (401, _) => self.unauthorized(response),
            (403, _) => RegistryError::Denied { host, image, access, said },
            (404, Access::Pull) => RegistryError::NotFound { host, image, what, said },
            (429, _) => RegistryError::TooManyRequests { host, said },
            (_, Access::Pull) => RegistryError::Status { host, image, what, status, said },
            (_, Access::Push) => RegistryError::NotTaken { host, image, what, status, said },
        }
    }

    pub(super) fn host(&self) -> String {
        self.reference.host().into()
    }

    pub(super) fn shown(&self) -> String {
        self.reference.familiar()
    }

    fn login(&self) -> Login {
        self.login.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers a challenge; `false` if there is nothing (more) to answer with.
    ///
    /// Holds the lock while it talks to the token service, so that many threads fetch one token.
    fn log_in(
        &self,
        generation: u64,
        challenge: Option<Challenge>,
        stated: String,
    ) -> Result<bool, RegistryError> {
        let mut login = self.login.lock().unwrap_or_else(PoisonError::into_inner);
        if login.generation != generation {
            return Ok(true);
        }
        let kind = match (challenge, &self.credentials) {
            (Some(Challenge::Basic), Some(Credentials::Basic { .. }))
                if !matches!(login.kind, LoginKind::Basic) =>
            {
                LoginKind::Basic
            }
            // A ready token was refused, or a password, or there is none: nothing to answer with.
            (_, Some(Credentials::Token(_))) | (Some(Challenge::Basic), _) => return Ok(false),
            (Some(Challenge::Bearer { realm, service, scope }), _) => {
                LoginKind::Bearer(self.token(&realm, service.as_deref(), scope.as_deref())?)
            }
            (None, _) => {
                return Err(RegistryError::UnknownChallenge { host: self.host(), challenge: stated });
            }
        };
        *login = Login { generation: generation + 1, kind };
        Ok(true)
    }

    /// A bearer token from the token service.
    fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        scope: Option<&str>,
    ) -> Result<String, RegistryError> {
        let scope = self.access.scope(scope, self.reference.repository());
        let shown = pratique_fetch::shown_url(realm);
        let fail =
            |reason: String| RegistryError::Token { image: self.shown(), realm: shown.clone(), reason };
        // Credentials that were to travel under TLS must not be talked out of it.
        if self.credentials.is_some() && self.base.starts_with("https:") && !realm.starts_with("https:") {
            return Err(fail("it is not under TLS, so credentials are not sent there".into()));
        }
        let mut fields = vec![("scope", scope.as_str())];
        fields.extend(service.map(|service| ("service", service)));
        let request = match &self.credentials {
            Some(Credentials::Identity(token)) => {
                fields.extend([
                    ("grant_type", "refresh_token"),
                    ("refresh_token", token),
                    ("client_id", "pratique"),
                ]);
                Ok(Request::post_form(realm, &fields))
            }
            Some(Credentials::Basic { username, password }) => {
                Request::get(with_query(realm, &fields)).basic(username, password)
            }
            _ => Ok(Request::get(with_query(realm, &fields))),
        };
        let mut response =
            request.and_then(|request| self.http.send(&request)).map_err(|error| fail(error.to_string()))?;
        match response.status() {
            200 => {}
            401 | 403 => return Err(self.unauthorized(&mut response)),
            status => return Err(fail(format!("it answered {status}{}", words(&mut response)))),
        }
        let bytes = response.bytes(MAX_ANSWER).map_err(|error| fail(error.to_string()))?;
        #[derive(Deserialize)]
        struct Answer {
            token: Option<String>,
            access_token: Option<String>,
        }
        let answer: Answer =
            serde_json::from_slice(&bytes).map_err(|_| fail("its answer is not valid JSON".into()))?;
        // Both names are in use; OAuth's own is the second.
        answer
            .token
            .filter(|token| !token.is_empty())
            .or(answer.access_token)
            .filter(|token| !token.is_empty())
            .ok_or_else(|| fail("its answer has no token".into()))
    }

    fn unauthorized(&self, response: &mut Response) -> RegistryError {
        RegistryError::Unauthorized {
            host: self.host(),
            image: self.shown(),
            access: self.access,
            said: words(response),
            logged_in: self.credentials.is_some(),
        }
    }
}

/// What an answer that is no success says.
fn words(response: &mut Response) -> String {
    let mut body = Vec::new();
    // An answer that cannot be read takes nothing from its status.
    let _ = response.take(MAX_ANSWER).read_to_end(&mut body);
    said(&body)
}

/// An address with more query parameters, encoded like a form.
fn with_query(url: &str, fields: &[(&str, &str)]) -> String {
    let query = pratique_fetch::form_encoded(fields);
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{query}")
}

/// Whether a host is this machine by its name alone.
fn is_loopback(host: &str) -> bool {
    let name = if let Some(rest) = host.strip_prefix('[') {
        rest.split(']').next().unwrap_or_default()
    } else {
        host.split(':').next().unwrap_or_default()
    };
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_its_own_addresses() {
        let options = OpenOptions::default();
        let reference = "registry.example:5000/a/b:1".parse().unwrap();
        let (session, _) = Session::open(&reference, Access::Push, &options).unwrap();
        assert!(session.is_own("https://registry.example:5000/v2/x?y"));
        for other in [
            "https://registry.example/v2/",
            "https://registry.example:50001/",
            "http://registry.example:5000/",
        ] {
            assert!(!session.is_own(other), "{other}");
        }
        assert!(session.is_own(&session.with_own_scheme("http://registry.example:5000/x".into())));
        assert_eq!(session.with_own_scheme("http://else.example/x".into()), "http://else.example/x");
    }

    #[test]
    fn knows_this_machine() {
        for (host, want) in [
            ("localhost", true),
            ("localhost:5000", true),
            ("127.0.0.1:80", true),
            ("127.9.9.9", true),
            ("[::1]:5000", true),
            ("app.localhost", true),
            ("localhost.example", false),
            ("10.0.0.1", false),
            ("[2001:db8::1]", false),
        ] {
            assert_eq!(is_loopback(host), want, "{host}");
        }
    }
}
