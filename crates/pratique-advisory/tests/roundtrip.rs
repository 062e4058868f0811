//! Every field of every record that is kept comes out of the database as it went in.
//!
//! The records are read a second time here, as plain JSON values, so that a mistake in the model would show.

mod common;

use std::{collections::BTreeSet, fs::File};

use common::{Outcome, build, golden, options, shared};
use jiff::Timestamp;
use pratique_advisory::{Affected, Database, Event, Folder, RangeKind, Record, import};
use serde_json::Value;
use tempfile::tempdir;
use zip::ZipArchive;

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn texts<'a>(value: &'a Value, name: &str) -> BTreeSet<&'a str> {
    list(value, name).iter().filter_map(Value::as_str).collect()
}

/// The ranges that have versions: kind, and pairs of event and version.
fn ranges(affected: &Value) -> Vec<(String, Vec<(String, String)>)> {
    let events = |range: &Value| {
        let event = |event: &Value| {
            let order = ["introduced", "fixed", "last_affected", "limit"];
            let pair = |name: &str| Some((name.to_owned(), event[name].as_str()?.to_owned()));
            order.into_iter().filter_map(pair).collect::<Vec<_>>()
        };
        list(range, "events").iter().flat_map(event).collect::<Vec<_>>()
    };
    let kept = list(affected, "ranges").iter().filter(|range| range["type"] != "GIT");
    kept.map(|range| (range["type"].as_str().unwrap_or_default().to_owned(), events(range)))
        .filter(|(_, events)| !events.is_empty())
        .collect()
}

fn stored_ranges(entry: &Affected<'_>) -> Vec<(String, Vec<(String, String)>)> {
    let event = |event| match event {
        Event::Introduced(version) => ("introduced".to_owned(), String::from(version)),
        Event::Fixed(version) => ("fixed".to_owned(), String::from(version)),
        Event::LastAffected(version) => ("last_affected".to_owned(), String::from(version)),
        Event::Limit(version) => ("limit".to_owned(), String::from(version)),
    };
    let kind = |kind| if kind == RangeKind::Semver { "SEMVER" } else { "ECOSYSTEM" };
    entry.ranges().map(|range| (kind(range.kind).to_owned(), range.events.map(event).collect())).collect()
}

/// Compares a record with what the database says. Answers the number of entries that were compared.
fn compare(database: &Database, json: &Value) -> Outcome<usize> {
    let id = json["id"].as_str().ok_or("no id")?;
    if json.get("withdrawn").is_some() {
        return if database
            .find(id)?
            .iter()
            .all(|it| database.record(*it).is_ok_and(|record| record.id() != id))
        {
            Ok(0)
        } else {
            Err(format!("{id} was withdrawn and is there").into())
        };
    }
    let number = *database.find(id)?.first().ok_or_else(|| format!("{id} is not there"))?;
    let record = database.record(number)?;
    let check = |what: &str, same: bool| -> Outcome {
        if same { Ok(()) } else { Err(format!("{id}: {what}").into()) }
    };
    facts(database, &record, json, &check)?;
    let mut compared = 0;
    for affected in list(json, "affected") {
        let (ranges, versions) = (ranges(affected), texts(affected, "versions"));
        let package = &affected["package"];
        let (Some(ecosystem), Some(name)) = (package["ecosystem"].as_str(), package["name"].as_str()) else {
            continue;
        };
        if ranges.is_empty() && versions.is_empty() {
            continue;
        }
        let candidates = database.affected(ecosystem, name)?;
        let same = |entry: &Affected<'_>| {
            entry.record() == number
                && stored_ranges(entry) == ranges
                && entry.versions().iter().collect::<BTreeSet<_>>() == versions
        };
        let entry = candidates.filter_map(Result::ok).find(same);
        let entry = entry.ok_or_else(|| format!("{id}: {ecosystem} {name}: {ranges:?} {versions:?}"))?;
        let vectors = |of: &[pratique_advisory::Severity<'_>]| -> BTreeSet<String> {
            of.iter().map(|severity| severity.text.to_owned()).collect()
        };
        let stated: BTreeSet<String> = list(affected, "severity")
            .iter()
            .filter(|it| it["type"] != "Ubuntu")
            .filter_map(|it| it["score"].as_str().map(str::to_owned))
            .collect();
        check("severities of a package", vectors(&entry.severities()?) == stated)?;
        if let Some(word) =
            affected["ecosystem_specific"]["urgency"].as_str().filter(|it| *it != "not yet assigned")
        {
            check(
                "urgency",
                entry.rating()?.is_some_and(|rating| rating.text == word) || word == "end-of-life",
            )?;
        }
        compared += 1;
    }
    Ok(compared)
}

