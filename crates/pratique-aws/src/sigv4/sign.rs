//! Signing requests that go out, by the same canonical form that verifies those that come in.

use std::fmt::{self, Write as _};

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, InvalidHeaderValue};
use http::request::Parts;
use http::uri::{InvalidUri, PathAndQuery};
use http::{HeaderName, HeaderValue, Uri};
use jiff::Timestamp;
use percent_encoding::utf8_percent_encode;

use super::canonical::{ENCODED, Request};
use super::key::sha256;
use super::presented::SIGNATURE_PARAMETER;
use super::verify::{DATE_HEADER, TOKEN_HEADER};
use super::{ALGORITHM, INSTANT, Scope, Secret, payload};

/// Credentials to sign with.
#[derive(Clone)]
pub struct SigningKey {
    /// Whose.
    pub access_key_id: String,
    /// The secret access key.
    pub secret: Secret,
    /// The token that comes with temporary credentials.
    pub session_token: Option<String>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Why a request cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// It does not say where it goes.
    #[error("a request without host cannot be signed: give it an absolute URI or a Host header")]
    NoHost,
    /// The credentials have characters that cannot travel in a header.
    #[error("the credentials or the host cannot be written in a header")]
    Header(#[from] InvalidHeaderValue),
    /// The signed URL is none.
    #[error("the presigned URL is no URL")]
    Uri(#[from] InvalidUri),
    /// The signed URL is none.
    #[error("the presigned URL cannot be put together")]
    Parts(#[from] http::uri::InvalidUriParts),
}

/// Signs a request in its headers, for a region and a service by its signing name. `Host`, `Content-Type` and all `X-Amz-`
/// headers are signed; others may be changed under way, by proxies.
pub fn sign(
    parts: &mut Parts,
    body: &[u8],
    key: &SigningKey,
    region: &str,
    service: &str,
    now: Timestamp,
) -> Result<(), SigningError> {
    let instant = now.strftime(INSTANT).to_string();
    add_host(parts)?;
    let hash = sha256(body);
    parts.headers.insert(HeaderName::from_static(DATE_HEADER), HeaderValue::from_str(&instant)?);
    if let Some(token) = &key.session_token {
        let mut token = HeaderValue::from_str(token)?;
        token.set_sensitive(true);
        parts.headers.insert(HeaderName::from_static(TOKEN_HEADER), token);
    }
    if service == "s3" {
        parts.headers.insert(HeaderName::from_static(payload::HEADER), HeaderValue::from_str(&hash)?);
    }
    let mut signed: Vec<&str> = parts.headers.keys().map(HeaderName::as_str).collect();
    signed.retain(|name| *name == HOST || *name == CONTENT_TYPE || name.starts_with("x-amz-"));
    signed.sort_unstable();
    let scope = Scope { date: instant.get(..8).unwrap_or_default(), region, service };
    let canonical = Request::of(parts)
        .canonical(&signed, service, &hash, None)
        // Names of headers that are there.
        .map_err(|_| SigningError::NoHost)?;
    let signature = key.secret.signature(&scope, &scope.string_to_sign(&instant, &canonical));
    let text = format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
        key.access_key_id,
        signed.join(";"),
    );
    let mut value = HeaderValue::from_str(&text)?;
    value.set_sensitive(true);
    parts.headers.insert(AUTHORIZATION, value);
    Ok(())
}

/// Signs a request in its query, so that whoever has the URL may send it within so many seconds.
pub fn presign(
    parts: &mut Parts,
    body: &[u8],
    key: &SigningKey,
    region: &str,
    service: &str,
    now: Timestamp,
    expires: u32,
) -> Result<(), SigningError> {
    let instant = now.strftime(INSTANT).to_string();
    add_host(parts)?;
    let scope = Scope { date: instant.get(..8).unwrap_or_default(), region, service };
    let mut query = parts.uri.query().map(|query| format!("{query}&")).unwrap_or_default();
    let encoded = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let _ = write!(
        query,
        "X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={}&X-Amz-Date={instant}&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host",
        encoded(&format!("{}/{scope}", key.access_key_id)),
    );
    if let Some(token) = &key.session_token {
        let _ = write!(query, "&X-Amz-Security-Token={}", encoded(token));
    }
    let mut request = Request::of(parts);
    request.query = &query;
    let hash = if service == "s3" { "UNSIGNED-PAYLOAD".to_owned() } else { sha256(body) };
    let canonical = request.canonical(&["host"], service, &hash, None).map_err(|_| SigningError::NoHost)?;
    let signature = key.secret.signature(&scope, &scope.string_to_sign(&instant, &canonical));
    let mut uri = parts.uri.clone().into_parts();
    uri.path_and_query = Some(PathAndQuery::try_from(format!(
        "{}?{query}&{SIGNATURE_PARAMETER}={signature}",
        parts.uri.path()
    ))?);
    parts.uri = Uri::from_parts(uri)?;
    Ok(())
}

/// The `Host` header, from the URI where there is none. HTTP clients leave out the port where it is that of the scheme.
fn add_host(parts: &mut Parts) -> Result<(), SigningError> {
    if parts.headers.contains_key(HOST) {
        return Ok(());
    }
    let host = parts.uri.host().ok_or(SigningError::NoHost)?;
    let usual = match parts.uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    };
    let value = match parts.uri.port_u16() {
        Some(port) if Some(port) != usual => format!("{host}:{port}"),
        _ => host.to_owned(),
    };
    parts.headers.insert(HOST, HeaderValue::from_str(&value)?);
    Ok(())
}
