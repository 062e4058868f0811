//! Alpine, Wolfi, Chainguard: `number{.number}{letter}{_suffix{number}}{~hash}{-rN}`.
//!
//! Follows apk-package(5), "pkgver", and the order of apk-tools' own test data. A version is read as a row of tokens,
//! and two rows are compared token by token: first the kinds, then the values. What makes `1.0_rc1` older than `1.0` and
//! `1.0_p1` newer is the place of the end between the two groups of suffixes.
//!
//! Traps: numbers after the first that begin with a zero compare as text (`1.0015 < 1.002`); `1.0` is older
//! than `1.0-r0`; `-r` alone is `-r0`; and apk orders what it cannot read: everything from the first
//! unreadable place on is one token, older than the end, and all such tokens are equal. `6.6.2p1` (a number after the
//! letter) is unreadable for apk 3 but in wide use; its number counts here, as it did in apk 2.

use std::cmp::Ordering;

use crate::digits;
use crate::error::{Flaw, Reason};

/// An apk version: text that begins with a number, or with what apk's own test data puts in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Apk<'a>(&'a [u8]);

impl<'a> Apk<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Flaw> {
        match text.as_bytes() {
            [b'0'..=b'9' | b'.', ..] | [b'a'..=b'z'] => Ok(Self(text.as_bytes())),
            _ => Err(Flaw::at(0, Reason::NoLeadingNumber)),
        }
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (Tokens::new(self.0), Tokens::new(other.0));
        loop {
            let (x, y) = (a.next(), b.next());
            match x.compare(y) {
                Ordering::Equal if matches!(x, Token::End | Token::Unreadable) => return Ordering::Equal,
                Ordering::Equal => {}
                unequal => return unequal,
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Token<'a> {
    /// `_alpha`, `_beta`, `_pre`, `_rc`: older than the end.
    Before(u8),
    Unreadable,
    End,
    Revision(&'a [u8]),
    Hash(&'a [u8]),
    SuffixNumber(&'a [u8]),
    /// `_cvs`, `_svn`, `_git`, `_hg`, `_p`: newer than the end.
    After(u8),
    /// A dot with no number behind it.
    NoNumber,
    Letter(u8),
    /// A number after a dot or a letter.
    Number(&'a [u8]),
    FirstNumber(&'a [u8]),
}

impl Token<'_> {
    fn rank(self) -> u8 {
        match self {
            Self::Before(_) => 0,
            Self::Unreadable => 1,
            Self::End => 2,
            Self::Revision(_) => 3,
            Self::Hash(_) => 4,
            Self::SuffixNumber(_) => 5,
            Self::After(_) => 6,
            Self::NoNumber => 7,
            Self::Letter(_) => 8,
            Self::Number(_) => 9,
            Self::FirstNumber(_) => 10,
        }
    }

    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Before(a), Self::Before(b))
            | (Self::After(a), Self::After(b))
            | (Self::Letter(a), Self::Letter(b)) => a.cmp(&b),
            (Self::Hash(a), Self::Hash(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) if a.starts_with(b"0") || b.starts_with(b"0") => a.cmp(b),
            (Self::Revision(a), Self::Revision(b))
            | (Self::SuffixNumber(a), Self::SuffixNumber(b))
            | (Self::Number(a), Self::Number(b))
            | (Self::FirstNumber(a), Self::FirstNumber(b)) => digits::compare(a, b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

const BEFORE: [&[u8]; 4] = [b"alpha", b"beta", b"pre", b"rc"];
const AFTER: [&[u8]; 5] = [b"cvs", b"svn", b"git", b"hg", b"p"];

/// What was read last, and so what may follow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Start,
    Number,
    Letter,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
}

struct Tokens<'a> {
    rest: &'a [u8],
    stage: Stage,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { rest: text, stage: Stage::Start }
    }

    fn next(&mut self) -> Token<'a> {
        match self.rest {
            [] => Token::End,
            [b'0'..=b'9', ..] => match self.stage {
                Stage::Start => Token::FirstNumber(self.digits(Stage::Number)),
                // apk 2 goes on with numbers after a letter, and so do its packages: 1.9.5p2.
                Stage::Letter => Token::Number(self.digits(Stage::Number)),
                Stage::Suffix => Token::SuffixNumber(self.digits(Stage::SuffixNumber)),
                _ => Token::Unreadable,
            },
            [b'.', rest @ ..] if self.stage <= Stage::Number => {
                self.rest = rest;
                match self.digits(Stage::Number) {
                    [] => Token::NoNumber,
                    number => Token::Number(number),
                }
            }
            [letter @ b'a'..=b'z', rest @ ..] if self.stage <= Stage::Number => {
                (self.rest, self.stage) = (rest, Stage::Letter);
                Token::Letter(*letter)
            }
            [b'_', rest @ ..] if self.stage <= Stage::SuffixNumber => self.suffix(rest),
            [b'~', rest @ ..] if self.stage < Stage::Hash => {
                let (hash, rest) = digits::split_while(rest, |b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                if hash.is_empty() {
                    return Token::Unreadable;
                }
                (self.rest, self.stage) = (rest, Stage::Hash);
                Token::Hash(hash)
            }
            [b'-', b'r', rest @ ..] if self.stage < Stage::Revision => match rest {
                [] | [b'0'..=b'9', ..] => {
                    self.rest = rest;
                    Token::Revision(self.digits(Stage::Revision))
                }
                _ => Token::Unreadable,
            },
            _ => Token::Unreadable,
        }
    }

    fn digits(&mut self, stage: Stage) -> &'a [u8] {
        let (number, rest) = digits::split(self.rest);
        (self.rest, self.stage) = (rest, stage);
        number
    }

    fn suffix(&mut self, after_underscore: &'a [u8]) -> Token<'a> {
        let (word, rest) = digits::split_while(after_underscore, |b| b.is_ascii_lowercase());
        let place = |list: &[&[u8]]| list.iter().position(|known| *known == word).map(|at| at as u8);
        let token = match (place(&BEFORE), place(&AFTER)) {
            (Some(at), _) => Token::Before(at),
            (_, Some(at)) => Token::After(at),
            _ => return Token::Unreadable,
        };
        (self.rest, self.stage) = (rest, Stage::Suffix);
        token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_letters_and_revisions() {
        let ascending = [
            "1.0_alpha",
            "1.0_alpha2",
            "1.0_rc1",
            "1.0_unknown",
            "1.0",
            "1.0-r0",
            "1.0-r1",
            "1.0_git2",
            "1.0_p1",
            "1.0_p1-r1",
            "1.0a",
            "1.0.0",
        ];
        for pair in ascending.windows(2) {
            let (a, b) = (Apk::parse(pair[0]).unwrap(), Apk::parse(pair[1]).unwrap());
            assert_eq!(a.compare(&b), Ordering::Less, "{pair:?}");
        }
    }

    #[test]
    fn a_version_begins_with_a_number() {
        assert!(Apk::parse("v1").is_err());
        assert!(Apk::parse("").is_err());
    }
}
