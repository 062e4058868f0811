//! Packagist: Composer's normalised versions in the order of PHP's `version_compare`.
//!
//! Follows the Composer documentation, "Versions and constraints", and the PHP manual, `version_compare`. A version has
//! up to four numbers (missing ones are zero) and a stability:
//! `dev < alpha = a < beta = b < RC < ` nothing or `stable` ` < patch = pl = p`, each perhaps with numbers behind it.
//! Build metadata after `+` has no weight.
//!
//! A branch has no numbers (`dev-main`) and is older than everything that has; among branches the default ones
//! (`master`, `trunk`, `default`) come first, the others follow by name. `1.x-dev` is newer than every 1.y release.
//!
//! Strings that Composer refuses but Packagist advisories hold (`4.3-2RC1`, `3.0.0b1.post1`) are read the same way: the
//! numbers, then words and numbers. A `#` stands for any number, as in `version_compare`, and so equals every
//! number in its place; versions that hold one are patterns, and only they escape the total order.

use std::cmp::Ordering;

use crate::digits;
use crate::error::{Flaw, Reason};

/// A Composer version.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Composer<'a> {
    Branch(&'a str),
    Numbered {
        /// Numbers, or `x`, `*`, `#`, with a dot between two.
        numbers: &'a [u8],
        /// Whether missing numbers are infinite, as in `1.x-dev`, instead of zero.
        open_ended: bool,
        /// Stability and what follows, not cut further.
        tail: &'a [u8],
    },
}

const NUMBERS: usize = 4;

impl<'a> Composer<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Flaw> {
        let version = text.split([',', '@']).next().unwrap_or(text);
        if let Some((prefix, branch)) = version.split_at_checked(4)
            && prefix.eq_ignore_ascii_case("dev-")
            && !branch.is_empty()
        {
            return Ok(Self::Branch(branch));
        }
        let version = version.split('+').next().unwrap_or(version);
        let bytes = version.strip_prefix(['v', 'V']).unwrap_or(version).as_bytes();
        if !bytes.first().is_some_and(u8::is_ascii_digit) {
            if DEFAULT_BRANCHES.contains(&version) {
                return Ok(Self::Branch(version));
            }
            return Err(Flaw::at(text.len().min(version.len() - bytes.len()), Reason::NoLeadingNumber));
        }
        let mut end = 0;
        let mut open_ended = false;
        for place in 0..NUMBERS {
            let rest = bytes.get(end..).unwrap_or_default();
            let (dot, rest) = match rest {
                [b'.', rest @ ..] if place > 0 => (1, rest),
                _ if place == 0 => (0, rest),
                _ => break,
            };
            match rest {
                [b'0'..=b'9', ..] => end += dot + digits::split(rest).0.len(),
                [b'#', ..] => end += dot + 1,
                [b'x' | b'X' | b'*', ..] => {
                    open_ended = true;
                    break;
                }
                _ => break,
            }
        }
        let (numbers, tail) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        let tail = if matches!(Tail(tail).next(), Some((Piece::Word(word), _)) if word.eq_ignore_ascii_case(b"stable"))
        {
            &[]
        } else if open_ended {
            // What is left of "1.x.x-dev" says no more than that it is open.
            b"dev".as_slice()
        } else {
            tail
        };
        Ok(Self::Numbered { numbers, open_ended, tail })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Branch(a), Self::Branch(b)) => branch_key(a).cmp(&branch_key(b)),
            (Self::Branch(_), Self::Numbered { .. }) => Ordering::Less,
            (Self::Numbered { .. }, Self::Branch(_)) => Ordering::Greater,
            (
                Self::Numbered { numbers: a, open_ended: a_open, tail: a_tail },
                Self::Numbered { numbers: b, open_ended: b_open, tail: b_tail },
            ) => compare_numbers((a, *a_open), (b, *b_open)).then_with(|| compare_tails(a_tail, b_tail)),
        }
    }
}

const DEFAULT_BRANCHES: [&str; 3] = ["master", "trunk", "default"];

fn branch_key(name: &str) -> (bool, &str) {
    (!DEFAULT_BRANCHES.contains(&name), name)
}

fn compare_numbers((a, a_open): (&[u8], bool), (b, b_open): (&[u8], bool)) -> Ordering {
    let (mut a, mut b) = (a.split(|&c| c == b'.'), b.split(|&c| c == b'.'));
    for _ in 0..NUMBERS {
        let order = match (a.next(), b.next()) {
            (Some(b"#"), _) | (_, Some(b"#")) => Ordering::Equal,
            (None, None) => a_open.cmp(&b_open),
            (None, _) if a_open => Ordering::Greater,
            (_, None) if b_open => Ordering::Less,
            (x, y) => digits::compare(x.unwrap_or_default(), y.unwrap_or_default()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

fn compare_tails(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        let (x, y) = (Tail(a).next(), Tail(b).next());
        let order = match (x, y) {
            (None, None) => return Ordering::Equal,
            (Some((x, a_rest)), Some((y, b_rest))) => {
                (a, b) = (a_rest, b_rest);
                x.compare(y)
            }
            (Some((x, _)), None) => x.rank().cmp(&Piece::END),
            (None, Some((y, _))) => Piece::END.cmp(&y.rank()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

#[derive(Clone, Copy)]
enum Piece<'a> {
    Word(&'a [u8]),
    Number(&'a [u8]),
    AnyNumber,
}

impl Piece<'_> {
    const END: u8 = 5;

    /// The order of `version_compare`, which knows its words by how they begin.
    fn rank(self) -> u8 {
        let Self::Word(word) = self else { return 6 };
        let begins = |with: &[u8]| word.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
        if begins(b"dev") {
            1
        } else if begins(b"a") {
            2
        } else if begins(b"b") {
            3
        } else if begins(b"rc") {
            4
        } else if begins(b"p") {
            7
        } else {
            0
        }
    }

    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => digits::compare(a, b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

/// Words and numbers; everything else separates.
struct Tail<'a>(&'a [u8]);

impl<'a> Tail<'a> {
    /// The first piece, and what follows it.
    fn next(&self) -> Option<(Piece<'a>, &'a [u8])> {
        let (_, text) = digits::split_while(self.0, |b| !b.is_ascii_alphanumeric() && b != b'#');
        match text {
            [] => None,
            [b'#', rest @ ..] => Some((Piece::AnyNumber, rest)),
            [b'0'..=b'9', ..] => {
                let (number, rest) = digits::split(text);
                Some((Piece::Number(number), rest))
            }
            _ => {
                let (word, rest) = digits::split_while(text, |b| b.is_ascii_alphabetic());
                Some((Piece::Word(word), rest))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(a: &str, b: &str) -> Ordering {
        Composer::parse(a).unwrap().compare(&Composer::parse(b).unwrap())
    }

    #[test]
    fn stabilities() {
        let ascending = [
            "dev-master",
            "dev-bar",
            "dev-foo",
            "1.0-dev",
            "1.0a1",
            "1.0-beta",
            "1.0-beta1",
            "1.0RC1",
            "1.0",
            "1.0-p1",
            "1.0-p2",
            "1.0.0.1",
            "1.1",
            "1.x-dev",
            "2.0.0-alpha",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        for (a, b) in [("v1.0", "1.0.0.0"), ("1.0-stable", "1"), ("1.0+x", "1.0+y"), ("1.0-patch1", "1.0pl1")]
        {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
    }
}
