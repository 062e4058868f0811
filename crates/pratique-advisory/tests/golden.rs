//! The hand-picked records of `testdata`: what of each comes out of the database.

mod common;

use common::{Outcome, build, golden, member, options, pack, show};
use pratique_advisory::{
    Change, Database, Event, Folder, ImportError, ImportOptions, Informational, Input, Level, Role,
    SkipReason, System, import,
};
use tempfile::tempdir;

/// The golden records and some that no publisher would publish.
fn members() -> Outcome<common::Members> {
    let mut members = golden()?;
    members.push(member("npm", "BROKEN-1.json", "{\"id\":\"BROKEN-1\","));
    members.push(member("npm", "BROKEN-2.json", r#"{"id":"BROKEN-2","modified":"yesterday"}"#));
    members.push(member(
        "npm",
        "LIMIT-1.json",
        r#"{"id":"LIMIT-1","modified":"2024-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"limited"},
           "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"limit":"2.0.0"}]},
                     {"type":"ECOSYSTEM","events":[{"introduced":"3","fixed":"4"}]},
                     {"type":"GIT","repo":"r","events":[{"introduced":"0"}]}]}]}"#,
    ));
    // Two copies of one record: the older one lies in the zip that is read later.
    let copy = |modified: &str, summary: &str| {
        format!(
            r#"{{"id":"TWICE-1","modified":"{modified}","summary":"{summary}","affected":[{{
               "package":{{"ecosystem":"PyPI","name":"Twice_.Named"}},"versions":["1"]}}]}}"#
        )
    };
    members.push(member("PyPI", "TWICE-1.json", &copy("2024-01-02T00:00:00Z", "newer")));
    members.push(member("npm", "TWICE-1.json", &copy("2024-01-01T23:59:59.999Z", "older")));
    members.sort();
    Ok(members)
}

#[test]
fn every_record_is_accounted_for() -> Outcome {
    let folder = tempdir()?;
    let members = members()?;
    let (_, report) = build(&members, folder.path(), "a.pdb")?;
    assert!(report.info.imported.values().all(pratique_advisory::Counts::add_up));
    let totals = report.totals();
    assert_eq!(totals.members as usize, members.len());
    assert_eq!((totals.duplicates, totals.withdrawn, totals.commits_only), (2, 3, 1));
    assert_eq!((totals.no_package, totals.unusable), (1, 2));
    assert_eq!(report.info.records, totals.indexed + totals.commits_only + totals.no_package);
    let reasons = |reason| -> Vec<&str> {
        report.skipped.iter().filter(|it| it.reason == reason).map(|it| it.member.as_str()).collect()
    };
    assert_eq!(
        reasons(SkipReason::Withdrawn),
        ["GHSA-rwqr-c348-m5wr", "UBUNTU-CVE-2001-1593", "BELL-CVE-2000-0344"]
    );
    assert_eq!(reasons(SkipReason::CommitsOnly), ["OSV-2016-1"]);
    assert_eq!(reasons(SkipReason::NoPackage), ["PYSEC-2012-42"]);
    assert_eq!(reasons(SkipReason::Unusable), ["BROKEN-1.json", "BROKEN-2.json"]);
    let details: Vec<_> = report.skipped.iter().filter_map(|it| it.detail.as_deref()).collect();
    assert!(details[0].contains("EOF while parsing") && details[1].contains("\"yesterday\""), "{details:?}");
    Ok(())
}

