//! Checking values against their shapes: everything that is wrong with a request, in one answer.
//!
//! Clients check little before they send (required members, types, minimal lengths); enumerations, patterns and maxima are
//! left to the server. The message is the one that most services of AWS give:
//! `2 validation errors detected: Value 'x' at 'field' failed to satisfy constraint: Member must …; Value …`.
//!
//! Values are in the form that operations see: names of the model, instants in RFC 3339, bytes in base64.

use std::fmt::{self, Write as _};

use serde_json::Value;

use super::{Bounds, Kind, Model, Operation, Shape, ShapeId, Structure};

/// Failures that are told; more are counted.
const TOLD: usize = 50;
/// Characters of a value that are told.
const VALUE_CHARACTERS: usize = 256;

/// Something that a value is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Where: `tags.1.member.key`.
    pub path: String,
    /// What is there; none of secrets.
    value: Option<String>,
    /// What should be.
    pub constraint: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value.as_deref() {
            None => f.write_str("Value")?,
            Some("null") => f.write_str("Value null")?,
            Some(value) => write!(f, "Value '{value}'")?,
        }
        write!(f, " at '{}' failed to satisfy constraint: {}", self.path, self.constraint)
    }
}

/// Everything that a value is not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failures {
    told: Vec<Failure>,
    count: usize,
}

impl Failures {
    /// The failures, or the first of very many.
    pub fn iter(&self) -> impl Iterator<Item = &Failure> {
        self.told.iter()
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} validation error{} detected: ", self.count, if self.count == 1 { "" } else { "s" })?;
        for (index, failure) in self.told.iter().enumerate() {
            write!(f, "{}{failure}", if index > 0 { "; " } else { "" })?;
        }
        if self.count > self.told.len() { write!(f, "; and more") } else { Ok(()) }
    }
}

impl std::error::Error for Failures {}

impl Model {
    /// Checks the input of an operation.
    pub fn check_input(&self, operation: &Operation, input: &Value) -> Result<(), Failures> {
        operation.input.map_or(Ok(()), |shape| self.check(shape, input, false))
    }

    /// Checks the output of an operation: as strictly, and it may have no member that the model does not know.
    pub fn check_output(&self, operation: &Operation, output: &Value) -> Result<(), Failures> {
        match operation.output {
            // An operation that has nothing to say may answer nothing.
            Some(shape) if output.is_null() => {
                self.check(shape, &Value::Object(serde_json::Map::new()), true)
            }
            Some(shape) => self.check(shape, output, true),
            None if matches!(output, Value::Null)
                || output.as_object().is_some_and(serde_json::Map::is_empty) =>
            {
                Ok(())
            }
            None => {
                let path = operation.name.to_string();
                let constraint = "The operation has no output".to_owned();
                Err(Failures { told: vec![Failure { path, value: None, constraint }], count: 1 })
            }
        }
    }

    /// Checks a value against a shape. `closed`: it has no members that the model does not know.
    pub fn check(&self, shape: ShapeId, value: &Value, closed: bool) -> Result<(), Failures> {
        let mut checker = Checker { model: self, closed, path: String::new(), failures: Failures::default() };
        checker.visit(shape, value);
        if checker.failures.count == 0 { Ok(()) } else { Err(checker.failures) }
    }
}

struct Checker<'a> {
    model: &'a Model,
    closed: bool,
    path: String,
    failures: Failures,
}

