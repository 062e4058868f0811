//! Where a version is among the bytes of a program: a regular expression, or two with a gap between them.
//!
//! In a pattern `~1000~` stands for up to a thousand bytes of anything, as few as possible. `(?s:.){0,1000}?` would say
//! the same, and costs a search of a thousand states at every byte of a file in which the left side is frequent: seconds
//! for a megabyte that a stranger may have made. So both sides are searched on their own, and put together by their
//! places.

use regex::bytes::{Captures, Regex, RegexBuilder};

/// A pattern with one group, the version.
#[derive(Debug)]
pub(super) struct Pattern {
    left: Regex,
    /// What must follow, starting within so many bytes.
    right: Option<(usize, Regex)>,
    /// Whether it can only be found where the file begins.
    pub(super) at_start: bool,
}

impl Pattern {
    /// `None` when the text is no pattern.
    pub(super) fn of(text: &str) -> Option<Self> {
        let make = |text: &str| RegexBuilder::new(text).unicode(false).build().ok();
        let at_start = text.starts_with(r"\A");
        let mut parts = text.split('~');
        let left = make(parts.next()?)?;
        let right = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => None,
            (Some(gap), Some(right), None) => Some((gap.parse().ok()?, make(right)?)),
            _ => return None,
        };
        Some(Self { left, right, at_start })
    }

    /// How many groups it has.
    #[cfg(test)]
    pub(super) fn groups(&self) -> usize {
        let right = self.right.as_ref().map_or(0, |(_, right)| right.captures_len() - 1);
        self.left.captures_len() - 1 + right
    }

    /// The first version that `believe` takes, of a match that starts in the first `starts` of `bytes`.
    pub(super) fn version<'b>(
        &self,
        bytes: &'b [u8],
        starts: usize,
        believe: impl Fn(&[u8]) -> bool,
    ) -> Option<&'b [u8]> {
        let Some((gap, right)) = &self.right else {
            let all = self.left.captures_iter(bytes);
            let mut all = all.map_while(|captures| version(&captures).filter(|found| found.start < starts));
            return all.find(|found| believe(found.version)).map(|found| found.version);
        };
        // The end of one match may be the start of the next: `\x001.2.3\x001.2.4\x00`.
        let mut rights = matches(right, bytes).peekable();
        for left in matches(&self.left, bytes).take_while(|left| left.start < starts) {
            while rights.next_if(|right| right.start < left.end).is_some() {}
            let Some(right) = rights.peek() else { break };
            if right.start - left.end > *gap {
                continue;
            }
            let version = if self.left.captures_len() > 1 { left.version } else { right.version };
            if believe(version) {
                return Some(version);
            }
        }
        None
    }
}

/// A match, and the version in it; empty where the pattern has no group.
struct Found<'b> {
    start: usize,
    end: usize,
    version: &'b [u8],
}

fn version<'b>(captures: &Captures<'b>) -> Option<Found<'b>> {
    let whole = captures.get(0)?;
    let version = captures.get(1).map(|group| group.as_bytes()).unwrap_or_default();
    Some(Found { start: whole.start(), end: whole.end(), version })
}

/// All matches, also those that overlap.
fn matches<'b>(pattern: &Regex, bytes: &'b [u8]) -> impl Iterator<Item = Found<'b>> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let captures = if next <= bytes.len() { pattern.captures_at(bytes, next) } else { None };
        let found = version(&captures?)?;
        next = found.start + 1;
        Some(found)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_says_what_a_repetition_says() {
        let sides = [(r"\x00(\d\.\d)\x00", "mark|m "), ("(?:mark|m )", r"\x00(\d\.\d)\x00")];
        let pieces: [&[u8]; 7] = [b"\x001.2\x00", b"mark", b"m ", b"\x00", b"3.4\x00", b"xxxx", b"\x005.6"];
        let (mut seed, mut seen) = (1_u64, 0);
        for (left, right) in sides {
            let gapped = Pattern::of(&format!("{left}~6~{right}")).unwrap();
            let plain = Pattern::of(&format!("{left}(?s:.){{0,6}}?(?:{right})")).unwrap();
            for _ in 0..2000 {
                let mut bytes = Vec::new();
                for _ in 0..12 {
                    seed =
                        seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    bytes.extend_from_slice(pieces[(seed >> 33) as usize % pieces.len()]);
                }
                for starts in [10, bytes.len()] {
                    let found =
                        |pattern: &Pattern| pattern.version(&bytes, starts, |_| true).map(<[u8]>::to_vec);
                    assert_eq!(found(&gapped), found(&plain), "{bytes:?} {starts}");
                    seen += usize::from(found(&plain).is_some());
                }
            }
        }
        assert!(seen > 1000, "{seen}");
        assert!(Pattern::of("a~b~c").is_none() && Pattern::of("a~1~b~2~c").is_none());
    }
}
