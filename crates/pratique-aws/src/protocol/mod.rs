//! The protocols: requests to input, outputs and errors to answers. One file each.
//!
//! Whatever the protocol, operations see the same values: members by their names in the model, instants as text in RFC 3339
//! (so that `jiff::Timestamp` reads and writes them), bytes in base64 ([`Blob`](crate::Blob)). Absent members are absent and
//! not `null`.

mod json;
mod query;
mod rest_json;
#[cfg(test)]
mod tests;
mod text;
mod timestamp;
mod xml;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::Value;

pub(crate) use query::form_parameter as query_parameter;

use crate::error::WireError;
use crate::model::{Model, Operation};

/// The header in which answers carry their id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// How a service is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Objects by `POST /`, the operation in `X-Amz-Target`.
    Json10,
    /// The same; the version tells nothing but the content type.
    Json11,
    /// Methods and paths, members in several places.
    RestJson,
    /// Forms in, XML out.
    Query,
}

/// A request that cannot be read as the model says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

impl Malformed {
    fn at(path: &str, what: impl std::fmt::Display) -> Self {
        if path.is_empty() { Self(format!("The request {what}")) } else { Self(format!("'{path}' {what}")) }
    }
}

/// A request, as far as protocols want to know.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Method, path, headers.
    pub parts: &'a Parts,
    /// What the path says (REST): wire names and values.
    pub labels: &'a [(&'a str, String)],
    /// The body.
    pub body: &'a [u8],
}

impl Protocol {
    /// Reads the input of an operation.
    ///
    /// # Errors
    /// The request is not of the protocol's form, or members are of other types than the model says.
    pub fn decode(
        self,
        model: &Model,
        operation: &Operation,
        request: Request<'_>,
    ) -> Result<Value, Malformed> {
        match self {
            Self::Json10 | Self::Json11 => json::decode(model, operation, request.body),
            Self::RestJson => rest_json::decode(model, operation, request),
            Self::Query => query::decode(model, operation, request),
        }
    }

    /// Writes the output of an operation.
    pub fn encode(
        self,
        model: &Model,
        operation: &Operation,
        output: Value,
        request_id: &str,
    ) -> Response<Bytes> {
        let response = match self {
            Self::Json10 | Self::Json11 => json::encode(model, operation, output, self),
            Self::RestJson => rest_json::encode(model, operation, output),
            Self::Query => query::encode(model, operation, &output, request_id),
        };
        with_id(response, request_id)
    }

    /// Writes an error. There is no model where the service is not known.
    pub(crate) fn encode_error(
        self,
        model: Option<&Model>,
        error: WireError,
        request_id: &str,
    ) -> Response<Bytes> {
        let response = match self {
            Self::Json10 | Self::Json11 => json::encode_error(model, error, self),
            Self::RestJson => rest_json::encode_error(model, error),
            Self::Query => query::encode_error(model, &error, request_id),
        };
        with_id(response, request_id)
    }

    /// The content type of its answers.
    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json10 => "application/x-amz-json-1.0",
            Self::Json11 => "application/x-amz-json-1.1",
            Self::RestJson => "application/json",
            Self::Query => "text/xml",
        })
    }

    fn response(self, status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
        let mut response = Response::new(body.into());
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(http::header::CONTENT_TYPE, self.content_type());
        response
    }
}

fn with_id(mut response: Response<Bytes>, request_id: &str) -> Response<Bytes> {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
