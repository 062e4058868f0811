//! CVSS vectors among what is said of a finding.

use pratique_advisory::{Level, System};
use pratique_match::{Finding, Rating};

/// The vectors that are stated of `finding`: the one that counts first, each once.
pub fn vectors(finding: &Finding) -> Vec<&Rating> {
    let all = std::iter::once(&finding.severity).chain(&finding.severities);
    let mut vectors: Vec<&Rating> = Vec::new();
    for rating in all.filter(|rating| version(rating).is_some() && rating.score.is_some()) {
        let is_known = |known: &&Rating| known.value == rating.value && known.source == rating.source;
        if !rating.value.is_empty() && !vectors.iter().any(is_known) {
            vectors.push(rating);
        }
    }
    vectors
}

/// The CVSS version of a statement: `3.1`; `None` for a publisher's word.
pub fn version(rating: &Rating) -> Option<&'static str> {
    match rating.system? {
        System::CvssV2 => Some("2.0"),
        System::CvssV30 => Some("3.0"),
        System::CvssV31 => Some("3.1"),
        System::CvssV40 => Some("4.0"),
        _ => None,
    }
}

/// The score by which others sort findings: of the statement that counts, else from the middle of its level, so that a
/// distribution's word is neither lost nor overruled by a score that does not count.
pub fn score(finding: &Finding) -> Option<f32> {
    finding.severity.score.or_else(|| middle(finding.level()))
}

/// The middle of a level's range on the scale of CVSS, which stands in for a score where a level is all there is.
pub fn middle(level: Level) -> Option<f32> {
    match level {
        Level::Critical => Some(9.5),
        Level::High => Some(8.0),
        Level::Medium => Some(5.5),
        Level::Low => Some(2.0),
        Level::Negligible => Some(0.1),
        Level::Unknown => None,
    }
}
