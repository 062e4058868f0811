//! What distributions say most: this package is fixed in that version.

use super::entry::{entry, owned, package, range};
use crate::{
    State,
    osv::{Affected, Event, Range, Str},
};

/// Every version before `fixed` is affected.
pub(crate) fn before(fixed: &str) -> Range<'static> {
    between("0", fixed)
}

/// The versions from `introduced` on and before `fixed` are affected.
pub(crate) fn between(introduced: &str, fixed: &str) -> Range<'static> {
    let fixed = Event { fixed: Some(owned(fixed)), ..Event::default() };
    range(vec![since(introduced), fixed])
}

/// The first affected version.
pub(crate) fn since(introduced: &str) -> Event<'static> {
    Event { introduced: Some(owned(introduced)), ..Event::default() }
}

/// An entry with these ranges: a version is affected if it lies in one of them.
///
/// A flaw that was fixed several times has a range for each fix; together they reach up to the highest.
pub(crate) fn within(
    ecosystem: &str,
    name: &str,
    ranges: impl IntoIterator<Item = Range<'static>>,
) -> Affected<'static> {
    let ranges = ranges.into_iter().collect();
    Affected { package: Some(package(ecosystem, name)), ranges, ..Affected::default() }
}

/// No version is affected: the publisher has looked.
pub(crate) fn never(ecosystem: &str, name: &str) -> Affected<'static> {
    entry(ecosystem, name, None, Some(State::NotAffected))
}

/// What a record about one flaw bears besides `upstream`: a flaw without a CVE is known by its own name alone.
pub(crate) fn aliases(flaw: &str) -> Vec<Str<'static>> {
    if flaw.starts_with("CVE-") { Vec::new() } else { vec![owned(flaw)] }
}
