//! Feeds of distributions, read from recorded files of theirs and asked row by row.
//!
//! The samples are in `testdata/feeds`, whose `ORIGIN.md` names their sources; larger ones lie in the shared folder.
//! Every row was read off the vendor's file by eye.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Cursor, Read},
    path::Path,
    sync::Mutex,
};

use common::{Outcome, options, shared, testdata};
use pratique_advisory::{
    Counts, Database, Event, Feed, FeedId, FeedInput, Folder, ImportOptions, ImportReport, Source,
    SourceError, feeds, import,
};

fn feed(id: FeedId) -> &'static dyn Feed {
    *feeds::all().iter().find(|feed| feed.id() == id).unwrap()
}

fn try_read(id: FeedId, source: impl Source + 'static) -> Outcome<(Database, ImportReport)> {
    let folder = tempfile::tempdir()?;
    let target = folder.path().join("advisories.pdb");
    let feeds = vec![FeedInput { feed: feed(id), source: Box::new(source) }];
    let report = import(None, &target, ImportOptions { feeds, ..options() })?;
    // The file is mapped and stays until the database is dropped.
    Ok((Database::open(&target)?, report))
}

fn sample(id: FeedId) -> (Database, ImportReport) {
    try_read(id, Folder::new(testdata().join("feeds").join(id.name()))).unwrap()
}

/// What the database holds of a package: record, flaws, ranges, and what is said beside.
fn rows(database: &Database, ecosystem: &str, name: &str) -> Vec<String> {
    let mut rows = Vec::new();
    for entry in database.affected(ecosystem, name).unwrap() {
        let entry = entry.unwrap();
        let record = database.record_of(&entry).unwrap();
        let mut ranges: Vec<String> = Vec::new();
        for range in entry.ranges() {
            let events = range.events.map(|event| match event {
                Event::Introduced("0") => String::new(),
                Event::Introduced(version) => format!(">={version} "),
                Event::Fixed(version) => format!("<{version}"),
                Event::LastAffected(version) => format!("<={version}"),
                Event::Limit(version) => format!("limit {version}"),
            });
            ranges.push(events.collect());
        }
        let flaws: Vec<&str> = record.upstream().collect();
        let rating = entry.rating().unwrap().or(record.rating().unwrap());
        let rating = rating.map(|rating| rating.text.to_lowercase()).unwrap_or_default();
        let row = format!(
            "{} {} [{}] {:?} {rating}",
            record.id(),
            flaws.join("+"),
            ranges.join(" | "),
            entry.state()
        );
        rows.push(row.trim_end().replace(" Unstated", ""));
    }
    rows.sort();
    rows
}

/// How many entries there are, over all packages.
fn entries(database: &Database) -> usize {
    let keys = database.keys().map(Result::unwrap);
    keys.map(|key| database.affected(&key.ecosystem, &key.name).unwrap().count()).sum()
}

fn counts(report: &ImportReport, id: FeedId) -> &Counts {
    &report.info.feeds[&id].counts
}

/// The entries that could not be used, with the reason.
fn unusable(report: &ImportReport) -> Vec<String> {
    let skipped = report.skipped.iter().filter(|it| it.detail.is_some());
    skipped.map(|it| format!("{}: {}", it.member, it.detail.as_deref().unwrap_or_default())).collect()
}

#[test]
fn alpine() {
    let (database, report) = sample(FeedId::Alpine);
    assert_eq!(unusable(&report), Vec::<String>::new());
    // Eight of advancecomp, three of aom, two of apache2, one of bash, one of ansible.
    assert_eq!((counts(&report, FeedId::Alpine).members, counts(&report, FeedId::Alpine).indexed), (15, 15));
    assert_eq!(
        rows(&database, "Alpine:v3.16", "apache2"),
        [
            "ALPINE-CVE-2017-9798 CVE-2017-9798 [<2.4.27-r1]",
            "ALPINE-CVE-2018-11763 CVE-2018-11763 [<2.4.35-r0]"
        ]
    );
    assert_eq!(rows(&database, "Alpine:edge", "advancecomp").len(), 8);
    assert_eq!(
        rows(&database, "Alpine:v3.16", "advancecomp"),
        ["ALPINE-CVE-2019-9210 CVE-2019-9210 [<2.1-r2]"]
    );
    assert_eq!(
        rows(&database, "Alpine:v3.12", "ansible"),
        ["ALPINE-CVE-2018-16876 CVE-2018-16876 [<2.7.9-r0]"]
    );
    assert_eq!(rows(&database, "Alpine:v3.2", "bash"), ["ALPINE-CVE-2016-9401 CVE-2016-9401 [<4.3.33-r2]"]);
}

