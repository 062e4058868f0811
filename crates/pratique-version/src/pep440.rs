//! Python: PEP 440, with the order of setuptools' legacy versions below it.
//!
//! Follows PEP 440 ("Public version identifiers", "Local version identifiers", "Normalization", Appendix B) and, for
//! strings outside its grammar, the order that setuptools gave them, which OSV keeps: every such version is older than
//! every version of PEP 440.
//!
//! Traps: `1.0.dev1 < 1.0a1.dev1 < 1.0a1 < 1.0 < 1.0.post1`; a development release of a final release is older than
//! its alphas, one of an alpha only than that alpha; trailing zeros of the release do not count; `c`, `pre` and `preview`
//! are `rc`; `1.0-1` is `1.0.post1`; a local version is newer than its public one, and in it numbers are newer than text.

use std::cmp::Ordering;

use crate::digits;

/// A Python version.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pep440<'a> {
    Standard(Standard<'a>),
    /// Outside the grammar: the text as it is.
    Legacy(&'a str),
}

/// A version of PEP 440, cut into its parts; numbers are their digits, empty for an implied zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standard<'a> {
    pub(crate) epoch: &'a [u8],
    /// Numbers with a dot between two.
    pub(crate) release: &'a [u8],
    pub(crate) pre: Option<(Pre, &'a [u8])>,
    pub(crate) post: Option<&'a [u8]>,
    pub(crate) dev: Option<&'a [u8]>,
    pub(crate) local: Option<&'a [u8]>,
}

/// The kind of a pre-release.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Pre {
    Alpha,
    Beta,
    Candidate,
}

impl<'a> Pep440<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        Standard::parse(text).map_or(Self::Legacy(text), Self::Standard)
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Standard(a), Self::Standard(b)) => a.compare(b),
            (Self::Legacy(a), Self::Legacy(b)) => compare_legacy(a, b),
            (Self::Legacy(_), Self::Standard(_)) => Ordering::Less,
            (Self::Standard(_), Self::Legacy(_)) => Ordering::Greater,
        }
    }
}

impl<'a> Standard<'a> {
    /// `None` when the text is not in the grammar of Appendix B.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut at = Cursor(text.as_bytes());
        at.word(&["v"]);
        let mut epoch: &[u8] = &[];
        let mut first = at.digits()?;
        if at.byte(b"!") {
            epoch = first;
            first = at.digits()?;
        }
        let release_start = at.0.len() + first.len();
        let release_end = loop {
            let end = at.0.len();
            if !(at.byte(b".") && at.digits().is_some()) {
                at = Cursor(text.as_bytes().get(text.len() - end..)?);
                break end;
            }
        };
        let release = text.as_bytes().get(text.len() - release_start..text.len() - release_end)?;

        let pre =
            at.labelled(&["alpha", "a", "beta", "b", "preview", "pre", "rc", "c"]).map(|(word, number)| {
                let kind = match word {
                    "alpha" | "a" => Pre::Alpha,
                    "beta" | "b" => Pre::Beta,
                    _ => Pre::Candidate,
                };
                (kind, number)
            });
        let post = match at.0 {
            [b'-', b'0'..=b'9', ..] => {
                at.byte(b"-");
                at.digits()
            }
            _ => at.labelled(&["post", "rev", "r"]).map(|(_, number)| number),
        };
        let dev = at.labelled(&["dev"]).map(|(_, number)| number);
        let local = match at.0 {
            [] => None,
            [b'+', local @ ..] if is_local(local) => Some(local),
            _ => return None,
        };
        Some(Self { epoch, release, pre, post, dev, local })
    }

    pub(crate) fn is_pre_release(&self) -> bool {
        self.pre.is_some() || self.dev.is_some()
    }

    /// The same version without its local part.
    pub(crate) fn public(&self) -> Self {
        Self { local: None, ..*self }
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        digits::compare(self.epoch, other.epoch)
            .then_with(|| crate::semver::compare_numbers(self.release, other.release))
            .then_with(|| self.compare_pre(other))
            .then_with(|| compare_option(self.post, other.post))
            .then_with(|| match (self.dev, other.dev) {
                (Some(a), Some(b)) => digits::compare(a, b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            })
            .then_with(|| compare_local(self.local, other.local))
    }

    fn compare_pre(&self, other: &Self) -> Ordering {
        // 0: a development release of the final release, 1: a pre-release, 2: the final release or later.
        let place = |v: &Self| match (v.pre, v.post, v.dev) {
            (Some(_), _, _) => 1,
            (None, None, Some(_)) => 0,
            _ => 2,
        };
        place(self).cmp(&place(other)).then_with(|| match (self.pre, other.pre) {
            (Some((a, m)), Some((b, n))) => a.cmp(&b).then_with(|| digits::compare(m, n)),
            _ => Ordering::Equal,
        })
    }
}

fn compare_option(a: Option<&[u8]>, b: Option<&[u8]>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => digits::compare(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

fn is_separator(b: u8) -> bool {
    matches!(b, b'.' | b'-' | b'_')
}

fn is_local(text: &[u8]) -> bool {
    text.split(|&b| is_separator(b))
        .all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_alphanumeric))
}

