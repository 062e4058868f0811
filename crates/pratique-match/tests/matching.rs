//! Every rule of matching on records written for it (`testdata/osv`).

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{fs, io::Write, path::Path, sync::LazyLock};

use pratique_advisory::{Database, Folder, ImportOptions, Level, import};
use pratique_inventory::{Distribution, Inventory, Package, PackageKind, SourcePackage, inventory::Scope};
use pratique_match::{Installed, Matches, Verdict, explain, find, judge};
use pratique_version::Scheme;

static DATABASE: LazyLock<(tempfile::TempDir, Database)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let records = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/osv");
    let mut names = Vec::new();
    for ecosystem in fs::read_dir(records).unwrap().map(Result::unwrap) {
        let name = ecosystem.file_name().into_string().unwrap();
        let to = folder.path().join("osv").join(&name);
        fs::create_dir_all(&to).unwrap();
        let mut zip = zip::ZipWriter::new(fs::File::create(to.join("all.zip")).unwrap());
        for record in fs::read_dir(ecosystem.path()).unwrap().map(Result::unwrap) {
            let member = record.file_name().into_string().unwrap();
            zip.start_file(member, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(&fs::read(record.path()).unwrap()).unwrap();
        }
        zip.finish().unwrap();
        names.push(name);
    }
    names.sort();
    fs::write(folder.path().join("osv/ecosystems.txt"), names.join("\n")).unwrap();
    let path = folder.path().join("advisories.pdb");
    import(Some(&Folder::new(folder.path().join("osv"))), &path, ImportOptions::default()).unwrap();
    let database = Database::open(&path).unwrap();
    (folder, database)
});

fn package(kind: PackageKind, name: &str, version: &str) -> Package {
    Package { kind, name: name.into(), version: version.into(), ..Package::default() }
}

fn with_source(mut package: Package, name: &str, version: &str) -> Package {
    package.source = Some(SourcePackage { name: name.into(), version: version.into() });
    package
}

fn inventory(distribution: Option<(&str, &str)>, package: Package) -> Inventory {
    let distribution = distribution.map(|(id, version)| Distribution {
        id: id.into(),
        version: version.into(),
        name: format!("{id} {version}"),
        ..Distribution::default()
    });
    Inventory { distribution, packages: vec![package], ..Inventory::default() }
}

fn matches(distribution: Option<(&str, &str)>, package: Package) -> Matches {
    find(&inventory(distribution, package), Scope::ALL, &DATABASE.1).unwrap()
}

/// `vulnerability fix`, a line each.
fn found(distribution: Option<(&str, &str)>, package: Package) -> Vec<String> {
    let findings = matches(distribution, package).findings;
    findings.iter().map(|f| format!("{} {}", f.id, f.fixed_version.as_deref().unwrap_or("-"))).collect()
}

#[test]
fn ranges_of_every_kind() {
    let npm = |version| found(None, package(PackageKind::Npm, "lib", version));
    assert_eq!(
        npm("1.0.5"),
        [
            "CVE-2026-0001 1.2.0", // a record without an end does not undo another's fix
            "CVE-2026-0002 -",     // last affected
            "CVE-2026-0003 1.1.5", // the branch's own fix
            "CVE-2026-0004 -",     // within the limit
            "CVE-2026-0006 -",     // the fix is affected according to another record
            "CVE-2026-0007 1.1.9", // the fix of the first entry is affected according to the second
        ]
    );
    assert_eq!(
        npm("1.1.0"),
        [
            "CVE-2026-0001 1.2.0",
            "CVE-2026-0002 -",
            "CVE-2026-0003 1.1.5",
            "CVE-2026-0006 -",
            "CVE-2026-0007 1.1.9",
        ]
    );
    assert_eq!(npm("1.1.9"), ["CVE-2026-0001 1.2.0", "CVE-2026-0006 -"]);
    assert_eq!(npm("2.0.2"), ["CVE-2026-0001 -", "CVE-2026-0003 2.0.3"]);
}

