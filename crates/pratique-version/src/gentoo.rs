//! Gentoo: `number{.number}[letter]{_suffix[number]}[-rN]`.
//!
//! Follows the Package Manager Specification, "Version comparison" (algorithms 3.1 to 3.7).
//!
//! Traps: numbers after the first that begin with a zero compare as decimal fractions (`1.01 < 1.1`,
//! `1.10 > 1.1` but `1.010 = 1.01`); `1.0 < 1.0.0`; a letter decides only after all numbers; an absent revision
//! is `-r0`.

use std::cmp::Ordering;

use crate::digits;
use crate::error::{Flaw, Part, Reason};

/// A Gentoo version, cut into its parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gentoo<'a> {
    numbers: &'a [u8],
    letter: u8,
    suffixes: &'a [u8],
    revision: &'a [u8],
}

impl<'a> Gentoo<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Flaw> {
        let (version, revision) = match text.rsplit_once("-r") {
            Some((version, revision)) if digits::all(revision.as_bytes()) => (version, revision),
            _ => (text, ""),
        };
        let bytes = version.as_bytes();
        let (numbers, rest) = digits::split_while(bytes, |b| b.is_ascii_digit() || b == b'.');
        if numbers.is_empty() {
            return Err(Flaw::at(0, Reason::NoLeadingNumber));
        }
        if numbers.split(|&b| b == b'.').any(<[u8]>::is_empty) {
            return Err(Flaw::at(0, Reason::EmptyPart(Part::Number)));
        }
        let (letter, suffixes) = match rest {
            [letter @ b'a'..=b'z', rest @ ..] => (*letter, rest),
            _ => (0, rest),
        };
        let parsed = Self { numbers, letter, suffixes, revision: revision.as_bytes() };
        let mut left = suffixes;
        while !left.is_empty() {
            match suffix(left) {
                (Some(_), rest) => left = rest,
                (None, _) => return Err(Flaw::unexpected(text, version.len() - left.len())),
            }
        }
        Ok(parsed)
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        compare_numbers(self.numbers, other.numbers)
            .then_with(|| self.letter.cmp(&other.letter))
            .then_with(|| compare_suffixes(self.suffixes, other.suffixes))
            .then_with(|| digits::compare(self.revision, other.revision))
    }
}

fn compare_numbers(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (a.split(|&c| c == b'.'), b.split(|&c| c == b'.'));
    let mut first = true;
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(x), Some(y)) if !first && (x.starts_with(b"0") || y.starts_with(b"0")) => {
                without_trailing_zeros(x).cmp(without_trailing_zeros(y))
            }
            (Some(x), Some(y)) => digits::compare(x, y),
            (x, y) => x.is_some().cmp(&y.is_some()),
        };
        if order != Ordering::Equal {
            return order;
        }
        first = false;
    }
}

fn without_trailing_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().rev().take_while(|&&b| b == b'0').count();
    digits.get(..digits.len() - zeros).unwrap_or_default()
}

const SUFFIXES: [&[u8]; 5] = [b"alpha", b"beta", b"pre", b"rc", b"p"];
/// The place of the end among the suffixes: after `rc`, before `p`.
const END: usize = 4;

/// The first suffix as its place and number, and what follows it.
fn suffix(text: &[u8]) -> (Option<(usize, &[u8])>, &[u8]) {
    let [b'_', rest @ ..] = text else { return (None, text) };
    let (word, rest) = digits::split_while(rest, |b| b.is_ascii_lowercase());
    let (number, rest) = digits::split(rest);
    let place = SUFFIXES.iter().position(|known| *known == word);
    (place.map(|at| (if at >= END { at + 1 } else { at }, number)), rest)
}

fn compare_suffixes(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        let ((left, a_rest), (right, b_rest)) = (suffix(a), suffix(b));
        let order = match (left, right) {
            (None, None) => return Ordering::Equal,
            (left, right) => {
                let (place, number) = left.unwrap_or((END, &[]));
                let (other_place, other_number) = right.unwrap_or((END, &[]));
                place.cmp(&other_place).then_with(|| digits::compare(number, other_number))
            }
        };
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (a_rest, b_rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_specification() {
        let compare = |a, b| Gentoo::parse(a).unwrap().compare(&Gentoo::parse(b).unwrap());
        let ascending = [
            "1.0_alpha",
            "1.0_beta2",
            "1.0_rc1",
            "1.0",
            "1.0-r1",
            "1.0_p",
            "1.0_p1",
            "1.0b",
            "1.0.0",
            "1.01",
            "1.1",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(compare("1.010", "1.01"), Ordering::Equal);
        assert_eq!(compare("1-r0", "1"), Ordering::Equal);
        for bad in ["", "a", "1..2", "1_foo", "1.0bc", "9999-rx"] {
            assert!(Gentoo::parse(bad).is_err(), "{bad}");
        }
    }
}
