//! Cargo: the requirements of the Cargo reference, "Specifying Dependencies".
//!
//! Comparisons with a comma between two, all of which must hold; without an operator a version means `^`, unless it has
//! a wildcard.

use super::semver::Partial;
use super::{Operator, Read, split_operator};

#[derive(Clone, Copy)]
enum Sign {
    Plain(Operator),
    Tilde,
    Caret,
}

const SIGNS: [(&str, Sign); 8] = [
    (">=", Sign::Plain(Operator::GreaterOrEqual)),
    ("<=", Sign::Plain(Operator::LessOrEqual)),
    (">", Sign::Plain(Operator::Greater)),
    ("<", Sign::Plain(Operator::Less)),
    ("=", Sign::Plain(Operator::Equal)),
    ("~", Sign::Tilde),
    ("^", Sign::Caret),
    ("", Sign::Caret),
];

pub(super) fn read(text: &str) -> Read {
    let mut comparisons = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (sign, version) = split_operator(part, &SIGNS).ok_or(part)?;
        if version.is_empty() {
            return Err(part.to_owned());
        }
        let partial = Partial::parse(version).ok_or(part)?;
        comparisons.extend(match sign {
            Sign::Plain(operator) => partial.compare(operator),
            Sign::Tilde => partial.tilde(),
            Sign::Caret if version.contains(['*', 'x', 'X']) && !version.contains('-') => {
                partial.compare(Operator::Equal)
            }
            Sign::Caret => partial.caret(),
        });
    }
    Ok(vec![comparisons])
}
