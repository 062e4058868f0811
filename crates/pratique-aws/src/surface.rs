//! From an HTTP request to its answer.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use serde_json::Value;

use crate::dispatch::{self, Route};
use crate::error::{ApiError, Common};
use crate::model::{Model, ModelError, Operation};
use crate::operations::{Context, Operations};
use crate::protocol;
use crate::services::Service;
use crate::sigv4::{CredentialSource, Presented, SignatureError, Verifier};

/// Bytes that are read and thrown away of a body that is too large, so that the client gets to read the answer: most do not
/// look for one before they have sent everything.
const DRAINED: usize = 64 << 20;

/// Tells the time.
pub type Clock = dyn Fn() -> Timestamp + Send + Sync;

/// What is served.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The account: twelve digits.
    pub account: Arc<str>,
    /// The region, for ARNs. Signatures may be for any: users keep the one they have configured.
    pub region: Arc<str>,
}

/// The AWS services on one port.
pub struct Surface<S> {
    operations: Operations<S>,
    credentials: Arc<dyn CredentialSource>,
    state: Arc<S>,
    identity: Identity,
    clock: Box<Clock>,
}

/// Why there is no surface.
#[derive(Debug, thiserror::Error)]
pub enum SurfaceError {
    /// An operation that the models do not know.
    #[error("there is no operation {service}:{operation} in the service models")]
    NoOperation {
        /// The service.
        service: &'static str,
        /// The operation.
        operation: &'static str,
    },
    /// A model that cannot be read.
    #[error("the model of {service} cannot be read: {source}")]
    Model {
        /// The service.
        service: &'static str,
        /// Why.
        source: &'static ModelError,
    },
}

impl<S: Send + Sync + 'static> Surface<S> {
    /// Serves operations over a state.
    ///
    /// # Errors
    /// There are operations that the models do not know.
    pub fn new(
        operations: Operations<S>,
        state: Arc<S>,
        credentials: Arc<dyn CredentialSource>,
        identity: Identity,
    ) -> Result<Self, SurfaceError> {
        for (service, operation) in operations.names() {
            let missing = || SurfaceError::NoOperation { service, operation };
            let model = Service::named(service).ok_or_else(missing)?.model();
            model
                .map_err(|source| SurfaceError::Model { service, source })?
                .operation(operation)
                .ok_or_else(missing)?;
        }
        Ok(Self { operations, credentials, state, identity, clock: Box::new(Timestamp::now) })
    }

    /// Tells another time than the system's: of tests.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Answers a request whose body is there.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let started = Instant::now();
        let request_id = request_id();
        let (parts, body) = request.into_parts();
        let route = dispatch::route(&parts, &body);
        let response = match self.answer(&route, &parts, &body, &request_id).await {
            Ok(response) => response,
            Err(error) => refused(&route, &error, &request_id),
        };
        tracing::info!(
            request_id,
            service = route.service.map_or("?", |service| service.name),
            operation = route.operation.map_or(&*route.asked, |operation| &operation.name),
            status = response.status().as_u16(),
            milliseconds = started.elapsed().as_millis() as u64,
            "aws call"
        );
        response
    }

    async fn answer(
        &self,
        route: &Route<'_>,
        parts: &http::request::Parts,
        body: &[u8],
        request_id: &str,
    ) -> Result<Response<Bytes>, ApiError> {
        let limit = dispatch::body_limit(parts);
        if body.len() > limit {
            return Err(too_large(limit));
        }
        let unsigned = route.operation.is_some_and(|operation| operation.unsigned);
        let signer = if unsigned { None } else { Some(self.signer(route, parts, body).await?) };
        let unknown = || ApiError::common(Common::UnknownOperation, unknown_message(route));
        let service = route.service.ok_or_else(unknown)?;
        let operation = route.operation.ok_or_else(unknown)?;
        let handler = self.operations.find(service.name, &operation.name).ok_or_else(unknown)?;
        let model = service.model().map_err(ApiError::internal)?;
        let request = protocol::Request { parts, labels: &route.labels, body };
        let input = route.protocol.decode(model, operation, request)?;
        model
            .check_input(operation, &input)
            .map_err(|failures| ApiError::invalid(&failures, service, model))?;
        let (caller, access_key_id) = signer.unzip();
        let context = Context {
            state: Arc::clone(&self.state),
            caller,
            access_key_id,
            region: Arc::clone(&self.identity.region),
            account: Arc::clone(&self.identity.account),
            request_id: request_id.into(),
            operation: &operation.name,
            host: host(parts),
            is_tls: parts
                .headers
                .get("x-forwarded-proto")
                .is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https")),
        };
        let result = handler(&context, input).await;
        let output = if cfg!(debug_assertions) { undrifted(model, operation, result)? } else { result? };
        Ok(route.protocol.encode(model, operation, output, request_id))
    }

    /// Who signed a request, and with which key.
    async fn signer(
        &self,
        route: &Route<'_>,
        parts: &http::request::Parts,
        body: &[u8],
    ) -> Result<(crate::Caller, Box<str>), SignatureError> {
        let presented = Presented::find(parts)?.ok_or(SignatureError::Missing)?;
        // Of a service that is not ours, the signature is as good as it says: there is nothing to call.
        let scope = presented.scope();
        let service = route.service.map_or(scope.service, |service| service.signing_name);
        let verifier = Verifier { now: (self.clock)() };
        let caller = verifier.verify(&presented, parts, body, service, &*self.credentials).await?;
        Ok((caller, presented.access_key_id.into()))
    }

    /// Answers a request whose body is still to be read.
    pub async fn serve(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let limit = dispatch::body_limit(&parts);
        let response = match read(body, limit).await {
            Ok(body) => self.handle(Request::from_parts(parts, body)).await,
            Err(error) => refused(&dispatch::route(&parts, b""), &error, &request_id()),
        };
        response.map(Body::from)
    }

    /// A router in which every path is the services': to be nested behind those of others, or asked where
    /// [`is_aws`](dispatch::is_aws) says so.
    pub fn into_router(self) -> Router {
        let surface = Arc::new(self);
        Router::new().fallback(move |request: Request<Body>| {
            let surface = Arc::clone(&surface);
            async move { surface.serve(request).await }
        })
    }
}

