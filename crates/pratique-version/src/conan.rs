//! Conan 2: `items[-pre-release][+build]`, items with a dot between two.
//!
//! Follows the Conan 2 documentation, "Version ranges" and `conan.tools.scm.Version`. There may be any number of items
//! and they may be text; trailing zeros do not count; a pre-release is older than its release; a build is newer.
//!
//! Conan compares a number with text as text, which is not transitive (`100 < 2* < 3 < 100`). Here every item is a
//! number and what follows it, and an item without a number is newer than those with one: the same answers for the
//! versions Conan's suite compares, and a total order.

use std::cmp::Ordering;

use crate::digits;
use crate::error::{Flaw, Reason};

/// A Conan version, cut into its parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conan<'a> {
    items: &'a str,
    pre_release: Option<&'a str>,
    build: Option<&'a str>,
}

impl<'a> Conan<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Flaw> {
        let (rest, build) = match text.split_once('+') {
            Some((rest, build)) => (rest, Some(build)),
            None => (text, None),
        };
        let (items, pre_release) = match rest.split_once('-') {
            Some((items, pre_release)) => (items, Some(pre_release)),
            None => (rest, None),
        };
        if items.is_empty() {
            return Err(Flaw::at(0, Reason::NoLeadingNumber));
        }
        Ok(Self { items, pre_release, build })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        compare_items(self.items, other.items)
            .then_with(|| match (self.pre_release, other.pre_release) {
                (Some(a), Some(b)) => compare_items(a, b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            })
            .then_with(|| match (self.build, other.build) {
                (Some(a), Some(b)) => compare_items(a, b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            })
    }
}

fn compare_items(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (without_trailing_zeros(a).split('.'), without_trailing_zeros(b).split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(x), Some(y)) => compare_item(x.as_bytes(), y.as_bytes()),
            (x, y) => x.is_some().cmp(&y.is_some()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn compare_item(a: &[u8], b: &[u8]) -> Ordering {
    let ((x, a_rest), (y, b_rest)) = (digits::split(a), digits::split(b));
    x.is_empty().cmp(&y.is_empty()).then_with(|| digits::compare(x, y)).then_with(|| a_rest.cmp(b_rest))
}

/// The first item always stays, so that there is something to compare.
fn without_trailing_zeros(mut items: &str) -> &str {
    while let Some((head, last)) = items.rsplit_once('.')
        && digits::all(last.as_bytes())
        && digits::is_zero(last.as_bytes())
    {
        items = head;
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_pre_releases_and_builds() {
        let compare = |a, b| Conan::parse(a).unwrap().compare(&Conan::parse(b).unwrap());
        let ascending =
            ["1.0-alpha", "1.0", "1.0+b1", "1.0+b2", "1.1", "1.1*", "1.20", "1.a", "2", "cci.2020"];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(compare("1-pre1+b1", "1.0.0-pre1.0+b1"), Ordering::Equal);
    }
}