#[test]
fn whole_databases_of_alpine() {
    let Some(shared) = shared() else { return println!("skipped: the shared folder is not there") };
    let folder = shared.join("feeds/alpine/secdb");
    if !folder.exists() {
        return println!("skipped: {} is not there", folder.display());
    }
    let (database, report) = try_read(FeedId::Alpine, Folder::new(folder)).unwrap();
    assert_eq!(unusable(&report), Vec::<String>::new());
    // Counted apart: flaws, and triples of release, package and flaw.
    assert_eq!((counts(&report, FeedId::Alpine).members, entries(&database)), (2000, 5629));
    let of = |ecosystem: &str, package: &str, id: &str| -> Vec<String> {
        let rows = rows(&database, ecosystem, package);
        rows.into_iter().filter(|row| row.starts_with(&format!("ALPINE-{id} "))).collect()
    };
    // Fixed again after an update; both branches of upstream; a fix that was not enough.
    assert_eq!(
        of("Alpine:v3.10", "busybox", "CVE-2019-5747"),
        ["ALPINE-CVE-2019-5747 CVE-2019-5747 [<1.29.3-r10 | <1.30.1-r2]"]
    );
    assert_eq!(
        of("Alpine:v3.9", "wireshark", "CVE-2017-15191"),
        ["ALPINE-CVE-2017-15191 CVE-2017-15191 [<2.2.10-r0 | <2.4.2-r0]"]
    );
    assert_eq!(
        of("Alpine:v3.10", "ghostscript", "CVE-2019-6116"),
        ["ALPINE-CVE-2019-6116 CVE-2019-6116 [<9.26-r1 | <9.26-r2]"]
    );
    // Two CVEs of one XSA, an XSA without CVE, misspelt ones, and notes.
    for (package, id, fixed) in [
        ("xen", "CVE-2016-9377", "4.7.1-r1"),
        ("xen", "CVE-2016-9378", "4.7.1-r1"),
        ("xen", "XSA-207", "4.7.1-r5"),
        ("xen", "XSA-284", "4.11.2-r0"),
        ("ansible", "CVE-2018-16859", "2.7.3-r0"),
        ("openjdk7", "CVE-2019-2426", "7.211.2.6.17-r0"),
        ("rsync", "CVE-2017-17434", "3.1.2-r7"),
        ("sdl2_image", "CVE-2019-5060", "2.0.5-r0"),
    ] {
        assert_eq!(of("Alpine:v3.9", package, id), [format!("ALPINE-{id} {id} [<{fixed}]")]);
    }
    assert_eq!(of("Alpine:v3.9", "xen", "XSA-196"), Vec::<String>::new(), "it has CVEs");
    let found = database.find("ALPINE-CVE-2016-9377").unwrap();
    assert_eq!(database.text(found[0]).unwrap().details, "Also known as XSA-196.");
}

#[test]
fn wolfi() {
    let (database, report) = sample(FeedId::Wolfi);
    assert_eq!(unusable(&report), Vec::<String>::new());
    assert_eq!(
        rows(&database, "Wolfi", "zlib"),
        [
            "WOLFI-CVE-2018-25032 CVE-2018-25032 [<1.2.12-r0]",
            "WOLFI-CVE-2022-37434 CVE-2022-37434 [<1.2.12-r3]"
        ]
    );
    assert_eq!(rows(&database, "Wolfi", "coreutils"), ["WOLFI-CVE-2016-2781 CVE-2016-2781 [] NotAffected"]);
    assert!(
        rows(&database, "Wolfi", "apko")
            .contains(&"WOLFI-GHSA-jq35-85cj-fj4p GHSA-jq35-85cj-fj4p [] NotAffected".to_owned())
    );
    assert_eq!(rows(&database, "Wolfi", "apko").len(), 9);
}

