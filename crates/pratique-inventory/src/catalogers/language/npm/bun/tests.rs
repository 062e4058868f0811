use super::*;
use crate::catalogers::trial::{read, try_read, withstands_damage};

const SAMPLE: &str = r#"{
  "lockfileVersion": 1,
  "workspaces": {
    "": {
      "name": "app",
      "dependencies": { "a": "^1.0.0", "w": "workspace:*", },
      "devDependencies": { "ms-old": "npm:ms@0.7.1", },
      "optionalDependencies": { "git": "github:u/r", },
    },
    "packages/w": { "name": "w", "dependencies": { "b": "^2.0.0" } },
  },
  "packages": {
    "@s/c": ["@s/c@3.0.0", "", { "dependencies": { "b": "1" } }, "sha512-x"],
    "a": ["a@1.0.0", "", { "dependencies": { "@s/c": "3", "b": "1" }, "peerDependencies": { "p": "*", "b": "*" } }, "sha512-x"],
    "a/b": ["b@1.0.0", "https://npm.example.org/b.tgz", {}, "sha512-x"],
    "b": ["b@2.0.0", "", { "bundled": true }, "sha512-x"],
    "git": ["git@github:u/r#abc", {}, "u-r-abc"],
    "ms-old": ["ms@0.7.1", "", {}, "sha512-x"],
    "tar": ["tar@https://user:pw@h/tar.tgz", {}],
    "w": ["w@workspace:packages/w"],
  },
}
"#;

#[test]
fn reads_packages_by_path() {
    let reading = read(&BunLock, "bun.lock", SAMPLE);
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    assert_eq!(reading.names(), ["@s/c 3.0.0", "a 1.0.0", "b 1.0.0", "b 2.0.0", "git ", "ms 0.7.1", "tar "]);
    let found: Vec<_> = reading.packages().collect();
    assert_eq!(found[0].depends, [Requirement::exactly("b", "2.0.0")]);
    assert_eq!(found[1].depends, [Requirement::exactly("@s/c", "3.0.0"), Requirement::exactly("b", "1.0.0")]);
    assert_eq!(found[3].details["bundled"], "true");
    assert_eq!(found[4].details["vcs_url"], "git+https://github.com/u/r@abc");
    assert_eq!(found[6].details["download_url"], "https://h/tar.tgz");
    let told: Vec<_> = found.iter().map(|p| (p.development, p.optional, p.direct == Some(true))).collect();
    assert_eq!(told[..2], [(false, false, false), (false, false, true)]);
    assert_eq!(told[3..6], [(false, false, true), (false, true, true), (true, false, true)]);
}

#[test]
fn finds_parents() {
    for (path, want) in [
        ("a/b", Some("a")),
        ("a/@s/b", Some("a")),
        ("@s/a/b", Some("@s/a")),
        ("@s/a", None),
        ("a", None),
        ("", None),
    ] {
        assert_eq!(parent(path), want, "{path}");
    }
}

#[test]
fn says_what_is_not_read() {
    let reading = read(&BunLock, "bun.lockb", "#!/usr/bin/env bun\nbun-lockfile-format-v0\n");
    assert!(reading.facts.is_empty() && reading.problems[0].contains("--save-text-lockfile"));
    let reading = read(
        &BunLock,
        "bun.lock",
        r#"{"packages": {"a": [], "b": ["b"], "c": ["c d@1"], "e": ["e@"], "f": ["f@1", "", 1]}}"#,
    );
    assert_eq!((reading.names(), reading.problems.len()), (vec!["f 1".to_owned()], 4));
    for text in ["", "1", "{\"packages\": 1}", "{\"packages\": {\"a\": {}}}"] {
        assert!(try_read(&BunLock, "bun.lock", text).is_err(), "{text}");
    }
}

#[test]
fn bears_damage() {
    withstands_damage(&BunLock, "bun.lock", SAMPLE);
}
