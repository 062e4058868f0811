//! Semantic Versioning and its relatives: npm, Cargo, Go, Hex, Pub, Julia, Swift and more.
//!
//! Follows Semantic Versioning 2.0.0 §9–11: three numbers, then a pre-release that makes the version older, then
//! build metadata. Numbers have no upper bound, so they are compared as digits.
//!
//! The grammar is wider than the specification's, because ranges and lock files are: a leading `v` or `=` (and blanks
//! after them), fewer or more than three numbers (missing ones are zero) and a pre-release without its hyphen
//! (`1.2.3beta`), all of which npm's loose mode and Go's `x/mod/semver` accept in part.
//!
//! Schemes differ in one thing only, see [`BuildOrder`]: whether build metadata counts.

use std::cmp::Ordering;

use crate::digits;
use crate::error::{Flaw, Part, Reason};

/// Whether build metadata takes part in the order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BuildOrder {
    /// It does not, as the specification says: `1.0.0+a = 1.0.0+b`.
    Ignored,
    /// None is older than some, then identifier by identifier (Cargo, Pub, Julia).
    Counts,
}

/// A semantic version, cut into its parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Semver<'a> {
    /// Numbers with a dot between two.
    pub(crate) core: &'a [u8],
    pub(crate) pre_release: Option<&'a str>,
    build: Option<&'a str>,
}

impl<'a> Semver<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Flaw> {
        let version = text.trim_start_matches(['v', 'V', '=', ' ']);
        let start = text.len() - version.len();
        let mut end = 0;
        loop {
            let number = version.bytes().skip(end).take_while(u8::is_ascii_digit).count();
            if number == 0 {
                return Err(if end == 0 {
                    Flaw::at(start, Reason::NoLeadingNumber)
                } else {
                    Flaw::unexpected(text, start + end)
                });
            }
            end += number;
            let mut ahead = version.bytes().skip(end);
            if ahead.next() == Some(b'.') && ahead.next().is_some_and(|b| b.is_ascii_digit()) {
                end += 1;
            } else {
                break;
            }
        }
        let (core, rest) = version.split_at_checked(end).unwrap_or((version, ""));
        let (before_build, build) = match rest.split_once('+') {
            Some((before, build)) => (before, Some(build)),
            None => (rest, None),
        };
        let pre_release = if before_build.is_empty() {
            None
        } else {
            let pre = before_build.strip_prefix('-').unwrap_or(before_build);
            if !before_build.starts_with(|c: char| c == '-' || c.is_ascii_alphabetic()) {
                return Err(Flaw::unexpected(text, start + end));
            }
            let at = start + end + (before_build.len() - pre.len());
            check_identifiers(text, pre, at)?;
            Some(pre)
        };
        Ok(Self { core: core.as_bytes(), pre_release, build })
    }

    pub(crate) fn compare(&self, other: &Self, build: BuildOrder) -> Ordering {
        compare_numbers(self.core, other.core)
            .then_with(|| compare_pre_release(self.pre_release, other.pre_release))
            .then_with(|| match (build, self.build, other.build) {
                (BuildOrder::Ignored, _, _) => Ordering::Equal,
                (BuildOrder::Counts, Some(a), Some(b)) => compare_identifiers(a, b),
                (BuildOrder::Counts, a, b) => a.is_some().cmp(&b.is_some()),
            })
    }
}

fn check_identifiers(text: &str, pre: &str, start: usize) -> Result<(), Flaw> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'~');
    if let Some(at) = pre.bytes().position(|b| !allowed(b)) {
        return Err(Flaw::unexpected(text, start + at));
    }
    if pre.split('.').any(str::is_empty) {
        return Err(Flaw::at(start, Reason::EmptyPart(Part::PreRelease)));
    }
    Ok(())
}

/// Numbers between dots, one by one; where one side has fewer, the missing ones are zero.
pub(crate) fn compare_numbers(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (a.split(|&b| b == b'.'), b.split(|&b| b == b'.'));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (x, y) => match digits::compare(x.unwrap_or_default(), y.unwrap_or_default()) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
        }
    }
}

fn compare_pre_release(a: Option<&str>, b: Option<&str>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => compare_identifiers(a, b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// §11.4: identifiers left to right; numbers by value and before text; the shorter list first.
fn compare_identifiers(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(x), Some(y)) => {
                let (x, y) = (x.as_bytes(), y.as_bytes());
                match (digits::all(x), digits::all(y)) {
                    (true, true) => digits::compare(x, y),
                    (false, false) => x.cmp(y),
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

    fn compare(a: &str, b: &str, build: BuildOrder) -> Ordering {
        Semver::parse(a).unwrap().compare(&Semver::parse(b).unwrap(), build)
    }

    #[test]
    fn the_order_of_the_specification() {
        let ascending = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.10.0",
            "18446744073709551616.0.0",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1], BuildOrder::Ignored), Ordering::Less, "{pair:?}");
        }
    }

    #[test]
    fn loose_spellings() {
        for same in ["1.2.3", "v1.2.3", "=1.2.3", "= v1.2.3", "1.2.3.0", "1.2.3+build"] {
            assert_eq!(compare("1.2.3", same, BuildOrder::Ignored), Ordering::Equal, "{same}");
        }
        assert_eq!(compare("1.2.3beta", "1.2.3", BuildOrder::Ignored), Ordering::Less);
        assert_eq!(compare("1", "1.0.0", BuildOrder::Ignored), Ordering::Equal);
    }

    #[test]
    fn build_metadata_counts_where_it_does() {
        assert_eq!(compare("1.0.0+a", "1.0.0+b", BuildOrder::Ignored), Ordering::Equal);
        assert_eq!(compare("1.0.0", "1.0.0+b", BuildOrder::Counts), Ordering::Less);
        assert_eq!(compare("1.0.0+2", "1.0.0+11", BuildOrder::Counts), Ordering::Less);
    }

    #[test]
    fn what_is_no_version() {
        for bad in ["", "v", "latest", "1.2.3-", "1.2.3-a..b", "1.x", "1.2.3-é", "1..2"] {
            assert!(Semver::parse(bad).is_err(), "{bad}");
        }
    }
}