#[test]
fn chainguard_is_read_as_wolfi_is() {
    let json = r#"{"packages":[
        {"pkg":{"name":"a","secfixes":{"0":["CVE-2020-0001"],"1.2-r0":["CVE-2020-0001","CVE-2020-0002"]}}},
        {"pkg":{"name":"b","secfixes":{"0":["regression"],"1-r0":null,"2-r0":7}}},
        {"pkg":{"name":"c","secfixes":null}}]}"#;
    let (database, report) =
        try_read(FeedId::Chainguard, Files::of("chainguard/security.json", json.as_bytes())).unwrap();
    assert_eq!(
        rows(&database, "Chainguard", "a"),
        [
            // What stands under `0` and under a version was fixed in that version.
            "CHAINGUARD-CVE-2020-0001 CVE-2020-0001 [<1.2-r0]",
            "CHAINGUARD-CVE-2020-0002 CVE-2020-0002 [<1.2-r0]"
        ]
    );
    assert_eq!(
        unusable(&report),
        [
            "chainguard/security.json: b 0: regression: no identifier of a flaw is in it",
            "chainguard/security.json: b 2-r0: it is no list of flaws"
        ]
    );
}

#[test]
fn amazon() {
    let (database, report) = sample(FeedId::Amazon);
    assert_eq!(unusable(&report), Vec::<String>::new());
    assert_eq!((counts(&report, FeedId::Amazon).members, counts(&report, FeedId::Amazon).indexed), (8, 8));
    assert_eq!(
        rows(&database, "Amazon Linux:1", "httpd-devel"),
        ["ALAS-2011-1 CVE-2011-3192 [<2.2.21-1.18.amzn1] medium"]
    );
    assert_eq!(
        rows(&database, "Amazon Linux:2", "qemu-kvm"),
        ["ALAS2-2018-942 CVE-2017-5715 [<10:1.5.3-141.amzn2.5.3] important"]
    );
    let java = rows(&database, "Amazon Linux:2", "java-1.8.0-openjdk");
    assert_eq!(java.len(), 1);
    assert!(java[0].ends_with("[<1:1.8.0.161-0.b14.amzn2] important"), "{java:?}");
    assert_eq!(
        rows(&database, "Amazon Linux:2022", "vim-X11")[0].split(' ').nth(2),
        Some("[<2:8.2.3512-1.amzn2022]")
    );
    assert_eq!(
        rows(&database, "Amazon Linux:2023", "rsyslog"),
        ["ALAS2023-2023-001 CVE-2014-3634+CVE-2022-24903 [<8.2204.0-3.amzn2023.0.2] important"]
    );
    // An optional repository's kernel says nothing of the main one's.
    let kernel = rows(&database, "Amazon Linux:2", "kernel");
    assert_eq!(kernel.len(), 1);
    assert!(kernel[0].ends_with("[>=5.15 <5.15.43-20.123.amzn2] important"), "{kernel:?}");
    // Live patches are packages by themselves.
    assert_eq!(
        rows(&database, "Amazon Linux:2023", "kernel-livepatch-6.1.12-19.43"),
        ["ALAS2023LIVEPATCH-2023-001 CVE-2023-26545 [<1.0-1.amzn2023] important"]
    );
    assert_eq!(rows(&database, "Amazon Linux:2023", "kernel"), Vec::<String>::new());
    let record = database.record(database.find("ALAS2-2018-942").unwrap()[0]).unwrap();
    assert_eq!(record.modified().to_string(), "2018-02-08T21:46:00Z");
    assert_eq!(record.published().unwrap().to_string(), "2018-02-07T18:49:00Z");
    assert_eq!(
        database.text(record.number()).unwrap().summary,
        "important priority package update for qemu-kvm"
    );
}

#[test]
fn optional_repositories_that_are_missing_are_told() {
    let whole = Files::below(&testdata().join("feeds/amazon")).0;
    let mut files = whole.clone();
    files.remove("2/extras-catalog.json");
    let (_, report) = try_read(FeedId::Amazon, Files(files)).unwrap();
    assert_eq!(
        unusable(&report),
        [
            "2/extras-catalog.json: it is not there, so the optional repositories of Amazon Linux 2 are not read"
        ]
    );
    let mut files = whole;
    files.remove("2/extras/kernel-5.15/5.15/x86_64/5e6f/repodata/updateinfo.xml.gz");
    let (_, report) = try_read(FeedId::Amazon, Files(files)).unwrap();
    assert_eq!(unusable(&report).len(), 1);
    assert_eq!(counts(&report, FeedId::Amazon).indexed, 7);
}

