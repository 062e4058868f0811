//! Literal terms of Erlang, Elixir and Prolog: data written as source text.
//!
//! `rebar.lock` and `*.app` are Erlang terms (`file:consult/1`), `mix.lock` is one Elixir literal, `pack.pl`
//! is a list of Prolog facts. The three are cousins: atoms, strings, numbers, lists, and tuples or compound
//! terms. They differ in how an atom and a comment look, and in what has a key:
//!
//! | | Erlang | Elixir | Prolog |
//! |---|---|---|---|
//! | atom | `pkg`, `'a b'` | `:hex`, `:"a b"` | `pkg`, `'a b'` |
//! | text | `"a"`, `<<"a">>` | `"a"` | `"a"` |
//! | with a key | `#{a => 1}` | `%{"a" => 1, "b": 2}`, `[c: 3]` | |
//! | compound | `{a, 1}` | `{:a, 1}` | `a(1)` |
//! | comment | `%` | `#` | `%`, `/* */` |
//! | ends with | `.` | | `.` |
//!
//! Nothing is evaluated: a file that holds more than literals is an error. A pair with a key is read as a
//! tuple of two, which is what it means in two of the three languages.

use super::document::line_of;

/// How deep terms may nest. Environments of applications go ten levels deep.
const DEEPEST: usize = 64;

/// Which language's literals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Erlang,
    Elixir,
    Prolog,
}

/// A literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    /// `pkg`, `:hex`; also a variable of Prolog.
    Atom(String),
    /// `"text"`, `<<"text">>`.
    Text(String),
    /// A number as it is written.
    Number(String),
    /// `{a, b}`, or a pair of key and value.
    Tuple(Vec<Term>),
    /// `[a, b]`, or the pairs of a map.
    List(Vec<Term>),
    /// `name(a, b)`; an operator between two terms counts as its name.
    Compound(String, Vec<Term>),
}

impl Term {
    /// An atom's name or a text.
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Atom(word) | Self::Text(word) => Some(word),
            _ => None,
        }
    }

    /// The elements of a tuple.
    pub(super) fn tuple(&self) -> Option<&[Term]> {
        match self {
            Self::Tuple(terms) => Some(terms),
            _ => None,
        }
    }

    /// The elements of a list; of anything else none.
    pub(super) fn list(&self) -> &[Term] {
        match self {
            Self::List(terms) => terms,
            _ => &[],
        }
    }

    /// The value that goes with `key` in a list of pairs.
    pub(super) fn get(&self, key: &str) -> Option<&Term> {
        self.list().iter().find_map(|pair| match pair.tuple() {
            Some([first, value]) if first.word() == Some(key) => Some(value),
            _ => None,
        })
    }
}

