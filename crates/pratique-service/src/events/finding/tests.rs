use std::{path::PathBuf, sync::Arc};

use super::*;
use crate::{
    Options,
    findings::{Fix, Level, Status},
};

fn micros(time: &str) -> Micros {
    time.parse::<Timestamp>().unwrap().as_microsecond()
}

#[test]
fn times_are_written_as_inspector_does() {
    let time = micros("2026-04-18T09:15:20.411Z");
    assert_eq!(Times::Words.micros(time), "Sat Apr 18 09:15:20.411 UTC 2026");
    assert_eq!(Times::Rfc3339.micros(time), "2026-04-18T09:15:20.411Z");
}

/// The event of the manual with that name, if this machine has it.
fn published(name: &str) -> Option<Value> {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared =
        std::env::var_os("PRATIQUE_SHARED").map_or_else(|| workspace.join("../shared"), PathBuf::from);
    let path = shared.join("fixtures-events/events").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        #[allow(clippy::print_stdout, reason = "a test says why it is skipped")]
        {
            println!(
                "skipped: {} is not on this machine (PRATIQUE_SHARED names another place)",
                path.display()
            );
        }
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

fn service(home: &tempfile::TempDir) -> Service {
    let options = Options { account: "111122223333".into(), ..Options::new(home.path()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Service::open(options)).unwrap()
}

const IMAGE: &str = "arn:aws:ecr:us-east-1:111122223333:repository/team/app/sha256:84f507df33c6864d49c296fb734192696e4cb6f78166ac51ac8b9b118181085d";

/// What the event of the manual tells of.
fn finding() -> ImageFinding {
    let image = FoundIn {
        repository: "team/app".into(),
        arn: IMAGE.into(),
        digest: IMAGE.rsplit('/').next().unwrap().into(),
        tags: vec!["v1.4.2".into()],
        pushed_at: micros("2026-04-18T09:15:01Z"),
        architecture: "amd64".into(),
        platform: Some("UBUNTU_24_04".into()),
        ..FoundIn::default()
    };
    let package = |name: &str| VulnerablePackage {
        name: name.into(),
        version: "3.0.13".into(),
        epoch: Some(0),
        release: Some("0ubuntu3.2".into()),
        arch: Some("AMD64".into()),
        manager: Some("OS"),
        path: None,
        layer: Some("sha256:1567e7ea90b67fc95ccdeeec39bdc3045098dee7e0c604975b957a9f8c0e9616".into()),
        fixed: Some("0:3.0.13-0ubuntu3.4".into()),
        remediation: Some("apt-get update && apt-get upgrade"),
    };
    let score = Score {
        score: 9.8,
        vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".into(),
        version: "3.1",
        source: "NVD".into(),
    };
    let seen = micros("2026-04-18T09:15:20.411Z");
    ImageFinding {
        id: "be674aaddd0f75ac63205501aa3c9f10".into(),
        vulnerability: "CVE-2024-6119".into(),
        title: "CVE-2024-6119 - libssl3t64, openssl".into(),
        description: "Possible denial of service in X.509 name checks".into(),
        severity: Level::Critical,
        status: Status::Active,
        first_observed: seen,
        last_observed: seen,
        updated: seen,
        packages: vec![package("libssl3t64"), package("openssl")],
        fix: Fix::Yes,
        score: Some(score.clone()),
        scores: vec![score],
        vendor_severity: Some("medium".into()),
        source: "UBUNTU_CVE".into(),
        source_url: "https://people.canonical.com/~ubuntu-security/cve/2024/CVE-2024-6119.html".into(),
        epss: Some(0.00045),
        exploited: None,
        references: vec!["https://www.cve.org/CVERecord?id=CVE-2024-6119".into()],
        related: vec!["USN-6986-1".into()],
        published: Some("2024-09-03T00:00:00Z".parse().unwrap()),
        modified: None,
        image: Arc::new(image),
    }
}

#[test]
fn findings_are_told_as_inspector_tells_them() {
    let Some(mut want) = published("inspector2-finding-ecr.json") else { return };
    let home = tempfile::tempdir().unwrap();
    let event = service(&home).finding_event(&finding()).unwrap();
    let mut told: Value = serde_json::from_str(&event.envelope).unwrap();
    // The event was sent some seconds later; its id is any.
    for member in ["id", "time"] {
        told[member] = Value::Null;
        want[member] = Value::Null;
    }
    assert_eq!(told, want);
}

#[test]
fn closed_findings_differ_in_their_status_alone() {
    let Some(want) = published("inspector2-finding-closed.json") else { return };
    let home = tempfile::tempdir().unwrap();
    let closed = ImageFinding { status: Status::Closed, ..finding() };
    let told = service(&home).finding_document(&closed, Times::Words);
    assert_eq!(told["status"], want["detail"]["status"]);
    let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&told), members(&want["detail"]));
}

#[test]
fn coverage_is_told_as_inspector_tells_it() {
    let Some(want) = published("inspector2-coverage.json") else { return };
    let home = tempfile::tempdir().unwrap();
    let time = micros("2026-04-18T09:15:24.665501Z");
    let event = service(&home).coverage_event(time, IMAGE, Reason::ScanEligibilityExpired).unwrap();
    let told: Value = serde_json::from_str(&event.envelope).unwrap();
    for member in ["detail", "detail-type", "source", "resources", "account", "region"] {
        assert_eq!(told[member], want[member], "{member}");
    }
}