#[test]
fn entries_say_what_the_records_say() -> Outcome {
    let folder = tempdir()?;
    let (path, _) = build(&members()?, folder.path(), "a.pdb")?;
    let database = Database::open(&path)?;
    let entries = |ecosystem: &str, name: &str| -> Outcome<Vec<String>> {
        database.affected(ecosystem, name)?.map(|entry| Ok(show(&entry?)?)).collect()
    };

    let redis = database.affected("Bitnami", "redis")?.next().ok_or("no entry")??;
    let events: Vec<Event<'_>> = redis.ranges().flat_map(|range| range.events).collect();
    let expected = [
        Event::Introduced("2.6.0"),
        Event::Fixed("6.2.18"),
        Event::Introduced("7.0.0"),
        Event::Fixed("7.2.8"),
        Event::Introduced("7.3.0"),
        Event::Fixed("6.2.18"),
        Event::Introduced("7.2.0"),
        Event::Fixed("7.2.8"),
        Event::Introduced("7.4.0"),
        Event::Fixed("7.4.3"),
    ];
    assert_eq!(events, expected, "events stay in the record's order");

    assert_eq!(entries("npm", "limited")?.len(), 1);
    let limited = database.affected("npm", "limited")?.next().ok_or("no entry")??;
    let events: Vec<Vec<Event<'_>>> = limited.ranges().map(|range| range.events.collect()).collect();
    assert_eq!(
        events,
        [
            vec![Event::Introduced("0"), Event::Limit("2.0.0")],
            vec![Event::Introduced("3"), Event::Fixed("4")]
        ],
        "the range of commits is left out, and two events in one object are two"
    );
    assert_eq!(entries("npm", "lodash")?.len(), 1);
    assert_eq!(
        entries("RubyGems", "lodash-rails")?.len(),
        1,
        "a record is filed under each ecosystem it names"
    );
    assert_eq!(entries("npm", "no-such-package")?.len(), 0);
    assert_eq!(entries("Debian:99", "tar")?.len(), 0);
    assert_eq!(entries("PyPI", "twice-named")?, entries("PyPI", "TWICE--named")?, "names are normalised");
    assert_eq!(entries("PyPI", "twice-named")?.len(), 1);
    assert_eq!(entries("OSS-Fuzz", "file")?.len(), 0);
    Ok(())
}

#[test]
fn versions_are_matched_to_the_letter() -> Outcome {
    let folder = tempdir()?;
    let (path, _) = build(&members()?, folder.path(), "a.pdb")?;
    let database = Database::open(&path)?;
    let tar = database.affected("Debian:12", "tar")?.next().ok_or("no entry")??;
    assert!(tar.versions().contains("1.34+dfsg-1.2+deb12u1"));
    assert!(!tar.versions().contains("1.34+dfsg-1.2+deb12u2") && !tar.versions().contains(""));
    assert_eq!(tar.versions().iter().count(), 9);
    assert!(!tar.is_fixed_somewhere());

    let record: serde_json::Value = serde_json::from_slice(&std::fs::read(
        common::testdata().join("osv/Maven/GHSA-wm9w-rjj3-j356.json"),
    )?)?;
    for affected in record["affected"].as_array().ok_or("no packages")? {
        let name = affected["package"]["name"].as_str().ok_or("no name")?;
        let versions = affected["versions"].as_array().ok_or("no versions")?;
        let candidates = database.affected("Maven", name)?;
        for version in versions.iter().filter_map(|version| version.as_str()) {
            let place = candidates.locate(version);
            let listed = candidates.clone().filter_map(Result::ok).any(|it| it.versions().has(place));
            assert!(listed, "{name} {version}");
        }
        assert!(
            !candidates.clone().filter_map(Result::ok).any(|it| it.versions().has(candidates.locate("0.0")))
        );
    }
    Ok(())
}

#[test]
fn severities_keep_their_language() -> Outcome {
    let folder = tempdir()?;
    let (path, _) = build(&members()?, folder.path(), "a.pdb")?;
    let database = Database::open(&path)?;
    let record =
        |id: &str| -> Outcome<_> { Ok(database.record(*database.find(id)?.first().ok_or("not found")?)?) };
    let rating =
        |id: &str| -> Outcome<_> { Ok(record(id)?.rating()?.map(|rating| (rating.level, rating.text))) };

    assert_eq!(rating("ALSA-2019:0984")?, Some((Level::Medium, "Moderate")), "the title of an erratum");
    assert_eq!(rating("UBUNTU-CVE-2008-7320")?, Some((Level::Low, "low")));
    let ubuntu = record("UBUNTU-CVE-2008-7320")?.severities()?;
    assert_eq!(ubuntu.len(), 1, "the word is no CVSS");
    assert_eq!(
        (ubuntu[0].system, ubuntu[0].score, ubuntu[0].level),
        (System::CvssV30, Some(6.8), Level::Medium)
    );
    let bare = record("GHSA-228g-948r-83gx")?.severities()?;
    assert_eq!((bare[0].score, bare[0].text, bare[0].level), (Some(6.1), "", Level::Medium));

    let tar = database.affected("Debian:13", "tar")?.next().ok_or("no entry")??;
    assert_eq!(
        tar.rating()?.map(|rating| (rating.level, rating.text)),
        Some((Level::Negligible, "unimportant"))
    );
    let redis = database.affected("Bitnami", "redis")?.next().ok_or("no entry")??;
    assert_eq!(redis.severities()?.len(), 1, "a severity of the package");
    let unmaintained: Vec<_> = database
        .keys()
        .filter_map(Result::ok)
        .filter(|key| &*key.ecosystem == "crates.io")
        .filter_map(|key| database.affected(&key.ecosystem, &key.name).ok()?.next()?.ok()?.informational())
        .collect();
    assert_eq!(unmaintained, [Informational::Unmaintained]);
    Ok(())
}

