//! Errors as the services of AWS answer them.
//!
//! An operation fails with an exception of its service's model ([`ApiError::new`]), whose HTTP status and code on the wire the
//! model says; or with one of those that every service has ([`Common`]), whose names differ by protocol.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use crate::Caller;
use crate::model::{Failures, Model};
use crate::protocol::{Malformed, Protocol};
use crate::services::Service;
use crate::sigv4::SignatureError;

/// Why an operation was not done.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    code: Code,
    message: String,
    fields: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq)]
enum Code {
    Modelled(Cow<'static, str>),
    Common(Common),
}

/// Errors that every service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Common {
    /// The request is not signed.
    MissingToken,
    /// The signature is not of its form.
    IncompleteSignature,
    /// There is no such access key.
    UnknownKey,
    /// The signature is wrong, or of another time.
    BadSignature,
    /// The time of temporary credentials is over.
    ExpiredToken,
    /// The caller may not do this.
    Denied,
    /// There is no such operation.
    UnknownOperation,
    /// Too many calls.
    Throttled,
    /// The request cannot be read.
    Malformed,
    /// The input is not as the model says.
    Invalid,
    /// The request has too many bytes.
    TooLarge,
    /// Something went wrong here.
    Internal,
    /// It cannot be done now, and might be later.
    Unavailable,
}

/// An error as it goes out.
#[derive(Debug)]
pub(crate) struct WireError {
    pub(crate) code: String,
    pub(crate) status: u16,
    pub(crate) message: String,
    pub(crate) fields: Map<String, Value>,
    /// The exception, of modelled errors: what it says of its members.
    pub(crate) exception: Option<crate::model::ShapeId>,
}

impl ApiError {
    /// An exception of the service's model, by the name of its shape.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: Code::Modelled(code.into()), message: message.into(), fields: Map::new() }
    }

    /// An error that every service has.
    pub fn common(code: Common, message: impl Into<String>) -> Self {
        Self { code: Code::Common(code), message: message.into(), fields: Map::new() }
    }

    /// The caller may not do something (`ecr:DescribeImages`) to something (an ARN).
    pub fn denied(caller: &Caller, action: &str, resource: &str) -> Self {
        Self::common(
            Common::Denied,
            format!(
                "User: {} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
                 allows the {action} action",
                caller.arn
            ),
        )
    }

    /// Something went wrong here. What, is logged and not told.
    pub fn internal(reason: impl fmt::Display) -> Self {
        tracing::error!(%reason, "an operation failed");
        Self::common(Common::Internal, "The request processing has failed because of an unknown error.")
    }

    /// Adds a member of the exception.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// What is told to the client.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The name of the exception; none of errors that every service has.
    pub fn code(&self) -> Option<&str> {
        match &self.code {
            Code::Modelled(code) => Some(code),
            Code::Common(_) => None,
        }
    }

    /// The error in a protocol's words.
    pub(crate) fn on_wire(&self, service: Option<&Service>, protocol: Protocol) -> WireError {
        let model = service.and_then(|service| service.model().ok());
        let (name, status) = match &self.code {
            Code::Modelled(code) => (&**code, None),
            Code::Common(common) => {
                let (code, status) = common.on_wire(service, protocol);
                (code, Some(status))
            }
        };
        let exception = model.and_then(|model| model.exception(name));
        let (code, status) = match exception {
            Some((_, _, exception)) => {
                // The code of an exception is its own in Query only; others use the name of the shape.
                let code = exception.code.as_deref().filter(|_| protocol == Protocol::Query).unwrap_or(name);
                let of_model = exception.status.unwrap_or(if exception.fault { 500 } else { 400 });
                (code, status.unwrap_or(of_model))
            }
            None => (name, status.unwrap_or(400)),
        };
        let mut fields = self.fields.clone();
        if let (Some(model), Some((id, _, _))) = (model, exception) {
            fields.retain(|name, _| model.members(id).iter().any(|member| *member.name == **name));
        }
        WireError {
            code: code.to_owned(),
            status,
            message: self.message.clone(),
            fields,
            exception: exception.map(|(id, _, _)| id),
        }
    }

    /// Input that is not as the model says. Services whose exception has a reason and a list of fields get them.
    pub(crate) fn invalid(failures: &Failures, service: &Service, model: &Model) -> Self {
        let error = Self::common(Common::Invalid, failures.to_string());
        let has =
            |name| model.exception(service.invalid).is_some_and(|(_, shape, _)| shape.member(name).is_some());
        if !has("reason") || !has("fields") {
            return error;
        }
        let fields: Vec<Value> = failures
            .iter()
            .map(|failure| serde_json::json!({ "name": failure.path, "message": failure.constraint }))
            .collect();
        error.with("reason", "FIELD_VALIDATION_FAILED").with("fields", fields)
    }
}

