//! Entries of records, as feeds state them.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::{State, osv};

/// What `modified` is where nothing tells it: never the time of the import, which would make each import differ.
pub(crate) const LONG_AGO: &str = "1970-01-01T00:00:00Z";

/// The entry of one package: affected from the first version to `fixed`, or without end. One that is
/// [`State::NotAffected`] has no range.
pub(crate) fn entry(
    ecosystem: &str,
    name: &str,
    fixed: Option<&str>,
    state: Option<State>,
) -> osv::Affected<'static> {
    let introduced = osv::Event { introduced: Some("0".into()), ..osv::Event::default() };
    let fixed = fixed.map(|version| osv::Event { fixed: Some(owned(version)), ..osv::Event::default() });
    let ranges = if state == Some(State::NotAffected) {
        Vec::new()
    } else {
        vec![range([introduced].into_iter().chain(fixed).collect())]
    };
    osv::Affected { package: Some(package(ecosystem, name)), ranges, state, ..osv::Affected::default() }
}

/// A range of the ecosystem's own order.
pub(crate) fn range(events: Vec<osv::Event<'static>>) -> osv::Range<'static> {
    osv::Range { kind: "ECOSYSTEM".into(), repo: None, events }
}

/// A package by its names.
pub(crate) fn package(ecosystem: &str, name: &str) -> osv::Package<'static> {
    osv::Package { ecosystem: owned(ecosystem), name: owned(name), purl: None }
}

/// A link.
pub(crate) fn reference(kind: &'static str, url: impl Into<String>) -> osv::Reference<'static> {
    osv::Reference { kind: kind.into(), url: url.into().into() }
}

/// Text of its own.
pub(crate) fn owned(text: &str) -> osv::Str<'static> {
    text.to_owned().into()
}

/// A time as publishers write it: RFC 3339, or without a zone and then of Greenwich, with a `T` or a blank, or the day
/// alone.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    // Longer texts are no times, and the parser need not look at them.
    let civil: DateTime = if text.len() <= 64 { text.parse().ok()? } else { return None };
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// The newest of some times, as records state it.
pub(crate) fn modified<'t>(times: impl IntoIterator<Item = &'t str>) -> osv::Str<'static> {
    let newest = times.into_iter().filter_map(time).max();
    newest.map_or_else(|| LONG_AGO.into(), |time| time.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_many_spellings() {
        for (text, meant) in [
            ("2024-08-05T10:11:12Z", "2024-08-05T10:11:12Z"),
            ("2024-08-05T10:11:12+02:00", "2024-08-05T08:11:12Z"),
            ("2025-02-06T16:37:20.173026", "2025-02-06T16:37:20.173026Z"),
            ("2025-03-26 02:44:10.025070", "2025-03-26T02:44:10.02507Z"),
            ("2025-02-05", "2025-02-05T00:00:00Z"),
        ] {
            assert_eq!(time(text).map(|time| time.to_string()).as_deref(), Some(meant), "{text}");
        }
        for text in ["", "yesterday", "2025-13-01", "9999999999"] {
            assert_eq!(time(text), None, "{text}");
        }
        assert_eq!(&*modified(["2025-02-05", "x", "2025-03-05"]), "2025-03-05T00:00:00Z");
        assert_eq!(&*modified([]), LONG_AGO);
    }
}
