//! `pratique licenses`: expressions, categories, policies.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "support/image.rs"]
mod image;
mod support;

use std::fs;

use image::{Layout, Tar};
use serde_json::{Value, json};
use support::{Pratique, text};

const ISC: &str = "ISC License\n\nCopyright (c) 2021 Somebody\n\nPermission to use, copy, modify, and/or distribute this software \
    for any purpose with or without fee is hereby granted, provided that the above copyright notice and this permission notice \
    appear in all copies.\n\nTHE SOFTWARE IS PROVIDED \"AS IS\" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS \
    SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY \
    SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, \
    WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR \
    PERFORMANCE OF THIS SOFTWARE.\n";

fn image(home: &std::path::Path) -> Layout {
    let npm = |name: &str, licence: Value| {
        let mut package = json!({"name": name, "version": "1.0.0"});
        package["license"] = licence;
        package.to_string()
    };
    let layer = Tar::default()
        .file("app/node_modules/mild/package.json", npm("mild", json!("MIT/Apache-2.0")))
        .file("app/node_modules/strict/package.json", npm("strict", json!("AGPL-3.0")))
        .file("app/node_modules/silent/package.json", npm("silent", Value::Null))
        .file("app/node_modules/silent/LICENSE", ISC)
        .file("app/node_modules/odd/package.json", npm("odd", json!("SEE LICENSE IN LICENSE.md")))
        .end();
    Layout::configured(home, "licences", &[layer], json!({}))
}

#[test]
fn expressions_and_categories() {
    let home = tempfile::tempdir().unwrap();
    let report =
        Pratique::new().json(["licenses", "--quiet", "--format", "json", &image(home.path()).target()]);
    let rows = report["packages"].as_array().unwrap();
    let shown: Vec<_> = rows
        .iter()
        .map(|row| {
            let word = |name: &str| row[name].as_str().unwrap_or("-");
            format!("{} {} {}", word("name"), word("license"), word("category"))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "mild MIT OR Apache-2.0 permissive",
            "odd SEE LICENSE IN LICENSE.md unknown",
            "silent ISC permissive",
            "strict AGPL-3.0-only network-copyleft",
        ]
    );
    assert_eq!(rows[2]["text"], "app/node_modules/silent/LICENSE");
    assert_eq!((&rows[1]["spdx"], &rows[0]["spdx"]), (&json!(false), &json!(true)));
}

#[test]
fn policies_fail_with_exit_code_1() {
    let home = tempfile::tempdir().unwrap();
    let target = image(home.path()).target();
    let pratique = Pratique::new();
    let code = |args: &[&str]| {
        let output =
            pratique.command().args(["licenses", "--quiet"]).args(args).arg(&target).output().unwrap();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    assert_eq!(code(&[]).0, Some(0));
    assert_eq!(code(&["--deny", "proprietary"]).0, Some(0));
    let (failed, shown) = code(&["--deny", "network-copyleft"]);
    assert!(failed == Some(1) && shown.contains("1 not allowed by the policy"), "{shown}");
    assert_eq!(code(&["--allow", "permissive,unknown,AGPL-3.0-only"]).0, Some(0));
    assert_eq!(code(&["--allow", "permisive"]).0, Some(2), "a slip must not let everything pass");
    let policy = home.path().join("policy.toml");
    fs::write(&policy, "allow = [\"permissive\"]\nignore = [\"pkg:npm/strict\", \"pkg:npm/odd\"]\n").unwrap();
    assert_eq!(code(&["--license-policy", policy.to_str().unwrap()]).0, Some(0));
}
