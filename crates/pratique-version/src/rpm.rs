//! RPM: `[epoch:]version[-release]`.
//!
//! Follows rpm-version(7). Version and release are cut into runs of digits and runs of letters; every other character
//! only separates. A number is newer than letters, `~` is older than the end and `^` is newer than the
//! end but older than anything that goes on.
//!
//! Traps: `1.0` and `1_0` are equal but `10` is another version; letters outside ASCII separate; only digits before
//! a colon are an epoch (`a:1` is a version that holds a colon) and an absent epoch is `0`; the release begins
//! at the last hyphen, and a version without a release is older than the same one with any (rpm's label order, which is
//! what OSV's Red Hat ranges are written for).

use std::cmp::Ordering;

use crate::digits;
use crate::error::{Flaw, Part, Reason};

/// An epoch, a version and a release, cut apart as rpm and pacman do it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evr<'a> {
    pub(crate) epoch: &'a [u8],
    pub(crate) version: &'a [u8],
    pub(crate) release: Option<&'a [u8]>,
}

impl<'a> Evr<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Flaw> {
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) if epoch.bytes().all(|b| b.is_ascii_digit()) => (epoch, rest),
            _ => ("", text),
        };
        let (version, release) = match rest.rsplit_once('-') {
            Some((version, release)) => (version, Some(release.as_bytes())),
            None => (rest, None),
        };
        if version.is_empty() {
            return Err(Flaw::at(text.len() - rest.len(), Reason::EmptyPart(Part::Upstream)));
        }
        Ok(Self { epoch: epoch.as_bytes(), version: version.as_bytes(), release })
    }
}

/// An RPM version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rpm<'a>(Evr<'a>);

impl<'a> Rpm<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Flaw> {
        Evr::parse(text).map(Self)
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let (a, b) = (&self.0, &other.0);
        digits::compare(a.epoch, b.epoch).then_with(|| compare_label(a.version, b.version)).then_with(|| {
            match (a.release, b.release) {
                (Some(a), Some(b)) => compare_label(a, b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            }
        })
    }
}

/// The order of two versions or two releases.
fn compare_label(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        let (x, a_rest) = next(a);
        let (y, b_rest) = next(b);
        match x.compare(y) {
            Ordering::Equal if matches!(x, Piece::End) => return Ordering::Equal,
            Ordering::Equal => (a, b) = (a_rest, b_rest),
            unequal => return unequal,
        }
    }
}

/// One piece of a version or release, in ascending order of kinds.
#[derive(Clone, Copy)]
enum Piece<'a> {
    Tilde,
    End,
    Caret,
    Letters(&'a [u8]),
    Number(&'a [u8]),
}

impl Piece<'_> {
    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Letters(a), Self::Letters(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => digits::compare(a, b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Tilde => 0,
            Self::End => 1,
            Self::Caret => 2,
            Self::Letters(_) => 3,
            Self::Number(_) => 4,
        }
    }
}

/// The first piece, and what follows it.
fn next(text: &[u8]) -> (Piece<'_>, &[u8]) {
    let (_, text) = digits::split_while(text, |b| !b.is_ascii_alphanumeric() && b != b'~' && b != b'^');
    match text {
        [] => (Piece::End, text),
        [b'~', rest @ ..] => (Piece::Tilde, rest),
        [b'^', rest @ ..] => (Piece::Caret, rest),
        [b'0'..=b'9', ..] => {
            let (number, rest) = digits::split(text);
            (Piece::Number(number), rest)
        }
        _ => {
            let (letters, rest) = digits::split_while(text, |b| b.is_ascii_alphabetic());
            (Piece::Letters(letters), rest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(a: &str, b: &str) -> Ordering {
        Rpm::parse(a).unwrap().compare(&Rpm::parse(b).unwrap())
    }

    #[test]
    fn tilde_caret_and_separators() {
        let ascending =
            ["1.0~rc1", "1.0", "1.0-0", "1.0-1.el8", "1.0-1.el8_2", "1.0^git1", "1.0.a", "1.0.1", "1:0.1"];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(compare("1.0", "0:1_0"), Ordering::Equal);
        assert_eq!(compare("a:1", "b:1"), Ordering::Less);
        assert_eq!(compare("1.1.α", "1.1.ββ"), Ordering::Equal);
    }

    #[test]
    fn a_version_is_needed() {
        assert!(Rpm::parse("1:").is_err());
        assert!(Rpm::parse("-1").is_err());
    }
}
