//! Verification: doing what the client did, and comparing.

use http::HeaderMap;
use http::header::DATE;
use http::request::Parts;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq as _;

use super::canonical::Request;
use super::presented::SIGNATURE_PARAMETER;
use super::{INSTANT, Payload, Place, Presented, Secret};
use crate::Caller;
use crate::operations::Pending;

/// The header with the time of the signature.
pub(super) const DATE_HEADER: &str = "x-amz-date";
/// The header with the token of temporary credentials.
pub(super) const TOKEN_HEADER: &str = "x-amz-security-token";
/// Headers that decide what a request does: where they are, they have to be signed.
const SIGNED_IF_PRESENT: [&str; 3] = ["x-amz-target", TOKEN_HEADER, DATE_HEADER];

/// How far the clocks of client and server may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(15);
/// How long a presigned URL may be good for: seven days, in seconds.
const MAX_EXPIRES: u32 = 7 * 24 * 60 * 60;

/// Where credentials are looked up.
pub trait CredentialSource: Send + Sync {
    /// The secret that belongs to an access key id, and whose it is. A session token comes with temporary credentials; the
    /// source decides whether the two belong together.
    fn secret<'a>(&'a self, access_key_id: &'a str, session_token: Option<&'a str>) -> Lookup<'a>;
}

/// What [`CredentialSource::secret`] answers, later.
pub type Lookup<'a> = Pending<'a, Result<Found, LookupError>>;

/// Credentials that are known.
#[derive(Debug, Clone)]
pub struct Found {
    /// The secret access key.
    pub secret: Secret,
    /// Whose it is.
    pub caller: Caller,
}

/// Why there are no credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// There is no such key, or the token does not belong to it.
    #[error("no such access key")]
    Unknown,
    /// The credentials were temporary, and their time is over.
    #[error("the credentials have expired")]
    Expired,
    /// It cannot be told now.
    #[error("credentials cannot be looked up: {0}")]
    Unavailable(String),
}

/// Why a signature is not accepted. The texts are for the client, in the words that AWS uses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is none.
    #[error("Missing Authentication Token")]
    Missing,
    /// It is made in a way that is not known here.
    #[error("Unsupported signature algorithm '{0}': sign with AWS4-HMAC-SHA256")]
    Algorithm(String),
    /// Parts of it are missing or not of their form.
    #[error("{0}")]
    Incomplete(String),
    /// There is no such access key.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// The credentials were temporary, and their time is over.
    #[error("The security token included in the request is expired")]
    ExpiredToken,
    /// The signature is too old, or of the future.
    #[error("{0}")]
    Clock(String),
    /// It is good for another service.
    #[error("Credential should be scoped to correct service: '{expected}'.")]
    Service {
        /// The service that is called.
        expected: String,
    },
    /// A header decides what the request does, and is not signed.
    #[error("The header '{0}' must be signed: it is not among SignedHeaders")]
    NotSigned(String),
    /// A header is said to be signed, and is not there.
    #[error("The signed header '{0}' is not in the request")]
    NoHeader(String),
    /// The body is another than the one that was signed.
    #[error("The hash in x-amz-content-sha256 is not that of the body")]
    Body,
    /// The body is signed chunk by chunk.
    #[error(
        "A body signed in chunks ({0}) is not supported by this service: sign the hash of the whole body"
    )]
    Streaming(String),
    /// It is another signature than the one that the secret makes.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and \
         signing method. Consult the service documentation for details."
    )]
    Mismatch,
    /// Whether it is right cannot be told now.
    #[error("{0}")]
    Unavailable(String),
}

/// Verifies signatures for one instant.
#[derive(Debug, Clone, Copy)]
pub struct Verifier {
    /// What the time is.
    pub now: Timestamp,
}

impl Verifier {
    /// Verifies a presented signature over a request, for a service by its signing name, and tells who sent it.
    ///
    /// # Errors
    /// Why it is not accepted. Nothing of the request may then be believed.
    pub async fn verify(
        self,
        presented: &Presented,
        parts: &Parts,
        body: &[u8],
        service: &str,
        source: &dyn CredentialSource,
    ) -> Result<Caller, SignatureError> {
        let scope = presented.scope();
        if scope.service != service {
            return Err(SignatureError::Service { expected: service.to_owned() });
        }
        let instant = self.timely(presented, &parts.headers)?;
        let signed = presented.signed_headers();
        all_signed(&signed, &parts.headers, presented.place)?;
        let token = match presented.place {
            Place::Header => header(&parts.headers, TOKEN_HEADER)?,
            Place::Query { .. } => presented.session_token.as_deref(),
        };
        let found = source.secret(&presented.access_key_id, token).await.map_err(|error| match error {
            LookupError::Unknown => SignatureError::UnknownKey,
            LookupError::Expired => SignatureError::ExpiredToken,
            LookupError::Unavailable(why) => SignatureError::Unavailable(why),
        })?;
        let payload = Payload::of(&parts.headers);
        if let Payload::Streaming(word) = payload {
            return Err(SignatureError::Streaming(word.to_owned()));
        }
        let payload = payload.word(body).ok_or(SignatureError::Body)?;
        let without = (presented.place != Place::Header).then_some(SIGNATURE_PARAMETER);
        let canonical = Request::of(parts)
            .canonical(&signed, scope.service, &payload, without)
            .map_err(SignatureError::NoHeader)?;
        let expected = found.secret.signature(&scope, &scope.string_to_sign(&instant, &canonical));
        if expected.as_bytes().ct_eq(presented.signature.as_bytes()).into() {
            Ok(found.caller)
        } else {
            Err(SignatureError::Mismatch)
        }
    }

