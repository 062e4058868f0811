use super::*;
use crate::catalogers::trial;

const INSTALLED: &str = "app/node_modules/a/package.json";

fn read(path: &str, json: &str) -> Result<Reading, Unreadable> {
    trial::try_read(&NpmPackage, path, json)
}

fn stated(path: &str, json: &str) -> Option<Stated> {
    let reading = read(path, json).unwrap();
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    reading.facts.into_iter().next().map(|fact| match fact {
        Fact::Package(stated) => *stated,
        other => panic!("{other:?}"),
    })
}

#[test]
fn tells_packages_from_their_parts() {
    use Place::{Installed, Outside, PartOfPackage};
    for (path, want) in [
        ("node_modules/a/package.json", Installed),
        ("usr/lib/node_modules/npm/package.json", Installed),
        ("app/node_modules/@s/b/package.json", Installed),
        ("app/node_modules/a/node_modules/b/package.json", Installed),
        ("app/node_modules/.pnpm/b@1.0.0/node_modules/b/package.json", Installed),
        ("app/node_modules/.pnpm/@s+b@1.0.0/node_modules/@s/b/package.json", Installed),
        ("app/node_modules/.store/b-npm-1.0.0-abc/package/package.json", Installed),
        ("app/node_modules/package.json", PartOfPackage),
        ("app/node_modules/@s/package.json", PartOfPackage),
        ("app/node_modules/.cache/package.json", PartOfPackage),
        ("app/node_modules/a/dist/esm/package.json", PartOfPackage),
        ("app/node_modules/a/test/fixtures/y/package.json", PartOfPackage),
        ("app/node_modules/@s/b/dist/package.json", PartOfPackage),
        ("app/node_modules/@/b/package.json", PartOfPackage),
        ("app/node_modules/a/@s/b/package.json", PartOfPackage),
        ("usr/share/nodejs/lodash/package.json", Installed),
        ("usr/lib/x86_64-linux-gnu/nodejs/@s/a/package.json", Installed),
        ("usr/share/nodejs/terser/bin/package.json", Outside),
        ("usr/share/nodejs/package.json", Outside),
        ("app/package.json", Outside),
        ("package.json", Outside),
        ("opt/yarn-v1.22.19/package.json", Outside),
        ("srv/my_node_modules/a/package.json", Outside),
    ] {
        assert_eq!(Place::of(&ImagePath::new(path).unwrap()), want, "{path}");
        assert_eq!(trial::wants(&NpmPackage, path), want != PartOfPackage, "{path}");
    }
    assert!(!trial::wants(&NpmPackage, "app/node_modules/a/package.json5"));
}

#[test]
fn reads_an_installed_package() {
    let found = stated(
        "app/node_modules/ms-old/package.json",
        r#"{"name": "ms", "version": "0.7.1", "license": "MIT", "private": true,
            "licenses": [{"type": "MIT"}, "ISC"],
            "dependencies": {"b": "^1", "a": "1"}, "devDependencies": {"c": "1"}}"#,
    )
    .unwrap();
    assert_eq!((&*found.name, &*found.version), ("ms", "0.7.1"));
    assert_eq!(found.licences, ["ISC", "MIT"]);
    assert_eq!(found.depends, ["a", "b"]);
    assert!(found.details.is_empty() && !found.locked_only && !found.development);
}

#[test]
fn what_was_never_published_states_nothing() {
    for json in [
        r#"{"type": "module"}"#,
        r#"{"name": "a"}"#,
        r#"{"version": "1.0.0"}"#,
        r#"{"name": "", "version": "1.0.0"}"#,
        r#"{"name": {"a": 1}, "version": ["1"]}"#,
        "[]",
    ] {
        assert_eq!(stated(INSTALLED, json), None, "{json}");
    }
}

#[test]
fn outside_node_modules_lie_products_and_projects() {
    let yarn = stated("opt/yarn-v1.22.19/package.json", r#"{"name": "yarn", "version": "1.22.19"}"#).unwrap();
    assert_eq!(yarn.details["origin"], "local");
    for json in [
        r#"{"name": "app", "version": "1.0.0", "private": true}"#,
        r#"{"name": "app", "version": "1.0.0", "private": "true"}"#,
        r#"{"name": "<%= name %>", "version": "1.0.0"}"#,
        r#"{"name": "app", "version": "{{version}}"}"#,
    ] {
        assert_eq!(stated("app/package.json", json), None, "{json}");
    }
}

#[test]
fn says_what_makes_no_sense() {
    for json in ["", "{", r#"{"name": "a", "version": "1"} x"#, "name: a"] {
        assert!(read(INSTALLED, json).is_err(), "{json}");
    }
    let not_utf8 = b"{\"name\": \"\xff\", \"version\": \"1\"}";
    assert!(trial::try_read(&NpmPackage, INSTALLED, not_utf8).is_err());
    let reading = read(INSTALLED, r#"{"name": "a b", "version": "1.0.0"}"#).unwrap();
    assert!(reading.facts.is_empty());
    assert_eq!(reading.problems.len(), 1);
    assert!(read(INSTALLED, &"[".repeat(100_000)).is_err());
}

#[test]
fn is_as_lenient_as_npm() {
    let json = "\u{feff}{\"name\": \"a\", \"version\": \"1.0.0\", \"name\": \"b\", \"dependencies\": [\"x\"],
        \"author\": {\"name\": \"z\"}, \"license\": [null, {\"name\": \"MIT\"}]}";
    let found = stated(INSTALLED, json).unwrap();
    assert_eq!(found.name, "b");
    assert_eq!(found.licences, ["MIT"]);
    assert!(found.depends.is_empty());
}
