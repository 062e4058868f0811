//! `pratique lint`: Dockerfiles in, findings and exit codes out.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod support;

use std::{fs, io::Write, process::Stdio};

use support::{Pratique, text};

const BAD: &str = "FROM debian\nRUN apt-get update\n# hadolint ignore=DL3004\nRUN sudo true\nRUN curl -s https://x.test | sh\n";

#[test]
fn table_json_and_exit_codes() {
    let pratique = Pratique::new();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("Dockerfile");
    fs::write(&file, BAD).unwrap();
    let file = file.to_str().unwrap();

    let failed = pratique.run(["lint", file]);
    let shown = text(&failed.stdout);
    assert_eq!(failed.status.code(), Some(1), "{shown}{}", text(&failed.stderr));
    for part in ["PD101", "PD402", "line 5", "taken back by comments", "Name the version that is meant"] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    let json = pratique.json(["lint", "--format", "json", "--exit-code", "0", file]);
    let rows = json["files"][0]["misconfigurations"].as_array().unwrap();
    let first = rows.iter().find(|row| row["id"] == "PD101").unwrap();
    assert_eq!((&first["line"], &first["severity"]), (&1.into(), &"medium".into()));
    assert!(first["references"].as_array().unwrap().contains(&"DL3006".into()));
    assert_eq!(json["files"][0]["ignored"], 1);

    let sarif = pratique.json(["lint", "--format", "sarif", "--exit-code", "0", file]);
    let run = &sarif["runs"][0];
    let result =
        run["results"].as_array().unwrap().iter().find(|result| result["ruleId"] == "PD402").unwrap();
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 5);
    assert_eq!(result["level"], "error");
    let rule =
        &run["tool"]["driver"]["rules"][usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
    assert_eq!(rule["id"], "PD402");
    assert!(rule["help"]["markdown"].as_str().unwrap().contains("What to do"), "{rule}");

    let code =
        |args: &[&str]| pratique.command().arg("lint").args(args).arg(file).output().unwrap().status.code();
    assert_eq!(code(&["--fail-on", "critical"]), Some(0));
    assert_eq!(code(&["--ignore", "PD402,DL3006", "--fail-on", "high"]), Some(0));
    assert_eq!(code(&["--exit-code", "9"]), Some(9));
    assert_eq!(code(&["--fail-on", "bad"]), Some(2));
    assert_eq!(pratique.run(["lint", "/nowhere/Dockerfile"]).status.code(), Some(3));
}

#[test]
fn several_files_and_standard_input() {
    let pratique = Pratique::new();
    let home = tempfile::tempdir().unwrap();
    let good = home.path().join("good");
    fs::write(&good, "FROM a:1@sha256:0\nUSER 1\nHEALTHCHECK NONE\n").unwrap();
    let mut command = pratique.command();
    command.args(["lint", "--format", "json", good.to_str().unwrap(), "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(BAD.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(json["files"][0]["misconfigurations"].as_array().unwrap().is_empty(), "{json}");
    assert_eq!(json["files"][1]["path"], "-");
}
