//! Whose word counts: every rule of the module `precedence`, on records of several feeds about one package.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{fs, path::Path};

use pratique_advisory::{
    Database, Feed, FeedError, FeedId, FeedInput, Folder, ImportOptions, Sink, Source, State, import, osv,
};
use pratique_inventory::{Distribution, Inventory, Package, PackageKind, inventory::Scope};
use pratique_match::{FixState, MatchOptions, explain, find, find_with};

/// A feed that says what a test wants it to.
struct Says {
    feed: FeedId,
    /// Identifier, the flaws it is about, and `range` of the package.
    records: Vec<(&'static str, Vec<&'static str>, Range)>,
}

#[derive(Clone, Copy)]
enum Range {
    FixedIn(&'static str),
    NotAffected,
    NoFix(State),
}

impl Feed for Says {
    fn id(&self) -> FeedId {
        self.feed
    }

    fn base(&self) -> &'static str {
        ""
    }

    fn read(&self, _: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        for (id, about, range) in &self.records {
            let event = |introduced: Option<&'static str>, fixed: Option<&'static str>| osv::Event {
                introduced: introduced.map(Into::into),
                fixed: fixed.map(Into::into),
                ..osv::Event::default()
            };
            let (events, state) = match *range {
                Range::FixedIn(version) => (vec![event(Some("0"), None), event(None, Some(version))], None),
                Range::NotAffected => (Vec::new(), Some(State::NotAffected)),
                Range::NoFix(state) => (vec![event(Some("0"), None)], Some(state)),
            };
            let range = osv::Range { kind: "ECOSYSTEM".into(), repo: None, events };
            let ranges = if range.events.is_empty() { Vec::new() } else { vec![range] };
            to.record(&osv::Record {
                id: (*id).into(),
                upstream: about.iter().map(|id| (*id).into()).collect(),
                modified: "2026-01-01T00:00:00Z".into(),
                affected: vec![osv::Affected {
                    package: Some(osv::Package {
                        ecosystem: "Debian:12".into(),
                        name: "lib".into(),
                        purl: None,
                    }),
                    ranges,
                    state,
                    ..osv::Affected::default()
                }],
                ..osv::Record::default()
            })?;
        }
        Ok(())
    }
}

fn says(feed: FeedId, records: &[(&'static str, &[&'static str], Range)]) -> Says {
    let records = records.iter().map(|(id, about, range)| (*id, about.to_vec(), *range)).collect();
    Says { feed, records }
}

/// One line for each finding of `lib 1.3` in Debian 12: flaw, fixed version, state, records.
fn found(feeds: &[Says]) -> Vec<String> {
    let (database, _folder) = database(feeds);
    let matches = find(&inventory("1.3"), Scope::ALL, &database).unwrap();
    let line = |finding: &pratique_match::Finding| {
        let records: Vec<_> = finding.advisories.iter().map(|evidence| evidence.id.as_str()).collect();
        let fixed = finding.fixed_version.as_deref().unwrap_or("-");
        format!("{} {fixed} {:?} {}", finding.id, finding.state, records.join(","))
    };
    matches.findings.iter().map(line).collect()
}

fn database(feeds: &[Says]) -> (Database, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("advisories.pdb");
    let input = |feed| FeedInput { feed, source: Box::new(Folder::new(folder.path())) };
    let feeds = feeds.iter().map(|says| input(says as &dyn Feed)).collect();
    import(None, &target, ImportOptions { feeds, ..ImportOptions::default() }).unwrap();
    (Database::open(&target).unwrap(), folder)
}

fn inventory(version: &str) -> Inventory {
    let package =
        Package { kind: PackageKind::Deb, name: "lib".into(), version: version.into(), ..Package::default() };
    let distribution = Distribution { id: "debian".into(), version: "12".into(), ..Distribution::default() };
    Inventory { distribution: Some(distribution), packages: vec![package], ..Inventory::default() }
}

const ONE: &[&str] = &["CVE-2026-0001"];

