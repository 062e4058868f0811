//! Which of many statements of severity counts.

use pratique_advisory::{Affected, CveFacts, Database, Error, Level, Record, Severity, System};

use crate::Rating;

pub(crate) fn rating(severity: &Severity<'_>, source: &str) -> Rating {
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

/// How close to the vulnerability a statement is, the closest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Nearness {
    /// Of a record that affects the package and is about this flaw alone.
    Own,
    /// Of another record about the same CVE: somebody else's package, the same flaw.
    Other,
    /// Of a distribution's advisory about several flaws: it is that of the worst of them, so no more than an
    /// upper bound for each.
    Advisory,
}

/// A statement and how close it is.
pub(crate) type Statement = (Nearness, Rating);

/// What one record that affects the package has to say.
pub(crate) struct Member<'m, 'db> {
    pub(crate) record: &'m Record<'db>,
    /// What it states for this package alone.
    pub(crate) for_package: &'m [Rating],
    /// Whether it is about several flaws.
    pub(crate) of_several: bool,
}

/// Everything that anybody says: the affecting records first, then what other records say of the CVE.
pub(crate) fn gather<'m, 'db: 'm>(
    database: &Database,
    members: impl Iterator<Item = Member<'m, 'db>>,
    facts: Option<&CveFacts<'_>>,
) -> Result<Vec<Statement>, Error> {
    let mut all: Vec<Statement> = Vec::new();
    let mut add = |nearness, rating: Rating| {
        if !all.iter().any(|(_, known)| known.value == rating.value && known.source == rating.source) {
            all.push((nearness, rating));
        }
    };
    for member in members {
        let nearness = if member.of_several { Nearness::Advisory } else { Nearness::Own };
        let id = member.record.id();
        member.for_package.iter().for_each(|rating| add(nearness, rating.clone()));
        member.record.rating()?.iter().for_each(|severity| add(nearness, rating(severity, id)));
        member.record.severities()?.iter().for_each(|severity| add(nearness, rating(severity, id)));
    }
    for (severity, record) in facts.map(|facts| facts.severities.as_slice()).unwrap_or_default() {
        add(Nearness::Other, rating(severity, database.record(*record)?.id()));
    }
    Ok(all)
}

/// The statement that counts.
///
/// For a distribution's package the distribution's own word on this flaw comes first: it knows how it built the
/// package. Another distribution's word does not: what is negligible in one build can be high in the next. Otherwise
/// the nearest statements count ([`Nearness`]); of these the newest CVSS version, of several vectors the worst, and a
/// word only where nobody near scored it.
pub(crate) fn choose(statements: &[Statement], of_distribution: bool) -> Rating {
    let near = |wanted| {
        let near = statements.iter().filter(move |(nearness, _)| *nearness == wanted);
        near.map(|(_, rating)| rating).filter(|rating| rating.level != Level::Unknown)
    };
    let is_word = |rating: &&Rating| rating.system == Some(System::Rating);
    if of_distribution && let Some(word) = near(Nearness::Own).find(is_word) {
        return word.clone();
    }
    let best_of = |nearness| {
        let scored = near(nearness).filter(|rating| rating.system.is_some_and(System::is_cvss));
        let best = scored.max_by(|a, b| {
            let score = |rating: &Rating| rating.score.unwrap_or(0.0);
            version(a).cmp(&version(b)).then(score(a).total_cmp(&score(b))).then(b.source.cmp(&a.source))
        });
        best.or_else(|| near(nearness).filter(is_word).max_by_key(|rating| rating.level))
    };
    let nearest = [Nearness::Own, Nearness::Other, Nearness::Advisory].into_iter().find_map(best_of);
    nearest.cloned().unwrap_or_default()
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

    use Nearness::{Advisory, Other, Own};

    #[test]
    fn a_distributions_word_counts_for_its_own_packages_only() {
        let word = |source| stated(Level::Low, System::Rating, None, source);
        let critical = (Other, stated(Level::Critical, System::CvssV31, Some(9.8), "CVE"));
        assert_eq!(choose(&[(Own, word("UBUNTU-CVE")), critical.clone()], true).level, Level::Low);
        let another = [(Other, word("UBUNTU-CVE")), critical];
        assert_eq!(choose(&another, true).level, Level::Critical, "another distribution's word");
        assert_eq!(choose(&another[..1], true).level, Level::Low, "nobody else says anything");
    }

    #[test]
    fn the_nearest_count_of_them_the_newest_version_and_of_it_the_worst() {
        let all = [
            (Own, stated(Level::High, System::CvssV2, Some(9.9), "a")),
            (Own, stated(Level::Medium, System::CvssV30, Some(5.0), "b")),
            (Own, stated(Level::High, System::CvssV31, Some(7.5), "c")),
            (Other, stated(Level::Critical, System::CvssV31, Some(9.8), "d")),
        ];
        assert_eq!(choose(&all, false).source, "c");
        assert_eq!(choose(&all[3..], false).source, "d");
        assert_eq!(choose(&[], false).level, Level::Unknown);
        assert_eq!(
            choose(&[(Own, stated(Level::Unknown, System::CvssV31, None, "x"))], true).level,
            Level::Unknown
        );
    }

    #[test]
    fn an_advisory_rates_the_worst_of_its_flaws_not_each() {
        let advisory = (Advisory, stated(Level::Critical, System::Rating, None, "RHSA"));
        let other = (Other, stated(Level::Medium, System::CvssV31, Some(5.5), "CVE"));
        assert_eq!(choose(&[advisory.clone(), other], true).level, Level::Medium);
        assert_eq!(choose(&[advisory], true).level, Level::Critical, "better than nothing");
    }
}
