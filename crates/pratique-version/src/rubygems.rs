//! RubyGems: `Gem::Version`.
//!
//! Follows the `Gem::Version` documentation. A version is cut into numbers and words; a word makes it a pre-release,
//! since a word is older than any number, and a missing segment is zero. A hyphen reads as `.pre.`.
//!
//! Traps: zeros at the end of the numbers, and at the end of the segments from the first word on, do not count
//! (`1.0.a = 1.a`); case matters; `1.0.a10` is cut into four segments.

use std::cmp::Ordering;

use crate::digits;
use crate::error::{Flaw, Reason};

/// A gem version: its numbers, and the text from the first word on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gem<'a> {
    numbers: &'a [u8],
    tail: &'a [u8],
}

impl<'a> Gem<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Flaw> {
        let bytes = text.as_bytes();
        if !text.bytes().any(|b| b.is_ascii_alphanumeric()) {
            return Err(Flaw::at(0, Reason::NoLeadingNumber));
        }
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+');
        if let Some(at) = bytes.iter().position(|&b| !allowed(b)) {
            return Err(Flaw::unexpected(text, at));
        }
        let word = bytes.iter().position(|&b| b.is_ascii_alphabetic() || b == b'-').unwrap_or(bytes.len());
        let (mut numbers, tail) = bytes.split_at_checked(word).unwrap_or((bytes, &[]));
        // Trailing zeros: "1.0.0" and "1.0.0." become "1".
        loop {
            let kept = numbers.len()
                - numbers.iter().rev().take_while(|&&b| b == b'0' || !b.is_ascii_digit()).count();
            // The zeros may belong to a number such as 10.
            let last_number = numbers
                .get(kept..)
                .map_or(0, |zeros| zeros.iter().take_while(|b| b.is_ascii_digit()).count());
            let end = if kept == 0 { 0 } else { kept + last_number };
            if end == numbers.len() {
                break;
            }
            numbers = numbers.get(..end).unwrap_or_default();
        }
        Ok(Self { numbers, tail })
    }

    /// The version up to its first word.
    pub(crate) fn release(&self) -> Self {
        Self { tail: &[], ..*self }
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (Segments::new(self), Segments::new(other));
        loop {
            let order = match (a.next(), b.next()) {
                (None, None) => return Ordering::Equal,
                (x, y) => x.unwrap_or(Segment::ZERO).compare(y.unwrap_or(Segment::ZERO)),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Segment<'a> {
    Word(&'a [u8]),
    Number(&'a [u8]),
}

impl Segment<'_> {
    const ZERO: Self = Self::Number(&[]);

    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Word(a), Self::Word(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => digits::compare(a, b),
            (Self::Word(_), Self::Number(_)) => Ordering::Less,
            (Self::Number(_), Self::Word(_)) => Ordering::Greater,
        }
    }
}

struct Segments<'a> {
    numbers: &'a [u8],
    tail: &'a [u8],
}

impl<'a> Segments<'a> {
    fn new(version: &Gem<'a>) -> Self {
        Self { numbers: version.numbers, tail: version.tail }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        let (_, numbers) = digits::split_while(self.numbers, |b| !b.is_ascii_digit());
        if !numbers.is_empty() {
            let (number, rest) = digits::split(numbers);
            self.numbers = rest;
            return Some(Segment::Number(number));
        }
        self.numbers = &[];
        let (_, tail) = digits::split_while(self.tail, |b| !b.is_ascii_alphanumeric() && b != b'-');
        match tail {
            [] => None,
            [b'-', rest @ ..] => {
                self.tail = rest;
                Some(Segment::Word(b"pre"))
            }
            [b'0'..=b'9', ..] => {
                let (number, rest) = digits::split(tail);
                self.tail = rest;
                Some(Segment::Number(number))
            }
            _ => {
                let (word, rest) = digits::split_while(tail, |b| b.is_ascii_alphabetic());
                self.tail = rest;
                Some(Segment::Word(word))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(a: &str, b: &str) -> Ordering {
        Gem::parse(a).unwrap().compare(&Gem::parse(b).unwrap())
    }

    #[test]
    fn words_are_pre_releases() {
        let ascending =
            ["1.0.A", "1.0.a.2", "1.0.a10", "1.0.b1", "1.0.pre", "1.0", "1.0.1.rc1", "1.0.1", "1.10"];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        for (a, b) in [("1.0", "1"), ("1.0.a", "1.a"), ("1.0-1", "1.pre.1"), ("0", "0.0.0"), ("10.0", "10")] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
    }
}
