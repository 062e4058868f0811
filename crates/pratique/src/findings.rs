//! From an inventory and the advisory database to a report: what `scan` and `diff` share.

use std::time::{Duration, SystemTime};

use pratique_advisory::{Database, Level};
use pratique_inventory::Scope;
use pratique_match::{Finding, MatchOptions, Matches};
use pratique_report::{DatabaseInfo, Filter, Report, Scanned};

use crate::settings::Taken;

/// Matches what was taken of an image against `database`; without one nothing is looked for.
pub(crate) fn report(
    taken: &Taken,
    scope: Scope,
    database: Option<&Database>,
    options: MatchOptions,
    filter: &Filter,
) -> anyhow::Result<Report> {
    let matches = match database {
        Some(database) => pratique_match::find_with(&taken.inventory, scope, database, options)?,
        None => Matches { packages: taken.inventory.packages_in(scope).count(), ..Matches::default() },
    };
    let scanned = Scanned {
        tool_version: env!("CARGO_PKG_VERSION"),
        target: taken.target.clone(),
        inventory: &taken.inventory,
        scope,
        matches,
        database: database.map_or_else(DatabaseInfo::default, |database| database.info().into()),
    };
    let text = |finding: &Finding| database.map(|database| text(database, finding)).unwrap_or_default();
    let mut report = Report::new(scanned, filter, text);
    report.coverage.left_out.clone_from(&taken.left_out);
    report.checked.without_vulnerabilities = database.is_none();
    Ok(report)
}

/// Description and references, from the first of the finding's records that has any.
fn text(database: &Database, finding: &Finding) -> (Option<String>, Vec<String>) {
    // Two feeds may have a record of one identifier, and one of them no text.
    let records =
        finding.advisories.iter().flat_map(|evidence| database.find(&evidence.id).unwrap_or_default());
    let texts: Vec<_> = records.filter_map(|record| database.text(record).ok()).collect();
    let details = texts.iter().map(|text| &text.details).find(|details| !details.is_empty()).cloned();
    let mut references: Vec<_> =
        texts.iter().flat_map(|text| text.references.iter().map(|reference| reference.url.clone())).collect();
    references.sort();
    references.dedup();
    (details, references)
}

/// Says so when the advisories are too old to rely on. Not part of the report: the same scan gives the same bytes.
pub(crate) fn stale(database: &Database) -> Option<String> {
    const DAYS: u64 = 7;
    let days = age(database).as_secs() / DAY;
    (days > DAYS).then(|| {
        format!(
            "the newest advisory is {days} days old: what became known since then is not found \
             (pratique db update fetches it)"
        )
    })
}

const DAY: u64 = 24 * 60 * 60;

/// How old the newest advisory is, or the database, if that is older. Nothing for one from the future.
fn age(database: &Database) -> Duration {
    let info = database.info();
    let changed = info.newest_modified().unwrap_or(info.created).min(info.created);
    SystemTime::now().duration_since(SystemTime::from(changed)).unwrap_or_default()
}

/// Fails if the advisories are older than `most`.
pub(crate) fn fresh_enough(database: &Database, most: Duration) -> anyhow::Result<()> {
    let age = age(database);
    let told = |age: Duration| match age.as_secs() {
        seconds if seconds < 2 * 3600 => format!("{} minutes", seconds / 60),
        seconds if seconds < 2 * DAY => format!("{} hours", seconds / 3600),
        seconds => format!("{} days", seconds / DAY),
    };
    anyhow::ensure!(
        age <= most,
        "the newest advisory in {} is {} old, and --max-db-age allows {}: `pratique db update` or `pratique db pull` \
         fetches what became known since",
        database.path().display(),
        told(age),
        told(most)
    );
    Ok(())
}

/// Reads a level as people write it.
pub(crate) fn level(text: &str) -> Result<Level, String> {
    let names = || Level::ALL.iter().rev().map(|level| level.as_str()).collect::<Vec<_>>().join(", ");
    let known = Level::ALL.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(text.trim()));
    known.ok_or_else(|| format!("levels are {}", names()))
}