fn compare_local(a: Option<&[u8]>, b: Option<&[u8]>) -> Ordering {
    let (Some(a), Some(b)) = (a, b) else { return a.is_some().cmp(&b.is_some()) };
    let (mut a, mut b) = (a.split(|&c| is_separator(c)), b.split(|&c| is_separator(c)));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(x), Some(y)) => match (digits::all(x), digits::all(y)) {
                (true, true) => digits::compare(x, y),
                (false, false) => compare_ignoring_case(x, y),
                (x_is_number, y_is_number) => x_is_number.cmp(&y_is_number),
            },
            (x, y) => x.is_some().cmp(&y.is_some()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn compare_ignoring_case(a: &[u8], b: &[u8]) -> Ordering {
    a.iter().map(u8::to_ascii_lowercase).cmp(b.iter().map(u8::to_ascii_lowercase))
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// Takes one byte if it is among `wanted`.
    fn byte(&mut self, wanted: &[u8]) -> bool {
        match self.0 {
            [first, rest @ ..] if wanted.contains(first) => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn digits(&mut self) -> Option<&'a [u8]> {
        let (number, rest) = digits::split(self.0);
        self.0 = rest;
        (!number.is_empty()).then_some(number)
    }

    /// Takes the first of the words that comes next, in any case.
    fn word(&mut self, words: &[&'static str]) -> Option<&'static str> {
        for word in words {
            if let Some((head, rest)) = self.0.split_at_checked(word.len())
                && head.eq_ignore_ascii_case(word.as_bytes())
            {
                self.0 = rest;
                return Some(word);
            }
        }
        None
    }

    /// `[-_.]?word[-_.]?number?`; takes nothing when the word is not there.
    fn labelled(&mut self, words: &[&'static str]) -> Option<(&'static str, &'a [u8])> {
        let before = self.0;
        self.byte(b"-_.");
        let Some(word) = self.word(words) else {
            self.0 = before;
            return None;
        };
        self.byte(b"-_.");
        Some((word, self.digits().unwrap_or_default()))
    }
}

/// setuptools' order before PEP 440: numbers and words, where words before `final` (pre-releases) make a version older
/// and a hyphen is "after final", so that it makes one newer. Zeros before a word do not count.
fn compare_legacy(a: &str, b: &str) -> Ordering {
    let (a, b) = (legacy_parts(a), legacy_parts(b));
    a.iter()
        .zip(&b)
        .map(|(x, y)| x.compare(y))
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.len().cmp(&b.len()))
}

#[derive(PartialEq, Eq)]
enum Legacy {
    Word(String),
    Number(String),
}

impl Legacy {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Word(a), Self::Word(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => digits::compare(a.as_bytes(), b.as_bytes()),
            (Self::Word(_), Self::Number(_)) => Ordering::Less,
            (Self::Number(_), Self::Word(_)) => Ordering::Greater,
        }
    }
}

fn legacy_parts(text: &str) -> Vec<Legacy> {
    let lower = text.to_ascii_lowercase();
    let mut parts: Vec<Legacy> = Vec::new();
    let mut rest = lower.as_str();
    while let Some(first) = rest.chars().next() {
        let same_kind = |c: char| match first {
            '0'..='9' => c.is_ascii_digit(),
            'a'..='z' => c.is_ascii_lowercase(),
            '.' | '-' => false,
            _ => !matches!(c, '0'..='9' | 'a'..='z' | '.' | '-'),
        };
        let end = rest.char_indices().skip(1).find(|&(_, c)| !same_kind(c)).map_or(rest.len(), |(at, _)| at);
        let (part, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = tail;
        match part {
            "." => {}
            "pre" | "preview" | "rc" => push_word(&mut parts, "c"),
            "-" => push_word(&mut parts, "final-"),
            "dev" => push_word(&mut parts, "@"),
            _ if first.is_ascii_digit() => parts.push(Legacy::Number(part.to_owned())),
            _ => push_word(&mut parts, part),
        }
    }
    push_word(&mut parts, "final");
    parts
}

fn push_word(parts: &mut Vec<Legacy>, word: &str) {
    if word < "final" {
        while matches!(parts.last(), Some(Legacy::Word(last)) if last == "final-") {
            parts.pop();
        }
    }
    while matches!(parts.last(), Some(Legacy::Number(last)) if digits::is_zero(last.as_bytes())) {
        parts.pop();
    }
    parts.push(Legacy::Word(word.to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(a: &str, b: &str) -> Ordering {
        Pep440::parse(a).compare(&Pep440::parse(b))
    }

    #[test]
    fn the_order_of_the_pep() {
        let ascending = [
            "legacy",
            "1.0.dev456",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2",
            "1.0b2.post345.dev456",
            "1.0b2.post345",
            "1.0rc1.dev456",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.0.15",
            "1.1.dev1",
            "1!0.1",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
    }

    #[test]
    fn spellings_of_one_version() {
        for (a, b) in [
            ("1.0", "v1"),
            ("1.0RC1", "1.0c1"),
            ("1.0-1", "1.0.post1"),
            ("1.0_alpha-1", "1.0a1"),
            ("1.0preview", "1.0rc0"),
            ("1.0+Ab-1", "1.0+ab.01"),
            ("0!1.0.dev", "1.dev0"),
        ] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
    }

    #[test]
    fn legacy_is_below_everything() {
        for legacy in ["1.0-final", "2.0.1rc2-git", "trunk", "1.0+", "1..0", "1.0+a..b", "é"] {
            assert!(matches!(Pep440::parse(legacy), Pep440::Legacy(_)), "{legacy}");
            assert_eq!(compare(legacy, "0.0.dev0"), Ordering::Less, "{legacy}");
        }
    }
}
