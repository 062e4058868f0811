//! Dockerfiles, read as BuildKit's frontend reads them.
//!
//! Specification: *Dockerfile reference* of Docker's documentation, and where it is silent the behaviour of BuildKit
//! (`frontend/dockerfile/parser`). What trips up readers of the format: continuation lines with comments between them,
//! another escape character, heredocs, JSON form or shell form by whether the arguments parse as JSON, `ONBUILD` with a
//! whole instruction in it, and variables that are put in by some instructions but not by others.
//!
//! A reader never refuses a file: an instruction that makes no sense is [`Kind::Invalid`] and the rest is read.

mod directives;
mod heredoc;
mod instruction;
mod lines;
pub mod shell;
mod stages;
pub mod substitute;
mod words;

pub use directives::Directives;
pub use heredoc::Heredoc;
pub use instruction::{Command, Flag, Instruction, Kind, Transfer};
pub use lines::Logical;
pub use stages::{Base, Stage};

use self::lines::{Lines, Next};

/// Longest Dockerfile that is read, in bytes.
pub const LONGEST: usize = 1 << 20;
/// Most instructions that are read.
const MOST: usize = 20_000;

/// A Dockerfile.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dockerfile {
    /// What its first lines say.
    pub directives: Directives,
    /// Its instructions.
    pub instructions: Vec<Instruction>,
    /// Comments that stand directly before an instruction (its index), or at the end (the number of instructions).
    pub comments: Vec<(usize, String)>,
    /// What could not be read: line and sentence.
    pub problems: Vec<(usize, String)>,
}

impl Dockerfile {
    /// Reads `text`.
    pub fn parse(text: &str) -> Self {
        let mut file = Self::default();
        let mut end = text.len().min(LONGEST);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let (text, rest) = text.split_at(end);
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match Directives::read(text) {
            Ok(directives) => file.directives = directives,
            Err(why) => file.problems.push((1, why)),
        }
        let escape = file.directives.escape;
        let mut lines = Lines::new(text, escape);
        while let Some(next) = lines.next() {
            let source = match next {
                Next::Comment(comment) => {
                    file.comments.push((file.instructions.len(), comment));
                    continue;
                }
                Next::Instruction(source) => source,
            };
            if file.instructions.len() == MOST {
                file.problems.push((source.first(), format!("only the first {MOST} instructions were read")));
                break;
            }
            let (heredocs, last, problem) = if takes_heredocs(&source.text) {
                heredoc::take(&source.text, escape, &mut lines)
            } else {
                (Vec::new(), 0, None)
            };
            file.problems.extend(problem.map(|problem| (source.first(), problem)));
            let last = last.max(source.last);
            file.instructions.push(Instruction::read(source, heredocs, last, escape));
        }
        if !rest.is_empty() {
            file.problems.push((1, format!("only the first {LONGEST} bytes were read")));
        }
        file
    }
}

/// Whether the instruction may announce heredocs.
fn takes_heredocs(text: &str) -> bool {
    let mut words = text.split_whitespace().map(str::to_ascii_uppercase);
    let first = words.next().unwrap_or_default();
    let keyword = if first == "ONBUILD" { words.next().unwrap_or_default() } else { first };
    matches!(keyword.as_str(), "RUN" | "COPY" | "ADD") && text.contains("<<")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "# syntax=docker/dockerfile:1\nARG TAG=3.20\nFROM --platform=$BUILDPLATFORM alpine:$TAG AS Build\n\
        # hadolint ignore=DL3018\nRUN --mount=type=cache,target=/var/cache/apk \\\n    # why\n    apk add curl \\\n    && true\n\
        COPY <<-\"EOF\" <<B /etc/\n\tone\n\tEOF\ntwo\nB\nRUN [\"a\", \"b c\"]\nENV A=1 \\\n B=\"2 3\"\nENV OLD value of it\n\
        HEALTHCHECK --interval=5s CMD wget -q localhost\nONBUILD RUN cat <<E\nbody\nE\nFROM scratch\nCOPY --from=build /a /b\nBOGUS x\nUSER\n";

    #[test]
    fn reads_every_form() {
        let file = Dockerfile::parse(SAMPLE);
        let kinds: Vec<_> = file.instructions.iter().map(|i| (i.line(), i.keyword.as_str())).collect();
        assert_eq!(
            kinds,
            [
                (2, "ARG"),
                (3, "FROM"),
                (5, "RUN"),
                (9, "COPY"),
                (14, "RUN"),
                (15, "ENV"),
                (17, "ENV"),
                (18, "HEALTHCHECK"),
                (19, "ONBUILD"),
                (22, "FROM"),
                (23, "COPY"),
                (24, "BOGUS"),
                (25, "USER")
            ]
        );
        let at = |n: usize| &file.instructions[n];
        assert_eq!(at(1).kind, Kind::From { image: "alpine:$TAG".into(), name: Some("build".into()) });
        assert_eq!(at(1).flag("platform"), Some("$BUILDPLATFORM"));
        assert!(matches!(&at(2).kind, Kind::Run(Command::Shell(s)) if s.starts_with("apk add curl")));
        assert_eq!((at(2).flag("mount"), at(2).last_line), (Some("type=cache,target=/var/cache/apk"), 8));
        let bodies: Vec<_> = at(3).heredocs.iter().map(|h| (h.body.as_str(), h.line, h.expands)).collect();
        assert_eq!(bodies, [("one\n", 10, false), ("two\n", 12, true)]);
        assert_eq!(at(4).kind, Kind::Run(Command::Exec(vec!["a".into(), "b c".into()])));
        assert_eq!(at(5).kind, Kind::Env(vec![("A".into(), "1".into()), ("B".into(), "2 3".into())]));
        assert_eq!(at(6).kind, Kind::Env(vec![("OLD".into(), "value of it".into())]));
        assert!(
            matches!(&at(7).kind, Kind::Healthcheck(Some(Command::Shell(s))) if s == "wget -q localhost")
        );
        let Kind::Onbuild(inner) = &at(8).kind else { panic!() };
        assert_eq!((inner.keyword.as_str(), inner.line(), inner.heredocs.len()), ("RUN", 19, 1));
        assert_eq!(at(10).flag("from"), Some("build"));
        assert!(matches!(&at(11).kind, Kind::Invalid(why) if why == "BOGUS is no instruction"));
        assert!(matches!(&at(12).kind, Kind::Invalid(why) if why == "USER needs arguments"));
        assert_eq!(
            file.comments,
            [(0, "syntax=docker/dockerfile:1".into()), (2, "hadolint ignore=DL3018".into())]
        );
        assert!(file.problems.is_empty(), "{:?}", file.problems);
    }

    #[test]
    fn damage_is_told_and_never_stops_it() {
        let file = Dockerfile::parse("FROM a\nRUN <<EOF\necho\n");
        assert_eq!(file.problems, [(2, "the heredoc EOF is never ended".into())]);
        for cut in 0..SAMPLE.len() {
            let cut = Dockerfile::parse(&SAMPLE[..cut]);
            cut.stages();
        }
        for at in 0..SAMPLE.len() {
            for flip in [1u8, 4, 16, 64] {
                let mut bytes = SAMPLE.as_bytes().to_vec();
                bytes[at] ^= flip;
                if let Ok(text) = String::from_utf8(bytes) {
                    crate::lint::lint(&text);
                }
            }
        }
    }
}
