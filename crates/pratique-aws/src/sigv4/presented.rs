//! Finding the signature in a request: in the `Authorization` header, or in the query of a presigned URL.

use http::header::AUTHORIZATION;
use http::request::Parts;

use super::canonical::parameters;
use super::{ALGORITHM, Scope, SignatureError};

/// The parameter of a presigned URL that holds the signature, and is not signed itself.
pub(super) const SIGNATURE_PARAMETER: &str = "X-Amz-Signature";

/// Headers that may be signed: more are an attack on our time.
const MAX_SIGNED_HEADERS: usize = 100;

/// Where a signature was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the `Authorization` header.
    Header,
    /// In the query; the URL is good for so many seconds.
    Query {
        /// How long.
        expires: u32,
    },
}

/// A signature as the client presents it: nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// Who says to have signed.
    pub access_key_id: String,
    /// `20150830/us-east-1/ecr/aws4_request`, of a form that is known to be right.
    scope: String,
    /// Names of the signed headers, separated by semicolons.
    signed_headers: String,
    pub(super) signature: String,
    /// When: of presigned URLs only; else a header says it.
    pub(super) date: Option<String>,
    pub(super) session_token: Option<String>,
    /// Where it stood.
    pub place: Place,
}

impl Presented {
    /// The signature of a request; none if it has none (or one that is not of AWS, as `Basic` and `Bearer`).
    ///
    /// # Errors
    /// There is one, but parts of it are missing or not of their form.
    pub fn find(parts: &Parts) -> Result<Option<Self>, SignatureError> {
        if let Some(header) = parts.headers.get(AUTHORIZATION) {
            let text = header.to_str().unwrap_or_default();
            if let Some(rest) = text.strip_prefix(ALGORITHM) {
                return Self::from_header(rest).map(Some);
            }
            if text.starts_with("AWS4-") || text.starts_with("AWS ") {
                let algorithm = text.split(' ').next().unwrap_or_default();
                return Err(SignatureError::Algorithm(algorithm.to_owned()));
            }
        }
        let query = parts.uri.query().unwrap_or_default();
        // Looked for only where it can be: most requests have no query at all.
        if query.contains("X-Amz-") { Self::from_query(query) } else { Ok(None) }
    }

    /// The service in the scope, of a signature that is whole or not: it tells which protocol an answer has to be in.
    pub fn service_of(parts: &Parts) -> Option<String> {
        Self::find(parts).ok().flatten().map(|presented| presented.scope().service.to_owned())
    }

    /// Reads what follows the algorithm: ` Credential=…, SignedHeaders=…, Signature=…`, in any order.
    fn from_header(rest: &str) -> Result<Self, SignatureError> {
        let [mut credential, mut signed_headers, mut signature] = [None; 3];
        for part in rest.split(',') {
            let (name, value) = part.trim().split_once('=').unwrap_or((part, ""));
            let slot = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(SignatureError::Incomplete(format!("{name} is given twice")));
            }
        }
        let need = |part: Option<&str>, name: &str| {
            part.filter(|text| !text.is_empty()).map(str::to_owned).ok_or_else(|| {
                SignatureError::Incomplete(format!("Authorization header requires '{name}' parameter."))
            })
        };
        Self::new(
            &need(credential, "Credential")?,
            need(signed_headers, "SignedHeaders")?,
            need(signature, "Signature")?,
            None,
            None,
            Place::Header,
        )
    }

    fn from_query(query: &str) -> Result<Option<Self>, SignatureError> {
        let mut found: [Option<String>; 7] = Default::default();
        const NAMES: [&str; 7] = [
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-SignedHeaders",
            SIGNATURE_PARAMETER,
            "X-Amz-Date",
            "X-Amz-Expires",
            "X-Amz-Security-Token",
        ];
        for (name, value) in parameters(query) {
            let Some((slot, wanted)) =
                found.iter_mut().zip(NAMES).find(|(_, wanted)| *name == *wanted.as_bytes())
            else {
                continue;
            };
            let text = String::from_utf8(value.into_owned())
                .map_err(|_| SignatureError::Incomplete(format!("the parameter {wanted} is not UTF-8")))?;
            if slot.replace(text).is_some() {
                return Err(SignatureError::Incomplete(format!("{wanted} is given twice")));
            }
        }
        let [algorithm, credential, signed_headers, signature, date, expires, session_token] = found;
        let Some(algorithm) = algorithm else { return Ok(None) };
        if algorithm != ALGORITHM {
            return Err(SignatureError::Algorithm(algorithm));
        }
        let need = |part: Option<String>, name: &str| {
            part.filter(|text| !text.is_empty()).ok_or_else(|| {
                SignatureError::Incomplete(format!("the query of a presigned URL requires '{name}'."))
            })
        };
        let expires = need(expires, "X-Amz-Expires")?;
        let expires = expires.parse().map_err(|_| {
            SignatureError::Incomplete(format!("X-Amz-Expires is no number of seconds: '{expires}'"))
        })?;
        Self::new(
            &need(credential, "X-Amz-Credential")?,
            need(signed_headers, "X-Amz-SignedHeaders")?,
            need(signature, SIGNATURE_PARAMETER)?,
            Some(need(date, "X-Amz-Date")?),
            session_token,
            Place::Query { expires },
        )
        .map(Some)
    }

    fn new(
        credential: &str,
        signed_headers: String,
        signature: String,
        date: Option<String>,
        session_token: Option<String>,
        place: Place,
    ) -> Result<Self, SignatureError> {
        let malformed = || {
            SignatureError::Incomplete(format!(
                "Credential must be KEY/DATE/REGION/SERVICE/aws4_request, and is '{credential}'"
            ))
        };
        let (access_key_id, scope) = credential.split_once('/').ok_or_else(malformed)?;
        if access_key_id.is_empty() || Scope::parse(scope).is_none() {
            return Err(malformed());
        }
        let names: Vec<&str> = signed_headers.split(';').collect();
        let lower = |name: &&str| !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase());
        let sorted = names.is_sorted_by(|a, b| a < b);
        if names.len() > MAX_SIGNED_HEADERS || !names.iter().all(lower) || !sorted {
            return Err(SignatureError::Incomplete(
                "SignedHeaders must be at most 100 names in lower case, sorted, each once, with ';' between them"
                    .to_owned(),
            ));
        }
        Ok(Self {
            access_key_id: access_key_id.to_owned(),
            scope: scope.to_owned(),
            signed_headers,
            signature,
            date,
            session_token,
            place,
        })
    }

    /// What the signature claims to be good for.
    pub fn scope(&self) -> Scope<'_> {
        // Read when this was made; a scope of empty words matches nothing.
        Scope::parse(&self.scope).unwrap_or(Scope { date: "", region: "", service: "" })
    }

    /// Names of the signed headers.
    pub fn signed_headers(&self) -> Vec<&str> {
        self.signed_headers.split(';').collect()
    }
}
