//! What the readers of JavaScript's lock files state of real ones, beside what other tools list for the same.
//!
//! A package is compared by name, version and the file that states it, and its purl is the one that the other tool
//! gives. Every difference that remains is a line of [`DIFFERENCES`] with its reason. A line that no longer holds
//! fails the test, as does a difference without one.
#![allow(clippy::unwrap_used)] // A fixture that is not as it was must fail the test.

mod common;

use common::{
    fixtures,
    lists::{
        Difference, Family,
        Only::{Ours, Theirs},
        packages,
    },
};
use pratique_inventory::{
    Cataloger,
    catalogers::language::{BunLock, DenoLock, NpmLock, NpmPackage, PnpmLock, YarnLock},
};

const CASES: &[&str] = &[
    "lang/npm/bun-git",
    "lang/npm/bun-nested",
    "lang/npm/pnpm-5-many",
    "lang/npm/pnpm-6-peers",
    "lang/npm/pnpm-9-peers",
    "lang/npm/sample-bun",
    "lang/npm/sample-pnpm-5.4",
    "lang/npm/sample-pnpm-6.0",
    "lang/npm/sample-pnpm-9.0",
    "lang/npm/sample-yarn-berry-3",
    "lang/npm/sample-yarn-berry-4",
    "lang/npm/sample-yarn-v1",
    "lang/npm/yarn-berry-scoped",
    "lang/npm/yarn-v1-alias",
    "lang/npm/yarn-v1-git",
];

const GIT: &str =
    "what version the repository has is not in the file; the place is stated, not a version made of it";
const PEERS: &str = "Syft takes the peers of pnpm 5 for a part of the version";
const ALIAS: &str = "the package behind an alias is what is installed";
const OWN: &str = "the project itself is no package that was fetched";
const PRIVATE: &str = "it says `private`, so npm never let it be published";

const DIFFERENCES: &[Difference] = &[
    (
        "lang/npm/bun-git",
        "bun.lock",
        Ours,
        &["@prettier/sync@", "babel-preset-php@", "is-number@", "raven-js@", "slick-carousel@"],
        GIT,
    ),
    (
        "lang/npm/bun-git",
        "bun.lock",
        Theirs,
        &[
            "@prettier/sync@github:prettier/prettier-synchronized#527e8ce",
            "babel-preset-php@git+ssh://gitlab:kornelski/babel-preset-php#1ae6dc1267500360b411ec711b8aeac8c68b2246",
            "is-number@github:jonschlinkert/is-number#98e8ff1",
            "is-number@github:jonschlinkert/is-number#b7aef34",
            "is-number@github:jonschlinkert/is-number#d5ac058",
            "raven-js@github:getsentry/raven-js#91ef2d4",
            "slick-carousel@github:brianfryer/slick#fc6f7d8",
        ],
        GIT,
    ),
    ("lang/npm/pnpm-5-many", "pnpm-lock.yaml", Ours, &["debug@4.3.4"], PEERS),
    ("lang/npm/pnpm-5-many", "pnpm-lock.yaml", Theirs, &["debug@4.3.4_supports-color@8.1.1"], PEERS),
    ("lang/npm/sample-pnpm-5.4", "pnpm-lock.yaml", Ours, &["debug@3.1.0"], PEERS),
    ("lang/npm/sample-pnpm-5.4", "pnpm-lock.yaml", Theirs, &["debug@3.1.0_supports-color@5.4.0"], PEERS),
    ("lang/npm/sample-pnpm-5.4", "pnpm-lock.yaml", Theirs, &["ms-old@/ms/0.7.1"], ALIAS),
    ("lang/npm/sample-pnpm-5.4", "package.json", Theirs, &["sample-app@1.0.0"], PRIVATE),
    ("lang/npm/sample-pnpm-6.0", "pnpm-lock.yaml", Theirs, &["ms-old@/ms@0.7.1"], ALIAS),
    ("lang/npm/sample-pnpm-6.0", "package.json", Theirs, &["sample-app@1.0.0"], PRIVATE),
    ("lang/npm/sample-pnpm-9.0", "package.json", Theirs, &["sample-app@1.0.0"], PRIVATE),
    ("lang/npm/sample-yarn-berry-3", "yarn.lock", Ours, &["ms@0.7.1"], ALIAS),
    ("lang/npm/sample-yarn-berry-3", "yarn.lock", Theirs, &["ms-old@0.7.1"], ALIAS),
    ("lang/npm/sample-yarn-berry-3", "yarn.lock", Theirs, &["sample-app@0.0.0-use.local"], OWN),
    ("lang/npm/sample-yarn-berry-3", "package.json", Theirs, &["sample-app@1.0.0"], PRIVATE),
    ("lang/npm/sample-yarn-berry-4", "yarn.lock", Ours, &["ms@0.7.1"], ALIAS),
    ("lang/npm/sample-yarn-berry-4", "yarn.lock", Theirs, &["ms-old@0.7.1"], ALIAS),
    ("lang/npm/sample-yarn-berry-4", "yarn.lock", Theirs, &["sample-app@0.0.0-use.local"], OWN),
    ("lang/npm/sample-yarn-berry-4", "package.json", Theirs, &["sample-app@1.0.0"], PRIVATE),
    ("lang/npm/sample-yarn-v1", "package.json", Theirs, &["sample-app@1.0.0"], PRIVATE),
];

