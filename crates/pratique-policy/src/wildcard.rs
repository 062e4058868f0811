//! Wildcards: `*` for any run of characters, and where the language has it `?` for one.
//!
//! All patterns that people write for the server are of this kind: tags and repositories in lifecycle policies,
//! scanning filters, exclusions from immutability, actions and ARNs in access policies. A `*` crosses slashes and
//! colons; there are no classes and no escapes.
//!
//! Patterns come from strangers and meet names of strangers, so matching must not try again from behind: between two
//! stars the leftmost fit is always as good as any other, which makes the whole match one walk along the text. It is
//! linear in the text for patterns of `*` alone; a part with `?` in it is tried at each place, which costs at most
//! the product of both lengths.

use std::borrow::Cow;

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Any run of characters, also none.
    Run,
    /// Exactly one character.
    One,
    /// This text, whatever is in it.
    Text(Cow<'a, str>),
}

/// A pattern whose only wildcard is `*`, to compare with many texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    pieces: Vec<Piece<'static>>,
}

impl Pattern {
    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole text fits.
    pub fn fits(&self, text: &str) -> bool {
        pieces_fit(&self.pieces, text)
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        let own = |piece| match piece {
            Piece::Text(text) => Piece::Text(Cow::Owned(text.into_owned())),
            Piece::Run => Piece::Run,
            Piece::One => Piece::One,
        };
        let pieces = split(&text, false).into_iter().map(own).collect();
        Self { text, pieces }
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// Whether the whole text fits a pattern whose only wildcard is `*`.
///
/// ```
/// use pratique_policy::wildcard;
/// assert!(wildcard::fits("prod*repo", "prod/my-repo"));
/// assert!(!wildcard::fits("prod?", "prod1"), "a question mark is an ordinary character");
/// ```
pub fn fits(pattern: &str, text: &str) -> bool {
    // Most patterns are plain names, or say nothing.
    if !pattern.contains('*') {
        return pattern == text;
    }
    if pattern == "*" {
        return true;
    }
    pieces_fit(&split(pattern, false), text)
}

/// Whether the whole text fits a pattern with `*` and `?`.
pub fn fits_with_one(pattern: &str, text: &str) -> bool {
    pieces_fit(&split(pattern, true), text)
}

/// The parts of a pattern; `with_one` makes `?` a wildcard too.
pub fn split(pattern: &str, with_one: bool) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    let is_wild = |c: char| c == '*' || (with_one && c == '?');
    while let Some(at) = rest.find(is_wild) {
        let (text, wild) = rest.split_at(at);
        if !text.is_empty() {
            pieces.push(Piece::Text(Cow::Borrowed(text)));
        }
        pieces.push(if wild.starts_with('*') { Piece::Run } else { Piece::One });
        rest = wild.get(1..).unwrap_or_default();
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(Cow::Borrowed(rest)));
    }
    pieces
}

/// Whether the whole text fits these parts.
pub fn pieces_fit(pieces: &[Piece<'_>], text: &str) -> bool {
    let mut segments = pieces.split(|piece| *piece == Piece::Run);
    let first = segments.next().unwrap_or_default();
    let Some(mut rest) = after(first, text) else { return false };
    let Some(last) = segments.next_back() else { return rest.is_empty() };
    for segment in segments {
        let Some(behind) = behind_first(segment, rest) else { return false };
        rest = behind;
    }
    ends_with(last, rest)
}

/// What follows the segment, where the text begins with it.
fn after<'t>(segment: &[Piece<'_>], text: &'t str) -> Option<&'t str> {
    segment.iter().try_fold(text, |rest, piece| match piece {
        Piece::Text(wanted) => rest.strip_prefix(wanted.as_ref()),
        Piece::One => {
            let mut chars = rest.chars();
            chars.next().map(|_| chars.as_str())
        }
        Piece::Run => Some(rest),
    })
}

/// What follows the leftmost place where the segment fits.
fn behind_first<'t>(segment: &[Piece<'_>], text: &'t str) -> Option<&'t str> {
    match segment {
        [] => Some(text),
        [Piece::Text(wanted)] => text.split_once(wanted.as_ref()).map(|(_, behind)| behind),
        _ => text.char_indices().find_map(|(at, _)| after(segment, text.get(at..)?)),
    }
}

fn ends_with(segment: &[Piece<'_>], text: &str) -> bool {
    let before = segment.iter().rev().try_fold(text, |rest, piece| match piece {
        Piece::Text(wanted) => rest.strip_suffix(wanted.as_ref()),
        Piece::One => {
            let mut chars = rest.chars();
            chars.next_back().map(|_| chars.as_str())
        }
        Piece::Run => Some(rest),
    });
    before.is_some()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_is_any_run_and_all_else_itself() {
        for (pattern, text, want) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "a/b:c", true),
            ("**", "", true),
            ("prod", "prod", true),
            ("prod", "prod1", false),
            ("prod*", "prod", true),
            ("prod*", "repo-prod", false),
            ("*prod", "repo-prod", true),
            ("*prod", "prod-repo", false),
            ("*prod*", "repo-prod-repo", true),
            ("prod*repo", "prodrepo", true),
            ("prod*repo", "repo-prod-repo", false),
            ("ab*ba", "aba", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("*ab*ab", "ab", false),
            ("[a-z]\\", "[a-z]\\", true),
            ("ü*ü", "üxü", true),
        ] {
            assert_eq!(fits(pattern, text), want, "{pattern} and {text}");
            assert_eq!(Pattern::from(pattern).fits(text), want, "{pattern} and {text}");
        }
        for (pattern, text, want) in [
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("?", "ü", true),
            ("*??", "a", false),
            ("?*?b*", "xyb", true),
        ] {
            assert_eq!(fits_with_one(pattern, text), want, "{pattern} and {text}");
        }
    }

    #[test]
    fn hostile_patterns_take_no_time() {
        let start = Instant::now();
        assert!(!fits(&"a*".repeat(5000), &"a".repeat(4999)));
        assert!(!fits(&("*a".repeat(3000) + "b"), &"a".repeat(100_000)));
        assert!(!fits_with_one(&"*?a".repeat(500), &"b".repeat(10_000)));
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }

    /// The definition, as slow as it is short.
    fn defined(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => (0..=text.len()).any(|taken| defined(rest, &text[taken..])),
            (Some((wanted, pattern)), Some((found, text))) => {
                (*wanted == '?' || wanted == found) && defined(pattern, text)
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn matches_as_defined(pattern in "[ab*?ü]{0,8}", text in "[abü]{0,10}") {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(fits_with_one(&pattern, &text), defined(&p, &t));
        }
    }
}
