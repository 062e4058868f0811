//! What Red Hat's and vendors' VEX documents do to a scan, and what is said of a release past its end.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{collections::BTreeMap, fs};

use pratique_advisory::{
    Database, Feed, FeedInput, Folder, ImportOptions,
    feeds::{RedHat, Vex},
    import,
};
use pratique_inventory::{Distribution, Inventory, Package, PackageKind, inventory::Scope};
use pratique_match::{Matches, find};

const RED_HAT: &str = r#"{"document":{"category":"csaf_vex","csaf_version":"2.0","title":"redis: a flaw","tracking":{"id":"C",
  "current_release_date":"2026-01-01T00:00:00Z"}},"product_tree":{"branches":[
  {"product":{"product_id":"el8","product_identification_helper":{"cpe":"cpe:/o:redhat:enterprise_linux:8"}}},
  {"product":{"product_id":"el8-appstream","product_identification_helper":{"cpe":"cpe:/a:redhat:enterprise_linux:8::appstream"}}},
  {"product":{"product_id":"plain","product_identification_helper":{"purl":"pkg:rpm/redhat/redis"}}},
  {"product":{"product_id":"five","product_identification_helper":{"purl":"pkg:rpm/redhat/redis?rpmmod=redis:5"}}},
  {"product":{"product_id":"six","product_identification_helper":{"purl":
    "pkg:rpm/redhat/redis@6.2.17-1.module%2Bel8.10.0?rpmmod=redis:6:8100020250113083959:489197e6"}}}],
  "relationships":[
  {"product_reference":"plain","relates_to_product_reference":"el8","full_product_name":{"product_id":"el8:plain"}},
  {"product_reference":"five","relates_to_product_reference":"el8","full_product_name":{"product_id":"el8:five"}},
  {"product_reference":"six","relates_to_product_reference":"el8-appstream","full_product_name":{"product_id":"el8:six"}}]},
  "vulnerabilities":[{"cve":"CVE-2026-1","product_status":{"known_not_affected":["el8:plain"],"known_affected":["el8:five"],
  "fixed":["el8:six"]},"remediations":[{"category":"no_fix_planned","details":"Will not fix","product_ids":["el8:five"]}]}]}"#;

const VENDOR: &str = r#"{"@context":"https://openvex.dev/ns/v0.2.0","timestamp":"2026-01-01T00:00:00Z","statements":[
  {"vulnerability":{"name":"CVE-2026-2"},"products":["pkg:npm/left-pad"],"status":"affected"},
  {"vulnerability":{"name":"CVE-2026-3"},"products":["pkg:npm/right-pad@1.0.0"],"status":"affected"}]}"#;

fn matches(feed: &dyn Feed, document: &str, distribution: (&str, &str), package: Package) -> Matches {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    fs::write(folder.path().join("in/document.json"), document).unwrap();
    let path = folder.path().join("advisories.pdb");
    let source = Box::new(Folder::new(folder.path().join("in")));
    let created = "2026-06-01T00:00:00Z".parse().ok();
    let options =
        ImportOptions { feeds: vec![FeedInput { feed, source }], created, ..ImportOptions::default() };
    import(None, &path, options).unwrap();
    let distribution = Distribution {
        id: distribution.0.into(),
        version: distribution.1.into(),
        name: format!("{} {}", distribution.0, distribution.1),
        ..Distribution::default()
    };
    let inventory =
        Inventory { distribution: Some(distribution), packages: vec![package], ..Inventory::default() };
    find(&inventory, Scope::ALL, &Database::open(&path).unwrap()).unwrap()
}

fn package(kind: PackageKind, name: &str, version: &str, module: Option<&str>) -> Package {
    let details = module.map(|label| ("modularity".to_owned(), label.to_owned()));
    Package {
        kind,
        name: name.into(),
        version: version.into(),
        details: details.into_iter().collect::<BTreeMap<_, _>>(),
        ..Package::default()
    }
}

#[test]
fn what_is_said_of_one_stream_says_nothing_of_another() {
    let fix = |version: &str, module: Option<&str>| {
        let package = package(PackageKind::Rpm, "redis", version, module);
        let found = matches(&RedHat, RED_HAT, ("rhel", "8.10"), package).findings;
        found.into_iter().map(|finding| finding.fixed_version).next()
    };
    assert_eq!(fix("5.0.3-1.module+el8", Some("redis:5:80:aa")), Some(None), "affected, will not be fixed");
    let six = Some("redis:6:80:bb");
    assert_eq!(fix("6.2.7-1.module+el8", six), Some(Some("0:6.2.17-1.module+el8.10.0".into())));
    assert_eq!(fix("6.2.17-1.module+el8.10.0", six), None, "fixed");
    assert_eq!(fix("7.0.1-1.module+el8", Some("redis:7:80:cc")), None, "nothing is said of it");
    assert_eq!(fix("4.0.0-1.el8", None), None, "of no module: not affected");
}

#[test]
fn a_statement_about_a_version_is_about_that_version() {
    let found = |name: &str, version: &str| {
        let package = package(PackageKind::Npm, name, version, None);
        matches(&Vex, VENDOR, ("debian", "12"), package).findings.len()
    };
    assert_eq!(found("left-pad", "1.3.0"), 1);
    assert_eq!(found("right-pad", "1.0.0"), 1);
    assert_eq!(found("right-pad", "1.0.1"), 0);
}

#[test]
fn a_release_past_its_end_is_a_gap() {
    let gaps = |distribution: (&str, &str)| {
        let package = package(PackageKind::Npm, "left-pad", "1.3.0", None);
        matches(&Vex, VENDOR, distribution, package).gaps.join("; ")
    };
    assert!(gaps(("debian", "10")).contains("known after 2024-06-30 in the packages of debian 10"));
    assert!(gaps(("ubuntu", "18.04")).contains("subscribers get fixes until 2028-04-26"));
    assert!(!gaps(("debian", "12")).contains("known after"), "the database is of June 2026");
}
