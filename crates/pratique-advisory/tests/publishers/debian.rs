use pratique_advisory::{FeedId, SkipReason, feeds::Debian};

use super::{Files, Outcome, damage, kept, read, sample};

/// Made by hand from real entries, one for each word of the tracker; see `ORIGIN.md`.
fn tracker() -> Outcome<Files> {
    Ok(Files::server([("data/json", kept("debian/tracker.json")?)]))
}

#[test]
fn each_word_of_the_tracker_has_its_state() -> Outcome {
    let imported = read(&Debian, tracker()?)?;
    let rows = |release: &str, package: &str| imported.rows(release, package);
    assert_eq!(
        rows("Debian:11", "389-ds-base")?,
        [
            "DEBIAN-CVE-2012-0833 NotAffected unimportant=Negligible",
            "DEBIAN-CVE-2016-5405 >=0 <1.3.5.15-1 Unstated",
            "DEBIAN-CVE-2016-5416 >=0 WillNotFix",
        ]
    );
    assert_eq!(rows("Debian:10", "chromium")?, ["DEBIAN-CVE-2022-0456 >=0 EndOfLife"]);
    let fixed = "DEBIAN-CVE-2022-0456 >=0 <98.0.4758.80-1~deb11u1 Unstated";
    assert_eq!(rows("Debian:11", "chromium")?, [fixed]);
    let no_advisory = "DEBIAN-CVE-2014-8242 >=0 Unstated low=Low";
    assert_eq!(rows("Debian:8", "librsync")?, [no_advisory]);
    assert_eq!(
        rows("Debian:9", "prototypejs")?,
        [
            "DEBIAN-CVE-2007-2383 NotAffected unimportant=Negligible",
            "DEBIAN-CVE-2008-7220 >=0 <1.6.0.2-1 Unstated high**=High",
        ]
    );
    assert_eq!(rows("Debian:11", "sope")?, ["DEBIAN-CVE-2025-53603 >=0 Deferred"]);
    assert_eq!(rows("Debian:13", "sope")?, ["DEBIAN-CVE-2025-53603 >=0 UnderInvestigation"]);
    assert_eq!(
        rows("Debian:11", "wordpress")?,
        ["DEBIAN-TEMP-0000000-0CA7E3 NotAffected unimportant=Negligible"]
    );
    assert_eq!(rows("Debian:sid", "sope")?, Vec::<String>::new());

    assert_eq!(imported.counts().indexed, 9);
    assert_eq!(
        imported.skipped(SkipReason::Unusable),
        [
            "libsope-odd CVE-2025-53603: it is resolved in Debian:12 by no version",
            "libsope-odd DSA-1: it is neither a CVE nor one of the tracker's temporary names",
            "odd-package: invalid type: sequence, expected a map at line 1 column 0",
        ]
    );
    Ok(())
}

#[test]
fn a_record_says_where_it_comes_from() -> Outcome {
    let imported = read(&Debian, tracker()?)?;
    let database = &imported.database;
    let found = database.find("DEBIAN-CVE-2016-5416")?;
    let record = database.record(found[0])?;
    assert_eq!(record.feed(), FeedId::Debian);
    assert_eq!(record.upstream().collect::<Vec<_>>(), ["CVE-2016-5416"]);
    assert_eq!(record.modified().as_second(), 0, "the tracker has no dates");
    let text = database.text(found[0])?;
    assert!(text.details.starts_with("389 Directory Server in Red Hat Enterprise Linux Desktop 6"));
    let links: Vec<&str> = text.references.iter().map(|reference| &*reference.url).collect();
    assert_eq!(
        links,
        ["https://security-tracker.debian.org/tracker/CVE-2016-5416", "https://bugs.debian.org/834233"]
    );
    Ok(())
}

#[test]
fn damage_is_survived() -> Outcome {
    damage::throw(&Debian, &tracker()?, "data/json");
    Ok(())
}

#[test]
fn every_entry_of_the_samples_is_accounted_for() -> Outcome {
    for (name, records, entries, sid) in [
        ("debian/tracker/debian.json", 6, 19, 6),
        ("debian/tracker-2/advisory.json", 4, 4, 4),
        ("debian/tracker-3/debian.json", 6, 16, 2),
    ] {
        let Some(bytes) = sample(name) else { return Ok(()) };
        let imported = read(&Debian, Files::server([("debian.json", bytes)]))?;
        let counts = imported.counts();
        assert_eq!(
            (counts.members, counts.indexed, imported.entries()),
            (records, records, entries),
            "{name}"
        );
        assert_eq!(imported.skipped(SkipReason::Unusable), Vec::<String>::new(), "{name}");
        let left_out = format!("{sid} statements: they are about a release without a number, such as sid");
        assert!(imported.skipped(SkipReason::LeftOut).contains(&left_out), "{name}");
    }
    Ok(())
}
