//! Writing XML by a model.

use std::fmt::Write as _;

use quick_xml::escape::escape;
use serde_json::Value;

use super::text;
use crate::model::{Kind, Model, ShapeId, TimestampFormat};

/// A document that is being written. Names of elements are ours or the model's, never a client's.
pub(super) struct Xml(String);

impl Xml {
    pub(super) fn new() -> Self {
        Self(String::with_capacity(512))
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    /// The outermost element.
    pub(super) fn root(&mut self, name: &str, namespace: Option<&str>, inside: impl FnOnce(&mut Self)) {
        let _ = match namespace {
            Some(namespace) => write!(self.0, "<{name} xmlns=\"{}\">", escape(namespace)),
            None => write!(self.0, "<{name}>"),
        };
        inside(self);
        let _ = write!(self.0, "</{name}>");
    }

    /// An element with what is put inside.
    pub(super) fn element(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.root(name, None, inside);
    }

    /// An element with text.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        // XML 1.0 has no way to write most control characters.
        let clean: String = text
            .chars()
            .map(|character| match character {
                '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => character,
                _ => '\u{fffd}',
            })
            .collect();
        self.element(name, |xml| xml.0.push_str(&escape(clean.as_str())));
    }

    /// The members of a structure.
    pub(super) fn members(&mut self, model: &Model, shape: ShapeId, value: &Value) {
        for member in model.members(shape) {
            if let Some(value) = value.get(&*member.name) {
                self.value(model, member.shape, &member.wire, value, member.flattened);
            }
        }
    }

    /// A value in an element, or in several if it is a flattened list.
    fn value(&mut self, model: &Model, id: ShapeId, name: &str, value: &Value, flattened: bool) {
        let shape = model.shape(id);
        match (&shape.kind, value) {
            (_, Value::Null) => {}
            (Kind::Structure(_), value) => self.element(name, |xml| xml.members(model, id, value)),
            (Kind::List { member, wire, flattened: own, .. }, Value::Array(items)) => {
                if flattened || *own {
                    let name = wire.as_deref().unwrap_or(name);
                    for item in items {
                        self.value(model, *member, name, item, false);
                    }
                } else {
                    let item_name = wire.as_deref().unwrap_or("member");
                    self.element(name, |xml| {
                        for item in items {
                            xml.value(model, *member, item_name, item, false);
                        }
                    });
                }
            }
            (
                Kind::Map { value: member, key_wire, value_wire, flattened: own, .. },
                Value::Object(entries),
            ) => {
                let entry_name = if flattened || *own { name } else { "entry" };
                let inside = |xml: &mut Self| {
                    for (key, entry) in entries {
                        xml.element(entry_name, |xml| {
                            xml.text(key_wire.as_deref().unwrap_or("key"), key);
                            xml.value(model, *member, value_wire.as_deref().unwrap_or("value"), entry, false);
                        });
                    }
                };
                if flattened || *own { inside(self) } else { self.element(name, inside) }
            }
            _ => {
                if let Some(text) = text::to_text(shape, value, TimestampFormat::Iso8601) {
                    self.text(name, &text);
                }
            }
        }
    }
}
