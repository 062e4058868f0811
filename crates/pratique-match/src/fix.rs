//! Which version to go to.
//!
//! A vulnerability is cleared when none of its records covers the new version, so the highest of their fixes is
//! tried and then moved up past whatever still covers it. Records disagree, and what they do not say counts as
//! follows:
//!
//! * A record that knows no end at all (`introduced: 0` and nothing after it) says that nobody told its
//!   publisher of a fix, not that there is none: where another record of the same flaw names one, that one
//!   stands. A distribution's tracker entry stays open beside the advisory that shipped the fix, and curated
//!   databases go stale.
//! * A record that does know an end, and whose end lies above that fix (`last_affected`, a list of versions),
//!   contradicts it. Then no version is known to be clear, and none is named.

use pratique_advisory::{Affected, Event};
use pratique_version::{Scheme, compare};

use crate::judge::{Installed, Verdict, judge_listed};

/// One entry of a record about the package, with the order of its versions.
pub(crate) type Entry<'db> = (Affected<'db>, Scheme);

/// The lowest version that clears all `entries`, at or above each of `fixes`: what each record that affects the
/// installed version calls fixed.
pub(crate) fn clearing<'f, 'db: 'f>(
    fixes: impl Iterator<Item = (&'f str, Scheme)>,
    entries: &(impl Iterator<Item = &'f Entry<'db>> + Clone),
) -> Option<String> {
    let mut best = String::new();
    for (fix, scheme) in fixes {
        if best.is_empty() || is_below(scheme, &best, fix) {
            fix.clone_into(&mut best);
        }
    }
    if best.is_empty() {
        return None;
    }
    // Each step goes to a higher one of finitely many fixes.
    loop {
        let mut next: Option<String> = None;
        for (affected, scheme) in entries.clone() {
            let mut version = Installed::new(&best, *scheme);
            match judge_listed(&mut version, affected.versions().contains(&best), affected) {
                Verdict::Affected { fixed: Some(fix), .. } => {
                    let reached = next.as_deref().unwrap_or(&best);
                    if is_below(*scheme, reached, &fix) {
                        next = Some(fix);
                    }
                }
                Verdict::Affected { fixed: None, .. } if knows_an_end(affected) => return None,
                _ => {}
            }
        }
        match next {
            Some(higher) => best = higher,
            None => return Some(best),
        }
    }
}

fn is_below(scheme: Scheme, a: &str, b: &str) -> bool {
    compare(scheme, a, b).is_ok_and(std::cmp::Ordering::is_lt)
}

fn knows_an_end(affected: &Affected<'_>) -> bool {
    let mut events = affected.ranges().flat_map(|range| range.events).peekable();
    events.peek().is_none() || events.any(|event| !matches!(event, Event::Introduced(_)))
}
