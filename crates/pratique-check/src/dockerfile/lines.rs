//! Physical lines put together to logical ones, each byte still knowing the line it came from.
//!
//! A line that ends with the escape character (blanks after it do not matter, a doubled one does not count) goes on in
//! the next; comments and empty lines in between are passed over. BuildKit's frontend does it the same way.

/// One instruction's text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logical {
    /// The text without continuations.
    pub text: String,
    /// Where in `text` a physical line begins, and which: ascending.
    marks: Vec<(usize, usize)>,
    /// Its last physical line, counted from 1.
    pub last: usize,
}

impl Logical {
    /// Its first line, counted from 1.
    pub fn first(&self) -> usize {
        self.marks.first().map_or(1, |mark| mark.1)
    }

    /// Leaves out the first `bytes` bytes of the text.
    pub(super) fn cut(&mut self, bytes: usize) {
        let line = self.line_at(bytes);
        self.text = self.text.get(bytes..).unwrap_or_default().to_owned();
        self.marks.retain(|mark| mark.0 > bytes);
        self.marks.iter_mut().for_each(|mark| mark.0 -= bytes);
        self.marks.insert(0, (0, line));
    }

    /// The physical line of the byte at `offset` of the text.
    pub fn line_at(&self, offset: usize) -> usize {
        let after = self.marks.partition_point(|mark| mark.0 <= offset);
        self.marks.get(after.saturating_sub(1)).map_or(1, |mark| mark.1)
    }
}

/// The lines of a Dockerfile, taken one logical line or heredoc line at a time.
pub(super) struct Lines<'a> {
    rest: std::iter::Enumerate<std::str::Lines<'a>>,
    escape: char,
}

/// What comes next.
pub(super) enum Next {
    /// A comment's text, without `#`.
    Comment(String),
    /// An instruction.
    Instruction(Logical),
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str, escape: char) -> Self {
        Self { rest: text.lines().enumerate(), escape }
    }

    /// The next comment or logical line; empty lines are passed over.
    pub(super) fn next(&mut self) -> Option<Next> {
        let mut logical = Logical::default();
        for (index, line) in self.rest.by_ref() {
            let number = index + 1;
            let trimmed = line.trim_start();
            if let Some(comment) = trimmed.strip_prefix('#') {
                if logical.marks.is_empty() {
                    return Some(Next::Comment(comment.trim().to_owned()));
                }
                continue;
            }
            if trimmed.is_empty() {
                // Within an instruction BuildKit warns and goes on.
                continue;
            }
            let line = if logical.marks.is_empty() { trimmed } else { line };
            logical.marks.push((logical.text.len(), number));
            logical.last = number;
            let Some(part) = continued(line, self.escape) else {
                logical.text.push_str(line);
                break;
            };
            logical.text.push_str(part);
        }
        (!logical.marks.is_empty()).then_some(Next::Instruction(logical))
    }

    /// The next physical line as it stands, and its number.
    pub(super) fn raw(&mut self) -> Option<(usize, &'a str)> {
        self.rest.next().map(|(index, line)| (index + 1, line))
    }
}

/// The line without the escape character that continues it.
fn continued(line: &str, escape: char) -> Option<&str> {
    let part = line.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    (!part.ends_with(escape)).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continuations_keep_their_lines() {
        let text = "# c\n\nRUN a && \\  \n  # note\n\n  b \\\n&& c\nUSER x\\\\\nLAST \\\n";
        let mut lines = Lines::new(text, '\\');
        assert!(matches!(lines.next(), Some(Next::Comment(c)) if c == "c"));
        let Some(Next::Instruction(run)) = lines.next() else { panic!() };
        assert_eq!(run.text, "RUN a &&   b && c");
        let at = |what: &str| run.line_at(run.text.find(what).unwrap());
        assert_eq!((run.first(), at("a"), at("b"), at("c"), run.last), (3, 3, 6, 7, 7));
        let Some(Next::Instruction(user)) = lines.next() else { panic!() };
        assert_eq!(user.text, "USER x\\\\");
        let Some(Next::Instruction(last)) = lines.next() else { panic!() };
        assert_eq!(last.text, "LAST ");
        assert!(lines.next().is_none());
    }
}
