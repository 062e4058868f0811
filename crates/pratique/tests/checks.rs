//! `pratique scan --checks config` on images built here.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "support/image.rs"]
mod image;
mod support;

use image::{Layout, Tar};
use serde_json::{Value, json};
use support::Pratique;

fn ids(report: &Value) -> Vec<&str> {
    report["misconfigurations"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[test]
fn configuration_and_files() {
    let home = tempfile::tempdir().unwrap();
    let base = Tar::default()
        .with_mode("tmp", b'5', 0o1777, b"")
        .with_mode("srv", b'5', 0o777, b"")
        .with_mode("usr/bin/su", b'0', 0o4755, b"x")
        .with_mode("opt/gone", b'0', 0o4755, b"x")
        .with_mode("opt/helper", b'0', 0o4755, b"x")
        .with_mode("etc/open.conf", b'0', 0o666, b"x")
        .file("var/lib/apt/lists/deb_Packages", "x")
        .end();
    let upper = Tar::default().with_mode("opt/.wh.gone", b'0', 0o644, b"").file("app/.git/HEAD", "ref").end();
    let config = json!({"config": {"Env": ["DB_PASSWORD=x"], "ExposedPorts": {"22/tcp": {}}},
        "history": [{"created_by": "a"}, {"created_by": "b"}]});
    let layout = Layout::configured(home.path(), "bad", &[base, upper], config);
    let pratique = Pratique::new();
    let report =
        pratique.json(["scan", "--quiet", "--checks", "config", "--format", "json", &layout.target()]);
    assert_eq!(
        ids(&report),
        ["PI101", "PI201", "PI103", "PI401", "PI403", "PI404", "PI604", "PI102", "PI402", "PI601"]
    );
    let rows = report["misconfigurations"].as_array().unwrap();
    let row = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap();
    assert_eq!((&row("PI401")["path"], &row("PI401")["layer"]["index"]), (&"opt/helper".into(), &0.into()));
    assert_eq!((&row("PI404")["path"], &row("PI604")["layer"]["index"]), (&"srv".into(), &1.into()));
    assert!(report["withoutVulnerabilities"] == true && report.get("secrets").is_none(), "{report}");

    // The same from kept facts, and a gate.
    let again =
        pratique.json(["scan", "--quiet", "--scanners", "misconfig", "--format", "json", &layout.target()]);
    assert_eq!(ids(&again), ids(&report));
    let code = |level: &str| {
        let mut command = pratique.command();
        command.args(["scan", "--quiet", "--scanners", "misconfig", "--fail-on", level, &layout.target()]);
        command.output().unwrap().status.code()
    };
    assert_eq!((code("high"), code("critical")), (Some(1), Some(0)));
    let table = pratique.ok(["scan", "--quiet", "--scanners", "misconfig", &layout.target()]);
    assert!(
        table.contains("10 misconfigurations") && table.contains("vulnerabilities were not looked for"),
        "{table}"
    );
}

#[test]
fn a_good_image_is_clean() {
    let home = tempfile::tempdir().unwrap();
    let layer = Tar::default().with_mode("app", b'0', 0o755, b"x").end();
    let config = json!({"config": {"User": "1000", "Healthcheck": {"Test": ["NONE"]}}});
    let layout = Layout::configured(home.path(), "good", &[layer], config);
    let report = Pratique::new().json([
        "scan",
        "--quiet",
        "--scanners",
        "misconfig",
        "--format",
        "json",
        &layout.target(),
    ]);
    assert!(ids(&report).is_empty(), "{report}");
}

#[test]
fn a_folder_has_no_configuration_to_check() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x"), "x").unwrap();
    let target = format!("dir:{}", folder.path().display());
    let report =
        Pratique::new().json(["scan", "--quiet", "--scanners", "misconfig", "--format", "json", &target]);
    assert!(ids(&report).is_empty(), "{report}");
}
