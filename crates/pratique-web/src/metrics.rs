//! What the server does, in numbers: `/metrics` in the OpenMetrics text format, which Prometheus reads.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

/// The numbers.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    requests: Family<Labels, Counter>,
    seconds: Family<Part, Histogram>,
    running: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    part: &'static str,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Part {
    part: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let requests = Family::default();
        let seconds: Family<Part, Histogram> = Family::new_with_constructor(buckets);
        let running = Gauge::default();
        let mut registry = Registry::with_prefix("pratique");
        registry.register("http_requests", "Requests that were answered", requests.clone());
        registry.register("http_request_seconds", "How long the head of an answer took", seconds.clone());
        registry.register("http_requests_running", "Requests that are being answered", running.clone());
        Self(Arc::new(Inner { registry, requests, seconds, running }))
    }
}

/// Half a millisecond to two minutes.
fn buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 4.0, 10))
}

/// A request that is being answered.
pub(crate) struct Counted {
    metrics: Metrics,
    part: &'static str,
    method: &'static str,
    begun: Instant,
}

impl Metrics {
    pub(crate) fn begin(&self, request: &Request) -> Counted {
        // Few words, whatever strangers send.
        let path = request.uri().path();
        let part = match path.split('/').nth(1) {
            Some("v2") if path.contains("/manifests/") => "manifests",
            Some("v2") if path.contains("/blobs/") => "blobs",
            Some("v2" | "token") => "registry",
            Some("api") => "api",
            Some("healthz" | "readyz" | "metrics") => "health",
            _ => "aws",
        };
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
        let method = known.into_iter().find(|known| request.method() == known).unwrap_or("other");
        self.0.running.inc();
        Counted { metrics: self.clone(), part, method, begun: Instant::now() }
    }
}

impl Counted {
    pub(crate) fn end(self, status: StatusCode) {
        let labels = Labels { part: self.part, method: self.method, status: status.as_u16() };
        let inner = &self.metrics.0;
        inner.requests.get_or_create(&labels).inc();
        inner.seconds.get_or_create(&Part { part: self.part }).observe(self.begun.elapsed().as_secs_f64());
    }
}

impl Drop for Counted {
    /// Also when the client went away before the answer.
    fn drop(&mut self) {
        self.metrics.0.running.dec();
    }
}

pub(crate) async fn show(State(metrics): State<Metrics>) -> Response {
    let mut text = String::new();
    if encode(&mut text, &metrics.0.registry).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
