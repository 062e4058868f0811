//! Distributions whose advisories come from a feed of their own: from the vendor's file to the findings of an image.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{fs, path::Path};

use pratique_advisory::{Database, FeedId, FeedInput, Folder, ImportOptions, feeds, import};
use pratique_inventory::{Distribution, Inventory, Package, PackageKind, SourcePackage, inventory::Scope};
use pratique_match::{Matches, Verdict, explain, find};

/// The recorded samples of the feeds, as a database.
fn database(folder: &Path) -> Database {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pratique-advisory/testdata/feeds");
    read(&samples, folder)
}

fn read(samples: &Path, folder: &Path) -> Database {
    let ids =
        [FeedId::Alpine, FeedId::Amazon, FeedId::AzureLinux, FeedId::Oracle, FeedId::Photon, FeedId::Wolfi];
    let feeds = feeds::all().iter().filter(|feed| ids.contains(&feed.id()));
    let feeds = feeds
        .filter(|feed| samples.join(feed.id().name()).exists())
        .map(|feed| FeedInput { feed: *feed, source: Box::new(Folder::new(samples.join(feed.id().name()))) })
        .collect();
    let target = folder.join("advisories.pdb");
    import(None, &target, ImportOptions { feeds, ..ImportOptions::default() }).unwrap();
    Database::open(&target).unwrap()
}

struct Image<'a> {
    /// `ID` and `VERSION_ID` of os-release.
    release: (&'a str, &'a str),
    kind: PackageKind,
}

impl Image<'_> {
    fn with(&self, name: &str, version: &str, source: Option<(&str, &str)>) -> Inventory {
        let (id, release) = self.release;
        let package = Package {
            kind: self.kind,
            name: name.into(),
            namespace: Some(id.into()),
            version: version.into(),
            arch: Some("x86_64".into()),
            source: source
                .map(|(name, version)| SourcePackage { name: name.into(), version: version.into() }),
            ..Package::default()
        };
        let distribution = Distribution { id: id.into(), version: release.into(), ..Distribution::default() };
        Inventory { distribution: Some(distribution), packages: vec![package], ..Inventory::default() }
    }
}

/// `vulnerability fix`, a line each. Nothing may be left out.
fn found(database: &Database, inventory: &Inventory) -> Vec<String> {
    let Matches { findings, unknown, gaps, packages } = find(inventory, Scope::ALL, database).unwrap();
    assert_eq!((unknown, gaps, packages), (Vec::new(), Vec::<String>::new(), 1));
    findings.iter().map(|f| format!("{} {}", f.id, f.fixed_version.as_deref().unwrap_or("-"))).collect()
}

#[test]
fn images_have_findings() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let nothing: [&str; 0] = [];
    let rpm = |id, version| Image { release: (id, version), kind: PackageKind::Rpm };
    let binary =
        |image: &Image<'_>, name: &str, version: &str| found(&database, &image.with(name, version, None));

    let amazon = rpm("amzn", "2");
    assert_eq!(binary(&amazon, "qemu-kvm", "10:1.5.3-140.amzn2"), ["CVE-2017-5715 10:1.5.3-141.amzn2.5.3"]);
    assert_eq!(binary(&amazon, "qemu-kvm", "10:1.5.3-141.amzn2.5.3"), nothing);
    // The kernel of an optional repository, and that of the main one.
    assert_eq!(binary(&amazon, "kernel", "5.15.42-1.amzn2").len(), 13);
    assert_eq!(binary(&amazon, "kernel", "4.14.209-160.335.amzn2"), nothing);
    let amazon = rpm("amzn", "2023");
    assert_eq!(
        binary(&amazon, "rsyslog", "8.2204.0-2.amzn2023.0.1"),
        ["CVE-2014-3634 8.2204.0-3.amzn2023.0.2", "CVE-2022-24903 8.2204.0-3.amzn2023.0.2"]
    );
    assert_eq!(binary(&amazon, "kernel-livepatch-6.1.13-1.1", "1.0-0.amzn2023"), nothing);
    assert_eq!(
        binary(&rpm("amzn", "2018.03"), "httpd-devel", "2.2.20-1.17.amzn1"),
        ["CVE-2011-3192 2.2.21-1.18.amzn1"]
    );

    let oracle = rpm("ol", "5.11");
    assert_eq!(
        binary(&oracle, "bind-libs", "30:9.3.3-7.el5"),
        ["CVE-2007-0493 30:9.3.3-8.el5", "CVE-2007-0494 30:9.3.3-8.el5"]
    );
    assert_eq!(binary(&oracle, "bind-libs", "30:9.3.3-8.el5"), nothing);

    // Azure Linux files by source package.
    let azure = rpm("azurelinux", "3.0");
    let golang = |version| {
        let image = azure.with("golang-docs", version, Some(("golang", version)));
        found(&database, &image)
    };
    assert_eq!(golang("1.20.6-1.azl3"), ["CVE-2023-29409 1.20.7-1.azl3"]);
    assert_eq!(golang("1.20.7-1.azl3"), nothing);
    assert_eq!(binary(&rpm("mariner", "2.0"), "openssl", "1.1.1k-27.cm2"), ["CVE-2023-5678 1.1.1k-28.cm2"]);
    assert_eq!(binary(&rpm("mariner", "2.0"), "unzip", "6.0-19.cm1"), ["CVE-2014-8139 -"]);

    let photon = rpm("photon", "4.0");
    assert_eq!(binary(&photon, "curl-libs", "7.88.1-3.ph4"), ["CVE-2023-38546 7.88.1-4.ph4"]);
    assert_eq!(binary(&photon, "httpd", "2.4.57-1.ph4"), nothing, "not affected");
    assert_eq!(binary(&photon, "krb5-devel", "1.17-14.ph4"), ["BDSA-2025-0719 1.17-15.ph4"]);

    let apk = |id, version| Image { release: (id, version), kind: PackageKind::Apk };
    let alpine = apk("alpine", "3.16.9").with("apache2-utils", "2.4.34-r1", Some(("apache2", "2.4.34-r1")));
    assert_eq!(found(&database, &alpine), ["CVE-2018-11763 2.4.35-r0"]);
    let edge = apk("alpine", "3.21_alpha20240807").with("aom-libs", "3.1.0-r0", Some(("aom", "3.1.0-r0")));
    assert_eq!(found(&database, &edge).len(), 3);
    let wolfi = apk("wolfi", "20230201");
    assert_eq!(found(&database, &wolfi.with("zlib", "1.2.12-r1", None)), ["CVE-2022-37434 1.2.12-r3"]);
    assert_eq!(found(&database, &wolfi.with("coreutils", "9.1-r0", None)), nothing, "never affected");
}

