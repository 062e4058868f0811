//! JSON 1.0 and 1.1: one object in, one object out.
//!
//! Specification: <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>. Instants are numbers, seconds with an
//! optional fraction. Members that the model does not know are ignored; a member that is `null` is absent.

use bytes::Bytes;
use http::Response;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Malformed, Protocol, timestamp};
use crate::error::WireError;
use crate::model::{Kind, Location, Model, Operation, ShapeId, TimestampFormat, noun};

/// Reads the input of an operation. An empty body is an empty object.
pub(super) fn decode(model: &Model, operation: &Operation, body: &[u8]) -> Result<Value, Malformed> {
    let object = Value::Object(read_object(body)?);
    match operation.input {
        Some(shape) => from_wire(model, shape, object, &mut String::new()),
        None => Ok(Value::Object(Map::new())),
    }
}

/// Reads a body that has to be an object.
pub(super) fn read_object(body: &[u8]) -> Result<Map<String, Value>, Malformed> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Malformed::at("", "body is not a JSON object")),
        Err(error) => Err(Malformed::at("", format_args!("body is not JSON: {error}"))),
    }
}

pub(super) fn encode(
    model: &Model,
    operation: &Operation,
    output: Value,
    protocol: Protocol,
) -> Response<Bytes> {
    let body = match operation.output {
        Some(shape) if !output.is_null() => to_wire(model, shape, output),
        _ => Value::Object(Map::new()),
    };
    protocol.response(200, body.to_string())
}

pub(super) fn encode_error(model: Option<&Model>, error: WireError, protocol: Protocol) -> Response<Bytes> {
    protocol.response(error.status, error_body(model, error).to_string())
}

/// The body of an error. The message is `message` or `Message`, as the model says.
pub(super) fn error_body(model: Option<&Model>, error: WireError) -> Value {
    let mut message = "message";
    let mut body = match (model, error.exception) {
        (Some(model), Some(exception)) => {
            if model.members(exception).iter().any(|member| &*member.wire == "Message") {
                message = "Message";
            }
            match to_wire(model, exception, Value::Object(error.fields)) {
                Value::Object(body) => body,
                _ => Map::new(),
            }
        }
        _ => Map::new(),
    };
    body.insert("__type".to_owned(), error.code.into());
    body.insert(message.to_owned(), error.message.into());
    Value::Object(body)
}

/// From names and forms of the wire to those that operations see. Types have to be right; all else is checked later.
pub(super) fn from_wire(
    model: &Model,
    id: ShapeId,
    value: Value,
    path: &mut String,
) -> Result<Value, Malformed> {
    let shape = model.shape(id);
    Ok(match (&shape.kind, value) {
        // Dropped by structures; a missing item of a list is for the check to say.
        (_, Value::Null) => Value::Null,
        (Kind::Structure(structure), Value::Object(mut object)) => {
            let mut members = Map::new();
            for member in structure.members.iter().filter(|member| member.location == Location::Body) {
                if let Some(value) = object.remove(&*member.wire).filter(|value| !value.is_null()) {
                    let value =
                        below(path, &member.wire, |path| from_wire(model, member.shape, value, path))?;
                    members.insert(member.name.to_string(), value);
                }
            }
            Value::Object(members)
        }
        (Kind::List { member, .. }, Value::Array(items)) => {
            let mut read = Vec::with_capacity(items.len());
            for (index, item) in items.into_iter().enumerate() {
                let index = (index + 1).to_string();
                read.push(below(path, &index, |path| from_wire(model, *member, item, path))?);
            }
            Value::Array(read)
        }
        (Kind::Map { value: member, .. }, Value::Object(entries)) => {
            let mut read = Map::new();
            for (name, entry) in entries {
                if !entry.is_null() {
                    let entry = below(path, &name, |path| from_wire(model, *member, entry, path))?;
                    read.insert(name, entry);
                }
            }
            Value::Object(read)
        }
        (Kind::Timestamp(_), value) => match timestamp::from_json(&value) {
            Some(at) => Value::String(at.to_string()),
            None => return Err(Malformed::at(path, "must be a timestamp")),
        },
        (Kind::Text { .. } | Kind::Blob(_), value @ Value::String(_))
        | (Kind::Double(_), value @ Value::Number(_))
        | (Kind::Boolean, value @ Value::Bool(_)) => value,
        (Kind::Integer(_) | Kind::Long(_), Value::Number(number)) if number.as_i64().is_some() => {
            Value::Number(number)
        }
        (kind, value) => {
            let found = match value {
                Value::Null => "null",
                Value::Bool(_) => "a boolean",
                Value::Number(_) => "a number",
                Value::String(_) => "a string",
                Value::Array(_) => "a list",
                Value::Object(_) => "an object",
            };
            return Err(Malformed::at(path, format_args!("must be {}, and is {found}", noun(kind))));
        }
    })
}

/// Does something one step further down.
fn below<T>(path: &mut String, name: &str, inside: impl FnOnce(&mut String) -> T) -> T {
    let length = path.len();
    if length > 0 {
        path.push('.');
    }
    // Names come from the client; the longest that a model has is shorter.
    path.extend(name.chars().filter(|character| !character.is_control()).take(64));
    let result = inside(path);
    path.truncate(length);
    result
}

/// From names and forms that operations see to those of the wire. Members that the model does not know stay behind.
pub(super) fn to_wire(model: &Model, id: ShapeId, value: Value) -> Value {
    match (&model.shape(id).kind, value) {
        (Kind::Structure(structure), Value::Object(mut values)) => {
            let body = structure.members.iter().filter(|member| member.location == Location::Body);
            let members = body.filter_map(|member| {
                let value = values.remove(&*member.name).filter(|value| !value.is_null())?;
                Some((member.wire.to_string(), to_wire(model, member.shape, value)))
            });
            Value::Object(members.collect())
        }
        (Kind::List { member, .. }, Value::Array(items)) => {
            Value::Array(items.into_iter().map(|item| to_wire(model, *member, item)).collect())
        }
        (Kind::Map { value: member, .. }, Value::Object(entries)) => {
            let present = entries.into_iter().filter(|(_, entry)| !entry.is_null());
            Value::Object(present.map(|(name, entry)| (name, to_wire(model, *member, entry))).collect())
        }
        (Kind::Timestamp(format), Value::String(text)) => match text.parse::<Timestamp>() {
            Ok(at) => timestamp::to_json(at, format.unwrap_or(TimestampFormat::Epoch)),
            Err(_) => Value::String(text),
        },
        (_, other) => other,
    }
}
