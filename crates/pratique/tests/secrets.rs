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
    // The history is the image's own, and shown with its layers.
    for row in rows {
        assert!(!row["redacted"].as_str().unwrap().contains(secret), "{row}");
    }
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
