//! Entries of `affected`, as feeds that know one fix for one package write them.

use crate::{
    State,
    osv::{Affected, Event, Package, Range, Str},
};

/// Every version before `fixed` is affected.
pub(crate) fn before(ecosystem: &str, name: &str, fixed: &str) -> Affected<'static> {
    between(ecosystem, name, "0", fixed)
}

/// The versions from `introduced` on and before `fixed` are affected.
pub(crate) fn between(ecosystem: &str, name: &str, introduced: &str, fixed: &str) -> Affected<'static> {
    let fixed = Event { fixed: Some(fixed.to_owned().into()), ..Event::default() };
    entry(ecosystem, name, vec![range([since(introduced), fixed])])
}

/// Every version is affected, as far as the feed knows.
pub(crate) fn always(ecosystem: &str, name: &str) -> Affected<'static> {
    entry(ecosystem, name, vec![range([since("0")])])
}

/// No version is affected: the publisher has looked.
pub(crate) fn never(ecosystem: &str, name: &str) -> Affected<'static> {
    Affected { state: Some(State::NotAffected), ..entry(ecosystem, name, Vec::new()) }
}

/// The first affected version.
pub(crate) fn since(introduced: &str) -> Event<'static> {
    Event { introduced: Some(introduced.to_owned().into()), ..Event::default() }
}

/// A range of the ecosystem's own order.
pub(crate) fn range(events: impl IntoIterator<Item = Event<'static>>) -> Range<'static> {
    Range { kind: "ECOSYSTEM".into(), repo: None, events: events.into_iter().collect() }
}

/// An entry with these ranges.
pub(crate) fn entry(ecosystem: &str, name: &str, ranges: Vec<Range<'static>>) -> Affected<'static> {
    let owned = |text: &str| Str::from(text.to_owned());
    let package = Package { ecosystem: owned(ecosystem), name: owned(name), purl: None };
    Affected { package: Some(package), ranges, ..Affected::default() }
}

/// What a record about one flaw bears besides `upstream`: a flaw without a CVE is known by its own name alone.
pub(crate) fn aliases(flaw: &str) -> Vec<Str<'static>> {
    if flaw.starts_with("CVE-") { Vec::new() } else { vec![flaw.to_owned().into()] }
}
