//! Python: PEP 440, "Version specifiers".
//!
//! Clauses with a comma between two, all of which must hold. Pre-releases are let in: whether one is installed is not
//! the question of a range.

use std::cmp::Ordering;

use super::{Comparison, Operator, Read, split_operator};
use crate::pep440::{Pep440, Standard};

const SIGNS: [(&str, Option<Operator>); 8] = [
    ("===", Some(Operator::SameText)),
    ("~=", None),
    ("==", Some(Operator::Equal)),
    ("!=", Some(Operator::NotEqual)),
    (">=", Some(Operator::GreaterOrEqual)),
    ("<=", Some(Operator::LessOrEqual)),
    (">", Some(Operator::Greater)),
    ("<", Some(Operator::Less)),
];

pub(super) fn read(text: &str) -> Read {
    let mut comparisons = Vec::new();
    for clause in text.split(',').map(str::trim).filter(|clause| !clause.is_empty()) {
        let (sign, version) = split_operator(clause, &SIGNS).ok_or(clause)?;
        match sign {
            Some(Operator::SameText) => comparisons.push(Comparison::new(Operator::SameText, version)),
            Some(operator) => {
                let (operator, version) = match (operator, version.strip_suffix(".*")) {
                    (Operator::Equal, Some(prefix)) => (Operator::Prefix, prefix),
                    (Operator::NotEqual, Some(prefix)) => (Operator::NotPrefix, prefix),
                    (_, None) => (operator, version),
                    _ => return Err(clause.to_owned()),
                };
                Standard::parse(version).ok_or(clause)?;
                comparisons.push(Comparison::new(operator, version));
            }
            // "~=1.4.2" is ">=1.4.2, ==1.4.*".
            None => {
                let parsed = Standard::parse(version).ok_or(clause)?;
                let release = String::from_utf8_lossy(parsed.release);
                let (prefix, _) = release.rsplit_once('.').ok_or(clause)?;
                let epoch = match parsed.epoch {
                    [] => String::new(),
                    epoch => format!("{}!", String::from_utf8_lossy(epoch)),
                };
                comparisons.push(Comparison::new(Operator::GreaterOrEqual, version));
                comparisons.push(Comparison::new(Operator::Prefix, format!("{epoch}{prefix}")));
            }
        }
    }
    Ok(vec![comparisons])
}

pub(super) fn holds(operator: Operator, version: &Pep440<'_>, bound: &Pep440<'_>) -> bool {
    let (Pep440::Standard(version), Pep440::Standard(bound)) = (version, bound) else {
        return operator.holds(version.compare(bound));
    };
    // A local part counts only against a bound that has one.
    let order = if bound.local.is_some() { version.compare(bound) } else { version.public().compare(bound) };
    match operator {
        Operator::Prefix => has_prefix(version, bound),
        Operator::NotPrefix => !has_prefix(version, bound),
        Operator::LessOrEqual | Operator::GreaterOrEqual => operator.holds(version.public().compare(bound)),
        // "<2" keeps the pre-releases of 2 out, ">2" its post-releases and local versions.
        Operator::Less => {
            version.compare(bound).is_lt()
                && !(version.is_pre_release() && !bound.is_pre_release() && same_release(version, bound))
        }
        Operator::Greater => {
            version.compare(bound).is_gt()
                && !(version.post.is_some() && bound.post.is_none() && same_release(version, bound))
                && !(version.local.is_some() && same_release(version, bound))
        }
        _ => operator.holds(order),
    }
}

/// Whether two versions have one epoch and one release.
fn same_release(a: &Standard<'_>, b: &Standard<'_>) -> bool {
    crate::digits::compare(a.epoch, b.epoch).is_eq()
        && crate::semver::compare_numbers(a.release, b.release).is_eq()
}

/// Whether the version begins with the release (and the pre- or post-release, if any) of the prefix.
fn has_prefix(version: &Standard<'_>, prefix: &Standard<'_>) -> bool {
    if crate::digits::compare(version.epoch, prefix.epoch) != Ordering::Equal {
        return false;
    }
    let mut numbers = version.release.split(|&b| b == b'.');
    let release = prefix
        .release
        .split(|&b| b == b'.')
        .all(|wanted| crate::digits::compare(numbers.next().unwrap_or_default(), wanted).is_eq());
    let suffixes = prefix.pre.is_none_or(|wanted| {
        version
            .pre
            .is_some_and(|found| found.0 == wanted.0 && crate::digits::compare(found.1, wanted.1).is_eq())
    }) && prefix
        .post
        .is_none_or(|wanted| version.post.is_some_and(|found| crate::digits::compare(found, wanted).is_eq()));
    release && suffixes
}
