//! Which of many statements of severity counts.

use pratique_advisory::{Affected, CveFacts, Database, Error, Level, Record, Severity, System};

use crate::Rating;

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

/// All statements about a vulnerability.
pub(crate) struct Statements {
    /// Those of the records that affect the package first, then what other records say of the CVE.
    pub(crate) all: Vec<Rating>,
    /// How many are of the first sort.
    pub(crate) own: usize,
}

/// Everything that anybody says.
///
/// `members` are the records, each with what it states for the package alone.
pub(crate) fn gather<'m, 'db: 'm>(
    database: &Database,
    members: impl Iterator<Item = (&'m Record<'db>, &'m [Rating])>,
    facts: Option<&CveFacts<'_>>,
) -> Result<Statements, Error> {
    let mut all: Vec<Rating> = Vec::new();
    let add = |all: &mut Vec<Rating>, rating: Rating| {
        if !all.iter().any(|known| known.value == rating.value && known.source == rating.source) {
            all.push(rating);
        }
    };
    for (record, own) in members {
        own.iter().cloned().for_each(|rating| add(&mut all, rating));
        let id = record.id();
        record.rating()?.iter().for_each(|severity| add(&mut all, rating(severity, id)));
        record.severities()?.iter().for_each(|severity| add(&mut all, rating(severity, id)));
    }
    let own = all.len();
    for (severity, record) in facts.map(|facts| facts.severities.as_slice()).unwrap_or_default() {
        add(&mut all, rating(severity, database.record(*record)?.id()));
    }
    Ok(Statements { all, own })
}

/// The statement that counts.
///
/// For a distribution's package its own word comes first: it knows how it built the package. Another
/// distribution's word does not: what is negligible in one build can be high in the next. Otherwise the newest
/// CVSS version counts, of several vectors the worst, and a word only where nobody scored it.
pub(crate) fn choose(statements: &Statements, of_distribution: bool) -> Rating {
    let known = |all: &'_ [Rating]| -> Vec<Rating> {
        all.iter().filter(|rating| rating.level != Level::Unknown).cloned().collect()
    };
    let is_word = |rating: &&Rating| rating.system == Some(System::Rating);
    let own = statements.all.get(..statements.own).unwrap_or_default();
    if of_distribution && let Some(word) = known(own).iter().find(is_word) {
        return word.clone();
    }
    let known = known(&statements.all);
    let scored = known.iter().filter(|rating| rating.system.is_some_and(System::is_cvss));
    let best = scored.max_by(|a, b| {
        let score = |rating: &Rating| rating.score.unwrap_or(0.0);
        version(a).cmp(&version(b)).then(score(a).total_cmp(&score(b))).then(b.source.cmp(&a.source))
    });
    let words = || known.iter().filter(is_word);
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

    fn choose(all: Vec<Rating>, own: usize, of_distribution: bool) -> Rating {
        super::choose(&Statements { all, own }, of_distribution)
    }

    #[test]
    fn a_distributions_word_counts_for_its_own_packages_only() {
        let all = || {
            vec![
                stated(Level::Low, System::Rating, None, "UBUNTU-CVE"),
                stated(Level::Critical, System::CvssV31, Some(9.8), "CVE"),
            ]
        };
        assert_eq!(choose(all(), 1, true).level, Level::Low);
        assert_eq!(choose(all(), 0, true).level, Level::Critical, "another distribution's word");
        assert_eq!(choose(all(), 1, false).level, Level::Critical);
        assert_eq!(choose(all()[..1].to_vec(), 0, true).level, Level::Low, "nobody else says anything");
    }

    #[test]
    fn the_newest_version_counts_and_of_it_the_worst() {
        let all = vec![
            stated(Level::High, System::CvssV2, Some(9.9), "a"),
            stated(Level::Medium, System::CvssV30, Some(5.0), "b"),
            stated(Level::High, System::CvssV31, Some(7.5), "c"),
        ];
        assert_eq!(choose(all, 0, false).source, "c");
        assert_eq!(choose(Vec::new(), 0, false).level, Level::Unknown);
        let unknown = vec![stated(Level::Unknown, System::CvssV31, None, "x")];
        assert_eq!(choose(unknown, 1, true).level, Level::Unknown);
    }
}
