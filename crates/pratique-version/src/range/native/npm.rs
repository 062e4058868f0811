//! npm: node-semver's ranges, in loose mode.
//!
//! Follows node-semver's README, "Ranges" and "Range Grammar": alternatives between `||`; in each, comparisons between
//! blanks, `A - B`, `~1.2`, `^1.2`, `1.x`.

use super::semver::Partial;
use super::{Operator, Read, split_operator, tokens};

#[derive(Clone, Copy)]
enum Sign {
    Plain(Operator),
    Tilde,
    Caret,
}

const SIGNS: [(&str, Sign); 9] = [
    (">=", Sign::Plain(Operator::GreaterOrEqual)),
    ("<=", Sign::Plain(Operator::LessOrEqual)),
    ("~>", Sign::Tilde),
    (">", Sign::Plain(Operator::Greater)),
    ("<", Sign::Plain(Operator::Less)),
    ("=", Sign::Plain(Operator::Equal)),
    ("~", Sign::Tilde),
    ("^", Sign::Caret),
    ("", Sign::Plain(Operator::Equal)),
];

/// Loose mode drops an alternative that holds nothing but strange words, as long as another one is left.
pub(super) fn read(text: &str) -> Read {
    let mut alternatives = Vec::new();
    let mut strange = None;
    for alternative in text.split("||").map(str::trim) {
        match read_alternative(alternative) {
            Ok(comparisons) => alternatives.push(comparisons),
            Err(part) if part == alternative => strange = Some(part),
            Err(part) => return Err(part),
        }
    }
    match strange {
        Some(part) if alternatives.is_empty() => Err(part),
        _ => Ok(alternatives),
    }
}

fn read_alternative(text: &str) -> Result<Vec<super::Comparison>, String> {
    if let Some((low, high)) = text.split_once(" - ")
        && let (Some(low), Some(high)) = (Partial::parse(low.trim()), Partial::parse(high.trim()))
    {
        let mut both = low.at_least();
        both.extend(high.at_most());
        return Ok(both);
    }
    let mut comparisons = Vec::new();
    for token in tokens(text, false) {
        let (sign, version) = split_operator(token, &SIGNS).ok_or(token)?;
        let version = Partial::parse(version).ok_or(token)?;
        comparisons.extend(match sign {
            Sign::Plain(operator) => version.compare(operator),
            Sign::Tilde => version.tilde(),
            Sign::Caret => version.caret(),
        });
    }
    Ok(comparisons)
}
