//! The syntax of opam's files, as far as texts in fields are wanted.
//!
//! Follows opam's manual, "Common file format": `field: value`, where a value is a text (`"a"`, `"""a"""`), a
//! word, a list in square brackets, a group in round ones, any of them followed by options in braces; `name
//! "label" { … }` is a section with fields of its own; `#` and `(* … *)` are comments. What is wanted of a
//! field are the texts in it, each with the words of its options: `"odoc" {with-doc}`. So nothing has to nest
//! here, brackets are only counted.

/// A text in the value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    /// The text.
    pub(super) text: String,
    /// The words of the options behind it: `with-test`, `post`, `version`.
    pub(super) options: Vec<String>,
}

/// A field that stands in no section, and the texts in its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Its name.
    pub(super) name: String,
    /// The texts, in their order, without those in options.
    pub(super) texts: Vec<Text>,
}

/// All fields of a file that stand in no section.
///
/// # Errors
/// A sentence, when a text or a comment is not closed or a bracket closes that none opened.
pub(super) fn read(source: &str) -> Result<Vec<Field>, String> {
    let mut fields: Vec<Field> = Vec::new();
    let mut tokens = Tokens { rest: source };
    // How many braces are open, and how many of those belong to sections.
    let (mut braces, mut sections) = (0_usize, 0_usize);
    let mut brackets = 0_usize;
    let mut word: Option<&str> = None;
    // Whether what follows is the value of the last field.
    let mut in_value = false;
    while let Some(token) = tokens.next()? {
        let before = word.take();
        match token {
            Token::Word(text) => {
                if braces > sections
                    && sections == 0
                    && let Some(last) = fields.last_mut().and_then(|field| field.texts.last_mut())
                {
                    last.options.push(text.to_owned());
                }
                // Outside of brackets a word behind a whole value begins a section.
                if brackets == 0 && braces == sections && in_value {
                    let empty = fields.last().is_none_or(|field| field.texts.is_empty());
                    in_value = empty;
                }
                word = Some(text);
            }
            Token::Text(text) => {
                if in_value
                    && braces == 0
                    && sections == 0
                    && let Some(field) = fields.last_mut()
                {
                    field.texts.push(Text { text, options: Vec::new() });
                } else if let Some(section) = before.filter(|_| !in_value) {
                    // The label of a section.
                    word = Some(section);
                }
            }
            Token::Mark(':') if braces == sections && brackets == 0 => {
                in_value = true;
                if let Some(name) = before.filter(|_| sections == 0) {
                    fields.push(Field { name: name.to_owned(), texts: Vec::new() });
                }
            }
            Token::Mark('{') => {
                if braces == sections && brackets == 0 && before.is_some() && (!in_value || sections == 0) {
                    sections += 1;
                    in_value = false;
                }
                braces += 1;
            }
            Token::Mark('}') => {
                braces = braces.checked_sub(1).ok_or("a brace closes that none opened")?;
                if sections > braces {
                    sections = braces;
                    in_value = false;
                }
            }
            Token::Mark('[' | '(') => brackets += 1,
            Token::Mark(']' | ')') => {
                brackets = brackets.checked_sub(1).ok_or("a bracket closes that none opened")?;
            }
            Token::Mark(_) => {}
        }
    }
    if braces + brackets > 0 { Err("it breaks off in brackets".into()) } else { Ok(fields) }
}

enum Token<'a> {
    Word(&'a str),
    Text(String),
    Mark(char),
}

struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    fn next(&mut self) -> Result<Option<Token<'a>>, String> {
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.starts_with('#') {
                self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
            } else if let Some(comment) = self.rest.strip_prefix("(*") {
                self.rest = comment.split_once("*)").ok_or("a comment is not closed")?.1;
            } else {
                break;
            }
        }
        if let Some(text) = self.rest.strip_prefix("\"\"\"") {
            let (text, rest) = text.split_once("\"\"\"").ok_or("a text is not closed")?;
            self.rest = rest;
            return Ok(Some(Token::Text(text.to_owned())));
        }
        if let Some(text) = self.rest.strip_prefix('"') {
            return self.text(text).map(Some);
        }
        let is_word = |c: char| c.is_alphanumeric() || "_-+%.".contains(c);
        let length = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
        let length = if length == 0 { self.rest.chars().next().map_or(0, char::len_utf8) } else { length };
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(match token.chars().next() {
            None => None,
            Some(first) if is_word(first) => Some(Token::Word(token)),
            Some(mark) => Some(Token::Mark(mark)),
        })
    }

    /// A text whose opening quote was taken; an escaped character stands for itself.
    fn text(&mut self, from: &'a str) -> Result<Token<'a>, String> {
        let mut text = String::new();
        let mut characters = from.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = from.get(at + 1..).unwrap_or_default();
                    return Ok(Token::Text(text));
                }
                '\\' => text.extend(characters.next().map(|(_, escaped)| escaped)),
                other => text.push(other),
            }
        }
        Err("a text is not closed".into())
    }
}

/// The texts of a field.
pub(super) fn texts<'a>(fields: &'a [Field], name: &str) -> &'a [Text] {
    fields.iter().find(|field| field.name == name).map(|field| field.texts.as_slice()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(source: &str) -> Vec<String> {
        let fields = read(source).unwrap();
        let show = |text: &Text| format!("{}{{{}}}", text.text, text.options.join(" "));
        fields
            .iter()
            .map(|f| format!("{}: {}", f.name, f.texts.iter().map(show).collect::<Vec<_>>().join(", ")))
            .collect()
    }

    #[test]
    fn fields_with_options() {
        let source = r#"
            opam-version: "2.0" # comment
            (* depends: "x" *)
            synopsis: """a "quoted" text"""
            license: ["MIT" "ISC"]
            flags: compiler
            dev: true
            depends: [
              "dune" {>= "2.8" & build}
              ("a\"b" {with-test} | "c")
              "d" {= version}
            ]
            build: [["dune" "subst"] {dev} [make "-j" jobs]]
            url { src: "https://h" checksum: ["md5=1"] }
            extra-source "a.patch" { src: "x" }
            version: "1.0"
        "#;
        assert_eq!(
            flat(source),
            [
                "opam-version: 2.0{}",
                "synopsis: a \"quoted\" text{}",
                "license: MIT{}, ISC{}",
                "flags: ",
                "dev: ",
                "depends: dune{build}, a\"b{with-test}, c{}, d{version}",
                "build: dune{}, subst{dev}, -j{}",
                "version: 1.0{}",
            ]
        );
    }

    #[test]
    fn says_what_makes_no_sense() {
        for source in ["a: \"b", "a: \"\"\"b", "(* a", "a: ]", "a: }", "a: [", "s {", "a: \"b\\"] {
            read(source).unwrap_err();
        }
        assert!(read("").unwrap().is_empty());
    }
}
