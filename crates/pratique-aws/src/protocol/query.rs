//! The Query protocol: forms in, XML out.
//!
//! Specification: <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>. `Tags.member.1.Key=x` is a path into the input:
//! lists have `member` and the number of the item in it (only the number where they are flattened), maps `entry`, a number, and
//! `key` or `value`. Parameters come in the body or, of presigned URLs, in the query. In a body `+` is a space; in a URL it is
//! itself, as in its signature.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value};

use super::xml::Xml;
use super::{Malformed, Protocol, Request, text};
use crate::error::WireError;
use crate::model::{Kind, Member, Model, Operation, ShapeId};
use crate::sigv4::canonical::parameters;

/// Parameters of one request.
const MAX_PARAMETERS: usize = 20_000;
/// Steps in the name of one parameter.
const MAX_DEPTH: usize = 32;

/// Parameters as the tree that their names say.
#[derive(Default)]
struct Node {
    text: Option<String>,
    below: BTreeMap<String, Node>,
}

/// One parameter of a form, by its name.
pub(crate) fn form_parameter(form: &[u8], name: &str) -> Option<String> {
    pairs(form).find(|(key, _)| **key == *name.as_bytes()).and_then(|(_, value)| utf8(value))
}

/// The parameters of a form.
fn pairs(form: &[u8]) -> impl Iterator<Item = (Cow<'_, [u8]>, Cow<'_, [u8]>)> {
    form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (pair.get(..at).unwrap_or_default(), pair.get(at + 1..).unwrap_or_default()),
            None => (pair, &[][..]),
        };
        (decoded(name), decoded(value))
    })
}

fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if text.contains(&b'+') {
        let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        return Cow::Owned(percent_encoding::percent_decode(&spaced).collect());
    }
    percent_encoding::percent_decode(text).into()
}

fn utf8(bytes: Cow<'_, [u8]>) -> Option<String> {
    String::from_utf8(bytes.into_owned()).ok()
}

pub(super) fn decode(model: &Model, operation: &Operation, request: Request<'_>) -> Result<Value, Malformed> {
    let Some(shape) = operation.input else { return Ok(Value::Object(Map::new())) };
    let mut root = Node::default();
    let mut count = 0;
    let query = request.parts.uri.query().unwrap_or_default();
    for (name, value) in parameters(query).chain(pairs(request.body)) {
        count += 1;
        if count > MAX_PARAMETERS {
            return Err(Malformed::at("", format_args!("has more than {MAX_PARAMETERS} parameters")));
        }
        let (Some(name), Some(value)) = (utf8(name), utf8(value)) else {
            return Err(Malformed::at("", "has parameters that are not UTF-8"));
        };
        root.insert(&name, value)?;
    }
    read(model, shape, &root, &mut String::new(), false)
}

impl Node {
    fn insert(&mut self, name: &str, text: String) -> Result<(), Malformed> {
        if name.split('.').nth(MAX_DEPTH).is_some() {
            return Err(Malformed::at("", format_args!("has a parameter of more than {MAX_DEPTH} steps")));
        }
        let mut node = self;
        for step in name.split('.') {
            node = node.below.entry(step.to_owned()).or_default();
        }
        if node.text.replace(text).is_some() {
            return Err(Malformed::at(name, "is given twice"));
        }
        Ok(())
    }

    /// The numbered nodes below, in the order of their numbers.
    fn numbered(&self, path: &str) -> Result<Vec<(u32, &Node)>, Malformed> {
        let mut items = Vec::with_capacity(self.below.len());
        for (number, node) in &self.below {
            let number = number
                .parse()
                .map_err(|_| Malformed::at(path, "is a list, whose items have numbers in their names"))?;
            items.push((number, node));
        }
        items.sort_unstable_by_key(|(number, _)| *number);
        Ok(items)
    }
}

