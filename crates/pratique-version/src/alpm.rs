//! Arch Linux (pacman): `[epoch:]pkgver[-pkgrel]`.
//!
//! Follows vercmp(8). An older relative of rpm's order, with three differences: letters directly after a number are
//! *older* than the end (`1.0rc1 < 1.0`), the length of a separator counts, and a missing release matches
//! every release.
//!
//! The last rule makes `1.5` equal to both `1.5-1` and `1.5-2`: among versions that all have a release, or all have
//! none, the order is total; a mixture is not transitive, with us as with pacman.
//! A trailing separator is ignored here (pacman's answer for it depends on what it is compared with).

use std::cmp::Ordering;

use crate::digits;
use crate::error::Flaw;
use crate::rpm::Evr;

/// A pacman version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alpm<'a>(Evr<'a>);

impl<'a> Alpm<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Flaw> {
        Evr::parse(text).map(Self)
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let (a, b) = (&self.0, &other.0);
        digits::compare(a.epoch, b.epoch).then_with(|| compare_label(a.version, b.version)).then_with(|| {
            match (a.release, b.release) {
                (Some(a), Some(b)) => compare_label(a, b),
                _ => Ordering::Equal,
            }
        })
    }
}

fn compare_label(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        let (x, a_rest) = next(a);
        let (y, b_rest) = next(b);
        match x.compare(&y) {
            Ordering::Equal if x.text.is_empty() => return Ordering::Equal,
            Ordering::Equal => (a, b) = (a_rest, b_rest),
            unequal => return unequal,
        }
    }
}

/// A run of digits or letters with the number of separators before it; without text at the end.
struct Piece<'a> {
    separators: usize,
    text: &'a [u8],
}

impl Piece<'_> {
    fn compare(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank()).then_with(|| {
            if self.is_number() { digits::compare(self.text, other.text) } else { self.text.cmp(other.text) }
        })
    }

    fn is_number(&self) -> bool {
        self.text.first().is_some_and(u8::is_ascii_digit)
    }

    /// Letters that follow directly, the end, a number that follows directly, then what follows a separator.
    fn rank(&self) -> (usize, u8) {
        match (self.separators, self.text.is_empty(), self.is_number()) {
            (_, true, _) => (0, 1),
            (0, _, false) => (0, 0),
            (0, _, true) => (0, 2),
            (n, _, number) => (n, u8::from(number)),
        }
    }
}

fn next(text: &[u8]) -> (Piece<'_>, &[u8]) {
    let (separators, text) = digits::split_while(text, |b| !b.is_ascii_alphanumeric());
    let (piece, rest) = if text.first().is_some_and(u8::is_ascii_digit) {
        digits::split(text)
    } else {
        digits::split_while(text, |b| b.is_ascii_alphabetic())
    };
    (Piece { separators: separators.len(), text: piece }, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_manual_page() {
        let ascending =
            ["1.0a", "1.0b", "1.0beta", "1.0p", "1.0pre", "1.0rc", "1.0", "1.0.a", "1.0.1", "1:0.1"];
        for pair in ascending.windows(2) {
            let (a, b) = (Alpm::parse(pair[0]).unwrap(), Alpm::parse(pair[1]).unwrap());
            assert_eq!(a.compare(&b), Ordering::Less, "{pair:?}");
        }
    }
}
