//! Reports in every format, differences and conversions, end to end.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod support;

use std::fs;

use serde_json::Value;
use support::{Pratique, demo_image, text};

/// A scan of the demo image into a file.
fn scanned(pratique: &Pratique, database: &str, name: &str, more: &[&str]) -> String {
    let file = pratique.home.path().join(name).to_str().unwrap().to_owned();
    let output = format!("json={file}");
    let image = demo_image();
    let mut args = vec!["scan", image.to_str().unwrap(), "--db", database, "--output", &output, "--quiet"];
    args.extend(more);
    let done = pratique.command().args(&args).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    file
}

fn json(file: &str) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

#[test]
fn one_scan_writes_every_format_and_convert_the_same() {
    let (pratique, database) = Pratique::with_database();
    let database = database.to_str().unwrap();
    let home = pratique.home.path();
    let formats = [
        "sarif",
        "cyclonedx",
        "openvex",
        "csaf",
        "gitlab",
        "junit",
        "markdown",
        "html",
        "csv",
        "asff",
        "ecr-basic",
        "ecr-enhanced",
        "trivy",
        "grype",
    ];
    let outputs: Vec<_> = formats
        .iter()
        .flat_map(|format| ["--output".to_owned(), format!("{format}={}", home.join(format).display())])
        .collect();
    let mut more: Vec<&str> = outputs.iter().map(String::as_str).collect();
    more.push("--list-all-pkgs");
    let saved = scanned(&pratique, database, "report.json", &more);
    for format in formats {
        let direct = fs::read(home.join(format)).unwrap();
        let converted = pratique.run(["convert", &saved, "--format", format, "--list-all-pkgs"]);
        assert!(converted.status.success(), "{format}: {}", text(&converted.stderr));
        assert!(
            direct == converted.stdout,
            "{format}: what was written at once and what was converted differ"
        );
    }
}

#[test]
fn a_template_writes_what_it_says() {
    let (pratique, database) = Pratique::with_database();
    let saved = scanned(&pratique, database.to_str().unwrap(), "report.json", &[]);
    let template = pratique.home.path().join("t.txt");
    fs::write(&template, "{% for f in findings %}{{ f.id }} {{ f.package.name }}\n{% endfor %}").unwrap();
    let chosen = format!("template={}", template.display());
    let out = pratique.ok(["convert", &saved, "--format", &chosen]);
    assert!(out.contains("CVE-2019-10744 lodash\n"), "{out}");
    let trivy = format!("@{}", template.display());
    assert_eq!(out, pratique.ok(["convert", &saved, "--format", "template", "--template", &trivy]));
    fs::write(&template, "{{ nothing.there }}").unwrap();
    let failed = pratique.run(["convert", &saved, "--format", &chosen]);
    assert_eq!(failed.status.code(), Some(3));
    assert!(text(&failed.stderr).contains("t.txt"), "{}", text(&failed.stderr));
}