/// Reads a node as a shape. It is no deeper than the names of parameters are.
fn read(
    model: &Model,
    id: ShapeId,
    node: &Node,
    path: &mut String,
    flattened: bool,
) -> Result<Value, Malformed> {
    let shape = model.shape(id);
    match &shape.kind {
        Kind::Structure(structure) => {
            let mut members = Map::new();
            for member in &structure.members {
                // A flattened list may go by the name of its items.
                if let Some(below) = node.below.get(flat_name(model, member)) {
                    let value = step(path, &member.wire, |path| {
                        read(model, member.shape, below, path, member.flattened)
                    })?;
                    members.insert(member.name.to_string(), value);
                }
            }
            Ok(Value::Object(members))
        }
        Kind::List { member, wire, flattened: own, .. } => {
            let name = wire.as_deref().unwrap_or("member");
            let items = if flattened || *own { Some(node) } else { node.below.get(name) };
            // `Tags=` is the empty list.
            let Some(items) = items else { return Ok(Value::Array(Vec::new())) };
            let mut read_items = Vec::new();
            for (number, item) in items.numbered(path)? {
                let item = step(path, &number.to_string(), |path| read(model, *member, item, path, false))?;
                read_items.push(item);
            }
            Ok(Value::Array(read_items))
        }
        Kind::Map { value, key_wire, value_wire, flattened: own, .. } => {
            let entries = if flattened || *own { Some(node) } else { node.below.get("entry") };
            let mut map = Map::new();
            let Some(entries) = entries else { return Ok(Value::Object(map)) };
            let (key_name, value_name) =
                (key_wire.as_deref().unwrap_or("key"), value_wire.as_deref().unwrap_or("value"));
            for (number, entry) in entries.numbered(path)? {
                let key = entry.below.get(key_name).and_then(|node| node.text.clone());
                let key =
                    key.ok_or_else(|| Malformed::at(path, format_args!("has no key in entry {number}")))?;
                let empty = Node::default();
                let below = entry.below.get(value_name).unwrap_or(&empty);
                let value = step(path, &number.to_string(), |path| read(model, *value, below, path, false))?;
                map.insert(key, value);
            }
            Ok(Value::Object(map))
        }
        _ => text::from_text(shape, node.text.as_deref().unwrap_or_default(), path),
    }
}

/// The name of a member in forms and XML: that of the items, where a list is flattened and its items have one.
fn flat_name<'a>(model: &'a Model, member: &'a Member) -> &'a str {
    match &model.shape(member.shape).kind {
        Kind::List { wire: Some(wire), flattened, .. } if *flattened || member.flattened => wire,
        _ => &member.wire,
    }
}

/// Does something one step further down.
fn step<T>(path: &mut String, name: &str, inside: impl FnOnce(&mut String) -> T) -> T {
    let length = path.len();
    if length > 0 {
        path.push('.');
    }
    path.push_str(name);
    let result = inside(path);
    path.truncate(length);
    result
}

pub(super) fn encode(
    model: &Model,
    operation: &Operation,
    output: &Value,
    request_id: &str,
) -> Response<Bytes> {
    let mut xml = Xml::new();
    let namespace = model.metadata.xml_namespace.as_deref();
    let name = format!("{}Response", operation.name);
    xml.root(&name, namespace, |xml| {
        let result = |xml: &mut Xml| {
            if let Some(shape) = operation.output {
                xml.members(model, shape, output);
            }
        };
        match &operation.result_wrapper {
            Some(wrapper) => xml.element(wrapper, result),
            None => result(xml),
        }
        xml.element("ResponseMetadata", |xml| xml.text("RequestId", request_id));
    });
    Protocol::Query.response(operation.status, xml.finish())
}

pub(super) fn encode_error(model: Option<&Model>, error: &WireError, request_id: &str) -> Response<Bytes> {
    let mut xml = Xml::new();
    let namespace = model.and_then(|model| model.metadata.xml_namespace.as_deref());
    xml.root("ErrorResponse", namespace, |xml| {
        xml.element("Error", |xml| {
            xml.text("Type", if error.status >= 500 { "Receiver" } else { "Sender" });
            xml.text("Code", &error.code);
            xml.text("Message", &error.message);
            if let (Some(model), Some(exception)) = (model, error.exception) {
                xml.members(model, exception, &Value::Object(error.fields.clone()));
            }
        });
        xml.text("RequestId", request_id);
    });
    Protocol::Query.response(error.status, xml.finish())
}