const FAMILY: Family = Family {
    catalogers: &[&YarnLock, &PnpmLock, &BunLock, &DenoLock, &NpmPackage],
    found_by: &["javascript-lock-cataloger", "javascript-package-cataloger"],
    differences: DIFFERENCES,
};

#[test]
fn javascript() {
    for case in CASES {
        FAMILY.compare(case);
    }
}

/// One project, locked by every tool: what it asks for, what only development needs and what is optional is the
/// same in all of them, as far as each file tells.
#[test]
fn one_project_is_the_same_to_all() {
    let direct = ["express", "fsevents", "lodash", "mocha", "ms", "request"];
    for (case, file, tells_development) in [
        ("lang/npm/sample-bun", "bun.lock", true),
        ("lang/npm/sample-package-lock-v2", "package-lock.json", true),
        ("lang/npm/sample-package-lock-v3", "package-lock.json", true),
        ("lang/npm/sample-pnpm-5.4", "pnpm-lock.yaml", true),
        ("lang/npm/sample-pnpm-6.0", "pnpm-lock.yaml", true),
        ("lang/npm/sample-pnpm-9.0", "pnpm-lock.yaml", true),
        ("lang/npm/sample-yarn-berry-3", "yarn.lock", false),
        ("lang/npm/sample-yarn-berry-4", "yarn.lock", false),
    ] {
        let Some(fixtures) = fixtures(case) else { return };
        let catalogers: &[&dyn Cataloger] = &[&NpmLock, &YarnLock, &PnpmLock, &BunLock];
        let found = packages(catalogers, &fixtures.join(case).join("root"));
        assert!(found.len() > 100, "{case}: {file}");
        let mut asked: Vec<_> =
            found.iter().filter(|p| p.direct == Some(true)).map(|p| p.name.as_str()).collect();
        asked.sort_unstable();
        assert_eq!(asked, direct, "{case}");
        let role = |name: &str| {
            let package = found.iter().find(|p| p.name == name).unwrap_or_else(|| panic!("{case}: {name}"));
            (package.development, package.optional)
        };
        assert_eq!(role("fsevents"), (false, true), "{case}");
        assert_eq!(role("nan"), (false, true), "{case}");
        assert_eq!(role("mocha").0, tells_development, "{case}");
        assert_eq!(role("accepts"), (false, false), "{case}");
        // Whatever is asked for is there, in the version that was chosen.
        for package in &found {
            for asked in &package.depends {
                let version = asked.version.as_deref();
                let there = found.iter().any(|p| p.name == asked.name && Some(p.version.as_str()) == version);
                assert!(there, "{case}: {} asks for {asked:?}", package.name);
            }
        }
    }
}

#[test]
fn every_difference_belongs_to_a_case() {
    assert!(DIFFERENCES.iter().all(|line| CASES.contains(&line.0)));
}
