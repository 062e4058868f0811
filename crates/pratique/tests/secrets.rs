//! `pratique scan --scanners secret`. Secrets are put together here, so that no file of ours holds one.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "support/image.rs"]
mod image;
mod support;

use std::fs;

use image::{Layout, Tar};
use serde_json::json;
use support::Pratique;

fn token() -> String {
    ["gl", "pat-", "q9Zr2Lk0VbT7mXw4Hs8P"].concat()
}

#[test]
fn in_files_variables_and_history_and_removed_ones_too() {
    let home = tempfile::tempdir().unwrap();
    let token = token();
    let env = format!("A=1\nTOKEN={token}\n");
    let layers = [
        Tar::default()
            .file("app/.env", &env)
            .file("app/logo.png", &env)
            .file("app/data", format!("\0{env}"))
            .end(),
        Tar::default().file("app/.wh..env", "").file("app/kept.txt", &env).end(),
    ];
    let config = json!({"config": {"User": "1", "Env": [format!("CI={token}")]},
        "history": [{"created_by": format!("RUN curl -H {token}")}, {"created_by": "b"}]});
    let layout = Layout::configured(home.path(), "secrets", &layers, config);
    let pratique = Pratique::new();
    let scan =
        || pratique.json(["scan", "--quiet", "--scanners", "secret", "--format", "json", &layout.target()]);
    let report = scan();
    let rows = report["secrets"].as_array().unwrap();
    let place = |row: &serde_json::Value| {
        let at = row["path"].as_str().or(row["part"].as_str()).unwrap().to_owned();
        (at, row["line"].as_u64(), row["layer"]["index"].as_u64(), row["removedIn"]["index"].as_u64())
    };
    assert_eq!(
        rows.iter().map(place).collect::<Vec<_>>(),
        [
            ("env CI".into(), None, None, None),
            ("history step 1".into(), None, None, None),
            ("app/.env".into(), Some(2), Some(0), Some(1)),
            ("app/kept.txt".into(), Some(2), Some(1), None),
        ]
    );
    assert!(rows.iter().all(|row| row["rule"] == "gitlab/token"), "{rows:?}");
    assert_eq!(scan(), report, "kept facts say the same");

    // Not asked for: not looked for, also where facts of secrets are kept.
    let without =
        pratique.json(["scan", "--quiet", "--scanners", "misconfig", "--format", "json", &layout.target()]);
    assert!(without.get("secrets").is_none());

    // The value is nowhere: not in what is shown, and not in what is kept.
    let table = pratique.ok(["scan", "--quiet", "--scanners", "secret", &layout.target()]);
    assert!(table.contains("removed in 2, still in the image") && table.contains("glpat-…"), "{table}");
    let secret = &token[6..];
    assert!(!report.to_string().contains(secret), "{report}");
    assert!(!table.contains(secret), "{table}");
    let mut open = vec![pratique.home.path().to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                open.push(entry.path());
                continue;
            }
            // Facts are compressed: they are expanded to look into them.
            let bytes = fs::read(entry.path()).unwrap();
            let plain =
                bytes.get(28..).and_then(|packed| zstd::stream::decode_all(packed).ok()).unwrap_or(bytes);
            let holds = plain.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!holds, "{}", entry.path().display());
        }
    }
}