/// All terms of a file.
///
/// # Errors
/// A sentence with the line, when something is no literal.
pub(super) fn read(text: &str, dialect: Dialect) -> Result<Vec<Term>, String> {
    let mut reader = Reader { bytes: text.as_bytes(), at: 0, dialect };
    let mut terms = Vec::new();
    loop {
        reader.blank();
        if reader.peek().is_none() {
            return Ok(terms);
        }
        terms.push(reader.term(0)?);
        reader.blank();
        if dialect != Dialect::Elixir && !reader.take(b".") {
            return Err(reader.error("a term does not end with a full stop"));
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    dialect: Dialect,
}

impl Reader<'_> {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, token: &[u8]) -> bool {
        let taken = self.rest().starts_with(token);
        if taken {
            self.at += token.len();
        }
        taken
    }

    fn error(&self, what: &str) -> String {
        format!("line {}: {what}", line_of(self.bytes, self.at))
    }

    /// Passes over white space and comments.
    fn blank(&mut self) {
        loop {
            let rest = self.rest();
            let comment = match (self.dialect, rest) {
                (_, [byte, ..]) if byte.is_ascii_whitespace() => {
                    self.at += 1;
                    continue;
                }
                // In Elixir `%{` is a map, in Erlang `#{` is one.
                (Dialect::Elixir, [b'#', ..]) | (Dialect::Erlang | Dialect::Prolog, [b'%', ..]) => {
                    memchr::memchr(b'\n', rest)
                }
                (Dialect::Prolog, [b'/', b'*', ..]) => memchr::memmem::find(rest, b"*/").map(|end| end + 2),
                _ => return,
            };
            self.at += comment.unwrap_or(rest.len());
        }
    }

    fn term(&mut self, depth: usize) -> Result<Term, String> {
        if depth > DEEPEST {
            return Err(self.error("terms nest too deep to be read"));
        }
        self.blank();
        let term = match (self.dialect, self.rest()) {
            (_, [b'{', ..]) => Term::Tuple(self.items(1, b'}', depth)?),
            (_, [b'[', ..]) => Term::List(self.items(1, b']', depth)?),
            (Dialect::Prolog, [b'(', ..]) => Term::Tuple(self.items(1, b')', depth)?),
            (Dialect::Elixir, [b'%', b'{', ..]) | (Dialect::Erlang, [b'#', b'{', ..]) => {
                Term::List(self.items(2, b'}', depth)?)
            }
            (Dialect::Erlang, [b'<', b'<', ..]) => self.binary()?,
            (_, [b'"', ..]) => Term::Text(self.texts()?),
            (_, [b'\'', ..]) => Term::Atom(self.quoted()?),
            (Dialect::Elixir, [b':', b'"', ..]) => {
                self.at += 1;
                Term::Atom(self.quoted()?)
            }
            (Dialect::Elixir, [b':', ..]) => {
                self.at += 1;
                Term::Atom(self.word())
            }
            (Dialect::Erlang, [b'$', ..]) => self.character(),
            (_, [b'0'..=b'9' | b'-' | b'+', ..]) => Term::Number(self.number()),
            (_, [byte, ..]) if byte.is_ascii_alphabetic() || *byte == b'_' || !byte.is_ascii() => {
                Term::Atom(self.word())
            }
            (_, [_, ..]) => return Err(self.error("there is something other than a literal")),
            (_, []) => return Err(self.error("it breaks off")),
        };
        if self.dialect == Dialect::Prolog { self.compound(term, depth) } else { Ok(term) }
    }

    /// The elements up to the bracket that closes.
    fn items(&mut self, opening: usize, closing: u8, depth: usize) -> Result<Vec<Term>, String> {
        self.at += opening;
        let mut items = Vec::new();
        loop {
            self.blank();
            if self.take(&[closing]) {
                return Ok(items);
            }
            let mut item = self.term(depth + 1)?;
            // `key: value` has its colon right behind the key.
            let named = self.dialect == Dialect::Elixir && self.take(b":");
            self.blank();
            if named || self.take(b"=>") || self.take(b":=") {
                item = Term::Tuple(vec![item, self.term(depth + 1)?]);
                self.blank();
            }
            items.push(item);
            // Prolog and Erlang give the rest of a list behind a bar.
            if !self.take(b",") && !self.take(b"|") && self.peek() != Some(closing) {
                return Err(self.error("a list or tuple is not closed"));
            }
        }
    }

    /// `name(…)`, and `left >= right`, both of Prolog.
    fn compound(&mut self, term: Term, depth: usize) -> Result<Term, String> {
        let term = match term {
            // The bracket follows at once; with a blank between them they are two terms.
            Term::Atom(name) if self.peek() == Some(b'(') => {
                Term::Compound(name, self.items(1, b')', depth)?)
            }
            term => term,
        };
        self.blank();
        let length = self.rest().iter().take_while(|byte| b"=<>@:\\^*/".contains(byte)).count();
        if length == 0 {
            return Ok(term);
        }
        let operator = String::from_utf8_lossy(self.rest().get(..length).unwrap_or_default()).into_owned();
        self.at += length;
        Ok(Term::Compound(operator, vec![term, self.term(depth + 1)?]))
    }

    /// `<<"text">>`, `<<"text"/utf8>>`; the bytes of any other binary say nothing to us.
    fn binary(&mut self) -> Result<Term, String> {
        self.at += 2;
        self.blank();
        let text = if self.peek() == Some(b'"') { self.quoted()? } else { String::new() };
        match memchr::memmem::find(self.rest(), b">>") {
            Some(end) => {
                self.at += end + 2;
                Ok(Term::Text(text))
            }
            None => Err(self.error("a binary is not closed")),
        }
    }

    /// A text; texts that follow each other are one in Erlang.
    fn texts(&mut self) -> Result<String, String> {
        let mut text = self.quoted()?;
        while self.dialect == Dialect::Erlang {
            self.blank();
            if self.peek() != Some(b'"') {
                break;
            }
            text.push_str(&self.quoted()?);
        }
        Ok(text)
    }

    /// What stands in the quotes that open here. An escaped character stands for itself: names and versions
    /// escape no more than quotes.
    fn quoted(&mut self) -> Result<String, String> {
        let start = self.at;
        let quote = self.peek();
        self.at += 1;
        let mut text = Vec::new();
        loop {
            match (self.peek(), self.bytes.get(self.at + 1)) {
                (Some(b'\\'), Some(&escaped)) => {
                    text.push(escaped);
                    self.at += 2;
                }
                (Some(byte), _) if Some(byte) != quote => {
                    text.push(byte);
                    self.at += 1;
                }
                (Some(_), _) => {
                    self.at += 1;
                    return Ok(String::from_utf8_lossy(&text).into_owned());
                }
                (None, _) => {
                    self.at = start;
                    return Err(self.error("a text is not closed"));
                }
            }
        }
    }

    /// `$a`, `$\n`.
    fn character(&mut self) -> Term {
        self.at += if self.bytes.get(self.at + 1) == Some(&b'\\') { 3 } else { 2 };
        Term::Number(String::new())
    }

    /// A number; its full stop is one only before a digit.
    fn number(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            let more = byte.is_ascii_alphanumeric()
                || matches!(byte, b'_' | b'#')
                || (byte == b'.' && self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit));
            if !more {
                break;
            }
            self.at += 1;
        }
        String::from_utf8_lossy(self.bytes.get(start..self.at).unwrap_or_default()).into_owned()
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while let Some(byte) = self.peek() {
            let more = byte.is_ascii_alphanumeric()
                || !byte.is_ascii()
                || matches!(byte, b'_' | b'@' if self.dialect != Dialect::Prolog || byte == b'_')
                || (self.dialect == Dialect::Elixir && matches!(byte, b'?' | b'!' | b'.'));
            if !more {
                break;
            }
            self.at += 1;
        }
        String::from_utf8_lossy(self.bytes.get(start..self.at).unwrap_or_default()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(word: &str) -> Term {
        Term::Atom(word.into())
    }

    fn text(text: &str) -> Term {
        Term::Text(text.into())
    }

    #[test]
    fn erlang() {
        let terms = read(
            "%% -*- mode -*-\n{a, 'B c', <<\"d\"/utf8>>, \"e\" \"f\", $%, -1.5, #{k => [v]}}.\n[x|y].",
            Dialect::Erlang,
        );
        let tuple = vec![
            atom("a"),
            atom("B c"),
            text("d"),
            text("ef"),
            Term::Number(String::new()),
            Term::Number("-1.5".into()),
            Term::List(vec![Term::Tuple(vec![atom("k"), Term::List(vec![atom("v")])])]),
        ];
        assert_eq!(terms.unwrap(), [Term::Tuple(tuple), Term::List(vec![atom("x"), atom("y")])]);
    }

    #[test]
    fn elixir() {
        let terms = read(
            "%{\n  \"a\" => {:hex, :\"b c\", \"1\", [d: :e, \"f\": true]}, # more\n  \"g\": nil,\n}\n",
            Dialect::Elixir,
        );
        let terms = terms.unwrap();
        let package = terms[0].get("a").unwrap().tuple().unwrap();
        assert_eq!(package[1], atom("b c"));
        assert_eq!(package[3].get("d"), Some(&atom("e")));
        assert_eq!(package[3].get("f"), Some(&atom("true")));
        assert_eq!(terms[0].get("g"), Some(&atom("nil")));
    }

    #[test]
    fn prolog() {
        let terms = read(
            "/* a */ name(hdt).\nrequires(prolog >= '7.3').\nprovides(x@1).\nkeywords(['RDF']).",
            Dialect::Prolog,
        );
        let terms = terms.unwrap();
        assert_eq!(terms[0], Term::Compound("name".into(), vec![atom("hdt")]));
        let bound = Term::Compound(">=".into(), vec![atom("prolog"), atom("7.3")]);
        assert_eq!(terms[1], Term::Compound("requires".into(), vec![bound]));
        assert_eq!(terms.len(), 4);
    }

    #[test]
    fn says_where_it_is_wrong() {
        for (text, dialect, why) in [
            ("{a,\n", Dialect::Erlang, "line 2: it breaks off"),
            ("{a}", Dialect::Erlang, "full stop"),
            ("\n{a b}.", Dialect::Erlang, "line 2: a list or tuple is not closed"),
            ("\"a", Dialect::Elixir, "line 1: a text is not closed"),
            ("<<1,2", Dialect::Erlang, "binary"),
            ("a().\n;", Dialect::Prolog, "line 2: there is something"),
            (&"[".repeat(100_000), Dialect::Elixir, "too deep"),
            (&"a=".repeat(100_000), Dialect::Prolog, "too deep"),
        ] {
            let error = read(text, dialect).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