#[test]
fn oracle() {
    let (database, report) = sample(FeedId::Oracle);
    assert_eq!(unusable(&report), Vec::<String>::new());
    assert_eq!(counts(&report, FeedId::Oracle).members, 2);
    for package in ["bind", "bind-libs", "caching-nameserver"] {
        assert_eq!(
            rows(&database, "Oracle Linux:5", package),
            ["ELSA-2007-0057 CVE-2007-0493+CVE-2007-0494 [<30:9.3.3-8.el5] moderate"]
        );
    }
    assert_eq!(
        rows(&database, "Oracle Linux:8", "hivex"),
        ["ELSA-2023-12342 CVE-2022-4144+CVE-2023-0664 [<1.3.18-21.module+el8.7.0+21037+8ee66348] important"]
    );
    let text = database.text(database.find("ELSA-2023-12342").unwrap()[0]).unwrap();
    assert_eq!(text.summary, "virt:kvm_utils security update (IMPORTANT)");
}

#[test]
fn oracle_of_many_years() {
    let Some(shared) = shared() else { return println!("skipped: the shared folder is not there") };
    let path = shared.join("feeds/oracle/oval/all-positive-data.xml.bz2");
    let Ok(bytes) = std::fs::read(&path) else { return println!("skipped: {} is not there", path.display()) };
    let (database, report) =
        try_read(FeedId::Oracle, Files::of("com.oracle.elsa-all.xml.bz2", &bytes)).unwrap();
    assert_eq!(unusable(&report), Vec::<String>::new());
    assert_eq!((counts(&report, FeedId::Oracle).members, counts(&report, FeedId::Oracle).indexed), (14, 14));
    // One erratum for two releases.
    let fix = |ecosystem: &str, package: &str| -> Vec<String> {
        let rows = rows(&database, ecosystem, package);
        let mut fixes: Vec<String> =
            rows.iter().map(|row| row[row.find('[').unwrap()..=row.find(']').unwrap()].to_owned()).collect();
        fixes.sort();
        fixes
    };
    assert_eq!(fix("Oracle Linux:5", "xulrunner"), ["[<1.9.2.11-4.0.1.el5_5]", "[<1.9.2.22-1.0.1.el5_7]"]);
    assert_eq!(fix("Oracle Linux:6", "xulrunner"), ["[<1.9.2.22-1.0.1.el6_1]"]);
    // The kernels that live side by side.
    assert_eq!(fix("Oracle Linux:7", "kernel-uek"), ["[>=4.14 <4.14.35-1902.6.6.el7uek]"]);
    assert_eq!(
        fix("Oracle Linux:7", "perf"),
        ["[<3.10.0-123.13.2.el7]", "[>=4.14 <4.14.35-1902.6.6.el7uek]"]
    );
}

/// One erratum's flavours are apart, so that each is compared with its own.
#[test]
fn oracle_keeps_flavours_apart() {
    let criterion = |comment: &str| format!("<criterion test_ref='t' comment='{comment}'/>");
    let xml = format!(
        "<oval_definitions><definitions><definition id='d'><metadata><title>ELSA-2021-1: glibc</title>\
         <reference source='elsa' ref_id='ELSA-2021-1' ref_url='u'/>\
         <reference source='CVE' ref_id='CVE-2021-1000'/><advisory><issued date='2021-05-06'/>\
         <cve cvss3='7.8/CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H'>CVE-2021-1000</cve></advisory></metadata>\
         <criteria operator='AND'>{}<criteria operator='OR'>{}{}{}{}</criteria></criteria></definition>\
         <definition id='e'/></definitions></oval_definitions>",
        criterion("Oracle Linux 8 is installed"),
        criterion("glibc is earlier than 0:2.28-151.0.1.el8"),
        criterion("glibc is earlier than 2:2.28-151.0.1.ksplice2.el8"),
        criterion("glibc is earlier than 10:2.28-151.0.1.el8_fips"),
        criterion("glibc is earlier than 0:2.28-151.0.2.el8"),
    );
    let (database, report) =
        try_read(FeedId::Oracle, Files::of("com.oracle.elsa-all.xml.bz2", xml.as_bytes())).unwrap();
    assert_eq!(
        rows(&database, "Oracle Linux:8", "glibc"),
        [
            "ELSA-2021-1 CVE-2021-1000 [<10:2.28-151.0.1.el8_fips]",
            "ELSA-2021-1 CVE-2021-1000 [<2.28-151.0.1.el8 | <2.28-151.0.2.el8]",
            "ELSA-2021-1 CVE-2021-1000 [<2:2.28-151.0.1.ksplice2.el8]",
        ]
    );
    let record = database.record(database.find("ELSA-2021-1").unwrap()[0]).unwrap();
    assert_eq!(record.severities().unwrap()[0].score, Some(7.8));
    assert_eq!(unusable(&report), ["e: it names no erratum"]);
}

