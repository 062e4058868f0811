//! Whether a version lies in an advisory's ranges, and which events say so.
//!
//! Follows the OSV schema, "affected[].ranges[].events fields" and "Evaluation". The events of one range are a timeline:
//! sorted by version, each changes the state, and the last that lies at or below the version decides. Nothing is
//! sorted here: the greatest event that applies is found in one pass, so events may come in any order and nothing
//! is allocated.
//!
//! Traps: `introduced: "0"` is before every version, even `0~rc1`; `last_affected` still is affected; a `limit` ends
//! the range whatever else it says, and `*` is no limit. Where a range is fixed and introduced again at one version, the
//! state before that version stays: `[0, 2.0), [2.0, 2.11)` has no hole at 2.0, and `introduced 0.10`
//! with `fixed 0.10` is empty. Both occur in public records.

pub mod native;

use std::cmp::Ordering;

use crate::{InvalidVersion, Parsed, Scheme};

/// One entry of a range's timeline.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Event<'a> {
    /// From this version on it is affected; `0` is before every version.
    Introduced(&'a str),
    /// From this version on it is not affected.
    Fixed(&'a str),
    /// This is the last version that is affected.
    LastAffected(&'a str),
    /// The range ends before this version; `*` is no limit.
    Limit(&'a str),
}

/// Where a version stands with regard to a range, and the events that decided it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Position<'a> {
    /// In the range.
    Affected {
        /// The event that opened the interval.
        introduced: &'a str,
        /// The version that closes the interval, where the range names one.
        fixed: Option<&'a str>,
        /// The last version of the interval, where the range names that instead.
        last_affected: Option<&'a str>,
    },
    /// Past a fix.
    Fixed {
        /// The fix.
        by: &'a str,
    },
    /// Not in the range, and not by a fix.
    NotAffected(Outside<'a>),
    /// The range cannot tell.
    Unknown(Unknown),
}

impl Position<'_> {
    /// Whether the version is in the range.
    pub fn is_affected(&self) -> bool {
        matches!(self, Self::Affected { .. })
    }
}

/// Why a version is outside a range though no fix says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outside<'a> {
    /// It is older than everything the range introduces.
    BeforeIntroduced,
    /// It is newer than the last version known to be affected.
    AfterLastAffected(&'a str),
    /// The range ends at or before it.
    PastLimit,
}

/// Why a range cannot tell.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unknown {
    /// The version itself has no place in the order.
    #[error("the installed version cannot be compared: {0}")]
    Version(InvalidVersion),
    /// A version that the range names has no place in the order.
    #[error("an event of the range cannot be compared: {0}")]
    Event(InvalidVersion),
}

/// Where a version stands with regard to one range; reads the version first.
///
/// ```
/// use pratique_version::range::{Event, Position, evaluate};
/// use pratique_version::Scheme;
///
/// let events = [Event::Introduced("0"), Event::Fixed("2.34-1")];
/// assert_eq!(
///     evaluate(Scheme::Debian, "2.33-7", events),
///     Position::Affected { introduced: "0", fixed: Some("2.34-1"), last_affected: None },
/// );
/// assert_eq!(evaluate(Scheme::Debian, "2.34-1", events), Position::Fixed { by: "2.34-1" });
/// ```
pub fn evaluate<'a, I>(scheme: Scheme, version: &str, events: I) -> Position<'a>
where
    I: IntoIterator<Item = Event<'a>>,
    I::IntoIter: Clone,
{
    match Parsed::parse(scheme, version) {
        Ok(version) => locate(&version, events),
        Err(invalid) => Position::Unknown(Unknown::Version(invalid)),
    }
}

/// Where a version stands with regard to one range.
pub fn locate<'a, I>(version: &Parsed<'_>, events: I) -> Position<'a>
where
    I: IntoIterator<Item = Event<'a>>,
    I::IntoIter: Clone,
{
    let events = events.into_iter();
    match Timeline::read(version, events.clone()) {
        Ok(timeline) => timeline.position(&events),
        Err(invalid) => Position::Unknown(Unknown::Event(invalid)),
    }
}

