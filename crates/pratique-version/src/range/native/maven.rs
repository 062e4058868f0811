//! Maven: version ranges of the POM reference, "Dependency Version Requirement Specification".
//!
//! Intervals with a comma between two, any of which may hold: `(,1.0],[1.2,)`, `[1.0]`. A version without
//! brackets is a recommendation that every version meets.

use super::{Comparison, Operator, Read};

pub(super) fn read(text: &str) -> Read {
    let mut rest = text.trim();
    if !rest.starts_with(['[', '(']) {
        return if rest.is_empty() || rest.contains(['[', ']', '(', ')', ',']) {
            Err(rest.to_owned())
        } else {
            Ok(vec![Vec::new()])
        };
    }
    let mut alternatives = Vec::new();
    while !rest.is_empty() {
        let end = rest.find([']', ')']).ok_or(rest)?;
        let (interval, tail) = rest.split_at_checked(end + 1).ok_or(rest)?;
        alternatives.push(read_interval(interval).ok_or(interval)?);
        rest = tail.trim_start().trim_start_matches(',').trim_start();
        if !rest.is_empty() && !rest.starts_with(['[', '(']) {
            return Err(rest.to_owned());
        }
    }
    Ok(alternatives)
}

fn read_interval(text: &str) -> Option<Vec<Comparison>> {
    let (inner, lower) = match text.strip_prefix('[') {
        Some(inner) => (inner, Operator::GreaterOrEqual),
        None => (text.strip_prefix('(')?, Operator::Greater),
    };
    let (inner, upper) = match inner.strip_suffix(']') {
        Some(inner) => (inner, Operator::LessOrEqual),
        None => (inner.strip_suffix(')')?, Operator::Less),
    };
    let Some((from, to)) = inner.split_once(',') else {
        let exact =
            lower == Operator::GreaterOrEqual && upper == Operator::LessOrEqual && !inner.trim().is_empty();
        return exact.then(|| vec![Comparison::new(Operator::Equal, inner.trim())]);
    };
    let mut both = Vec::new();
    for (operator, version) in [(lower, from.trim()), (upper, to.trim())] {
        if !version.is_empty() {
            both.push(Comparison::new(operator, version));
        }
    }
    Some(both)
}
