//! Heredocs: `RUN <<EOF`, `COPY <<-"EOF" /path`.
//!
//! A word of its own that begins with `<<` (a file descriptor may stand before it) names the line that ends the body.
//! `-` takes tabs from the body's lines, quotes keep variables as they are.

use super::{lines::Lines, words};

/// A heredoc and its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heredoc {
    /// What ends it, and as what `COPY` knows it.
    pub name: String,
    /// Whether variables are put into the body.
    pub expands: bool,
    /// Whether tabs at the lines' beginnings go.
    pub strips_tabs: bool,
    /// The body, its lines ended by `\n`.
    pub body: String,
    /// Line on which the body begins, counted from 1.
    pub line: usize,
}

/// What `word` announces.
pub(super) fn announced(word: &str, escape: char) -> Option<Heredoc> {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let strips_tabs = rest.starts_with('-');
    let raw = rest.strip_prefix('-').unwrap_or(rest);
    let name = words::unquote(raw, escape);
    let is_name = !name.is_empty() && !name.contains(['<', '>']);
    let expands = !raw.contains(['"', '\'']);
    is_name.then(|| Heredoc { name, expands, strips_tabs, body: String::new(), line: 0 })
}

/// Takes the bodies of what `text` announces from `lines`; those that never end are named in a sentence.
pub(super) fn take(text: &str, escape: char, lines: &mut Lines<'_>) -> (Vec<Heredoc>, usize, Option<String>) {
    let mut found = Vec::new();
    let mut last = 0;
    for (_, word) in words::split(text, escape) {
        let Some(mut heredoc) = announced(word, escape) else { continue };
        let mut ended = false;
        while let Some((number, line)) = lines.raw() {
            last = number;
            if heredoc.line == 0 {
                heredoc.line = number;
            }
            let line = if heredoc.strips_tabs { line.trim_start_matches('\t') } else { line };
            if line == heredoc.name {
                ended = true;
                break;
            }
            heredoc.body.push_str(line);
            heredoc.body.push('\n');
        }
        let name = heredoc.name.clone();
        found.push(heredoc);
        if !ended {
            return (found, last, Some(format!("the heredoc {name} is never ended")));
        }
    }
    (found, last, None)
}