/// The lowest fix above the installed version that no range of the package covers.
///
/// A fix on the installed version's own branch is the lowest above it; where ranges overlap, the lowest may still lie in
/// another range, so fixes are tried upwards until one is clear of all. `None` when there is none, or when
/// an event does not parse.
pub fn lowest_fix<'a, R, I>(installed: &Parsed<'_>, ranges: R) -> Option<&'a str>
where
    R: IntoIterator<Item = I>,
    R::IntoIter: Clone,
    I: IntoIterator<Item = Event<'a>>,
    I::IntoIter: Clone,
{
    let ranges = ranges.into_iter();
    let scheme = installed.scheme();
    let mut above = installed.clone();
    loop {
        let mut lowest: Option<Parsed<'a>> = None;
        for event in ranges.clone().flatten() {
            let Event::Fixed(text) = event else { continue };
            let fix = Parsed::parse(scheme, text).ok()?;
            if fix.compare_form(&above).is_gt()
                && lowest.as_ref().is_none_or(|low| fix.compare_form(low).is_lt())
            {
                lowest = Some(fix);
            }
        }
        let fix = lowest?;
        let mut clear = true;
        for range in ranges.clone() {
            match locate(&fix, range) {
                Position::Affected { .. } => clear = false,
                Position::Unknown(_) => return None,
                Position::Fixed { .. } | Position::NotAffected(_) => {}
            }
        }
        if clear {
            return Some(fix.as_str());
        }
        above = fix;
    }
}

/// A place in the order of versions: `introduced: "0"` is before all of them.
#[derive(Clone)]
enum Place<'a> {
    Zero,
    At(Parsed<'a>),
}

impl<'a> Place<'a> {
    fn introduced(scheme: Scheme, text: &'a str) -> Result<Self, InvalidVersion> {
        if text == "0" { Ok(Self::Zero) } else { Parsed::parse(scheme, text).map(Self::At) }
    }

    fn text(&self) -> &'a str {
        match self {
            Self::Zero => "0",
            Self::At(version) => version.as_str(),
        }
    }

    fn compare(&self, other: &Parsed<'_>) -> Ordering {
        match self {
            Self::Zero => Ordering::Less,
            Self::At(version) => version.compare_form(other),
        }
    }

    fn is_above(&self, other: Option<&Self>) -> bool {
        match (self, other) {
            (_, None) | (Self::At(_), Some(Self::Zero)) => true,
            (Self::Zero, Some(_)) => false,
            (Self::At(a), Some(Self::At(b))) => a.compare_form(b).is_gt(),
        }
    }
}

/// The events on either side of a version that matter.
struct Timeline<'a> {
    /// The greatest introduction at or below the version.
    introduced: Option<Place<'a>>,
    /// The greatest fix at or below it.
    fixed: Option<Parsed<'a>>,
    /// The greatest last affected version below it.
    last_affected: Option<Parsed<'a>>,
    /// The lowest fix above it.
    next_fixed: Option<Parsed<'a>>,
    /// The lowest last affected version at or above it.
    next_last: Option<Parsed<'a>>,
    limited: bool,
    within_a_limit: bool,
}

impl<'a> Timeline<'a> {
    fn read(version: &Parsed<'_>, events: impl Iterator<Item = Event<'a>>) -> Result<Self, InvalidVersion> {
        let scheme = version.scheme();
        let mut timeline = Self {
            introduced: None,
            fixed: None,
            last_affected: None,
            next_fixed: None,
            next_last: None,
            limited: false,
            within_a_limit: false,
        };
        for event in events {
            match event {
                Event::Introduced(text) => {
                    let place = Place::introduced(scheme, text)?;
                    if place.compare(version).is_le() && place.is_above(timeline.introduced.as_ref()) {
                        timeline.introduced = Some(place);
                    }
                }
                Event::Fixed(text) => {
                    let fix = Parsed::parse(scheme, text)?;
                    if fix.compare_form(version).is_le() {
                        keep_greatest(&mut timeline.fixed, fix);
                    } else {
                        keep_lowest(&mut timeline.next_fixed, fix);
                    }
                }
                Event::LastAffected(text) => {
                    let last = Parsed::parse(scheme, text)?;
                    if last.compare_form(version).is_lt() {
                        keep_greatest(&mut timeline.last_affected, last);
                    } else {
                        keep_lowest(&mut timeline.next_last, last);
                    }
                }
                Event::Limit(text) => {
                    timeline.limited = true;
                    timeline.within_a_limit |=
                        text.contains('*') || version.compare_form(&Parsed::parse(scheme, text)?).is_lt();
                }
            }
        }
        Ok(timeline)
    }

