//! Every format against a file, byte for byte: a changed expectation is part of the change and reviewed like code.
//!
//! `PRATIQUE_BLESS=1 cargo test -p pratique-report --test golden` writes the files anew.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{fs, path::PathBuf};

use pratique_report::{
    Context, DatabaseInfo, FindingRow, Report,
    diff::{self, Diff, Side},
    format::ALL,
    json,
    read::{self, Document, ReadError},
    template::Template,
};

fn testdata(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

fn report(name: &str) -> Report {
    match read::document(&fs::read(testdata(name)).unwrap()).unwrap() {
        Document::Report(report) => *report,
        Document::Packages(_) => panic!("{name} is a list of packages"),
    }
}

fn context() -> Context {
    let template = fs::read_to_string(testdata("by-package.md.j2")).unwrap();
    let template = Template::new("by-package.md.j2", &template).unwrap();
    Context { width: 120, list_packages: true, template: Some(template), ..Context::default() }
}

/// Compares with the file of this name, or writes it where that is asked for.
fn compare(name: &str, bytes: &[u8]) {
    let path = testdata("golden").join(name);
    if std::env::var_os("PRATIQUE_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        return;
    }
    let want = fs::read(&path).unwrap_or_default();
    assert!(
        want == bytes,
        "{} differs:\n{}",
        path.display(),
        String::from_utf8_lossy(bytes).chars().take(4000).collect::<String>()
    );
}

/// How the files of a format end.
fn ending(format: &str) -> &str {
    match format {
        "sarif" => "sarif",
        "cyclonedx" => "cdx.json",
        "openvex" => "openvex.json",
        "csaf" => "csaf.json",
        "junit" => "xml",
        "markdown" => "md",
        "html" => "html",
        "csv" => "csv",
        "table" | "template" => "txt",
        _ => "json",
    }
}

#[test]
fn every_format_writes_what_it_wrote() {
    for input in ["report", "clean", "checked"] {
        let report = report(&format!("{input}.json"));
        for format in ALL {
            let (mut once, mut again) = (Vec::new(), Vec::new());
            (format.write)(&report, &context(), &mut once).unwrap();
            (format.write)(&report, &context(), &mut again).unwrap();
            assert!(once == again, "{} is not deterministic", format.name);
            let once = if format.styled { anstream::adapter::strip_bytes(&once).into_vec() } else { once };
            compare(&format!("{input}.{}.{}", format.name, ending(format.name)), &once);
        }
    }
}

#[test]
fn differences_write_what_they_wrote() {
    let diff = Diff::new(Side::from(report("report.json")), Side::from(report("clean.json")));
    let mut out = Vec::new();
    diff::table::write(&diff, 120, &mut out).unwrap();
    compare("diff.txt", &anstream::adapter::strip_bytes(&out).into_vec());
    let mut out = Vec::new();
    diff::markdown::write(&diff, &mut out).unwrap();
    compare("diff.md", &out);
    let mut out = Vec::new();
    json::write(&diff, &mut out).unwrap();
    compare("diff.json", &out);
}

/// A report of a scan that looked for something else has no findings, and that mends nothing.
#[test]
fn what_was_not_looked_for_is_not_fixed() {
    let mut without = report("clean.json");
    without.checked.without_vulnerabilities = true;
    let diff = Diff::new(Side::from(report("report.json")), Side::from(without));
    assert_eq!(diff.findings, None);
    assert!(diff.notes.iter().any(|note| note.contains("nobody looked")), "{:?}", diff.notes);
    let mut filtered = report("clean.json");
    filtered.summary.hidden = 3;
    let diff = Diff::new(Side::from(report("report.json")), Side::from(filtered));
    assert!(
        diff.notes.iter().any(|note| note.contains("3 findings") && note.contains("(new)")),
        "{:?}",
        diff.notes
    );
}

/// A distribution's upgrade renames binary packages; that brings no flaw and mends none.
#[test]
fn a_renamed_package_keeps_its_flaws() {
    let old = report("report.json");
    let mut new = old.clone();
    let is_openssl = |row: &&mut FindingRow| row.package.name == "libssl3";
    let renamed = new.findings.iter_mut().filter(is_openssl).map(|row| {
        row.package.name = "libssl3t64".to_owned();
        row.package.version = "3.5.1-1".to_owned();
    });
    assert_eq!(renamed.count(), 1);
    // One more package of the same source is one more finding, and two of a kind do not count as one.
    let mut more = new.findings[0].clone();
    new.findings.push(more.clone());
    more.package.name = "another".to_owned();
    new.findings.push(more);
    let all = new.findings.len();
    let changes = Diff::new(Side::from(old.clone()), Side::from(new.clone())).findings.unwrap();
    assert_eq!((changes.new.len(), changes.fixed.len()), (2, 0), "{:?}", changes.new);
    assert_eq!(changes.remaining.len() + changes.new.len(), all);
    let back = Diff::new(Side::from(new), Side::from(old.clone())).findings.unwrap();
    assert_eq!((back.new.len(), back.fixed.len(), back.remaining.len()), (0, 2, old.findings.len()));
}

#[test]
fn a_report_read_back_is_the_report() {
    for input in ["report.json", "clean.json", "checked.json"] {
        let mut out = Vec::new();
        json::write_report(&report(input), true, &mut out).unwrap();
        let (want, have): (serde_json::Value, serde_json::Value) = (
            serde_json::from_slice(&fs::read(testdata(input)).unwrap()).unwrap(),
            serde_json::from_slice(&out).unwrap(),
        );
        assert_eq!(want, have, "{input}");
    }
}

/// A document of strangers must be an error or a report, never a panic; what comes of it must be writable.
#[test]
fn damaged_reports_are_errors() {
    let bytes = fs::read(testdata("report.json")).unwrap();
    for end in (0..bytes.len() - 1).step_by(397) {
        assert!(read::document(&bytes[..end]).is_err(), "{end}");
    }
    let mut read_anyway = 0;
    for at in (0..bytes.len()).step_by(173) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 7);
        if let Ok(Document::Report(report)) = read::document(&damaged) {
            read_anyway += 1;
            for format in ALL {
                // A time that is none is an error of the formats that need one.
                let _ = (format.write)(&report, &context(), &mut Vec::new());
            }
        }
    }
    assert!(read_anyway > 0);
}

