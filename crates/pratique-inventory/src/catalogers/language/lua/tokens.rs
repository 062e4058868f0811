//! Lua's words: names, texts, signs, and what stands between them (reference manual, section 3.1).

use std::{ops::Range, rc::Rc};

use super::super::document::line_of;

/// What was read, or why the reading ends, with its line.
pub(super) type Run<T> = Result<T, String>;

/// A script, and how far it was read.
pub(super) struct Tokens<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl Tokens<'_> {
    /// A text in quotes; an escaped character stands for itself, a line feed in front of one does too.
    pub(super) fn quoted(&mut self) -> Run<Rc<str>> {
        let quote = self.rest().first().copied();
        let mut text = Vec::new();
        let mut at = self.at + 1;
        loop {
            match (self.bytes.get(at), self.bytes.get(at + 1)) {
                (Some(b'\\'), Some(&escaped)) => {
                    text.push(escaped);
                    at += 2;
                }
                (Some(&byte), _) if Some(byte) != quote && byte != b'\n' => {
                    text.push(byte);
                    at += 1;
                }
                (Some(&byte), _) if Some(byte) == quote => {
                    self.at = at + 1;
                    return Ok(String::from_utf8_lossy(&text).into());
                }
                _ => return Err(self.error("a text is not closed")),
            }
        }
    }

    /// How many signs of equality are in the `[[` or `[==[` that comes next.
    fn long_bracket(&self) -> Option<usize> {
        let level = self.rest().strip_prefix(b"[")?.iter().take_while(|&&byte| byte == b'=').count();
        (self.rest().get(level + 1) == Some(&b'[')).then_some(level)
    }

    /// Where the text in `[[text]]` or `[==[text]==]` lies.
    pub(super) fn long_text(&mut self) -> Option<Range<usize>> {
        let level = self.long_bracket()?;
        let start = self.at + level + 2;
        let closing = [&b"]"[..], &b"=".repeat(level), b"]"].concat();
        let length = memchr::memmem::find(self.bytes.get(start..)?, &closing)?;
        self.at = start + length + closing.len();
        Some(start..start + length)
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// An error, with the line of where the reading is.
    pub(super) fn error(&self, what: &str) -> String {
        format!("line {}: {what}", line_of(self.bytes, self.at))
    }

    /// Passes over white space and comments.
    pub(super) fn blank(&mut self) {
        loop {
            let rest = self.rest();
            if rest.first().is_some_and(u8::is_ascii_whitespace) {
                self.at += 1;
            } else if rest.starts_with(b"--") {
                self.at += 2;
                let line = memchr::memchr(b'\n', self.rest()).unwrap_or(self.rest().len());
                if self.long_bracket().is_none() {
                    self.at += line;
                } else if self.long_text().is_none() {
                    // Looking for its end once more for every comment behind it would take the square of the time.
                    self.at = self.bytes.len();
                }
            } else {
                return;
            }
        }
    }

    /// Whether `token` comes next.
    pub(super) fn peek(&mut self, token: &str) -> bool {
        self.blank();
        self.rest().starts_with(token.as_bytes())
    }

    /// Passes over `token`, if it comes next.
    pub(super) fn take(&mut self, token: &str) -> bool {
        let taken = self.peek(token);
        if taken {
            self.at += token.len();
        }
        taken
    }

    /// Passes over `token`, which must come next.
    pub(super) fn expect(&mut self, token: &str) -> Run<()> {
        if self.take(token) { Ok(()) } else { Err(self.error(&format!("`{token}` is missing"))) }
    }

    /// The name or keyword that comes next.
    pub(super) fn word(&mut self) -> Option<Rc<str>> {
        self.blank();
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let length = self.rest().iter().take_while(|byte| is_word(byte)).count();
        let word = self.rest().get(..length)?;
        if word.first().is_none_or(u8::is_ascii_digit) {
            return None;
        }
        let word = String::from_utf8_lossy(word).into();
        self.at += length;
        Some(word)
    }

    /// Passes over a keyword, if it comes next.
    pub(super) fn keyword(&mut self, keyword: &str) -> bool {
        let start = self.at;
        let found = self.word().is_some_and(|word| *word == *keyword);
        if !found {
            self.at = start;
        }
        found
    }
}
