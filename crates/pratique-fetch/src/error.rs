//! What can go wrong on the way out.

use std::error::Error as _;
use std::path::PathBuf;

use reqwest::Url;

/// Why something could not be fetched or sent. Messages are complete: there are no causes behind them. URLs are shown
/// without user, password and query.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not a URL that can be fetched.
    #[error("{url:?} is not a valid http or https address: {reason}")]
    BadUrl {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The process is not to use the network: see [`crate::go_offline`].
    #[error("{url} is on the network, and --offline (or PRATIQUE_OFFLINE) says not to use it")]
    Offline {
        /// What was asked for.
        url: String,
    },
    /// A header that cannot be sent.
    #[error("the value of the header {name} has characters that cannot be sent")]
    BadHeader {
        /// Which one; its value may be secret.
        name: String,
    },
    /// A file of certificates could not be read.
    #[error("cannot read the certificates in {}: {reason}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The HTTP client could not be set up.
    #[error("cannot set up the HTTP client: {0}")]
    Setup(String),
    /// What was to be sent cannot be read.
    #[error("cannot read what is to be sent to {url}: {reason}")]
    Body {
        /// Where it was to go.
        url: String,
        /// Why.
        reason: String,
    },
    /// No connection.
    #[error("cannot connect to {url}: {reason}. Check the address, the network, and HTTPS_PROXY / NO_PROXY")]
    Connect {
        /// What was fetched.
        url: String,
        /// Why.
        reason: String,
    },
    /// The other side's certificate is not trusted, or TLS failed otherwise.
    #[error(
        "no trusted TLS connection to {url}: {reason}. If its certificate comes from your own authority, name that \
         authority's file with --ca-file or SSL_CERT_FILE"
    )]
    Tls {
        /// What was fetched.
        url: String,
        /// Why.
        reason: String,
    },
    /// Too slow.
    #[error("{url} did not answer in time: {reason}")]
    Timeout {
        /// What was fetched.
        url: String,
        /// Which limit.
        reason: String,
    },
    /// The exchange broke.
    #[error("the exchange with {url} broke off: {reason}")]
    Broken {
        /// What was fetched.
        url: String,
        /// How.
        reason: String,
    },
    /// The server answered, but not with what was wanted.
    #[error("{url} answered {status}{excerpt}{}", remedy(*status))]
    Status {
        /// What was fetched.
        url: String,
        /// HTTP status.
        status: u16,
        /// The beginning of the answer with a separator, or nothing.
        excerpt: String,
    },
    /// Redirects without end.
    #[error("{url} redirects more than {limit} times")]
    TooManyRedirects {
        /// What was fetched.
        url: String,
        /// How many are followed.
        limit: usize,
    },
    /// A redirect to something that is not HTTP.
    #[error("{url} redirects to something that cannot be fetched")]
    BadRedirect {
        /// What was fetched.
        url: String,
    },
    /// A body larger than allowed.
    #[error("{url} sent more than the allowed {limit} bytes")]
    TooLarge {
        /// What was fetched.
        url: String,
        /// The limit.
        limit: u64,
    },
    /// The resource changed while it was downloaded in pieces.
    #[error("{url} changed while it was downloaded: {reason}; try again")]
    Changed {
        /// What was fetched.
        url: String,
        /// How that was seen.
        reason: String,
    },
    /// The download broke too often.
    #[error("{url} broke off at byte {position} and could not be resumed in {attempts} attempts: {last}")]
    GaveUp {
        /// What was fetched.
        url: String,
        /// How much had come.
        position: u64,
        /// How often it was tried.
        attempts: u32,
        /// What happened the last time.
        last: String,
    },
}

impl Error {
    /// Whether trying again may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::Timeout { .. } | Self::Broken { .. })
    }

    /// Whether no connection came about: nothing answered, or what did does not speak TLS.
    pub fn is_connect(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::Tls { .. })
    }

    /// The HTTP status, if the server answered.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    pub(crate) fn from_reqwest(error: reqwest::Error, url: &Url) -> Self {
        let url = shown_url(url.as_str());
        let error = error.without_url();
        let reason = innermost(&error);
        if error.is_timeout() {
            return Self::Timeout { url, reason };
        }
        if let Some(reason) = tls_reason(&error) {
            return Self::Tls { url, reason };
        }
        if error.is_connect() {
            return Self::Connect { url, reason };
        }
        Self::Broken { url, reason }
    }
}

/// What to try, by status.
fn remedy(status: u16) -> &'static str {
    match status {
        401 => "; log in, or check the user name, password or token",
        403 => "; the account may not do this",
        404 => "; check the name",
        413 => "; it, or a proxy before it, limits how large a request may be",
        407 => "; the proxy wants credentials: put them in HTTPS_PROXY",
        429 => "; too many requests: log in for a higher limit, or try later",
        500..=599 => "; the server has trouble: try later",
        _ => "",
    }
}

/// The last error of a chain: the one that says something.
fn innermost(error: &reqwest::Error) -> String {
    let mut last = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        last = error.to_string();
        next = error.source();
    }
    last
}

/// What TLS itself says, wherever in the chain it says so.
fn tls_reason(error: &reqwest::Error) -> Option<String> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = error.source();
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(explain(tls));
        }
        // An I/O error calls the source of what it holds its own source, and so leaves out what it holds.
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(held) => Some(held),
            None => error.source(),
        };
    }
    None
}

fn explain(error: &rustls::Error) -> String {
    let text = error.to_string();
    if text.contains("CaUsedAsEndEntity") {
        // What `openssl req -x509` makes unless told otherwise.
        return "its certificate is that of an authority (CA:TRUE), which may sign server certificates but not be \
                one"
            .into();
    }
    text
}

/// A URL without what may be secret: user, password, query and fragment.
pub fn shown_url(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else {
        return url.split(['?', '#']).next().unwrap_or_default().chars().take(300).collect();
    };
    // Neither fails on an http URL.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let had_query = url.query().is_some();
    url.set_query(None);
    url.set_fragment(None);
    let mut shown: String = url.as_str().chars().take(300).collect();
    if had_query {
        shown.push_str("?…");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_secrets() {
        for (url, want) in [
            ("https://user:pass@example.org/a?token=secret#x", "https://example.org/a?…"),
            ("http://example.org:5000/a", "http://example.org:5000/a"),
            ("not a url?secret", "not a url"),
        ] {
            assert_eq!(shown_url(url), want);
        }
    }
}
