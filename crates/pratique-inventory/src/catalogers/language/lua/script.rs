//! Just enough of Lua to read a rockspec: assignments of texts, tables and what is put together from them.
//!
//! LuaRocks runs a rockspec as a program without any library, so nothing can be called, and what is left to
//! write are assignments. Many do more than write literals: `version = upstream .. "-1"`, `tag = dev and
//! "main" or nil`. Lua 5.4's reference manual, section 9 ("The Complete Syntax of Lua"), has the grammar;
//! read here are `local` and global assignments of one or several values, tables, `..`, `and`, `or`, `not`,
//! `==`, `~=`, brackets and indexing. Any other operator gives an unknown value; a statement of another kind
//! ends the reading, which is told.
//!
//! Programs can make a lot out of little (`a = a .. a`, over and over), so values are shared and the bytes
//! that concatenation makes are limited.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    tokens::{Run, Tokens},
    value::{Table, Value},
};

/// How deep expressions may nest; each level is a handful of calls.
const DEEPEST: usize = 32;

/// Most bytes that concatenations may make together.
const MOST_BYTES: usize = 1 << 20;

/// What a script leaves behind: its variables, and why it was not read to its end.
pub(super) struct Outcome {
    pub(super) variables: BTreeMap<Rc<str>, Value>,
    pub(super) stopped: Option<String>,
}

/// Runs a script.
pub(super) fn run(text: &str) -> Outcome {
    let mut script =
        Script { source: Tokens { bytes: text.as_bytes(), at: 0 }, made: 0, variables: BTreeMap::new() };
    let stopped = script.statements().err();
    Outcome { variables: script.variables, stopped }
}

struct Script<'a> {
    source: Tokens<'a>,
    /// Bytes made by concatenation.
    made: usize,
    variables: BTreeMap<Rc<str>, Value>,
}

