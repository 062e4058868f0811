//! What scripts rely on: exit codes, stable bytes, errors with a remedy, the cache.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod support;

use std::fs;

use support::{Pratique, demo_image, findings, text};

#[test]
fn demo_needs_nothing() {
    let pratique = Pratique::new();
    let shown = pratique.ok(["demo"]);
    assert!(shown.contains("CVE-2019-10744"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn exit_codes_are_a_contract() {
    let (pratique, database) = Pratique::with_database();
    let (database, image) = (database.to_str().unwrap(), demo_image());
    let image = image.to_str().unwrap();
    let code = |args: &[&str]| {
        let mut command = pratique.command();
        command
            .args(["scan", "--quiet", "--db", database])
            .args(args)
            .arg(image)
            .output()
            .unwrap()
            .status
            .code()
    };
    assert_eq!(code(&[]), Some(0), "findings alone fail nothing");
    assert_eq!(code(&["--fail-on", "critical"]), Some(1));
    assert_eq!(code(&["--fail-on", "low", "--exit-code", "7"]), Some(7));
    assert_eq!(code(&["--exit-code", "5"]), Some(5));
    assert_eq!(
        code(&["--severity", "negligible", "--ignore-unfixed", "--exit-code", "5"]),
        Some(0),
        "what is not shown fails nothing"
    );
    assert_eq!(code(&["--no-such-flag"]), Some(2));
    assert_eq!(code(&["--format", "template"]), Some(2), "a template is needed");
    assert_eq!(code(&["-o", "json=same", "-o", "csv=same"]), Some(2), "two outputs in one file");
    assert_eq!(pratique.run(["scan", "--db", database, "oci:/no/such/layout"]).status.code(), Some(3));
}

#[test]
fn a_missing_database_is_never_clean() {
    let pratique = Pratique::new();
    let image = demo_image();
    let output = pratique.run(["scan", image.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3));
    let error = text(&output.stderr);
    assert!(error.contains("pratique db update"), "{error}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_damaged_database_is_refused_with_the_remedy() {
    let (pratique, database) = Pratique::with_database();
    let good = fs::read(database).unwrap();
    let bad = pratique.home.path().join("bad.pdb");
    let image = demo_image();
    for damage in [good[..good.len() / 2].to_vec(), b"not a database".to_vec(), Vec::new(), {
        let mut flipped = good.clone();
        flipped[9] ^= 1;
        flipped
    }] {
        fs::write(&bad, damage).unwrap();
        let output = pratique.run(["scan", "--db", bad.to_str().unwrap(), image.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(3));
        let error = text(&output.stderr);
        assert!(error.contains("bad.pdb") && error.contains("pratique db"), "{error}");
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let (pratique, database) = Pratique::with_database();
    let (database, image) = (database.to_str().unwrap(), demo_image());
    let image = image.to_str().unwrap();
    let first = pratique.ok(["scan", "--format", "json", "--db", database, image]);
    let cached = pratique.ok(["scan", "--format", "json", "--db", database, image]);
    let anew = pratique.ok(["scan", "--format", "json", "--no-cache", "--db", database, image]);
    assert_eq!(first, cached, "from the cache");
    assert_eq!(first, anew, "without the cache");
    let status = pratique.ok(["cache", "status"]);
    assert!(status.contains("3 layers"), "{status}");
    pratique.ok(["cache", "clear"]);
    assert!(pratique.ok(["cache", "status"]).contains("0 layers"));
}

#[test]
fn several_outputs_come_from_one_scan() {
    let (pratique, database) = Pratique::with_database();
    let (database, image) = (database.to_str().unwrap(), demo_image());
    let file = pratique.home.path().join("report.json");
    let output = format!("json={}", file.display());
    let table = pratique.ok([
        "scan",
        "--db",
        database,
        "--output",
        "table",
        "--output",
        &output,
        image.to_str().unwrap(),
    ]);
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(report["schemaVersion"], 1);
    let all = findings(&report);
    assert!(!all.is_empty());
    for finding in &all {
        let id = finding.rsplit(' ').next().unwrap();
        assert!(table.contains(id), "{id} is in the JSON report but not in the table");
    }
}

#[test]
fn each_package_knows_its_layer() {
    let (pratique, _) = Pratique::with_database();
    let image = demo_image();
    let list = pratique.json(["packages", "--format", "json", image.to_str().unwrap()]);
    let layer = |name: &str| {
        let packages = list["packages"].as_array().unwrap();
        let found =
            packages.iter().find(|package| package["name"] == name).unwrap_or_else(|| panic!("no {name}"));
        found["layer"]["index"].as_u64().unwrap()
    };
    assert_eq!((layer("bash"), layer("curl"), layer("lodash")), (0, 1, 2));
    let bom = pratique.json(["packages", "--format", "cyclonedx", image.to_str().unwrap()]);
    assert_eq!(bom["bomFormat"], "CycloneDX");
    let count = bom["components"].as_array().unwrap().len();
    assert_eq!(count, list["packages"].as_array().unwrap().len() + 1, "and the operating system");
}

#[test]
fn explain_names_record_range_and_comparison() {
    let (pratique, database) = Pratique::with_database();
    let (database, image) = (database.to_str().unwrap(), demo_image());
    let image = image.to_str().unwrap();
    let why = pratique.ok(["explain", "--db", database, image, "CVE-2019-10744"]);
    assert!(why.contains("lodash 4.17.4 is affected"), "{why}");
    assert!(why.contains("4.17.4 < 4.17.12"), "{why}");
    let none = pratique.run(["explain", "--db", database, image, "CVE-1999-0001"]);
    assert_eq!(none.status.code(), Some(3), "an unknown name is no answer");
    let none = text(&none.stderr);
    assert!(none.contains("no record"), "{none}");
}

#[test]
fn versions_compare_as_their_ecosystem_does() {
    let pratique = Pratique::new();
    for (ecosystem, a, b, want) in [
        ("debian", "1.0~rc1", "1.0", "<\n"),
        ("pypi", "1.0", "1.0.0", "=\n"),
        ("rpm", "1:1-1", "2-1", ">\n"),
        ("alpine", "1.2.3-r0", "1.2.3-r1", "<\n"),
        ("npm", "1.0.0-alpha", "1.0.0", "<\n"),
    ] {
        assert_eq!(pratique.ok(["version", "compare", ecosystem, a, b]), want, "{ecosystem} {a} {b}");
    }
    assert_eq!(pratique.run(["version", "compare", "nonsense", "1", "2"]).status.code(), Some(2));
}

#[test]
fn every_shell_has_a_completion() {
    let pratique = Pratique::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(pratique.ok(["completion", shell]).contains("pratique"), "{shell}");
    }
}

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let readme = fs::read_to_string(support::workspace().join("README.md")).unwrap();
    let block =
        readme.split("<!-- demo -->").nth(1).and_then(|rest| rest.split("<!-- /demo -->").next()).unwrap();
    let shown: Vec<_> = block.lines().filter(|line| !line.starts_with("```") && !line.is_empty()).collect();
    let output = Pratique::new().command().env("COLUMNS", "100").arg("demo").output().unwrap();
    let printed = text(&output.stdout);
    let printed: Vec<_> = printed.lines().filter(|line| !line.is_empty()).collect();
    assert!(shown.len() > 20, "the README shows the demo's output");
    for (readme, demo) in shown.iter().filter(|line| **line != "…").zip(&printed) {
        assert_eq!(readme, demo, "README.md shows another output than `COLUMNS=100 pratique demo`");
    }
}
