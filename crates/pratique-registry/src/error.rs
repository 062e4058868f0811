//! What went wrong, as the specification says it: *Error Codes*.

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use pratique_image::Digest;
use pratique_service::ServiceError;
use serde_json::{Value, json};

use crate::answer;

/// An answer that says no.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    /// Code, message, detail of each error.
    errors: Vec<(&'static str, String, Value)>,
    headers: HeaderMap,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let errors = vec![(code, message.into(), Value::Null)];
        Self { status, errors, headers: HeaderMap::new() }
    }

    /// A request that makes no sense.
    pub(crate) fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn no_endpoint(path: &str) -> Self {
        let path: String = path.chars().take(300).collect();
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", format!("{path} is no endpoint of a registry"))
    }

    /// A method that an endpoint does not have.
    pub(crate) fn no_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "the endpoint does not have this method")
    }

    pub(crate) fn with_header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The answer; `challenge` goes with those that ask to log in.
    pub(crate) fn into_response(self, challenge: &str) -> Response {
        let errors: Vec<Value> = self
            .errors
            .into_iter()
            .map(|(code, message, detail)| json!({ "code": code, "message": message, "detail": detail }))
            .collect();
        let mut response = (self.status, Json(json!({ "errors": errors }))).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, answer::value(challenge));
        }
        response.headers_mut().extend(self.headers);
        response
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        use ServiceError as E;
        let message = error.to_string();
        let (status, code) = match &error {
            E::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
            E::Denied { .. } | E::Quarantined(_) | E::Refused(_) => (StatusCode::FORBIDDEN, "DENIED"),
            E::Limit(_) => (StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS"),
            E::NameInvalid(_) => (StatusCode::BAD_REQUEST, "NAME_INVALID"),
            E::TagInvalid(_) | E::TagImmutable { .. } => (StatusCode::BAD_REQUEST, "TAG_INVALID"),
            E::DigestInvalid(_) => (StatusCode::BAD_REQUEST, "DIGEST_INVALID"),
            E::RepositoryUnknown(_) => (StatusCode::NOT_FOUND, "NAME_UNKNOWN"),
            E::BlobUnknown { .. } => (StatusCode::NOT_FOUND, "BLOB_UNKNOWN"),
            E::UploadUnknown(_) => (StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN"),
            E::RangeInvalid { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID"),
            E::SizeInvalid(_) => (StatusCode::BAD_REQUEST, "SIZE_INVALID"),
            E::ManifestInvalid(_) => (StatusCode::BAD_REQUEST, "MANIFEST_INVALID"),
            E::PartsMissing(_) => (StatusCode::NOT_FOUND, "MANIFEST_BLOB_UNKNOWN"),
            E::BlobInUse { .. } | E::ManifestInUse { .. } => (StatusCode::METHOD_NOT_ALLOWED, "DENIED"),
            E::Busy(_) => (StatusCode::CONFLICT, "BLOB_UPLOAD_INVALID"),
            E::Invalid(_) | E::Parameter(_) | E::RepositoryExists(_) | E::RepositoryNotEmpty(_) => {
                (StatusCode::BAD_REQUEST, "UNSUPPORTED")
            }
            E::ManifestUnknown { .. } | E::Archived(_) | E::NotScanned(_) | E::Missing { .. } => {
                (StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN")
            }
            E::Full => (StatusCode::INSUFFICIENT_STORAGE, "DENIED"),
            _ => {
                log(&error);
                // What failed inside is the operator's to read.
                return Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "UNKNOWN",
                    "the registry failed; its log says why",
                );
            }
        };
        let one = |message: String, detail: Value| vec![(code, message, detail)];
        let errors = match &error {
            // One error each, so that clients print them one below the other.
            E::Refused(reasons) | E::Quarantined(reasons) => {
                reasons.iter().map(|reason| (code, reason.clone(), Value::Null)).collect()
            }
            E::PartsMissing(digests) => {
                let missing = |digest: &Digest| {
                    (code, format!("{digest} is not in the repository"), json!({ "digest": digest }))
                };
                digests.iter().map(missing).collect()
            }
            _ => one(message, Value::Null),
        };
        let mut failure = Self { status, errors, headers: HeaderMap::new() };
        if let E::RangeInvalid { have } = error {
            failure.headers.insert(header::RANGE, answer::value(&answer::range(have)));
        }
        failure
    }
}

/// A line in the log, with all causes.
fn log(error: &ServiceError) {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    tracing::error!("{text}");
}