#[test]
fn azure_linux() {
    let (database, report) = sample(FeedId::AzureLinux);
    assert_eq!(unusable(&report), Vec::<String>::new());
    // Ten definitions; CVE-2023-5678 has two of them.
    assert_eq!(counts(&report, FeedId::AzureLinux).members, 9);
    assert_eq!(
        rows(&database, "Azure Linux:1", "glibc"),
        ["AZL-CVE-2021-35942 CVE-2021-35942 [<2.28-19.cm1] critical"]
    );
    // No fix yet.
    assert_eq!(
        rows(&database, "Azure Linux:2", "unzip"),
        ["AZL-CVE-2014-8139 CVE-2014-8139 [<=6.0-19.cm1] high"]
    );
    assert_eq!(
        rows(&database, "Azure Linux:2", "openssl"),
        ["AZL-CVE-2023-5678 CVE-2023-5678 [<1.1.1k-28.cm2] medium"]
    );
    assert_eq!(
        rows(&database, "Azure Linux:3", "golang"),
        ["AZL-CVE-2023-29409 CVE-2023-29409 [>=0.0.0.azl3 <1.20.7-1.azl3] medium"]
    );
    let record = database.record(database.find("AZL-CVE-2024-35176").unwrap()[0]).unwrap();
    assert_eq!(record.modified().to_string(), "2024-05-31T18:55:08Z");
}

#[test]
fn all_of_azure_linux_3() {
    let Some(shared) = shared() else { return println!("skipped: the shared folder is not there") };
    let path = shared.join("feeds/azure-linux/oval/azurelinux-3.0-oval.xml.gz");
    let Ok(bytes) = std::fs::read(&path) else { return println!("skipped: {} is not there", path.display()) };
    let (database, report) =
        try_read(FeedId::AzureLinux, Files::of("azurelinux-3.0-oval.xml", &bytes)).unwrap();
    assert_eq!(unusable(&report), Vec::<String>::new());
    // 1222 definitions of 1221 packages with 1005 flaws.
    assert_eq!(
        (counts(&report, FeedId::AzureLinux).members, counts(&report, FeedId::AzureLinux).indexed),
        (1005, 1005)
    );
    assert_eq!(entries(&database), 1221);
    assert_eq!(
        rows(&database, "Azure Linux:3", "cloud-hypervisor")
            .into_iter()
            .find(|row| row.contains("CVE-2023-45853")),
        Some("AZL-CVE-2023-45853 CVE-2023-45853 [] NotAffected".to_owned())
    );
    assert_eq!(
        rows(&database, "Azure Linux:3", "xorg-x11-server")
            .into_iter()
            .find(|row| row.contains("CVE-2023-1393")),
        Some("AZL-CVE-2023-1393 CVE-2023-1393 [<1.20.10-4.azl3 | <1.20.10-6.azl3] high".to_owned())
    );
}

#[test]
fn photon() {
    let (database, report) = sample(FeedId::Photon);
    // Ten entries: one tells nothing, and three flaws are told twice.
    assert_eq!(
        unusable(&report),
        ["cve_data_photon4.0.json: CVE-2023-50447 python3: no version in it, though its status is \"Fixed\""]
    );
    assert_eq!((counts(&report, FeedId::Photon).members, counts(&report, FeedId::Photon).indexed), (7, 6));
    assert_eq!(
        rows(&database, "Photon OS:4.0", "curl-libs"),
        ["PHOTON-CVE-2023-38546 CVE-2023-38546 [<7.88.1-4.ph4]"]
    );
    assert_eq!(
        rows(&database, "Photon OS:4.0", "httpd"),
        ["PHOTON-CVE-2023-44487 CVE-2023-44487 [] NotAffected"]
    );
    assert_eq!(
        rows(&database, "Photon OS:4.0", "krb5-devel"),
        ["PHOTON-BDSA-2025-0719 BDSA-2025-0719 [<1.17-15.ph4]"]
    );
    assert_eq!(
        rows(&database, "Photon OS:1.0", "linux-esx"),
        ["PHOTON-CVE-2016-9178 CVE-2016-9178 [<4.4.31-2.ph1]"]
    );
    let record = database.record(database.find("PHOTON-CVE-2023-38545").unwrap()[0]).unwrap();
    assert_eq!(record.severities().unwrap()[0].score, Some(9.8));
}

