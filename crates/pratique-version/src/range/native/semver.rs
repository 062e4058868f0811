//! What npm's and Cargo's languages share: versions with numbers left out, and the ranges they stand for.

use super::{Comparison, Operator, successor};

/// Three numbers of which the last may be missing or `x`, and a pre-release.
pub(super) struct Partial<'a> {
    numbers: [Option<&'a str>; 3],
    pre_release: Option<&'a str>,
}

impl<'a> Partial<'a> {
    /// Reads a version with up to three numbers. `None` when it is something else.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim_start_matches(['v', 'V', '=', ' ']).trim_end();
        let text = text.split('+').next().unwrap_or(text);
        let core_end = text
            .char_indices()
            .find(|&(at, c)| !(c.is_ascii_digit() || c == '.' || is_wildcard(text, at, c)))
            .map_or(text.len(), |(at, _)| at);
        let (core, rest) = text.split_at_checked(core_end)?;
        let pre_release = (!rest.is_empty()).then(|| rest.strip_prefix('-').unwrap_or(rest));
        let mut numbers = [None; 3];
        let mut any_left_out = false;
        for (place, number) in core.split('.').enumerate() {
            let slot = numbers.get_mut(place)?;
            match number {
                "x" | "X" | "*" => any_left_out = true,
                "" if core.is_empty() && rest.is_empty() => any_left_out = true,
                "" => return None,
                _ if any_left_out => {}
                _ => *slot = Some(number),
            }
        }
        Some(Self { numbers, pre_release })
    }

    fn version(numbers: [&str; 3], pre_release: Option<&str>) -> String {
        let core = numbers.join(".");
        pre_release.map_or_else(|| core.clone(), |pre| format!("{core}-{pre}"))
    }

    /// The lowest version the text stands for.
    fn lowest(&self) -> String {
        let pre_release = self.pre_release.filter(|_| self.numbers[2].is_some());
        Self::version(self.numbers.map(|number| number.unwrap_or("0")), pre_release)
    }

    /// The first version above all whose numbers begin with the first `kept` ones.
    fn first_above(&self, kept: usize) -> Option<String> {
        let number = |place: usize| self.numbers.get(place).copied().flatten();
        let bumped = successor(number(kept.checked_sub(1)?)?);
        Some(match kept {
            1 => Self::version([&bumped, "0", "0"], None),
            2 => Self::version([number(0)?, &bumped, "0"], None),
            _ => Self::version([number(0)?, number(1)?, &bumped], None),
        })
    }

    /// How many numbers are there.
    fn given(&self) -> usize {
        self.numbers.iter().take_while(|number| number.is_some()).count()
    }

    /// All versions that begin with the first `kept` numbers and are not below the lowest.
    fn lowest_to_end_of(&self, kept: usize) -> Vec<Comparison> {
        let mut both = vec![Comparison::new(Operator::GreaterOrEqual, self.lowest())];
        both.extend(self.first_above(kept).map(below));
        both
    }

    /// `^`: up to the next change of the first number that is not zero.
    pub(super) fn caret(&self) -> Vec<Comparison> {
        let zeros =
            self.numbers.iter().take_while(|n| n.is_some_and(|n| n.bytes().all(|b| b == b'0'))).count();
        self.lowest_to_end_of((zeros + 1).min(self.given()))
    }

    /// `~`: up to the next minor version, or major version where there is no minor number.
    pub(super) fn tilde(&self) -> Vec<Comparison> {
        self.lowest_to_end_of(self.given().min(2))
    }

    /// The lower end of `A - B`.
    pub(super) fn at_least(&self) -> Vec<Comparison> {
        vec![Comparison::new(Operator::GreaterOrEqual, self.lowest())]
    }

    /// The upper end of `A - B`.
    pub(super) fn at_most(&self) -> Vec<Comparison> {
        self.compare(Operator::LessOrEqual)
    }

    /// A comparison with all versions the text stands for.
    pub(super) fn compare(&self, operator: Operator) -> Vec<Comparison> {
        let given = self.given();
        if given == 3 {
            return vec![Comparison::new(operator, self.lowest())];
        }
        match operator {
            Operator::Equal => self.lowest_to_end_of(given),
            Operator::GreaterOrEqual => self.at_least(),
            Operator::Less if given == 0 => vec![nothing()],
            Operator::Less => vec![below(self.lowest())],
            Operator::LessOrEqual => match self.first_above(given) {
                Some(end) => vec![below(end)],
                None => self.at_least(),
            },
            Operator::Greater => match self.first_above(given) {
                Some(start) => vec![Comparison::new(Operator::GreaterOrEqual, start)],
                None => vec![nothing()],
            },
            _ => vec![Comparison::new(operator, self.lowest())],
        }
    }
}

/// `x`, `X` and `*` stand for a number; an `x` within a word does not.
fn is_wildcard(text: &str, at: usize, c: char) -> bool {
    let neighbours = |other: Option<u8>| other.is_none_or(|b| matches!(b, b'.' | b'-' | b'+'));
    let bytes = text.as_bytes();
    matches!(c, 'x' | 'X' | '*')
        && neighbours(at.checked_sub(1).and_then(|before| bytes.get(before).copied()))
        && neighbours(bytes.get(at + 1).copied())
}

/// Below a version and its pre-releases.
fn below(version: String) -> Comparison {
    Comparison::new(Operator::Less, version + "-0")
}

/// No version at all.
fn nothing() -> Comparison {
    Comparison::new(Operator::Less, "0.0.0-0")
}
