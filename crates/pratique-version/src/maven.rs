//! Maven: `ComparableVersion`.
//!
//! Follows Maven's "Version Order Specification" (POM reference) as maven-artifact 3.8 implements it. A version is a
//! list of numbers and words; a hyphen, and every change between digits and letters, opens a list within the list.
//! Zeros and the words `ga`, `final`, `release` at the end of a list do not count.
//!
//! Since a list is only ever opened as the last item of the one around it, the tree is a row: numbers, words and
//! "a list opens here". That is how it is kept and compared, without recursion.
//!
//! Traps: `alpha < beta < milestone < rc = cr < snapshot < "" = ga = final = release < sp <` any other word; `a1`, `b1`,
//! `m1` are short for them, but only directly before a digit; `1-1 < 1.1` yet `1-sp < 1-1`; case does not matter.
//!
//! Maven's own comparison is not transitive in the corners (`0 < foo < -alpha < 0`). Two rules, both of which Maven 4
//! has in some form, make it so here and change no vector of its test suite: a word always begins a list of its own,
//! which directly follows the numbers before it, and zeros before a word never count.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::digits;

/// A Maven version as the row of its items.
#[derive(Clone, Debug)]
pub(crate) struct Maven<'a>(Vec<Item<'a>>);

#[derive(Clone, Debug)]
enum Item<'a> {
    Number(&'a [u8]),
    /// A word, and whether it stands in a list of its own by the version's spelling. One that does not, as `FL` in
    /// `1.FL.2`, is older than one that does.
    Word(Word<'a>, bool),
    /// Everything after is in a list within this list.
    Open,
}

/// A qualifier, in ascending order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Word<'a> {
    Alpha,
    Beta,
    Milestone,
    Candidate,
    Snapshot,
    Release,
    ServicePack,
    Other(Cow<'a, str>),
}

impl<'a> Word<'a> {
    fn new(text: &'a str, before_digit: bool) -> Self {
        let lower = if text.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
        match (&*lower, before_digit) {
            ("alpha", _) | ("a", true) => Self::Alpha,
            ("beta", _) | ("b", true) => Self::Beta,
            ("milestone", _) | ("m", true) => Self::Milestone,
            ("rc" | "cr", _) => Self::Candidate,
            ("snapshot", _) => Self::Snapshot,
            ("" | "ga" | "final" | "release", _) => Self::Release,
            ("sp", _) => Self::ServicePack,
            _ => Self::Other(lower),
        }
    }
}

impl Item<'_> {
    /// Whether the item does not count at the end of its list.
    fn is_null(&self) -> bool {
        match self {
            Self::Number(number) => digits::is_zero(number),
            Self::Word(word, _) => *word == Word::Release,
            Self::Open => false,
        }
    }

    /// How the item compares to there being nothing in its place.
    fn compare_to_nothing(&self) -> Ordering {
        match self {
            Self::Number(number) if digits::is_zero(number) => Ordering::Equal,
            Self::Number(_) => Ordering::Greater,
            Self::Word(word, _) => word.cmp(&Word::Release),
            Self::Open => Ordering::Equal,
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let rank = |item: &Self| match item {
            Self::Word(..) => 0,
            Self::Open => 1,
            Self::Number(_) => 2,
        };
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => digits::compare(a, b),
            (Self::Word(a, a_own), Self::Word(b, b_own)) => a.cmp(b).then_with(|| a_own.cmp(b_own)),
            (a, b) => rank(a).cmp(&rank(b)),
        }
    }
}

impl<'a> Maven<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        let mut row = Row::default();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let digit = first.is_ascii_digit();
            let end = rest
                .find(|c: char| matches!(c, '.' | '-') || c.is_ascii_digit() != digit)
                .unwrap_or(rest.len());
            let (piece, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let next = tail.bytes().next();
            let joined = next.is_some_and(|b| !matches!(b, b'.' | b'-'));
            if piece.is_empty() {
                row.push(Item::Number(&[]));
            } else if digit {
                row.push(Item::Number(piece.as_bytes()));
            } else {
                row.word(Word::new(piece, joined), joined || next.is_none());
            }
            if joined || next == Some(b'-') {
                row.open();
            }
            rest = if joined { tail } else { tail.get(1..).unwrap_or_default() };
        }
        Self(row.normalised())
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (self.0.iter(), other.0.iter());
        loop {
            let order = match (a.next(), b.next()) {
                (None, None) => return Ordering::Equal,
                (Some(x), Some(y)) => x.compare(y),
                (Some(x), None) => x.compare_to_nothing(),
                (None, Some(y)) => y.compare_to_nothing().reverse(),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
    }
}

/// The lists of a version, outermost first.
struct Row<'a>(Vec<Vec<Item<'a>>>);

impl Default for Row<'_> {
    fn default() -> Self {
        Self(vec![Vec::new()])
    }
}

impl<'a> Row<'a> {
    fn push(&mut self, item: Item<'a>) {
        if let Some(list) = self.0.last_mut() {
            list.push(item);
        }
    }

    fn word(&mut self, word: Word<'a>, own_list: bool) {
        // ".X" is "-X", so that 1.0.0.RC1 and 1.0.0-RC1 are one version.
        let after_items = self.0.last().is_some_and(|list| !list.is_empty());
        if after_items || self.0.len() == 1 {
            self.open();
        }
        self.push(Item::Word(word, own_list || !after_items));
    }

    fn open(&mut self) {
        self.0.push(Vec::new());
    }

    fn normalised(mut self) -> Vec<Item<'a>> {
        for list in &mut self.0 {
            while list.last().is_some_and(Item::is_null) {
                list.pop();
            }
        }
        while self.0.last().is_some_and(Vec::is_empty) {
            self.0.pop();
        }
        let mut row = Vec::with_capacity(self.0.iter().map(|list| list.len() + 1).sum());
        let mut opened = 0;
        for (depth, list) in self.0.into_iter().enumerate() {
            opened += usize::from(depth > 0);
            if let Some(first) = list.first() {
                // Lists that hold nothing but the list of a word are that list.
                let counted = if matches!(first, Item::Word(..)) { opened.min(1) } else { opened };
                row.extend(std::iter::repeat_n(Item::Open, counted));
                opened = 0;
            }
            row.extend(list);
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(a: &str, b: &str) -> Ordering {
        Maven::parse(a).compare(&Maven::parse(b))
    }

    #[test]
    fn the_order_of_the_reference() {
        let ascending = [
            "1-alpha",
            "1-beta",
            "1-milestone",
            "1-rc",
            "1-snapshot",
            "1",
            "1-sp",
            "1-abc",
            "1-xyz",
            "1-1",
            "1-2",
            "1.1",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
    }

    #[test]
    fn spellings_of_one_version() {
        for (a, b) in [
            ("1", "1.0.0"),
            ("1", "1-ga"),
            ("1", "1.0.Final"),
            ("1.0.0.RC1", "1.0.0-cr1"),
            ("1a1", "1-ALPHA-1"),
            ("1.0.0.M2", "1-milestone-2"),
        ] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
    }
}
