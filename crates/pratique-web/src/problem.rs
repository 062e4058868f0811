//! What went wrong, as a problem document: RFC 9457.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use pratique_service::ServiceError;
use serde_json::json;

/// An answer that says no.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    /// The last part of the problem's type; documented in `docs/api.md`.
    kind: &'static str,
    detail: String,
}

impl Problem {
    /// A request that makes no sense.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, kind: "invalid-request", detail: detail.into() }
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        use ServiceError as E;
        let (status, kind) = match &error {
            E::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            E::Denied { .. } => (StatusCode::FORBIDDEN, "denied"),
            E::Refused(_) => (StatusCode::FORBIDDEN, "refused"),
            E::Quarantined(_) => (StatusCode::FORBIDDEN, "quarantined"),
            E::RepositoryUnknown(_)
            | E::BlobUnknown { .. }
            | E::UploadUnknown(_)
            | E::ManifestUnknown { .. }
            | E::Missing { .. }
            | E::NotScanned(_) => (StatusCode::NOT_FOUND, "not-found"),
            E::RepositoryExists(_)
            | E::RepositoryNotEmpty(_)
            | E::BlobInUse { .. }
            | E::ManifestInUse { .. }
            | E::TagImmutable { .. }
            | E::Exists { .. }
            | E::ImageExists { .. }
            | E::Archived(_)
            | E::Busy(_) => (StatusCode::CONFLICT, "conflict"),
            E::Limit(_) => (StatusCode::TOO_MANY_REQUESTS, "limit"),
            E::Full => (StatusCode::INSUFFICIENT_STORAGE, "no-space"),
            error if error.is_ours() => {
                tracing::error!("{error:?}");
                let detail = "the server failed; its log says why".to_owned();
                return Self { status: StatusCode::INTERNAL_SERVER_ERROR, kind: "internal", detail };
            }
            _ => (StatusCode::BAD_REQUEST, "invalid-request"),
        };
        Self { status, kind, detail: error.to_string() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let document = json!({
            "type": format!("urn:pratique:problem:{}", self.kind),
            "title": title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let kind = HeaderValue::from_static("application/problem+json");
        let mut response =
            (self.status, [(header::CONTENT_TYPE, kind)], document.to_string()).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"pratique\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
