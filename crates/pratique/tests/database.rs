//! What people ask the database: `db show`, `db package`, `db search`, `db diff`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking and say why they skip")]

mod support;

use std::{fs, io::Write, path::PathBuf};

use serde_json::Value;
use support::{Pratique, text};
use zip::{ZipWriter, write::SimpleFileOptions};

/// Two records of one flaw that contradict each other, and one of a distribution.
const RECORDS: [(&str, &str, &str); 5] = [
    (
        "PyPI",
        "GHSA-aaaa-bbbb-cccc",
        r#"{"id":"GHSA-aaaa-bbbb-cccc","modified":"2024-01-01T00:00:00Z","published":"2023-01-01T00:00:00Z",
        "aliases":["CVE-2023-1000","PYSEC-2023-1"],"summary":"Path traversal in Widget","details":"A [31m long\nstory.",
        "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "references":[{"type":"WEB","url":"https://example.com/1"}],
        "affected":[{"package":{"ecosystem":"PyPI","name":"Wid_Get"},"ranges":[{"type":"ECOSYSTEM","events":
        [{"introduced":"1.0"},{"fixed":"1.2"}]}]}]}"#,
    ),
    (
        "PyPI",
        "PYSEC-2023-1",
        r#"{"id":"PYSEC-2023-1","modified":"2024-01-02T00:00:00Z","aliases":["CVE-2023-1000"],
        "details":"Widget goes astray",
        "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}],
        "affected":[{"package":{"ecosystem":"PyPI","name":"wid-get"},"ranges":[{"type":"ECOSYSTEM","events":
        [{"introduced":"0"}]}]}]}"#,
    ),
    (
        "Debian",
        "DEBIAN-CVE-2023-1000",
        r#"{"id":"DEBIAN-CVE-2023-1000","modified":"2024-01-03T00:00:00Z","upstream":["CVE-2023-1000"],
        "affected":[{"package":{"ecosystem":"Debian:12","name":"widget"},"ranges":[{"type":"ECOSYSTEM","events":
        [{"introduced":"0"},{"fixed":"1.1-2"}]}]}]}"#,
    ),
    (
        "npm",
        "GHSA-dddd-eeee-ffff",
        r#"{"id":"GHSA-dddd-eeee-ffff","modified":"2024-01-03T00:00:00Z","summary":"Scoped flaw in a widget",
        "affected":[{"package":{"ecosystem":"npm","name":"@scope/widget"},"ranges":[{"type":"SEMVER","events":
        [{"introduced":"0"},{"fixed":"2.0.0"}]}]}]}"#,
    ),
    (
        "npm",
        "GHSA-gggg-hhhh-jjjj",
        r#"{"id":"GHSA-gggg-hhhh-jjjj","modified":"2024-01-05T00:00:00Z","withdrawn":"2024-01-04T00:00:00Z",
        "summary":"Not so","affected":[{"package":{"ecosystem":"npm","name":"left-pad"},"ranges":[{"type":"SEMVER",
        "events":[{"introduced":"0"}]}]}]}"#,
    ),
];

struct Asked {
    pratique: Pratique,
    database: PathBuf,
}

impl Asked {
    fn new() -> Self {
        let pratique = Pratique::new();
        let database = build(&pratique, &RECORDS, "a.pdb");
        Self { pratique, database }
    }

    /// Exit code, standard output, standard error of `pratique db …`.
    fn db(&self, args: &[&str]) -> (i32, String, String) {
        let mut command = self.pratique.command();
        let output = command
            .arg("db")
            .args(args)
            .env("PRATIQUE_DB", &self.database)
            .env("COLUMNS", "200")
            .output()
            .unwrap();
        let error = text(&output.stderr);
        assert!(!error.contains("panicked"), "{error}");
        (output.status.code().unwrap(), text(&output.stdout), error)
    }

    fn says(&self, args: &[&str], parts: &[&str]) -> String {
        let (code, out, error) = self.db(args);
        assert_eq!(code, 0, "{args:?}: {error}");
        for part in parts {
            assert!(out.contains(part), "{args:?}: {part:?} is not in\n{out}");
        }
        out
    }

    fn json(&self, args: &[&str]) -> Value {
        let (code, out, error) = self.db(&[args, &["--format", "json"]].concat());
        assert_eq!(code, 0, "{args:?}: {error}");
        serde_json::from_str(&out).unwrap()
    }
}

