use std::fmt::Write as _;

use super::*;
use crate::{Fact, catalogers::trial, fact::Requirement};

fn read_at(path: &str, json: &str, limits: &Limits) -> Result<Reading, Unreadable> {
    trial::try_read_within(&NpmLock, path, json.as_bytes(), limits)
}

fn read(json: &str) -> Reading {
    read_at("app/package-lock.json", json, &Limits::default()).unwrap()
}

fn packages(reading: &Reading) -> Vec<&Stated> {
    fn package(fact: &Fact) -> &Stated {
        match fact {
            Fact::Package(stated) => stated,
            other => panic!("{other:?}"),
        }
    }
    reading.facts.iter().map(package).collect()
}

fn names(reading: &Reading) -> Vec<String> {
    packages(reading).iter().map(|p| format!("{}@{}", p.name, p.version)).collect()
}

#[test]
fn wants_lock_files() {
    for (path, want) in [
        ("package-lock.json", true),
        ("app/npm-shrinkwrap.json", true),
        ("app/node_modules/.package-lock.json", true),
        ("app/.package-lock.json", false),
        ("app/node_modules/a/package-lock.json", false),
        ("app/node_modules/a/npm-shrinkwrap.json", false),
        ("app/my-package-lock.json", false),
    ] {
        assert_eq!(trial::wants(&NpmLock, path), want, "{path}");
    }
}

#[test]
fn reads_packages_by_folder() {
    let reading = read(
        r#"{"name": "app", "lockfileVersion": 3, "packages": {
            "": {"name": "app", "version": "1.0.0", "dependencies": {"a": "1"}, "devDependencies": {"alias": "npm:@s/real@3"}},
            "node_modules/a": {"version": "1.0.0", "license": "MIT", "dependencies": {"c": "1"},
                "optionalDependencies": {"b": "1", "c": "1"}, "peerDependencies": {"z": "1"}},
            "node_modules/a/node_modules/@s/b": {"version": "2.0.0", "dev": true, "peer": true,
                "dependencies": {"alias": "3", "opt": "4"}},
            "node_modules/alias": {"name": "@s/real", "version": "3.0.0", "devOptional": true},
            "node_modules/opt": {"version": "4.0.0", "optional": true, "inBundle": true, "license": {"type": "ISC"}},
            "node_modules/git": {"resolved": "git+ssh://git@github.com/u/git.git#abc"},
            "node_modules/w": {"resolved": "packages/w", "link": true},
            "packages/w": {"name": "w", "version": "9.0.0", "peerDependencies": {"d": "5"}},
            "packages/w/node_modules/d": {"version": "5.0.0"}
        }}"#,
    );
    assert!(reading.problems.is_empty());
    assert_eq!(names(&reading), ["a@1.0.0", "@s/b@2.0.0", "@s/real@3.0.0", "opt@4.0.0", "git@", "d@5.0.0"]);
    let found = packages(&reading);
    assert_eq!(found[0].depends, ["b", "c"]);
    assert_eq!(
        found[1].depends,
        [Requirement::exactly("@s/real", "3.0.0"), Requirement::exactly("opt", "4.0.0")]
    );
    let direct: Vec<_> = found.iter().map(|p| p.direct == Some(true)).collect();
    assert_eq!(direct, [true, false, true, false, false, true]);
    assert_eq!(found[0].licences, ["MIT"]);
    assert!(found[1].development && !found[2].development);
    assert_eq!(found[1].details["peer"], "true");
    assert_eq!(found[3].details["bundled"], "true");
    assert!(found[3].optional && !found[2].optional);
    assert_eq!(found[3].licences, ["ISC"]);
    assert_eq!(found[4].details["vcs_url"], "git+ssh://git@github.com/u/git.git@abc");
    assert!(found.iter().all(|p| p.locked_only && p.kind == PackageKind::Npm));
}

#[test]
fn hidden_lock_file_shows_what_is_installed() {
    let json = r#"{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0"}}}"#;
    let reading = read_at("node_modules/.package-lock.json", json, &Limits::default()).unwrap();
    assert!(!packages(&reading)[0].locked_only);
}

