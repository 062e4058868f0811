//! Who is asking: basic credentials or a bearer token; and the token service of the bearer flow.

use std::time::Duration;

use axum::{
    Json,
    extract::{Request, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use pratique_service::{Caller, Service, ServiceError};
use serde_json::json;

use crate::{answer::header, error::Failure};

/// How long a token of the bearer flow is good for; clients fetch another one by themselves.
const LIFETIME: Duration = Duration::from_mins(5);

/// What `WWW-Authenticate` says. Basic, as ECR does: clients then send what they have and need no second service.
pub(crate) fn challenge(headers: &HeaderMap) -> String {
    // The realm is shown to people; strangers choose the header.
    let host = header(headers, "host").unwrap_or("registry");
    let host: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(*c)).collect();
    format!("Basic realm=\"{host}\"")
}

/// Who sends these headers.
///
/// # Errors
/// [`Failure`] for credentials that are wrong; none at all are nobody's.
pub(crate) async fn caller(service: &Service, headers: &HeaderMap) -> Result<Caller, Failure> {
    Ok(service.authenticate_header(header(headers, "authorization")).await?)
}

/// `GET /token`: a token for whoever has credentials (Docker, *Token Authentication Specification*). It may do what they
/// may; scopes that are asked for change nothing.
pub(crate) async fn token(State(service): State<Service>, request: Request) -> Response {
    let challenge = challenge(request.headers());
    let caller = match caller(&service, request.headers()).await {
        Ok(caller) if caller.is_anonymous() => {
            Err(ServiceError::Unauthenticated("a token is given for credentials").into())
        }
        other => other,
    };
    match caller {
        Ok(caller) => {
            let token = service.issue_token(&caller, LIFETIME).text;
            let lifetime = LIFETIME.as_secs();
            Json(json!({ "token": token, "access_token": token, "expires_in": lifetime })).into_response()
        }
        Err(failure) => failure.into_response(&challenge),
    }
}
