//! Versions that are numbers alone: R packages and Haskell packages.
//!
//! CRAN follows "Writing R Extensions" §1.1.1 and R's `compareVersion`: numbers with a dot or a hyphen between two.
//! Hackage follows the Haskell Package Versioning Policy: numbers with a dot between two. In both a longer version is
//! newer than its beginning: `1.0 < 1.0.0`.

use std::cmp::Ordering;

use crate::digits;
use crate::error::{Flaw, Part, Reason};

/// A version of numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numeric<'a>(&'a [u8]);

impl<'a> Numeric<'a> {
    /// R's form.
    pub(crate) fn cran(text: &'a str) -> Result<Self, Flaw> {
        Self::parse(text, b".-")
    }

    /// Haskell's form.
    pub(crate) fn hackage(text: &'a str) -> Result<Self, Flaw> {
        Self::parse(text, b".")
    }

    fn parse(text: &'a str, separators: &[u8]) -> Result<Self, Flaw> {
        let bytes = text.as_bytes();
        let stray = bytes.iter().position(|b| !b.is_ascii_digit() && !separators.contains(b));
        if let Some(at) = stray {
            return Err(Flaw::unexpected(text, at));
        }
        if bytes.split(|b| separators.contains(b)).any(<[u8]>::is_empty) {
            return Err(Flaw::whole(Reason::EmptyPart(Part::Number)));
        }
        Ok(Self(bytes))
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (self.0.split(|c| !c.is_ascii_digit()), other.0.split(|c| !c.is_ascii_digit()));
        loop {
            let order = match (a.next(), b.next()) {
                (None, None) => return Ordering::Equal,
                (Some(x), Some(y)) => digits::compare(x, y),
                (x, y) => x.is_some().cmp(&y.is_some()),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_is_newer() {
        let compare = |a, b| Numeric::cran(a).unwrap().compare(&Numeric::cran(b).unwrap());
        for pair in ["0.9", "0.75", "1.0", "1.0-0", "1.0-1", "1.0.1.0", "1.10"].windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(compare("1-2", "1.02"), Ordering::Equal);
        assert!(Numeric::hackage("1-2").is_err());
        assert!(Numeric::cran("1..2").is_err());
    }
}