    /// Checks the time of a signature, and answers it as it was signed.
    fn timely(self, presented: &Presented, headers: &HeaderMap) -> Result<String, SignatureError> {
        let (instant, at) = match &presented.date {
            Some(text) => (text.clone(), read_instant(text)),
            None => of_headers(headers)?,
        };
        let at = at.ok_or_else(|| {
            SignatureError::Incomplete(format!(
                "Date must be in ISO-8601 'basic format'. Got '{instant}'. See http://en.wikipedia.org/wiki/ISO_8601"
            ))
        })?;
        if instant.get(..8) != Some(presented.scope().date) {
            return Err(SignatureError::Clock(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{}'.",
                presented.scope().date,
                instant.get(..8).unwrap_or_default()
            )));
        }
        let lifetime = match presented.place {
            Place::Header => SKEW,
            Place::Query { expires } if (1..=MAX_EXPIRES).contains(&expires) => {
                SignedDuration::from_secs(expires.into())
            }
            Place::Query { .. } => {
                return Err(SignatureError::Incomplete(format!(
                    "X-Amz-Expires must be between 1 and {MAX_EXPIRES} seconds"
                )));
            }
        };
        let now = self.now.strftime(INSTANT);
        let age = self.now.duration_since(at);
        if age > lifetime {
            return Err(SignatureError::Clock(format!(
                "Signature expired: {instant} is now earlier than {now} less {} seconds; check the clock",
                lifetime.as_secs()
            )));
        }
        if -age > SKEW {
            return Err(SignatureError::Clock(format!(
                "Signature not yet current: {instant} is still later than {now} plus {} seconds; check the clock",
                SKEW.as_secs()
            )));
        }
        Ok(instant)
    }
}

/// That the headers are signed which say what the request does.
fn all_signed(signed: &[&str], headers: &HeaderMap, place: Place) -> Result<(), SignatureError> {
    let is_signed = |name: &str| signed.contains(&name);
    if !is_signed("host") {
        return Err(SignatureError::NotSigned("host".to_owned()));
    }
    let dated = place == Place::Header && !headers.contains_key(DATE_HEADER);
    let date = dated.then_some(DATE.as_str());
    for name in SIGNED_IF_PRESENT.into_iter().chain(date) {
        if headers.contains_key(name) && !is_signed(name) {
            return Err(SignatureError::NotSigned(name.to_owned()));
        }
    }
    Ok(())
}

/// The value of a header that may be given once.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, SignatureError> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(SignatureError::Incomplete(format!("the header {name} is given twice")));
    }
    first
        .map(|value| {
            value.to_str().map(str::trim).map_err(|_| {
                SignatureError::Incomplete(format!("the header {name} has other characters than ASCII"))
            })
        })
        .transpose()
}

/// The time of a signature in headers: `X-Amz-Date`, or else `Date`.
fn of_headers(headers: &HeaderMap) -> Result<(String, Option<Timestamp>), SignatureError> {
    if let Some(text) = header(headers, DATE_HEADER)? {
        return Ok((text.to_owned(), read_instant(text)));
    }
    let Some(text) = header(headers, DATE.as_str())? else {
        return Err(SignatureError::Incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.".to_owned(),
        ));
    };
    if let Some(at) = read_instant(text) {
        return Ok((text.to_owned(), Some(at)));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    Ok((at.map_or_else(|| text.to_owned(), |at| at.strftime(INSTANT).to_string()), at))
}

/// Reads `20150830T123600Z`, and nothing that is only similar.
fn read_instant(text: &str) -> Option<Timestamp> {
    let shaped = text.len() == 16
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
    let civil = shaped.then(|| DateTime::strptime(INSTANT, text).ok())??;
    TimeZone::UTC.to_timestamp(civil).ok()
}
