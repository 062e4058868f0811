//! Databases made out of an older one and of what changed since: the same as if all had been read anew.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use std::{collections::BTreeMap, fs, path::Path};

use common::{Members, Outcome, ask_everything, golden, options, pack};
use pratique_advisory::{
    Database, DeltaCounts, DeltaError, FeedId, Folder, ImportOptions, ImportReport, Input, apply_delta,
    import, write_delta,
};
use serde_json::Value;

/// All that a database answers but what it says of itself.
fn everything(database: &Database) -> Outcome<String> {
    let all = ask_everything(database)?;
    Ok(all.split_once('\n').map(|(_, rest)| rest.to_owned()).ok_or("a first line")?)
}

/// Which of the records were withdrawn, by whom and when.
fn withdrawn(database: &Database, of: &Members) -> Outcome<Vec<String>> {
    let mut found = Vec::new();
    for (_, name, _) in of {
        let id = name.trim_end_matches(".json");
        let all = database.withdrawn(id)?;
        found.extend(all.iter().map(|one| format!("{id} by {} {}", one.feed, one.at)));
    }
    Ok(found)
}

/// Lays an export out with its lists and its records one by one.
fn publish(members: &Members, folder: &Path) -> Outcome {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    pack(members, folder)?;
    let mut lists: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    for (ecosystem, name, bytes) in members {
        fs::write(folder.join(ecosystem).join(name), bytes)?;
        let Ok(record) = serde_json::from_slice::<Value>(bytes) else { continue };
        let modified = record["modified"].as_str().unwrap_or_default().to_owned();
        let id = record["id"].as_str().unwrap_or_default().to_owned();
        lists.entry(ecosystem).or_default().push((modified, id));
    }
    for (ecosystem, mut list) in lists {
        list.sort();
        let lines: Vec<_> = list.iter().rev().map(|(time, id)| format!("{time},{id}")).collect();
        fs::write(folder.join(ecosystem).join("modified_id.csv"), lines.join("\n"))?;
    }
    Ok(())
}