#[test]
fn the_distribution_goes_before_what_osv_gathers() {
    let osv = || says(FeedId::Osv, &[("DEBIAN-CVE-2026-0001", ONE, Range::FixedIn("1.5"))]);
    assert_eq!(found(&[osv()]), ["CVE-2026-0001 1.5 Fixed DEBIAN-CVE-2026-0001"]);
    // Patched.
    let debian = |range| says(FeedId::Debian, &[("DEBIAN-CVE-2026-0001", ONE, range)]);
    assert_eq!(found(&[osv(), debian(Range::FixedIn("1.2"))]), [""; 0]);
    // Never had it.
    assert_eq!(found(&[osv(), debian(Range::NotAffected)]), [""; 0]);
    // Has it, and gets no fix yet: what OSV says of one does not hold here.
    assert_eq!(
        found(&[osv(), debian(Range::NoFix(State::Deferred))]),
        ["CVE-2026-0001 - FixDeferred DEBIAN-CVE-2026-0001,DEBIAN-CVE-2026-0001"]
    );
}

#[test]
fn states_without_a_fix_are_told() {
    for (state, told) in [
        (State::WillNotFix, "WillNotFix"),
        (State::Deferred, "FixDeferred"),
        (State::UnderInvestigation, "UnderInvestigation"),
        (State::EndOfLife, "EndOfLife"),
        (State::Unstated, "NotFixed"),
    ] {
        let debian = says(FeedId::Debian, &[("D-1", ONE, Range::NoFix(state))]);
        assert_eq!(found(&[debian]), [format!("CVE-2026-0001 - {told} D-1")]);
    }
    assert_eq!(FixState::Fixed, FixState::Fixed);
}

#[test]
fn a_vendor_goes_before_the_distribution_and_the_operator_before_all() {
    let debian = || says(FeedId::Debian, &[("D-1", ONE, Range::NoFix(State::Unstated))]);
    let vex = || says(FeedId::Vex, &[("VEX-1", ONE, Range::NotAffected)]);
    assert_eq!(found(&[debian(), vex()]), [""; 0]);
    let own = says(FeedId::Private, &[("OUR-1", ONE, Range::FixedIn("2.0"))]);
    assert_eq!(found(&[debian(), vex(), own]), ["CVE-2026-0001 2.0 Fixed D-1,OUR-1"]);
}

#[test]
fn an_advisory_about_many_flaws_is_overruled_flaw_by_flaw() {
    let two: &[&str] = &["CVE-2026-0001", "CVE-2026-0002"];
    let osv = says(FeedId::Osv, &[("DSA-1-1", two, Range::FixedIn("1.5"))]);
    let debian = says(FeedId::Debian, &[("D-1", ONE, Range::NotAffected)]);
    assert_eq!(found(&[osv, debian]), ["CVE-2026-0002 1.5 Fixed DSA-1-1"]);
}

#[test]
fn who_is_still_looking_decides_nothing() {
    let osv = || says(FeedId::Osv, &[("DSA-1-1", ONE, Range::FixedIn("1.5"))]);
    let looking = || says(FeedId::Vex, &[("VEX-1", ONE, Range::NoFix(State::UnderInvestigation))]);
    assert_eq!(found(&[osv(), looking()]), ["CVE-2026-0001 1.5 Fixed DSA-1-1,VEX-1"]);
    let debian = says(FeedId::Debian, &[("D-1", ONE, Range::FixedIn("1.2"))]);
    assert_eq!(found(&[debian, looking()]), [""; 0]);
    assert_eq!(found(&[looking()]), ["CVE-2026-0001 - UnderInvestigation VEX-1"]);
}

#[test]
fn the_same_authority_overrules_nobody_and_what_cannot_be_told_decides_nothing() {
    let debian =
        says(FeedId::Debian, &[("D-1", ONE, Range::FixedIn("1.2")), ("D-2", ONE, Range::FixedIn("1.5"))]);
    assert_eq!(found(&[debian]), ["CVE-2026-0001 1.5 Fixed D-2"]);
    let osv = says(FeedId::Osv, &[("DSA-1-1", ONE, Range::FixedIn("1.5"))]);
    let debian = says(FeedId::Debian, &[("D-1", ONE, Range::FixedIn("no version"))]);
    assert_eq!(found(&[osv, debian]), ["CVE-2026-0001 1.5 Fixed DSA-1-1"]);
}

#[test]
fn it_can_be_explained() {
    let osv = says(FeedId::Osv, &[("DSA-1-1", ONE, Range::FixedIn("1.5"))]);
    let debian = says(FeedId::Debian, &[("D-1", ONE, Range::FixedIn("1.2"))]);
    let (database, _folder) = database(&[osv, debian]);
    let said = explain(&inventory("1.3"), &database, "CVE-2026-0001").unwrap();
    let lines: Vec<_> = said
        .iter()
        .map(|one| (one.record.as_str(), one.feed, one.verdict.is_affected(), one.overruled_by.as_deref()))
        .collect();
    assert_eq!(lines, [("D-1", FeedId::Debian, false, None), ("DSA-1-1", FeedId::Osv, true, Some("D-1"))]);
}