    fn position(self, events: &(impl Iterator<Item = Event<'a>> + Clone)) -> Position<'a> {
        if self.limited && !self.within_a_limit {
            return Position::NotAffected(Outside::PastLimit);
        }
        let Some(introduced) = &self.introduced else {
            return match &self.fixed {
                Some(fix) => Position::Fixed { by: fix.as_str() },
                None => Position::NotAffected(Outside::BeforeIntroduced),
            };
        };
        // A version that is the last affected one ends what was introduced at it or below.
        if let Some(last) = &self.last_affected
            && introduced.compare(last).is_le()
            && self.fixed.as_ref().is_none_or(|fix| fix.compare_form(last).is_le())
        {
            return Position::NotAffected(Outside::AfterLastAffected(last.as_str()));
        }
        if let Some(fix) = &self.fixed {
            match introduced.compare(fix) {
                Ordering::Less => return Position::Fixed { by: fix.as_str() },
                Ordering::Equal if !affected_below(fix, events) => {
                    return Position::Fixed { by: fix.as_str() };
                }
                Ordering::Equal | Ordering::Greater => {}
            }
        }
        let (fixed, last_affected) = match (&self.next_fixed, &self.next_last) {
            (Some(fix), Some(last)) if last.compare_form(fix).is_lt() => (None, Some(last.as_str())),
            (Some(fix), _) => (Some(fix.as_str()), None),
            (None, last) => (None, last.as_ref().map(Parsed::as_str)),
        };
        Position::Affected { introduced: introduced.text(), fixed, last_affected }
    }
}

/// Whether versions just below `bound` are affected, where `bound` is both introduced and fixed.
///
/// Such a version leaves the state as it was, so the search goes on below it until an event stands alone.
fn affected_below<'a>(bound: &Parsed<'a>, events: &(impl Iterator<Item = Event<'a>> + Clone)) -> bool {
    let mut bound = bound.clone();
    loop {
        let mut introduced: Option<Place<'a>> = None;
        let mut closed: Option<Parsed<'a>> = None;
        let mut by_fix = false;
        for event in events.clone() {
            match event {
                Event::Introduced(text) => {
                    if let Ok(place) = Place::introduced(bound.scheme(), text)
                        && place.compare(&bound).is_lt()
                        && place.is_above(introduced.as_ref())
                    {
                        introduced = Some(place);
                    }
                }
                Event::Fixed(text) | Event::LastAffected(text) => {
                    let is_fix = matches!(event, Event::Fixed(_));
                    if let Ok(end) = Parsed::parse(bound.scheme(), text)
                        && end.compare_form(&bound).is_lt()
                    {
                        match closed.as_ref().map(|greatest| end.compare_form(greatest)) {
                            None | Some(Ordering::Greater) => (closed, by_fix) = (Some(end), is_fix),
                            Some(Ordering::Equal) => by_fix &= is_fix,
                            Some(Ordering::Less) => {}
                        }
                    }
                }
                Event::Limit(_) => {}
            }
        }
        match (introduced, closed) {
            (None, _) => return false,
            (Some(_), None) => return true,
            (Some(introduced), Some(closed)) => match introduced.compare(&closed) {
                Ordering::Greater => return true,
                Ordering::Equal if by_fix => bound = closed,
                Ordering::Equal | Ordering::Less => return false,
            },
        }
    }
}

fn keep_greatest<'a>(slot: &mut Option<Parsed<'a>>, version: Parsed<'a>) {
    if slot.as_ref().is_none_or(|kept| version.compare_form(kept).is_gt()) {
        *slot = Some(version);
    }
}

fn keep_lowest<'a>(slot: &mut Option<Parsed<'a>>, version: Parsed<'a>) {
    if slot.as_ref().is_none_or(|kept| version.compare_form(kept).is_lt()) {
        *slot = Some(version);
    }
}

#[cfg(test)]
mod tests {
    use super::Event::{Fixed, Introduced, LastAffected, Limit};
    use super::*;

