//! Runs the package URL specification's own test suite, and a part of it that is always there.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests are tests")]

use std::path::{Path, PathBuf};

use pratique_version::purl::PackageUrl;
use serde_json::Value;

/// Cases of the suite that do not pass, by kind and input, with the reason.
const NOT_PASSED: [(&str, &str, &str); 2] = [
    (
        "parse",
        "pkg:gem/jruby-launcher@1.1.2?Platform=java",
        "must fail here, but the same input must round-trip in a `validate` case of the same file",
    ),
    (
        "parse",
        "pkg:Rpm/fedora/curl@7.50.3-1.fc25?Arch=i386&Distro=fedora-25",
        "must fail here, but the same input must round-trip in a `validate` case of the same file",
    ),
];

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

fn parts(purl: &PackageUrl) -> Value {
    let qualifiers: serde_json::Map<String, Value> =
        purl.qualifiers().map(|(key, value)| (key.to_owned(), value.into())).collect();
    serde_json::json!({
        "type": purl.package_type(),
        "namespace": purl.namespace(),
        "name": purl.name(),
        "version": purl.version(),
        "qualifiers": if qualifiers.is_empty() { Value::Null } else { qualifiers.into() },
        "subpath": purl.subpath(),
    })
}

fn build(input: &Value) -> Result<PackageUrl, pratique_version::purl::InvalidPackageUrl> {
    let mut builder =
        PackageUrl::builder(text(input, "type").unwrap_or_default(), text(input, "name").unwrap_or_default());
    if let Some(namespace) = text(input, "namespace") {
        builder = builder.namespace(namespace);
    }
    if let Some(version) = text(input, "version") {
        builder = builder.version(version);
    }
    for (key, value) in input["qualifiers"].as_object().into_iter().flatten() {
        builder = builder.qualifier(key, value.as_str().unwrap_or_default());
    }
    if let Some(subpath) = text(input, "subpath") {
        builder = builder.subpath(subpath);
    }
    builder.build()
}

/// Runs one file; answers how many cases it has and which of them fail.
fn run(file: &Path, failures: &mut Vec<String>) -> usize {
    let suite: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let cases = suite["tests"].as_array().unwrap();
    for case in cases {
        let kind = case["test_type"].as_str().unwrap();
        let input = &case["input"];
        let got = match kind {
            "build" => build(input).map(|purl| Value::from(purl.to_string())),
            "parse" => PackageUrl::parse(input.as_str().unwrap()).map(|purl| parts(&purl)),
            "validate" => {
                PackageUrl::parse(input.as_str().unwrap()).map(|purl| Value::from(purl.to_string()))
            }
            other => panic!("{}: a test of the unknown type {other}", file.display()),
        };
        let passed = match &got {
            Ok(got) => case["expected_failure"] != true && *got == case["expected_output"],
            Err(_) => case["expected_failure"] == true,
        };
        let excused = NOT_PASSED.iter().any(|(k, i, _)| *k == kind && input.as_str() == Some(*i));
        if passed == excused {
            failures.push(format!("{}: {case}\n  got {got:?}", file.display()));
        }
    }
    cases.len()
}

fn run_folder(folder: &Path, failures: &mut Vec<String>) -> usize {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| run(file, failures)).sum()
}

#[test]
fn the_sample_passes() {
    let mut failures = Vec::new();
    let cases = run_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/purl"), &mut failures);
    assert!(cases > 90);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_shared_suite_passes() {
    let shared = std::env::var_os("PRATIQUE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let folder = shared.join("fixtures/purl");
    if !folder.is_dir() {
        println!("skipped: no shared fixtures at {}", folder.display());
        return;
    }
    let mut failures = Vec::new();
    let cases =
        run_folder(&folder.join("spec"), &mut failures) + run_folder(&folder.join("types"), &mut failures);
    println!("{cases} cases, {} not as expected, {} excused", failures.len(), NOT_PASSED.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
