//! NuGet: Semantic Versioning with up to four numbers and labels that ignore case.
//!
//! Follows the NuGet reference, "Package versioning": missing numbers are zero (`1.0 = 1.0.0.0`), leading zeros do not
//! count, labels compare as in Semantic Versioning 2.0.0 §11 but without regard to case, and build metadata has
//! no weight.

use std::cmp::Ordering;

use crate::digits;
use crate::error::Flaw;
use crate::semver::{self, Semver};

/// A NuGet version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NuGet<'a>(Semver<'a>);

impl<'a> NuGet<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Flaw> {
        Semver::parse(text).map(Self)
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        semver::compare_numbers(self.0.core, other.0.core).then_with(|| {
            match (self.0.pre_release, other.0.pre_release) {
                (Some(a), Some(b)) => compare_labels(a, b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            }
        })
    }
}

fn compare_labels(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(x), Some(y)) => {
                let (x, y) = (x.as_bytes(), y.as_bytes());
                match (digits::all(x), digits::all(y)) {
                    (true, true) => digits::compare(x, y),
                    (false, false) => {
                        x.iter().map(u8::to_ascii_lowercase).cmp(y.iter().map(u8::to_ascii_lowercase))
                    }
                    (x_is_number, y_is_number) => y_is_number.cmp(&x_is_number),
                }
            }
            (x, y) => x.is_some().cmp(&y.is_some()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_numbers_and_no_case() {
        let compare = |a, b| NuGet::parse(a).unwrap().compare(&NuGet::parse(b).unwrap());
        for (a, b) in [("1.0", "1.0.0.0"), ("1.0.0-BETA.1", "1.0.0-beta.01+x"), ("1.01", "1.1")] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
        for (a, b) in [("1.0.0-beta", "1.0.0"), ("1.0.0", "1.0.0.1"), ("1.0.0-9", "1.0.0-A")] {
            assert_eq!(compare(a, b), Ordering::Less, "{a} {b}");
        }
    }
}