/// A fix of one flavour says nothing of the others.
#[test]
fn flavours_of_oracle_linux_are_compared_with_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let feed = folder.path().join("feeds/oracle");
    fs::create_dir_all(&feed).unwrap();
    let definition = |id: &str, fixed: &str| {
        format!(
            "<definition id='{id}'><metadata><title>{id}:  glibc security update</title>\
             <reference source='elsa' ref_id='{id}'/><reference source='CVE' ref_id='CVE-2021-1000'/>\
             <advisory><severity>IMPORTANT</severity><issued date='2021-05-06'/></advisory></metadata>\
             <criteria operator='AND'><criterion comment='Oracle Linux 8 is installed'/>\
             <criterion comment='glibc is earlier than {fixed}'/></criteria></definition>"
        )
    };
    let definitions = [
        definition("ELSA-2021-1", "0:2.28-151.0.1.el8"),
        definition("ELSA-2021-2", "2:2.28-151.0.1.ksplice2.el8"),
        definition("ELSA-2021-3", "10:2.28-151.0.1.el8_fips"),
    ];
    let document = format!("<oval_definitions>{}</oval_definitions>", definitions.concat());
    fs::write(feed.join("com.oracle.elsa-all.xml.bz2"), document).unwrap();
    let database = read(&folder.path().join("feeds"), folder.path());
    let image = Image { release: ("ol", "8.5"), kind: PackageKind::Rpm };
    for (version, want) in [
        ("2.28-150.el8", Some("CVE-2021-1000 2.28-151.0.1.el8")),
        ("2.28-151.0.1.el8", None),
        ("2:2.28-151.0.1.ksplice1.el8", Some("CVE-2021-1000 2:2.28-151.0.1.ksplice2.el8")),
        ("2:2.28-151.0.1.ksplice2.el8", None),
        ("10:2.28-150.el8_fips", Some("CVE-2021-1000 10:2.28-151.0.1.el8_fips")),
        ("10:2.28-151.0.1.el8_fips", None),
    ] {
        let found = found(&database, &image.with("glibc", version, None));
        assert_eq!(found, want.into_iter().collect::<Vec<_>>(), "{version}");
    }
    let explained =
        explain(&image.with("glibc", "2.28-151.0.1.el8", None), &database, "CVE-2021-1000").unwrap();
    let why: Vec<String> = explained.iter().map(|one| format!("{} {:?}", one.record, one.verdict)).collect();
    assert!(matches!(explained[0].verdict, Verdict::Fixed { .. }), "{why:?}");
    assert!(why[1].contains("about the Ksplice flavour, the package is of the ordinary one"), "{why:?}");
}
