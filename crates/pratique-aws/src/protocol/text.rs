//! Scalars as text: in paths, queries, headers, forms and XML.

use jiff::Timestamp;
use serde_json::{Number, Value};

use super::{Malformed, timestamp};
use crate::model::{Kind, Shape, TimestampFormat};

/// Reads a scalar.
pub(super) fn from_text(shape: &Shape, text: &str, path: &str) -> Result<Value, Malformed> {
    let read = match &shape.kind {
        Kind::Text { .. } | Kind::Blob(_) => Some(Value::String(text.to_owned())),
        Kind::Integer(_) | Kind::Long(_) => text.trim().parse::<i64>().ok().map(Value::from),
        Kind::Double(_) => text.trim().parse().ok().and_then(Number::from_f64).map(Value::Number),
        Kind::Boolean => match text.trim() {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        Kind::Timestamp(_) => timestamp::from_text(text.trim()).map(|at| Value::String(at.to_string())),
        Kind::Structure(_) | Kind::List { .. } | Kind::Map { .. } => None,
    };
    read.ok_or_else(|| Malformed::at(path, format_args!("must be {}", crate::model::noun(&shape.kind))))
}

/// Writes a scalar, instants in a format unless the model says another; none of what is no scalar.
pub(super) fn to_text(shape: &Shape, value: &Value, format: TimestampFormat) -> Option<String> {
    match (&shape.kind, value) {
        (Kind::Timestamp(own), Value::String(text)) => Some(match text.parse::<Timestamp>() {
            Ok(at) => timestamp::to_text(at, own.unwrap_or(format)),
            Err(_) => text.clone(),
        }),
        (_, Value::String(text)) => Some(text.clone()),
        (_, Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
        _ => None,
    }
}