#[test]
fn photon_says_what_has_no_fix() {
    let entry = |id: &str, affected: &str, fix: &str, status: &str| {
        format!(
            r#"{{"cve_id":"{id}","pkg":"p","cve_score":null,"aff_ver":"{affected}","res_ver":"{fix}","status":"{status}"}}"#
        )
    };
    let list = [
        entry("CVE-2020-0001", "all versions are vulnerable", "NA", "Unfixed"),
        entry("CVE-2020-0002", "all versions before 2-1.ph5 are vulnerable", "NA", "Fixed"),
        entry("CVE-2020-0003", "all versions before 2-1.ph5 are vulnerable", "2-1.ph5", "Fixed"),
        entry("CVE-2020-0003", "all versions before 2-3.ph5 are vulnerable", "2-3.ph5", "Fixed"),
        entry("CVE-2020-0003", "", "NA", "Not Affected"),
        entry("", "all versions are vulnerable", "NA", "Unfixed"),
    ];
    let json = format!("[{}]", list.join(","));
    let (database, report) =
        try_read(FeedId::Photon, Files::of("cve_data_photon5.0.json", json.as_bytes())).unwrap();
    assert_eq!(
        rows(&database, "Photon OS:5.0", "p"),
        [
            "PHOTON-CVE-2020-0001 CVE-2020-0001 []",
            "PHOTON-CVE-2020-0002 CVE-2020-0002 [<2-1.ph5]",
            "PHOTON-CVE-2020-0003 CVE-2020-0003 [<2-1.ph5 | <2-3.ph5]",
        ]
    );
    assert_eq!(unusable(&report), ["cve_data_photon5.0.json: an entry names no flaw or no package"]);
}

/// The smaller samples of the shared folder, each with the number of records that it has.
#[test]
fn every_other_sample_is_read_whole() {
    let Some(shared) = shared() else { return println!("skipped: the shared folder is not there") };
    let feeds = shared.join("feeds");
    let samples = [
        (FeedId::Alpine, "v3.3/community.json", "alpine/secdb-excerpts-2/311-community.json", 0),
        (FeedId::Alpine, "v3.11/main.json", "alpine/secdb-excerpts-2/311-main.json", 2),
        (FeedId::Alpine, "edge/main.json", "alpine/secdb-excerpts-2/edge-main.json", 2),
        (FeedId::Alpine, "edge/community.json", "alpine/secdb-excerpts-2/edge-community.json", 0),
        (FeedId::Alpine, "v3.10/community.json", "alpine/secdb-excerpts-3/v3.10/community.json", 9),
        (FeedId::Amazon, UPDATEINFO, "amazon/updateinfo-2/updateinfo_2.xml.gz", 1),
        (FeedId::Amazon, UPDATEINFO, "amazon/updateinfo-2/updateinfo_2022.xml.gz", 1),
        (FeedId::Amazon, UPDATEINFO, "amazon/updateinfo-2/updateinfo_2023.xml.gz", 1),
        (FeedId::Oracle, "com.oracle.elsa-all.xml.bz2", "oracle/oval/ELSA-2007-0057.xml", 1),
    ];
    for (id, path, sample, records) in samples {
        let Ok(bytes) = std::fs::read(feeds.join(sample)) else {
            println!("skipped: {sample} is not there");
            continue;
        };
        let mut files = Files::of(path, &bytes);
        files.0.insert("al2023/core/mirrors/latest/x86_64/mirror.list".into(), b"https://mirror/al/".into());
        let index = b"<repomd><data type='updateinfo'><location href='updateinfo.xml.gz'/></data></repomd>";
        files.0.insert("al/repodata/repomd.xml".into(), index.to_vec());
        // Without any record no database is made.
        match try_read(id, files) {
            Ok((_, report)) => {
                assert_eq!(unusable(&report), Vec::<String>::new(), "{sample}");
                assert_eq!(counts(&report, id).indexed, records, "{sample}");
            }
            Err(problem) => {
                assert_eq!((records, problem.to_string().contains("no usable")), (0, true), "{problem}");
            }
        }
    }
}

