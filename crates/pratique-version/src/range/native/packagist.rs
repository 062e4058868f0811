//! Packagist: Composer's constraints.
//!
//! Follows the Composer documentation, "Versions and constraints": alternatives between `||` or `|`, comparisons between
//! commas or blanks, `A - B`, `~1.2`, `^1.2`, `1.2.*`. An end that names no stability includes the development versions
//! of its version when it is a lower end, and excludes them when it is an upper one.

use super::{Comparison, Operator, Read, split_operator, successor, tokens};

#[derive(Clone, Copy)]
enum Sign {
    Plain(Operator),
    Tilde,
    Caret,
}

const SIGNS: [(&str, Sign); 11] = [
    (">=", Sign::Plain(Operator::GreaterOrEqual)),
    ("<=", Sign::Plain(Operator::LessOrEqual)),
    ("<>", Sign::Plain(Operator::NotEqual)),
    ("!=", Sign::Plain(Operator::NotEqual)),
    ("==", Sign::Plain(Operator::Equal)),
    (">", Sign::Plain(Operator::Greater)),
    ("<", Sign::Plain(Operator::Less)),
    ("=", Sign::Plain(Operator::Equal)),
    ("~", Sign::Tilde),
    ("^", Sign::Caret),
    ("", Sign::Plain(Operator::Equal)),
];

pub(super) fn read(text: &str) -> Read {
    text.split('|').filter(|part| !part.is_empty()).map(|part| read_alternative(part.trim())).collect()
}

fn read_alternative(text: &str) -> Result<Vec<Comparison>, String> {
    if let Some((low, high)) = text.split_once(" - ") {
        let (low, high) = (End::parse(low.trim()).ok_or(text)?, End::parse(high.trim()).ok_or(text)?);
        let upper = if high.numbers.len() >= 3 || high.tail.is_some() {
            Comparison::new(Operator::LessOrEqual, high.text())
        } else {
            below(&high.numbers, high.numbers.len())
        };
        return Ok(vec![low.at_least(), upper]);
    }
    let mut comparisons = Vec::new();
    for token in tokens(text, true) {
        let (sign, version) = split_operator(token, &SIGNS).ok_or(token)?;
        let version = version.split('@').next().unwrap_or(version);
        if matches!(version, "*" | "x" | "X" | "") {
            continue;
        }
        if version.starts_with("dev-") {
            let Sign::Plain(operator) = sign else { return Err(token.to_owned()) };
            comparisons.push(Comparison::new(operator, version));
            continue;
        }
        let end = End::parse(version).ok_or(token)?;
        match sign {
            Sign::Tilde => {
                comparisons.push(end.at_least());
                comparisons.push(below(&end.numbers, end.numbers.len().saturating_sub(1).max(1)));
            }
            Sign::Caret => {
                let zeros = end.numbers.iter().take_while(|n| n.bytes().all(|b| b == b'0')).count();
                comparisons.push(end.at_least());
                comparisons.push(below(&end.numbers, (zeros + 1).min(end.numbers.len()).min(3)));
            }
            Sign::Plain(Operator::Equal) if end.wildcard => {
                comparisons.push(end.at_least());
                comparisons.push(below(&end.numbers, end.numbers.len()));
            }
            Sign::Plain(Operator::GreaterOrEqual) => comparisons.push(end.at_least()),
            Sign::Plain(Operator::Less) => comparisons.push(Comparison::new(Operator::Less, end.with_dev())),
            Sign::Plain(operator) => comparisons.push(Comparison::new(operator, end.text())),
        }
    }
    Ok(comparisons)
}

/// One version of a constraint.
struct End<'a> {
    numbers: Vec<&'a str>,
    wildcard: bool,
    tail: Option<&'a str>,
}

impl<'a> End<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.split('+').next()?;
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let mut end = Self { numbers: Vec::new(), wildcard: false, tail: None };
        let mut rest = text;
        loop {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, tail) = rest.split_at_checked(digits)?;
            if number.is_empty() {
                end.wildcard = rest.starts_with(['x', 'X', '*']);
                if !end.wildcard {
                    return None;
                }
                break;
            }
            end.numbers.push(number);
            let next = tail.strip_prefix('.').filter(|next| {
                next.starts_with(|c: char| c.is_ascii_digit())
                    || matches!(next.get(..1), Some("x" | "X" | "*"))
            });
            let Some(next) = next else {
                end.tail = Some(tail).filter(|tail| !tail.is_empty());
                break;
            };
            rest = next;
        }
        (!end.numbers.is_empty()).then_some(end)
    }

    fn text(&self) -> String {
        self.numbers.join(".") + self.tail.unwrap_or_default()
    }

    fn with_dev(&self) -> String {
        self.numbers.join(".") + self.tail.unwrap_or("-dev")
    }

    fn at_least(&self) -> Comparison {
        Comparison::new(Operator::GreaterOrEqual, self.with_dev())
    }
}

/// Below every version above those that begin with the first `kept` numbers.
fn below(numbers: &[&str], kept: usize) -> Comparison {
    let mut kept: Vec<&str> = numbers.iter().copied().take(kept).collect();
    let last = successor(kept.pop().unwrap_or("0"));
    kept.push(&last);
    Comparison::new(Operator::Less, kept.join(".") + "-dev")
}
