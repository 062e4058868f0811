//! When a distribution's releases end.
//!
//! After its end nobody looks at a release any more: a flaw found later is in no advisory, and a scan that finds little says
//! little. So a release past its end is a gap in what was analysed, and said.
//!
//! The image's own word goes first: `SUPPORT_END` of os-release, which Fedora, openSUSE and others state. For Debian and
//! Ubuntu, which state none, there are the tables of distro-info-data (see `data/ORIGIN.md`). The end that counts is that of
//! free security support: for Debian with the years of its long-term support team (`eol-lts`); for Ubuntu without the years
//! that are for subscribers (`eol-esm`), which are named beside it.
//!
//! Today is the day the advisory database was made, and not the clock's: the same image and the same database give the same
//! report, whenever that is.

use pratique_advisory::Database;
use pratique_inventory::Distribution;

const DEBIAN: &str = include_str!("../data/debian.csv");
const UBUNTU: &str = include_str!("../data/ubuntu.csv");

/// What a scan of a release past its end has missed: a sentence.
pub(crate) fn past_its_end(distribution: &Distribution, database: &Database) -> Option<String> {
    // RFC 3339 in UTC begins with the day.
    let created = database.info().created.to_string();
    sentence(distribution, day(created.get(..10)?)?)
}

fn sentence(distribution: &Distribution, today: &str) -> Option<String> {
    let End { end, subscribers } = end_of(distribution)?;
    // Days of this form are in the order of their letters.
    if end >= today {
        return None;
    }
    let Distribution { id, version, name, .. } = distribution;
    let named = if name.is_empty() { format!("{id} {version}") } else { name.clone() };
    let fixed = match subscribers {
        Some(until) if until >= today => format!("; subscribers get fixes until {until}"),
        _ => String::new(),
    };
    Some(format!(
        "flaws that became known after {end} in the packages of {named}: the release has had no security support since \
         then, and no advisory says whether it has them{fixed}"
    ))
}

#[derive(Debug, PartialEq, Eq)]
struct End<'a> {
    end: &'a str,
    /// Until when those who pay get fixes.
    subscribers: Option<&'a str>,
}

fn end_of(distribution: &Distribution) -> Option<End<'_>> {
    if let Some(end) = distribution.support_end.as_deref().and_then(day) {
        return Some(End { end, subscribers: None });
    }
    match distribution.id.as_str() {
        "debian" => {
            let major = distribution.version.split('.').next().filter(|major| !major.is_empty())?;
            // Releases before 7 were numbered `6.0`.
            let is_it = |version: &str| version.strip_suffix(".0").unwrap_or(version) == major;
            let row = row(DEBIAN, is_it)?;
            Some(End { end: row.column("eol-lts").or(row.column("eol"))?, subscribers: None })
        }
        "ubuntu" => {
            let is_it =
                |version: &str| version.strip_suffix(" LTS").unwrap_or(version) == distribution.version;
            let row = row(UBUNTU, is_it)?;
            // Early releases were supported longer on servers.
            let end = row.column("eol").max(row.column("eol-server"))?;
            Some(End { end, subscribers: row.column("eol-esm") })
        }
        _ => None,
    }
}

/// A row of a table, which may be shorter than its head.
struct Row {
    head: &'static str,
    row: &'static str,
}

fn row(table: &'static str, is_it: impl Fn(&str) -> bool) -> Option<Row> {
    let (head, rows) = table.split_once('\n')?;
    let row = rows
        .lines()
        .find(|row| row.split(',').next().is_some_and(|version| !version.is_empty() && is_it(version)))?;
    Some(Row { head, row })
}

impl Row {
    fn column(&self, name: &str) -> Option<&'static str> {
        let place = self.head.split(',').position(|column| column.trim() == name)?;
        day(self.row.split(',').nth(place)?)
    }
}

/// A day, if that is what the text is: `2024-06-30`.
fn day(text: &str) -> Option<&str> {
    let text = text.trim();
    let shape = |(place, byte): (usize, u8)| {
        if matches!(place, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() }
    };
    (text.len() == 10 && text.bytes().enumerate().all(shape)).then_some(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn distribution(id: &str, version: &str) -> Distribution {
        Distribution { id: id.into(), version: version.into(), ..Distribution::default() }
    }

    #[test]
    fn ends_are_those_of_free_security_support() {
        for (id, version, end, subscribers) in [
            ("debian", "10", "2024-06-30", None),
            ("debian", "12.5", "2028-06-30", None),
            ("debian", "6", "2016-02-29", None),
            ("debian", "5", "2012-02-06", None),
            ("ubuntu", "18.04", "2023-05-31", Some("2028-04-26")),
            ("ubuntu", "23.10", "2024-07-11", None),
            ("ubuntu", "8.04", "2013-05-09", None),
        ] {
            let distribution = distribution(id, version);
            assert_eq!(end_of(&distribution), Some(End { end, subscribers }), "{id} {version}");
        }
        for (id, version) in
            [("debian", "14"), ("debian", ""), ("debian", "99"), ("alpine", "3.10.0"), ("ubuntu", "18")]
        {
            assert_eq!(end_of(&distribution(id, version)), None, "{id} {version}");
        }
    }

    #[test]
    fn the_image_s_own_word_goes_first() {
        let stated =
            |end: &str| Distribution { support_end: Some(end.into()), ..distribution("debian", "12") };
        assert_eq!(end_of(&stated("2025-01-01")).unwrap().end, "2025-01-01");
        assert_eq!(end_of(&stated("soon")).unwrap().end, "2028-06-30");
    }

    #[test]
    fn a_release_is_past_its_end_the_day_after() {
        let buster =
            Distribution { name: "Debian GNU/Linux 10 (buster)".into(), ..distribution("debian", "10") };
        assert_eq!(sentence(&buster, "2024-06-30"), None);
        assert_eq!(
            sentence(&buster, "2024-07-01").unwrap(),
            "flaws that became known after 2024-06-30 in the packages of Debian GNU/Linux 10 (buster): the release has had no \
             security support since then, and no advisory says whether it has them"
        );
        let bionic = distribution("ubuntu", "18.04");
        assert!(
            sentence(&bionic, "2026-01-01").unwrap().ends_with("; subscribers get fixes until 2028-04-26")
        );
        assert!(sentence(&bionic, "2029-01-01").unwrap().ends_with("has them"));
    }
}
