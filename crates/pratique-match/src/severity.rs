//! Which of many statements of severity counts.

use pratique_advisory::{Affected, CveFacts, Database, Error, Level, Severity, System};

use crate::{Hit, Rating};

fn rating(severity: &Severity<'_>, source: &str) -> Rating {
    Rating {
        level: severity.level,
        score: severity.score,
        system: Some(severity.system),
        value: severity.text.to_owned(),
        source: source.to_owned(),
    }
}

/// What the record states for this package alone: it goes before what it states for the flaw.
pub(crate) fn stated_for_package(affected: &Affected<'_>, id: &str) -> Result<Vec<Rating>, Error> {
    let mut stated: Vec<_> = affected.rating()?.iter().map(|severity| rating(severity, id)).collect();
    stated.extend(affected.severities()?.iter().map(|severity| rating(severity, id)));
    Ok(stated)
}

/// Everything that anybody says: the records' own statements first, then what other records say of the CVE.
pub(crate) fn gather(
    database: &Database,
    members: &[&Hit<'_>],
    facts: Option<&CveFacts<'_>>,
) -> Result<Vec<Rating>, Error> {
    let mut all: Vec<Rating> = Vec::new();
    let mut add = |rating: Rating| {
        if !all.iter().any(|known| known.value == rating.value && known.source == rating.source) {
            all.push(rating);
        }
    };
    for member in members {
        member.own.iter().cloned().for_each(&mut add);
        let id = member.record.id();
        member.record.rating()?.iter().for_each(|severity| add(rating(severity, id)));
        member.record.severities()?.iter().for_each(|severity| add(rating(severity, id)));
    }
    for (severity, record) in facts.map(|facts| facts.severities.as_slice()).unwrap_or_default() {
        add(rating(severity, database.record(*record)?.id()));
    }
    Ok(all)
}

/// The statement that counts.
///
/// For a distribution's package its own word comes first: it knows how it built the package. Otherwise the
/// newest CVSS version counts, of several vectors the worst, and a word only where nobody scored it.
pub(crate) fn choose(all: &[Rating], distribution: bool) -> Rating {
    let known = || all.iter().filter(|rating| rating.level != Level::Unknown);
    let words = || known().filter(|rating| rating.system == Some(System::Rating));
    if distribution && let Some(own) = words().next() {
        return own.clone();
    }
    let scored = known().filter(|rating| rating.system.is_some_and(System::is_cvss));
    let best = scored.max_by(|a, b| {
        let score = |rating: &Rating| rating.score.unwrap_or(0.0);
        version(a).cmp(&version(b)).then(score(a).total_cmp(&score(b))).then(b.source.cmp(&a.source))
    });
    best.or_else(|| words().max_by_key(|rating| rating.level)).cloned().unwrap_or_default()
}

/// Newest last; 3.0 and 3.1 score alike.
fn version(rating: &Rating) -> u8 {
    match rating.system {
        Some(System::CvssV40) => 3,
        Some(System::CvssV30 | System::CvssV31) => 2,
        Some(System::CvssV2) => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(level: Level, system: System, score: Option<f32>, source: &str) -> Rating {
        Rating { level, score, system: Some(system), value: String::new(), source: source.into() }
    }

    #[test]
    fn a_distributions_word_counts_for_its_own_packages_only() {
        let all = [
            stated(Level::Critical, System::CvssV31, Some(9.8), "CVE"),
            stated(Level::Low, System::Rating, None, "UBUNTU-CVE"),
        ];
        assert_eq!(choose(&all, true).level, Level::Low);
        assert_eq!(choose(&all, false).level, Level::Critical);
    }

    #[test]
    fn the_newest_version_counts_and_of_it_the_worst() {
        let all = [
            stated(Level::High, System::CvssV2, Some(9.9), "a"),
            stated(Level::Medium, System::CvssV30, Some(5.0), "b"),
            stated(Level::High, System::CvssV31, Some(7.5), "c"),
        ];
        assert_eq!(choose(&all, false).source, "c");
        assert_eq!(choose(&[], false).level, Level::Unknown);
        assert_eq!(choose(&[stated(Level::Unknown, System::CvssV31, None, "x")], true).level, Level::Unknown);
    }
}
