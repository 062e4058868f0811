//! OCI Distribution 1.1 over HTTP: below `/v2/`.
//!
//! A handler parses a request, calls one operation of [`pratique_service`], and writes the answer. The names of
//! repositories have slashes in them, so paths are read by hand ([`path`]).
//!
//! Specification: OCI Distribution Specification 1.1.1, section and endpoint numbers (`end-1` …) are its own.

mod answer;
mod auth;
mod blobs;
mod body;
mod error;
mod lists;
mod manifests;
mod path;
mod query;
mod uploads;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, Method},
    response::Response,
    routing::any,
};
use pratique_service::{Caller, Service};

use crate::{error::Failure, path::Endpoint};

/// What a handler needs to know of a request besides its body.
struct Context {
    service: Service,
    caller: Caller,
    method: Method,
    headers: HeaderMap,
    query: query::Query,
}

/// The registry's routes, for the root of a server.
pub fn router(service: Service) -> Router {
    Router::new()
        .route("/v2", any(handle))
        .route("/v2/{*rest}", any(handle))
        .route("/v2/", any(handle))
        .route("/token", any(auth::token))
        .with_state(service)
}

async fn handle(State(service): State<Service>, request: Request) -> Response {
    let challenge = auth::challenge(request.headers());
    let mut response = match answer(service, request).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(&challenge),
    };
    response.headers_mut().insert("docker-distribution-api-version", answer::value("registry/2.0"));
    response
}

async fn answer(service: Service, request: Request) -> Result<Response, Failure> {
    let (parts, body) = request.into_parts();
    let caller = auth::caller(&service, &parts.headers).await?;
    let query = query::Query::of(parts.uri.query().unwrap_or_default());
    let endpoint = path::parse(parts.uri.path())?;
    let context = Context { service, caller, method: parts.method, headers: parts.headers, query };
    match endpoint {
        Endpoint::Base => lists::base(&context),
        Endpoint::Catalog => lists::catalog(&context).await,
        Endpoint::Tags(name) => lists::tags(&context, &name).await,
        Endpoint::Referrers(name, digest) => lists::referrers(&context, &name, &digest).await,
        Endpoint::Manifest(name, reference) => manifests::handle(&context, &name, &reference, body).await,
        Endpoint::Blob(name, digest) => blobs::handle(&context, &name, &digest).await,
        Endpoint::Uploads(name) => uploads::begin(&context, &name, body).await,
        Endpoint::Upload(name, id) => uploads::handle(&context, &name, &id, body).await,
    }
}
