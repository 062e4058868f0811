//! Whose a request is: one port, many services, and no field that names the operation in all protocols.
//!
//! In this order:
//! 1. `X-Amz-Target: Prefix.Operation`: JSON, the service by the prefix.
//! 2. A form with `Action` and `Version`, in the body or in the query: the Query protocol, the service by the version.
//! 3. Otherwise REST: method and path, of the service that the signature is for. Paths collide (`/tags/{arn}` is in many
//!    services), so the signature decides; without one the first service that has the path gets to say that it is missing.
//!
//! This happens before the signature is verified, since an error has to be in the words of the protocol that is spoken.

use http::request::Parts;
use http::{HeaderMap, header};

use crate::model::{Labels, Model, Operation};
use crate::protocol::{Protocol, query_parameter};
use crate::services::Service;
use crate::sigv4::Presented;
use crate::sigv4::canonical::normalised;

/// The header that names the operation of JSON services.
const TARGET: &str = "x-amz-target";

/// Where a request goes.
#[derive(Debug)]
pub struct Route<'a> {
    /// What is spoken.
    pub protocol: Protocol,
    /// The service; none if it is not one of ours.
    pub service: Option<&'static Service>,
    /// The name that the client gave the operation, for messages.
    pub asked: String,
    /// The operation, if the service has it.
    pub operation: Option<&'static Operation>,
    /// What the path says.
    pub labels: Labels<'a>,
}

/// Whether a request is for an AWS service at all. Looks at nothing but the head, so that others can share the port.
pub fn is_aws(parts: &Parts) -> bool {
    let signed =
        parts.headers.get(header::AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"AWS4-"));
    let query = parts.uri.query().unwrap_or_default();
    let at_root = parts.uri.path() == "/" && (is_form(&parts.headers) || query.contains("Action="));
    signed || at_root || parts.headers.contains_key(TARGET) || query.contains("X-Amz-Algorithm=")
}

/// The most bytes that the body of a request may have, told by its head.
pub fn body_limit(parts: &Parts) -> usize {
    let by_target = target(&parts.headers).and_then(|(prefix, _)| of_prefix(prefix));
    let service = by_target.or_else(|| of_signature(parts));
    service
        .map_or_else(
            || Service::all().iter().map(|service| service.body_limit).min(),
            |service| Some(service.body_limit),
        )
        .unwrap_or_default()
}

/// Finds out where a request goes.
pub fn route(parts: &Parts, body: &[u8]) -> Route<'static> {
    if let Some((prefix, operation)) = target(&parts.headers) {
        let service = of_prefix(prefix);
        // The version in the content type is echoed.
        let protocol = match content_type(&parts.headers) {
            "application/x-amz-json-1.0" => Protocol::Json10,
            _ => Protocol::Json11,
        };
        return named(protocol, service, operation);
    }
    let in_url = parts.uri.query().unwrap_or_default().as_bytes();
    let form = if is_form(&parts.headers) && !body.is_empty() { body } else { in_url };
    if let Some(action) = query_parameter(form, "Action") {
        let version = query_parameter(form, "Version").unwrap_or_default();
        let by_version = Service::all()
            .iter()
            .find(|service| service.version == version && service.protocol == Protocol::Query);
        return named(Protocol::Query, by_version.or_else(|| of_signature(parts)), &action);
    }
    rest(parts)
}

fn rest(parts: &Parts) -> Route<'static> {
    let signed_for = of_signature(parts);
    let asked = format!("{} {}", parts.method, parts.uri.path());
    if Presented::service_of(parts).is_some()
        && signed_for.is_none_or(|service| service.protocol != Protocol::RestJson)
    {
        // A service of another protocol, called without saying the operation; or one that is not ours.
        let protocol = signed_for.map_or(Protocol::RestJson, |service| service.protocol);
        return Route { protocol, service: signed_for, asked, operation: None, labels: Vec::new() };
    }
    let services = || {
        let all = Service::all().iter().filter(|service| service.protocol == Protocol::RestJson);
        all.filter(|service| signed_for.is_none_or(|signed_for| signed_for == *service))
    };
    // The path that is signed, and not one that merely resolves to it.
    let path = normalised(parts.uri.path());
    for lenient in [false, true] {
        for service in services() {
            for operation in service.model().into_iter().flat_map(Model::operations) {
                if *operation.method != *parts.method.as_str() {
                    continue;
                }
                if let Some(labels) = operation.path.labels(&path, lenient) {
                    let operation = Some(operation);
                    return Route {
                        protocol: Protocol::RestJson,
                        service: Some(service),
                        asked,
                        operation,
                        labels,
                    };
                }
            }
        }
    }
    Route { protocol: Protocol::RestJson, service: signed_for, asked, operation: None, labels: Vec::new() }
}

fn named(protocol: Protocol, service: Option<&'static Service>, name: &str) -> Route<'static> {
    let operation = service.and_then(|service| service.model().ok()).and_then(|model| model.operation(name));
    // Told back to the client, and logged: not more than a name has.
    let asked = name.chars().filter(|character| !character.is_control()).take(128).collect();
    Route { protocol, service, asked, operation, labels: Vec::new() }
}

/// Prefix and operation of `X-Amz-Target`.
fn target(headers: &HeaderMap) -> Option<(&str, &str)> {
    let text = headers.get(TARGET)?.to_str().ok()?.trim();
    Some(text.rsplit_once('.').unwrap_or((text, "")))
}

fn of_prefix(prefix: &str) -> Option<&'static Service> {
    Service::all().iter().find(|service| service.target_prefix == prefix)
}

fn of_signature(parts: &Parts) -> Option<&'static Service> {
    let name = Presented::service_of(parts)?;
    Service::all().iter().find(|service| service.signing_name == name)
}

fn content_type(headers: &HeaderMap) -> &str {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim()
}

fn is_form(headers: &HeaderMap) -> bool {
    content_type(headers).eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