/// The export a day later: records changed, withdrawn, taken away and added.
fn a_day_later(members: &Members) -> Outcome<Members> {
    let mut later = Members::new();
    for (number, (ecosystem, name, bytes)) in members.iter().enumerate() {
        let Ok(mut record) = serde_json::from_slice::<Value>(bytes) else {
            later.push((ecosystem.clone(), name.clone(), bytes.clone()));
            continue;
        };
        let id = record["id"].as_str().unwrap_or_default().to_owned();
        match number % 7 {
            1 => {
                record["modified"] = "2026-11-20T00:00:00Z".into();
                record["summary"] = format!("changed: {id}").into();
                record["affected"][0]["ranges"] = serde_json::json!([{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9.9"}]}]);
            }
            3 => {
                record["modified"] = "2026-11-20T01:00:00Z".into();
                record["withdrawn"] = "2026-11-20T01:00:00Z".into();
            }
            _ => {}
        }
        later.push((ecosystem.clone(), name.clone(), serde_json::to_vec(&record)?));
        if number % 5 == 0 {
            record["id"] = format!("{id}-NEW").into();
            record["modified"] = "2026-11-20T02:00:00Z".into();
            let fresh = (ecosystem.clone(), format!("{id}-NEW.json"), serde_json::to_vec(&record)?);
            later.push(fresh);
        }
    }
    // Copies of one record in several ecosystems change together.
    later.sort();
    Ok(later)
}

fn made(export: &Path, target: &Path, base: Option<&Database>) -> Outcome<(Database, ImportReport)> {
    let report = import(Some(&Folder::new(export)), target, ImportOptions { base, ..options() })?;
    Ok((Database::open(target)?, report))
}

#[test]
fn an_update_gives_what_a_whole_import_gives() -> Outcome {
    let folder = tempfile::tempdir()?;
    let export = folder.path().join("export");
    let before = golden()?;
    publish(&before, &export)?;
    let (old, _) = made(&export, &folder.path().join("old.pdb"), None)?;

    publish(&a_day_later(&before)?, &export)?;
    let (whole, _) = made(&export, &folder.path().join("whole.pdb"), None)?;
    let (updated, report) = made(&export, &folder.path().join("updated.pdb"), Some(&old))?;
    updated.verify()?;
    let changes = report.changes.ok_or("only changes were to be read")?;
    assert!(changes.records > 0 && changes.records < before.len(), "{changes:?}");
    assert_ne!(old.info().content, whole.info().content);
    assert_eq!(updated.info().content, whole.info().content);
    assert_eq!(Database::diff(&whole, &updated).count(), 0);
    assert_eq!(everything(&updated)?, everything(&whole)?);
    let gone = withdrawn(&whole, &before)?;
    assert!(gone.iter().any(|one| one.ends_with("osv 2026-11-20T01:00:00Z")), "{gone:?}");
    assert!(gone.len() > withdrawn(&old, &before)?.len());
    assert_eq!(withdrawn(&updated, &before)?, gone);
    let counts = |database: &Database| {
        let info = database.info();
        (info.records, info.packages, info.entries, info.cves)
    };
    assert_eq!(counts(&updated), counts(&whole));

    // Nothing changed since: nothing is read, nothing changes.
    let (again, report) = made(&export, &folder.path().join("again.pdb"), Some(&updated))?;
    assert_eq!(report.changes.map(|changes| changes.gone), Some(0));
    assert_eq!(again.info().content, updated.info().content);
    assert_eq!(everything(&again)?, everything(&updated)?);
    assert_eq!(withdrawn(&again, &before)?, gone);

    // Withdrawn by mistake: the record is back.
    let mut back = before.clone();
    for (_, _, bytes) in &mut back {
        let Ok(mut record) = serde_json::from_slice::<Value>(bytes) else { continue };
        record["modified"] = "2026-11-20T05:00:00Z".into();
        *bytes = serde_json::to_vec(&record)?;
    }
    publish(&back, &export)?;
    let (back, _) = made(&export, &folder.path().join("back.pdb"), Some(&again))?;
    assert_eq!(withdrawn(&back, &before)?, withdrawn(&old, &before)?);
    Ok(())
}

#[test]
fn another_export_in_a_folder_of_the_same_name_is_read_whole() -> Outcome {
    let folder = tempfile::tempdir()?;
    let all = golden()?;
    let (half, rest): (Vec<_>, Vec<_>) = all.iter().cloned().enumerate().partition(|(n, _)| n % 2 == 0);
    let [half, rest] =
        [half, rest].map(|part| part.into_iter().map(|(_, member)| member).collect::<Members>());
    assert!(!rest.is_empty());
    let [here, there] = ["here", "there"].map(|place| folder.path().join(place).join("export"));
    publish(&half, &here)?;
    publish(&all, &there)?;
    let (old, _) = made(&here, &folder.path().join("old.pdb"), None)?;
    let (whole, _) = made(&there, &folder.path().join("whole.pdb"), None)?;
    let (updated, report) = made(&there, &folder.path().join("updated.pdb"), Some(&old))?;
    assert_eq!(report.changes, None);
    assert_eq!(updated.info().content, whole.info().content);
    // The same one somewhere else is known again.
    let elsewhere = folder.path().join("elsewhere").join("export");
    publish(&all, &elsewhere)?;
    let (_, report) = made(&elsewhere, &folder.path().join("again.pdb"), Some(&updated))?;
    assert!(report.changes.is_some());
    Ok(())
}

/// Puts a line before all others of an ecosystem's list.
fn list_first(export: &Path, ecosystem: &str, line: &str) -> Outcome {
    let list = export.join(ecosystem).join("modified_id.csv");
    Ok(fs::write(&list, format!("{line}\n{}", fs::read_to_string(&list)?))?)
}

#[test]
fn records_that_are_there_no_more_go() -> Outcome {
    let folder = tempfile::tempdir()?;
    let export = folder.path().join("export");
    let before = golden()?;
    publish(&before, &export)?;
    let (old, _) = made(&export, &folder.path().join("old.pdb"), None)?;
    // The list names it with a newer time, and the record itself is not there.
    let (ecosystem, name, _) =
        before.iter().find(|(_, name, _)| name.starts_with("GHSA-")).ok_or("a GHSA")?;
    let id = name.trim_end_matches(".json");
    fs::remove_file(export.join(ecosystem).join(name))?;
    list_first(&export, ecosystem, &format!("2026-09-20T00:00:00Z,{id}"))?;
    // Some mirrors have zips alone: as long as that has it, it stays.
    let (kept, report) = made(&export, &folder.path().join("kept.pdb"), Some(&old))?;
    assert_eq!(report.changes.map(|changes| (changes.gone, changes.ecosystems)), Some((0, 1)));
    assert_eq!(everything(&kept)?, everything(&old)?);
    // It is in the zip no more, either.
    let rest: Members = before.iter().filter(|(_, other, _)| other != name).cloned().collect();
    publish(&rest, &export)?;
    list_first(&export, ecosystem, &format!("2026-09-20T00:00:00Z,{id}"))?;
    let (new, report) = made(&export, &folder.path().join("new.pdb"), Some(&old))?;
    assert_eq!(report.changes.map(|changes| changes.gone), Some(1));
    assert_eq!(new.info().records + 1, old.info().records);
    assert!(!new.find(id)?.iter().any(|found| new.record(*found).is_ok_and(|record| record.id() == id)));
    Ok(())
}

#[test]
fn a_time_in_the_future_hides_nothing() -> Outcome {
    let folder = tempfile::tempdir()?;
    let export = folder.path().join("export");
    let before = golden()?;
    publish(&before, &export)?;
    let (ecosystem, name, _) =
        before.iter().find(|(_, name, _)| name.starts_with("GHSA-")).ok_or("a GHSA")?;
    list_first(&export, ecosystem, &format!("2031-01-01T00:00:00Z,{}", name.trim_end_matches(".json")))?;
    let (first, _) = made(&export, &folder.path().join("first.pdb"), None)?;
    let (second, _) = made(&export, &folder.path().join("second.pdb"), Some(&first))?;
    assert_eq!(second.info().osv, first.info().osv);
    publish(&a_day_later(&before)?, &export)?;
    let (third, _) = made(&export, &folder.path().join("third.pdb"), Some(&second))?;
    let (whole, _) = made(&export, &folder.path().join("whole.pdb"), None)?;
    assert_eq!(everything(&third)?, everything(&whole)?);
    Ok(())
}

#[test]
fn times_finer_than_the_database_keeps_are_no_change() -> Outcome {
    let folder = tempfile::tempdir()?;
    let export = folder.path().join("export");
    let mut members = golden()?;
    for (_, _, bytes) in &mut members {
        let Ok(mut record) = serde_json::from_slice::<Value>(bytes) else { continue };
        record["modified"] = "2026-09-01T10:11:12.123456789Z".into();
        *bytes = serde_json::to_vec(&record)?;
    }
    publish(&members, &export)?;
    let (first, _) = made(&export, &folder.path().join("first.pdb"), None)?;
    let (_, report) = made(&export, &folder.path().join("second.pdb"), Some(&first))?;
    // Withdrawn records are in no database, so these are asked for again.
    let withdrawn = report.changes.ok_or("only changes")?.records;
    let all = first.info().imported.values();
    assert!(
        withdrawn <= all.map(|counts| (counts.withdrawn + counts.unusable) as usize).sum(),
        "{withdrawn}"
    );
    Ok(())
}

#[test]
fn an_export_that_cannot_be_read_whole_replaces_nothing() -> Outcome {
    let folder = tempfile::tempdir()?;
    let export = folder.path().join("export");
    publish(&golden()?, &export)?;
    let target = folder.path().join("a.pdb");
    let (old, _) = made(&export, &target, None)?;
    let bytes = fs::read(&target)?;
    let whole = || {
        let options = ImportOptions { base: Some(&old), whole: true, ..options() };
        import(Some(&Folder::new(&export)), &target, options).map(drop)
    };
    let zip = export.join("npm/all.zip");
    let good = fs::read(&zip)?;
    fs::write(&zip, &good[..good.len() / 2])?;
    assert!(whole().unwrap_err().to_string().contains("npm/all.zip"));
    fs::remove_file(&zip)?;
    assert!(whole().unwrap_err().to_string().contains("npm/all.zip"));
    fs::write(&zip, good)?;
    let names = fs::read(export.join("ecosystems.txt"))?;
    fs::write(export.join("ecosystems.txt"), "\n")?;
    assert!(whole().unwrap_err().to_string().contains("ecosystems.txt"));
    assert_eq!(fs::read(&target)?, bytes);
    fs::write(export.join("ecosystems.txt"), names)?;
    whole()?;
    Ok(())
}

#[test]
fn texts_are_packed_anew_when_too_many_are_unused() -> Outcome {
    let folder = tempfile::tempdir()?;
    let export = folder.path().join("export");
    let mut members = golden()?;
    publish(&members, &export)?;
    let (mut database, _) = made(&export, &folder.path().join("0.pdb"), None)?;
    let mut packed_anew = 0;
    for day in 1..12 {
        for (number, (_, _, bytes)) in members.iter_mut().enumerate() {
            let Ok(mut record) = serde_json::from_slice::<Value>(bytes) else { continue };
            if number % 4 == day % 4 {
                record["modified"] = format!("2026-11-{day:02}T00:00:00Z").into();
                record["details"] = format!("day {day}: {}", "text ".repeat(100)).into();
            }
            *bytes = serde_json::to_vec(&record)?;
        }
        publish(&members, &export)?;
        let before = database.info().unused_text;
        (database, _) = made(&export, &folder.path().join(format!("{day}.pdb")), Some(&database))?;
        packed_anew += usize::from(before > 0 && database.info().unused_text == 0);
        let (whole, _) = made(&export, &folder.path().join("whole.pdb"), None)?;
        assert_eq!(everything(&database)?, everything(&whole)?, "day {day}");
    }
    assert!(packed_anew > 0);
    Ok(())
}

#[test]
fn what_is_not_asked_stays() -> Outcome {
    let folder = tempfile::tempdir()?;
    let export = folder.path().join("export");
    publish(&golden()?, &export)?;
    let (old, _) = made(&export, &folder.path().join("old.pdb"), None)?;
    let target = folder.path().join("new.pdb");
    import(None, &target, ImportOptions { base: Some(&old), ..options() })?;
    let new = Database::open(&target)?;
    assert_eq!(everything(&new)?, everything(&old)?);
    assert_eq!(new.info().osv, old.info().osv);
    let records = new.record_ids()?.map(|id| new.record(id)).collect::<Result<Vec<_>, _>>()?;
    assert!(records.iter().all(|record| record.feed() == FeedId::Osv));
    Ok(())
}

/// Two databases, a day between them, with scores that changed too.
fn two_days(folder: &Path) -> Outcome<(Database, Database)> {
    let export = folder.join("export");
    let before = golden()?;
    let epss = |day: u32| {
        let scores = format!(
            "#model_version:v1,score_date:2026-11-{day}\ncve,epss,percentile\nCVE-2021-23337,0.{day},0.9\n"
        );
        Some(Input::Stream("epss".into(), Box::new(std::io::Cursor::new(scores.into_bytes()))))
    };
    publish(&before, &export)?;
    let old = folder.join("old.pdb");
    import(Some(&Folder::new(&export)), &old, ImportOptions { epss: epss(20), ..options() })?;
    publish(&a_day_later(&before)?, &export)?;
    let new = folder.join("new.pdb");
    import(Some(&Folder::new(&export)), &new, ImportOptions { epss: epss(21), ..options() })?;
    Ok((Database::open(old)?, Database::open(new)?))
}

#[test]
fn a_delta_makes_the_newer_database_of_the_older() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (old, new) = two_days(folder.path())?;
    let mut delta = Vec::new();
    let counts = write_delta(&old, &new, &mut delta)?;
    assert!(counts.changed > 0 && counts.removed > 0, "{counts:?}");
    let target = folder.path().join("applied.pdb");
    let info = apply_delta(&old, delta.as_slice(), &target)?;
    let applied = Database::open(&target)?;
    applied.verify()?;
    assert_eq!(info.content, new.info().content);
    assert_eq!(everything(&applied)?, everything(&new)?);
    assert_eq!(Database::diff(&applied, &new).count(), 0);
    assert_ne!(withdrawn(&old, &golden()?)?, withdrawn(&new, &golden()?)?);
    assert_eq!(withdrawn(&applied, &golden()?)?, withdrawn(&new, &golden()?)?);
    assert_eq!(applied.info().created, new.info().created);

    // It applies to nothing else.
    assert!(matches!(apply_delta(&new, delta.as_slice(), &target), Err(DeltaError::OtherBase { .. })));
    assert_eq!(everything(&Database::open(&target)?)?, everything(&new)?);
    // From itself to itself there is nothing to do.
    let mut nothing = Vec::new();
    assert_eq!(write_delta(&new, &new, &mut nothing)?, DeltaCounts::default());
    assert!(nothing.len() < delta.len());
    Ok(())
}

#[test]
fn a_damaged_delta_leaves_everything_as_it_was() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (old, new) = two_days(folder.path())?;
    let mut delta = Vec::new();
    write_delta(&old, &new, &mut delta)?;
    let target = folder.path().join("applied.pdb");
    for cut in (0..delta.len()).step_by(delta.len() / 60) {
        assert!(apply_delta(&old, &delta[..cut], &target).is_err(), "cut at {cut}");
    }
    for place in (0..delta.len()).step_by(delta.len() / 200) {
        let mut damaged = delta.clone();
        damaged[place] ^= 0x10;
        assert!(apply_delta(&old, damaged.as_slice(), &target).is_err(), "flipped at {place}");
    }
    assert!(!target.exists());
    Ok(())
}
