//! OpenSSL: numbers, then letters for the patch level (`1.0.2k < 1.0.2za < 1.1.1 < 3.0.0`).
//!
//! Follows OpenSSL's "Release Strategy" page. Up to 1.1.1 a release is three numbers and letters, where after `z` comes
//! `za`; from 3.0 on it is a semantic version. A suffix `-alphaN`, `-betaN`, `-preN` or `-dev` is older than
//! the release; any other suffix (`-fips`) is a variant and newer.

use std::cmp::Ordering;

use crate::digits;
use crate::error::{Flaw, Part, Reason};
use crate::semver;

/// An OpenSSL version, cut into its parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenSsl<'a> {
    numbers: &'a [u8],
    letters: &'a [u8],
    suffix: &'a [u8],
}

impl<'a> OpenSsl<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Flaw> {
        let (numbers, rest) = digits::split_while(text.as_bytes(), |b| b.is_ascii_digit() || b == b'.');
        if numbers.is_empty() {
            return Err(Flaw::at(0, Reason::NoLeadingNumber));
        }
        if numbers.split(|&b| b == b'.').any(<[u8]>::is_empty) {
            return Err(Flaw::at(0, Reason::EmptyPart(Part::Number)));
        }
        let (letters, suffix) = digits::split_while(rest, |b| b.is_ascii_lowercase());
        match suffix {
            [] | [b'-' | b'+', ..] => Ok(Self { numbers, letters, suffix }),
            _ => Err(Flaw::unexpected(text, text.len() - suffix.len())),
        }
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        semver::compare_numbers(self.numbers, other.numbers)
            .then_with(|| self.letters.cmp(other.letters))
            .then_with(|| {
                let ((x, m), (y, n)) = (suffix_key(self.suffix), suffix_key(other.suffix));
                x.cmp(&y)
                    .then_with(|| digits::compare(m, n))
                    .then_with(|| if x == VARIANT { self.suffix.cmp(other.suffix) } else { Ordering::Equal })
            })
    }
}

const VARIANT: u8 = 5;

/// The place of a suffix and its number.
fn suffix_key(suffix: &[u8]) -> (u8, &[u8]) {
    let (_, word) = digits::split_while(suffix, |b| b == b'-');
    let (word, number) = digits::split_while(word, |b| b.is_ascii_lowercase());
    let number = digits::split(number).0;
    match word {
        b"dev" => (0, number),
        b"alpha" => (1, number),
        b"beta" => (2, number),
        b"pre" => (3, number),
        b"" => (4, &[]),
        _ => (VARIANT, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_then_numbers() {
        let compare = |a, b| OpenSsl::parse(a).unwrap().compare(&OpenSsl::parse(b).unwrap());
        let ascending = [
            "1.0.2-beta1",
            "1.0.2",
            "1.0.2k",
            "1.0.2k-fips",
            "1.0.2z",
            "1.0.2za",
            "1.1.0",
            "3.0.0-alpha2",
            "3.0.0",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
    }
}
