//! Values in PHP's own serialisation, as `serialize()` writes them.
//!
//! The PHP manual, "serialize"; the grammar is `ext/standard/var_unserializer.re`. Each value says its kind and, for
//! texts and arrays, a length in bytes or a number of entries:
//!
//! ```text
//! N;  b:1;  i:42;  d:0.5;  s:5:"hello";  a:2:{KEY VALUE KEY VALUE}
//! ```
//!
//! Objects (`O`, `C`, `E`) and references (`r`, `R`) are what makes `unserialize()` dangerous. They are refused:
//! nothing here needs them.

use std::collections::BTreeMap;

/// Deepest nesting of arrays.
const DEEPEST: usize = 64;
/// Most values of one document.
const MOST_VALUES: usize = 1_000_000;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// A text; bytes that are no UTF-8 are U+FFFD.
    Text(String),
    /// A number, as written.
    Number(String),
    /// `true`, `false` and `null`, of which nobody wants more than that they are there.
    Other,
    /// An array, which is a map in PHP; keys that are numbers as written. Of a key given twice the last counts.
    Array(BTreeMap<String, Value>),
}

impl Value {
    /// What an array holds under `key`.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Array(entries) => entries.get(key),
            _ => None,
        }
    }

    /// The text, unless it is empty.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The values of an array, or the value itself.
    pub(super) fn each(&self) -> impl Iterator<Item = &Self> {
        let (entries, own) = match self {
            Self::Array(entries) => (Some(entries), None),
            other => (None, Some(other)),
        };
        entries.into_iter().flat_map(BTreeMap::values).chain(own)
    }
}

/// What makes no sense, and where.
#[derive(Debug, thiserror::Error)]
#[error("at byte {offset}: {what}")]
pub(super) struct NotSerialized {
    offset: usize,
    what: &'static str,
}

/// Reads one value; what follows it is left alone, as PHP leaves it.
///
/// # Errors
/// [`NotSerialized`] where the bytes are no such value.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, NotSerialized> {
    Reader { bytes, at: 0, values: 0 }.value(0)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    values: usize,
}

impl<'a> Reader<'a> {
    fn error(&self, what: &'static str) -> NotSerialized {
        NotSerialized { offset: self.at, what }
    }

    fn expect(&mut self, wanted: &[u8], what: &'static str) -> Result<(), NotSerialized> {
        if !self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(wanted)) {
            return Err(self.error(what));
        }
        self.at += wanted.len();
        Ok(())
    }

    /// What stands before the next `end`, which is passed over.
    fn until(&mut self, end: u8) -> Result<&'a str, NotSerialized> {
        // The longest number of PHP has fewer digits.
        const LONGEST: usize = 64;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = memchr::memchr(end, rest.get(..LONGEST).unwrap_or(rest));
        let found = length.and_then(|length| std::str::from_utf8(rest.get(..length)?).ok());
        let found = found.ok_or_else(|| self.error("a number is expected"))?;
        self.at += found.len() + 1;
        Ok(found)
    }

    fn length(&mut self) -> Result<usize, NotSerialized> {
        let at = self.at;
        let digits = self.until(b':')?;
        digits.parse().map_err(|_| NotSerialized { offset: at, what: "a length is expected" })
    }

    fn value(&mut self, depth: usize) -> Result<Value, NotSerialized> {
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(self.error("there are too many values"));
        }
        let kind = self.bytes.get(self.at).copied();
        match kind {
            Some(b'N') => self.expect(b"N;", "`N;` is expected").map(|()| Value::Other),
            Some(kind @ (b'b' | b'i' | b'd')) => {
                self.expect(&[kind, b':'], "`:` is expected")?;
                let text = self.until(b';')?;
                Ok(if kind == b'b' { Value::Other } else { Value::Number(text.to_owned()) })
            }
            Some(b's') => {
                self.expect(b"s:", "`:` is expected")?;
                let length = self.length()?;
                self.expect(b"\"", "a text is expected")?;
                let text = self.at.checked_add(length).and_then(|end| self.bytes.get(self.at..end));
                let text = text.ok_or_else(|| self.error("the text is longer than the file"))?;
                self.at += length;
                self.expect(b"\";", "the text does not end where its length says")?;
                Ok(Value::Text(String::from_utf8_lossy(text).into_owned()))
            }
            Some(b'a') => {
                self.expect(b"a:", "`:` is expected")?;
                let count = self.length()?;
                self.expect(b"{", "`{` is expected")?;
                if depth >= DEEPEST {
                    return Err(self.error("arrays are nested too deeply"));
                }
                let mut entries = BTreeMap::new();
                for _ in 0..count {
                    let (Value::Text(key) | Value::Number(key)) = self.value(depth + 1)? else {
                        return Err(self.error("a key is expected"));
                    };
                    let value = self.value(depth + 1)?;
                    entries.insert(key, value);
                }
                self.expect(b"}", "the array does not end where its number of entries says")?;
                Ok(Value::Array(entries))
            }
            Some(b'O' | b'C' | b'E' | b'r' | b'R') => Err(self.error("objects and references are not read")),
            Some(_) => Err(self.error("a value is expected")),
            None => Err(self.error("it ends before a value")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_all_kinds() {
        let value =
            parse(b"a:4:{s:1:\"a\";s:3:\"\xc3\xa4\"\";i:0;a:1:{i:7;d:0.5;}s:1:\"b\";b:1;s:1:\"c\";N;}rest")
                .unwrap();
        assert_eq!(value.get("a").unwrap().text(), Some("ä\""));
        assert_eq!(value.get("0").unwrap().get("7").unwrap().text(), Some("0.5"));
        assert_eq!(value.get("b"), Some(&Value::Other));
        assert_eq!(value.each().count(), 4);
        assert_eq!(value.get("a").unwrap().each().count(), 1);
    }

    #[test]
    fn says_what_makes_no_sense() {
        for (text, what) in [
            ("", "at byte 0: it ends"),
            ("x:1;", "a value is expected"),
            ("s:9:\"a\";", "longer than the file"),
            ("s:18446744073709551615:\"a\";", "longer than the file"),
            ("s:-1:\"a\";", "at byte 2: a length"),
            ("s:2:\"abc\";", "where its length says"),
            ("a:99999999999:{", "it ends before a value"),
            ("a:1:{N;N;}", "a key"),
            ("O:8:\"stdClass\":0:{}", "objects"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(what), "{text}: {error}");
        }
        assert!(parse("a:1:{i:0;".repeat(1000).as_bytes()).unwrap_err().to_string().contains("deeply"));
    }
}