impl Common {
    /// The code and the HTTP status.
    fn on_wire(self, service: Option<&Service>, protocol: Protocol) -> (&'static str, u16) {
        // The three columns: JSON, REST-JSON, Query.
        let (codes, statuses): ([&'static str; 2], [u16; 3]) = match self {
            Self::MissingToken => {
                (["MissingAuthenticationTokenException", "MissingAuthenticationToken"], [400, 403, 403])
            }
            Self::IncompleteSignature => {
                (["IncompleteSignatureException", "IncompleteSignature"], [400, 403, 400])
            }
            Self::UnknownKey => (["UnrecognizedClientException", "InvalidClientTokenId"], [400, 403, 403]),
            Self::BadSignature => (["InvalidSignatureException", "SignatureDoesNotMatch"], [400, 403, 403]),
            Self::ExpiredToken => (["ExpiredTokenException", "ExpiredToken"], [400, 403, 403]),
            Self::Denied => (["AccessDeniedException", "AccessDenied"], [400, 403, 403]),
            Self::UnknownOperation => (["UnknownOperationException", "InvalidAction"], [400, 404, 400]),
            Self::Throttled if protocol == Protocol::RestJson => {
                (["TooManyRequestsException", ""], [0, 429, 0])
            }
            Self::Throttled => (["ThrottlingException", "Throttling"], [400, 429, 400]),
            Self::Malformed => (["SerializationException", "MalformedInput"], [400; 3]),
            Self::Invalid => {
                let code = service.map_or("ValidationException", |service| service.invalid);
                ([code, code], [400; 3])
            }
            Self::TooLarge => (["RequestEntityTooLargeException", "RequestEntityTooLarge"], [413; 3]),
            Self::Internal => {
                let code = service.map_or("InternalFailure", |service| service.internal);
                ([code, code], [500; 3])
            }
            Self::Unavailable => (["ServiceUnavailableException", "ServiceUnavailable"], [503; 3]),
        };
        let [json, query] = codes;
        let [of_json, of_rest, of_query] = statuses;
        match protocol {
            Protocol::Json10 | Protocol::Json11 => (json, of_json),
            Protocol::RestJson => (json, of_rest),
            Protocol::Query => (query, of_query),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Code::Modelled(code) => write!(f, "{code}: {}", self.message),
            Code::Common(code) => write!(f, "{code:?}: {}", self.message),
        }
    }
}

impl std::error::Error for ApiError {}

impl From<Malformed> for ApiError {
    fn from(malformed: Malformed) -> Self {
        Self::common(Common::Malformed, malformed.to_string())
    }
}

impl From<SignatureError> for ApiError {
    fn from(error: SignatureError) -> Self {
        use SignatureError as E;
        let code = match &error {
            E::Missing => Common::MissingToken,
            E::Algorithm(_) | E::Incomplete(_) => Common::IncompleteSignature,
            E::UnknownKey => Common::UnknownKey,
            E::ExpiredToken => Common::ExpiredToken,
            E::Clock(_)
            | E::Service { .. }
            | E::NotSigned(_)
            | E::NoHeader(_)
            | E::Body
            | E::Streaming(_)
            | E::Mismatch => Common::BadSignature,
            E::Unavailable(why) => {
                tracing::error!(%why, "credentials cannot be looked up");
                return Self::common(Common::Unavailable, "Credentials cannot be looked up now; try again.");
            }
        };
        Self::common(code, error.to_string())
    }
}