impl Script<'_> {
    fn statements(&mut self) -> Run<()> {
        loop {
            self.source.blank();
            if self.source.rest().is_empty() {
                return Ok(());
            }
            if !self.source.take(";") {
                self.statement()?;
            }
        }
    }

    /// `local a, b = 1, 2` or `a = 1`, also of a field, whose value is read and dropped.
    fn statement(&mut self) -> Run<()> {
        if self.source.keyword("return") {
            self.source.at = self.source.bytes.len();
            return Ok(());
        }
        let local = self.source.keyword("local");
        let mut names = Vec::new();
        loop {
            let name =
                self.source.word().ok_or_else(|| self.source.error("a statement that is no assignment"))?;
            let mut plain = true;
            // Lua 5.4: `local x <const> = 1`.
            if local && self.source.take("<") {
                self.source.word();
                self.source.expect(">")?;
            }
            while self.source.peek(".") || self.source.peek("[") {
                plain = false;
                self.index(0)?;
            }
            names.push(plain.then_some(name));
            if !self.source.take(",") {
                break;
            }
        }
        let mut values = Vec::new();
        if self.source.take("=") {
            values.push(self.expression(0)?);
            while self.source.take(",") {
                values.push(self.expression(0)?);
            }
        } else if !local {
            return Err(self.source.error("a statement that is no assignment"));
        }
        let mut values = values.into_iter();
        for name in names {
            let value = values.next().unwrap_or(Value::Nil);
            if let Some(name) = name {
                self.variables.insert(name, value);
            }
        }
        Ok(())
    }

    /// `or`, `and`, comparisons, `..`, the rest: from the loosest to the tightest.
    fn expression(&mut self, depth: usize) -> Run<Value> {
        let mut left = self.conjunction(depth)?;
        while self.source.keyword("or") {
            let right = self.conjunction(depth)?;
            left = match left.truth() {
                Some(true) => left,
                Some(false) => right,
                None => Value::Unknown,
            };
        }
        Ok(left)
    }

    fn conjunction(&mut self, depth: usize) -> Run<Value> {
        let mut left = self.comparison(depth)?;
        while self.source.keyword("and") {
            let right = self.comparison(depth)?;
            left = match left.truth() {
                Some(true) => right,
                Some(false) => left,
                None => Value::Unknown,
            };
        }
        Ok(left)
    }

    fn comparison(&mut self, depth: usize) -> Run<Value> {
        let mut left = self.concatenation(depth)?;
        loop {
            let same = if self.source.take("==") {
                Some(true)
            } else if self.source.take("~=") {
                Some(false)
            } else if self.source.take("<=")
                || self.source.take(">=")
                || self.source.take("<")
                || self.source.take(">")
            {
                None
            } else {
                return Ok(left);
            };
            let right = self.concatenation(depth)?;
            left = match (same, &left, &right) {
                // Tables are equal only to themselves, which is not followed here.
                (None, ..)
                | (_, Value::Unknown | Value::Table(_), _)
                | (_, _, Value::Unknown | Value::Table(_)) => Value::Unknown,
                (Some(same), left, right) => Value::Flag((left == right) == same),
            };
        }
    }

    fn concatenation(&mut self, depth: usize) -> Run<Value> {
        let mut parts = vec![self.sum(depth)?];
        while !self.source.rest().starts_with(b"...") && self.source.take("..") {
            parts.push(self.sum(depth)?);
        }
        if parts.len() == 1 {
            return Ok(parts.pop().unwrap_or(Value::Nil));
        }
        let Some(texts) = parts.iter().map(Value::text).collect::<Option<Vec<_>>>() else {
            return Ok(Value::Unknown);
        };
        self.made += texts.iter().map(|text| text.len()).sum::<usize>();
        if self.made > MOST_BYTES {
            return Err(self.source.error("it makes texts that are too long"));
        }
        Ok(Value::Text(texts.concat().into()))
    }

    /// Arithmetic, whose result is of no interest.
    fn sum(&mut self, depth: usize) -> Run<Value> {
        let mut left = self.unary(depth)?;
        loop {
            self.source.blank();
            match self.source.rest() {
                [b'-', b'-', ..] | [b'~', b'=', ..] => return Ok(left),
                [b'+' | b'-' | b'*' | b'/' | b'%' | b'^' | b'&' | b'|' | b'~', ..] => self.source.at += 1,
                _ => return Ok(left),
            }
            self.unary(depth)?;
            left = Value::Unknown;
        }
    }

    fn unary(&mut self, depth: usize) -> Run<Value> {
        if depth > DEEPEST {
            return Err(self.source.error("expressions nest too deep to be read"));
        }
        if self.source.keyword("not") {
            let value = self.unary(depth + 1)?;
            return Ok(value.truth().map_or(Value::Unknown, |truth| Value::Flag(!truth)));
        }
        if self.source.take("-") || self.source.take("#") || self.source.take("~") {
            self.unary(depth + 1)?;
            return Ok(Value::Unknown);
        }
        let mut value = self.primary(depth)?;
        loop {
            if self.source.peek("[[") || self.source.peek("[=") {
                // A text behind a value is a call.
                return Err(self.source.error("a call"));
            }
            if self.source.peek("[") || (self.source.peek(".") && !self.source.peek("..")) {
                let key = self.index(depth)?;
                value = match (&value, key.as_deref()) {
                    (Value::Table(_), Some(key)) => value.field(key).clone(),
                    _ => Value::Unknown,
                };
            } else if self.source.peek("(")
                || self.source.peek("{")
                || self.source.peek("\"")
                || self.source.peek("'")
                || self.source.peek(":")
            {
                return Err(self.source.error("a call"));
            } else {
                return Ok(value);
            }
        }
    }

    /// `.name` or `["name"]`; the key, where it is a text.
    fn index(&mut self, depth: usize) -> Run<Option<Rc<str>>> {
        if self.source.take(".") {
            return self.source.word().map(Some).ok_or_else(|| self.source.error("a field without a name"));
        }
        self.source.expect("[")?;
        let key = self.expression(depth + 1)?;
        self.source.expect("]")?;
        Ok(match key {
            Value::Text(key) => Some(key),
            _ => None,
        })
    }

    fn primary(&mut self, depth: usize) -> Run<Value> {
        self.source.blank();
        match self.source.rest() {
            [b'"' | b'\'', ..] => self.source.quoted().map(Value::Text),
            [b'[', b'[' | b'=', ..] => {
                let Some(text) = self.source.long_text() else {
                    return Err(self.source.error("a text is not closed"));
                };
                Ok(Value::Text(
                    String::from_utf8_lossy(self.source.bytes.get(text).unwrap_or_default()).into(),
                ))
            }
            [b'{', ..] => self.table(depth),
            [b'(', ..] => {
                self.source.at += 1;
                let value = self.expression(depth + 1)?;
                self.source.expect(")")?;
                Ok(value)
            }
            [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => {
                let number = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'.';
                let mut length = self.source.rest().iter().take_while(|byte| number(byte)).count();
                // `1..2` is a concatenation.
                if let Some(dots) =
                    memchr::memmem::find(self.source.rest().get(..length).unwrap_or_default(), b"..")
                {
                    length = dots.max(1);
                }
                let text =
                    String::from_utf8_lossy(self.source.rest().get(..length).unwrap_or_default()).into();
                self.source.at += length;
                Ok(Value::Text(text))
            }
            _ => match self.source.word().ok_or_else(|| self.source.error("a value is missing"))?.as_ref() {
                "nil" => Ok(Value::Nil),
                "true" => Ok(Value::Flag(true)),
                "false" => Ok(Value::Flag(false)),
                "function" => Err(self.source.error("a function")),
                name => Ok(self.variables.get(name).cloned().unwrap_or(Value::Nil)),
            },
        }
    }

    fn table(&mut self, depth: usize) -> Run<Value> {
        self.source.expect("{")?;
        let mut table = Table::default();
        while !self.source.take("}") {
            let start = self.source.at;
            let key = if self.source.peek("[") && !self.source.peek("[[") && !self.source.peek("[=") {
                Some(self.index(depth)?)
            } else {
                self.source.word().map(Some)
            };
            // A word without a sign of equality behind it is a value.
            let key = if key.is_some() && !self.source.peek("==") && self.source.take("=") {
                key
            } else {
                self.source.at = start;
                None
            };
            let value = self.expression(depth + 1)?;
            match key {
                Some(Some(key)) => drop(table.fields.insert(key, value)),
                Some(None) => {}
                None => table.items.push(value),
            }
            if !self.source.take(",") && !self.source.take(";") && !self.source.peek("}") {
                return Err(self.source.error("a table is not closed"));
            }
        }
        Ok(Value::Table(Rc::new(table)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, name: &str) -> Value {
        let outcome = run(text);
        assert_eq!(outcome.stopped, None, "{text}");
        outcome.variables.get(name).cloned().unwrap_or(Value::Nil)
    }

    #[test]
    fn expressions() {
        for (expression, want) in [
            ("'a' .. \"b\" .. [[c]] .. 1", "abc1"),
            ("[=[ ]] ]=]", " ]] "),
            ("(false and 'a') or 'b'", "b"),
            ("not nil and 'x' or 'y'", "x"),
            ("'dev' == 'dev' and 'main' or nil", "main"),
            ("'dev' ~= 'dev' and 'main' or 'tag'", "tag"),
            ("({a = {b = 'deep'}}).a[\"b\"]", "deep"),
            ("1.5", "1.5"),
            ("1 ..'-1'", "1-1"),
            ("'a\\'b'", "a'b"),
        ] {
            assert_eq!(value(&format!("x = {expression}"), "x").text(), Some(want), "{expression}");
        }
        for unknown in ["1 + 2", "#'a'", "1 < 2", "(1 + 2) and 'a' or 'b'", "{} == {}"] {
            assert_eq!(value(&format!("x = {unknown}"), "x"), Value::Unknown, "{unknown}");
        }
    }

    #[test]
    fn statements_and_tables() {
        let text = "local a <const>, b = 'x', 'y'; --[[ long\n ]] -- short\nlocal c\nt = {a, n = b, ['k'] = a..b, {1}; a == b,}\n\
                    t.extra = 'dropped'\nreturn t";
        let table = value(text, "t");
        assert_eq!((table.field("n").text(), table.field("k").text()), (Some("y"), Some("xy")));
        assert_eq!(table.items().len(), 3);
        assert_eq!(table.items()[2], Value::Flag(false));
    }

    #[test]
    fn what_ends_the_reading() {
        for (text, why) in [
            ("x = 1\nif a then end", "line 2: a statement"),
            ("x = f()", "a call"),
            ("x = ('%s'):format(1)", "a call"),
            ("x = {", "value is missing"),
            ("x = 'a", "text is not closed"),
            ("x = function() end", "a function"),
            (&format!("x = {}", "{".repeat(100_000)), "too deep"),
            (&format!("x = {}", "not ".repeat(100_000)), "too deep"),
        ] {
            let stopped = run(text).stopped.unwrap();
            assert!(stopped.contains(why), "{stopped}");
        }
        let doubling = format!("a = 'x'\n{}", "a = a .. a\n".repeat(100));
        assert!(run(&doubling).stopped.unwrap().contains("too long"));
        // Sharing: this would be a table of 2^1000 places.
        assert_eq!(run(&format!("t = {{}}\n{}", "t = {t, t}\n".repeat(1000))).stopped, None);
    }
}
