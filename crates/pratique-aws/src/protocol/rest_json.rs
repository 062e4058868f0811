//! REST-JSON: methods and paths name the operation, members travel in paths, queries, headers and the body.
//!
//! Specification: <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>. Instants are seconds in the body, ISO
//! 8601 in paths and queries, and as HTTP writes them in headers. Lists in the query repeat the name.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response};
use serde_json::{Map, Value};

use super::json::{error_body, from_wire, read_object, to_wire};
use super::{Malformed, Protocol, Request, text};
use crate::error::WireError;
use crate::model::{Kind, Location, Member, Model, Operation, Structure, TimestampFormat};
use crate::sigv4::canonical::parameters;

/// Names the exception, for clients that do not read the body.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

pub(super) fn decode(model: &Model, operation: &Operation, request: Request<'_>) -> Result<Value, Malformed> {
    let Some(id) = operation.input else { return Ok(Value::Object(Map::new())) };
    let Kind::Structure(structure) = &model.shape(id).kind else {
        return Err(Malformed::at("", "has an input that is no structure"));
    };
    let mut input = match &structure.payload {
        Some(name) => payload(model, structure, name, request.body)?,
        None => match from_wire(model, id, Value::Object(read_object(request.body)?), &mut String::new())? {
            Value::Object(input) => input,
            _ => Map::new(),
        },
    };
    for member in &structure.members {
        let value = match member.location {
            Location::Uri => {
                let label = request.labels.iter().find(|(name, _)| *name == &*member.wire);
                label
                    .map(|(_, text)| text::from_text(model.shape(member.shape), text, &member.name))
                    .transpose()?
            }
            Location::Query => of_query(model, member, request.parts.uri.query().unwrap_or_default())?,
            Location::Header => of_header(model, member, request.parts)?,
            Location::Headers => Some(of_headers(member, request.parts)),
            Location::Body | Location::Status => None,
        };
        if let Some(value) = value {
            input.insert(member.name.to_string(), value);
        }
    }
    Ok(Value::Object(input))
}

/// The one member that is the whole body.
fn payload(
    model: &Model,
    structure: &Structure,
    name: &str,
    body: &[u8],
) -> Result<Map<String, Value>, Malformed> {
    let mut input = Map::new();
    let Some(member) = structure.member(name).filter(|_| !body.is_empty()) else { return Ok(input) };
    let value = match &model.shape(member.shape).kind {
        Kind::Blob(_) => Value::String(STANDARD.encode(body)),
        Kind::Text { .. } => match std::str::from_utf8(body) {
            Ok(text) => Value::String(text.to_owned()),
            Err(_) => return Err(Malformed::at("", "body is not UTF-8")),
        },
        _ => from_wire(model, member.shape, Value::Object(read_object(body)?), &mut name.to_owned())?,
    };
    input.insert(name.to_owned(), value);
    Ok(input)
}

fn of_query(model: &Model, member: &Member, query: &str) -> Result<Option<Value>, Malformed> {
    let mut values =
        parameters(query).filter(|(name, _)| **name == *member.wire.as_bytes()).map(|(_, value)| {
            String::from_utf8(value.into_owned()).map_err(|_| Malformed::at(&member.name, "is not UTF-8"))
        });
    let read = |id, text: Result<String, Malformed>| text::from_text(model.shape(id), &text?, &member.name);
    match &model.shape(member.shape).kind {
        Kind::List { member: item, .. } => {
            let items = values.map(|text| read(*item, text)).collect::<Result<Vec<_>, _>>()?;
            Ok((!items.is_empty()).then_some(Value::Array(items)))
        }
        _ => values.next().map(|text| read(member.shape, text)).transpose(),
    }
}

fn of_header(
    model: &Model,
    member: &Member,
    parts: &http::request::Parts,
) -> Result<Option<Value>, Malformed> {
    let Some(value) = parts.headers.get(&*member.wire) else { return Ok(None) };
    let value = value.to_str().map_err(|_| Malformed::at(&member.wire, "has other characters than ASCII"))?;
    let read = |id, text: &str| text::from_text(model.shape(id), text.trim(), &member.name);
    match &model.shape(member.shape).kind {
        Kind::List { member: item, .. } => {
            let items = value.split(',').map(|text| read(*item, text)).collect::<Result<Vec<_>, _>>()?;
            Ok(Some(Value::Array(items)))
        }
        _ => read(member.shape, value).map(Some),
    }
}

