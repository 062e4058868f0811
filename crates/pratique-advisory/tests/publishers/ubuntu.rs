use std::io::Read;

use pratique_advisory::{SkipReason, feeds::Ubuntu};

use super::{Files, Outcome, damage, kept, read, samples};

fn plain(name: &str) -> Outcome<Vec<u8>> {
    let mut json = Vec::new();
    flate2::read::GzDecoder::new(&*kept(&format!("ubuntu/{name}"))?).read_to_end(&mut json)?;
    Ok(json)
}

#[test]
fn the_archives_as_served() -> Outcome {
    let files = Files::server([
        ("vex/vex-all.tar.xz", kept("ubuntu/vex-all.tar.xz")?),
        ("osv/osv-all.tar.xz", kept("ubuntu/osv-all.tar.xz")?),
    ]);
    let imported = read(&Ubuntu, files.clone())?;
    assert_eq!((imported.counts().members, imported.counts().indexed), (2, 2));
    let rows = |release: &str, package: &str| imported.rows(&format!("Ubuntu:{release}"), package);
    // CVE-2025-0167 is in the VEX archive alone.
    for release in ["22.04:LTS", "24.04:LTS", "24.10"] {
        assert_eq!(rows(release, "curl")?, ["UBUNTU-CVE-2025-0167 >=0 Unstated"], "{release}");
    }
    for release in ["20.04:LTS", "Pro:18.04:LTS", "Pro:16.04:LTS", "Pro:14.04:LTS"] {
        assert_eq!(rows(release, "curl")?, ["UBUNTU-CVE-2025-0167 NotAffected"], "{release}");
    }
    // CVE-2024-51988 in the OSV archive alone.
    assert_eq!(
        rows("22.04:LTS", "rabbitmq-server")?,
        ["UBUNTU-CVE-2024-51988 >=0 <3.9.27-0ubuntu0.1 Unstated medium=Medium"]
    );
    assert_eq!(imported.entries(), 11);
    assert_eq!(
        imported.skipped(SkipReason::LeftOut),
        ["1 statements: the CVE is in no package of any release, or only fixed ones"]
    );
    damage::throw(&Ubuntu, &files, "vex/vex-all.tar.xz");
    Ok(())
}

/// As the tracker would export the CVE: with the version that fixed it, which the VEX document does not have.
const CURL: &str = r#"{"id":"UBUNTU-CVE-2023-38545","modified":"2023-10-20T00:00:00Z","published":"2023-10-11T06:00:00Z",
    "severity":[{"type":"Ubuntu","score":"high"}],"affected":[
    {"package":{"ecosystem":"Ubuntu:22.04:LTS","name":"curl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},
     {"fixed":"7.81.0-1ubuntu1.14"}]}],"versions":["7.81.0-1ubuntu1"],"ecosystem_specific":{"ubuntu_priority":"high"}},
    {"package":{"ecosystem":"Ubuntu:16.04:LTS","name":"curl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}"#;

#[test]
fn fixes_come_from_one_publication_and_states_from_the_other() -> Outcome {
    let files = Files::folder([
        ("vex/cve/2023/CVE-2023-38545.json", plain("CVE-2023-38545.json.gz")?),
        ("osv/cve/2023/UBUNTU-CVE-2023-38545.json", CURL.into()),
        ("vex/usn/USN-1.json", b"{}".to_vec()),
    ]);
    let imported = read(&Ubuntu, files)?;
    let rows = |release: &str| imported.rows(&format!("Ubuntu:{release}"), "curl");
    // Not <7.81.0-1ubuntu1.24, which the VEX document calls fixed.
    assert_eq!(rows("22.04:LTS")?, ["UBUNTU-CVE-2023-38545 >=0 <7.81.0-1ubuntu1.14 Unstated high=High"]);
    // Fixed, and nothing tells since when.
    assert_eq!(rows("24.04:LTS")?, Vec::<String>::new());
    // Past its end; the archive of subscribers has the same curl, which is said not to be affected: that is left out. But here
    // the other publication says affected, and it stays.
    assert_eq!(rows("16.04:LTS")?, ["UBUNTU-CVE-2023-38545 >=0 Unstated"]);
    assert_eq!(rows("Pro:16.04:LTS")?, ["UBUNTU-CVE-2023-38545 NotAffected"]);
    assert_eq!(
        imported.skipped(SkipReason::LeftOut),
        ["1 statements: they are about a release past its end, whose package is not affected"]
    );
    let number = imported.database.find("UBUNTU-CVE-2023-38545")?[0];
    let record = imported.database.record(number)?;
    assert_eq!(record.upstream().collect::<Vec<_>>(), ["CVE-2023-38545"]);
    assert_eq!(record.modified().to_string(), "2026-05-20T15:02:47.589121Z", "the newer of both");
    Ok(())
}

#[test]
fn what_will_not_be_fixed() -> Outcome {
    let Some(folder) = samples("ubuntu") else { return Ok(()) };
    let imported = read(&Ubuntu, folder)?;
    assert_eq!(imported.counts().indexed, 4);
    assert_eq!(imported.rows("Ubuntu:24.04:LTS", "sssd")?, ["UBUNTU-CVE-2016-20013 >=0 WillNotFix"]);
    assert_eq!(imported.entries(), 50);
    assert_eq!(
        imported.skipped(SkipReason::LeftOut),
        [
            "1 statements: the CVE is in no package of any release, or only fixed ones",
            "1 statements: they are about a release past its end, whose package is not affected",
            "1 statements: they are about packages that the release does not have",
        ]
    );
    Ok(())
}

#[test]
fn damage_is_survived() -> Outcome {
    let files = Files::folder([
        ("vex/cve/2023/CVE-2023-38545.json", plain("CVE-2023-38545.json.gz")?),
        ("osv/cve/2023/UBUNTU-CVE-2023-38545.json", CURL.into()),
    ]);
    damage::throw(&Ubuntu, &files, "vex/cve/2023/CVE-2023-38545.json");
    damage::throw(&Ubuntu, &files, "osv/cve/2023/UBUNTU-CVE-2023-38545.json");
    Ok(())
}