fn build(pratique: &Pratique, records: &[(&str, &str, &str)], name: &str) -> PathBuf {
    let export = pratique.home.path().join(format!("export-{name}"));
    let mut ecosystems: Vec<&str> = records.iter().map(|(ecosystem, ..)| *ecosystem).collect();
    ecosystems.dedup();
    for ecosystem in &ecosystems {
        fs::create_dir_all(export.join(ecosystem)).unwrap();
        let mut zip = ZipWriter::new(fs::File::create(export.join(ecosystem).join("all.zip")).unwrap());
        for (_, id, json) in records.iter().filter(|(of, ..)| of == ecosystem) {
            zip.start_file(format!("{id}.json"), SimpleFileOptions::default()).unwrap();
            zip.write_all(json.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
    }
    fs::write(export.join("ecosystems.txt"), ecosystems.join("\n")).unwrap();
    let target = pratique.home.path().join(name);
    let [export, to] = [&export, &target].map(|path| path.to_str().unwrap());
    pratique.ok(["db", "import", "--quiet", export, "--db", to]);
    target
}

#[test]
fn everything_under_an_identifier_and_where_it_contradicts_itself() {
    let asked = Asked::new();
    let out = asked.says(
        &["show", "cve-2023-1000"],
        &[
            "CONFLICTS",
            "versions of wid-get in PyPI",
            "GHSA-aaaa-bbbb-cccc: 1.0 <= v < 1.2",
            "PYSEC-2023-1: every version",
            "1.2 is affected by PYSEC-2023-1, not by GHSA-aaaa-bbbb-cccc",
            "critical by GHSA-aaaa-bbbb-cccc",
            "low by PYSEC-2023-1",
            "affects    widget in Debian:12",
            "https://example.com/1",
            "    story.",
        ],
    );
    assert!(!out.contains('\x1b'), "{out}");
    let json = asked.json(&["show", "ghsa-AAAA-bbbb-cccc"]);
    assert_eq!(json["records"].as_array().unwrap().len(), 1);
    assert_eq!(json["packages"][0]["ranges"][0]["events"][1]["fixed"], "1.2");
    asked.says(
        &["show", "GHSA-GGGG-hhhh-jjjj"],
        &["GHSA-gggg-hhhh-jjjj\n  withdrawn by osv on 2024-01-04T00:00:00Z: nothing is affected by it any more\n"],
    );
    assert_eq!(asked.json(&["show", "GHSA-gggg-hhhh-jjjj"])["withdrawn"][0]["feed"], "osv");
    let (code, _, error) = asked.db(&["show", "CVE-1999-1"]);
    assert_eq!(code, 3);
    assert!(error.contains("CVE-1999-1") && error.contains("db search"), "{error}");
}

#[test]
fn a_package_and_why_a_version_matches() {
    let asked = Asked::new();
    asked.says(&["package", "pypi", "Wid.Get"], &["GHSA-aaaa-bbbb-cccc", "1.0 <= v < 1.2", "2 entries"]);
    asked.says(&["package", "PyPI", "wid-get", "1.2"], &["PYSEC-2023-1", "1 of 2 entries affect it"]);
    asked.says(
        &["package", "PyPI", "wid-get", "1.1", "--explain"],
        &[
            "versions ordered as pep440",
            "introduced 1.0: 1.1 > 1.0; affected from here on",
            "fixed 1.2: 1.1 < 1.2; the fix is not reached",
            "affected: 1.0 <= 1.1 < 1.2; 1.2 fixes it",
        ],
    );
    asked.says(&["package", "pkg:npm/%40scope/widget@1.0.0"], &["GHSA-dddd-eeee-ffff", "1 of 1"]);
    let binary = "pkg:deb/debian/libwidget1@1.1-1?distro=debian-12&upstream=widget";
    let json = asked.json(&["package", binary]);
    assert_eq!(json["records"][0]["judgement"]["verdict"], "affected");
    assert_eq!(json["records"][0]["judgement"]["fixed"], "1.1-2");
    asked.says(&["package", "Debian", "widget"], &["DEBIAN-CVE-2023-1000"]);
    asked.says(&["package", "npm", "@scope/widgets"], &["no advisory is known", "@scope/widget"]);
    for (args, part) in [
        (&["package", "Debain:12", "widget"][..], "Debian:12"),
        (&["package", "PyPI"], "name of the package is missing"),
        (&["package", "pkg:deb/debian/widget@1"], "?distro=debian-12"),
        (&["package", "PyPI", "wid-get", "--explain"], "version"),
    ] {
        let (code, _, error) = asked.db(args);
        assert_eq!(code, 2, "{args:?}: {error}");
        assert!(error.contains(part), "{args:?}: {error}");
    }
}

#[test]
fn words_are_found_in_identifiers_packages_and_titles() {
    let asked = Asked::new();
    let ids = |args: &[&str]| -> Vec<String> {
        let found = asked.json(&[&["search"], args].concat());
        found["records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hit| hit["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        ids(&["cve-2023-1000"]),
        ["DEBIAN-CVE-2023-1000", "PYSEC-2023-1", "GHSA-aaaa-bbbb-cccc"],
        "equally good: the newest first"
    );
    assert_eq!(ids(&["pysec-2023-1"]), ["PYSEC-2023-1", "GHSA-aaaa-bbbb-cccc"], "its own identifier first");
    assert_eq!(ids(&["TRAVERSAL", "widg"]), ["GHSA-aaaa-bbbb-cccc"]);
    assert_eq!(ids(&["astray"]), ["PYSEC-2023-1"], "without a summary, the first line of the details");
    assert_eq!(ids(&["widget", "--ecosystem", "debian"]), ["DEBIAN-CVE-2023-1000"]);
    assert_eq!(ids(&["widget", "--severity", "critical"]).last().unwrap(), "GHSA-aaaa-bbbb-cccc");
    assert_eq!(ids(&["widget", "--limit", "1"]).len(), 1);
    let found = asked.json(&["search", "widget"]);
    let packages: Vec<_> = found["packages"].as_array().unwrap().iter().map(|hit| &hit["name"]).collect();
    assert_eq!(packages, ["widget", "@scope/widget"]);
    asked.says(&["search", "nothing-of-the-kind"], &["nothing was found"]);
    assert_eq!(asked.db(&["search", "x", "--ecosystem", "Debain"]).0, 2);
}

#[test]
fn packages_that_differ_are_listed_and_counted() {
    let asked = Asked::new();
    let mut records = RECORDS.to_vec();
    let changed = records[2].2.replace("1.1-2", "1.1-3");
    records[2].2 = &changed;
    records.remove(3);
    let new = build(&asked.pratique, &records, "b.pdb");
    let [old, new] = [&asked.database, &new].map(|path| path.to_str().unwrap());
    asked.says(
        &["diff", old, new],
        &[
            "changed  Debian:12  widget",
            "removed  npm        @scope/widget",
            "2 packages differ: 0 added, 1 changed, 1 removed",
        ],
    );
    let json = asked.json(&["diff", old, new, "--limit", "1"]);
    assert_eq!((json["packages"].as_array().unwrap().len(), json["removed"].as_u64()), (1, Some(1)));
    asked.says(&["diff", old, old], &["0 packages differ"]);
    assert_eq!(asked.db(&["diff", old, "absent.pdb"]).0, 3);
}

/// A feed of which nothing is there: everything else is new, and the exit code tells only whoever asked for it.
#[test]
fn a_feed_that_fails_is_named_and_fails_where_that_is_asked() {
    let asked = Asked::new();
    let home = asked.pratique.home.path();
    let export = home.join("export-a.pdb");
    let mirror = home.join("mirror");
    fs::create_dir_all(mirror.join("wolfi")).unwrap();
    let reasons = home.join("reasons.json");
    let [export, wolfi, reasons] =
        [export, mirror.join("wolfi"), reasons].map(|path| path.to_str().unwrap().to_owned());
    let wolfi = format!("wolfi={wolfi}");
    let update = ["update", "--db-source", &export, "--feed", &wolfi];
    let (code, _, error) = asked.db(&update);
    assert_eq!(code, 0, "{error}");
    assert!(error.contains("could not be read, and stays as the database had it: wolfi"), "{error}");
    let strict = [&update[..], &["--strict", "--quiet", "--report", &reasons]].concat();
    let (code, _, error) = asked.db(&strict);
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("not wholly") && error.contains("wolfi"), "{error}");
    let reasons: Value = serde_json::from_str(&fs::read_to_string(reasons).unwrap()).unwrap();
    assert_eq!(reasons["problems"][0]["feed"]["feed"], "wolfi", "{reasons}");
    // What could be read was written.
    asked.says(&["show", "CVE-2023-1000"], &["GHSA-aaaa-bbbb-cccc"]);
    let (code, _, error) = asked.db(&["update", "--db-source", &export, "--strict"]);
    assert_eq!(code, 0, "{error}");
}

#[test]
fn records_of_ones_own_that_match_nothing_are_told_with_the_remedy() {
    let asked = Asked::new();
    let home = asked.pratique.home.path();
    let folder = home.join("own");
    fs::create_dir_all(&folder).unwrap();
    let own = r#"{"id":"ACME-1","modified":"2026-01-01T00:00:00Z","affected":[
        {"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]},
        {"package":{"ecosystem":"Debian","name":"a"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}"#;
    fs::write(folder.join("acme.json"), own).unwrap();
    let [export, folder] = [home.join("export-a.pdb"), folder].map(|path| path.to_str().unwrap().to_owned());
    let import = ["import", &export, "--private-advisories", &folder];
    let (code, _, error) = asked.db(&import);
    assert_eq!(code, 0, "{error}");
    let told = "private: acme.json: ACME-1: affected[1].package.ecosystem: \"Debian\" matches nothing, since its \
                advisories are filed by release; write it as in \"Debian:12\"";
    assert!(error.contains(told), "{error}");
    assert!(!error.contains("affected[0]"), "{error}");
    let (code, _, error) = asked.db(&[&import[..], &["--strict"]].concat());
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("Debian:12"), "{error}");
    asked.says(&["show", "ACME-1"], &["affects    a in npm"]);
}
