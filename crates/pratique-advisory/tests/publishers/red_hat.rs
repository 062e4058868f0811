use std::io::Read;

use pratique_advisory::{FeedId, SkipReason, feeds::RedHat};

use super::{Files, Outcome, damage, kept, read, samples};

fn plain(name: &str) -> Outcome<Vec<u8>> {
    let mut json = Vec::new();
    flate2::read::GzDecoder::new(&*kept(&format!("red-hat/{name}"))?).read_to_end(&mut json)?;
    Ok(json)
}

/// An archive as the vendor lays it out.
fn archive(members: &[(&str, &[u8])]) -> Outcome<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, *bytes)?;
    }
    Ok(zstd::encode_all(&*tar.into_inner()?, 3)?)
}

#[test]
fn a_fix_a_will_not_fix_and_a_not_affected() -> Outcome {
    let imported =
        read(&RedHat, Files::folder([("2023/cve-2023-28484.json", plain("CVE-2023-28484.json.gz")?)]))?;
    let rows = |product: &str, package: &str| imported.rows(&format!("Red Hat:{product}"), package);
    // Rows checked by eye against the document.
    let fixed = |version: &str| vec![format!("REDHAT-CVE-2023-28484 >=0 <{version} Unstated")];
    assert_eq!(rows("rhel_eus:8.6::appstream", "libxml2-devel")?, fixed("0:2.9.7-13.el8_6.4"));
    assert_eq!(rows("enterprise_linux:8::baseos", "libxml2")?, fixed("0:2.9.7-16.el8_8.1"));
    assert_eq!(rows("enterprise_linux:9::baseos", "python3-libxml2")?, fixed("0:2.9.13-3.el9_2.1"));
    assert_eq!(rows("enterprise_linux:6", "libxml2")?, ["REDHAT-CVE-2023-28484 >=0 EndOfLife"]);
    assert_eq!(rows("enterprise_linux:7", "libxml2-python")?, ["REDHAT-CVE-2023-28484 >=0 EndOfLife"]);
    assert_eq!(rows("satellite:6", "tfm-rubygem-nokogiri")?, ["REDHAT-CVE-2023-28484 NotAffected"]);
    assert_eq!(
        imported.skipped(SkipReason::LeftOut),
        ["2 statements: they are about components that are no RPM packages"]
    );

    let number = imported.database.find("REDHAT-CVE-2023-28484")?[0];
    let record = imported.database.record(number)?;
    assert_eq!(record.feed(), FeedId::RedHat);
    assert_eq!(record.upstream().collect::<Vec<_>>(), ["CVE-2023-28484"]);
    assert_eq!(record.rating()?.map(|rating| rating.text), Some("Moderate"));
    assert_eq!(record.severities()?[0].score, Some(5.9));
    let text = imported.database.text(number)?;
    assert_eq!(text.summary, "libxml2: NULL dereference in xmlSchemaFixupComplexType");
    assert!(
        text.references.iter().any(|link| &*link.url == "https://access.redhat.com/errata/RHSA-2024:0413")
    );
    Ok(())
}

#[test]
fn a_module_stream_is_filed_apart() -> Outcome {
    let imported =
        read(&RedHat, Files::folder([("2022/cve-2022-24834.json", plain("CVE-2022-24834.json.gz")?)]))?;
    let rows = |product: &str, package: &str| imported.rows(&format!("Red Hat:{product}"), package);
    assert_eq!(
        rows("enterprise_linux:8::appstream", "redis:6/redis")?,
        ["REDHAT-CVE-2022-24834 >=0 <0:6.2.17-1.module+el8.10.0+22680+748527fd Unstated"]
    );
    assert_eq!(rows("enterprise_linux:8::appstream", "redis")?, Vec::<String>::new());
    assert_eq!(
        rows("enterprise_linux:9::appstream", "redis")?,
        ["REDHAT-CVE-2022-24834 >=0 <0:6.2.17-1.el9_5 Unstated"]
    );
    Ok(())
}

#[test]
fn the_archive_the_changes_and_the_deletions() -> Outcome {
    let (old, other) = (plain("CVE-2023-28484.json.gz")?, plain("CVE-2022-24834.json.gz")?);
    let gone = plain("cve-2024-24786-simple.json.gz")?;
    let new = String::from_utf8(old.clone())?.replace("2.9.7-16.el8_8.1", "2.9.7-16.el8_8.2").into_bytes();
    let archive = archive(&[
        ("2022/cve-2022-24834.json", &other),
        ("2023/cve-2023-28484.json", &old),
        ("2024/cve-2024-24786.json", &gone),
        ("2024/cve-2024-1.json", b"{}"),
        ("README.md", b"hello"),
    ])?;
    let changes = "\"2023/cve-2023-28484.json\",\"2024-08-05T10:00:00+00:00\"\n\
                   \"2023/cve-2023-9999.json\",\"2024-08-04T10:00:00+00:00\"\n\
                   \"2022/cve-2022-24834.json\",\"2024-08-03T10:00:00+00:00\"\n";
    let deletions = "\"2024/cve-2024-24786.json\",\"2024-08-05T11:00:00+00:00\"\n";
    let files = Files::server([
        ("archive_latest.txt", b"csaf_vex_2024-08-04.tar.zst\n".to_vec()),
        ("csaf_vex_2024-08-04.tar.zst", archive),
        ("changes.csv", changes.into()),
        ("deletions.csv", deletions.into()),
        ("2023/cve-2023-28484.json", new),
    ]);
    let imported = read(&RedHat, files.clone())?;
    assert_eq!(imported.counts().indexed, 2);
    assert_eq!(
        imported.rows("Red Hat:enterprise_linux:8::baseos", "libxml2")?,
        ["REDHAT-CVE-2023-28484 >=0 <0:2.9.7-16.el8_8.2 Unstated"]
    );
    assert_eq!(imported.database.find("REDHAT-CVE-2024-24786")?, []);
    let skipped = imported.skipped(SkipReason::Unusable);
    assert_eq!(skipped.len(), 2, "{skipped:?}");
    assert!(skipped[0].starts_with("2023/cve-2023-9999.json: it is not there"), "{skipped:?}");
    assert!(skipped[1].starts_with("2024/cve-2024-1.json: missing field `document`"), "{skipped:?}");
    damage::throw(&RedHat, &files, "csaf_vex_2024-08-04.tar.zst");
    damage::throw(&RedHat, &files, "changes.csv");
    Ok(())
}

#[test]
fn damage_is_survived() -> Outcome {
    let files = Files::folder([("cve-2024-24786.json", plain("cve-2024-24786-simple.json.gz")?)]);
    damage::throw(&RedHat, &files, "cve-2024-24786.json");
    Ok(())
}

#[test]
fn every_statement_of_the_samples_is_accounted_for() -> Outcome {
    let Some(folder) = samples("redhat/vex") else { return Ok(()) };
    let imported = read(&RedHat, folder)?;
    let counts = imported.counts();
    assert_eq!((counts.members, counts.indexed, imported.entries()), (13, 12, 7627));
    let twice = "REDHAT-CVE-2023-6212: the feed has the identifier twice";
    assert_eq!(imported.skipped(SkipReason::Unusable), [twice], "in the archive and beside it");
    assert_eq!(
        imported.skipped(SkipReason::LeftOut),
        [
            "16 statements: they are about container images",
            "4 statements: they are about components that are no RPM packages",
        ]
    );
    Ok(())
}