#[test]
fn what_cannot_be_compared_is_shown() {
    let event = matches(None, package(PackageKind::Npm, "lib", "9.0.0")).unknown;
    assert_eq!(event.len(), 1);
    assert_eq!(event[0].id, "GHSA-aaaa-aaaa-aab1");
    assert!(event[0].reason.contains("`soon`"), "{}", event[0].reason);
    let version = matches(None, package(PackageKind::Npm, "lib", "latest"));
    assert!(version.findings.is_empty());
    assert_eq!(version.unknown.len(), 9, "every record but the withdrawn one");
    assert!(version.unknown.iter().all(|unknown| unknown.reason.contains("`latest`")));
}

#[test]
fn a_project_of_ones_own_is_not_its_malicious_namesake() {
    let mut ours = package(PackageKind::Npm, "ours", "1.0.0");
    assert_eq!(found(None, ours.clone()), ["GHSA-aaaa-aaaa-aab2 -", "MAL-2026-1 -"]);
    ours.details.insert("origin".into(), "local".into());
    assert_eq!(found(None, ours.clone()), ["GHSA-aaaa-aaaa-aab2 -"]);
    let told = explain(&inventory(None, ours), &DATABASE.1, "MAL-2026-1").unwrap();
    assert!(matches!(&told[0].verdict, Verdict::NotAffected { reason } if reason.contains("registry")));
}

#[test]
fn actions_are_their_repositorys_release() {
    let action = |version| package(PackageKind::GitHubAction, "owner/action/sub/path", version);
    assert_eq!(found(None, action("v45.0.0")), ["CVE-2026-0301 46.0.1"]);
    assert_eq!(found(None, action("v46.0.1")), Vec::<String>::new());
    let mut pinned = action("0123456789abcdef0123456789abcdef01234567");
    let gaps = matches(None, pinned.clone()).gaps;
    assert!(gaps.iter().any(|gap| gap.contains("actions at a commit")), "{gaps:?}");
    pinned.details.insert("tag".into(), "v44.1.0".into());
    assert_eq!(found(None, pinned), ["CVE-2026-0301 46.0.1"]);
}

#[test]
fn listed_versions_and_names_have_many_spellings() {
    for (version, affected) in
        [("1.0rc1", true), ("1.0.0-RC.1", true), ("2.0-1", true), ("1.0", false), ("2.0", false)]
    {
        let findings = matches(None, package(PackageKind::Python, "some_lib", version)).findings;
        assert_eq!(!findings.is_empty(), affected, "{version}");
        for finding in findings {
            assert_eq!(finding.title.as_deref(), Some("Only listed"));
            assert_eq!(finding.advisories[0].package, "some-lib");
        }
    }
}

#[test]
fn notices_are_no_findings() {
    assert_eq!(found(None, package(PackageKind::Cargo, "old", "1.0.0")), Vec::<String>::new());
}

#[test]
fn source_packages_and_their_versions() {
    let debian = Some(("debian", "12"));
    // A rebuild (`+b1`) and an epoch of the binary's own say nothing of the source.
    let old = with_source(package(PackageKind::Deb, "bin", "9:9-9+b1"), "src", "1:2.0-1");
    assert_eq!(
        found(debian, old.clone()),
        ["CVE-2026-0020 1:2.0-1+deb12u1", "CVE-2026-0021 1:2.0-1+deb12u1"]
    );
    assert_eq!(matches(debian, old).findings[0].severity.level, Level::Negligible);
    // What the advisory fixed stays open in the tracker, and is no fix to go to any more.
    let new = with_source(package(PackageKind::Deb, "bin", "2.0"), "src", "1:2.0-1+deb12u1");
    assert_eq!(found(debian, new), ["CVE-2026-0020 -"]);
    let without_source = package(PackageKind::Deb, "src", "2.0-9");
    assert_eq!(found(debian, without_source).len(), 2, "epoch 0 is below epoch 1");
}

#[test]
fn a_distributions_word_counts() {
    let bash = package(PackageKind::Deb, "bash", "4.3-7ubuntu1.7");
    let finding = matches(Some(("ubuntu", "14.04")), bash).findings.remove(0);
    assert_eq!((finding.severity.level, finding.fixed_version), (Level::Low, None));
    assert!(
        finding.severities.iter().any(|rating| rating.level == Level::Critical),
        "and the vector beside it"
    );
}

