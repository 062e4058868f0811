//! Debian: `[epoch:]upstream[-revision]`.
//!
//! Follows deb-version(7) and Debian Policy §5.6.12. Upstream and revision are compared piece by piece, first a run
//! of non-digits, then a number. In a non-digit run letters sort before everything else and `~` sorts before
//! even the end, which is what makes `1.0~rc1` older than `1.0`.
//!
//! Traps: the revision begins at the *last* hyphen; an absent epoch is `0` and an absent revision equals `0`;
//! `1.0-1~deb12u1` is older than `1.0-1`, so a backport never hides the release it came from.
//!
//! What dpkg refuses is refused (blanks, an epoch that is no number, nothing between epoch and revision, characters
//! outside its alphabet). What dpkg only warns about is accepted: a version that begins with a letter.

use std::cmp::Ordering;

use crate::digits;
use crate::error::{Flaw, Part, Reason};

/// A Debian version, cut into its parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Debian<'a> {
    epoch: &'a [u8],
    upstream: &'a [u8],
    revision: &'a [u8],
}

impl<'a> Debian<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Flaw> {
        let (epoch, rest, skipped) = match text.split_once(':') {
            Some((epoch, rest)) if digits::all(epoch.as_bytes()) => (epoch, rest, epoch.len() + 1),
            Some(_) => return Err(Flaw::at(0, Reason::EpochNotANumber)),
            None => ("", text, 0),
        };
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        if upstream.is_empty() {
            return Err(Flaw::at(skipped, Reason::EmptyPart(Part::Upstream)));
        }
        let allowed =
            |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'~' | b'-' | b':' | b'_');
        if let Some(at) = rest.bytes().position(|b| !allowed(b)) {
            return Err(Flaw::unexpected(text, skipped + at));
        }
        Ok(Self { epoch: epoch.as_bytes(), upstream: upstream.as_bytes(), revision: revision.as_bytes() })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        digits::compare(self.epoch, other.epoch)
            .then_with(|| compare_part(self.upstream, other.upstream))
            .then_with(|| compare_part(self.revision, other.revision))
    }
}

/// The order of two upstream versions or two revisions.
pub(crate) fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        loop {
            let (x, y) = (weight(a.first()), weight(b.first()));
            match x.cmp(&y) {
                Ordering::Equal if x == END => break,
                Ordering::Equal => {}
                unequal => return unequal,
            }
            a = a.get(1..).unwrap_or_default();
            b = b.get(1..).unwrap_or_default();
        }
        let (x, a_rest) = digits::split(a);
        let (y, b_rest) = digits::split(b);
        match digits::compare(x, y) {
            Ordering::Equal => (a, b) = (a_rest, b_rest),
            unequal => return unequal,
        }
    }
    Ordering::Equal
}

/// Where a run of non-digits ends: at a digit or at the end of the text.
const END: u16 = 1;

/// The place of a byte within a run of non-digits.
fn weight(byte: Option<&u8>) -> u16 {
    match byte {
        Some(b'~') => 0,
        None => END,
        Some(b) if b.is_ascii_digit() => END,
        Some(b) if b.is_ascii_alphabetic() => 2 + u16::from(*b),
        Some(b) => 2 + 256 + u16::from(*b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(a: &str, b: &str) -> Ordering {
        Debian::parse(a).unwrap().compare(&Debian::parse(b).unwrap())
    }

    #[test]
    fn tilde_epoch_and_absent_parts() {
        let ascending =
            ["1.0~~", "1.0~~a", "1.0~", "1.0", "1.0-1", "1.0-1+b1", "1.0a", "1.0+", "1.0.1", "1:0.1"];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(compare("1.0", "0:1.0-0"), Ordering::Equal);
        assert_eq!(compare("1.0-1", "1.00-01"), Ordering::Equal);
    }

    #[test]
    fn refuses_what_dpkg_refuses() {
        for bad in ["-1", "1:", "a:1", ":1", "1.0 1", "1.0é", "1:-1"] {
            assert!(Debian::parse(bad).is_err(), "{bad}");
        }
        assert!(Debian::parse("r1.0").is_ok());
    }
}