#[test]
fn records_are_found_by_all_their_names() -> Outcome {
    let folder = tempdir()?;
    let (path, _) = build(&members()?, folder.path(), "a.pdb")?;
    let database = Database::open(&path)?;
    let found = |id: &str| -> Outcome<Vec<(String, Role)>> {
        let show =
            |it: &pratique_advisory::Mention| Ok((database.record(it.record)?.id().to_owned(), it.role));
        database.mentions(id)?.iter().map(show).collect()
    };
    assert_eq!(found("GHSA-29mw-wpgm-hmr9")?, [("GHSA-29mw-wpgm-hmr9".to_owned(), Role::Id)]);
    assert_eq!(found("CVE-2020-28500")?, [("GHSA-29mw-wpgm-hmr9".to_owned(), Role::Alias)]);
    assert_eq!(found("CVE-2005-2541")?, [("DEBIAN-CVE-2005-2541".to_owned(), Role::Upstream)]);
    assert_eq!(found("GHSA-rwqr-c348-m5wr")?, [], "withdrawn");
    assert_eq!(found("CVE-2020-2850")?, [], "a prefix of one is none");
    assert_eq!(database.find("CVE-2005-2541")?, []);
    assert_eq!(database.find("OSV-2016-1")?.len(), 1, "kept though no package leads to it");

    let twice = *database.find("TWICE-1")?.first().ok_or("not found")?;
    assert_eq!(database.text(twice)?.summary, "newer");
    let loofah = *database.find("CVE-2022-23515")?.first().ok_or("not found")?;
    let text = database.text(loofah)?;
    assert!(text.details.starts_with("## Summary\n\nLoofah `>= 2.1.0"));
    assert_eq!((text.references.len(), text.references[0].kind.as_str()), (6, "ADVISORY"));
    Ok(())
}

#[test]
fn cves_gather_what_all_say() -> Outcome {
    let folder = tempdir()?;
    let export = folder.path().join("export");
    pack(&members()?, &export)?;
    let epss = "#model_version:v2025.03.14,score_date:2026-01-11T12:55:00Z\ncve,epss,percentile\n\
                CVE-2020-28500,0.00326,0.5501\nCVE-1999-0001,0.01,0.5\n";
    let kev = r#"{"catalogVersion":"2026.08.07","vulnerabilities":[{"cveID":"CVE-2020-28500","dateAdded":"2026-01-02",
                 "dueDate":"2026-02-03","knownRansomwareCampaignUse":"Known","vulnerabilityName":"A \/ B","requiredAction":"Act."}]}"#;
    let stream = |name: &str, text: &str| {
        Some(Input::Stream(name.into(), Box::new(std::io::Cursor::new(text.to_owned()))))
    };
    let path = folder.path().join("a.pdb");
    let with_feeds = ImportOptions { epss: stream("epss", epss), kev: stream("kev", kev), ..options() };
    let report = import(Some(&Folder::new(&export)), &path, with_feeds)?;
    assert_eq!(report.info.epss.map(|info| (info.scores, info.unusable)), Some((2, 0)));
    assert_eq!(report.info.kev.map(|info| (info.entries, info.version)), Some((1, "2026.08.07".into())));

    let database = Database::open(&path)?;
    let facts = database.cve("CVE-2020-28500")?.ok_or("not found")?;
    assert_eq!(facts.severities.len(), 1);
    assert_eq!(facts.severities[0].0.score, Some(5.3));
    assert_eq!(facts.epss.map(|it| (it.probability, it.percentile)), Some((0.00326, Some(0.5501))));
    let kev = facts.kev.ok_or("no KEV entry")?;
    assert_eq!((kev.added, kev.due, kev.ransomware), ("2026-01-02", "2026-02-03", true));
    assert_eq!((kev.name, kev.action), ("A / B", "Act."));
    let only_epss = database.cve("CVE-1999-0001")?.ok_or("not found")?;
    assert!(only_epss.severities.is_empty() && only_epss.kev.is_none() && only_epss.epss.is_some());
    let only_upstream = database.cve("CVE-2008-7320")?.ok_or("not found")?;
    assert_eq!(only_upstream.severities.len(), 2, "CVSS and Ubuntu's word");
    assert!(database.cve("CVE-1999-0002")?.is_none() && database.cve("nonsense")?.is_none());
    Ok(())
}