#[test]
fn subscribers_packages_are_judged_by_their_own_entries() {
    let bash = |version| found(Some(("ubuntu", "14.04")), package(PackageKind::Deb, "bash", version));
    assert_eq!(bash("4.3-7ubuntu1.7+esm0"), ["CVE-2026-0030 4.3-7ubuntu1.8+esm1"]);
    assert_eq!(bash("4.3-7ubuntu1.8+esm1"), Vec::<String>::new());
}

#[test]
fn streams_and_products() {
    let nodejs = |version: &str, label: Option<&str>| {
        let mut nodejs = package(PackageKind::Rpm, "nodejs", version);
        nodejs.details.extend(label.map(|label| ("modularity".to_owned(), label.to_owned())));
        found(Some(("rhel", "8.5")), nodejs)
    };
    let fix = "1:14.18.2-2.module+el8.5.0+13644+8d46dafd";
    let both = [format!("CVE-2026-0040 {fix}"), format!("CVE-2026-0041 {fix}")];
    assert_eq!(nodejs("1:14.17.5-1.module+el8.4.0+1+a", Some("nodejs:14:8040:x")), both);
    assert!(nodejs("1:12.22.5-1.module+el8.4.0+1+a", Some("nodejs:12:8040:x")).is_empty(), "another stream");
    assert!(nodejs("1:14.0.0-1.el8", None).is_empty(), "of no module");
    assert!(nodejs(fix, Some("nodejs:14:8050:x")).is_empty(), "and the extended release is another product");

    // An advisory about two streams is about either.
    let jackson = |label: &str| {
        let mut jackson = package(PackageKind::Rpm, "jackson-databind", "0:2.9.9-1.module+el8.1.0+1+a");
        jackson.details.insert("modularity".to_owned(), label.to_owned());
        found(Some(("rhel", "8.5")), jackson)
    };
    let fixed = ["CVE-2026-0043 0:2.10.0-1.module+el8.2.0+5059+3eb3af25"];
    assert_eq!(jackson("pki-deps:10.6:8010:x"), fixed);
    assert_eq!(jackson("pki-core:10.6:8010:x"), fixed);
    assert!(jackson("other:1:8010:x").is_empty());
}

#[test]
fn events_out_of_order() {
    for (version, affected) in [
        ("6.2.17", true),
        ("6.2.18", false),
        ("7.0.1", true),
        ("7.2.8", false),
        ("7.4.2", true),
        ("7.4.3", false),
    ] {
        let mut candidates = DATABASE.1.affected("Bitnami", "x").unwrap();
        let place = candidates.locate(version);
        let entry = candidates.next().unwrap().unwrap();
        let verdict = judge(&mut Installed::new(version, Scheme::Semver), place, &entry);
        assert_eq!(verdict.is_affected(), affected, "{version}: {verdict:?}");
    }
}

#[test]
fn gaps_are_sentences() {
    let gap = |distribution, package| matches(distribution, package).gaps.join("; ");
    let deb = || package(PackageKind::Deb, "a", "1");
    for (distribution, package, sentence) in [
        (
            Some(("fedora", "40")),
            package(PackageKind::Rpm, "a", "1-1"),
            "1 packages of fedora 40: no advisories for this",
        ),
        (Some(("debian", "")), deb(), "does not say which release it is"),
        (Some(("debian", "7")), deb(), "holds nothing for Debian:7"),
        (
            Some(("rhel", "6.1")),
            package(PackageKind::Rpm, "a", "1-1"),
            "holds nothing for Red Hat:enterprise_linux:6",
        ),
        (None, deb(), "unknown distribution"),
        (None, package(PackageKind::Maven, "a", "1"), "1 Java archives"),
        (None, package(PackageKind::Npm, "a", ""), "state no version"),
        (None, package(PackageKind::Generic, "a", "1"), "kinds without advisories: binary"),
        (None, package(PackageKind::Go, "a", "v1.0.0"), "holds nothing for Go"),
        (Some(("debian", "12")), package(PackageKind::Npm, "a", "1.0.0"), "no package database"),
    ] {
        let gap = gap(distribution, package);
        assert!(gap.contains(sentence), "{gap:?} does not contain {sentence:?}");
    }
    assert_eq!(gap(None, package(PackageKind::Npm, "no-such", "1.0.0")), "");
}