#[test]
fn other_documents_are_told_apart() {
    assert!(matches!(
        read::document(b"{\"schemaVersion\": 2, \"findings\": []}"),
        Err(ReadError::Version(2))
    ));
    assert!(matches!(read::document(b"{\"SchemaVersion\": 2}"), Err(ReadError::Other)));
    assert!(matches!(read::document(b"[]"), Err(ReadError::Json(_))));
}

#[test]
fn times_come_from_the_environment_the_database_or_the_image() {
    let mut report = report("report.json");
    let epoch = Some("2023-11-14T22:13:20Z".parse().unwrap());
    let told = Context { epoch, ..Context::default() };
    assert_eq!(told.time(&report).to_string(), "2023-11-14T22:13:20Z");
    assert_eq!(Context::default().time(&report).to_string(), "2026-11-21T06:00:00Z");
    // A scan that needs no advisories has the image's time, and no format fails for want of one.
    report.database = DatabaseInfo::default();
    report.target.created = Some("2024-05-06T07:08:09.123456789Z".to_owned());
    assert_eq!(Context::default().time(&report).to_string(), "2024-05-06T07:08:09Z");
    report.target.created = None;
    assert_eq!(Context::default().time(&report).to_string(), "1970-01-01T00:00:00Z");
    for format in ALL {
        (format.write)(
            &report,
            &Context { template: context().template, ..Context::default() },
            &mut Vec::new(),
        )
        .unwrap();
    }
}

#[test]
fn formats_say_what_they_leave_out() {
    let report = report("checked.json");
    for format in ALL {
        let mut out = Vec::new();
        (format.write)(&report, &context(), &mut out).unwrap();
        let text = String::from_utf8_lossy(&out);
        // The template is one of somebody, and shows what it was made for.
        let shows = ["PI101", "env CI", "AGPL-3.0-only"].map(|text_of| text.contains(text_of));
        match (format.name, format.checks) {
            (_, false) => {
                assert_eq!(format.leaves_out(&report), ["misconfigurations", "secrets", "licenses"]);
                assert_eq!(shows, [false; 3], "{} holds vulnerabilities only", format.name);
            }
            ("template", true) => {}
            (_, true) => assert_eq!(shows[..2], [true; 2], "{}", format.name),
        }
    }
}

/// An image whose vulnerabilities nobody looked for has not "no known vulnerabilities".
#[test]
fn what_was_not_looked_for_is_not_clean() {
    let mut report = report("clean.json");
    report.checked.without_vulnerabilities = true;
    report.checked.secrets = Some(Vec::new());
    let says = ["table", "junit", "markdown", "html", "sarif", "cyclonedx", "gitlab"];
    for format in ALL.iter().filter(|format| says.contains(&format.name)) {
        let mut out = Vec::new();
        (format.write)(&report, &context(), &mut out).unwrap();
        let text = String::from_utf8_lossy(&out).to_lowercase();
        assert!(!text.contains("no known vulnerabilities"), "{}: {text}", format.name);
        assert!(text.contains("vulnerabilities were not looked for"), "{}: {text}", format.name);
    }
}

#[test]
fn every_type_of_package_is_documented() {
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/report-json.md");
    let docs = fs::read_to_string(docs).unwrap();
    for kind in pratique_inventory::PackageKind::ALL {
        assert!(docs.contains(&format!("`{}`", kind.name())), "docs/report-json.md: {}", kind.name());
    }
}

#[test]
fn every_format_is_documented() {
    let docs =
        fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/report-formats.md"))
            .unwrap();
    for format in ALL {
        assert!(
            docs.contains(&format!("`{}`", format.name)),
            "docs/report-formats.md says nothing of {}",
            format.name
        );
    }
}
