//! How bad a vulnerability is, and who says so.
//!
//! Advisories rate in two languages: CVSS vectors, which the specifications turn into a score from 0.0 to 10.0, and words
//! ("important", "negligible") that a publisher chose by its own rules. A distribution's word is about its own build of the
//! package and often disagrees with the CVSS score of the upstream flaw, so both are kept, each with its [`System`].

use std::fmt;

use cvss::{Cvss, v3};
use serde::{Deserialize, Serialize};

/// A severity on the one scale that all ratings are brought to. Ordered: a worse level is greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nobody has rated it, or not in a way we can read. Not "harmless".
    #[default]
    Unknown,
    /// Hardly a security problem: Ubuntu "negligible", Debian "unimportant", a CVSS score of 0.0.
    Negligible,
    /// CVSS 0.1 to 3.9.
    Low,
    /// CVSS 4.0 to 6.9; "moderate" in other tongues.
    Medium,
    /// CVSS 7.0 to 8.9; "important" in other tongues.
    High,
    /// CVSS 9.0 to 10.0.
    Critical,
}

impl Level {
    /// All levels, mildest first.
    pub const ALL: [Level; 6] =
        [Level::Unknown, Level::Negligible, Level::Low, Level::Medium, Level::High, Level::Critical];

    /// The level's name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Unknown => "unknown",
            Level::Negligible => "negligible",
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
            Level::Critical => "critical",
        }
    }

    /// The level of a CVSS score: the qualitative rating scale of CVSS 3.1 (section 5) and 4.0 (section 6), where "None"
    /// is [`Level::Negligible`].
    pub fn from_score(score: f32) -> Level {
        match score {
            s if s >= 9.0 => Level::Critical,
            s if s >= 7.0 => Level::High,
            s if s >= 4.0 => Level::Medium,
            s if s >= 0.1 => Level::Low,
            _ => Level::Negligible,
        }
    }

    /// The level of a CVSS 2.0 score, which has no scale of its own: the bands of the NVD, where nothing is critical.
    pub fn from_v2_score(score: f32) -> Level {
        match score {
            s if s >= 7.0 => Level::High,
            s if s >= 4.0 => Level::Medium,
            _ => Level::Low,
        }
    }

    /// The level that a publisher's word stands for, whatever its case; [`Level::Unknown`] for words that rate nothing
    /// ("not yet assigned", "untriaged") and for words that we do not know.
    pub fn from_word(word: &str) -> Level {
        const WORDS: [(&str, Level); 17] = [
            ("critical", Level::Critical),
            ("urgent", Level::Critical),
            ("high", Level::High),
            ("important", Level::High),
            ("medium", Level::Medium),
            ("moderate", Level::Medium),
            ("low", Level::Low),
            ("minor", Level::Low),
            ("negligible", Level::Negligible),
            ("unimportant", Level::Negligible),
            ("none", Level::Negligible),
            ("informational", Level::Negligible),
            // Debian marks an urgency that was set by hand with stars.
            ("low*", Level::Low),
            ("low**", Level::Low),
            ("medium*", Level::Medium),
            ("medium**", Level::Medium),
            ("high**", Level::High),
        ];
        let word = word.trim();
        WORDS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(word))
            .map_or(Level::Unknown, |(_, level)| *level)
    }

    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_code(code: u8) -> Option<Level> {
        Level::ALL.get(usize::from(code)).copied()
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The language a severity is stated in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum System {
    /// A word of the publisher's own.
    #[serde(rename = "rating")]
    Rating,
    /// CVSS 2.0.
    #[serde(rename = "CVSS 2.0")]
    CvssV2,
    /// CVSS 3.0.
    #[serde(rename = "CVSS 3.0")]
    CvssV30,
    /// CVSS 3.1.
    #[serde(rename = "CVSS 3.1")]
    CvssV31,
    /// CVSS 4.0.
    #[serde(rename = "CVSS 4.0")]
    CvssV40,
}

impl System {
    const ALL: [System; 5] =
        [System::Rating, System::CvssV2, System::CvssV30, System::CvssV31, System::CvssV40];

    /// The name, as in `CVSS 3.1`.
    pub fn as_str(self) -> &'static str {
        match self {
            System::Rating => "rating",
            System::CvssV2 => "CVSS 2.0",
            System::CvssV30 => "CVSS 3.0",
            System::CvssV31 => "CVSS 3.1",
            System::CvssV40 => "CVSS 4.0",
        }
    }

    /// Whether this is one of the CVSS versions.
    pub fn is_cvss(self) -> bool {
        self != System::Rating
    }

    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_code(code: u8) -> Option<System> {
        System::ALL.get(usize::from(code)).copied()
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One statement of how bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Severity<'db> {
    /// On the common scale.
    pub level: Level,
    /// The language of the statement.
    pub system: System,
    /// The CVSS base score (for 4.0 the score of all stated metrics); `None` for words, and for vectors that cannot be
    /// scored.
    pub score: Option<f32>,
    /// The vector or the word as published; empty where a publisher gives a CVSS score without its vector.
    pub text: &'db str,
}

impl<'a> Severity<'a> {
    /// Reads a vector of any CVSS version and scores it.
    ///
    /// `None` if it does not begin as a vector does. A vector that begins as one but breaks the specification has no score
    /// and the level [`Level::Unknown`].
    pub fn from_vector(vector: &'a str) -> Option<Severity<'a>> {
        let system = match vector.get(..9) {
            Some("CVSS:4.0/") => System::CvssV40,
            Some("CVSS:3.1/") => System::CvssV31,
            Some("CVSS:3.0/") => System::CvssV30,
            _ if vector.starts_with("AV:") || vector.starts_with("(AV:") => System::CvssV2,
            _ => return None,
        };
        let score = score_of(system, vector);
        let level = match (score, system) {
            (None, _) => Level::Unknown,
            (Some(score), System::CvssV2) => Level::from_v2_score(score),
            (Some(score), _) => Level::from_score(score),
        };
        Some(Severity { level, system, score, text: vector })
    }

    /// A publisher's word.
    pub fn from_rating(word: &'a str) -> Severity<'a> {
        Severity { level: Level::from_word(word), system: System::Rating, score: None, text: word }
    }

    /// A CVSS score that is published without its vector.
    pub fn from_bare_score(system: System, score: f32) -> Option<Severity<'static>> {
        if !(0.0..=10.0).contains(&score) {
            return None;
        }
        let level =
            if system == System::CvssV2 { Level::from_v2_score(score) } else { Level::from_score(score) };
        Some(Severity { level, system, score: Some(score), text: "" })
    }
}

/// The score of a vector, if it is whole and right.
fn score_of(system: System, vector: &str) -> Option<f32> {
    // Published with a trailing slash (GHSA-f5pg-7wfw-84q9), with brackets (older NVD feeds of version 2), and in
    // version 4 with metrics that are spelt out as "not defined": all say the same as the plain form.
    let plain = vector.trim().trim_end_matches('/').trim_start_matches('(').trim_end_matches(')');
    let stated: String;
    let plain = if plain.contains(":X") {
        stated = plain.split('/').filter(|metric| !metric.ends_with(":X")).collect::<Vec<_>>().join("/");
        &stated
    } else {
        plain
    };
    let parsed: Cvss = plain.parse().ok()?;
    let score = match (system, &parsed) {
        (System::CvssV30 | System::CvssV31, Cvss::CvssV30(vector) | Cvss::CvssV31(vector)) => {
            whole(vector).then(|| vector.base_score().value())?
        }
        (System::CvssV2, Cvss::CvssV20(vector)) => vector.score().value(),
        (System::CvssV40, Cvss::CvssV40(vector)) => vector.score().value(),
        _ => return None,
    };
    (0.0..=10.0).contains(&score).then(|| (score * 10.0).round() as f32 / 10.0)
}

/// Whether all eight base metrics are stated. The crate scores a missing one as harmless; the specification (3.1, section
/// 6) makes all of them mandatory.
fn whole(vector: &v3::Vector) -> bool {
    vector.av.is_some()
        && vector.ac.is_some()
        && vector.pr.is_some()
        && vector.ui.is_some()
        && vector.s.is_some()
        && vector.c.is_some()
        && vector.i.is_some()
        && vector.a.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_scored_as_the_specifications_say() {
        // The examples of the CVSS 2.0 guide (3.3), the 3.1 examples document and the 4.0 calculator.
        let cases = [
            ("AV:N/AC:L/Au:N/C:N/I:N/A:C", System::CvssV2, 7.8, Level::High),
            ("AV:N/AC:L/Au:N/C:C/I:C/A:C", System::CvssV2, 10.0, Level::High),
            ("(AV:L/AC:H/Au:N/C:C/I:C/A:C)", System::CvssV2, 6.2, Level::Medium),
            ("CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", System::CvssV30, 6.4, Level::Medium),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", System::CvssV31, 7.5, Level::High),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", System::CvssV31, 10.0, Level::Critical),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", System::CvssV31, 0.0, Level::Negligible),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                System::CvssV40,
                9.3,
                Level::Critical,
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H",
                System::CvssV40,
                10.0,
                Level::Critical,
            ),
        ];
        for (vector, system, score, level) in cases {
            let severity = Severity::from_vector(vector).unwrap();
            assert_eq!(
                (severity.system, severity.score, severity.level),
                (system, Some(score), level),
                "{vector}"
            );
            assert_eq!(severity.text, vector);
        }
    }

    #[test]
    fn known_irregular_spellings_are_scored() {
        let trailing = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N/";
        assert_eq!(Severity::from_vector(trailing).unwrap().score, Some(7.5));
        let spelt_out = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:X/CR:X/IR:X/AR:X/MAV:X/MAC:X\
                         /MAT:X/MPR:X/MUI:X/MVC:X/MVI:X/MVA:X/MSC:X/MSI:X/MSA:X/S:X/AU:X/R:X/V:X/RE:X/U:X";
        assert_eq!(Severity::from_vector(spelt_out).unwrap().score, Some(9.3));
        let temporal = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N/E:P/RL:O/RC:C";
        assert_eq!(Severity::from_vector(temporal).unwrap().score, Some(7.5), "the base score alone");
    }

    #[test]
    fn broken_vectors_have_no_score_and_no_level() {
        for vector in [
            "CVSS:3.1/AV:N",
            "CVSS:3.1/",
            "CVSS:3.0/AV:N/AC:Q/PR:N/UI:N/S:U/C:H/I:N/A:N",
            "AV:",
            "CVSS:4.0/AV:N",
        ] {
            let severity = Severity::from_vector(vector).unwrap();
            assert_eq!((severity.score, severity.level), (None, Level::Unknown), "{vector}");
        }
        assert_eq!(Severity::from_vector("high"), None);
        assert_eq!(Severity::from_vector("CVSS:5.0/AV:N"), None);
        assert_eq!(Severity::from_bare_score(System::CvssV31, f32::NAN), None);
    }

    #[test]
    fn words_of_many_tongues() {
        for (word, level) in [
            ("Important", Level::High),
            ("MODERATE", Level::Medium),
            (" low ", Level::Low),
            ("unimportant", Level::Negligible),
            ("not yet assigned", Level::Unknown),
            ("", Level::Unknown),
        ] {
            assert_eq!(Level::from_word(word), level, "{word}");
        }
        assert!(Level::Critical > Level::High && Level::Low > Level::Unknown);
    }

    #[test]
    fn codes_come_back() {
        for level in Level::ALL {
            assert_eq!(Level::from_code(level.code()), Some(level));
        }
        for system in System::ALL {
            assert_eq!(System::from_code(system.code()), Some(system));
        }
        assert_eq!((Level::from_code(6), System::from_code(5)), (None, None));
    }
}