#[test]
fn coverage_can_be_told() -> Outcome {
    let folder = tempdir()?;
    let (path, _) = build(&members()?, folder.path(), "a.pdb")?;
    let database = Database::open(&path)?;
    let debian = database.ecosystem("Debian:12").ok_or("not covered")?;
    assert_eq!((debian.packages, debian.entries, debian.records), (1, 1, 1));
    assert!(database.ecosystem("Debian:1").is_none() && database.ecosystem("Debian").is_none());
    assert!(database.ecosystem("Ubuntu:18.04:LTS").is_some());
    Ok(())
}

#[test]
fn the_same_input_gives_the_same_bytes() -> Outcome {
    let folder = tempdir()?;
    let (first, _) = build(&members()?, folder.path(), "a.pdb")?;
    let mut turned = members()?;
    turned.sort_by(|a, b| (&a.0, &b.1).cmp(&(&b.0, &a.1)));
    let (second, _) = build(&turned, folder.path(), "b.pdb")?;
    assert_eq!(std::fs::read(first)?, std::fs::read(second)?, "in whatever order the zips hold it");
    let left = std::fs::read_dir(folder.path())?
        .filter_map(|it| Some(it.ok()?.file_name()))
        .filter(|name| name.to_string_lossy().ends_with(".partial"));
    assert_eq!(left.count(), 0, "no temporary file is left");
    Ok(())
}

#[test]
fn a_diff_names_what_changed_and_nothing_else() -> Outcome {
    let folder = tempdir()?;
    let mut members = members()?;
    let (old, _) = build(&members, folder.path(), "old.pdb")?;
    for (_, name, bytes) in &mut members {
        let json = String::from_utf8_lossy(bytes);
        *bytes = match name.as_str() {
            "GHSA-29mw-wpgm-hmr9.json" => json.replacen("4.17.21", "4.17.22", 1),
            // Neither another time nor another wording is a reason to match again.
            "CGA-2224-cfxc-99mh.json" => json.replace("\"modified\":\"20", "\"modified\":\"19"),
            "GHSA-228g-948r-83gx.json" => json.replace("Mitigation", "Remedy"),
            _ => continue,
        }
        .into_bytes();
    }
    members.retain(|(_, name, _)| name != "LIMIT-1.json");
    members.push(member(
        "Packagist",
        "NEW-1.json",
        r#"{"id":"NEW-1","modified":"2024-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Packagist","name":"a/b"},"versions":["1"]}]}"#,
    ));
    members.sort();
    let (new, _) = build(&members, folder.path(), "new.pdb")?;
    let (old, new) = (Database::open(old)?, Database::open(new)?);
    let changes: Vec<(String, Change)> = Database::diff(&old, &new)
        .map(|change| change.map(|(key, change)| (format!("{} {}", key.ecosystem, key.name), change)))
        .collect::<Result<_, _>>()?;
    let expected =
        [("Packagist a/b", Change::Added), ("npm limited", Change::Removed), ("npm lodash", Change::Changed)];
    assert_eq!(changes, expected.map(|(key, change)| (key.to_owned(), change)));
    assert_eq!(Database::diff(&old, &old).count(), 0);
    Ok(())
}

#[test]
fn a_strict_import_fails_and_leaves_what_was_there() -> Outcome {
    let folder = tempdir()?;
    let export = folder.path().join("export");
    pack(&members()?, &export)?;
    let target = folder.path().join("a.pdb");
    std::fs::write(&target, "old")?;
    let problem = import(Some(&Folder::new(&export)), &target, ImportOptions { strict: true, ..options() });
    let message = problem.err().ok_or("it succeeded")?.to_string();
    assert!(message.starts_with("npm/all.zip: BROKEN-1.json: not an OSV record: EOF"), "{message}");
    assert_eq!(std::fs::read(&target)?, b"old");

    std::fs::write(export.join("npm/all.zip"), "PK no zip")?;
    std::fs::remove_dir_all(export.join("Debian"))?;
    let report = import(Some(&Folder::new(&export)), &target, options())?;
    assert_eq!(report.problems.len(), 2, "{:?}", report.problems);
    let only = ImportOptions { ecosystems: vec!["Nowhere".into()], ..options() };
    assert!(matches!(
        import(Some(&Folder::new(&export)), &target, only),
        Err(ImportError::UnknownEcosystem { .. })
    ));
    assert!(matches!(
        import(Some(&Folder::new(folder.path())), &target, options()),
        Err(ImportError::Layout { .. })
    ));
    Ok(())
}