    fn semver(version: &str, events: &[Event<'static>]) -> Position<'static> {
        evaluate(Scheme::Semver, version, events.iter().copied())
    }

    fn affected(versions: &[&str], events: &[Event<'static>]) -> Vec<bool> {
        versions.iter().map(|version| semver(version, events).is_affected()).collect()
    }

    #[test]
    fn several_pairs_in_any_order() {
        let events = [Fixed("3.2.5"), Introduced("1.0.0"), Introduced("3.0.0"), Fixed("1.0.2")];
        assert_eq!(
            affected(
                &["0.9.0", "1.0.0", "1.0.1", "1.0.2", "2.9.9", "3.0.0", "3.2.4", "3.2.5", "4.0.0"],
                &events
            ),
            [false, true, true, false, false, true, true, false, false]
        );
        assert_eq!(
            semver("3.1.0", &events),
            Position::Affected { introduced: "3.0.0", fixed: Some("3.2.5"), last_affected: None }
        );
        assert_eq!(semver("2.0.0", &events), Position::Fixed { by: "1.0.2" });
        assert_eq!(semver("0.1.0", &events), Position::NotAffected(Outside::BeforeIntroduced));
    }

    #[test]
    fn zero_is_before_everything() {
        assert!(evaluate(Scheme::Debian, "0~~1", [Introduced("0")]).is_affected());
        assert!(semver("0.0.0-0", &[Introduced("0"), Fixed("1.0.0")]).is_affected());
        // A fix in version 0, as Alpine writes "never affected", closes what began before everything.
        assert_eq!(
            evaluate(Scheme::Apk, "1.2.3-r0", [Introduced("0"), Fixed("0")]),
            Position::Fixed { by: "0" }
        );
    }

    #[test]
    fn last_affected_is_affected() {
        let events = [Introduced("1.0.0"), LastAffected("2.0.0")];
        assert_eq!(affected(&["1.0.0", "2.0.0", "2.0.1"], &events), [true, true, false]);
        assert_eq!(
            semver("1.5.0", &events),
            Position::Affected { introduced: "1.0.0", fixed: None, last_affected: Some("2.0.0") }
        );
        assert_eq!(semver("2.0.1", &events), Position::NotAffected(Outside::AfterLastAffected("2.0.0")));
        // One version alone, and one such version after another range.
        assert_eq!(
            affected(
                &["6.19.0", "6.20.0", "6.21.0"],
                &[Introduced("6.20.0"), LastAffected("6.20.0"), Introduced("1.0.0"), LastAffected("2.0.0")]
            ),
            [false, true, false]
        );
    }

    #[test]
    fn limits() {
        let events = [Introduced("0"), Limit("2.0.0")];
        assert_eq!(affected(&["1.0.0", "2.0.0"], &events), [true, false]);
        assert_eq!(semver("2.0.0", &events), Position::NotAffected(Outside::PastLimit));
        assert!(semver("9.0.0", &[Introduced("0"), Limit("2.0.0"), Limit("*")]).is_affected());
    }

    #[test]
    fn fixed_and_introduced_at_one_version() {
        // PYSEC-2024-258 and BIT-apache-2021-42013: the second interval follows on the first.
        let chain = [Introduced("0"), Fixed("2.0.0"), Introduced("2.0.0"), Fixed("2.11.2")];
        assert_eq!(affected(&["1.0.0", "2.0.0", "2.5.0", "2.11.2"], &chain), [true, true, true, false]);
        // RUSTSEC-2022-0012: an interval that holds nothing.
        let empty = [Introduced("0.9.0"), Fixed("0.9.2"), Introduced("0.10.0"), Fixed("0.10.0")];
        assert_eq!(affected(&["0.9.1", "0.9.9", "0.10.0", "0.11.0"], &empty), [true, false, false, false]);
        assert_eq!(semver("0.10.0", &empty), Position::Fixed { by: "0.10.0" });
        // Two in a row.
        let twice =
            [Introduced("1.0.0"), Fixed("2.0.0"), Introduced("2.0.0"), Fixed("3.0.0"), Introduced("3.0.0")];
        assert_eq!(affected(&["0.1.0", "2.0.0", "3.0.0", "4.0.0"], &twice), [false, true, true, true]);
    }

    #[test]
    fn what_cannot_be_compared_is_unknown() {
        assert!(matches!(semver("latest", &[Introduced("0")]), Position::Unknown(Unknown::Version(_))));
        let unknown = semver("1.0.0", &[Introduced("0"), Fixed("soon")]);
        assert_eq!(
            match unknown {
                Position::Unknown(unknown) => unknown.to_string(),
                _ => String::new(),
            },
            "an event of the range cannot be compared: `soon` is not a semver version: it does not begin with a \
             number (at byte 0)."
        );
    }

    #[test]
    fn the_lowest_fix_clears_every_range() {
        let installed = Parsed::parse(Scheme::Semver, "1.1.0").unwrap();
        let branches: [&[Event<'_>]; 2] =
            [&[Introduced("1.0.0"), Fixed("1.2.3")], &[Introduced("2.0.0"), Fixed("2.0.1")]];
        let fix =
            |ranges: &[&[Event<'static>]]| lowest_fix(&installed, ranges.iter().map(|r| r.iter().copied()));
        assert_eq!(fix(&branches), Some("1.2.3"));
        assert_eq!(
            fix(&[&[Introduced("0"), Fixed("1.2.0")], &[Introduced("1.0.0"), Fixed("1.3.0")]]),
            Some("1.3.0")
        );
        assert_eq!(fix(&[&[Introduced("0"), Fixed("1.0.0")]]), None);
        assert_eq!(fix(&[&[Introduced("0"), LastAffected("1.5.0")]]), None);
    }
}
