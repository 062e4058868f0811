//! Versions of no known scheme: numbers by value, words by name, the usual pre-release words before the end.
//!
//! For what has versions but no rule of its own (Nix store names, programs found by their version strings, kernels).
//! Digits and letters are cut apart, everything else separates. `dev`, `snapshot`, `alpha`, `beta`, `pre`, `rc` and their
//! short forms are older than the end, as is everything after `~`; other words are newer, numbers newer still.
//! `+` begins build metadata without weight. Trailing zeros do not count.

use std::cmp::Ordering;

use crate::digits;
use crate::error::{Flaw, Reason};

/// A version of no known scheme.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Generic<'a>(&'a [u8]);

impl<'a> Generic<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Flaw> {
        let version = text.split('+').next().unwrap_or(text);
        let bytes = version.as_bytes();
        let bytes = match bytes {
            [b'v' | b'V', rest @ ..] if rest.first().is_some_and(u8::is_ascii_digit) => rest,
            _ => bytes,
        };
        if bytes.iter().any(u8::is_ascii_digit) {
            Ok(Self(bytes))
        } else {
            Err(Flaw::whole(Reason::NoLeadingNumber))
        }
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (self.0, other.0);
        loop {
            let ((x, a_rest), (y, b_rest)) = (next(a), next(b));
            match x.compare(y) {
                Ordering::Equal if matches!(x, Piece::End) => return Ordering::Equal,
                Ordering::Equal => (a, b) = (a_rest, b_rest),
                unequal => return unequal,
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Piece<'a> {
    Tilde,
    /// A word that makes the version older.
    Before(u8),
    End,
    Word(&'a [u8]),
    Number(&'a [u8]),
}

impl Piece<'_> {
    fn compare(self, other: Self) -> Ordering {
        let rank = |piece: &Self| match piece {
            Self::Tilde => 0,
            Self::Before(_) => 1,
            Self::End => 2,
            Self::Word(_) => 3,
            Self::Number(_) => 4,
        };
        match (self, other) {
            (Self::Before(a), Self::Before(b)) => a.cmp(&b),
            (Self::Word(a), Self::Word(b)) => {
                a.iter().map(u8::to_ascii_lowercase).cmp(b.iter().map(u8::to_ascii_lowercase))
            }
            (Self::Number(a), Self::Number(b)) => digits::compare(a, b),
            (a, b) => rank(&a).cmp(&rank(&b)),
        }
    }
}

/// Words that make a version older, in ascending order; those of one row are equal.
const BEFORE: [&[&[u8]]; 6] = [
    &[b"dev", b"devel"],
    &[b"snapshot"],
    &[b"alpha", b"a"],
    &[b"beta", b"b"],
    &[b"pre", b"preview"],
    &[b"rc", b"cr"],
];

fn next(text: &[u8]) -> (Piece<'_>, &[u8]) {
    let (_, text) = digits::split_while(text, |b| !b.is_ascii_alphanumeric() && b != b'~');
    match text {
        [] => (Piece::End, text),
        [b'~', rest @ ..] => (Piece::Tilde, rest),
        [b'0'..=b'9', ..] => {
            let (number, rest) = digits::split(text);
            if digits::is_zero(number) && only_zeros(rest) {
                (Piece::End, &[])
            } else {
                (Piece::Number(number), rest)
            }
        }
        _ => {
            let (word, rest) = digits::split_while(text, |b| b.is_ascii_alphabetic());
            let known = |row: &&[&[u8]]| row.iter().any(|known| known.eq_ignore_ascii_case(word));
            match BEFORE.iter().position(known) {
                Some(place) => (Piece::Before(place as u8), rest),
                None => (Piece::Word(word), rest),
            }
        }
    }
}

/// Whether nothing that counts follows: only zeros and separators.
fn only_zeros(text: &[u8]) -> bool {
    !text.iter().any(|&b| b == b'~' || (b.is_ascii_alphanumeric() && b != b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers() {
        let compare = |a, b| Generic::parse(a).unwrap().compare(&Generic::parse(b).unwrap());
        let ascending = [
            "1.5~x",
            "1.5-dev",
            "1.5-alpha2",
            "1.5b1",
            "1.5-rc1",
            "1.5",
            "1.5-patched",
            "1.5.1",
            "1.10",
            "2021-01-02",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        for (a, b) in [("1.0", "1"), ("v1", "1+build"), ("1.0.0-0", "1")] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
        assert!(Generic::parse("latest").is_err());
    }
}
