use super::*;
use crate::catalogers::trial::{read, try_read, withstands_damage};

const TWO: &str = r#"{"version": "2", "remote": {"https://deno.land/std@0.1.0/a.ts": "00"}, "npm": {
    "specifiers": {"chalk@5": "chalk@5.0.1", "react-dom": "react-dom@18.2.0_react@18.2.0"},
    "packages": {
        "chalk@5.0.1": {"integrity": "x", "dependencies": {"styles": "@s/styles@1.0.0"}},
        "@s/styles@1.0.0": {"integrity": "x", "dependencies": {}},
        "react-dom@18.2.0_react@18.2.0": {"integrity": "x", "dependencies": {"react": "react@18.2.0"}},
        "react@18.2.0": {"integrity": "x", "dependencies": {}}}}}"#;

const THREE: &str = r#"{"version": "3", "packages": {
    "specifiers": {"jsr:@std/path@^1": "jsr:@std/path@1.0.8", "npm:chalk@5": "npm:chalk@5.0.1"},
    "jsr": {"@std/path@1.0.8": {"integrity": "x", "dependencies": ["jsr:@std/assert@^1"]}},
    "npm": {"chalk@5.0.1": {"integrity": "x", "dependencies": {}}}},
    "remote": {}, "workspace": {"dependencies": ["npm:chalk@5"]}}"#;

const FIVE: &str = r#"{"version": "5",
    "specifiers": {"jsr:@std/path@^1": "1.0.8", "jsr:@std/assert@1": "1.0.2", "npm:react-dom@18": "18.2.0_react@18.2.0"},
    "jsr": {
        "@std/path@1.0.8": {"integrity": "x", "dependencies": ["jsr:@std/assert"]},
        "@std/assert@1.0.2": {"integrity": "x"}},
    "npm": {
        "react-dom@18.2.0_react@18.2.0": {"integrity": "x", "dependencies": ["react@18.2.0", "loose"], "optionalDependencies": ["fs"]},
        "react@18.2.0": {"integrity": "x"}, "react@17.0.0": {"integrity": "x"},
        "loose@1.4.0": {"integrity": "x"}, "fs@2.0.0": {"integrity": "x", "os": ["darwin"]}},
    "workspace": {"members": {"a": {"dependencies": ["jsr:@std/path@^1"], "packageJson": {"dependencies": ["npm:react-dom@18"]}}}}}"#;

fn lock(text: &str) -> Reading {
    let reading = read(&DenoLock, "deno.lock", text);
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    reading
}

#[test]
fn reads_all_versions() {
    let reading = lock(TWO);
    assert_eq!(reading.names(), ["@s/styles 1.0.0", "chalk 5.0.1", "react-dom 18.2.0", "react 18.2.0"]);
    let found: Vec<_> = reading.packages().collect();
    assert_eq!(found[1].depends, [Requirement::exactly("@s/styles", "1.0.0")]);
    let direct: Vec<_> = found.iter().map(|p| p.direct == Some(true)).collect();
    assert_eq!(direct, [false, true, true, false]);

    let reading = lock(THREE);
    assert_eq!(reading.names(), ["chalk 5.0.1", "@jsr/std__path 1.0.8"]);
    let found: Vec<_> = reading.packages().collect();
    assert_eq!((found[0].direct, found[1].direct), (Some(true), Some(false)));
    assert_eq!(found[1].depends, ["@std/assert"]);
    assert_eq!(found[1].details["jsr"], "@std/path");

    let reading = lock(FIVE);
    assert_eq!(
        reading.names(),
        [
            "fs 2.0.0",
            "loose 1.4.0",
            "react-dom 18.2.0",
            "react 17.0.0",
            "react 18.2.0",
            "@jsr/std__assert 1.0.2",
            "@jsr/std__path 1.0.8"
        ]
    );
    let found: Vec<_> = reading.packages().collect();
    let exactly = Requirement::exactly;
    assert_eq!(
        found[2].depends,
        [exactly("fs", "2.0.0"), exactly("loose", "1.4.0"), exactly("react", "18.2.0")]
    );
    assert_eq!(found[6].depends, [exactly("@jsr/std__assert", "1.0.2")]);
    assert!(found[0].optional && !found[1].optional);
    let direct: Vec<_> = found.iter().map(|p| p.direct == Some(true)).collect();
    assert_eq!(direct, [false, false, true, false, false, false, true]);
}

#[test]
fn says_what_makes_no_sense() {
    let reading =
        read(&DenoLock, "deno.lock", r#"{"version": "4", "npm": {"a": {}, "b c@1": {}, "d@1": {}}}"#);
    assert_eq!((reading.names(), reading.problems.len()), (vec!["d 1".to_owned()], 2));
    assert!(reading.packages().next().unwrap().direct.is_none());
    for text in ["", "[]", r#"{"npm": 1}"#] {
        assert!(try_read(&DenoLock, "deno.lock", text).is_err(), "{text}");
    }
    // Version 1 has modules only.
    assert_eq!(lock(r#"{"https://deno.land/x/a.ts": "00"}"#), Reading::nothing());
}

#[test]
fn bears_damage() {
    for sample in [TWO, THREE, FIVE] {
        withstands_damage(&DenoLock, "deno.lock", sample);
    }
}
