//! Patterns of the models: regular expressions of Java, run by the `regex` crate.
//!
//! The differences that matter:
//! - Services match the *whole* text, whether a pattern is anchored or not.
//! - `\d`, `\w`, `\s` and `\b` are ASCII in Java and Unicode in Rust: they are written out.
//! - Rust has no look-around. The one that the embedded models use, `(?!X)` at the beginning, is a second expression that must
//!   not match. A pattern with another one is not checked; the test of patterns would list it.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};

/// Bounds what a compiled pattern may take.
const SIZE_LIMIT: usize = 1 << 20;

/// A pattern, compiled when it is first needed.
#[derive(Debug)]
pub struct Pattern {
    text: Box<str>,
    compiled: OnceLock<Option<Compiled>>,
}

#[derive(Debug)]
struct Compiled {
    whole: Regex,
    /// What the text must not begin with.
    not: Option<Regex>,
}

impl Pattern {
    pub(super) fn new(text: Box<str>) -> Self {
        Self { text, compiled: OnceLock::new() }
    }

    /// As the model writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it can be checked at all.
    pub fn is_supported(&self) -> bool {
        self.compiled().is_some()
    }

    /// Whether a text is of this form. Of a pattern that cannot be checked, every text is.
    pub fn matches(&self, text: &str) -> bool {
        self.compiled().is_none_or(|compiled| {
            compiled.whole.is_match(text) && !compiled.not.as_ref().is_some_and(|not| not.is_match(text))
        })
    }

    fn compiled(&self) -> Option<&Compiled> {
        self.compiled.get_or_init(|| compile(&self.text)).as_ref()
    }
}

fn compile(pattern: &str) -> Option<Compiled> {
    let anchored = pattern.strip_prefix('^').unwrap_or(pattern);
    let (not, rest) = match anchored.strip_prefix("(?!").and_then(|rest| rest.split_once(')')) {
        // Groups and classes inside would need a parser to find their end.
        Some((not, rest)) if !not.contains(['(', '[', '|']) => (Some(not), rest),
        _ => (None, pattern),
    };
    let build = |text: String| RegexBuilder::new(&text).size_limit(SIZE_LIMIT).build().ok();
    let not = match not {
        Some(not) => Some(build(format!(r"\A(?:{})", of_ascii(not)))?),
        None => None,
    };
    Some(Compiled { whole: build(format!(r"\A(?:{})\z", of_ascii(rest)))?, not })
}

/// Writes out the classes that mean more in Rust than in Java.
fn of_ascii(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len() + 16);
    let mut in_class = false;
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match (characters.next(), in_class) {
                (Some('d'), true) => text.push_str("0-9"),
                (Some('d'), false) => text.push_str("[0-9]"),
                (Some('w'), true) => text.push_str("a-zA-Z0-9_"),
                (Some('w'), false) => text.push_str("[a-zA-Z0-9_]"),
                (Some('s'), true) => text.push_str(r" \t\n\x0B\f\r"),
                (Some('s'), false) => text.push_str(r"[ \t\n\x0B\f\r]"),
                (Some('S'), false) => text.push_str(r"[^ \t\n\x0B\f\r]"),
                (Some('b'), false) => text.push_str(r"(?-u:\b)"),
                (Some(other), _) => text.extend(['\\', other]),
                (None, _) => text.push('\\'),
            },
            '[' | ']' => {
                in_class = character == '[';
                text.push(character);
            }
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        let pattern = Pattern::new(pattern.into());
        assert!(pattern.is_supported(), "{pattern:?}");
        pattern.matches(text)
    }

    #[test]
    fn the_whole_text_is_matched() {
        assert!(matches("[0-9]{12}", "123456789012"));
        assert!(!matches("[0-9]{12}", "1234567890123"));
        assert!(!matches(r"\d{12}", "123456789012\n"));
        assert!(matches("a|bc", "bc") && !matches("a|bc", "abc"));
    }

    #[test]
    fn classes_are_those_of_java() {
        assert!(!matches(r"\d", "٣") && !matches(r"[\d]", "٣"), "an Arabic digit");
        assert!(!matches(r"\w+", "é") && !matches(r"[\w+=,.@-]*", "é"));
        assert!(matches(r"^\S+$", "é") && !matches(r"^\S+$", "a b"));
        assert!(matches(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "é ١"));
        assert!(matches(r"[a-zA-Z0-9-_+.]+", "a-_+."));
    }

    #[test]
    fn a_look_ahead_at_the_beginning() {
        let tag = r"^(?!aws:)[a-zA-Z+-=._:/]+$";
        assert!(matches(tag, "team") && !matches(tag, "aws:team") && matches(tag, "my:aws:team"));
        assert!(!Pattern::new("a(?!b)".into()).is_supported());
    }
}
