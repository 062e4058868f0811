//! Every scheme is a total order, and no string makes it panic.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::cmp::Ordering;

use pratique_version::{Parsed, Scheme, Version, compare};
use proptest::prelude::*;

/// What versions are made of; short, so that generated ones often share their beginnings.
const ATOMS: [&str; 44] = [
    "0", "1", "2", "10", "01", "00", "100", "1.0", "1.2.3", "2021", ".", ".", ".", "-", "-", "_", "+", "~",
    "^", ":", "1:", "!", "a", "b", "p", "r", "v", "x", "rc", "alpha", "beta", "pre", "dev", "post", "final",
    "sp", "snapshot", "foo", "A", "RC", "-r1", "_p", "_alpha", "*",
];

fn version_like() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&ATOMS[..]), 1..8).prop_map(|atoms| atoms.concat())
}

/// A version that begins with a number, so that every scheme takes most of them.
fn numbered() -> impl Strategy<Value = String> {
    (
        prop::sample::select(&["0", "1", "1.0", "2", "10"][..]),
        prop_oneof![Just(String::new()), version_like()],
    )
        .prop_map(|(number, rest)| format!("{number}{rest}"))
}

/// pacman's order is total among versions that all have a release, see the scheme's documentation.
fn fit(scheme: Scheme, version: String) -> String {
    if scheme == Scheme::Alpm { format!("{version}-1") } else { version }
}

fn check_triple(scheme: Scheme, versions: [String; 3]) -> Result<(), TestCaseError> {
    let versions = versions.map(|version| fit(scheme, version));
    let [Ok(a), Ok(b), Ok(c)] = versions.each_ref().map(|version| Parsed::parse(scheme, version)) else {
        return Ok(());
    };
    let order = |a: &Parsed<'_>, b: &Parsed<'_>| a.compare(b).unwrap();
    for version in [&a, &b, &c] {
        prop_assert_eq!(order(version, version), Ordering::Equal, "{} {:?}", scheme, version.as_str());
    }
    for (x, y) in [(&a, &b), (&b, &c), (&a, &c)] {
        prop_assert_eq!(order(x, y), order(y, x).reverse(), "{} {:?} {:?}", scheme, x.as_str(), y.as_str());
    }
    let mut sorted = [&a, &b, &c];
    for (i, j) in [(0, 1), (1, 2), (0, 1)] {
        if order(sorted[i], sorted[j]).is_gt() {
            sorted.swap(i, j);
        }
    }
    let [low, middle, high] = sorted;
    let expected = order(low, middle).then(order(middle, high));
    prop_assert!(
        order(low, middle).is_le() && order(middle, high).is_le() && order(low, high) == expected,
        "{scheme}: {:?} {:?} {:?}: {:?} {:?} but {:?}",
        low.as_str(),
        middle.as_str(),
        high.as_str(),
        order(low, middle),
        order(middle, high),
        order(low, high)
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn orders_are_total(versions in prop::array::uniform3(numbered())) {
        for &scheme in Scheme::ALL {
            check_triple(scheme, versions.clone())?;
        }
    }

    #[test]
    fn orders_are_total_for_odd_strings(versions in prop::array::uniform3(version_like())) {
        for &scheme in Scheme::ALL {
            check_triple(scheme, versions.clone())?;
        }
    }

    #[test]
    fn nothing_panics(a in ".{0,40}", b in ".{0,40}") {
        for &scheme in Scheme::ALL {
            let there = compare(scheme, &a, &b);
            if let Ok(order) = there {
                prop_assert_eq!(compare(scheme, &b, &a), Ok(order.reverse()));
            }
            if let Ok(version) = Version::parse(scheme, &a) {
                prop_assert_eq!(version.as_str(), a.as_str());
                prop_assert_eq!(version.cmp_same_scheme(&version), Some(Ordering::Equal));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_requirement_panics(requirement in "[0-9a-zx*.<>=~^!|, \\[\\]()+-]{0,30}", version in "[0-9a-z.+-]{0,12}") {
        for &scheme in Scheme::ALL {
            if let Ok(requirement) = pratique_version::range::native::Requirement::parse(scheme, &requirement) {
                let _ = requirement.contains(&version);
            }
        }
    }

    #[test]
    fn a_package_url_reads_what_it_writes(text in "pkg:[a-z]{1,4}/[ -~é]{1,30}") {
        if let Ok(purl) = pratique_version::purl::PackageUrl::parse(&text) {
            let again = pratique_version::purl::PackageUrl::parse(&purl.to_string());
            prop_assert_eq!(again, Ok(purl));
        }
    }
}

/// Real versions, by the file of comparisons that they stand in.
const REAL: [(&str, Scheme); 20] = [
    ("alpine", Scheme::Apk),
    ("alpm", Scheme::Alpm),
    ("cargo", Scheme::Cargo),
    ("conan", Scheme::Conan),
    ("cran", Scheme::Cran),
    ("debian", Scheme::Debian),
    ("gentoo", Scheme::Gentoo),
    ("go", Scheme::Go),
    ("hackage", Scheme::Hackage),
    ("hex", Scheme::Hex),
    ("maven", Scheme::Maven),
    ("npm", Scheme::Npm),
    ("nuget", Scheme::NuGet),
    ("openssl", Scheme::OpenSsl),
    ("packagist", Scheme::Composer),
    ("pub", Scheme::Pub),
    ("pypi", Scheme::Pep440),
    ("redhat", Scheme::Rpm),
    ("rubygems", Scheme::RubyGems),
    ("semver", Scheme::Semver),
];

/// Versions of one file that are compared each with each: as many pairs as are checked in a moment.
const MOST: usize = 300;

#[test]
fn real_versions_have_one_order() {
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("PRATIQUE_SHARED")
        .map_or_else(|| beside.join("../../../shared"), std::path::PathBuf::from);
    for (file, scheme) in REAL {
        let mut versions = std::collections::BTreeSet::new();
        for folder in [beside.join("testdata/versions"), shared.join("fixtures/versions")] {
            let text = std::fs::read_to_string(folder.join(file).with_extension("txt")).unwrap_or_default();
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                versions.extend(
                    line.split(' ').filter(|word| !matches!(*word, "<" | "=" | ">" | "")).map(str::to_owned),
                );
            }
        }
        let step = versions.len().div_ceil(MOST).max(1);
        let versions: Vec<String> =
            versions.into_iter().step_by(step).map(|version| fit(scheme, version)).collect();
        let mut parsed: Vec<_> =
            versions.iter().filter_map(|version| Parsed::parse(scheme, version).ok()).collect();
        assert!(parsed.len() > 5, "{file}");
        // If each version of a sorted list is at most as great as all that follow, and equal ones lie together, the
        // order is total and transitive on them.
        parsed.sort_by(|a, b| a.compare(b).unwrap());
        for (at, low) in parsed.iter().enumerate() {
            let mut greater = false;
            for high in &parsed[at..] {
                let order = low.compare(high).unwrap();
                assert_eq!(order.reverse(), high.compare(low).unwrap(), "{scheme} {low:?} {high:?}");
                assert!(
                    order.is_le() && !(greater && order.is_eq()),
                    "{scheme} {:?} {:?}",
                    low.as_str(),
                    high.as_str()
                );
                greater |= order.is_lt();
            }
        }
    }
}