#[test]
fn outputs_that_cannot_be_written_are_told_before_the_scan() {
    let (pratique, database) = Pratique::with_database();
    let database = database.to_str().unwrap();
    // The target is not there either: the output is looked at first.
    for (output, said) in
        [("sarif=/nowhere/at/all.sarif", "cannot be written"), ("html=/", "it is a directory")]
    {
        let failed = pratique.run(["scan", "dir:/nowhere", "--db", database, "--output", output]);
        assert_eq!(failed.status.code(), Some(3));
        assert!(text(&failed.stderr).contains(said), "{}", text(&failed.stderr));
    }
    for command in ["packages", "licenses", "lint", "sbom"] {
        let failed = pratique.run([command, "dir:/nowhere", "--output", "/nowhere/at/all.json"]);
        assert_eq!(failed.status.code(), Some(3), "{command}");
        assert!(text(&failed.stderr).contains("cannot be written"), "{command}: {}", text(&failed.stderr));
    }
    let twice =
        pratique.run(["scan", "dir:/nowhere", "--db", database, "--output", "csv=a", "--output", "html=a"]);
    assert!(text(&twice.stderr).contains("two outputs"), "{}", text(&twice.stderr));
    let unknown = pratique.run(["scan", "dir:/nowhere", "--db", database, "--format", "yaml"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("cyclonedx"), "{}", text(&unknown.stderr));
    let template = pratique.run(["scan", "dir:/nowhere", "--db", database, "--format", "template"]);
    assert!(text(&template.stderr).contains("needs a template"), "{}", text(&template.stderr));
}

#[test]
fn what_is_left_out_is_told() {
    let (pratique, database) = Pratique::with_database();
    let database = database.to_str().unwrap();
    let whole = json(&scanned(&pratique, database, "whole.json", &["--list-all-pkgs"]));
    assert!(whole["packages"].as_array().is_some_and(|all| !all.is_empty()));
    assert!(whole["coverage"].get("leftOut").is_none());
    let os = json(&scanned(&pratique, database, "os.json", &["--vuln-type", "os", "--list-all-pkgs"]));
    let kinds = |report: &Value| -> Vec<String> {
        let packages = report["packages"].as_array().unwrap().iter();
        packages.map(|package| package["type"].as_str().unwrap().to_owned()).collect()
    };
    assert!(kinds(&whole).iter().any(|kind| kind == "npm"));
    assert!(!kinds(&os).iter().any(|kind| kind == "npm"));
    assert!(os["coverage"]["leftOut"][0].as_str().unwrap().contains("--pkg-types os"), "{}", os["coverage"]);
    let skipped = json(&scanned(
        &pratique,
        database,
        "skipped.json",
        &["--skip-dirs", "**/node_modules/lodash", "--skip-files", "app/package-lock.json"],
    ));
    let has = |report: &Value| {
        report["findings"].as_array().unwrap().iter().any(|f| f["package"]["name"] == "lodash")
    };
    assert!(has(&whole));
    assert!(!has(&skipped), "{}", skipped["coverage"]);
    assert!(
        skipped["coverage"]["leftOut"][0].as_str().unwrap().contains("--skip-dirs **/node_modules/lodash")
    );
}

#[test]
fn a_difference_tells_new_fixed_and_remaining() {
    let (pratique, database) = Pratique::with_database();
    let database = database.to_str().unwrap();
    let whole = scanned(&pratique, database, "whole.json", &["--list-all-pkgs"]);
    let less = scanned(&pratique, database, "less.json", &["--pkg-types", "os", "--list-all-pkgs"]);
    let diff: Value = pratique.json(["diff", &less, &whole, "--format", "json"]);
    let new = diff["findings"]["new"].as_array().unwrap();
    assert!(new.iter().any(|f| f["id"] == "CVE-2019-10744"), "{diff}");
    assert!(diff["packages"]["added"].as_array().unwrap().iter().any(|p| p["name"] == "lodash"));
    let gate = pratique.run(["diff", &less, &whole, "--fail-on", "critical"]);
    assert_eq!(gate.status.code(), Some(1), "{}", text(&gate.stdout));
    let mended = pratique.run(["diff", &whole, &less, "--fail-on", "low"]);
    assert_eq!(mended.status.code(), Some(0), "{}", text(&mended.stdout));
    // An image beside a saved report of it: nothing has changed.
    let image = demo_image();
    let same =
        pratique.json(["diff", &whole, image.to_str().unwrap(), "--db", database, "--format", "json", "-q"]);
    assert_eq!(same["findings"]["new"].as_array().unwrap().len(), 0);
    assert_eq!(same["findings"]["fixed"].as_array().unwrap().len(), 0);
    assert_eq!(same["packages"]["changed"].as_array().unwrap().len(), 0);
    let markdown = pratique.ok(["diff", &less, &whole, "--format", "markdown"]);
    assert!(markdown.contains("<summary>New ("), "{markdown}");
    // Without its packages a report is not taken for empty.
    let silent = scanned(&pratique, database, "silent.json", &[]);
    let diff: Value = pratique.json(["diff", &silent, &whole, "--format", "json"]);
    assert!(diff.get("packages").is_none());
    assert!(
        diff["notes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|note| note.as_str().unwrap().contains("--list-all-pkgs"))
    );
}

#[test]
fn an_sbom_is_converted_by_matching_it() {
    let (pratique, database) = Pratique::with_database();
    let database = database.to_str().unwrap();
    let bom = pratique.home.path().join("bom.json");
    let image = demo_image();
    pratique.ok([
        "packages",
        image.to_str().unwrap(),
        "--format",
        "cyclonedx",
        "--output",
        bom.to_str().unwrap(),
        "-q",
    ]);
    let sarif: Value =
        pratique.json(["convert", bom.to_str().unwrap(), "--db", database, "--format", "sarif"]);
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert!(results.iter().any(|result| result["ruleId"] == "CVE-2019-10744"), "{sarif}");
}

/// Names and versions of what an SBOM lists, by the program that reads it.
fn listed(pratique: &Pratique, bom: &str) -> Vec<String> {
    let list = pratique.json(["packages", "--all-packages", "--format", "json", &format!("sbom:{bom}")]);
    let packages = list["packages"].as_array().unwrap().iter();
    let mut all: Vec<_> = packages.map(|p| format!("{} {}", p["purl"], p["version"])).collect();
    all.sort();
    all
}

/// Any document becomes any other, and what a saved report cannot give is told.
#[test]
fn every_document_becomes_every_sbom() {
    let (pratique, database) = Pratique::with_database();
    let database = database.to_str().unwrap();
    let home = pratique.home.path();
    let at = |name: &str| home.join(name).to_str().unwrap().to_owned();
    let image = demo_image();
    let image = image.to_str().unwrap();
    let whole = scanned(&pratique, database, "whole.json", &["--list-all-pkgs"]);
    let part = scanned(&pratique, database, "part.json", &[]);
    pratique.ok(["packages", image, "--format", "json", "-q", "--output", &at("list.json")]);
    pratique.ok(["sbom", image, "-q", "--output", &format!("cyclonedx-xml={}", at("bom.xml"))]);
    let expected = listed(&pratique, &at("bom.xml")).len();
    // No database is named, and none is needed.
    for input in [whole, at("list.json"), at("bom.xml")] {
        for format in [
            "cyclonedx-json@1.5",
            "cyclonedx-xml",
            "spdx-json",
            "spdx-tag-value",
            "spdx-json@3.0",
            "syft-json",
        ] {
            let output = at("converted");
            let done = pratique.run(["convert", &input, "--output", &format!("{format}={output}")]);
            assert!(done.status.success(), "{input} {format}: {}", text(&done.stderr));
            let have = listed(&pratique, &output).len();
            // A scan's report lists what was asked for, a document of packages also what the distribution owns.
            assert!(have > 200 && have <= expected, "{input} {format}: {have} of {expected}");
        }
        assert!(pratique.run(["convert", &input, "--format", "github"]).status.success(), "{input}");
    }
    let done = pratique.run(["convert", &part, "--format", "cyclonedx-json@1.6"]);
    assert!(text(&done.stderr).contains("--list-all-pkgs"), "{}", text(&done.stderr));
    let bom: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(bom["compositions"][0]["aggregate"], "incomplete", "{}", bom["compositions"]);
    // What is matched needs one, and says what for.
    let failed = pratique.run(["convert", &at("list.json"), "--format", "sarif"]);
    assert_eq!(failed.status.code(), Some(3));
    assert!(text(&failed.stderr).contains("pratique db update"), "{}", text(&failed.stderr));
    let sarif = pratique.json(["convert", &at("list.json"), "--format", "sarif", "--db", database, "-q"]);
    assert!(sarif["runs"][0]["results"].as_array().unwrap().iter().any(|r| r["ruleId"] == "CVE-2019-10744"));
    // An SBOM on standard input, and one scan that writes a report and an SBOM.
    let mut piped = pratique.command();
    piped.args(["convert", "-", "--format", "spdx-json"]).stdin(fs::File::open(at("bom.xml")).unwrap());
    let piped = piped.output().unwrap();
    assert!(piped.status.success() && text(&piped.stdout).contains("SPDX-2.3"), "{}", text(&piped.stderr));
    let direct = at("direct.spdx");
    scanned(&pratique, database, "again.json", &["--output", &format!("spdx-json={direct}")]);
    let written = pratique.ok(["sbom", image, "--format", "spdx-json", "-q"]);
    assert_eq!(fs::read_to_string(direct).unwrap(), written);
}

#[test]
fn times_are_those_that_were_given() {
    let (pratique, database) = Pratique::with_database();
    let saved = scanned(&pratique, database.to_str().unwrap(), "report.json", &[]);
    let run = |epoch: &str| {
        let mut command = pratique.command();
        command.args(["convert", &saved, "--format", "openvex"]).env("SOURCE_DATE_EPOCH", epoch);
        command.output().unwrap()
    };
    let document: Value = serde_json::from_slice(&run("1700000000").stdout).unwrap();
    assert_eq!(document["timestamp"], "2023-11-14T22:13:20Z");
    for wrong in ["yesterday", "99999999999999999"] {
        let failed = run(wrong);
        assert_eq!(failed.status.code(), Some(3));
        assert!(text(&failed.stderr).contains("SOURCE_DATE_EPOCH"), "{}", text(&failed.stderr));
    }
    // Without advisories there is the image's own time.
    let image = demo_image();
    let checked = |format| {
        pratique.json(["scan", image.to_str().unwrap(), "--scanners", "misconfig", "--format", format])
    };
    let created = checked("json")["target"]["created"].clone();
    let report = checked("gitlab");
    let time = report["scan"]["start_time"].as_str().unwrap();
    assert!(time.len() == 19 && created.as_str().unwrap().starts_with(time), "{created} {time}");
}
