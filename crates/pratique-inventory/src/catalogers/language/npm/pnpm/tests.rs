use super::*;
use crate::{
    Limits,
    catalogers::trial::{read, try_read, try_read_within, wants, withstands_damage},
};

fn lock(text: &str) -> Reading {
    let reading = read(&PnpmLock, "app/pnpm-lock.yaml", text);
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    reading
}

#[test]
fn wants_lock_files() {
    for (path, want) in
        [("pnpm-lock.yaml", true), ("a/node_modules/b/pnpm-lock.yaml", false), ("a/pnpm-lock.yml", false)]
    {
        assert_eq!(wants(&PnpmLock, path), want, "{path}");
    }
}

#[test]
fn knows_keys_of_all_versions() {
    for (key, want) in [
        ("/a/1.0.0", Some(("a", "1.0.0"))),
        ("/@s/a/1.0.0_react@17.0.2+x@1", Some(("@s/a", "1.0.0"))),
        ("registry.example.org/@s/a/1.0.0", Some(("@s/a", "1.0.0"))),
        ("/a@1.0.0(b@2.0.0)(c@3.0.0)", Some(("a", "1.0.0"))),
        ("@s/a@1.0.0-rc.1(@t/b@2.0.0(c@3.0.0))", Some(("@s/a", "1.0.0-rc.1"))),
        ("a@https://codeload.github.com/u/r/tar.gz/abc", None),
        ("a@file:a.tgz", None),
        ("github.com/u/r/0123", None),
        ("file:../a", None),
        ("", None),
        ("@", None),
    ] {
        assert_eq!(name_and_version(key), want, "{key}");
    }
}

const FIVE: &str = "lockfileVersion: 5.4
specifiers:
  a: ^1.0.0
dependencies:
  a: 1.0.0_b@2.0.0
  ms-old: /ms/0.7.1
  git: github.com/u/r/abc
  own: link:../own
optionalDependencies:
  opt: 1.0.0
devDependencies:
  '@s/dev': 3.0.0
packages:
  /a/1.0.0_b@2.0.0:
    resolution: {integrity: sha512-x}
    dependencies:
      b: 2.0.0
    dev: false
  /a/1.0.0_b@2.0.1:
    resolution: {integrity: sha512-x}
    dev: true
  /b/2.0.0:
    resolution: {integrity: sha512-x}
    dev: false
  /ms/0.7.1:
    resolution: {integrity: sha512-x}
    dev: false
  /opt/1.0.0:
    resolution: {integrity: sha512-x}
    optional: true
    dev: false
  /@s/dev/3.0.0:
    resolution: {integrity: sha512-x}
    dev: true
  github.com/u/r/abc:
    resolution: {tarball: 'https://codeload.github.com/u/r/tar.gz/abc'}
    name: git
    version: 4.0.0
    dev: false
";

#[test]
fn reads_version_5() {
    let reading = lock(FIVE);
    assert_eq!(reading.names(), ["a 1.0.0", "b 2.0.0", "ms 0.7.1", "opt 1.0.0", "@s/dev 3.0.0", "git 4.0.0"]);
    let found: Vec<_> = reading.packages().collect();
    assert_eq!(found[0].depends, [Requirement::exactly("b", "2.0.0")]);
    let told: Vec<_> = found.iter().map(|p| (p.development, p.optional, p.direct == Some(true))).collect();
    assert_eq!(
        told,
        [
            (false, false, true),
            (false, false, false),
            (false, false, true),
            (false, true, true),
            (true, false, true),
            (false, false, true)
        ]
    );
    assert_eq!(found[5].details["vcs_url"], "git+https://github.com/u/r@abc");
}

const NINE: &str = "lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      ms-old:
        specifier: npm:ms@0.7.1
        version: ms@0.7.1
    devDependencies:
      plugin:
        specifier: ^1
        version: 1.0.0(peer@2.0.0)
  packages/w:
    dependencies:
      git:
        specifier: github:u/r
        version: https://codeload.github.com/u/r/tar.gz/abc
      w2:
        specifier: workspace:*
        version: link:../w2
packages:
  ms@0.7.1:
    resolution: {integrity: sha512-x}
  plugin@1.0.0:
    resolution:
      {
        integrity: sha512-x,
      }
    peerDependencies:
      peer: '*'
    deprecated: |-
      text
      more
  peer@2.0.0:
    resolution: {integrity: sha512-x}
  git@https://codeload.github.com/u/r/tar.gz/abc:
    resolution: {tarball: https://codeload.github.com/u/r/tar.gz/abc}
    version: 5.0.0
  own@file:packages/own:
    resolution: {directory: packages/own, type: directory}
snapshots:
  ms@0.7.1: {}
  plugin@1.0.0(peer@2.0.0):
    dependencies:
      peer: 2.0.0
    optionalDependencies:
      missing: 1.0.0
  peer@2.0.0:
    optional: true
  git@https://codeload.github.com/u/r/tar.gz/abc: {}
  own@file:packages/own: {}
";

#[test]
fn reads_version_9() {
    for text in [NINE.to_owned(), format!("---\nlockfileVersion: '9.0'\n---\n{NINE}")] {
        let reading = lock(&text);
        assert_eq!(reading.names(), ["ms 0.7.1", "plugin 1.0.0", "peer 2.0.0", "git 5.0.0"]);
        let found: Vec<_> = reading.packages().collect();
        assert_eq!(found[1].depends, ["missing".into(), Requirement::exactly("peer", "2.0.0")]);
        assert_eq!(
            found.iter().map(|p| (p.development, p.optional, p.direct)).collect::<Vec<_>>(),
            [
                (false, false, Some(true)),
                (true, false, Some(true)),
                (true, true, Some(false)),
                (false, false, Some(true))
            ]
        );
        assert_eq!(found[3].details["vcs_url"], "git+https://github.com/u/r@abc");
    }
}

#[test]
fn says_what_makes_no_sense() {
    let reading = read(
        &PnpmLock,
        "pnpm-lock.yaml",
        "lockfileVersion: 5.4\npackages:\n  /a b/1.0.0: {dev: false}\n  github.com/u/r/abc: {}\n  /c/1.0.0: {}\n",
    );
    assert_eq!((reading.names(), reading.problems.len()), (vec!["c 1.0.0".to_owned()], 2));
    for text in ["[]", "packages: 1", "a: b: c", "lockfileVersion: 5.4\npackages: {/a/1.0.0: []}"] {
        assert!(try_read(&PnpmLock, "pnpm-lock.yaml", text).is_err(), "{text}");
    }
    assert_eq!(lock("lockfileVersion: '9.0'\n"), Reading::nothing());
    assert_eq!(lock("# empty\n"), Reading::nothing());
    let limits = Limits { records: 2, ..Limits::default() };
    let reading = try_read_within(&PnpmLock, "pnpm-lock.yaml", NINE.as_bytes(), &limits).unwrap();
    assert_eq!((reading.facts.len(), reading.problems.len()), (2, 1));
}

#[test]
fn bears_damage() {
    withstands_damage(&PnpmLock, "pnpm-lock.yaml", FIVE);
    withstands_damage(&PnpmLock, "pnpm-lock.yaml", NINE);
}