#[test]
fn records_of_ones_own_lie_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let own = |path: &str, json: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, json).unwrap();
    };
    let record = |id: &str, cve: &str| {
        format!(
            r#"{{"id":"{id}","aliases":["{cve}"],"modified":"2026-01-01T00:00:00Z","affected":[{{"package":{{
                "ecosystem":"Debian:12","name":"lib"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}}]}}]}}]}}"#
        )
    };
    own("a.json", &record("OUR-1", "CVE-2026-0001"));
    own(
        "deep/er/b.JSON",
        &format!("[{},{}]", record("OUR-2", "CVE-2026-0002"), record("OUR-3", "CVE-2026-0003")),
    );
    own("notes.txt", "no record");
    own("broken.json", "{\"id\":");
    let target = folder.path().join("advisories.pdb");
    let private = pratique_advisory::feeds::all().iter().find(|feed| feed.id() == FeedId::Private).unwrap();
    let feeds = vec![FeedInput { feed: *private, source: Box::new(Folder::new(folder.path())) }];
    let report =
        import(None, Path::new(&target), ImportOptions { feeds, ..ImportOptions::default() }).unwrap();
    let skipped: Vec<_> = report.skipped.iter().map(|skipped| skipped.member.as_str()).collect();
    assert_eq!(skipped, ["broken.json"]);
    let database = Database::open(&target).unwrap();
    let findings = find(&inventory("1.3"), Scope::ALL, &database).unwrap().findings;
    let ids: Vec<_> = findings.iter().map(|finding| finding.id.as_str()).collect();
    assert_eq!(ids, ["CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0003"]);
}

/// NVD about one product.
struct Nvd;

impl Feed for Nvd {
    fn id(&self) -> FeedId {
        FeedId::Nvd
    }

    fn base(&self) -> &'static str {
        ""
    }

    fn read(&self, _: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let event = |introduced: Option<&'static str>, fixed: Option<&'static str>| osv::Event {
            introduced: introduced.map(Into::into),
            fixed: fixed.map(Into::into),
            ..osv::Event::default()
        };
        to.record(&osv::Record {
            id: "CVE-2026-0009".into(),
            modified: "2026-01-01T00:00:00Z".into(),
            affected: vec![osv::Affected {
                package: Some(osv::Package { ecosystem: "CPE".into(), name: "f5:nginx".into(), purl: None }),
                ranges: vec![osv::Range {
                    kind: "ECOSYSTEM".into(),
                    repo: None,
                    events: vec![event(Some("1.20"), None), event(None, Some("1.25.4"))],
                }],
                ..osv::Affected::default()
            }],
            ..osv::Record::default()
        })
    }
}

#[test]
fn nvd_is_asked_by_cpe_only_where_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("advisories.pdb");
    let feeds = vec![FeedInput { feed: &Nvd, source: Box::new(Folder::new(folder.path())) }];
    import(None, &target, ImportOptions { feeds, ..ImportOptions::default() }).unwrap();
    let database = Database::open(&target).unwrap();
    let program = |version: &str| {
        let mut inventory = inventory(version);
        inventory.packages[0].kind = PackageKind::Generic;
        inventory.packages[0].name = "nginx".into();
        inventory.distribution = None;
        let cpes = format!(
            "cpe:2.3:a:nginx:nginx:{version}:*:*:*:*:*:*:* cpe:2.3:a:f5:nginx:{version}:*:*:*:*:*:*:*"
        );
        inventory.packages[0].details.insert("cpe".into(), cpes);
        inventory
    };
    let found = |version: &str, by_cpe: bool| {
        let matches = find_with(&program(version), Scope::ALL, &database, MatchOptions { by_cpe }).unwrap();
        (matches.findings.iter().map(|found| found.id.clone()).collect::<Vec<_>>(), matches.gaps.len())
    };
    assert_eq!(found("1.24.0", true), (vec!["CVE-2026-0009".to_owned()], 0));
    assert_eq!(found("1.25.4", true), (Vec::new(), 0));
    // Not asked: nobody answers for it, and that is said.
    assert_eq!(found("1.24.0", false), (Vec::new(), 1));
}