/// All headers with a prefix, as a map.
fn of_headers(member: &Member, parts: &http::request::Parts) -> Value {
    let prefix = member.wire.to_ascii_lowercase();
    let entries = parts.headers.iter().filter_map(|(name, value)| {
        let name = name.as_str().strip_prefix(&prefix)?;
        Some((name.to_owned(), Value::String(value.to_str().ok()?.to_owned())))
    });
    Value::Object(entries.collect())
}

pub(super) fn encode(model: &Model, operation: &Operation, mut output: Value) -> Response<Bytes> {
    let structure = operation.output.map(|id| (id, &model.shape(id).kind));
    let Some((id, Kind::Structure(structure))) = structure else {
        return Protocol::RestJson
            .response(operation.status, if operation.status == 204 { "" } else { "{}" });
    };
    let mut outside: Vec<(&Member, Value)> = Vec::new();
    if let Value::Object(values) = &mut output {
        for member in structure.members.iter().filter(|member| member.location != Location::Body) {
            if let Some(value) = values.remove(&*member.name).filter(|value| !value.is_null()) {
                outside.push((member, value));
            }
        }
    }
    let body: Bytes = match &structure.payload {
        Some(name) => whole_body(model, structure, name, output),
        None if output.is_null() => Bytes::from_static(b"{}"),
        None => to_wire(model, id, output).to_string().into(),
    };
    let status = outside.iter().find(|(member, _)| member.location == Location::Status);
    let status = status.and_then(|(_, value)| value.as_u64()).and_then(|status| u16::try_from(status).ok());
    let mut response = Protocol::RestJson.response(status.unwrap_or(operation.status), body);
    for (member, value) in &outside {
        set_header(model, member, value, &mut response);
    }
    response
}

fn whole_body(model: &Model, structure: &Structure, name: &str, mut output: Value) -> Bytes {
    let value = output.get_mut(name).map(Value::take).unwrap_or_default();
    let Some(member) = structure.member(name).filter(|_| !value.is_null()) else { return Bytes::new() };
    match (&model.shape(member.shape).kind, value) {
        (Kind::Blob(_), Value::String(text)) => STANDARD.decode(text).unwrap_or_default().into(),
        (Kind::Text { .. }, Value::String(text)) => text.into(),
        (_, value) => to_wire(model, member.shape, value).to_string().into(),
    }
}

/// Writes a member in its header. What cannot be written in one stays behind; outputs are checked before.
fn set_header(model: &Model, member: &Member, value: &Value, response: &mut Response<Bytes>) {
    let shape = model.shape(member.shape);
    let mut set = |name: &str, text: Option<String>| {
        let name = HeaderName::try_from(name).ok();
        let value = text.and_then(|text| HeaderValue::try_from(text).ok());
        if let (Some(name), Some(value)) = (name, value) {
            response.headers_mut().insert(name, value);
        }
    };
    match (member.location, value) {
        (Location::Header, Value::Array(items)) => {
            let Kind::List { member: item, .. } = &shape.kind else { return };
            let item = model.shape(*item);
            let texts = items.iter().filter_map(|value| text::to_text(item, value, TimestampFormat::Http));
            set(&member.wire, Some(texts.collect::<Vec<_>>().join(",")));
        }
        (Location::Header, value) => set(&member.wire, text::to_text(shape, value, TimestampFormat::Http)),
        (Location::Headers, Value::Object(entries)) => {
            for (name, value) in entries {
                set(&format!("{}{name}", member.wire), value.as_str().map(str::to_owned));
            }
        }
        _ => {}
    }
}

pub(super) fn encode_error(model: Option<&Model>, error: WireError) -> Response<Bytes> {
    let status = error.status;
    let kind = HeaderValue::try_from(&*error.code);
    let mut in_headers = Vec::new();
    if let (Some(model), Some(exception)) = (model, error.exception) {
        for member in model.members(exception).iter().filter(|member| member.location == Location::Header) {
            if let Some(value) = error.fields.get(&*member.name) {
                in_headers.push((member, value.clone()));
            }
        }
    }
    let mut response = Protocol::RestJson.response(status, error_body(model, error).to_string());
    if let Ok(kind) = kind {
        response.headers_mut().insert(ERROR_TYPE, kind);
    }
    if let Some(model) = model {
        for (member, value) in in_headers {
            set_header(model, member, &value, &mut response);
        }
    }
    response
}