const UPDATEINFO: &str = "al/updateinfo.xml.gz";

/// The comments, which are read, say what the tests behind them say, which are not.
#[test]
fn comments_of_oracle_are_as_good_as_its_tests() {
    let mut xml = String::new();
    let path = testdata().join("feeds/oracle/com.oracle.elsa-all.xml.bz2");
    bzip2::read::MultiBzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut xml).unwrap();
    let between = |start: &str, end: &str| -> BTreeSet<String> {
        let pieces = xml.split(start).skip(1);
        pieces.filter_map(|piece| piece.split_once(end)).map(|(inside, _)| inside.to_owned()).collect()
    };
    let comments = between("is earlier than ", "\"");
    assert_eq!(comments.len(), 2);
    assert_eq!(comments, between("operation=\"less than\">", "</evr>"));
}

/// Files in memory.
struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    fn of(path: &str, bytes: &[u8]) -> Files {
        Files([(path.to_owned(), bytes.to_owned())].into())
    }

    /// All files of a folder.
    fn below(folder: &Path) -> Files {
        fn add(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
                if path.is_dir() {
                    add(&path, &format!("{name}/"), files);
                } else {
                    files.insert(name, std::fs::read(&path).unwrap());
                }
            }
        }
        let mut files = BTreeMap::new();
        add(folder, "", &mut files);
        Files(files)
    }
}

impl Source for Files {
    fn name(&self) -> String {
        "files".to_owned()
    }

    fn read(&self, path: &str) -> Result<Option<Box<dyn Read + Send + '_>>, SourceError> {
        Ok(self.0.get(path).map(|bytes| Box::new(Cursor::new(bytes)) as _))
    }
}

/// Nothing that a vendor's server, or somebody in between, sends may end the program.
#[test]
fn damaged_files_are_told_and_never_end_the_program() {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock();
    let ids =
        [FeedId::Alpine, FeedId::Amazon, FeedId::AzureLinux, FeedId::Oracle, FeedId::Photon, FeedId::Wolfi];
    for id in ids {
        let whole = Files::below(&testdata().join("feeds").join(id.name()));
        let small = whole.0.iter().filter(|(path, _)| !path.contains("al2022") && !path.contains("v3.2"));
        for (path, bytes) in small {
            // Compressed files are damaged beneath the compression too.
            let mut plain = Vec::new();
            let expanded = match bytes.as_slice() {
                [0x1f, 0x8b, ..] => {
                    flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain)
                }
                [b'B', b'Z', ..] => {
                    bzip2::read::MultiBzDecoder::new(bytes.as_slice()).read_to_end(&mut plain)
                }
                _ => Ok(0),
            };
            expanded.unwrap();
            for original in [bytes, &plain].into_iter().filter(|bytes| !bytes.is_empty()) {
                for round in 0..24_usize {
                    let mut damaged = original.clone();
                    let place = (round * 7919 + 13) * 31 % damaged.len();
                    if round % 2 == 0 {
                        damaged.truncate(place);
                    } else {
                        damaged[place] ^= 1 << (round % 8);
                    }
                    let mut files = whole.0.clone();
                    files.insert(path.clone(), damaged);
                    // An error, other records, or the same ones: all are fine.
                    let _ = try_read(id, Files(files));
                }
            }
        }
    }
}

#[test]
fn what_is_not_there_is_missed() {
    for id in [
        FeedId::Alpine,
        FeedId::Amazon,
        FeedId::AzureLinux,
        FeedId::Chainguard,
        FeedId::Oracle,
        FeedId::Photon,
        FeedId::Wolfi,
    ] {
        let problem = try_read(id, Files(BTreeMap::new())).err().map(|problem| problem.to_string());
        let problem = problem.unwrap_or_default();
        assert!(problem.contains("is not there"), "{id}: {problem}");
    }
}
