//! Exceptions: findings that somebody has looked at and decided to live with, for a while.

use std::fmt;
use std::str::FromStr;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::wildcard;

/// Sets findings aside: all that have this vulnerability, in such a package, in such a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exception {
    /// The vulnerability by any of its names, as a pattern: `CVE-2021-44228`, `GHSA-*`. Letter case does not
    /// matter.
    pub vulnerability: String,
    /// The package's name, as a pattern.
    #[serde(default = "anything", skip_serializing_if = "is_anything")]
    pub package: String,
    /// The repository, as a pattern.
    #[serde(default = "anything", skip_serializing_if = "is_anything")]
    pub repository: String,
    /// Why this is acceptable. It is told with every verdict that the exception changes.
    pub reason: String,
    /// When it ends; without, never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Expiry>,
}

fn anything() -> String {
    "*".to_owned()
}

fn is_anything(pattern: &String) -> bool {
    pattern == "*"
}

impl Exception {
    /// Whether it speaks of this repository.
    pub(crate) fn is_for(&self, repository: &str) -> bool {
        wildcard::fits(&self.repository, repository)
    }
}

/// The moment an exception ends. Written as a moment (`2026-12-31T12:00:00Z`), or as the last day on which it holds
/// (`2026-12-31`, to the end of that day in UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Expiry(Timestamp);

impl Expiry {
    /// Ends at this moment.
    pub fn at(end: Timestamp) -> Self {
        Self(end)
    }

    /// Whether it is over.
    pub fn is_over(self, now: Timestamp) -> bool {
        now >= self.0
    }
}

/// Text that is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a date (2026-12-31) nor a time (2026-12-31T12:00:00Z)")]
pub struct BadExpiry(String);

impl FromStr for Expiry {
    type Err = BadExpiry;

    fn from_str(text: &str) -> Result<Self, BadExpiry> {
        if let Ok(moment) = text.parse() {
            return Ok(Self(moment));
        }
        let last_day: Result<Date, _> = text.parse();
        let end = last_day.and_then(Date::tomorrow).and_then(|next| next.to_zoned(TimeZone::UTC));
        end.map(|end| Self(end.timestamp())).map_err(|_| BadExpiry(text.chars().take(60).collect()))
    }
}

impl TryFrom<String> for Expiry {
    type Error = BadExpiry;

    fn try_from(text: String) -> Result<Self, BadExpiry> {
        text.parse()
    }
}

impl From<Expiry> for String {
    fn from(expiry: Expiry) -> Self {
        expiry.to_string()
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_holds_to_its_end() {
        let expiry: Expiry = "2026-12-31".parse().unwrap();
        assert!(!expiry.is_over("2026-12-31T23:59:59Z".parse().unwrap()));
        assert!(expiry.is_over("2027-01-01T00:00:00Z".parse().unwrap()));
        assert_eq!("2026-12-31T12:00:00Z".parse::<Expiry>().unwrap().to_string(), "2026-12-31T12:00:00Z");
        for bad in ["", "soon", "2026-13-01", "9999-12-31"] {
            assert!(bad.parse::<Expiry>().is_err(), "{bad}");
        }
    }
}
