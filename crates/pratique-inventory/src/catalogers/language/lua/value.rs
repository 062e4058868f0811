//! What a script makes: Lua's values, as far as a rockspec needs them.

use std::{collections::BTreeMap, rc::Rc};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Nil,
    Flag(bool),
    /// A text, or a number as it is written.
    Text(Rc<str>),
    Table(Rc<Table>),
    /// Something that is not worked out here.
    Unknown,
}

/// A table: what has a key, and what has a place.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Table {
    pub(super) fields: BTreeMap<Rc<str>, Value>,
    pub(super) items: Vec<Value>,
}

impl Value {
    /// The value as text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The field of a table.
    pub(super) fn field(&self, name: &str) -> &Value {
        match self {
            Self::Table(table) => table.fields.get(name).unwrap_or(&Self::Nil),
            _ => &Self::Nil,
        }
    }

    /// The items of a table.
    pub(super) fn items(&self) -> &[Value] {
        match self {
            Self::Table(table) => &table.items,
            _ => &[],
        }
    }

    /// Whether it counts as true; `None` where that is not known.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::Nil | Self::Flag(false) => Some(false),
            Self::Unknown => None,
            _ => Some(true),
        }
    }
}
