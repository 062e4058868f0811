use pratique_advisory::{FeedId, SkipReason, feeds::Nvd};

use super::{Files, Outcome, damage, kept, read, samples};

fn served() -> Outcome<Files> {
    Ok(Files::server([
        ("nvdcve-2.0-2002.json.gz", kept("nvd/nvdcve-2.0-2002.json.gz")?),
        ("nvdcve-2.0-modified.json.gz", kept("nvd/nvdcve-2.0-modified.json.gz")?),
    ]))
}

#[test]
fn the_feed_as_served() -> Outcome {
    let imported = read(&Nvd, served()?)?;
    assert_eq!((imported.counts().members, imported.counts().indexed), (6, 6));
    let rows = |product: &str| imported.rows("CPE", product);
    assert_eq!(rows("eric_allman:sendmail")?, ["CVE-1999-0095 [\"5.58\"] Unstated"]);
    assert_eq!(
        rows("freebsd:freebsd")?,
        ["CVE-2000-0388 [\"3.0\", \"3.1\", \"3.2\", \"3.3\", \"3.4\"] Unstated"]
    );
    assert_eq!(rows("grpck:grpck")?, ["CVE-2002-1594 >=0 Unstated"]);
    assert_eq!(rows("unisharp:laravel-filemanager")?, ["CVE-2021-23814 >=0.0.0 Unstated"]);

    let number = imported.database.find("CVE-2021-23814")?[0];
    let record = imported.database.record(number)?;
    assert_eq!(record.feed(), FeedId::Nvd);
    let vectors: Vec<&str> = record.severities()?.iter().map(|severity| severity.text).collect();
    // NVD's own; the issuer's, AC:H, is not.
    assert_eq!(vectors, ["CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", "AV:N/AC:L/Au:S/C:P/I:P/A:P"]);
    Ok(())
}

#[test]
fn ranges_statuses_and_oddities() -> Outcome {
    let cve = |id: &str, status: &str, matches: &str| {
        format!(
            r#"{{"cve":{{"id":"{id}","published":"2024-01-01T00:00:00.000","lastModified":"2024-01-02T00:00:00.000",
            "vulnStatus":"{status}","descriptions":[],"metrics":{{"ssvcV203":[{{}}]}},
            "configurations":[{{"nodes":[{{"operator":"OR","negate":false,"cpeMatch":[{matches}]}}]}}]}}}}"#
        )
    };
    let product = |cpe: &str, range: &str| {
        format!(r#"{{"vulnerable":true,"criteria":"cpe:2.3:{cpe}:*:*:*:*:*:*"{range}}}"#)
    };
    let matches = [
        product("a:v:p:*:*", r#","versionStartIncluding":"1","versionEndExcluding":"2""#),
        product("a:v:p:*:*", r#","versionStartExcluding":"3","versionEndIncluding":"4""#),
        product("a:v:p:5.0:beta1", ""),
        product("o:v:all:-:*", ""),
        product("h:v:router:-:*", ""),
        r#"{"vulnerable":false,"criteria":"cpe:2.3:a:v:surroundings:*:*:*:*:*:*:*:*"}"#.to_owned(),
    ];
    let json = format!(
        r#"{{"format":"NVD_CVE","vulnerabilities":[{},{},{},{{"cve":{{"id":"CVE-2024-4"}}}}]}}"#,
        cve("CVE-2024-1", "Analyzed", &matches.join(",")),
        cve("CVE-2024-2", "Rejected", ""),
        cve("CVE-2024-3", "Analyzed", &product("a:v", "")),
    );
    let imported = read(&Nvd, Files::folder([("page.json", json.into_bytes())]))?;
    assert_eq!(imported.rows("CPE", "v:p")?, ["CVE-2024-1 >=1 <2 >=3 <=4 [\"5.0-beta1\"] Unstated"]);
    assert_eq!(imported.rows("CPE", "v:all")?, ["CVE-2024-1 >=0 Unstated"]);
    assert_eq!(imported.entries(), 2);
    let counts = imported.counts();
    assert_eq!((counts.indexed, counts.withdrawn, counts.unusable), (1, 1, 2));
    assert_eq!(imported.skipped(SkipReason::LeftOut), ["1 statements: they are about hardware"]);
    let unusable = imported.skipped(SkipReason::Unusable);
    assert!(unusable[0].starts_with("page.json: vulnerability 2: \"cpe:2.3:a:v:*"), "{unusable:?}");
    assert!(unusable[1].starts_with("page.json: vulnerability 3: missing field"), "{unusable:?}");
    Ok(())
}

#[test]
fn damage_is_survived() -> Outcome {
    damage::throw(&Nvd, &served()?, "nvdcve-2.0-2002.json.gz");
    let plain = expanded(&kept("nvd/nvdcve-2.0-modified.json.gz")?)?;
    damage::throw(&Nvd, &Files::folder([("page.json", plain)]), "page.json");
    Ok(())
}

fn expanded(packed: &[u8]) -> Outcome<Vec<u8>> {
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(packed), &mut plain)?;
    Ok(plain)
}

#[test]
fn every_cve_of_the_samples_is_accounted_for() -> Outcome {
    let Some(folder) = samples("nvd") else { return Ok(()) };
    let imported = read(&Nvd, folder)?;
    let counts = imported.counts();
    assert_eq!((counts.members, counts.unusable, imported.entries()), (46, 0, 176));
    // CVE-2021-3002 and CVE-2021-23814 are in the file of changes and in that of their year.
    assert_eq!(
        imported.skipped(SkipReason::LeftOut),
        ["2 statements: another file has the CVE, as new or newer"]
    );
    Ok(())
}
