//! `range::locate` and `range::lowest_fix` beside a naive evaluation that walks over all versions there are.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use pratique_version::range::{self, Event};
use pratique_version::{Parsed, Scheme};
use proptest::prelude::*;

/// Versions are small numbers, so that everything that can happen between two events happens.
const VERSIONS: u8 = 12;

/// How a number is written as a version of some schemes, in the same order.
fn spell(scheme: Scheme, number: u8) -> String {
    match scheme {
        Scheme::Debian => format!("1:{number}.0-1"),
        Scheme::Rpm => format!("1:{number}.0-1.el9"),
        Scheme::Apk => format!("{number}.0-r1"),
        Scheme::Pep440 => format!("{number}.0.post1"),
        Scheme::Maven => format!("{number}.0.Final"),
        Scheme::Go => format!("v{number}.0.0"),
        _ => format!("{number}.0.0"),
    }
}

const SCHEMES: [Scheme; 9] = [
    Scheme::Semver,
    Scheme::Npm,
    Scheme::Go,
    Scheme::Pep440,
    Scheme::Debian,
    Scheme::Rpm,
    Scheme::Apk,
    Scheme::Maven,
    Scheme::Generic,
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Bound {
    /// 0 stands for the beginning.
    Introduced(u8),
    Fixed(u8),
    Last(u8),
    Limit(u8),
}

fn bound() -> impl Strategy<Value = Bound> {
    prop_oneof![
        6 => (0..VERSIONS).prop_map(Bound::Introduced),
        5 => (1..VERSIONS).prop_map(Bound::Fixed),
        3 => (1..VERSIONS).prop_map(Bound::Last),
        1 => (1..VERSIONS).prop_map(Bound::Limit),
    ]
}

/// The specification's "Evaluation", with the whole line of versions walked along: a fix and an introduction at one
/// version leave the state as it was.
fn naive(version: u8, bounds: &[Bound]) -> bool {
    let limits: Vec<u8> = bounds
        .iter()
        .filter_map(|bound| if let Bound::Limit(at) = bound { Some(*at) } else { None })
        .collect();
    if !limits.is_empty() && !limits.iter().any(|limit| version < *limit) {
        return false;
    }
    let mut affected = bounds.contains(&Bound::Introduced(0));
    for at in 1..=version {
        match (bounds.contains(&Bound::Introduced(at)), bounds.contains(&Bound::Fixed(at))) {
            (true, false) => affected = true,
            (false, true) => affected = false,
            _ => {}
        }
        if at < version && bounds.contains(&Bound::Last(at)) {
            affected = false;
        }
    }
    affected
}

/// The bounds as events, spelt by a scheme.
fn spelt(scheme: Scheme, bounds: &[Bound]) -> Vec<(Bound, String)> {
    let text = |number| if number == 0 { "0".to_owned() } else { spell(scheme, number) };
    bounds
        .iter()
        .map(|bound| match *bound {
            Bound::Introduced(at) | Bound::Fixed(at) | Bound::Last(at) | Bound::Limit(at) => {
                (*bound, text(at))
            }
        })
        .collect()
}

fn events(spelt: &[(Bound, String)]) -> impl Iterator<Item = Event<'_>> + Clone {
    spelt.iter().map(|(bound, text)| match bound {
        Bound::Introduced(_) => Event::Introduced(text),
        Bound::Fixed(_) => Event::Fixed(text),
        Bound::Last(_) => Event::LastAffected(text),
        Bound::Limit(_) => Event::Limit(text),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ranges_are_what_a_walk_along_the_versions_says(
        bounds in prop::collection::vec(bound(), 1..8),
        scheme in prop::sample::select(&SCHEMES[..]),
    ) {
        let spelt = spelt(scheme, &bounds);
        for version in 1..=VERSIONS {
            let text = spell(scheme, version);
            let position = range::evaluate(scheme, &text, events(&spelt));
            prop_assert_eq!(position.is_affected(), naive(version, &bounds), "{} {}: {:?}", scheme, text, position);
        }
    }

    #[test]
    fn the_order_of_events_does_not_matter(
        bounds in prop::collection::vec(bound(), 1..8),
        shuffled in any::<prop::sample::Index>(),
        version in 1..=VERSIONS,
    ) {
        let there = spelt(Scheme::Semver, &bounds);
        let mut turned = there.clone();
        turned.rotate_left(shuffled.index(bounds.len()));
        turned.reverse();
        let text = spell(Scheme::Semver, version);
        let (a, b) = (
            range::evaluate(Scheme::Semver, &text, events(&there)),
            range::evaluate(Scheme::Semver, &text, events(&turned)),
        );
        prop_assert_eq!(a.is_affected(), b.is_affected(), "{:?} {:?}", a, b);
    }

    #[test]
    fn the_lowest_fix_is_a_fix_above_that_no_range_covers_and_the_lowest_such(
        ranges in prop::collection::vec(prop::collection::vec(bound(), 1..5), 1..4),
        version in 1..=VERSIONS,
    ) {
        let spelt: Vec<_> = ranges.iter().map(|bounds| spelt(Scheme::Semver, bounds)).collect();
        let text = spell(Scheme::Semver, version);
        let installed = Parsed::parse(Scheme::Semver, &text).unwrap();
        let found = range::lowest_fix(&installed, spelt.iter().map(|range| events(range)));
        let clear = |at: u8| !ranges.iter().any(|bounds| naive(at, bounds));
        let expected = (version + 1..=VERSIONS)
            .find(|at| ranges.iter().flatten().any(|bound| *bound == Bound::Fixed(*at)) && clear(*at));
        prop_assert_eq!(found.map(str::to_owned), expected.map(|at| spell(Scheme::Semver, at)));
    }
}
