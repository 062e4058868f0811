//! Versions, requirements and package URLs.

use std::cmp::Ordering;

use pratique_version::{
    Parsed, Scheme,
    purl::{MAX_PURL_BYTES, PackageUrl},
    range::{Event, evaluate, native::Requirement},
};

/// A package URL reads what it writes, and what it writes is canonical.
pub fn purl(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(purl) = PackageUrl::parse(text) else { return };
    let canonical = purl.to_string();
    // Percent signs can make it longer than what is read.
    if canonical.len() > MAX_PURL_BYTES {
        return;
    }
    let again = PackageUrl::parse(&canonical);
    assert_eq!(again.as_ref(), Ok(&purl), "{text:?} is written as {canonical:?}");
    assert_eq!(again.map(|again| again.to_string()), Ok(canonical));
}

/// Three lines as three versions of every scheme: an order that is one, and no panic. The first line is tried as a
/// requirement as well.
pub fn versions(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let mut lines = text.splitn(3, '\n');
    let (a, b, c) = (line(&mut lines), line(&mut lines), line(&mut lines));
    for &scheme in Scheme::ALL {
        if let Ok(requirement) = Requirement::parse(scheme, a) {
            let _ = requirement.contains(b);
        }
        let events = [Event::Introduced(b), Event::Fixed(c), Event::LastAffected(b), Event::Limit("*")];
        let _ = evaluate(scheme, a, events);
        check_order(scheme, [a, b, c]);
    }
}

fn line<'a>(lines: &mut impl Iterator<Item = &'a str>) -> &'a str {
    lines.next().unwrap_or_default()
}

fn check_order(scheme: Scheme, texts: [&str; 3]) {
    let parsed = texts.map(|text| Parsed::parse(scheme, text).ok());
    let order = |x: &Parsed<'_>, y: &Parsed<'_>| x.compare(y).expect("one scheme");
    for (x, y) in [(0, 0), (0, 1), (1, 2), (0, 2)] {
        if let (Some(x), Some(y)) = (&parsed[x], &parsed[y]) {
            assert_eq!(order(x, y), order(y, x).reverse(), "{scheme}: {:?} {:?}", x.as_str(), y.as_str());
        }
    }
    // pacman's order is total among versions that all have a release or all have none; see the scheme.
    let with_release = texts.iter().filter(|text| text.contains('-')).count();
    if scheme == Scheme::Alpm && !matches!(with_release, 0 | 3) {
        return;
    }
    let [Some(a), Some(b), Some(c)] = &parsed else { return };
    let mut sorted = [a, b, c];
    for (i, j) in [(0, 1), (1, 2), (0, 1)] {
        if order(sorted[i], sorted[j]) == Ordering::Greater {
            sorted.swap(i, j);
        }
    }
    let [low, middle, high] = sorted;
    let expected = order(low, middle).then(order(middle, high));
    assert!(
        order(low, middle).is_le() && order(middle, high).is_le() && order(low, high) == expected,
        "{scheme}: {:?} {:?} {:?} have no order",
        low.as_str(),
        middle.as_str(),
        high.as_str()
    );
}
