//! RubyGems: `Gem::Requirement`.
//!
//! Comparisons with a comma between two, all of which must hold. `~> 2.2.6` is at least 2.2.6 and, by the numbers before
//! the first word, less than 2.3.

use super::{Comparison, Operator, Read, split_operator, successor};

const SIGNS: [(&str, Option<Operator>); 8] = [
    ("~>", None),
    (">=", Some(Operator::GreaterOrEqual)),
    ("<=", Some(Operator::LessOrEqual)),
    ("!=", Some(Operator::NotEqual)),
    (">", Some(Operator::Greater)),
    ("<", Some(Operator::Less)),
    ("=", Some(Operator::Equal)),
    ("", Some(Operator::Equal)),
];

pub(super) fn read(text: &str) -> Read {
    let mut comparisons = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (sign, version) = split_operator(part, &SIGNS).ok_or(part)?;
        if !version.bytes().next().is_some_and(|b| b.is_ascii_digit()) {
            return Err(part.to_owned());
        }
        comparisons.push(Comparison::new(sign.unwrap_or(Operator::GreaterOrEqual), version));
        if sign.is_none() {
            comparisons.push(Comparison::new(Operator::ReleaseLess, bumped(version)));
        }
    }
    Ok(vec![comparisons])
}

/// The version without its last number and with the one before it raised.
fn bumped(version: &str) -> String {
    let numbers_end = version.find(|c: char| c.is_ascii_alphabetic() || c == '-').unwrap_or(version.len());
    let numbers = version.get(..numbers_end).unwrap_or_default();
    let mut numbers: Vec<&str> = numbers.split('.').filter(|number| !number.is_empty()).collect();
    if numbers.len() > 1 {
        numbers.pop();
    }
    let last = successor(numbers.pop().unwrap_or("0"));
    numbers.push(&last);
    numbers.join(".")
}
