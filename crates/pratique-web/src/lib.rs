//! The native API below `/api/v1`, its description, metrics and health.
//!
//! Each endpoint is one line in its file's table: method, path, a sentence, and an async function from a typed input to a
//! typed output. The routes and the OpenAPI 3.1 document (`/api/v1/openapi.json`) are made of the same lines. Errors are
//! problem documents (RFC 9457); lists are pages with a cursor.

mod api;
mod credentials;
mod metrics;
mod problem;
mod records;
mod registry;
mod repositories;

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use pratique_service::Service;

pub use crate::metrics::Metrics;

/// The routes of the native API, health and metrics, for the root of a server.
pub fn router(service: Service, metrics: Metrics) -> Router {
    let api = api::Api::new();
    let api = repositories::endpoints(api);
    let api = registry::endpoints(api);
    let api = credentials::endpoints(api);
    let api = records::endpoints(api);
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .merge(api.into_router())
        .with_state(service)
        .merge(Router::new().route("/metrics", get(metrics::show)).with_state(metrics))
}

/// Counts what passes through `routes`.
pub fn measured(routes: Router, metrics: Metrics) -> Router {
    routes.layer(middleware::from_fn_with_state(metrics, count))
}

async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let counted = metrics.begin(&request);
    let response = next.run(request).await;
    counted.end(response.status());
    response
}

/// Whether requests can be served now.
async fn ready(State(service): State<Service>) -> (StatusCode, &'static str) {
    match service.store().read().await {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be reached\n"),
    }
}