impl Checker<'_> {
    fn visit(&mut self, id: ShapeId, value: &Value) {
        let shape = self.model.shape(id);
        match (&shape.kind, value) {
            (Kind::Structure(structure), Value::Object(members)) => self.structure(structure, shape, members),
            (Kind::List { member, size, .. }, Value::Array(items)) => {
                // Services answer more, or nothing, where the bounds are those of what clients may ask for.
                if !self.closed {
                    self.bounds(shape, value, items.len() as f64, *size, Measure::Length);
                }
                for (index, item) in items.iter().enumerate() {
                    self.inside(format_args!("{}.member", index + 1), *member, item);
                }
            }
            (Kind::Map { key, value: member, size, .. }, Value::Object(entries)) => {
                self.bounds(shape, value, entries.len() as f64, *size, Measure::Length);
                for (name, entry) in entries {
                    self.inside(format_args!("{}.key", quoted(name)), *key, &Value::String(name.clone()));
                    self.inside(format_args!("{}.value", quoted(name)), *member, entry);
                }
            }
            (Kind::Text { values, pattern, length }, Value::String(text)) => {
                self.bounds(shape, value, text.chars().count() as f64, *length, Measure::Length);
                if !values.is_empty() && !values.iter().any(|known| **known == **text) {
                    let set = values.join(", ");
                    self.fail(shape, value, format!("Member must satisfy enum value set: [{set}]"));
                }
                if let Some(pattern) = pattern
                    && !pattern.matches(text)
                {
                    let pattern = pattern.as_str();
                    self.fail(
                        shape,
                        value,
                        format!("Member must satisfy regular expression pattern: {pattern}"),
                    );
                }
            }
            (Kind::Integer(range), Value::Number(number))
                if number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()) =>
            {
                self.bounds(shape, value, number.as_f64().unwrap_or_default(), *range, Measure::Value);
            }
            (Kind::Long(range), Value::Number(number)) if number.as_i64().is_some() => {
                self.bounds(shape, value, number.as_f64().unwrap_or_default(), *range, Measure::Value);
            }
            (Kind::Double(range), Value::Number(number)) => {
                self.bounds(shape, value, number.as_f64().unwrap_or_default(), *range, Measure::Value);
            }
            (Kind::Boolean, Value::Bool(_)) => {}
            (Kind::Timestamp(_), Value::String(text)) if text.parse::<jiff::Timestamp>().is_ok() => {}
            (Kind::Blob(length), Value::String(text)) => {
                let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
                let bytes = (text.len().saturating_sub(padding)) * 3 / 4;
                if *length != Bounds::default() {
                    self.bounds(shape, &Value::Null, bytes as f64, *length, Measure::Length);
                }
            }
            (_, Value::Null) => self.fail(shape, value, "Member must not be null".to_owned()),
            (kind, _) => self.fail(shape, value, format!("Member must be {}", noun(kind))),
        }
    }

    fn structure(&mut self, structure: &Structure, shape: &Shape, values: &serde_json::Map<String, Value>) {
        let present = |name: &str| values.get(name).filter(|value| !value.is_null());
        for member in &structure.members {
            match present(&member.name) {
                Some(value) => self.inside(format_args!("{}", member.name), member.shape, value),
                None if member.required => {
                    self.inside(format_args!("{}", member.name), member.shape, &Value::Null);
                }
                None => {}
            }
        }
        if structure.union {
            let count = structure.members.iter().filter(|member| present(&member.name).is_some()).count();
            if count != 1 {
                let names: Vec<&str> = structure.members.iter().map(|member| &*member.name).collect();
                let set = names.join(", ");
                self.fail(
                    shape,
                    &Value::Object(serde_json::Map::new()),
                    format!("Member must have exactly one of: [{set}]"),
                );
            }
        }
        if self.closed {
            for name in values.keys().filter(|name| structure.member(name).is_none()) {
                let constraint = format!("{} has no such member", shape.name);
                self.at(format_args!("{name}"), |checker| checker.fail(shape, &Value::Null, constraint));
            }
        }
    }

    fn inside(&mut self, name: fmt::Arguments<'_>, shape: ShapeId, value: &Value) {
        self.at(name, |checker| checker.visit(shape, value));
    }

    /// Does something one step further down.
    fn at(&mut self, name: fmt::Arguments<'_>, inside: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        let _ = self.path.write_fmt(name);
        inside(self);
        self.path.truncate(length);
    }

    fn bounds(&mut self, shape: &Shape, value: &Value, actual: f64, bounds: Bounds, measure: Measure) {
        let what = match measure {
            Measure::Length => "length",
            Measure::Value => "value",
        };
        if let Some(min) = bounds.min.filter(|min| actual < *min) {
            self.fail(shape, value, format!("Member must have {what} greater than or equal to {min}"));
        }
        if let Some(max) = bounds.max.filter(|max| actual > *max) {
            self.fail(shape, value, format!("Member must have {what} less than or equal to {max}"));
        }
    }

    fn fail(&mut self, shape: &Shape, value: &Value, constraint: String) {
        self.failures.count += 1;
        if self.failures.told.len() < TOLD {
            let secret = match shape.kind {
                Kind::List { member, .. } => shape.sensitive || self.model.shape(member).sensitive,
                _ => shape.sensitive,
            };
            let value = (!secret).then(|| shown(value));
            self.failures.told.push(Failure { path: self.path.clone(), value, constraint });
        }
    }
}

#[derive(Clone, Copy)]
enum Measure {
    Length,
    Value,
}

/// A name in a path: short, and without what would let it pass for another path.
fn quoted(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(64).collect()
}

/// A value as messages show it, cut where it is long. What is in structures is not shown: some of it may be secret.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Array(items) => {
            // Nobody sees more; a list of a million is not spelt out.
            let items: Vec<String> = items.iter().take(VALUE_CHARACTERS).map(scalar).collect();
            format!("[{}]", items.join(", "))
        }
        other => scalar(other),
    };
    match text.char_indices().nth(VALUE_CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.chars().take(VALUE_CHARACTERS + 1).collect(),
        Value::Array(_) => "[…]".to_owned(),
        Value::Object(_) => "{…}".to_owned(),
        other => other.to_string(),
    }
}

/// What a value has to be, for people.
pub(crate) fn noun(kind: &Kind) -> &'static str {
    match kind {
        Kind::Structure(_) => "a structure",
        Kind::List { .. } => "a list",
        Kind::Map { .. } => "a map",
        Kind::Text { .. } => "a string",
        Kind::Integer(_) => "an integer of 32 bits",
        Kind::Long(_) => "an integer of 64 bits",
        Kind::Double(_) => "a number",
        Kind::Boolean => "a boolean",
        Kind::Timestamp(_) => "a timestamp",
        Kind::Blob(_) => "bytes in base64",
    }
}