impl<S> fmt::Debug for Surface<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surface")
            .field("operations", &self.operations)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// The host of a request. It goes into answers to the same client, and nowhere else.
fn host(parts: &http::request::Parts) -> Box<str> {
    let header = parts.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    let host = header.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str));
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || ".-:[]_".contains(*c);
    host.unwrap_or("localhost").chars().filter(is_plain).take(260).collect::<String>().into()
}

/// Reads a body of at most so many bytes.
async fn read(mut body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let mut bytes = BytesMut::new();
    let mut dropped = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            ApiError::common(Common::Malformed, format!("The request body did not arrive whole: {error}"))
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if dropped == 0 && bytes.len() + data.len() <= limit {
            bytes.extend_from_slice(&data);
            continue;
        }
        bytes = BytesMut::new();
        dropped += data.len();
        if dropped > DRAINED {
            break;
        }
    }
    if dropped > 0 { Err(too_large(limit)) } else { Ok(bytes.freeze()) }
}

fn too_large(limit: usize) -> ApiError {
    ApiError::common(
        Common::TooLarge,
        format!("The request body has more than {limit} bytes, which is the limit."),
    )
}

/// The error in the words of the protocol.
fn refused(route: &Route<'_>, error: &ApiError, request_id: &str) -> Response<Bytes> {
    tracing::debug!(request_id, %error, "aws call refused");
    let model = route.service.and_then(|service| service.model().ok());
    route.protocol.encode_error(model, error.on_wire(route.service, route.protocol), request_id)
}

fn unknown_message(route: &Route<'_>) -> String {
    match route.service {
        Some(service) => format!("The operation {} of {} is not known here", route.asked, service.name),
        None => format!("The operation {} is of no service that is known here", route.asked),
    }
}

/// What an operation answers, if that is what its model says: looked at while it is developed.
fn undrifted(
    model: &Model,
    operation: &Operation,
    result: Result<Value, ApiError>,
) -> Result<Value, ApiError> {
    let drift = match &result {
        Ok(output) => model.check_output(operation, output).err().map(|failures| failures.to_string()),
        Err(error) => error
            .code()
            .filter(|code| model.exception(code).is_none())
            .map(|code| format!("{code} is no exception of the service")),
    };
    let Some(drift) = drift else { return result };
    let text = format!("the output of {} is not as its model says: {drift}", operation.name);
    tracing::error!("{text}");
    Err(ApiError::common(Common::Internal, text))
}

/// A random id in the form of a UUID (version 4).
fn request_id() -> String {
    let bits: u128 = rand::random();
    let bits = (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
}