#[test]
fn reads_the_tree_of_version_1() {
    let reading = read(
        r#"{"name": "app", "lockfileVersion": 1, "requires": true, "dependencies": {
            "a": {"version": "1.0.0", "requires": {"b": "^2"}, "dependencies": {
                "b": {"version": "2.0.0", "dev": true, "bundled": true, "requires": true}}},
            "ms-old": {"version": "npm:ms@0.7.1"},
            "code": {"version": "npm:@babel/code-frame@7.0.0", "optional": true},
            "git": {"version": "git+https://token@h/git.git#abc", "from": "git"},
            "short": {"version": "github:u/r#abc"},
            "tar": {"version": "https://user:pw@h/tar-1.0.0.tgz"},
            "beside": {"version": "file:../beside-1.0.0.tgz"},
            "own": {"version": "file:packages/own"}
        }}"#,
    );
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    assert_eq!(
        names(&reading),
        ["b@2.0.0", "a@1.0.0", "ms@0.7.1", "@babel/code-frame@7.0.0", "git@", "short@", "tar@", "beside@"]
    );
    let found = packages(&reading);
    assert!(found[0].development && found[0].depends.is_empty() && found[0].details["bundled"] == "true");
    assert_eq!(found[1].depends, [Requirement::exactly("b", "2.0.0")]);
    assert!(found[3].optional && found.iter().all(|p| p.direct.is_none()));
    assert_eq!(found[4].details["vcs_url"], "git+https://h/git.git@abc");
    assert_eq!(found[5].details["vcs_url"], "git+https://github.com/u/r@abc");
    assert_eq!(found[6].details["download_url"], "https://h/tar-1.0.0.tgz");
}

#[test]
fn packages_by_folder_win_whichever_comes_first() {
    let by_folder = r#""packages": {"node_modules/a": {"version": "2.0.0"}}"#;
    let by_name = r#""dependencies": {"a": {"version": "1.0.0"}}"#;
    for json in [format!("{{{by_folder}, {by_name}}}"), format!("{{{by_name}, {by_folder}}}")] {
        assert_eq!(names(&read(&json)), ["a@2.0.0"], "{json}");
    }
    assert!(read(&format!(r#"{{{by_name}, "packages": {{}}}}"#)).facts.is_empty());
}

#[test]
fn says_what_makes_no_sense() {
    let reading = read(
        r#"{"packages": {"node_modules/": {"version": "1"}, "node_modules/a": {}, "node_modules/b": [],
            "node_modules/c": {"version": "1", "name": "no name"}, "node_modules/d": {"version": 1.5},
            "node_modules/e": {"version": "1"}}}"#,
    );
    assert_eq!(names(&reading), ["e@1"]);
    assert_eq!(reading.problems.len(), 5, "{:?}", reading.problems);
    let reading = read(r#"{"dependencies": {"a b": {"version": "1"}, "b": {}, "c": {"version": "npm:@1"}}}"#);
    assert!(reading.facts.is_empty());
    assert_eq!(reading.problems.len(), 3, "{:?}", reading.problems);
}

#[test]
fn refuses_what_is_no_lock_file() {
    for json in ["", "[]", "null", "\"x\"", "{", r#"{"packages": []}"#, r#"{"dependencies": [1]}"#, "{} x"] {
        assert!(read_at("package-lock.json", json, &Limits::default()).is_err(), "{json}");
    }
    assert_eq!(read(r#"{"name": "empty", "lockfileVersion": 1}"#), Reading::nothing());
    assert_eq!(read("\u{feff}{}"), Reading::nothing());
}

#[test]
fn keeps_what_stands_before_the_break() {
    let reading = read(r#"{"packages": {"node_modules/a": {"version": "1.0.0"}, "node_modules/b": {"ver"#);
    assert_eq!(names(&reading), ["a@1.0.0"]);
    assert!(reading.problems[0].contains("line 1 column"), "{:?}", reading.problems);
}

#[test]
fn bounds_depth_and_number() {
    let mut deep = String::new();
    for _ in 0..10_000 {
        deep.push_str(r#"{"dependencies": {"a": "#);
    }
    assert!(read_at("package-lock.json", &deep, &Limits::default()).is_err());
    let limits = Limits { records: 3, ..Limits::default() };
    let json = r#"{"packages": {"node_modules/a": {"version": "1"}, "node_modules/b": {"version": "1"},
        "node_modules/c": {"version": "1"}, "node_modules/d": {"version": "1"}}}"#;
    let reading = read_at("package-lock.json", json, &limits).unwrap();
    assert_eq!(names(&reading), ["a@1", "b@1", "c@1"]);
    assert_eq!(reading.problems.len(), 1);
    let limits = Limits { file_bytes: 10, ..Limits::default() };
    assert!(matches!(read_at("package-lock.json", json, &limits), Err(Unreadable::TooLarge { .. })));
}

#[test]
fn reads_long_files_as_they_stream() {
    let mut json = String::from("\u{feff}{\"packages\": {");
    let count = IN_MEMORY as usize / 80;
    for i in 0..count {
        let comma = if i == 0 { "" } else { "," };
        let entry = format!(r#""version": "1.0.{i}", "integrity": "{i:0>64}""#);
        write!(json, "{comma}\n\"node_modules/p{i}\": {{{entry}}}").unwrap();
    }
    json.push_str("}}");
    assert!(json.len() as u64 > IN_MEMORY);
    let reading = read(&json);
    assert!(reading.problems.is_empty());
    assert_eq!(reading.facts.len(), count);
    json.truncate(json.len() - 100);
    let reading = read(&json);
    assert_eq!((reading.facts.len(), reading.problems.len()), (count - 1, 1));
}
