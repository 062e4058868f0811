use super::*;
use crate::{
    Fact, Reading, Stated,
    catalogers::trial::{try_read as read, wants},
};

fn package(reading: &Reading) -> Option<&Stated> {
    reading.facts.iter().find_map(|fact| match fact {
        Fact::Package(stated) => Some(&**stated),
        _ => None,
    })
}

fn metadata(text: &str) -> Reading {
    read(&PythonMetadata, "lib/python3/site-packages/a_b-1.0.dist-info/METADATA", text.as_bytes()).unwrap()
}

#[test]
fn wants_metadata() {
    for (path, want) in [
        ("site-packages/a-1.0.dist-info/METADATA", true),
        ("site-packages/DIST-INFO/METADATA", true),
        ("site-packages/a-1.0.dist-info/RECORD", false),
        ("site-packages/a-1.0.dist-info/sub/METADATA", false),
        ("site-packages/a-1.0.egg-info/PKG-INFO", true),
        ("a.egg/EGG-INFO/PKG-INFO", true),
        ("a.egg/EGG-INFO/PKG-INFO-INVALID", false),
        ("site-packages/a-1.0-py3.9.egg-info", true),
        ("site-packages/a-1.0.egg-info/METADATA", false),
        ("site-packages/~a-1.0.dist-info/METADATA", false),
        ("src/my-egg-info/PKG-INFO", false),
        ("sdist/PKG-INFO", false),
        ("METADATA", false),
    ] {
        assert_eq!(wants(&PythonMetadata, path), want, "{path}");
    }
    assert!(wants(&PythonDirectUrl, "a-1.0.dist-info/direct_url.json"));
    assert!(!wants(&PythonDirectUrl, "a-1.0.egg-info/direct_url.json"));
}

#[test]
fn reads_core_metadata() {
    let reading = metadata(
        "Metadata-Version: 2.1\r\nName: A.B\r\nVERSION: 1.0+local\r\nLicense: UNKNOWN\r\n\
         Classifier: License :: OSI Approved\r\nClassifier: License :: OSI Approved :: MIT License\r\n\
         Requires-Dist: zope.interface[x] (>=4.0)\r\nRequires-Dist: c; python_version < '3'\r\n\
         Requires-Dist: d>=1 ; extra == 'test'\r\nRequires: module\r\nnonsense\r\n\r\nName: description\r\n",
    );
    let found = package(&reading).unwrap();
    assert_eq!((&*found.name, &*found.version), ("A.B", "1.0+local"));
    assert_eq!(found.licences, ["MIT License"]);
    assert_eq!(found.depends, ["c", "zope.interface"]);
    assert!(reading.problems.is_empty());
}

#[test]
fn prefers_the_licence_that_says_most() {
    for (fields, want) in [
        ("License-Expression: MIT\nLicense: x\n", &["MIT"][..]),
        ("License: BSD\nClassifier: License :: Public Domain\n", &["BSD"]),
        ("License: Copyright\n  all of it\nClassifier: License :: Public Domain\n", &["Public Domain"]),
        ("License:\n  all of it\n", &[]),
        ("", &[]),
    ] {
        let reading = metadata(&format!("Name: a\nVersion: 1\n{fields}"));
        assert_eq!(package(&reading).unwrap().licences, want, "{fields}");
    }
}

#[test]
fn a_version_may_be_missing_a_name_is_looked_for() {
    for text in ["Name: a\n", "Name: a\nVersion: UNKNOWN\n"] {
        assert_eq!(package(&metadata(text)).unwrap().version, "", "{text}");
    }
    for text in ["", "Version: 2.0\n", "Name: UNKNOWN\nVersion: 0.0.0\n", "\u{0}\u{1}"] {
        let reading = metadata(text);
        let found = package(&reading).unwrap();
        assert_eq!((&*found.name, &*found.version), ("a_b", "1.0"), "{text}");
        assert_eq!(reading.problems.len(), 1);
    }
    let reading = read(&PythonMetadata, "dist-info/METADATA", b"Summary: none").unwrap();
    assert!(reading.facts.is_empty());
    assert_eq!(reading.problems.len(), 1);
}

#[test]
fn the_interpreter_is_no_distribution() {
    let path = "usr/lib/python2.7/lib-dynload/Python-2.7.egg-info";
    let reading = read(&PythonMetadata, path, b"Name: Python\nVersion: 2.7.13\n").unwrap();
    assert_eq!(reading, Reading::nothing());
}

#[test]
fn endless_lines_are_cut() {
    let mut text = String::from("\u{feff}Name: a\nSummary: ");
    text.push_str(&"x".repeat(1 << 20));
    text.push_str("\nVersion: 1\nLicense: ");
    text.push_str(&"y".repeat(1 << 20));
    let reading = metadata(&text);
    let found = package(&reading).unwrap();
    assert_eq!((&*found.name, &*found.version), ("a", "1"));
    assert!(found.licences[0].len() < 5000);
}

#[test]
fn folders_name_distributions() {
    for (folder, want) in [
        ("flask_sqlalchemy-2.5.1.dist-info", Some(("flask_sqlalchemy", "2.5.1"))),
        ("a-1.0-py3.9.egg-info", Some(("a", "1.0"))),
        ("a-1.0-py3.9-linux-x86_64.egg-info", Some(("a", "1.0"))),
        ("a.dist-info", None),
        ("with-licence.dist-info", None),
        ("-1.0.dist-info", None),
        ("dist-info", None),
    ] {
        let found = by_folder(folder.as_bytes());
        assert_eq!(found.as_ref().map(|(name, version)| (&**name, &**version)), want, "{folder}");
    }
}

#[test]
fn reads_direct_urls() {
    let at = |path: &str, json: &str| read(&PythonDirectUrl, path, json.as_bytes());
    let path = "site-packages/a-1.0.dist-info/direct_url.json";
    for (json, want) in [
        (
            r#"{"url": "https://token@h/a.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}"#,
            Some("git+https://h/a.git@abc"),
        ),
        (r#"{"url": "https://h/a.zip", "archive_info": {"hash": "sha256=0"}}"#, Some("https://h/a.zip")),
        (r#"{"url": "file:///wheels/a.whl", "archive_info": {}}"#, None),
        (r#"{"url": "file:///src", "dir_info": {"editable": true}}"#, None),
    ] {
        let reading = at(path, json).unwrap();
        assert_eq!(package(&reading).map(|p| &*p.details["direct_url"]), want, "{json}");
    }
    assert!(at(path, "{}").is_err());
    let unnamed = r#"{"url": "u", "vcs_info": {"vcs": "git", "commit_id": "abc"}}"#;
    for folder in ["dist-info", "a-1.0_local.dist-info"] {
        assert_eq!(
            at(&format!("{folder}/direct_url.json"), unnamed).unwrap(),
            Reading::nothing(),
            "{folder}"
        );
    }
}