/// Whether secrets are asked for or not: the commands of the history are in nearly every document.
#[test]
fn the_history_is_never_shown_with_its_secrets() {
    let home = tempfile::tempdir().unwrap();
    let token = token();
    let installed = "P:musl\nV:1.2.4-r0\nA:x86_64\nL:MIT\n\n";
    let layer = Tar::default()
        .file("etc/os-release", "ID=alpine\nVERSION_ID=3.18.0\n")
        .file("lib/apk/db/installed", installed)
        .end();
    let config =
        json!({"history": [{"created_by": format!("|1 CI={token} /bin/sh -c curl -H {token} x.test")}]});
    let layout = Layout::configured(home.path(), "history", &[layer], config);
    let target = layout.target();
    let (pratique, database) = Pratique::with_database();
    let secret = &token[6..];
    let template = home.path().join("all.j2");
    fs::write(&template, "{{ target }} {{ packages }} {{ findings }}").unwrap();
    let template = template.to_str().unwrap().to_owned();
    let run = |args: &[&str]| {
        let output = pratique.command().env("SOURCE_DATE_EPOCH", "1700000000").args(args).output().unwrap();
        let shown = support::text(&output.stdout) + &support::text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{args:?}\n{shown}");
        assert!(!shown.contains(secret), "{args:?}\n{shown}");
        shown
    };
    let database = database.to_str().unwrap();
    let all = ["--quiet", "--list-all-pkgs", "--template", &template];
    for format in pratique_report::format::ALL {
        for scanners in ["vuln", "vuln,misconfig,secret,license"] {
            let scan = ["scan", "--db", database, "--scanners", scanners, "--format", format.name, &target];
            run(&[&scan[..], &all].concat());
        }
    }
    let json = run(&["scan", "--quiet", "--db", database, "--format", "json", "--list-all-pkgs", &target]);
    assert!(json.contains("curl -H glpat-…"), "the command is shown, the token in it is not: {json}");
    // What an earlier version saved, and what another program wrote into an SBOM.
    let saved = home.path().join("saved.json");
    fs::write(&saved, json.replace("curl -H glpat-… (26 characters)", &format!("curl -H {token}"))).unwrap();
    assert!(fs::read_to_string(&saved).unwrap().contains(secret));
    for format in pratique_report::format::ALL {
        run(&["convert", saved.to_str().unwrap(), "--format", format.name, "--template", &template]);
    }
    for format in ["cyclonedx-json", "spdx-json", "spdx-json@3.0", "syft-json"] {
        let out = run(&["sbom", "--quiet", "--format", format, &target]);
        let foreign = home.path().join("foreign.json");
        fs::write(&foreign, out.replace("curl -H glpat-… (26 characters)", &format!("curl -H {token}")))
            .unwrap();
        run(&["sbom", "--quiet", "--format", "cyclonedx-json", &format!("sbom:{}", foreign.display())]);
    }
    for format in ["table", "json"] {
        run(&["packages", "--quiet", "--format", format, &target]);
        run(&["licenses", "--quiet", "--format", format, &target]);
        run(&["why", "--quiet", "--format", format, &target, "musl"]);
    }
}

#[test]
fn secrets_fail_a_gate() {
    let home = tempfile::tempdir().unwrap();
    let layer = Tar::default().file("root/.npmrc", format!("//r.test/:_authToken={}", token())).end();
    let layout = Layout::configured(home.path(), "gate", &[layer], json!({}));
    let pratique = Pratique::new();
    let done =
        pratique.run(["scan", "--quiet", "--scanners", "secret", "--fail-on", "critical", &layout.target()]);
    assert_eq!(done.status.code(), Some(1));
}

#[test]
fn formats_that_have_no_place_for_secrets_say_so() {
    let home = tempfile::tempdir().unwrap();
    let layer = Tar::default().file("root/.npmrc", format!("//r.test/:_authToken={}", token())).end();
    let layout = Layout::configured(home.path(), "left-out", &[layer], json!({}));
    let (pratique, database) = Pratique::with_database();
    let database = database.to_str().unwrap();
    let scan = |format| {
        let done = pratique.run([
            "scan",
            "--db",
            database,
            "--scanners",
            "vuln,secret",
            "--format",
            format,
            &layout.target(),
        ]);
        (support::text(&done.stdout), support::text(&done.stderr))
    };
    let (out, said) = scan("gitlab");
    assert!(said.contains("gitlab holds vulnerabilities only: secrets left out"), "{said}");
    assert!(!out.contains(".npmrc"), "{out}");
    for format in ["sarif", "junit", "csv", "markdown", "html", "trivy", "asff"] {
        let (out, said) = scan(format);
        assert!(!said.contains("left out"), "{format}: {said}");
        assert!(out.contains(".npmrc") && !out.contains(&token()[6..]), "{format}: {out}");
    }
}
