use super::*;
use crate::{
    Limits,
    catalogers::trial::{read, try_read, try_read_within, wants, withstands_damage},
};

#[test]
fn wants_lock_files() {
    for (path, want) in [
        ("yarn.lock", true),
        ("app/yarn.lock", true),
        ("app/node_modules/a/yarn.lock", false),
        ("a/my-yarn.lock", false),
    ] {
        assert_eq!(wants(&YarnLock, path), want, "{path}");
    }
}

const CLASSIC: &str = r#"# yarn lockfile v1


"@s/a@^1.0.0", "@s/a@~1.0.1":
  version "1.0.2"
  resolved "https://h/@s/a/-/a-1.0.2.tgz#abc"
  integrity sha512-x
  dependencies:
    ms-old "npm:ms@0.7.1"
    unknown "*"
  optionalDependencies:
    git u/r

"ms-old@npm:ms@0.7.1":
  version "0.7.1"

git@u/r:
  version "2.0.0"
  resolved "https://codeload.github.com/u/r/tar.gz/abc"

"own@file:packages/own":
  version "0.0.0"

"tar@file:../tar-1.0.0.tgz":
  version "1.0.0"
"#;

#[test]
fn reads_the_classic_format() {
    let reading = read(&YarnLock, "yarn.lock", CLASSIC);
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    assert_eq!(reading.names(), ["@s/a 1.0.2", "ms 0.7.1", "git 2.0.0", "tar 1.0.0"]);
    let found: Vec<_> = reading.packages().collect();
    assert_eq!(
        found[0].depends,
        [Requirement::exactly("git", "2.0.0"), Requirement::exactly("ms", "0.7.1"), "unknown".into()]
    );
    assert_eq!(found[2].details["vcs_url"], "git+https://github.com/u/r@abc");
    assert!(found.iter().all(|p| p.locked_only && p.direct.is_none() && !p.optional));
}

const BERRY: &str = r#"__metadata:
  version: 8
  cacheKey: 10c0

"a@npm:^1.0.0, a@npm:~1.0.1":
  version: 1.0.2
  resolution: "a@npm:1.0.2"
  dependencies:
    opt: "npm:^2"
  dependenciesMeta:
    opt:
      optional: true
  languageName: node
  linkType: hard

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  dependencies:
    a: "npm:^1.0.0"
    ms-old: "npm:ms@0.7.1"
    git: "https://github.com/u/r.git#commit=abc"

"git@https://github.com/u/r.git#commit=abc":
  version: 3.0.0
  resolution: "git@https://github.com/u/r.git#commit=abc"

"ms-old@npm:ms@0.7.1":
  version: 0.7.1
  resolution: "ms@npm:0.7.1::__archiveUrl=https%3A%2F%2Fh"

"opt@npm:^2":
  version: 2.0.0
  resolution: "opt@npm:2.0.0"

"opt@patch:opt@npm%3A^2#optional!builtin<compat/opt>":
  version: 2.0.0
  resolution: "opt@patch:opt@npm%3A2.0.0#optional!builtin<compat/opt>::version=2.0.0&hash=1"

"portal@portal:../x::locator=app%40workspace%3A.":
  version: 0.0.0-use.local
  resolution: "portal@portal:../x::locator=app%40workspace%3A."
"#;

#[test]
fn reads_the_format_of_berry() {
    let reading = read(&YarnLock, "yarn.lock", BERRY);
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    assert_eq!(reading.names(), ["a 1.0.2", "git 3.0.0", "ms 0.7.1", "opt 2.0.0"]);
    let found: Vec<_> = reading.packages().collect();
    assert_eq!(found[0].depends, [Requirement::exactly("opt", "2.0.0")]);
    assert_eq!(found[1].details["vcs_url"], "git+https://github.com/u/r.git@abc");
    let direct: Vec<_> = found.iter().map(|p| p.direct).collect();
    assert_eq!(direct, [Some(true), Some(true), Some(true), Some(false)]);
    assert!(found[3].optional && !found[0].optional);
}

#[test]
fn older_berry_leaves_the_protocol_out() {
    let old = BERRY.replace("opt: \"npm:^2\"", "opt: ^2").replace("version: 8", "version: 4");
    let reading = read(&YarnLock, "yarn.lock", &old);
    assert_eq!(reading.packages().next().unwrap().depends, [Requirement::exactly("opt", "2.0.0")]);
}

#[test]
fn says_what_makes_no_sense() {
    let reading = read(
        &YarnLock,
        "yarn.lock",
        "<<<<<<< HEAD\na@1:\n  version \"1\"\n\"b c@1\":\n  version \"1\"\nd@1:\n  resolved \"x\"\n",
    );
    assert_eq!(reading.names(), ["a 1"]);
    assert_eq!(reading.problems.len(), 3, "{:?}", reading.problems);
    assert!(try_read(&YarnLock, "yarn.lock", b"\x00\x01\x02:x").is_err());
    assert_eq!(read(&YarnLock, "yarn.lock", "# yarn lockfile v1\n"), Reading::nothing());
    let limits = Limits { records: 1, ..Limits::default() };
    let reading = try_read_within(&YarnLock, "yarn.lock", CLASSIC.as_bytes(), &limits).unwrap();
    assert_eq!((reading.facts.len(), reading.problems.len()), (1, 1));
}

#[test]
fn bears_damage() {
    withstands_damage(&YarnLock, "yarn.lock", CLASSIC);
    withstands_damage(&YarnLock, "yarn.lock", BERRY);
}