fn facts(
    database: &Database,
    record: &Record<'_>,
    json: &Value,
    check: &dyn Fn(&str, bool) -> Outcome,
) -> Outcome {
    let time = |name: &str| json[name].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let whole = |time: Option<Timestamp>| time.map(Timestamp::as_microsecond);
    check("modified", whole(time("modified")) == Some(record.modified().as_microsecond()))?;
    check("published", whole(time("published")) == whole(record.published()))?;
    check("aliases", record.aliases().collect::<BTreeSet<_>>() == texts(json, "aliases"))?;
    check("upstream", record.upstream().collect::<BTreeSet<_>>() == texts(json, "upstream"))?;
    let cves =
        texts(json, "related").into_iter().filter(|id| id.starts_with("CVE-")).collect::<BTreeSet<_>>();
    check("related", record.related().collect::<BTreeSet<_>>() == cves)?;
    for severity in list(json, "severity") {
        let score = severity["score"].as_str().unwrap_or_default();
        let there = match severity["type"].as_str() {
            Some("Ubuntu") => record.rating()?.is_some_and(|rating| rating.text == score),
            _ => record.severities()?.iter().any(|it| it.text == score && it.score.is_some()),
        };
        check(&format!("severity {score}"), there)?;
    }
    let text = database.text(record.number())?;
    check("summary", text.summary == json["summary"].as_str().unwrap_or_default())?;
    check("details", text.details == json["details"].as_str().unwrap_or_default())?;
    let references = text.references.iter().map(|it| (it.kind.as_str(), it.url.as_str()));
    let published = list(json, "references").iter();
    let published =
        published.map(|it| (it["type"].as_str().unwrap_or_default(), it["url"].as_str().unwrap_or_default()));
    check("references", references.eq(published))
}

#[test]
fn the_golden_records() -> Outcome {
    let folder = tempdir()?;
    let members = golden()?;
    let (path, _) = build(&members, folder.path(), "a.pdb")?;
    let database = Database::open(path)?;
    let mut compared = 0;
    for (_, _, bytes) in &members {
        compared += compare(&database, &serde_json::from_slice(bytes)?)?;
    }
    assert!(compared > 20, "{compared}");
    Ok(())
}

#[test]
fn the_whole_shared_export() -> Outcome {
    // Comparing all of them takes minutes without optimisation.
    const EVERY: usize = 20;
    let Some(shared) = shared() else {
        println!("skipped: there is no shared/osv beside the work tree, and PRATIQUE_SHARED names none");
        return Ok(());
    };
    let folder = tempdir()?;
    let path = folder.path().join("a.pdb");
    let report = import(Some(&Folder::new(shared.join("osv"))), &path, options())?;
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    let totals = report.totals();
    assert_eq!((totals.members, totals.unusable), (106_276, 0));
    assert!(report.info.imported.values().all(pratique_advisory::Counts::add_up));
    assert_eq!(
        totals.members - totals.duplicates,
        99_945,
        "different records, as the folder's README counts them"
    );
    let listed = totals.withdrawn + totals.commits_only + totals.no_package;
    assert_eq!(report.skipped.len(), listed as usize, "each with its reason");

    let database = Database::open(&path)?;
    database.verify()?;
    let mut compared = 0;
    for ecosystem in report.info.imported.keys() {
        let mut zip = ZipArchive::new(File::open(shared.join("osv").join(ecosystem).join("all.zip"))?)?;
        for index in (0..zip.len()).step_by(EVERY) {
            compared += compare(&database, &serde_json::from_reader(zip.by_index(index)?)?)?;
        }
    }
    assert!(compared > 5000, "{compared}");
    Ok(())
}
