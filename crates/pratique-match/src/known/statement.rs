//! What one record says of one package, as it was published.

use pratique_advisory::{Affected, Database, Error, Event, Filed, Informational, RangeKind, State};
use serde::Serialize;

use crate::{Rating, lookup::Shelf, severity};

/// What one record says of one package.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// The record.
    pub record: String,
    /// Where it is filed, as OSV names it: `Debian:12`.
    pub ecosystem: String,
    /// Under which name.
    pub package: String,
    /// How versions are ordered there; `None` where they have no order.
    pub ordering: Option<&'static str>,
    /// The ranges, as published.
    pub ranges: Vec<RangeRow>,
    /// Versions that it lists one by one, in the order of their bytes.
    pub versions: Vec<String>,
    /// Severities that it states for this package alone.
    pub severities: Vec<Rating>,
    /// What the publisher says about a fix beyond the ranges: `end-of-life`, `will-not-fix`, …
    #[serde(skip_serializing_if = "is_unstated")]
    pub state: State,
    /// Set if it is not a vulnerability but a notice: `unmaintained`, `unsound`, `notice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub informational: Option<Informational>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_unstated(state: &State) -> bool {
    *state == State::Unstated
}

/// One range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RangeRow {
    /// `SEMVER` or `ECOSYSTEM`, as in the OSV schema.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its events, in the record's order.
    pub events: Vec<EventRow>,
}

/// One event, as in the OSV schema: `{"fixed": "1.2"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventRow {
    /// The first affected version; `0` is before all.
    Introduced(String),
    /// The first that is not affected any more.
    Fixed(String),
    /// The last that is affected.
    LastAffected(String),
    /// Where the range ends, whatever else it says.
    Limit(String),
}

impl From<Event<'_>> for EventRow {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Introduced(version) => Self::Introduced(version.to_owned()),
            Event::Fixed(version) => Self::Fixed(version.to_owned()),
            Event::LastAffected(version) => Self::LastAffected(version.to_owned()),
            Event::Limit(version) => Self::Limit(version.to_owned()),
        }
    }
}

impl RangeRow {
    /// The range in a line, intervals as people write them: `1.0 <= v < 1.2, 2.0 <= v`.
    ///
    /// Read in the record's order. Where that is not a chain of intervals the events are listed as they are.
    pub fn sentence(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut open: Option<&str> = None;
        let from = |start: &str| if start == "0" { String::new() } else { format!("{start} <= ") };
        for event in &self.events {
            match (event, open) {
                (EventRow::Introduced(version), None) => open = Some(version),
                (EventRow::Fixed(version), Some(start)) => {
                    parts.push(format!("{}v < {version}", from(start)));
                    open = None;
                }
                (EventRow::LastAffected(version), Some(start)) => {
                    parts.push(format!("{}v <= {version}", from(start)));
                    open = None;
                }
                _ => return self.listed(),
            }
        }
        match open {
            Some("0") => parts.push("every version".into()),
            Some(start) => parts.push(format!("{start} <= v")),
            None => {}
        }
        parts.join(", ")
    }

    fn listed(&self) -> String {
        let words = self.events.iter().map(|event| match event {
            EventRow::Introduced(version) => format!("introduced {version}"),
            EventRow::Fixed(version) => format!("fixed {version}"),
            EventRow::LastAffected(version) => format!("last affected {version}"),
            EventRow::Limit(version) => format!("limit {version}"),
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

impl Statement {
    pub(super) fn new(
        database: &Database,
        (ecosystem, package): (&str, &str),
        affected: &Affected<'_>,
    ) -> Result<Self, Error> {
        let record = database.record_of(affected)?.id().to_owned();
        let ranges = affected.ranges().map(|range| RangeRow {
            kind: match range.kind {
                RangeKind::Semver => "SEMVER",
                RangeKind::Ecosystem => "ECOSYSTEM",
            },
            events: range.events.map(EventRow::from).collect(),
        });
        Ok(Self {
            severities: severity::stated_for_package(affected, &record)?,
            record,
            ecosystem: ecosystem.to_owned(),
            package: package.to_owned(),
            ordering: Shelf::named(ecosystem, database).map(|shelf| shelf.scheme.name()),
            ranges: ranges.collect(),
            versions: affected.versions().iter().map(str::to_owned).collect(),
            state: affected.state(),
            informational: affected.informational(),
        })
    }

    /// All that is filed of one package, one statement an entry.
    pub(super) fn all(database: &Database, filed: &Filed<'_>) -> Result<Vec<Self>, Error> {
        let key = (&*filed.key.ecosystem, &*filed.key.name);
        filed.entries.iter().map(|affected| Self::new(database, key, affected)).collect()
    }

    /// The versions that it calls fixed, in the record's order.
    pub fn fixes(&self) -> impl Iterator<Item = &str> {
        self.ranges.iter().flat_map(|range| &range.events).filter_map(|event| match event {
            EventRow::Fixed(version) => Some(version.as_str()),
            _ => None,
        })
    }

    /// The ranges in a line; the number of listed versions where there are none.
    pub fn sentence(&self) -> String {
        if self.ranges.is_empty() {
            return match self.versions.as_slice() {
                [] => "no version".into(),
                [only] => format!("{only} alone"),
                all => format!("{} listed versions", all.len()),
            };
        }
        let ranges: Vec<_> = self.ranges.iter().map(RangeRow::sentence).collect();
        ranges.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::{EventRow::*, RangeRow};

    #[test]
    fn ranges_are_written_as_intervals() {
        let range =
            |events: &[super::EventRow]| RangeRow { kind: "SEMVER", events: events.to_vec() }.sentence();
        let at = |version: &str| version.to_owned();
        assert_eq!(range(&[Introduced(at("0")), Fixed(at("1.2"))]), "v < 1.2");
        assert_eq!(range(&[Introduced(at("0"))]), "every version");
        assert_eq!(
            range(&[Introduced(at("1")), LastAffected(at("2")), Introduced(at("3"))]),
            "1 <= v <= 2, 3 <= v"
        );
        assert_eq!(range(&[Fixed(at("1")), Introduced(at("0"))]), "fixed 1, introduced 0");
        assert_eq!(range(&[Introduced(at("0")), Limit(at("2"))]), "introduced 0, limit 2");
    }
}
